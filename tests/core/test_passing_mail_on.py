"""Mail that rules pass on to people outside: to whom it goes, where it would go in circles, what an answer may do."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from core.test_rule_events import by_rule, desk, reply, rule
from office import DESK, MINT, NOW, envelope, facts, judge, mail, message, practice, ticket

from maild.config.policy import check_policy
from maild.config.settings import load_settings
from maild.messages.mail import Address
from maild.messages.returning import read_marks
from maild.messages.tokens import Purpose
from maild.threads.correspondence import Pen
from maild.threads.facts import TicketFacts
from maild.threads.match import OUTSIDER
from maild.threads.model import Direction, InboxState, Status, Visibility
from maild.threads.overdue import decide_due
from maild.threads.plan import Enclosed, Letter, LetterKind, Plan

ROOT = Path(__file__).parents[2]
DEV = "dev@partner.example"
BACK = MINT.address(Purpose.OUTSIDER, 1001, OUTSIDER)


def forwards(plan: Plan) -> list[Letter]:
    """What goes outside."""
    return [letter for letter in plan.letters if letter.kind is LetterKind.FORWARD]


def new(*, then: Any = (DEV,), **fields: Any) -> Plan:
    """A customer's first mail, while a rule passes all of them on."""
    how = desk(rule("To the developers", {"event": "new"}, forward=then))
    return judge(mail(**fields), facts(), how=how)


def test_a_first_mail_goes_on_as_it_came_marked_as_automatic_under_an_address_that_grants_nothing() -> None:
    """With the letter around it that says whose it is; the history names rule and address."""
    plan = new(subject="It crashes")
    [letter] = forwards(plan)
    assert (letter.to, letter.template, letter.automatic) == ((Address(address=DEV),), "forwarded", True)
    assert letter.enclosed == (Enclosed(inbox_id=7, filename="SUP-1042.eml"),)
    back = MINT.address(Purpose.OUTSIDER, 1042, OUTSIDER)
    assert (letter.reply_to, letter.envelope_from, letter.loop_mark) == (back, back, MINT.loop_mark())
    shown = letter.context["message"]
    assert isinstance(shown, dict)
    assert (shown["text"], shown["subject"]) == ("My printer is on fire.\n", "It crashes")
    assert ("forwarded", DEV, "To the developers") in by_rule(plan)


def test_it_goes_once_for_a_mail_a_rule_and_an_address() -> None:
    """The key says so, at a reply as at any later look at the same mail."""
    plan = reply(rule("Pass", {"event": "reply"}, forward=(DEV, "qa@partner.example", DEV)))
    assert [letter.to[0].address for letter in forwards(plan)] == [DEV, "qa@partner.example"]
    assert [letter.unique for letter in forwards(plan)] == [
        f"forward:1001:Pass:i7:{DEV}",
        "forward:1001:Pass:i7:qa@partner.example",
    ]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (DESK, "it is an address of this desk"),
        ("Support+anything@desk.example", "it is an address of this desk"),
        ("billing@desk.example", "it is an address of this desk"),
        ("anna@desk.example", "it is an agent's address"),
        ("Ivan@customer.example", "he wrote the mail himself"),
    ],
)
def test_to_nobody_from_whom_it_would_come_back(address: str, why: str) -> None:
    """Whatever the files say, and the history says why not."""
    plan = new(then=(address,))
    assert forwards(plan) == []
    assert ("not_forwarded", f"{address}: {why}", "To the developers") in by_rule(plan)


def test_what_any_desk_has_written_goes_no_further() -> None:
    """Two desks that pass on each other's mail would never end."""
    plan = new(X_Maild_Loop="zother")
    assert forwards(plan) == []
    assert ("not_forwarded", f"{DEV}: a desk has written it", "To the developers") in by_rule(plan)


def test_what_lay_in_a_mailbox_before_the_desk_began_to_read_it_stays() -> None:
    """Years of old mail are nothing that a developer waits for."""
    how = desk(rule("To the developers", {"event": "new"}, forward=(DEV,)))
    plan = judge(mail(), facts(), by=replace(envelope(), backlog=True), how=how)
    assert forwards(plan) == []
    why = "it lay in its mailbox before the desk began to read it"
    assert ("not_forwarded", f"{DEV}: {why}", "To the developers") in by_rule(plan)


def later(rules: tuple[Any, ...], *messages: Any, at: timedelta = timedelta(days=2)) -> Plan:
    """Time passes over a ticket."""
    how = desk(*rules)
    known = TicketFacts(ticket=ticket(status=Status.PENDING), messages=messages)
    return decide_due(known, how, Pen(practice=how, source="t", number=1, now=NOW + at), NOW + at)


def test_where_no_mail_is_the_cause_the_customers_last_one_goes() -> None:
    """As long as its bytes say that it is his own: what an agent passed on stays here."""
    late = rule("Late", {"event": "schedule", "age": {"above": "1d"}}, forward=(DEV,))
    ours = message("Ours.", direction=Direction.OUT, author="anna", inbox_id=6)
    [letter] = forwards(later((late,), message("First.", inbox_id=4), message("Second.", inbox_id=5), ours))
    assert letter.enclosed == (Enclosed(inbox_id=5, filename="SUP-1001.eml", sender="ivan@customer.example"),)
    assert letter.unique == f"forward:1001:Late:i5:{DEV}"
    plan = later((late,))
    assert forwards(plan) == []
    assert ("not_forwarded", f"{DEV}: there is no mail of the customer's", "Late") in by_rule(plan)


def test_spam_goes_nowhere() -> None:
    """A rule that calls it so has the last word."""
    assert forwards(reply(rule("Spam", {"event": "reply"}, forward=(DEV,), spam=True))) == []


def answered(text: str = "Fixed in 2.1.", *, to: str = BACK, status: Status = Status.PENDING, **fields: Any) -> Plan:
    """Somebody writes to the address in such a letter, while rules wait for replies."""
    fields = {"sender": "Bob <bob@partner.example>", "message_id": "<9@partner.example>"} | fields
    fields |= {"subject": "Re: [SUP-1001] Printer"}
    loud = rule("Loud", {"event": "reply"}, priority="urgent", forward=(DEV,))
    known = facts(ticket(status=status, assignee="boris"), messages=(message(),))
    return judge(mail(text, **fields), known, by=envelope("bob@partner.example", to), how=desk(loud))


def test_an_answer_is_an_internal_note_of_nobody_proven_and_changes_nothing() -> None:
    """No status, no clock, no rule, no participant; colleagues are told, and their reply stays among them."""
    plan = answered()
    before = ticket(status=Status.PENDING, assignee="boris")
    assert plan.ticket is not None
    assert replace(plan.ticket, updated_at=before.updated_at) == before
    assert plan.message is not None
    assert (plan.message.visibility, plan.message.unverified, plan.message.author) == (Visibility.INTERNAL, True, None)
    assert by_rule(plan) == []
    [told] = plan.letters
    assert (told.to[0].address, told.context["event"]) == ("boris@desk.example", "partner")
    assert told.reply_to == MINT.address(Purpose.NOTE, 1001, "boris")
    assert plan.state is InboxState.TICKETED


@pytest.mark.parametrize(
    "sender", ["Ivan <ivan@customer.example>", "Boris <boris@desk.example>", "JIRA <jira@partner.example>"]
)
def test_whoever_writes_there_orders_nothing(sender: str) -> None:
    """An agent, the customer, a machine: it is a note, and nothing of it goes to anybody outside."""
    marks = {"Auto_Submitted": "auto-generated"} if "jira" in sender else {}
    plan = answered("/close\n\nDone.", sender=sender, **marks)
    assert plan.ticket is not None
    assert plan.ticket.status is Status.PENDING
    assert plan.message is not None
    assert plan.message.visibility is Visibility.INTERNAL
    assert all(letter.to[0].address.endswith("@desk.example") for letter in plan.letters)


def test_the_address_of_another_ticket_or_a_forged_one_is_none() -> None:
    """It holds for its own ticket, and it is counted where it does not."""
    for to in (MINT.address(Purpose.OUTSIDER, 1002, OUTSIDER), BACK.replace("@", "a@"), BACK[:-20] + "@desk.example"):
        plan = answered(to=to)
        assert plan.message is None or plan.message.visibility is not Visibility.INTERNAL
    forged = f"{BACK.partition('@')[0][:-3]}aaa@desk.example"
    assert answered(to=forged).wrong_tokens == 1


def test_his_absence_is_kept_and_told_to_nobody_and_that_nothing_arrived_is_told() -> None:
    """The return path is the same address."""
    away = answered("I am away.", Auto_Submitted="auto-replied", X_Autoreply="yes", subject="Automatic reply: Printer")
    assert (away.state, away.letters) == (InboxState.AUTOMATIC, ())
    bounce = mail(
        "The mail system <dev@partner.example>: host mx.partner.example said: 550 5.1.1 User unknown",
        sender="MAILER-DAEMON@desk.example", subject="Undelivered Mail Returned to Sender",
        message_id="<b@desk.example>", Auto_Submitted="auto-replied",
    )  # fmt: skip
    known = facts(ticket(assignee="boris"), messages=(message(),))
    plan = judge(bounce, known, by=envelope("", BACK), how=practice())
    assert plan.state is InboxState.BOUNCE
    assert [letter.context["event"] for letter in plan.letters] == ["partner"]
    assert plan.ticket is not None
    assert plan.ticket.status is Status.OPEN


RULE = '[[rule]]\nname = "Pass"\nwhen.subject = "x"\nthen.forward = {}\n[[rule.example]]\nmail = {{ subject = "x" }}\n'


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ('"dev@partner.example"', []),
        ('["dev@partner.example", "qa@partner.example"]', []),
        ('"support@desk.example"', ["forward-loop"]),
        ('["dev@partner.example", "Billing+x@desk.example"]', ["forward-loop"]),
        ('"anna@desk.example"', ["forward-loop"]),
        ('"developers"', ["bad-value"]),
    ],
)
def test_a_mistake_in_the_address_is_told_before_it_counts(tmp_path: Path, said: str, code: list[str]) -> None:
    """What would come back is named as that."""
    shutil.copytree(ROOT / "rules", tmp_path, dirs_exist_ok=True)
    (tmp_path / "routing.toml").write_text(RULE.format(said) + '[[rule]]\nname = "Rest"\ndefault = true\n')
    found = check_policy(tmp_path, load_settings(ROOT / "settings.toml").desk)
    assert [(finding.code, finding.line) for finding in found if finding.severity == "error"] == [(c, 4) for c in code]


def test_the_marks_of_a_mail_are_read_from_its_bytes() -> None:
    """From as it is written, also folded; an address that is a part of another is not there."""
    raw = b"X-MAILD-LOOP: x\r\nFrom: Ivan\r\n <Ivan@customer.example>\r\n\r\nFrom: eve@x.example\r\n"
    marks = read_marks(raw)
    assert marks.by_desk
    assert [marks.is_from(a) for a in ("ivan@customer.example", "van@customer.example", "eve@x.example")] == [
        True,
        False,
        False,
    ]
    assert not read_marks(b"Subject: x\n\nX-Maild-Loop: y\n").by_desk
    assert not read_marks(b"").is_from("ivan@customer.example")
