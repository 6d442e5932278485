"""docs/operations.md tells every cause of an alarm, and both letters have words for each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from office import NOW

from maild.desk.causes import Cause
from maild.outgoing.letters import Letters

TEXT = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
TABLE = TEXT.partition("### Alarms by mail")[2].partition("\n#")[0]


def test_every_cause_is_told_and_none_is_invented() -> None:
    """With what it means and what to do."""
    rows = re.findall(r"(?m)^\| `(\w+)` \| (.+?) \| (.+) \|$", TABLE)
    assert [row[0] for row in rows] == list(Cause)
    assert all(means and todo for _, means, todo in rows)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_letter_has_words_for_every_cause(language: str) -> None:
    """A subject of its own and a sentence of its own, and the name to look for in the docs."""
    letters = Letters(None, [language])
    trouble = {"about": "", "text": "x", "since": NOW, "last_at": NOW, "more": 0}
    subjects, texts = set(), set()
    causes = [cause for cause in Cause if cause is not Cause.RULES_BROKEN]
    for cause in causes:
        context = {"cause": str(cause), "over": False, "troubles": [trouble], "desk": {"name": "Acme"}}
        written = letters.render("alarm", language, context)
        assert str(cause) not in written.subject
        assert str(cause) in written.text
        subjects.add(written.subject)
        texts.add(written.text.replace(str(cause), "").partition("\n")[0])
    assert len(subjects) == len(texts) == len(causes)
