"""Past tickets under other rules: what is asked again is the mail as the rules saw it, and known changes are found."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from office import DESK, NOW, eml
from store.pieces import handle_all, raw_arrival

from maild.cli.replay_words import replay_json, tally_json, tally_lines
from maild.clock import FixedClock
from maild.config.settings import Settings, load_settings
from maild.desk.assembly import make_office
from maild.desk.handle import Desk, Office
from maild.desk.orders import give_order
from maild.desk.rules_replay import FORGOTTEN, GONE, NO_MAIL, Replay, Replayed
from maild.errors import ConfigError
from maild.store.forget import forget_person
from maild.store.keep import Keep
from maild.store.openings import read_openings
from maild.store.report import report_rows
from maild.store.tables import events, inbox, inbox_raw, tickets
from maild.threads import route as routing
from maild.threads.case import Case
from maild.threads.past_mail import case_again
from maild.threads.periods import Period
from maild.threads.report import make_report
from maild.threads.report_words import report_lines
from maild.threads.route import mail_fields, queue_written_to
from maild.threads.why import why_lines

TEAMS = """
[[agent]]
id = "anna"
name = "Anna"
address = "anna@desk.example"
aliases = ["a.p@desk.example"]

[[queue]]
name = "support"
agents = ["anna"]
default = true

[[queue]]
name = "billing"
address = "billing@desk.example"
agents = ["anna"]

[[queue]]
name = "sales"
agents = ["anna"]

[[organisation]]
name = "Acme"
domains = ["acme.example"]
tags = ["key"]
"""
RULES = """
[[rule]]
name = "Invoices"
when.subject = { words = ["invoice", "счёт"] }
then.queue = "billing"
then.priority = "high"
then.tags = ["money"]

[[rule]]
name = "Orders are kept"
continue = true
when.body = { matches = 'order (?P<order>[0-9]+)' }
then.tags = ["order"]

[[rule]]
name = "Perhaps sales"
shadow = true
when.reply = { words = ["price"] }
then.queue = "sales"
then.tags = ["lead"]

[[rule]]
name = "Files"
when.attachment = { matches = '[.]pdf$' }
then.queue = "sales"

[[rule]]
name = "Everything else"
default = true
"""
WORDS = ["invoice", "price", "order 4711", "printer", "счёт", "пароль", "refund", "спасибо", "hello"]
FORWARD = (
    "Please see to it.\n\n---------- Forwarded message ---------\nFrom: Ivan Petrov <{sender}>\n"
    "Date: Sat, 21 Nov 2026 at 10:00\nSubject: {subject}\nTo: Anna <anna@desk.example>\n\n\n{text}\n"
)


class Office1:
    """A desk whose rules stand in files, with a clock that goes on."""

    def __init__(self, keep: Keep, folder: Path) -> None:
        self.keep, self.folder, self.clock = keep, folder, FixedClock(NOW)
        (folder / "rules").mkdir(parents=True)
        (folder / "rules" / "teams.toml").write_text(TEAMS)
        (folder / "settings.toml").write_text('[desk]\ntimezone = "Asia/Tokyo"\naddress = "support@desk.example"\n')
        self.write(RULES)
        self.settings: Settings = load_settings(folder / "settings.toml")
        self.office: Office = make_office(self.settings)
        self.desk = Desk(keep, lambda: self.office, self.clock)

    def write(self, rules: str, name: str = "rules") -> Path:
        """Rules into a folder of this desk."""
        there = self.folder / name
        there.mkdir(exist_ok=True)
        (there / "teams.toml").write_text(TEAMS)
        (there / "routing.toml").write_text(rules)
        return there

    def take_in(self, raw: bytes, **envelope: Any) -> None:
        """Accept a mail and handle it."""
        self.clock.at += timedelta(minutes=37)
        self.keep.inbox.add([raw_arrival(raw, at=self.clock.at, **envelope)])
        handle_all(self.desk)

    def replay(self, rules_dir: Path | None = None, since: datetime | None = None) -> tuple[list[Replayed], Replay]:
        """All that is told of a replay."""
        replay = Replay(self.keep, self.settings, rules_dir)
        return list(replay.run(since, None)), replay


@pytest.fixture
def office(keep: Keep, tmp_path: Path) -> Office1:
    """A desk with rules in files."""
    return Office1(keep, tmp_path / "desk")


def with_file(name: str, number: int, content_type: str = "pdf") -> bytes:
    """A mail with a file and a text in HTML."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = f"Олег <oleg{number}@acme.example>", DESK, f"Файл {number}"
    mail["Date"], mail["Message-ID"], mail["X-Mailer"] = NOW, f"<h{number}@acme.example>", "Тест"
    mail.set_content("Смотрите файл.\n\n> старое\n")
    mail.add_alternative("<p>Смотрите <b>файл</b>.</p>", subtype="html")
    mail.add_attachment(b"x" * number, maintype="application", subtype=content_type, filename=name)
    return mail.as_bytes()


def attached_forward(number: int) -> bytes:
    """A forward with the customer's mail in it whole."""
    inner = eml("Мой счёт", sender=f"Ivan <iv{number}@acme.example>", to="anna@desk.example", X_Kind="inner")
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = "Anna <anna@desk.example>", DESK, "Fwd: Printer"
    mail["Date"], mail["Message-ID"], mail["X-Kind"] = NOW + timedelta(hours=20), f"<fa{number}@desk.example>", "outer"
    mail.set_content("/tag mine\nlook at this")
    mail.add_attachment(message_from_bytes(inner, policy=policy.SMTP))
    return mail.as_bytes()


def mails(count: int) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Mails of many kinds, each with its envelope."""
    chance = random.Random(3)
    for number in range(count):
        subject = f"{chance.choice(WORDS)} {number}"
        said, quoted = (chance.choice(WORDS) for _ in range(2))
        text = f"{said} and {chance.choice(WORDS)}\n\nOn Monday you wrote:\n> {quoted}\n-- \nI"
        who = f"Kim {number} <kim{number}@{chance.choice(['acme.example', 'x.example'])}>"
        usual = {"sender": who, "subject": subject, "message_id": f"<m{number}@x.example>"}
        date = NOW + timedelta(minutes=37 * number)
        kinds: list[Callable[[], tuple[bytes, dict[str, Any]]]] = [
            lambda usual=usual, text=text: (eml(text, **usual), {}),
            lambda usual=usual, text=text: (
                eml(text, to=f"billing@desk.example, {DESK}", Cc="Olga <o@x.example>", **usual),
                {"recipients": ()},
            ),
            lambda usual=usual, text=text: (
                eml(text, to="list@elsewhere.example", Delivered_To="<billing@desk.example>", **usual),
                {"recipients": (), "channel": "imap", "source": f"box;1;{len(text)}"},
            ),
            lambda usual=usual, text=text: (
                eml(text, Auto_Submitted="auto-generated", X_Mailer="Cron", **usual),
                {"sender": "kim@x.example"},
            ),
            lambda number=number: (with_file(f"счёт {number}.pdf", number), {}),
            lambda number=number: (with_file(f"{number}.zip", number, "zip"), {}),
            lambda usual=usual, text=text: (
                eml(text, **usual).replace(b"Subject: ", "X-Odd: строка\r\nSubject: ".encode()),
                {},
            ),
            lambda usual=usual, text=text: (eml(text, **usual | {"sender": "nobody"}), {"sender": None}),
            lambda usual=usual, text=text: (eml(text, Reply_To=usual["sender"], **usual | {"sender": DESK}), {}),
            lambda usual=usual, text=text, date=date: (
                eml(text, **usual | {"sender": "Anna <anna@desk.example>"}, date=date),
                {"login": "anna"},
            ),
            lambda usual=usual, text=text, date=date, number=number: (
                eml(
                    FORWARD.format(sender=f"iv{number}@acme.example", subject=usual["subject"], text=text),
                    **usual | {"sender": "Anna <a.p@desk.example>", "subject": f"Fwd: {usual['subject']}"},
                    date=date,
                    to=f"Support <{DESK}>, billing@desk.example",
                ),
                {"login": "anna", "recipients": (DESK,)},
            ),
            lambda number=number: (attached_forward(number), {"login": "anna"}),
        ]
        yield kinds[number % len(kinds)]()


def fields_again(office: Office1, rules_dir: Path, *, heads: bool) -> dict[int, Any]:
    """What rules see of each stored mail, by its number in the inbox."""
    replay = Replay(office.keep, office.settings, rules_dir)
    found = {}
    for opening in read_openings(office.keep.database, None, None, heads=heads):
        case = case_again(replay.practice, replay._past_mail(opening)[0])
        assert opening.ledger is not None
        found[opening.ledger["id"]] = mail_fields(case, queue_written_to(case)[1])
    return found


def _but_headers(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if not name.startswith("header.")}


def test_the_fields_of_stored_mails_are_those_that_the_mails_had(
    office: Office1, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What rules see of a mail when it comes and what they see of it later, out of the rows, is the same."""
    seen: dict[int, Any] = {}

    def remember(case: Case, queue: str | None) -> Any:
        fields = mail_fields(case, queue)
        seen.setdefault(case.facts.inbox_id, fields)
        return fields

    monkeypatch.setattr(routing, "mail_fields", remember)
    for raw, envelope in mails(60):
        office.take_in(raw, **envelope)
    monkeypatch.undo()
    header = '[[rule]]\nname = "Robots"\nwhen.header.X-Kind = "robot"\n'
    plain = fields_again(office, office.write(RULES, "plain"), heads=False)
    whole = fields_again(office, office.write(header + RULES, "other"), heads=True)
    assert whole == {number: seen[number] for number in whole}
    for number, fields in plain.items():
        assert _but_headers(fields) == _but_headers(seen[number])
    compared = list(whole.values())
    assert len(plain) == len(compared)
    assert len(compared) >= 50
    assert {fields["queue"] for fields in compared} == {"support", "billing"}
    assert {fields["auth"] for fields in compared} >= {"none", "agent"}
    assert {fields["language"] for fields in compared} >= {"ru", "en"}
    assert any(fields["forwarded_by"] for fields in compared)
    assert {"inner", "outer"} & {kind for fields in compared for kind in fields.get("header.x-kind", ())} == {"inner"}


def test_unchanged_rules_change_no_ticket(office: Office1) -> None:
    """Hundreds of tickets under the rules that made them: not one would be another."""
    for raw, envelope in mails(144):
        office.take_in(raw, **envelope)
    replayed, replay = office.replay()
    assert [one.number for one in replayed if one.changed] == []
    assert replay.tally.skipped == {}
    assert replay.tally.tickets == len(replayed) > 120
    counts = replay.tally.rules["Invoices"]
    assert counts.held_before == counts.held_after == counts.decided_after > 10
    assert replay.tally.other_rule == 0


def test_orders_and_edits_after_a_mail_came_are_no_change_of_the_rules(office: Office1) -> None:
    """Tickets are held against what was decided at the time: what people made of them later is their business."""
    for number in range(6):
        office.take_in(eml("x", subject=f"Printer {number}", message_id=f"<{number}@x.example>"))
    for number, order in enumerate([("queue", "sales"), ("priority", "low"), ("solve", ""), ("tag", "x")], 1001):
        give_order(office.keep, office.office, office.clock, str(number), *order)
    give_order(office.keep, office.office, office.clock, "1005", "merge", "1006")
    replayed, replay = office.replay()
    assert [one.number for one in replayed] == [f"SUP-{number}" for number in range(1001, 1007)]
    assert replay.tally.changed == 0
    assert replay.tally.tickets == 6


def test_a_planted_change_is_found_with_its_count_its_samples_and_its_reason(office: Office1) -> None:
    """Of twelve tickets four would move, and the diff says which, by which rule and why."""
    for number in range(12):
        subject = f"Invoice {number}" if number % 3 == 0 else f"Printer {number}"
        office.take_in(eml("x", subject=subject, sender=f"kim{number}@x.example", message_id=f"<{number}@x.example>"))
    changed = RULES.replace('then.queue = "billing"', 'then.queue = "sales"')
    changed = changed.replace('name = "Invoices"', 'name = "Money"').replace('"invoice", "счёт"', '"invoice"')
    replay = Replay(office.keep, office.settings, office.write(changed, "other"))
    found = [one for one in replay.run(None, None) if one.changed]
    for one in found:
        replay.note_moves(one, 2)
    assert [one.number for one in found] == ["SUP-1001", "SUP-1004", "SUP-1007", "SUP-1010"]
    told = replay_json(found[0])
    assert (told["ticket"], told["message_id"]) == ("SUP-1001", "<0@x.example>")
    assert (told["rule_before"], told["rule_after"]) == ("Invoices", "Money")
    assert (told["before"]["queue"], told["after"]["queue"]) == ("billing", "sales")  # type: ignore[index]
    sums = tally_json(replay.tally)
    assert (sums["tickets"], sums["changed"], sums["other_rule"]) == (12, 4, 0)
    text = "\n".join(tally_lines(replay.tally))
    assert "4 of 12 tickets would change" in text
    assert "queue billing -> sales: 4 of 12 tickets\n  4 by 'Money', before by 'Invoices'" in text
    assert "SUP-1001  Invoice 0  (kim0@x.example)\n      'Money' holds: subject" in text
    assert "'Invoices' is there no more" in text
    assert text.count("  SUP-") == 2
    assert text.count("'Invoices' is there no more") == 1
    assert "  Invoices: held 4 -> 0, decided 4 -> 0  never holds" in text
    assert "  Files: held 0 -> 0" in text


def test_fields_that_patterns_catch_are_one_change_for_all_mails(office: Office1) -> None:
    """Each mail has another number, and the diff has one line for them all."""
    for number in range(4):
        office.take_in(eml(f"order 47{number}1", subject=f"Printer {number}", message_id=f"<{number}@x.example>"))
    replay = Replay(
        office.keep, office.settings, office.write(RULES.replace("(?P<order>[0-9]+)", "(?P<ref>[0-9])"), "other")
    )
    for one in replay.run(None, None):
        replay.note_moves(one, 1)
    assert {key: move.tickets for key, move in replay.tally.moves.items()} == {("fields", "order", "ref"): 4}
    replay = Replay(office.keep, office.settings, office.write(RULES.replace("[0-9]+", "[0-9]"), "other"))
    for one in replay.run(None, None):
        replay.note_moves(one, 1)
    assert [*replay.tally.moves] == [("fields", "order", "another order")]


def test_the_test_that_is_missed_now_is_named(office: Office1) -> None:
    """A rule that lost a word says what it has not found."""
    office.take_in(eml("x", subject="Мой счёт"))
    [found], replay = office.replay(office.write(RULES.replace('"invoice", "счёт"', '"invoice"'), "other"))
    assert found.past is not None
    [said] = replay.why(found.past, "Invoices", "Everything else")
    assert said.startswith("'Invoices' misses: subject")
    [_, said] = replay.why(found.past, "Everything else", "Files")
    assert said == "'Everything else' is not asked any more, since the other stands above it"


def test_a_rule_on_trial_tells_what_it_would_have_done(office: Office1) -> None:
    """A shadow rule changes nothing and is counted, each change by itself."""
    for number in range(5):
        text = "What is the price?" if number < 3 else "Hello"
        subject = "Invoice" if number == 0 else "Question"
        office.take_in(eml(text, subject=subject, sender=f"k{number}@x.example", message_id=f"<{number}@x.example>"))
    _, replay = office.replay()
    trial = replay.tally.trials["Perhaps sales"]
    # The rule for invoices stands above it, so that its mail never comes so far.
    assert trial.held == 2
    assert dict(trial.changes) == {"queue support -> sales": 2, "tags +lead": 2}
    assert "Perhaps sales (on trial): holds for 2" in "\n".join(tally_lines(replay.tally))
    assert replay.tally.changed == 0


def test_the_record_of_a_rule_on_trial_stands_in_the_report(office: Office1) -> None:
    """As often as it held at the time, with every change that it would have made, for a new ticket as for a reply."""
    later = '[[rule]]\nname = "Later"\nshadow = true\nwhen.event = "reply"\n'
    office.write(later + 'then.priority = "high"\nthen.status = "open"\n' + RULES)
    office.office = make_office(office.settings)
    for number, text in enumerate(["What is the price?", "The price, please", "Hello"]):
        office.take_in(eml(text, subject="Question", sender=f"k{number}@x.example", message_id=f"<{number}@x.example>"))
    office.take_in(eml("More", subject="Re: [SUP-1001]", sender="k0@x.example", message_id="<9@x.example>"))
    period = Period(since=NOW - timedelta(days=1), until=NOW + timedelta(days=1))
    with office.keep.database.read() as connection:
        rows = report_rows(connection, period)
    made = make_report(rows, period, office.clock.at, ZoneInfo("UTC"))
    assert [(t.rule, t.held, dict(t.changes)) for t in made.trials] == [
        ("Later", 1, {"priority normal -> high": 1}),
        ("Perhaps sales", 2, {"queue support -> sales": 2, "tags +lead": 2}),
    ]
    told = report_lines(made, "en", "UTC", {})
    assert "- Perhaps sales: held 2 times; queue support -> sales (2); tags +lead (2)" in told
    assert "Правила на пробу:" in report_lines(made, "ru", "UTC", {})
    assert make_report(rows, period, office.clock.at, ZoneInfo("UTC"), "billing").trials == ()


def test_a_decision_says_which_rule_decided_and_which_is_on_trial(office: Office1) -> None:
    """In the stored decision, and in the sentences that an agent gets by /why."""
    office.take_in(eml("What is the price?", subject="Question"))
    with office.keep.database.read() as connection:
        decision = connection.scalar(sa.select(inbox.c.decision))
    assert [rule for rule in decision["rules"] if rule.get("shadow")] == [
        {"rule": "Perhaps sales", "held": True, "missed": [], "shadow": True}
    ]
    assert decision["result"]["rules_revision"] == office.office.practice.revision
    assert "Rule “Perhaps sales”: it held, but is on trial: that is only written down." in why_lines(decision, "en")
    assert "Rule “Everything else”: it held, and decided." in why_lines(decision, "en")


def test_what_cannot_be_told_again_is_counted_with_its_reason(office: Office1) -> None:
    """A split ticket, a forgotten sender, a mail without its bytes: each is skipped by its own reason."""
    for number in range(4):
        office.take_in(
            eml("x", subject=f"Printer {number}", sender=f"k{number}@x.example", message_id=f"<{number}@x.example>")
        )
    office.take_in(eml("And my phone", subject="Re: [SUP-1001]", sender="k0@x.example", message_id="<9@x.example>"))
    give_order(office.keep, office.office, office.clock, "1001", "split", "")
    forget_person(office.keep.database, "k1@x.example")
    with office.keep.database.write() as connection:
        wanted = sa.select(inbox.c.id).where(inbox.c.message_id == "<2@x.example>")
        connection.execute(inbox_raw.update().where(inbox_raw.c.inbox_id.in_(wanted)).values(raw=b""))
    _, replay = office.replay()
    assert replay.tally.skipped == {NO_MAIL: 1, FORGOTTEN: 1}
    assert replay.tally.tickets == 3
    with_header = RULES.replace("when.subject = {", 'when.header.X-Kind = "y"\nwhen.subject = {')
    _, replay = office.replay(office.write(with_header, "other"))
    assert replay.tally.skipped == {NO_MAIL: 1, FORGOTTEN: 1, GONE: 1}
    assert replay.tally.tickets == 2


def test_a_mail_that_was_rejected_is_asked_again_from_its_bytes(office: Office1) -> None:
    """No ticket tells of it: whether it would open one, by which rule, and that the rule did reject it."""
    reject = '[[rule]]\nname = "No"\nwhen.subject = { words = ["lottery", "prize"] }\nthen.reject = true\n'
    office.write(reject + RULES)
    office.office = make_office(office.settings)
    for number, subject in enumerate(["Lottery", "Printer", "A prize", "Lottery again"]):
        office.take_in(eml("x", subject=subject, sender=f"k{number}@x.example", message_id=f"<{number}@x.example>"))
    replayed, replay = office.replay()
    assert [(one.number, one.changed) for one in replayed] == [("SUP-1001", ())] + [(None, ())] * 3
    counted = replay.tally.rules["No"]
    assert (counted.held_before, counted.held_after, replay.tally.tickets, replay.tally.rejected) == (3, 3, 1, 3)
    replayed, replay = office.replay(office.write(reject.replace(', "prize"', "") + RULES, "other"))
    [found] = [one for one in replayed if one.changed]
    replay.note_moves(found, 1)
    told, sums, text = replay_json(found), tally_json(replay.tally), "\n".join(tally_lines(replay.tally))
    assert (told["ticket"], told["message_id"], told["changed"]) == (None, "<2@x.example>", ["reject"])
    assert (told["rule_before"], told["rule_after"]) == ("No", "Everything else")
    assert (sums["changed"], sums["rejected"]) == (0, {"mails": 3, "accepted": 1})
    assert "1 of 3 rejected mails would open a ticket\n\nreject yes -> no: 1 of 3 rejected mails" in text
    assert "  no ticket  A prize  (k2@x.example)" in text
    assert "  No: held 3 -> 2, decided 3 -> 2" in text
    with office.keep.database.write() as connection:
        wanted = sa.select(inbox.c.id).where(inbox.c.message_id == "<2@x.example>")
        connection.execute(inbox_raw.update().where(inbox_raw.c.inbox_id.in_(wanted)).values(raw=b""))
    _, replay = office.replay()
    assert (replay.tally.skipped, replay.tally.rejected) == ({GONE: 1}, 2)
    assert not office.replay(since=office.clock.at + timedelta(minutes=1))[0]


def test_header_lines_are_read_where_a_rule_asks_for_them(office: Office1) -> None:
    """A new rule about a header line finds its mails in the stored bytes."""
    for number, kind in enumerate(["robot", "man", "robot"]):
        office.take_in(eml("x", subject=f"Hi {number}", message_id=f"<{number}@x.example>", X_Kind=kind))
    rule = '[[rule]]\nname = "Robots"\nwhen.header.X-Kind = "robot"\nthen.queue = "sales"\n'
    replayed, _ = office.replay(office.write(rule + RULES, "other"))
    assert [one.number for one in replayed if one.changed == ("queue",)] == ["SUP-1001", "SUP-1003"]


def test_a_mail_that_an_older_maild_decided_is_compared_by_what_was_kept(office: Office1) -> None:
    """Without the record of its route a ticket has its queue, line, priority and rules; without all the rules speak."""
    for number in range(3):
        office.take_in(eml("x", subject=f"Invoice {number}", message_id=f"<{number}@x.example>"))
    with office.keep.database.write() as connection:
        for number, decision in connection.execute(sa.select(inbox.c.id, inbox.c.decision)).all():
            kept = {key: value for key, value in decision.items() if key != "route"}
            connection.execute(inbox.update().where(inbox.c.id == number).values(decision=kept if number < 3 else None))
    replayed, replay = office.replay(office.write(RULES.replace('"billing"', '"sales"'), "other"))
    assert [one.changed for one in replayed] == [("queue",)] * 3
    assert replay.tally.rules["Invoices"].decided_before == 3
    replayed, _ = office.replay()
    assert [one.changed for one in replayed] == [()] * 3


def test_imported_mail_was_judged_by_rules_and_is_replayed(office: Office1) -> None:
    """What came of it when it was imported is compared, as for any mail."""
    office.take_in(eml("x", subject="Invoice"), channel="import")
    replayed, _ = office.replay(office.write(RULES.replace('"billing"', '"sales"'), "other"))
    assert [(one.number, one.changed) for one in replayed] == [("SUP-1001", ("queue",))]


def test_only_the_tickets_of_the_time_are_asked(office: Office1) -> None:
    """Since and until cut by the moment at which a ticket was opened."""
    for number in range(3):
        office.take_in(eml("x", subject=f"Printer {number}", message_id=f"<{number}@x.example>"))
    assert [one.number for one in office.replay(since=NOW + timedelta(minutes=60))[0]] == ["SUP-1002", "SUP-1003"]


def test_a_replay_changes_nothing_and_a_broken_folder_is_refused(office: Office1) -> None:
    """Not a row is another afterwards; rules with a mistake are told with their place."""
    office.take_in(eml("x"))
    with office.keep.database.read() as connection:
        before = [connection.execute(sa.select(table)).all() for table in (tickets, inbox, events)]
    office.replay(office.write(RULES.replace("billing", "sales"), "other"))
    with office.keep.database.read() as connection:
        assert before == [connection.execute(sa.select(table)).all() for table in (tickets, inbox, events)]
    with pytest.raises(ConfigError):
        office.replay(office.write(RULES.replace('"billing"', '"biling"'), "broken"))


def test_the_record_of_a_route_is_small(office: Office1) -> None:
    """What is usual is left out of it."""
    office.take_in(eml("My printer is on fire, please come and help me."))
    with office.keep.database.read() as connection:
        decision = connection.scalar(sa.select(inbox.c.decision))
    assert decision["route"] == {
        "rule": "Everything else",
        "held": ["Everything else"],
        "outcome": {"queue": "support"},
        "language": "en",
    }
