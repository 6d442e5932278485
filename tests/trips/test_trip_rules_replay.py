"""`maild rules replay` through the command, beside a daemon that runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon import Daemon, running_desk

RULES = """
[[rule]]
name = "Invoices"
when.subject = { words = ["invoice"] }
then.queue = "billing"

[[rule]]
name = "Everything else"
default = true
"""
MAIL = "From: kim{n}@shop.example\nTo: support@desk.example\nSubject: {subject}\nMessage-ID: <{n}@s>\n\nHi\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A desk that runs, with four tickets; and a folder of other rules beside its own."""
    with running_desk(tmp_path_factory.mktemp("desk") / "d", rules={"routing.toml": RULES}) as running:
        for n, subject in enumerate(["Invoice", "Printer", "An invoice", "Refund"]):
            running.deliver(MAIL.format(n=n, subject=subject).replace("\n", "\r\n").encode(), f"kim{n}@shop.example")
        other = running.folder / "other"
        other.mkdir()
        (other / "teams.toml").write_text((running.folder / "rules/teams.toml").read_text())
        (other / "routing.toml").write_text(RULES.replace('"billing"', '"technical"').replace("Invoices", "Money"))
        yield running


def test_other_rules_are_told_as_a_diff(desk: Daemon) -> None:
    """Each change with its tickets, samples and reasons; as JSON a changed ticket a line, and the sums."""
    said = desk.order("rules", "replay", "--rules", str(desk.folder / "other"), "--limit", "1")
    assert "2 of 4 tickets would change\n\nqueue billing -> technical: 2 of 4 tickets" in said
    assert said.count("SUP-1001  Invoice  (kim0@shop.example)") == 1
    assert "SUP-1003" not in said
    *changed, sums = desk.cli("rules", "replay", "--rules", str(desk.folder / "other"))
    assert [row["ticket"] for row in changed] == ["SUP-1001", "SUP-1003"]
    assert changed[0]["message_id"] == "<0@s>"
    assert (changed[0]["before"]["queue"], changed[0]["after"]["queue"]) == ("billing", "technical")
    assert (changed[0]["rule_before"], changed[0]["rule_after"]) == ("Invoices", "Money")
    assert (sums["tickets"], sums["changed"], sums["skipped"]) == (4, 2, [])
    *changed, sums = desk.cli("rules", "replay", "--rules", str(desk.folder / "other"), "--limit", "1")
    assert (len(changed), sums["changed"]) == (1, 2)


def test_the_rules_in_force_change_nothing_and_an_edit_is_told_before_it_counts(desk: Daemon) -> None:
    """Without a folder it is the one on the disk, whatever the daemon has in memory."""
    [sums] = desk.cli("rules", "replay")
    assert (sums["tickets"], sums["changed"]) == (4, 0)
    assert "0 of 4 tickets would change" in desk.order("rules", "replay")
    assert "0 of 0 tickets" in desk.order("rules", "replay", "--until", "2020-01-01T00:00:00Z")


def test_a_folder_with_mistakes_is_refused_with_its_findings(desk: Daemon, tmp_path: Path) -> None:
    """78, and the place of the mistake; a folder that is not there is 66."""
    (tmp_path / "teams.toml").write_text((desk.folder / "rules/teams.toml").read_text())
    (tmp_path / "routing.toml").write_text(RULES.replace('"billing"', '"biling"'))
    done = desk.run("rules", "replay", "--rules", str(tmp_path))
    assert done.returncode == 78
    assert "routing.toml:5:14: error: there is no queue 'biling'" in done.stderr
    assert desk.run("rules", "replay", "--rules", str(tmp_path / "none")).returncode == 66


def test_a_stored_decision_says_what_the_rules_made_of_the_mail(desk: Daemon) -> None:
    """`explain --inbox` has the route with the revision, and says which rule decided."""
    [said] = desk.cli("explain", "--inbox", "1")
    assert said["route"] == {"rule": "Invoices", "held": ["Invoices"], "outcome": {"queue": "billing"}} | (
        {"language": said["route"]["language"]} if "language" in said["route"] else {}
    )
    [shown, *_] = desk.cli("rules", "show")
    assert said["result"]["rules_revision"] == shown["revision"]
    assert (shown["shadow"], shown["events"]) == (False, ["new"])
    assert "rule 'Invoices': held and decided" in desk.order("explain", "--inbox", "1")
