"""Which ticket a mail belongs to: a ladder of rungs with evidence, from a signed address down to the subject's tag.

Each rung says what it found and, where it did not count, why. Certain evidence attaches; evidence in the hands of
somebody who is not in the conversation attaches as proposed: the agents see the text, he is sent nothing.

    1 address       a signed address among the recipients
    2 own id        a signed Message-ID of ours in In-Reply-To or References
    3 known id      the Message-ID of a stored mail, one that a stored mail refers to, or one by which a stored mail
                    refers to this mail
    4 subject tag   [SUP-1042], from a participant of that ticket alone, or from a proven colleague of its requester
    5 thread index  Outlook's name of the conversation, in a reply of a participant
      same subject  a reply of the requester to the subject of exactly one open ticket of his
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from maild.messages.addresses import normal
from maild.messages.mail import Mail
from maild.messages.tokens import Claim, Mint, Purpose
from maild.people.team import Team
from maild.threads.facts import Clues, Facts, KnownId, id_hash
from maild.threads.model import Message, Status, Ticket

OUTSIDER = "outside"
"""For whom the reply address of a mail that is passed on outside is made: for whoever has it."""
_FORGED = "its signature does not hold"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """One look at one rung: what it found, the ticket it spoke of, and why it did not count ("" where it did)."""

    rung: str
    found: str
    ticket: int | None
    rejected: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Thread:
    """The verdict. `certain` False with a ticket: attached as proposed. `claim`: the signed address that held."""

    ticket: int | None
    rung: str | None
    certain: bool
    tried: tuple[Tried, ...]
    claim: Claim | None = None
    holder: str | None = None
    """The participant (normalised address) or agent (id) for whom the signed address was made."""

    @property
    def wrong(self) -> int:
        """How many signed addresses were looked at whose signature does not hold."""
        return sum(one.rejected == _FORGED for one in self.tried)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    rung: str
    found: str
    ticket: int | None
    rejected: str = ""
    certain: bool = False
    claim: Claim | None = None
    holder: str | None = None


def find_thread(mail: Mail, clues: Clues, facts: Facts, mint: Mint, team: Team, *, proven: bool = False) -> Thread:
    """Climb down the ladder until a rung holds; what was tried on the way is kept.

    `proven`: the sender is who From says, so that it counts whose colleague he is.
    """
    tried: list[Tried] = []
    known = _Known(clues=clues, facts=facts, team=team, proven=proven)
    for found in _ladder(mail, known, mint):
        tried.append(Tried(rung=found.rung, found=found.found, ticket=found.ticket, rejected=found.rejected))
        if not found.rejected:
            return Thread(
                ticket=found.ticket,
                rung=found.rung,
                certain=found.certain,
                tried=tuple(tried),
                claim=found.claim,
                holder=found.holder,
            )
    return Thread(ticket=None, rung=None, certain=False, tried=tuple(tried))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """What the rungs look at, beside the mail."""

    clues: Clues
    facts: Facts
    team: Team
    proven: bool

    def insider(self, ticket: Ticket) -> bool:
        """Whether the sender is in the conversation."""
        return takes_part(self.clues.sender, ticket, self.team, proven=self.proven)


def _ladder(mail: Mail, known: _Known, mint: Mint) -> Iterator[_Found]:
    yield from _by_address(known, mint)
    yield from _by_own_id(known)
    yield from _by_known_id(mail, known)
    yield from _by_tag(known)
    yield from _by_index(known)
    yield from _by_subject(known.clues, known.facts)


def _by_address(known: _Known, mint: Mint) -> Iterator[_Found]:
    clues, facts, team = known.clues, known.facts, known.team
    if not clues.claims:
        found, why = "no signed address among the recipients", "nothing found"
        if clues.guessed:
            found, why = "signed addresses of a peer whose last ones were wrong", "they are not looked at"
        yield _Found(rung="address", found=found, ticket=None, rejected=why)
    for claim in clues.claims:
        candidate = facts.tickets.get(claim.ticket)
        if candidate is None:
            # The same words for a forged token and for a ticket that does not exist: nobody learns which it was.
            yield _Found(rung="address", found=claim.address, ticket=None, rejected=_FORGED)
            continue
        holder = token_holder(claim, candidate.ticket, clues.sender, mint, team, candidate.messages)
        if holder is None:
            yield _Found(rung="address", found=claim.address, ticket=None, rejected=_FORGED)
            continue
        # An address that was made for somebody is no use to him once an order has taken him out of the ticket.
        certain = known.insider(candidate.ticket)
        ours = clues.sender is not None and team.agent_by_address(clues.sender) is not None
        yield _Found(
            rung="address",
            found=claim.address,
            ticket=claim.ticket,
            certain=certain or ours,
            claim=claim,
            holder=holder,
        )


def confirmation(agent: str, inbox_id: int | None) -> str:
    """For whom the address is made by which an agent says that a mail was his."""
    return f"{agent}#{inbox_id}"


def token_holder(
    claim: Claim, ticket: Ticket, sender: str | None, mint: Mint, team: Team, messages: Sequence[Message] = ()
) -> str | None:
    """For whom of all who could hold it a token was made; None where it was made for none of them."""
    candidates: list[str]
    if claim.purpose is Purpose.CONFIRM:
        candidates = [confirmation(agent.id, m.inbox_id) for m in messages if m.unverified for agent in team.agents]
    elif claim.purpose is Purpose.OUTSIDER:
        candidates = [OUTSIDER]
    elif claim.purpose in (Purpose.AGENT, Purpose.NOTE, Purpose.VERB):
        candidates = [agent.id for agent in team.agents]
    else:
        candidates = [normal(p.address.address) for p in ticket.participants]
        if ticket.requester is not None:
            candidates.insert(0, normal(ticket.requester.address))
        candidates.extend(agent.id for agent in team.agents)
        if sender is not None:
            candidates.append(sender)
    return next((c for c in dict.fromkeys(candidates) if mint.made_for(claim, c)), None)


def belongs(sender: str | None, ticket: Ticket) -> bool:
    """Whether a sender is a participant, proposed ones included; two mails without any sender belong together."""
    if sender is None:
        return ticket.requester is None
    if ticket.requester is not None and normal(ticket.requester.address) == sender:
        return True
    return any(normal(p.address.address) == sender for p in ticket.participants)


def _by_own_id(known: _Known) -> Iterator[_Found]:
    clues, facts = known.clues, known.facts
    if not clues.signed:
        yield _Found(
            rung="own id",
            found="no Message-ID of ours in In-Reply-To or References",
            ticket=None,
            rejected="nothing found",
        )
    for signed in clues.signed:
        candidate = facts.tickets.get(signed.ticket)
        if candidate is None:
            yield _Found(rung="own id", found=signed.message_id, ticket=None, rejected="no such ticket")
            continue
        yield _Found(
            rung="own id",
            found=signed.message_id,
            ticket=signed.ticket,
            certain=known.insider(candidate.ticket),
        )


def takes_part(sender: str | None, ticket: Ticket, team: Team, *, proven: bool) -> bool:
    """Whether a sender is in the conversation: a participant, or a proven colleague of the one who asked."""
    if belongs(sender, ticket):
        return True
    asked = normal(ticket.requester.address) if ticket.requester is not None else None
    return proven and team.organisations.colleagues(sender, (asked,))


def _by_known_id(mail: Mail, at_hand: _Known) -> Iterator[_Found]:
    clues, facts = at_hand.clues, at_hand.facts
    hits = list(_known_in_order(clues, facts))
    if not hits:
        yield _Found(rung="known id", found="no Message-ID that a ticket knows", ticket=None, rejected="nothing found")
    for message_id, known in hits:
        ticket = facts.tickets[known.ticket].ticket
        insider = at_hand.insider(ticket)
        if not known.stored and not insider and not _shares_company(mail, clues, ticket):
            # Many strangers may answer one newsletter that never came here: that makes no conversation of them.
            yield _Found(
                rung="known id",
                found=message_id,
                ticket=known.ticket,
                rejected="this id is known from another's References only, and nobody else is in both mails",
            )
            continue
        yield _Found(rung="known id", found=message_id, ticket=known.ticket, certain=insider)


def _known_in_order(clues: Clues, facts: Facts) -> Iterator[tuple[str, KnownId]]:
    """Known ids, nearest reference first, stored before referred; at last the mail's own id."""
    by_hash: dict[str, list[KnownId]] = {}
    for known in facts.known:
        if known.ticket in facts.tickets:
            by_hash.setdefault(known.id_hash, []).append(known)
    own = [clues.own_id] if clues.own_id else []
    for message_id in (*clues.ids, *own):
        hits = by_hash.get(id_hash(message_id), [])
        yield from ((message_id, k) for k in sorted(hits, key=lambda k: (not k.stored, k.ticket)))


def _shares_company(mail: Mail, clues: Clues, ticket: Ticket) -> bool:
    """Whether somebody else stands in both conversations: the mark of a group that went on without us."""
    known = {normal(p.address.address) for p in ticket.participants}
    if ticket.requester is not None:
        known.add(normal(ticket.requester.address))
    return any(normal(a.address) in known for a in (*mail.to, *mail.cc) if normal(a.address) != clues.sender)


def _by_tag(known: _Known) -> Iterator[_Found]:
    clues, facts = known.clues, known.facts
    if not clues.tickets_named:
        yield _Found(rung="subject tag", found="no tag in the subject", ticket=None, rejected="nothing found")
    for number in clues.tickets_named:
        candidate = facts.tickets.get(number)
        if candidate is None or clues.sender is None or not known.insider(candidate.ticket):
            # Again the same words for both, so that a number tells a stranger nothing.
            yield _Found(
                rung="subject tag", found=f"tag {number}", ticket=None, rejected="the sender is in no such ticket"
            )
            continue
        yield _Found(rung="subject tag", found=f"tag {number}", ticket=number, certain=True)


def _by_index(known: _Known) -> Iterator[_Found]:
    clues, facts = known.clues, known.facts
    rung, wanted = "thread index", id_hash(clues.index) if clues.index is not None else None
    if wanted is None:
        yield _Found(rung=rung, found="no Thread-Index of a reply", ticket=None, rejected="nothing found")
        return
    found = sorted((k.ticket for k in facts.known if k.id_hash == wanted and k.ticket in facts.tickets), reverse=True)
    if not found:
        yield _Found(rung=rung, found="a Thread-Index that no ticket knows", ticket=None, rejected="nothing found")
    for ticket in found:
        if clues.sender is None or not known.insider(facts.tickets[ticket].ticket):
            # An Outlook template gives one name to all mails that are made of it, whoever sends them.
            yield _Found(
                rung=rung, found="a known Thread-Index", ticket=None, rejected="the sender is in no such ticket"
            )
            continue
        yield _Found(rung=rung, found="a known Thread-Index", ticket=ticket, certain=True)


def _by_subject(clues: Clues, facts: Facts) -> Iterator[_Found]:
    rung = "same subject"
    if not clues.answered_subject:
        yield _Found(rung=rung, found="no customer's reply with a subject", ticket=None, rejected="nothing found")
        return
    # Looked at once more: whose a ticket is has the last word, whatever the store has found.
    own = [
        i
        for i in facts.same_subject
        if i in facts.tickets
        and _asked(clues.sender, facts.tickets[i].ticket)
        and facts.tickets[i].ticket.base_subject == clues.answered_subject
    ]
    said = f'a reply to "{clues.answered_subject[:60]}"'
    if not own:
        yield _Found(rung=rung, found=said, ticket=None, rejected="the sender has no open ticket of this subject")
    elif len(own) > 1:
        yield _Found(rung=rung, found=said, ticket=None, rejected="the sender has several open tickets of this subject")
    else:
        yield _Found(rung=rung, found=said, ticket=own[0], certain=True)


def _asked(sender: str | None, ticket: Ticket) -> bool:
    return sender is not None and ticket.requester is not None and normal(ticket.requester.address) == sender


def takes_mail(ticket: Ticket) -> bool:
    """Whether a customer's mail may still go into this ticket, its reopen window left aside."""
    return ticket.status not in (Status.CLOSED, Status.MERGED)
