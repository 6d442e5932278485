"""Signed and encrypted mails are recognised, and read as far as they can be."""

from __future__ import annotations

import base64
import binascii
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parts import need

from maild.messages.cms import cms_kind, cms_signers
from maild.messages.mail import Mail
from maild.messages.read import read_mail
from maild.messages.sealed import Seal, open_clearsigned, take_out_encrypted
from maild.messages.uuencode import take_out

ENTITY = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + "Добрый день, принтер сломан.\r\n".encode()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own, made by openssl."""
    folder = tmp_path_factory.mktemp("smime")
    call = [need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    names = ["-subj", "/CN=a", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2"]
    subprocess.run([*call, *names], cwd=folder, check=True, capture_output=True)
    return folder


def openssl(keys: Path, *options: str, content: bytes = ENTITY) -> bytes:
    """What openssl makes of a MIME entity: DER or a mail."""
    call = [need("openssl"), "cms", "-binary", *options]
    return subprocess.run(call, cwd=keys, check=True, capture_output=True, input=content).stdout


def opaque(
    der: bytes, params: str = "; smime-type=signed-data; name=smime.p7m", kind: str = "application/pkcs7-mime"
) -> Mail:
    """A mail that is one CMS message."""
    head = f"From: a@b.example\r\nSubject: Вопрос\r\nContent-Type: {kind}{params}\r\n"
    head += "Content-Transfer-Encoding: base64\r\n\r\n"
    return read_mail(head.encode() + base64.encodebytes(der))


@pytest.mark.parametrize("stream", [(), ("-stream", "-indef")])
@pytest.mark.parametrize("kind", ["application/pkcs7-mime", "application/octet-stream"])
def test_an_opaque_signed_mail_is_read(keys: Path, stream: tuple[str, ...], kind: str) -> None:
    """In one piece or streamed; the wrapping stays with the mail, but is no file to people."""
    der = openssl(keys, "-sign", "-signer", "cert.pem", "-inkey", "key.pem", "-nodetach", "-outform", "DER", *stream)
    read = opaque(der, kind=kind)
    assert read.text.strip() == "Добрый день, принтер сломан."
    assert (read.signed, read.encrypted) == (Seal.SMIME, None)
    assert [(one.filename, one.seal) for one in read.attachments] == [("smime.p7m", True)]


def test_a_detached_signature_is_no_file_to_people(keys: Path) -> None:
    """The text is read as ever; nobody says that the signature is good."""
    raw = openssl(keys, "-sign", "-signer", "cert.pem", "-inkey", "key.pem", "-from", "a@b.example")
    read = read_mail(raw)
    assert read.text.strip() == "Добрый день, принтер сломан."
    assert read.signed is Seal.SMIME
    assert [one.seal for one in read.attachments] == [True]


def test_an_encrypted_mail_says_so_and_keeps_its_file(keys: Path) -> None:
    """In the language of the subject, and with no language claimed for words that are ours."""
    der = openssl(keys, "-encrypt", "-outform", "DER", "-recip", "cert.pem")
    read = opaque(der, "; smime-type=enveloped-data; name=smime.p7m")
    assert read.text == "Это письмо зашифровано (S/MIME); его содержание во вложении."
    assert (read.signed, read.encrypted) == (None, Seal.SMIME)
    assert [(one.filename, one.content, one.seal) for one in read.attachments] == [("smime.p7m", der, False)]


@pytest.mark.parametrize("content", [b"", b"cut", b"\x30\x82\x10\x00\x06\x09"])
def test_what_calls_itself_encrypted_is_said_to_be(content: bytes) -> None:
    """Also where nothing can be made of its bytes: the label is all that anybody will ever know of it."""
    read = opaque(content, "; smime-type=enveloped-data; name=smime.p7m")
    assert (read.signed, read.encrypted) == (None, Seal.SMIME)
    assert read.text == "Это письмо зашифровано (S/MIME); его содержание во вложении."
    assert opaque(content, "; smime-type=signed-data; name=smime.p7m").encrypted is None


def test_pgp_mime_is_recognised() -> None:
    """Both kinds of RFC 3156."""
    kind = 'Content-Type: multipart/{}; protocol="application/pgp-{}"; boundary=b'
    head = f"From: a@b.example\nSubject: Question\n{kind}\n\n"
    signed = read_mail(
        (head.format("signed", "signature") + "--b\nContent-Type: text/plain\n\nHello\n--b\n"
        "Content-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----\n--b--\n").encode()
    )  # fmt: skip
    assert (signed.text, signed.signed, signed.encrypted) == ("Hello", Seal.PGP, None)
    assert [(one.filename, one.seal) for one in signed.attachments] == [("signature.asc", True)]
    sealed = read_mail(
        (head.format("encrypted", "encrypted") + "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\n"
        'Content-Type: application/octet-stream; name="encrypted.asc"\n\n-----BEGIN PGP MESSAGE-----\n--b--\n').encode()
    )  # fmt: skip
    assert sealed.text == "This mail is encrypted (PGP); its content is in the attachment."
    assert (sealed.signed, sealed.encrypted) == (None, Seal.PGP)
    assert [one.filename for one in sealed.attachments] == ["pgp-version.asc", "encrypted.asc"]


CLEAR = (
    "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nHello\n- -- \n- dashed\n"
    "-----BEGIN PGP SIGNATURE-----\n\nabc=\n"
    "-----END PGP SIGNATURE-----\n"
)


def plain(text: str) -> Mail:
    """A mail of this text."""
    return read_mail(f"From: a@b.example\nSubject: x\nContent-Type: text/plain; charset=utf-8\n\n{text}".encode())


def test_an_inline_signature_is_taken_off() -> None:
    """Frame and dash escapes (RFC 9580, 7.1) are gone, text around them stays."""
    read = plain("Above\n" + CLEAR + "Footer\n")
    assert read.text == "Above\nHello\n-- \ndashed\nFooter\n"
    assert (read.signed, read.attachments) == (Seal.PGP, ())


@pytest.mark.parametrize("cut", ["-----END PGP SIGNATURE-----\n", "-----BEGIN PGP SIGNATURE-----\n", "\n\n"])
def test_a_broken_frame_is_text(cut: str) -> None:
    """Whatever is missing of it."""
    text = CLEAR.replace(cut, "x", 1)
    assert open_clearsigned(text) == (text, False)


def test_an_inline_encrypted_message_becomes_a_file() -> None:
    """The words around it are the text; quoted armour is a quote."""
    armour = "-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n"
    read = plain("Hi\n" + armour)
    assert (read.text, read.encrypted) == ("Hi\n", Seal.PGP)
    assert [(one.filename, one.content) for one in read.attachments] == [("encrypted.asc", armour.encode())]
    assert plain(armour).text == "This mail is encrypted (PGP); its content is in the attachment."
    assert plain("Hi\n> -----BEGIN PGP MESSAGE-----\n>\n> abc\n> -----END PGP MESSAGE-----\n").encrypted is None


def uu(content: bytes, name: str = "data.bin", mode: str = "644") -> str:
    """A file as uuencode writes it."""
    lines = [binascii.b2a_uu(content[at : at + 45]).decode() for at in range(0, len(content), 45)]
    return f"begin {mode} {name}\n" + "".join(lines) + "`\nend\n"


def test_a_uuencoded_file_in_a_text_becomes_an_attachment() -> None:
    """The text around stays whole; several files, spaces lost at line ends, the kind told by the name."""
    stripped = uu(b"a\0\0\0\0\0\0", "заметка.txt").replace("`", " ")
    stripped = "\n".join(line.rstrip() for line in stripped.split("\n"))
    read = plain(f"Above\n{uu(bytes(range(200)))}between\n{stripped}below\n")
    assert read.text == "Above\nbetween\nbelow\n"
    assert [(one.filename, one.content_type, one.content) for one in read.attachments] == [
        ("data.bin", "application/octet-stream", bytes(range(200))),
        ("заметка.txt", "text/plain", b"a\0\0\0\0\0\0"),
    ]
    assert take_out("begin-base64 644 a.txt\naGk=\n====\n")[1][0].content == b"hi"


@pytest.mark.parametrize(
    "text",
    [
        "begin 644 x\nwords of a person\nend\n",
        uu(b"abc" * 30).replace("\nend", ""),
        uu(b"abc" * 30).replace("M", "MMM", 1),
        "> " + uu(b"abc").replace("\n", "\n> "),
        "=ybegin line=128 size=3 name=a\nabc\n=yend size=3\n",
        "begin here\nend\n",
        "begin-base64 644 a\na*b\n====\n",
    ],
)
def test_what_is_not_well_formed_stays_text(text: str) -> None:
    """Examples, halves, quotes and yEnc."""
    assert take_out(text) == (text, ())


def test_enriched_text_is_read() -> None:
    """Its tags are no HTML: a single line break is a space, `<<` a bracket (RFC 1896)."""
    body = "<bold>Now</bold> is\nthe time\n\nfor <color><param>red</param>all</color> <<good\n<nofill>a\nb</nofill>"
    read = read_mail(f"From: a@b.example\nContent-Type: text/enriched\n\n{body}".encode())
    assert (read.text, read.html) == ("Now is the time\nfor all <good a\nb", None)
    elder = read_mail(b"From: a@b.example\nContent-Type: text/richtext\n\n<bold>a</bold>\nb<nl>c <lt>d")
    assert elder.text == "a b\nc <d"


def test_rare_parts_have_sensible_names() -> None:
    """A fork of a Macintosh file does not take the file's name away; nothing outside is fetched."""
    raw = (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHi\n"
        b"--b\nContent-Type: multipart/appledouble; boundary=c\n\n--c\n"
        b"Content-Type: application/applefile; name=p.jpg\n\n1\n"
        b"--c\nContent-Type: image/jpeg; name=p.jpg\n\n2\n--c--\n"
        b"--b\nContent-Type: message/external-body; access-type=URL; URL=http://x.example/\n\n"
        b"Content-Type: text/plain\n\n"
        b"--b\nContent-Type: message/partial; id=1; number=2\n\nrest\n--b\nContent-Type: text/rtf\n\n{\\rtf1}\n--b--\n"
    )
    names = [one.filename for one in read_mail(raw).attachments]
    assert names == ["p.jpg.applefile", "p.jpg", "somewhere-else.txt", "part-of-a-mail.eml", "part-6.rtf"]


SIGNED = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
SIGNERS = b"\x30\x80" + SIGNED + b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x00\x31\x80"


@given(st.binary(max_size=200))
def test_no_bytes_raise(noise: bytes) -> None:
    """Random bytes as a CMS message and as text."""
    cms_kind(noise)
    cms_kind(b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + noise)
    cms_signers(noise)
    cms_signers(SIGNERS + b"\x30\x80\x02\x01\x01" + noise)
    text = noise.decode("latin-1")
    take_out("begin 644 x\n" + text)
    open_clearsigned("-----BEGIN PGP SIGNED MESSAGE-----\n" + text)


@pytest.mark.parametrize(
    "content",
    [
        b"\x30\x80" + SIGNED + b"\x24\x80" * 200_000,
        b"\x30\x80" * 200_000,
        b"\x30\x80" + SIGNED + b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80\x06\x01\x01\xa0\x80" + b"\x24\x80" * 20
        + b"\x04\x00" * 500_000,
    ],
)  # fmt: skip
@pytest.mark.fault("G-5")
def test_hostile_cms_costs_little(content: bytes) -> None:
    """Endless nesting and endless pieces."""
    start = time.process_time()
    cms_kind(content)
    cms_signers(content)
    assert time.process_time() - start < 1.5  # a tenth of it where nothing else is done


@pytest.mark.parametrize(
    "text",
    [
        "begin 644 x\n" * 50_000,
        "begin 644 x\n" + "M" * 61 + ("\n" + "M" * 61) * 20_000,
        "-----BEGIN PGP SIGNED MESSAGE-----\n" * 30_000,
        "-----BEGIN PGP SIGNED MESSAGE-----\n\n" + "-----BEGIN PGP SIGNATURE-----\n" * 30_000,
        "-----BEGIN PGP MESSAGE-----\n" * 30_000,
        "x-----BEGIN PGP MESSAGE-----" * 30_000,
    ],
)
def test_hostile_texts_cost_little(text: str) -> None:
    """Beginnings without ends."""
    start = time.process_time()
    take_out(text)
    open_clearsigned(text)
    take_out_encrypted(text)
    assert time.process_time() - start < 1.5  # a tenth of it where nothing else is done
