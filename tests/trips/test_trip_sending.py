"""Letters on their way through a relay that misbehaves, a relay that is away, and Postfix with its own bounces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from clients import reply_address, write_mail, write_reply
from daemon import HOST, ended_at_last, free_port, make_desk, parse_letter, wait_for
from faulty import faulty_relay
from long_sending import FAULTS, run, write_letters
from office import NOW
from postfix import postfix
from sink import smtp_sink
from wire.relay_peer import Relay, running

from maild.clock import FixedClock
from maild.outgoing.sender import Sender
from maild.outgoing.transports import SmtpTransport
from maild.store import open_keep


@pytest.mark.fault("C2", "C3", "C4")
def test_hundreds_of_letters_through_kills_and_faults(
    tmp_path: Path, size: Callable[[int, int], int], figure: Callable[[str], None]
) -> None:
    """C2, C3, C4: none is lost, copies are the very same bytes, and a clean restart sends nothing again."""
    letters, kills = size(200, 5000), size(2, 100)
    result = run(tmp_path / "d", letters, kills, FAULTS)
    figure(
        f"{letters} letters, {kills} SIGKILLs: {len(result.lost)} lost, {result.twice} twice with the very same bytes, "
        f"{len(result.changed)} with others, {result.again} again after a clean restart"
    )
    assert result == replace(result, lost=[], changed=[], again=0, unclean=0, unfinished=0)
    assert 0 < result.twice < letters / 5


@pytest.mark.fault("C1")
def test_a_relay_that_was_away_for_six_hours_gets_everything_and_no_herd(tmp_path: Path) -> None:
    """C1: all letters wait, none spends a try; a connection is tried seldom, and at last all goes over one."""
    keep = open_keep(f"sqlite:///{tmp_path}/maild.db", "test")
    write_letters(keep, 250, NOW)
    clock = FixedClock(NOW)
    tried_at: list[datetime] = []
    with faulty_relay() as relay:
        relay.down = True
        way = SmtpTransport(host="127.0.0.1", port=relay.port, local_hostname="desk.example", timeout=5)
        sender = Sender(keep.outbox, [way], clock)
        while clock.at < NOW + timedelta(hours=6):
            before = relay.connections
            if not sender._road.closed_at(clock.at):
                sender.send_due(clock.at)
            tried_at += [clock.at] * (relay.connections - before)
            clock.at += timedelta(seconds=30)
        waiting = keep.outbox.listing()
        assert Counter((row["state"], row["attempts"]) for row in waiting) == {("waiting", 0): 250}
        assert {row["last_error"] for row in waiting} == {
            f"127.0.0.1:{relay.port}: the relay says later: 421 4.3.2 down"
        }
        gaps = [later - earlier for earlier, later in pairwise(tried_at)]
        assert 36 <= len(tried_at) <= 60
        assert max(gaps) <= timedelta(minutes=12, seconds=30)
        relay.down, relay.connections = False, 0
        clock.at += timedelta(minutes=15)
        sender.send_due(clock.at)
        way.close()
        assert len(relay.arrived) == 250
        assert relay.connections == 3
    assert {(row["state"], row["attempts"], row["last_error"]) for row in keep.outbox.listing()} == {("sent", 1, "")}
    keep.database.close()


@pytest.mark.fault("C1")
def test_letters_that_a_server_put_off_together_do_not_come_back_together(tmp_path: Path) -> None:
    """C1: greylisting of all letters at once is spread by a fifth to either side, each time."""
    keep = open_keep(f"sqlite:///{tmp_path}/maild.db", "test")
    write_letters(keep, 100, NOW)
    with faulty_relay(_4xx=1.0) as relay:
        way = SmtpTransport(host="127.0.0.1", port=relay.port, local_hostname="desk.example", timeout=5)
        Sender(keep.outbox, [way], FixedClock(NOW)).send_due(NOW)
        way.close()
    waits = sorted((row["next_at"] - NOW).total_seconds() for row in keep.outbox.listing())
    assert 48 <= waits[0] < 52
    assert 68 < waits[-1] <= 72
    assert len({round(wait) for wait in waits}) > 12
    keep.database.close()


@pytest.mark.fault("C7")
def test_postfix_returns_what_cannot_be_delivered_and_it_is_tied(tmp_path: Path) -> None:
    """C7: the acknowledgement's bounce blocks the address, the answer's opens the ticket; Postfix writes both."""
    customer, anna = "ivan@gone.example", "anna@desk.example"
    port = free_port()
    with smtp_sink() as people, running(Relay(recipient={customer: "550 5.1.1 nobody of that name lives here"})) as far:
        routes = {
            r"^support(\+.*)?@desk\.example$": f"smtp:[{HOST}]:{port}",
            r"@gone\.example$": f"smtp:[{HOST}]:{far.port}",
            r"@desk\.example$": f"smtp:[{HOST}]:{people.port}",
        }
        with postfix(routes, free_port()) as server:
            settings: dict[str, object] = {"smtp.port": port, "outgoing.transport": "smtp", "outgoing.undo_delay": "0s"}
            desk = make_desk(tmp_path / "d", settings | {"outgoing.port": server.port})
            with ended_at_last(desk):
                desk.start()
                desk.deliver(write_mail("My printer is on fire.", sender=f"Ivan <{customer}>"), customer)
                dead = wait_for(lambda: desk.cli("outbox", "suppressed"), "the acknowledgement's bounce")
                assert [(d["address"], d["status"], d["bounces"]) for d in dead] == [(customer, "5.1.1", 1)]
                assert "nobody of that name lives here" in dead[0]["reason"]
                assert desk.ticket("SUP-1001")["status"] == "new"
                news = wait_for(lambda: [m for m in people.mails() if m.recipients == (anna,)], "Anna's mail")
                told = parse_letter(news[0].raw, "", anna)
                answer = write_reply(told, "Please pour water on it.", sender=f"Anna <{anna}>")
                desk.send(answer, anna, reply_address(told), login="anna")
                ticket = wait_for(
                    lambda: t if (t := desk.ticket("SUP-1001"))["status"] == "open" else None, "the answer's bounce"
                )
                assert [m["class"] for m in ticket["messages"]] == ["person", "bounce", "person", "bounce"]
                states = [(row["state"], row["ticket"]) for row in desk.cli("inbox") if row["envelope_from"] == ""]
                assert states == [("bounce", "SUP-1001")] * 2
                wait_for(lambda: [m for m in people.mails() if b"nobody of that name" in m.raw], "the agents' notice")
                desk.order("outbox", "unsuppress", customer)
                assert desk.cli("outbox", "suppressed") == []
