"""Whether a rule can do what it says at its events, and whether everything that it names is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from maild.config.files import nearest
from maild.config.letters import canned_key
from maild.config.report import Found
from maild.config.schema import ChoiceTable, RuleTable, Then
from maild.config.settings import Desk
from maild.config.units import parse_address
from maild.errors import Finding
from maild.messages.addresses import normal, split_plus
from maild.people.team import Team
from maild.routing.conditions import Condition, Lists, Reading, events_of
from maild.routing.fields import EVENTS
from maild.routing.rules import SCHEDULE
from maild.routing.schedule import has_threshold

TELL = ("assignee", "queue", "lead")
"""Whom `tell` can name, beside agents by their ids and plain addresses."""
_NEW_ALONE = {
    "acknowledge": "only a new ticket is acknowledged",
    "letter": "only a new ticket is acknowledged",
    "reject": "only a mail that would open a ticket can be rejected",
}
_OF_A_TICKET = ("status", "reply", "note", "tell", "forward", "webhook", "sla")


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What rules can name beside people, queues and letters."""

    lists: Lists = field(default_factory=dict)
    promises: tuple[str, ...] = ()
    canned: frozenset[str] = frozenset()
    """As `canned_key` gives them."""
    own: frozenset[str] = frozenset()
    """The desk's addresses, normalised."""
    webhooks: tuple[str, ...] | None = None
    """Those of the settings; None where nobody knows."""


def own_addresses(desk: Desk, team: Team) -> frozenset[str]:
    """Every address that mail to the desk may have, plus detail left aside; the reply domain's among them."""
    addresses = [*desk.addresses, *(q.address for q in team.queues if q.address)]
    local = desk.address.rpartition("@")[0]
    return frozenset(normal(a) for a in (*addresses, f"{local}@{desk.reply_domain}"))


def event_findings(found: Found, condition: Condition | None, reading: Reading | None) -> Iterator[Finding]:
    """Whether the rule is ever asked, and whether its fields are there when it is."""
    events = events_of(condition)
    if not events:
        return
    for path, spoken in reading.spoken if reading is not None else ():
        if spoken.at.isdisjoint(events):
            at = ", ".join(event for event in EVENTS if event in events)
            hint = f"{spoken.name} is there at: {spoken.where}; say when.event"
            message = f"'{found.table.name}' can never hold: there is no {spoken.name} at the event {at}"
            yield found.finding(("when", *path), "never-holds", message, hint, at_value=False)
    if SCHEDULE in events and condition is not None and not has_threshold(condition):
        message = f"'{found.table.name}' would hold at any time"
        hint = 'a rule of time wants silence or age above a length, such as when.silence = { above = "7d" }'
        yield found.finding(("when",), "no-threshold", message, hint, at_value=False)


def action_findings(found: Found, condition: Condition | None, team: Team, named: Named) -> Iterator[Finding]:
    """Whether the rule's actions make sense at its events, and name what is there."""
    table: RuleTable = found.table
    then, events = table.then, events_of(condition)
    for key, why in _NEW_ALONE.items():
        if getattr(then, key) is not None and "new" not in events:
            yield found.finding(("then", key), "bad-value", why, at_value=False)
    if isinstance(then.assignee, ChoiceTable) and "new" not in events:
        yield found.finding(("then", "assignee"), "bad-value", "one of several is chosen for a new ticket alone")
    if table.stop and table.continues:
        yield found.finding(("stop",), "bad-value", "a rule that stops cannot continue")
    if then.reject:
        for key in _OF_A_TICKET:
            if getattr(then, key):
                message = f"a mail that is rejected opens no ticket, so there is no {key}"
                yield found.finding(("then", key), "bad-value", message, at_value=False)
    yield from _names(found, then, team, named)


def _names(found: Found, then: Then, team: Team, named: Named) -> Iterator[Finding]:
    if then.sla is not None and then.sla not in named.promises:
        message = f"there is no promise '{then.sla}'"
        hint = nearest(then.sla, list(named.promises))
        yield found.finding(("then", "sla"), "unknown-promise", message, hint)
    if then.reply is not None and canned_key(then.reply) not in named.canned:
        message = f"there is no canned text '{then.reply}'"
        hint = nearest(then.reply, sorted(named.canned)) or f"write letters/canned/{then.reply}.txt"
        yield found.finding(("then", "reply"), "unknown-canned", message, hint)
    yield from tell_findings(found, ("then", "tell"), then.tell, team)
    yield from _forward_findings(found, then, team, named.own)
    yield from webhook_findings(found, ("then", "webhook"), then.webhook, named.webhooks)


def _forward_findings(found: Found, then: Then, team: Team, own: frozenset[str]) -> Iterator[Finding]:
    """Whether a mail that is passed on would come back."""
    for position, address in enumerate(then.forward):
        local, _, domain = split_plus(normal(address))
        bare = f"{local}@{domain}"
        agent = team.agent_by_address(normal(address)) or team.agent_by_address(bare)
        message, hint = "", ""
        if bare in own:
            message = f"{address} is the desk's own: the mail would come back"
            hint = "then.queue moves the ticket, then.tell tells colleagues"
        elif agent is not None:
            message = f"{address} is an agent's: he would get it twice, and his answer would stay a note"
            hint = f'then.tell = ["{agent.id}"]'
        if message:
            yield found.finding(("then", "forward", position), "forward-loop", message, hint)


def webhook_findings(
    found: Found, path: tuple[str | int, ...], names: tuple[str, ...], known: tuple[str, ...] | None
) -> Iterator[Finding]:
    """Whether the settings have these webhooks."""
    for position, name in enumerate(names):
        if known is not None and name not in known:
            hint = nearest(name, list(known)) or f'settings.toml: [[webhook]] with name = "{name}"'
            yield found.finding((*path, position), "unknown-webhook", f"there is no webhook '{name}'", hint)


def tell_findings(found: Found, path: tuple[str | int, ...], words: tuple[str, ...], team: Team) -> Iterator[Finding]:
    """Whether everybody is there whom `tell` names."""
    known = [*TELL, *(agent.id for agent in team.agents)]
    for position, word in enumerate(words):
        where = (*path, position)
        if "@" in word:
            try:
                parse_address(word)
            except ValueError as error:
                yield found.finding(where, "bad-value", str(error))
        elif word not in known:
            message = f"there is nobody named '{word}' to tell"
            yield found.finding(where, "unknown-agent", message, nearest(word, known))
