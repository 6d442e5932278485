"""What a calendar part says in the words of a mail, and that it stays a file."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.messages.calendar import summary
from maild.messages.read import read_mail


def event(*lines: str, method: str = "REQUEST", kind: str = "VEVENT") -> str:
    """A calendar with one entry; a time zone stands in front of it, as clients have it."""
    zone = "BEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nDTSTART:19700101T000000\nEND:STANDARD\nEND:VTIMEZONE\n"
    said = f"METHOD:{method}\n" if method else ""
    inside = "".join(f"{line}\n" for line in lines)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{said}{zone}BEGIN:{kind}\n{inside}END:{kind}\nEND:VCALENDAR\n"


WHEN = ("DTSTART;TZID=Europe/Moscow:20261123T100000", "DTEND;TZID=Europe/Moscow:20261123T113000")


def test_an_invitation_says_what_when_where_and_who() -> None:
    """Folded lines, escapes and quoted names are undone."""
    text = event(
        "SUMMARY:Quarterly figures\\, part", "  two", *WHEN, "LOCATION:Room 5\\; second floor",
        'ORGANIZER;CN="Petrova, Anna":mailto:anna@acme.example', "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:a@b.example",
        "ATTENDEE:mailto:c@d.example", "RRULE:FREQ=WEEKLY;COUNT=5", "DESCRIPTION:Bring\\nyour laptop",
        "BEGIN:VALARM", "DESCRIPTION:not this", "END:VALARM",
    )  # fmt: skip
    assert summary(text) == (
        "Invitation: Quarterly figures, part two\n"
        "When: 2026-11-23 10:00–11:30 (Europe/Moscow), repeats weekly\n"
        "Where: Room 5; second floor\n"
        "Organizer: Petrova, Anna <anna@acme.example>\n"
        "Invited: 2\n\nBring\nyour laptop"
    )


def test_a_russian_event_is_told_in_russian() -> None:
    """The calendar's own words decide."""
    text = event("SUMMARY:Планёрка", "DTSTART:20261123T070000Z", "DURATION:PT1H30M", method="CANCEL")
    assert summary(text) == "Отменено: Планёрка\nКогда: 2026-11-23 07:00–08:30 (UTC)"


@pytest.mark.parametrize(
    ("answer", "line"),
    [("ACCEPTED", "Accepted: Lunch"), ("DECLINED", "Declined: Lunch"), ("X-ODD", "Answer: Lunch")],
)
def test_an_answer_says_who_gave_it(answer: str, line: str) -> None:
    """And how; his comment stands for the description."""
    who = f"ATTENDEE;CN=Ivan;PARTSTAT={answer}:MAILTO:ivan@x.example"
    text = event("SUMMARY:Lunch", who, "COMMENT:Will be late", "DESCRIPTION:old", method="REPLY")
    assert summary(text) == f"{line}\nBy: Ivan <ivan@x.example>\n\nWill be late"


@pytest.mark.parametrize(
    ("lines", "when"),
    [
        (("DTSTART;VALUE=DATE:20261123", "DTEND;VALUE=DATE:20261124"), "When: 2026-11-23"),
        (("DTSTART;VALUE=DATE:20261123", "DTEND;VALUE=DATE:20261126"), "When: 2026-11-23 – 2026-11-25"),
        (("DTSTART:20261123T220000", "DTEND:20261124T010000"), "When: 2026-11-23 22:00 – 2026-11-24 01:00"),
        (("DTSTART:20269999T220000",), None),
        (("DTSTART:99991231T220000Z", "DURATION:P9999D"), "When: 9999-12-31 22:00 (UTC)"),
    ],
)
def test_times_are_shown_as_they_are_written(lines: tuple[str, ...], when: str | None) -> None:
    """Whole days end on the day before DTEND; what is no date is left out."""
    assert summary(event(*lines, method="")) == "\n".join(filter(None, ("Event", when)))


def test_several_events_are_counted_and_tasks_are_named() -> None:
    """The first is told, the rest lies in the file."""
    one = "BEGIN:VEVENT\nSUMMARY:one\nEND:VEVENT\n"
    assert summary(f"BEGIN:VCALENDAR\n{one}{one}END:VCALENDAR") == "Event: one\nMore events in the attachment: 1"
    assert summary(event("SUMMARY:Tidy up", "DUE:20261123T100000Z", method="", kind="VTODO")) == (
        "Task: Tidy up\nDue: 2026-11-23 10:00 (UTC)"
    )


def mail_of(text: str, calendar: str) -> bytes:
    """A mail with a text and a calendar as its alternative."""
    return (
        'From: a@b.example\nSubject: x\nContent-Type: multipart/alternative; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f"--b\nContent-Type: text/calendar; charset=utf-8; method=REPLY\n\n{calendar}\n--b--\n"
    ).encode()


def test_a_mail_of_a_calendar_alone_is_told_and_keeps_the_file() -> None:
    """Nothing is answered; the method may stand in the Content-Type alone; our words give no language."""
    calendar = event("SUMMARY:Lunch", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ivan@x.example", method="")
    read = read_mail(mail_of("", calendar))
    assert read.text == read.reply == "Accepted: Lunch\nBy: ivan@x.example"
    assert [(one.filename, one.content_type) for one in read.attachments] == [("event.ics", "text/calendar")]
    assert read.language == ""


def test_the_senders_own_words_come_first() -> None:
    """Where there is a text the calendar is only a file."""
    read = read_mail(mail_of("See you there.", event("SUMMARY:Lunch")))
    assert (read.text.strip(), len(read.attachments)) == ("See you there.", 1)


def test_a_calendar_as_the_whole_mail_is_told() -> None:
    """No multipart around it."""
    head = "From: a@b.example\nContent-Type: text/calendar; method=REQUEST\n\n"
    read = read_mail((head + event("SUMMARY:Lunch")).encode())
    assert (read.text, [one.filename for one in read.attachments]) == ("Invitation: Lunch", ["event.ics"])


@pytest.mark.fault("G-7")
def test_values_are_clean() -> None:
    """No line is forged through a title or a name."""
    told = summary(event("SUMMARY:a\\nWhen: never", "ORGANIZER;CN=x\x0by\u2028z:mailto:a@b.example"))
    assert told == "Invitation: a When: never\nOrganizer: x y z <a@b.example>"


@given(st.lists(st.text('ABCDEFVZ:;=,"\\\n \t0123456789TPNMОж', max_size=60), max_size=20))
def test_no_text_raises(lines: list[str]) -> None:
    """Random lines inside an event."""
    summary(event(*lines))
    summary("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:" + "".join(lines))


@pytest.mark.parametrize(
    "text",
    [
        event(*["ATTENDEE;CN=x:mailto:a@b.example"] * 20_000),
        event("SUMMARY" + ";A=b" * 60_000 + ":x"),
        event('SUMMARY;CN="' * 30_000),
        "BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\n" * 100_000,
        event("SUMMARY:" + "\\" * 200_000),
        event("SUMMARY;A=" + "," * 200_000),
    ],
)
def test_hostile_calendars_cost_little(text: str) -> None:
    """Counts and lengths are capped."""
    start = time.process_time()
    summary(text)
    assert time.process_time() - start < 1.5  # a tenth of it where nothing else is done
