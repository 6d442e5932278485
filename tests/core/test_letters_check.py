"""`check`: every mistake in the letters, with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from maild.errors import Finding
from maild.outgoing.letters import Letters
from maild.outgoing.samples import BUILT_IN


def check(folder: Path, files: dict[str, str | bytes], languages: tuple[str, ...] = ("ru", "en")) -> list[Finding]:
    """Writes an admin's folder and checks it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Letters(folder, languages, "Europe/Moscow").check()


def test_the_built_in_letters_are_clean() -> None:
    """In both languages, with full and with empty contexts."""
    assert Letters(None, ["ru", "en"]).check() == []


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("Subject: x\n\nHello\n{% if %}\n", 4, "bad-letter"),
        ("Subject: x\n\n{{ ticket.number }\n", 3, "bad-letter"),
        ("Subject: {{ nobody\n\nHello\n", 1, "bad-letter"),
        ("Hello, without a subject\n", 1, "bad-letter"),
        ("", 1, "bad-letter"),
        ("Subject: x\n\n  \n", 2, "bad-letter"),
        ("Subject: x\nCc: other@x.example\n\nHello\n", 2, "bad-letter"),
        ("Subject: x\n\n{{ ticket.number|no_such_filter }}\n", 3, "bad-letter"),
        ("Subject: x\n\n\n{{ ticket }}\n", 4, "bad-letter"),
        ("Subject: x\n\n{{ 'a' * 10**9 }}\n", 3, "bad-letter"),
        ("Subject: x\n\n{{ ticket.nummer }}\n", 3, "unknown-variable"),
        ("Subject: {{ tikcet.number }}\n\nHello\n", 1, "unknown-variable"),
        ("Subject: x\n\n{% for o in orders %}\n{{ o.lines }}\n{% endfor %}\n", 4, "unknown-variable"),
    ],
)
def test_a_mistake_is_found_with_its_line(tmp_path: Path, text: str, line: int, code: str) -> None:
    """Before any customer meets it."""
    name = "transcript" if "orders" in text else "answer"
    found = check(tmp_path, {f"en/{name}.txt": text})
    assert [(f.code, f.line, f.severity) for f in found] == [(code, line, "error")]
    assert found[0].file == str(tmp_path / f"en/{name}.txt")
    assert found[0].source == text.split("\n")[line - 1]


def test_the_nearest_variable_is_named(tmp_path: Path) -> None:
    """A slip of the finger is mended in one look."""
    found = check(tmp_path, {"en/answer.txt": "Subject: x\n\n{{ ticket.numbr }}{{ custommer.name }}\n"})
    assert [f.hint for f in found] == ["do you mean customer?", "do you mean ticket.number?"]


def test_a_variable_of_another_letter_is_unknown_here(tmp_path: Path) -> None:
    """An acknowledgement has no agent."""
    assert [f.code for f in check(tmp_path, {"en/acknowledgement.txt": "Subject: x\n\n{{ agent.name }}\n"})] == [
        "unknown-variable"
    ]


def test_a_letter_that_is_not_in_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    """Old editors still write windows-1251."""
    text = "Subject: x\n\nfine\nПривет\n".encode("windows-1251")
    assert [(f.code, f.line) for f in check(tmp_path, {"ru/answer.txt": text})] == [("bad-letter", 4)]


def test_a_language_without_letters_is_a_warning_each(tmp_path: Path) -> None:
    """Mail still goes out, in another language; so the desk may start."""
    found = check(tmp_path, {"de/answer.txt": "Subject: x\n\nHallo\n"}, ("en", "de"))
    assert {(f.code, f.severity) for f in found} == {("missing-letter", "warning")}
    assert {Path(f.file).name for f in found} == {f"{name}.txt" for name in BUILT_IN if name != "answer"}


def test_an_own_letter_may_use_the_variables_of_all(tmp_path: Path) -> None:
    """A rule may name a letter that maild does not know."""
    text = "Subject: {{ ticket.number }}\n\n{{ customer.name }}{{ respond_by|deadline }}\n"
    assert [f.code for f in check(tmp_path, {"en/vip.txt": text, "ru/vip.txt": text})] == []


def test_layouts_and_html_letters_are_checked_too(tmp_path: Path) -> None:
    """They are letters like the others."""
    found = check(tmp_path, {"layout.html": "{{ bodi }}", "en/answer.html": "<p>\n{{ text }}{{ x.y }}{{ body }}</p>"})
    assert sorted((Path(f.file).name, f.line, f.code) for f in found) == [
        ("answer.html", 2, "unknown-variable"),
        ("layout.html", 1, "unknown-variable"),
    ]


def test_files_that_are_no_letters_are_left_alone(tmp_path: Path) -> None:
    """Backups of editors and notes of the admin are no mistakes."""
    assert (
        check(tmp_path, {"en/answer.txt~": "{% if %}", "README.txt": "{% if %}", "en/Old Answer.txt": "{% if %}"}) == []
    )
