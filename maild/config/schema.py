"""The tables of the rules' files, as pydantic models: which keys there are, and what each may hold by itself.

What hangs together (queues that exist, agents that exist, conditions) is looked at where the tables are put to use.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict

from maild.config.units import parse_address, parse_domain, parse_span, parse_timezone
from maild.people.absence import DaysAway
from maild.people.quiet import Quiet
from maild.people.spoken import Spoken
from maild.people.team import LAST_LINE, By
from maild.sla.promise import Target, parse_duration

TAG_FORM = r"^[^\s,]+$"
AGENT_ID_FORM = r"^[a-z0-9][a-z0-9._-]{0,39}$"
LANGUAGE_FORM = r"^[a-z]{2,3}$"
LABEL_FORM = r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"
SIGNATURE_VALUES = ("agent", "desk", "queue")
"""What a signature may hold in braces."""
Number = Annotated[int, Strict(), Field(ge=1, le=99)]
LineName = Annotated[int, BeforeValidator(lambda text: line_number(str(text)), str)]
Flag = Annotated[bool, Strict()]
EmailAddress = Annotated[str, AfterValidator(parse_address)]
Span = Annotated[timedelta, BeforeValidator(lambda text: parse_span(str(text)), str)]
QuietTime = Annotated[Quiet, BeforeValidator(lambda text: Quiet.parse(str(text)), str)]
Days = Annotated[DaysAway, BeforeValidator(lambda text: DaysAway.parse(str(text)), str)]
Signature = Annotated[
    Spoken,
    BeforeValidator(lambda given: Spoken.parse(given, SIGNATURE_VALUES, lines=True), str | dict[str, str]),
]
ShownName = Annotated[Spoken, BeforeValidator(lambda given: Spoken.parse(given, (), lines=False), str | dict[str, str])]
Every = Annotated[timedelta, BeforeValidator(lambda text: digest_interval(str(text)), str)]
Label = Annotated[str, Field(min_length=1, max_length=200, pattern=LABEL_FORM)]
OneOrMany = Annotated[
    tuple[Label, ...],
    BeforeValidator(lambda given: (given,) if isinstance(given, str) else given, Label | tuple[Label, ...]),
]
Addresses = Annotated[
    tuple[EmailAddress, ...],
    BeforeValidator(
        lambda given: (given,) if isinstance(given, str) else given, EmailAddress | tuple[EmailAddress, ...]
    ),
]
Tag = Annotated[str, Field(min_length=1, max_length=50, pattern=TAG_FORM)]
AgentId = Annotated[str, Field(pattern=AGENT_ID_FORM)]
Priority = Literal["low", "normal", "high", "urgent"]
QuietWord = Literal["wait", "through"]
Status = Literal["new", "open", "pending", "hold", "solved"]
RuleStatus = Literal["open", "pending", "hold", "solved", "closed"]


def line_number(text: str) -> int:
    """A support line as a key; ValueError for what is none. TOML's keys are texts."""
    if not text.isdecimal() or not 1 <= int(text[:4]) <= LAST_LINE:
        raise ValueError(f"'{text}' is no support line from 1 to {LAST_LINE}")
    return int(text)


def digest_interval(text: str) -> timedelta:
    """How long an agent lets news wait; ValueError for what is no duration, or none between a minute and a day."""
    interval = parse_duration(text)
    if not timedelta(minutes=1) <= interval <= timedelta(days=1):
        raise ValueError(f"'{text}' is no time from 1m to 24h")
    return interval


def parse_organisation(text: str) -> str:
    """The domain of an organisation; ValueError for what is none, or a top-level one, in which everybody is."""
    domain = parse_domain(text)
    if "." not in domain:
        raise ValueError(f"'{text}' is no domain such as example.org")
    return domain


class Table(BaseModel):
    """A table of a file: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ChoiceTable(Table):
    """`assignee` where one of several is chosen."""

    by: Literal["load", "turn"]
    among: Annotated[tuple[str, ...], Field(min_length=1)] | None = None


class Then(Table):
    """What a rule does."""

    queue: Label | None = None
    line: Number | None = None
    assignee: Label | ChoiceTable | None = None
    priority: Priority | None = None
    tags: tuple[Tag, ...] = ()
    letter: Label | None = None
    acknowledge: Flag | None = None
    spam: Flag | None = None
    reject: Flag | None = None
    untag: tuple[Tag, ...] = ()
    status: RuleStatus | None = None
    reply: Label | None = None
    note: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    tell: tuple[Label, ...] = ()
    forward: Addresses = ()
    webhook: OneOrMany = ()
    sla: Label | None = None
    fields: dict[Label, str] = {}


class Expect(Table):
    """What an example expects."""

    queue: Label | None = None
    line: Number | None = None
    assignee: Label | ChoiceTable | None = None
    priority: Priority | None = None
    tags: tuple[Tag, ...] | None = None
    letter: Label | None = None
    acknowledge: Flag | None = None
    spam: Flag | None = None
    reject: Flag | None = None
    status: Label | None = None
    reply: Label | None = None
    note: str | None = None
    tell: tuple[Label, ...] | None = None
    forward: Addresses | None = None
    webhook: OneOrMany | None = None
    sla: Label | None = None
    fields: dict[Label, str] | None = None
    rule: Label | None = None


class ExampleTable(Table):
    """[[rule.example]]"""

    mail: dict[str, Any] = {}
    ticket: dict[str, Any] = {}
    event: Literal["new", "reply", "answer", "status", "due", "schedule"] | None = None
    expect: Expect = Expect()


class WholeMailTable(Table):
    """rules/examples/NAME.toml: what is expected of the mail beside it."""

    rule: Label | None = None
    event: Literal["new", "reply", "answer"] | None = None
    mail: dict[str, Any] = {}
    ticket: dict[str, Any] = {}
    expect: Expect = Expect()


class RuleTable(Table):
    """[[rule]]"""

    name: Label
    when: dict[str, Any] | None = None
    then: Then = Then()
    default: Flag = False
    continues: Annotated[bool, Strict(), Field(alias="continue")] = False
    stop: Flag = False
    shadow: Flag = False
    example: tuple[ExampleTable, ...] = ()


class AgentTable(Table):
    """[[agent]]"""

    id: AgentId
    name: Label
    address: EmailAddress
    aliases: tuple[EmailAddress, ...] = ()
    language: Annotated[str, Field(pattern=LANGUAGE_FORM)] | None = None
    line: Number = 1
    quiet: tuple[QuietTime, ...] = ()
    digest: Every | None = None
    timezone: Annotated[str, AfterValidator(parse_timezone)] | None = None
    signature: Signature = Spoken()
    cap: Annotated[int, Strict(), Field(ge=1, le=9999)] | None = None
    hours: str | None = None
    away: tuple[Days, ...] = ()
    deputy: str | None = None
    pgp_key: OneOrMany = ()
    smime_certificate: OneOrMany = ()


class QueueTable(Table):
    """[[queue]]"""

    name: Label
    address: EmailAddress | None = None
    agents: tuple[str, ...] = ()
    lead: str | None = None
    default: Flag = False
    keep: Span | None = None
    signature: Signature = Spoken()
    from_name: ShownName = Spoken()
    assign: By | None = None
    lines: dict[LineName, tuple[str, ...]] = {}


class OrganisationTable(Table):
    """[[organisation]]"""

    name: Label
    domains: tuple[Annotated[str, AfterValidator(parse_organisation)], ...] = ()
    addresses: tuple[EmailAddress, ...] = ()
    colleagues: Flag = False
    language: Annotated[str, Field(pattern=LANGUAGE_FORM)] | None = None
    tags: tuple[Tag, ...] = ()


class CalendarTable(Table):
    """[[calendar]]"""

    name: Label
    timezone: Annotated[str, AfterValidator(parse_timezone)] | None = None
    hours: Literal["always"] | dict[str, tuple[str, ...]] = "always"
    holidays: str | None = None
    closed: tuple[date, ...] = ()
    ics: OneOrMany = ()
    extra: dict[date, tuple[str, ...]] = {}


class StepTable(Table):
    """[[promise.step]]"""

    target: Target
    at: str
    tell: tuple[str, ...] = ()
    priority: Priority | None = None
    line: Number | Literal["up"] | None = None
    queue: Label | None = None
    tags: tuple[Tag, ...] = ()
    assignee: Label | ChoiceTable | None = None
    letter: Label | None = None
    webhook: OneOrMany = ()
    quiet: QuietWord | None = None


class PromiseTable(Table):
    """[[promise]]"""

    name: Label
    calendar: str
    first_response: str | None = None
    next_response: str | None = None
    resolution: str | None = None
    pause: tuple[Status, ...] = ()
    quiet: QuietWord | None = None
    when: dict[str, Any] | None = None
    step: tuple[StepTable, ...] = ()


ROUTING_TABLES: dict[str, type[Table]] = {"rule": RuleTable}
TEAM_TABLES: dict[str, type[Table]] = {"agent": AgentTable, "queue": QueueTable, "organisation": OrganisationTable}
SLA_TABLES: dict[str, type[Table]] = {"calendar": CalendarTable, "promise": PromiseTable}
