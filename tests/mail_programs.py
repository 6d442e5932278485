"""Mails as people's programs write them: what stands in the header, how the answered mail is quoted, in HTML and text.

Each function is a program; it makes the bytes of what somebody typed. Nothing here knows what the desk makes of them.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape
from itertools import count

from daemon import Letter

from maild.messages.read import read_mail

_count = count(1)
_MONTHS = {
    language: names.split()
    for language, names in {
        "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
        "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "en": "January February March April May June July August September October November December",
    }.items()
}
_DAYS = {
    language: names.split()
    for language, names in {
        "ru": "понедельник вторник среда четверг пятница суббота воскресенье",
        "uk": "понеділок вівторок середа четвер п'ятниця субота неділя",
        "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    }.items()
}
_HEADS = {
    "ru": ("От", "Отправлено", "Кому", "Тема", "Дата"),
    "en": ("From", "Sent", "To", "Subject", "Date"),
    "de": ("Von", "Gesendet", "An", "Betreff", "Datum"),
    "uk": ("Від", "Надіслано", "Кому", "Тема", "Дата"),
}
_PHONE = {
    "ru": "Отправлено с iPhone",
    "en": "Sent from my iPhone",
    "de": "Von meinem iPhone gesendet",
    "uk": "Надіслано з iPhone",
}
_GALAXY = {
    "ru": "Отправлено с моего Galaxy",
    "en": "Sent from my Galaxy",
    "de": "Von meinem Galaxy gesendet",
    "uk": "Надіслано з пристрою Galaxy",
}
_ORIGINAL = {
    "ru": "-------- Исходное сообщение --------",
    "en": "-------- Original message --------",
    "de": "-------- Ursprüngliche Nachricht --------",
    "uk": "-------- Оригінальне повідомлення --------",
}


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What somebody typed, and what it answers. `sender`, `to` and `cc` as they stand in the fields."""

    sender: str
    to: str
    subject: str
    text: str
    at: datetime
    language: str = "en"
    cc: str = ""
    answers: Letter | None = None
    files: tuple[tuple[str, str, bytes], ...] = ()
    """Names, types and bytes."""

    @property
    def domain(self) -> str:
        return parseaddr(self.sender)[1].rpartition("@")[2]

    @property
    def html(self) -> str:
        """The words, as an editor for HTML holds them."""
        return "<br>".join(escape(line) for line in self.text.split("\n"))

    @property
    def quoted(self) -> str:
        """What is answered, as text; "" for a new mail."""
        return self.answers.text.rstrip("\n") if self.answers is not None else ""

    @property
    def quoted_html(self) -> str:
        """The same as HTML, without the frame of the page."""
        if self.answers is None:
            return ""
        html = read_mail(self.answers.raw, is_own=lambda _: False).html or f"<pre>{escape(self.quoted)}</pre>"
        inner = re.search(r"<body[^>]*>(.*)</body>", html, re.DOTALL)
        return inner[1] if inner is not None else html

    @property
    def writer(self) -> tuple[str, str]:
        """Name and address of whoever is answered."""
        assert self.answers is not None
        address = self.answers.message["From"].addresses[0]
        return address.display_name, address.addr_spec

    @property
    def written(self) -> datetime:
        """When the answered mail was written."""
        assert self.answers is not None
        return self.answers.message["Date"].datetime.astimezone(self.at.tzinfo)


Program = Callable[[Typed], bytes]


def _cited(text: str, mark: str = "> ") -> str:
    return "\n".join((mark + line).rstrip() if not line else mark + line for line in text.split("\n"))


def _mail(typed: Typed, text: str | None, html: str | None, **fields: str) -> bytes:
    """The mail around its bodies; the chain of ids is what nearly every program writes."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Date"] = typed.sender, typed.to, format_datetime(typed.at)
    if typed.cc:
        mail["Cc"] = typed.cc
    mail["Subject"] = typed.subject
    fields.setdefault("Message-ID", f"<{next(_count):x}.{typed.at:%Y%m%d%H%M%S}@{typed.domain}>")
    if typed.answers is not None:
        own = typed.answers["Message-ID"]
        fields.setdefault("In-Reply-To", own)
        fields.setdefault("References", f"{typed.answers['References']} {own}".strip())
    for name, value in fields.items():
        if value:
            mail[name.replace("_", "-")] = value
    if text is not None:
        mail.set_content(text + "\n", charset="utf-8")
    if html is not None and text is not None:
        mail.add_alternative(html, subtype="html", charset="utf-8")
    elif html is not None:
        mail.set_content(html, subtype="html", charset="utf-8")
    for name, kind, content in typed.files:
        main, _, sub = kind.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return mail.as_bytes()


def _clock(at: datetime, language: str) -> str:
    """The time of day as English and other people write it."""
    if language == "en":
        return f"{at.hour % 12 or 12}:{at:%M} {'AM' if at.hour < 12 else 'PM'}"
    return f"{at:%H:%M}"


def _short(at: datetime, language: str) -> str:
    month = _MONTHS[language][at.month - 1]
    return month[:3] if language in ("en", "de") else month[:4] + "."


def gmail(typed: Typed) -> bytes:
    """Gmail in a browser: the quote below, in a div of its own."""
    fields = {"Message-ID": f"<CA{_unique(typed)[:34]}@mail.gmail.com>"}
    body = f'<div dir="ltr">{typed.html}</div>'
    if typed.answers is None:
        return _mail(typed, typed.text, body, **fields)
    (name, address), at, language = typed.writer, typed.written, typed.language
    day = _DAYS[language][at.weekday()]
    said = {
        "ru": f"{day[:2]}, {at.day} {_short(at, 'ru')} {at.year} г. в {at:%H:%M}, {name} <{{}}>:",
        "en": f"On {at:%a, %b} {at.day}, {at.year} at {_clock(at, 'en')} {name} <{{}}>\nwrote:",
        "de": f"Am {day[:2]}., {at.day}. {_short(at, 'de')}. {at.year} um {at:%H:%M} Uhr schrieb {name} <\n{{}}>:",
        "uk": f"{day[:2]}, {at.day} {_short(at, 'uk')} {at.year} р. о {at:%H:%M} {name} <{{}}> пише:",
    }[language]
    link = escape(said).replace("\n", " ").format(f'<a href="mailto:{address}">{address}</a>')
    html = (
        f'{body}<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{link}<br></div>'
        '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);'
        f'padding-left:1ex">{typed.quoted_html}</blockquote></div>'
    )
    return _mail(typed, f"{typed.text}\n\n{said.format(address)}\n\n{_cited(typed.quoted)}", html, **fields)


def outlook(typed: Typed) -> bytes:
    """Outlook on a desktop, behind Exchange: the header of the answered mail above its unmarked text."""
    return _outlook(typed)


def outlook_without_references(typed: Typed) -> bytes:
    """The same behind a gateway that drops In-Reply-To and References: only Thread-Index tells what is answered."""
    return _outlook(typed, **{"In-Reply-To": "", "References": ""})


def _outlook(typed: Typed, **fields: str) -> bytes:
    server = "AM0PR01MB1234.eurprd01.prod.exchangelabs.com"
    known = typed.answers["Thread-Index"] if typed.answers is not None else ""
    base = base64.b64decode(known) if known else b"\x01\xdd" + hashlib.sha256(typed.subject.encode()).digest()[:20]
    child = hashlib.sha256(typed.text.encode()).digest()[:5] if known else b""
    fields |= {
        "Message-ID": f"<AM0PR01MB{_unique(typed)[:20].upper()}@{server}>",
        "Thread-Topic": re.sub(r"\A(?:(?:RE|Re|FW): )+", "", typed.subject),
        "Thread-Index": base64.b64encode(base + child).decode(),
        "Accept-Language": "ru-RU, en-US" if typed.language == "ru" else "en-US",
        "Content-Language": "en-US",
        "X-MS-Has-Attach": "yes" if typed.files else "no",
        "X-Originating-IP": "[192.0.2.7]",
    }
    paragraphs = "".join(f"<p class=MsoNormal>{escape(x) or '<o:p>&nbsp;</o:p>'}</p>" for x in typed.text.split("\n"))
    head = (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word">'
        '<head><meta name=Generator content="Microsoft Word 15 (filtered medium)"><style><!-- p.MsoNormal '
        '{margin:0cm;font-size:11.0pt;font-family:"Calibri",sans-serif;} --></style></head>'
        f'<body lang=RU link="#0563C1" vlink="#954F72"><div class=WordSection1>{paragraphs}'
    )
    if typed.answers is None:
        return _mail(typed, typed.text, f"{head}</div></body></html>", **fields)
    lines = _outlook_head(typed)
    bold = "<br>".join(f"<b>{escape(name)}:</b> {escape(value)}" for name, value in lines)
    html = (
        f"{head}<p class=MsoNormal><o:p>&nbsp;</o:p></p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;"
        f"padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal>{bold}<o:p></o:p></p></div></div>"
        f"<p class=MsoNormal><o:p>&nbsp;</o:p></p>{typed.quoted_html}</div></body></html>"
    )
    plain = "\n".join(f"{name}: {value}" for name, value in lines)
    return _mail(typed, f"{typed.text}\n\n{plain}\n\n{typed.quoted}", html, **fields)


def _outlook_head(typed: Typed) -> list[tuple[str, str]]:
    assert typed.answers is not None
    (name, address), at, language = typed.writer, typed.written, typed.language
    sent = f"{at.day} {_MONTHS[language][at.month - 1]} {at.year} {at:%H:%M}"
    if language == "en":
        sent = f"{_DAYS['en'][at.weekday()]}, {_MONTHS['en'][at.month - 1]} {at.day}, {at.year} {_clock(at, 'en')}"
    values = (f"{name} <{address}>", sent, parseaddr(typed.sender)[1], typed.answers["Subject"])
    return list(zip(_HEADS[language], values, strict=False))


def outlook_mobile(typed: Typed) -> bytes:
    """Outlook on a phone: its own line, a rule, then the header of the answered mail."""
    name = {"ru": "Получить", "de": "Holen Sie sich", "uk": "Отримати"}.get(typed.language, "Get")
    signature = f'{name} <a href="https://aka.ms/AAb9ysg">Outlook для Android</a>'
    plain_signature = f"{name} Outlook для Android<https://aka.ms/AAb9ysg>"
    if typed.language == "en":
        signature, plain_signature = (x.replace("для", "for") for x in (signature, plain_signature))
    body = (
        '<html><head></head><body><div dir="auto" style="font-family: Aptos, sans-serif; font-size: 12pt;">'
        f'{typed.html}</div><div id="ms-outlook-mobile-signature" dir="auto" style=""><br>{signature}</div>'
    )
    fields = {"Message-ID": f"<VI1PR{_unique(typed)[:22].upper()}@VI1PR.eurprd09.prod.outlook.com>"}
    text = f"{typed.text}\n\n{plain_signature}"
    if typed.answers is None:
        return _mail(typed, text, f"{body}</body></html>", **fields)
    lines = _outlook_head(typed)
    bold = "<br>".join(f"<b>{escape(key)}:</b> {escape(value)}" for key, value in lines)
    html = (
        f'{body}<hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">'
        f'<font face="Calibri, sans-serif" style="font-size:11pt" color="#000000">{bold}</font><div>&nbsp;</div></div>'
        f"<div>{typed.quoted_html}</div></body></html>"
    )
    plain = "\n".join(f"{key}: {value}" for key, value in lines)
    return _mail(typed, f"{text}\n________________________________\n{plain}\n\n{typed.quoted}", html, **fields)


def iphone(typed: Typed) -> bytes:
    """Mail on an iPhone: its own line above the quote, which is marked to the last line."""
    phone = _PHONE[typed.language]
    body = f'<html><head></head><body dir="auto">{typed.html}<br id="lineBreakAtBeginningOfSignature">'
    body += f'<div dir="ltr">{phone}</div>'
    fields = {"X-Mailer": "iPhone Mail (22A3354)", "Message-ID": f"<{_uuid(typed)}@{typed.domain}>"}
    if typed.answers is None:
        return _mail(typed, f"{typed.text}\n\n{phone}", f"{body}</body></html>", **fields)
    (name, address), at, language = typed.writer, typed.written, typed.language
    said = {
        "ru": f"{at.day} {_short(at, 'ru')} {at.year} г., в {at:%H:%M}, {name} <{address}> написал(а):",
        "en": f"On {at:%b} {at.day}, {at.year}, at {_clock(at, 'en')}, {name} <{address}> wrote:",
        "de": f"Am {at:%d.%m.%Y} um {at:%H:%M} schrieb {name} <{address}>:",
        "uk": f"{at.day} {_short(at, 'uk')} {at.year} р. о {at:%H:%M} {name} <{address}> пише:",
    }[language]
    html = (
        f'{body}<div dir="ltr"><br><blockquote type="cite">{escape(said)}<br><br></blockquote></div>'
        f'<blockquote type="cite"><div dir="ltr">\ufeff{typed.quoted_html}</div></blockquote></body></html>'
    )
    return _mail(typed, f"{typed.text}\n\n{phone}\n\n> {said}\n> \n> \ufeff{_cited(typed.quoted)[2:]}", html, **fields)


def apple_mail(typed: Typed) -> bytes:
    """Mail on a Mac."""
    body = '<html><head></head><body style="overflow-wrap: break-word; -webkit-nbsp-mode: space;">' + typed.html
    fields = {"X-Mailer": "Apple Mail (2.3776.700.51)", "Message-ID": f"<{_uuid(typed)}@{typed.domain}>"}
    if typed.answers is None:
        return _mail(typed, typed.text, f"{body}</body></html>", **fields)
    (name, address), at, language = typed.writer, typed.written, typed.language
    said = {
        "ru": f"{at.day} {_short(at, 'ru')} {at.year} г., в {at:%H:%M}, {name} <{address}> написал(а):",
        "de": f"Am {at:%d.%m.%Y} um {at:%H:%M} schrieb {name} <{address}>:",
    }.get(language, f"On {at.day} {at:%b} {at.year}, at {at:%H:%M}, {name} <{address}> wrote:")
    html = (
        f'{body}<br id="lineBreakAtBeginningOfMessage"><div><br><blockquote type="cite"><div>{escape(said)}</div>'
        f'<br class="Apple-interchange-newline"><div>{typed.quoted_html}</div></blockquote></div><br></body></html>'
    )
    return _mail(typed, f"{typed.text}\n\n> {said}\n> \n{_cited(typed.quoted)}", html, **fields)


def thunderbird(typed: Typed) -> bytes:
    """Thunderbird with text alone, as it is set up at first: the answer below the quote."""
    fields = {"User-Agent": "Mozilla Thunderbird", "Message-ID": f"<{_uuid(typed).lower()}@{typed.domain}>"}
    if typed.answers is None:
        return _mail(typed, typed.text, None, **fields)
    return _mail(typed, f"{_thunderbird_said(typed)}\n{_cited(typed.quoted)}\n\n{typed.text}", None, **fields)


def thunderbird_html(typed: Typed) -> bytes:
    """Thunderbird with HTML, set to begin above the quote."""
    fields = {"User-Agent": "Mozilla Thunderbird", "Message-ID": f"<{_uuid(typed).lower()}@{typed.domain}>"}
    head = '<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"></head><body>'
    body = f"{head}<p>{typed.html}</p>"
    if typed.answers is None:
        return _mail(typed, typed.text, f"{body}</body></html>", **fields)
    said, own = _thunderbird_said(typed), typed.answers["Message-ID"].strip("<>")
    html = (
        f'{body}<p><br></p><div class="moz-cite-prefix">{escape(said)}<br></div>'
        f'<blockquote type="cite" cite="mid:{escape(own)}">{typed.quoted_html}</blockquote><br></body></html>'
    )
    return _mail(typed, f"{typed.text}\n\n\n{said}\n{_cited(typed.quoted)}", html, **fields)


def _thunderbird_said(typed: Typed) -> str:
    (name, _), at = typed.writer, typed.written
    return {
        "ru": f"{at:%d.%m.%Y} {at:%H:%M}, {name} пишет:",
        "de": f"Am {at:%d.%m.%y} um {at:%H:%M} schrieb {name}:",
        "uk": f"{at:%d.%m.%y} {at:%H:%M}, {name} пише:",
    }.get(typed.language, f"On {at:%d/%m/%Y} {at:%H:%M}, {name} wrote:")


def mail_ru(typed: Typed) -> bytes:
    """mail.ru in a browser."""
    fields = {"X-Mailer": "Mail.Ru Mailer 1.0", "Message-ID": f"<{typed.at:%s}.{next(_count)}@f123.i.mail.ru>"}
    fields["X-Priority"] = "3 (Normal)"
    sign = f"--\n{parseaddr(typed.sender)[0]}"
    body = f"<HTML><BODY><div>{typed.html}</div><div>&nbsp;</div>"
    if typed.answers is None:
        return _mail(typed, f"\n{typed.text}\n \n{sign}", f"{body}</BODY></HTML>", **fields)
    (name, address), at = typed.writer, typed.written
    day = _DAYS["ru"][at.weekday()].capitalize()
    said = f"{day}, {at.day} {_MONTHS['ru'][at.month - 1]} {at.year}, {at.hour}:{at:%M} +03:00 от {name} <{address}>:"
    html = (
        f'{body}<blockquote style="border-left:1px solid #0857A6; margin:10px; padding:0 0 0 10px;">{escape(said)}'
        f'<br>&nbsp;<div id=""><div class="js-helper js-readmsg-msg"><div><div id="style_1_BODY">{typed.quoted_html}'
        "</div></div></div></div></blockquote></BODY></HTML>"
    )
    return _mail(typed, f"\n{typed.text}\n  \n>{said}\n> \n{_cited(typed.quoted, '>')}", html, **fields)


def yandex(typed: Typed) -> bytes:
    """Yandex in a browser: HTML alone."""
    fields = {
        "X-Mailer": "Yamail [ http://yandex.ru ] 5.0",
        "Message-ID": f"<{typed.at:%s}{next(_count)}@mail.yandex.ru>",
    }
    body = "".join(f"<div>{escape(line) or '&nbsp;'}</div>" for line in typed.text.split("\n"))
    if typed.answers is None:
        return _mail(typed, None, body, **fields)
    (name, address), at = typed.writer, typed.written
    said = f'{at:%d.%m.%Y}, {at:%H:%M}, "{name}" <{address}>:'
    html = f"{body}<div>&nbsp;</div><div>{escape(said)}</div><blockquote>{typed.quoted_html}</blockquote>"
    return _mail(typed, None, html, **fields)


def neomutt(typed: Typed) -> bytes:
    """NeoMutt in careful hands: each answer below the line that it answers, the rest of the quote deleted."""
    fields = {"User-Agent": "NeoMutt/20220429", "Message-ID": f"<Z{_unique(typed)[:16]}@{typed.domain}>"}
    if typed.answers is None:
        return _mail(typed, typed.text, None, **fields)
    (name, _), at = typed.writer, typed.written
    quoted = [line for line in typed.quoted.split("\n") if line and not line.startswith(">")][:2]
    body = f"On {at:%a, %b %d, %Y at %I:%M:%S%p %z}, {name} wrote:\n"
    for cited, own in zip([*quoted, "", ""], [*typed.text.split("\n"), ""], strict=False):
        body += (f"> {cited}\n" if cited else "") + (f"\n{own}\n\n" if own else "")
    return _mail(typed, body.rstrip("\n"), None, **fields)


def k9(typed: Typed) -> bytes:
    """K-9 Mail on Android."""
    sign = {
        "de": "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
        "ru": "Простите за краткость, создано в K-9 Mail.",
    }.get(typed.language, "Sent from my Android device with K-9 Mail. Please excuse my brevity.")
    fields = {"User-Agent": "K-9 Mail for Android", "Message-ID": f"<{_uuid(typed)}@{typed.domain}>"}
    body = f'<!DOCTYPE html><html><body><div dir="auto">{typed.html}<br>-- <br>{sign}</div>'
    if typed.answers is None:
        return _mail(typed, f"{typed.text}\n-- \n{sign}", f"{body}</body></html>", **fields)
    (name, address), at, language = typed.writer, typed.written, typed.language
    said = {
        "de": f"Am {at.day}. {_MONTHS['de'][at.month - 1]} {at.year} {at:%H:%M:%S} MEZ schrieb {name} <{address}>:",
        "ru": f"{at.day} {_MONTHS['ru'][at.month - 1]} {at.year} г. {at:%H:%M:%S} GMT+03:00, {name} <{address}> пишет:",
    }.get(language, f"On {at:%B} {at.day}, {at.year} {at:%I:%M:%S %p} GMT+03:00, {name} <{address}> wrote:")
    html = (
        f'{body}<br><br><div class="gmail_quote"><div dir="auto">{escape(said)}</div><blockquote class="gmail_quote" '
        'style="margin: 0pt 0pt 0pt 0.8ex; border-left: 1px solid rgb(204, 204, 204); padding-left: 1ex;">'
        f"{typed.quoted_html}</blockquote></div></body></html>"
    )
    plain = f"{typed.text}\n-- \n{sign}\n\n{said}\n{_cited(typed.quoted, '>')}"
    return _mail(typed, plain, html, **fields)


def samsung(typed: Typed) -> bytes:
    """Samsung's mail: its line, then the header of the answered mail, each entry behind the other in the text."""
    sign = _GALAXY[typed.language]
    fields = {"Message-ID": f"<{_unique(typed)[:16]}.{next(_count)}@email.android.com>"}
    body = (
        f'<html><head></head><body dir="auto"><div dir="auto">{typed.html}</div><div dir="auto"><br></div>'
        '<div id="composer_signature" dir="auto"><div style="font-size:12px;color:#575757" dir="auto">'
        f"{sign}</div></div>"
    )
    if typed.answers is None:
        return _mail(typed, f"{typed.text}\n{sign}", f"{body}</body></html>", **fields)
    (name, address), at, language = typed.writer, typed.written, typed.language
    head = dict(zip(("from", "sent", "to", "subject", "date"), _HEADS[language], strict=True))
    day = f"{at:%d.%m.%y}  {at:%H:%M}  (GMT+03:00)"
    lines = [f"{head['from']}: {name} <{address}> ", f"{head['date']}: {day} ", f"{head['to']}: {typed.sender} "]
    lines.append(f"{head['subject']}: {typed.answers['Subject']} ")
    divs = "".join(f"<div>{escape(line)}</div>" for line in (_ORIGINAL[language], *lines))
    html = (
        f'{body}<div dir="auto"><br></div><div><br></div><div align="left" dir="auto" style="font-size:100%;'
        f'color:#000000">{divs}<div><br></div></div>{typed.quoted_html}</body></html>'
    )
    plain = f"{typed.text}\n{sign}\n{_ORIGINAL[language]}{''.join(lines)}\n{typed.quoted}"
    return _mail(typed, plain, html, **fields)


def _unique(typed: Typed) -> str:
    told = f"{typed.sender} {typed.subject} {typed.text} {next(_count)}"
    return hashlib.sha256(told.encode()).hexdigest()


def _uuid(typed: Typed) -> str:
    u = _unique(typed).upper()
    return f"{u[:8]}-{u[8:12]}-{u[12:16]}-{u[16:20]}-{u[20:32]}"
