"""Which agent is meant by a name: as it stands in the files, in another form or script of it, or by its beginning.

What words sound like stands in `sounds.py`; what an agent is told who named nobody, or two, in `threads/orders`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from typing import TypeVar

from maild.people.sounds import nominatives, sounds
from maild.people.team import Agent

_MOST_WORDS = 6
"""Words of one name that are looked at."""
_SHORTEST = 3
"""Letters of a lone word by whose sound, as the beginning of a name's, somebody is found."""
_Alike = Callable[[str, str], bool]
_Whoever = TypeVar("_Whoever")


class _Sure(IntEnum):
    """How surely a name means an agent; the first kind that anybody has decides."""

    EXACT = 0  # his id, an address of his, or his whole name
    WORDS = 1  # words of his name as written, or in the dative or accusative
    SPELLED = 2  # the same, written as it sounds, in the other script perhaps
    BEGINS = 3  # as written, the last word shortened
    SOUNDS = 4  # the beginning of it as it sounds


def who_is_meant(words: str, agents: Iterable[Agent]) -> tuple[Agent, ...]:
    """The agents whom a name may mean equally well: one where it is sure, several to be asked about, or nobody."""
    return best_named(words, ((agent, (agent.id, *agent.addresses, agent.name)) for agent in agents))


def best_named(words: str, known: Iterable[tuple[_Whoever, Sequence[str]]]) -> tuple[_Whoever, ...]:
    """Those whom a name may mean equally well, of people with all that each is called, the whole name last."""
    wanted = fold(words).lstrip("@")
    found: dict[_Sure, list[_Whoever]] = {}
    for whoever, names in known:
        if (sure := _how_surely(wanted, [fold(name) for name in names])) is not None:
            found.setdefault(sure, []).append(whoever)
    return tuple(found[min(found)]) if found else ()


def fold(word: str) -> str:
    """A name for comparing: case, ё and runs of space say nothing."""
    return " ".join(word.casefold().replace("ё", "е").split())


def _how_surely(wanted: str, names: Sequence[str]) -> _Sure | None:
    said, own = wanted.split()[:_MOST_WORDS], names[-1].split()
    if wanted in names:
        return _Sure.EXACT
    kinds: tuple[tuple[_Sure, _Alike, _Alike], ...] = (
        (_Sure.WORDS, _is_form, _is_form),
        (_Sure.SPELLED, _sounds_like, _sounds_like),
        (_Sure.BEGINS, _is_form, _begins),
        (_Sure.SOUNDS, _sounds_like, _sounds_begun),
    )
    for sure, alike, last in kinds:
        if sure is _Sure.SOUNDS and len(wanted) < _SHORTEST:
            return None
        if said and (_fits(said, own, alike, last) or (len(said) == 1 and last(said[0], names[0]))):
            return sure
        if sure is _Sure.BEGINS and wanted and any(name.startswith(wanted) for name in names):
            return sure
    return None


def _fits(said: list[str], own: list[str], alike: _Alike, last: _Alike) -> bool:
    """Whether each word that was said is one of the name's, no word of it taken twice."""
    test, rest = (last if len(said) == 1 else alike), said[1:]
    return bool(own) and any(
        test(said[0], word) and (not rest or _fits(rest, own[:i] + own[i + 1 :], alike, last))
        for i, word in enumerate(own)
    )


def _is_form(said: str, own: str) -> bool:
    return said == own or own in nominatives(said)


def _sounds_like(said: str, own: str) -> bool:
    keys = sounds(own)
    return any(keys & sounds(form) for form in (said, *nominatives(said)))


def _begins(said: str, own: str) -> bool:
    return own.startswith(said)


def _sounds_begun(said: str, own: str) -> bool:
    return any(other.startswith(key) for key in sounds(said) for other in sounds(own))
