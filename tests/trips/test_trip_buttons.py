"""What an agent presses, asks for and is spared, and a reply that names nothing: through the daemon, on the wire."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, unquote

from clients import write_mail
from daemon import SUPPORT, Daemon, Letter, running_desk

from maild.messages.read import read_mail

ANNA, IVAN = "anna@desk.example", "ivan@customer.example"


def html_of(letter: Letter) -> str:
    """The HTML alternative."""
    return read_mail(letter.raw, is_own=lambda _: False).html or ""


def press(desk: Daemon, letter: Letter, label: str) -> None:
    """What a mail client does with a button: it opens the mail that the link describes, and the agent sends it."""
    html = html_of(letter)
    found = re.search(rf'<a href="([^"]+)"[^>]*>{label}</a>', html)
    assert found is not None, html
    head, _, fields = unescape(found[1]).partition("?")
    to, values = unquote(head.removeprefix("mailto:")), parse_qs(fields, strict_parsing=True)
    raw = write_mail(values["body"][0], sender=f"Anna <{ANNA}>", to=to, subject=values["subject"][0])
    desk.deliver(raw, ANNA, to, login="anna")


def test_a_button_is_pressed_a_mail_fetched_a_reply_found_and_thanks_disturb_nobody(tmp_path: Path) -> None:
    """One ticket from its first mail to the last word."""
    with running_desk(tmp_path / "d") as desk:
        asked = write_mail("My printer prints nothing.", sender=f"Ivan <{IVAN}>", subject="Printer")
        desk.deliver(asked, IVAN, SUPPORT)
        [told] = desk.letters(ANNA)
        press(desk, told, "Беру себе")
        assert desk.ticket("SUP-1001")["assignee"] == "anna"
        assert "Отменить" in html_of(desk.letters(ANNA)[-1])
        press(desk, desk.letters(ANNA)[-1], "Отменить")
        assert desk.ticket("SUP-1001")["assignee"] is None

        # Neither an id nor a tag: only the subject and the sender say what it is about.
        again = write_mail("And now it smokes.", sender=f"Ivan <{IVAN}>", subject="Re: Printer")
        desk.deliver(again, IVAN, SUPPORT)
        assert desk.ticket("SUP-1001")["messages"][-1]["text"].strip() == "And now it smokes."
        newest = desk.letters(ANNA)[-1]
        assert "My printer prints nothing." in newest.text
        assert newest["Thread-Topic"] == told["Thread-Topic"]
        assert newest["Thread-Index"][:28] == told["Thread-Index"][:28]
        stranger = write_mail("Mine, too.", sender="Eve <eve@stranger.example>", subject="Re: Printer")
        desk.deliver(stranger, "eve@stranger.example", SUPPORT)
        assert desk.ticket("SUP-1002")["requester"]["address"] == "eve@stranger.example"

        desk.order("ticket", "solve", "SUP-1001")
        before = len(desk.letters(ANNA))
        thanks = write_mail("Большое спасибо!", sender=f"Ivan <{IVAN}>", subject="Re: Printer")
        desk.deliver(thanks, IVAN, SUPPORT)
        ticket = desk.ticket("SUP-1001")
        assert (ticket["status"], ticket["messages"][-1]["text"].strip()) == ("solved", "Большое спасибо!")
        assert len(desk.letters(ANNA)) == before
