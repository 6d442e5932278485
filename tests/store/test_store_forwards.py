"""Customers' mails that agents pass on, through a desk on a database: whose ticket, whose words, and only once."""

from __future__ import annotations

from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from office import DESK, MINT, NOW, eml
from store.pieces import SECOND, desk, handle_all, raw_arrival, states

from maild.clock import FixedClock
from maild.desk.orders import give_order
from maild.errors import NotFound
from maild.messages.tokens import Purpose
from maild.store.forget import forget_person
from maild.store.keep import Keep
from maild.store.tables import outbox
from maild.store.views import Whole
from maild.threads.match import confirmation
from maild.threads.model import Participant, Status, Visibility

ANNA, BORIS = "Anna <anna@desk.example>", "Boris <boris@desk.example>"
IVAN = "ivan@customer.example"
HIS_ID = "<his@customer.example>"
SILENT = "(Это письмо переслали нам ещё раз, без пояснений.)"
INLINE = (
    "{above}\n\n---------- Forwarded message ---------\nFrom: Ivan Petrov <{sender}>\n"
    "Date: Sat, 21 Nov 2026 at 10:00\nSubject: {subject}\nTo: Anna <anna@desk.example>, Olga <olga@customer.example>\n"
    "\n\n{text}\n"
)


def inline(
    above: str = "Please see to it.",
    *,
    sender: str = IVAN,
    subject: str = "Re: Printer",
    text: str = "It prints nothing.",
    by: str = ANNA,
    number: int = 1,
    refers: str = "",
    to: str = DESK,
    date: datetime = NOW,
) -> bytes:
    """A forward as a client writes it into the text."""
    named = {"In_Reply_To": refers, "References": refers} if refers else {}
    body = INLINE.format(above=above, sender=sender, subject=subject, text=text)
    return eml(
        body, sender=by, to=to, subject=f"Fwd: {subject}", message_id=f"<f{number}@desk.example>", date=date, **named
    )


def his_mail(text: str = "It prints nothing.", *, sender: str = f"Ivan <{IVAN}>", **fields: str) -> bytes:
    """The customer's mail, as it came to an agent with somebody in copy."""
    values = {"to": "anna@desk.example", "subject": "Printer", "message_id": HIS_ID, "Cc": "olga@customer.example"}
    return eml(text, sender=sender, **(values | fields))  # type: ignore[arg-type]


def attached(inner: bytes | None = None, above: str = "", *, by: str = ANNA, number: int = 1, file: str = "") -> bytes:
    """A forward with the mail in it whole."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = by, DESK, "Fwd: Printer"
    mail["Date"], mail["Message-ID"] = NOW, f"<f{number}@desk.example>"
    mail.set_content(above)
    mail.add_attachment(message_from_bytes(inner or his_mail(), policy=policy.SMTP))
    if file:
        mail.add_attachment(b"mine", maintype="application", subtype="pdf", filename=file)
    return mail.as_bytes()


def take_in(
    keep: Keep, raw: bytes, login: str | None = None, *, sender: str = IVAN, second: int = 0, **more: object
) -> None:
    """Accept a mail and handle all that waits."""
    at = NOW + second * SECOND
    envelope = {"sender": sender, "login": login, "trusted": False} | more
    keep.inbox.add([raw_arrival(raw, at=at, **envelope)])
    handle_all(desk(keep, at))


def whole(keep: Keep, number: int = 1001) -> Whole:
    """A ticket with everything."""
    return keep.views.ticket(str(number), "SUP")


def letters(keep: Keep, kind: str) -> list[str]:
    """To whom letters of a kind go."""
    with keep.database.read() as connection:
        rows = connection.execute(outbox.select().where(outbox.c.kind == kind).order_by(outbox.c.id)).all()
    return [r["address"] for row in rows for r in row.recipients]


def test_a_forward_in_the_text_is_the_customers_ticket(keep: Keep) -> None:
    """His subject, his words; the agent's are a note, the agent is told, and whoever a client prints takes no part."""
    take_in(keep, inline(), "anna")
    found = whole(keep)
    assert found.ticket.requester is not None
    assert (found.ticket.requester.address, found.ticket.subject) == (IVAN, "Printer")
    (_, his), (_, note) = found.messages
    assert (his.reply, his.visibility, his.author) == ("It prints nothing.", Visibility.PUBLIC, None)
    assert (note.reply, note.visibility, note.author) == ("Please see to it.", Visibility.INTERNAL, "anna")
    assert [p.address.address for p in found.ticket.participants] == [IVAN]
    assert letters(keep, "acknowledgement") == [IVAN]
    assert sorted(letters(keep, "notification")) == ["anna@desk.example", "boris@desk.example"]
    assert found.events[0]["because"] == "Sat, 21 Nov 2026 at 10:00"


def test_an_attached_forward_brings_its_files_people_and_id(keep: Keep) -> None:
    """The customer's next mail, which names his own, finds the ticket; whom he put in copy waits for /add."""
    inner = EmailMessage(policy=policy.SMTP)
    inner["From"], inner["To"], inner["Cc"] = f"Ivan <{IVAN}>", "anna@desk.example", "olga@customer.example"
    inner["Subject"], inner["Message-ID"], inner["Date"] = "Printer", HIS_ID, NOW
    inner.set_content("It prints nothing.")
    inner.add_attachment(b"picture", maintype="image", subtype="png", filename="page.png")
    take_in(keep, attached(inner.as_bytes(), file="contract.pdf"), "anna")
    take_in(
        keep, eml("And now?", message_id="<n@customer.example>", References=HIS_ID, subject="Re: Printer"), second=1
    )
    found = whole(keep)
    assert [(m.author, [a.filename for a in m.attachments]) for _, m in found.messages] == [
        (None, ["page.png"]),
        ("anna", ["contract.pdf"]),
        (None, []),
    ]
    assert found.messages[0][1].message_id == HIS_ID
    assert [(p.address.address, p.confirmed) for p in found.ticket.participants] == [
        (IVAN, True),
        ("olga@customer.example", False),
    ]


def test_orders_above_a_forward_are_carried_out(keep: Keep) -> None:
    """They are no part of the note, and the agent reads what they did."""
    take_in(keep, inline("/take\n/priority high\n\nHe called, too."), "anna")
    found = whole(keep)
    assert (found.ticket.assignee, str(found.ticket.priority)) == ("anna", "high")
    assert found.messages[1][1].reply == "He called, too."
    assert letters(keep, "transcript") == ["anna@desk.example"]
    assert letters(keep, "notification") == ["anna@desk.example"]


def test_a_wrong_order_loses_no_mail(keep: Keep) -> None:
    """The ticket is there, and none of the orders was done."""
    take_in(keep, inline("/take\n/priority hihg"), "anna")
    assert whole(keep).ticket.assignee is None
    assert letters(keep, "transcript") == ["anna@desk.example"]
    assert letters(keep, "acknowledgement") == [IVAN]


@pytest.mark.parametrize("order", ["/close", "/spam", "/requester petr@other.example"])
def test_the_customer_hears_nothing_where_the_agent_says_so(keep: Keep, order: str) -> None:
    """Done, spam, or not his at all."""
    take_in(keep, inline(order), "anna")
    assert letters(keep, "acknowledgement") == []


def test_orders_that_name_a_ticket_are_about_that_ticket(keep: Keep) -> None:
    """The forward below them is no new one."""
    take_in(keep, his_mail(), sender=IVAN)
    take_in(keep, inline("/note SUP-1001\nSee this:", sender="petr@other.example"), "anna", second=1)
    assert states(keep) == [("ticketed", "SUP-1001"), ("ticketed", "SUP-1001")]


def test_an_unproven_forward_is_kept_and_the_agent_asked(keep: Keep) -> None:
    """The customer hears nothing of it; a yes makes it his, in the same ticket."""
    take_in(keep, inline("/take\nMine."), second=0, sender="anna@desk.example")
    first = whole(keep)
    assert [m.unverified for _, m in first.messages] == [True]
    assert (letters(keep, "acknowledgement"), letters(keep, "confirmation")) == ([], ["anna@desk.example"])
    to = MINT.address(Purpose.CONFIRM, 1001, confirmation("anna", 1))
    take_in(keep, eml("yes", sender=ANNA, to=to, message_id="<yes@desk.example>"), second=1, recipients=(to,))
    found = whole(keep)
    assert found.ticket.requester is not None
    assert (found.ticket.requester.address, found.ticket.subject, found.ticket.assignee) == (IVAN, "Printer", "anna")
    assert letters(keep, "acknowledgement") == [IVAN]
    assert found.ticket.participants == (Participant(address=found.ticket.requester, confirmed=True),)
    assert [t for t in states(keep) if t[1] != "SUP-1001"] == []


@pytest.mark.parametrize("second", ["attached", "inline", "his own"])
def test_the_same_mail_is_one_ticket(keep: Keep, second: str) -> None:
    """Passed on by two agents, or come to the desk as well."""
    take_in(keep, attached(), "anna")
    if second == "attached":
        take_in(keep, attached(above="Me too.", by=BORIS, number=2), "boris", second=1)
    elif second == "inline":
        take_in(keep, inline("Me too.", by=BORIS, number=2, refers=HIS_ID, subject="Printer"), "boris", second=1)
    else:
        take_in(keep, his_mail(), second=1)
    assert {ticket for _, ticket in states(keep)} == {"SUP-1001"}
    assert letters(keep, "acknowledgement") == [IVAN]
    assert len([m for _, m in whole(keep).messages if m.visibility is Visibility.PUBLIC]) == (
        2 if second == "his own" else 1
    )


def test_the_same_mail_without_any_id_is_known_by_its_words(keep: Keep) -> None:
    """Two agents forward it inside the text, by clients that name no mail."""
    take_in(keep, inline("One."), "anna")
    take_in(keep, inline("Two.", by=BORIS, number=2), "boris", second=1)
    take_in(keep, inline("Three.", subject="Printer", text="It prints again.", number=3), "anna", second=2)
    assert [ticket for _, ticket in states(keep)] == ["SUP-1001", "SUP-1001", "SUP-1002"]
    assert [m.reply for _, m in whole(keep).messages] == ["It prints nothing.", "One.", "Two."]


def test_a_customers_mail_that_came_first_keeps_its_ticket(keep: Keep) -> None:
    """What the agent says of it is a note there; orders are given by a reply, unless the agent has just logged in."""
    take_in(keep, his_mail())
    take_in(keep, attached(above="/take\nMine."), "anna", second=1)
    found = whole(keep)
    assert [m.reply for _, m in found.messages] == ["It prints nothing.", "Mine."]
    assert found.ticket.assignee == "anna"


def test_a_mail_that_is_passed_on_again_without_words_says_so(keep: Keep) -> None:
    """In the desk's language, in place of an empty note; orders above it are carried out all the same."""
    take_in(keep, his_mail())
    take_in(keep, attached(above="/take"), "anna", second=1)
    found = whole(keep)
    assert [m.reply for _, m in found.messages] == ["It prints nothing.", SILENT]
    assert found.ticket.assignee == "anna"


def test_a_later_mail_of_the_conversation_is_added_to_it(keep: Keep) -> None:
    """He answered his own mail to the agent alone; the agent passes that on, too."""
    take_in(keep, his_mail())
    later = his_mail("And today?", message_id="<later@customer.example>", References=HIS_ID, subject="Re: Printer")
    take_in(keep, attached(later, above="Still him."), "anna", second=1)
    found = whole(keep)
    assert [(m.reply, m.author) for _, m in found.messages] == [
        ("It prints nothing.", None),
        ("And today?", None),
        ("Still him.", "anna"),
    ]
    assert Status.OPEN is found.ticket.status


def test_another_mail_under_the_same_id_is_not_lost(keep: Keep) -> None:
    """A machine of the customer's writes one id again and again; a mail that a client wrote anew is still the same."""
    take_in(keep, attached(his_mail("Disk one is full since Monday.")), "anna")
    take_in(keep, attached(his_mail("A door stands open."), number=2), "anna", second=1)
    take_in(keep, attached(his_mail("*Disk one* is full\n since Monday."), number=3), "anna", second=2)
    found = whole(keep)
    assert [m.reply for _, m in found.messages] == ["Disk one is full since Monday.", "A door stands open.", SILENT]


def test_nobody_chooses_by_what_he_refers_to_which_ticket_an_agents_orders_are_for(keep: Keep) -> None:
    """A stranger's mail names another customer's; /spam above it is meant for the stranger's, so nothing is done."""
    take_in(keep, his_mail())
    hostile = {"sender": "M <m@evil.example>", "message_id": "<m@evil.example>", "subject": "Re: Printer"}
    take_in(keep, attached(his_mail("Buy.", References=HIS_ID, **hostile), above="/spam"), "anna", second=1)
    take_in(keep, attached(his_mail("Buy.", References=HIS_ID, **hostile), above="/spam", number=2), "anna", second=2)
    found = whole(keep)
    assert [(m.reply, m.proposed) for _, m in found.messages if m.author is None] == [
        ("It prints nothing.", False),
        ("Buy.", True),
    ]
    assert found.ticket.status is Status.NEW
    assert letters(keep, "transcript") == ["anna@desk.example"] * 2


@pytest.mark.parametrize("sender", [DESK, "billing+x@desk.example", "boris@desk.example", "nobody"])
def test_what_is_no_customers_is_the_agents_own(keep: Keep, sender: str) -> None:
    """A letter of ours, a colleague's mail, one that names no address."""
    take_in(keep, inline(sender=sender), "anna")
    found = whole(keep)
    assert found.ticket.requester is not None
    assert found.ticket.requester.address == "anna@desk.example"
    assert letters(keep, "acknowledgement") == ["anna@desk.example"]


def test_an_address_that_nobody_reads_is_sent_nothing(keep: Keep) -> None:
    """As where it writes itself."""
    take_in(keep, inline(sender="no-reply@shop.example"), "anna")
    assert letters(keep, "acknowledgement") == []


def test_a_customers_forward_stays_his_own(keep: Keep) -> None:
    """Only agents write for others."""
    take_in(keep, inline(by="Petr <petr@other.example>"), sender="petr@other.example")
    found = whole(keep)
    assert found.ticket.requester is not None
    assert found.ticket.requester.address == "petr@other.example"


def test_a_signed_forward_that_was_written_to_somebody_else_is_asked_about(keep: Keep) -> None:
    """Whoever got it could hand it on to us; DKIM would hold."""
    raw = b"Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example\r\n"
    take_in(keep, raw + inline(to="friend@elsewhere.example"), trusted=True)
    assert whole(keep).messages[0][1].unverified
    assert letters(keep, "acknowledgement") == []


def test_requester_mends_a_forward(keep: Keep) -> None:
    """The right customer's mail finds the ticket by its tag, the wrong one's no longer does, and he is sent nothing."""
    take_in(keep, inline("/requester petr@other.example"), "anna")
    tagged = {"subject": "Re: [SUP-1001] Printer"}
    take_in(keep, eml("Mine.", sender="petr@other.example", message_id="<p@other.example>", **tagged), second=1)
    take_in(keep, eml("No, mine.", sender=IVAN, message_id="<q@customer.example>", **tagged), second=2)
    assert [ticket for _, ticket in states(keep)] == ["SUP-1001", "SUP-1001", "SUP-1002"]
    assert [p.address.address for p in whole(keep).ticket.participants] == ["petr@other.example"]


def test_a_yes_to_a_forward_of_a_mail_that_has_come_meanwhile_is_one_ticket(keep: Keep) -> None:
    """The ticket that only kept the forward goes on in the customer's."""
    take_in(keep, attached(above="Mine."), sender="anna@desk.example")
    take_in(keep, his_mail(), second=1)
    to = MINT.address(Purpose.CONFIRM, 1001, confirmation("anna", 1))
    take_in(keep, eml("yes", sender=ANNA, to=to, message_id="<yes@desk.example>"), second=2, recipients=(to,))
    assert Status.MERGED is whole(keep).ticket.status
    found = whole(keep, 1002)
    assert [(m.reply, m.author) for _, m in found.messages] == [("It prints nothing.", None), ("Mine.", "anna")]
    assert letters(keep, "acknowledgement") == [IVAN]


def test_undo_gives_a_ticket_back_to_whom_it_was(keep: Keep) -> None:
    """/requester takes the one before out; whoever did it can take it back, and whom he named is in it no more."""
    take_in(keep, his_mail(), trusted=True)
    office = desk(keep)._office()  # the command line has the same
    give_order(keep, office, FixedClock(NOW), "1001", "requester", "petr@other.example")
    assert "olga@customer.example" in {p.address.address for p in whole(keep).ticket.participants}
    assert IVAN not in {p.address.address for p in whole(keep).ticket.participants}
    give_order(keep, office, FixedClock(NOW + SECOND), "1001", "undo", "")
    people = {p.address.address: p.confirmed for p in whole(keep).ticket.participants}
    assert people == {IVAN: True, "olga@customer.example": False}


def test_a_new_requester_and_no_longer_the_old_one_is_answered(keep: Keep) -> None:
    """A reply to our letter by the one who was taken out is shown to the agents, and lets him into nothing."""
    take_in(keep, inline(), "anna")
    give_order(keep, desk(keep)._office(), FixedClock(NOW), "1001", "requester", "petr@other.example")
    to = MINT.address(Purpose.CUSTOMER, 1001, IVAN)
    take_in(keep, eml("Hm?", to=to, message_id="<hm@customer.example>"), second=1, recipients=(to,))
    last = whole(keep).messages[-1][1]
    assert (last.reply, last.proposed) == ("Hm?", True)
    assert [p.address.address for p in whole(keep).ticket.participants if p.confirmed] == ["petr@other.example"]


def test_his_own_copy_of_a_mail_that_was_passed_on_is_no_news(keep: Keep) -> None:
    """Nobody is told of it once more, and nobody's turn changes."""
    take_in(keep, attached(), "anna")
    before = letters(keep, "notification")
    take_in(keep, his_mail(), second=1)
    assert letters(keep, "notification") == before
    assert Status.NEW is whole(keep).ticket.status
    other = his_mail("Quite another text under the same id.")
    take_in(keep, other, second=2)
    assert len(letters(keep, "notification")) == 2 * len(before)


def test_an_unproven_forward_of_a_mail_that_is_here_is_a_note_after_a_yes(keep: Keep) -> None:
    """It changes nothing before, and its orders are carried out then."""
    take_in(keep, his_mail())
    take_in(keep, inline("/take\nMine.", refers=HIS_ID, subject="Printer"), second=1, sender="anna@desk.example")
    assert whole(keep).ticket.assignee is None
    to = MINT.address(Purpose.CONFIRM, 1001, confirmation("anna", 2))
    take_in(keep, eml("yes", sender=ANNA, to=to, message_id="<yes@desk.example>"), second=2, recipients=(to,))
    assert whole(keep).ticket.assignee == "anna"
    assert [m.reply for _, m in whole(keep).messages if m.author == "anna"][-1] == "Mine."
    assert {ticket for _, ticket in states(keep)} == {"SUP-1001"}


def test_a_proven_agent_whose_forward_lacks_a_date_is_a_customer_as_before(keep: Keep) -> None:
    """A signed mail that leaked must not work for ever."""
    take_in(keep, inline(date=NOW - 30 * 86400 * SECOND), "anna")
    found = whole(keep)
    assert found.ticket.requester is not None
    assert found.ticket.requester.address == "anna@desk.example"


def test_a_person_who_is_forgotten_is_so_in_forwards_too(keep: Keep) -> None:
    """The agent's mail holds his words: its bytes go, and the ticket names nobody."""
    take_in(keep, attached(above="Mine."), "anna")
    forget_person(keep.database, IVAN)
    assert whole(keep).ticket.requester is None
    with pytest.raises(NotFound, match="kept no longer"):
        keep.inbox.raw(1)
