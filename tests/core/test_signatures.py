"""Signatures below answers, and the desk's name as the customers of a queue see it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from office import BORIS, MINT, TEAM, envelope, facts, judge, mail, message, practice, ticket

from maild.config.files import parse_source
from maild.config.settings import load_settings
from maild.config.team_file import read_team
from maild.messages.tokens import Purpose
from maild.outgoing.letters import Letters
from maild.people.spoken import Spoken
from maild.people.team import Team
from maild.threads.plan import Letter, LetterKind

TO_BORIS = MINT.address(Purpose.AGENT, 1001, "boris")
DESK = load_settings(Path(__file__).parents[2] / "settings.toml").desk
LETTERS = Letters(None, ["ru", "en"])
OF_AGENT = Spoken(by_language=(("en", "Regards\n{agent}, {desk}"), ("ru", "С уважением,\n{agent}")))
OF_QUEUE = Spoken(by_language=(("", "{desk}, {queue}"),))
BRAND = Spoken(by_language=(("en", "Acme Shop"), ("ru", "Магазин Acme")))


def team(agent: Spoken = Spoken(), queue: Spoken = Spoken(), brand: Spoken = Spoken()) -> Team:  # noqa: B008 a value
    """The team with these signatures."""
    agents = tuple(replace(a, signature=agent) if a.id == BORIS.id else a for a in TEAM.agents)
    queues = tuple(replace(q, signature=queue, from_name=brand) if q.name == "support" else q for q in TEAM.queues)
    return Team(agents=agents, queues=queues)


def answered(who: Team, language: str = "en") -> Letter:
    """Boris's answer to Ivan."""
    reply = mail("Close the lid.", sender="Boris <boris@desk.example>", to=TO_BORIS, message_id="<b@desk>")
    by = envelope("boris@desk.example", TO_BORIS, login="boris")
    plan = judge(reply, facts(ticket(language=language), messages=(message(),)), by=by, how=practice(team=who))
    (letter,) = [x for x in plan.letters if x.kind is LetterKind.ANSWER]
    return letter


def below(letter: Letter) -> str:
    """What stands between the answer and the quotation."""
    text = LETTERS.render(letter.template, letter.language, letter.context).text
    return text.removeprefix("Close the lid.\n\n").partition("\n\n")[0]


@pytest.mark.parametrize(
    ("who", "language", "signed"),
    [
        (team(), "en", "Boris Smith, Acme Support"),
        (team(OF_AGENT, OF_QUEUE), "en", "Regards\nBoris Smith, Acme Support"),
        (team(OF_AGENT), "ru", "С уважением,\nBoris Smith"),
        (team(OF_AGENT), "fr", "С уважением,\nBoris Smith"),
        (team(queue=OF_QUEUE), "en", "Acme Support, support"),
        (team(queue=OF_QUEUE, brand=BRAND), "ru", "Магазин Acme, support"),
        (team(brand=BRAND), "en", "Boris Smith, Acme Shop"),
    ],
)
def test_the_agents_signature_goes_before_the_queues_and_the_customers_language_before_others(
    who: Team, language: str, signed: str
) -> None:
    """Where there is none, the line is as it always was."""
    assert below(answered(who, language)) == signed


def test_customers_see_the_name_of_their_queue_and_the_address_of_the_desk() -> None:
    """In From; a queue without one has the desk's name."""
    letter = answered(team(brand=BRAND))
    assert (letter.sender.name, letter.sender.address) == ("Acme Shop", "support@desk.example")
    assert answered(team()).sender.name == "Acme Support"


def test_the_acknowledgement_bears_the_same_name() -> None:
    """One desk to the customer."""
    plan = judge(mail(), facts(), how=practice(team=team(brand=BRAND)))
    (letter,) = [x for x in plan.letters if x.kind is LetterKind.ACKNOWLEDGEMENT]
    assert letter.sender.name in ("Acme Shop", "Магазин Acme")


def test_a_signature_in_html_keeps_its_lines() -> None:
    """And says nothing but what it says."""
    signed = Spoken(by_language=(("", "{agent}\n<b>{desk}</b>"),))
    letter = answered(team(signed))
    html = LETTERS.render(letter.template, letter.language, letter.context).html
    assert "<p>Boris Smith<br>\n&lt;b&gt;Acme Support&lt;/b&gt;</p>" in html


def findings(line: str) -> list[tuple[str, int, str]]:
    """What is wrong with a signature in a file."""
    agent = f'[[agent]]\nid = "b"\nname = "B"\naddress = "b@desk.example"\n{line}\n'
    source = parse_source(f'{agent}[[queue]]\nname = "q"\nagents = ["b"]\ndefault = true\n'.encode(), "teams.toml")
    return [(f.code, f.line, f.message) for f in read_team(source, DESK)[1]]


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ('signature = "{agent}"', ""),
        ('signature = { ru = "{agent}", en = "x" }', ""),
        ('signature = "{name}"', "there is no {name}; there are {agent}, {desk}, {queue}"),
        ('signature = { russian = "x" }', "'russian' is no language such as en"),
        ('signature = ""', "a text of at most 2000 characters"),
        ("signature = 7", "a text of at most 2000 characters"),
        ("signature = {}", "there is no text in it"),
    ],
)
def test_a_wrong_signature_is_told_with_its_place(line: str, wrong: str) -> None:
    """Unknown words in braces, languages that are none, no text at all."""
    found = findings(line)
    assert ([(code, at) for code, at, _ in found] == [("bad-value", 5)]) if wrong else not found
    assert all(wrong in message for _, _, message in found)
