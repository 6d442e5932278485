"""Figures of a report out of real databases, held against a count by hand over everything that is kept."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from maild.store.engine import Database
from maild.store.keep import Keep
from maild.store.report import report_rows
from maild.store.tables import clocks, events, messages, tickets
from maild.threads.periods import Period
from maild.threads.report import make_report

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
PERIOD = Period(since=NOW - timedelta(days=14), until=NOW - timedelta(days=3))
STATUSES = ("new", "open", "pending", "hold", "solved", "closed", "spam", "merged")
Row = dict[str, Any]


class Desk:
    """Tickets of a month with mails, events and clocks, by chance but always the same."""

    def __init__(self, database: Database, count: int) -> None:
        self._chance = random.Random(7)  # a test has to be the same each time
        self.tickets: list[Row] = []
        self.messages: list[Row] = []
        self.events: list[Row] = []
        self.clocks: list[Row] = []
        for number in range(1, count + 1):
            self._ticket(number)
        with database.write() as connection:
            for table, rows in (
                (tickets, self.tickets),
                (messages, self.messages),
                (events, self.events),
                (clocks, self.clocks),
            ):
                connection.execute(sa.insert(table), rows)

    def _days(self, most: float) -> timedelta:
        return timedelta(seconds=self._chance.randrange(int(most * 86400)))

    def _ticket(self, number: int) -> None:
        pick = self._chance.choice
        made = NOW - self._days(30)
        status = pick(STATUSES)
        self.tickets.append(
            {
                "id": number, "number": f"SUP-{number}", "status": status, "subject": "x", "base_subject": "x",
                "queue": pick(("support", "billing")), "line": 1, "assignee": pick((None, "anna", "boris")),
                "priority": "normal", "tags": [], "fields": {}, "requester_key": f"{number % 13}@customer.example",
                "language": "en", "channel": "smtp", "created_at": made, "updated_at": made,
                "solved_at": made + self._days(9) if status in ("solved", "closed", "merged") else None,
            }
        )  # fmt: skip
        for _ in range(self._chance.randrange(4)):
            self._message(number, made + self._days(9))
        for kind, detail in (("status", "solved -> open"), ("status", "open -> solved"), ("queue", "solved -> open")):
            self.events.append(
                {"ticket_id": number, "at": made + self._days(9), "kind": kind, "actor": "x", "detail": detail,
                 "because": ""}
            )  # fmt: skip
        for target in ("first_response", "resolution"):
            self._clock(number, target, made)

    def _message(self, number: int, at: datetime) -> None:
        pick = self._chance.choice
        direction = pick(("in", "out"))
        self.messages.append(
            {
                "ticket_id": number, "at": at, "direction": direction, "visibility": pick(("public", "internal")),
                "mail_class": pick(("person", "auto_generated")), "to": [], "cc": [], "references": [],
                "subject": "x", "text": "x", "reply": "x", "attachments": [], "proposed": False, "unverified": False,
                "author": pick(("anna", "boris", None)) if direction == "out" else None,
            }
        )  # fmt: skip

    def _clock(self, number: int, target: str, made: datetime) -> None:
        due, state = made + self._days(9), self._chance.choice(("running", "met", "breached"))
        self.clocks.append(
            {
                "ticket_id": number, "target": target, "started_at": made, "resumed_at": None,
                "spent_microseconds": self._chance.randrange(10**10), "due_at": due,
                "ended_at": None if state == "running" else due + self._days(2) * (1 if state == "breached" else -1),
                "state": state, "promise": "standard",
            }
        )  # fmt: skip

    def shown(self, queue: str | None) -> dict[int, Row]:
        """The tickets that figures are made of."""
        return {
            t["id"]: t for t in self.tickets if t["status"] not in ("spam", "merged") and queue in (None, t["queue"])
        }


def within(at: datetime | None) -> bool:
    """Whether a moment lies in the period."""
    return at is not None and PERIOD.since <= at < PERIOD.until


def test_every_figure_is_what_a_count_by_hand_gives(keep: Keep) -> None:
    """Of all queues and of one; the tickets behind a figure are the ones that were counted."""
    desk = Desk(keep.database, 400)
    with keep.database.read() as connection:
        rows = report_rows(connection, PERIOD)
    for queue in (None, "billing"):
        report = make_report(rows, PERIOD, NOW, ZoneInfo("Europe/Moscow"), queue)
        shown = desk.shown(queue)
        opened = sorted(i for i, t in shown.items() if within(t["created_at"]))
        solved = sorted(i for i, t in shown.items() if t["status"] in ("solved", "closed") and within(t["solved_at"]))
        backlog = sorted(i for i, t in shown.items() if t["status"] in ("new", "open", "pending", "hold"))
        assert list(report.behind["opened"]) == opened != []
        assert list(report.behind["solved"]) == solved != []
        assert list(report.behind["backlog"]) == backlog != []
        assert (report.opened, report.solved, report.backlog) == (len(opened), len(solved), len(backlog))
        again = {
            e["ticket_id"]
            for e in desk.events
            if e["ticket_id"] in shown and within(e["at"]) and (e["kind"], e["detail"]) == ("status", "solved -> open")
        }
        assert set(report.behind["reopened"]) == again
        public = [
            m for m in desk.messages if m["ticket_id"] in shown and within(m["at"]) and m["visibility"] == "public"
        ]
        answers = [m for m in public if m["direction"] == "out" and m["author"]]
        assert report.answered == len(answers) > 0
        assert {a.name: a.answered for a in report.agents} == Counter(m["author"] for m in answers)
        assert sum(report.hours) == sum(m["direction"] == "in" and m["mail_class"] == "person" for m in public)
        assert dict(report.customers).items() <= Counter(shown[i]["requester_key"] for i in opened).items()
        of_clocks = [c for c in desk.clocks if c["ticket_id"] in shown]
        broken = [c for c in of_clocks if within(c["due_at"]) and c["state"] != "met"]
        assert report.breached == len(broken)
        firsts = sorted(
            (c["spent_microseconds"], c["state"])
            for c in of_clocks
            if c["target"] == "first_response" and within(c["ended_at"])
        )
        assert report.first_response.count == len(firsts) > 0
        assert report.first_response.within == sum(state == "met" for _, state in firsts)
        assert report.first_response.median == timedelta(microseconds=firsts[(len(firsts) - 1) // 2][0])
        assert sum(line.opened for line in report.queues) == len(opened)
        assert sum(came for _, came, _ in report.days) == len(opened)


def test_an_empty_desk_has_a_report(keep: Keep) -> None:
    """Of nothing."""
    with keep.database.read() as connection:
        report = make_report(report_rows(connection, PERIOD), PERIOD, NOW, ZoneInfo("UTC"))
    assert (report.opened, report.first_response.median, report.behind["opened"]) == (0, None, ())
