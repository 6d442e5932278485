"""A relay that lies: without end, out of turn, and about what it can do."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import pytest
from wire.scripted import Talk, Talker, talking
from wire.test_relay_dialogue import mail

from maild.errors import RetryLater, Unavailable
from maild.outgoing.smtp import Security, SmtpTransport
from maild.threads.plan import Outcome, OutgoingMail

IVAN = "ivan@customer.example"
STEPS = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "end", "QUIT")
SANE = {
    "greeting": b"220 relay\r\n", "EHLO": b"250 relay\r\n", "MAIL": b"250 ok\r\n", "RCPT": b"250 ok\r\n",
    "DATA": b"354 go\r\n", "end": b"250 taken\r\n", "QUIT": b"221 bye\r\n",
}  # fmt: skip


def relay(**odd: bytes | Callable[[Talker], None]) -> Talk:
    """A relay that does as others do, but for these steps."""

    def say(talker: Talker, step: str) -> None:
        what = odd.get(step, SANE[step])
        if callable(what):
            what(talker)
        else:
            talker.say(what)

    def talk(talker: Talker) -> None:
        say(talker, "greeting")
        while line := talker.hear():
            verb = line.split()[0].decode().upper()
            say(talker, verb if verb in SANE else "MAIL")
            if verb == "DATA":
                while talker.hear() not in (b".", b""):
                    pass
                say(talker, "end")

    return talk


def send(port: int, *mails: OutgoingMail, **options: object) -> list[Outcome]:
    """What becomes of mails."""
    defaults = {
        "host": "127.0.0.1",
        "port": port,
        "local_hostname": "desk.example",
        "timeout": 0.8,
        "final_timeout": 0.8,
    }
    transport = SmtpTransport(**(defaults | options))  # type: ignore[arg-type]
    try:
        return [transport.send(one, lambda: None) for one in mails or (mail(IVAN),)]
    finally:
        transport.close()


def fate(port: int) -> str:
    """What becomes of one mail, or of all."""
    try:
        (outcome,) = send(port)
    except (RetryLater, Unavailable) as error:
        return type(error).__name__
    if outcome.uncertain:
        return "uncertain"
    return "accepted" if outcome.accepted else "refused" if outcome.refused else "deferred"


FATES = ("RetryLater", "RetryLater", "deferred", "deferred", "deferred", "uncertain", "accepted")


@pytest.mark.parametrize(("step", "expected"), list(zip(STEPS, FATES, strict=True)))
@pytest.mark.parametrize("how", ["flood", "long", "drip", "drip-lines", "silence"])
def test_a_reply_without_end_is_ended_by_us(step: str, expected: str, how: str) -> None:
    """In lines, in one line, byte by byte: no memory, no worker, and no mail is lost or sent twice for it."""
    hows: dict[str, Callable[[Talker], None]] = {
        "flood": lambda talker: talker.flood(b"250-more\r\n"),
        "long": lambda talker: talker.flood(b"250 " + b"x" * 1000),
        "drip": lambda talker: talker.drip(b"2"),
        "drip-lines": lambda talker: talker.drip(b"250-x\r\n"),
        "silence": lambda talker: time.sleep(20),
    }
    with talking(relay(**{step: hows[how]})) as (port, _):
        began = time.monotonic()
        assert fate(port) == expected
        assert time.monotonic() - began < 15


def test_a_flood_of_lines_costs_no_memory() -> None:
    """A reply has its bytes, and no more."""
    with talking(relay(EHLO=lambda talker: talker.flood(b"250-SIZE\r\n"))) as (port, _):
        tracemalloc.start()
        assert fate(port) == "RetryLater"
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize(
    "reply", [b"999 what\r\n", b"25 x\r\n", b"\xb2\xb2\xb2 x\r\n", b"2_0 x\r\n", b"+50 x\r\n", b"\r\n"]
)
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "end"])
def test_a_code_that_is_none_accepts_nothing_and_fails_nothing(step: str, reply: bytes) -> None:
    """It is tried again."""
    with talking(relay(**{step: reply})) as (port, _):
        assert fate(port) == "deferred"


def test_a_relay_that_says_yes_to_everything_is_told_nothing_in_the_clear() -> None:
    """250 is no answer to STARTTLS, and neither login nor mail follow."""
    with talking(relay(EHLO=b"250-relay\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n")) as (port, talkers):
        with pytest.raises((Unavailable, RetryLater)):
            send(port, security=Security.STARTTLS, username="desk", password="hush")
        assert not [line for line in talkers[0].heard if line.startswith((b"AUTH", b"MAIL"))]


@pytest.mark.parametrize("glued", [b"250 ok\r\n", b"250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n", b"550 no\r\n"])
@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT", "DATA"])
def test_replies_that_come_before_their_turn_are_taken_for_none(step: str, glued: bytes) -> None:
    """Neither is a mail told to be sent that was not, nor one refused by a word that was meant for something else."""
    with talking(relay(**{step: SANE[step] + glued})) as (port, _):
        assert fate(port) in ("deferred", "RetryLater")


def test_what_follows_the_last_reply_costs_a_connection_and_no_mail() -> None:
    """The next mail goes over a new one."""
    with talking(relay(end=b"250 taken\r\n250 taken twice\r\n")) as (port, talkers):
        outcomes = send(port, mail(IVAN), mail(IVAN))
        assert [outcome.accepted for outcome in outcomes] == [(IVAN,), (IVAN,)]
        assert len(talkers) == 2


@pytest.mark.parametrize("challenge", [b"334 =\r\n", b"334 x\r\n", b"334 \xff\xff\r\n"])
def test_a_challenge_without_sense_is_told_and_fails_no_mail(challenge: bytes) -> None:
    """The queue waits, with a sentence for the admin."""
    asked: dict[str, bytes] = {"EHLO": b"250-relay\r\n250 AUTH CRAM-MD5\r\n", "MAIL": challenge}
    with talking(relay(**asked)) as (port, _), pytest.raises(Unavailable, match="log"):
        send(port, username="desk", password="hush")


def test_a_password_with_other_letters_is_told_without_any_of_them() -> None:
    """It cannot be sent by smtplib."""
    with talking(relay(EHLO=b"250-relay\r\n250 AUTH PLAIN\r\n")) as (port, _):
        with pytest.raises(Unavailable, match="not ASCII") as caught:
            send(port, username="desk", password="pässwört")
        assert "ä" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "a@b.test>\r\nRCPT TO:<c@d.test",
        "a\r\nDATA@b.test",
        "a@b.test\n",
        "a@b.test\r",
        "a b@c.test",
        "a@b.test> SIZE=1",
    ],
)
def test_an_address_with_commands_in_it_says_none(address: str) -> None:
    """It fails for good, and nothing of it is on the wire."""
    with talking(relay()) as (port, talkers):
        (outcome,) = send(port, mail(IVAN, address))
        assert (outcome.accepted, [one for one, _ in outcome.refused]) == ((IVAN,), [address])
        heard = b"".join(talkers[0].heard)
        assert heard.count(b"RCPT") == 1
        assert b"DATA@" not in heard
