"""The practice of this moment: who is away and what everybody has in hand, as the transaction that decides sees it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from maild.desk.handle import Office
from maild.store.assignment import said_absences, workload
from maild.threads.assignment import counted, present
from maild.threads.workload import Workload


def office_now(connection: Any, office: Office, now: datetime, *, orders: bool = False) -> Office:
    """The office with what is so now. Where tickets may be given to one of several, the counter of tickets is locked.

    `orders`: somebody orders, and may give a ticket to one of several where no rule or queue does.
    """
    agents = counted(office.practice, orders=orders)
    known = workload(connection, agents) if agents else Workload()
    return replace(office, practice=present(office.practice, said_absences(connection), known, now))
