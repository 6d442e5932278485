"""What becomes of mails with an agent's address in From: proven ones are carried out, others never."""

from dataclasses import replace
from datetime import timedelta

import pytest
from office import BORIS, DESK, MINT, NOW, envelope, facts, judge, mail, practice, ticket

from maild.messages.envelope import Envelope
from maild.messages.mail import Address, MailClass
from maild.messages.tokens import Purpose
from maild.threads.facts import KnownId, id_hash
from maild.threads.model import Direction, Message, Status, Visibility
from maild.threads.plan import LetterKind, Plan

IVAN = "ivan@customer.example"
TO_ANNA = MINT.address(Purpose.AGENT, 1001, "anna")
ANNA_FROM = "Anna <anna@desk.example>"


def asked(message_id: str = "<1@customer.example>") -> Message:
    """Ivan's question, as it stands in the ticket."""
    return Message(
        at=NOW,
        direction=Direction.IN,
        visibility=Visibility.PUBLIC,
        mail_class=MailClass.PERSON,
        sender=Address(name="Ivan", address=IVAN),
        to=(Address(address=DESK),),
        cc=(),
        message_id=message_id,
        subject="Printer",
        text="My printer is on fire.",
        reply="My printer is on fire.",
    )


def in_session(login: str | None = "anna", to: str = TO_ANNA, *, trusted: bool = True) -> Envelope:
    """A session on our own listener."""
    return envelope("anna@desk.example", to, login=login, trusted=trusted)


def written(
    text: str, *, sender: str = ANNA_FROM, to: str = TO_ANNA, by: Envelope | None = None, **fields: object
) -> Plan:
    """Anna's mail on Ivan's ticket."""
    known = facts(ticket(), messages=(asked(),))
    return judge(mail(text, sender=sender, to=to, message_id="<a@desk>", **fields), known, by=by or in_session())


def of_kind(plan: Plan, kind: LetterKind) -> list[object]:
    """The letters of one kind."""
    return [letter for letter in plan.letters if letter.kind is kind]


def test_a_proven_answer_goes_to_the_customer_under_the_desks_name() -> None:
    """Neither her address nor what she quoted; in the customer's own thread."""
    plan = written("Close the lid.\n\nOn Monday Ivan wrote:\n> [SUP-1001] internal quote\n")
    (letter,) = [x for x in plan.letters if x.kind is LetterKind.ANSWER]
    assert (letter.to[0].address, letter.sender.address) == (IVAN, DESK)
    assert str(letter.context["text"]).strip() == "Close the lid."
    assert "anna@desk.example" not in repr(letter)
    assert letter.in_reply_to == "<1@customer.example>"
    assert MINT.root_id(Purpose.PUBLIC_ID, 1001) == letter.references[0]
    assert plan.ticket is not None
    assert Status.PENDING is plan.ticket.status


def test_an_answer_has_a_return_path_of_its_own_and_no_automatic_marks() -> None:
    """A bounce of it can be told from any other."""
    (letter,) = [x for x in written("Close the lid.").letters if x.kind is LetterKind.ANSWER]
    claim = MINT.read_address(letter.envelope_from)
    assert claim is not None
    assert Purpose.BOUNCE is claim.purpose
    assert not letter.automatic


def test_orders_are_stripped_from_the_answer_and_told_back() -> None:
    """/close stands above the text; the transcript echoes it with its effect."""
    plan = written("/take\n/close\n\nClose the lid.")
    assert plan.ticket is not None
    assert (plan.ticket.status, plan.ticket.assignee) == (Status.CLOSED, "anna")
    answers = [x for x in plan.letters if x.kind is LetterKind.ANSWER]
    assert "/close" not in str(answers[0].context["text"])
    (told,) = [x for x in plan.letters if x.kind is LetterKind.TRANSCRIPT]
    assert [o["line"] for o in told.context["orders"]] == ["/take", "/close"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("line", ["On Monday, Ivan <ivan@customer.example> wrote:", "23.11.2026 09:00, Ivan пишет:"])
def test_what_a_client_has_not_marked_as_a_quote_orders_nothing(line: str) -> None:
    """An empty answer above the customer's words: they may look like orders."""
    plan = written(f"{line}\n\n/spam\n/add thief@thief.example\nHelp!\n")
    assert plan.ticket is not None
    assert plan.ticket.status is Status.OPEN
    assert [p.address.address for p in plan.ticket.participants] == [IVAN]
    assert of_kind(plan, LetterKind.ANSWER) == []
    below = written(f"{line}\n\n> My printer is on fire.\n\n/take\nClose the lid.\n")
    assert below.ticket is not None
    assert below.ticket.assignee == "anna"


@pytest.mark.parametrize(
    "given",
    ["/note\n\nHe is a friend of the boss.", "/note: He is a friend of the boss.", "/note He is a friend of the boss."],
)
@pytest.mark.parametrize(("sender", "writer"), [(ANNA_FROM, "Anna"), ("anna@desk.example", "Анна Петрова")])
def test_a_note_stays_inside_and_colleagues_read_it(given: str, sender: str, writer: str) -> None:
    """The customer gets nothing, a reply to the note is a note again, and its writer has a name."""
    plan = written(given, sender=sender)
    assert not of_kind(plan, LetterKind.ANSWER)
    assert plan.message is not None
    assert Visibility.INTERNAL is plan.message.visibility
    (told,) = [x for x in plan.letters if x.kind is LetterKind.NOTIFICATION]
    assert BORIS.address == told.to[0].address
    assert told.context["message"]["sender"]["name"] == writer  # type: ignore[index]
    claim = MINT.read_address(told.reply_to or "")
    assert claim is not None
    assert Purpose.NOTE is claim.purpose


def test_a_reply_to_a_note_is_internal_without_an_order() -> None:
    """The address says so."""
    address = MINT.address(Purpose.NOTE, 1001, "anna")
    plan = written("I see.", to=address, by=in_session(to=address))
    assert not of_kind(plan, LetterKind.ANSWER)


def test_orders_alone_post_nothing() -> None:
    """The status changes, the customer hears nothing."""
    plan = written("/pending\n")
    assert not of_kind(plan, LetterKind.ANSWER)
    assert plan.ticket is not None
    assert Status.PENDING is plan.ticket.status


def test_who_answers_a_colleagues_letter_is_told_so() -> None:
    """He is proven; but the address is hers, as if she had passed the letter on to him."""
    plan = written("/close", sender="Boris <boris@desk.example>", to=TO_ANNA, by=in_session("boris"))
    told = [x for x in plan.letters if x.kind is LetterKind.NOTIFICATION and x.to[0].address == BORIS.address]
    assert ["another agent" in str(x.context["why"]) for x in told] == [True]


def test_words_below_the_line_of_a_note_go_on_with_it() -> None:
    """It is one text."""
    plan = written("/note He is a friend\nof the boss.")
    assert plan.message is not None
    assert plan.message.reply == "He is a friend\nof the boss."


@pytest.mark.parametrize("order", ["/clsoe", "/assign somebody", "/priority sky-high", "/close now"])
def test_one_wrong_order_stops_the_whole_mail(order: str) -> None:
    """Nothing is sent, nothing is changed, the agent reads why."""
    plan = written(f"/take\n{order}\n\nDear Ivan, close the lid.")
    assert plan.ticket is not None
    assert (plan.ticket.status, plan.ticket.assignee) == (Status.OPEN, None)
    assert [x.kind for x in plan.letters] == [LetterKind.TRANSCRIPT]
    assert plan.letters[0].context["error"] is True


FORGERIES = {
    "no session at all": (ANNA_FROM, TO_ANNA, in_session(None)),
    "another agent's session": (ANNA_FROM, TO_ANNA, in_session("boris")),
    "another agent's address": (ANNA_FROM, MINT.address(Purpose.AGENT, 1001, "boris"), None),
    "a customer's address": (ANNA_FROM, MINT.address(Purpose.CUSTOMER, 1001, IVAN), None),
    "two authors": (f"{ANNA_FROM}, evil@evil.example", TO_ANNA, None),
    "an address in the name": ("anna@desk.example <evil@evil.example>", TO_ANNA, None),
}


@pytest.mark.parametrize("how", FORGERIES)
def test_a_forged_agent_orders_nothing(how: str) -> None:
    """Kept, flagged, told to the agents; nothing reaches the customer and nothing changes."""
    sender, to, by = FORGERIES[how]
    plan = written("/close\n\nPay to this account.", sender=sender, to=to, by=by or in_session(to=to))
    assert not of_kind(plan, LetterKind.ANSWER)
    assert not of_kind(plan, LetterKind.TRANSCRIPT)
    assert plan.ticket is None or plan.ticket.status is not Status.CLOSED


def test_an_unverified_agent_is_told_that_it_was_not_carried_out() -> None:
    """An answer must never silently not arrive."""
    plan = written("Close the lid.", by=in_session(None))
    assert plan.message is not None
    assert (plan.message.visibility, plan.message.unverified) == (Visibility.INTERNAL, True)
    assert {"anna@desk.example", "boris@desk.example"} == {x.to[0].address for x in plan.letters}


@pytest.mark.parametrize("age", [timedelta(days=8), timedelta(days=-2)])
@pytest.mark.fault("E9")
def test_an_old_mail_orders_nothing(age: timedelta) -> None:
    """A signed mail that leaked must not work for ever."""
    assert not of_kind(written("Close the lid.", date=NOW - age), LetterKind.ANSWER)


AUTH = "mx.desk.example; {}"


@pytest.mark.parametrize(
    ("result", "holds"),
    [
        ("dmarc=pass header.from=desk.example", True),
        ("dkim=pass header.d=desk.example", True),
        ("auth=pass smtp.auth=anna", True),
        ("auth=pass smtp.auth=anna@desk.example", True),
        ("auth=pass", True),
        ("auth=pass smtp.auth=boris@desk.example", False),
        ("dmarc=pass header.from=evil.example", False),
        ("dkim=pass header.d=evil.example", False),
        ("dmarc=fail header.from=desk.example", False),
        ("spf=pass smtp.mailfrom=desk.example", False),
    ],
)
def test_a_trusted_relays_word_proves_an_agent(result: str, holds: bool) -> None:
    """DMARC or aligned DKIM or an authenticated session, for this very address."""
    said = mail(
        "Close the lid.",
        sender=ANNA_FROM,
        to=TO_ANNA,
        message_id="<a@desk>",
        Authentication_Results=AUTH.format(result),
    )
    known = facts(ticket(), messages=(asked(),))
    plan = judge(said, known, by=in_session(None), how=practice(authserv_ids=["mx.desk.example"]))
    assert holds is bool(of_kind(plan, LetterKind.ANSWER))


def test_a_relays_word_counts_only_from_a_trusted_peer() -> None:
    """Anyone can write such a field."""
    said = mail(
        "Close the lid.",
        sender=ANNA_FROM,
        to=TO_ANNA,
        message_id="<a@desk>",
        Authentication_Results=AUTH.format("dmarc=pass header.from=desk.example"),
    )
    known = facts(ticket(), messages=(asked(),))
    plan = judge(said, known, by=in_session(None, trusted=False), how=practice(authserv_ids=["mx.desk.example"]))
    assert not of_kind(plan, LetterKind.ANSWER)


def test_an_agents_absence_is_no_answer() -> None:
    """His machine speaks to nobody."""
    plan = written("I am on holiday.", subject="Automatic reply", Auto_Submitted="auto-replied")
    assert not of_kind(plan, LetterKind.ANSWER)


def test_an_agent_who_asks_for_himself_is_a_customer() -> None:
    """His own ticket, answered by its customer address."""
    own = MINT.address(Purpose.CUSTOMER, 1001, "anna@desk.example")
    known = facts(ticket(requester="anna@desk.example", status=Status.PENDING), messages=(asked(),))
    plan = judge(
        mail("It still burns.", sender=ANNA_FROM, to=own, message_id="<a@desk>"),
        known,
        by=envelope("anna@desk.example", own),
    )
    assert plan.ticket is not None
    assert Status.OPEN is plan.ticket.status


def test_a_ticket_without_a_requester_cannot_be_answered() -> None:
    """The agent is told, and nothing is sent."""
    known = facts(ticket(requester=None), messages=(asked(),))
    plan = judge(mail("Hello.", sender=ANNA_FROM, to=TO_ANNA, message_id="<a@desk>"), known, by=in_session())
    assert [x.kind for x in plan.letters] == [LetterKind.TRANSCRIPT]


def test_a_bounce_of_an_answer_opens_the_ticket_and_tells_the_agents() -> None:
    """By its return path, whatever else it says."""
    back = MINT.address(Purpose.BOUNCE, 1001, IVAN)
    text = "This is the mail system. I could not deliver your message.\n\n"
    text += "<ivan@customer.example>: 550 5.1.1 no such user\n"
    bounce = mail(
        text,
        sender="MAILER-DAEMON@mx.example",
        subject="Undelivered Mail Returned to Sender",
        to=back,
        message_id="<b@mx>",
        Auto_Submitted="auto-replied",
    )
    plan = judge(bounce, facts(ticket(status=Status.PENDING), messages=(asked(),)), by=envelope("", back))
    assert plan.ticket is not None
    assert (str(plan.state), plan.ticket.status) == ("bounce", Status.OPEN)
    assert {"undelivered"} == {str(x.context["event"]) for x in plan.letters}


def test_a_colleague_who_is_given_a_ticket_is_told_with_the_customers_last_mail() -> None:
    """/assign without a word to the new owner would leave the customer waiting; /take tells nobody."""
    (told,) = [x for x in written("/assign boris\n").letters if x.kind is LetterKind.NOTIFICATION]
    assert (BORIS.address, "assigned") == (told.to[0].address, told.context["event"])
    assert told.context["message"]["text"] == "My printer is on fire."  # type: ignore[index]
    assert not of_kind(written("/take\n"), LetterKind.NOTIFICATION)


def test_an_unproven_reply_all_of_an_agent_is_never_shown_to_the_customer() -> None:
    """Bob puts Anna in copy; somebody writes as Anna; Boris' answer quotes Bob."""
    forged = replace(
        asked("<f@x>"),
        sender=Address(name="Anna", address="anna@desk.example"),
        text="Pay to this account.",
        reply="Pay to this account.",
    )
    known = facts(ticket(), messages=(asked(), forged))
    plan = judge(mail("Close the lid.", sender=ANNA_FROM, to=TO_ANNA, message_id="<a@desk>"), known, by=in_session())
    (letter,) = [x for x in plan.letters if x.kind is LetterKind.ANSWER]
    assert "Pay" not in repr(letter.context)
    assert letter.context["quoted"]["text"] == "My printer is on fire."  # type: ignore[index]


def test_the_same_message_id_is_carried_out_once() -> None:
    """White space may change and a signature still hold."""
    known = facts(
        ticket(), messages=(asked(),), known=(KnownId(id_hash=id_hash("<a@desk>"), ticket=1001, stored=True),)
    )
    plan = judge(mail("Close  the lid.", sender=ANNA_FROM, to=TO_ANNA, message_id="<a@desk>"), known, by=in_session())
    assert not of_kind(plan, LetterKind.ANSWER)


@pytest.mark.parametrize("text", ["", "-- \nAnna\n", "On Monday Ivan wrote:\n> My printer\n"])
def test_an_agent_whose_text_is_not_found_is_told(text: str) -> None:
    """No answer may silently not leave."""
    plan = written(text)
    assert [x.kind for x in plan.letters] == [LetterKind.TRANSCRIPT]
    assert plan.letters[0].context["error"] is True


@pytest.mark.parametrize("fields", [{"Precedence": "bulk"}, {"X_Auto_Response_Suppress": "OOF"}])
def test_a_client_that_asks_for_silence_makes_no_machine_of_an_agent(fields: dict[str, str]) -> None:
    """His answer leaves."""
    assert of_kind(written("Close the lid.", **fields), LetterKind.ANSWER)


def test_a_dmarc_failure_outweighs_a_signature_beside_it() -> None:
    """The server that judged the whole has judged it not to be from this domain."""
    said = mail(
        "Close the lid.",
        sender=ANNA_FROM,
        to=TO_ANNA,
        message_id="<a@desk>",
        Authentication_Results=AUTH.format("dmarc=fail header.from=desk.example; dkim=pass header.d=desk.example"),
    )
    known = facts(ticket(), messages=(asked(),))
    plan = judge(said, known, by=in_session(None), how=practice(authserv_ids=["mx.desk.example"]))
    assert not of_kind(plan, LetterKind.ANSWER)


def test_a_queue_that_is_given_a_ticket_is_told() -> None:
    """Or the ticket would lie there unseen; who moved it is not told of it."""
    told = [x for x in written("/queue billing\n").letters if x.kind is LetterKind.NOTIFICATION]
    assert [x.to[0].address for x in told] == [BORIS.address]


def test_every_letter_about_a_ticket_knows_the_customer() -> None:
    """As docs/letters.md says of a transcript; an admin's own one may name him."""
    (letter,) = of_kind(written("/take"), LetterKind.TRANSCRIPT)
    assert letter.context["customer"] == {"name": "Ivan", "address": IVAN}  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["Close the lid.", "/note\nHe pays late."])
def test_an_agent_who_puts_somebody_outside_in_copy_is_told_what_that_did(text: str) -> None:
    """His program has sent it by itself; colleagues and our own addresses are nothing to speak of."""
    plan = written(text, Cc=f"Ivan <{IVAN}>, boris@desk.example, {DESK}, support+x@desk.example")
    (letter,) = of_kind(plan, LetterKind.TRANSCRIPT)
    told = [str(order["effect"]) for order in letter.context["orders"]]  # type: ignore[attr-defined]
    assert any(f"с нашей цитатой: {IVAN};" in effect for effect in told)
    assert "boris" not in "".join(told)
    assert not of_kind(written("Close the lid.", Cc=f"boris@desk.example, {DESK}"), LetterKind.TRANSCRIPT)
