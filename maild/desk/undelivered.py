"""Letters that were refused, or have not left for long: found by an index, told letter by letter, each thing once."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from maild.desk.attendance import office_now
from maild.desk.brake import carry_through
from maild.desk.causes import Cause
from maild.desk.handle import Office
from maild.errors import RetryLater
from maild.store.keep import Keep
from maild.threads.correspondence import Pen
from maild.threads.plan import LetterKind
from maild.threads.undelivered import LetterNews, decide_news

_AT_ONCE = 200
_AFTER_BUG = timedelta(minutes=10)
_log = logging.getLogger("maild.desk")


def tell_of_letters(keep: Keep, office: Office, now: datetime, letters_at: datetime | None = None) -> int:
    """Tell whoever answers for it what became of letters; how many letters came of it. Raises RetryLater."""
    letters = 0
    while found := keep.outbox.with_news(now, _AT_ONCE):
        for outbox_id in found:
            letters += _one(keep, office, outbox_id, now, letters_at)
    return letters


def _one(keep: Keep, office: Office, outbox_id: int, now: datetime, letters_at: datetime | None) -> int:
    try:
        return _tell(keep, office, outbox_id, now, letters_at)
    except RetryLater:
        raise
    except Exception:  # noqa: BLE001  # a bug with one letter must not keep the news of all others back
        _log.exception(
            "the news of letter %d cannot be told; tried again later", outbox_id, extra={"outbox_id": outbox_id}
        )
        keep.outbox.look_again(outbox_id, now + _AFTER_BUG)
        return 0


def _tell(keep: Keep, office: Office, outbox_id: int, now: datetime, letters_at: datetime | None) -> int:
    with keep.database.write() as connection:
        found = keep.outbox.news(connection, outbox_id)
        if found is None:
            return 0
        ticket, news = found
        for refused in news.refused:
            _log.warning("%s %d did not reach %s: %s", news.kind, outbox_id, refused.address.address, refused.error)
        keep.outbox.told(connection, outbox_id, again=_again(news, now, office.practice.delay_notice))
        _tell_admin(keep, connection, outbox_id, news, now)
        facts = keep.tickets.load(connection, [ticket])[ticket] if ticket is not None else None
        if facts is None:
            return 0
        number, office = keep.tickets.take_number(connection, "ticks"), office_now(connection, office, now)
        pen = Pen(practice=office.practice, source="t", number=number, now=now)
        plan = decide_news(facts, news, office.practice, pen)
        return carry_through(keep, connection, plan, office.letters, office.practice, now=now, letters_at=letters_at)


def _tell_admin(keep: Keep, connection: Any, outbox_id: int, news: LetterNews, now: datetime) -> None:
    """What is no agent's to mend: a program that takes our calls no more, an address in a rule that takes no mail."""
    if news.kind is LetterKind.FORWARD:
        for one in news.refused:
            text = f"forward {outbox_id} to {one.address.address}: {one.error or 'given up'}"
            keep.troubles.note(connection, Cause.LETTERS_LEFT_OUT, text, now, about="", lasts=False)
    if news.kind is not LetterKind.WEBHOOK:
        return
    said = [r.error or "given up" for r in news.refused] or [f"not taken yet: {news.last_error}"]
    name = (*(r.address for r in news.refused), *news.waiting)[0].name
    text = f"call {outbox_id}: {said[0]}"
    keep.troubles.note(connection, Cause.CALL_LOST, text, now, about=name, lasts=Cause.CALL_LOST.lasts)


def _again(news: LetterNews, now: datetime, delay_notice: timedelta) -> datetime | None:
    """Whom it still waits for may have to be told of, too, when its time has come."""
    late_at = news.created_at + delay_notice
    return late_at if news.refused and news.waiting and now < late_at else None
