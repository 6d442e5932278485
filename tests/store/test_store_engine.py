"""The two kinds of transaction: nothing is lost between readers and writers, and trouble means "try again"."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC
from pathlib import Path

import pytest
import sqlalchemy as sa
from office import NOW
from postgres import Server, opened
from store.pieces import arrival, at_once, desk, handle_all, states

from maild.errors import CannotCreate, RetryLater, Unavailable
from maild.ingest.inbox import Inbox, NoRoom
from maild.store import engine, open_keep
from maild.store.engine import Database
from maild.store.keep import Keep
from maild.store.tables import counters


def sqlite_url(folder: Path) -> str:
    """A database file in this folder."""
    return f"sqlite:///{folder}/maild.db"


def causes(error: BaseException | None) -> list[BaseException]:
    """An error, what led to it, what led to that."""
    return [error, *causes(error.__cause__ or error.__context__)] if error is not None else []


def add_one(database: Database) -> None:
    """Read a counter, think, write it: what loses updates where transactions begin too late."""
    with database.write() as connection:
        query = sa.select(counters.c.value).where(counters.c.name == "ticks").with_for_update()
        value = connection.execute(query).scalar_one()
        connection.execute(counters.update().where(counters.c.name == "ticks").values(value=value + 1))


def value_of(database: Database) -> int:
    """Where the counter stands."""
    with database.read() as connection:
        return int(connection.execute(sa.select(counters.c.value).where(counters.c.name == "ticks")).scalar_one())


@pytest.mark.parametrize("together", [True, False], ids=["one process", "several processes"])
def test_no_update_is_lost(keep: Keep, url: str, together: bool) -> None:
    """4 workers add 100 each to one counter, through one engine or each through its own: 400 are added."""
    before = value_of(keep.database)
    databases = [keep.database if together else Database(url) for _ in range(4)]

    def work(database: Database) -> None:
        for _ in range(100):
            add_one(database)

    at_once(*[lambda d=d: work(d) for d in databases], seconds=60)  # type: ignore[misc]
    for one in databases:
        one.close()
    assert value_of(keep.database) == before + 400


def test_sqlite_writes_what_it_promises_to_the_disk(tmp_path: Path) -> None:
    """WAL, synchronous=FULL, foreign keys: on every connection, not only on the first."""
    with opened(sqlite_url(tmp_path)) as database, database.read() as first, database.read() as second:
        for connection in (first, second):
            found = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "fullfsync")
            }
            assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "fullfsync": 1}


def test_sqlite_keeps_its_file_to_itself(tmp_path: Path) -> None:
    """Mail is nobody else's to read."""
    with opened(sqlite_url(tmp_path)):
        assert (tmp_path / "maild.db").stat().st_mode & 0o777 == 0o600


def test_postgresql_writes_what_it_promises_to_the_disk(server: Server, shared: str) -> None:
    """A server that is set up to answer before the disk does not get away with it, and a stricter one stays strict."""
    name = Database.parse(shared).database
    for found, wanted in (("off", "on"), ("local", "on"), ("on", "on"), ("remote_apply", "remote_apply")):
        server.say(f'ALTER DATABASE "{name}" SET synchronous_commit = {found}')
        with opened(shared) as database, database.write() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == wanted


def test_postgresql_sees_what_others_committed_while_it_waited(server: Server, shared: str) -> None:
    """A server whose default is a stricter isolation would hide from the second what the first has done."""
    server.say(f'ALTER DATABASE "{Database.parse(shared).database}" SET default_transaction_isolation = serializable')
    with opened(shared) as database, database.write() as connection:
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar_one() == "read committed"


def test_times_come_in_utc_whatever_zone_the_server_has(server: Server, shared: str) -> None:
    """A report has not to convert each of a million."""
    server.say(f'ALTER DATABASE "{Database.parse(shared).database}" SET timezone = "Asia/Tokyo"')
    with opened(shared) as database, database.write() as connection:
        assert connection.exec_driver_sql("SHOW timezone").scalar_one() == "UTC"
        at = connection.exec_driver_sql("SELECT timestamptz '2026-11-23 09:00+03'").scalar_one()
        assert (at.tzinfo, at.hour) == (UTC, 6)


def test_nobody_waits_for_ever_on_postgresql(shared: str) -> None:
    """A lock that is not let go ends in an error, and so does a transaction that somebody forgot."""
    with opened(shared) as database, database.read() as connection:
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "10s"
        assert connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one() == "1min"


def test_a_desk_that_hangs_in_a_transaction_does_not_keep_its_mail(shared: str) -> None:
    """The server cuts it off; the mail waits for others, and the one that hung is told to try again."""
    keep = open_keep(shared, "hangs")
    keep.inbox.add([arrival()])
    waits = threading.Event()

    def hang() -> None:
        with keep.inbox.claim(NOW, None, lambda w: w) as claimed:
            assert claimed.connection is not None
            claimed.connection.exec_driver_sql("SET idle_in_transaction_session_timeout = '100ms'")
            waits.wait(0.5)
            claimed.connection.exec_driver_sql("SELECT 1")

    with pytest.raises(RetryLater):
        hang()
    assert handle_all(desk(keep)) == 1
    keep.database.close()


@contextmanager
def locked_by_another(path: Path) -> Iterator[None]:
    """Another process is in the middle of a write."""
    code = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1],isolation_level=None); c.execute('BEGIN IMMEDIATE'); "
    words = [sys.executable, "-c", code + "print('locked',flush=True); sys.stdin.read()", str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        yield
        process.communicate()


def test_a_locked_database_means_try_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its patience; and reading goes on meanwhile."""
    monkeypatch.setattr(engine, "_BUSY_SECONDS", 0.2)
    keep = open_keep(sqlite_url(tmp_path), "test")
    with locked_by_another(tmp_path / "maild.db"):
        with pytest.raises(RetryLater, match="locked"):
            keep.inbox.add([arrival()])
        assert keep.inbox.listing() == []
    assert keep.inbox.add([arrival()]) == [1]
    keep.database.close()


@pytest.mark.fault("A7")
def test_writers_that_queue_wait_together_and_not_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail server at the door hears "try again" in one patience, however many of our own stand before it."""
    monkeypatch.setattr(engine, "_BUSY_SECONDS", 1.0)
    keep = open_keep(sqlite_url(tmp_path), "test")
    waited: list[float] = []

    def write() -> None:
        began = time.monotonic()
        with pytest.raises(RetryLater):
            keep.inbox.add([arrival()])
        waited.append(time.monotonic() - began)

    with locked_by_another(tmp_path / "maild.db"):
        writers = [threading.Thread(target=write) for _ in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    assert max(waited) < 4  # one after the other they would wait for eight
    assert keep.inbox.add([arrival()]) == [1]
    keep.database.close()


@pytest.mark.fault("A7")
def test_a_mail_in_hand_waits_while_the_database_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's trouble is not the mail's: no try is counted, nothing is put aside."""
    monkeypatch.setattr(engine, "_BUSY_SECONDS", 0.2)
    keep = open_keep(sqlite_url(tmp_path), "test")
    keep.inbox.add([arrival()])
    with locked_by_another(tmp_path / "maild.db"), pytest.raises(RetryLater):
        desk(keep).take_next()
    assert (keep.inbox.get(1)["attempts"], keep.inbox.get(1)["reason"]) == (0, "")
    assert handle_all(desk(keep)) == 1
    keep.database.close()


def fill(keep: Keep) -> None:
    """No page more for this database, as on a full disk."""

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    keep.database.close()
    sa.event.listen(keep.database.engine, "connect", limit)


def empty(keep: Keep) -> None:
    """The disk has room again."""
    keep.database.close()
    sa.event.listen(keep.database.engine, "connect", lambda c, _: c.execute(f"PRAGMA max_page_count={2**30}") and None)


def test_a_full_disk_means_try_again_and_says_so(tmp_path: Path) -> None:
    """The listener finds the reason in the chain of causes, and tells 452 of it; when there is room it goes on."""
    keep = open_keep(sqlite_url(tmp_path), "test")
    big = arrival("x" * 100_000)
    fill(keep)
    with pytest.raises(RetryLater, match="full") as told:
        keep.inbox.add([big])
    assert any(getattr(e, "sqlite_errorname", "") == "SQLITE_FULL" for e in causes(told.value))
    with Inbox(keep.inbox) as inbox, pytest.raises(NoRoom):
        inbox.accept_now(big)
    assert keep.inbox.listing() == []
    empty(keep)
    assert keep.inbox.add([big]) == [1]
    with keep.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    keep.database.close()


@pytest.mark.fault("A6")
def test_a_mail_in_hand_waits_while_the_disk_is_full(tmp_path: Path) -> None:
    """In the middle of a decision there is no room: all of it is undone, and no mail is put aside for it."""
    keep = open_keep(sqlite_url(tmp_path), "test")
    keep.inbox.add([arrival("x" * 50_000, message_id=f"<{n}@x.example>") for n in range(3)])
    fill(keep)
    for _ in range(4):
        with pytest.raises(RetryLater, match="full"):
            desk(keep).take_next()
    assert [(row["state"], row["attempts"]) for row in keep.inbox.listing()] == [("waiting", 0)] * 3
    empty(keep)
    handle_all(desk(keep))
    assert [state for state, _ in states(keep)] == ["ticketed"] * 3
    keep.database.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
@pytest.mark.fault("A6")
def test_a_disk_that_is_really_full_loses_nothing(tmp_path: Path) -> None:
    """On a file system of 3 MB: what was accepted is there, what was not was refused with the reason."""
    room = tmp_path / "small"
    room.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(room)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        keep = open_keep(sqlite_url(room), "test")
        accepted: list[int] = []
        with pytest.raises(RetryLater) as told:  # noqa: PT012  # which of them it is nobody can know
            for number in range(100):
                accepted += keep.inbox.add([arrival("x" * 100_000, message_id=f"<{number}@x.example>")])
        full = [e for e in causes(told.value) if getattr(e, "sqlite_errorname", "").startswith("SQLITE_")]
        assert full
        assert os.statvfs(room).f_bavail * os.statvfs(room).f_bsize < 200_000, errno.errorcode[errno.ENOSPC]
        assert accepted
        assert [row["id"] for row in keep.inbox.listing()] == accepted
        keep.database.close()
        with closing(sqlite3.connect(room / "maild.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        subprocess.run(["umount", str(room)], check=True)


@pytest.mark.parametrize("content", [b"this is no database " * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_named_so(tmp_path: Path, content: bytes) -> None:
    """One clear sentence instead of a traceback."""
    (tmp_path / "maild.db").write_bytes(content)
    with pytest.raises(Unavailable, match="damaged, or is no database"):
        open_keep(sqlite_url(tmp_path), "test")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """The database's folder is made where it is missing; where it cannot be, the path is told."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(CannotCreate, match="file"):
        Database(f"sqlite:///{tmp_path}/file/maild.db")
    Database(f"sqlite:///{tmp_path}/a/b/maild.db").close()
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize("url", ["", "no address", "mysql://a@b/c", "oracle:///x", "postgresql+nothing:///x"])
def test_an_address_that_is_no_database_of_ours_is_refused(url: str) -> None:
    """Only SQLite and PostgreSQL are known here."""
    with pytest.raises(Unavailable):
        Database(url)


def test_a_bug_is_no_trouble(keep: Keep) -> None:
    """A statement that is wrong is wrong for ever: nobody is told to try it again."""
    with pytest.raises(sa.exc.DBAPIError), keep.database.read() as connection:
        connection.exec_driver_sql("SELECT nonsense FROM nowhere")


def test_every_connection_in_use_means_try_again(shared: str) -> None:
    """Workers that all wait for the database at once do not stumble for ever."""
    with opened(shared) as database:
        database.engine.pool._timeout = 0.05  # type: ignore[attr-defined]
        held = [database.engine.connect() for _ in range(18)]
        with pytest.raises(RetryLater, match="in use"), database.read():
            pass
        for one in held:
            one.close()
