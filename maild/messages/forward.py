"""Forwarded mails: inside the text, under the line or header block that a client writes, or attached.

A reply that quotes the mail it answers with a header block (Outlook) is no forward: its subject says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from maild.messages.header_block import HeaderBlock, block_at, field_of
from maild.messages.joined_header import part_joined_header
from maild.messages.mail import Address, Attachment, Forwarded, Mail
from maild.messages.phrases import FORWARD_ENDINGS, REPLY_PREFIXES
from maild.messages.quotes import Mark, MarkKind, find_marks, is_divider, is_forward_line, quote_follows
from maild.messages.signature import signature_start

MOST_CARRIED = 10_000_000
"""Bytes of files that an attached mail keeps: more than that goes into no letter of ours."""
_MOST_LINES = 20_000
_LONGEST_FIELD = 2_000
_MOST_ADDRESSES = 50
_NEAR = 6
_LONGEST_HEADER = 300
_PREFIX = re.compile(r"\s{0,4}([^\W\d_]{1,12})\s{0,2}(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s{0,2}[:：]")
_TAGS = re.compile(r"^(?:\s{0,4}\[[^\[\]]{1,80}\]){1,5}")  # [SUP-1042], [list name]
_MAILTO = re.compile(r"\[mailto:\s{0,2}([^\]\s]{3,320})\]|<mailto:([^>\s]{3,320})>", re.IGNORECASE)
_LINKED = re.compile(r"\[([^\]\n]{1,320})\]\(mailto:[^)\s]{1,320}\)")
_BARE = re.compile(r"[^\s<>\[\]()\",;:'`=|\\]{1,64}@[^\s<>\[\]()\",;:'`=|\\]{1,253}")
_DATED = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? \d{1,2}:\d{2}(?::\d{2})?,? ")
_MARKUP = re.compile(r"\*\*|&lt;|&gt;")
_NAMES_WHOM = re.compile(r"\w (?:from|von|de|da|od|от|від) \S", re.IGNORECASE)
"""Mutt's `----- Forwarded message from Ivan <ivan@a.example> -----`."""
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}:")
_SCISSORS = re.compile(r"={2,}8<={2,}")
_ABOVE_SCISSORS = ("this is a forwarded message", "это пересылаемое сообщение", "это пересланное сообщение")
"""The Bat! parts what it forwards by such lines, and says so above the header block."""
_MIME = re.compile(r"[ \t]*(?:content-type|mime-version|message-id|content-transfer-encoding):", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where a forwarded mail stands in the lines: the mark above it, its header block, its first body line.

    `ends`: its client writes a line below the forwarded mail, `quotes`: or puts `>` before each of its lines.
    """

    mark: int
    block: HeaderBlock | None
    body: int
    ends: bool = False
    quotes: bool = False


def find_forwarded(text: str, subject: str, inner: Mail | None) -> Forwarded | None:
    """The mail that was passed on with this one, or None.

    `inner` is an attached mail (message/rfc822) where there is one. With a subject of a reply only the forwarding line
    of a client counts, since replies quote header blocks and attach mails as proof.
    """
    lines = part_joined_header(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:_MOST_LINES])
    found = _place(lines, subject)
    if found is not None:
        return _read(lines, found)
    if inner is not None and not _is_reply(subject):
        date = inner.first("date")
        return Forwarded(
            before=text.strip("\n"),
            sender=inner.sender,
            to=inner.to,
            date=date,
            subject=inner.subject,
            text=inner.text,
            mail=replace(inner, attachments=tuple(_lighter(inner.attachments))),
        )
    return None


def _lighter(files: Sequence[Attachment]) -> Iterator[Attachment]:
    """Their bytes lie in the attached mail already: as many are kept a second time as a letter could take along."""
    room = MOST_CARRIED
    for file in files:
        fits = file.size <= room
        room -= file.size if fits else 0
        yield file if fits else replace(file, content=b"")


def _is_reply(subject: str) -> bool:
    prefix = _PREFIX.match(_TAGS.sub("", subject[:500]))
    return prefix is not None and prefix[1].lower() in REPLY_PREFIXES


def _place(lines: Sequence[str], subject: str) -> _Place | None:
    reply = _is_reply(subject)
    for mark in find_marks(lines, attributions=False):
        if mark.kind is MarkKind.FORWARD:
            return None if reply and _is_answered_mail(lines, mark.start) else _below(lines, mark)
        if reply:
            return None  # from here on it is the mail that is answered, with whatever was forwarded in it
        # Without a prefix it is the first mail of a conversation, so the block cannot be what it answers.
        if mark.kind is MarkKind.BLOCK or _block_below(lines, mark.end) is not None:
            return _below(lines, mark)
    return None if reply else _quoted_place(lines)


def _is_answered_mail(lines: Sequence[str], place: int) -> bool:
    """Whether a client's "On ... wrote:" above the place says that all from there on is the mail that is answered."""
    return any(
        mark.kind is MarkKind.ATTRIBUTION and not quote_follows(lines, mark.end) for mark in find_marks(lines[:place])
    )


def _below(lines: Sequence[str], mark: Mark) -> _Place:
    block = block_at(lines, mark.start) if mark.kind is MarkKind.BLOCK else _block_below(lines, mark.end)
    named = None if block is not None else _attribution_below(lines, mark.end)
    block = _with_writer(lines, block) if block is not None else named or _raw_header_below(lines, mark.end)
    line = lines[mark.start]
    return _Place(
        mark=mark.start,
        block=block,
        body=block.end if block else mark.end,
        ends=named is not None or (line.rstrip().endswith("---") and _NAMES_WHOM.search(line) is not None),
        quotes=line.rstrip()[-1:] in (":", "："),
    )


def _with_writer(lines: Sequence[str], block: HeaderBlock) -> HeaderBlock:
    """Yandex names recipients and subject in a block, and below it the writer as in an attribution."""
    if "from" in block.fields:
        return block
    named = _attribution_below(lines, block.end)
    return replace(named, start=block.start, fields={**_unended(block.fields), **named.fields}) if named else block


def _unended(fields: Mapping[str, str]) -> dict[str, str]:
    """The values without the semicolon that ends each."""
    return {kind: value.removesuffix(";") for kind, value in fields.items()}


def _attribution_below(lines: Sequence[str], start: int) -> HeaderBlock | None:
    """Yandex writes `21.11.2026, 10:00, "Anna" <anna@b.example>:` below its forwarding line."""
    near = lines[start : start + _NEAR]
    mark = next(find_marks(near), None)
    if mark is None or mark.kind is not MarkKind.ATTRIBUTION or any(line.strip() for line in near[: mark.start]):
        return None
    words = " ".join(line.strip() for line in near[mark.start : mark.end]).rstrip(" :")
    dated = _DATED.match(words)
    sender = words[dated.end() :] if dated else words
    fields = {"from": sender, "date": dated[0].strip(" ,")} if dated else {"from": sender}
    return HeaderBlock(start=start + mark.start, end=start + mark.end, fields=fields)


def _raw_header_below(lines: Sequence[str], start: int) -> HeaderBlock | None:
    """Mutt forwards the whole header as it came, Return-Path and Received on top."""
    first = next((i for i in range(start, min(start + _NEAR, len(lines))) if lines[i].strip(" >")), len(lines))
    fields: dict[str, str] = {}
    end, kind = first, ""
    while end < min(len(lines), first + _LONGEST_HEADER):
        line = lines[end].removeprefix("> ").removeprefix(">")
        if not line.strip():
            break
        if line[0] in " \t":
            if kind:
                fields[kind] = f"{fields[kind]} {line.strip()}"
        elif _FIELD.match(line) is None:
            return None
        else:
            found = field_of(line)
            kind = found[0] if found is not None and found[0] not in fields else ""
            if found is not None and kind:
                fields[kind] = found[1]
        end += 1
    return HeaderBlock(start=first, end=end, fields=fields) if "from" in fields and "date" in fields else None


def _block_below(lines: Sequence[str], start: int) -> HeaderBlock | None:
    """The header block that follows within a few blank lines."""
    for i in range(start, min(start + 4, len(lines))):
        if lines[i].strip(" \t>*|"):
            return block_at(lines, i)
    return None


def _quoted_place(lines: Sequence[str]) -> _Place | None:
    """A forward whose every line is quoted (`> From: ...`, Apple Mail as plain text)."""
    for i, line in enumerate(lines):
        if line.lstrip().startswith(">"):
            if is_forward_line(line):
                block = _block_below(lines, i + 1)
                return _Place(mark=i, block=block, body=block.end if block else i + 1, quotes=True)
            block = block_at(lines, i)
            # Only where the quote begins: deeper down it is what somebody quoted.
            return _Place(mark=i, block=block, body=block.end, quotes=True) if block else None
    return None


def _read(lines: Sequence[str], place: _Place) -> Forwarded:
    fields = place.block.fields if place.block else {}
    before = list(lines[: place.mark])
    while before and (not before[-1].strip() or is_divider(before[-1]) or _is_above_scissors(before[-1])):
        before.pop()
    body, below = _parted(list(lines[place.body :]), place)
    body = _between_scissors(body)
    if all(b.startswith(">") or not b.strip() for b in body):
        body = [b[1:].removeprefix(" ") if b.startswith(">") else b for b in body]
    body = _without_mime_header(body)
    senders = _addresses(fields.get("from", ""))
    note = _note(below)
    notes = ("\n".join(before).strip("\n"), note)
    return Forwarded(
        before="\n\n".join(note for note in notes if note),
        sender=senders[0] if senders else None,
        to=_addresses(fields.get("to", "")),
        date=fields.get("date") or None,
        subject=fields.get("subject"),
        text="\n".join(body).strip("\n"),
        below=note,
    )


def _parted(body: list[str], place: _Place) -> tuple[list[str], list[str]]:
    """The forwarded text, and what the forwarding person wrote below it: a client's line ends it, or its `>` do.

    Either stands in texts of strangers as well. So it counts where this client marks its forwards so, and the last one.
    """
    ends = [i for i, line in enumerate(body) if line.strip(" \t>*-—_=").lower().startswith(FORWARD_ENDINGS)]
    if ends and place.ends:
        return body[: ends[-1]], body[ends[-1] + 1 :]
    if place.quotes and next((line for line in body if line.strip()), "").startswith(">"):
        end = next((i for i, line in enumerate(body) if line.strip() and not line.startswith(">")), len(body))
        # Quoted lines further down: the break was a wrapped line, or a digest goes on.
        if not any(line.startswith(">") for line in body[end:]):
            return body[:end], body[end:]
    return body, []


def _is_above_scissors(line: str) -> bool:
    return line.strip(" \t.:").lower() in _ABOVE_SCISSORS


def _between_scissors(body: list[str]) -> list[str]:
    first = next((i for i, line in enumerate(body) if line.strip()), len(body))
    if first == len(body) or not _SCISSORS.match(body[first]):
        return body
    end = next((i for i in reversed(range(first + 1, len(body))) if _SCISSORS.match(body[i])), len(body))
    return body[first + 1 : end]


def _note(lines: Sequence[str]) -> str:
    """What is said there above the signature."""
    # Below a forwarded mail a signature may stand alone, so it is looked for as if a text stood above.
    end = signature_start(["-", *lines]) - 1
    return "\n".join(lines[:end]).strip("\n")


def _without_mime_header(body: list[str]) -> list[str]:
    """Mutt and mail(1) forward the whole header: what is left of it above the first blank line is no text."""
    if not body or not _MIME.match(body[0]):
        return body
    end = next((i for i, line in enumerate(body[:100]) if not line.strip()), 0)
    return body[end:]


def _addresses(value: str) -> tuple[Address, ...]:
    """The addresses in a header line as clients print it, `[mailto:a@b]` and `<a@b<mailto:a@b>>` included."""
    text = _LINKED.sub(r"\1", value[:_LONGEST_FIELD])
    text = _MARKUP.sub(lambda m: {"&lt;": "<", "&gt;": ">"}.get(m[0], ""), text)
    bare = _MAILTO.sub("", text)
    if not _BARE.search(bare):
        bare = _MAILTO.sub(lambda m: f"<{m[1] or m[2]}>", text)
    found: list[Address] = []
    at = 0
    matches = list(_BARE.finditer(bare))[:_MOST_ADDRESSES]
    for i, address in enumerate(matches):
        if i + 1 < len(matches) and _is_name_of(bare, address, matches[i + 1]):
            continue
        local, _, domain = address[0].rstrip(".").rpartition("@")
        whole = f"{local}@{domain.lower()}"
        if found and found[-1].address == whole:
            at = address.end()
            continue  # "Anna <anna@b.example<mailto:anna@b.example>>"
        name = bare[at : address.start()].strip(" \t<>\"'*,;").rstrip("([<\"' ").lstrip(")]> ,;\"'")
        found.append(Address(name=name, address=whole))
        at = address.end()
    return tuple(found)


def _is_name_of(text: str, address: re.Match[str], after: re.Match[str]) -> bool:
    """An address inside a display name: only the one in angle brackets behind it counts."""
    between = text[address.end() : after.start()]
    return (
        between.endswith("<") and text[address.start() - 1 : address.start()] != "<" and not set(between) & set(",;>")
    )
