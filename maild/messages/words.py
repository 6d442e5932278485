"""Header values as text: encoded words (RFC 2047), raw 8-bit bytes, folding. Addresses are read elsewhere.

Senders split words in the middle of a character, leave spaces inside them, forget their end and quote them: all of that
is read. Every value comes out on one line.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from maild.messages import charset

WORDS_CAP = 200
_SPACE = b" \t\r\n"
_LABEL = re.compile(rb"=\?([^?\s=]{1,60})\?([bBqQ])\?")
_QP = re.compile(rb"=([0-9A-Fa-f]{2})")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What turns the reading direction of the text behind it (UAX 9)."""
_UNSEEN = re.compile(TURNING.pattern + "|[\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb]")
_BREAKS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+ ?")


def unfold(value: bytes) -> bytes:
    """A header value on one line (RFC 5322, 2.2.3), without the white space around it."""
    if b"\n" not in value:
        return value.strip(_SPACE)
    return b" ".join([line.strip(_SPACE) for line in value.split(b"\n")]).strip(_SPACE)


def decode_value(value: bytes, body_charset: str | None = None) -> str:
    """The readable text of an unfolded header value.

    Raw 8-bit text is UTF-8, else in the charset that the body declares, else guessed. Past `WORDS_CAP` encoded words
    the rest stays as it is written.
    """
    if value.isascii() and b"=?" not in value:
        text = value.decode("ascii")
        if text.isprintable():
            return text.strip()
    if b"=?" not in value:
        return one_line(_plain(value, body_charset))
    return one_line("".join(_pieces(value, body_charset)))


def decode_text(value: str, body_charset: str | None = None) -> str:
    """The same for a value that is text already, such as a display name."""
    return decode_value(value.encode("utf-8", "replace"), body_charset) if "=?" in value else one_line(value)


def one_line(text: str) -> str:
    """Text without line breaks and control characters, which could forge a header further on (CVE-2024-6923).

    A NUL becomes a replacement character: what it stood in shall not look whole.
    """
    if text.isprintable():
        return text.strip()
    return _BREAKS.sub(" ", charset.clean(text.replace("\x00", "\ufffd"))).strip()


def plain_line(text: str) -> str:
    """One line in which nothing turns the reading direction, and nothing is unseen but what joins letters and emoji."""
    return text.strip() if text.isprintable() else _UNSEEN.sub("", one_line(text)).strip()


def _plain(value: bytes, body_charset: str | None) -> str:
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    unicode = charset.strictly(value, "utf-8") if b"\x1b" not in value else None
    return charset.decode(value, body_charset) if unicode is None else unicode


def _pieces(value: bytes, body_charset: str | None) -> Iterator[str]:
    """The value cut into plain text and runs of encoded words; white space between words is dropped (RFC 2047, 6.2)."""
    run: list[tuple[str, bytes]] = []
    done = 0
    for start, stop, label, data in _words(value):
        between = value[done:start]
        if between.strip(b" \t") or not run:
            yield _joined(run)
            yield _plain(between, body_charset)
            run = []
        run.append((label, data))
        done = stop
    yield _joined(run)
    yield _plain(value[done:], body_charset)


def _words(value: bytes) -> Iterator[tuple[int, int, str, bytes]]:
    """Each encoded word: where it starts and stops, its charset, its bytes. One pass over the value."""
    position = count = end = 0
    while count < WORDS_CAP and (position := value.find(b"=?", position)) >= 0:
        label = _LABEL.match(value, position)
        if label is None:
            position += 2
            continue
        if end < label.end():
            found = value.find(b"?=", label.end())
            end = len(value) if found < 0 else found
        encoded = value[label.end() : end]
        yield position, min(end + 2, len(value)), label[1].decode("ascii", "replace"), _decoded(encoded, label[2])
        count += 1
        position = end + 2


def _decoded(encoded: bytes, encoding: bytes) -> bytes:
    if encoding in b"qQ":
        return _QP.sub(lambda match: bytes((int(match[1], 16),)), encoded.replace(b"_", b" "))
    digits = _NOT_BASE64.sub(b"", encoded)
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


def _joined(run: list[tuple[str, bytes]]) -> str:
    """Words of one charset are one text: their bytes are joined before decoding, since characters may be cut in two."""
    text, at = [], 0
    while at < len(run):
        label = run[at][0].lower()
        same = at
        while same < len(run) and run[same][0].lower() == label:
            same += 1
        text.append(_decode_run([data for _, data in run[at:same]], label))
        at = same
    return "".join(text)


def _decode_run(words: list[bytes], label: str) -> str:
    joined = b"".join(words)
    codec = charset.codec_name(label)
    if len(words) == 1 or charset.strictly(joined, codec) is not None:
        return charset.decode(joined, label)
    return (
        "".join(charset.decode(word, label) for word in words)
        if all(charset.strictly(word, codec) is not None for word in words)
        else charset.decode(joined, label)
    )
