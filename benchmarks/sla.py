"""What deadlines cost: a tick beside many open tickets, many tickets due at once, a replay of many histories.

`python benchmarks/sla.py tick [--open N ...] [--due N]`: a tick with nothing due, and with some due, beside each number
of open tickets, in one run, with ratios; also that the query for what is due goes by its index.
`... storm [--due N]`: so many tickets due in one second, and how long it takes until everybody is told.
`... replay [--tickets N]`: `maild sla replay` of so many answered tickets.

All on SQLite in a folder of its own; `--database postgresql://...` takes an empty database in its place.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from maild.cli.app import App
from maild.desk.tick import do_due
from maild.messages.mail import Address
from maild.sla.deadlines import start
from maild.sla.promise import Target
from maild.store.rows import clock_row, ticket_row
from maild.store.tables import clocks, counters, events, participants, tickets
from maild.threads.model import Priority, Status, Ticket

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FAR = NOW + timedelta(days=365)
ROUNDS, CHUNK = 5, 5000


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("tick", "storm", "replay"))
    options.add_argument("--open", type=int, nargs="+", default=[10_000, 1_000_000])
    options.add_argument("--due", type=int)
    options.add_argument("--tickets", type=int, default=100_000)
    options.add_argument("--database")
    given = options.parse_args()
    with desk(given.database) as app:
        match given.what:
            case "tick":
                measure_ticks(app, sorted(given.open), given.due or 100)
            case "storm":
                measure_storm(app, given.due or 10_000)
            case "replay":
                measure_replay(app, given.tickets)


@contextmanager
def desk(database: str | None) -> Iterator[App]:
    """A desk as `maild init` makes it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "desk"
        words = [sys.executable, "-m", "maild", "init", str(home)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        file = home / "settings.toml"
        if database:
            text = file.read_text()
            line = next(line for line in text.splitlines() if line.startswith("url = "))
            file.write_text(text.replace(line, f'url = "{database}"', 1))
        app = App(file)
        yield app
        app.keep.database.close()


def one_ticket(number: int, at: datetime) -> Ticket:
    """An open ticket of a customer's, as a mail opens it."""
    person = Address(name="Ivan", address=f"ivan@c{number % 5000}.example")
    return Ticket(
        id=number,
        number=f"SUP-{number}",
        status=Status.NEW,
        subject=f"Printer {number}",
        base_subject=f"printer {number}",
        queue="support",
        line=1,
        assignee=None,
        priority=Priority.NORMAL,
        requester=person,
        language="en",
        channel="smtp",
        created_at=at,
        updated_at=at,
        promise="standard",
        promises_fitted=(),
    )


def fill(app: App, first: int, count: int, at: datetime, look: datetime) -> None:
    """So many open tickets, looked at next at `look`: one as a mail makes it, and copies of it made by the database."""
    standard = app.office.practice.promises.named("standard")
    running = [c for target in Target if (c := start(standard, target, at)) and target is not Target.NEXT_RESPONSE]
    one = one_ticket(first, at)
    person = {"key": one.requester.address, "name": "Ivan", "address": one.requester.address} if one.requester else {}
    with app.keep.database.write() as connection:
        connection.execute(
            tickets.insert(), ticket_row(one) | {"id": first, "next_step_at": look, "due_at": running[0].due_at}
        )
        connection.execute(clocks.insert(), [clock_row(c, "standard") | {"ticket_id": first} for c in running])
        connection.execute(participants.insert(), person | {"ticket_id": first, "confirmed": True})
        for table in (tickets, clocks, participants):
            connection.execute(copies(table, first, first + count - 1))
        connection.execute(counters.update().where(counters.c.name == "tickets").values(value=first + count))


def copies(table: sa.Table, first: int, last: int) -> sa.Insert:
    """The rows of the first ticket in this table once more for each other, with its own number and requester."""
    numbers = sa.select(sa.literal(first + 1, sa.BigInteger).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(sa.select(numbers.c.n + 1).where(numbers.c.n < last))
    number = sa.cast(numbers.c.n, sa.Text)
    address = "ivan@c" + sa.cast(numbers.c.n % 5000, sa.Text) + ".example"
    of_ticket = {
        "id": numbers.c.n,
        "number": "SUP-" + number,
        "subject": "Printer " + number,
        "base_subject": "printer " + number,
        "requester_address": address,
        "requester_key": address,
    }
    own = of_ticket if table is tickets else {"ticket_id": numbers.c.n, "key": address, "address": address}
    columns = [c for c in table.c if table is tickets or c.name != "id"]
    origin = table.c.id if table is tickets else table.c.ticket_id
    both = table.join(numbers, sa.and_(origin == first, numbers.c.n <= last))
    rows = sa.select(*(own.get(c.name, c) for c in columns)).select_from(both)
    return table.insert().from_select([c.name for c in columns], rows)


def timed(action: Callable[[], object]) -> float:
    """Seconds that something takes."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def measure_ticks(app: App, sizes: list[int], due: int) -> None:
    """A tick with nothing due and one with some due, beside ever more open tickets."""
    there, first = 0, None
    # While there is none: the walk over the tickets that new rules ask for would have done the steps of the first ones.
    do_due(app.keep, app.office, NOW, NOW)
    for size in sizes:
        seconds = timed(partial(fill, app, 1001 + there, size - there, NOW - timedelta(days=3), FAR))
        there = size
        nothing = median(timed(lambda: do_due(app.keep, app.office, NOW, NOW)) for _ in range(ROUNDS))
        some = []
        for turn in range(ROUNDS):
            # Each round takes other tickets, spread over all of them: their time was an hour ago.
            chosen = [1001 + (n * size // due + turn) % size for n in range(due)]
            with app.keep.database.write() as connection:
                at = NOW - timedelta(hours=1)
                connection.execute(tickets.update().where(tickets.c.id.in_(chosen)).values(next_step_at=at))
            some.append(timed(lambda: do_due(app.keep, app.office, NOW, NOW)))
        found = (nothing, median(some))
        first = first or found
        said = ", ".join(f"{1000 * a:.1f} ms ({a / b:.2f})" for a, b in zip(found, first, strict=True))
        print(f"{size:>9,} open, made in {seconds:.0f} s; tick with 0 due, with {due} due: {said}", flush=True)
    print(plan_of_due(app))


def plan_of_due(app: App) -> str:
    """How the database finds what is due."""
    words = "EXPLAIN QUERY PLAN" if app.keep.database.is_sqlite else "EXPLAIN"
    wanted = sa.select(tickets.c.id).where(tickets.c.next_step_at <= NOW).order_by(tickets.c.next_step_at).limit(500)
    with app.keep.database.read() as connection:
        compiled = wanted.compile(connection.engine, compile_kwargs={"literal_binds": True})
        return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{words} {compiled}"))


def measure_storm(app: App, due: int) -> None:
    """Everything due in one second."""
    later = NOW + timedelta(hours=4)  # three hours of the shipped calendar, which has lunch at one: the 75 % of four
    fill(app, 1001, due, NOW, later)
    do_due(app.keep, app.office, NOW, NOW)  # the walk over the tickets that new rules ask for is another matter
    used = time.process_time()
    seconds = timed(lambda: do_due(app.keep, app.office, later, later))
    used = time.process_time() - used
    letters = len(app.keep.outbox.listing())
    print(f"{due:,} tickets due at once: {seconds:.1f} s ({used:.1f} s of processor time), {letters} letters")


def measure_replay(app: App, count: int) -> None:
    """The shipped promises against themselves, over tickets that were answered, replied to and solved."""
    from maild.desk.replay import replay_promises, sums_of

    standard = app.office.practice.promises
    for begin in range(1001, 1001 + count, CHUNK):
        some = [one_ticket(n, NOW) for n in range(begin, min(begin + CHUNK, 1001 + count))]
        with app.keep.database.write() as connection:
            rows = [
                ticket_row(replace(t, status=Status.SOLVED, solved_at=NOW + timedelta(hours=9)))
                | {"id": t.id, "next_step_at": None}
                for t in some
            ]
            connection.execute(tickets.insert(), rows)
            connection.execute(events.insert(), [row for t in some for row in history(t)])
    sums = {}
    used = time.process_time()
    seconds = timed(lambda: sums.update(sums_of(replay_promises(app.keep, standard, standard, FAR, None, None))))
    used = time.process_time() - used
    told = sums["after", "standard", "first_response"].kept
    print(f"{told:,} tickets replayed in {seconds:.1f} s ({used:.1f} s of processor time)")


def history(ticket: Ticket) -> list[dict[str, object]]:
    """Opened, answered, replied to, answered, solved."""
    told = [
        (0, "created", "queue support, priority normal"),
        (1, "answer", "by Anna"),
        (1, "status", "new -> pending"),
        (5, "message", "customer's reply"),
        (5, "status", "pending -> open"),
        (8, "answer", "by Anna"),
        (8, "status", "open -> pending"),
        (9, "status", "pending -> solved"),
    ]
    return [
        {
            "ticket_id": ticket.id,
            "at": ticket.created_at + timedelta(hours=hours),
            "kind": kind,
            "actor": "anna",
            "detail": detail,
            "because": "",
        }
        for hours, kind, detail in told
    ]


if __name__ == "__main__":
    main()
