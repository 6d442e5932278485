"""The numbered cases of faults and attacks: which tests try which case, in which form, and what they measured.

`--faults core` takes the core set in its short form, `--faults long` every case with the published figures; without
either all tests run in their short form. What each case measured stands at the end of the run, a line a case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Properties are tried on the same examples every time, however busy the machine is: a run says what the change before
# it did, and nothing by chance. `make properties` looks for new examples.
_COMMON = settings(deadline=None, suppress_health_check=(HealthCheck.too_slow,))
settings.register_profile("steady", _COMMON, max_examples=250, derandomize=True, database=None)
settings.register_profile("fresh", _COMMON, max_examples=5000, print_blob=True)
settings.load_profile("steady")

_CORE = "A1 A2 A3 A6 A7 A10 A11 A12 B1 B2 B4 B5 B8 C2 C3 C4 D1 D2 D4 D7 E1 E2 E3 E5 F1 F8 G-1 G-2 G-3 H1 H3 I1"
CORE = frozenset(_CORE.split())
LONG_TIMEOUT = 7200


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which cases, and where their figures go."""
    parser.addoption("--faults", choices=("core", "long"), help="only the cases of docs/guarantees.md, in this form")
    parser.addoption("--figures", metavar="FILE", help="write what each case measured to this file, too")


def cases_of(item: pytest.Item) -> list[str]:
    """The cases that a test tries."""
    return [str(case) for mark in item.iter_markers("fault") for case in mark.args]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this form does not want; what measures long may take long."""
    form = config.getoption("faults")
    wanted: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        cases = cases_of(item)
        item.user_properties += [("case", case) for case in cases]
        is_long = item.get_closest_marker("long") is not None
        takes = {"core": bool(CORE & set(cases)) and not is_long, "long": bool(cases), None: not is_long}
        wanted[takes[form]].append(item)
        if form == "long" and cases:
            item.add_marker(pytest.mark.timeout(LONG_TIMEOUT))
    items[:] = wanted[True]
    config.hook.pytest_deselected(items=wanted[False])


Size = Callable[[int, int], int]
Figure = Callable[[str], None]


@pytest.fixture
def size(request: pytest.FixtureRequest) -> Size:
    """How many of something: `size(short, long)` by the form of the run."""
    is_long = request.config.getoption("faults") == "long"
    return lambda short, long: long if is_long else short


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Tell what was measured: a phrase that stands behind the cases of the test at the end of the run."""
    return lambda text: request.node.user_properties.append(("figure", text))


@dataclass
class Case:
    """What became of the tests of a case."""

    outcomes: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    figures: list[str] = field(default_factory=list)

    def line(self, name: str) -> str:
        """As it is printed."""
        said = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        return f"{name:<4} {said:<22} {self.seconds:8.1f} s  {'; '.join(self.figures)}".rstrip()


def order(name: str) -> tuple[str, int]:
    """A2 stands before A10."""
    return name[0], int(re.sub(r"\D", "", name))


def collect(reports: Iterable[pytest.TestReport]) -> dict[str, Case]:
    """All reports, by case."""
    cases: dict[str, Case] = {}
    for report in reports:
        # A test that is skipped or falls over while it is set up has no call; one that is called counts by that.
        if report.when != "call" and report.passed:
            continue
        for case in [str(value) for name, value in report.user_properties if name == "case"]:
            entry = cases.setdefault(case, Case())
            entry.outcomes[report.outcome] = entry.outcomes.get(report.outcome, 0) + 1
            entry.seconds += report.duration
            entry.figures += [str(value) for name, value in report.user_properties if name == "figure"]
    return cases


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """A line for each case."""
    if config.getoption("faults") is None:
        return
    reports = [r for found in terminalreporter.stats.values() for r in found if isinstance(r, pytest.TestReport)]
    cases = collect(reports)
    lines = [cases[name].line(name) for name in sorted(cases, key=order)]
    terminalreporter.section("cases")
    terminalreporter.write_line("\n".join(lines))
    if file := config.getoption("figures"):
        Path(file).write_text("\n".join(lines) + "\n")
