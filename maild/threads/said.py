"""What stands in histories and decisions, told in the language of whoever reads it.

It is written down in English once, so that a line means the same for ever and programs can rely on it (`--json` shows
it so). The same sentences in Russian stand in `said_words.py`. What is not known there, such as the words of an older
version, is shown as it was written down.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from maild.threads.model import TRIAL, TRIAL_NEXT, TRIAL_ONLY, Event
from maild.threads.said_words import CHOICES, FIELDS, KINDS, KINDS_IN_ENGLISH, PATTERNS, SENTENCES
from maild.threads.words import value_word

_DEPTH = 5
"""A sentence may hold another one, and that a third: a mail, what does not prove it, why its signature does not."""
_UTC = re.compile(r"\b(\d{4}-\d\d-\d\d[ T]\d\d:\d\d)(?: UTC\b|:\d\d(?:\.\d+)?\+00:00)")
_OWN_WORDS = frozenset({"subject", "tags", "field", "fields", "refused"})
"""Kinds of events whose detail is what somebody wrote, to be shown as it is."""


def in_language(text: str, language: str, depth: int = _DEPTH) -> str:
    """A sentence that was written down in English, in a language that we speak; as it stands where we know it not."""
    if language != "ru" or not text or depth == 0:
        return text
    if (known := SENTENCES.get(text)) is not None:
        return known
    for pattern, russian in PATTERNS:
        if found := pattern.fullmatch(text):
            raw = {f"r{place}": part for place, part in enumerate(found.groups())}
            raw |= {f"f{place}": FIELDS.get(part, part) for place, part in enumerate(found.groups())}
            return russian.format(*(in_language(part, language, depth - 1) for part in found.groups()), **raw)
    return value_word(language, text)


def kind_told(kind: str, language: str) -> str:
    """What kind of event it is."""
    return (KINDS if language == "ru" else KINDS_IN_ENGLISH).get(kind, kind)


def detail_told(event: Event, language: str, zone: ZoneInfo | None = None) -> str:
    """What happened, by the zone's clock. Of a change of a value both values; the words of people stay as they are."""
    if event.kind in _OWN_WORDS:
        return event.detail
    detail = times_in(event.detail, zone)
    if event.kind == TRIAL and language == "ru":
        return _trial_told(detail)
    before, arrow, after = detail.partition(" -> ")
    if arrow and event.kind in ("status", "priority", "woken"):
        return f"{value_word(language, before)} -> {value_word(language, after)}"
    return detail if arrow and event.kind != "promise" else in_language(detail, language)


def _trial_told(detail: str) -> str:
    """What a rule on trial would have made another, field by field."""
    head, _, changes = detail.partition(TRIAL_ONLY)
    told = [f"{in_language(head.rstrip(': '), 'ru')}: только записано"]
    for change in changes.split(TRIAL_NEXT) if changes else ():
        field, _, values = change.partition(" ")
        before, arrow, after = values.partition(" -> ")
        shown = f"{value_word('ru', before)}{arrow}{value_word('ru', after) if arrow else ''}"
        told.append(f"{KINDS.get(field, field)} {shown}" if values and field in KINDS else in_language(change, "ru"))
    return TRIAL_NEXT.join(told)


def because_told(event: Event, language: str, zone: ZoneInfo | None = None) -> str:
    """Because of what, by the zone's clock: an order stays as it was given."""
    if event.because.startswith("/"):
        return event.because
    because = times_in(event.because, zone)
    if language == "ru" and event.kind in ("assignee", "unassigned"):
        for english, russian in CHOICES:
            because = english.sub(russian, because)
    return in_language(because, language)


def times_in(text: str, zone: ZoneInfo | None) -> str:
    """The times that are written down in UTC, by the clock of a zone: the line that they stand in names it."""
    if zone is None:
        return text

    def here(found: re.Match[str]) -> str:
        return f"{datetime.fromisoformat(found[1]).replace(tzinfo=UTC).astimezone(zone):%Y-%m-%d %H:%M}"

    try:
        return _UTC.sub(here, text)
    except ValueError:
        return text  # somebody wrote a day that there is not
