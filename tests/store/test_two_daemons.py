"""Two real daemons on one PostgreSQL, one of them killed in the middle of its work."""

from __future__ import annotations

import smtplib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from daemon import HOST, SUPPORT, Daemon, ended_at_last, make_desk, wait_for
from office import eml

from maild.store import open_keep
from maild.store.keep import Keep
from maild.store.tables import leases
from maild.store.views import Wanted

MAILS, CLIENTS = 120, 3


@pytest.fixture
def pair(shared: str, tmp_path: Path) -> Iterator[list[Daemon]]:
    """Two desks with one secret, one database and one folder of outgoing letters."""
    common = {
        "database.url": shared,
        "desk.secret_file": str(tmp_path / "secret"),
        "outgoing.maildir": str(tmp_path / "letters"),
    }
    desks = [make_desk(tmp_path / name, common) for name in ("one", "two")]
    desks[0].start()
    with ended_at_last(desks[0]), ended_at_last(desks[1]):
        desks[1].start()
        yield desks


def send_all(ports: list[int], mails: list[tuple[str, bytes]]) -> None:
    """A client that sends each of its mails until one of the desks has said 250, and then no more."""
    turn = 0
    for sender, raw in mails:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            turn += 1
            with suppress(OSError, smtplib.SMTPException):
                with smtplib.SMTP(HOST, ports[turn % len(ports)], local_hostname="client.example", timeout=5) as client:
                    client.sendmail(sender, [SUPPORT], raw)
                break
            time.sleep(0.02)


def conversations() -> list[list[tuple[str, bytes]]]:
    """For each client its mails: every second answers the one before it."""
    found: list[list[tuple[str, bytes]]] = []
    for client in range(CLIENTS):
        mails = []
        for number in range(MAILS // CLIENTS):
            who = f"ivan@p{client}-{number // 2}.example"
            named: dict[str, Any] = {"References": f"<{client}.{number - 1}@customer.example>"} if number % 2 else {}
            raw = eml(f"{client}.{number}", sender=who, message_id=f"<{client}.{number}@customer.example>", **named)
            mails.append((who, raw))
        found.append(mails)
    return found


def idle(keep: Keep) -> bool:
    """Whether no mail waits and no letter is on its way."""
    return not keep.inbox.listing(["waiting"]) and not keep.outbox.listing(["waiting", "sending", "uncertain"])


def holders(keep: Keep, name: str) -> list[str]:
    """Who holds the leases whose names are like this."""
    with keep.database.read() as connection:
        query = sa.select(leases.c.holder).where(leases.c.name.like(name), leases.c.until > sa.func.now())
        return list(connection.scalars(query))


@pytest.mark.fault("A15")
def test_a_desk_that_is_killed_leaves_its_work_to_the_other(shared: str, pair: list[Daemon], tmp_path: Path) -> None:
    """Nothing is lost, nothing done twice: each mail is in one ticket once, each letter one file; one ticks."""
    keep = open_keep(shared, "test")
    wait_for(lambda: len(holders(keep, "alive:%")) == 2, "both to be there")
    [leader] = wait_for(lambda: holders(keep, "ticks"), "one of them to tick")
    clients = [threading.Thread(target=send_all, args=([d.port for d in pair], mails)) for mails in conversations()]
    for client in clients:
        client.start()
    wait_for(lambda: len(keep.inbox.listing()) > MAILS // 3, "a third of the mails")
    pair[0].kill()
    for client in clients:
        client.join()
    with keep.database.write() as connection:
        # As if half a minute had gone by: nobody renews the dead desk's leases.
        connection.exec_driver_sql("UPDATE leases SET until = now()")
    wait_for(lambda: idle(keep), "everything to be done", 60)
    wait_for(lambda: holders(keep, "ticks") not in ([], [leader]), "the other desk to tick")

    ended = [
        (row["state"], row["ticket"], row["reason"]) for row in keep.inbox.listing() if row["state"] != "duplicate"
    ]
    assert Counter(state for state, _, _ in ended) == {"ticketed": MAILS}, ended
    listed = keep.views.tickets(Wanted())
    assert Counter(one.messages for one in listed) == {2: MAILS // 2}
    assert [one.ticket.id for one in listed] == list(range(1000 + MAILS // 2, 1000, -1))
    texts = Counter(m.text.strip() for t in listed for _, m in keep.views.ticket(t.ticket.number, "SUP").messages)
    assert texts == {f"{c}.{n}": 1 for c in range(CLIENTS) for n in range(MAILS // CLIENTS)}
    letters = keep.outbox.listing()
    assert {row["state"] for row in letters} == {"sent"}
    assert Counter(row["kind"] for row in letters)["acknowledgement"] == MAILS // 2
    files = list((tmp_path / "letters" / "new").iterdir())
    assert len(files) == sum(len(row["recipients"]) for row in letters)
    keep.database.close()
