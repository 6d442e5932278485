"""The [[organisation]] tables of rules/teams.toml: customers that belong together. No domain is of two of them."""

from __future__ import annotations

from collections.abc import Iterator

from maild.config.files import Source, nearest
from maild.config.report import Found, names_given
from maild.config.settings import Desk
from maild.errors import Finding
from maild.messages.addresses import normal
from maild.people.free_mail import FREE_MAIL
from maild.people.organisations import Organisation, Organisations
from maild.people.team import Team


def read_organisations(
    source: Source, tables: list[Found], agents: list[Found], desk: Desk
) -> tuple[Organisations, list[Finding]]:
    """The organisations as far as they can be read, and what is wrong with them."""
    findings = [*_same_names(tables), *_taken_twice(tables), *_ours(tables, agents, desk)]
    findings.extend(
        found.finding((), "missing-key", f"the organisation '{found.table.name}' has neither domains nor addresses")
        for found in tables
        if not found.table.domains and not found.table.addresses
    )
    findings.extend(_strange_languages(tables, desk))
    known = {found.table.name: _organisation(found) for found in tables}
    for name in names_given(source, "organisation", "name"):
        known.setdefault(name, Organisation(name=name))
    return Organisations(tuple(known.values())), findings


def _organisation(found: Found) -> Organisation:
    values = dict(found.table)
    return Organisation(**{**values, "addresses": tuple(normal(a) for a in found.table.addresses)})


def _same_names(tables: list[Found]) -> Iterator[Finding]:
    seen: dict[str, Found] = {}
    for found in tables:
        if (first := seen.setdefault(found.table.name.casefold(), found)) is not found:
            message = f"the name '{found.table.name}' is taken by line {first.line}"
            yield found.finding(("name",), "duplicate-name", message)


def _taken_twice(tables: list[Found]) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for found in tables:
        for key in ("domains", "addresses"):
            for position, one in enumerate(getattr(found.table, key)):
                if (owner := owners.setdefault(normal(one), found.table.name)) != found.table.name:
                    message = f"{one} belongs to the organisation '{owner}'"
                    code = "duplicate-domain" if key == "domains" else "duplicate-address"
                    yield found.finding((key, position), code, message)


def _ours(tables: list[Found], agents: list[Found], desk: Desk) -> Iterator[Finding]:
    """An agent's address, or one of the desk's, is no customer's."""
    ours = {normal(address): "the desk" for address in desk.addresses}
    for found in agents:
        ours |= {normal(a): f"the agent '{found.table.id}'" for a in (found.table.address, *found.table.aliases)}
    for found in tables:
        for position, address in enumerate(found.table.addresses):
            if (owner := ours.get(normal(address))) is not None:
                yield found.finding(("addresses", position), "duplicate-address", f"{address} belongs to {owner}")


def _strange_languages(tables: list[Found], desk: Desk) -> Iterator[Finding]:
    for found in tables:
        language = found.table.language
        if language is not None and language not in desk.languages:
            message = f"the desk writes no letters in '{language}'"
            yield found.finding(("language",), "bad-value", message, nearest(language, list(desk.languages)))


def organisation_doubts(source: Source, team: Team) -> Iterator[Finding]:
    """Domains of free providers, which make nobody a colleague."""
    for position, one in enumerate(team.organisations.known):
        for place, domain in enumerate(one.domains):
            if one.colleagues and domain in FREE_MAIL:
                message = f"anybody can have a mailbox at {domain}, so it makes nobody a colleague in '{one.name}'"
                hint = "name their addresses instead of the domain, or leave colleagues out"
                path = ("organisation", position, "domains", place)
                yield source.finding(path, "free-mail-colleagues", message, hint, severity="warning", at_value=True)
