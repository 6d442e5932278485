"""docs/letters.md tells every letter, every variable and every filter, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from maild.outgoing import samples
from maild.outgoing.letters import Letters
from maild.outgoing.words import FILTERS

TEXT = (Path(__file__).parents[2] / "docs" / "letters.md").read_text(encoding="utf-8")
SHARED = TEXT.partition("## The letters and their variables")[2].partition("\n### ")[0]


def section(letter: str) -> str:
    """What the page says about one letter."""
    return TEXT.partition(f"\n### {letter}\n")[2].partition("\n#")[0]


def code(text: str) -> set[str]:
    """Everything that stands between backticks."""
    return set(re.findall(r"`([^`\n]+)`", text))


def test_every_letter_has_a_section_and_none_is_invented() -> None:
    """The headings are the letters."""
    headings = re.findall(r"(?m)^### (\w+)$", TEXT)
    built_in = {row.name for row in Letters(None, ["ru", "en"]).list_letters()}
    assert set(headings) == built_in == set(samples.BUILT_IN)


@pytest.mark.parametrize("letter", samples.BUILT_IN)
def test_every_variable_of_a_letter_is_told(letter: str) -> None:
    """In its own section, or by `ticket.*` and among the shared ones."""
    own, shared = code(section(letter)), code(SHARED)
    for variable in samples.variables(letter):
        whole = f"{variable.partition('.')[0]}.*"
        assert variable in own or (whole in own and variable in shared), variable


@pytest.mark.parametrize("letter", samples.BUILT_IN)
def test_no_variable_is_told_that_a_letter_does_not_have(letter: str) -> None:
    """The first column of each table holds variables."""
    rows = re.findall(r"(?m)^\| (`[^|]+) \|", section(letter))
    told = {name for row in rows for name in code(row)}
    assert told <= set(samples.variables(letter))


def test_every_filter_is_told_and_none_is_invented() -> None:
    """The table of filters is the table of the code."""
    table = TEXT.partition("\n## Filters")[2].partition("\n## ")[0]
    told = {name for row in re.findall(r"(?m)^\| (`[^|]+) \|", table) for name in code(row)}
    assert told == set(FILTERS)


def test_the_example_on_the_page_is_a_letter_that_works(tmp_path: Path) -> None:
    """Whoever copies it gets what the page promises."""
    example = TEXT.partition("## A letter\n\n```\n")[2].partition("```")[0]
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "acknowledgement.txt").write_text(example, encoding="utf-8")
    letters = Letters(tmp_path, ["en"], "Europe/Moscow")
    subject, text, _ = letters.preview("acknowledgement", "en")
    assert subject == "[SUP-1042] We have received your request"
    assert "You will hear from us on Monday, 23 November, by 13:00 (Europe/Moscow)." in text
    assert [finding for finding in letters.check() if finding.severity == "error"] == []


def written_into(folder: Path) -> Letters:
    """The letters of a desk whose admin has copied all samples of the page."""
    for name, text in re.findall(r"(?ms)^```text rules/letters/(\S+)\n(.*?)^```", TEXT):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return Letters(folder, ["ru", "en"], "Europe/Moscow")


def test_the_samples_of_own_letters_work_in_both_languages(tmp_path: Path) -> None:
    """Nothing is wrong with them, and they say what they are to say, in HTML too."""
    letters = written_into(tmp_path)
    assert letters.check() == []
    subject, text, html = letters.preview("acknowledgement", "ru")
    assert subject == "[SUP-1042] Ваше письмо у нас"
    assert "SUP-1042.\nОтветим в понедельник, 23 ноября, до 13:00 (Europe/Moscow).\nОтветы на" in text
    assert '<a href="https://desk.example/help">' in html
    subject, text, _ = letters.preview("acknowledgement", "en")
    assert subject == "[SUP-1042] Your mail is here"
    assert "SUP-1042.\nYou will hear from us on Monday, 23 November, by 13:00 (Europe/Moscow).\nAnswers" in text


def test_the_samples_of_canned_texts_work_in_both_languages(tmp_path: Path) -> None:
    """For an agent, who is named."""
    letters = written_into(tmp_path)
    assert "удобное время,\nпозвонит Анна Смирнова.\n" in letters.preview("canned/callback", "ru")[1]
    assert "a good time;\nAnna Smirnova will call you.\n" in letters.preview("canned/callback", "en")[1]
