"""When a mail arrived where it was found: for old mail, which nobody was there to see come in."""

from __future__ import annotations

from datetime import datetime

from maild.messages.addresses import read_date
from maild.messages.fields import read_fields


def arrival_time(raw: bytes) -> datetime | None:
    """The time that the last server stamped into the topmost Received, else Date; in UTC, None where neither is there.

    RFC 5321, 4.4: the date stands behind the last semicolon of the field.
    """
    fields = read_fields(raw)
    _, found, stamp = fields.first("received").rpartition(b";")
    stamped = read_date([stamp.strip()]) if found else None
    return stamped or read_date(fields.all("date"))
