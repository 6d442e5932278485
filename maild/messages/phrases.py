"""The words that mail clients write around quotes, forwards and signatures, per language: data only, no rules.

Everything is in lower case. What automatic mail says lives in auto_phrases.py.
"""

from __future__ import annotations

HEADER_NAMES: dict[str, tuple[str, ...]] = {
    "from": (
        *("from", "sender", "von", "absender", "de", "expéditeur", "remitente", "da", "mittente", "van", "afzender"),
        *("od", "nadawca", "odesílatel", "odosielateľ", "från", "avsändare", "fra", "avsender", "afsender"),
        *("lähettäjä", "kimden", "gönderen", "feladó", "de la", "expeditor", "από", "מאת", "من"),
        *("от", "от кого", "отправитель", "від", "від кого", "відправник", "ад", "изпратено от", "шаље"),
        *("发件人", "寄件者", "寄件人", "差出人", "送信者", "보낸 사람", "보낸사람", "từ"),
        *("dari", "šalje", "saatja", "nuo", "จาก"),
    ),
    "date": (
        *(
            "date",
            "sent",
            "sent on",
            "send date",
            "gesendet",
            "datum",
            "gesendet am",
            "envoyé",
            "envoyé le",
            "date d'envoi",
        ),
        *("message du", "enviado", "enviado el", "enviada em", "enviado em", "enviada", "fecha", "data", "inviato"),
        *("inviato il", "data invio", "verzonden", "verzonden op", "wysłano", "wysłany", "data wysłania", "odesláno"),
        *("odoslané", "dátum", "skickat", "skickat den", "sendt", "dato", "lähetetty", "päivämäärä", "päiväys"),
        *("gönderildi", "gönderme tarihi", "gönderilme tarihi", "tarih", "elküldve", "küldve", "trimis", "στάλθηκε"),
        *("ημερομηνία", "נשלח", "תאריך", "تاريخ", "дата", "отправлено", "дата отправки", "послано", "надіслано"),
        *("дата відправлення", "відправлено", "адпраўлена", "изпратено", "послато", "датум"),
        *("wysłane", "enviados", "enviat", "dikirim", "poslano", "poslato", "saadetud", "išsiųsta", "تم الإرسال", "ส่ง"),
        *("已傳送", "发送日期"),
        *(
            "发送时间",
            "发件时间",
            "日期",
            "寄件日期",
            "傳送時間",
            "送信日時",
            "日付",
            "日時",
            "보낸 날짜",
            "날짜",
            "đã gửi",
        ),
    ),
    "to": (
        *("to", "an", "à", "a", "para", "aan", "naar", "do", "komu", "till", "til", "kime", "kimə", "címzett", "către"),
        *(
            "destinataire",
            "destinatario",
            "destinatário",
            "vastaanottaja",
            "προς",
            "אל",
            "إلى",
            "кому",
            "до",
            "до кого",
        ),
        *("получатель", "отримувач", "каму", "收件人", "收件者", "宛先", "받는 사람", "받는사람", "đến"),
        *("alıcı", "kepada", "per a", "prima", "za", "adressaat", "kam", "ถึง", "pour", "adresat"),
    ),
    "cc": (
        *("cc", "bcc", "copie à", "copie", "kopie", "kopie (cc)", "kopia", "copia", "kopi", "dw", "kopio", "bilgi"),
        *("másolatot kap", "másolat", "κοινοποίηση", "עותק", "копия", "копии", "копія", "копие", "копія (сс)", "сс"),
        *("скрытая копия", "抄送", "副本", "参照", "참조"),
    ),
    "subject": (
        *("subject", "betreff", "objet", "sujet", "asunto", "oggetto", "assunto", "onderwerp", "temat", "předmět"),
        *("predmet", "ämne", "emne", "aihe", "konu", "tárgy", "subiect", "θέμα", "נושא", "الموضوع", "тема", "тэма"),
        *("относно", "主题", "主旨", "件名", "제목", "chủ đề"),
        *("ogg", "perihal", "assumpte", "tema", "zadeva", "teema", "เรื่อง"),
    ),
    "reply_to": (
        *("reply-to", "reply to", "antwort an", "antwortadresse", "répondre à", "responder a", "rispondi a"),
        *("ответить", "кому отвечать", "відповісти"),
    ),
    "other": (
        *(
            "importance",
            "priority",
            "attachments",
            "attachment",
            "organization",
            "mailed-by",
            "signed-by",
            "resent-from",
        ),
        *("важность", "приоритет", "вложения", "вложение", "важливість", "вкладення", "anlagen", "wichtigkeit"),
        *("pièces jointes", "importance haute", "importancia", "datos adjuntos", "allegati", "bijlagen", "załączniki"),
    ),
}
"""Field names as clients translate them in a quoted header block, by what they hold."""

WROTE = (
    *("wrote", "writes", "sent", "schrieb", "schreibt", "geschrieben", "a écrit", "écrivait", "escribió", "escribio"),
    *("ha scritto", "scrive", "ha escrit", "va escriure", "escreveu", "schreef", "het volgende geschreven", "napisał"),
    *(
        "napisała",
        "pisze",
        "napsal",
        "napsala",
        "napísal",
        "píše",
    ),
    *("skrev", "skriver", "kirjoitti", "kirjutas", "rašė", "rakstīja", "yazdı"),
    *("írta", "a scris", "έγραψε", "כתב", "כתבה", "كتب", "пишет", "пишут", "написал"),
    *("написали", "писал", "писала", "писали", "пише", "написав", "написала"),
    *("писав", "напісаў", "піша", "написа", "је написао"),
    *("je napisao", "je napisao/la", "menulis", "đã viết"),
    *("เขียนว่า", "napisana przez", "napisal", "napisala", "מאת"),
)
"""How clients say "wrote" in the line above a quote."""

FIRST_PERSON = (
    *("i wrote", "i sent", "we wrote", "we sent", "schrieb ich", "schrieben wir", "ich schrieb", "schreef ik"),
    *("skrev jag", "skrev jeg", "skrev vi", "я писал", "я писала", "я написал", "я написала", "мы писали"),
    *("мы написали", "я писав", "я писала", "я написав", "ми писали", "ми написали"),
)
"""The sender speaks of his own mail: no client does."""

WROTE_UNSPACED = ("写道", "寫道", "写到", "書きました", "작성", "쓴 글", "のメール")
"""The same in languages that put no blank before it."""

QUOTE_OPENERS = (
    *("on", "at", "in a message dated", "in article", "am", "vom", "le", "el", "il", "in data", "em", "a", "op", "den"),
    *("på", "dnia", "w dniu", "dne", "dňa", "v", "pe", "la", "στις", "ב", "בתאריך", "في", "в", "во", "вы писали"),
    *("вы писали мне", "вы написали", "ви писали", "you wrote", "quoting", "sie schrieben", "du", "у", "на", "от"),
    *("在", "於", "vào", "pada", "kuna", "dana", "às", "no dia", "missatge de"),
)
"""Words that open such a line, before the date or the name."""

WEEKDAYS_AND_MONTHS = (
    *("mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep"),
    *("oct", "nov", "dec", "mo", "di", "mi", "do", "fr", "sa", "so", "lun", "mar", "mer", "jeu", "ven", "sam", "dim"),
    *("lu", "ma", "me", "je", "ve", "dom", "mié", "jue", "vie", "sáb", "gio", "seg", "ter", "qua", "qui", "sex"),
    *("pon", "wt", "śr", "czw", "pt", "sob", "niedz", "po", "út", "st", "čt", "pá", "ne", "mån", "tis", "ons", "tors"),
    *("fre", "lör", "sön", "man", "tir", "tor", "lør", "søn", "ma", "ti", "ke", "to", "pe", "la", "su", "pzt", "sal"),
    *("çar", "per", "cum", "cmt", "paz", "пн", "вт", "ср", "чт", "пт", "сб", "вс", "нд", "понед", "втор", "сред"),
    *("четв", "пятн", "субб", "воскр", "вівт", "сере", "п'ят", "п’ят", "неді", "январ", "феврал", "март", "апрел"),
    *("мая", "июн", "июл", "август", "сентяб", "октяб", "нояб", "декаб", "січ", "лют", "берез", "квіт", "трав"),
    *("черв", "лип", "серп", "верес", "жовт", "листоп", "груд", "понеділ"),
)
"""Beginnings of day and month names: an attribution may start with one."""

ORIGINAL_MESSAGE = (
    *(
        "original message",
        "original email",
        "original mail",
        "reply message",
        "original-nachricht",
        "originalnachricht",
    ),
    *("ursprüngliche nachricht", "originalmail", "antwort nachricht", "message d'origine", "message d’origine"),
    *("message original", "courriel original", "mensaje original", "messaggio originale", "mensagem original"),
    *("oorspronkelijk bericht", "origineel bericht", "oorspronkelijke bericht", "wiadomość oryginalna"),
    *("oryginalna wiadomość", "původní zpráva", "původní e-mail", "pôvodná správa", "ursprungligt meddelande"),
    *("originalmeddelande", "oprindelig besked", "oprindelig meddelelse", "original besked", "opprinnelig melding"),
    *("alkuperäinen viesti", "orijinal ileti", "orijinal mesaj", "özgün ileti", "eredeti üzenet", "mesaj original"),
    *("αρχικό μήνυμα", "הודעה מקורית", "исходное сообщение", "исходное письмо", "оригинальное сообщение"),
    *("оригинал сообщения", "оригінал повідомлення", "оригінальне повідомлення", "вихідне повідомлення"),
    *("початкове повідомлення", "зыходнае паведамленне", "оригинално съобщение", "оригинална порука"),
    *("izvorna poruka", "originalna poruka", "原始邮件", "原始郵件", "原始訊息", "元のメッセージ", "원본 메시지"),
    *("원본 메일", "ursprüngliche mail", "mail original", "initial header", "回复的原邮件", "replied message"),
)
"""The line between dashes above a quoted mail (Outlook, Android, Samsung)."""

FORWARDED_MESSAGE = (
    *("forwarded message", "forwarded email", "forwarded mail", "begin forwarded message", "forwarded by"),
    *("weitergeleitete nachricht", "anfang der weitergeleiteten", "weitergeleitete e-mail", "weitergeleitet von"),
    *("message transféré", "message transmis", "début du message réexpédié", "début du message transféré"),
    *("mensaje reenviado", "inicio del mensaje reenviado", "messaggio inoltrato", "inizio messaggio inoltrato"),
    *("inizio del messaggio inoltrato", "mensagem encaminhada", "mensagem reencaminhada"),
    *("início da mensagem encaminhada", "início da mensagem reencaminhada", "doorgestuurd bericht"),
    *("begin doorgestuurd bericht", "wiadomość przekazana", "przekazana wiadomość", "przekazywana wiadomość"),
    *("początek przekazywanej wiadomości", "treść przekazanej wiadomości", "přeposlaná zpráva"),
    *("přeposlaný e-mail", "začátek přeposílané zprávy", "začátek přeposlané zprávy", "preposlaná správa"),
    *("vidarebefordrat mejl", "vidarebefordrat meddelande", "vidarebefordrat brev", "vidarebefordrat e-post"),
    *("videresendt besked", "videresendt meddelelse", "videresendt melding", "start på videresendt"),
    *("begynnelsen på videresendt", "edelleenlähetetty viesti", "välitetty viesti", "iletilen ileti"),
    *("iletilen mesaj", "yönlendirilen ileti", "yönlendirilmiş ileti", "yönlendirilen mesaj", "továbbított üzenet"),
    *("továbbított levél", "mesaj redirecționat", "mesaj redirectionat", "προωθημένο μήνυμα", "הודעה שהועברה"),
    *("пересланное сообщение", "пересылаемое сообщение", "пересланное письмо", "пересылаемое письмо"),
    *("перенаправленное сообщение", "переадресованное сообщение", "начало переадресованного сообщения"),
    *("начало пересылаемого сообщения", "начало пересланного сообщения", "конец пересылаемого"),
    *("переслане повідомлення", "переслане письмо", "пересланий лист", "переадресоване повідомлення"),
    *("початок листа, що пересилається", "початок переадресованого повідомлення", "перасланае паведамленне"),
    *("препратено съобщение", "прослеђена порука", "proslijeđena poruka", "转发的邮件", "转发邮件", "轉寄郵件"),
    *("転送されたメッセージ", "転送メッセージ", "전달된 메시지", "전달된 메일"),
    *("rozpoczęcie przekazywanej wiadomości", "začiatok preposlanej správy", "iletilmiş ileti"),
    *("başlangıç iletilen ileti", "începutul mesajului redirecționat", "mesaj înaintat", "započni proslijeđenu poruku"),
    *("αρχή προωθημένου μηνύματος", "תחילת ההודעה שהועברה", "开始转发", "以下是转发", "转发的消息", "開始轉寄"),
    *("以下是轉寄", "轉寄訊息", "轉寄的郵件", "bắt đầu thư được chuyển tiếp", "mulai pesan yang diteruskan"),
    *("inici del missatge reenviat", "missatge reenviat", "posredovano sporočilo", "edastatud kiri"),
    *(
        "persiųstas laiškas",
        "weitergeleitete mail",
        "mail transféré",
        "réacheminé par",
        "transféré par",
        "remitido por",
    ),
    *("reenviado por", "inoltrato da"),
)
"""The line above a forwarded mail."""

REPLY_PREFIXES = (
    *("re", "aw", "antw", "antwort", "sv", "vs", "vá", "odp", "rif", "res", "ynt", "yan", "ref", "r", "на", "отв"),
    *("ответ", "відп", "відповідь", "ha", "απ", "ats", "回复", "回覆", "答复", "返信", "회신", "re[2]"),
)
"""Subject prefixes that say "this is an answer"."""

FORWARD_ENDINGS = (
    *("end forwarded message", "end of forwarded message", "end of the forwarded message", "ende der weitergeleiteten"),
    *("fin du message transféré", "fin del mensaje reenviado", "fine messaggio inoltrato", "koniec przekazywanej"),
    *("конец пересылаемого сообщения", "конец пересланного сообщения", "кінець переадресованого повідомлення"),
    *("кінець пересланого повідомлення", "конец переадресованного сообщения", "завершение пересылаемого сообщения"),
    *("завершение пересланного сообщения", "конец исходного сообщения", "завершення пересланого"),
)
"""The line below a forwarded mail (Yandex, mutt)."""

MOBILE_SIGNATURES = (
    *("sent from", "sent via", "sent with", "sent using", "sent by", "sent on the go", "sent wirelessly"),
    *("get outlook for", "get gmail for", "from my iphone", "via mobile", "sent mobile", "please excuse my brevity"),
    *(
        "gesendet von",
        "gesendet mit",
        "gesendet aus",
        "von meinem",
        "von samsung",
        "von yahoo",
        "holen sie sich outlook",
    ),
    *("diese nachricht wurde von mein", "diese e-mail wurde von mein", "outlook für"),
    *("envoyé de", "envoyé à partir", "envoyé avec", "envoyé sans fil", "télécharger outlook"),
    *("obtenez outlook", "obtenir outlook", "provenance :"),
    *("enviado con", "obtener outlook", "enviat des"),
    *(
        "enviado do",
        "enviado a partir",
        "enviado de",
        "enviado pelo",
        "enviado via",
        "obter o outlook",
        "obter outlook",
    ),
    *("inviato da", "inviato con", "scarica outlook", "ottieni outlook"),
    *("verzonden vanaf", "verzonden vanuit", "verstuurd vanaf", "verzonden met", "verstuurd met", "verzonden via"),
    *("outlook downloaden", "outlook voor"),
    *("wysłano z", "wysłane z", "pobierz outlook", "pobierz aplikację outlook"),
    *("odesláno z", "získat outlook", "stáhnout outlook", "odoslané z"),
    *("skickat från", "skickades från", "skickat med", "hämta outlook", "skaffa outlook"),
    *("sendt fra", "sendt via", "hent outlook", "få outlook", "lähetetty", "hanki outlook", "trimis de pe"),
    *("отправлено с", "отправлено из", "отправлено от", "отправлено через", "отправлено при помощи"),
    *("послано с", "получить outlook для", "скачать outlook", "скачайте outlook", "простите за краткость"),
    *("надіслано з", "надіслано із", "відправлено з", "відправлено із", "отримати outlook", "адпраўлена з"),
    *("изпратено от", "poslano s", "poslano z", "poslato s", "послато са", "στάλθηκε από", "נשלח מ", "أُرسلت من"),
    *("从我的", "從我的", "发自", "發自", "发送自", "获取 outlook", "取得 outlook", "下載 outlook"),
    *("outlook for ios を入手", "나의 iphone에서 보냄", "đã gửi từ", "dikirim dari"),
)
"""How the lines begin that phones and apps put below a mail."""

MOBILE_ENDINGS = (
    *("gönderildi", "outlook'u edinin", "küldve", "から送信", "에서 보냄", "에서 보냈습니다", "outlook 다운로드"),
)
"""How they end in languages that put the verb last."""

DEVICES = (
    *("iphon", "ipad", "ipod", "ios", "android", "samsung", "galaxy", "huawei", "honor", "xiaomi", "redmi", "oneplus"),
    *("nokia", "blackberry", "windows", "phone", "tablet", "pixel", "t-mobile", "verizon", "at&t", "outlook", "gmail"),
    *("yahoo", "aol", "proton", "tuta", "k-9", "thunderbird", "device", "mobil", "móvil", "movil", "handy", "gerät"),
    *("appareil", "téléphone", "teléfono", "telefon", "celular", "dispositivo", "cellulare", "toestel"),
    *("мобильн", "мобільн", "телефон", "смартфон", "планшет", "устройств", "пристро", "айфон", "手机", "手機"),
    *("邮箱", "메일앱", "poco", "realme", "oppo", "vivo", "motorola", "lenovo", "meizu", "tecno", "infinix"),
)
"""Words of which one stands in such a line: "Sent by courier yesterday" is a sentence."""

MY_DEVICE = (
    *("sent from my", "von meinem", "envoyé de mon", "enviado desde mi", "enviado do meu", "inviato dal mio"),
    *("verzonden vanaf mijn", "verstuurd vanaf mijn", "skickat från min", "sendt fra min", "wysłane z mojego"),
    *("odesláno z mého", "отправлено с моего", "надіслано з мого"),
)
"""Beginnings after which any short name will do."""

PROGRAMS = (
    *("mail", "e-post", "courrier", "spark", "orange", "yandex", "app", "pošta", "poczta"),
    *("яндекс", "почты для", "почты mail", "邮件"),
)
"""Words that do the same where the line begins as such lines do, which are too common elsewhere."""

CLOSINGS = (
    *("best regards", "kind regards", "kindest regards", "warm regards", "regards", "best wishes", "with best regards"),
    *(
        "with kind regards",
        "yours sincerely",
        "sincerely",
        "sincerely yours",
        "yours faithfully",
        "yours truly",
        "best",
    ),
    *(
        "all the best",
        "many thanks and best regards",
        "thanks and regards",
        "thanks & regards",
        "thanks and best regards",
    ),
    *("mit freundlichen grüßen", "mit freundlichen gruessen", "mit freundlichem gruß", "freundliche grüße"),
    *("freundliche grüsse", "mit besten grüßen", "beste grüße", "viele grüße", "liebe grüße", "schöne grüße", "mfg"),
    *("lg", "vg", "herzliche grüße", "grüße", "gruß", "hochachtungsvoll", "cordialement", "bien cordialement"),
    *(
        "bien à vous",
        "sincères salutations",
        "salutations distinguées",
        "meilleures salutations",
        "amicalement",
        "cdlt",
    ),
    *(
        "saludos",
        "un saludo",
        "saludos cordiales",
        "un cordial saludo",
        "atentamente",
        "cordialmente",
        "atenciosamente",
    ),
    *("cumprimentos", "com os melhores cumprimentos", "melhores cumprimentos", "abraços", "att", "cordiali saluti"),
    *("distinti saluti", "saluti", "un saluto", "buona giornata", "met vriendelijke groet", "met vriendelijke groeten"),
    *("vriendelijke groet", "vriendelijke groeten", "mvg", "groeten", "groet", "pozdrawiam", "z poważaniem"),
    *("serdecznie pozdrawiam", "z wyrazami szacunku", "s pozdravem", "s přátelským pozdravem", "s úctou", "zdraví"),
    *(
        "s pozdravom",
        "med vänliga hälsningar",
        "vänliga hälsningar",
        "med vänlig hälsning",
        "vänligen",
        "mvh",
        "hälsningar",
    ),
    *("med venlig hilsen", "venlig hilsen", "venlige hilsner", "mange hilsner", "de bedste hilsner", "hilsen", "kh"),
    *("vh", "med vennlig hilsen", "vennlig hilsen", "beste hilsen", "ystävällisin terveisin", "terveisin", "terv"),
    *("saygılarımla", "saygılar", "iyi çalışmalar", "üdvözlettel", "tisztelettel", "cu stimă", "με εκτίμηση"),
    *("с уважением", "с наилучшими пожеланиями", "с наилучшими", "всего доброго", "всего хорошего", "всего наилучшего"),
    *(
        "хорошего дня",
        "искренне ваш",
        "с почтением",
        "с ув",
        "с искренним уважением",
        "з повагою",
        "з найкращими побажаннями",
    ),
    *(
        "щиро ваш",
        "на все добре",
        "з пошаною",
        "з павагай",
        "с уважение",
        "поздрави",
        "срдачан поздрав",
        "с поштовањем",
    ),
    *("此致", "よろしくお願いします", "よろしくお願いいたします", "감사합니다", "בברכה", "مع تحياتي"),
)
"""Lines after which only the writer's name and address come."""

THANKS = (
    *("thanks", "thank you", "many thanks", "thx", "cheers", "thanks in advance", "thank you in advance", "danke"),
    *(
        "vielen dank",
        "danke im voraus",
        "merci",
        "merci d'avance",
        "gracias",
        "muchas gracias",
        "grazie",
        "grazie mille",
    ),
    *("obrigado", "obrigada", "bedankt", "alvast bedankt", "dziękuję", "dzięki", "děkuji", "díky", "tack", "tak"),
    *("på forhånd tak", "teşekkürler", "спасибо", "заранее спасибо", "благодарю", "дякую", "заздалегідь дякую"),
)
"""Closings only where a name follows: alone they are the message."""

DISCLAIMERS = (
    *("this email", "this e-mail", "this message", "this communication", "confidentiality notice", "disclaimer"),
    *("the information", "the content of this", "the contents of this", "if you are not the intended recipient"),
    *("diese e-mail", "diese nachricht", "der inhalt dieser", "ce message", "ce courriel", "cet e-mail"),
    *("este mensaje", "este correo", "la información contenida", "questo messaggio", "questa e-mail"),
    *("le informazioni contenute", "esta mensagem", "este e-mail", "as informações contidas", "dit bericht"),
    *("dit e-mailbericht", "de informatie", "niniejsza wiadomość", "ta wiadomość", "treść tej wiadomości"),
    *("tato zpráva", "tento e-mail", "detta meddelande", "denne e-mail", "bu e-posta", "bu mesaj"),
    *("это сообщение", "данное сообщение", "настоящее сообщение", "настоящее электронное", "это электронное"),
    *("информация, содержащаяся", "содержание данного", "це повідомлення", "дане повідомлення", "цей електронний"),
    *("інформація, що міститься", "本邮件", "本メール"),
)
"""How the paragraph begins that a company puts below its mails."""

CONFIDENTIAL = (
    *("confidential", "privileged", "intended recipient", "intended solely", "vertraulich", "confidentiel"),
    *("confidencial", "riservat", "vertrouwelijk", "poufn", "důvěrn", "konfidentiel", "fortrolig", "gizli"),
    *("конфиденциальн", "конфіденційн", "保密", "機密"),
)
"""What such a paragraph speaks of: without one of these words it is the sender's."""
