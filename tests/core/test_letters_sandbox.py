"""What a letter may not do, and that it cannot."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cost import cost

from maild.outgoing.letters import Letters
from maild.outgoing.sandbox import Compiled, LetterError
from maild.outgoing.words import Run

REFUSED = [
    "{{ 'a' * 10**9 }}",
    "{{ 'a' ~ 'a' }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{{ ''.join(['a']) }}",
    "{{ range(10**9) }}",
    "{{ lipsum() }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{% for a in range(10**9) %}x{% endfor %}",
    "{% for a in items recursive %}{{ loop(items) }}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% set x = text %}",
    "{% set x %}y{% endset %}",
    "{% include 'other' %}",
    "{% import 'os' as os %}",
    "{% extends 'other' %}",
    "{{ text|center(1000000000) }}",
    "{{ text|counted(1) }}",
    "{{ text|attr('__class__') }}",
    "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "{{ " + "9" * 10_000 + " }}",
    "{% if a %}" * 400 + "{% endif %}" * 400,
    "x" * 40_000,
    "{{ " + "text" + "|quote" * 2000 + " }}",
    "{% for a in items %}" * 30 + "x" + "{% endfor %}" * 30,
]

STOPPED = [
    "{% for a in items %}" * 8 + "x" + "{% endfor %}" * 8,
    "{% for a in items %}{% for b in items %}{{ text|quote|wrap(20)|upper }}{% endfor %}{% endfor %}",
    "{{ text|join(text) }}",
    "{{ " + "text" + "|quote" * 50 + " }}",
    "{{ [" + ", ".join(["text"] * 3000) + "]|join }}",
    "{{ [" + ", ".join(["text"] * 3000) + "] }}",
    "{{ text }}" * 3000,
    "{{ text.__class__ }}",
    "{{ desk.items }}",
    "{{ items.append }}",
    "{{ desk['__class__'] }}",
    "{{ _run.spend }}",
    "{{ _run }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ self }}",
    "{{ items }}",
    "{{ when }}",
    "{{ text|plural('a') }}",
    "{{ text|deadline }}",
    "{{ nobody }}",
    "{{ desk.nobody }}",
    "{% for c in text %}{{ c }}{% endfor %}",
]

VALUES = {"text": "word " * 20_000, "items": ["x"] * 300, "desk": {"name": "Acme"}, "a": True, "when": object()}


def run() -> Run:
    """One rendering with the budget of a real one."""
    return Run(language="en", zone=ZoneInfo("UTC"), budget=5_000_000)


@pytest.mark.parametrize("source", REFUSED, ids=lambda s: s[:40])
@pytest.mark.fault("H3")
def test_a_letter_outside_of_the_language_is_refused_when_it_is_loaded(source: str) -> None:
    """At load, before a single mail, in little time and memory."""

    def load() -> None:
        with pytest.raises(LetterError):
            Compiled(source, file="letter.txt")

    assert cost(load, 1) < 1


@pytest.mark.parametrize("source", STOPPED, ids=lambda s: s[:40])
@pytest.mark.fault("H3")
def test_a_letter_that_does_too_much_is_stopped(source: str) -> None:
    """What passes the loading is bounded while it is written: a second of work at most."""
    compiled = Compiled(source, file="letter.txt")

    def write() -> None:
        with pytest.raises(LetterError):
            compiled.write(VALUES, run())

    assert cost(write, 1) < 1


@pytest.mark.parametrize("source", [s for s in STOPPED if "{% for" not in s], ids=lambda s: s[:40])
@pytest.mark.fault("H3")
def test_a_letter_that_swells_is_stopped_in_time(source: str) -> None:
    """Fifty megabytes are never reached, whatever is repeated or joined."""
    compiled = Compiled(source, file="letter.txt")
    tracemalloc.start()
    try:
        with pytest.raises(LetterError):
            compiled.write(VALUES, run())
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_the_line_of_a_refusal_is_that_of_the_file() -> None:
    """An admin is sent to the right line, below the fields too."""
    with pytest.raises(LetterError) as caught:
        Compiled("\n\n{{ a * 2 }}", file="letter.txt", first_line=4)
    assert caught.value.line == 6


def test_the_line_of_trouble_while_writing_is_that_of_the_file() -> None:
    """Also when it shows only with certain values."""
    compiled = Compiled("one\n{{ nobody }}\n", file="letter.txt", first_line=3)
    with pytest.raises(LetterError) as caught:
        compiled.write({}, run())
    assert caught.value.line == 4


@pytest.mark.fault("H3")
def test_a_bomb_in_an_admins_letter_costs_the_customer_nothing(tmp_path: Path) -> None:
    """The built-in letter goes out in its place, at once."""
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "acknowledgement.txt").write_text("Subject: x\n\n" + STOPPED[0].replace("items", "ticket.tags"))
    letters = Letters(tmp_path, ["en"])
    given = {"ticket": {"number": "SUP-1", "tags": ["a"] * 1000}, "proven": True}
    written = letters.render("acknowledgement", "en", given)
    assert written.text.startswith("Hello!")
    assert "too much work" in written.note
    assert cost(lambda: letters.render("acknowledgement", "en", given), 1) < 1


def test_the_html_escapes_every_value() -> None:
    """An own HTML letter cannot let markup of a customer through."""
    compiled = Compiled("<p>{{ name }}{{ name|upper }}</p>", file="letter.html", html=True)
    assert compiled.write({"name": "<b>"}, run()) == "<p>&lt;b&gt;&lt;B&gt;</p>"
