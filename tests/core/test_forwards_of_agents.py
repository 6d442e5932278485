"""An agent's forward as each client writes it in each language: the customer, his subject and his words are found."""

# ruff: noqa: E501 the lines in here stay as clients write them

from __future__ import annotations

import pytest
from office import DEFAULT_RULE, eml, envelope, facts, judge, mail, practice

from maild.messages.read import read_mail
from maild.routing.conditions import read_condition
from maild.routing.fields import FIELDS
from maild.routing.rules import Actions, Rule
from maild.threads.model import Visibility
from maild.threads.plan import LetterKind

WHO = "Ivan Petrov <ivan@firma.example>"
GMAIL = {
    "en": ("---------- Forwarded message ---------", "From", "Date", "Sat, 21 Nov 2026 at 10:00", "Subject", "To"),
    "ru": ("---------- Forwarded message ---------", "От", "Date", "сб, 21 нояб. 2026 г. в 10:00", "Subject", "To"),
    "de": ("---------- Forwarded message ---------", "Von", "Date", "Sa., 21. Nov. 2026 um 10:00 Uhr", "Subject", "To"),
    "fr": ("---------- Forwarded message ---------", "De", "Date", "sam. 21 nov. 2026 à 10:00", "Subject", "To"),
    "es": ("---------- Forwarded message ---------", "De", "Date", "sáb, 21 nov 2026 a las 10:00", "Subject", "To"),
    "it": ("---------- Forwarded message ---------", "Da", "Date", "sab 21 nov 2026 alle ore 10:00", "Subject", "To"),
    "pl": ("---------- Forwarded message ---------", "Od", "Date", "sob., 21 lis 2026 o 10:00", "Subject", "To"),
    "uk": ("---------- Forwarded message ---------", "Від", "Date", "сб, 21 лист. 2026 р. о 10:00", "Subject", "To"),
}
OUTLOOK = {
    "en": ("From", "Sent", "Saturday, November 21, 2026 10:00 AM", "To", "Subject"),
    "ru": ("От", "Отправлено", "суббота, 21 ноября 2026 г. 10:00", "Кому", "Тема"),
    "de": ("Von", "Gesendet", "Samstag, 21. November 2026 10:00", "An", "Betreff"),
    "fr": ("De", "Envoyé", "samedi 21 novembre 2026 10:00", "À", "Objet"),
    "es": ("De", "Enviado", "sábado, 21 de noviembre de 2026 10:00", "Para", "Asunto"),
    "it": ("Da", "Inviato", "sabato 21 novembre 2026 10:00", "A", "Oggetto"),
    "pl": ("Od", "Wysłano", "sobota, 21 listopada 2026 10:00", "Do", "Temat"),
    "uk": ("Від", "Надіслано", "субота, 21 листопада 2026 р. 10:00", "Кому", "Тема"),
}
APPLE = {
    "en": ("Begin forwarded message:", "From", "Subject", "Date", "21 November 2026 at 10:00:00 CET", "To"),
    "ru": ("Начало переадресованного сообщения:", "От", "Тема", "Дата", "21 ноября 2026 г. в 10:00:00 MSK", "Кому"),
    "de": (
        "Anfang der weitergeleiteten Nachricht:",
        "Von",
        "Betreff",
        "Datum",
        "21. November 2026 um 10:00:00 MEZ",
        "An",
    ),
    "fr": ("Début du message réexpédié :", "De", "Objet", "Date", "21 novembre 2026 à 10:00:00 UTC+1", "À"),
    "es": ("Inicio del mensaje reenviado:", "De", "Asunto", "Fecha", "21 de noviembre de 2026, 10:00:00 CET", "Para"),
    "it": ("Inizio messaggio inoltrato:", "Da", "Oggetto", "Data", "21 novembre 2026 alle ore 10:00:00 CET", "A"),
    "pl": ("Początek przekazywanej wiadomości:", "Od", "Temat", "Data", "21 listopada 2026 o 10:00:00 CET", "Do"),
    "uk": ("Початок листа, що пересилається:", "Від", "Тема", "Дата", "21 листопада 2026 р. о 10:00:00 EET", "Кому"),
}
THUNDERBIRD = {
    "en": ("-------- Forwarded Message --------", "Subject", "Date", "From", "To"),
    "ru": ("-------- Перенаправленное сообщение --------", "Тема", "Дата", "От", "Кому"),
    "de": ("-------- Weitergeleitete Nachricht --------", "Betreff", "Datum", "Von", "An"),
    "fr": ("-------- Message transféré --------", "Sujet ", "Date ", "De ", "Pour "),
    "es": ("-------- Mensaje reenviado --------", "Asunto", "Fecha", "De", "Para"),
    "it": ("-------- Messaggio Inoltrato --------", "Oggetto", "Data", "Mittente", "A"),
    "pl": ("-------- Wiadomość przekazana dalej --------", "Temat", "Data", "Nadawca", "Adresat"),
    "uk": ("-------- Переслане повідомлення --------", "Тема", "Дата", "Від", "Кому"),
}


def _gmail(words: tuple[str, ...]) -> str:
    line, sender, date, at, subject, to = words
    return f"{line}\n{sender}: {WHO}\n{date}: {at}\n{subject}: Printer\n{to}: Anna <anna@desk.example>\n\n\n"


def _outlook(words: tuple[str, ...], rule: str) -> str:
    sender, date, at, to, subject = words
    return f"{rule}\n{sender}: {WHO}\n{date}: {at}\n{to}: Anna <anna@desk.example>\n{subject}: Printer\n\n"


def _apple(words: tuple[str, ...]) -> str:
    line, sender, subject, date, at, to = words
    return f"{line}\n\n> {sender}: {WHO}\n> {subject}: Printer\n> {date}: {at}\n> {to}: anna@desk.example\n> \n"


def _thunderbird(words: tuple[str, ...]) -> str:
    line, subject, date, sender, to = words
    return f"\n\n{line}\n{subject}: \tPrinter\n{date}: \tSat, 21 Nov 2026 10:00:00 +0300\n{sender}: \t{WHO}\n{to}: \tanna@desk.example\n\n\n"


SHAPES = {
    **{f"gmail {x}": _gmail(w) for x, w in GMAIL.items()},
    **{f"outlook {x}": _outlook(w, "________________________________") for x, w in OUTLOOK.items()},
    **{f"outlook desktop {x}": _outlook(w, "") for x, w in OUTLOOK.items()},
    **{f"apple {x}": _apple(w) for x, w in APPLE.items()},
    **{f"thunderbird {x}": _thunderbird(w) for x, w in THUNDERBIRD.items()},
    "mail.ru": f"-------- Пересылаемое сообщение --------\nОт кого: {WHO}\nКому: anna@desk.example\nДата: Суббота, 21 ноября 2026, 10:00 +03:00\nТема: Printer\n\n",
    "yandex": '-------- Пересылаемое сообщение --------\n21.11.2026, 10:00, "Ivan Petrov" <ivan@firma.example>:\n\n',
    "yandex's block": 'Кому: Анна (anna@desk.example);\nКопия: Олег (oleg@firma.example);\nТема: Printer;\n21.11.2026, 10:00, "Ivan Petrov" <ivan@firma.example>:\n\n',
    "the bat": f"This is a forwarded message\nFrom: {WHO}\nTo: Anna <anna@desk.example>\nDate: Saturday, November 21, 2026, 10:00:00 AM\nSubject: Printer\n\n===8<==============Original message text===============\n",
    "the bat ru": f"Это пересылаемое сообщение\nОт: {WHO}\nКому: anna@desk.example\nДата: суббота, 21 ноября 2026 г., 10:00:00\nТема: Printer\n\n===8<=============Исходный текст сообщения=============\n",
    "samsung": f"-------- Original message --------From: {WHO} Date: 21/11/2026  10:00  (GMT+03:00) To: Anna <anna@desk.example> Subject: Printer \n",
    "samsung ru": f"-------- Исходное сообщение --------От: {WHO} Дата: 21.11.26  10:00  (GMT+03:00) Кому: anna@desk.example Тема: Printer \n",
    "yahoo": f"   ----- Forwarded Message ----- From: {WHO}To: Anna <anna@desk.example>Sent: Saturday, November 21, 2026 at 10:00:00 AM GMT+3Subject: Printer\n ",
    "neomutt": f"----- Forwarded message from {WHO} -----\n\nDate: Sat, 21 Nov 2026 10:00:00 +0300\nFrom: {WHO}\nTo: anna@desk.example\nSubject: Printer\n\n",
}
PREFIXES = {"ru": "Fwd", "de": "WG", "fr": "TR", "es": "RV", "it": "I", "pl": "PD", "uk": "Fwd"}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_forward_of_every_client_is_the_customers(shape: str) -> None:
    """He is the requester; the agent's words above are a note, and the order there is carried out."""
    text = "It prints nothing since Monday.\nPlease help."
    if shape.startswith("apple"):
        text = "".join(f"> {line}\n" for line in text.split("\n"))
    body = f"/priority high\nHe called, too.\n\n{SHAPES[shape]}{text}\n"
    if shape == "neomutt":
        body += "\n----- End forwarded message -----\n"
    if shape.startswith("the bat"):
        body += "\n===8<===========End of original message text===========\n"
    prefix = PREFIXES.get(shape.rpartition(" ")[2], "Fwd")
    it = mail(body, sender="Anna <anna@desk.example>", subject=f"{prefix}: Printer", message_id="<f@desk.example>")
    plan = judge(it, facts(), by=envelope("anna@desk.example", login="anna"))
    assert plan.ticket is not None
    assert plan.ticket.requester is not None
    assert (plan.ticket.requester.address, plan.ticket.subject) == ("ivan@firma.example", "Printer")
    assert str(plan.ticket.priority) == "high"
    assert plan.message is not None
    assert plan.message.reply.split() == ["It", "prints", "nothing", "since", "Monday.", "Please", "help."]
    assert plan.beside is not None
    assert (plan.beside.reply, plan.beside.visibility) == ("He called, too.", Visibility.INTERNAL)
    (sent,) = [x for x in plan.letters if x.kind is LetterKind.ACKNOWLEDGEMENT]
    assert [a.address for a in sent.to] == ["ivan@firma.example"]
    assert "prints" not in repr(sent)


@pytest.mark.parametrize("shape", SHAPES)
def test_orders_stand_above_a_forward_alone(shape: str) -> None:
    """Below it the customer may have written what looks like the end of it."""
    ends = "----- End forwarded message -----", "-------- Конец пересылаемого сообщения --------"
    for end in (*ends, "> quoted"):
        body = f"{SHAPES[shape]}Hello\n{end}\n/close\n/add thief@thief.example\n"
        it = mail(body, sender="Anna <anna@desk.example>", subject="Fwd: Printer", message_id="<f@desk.example>")
        plan = judge(it, facts(), by=envelope("anna@desk.example", login="anna"))
        assert plan.ticket is not None
        assert str(plan.ticket.status) == "new"
        assert [p.address.address for p in plan.ticket.participants] == ["ivan@firma.example"]


def test_a_rule_may_say_that_nobody_hears_of_a_forward() -> None:
    """It sees who passed the mail on, and the customer as the one who wrote."""
    when = read_condition({"forwarded_by": "anna@desk.example", "from": "ivan@firma.example"}, FIELDS, ()).condition
    rules = (Rule(name="quiet", when=when, then=Actions(acknowledge=False, tags=("passed-on",))), DEFAULT_RULE)
    it = mail(SHAPES["gmail en"] + "Help.", sender="Anna <anna@desk.example>", subject="Fwd: Printer")
    plan = judge(it, facts(), by=envelope("anna@desk.example", login="anna"), how=practice(rules=rules))
    assert plan.ticket is not None
    assert plan.ticket.tags == ("passed-on",)
    assert [x.kind for x in plan.letters if x.kind is LetterKind.ACKNOWLEDGEMENT] == []


HTML = {
    "outlook": '<div class="WordSection1"><p class="MsoNormal">/take</p><p class="MsoNormal">He called.</p><p class="MsoNormal">--<br>Anna Petrova<br>Acme Ltd</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class="MsoNormal"><b>From:</b> Ivan Petrov &lt;ivan@firma.example&gt;<br><b>Sent:</b> Saturday, November 21, 2026 10:00 AM<br><b>To:</b> Anna &lt;anna@desk.example&gt;<br><b>Subject:</b> Printer</p></div></div><p class="MsoNormal">It prints nothing.</p></div>',
    "gmail": '<div dir="ltr">/take<br>He called.<br clear="all"><div><br></div>-- <br><div class="gmail_signature">Anna</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>From: <strong class="gmail_sendername" dir="auto">Ivan Petrov</strong> <span dir="auto">&lt;<a href="mailto:ivan@firma.example">ivan@firma.example</a>&gt;</span><br>Date: Sat, 21 Nov 2026 at 10:00<br>Subject: Printer<br>To: Anna &lt;<a href="mailto:anna@desk.example">anna@desk.example</a>&gt;<br></div><br><br><div dir="ltr">It prints nothing.</div></div></div>',
    "outlook web": '<div>/take</div><div>He called.</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif"><b>От:</b> Ivan Petrov &lt;ivan@firma.example&gt;<br><b>Отправлено:</b> 21 ноября 2026 г. 10:00<br><b>Кому:</b> Anna &lt;anna@desk.example&gt;<br><b>Тема:</b> Printer</font><div>&nbsp;</div></div><div>It prints nothing.</div>',
    "no words": '<div>/take</div><div>-- <br>Anna</div><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Ivan Petrov &lt;ivan@firma.example&gt;<br><b>Sent:</b> 21 November 2026 10:00<br><b>To:</b> Anna &lt;anna@desk.example&gt;<br><b>Subject:</b> Printer</div><div>It prints nothing.</div>',
}


@pytest.mark.parametrize("client", HTML)
def test_a_forward_in_html_alone_is_the_customers(client: str) -> None:
    """The agent's signature above it is nobody's words."""
    raw = eml("X", sender="Anna <anna@desk.example>", subject="FW: Printer").replace(b"text/plain", b"text/html")
    it = read_mail(raw.replace(b"\r\n\r\nX", b"\r\n\r\n" + HTML[client].encode()))
    plan = judge(it, facts(), by=envelope("anna@desk.example", login="anna"))
    assert plan.ticket is not None
    assert plan.ticket.requester is not None
    assert (plan.ticket.requester.address, plan.ticket.assignee) == ("ivan@firma.example", "anna")
    assert plan.message is not None
    assert plan.message.reply == "It prints nothing."
    assert (plan.beside.reply if plan.beside is not None else None) == (None if client == "no words" else "He called.")


GMAIL_OF_BORIS = (
    "---------- Forwarded message ---------\nОт: Boris Smith <boris@desk.example>\nDate: пн, 23 нояб. 2026 г. в 09:12\n"
    "Subject: Fwd: Printer\nTo: anna@desk.example\n\n\n{words}---------- Forwarded message ---------\nОт: " + WHO +
    "\nDate: пн, 23 нояб. 2026 г. в 09:00\nSubject: Printer\nTo: boris@desk.example\n\n\nIt prints nothing.\n"
)  # fmt: skip


def test_a_forward_of_a_colleagues_forward_is_the_customers() -> None:
    """The words of both agents are a note; only those of whoever sends it may order anything."""
    body = f"/priority high\nPlease see below.\n\n{GMAIL_OF_BORIS.format(words='/close' + chr(10) + 'He is angry.' + chr(10) * 2)}"
    it = mail(body, sender="Anna <anna@desk.example>", subject="Fwd: Fwd: Printer", message_id="<f@desk.example>")
    plan = judge(it, facts(), by=envelope("anna@desk.example", login="anna"))
    assert plan.ticket is not None
    assert plan.ticket.requester is not None
    assert (plan.ticket.requester.address, plan.ticket.subject) == ("ivan@firma.example", "Printer")
    assert (str(plan.ticket.status), str(plan.ticket.priority)) == ("new", "high")
    assert plan.message is not None
    assert plan.message.reply == "It prints nothing."
    assert plan.beside is not None
    assert plan.beside.reply == "Please see below.\n\nBoris Smith:\n> /close\n> He is angry."


def test_a_forward_of_a_colleagues_own_words_is_no_customers() -> None:
    """What Boris wrote himself, on top of a customer's mail that he answered, makes nobody a customer."""
    body = (
        "Have a look.\n\n---------- Forwarded message ---------\nFrom: Boris Smith <boris@desk.example>\n"
        "Date: Mon, Nov 23, 2026\nSubject: Re: Printer\nTo: ivan@firma.example\n\nTry it now.\n\n"
        "On Mon, Nov 23, 2026 Ivan <ivan@firma.example> wrote:\n> It prints nothing.\n"
    )
    it = mail(body, sender="Anna <anna@desk.example>", subject="Fwd: Printer", message_id="<f@desk.example>")
    plan = judge(it, facts(), by=envelope("anna@desk.example", login="anna"))
    assert plan.ticket is not None
    assert plan.ticket.requester is not None
    assert plan.ticket.requester.address == "anna@desk.example"


def _attaching(text: str, inner: str, boundary: str, **fields: str) -> str:
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return (
        f"{head}Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n--{boundary}\r\nContent-Type: text/plain\r\n\r\n"
        f"{text}\r\n--{boundary}\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--{boundary}--\r\n"
    )


def test_an_attached_forward_of_a_colleagues_attached_forward_is_the_customers() -> None:
    """Whole, with his Message-ID; the words of both agents are a note."""
    ivans = eml("It prints nothing.", sender=WHO, to="boris@desk.example", message_id="<i@firma.example>").decode()
    boris = _attaching(
        "He is angry.", ivans, "b1", From="Boris Smith <boris@desk.example>", To="anna@desk.example",
        Subject="Fwd: Printer", Message_ID="<b@desk.example>",
    )  # fmt: skip
    raw = _attaching(
        "/take\r\nSee below.", boris, "b2", From="Anna <anna@desk.example>", To="support@desk.example",
        Subject="Fwd: Fwd: Printer", Message_ID="<a@desk.example>",
    )  # fmt: skip
    it = read_mail(raw.encode(), is_own=lambda _: False)
    plan = judge(it, facts(), by=envelope("anna@desk.example", login="anna"))
    assert plan.ticket is not None
    assert plan.ticket.requester is not None
    assert (plan.ticket.requester.address, plan.ticket.assignee) == ("ivan@firma.example", "anna")
    assert plan.message is not None
    assert (plan.message.message_id, plan.message.reply) == ("<i@firma.example>", "It prints nothing.")
    assert plan.beside is not None
    assert plan.beside.reply == "See below.\n\nBoris Smith:\n> He is angry."
