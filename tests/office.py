"""A small desk for the tests: its team, its practice, mails to it, and facts about them. No database here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from maild.messages.envelope import Envelope
from maild.messages.mail import Address, Mail, MailClass
from maild.messages.read import read_mail
from maild.messages.tokens import Key, Mint
from maild.people.team import Agent, Queue, Team
from maild.routing.rules import Actions, Rule, RuleSet
from maild.sla.calendar import Calendar
from maild.sla.promise import Promise
from maild.threads.decide import decide
from maild.threads.facts import Facts, TicketFacts, read_clues
from maild.threads.model import Direction, Message, Participant, Priority, Status, Ticket, Visibility
from maild.threads.plan import Plan
from maild.threads.practice import Practice
from maild.threads.promises import Given, Promises

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DESK = "support@desk.example"
ANNA = Agent(id="anna", name="Анна Петрова", address="anna@desk.example", language="ru")
BORIS = Agent(id="boris", name="Boris Smith", address="boris@desk.example", language="en")
TEAM = Team(
    agents=(ANNA, BORIS),
    queues=(
        Queue(name="support", agents=("anna", "boris"), default=True),
        Queue(name="billing", address="billing@desk.example", agents=("boris",)),
    ),
)
STANDARD = Promise(
    name="standard",
    calendar=Calendar(name="always", timezone="UTC", hours=None),
    first_response=timedelta(hours=4),
    next_response=timedelta(hours=8),
    resolution=timedelta(hours=40),
    pause=frozenset({"pending", "hold"}),
)
MINT = Mint((Key(id="a", secret=b"k" * 32),), DESK, "desk.example")
DEFAULT_RULE = Rule(name="Everything else", when=None, then=Actions())


def practice(
    *, rules: Sequence[Rule] = (DEFAULT_RULE,), authserv_ids: Sequence[str] = (), per_hour: int = 3, team: Team = TEAM
) -> Practice:
    """How this desk works."""
    return Practice(
        name="Acme Support",
        address=DESK,
        own_addresses=frozenset({DESK, "billing@desk.example"}),
        tag="SUP",
        languages=("ru", "en"),
        timezone="UTC",
        team=team,
        rules=RuleSet(rules=tuple(rules)),
        promises=Promises(given=(Given(promise=STANDARD, fits=lambda _: True),)),
        mint=MINT,
        authserv_ids=frozenset(authserv_ids),
        reopen_window=timedelta(days=30),
        acknowledgements_per_hour=per_hour,
        acknowledgements_per_day=10,
        revision="test",
    )


def eml(
    text: str = "My printer is on fire.",
    *,
    sender: str = "Ivan <ivan@customer.example>",
    to: str = DESK,
    subject: str = "Printer",
    message_id: str | None = "<1@customer.example>",
    date: datetime = NOW,
    **fields: str,
) -> bytes:
    """A mail's bytes; further fields by name, with _ for -."""
    head = {"From": sender, "To": to, "Subject": subject, "Date": date.strftime("%a, %d %b %Y %H:%M:%S +0000")}
    if message_id is not None:
        head["Message-ID"] = message_id
    head |= {name.replace("_", "-"): value for name, value in fields.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    body = text.replace("\n", "\r\n")
    return f"{lines}MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n".encode()


def mail(text: str = "My printer is on fire.", **fields: object) -> Mail:
    """The same, read."""
    return read_mail(eml(text, **fields), is_own=MINT.is_own)  # type: ignore[arg-type]


def envelope(
    sender: str | None = "ivan@customer.example", *recipients: str, login: str | None = None, trusted: bool = True
) -> Envelope:
    """How it came."""
    return Envelope(
        channel="smtp", source="test", sender=sender, recipients=recipients or (DESK,), login=login, trusted=trusted
    )


def ticket(number: int = 1001, *, requester: str | None = "ivan@customer.example", **changes: object) -> Ticket:
    """A ticket of Ivan's."""
    address = Address(name="Ivan", address=requester) if requester else None
    values: dict[str, object] = {
        "id": number,
        "number": f"SUP-{number}",
        "status": Status.OPEN,
        "subject": "Printer",
        "base_subject": "printer",
        "queue": "support",
        "line": 1,
        "assignee": None,
        "priority": Priority.NORMAL,
        "requester": address,
        "participants": (Participant(address=address, confirmed=True),) if address else (),
        "language": "en",
        "channel": "smtp",
        "created_at": NOW,
        "updated_at": NOW,
        "promise": "standard",
    }
    return Ticket(**(values | changes))  # type: ignore[arg-type]


def message(text: str = "My printer is on fire.", **changes: object) -> Message:
    """Ivan's mail, as it stands in a ticket."""
    values: dict[str, object] = {
        "at": NOW,
        "direction": Direction.IN,
        "visibility": Visibility.PUBLIC,
        "mail_class": MailClass.PERSON,
        "sender": Address(name="Ivan", address="ivan@customer.example"),
        "to": (Address(address=DESK),),
        "cc": (),
        "message_id": "<1@customer.example>",
        "subject": "Printer",
        "text": text,
        "reply": text,
    }
    return Message(**(values | changes))  # type: ignore[arg-type]


def facts(*tickets: Ticket, messages: tuple[Message, ...] = (), **changes: object) -> Facts:
    """What the store would know."""
    values: dict[str, object] = {
        "now": NOW,
        "inbox_id": 7,
        "received_at": NOW,
        "next_ticket": 1042,
        "tickets": {t.id: TicketFacts(ticket=t, messages=messages) for t in tickets},
    }
    return Facts(**(values | changes))  # type: ignore[arg-type]


def judge(a_mail: Mail, known: Facts, *, by: Envelope | None = None, how: Practice | None = None) -> Plan:
    """The decision about a mail."""
    ways, came = how or practice(), by or envelope()
    return decide(a_mail, came, read_clues(a_mail, came, ways.mint, ways.tag, ways.team), known, ways)
