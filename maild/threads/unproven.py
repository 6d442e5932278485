"""Mail with an agent's address in From that is not proven to be his: kept, flagged, and asked about.

Where the mail came to his own signed address, he is asked by a letter that only he gets. One reply to it proves that
he has that mailbox, and the mail is judged anew as his. Nothing is done before. The reply must begin with a yes: a
robot in his mailbox that answers whatever comes, and does not say that it is one, would else confirm its own words.
"""

from __future__ import annotations

import re
from dataclasses import replace

from maild.messages.mail import MailClass
from maild.messages.tokens import Purpose
from maild.people.proof import Proof, date_fits
from maild.people.team import Agent
from maild.threads.correspondence import to_agent
from maild.threads.draft import Draft, incoming
from maild.threads.match import confirmation
from maild.threads.model import InboxState, Ticket, Visibility
from maild.threads.notices import News, notifications
from maild.threads.plan import Letter, LetterKind, Plan
from maild.threads.words import say

_YES = frozenset({"yes", "y", "yep", "ok", "okay", "confirm", "confirmed", "да", "ага", "ок", "подтверждаю", "верно"})
_NO = frozenset({"no", "nope", "not", "нет", "не"})


def unverified(draft: Draft, ticket: Ticket, why: str, *, asks: bool = False) -> Plan:
    """Keep it as an internal message, flag it, tell the agents, and ask the one whose address it bears.

    `asks`: one reply makes it good, though it came to no signed address of his.
    """
    case, agent = draft.case, draft.case.sender.agent
    assert agent is not None
    answers = draft.thread.claim is not None and draft.thread.claim.purpose is Purpose.CONFIRM
    why = "not_a_yes" if answers else why
    draft.message = incoming(case, draft.at, visibility=Visibility.INTERNAL, unverified=True)
    reason = say("en", why, reason=case.sender.proof.reason)
    draft.note("unverified", f"a mail with {agent.name}'s address in From was not carried out", reason)
    draft.change(ticket, "unverified mail")
    if case.mail.mail_class.automatic:
        return draft.seal(InboxState.AUTOMATIC, f"unverified automatic mail on {ticket.number}: {reason}")
    asked = asks or may_confirm(draft, why)
    news = News(
        event="unverified",
        why=lambda language: _why(language, why, case.sender.proof),
        respond_by=draft.respond_by(),
        background=draft.background(),
    )
    told = notifications(
        draft.pen,
        ticket,
        case.mail,
        news=news,
        sender=None,
        also=None if asked else agent,
        but=agent if asked else None,
    )
    if answers:
        # It is about another mail, of which everybody has been told; who says no need not be told anything.
        told = [] if _says(case.mail.reply, _NO) else [x for x in told if x.to[0].address == agent.address]
    draft.letters.extend(told)
    if asked:
        draft.letters.append(_question(draft, ticket, agent, why))
    return draft.seal(InboxState.TICKETED, f"unverified mail on {ticket.number}: {reason}")


def may_confirm(draft: Draft, why: str) -> bool:
    """Whether one reply may still make this mail good: it came to his own address, or he is proven and ordered."""
    claim, agent = draft.thread.claim, draft.case.sender.agent
    if agent is None or why in ("replayed", "button_expired"):
        return False
    ours = claim is not None and draft.thread.holder == agent.id
    return ours or (claim is None and why == "new_mail")


def _question(draft: Draft, ticket: Ticket, agent: Agent, why: str) -> Letter:
    case, practice = draft.case, draft.case.practice
    language = practice.language_for(agent.language)
    letter = to_agent(
        draft.pen,
        ticket,
        agent,
        kind=LetterKind.CONFIRMATION,
        template="confirmation",
        context={
            "why": _why(language, why, case.sender.proof),
            "text": _what_was_meant(draft, language),
        },
    )
    holder = confirmation(agent.id, case.facts.inbox_id)
    return replace(letter, subject=None, reply_to=practice.mint.address(Purpose.CONFIRM, ticket.id, holder))


def _what_was_meant(draft: Draft, language: str) -> str:
    """What a yes would carry out: the words of the mail, or the button, in whose mail no word counts."""
    claim, mail = draft.thread.claim, draft.case.mail
    if claim is not None and claim.verb is not None:
        return f"/{claim.verb}: {say(language, f'button_{claim.verb}')}"
    return mail.reply or mail.text


def _why(language: str, why: str, proof: Proof) -> str:
    # Loaded here, since a pipe starts once per mail, and hardly any comes from an agent who is not proven.
    from maild.threads.said import in_language

    return say(language, why, reason=in_language(proof.reason, language))


def confirming(draft: Draft) -> int | None:
    """The accepted mail that this one says to be the agent's; None where it says so of none."""
    claim, agent, mail = draft.thread.claim, draft.case.sender.agent, draft.case.mail
    if claim is None or claim.purpose is not Purpose.CONFIRM or agent is None:
        return None
    facts = draft.case.facts.tickets.get(claim.ticket)
    asked = next(
        (
            m
            for m in (facts.messages if facts else ())
            if m.unverified and m.inbox_id is not None and draft.thread.holder == confirmation(agent.id, m.inbox_id)
        ),
        None,
    )
    if not _says(mail.reply, _YES):
        return None
    fresh = asked is not None and date_fits(mail.date, draft.at) and date_fits(asked.at, draft.at)
    if asked is None or not fresh or mail.mail_class is not MailClass.PERSON or mail.strict_sender is None:
        return None
    return asked.inbox_id


def _says(text: str, first: frozenset[str]) -> bool:
    """Whether a text begins with one of these words."""
    words = re.findall(r"\w+", text[:200].casefold().replace("ё", "е"))
    return bool(words) and words[0] in first


def confirm(draft: Draft, ticket: Ticket, inbox_id: int) -> Plan:
    """The agent's word: the mail of before waits again, and is judged as his."""
    agent = draft.case.sender.agent
    assert agent is not None
    draft.message = replace(incoming(draft.case, draft.at, visibility=Visibility.INTERNAL), author=agent.id)
    draft.note(
        "confirmed", f"mail {inbox_id} is {agent.name}'s", "a reply to a letter that only he got", actor=agent.id
    )
    draft.change(ticket, "confirmed mail")
    draft.confirmed = (inbox_id, agent.id)
    return draft.seal(InboxState.TICKETED, f"{agent.id} confirmed mail {inbox_id} on {ticket.number}")
