"""Full-text search, alike on both databases: what is found, in which order, and what is found no longer."""

from __future__ import annotations

import pytest
from office import NOW, message, ticket
from store.pieces import plan, save

from maild.messages.mail import Address
from maild.store import care as care_module
from maild.store.care import check_database, reindex
from maild.store.keep import Keep
from maild.store.retention import Keeping, tidy
from maild.store.tables import messages
from maild.store.views import Wanted
from maild.threads.model import AttachmentNote, Visibility

FILE = AttachmentNote(
    filename="Акт сверки.pdf", content_type="application/pdf", size=1, sha256="x", inline=False, content_id=None
)


def found(keep: Keep, words: str) -> list[int]:
    """The tickets that a search finds, in its order."""
    return [one.ticket.id for one in keep.views.tickets(Wanted(search=words))]


@pytest.fixture
def desk(keep: Keep) -> Keep:
    """Two tickets: Ivan's printer, with a note, and Olga's invoice."""
    olga = Address(name="Ольга Ёлкина", address="olga.belova@client.example")
    save(
        keep,
        plan(1001, ticket=ticket(1001, tags=("office",)), message=message(text="Не печатают принтеры, paid twice")),
    )
    note = message(text="He is a difficult one", visibility=Visibility.INTERNAL, author="anna", subject="")
    save(keep, plan(1001, is_new=False, ticket=ticket(1001, tags=("office",)), message=note))
    invoice = ticket(1002, requester=None, subject="Неверный счёт")
    bill = message(sender=olga, subject="Неверный счёт", text="См. SUP-1001 и письмо от пятницы", attachments=(FILE,))
    save(keep, plan(1002, ticket=invoice, message=bill))
    return keep


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("принтер", [1001]),
        ("ПРИНТЕРАМИ", [1001]),
        ("принт", [1001]),
        ("счета", [1002]),
        ("писем", [1002]),
        ("pays", [1001]),
        ("елкина", [1002]),
        ("difficult", [1001]),
        ("office", [1001]),
        ("акты", [1002]),
        ("olga.belova@client.example", [1002]),
        ("client.example", [1002]),
        ("ivan@", [1001]),
        ('"неверные счета"', [1002]),
        ('"счёт неверный"', []),
        ("счёт неверный", [1002]),
        ("принтер difficult", [1001]),
        ("принтер счёт", []),
        ("example -принтер", [1002]),
        ("-принтер", [1002]),
        ('example -"неверный счёт"', [1001]),
        ("SUP-1001", [1001, 1002]),
        ("1001", [1001, 1002]),
        ("#1001", [1001, 1002]),
        ("100", []),
    ],
)
def test_words_are_found_in_every_form_and_place(desk: Keep, words: str, numbers: list[int]) -> None:
    """Subjects, people, tags, texts, notes and names of files; the ticket that is named comes before others."""
    assert found(desk, words) == numbers


def test_what_a_ticket_itself_has_comes_before_what_its_texts_say(keep: Keep) -> None:
    """Then the newest first, open or not."""
    save(keep, plan(1001, ticket=ticket(1001, subject="Scanner", status="closed")))
    save(keep, plan(1002, message=message(text="the scanner hums")))
    save(keep, plan(1003, message=message(text="scanners again")))
    assert found(keep, "scanner") == [1001, 1003, 1002]


def test_a_ticket_is_found_by_what_it_is_now(desk: Keep) -> None:
    """A subject that was changed is found no longer."""
    save(desk, plan(1001, is_new=False, ticket=ticket(1001, subject="Plotter")))
    assert found(desk, "plotter") == [1001]
    assert found(desk, "office") == []


def test_the_end_of_a_very_long_text_is_not_found(keep: Keep) -> None:
    """What a message of megabytes costs stays small."""
    save(keep, plan(1001, message=message(text="beginning " + "x " * 40_000 + " finish")))
    assert (found(keep, "beginning"), found(keep, "finish")) == ([1001], [])


def test_what_is_removed_is_found_no_longer(desk: Keep) -> None:
    """With its ticket, by whatever hand."""
    with desk.database.write() as connection:
        connection.execute(messages.delete().where(messages.c.author == "anna"))
        connection.exec_driver_sql("UPDATE tickets SET status = 'closed' WHERE id = 1002")
    assert found(desk, "difficult") == []
    tidy(desk.database, Keeping(tickets=NOW - NOW), NOW.replace(year=2030))
    assert (found(desk, "счёт"), found(desk, "принтер")) == ([], [1001])
    assert check_database(desk.database) == []


def test_an_index_that_is_not_whole_is_told_and_made_anew(desk: Keep) -> None:
    """Each message, each ticket."""
    with desk.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM search_messages WHERE rowid = 1")
        connection.exec_driver_sql("DELETE FROM search_tickets")
    told = check_database(desk.database)
    assert [line.partition(" cannot")[0] for line in told] == ["message 1", "ticket 1001", "ticket 1002"]
    assert all("reindex" in line for line in told)
    reindex(desk.database)
    assert check_database(desk.database) == []
    assert (found(desk, "принтер"), found(desk, "неверный")) == ([1001], [1002])


def test_what_was_kept_before_there_was_an_index_is_found(desk: Keep) -> None:
    """The migration builds it."""
    with desk.database.write() as connection:
        for name in ("search_messages", "search_tickets"):
            connection.exec_driver_sql(f"DROP TABLE {name}")
            if desk.database.is_sqlite:
                connection.exec_driver_sql(f"DROP TRIGGER {name}_gone")
        connection.exec_driver_sql("DROP INDEX messages_tickets")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0007'")
    care_module._migrate(desk.database, "0008")
    assert (found(desk, "принтер"), found(desk, "difficult"), found(desk, "ольга")) == ([1001], [1001], [1002])


def test_a_merge_leaves_everything_to_be_found(desk: Keep) -> None:
    """In the ticket where it is now."""
    with desk.database.write() as connection:
        connection.execute(messages.update().where(messages.c.ticket_id == 1002).values(ticket_id=1001))
    assert found(desk, "акты") == [1001]
