"""Loops and storms on real daemons: two desks that answer each other, a flood, and a relay that is away."""

from __future__ import annotations

import asyncio
import re
import smtplib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from clients import write_mail
from daemon import HOST, Daemon, ended_at_last, free_port, make_desk, running_desk, wait_for

IVAN = "ivan@customer.example"
ANNA, BORIS = "anna@desk.example", "boris@desk.example"
ADMIN = "root@customer.example"
ONE, OTHER = "support@one.example", "support@other.example"
_TELLING = re.compile(rb"(?im)^(?:Auto-Submitted|Precedence|X-[\w-]+):.*\r\n(?:[ \t].*\r\n)*")


class Between:
    """A relay between two desks: hands each mail on by its domain, and may take off all that tells machines apart."""

    def __init__(self, strips: bool) -> None:
        self.strips = strips
        self.ports: dict[str, int] = {}
        self.passed: list[tuple[str, bytes]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail, and bring it where it belongs before saying so."""
        raw = envelope.original_content or b""
        head, _, body = raw.partition(b"\r\n\r\n")
        if self.strips:
            raw = _TELLING.sub(b"", head + b"\r\n") + b"\r\n" + body
        for recipient in envelope.rcpt_tos:
            self.passed.append((recipient, raw))
            port = self.ports.get(recipient.rpartition("@")[2])
            if port is not None:
                await asyncio.to_thread(_bring, port, self._return_path(envelope), recipient, raw)
        return "250 taken"

    def _return_path(self, envelope: Envelope) -> str:
        """A stripping relay hides the null return path as well."""
        sender = envelope.mail_from or ""
        return "someone@elsewhere.example" if self.strips and not sender else sender

    def to(self, domain: str) -> list[bytes]:
        """What went to a domain."""
        return [raw for recipient, raw in self.passed if recipient.endswith("@" + domain)]


def _bring(port: int, sender: str, recipient: str, raw: bytes) -> None:
    with smtplib.SMTP(HOST, port, local_hostname="between.example", timeout=20) as client:
        client.sendmail(sender, [recipient], raw)


@contextmanager
def between(strips: bool) -> Iterator[tuple[Between, int]]:
    """The relay in a thread of its own, and its port."""
    handler, port, started = Between(strips), free_port(), Event()
    loop = asyncio.new_event_loop()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(
            loop.create_server(lambda: SMTP(handler, hostname="between.example", loop=loop), HOST, port)
        )
        started.set()
        loop.run_forever()
        server.close()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

    thread = Thread(target=serve, daemon=True)
    thread.start()
    assert started.wait(5)
    try:
        yield handler, port
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def quiet(desks: list[Daemon], relay: Between) -> None:
    """Until nothing has passed between the desks for three seconds, and none has anything to do."""
    seen, since = -1, time.monotonic()

    def still() -> bool:
        nonlocal seen, since
        if len(relay.passed) != seen:
            seen, since = len(relay.passed), time.monotonic()
        return time.monotonic() - since > 3

    wait_for(still, "the desks to fall silent", 60)
    for desk in desks:
        desk.wait_idle()


@pytest.mark.parametrize("strips", [False, True])
@pytest.mark.fault("D1")
def test_two_desks_that_acknowledge_each_other_fall_silent_at_once(tmp_path: Path, strips: bool) -> None:
    """One mail that seems to come from the other desk: two acknowledgements at the most, also without their marks."""
    with ExitStack() as stack:
        relay, port = stack.enter_context(between(strips))
        desks = []
        for address in (ONE, OTHER):
            settings = {"desk.address": address, "outgoing.transport": "smtp", "outgoing.port": port}
            settings |= {"outgoing.host": HOST}
            desk = make_desk(tmp_path / address, settings)
            relay.ports[address.rpartition("@")[2]] = desk.port
            desks.append(stack.enter_context(ended_at_last(desk)).start())
        seed = write_mail("Are you there?", sender=OTHER, to=ONE, subject="Hello", message_id="<seed@other.example>")
        desks[0].send(seed, OTHER, ONE)
        quiet(desks, relay)
        acknowledgements = [row for desk in desks for row in desk.cli("outbox") if row["kind"] == "acknowledgement"]
        # The mark of the first stops it; without the mark the second's answer finds the ticket that is there.
        assert len(acknowledgements) == (2 if strips else 1)
        assert len(relay.to("one.example")) + len(relay.to("other.example")) == len(acknowledgements)
        assert sum(len(desk.cli("tickets")) for desk in desks) <= 2


@pytest.mark.fault("D6")
def test_a_storm_is_stored_whole_and_floods_nobody(
    tmp_path: Path, size: Callable[[int, int], int], figure: Callable[[str], None]
) -> None:
    """Hundreds of mails from one address: all are tickets, three acknowledgements, twenty letters, then a digest."""
    count = size(300, 10_000)
    with running_desk(tmp_path / "d", {"limits.digest_every": "1s"}) as desk:
        with smtplib.SMTP(HOST, desk.port, local_hostname="client.example", timeout=60) as client:
            for n in range(count):
                raw = write_mail(f"Help {n}", sender=IVAN, subject=f"Trouble {n}", message_id=f"<{n}@customer.example>")
                client.sendmail(IVAN, ["support@desk.example"], raw)
        wait_for(lambda: not desk.cli("inbox", "--state", "waiting"), "all mails to be handled", size(60, 3600))
        kinds = Counter((row["kind"], row["to"][0]["address"]) for row in desk.cli("outbox"))
        assert len(desk.cli("tickets")) == count
        assert kinds["acknowledgement", IVAN] == 3
        assert [kinds["notification", agent] for agent in (ANNA, BORIS)] == [20, 20]
        figure(f"{count} mails from one address: {count} stored, {kinds['acknowledgement', IVAN]} acknowledgements")
        told = desk.ticket(f"SUP-{1000 + count - 1}")["events"]
        assert [event["kind"] for event in told][-2:] == ["no_acknowledgement", "letter_gathered"]


def test_the_admin_is_told_that_the_relay_is_away_and_check_says_so(tmp_path: Path) -> None:
    """The letter waits with the others; `check` tells it at once, and a quarantined mail makes it end with 1."""
    settings = {"outgoing.transport": "smtp", "outgoing.host": HOST, "outgoing.port": free_port(), "desk.admin": ADMIN}
    with running_desk(tmp_path / "d", settings) as desk:
        desk.send(write_mail("Help", sender=IVAN, subject="Help"), IVAN)
        text = wait_for(lambda: said if "relay_away" in (said := desk.order("check")) else "", "the trouble", 20)
        assert "cannot be reached" in text or "refused" in text.lower()
        assert desk.run("check").returncode == 0
