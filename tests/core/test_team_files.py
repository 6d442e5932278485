"""teams.toml says who is given tickets and who stands in; what is wrong with it is told at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from maild.config.policy import check_policy, load_policy, show_rules
from maild.config.settings import Desk, load_settings
from maild.people.team import By
from maild.routing.rules import Choice

ROOT = Path(__file__).parents[2]
DESK: Desk = load_settings(ROOT / "settings.toml").desk
AGENTS = """
[[agent]]
id = "anna"
name = "Anna"
address = "anna@desk.example"
{anna}
[[agent]]
id = "boris"
name = "Boris"
address = "boris@desk.example"
[[queue]]
name = "support"
agents = ["anna"]
default = true
{queue}
"""
SLA = '[[calendar]]\nname = "office"\n'
RULES = '[[rule]]\nname = "Rest"\ndefault = true\n{then}\n'


def folder(tmp_path: Path, *, anna: str = "", queue: str = "", then: str = "") -> Path:
    """A folder with these keys in it."""
    (tmp_path / "teams.toml").write_text(AGENTS.format(anna=anna, queue=queue), encoding="utf-8")
    (tmp_path / "sla.toml").write_text(SLA, encoding="utf-8")
    (tmp_path / "routing.toml").write_text(RULES.format(then=then), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("keys", "code", "line"),
    [
        ({"anna": 'hours = "ofice"'}, "unknown-calendar", 6),
        ({"anna": 'deputy = "bors"'}, "unknown-agent", 6),
        ({"anna": 'deputy = "anna"'}, "bad-value", 6),
        ({"anna": "cap = 0"}, "bad-value", 6),
        ({"anna": 'cap = "20"'}, "bad-value", 6),
        ({"anna": 'away = ["24.12.2026"]'}, "bad-value", 6),
        ({"anna": 'away = ["2026-12-24..2026-12-20"]'}, "bad-value", 6),
        ({"queue": 'assign = "random"'}, "bad-value", 15),
        ({"queue": "lines = { 2 = [] }"}, "empty-line", 15),
        ({"queue": 'lines = { 2 = ["bors"] }'}, "unknown-agent", 15),
        ({"queue": 'lines = { 4 = ["boris"] }'}, "bad-value", 15),
        ({"then": 'then.assignee = { by = "chance" }'}, "bad-value", 4),
        ({"then": 'then.assignee = { by = "load", amang = ["anna"] }'}, "unknown-key", 4),
        ({"then": 'then.assignee = { by = "load", among = ["bors"] }'}, "unknown-agent", 4),
        ({"then": 'then.assignee = { by = "load", among = [] }'}, "bad-value", 4),
        ({"then": 'then.assignee = { among = ["anna"] }'}, "missing-key", 4),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, keys: dict[str, str], code: str, line: int) -> None:
    """One mistake, one finding."""
    assert [(f.code, f.line) for f in check_policy(folder(tmp_path, **keys), DESK)] == [(code, line)]


def test_everything_that_can_be_said_arrives(tmp_path: Path) -> None:
    """As values of the team and of the rules."""
    policy = load_policy(
        folder(
            tmp_path,
            anna='cap = 20\nhours = "office"\naway = ["2026-12-24..2027-01-08", "2027-03-08"]\ndeputy = "queue"',
            queue='assign = "turn"\nlines = { 1 = ["anna"], 2 = ["boris"] }',
            then='then.assignee = { by = "load", among = ["boris", "anna"] }',
        ),
        DESK,
    )
    anna, boris = policy.team.agents
    assert (anna.cap, anna.hours, anna.deputy, [d.last.isoformat() for d in anna.away]) == (
        20, "office", "queue", ["2027-01-08", "2027-03-08"],
    )  # fmt: skip
    assert (boris.cap, boris.hours, boris.deputy, boris.away) == (None, None, None, ())
    [queue] = policy.team.queues
    assert (queue.assign, dict(queue.lines), queue.everybody) == (
        By.TURN,
        {1: ("anna",), 2: ("boris",)},
        ("anna", "boris"),
    )
    [rule] = policy.rules.rules
    assert rule.then.assignee == Choice(by="load", among=("boris", "anna"))
    assert show_rules(policy)[0].then == "assignee by load among boris, anna"


def test_a_queue_whose_lines_name_somebody_is_served(tmp_path: Path) -> None:
    """Its agents are those of its lines as well."""
    made = folder(tmp_path, queue='[[queue]]\nname = "x"\nlines = { 1 = ["boris"] }')
    assert [f.code for f in check_policy(made, DESK)] == []
    assert [a.id for a in load_policy(made, DESK).team.who_is_told("x", None)] == ["boris"]
