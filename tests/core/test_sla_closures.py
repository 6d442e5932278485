"""iCalendar files of closed days: what closes a day, what does not, and what is wrong with its line."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from maild.config.policy import check_policy, load_policy
from maild.config.settings import load_settings
from maild.errors import ConfigError
from maild.sla.calendar import Calendar, Span
from maild.sla.closures import ClosedDays, read_closed_days

ROOT = Path(__file__).parents[2]
OFFICE = dict.fromkeys(range(5), (Span(time(9), time(18)),))


def file(*events: str) -> str:
    """An iCalendar file with these events, each given as its lines."""
    parts = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{parts}END:VCALENDAR\r\n"


def closed(*events: str) -> ClosedDays:
    """The days that a file of these events closes, which has no mistake."""
    found, doubts = read_closed_days(file(*events))
    assert doubts == []
    return found


def days_of(found: ClosedDays, year: int) -> list[str]:
    """The closed days of a year as month and day."""
    start = date(year, 1, 1)
    days = (start + timedelta(days=n) for n in range(366 if year % 4 == 0 else 365))
    return [f"{day:%m-%d}" for day in days if day in found]


def test_a_day_closes_itself_and_several_do_up_to_their_end() -> None:
    """DTEND is no part of an event (RFC 5545, 3.6.1); without one it lasts a day, or for its DURATION."""
    one, three = "DTSTART;VALUE=DATE:20261231", "DTSTART;VALUE=DATE:20260504\nDTEND;VALUE=DATE:20260507"
    week = "DTSTART;VALUE=DATE:20260803\nDURATION:P1W"
    assert days_of(closed(one, three), 2026) == ["05-04", "05-05", "05-06", "12-31"]
    assert len(days_of(closed(week), 2026)) == 7


def test_a_yearly_event_closes_its_day_in_every_year_from_its_start() -> None:
    """Far ahead, too, and over New Year, where it lasts so long."""
    found = closed("DTSTART;VALUE=DATE:20201231\nDTEND;VALUE=DATE:20210102\nRRULE:FREQ=YEARLY")
    assert days_of(found, 2020) == ["12-31"]
    assert days_of(found, 2021) == days_of(found, 2077) == ["01-01", "12-31"]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", ["11-26"]),
        ("FREQ=YEARLY;UNTIL=20251231T235959Z", []),
        ("FREQ=YEARLY;COUNT=3", []),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYMONTHDAY=7", ["01-07"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;BYMONTH=3,6", ["03-31", "06-30"]),
        ("FREQ=WEEKLY;BYDAY=SA;BYMONTH=8", ["08-01", "08-08", "08-15", "08-22", "08-29"]),
    ],
)
def test_days_come_again_as_their_rule_says(rule: str, days: list[str]) -> None:
    """The rules of RFC 5545, from a start in 2022 on."""
    assert days_of(closed(f"DTSTART;VALUE=DATE:20220107\nRRULE:{rule}"), 2026) == days


def test_occurrences_that_are_left_out_added_or_moved_are_so() -> None:
    """EXDATE, RDATE, and an event with RECURRENCE-ID in place of one occurrence."""
    series = "UID:a\nDTSTART;VALUE=DATE:20200301\nRRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:20240301,20250301"
    more = "\nRDATE;VALUE=DATE:20250310,20250311"
    moved = "UID:a\nRECURRENCE-ID;VALUE=DATE:20260301\nDTSTART;VALUE=DATE:20260302"
    found = closed(series + more, moved)
    assert [days_of(found, year) for year in (2024, 2025, 2026, 2027)] == [
        [],
        ["03-10", "03-11"],
        ["03-02"],
        ["03-01"],
    ]


def test_a_cancelled_occurrence_of_a_series_is_no_closed_day() -> None:
    """It stands for its day, and closes nothing."""
    series = "UID:a\nDTSTART;VALUE=DATE:20200301\nRRULE:FREQ=YEARLY"
    gone = "UID:a\nRECURRENCE-ID;VALUE=DATE:20260301\nDTSTART;VALUE=DATE:20260301\nSTATUS:CANCELLED"
    assert days_of(closed(series, gone), 2026) == []
    assert days_of(closed(series, gone), 2027) == ["03-01"]


def test_events_that_are_cancelled_or_free_close_nothing_and_a_file_of_such_is_doubted() -> None:
    """Feeds of public holidays mark every day as free: the admin is told why nothing is closed."""
    free = "DTSTART;VALUE=DATE:20260101\nTRANSP:TRANSPARENT"
    found, doubts = read_closed_days(file(free, "DTSTART;VALUE=DATE:20260102\nSTATUS:CANCELLED"))
    assert days_of(found, 2026) == []
    assert [(doubt.message, doubt.fatal) for doubt in doubts] == [("no day is closed by this file", False)]


def test_a_timed_event_is_doubted_and_one_from_midnight_to_midnight_is_whole_days() -> None:
    """As some calendars write whole days; alarms inside an event are not the event's own."""
    midnight = "DTSTART;TZID=Europe/Moscow:20260309T000000\nDTEND;TZID=Europe/Moscow:20260310T000000"
    alarm = "\nBEGIN:VALARM\nTRIGGER:-PT15M\nDURATION:PT5M\nEND:VALARM"
    party = "SUMMARY:Party\\, with cake\nDTSTART:20261225T150000Z\nDTEND:20261225T180000Z"
    found, doubts = read_closed_days(file(midnight + alarm, party))
    assert days_of(found, 2026) == ["03-09"]
    assert [(d.line, d.fatal) for d in doubts] == [(13, False)]
    assert "Party, with cake" in doubts[0].message


def test_folded_lines_are_one_line_and_keep_the_number_of_their_first() -> None:
    """RFC 5545, 3.1: a line that begins with a space goes on."""
    found, doubts = read_closed_days(file("DTSTART;VALUE=DA\r\n TE:20261\r\n\t231"))
    assert (days_of(found, 2026), doubts) == (["12-31"], [])
    assert read_closed_days(file("SUMMARY:x", "SUMMARY:a\r\n b\r\nDTSTART:2026"))[1][1].line == 9


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("Dear admin, here are our holidays", 1, "no line of an iCalendar file"),
        ("BEGIN:VEVENT\nEND:VEVENT", 1, "does not begin with BEGIN:VCALENDAR"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101", 3, "ends in the middle"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VTODO", 3, "ends nothing that has begun"),
        ("", 1, "ends in the middle"),
        (file("DTSTART;VALUE=DATE:20261301"), 4, "is no day"),
        (file("SUMMARY:x"), 4, "no DTSTART"),
        (file("DTSTART;VALUE=DATE:20260102\nDTEND;VALUE=DATE:20260101"), 5, "ends before it starts"),
        (file("DTSTART;VALUE=DATE:20260102\nDURATION:PT5H"), 5, "no number of whole days"),
        (file("DTSTART;VALUE=DATE:00010101\nDTEND;VALUE=DATE:99991231"), 4, "longer than ten years"),
        (file("DTSTART;VALUE=DATE:20260102\nRRULE:FREQ=HOURLY"), 5, "yearly, monthly, weekly or daily"),
        (file("DTSTART;VALUE=DATE:20260102\nRRULE:FREQ=YEARLY;BYDAY=XX"), 5, "cannot be read"),
        (file("DTSTART;VALUE=DATE:20260102\nRRULE:FREQ=YEARLY;NONSENSE"), 5, "cannot be read"),
        (file("DTSTART;VALUE=DATE:20260102\nRRULE:FREQ=YEARLY;INTERVAL=0"), 5, "1 or more"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, words: str) -> None:
    """And never raised."""
    _, doubts = read_closed_days(text)
    assert [(doubt.line, doubt.fatal) for doubt in doubts] == [(line, True)]
    assert words in doubts[0].message


def rules(folder: Path, sla: str) -> Path:
    """The shipped rules with another sla.toml."""
    shutil.copytree(ROOT / "rules", folder, dirs_exist_ok=True)
    promise = '[[promise]]\nname = "p"\ncalendar = "office"\nresolution = "8h"\n'
    (folder / "sla.toml").write_text(f'[[calendar]]\nname = "office"\n{sla}\n{promise}', encoding="utf-8")
    return folder


DESK = load_settings(ROOT / "settings.toml").desk


def test_a_calendar_takes_its_closed_days_from_files_beside_it_and_a_changed_file_is_another_revision(
    tmp_path: Path,
) -> None:
    """Beside sla.toml, or in calendars/; `extra` still opens such a day."""
    sla = 'hours = { mon-fri = ["09:00-18:00"] }\nics = ["own.ics", "bridge.ics"]\n'
    folder = rules(tmp_path, sla + 'extra = { "2026-12-31" = ["09:00-10:00"] }')
    (folder / "calendars").mkdir()
    (folder / "own.ics").write_text(file("DTSTART;VALUE=DATE:20261230\nDTEND;VALUE=DATE:20270101"))
    (folder / "calendars/bridge.ics").write_text(file("DTSTART;VALUE=DATE:20261229"), encoding="utf-8-sig")
    policy = load_policy(folder, DESK)
    [calendar] = policy.calendars
    start = datetime(2026, 12, 28, tzinfo=UTC)
    opened = [(start + timedelta(days=n)).day for n in range(4) if calendar.between(start, start + timedelta(days=n))]
    assert opened == [29, 30, 31]
    assert calendar.between(start, start + timedelta(days=4)) == timedelta(hours=10)
    (folder / "calendars/bridge.ics").write_text(file("DTSTART;VALUE=DATE:20261228"))
    assert load_policy(folder, DESK).revision != policy.revision


@pytest.mark.parametrize(
    ("name", "words"),
    [("none.ics", "no such file"), ("/etc/hostname", "own folder"), ("../x.ics", "own folder"), ("calendars", "is a")],
)
def test_a_file_that_is_not_there_or_elsewhere_is_told_with_the_place_of_its_name(
    name: str, words: str, tmp_path: Path
) -> None:
    """A backup has the rules' folder and no other."""
    folder = rules(tmp_path, f'ics = "{name}"')
    (folder / "calendars").mkdir()
    with pytest.raises(ConfigError) as caught:
        load_policy(folder, DESK)
    [finding] = caught.value.findings
    assert (finding.code, finding.line, finding.column) == ("no-file", 3, 7)
    assert words in finding.message


def test_mistakes_in_a_file_refuse_the_rules_and_doubts_do_not(tmp_path: Path) -> None:
    """Each is told with the file's own name and line, once, whichever calendars name it."""
    folder = rules(tmp_path, 'ics = "own.ics"\n[[calendar]]\nname = "second"\nics = "own.ics"')
    party = "SUMMARY:Party\nDTSTART:20261225T150000Z"
    (folder / "own.ics").write_text(file(party, "DTSTART;VALUE=DATE:20261231"))
    assert load_policy(folder, DESK).calendars
    [doubt] = check_policy(folder, DESK)
    assert (doubt.file, doubt.line, doubt.code, doubt.severity) == (
        str(folder / "own.ics"),
        5,
        "no-whole-day",
        "warning",
    )
    (folder / "own.ics").write_text(file("DTSTART;VALUE=DATE:2026"))
    [mistake] = check_policy(folder, DESK)
    assert (mistake.file, mistake.line, mistake.code) == (str(folder / "own.ics"), 4, "bad-ics")
    (folder / "own.ics").write_bytes("BEGIN:VCALENDAR\nSUMMARY:Пасха".encode("cp1251"))
    [mistake] = check_policy(folder, DESK)
    assert (mistake.line, "UTF-8" in mistake.message) == (2, True)


@pytest.mark.parametrize(
    "events",
    [
        ("DTSTART;VALUE=DATE:20260601\nRRULE:FREQ=DAILY",),
        (
            "DTSTART;VALUE=DATE:20260605\nDURATION:P5D\nRRULE:FREQ=WEEKLY",
            "DTSTART;VALUE=DATE:20400703\nRRULE:FREQ=DAILY",
        ),
        ("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY;UNTIL=20401231",),
    ],
)
def test_files_that_leave_no_day_open_refuse_the_rules(events: tuple[str, ...], tmp_path: Path) -> None:
    """No clock could be started by such a calendar, so no mail could be taken; single open days do not help."""
    folder = rules(tmp_path, 'ics = "own.ics"\nextra = { "2041-12-26" = ["10:00-14:00"] }')
    (folder / "own.ics").write_text(file(*events))
    [mistake] = check_policy(folder, DESK)
    assert (mistake.line, mistake.code, "no day is left" in mistake.message) == (3, "bad-value", True)
    (folder / "own.ics").write_text(file(*(f"{event};COUNT=300".replace(";UNTIL=20401231", "") for event in events)))
    assert check_policy(folder, DESK) == []


def test_a_line_that_is_folded_inside_a_letter_is_read(tmp_path: Path) -> None:
    """Simple programs count bytes (RFC 5545, 3.1); what stands below keeps its line."""
    folder = rules(tmp_path, 'ics = "own.ics"')
    whole = file("SUMMARY:Пасха", "SUMMARY:x\nDTSTART;VALUE=DATE:20261231", "DTSTART;VALUE=DATE:2026").encode()
    letter = whole.index("х".encode())
    for folded in (b"\r\n ", b"\n\t"):
        (folder / "own.ics").write_bytes(whole[: letter + 1] + folded + whole[letter + 1 :])
        assert [(found.line, found.message) for found in check_policy(folder, DESK)] == [
            (4, "this event does not say when it is: it has no DTSTART"),
            (12, "'2026' is no day such as 20261231"),
        ]


def test_an_event_at_the_end_of_all_dates_is_a_mistake() -> None:
    """Somebody's "for ever" has no day behind it that could be worked out."""
    _, [doubt] = read_closed_days(file("DTSTART;VALUE=DATE:99991230\nDURATION:P5D"))
    assert (doubt.line, doubt.fatal, "99991230" in doubt.message) == (4, True, True)


def test_an_imported_day_is_closed_in_every_zone_by_the_calendars_own_clock() -> None:
    """Whole days have no zone of their own."""
    days, _ = read_closed_days(file("DTSTART;VALUE=DATE:20261124"))
    calendar = Calendar(name="x", timezone="Asia/Kathmandu", hours=OFFICE, imported=(days,))
    start = datetime(2026, 11, 23, 18, 15, tzinfo=UTC)  # midnight in Kathmandu, of the 24th
    assert calendar.between(start, start + timedelta(days=1)) == timedelta(0)
    assert calendar.between(start, start + timedelta(days=2)) == timedelta(hours=9)


def one_event(*lines: str) -> str:
    """A calendar with an event of these lines."""
    return "\n".join(("BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:x", *lines, "END:VEVENT", "END:VCALENDAR", ""))


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYYEARDAY=366;BYMONTH=1",
        "FREQ=DAILY;BYMONTH=1;BYMONTHDAY=-40",
        "FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=0,1,2,3;BYSECOND=0,1,2,3",
        "FREQ=YEARLY;BYEASTER=99999",
    ],
)
def test_a_rule_that_would_be_worked_at_without_end_is_a_mistake(rule: str) -> None:
    """Told at its line, and within a moment."""
    closed, doubts = read_closed_days(one_event("DTSTART:20260101", f"RRULE:{rule}"))
    assert [(doubt.line, doubt.fatal, "RRULE" in doubt.message) for doubt in doubts] == [(5, True, True)]
    assert date(2026, 1, 1) not in closed


def test_a_rule_that_fits_seldom_still_closes_its_days() -> None:
    """The 29th of February on a Sunday, asked for in other years first; and years that are long over."""
    rule = "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU"
    closed, doubts = read_closed_days(one_event("DTSTART:20200101", rule))
    assert doubts == []
    asked = (date(2024, 2, 29), date(2032, 2, 29), date(2033, 2, 28), date(2060, 2, 29))
    assert [day in closed for day in asked] == [False, True, False, True]


def many_events(count: int, *lines: str) -> str:
    """A calendar with so many of one kind."""
    return "\n".join(["BEGIN:VCALENDAR", *["\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT"))] * count, "END:VCALENDAR"])


DATES = ",".join(f"2027{month:02}{day:02}" for month in range(1, 13) for day in range(1, 29))


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        one_event("DTSTART:20260101", "DURATION:P3660D", f"RDATE:{DATES}"),
        many_events(99, "DTSTART:20260101", "DURATION:P3660D"),
        many_events(2100, "DTSTART:20260101", "RRULE:FREQ=YEARLY"),
    ],
    ids=["dates", "long events", "series"],
)
def test_a_file_that_closes_more_than_anybody_can_mean_is_a_mistake(text: str) -> None:
    """It is not worked out."""
    closed, doubts = read_closed_days(text)
    assert (doubts[-1].fatal, "more days than anybody" in doubts[-1].message) == (True, True)
    assert date(2026, 1, 1) not in closed


@pytest.mark.timeout(20)
def test_long_series_that_overlap_are_worked_out_in_a_moment() -> None:
    """Ten years, begun anew each day."""
    closed, doubts = read_closed_days(one_event("DTSTART:20260101", "DURATION:P3660D", "RRULE:FREQ=DAILY"))
    assert doubts == []
    assert date(2040, 6, 1) in closed
    assert date(2025, 12, 31) not in closed
