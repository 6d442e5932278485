"""Where a mail's signature begins: RFC 3676 "-- ", phones' lines, closings, a block of contact data.

It never looks above the first line, so a mail that is only a signature stays a text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from maild.messages.phrases import (
    CLOSINGS,
    CONFIDENTIAL,
    DEVICES,
    DISCLAIMERS,
    MOBILE_ENDINGS,
    MOBILE_SIGNATURES,
    MY_DEVICE,
    PROGRAMS,
    THANKS,
)
from maild.messages.quotes import is_quoted, lowered

_DELIMITER = re.compile(r"\s{0,4}--\s{0,4}")
_WEAK_DELIMITER = re.compile(r"\s{0,4}(?:-{3,}|_{2,}|—)\s{0,4}")
_NAME = re.compile(r"(?:[^\W\d_][\w.'’-]{0,20}\.?,?\s{0,3}){1,4}")
_SENTENCE_END = re.compile(r"[^\W\d_]{3}\.$")  # behind a name stand initials at most
_DASH_NAME = re.compile(r"\s{0,4}[-–]\s?[^\W\d_][\w.'’]{0,15}(?: [^\W\d_][\w.'’]{0,20}){0,2}\s{0,4}")
_CONTACT = re.compile(
    r"[^\s@]@[^\s@]|https?://|www\.|\+?\(?\d[\d ()./-]{6,}\d|\b(?:tel|phone|mob|mobile|fax|skype|icq|telegram|"
    r"тел|моб|факс|e-?mail|доб)\b",
    re.IGNORECASE,
)
_URL = re.compile(r"[<(\[]?https?://[^\s>)\]]{1,2000}[>)\]]?")
_DEVICE = re.compile("|".join(map(re.escape, DEVICES)))
_DEVICE_OR_PROGRAM = re.compile("|".join(map(re.escape, (*DEVICES, *PROGRAMS))))
_APOLOGY = "простите за краткость, "  # the only client that writes a comma
_TRACKER = "\u1427"
_MOST_DELIMITED = 40
_MOST_DELIMITERS = 8
_MOST_WEAK = 14
_MOST_CLOSED = 9
_CLOSINGS = frozenset(CLOSINGS)
_THANKS = frozenset(THANKS)
_BY_FIRST_WORD: dict[str, tuple[str, ...]] = {}
for _closing in sorted(CLOSINGS, key=len, reverse=True):
    _BY_FIRST_WORD[_closing.split()[0]] = (*_BY_FIRST_WORD.get(_closing.split()[0], ()), _closing)
_AROUND_CLOSING = " ,.!;*_—-"
_MOST_OF_NAME = 6
_SHORTEST_NOTICE = 80
_LINK_MARKS = "[]*_!. \t\r\u00a0"


def signature_start(lines: Sequence[str]) -> int:
    """The first line of the signature; len(lines) where there is none. Blank lines before it belong to neither."""
    end = len(lines)
    if not any(line.strip() for line in lines):
        return end
    for find in (
        _delimited,
        _disclaimer,
        _contact_block,
        _mobile,
        _after_weak_delimiter,
        _mobile,
        _closed,
        _contact_block,
        _dash_name,
        _tracker,
    ):
        found = find(lines, end)
        if found < end and any(line.strip() for line in lines[:found]):
            end = found
    return end if any(line.strip() for line in lines[end:]) else len(lines)


def _filled(lines: Sequence[str], start: int, end: int) -> list[str]:
    return [line for line in lines[start:end] if line.strip()]


def _delimited(lines: Sequence[str], end: int) -> int:
    """The line "-- " (RFC 3676, 4.3), also where a client has eaten the blank.

    The last one counts, and those above it that have no prose below them: a list's footer stands under a signature, but
    people also part their paragraphs this way.
    """
    places = [i for i in range(end) if "--" in lines[i] and _DELIMITER.fullmatch(lines[i])]
    if not places:
        return end
    text = next((i for i in range(end) if lines[i].strip() and not _DELIMITER.fullmatch(lines[i])), end)
    places = [i for i in places if i > text][-_MOST_DELIMITERS:]
    found = end
    for i in reversed(places):
        below = _filled(lines, i + 1, found)
        if len(below) > _MOST_DELIMITED or _is_answered(lines[i + 1 : end]) or (i != places[-1] and _is_prose(below)):
            break
        found = i
    return found


def _disclaimer(lines: Sequence[str], end: int) -> int:
    """The last paragraph where it is long, begins as companies' notices do and speaks of confidence."""
    first, last = _last_paragraph(lines, end)
    if last - first > _MOST_DELIMITED or not lowered(lines[first][:200].strip(_LINK_MARKS)).startswith(DISCLAIMERS):
        return end
    text = lowered(" ".join(line[:2_000] for line in lines[first:last]))
    return first if len(text) >= _SHORTEST_NOTICE and any(word in text for word in CONFIDENTIAL) else end


def _last_paragraph(lines: Sequence[str], end: int) -> tuple[int, int]:
    """First line of the last paragraph, and the line after its last."""
    last = end
    while last and not lines[last - 1].strip():
        last -= 1
    first = last
    while first and lines[first - 1].strip():
        first -= 1
    return first, last


def _is_answered(lines: Sequence[str]) -> bool:
    """Does text follow a quoted line? Then the sender goes on below what looked like a signature."""
    quoted = next((i for i, line in enumerate(lines) if is_quoted(line)), len(lines))
    return any(line.strip() and not is_quoted(line) for line in lines[quoted:])


def _is_prose(lines: Sequence[str]) -> bool:
    ends = sum(line.rstrip().endswith((".", "?", "!", "…")) for line in lines)
    return ends > 1 or any(len(_URL.sub("", line)) > 80 for line in lines)


def _after_weak_delimiter(lines: Sequence[str], end: int) -> int:
    """A line of dashes or underscores counts only when few and short lines follow: people also draw with them."""
    for i in range(max(0, end - 3 * _MOST_WEAK), end):
        if lines[i][:1] != "—" and _WEAK_DELIMITER.fullmatch(lines[i]):
            below = _filled(lines, i + 1, end)
            if not below:
                continue
            short = all(len(_URL.sub("", line)) <= 70 for line in below)
            prose = (len(below) > 1 or len(below[0]) > 40) and any(line.rstrip().endswith((".", "?")) for line in below)
            if len(below) <= _MOST_WEAK and short and not prose and _speaks_of_somebody(_to_next_rule(below)):
                return i
    return end


def _to_next_rule(lines: Sequence[str]) -> Sequence[str]:
    end = next((i for i, line in enumerate(lines) if i and _WEAK_DELIMITER.fullmatch(line)), len(lines))
    return lines[:end]


def _speaks_of_somebody(lines: Sequence[str]) -> bool:
    """Whether there is a name on top, contact data, a closing or a device: else it may be the rest of a text."""
    if _is_name(lines[0].strip()):
        return True
    return any(
        _CONTACT.search(line[:600]) or _is_mobile(line) or _opening_closing(lowered(line.strip(_AROUND_CLOSING)[:90]))
        for line in lines
    )


def _mobile(lines: Sequence[str], end: int) -> int:
    """`Sent from my iPhone` and its kin at the end, several of them too, with one name line above."""
    found = end
    for i in range(end - 1, max(-1, end - 8), -1):
        if not lines[i].strip():
            continue
        if not _is_mobile(lines[i]):
            break
        found = i
    return found


def _is_mobile(line: str) -> bool:
    """A client's advertisement: it begins or ends as such lines do, and names a device or a program."""
    text = lowered(_URL.sub("", line[:600]).strip(_LINK_MARKS + "()<>"))
    opens = text.startswith(MOBILE_SIGNATURES)
    if not opens and not text.endswith(MOBILE_ENDINGS):
        return False
    # "Sent from my desk, is much easier" is a sentence, and so is "Sent by courier yesterday".
    if len(text.split()) > 14 or ", " in text.replace(_APOLOGY, ""):
        return False
    if opens and ("://" in line[:600] or (text.startswith(MY_DEVICE) and len(text.split()) <= _MOST_OF_NAME)):
        return True
    return (_DEVICE_OR_PROGRAM if opens else _DEVICE).search(text) is not None


def _closed(lines: Sequence[str], end: int) -> int:
    """`Best regards,` or `С уважением,` with a few short lines below, or `Thanks,` with just a name."""
    filled: list[int] = []
    for i in range(end - 1, -1, -1):
        if lines[i].strip():
            filled.append(i)
            if len(filled) > _MOST_CLOSED:
                break
    filled.reverse()
    for at, i in enumerate(filled):
        line = lines[i].strip()
        text = lowered(line.strip(_AROUND_CLOSING)) if len(line) <= 90 else ""
        if (
            text
            and (text in _THANKS or _opening_closing(text))
            and _closes(line, text, [lines[k].strip() for k in filled[at + 1 :]])
        ):
            return i
    return end


def _closes(line: str, text: str, below: Sequence[str]) -> bool:
    """Whether the lines `below` are what stands below a closing; `text` is the closing's line, bare and lower."""
    if any(len(_URL.sub("", b)) > 80 or b.endswith("?") for b in below):
        return False
    if text in _CLOSINGS:
        return True
    if text in _THANKS and line.rstrip("*_ ")[-1:] in (",", *"abcdefghijklmnopqrstuvwxyzёо"):
        return 1 <= len(below) <= 2 and all(_is_name(b) for b in below)
    named = _opening_closing(text)
    rest = line.strip(_AROUND_CLOSING)[len(named) :].strip(" ,") if named else ""
    return bool(rest) and _is_name(rest) and rest[:1].isupper()


def _opening_closing(text: str) -> str:
    """The closing that the text is or, where it is longer than a short mark, begins with; "" where there is none."""
    if text in _CLOSINGS:
        return text
    first = text.partition(" ")[0].rstrip(",")
    return next(
        (c for c in _BY_FIRST_WORD.get(first, ()) if len(c) > 3 and text.startswith(c) and text[len(c)] in ", "), ""
    )


def _is_name(text: str) -> bool:
    words = text.strip("*_ ").split()
    return len(words) <= 4 and _NAME.fullmatch(text.strip("*_ ")[:100]) is not None and text.strip("*_ ")[:1].isupper()


def _contact_block(lines: Sequence[str], end: int) -> int:
    """A last paragraph that opens with a name and holds at least two lines of contact data, or a device line."""
    first, last = _last_paragraph(lines, end)
    block = [line.strip() for line in lines[first:last]]
    if not 2 <= len(block) <= 8 or any(len(line) > 60 or line.endswith(("?", ":", "!")) for line in block):
        return end
    contacts = sum(1 for line in block[1:] if _CONTACT.search(line))
    named = len(block) == 2 and _is_mobile(block[1]) and not _SENTENCE_END.search(block[0])
    if _is_name(block[0]) and (contacts >= 2 or named):
        return first
    return end


def _dash_name(lines: Sequence[str], end: int) -> int:
    """`- anna` alone at the end; after a colon or another such line it is a list."""
    filled = [i for i in range(max(0, end - 6), end) if lines[i].strip()]
    if len(filled) < 2 or not _DASH_NAME.fullmatch(lines[filled[-1]][:80]):
        return end
    before = lines[filled[-2]].rstrip()
    alone = filled[-1] - filled[-2] > 1
    return filled[-1] if alone and not before.endswith((":", ",", ";")) and before.lstrip()[:1] not in "-–*•" else end


def _tracker(lines: Sequence[str], end: int) -> int:
    """The lone sign that mail trackers leave (U+1427); what it follows is text."""
    while end and (not lines[end - 1].strip() or lines[end - 1].strip() == _TRACKER):
        end -= 1
    return end
