"""The store as a whole: all parts on one database, and the one transaction in which a Plan becomes true."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from maild.store.assignment import end_absences, save_absences, save_turns
from maild.store.budgets import BudgetStore
from maild.store.dead import DeadStore
from maild.store.digests import DigestStore
from maild.store.engine import Database
from maild.store.inbox import InboxStore
from maild.store.mailboxes import MailboxStore
from maild.store.outbox import OutboxStore
from maild.store.rules_in_force import RulesInForce
from maild.store.tickets import TicketStore
from maild.store.troubles import TroubleStore
from maild.store.views import Views
from maild.threads.facts import TicketFacts
from maild.threads.plan import Plan, WrittenLetter


class Keep:
    """Everything that is kept. `holder` names this process to others who share the database.

    Two machines may have one name, and a container's process always has the same number: a few random letters make sure
    that nobody takes the claims and leases of another, or of his own former life, for his.
    """

    def __init__(self, database: Database, holder: str) -> None:
        self.database = database
        self.holder = holder = f"{holder}/{secrets.token_hex(4)}"
        self.inbox = InboxStore(database)
        self.tickets = TicketStore(database)
        self.outbox = OutboxStore(database, holder)
        self.dead = DeadStore(database)
        self.mailboxes = MailboxStore(database, holder)
        self.budgets = BudgetStore(database)
        self.digests = DigestStore(database)
        self.troubles = TroubleStore(database)
        self.rules = RulesInForce(database)
        self.views = Views(database)

    def apply(
        self,
        connection: Connection,
        plan: Plan,
        written: Sequence[WrittenLetter],
        *,
        inbox_id: int | None,
        digest: str | None,
        now: datetime,
        letters_at: datetime | None = None,
    ) -> None:
        """Save a decision whole: ticket, message, letters, and the end of the mail that led to it."""
        self.tickets.save(connection, plan, inbox_id=inbox_id, digest=digest, now=now)
        save_turns(connection, plan.turns)
        end_absences(connection, plan.returned, now)
        save_absences(connection, plan.absences)
        for letter in written:
            self.outbox.add(connection, letter, letters_at or now)
        self.dead.save(connection, plan.dead)
        if plan.revived is not None:
            self.dead.forget(connection, plan.revived)
        if inbox_id is not None:
            self.inbox.finish(
                connection,
                inbox_id,
                state=plan.state,
                ticket=plan.belongs_to,
                reason=plan.reason,
                decision=plan.explanation,
                now=now,
            )

    def apply_passed(self, connection: Connection, passed: Sequence[tuple[TicketFacts, Plan]], now: datetime) -> None:
        """Save what time did to tickets, each with what was loaded of it; their letters are in the outbox already."""
        self.tickets.save_passed(connection, passed, now)
        save_turns(connection, (turn for _, plan in passed for turn in plan.turns))
