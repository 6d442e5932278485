"""Mails damaged in every way that comes to mind, always the same ones: nothing may raise, hang, or come out odd.

`python tests/fuzz.py [FOLDER...] [--count N]` takes the mails of the folders (else `tests/mails`) as seeds, and ends
with status 1 where a damaged one raises anything but Unreadable, takes longer than 2 s of processor time, or where a
text of it holds what a database refuses or a header breaks its line.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from maild.errors import Unreadable
from maild.messages.mail import Attachment, Mail
from maild.messages.read import read_mail

SECONDS = 2.0
LARGEST = 300_000
MANY_LINES = frozenset(
    {"text", "text_from_html", "html", "reply", "quoted", "signature", "before", "below", "class_reason"}
)
"""Values that are texts of several lines; every other one stands on a line of its own."""
_CHARSETS = (
    b"utf-8",
    b"utf-7",
    b"koi8-r",
    b"windows-1251",
    b"iso-2022-jp",
    b"gb18030",
    b"x-none",
    b"utf-16",
    b"hz",
    b"\x00",
)
_BITS = (
    b"\x00", b"\xff\xfe", b"\r", b"\n", b"\r\n\r\n", b"=", b"=?utf-8?q?=00=0D=0A?=", b"=?utf-8?b?7aCA?=", b"--", b"<",
    b">", b'"', b"\\", b"(", b"\xed\xa0\x80", b"\x1b$B", b"&#0;", b"&#xd800;", b"\xe2\x80\xa8", b";", b"*0*=", b"%00",
    b",", b"@",
)  # fmt: skip
Change = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


def flip_bits(chance: random.Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """A few bits are other ones."""
    out = bytearray(raw)
    for _n in range(chance.randint(1, 20)):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def cut(chance: random.Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """The end, the start or a piece is missing."""
    a, b = sorted((chance.randrange(len(raw) + 1), chance.randrange(len(raw) + 1)))
    return chance.choice([raw[:a], raw[b:], raw[:a] + raw[b:]])


def splice(chance: random.Random, raw: bytes, seeds: Sequence[bytes]) -> bytes:
    """A piece of another mail stands in it."""
    other = chance.choice(seeds)
    a, b = sorted((chance.randrange(len(other) + 1), chance.randrange(len(other) + 1)))
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + other[a:b] + raw[at:]


def insert(chance: random.Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """Odd bytes stand where they should not."""
    for _n in range(chance.randint(1, 6)):
        at = chance.randrange(len(raw) + 1)
        raw = raw[:at] + chance.choice(_BITS) * chance.choice((1, 1, 1, 2, 50)) + raw[at:]
    return raw


def shuffle_header(chance: random.Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """Header lines come twice, are gone, or stand elsewhere."""
    head, mark, body = raw.partition(b"\n\n" if b"\n\n" in raw else b"\r\n\r\n")
    lines = head.split(b"\n")
    for _n in range(chance.randint(1, 8)):
        line = chance.choice(lines)
        lines.insert(chance.randrange(len(lines) + 1), line)
        if chance.random() < 0.3:
            del lines[chance.randrange(len(lines))]
    return b"\n".join(lines) + mark + body


def change_charset(chance: random.Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """A charset is called by another's name."""
    old, new = chance.choice(_CHARSETS[:-1]), chance.choice(_CHARSETS)
    at = raw.lower().find(chance.choice([b"charset=", b"=?" + old]))
    if at < 0:
        return raw.replace(old, new) if old in raw else insert(chance, raw, ())
    return raw[:at] + chance.choice([b"charset=", b"=?"]) + new + raw[at + 8 :]


def break_boundary(chance: random.Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """A boundary line is gone, doubled, or stands where it should not."""
    lines = raw.split(b"\n")
    marks = [i for i, line in enumerate(lines) if line.startswith(b"--")] or [chance.randrange(len(lines))]
    at = chance.choice(marks)
    line = lines[at]
    if chance.random() < 0.5:
        del lines[at]
    lines.insert(chance.randrange(len(lines) + 1), chance.choice([line, line + b"--", line[:-1], b"--"]))
    return b"\n".join(lines)


def change_lines(chance: random.Random, raw: bytes, _: Sequence[bytes]) -> bytes:
    """Line ends of another kind."""
    return raw.replace(
        *chance.choice([(b"\n", b"\r\n"), (b"\r\n", b"\n"), (b"\n", b"\r"), (b"\n", b"\n\n"), (b"\n ", b"\n")])
    )


CHANGES: tuple[Change, ...] = (
    flip_bits, cut, splice, insert, shuffle_header, change_charset, break_boundary, change_lines,
)  # fmt: skip


def damaged(seeds: Sequence[bytes], count: int, seed: int = 7) -> Iterator[bytes]:
    """So many mails, the same each time, each damaged in one to three ways."""
    chance = random.Random(seed)
    for _ in range(count):
        raw = chance.choice(seeds)
        for change in chance.choices(CHANGES, k=chance.choice((1, 1, 2, 3))):
            raw = change(chance, raw or b"x", seeds)[:LARGEST]
        yield raw


def complaint(raw: bytes) -> str:
    """What is wrong with the reading of this mail; "" where nothing is."""
    started = time.process_time()
    try:
        mail = read_mail(raw)
    except Unreadable:
        return ""
    except Exception as error:  # noqa: BLE001  # that is what is looked for
        return "".join(traceback.format_exception(error)[-3:])
    spent = time.process_time() - started
    if spent > SECONDS:
        return f"{spent:.1f} s"
    return next(_odd(mail, "mail"), "")


def _odd(value: object, name: str) -> Iterator[str]:
    """Every text in a value that a database refuses, or that breaks a line."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            yield f"{name} holds NUL or a lone surrogate: {value[:80]!r}"
        if name not in MANY_LINES and ("\n" in value or "\r" in value):
            yield f"{name} breaks its line: {value[:80]!r}"
    elif dataclasses.is_dataclass(value):
        for one in dataclasses.fields(value):
            yield from _odd(getattr(value, one.name), _called(value, one.name))
    elif isinstance(value, (tuple, list)):
        for inner in value:
            yield from _odd(inner, name)
    elif isinstance(value, datetime) and value.tzinfo is None:
        yield f"{name} is of no time zone"


def _called(owner: object, name: str) -> str:
    """A forwarded mail's text is a text, an attachment's name is not."""
    return name if isinstance(owner, (Mail, Attachment)) or name in MANY_LINES else f"{type(owner).__name__}.{name}"


def seeds_of(folders: Sequence[Path]) -> list[bytes]:
    """The mails in these folders, small ones alone, in the order of their names."""
    files = sorted(
        file for folder in folders for file in folder.rglob("*") if file.suffix in (".eml", ".txt", ".msg", "")
    )
    found = [file.read_bytes() for file in files if file.is_file() and 0 < file.stat().st_size < LARGEST]
    if not found:
        raise SystemExit("there are no mails")
    return found


def main() -> int:
    """Damage, read, and tell of each kind of complaint once."""
    asked = argparse.ArgumentParser()
    asked.add_argument("folders", nargs="*", type=Path, default=[Path(__file__).parent / "mails"])
    asked.add_argument("--count", type=int, default=20_000)
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--keep", type=Path, help="a folder for the mails that are complained of")
    given = asked.parse_args()
    told: dict[str, int] = {}
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    for number, raw in enumerate(damaged(seeds_of(given.folders), given.count, given.seed)):
        # A read that never ends would end the run silently; so the run ends with it, loudly.
        signal.setitimer(signal.ITIMER_VIRTUAL, 30)
        said = complaint(raw)
        if said:
            kind = said.rpartition("File ")[2][:160]
            told[kind] = told.get(kind, 0) + 1
            if told[kind] == 1:
                print(f"mail {number}: {said}", flush=True)
                if given.keep:
                    given.keep.mkdir(parents=True, exist_ok=True)
                    (given.keep / f"{number}.eml").write_bytes(raw)
    print(f"{given.count} mails, {sum(told.values())} complaints of {len(told)} kinds")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
