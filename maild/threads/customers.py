"""A customer's mail: a new ticket, a reply, or words from somebody who is not in the conversation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from maild.messages.addresses import normal
from maild.messages.mail import Address
from maild.messages.subject import base_subject, topic
from maild.messages.words import plain_line
from maild.sla.events import Happening as ClockHappening
from maild.threads import states
from maild.threads.case import Case
from maild.threads.correspondence import acknowledgement
from maild.threads.draft import Draft, incoming
from maild.threads.facts import TicketFacts, usable
from maild.threads.forwarded_orders import follow_orders
from maild.threads.match import takes_mail
from maild.threads.model import InboxState, Link, Participant, Status, Ticket, Visibility
from maild.threads.notices import News, notifications
from maild.threads.orders.tickets import subject_out_of
from maild.threads.participants import joined
from maild.threads.plan import Plan
from maild.threads.rejecting import may_be_rejected, reject
from maild.threads.reticence import mail_unanswerable
from maild.threads.route import Routed, language_of, route, ticket_fields
from maild.threads.sharing import pass_on, share_out
from maild.threads.states import Happening
from maild.threads.thanks import only_thanks
from maild.threads.undelivered import held_back


def customer_mail(draft: Draft) -> Plan:
    """A mail of somebody outside, attached or opening a ticket."""
    case, ticket = draft.case, draft.ticket
    if ticket is None:
        return open_ticket(draft, None)
    automatic = case.mail.surely_automatic
    if not automatic and not _still_open(case, ticket):
        following = _following(case, ticket)
        if following is None and draft.thread.certain and _only_thanks(case, ticket):
            return _thanked(draft, ticket)
        if following is None:
            return open_ticket(draft, ticket)
        draft.turn_to(following)
        ticket = following.ticket
    if not draft.thread.certain:
        return _proposed(draft, ticket)
    if automatic:
        return _automatic_follow_up(draft, ticket)
    if _is_here(case, ticket):
        return _once_more(draft, ticket)
    return _thanked(draft, ticket) if _only_thanks(case, ticket) else _reply(draft, ticket)


def _is_here(case: Case, ticket: Ticket) -> bool:
    """Whether this very mail is in the ticket: an agent passed it on before it came by itself, or two ways led here."""
    facts, mail = case.facts.tickets.get(ticket.id), case.mail
    if facts is None or mail.message_id is None or case.passed_on is not None:
        return False
    return any(
        m.message_id == mail.message_id
        and m.sender is not None
        and normal(m.sender.address) == case.sender.address
        and m.text.split() == mail.text.split()
        for m in facts.messages
    )


def _once_more(draft: Draft, ticket: Ticket) -> Plan:
    """It is kept, with whoever stands in copy, and is news to nobody."""
    draft.message = incoming(draft.case, draft.at, visibility=Visibility.PUBLIC)
    draft.note("message", "the same mail once more", "it is here already, in other bytes", actor="maild")
    draft.change(replace(ticket, participants=with_participants(draft.case, ticket)), "the same mail once more")
    return draft.seal(InboxState.TICKETED, f"the same mail as one on {ticket.number}, in other bytes")


def _following(case: Case, ticket: Ticket) -> TicketFacts | None:
    """The ticket that went on from a closed one and still takes this sender's mail: one follow-up, not one a mail."""
    found = case.facts.tickets.get(case.facts.followed_by.get(ticket.id, -1))
    if found is None or not _still_open(case, found.ticket) or not case.takes_part(found.ticket):
        return None
    return found


def _still_open(case: Case, ticket: Ticket) -> bool:
    """Whether a customer's mail goes on in this ticket: not when it is closed, or solved longer ago than the window."""
    if not takes_mail(ticket):
        return False
    return ticket.status is not Status.SOLVED or _lately(case, ticket)


def _lately(case: Case, ticket: Ticket) -> bool:
    """Whether it was solved or closed no longer ago than the reopen window."""
    age = case.facts.received_at - ticket.solved_at if ticket.solved_at else timedelta(0)
    return age <= case.practice.reopen_window


def _reply(draft: Draft, before: Ticket) -> Plan:
    """The customer's turn is over: the ticket is open, whoever works on it is told."""
    case = draft.case
    after = replace(
        before,
        status=states.after(before.status, Happening.CUSTOMER_REPLY),
        solved_at=None,
        wake_at=None,
        participants=with_participants(case, before),
    )
    draft.message = incoming(case, draft.at, visibility=Visibility.PUBLIC)
    draft.note("message", "customer's reply", f"{draft.thread.rung}")
    draft.change(after, "customer's reply")
    if after.status is Status.SPAM:
        return draft.seal(InboxState.SPAM, f"reply on {after.number}, which is spam")
    draft.run_clocks(ClockHappening.CUSTOMER_REPLY)
    return _told(draft, "reopened" if before.status is Status.SOLVED else "reply", f"reply on {after.number}")


def _told(draft: Draft, event: str, what: str) -> Plan:
    """The rules have their word on a customer's mail, and then the agents are told, unless a rule calls it spam."""
    draft.ask_rules("reply")
    if draft.ticket is not None and draft.ticket.status is Status.SPAM:
        return draft.seal(InboxState.SPAM, f"{what}, which is spam by a rule")
    _notify(draft, event)
    return draft.seal(InboxState.TICKETED, f"{what}, by {draft.thread.rung}")


def _only_thanks(case: Case, ticket: Ticket) -> bool:
    """Whether a mail on a solved or closed ticket wants nothing; another subject than its own may say what it wants."""
    ended = ticket.status in (Status.SOLVED, Status.CLOSED) and _lately(case, ticket)
    if not ended or base_subject(case.mail.subject) not in ("", ticket.base_subject):
        return False
    names = [case.practice.name, *(agent.name for agent in case.practice.team.agents)]
    names.extend(person.name for person in (case.mail.sender, ticket.requester) if person is not None)
    return only_thanks(case.mail, names)


def _thanked(draft: Draft, ticket: Ticket) -> Plan:
    """The customer says thanks for what is solved: it stands in the history, and nobody need do anything."""
    draft.message = incoming(draft.case, draft.at, visibility=Visibility.PUBLIC)
    draft.note("thanks", "the customer's thanks", "nothing else stands in the mail, so the ticket stays as it is")
    draft.change(ticket, "thanks")
    draft.ask_rules("reply")
    return draft.seal(
        InboxState.TICKETED, f"thanks on {ticket.number}, by {draft.thread.rung}; it stays {ticket.status}"
    )


def _automatic_follow_up(draft: Draft, before: Ticket) -> Plan:
    """A list's or machine's mail on a ticket: kept and shown, and the status stays."""
    draft.message = incoming(draft.case, draft.at, visibility=Visibility.PUBLIC)
    draft.note("message", f"{draft.case.mail.mail_class} mail", f"{draft.thread.rung}")
    draft.change(replace(before, participants=with_participants(draft.case, before)), "automatic mail")
    return _told(draft, "reply", f"{draft.case.mail.mail_class} mail on {before.number}")


def _proposed(draft: Draft, ticket: Ticket) -> Plan:
    """Words from somebody who is not in the conversation: the agents see them, he is sent nothing of it."""
    draft.message = incoming(draft.case, draft.at, visibility=Visibility.PUBLIC, proposed=True)
    draft.note("proposed", "a mail from somebody who is not in this conversation", f"{draft.thread.rung}")
    draft.change(ticket, "proposed mail")
    _notify(draft, "proposed")
    return draft.seal(InboxState.TICKETED, f"proposed for {ticket.number}, by {draft.thread.rung}")


def open_ticket(draft: Draft, earlier: Ticket | None) -> Plan:
    """A new ticket; `earlier` is the closed one that it goes on from. A mail that a rule rejects opens none."""
    draft.routed = route(draft.case)
    if draft.routed.rejected and may_be_rejected(draft.case):
        return reject(draft, draft.routed)
    routed, ticket = begin_ticket(draft, earlier)
    if routed.spam:
        return draft.seal(InboxState.SPAM, f"rule {routed.rule!r} says spam")
    draft.run_clocks(ClockHappening.FIRST_MAIL)
    draft.follow_rules(routed)
    follow_orders(draft)
    if draft.ticket is not None and draft.ticket.status is Status.SPAM:
        return draft.seal(InboxState.SPAM, f"{ticket.number} is spam, says the agent who passed it on")
    tell_of_new_ticket(draft, routed, "follow_up" if earlier else "new")
    return draft.seal(
        InboxState.TICKETED, f"new ticket {ticket.number}" + (f", follow-up of {earlier.number}" if earlier else "")
    )


def begin_ticket(draft: Draft, earlier: Ticket | None) -> tuple[Routed, Ticket]:
    """A new ticket with its first message, where the rules say that it goes; its clocks do not run yet."""
    case, practice = draft.case, draft.case.practice
    routed = draft.routed = draft.routed or route(case)
    ticket = practice.promises.opened(_new_ticket(draft, routed, earlier), ticket_fields(case, routed))
    if routed.said.sla is not None:
        ticket = replace(ticket, promise=routed.said.sla, promise_set=True)
    draft.clocks, draft.steps_done = (), frozenset()
    draft.ticket, draft.is_new = ticket, True
    draft.message = incoming(case, draft.at, visibility=Visibility.PUBLIC)
    draft.note("created", f"queue {ticket.queue}, priority {ticket.priority}", f"rule {routed.rule!r}")
    if ticket.fields:
        found = ", ".join(f"{name} = {value}" for name, value in ticket.fields.items())
        draft.note("fields", found, routed.said.by("fields"), "rule")
    if routed.timeouts:
        draft.note("patterns_cut_off", ", ".join(routed.timeouts), "their time was up, so they did not hold", "maild")
    if earlier is not None:
        draft.links.append(Link(kind="follow_up_of", ticket=earlier.id))
        draft.note("linked", f"follow-up of {earlier.number}", f"{earlier.number} is {earlier.status}")
    share_out(draft)
    return routed, ticket


def tell_of_new_ticket(draft: Draft, routed: Routed, event: str) -> None:
    """The customer is told that we have his mail, unless he may not be, and the agents that it is there."""
    refused = _needs_none(draft) or acknowledgement_refused(draft.case, routed) or held_back(draft.case, draft.thread)
    if refused is None:
        _acknowledge(draft, routed)
    else:
        draft.note("no_acknowledgement", refused, actor="maild")
    _notify(draft, event)


def _needs_none(draft: Draft) -> str | None:
    """What an agent has said above a mail that he passed on, so that its sender is to hear nothing."""
    passed_on, ticket = draft.case.passed_on, draft.ticket
    if passed_on is None or ticket is None:
        return None
    if ticket.status in (Status.SOLVED, Status.CLOSED):
        return f"{passed_on.agent.id}, who passed it on, made the ticket {ticket.status}"
    if ticket.requester != who_asked(draft.case):
        return f"{passed_on.agent.id}, who passed it on, named another requester"
    return None


def _new_ticket(draft: Draft, routed: Routed, earlier: Ticket | None) -> Ticket:
    case, practice, mail = draft.case, draft.case.practice, draft.case.mail
    number = case.facts.next_ticket
    subject = plain_line(mail.subject if case.passed_on is None else topic(mail.subject))
    if earlier is not None:
        subject = subject_out_of(mail.subject, earlier)
    ticket = Ticket(
        id=number,
        number=practice.ticket_number(number),
        status=Status.SPAM if routed.spam else Status.NEW,
        subject=subject,
        base_subject=base_subject(mail.subject if earlier is None else subject),
        queue=routed.queue,
        line=routed.line,
        assignee=routed.assignee,
        priority=routed.priority,
        tags=routed.tags,
        fields=routed.fields,
        requester=who_asked(case),
        language=practice.language_for(language_of(mail, routed)),
        channel=case.envelope.channel,
        created_at=draft.at,
        updated_at=draft.now,
    )
    return replace(ticket, participants=with_participants(case, ticket))


def who_asked(case: Case) -> Address | None:
    """The person whom answers go to: the one in From, or the one that From writes for, where the admin names it.

    Without the admin's word Reply-To and lists' fields move no answer (anybody can write them); agents see both.
    """
    mail, practice = case.mail, case.practice
    if mail.sender is None or normal(mail.sender.address) not in practice.on_behalf:
        return mail.sender if case.sender.address is not None else None
    named = [mail.writer.person] if mail.writer is not None and mail.writer.via is not None else [*mail.reply_to]
    people = [one for one in named if usable(one) and not practice.is_ours(one.address)]
    if len(people) == 1:
        return people[0]
    return mail.sender if case.sender.address is not None else None


def with_participants(case: Case, ticket: Ticket) -> tuple[Participant, ...]:
    """The participants after this mail: its sender and whoever else it went to."""
    if case.passed_on is not None and not case.passed_on.attached:
        return joined(ticket, (case.mail.sender,), case.practice)
    people = (case.mail.sender, *case.mail.to, *case.mail.cc)
    return joined(ticket, people, case.practice, proven=case.sender.proof.holds and case.takes_part(ticket))


def acknowledgement_refused(case: Case, routed: Routed) -> str | None:
    """Why this mail gets no acknowledgement (RFC 3834, section 2); None where it gets one."""
    facts, practice = case.facts, case.practice
    checks = (
        (not routed.acknowledge, f"rule {routed.rule!r} says so"),
        (routed.said.reply is not None, f"rule {routed.said.by('reply')!r} has a reply in its place"),
        (
            facts.acknowledged_last_hour >= practice.acknowledgements_per_hour,
            "this address had enough acknowledgements this hour",
        ),
        (
            facts.acknowledged_last_day >= practice.acknowledgements_per_day,
            "this address had enough acknowledgements today",
        ),
    )
    return mail_unanswerable(case) or next((reason for holds, reason in checks if holds), None)


def _acknowledge(draft: Draft, routed: Routed) -> None:
    sender = draft.case.mail.sender
    assert sender is not None
    assert draft.ticket is not None
    draft.letters.append(
        acknowledgement(
            draft.pen,
            draft.ticket,
            draft.case.mail,
            sender,
            proven=draft.case.sender.proof.holds,
            respond_by=draft.respond_by(),
            template=routed.letter,
        )
    )


def _notify(draft: Draft, event: str) -> None:
    assert draft.ticket is not None
    passed_on = draft.case.passed_on
    news = News(event=event, respond_by=draft.respond_by(), background=draft.background(), passed_on=passed_on)
    pass_on(draft)
    news = replace(news, why=draft.why_in)
    sender, also = draft.case.sender.address, passed_on.agent if passed_on is not None else None
    draft.letters.extend(notifications(draft.pen, draft.ticket, draft.case.mail, news=news, sender=sender, also=also))


def is_requester(case: Case, ticket: Ticket) -> bool:
    """Whether the sender is the one who asked; that a customer put somebody in copy makes nobody that."""
    asked = ticket.requester
    return asked is not None and case.sender.address == normal(asked.address)
