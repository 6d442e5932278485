"""The tables: the first version is frozen, migrations lead to the same ones, no other version is touched."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from postgres import Server, opened
from store.pieces import BOTH, arrival, at_once, letter, post

from maild.errors import ConfigError
from maild.store import care as care_module
from maild.store import open_keep, schema
from maild.store.assignment import said_absences, workload
from maild.store.care import check_database, upgrade_database
from maild.store.engine import Database
from maild.store.keep import Keep
from maild.store.tables import counters, metadata, schema_version
from maild.threads.workload import Workload

MIGRATIONS = Path(care_module.__file__).parent / "migrations"
FIRST = Path(__file__).parent / "first_schema.sql"

COLUMNS = """
SELECT table_name || '.' || column_name || ' ' || ordinal_position || ' ' || data_type || ' ' || is_nullable || ' '
       || coalesce(column_default, '') || ' ' || coalesce(character_maximum_length, 0)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""


@pytest.fixture(params=BOTH)
def blanks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Database]]:
    """Two databases of one kind without any table."""
    if request.param == "sqlite":
        urls = [f"sqlite:///{tmp_path}/{name}.db" for name in "ab"]
    else:
        server: Server = request.getfixturevalue("server")
        urls = [server.create_empty(f"blank_{uuid.uuid4().hex}") for _ in "ab"]
    with opened(urls[0]) as first, opened(urls[1]) as second:
        yield [first, second]


@pytest.fixture
def blank(blanks: list[Database]) -> Database:
    """A database without any table."""
    return blanks[0]


def tables_of(database: Database) -> list[str]:
    """Every table, column, index and constraint, in words."""
    query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL" if database.is_sqlite else COLUMNS
    with database.read() as connection:
        return sorted(connection.exec_driver_sql(query.replace("%", "%%")).scalars())


def words_of(database: Database) -> list[str]:
    """The same whatever the spaces: SQLite keeps the text of a table, and puts a new column into it in its own way."""
    return [" ".join(text.split()).replace(" ,", ",") for text in tables_of(database)]


def counters_of(database: Database) -> dict[str, int]:
    """Where every counter stands."""
    with database.read() as connection:
        return {row.name: row.value for row in connection.execute(sa.select(counters))}


def set_version(database: Database, version: str) -> None:
    """As if another maild had made these tables."""
    with database.write() as connection:
        connection.execute(schema_version.update().values(version_num=version))


def test_the_first_schema_is_frozen(tmp_path: Path) -> None:
    """Whoever changes a table adds a migration; this file stays as it was when the first version went out."""
    with opened(f"sqlite:///{tmp_path}/x.db") as database:
        care_module._migrate(database, "0001")
        made = ";\n".join(tables_of(database)) + ";\n"
    assert made == FIRST.read_text(encoding="utf-8")


def test_migrations_make_the_very_tables_that_a_fresh_start_makes(blanks: list[Database]) -> None:
    """Column by column, index by index, and the counters stand at the same numbers."""
    migrated, fresh = blanks
    care_module._migrate(migrated)
    schema.prepare(fresh)
    assert words_of(migrated) == words_of(fresh)
    assert counters_of(migrated) == counters_of(fresh)
    assert schema.read_version(migrated) == schema.read_version(fresh) == schema.VERSION


def test_nothing_is_left_for_a_migration_to_do(blank: Database) -> None:
    """Alembic, asked to compare, finds no difference between the migrated tables and ours."""
    care_module._migrate(blank)
    with blank.write() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        found = [str(difference) for difference in compare_metadata(context, metadata)]
    # The tables of the full-text index are no tables to SQLAlchemy; that they are the same is tested above.
    assert [d for d in found if "alembic_version" not in d and "search_" not in d] == []


def test_the_newest_migration_is_the_version_that_the_code_knows() -> None:
    """One line of migrations, and its head is ours."""
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [schema.VERSION]


def test_an_empty_database_gets_its_tables_once(blank: Database) -> None:
    """Several desks that start together make them together."""
    at_once(*[lambda: schema.prepare(Database(blank.url.render_as_string(hide_password=False))) for _ in range(4)])
    assert counters_of(blank) == schema.FIRST_NUMBERS
    assert schema.read_version(blank) == schema.VERSION


@pytest.mark.parametrize(("version", "hint"), [("0000", "maild db upgrade"), ("9999", "upgrade maild")])
def test_another_version_is_refused_with_what_to_do(database: Database, version: str, hint: str) -> None:
    """An older one wants `maild db upgrade`, a newer one a newer maild; nothing is touched, no password is shown."""
    schema.prepare(database)
    set_version(database, version)
    before = tables_of(database)
    with pytest.raises(ConfigError) as told:
        schema.prepare(database)
    [finding] = told.value.findings
    assert (finding.code, finding.severity) == ("schema", "error")
    assert hint in finding.hint
    assert version in finding.message
    assert tables_of(database) == before


def test_no_password_is_shown(tmp_path: Path) -> None:
    """Not even to the admin."""
    with opened("postgresql://maild:hunter2@localhost/maild") as database:
        assert "hunter2" not in str(schema.wrong_version(database, "9999"))


def test_upgrading_says_from_where_to_where(blank: Database) -> None:
    """An empty database gets its tables; the newest stays as it is; a newer one is refused."""
    assert upgrade_database(blank) == (None, schema.VERSION)
    assert upgrade_database(blank) == (schema.VERSION, schema.VERSION)
    set_version(blank, "9999")
    with pytest.raises(ConfigError):
        upgrade_database(blank)
    assert schema.read_version(blank) == "9999"


def test_an_older_database_is_brought_to_the_newest(blank: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way is gone in one transaction; what is kept there is kept."""
    schema.prepare(blank)
    before = schema.VERSION
    monkeypatch.setattr(care_module, "_migrate", lambda database: set_version(database, "9998"))
    monkeypatch.setattr(schema, "VERSION", "9998")
    assert upgrade_database(blank) == (before, "9998")
    assert schema.read_version(blank) == "9998"


FIRST_ROWS = """
INSERT INTO inbox (id, received_at, channel, source, envelope_from, envelope_to, peer, trusted, digest, size, state,
                   reason, attempts, next_at)
VALUES (1, '2026-11-01 12:00:00{utc}', 'imap', 'main/INBOX/7/41', 'ivan@customers.test', '[]', '', true, 'd', 3,
        'waiting', '', 0, '2026-11-01 12:00:00{utc}');
INSERT INTO inbox_raw (inbox_id, raw) VALUES (1, {raw});
INSERT INTO tickets (id, number, status, subject, base_subject, queue, line, priority, tags, fields, language, channel,
                     created_at, updated_at, due_at)
VALUES (1001, 'SUP-1001', 'open', 'Printer', 'printer', 'support', 1, 'high', '["a"]', '{{}}', 'en', 'smtp',
        '2026-11-01 12:00:00{utc}', '2026-11-01 12:00:00{utc}', '2026-11-01 16:00:00{utc}');
INSERT INTO mailboxes (name, uidvalidity, last_uid, read_at) VALUES ('main/INBOX', 7, 41, '2026-11-01 12:00:00{utc}')
"""


def test_a_database_of_the_first_version_keeps_its_mails_and_its_mailboxes(blank: Database) -> None:
    """What waited waits, and is answered; a folder goes on where it was, and what it held is not looked at again."""
    care_module._migrate(blank, "0001")
    with blank.write() as connection:
        # PostgreSQL takes a time without a zone for one of the machine's.
        raw, utc = ("x'610d0a'", "") if blank.is_sqlite else (r"'\x610d0a'", "+00")
        for row in FIRST_ROWS.format(raw=raw, utc=utc).split(";"):
            connection.exec_driver_sql(row)
    assert upgrade_database(blank) == ("0001", schema.VERSION)
    keep = Keep(blank, "test")
    with blank.read() as connection:
        [waiting] = keep.inbox.waiting(connection, datetime(2026, 12, 1, tzinfo=UTC), None, 10)
    assert (waiting.raw, waiting.envelope.backlog) == (b"a\r\n", False)
    ticket = keep.views.ticket("1001", "SUP").ticket
    with blank.write() as connection:
        assert (said_absences(connection), workload(connection, ["anna"])) == ((), Workload())
    assert (ticket.tags, ticket.due_at, ticket.deadline) == (("a",), datetime(2026, 11, 1, 16, tzinfo=UTC), None)
    assert not keep.rules.are(""), "the first tick looks through all open tickets"
    place = keep.mailboxes.place("main/INBOX")
    assert place is not None
    assert (place.uidvalidity, place.last_uid, place.left_uid, place.began_at) == (7, 41, 41, None)


def test_a_migration_that_fails_changes_nothing(blank: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables and version are as before: the whole way is one transaction, on SQLite too."""
    with blank.write() as connection:
        connection.exec_driver_sql("CREATE TABLE mailboxes (x INTEGER)")
    before = tables_of(blank)
    with pytest.raises(sa.exc.DBAPIError):
        care_module._migrate(blank)
    assert tables_of(blank) == before


def test_a_whole_database_has_nothing_to_complain_of(keep: Keep) -> None:
    """Mails and letters with all their bytes."""
    keep.inbox.add([arrival()])
    post(keep, letter())
    assert check_database(keep.database) == []


def test_what_is_missing_is_told_in_sentences(keep: Keep) -> None:
    """A mail or a letter without its bytes is named by its number."""
    keep.inbox.add([arrival(), arrival("Other")])
    post(keep, letter())
    with keep.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM inbox_raw WHERE inbox_id = 2")
        connection.exec_driver_sql("DELETE FROM outbox_raw")
    assert check_database(keep.database) == ["mail 2 has lost its bytes", "letter 1 has lost its bytes"]


def test_a_database_without_tables_or_of_another_version_is_told(blank: Database) -> None:
    """Looking changes nothing."""
    [empty] = check_database(blank)
    assert "empty" in empty
    assert schema.read_version(blank) is None
    schema.prepare(blank)
    set_version(blank, "9999")
    [other] = check_database(blank)
    assert "9999" in other


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    """Pages that make no sense are found, each in a sentence."""
    url = f"sqlite:///{tmp_path}/maild.db"
    keep = open_keep(url, "test")
    keep.inbox.add([arrival("x" * 3000, message_id=f"<{n}@x.example>") for n in range(100)])
    with keep.database.write() as connection:
        root = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'inbox_by_digest'").scalar()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar()
    with keep.database.engine.connect() as connection:
        connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    keep.database.close()
    assert isinstance(root, int)
    assert isinstance(size, int)
    with (tmp_path / "maild.db").open("r+b") as file:
        file.seek((root - 1) * size + 8)
        file.write(b"\xff" * 64)
    with opened(url) as database:
        try:
            found = check_database(database)
        except Exception as error:  # noqa: BLE001  # a page that is damaged enough stops the look itself
            found = [str(error)]
    assert found


def test_a_server_that_breaks_its_promises_is_named_in_the_log(shared: str, caplog: pytest.LogCaptureFixture) -> None:
    """With fsync off a power cut may take everything: the admin is told at every start, and may go on."""
    caplog.set_level(logging.WARNING, "maild.store")
    open_keep(shared, "test").database.close()
    assert ["fsync = off" in m for m in caplog.messages] == [True, False]
    assert "full_page_writes = off" in caplog.messages[1]


def test_a_server_that_cannot_keep_every_text_is_refused(server: Server) -> None:
    """A mail may be in any alphabet: LATIN1 would refuse most of them, one by one."""
    how = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    url = server.create_empty("latin", how)
    with pytest.raises(ConfigError) as told:
        open_keep(url, "test")
    assert [f.code for f in told.value.findings] == ["encoding"]
    with opened(url) as database:
        assert schema.read_version(database) is None
