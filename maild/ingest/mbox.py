"""mbox files as mailers write them: one mail after the other, each below a "From " line (RFC 4155, mboxrd quoting).

Only splitting lives here. A mail is read at a time, never the file as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

START = b"From "
_QUOTED = re.compile(rb">+From ")
_DATED = re.compile(
    rb"From \S.*?\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s+"
    rb"(?:[A-Z][a-z]{2}\s+\d{1,2}|\d{1,2}\s+[A-Z][a-z]{2})\s.*\d{1,2}:\d\d"
)
_FROM_LINE_CAP = 512


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One mail of an mbox, and the line that stood above it."""

    from_line: bytes
    raw: bytes


def split_mbox(lines: Iterable[bytes]) -> Iterator[Entry]:
    """The mails of an mbox, whose first line must be a "From " line; ">From " is given back as "From "."""
    from_line, dated = b"", False
    mail = bytearray()
    after_blank = True
    for line in lines:
        # A text may hold an unquoted "From " after an empty line. Where the file dates its own lines, one without a
        # date is text; where it does not, nothing tells them apart.
        if after_blank and line.startswith(START) and (not dated or _is_dated(line)):
            if from_line:
                yield Entry(from_line=from_line, raw=_content(mail))
            else:
                dated = _is_dated(line)
            from_line, mail = line.rstrip(b"\r\n"), bytearray()
        else:
            mail += line[1:] if _QUOTED.match(line) else line
        after_blank = not line.strip(b"\r\n")
    if from_line:
        yield Entry(from_line=from_line, raw=_content(mail))


def sender_of(from_line: bytes) -> str | None:
    """The envelope sender that a "From " line names: "" for a bounce, None where it names no address."""
    words = from_line.split()
    word = words[1].decode("utf-8", "replace").strip("<>") if len(words) > 1 else ""
    if word.casefold() == "mailer-daemon":
        return ""
    return word if "@" in word else None


def _is_dated(line: bytes) -> bool:
    return _DATED.match(line[:_FROM_LINE_CAP]) is not None


def _content(mail: bytearray) -> bytes:
    """The mail without the empty line that belongs to the separator behind it."""
    for blank in (b"\r\n", b"\n"):
        if mail.endswith(b"\n" + blank) or (mail.endswith(blank) and len(mail) == len(blank)):
            del mail[-len(blank) :]
            break
    return bytes(mail)
