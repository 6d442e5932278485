"""Rules that are being saved: nothing counts before the files have been the same at two looks, but for SIGHUP."""

from __future__ import annotations

from pathlib import Path

import pytest
from office import NOW

from maild.cli.main import run
from maild.clock import FixedClock
from maild.config.settings import load_settings
from maild.desk.alarms import Alarms
from maild.desk.rulebook import Rulebook
from maild.store.keep import Keep


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The rules folder of a new desk."""
    assert run(["init", str(tmp_path / "desk")]) == 0
    return tmp_path / "desk" / "rules"


@pytest.fixture
def book(rules: Path, keep: Keep) -> Rulebook:
    """Its rules while it runs."""
    settings = load_settings(rules.parent / "settings.toml")
    book: Rulebook
    alarms = Alarms(keep, lambda: book.office(), None, FixedClock(NOW))
    book = Rulebook(settings, alarms)
    return book


def promises(book: Rulebook) -> int:
    """How many are in force."""
    return len(book.office().practice.promises.given)


def test_half_a_file_that_is_a_good_one_does_not_count(book: Rulebook, rules: Path) -> None:
    """A writer that is slower than a look: the promises at the end of the file are there all the time."""
    file = rules / "sla.toml"
    whole = file.read_text(encoding="utf-8")
    assert promises(book) == 4
    file.write_text(whole[: whole.index("[[promise]]", whole.index("[[promise]]") + 1)], encoding="utf-8")
    book.look()
    assert promises(book) == 4
    file.write_text(whole + "# mended\n", encoding="utf-8")
    book.look()
    book.look()
    assert (promises(book), book.broken) == (4, False)


def test_an_edit_counts_at_the_second_look_and_at_once_by_a_signal(book: Rulebook, rules: Path) -> None:
    """A broken one is told at the second, too, and the last good set stays; a signal waits for nothing."""
    file = rules / "routing.toml"
    good, revision = file.read_text(encoding="utf-8"), book.office().practice.revision
    file.write_text(good + "# more\n", encoding="utf-8")
    book.look()
    assert book.office().practice.revision == revision
    book.look()
    changed = book.office().practice.revision
    assert changed != revision
    file.write_text(good.replace('"technical"', '"tecnical"'), encoding="utf-8")
    book.look()
    assert not book.broken
    book.look()
    assert (book.broken, book.office().practice.revision) == (True, changed)
    file.write_text(good, encoding="utf-8")
    book.forget()
    book.look()
    assert (book.broken, book.office().practice.revision) == (False, revision)
