"""Alarms: what is noted becomes letters to the admin, one an hour for each cause, whoever writes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy

from office import NOW
from store.pieces import OFFICE, at_once

from maild.clock import FixedClock
from maild.desk.alarms import Alarms
from maild.desk.causes import Cause
from maild.errors import RetryLater
from maild.store.keep import Keep

ADMIN = "root@desk.example"
HOUR = timedelta(hours=1)


def alarms_of(keep: Keep, clock: FixedClock, admin: str | None = ADMIN) -> Alarms:
    """The alarms of a desk."""
    return Alarms(keep, lambda: OFFICE, admin, clock)


def letters(keep: Keep) -> list[str]:
    """Subject and text of every letter to the admin."""
    found = []
    for row in keep.outbox.listing():
        message = message_from_bytes(keep.outbox.raw(row["id"]), policy=policy.default)
        body = message.get_body(("plain",))
        assert body is not None
        assert (row["kind"], row["recipients"][0]["address"]) == ("alarm", ADMIN)
        found.append(f"{message['Subject']}\n{body.get_content()}".replace("\r\n", "\n"))
    return found


def test_a_cause_is_told_once_an_hour_and_the_rest_is_counted(keep: Keep) -> None:
    """Three hundred and thirteen mails put aside within the hour are two letters."""
    clock = FixedClock(NOW)
    alarms = alarms_of(keep, clock)
    alarms.tell(Cause.MAIL_QUARANTINED, "mail 1: no such letter")
    assert alarms.look() == 1
    for number in range(313):
        alarms.tell(Cause.MAIL_QUARANTINED, f"mail {number}: no such letter")
    clock.at += HOUR - timedelta(seconds=1)
    assert alarms.look() == 0
    clock.at += timedelta(seconds=1)
    assert alarms.look() == 1
    assert alarms.look() == 0
    first, second = letters(keep)
    assert "mail 1: no such letter" in first
    assert "повторений" not in first
    assert "mail 312: no such letter" in second
    assert "повторений: 312" in second


def test_a_trouble_that_lasts_is_told_at_its_beginning_and_its_end(keep: Keep) -> None:
    """Once each, however long it lasts."""
    clock = FixedClock(NOW)
    alarms = alarms_of(keep, clock)
    alarms.tell(Cause.RELAY_AWAY, "connection refused")
    assert alarms.look() == 0, "a relay that is started anew is worth no letter"
    clock.at += timedelta(minutes=1)
    assert alarms.look() == 1
    clock.at += 5 * HOUR
    assert alarms.look() == 0
    alarms.over(Cause.RELAY_AWAY)
    assert alarms.look() == 1
    assert alarms.look() == 0
    assert [text.splitlines()[0] for text in letters(keep)] == [
        "Неполадка: письма не уходят",
        "Исправлено: письма не уходят",
    ]


def test_a_short_trouble_is_no_letter_and_counts_in_the_next(keep: Keep) -> None:
    """What was over before anybody was told of it."""
    clock = FixedClock(NOW)
    alarms = alarms_of(keep, clock)
    for _ in range(3):
        alarms.tell(Cause.RELAY_AWAY, "connection refused")
        alarms.over(Cause.RELAY_AWAY)
    assert alarms.look() == 0
    alarms.tell(Cause.RELAY_AWAY, "connection refused")
    clock.at += timedelta(minutes=2)
    assert alarms.look() == 1
    assert "повторений: 3" in letters(keep)[0]


def test_a_relay_that_flutters_writes_one_letter_an_hour_of_each_kind(keep: Keep) -> None:
    """Away and back every four minutes for two hours: two beginnings and two ends at the most."""
    clock = FixedClock(NOW)
    alarms = alarms_of(keep, clock)
    for _ in range(30):
        alarms.tell(Cause.RELAY_AWAY, "connection refused")
        clock.at += timedelta(minutes=2)
        alarms.look()
        alarms.over(Cause.RELAY_AWAY)
        clock.at += timedelta(minutes=2)
        alarms.look()
    subjects = [text.splitlines()[0].partition(":")[0] for text in letters(keep)]
    assert subjects == ["Неполадка", "Исправлено"] * 2


def test_causes_do_not_wait_for_each_other_and_two_mailboxes_share_a_letter(keep: Keep) -> None:
    """Each cause has its own hour; what it is about stands in the letter."""
    clock = FixedClock(NOW)
    alarms = alarms_of(keep, clock)
    alarms.tell(Cause.MAILBOX_UNREAD, "login refused", about="support")
    alarms.tell(Cause.MAILBOX_UNREAD, "no answer", about="sales")
    alarms.tell(Cause.TOKEN_DYING, "expires on Monday", about="support")
    assert alarms.look() == 2
    mailboxes, token = letters(keep)
    assert "support: login refused" in mailboxes
    assert "sales: no answer" in mailboxes
    assert "support: expires on Monday" in token
    alarms.over(Cause.MAILBOX_UNREAD, "sales")
    assert alarms.look() == 1
    assert "support" not in letters(keep)[2].partition("\n")[2].replace("support desk", "")


def test_broken_rules_are_told_with_every_mistake(keep: Keep) -> None:
    """By the letter that the rules have of their own, each mistake once an hour; that they are mended he knows."""
    alarms = alarms_of(keep, FixedClock(NOW))
    for letters_due in (1, 0):
        alarms.tell(
            Cause.RULES_BROKEN, "rules/a.toml:1:1: error: unknown key", about="rules/a.toml:1:1: error: unknown"
        )
        assert alarms.look() == letters_due
    (letter,) = letters(keep)
    assert letter.startswith("Ошибка в rules/a.toml")
    assert "rules/a.toml:1:1: error: unknown key" in letter
    alarms.over(Cause.RULES_BROKEN)
    assert alarms.look() == 0
    alarms.tell(Cause.RULES_BROKEN, "rules/a.toml:9:1: error: no queue", about="rules/a.toml:9:1: error: no queue")
    assert alarms.look() == 1


def test_two_desks_and_a_restart_agree(url: str, keep: Keep, another: Callable[[str], Keep]) -> None:
    """What one has told no other tells, at the same instant or later."""
    clock = FixedClock(NOW)
    both = [alarms_of(one, clock) for one in (keep, another(url))]
    for one in both:
        one.tell(Cause.RELAY_AWAY, "connection refused")
    clock.at += timedelta(minutes=1)
    assert sorted(at_once(*[one.look for one in both])) == [0, 1]
    assert alarms_of(another(url), clock).look() == 0


def test_without_an_admin_a_trouble_is_noted_and_nobody_written_to(keep: Keep) -> None:
    """`maild check` tells it all the same."""
    alarms = alarms_of(keep, FixedClock(NOW), admin=None)
    alarms.tell(Cause.RELAY_AWAY, "connection refused")
    assert alarms.look() == 0
    assert [row["cause"] for row in keep.troubles.present()] == ["relay_away"]


def test_what_a_regular_look_finds_is_noted_when_it_changes(keep: Keep) -> None:
    """A full disk that is looked at every few seconds is one trouble."""
    alarms = alarms_of(keep, FixedClock(NOW))
    for trouble in (None, "10 MB are left", "9 MB are left", "8 MB are left"):
        alarms.tell_state(Cause.DISK_NEARLY_FULL, trouble)
    (row,) = keep.troubles.present()
    assert (row["text"], row["untold"]) == ("10 MB are left", 1)
    alarms.tell_state(Cause.DISK_NEARLY_FULL, None)
    assert keep.troubles.present() == []


class Away:
    """A store of troubles whose database is away for a while."""

    def __init__(self, keep: Keep) -> None:
        self.keep, self.away = keep, True

    def __getattr__(self, name: str) -> object:
        if self.away:
            raise RetryLater("the database does not take it now")
        return getattr(self.keep, name)


def test_what_the_database_does_not_take_is_written_when_it_does(keep: Keep) -> None:
    """In order, and nobody who tells a trouble is stopped by it."""
    away = Away(keep)
    alarms = Alarms(away, lambda: OFFICE, ADMIN, FixedClock(NOW))  # type: ignore[arg-type]
    alarms.tell(Cause.MAIL_QUARANTINED, "first")
    alarms.tell(Cause.MAIL_QUARANTINED, "second")
    away.away = False
    assert alarms.look() == 1
    (letter,) = letters(keep)
    assert "second" in letter
    assert "повторений: 1" in letter
