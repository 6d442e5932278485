"""The language of a text."""

from __future__ import annotations

import pytest

from maild.messages.language import guess

TEXTS = [
    ("ru", "Здравствуйте, у меня не работает принтер."),
    ("ru", "Привет"),
    ("ru", "спасибо"),
    ("ru", "VPN error 404 in OpenVPN client, не подключается"),
    ("ru", "Подскажите, когда придёт счёт за ноябрь?"),
    ("uk", "Добрий день, не працює принтер."),
    ("uk", "Дякую"),
    ("uk", "Підкажіть, будь ласка, коли буде рахунок?"),
    ("be", "Добры дзень, не працуе прынтар, калі ласка, дапамажыце."),
    ("bg", "Здравейте, не мога да вляза в профила си, моля помогнете."),
    ("bg", "Благодаря, вече работи."),
    ("bg", "Не виждам фактурата"),
    ("bg", "Къде е поръчката, тръгна ли?"),
    ("ru", "Объект не открывается"),
    ("ru", "Подъезд закрыт, объявление не видно"),
    ("uk", "Дані не зберігаються на сайті"),
    ("sr", "Здраво, не ради ми штампач, молим вас за помоћ."),
    ("mk", "Здраво, не ми работи печатачот, ве молам помогнете. Ќе чекам."),
    ("en", "Hello, my printer is broken."),
    ("en", "Thanks!"),
    ("de", "Guten Tag, mein Drucker druckt nicht mehr."),
    ("fr", "Bonjour, mon imprimante ne marche pas."),
    ("es", "Hola, no me funciona la impresora."),
    ("it", "Buongiorno, la mia stampante non funziona."),
    ("pt", "Olá, a minha impressora não funciona."),
    ("pl", "Dzień dobry, moja drukarka nie działa."),
    ("nl", "Hallo, mijn printer werkt niet."),
    ("cs", "Dobrý den, tiskárna nefunguje, prosím o pomoc."),
    ("sk", "Dobrý deň, tlačiareň nefunguje, ďakujem za pomoc."),
    ("sv", "Hej, min skrivare fungerar inte."),
    ("da", "Hej, min printer virker ikke, hvad gør jeg?"),
    ("no", "Hei, skriveren min fungerer ikke, hva gjør jeg?"),
    ("fi", "Hei, tulostin ei toimi, voisitteko auttaa?"),
    ("tr", "Merhaba, yazıcım çalışmıyor."),
    ("hu", "Jó napot, nem működik a nyomtató, köszönöm."),
    ("ro", "Bună ziua, imprimanta nu funcționează."),
    ("el", "Καλημέρα, ο εκτυπωτής δεν λειτουργεί."),
    ("he", "שלום, המדפסת לא עובדת"),
    ("ar", "مرحبا، الطابعة لا تعمل"),
    ("ja", "プリンタが動きません。"),
    ("ja", "印刷機が故障中、至急対応願います"),
    ("uk", "Рахунок 42 ще не надійшов"),
    ("zh", "打印机坏了，怎么办？"),
    ("ko", "프린터가 작동하지 않습니다"),
    ("ru", "Принтер сломан"),
    ("ru", "Заявка 123"),
    ("uk", "Не можу зайти в пошту"),
    ("uk", "Прошу скинути пароль"),
    ("be", "Не працуе прынтар"),
    ("sr", "Не ради штампач"),
    ("mk", "Не работи печатачот"),
    ("en", "Printer is broken"),
    ("en", "Can’t log in"),
    ("en", "ok thanks"),
    ("de", "Vielen Dank"),
    ("de", "Passwort vergessen"),
    ("fr", "Mot de passe oublié"),
    ("es", "Olvidé mi contraseña"),
    ("it", "Ho bisogno di aiuto"),
    ("pt", "Preciso de ajuda"),
    ("pl", "Nie mogę się zalogować"),
    ("nl", "Wachtwoord vergeten"),
    ("cs", "Tiskárna nefunguje"),
    ("sv", "Jag kan inte logga in"),
    ("tr", "Şifremi unuttum"),
    ("zh", "谢谢"),
    ("ja", "了解です"),
]


@pytest.mark.parametrize(("language", "text"), TEXTS)
def test_a_short_text_says_its_language(language: str, text: str) -> None:
    """One sentence or less is enough for the languages people write to us in."""
    assert guess(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "Ivan Petrov",
        "SUP-1001",
        "Windows 11",
        "PDF",
        "Hej",
        "",
        "12345",
        "ok",
        "https://firma.example/a",
        "anna@firma.example",
        "\x00\ud800",
        "???",
        "> ",
    ],
)
def test_too_little_to_tell_is_no_language(text: str) -> None:
    """Numbers, links and a lone word say nothing."""
    assert guess(text) == ""


def test_quoted_lines_do_not_speak_for_the_sender() -> None:
    """A Russian answer above an English quote is Russian."""
    assert guess("Не помогло\n\n> Hello, please restart the printer and tell us what you see on the screen.") == "ru"
