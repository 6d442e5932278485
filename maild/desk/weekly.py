"""The weekly report is written: once, whoever of several desks comes first, and not long after its time."""

from __future__ import annotations

from datetime import datetime, timedelta

from maild.desk.handle import Office
from maild.messages.mail import Attachment
from maild.outgoing.compose import write_letter
from maild.outgoing.report_page import report_page
from maild.store.keep import Keep
from maild.store.report import any_ticket_before, report_rows
from maild.threads.correspondence import Pen
from maild.threads.periods import week_before
from maild.threads.report import Report, make_report
from maild.threads.weekly import weekly_letter

_LATE = timedelta(days=3)
"""After which a report that was missed, by a desk that stood still, is left out: the next one is nearer."""


def write_weekly(keep: Keep, office: Office, now: datetime) -> int:
    """Write the report where it is due and nobody has; how many letters that is. Raises RetryLater."""
    practice = office.practice
    due = practice.weekly.due(now, practice.zone)
    unique = f"report:{due:%Y-%m-%d}"
    if not practice.weekly.to or now - due > _LATE:
        return 0
    with keep.database.read() as connection:
        if keep.outbox.has(connection, unique) or not any_ticket_before(connection, due):
            return 0
        period = week_before(due, practice.zone)
        rows = report_rows(connection, period)
    names = {agent.id: agent.name for agent in practice.team.agents}
    made = make_report(rows, period, now, practice.zone, None)
    with keep.database.write() as connection:
        pen = Pen(practice=practice, source="t", number=keep.tickets.take_number(connection, "ticks"), now=now)
        letter = weekly_letter(pen, practice.weekly.to, made, _page(made, office, names, due), names, unique)
        return 0 if keep.outbox.add(connection, write_letter(letter, office.letters), now) is None else 1


def _page(made: Report, office: Office, names: dict[str, str], due: datetime) -> Attachment:
    practice = office.practice
    page = report_page(made, practice.name, practice.languages[0], practice.timezone, names).encode()
    return Attachment.file(f"report-{due.astimezone(practice.zone):%Y-%m-%d}.html", "text/html", page)
