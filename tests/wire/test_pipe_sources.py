"""Where `maild ingest` gets its mails, and what their envelopes say."""

from __future__ import annotations

import io
import mailbox
import os
import tracemalloc
from pathlib import Path

import pytest

from maild.errors import NotFound
from maild.ingest.mbox import sender_of, split_mbox
from maild.ingest.pipe import Source, read_sources

ONE = b"From: anna@customer.example\nSubject: one\n\nFirst.\n"
TWO = b"From: boris@customer.example\nSubject: two\n\nSecond.\n"
LINE = b"From anna@customer.example Mon Mar  2 09:00:00 2026\n"


def sources(*names: Path | str, stdin: bytes = b"") -> list[Source]:
    """Everything that these names give."""
    return list(read_sources([str(name) for name in names], io.BytesIO(stdin)))


@pytest.mark.parametrize("names", [[], ["-"]])
def test_standard_input_is_one_mail(names: list[str]):
    """No name and "-" are the same; the bytes stay as they are."""
    assert sources(*names, stdin=ONE) == [Source(name="-", raw=ONE)]


def test_a_mail_on_standard_input_is_never_split():
    """What a customer writes must not become a second mail; the line that a mail server puts on top is taken off."""
    trick = ONE + b"\n" + LINE + TWO + b">From here\n"
    assert sources(stdin=LINE + trick) == [Source(name="-", raw=trick, from_line=LINE.strip())]


def test_a_file_is_a_mail(tmp_path: Path):
    """Named as it was given."""
    file = tmp_path / "one.eml"
    file.write_bytes(ONE)
    assert sources(file, "-", stdin=TWO) == [Source(name=str(file), raw=ONE), Source(name="-", raw=TWO)]


def test_an_mbox_is_many_mails(tmp_path: Path):
    """Entries are numbered, quoting is undone, a "From " in the text splits nothing, and a single one has no number."""
    file = tmp_path / "box"
    tricky = ONE + LINE + b"\nFrom now on it smokes.\n"
    file.write_bytes(LINE + tricky + b"\n" + LINE + TWO + b">From me\n>>From you\n\n" + LINE + ONE)
    found = sources(file)
    assert [one.name for one in found] == [f"{file}#1", f"{file}#2", f"{file}#3"]
    assert [one.raw for one in found] == [tricky, TWO + b"From me\n>From you\n", ONE]
    single = tmp_path / "single"
    single.write_bytes(LINE + ONE)
    assert sources(single) == [Source(name=str(single), raw=ONE, from_line=LINE.strip())]


def test_the_standard_library_writes_what_we_read(tmp_path: Path):
    """An mbox of Python's mailbox module comes out as it went in."""
    box = mailbox.mbox(tmp_path / "box")
    mails = [ONE, TWO + b"\nFrom the start.\n", b"Subject: three\n\n\n\n"]
    for mail in mails:
        box.add(mail)
    box.close()
    assert [one.raw for one in sources(tmp_path / "box")] == mails


@pytest.mark.parametrize(
    "line",
    [
        b"From - Mon Mar  2 09:00:00 2026\r\n",
        b"From 1234@xxx Mon Mar 02 09:00:00 +0000 2026\n",
        b"From anna@customer.example Mon, 2 Mar 2026 09:00:00 +0300\n",
        b"From anna at customer.example  Mon Mar  2 09:00:00 2026\n",
    ],
)
def test_the_lines_of_many_mailers_are_known(line: bytes):
    """Thunderbird, Takeout and list archives each have their own form."""
    text = line + ONE + b"\n" + line + TWO
    assert [entry.raw for entry in split_mbox(io.BytesIO(text))] == [ONE, TWO]


def test_lines_without_a_date_separate_when_the_first_has_none():
    """Where a program never dates them, nothing else tells mails apart."""
    text = b"From nobody\n" + ONE + b"\nFrom nobody\n" + TWO
    assert [entry.raw for entry in split_mbox(io.BytesIO(text))] == [ONE, TWO]


def test_an_mbox_is_never_wholly_in_memory(tmp_path: Path):
    """12 MB of mails are read with less than half of that."""
    file = tmp_path / "box"
    with file.open("wb") as out:
        for _ in range(12):
            out.write(LINE + ONE + (b"x" * 99 + b"\n") * 10_000 + b"\n")
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_sources([str(file)], io.BytesIO()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 12
    assert peak < 6_000_000


def test_a_maildir_is_read_where_mails_are_whole(tmp_path: Path):
    """new/ and cur/ by the time of delivery; tmp/ is still being written."""
    for folder, name, raw in (("cur", "2.b:2,S", TWO), ("new", "1.a", ONE), ("tmp", "0.c", b"half")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_bytes(raw)
    assert [one.raw for one in sources(tmp_path)] == [ONE, TWO]
    assert sources(tmp_path)[1].name == str(tmp_path / "cur" / "2.b:2,S")


def test_a_directory_is_read_in_the_order_of_names(tmp_path: Path):
    """Folders in it too; what is hidden, no file, or a link to a folder is left alone."""
    (tmp_path / "b.eml").write_bytes(TWO)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "z.eml").write_bytes(ONE)
    (tmp_path / ".hidden").write_bytes(b"no")
    (tmp_path / "circle").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "fifo")
    assert [one.raw for one in sources(tmp_path)] == [ONE, TWO]


def test_a_name_that_cannot_be_read_is_told_before_anything_is_taken(tmp_path: Path):
    """Nothing is ingested when one of the names is wrong."""
    (tmp_path / "one.eml").write_bytes(ONE)
    with pytest.raises(NotFound, match=r"missing\.eml cannot be read: No such file"):
        read_sources([str(tmp_path / "one.eml"), str(tmp_path / "missing.eml")], io.BytesIO())


HEADER = (
    b"Return-Path: <bounce+1@list.example>\nX-Original-To: sales@desk.example\n"
    b"Delivered-To:\n\tsupport@desk.example\nReturn-Path: <older@x.example>\n"
)


@pytest.mark.parametrize(
    ("raw", "from_line", "sender"),
    [
        (HEADER + ONE, LINE, "bounce+1@list.example"),
        (b"Return-Path: <>\n" + ONE, LINE, ""),
        (b"Return-Path:\r\n <a@b.example>\r\n" + ONE, b"", "a@b.example"),
        (b"Return-Path: nonsense\n" + ONE, LINE, "anna@customer.example"),
        (ONE, LINE, "anna@customer.example"),
        (ONE, b"From MAILER-DAEMON Mon Mar  2 09:00:00 2026", ""),
        (ONE, b"From - Mon Mar  2 09:00:00 2026", None),
        (ONE + b"\nReturn-Path: <text@x.example>\n", b"", None),
    ],
)
def test_the_sender_is_what_the_last_delivery_wrote(raw: bytes, from_line: bytes, sender: str | None):
    """Return-Path, else the "From " line, else it is not known; text in the body says nothing."""
    envelope = Source(name="x", raw=raw, from_line=from_line).envelope(None, ())
    assert envelope.sender == sender


def test_recipients_are_those_of_the_delivery():
    """The address that was written to first, then the one it became; what is given by hand wins."""
    source = Source(name="x.eml", raw=HEADER + ONE)
    envelope = source.envelope(None, ())
    assert envelope.recipients == ("sales@desk.example", "support@desk.example")
    assert (envelope.channel, envelope.source, envelope.trusted) == ("pipe", "x.eml", True)
    given = source.envelope("", ["a@desk.example"], trusted=False)
    assert (given.sender, given.recipients, given.trusted) == ("", ("a@desk.example",), False)
    assert Source(name="x", raw=ONE).envelope(None, ()).recipients == ()


def test_the_from_line_names_a_sender_or_not():
    """A name without a domain, such as root, is no address."""
    assert [sender_of(line) for line in (b"From <a@b.example> x", b"From root x", b"From")] == [
        "a@b.example",
        None,
        None,
    ]
