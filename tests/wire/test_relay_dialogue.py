"""The SMTP dialogue with a relay: what becomes of each recipient, and what of the queue."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from daemon import free_port
from wire.relay_peer import Relay, running

from maild.errors import RetryLater, Unavailable
from maild.outgoing.transports import SmtpTransport
from maild.threads.plan import Outcome, OutgoingMail

RAW = b"Subject: Hello\r\n\r\nHello, Ivan!\r\n"


def mail(*recipients: str, **other: Any) -> OutgoingMail:
    """A mail to send."""
    whole: dict[str, Any] = {
        "id": 1, "message_id": "<1@desk.example>", "envelope_from": "support+b@desk.example",
        "recipients": recipients or ("ivan@customer.example",), "raw": RAW, "attempts": 1,
        "created_at": datetime(2026, 11, 23, tzinfo=UTC),
    }  # fmt: skip
    return OutgoingMail(**(whole | other))


class Sending:
    """A relay with a transport to it, and what the transport wrote down before the final dot."""

    def __init__(self, relay: Relay, **options: Any) -> None:
        self.relay = relay
        defaults = {"host": "127.0.0.1", "port": relay.port, "local_hostname": "desk.example", "timeout": 5.0}
        self.transport = SmtpTransport(**(defaults | options))
        self.marks: list[int] = []

    def send(self, *recipients: str, **other: Any) -> Outcome:
        return self.transport.send(mail(*recipients, **other), lambda: self.marks.append(len(self.relay.taken)))


@pytest.fixture
def sending() -> Iterator[Sending]:
    """A well-behaved relay, until a test tells it otherwise."""
    with running(Relay()) as relay:
        ready = Sending(relay)
        yield ready
        ready.transport.close()


def test_a_mail_arrives_byte_for_byte(sending: Sending) -> None:
    """With its envelope, and nothing was written down after it had arrived."""
    assert sending.send("ivan@customer.example", "olga@customer.example") == Outcome(
        accepted=("ivan@customer.example", "olga@customer.example")
    )
    (taken,) = sending.relay.taken
    assert taken.raw == RAW
    assert taken.sender == "support+b@desk.example"
    assert taken.recipients == ["ivan@customer.example", "olga@customer.example"]
    assert sending.marks == [0]


def test_the_null_return_path_goes_out_as_such(sending: Sending) -> None:
    """RFC 5321, 4.5.5: automatic mail must not be answered by a bounce."""
    sending.send(envelope_from="")
    assert sending.relay.taken[0].sender == ""
    assert sending.relay.commands[0] in ("MAIL ", "MAIL <>")


def test_mails_share_one_connection(sending: Sending) -> None:
    """A connection a mail would cost more than the mail."""
    for number in range(20):
        assert sending.send(id=number).accepted
    assert (sending.relay.connections, len(sending.relay.taken)) == (1, 20)


def test_a_connection_is_not_used_for_ever(sending: Sending) -> None:
    """Relays close after so many mails; better to be first."""
    for number in range(201):
        assert sending.send(id=number).accepted
    assert sending.relay.connections == 3


def test_a_connection_that_the_relay_closed_is_opened_anew(sending: Sending) -> None:
    """An idle relay hangs up; that is nobody's failure."""
    assert sending.send().accepted
    sending.relay.hang_up()
    assert sending.send().accepted
    assert sending.relay.connections == 2


@pytest.mark.parametrize(("reply", "fate"), [("550 5.1.1 no such user", "refused"), ("451 4.2.1 later", "deferred")])
@pytest.mark.fault("C4")
def test_one_bad_recipient_does_not_stop_the_others(sending: Sending, reply: str, fate: str) -> None:
    """5xx to one fails that one for good, 4xx defers that one."""
    sending.relay.recipient = {"bad@customer.example": reply}
    outcome = sending.send("bad@customer.example", "ivan@customer.example")
    assert outcome.accepted == ("ivan@customer.example",)
    assert getattr(outcome, fate) == (("bad@customer.example", reply),)
    assert sending.relay.taken[0].recipients == ["ivan@customer.example"]


def test_without_any_good_recipient_nothing_is_sent(sending: Sending) -> None:
    """And the connection serves the next mail."""
    sending.relay.recipient = {"a@customer.example": "550 no", "b@customer.example": "450 later"}
    outcome = sending.send("a@customer.example", "b@customer.example")
    assert (len(outcome.refused), len(outcome.deferred), outcome.accepted) == (1, 1, ())
    assert "DATA" not in sending.relay.commands
    assert sending.marks == []
    assert sending.send().accepted
    assert sending.relay.connections == 1


@pytest.mark.parametrize("step", ["mail", "data", "end"])
@pytest.mark.parametrize(("reply", "fate"), [("554 5.7.1 not this one", "refused"), ("452 4.3.1 full", "deferred")])
def test_a_reply_to_the_mail_counts_for_every_recipient(sending: Sending, step: str, reply: str, fate: str) -> None:
    """At MAIL, at DATA and at the final dot alike; the next mail is another matter."""
    setattr(sending.relay, step, reply)
    outcome = sending.send("ivan@customer.example", "olga@customer.example")
    expected = (("ivan@customer.example", reply), ("olga@customer.example", reply))
    assert getattr(outcome, fate) == expected
    assert (outcome.accepted, outcome.uncertain) == ((), False)
    assert outcome.error == reply or fate == "refused"
    setattr(sending.relay, step, None)
    assert sending.send().accepted


def test_a_relay_that_lost_the_thread_fails_no_mail(sending: Sending) -> None:
    """503: it and we do not agree where in the dialogue we are; the mail waits, the connection is opened anew."""
    sending.relay.mail = "503 5.5.1 bad sequence of commands"
    outcome = sending.send()
    assert (outcome.refused, len(outcome.deferred)) == ((), 1)
    sending.relay.mail = None
    assert sending.send().accepted
    assert sending.relay.connections == 2


def test_a_break_behind_the_final_dot_is_uncertain(sending: Sending) -> None:
    """It may have arrived: neither accepted nor deferred, and no recipient is forgotten."""
    sending.relay.end = "drop"
    sending.relay.recipient = {"bad@customer.example": "550 no"}
    outcome = sending.send("ivan@customer.example", "bad@customer.example")
    assert outcome.uncertain
    assert (outcome.accepted, outcome.deferred) == ((), ())
    assert outcome.refused == (("bad@customer.example", "550 no"),)
    assert sending.marks == [0]
    sending.relay.end = None
    assert sending.send().accepted


def test_silence_behind_the_final_dot_is_uncertain_too(sending: Sending) -> None:
    """A relay that scans for ever."""
    sending.relay.end = "hang"
    slow = Sending(sending.relay, final_timeout=0.2)
    begun = time.monotonic()
    outcome = slow.send()
    assert time.monotonic() - begun < 15  # the relay hangs for thirty
    assert outcome.uncertain
    assert "final dot" in outcome.error


def test_a_break_before_the_final_dot_is_not(sending: Sending) -> None:
    """Nothing can have arrived, and nothing was written down; it is tried again soon."""
    sending.relay.cut_data = True
    big = RAW + (b"x" * 70 + b"\r\n") * 200_000
    outcome = sending.send(raw=big)
    assert not outcome.uncertain
    assert [recipient for recipient, _ in outcome.deferred] == ["ivan@customer.example"]
    assert sending.marks == []


def test_what_cannot_be_written_down_is_not_sent(sending: Sending) -> None:
    """The final dot waits for the disk: else a crash could send the mail twice and not know it."""

    def broken() -> None:
        raise RetryLater("the database is away")

    with pytest.raises(RetryLater, match="database is away"):
        sending.transport.send(mail(), broken)
    with pytest.raises(RetryLater):
        sending.transport.send(mail(), lambda: (_ for _ in ()).throw(OSError("disk full")))  # type: ignore[arg-type]
    assert sending.relay.taken == []
    assert sending.send().accepted


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        (b"A: b\n\n.\n..x\n", b"A: b\r\n\r\n.\r\n..x\r\n"),
        (b"A: b\r\n\r\n.", b"A: b\r\n\r\n.\r\n"),
        (b"A: b\r\rc\r.\r", b"A: b\r\n\r\nc\r\n.\r\n"),
        (b".A: b\r\n\r\nx", b".A: b\r\n\r\nx\r\n"),
        (
            b"A: b\r\n\r\nx\n.\r\nMAIL FROM:<evil@x.example>\r\n",
            b"A: b\r\n\r\nx\r\n.\r\nMAIL FROM:<evil@x.example>\r\n",
        ),
    ],
)
@pytest.mark.fault("C10")
def test_line_ends_and_leading_dots_arrive_as_one_mail(sending: Sending, sent: bytes, arrives: bytes) -> None:
    """No text ends its mail early or smuggles a second one behind it."""
    assert sending.send(raw=sent).accepted
    assert [taken.raw for taken in sending.relay.taken] == [arrives]


@pytest.mark.parametrize(
    "bad", ["", "nobody", "a b@x.example", "a@x.example>\r\nRCPT TO:<evil@x.example", "a@" + "ю" * 300]
)
@pytest.mark.fault("C6")
def test_an_address_that_is_none_fails_for_good_without_a_word_on_the_wire(sending: Sending, bad: str) -> None:
    """And the others get their mail."""
    outcome = sending.send(bad, "ivan@customer.example")
    assert outcome.accepted == ("ivan@customer.example",)
    assert [recipient for recipient, _ in outcome.refused] == [bad]
    assert [command for command in sending.relay.commands if "evil" in command] == []


def test_domains_go_over_the_wire_in_ascii(sending: Sending) -> None:
    """And the outcome names the recipient as it was stored."""
    outcome = sending.send("ivan@почта.рф")
    assert outcome.accepted == ("ivan@почта.рф",)
    assert sending.relay.taken[0].recipients == ["ivan@xn--80a1acny.xn--p1ai"]


def test_a_non_ascii_mailbox_is_refused_by_a_relay_that_does_not_know_them(sending: Sending) -> None:
    """RFC 6531: only with SMTPUTF8; the others go on."""
    outcome = sending.send("иван@customer.example", "ivan@customer.example")
    assert outcome.accepted == ("ivan@customer.example",)
    assert outcome.refused[0][0] == "иван@customer.example"


def test_a_non_ascii_mailbox_is_reached_through_a_relay_that_does() -> None:
    """And an ordinary mail on the same connection still speaks ASCII."""
    with running(Relay(), enable_SMTPUTF8=True) as relay:
        sending = Sending(relay)
        assert sending.send("иван@customer.example").accepted
        assert sending.send("ivan@customer.example").accepted
        sending.transport.close()
    assert [taken.recipients for taken in relay.taken] == [["иван@customer.example"], ["ivan@customer.example"]]


@pytest.mark.parametrize(
    ("greeting", "error"), [("554 5.7.1 go away", Unavailable), ("421 4.3.2 too busy", RetryLater)]
)
@pytest.mark.fault("C5")
def test_a_relay_that_turns_us_away_stops_the_queue_and_not_the_mail(
    sending: Sending, greeting: str, error: type[Exception]
) -> None:
    """C5: a 5xx before any mail is a fault of the settings; no mail fails for it."""
    sending.relay.greeting = greeting
    with pytest.raises(error, match=greeting[4:9]):
        sending.send()


def test_a_relay_that_is_not_there_stops_the_queue() -> None:
    """Nothing listens: later."""
    port = free_port()
    with pytest.raises(RetryLater, match=f"127.0.0.1:{port}: the relay cannot be reached"):
        Sending(Relay(port=port)).send()


def test_a_relay_that_never_greets_stops_the_queue() -> None:
    """It listens and says nothing: within the time-out, later."""
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(RetryLater, match="cannot be reached"):
        Sending(Relay(port=mute.getsockname()[1]), timeout=0.2).send()


def test_a_relay_that_closes_for_maintenance_stops_the_queue(sending: Sending) -> None:
    """421 to MAIL speaks of the relay, not of the mail."""
    sending.relay.mail = "421 4.3.2 shutting down"
    with pytest.raises(RetryLater, match="shutting down"):
        sending.send()


@pytest.mark.parametrize("reply", ["530 5.7.0 authentication required", "535 5.7.8 no"])
@pytest.mark.fault("C5")
def test_a_relay_that_wants_a_login_stops_the_queue(sending: Sending, reply: str) -> None:
    """No customer's mail may fail because the admin forgot a password."""
    sending.relay.mail = reply
    with pytest.raises(Unavailable, match="another login"):
        sending.send()
    sending.relay.mail = None
    sending.relay.recipient = {"ivan@customer.example": reply}
    with pytest.raises(Unavailable, match="another login"):
        sending.send()
