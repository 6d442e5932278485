"""The webhooks of the settings with a desk's store: the admin hears of one that is away, and that it is back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from office import NOW, eml
from store.pieces import OFFICE
from store.places import make_place
from store.test_store_reaching_out import CALL, arrival, handle, letters, noted, office
from wire.hook_server import SECRET, HookServer

from maild.clock import FixedClock
from maild.config.settings import Settings, load_settings
from maild.desk.alarms import Alarms
from maild.desk.callers import call_senders
from maild.desk.causes import Cause
from maild.outgoing.sender import Senders
from maild.store.keep import Keep
from maild.threads.plan import LetterKind


def settings(folder: Path, *urls: str) -> Settings:
    """Settings with these webhooks: tracker, chat."""
    (folder / "secret").write_text(SECRET)
    tables = (
        f'[[webhook]]\nname = "{name}"\nurl = "{url}"\nsecret_file = "secret"\n'
        for name, url in zip(("tracker", "chat"), urls, strict=False)
    )
    (folder / "settings.toml").write_text("".join(tables))
    return load_settings(folder / "settings.toml")


def test_a_webhook_that_is_away_is_told_by_its_name_and_is_over_when_it_takes_a_call(
    keep: Keep, tmp_path: Path
) -> None:
    """The other one is no part of it; a letter comes after ten minutes, one more when it is over."""
    handle(keep, office(CALL), arrival())
    later = NOW + timedelta(minutes=11)
    with HookServer().running() as chat:
        gone = "http://127.0.0.1:9/"
        alarms = Alarms(keep, lambda: OFFICE, "boss@desk.example", FixedClock(NOW))
        both = settings(tmp_path, gone, chat.url)
        Senders(call_senders(both, keep, FixedClock(NOW), alarms)).send_due(NOW)
        assert [(cause, about) for cause, about, _ in noted(keep)] == [(Cause.WEBHOOK_AWAY, "tracker")]
        assert "127.0.0.1:9: it cannot be reached" in noted(keep)[0][2]
        assert alarms.look() == 0
        alarms = Alarms(keep, lambda: OFFICE, "boss@desk.example", FixedClock(later))
        assert alarms.look() == 1
        both = settings(tmp_path, chat.url, chat.url)
        Senders(call_senders(both, keep, FixedClock(later), alarms)).send_due(later)
        assert [row["state"] for row in letters(keep, LetterKind.WEBHOOK)] == ["sent", "sent"]
        assert alarms.look() == 1
        assert not keep.troubles.any_open(Cause.WEBHOOK_AWAY)


def test_what_was_wrong_with_a_webhook_that_is_there_no_more_is_over(keep: Keep, tmp_path: Path) -> None:
    """Its calls have failed, which is told."""
    handle(keep, office(CALL), arrival())
    alarms = Alarms(keep, lambda: OFFICE, None, FixedClock(NOW))
    Senders(call_senders(settings(tmp_path, "http://127.0.0.1:9/"), keep, FixedClock(NOW), alarms)).send_due(NOW)
    assert keep.troubles.any_open(Cause.WEBHOOK_AWAY)
    call_senders(settings(tmp_path), keep, FixedClock(NOW), alarms)
    assert not keep.troubles.any_open(Cause.WEBHOOK_AWAY)
    assert {row["state"] for row in letters(keep, LetterKind.WEBHOOK)} == {"failed"}


@pytest.mark.parametrize("form", ["maildir", "mbox"])
def test_an_export_keeps_calls_with_its_data_and_not_among_the_mails(tmp_path: Path, form: str) -> None:
    """What no mail program can read lies in no Maildir and no mbox; it comes back held, to the last byte."""
    place = make_place(tmp_path / "desk", f"sqlite:///{tmp_path / 'desk.db'}")
    (place.folder / "rules" / "routing.toml").write_text(
        '[[rule]]\nname = "All"\ndefault = true\nthen.webhook = "tracker"\n'
    )
    (place.folder / "secret").write_text(SECRET)
    with place.settings.open("a", encoding="utf-8") as file:
        file.write('\n[[webhook]]\nname = "tracker"\nurl = "http://127.0.0.1:9/"\nsecret_file = "secret"\n')
    place.ingest(eml())
    [call] = [row for row in place.rows("outbox") if row["kind"] == "webhook"]
    raw = place.do("outbox", "raw", str(call["id"]))
    assert raw.startswith("webhook-id: ")
    place.do("export", str(tmp_path / "out"), "--format", form)
    mails = [file for file in (tmp_path / "out").rglob("*") if file.is_file() and not file.name.endswith(".jsonl")]
    assert mails
    assert not any(b"webhook-id" in file.read_bytes() for file in mails)
    copy = make_place(tmp_path / "copy", f"sqlite:///{tmp_path / 'copy.db'}")
    copy.do("import", str(tmp_path / "out"))
    [again] = [row for row in copy.rows("outbox") if row["kind"] == "webhook"]
    assert (again["state"], copy.do("outbox", "raw", str(again["id"]))) == ("held", raw)
