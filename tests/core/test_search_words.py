"""What is searched for: words, phrases, what must not be there; and the words that a text is found by."""

from __future__ import annotations

import pytest
from office import ANNA, NOW, TEAM, facts, judge, mail, ticket

from maild.messages.mail import Address
from maild.threads.lookups import Ask, AskError, Listing, Lookup, read_lookup, read_lookups
from maild.threads.model import Status
from maild.threads.order_lines import split_orders
from maild.threads.search import MAX_WORDS, Term, read_query, words_of, words_of_message
from maild.threads.why import why_lines


def test_words_are_folded_and_stemmed_by_their_own_script() -> None:
    """Addresses and numbers fall into their parts; characters of a script without spaces stand alone."""
    assert words_of("Счетами ПАХЛИ Ёлки") == words_of("счет пахла елка")
    assert words_of("SUP-1007, bob.smith@x.example") == ["sup", "1007", "bob", "smith", "x", "exampl"]
    assert words_of("東京 tower") == ["東", "京", "tower"]


def test_a_query_has_wanted_and_unwanted_terms() -> None:
    """The last word may be a beginning, a number may not, and a number may name a ticket."""
    query = read_query('"empty pages" -toner SUP-1007 prin')
    assert [t.words for t in query.wanted] == [("empti", "page"), ("sup", "1007"), ("prin",)]
    assert [t.words for t in query.unwanted] == [("toner",)]
    assert query.numbers == (1007,)
    assert [t.beginning for t in query.wanted] == [None, None, "prin"]
    assert read_query("a 1007").wanted[-1] == Term(words=("1007",))


def test_words_of_every_text_count_only_alone() -> None:
    """They would cost the most and tell nothing; in a phrase, or where there is nothing else, they count."""
    assert read_query("не печатает the принтер").wanted == read_query("печатает принтер").wanted
    assert [t.words for t in read_query('"не печатает" и').wanted] == [("не", "печата")]
    assert [t.words for t in read_query("the").wanted] == [("the",)]


@pytest.mark.parametrize("text", ["", "  ", "!!!", '""', "- -", "-!"])
def test_what_holds_no_word_is_empty(text: str) -> None:
    """Then there is nothing to look for."""
    assert read_query(text).empty


def test_a_message_of_megabytes_costs_what_a_page_costs() -> None:
    """Its beginning is found."""
    words = words_of_message("x", Address(address="a@b.example"), (), "a " * 1_000_000)
    assert len(words) <= MAX_WORDS


def lists(words: str) -> Listing | None:
    """What a list has."""
    return read_lookup(Ask.LIST, words, ANNA, TEAM, "SUP").listing


def test_lists_are_named_in_both_languages() -> None:
    """Without a word they are the agent's own."""
    assert lists("") == lists("mine") == lists("мои") == Listing(assignee="anna")
    assert lists("overdue") == lists("Просроченные") == Listing(overdue=True)
    assert lists("new") == Listing(statuses=(Status.NEW,))
    assert lists("очередь bil") == Listing(queues=("billing",))
    assert lists("queue") == Listing(queues=("support",))
    for words in ("nonsense", "mine too", "queue nowhere"):
        with pytest.raises(AskError):
            lists(words)


def test_a_list_knows_whom_it_fits() -> None:
    """By status, assignee, queue and due time."""
    mine = Listing(assignee="anna")
    assert mine.fits(ticket(assignee="anna"), NOW)
    assert not mine.fits(ticket(assignee="boris"), NOW)
    assert not mine.fits(ticket(assignee="anna", status=Status.SOLVED), NOW)
    assert not Listing(overdue=True).fits(ticket(due_at=NOW), NOW)
    assert not Listing(queues=()).fits(ticket(), NOW)


def test_questions_of_a_mail_are_few_and_each_is_asked_once() -> None:
    """What is no question, or cannot be understood, is left to the orders."""
    orders, _ = split_orders(
        "/list\n/list mine\n/close\n/list what\n/show 7\n" + "\n".join(f"/show {n}" for n in range(9))
    )
    found = read_lookups(orders, ANNA, TEAM, "SUP")
    assert found[:2] == (Lookup(kind=Ask.LIST, listing=Listing(assignee="anna")), Lookup(kind=Ask.SHOW, ticket=7))
    assert len(found) == 5


@pytest.mark.parametrize(("language", "words"), [("en", "no tag in the subject"), ("ru", "в теме нет номера заявки")])
def test_a_decision_is_told_in_sentences(language: str, words: str) -> None:
    """Every rung is there; what is kept no longer is told, too."""
    decision = judge(mail(), facts()).explanation
    lines = why_lines(decision, language)
    assert any(words in line for line in lines)
    assert any("Everything else" in line for line in lines)
    tried = decision["thread"]["tried"]  # type: ignore[index]
    assert len(lines) >= len(tried) + 4
    assert len(why_lines(None, language)) == 1


def test_every_rung_is_told_in_words() -> None:
    """To English agents as well: none by the name that the ladder has for it."""
    decision = judge(mail(), facts()).explanation
    lines = why_lines(decision, "en")
    for tried in decision["thread"]["tried"]:  # type: ignore[index]
        assert not [line for line in lines if line.startswith(f"Looked for {tried['rung']}:")]
    assert "Looked for one of our reply addresses: no signed address among the recipients." in lines


def test_every_phrase_of_the_ladder_has_its_russian() -> None:
    """A mail that fits nothing tries every rung, and nothing of it is left in English."""
    lines = why_lines(judge(mail(), facts()).explanation, "ru")
    tried = [line for line in lines if line.startswith("Признак")]
    assert tried
    assert not [line for line in tried if "nothing" in line or " the " in line or " no " in line]
