"""Orders about whoever gives them: he is away, he is here again. No ticket is touched by them.

"/away until friday boris", "/away 2026-12-24 to 2027-01-08", "/отпуск с 24.12 по 8.01"; without a time until /back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maild.people.absence import QUEUE, Absence, HereAgain, Source
from maild.people.names import fold
from maild.people.team import Agent, StandIn
from maild.threads.assignment import until_words
from maild.threads.order_lines import Order
from maild.threads.orders.moments import FARTHEST, MORNING, any_moment
from maild.threads.orders.place import find_agent
from maild.threads.orders.work import Done, Setting, Work, WrongError, no_argument

_FROM_TO = re.compile(
    r"(?:(?:from|since|с|со)\s+(?P<a>.+?)|(?P<date>\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}(?:\.\d{4})?))"
    r"\s*(?:\s(?:until|till|to|до)\s|\.\.|\s(?:through|по)\s|\s[-–—]\s|[-–—](?=\s?\d{1,2}\.\d))\s*(?P<b>.+)",
    re.IGNORECASE,
)
_FROM = re.compile(r"(?:from|since|с|со|starting)\s+(?P<a>.+)", re.IGNORECASE)
_WHEN = re.compile(r"(?:from|since|starting|until|till|to|by|for|с|со|до|по|на|к)\s", re.IGNORECASE)
"""Words that a time follows, and no colleague."""
_INCLUSIVE = re.compile(r"(?:^|\s)(?:through|по)\s|\d\.?\s?[-–—]\s?\d{1,2}\.\d", re.IGNORECASE)
_DEPUTY_WORDS = re.compile(
    r"(?:deputy|substitute|instead|заместитель|замещает|за меня|вместо меня|вместо)[\s:,]*", re.IGNORECASE
)
_LONGEST, _SHOWN = 200, 50
"""Characters behind /away that are read, and that are shown of more."""
_QUEUE_WORDS = frozenset({QUEUE, "the queue", "очередь", "очереди", "в очередь"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Presence:
    """What such orders lead to."""

    absences: tuple[Absence, ...] = ()
    returned: tuple[HereAgain, ...] = ()


def away(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """He is away from now on, or from then to then; somebody may be named who gets what is new meanwhile."""
    found, effect = _away(order, setting)
    return _with(work, found), effect


def back(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """He is here again, whatever he, his mail program or the files said."""
    found, effect = _back(order, setting)
    return _with(work, found), effect


def _with(work: Work, found: Presence) -> Work:
    return replace(work, absences=work.absences + found.absences, returned=work.returned + found.returned)


def carry_out_presence(
    orders: Iterable[tuple[str, Order]], setting: Setting
) -> tuple[tuple[Presence, ...], tuple[Done, ...], bool]:
    """Such orders alone, by their names, upon no ticket: all of them or none, with what each did; True: none was."""
    found, done, wrong = list[Presence](), list[Done](), False
    for name, order in orders:
        try:
            presence, effect = (_away if name == "away" else _back)(order, setting)
            found.append(presence)
            done.append(Done(line=order.line, effect=effect, ok=True))
        except WrongError as error:
            done.append(Done(line=order.line, effect=str(error), ok=False))
            wrong = True
    if wrong:
        nothing = setting.say("not_done")
        return (), tuple(replace(d, effect=nothing, ok=False) if d.ok else d for d in done), True
    return tuple(found), tuple(done), False


def _back(order: Order, setting: Setting) -> tuple[Presence, str]:
    no_argument(order, setting)
    agent = _who(setting)
    here = HereAgain(agent=agent.id, address=agent.address, sources=(Source.ORDER, Source.MAIL))
    said = Absence(agent=agent.id, source=Source.BACK, since=setting.now, until=None)
    return Presence(absences=(said,), returned=(here,)), setting.say("back", name=agent.name)


def _away(order: Order, setting: Setting) -> tuple[Presence, str]:
    agent = _who(setting)
    if len(order.argument) > _LONGEST:
        # Every run of words is tried as a time, which takes minutes over a whole paragraph.
        raise WrongError(setting.say("no_moment", words=order.argument[:_SHOWN] + "…"))
    words, deputy = _without_deputy(order.argument.strip(), agent, setting)
    since, until = _times(words, setting)
    absence = Absence(agent=agent.id, source=Source.ORDER, since=since, until=until, deputy=deputy)
    return Presence(absences=(absence,)), _effect(absence, agent, setting)


def _who(setting: Setting) -> Agent:
    if setting.agent is None:
        raise WrongError(setting.say("away_who"))
    return setting.agent


def _without_deputy(words: str, agent: Agent, setting: Setting) -> tuple[str, str | None]:
    """The words that say when, and the deputy behind them: as few words as possible are his name."""
    if named := _DEPUTY_WORDS.search(words):
        return words[: named.start()].rstrip(" ,;"), _deputy(words[named.end() :], agent, setting)
    pieces = words.split()
    for count in range(len(pieces), -1, -1):
        when, rest = " ".join(pieces[:count]).rstrip(",;"), " ".join(pieces[count:])
        if not when and _WHEN.match(words):
            break
        if not when or _is_time(when, setting):
            return when, _deputy(rest, agent, setting) if rest else None
    raise WrongError(setting.say("no_moment", words=words))


def _is_time(words: str, setting: Setting) -> bool:
    try:
        _times(words, setting)
    except WrongError:
        return any_moment(_end_of(words), setting.now, setting.practice.timezone) is not None
    return True


def _deputy(words: str, agent: Agent, setting: Setting) -> str:
    if fold(words) in _QUEUE_WORDS:
        return QUEUE
    found = find_agent(words, setting)
    if found.id == agent.id:
        raise WrongError(setting.say("own_deputy"))
    return found.id


def _times(words: str, setting: Setting) -> tuple[datetime, datetime | None]:
    """From when and until when these words mean; none: from now on, until he says that he is back."""
    if not words:
        return setting.now, None
    since, found = setting.now, _FROM_TO.fullmatch(words)
    if found is not None:
        since = _begin(found["a"] or found["date"], words, setting)
    elif (only := _FROM.fullmatch(words)) is not None:
        return _begin(only["a"], words, setting), None
    until = any_moment(_end_of(words), since, setting.practice.timezone)
    if until is None:
        raise WrongError(setting.say("no_moment", words=words))
    if _INCLUSIVE.search(words) or ".." in words:
        zone = ZoneInfo(setting.practice.timezone)
        local = until.astimezone(zone)
        # "Through the 8th" is the whole of it: back when the desk's next morning begins.
        until = (local + timedelta(days=1)).replace(hour=MORNING.hour, minute=MORNING.minute, second=0, microsecond=0)
    if until <= max(since, setting.now):
        when = f"{until.astimezone(ZoneInfo(setting.practice.timezone)):%Y-%m-%d %H:%M}"
        raise WrongError(setting.say("moment_passed", words=words, when=when))
    if until > setting.now + FARTHEST:
        raise WrongError(setting.say("moment_far", words=words))
    return since, until


def _begin(words: str, whole: str, setting: Setting) -> datetime:
    since = any_moment(words, setting.now, setting.practice.timezone)
    if since is None:
        raise WrongError(setting.say("no_moment", words=whole))
    return since


def _end_of(words: str) -> str:
    """The words that say the end: behind "to", or all of them."""
    found = _FROM_TO.fullmatch(words)
    return re.sub(r"^(?:through|по)\s+", "", found["b"] if found is not None else words, flags=re.IGNORECASE)


def _effect(absence: Absence, agent: Agent, setting: Setting) -> str:
    zone = setting.practice.zone
    until = until_words(absence.until, setting.language, zone)
    if absence.since > setting.now:
        when = f"{absence.since.astimezone(zone):%Y-%m-%d %H:%M}"
        until = " " + setting.say("away_from", when=when) + until
    # Judged as if he were away already, so that a deputy who is away himself is named by his own.
    team = replace(setting.team, away={**setting.team.away, agent.id: absence})
    taker = _taker(team.stand_in(agent.id), setting) + _why_not_he(absence, setting)
    return setting.say("away", until=until or " " + setting.say("until_back"), taker=taker)


def _why_not_he(absence: Absence, setting: Setting) -> str:
    """That the deputy who was named is away himself; "" where he is here."""
    named = setting.team.agent(absence.deputy)
    away = setting.team.away.get(named.id) if named is not None else None
    if named is None or away is None:
        return ""
    until = until_words(away.until, setting.language, setting.practice.zone)
    return f" ({setting.say('is_away', name=named.name)}{until})"


def _taker(stand_in: StandIn | None, setting: Setting) -> str:
    if stand_in is None:
        return setting.say("stays_yours")
    return stand_in.agent.name if stand_in.agent is not None else setting.say("its_queues")
