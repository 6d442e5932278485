"""The page of a report: whole in itself, harmless whatever stands in it, in the desk's language."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from maild.outgoing.report_page import report_page
from maild.threads.model import Status
from maild.threads.periods import Period
from maild.threads.report import Moment, Rows, TicketRow, make_report

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def page(days: int = 7, customer: str = "ivan@customer.example") -> str:
    """Of a desk with two tickets."""
    period = Period(since=NOW - timedelta(days=days), until=NOW)
    at = NOW - timedelta(hours=3)
    one = TicketRow(1, "support", "anna", Status.CLOSED, at, at, customer)
    other = TicketRow(2, "<b>billing</b>", None, Status.OPEN, at, None, customer)
    rows = Rows(tickets=[one, other], mails=[Moment(1, "support", at)])
    return report_page(make_report(rows, period, NOW, ZoneInfo("UTC")), "Acme & Co", "ru", "UTC", {"anna": "Анна"})


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    """No script, no link, no picture from elsewhere: it opens from a mail and from a disk."""
    text = page()
    assert not re.search(r"(?i)<(script|link|img|iframe|object)|\bon\w+=|https?:|url\(|@import", text)
    ElementTree.fromstring(
        text.replace("<!DOCTYPE html>\n", "")
        .replace('<meta charset="utf-8">', "")
        .replace('<meta name="viewport" content="width=device-width, initial-scale=1">', "")
    )
    assert "Отчёт: Acme &amp; Co" in text
    assert "Анна" in text


def test_what_strangers_wrote_is_text_on_the_page() -> None:
    """Addresses and names of queues."""
    text = page(customer='"<img/src=x onerror=alert(1)>"@x.example')
    assert "<img" not in text
    assert "&lt;b&gt;billing&lt;/b&gt;" in text


def test_a_long_time_is_drawn_in_bars_that_can_be_seen() -> None:
    """Days together, and none is lost."""
    week, years = (len(re.findall("<rect", page(days))) for days in (7, 1000))
    assert week < years < 250
    assert ">2<" in page(1000)
