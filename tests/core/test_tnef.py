"""winmail.dat unpacked: files with their names, the text, and nothing that hostile bytes can do."""

from __future__ import annotations

import base64
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.messages import rtf, tnef
from maild.messages.mail import Mail
from maild.messages.read import read_mail

RTF = rb"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0\fcharset204 Arial;}}\f0 \'cf\'f0\'e8\'e2\'e5\'f2\par rich}"


def attribute(name: int, value: bytes, level: int = 1) -> bytes:
    """One attribute with its checksum."""
    return struct.pack("<BHHI", level, name, 6, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def prop(name: int, kind: int, value: bytes) -> bytes:
    """One property: numbers bare, all else counted and padded."""
    head = struct.pack("<HH", kind, name)
    if kind == 0x03:
        return head + value
    return head + struct.pack("<II", 1, len(value)) + value + b"\0" * (-len(value) % 4)


def props(*found: bytes) -> bytes:
    """A list of properties."""
    return struct.pack("<I", len(found)) + b"".join(found)


def named_prop() -> bytes:
    """A named property, which has its name in front of its value."""
    name = "Keywords".encode("utf-16-le") + b"\0\0"
    head = struct.pack("<HH", 0x1F, 0x8001) + b"g" * 16 + struct.pack("<II", 1, len(name)) + name
    value = "x".encode("utf-16-le")
    return head + b"\0" * (-len(name) % 4) + struct.pack("<II", 1, len(value)) + value + b"\0\0"


def compressed(text: bytes) -> bytes:
    """Rich text in the packed form, of bytes alone (MS-OXRTFCP)."""
    data = b"".join(b"\0" + text[at : at + 8] for at in range(0, len(text), 8))
    return struct.pack("<II4sI", len(data) + 12, len(text), b"LZFu", 0) + data


def tnef_of(*message: bytes, kind: bytes = b"IPM.Microsoft Mail.Note\0", files: bytes = b"") -> bytes:
    """A whole stream in code page 1251 with these properties of the message."""
    head = struct.pack("<IH", 0x223E9F78, 1)
    codepage = attribute(0x9007, struct.pack("<II", 1251, 0))
    return head + codepage + attribute(0x8008, kind) + attribute(0x9003, props(*message)) + files


def file_of(content: bytes, *found: bytes, title: bytes = b"SHORT~1.TXT\0") -> bytes:
    """An attachment of the stream."""
    start = attribute(0x9002, b"\1\0" + b"\xff" * 12, 2)
    named = attribute(0x8010, title, 2) + attribute(0x800F, content, 2)
    return start + named + attribute(0x9005, props(*found), 2)


def mail_of(stream: bytes, kind: str = "application/ms-tnef", name: str = "winmail.dat", text: str = "") -> Mail:
    """A mail as Outlook sends it: its text, and the stream beside it."""
    encoded = base64.encodebytes(stream).decode()
    raw = (
        'From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n"
        f'--b\r\nContent-Type: {kind}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--b--\r\n'
    )
    return read_mail(raw.encode())


LONG = prop(0x3707, 0x1F, "Отчёт за год.docx".encode("utf-16-le") + b"\0\0")
OEM_LONG = prop(0x3707, 0x1E, "Счёт.pdf".encode("cp1251") + b"\0")


@pytest.mark.parametrize(
    ("kind", "name"), [("application/ms-tnef", "x.bin"), ("application/octet-stream", "WinMail.dat")]
)
def test_files_come_out_under_their_long_names(kind: str, name: str) -> None:
    """By type or by name, in Unicode or in the sender's code page; the container is gone, the text stays."""
    files = file_of(b"docx bytes", LONG) + file_of(b"%PDF", OEM_LONG) + file_of(b"short")
    read = mail_of(tnef_of(named_prop(), files=files), kind, name, "See the files.")
    assert [(one.filename, one.content) for one in read.attachments] == [
        ("Отчёт за год.docx", b"docx bytes"),
        ("Счёт.pdf", b"%PDF"),
        ("SHORT~1.TXT", b"short"),
    ]
    assert read.attachments[1].content_type == "application/pdf"
    assert read.text.strip() == "See the files."


def test_a_mail_without_other_text_is_read_from_its_rich_text() -> None:
    """Compressed, in a Russian font."""
    read = mail_of(tnef_of(prop(0x1009, 0x102, compressed(RTF))))
    assert (read.text, read.reply, read.attachments) == ("Привет\nrich", "Привет\nrich", ())


def test_plain_text_inside_comes_before_rich_text() -> None:
    """PidTagBody, in the sender's code page."""
    read = mail_of(
        tnef_of(prop(0x1000, 0x1E, "Добрый день".encode("cp1251") + b"\0"), prop(0x1009, 0x102, compressed(RTF)))
    )
    assert read.text == "Добрый день"


def test_html_inside_rich_text_is_html_again() -> None:
    """What Outlook packed into rich text comes out as the HTML that it was (MS-OXRTFEX)."""
    rich = (
        rb"{\rtf1\ansi\fromhtml1 {\*\htmltag19 <html><body>}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 one "
        rb"{\*\htmltag84 <b>}\htmlrtf {\b \htmlrtf0 two\htmlrtf }\htmlrtf0 {\*\htmltag92 </b>}\htmlrtf\par}\htmlrtf0 "
        rb"{\*\htmltag72 </p>}\u1078?{\*\htmltag27 </body></html>}}"
    )
    read = mail_of(tnef_of(prop(0x1009, 0x102, compressed(rich))))
    assert read.html == "<html><body><p>one <b>two</b></p>ж</body></html>"
    assert read.text == "one two\n\nж"


def test_html_inside_is_read_in_its_own_charset() -> None:
    """PidTagHtml is bytes in the code page that PidTagInternetCodepage names."""
    page = prop(0x3FDE, 0x03, struct.pack("<I", 20866))
    read = mail_of(tnef_of(page, prop(0x1013, 0x102, "<p>Здравствуйте</p>".encode("koi8-r"))))
    assert read.text == "Здравствуйте"


def test_what_is_no_mere_mail_keeps_its_container() -> None:
    """An appointment says more than its text and its files."""
    stream = tnef_of(kind=b"IPM.Microsoft Schedule.MtgReq\0", files=file_of(b"x", LONG))
    assert [one.filename for one in mail_of(stream).attachments] == ["winmail.dat", "Отчёт за год.docx"]


@pytest.mark.parametrize("cut", [3, 40, -7])
def test_a_stream_that_cannot_be_read_to_its_end_stays_an_attachment(cut: int) -> None:
    """Whatever could be read is beside it."""
    stream = tnef_of(files=file_of(b"whole", LONG) + file_of(b"cut off" * 5))[:cut]
    kept = mail_of(stream).attachments
    assert kept[0].filename == "winmail.dat"
    assert kept[0].content == stream
    assert [one.content for one in kept[1:2]] == ([b"whole"] if cut == -7 else [])


def test_a_mail_inside_is_kept_as_one_file() -> None:
    """An embedded message is no file of the sender's; it can be opened by who asks."""
    inner = tnef_of(files=file_of(b"x"))
    embedded = prop(0x3701, 0x0D, bytes.fromhex("0703020000000000c000000000000046") + inner)
    start = attribute(0x9002, b"\1\0", 2) + attribute(0x9005, props(prop(0x3001, 0x1E, b"old mail\0"), embedded), 2)
    [kept] = mail_of(tnef_of(files=start)).attachments
    assert (kept.content_type, kept.content) == ("application/ms-tnef", inner)


def test_hostile_names_are_harmless() -> None:
    """Folders and line breaks in a name do nothing."""
    evil = prop(0x3707, 0x1F, "../../etc/pa\r\nss\u202ewd\ud800".encode("utf-16-le", "surrogatepass"))
    [kept] = mail_of(tnef_of(files=file_of(b"x", evil))).attachments
    assert "/" not in kept.filename
    assert kept.filename.isprintable()
    kept.filename.encode()


def test_references_of_compressed_text_reach_back_and_into_themselves() -> None:
    """The specification's own second example: a run that repeats what it is writing."""
    packed = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert rtf.decompress(packed) == rb"{\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    assert rtf.decompress(b"\x10\0\0\0\x04\0\0\0MELA\0\0\0\0{abc") == b"{abc"
    assert rtf.decompress(b"nothing of the kind here") == b""


def test_rich_text_is_read_as_words() -> None:
    """Fonts, pictures and fields are left out; signs, tabs and characters beyond the first plane are read."""
    source = (
        rb"{\rtf1{\*\generator x;}{\info{\title no}}a\tab b\line \{c\}\uc1\u-10179?\u-8704?{\pict 00ff}\bin3 }}}d\~e}"
    )
    assert rtf.read(source).text == "a\tb\n{c}\U0001f600d\u00a0e"


@given(st.binary(max_size=400), st.integers(0, 600))
@pytest.mark.fault("G-5")
def test_no_bytes_raise_or_take_long(noise: bytes, at: int) -> None:
    """Random bytes, and random bytes inside a good stream."""
    good = tnef_of(named_prop(), prop(0x1009, 0x102, compressed(RTF)), files=file_of(b"data", LONG))
    broken = good[:at] + noise + good[at + len(noise) :]
    for data in (noise, good[:6] + noise, broken):
        found = tnef.unpack(data)
        assert found is None or "\x00" not in (found.text or "")
    rtf.read(rtf.decompress(compressed(RTF)[:16] + noise))
    rtf.read(noise)


@pytest.mark.parametrize(
    "stream",
    [
        tnef_of() + attribute(0x9003, struct.pack("<I", 0xFFFFFFFF) + b"\x1e\0\0\x10" + b"\xff\xff\xff\xff" * 2000),
        tnef_of(files=attribute(0x9002, b"", 2) * 100_000),
        tnef_of(prop(0x1009, 0x102, struct.pack("<II4sI", 2**31, 2**31, b"LZFu", 0) + b"\xff\0\1" * 300_000)),
        tnef_of(prop(0x1009, 0x102, compressed(b"{" * 200_000))),
        tnef_of(prop(0x1009, 0x102, compressed(rb"{\rtf1\u1?" * 50_000))),
        tnef_of(b"\x1f\x10\x00\x30" + struct.pack("<I", 0x7FFFFFFF) + b"\0" * 100),
    ],
    ids=["huge count", "many files", "long references", "deep groups", "many words", "huge list"],
)
@pytest.mark.fault("G-5")
def test_hostile_streams_cost_little(stream: bytes) -> None:
    """Counts, depth and sizes are capped."""
    start = time.process_time()
    found = tnef.unpack(stream)
    assert time.process_time() - start < 1.5  # a tenth of it where nothing else is done
    assert found is not None
    assert len(found.files) <= tnef.FILES_CAP
