"""Rules on trial: what a rule in shadow would have made another, had it counted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields as fields_of

from maild.routing.rules import Actions

_WHILE_IT_IS_DONE = frozenset(("spam", "reject"))
_ADDED = {"tags": "+", "untag": "-"}


def would_change(then: Actions, now: Mapping[str, object]) -> tuple[str, ...]:
    """What a rule would have made another, in words that are the same for the same change.

    `now`: what is so without it, by the names of the actions; what it would only have done (a letter, a note) is named
    by itself.
    """
    found: list[str] = []
    for action in fields_of(Actions):
        value = getattr(then, action.name)
        if value is not None and value not in ((), {}, False):
            found.extend(_changed(action.name, value, now))
    if then.acknowledge is False and now.get("acknowledge", True):
        found.append("no acknowledgement")
    return tuple(found)


def _changed(name: str, value: object, now: Mapping[str, object]) -> Iterator[str]:
    before = now.get(name)
    if name in _ADDED:
        tags = now.get("tags")
        there = tags if isinstance(tags, Collection) else ()
        wanted = (tag for tag in _listed(value) if (tag in there) == (name == "untag"))
        yield from (f"tags {_ADDED[name]}{tag}" for tag in wanted)
    elif isinstance(value, Mapping):
        known = before if isinstance(before, Mapping) else {}
        yield from (f"{key} = {one}" for key, one in value.items() if known.get(key) != one)
    elif name in _WHILE_IT_IS_DONE:
        if not before:
            yield name
    elif name == "acknowledge":
        if before is False:
            yield "acknowledged"
    elif isinstance(value, tuple):
        yield f"{name} {', '.join(map(str, value))}"
    elif name == "note":
        yield "a note"
    elif str(value) != str(before):
        yield f"{name} {before} -> {value}" if before not in (None, "") else f"{name} {value}"


def _listed(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else ()
