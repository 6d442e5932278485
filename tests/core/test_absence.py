"""Agents who are away: by the files, by their word, by their mail programs; and who gets their tickets meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from office import ANNA, BORIS, DESK, MINT, NOW, envelope, facts, judge, mail, message, practice, ticket

from maild.messages.envelope import Envelope
from maild.messages.mail import Mail, MailClass
from maild.messages.tokens import Purpose
from maild.people.absence import Absence, DaysAway, HereAgain, Source
from maild.people.team import Agent, By, Queue, StandIn, Team
from maild.threads.correspondence import Pen
from maild.threads.out_of_office import found_end
from maild.threads.overdue import decide_due
from maild.threads.plan import Plan
from maild.threads.practice import Practice
from maild.threads.rest import resting

VERA = Agent(id="vera", name="Vera", address="vera@desk.example")
LATER = NOW + timedelta(days=2)
DAY = timedelta(days=1)


def desk(*agents: Agent, assign: By | None = None, lead: str | None = None) -> Practice:
    """A desk of these agents with one queue."""
    queue = Queue(name="support", agents=tuple(a.id for a in agents), default=True, assign=assign, lead=lead)
    return practice(team=Team(agents=agents, queues=(queue,)))


def away(agent: str, *, until: datetime | None = LATER, deputy: str | None = None, **more: object) -> Absence:
    """Somebody said that he is away."""
    values: dict[str, object] = {"source": Source.ORDER, "since": NOW - DAY} | more
    return Absence(agent=agent, until=until, deputy=deputy, **values)  # type: ignore[arg-type]


def replied(how: Practice, *said: Absence, assignee: str | None = "anna") -> Plan:
    """What becomes of the customer's reply on Anna's ticket."""
    to = MINT.address(Purpose.CUSTOMER, 1001, "ivan@customer.example")
    known = facts(ticket(assignee=assignee), messages=(message(),), absences=said)
    return judge(mail(to=to, message_id="<2@customer.example>"), known, how=how)


def told(plan: Plan) -> list[str]:
    """To whom news of the ticket goes; what waits for somebody's return is left out."""
    letters = [x for x in plan.letters if x.template in ("notification", "escalation")]
    return [x.to[0].address.partition("@")[0] for x in letters if x.context.get("event") != "passed_on"]


def has(plan: Plan) -> str | None:
    """Who has the ticket."""
    assert plan.ticket is not None
    return plan.ticket.assignee


def passed(plan: Plan) -> list[tuple[str, str, str]]:
    """What the history tells of the assignee."""
    return [(e.actor, e.detail, e.because) for e in plan.events if e.kind == "assignee"]


def test_days_are_whole_and_by_the_wall_clock_of_the_agent() -> None:
    """The last one too."""
    days = DaysAway.parse("2026-12-24..2027-01-08")
    assert days == DaysAway(first=date(2026, 12, 24), last=date(2027, 1, 8))
    assert days.begins("Europe/Moscow") == datetime(2026, 12, 23, 21, tzinfo=UTC)
    assert days.ends("UTC") == datetime(2027, 1, 9, tzinfo=UTC)
    assert DaysAway.parse(" 2026-12-24 ").last == date(2026, 12, 24)
    for wrong in ("2026-12-24..2026-12-23", "24.12.2026", "2026-13-01", "x"):
        with pytest.raises(ValueError, match=r".*"):
            DaysAway.parse(wrong)


def test_a_team_knows_who_is_away_at_a_moment() -> None:
    """By the files from the first midnight to the last; by his word until its end; the later end counts."""
    anna = replace(ANNA, away=(DaysAway.parse("2026-11-24..2026-11-25"),), deputy="boris")
    team = desk(anna, BORIS).team
    assert team.as_of((), NOW) is team
    there = team.as_of((), NOW + DAY)
    assert there.away["anna"].until == datetime(2026, 11, 26, tzinfo=UTC)
    longer = team.as_of((away("anna", until=NOW + 9 * DAY),), NOW + DAY)
    assert longer.away["anna"].until == NOW + 9 * DAY
    assert team.as_of((away("boris", until=NOW),), NOW).away == {}
    assert team.as_of((away("boris", since=LATER),), NOW).away == {}


def test_his_word_that_he_is_here_counts_for_more_than_the_files() -> None:
    """For the days that had begun; the next holiday in the file is another one."""
    anna = replace(ANNA, away=(DaysAway.parse("2026-11-20..2026-11-30"), DaysAway.parse("2026-12-20..2026-12-25")))
    team, here = desk(anna, BORIS).team, away("anna", until=None, source=Source.BACK, since=NOW)
    assert team.as_of((), NOW).away
    assert team.as_of((here,), NOW).away == {}
    assert team.as_of((here,), datetime(2026, 12, 21, tzinfo=UTC)).away


@pytest.mark.parametrize(
    ("deputies", "gone", "stand_in"),
    [
        ({}, "a", None),
        ({"a": "b"}, "a", "b"),
        ({"a": "b", "b": "c"}, "ab", "c"),
        ({"a": "b", "b": "a"}, "ab", "queue"),
        ({"a": "b"}, "ab", "queue"),
        ({"a": "queue"}, "a", "queue"),
        ({"a": "nobody"}, "a", "queue"),
        ({"a": "b", "b": "c", "c": "b"}, "abc", "queue"),
    ],
)
def test_deputies_of_deputies_end_at_the_queue(deputies: dict[str, str], gone: str, stand_in: str | None) -> None:
    """Whoever is away passes on to his own; a circle is nobody's."""
    agents = tuple(Agent(id=i, name=i, address=f"{i}@x.y", deputy=deputies.get(i)) for i in "abc")
    team = Team(agents=agents, queues=()).as_of([away(i) for i in gone], NOW)
    found = team.stand_in("a")
    if stand_in is None:
        assert found is None
    else:
        assert found == StandIn(agent=team.agent(stand_in))


def test_news_on_the_ticket_of_an_absent_agent_passes_it_to_his_deputy() -> None:
    """The deputy has it from then on and alone is told; the history says why."""
    plan = replied(desk(replace(ANNA, deputy="boris"), BORIS, VERA), away("anna"))
    assert (has(plan), told(plan)) == ("boris", ["boris"])
    assert passed(plan) == [("maild", "anna -> boris", "passed on: Анна Петрова is away until 2026-11-25 09:00 UTC")]
    [news] = [x for x in plan.letters if x.context.get("event") == "reply"]
    assert "passed on: Анна Петрова is away until 2026-11-25 09:00" in str(news.context["why"])


def test_the_deputy_whom_the_agent_named_counts_for_more_than_that_of_the_files() -> None:
    """He knows better who is there."""
    plan = replied(desk(replace(ANNA, deputy="boris"), BORIS, VERA), away("anna", deputy="vera"))
    assert has(plan) == "vera"


def test_without_a_deputy_it_stays_his_and_the_queue_is_told() -> None:
    """But for those who are away."""
    plan = replied(desk(ANNA, BORIS, VERA), away("anna"))
    assert (has(plan), told(plan), passed(plan)) == ("anna", ["boris", "vera"], [])


def test_with_everybody_away_all_are_told() -> None:
    """A mail must not be seen by nobody."""
    plan = replied(desk(ANNA, BORIS), away("anna"), away("boris"))
    assert told(plan) == ["anna", "boris"]


def test_a_queue_as_deputy_takes_the_ticket_back_and_shares_it_out_if_it_does_that() -> None:
    """Never to the one who is away."""
    anna = replace(ANNA, deputy="queue")
    back = replied(desk(anna, BORIS, VERA), away("anna"))
    assert (has(back), told(back)) == (None, ["boris", "vera"])
    shared = replied(desk(anna, BORIS, VERA, assign=By.TURN), away("anna"))
    assert (has(shared), told(shared)) == ("boris", ["boris"])
    assert [(t.pool, t.agent) for t in shared.turns] == [("support/1", "boris")]
    assert passed(shared)[0][2].endswith("UTC; by turn: 0 open; Vera 0")


def test_tickets_that_nothing_happens_on_stay_where_they_are() -> None:
    """An agent who is here is not bothered, either."""
    assert passed(replied(desk(replace(ANNA, deputy="boris"), BORIS))) == []


def test_a_new_mail_is_not_told_to_those_of_the_queue_who_are_away() -> None:
    """As long as somebody is here."""
    plan = judge(mail(), facts(absences=(away("anna"),)), how=desk(ANNA, BORIS))
    assert told(plan) == ["boris"]


def test_a_deadline_passes_the_ticket_on_as_well() -> None:
    """And the lead's own deputy hears of it in his place."""
    how = desk(replace(ANNA, deputy="boris"), BORIS, replace(VERA, deputy="boris"), lead="vera")
    how = replace(how, team=how.team.as_of((away("anna"), away("vera")), NOW))
    known = facts(ticket(assignee="anna", wake_at=NOW, status="hold")).tickets[1001]
    plan = decide_due(known, how, Pen(practice=how, source="t", number=1, now=NOW), NOW)
    assert (has(plan), told(plan)) == ("boris", ["boris"])


def test_what_was_passed_on_waits_for_the_agent_until_he_is_back() -> None:
    """One line a ticket, in the digest of the day on which he is here again."""
    plan = replied(desk(replace(ANNA, deputy="boris"), BORIS), away("anna"))
    [waits] = [x for x in plan.letters if x.context.get("event") == "passed_on"]
    assert waits.to[0].address == ANNA.address
    rest = resting(waits, practice(), NOW)
    assert rest is not None
    assert rest.until == LATER
    open_end = replied(desk(replace(ANNA, deputy="boris"), BORIS), away("anna", until=None))
    [waits] = [x for x in open_end.letters if x.context.get("event") == "passed_on"]
    rest = resting(waits, practice(), NOW)
    assert rest is not None
    assert rest.until > NOW + 365 * DAY


def about_himself(text: str, *, by: Agent = BORIS, login: str | None = "boris", to: str = DESK) -> Plan:
    """What becomes of a new mail of an agent's to the desk."""
    a_mail = mail(text, sender=f"{by.name} <{by.address}>", to=to, subject="away", message_id="<b1@desk.example>")
    came = envelope(by.address, to, login=login)
    return judge(a_mail, facts(), by=came, how=desk(ANNA, BORIS, VERA))


def said(plan: Plan) -> str:
    """What the agent is answered."""
    [letter] = plan.letters
    orders = letter.context["orders"]
    assert isinstance(orders, list)
    return "; ".join(str(o["effect"]) for o in orders)


@pytest.mark.parametrize(
    ("words", "since", "until", "deputy"),
    [
        ("", 0, None, None),
        ("until friday", 0, datetime(2026, 11, 27, 9, tzinfo=UTC), None),
        ("until friday anna", 0, datetime(2026, 11, 27, 9, tzinfo=UTC), "anna"),
        ("vera", 0, None, "vera"),
        ("2 days, deputy Vera", 0, NOW + timedelta(days=2), "vera"),
        ("до 1 декабря очередь", 0, datetime(2026, 12, 1, 9, tzinfo=UTC), "queue"),
        ("from 2026-12-01 to 2026-12-05 anna", 8, datetime(2026, 12, 5, 9, tzinfo=UTC), "anna"),
        ("2026-12-01..2026-12-05", 8, datetime(2026, 12, 6, 9, tzinfo=UTC), None),
        ("1.12 - 5.12", 8, datetime(2026, 12, 6, 9, tzinfo=UTC), None),
        ("01.12.2026–05.12.2026 anna", 8, datetime(2026, 12, 6, 9, tzinfo=UTC), "anna"),
        ("с 1 декабря", 8, None, None),
        ("from 1 december, deputy anna", 8, None, "anna"),
        ("с 1 декабря anna", 8, None, "anna"),
        ("с 1 декабря по 5 декабря Анна Петрова", 8, datetime(2026, 12, 6, 9, tzinfo=UTC), "anna"),
    ],
)
def test_away_says_until_when_and_who_stands_in(
    words: str, since: int, until: datetime | None, deputy: str | None
) -> None:
    """In a new mail to the desk: no ticket is touched, and he reads what is so now."""
    plan = about_himself(f"/away {words}")
    begin = NOW if not since else datetime(2026, 12, 1, 9, tzinfo=UTC)
    expected = Absence(agent="boris", source=Source.ORDER, since=begin, until=until, deputy=deputy)
    assert plan.absences == (expected,)
    assert plan.ticket is None
    assert said(plan).startswith("you are away")


@pytest.mark.parametrize("words", ["until 1/12/2026", "from someday", "с какого-нибудь дня", "until someday boris"])
def test_a_time_that_is_none_is_no_colleague(words: str) -> None:
    """What is wrong is the time, and that is said."""
    assert said(about_himself(f"/away {words}")).startswith(f"“{words}” is no time to come")


def test_the_answer_tells_who_gets_what_is_new() -> None:
    """A deputy who is away himself is named by his own; without one it is the queue."""
    assert said(about_himself("/away until friday vera")) == (
        "you are away until 2026-11-27 09:00; what is new on your tickets goes to Vera"
    )
    assert said(about_himself("/away")).endswith("goes to the agents of their queues, and they stay yours")
    assert "until you say /back" in said(about_himself("/away"))
    assert said(about_himself("/отпуск queue")).endswith("goes to their queues")


def test_a_deputy_who_is_away_is_told_to_whoever_names_him() -> None:
    """Else he reads of the queue, and does not know why."""
    away = replace(VERA, away=(DaysAway.parse("2026-11-20..2026-11-24"),))
    words = mail("/away until friday vera", sender=f"B <{BORIS.address}>", to=DESK, message_id="<b@desk.example>")
    plan = judge(words, facts(), by=envelope(BORIS.address, DESK, login="boris"), how=desk(ANNA, BORIS, away))
    assert said(plan).endswith("goes to their queues (Vera is away until 2026-11-25 00:00)")


@pytest.mark.parametrize(
    "words", ["until yesterday", "until someday", "boris", "until 2020-01-01 vera", "until friday " * 4000]
)
def test_what_is_no_time_and_no_colleague_does_nothing(words: str) -> None:
    """And says so."""
    plan = about_himself(f"/away {words}")
    assert plan.absences == ()
    [letter] = plan.letters
    assert letter.context["error"] is True


def test_back_ends_every_absence() -> None:
    """His own word, his mail program's, and what the files say of these days."""
    plan = about_himself("/back")
    assert plan.returned == (
        HereAgain(agent="boris", address=BORIS.address, sources=(Source.ORDER, Source.MAIL)),
    )  # fmt: skip
    assert plan.absences == (Absence(agent="boris", source=Source.BACK, since=NOW, until=None),)
    assert said(plan) == "you are here again"


def test_who_is_not_proven_is_not_away() -> None:
    """From: alone proves nothing."""
    plan = about_himself("/away", login=None)
    assert plan.absences == ()


def test_away_stands_in_a_reply_about_a_ticket_too() -> None:
    """Beside other orders, all of them or none."""
    to = MINT.address(Purpose.AGENT, 1001, "boris")
    text = "/take\n/away until friday vera\n"
    a_mail = mail(text, sender=f"Boris <{BORIS.address}>", to=to, subject="Re: [SUP-1001]", message_id="<b2@x.y>")
    plan = judge(a_mail, facts(ticket(), messages=(message(),)), by=envelope(BORIS.address, to, login="boris"),
                 how=desk(ANNA, BORIS, VERA))  # fmt: skip
    assert [a.deputy for a in plan.absences] == ["vera"]
    assert has(plan) == "boris"


def test_giving_a_ticket_to_somebody_who_is_away_is_told() -> None:
    """With who will hear of it in his place."""
    to = MINT.address(Purpose.AGENT, 1001, "boris")
    a_mail = mail("/assign anna\n", sender=f"Boris <{BORIS.address}>", to=to, message_id="<b3@x.y>")
    known = facts(ticket(), messages=(message(),), absences=(away("anna", deputy="vera"),))
    plan = judge(a_mail, known, by=envelope(BORIS.address, to, login="boris"), how=desk(ANNA, BORIS, VERA))
    [transcript] = [x for x in plan.letters if x.template == "transcript"]
    [line] = transcript.context["orders"]  # type: ignore[misc]
    assert line["effect"] == (
        "assigned to Анна Петрова; Анна Петрова is away until 2026-11-25 09:00: Vera will be told of what is new"
    )


def machine(text: str, *, to: str, login: str | None = "boris") -> tuple[Mail, Envelope]:
    """What Boris's mail program answers a letter of ours."""
    a_mail = mail(
        text,
        sender=f"Boris <{BORIS.address}>",
        to=to,
        subject="Automatic reply: out of office",
        message_id="<auto1@desk.example>",
        Auto_Submitted="auto-replied",
    )
    assert a_mail.mail_class is MailClass.OUT_OF_OFFICE
    return a_mail, envelope(BORIS.address, to, login=login)


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("I am out of the office until 30 November 2026.", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        ("I am out of the office.", NOW + timedelta(hours=24)),
    ],
)
def test_an_out_of_office_answer_to_a_letter_of_ours_is_an_absence(text: str, until: datetime) -> None:
    """Until the date in it, else for a day."""
    a_mail, came = machine(text, to=MINT.address(Purpose.AGENT, 1001, "boris"))
    plan = judge(a_mail, facts(ticket(), messages=(message(),)), by=came, how=desk(ANNA, BORIS))
    assert plan.absences == (Absence(agent="boris", source=Source.MAIL, since=NOW, until=until),)
    assert plan.letters == ()


def test_an_out_of_office_answer_counts_only_if_it_is_his_and_answers_us() -> None:
    """One that is not proven, and one that somebody had by writing to him, say nothing."""
    own, desk_itself = MINT.address(Purpose.AGENT, 1001, "boris"), DESK
    for to, login in ((own, None), (desk_itself, "boris"), (MINT.address(Purpose.AGENT, 1001, "anna"), "boris")):
        a_mail, came = machine("I am out of the office until 30 November 2026.", to=to, login=login)
        plan = judge(a_mail, facts(ticket(), messages=(message(),)), by=came, how=desk(ANNA, BORIS))
        assert plan.absences == ()


def test_a_mail_that_he_writes_himself_ends_what_his_mail_program_said() -> None:
    """What he has said himself stays until he says otherwise."""
    to = MINT.address(Purpose.AGENT, 1001, "boris")
    a_mail = mail("/take\n", sender=f"Boris <{BORIS.address}>", to=to, message_id="<b4@x.y>")
    came = envelope(BORIS.address, to, login="boris")
    for source, ended in ((Source.MAIL, True), (Source.ORDER, False)):
        known = facts(ticket(), messages=(message(),), absences=(away("boris", source=source),))
        plan = judge(a_mail, known, by=came, how=desk(ANNA, BORIS))
        assert bool(plan.returned) is ended


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("I will be back on Monday, 30 November.", 30),
        ("I will be back on 30 November.", 30),
        ("Returning to the office on 2026-11-30", 30),
        ("I am away until 30.11.2026. In urgent cases call Anna.", 30),
        ("I am away through 29 November 2026.", 30),
        ("Я в отпуске до 30 ноября 2026 года.", 30),
        ("Меня не будет с 20.11 по 29.11, вернусь 30.11.", 30),
        ("Out from 20 November until 30 November, then until 4 December.", None),
        ("I shall be back in 2 weeks.", None),
        ("Back on Monday.", 30),
        ("Снова на связи в понедельник, буду в понедельник.", 30),
        ("Back soon!", None),
        ("I was away until 2 November 2024.", None),
    ],
)
def test_the_end_of_an_absence_is_taken_only_where_it_is_plain(text: str, day: int | None) -> None:
    """Two ends that differ, or words that hang on another day, are none."""
    found = found_end(text, NOW, "UTC")
    assert found == (datetime(2026, 11, day, 9, tzinfo=UTC) if day else None)


def test_a_holiday_is_said_ahead_over_the_turn_of_the_year() -> None:
    """He is here until it begins."""
    plan = about_himself("/away from 24.12 to 8.01 vera")
    [absence] = plan.absences
    assert (absence.since, absence.until) == (
        datetime(2026, 12, 24, 9, tzinfo=UTC),
        datetime(2027, 1, 8, 9, tzinfo=UTC),
    )
    assert said(plan).startswith("you are away from 2026-12-24 09:00 until 2027-01-08 09:00;")
    assert desk(BORIS, VERA).team.as_of(plan.absences, NOW).away == {}
