"""What tickets are shared out by: everybody's open tickets, whose turn was when, and who is away.

Two desks that share out at the same moment must see each other's choices, or both would give the last free place of an
agent away. So whoever counts has locked the counter of tickets first (`locks.py`, 4), and holds it until the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.messages.addresses import normal
from maild.people.absence import Absence, HereAgain, Source
from maild.store.tables import absences, clean, counters, gathered, tickets, turns
from maild.threads.workload import COUNTED, Turn, Workload

_LOCK = sa.select(counters.c.value).where(counters.c.name == "tickets").with_for_update()
_OPEN = (
    sa.select(tickets.c.assignee, sa.func.count())
    .where(
        tickets.c.assignee.in_(sa.bindparam("agents", expanding=True)), tickets.c.status.in_([str(s) for s in COUNTED])
    )
    .group_by(tickets.c.assignee)
)
_TURNS = sa.select(turns.c.pool, turns.c.agent, turns.c.number)
_SAID = sa.select(absences)


def workload(connection: Connection, agents: Iterable[str]) -> Workload:
    """How many open tickets these agents have, and the turns of every pool; nobody else shares out until the end."""
    connection.execute(_LOCK).all()
    last: dict[str, dict[str, int]] = {}
    for row in connection.execute(_TURNS):
        last.setdefault(row.pool, {})[row.agent] = row.number
    counts = {row[0]: row[1] for row in connection.execute(_OPEN, {"agents": list(agents)})}
    return Workload(open=counts, turns=last)


def said_absences(connection: Connection) -> tuple[Absence, ...]:
    """What agents and their mail programs have said, also of what is over."""
    return tuple(
        Absence(agent=r.agent, source=Source(r.source), since=r.since, until=r.until, deputy=r.deputy)
        for r in connection.execute(_SAID)
    )


def save_turns(connection: Connection, found: Iterable[Turn]) -> None:
    """Write down whose turn it was."""
    for turn in found:
        of_agent = (turns.c.pool == turn.pool) & (turns.c.agent == turn.agent)
        if connection.execute(turns.update().where(of_agent).values(number=turn.number)).rowcount == 0:
            connection.execute(turns.insert().values(pool=turn.pool, agent=turn.agent, number=turn.number))


def save_absences(connection: Connection, found: Iterable[Absence]) -> None:
    """Keep what an agent says, in place of what the same source said before."""
    for one in found:
        _forget(connection, one.agent, (one.source,))
        row = {"agent": one.agent, "source": str(one.source), "since": one.since, "until": one.until}
        connection.execute(absences.insert().values(**row, deputy=one.deputy))


def end_absences(connection: Connection, found: Iterable[HereAgain], now: datetime) -> None:
    """They are here: what was said of them is forgotten, and what waited for them is told by the next digest."""
    for one in found:
        _forget(connection, one.agent, one.sources)
        key = clean(normal(one.address)[:320])
        waits = (gathered.c.recipient_key == key) & gathered.c.told_at.is_(None) & (gathered.c.ready_at > now)
        connection.execute(gathered.update().where(waits).values(ready_at=now))


def _forget(connection: Connection, agent: str, sources: Iterable[Source]) -> None:
    named = absences.c.source.in_([str(source) for source in sources])
    connection.execute(absences.delete().where(absences.c.agent == agent, named))
