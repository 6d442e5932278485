"""The few header lines that mail clients write above a quoted or forwarded mail ("From: / Sent: / To: / Subject:").

It finds and reads them in any language of phrases.py. What a block means, reply or forward, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maild.messages.phrases import HEADER_NAMES

_KINDS = {name: kind for kind, names in HEADER_NAMES.items() for name in names}
_LONGEST_HEAD = max(map(len, _KINDS)) + 16
_DECORATION = " \t\r*_>|\u00a0\u200b\u200e\u200f\ufeff"
_LONGEST_LINE = 2_000
_MOST_LINES = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaderBlock:
    """Header lines `start` to `end` (exclusive) of a list of lines, and their values by kind (see phrases.py)."""

    start: int
    end: int
    fields: Mapping[str, str]


def field_of(line: str) -> tuple[str, str] | None:
    """Kind and value of one header line, or None: `*Von:* Anna` is ("from", "Anna")."""
    if line[:2] == "| ":
        return _cell_of(line)
    at = line.find(":", 0, _LONGEST_HEAD)
    wide = line.find("：", 0, at if at >= 0 else _LONGEST_HEAD)
    at = wide if wide >= 0 else at
    if at < 1:
        return None
    kind = _KINDS.get(line[:at].strip(_DECORATION).lower())
    return (kind, line[at + 1 : _LONGEST_LINE].strip(_DECORATION)) if kind else None


def _cell_of(line: str) -> tuple[str, str] | None:
    """A header line as a row of a table, `| From | Anna |` (NetEase)."""
    cells = line[:_LONGEST_LINE].split("|", 3)
    kind = _KINDS.get(cells[1].strip().lower()) if len(cells) > 3 else None
    return (kind, cells[2].strip(_DECORATION)) if kind else None


def block_at(lines: Sequence[str], start: int) -> HeaderBlock | None:
    """The block whose first line is `start`; None where that is no header line or too little follows to be sure.

    Two kinds are asked for, one of them a person and one a date, a person or a subject, so that a form
    ("Date: ... Time: ... Address: ...") is no block.
    """
    first = field_of(lines[start])
    if first is None:
        return None
    last, value = first
    found = {last: value}
    i = start + 1
    while i < min(len(lines), start + _MOST_LINES):
        field = field_of(lines[i])
        if field is not None:
            kind, value = field
            if kind in found and kind not in ("cc", "other"):
                break
            last = kind
            found.setdefault(kind, value)
        elif not lines[i].strip(_DECORATION):
            if not _goes_on(lines, i, found):
                break
        elif _continues(lines, i, found):
            found[last] = f"{found[last]} {lines[i].strip(_DECORATION)}".strip()
        else:
            break
        i += 1
    found = _split_joined(found)
    return HeaderBlock(start=start, end=i, fields=found) if _is_block(found) else None


def _goes_on(lines: Sequence[str], blank: int, found: Mapping[str, str]) -> bool:
    """A blank line inside: each header line became a paragraph of its own (HTML made into text)."""
    following = field_of(lines[blank + 1]) if blank + 1 < len(lines) else None
    return following is not None and following[0] not in found and "subject" not in found


def _continues(lines: Sequence[str], i: int, found: Mapping[str, str]) -> bool:
    """A folded line: an unfinished address or list above it, an address on it, or another header line below it."""
    if i + 1 >= len(lines) or not found or _is_writer(lines[i]):
        return False
    before = lines[i - 1].rstrip(_DECORATION)
    if before.endswith((",", ";", "<", "[mailto:", ":")) or lines[i].strip(_DECORATION).startswith(("<", "[")):
        return True
    following = field_of(lines[i + 1])
    return following is not None and following[0] not in found


def _is_writer(line: str) -> bool:
    """`21.11.2026, 10:00, "Anna" <anna@b.example>:`, which Yandex puts below its block."""
    return line[:1].isdigit() and "@" in line and line.rstrip(_DECORATION)[-1:] in (":", "：")


def _is_block(found: Mapping[str, str]) -> bool:
    people = ("from" in found) + ("to" in found)
    rest = ("date" in found) + ("subject" in found)
    if people + rest < 2 or not people or not rest:
        return False
    value = found.get("from") or found.get("to") or ""
    return people + rest > 2 or "@" in value


def _split_joined(found: dict[str, str]) -> dict[str, str]:
    """Fields that share a line ("À : a@b Objet : c", or bold ones of HTML) are taken apart."""
    out = dict(found)
    for kind in ("from", "date", "to", "cc"):
        for other in ("subject", "to", "date"):
            if kind in out and other not in out:
                at, value = _field_inside(out[kind], other)
                if at >= 0:
                    out[kind], out[other] = out[kind][:at].strip(_DECORATION), value
    return out


def _field_inside(value: str, kind: str) -> tuple[int, str]:
    """Where a field of `kind` begins inside a value, and what it holds; -1 where there is none."""
    if ":" not in value and "：" not in value:
        return -1, ""
    low = value.lower()
    for name in HEADER_NAMES[kind]:
        at = low.find(f" {name}")
        if at < 0:
            at = low.find(f"*{name}")
        rest = value[at + len(name) + 1 :].lstrip(_DECORATION) if at >= 0 else ""
        if rest.startswith((":", "：")) and len(low) == len(value):
            return at, rest[1:].strip(_DECORATION)
    return -1, ""
