"""The tree of parts, the body chosen from it, and the attachments beside it."""

from __future__ import annotations

import base64
import hashlib

import pytest

from maild.messages.bodies import Body, read_body
from maild.messages.fields import read_fields
from maild.messages.mime import DEPTH_CAP, PARTS_CAP, read_parts
from maild.messages.transfer import decode, uudecode


def body_of(raw: bytes) -> Body:
    """What is read of a mail's content."""
    return read_body(read_parts(raw, read_fields(raw))[0])


def multipart(subtype: str, *parts: str, boundary: str = "b") -> str:
    """A multipart, its header included, from parts with their headers."""
    inside = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n{inside}--{boundary}--\r\n'


PLAIN = "Content-Type: text/plain\r\n\r\nplain words"
HTML = "Content-Type: text/html\r\n\r\n<p>html <b>words</b></p>"
PICTURE = "Content-Type: image/png\r\nContent-ID: <pic@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0="
INNER = "Content-Type: message/rfc822\r\n\r\nFrom: b@example.org\r\nSubject: inner\r\n\r\ninner words"


def test_of_two_alternatives_both_are_kept() -> None:
    """The plain one is the text, the HTML one is read beside it."""
    body = body_of(multipart("alternative", PLAIN, HTML).encode())
    assert (body.text, body.text_from_html) == ("plain words", "html words")
    assert body.html == "<p>html <b>words</b></p>"


def test_an_empty_plain_alternative_gives_way_to_the_html() -> None:
    """Some senders write an empty plain part beside the real one."""
    assert (
        body_of(multipart("alternative", "Content-Type: text/plain\r\n\r\n \r\n", HTML).encode()).text == "html words"
    )


def test_text_parts_in_a_row_are_one_body() -> None:
    """A mailing list's footer, or text around a picture: all of it is read, in order."""
    second = "Content-Type: text/plain\r\n\r\nsecond"
    body = body_of(multipart("mixed", PLAIN, PICTURE, HTML, second).encode())
    assert body.text == "plain words\n\nhtml words\n\nsecond"
    assert body.text_from_html == body.text


@pytest.mark.parametrize("disposition", ["", "Content-Disposition: attachment; filename=a.png\r\n"])
def test_what_the_html_shows_is_inline_wherever_it_stands(disposition: str) -> None:
    """Outlook and Apple Mail put pictures of the text beside it, and call them attachments."""
    html = "Content-Type: text/html\r\n\r\n<p>See <img src='cid:pic%40x'></p>"
    [picture] = body_of(multipart("mixed", html, disposition + PICTURE).encode()).attachments
    assert picture.inline


def test_a_named_file_that_the_text_does_not_show_is_no_inline_part() -> None:
    """Apple Mail calls every file inline; it is meant to be kept all the same."""
    report = "Content-Type: application/pdf\r\nContent-Disposition: inline; filename=report.pdf\r\n\r\n%PDF"
    unnamed = "Content-Type: image/png\r\nContent-Disposition: inline\r\n\r\npng"
    assert [one.inline for one in body_of(multipart("mixed", HTML, report, unnamed).encode()).attachments] == [
        False,
        True,
    ]


def test_a_picture_of_a_related_html_is_an_inline_attachment() -> None:
    """It keeps its Content-ID, its size and its digest, and gets a name that is always the same."""
    [picture] = body_of(multipart("related", HTML, PICTURE).encode()).attachments
    content = base64.b64decode("iVBORw0=")
    assert (picture.filename, picture.inline, picture.content_id) == ("part-2.png", True, "pic@x")
    assert (picture.size, picture.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_an_attached_mail_is_never_a_part_of_the_text() -> None:
    """Its bytes are kept exactly, under the name of its subject."""
    body = body_of(multipart("mixed", PLAIN, INNER).encode())
    assert body.text == "plain words"
    assert [one.filename for one in body.attachments] == ["inner.eml"]
    assert body.first_mail == b"From: b@example.org\r\nSubject: inner\r\n\r\ninner words"


def test_an_attached_mail_may_be_wrapped_in_base64() -> None:
    """RFC 2046 forbids it, and clients do it."""
    inner = base64.b64encode(b"From: b@example.org\r\nSubject: inner\r\n\r\nwords").decode()
    part = f"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{inner}"
    body = body_of(multipart("mixed", PLAIN, part).encode())
    assert body.first_mail == b"From: b@example.org\r\nSubject: inner\r\n\r\nwords"


def test_text_with_a_file_name_is_an_attachment() -> None:
    """A log file is no part of what the sender says."""
    log = "Content-Type: text/plain; name=server.log\r\nContent-Disposition: attachment\r\n\r\nERROR"
    body = body_of(multipart("mixed", PLAIN, log).encode())
    assert (body.text, [one.filename for one in body.attachments]) == ("plain words", ["server.log"])


@pytest.mark.fault("G-9")
def test_text_that_is_all_there_is_counts_as_the_body_even_with_a_name() -> None:
    """A mail of one named text part without a disposition is a mail, not a file."""
    assert body_of(b"Content-Type: text/plain; name=x.txt\r\n\r\nwords").text == "words"


def test_an_invitation_is_an_attachment_with_a_name() -> None:
    """A calendar part beside the text is offered as a file and does nothing."""
    invite = "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR"
    body = body_of(multipart("alternative", PLAIN, HTML, invite).encode())
    assert (body.text, [one.filename for one in body.attachments]) == ("plain words", ["event.ics"])


def test_a_signature_stands_beside_the_signed_text() -> None:
    """S/MIME: the text is read, the signature is a file."""
    signature = "Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nMIIG"
    body = body_of(multipart("signed", PLAIN, signature).encode())
    assert (body.text, [one.filename for one in body.attachments]) == ("plain words", ["smime.p7s"])


def test_a_truncated_mail_is_read_as_far_as_it_goes() -> None:
    """A nested multipart without its end, inside one without its end."""
    raw = multipart("mixed", multipart("alternative", PLAIN, HTML, boundary="in")).encode()
    body = body_of(raw[: raw.index(b"words</b>")])
    assert (body.text, body.text_from_html) == ("plain words", "html")


def test_a_wrong_boundary_is_guessed() -> None:
    """Where the declared boundary is nowhere, the lines that look like one are taken."""
    raw = multipart("mixed", PLAIN, HTML).replace('boundary="b"', 'boundary="other"').encode()
    assert body_of(raw).text == "plain words\n\nhtml words"


def test_a_multipart_without_parts_is_plain_text() -> None:
    """Its words are not lost."""
    assert body_of(b"Content-Type: multipart/mixed; boundary=b\r\n\r\njust words").text == "just words"


def test_a_boundary_that_begins_like_another_is_another() -> None:
    """`--b` inside the text of a part whose boundary is `bb`, and the other way round."""
    inner = multipart("alternative", PLAIN, HTML, boundary="bb")
    assert body_of(multipart("mixed", inner).encode()).text == "plain words"


def test_a_report_whose_words_stand_in_the_machine_part_is_read() -> None:
    """Some servers write the reason for people where the fields for machines belong."""
    report = "Content-Type: message/delivery-status\r\n\r\nThe mailbox is full."
    assert body_of(multipart("report", report).encode()).text.strip() == "The mailbox is full."


@pytest.mark.parametrize("count", [PARTS_CAP + 500])
def test_thousands_of_parts_are_cut(count: int) -> None:
    """A cap holds, and the mail says so."""
    raw = multipart("mixed", *["Content-Type: image/png\r\n\r\nx"] * count).encode()
    root, defects = read_parts(raw, read_fields(raw))
    assert sum(1 for _ in root.walk()) == PARTS_CAP
    assert any("too many parts" in defect for defect in defects)


def test_deep_nesting_is_cut() -> None:
    """Two thousand multiparts in each other do not exhaust the stack."""
    head = "".join(f"Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n" for i in range(2000))
    raw = f"{head}Content-Type: text/plain\r\n\r\nbottom".encode()
    root, defects = read_parts(raw, read_fields(raw))
    assert sum(1 for _ in root.walk()) <= DEPTH_CAP + 1
    assert any("too deep" in defect for defect in defects)


def test_html_says_its_charset_itself_where_the_header_does_not() -> None:
    """The meta element counts as a label."""
    page = '<html><head><meta charset="koi8-r"></head><body>да</body></html>'
    assert body_of(b"Content-Type: text/html\r\n\r\n" + page.encode("koi8-r")).text == "да"


def test_flowed_text_is_unwrapped() -> None:
    """Soft line breaks go, quote marks stay, the signature separator is no soft break (RFC 3676)."""
    raw = b"Content-Type: text/plain; format=flowed\r\n\r\n> a \r\n> b\r\none \r\ntwo\r\n From here\r\n-- \r\nAnna"
    assert body_of(raw).text == "> a b\none two\nFrom here\n-- \nAnna"


@pytest.mark.parametrize(
    ("data", "encoding", "content"),
    [
        (b"aGVsbG8=", "base64", b"hello"),
        (b"aGVs\r\nbG8", "BASE64", b"hello"),
        (b"aGVsbG8", "base64", b"hello"),
        (b"aGVsbG8=\r\naGVsbG8=", "base64", b"hellohello"),
        (b"aGVsbG8= ignored", "base64", b"hello"),
        (b"aGVsbG8=\r\n____\r\nA list's footer", "base64", b"hello"),
        (b"This is plain text, not base64!", "base64", b"This is plain text, not base64!"),
        (b"Please help me\nThanks\n", "base64", b"Please help me\nThanks\n"),
        (b"aGVsbG8=", "base 64 (of a form)", b"hello"),
        (b"aGVsbG8=", "Base-64;", b"hello"),
        (b"a=3Db=\r\nc=ZZ", "quoted-printable", b"a=bc=ZZ"),
        (b"a=3Db= \t\r\nc= \nd = e", "quoted- printable", b"a=bcd = e"),
        (b"a=3Db", "quoted_printable, 8bit", b"a=b"),
        (b"as it is", "8bit", b"as it is"),
        (b"begin 644 x\n#86)C\n`\nend\n", "x-uuencode", b"abc"),
        (b"x", "x-unheard-of", b"x"),
    ],
)
def test_transfer_encodings_are_undone_leniently(data: bytes, encoding: str, content: bytes) -> None:
    """What can be read is read; a wrong label leaves the content as it is."""
    assert decode(data, encoding) == content


def test_uuencode_without_its_first_line_is_read() -> None:
    """Nothing raises on lines that are no uuencoding."""
    assert uudecode(b"#86)C\nnot at all uuencoded \xff\nend\n").startswith(b"abc")
