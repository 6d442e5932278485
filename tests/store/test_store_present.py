"""What `maild check` says of the present state of a desk."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from office import NOW
from store.pieces import arrival, letter, post

from maild.config.settings import Settings, load_settings
from maild.desk.causes import Cause
from maild.desk.present import present_findings
from maild.desk.tick import TICKS
from maild.store import open_keep
from maild.store.keep import Keep
from maild.threads.plan import Outcome


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a desk in a folder."""
    (tmp_path / "settings.toml").write_text("")
    return load_settings(tmp_path / "settings.toml")


def opened(settings: Settings) -> Keep:
    """Its database."""
    return open_keep(settings.database.url, "test")


def said(settings: Settings, later: timedelta = timedelta(0)) -> list[tuple[str, str]]:
    """Severity and message of every finding."""
    return [(f.severity, f.message) for f in present_findings(settings, NOW + later)]


def test_a_desk_that_has_not_begun_has_nothing_to_tell(settings: Settings, tmp_path: Path) -> None:
    """And looking makes no database."""
    assert said(settings) == []
    assert not list(tmp_path.rglob("*.db"))


def test_mail_that_lies_aside_is_an_error_and_mail_that_waits_a_warning(settings: Settings) -> None:
    """With their numbers, and what to do."""
    keep = opened(settings)
    ids = keep.inbox.add([arrival(), arrival("two", message_id="<2@x>"), arrival("three", message_id="<3@x>")])
    keep.inbox.quarantine(ids[0], reason="a bug", traceback=None, now=NOW)
    assert said(settings) == [("error", "1 mail put aside: not handled, seen by nobody")]
    assert said(settings, timedelta(minutes=11))[1] == ("warning", "2 mails waiting for more than ten minutes")


def test_letters_that_do_not_go_are_told_and_old_failures_are_not(settings: Settings) -> None:
    """Held and failed, the failed for a week."""
    keep = opened(settings)
    first, second = (i or 0 for i in post(keep, letter("a@x.example"), letter("b@x.example", message_id="<2@x>")))
    keep.outbox.hold(first, NOW)
    refused = Outcome(refused=(("b@x.example", "550 no"),))
    keep.outbox.settle(second, refused, NOW, None)
    assert said(settings) == [("warning", "1 letter failed"), ("warning", "1 letter held")]
    assert said(settings, timedelta(days=8)) == [("warning", "1 letter held")]


def test_ticks_that_stay_away_are_told(settings: Settings) -> None:
    """Where there ever were any."""
    opened(settings).budgets.beat(TICKS, NOW)
    assert said(settings, timedelta(minutes=4)) == []
    ((severity, message),) = said(settings, timedelta(minutes=6))
    assert severity == "warning"
    assert "2026-11-23 at 09:00 UTC" in message


def test_a_trouble_that_lasts_is_told_until_it_is_over(settings: Settings) -> None:
    """Those of mailboxes and rules have checks of their own."""
    keep = opened(settings)
    for cause in (Cause.RELAY_AWAY, Cause.RULES_BROKEN):
        keep.troubles.tell(cause, "broken", NOW, about="", lasts=True)
    assert said(settings) == [("warning", "relay_away: broken, since 2026-11-23 09:00 UTC")]
    with keep.database.write() as connection:
        keep.troubles.over(connection, Cause.RELAY_AWAY, NOW)
    assert said(settings) == []


def test_little_room_is_an_error(tmp_path: Path) -> None:
    """More than any disk has is wanted here."""
    (tmp_path / "settings.toml").write_text('[limits]\ndisk_free = "900000000GB"\n')
    (tmp_path / "var").mkdir()
    ((severity, message),) = said(load_settings(tmp_path / "settings.toml"))
    assert severity == "error"
    assert "are left in" in message
