"""What becomes of customers' mails."""

from dataclasses import replace
from datetime import timedelta

import pytest
from office import ANNA, DESK, MINT, NOW, envelope, facts, judge, mail, practice, ticket

from maild.messages.tokens import Purpose
from maild.routing.rules import Actions, Rule
from maild.threads.facts import Duplicate, KnownId, id_hash
from maild.threads.model import InboxState, Status
from maild.threads.plan import LetterKind, Plan

IVAN = "ivan@customer.example"
TOKEN = MINT.address(Purpose.CUSTOMER, 1001, IVAN)


def kinds(plan: Plan) -> list[str]:
    """The kinds of letters, in order."""
    return [str(letter.kind) for letter in plan.letters]


def test_a_first_mail_opens_a_ticket_acknowledges_and_tells_every_agent_of_the_queue() -> None:
    """The main job: ticket, acknowledgement, a notification for each agent."""
    plan = judge(mail(), facts())
    assert plan.state is InboxState.TICKETED
    assert plan.ticket is not None
    assert (plan.ticket.number, plan.ticket.status, plan.ticket.queue) == ("SUP-1042", Status.NEW, "support")
    assert kinds(plan) == ["acknowledgement", "notification", "notification"]


def test_an_acknowledgement_says_when_and_carries_nothing_of_an_unverified_sender() -> None:
    """No subject, no name of his; the expected time is the promise's."""
    plan = judge(mail(sender="Buy at http://evil.example <ivan@customer.example>"), facts())
    letter = plan.letters[0]
    assert letter.subject is None
    assert letter.to[0].name == ""
    assert NOW + timedelta(hours=4) == letter.context["respond_by"]
    path = MINT.read_address(letter.envelope_from)
    assert path is not None
    assert (path.purpose, path.ticket) == (Purpose.AUTO_BOUNCE, 1042)
    assert letter.automatic


def test_a_proven_sender_is_acknowledged_in_his_own_subject() -> None:
    """DMARC by a trusted relay proves him."""
    proven = mail(
        Authentication_Results="mx.desk.example; dmarc=pass header.from=customer.example",
        Received="from a by mx.desk.example; Mon, 23 Nov 2026 09:00:00 +0000",
    )
    plan = judge(proven, facts(), how=practice(authserv_ids=["mx.desk.example"]))
    assert plan.letters[0].subject == "Re: Printer [SUP-1042]"


def test_a_reply_to_the_signed_address_opens_the_ticket_again() -> None:
    """Rung 1: certain, the status is open, the agents are told, no second acknowledgement."""
    plan = judge(mail(to=TOKEN), facts(ticket(status=Status.PENDING)), by=envelope(IVAN, TOKEN))
    assert plan.ticket is not None
    assert (plan.ticket.id, plan.ticket.status) == (1001, Status.OPEN)
    assert kinds(plan) == ["notification", "notification"]
    assert plan.explanation["thread"]["rung"] == "address"  # type: ignore[index]


def test_a_forged_signed_address_opens_a_new_ticket() -> None:
    """One changed letter of the signature, and nothing is told of what was wrong."""
    forged = TOKEN.replace("+", "+")[:-20] + ("b" if TOKEN[-20] != "b" else "c") + TOKEN[-19:]
    plan = judge(mail(to=forged), facts(ticket()), by=envelope(IVAN, forged))
    assert plan.is_new


def test_a_reply_to_our_message_id_is_found_where_the_address_is_lost() -> None:
    """Rung 2, and the root id alone is enough."""
    root = MINT.root_id(Purpose.PUBLIC_ID, 1001)
    plan = judge(mail(References=f"{root} <x@y.example>"), facts(ticket()))
    assert plan.belongs_to == 1001
    assert plan.explanation["thread"]["rung"] == "own id"  # type: ignore[index]


@pytest.mark.parametrize("field", ["In_Reply_To", "References"])
def test_a_reply_to_a_stored_mail_is_found_by_its_id(field: str) -> None:
    """Rung 3: an answer to his own first mail."""
    known = (KnownId(id_hash=id_hash("<1@customer.example>"), ticket=1001, stored=True),)
    plan = judge(mail(message_id="<2@c>", **{field: "<1@customer.example>"}), facts(ticket(), known=known))
    assert (plan.belongs_to, plan.is_new) == (1001, False)


def test_a_stranger_with_right_references_is_proposed_and_joins_nothing() -> None:
    """His text reaches the agents, flagged; he is no participant and is sent nothing; the status stays."""
    known = (KnownId(id_hash=id_hash("<1@customer.example>"), ticket=1001, stored=True),)
    before = ticket(status=Status.PENDING)
    plan = judge(
        mail(sender="m@stranger.example", message_id="<2@c>", References="<1@customer.example>"),
        facts(before, known=known),
    )
    assert plan.ticket is not None
    assert plan.message is not None
    assert plan.message.proposed
    assert (Status.PENDING, before.participants) == (plan.ticket.status, plan.ticket.participants)
    assert {LetterKind.NOTIFICATION} == {letter.kind for letter in plan.letters}


def test_two_strangers_who_answer_one_mail_that_never_came_here_get_a_ticket_each() -> None:
    """A newsletter's readers are no conversation."""
    known = (KnownId(id_hash=id_hash("<news@x>"), ticket=1001, stored=False),)
    plan = judge(
        mail(sender="o@other.example", message_id="<2@c>", References="<news@x>"), facts(ticket(), known=known)
    )
    assert plan.is_new


def test_colleagues_who_answer_among_each_other_stay_together() -> None:
    """An id known from References only counts where somebody else stands in both mails."""
    known = (KnownId(id_hash=id_hash("<news@x>"), ticket=1001, stored=False),)
    written = mail(sender="o@customer.example", to=f"{IVAN}, {DESK}", message_id="<2@c>", References="<news@x>")
    assert judge(written, facts(ticket(), known=known)).belongs_to == 1001


@pytest.mark.parametrize(("sender", "is_new"), [("Ivan <ivan@customer.example>", False), ("m@stranger.example", True)])
def test_a_subject_tag_opens_a_ticket_to_its_participants_alone(sender: str, is_new: bool) -> None:
    """Rung 4: a number that can be guessed tells nobody anything."""
    plan = judge(mail(sender=sender, subject="Re: [SUP-1001] Printer"), facts(ticket()))
    assert is_new is plan.is_new


def test_a_closed_ticket_is_followed_up_by_a_new_one() -> None:
    """The new one is linked to the old one, and does not bear its number in the subject."""
    again = mail(to=TOKEN, subject="Re: Printer [SUP-1001]")
    plan = judge(again, facts(ticket(status=Status.CLOSED)), by=envelope(IVAN, TOKEN))
    assert plan.ticket is not None
    assert plan.ticket.subject == "Printer"
    assert plan.is_new
    assert [(link.kind, link.ticket) for link in plan.links] == [("follow_up_of", 1001)]


@pytest.mark.parametrize(("days", "is_new"), [(29, False), (31, True)])
def test_a_solved_ticket_opens_again_within_its_window_only(days: int, is_new: bool) -> None:
    """30 days by default."""
    solved = ticket(status=Status.SOLVED, solved_at=NOW - timedelta(days=days))
    assert is_new is judge(mail(to=TOKEN), facts(solved), by=envelope(IVAN, TOKEN)).is_new


def test_the_same_mail_again_is_a_duplicate_of_the_first() -> None:
    """It is told, tied to the first one's ticket, and does nothing."""
    plan = judge(mail(), facts(ticket(), duplicate=Duplicate(inbox_id=3, ticket=1001)))
    assert (plan.state, plan.belongs_to, plan.letters) == (InboxState.DUPLICATE, 1001, ())


def test_the_same_id_with_other_words_is_another_mail_on_the_ticket() -> None:
    """Nobody can suppress a mail by knowing its id."""
    known = (KnownId(id_hash=id_hash("<1@customer.example>"), ticket=1001, stored=True),)
    plan = judge(mail("Something else."), facts(ticket(), known=known))
    assert (plan.state, plan.belongs_to) == (InboxState.TICKETED, 1001)


def test_a_mail_without_a_sender_is_a_ticket_without_a_requester() -> None:
    """Nobody is acknowledged, the agents are told."""
    plan = judge(mail(sender="undisclosed"), facts())
    assert plan.ticket is not None
    assert plan.ticket.requester is None
    assert kinds(plan) == ["notification", "notification"]


@pytest.mark.parametrize(
    ("fields", "sender"),
    [
        ({"Auto_Submitted": "auto-generated"}, "robot@x.example"),
        ({"Precedence": "bulk"}, "news@x.example"),
        ({"List_Id": "<l.x.example>"}, "someone@x.example"),
        ({}, "no-reply@x.example"),
        ({}, "owner-list@x.example"),
    ],
)
@pytest.mark.fault("D4")
def test_machines_open_tickets_and_are_never_acknowledged(fields: dict[str, str], sender: str) -> None:
    """RFC 3834, section 2."""
    plan = judge(mail(sender=sender, **fields), facts())
    assert plan.is_new
    assert "acknowledgement" not in kinds(plan)


@pytest.mark.fault("D5")
def test_a_null_return_path_is_never_acknowledged() -> None:
    """RFC 5321, 4.5.5: nobody answers one."""
    assert "acknowledgement" not in kinds(judge(mail(), facts(), by=envelope("")))


def test_one_address_gets_only_so_many_acknowledgements_an_hour() -> None:
    """The tickets come all the same."""
    plan = judge(mail(), facts(acknowledged_last_hour=3))
    assert plan.is_new
    assert "acknowledgement" not in kinds(plan)


def test_our_own_address_in_from_makes_no_ticket() -> None:
    """It is our own mail come back, or a forgery; the reason is kept."""
    plan = judge(mail(sender=DESK), facts())
    assert (plan.state, plan.ticket) == (InboxState.OWN, None)


def test_our_own_mark_makes_no_ticket() -> None:
    """The keyed mark in every letter of ours."""
    assert InboxState.OWN is judge(mail(X_Maild_Loop=MINT.loop_mark()), facts()).state


def test_a_rule_decides_queue_priority_tags_and_assignee() -> None:
    """And the assignee alone is told."""
    rule = Rule(name="All", when=None, then=Actions(queue="billing", priority="high", tags=("money",), assignee="anna"))
    plan = judge(mail(), facts(), how=practice(rules=[rule]))
    assert plan.ticket is not None
    assert (
        plan.ticket.queue,
        plan.ticket.priority,
        plan.ticket.tags,
        plan.ticket.assignee,
    ) == ("billing", "high", ("money",), "anna")
    assert [ANNA.address] == [x.to[0].address for x in plan.letters if x.kind is LetterKind.NOTIFICATION]


def test_a_queues_own_address_is_its_way_in() -> None:
    """Where no rule says otherwise."""
    plan = judge(mail(to="billing@desk.example"), facts(), by=envelope(IVAN, "billing@desk.example"))
    assert plan.ticket is not None
    assert plan.ticket.queue == "billing"


def test_who_is_in_copy_becomes_a_participant_as_proposed() -> None:
    """He may add text and is sent none."""
    plan = judge(mail(Cc="col@customer.example"), facts())
    assert plan.ticket is not None
    assert [(p.address.address, p.confirmed) for p in plan.ticket.participants] == [
        (IVAN, True),
        ("col@customer.example", False),
    ]


@pytest.mark.parametrize("kind", ["auto-replied", "auto-replied (vacation)"])
def test_an_absence_is_kept_on_its_ticket_and_changes_nothing(kind: str) -> None:
    """No clock, no status, no letter."""
    away = mail("I am away.", subject="Out of office", Auto_Submitted=kind, to=TOKEN)
    plan = judge(away, facts(ticket(status=Status.PENDING)), by=envelope(IVAN, TOKEN))
    assert plan.ticket is not None
    assert (plan.state, plan.ticket.status, plan.letters) == (InboxState.AUTOMATIC, Status.PENDING, ())


def test_an_absence_that_fits_nothing_stands_alone() -> None:
    """It opens no ticket."""
    plan = judge(mail("I am away.", subject="Out of office", Auto_Submitted="auto-replied"), facts())
    assert (plan.state, plan.belongs_to) == (InboxState.AUTOMATIC, None)


def test_the_same_facts_give_the_same_letters() -> None:
    """A repeated decision makes the same Message-IDs, and another mail makes others."""
    known = facts()
    first, again = judge(mail(), known), judge(mail(), known)
    assert [x.message_id for x in first.letters] == [x.message_id for x in again.letters]
    other = judge(mail(), replace(known, inbox_id=8))
    assert not {x.message_id for x in first.letters} & {x.message_id for x in other.letters}


@pytest.mark.parametrize(
    "subject", ["Out of office: how do I set this up?", "Автоответ: не работает", "Automatic reply (not sent any more)"]
)
def test_a_question_about_absence_notes_is_a_persons(subject: str) -> None:
    """Without a machine's mark it opens a ticket, and only the acknowledgement is left out."""
    encoded = subject if subject.isascii() else "=?utf-8?q?" + "".join(f"={b:02X}" for b in subject.encode()) + "?="
    plan = judge(mail("How do I switch it on?", subject=encoded), facts())
    assert plan.is_new
    assert kinds(plan) == ["notification", "notification"]


def test_a_second_reply_to_a_closed_ticket_goes_into_its_follow_up() -> None:
    """One new ticket and one acknowledgement, however often he writes."""
    known = facts(ticket(status=Status.CLOSED), ticket(1002, status=Status.NEW), followed_by={1001: 1002})
    plan = judge(mail(to=TOKEN), known, by=envelope(IVAN, TOKEN))
    assert (plan.belongs_to, plan.is_new) == (1002, False)


def test_a_form_that_writes_in_our_name_makes_a_ticket_without_a_requester() -> None:
    """Its Reply-To is a stranger's word, so nobody is acknowledged."""
    plan = judge(mail(sender=DESK, Reply_To="client@customer.example"), facts())
    assert plan.ticket is not None
    assert plan.ticket.requester is None
    assert "acknowledgement" not in kinds(plan)


def test_an_agent_in_copy_is_no_participant() -> None:
    """Or his unproven mail would be a customer's."""
    plan = judge(mail(Cc="anna@desk.example"), facts())
    assert plan.ticket is not None
    assert [p.address.address for p in plan.ticket.participants] == [IVAN]


def test_the_subject_of_a_ticket_turns_nothing_and_hides_nothing() -> None:
    """What the mail said stays with the mail; the ticket's goes into letters to others."""
    plan = judge(mail(subject="=?utf-8?q?Pay=E2=80=AE_gnp.exe=E2=80=8B?="), facts())
    assert plan.ticket is not None
    assert plan.message is not None
    assert (plan.ticket.subject, plan.message.subject) == ("Pay gnp.exe", "Pay\u202e gnp.exe\u200b")
