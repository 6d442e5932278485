"""What the command shows, alike on both databases: lists, filters, search in any alphabet and case."""

from __future__ import annotations

from datetime import timedelta

import pytest
from office import NOW, message, ticket
from postgres import Server
from store.pieces import plan, save

from maild.errors import NotFound, UsageError
from maild.messages.mail import Address
from maild.store import open_keep
from maild.store.keep import Keep
from maild.store.views import Wanted, ticket_id_of
from maild.threads.model import Participant, Status


def found(keep: Keep, **wanted: object) -> list[int]:
    """The numbers of the tickets that are listed, in their order."""
    return [one.ticket.id for one in keep.views.tickets(Wanted(**wanted))]  # type: ignore[arg-type]


def searched(keep: Keep, words: str) -> list[int]:
    """The tickets that a search finds."""
    return found(keep, search=words)


def test_tickets_are_listed_newest_first_without_spam_and_merged_ones(keep: Keep) -> None:
    """A status asked for is shown, whichever it is; a limit takes the newest."""
    for number, status in enumerate(Status, 1001):
        save(keep, plan(number, ticket=ticket(number, status=status)))
    spam, merged = 1001 + list(Status).index(Status.SPAM), 1001 + list(Status).index(Status.MERGED)
    rest = [n for n in range(1000 + len(Status), 1000, -1) if n not in (spam, merged)]
    assert found(keep) == rest
    assert found(keep, status="spam") == [spam]
    assert found(keep, limit=2) == rest[:2]


def test_tickets_are_filtered_by_queue_assignee_and_deadline(keep: Keep) -> None:
    """Every filter given must hold."""
    save(keep, plan(1001, ticket=ticket(1001, queue="billing", assignee="anna", due_at=NOW)))
    save(keep, plan(1002, ticket=ticket(1002, queue="billing", due_at=NOW + timedelta(hours=1))))
    save(keep, plan(1003, ticket=ticket(1003, assignee="anna")))
    assert found(keep, queue="billing") == [1002, 1001]
    assert found(keep, assignee="anna") == [1003, 1001]
    assert found(keep, queue="billing", assignee="anna") == [1001]
    assert found(keep, overdue_at=NOW) == []
    assert found(keep, overdue_at=NOW + timedelta(seconds=1)) == [1001]


def test_a_list_knows_people_and_counts_messages(keep: Keep) -> None:
    """Whoever lists sees how long each conversation is, with its own people."""
    save(keep, plan(1001, message=message()))
    save(keep, plan(1001, is_new=False, message=message()))
    olga = Participant(address=Address(name="Olga", address="olga@x.example"), confirmed=False)
    save(keep, plan(1002, ticket=ticket(1002, participants=(olga,))))
    second, first = keep.views.tickets(Wanted())
    assert (second.messages, first.messages) == (0, 2)
    assert second.ticket.participants == (olga,)
    assert first.ticket == ticket(1001)


@pytest.mark.parametrize("words", ["принтер", "ПРИНТЕР", "ПрИнТеР горит", "ёлка", "ЁЛКА", "їжак", "ЇЖАК", "STRASSE 5"])
def test_a_search_folds_case_in_any_alphabet(keep: Keep, words: str) -> None:
    """What a person types in any case finds what was written in another."""
    save(keep, plan(1001, message=message(text="Горит ПРИНТЕР под Ёлкой: ЁЛКА и Їжак, Strasse 5")))
    save(keep, plan(1002))
    assert searched(keep, words) == [1001]


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_russian_case_is_folded_whatever_the_servers_locale(server: Server, locale: str) -> None:
    """A PostgreSQL made with the locale C knows ASCII's case alone."""
    how = f"TEMPLATE template0 LC_COLLATE '{locale}' LC_CTYPE '{locale}'"
    keep = open_keep(server.create_empty(f"locale_{locale}", how), "test")
    save(keep, plan(1001, message=message(text="ЩЁГОЛЬ")))
    assert searched(keep, "щёголь") == [1001]
    keep.database.close()


def test_every_word_must_be_found_somewhere(keep: Keep) -> None:
    """One in the subject, one in the requester, one in the number, one in a message: all in one ticket."""
    save(keep, plan(1001, message=message(text="curtains")))
    save(keep, plan(1002, message=message(text="curtains")))
    assert searched(keep, "printer IVAN@ sup-1001 curtain") == [1001]
    assert searched(keep, "printer toner") == []


@pytest.mark.parametrize("text", ["100%", "a_b", "wow!", "back\\slash", "it's", "%s", "x:y*", "(NEAR)", "'"])
@pytest.mark.fault("H6")
def test_marks_in_a_search_divide_words_and_are_no_commands(keep: Keep, text: str) -> None:
    """What a database would take for an operator or for the end of a text is none; what is no word is refused."""
    save(keep, plan(1001, message=message(text=f"-{text}-")))
    save(keep, plan(1002, message=message(text="1000 aXb wonderful back-and-slash its")))
    if text == "'":
        with pytest.raises(UsageError, match="no word"):
            searched(keep, text)
    else:
        assert searched(keep, text) == [1001]


def test_a_search_for_what_no_database_takes_finds_what_stands_in_its_place(keep: Keep) -> None:
    """A NUL or half a character among the words of a command is no error."""
    save(keep, plan(1001, message=message(text="a\x00b \ud800c")))
    assert searched(keep, "a\x00b") == [1001]
    assert searched(keep, "\udcffc") == [1001]


def test_a_ticket_is_found_by_its_number_in_any_form(keep: Keep) -> None:
    """SUP-1001, sup-1001 and 1001 are one; what is no number, and what does not exist, is not found."""
    save(keep, plan(1001))
    for number in ("SUP-1001", "sup-1001", " 1001 "):
        assert keep.views.ticket(number, "SUP").ticket.id == 1001
    for number in ("SUP-1002", "ABC-1001", "x", "", "9" * 15, "٣"):
        with pytest.raises(NotFound):
            keep.views.ticket(number, "SUP")
    assert ticket_id_of("a.b-7", "A.B") == 7


def test_a_whole_ticket_has_all_its_messages_in_their_order(keep: Keep) -> None:
    """Unlike a decision, a person who looks sees the first messages too."""
    save(keep, plan(message=message(text="0")))
    for number in range(1, 25):
        save(keep, plan(is_new=False, message=message(text=str(number))))
    whole = keep.views.ticket("1001", "SUP")
    assert [m.text for _, m in whole.messages] == [str(n) for n in range(25)]
    assert [i for i, _ in whole.messages] == list(range(1, 26))
