"""Whether the names in an example are those of something that is there: in its mail and ticket, in what it expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from maild.config.files import nearest
from maild.config.letters import canned_key
from maild.config.rule_checks import TELL
from maild.config.schema import ChoiceTable, Expect
from maild.routing.fields import FIELDS
from maild.routing.fold import fold

Place = tuple[str | int, ...]
Problem = tuple[Place, str, str, str]
"""Where in the example, the code, the words, what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What there is, by its kind."""

    queues: Sequence[str] = ()
    agents: Sequence[str] = ()
    organisations: Sequence[str] = ()
    rules: Sequence[str] = ()
    letters: Sequence[str] = ()
    canned: Sequence[str] = ()
    promises: Sequence[str] = ()
    webhooks: Sequence[str] | None = None


def unknown_names(
    names: Names, mail: Mapping[str, object], ticket: Mapping[str, object], expect: Expect
) -> Iterator[Problem]:
    """Every name of an example that nobody and nothing has."""
    for table, given in (("mail", mail), ("ticket", ticket)):
        yield from _unknown((table, "queue"), given.get("queue"), "queue", names.queues)
        yield from _unknown((table, "assignee"), given.get("assignee"), "agent", names.agents)
        yield from _unknown((table, "organisation"), given.get("organisation"), "organisation", names.organisations)
    people = [given for given in (mail.get("from"), mail.get("customer")) if isinstance(given, str)]
    if any("@" not in given for given in people):
        where = ("mail", "from" if isinstance(mail.get("from"), str) else "customer")
        yield (
            where,
            "bad-value",
            f"'{people[0]}' is no mail address",
            'such as "kim@example.org" or "Kim <kim@example.org>"',
        )
    yield from _expected(names, expect)


def _expected(names: Names, expect: Expect) -> Iterator[Problem]:
    yield from _unknown(("expect", "queue"), expect.queue, "queue", names.queues)
    yield from _unknown(("expect", "rule"), expect.rule, "rule", names.rules)
    yield from _unknown(("expect", "letter"), expect.letter, "letter", names.letters)
    yield from _unknown(("expect", "sla"), expect.sla, "promise", names.promises)
    yield from _unknown(("expect", "status"), expect.status, "status", FIELDS["status"].choices)
    if expect.reply is not None and canned_key(expect.reply) not in names.canned:
        yield from _unknown(("expect", "reply"), expect.reply, "canned text", names.canned)
    if isinstance(expect.assignee, ChoiceTable):
        for place, agent in enumerate(expect.assignee.among or ()):
            yield from _unknown(("expect", "assignee", "among", place), agent, "agent", names.agents)
    else:
        yield from _unknown(("expect", "assignee"), expect.assignee, "agent", names.agents)
    for place, word in enumerate(expect.tell or ()):
        if "@" not in word:
            yield from _unknown(("expect", "tell", place), word, "agent", (*TELL, *names.agents))
    for place, word in enumerate(expect.webhook or ()):
        yield from _unknown(("expect", "webhook", place), word, "webhook", names.webhooks)


_CODES = {"canned text": "unknown-canned", "status": "bad-value"}


def _unknown(where: Place, given: object, kind: str, known: Sequence[str] | None) -> Iterator[Problem]:
    if not isinstance(given, str) or known is None:
        return
    # Rules compare what a mail or a ticket has without regard to case; what comes out of them is as it is written.
    there = {fold(name) for name in known} if where[0] != "expect" else set(known)
    if given and (fold(given) if where[0] != "expect" else given) not in there:
        code = _CODES.get(kind, f"unknown-{kind}")
        yield where, code, f"there is no {kind} '{given}'", nearest(given, list(known))
