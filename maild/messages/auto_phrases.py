"""What automatic mail says of itself, per language: data only, in lower case. The rules are in classify.py."""

from __future__ import annotations

OUT_OF_OFFICE_SUBJECTS = (
    # en
    "out of office", "out of the office", "out-of-office", "automatic reply", "auto reply", "auto-reply",
    "autoreply", "auto response", "auto-response", "autoresponse", "automated reply", "automated response",
    "vacation reply", "vacation message", "away from my mail",
    # de
    "abwesenheitsnotiz", "automatische antwort", "automatische rückantwort", "autom. antwort", "autoantwort",
    "abwesenheitsbenachrichtigung",
    # fr
    "absence du bureau", "réponse automatique", "reponse automatique", "message d'absence", "réponse d'absence",
    # es
    "respuesta automática", "respuesta automatica", "fuera de la oficina", "fuera de oficina",
    "contestación automática",
    # ca
    "resposta automàtica",
    # it
    "risposta automatica", "fuori ufficio", "assenza dall'ufficio", "fuori sede:",
    # pt
    "resposta automática", "resposta automatica", "fora do escritório", "resposta de ausência",
    # nl
    "automatisch antwoord", "automatische beantwoording", "afwezigheidsbericht", "automatisch bericht",
    # pl
    "automatyczna odpowiedź", "autoodpowiedź", "odpowiedź automatyczna", "poza biurem",
    # cs
    "automatická odpověď", "automaticka odpoved", "mimo kancelář",
    # sk
    "automatická odpoveď",
    # sv
    "autosvar", "automatiskt svar", "frånvaromeddelande",
    # da, no
    "automatisk svar", "fraværsbesked", "fraværsmelding", "automatisk fraværssvar",
    # fi
    "automaattinen vastaus", "poissa toimistosta", "poissaoloviesti",
    # et, lv, lt
    "automaatvastus", "automātiska atbilde", "automātiskā atbilde", "automatinis atsakymas",
    # tr
    "otomatik yanıt", "otomatik cevap", "ofis dışında",
    # hu
    "automatikus válasz", "házon kívül",
    # ro
    "răspuns automat", "raspuns automat",
    # sl, hr
    "samodejni odgovor", "automatski odgovor",
    # sr, bg, mk
    "аутоматски одговор", "автоматичен отговор", "автоматски одговор",
    # el
    "αυτόματη απάντηση", "εκτός γραφείου",
    # he
    "תשובה אוטומטית", "מענה אוטומטי",
    # ar
    "رد تلقائي", "خارج المكتب",
    # ru
    "автоответ", "автоматический ответ", "автоматическое уведомление об отсутствии", "меня нет в офисе",
    "отсутствие на рабочем месте", "вне офиса", "автоматическое сообщение об отсутствии",
    # uk
    "автоматична відповідь", "автовідповідь", "відсутність на робочому місці", "поза офісом",
    # be, kk
    "аўтаматычны адказ", "автоматты жауап",
    # zh
    "自动回复", "自動回覆", "自动答复", "自動回應",
    # ja
    "自動応答", "自動返信", "不在通知", "不在時の自動応答",
    # ko
    "부재중", "자동 회신", "자동 응답",
    # vi, th, id
    "trả lời tự động", "ตอบกลับอัตโนมัติ", "balasan otomatis",
)  # fmt: skip
"""Subjects of absence notes: the subject begins with one of these or carries it in brackets."""

AWAY_SUBJECTS = (
    # en
    "vacation", "away from the office", "i am away", "i'm away", "away until", "on leave", "on annual leave",
    "on holiday", "on vacation", "on maternity leave", "on parental leave", "currently unavailable", "ooo:",
    "ooo ",
    # de
    "abwesend", "abwesenheit", "nicht im büro", "im urlaub",
    # fr
    "absent du bureau", "je suis absent", "en congé", "absence",
    # es
    "ausencia", "vacaciones", "estoy fuera",
    # it
    "fuori sede", "assente dall'ufficio", "ferie", "assenza",
    # pt
    "ausência temporária", "ausente do escritório", "férias",
    # nl
    "afwezig", "niet aanwezig",
    # pl
    "nieobecność", "nieobecnosc", "urlop",
    # cs
    "nepřítomnost", "dovolená",
    # sv, da, no
    "frånvaro", "ej på kontoret", "inte på kontoret", "fravær", "ikke på kontoret", "semester", "ferie",
    # ru
    "нет на месте", "я в отпуске", "в отпуске до", "в отпуске с", "нахожусь в отпуске", "отпуск",
    "в командировке до", "отсутствую",
    # uk
    "у відпустці", "відпустка",
)  # fmt: skip
"""Subjects that people write too ("Vacation request"): they count only together with a second sign of a machine."""

OUT_OF_OFFICE_ENDINGS = (
    # en
    "is out of the office", "is out of office", "will be out of the office",
    # de
    "ist außer haus", "ist nicht im büro",
    # fr
    "est absent du bureau",
    # es
    "está fuera de la oficina",
    # it
    "è fuori ufficio",
    # ru
    "отсутствует на рабочем месте", "находится в отпуске",
)  # fmt: skip
"""Lotus Notes and others put the name first: `Anna Schmidt is out of the office.`"""

OUT_OF_OFFICE_TEXTS = (
    # en
    "i am out of the office", "i'm out of the office", "i am currently out of", "i'm currently out of",
    "i will be out of the office", "i am away from the office", "i am on vacation", "i'm on vacation",
    "i am on annual leave", "i am currently on leave", "i am on holiday", "i'm on holiday",
    "this is an automatic reply", "this is an automated reply", "this is an auto-reply",
    "limited access to email", "limited access to my email", "dumb auto-responder", "i am out of office",
    "will be out of office", "i am currently away", "on maternity leave", "on parental leave",
    "i no longer work",
    # de
    "ich bin derzeit nicht im büro", "ich bin nicht im büro", "ich bin derzeit nicht im haus",
    "ich bin bis zum", "ich bin im urlaub", "ihre e-mail wird nicht weitergeleitet", "ich bin ab dem",
    "ich bin zur zeit nicht", "bin ich nicht erreichbar",
    # fr
    "je suis absent", "je suis actuellement absent", "je suis en congé", "je serai absent",
    "je suis en déplacement", "actuellement en congé",
    # es
    "estoy fuera de la oficina", "estaré fuera de la oficina", "estoy de vacaciones", "estaré ausente",
    "me encuentro fuera",
    # it
    "sono fuori ufficio", "sarò assente", "sono in ferie", "sono assente", "sarò fuori ufficio",
    # pt
    "estou fora do escritório", "estou de férias", "estarei ausente", "estou ausente",
    # nl
    "ik ben afwezig", "ik ben momenteel afwezig", "ik ben niet aanwezig", "ben ik afwezig",
    # pl
    "jestem poza biurem", "przebywam na urlopie", "jestem na urlopie", "jestem nieobecn",
    # cs, sk
    "jsem mimo kancelář", "jsem na dovolené", "som mimo kancelárie", "som na dovolenke",
    # sv
    "jag är inte på kontoret", "jag är på semester", "jag är ledig",
    # da, no
    "jeg er ikke på kontoret", "jeg er på ferie", "jeg holder ferie",
    # fi
    "olen poissa", "olen lomalla",
    # tr
    "ofis dışındayım", "izindeyim",
    # hu, ro
    "nem vagyok az irodában", "szabadságon vagyok", "nu sunt la birou", "sunt în concediu",
    # el
    "απουσιάζω", "είμαι εκτός γραφείου",
    # ru
    "я в отпуске", "нахожусь в отпуске", "буду в отпуске", "меня нет в офисе", "меня нет на рабочем месте",
    "меня не будет в офисе", "отсутствую на рабочем месте", "буду отсутствовать", "временно отсутствую",
    "нахожусь в командировке", "это автоматический ответ", "я не в офисе", "отсутствую до", "в отпуске до",
    "больше не работаю",
    # uk
    "я у відпустці", "перебуваю у відпустці", "мене немає в офісі", "відсутній на робочому місці",
    "це автоматична відповідь",
    # ja, zh, ko
    "不在にしております", "休暇をいただいております", "我正在休假", "我目前不在", "외출 중", "부재중입니다",
)  # fmt: skip
"""How the text of an absence note opens; counts only with a second sign, since people write such sentences too."""

CHALLENGE_SUBJECTS = (
    "action required to deliver", "please confirm your message", "confirm your email to",
    "your message is awaiting", "verification required", "please verify your message",
    "your message requires verification", "your email requires verification", "challenge-response",
    "human verification", "boxbe", "spamarrest", "spam arrest", "confirm delivery of your message",
    "please confirm that you sent", "bitte bestätigen sie ihre nachricht", "merci de confirmer l'envoi",
    "confirmez votre envoi", "tira-teima", "antispam uol", "подтвердите отправку письма",
    "подтвердите, что вы не робот",
)  # fmt: skip
"""What TMDA, BoxTrapper, Boxbe, Spam Arrest, Bluebottle, UOL AntiSpam, Mailinblack and their kin put into Subject."""

CHALLENGE_TEXTS = (
    "boxbe", "spamarrest", "spam arrest", "is protected by a challenge", "challenge/response",
    "click the link below to verify", "click here to verify that you are", "confirm that you are not a spammer",
    "confirm you are a human", "to have your message delivered", "prove that you are a human",
    "prove you are human", "added to the guest list", "tmda-request", "has been quarantined pending",
    "reply to this message to confirm", "by replying to this message", "whitelist", "white list", "qurb",
    "mailblocks", "bluebottle", "sendio", "0spam", "uol antispam", "antispam uol", "mailinblack", "spamblocker",
    "allowed senders list", "approved senders", "boxtrapper", "choicemail", "knowspam", "mailfrontier",
    "vanquish", "your message is being held until", "unlock your message", "one-time verification",
    "confirm that you sent", "vous authentifier", "подтвердите, что письмо отправил человек",
    "чтобы ваше письмо было доставлено, перейдите", "подтвердите, что вы не робот",
    "bestätigen sie, dass sie ein mensch",
)  # fmt: skip
"""Challenges: "confirm that you are a person, then your mail arrives". A text counts only from a robot."""

AUTO_SUBJECTS = (
    "[auto-generated]", "auto-generated:", "[monitoring]", "[nagios]", "cron <", "logwatch for", "[zabbix]",
    "** problem", "** recovery", "[alert]", "[firing:", "[resolved]", "[grafana]", "[uptimerobot]",
    "[prometheus]", "[icinga]", "** acknowledgement", "** flapping", "anacron job", "[firing]",
    "monitor is down:", "monitor is up:",
)  # fmt: skip
"""Subjects of monitoring mail: Nagios, Icinga, Zabbix, Grafana, Alertmanager, cron, Logwatch, Uptime Robot."""

DELAY_SUBJECTS = (
    "delivery delayed", "delayed delivery", "delivery status notification (delay)", "delayed mail",
    "mail delivery delayed", "warning: could not send message", "warning: message delayed", "message delayed",
    "delivery status notification (delayed)", "mail delivery is delayed", "message delivery delayed",
    "transient delivery", "warning - delayed mail", "warning: message", "delivery status notification: warning",
    "still being retried", "zustellung verzögert", "verzögerte zustellung", "remise retardée",
    "задержка доставки", "доставка задерживается", "затримка доставки", "entrega retrasada",
    "consegna ritardata", "delayed:", "delivery is delayed", "delivery delayed:", "verzögert:",
    "zustellung verzögert:", "zustellungsverzögerung", "retardé:", "retardé :", "remise retardée :",
    "entrega retrasada:", "retrasado:", "consegna ritardata:", "entrega atrasada", "atrasado:", "vertraagd:",
    "opóźnione:", "opóźniono dostarczenie", "доставка отложена", "отложено:", "задержка:", "відкладено",
    "配信の遅延", "配信遅延", "延迟:", "传递延迟", "已延迟",
)  # fmt: skip
"""Subjects of reports that the server goes on trying."""

DELIVERED_SUBJECTS = (
    "delivered:", "relayed:", "expanded:", "successful mail delivery report",
    "delivery status notification (relay)", "delivery status notification (success)",
    "delivery status notification(success)", "message successfully delivered", "delivery receipt",
    "delivery notification: delivery has been successful", "zugestellt:", "weitergeleitet (relay):", "remis :",
    "remis:", "distribué :", "entregado:", "consegnato:", "recapitato:", "entregue:", "bezorgd:",
    "doorgestuurd:", "dostarczono:", "doručeno:", "levererat:", "leveret:", "levert:", "teslim edildi:",
    "доставлено:", "ретранслировано:", "переслано:", "доставлено (relay)", "配信済み:", "已送达:", "已传递:",
)  # fmt: skip
"""Subjects of reports that the mail has arrived, was passed on or was sent to the members of a group."""

DELIVERED_TEXTS = (
    "successfully delivered", "successfully relayed", "was delivered to the following",
    "delivery to these recipients or groups is complete",
    "delivery to these recipients or distribution lists is complete", "your message has been delivered",
    "erfolgreich zugestellt", "успешно доставлено", "был успешно доставлен", "доставлено следующим",
    "a été remis", "entregado correctamente", "zustellung an diese empfänger oder gruppen ist abgeschlossen",
    "доставка этим получателям", "доставлено следующим получателям",
)  # fmt: skip
"""How such a report says so, where it has no status part."""

RECEIPT_SUBJECTS = (
    "read:", "read receipt", "return receipt", "disposition notification", "message read", "gelesen:",
    "lesebestätigung", "empfangsbestätigung", "lu :", "lu:", "accusé de réception", "confirmation de lecture",
    "leído:", "confirmación de lectura", "letto:", "conferma di lettura", "lida:", "confirmação de leitura",
    "gelezen:", "ontvangstbevestiging", "przeczytano:", "potwierdzenie odczytu", "přečteno:", "läst:",
    "läskvitto", "lest:", "læst:", "okundu:", "luettu:", "прочитано:", "прочтено:", "уведомление о прочтении",
    "подтверждение прочтения", "прочитане:", "підтвердження прочитання", "not read:", "deleted:",
    "не прочитано:", "удалено без прочтения:", "ungelesen gelöscht", "непрочитано:", "удалено:", "читано:",
    "leyó:", "não lida:", "não lido:", "non letto:", "non lu :", "non lu:", "ungelesen:", "doručenka",
    "прочетено:", "已读:", "已讀:", "開封済み:", "읽음:", "olvasva:", "citit:", "διαβάστηκε:",
)  # fmt: skip
"""Receipts that do not keep to RFC 8098: a subject and an empty or generated text."""

RECEIPT_TEXTS = (
    "was read on", "has been read", "was deleted without being read", "was displayed on", "has been displayed",
    "no guarantee that the message has been read", "this is a receipt for the mail", "this is a return receipt",
    "return receipt for the", "wurde gelesen", "gelesen am", "wurde am bildschirm angezeigt",
    "wurde ungelesen gelöscht", "a été lu", "accusé de réception pour", "fue leído", "se leyó el",
    "ha sido leído", "è stato letto", "è stato visualizzato", "foi lida", "foi lido", "is gelezen",
    "zostało przeczytane", "zostala przeczytana", "byla přečtena", "lästes", "ble lest", "blev læst",
    "было прочитано", "было открыто", "прочитано на компьютере", "показано на компьютере", "прочитал ваше",
    "прочитала ваше", "было удалено без прочтения", "уведомление о прочтении", "подтверждение о прочтении",
    "було прочитано", "okundu", "既読", "已阅读", "已讀取",
)  # fmt: skip
"""The usual text of such a receipt: Outlook, Notes, Thunderbird, Mail.ru and others."""

RECEIPT_ABOUT = (
    "your message", "the message", "the mail", "to:", "subject:", "ihre nachricht", "an:", "betreff:", "votre message",
    "objet", "su mensaje", "asunto:", "messaggio", "oggetto:", "mensagem", "assunto:", "bericht", "onderwerp:",
    "wiadomość", "zpráva", "meddelande", "melding", "besked", "сообщени", "письм", "кому:", "тема:", "повідомлен",
    "лист", "ileti", "メッセージ", "邮件", "郵件",
)  # fmt: skip
"""Together with what such a receipt is about: a person says of a manual that it has been read."""

CALENDAR_ANSWERS = (
    "has accepted this invitation", "has declined this invitation", "has replied", "has tentatively accepted",
    "hat diese einladung", "a accepté cette invitation", "a refusé cette invitation",
    "ha aceptado esta invitación", "ha rechazado esta invitación", "ha accettato questo invito",
    "aceitou este convite", "zaakceptował", "принял приглашение", "приняла приглашение",
    "принял(а) приглашение", "отклонил приглашение", "отклонила приглашение", "принял(а) это приглашение",
    "отклонил(а) это приглашение",
)  # fmt: skip
"""What calendars write for the person who has pressed a button (RFC 5546, REPLY)."""

ROBOT_LOCAL_PARTS = (
    "no-reply", "noreply", "no_reply", "no.reply", "do-not-reply", "donotreply", "do_not_reply", "do.not.reply",
    "dont-reply", "nicht-antworten", "ne-pas-repondre", "nepasrepondre", "nao-responda", "no-responder",
    "noresponder", "ne-otvechat", "noanswer", "no-answer", "neotvechat", "nobody", "unattended",
    "autoresponder", "auto-reply", "autoreply", "mailer-robot", "no_response", "no-response", "do-not-respond",
    "ne_otvechat",
)  # fmt: skip
"""Local parts of senders that nobody reads."""

BOUNCE_SUBJECTS = (
    r"delayed", r"отложен", r"задерж", r"verzögert", r"retardé", r"遅延", r"延迟",
    r"undeliver",
    r"delivery (?:status|failure|failed|has failed|report|error|notification|unsuccessful|problem)",
    r"delivery (?:is )?delayed", r"returned (?:mail|message|to sender|e-?mail)", r"failure notice",
    r"non[- ]?deliver", r"mail(?:ing)? (?:failure|error|system error|could not)", r"mail(?:box)? delivery",
    r"failed (?:mail|delivery|message)", r"could ?n[o']t be delivered", r"not be delivered", r"message status",
    r"warning: (?:message|could not send)", r"unknown (?:user|recipient|address)", r"user unknown",
    r"error sending", r"postmaster not", r"delivery notice", r"loop alert", r"you .{1,60} are not member",
    r"bounced", r"rejected", r"address (?:un|not )", r"non remis", r"unzustellbar", r"nicht zugestellt",
    r"zustellung", r"rückläufer", r"échec de (?:la )?remise", r"non distribu", r"onbestelbaar", r"niet bezorgd",
    r"no entregad", r"no se (?:puede|pudo) entregar", r"error de entrega", r"mancata consegna",
    r"impossibile recapitare", r"não (?:foi )?(?:possível )?entreg", r"falha n[oa] (?:entrega|envio)",
    r"niedostarcz", r"nie dostarcz", r"nedoručiteln", r"doručení", r"olevererbar", r"kunne ikke leveres",
    r"kan inte levereras", r"teslim edilemedi", r"недостав", r"не доставлен", r"не может быть доставлен",
    r"ошибка доставки", r"невозможно доставить", r"сбой доставки", r"возврат", r"не вдалося достав", r"配信",
    r"エラー", r"未送達", r"退信", r"退回", r"배달", r"ne(?:po|pot)?doručen", r"impossible de remettre", r"non récapit",
    r"remise impossible", r"no se entreg", r"entrega fallida", r"messaggio non (?:recapitato|consegnato)",
    r"não entregue", r"não foi possível entregar", r"kan niet worden bezorgd", r"nieudane dostarczenie",
    r"zwrot wiadomo", r"kézbesíthetetlen", r"nu (?:a fost|poate fi) livrat", r"teslim edilem",
    r"не вдалось достав", r"недоступн\w+ адрес", r"уведомление о недоставке", r"无法(?:送达|传递|投递)", r"投递失败",
    r"系统退信", r"無法傳遞", r"배달되지", r"반송", r"メール(?:が|を)?送信(?:でき|エラー)", r"配達",
)  # fmt: skip
"""Subjects of delivery reports, as regular expressions; they only make a mail worth reading as one."""
