"""What automatic mail says of itself, per language: data only, in lower case. The rules are in classify.py."""

from __future__ import annotations

OUT_OF_OFFICE_SUBJECTS = (
    *("out of office", "out of the office", "out-of-office", "ooo:", "automatic reply", "auto reply", "auto-reply"),
    *("autoreply", "auto response", "auto-response", "autoresponse", "automated reply", "automated response"),
    *("vacation reply", "vacation message", "away from my mail", "abwesenheitsnotiz", "automatische antwort"),
    *("autom. antwort", "absence du bureau", "réponse automatique", "reponse automatique", "message d'absence"),
    *("respuesta automática", "respuesta automatica", "fuera de la oficina", "fuera de oficina"),
    *("risposta automatica", "fuori ufficio", "assenza dall'ufficio", "resposta automática", "resposta automatica"),
    *("fora do escritório", "automatisch antwoord", "automatische beantwoording", "afwezigheidsbericht"),
    *("automatyczna odpowiedź", "autoodpowiedź", "odpowiedź automatyczna", "poza biurem", "automatická odpověď"),
    *("automaticka odpoved", "mimo kancelář", "automatická odpoveď", "autosvar", "automatiskt svar", "automatisk svar"),
    *("fraværsbesked", "automaattinen vastaus", "poissa toimistosta", "otomatik yanıt", "otomatik cevap"),
    *("ofis dışında", "automatikus válasz", "házon kívül", "răspuns automat", "αυτόματη απάντηση", "εκτός γραφείου"),
    *("תשובה אוטומטית", "מענה אוטומטי", "رد تلقائي", "خارج المكتب", "автоответ", "автоматический ответ"),
    *("автоматическое уведомление об отсутствии", "меня нет в офисе", "отсутствие на рабочем месте", "вне офиса"),
    *("автоматична відповідь", "автовідповідь", "відсутність на робочому місці", "поза офісом"),
    *("автоматичен отговор", "аўтаматычны адказ", "automatski odgovor", "自动回复", "自動回覆", "自動応答"),
    *("不在通知", "부재중", "자동 회신"),
)
"""Subjects of absence notes: the subject, without "Re:", begins with one of these or carries it in brackets."""

AWAY_SUBJECTS = (
    *("vacation", "away from the office", "i am away", "i'm away", "away until", "on leave", "on annual leave"),
    *("on holiday", "on vacation", "on maternity leave", "on parental leave", "currently unavailable", "abwesend"),
    *("abwesenheit", "nicht im büro", "im urlaub", "absent du bureau", "je suis absent", "en congé", "ausencia"),
    *("fuori sede", "assente dall'ufficio", "ausência temporária", "ausente do escritório", "afwezig", "niet aanwezig"),
    *("nieobecność", "nieobecnosc", "nepřítomnost", "frånvaro", "ej på kontoret", "inte på kontoret", "fravær"),
    *("ikke på kontoret", "нет на месте", "я в отпуске", "в отпуске до", "в отпуске с", "нахожусь в отпуске", "отпуск"),
    *("в командировке до", "отсутствую", "у відпустці", "відпустка"),
)
"""Subjects that people write too ("Vacation request"): they count only together with a second sign of a machine."""

OUT_OF_OFFICE_ENDINGS = (
    *("is out of the office", "is out of office", "will be out of the office", "ist außer haus", "ist nicht im büro"),
    *(
        "est absent du bureau",
        "está fuera de la oficina",
        "è fuori ufficio",
        "отсутствует на рабочем месте",
        "находится в отпуске",
    ),
)
"""Lotus Notes and others put the name first: `Anna Schmidt is out of the office.`"""

OUT_OF_OFFICE_TEXTS = (
    *(
        "i am out of the office",
        "i'm out of the office",
        "i am currently out of",
        "i'm currently out of",
        "i will be out of the office",
    ),
    *(
        "i am away from the office",
        "i am on vacation",
        "i'm on vacation",
        "i am on annual leave",
        "i am currently on leave",
    ),
    *(
        "i am on holiday",
        "i'm on holiday",
        "this is an automatic reply",
        "this is an automated reply",
        "this is an auto-reply",
    ),
    *("limited access to email", "limited access to my email", "dumb auto-responder"),
    *(
        "ich bin derzeit nicht im büro",
        "ich bin nicht im büro",
        "ich bin derzeit nicht im haus",
        "ich bin bis zum",
        "ich bin im urlaub",
    ),
    *("ihre e-mail wird nicht weitergeleitet", "je suis absent", "je suis actuellement absent", "je suis en congé"),
    *(
        "estoy fuera de la oficina",
        "estaré fuera de la oficina",
        "sono fuori ufficio",
        "sarò assente",
        "estou fora do escritório",
    ),
    *("ik ben afwezig", "ik ben momenteel afwezig", "jestem poza biurem", "przebywam na urlopie", "jsem mimo kancelář"),
    *(
        "jag är inte på kontoret",
        "jag är på semester",
        "jeg er ikke på kontoret",
        "jeg er på ferie",
        "ofis dışındayım",
        "izindeyim",
    ),
    *(
        "я в отпуске",
        "нахожусь в отпуске",
        "буду в отпуске",
        "меня нет в офисе",
        "меня нет на рабочем месте",
        "меня не будет в офисе",
    ),
    *(
        "отсутствую на рабочем месте",
        "буду отсутствовать",
        "временно отсутствую",
        "нахожусь в командировке",
        "это автоматический ответ",
    ),
    *(
        "я у відпустці",
        "перебуваю у відпустці",
        "мене немає в офісі",
        "відсутній на робочому місці",
        "це автоматична відповідь",
    ),
)
"""How the text of an absence note opens; counts only with a second sign, since people write such sentences too."""

CHALLENGE_SUBJECTS = (
    *("action required to deliver", "please confirm your message", "confirm your email to", "your message is awaiting"),
    *(
        "verification required",
        "please verify your message",
        "your message requires verification",
        "challenge-response",
    ),
    *(
        "human verification",
        "[boxbe]",
        "boxbe",
        "spamarrest",
        "confirm delivery of your message",
        "подтвердите отправку письма",
    ),
    *("подтвердите, что вы не робот", "bitte bestätigen sie ihre nachricht"),
)
CHALLENGE_TEXTS = (
    *(
        "boxbe",
        "spamarrest",
        "spam arrest",
        "is protected by a challenge",
        "challenge/response",
        "click the link below to verify",
    ),
    *(
        "click here to verify that you are",
        "confirm that you are not a spammer",
        "confirm you are a human",
        "to have your message delivered",
    ),
    *(
        "prove that you are a human",
        "added to the guest list",
        "tmda-request",
        "has been quarantined pending",
        "reply to this message to confirm",
    ),
    *("whitelist", "white list", "qurb", "mailblocks", "bluebottle", "sendio", "0spam", "uol antispam", "antispam uol"),
    *("подтвердите, что письмо отправил человек", "чтобы ваше письмо было доставлено, перейдите"),
)
"""Challenges: "confirm that you are a person, then your mail arrives". A text counts only from a robot's sender."""

AUTO_SUBJECTS = (
    *(
        "[auto-generated]",
        "auto-generated:",
        "[monitoring]",
        "[nagios]",
        "cron <",
        "logwatch for",
        "[zabbix]",
        "** problem",
    ),
    *("** recovery", "[alert]", "[firing:", "[resolved]"),
)
"""Subjects of monitoring mail."""

DELAY_SUBJECTS = (
    *(
        "delivery delayed",
        "delayed delivery",
        "delivery status notification (delay)",
        "delayed mail",
        "mail delivery delayed",
    ),
    *(
        "warning: could not send message",
        "warning: message delayed",
        "message delayed",
        "delivery status notification (delayed)",
    ),
    *(
        "mail delivery is delayed",
        "message delivery delayed",
        "transient delivery",
        "warning - delayed mail",
        "warning: message",
    ),
    *(
        "delivery status notification: warning",
        "still being retried",
        "zustellung verzögert",
        "verzögerte zustellung",
        "remise retardée",
    ),
    *("задержка доставки", "доставка задерживается", "затримка доставки", "entrega retrasada", "consegna ritardata"),
)
RECEIPT_SUBJECTS = (
    *(
        "read:",
        "read receipt",
        "return receipt",
        "disposition notification",
        "message read",
        "gelesen:",
        "lesebestätigung",
    ),
    *(
        "empfangsbestätigung",
        "lu :",
        "lu:",
        "accusé de réception",
        "confirmation de lecture",
        "leído:",
        "confirmación de lectura",
    ),
    *(
        "letto:",
        "conferma di lettura",
        "lida:",
        "confirmação de leitura",
        "gelezen:",
        "ontvangstbevestiging",
        "przeczytano:",
    ),
    *(
        "potwierdzenie odczytu",
        "přečteno:",
        "läst:",
        "läskvitto",
        "lest:",
        "læst:",
        "okundu:",
        "luettu:",
        "прочитано:",
        "прочтено:",
    ),
    *(
        "уведомление о прочтении",
        "подтверждение прочтения",
        "прочитане:",
        "підтвердження прочитання",
        "not read:",
        "deleted:",
    ),
    *("не прочитано:", "удалено без прочтения:", "ungelesen gelöscht"),
)
"""Receipts that do not keep to RFC 8098: a subject and an empty or generated text."""

ROBOT_LOCAL_PARTS = (
    *(
        "no-reply",
        "noreply",
        "no_reply",
        "no.reply",
        "do-not-reply",
        "donotreply",
        "do_not_reply",
        "do.not.reply",
        "dont-reply",
    ),
    *(
        "nicht-antworten",
        "ne-pas-repondre",
        "nepasrepondre",
        "nao-responda",
        "no-responder",
        "noresponder",
        "ne-otvechat",
    ),
    *("noanswer", "no-answer", "neotvechat", "nobody", "unattended", "autoresponder", "auto-reply", "autoreply"),
)
"""Local parts of senders that nobody reads."""

BOUNCE_SUBJECTS = (
    *(r"undeliver", r"delivery (?:status|failure|failed|has failed|report|error|notification|unsuccessful|problem)"),
    *(
        r"delivery (?:is )?delayed",
        r"returned (?:mail|message|to sender|e-?mail)",
        r"failure notice",
        r"non[- ]?deliver",
    ),
    *(
        r"mail(?:ing)? (?:failure|error|system error|could not)",
        r"mail(?:box)? delivery",
        r"failed (?:mail|delivery|message)",
    ),
    *(r"could ?n[o']t be delivered", r"not be delivered", r"message status", r"warning: (?:message|could not send)"),
    *(r"unknown (?:user|recipient|address)", r"user unknown", r"error sending", r"postmaster not", r"delivery notice"),
    *(r"loop alert", r"you .{1,60} are not member", r"bounced", r"rejected", r"address (?:un|not )", r"non remis"),
    *(r"unzustellbar", r"nicht zugestellt", r"zustellung", r"rückläufer", r"échec de (?:la )?remise", r"non distribu"),
    *(r"onbestelbaar", r"niet bezorgd", r"no entregad", r"no se (?:puede|pudo) entregar", r"error de entrega"),
    *(
        r"mancata consegna",
        r"impossibile recapitare",
        r"não (?:foi )?(?:possível )?entreg",
        r"falha n[oa] (?:entrega|envio)",
    ),
    *(r"niedostarcz", r"nie dostarcz", r"nedoručiteln", r"doručení", r"olevererbar", r"kunne ikke leveres"),
    *(r"kan inte levereras", r"teslim edilemedi", r"недостав", r"не доставлен", r"не может быть доставлен"),
    *(r"ошибка доставки", r"невозможно доставить", r"сбой доставки", r"возврат", r"не вдалося достав"),
    *(r"配信", r"エラー", r"未送達", r"退信", r"退回", r"배달"),
)
"""Subjects of delivery reports, as regular expressions; they only make a mail worth reading as one."""
