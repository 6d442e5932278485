"""Orders that agents give: names and their beginnings, other words for them, and what each changes."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from office import ANNA, BORIS, NOW, TEAM, message, practice, ticket

import maild
from maild.messages.mail import Address
from maild.people.team import Agent, Team
from maild.sla.deadlines import TicketClock
from maild.sla.events import Happening
from maild.sla.promise import Target
from maild.threads.facts import TicketFacts
from maild.threads.model import Message, Participant, Priority, Status, Ticket
from maild.threads.order_lines import split_orders
from maild.threads.orders.table import ALIASES, HANDLERS, Carried, canonical, carry_out
from maild.threads.orders.work import Setting
from maild.threads.words import HELP, VALUES

STRANGER = Address(name="Mallory", address="mallory@elsewhere.example")
IVAN = Address(name="Ivan", address="ivan@customer.example")


def ordered(
    text: str,
    before: Ticket | None = None,
    *others: Ticket,
    messages: tuple[Message, ...] = (),
    language: str = "en",
    team: Team = TEAM,
) -> Carried:
    """Anna's orders on a ticket of Ivan's."""
    first = before or ticket()
    known = {t.id: TicketFacts(ticket=t, messages=messages if t is first else ()) for t in (first, *others)}
    setting = Setting(
        agent=ANNA, language=language, now=NOW, practice=practice(team=team), tickets=known, next_ticket=1042
    )
    return carry_out(first, split_orders(text)[0], setting)


def effect(text: str, *rest: object, **more: object) -> str:
    """What the last order answers."""
    return ordered(text, *rest, **more).done[-1].effect  # type: ignore[arg-type]


def test_every_order_has_its_help_in_both_languages() -> None:
    """In the order of the table; none is explained that does not exist."""
    assert list(HELP["en"]) == list(HELP["ru"]) == list(HANDLERS)


def test_no_word_means_two_orders() -> None:
    """And every other word means one that there is."""
    assert not set(ALIASES) & set(HANDLERS)
    assert set(ALIASES.values()) <= set(HANDLERS)


@pytest.mark.parametrize("letter", sorted((Path(maild.__file__).parent / "templates" / "ru").glob("*.txt")))
def test_where_a_letter_names_an_order_twice_both_are_the_same_order(letter: Path) -> None:
    """Russian letters name it in Russian and, in brackets, as /help has it: "/заметка (/note)"."""
    text = letter.read_text(encoding="utf-8")
    named = re.findall(r"/([а-яё-]+)(?: [А-Яа-яё]+)? \((?:или )?/([a-z]+)\)", text)
    assert [canonical(russian) for russian, _ in named] == [english for _, english in named]
    assert letter.stem != "notification" or len(named) == 12


@pytest.mark.parametrize(
    ("line", "name", "argument"),
    [
        ("/close.", "close", ""),
        ("/Close!", "close", ""),
        ("/assign: boris", "assign", "boris"),
        ("/priority=high", "priority", "high"),
        ("/snooze\u00a0until\u00a0friday", "snooze", "until friday"),
        ("/tag\tprinter", "tag", "printer"),
        ("\ufeff/close\u200b", "close", ""),
        ("- /close", "close", ""),
        ("•\u00a0/tag printer", "tag", "printer"),
        ("1. /close", "close", ""),
        ("“/close”", "close", ""),
        ("«/передать Борису»", "передать", "Борису"),
        ("**/close**", "close", ""),
        ("\\close", "close", ""),
        ("／close", "close", ""),
        ("/?", "?", ""),
    ],
)
def test_what_clients_make_of_an_order_is_looked_through(line: str, name: str, argument: str) -> None:
    """Bullets, quotation marks, spaces that are none, punctuation: nothing of it goes to the customer."""
    (order,), rest = split_orders(f"{line}\nHello")
    assert (order.name, order.argument, rest) == (name, argument, "Hello")


@pytest.mark.parametrize("line", ["- /usr/bin/x fails", "\\\\server\\share", "1.5/2 of it", "— 12/24 V", "and/or"])
def test_a_path_or_a_fraction_on_top_is_no_order(line: str) -> None:
    """It is text."""
    assert split_orders(line) == ((), line)


def test_an_order_that_the_client_broke_in_two_is_put_together() -> None:
    """Where its next word had no room, or behind a comma; what begins as a sentence does is text."""
    reason = "the customer wants to talk with somebody who knows the contract"
    assert split_orders(f"/escalate {reason}\nand that is urgent\n\nHello") == (
        split_orders(f"/escalate {reason} and that is urgent")[0],
        "Hello",
    )
    (order,), rest = split_orders("/cc ivan@example.org,\nolga@example.org\nHello")
    assert (order.argument, rest) == ("ivan@example.org, olga@example.org", "Hello")
    assert split_orders(f"/escalate {reason}\nGood morning")[1] == "Good morning"
    assert split_orders("/solve\nthis is done now")[1] == "this is done now"


@pytest.mark.parametrize("priority", Priority)
def test_a_priority_can_be_given_by_the_word_that_letters_have_for_it(priority: Priority) -> None:
    """What an agent has read he may write."""
    assert ordered(f"/срочность {VALUES['ru'][priority]}", language="ru").ticket.priority is priority


@pytest.mark.parametrize(
    ("line", "status"), [("/закрыть", "closed"), ("/Решено", "solved"), ("/ждём", "pending"), ("/done", "closed")]
)
def test_orders_have_other_names(line: str, status: str) -> None:
    """Russian ones among them, in any case, with ё or е."""
    assert status == ordered(line).ticket.status


def test_a_near_miss_names_the_order_that_was_meant() -> None:
    """In the agent's language, and nothing is done."""
    carried = ordered("/take\n/clsoe", language="ru")
    assert [d.effect for d in carried.done] == ["не сделано", "команды /clsoe нет; может быть, /close?"]
    assert carried.ticket == ticket()


@pytest.mark.parametrize(("typed", "meant"), [("сдщыу", "close"), ("ыщдму", "solve"), ("pfrhsnm", "закрыть")])
def test_an_order_typed_with_the_other_keyboard_is_known_again(typed: str, meant: str) -> None:
    """Nothing else than the keys was wrong."""
    assert effect(f"/{typed}").endswith(f"did you mean /{meant}?")


@pytest.mark.parametrize(("word", "meant"), [("\u0441lose", "close"), ("зaкрыть", "закрыть")])
def test_letters_of_two_alphabets_in_an_order_are_told(word: str, meant: str) -> None:
    """The word that is meant looks just the same."""
    assert effect(f"/{word}").endswith(f"letters that look the same; did you mean /{meant}?")


def test_an_order_that_resembles_none_is_answered_with_all_of_them() -> None:
    """So that the agent need not look them up."""
    assert "/merge" in effect("/xyzzy")


@pytest.mark.parametrize("name", ["boris", "@Boris", "BORIS@desk.example", "Boris Smith", "smith", "bor"])
def test_a_colleague_is_named_as_he_is_called(name: str) -> None:
    """Id, address, whole name, one of its words, or the beginning that only he has."""
    assert BORIS.id == ordered(f"/assign {name}").ticket.assignee


@pytest.mark.parametrize(
    "words",
    ["boris.", "“Boris”", "to Boris", "Boris, please", "<boris@desk.example>", "Boris S. <boris@desk.example>"],
)
def test_what_stands_around_a_colleagues_name_does_no_harm(words: str) -> None:
    """Punctuation, quotation marks, courtesy, the brackets of an address book."""
    assert BORIS.id == ordered(f"/assign {words}").ticket.assignee


def test_a_ticket_can_be_given_to_oneself_and_to_nobody() -> None:
    """As /take and /unassign do."""
    assert ordered("/assign me").ticket.assignee == "anna"
    assert ordered("/передать никому", replace(ticket(), assignee="anna")).ticket.assignee is None


def test_an_order_that_needs_words_says_which() -> None:
    """And one that needs none does not mind courtesy."""
    assert effect("/assign") == "/assign needs a word behind it: /assign NAME"
    assert ordered("/close please!").ticket.status is Status.CLOSED
    assert "stands alone" in effect("/close now")


@pytest.mark.parametrize(
    "line", ["/close SUP-1001", "/close #1001.", "/assign sup-1001 boris", "/tag SUP-1001: printer"]
)
def test_the_number_of_the_ticket_at_hand_behind_an_order_does_no_harm(line: str) -> None:
    """It says what is known; in a subject or a note it would be text."""
    carried = ordered(line)
    assert not carried.error
    assert carried.ticket.tags in ((), ("printer",))
    assert carried.ticket != ticket()


def test_an_order_that_names_another_ticket_is_told_that_a_mail_is_about_one() -> None:
    """It would else be closed by mistake."""
    assert effect("/close SUP-1002") == "one mail is about one ticket; write another one about SUP-1002"
    assert "stands alone" in effect("/close room 12")


@pytest.mark.parametrize("line", ["/tag printer /close", "/close /tag printer"])
def test_two_orders_on_one_line_are_told_so(line: str) -> None:
    """The second one is no tag."""
    assert "each order stands on a line of its own: /" in effect(line)


def test_tags_are_taken_out_of_their_punctuation() -> None:
    """And without the sign that other programs want in front of them."""
    assert ordered('/tag #Printer; "office", scanner.').ticket.tags == ("printer", "office", "scanner")


@pytest.mark.parametrize(
    ("word", "priority"), [("High!", "high"), ("высокую", "high"), ("critical", "urgent"), ("medium", "normal")]
)
def test_a_priority_is_known_by_what_people_call_it(word: str, priority: str) -> None:
    """In any case; and a priority that is taken for an order is told how it is one."""
    assert ordered(f"/priority {word}").ticket.priority == priority
    assert effect("/urgent").endswith("did you mean /priority urgent?")


@pytest.mark.parametrize(
    "words", ["a@c.example, b@c.example.", "a@c.example and b@c.example", "<a@c.example>;b@c.example"]
)
def test_everybody_who_is_named_is_put_in_copy(words: str) -> None:
    """Punctuation behind an address does not leave anybody out."""
    people = ordered(f"/cc {words}").ticket.participants
    assert [p.address.address for p in people if p.confirmed][-2:] == ["a@c.example", "b@c.example"]


def test_a_name_in_quotation_marks_may_hold_a_comma() -> None:
    """As address books write it."""
    people = ordered('/cc "Petrov, Ivan" <ivan@c.example>, <b@c.example>.').ticket.participants
    assert [(p.address.name, p.address.address) for p in people if p.confirmed][-2:] == [
        ("Petrov, Ivan", "ivan@c.example"),
        ("", "b@c.example"),
    ]


def test_very_long_lines_of_orders_are_read_at_once() -> None:
    """Quotation marks that never close, commas without end, lines that all could go on."""
    ordered("/cc " + '"a, ' * 40_000)
    ordered("/cc a,\n" + "b,\n" * 20_000)


def test_one_word_that_is_no_address_stops_the_copies() -> None:
    """Or the agent would believe that all of them get the answers."""
    assert "no mail address" in effect("/cc a@c.example, somebody")
    assert "no mail address" in effect("/cc a@c.example, Somebody <nowhere>")


def test_a_name_that_two_have_means_neither() -> None:
    """The ids are shown instead."""
    twin = Agent(id="boris2", name="Boris Jones", address="b2@desk.example")
    team = Team(agents=(*TEAM.agents, twin), queues=TEAM.queues)
    carried = ordered("/assign Boris S", team=team)
    assert BORIS.id == carried.ticket.assignee
    assert "boris2" in effect("/assign bori", team=team)


def test_a_russian_word_for_a_priority_is_understood() -> None:
    """As the agent would say it."""
    assert ordered("/приоритет срочно").ticket.priority == "urgent"


def test_a_ticket_that_is_put_off_wakes_at_its_time() -> None:
    """It waits like one on hold, and remembers until when."""
    after = ordered("/отложить завтра 10:00").ticket
    assert after.status is Status.HOLD
    assert (NOW + timedelta(days=1, hours=1)) == after.wake_at
    assert ordered("/reopen", after).ticket.wake_at is None


def test_a_time_that_cannot_be_understood_is_told() -> None:
    """With examples; the ticket does not move."""
    assert "“soonish”" in effect("/snooze soonish")
    assert ordered("/snooze soonish").ticket.status is Status.OPEN


def test_a_misspelt_time_is_answered_with_the_one_that_was_meant() -> None:
    """And one that was understood with the day of the week, so that the agent sees how."""
    assert effect("/snooze tomorow") == "“tomorow” is no time to come; did you mean tomorrow?"
    assert effect("/snooze until friday 10:00").endswith("until Fri 2026-11-27 10:00")


def test_a_line_up_lets_go_of_who_serves_the_lower_one() -> None:
    """The last line is the last."""
    after = ordered("/escalate too hard", replace(ticket(), assignee="anna")).ticket
    assert (after.line, after.assignee) == (2, None)
    assert "last" in effect("/escalate", replace(ticket(), line=3))


def test_people_are_let_in_and_out() -> None:
    """Nobody is sent anything before an agent says so; the requester stays."""
    waiting = replace(ticket(), participants=(*ticket().participants, Participant(address=STRANGER, confirmed=False)))
    let_in = ordered("/add", waiting).ticket
    assert [p.confirmed for p in let_in.participants] == [True, True]
    assert [p.confirmed for p in ordered(f"/uncc {STRANGER.address}", let_in).ticket.participants] == [True, False]
    assert "requester" in effect("/uncc ivan@customer.example")
    assert "nobody waits" in effect("/add")
    two = ordered("/cc a@x.example b@y.example").ticket.participants
    assert [p.address.address for p in two if p.confirmed] == ["ivan@customer.example", "a@x.example", "b@y.example"]


def test_our_own_address_is_nobodys_copy() -> None:
    """It would answer itself."""
    assert "this desk" in effect("/cc support@desk.example")


def test_the_requester_can_be_set_right() -> None:
    """Answers go there, and he takes part."""
    after = ordered("/requester Petr <petr@customer.example>").ticket
    assert after.requester == Address(name="Petr", address="petr@customer.example")
    assert after.participants[-1].confirmed


def test_a_kept_mail_opens_the_ticket_and_its_writer_takes_part_unconfirmed() -> None:
    """What he may read is another question, and /add answers it."""
    strange = message(sender=STRANGER, proposed=True, id=5)
    carried = ordered("/keep", ticket(status=Status.PENDING), messages=(message(id=4), strange))
    assert carried.work.kept == (5,)
    assert carried.ticket.status is Status.OPEN
    assert carried.ticket.participants[-1] == Participant(address=STRANGER, confirmed=False)
    assert "waits for a decision" in effect("/keep", messages=(message(id=4),))


def test_a_split_makes_a_ticket_of_its_own() -> None:
    """Of the proposed mail, with its writer as requester and clocks from its arrival."""
    strange = message(sender=STRANGER, proposed=True, id=5, subject="My own trouble", at=NOW - timedelta(hours=1))
    carried = ordered("/split", messages=(message(id=4), strange, message(id=6)))
    (change,) = carried.work.also
    assert change.is_new
    assert (change.ticket.number, change.ticket.status, change.messages) == ("SUP-1042", Status.NEW, (5,))
    assert change.ticket.requester == STRANGER
    assert change.ticket.due_at == NOW + timedelta(hours=3)
    assert carried.work.links == (("split_into", 1042),)
    assert change.links == (("split_from", 1001),)


def test_a_mail_that_is_split_off_takes_its_promised_answer_along() -> None:
    """Two tickets would promise one answer each; a mail that waits from before keeps its clock."""
    asked = NOW - timedelta(hours=1)
    later = message(sender=IVAN, id=6, at=asked)

    def happened(since: datetime) -> tuple[Happening, ...]:
        clock = TicketClock(target=Target.NEXT_RESPONSE, started_at=since, resumed_at=since, due_at=NOW)
        known = {1001: TicketFacts(ticket=ticket(), messages=(message(id=4), later), clocks=(clock,))}
        setting = Setting(agent=ANNA, language="en", now=NOW, practice=practice(), tickets=known, next_ticket=1042)
        return carry_out(ticket(), split_orders("/split")[0], setting).work.happened

    assert happened(asked) == (Happening.MOVED_AWAY,)
    assert happened(asked - timedelta(minutes=1)) == ()


def test_the_only_mail_of_a_ticket_cannot_be_split_off() -> None:
    """Nothing would be left."""
    assert "no second mail" in effect("/split", messages=(message(id=4),))


def test_a_merge_moves_everything_and_lets_nobody_read_more() -> None:
    """The requester of the one takes part in the other, and is sent nothing before /add."""
    other = ticket(1007, requester="olga@customer.example", status=Status.PENDING)
    carried = ordered("/merge sup-1007", ticket(status=Status.OPEN), other)
    (change,) = carried.work.also
    assert carried.ticket.status is Status.MERGED
    assert change.whole
    assert change.ticket.status is Status.OPEN
    assert {p.address.address: p.confirmed for p in change.ticket.participants} == {
        "olga@customer.example": True,
        "ivan@customer.example": False,
    }


@pytest.mark.parametrize(("waited", "due"), [(1, 7), (3, 5), (30, 0)])
def test_a_merge_gains_nobody_time(waited: int, due: int) -> None:
    """The customer's mail has waited so many hours on its own ticket; eight are promised for a next answer."""
    since = NOW - timedelta(hours=waited)
    clock = TicketClock(
        target=Target.FIRST_RESPONSE, started_at=since, resumed_at=since, due_at=since, promise="standard"
    )
    other = replace(ticket(1007, status=Status.PENDING), promise="standard")
    first = replace(ticket(), promise="standard")
    known = {1001: TicketFacts(ticket=first, clocks=(clock,)), 1007: TicketFacts(ticket=other)}
    setting = Setting(agent=ANNA, language="en", now=NOW, practice=practice(), tickets=known, next_ticket=1042)
    (change,) = carry_out(first, split_orders("/merge 1007")[0], setting).work.also
    [owed] = [c for c in change.clocks if c.target is Target.NEXT_RESPONSE]
    assert (owed.started_at, owed.due_at) == (since, NOW + timedelta(hours=due))
    assert change.ticket.due_at == owed.due_at


@pytest.mark.parametrize(
    ("line", "word"),
    [("/merge", "needs"), ("/merge 1001", "very ticket"), ("/merge 77", "no ticket"), ("/merge soon", "one ticket")],
)
def test_a_merge_that_makes_no_sense_is_refused(line: str, word: str) -> None:
    """With a sentence that says what is wrong."""
    assert word in effect(line)


@pytest.mark.parametrize(("language", "said"), [("en", "still hold, until "), ("ru", "по-прежнему отложена, до ")])
def test_what_is_put_off_again_is_still_put_off(language: str, said: str) -> None:
    """Only the time is new."""
    assert effect("/snooze 2h\n/snooze 3d", language=language).startswith(said)


def test_russian_help_names_every_order_in_russian_too() -> None:
    """As letters do, and every name means what stands behind it; so does what is known beside an unknown order."""
    title, *lines = effect("/команды", language="ru").splitlines()
    assert title == "все команды:"
    named = [re.match(r"/([а-яё-]+)(?: [^(]*)? \(/([a-z]+)\): [^ ]", line) for line in lines]
    assert [(canonical(found[1]), found[2]) for found in named if found] == [(name, name) for name in HANDLERS]
    assert effect("/help snooze", language="ru").startswith("/отложить ДО (/snooze): ")
    assert "есть такие: /заметка /взять " in effect("/щщщщ", language="ru")


def test_help_names_every_order_or_explains_one() -> None:
    """By any of its names."""
    assert effect("/help").count("\n") == len(HANDLERS)
    assert effect("/help отложить").startswith("/snooze UNTIL: ")


def test_spam_is_dropped_and_can_be_taken_back() -> None:
    """Nobody is told of it; /reopen brings it back."""
    spam = ordered("/spam").ticket
    assert spam.status is Status.SPAM
    assert ordered("/reopen", spam).ticket.status is Status.OPEN


def test_a_mail_of_thousands_of_orders_is_refused_whole() -> None:
    """Everybody else would wait for it; one line says so, and fifty are carried out."""
    carried = ordered("/frobnicate\n" * 50_000)
    assert carried.error
    assert len(carried.done) == 1
    assert "at most 50" in carried.done[0].effect
    assert not ordered("/take\n" * 50).error


def test_what_turns_the_reading_direction_or_is_not_seen_gets_into_no_tag_and_no_subject() -> None:
    """What joins letters and emoji stays; an order of hidden signs alone has no words."""
    assert ordered("/tag \u202einvoice\u202c, a\u200bb \x00c").ticket.tags == ("invoice", "ab", "\ufffdc")
    changed = ordered("/subject Pay\u2066 now\u202e \U0001f468\u200d\U0001f469").ticket
    assert (changed.subject, changed.base_subject) == (
        "Pay now \U0001f468\u200d\U0001f469",
        "pay now \U0001f468\u200d\U0001f469",
    )
    assert "needs a word" in effect("/tag \u202e\u200b")
