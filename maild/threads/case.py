"""One mail on the desk: the mail, how it came, what is known, and who sent it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from maild.messages.addresses import normal
from maild.messages.authres import AuthResults, trusted_results
from maild.messages.envelope import Envelope
from maild.messages.mail import Mail
from maild.people.proof import Evidence, Proof, prove
from maild.people.team import Agent
from maild.threads.facts import Clues, Facts, sender_key
from maild.threads.match import takes_part
from maild.threads.model import Ticket
from maild.threads.passed_on import PassedOn
from maild.threads.practice import Practice


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """Who wrote, as far as anybody can tell. `agent` is whose address stands in From, proven or not."""

    address: str | None
    agent: Agent | None
    proof: Proof

    @property
    def role(self) -> str:
        if self.address is None:
            return "unknown"
        return "agent" if self.agent else "customer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """Everything that is looked at when a mail is decided."""

    mail: Mail
    envelope: Envelope
    clues: Clues
    facts: Facts
    practice: Practice
    sender: Sender
    passed_on: PassedOn | None = None
    """Who passed the mail on to us; None where its sender wrote to us himself."""

    def takes_part(self, ticket: Ticket) -> bool:
        """Whether the sender is in this conversation."""
        return takes_part(self.sender.address, ticket, self.practice.team, proven=self.sender.proof.holds)


def identify(mail: Mail, envelope: Envelope, practice: Practice) -> Sender:
    """The sender, and how far he is proven."""
    address = sender_key(mail)
    agent = practice.team.agent_by_address(address) if address is not None else None
    names = {address} if address else set()
    if agent is not None:
        names |= {agent.id.lower(), *(normal(a) for a in (agent.address, *agent.aliases))}
    results = AuthResults()
    if envelope.trusted:
        polled = envelope.channel == "imap"
        results = trusted_results(mail.headers, practice.authserv_ids, local_hop=polled)
    evidence = Evidence(
        address=normal(mail.strict_sender) if mail.strict_sender else None,
        names=frozenset(names),
        login=envelope.login,
        relay_login=(results.auth_identity or "") if results.auth == "pass" else None,
        dmarc=results.dmarc,
        dmarc_domain=results.dmarc_domain,
        dkim_domains=results.dkim_domains,
        confirmed=agent is not None and envelope.confirmed == agent.id,
        **_of_signatures(agent, envelope),
    )
    return Sender(address=address, agent=agent, proof=prove(evidence))


def _of_signatures(agent: Agent | None, envelope: Envelope) -> dict[str, Any]:
    """What the mail's own signatures say of this very agent."""
    found = envelope.vouched
    if found is None or agent is None or found.agent != agent.id:
        return {}
    if found.kind == "none":
        return {"unsigned": found.reason}
    return {"own_dkim": found.domain} if found.kind == "dkim" else {"signature": (found.kind, found.reason)}
