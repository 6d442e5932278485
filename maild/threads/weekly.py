"""The letter that brings the report of a week by itself. When it is due stands in `periods.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from maild.messages.mail import Address, Attachment
from maild.messages.tokens import Purpose
from maild.threads.correspondence import Pen, desk_view
from maild.threads.plan import Letter, LetterKind
from maild.threads.report import Report
from maild.threads.report_words import report_lines


def weekly_letter(
    pen: Pen, to: tuple[str, ...], made: Report, page: Attachment, names: Mapping[str, str], unique: str
) -> Letter:
    """The figures in words, and the page with its pictures beside them. `names`: agents' names by their ids."""
    practice = pen.practice
    language = practice.languages[0]
    return Letter(
        kind=LetterKind.REPORT,
        template="report",
        language=language,
        to=tuple(Address(address=address) for address in to),
        sender=practice.sender(),
        context={
            "desk": desk_view(practice),
            "lines": report_lines(made, language, practice.timezone, names),
            "since": made.period.since,
            "until": made.period.until - timedelta(seconds=1),
        },
        message_id=pen.message_id(Purpose.AGENT_ID, 0),
        date=pen.now,
        automatic=True,
        loop_mark=practice.mint.loop_mark(),
        attachments=(page,),
        unique=unique,
    )
