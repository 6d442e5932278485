"""Mail with an agent's address in From: an answer, a note, orders; or somebody who only says so.

The gate (all of it or nothing): exactly one plain From that is an agent's, a proof that it is he, his own signed reply
address of this ticket, a date within a week. What does not pass is kept as unverified, the agents are told, and nothing
is carried out.
"""

from __future__ import annotations

from dataclasses import replace

from maild.errors import UsageError
from maild.messages.addresses import normal
from maild.messages.mail import Mail, MailClass
from maild.messages.tokens import Claim, Purpose
from maild.messages.unseen import unseen_in
from maild.people.proof import date_fits
from maild.people.team import Agent
from maild.sla.events import Happening as ClockHappening
from maild.threads import states
from maild.threads.answering import (
    collided,
    hold_answer,
    others_would_read,
    send_answer,
    told_of_own_copies,
    told_of_recall,
)
from maild.threads.asked_mail import answers, asked_mail, only_asks
from maild.threads.canned import with_canned
from maild.threads.changes import clock_happenings
from maild.threads.correspondence import transcript
from maild.threads.draft import Draft, incoming
from maild.threads.facts import id_hash
from maild.threads.model import InboxState, Ticket, Visibility
from maild.threads.notices import Handed, News, handover, notifications, takers
from maild.threads.order_lines import Order, orders_on_top
from maild.threads.orders.table import ALIASES, CANNED_WORDS, HANDLERS, Carried, canonical, carry_out, noted
from maild.threads.orders.work import Done, Setting
from maild.threads.plan import LetterKind, OwnHtml, Plan
from maild.threads.release import Withheld, agents_named, files_to_send, unlinked, without, words_to_send
from maild.threads.seals import SEALS, seal_closed, seal_elsewhere
from maild.threads.states import Happening
from maild.threads.thanks import is_reaction
from maild.threads.undo import action
from maild.threads.words import say

_BUTTON_WORDS = {"snooze": "1d"}
"""What stands behind an order that a button gives."""
SIGNED = ("dmarc", "dkim", *SEALS)
"""Proofs that stay with a mail wherever it is brought."""


def gate_closed(draft: Draft) -> str | None:
    """Why this mail may order nothing, as the key of a phrase; None where it may."""
    sender, thread = draft.case.sender, draft.thread
    if not sender.proof.holds:
        return "no_proof"
    claim = thread.claim
    is_own = claim is not None and sender.agent is not None and thread.holder == sender.agent.id
    if not is_own or claim is None or claim.purpose not in (Purpose.AGENT, Purpose.NOTE, Purpose.VERB):
        others = claim is not None and claim.purpose in (Purpose.AGENT, Purpose.NOTE, Purpose.VERB)
        return "others_token" if others and not is_own else "no_token"
    if claim.verb is not None and claim.too_old(draft.at.date()):
        return "button_expired"
    if sender.proof.kind == "confirmed":
        return None  # the agent has seen this very mail and said that it was his
    if not date_fits(draft.case.mail.date, draft.at):
        return "too_old"
    if sender.proof.kind in SIGNED and not _written_to(draft.case.mail, claim):
        return "not_written_to"
    return seal_closed(draft) or seal_elsewhere(draft, claim) or ("replayed" if _replayed(draft) else None)


def _written_to(mail: Mail, claim: Claim) -> bool:
    """Whether the mail itself says in its one To field that it goes to this address.

    Whoever has got a signed mail of the agent's, about anything, can hand it on with another envelope, or with one more
    recipient field on top that the signature does not know of (RFC 6376, 8.15). To is what every signer signs. Date and
    Message-ID, by which a copy is told, stand there once for the same reason.
    """
    token = claim.address.lower().partition("@")[0]
    if len(list(mail.all("To"))) != 1 or any(len(list(mail.all(name))) > 1 for name in ("Date", "Message-ID")):
        return False
    return any(a.address.lower().partition("@")[0] == token for a in mail.to)


def _replayed(draft: Draft) -> bool:
    """Whether this ticket has had a mail with this Message-ID: a signature may still hold where white space changed.

    A mail without one counts only where the sender has just logged in.
    """
    message_id = draft.case.mail.message_id
    if message_id is None:
        return draft.case.sender.proof.kind != "session"
    own = id_hash(message_id)
    return any(k.stored and k.id_hash == own and k.ticket == draft.thread.ticket for k in draft.case.facts.known)


def agent_mail(draft: Draft, before: Ticket) -> Plan:
    """A proven agent's mail on a ticket: orders first, then the text as an answer or a note."""
    case, agent, claim = draft.case, draft.case.sender.agent, draft.thread.claim
    assert agent is not None
    assert claim is not None
    if is_machine(case.mail):
        return _machine(draft, before, agent)
    if claim.verb is not None:
        return _button(draft, before, agent, claim)
    if is_reaction(case.mail):
        carried = carry_out(before, (), _setting(draft, agent, before))
        return _nothing_done(draft, before, agent, (), carried, say(agent.language, "reaction"), "")
    orders, text = noted(*orders_on_top(case.mail))
    if only_asks(orders) and not text.strip() and not files_to_send(case.mail):
        return asked_mail(draft, orders, before.id)
    internal = claim.purpose is Purpose.NOTE or any(canonical(o.name) == "note" for o in orders)
    calls = _calls_canned(orders)
    trouble, base, posts = None, before, bool(calls or text.strip() or files_to_send(case.mail))
    try:
        if not internal:
            text = _own_words(draft, before, agent, text, calls=calls)
            posts = bool(calls or text or (files_to_send(case.mail) and not orders))
            base = _answered(before) if posts else before
        if posts:
            text = _filled(draft, before, agent, orders, text)
    except UsageError as refused:
        trouble = str(refused)
    if posts and not internal and trouble is None and (other := collided(draft, agent)) is not None:
        return hold_answer(draft, before, agent, other, orders, text)
    carried = carry_out(base, orders, _setting(draft, agent, before))
    if trouble is None and not posts and not orders:
        trouble = say(agent.language, "nothing_to_send")
    if trouble is not None or carried.error:
        return _nothing_done(draft, before, agent, orders, carried, trouble, text)
    return _done(draft, before, agent, carried, text=text if posts else None, internal=internal)


def orders_of_new_mail(draft: Draft, ticket: Ticket, orders: tuple[Order, ...], text: str) -> Plan:
    """Orders in a mail that answers no letter of ours. Words below them are a note, and are sent to nobody else."""
    agent = draft.case.sender.agent
    assert agent is not None
    orders, text = noted(orders, text)
    internal = any(canonical(o.name) == "note" for o in orders)
    carried = carry_out(ticket, orders, _setting(draft, agent, ticket))
    posts = bool(_calls_canned(orders) or text.strip() or files_to_send(draft.case.mail))
    trouble = say(agent.language, "answer_a_letter") if posts and not internal else None
    if posts and internal and not carried.error:
        try:
            text = _filled(draft, ticket, agent, orders, text)
        except UsageError as refused:
            trouble = str(refused)
    if trouble is not None or carried.error:
        return _nothing_done(draft, ticket, agent, orders, carried, trouble, text)
    return _done(draft, ticket, agent, carried, text=text if posts else None, internal=internal)


def _button(draft: Draft, ticket: Ticket, agent: Agent, claim: Claim) -> Plan:
    """The order that an address gives; whatever stands in the mail is no part of it. Used again it does nothing."""
    assert claim.verb is not None
    argument = _BUTTON_WORDS.get(claim.verb, "")
    order = Order(name=claim.verb, argument=argument, line=f"/{claim.verb} {argument}".strip())
    key = f"button {claim.mac} {_newest_of_others(draft, ticket)}"
    if key in draft.steps_done:
        trouble: str | None = say(agent.language, "button_used")
        carried = carry_out(ticket, (), _setting(draft, agent, ticket))
    else:
        trouble = None
        carried = carry_out(ticket, (order,), _setting(draft, agent, ticket))
    if trouble is not None or carried.error:
        return _nothing_done(draft, ticket, agent, (), carried, trouble, "", button=claim.verb)
    draft.new_steps = (key,)
    return _done(draft, ticket, agent, carried, text=None, internal=False)


def _newest_of_others(draft: Draft, ticket: Ticket) -> int:
    """The last message of a ticket that no button sent: the same button may be meant again once there is another."""
    mint, history = draft.case.practice.mint, draft.case.facts.tickets[ticket.id].messages
    pressed = [any((c := mint.read_address(a.address)) and c.verb for a in m.to) for m in history]
    return max((m.id or 0 for m, by_button in zip(history, pressed, strict=True) if not by_button), default=0)


def _setting(draft: Draft, agent: Agent, ticket: Ticket) -> Setting:
    case = draft.case
    return Setting(
        agent=agent,
        language=case.practice.language_for(agent.language),
        now=draft.now,
        practice=case.practice,
        tickets=case.facts.tickets,
        next_ticket=case.facts.next_ticket,
        undo=case.facts.undo.get(ticket.id),
        held=case.facts.held.get(ticket.id, ()),
        people=case.facts.people,
    )


def is_machine(mail: Mail) -> bool:
    """Whether a machine of the agent's wrote it: then it speaks to nobody.

    That a person's client asks others for silence, or calls itself bulk, makes no machine of him.
    """
    said = (mail.first("Auto-Submitted") or "no").split(";")[0].strip().lower()
    return mail.mail_class is MailClass.AUTO_GENERATED and (
        said != "no" or mail.first("X-Auto-Response-Suppress") is None
    )


def _machine(draft: Draft, ticket: Ticket, agent: Agent) -> Plan:
    """Kept inside, and nobody is told: who answers a machine may be one."""
    draft.message = replace(incoming(draft.case, draft.at, visibility=Visibility.INTERNAL), author=agent.id)
    draft.note("message", "automatic mail of an agent", draft.case.mail.class_reason, actor=agent.id)
    draft.change(ticket, "automatic mail")
    return draft.seal(InboxState.AUTOMATIC, f"automatic mail of {agent.id} on {ticket.number}")


def _calls_canned(orders: tuple[Order, ...]) -> bool:
    return any(order.name in CANNED_WORDS for order in orders)


def _filled(draft: Draft, ticket: Ticket, agent: Agent, orders: tuple[Order, ...], text: str) -> str:
    """The text with the canned ones in it. Raises UsageError with a sentence for the agent."""
    filled = with_canned(ticket, orders, text, CANNED_WORDS, _setting(draft, agent, ticket))
    if (html := draft.case.mail.html) is not None:
        draft.own_html = OwnHtml(
            html=html,
            words=text,
            orders=tuple(order.line for order in orders),
            above=filled.above,
            instead=filled.instead,
            unlinked=unlinked(draft.case.practice),
            unsaid=_unsaid(draft, ticket, draft.case.mail.reply),
            desk=draft.case.practice.address,
        )
    return filled.whole


def _own_words(draft: Draft, ticket: Ticket, agent: Agent, text: str, *, calls: bool) -> str:
    """The agent's words for the customer. Raises UsageError with a sentence for him where nothing can be sent.

    `calls`: canned texts are sent beside them, if there are any.
    """
    own = {normal(a) for a in agent.addresses}
    try:
        orders, mint = HANDLERS.keys() | ALIASES.keys(), draft.case.practice.mint
        practice, html = draft.case.practice, draft.case.mail.html
        words = words_to_send(text, ticket.number, own, orders, mint, CANNED_WORDS, unlinked(practice))
    except Withheld as why:
        raise UsageError(say(agent.language, str(why))) from why
    if words and html is not None and (unseen := unseen_in(html, words)):
        raise UsageError(say(agent.language, "unseen_words", words=unseen))
    words = without(words, _unsaid(draft, ticket, words), practice.address)
    if calls or words or files_to_send(draft.case.mail):
        if (others := others_would_read(draft, ticket, agent)) is not None:
            raise UsageError(others)
        if ticket.requester is None:
            raise UsageError(say(agent.language, "nobody_to_answer"))
        if not states.can(ticket.status, Happening.ANSWER):
            raise UsageError(say(agent.language, "not_possible", status=ticket.status))
    return words


def _unsaid(draft: Draft, ticket: Ticket, words: str) -> tuple[str, ...]:
    """Agents' own addresses in the words, in whose place the customer reads the desk's."""
    known = {normal(ticket.requester.address)} if ticket.requester is not None else set[str]()
    return agents_named(words, draft.case.practice, known)


def _answered(ticket: Ticket) -> Ticket:
    return replace(ticket, status=states.after(ticket.status, Happening.ANSWER), solved_at=None, wake_at=None)


def _nothing_done(
    draft: Draft,
    ticket: Ticket,
    agent: Agent,
    orders: tuple[Order, ...],
    carried: Carried,
    trouble: str | None,
    text: str,
    button: str | None = None,
) -> Plan:
    """One order or the answer was wrong: nothing is sent, the mail is kept inside, the agent reads why."""
    done = carried.done
    if trouble is not None:
        nothing, whole = say(agent.language, "not_done"), f"button_{button}" if button else "your_answer"
        done = (Done(line=say(agent.language, whole), effect=trouble, ok=False),)
        done += tuple(Done(line=o.line, effect=nothing, ok=False) for o in orders)
    draft.message = replace(incoming(draft.case, draft.at, visibility=Visibility.INTERNAL), author=agent.id)
    draft.note("refused", "; ".join(f"{d.line}: {d.effect}" for d in done), "nothing was done", actor=agent.id)
    draft.change(ticket, "refused orders")
    draft.letters.append(
        transcript(
            draft.pen, ticket, agent, draft.case.mail, done=done, posted="", error=True, text=text, button=bool(button)
        )
    )
    return draft.seal(InboxState.TICKETED, f"orders of {agent.id} on {ticket.number} refused; nothing was sent")


def _done(draft: Draft, before: Ticket, agent: Agent, carried: Carried, *, text: str | None, internal: bool) -> Plan:
    after, posted = carried.ticket, ""
    if text is not None:
        posted = "internal" if internal else "public"
        because = f"{draft.thread.rung or 'a new mail'}; proven: {draft.case.sender.proof.reason}"
        draft.note("answer" if posted == "public" else "note", f"by {agent.name}", because, actor=agent.id)
    draft.change(after, "agent's mail", actor=agent.id)
    happenings = (ClockHappening.ANSWERED,) if posted == "public" else ()
    draft.run_clocks(*happenings, *carried.work.happened, *clock_happenings(before, after))
    draft.take_over(carried.work, agent.id)
    assert draft.ticket is not None
    done = (*carried.done, *(told_of_own_copies(draft, agent) if posted else ()))
    if posted == "public":
        done += send_answer(draft, draft.ticket, agent, text or "")
    else:
        draft.message = replace(
            incoming(draft.case, draft.at, visibility=Visibility.INTERNAL), author=agent.id, reply=text or ""
        )
        if posted:
            news = News(
                event="note",
                respond_by=draft.respond_by(),
                text=text or "",
                purpose=Purpose.NOTE,
                background=draft.background(),
            )
            told = notifications(draft.pen, draft.ticket, draft.case.mail, news=news, sender=draft.case.sender.address)
            # Who is given the ticket by the same mail reads the note above the customer's words: one letter, not two.
            given = {taker.address for taker in takers(draft.case.practice.team, before, draft.ticket, agent.id)}
            draft.letters.extend(letter for letter in told if letter.to[0].address not in given)
    if carried.work.undone is None:
        lines = [d.line for d in carried.done]
        if posted == "public":
            lines.append(say(agent.language, "your_answer"))
        draft.undo = action(
            agent.id,
            draft.now,
            lines,
            draft.ticket,
            draft.case.facts.tickets,
            also=draft.also,
            letters=(*(x.message_id for x in draft.letters if x.kind is LetterKind.ANSWER), *draft.released),
            kept=draft.kept,
        )
    history = draft.case.facts.tickets[before.id].messages
    handed = Handed(reason=carried.work.reason, chosen=carried.work.chosen)
    if posted == "internal":
        handed = replace(handed, note=text or "", mail=draft.case.mail)
    elif posted and draft.message is not None:
        history = (*history, draft.message)
    draft.letters.extend(handover(draft.pen, before, draft.ticket, agent.id, history, draft.respond_by(), handed))
    draft.letters.extend(told_of_recall(draft, draft.ticket, agent))
    draft.ask_rules(*(("answer",) if posted == "public" or draft.released else ()))
    if done:
        draft.letters.append(
            transcript(
                draft.pen,
                draft.ticket,
                agent,
                draft.case.mail,
                done=done,
                posted=posted or ("public" if draft.released else ""),
                error=False,
                text=text or "",
                undo=draft.undo is not None,
                enclosed=carried.work.enclosed,
            )
        )
    if carried.work.asked:
        draft.letters.append(answers(draft, agent, carried.work.asked))
    what = {"public": "answer", "internal": "note", "": "orders"}[posted]
    return draft.seal(
        InboxState.TICKETED, f"{what} by {agent.id} on {after.number}, proven: {draft.case.sender.proof.reason}"
    )
