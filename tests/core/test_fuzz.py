"""Damaged mails read without harm; `make fuzz` tries many more."""

from __future__ import annotations

from pathlib import Path

import fuzz

SEEDS = fuzz.seeds_of([Path(fuzz.__file__).parent / "mails"])


def test_damage_never_raises_nor_reaches_the_database() -> None:
    """Nothing but Unreadable, no value that a database refuses, no header that breaks its line."""
    assert [said for raw in fuzz.damaged(SEEDS, 1500) if (said := fuzz.complaint(raw))] == []


def test_the_same_damage_is_done_each_time() -> None:
    """So that what is found can be found again."""
    assert list(fuzz.damaged(SEEDS, 50)) == list(fuzz.damaged(SEEDS, 50))
    assert list(fuzz.damaged(SEEDS, 50)) != list(fuzz.damaged(SEEDS, 50, seed=8))
