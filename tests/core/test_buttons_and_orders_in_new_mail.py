"""Orders that come by a button's address, or on top of a new mail that names its ticket itself."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from office import ANNA, BORIS, DESK, MINT, NOW, envelope, facts, judge, mail, message, practice, ticket

from maild.messages.envelope import Envelope
from maild.messages.tokens import VERBS, Key, Mint, Purpose
from maild.threads.facts import TicketFacts
from maild.threads.model import InboxState, Status
from maild.threads.orders.table import HANDLERS
from maild.threads.plan import LetterKind, Plan

TODAY = NOW.date()
ANNA_FROM = "Anna <anna@desk.example>"


def pressed(verb: str, *, day: date = TODAY, by: str | None = "anna", done: frozenset[str] = frozenset()) -> Plan:
    """A button of Anna's, on a ticket that has two mails."""
    to = MINT.verb_address(verb, 1001, ANNA.id, day)
    assert to is not None
    one = ticket()
    known = replace(facts(), tickets={1001: TicketFacts(ticket=one, messages=(message(id=1), message(id=2)))})
    known.tickets[1001] = replace(known.tickets[1001], steps_done=done)  # type: ignore[index]
    a_mail = mail("Sent from my phone", sender=ANNA_FROM, to=to, message_id="<b@desk>")
    return judge(a_mail, known, by=envelope("anna@desk.example", to, login=by))


def test_no_letter_of_a_button_is_a_purpose() -> None:
    """One position in the token tells them apart."""
    assert not set(VERBS) & set(Purpose)


@pytest.mark.parametrize(
    ("verb", "changed"),
    [
        ("take", ("assignee", "anna")),
        ("close", ("status", Status.CLOSED)),
        ("snooze", ("wake_at", NOW + timedelta(days=1))),
        ("spam", ("status", Status.SPAM)),
    ],
)
def test_a_button_gives_its_order_and_nothing_in_the_mail_counts(verb: str, changed: tuple[str, object]) -> None:
    """No text of the mail goes anywhere."""
    plan = pressed(verb)
    assert plan.ticket is not None
    assert getattr(plan.ticket, changed[0]) == changed[1]
    assert [x.kind for x in plan.letters] == [LetterKind.TRANSCRIPT]


def test_a_button_works_once() -> None:
    """The second time a letter says so, and nothing is done."""
    first = pressed("take")
    again = pressed("take", done=frozenset(first.steps_done))
    assert again.ticket is not None
    assert again.ticket.assignee is None
    context = again.letters[0].context
    assert (context["error"], context["button"]) == (True, True)
    assert context["orders"] == [
        {"line": "Беру себе", "effect": "кнопка уже сработала; она действует один раз", "ok": False}
    ]


def test_a_button_is_forgotten_after_a_month() -> None:
    """A mail is old; whoever finds it can do nothing with it."""
    assert pressed("close", day=TODAY - timedelta(days=30)).ticket.status is Status.CLOSED  # type: ignore[union-attr]
    assert pressed("close", day=TODAY - timedelta(days=31)).ticket.status is Status.OPEN  # type: ignore[union-attr]
    assert pressed("close", day=TODAY + timedelta(days=1)).ticket.status is Status.OPEN  # type: ignore[union-attr]


def test_a_button_proves_nobody() -> None:
    """Unproven it is asked about, like any mail to an agent's own address."""
    plan = pressed("close", by=None)
    assert plan.ticket is not None
    assert plan.ticket.status is Status.OPEN
    (asked,) = [x for x in plan.letters if x.kind is LetterKind.CONFIRMATION]
    assert asked.context["text"] == "/close: Закрыть"


def test_a_button_is_bound_to_its_order_its_ticket_its_agent_and_its_day() -> None:
    """Whatever is changed in it, it holds for nobody."""
    address = MINT.verb_address("take", 1001, ANNA.id, TODAY)
    assert address is not None
    claim = MINT.read_address(address.upper())
    assert claim is not None
    assert MINT.made_for(claim, ANNA.id)
    assert not MINT.made_for(claim, BORIS.id)
    for other in (replace(claim, verb="close"), replace(claim, ticket=1002), replace(claim, day=claim.day + 1)):
        assert not MINT.made_for(other, ANNA.id)


def test_a_desk_with_a_long_name_has_no_buttons_that_mail_servers_refuse() -> None:
    """A local part has 64 octets at most."""
    mint = Mint((Key(id="a", secret=b"k" * 32),), "a" * 28 + "@desk.example", "desk.example")
    assert mint.verb_address("take", 1001, ANNA.id, TODAY) is not None
    assert mint.verb_address("take", 10**12, ANNA.id, TODAY) is None


def new_mail(text: str, *, by: Envelope | None = None, subject: str = "Orders") -> Plan:
    """A mail of Anna's that answers nothing."""
    a_mail = mail(text, sender=ANNA_FROM, message_id="<n@desk>", subject=subject)
    return judge(a_mail, facts(ticket(), ticket(1007)), by=by or envelope("anna@desk.example", DESK, login="anna"))


def test_orders_in_a_new_mail_name_their_ticket() -> None:
    """The first that does names it for all; the rest is the order's."""
    plan = new_mail("/assign SUP-1007 boris\n/priority high\n")
    assert plan.ticket is not None
    assert (plan.ticket.id, plan.ticket.assignee, plan.ticket.priority) == (1007, "boris", "high")


def test_the_subject_may_name_the_ticket_too() -> None:
    """As it stands in every letter of ours."""
    assert new_mail("/close", subject="[SUP-1007] Printer").ticket.status is Status.CLOSED  # type: ignore[union-attr]


def test_an_order_may_be_the_subject_of_a_mail_without_text() -> None:
    """As one writes it on a phone; no ticket is opened of it."""
    assert new_mail("", subject="/close SUP-1007").ticket.status is Status.CLOSED  # type: ignore[union-attr]
    for sign in ("-- \nAnna", "Sent from my iPhone", "Best regards,\nAnna"):
        assert new_mail(sign, subject="/close SUP-1007").ticket.status is Status.CLOSED  # type: ignore[union-attr]
    assert new_mail("Hello", subject="/close SUP-1007").ticket.subject == "/close SUP-1007"  # type: ignore[union-attr]


def test_help_needs_no_ticket() -> None:
    """All orders, one of them, or what was misspelt."""
    for text, part in (("/help", "/merge"), ("/help snooze", "/отложить"), ("/help clsoe", "/close?")):
        plan = new_mail(text)
        (letter,) = plan.letters
        assert (plan.state, letter.to[0].address, plan.ticket) == (InboxState.OWN, ANNA.address, None)
        assert part in str(letter.context["orders"])


def test_a_misspelt_order_without_a_ticket_is_corrected_first() -> None:
    """And one that is right is shown with a number behind it."""
    (letter,) = new_mail("/clsoe\n/take").letters
    said = [one["effect"] for one in letter.context["orders"]]  # type: ignore[attr-defined]
    assert said == ["команды /clsoe нет; может быть, /close?", "укажите, о какой заявке речь, например /take SUP-1007"]


def test_a_text_in_a_new_mail_goes_to_no_customer() -> None:
    """Only a note stays; anything else is refused with a word on how to answer."""
    plan = new_mail("/solve SUP-1001\n\nAll done, Ivan!")
    assert plan.ticket is not None
    assert plan.ticket.status is Status.OPEN
    assert {x.kind for x in plan.letters} == {LetterKind.TRANSCRIPT}
    noted = new_mail("/note SUP-1001\n\nHe called.")
    assert noted.message is not None
    assert (noted.message.visibility, noted.message.reply) == ("internal", "He called.")


@pytest.mark.parametrize("text", ["/close", "/close SUP-999999", "/close the window"])
def test_orders_that_name_no_ticket_are_answered(text: str) -> None:
    """With what to write; no ticket is opened of it."""
    plan = new_mail(text)
    assert (plan.state, plan.ticket) == (InboxState.OWN, None)
    assert [x.to[0].address for x in plan.letters] == [ANNA.address]


def test_orders_in_a_new_mail_by_a_relays_word_are_asked_about_first() -> None:
    """Nothing in it is signed for the agent, and a signed mail may be sent again by anybody who got it."""
    by = envelope("anna@desk.example", DESK)
    head = "mx.desk.example; dmarc=pass header.from=desk.example"
    a_mail = mail("/close SUP-1001", sender=ANNA_FROM, message_id="<n@desk>", Authentication_Results=head)
    plan = judge(a_mail, facts(ticket()), by=by, how=practice(authserv_ids=("mx.desk.example",)))
    assert plan.ticket is not None
    assert plan.ticket.status is Status.OPEN
    assert [x.kind for x in plan.letters if x.to[0].address == ANNA.address] == [LetterKind.CONFIRMATION]


def test_a_stranger_who_writes_orders_is_a_customer() -> None:
    """His mail is a request like any other."""
    plan = judge(mail("/close SUP-1001"), facts(ticket()))
    assert plan.is_new


def test_every_button_gives_an_order_that_there_is() -> None:
    """But those two that come with letters that wait."""
    assert set(VERBS.values()) - {"send", "undo"} <= set(HANDLERS)


@pytest.mark.parametrize("line", ["/close SUP-1001", "/show SUP-1001", "/close", "/search x"])
def test_a_mail_of_very_many_orders_is_told_so_in_one_line(line: str) -> None:
    """Whatever they are, and whether they name a ticket: the letter is no longer for there being more of them."""
    a_mail = mail("\n".join([line] * 2000), sender=ANNA_FROM, message_id="<many@desk>")
    plan = judge(a_mail, facts(ticket()), by=envelope("anna@desk.example", login="anna"))
    [letter] = plan.letters
    assert [o["effect"] for o in letter.context["orders"]] == ["в одном письме не больше 50 команд"]  # type: ignore[attr-defined]
    assert plan.ticket is None or plan.ticket.status is Status.OPEN
