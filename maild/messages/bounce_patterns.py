"""Bounces in servers' own words: where the report ends, which addresses it means, what it says of each.

For the servers that neither RFC 3464 nor flufl.bounce covers, in any language: it goes by where an address stands, not
by the sentence around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from maild.messages import statuses
from maild.messages.dsn import ADDRESS, clean_address
from maild.messages.mail import BounceRecipient

_MOST_LINES = 3_000
_LONGEST_LINE = 1_000
_REASON_LINES = 8
_MOST_FOUND = 50
_LONGEST_DIAGNOSTIC = 1_000

# The line above the mail that came back.
_RETURNED = re.compile(
    r"[\s>*#|.]{0,12}(?:[-=_+*]{2,80}\s{0,2})?(?:"
    r"(?:this is |below (?:this line )?is |here is )?(?:a |the )?(?:(?:copy|text|header) of )?(?:the |your |this )?"
    r"(?:original|returned|unsent|undelivered|rejected) (?:mail|message|e-?mail|text)\b"
    r"|below this line is a copy|this is a copy of (?:the|your) message|message (?:headers? )?follows|message headers"
    r"|mail header|unsent message|-+ ?begin message|start of (?:the )?(?:returned|original)|message contents"
    r"|headers of the|ursprüngliche nachricht|texte? original|исходное (?:сообщение|письмо)|текст исходного"
    r"|оригинал сообщения|mensaje original|the following is (?:a copy|the)|received: (?:from|by) |return-path: ?<"
    r")",
    re.IGNORECASE,
)
# An address that opens a line is the one the report is about, also behind a bullet, a label or a code.
_LEADING = re.compile(
    r"[\s>*•·\-]{0,16}(?:(?:final-recipient|original-recipient|recipient|to|rcpt to|user|address|адресат|получатель"
    r"|empfänger|an|à|a|para|destinataire|destinatario|mailbox|e-?mail|>>> rcpt to|rcpt"
    r"|\d{3}(?:[- ]\d\.\d{1,3}\.\d{1,3})?)\s{0,4}[:;]?\s{0,4}(?:rfc822\s{0,3};\s{0,4})?)?[<\"'(\[]{0,3}"
    r"(?P<address>[^\s<>\[\]()\",;:'`=|\\]{1,64}@[^\s<>\[\]()\",;:'`=|\\]{1,253})",
    re.IGNORECASE,
)
_SPEAKS_OF = re.compile(
    r"deliver|recipient|reach|mailbox|user|address|message to|mail to|sent to|rejected|unknown|failed|доставл|адрес"
    r"|получател|ящик|zugestellt|empfänger|adresse|destinat|correo|entreg|recapit|consegn|bezorg|dostarcz|doruč"
    r"|leverer|宛|配信",
    re.IGNORECASE,
)
_CODED = re.compile(r"(?<!\d)[45]\d\d[ -]|(?<![\d.])[45]\.\d\.\d")
_DELAYED = re.compile(
    r"will (?:be retried|keep trying|continue to try|try again|retry|attempt)|not yet been delivered"
    r"|(?:has been|is) delayed"
    r"|delivery (?:to .{1,100} )?delayed|warning message only|you do not need to resend|still trying"
    r"|будет повторен|попытки (?:доставки )?будут|задерж|verzögert|retardé|retrasad|in ritardo|vertraagd|opóźnion",
    re.IGNORECASE,
)


def divide(text: str) -> tuple[str, str]:
    """The report and the mail that came back with it, which begins at the first line that says so."""
    lines = text.split("\n", _MOST_LINES)[:_MOST_LINES]
    filled, named = 0, False
    for i, line in enumerate(lines):
        named = named or "@" in line
        if filled and named and _RETURNED.match(line[:_LONGEST_LINE]) and (filled > 1 or ADDRESS.search(lines[i - 1])):
            return "\n".join(lines[:i]), "\n".join(lines[i:])
        filled += bool(line.strip())
    return "\n".join(lines), ""


def field(name: str, text: str) -> str:
    """The value of a header line inside a text, its folded lines joined; "" where there is none."""
    found = re.search(
        rf"^[ \t>]{{0,8}}{name}:[ \t]{{0,8}}([^\n]*(?:\n[ \t]+[^\n]+){{0,20}})", text, re.IGNORECASE | re.MULTILINE
    )
    return " ".join(found[1].split()) if found else ""


def recipients(report: str, ours: frozenset[str]) -> tuple[BounceRecipient, ...]:
    """The addresses that a report is about, best evidence first; `ours` (lower case) are never meant."""
    lines = [line[:_LONGEST_LINE] for line in report.split("\n")]
    for evidence in (_leading, _with_code, _spoken_of):
        found = dict.fromkeys(a for a in evidence(lines) if a.lower() not in ours and not _is_daemon(a))
        if found:
            return tuple(recipient(a, reason_near(report, a), report) for a in list(found)[:_MOST_FOUND])
    return ()


def recipient(address: str, reason: str, report: str, action: str | None = None) -> BounceRecipient:
    """What a report says of one address, its status taken from the words near it, else from the whole report."""
    status = statuses.from_text(reason) or statuses.from_text(report)
    delayed = action == "delayed" or (action is None and _DELAYED.search(report[:20_000]) is not None)
    action = "delayed" if delayed else "failed"
    return BounceRecipient(
        address=address,
        status=status,
        action=action,
        kind=statuses.kind_of(status, action),
        diagnostic=reason.strip()[:_LONGEST_DIAGNOSTIC] or None,
    )


def reason_near(report: str, address: str) -> str:
    """The lines of a report that speak of an address: from where it stands to the next blank line or address."""
    if address.lower() not in report.lower():
        return ""
    lines = [line[:_LONGEST_LINE] for line in report.split("\n", _MOST_LINES)[:_MOST_LINES]]
    looked = 0
    best = ""
    for i, line in enumerate(lines):
        if address.lower() not in line.lower():
            continue
        looked += 1
        if looked > _MOST_FOUND:
            break
        words = [line]
        for following in lines[i + 1 : i + _REASON_LINES]:
            if not following.strip() or ((m := _LEADING.match(following)) and m["address"].lower() != address.lower()):
                break
            words.append(following)
        said = " ".join(" ".join(words).split())
        if statuses.from_text(said):
            return said
        best = best or said
    return best


def says_delayed(report: str) -> bool:
    """Does it say that the server goes on trying?"""
    return _DELAYED.search(report[:20_000]) is not None


def _leading(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if "@" in line and (found := _LEADING.match(line)):
            yield clean_address(found["address"])


def _with_code(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if "@" in line and _CODED.search(line):
            yield from (clean_address(a) for a in ADDRESS.findall(line))


def _spoken_of(lines: list[str]) -> Iterator[str]:
    for i, line in enumerate(lines):
        if "@" in line and (_SPEAKS_OF.search(line) or (i and _SPEAKS_OF.search(lines[i - 1]))):
            yield from (clean_address(a) for a in ADDRESS.findall(line))


def _is_daemon(address: str) -> bool:
    return address.lower().startswith(("mailer-daemon@", "postmaster@", "mailto:", "abuse@"))
