"""The subject without the marks of replies, forwards and tickets."""

from __future__ import annotations

import pytest

from maild.messages.subject import base_subject


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Broken printer",
        "RE: Re[2]: FWD: Broken  printer",
        "Отв: Broken printer",
        "Ответ: На: Broken printer",
        "HA: Broken printer",
        "AW: WG: Antwort: Broken printer",
        "[SUP-1001] Re: Broken printer",
        "Re: Broken printer [SUP-1001]",
        "Re: [EXTERNAL] Re: Broken printer",
        "回复：Broken printer",
        "re : Broken printer",
        "RE(3): Broken\tprinter ",
    ],
)
def test_marks_in_front_are_stripped(subject: str) -> None:
    """Any run of them, in many languages, numbered or not."""
    assert base_subject(subject) == "broken printer"


@pytest.mark.parametrize("subject", ["reality: check", "на столе", "resolution", "tr 17", "[draft] plan"])
def test_ordinary_words_are_left_alone(subject: str) -> None:
    """A mark ends with a colon, and a tag looks like a ticket's."""
    assert base_subject(subject) == subject


def test_long_subjects_of_marks_cost_nothing() -> None:
    """A hundred thousand marks are cut, not chewed."""
    assert len(base_subject("Re: " * 100_000)) < 5
