"""The whole round with other people's programs: NeoMutt, Postfix, Dovecot, and maild between them.

Ivan's NeoMutt --> Postfix --> maild (listener, or a Dovecot mailbox by IMAP)
maild --> Postfix --> Dovecot: Ivan's and Anna's mailboxes
Anna's NeoMutt --> Postfix (logged in: auth=pass) --> maild --> Postfix --> Ivan's mailbox
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from clients import Person, new_id, reply_address, write_mail, write_reply
from daemon import (
    HOST,
    SUPPORT,
    Daemon,
    Letter,
    ended_at_last,
    free_port,
    make_desk,
    parse_letter,
    running_desk,
    wait_for,
)
from dovecot import PASSWORD, Dovecot, dovecot
from parts import need
from postfix import NAME, Postfix, postfix

ANNA, BORIS, IVAN = "anna@desk.example", "boris@desk.example", "ivan@customer.example"
MAILS = Path(__file__).parents[1] / "mails"
# Dovecot's LMTP stamps a Received field above what the mail server found, so it has to be named in [trust] as well.
STORE = "imap.desk.example"
LOGIN_SERVICE = """
hostname = {store}
service auth {{
  inet_listener {{
    port = {port}
  }}
}}
"""


@dataclass
class World:
    """Everything that runs."""

    desk: Daemon
    mailboxes: Dovecot
    server: Postfix

    def person(self, address: str, name: str, *, login: str = "") -> Person:
        """Somebody with NeoMutt; with a login he sends by the submission port."""
        port = self.server.submission if login else self.server.port
        return Person(address, name, imap=self.mailboxes.imap, smtp=port, password=PASSWORD, login=login)

    def box(self, address: str) -> list[Letter]:
        """What lies in a mailbox, in the order in which it came."""
        with self.mailboxes.person(address) as client:
            client.select_folder("INBOX", readonly=True)
            found = client.fetch(client.search(), ["BODY.PEEK[]"])
        return [_as_letter(found[uid][b"BODY[]"], address) for uid in sorted(found)]

    def wait_box(self, address: str, count: int) -> list[Letter]:
        """The mailbox once so many mails lie in it."""
        look = lambda: box if len(box := self.box(address)) >= count else None  # noqa: E731
        try:
            return wait_for(look, f"{count} mails for {address}", 20)
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.desk.log()}\n{self.server.log()[-3000:]}") from error


def _as_letter(raw: bytes, address: str) -> Letter:
    return_path = str(message_from_bytes(raw, policy=policy.compat32)["Return-Path"] or "").strip("<>")
    return parse_letter(raw, return_path, address)


@contextmanager
def world(folder: Path, *, by_imap: bool) -> Iterator[World]:
    """All of it, wired together; maild gets its mail by its listener or out of a mailbox."""
    need("neomutt")
    auth = free_port()
    with dovecot(more=LOGIN_SERVICE.format(port=auth, store=STORE)) as mailboxes:
        (folder / "password").write_text(PASSWORD)
        lmtp = f"lmtp:inet:{HOST}:{mailboxes.lmtp}"
        settings: dict[str, object] = {"smtp.port": free_port(), "trust.authserv_ids": [NAME, STORE]}
        support = lmtp if by_imap else f"smtp:[{HOST}]:{settings['smtp.port']}"
        routes = {r"^support(\+.*)?@desk\.example$": support, r"@(desk|customer)\.example$": lmtp}
        with postfix(routes, auth) as server:
            settings |= {"outgoing.transport": "smtp", "outgoing.port": server.port}
            desk = make_desk(folder / "d", settings, _mailbox(mailboxes, folder / "password") if by_imap else "")
            with ended_at_last(desk):
                yield World(desk=desk.start(), mailboxes=mailboxes, server=server)


def _mailbox(mailboxes: Dovecot, password: Path) -> str:
    return f"""
[[imap]]
name = "support"
host = "{HOST}"
port = {mailboxes.imap}
security = "none"
username = "{SUPPORT}"
password_file = "{password}"
poll = "1s"
"""


@pytest.mark.parametrize("by_imap", [False, True], ids=["listener", "imap"])
def test_a_conversation_of_real_programs(tmp_path: Path, by_imap: bool) -> None:
    """Question, acknowledgement, notification, answer, thanks: each in its mailbox, each in its thread."""
    with world(tmp_path, by_imap=by_imap) as w:
        ivan = w.person(IVAN, "Иван Петров")
        anna = w.person(ANNA, "Анна Петрова", login="anna")
        ivan.write(SUPPORT, "Принтер не печатает", "Здравствуйте! Принтер не печатает, помогите.\n")
        (acknowledgement,) = w.wait_box(IVAN, 1)
        (note,) = w.wait_box(ANNA, 1)
        assert "SUP-1001" in acknowledgement["Subject"]
        assert acknowledgement["Auto-Submitted"] == "auto-replied"
        assert acknowledgement.return_path.startswith("support+")
        assert "> Здравствуйте! Принтер не печатает, помогите." in note.text

        anna.reply(note["Message-ID"], "/take\n\nДобрый день! Закройте крышку.")
        answer = w.wait_box(IVAN, 2)[1]
        assert answer.text.startswith("Добрый день! Закройте крышку.")
        for secret in (ANNA, "/take", reply_address(note), note["Message-ID"], "чтобы ответить клиенту"):
            assert secret.lower() not in answer.everything
        assert answer["From"] == f"Support desk <{SUPPORT}>"
        assert answer.return_path.startswith("support+")
        asked = acknowledgement["In-Reply-To"]
        assert answer["In-Reply-To"] == asked
        root = acknowledgement["References"].split()[0]
        assert answer["References"].split()[0] == root
        ticket = w.desk.ticket("1001")
        assert (ticket["status"], ticket["assignee"]) == ("pending", "anna")
        assert [e["kind"] for e in ticket["events"]].count("unverified") == 0

        ivan.reply(answer["Message-ID"], "Спасибо, помогло!")
        told = next(m for m in w.wait_box(ANNA, 3) if "Спасибо, помогло!" in m.text)
        assert told["References"].split()[0] == note["References"].split()[0]
        ticket = w.desk.ticket("1001")
        assert (ticket["status"], len(ticket["messages"])) == ("open", 3)
        assert ticket["messages"][-1]["reply"] == "Спасибо, помогло!"
        channel = "imap" if by_imap else "smtp"
        assert {row["channel"] for row in w.desk.cli("inbox")} == {channel}
        assert {row["state"] for row in w.desk.cli("inbox")} == {"ticketed"}
        assert len(w.box(IVAN)) == 2
        if by_imap:
            assert set().union(*w.mailboxes.flags(user=SUPPORT).values()) == set()


def test_a_mailbox_in_neomutt_has_one_tree_for_each_ticket(tmp_path: Path) -> None:
    """Notifications, transcripts, notes and replies of two tickets, read from Dovecot: two threads, by ids alone."""
    with world(tmp_path, by_imap=False) as w:
        ivan, anna = w.person(IVAN, "Ivan"), w.person(ANNA, "Анна", login="anna")
        boris = w.person(BORIS, "Boris", login="boris")
        for number, subject in enumerate(("Printer", "Lift"), 1):
            ivan.write(SUPPORT, subject, f"Please look at the {subject.lower()}.\n")
            w.wait_box(BORIS, number)
        first, second = w.wait_box(ANNA, 2)
        boris.reply(w.box(BORIS)[0]["Message-ID"], "/note\n\nIt is the drum again.")
        w.wait_box(ANNA, 3)
        anna.reply(first["Message-ID"], "/take\n/tag drum\n\nWe shall come at three.")
        anna.reply(second["Message-ID"], "/priority high")
        told = w.wait_box(ANNA, 5)
        answer = w.wait_box(IVAN, 3)[-1]
        ivan.reply(answer["Message-ID"], "Three is fine.")
        told = w.wait_box(ANNA, 6)
        trees = [
            {m["Message-ID"] for m in told if f"[{number}]" in m["Subject"]} for number in ("SUP-1001", "SUP-1002")
        ]
        assert [len(tree) for tree in trees] == [4, 2]
        assert sorted(map(sorted, trees)) == sorted(anna.threads(4))
        # Ivan keeps no copies of his own mails, and yet each conversation of his is one.
        assert sorted(map(len, ivan.threads(4))) == [1, 2]


def test_what_a_client_says_of_itself_the_mail_server_takes_out(tmp_path: Path) -> None:
    """A forged result, without a login and under another's: Anna's name gets nobody anything."""
    with world(tmp_path, by_imap=False) as w:
        ivan = w.person(IVAN, "Ivan")
        ivan.write(SUPPORT, "Printer", "Please help me, my printer burns.\n")
        (note,) = w.wait_box(ANNA, 1)
        w.wait_box(BORIS, 1)
        forged = [
            ("Authentication-Results", f"{NAME}; auth=pass smtp.auth=anna"),
            ("X-Submitted-By", "anna"),
        ]
        lie = write_reply(note, "/close\n\nGo away.", sender=f"Anna <{ANNA}>", more=forged[:1])
        _submit(w, w.server.port, lie, reply_address(note))
        other = write_reply(note, "/close\n\nGo away, please.", sender=f"Anna <{ANNA}>", more=forged)
        _submit(w, w.server.submission, other, reply_address(note), login="boris")
        wait_for(lambda: len(w.desk.cli("inbox")) == 3, "both lies")
        w.desk.wait_idle()
        ticket = w.desk.ticket("1001")
        assert (ticket["status"], [m["unverified"] for m in ticket["messages"]]) == ("new", [False, True, True])
        assert len(w.box(IVAN)) == 1


def _submit(w: World, port: int, raw: bytes, to: str, login: str = "") -> None:
    import smtplib

    with smtplib.SMTP(HOST, port, local_hostname="client.example", timeout=10) as client:
        if login:
            client.login(login, PASSWORD)
        client.sendmail(ANNA, [to], raw)


THUNDERBIRD = sorted(path.name for path in MAILS.glob("reply-thunderbird-[hp]*.eml"))


@pytest.fixture(scope="module")
def plain_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A desk without other programs around it; every test brings a customer of its own."""
    with running_desk(tmp_path_factory.mktemp("desk") / "d") as running:
        yield running


@pytest.mark.parametrize("name", THUNDERBIRD)
@pytest.mark.parametrize("threaded_by", ["address", "references"])
def test_thunderbirds_replies_find_their_ticket_and_say_what_was_written(
    plain_desk: Daemon, name: str, threaded_by: str
) -> None:
    """Captured replies, given the ids and the address of a real letter: the visible reply is the one line."""
    desk, customer = plain_desk, f"{threaded_by}-{name.partition('.')[0]}@customer.example"
    desk.deliver(write_mail("Добрый день! Принтер не печатает.", sender=customer, subject="Принтер"), customer)
    (letter,) = desk.letters(customer)
    number = letter["Subject"].partition("]")[0].removeprefix("[")
    to = reply_address(letter) if threaded_by == "address" else SUPPORT
    reply = _as_thunderbird((MAILS / name).read_bytes(), letter, customer, to, threaded_by == "references")
    desk.deliver(reply, customer, to)
    ticket = desk.ticket(number)
    assert [m["reply"] for m in ticket["messages"]][1:] == ["Ответ из Thunderbird."]
    assert (ticket["status"], desk.cli("inbox")[-1]["ticket"]) == ("open", number)
    assert "> Ответ из Thunderbird." in desk.letters(ANNA)[-1].text


def _as_thunderbird(raw: bytes, letter: Letter, sender: str, to: str, references: bool) -> bytes:
    """A captured reply as a customer would have sent it to this letter."""
    known = letter["Message-ID"].strip("<>").encode() if references else b"nothing@known.example"
    raw = re.sub(rb"^X-Envelope-\w+:.*\r?\n", b"", raw, flags=re.MULTILINE)
    raw = raw.replace(b"t42.abc+1$x@support.test", known).replace(b"help+t42@support.test", to.encode())
    raw = re.sub(rb"^From:.*\r?\n", f"From: {sender}\r\n".encode(), raw, count=1, flags=re.MULTILINE)
    raw = re.sub(rb"^Message-ID:.*\r?\n", f"Message-ID: {new_id()}\r\n".encode(), raw, count=1, flags=re.MULTILINE)
    return re.sub(rb"\r?\n", b"\r\n", raw)
