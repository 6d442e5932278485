"""A customer's organisation at the command line: set in a file, told of a ticket, asked for by rules."""

from __future__ import annotations

from office import eml
from store.places import Place

TABLE = '\n[[organisation]]\nname = "Customer Ltd"\ndomains = ["customer.example"]\ntags = ["key"]\n'
RULE = '[[rule]]\nname = "Theirs"\nwhen.organisation = "customer ltd"\nthen.priority = "high"\n'
RULE += 'then.fields.origin = "theirs"\n'
REST = '[[rule]]\nname = "Rest"\ndefault = true\n'


def test_an_organisation_is_told_wherever_a_ticket_is_shown(place: Place) -> None:
    """By the name in the file, as it is today; a rule that asks for it holds for its people alone."""
    rules = place.folder / "rules"
    with open(rules / "teams.toml", "a", encoding="utf-8") as teams:
        teams.write(TABLE)
    (rules / "routing.toml").write_text(RULE + REST, encoding="utf-8")
    place.ingest(
        eml("A new one.", sender="olga@customer.example", message_id="<new@customer.example>", subject="New"),
        eml("x", sender="eve@stranger.example", message_id="<new@stranger.example>"),
    )
    hers, his = place.rows("tickets", "--limit", "2")
    assert (his["organisation"], his["tags"], his["priority"]) == ("Customer Ltd", ["key"], "high")
    assert (hers["organisation"], hers["tags"], hers["priority"]) == (None, [], "normal")
    shown = place.do("ticket", "show", his["number"])
    assert "\norganisation: Customer Ltd\ntags: key\nfield origin: theirs\n" in shown
    assert "tags:" not in place.do("ticket", "show", hers["number"])
    assert place.rows("ticket", "show", his["number"])[0]["organisation"] == "Customer Ltd"
    place.do("ticket", "requester", his["number"], "eve@stranger.example")
    assert place.rows("ticket", "show", his["number"])[0]["organisation"] is None
