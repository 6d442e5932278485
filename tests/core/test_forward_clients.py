"""Header blocks and forwarding lines as each client writes them in each language."""

# ruff: noqa: E501 the lines in here stay as clients write them

from __future__ import annotations

import pytest

from maild.messages.forward import find_forwarded
from maild.messages.reply import split_reply

BLOCKS = {
    "pl web": "Od: Ivan Petrov <ivan@firma.example>\nWysłane: sobota, 21 listopada 2026 10:00\nDo: Anna\nTemat: Drukarka",
    "pl mac": "Od: Ivan Petrov <ivan@firma.example>\nData: sobota, 21 listopada 2026 10:00\nDo: Anna\nDW: Olaf\nTemat: Drukarka",
    "de mac": "Von: Ivan Petrov <ivan@firma.example>\nDatum: Samstag, 21. November 2026 um 10:00\nAn: Anna\nBetreff: Drucker",
    "gmx": "Gesendet: Samstag, 21. November 2026 um 10:00 Uhr\nVon: Ivan Petrov <ivan@firma.example>\nAn: anna@b.example\nBetreff: Drucker",
    "fr mac": "De : Ivan Petrov <ivan@firma.example>\nDate : samedi 21 novembre 2026 à 10:00\nÀ : Anna\nObjet : Imprimante",
    "fr orange new": "envoyé : 21 novembre 2026 à 10:00\nde : Ivan Petrov <ivan@firma.example>\nà : anna@b.example\nobjet : Re: Imprimante",
    "es": "De: Ivan Petrov <ivan@firma.example>\nEnviado el: sábado, 21 de noviembre de 2026 10:00\nPara: Anna\nAsunto: Impresora",
    "es mac": "De: Ivan Petrov <ivan@firma.example>\nFecha: sábado, 21 de noviembre de 2026, 10:00\nPara: Anna\nCC: Olga\nAsunto: Impresora",
    "es zimbra": "De: Ivan Petrov <ivan@firma.example>\nPara: Anna\nEnviados: Sábado, 21 de Noviembre 2026 10:00:00\nAsunto: Impresora",
    "it mac": "Da: Ivan Petrov <ivan@firma.example>\nData: sabato 21 novembre 2026 10:00\nA: Anna\nOggetto: Stampante",
    "it virgilio": "----Messaggio originale----\nDa: ivan@firma.example\nData: 21-nov-2026 10.00\nA: <anna@b.example>\nOgg: Stampante",
    "pt pt": "De: Ivan Petrov <ivan@firma.example>\nEnviado: 21 de novembro de 2026 10:00\nPara: Anna\nAssunto: Impressora",
    "pt br mac": "De: Ivan Petrov <ivan@firma.example>\nData: sábado, 21 de novembro de 2026 às 10:00\nPara: Anna\nAssunto: Impressora",
    "nl mac": "Van: Ivan Petrov <ivan@firma.example>\nDatum: zaterdag 21 november 2026 om 10:00\nAan: Anna\nOnderwerp: Printer",
    "cs seznam": "---------- Původní e-mail ----------\nOd: Ivan Petrov <ivan@firma.example>\nKomu: anna@b.example\nDatum: 21. 11. 2026 10:00:00\nPředmět: Tiskárna",
    "sk": "Od: Ivan Petrov <ivan@firma.example>\nOdoslané: sobota 21. novembra 2026 10:00\nKomu: Anna\nPredmet: Tlačiareň",
    "sv mac": "Från: Ivan Petrov <ivan@firma.example>\nDatum: lördag, 21 november 2026 10:00\nTill: Anna\nÄmne: Skrivare",
    "da": "Fra: Ivan Petrov <ivan@firma.example>\nSendt: 21. november 2026 10:00\nTil: Anna\nEmne: Printer",
    "da mac": "Fra: Ivan Petrov <ivan@firma.example>\nDato: lørdag den 21. november 2026 kl. 10.00\nTil: Anna\nEmne: Printer",
    "no": "Fra: Ivan Petrov <ivan@firma.example>\nSendt: lørdag 21. november 2026 10:00\nTil: Anna\nKopi: Ola\nEmne: Skriver",
    "fi": "Lähettäjä: Ivan Petrov <ivan@firma.example>\nLähetetty: lauantai 21. marraskuuta 2026 10.00\nVastaanottaja: Anna\nAihe: Tulostin",
    "tr web": "Gönderen: Ivan Petrov <ivan@firma.example>\nGönderildi: 21 Kasım 2026 Cumartesi 10:00\nKime: Anna\nKonu: Yazıcı",
    "tr samsung": "-------- Orijinal mesaj --------\nKimden: Ivan Petrov <ivan@firma.example>\nTarih: 21.11.2026 10:00 (GMT+03:00)\nAlıcı: Anna\nKonu: Yazıcı",
    "hu": "Feladó: Ivan Petrov <ivan@firma.example>\nElküldve: 2026. november 21., szombat 10:00\nCímzett: Anna\nTárgy: Nyomtató",
    "ro": "De la: Ivan Petrov <ivan@firma.example>\nTrimis: sâmbătă, 21 noiembrie 2026 10:00\nCătre: Anna\nSubiect: Imprimantă",
    "bg": "От: Ivan Petrov <ivan@firma.example>\nИзпратено: събота, 21 ноември 2026 г. 10:00\nДо: Anna\nОтносно: Принтер",
    "be": "Ад: Ivan Petrov <ivan@firma.example>\nАдпраўлена: 21 лістапада 2026 г. 10:00\nКаму: Ганна\nТэма: Прынтар",
    "el": "Από: Ivan Petrov <ivan@firma.example>\nΣτάλθηκε: Σάββατο, 21 Νοεμβρίου 2026 10:00\nΠρος: Anna\nΘέμα: Εκτυπωτής",
    "he": "מאת: Ivan Petrov <ivan@firma.example>\nנשלח: יום שבת 21 נובמבר 2026 10:00\nאל: Anna\nנושא: מדפסת",
    "ar": "من: Ivan Petrov <ivan@firma.example>\nتم الإرسال: السبت 21 نوفمبر 2026 10:00\nإلى: Anna\nالموضوع: طابعة",
    "vi": "Từ: Ivan Petrov <ivan@firma.example>\nĐã gửi: 21 Tháng Mười Một 2026 10:00\nĐến: Anna\nChủ đề: Máy in",
    "id": "Dari: Ivan Petrov <ivan@firma.example>\nDikirim: 21 November 2026 10:00\nKepada: Anna\nPerihal: Printer",
    "ca": "De: Ivan Petrov <ivan@firma.example>\nEnviat: dissabte, 21 de novembre de 2026 10:00\nPer a: Anna\nTema: Impressora",
    "hr": "Šalje: Ivan Petrov <ivan@firma.example>\nPoslano: 21. studenoga 2026. 10:00\nPrima: Anna\nPredmet: Pisač",
    "sr": "Od: Ivan Petrov <ivan@firma.example>\nPoslato: 21. novembar 2026. 10:00\nZa: Anna\nTema: Štampač",
    "sl": "Od: Ivan Petrov <ivan@firma.example>\nPoslano: 21. november 2026 10:00\nZa: Anna\nZadeva: Tiskalnik",
    "et": "Saatja: Ivan Petrov <ivan@firma.example>\nSaadetud: 21. november 2026 10:00\nAdressaat: Anna\nTeema: Printer",
    "lt": "Nuo: Ivan Petrov <ivan@firma.example>\nIšsiųsta: 2026 m. lapkričio 21 d. 10:00\nKam: Anna\nTema: Spausdintuvas",
    "zh foxmail": "发件人： Ivan Petrov\n发送时间： 2026-11-21 10:00\n收件人： anna@b.example\n主题： Printer",
    "zh mac": "发件人: Ivan Petrov <ivan@firma.example>\n日期: 2026年11月21日 星期六 上午10:00\n收件人: Anna\n主题: Printer",
    "zh-hant": "寄件者: Ivan Petrov <ivan@firma.example>\n寄件日期: 2026年11月21日 10:00\n收件者: Anna\n主旨: 印表機",
    "zh-hant mac": "寄件人: Ivan Petrov <ivan@firma.example>\n日期: 2026年11月21日 星期六 上午10:00\n收件人: Anna\n副本: Bob\n主旨: 印表機",
    "zh-hant web": "寄件者: Ivan Petrov <ivan@firma.example>\n已傳送: 2026年11月21日 10:00\n收件者: Anna\n主旨: 印表機",
    "qq": '------------------ 原始邮件 ------------------\n发件人: "Ivan" <ivan@firma.example>;\n发送时间: 2026年11月21日(星期六) 上午10:00\n收件人: "anna"<anna@b.example>;\n\n主题: Printer',
    "qq en": '------------------ Original ------------------\nFrom: "Ivan" <ivan@firma.example>;\nDate: Sat, Nov 21, 2026 10:00 AM\nTo: "anna"<anna@b.example>;\n\nSubject: Printer',
    "163 new": "---- 回复的原邮件 ----\n| 发件人 | Ivan<ivan@firma.example> |\n| 日期 | 2026年11月21日 10:00 |\n| 收件人 | anna@b.example |\n| 主题 | Printer |",
    "163 new en": "---- Replied Message ----\n| From | Ivan<ivan@firma.example> |\n| Date | 11/21/2026 10:00 |\n| To | anna@b.example |\n| Subject | Printer |",
    "ja": "差出人: Ivan Petrov <ivan@firma.example>\n送信日時: 2026年11月21日土曜日 10:00\n宛先: Anna\n件名: プリンター",
    "ja mac": "差出人: Ivan Petrov <ivan@firma.example>\n日付: 2026年11月21日 土曜日 10:00\n宛先: Anna\n件名: プリンター",
    "ko": "보낸 사람: Ivan Petrov <ivan@firma.example>\n보낸 날짜: 2026년 11월 21일 토요일 오전 10:00\n받는 사람: Anna\n제목: 프린터",
    "ko daum": "--------- 원본 메일 ---------\n보낸사람 : Ivan Petrov <ivan@firma.example>\n받는사람 : <anna@b.example>\n날짜: 2026년 11월 21일 토요일, 10시 00분\n제목: 프린터",
    "th": "จาก: Ivan Petrov <ivan@firma.example>\nส่ง: 21 พฤศจิกายน 2026 10:00\nถึง: Anna\nเรื่อง: Printer",
    "ru mail.ru": "От кого: Ivan Petrov <ivan@firma.example>\nКому: anna@b.example\nДата: Суббота, 21 ноября 2026, 10:00\nТема: Принтер",
    "ru mac": "От: Ivan Petrov <ivan@firma.example>\nДата: суббота, 21 ноября 2026 г. в 10:00\nКому: Анна\nТема: Принтер",
    "ru yandex new": '----------------\nКому: anna@b.example;\nТема: Принтер;\n21.11.2026, 10:00, "Ivan" <ivan@firma.example>:',
    "uk": "Від: Ivan Petrov <ivan@firma.example>\nДата: субота, 21 листопада 2026 р. о 10:00\nКому: Анна\nТема: Принтер",
    "uk outlook new": "Від: Ivan Petrov <ivan@firma.example>\nНадіслано: субота, 21 листопада 2026 р. 10:00\nДо: Анна\nКопія: Олег\nТема: Принтер",
    "en reply-to": "From: Ivan Petrov <ivan@firma.example>\nReply-To: help@firma.example\nDate: Saturday, 21 November 2026 at 10:00\nTo: Anna\nSubject: Printer",
    "notes": "From:\tIvan Petrov/Firma\nTo:\tAnna\nDate:\t21.11.2026 10:00\nSubject:\tPrinter",
    "notes de": "Von:\tIvan Petrov/Firma\nAn:\tAnna\nDatum:\t21.11.2026 10:00\nBetreff:\tDrucker",
    "libero old": "---------- Initial Header -----------\n\nFrom      : Ivan ivan@firma.example\nTo          : anna@b.example\nCc          :\nDate      : Sat, 21 Nov 2026 10:00:00 +0100\nSubject : Stampante",
    "zimbra de": "----- Ursprüngliche Mail -----\nVon: Ivan Petrov <ivan@firma.example>\nAn: anna@b.example\nGesendet: Samstag, 21. November 2026 10:00:00\nBetreff: Drucker",
    "zimbra fr": "----- Mail original -----\nDe: Ivan Petrov <ivan@firma.example>\nÀ: anna@b.example\nEnvoyé: Samedi 21 Novembre 2026 10:00:00\nObjet: Imprimante",
    "proton old": "‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐\nOn Saturday, November 21st, 2026 at 10:00 AM, Ivan Petrov <ivan@firma.example> wrote:\n",
    "samsung uk": "-------- Початкове повідомлення --------\nВід: Ivan Petrov <ivan@firma.example>\nДата: 21.11.26 10:00 (GMT+02:00)\nКому: Анна\nТема: Принтер",
    "samsung it": "-------- Messaggio originale --------\nDa: Ivan Petrov <ivan@firma.example>\nData: 21/11/26 10:00 (GMT+01:00)\nA: Anna\nOggetto: Stampante",
}
# The line, and which block stands below it.
FORWARDS = {
    "apple de": ("Anfang der weitergeleiteten Nachricht:", "de mac"),
    "apple fr": ("Début du message réexpédié :", "fr mac"),
    "apple fr new": ("Début du message transféré :", "fr mac"),
    "apple es": ("Inicio del mensaje reenviado:", "es mac"),
    "apple it": ("Inizio messaggio inoltrato:", "it mac"),
    "apple br": ("Início da mensagem encaminhada:", "pt br mac"),
    "apple pt": ("Início da mensagem reencaminhada:", "pt br mac"),
    "apple nl": ("Begin doorgestuurd bericht:", "nl mac"),
    "apple pl": ("Początek przekazywanej wiadomości:", "pl mac"),
    "apple pl new": ("Rozpoczęcie przekazywanej wiadomości:", "pl mac"),
    "apple cs": ("Začátek přeposlané zprávy:", "cs seznam"),
    "apple sk": ("Začiatok preposlanej správy:", "sk"),
    "apple sv": ("Vidarebefordrat brev:", "sv mac"),
    "apple da": ("Start på videresendt besked:", "da mac"),
    "apple no": ("Videresendt melding:", "no"),
    "apple fi": ("Välitetty viesti alkaa:", "fi"),
    "apple tr": ("İletilen ileti başlangıcı:", "tr web"),
    "apple tr 2": ("Başlangıç iletilen ileti:", "tr web"),
    "apple hu": ("Továbbított levél kezdete:", "hu"),
    "apple ro": ("Începutul mesajului redirecționat:", "ro"),
    "apple hr": ("Započni proslijeđenu poruku:", "hr"),
    "apple el": ("Αρχή προωθημένου μηνύματος:", "el"),
    "apple he": ("תחילת ההודעה שהועברה:", "he"),
    "apple ja": ("転送されたメッセージ:", "ja mac"),
    "apple ko": ("전달된 메시지:", "ko"),
    "apple zh": ("开始转发的邮件：", "zh mac"),
    "apple zh 2": ("以下是转发的邮件：", "zh mac"),
    "apple zh 3": ("开始转发邮件：", "zh mac"),
    "apple hant": ("開始轉寄郵件：", "zh-hant mac"),
    "apple hant 2": ("以下是轉寄的郵件：", "zh-hant mac"),
    "apple vi": ("Bắt đầu thư được chuyển tiếp:", "vi"),
    "apple id": ("Mulai pesan yang diteruskan:", "id"),
    "apple ca": ("Inici del missatge reenviat:", "ca"),
    "apple uk": ("Початок листа, що пересилається:", "uk"),
    "apple ru": ("Начало переадресованного сообщения:", "ru mac"),
    "apple ru2": ("Начало пересылаемого сообщения:", "ru mac"),
    "tb it": ("-------- Messaggio Inoltrato --------", "it mac"),
    "tb pl": ("-------- Treść przekazanej wiadomości --------", "pl mac"),
    "tb tr": ("-------- İletilmiş ileti --------", "tr web"),
    "tb tr2": ("-------- Yönlendirilmiş İleti --------", "tr web"),
    "tb ro": ("-------- Mesaj înaintat --------", "ro"),
    "tb el": ("-------- Προωθημένο μήνυμα --------", "el"),
    "tb zh": ("-------- 转发的消息 --------", "zh mac"),
    "tb hant": ("-------- 轉寄訊息 --------", "zh-hant"),
    "tb hant2": ("-------- 轉寄郵件 --------", "zh-hant"),
    "tb ja": ("-------- 転送メッセージ --------", "ja"),
    "tb ca": ("-------- Missatge reenviat --------", "ca"),
    "tb sk": ("-------- Preposlaná správa --------", "sk"),
    "tb be": ("-------- Перасланае паведамленне --------", "be"),
    "tb bg": ("-------- Препратено съобщение --------", "bg"),
    "tb hr": ("-------- Proslijeđena poruka --------", "hr"),
    "tb sr": ("-------- Прослеђена порука --------", "sr"),
    "tb da": ("-------- Videresendt meddelelse --------", "da"),
    "tb sl": ("-------- Posredovano sporočilo --------", "sl"),
    "tb et": ("-------- Edastatud kiri --------", "et"),
    "tb lt": ("-------- Persiųstas laiškas --------", "lt"),
    "zimbra de": ("----- Weitergeleitete Mail -----", "de mac"),
    "zimbra fr": ("----- Mail transféré -----", "fr mac"),
    "zimbra es": ("----- Mensaje reenviado -----", "es mac"),
    "notes en": ("----- Forwarded by Anna/Firma on 11/21/2026 10:00 AM -----", "notes"),
    "notes de": ("----- Weitergeleitet von Anna/Firma am 21.11.2026 10:00 -----", "notes de"),
    "notes fr": ("----- Réacheminé par Anna/Firma le 21/11/2026 10:00 -----", "fr mac"),
    "notes es": ("----- Remitido por Anna/Firma el 21/11/2026 10:00 -----", "es mac"),
    "notes it": ("----- Inoltrato da Anna/Firma il 21/11/2026 10.00 -----", "it mac"),
    "163": ("-------- 转发邮件信息 --------", "zh mac"),
    "163 table": ("---- 转发的邮件 ----", "163 new"),
    "163 table en": ("---- Forwarded Message ----", "163 new en"),
    "qq": ("------------------ 转发邮件 ------------------", "zh mac"),
    "naver": ("-----전달된 메일-----", "ko"),
    "daum": ("--------- 전달된 메일 ---------", "ko"),
    "gmail": ("---------- Forwarded message ---------", "pl mac"),
    "outlook android": ("---------- Forwarded message ----------", "en reply-to"),
    "mail.ru": ("-------- Пересылаемое сообщение --------", "ru mail.ru"),
    "seznam": ("---------- Přeposlaný e-mail ----------", "cs seznam"),
    "zoho": ("============ Forwarded message ============", "en reply-to"),
    "gmx": ("-------- Weitergeleitete Nachricht --------", "gmx"),
    "proton": ("------- Forwarded Message -------", "en reply-to"),
}


@pytest.mark.parametrize("client", BLOCKS)
def test_what_stands_below_a_clients_header_block_is_quoted(client: str) -> None:
    """The block, with the line of dashes that some put above it, begins the quoted mail."""
    split = split_reply(f"Не помогло.\n\n{BLOCKS[client]}\n\nПопробуйте.\n\nСлужба поддержки")
    assert split.reply == "Не помогло."
    assert split.quoted == f"{BLOCKS[client]}\n\nПопробуйте.\n\nСлужба поддержки"


@pytest.mark.parametrize("client", FORWARDS)
def test_a_clients_forward_is_read_and_kept(client: str) -> None:
    """Sender, date, subject and text; the line makes it a forward under any subject, and nothing of it is cut."""
    line, name = FORWARDS[client]
    block = "\n".join(part for part in BLOCKS[name].split("\n") if not part.startswith("--"))
    text = f"Посмотрите.\n\n{line}\n\n{block}\n\nДобрый день!\n\nПринтер не печатает."
    assert split_reply(text).reply == text
    for subject in ("Fwd: x", "Re: x"):
        found = find_forwarded(text, subject, None)
        assert found is not None
        assert (found.before, found.text) == ("Посмотрите.", "Добрый день!\n\nПринтер не печатает.")
        assert found.date
        assert found.subject
        assert found.sender is not None or name.startswith("notes")


@pytest.mark.parametrize(
    "text",
    [
        "Заявка:\n\nНомер: 5\nДата: 21 ноября 2026\nТема: ремонт\n\nКогда приедете?",
        "De: casa\nA: oficina\n\n¿Cuánto tarda?",
        "| Дата | Тема |\n| 21.11 | Ремонт |\n\nВот таблица.",
        "Prima: 10 Uhr\nDatum: 21.11.2026\n\nPasst das?",
        "Начало переадресованного сообщения потерялось.\n\nЧто делать?",
        "--- forwarding does not work ---\n\nПочините.",
    ],
)
def test_a_form_or_a_table_is_no_header_block(text: str) -> None:
    """Names and colons in the sender's own list cut nothing and forward nothing."""
    assert split_reply(text).reply == text
    assert find_forwarded(text, "", None) is None
