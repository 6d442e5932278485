"""The guard around reading: limits hold, a reader that dies costs no mail, and none is left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from maild.errors import Unreadable
from maild.guard import nursery, reader, wire
from maild.guard.limits import Limits, PastLimits, ReadingFailed
from maild.guard.readers import Readers, Request, shared_readers
from maild.guard.readers import _result as answered
from maild.guard.remains import read_start
from maild.messages.mail import Mail, MailClass
from maild.messages.read import read_mail

MAIL = b"From: Ivan <ivan@customer.example>\nSubject: =?utf-8?b?0J/RgNC40L3RgtC10YA=?=\n\nIt is on fire.\n"
LARGE = MAIL.replace(b"\n\n", b"\nContent-Type: text/html\n\n", 1) + b"<p>on fire</p>" * 90_000
"""Takes most of a second; the small one a thousandth."""


def nobodys(_mark: str) -> bool:
    """No mark is our own."""
    return False


@pytest.fixture
def readers() -> Iterator[Readers]:
    """Readers of a test's own."""
    made = Readers()
    yield made
    made.close()


@pytest.fixture
def hasty() -> Iterator[Readers]:
    """Readers with hardly any time for a mail."""
    made = Readers(Limits(cpu=0.1))
    yield made
    made.close()


def family(pid: int) -> list[int]:
    """The processes below this one, also those below them."""
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [int(child) for one in below for child in (one, *map(str, family(int(one))))]


def reader_of(readers: Readers) -> int:
    """The process that read the last mail, and waits."""
    return readers._idle[-1].pid


def until(true: Callable[[], object], seconds: float = 10) -> None:
    """Wait for something."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def running(pid: int) -> bool:
    """Whether a process lives; one that has ended and is not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_mail_is_read_as_it_is_without_a_guard(readers: Readers) -> None:
    """Every value comes back, those of the kind that compare by their type as well."""
    for file in sorted(Path(__file__).parents[1].glob("mails/*.eml")):
        raw = file.read_bytes()
        mail = readers.read(Request(raw=raw), nobodys)
        assert mail == read_mail(raw), file.name
        assert [a.content for a in mail.attachments] == [a.content for a in read_mail(raw).attachments]


SIGNED = (
    b'From: anna@desk.example\nContent-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b\n\n'
    b"--b\n\nThe lid is closed.\n--b\nContent-Type: application/pkcs7-signature; name=smime.p7s\n\nAAAA\n--b--\n"
)
BOUNCE = (
    b"From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail Returned to Sender\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nSorry.\n"
    b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
    b"Final-Recipient: rfc822; ivan@customer.example\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
)
LISTED = (
    b"From: \"'Ivan' via Support\" <support@lists.example>\nX-Original-From: Ivan <ivan@customer.example>\n"
    b"List-ID: <support.lists.example>\nX-Google-Group-Id: 12345\nReply-To: Ivan <ivan@customer.example>\n\nHelp.\n"
)
OF_ALL_KINDS = {
    **{file.name: file.read_bytes() for file in sorted((Path(__file__).parents[1] / "mails").glob("*.eml"))},
    "signed": SIGNED,
    "bounce": BOUNCE,
    "listed": LISTED,
}


@pytest.mark.parametrize("name", OF_ALL_KINDS)
def test_every_kind_of_mail_comes_through_whole(name: str) -> None:
    """Signed ones, reports, forwards, lists: whatever a mail may hold is known on both sides."""
    raw = OF_ALL_KINDS[name]
    (read,) = shared_readers().read_each([Request(raw=raw)], nobodys)
    assert read == read_mail(raw)


def test_the_envelope_sender_comes_along(readers: Readers) -> None:
    """None and the null sender are two things, and odd bytes in it do no harm."""
    for sender in (None, "", "ivan@customer.example", "\udcff@x"):
        mail = readers.read(Request(raw=MAIL, envelope_sender=sender), nobodys)
        assert mail == read_mail(MAIL, envelope_sender=sender)
    assert readers.read(Request(raw=MAIL, envelope_sender=""), nobodys).mail_class is MailClass.AUTO_GENERATED


def test_whose_mark_it_is_says_the_desk(readers: Readers) -> None:
    """The reader asks for each mark; no secret goes to it."""
    asked = list[str]()

    def is_own(mark: str) -> bool:
        asked.append(mark)
        return mark == "ours"

    raw = b"X-Maild-Loop: theirs\nX-Maild-Loop: ours\n" + MAIL
    assert readers.read(Request(raw=raw), is_own).mail_class is MailClass.OWN
    assert asked == ["theirs", "ours"]
    assert readers.read(Request(raw=raw), nobodys).mail_class is MailClass.PERSON


def test_what_is_no_mail_says_why(readers: Readers) -> None:
    """And the reader goes on."""
    with pytest.raises(Unreadable, match="the mail is empty"):
        readers.read(Request(raw=b"\n"), nobodys)
    before = reader_of(readers)
    assert readers.read(Request(raw=MAIL), nobodys).subject == "Принтер"
    assert reader_of(readers) == before


def test_a_mail_past_the_time_ends_its_reader_and_the_next_one_is_read(hasty: Readers) -> None:
    """In order, and the mails around it lose nothing."""
    results = list(hasty.read_each([Request(raw=raw) for raw in (MAIL, LARGE, MAIL, LARGE, MAIL)], nobodys))
    assert [isinstance(one, Mail) for one in results] == [True, False, True, False, True]
    assert isinstance(results[1], PastLimits)
    assert str(results[1]) == "reading it took more than 0.1 s of CPU"


def test_a_mail_past_the_memory_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python raises MemoryError within the limit, and the reader that met it makes room for a fresh one."""
    # A program of its own: one forked from here has the room, too, that the tests before this one have left.
    monkeypatch.setattr(nursery, "_has_one_thread", lambda: False)
    # Room enough to take the mail in, and none to work on it.
    limits = Limits(memory=4_000_000, memory_per_byte=2)
    readers = Readers(limits, width=1)
    raw = b"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n" + b"QUJD" * 19 * 200_000
    results = list(readers.read_each([Request(raw=MAIL), Request(raw=raw), Request(raw=MAIL)], nobodys))
    assert [isinstance(one, Mail) for one in results] == [True, False, True]
    assert isinstance(results[1], PastLimits)
    assert str(results[1]) == limits.past_memory(len(raw))
    readers.close()


def test_large_mails_get_more_memory() -> None:
    """150 MB up to 25 MB of mail, six times the mail above."""
    limits = Limits()
    assert limits.memory_for(5_000_000) == 150 * 1024 * 1024
    assert limits.memory_for(50_000_000) == 300_000_000


def test_a_reader_that_is_killed_costs_no_mail(readers: Readers) -> None:
    """Whoever kills it, the mail in its hands is read by another."""
    readers.read(Request(raw=MAIL), nobodys)
    victim = reader_of(readers)
    os.kill(victim, signal.SIGSTOP)
    killer = threading.Timer(0.2, os.kill, (victim, signal.SIGKILL))
    killer.start()
    assert readers.read(Request(raw=MAIL), nobodys) == read_mail(MAIL)
    assert reader_of(readers) != victim
    killer.join()


def test_two_that_are_stuck_give_the_mail_back() -> None:
    """A silent reader is ended, the mail tried once more; then it is trouble that may pass, so it is no PastLimits."""
    readers = Readers(Limits(silence=0.5), width=1)
    readers.read(Request(raw=MAIL), nobodys)
    original, taken = readers._take, list[int]()

    def take() -> object:
        lane = original()
        os.kill(lane.pid, signal.SIGSTOP)
        taken.append(lane.pid)
        return lane

    readers._take = take  # type: ignore[method-assign,assignment]
    with pytest.raises(ReadingFailed, match="killed over it, or stuck"):
        readers.read(Request(raw=MAIL), nobodys)
    assert len(set(taken)) == 2
    assert not any(map(running, taken))
    readers.close()


def test_a_reader_is_followed_by_a_fresh_one(readers: Readers) -> None:
    """After some hundreds of mails; none is lost at the change."""
    readers.read(Request(raw=MAIL), nobodys)
    first = reader_of(readers)
    results = list(readers.read_each((Request(raw=MAIL) for _ in range(1200)), nobodys))
    assert results == [read_mail(MAIL)] * 1200
    assert not running(first)
    assert len(readers._idle) <= 2


def test_threads_do_not_stand_in_each_others_way(readers: Readers) -> None:
    """Each gets readers of its own, and its own answers."""
    found: dict[int, str] = {}

    def read(number: int) -> None:
        for _ in range(20):
            found[number] = readers.read(Request(raw=b"Subject: %d\n\nx" % number), nobodys).subject

    threads = [threading.Thread(target=read, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: str(number) for number in range(6)}


def test_a_nursery_that_is_killed_is_replaced(readers: Readers) -> None:
    """Then as a program of its own, since there may be threads by now."""
    readers.read(Request(raw=MAIL), nobodys)
    assert readers._nursery is not None
    os.kill(readers._nursery._pid, signal.SIGKILL)
    os.kill(reader_of(readers), signal.SIGKILL)
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert readers.read(Request(raw=MAIL), nobodys) == read_mail(MAIL)
    finally:
        stop.set()
        thread.join()


def test_closing_leaves_nobody_and_another_mail_starts_anew(readers: Readers) -> None:
    """All of them have gone when it returns."""
    readers.read(Request(raw=MAIL), nobodys)
    assert readers._nursery is not None
    pids = [readers._nursery._pid, reader_of(readers)]
    readers.close()
    assert not any(map(running, pids))
    assert readers.read(Request(raw=MAIL), nobodys) == read_mail(MAIL)


SCRIPT = """
    import os, sys, time
    from maild.guard.readers import Readers, Request
    kept = open(sys.argv[1], "w")
    readers = Readers()
    readers.read(Request(raw=b"Subject: x\\n\\ny"), lambda mark: False)
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has read a mail, and holds a file."""
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(tmp_path / "held")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_readers_end_with_their_desk_however_it_ends(desk: subprocess.Popen[bytes]) -> None:
    """SIGKILL to it alone."""
    below = family(desk.pid)
    assert len(below) == 2
    desk.kill()
    desk.wait()
    until(lambda: not any(map(running, below)))


def test_readers_leave_signals_to_the_desk(desk: subprocess.Popen[bytes]) -> None:
    """What ends or reloads it comes to the whole group, and the mail in hand is still to be finished."""
    below = family(desk.pid)
    for pid in below:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(pid, number)
    time.sleep(0.1)
    assert all(map(running, below))


def test_readers_hold_nothing_of_the_desk(desk: subprocess.Popen[bytes]) -> None:
    """Neither files nor output nor locks: only /dev/null and their own lines."""
    for pid in family(desk.pid):
        held = {os.readlink(f"/proc/{pid}/fd/{one}") for one in os.listdir(f"/proc/{pid}/fd")}
        assert {one for one in held if not one.startswith("socket:")} == {"/dev/null"}
        assert sum(one.startswith("socket:") for one in held) == 1


def test_only_a_process_with_one_thread_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a second one the nursery is a program of its own."""
    forked = list[int]()
    monkeypatch.setattr(nursery, "_fork", lambda line: forked.append(1))
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        readers = Readers()
        assert readers.read(Request(raw=MAIL), nobodys).subject == "Принтер"
        readers.close()
    finally:
        stop.set()
        thread.join()
    assert not forked


def test_an_answer_that_is_no_mail_is_no_mail() -> None:
    """A reader that strangers' bytes have taken over can make the desk call nothing."""
    ours, theirs = socket.socketpair()
    evil = b"cos\nsystem\n(S'touch /tmp/owned'\ntR."
    with ours, theirs:
        wire.send(theirs, wire.Frame(wire.Kind.READ, evil))
        frame = wire.receive(ours)
    assert frame is not None
    result = answered(frame)
    assert isinstance(result, ReadingFailed)
    assert "os.system" in str(result)
    assert isinstance(answered(wire.Frame(wire.Kind.READ, b"I1\n.")), ReadingFailed)


def answer_here(monkeypatch: pytest.MonkeyPatch) -> wire.Frame:
    """What a reader in this very process says of a mail."""
    monkeypatch.setattr(reader, "_limited", lambda *_: nullcontext())
    ours, theirs = socket.socketpair()
    with ours:
        wire.send(ours, wire.Frame(wire.Kind.NO_SENDER, b""))
        wire.send(ours, wire.Frame(wire.Kind.MAIL, MAIL))
        ours.shutdown(socket.SHUT_WR)
        with theirs:
            reader.serve(theirs, Limits())
        answer = wire.receive(ours)
    assert answer is not None
    return answer


def test_an_answer_is_a_mail_in_every_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11.2, which Debian 12 has, writes members of enums as calls of `getattr` unless told otherwise."""
    monkeypatch.setattr(MailClass, "__reduce_ex__", lambda self, _: (getattr, (type(self), self.name)), raising=False)
    assert answered(answer_here(monkeypatch)) == read_mail(MAIL)


def test_a_frame_that_is_too_long_is_refused() -> None:
    """Before any room is made for it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"r\x00" + (1 << 60).to_bytes(8, "big"))
        with pytest.raises(ValueError, match="bytes"):
            wire.receive(ours)


def test_a_bug_in_reading_is_told_with_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk tries such a mail again and shelves it as it does with a bug of its own."""

    def stumble(*_: object, **__: object) -> Mail:
        raise LookupError("no such thing")

    monkeypatch.setattr(reader, "read_mail", stumble)
    failed = answered(answer_here(monkeypatch))
    assert isinstance(failed, ReadingFailed)
    assert str(failed) == "LookupError: no such thing"
    assert "in stumble" in "".join(failed.__notes__)


def test_the_start_of_a_mail_past_its_limits_is_told(readers: Readers) -> None:
    """Header, first text, and what happened."""
    seen = read_start(readers, Request(raw=LARGE + b"<p>end</p>" * 100_000), "reading it took too long", nobodys)
    assert (seen.subject, seen.text.split()[0]) == ("Принтер", "It")
    assert seen.defects[-1] == "truncated: reading it took too long; this is what its first 64 kB say"
    assert seen.size > 1_000_000


def test_where_not_even_the_start_can_be_read_the_reason_is(readers: Readers) -> None:
    """The bytes are attached as they came."""
    raw = b"\n" * 100_000 + MAIL
    seen = read_start(readers, Request(raw=raw), "reading it took too long", nobodys)
    assert seen.defects == ("truncated: reading it took too long",)
    assert seen.attachments[0].content == raw


def test_everything_in_a_process_shares_its_readers() -> None:
    """Two desks need no four processes."""
    assert shared_readers() is shared_readers()


@pytest.mark.parametrize("whose", ["MailClass\n", "MailClass\n\x8c\x06person\x85R", "Mail\n", "Address\n"])
@pytest.mark.parametrize("filling", ["}(\x8c\x09automatic\x89u", "N}(\x8c\x09automatic\x89u\x86"])
def test_an_answer_changes_no_class_and_no_member_of_an_enum(whose: str, filling: str) -> None:
    """A pickle may name the desk's own classes; it must not write into them, or no autoresponder is one any more."""
    evil = f"\x80\x04cmaild.messages.mail\n{whose}{filling}b.".encode("latin-1")
    assert isinstance(answered(wire.Frame(wire.Kind.READ, evil)), ReadingFailed)
    assert MailClass.OUT_OF_OFFICE.automatic
    assert not MailClass.PERSON.automatic
    assert not hasattr(Mail, "automatic")


def asks_for_ever(peer: socket.socket, _limits: Limits) -> None:
    """A reader that has something to ask, and never an end; the next question is always there already."""
    for _ in range(200):
        wire.send(peer, wire.Frame(wire.Kind.MARK, b"mine?"))
    while wire.receive(peer) is not None:
        wire.send(peer, wire.Frame(wire.Kind.MARK, b"mine?"))


def comes_by_drops(peer: socket.socket, _limits: Limits) -> None:
    """A reader whose answer never is all there."""
    wire.receive(peer)
    wire.receive(peer)
    peer.sendall(wire._HEAD.pack(wire.Kind.READ.value, False, 10_000))
    for _ in range(10_000):
        peer.sendall(b".")
        time.sleep(0.02)


def lives_on(peer: socket.socket, _limits: Limits) -> None:
    """A reader that hangs up, and does not end."""
    wire.receive(peer)
    wire.receive(peer)
    peer.shutdown(socket.SHUT_RDWR)
    peer.close()
    time.sleep(60)


@pytest.mark.parametrize("serve", [asks_for_ever, comes_by_drops, lives_on])
def test_a_reader_that_is_not_ours_any_more_does_not_hold_the_desk(
    serve: Callable[[socket.socket, Limits], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it does in place of an answer, its time is counted, and it is ended."""
    monkeypatch.setattr(reader, "serve", serve)
    monkeypatch.setattr(nursery, "_has_one_thread", lambda: True)  # forked, or it would not be the reader of above
    monkeypatch.setattr(nursery, "_LINGERS", 0.2)
    readers = Readers(Limits(silence=0.3), width=1)
    begun = time.monotonic()
    with pytest.raises(ReadingFailed):
        readers.read(Request(raw=MAIL), nobodys)
    assert time.monotonic() - begun < 30
    readers.close()
