"""A customer's mail that an agent passes on: judged as if the customer had written to us, with the agent's own words
beside it for colleagues.

Only a proven agent's forward is that. One that lacks the proof is kept, and the agent is asked. What passes on a letter
of ours, a colleague's mail or one that names no sender is a mail of the agent's own.
"""

from __future__ import annotations

import re
from dataclasses import replace

from maild.messages.addresses import normal
from maild.messages.mail import Forwarded, Mail, MailClass
from maild.messages.passed_on import PassedAlong
from maild.messages.reply import split_reply
from maild.messages.tokens import Purpose
from maild.people.proof import Proof, date_fits
from maild.sla.events import Happening as ClockHappening
from maild.threads.agents import SIGNED, is_machine
from maild.threads.asked_mail import only_asks
from maild.threads.automatic import STANDS_ALONE
from maild.threads.case import Case, Sender
from maild.threads.correspondence import transcript
from maild.threads.customers import begin_ticket, customer_mail, is_requester, tell_of_new_ticket
from maild.threads.draft import Draft, attachment_notes, incoming, sealed_changes
from maild.threads.drafting import begin_draft
from maild.threads.facts import id_hash, passed_along_by, recipients
from maild.threads.forwarded_orders import follow_orders
from maild.threads.match import find_thread
from maild.threads.model import InboxState, Message, Status, Ticket, Visibility
from maild.threads.notices import News, notifications
from maild.threads.order_lines import Order, split_orders
from maild.threads.order_mail import AT_ONCE
from maild.threads.orders.table import noted
from maild.threads.orders.tickets import MERGED_INTO
from maild.threads.orders.work import Done
from maild.threads.passed_on import PassedOn
from maild.threads.plan import Change, Letter, Plan
from maild.threads.promises import move_clocks
from maild.threads.seals import covers_to, known_by, seal_closed
from maild.threads.unproven import unverified
from maild.threads.words import say

_ASKED = ("no_proof", "not_written_to_desk")
"""What one reply of the agent's can still make good."""


def forwarded_mail(draft: Draft) -> Plan | None:
    """What becomes of a customer's mail that an agent passes on; None where this is no such mail."""
    case, agent = draft.case, draft.case.sender.agent
    found = _customers_mail(draft)
    if found is None or agent is None or case.mail.forwarded is None:
        return None
    orders, words = _said_above(case.mail.forwarded)
    if _meant_elsewhere(split_orders(case.mail.forwarded.before)[0], case.practice.tag):
        return None
    closed = new_mail_closed(draft)
    if closed is not None:
        return _ask(draft, closed) if closed in _ASKED and case.mail.message_id is not None else None
    forward = found.by[-1].forwarded if found.by else case.mail.forwarded
    attached = forward is not None and forward.mail is not None
    dated = (forward.date or "")[:100] if forward is not None else ""
    said = "\n\n".join(text for text in (_own_words(words), *map(_colleagues_words, found.by)) if text)
    passed_on = PassedOn(agent=agent, words=said, orders=orders, dated=dated, attached=attached)
    return _judge(draft, _as_customers(draft, found.mail, passed_on), passed_on)


def _said_above(forwarded: Forwarded) -> tuple[tuple[Order, ...], str]:
    """The agent's orders, which stand above alone, and his words, which may stand below, too."""
    orders, words = noted(*split_orders(forwarded.before.removesuffix(forwarded.below).strip("\n")))
    return orders, "\n\n".join(text for text in (words.strip("\n"), forwarded.below) if text)


def _own_words(above: str) -> str:
    """What the agent says above the forward; clients put his signature there, too."""
    # A signature may stand there alone, so it is looked for as if a text stood above it.
    return split_reply(f"-\n{above}").reply.removeprefix("-").strip()


def _colleagues_words(mail: Mail) -> str:
    """What a colleague said above the customer's mail, which he had passed on first; none of it orders anything."""
    words = _own_words(mail.forwarded.before) if mail.forwarded is not None else ""
    if not words or mail.sender is None:
        return ""
    quoted = "\n".join(f"> {line}".rstrip() for line in words.split("\n"))
    return f"{mail.sender.name or mail.sender.address}:\n{quoted}"


def _customers_mail(draft: Draft) -> PassedAlong | None:
    """The mail inside a new mail of an agent's, where it is one of somebody outside."""
    if draft.case.clues.passed_on is None or draft.thread.claim is not None:
        return None
    return mail_passed_on(draft.case)


def mail_passed_on(case: Case) -> PassedAlong | None:
    """The mail of somebody outside that an agent's mail passes on to the desk, as far as the mail itself tells."""
    if is_machine(case.mail) or (case.mail.surely_automatic and case.mail.mail_class is not MailClass.AUTO_GENERATED):
        return None  # a rule of the agent's mailbox passes on whatever comes, our own letters with it
    found = passed_along_by(case.practice.team, case.mail)
    inner = found.mail if found is not None else None
    if inner is None or inner.sender is None:
        return None
    if case.practice.is_ours(inner.sender.address) or case.practice.is_staff(inner.sender.address):
        return None
    report = inner.mail_class in STANDS_ALONE and inner.surely_automatic
    return None if report or inner.mail_class is MailClass.OWN else found


def _meant_elsewhere(orders: tuple[Order, ...], tag: str) -> bool:
    """Whether the orders above a forward only ask, or name the ticket that they are about."""
    named = re.compile(rf"{re.escape(tag)}-\d{{1,12}}\Z", re.IGNORECASE)
    return only_asks(orders) or any(named.match(order.argument.partition(" ")[0]) for order in orders)


def new_mail_closed(draft: Draft) -> str | None:
    """Why a new mail is not taken for the agent's own, as the key of a phrase; None where it is.

    A forward bears no signed address of his. So one that only its signature proves must say itself that it was written
    to us: whoever gets such a mail of his can hand it on (RFC 6376, 8.15).
    """
    case = draft.case
    proof, mail = case.sender.proof, case.mail
    if not proof.holds:
        return "no_proof"
    if proof.kind == "confirmed":
        return None
    if not date_fits(mail.date, draft.at):
        return "too_old"
    to_us = len(list(mail.all("To"))) == 1 and any(case.practice.is_ours(a.address) for a in mail.to)
    if proof.kind in SIGNED and not (to_us and covers_to(case)):
        return "not_written_to_desk"
    if (why := seal_closed(draft)) is not None:
        return why
    if mail.message_id is None:
        return None if proof.kind == "session" else "replayed"
    own = id_hash(mail.message_id)
    return "replayed" if any(k.stored and k.id_hash == own for k in case.facts.known) else None


def _ask(draft: Draft, why: str) -> Plan:
    """Keep it, and ask the agent: where it fits no ticket, as a new one of his own that becomes the customer's then."""
    if draft.ticket is None:
        routed, _ = begin_ticket(draft, None)
        if routed.spam:
            return draft.seal(InboxState.SPAM, f"rule {routed.rule!r} says spam")
        draft.run_clocks(ClockHappening.FIRST_MAIL)
    assert draft.ticket is not None
    return unverified(draft, draft.ticket, why, asks=True)


def _as_customers(outer: Draft, inner: Mail, passed_on: PassedOn) -> Draft:
    """The same case with the customer's mail in the place of the agent's, which stays beside it as a note."""
    case, clues = outer.case, outer.case.clues.passed_on
    assert clues is not None
    reason = f"{passed_on.agent.id} passed the mail on; nothing but this agent's word speaks for its sender"
    theirs = replace(
        case,
        mail=inner,
        clues=clues,
        facts=case.facts.passed_on or case.facts,
        sender=Sender(address=clues.sender, agent=None, proof=Proof(kind="none", reason=reason)),
        envelope=replace(case.envelope, recipients=recipients(case.mail, case.envelope)),
        passed_on=passed_on,
    )
    practice = case.practice
    draft = begin_draft(theirs, find_thread(inner, clues, theirs.facts, practice.mint, practice.team))
    draft.known_as = (*((case.mail.message_id,) if case.mail.message_id else ()), *known_by(case))
    draft.note("passed_on", f"by {passed_on.agent.name}", passed_on.dated, actor=passed_on.agent.id)
    note = _note(case, passed_on, outer)
    draft.beside = note if note.reply or note.attachments else None
    return draft


def _note(case: Case, passed_on: PassedOn, outer: Draft) -> Message:
    """The agent's words, and the files that he put beside an attached mail; inside the text all are the customer's."""
    files = case.mail.attachments if passed_on.attached else ()
    first = next((f for f in files if f.content_type.startswith("message/")), None)
    note = incoming(case, outer.at, visibility=Visibility.INTERNAL)
    own = attachment_notes(tuple(f for f in files if f is not first and not f.seal))
    return replace(note, author=passed_on.agent.id, text=passed_on.words, reply=passed_on.words, attachments=own)


def _judge(outer: Draft, draft: Draft, passed_on: PassedOn) -> Plan:
    waiting = _waiting(outer)
    if draft.ticket is None and waiting is not None:
        plan = _given_over(draft, waiting)
    elif (known := _had(draft)) is not None:
        draft.turn_to(draft.case.facts.tickets[known.id])
        plan = _again(outer, draft, known, passed_on)
    else:
        plan = customer_mail(draft)
        if not draft.is_new:
            _order_there(outer, draft)
    if waiting is not None and draft.ticket is not None and draft.ticket.id != waiting.id:
        _ends(draft, waiting, draft.ticket)
    if draft.done:
        draft.letters.append(_transcript(outer, draft, passed_on))
    return draft.seal(plan.state, plan.reason)


def _waiting(outer: Draft) -> Ticket | None:
    """The ticket of the agent's own that has kept this mail until he said that it was his."""
    case, ticket = outer.case, outer.ticket
    if case.sender.proof.kind != "confirmed" or ticket is None or not is_requester(case, ticket):
        return None
    own = id_hash(case.mail.message_id or "")
    return ticket if any(k.stored and k.id_hash == own and k.ticket == ticket.id for k in case.facts.known) else None


def _given_over(draft: Draft, waiting: Ticket) -> Plan:
    """The ticket that the agent had for a while becomes the customer's, as if it had been opened now."""
    known = draft.case.facts.tickets[waiting.id]
    routed, opened = begin_ticket(draft, None)
    draft.events = [event for event in draft.events if event.kind != "created"]
    draft.is_new, draft.steps_done = False, known.steps_done
    draft.thread = replace(draft.thread, ticket=waiting.id)
    draft.ticket = replace(
        opened,
        id=waiting.id,
        number=waiting.number,
        created_at=waiting.created_at,
        assignee=waiting.assignee or opened.assignee,
    )
    draft.note("requester", f"{_who(waiting)} -> {_who(opened)}", "passed on", actor="maild")
    draft.run_clocks(ClockHappening.FIRST_MAIL)
    follow_orders(draft)
    tell_of_new_ticket(draft, routed, "new")
    return draft.seal(InboxState.TICKETED, f"{waiting.number} is {_who(opened)}'s: an agent passed the mail on")


def _who(ticket: Ticket) -> str:
    return ticket.requester.address if ticket.requester is not None else "-"


def _had(draft: Draft) -> Ticket | None:
    """The ticket in which this very mail stands already: it came to us as well, or a colleague passed it on."""
    case = draft.case
    places = [draft.thread.ticket, *case.facts.same_subject]
    for number in dict.fromkeys(n for n in places if n is not None):
        facts = case.facts.tickets.get(number)
        if facts is not None and any(_is_same(case, message) for message in facts.messages):
            return facts.ticket
    return None


def _is_same(case: Case, message: Message) -> bool:
    if message.sender is None or normal(message.sender.address) != case.sender.address or message.author is not None:
        return False
    if case.mail.message_id is not None and message.message_id == case.mail.message_id:
        return _told_again(case.mail.text, message.text)
    said = case.mail.text.split()
    return bool(said) and said == message.text.split() and None in (case.mail.message_id, message.message_id)


def _told_again(text: str, known: str) -> bool:
    """Whether two texts under one Message-ID are one mail, however clients have rewritten it on the way.

    Machines write the same id again and again; what they say differs, and must not be lost for that.
    """
    words, there = set(text.split()), set(known.split())
    return 2 * len(words & there) >= min(len(words), len(there))


def _again(outer: Draft, draft: Draft, ticket: Ticket, passed_on: PassedOn) -> Plan:
    """The mail is here already: what the agent says of it is a note, and he is told where it is."""
    agent = passed_on.agent
    draft.message, draft.beside = _note(outer.case, passed_on, outer), None
    if not draft.message.reply:
        # A note is kept all the same, since by it the mail is found that holds the customer's words.
        silent = say(outer.case.practice.languages[0], "passed_on_silently")
        draft.message = replace(draft.message, text=silent, reply=silent)
    draft.change(ticket, "passed on again")
    if passed_on.words:
        news = News(
            event="note",
            respond_by=draft.respond_by(),
            text=passed_on.words,
            purpose=Purpose.NOTE,
            background=draft.background(),
        )
        sender = outer.case.sender.address
        draft.letters.extend(notifications(draft.pen, ticket, outer.case.mail, news=news, sender=sender))
    effect = say(agent.language, "passed_on_again" if passed_on.words else "passed_on_here", number=ticket.number)
    draft.done = (Done(line=say(agent.language, "your_forward"), effect=effect, ok=True),)
    _order_there(outer, draft)
    return draft.seal(InboxState.TICKETED, f"passed on by {agent.id}; {ticket.number} has had this mail")


def _order_there(outer: Draft, draft: Draft) -> None:
    """Orders upon a ticket that was there before: a mail that answers no letter of ours may change it only at once.

    It has to be the writer's own, too: whoever wrote the mail has chosen which one it refers to.
    """
    passed_on = draft.case.passed_on
    if passed_on is None or not passed_on.orders or draft.ticket is None:
        return
    if outer.case.sender.proof.kind in AT_ONCE and not _only_proposed(draft, draft.ticket):
        follow_orders(draft)
        return
    why = say(passed_on.agent.language, "order_by_reply", number=draft.ticket.number)
    draft.done += tuple(Done(line=order.line, effect=why, ok=False) for order in passed_on.orders)


def _only_proposed(draft: Draft, ticket: Ticket) -> bool:
    """Whether the mail that was passed on is by somebody who is not in this ticket's conversation."""
    if draft.message is not None and draft.message.proposed:
        return True
    facts = draft.case.facts.tickets.get(ticket.id)
    return facts is not None and any(m.proposed and _is_same(draft.case, m) for m in facts.messages)


def _ends(draft: Draft, waiting: Ticket, ticket: Ticket) -> None:
    """The ticket that only kept the forward goes on in the one to which the customer's mail belongs."""
    practice, known = draft.case.practice, draft.case.facts.tickets[waiting.id]
    merged = replace(waiting, status=Status.MERGED, solved_at=draft.now, wake_at=None, updated_at=draft.now)
    merged, clocks = move_clocks(practice.promises, merged, known.clocks, (ClockHappening.DROPPED,), draft.now)
    change = Change(
        ticket=merged,
        clocks=clocks,
        steps_done=known.steps_done,
        links=((MERGED_INTO, ticket.id),),
        kind="merge",
        detail=ticket.number,
    )
    draft.also = (*draft.also, *sealed_changes((change,), practice, "maild", draft.now))


def _transcript(outer: Draft, draft: Draft, passed_on: PassedOn) -> Letter:
    assert draft.ticket is not None
    return transcript(
        draft.pen,
        draft.ticket,
        passed_on.agent,
        outer.case.mail,
        done=draft.done,
        posted="internal" if passed_on.words else "",
        error=not all(one.ok for one in draft.done),
        text=passed_on.words,
    )
