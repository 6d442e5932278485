"""The marks that mail clients leave around text that is not the sender's: attribution lines, dashes, header blocks.

It only says what a line is. What is cut is decided in reply.py; HTML has marks of its own in html_quotes.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from maild.messages.header_block import block_at
from maild.messages.phrases import (
    FIRST_PERSON,
    FORWARDED_MESSAGE,
    ORIGINAL_MESSAGE,
    QUOTE_OPENERS,
    WEEKDAYS_AND_MONTHS,
    WROTE,
    WROTE_UNSPACED,
)

_LONGEST = 600  # an attribution with long names; anything longer is prose
_MOST_MISSES = 4_000  # a pasted log has a date on every line; a bomb has nothing else
_REACH = 6  # lines that an attribution may be wrapped over


class MarkKind(Enum):
    """What a client says at a place."""

    ATTRIBUTION = "attribution"  # "On 21 November Anna wrote:"
    ORIGINAL = "original"  # "-----Original Message-----"
    BLOCK = "block"  # "From: ... Sent: ... To: ... Subject: ..."
    FORWARD = "forward"  # "---------- Forwarded message ---------"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Lines `start` to `end` (exclusive) are the client's own words."""

    kind: MarkKind
    start: int
    end: int


def _any(words: Sequence[str]) -> str:
    return "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))


_QUOTE = re.compile(r"[ \t]{0,3}(?:>|\|(?=\s|$)|[^\W\d_]{1,3}>(?=\s|$))")
_WROTE = re.compile(rf"(?<![^\W\d_])(?:{_any(WROTE)})(?![^\W\d_])|{_any(WROTE_UNSPACED)}")
_OPENER = re.compile(
    rf"[-\s*_>\"'«(\[]{{0,12}}(?:(?:{_any(QUOTE_OPENERS)})(?![^\W\d_])|(?:{_any(WEEKDAYS_AND_MONTHS)})[^\W\d_]{{0,9}}\b|\d)"
)
_DATE = re.compile(
    r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\b\d{1,2}[:.]\d{2}\b|(?<!\d)\d{1,2}:\d{2}(?!\d)|(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}-[a-z]{3}-\d{2,4}"
    r"|\d{1,2}\.? [^\W\d_]{3,12}\.?,? (?:at |um |в |à )?\d|\d{1,2} [^\W\d_]{3} at \d"
)
_ADDRESS = re.compile(r"[^\s<>()\"',;:@]@[^\s<>()\"',;:@]")
_DASHED = re.compile(r"[\s*>]{0,6}[-—_=‐]{1,60}\s{0,4}([^-—_=‐\s].{0,140}?)\s{0,4}[-—_=‐]{1,60}[\s*]{0,6}")
_DIVIDER = re.compile(r"[\s*>]{0,6}(?:[-—–_=]{3,}|(?:\* ){2,}\*|\*{3,})[\s*]{0,6}")
_INLINE_OPENER = re.compile(r" (On (?:mon|tue|wed|thu|fri|sat|sun|\d)[^>]{8,200} wrote:)$", re.IGNORECASE)
_FULL_DATE = re.compile(r"\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-] ?\d{1,2}[./-] ?\d{2,4}")
_TIME = re.compile(r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?")
_CAPITALISED = re.compile(r"[^\W\d_a-zа-яёіїєґ]")
_NAME_THEN_DATE = re.compile(r".{1,60} [於于在] ?\d[^:：]{0,40}:\d\d\s{0,2}(?:寫道|写道)[:：]$")
_NAMED_OPENER = re.compile(r"[^<>@:]{0,120}\(?<(?:mailto:)?[^<>@\s]{1,64}@[^<>@\s]{1,253}>")
_ORIGINAL = "original"  # QQ writes only this; people part their texts so too, but with no header block below
_FIRST_PERSON = re.compile(rf"(?<![^\W\d_])(?:{_any(FIRST_PERSON)})(?![^\W\d_])")
_YOU_WROTE = 8  # characters before the verb where the line opens with it
_MOST_NAMED = 3  # lines of an attribution that opens with the name
_CLOSES_ADDRESS = re.compile(r"\s{0,3}>\s{0,3}[^\W\d_()]{2,12}\s?:\s{0,3}$")
_DIGIT = re.compile(r"\d")
# What an attribution may begin with: two letters, or one sign of a language that writes without blanks.
_OPENING_WORDS = (*QUOTE_OPENERS, *WEEKDAYS_AND_MONTHS)
_ONE_SIGN = frozenset(word for word in _OPENING_WORDS if len(word) == 1 and not word.isascii())
_TWO_LETTERS = frozenset(word[:2] for word in _OPENING_WORDS if len(word) > 1)
_DASHES = frozenset("-—_=‐")  # the last one is U+2010, of Proton
_DASHED_OR_BLANK = "-—_=‐ "
_SOFT = " \t\r*_\u00a0\u200b\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff"
_SOFT_OR_QUOTED = _SOFT + ">"


def lowered(text: str) -> str:
    """The text in lower case as phrases.py has it: a Turkish dotted capital I becomes a plain i."""
    low = text.lower()
    return low if low.isascii() else low.replace("\u0307", "")


def is_quoted(line: str) -> bool:
    """Is it marked as quoted: `> text`, `| text`, `IP> text` (The Bat!)?"""
    return _QUOTE.match(line) is not None


def is_divider(line: str) -> bool:
    """A line of dashes, underscores or equal signs only."""
    return _DIVIDER.fullmatch(line[:200]) is not None


def is_forward_line(line: str) -> bool:
    """`---------- Forwarded message ---------`, `Begin forwarded message:` and their translations."""
    text = line.strip(_SOFT_OR_QUOTED)
    if not text or len(text) > 200:
        return False
    if text[-1] in ":：":
        return lowered(text).rstrip(" :：-").startswith(FORWARDED_MESSAGE)
    return text[0] in _DASHES and lowered(text).lstrip(_DASHED_OR_BLANK).startswith(FORWARDED_MESSAGE)


def find_marks(lines: Sequence[str], *, attributions: bool = True) -> Iterator[Mark]:
    """The marks outside quoted lines, from the top; after too many lines that only look like one, no more.

    Without `attributions` it looks for the other kinds only, which is much cheaper.
    """
    may_open = _may_open if attributions else _may_open_block
    after = misses = 0
    for i, line in enumerate(lines):
        if i < after or not may_open(line):
            continue
        if is_quoted(line):
            mark = _groupwise_at(lines, i) if attributions and line.startswith(">>> ") else None
            if mark is None:
                continue
        else:
            mark = _line_mark(lines, i) or (_attribution_at(lines, i) if attributions else None)
        if mark is not None:
            yield mark
            after = mark.end
            continue
        misses += 1
        if misses > _MOST_MISSES:
            return


def _may_open(line: str) -> bool:
    """Whether a mark may begin here. It is cheap, since every line of every mail is asked."""
    if ":" in line or "：" in line or "@" in line:
        return True
    if not _may_open_dated(line):
        return False
    first = line[:80].lstrip(_SOFT_OR_QUOTED)[:1]
    return first in _DASHES or (first != "" and _DIGIT.search(line, 0, _LONGEST) is not None)


def _may_open_dated(line: str) -> bool:
    """Whether its first letters are those of a word that opens an attribution; anything but letters may."""
    head = line[:2].lower()
    return not head.isalpha() or head in _TWO_LETTERS or head[0] in _ONE_SIGN


def _may_open_block(line: str) -> bool:
    """The same without attributions: a header line, a line of dashes, a client's sentence with its colon."""
    if ":" in line or "：" in line:
        return True
    return line[:80].lstrip(_SOFT_OR_QUOTED)[:1] in _DASHES


def _line_mark(lines: Sequence[str], i: int) -> Mark | None:
    """Any mark but an attribution."""
    line = lines[i]
    if is_forward_line(line):
        return Mark(kind=MarkKind.FORWARD, start=i, end=i + 1)
    if _is_original_line(lines, i):
        return Mark(kind=MarkKind.ORIGINAL, start=i, end=i + 1)
    block = block_at(lines, i)
    return Mark(kind=MarkKind.BLOCK, start=i, end=block.end) if block else None


def split_joined(lines: Sequence[str]) -> Sequence[str]:
    """Lines on which a client has glued the attribution to the reply ("Yes. On Mon ... wrote:") become two."""
    if not any(" On " in line for line in lines):
        return lines
    out: list[str] = []
    for i, line in enumerate(lines):
        glued = _INLINE_OPENER.search(line[:_LONGEST].rstrip()) if " On " in line[:_LONGEST] else None
        if glued and not is_quoted(line) and quote_follows(lines, i + 1):
            out += [line[: glued.start()], glued[1]]
        else:
            out.append(line)
    return out


def mark_indented(lines: Sequence[str]) -> list[str]:
    """The lines with a `>` put before those that mail(1) and s-nail quote by a tab, below their attribution."""
    out = list(lines)
    for mark in find_marks(lines):
        if mark.kind is not MarkKind.ATTRIBUTION:
            continue
        for i in range(mark.end, len(lines)):
            if lines[i].strip() and not lines[i].startswith("\t"):
                break
            out[i] = f">{lines[i]}" if lines[i].strip() else lines[i]
    return out


def quote_follows(lines: Sequence[str], i: int) -> bool:
    """Is the next filled line from `i` on a quoted one?"""
    following = next((line for line in lines[i : i + 6] if line.strip(_SOFT)), "")
    return is_quoted(following)


def _is_original_line(lines: Sequence[str], i: int) -> bool:
    """`-----Original Message-----`, and the same in the languages of phrases.py."""
    line = lines[i]
    if len(line) > 200 or line.strip(_SOFT_OR_QUOTED)[:1] not in _DASHES:
        return False
    inside = _DASHED.fullmatch(line)
    text = lowered(inside[1].strip(_SOFT)) if inside else ""
    if text == _ORIGINAL:
        return any(block_at(lines, below) is not None for below in range(i + 1, min(i + 3, len(lines))))
    return text.startswith(ORIGINAL_MESSAGE)


def _attribution_at(lines: Sequence[str], i: int) -> Mark | None:
    """An attribution that begins at line `i`, on one line or wrapped."""
    if _may_open_dated(lines[i]):
        first = lines[i][:_LONGEST].strip(_SOFT)
        end = _end_of_dated(lines, i) if _OPENER.match(first.lower()) and _DATE.search(first) else 0
        if end:
            return Mark(kind=MarkKind.ATTRIBUTION, start=i, end=end)
    end = i + 1 if _is_named(lines, i) else _end_of_named(lines, i)
    return Mark(kind=MarkKind.ATTRIBUTION, start=i, end=end) if end else None


def _groupwise_at(lines: Sequence[str], i: int) -> Mark | None:
    """`>>> Anna <anna@b> 21.11.2026 10:00 >>>` and `>>> On 21.11.2026 at 10:00, ... Anna <anna@b> wrote:`."""
    above = next((line for line in reversed(lines[max(0, i - 3) : i]) if line.strip(_SOFT)), "")
    line = lines[i].rstrip(_SOFT)
    if is_quoted(above) or len(line) > _LONGEST or not _DATE.search(line):
        return None
    if line.endswith(" >>>"):
        return Mark(kind=MarkKind.ATTRIBUTION, start=i, end=i + 1)
    bare = [line.removeprefix(">>> "), *lines[i + 1 : i + _MOST_NAMED]]
    end = _end_of_dated(bare, 0) if _OPENER.match(bare[0].lower()) else 0
    return Mark(kind=MarkKind.ATTRIBUTION, start=i, end=i + end) if end else None


def _end_of_dated(lines: Sequence[str], i: int) -> int:
    """Where the attribution that opens with a date at line `i` ends; 0 where it is none."""
    joined = ""
    for j in range(i, min(i + _REACH, len(lines))):
        line = lines[j].strip(_SOFT)
        if not line:
            # A client that puts the address on lines of its own leaves blank lines around it.
            if j + 1 < len(lines) and lines[j + 1].strip(_SOFT).startswith("<"):
                continue
            return 0
        if j > i and is_quoted(lines[j]) and not line.startswith(">:") and not _WROTE.search(line.lower()):
            return 0
        joined = f"{joined} {line}" if joined else line
        if len(joined) > _LONGEST:
            return 0
        if _ends_dated(joined, lines, j + 1):
            return j + 1
    return 0


def _ends_dated(joined: str, lines: Sequence[str], after: int) -> bool:
    """Whether the joined lines, which open with a date, are an attribution that is complete."""
    bare = joined.rstrip(" -—_*").lower()
    if bare.endswith((":", "：")):
        return _ADDRESS.search(joined) is not None or _tells_when(joined, lines, after)
    addressed = _ADDRESS.search(joined) is not None
    if (addressed or joined.startswith("--")) and _WROTE.search(bare[-24:]):
        return True  # Zoho leaves the colon out
    if not bare.endswith(">") or not addressed or not quote_follows(lines, after):
        return False
    # "> wrote:" on a line of its own closes the address that was opened above.
    return not any(_CLOSES_ADDRESS.match(line) for line in lines[after : after + 3])


def _tells_when(joined: str, lines: Sequence[str], after: int) -> bool:
    """Whether the date stands before the verb, or the verb opens the line ("Вы писали 21 ноября").

    People put it the other way round ("Anna schrieb mir am 21.11."), or speak of themselves.
    """
    low = joined.lower()
    verb, date = _WROTE.search(low), _DATE.search(joined)
    if verb is None or date is None:
        return False
    if quote_follows(lines, after):
        return True
    return (verb.start() <= _YOU_WROTE or date.start() < verb.start()) and _FIRST_PERSON.search(low) is None


def _is_named(lines: Sequence[str], i: int) -> bool:
    """`Anna <anna@b> wrote:`, `Анна пишет:`, `---- Anna wrote ----`: a name and a verb, no date."""
    line = lines[i].strip(_SOFT)
    if len(line) > 200 or line[-1:] not in (":", "：", "-"):
        return False
    low = line.lower()
    if line.startswith("--") and line.endswith("--"):
        return _WROTE.search(low) is not None and len(low.split()) < 16
    if line[-1] == "-" or not _WROTE.search(low):
        return False
    if (_ADDRESS.search(low) and len(low.split()) < 16) or _is_name_then_date(line):
        return True
    return _WROTE.search(low[-40:]) is not None and len(low.split()) < 8 and quote_follows(lines, i + 1)


def _is_name_then_date(line: str) -> bool:
    """`Ivan Petrov schreef op 21.11.2026 10:00:`: a short name with capitals, the verb, a full date and a time."""
    if _NAME_THEN_DATE.match(line):
        return True
    verb = _WROTE.search(line.lower())
    if verb is None or not (_FULL_DATE.search(line, verb.end()) and _TIME.search(line, verb.end())):
        return False
    name, rest = line[: verb.start()].split(), line[verb.end() :].split()
    words = [word for word in rest if not any(c.isdigit() for c in word)]
    return len(words) <= 2 and 1 <= len(name) <= 4 and all(_CAPITALISED.match(word) for word in name)


def _end_of_named(lines: Sequence[str], i: int) -> int:
    """Where an attribution ends that opens with name and address and is wrapped; 0 where there is none."""
    if "@" not in lines[i] or len(lines[i]) > _LONGEST or not _NAMED_OPENER.match(lines[i]):
        return 0
    joined = lines[i].strip(_SOFT)
    for j in range(i + 1, min(i + _MOST_NAMED, len(lines))):
        line = lines[j].strip(_SOFT)
        if not line or is_quoted(lines[j]) or len(line) > _LONGEST:
            return 0
        joined = f"{joined} {line}"
        if line.endswith((":", "：")):
            return j + 1 if _DATE.search(joined) and _WROTE.search(joined.lower()) else 0
    return 0
