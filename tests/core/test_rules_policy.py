"""The admins' folder as a whole: the shipped one works, and every mistake is told at its place, all at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from maild.config.policy import Policy, check_policy, load_policy, run_examples, show_rules
from maild.config.settings import Desk, load_settings
from maild.config.sla_file import weekdays
from maild.errors import ConfigError, Finding
from maild.sla.calendar import Span
from maild.sla.promise import AtKind, Target

ROOT = Path(__file__).parents[2]
DESK: Desk = load_settings(ROOT / "settings.toml").desk
DEFAULT = '\n[[rule]]\nname = "Rest"\ndefault = true\n'
Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """The shipped teams and promises, with rules of one's own; keywords replace or add files."""

    def make(rules: str = "", **files: str) -> Path:
        for name in ("teams.toml", "sla.toml"):
            shutil.copy(ROOT / "rules" / name, tmp_path)
        # The shipped promises name a canned text.
        shutil.copytree(ROOT / "rules/letters", tmp_path / "letters", dirs_exist_ok=True)
        (tmp_path / "routing.toml").write_text(rules + DEFAULT, encoding="utf-8")
        for name, text in files.items():
            (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return make


def check(rules_dir: Path) -> list[Finding]:
    """Everything that is told of a folder."""
    return check_policy(rules_dir, DESK)


def codes(rules_dir: Path) -> list[tuple[str, str, int]]:
    """What is told, in short: code, file, line."""
    return [(f.code, Path(f.file).name, f.line) for f in check(rules_dir)]


def team(text: str) -> str:
    """A teams.toml that is the shipped one and something more."""
    return (ROOT / "rules/teams.toml").read_text(encoding="utf-8") + text


def test_the_shipped_folder_has_nothing_to_be_told() -> None:
    """No mistake, no doubt, and every example holds."""
    assert check(ROOT / "rules") == []
    policy = load_policy(ROOT / "rules", DESK)
    assert [result for result in run_examples(policy) if not result.ok] == []
    assert len(policy.examples) >= 10


def test_the_shipped_promises_are_those_that_are_written() -> None:
    """Calendars, steps and conditions arrive as the values of the service levels."""
    policy = load_policy(ROOT / "rules", DESK)
    urgent, contract, english, standard = policy.promises
    assert (urgent.fits({"tags": ("urgent",)}), urgent.fits({"tags": ()}), standard.fits({})) == (True, False, True)
    assert (contract.fits({"tags": ("key-account",)}), contract.fits({"tags": ()})) == (True, False)
    assert (english.fits({"language": "en"}), english.fits({"language": "ru"})) == (True, False)
    assert (english.promise.calendar.timezone, english.promise.calendar.holidays) == ("Europe/London", "GB-ENG")
    promise = standard.promise
    assert (promise.first_response, promise.next_response, promise.resolution) == (
        timedelta(hours=4), timedelta(hours=8), timedelta(hours=40),
    )  # fmt: skip
    assert promise.pause == {"pending", "hold"}
    assert promise.calendar.hours == {day: (Span(time(9), time(13)), Span(time(14), time(18))) for day in range(5)}
    assert (promise.calendar.timezone, promise.calendar.holidays) == ("Europe/Moscow", "RU")
    assert promise.calendar.closed == {date(2026, 12, 31)}
    warn, late, up = promise.steps
    assert (warn.target, warn.at.kind, warn.at.percent, warn.tell) == (
        Target.FIRST_RESPONSE, AtKind.PERCENT, Fraction(75), ("assignee",),
    )  # fmt: skip
    assert (late.tell, late.priority) == (("lead",), "high")
    assert (up.at.kind, up.at.distance, up.line) == (AtKind.AFTER, timedelta(hours=2), "up")
    assert urgent.promise.calendar.hours is None


def test_the_revision_changes_with_any_file(folder: Folder) -> None:
    """And with nothing else."""
    path = folder()
    first = load_policy(path, DESK).revision
    assert load_policy(path, DESK).revision == first
    text = (path / "sla.toml").read_text(encoding="utf-8")
    (path / "sla.toml").write_text(text.replace('first_response = "4h"', 'first_response = "5h"'), encoding="utf-8")
    assert load_policy(path, DESK).revision != first


def test_files_count_in_the_order_of_their_names(folder: Folder) -> None:
    """And what editors leave beside them does not count."""
    rule = '[[rule]]\nname = "{}"\nwhen.subject = "{}"\n'
    path = folder(rule.format("b", "b"), **{"10-first": rule.format("a", "a")})
    (path / ".#routing.toml").write_text("broken [")
    (path / "routing.toml~").write_text("broken [")
    assert [row.name for row in show_rules(load_policy(path, DESK))] == ["a", "b", "Rest"]


def test_rules_are_shown_in_words(folder: Folder) -> None:
    """With their place and the number of their examples."""
    rules = """[[rule]]
name = "Money"
when.subject.words = "money"
then = { queue = "billing", tags = ["a", "b"], acknowledge = false, fields = { x = "y" } }
continue = true
[[rule.example]]
mail = { subject = "Money" }
[[rule]]
name = "Trial"
shadow = true
when.hour = 3
then.spam = true
"""
    path = folder(rules)
    money, trial, rest = show_rules(load_policy(path, DESK))
    assert (money.when, money.then, money.examples) == (
        "subject has the word money", "queue billing, tags a, b, x = y, no acknowledgement, and go on", 1,
    )  # fmt: skip
    assert money.place.endswith("routing.toml:1")
    assert trial.then == "only written down: spam"
    assert (rest.when, rest.then) == ("every mail that is left", "as the address written to says")


RULE = '[[rule]]\nname = "A"\n'


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (RULE + 'when.subject = "x"\nthen.queu = "billing"\n', [("unknown-key", 4)]),
        (RULE + 'when.subject = "x"\nthem.queue = "billing"\n', [("unknown-key", 4)]),
        (RULE + 'when.subjekt = "x"\n', [("unknown-key", 3)]),
        (RULE + 'when.subject = "x"\nthen.queue = "biling"\n', [("unknown-queue", 4)]),
        (RULE + 'when.queue = "biling"\n', [("unknown-queue", 3)]),
        (RULE + 'when.subject = "x"\nthen.assignee = "ana"\n', [("unknown-agent", 4)]),
        (RULE + 'when.subject = "x"\nthen.letter = "greeting"\n', [("unknown-letter", 4)]),
        (RULE + 'when.subject = "x"\nthen.priority = "top"\n', [("bad-value", 4)]),
        (RULE + 'when.subject = "x"\nthen.line = 0\n', [("bad-value", 4)]),
        (RULE + 'when.subject = "x"\nthen.tags = ["ok", 3]\n', [("bad-value", 4)]),
        (RULE + 'when.subject = "x"\nthen.fields = { "a b" = "c" }\n', [("bad-value", 4)]),
        (RULE + 'when.subject = "x"\ncontinue = "yes"\n', [("bad-value", 4)]),
        (RULE + 'when.subject = "x"\nwhen.body.matches = "("\n', [("bad-pattern", 4)]),
        (RULE + 'when = "x"\n', [("bad-value", 3)]),
        (RULE + 'then.queue = "billing"\n', [("missing-key", 1)]),
        ('[[rule]]\nwhen.subject = "x"\n', [("missing-key", 1)]),
        (RULE + 'default = true\nwhen.subject = "x"\n', [("default-not-last", 3), ("bad-value", 4)]),
        (RULE + "default = true\n", [("default-not-last", 3)]),
        (RULE + 'when.subject = "x"\n' + RULE + 'when.subject = "y"\n', [("duplicate-name", 5)]),
        (RULE + "when = { hour = { above = 5, below = 6 } }\n", [("never-holds", 3)]),
        (RULE + 'when = { subject = { is = "x", words = "y" } }\n', [("never-holds", 3)]),
        (RULE + 'when = { subject = { exists = false, words = "y" } }\n', [("never-holds", 3)]),
        (RULE + 'when = { class = "list", not = { class = ["list", "bulk"] } }\n', [("never-holds", 3)]),
        (RULE + "when = { any = [{ hour = { above = 7, below = 3 } }] }\n", [("never-holds", 3)]),
        (RULE + 'when.subject = "x"\n[[rule.example]]\nmail = { sbject = "x" }\n', [("unknown-key", 5)]),
        (RULE + 'when.subject = "x"\n[[rule.example]]\nmail = { class = "x", hour = 24 }\n', [("bad-value", 5)] * 2),
        (RULE + 'when.subject = "x"\n[[rule.example]]\nmail = {}\nexpect = { queue = "x" }\n', [("unknown-queue", 6)]),
        (RULE + 'when.subject = "x"\n[[rule.example]]\nmail = {}\nexpect = { quue = "x" }\n', [("unknown-key", 6)]),
        ('[rule]\nname = "A"\n', [("bad-toml", 4)]),
        ('agent = "x"\n', [("unknown-key", 1)]),
    ],
)
@pytest.mark.fault("H5")
def test_a_mistake_in_a_rule_is_told_at_its_line(folder: Folder, rules: str, told: list[tuple[str, int]]) -> None:
    """One small file per mistake; the loader refuses what the check tells."""
    path = folder(rules)
    assert codes(path) == [(code, "routing.toml", line) for code, line in told]
    with pytest.raises(ConfigError):
        load_policy(path, DESK)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[agent]]\nid = "anna"\nname = "A"\naddress = "x@desk.example"\n', "duplicate-name"),
        ('[[agent]]\nid = "x"\nname = "A"\naddress = "ANNA@desk.example"\n', "duplicate-address"),
        ('[[agent]]\nid = "x"\nname = "A"\naddress = "support@desk.example"\n', "duplicate-address"),
        (
            '[[agent]]\nid = "x"\nname = "A"\naddress = "x@desk.example"\naliases = ["billing@desk.example"]\n',
            "duplicate-address",
        ),
        ('[[queue]]\nname = "x"\naddress = "billing@desk.example"\nagents = ["anna"]\n', "duplicate-address"),
        ('[[queue]]\nname = "Billing"\nagents = ["anna"]\n', "duplicate-name"),
        ('[[queue]]\nname = "x"\nagents = ["ana"]\n', "unknown-agent"),
        ('[[queue]]\nname = "x"\nagents = ["anna"]\nlead = "verra"\n', "unknown-agent"),
        ('[[queue]]\nname = "x"\nagents = ["anna"]\ndefault = true\n', "two-default-queues"),
        ('[[agent]]\nid = "Anna B"\nname = "A"\naddress = "x@desk.example"\n', "bad-value"),
        ('[[agent]]\nid = "x"\nname = "A"\naddress = "x"\n', "bad-value"),
        ('[[agent]]\nid = "x"\naddress = "x@desk.example"\n', "missing-key"),
        ('[[promise]]\nname = "x"\n', "unknown-key"),
    ],
)
def test_a_mistake_in_the_team_is_told(folder: Folder, text: str, told: str) -> None:
    """Behind the shipped team, one more table with a mistake in it."""
    shipped = team("").count("\n")
    [(code, file, line)] = codes(folder(teams=team(text)))
    assert (code, file) == (told, "teams.toml")
    assert line > shipped


def test_a_queue_may_have_the_address_of_the_desk(folder: Folder) -> None:
    """The default queue often has."""
    queue = '[[queue]]\nname = "x"\naddress = "support@desk.example"\nagents = ["anna"]\nlead = "anna"\n'
    assert codes(folder(teams=team(queue))) == []


def test_a_team_without_a_default_queue_is_refused(folder: Folder) -> None:
    """A mail that nothing sorts would have no place."""
    assert [code for code, _, _ in codes(folder(teams=team("").replace("default = true", "")))] == ["no-default-queue"]


def test_a_broken_agent_is_told_once_and_not_at_everything_that_names_it(folder: Folder) -> None:
    """Queues and rules may name an agent or a queue with a mistake in it."""
    text = team("").replace("line = 2", "lines = 2").replace('name = "technical"', 'name = "technical"\nx = 1')
    rules = RULE + 'when.subject = "x"\nthen.queue = "technical"\nthen.assignee = "boris"\n'
    assert [code for code, _, _ in codes(folder(rules, teams=text))] == ["unknown-key", "unknown-key"]


CALENDAR = '[[calendar]]\nname = "c"\n'
PROMISE = '[[promise]]\nname = "p"\ncalendar = "c"\nfirst_response = "4h"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CALENDAR + 'hours = { mon-fry = ["09:00-18:00"] }', ("bad-value", 3)),
        (CALENDAR + 'hours = { mon = ["18:00-09:00"] }', ("bad-value", 3)),
        (CALENDAR + 'hours = { mon = ["9-18"] }', ("bad-value", 3)),
        (CALENDAR + 'hours = { mon-fri = ["09:00-18:00"], fri = ["09:00-15:00"] }', ("bad-value", 3)),
        (CALENDAR + "hours = { mon = [9] }", ("bad-value", 3)),
        (CALENDAR + "hours = {}", ("bad-value", 3)),
        (CALENDAR + 'hours = "never"', ("bad-value", 3)),
        (CALENDAR + 'timezone = "Mars"', ("bad-value", 3)),
        (CALENDAR + 'holidays = "XX"', ("bad-value", 3)),
        (CALENDAR + 'closed = ["2026-02-30"]', ("bad-value", 3)),
        (CALENDAR + 'extra = { "2026-12-26" = ["x"] }', ("bad-value", 3)),
        (CALENDAR + CALENDAR, ("duplicate-name", 4)),
        (CALENDAR + PROMISE + PROMISE, ("duplicate-name", 8)),
        (PROMISE, ("unknown-calendar", 3)),
        (CALENDAR + '[[promise]]\nname = "p"\ncalendar = "c"', ("bad-value", 3)),
        (CALENDAR + PROMISE + 'resolution = "soon"', ("bad-value", 7)),
        (CALENDAR + PROMISE + 'resolution = "0h"', ("bad-value", 7)),
        (CALENDAR + PROMISE + 'pause = ["pendng"]', ("bad-value", 7)),
        (CALENDAR + PROMISE + 'when.queue = "biling"', ("unknown-queue", 7)),
        (CALENDAR + PROMISE + 'when.tag = "x"', ("unknown-key", 7)),
        (CALENDAR + PROMISE + '[[promise.step]]\ntarget = "first_response"\nat = "75"\nline = 2', ("bad-value", 9)),
        (CALENDAR + PROMISE + '[[promise.step]]\ntarget = "first"\nat = "75%"\nline = 2', ("bad-value", 8)),
        (CALENDAR + PROMISE + '[[promise.step]]\ntarget = "resolution"\nat = "75%"\nline = 2', ("never-holds", 8)),
        (CALENDAR + PROMISE + '[[promise.step]]\ntarget = "first_response"\nat = "75%"', ("bad-value", 7)),
        (
            CALENDAR + PROMISE + '[[promise.step]]\ntarget = "first_response"\nat = "75%"\ntell = ["led"]',
            ("unknown-agent", 10),
        ),
        (
            CALENDAR + PROMISE + '[[promise.step]]\ntarget = "first_response"\nat = "75%"\ntell = ["a@"]',
            ("bad-value", 10),
        ),
        (
            CALENDAR + PROMISE + '[[promise.step]]\ntarget = "first_response"\nat = "75%"\nline = "down"',
            ("bad-value", 10),
        ),
        ('[[rule]]\nname = "x"', ("unknown-key", 1)),
    ],
)
def test_a_mistake_in_the_promises_is_told(folder: Folder, text: str, told: tuple[str, int]) -> None:
    """One small sla.toml per mistake."""
    assert codes(folder(sla=text)) == [(told[0], "sla.toml", told[1])]


def test_days_are_written_singly_in_ranges_and_in_rows() -> None:
    """A range may go over the end of the week."""
    assert weekdays("mon-fri") == (0, 1, 2, 3, 4)
    assert weekdays("Sat") == (5,)
    assert weekdays("sat, sun") == (5, 6)
    assert weekdays("fri-mon") == (4, 5, 6, 0)
    for text in ("", "monday", "mon-", "-fri", "mon--fri"):
        with pytest.raises(ValueError, match="no day"):
            weekdays(text)


def test_a_calendar_without_a_zone_has_that_of_the_desk(folder: Folder) -> None:
    """And one without hours is always open."""
    desk = replace(DESK, timezone="Asia/Tokyo")
    [calendar] = load_policy(folder(sla=CALENDAR), desk).calendars
    assert (calendar.timezone, calendar.hours) == ("Asia/Tokyo", None)


@pytest.mark.fault("H5")
def test_mistakes_of_all_files_are_told_at_once(folder: Folder) -> None:
    """In the order of files and lines."""
    path = folder(
        RULE + 'when.hour = 99\nthen.queue = "x"\n', teams=team("[[queue]]\nnam = 1\n"), sla=PROMISE, broken="a = ["
    )
    assert [(code, file) for code, file, _ in codes(path)] == [
        ("bad-toml", "broken.toml"),
        ("never-holds", "routing.toml"),
        ("unknown-calendar", "sla.toml"),
        ("missing-key", "teams.toml"),
        ("unknown-key", "teams.toml"),
    ]


def test_a_broken_team_is_told_alone(folder: Folder) -> None:
    """What rules name is not unknown only because the team cannot be read."""
    assert [code for code, _, _ in codes(folder(RULE + 'when.subject = "x"\nthen.queue = "q"\n', teams="a = ["))] == [
        "bad-toml"
    ]


def test_missing_files_and_folders_are_told(folder: Folder, tmp_path: Path) -> None:
    """Promises may be missing, the team and the folder may not."""
    path = folder()
    (path / "sla.toml").unlink()
    assert load_policy(path, DESK).promises == ()
    (path / "teams.toml").unlink()
    assert codes(path) == [("no-file", "teams.toml", 0)]
    with pytest.raises(ConfigError, match="no such folder"):
        load_policy(tmp_path / "none", DESK)


def test_rules_without_a_default_are_refused(folder: Folder) -> None:
    """An empty file too, as one has it that was saved by halves."""
    for text in ("", RULE + 'when.subject = "x"\n'):
        path = folder()
        (path / "routing.toml").write_text(text)
        assert codes(path) == [("no-default", "routing.toml", 0)]


def warnings(path: Path) -> list[tuple[str, str | None]]:
    """Codes and rules of what is doubtful; there must be no errors."""
    found = check(path)
    assert {f.severity for f in found} == {"warning"}
    load_policy(path, DESK)
    return [(f.code, f.rule) for f in found if f.code != "uncovered"]


def two(first: str, second: str) -> str:
    """Two rules by their conditions."""
    return f'[[rule]]\nname = "A"\n{first}\n[[rule]]\nname = "B"\n{second}\n'


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('when.subject = "x"', 'when.subject = "X"'),
        ('when.subject = ["x", "y"]', 'when.subject = "x"'),
        ('when.subject.words = ["x", "y"]', 'when.subject.words = "y"'),
        ('when.subject.words = "код"', 'when.subject.words = "коды ошибок"'),
        ('when.subject.words = "счёт"', 'when.subject = "ваши счета"'),
        ('when.subject.contains = "ab"', 'when.subject.contains = ["abc", "cab"]'),
        ('when.from.domain = "x.example"', 'when.from.domain = "a.x.example"'),
        ('when.from.domain = "x.example"', 'when.from = "bob@x.example"'),
        ("when.hour.above = 5", "when.hour.above = 6"),
        ("when.hour.below = 5", "when.hour = [3, 4]"),
        ("when.subject.exists = true", "when.subject.matches = 'x'"),
        ('when.subject = "x"', 'when.subject = "x"\nwhen.hour = 3'),
        ('when.any = [{ subject = "x" }, { hour = 3 }]', 'when.hour = 3\nwhen.class = "list"'),
        ('when.not.class = "list"', 'when.not.class = ["list", "bulk"]'),
        ('when.subject = ["x", "y"]', 'when.any = [{ subject = "x" }, { subject = "y", hour = 3 }]'),
    ],
)
def test_a_rule_that_never_has_its_turn_is_told(folder: Folder, first: str, second: str) -> None:
    """Whatever the second holds for, the first holds for too."""
    assert warnings(folder(two(first, second))) == [("hidden-by", "B")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('when.subject = "x"', 'when.subject = ["x", "y"]'),
        ('when.subject.words = "коды ошибок"', 'when.subject.words = "код"'),
        ('when.from.domain = "a.x.example"', 'when.from.domain = "x.example"'),
        ('when.from.domain = "x.example"', 'when.from.domain = "yx.example"'),
        ("when.hour.above = 6", "when.hour.above = 5"),
        ("when.hour.below = 6", "when.hour.above = 5"),
        ('when.subject = "x"\nwhen.hour = 3', 'when.subject = "x"'),
        ('when.subject = "x"\ncontinue = true\nthen.line = 1', 'when.subject = "x"'),
        ('when.subject = "x"\nshadow = true', 'when.subject = "x"'),
        ('when.not.class = ["list", "bulk"]', 'when.not.class = "list"'),
        ('when.subject = "x"', 'when.body = "x"'),
        ("when.subject.matches = 'x'", 'when.subject = "x"'),
    ],
)
def test_a_rule_that_may_have_its_turn_is_not_told(folder: Folder, first: str, second: str) -> None:
    """Only what is sure is told."""
    path = folder(two(first, second))
    load_policy(path, DESK)
    assert [f.code for f in check(path) if f.code not in ("uncovered", "partly-hidden")] == []


def test_other_doubts_are_warnings_that_refuse_nothing(folder: Folder) -> None:
    """A queue nobody serves, a letter in one language, a pattern that may take for ever, a rule without example."""
    rules = RULE + "when.subject.matches = '(a+)+$'\nthen.letter = 'thanks'\n"
    path = folder(rules, teams=team('[[queue]]\nname = "x"\n'))
    (path / "letters/ru").mkdir(parents=True)
    (path / "letters/ru/thanks.txt").write_text("x")
    assert [(f.code, f.severity, f.line) for f in check(path) if "routing" in f.file] == [
        ("uncovered", "warning", 2),
        ("slow-pattern", "warning", 3),
        ("missing-letter", "warning", 4),
    ]
    assert [f.code for f in check(path) if "teams" in f.file] == ["queue-unserved"]
    load_policy(path, DESK)


def example(rule: str, mail: str, expect: str = "") -> str:
    """A rule with one example."""
    return f"{RULE}{rule}\n[[rule.example]]\nmail = {mail}\n{expect}\n"


@pytest.mark.parametrize(
    ("rule", "mail", "expect"),
    [
        ('when.subject = "x"', '{ subject = "X" }', ""),
        ('when.subject = "x"', '{ subject = "y" }', 'expect = { rule = "Rest" }'),
        ('when.from = "Bob"', '{ from = "Bob <bob@x.example>" }', ""),
        ('when.customer = "bob@x.example"', '{ from = "\\"Bob\\" <bob@x.example>" }', ""),
        (
            'when.queue = "billing"',
            '{ to = ["a@x.example", "Billing@desk.example"] }',
            'expect = { queue = "billing" }',
        ),
        ('when.queue = "support"', '{ to = "support@desk.example" }', 'expect = { queue = "support" }'),
        ('when.reply.contains = "x"', '{ body = "x" }', ""),
        ('when.body.contains = "x"', '{ reply = "x" }', ""),
        ('when.header.X-A = "1"', '{ header = { x-a = "1" } }', ""),
        ('when.header.X-A = "1"', '{ "header.X-A" = ["2", "1"] }', ""),
        ('when.size.above = "1MB"', '{ size = "2MB" }', ""),
        ('when.class = "person"\nwhen.auth = "none"\nwhen.event = "new"', "{}", ""),
        ("when.language.exists = false\nwhen.attachment.exists = false", "{}", ""),
        ('when.attachment = "a.pdf"', '{ attachment = ["b.pdf", "a.pdf"] }', ""),
        ('when.subject = "x"\nthen.tags = ["b", "a"]', '{ subject = "x" }', 'expect = { tags = ["a", "b"] }'),
        (
            'when.subject = "x"',
            '{ subject = "x" }',
            'expect = { tags = [], priority = "normal", line = 1, spam = false }',
        ),
        ('when.subject = "x"', '{ subject = "x" }', 'expect = { letter = "acknowledgement", acknowledge = true }'),
        ('when.subject = "x"\nshadow = true', '{ subject = "x" }', ""),
        (
            'when.subject = "x"\nthen.fields = { a = "1", b = "2" }',
            '{ subject = "x" }',
            'expect = { fields = { a = "1" } }',
        ),
    ],
)
def test_an_example_that_holds(folder: Folder, rule: str, mail: str, expect: str) -> None:
    """Mails are written with the names of the fields; what they leave out is as in most mails."""
    policy = load_policy(folder(example(rule, mail, expect)), DESK)
    assert [result.ok for result in run_examples(policy)] == [True]


@pytest.mark.parametrize(
    ("mail", "expect", "words"),
    [
        ('{ subject = "y" }', "", 'expects rule = "A", and gets rule = "Rest"'),
        (
            '{ subject = "x" }',
            'expect = { queue = "support" }',
            'expects queue = "support", and gets queue = "billing"',
        ),
        ('{ subject = "x" }', 'expect = { tags = ["a"] }', 'expects tags = ["a"], and gets tags = ["a", "b"]'),
        ('{ subject = "x" }', 'expect = { fields = { n = "2" } }', 'fields = { n = "1" }'),
        ('{ subject = "x" }', 'expect = { assignee = "anna" }', "gets assignee = nothing"),
    ],
)
def test_an_example_that_fails_is_told_and_keeps_nobody_from_starting(
    folder: Folder, mail: str, expect: str, words: str
) -> None:
    """With what was expected, what came, and the rule that decided; only the check runs examples."""
    rule = 'when.subject = "x"\nthen = { queue = "billing", tags = ["a", "b"], fields = { n = "1" } }'
    path = folder(example(rule, mail, expect))
    [finding] = [f for f in check(path) if f.code == "example-fails"]
    assert words in finding.message
    assert (finding.line, finding.severity, finding.rule) == (5, "error", "A")
    assert "was decided by" in finding.hint
    assert isinstance(load_policy(path, DESK), Policy)


def test_no_cut_of_a_file_ever_crashes_the_check(folder: Folder) -> None:
    """Files that were saved by halves, at every twentieth byte."""
    path = folder()
    for name in ("routing.toml", "teams.toml", "sla.toml"):
        raw = (ROOT / "rules" / name).read_bytes()
        for length in range(0, len(raw), max(20, len(raw) // 30)):
            (path / name).write_bytes(raw[:length])
            check(path)
        (path / name).write_bytes(raw)


TIME = RULE + 'when.event = "schedule"\n'


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (RULE + 'when.status = "open"\n', [("never-holds", 3)]),
        (RULE + 'when.event = "status"\nwhen.body = "x"\n', [("never-holds", 4)]),
        (RULE + 'when.event = ["status", "reply"]\nwhen.body = "x"\nthen.tags = ["a"]\n', []),
        (RULE + 'when.event = "reply"\nwhen.target = "resolution"\n', [("never-holds", 4)]),
        (RULE + 'when.event = "replied"\n', [("bad-value", 3)]),
        (
            RULE + 'when.any = [{ event = "reply" }]\nwhen.not.event = "reply"\n',
            [("never-holds", 3)],
        ),
        (TIME, [("no-threshold", 3)]),
        (TIME + 'when.not.silence = { above = "3d" }\n', [("no-threshold", 3)]),
        (TIME + 'when.any = [{ silence = { above = "3d" } }, { status = "open" }]\n', [("no-threshold", 3)]),
        (TIME + 'when.silence = { above = "3d" }\n', []),
        (TIME + 'when.silence = "3d"\n', [("bad-value", 4)]),
        (TIME + 'when.silence = { above = "3 days" }\n', [("bad-value", 4)]),
        (TIME + "when.age = { above = 3 }\n", [("bad-value", 4)]),
        (TIME + 'when.silence = { above = "3d" }\nthen.letter = "acknowledgement"\n', [("bad-value", 5)]),
        (TIME + 'when.silence = { above = "3d" }\nthen.reject = true\n', [("bad-value", 5)]),
        (RULE + 'when.subject = "x"\nthen.reject = true\nthen.note = "y"\n', [("bad-value", 5)]),
        (RULE + 'when.subject = "x"\nthen.status = "spam"\n', [("bad-value", 4)]),
        (RULE + 'when.subject = "x"\nthen.sla = "standrad"\n', [("unknown-promise", 4)]),
        (RULE + 'when.subject = "x"\nthen.sla = "standard"\n', []),
        (RULE + 'when.subject = "x"\nthen.reply = "clsing"\n', [("unknown-canned", 4)]),
        (RULE + 'when.subject = "x"\nthen.tell = ["lead", "nobody", "a@b"]\n', [("unknown-agent", 4)]),
        (RULE + 'when.subject = "x"\nstop = true\ncontinue = true\n', [("bad-value", 4)]),
        (RULE + 'when.from = { in_list = "vip.txt" }\n', []),
        (RULE + 'when.from = { in_list = ["vip.txt", "vpi.txt"] }\n', [("unknown-list", 3)]),
        (RULE + 'when.size = { in_list = "vip.txt" }\n', [("bad-value", 3)]),
        (RULE + "when.field.order.exists = true\n", [("never-holds", 3)]),
    ],
)
def test_what_a_rule_can_do_at_its_events_is_looked_at(rules: str, told: list[tuple[str, int]], folder: Folder) -> None:
    """Fields that are not there, actions that make no sense, names that nobody has; each at its place."""
    path = folder(rules)
    (path / "lists").mkdir()
    (path / "lists" / "vip.txt").write_text(
        "# the best\nbob@x.example  # a friend\n\n@bank.example\n", encoding="utf-8"
    )
    errors = [(f.code, f.line) for f in check(path) if f.severity == "error"]
    assert errors == told


def test_a_list_is_read_with_the_rules_and_is_part_of_their_revision(folder: Folder) -> None:
    """Remarks and empty lines say nothing; another entry is another revision; a broken file is told."""
    path = folder(RULE + 'when.from = { in_list = "vip.txt" }\nthen.tags = ["vip"]\n')
    file = path / "lists" / "vip.txt"
    file.parent.mkdir()
    file.write_text("# the best\nbob@x.example  # a friend\n\n@bank.example\nОльга Петрова\n", encoding="utf-8")
    policy = load_policy(path, DESK)

    def tags(*sender: str) -> tuple[str, ...]:
        return policy.rules.route({"from": sender}).tags

    assert tags("bob@x.example") == tags("kim@mail.bank.example") == tags("o@y.example", "Ольга  ПЕТРОВА") == ("vip",)
    assert tags("rob@x.example") == tags("bob@x.example.com") == tags("a@notbank.example") == ()
    file.write_text("bob@x.example\n", encoding="utf-8")
    assert load_policy(path, DESK).revision != policy.revision
    file.write_bytes(b"\xff\xfe\x00")
    assert [f.code for f in check(path) if f.severity == "error"] == ["bad-encoding"]


def test_examples_show_rules_at_work_on_tickets(folder: Folder) -> None:
    """The event is the rule's own; what the ticket has stays, what the rule says is added."""
    rules = """[[rule]]
name = "Silent"
when.event = "schedule"
when.status = "pending"
when.silence = { above = "7d" }
then = { status = "solved", untag = ["hot"], tags = ["silent"], tell = ["lead"], note = "so silent", sla = "standard" }
[[rule.example]]
ticket = { status = "pending", silence = "8d", tags = ["hot", "kept"] }
expect = { status = "solved", tags = ["kept", "silent"], tell = ["lead"], note = "so silent", sla = "standard" }
[[rule.example]]
ticket = { status = "pending", silence = "6d", priority = "high" }
expect = { status = "pending", priority = "high", tell = [] }
[[rule]]
name = "Answer"
when.event = ["reply", "answer"]
when.reply.words = "refund"
then.priority = "high"
[[rule.example]]
event = "reply"
mail = { from = "bob@x.example", reply = "My refund?" }
ticket = { field = { order = "7" } }
expect = { priority = "high" }
"""
    assert [f.message for f in check(folder(rules))] == []
    wrong = rules.replace('silence = "6d"', 'silence = "9d"')
    [failed] = check(folder(wrong))
    assert (failed.code, failed.line) == ("example-fails", 10)
    odd = rules.replace('event = "reply"\n', 'event = "new"\n')
    assert {f.code for f in check(folder(odd))} == {"bad-value"}
