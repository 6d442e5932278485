"""Who is given a ticket by a colleague reads at once what he needs: whose words, why, and what came before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from office import ANNA, BORIS, MINT, envelope, facts, judge, mail, message, practice, ticket

from maild.messages.tokens import Purpose
from maild.outgoing.compose import write_letter
from maild.outgoing.letters import Letters
from maild.people.team import By, Queue, Team
from maild.threads.model import Direction, Visibility
from maild.threads.plan import Letter, Plan
from maild.threads.workload import Workload

LETTERS = Letters(None, ("ru", "en"), "UTC")
HISTORY = (
    message("My printer is on fire.", id=1),
    message("Please try another cable.", id=2, direction=Direction.OUT, author="anna"),
    message("A key customer, be quick.", id=3, author="anna", visibility=Visibility.INTERNAL),
    message("/clsoe\n\nDear Ivan", id=5, author="anna", visibility=Visibility.INTERNAL),
    message("It says: toner low.", id=4),
)


def ordered(text: str, *, assign: By | None = None) -> Plan:
    """What becomes of Anna's reply about her ticket."""
    queue = Queue(name="support", agents=("anna", "boris"), default=True, assign=assign)
    how = practice(team=Team(agents=(ANNA, replace(BORIS, line=2)), queues=(queue,)))
    to = MINT.address(Purpose.AGENT, 1001, "anna")
    a_mail = mail(text, sender=f"Anna <{ANNA.address}>", to=to, message_id="<h@desk.example>")
    known = facts(ticket(assignee="anna"), messages=HISTORY)
    return judge(a_mail, known, by=envelope(ANNA.address, to, login="anna"), how=how)


def to_boris(plan: Plan) -> Letter:
    """The one letter that he gets."""
    [letter] = [x for x in plan.letters if x.to[0].address == BORIS.address]
    return letter


@pytest.mark.parametrize(("language", "says"), [("en", "Анна Петрова hands this over to you:"),
                                                ("ru", "Анна Петрова передаёт вам эту заявку:")])  # fmt: skip
def test_the_note_of_who_hands_over_stands_on_top_of_one_letter(language: str, says: str) -> None:
    """Above the customer's last mail; the colleagues' earlier notes follow, marked as such."""
    letter = to_boris(ordered("/assign boris\n/note\n\nThe old printer again, call him.\n"))
    text = write_letter(replace(letter, language=language), LETTERS).text
    parts = [says, "> The old printer again, call him.", "> It says: toner low.", "> A key customer, be quick."]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)
    assert ("note to colleagues" if language == "en" else "заметка для коллег") in text
    assert "/clsoe" not in text, "what was refused is no note"
    assert letter.reply_to == MINT.address(Purpose.AGENT, 1001, "boris")


def test_an_answer_that_hands_over_is_shown_to_the_taker() -> None:
    """He must not tell the customer the same again."""
    text = write_letter(to_boris(ordered("/assign boris\n\nWe are looking at it.\n")), LETTERS).text
    assert "> We are looking at it." in text


def test_the_next_line_reads_the_reason_and_who_gave_it() -> None:
    """On top of the letter."""
    text = write_letter(to_boris(ordered("/escalate needs a lawyer\n")), LETTERS).text
    assert text.startswith("Анна Петрова moved it from line 1 to line 2: “needs a lawyer”.\n")


def test_how_it_was_shared_out_is_told_to_the_taker() -> None:
    """By load or by turn."""
    letter = to_boris(ordered("/escalate\n", assign=By.LOAD))
    assert letter.context["why"] == "handed to you by Анна Петрова, by load: 0 open"


def test_who_hands_over_hears_no_more_of_it() -> None:
    """The customer's next mail goes to the taker alone."""
    after = ordered("/assign boris\n").ticket
    assert after is not None
    to = MINT.address(Purpose.CUSTOMER, 1001, "ivan@customer.example")
    plan = judge(mail(to=to, message_id="<9@customer.example>"), facts(after, messages=HISTORY))
    assert [x.to[0].address for x in plan.letters] == [BORIS.address]


def test_other_letters_show_no_notes_of_colleagues_below() -> None:
    """Only who takes a ticket over needs them."""
    to = MINT.address(Purpose.CUSTOMER, 1001, "ivan@customer.example")
    plan = judge(mail(to=to, message_id="<9@customer.example>"), facts(ticket(assignee="boris"), messages=HISTORY))
    [letter] = plan.letters
    assert "key customer" not in write_letter(letter, LETTERS).text


def test_next_is_never_who_has_it_already() -> None:
    """She gives it away, whoever's turn it is."""
    how = practice(
        team=Team(agents=(ANNA, BORIS), queues=(Queue(name="support", agents=("anna", "boris"), default=True),))
    )
    to = MINT.address(Purpose.AGENT, 1001, "anna")
    a_mail = mail("/assign next\n", sender=f"Anna <{ANNA.address}>", to=to, message_id="<n@desk.example>")
    known = facts(ticket(assignee="anna"), workload=Workload(turns={"support/1": {"boris": 5}}))
    plan = judge(a_mail, known, by=envelope(ANNA.address, to, login="anna"), how=how)
    assert plan.ticket is not None
    assert plan.ticket.assignee == "boris"
    assert [(t.agent, t.number) for t in plan.turns] == [("boris", 6)]
