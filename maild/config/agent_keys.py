"""The files with the agents' public keys, which rules/teams.toml names. Paths start at the folder of the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from maild.config.files import Source
from maild.config.positions import Path as Place
from maild.errors import Finding
from maild.people.keys import AgentKey, KeyKind
from maild.people.team import Agent, Team

_CAP = 1024 * 1024
_KINDS = {"pgp_key": KeyKind.PGP, "smime_certificate": KeyKind.SMIME}
_HINTS = {
    KeyKind.PGP: "gpg --armor --export-options export-minimal --export ADDRESS > FILE writes it",
    KeyKind.SMIME: "openssl x509 -in CERTIFICATE -out FILE writes it",
}


def with_keys(team: Team, source: Source, folder: Path) -> tuple[Team, list[Finding]]:
    """The team with the keys that its files hold, and what is wrong with those files."""
    findings: list[Finding] = []
    if not any(agent.pgp_key or agent.smime_certificate for agent in team.agents):
        return team, findings
    agents = []
    for agent in team.agents:
        keys = []
        for kind, name, place in _named(agent, source):
            try:
                keys.append(read_key(kind, name, folder))
            except ValueError as error:
                message = f"the key file '{name}' of '{agent.id}' cannot be used: {error}"
                findings.append(source.finding(place, "bad-key", message, _HINTS[kind], at_value=True))
        agents.append(replace(agent, keys=tuple(keys)))
    return replace(team, agents=tuple(agents)), findings


def read_key(kind: KeyKind, name: str, folder: Path) -> AgentKey:
    """The key in a file. Raises ValueError with a part of a sentence."""
    from maild.crypto import pgp, smime  # a mail server's pipe starts us once a mail, and most desks have no keys

    try:
        with (folder / name).open("rb") as file:
            content = file.read(_CAP + 1)
    except OSError as error:
        raise ValueError((error.strerror or str(error)).lower()) from error
    if len(content) > _CAP:
        raise ValueError("it is larger than any key")
    if kind is KeyKind.PGP:
        key = pgp.read_key(content)
        return AgentKey(kind=kind, octets=key.octets, fingerprint=key.fingerprint, file=name)
    certificate = smime.read_certificate(content)
    return AgentKey(kind=kind, octets=certificate.der, fingerprint=certificate.fingerprint, file=name)


def key_doubts(team: Team, source: Source, trouble_of: Callable[[AgentKey], str]) -> Iterator[Finding]:
    """Keys that cannot prove anything now; `trouble_of` says why of one, "" where it can.

    Only doubts: on the day when a key ends the desk goes on, and its agent is asked to confirm what he writes.
    """
    for agent in team.agents:
        for key, (_, _, place) in zip(agent.keys, _named(agent, source), strict=False):
            if trouble := trouble_of(key):
                message = f"mail of '{agent.id}' cannot be proven by the key file '{key.file}': {trouble}"
                yield source.finding(place, "no-good-key", message, severity="warning", at_value=True)


def _named(agent: Agent, source: Source) -> Iterator[tuple[KeyKind, str, Place]]:
    """The files that an agent's table names, and where it does so."""
    tables = source.data.get("agent")
    listed = tables if isinstance(tables, list) else []
    at = next((n for n, one in enumerate(listed) if isinstance(one, dict) and one.get("id") == agent.id), 0)
    for field, kind in _KINDS.items():
        for number, name in enumerate(getattr(agent, field)):
            yield kind, name, ("agent", at, field, number)
