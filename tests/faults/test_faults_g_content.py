"""G: mails of every kind through a running daemon; each is a ticket or put aside, and nothing of it acts."""

from __future__ import annotations

import base64
import gzip
import io
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import bombs
import pytest
from clients import new_id, write_mail
from daemon import HOST, Daemon, running_desk, wait_for

Size = Callable[[int, int], int]
Figure = Callable[[str], None]
MAILS = sorted((Path(__file__).parents[1] / "mails").glob("*.eml"))
AGENTS = {"anna@desk.example", "boris@desk.example", "vera@desk.example"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A desk for all of them."""
    with running_desk(tmp_path_factory.mktemp("desk") / "d", {"limits.notifications": 10_000}) as running:
        yield running


def take(desk: Daemon, raw: bytes, sender: str) -> dict[str, object]:
    """Hand it in; its row in the ledger when it is done."""
    desk.send(raw, sender)
    return wait_for(lambda: done(desk, sender), f"the mail of {sender}", 60)


def done(desk: Daemon, sender: str) -> dict[str, object] | None:
    """The last row of this sender's, when it does not wait any more."""
    rows = [row for row in desk.cli("inbox") if row["envelope_from"] == sender]
    return rows[-1] if rows and rows[-1]["state"] != "waiting" else None


@pytest.mark.fault("G-1")
def test_g1_dear_mails_through_the_daemon_keep_nobody_waiting(desk: Daemon, figure: Figure) -> None:
    """A dozen bombs of each kind of cost, then a good mail: all are stored, the good one is a ticket in a moment."""
    dear = {
        "words": bombs.header_mail(b"Subject", b"=?utf-8?q?x?= " * 20_000),
        "pieces": bombs.header_mail(b"Content-Type", b"text/plain; " + b"; ".join(b"a*%d*=x" % n for n in range(9999))),
        "commas": bombs.header_mail(b"Cc", b"," * 50_000),
        "quotes": bombs.header_mail(b"Cc", b'"' * 20_000),
        "recipients": bombs.header_mail(b"To", b"a@b.example, " * 50_000),
        "parts": bombs.parts_mail(*[b"\r\n"] * 100_000),
        "nested": bombs.nested(1000),
        "mails": bombs.mails_in_mails(1000),
        "divs": bombs.text_mail(b"<div>" * 200_000, b"text/html"),
        "quoted": bombs.text_mail(b">" * 500_000),
        "one line": bombs.text_mail(b"x" * 5_000_000),
    }
    for number, raw in enumerate(dear.values()):
        # Each has an id of its own, or some would be copies of others: what is dear in them is no part of the key.
        desk.send(raw.replace(b"<b@evil", b"<%d@evil" % number), f"bomb{number}@bombs.example")
    sender = "good@bombs.example"
    row = take(desk, write_mail("A good mail", sender=sender), sender)
    assert row["state"] == "ticketed"
    for name, number in zip(dear, range(len(dear)), strict=True):
        stored = wait_for(lambda who=f"bomb{number}@bombs.example": done(desk, who), name, 60)  # type: ignore[misc]
        assert stored["state"] in ("ticketed", "automatic", "quarantined"), name
    rows = [r for r in desk.cli("inbox") if str(r["envelope_from"]).startswith("bomb")]
    aside = [r for r in rows if r["state"] == "quarantined"]
    figure(f"{len(dear)} bombs through the daemon: {len(rows)} stored, {len(aside)} put aside")


@pytest.mark.fault("G-2")
def test_g2_every_mail_of_clients_and_servers_has_its_place(desk: Daemon, size: Size, figure: Figure) -> None:
    """Sum equals intake: each is a ticket, tied to one, or put aside; each with a reason where it is no ticket."""
    before = len(desk.cli("inbox"))
    for number, path in enumerate(MAILS):
        raw = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        desk.send(raw, f"s{number}@place.example")
    wait_for(lambda: not desk.cli("inbox", "--state", "waiting"), "all mails to be done", 60)
    rows = desk.cli("inbox")[before:]
    assert len(rows) == len(MAILS)
    assert [r for r in rows if r["state"] not in ("ticketed", "automatic", "bounce", "own", "duplicate")] == []
    assert [r for r in rows if r["state"] != "ticketed" and not r["reason"]] == []
    for r in rows:
        if r["ticket"]:
            subject = str(desk.ticket(r["ticket"])["subject"])
            assert not set(subject) & {"\0", "\r", "\n"}
            assert subject.encode()
    figure(f"{len(MAILS)} mails of real clients and servers: {len(rows)} with a place, none put aside")


def multipart(*parts: bytes, sender: str) -> bytes:
    """A mail of several parts."""
    head = write_mail("", sender=sender, subject="Parts").partition(b"Content-Type:")[0]
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
    return head + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + body + b"--b--\r\n"


def attachment(name: str, content: bytes, kind: str = "application/octet-stream") -> bytes:
    """A file."""
    head = f'Content-Type: {kind}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n'
    return head.encode() + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content)


def zip_bomb() -> bytes:
    """Fifty megabytes of nothing in fifty kilobytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(50_000_000))
    return out.getvalue()


@pytest.mark.fault("G-5")
def test_g5_what_is_packed_stays_packed(desk: Daemon) -> None:
    """Archives are files like others: their size is that of the file, and not a byte of them is changed."""
    files = {"bomb.zip": zip_bomb(), "bomb.gz": gzip.compress(bytes(50_000_000)), "report.docx": zip_bomb()}
    sender = "packed@bombs.example"
    raw = multipart(b"\r\nSee the files.", *(attachment(n, c) for n, c in files.items()), sender=sender)
    row = take(desk, raw, sender)
    assert row["state"] == "ticketed"
    [message] = desk.ticket(str(row["ticket"]))["messages"]
    assert {one["filename"]: one["size"] for one in message["attachments"]} == {n: len(c) for n, c in files.items()}


class Ear:
    """A web server that only hears whether somebody comes."""

    def __init__(self) -> None:
        self._listener = socket.create_server((HOST, 0))
        self.port = int(self._listener.getsockname()[1])
        self.visits = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                self._listener.accept()[0].close()
                self.visits += 1

    def close(self) -> None:
        """Hear no more."""
        self._listener.close()


HTML = """<html><head><meta http-equiv="refresh" content="0; url=%(url)s"><link rel="stylesheet" href="%(url)s/s.css">
<style>@import url('%(url)s/i.css'); body {background: url(%(url)s/b.png)}</style></head>
<body onload="fetch('%(url)s')"><script src="%(url)s/a.js">evil()</script><img src="%(url)s/p.png" width=1 height=1>
<p>The words that count.</p><form action="%(url)s"><input name=password></form><iframe src="%(url)s"></iframe>
<a href="javascript:evil()">a link</a></body></html>"""


@pytest.mark.fault("G-6")
def test_g6_html_is_read_and_never_obeyed(desk: Daemon) -> None:
    """Nothing is fetched; the text has the words and no script; what agents get has neither script nor form."""
    ear, sender = Ear(), "html@hostile.example"
    url = f"http://{HOST}:{ear.port}"
    head = write_mail("", sender=sender, subject="HTML").partition(b"Content-Type:")[0]
    raw = head + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + (HTML % {"url": url}).encode()
    row = take(desk, raw, sender)
    [message] = desk.ticket(str(row["ticket"]))["messages"]
    desk.wait_idle()
    ear.close()
    assert ear.visits == 0
    assert "The words that count." in message["text"]
    assert "evil()" not in message["text"]
    letters = [one for one in desk.letters() if str(row["ticket"]) in one["Subject"]]
    assert letters
    for letter in letters:
        for part in letter.message.walk():
            if part.get_content_type() == "text/html":
                page = str(part.get_content()).lower()
                assert not [
                    word for word in ("<script", "<form", "<iframe", "onload=", "<meta http", url) if word in page
                ]


INVITATION = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
METHOD:REQUEST\r
BEGIN:VEVENT\r
UID:1@hostile.example\r
DTSTART:20261123T090000Z\r
ORGANIZER:mailto:eve@hostile.example\r
ATTENDEE;RSVP=TRUE:mailto:support@desk.example\r
SUMMARY:Meet\r
END:VEVENT\r
END:VCALENDAR\r
"""


@pytest.mark.fault("G-7")
def test_g7_invitations_and_wishes_for_receipts_are_not_answered(desk: Daemon) -> None:
    """One acknowledgement to the sender as ever; no receipt, no acceptance, nothing to where it asks for them."""
    sender, victim = "invites@hostile.example", "victim@elsewhere.example"
    calendar = b"Content-Type: text/calendar; method=REQUEST\r\n\r\n" + INVITATION
    wishes = [("Disposition-Notification-To", victim), ("Return-Receipt-To", victim), ("X-Confirm-Reading-To", victim)]
    raw = "".join(f"{n}: {v}\r\n" for n, v in wishes).encode() + multipart(b"\r\nCome", calendar, sender=sender)
    row = take(desk, raw, sender)
    desk.wait_idle()
    assert row["state"] == "ticketed"
    assert desk.letters(victim) == []
    assert desk.letters("eve@hostile.example") == []
    assert len(desk.letters(sender)) <= 1
    kinds = {one["kind"] for one in desk.cli("outbox") if one["ticket"] == row["ticket"]}
    assert kinds <= {"acknowledgement", "notification"}


@pytest.mark.fault("G-8")
def test_g8_a_mail_above_the_limit_is_refused_and_one_below_is_kept(desk: Daemon) -> None:
    """25 MB as shipped: 552 above, a ticket below, and not a byte is missing."""
    sender = "large@files.example"
    head = write_mail("large", sender=sender, message_id=new_id())
    with pytest.raises(AssertionError, match="552"):
        desk.send(head + b"x" * 76 + b"\r\n" * 1 + (b"y" * 76 + b"\r\n") * 340_000, sender)
    raw = head + (b"y" * 76 + b"\r\n") * 300_000
    row = take(desk, raw, sender)
    assert row["state"] == "ticketed"
    assert int(str(row["size"])) >= len(raw)


EMPTY = {
    "nothing": b"",
    "signature": b"\r\n-- \r\nIvan\r\nAcme\r\n",
    "white space": b" \t\r\n\r\n \r\n",
}


@pytest.mark.fault("G-9")
@pytest.mark.parametrize("kind", EMPTY)
def test_g9_a_mail_that_says_nothing_is_a_ticket_with_a_subject(desk: Daemon, kind: str) -> None:
    """Whatever is missing: the list has a line for it that can be read."""
    sender = f"{kind.replace(' ', '')}@says.example"
    head = write_mail("", sender=sender, subject="").partition(b"\r\n\r\n")[0]
    row = take(desk, head + b"\r\n\r\n" + EMPTY[kind], sender)
    assert row["state"] == "ticketed"
    line = next(line for line in desk.order("tickets").splitlines() if line.startswith(str(row["ticket"])))
    assert line.endswith("(no subject)")


@pytest.mark.fault("G-9")
def test_g9_only_a_file_or_only_html_is_a_ticket(desk: Daemon) -> None:
    """The file is named, the HTML is read."""
    row = take(desk, multipart(attachment("a.pdf", b"%PDF"), sender="file@says.example"), "file@says.example")
    [message] = desk.ticket(str(row["ticket"]))["messages"]
    assert [one["filename"] for one in message["attachments"]] == ["a.pdf"]
    head = write_mail("", sender="html@says.example", subject="Hi").partition(b"Content-Type:")[0]
    row = take(desk, head + b"Content-Type: text/html\r\n\r\n<p>Only <b>this</b></p>", "html@says.example")
    assert "Only" in desk.ticket(str(row["ticket"]))["messages"][0]["text"]
