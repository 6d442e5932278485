"""What a replay of the rules costs: stored mails a second, beside reading the same mails, in one run.

`python benchmarks/replay.py [--tickets N] [--url URL] [--rounds N]`: a desk of so many tickets is made in bulk (a few
hundred mails are handled by the desk itself, the rest are their rows once more under other numbers) on SQLite in a
folder of its own, or on the empty database that `--url` names. Then, in turns and as the median of the rounds: the
replay of the shipped rules; the replay with a rule that asks for a header line; and reading the same mails from their
bytes, which is what a replay without stored fields would have to do. CPU and wall time; the memory at its highest.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from maild.clock import FixedClock
from maild.config.settings import Settings, load_settings
from maild.desk.assembly import make_office
from maild.desk.handle import Desk
from maild.desk.rules_replay import Replay
from maild.ingest.arrival import make_arrival
from maild.messages.envelope import Envelope
from maild.messages.read import read_mail
from maild.store import open_keep
from maild.store.keep import Keep
from maild.store.tables import inbox, inbox_raw, messages, tickets

HERE = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SEEDS = 200
HEADER_RULE = '[[rule]]\nname = "Robots"\nwhen.header.X-Robot = "yes"\nthen.queue = "technical"\n\n'
_ENGLISH = (
    "invoice payment refund password login error export printer order delivery question account please help today"
)
_RUSSIAN = "счёт оплата возврат пароль ошибка печать заказ доставка вопрос сегодня помогите пожалуйста кабинет письмо"
WORDS = f"{_ENGLISH} {_RUSSIAN}".split()


def main() -> None:
    """Make the desk, measure, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tickets", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--url", help="an empty database; else SQLite in a folder of its own")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(HERE / "settings.toml", folder)
        shutil.copytree(HERE / "rules", folder / "rules")
        shutil.copytree(HERE / "rules", folder / "other")
        routing = folder / "other" / "routing.toml"
        routing.write_text(HEADER_RULE + routing.read_text(encoding="utf-8"), encoding="utf-8")
        settings = load_settings(folder / "settings.toml")
        keep = open_keep(given.url or f"sqlite:///{folder}/maild.db", "benchmark")
        made = fill(keep, settings, given.tickets)
        print(f"{made} tickets, mails of {median_size(keep)} bytes, {given.rounds} rounds, median")
        before = peak()
        measure(keep, settings, folder, made, given.rounds)
        print(f"memory: {before} MB before, {peak()} MB at its highest")
        keep.database.close()


def fill(keep: Keep, settings: Settings, count: int) -> int:
    """Tickets by the desk itself, and as many copies of their rows as it takes."""
    office = make_office(settings)
    clock = FixedClock(NOW)
    desk = Desk(keep, lambda: office, clock)
    for raw in mails(SEEDS):
        clock.at += timedelta(minutes=3)
        envelope = Envelope(
            channel="smtp", source="192.0.2.1", sender="k@x.example", recipients=(settings.desk.address,)
        )
        keep.inbox.add([make_arrival(raw, envelope, clock.at)])
    while desk.take_next().mails:
        pass
    copy_rows(keep, count)
    with keep.database.read() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(tickets)) or 0)


def mails(count: int) -> Iterator[bytes]:
    """Mails as customers write them, a third of them with a history below and one in HTML beside."""
    chance = random.Random(5)  # noqa: S311  # the same mails each time
    for number in range(count):
        text = "\r\n".join(" ".join(chance.choices(WORDS, k=12)) + "." for _ in range(chance.randint(3, 20)))
        quoted = "\r\n".join("> " + " ".join(chance.choices(WORDS, k=10)) for _ in range(20 * (number % 3 == 0)))
        head = (
            f"From: Kim {number} <kim{number}@x{number % 7}.example>\r\nTo: support@desk.example\r\n"
            f"Subject: {' '.join(chance.choices(WORDS[:14], k=3))} {number}\r\nMessage-ID: <{number}@x.example>\r\n"
            f"Date: Mon, 02 Nov 2026 09:00:00 +0000\r\nX-Mailer: Mail {number % 5}\r\nMIME-Version: 1.0\r\n"
        )
        if number % 3:
            yield f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n{quoted}\r\n".encode()
            continue
        html = f"<p>{text.replace(chr(10), '<br>')}</p><blockquote>{quoted}</blockquote>"
        yield (
            f'{head}Content-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; '
            f"charset=utf-8\r\n\r\n{text}\r\n\r\nYou wrote:\r\n{quoted}\r\n--b\r\nContent-Type: text/html; "
            f"charset=utf-8\r\n\r\n{html}\r\n--b--\r\n"
        ).encode()


def copy_rows(keep: Keep, count: int) -> None:
    """The same tickets once more under other numbers, each with its mail, its bytes and its decision."""
    with keep.database.read() as connection:
        seeds = {
            table: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for table in (tickets, inbox, inbox_raw, messages)
        }
    highest = max(row["id"] for row in seeds[tickets])
    mail_of = {row["ticket_id"]: row["inbox_id"] for row in seeds[messages]}
    by_mail = {
        table: {row[key]: row for row in seeds[table]} for table, key in ((inbox, "id"), (inbox_raw, "inbox_id"))
    }
    said = {row["inbox_id"]: row for row in seeds[messages]}
    rows: dict[sa.Table, list[dict[str, Any]]] = {table: [] for table in seeds}
    for place in range(count - len(seeds[tickets])):
        seed = seeds[tickets][place % len(seeds[tickets])]
        number, mail = highest + 1 + place, mail_of[seed["id"]]
        shown, inbox_id = f"SUP-{number}", 100_000 + place
        row = by_mail[inbox][mail]
        decision = {**row["decision"], "result": {**row["decision"]["result"], "ticket": shown}}
        rows[tickets].append({**seed, "id": number, "number": shown})
        rows[inbox].append({**row, "id": inbox_id, "ticket_id": number, "decision": decision})
        rows[inbox_raw].append({**by_mail[inbox_raw][mail], "inbox_id": inbox_id})
        copied = {**said[mail], "ticket_id": number, "inbox_id": inbox_id, "digest": f"{place:064x}"}
        rows[messages].append({key: value for key, value in copied.items() if key != "id"})
    with keep.database.write() as connection:
        for table in (tickets, inbox, inbox_raw, messages):
            for start in range(0, len(rows[table]), 500):
                connection.execute(sa.insert(table), rows[table][start : start + 500])


def measure(keep: Keep, settings: Settings, folder: Path, made: int, rounds: int) -> None:
    """Each way in turns."""

    def replay(rules: Path | None) -> int:
        one = Replay(keep, settings, rules)
        return sum(1 for _ in one.run(None, None)) and one.tally.tickets

    ways: dict[str, Callable[[], int]] = {
        "replay, the rules in force": lambda: replay(None),
        "replay, a rule asks for a header line": lambda: replay(folder / "other"),
        "reading the mails, no rule asked": lambda: read_all(keep, made // 10),
    }
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            done = way()
            spent[name].append((done / (time.perf_counter() - wall), 1e6 * (time.process_time() - cpu) / done))
    for name, found in spent.items():
        speed, cost = (statistics.median(values) for values in zip(*found, strict=True))
        print(f"  {name:40} {speed:7.0f} mails/s, {cost:6.0f} microseconds of CPU time a mail")


def read_all(keep: Keep, count: int) -> int:
    """The bytes of so many mails, read."""
    with keep.database.read() as connection:
        for (raw,) in connection.execute(sa.select(inbox_raw.c.raw).limit(count)):
            read_mail(bytes(raw))
    return count


def median_size(keep: Keep) -> int:
    """Of the mails that are stored."""
    with keep.database.read() as connection:
        return int(statistics.median(connection.scalars(sa.select(inbox.c.size))))


def peak() -> int:
    """Megabytes that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
