"""What of an agent's mail may leave the house."""

import pytest
from office import MINT, eml

from maild.messages.read import read_mail
from maild.messages.tokens import Purpose
from maild.threads.release import Withheld, files_to_send, words_to_send

ORDERS = {"note", "take", "close", "assign"}
OWN = {"boris@desk.example"}
TOKEN = MINT.address(Purpose.AGENT, 1001, "boris")
FOOTER = "SUP-1001: Printer\nCustomer: Ivan\n/note - only colleagues see this reply\n/take - it is mine"


def sent(text: str) -> str:
    """The words that leave."""
    return words_to_send(text, "SUP-1001", OWN, ORDERS, MINT)


def test_plain_words_leave_as_they_are() -> None:
    """Blank lines and lists among them."""
    assert sent("Dear Ivan,\n\n- close the lid\n- wait") == "Dear Ivan,\n\n- close the lid\n- wait"


@pytest.mark.parametrize("margin", ["", "> ", "| ", "\u00a0"])
def test_a_letter_of_ours_that_was_quoted_without_a_mark_is_cut(margin: str) -> None:
    """Our footer below the answer, quoted in a way that no reader of mail knows."""
    footer = "\n".join(margin + line for line in FOOTER.split("\n"))
    assert sent(f"Close the lid.\n\n----\n{footer}") == "Close the lid."


def test_a_signed_address_never_leaves() -> None:
    """A client that writes the header of what it quotes."""
    assert sent(f"Close the lid.\nReply-To: {TOKEN}\n") == "Close the lid."


def test_words_below_our_letter_are_withheld_rather_than_cut() -> None:
    """Nothing that an agent wrote may get lost on the way."""
    with pytest.raises(Withheld, match="words_below_ours"):
        sent(f"{FOOTER}\n\nClose the lid.")


def test_an_order_below_the_text_withholds_it() -> None:
    """He meant it to stay inside."""
    with pytest.raises(Withheld, match="order_below"):
        sent("Hi\n/note\nHe is a friend of the boss.")


@pytest.mark.parametrize("order", ["/ждём", "/ЖДЁМ ответа", "/ждем"])
def test_a_russian_order_below_the_text_is_one_with_either_letter(order: str) -> None:
    """ё or е, as in the first lines."""
    with pytest.raises(Withheld, match="order_below"):
        words_to_send(f"Добрый день!\n{order}", "SUP-1001", OWN, {"ждем"}, MINT)


def test_a_path_is_no_order() -> None:
    """Only known names are."""
    assert sent("Look into\n/etc/passwd") == "Look into\n/etc/passwd"


@pytest.mark.parametrize("line", ["boris@desk.example", "<Boris@Desk.example>", "mailto:boris@desk.example"])
def test_the_agents_own_address_is_left_out(line: str) -> None:
    """A signature without its mark."""
    assert sent(f"Close the lid.\nBoris Novak\n{line}") == "Close the lid.\nBoris Novak"


@pytest.mark.parametrize("text", ["-- \nBoris\nboris@desk.example", "", " \n>\n", "--\nBoris"])
def test_a_signature_alone_is_no_answer(text: str) -> None:
    """Nothing leaves."""
    assert sent(text) == ""


PART = (
    '--b\r\nContent-Type: {kind}; name="{name}"\r\n'
    'Content-Disposition: {how}; filename="{name}"\r\n{more}\r\n{body}\r\n'
)


@pytest.mark.parametrize(
    ("kind", "name", "body", "leaves"),
    [
        ("application/pdf", "a.pdf", "x", True),
        ("application/pkcs7-signature", "smime.p7s", "x", False),
        ("application/pgp-signature", "signature.asc", "x", False),
        ("text/vcard", "boris.vcf", "BEGIN:VCARD", False),
        ("message/rfc822", "ours.eml", "X-Maild-Loop: aaaa\r\nSubject: x\r\n\r\nx", False),
        ("application/octet-stream", "ours.eml", "X-Maild-Loop: aaaa\r\nSubject: x\r\n\r\nx", False),
        ("application/vnd.ms-outlook", "ours.msg", "\x00".join("X-Maild-Loop: aaaa"), False),
        ("message/rfc822", "other.eml", "Subject: x\r\n\r\nx", True),
    ],
)
def test_files_that_a_client_adds_by_itself_stay(kind: str, name: str, body: str, leaves: bool) -> None:
    """Signatures, cards and our own letters are no files for a customer."""
    part = PART.format(kind=kind, name=name, how="attachment", more="", body=body)
    text = f"--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n{part}--b--\r\n"
    raw = eml("").replace(b"text/plain; charset=utf-8", b"multipart/mixed; boundary=b") + text.encode()
    assert bool(files_to_send(read_mail(raw))) is leaves


@pytest.mark.parametrize("shown", [True, False])
def test_a_picture_leaves_where_the_text_shows_it(shown: bool) -> None:
    """A pasted screenshot is a part of the answer."""
    part = PART.format(kind="image/png", name="s.png", how="inline", more="Content-ID: <pic@x>\r\n", body="x")
    html = '<p>Click here: <img src="cid:pic@x"></p>' if shown else "<p>Click here</p>"
    text = f"--b\r\nContent-Type: text/html\r\n\r\n{html}\r\n{part}--b--\r\n"
    raw = eml("").replace(b"text/plain; charset=utf-8", b"multipart/related; boundary=b") + text.encode()
    assert bool(files_to_send(read_mail(raw))) is shown
