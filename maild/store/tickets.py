"""Tickets: gathering what a decision must know, and saving what it led to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maild.messages.addresses import normal
from maild.messages.tokens import Purpose
from maild.sla.deadlines import TicketClock
from maild.store.assignment import said_absences, workload
from maild.store.dead import known_dead
from maild.store.engine import Database
from maild.store.loading import load_tickets
from maild.store.locks import lock_conversation
from maild.store.lookups import answer_all
from maild.store.rows import (
    clock_row,
    key_of,
    message_row,
    ticket_row,
)
from maild.store.search import index_message, index_ticket
from maild.store.tables import (
    clean,
    clocks,
    counters,
    events,
    inbox,
    links,
    mail_ids,
    messages,
    outbox,
    participants,
    steps_done,
    tickets,
)
from maild.store.undos import (
    Moved,
    follow_people,
    held_answers,
    last_undo,
    mark_undone,
    moved_by,
    recall,
    release,
    save_undo,
    written_after,
)
from maild.threads.facts import (
    EARLIER_SHOWN,
    SAME_SUBJECT_WITHIN,
    Clues,
    Duplicate,
    EarlierTicket,
    Facts,
    KnownId,
    TicketFacts,
    id_hash,
)
from maild.threads.model import Event, InboxState, Status, Ticket
from maild.threads.orders.tickets import MERGED_INTO
from maild.threads.plan import Change, LetterKind, Plan
from maild.threads.workload import Workload

_RECENT = 20
_MAX_CANDIDATES = 30
_MAX_HOPS = 5
_AT_WORK = (Status.NEW, Status.OPEN, Status.PENDING, Status.HOLD)
_GOES_ON = (Status.SOLVED, Status.CLOSED, Status.MERGED)
_MIRRORED = {"follow_up_of": "followed_up_by"}


# Built once: SQLAlchemy spends more on making a statement than SQLite on carrying it out.
_NEXT_TICKET = sa.select(counters.c.value).where(counters.c.name == "tickets").with_for_update()
_TAKEN_TICKET = counters.update().where(counters.c.name == "tickets").values(value=sa.bindparam("next"))
_TAKEN = (
    counters.update()
    .where(counters.c.name == sa.bindparam("counter"))
    .values(value=counters.c.value + sa.bindparam("count"))
    .returning(counters.c.value)
)
_KEPT_TICKET = tickets.update().where(tickets.c.id == sa.bindparam("kept"))
_FIRST_COPY = (
    sa.select(inbox.c.id, inbox.c.ticket_id)
    .where(
        inbox.c.digest == sa.bindparam("digest"),
        inbox.c.id != sa.bindparam("inbox_id"),
        inbox.c.state.not_in((InboxState.WAITING, InboxState.DUPLICATE, InboxState.QUARANTINED)),
    )
    .order_by(inbox.c.id)
    .limit(1)
)
# An id that hundreds refer to, such as a newsletter's, must not push out the one mail that is stored.
_KNOWN_IDS = (
    sa.select(mail_ids.c.id_hash, mail_ids.c.kind, mail_ids.c.ticket_id)
    .where(mail_ids.c.id_hash.in_(sa.bindparam("wanted", expanding=True)))
    .order_by(mail_ids.c.kind.desc(), mail_ids.c.id)
    .limit(_MAX_CANDIDATES * 10)
)
_SAME_SUBJECT = (
    sa.select(tickets.c.id)
    .where(
        tickets.c.requester_key == sa.bindparam("person"),
        tickets.c.status.in_([str(s) for s in (*_AT_WORK, Status.SOLVED)]),
        tickets.c.base_subject == sa.bindparam("subject"),
        tickets.c.updated_at >= sa.bindparam("since"),
    )
    .order_by(tickets.c.id.desc())
    .limit(2)
)
# The numbers come out of the index alone; only the few that are shown are read.
_EARLIER = (
    sa.select(tickets.c.id, tickets.c.number, tickets.c.subject, tickets.c.status, tickets.c.updated_at)
    .where(
        tickets.c.id.in_(
            sa.select(tickets.c.id)
            .where(
                tickets.c.requester_key == sa.bindparam("person"),
                tickets.c.status.not_in([str(Status.SPAM), str(Status.MERGED)]),
            )
            .order_by(tickets.c.id.desc())
            .limit(EARLIER_SHOWN + 1)
        )
    )
    .order_by(tickets.c.id.desc())
)
_ACKNOWLEDGED = sa.select(outbox.c.created_at).where(
    outbox.c.kind.in_((LetterKind.ACKNOWLEDGEMENT, LetterKind.REPLY)),
    outbox.c.recipient_key == sa.bindparam("sender"),
    outbox.c.created_at > sa.bindparam("since"),
)
_CONFIRMED = sa.select(participants.c.key, participants.c.confirmed).where(
    participants.c.ticket_id == sa.bindparam("ticket")
)
_IDS_OF_TICKET = sa.select(mail_ids.c.id_hash, mail_ids.c.kind).where(
    mail_ids.c.ticket_id == sa.bindparam("ticket"), mail_ids.c.id_hash.in_(sa.bindparam("wanted", expanding=True))
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The mail that facts are gathered for."""

    inbox_id: int
    received_at: datetime
    digest: str
    bounced_id: str | None
    reported: tuple[str, ...] = ()
    """Whom a delivery report says it could not reach."""
    counted: tuple[str, ...] = ()
    """Agents whose open tickets are counted, since a ticket may be given to one of them."""


class TicketStore:
    """Every query on tickets that a decision needs; with a connection, part of the transaction that decides."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def gather(self, connection: Connection, clues: Clues, asked: Asked, now: datetime) -> Facts:
        """Everything the store knows about a mail's clues. What it may change is locked until the end: see locks.py."""
        lock_conversation(connection, clues, asked.inbox_id, asked.digest)
        known = self._known(connection, clues)
        same_subject = self._same_subject(connection, clues, asked.received_at)
        candidates = self.load(connection, _most_telling(clues, known, same_subject))
        while known and connection.dialect.name != "sqlite":
            # While we waited for a ticket somebody may have moved a mail of it to another one.
            known = self._known(connection, clues)
            wanted = set(_most_telling(clues, known, same_subject)) - candidates.keys()
            if not (further := self.load(connection, sorted(wanted))):
                break
            candidates |= further
        followed_by = self._followed_by(connection, candidates)
        for _ in range(_MAX_HOPS):
            # What went on elsewhere may have gone on again from there.
            further = self.load(connection, sorted(set(followed_by.values()) - candidates.keys()))
            if not further:
                break
            candidates |= further
            followed_by |= self._followed_by(connection, further)
        of_agent = self._of_an_agent(connection, clues, candidates, now)
        touched = {number for undo in of_agent.get("undo", {}).values() for number in undo.tickets}
        candidates |= self.load(connection, sorted(touched - candidates.keys()))
        sent = self._acknowledged(connection, clues.sender, now)
        facts = Facts(
            now=now,
            inbox_id=asked.inbox_id,
            received_at=asked.received_at,
            next_ticket=self.next_number(connection),
            duplicate=self._duplicate(connection, asked),
            known=known,
            same_subject=same_subject,
            earlier=self._earlier(connection, clues),
            tickets=candidates,
            followed_by=followed_by,
            acknowledged_last_hour=sum(at > now - timedelta(hours=1) for at in sent),
            acknowledged_last_day=len(sent),
            # After the counter of tickets is locked: see assignment.py.
            workload=workload(connection, asked.counted) if asked.counted else Workload(),
            absences=said_absences(connection),
            answer_lost=self._answer_lost(connection, asked.bounced_id),
            **of_agent,
            returned_from=self._returned_from(connection, clues, asked) if asked.reported else (),
            dead=known_dead(connection, _people_of(clues, asked, candidates)),
        )
        inner = clues.passed_on
        return facts if inner is None else self._with_passed_on(connection, facts, inner, same_subject)

    def _with_passed_on(
        self, connection: Connection, facts: Facts, inner: Clues, same_subject: tuple[int, ...]
    ) -> Facts:
        """The facts with those about the mail that an agent passes on."""
        sent = self._acknowledged(connection, inner.sender, facts.now)
        passed_on = replace(
            facts,
            same_subject=same_subject,
            earlier=self._earlier(connection, inner),
            acknowledged_last_hour=sum(at > facts.now - timedelta(hours=1) for at in sent),
            acknowledged_last_day=len(sent),
        )
        return replace(facts, passed_on=passed_on)

    def _of_an_agent(
        self, connection: Connection, clues: Clues, candidates: Mapping[int, TicketFacts], now: datetime
    ) -> dict[str, Any]:
        """What only an agent's mail asks for: what he saw, what he may take back, what waits for his word."""
        ours = [s.message_id for s in clues.signed if s.purpose is Purpose.AGENT_ID]
        answers = [m.message_id for f in candidates.values() for m in f.messages if m.author and m.message_id]
        found: dict[str, Any] = {"unseen": written_after(connection, ours, answers)}
        if clues.agent is not None and (clues.claims or clues.has_orders):
            undo = {i: last_undo(connection, i, clues.agent, now) for i in candidates} if clues.has_orders else {}
            found["undo"] = {i: u for i, u in undo.items() if u is not None}
            found["held"] = {i: held_answers(connection, i) for i in candidates}
        if clues.lookups:
            near = [*(c.ticket for c in clues.claims), *(s.ticket for s in clues.signed), *clues.tickets_named]
            found["lookups"] = answer_all(connection, clues.lookups, candidates, [*near, *candidates], now)
        return found

    def next_number(self, connection: Connection) -> int:
        """The next ticket's number; its row is locked, so that no two transactions get the same one."""
        return int(connection.execute(_NEXT_TICKET).scalar_one())

    def take_number(self, connection: Connection, name: str) -> int:
        """The next number of a counter, taken: what makes the Message-IDs of orders and ticks differ."""
        return self.take_numbers(connection, name, 1)[0]

    def take_numbers(self, connection: Connection, name: str, count: int) -> range:
        """So many numbers of a counter, one after the other."""
        last = int(connection.execute(_TAKEN, {"counter": name, "count": count}).scalar_one())
        return range(last - count + 1, last + 1)

    def _duplicate(self, connection: Connection, asked: Asked) -> Duplicate | None:
        row = connection.execute(_FIRST_COPY, {"digest": asked.digest, "inbox_id": asked.inbox_id}).first()
        return Duplicate(inbox_id=row.id, ticket=row.ticket_id) if row else None

    def _followed_by(self, connection: Connection, candidates: Mapping[int, TicketFacts]) -> dict[int, int]:
        """Of each candidate that is done the newest ticket that went on from it, of a merged one where it went on."""
        done = [i for i, f in candidates.items() if f.ticket.status in _GOES_ON]
        if not done:
            return {}
        query = (
            sa.select(links.c.ticket_id, sa.func.max(links.c.other_id))
            .where(links.c.ticket_id.in_(done), links.c.kind.in_(("followed_up_by", MERGED_INTO)))
            .group_by(links.c.ticket_id)
        )
        return {row[0]: row[1] for row in connection.execute(query)}

    def _known(self, connection: Connection, clues: Clues) -> tuple[KnownId, ...]:
        wanted = [id_hash(i) for one in clues.all for i in (*one.ids, one.own_id, one.index, one.signature) if i]
        if not wanted:
            return ()
        rows = connection.execute(_KNOWN_IDS, {"wanted": wanted})
        return tuple(KnownId(id_hash=r.id_hash, ticket=r.ticket_id, stored=r.kind == "stored") for r in rows)

    def _same_subject(self, connection: Connection, clues: Clues, at: datetime) -> tuple[int, ...]:
        """The sender's open tickets with the subject that he answers; two are as good as many: nobody can choose."""
        asker = clues.passed_on or clues
        subject = asker.subject or asker.answered_subject
        if not subject or asker.sender is None:
            return ()
        values = {"person": clean(asker.sender[:320]), "subject": subject}
        return tuple(connection.scalars(_SAME_SUBJECT, {**values, "since": at - SAME_SUBJECT_WITHIN}))

    def _earlier(self, connection: Connection, clues: Clues) -> tuple[EarlierTicket, ...]:
        if not clues.has_past or clues.sender is None:
            return ()
        rows = connection.execute(_EARLIER, {"person": clean(clues.sender[:320])})
        return tuple(
            EarlierTicket(id=r.id, number=r.number, subject=r.subject, status=Status(r.status), at=r.updated_at)
            for r in rows
        )

    def _acknowledged(self, connection: Connection, sender: str | None, now: datetime) -> list[datetime]:
        if sender is None:
            return []
        values = {"sender": clean(sender[:320]), "since": now - timedelta(days=1)}
        return list(connection.scalars(_ACKNOWLEDGED, values))

    def _answer_lost(self, connection: Connection, bounced_id: str | None) -> int | None:
        if bounced_id is None:
            return None
        query = (
            sa.select(messages.c.ticket_id)
            .join(mail_ids, mail_ids.c.ticket_id == messages.c.ticket_id)
            .where(
                mail_ids.c.id_hash == id_hash(bounced_id),
                messages.c.message_id == bounced_id,
                messages.c.direction == "out",
            )
            .limit(1)
        )
        return connection.scalar(query)

    def _returned_from(self, connection: Connection, clues: Clues, asked: Asked) -> tuple[str, ...]:
        """To whom the letter went that a report is about: the one it names, else the last with its return path."""
        query = (
            sa.select(outbox.c.message_id, outbox.c.envelope_from, outbox.c.recipients)
            .where(outbox.c.ticket_id.in_(sorted(clues.tickets())))
            .order_by(outbox.c.id.desc())
            .limit(_RECENT * 10)
        )
        letters = connection.execute(query).all()
        paths = {claim.address.casefold() for claim in clues.claims}
        found = next((x for x in letters if x.message_id == asked.bounced_id), None)
        found = found or next((x for x in letters if x.envelope_from.casefold() in paths), None)
        return tuple(normal(r["address"]) for r in found.recipients) if found is not None else ()

    def load(self, connection: Connection, ids: Sequence[int]) -> dict[int, TicketFacts]:
        """Tickets with participants, last messages, clocks and steps done; locked in the order of their numbers."""
        return load_tickets(connection, ids)

    def due(self, now: datetime, limit: int) -> list[int]:
        """The tickets whose next escalation step is due, the longest due first: an index says it, nothing is walked."""
        query = (
            sa.select(tickets.c.id).where(tickets.c.next_step_at <= now).order_by(tickets.c.next_step_at).limit(limit)
        )
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def look_again(self, ticket_id: int, at: datetime) -> None:
        """Set the time at which a ticket's deadlines are looked at next."""
        with self._database.write() as connection:
            self.look_at(connection, {ticket_id: at})

    def look_at(self, connection: Connection, looks: Mapping[int, datetime | None]) -> None:
        """The same of many tickets as a part of a transaction; None: never by itself."""
        if looks:
            connection.execute(_KEPT_TICKET, [{"kept": ticket, "next_step_at": at} for ticket, at in looks.items()])

    def save(
        self, connection: Connection, plan: Plan, *, inbox_id: int | None, digest: str | None, now: datetime
    ) -> None:
        """Write a Plan's ticket and everything that hangs on it; its letters are the outbox's."""
        ticket = plan.ticket
        if ticket is None:
            return
        self._save_ticket(connection, ticket, plan.next_step_at, is_new=plan.is_new)
        self._save_people(connection, ticket, is_new=plan.is_new)
        self._save_clocks(connection, ticket, plan.clocks, is_new=plan.is_new)
        self._save_ids(connection, plan)
        if plan.message is not None:
            row = message_row(plan.message) | {"ticket_id": ticket.id, "inbox_id": inbox_id, "digest": digest}
            kept = connection.execute(messages.insert(), row).inserted_primary_key
            assert kept is not None
            index_message(connection, kept[0], plan.message)
        if plan.beside is not None:
            row = message_row(plan.beside) | {"ticket_id": ticket.id, "inbox_id": inbox_id}
            beside = connection.execute(messages.insert(), row).inserted_primary_key
            assert beside is not None
            index_message(connection, beside[0], plan.beside)
        _insert(connection, events, _event_rows(ticket.id, plan.events))
        _insert(connection, steps_done, ({"ticket_id": ticket.id, "key": k, "done_at": now} for k in plan.steps_done))
        for link in plan.links:
            rows = [{"ticket_id": ticket.id, "kind": link.kind, "other_id": link.ticket}]
            if link.kind in _MIRRORED:
                rows.append({"ticket_id": link.ticket, "kind": _MIRRORED[link.kind], "other_id": ticket.id})
            _insert(connection, links, rows)
        if plan.confirmed is not None:
            self._judge_anew(connection, *plan.confirmed, now)
        if plan.undo is not None:
            save_undo(connection, plan.undo, now, self._moved(connection, plan, ticket.id))
        if plan.undone is not None:
            mark_undone(connection, plan.undone, now)
        if plan.recalled:
            recall(connection, plan.recalled)
        if plan.released:
            release(connection, plan.released, now)
        if plan.unkept:
            connection.execute(messages.update().where(messages.c.id.in_(plan.unkept)).values(proposed=True))
        if plan.kept:
            connection.execute(messages.update().where(messages.c.id.in_(plan.kept)).values(proposed=False))
        came = moved_by(connection, plan.undone) if plan.undone is not None else {}
        for change in plan.also:
            self._save_change(connection, change, ticket.id, came)

    def save_passed(self, connection: Connection, passed: Sequence[tuple[TicketFacts, Plan]], now: datetime) -> None:
        """What time did to tickets that are locked, in few statements: tickets, people, clocks, history and steps.

        Of what hangs on a ticket only that is written which is another than what was loaded of it.
        """
        kept = [(before, plan.ticket, plan) for before, plan in passed if plan.ticket is not None]
        rows = [ticket_row(after) | {"next_step_at": plan.next_step_at, "kept": after.id} for _, after, plan in kept]
        if rows:
            connection.execute(_KEPT_TICKET, rows)
        for facts, after, plan in kept:
            before = facts.ticket
            if after.participants != before.participants:
                self._save_people(connection, after, is_new=False)
            if _findable(after) != _findable(before):
                index_ticket(connection, after, is_new=False)
            if (plan.clocks, after.promise) != (facts.clocks, before.promise):
                self._save_clocks(connection, after, plan.clocks, is_new=False)
        _insert(connection, events, (row for _, after, plan in kept for row in _event_rows(after.id, plan.events)))
        _insert(
            connection,
            steps_done,
            ({"ticket_id": after.id, "key": k, "done_at": now} for _, after, plan in kept for k in plan.steps_done),
        )

    def _judge_anew(self, connection: Connection, inbox_id: int, agent: str, now: datetime) -> None:
        """A mail that was kept as unverified waits again, as its agent's own; what stood for it in the ticket goes."""
        connection.execute(messages.delete().where(messages.c.inbox_id == inbox_id, messages.c.unverified))
        again = {"state": InboxState.WAITING, "confirmed": agent, "next_at": now, "attempts": 0, "finished_at": None}
        connection.execute(inbox.update().where(inbox.c.id == inbox_id).values(**again))

    def _moved(self, connection: Connection, plan: Plan, origin: int) -> Moved:
        """The messages that go to other tickets now, so that an undo knows them among all that came there since."""
        moving = {c.ticket.id: _moving(c.messages, origin, whole=c.whole) for c in plan.also if c.messages or c.whole}
        return {
            number: [(row.id, row.moved_from) for row in connection.execute(sa.select(messages).where(which))]
            for number, which in moving.items()
        }

    def _save_change(self, connection: Connection, change: Change, origin: int, came: Moved) -> None:
        """What a merge or a split does to the other ticket; messages move to it from `origin`, or back."""
        ticket = change.ticket
        self._save_ticket(connection, ticket, change.next_step_at, is_new=change.is_new)
        self._save_people(connection, ticket, is_new=change.is_new)
        self._save_clocks(connection, ticket, change.clocks, is_new=change.is_new)
        for back in change.returns:
            give_back(connection, back.ticket, back.to, None if back.whole else came.get(back.ticket))
        if change.messages or change.whole:
            move_messages(connection, change.messages, origin, ticket.id, whole=change.whole)
        _insert(connection, events, _event_rows(ticket.id, change.events))
        _insert(
            connection, links, ({"ticket_id": ticket.id, "kind": k, "other_id": other} for k, other in change.links)
        )

    def _save_ticket(self, connection: Connection, ticket: Ticket, look: datetime | None, *, is_new: bool) -> None:
        values = ticket_row(ticket) | {"next_step_at": look}
        if is_new:
            connection.execute(tickets.insert(), values | {"id": ticket.id})
            connection.execute(_TAKEN_TICKET, {"next": ticket.id + 1})
        else:
            connection.execute(_KEPT_TICKET, values | {"kept": ticket.id})
        index_ticket(connection, ticket, is_new=is_new)

    def _save_people(self, connection: Connection, ticket: Ticket, *, is_new: bool) -> None:
        ticket_id = ticket.id
        known: dict[str, bool] = {}
        if not is_new:
            known = {row.key: row.confirmed for row in connection.execute(_CONFIRMED, {"ticket": ticket_id})}
        before = dict(known)
        gone = known.keys() - {key_of(person.address) for person in ticket.participants}
        if gone:
            left = participants.c.key.in_(sorted(gone))
            connection.execute(participants.delete().where(participants.c.ticket_id == ticket_id, left))
        for person in ticket.participants:
            key = key_of(person.address)
            assert key is not None
            if key not in known:
                row = {"key": key, "name": person.address.name, "address": person.address.address}
                connection.execute(participants.insert(), row | {"ticket_id": ticket_id, "confirmed": person.confirmed})
                known[key] = person.confirmed
            elif known[key] != person.confirmed:
                connection.execute(
                    participants.update()
                    .where(participants.c.ticket_id == ticket_id, participants.c.key == key)
                    .values(confirmed=person.confirmed)
                )
        if not is_new and (changed := _let_in_or_out(before, ticket)):
            follow_people(connection, ticket_id, changed, ticket.updated_at)

    def _save_clocks(
        self, connection: Connection, ticket: Ticket, running: Sequence[TicketClock], *, is_new: bool
    ) -> None:
        if not is_new:
            connection.execute(clocks.delete().where(clocks.c.ticket_id == ticket.id))
        _insert(connection, clocks, ({"ticket_id": ticket.id, **clock_row(c, ticket.promise)} for c in running))

    def _save_ids(self, connection: Connection, plan: Plan) -> None:
        assert plan.ticket is not None
        ticket_id = plan.ticket.id
        wanted = {(id_hash(r.message_id), "stored" if r.stored else "referred") for r in plan.remember}
        if plan.message is not None and plan.message.message_id is not None:
            wanted.add((id_hash(plan.message.message_id), "stored"))
        if not wanted:
            return
        values = {"ticket": ticket_id, "wanted": [h for h, _ in wanted]}
        known = set() if plan.is_new else {(r.id_hash, r.kind) for r in connection.execute(_IDS_OF_TICKET, values)}
        _insert(
            connection, mail_ids, ({"id_hash": h, "kind": k, "ticket_id": ticket_id} for h, k in sorted(wanted - known))
        )


def _findable(ticket: Ticket) -> tuple[object, ...]:
    """What the words are made of by which a ticket is found."""
    return ticket.number, ticket.subject, ticket.tags, ticket.requester, ticket.participants


def _let_in_or_out(known: Mapping[str, bool], ticket: Ticket) -> dict[str, bool]:
    """Who is sent answers from now on, and who no more, by their keys; who took no part before is not sent any."""
    now = {key: p.confirmed for p in ticket.participants if (key := key_of(p.address)) is not None}
    return {
        key: now.get(key, False) for key in known.keys() | now.keys() if now.get(key, False) != known.get(key, False)
    }


def _most_telling(clues: Clues, known: Sequence[KnownId], same_subject: Sequence[int]) -> list[int]:
    """The tickets a mail may belong to, the strongest evidence first where there are too many; in order of number."""
    place = {id_hash(name): at for at, name in enumerate(i for one in clues.all for i in one.ids)}
    nearest = sorted(known, key=lambda k: (not k.stored, place.get(k.id_hash, len(place)), k.ticket))
    told = [c.ticket for one in clues.all for c in one.claims] + [s.ticket for one in clues.all for s in one.signed]
    named = [number for one in clues.all for number in (*one.tickets_named, *one.tickets_ordered)]
    ranked = dict.fromkeys((*told, *(k.ticket for k in nearest if k.stored), *named))
    ranked |= dict.fromkeys((*same_subject, *(k.ticket for k in nearest)))
    return sorted(list(ranked)[:_MAX_CANDIDATES])


def _people_of(clues: Clues, asked: Asked, candidates: Mapping[int, TicketFacts]) -> list[str]:
    """Everybody to whom a letter may go because of this mail, and whom it says could not be reached."""
    people = [one.sender for one in clues.all if one.sender]
    for found in candidates.values():
        people.extend(p.address.address for p in found.ticket.participants if p.confirmed)
        if found.ticket.requester is not None:
            people.append(found.ticket.requester.address)
    return [*people, *asked.reported]


def move_messages(connection: Connection, ids: Sequence[int], origin: int, ticket: int, *, whole: bool) -> None:
    """Messages go to another ticket, all of them with `whole`, and what is answered to them goes there."""
    moving = _moving(ids, origin, whole=whole)
    rows = connection.execute(sa.select(messages.c.message_id).where(moving)).scalars()
    hashes = [id_hash(message_id) for message_id in rows if message_id]
    connection.execute(messages.update().where(moving).values(ticket_id=ticket, moved_from=origin))
    there = sa.select(mail_ids.c.id_hash).where(mail_ids.c.ticket_id == ticket, mail_ids.c.kind == "stored")
    mine = (
        (mail_ids.c.ticket_id == origin)
        & mail_ids.c.id_hash.in_(hashes)
        & (mail_ids.c.kind == "stored")
        & mail_ids.c.id_hash.not_in(there)
    )
    connection.execute(mail_ids.update().where(mine).values(ticket_id=ticket))


def _moving(ids: Sequence[int], origin: int, *, whole: bool) -> sa.ColumnElement[bool]:
    return messages.c.ticket_id == origin if whole else messages.c.id.in_(ids)


def give_back(connection: Connection, ticket: int, origin: int, came: Sequence[tuple[int, int | None]] | None) -> None:
    """These messages, with where each had come from before, go back to `origin`; None: all that the ticket has."""
    whole, before = came is None, dict(came or ())
    here = messages.c.ticket_id == ticket if whole else (messages.c.ticket_id == ticket) & messages.c.id.in_(before)
    ids = list(connection.scalars(sa.select(messages.c.id).where(here)))
    move_messages(connection, ids, ticket, origin, whole=False)
    for earlier in {before.get(i) for i in ids}:
        same = [i for i in ids if before.get(i) == earlier]
        connection.execute(messages.update().where(messages.c.id.in_(same)).values(moved_from=earlier))
    between = ((links.c.ticket_id == ticket) & (links.c.other_id == origin)) | (
        (links.c.ticket_id == origin) & (links.c.other_id == ticket)
    )
    connection.execute(links.delete().where(between))
    if whole:
        # It ends here: what is answered to it goes where its mails went.
        _insert(connection, links, [{"ticket_id": ticket, "kind": MERGED_INTO, "other_id": origin}])


def _event_rows(ticket: int, happened: Sequence[Event]) -> Iterable[dict[str, Any]]:
    return (
        {"ticket_id": ticket, "at": e.at, "kind": e.kind, "actor": e.actor, "detail": e.detail, "because": e.because}
        for e in happened
    )


def _insert(connection: Connection, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    listed = list(rows)
    if listed:
        connection.execute(table.insert(), listed)
