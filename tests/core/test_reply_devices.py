"""Lines that phones and programs put below a mail, in each language, and sentences that only resemble them."""

from __future__ import annotations

import pytest

from maild.messages.reply import split_reply

MOBILE = [
    "Sent from my iPhone",
    "Sent from my iPad",
    "Von meinem iPhone gesendet",
    "Gesendet von meinem Galaxy",
    "Von Samsung Mobile gesendet",
    "Von Yahoo Mail auf Android gesendet",
    "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    "Outlook für Android beziehen",
    "Envoyé de mon iPhone",
    "Envoyé à partir de Outlook pour Android",
    "Télécharger Outlook pour iOS",
    "Provenance : Courrier pour Windows",
    "Enviado desde mi iPhone",
    "Enviado desde mi teléfono Samsung Galaxy.",
    "Obtener Outlook para Android",
    "Inviato da iPhone",
    "Inviato dal mio dispositivo Android",
    "Ottieni Outlook per iOS",
    "Enviado do meu iPhone",
    "Obter o Outlook para Android",
    "Enviado a partir do meu smartphone Samsung Galaxy.",
    "Wysłane z iPhone'a",
    "Wysłane z mojego telefonu Samsung",
    "Wysłano z aplikacji Outlook",
    "Pobierz aplikację Outlook dla systemu iOS",
    "Verstuurd vanaf mijn iPhone",
    "Verzonden vanaf mijn Galaxy",
    "Verzonden vanuit Mail voor Windows",
    "Outlook voor iOS downloaden",
    "Odesláno z iPhonu",
    "Odesláno z mého mobilního telefonu",
    "Stáhnout Outlook pro iOS",
    "Získat Outlook pro Android",
    "Odoslané z iPhonu",
    "Skickat från min iPhone",
    "Skickades från E-post för Windows",
    "Hämta Outlook för iOS",
    "Sendt fra min iPhone",
    "Hent Outlook til iOS",
    "Få Outlook for Android",
    "Lähetetty iPhonesta",
    "Hanki Outlook Androidille",
    "iPhone'umdan gönderildi",
    "Samsung cihazımdan gönderildi",
    "Android için Outlook'u edinin",
    "iOS için Outlook'u edinin",
    "Az iPhone-omról küldve",
    "Trimis de pe iPhone-ul meu",
    "Отправлено с iPhone",
    "Отправлено с моего iPhone",
    "Отправлено с мобильного устройства Samsung",
    "Отправлено из мобильной Почты Mail.ru",
    "Отправлено из Яндекс.Почты для мобильных",
    "Отправлено из мобильного приложения Яндекс Почты",
    "Отправлено из Почты для Windows",
    "Получить Outlook для Android",
    "Скачайте Outlook для iOS",
    "Простите за краткость, создано в K-9 Mail.",
    "Надіслано з iPhone",
    "Надіслано з мого iPhone",
    "Отримати Outlook для Android",
    "Надіслано з пристрою Galaxy",
    "Відправлено з мобільного телефону",
    "Изпратено от моя iPhone",
    "Адпраўлена з iPhone",
    "Poslano s mog iPhonea",
    "Poslato sa mog iPhone-a",
    "Послато са мог iPhone-а",
    "Στάλθηκε από το iPhone μου",
    "נשלח מה-iPhone שלי",
    "أُرسلت من الـ iPhone",
    "发自我的iPhone",
    "发自我的 iPhone",
    "发自我的华为手机",
    "发送自我的 iPhone",
    "发送自 Windows 版邮件",
    "从我的 iPhone 发送",
    "從我的 iPhone 傳送",
    "從我的iPhone傳送",
    "获取 Outlook for iOS",
    "取得 Outlook for Android",
    "iPhoneから送信",
    "Outlook for iOS を入手",
    "나의 iPhone에서 보냄",
    "네이버 메일앱에서 보냈습니다.",
    "Android용 Outlook 다운로드",
    "Đã gửi từ iPhone của tôi",
    "Dikirim dari iPhone saya",
    "Enviat des del meu iPhone",
    "Poslano z mojega iPhone-a",
    "Sent from Yahoo Mail on Android",
    "Sent from Proton Mail for iOS",
    "Sent with Proton Mail secure email.",
    "Gesendet mit der GMX Mail App",
    "Sent from my Huawei phone",
    "Get Outlook for iOS",
    "Sent from Mail for Windows",
    "Sent from AOL on Android",
    "Sent from my T-Mobile 4G LTE Device",
    "Sent via BlackBerry from T-Mobile",
    "Envoyé depuis l'application Mail Orange",
    "Inviato da Libero Mail per Android",
    "Sent from my mobile. Please excuse brevity.",
]
SENTENCES = [
    "Sent from my old address yesterday and never answered.",
    "Отправлено с курьером.",
    "Отправлено с утра, жду.",
    "Документы отправлены.\nОтправлено с почты России вчера.",
    "Mail gönderildi.",
    "Verzonden met PostNL gisteren.",
    "Sent by courier yesterday.",
    "Надіслано з кур'єром учора.",
    "Wysłano z magazynu w Łodzi.",
    "Odesláno z pobočky v Brně dnes.",
    "Enviado de Madrid el lunes.",
    "Lähetetty eilen postissa.",
    "Inviato con corriere espresso ieri.",
]


@pytest.mark.parametrize("line", MOBILE)
def test_a_devices_line_is_a_signature(line: str) -> None:
    """It names a device or a program and begins or ends as such lines do."""
    split = split_reply(f"Да, готово.\n\n{line}")
    assert (split.reply, split.signature) == ("Да, готово.", line)


@pytest.mark.parametrize("line", SENTENCES)
def test_a_sentence_about_something_sent_is_the_senders(line: str) -> None:
    """Couriers, shops and posts send things too."""
    split = split_reply(f"Да, готово.\n\n{line}")
    assert (split.reply, split.signature) == (f"Да, готово.\n\n{line}", "")


@pytest.mark.parametrize("words", ["Ответ два.", "Завтра утром.", "Done already."])
def test_a_short_sentence_right_above_a_phones_line_is_no_name(words: str) -> None:
    """A name has no full stop, except behind an initial; in doubt a line is the sender's."""
    assert split_reply(f"Добрый день!\n\n{words}\nОтправлено с iPhone").reply == f"Добрый день!\n\n{words}"


@pytest.mark.parametrize("name", ["Анна Петрова", "Петрова А. И.", "Anna"])
def test_a_name_right_above_a_phones_line_is_signature(name: str) -> None:
    """As people set their phones up."""
    assert split_reply(f"Добрый день!\n\nСделано.\n\n{name}\nОтправлено с iPhone").reply == "Добрый день!\n\nСделано."
