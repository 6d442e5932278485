"""The customers' organisations: what teams.toml says of them, and how far colleagues belong together."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from office import TEAM, facts, judge, mail, practice, ticket

from maild.config.policy import check_policy, load_policy
from maild.config.settings import Desk, load_settings
from maild.messages.mail import Address
from maild.people.organisations import Organisation, Organisations
from maild.routing.rules import Actions, Rule
from maild.threads.correspondence import ticket_view
from maild.threads.facts import KnownId, id_hash
from maild.threads.model import Participant
from maild.threads.plan import Plan
from maild.threads.practice import Practice

ROOT = Path(__file__).parents[2]
FILES: Desk = load_settings(ROOT / "settings.toml").desk
ACME = Organisation(
    name="Acme", domains=("customer.example",), addresses=("acme@mailbox.example",), language="en", tags=("key",)
)
TOGETHER = replace(ACME, colleagues=True)
OLGA = "Olga <olga@customer.example>"
PROVEN = {"Authentication_Results": "mx.desk.example; dmarc=pass header.from=customer.example"}


def desk(*known: Organisation) -> Practice:
    """A desk that believes its own server, and knows these organisations."""
    team = replace(TEAM, organisations=Organisations(known))
    return replace(practice(authserv_ids=["mx.desk.example"]), team=team)


def came(*organisations: Organisation, proven: bool = True, sender: str = OLGA, **fields: str) -> Plan:
    """A mail on Ivan's ticket SUP-1001, by its tag."""
    values = {"subject": "Re: [SUP-1001] Printer", "message_id": "<2@customer.example>"} | fields
    return judge(
        mail("Mine, too.", sender=sender, **(PROVEN if proven else {}), **values),
        facts(ticket()),
        how=desk(*organisations),
    )


def people(plan: Plan) -> dict[str, bool]:
    """Who takes part then, and who of them is sent text."""
    assert plan.ticket is not None
    return {p.address.address: p.confirmed for p in plan.ticket.participants}


def test_an_address_tells_the_organisation() -> None:
    """By itself before its domain; a domain inside another one is not the same."""
    other = Organisation(name="Other", addresses=("odd@customer.example",))
    known = Organisations((ACME, other))
    found = [known.of(a) for a in ("ivan@customer.example", "odd@customer.example", "acme@mailbox.example")]
    assert [one.name for one in found if one is not None] == ["Acme", "Other", "Acme"]
    assert known.of("x@mail.customer.example") is None
    assert known.of("x@mailbox.example") is None
    assert known.of(None) is None


def test_a_proven_colleague_belongs_to_the_ticket() -> None:
    """The number in the subject is enough; the colleague is sent the answers from now on."""
    plan = came(TOGETHER)
    assert plan.belongs_to == 1001
    assert plan.message is not None
    assert not plan.message.proposed
    assert people(plan) == {"ivan@customer.example": True, "olga@customer.example": True}


@pytest.mark.parametrize("case", ["unproven", "not colleagues", "elsewhere", "free mail", "another organisation"])
def test_everybody_else_stays_a_stranger(case: str) -> None:
    """A number alone opens a ticket to nobody else."""
    other = Organisation(name="Other", domains=("other.example",), colleagues=True)
    plan = {
        "unproven": lambda: came(TOGETHER, proven=False),
        "not colleagues": lambda: came(ACME),
        "elsewhere": lambda: came(TOGETHER, sender="eve@mail.customer.example"),
        "free mail": lambda: came(TOGETHER, sender="eve@mailbox.example"),
        "another organisation": lambda: came(TOGETHER, other, sender="eve@other.example"),
    }[case]()
    assert plan.belongs_to == 1042


def test_references_of_a_colleague_are_certain_and_a_strangers_proposed() -> None:
    """The same mail with and without proof."""
    known = facts(ticket(), known=(KnownId(id_hash=id_hash("<1@customer.example>"), ticket=1001, stored=True),))
    for proven in (True, False):
        fields = PROVEN if proven else {}
        it = mail("x", sender=OLGA, message_id="<2@customer.example>", References="<1@customer.example>", **fields)
        plan = judge(it, known, how=desk(TOGETHER))
        assert plan.message is not None
        assert plan.message.proposed is not proven


def test_colleagues_in_copy_are_sent_answers_where_the_sender_is_proven() -> None:
    """Others wait for /add, and so do all where From alone says who put them there."""
    copies = {"Cc": "olga@customer.example, eve@other.example", "subject": "New"}
    for proven in (True, False):
        plan = came(TOGETHER, proven=proven, sender="Ivan <ivan@customer.example>", **copies)
        assert people(plan) == {
            "ivan@customer.example": True,
            "olga@customer.example": proven,
            "eve@other.example": False,
        }


def test_who_was_taken_out_is_not_let_in_by_a_copy() -> None:
    """An agent said /uncc."""
    out = Participant(address=Address(address="olga@customer.example"), confirmed=False)
    before = ticket()
    known = facts(replace(before, participants=(*before.participants, out)))
    it = mail("x", subject="Re: [SUP-1001] Printer", message_id="<2@c>", Cc="olga@customer.example", **PROVEN)
    plan = judge(it, known, how=desk(TOGETHER))
    assert people(plan)["olga@customer.example"] is False


def test_tags_and_language_go_for_all_of_them() -> None:
    """The language where the mail says none; a rule's tags stand before."""
    rule = Rule(name="x", when=None, then=Actions(tags=("printer", "key")))
    plan = judge(mail("ok", subject="1"), facts(), how=replace(desk(ACME), rules=practice(rules=(rule,)).rules))
    assert plan.ticket is not None
    assert (plan.ticket.tags, plan.ticket.language) == (("printer", "key"), "en")
    russian = replace(desk(replace(ACME, language="ru")), rules=practice().rules)
    plan = judge(mail("ok", subject="1"), facts(), how=russian)
    assert plan.ticket is not None
    assert plan.ticket.language == "ru"


def test_letters_name_the_organisation() -> None:
    """Found anew each time, from the requester."""
    view = ticket_view(desk(ACME), ticket())
    assert view["organisation"] == "Acme"
    assert ticket_view(desk(), ticket())["organisation"] == ""
    assert ticket_view(desk(ACME), ticket(requester=None))["organisation"] == ""


def test_rules_and_promises_test_it(tmp_path: Path) -> None:
    """An unknown name is a mistake that names the nearest."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    teams = tmp_path / "rules/teams.toml"
    table = '\n[[organisation]]\nname = "Acme Ltd"\ndomains = ["acme.example"]\n'
    teams.write_text(teams.read_text(encoding="utf-8") + table, encoding="utf-8")
    rules = '[[rule]]\nname = "a"\nwhen.organisation = "{}"\nthen.priority = "high"\n'
    example = '[[rule.example]]\nmail = { from = "x@acme.example" }\nexpect = { priority = "high" }\n'
    rest = '[[rule]]\nname = "Rest"\ndefault = true\n'
    (tmp_path / "rules/routing.toml").write_text(rules.format("acme ltd") + example + rest, encoding="utf-8")
    assert check_policy(tmp_path / "rules", FILES) == []
    (tmp_path / "rules/routing.toml").write_text(rules.format("Acme Lt") + rest, encoding="utf-8")
    (finding,) = check_policy(tmp_path / "rules", FILES)
    assert (finding.code, finding.line) == ("unknown-organisation", 3)
    assert "Acme Ltd" in finding.hint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('name = "A"\ndomains = ["gmail.com"]\ncolleagues = true', ("free-mail-colleagues", "warning")),
        ('name = "A"', ("missing-key", "error")),
        ('name = "A"\ndomains = ["example"]', ("bad-value", "error")),
        ('name = "A"\ndomains = ["a.example"]\nlanguage = "xx"', ("bad-value", "error")),
        ('name = "A"\naddresses = ["anna@desk.example"]', ("duplicate-address", "error")),
        ('name = "A"\ndomains = ["a.example"]\ntag = "x"', ("unknown-key", "error")),
        (
            'name = "A"\ndomains = ["a.example"]\n[[organisation]]\nname = "B"\ndomains = ["A.example"]',
            ("duplicate-domain", "error"),
        ),
        (
            'name = "A"\ndomains = ["a.example"]\n[[organisation]]\nname = "a"\ndomains = ["b.example"]',
            ("duplicate-name", "error"),
        ),
    ],
)
def test_each_mistake_has_its_code(text: str, told: tuple[str, str], tmp_path: Path) -> None:
    """At its place in teams.toml."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    teams = tmp_path / "rules/teams.toml"
    teams.write_text(teams.read_text(encoding="utf-8") + f"\n[[organisation]]\n{text}\n", encoding="utf-8")
    (finding,) = check_policy(tmp_path / "rules", FILES)
    assert (finding.code, finding.severity) == told
    assert finding.line


def test_the_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    """Domains and addresses as they are compared."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    teams = tmp_path / "rules/teams.toml"
    table = '\n[[organisation]]\nname = "A"\ndomains = ["Пример.example"]\naddresses = ["Ivan@Box.example"]\n'
    teams.write_text(teams.read_text(encoding="utf-8") + table, encoding="utf-8")
    organisations = load_policy(tmp_path / "rules", FILES).team.organisations
    assert organisations.of("ivan@box.example") is not None
    assert organisations.of("x@xn--e1afmkfd.example") is not None


def test_a_free_providers_domain_makes_nobody_a_colleague() -> None:
    """Anybody can have a mailbox there; who is named by his whole address is one all the same."""
    loose = Organisation(
        name="Loose", domains=("gmail.com", "acme.example"), addresses=("boss@gmail.com",), colleagues=True
    )
    known = Organisations((loose,))
    assert known.of("thief@gmail.com") == loose
    assert not known.colleagues("thief@gmail.com", ("olga@acme.example", "other@gmail.com", "boss@gmail.com"))
    assert not known.colleagues("olga@acme.example", ("thief@gmail.com",))
    assert known.colleagues("boss@gmail.com", ("olga@acme.example",))
    assert known.colleagues("olga@acme.example", ("boss@gmail.com",))
