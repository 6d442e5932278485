"""Stopping the listener: what is coming in comes in, everybody else is told."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta

import pytest
from daemon import wait_for
from wire.smtp_door import FakeLedger, Inbox, open_door

MAIL = b"Subject: x\r\n\r\nx\r\n"


@pytest.mark.fault("A5")
def test_a_mail_in_flight_is_finished_and_idle_clients_are_told():
    """SIGTERM under load: 250 for the mail whose end comes, then 421; at once 421 for who is silent or before DATA."""
    with open_door() as door:
        idle, begun, sending = door.client(), door.client(), door.client()
        begun.ask(b"MAIL FROM:<a@b.example>")
        sending.begin()
        sending.send(MAIL)
        stopping = threading.Thread(target=lambda: door.run(door.listener.stop(timedelta(seconds=5))))
        stopping.start()
        assert idle.reply() == (421, "4.3.2 Shutting down, try again later")
        assert begun.reply()[0] == 421
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", door.port), 2)
        sending.send(b".\r\n")
        assert sending.reply()[0] == 250
        assert sending.reply()[0] == 421
        stopping.join(20)
        assert not stopping.is_alive()
        assert len(door.ledger.rows) == 1


def test_at_the_deadline_the_line_is_cut():
    """A client that never ends its mail does not keep maild from stopping; it hears no 250."""
    with open_door() as door:
        client = door.client()
        client.begin()
        client.send(MAIL)
        door.run(door.listener.stop(timedelta(seconds=0.2)))
        assert client.reply() == (0, "")
        assert door.ledger.rows == []


def test_a_commit_that_outlasts_the_deadline_is_not_lost():
    """The mail that the writer has is stored though its client was cut: it comes again and is recognised."""
    with open_door() as door:
        client = door.client()
        client.begin()
        door.ledger.open_gate.clear()
        client.send(MAIL + b".\r\n")
        assert door.ledger.called.wait(5)
        door.run(door.listener.stop(timedelta(seconds=0.1)))
        assert client.reply() == (0, "")
        door.ledger.open_gate.set()
        wait_for(lambda: door.ledger.rows, "the mail")
        assert [row.raw for row in door.ledger.rows] == [MAIL]


def test_an_inbox_that_is_closed_first_makes_clients_come_again():
    """Whatever the order of stopping, nobody hears 250 for what is not kept."""
    boxes: list[Inbox] = []

    def make(ledger: FakeLedger) -> Inbox:
        boxes.append(Inbox(ledger))
        return boxes[0]

    with open_door(inbox=make) as door:
        client = door.client()
        client.begin()
        boxes[0].stop()
        assert client.ask(MAIL + b".") == (451, "4.3.0 Cannot be done now, try again later")


def test_stopping_twice_does_no_harm():
    """The daemon may stop what has stopped already."""
    with open_door() as door:
        door.run(door.listener.stop(timedelta(seconds=1)))
        door.run(door.listener.stop(timedelta(seconds=1)))
