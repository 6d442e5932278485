"""What is kept no longer goes, little by little; what is kept is left alone."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from office import NOW, eml, practice
from store.pieces import desk, handle_all, raw_arrival
from store.places import Place

from maild.config.settings import load_settings
from maild.config.units import parse_span
from maild.desk.handle import Office
from maild.desk.tidying import tidy_at_night
from maild.outgoing.letters import Letters
from maild.store.care import check_database
from maild.store.keep import Keep
from maild.store.retention import Keeping, count_old, tidy

DAY = timedelta(days=1)
LATER = NOW + 100 * DAY


@pytest.fixture
def old(keep: Keep) -> Keep:
    """Five tickets, each with a reply; three of them ended; an absence, a second copy."""
    for number in range(5):
        first = eml("x" * 3000, message_id=f"<{number}@c.example>", sender=f"c{number}@c.example")
        reply = eml(
            "y", message_id=f"<r{number}@c.example>", sender=f"c{number}@c.example", In_Reply_To=f"<{number}@c.example>"
        )
        keep.inbox.add([raw_arrival(first), raw_arrival(reply)])
    keep.inbox.add([raw_arrival(eml("away", message_id="<a@c.example>", Auto_Submitted="auto-replied"))])
    keep.inbox.add([raw_arrival(eml("x" * 3000, message_id="<0@c.example>", sender="c0@c.example"))])
    keep.inbox.add([raw_arrival(eml("the newest", message_id="<z@c.example>", Auto_Submitted="auto-replied"))])
    handle_all(desk(keep))
    with keep.database.write() as connection:
        connection.exec_driver_sql("UPDATE tickets SET status = 'closed' WHERE id IN (1001, 1002)")
        connection.exec_driver_sql("UPDATE tickets SET status = 'solved', queue = 'billing' WHERE id = 1003")
        connection.exec_driver_sql("UPDATE outbox SET state = 'sent'")
    return keep


def ids(keep: Keep, table: str, column: str = "id") -> list[Any]:
    """A column of a table, in order."""
    with keep.database.read() as connection:
        return list(connection.exec_driver_sql(f"SELECT DISTINCT {column} FROM {table} ORDER BY 1").scalars())


def pages(keep: Keep, what: str) -> int:
    """How many pages the SQLite file has, or has free."""
    with keep.database.read() as connection:
        return int(connection.exec_driver_sql(f"PRAGMA {what}").scalar_one())


def test_as_shipped_nothing_goes(old: Keep) -> None:
    """A hundred years later everything is there."""
    done = tidy(old.database, Keeping(), NOW + 36500 * DAY)
    assert (done.tickets, done.raw, done.ledger) == (0, 0, 0)
    assert ids(old, "tickets") == [1001, 1002, 1003, 1004, 1005]


def test_ended_tickets_go_with_their_mails_and_open_ones_stay(old: Keep) -> None:
    """Each queue by its own time; the counts are told before; what is left is whole."""
    keeping = Keeping(tickets=90 * DAY, queues={"billing": 101 * DAY})
    looked = count_old(old.database, keeping, LATER)
    done = tidy(old.database, keeping, LATER)
    assert (looked.tickets, done.tickets) == (2, 2)
    assert ids(old, "tickets") == [1003, 1004, 1005]
    for table in ("messages", "participants", "events", "clocks", "mail_ids", "outbox"):
        assert ids(old, table, "ticket_id") == [1003, 1004, 1005], table
    assert check_database(old.database) == []
    tidy(old.database, keeping, LATER + 2 * DAY)
    assert ids(old, "tickets") == [1004, 1005]
    assert tidy(old.database, Keeping(tickets=DAY), LATER).tickets == 0


def test_an_old_mail_that_comes_again_makes_no_new_ticket(old: Keep) -> None:
    """Its content key stays in the ledger, without a name; only keep_ledger ends that."""
    tidy(old.database, Keeping(tickets=90 * DAY), LATER)
    row = old.inbox.listing(inbox_id=1)[0]
    assert (row["state"], row["envelope_from"], row["reason"]) == ("ticketed", None, "its ticket is kept no longer")
    again = raw_arrival(eml("x" * 3000, message_id="<0@c.example>", sender="c0@c.example"), at=LATER)
    [number] = old.inbox.add([again])
    handle_all(desk(old, LATER))
    assert old.inbox.get(number)["state"] == "duplicate"
    tidy(old.database, Keeping(ledger=90 * DAY), LATER)
    [number] = old.inbox.add([again])
    assert old.inbox.get(number)["state"] == "waiting"


def test_lines_of_the_ledger_go_and_the_newest_number_is_not_given_again(old: Keep) -> None:
    """Automatic mail and duplicates; never what a ticket has, nor the last row."""
    before = ids(old, "inbox")
    done = tidy(old.database, Keeping(ledger=90 * DAY), LATER)
    assert done.ledger == 2
    assert ids(old, "inbox") == [*before[:10], before[-1]]
    assert check_database(old.database) == []
    assert tidy(old.database, Keeping(tickets=DAY, ledger=DAY), LATER).ledger == 6


def test_bytes_go_sooner_and_texts_stay(old: Keep) -> None:
    """Of ended tickets and of mail without one; not while a ticket is open."""
    done = tidy(old.database, Keeping(raw=90 * DAY), LATER)
    with old.database.read() as connection:
        query = "SELECT inbox_id FROM inbox_raw WHERE length(raw) = 0 ORDER BY 1"
        emptied = list(connection.exec_driver_sql(query).scalars())
    assert emptied == [1, 2, 3, 4, 5, 6, 11, 12, 13]
    assert done.raw > len(emptied)
    whole = old.views.ticket("1001", "SUP")
    assert [m.text.strip() for _, m in whole.messages] == ["x" * 3000, "y"]
    assert check_database(old.database) == []
    assert count_old(old.database, Keeping(raw=90 * DAY), LATER).raw == 0


def test_it_may_be_stopped_and_goes_on_where_it_was(old: Keep) -> None:
    """A daemon that ends does not wait for it."""
    assert tidy(old.database, Keeping(tickets=DAY), LATER, lambda: False).tickets == 0
    assert tidy(old.database, Keeping(tickets=DAY), LATER).tickets == 3


@pytest.mark.fault("H10")
def test_the_file_becomes_smaller_and_nobody_waits_long(keep: Keep) -> None:
    """Mails come in all the while; no transaction takes a second."""
    for number in range(60):
        keep.inbox.add(
            [raw_arrival(eml("x" * 100_000, message_id=f"<{number}@c.example>", sender=f"c{number}@c.example"))]
        )
    handle_all(desk(keep))
    with keep.database.write() as connection:
        connection.exec_driver_sql("UPDATE tickets SET status = 'closed'")
        connection.exec_driver_sql("UPDATE outbox SET state = 'sent'")
    full = pages(keep, "page_count") if keep.database.is_sqlite else 0
    waits: list[float] = []
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            began = time.monotonic()
            keep.inbox.add([raw_arrival(eml("new", message_id=f"<n{number}@c.example>"))])
            waits.append(time.monotonic() - began)
            done.wait(0.01)  # mail comes often, and not without a breath

    worker = threading.Thread(target=write, daemon=True)
    worker.start()
    try:
        tidied = tidy(keep.database, Keeping(tickets=DAY), LATER)
    finally:
        done.set()
        worker.join(60)
    assert tidied.tickets == 60
    assert tidied.longest < 1
    assert max(waits) < 5
    if keep.database.is_sqlite:
        assert pages(keep, "page_count") < full
        assert pages(keep, "freelist_count") < 200


def test_every_night_once_after_three(old: Keep, tmp_path: Path) -> None:
    """By the desk's own clock; not twice, and the next night again."""
    (tmp_path / "settings.toml").write_text('[keeping]\nkeep = "30d"\n')
    settings = load_settings(tmp_path / "settings.toml")
    office = Office(practice=practice(), letters=Letters(None, ("ru", "en"), "UTC"))

    def night(at: datetime) -> int | None:
        done = tidy_at_night(old, office, settings, at)
        return done.tickets if done else None

    day = datetime(2027, 3, 1, tzinfo=UTC)
    assert [night(day + timedelta(hours=h)) for h in (2, 3, 4, 26, 27)] == [None, 3, None, None, 0]


def test_the_command_tells_first_and_does_what_the_settings_say(place: Place) -> None:
    """`db tidy`, with a queue's own time in teams.toml; wrong times are mistakes of the file."""
    assert "for ever" in place.do("db", "tidy")
    place.change("UPDATE tickets SET status = 'closed', updated_at = '2020-01-01 00:00:00.000000'")
    teams = place.folder / "rules/teams.toml"
    text = teams.read_text(encoding="utf-8")
    teams.write_text(text.replace('name = "support"', 'name = "support"\nkeep = "1y"', 1), encoding="utf-8")
    before = place.tables()
    [looked] = place.rows("db", "tidy", "--dry-run")
    assert (looked["removed"], looked["tickets"]) == (False, 2)
    assert place.tables() == before
    [done] = place.rows("db", "tidy")
    assert (done["removed"], done["tickets"]) == (True, 2)
    assert [t["queue"] for t in place.rows("tickets")] == ["billing"]
    assert "the database is whole" in place.do("db", "check")
    teams.write_text(text.replace('name = "support"', 'name = "support"\nkeep = "1h"', 1), encoding="utf-8")
    status, _, complaint = place.run("db", "tidy")
    assert (status, "1h" in complaint) == (78, True)


@pytest.mark.parametrize(
    ("text", "days"), [("90d", 90), ("6w", 42), ("2y", 730), ("0d", 0), ("1h", 0), ("", 0), ("y", 0)]
)
def test_times_are_written_as_people_write_them(text: str, days: int) -> None:
    """Days, weeks and years; nothing shorter than a day."""
    if days:
        assert parse_span(text) == timedelta(days=days)
    else:
        with pytest.raises(ValueError, match="no time to keep"):
            parse_span(text)
