"""The poller against servers that lie on purpose: without end, without sense, and about what is whose."""

from __future__ import annotations

import logging
import threading
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from wire.imap_parts import FAST, NOW, MemoryLedger, eventually, mail, mailbox, poller, polling
from wire.odd_imap import Connection, OddImap, odd_imap, uids_of

from maild.clock import FixedClock
from maild.ingest.imap import MailboxPoller
from maild.ingest.imap_intake import MailboxIntake
from maild.ingest.imap_line import BoundedLine
from maild.ingest.imap_session import ConnectionLost, ImapSession, Senseless, Timeouts
from maild.ingest.mailbox import After, Cursor, Security, Start
from maild.wire import Overlong as TooMuch

HURRY = replace(FAST, timeouts=Timeouts(connect=5.0, read=1.0, answer=0.5))
Handler = Callable[[Connection, str, str], None]


def flood(line: bytes, before: str = "") -> Handler:
    """Says the same thing until the client hangs up."""

    def handler(connection: Connection, tag: str, args: str) -> None:
        connection.say(before)
        with suppress(OSError):
            while True:
                connection.say(line * (1 + 65536 // len(line)))

    return handler


def once(server: OddImap, answer: float = 20.0, **changes: object) -> MemoryLedger:
    """One look at a server; what it brought."""
    ledger = MemoryLedger()
    pace = replace(HURRY, timeouts=replace(HURRY.timeouts, answer=answer))
    poller(mailbox(server.port, **changes), ledger, pace).once()
    return ledger


WORDS = b" x" * 100 + b"\r\n"


@pytest.mark.parametrize("verb", ["CAPABILITY", "LOGIN", "EXAMINE", "SEARCH", "FETCH"])
@pytest.mark.parametrize(
    "line", [b"* LIST" + WORDS, b"* 1 FETCH" + WORDS, b"* OK {60000}\r\n" + b"x" * 60000 + b"\r\n"]
)
@pytest.mark.fault("B11")
def test_an_answer_without_end_is_ended_by_us(verb: str, line: bytes) -> None:
    """Whatever is asked: neither memory nor the worker is the server's."""
    with odd_imap({1: mail("one")}) as server:
        server.handlers[verb] = flood(line)
        with pytest.raises(Senseless, match="bytes"):
            once(server)


@pytest.mark.fault("B11")
def test_a_flood_costs_little_memory() -> None:
    """Some times the few megabytes that an answer may have."""
    with odd_imap({1: mail("one")}) as server:
        server.handlers["SEARCH"] = flood(b"* 1 FETCH" + WORDS)
        tracemalloc.start()
        with pytest.raises(Senseless, match="bytes"):
            once(server)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.fault("B11")
def test_a_greeting_of_gigabytes_is_not_read() -> None:
    """What is announced before the login is bounded, too: anybody on the way can say it."""
    with odd_imap() as server:
        server.greeting = "* OK {4294967296}\r\n" + "x" * 100_000
        with pytest.raises(Senseless, match="4294967296 bytes"):
            once(server)


@pytest.mark.parametrize("verb", ["LOGIN", "EXAMINE", "SEARCH", "FETCH", "LOGOUT"])
@pytest.mark.parametrize("piece", [b"*", b"* OK Still here\r\n"])
@pytest.mark.fault("B3")
def test_an_answer_that_drips_is_not_waited_for_without_end(verb: str, piece: bytes) -> None:
    """A time-out that begins anew with each byte never ends; this one does."""
    with odd_imap({1: mail("one")}) as server:

        def drip(connection: Connection, tag: str, args: str) -> None:
            with suppress(OSError):
                while True:
                    connection.say(piece)
                    time.sleep(0.1)

        server.handlers[verb] = drip
        began = time.monotonic()
        with suppress(Senseless):
            once(server, answer=0.5)
        assert time.monotonic() - began < 15.0


def test_a_slow_line_that_brings_enough_is_waited_for() -> None:
    """What takes longer than the patience for an answer, and comes at the speed of a modem, is read to its end."""
    with odd_imap({1: mail("one", 4000)}) as server:
        sane = server.handlers["FETCH"]

        def slowly(connection: Connection, tag: str, args: str) -> None:
            if "SIZE" in args:
                return sane(connection, tag, args)
            raw = server.mails[1] or b""
            text = f"* 1 FETCH (UID 1 BODY[] {{{len(raw)}}}\r\n".encode() + raw + f")\r\n{tag} OK done\r\n".encode()
            for start in range(0, len(text), 250):
                connection.say(text[start : start + 250])
                time.sleep(0.1)
            return None

        server.handlers["FETCH"] = slowly
        assert once(server, answer=0.5).texts == [b"one"]


@pytest.mark.parametrize("behind", [True, False])
@pytest.mark.fault("C11")
def test_words_put_in_before_the_way_is_protected_are_not_heard(behind: bool) -> None:
    """Behind the answer to STARTTLS they end the connection; before it they are forgotten once the way is protected."""
    with odd_imap({1: mail("one")}) as server:
        server.capabilities = "IMAP4rev1 STARTTLS"
        lie = '* NAMESPACE (("evil/" "/")) NIL NIL\r\n'

        def inject(connection: Connection, tag: str, args: str) -> None:
            ok = f"{tag} OK go on\r\n"
            connection.say(ok + lie if behind else lie + ok)

        server.handlers["STARTTLS"] = inject
        heard: list[object] = []

        class Context:
            """TLS, as far as that matters here."""

            def wrap_socket(self, sock: object, server_hostname: str) -> object:
                """From now on all is protected."""
                heard.append(dict(client.untagged_responses))
                return sock

        client = BoundedLine("127.0.0.1", server.port, None, 5.0, 5.0)
        if behind:
            with pytest.raises(TooMuch, match="in the clear"):
                client.starttls(Context())  # type: ignore[arg-type]
            assert heard == []
        else:
            client.starttls(Context())  # type: ignore[arg-type]
            assert heard == [{}]
        client.shutdown()


@pytest.mark.parametrize(
    "date", ["01-Jan-2026 12:00:00 +9999", "01-Jan-0001 00:00:00 +1300", "99-Foo-2026 xx", "31-Dec-9999 23:59:59 -1200"]
)
def test_a_mail_that_came_at_an_impossible_time_is_taken(date: str) -> None:
    """When it came is only told by the server, and decides nothing but whether a mail is old."""
    with odd_imap({1: mail("one")}) as server:
        sane = server.handlers["FETCH"]

        def fetch(connection: Connection, tag: str, args: str) -> None:
            if "SIZE" not in args:
                return sane(connection, tag, args)
            told = f'UID 1 RFC822.SIZE {len(mail("one"))} INTERNALDATE "{date}"'
            return connection.say(f"* 1 FETCH ({told})\r\n{tag} OK done\r\n")

        server.handlers["FETCH"] = fetch
        assert once(server).texts == [b"one"]


@pytest.mark.parametrize(
    "answer",
    [
        "* 1 FETCH " + "(" * 50_000 + "\r\n",
        "* 1 FETCH (UID 1 RFC822.SIZE " + "9" * 5000 + ")\r\n",
        "* 1 FETCH (\xff)\r\n",
    ],
    ids=["deep", "digits", "bytes"],
)
def test_an_answer_that_breaks_the_parsers_is_one_clear_line_in_the_log(
    answer: str, caplog: pytest.LogCaptureFixture
) -> None:
    """No traceback of a thousand lines at each try."""
    caplog.set_level(logging.WARNING, "maild")
    with odd_imap({1: mail("one")}) as server:
        server.handlers["FETCH"] = lambda connection, tag, args: connection.say(
            answer.encode("latin-1") + f"{tag} OK\r\n".encode()
        )
        with polling(mailbox(server.port), MemoryLedger()) as running:
            eventually(lambda: "FETCH" in (running.health.problem or ""))
    first = next(record for record in caplog.records if record.name == "maild.ingest.imap")
    assert (bool(first.exc_info), len(first.getMessage()) < 500) == (False, True)


def test_a_number_that_cannot_be_one_does_not_move_the_cursor() -> None:
    """UIDs have 32 bits: behind a larger one no mail would ever be looked for again."""
    with odd_imap({1: mail("one")}) as server:

        def search(connection: Connection, tag: str, args: str) -> None:
            connection.say(f"* SEARCH 1 1 4294967296 99999999999999999999\r\n{tag} OK done\r\n")

        server.handlers["SEARCH"] = search
        ledger = once(server)
    assert (ledger.texts, ledger.cursors["main/INBOX"].last_uid) == ([b"one"], 1)


def renumbering(connection: Connection, tag: str, args: str) -> None:
    """Answers SELECT with another UIDVALIDITY each time."""
    server = connection.server
    validity = len(server.said("EXAMINE")) + len(server.said("SELECT"))
    uidnext = max(server.mails, default=0) + 1
    connection.say(
        f"* {len(server.mails)} EXISTS\r\n* OK [UIDVALIDITY {validity}]\r\n* OK [UIDNEXT {uidnext}]\r\n"
        f"{tag} OK [READ-ONLY] done\r\n"
    )


@pytest.mark.fault("B5")
def test_a_server_that_numbers_anew_at_each_look_is_not_read_in_circles() -> None:
    """All its mails are fetched again once, and then only after pauses that grow."""
    with odd_imap({n: mail(f"mail-{n}") for n in range(1, 4)}) as server:
        server.handlers["EXAMINE"] = renumbering
        ledger, clock = MemoryLedger(), FixedClock(NOW)
        pace = replace(FAST, idle=0.05, first_idle=0.05)
        running = MailboxPoller(mailbox(server.port), lambda: "secret", ledger, clock, lambda: 0.5, pace)
        running.start()
        try:
            eventually(lambda: "again and again" in (running.health.problem or ""))
            eventually(lambda: len(server.connections) > 4)
            assert len(ledger.arrivals) == 6
            clock.at += timedelta(minutes=2)
            eventually(lambda: len(ledger.arrivals) == 9)
            eventually(lambda: "again and again" in (running.health.problem or ""))
            assert len(ledger.arrivals) == 9
        finally:
            assert running.stop(5.0)


def numbered(uidnext: int) -> Handler:
    """Answers SELECT with a UIDNEXT."""
    return lambda connection, tag, args: connection.say(
        f"* 9 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT {uidnext}]\r\n{tag} OK [READ-WRITE] done\r\n"
    )


@pytest.mark.fault("B5")
def test_mails_under_numbers_that_are_given_a_second_time_are_taken_and_not_removed() -> None:
    """A server that was set back to its backup gives new mails the numbers of others that we took before."""
    with odd_imap({n: mail(f"old-{n}") for n in range(1, 6)}) as server:
        server.handlers |= {"SELECT": numbered(6), "EXPUNGE": server.handlers["NOOP"]}
        ledger, clock = MemoryLedger(), FixedClock(NOW)
        intake = MailboxIntake(mailbox(server.port, after=After.DELETE), ledger, clock)

        def look() -> None:
            with ImapSession.open(mailbox(server.port), "secret", Timeouts()) as session:
                intake.round(session, lambda: False)

        look()
        server.commands.clear()
        server.mails.clear()
        server.mails |= {1: mail("old-1"), 2: mail("old-2"), 3: mail("new-3")}
        server.handlers["SELECT"] = numbered(4)
        look()
        assert (server.said("STORE"), len(ledger.arrivals)) == ([], 5)
        clock.at += timedelta(minutes=2)
        look()
        assert ledger.texts[5:] == [b"old-1", b"old-2", b"new-3"]
        look()
        assert len(ledger.arrivals) == 8


def test_a_server_that_always_foretells_too_low_is_read_without_circles() -> None:
    """Its word is believed a few times at most, and new mail comes all the while."""
    with odd_imap({n: mail(f"mail-{n}") for n in range(1, 4)}) as server:
        server.handlers["EXAMINE"] = numbered(1)
        ledger, clock = MemoryLedger(), FixedClock(NOW)
        intake = MailboxIntake(mailbox(server.port), ledger, clock)
        with ImapSession.open(mailbox(server.port), "secret", Timeouts()) as session:
            for _ in range(60):
                intake.round(session, lambda: False)
                clock.at += timedelta(minutes=1)
            server.mails[4] = mail("mail-4")
            intake.round(session, lambda: False)
    assert b"mail-4" in ledger.texts
    assert len(ledger.arrivals) <= 16


@pytest.mark.fault("B8")
def test_a_mail_that_is_far_larger_than_told_comes_piece_by_piece() -> None:
    """The size was a lie, so its answer ends a connection; neither it nor those behind it are lost."""
    big = mail("big", 3_000_000)
    with odd_imap({1: mail("one"), 2: big, 3: mail("three")}) as server:
        sane = server.handlers["FETCH"]

        def fetch(connection: Connection, tag: str, args: str) -> None:
            if "SIZE" not in args:
                return sane(connection, tag, args)
            for uid in uids_of(server, args.split()[0]):
                connection.say(f"* {uid} FETCH (UID {uid} RFC822.SIZE 200)\r\n")
            return connection.say(f"{tag} OK done\r\n")

        server.handlers["FETCH"] = fetch
        ledger = MemoryLedger()
        with polling(mailbox(server.port), ledger):
            ledger.wait_for(3)
    assert [arrival.raw for arrival in ledger.arrivals] == [mail("one"), big, mail("three")]


@pytest.mark.fault("B8")
def test_a_mail_whose_answers_never_make_sense_is_left_in_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """Others wait ten minutes behind it and no longer; the log names it."""
    with odd_imap({n: mail(f"mail-{n}") for n in range(1, 5)}) as server:
        sane = server.handlers["FETCH"]

        def fetch(connection: Connection, tag: str, args: str) -> None:
            if "BODY" in args and 2 in uids_of(server, args.split()[0]):
                connection.say(f"* 2 FETCH (UID 2 BODY[] (\r\n{tag} OK done\r\n")
            else:
                sane(connection, tag, args)

        server.handlers["FETCH"] = fetch
        ledger, clock = MemoryLedger(), FixedClock(NOW)
        running = MailboxPoller(mailbox(server.port), lambda: "secret", ledger, clock, lambda: 0.5, FAST)
        running.start()
        try:
            ledger.wait_for(1)
            eventually(lambda: len(server.connections) > 4)
            assert ledger.texts == [b"mail-1"]
            clock.at += timedelta(minutes=11)
            ledger.wait_for(3)
        finally:
            assert running.stop(5.0)
    assert ledger.texts == [b"mail-1", b"mail-3", b"mail-4"]
    assert "UID 2 cannot be fetched and is left on the server" in caplog.text


def test_a_server_that_says_it_has_moved_and_has_not_is_read_once() -> None:
    """Each connection tries the move again; nothing is taken a second time."""
    with odd_imap({n: mail(f"mail-{n}") for n in range(1, 4)}) as server:
        server.capabilities = "IMAP4rev1 IDLE MOVE"
        server.handlers["MOVE"] = lambda connection, tag, args: connection.say(f"{tag} OK done\r\n")
        server.handlers["LIST"] = lambda connection, tag, args: connection.say(
            f'* LIST () "/" "Done"\r\n{tag} OK done\r\n'
        )
        ledger, box = MemoryLedger(), mailbox(server.port, after=After.MOVE, move_to="Done")
        assert [poller(box, ledger).once() for _ in range(3)] == [3, 0, 0]
    assert len(ledger.arrivals) == 3


def test_mails_that_nobody_asked_for_are_not_taken() -> None:
    """Answers for other UIDs, and a second answer for the same, bring nothing."""
    with odd_imap({1: mail("one")}) as server:
        sane = server.handlers["FETCH"]

        def fetch(connection: Connection, tag: str, args: str) -> None:
            for uid in (5, 6, 7):
                raw = mail(f"unasked-{uid}")
                connection.say(f"* {uid} FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
            sane(connection, tag, args)

        server.handlers["FETCH"] = fetch
        assert once(server).texts == [b"one"]


@pytest.mark.parametrize("verb", ["LOGIN", "EXAMINE", "SEARCH", "FETCH", "IDLE"])
def test_a_server_that_says_farewell_in_the_middle_is_left_and_asked_again(verb: str) -> None:
    """At any command; once it stays, all is taken, once."""
    with odd_imap({1: mail("one"), 2: mail("two")}) as server:
        sane = server.handlers[verb]

        def bye(connection: Connection, tag: str, args: str) -> None:
            connection.say("* BYE we close\r\n")
            connection.close()

        server.handlers[verb] = bye
        ledger = MemoryLedger()
        with polling(mailbox(server.port), ledger):
            eventually(lambda: len(server.connections) > 2)
            server.handlers[verb] = sane
            ledger.wait_for(2)
    assert ledger.texts == [b"one", b"two"]


def test_one_mailbox_that_floods_does_not_stop_another() -> None:
    """Each has a worker of its own, and none holds what the other needs."""
    with odd_imap({1: mail("evil")}) as bad, odd_imap({1: mail("good")}) as good:
        bad.handlers["SEARCH"] = flood(b"* LIST" + WORDS)
        ledger = MemoryLedger()
        with (
            polling(mailbox(bad.port), MemoryLedger()) as flooded,
            polling(mailbox(good.port, name="good"), ledger, replace(FAST, idle=0.2)),
        ):
            eventually(lambda: flooded.health.problem is not None)
            good.mails[2] = mail("more")
            ledger.wait_for(2)
            assert threading.active_count() < 30
    assert ledger.texts == [b"good", b"more"]


def test_an_impossible_next_number_is_no_search_without_end() -> None:
    """Where a billion mails are said to be there, windows of numbers beyond 32 bits are not gone through."""
    with odd_imap({1: mail("one")}) as server:
        server.handlers["EXAMINE"] = lambda connection, tag, args: connection.say(
            f"* 60000 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 99999999999999]\r\n{tag} OK done\r\n"
        )
        ledger = MemoryLedger()
        ledger.cursors["main/INBOX"] = Cursor(uidvalidity=7, last_uid=(1 << 32) - 200_000)
        poller(mailbox(server.port), ledger).once()
        assert len(server.said("SEARCH")) < 50


@pytest.mark.parametrize("validity", ["0x7", "4294967296", "-1", ""])
def test_an_impossible_uidvalidity_is_told_and_nothing_is_taken(validity: str) -> None:
    """It names each mail for ever, so it must be a number that fits."""
    with odd_imap({1: mail("one")}) as server:
        server.handlers["EXAMINE"] = lambda connection, tag, args: connection.say(
            f"* 1 EXISTS\r\n* OK [UIDVALIDITY {validity}]\r\n{tag} OK done\r\n"
        )
        with pytest.raises(ConnectionLost):
            once(server, start=Start.ALL, security=Security.NONE)
