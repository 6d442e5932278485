"""Bounces in servers' own words: where the report ends, which addresses it means, what it says of each.

For the servers that neither RFC 3464 nor flufl.bounce covers, in any language: it goes by where an address stands, not
by the sentence around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from maild.messages import statuses
from maild.messages.dsn import ADDRESS, clean_address, is_masked
from maild.messages.mail import BounceRecipient

_MOST_LINES = 3_000
_LONGEST_LINE = 1_000
_REASON_LINES = 8
_MOST_FOUND = 50
_LONGEST_DIAGNOSTIC = 1_000
_SHORTEST_HEADER = 3
_OPENING_LINES = 12

# The line above the mail that came back.
_RETURNED = re.compile(
    r"[\s>*#|.]{0,12}(?:\[<\d\d>\] )?(?:[-=_+*]{2,80}\s{0,2})?(?:"
    r"(?:this is |below (?:this line )?is |here is )?(?:a |the )?(?:(?:copy|text|header) of )?(?:the |your |this )?"
    r"(?:original|returned|unsent|undelivered|rejected) (?:mail|message|e-?mail|text)\b"
    r"|below this line is a copy|this is a copy of (?:the|your) message|message (?:headers? |text )?follows"
    r"|message headers"
    r"|mail header|unsent message|-+ ?begin message|start of (?:the )?(?:returned|original)|message contents"
    r"|headers of the|your message follows|here is listed the initial part|possibly truncated original"
    r"|message text follows"
    r"|ursprüngliche nachricht|kopie der nachricht|texte? original|message d'origine|исходное (?:сообщение|письмо)"
    r"|текст исходного|оригинал сообщения|копия (?:вашего )?(?:письма|сообщения)|mensaje original|messaggio originale"
    r"|mensagem original|oryginalna wiadomo|the following is (?:a copy|the)|received: (?:from|by) |return-path: ?<"
    r")",
    re.IGNORECASE,
)
# Fields of a mail's header; three in a row are the header of a mail, wherever they stand.
_HEADER_LINE = re.compile(
    r"[\s>|]{0,8}(?:from|to|cc|bcc|sender|reply-to|subject|date|sent|message-id|received|return-path"
    r"|references|in-reply-to"
    r"|mime-version|content-(?:type|transfer-encoding|language|disposition)|user-agent|delivered-to"
    r"|envelope-to|thread-\w+"
    r"|list-[a-z]+|precedence|importance|auto-submitted|dkim-signature|domainkey-signature|authentication-results"
    r"|received-spf|arc-[a-z-]+|x-[\w-]{1,60})\s?:",
    re.IGNORECASE,
)
# What only a mail in transit has: without one of these such lines are a report's own summary ("To: Subject: Sent:").
_CARRIED = re.compile(r"[\s>|]{0,8}(?:message-id|received|return-path|mime-version)\s?:", re.IGNORECASE)
# An address that opens a line is the one the report is about, also behind a bullet, a label or a code.
_LEADING = re.compile(
    r"[\s>*•·\-]{0,16}(?:\[?(?:final-recipient|original-recipient|(?:failed |intended |original "
    r"|your )?(?:recipients?|address)"
    r"|to|rcpt to|user|smtp|delivery to|адресат|получатель|(?:unknown|invalid) (?:user|recipient|address)"
    r"|empfänger|an|à|a|para|destinataire|destinatario|mailbox|e-?mail|>>> rcpt to|rcpt|宛先"
    r"|\d{3}(?:[- ]\d\.\d{1,3}\.\d{1,3})?)\s{0,4}[:;=]?\s{0,4}(?:rfc822\s{0,3};\s{0,4})?)?[<\"'(\[]{0,3}"
    r"(?P<address>[^\s<>\[\]()\",;:'`=|\\]{1,64}@[^\s<>\[\]()\",;:'`=|\\]{1,253})",
    re.IGNORECASE,
)
_SPEAKS_OF = re.compile(
    r"deliver|recipient|reach|mailbox|user|address|message to|mail to|sent to|rejected|unknown|failed|доставл|адрес"
    r"|получател|ящик|zugestellt|empfänger|adresse|destinat|correo|entreg|recapit|consegn|bezorg|dostarcz|doruč"
    r"|leverer|宛|配信|送信|收件|发送|投递",
    re.IGNORECASE,
)
_CODED = re.compile(r"(?<!\d)[45]\d\d[ -]|(?<![\d.])[45]\.\d\.\d")
# Which address of ours an alias or a forward was made of: Postfix, Exim; sendmail's reports reach the alias's owner.
_ALIAS = re.compile(
    r"(?P<final>[^\s<>()\",;:]{1,64}@[^\s<>()\",;:]{1,253})>?\s{1,12}\((?:expanded from"
    r"|(?:ultimately )?generated from)"
    r"(?P<colon>:?)\s{1,8}<?(?P<first>[^\s<>()\",;:]{1,64}@[^\s<>()\",;:]{1,253})"
)
_DELAYED = re.compile(
    r"will (?:be (?:retried|re-?attempted)|keep (?:on )?trying|continue (?:to try|trying|attempt)|try again"
    r"|retry|attempt)"
    r"|not yet been delivered|not been delivered yet|has been delayed|is delayed|delivery attempts will continue"
    r"|delivery (?:to .{1,100} )?delayed|warning message only|(?:you )?do not need to resend|still (?:trying"
    r"|being (?:re)?tried)"
    r"|no action is required on your part|could not be delivered for more than|temporary (?:problem"
    r"|error) .{0,60}will"
    r"|будет повторен|попытки (?:доставки )?(?:будут|продолж)|задерж|ещ[её] не доставлен|затрим|verzögert"
    r"|weitere zustellversuche"
    r"|retardé|retrasad|se seguirá intentando|in ritardo|atrasad|vertraagd|opóźnion|zpožděn|försena|forsinket"
    r"|遅延|延迟|延遲",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(
    r"giv(?:en|ing) up|no longer|will not (?:be retried|retry|continue)|not going to try", re.IGNORECASE
)
# How a server opens its report; a person who tells of one opens with words of his own.
_SERVER_SPEAKS = re.compile(
    r"this (?:is the|message was created automatically|is an automatically generated|report relates)|mail ?delivery"
    r"|(?:could|can|was|were|has|have|did) ?n[o']t (?:be|been|yet been"
    r"|reach)?\s?(?:successfully )?(?:delivered?|reach|sent)|undeliver"
    r"|non-?delivery|deliver\w* (?:has |to .{0,120})?(?:failed|failure|problem|error)"
    r"|failed to (?:be )?deliver|failure notice"
    r"|unable to (?:be )?deliver|user unknown|unknown (?:user|recipient)|no such (?:user|recipient)"
    r"|transcript of session"
    r"|permanent (?:fatal )?(?:delivery )?error|returned (?:mail|to sender)|following (?:recipient|address|addresses)"
    r"|mailbox (?:\w+ )?(?:full|unavailable)|over quota|original message was received|has encountered a delivery"
    r"|[45]\d\d[ -][45]\.\d\.\d|\b55[0-4][ -]|не (?:может быть |было |удалось )?доставлен"
    r"|невозможно доставить|ошибка доставки"
    r"|не удалось (?:доставить|отправить)|недоставлен|не вдалося достав|nicht zugestellt|unzustellbar"
    r"|zustellung|n'a pas p(?:u|û)"
    r"|non remis|impossible de remettre|echec|échec|no (?:se )?(?:pudo|puede|ha podido)|no entregad|mancata consegna"
    r"|impossibile|não (?:foi|pôde)|não entregue|niet (?:worden )?(?:bezorgd|afgeleverd)|nie (?:może|mogła"
    r"|została|zosta)"
    r"|доставк\w+ (?:\w+ ){0,4}(?:отложен|задерж)|nedoruč|kunde inte"
    r"|kunne ikke|teslim edil|配信|届け|送信でき|エラー|无法|退信|失败|失敗|배달",
    re.IGNORECASE,
)
# And how it does so where nothing else tells a server: from the first letter on.
_OPENS = re.compile(
    r"\W{0,20}(?:non-?delivery report|delivery (?:failure|status) (?:report|notification)|undeliverable mail\b"
    r"|this (?:is the .{0,60}(?:mailer-daemon|mail (?:delivery )?(?:system|server|program))"
    r"|is an automatically generated"
    r"|message was created automatically)|(?:your|the) (?:e-?mail|mail"
    r"|message)(?: \S+){0,12}?\s(?:could not be|was not"
    r"|cannot be|can ?not be|couldn't be|has not been|did not) (?:delivered|reach)|(?:your )?(?:e-?mail"
    r"|message) to .{1,120}"
    r"(?:could not be delivered|was not delivered|failed)|delivery to (?:the following"
    r"|.{1,120}@.{1,120}) (?:has )?failed"
    r"|unable to deliver (?:your )?message|votre message n'a pas p|votre (?:e-?mail|courriel) n'a pas p"
    r"|ihre (?:e-?mail|nachricht)(?: \S+){0,8}? (?:konnte|wurde) nicht|su mensaje no|il (?:suo )?messaggio non"
    r"|a sua mensagem não|sua mensagem não|uw bericht (?:is|kon) niet|twoja wiadomość nie"
    r"|ваше (?:письмо|сообщение)(?: \S+){0,8}? не (?:было |может быть |удалось )?доставлен"
    r"|не удалось доставить|невозможно доставить|это (?:письмо|сообщение) (?:создано|отправлено) автоматически"
    r"|ваш лист не)",
    re.IGNORECASE,
)


def divide(text: str) -> tuple[str, str]:
    """The report and the mail that came back with it, which begins at the first line that says so.

    A header that stands in the report without such a line belongs to the mail that came back as well.
    """
    lines = text.split("\n", _MOST_LINES)[:_MOST_LINES]
    filled, named = 0, False
    for i, line in enumerate(lines):
        named = named or "@" in line
        if filled and named and _RETURNED.match(line[:_LONGEST_LINE]) and (filled > 1 or ADDRESS.search(lines[i - 1])):
            report, returned = lines[:i], lines[i:]
            break
        filled += bool(line.strip())
    else:
        report, returned = lines, []
    said, header = _without_headers(report)
    return "\n".join(said), "\n".join((*header, *returned))


def _without_headers(lines: list[str]) -> tuple[list[str], list[str]]:
    said: list[str] = []
    headers: list[str] = []
    run: list[str] = []
    for line in (*lines, ""):
        folded = bool(run) and line[:1] in " \t" and bool(line.strip())
        if folded or _HEADER_LINE.match(line[:200]):
            run.append(line)
            continue
        is_header = len(run) >= _SHORTEST_HEADER and any(_CARRIED.match(one) for one in run)
        (headers if is_header else said).extend(run)
        run = []
        said.append(line)
    return said[:-1], headers


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
        found = dict.fromkeys(a for a in evidence(lines) if a.lower() not in ours and _may_be_meant(a))
        if found:
            return tuple(recipient(a, reason_near(report, a), report) for a in list(found)[:_MOST_FOUND])
    return ()


def recipient(address: str, reason: str, report: str) -> BounceRecipient:
    """What a report says of one address, its status taken from the words near it, else from the whole report."""
    status = statuses.from_text(_without(address, reason)) or statuses.from_text(_without(address, report))
    action = "delayed" if says_delayed(report) else "failed"
    return BounceRecipient(
        address=address,
        status=status,
        action=action,
        kind=statuses.kind_of(status, action),
        diagnostic=reason.strip()[:_LONGEST_DIAGNOSTIC] or None,
    )


def _without(address: str, text: str) -> str:
    """`spam@client.example` is an address, not a verdict."""
    return text[:20_000].replace(address, "<>")


def aliases(report: str) -> dict[str, tuple[str, bool]]:
    """Failed address (lower case) -> the address that it was made of, and whether that one stands in its place."""
    found = _ALIAS.finditer(" ".join(report[:50_000].split()))
    return {clean_address(m["final"]).lower(): (clean_address(m["first"]), not m["colon"]) for m in found}


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
        if statuses.from_text(_without(address, said)):
            return said
        best = best or said
    return best


def says_delayed(report: str) -> bool:
    """Does it say that the server goes on trying, and not that it has given up?"""
    return _DELAYED.search(report[:20_000]) is not None and _GIVEN_UP.search(report[:20_000]) is None


def opens_as_report(text: str) -> bool:
    """Do its first lines say, of a message, that it did not arrive? A person says where such words come from."""
    filled = [line[:_LONGEST_LINE] for line in text.split("\n", 200)[:200] if any(c.isalnum() for c in line)][:2]
    return _OPENS.match("\n".join(filled)) is not None


def speaks_as_server(text: str) -> bool:
    """Does it say early on what a mail server says of a mail that did not arrive?"""
    filled = [line[:_LONGEST_LINE] for line in text.split("\n", 200)[:200] if line.strip()][:_OPENING_LINES]
    return _SERVER_SPEAKS.search("\n".join(filled)) is not None


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


def _may_be_meant(address: str) -> bool:
    daemon = address.lower().startswith(("mailer-daemon@", "postmaster@", "mailto:", "abuse@"))
    return not daemon and not is_masked(address)
