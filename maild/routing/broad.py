"""Tests that hold for nearly everything, though they look as if they chose: what is told is a doubt, not a proof."""

from __future__ import annotations

from collections.abc import Iterator

import regex  # type: ignore[import-untyped] # it brings no types

from maild.routing.checks import Check
from maild.routing.fold import fold

_SAMPLES = ("a", "б", "7")
"""What a pattern that finds any text finds: a letter of either script, a digit."""
_ENDINGS = frozenset(("com", "net", "org", "info", "ru", "su", "xn--p1ai", "de", "uk", "eu"))
_ENGLISH = """
a an and are as at be but by do for from has have he i if in is it my no not of on or our she so that the they this
to us was we what with you your
"""
_RUSSIAN = """
а без бы был в вас вы для до если есть же за и из или к как ко ли мне мой мы на нам нас не но о об он она они от по
при с со так то ты у уже что это я
"""
_STOP_WORDS = frozenset(f"{_ENGLISH} {_RUSSIAN}".split())


def too_broad(check: Check) -> Iterator[tuple[int, str]]:
    """The values of a test that choose hardly anything: the place of each, and why."""
    for place, (value, shown) in enumerate(zip(check.values, check.shown, strict=False)):
        if why := _why(check.test, str(value), shown):
            yield place, why


def _why(test: str, value: str, shown: str) -> str:
    match test:
        case "matches":
            return _of_pattern(value)
        case "contains" if len(value) == 1 and value.isalnum():
            return f"'{shown}' is one sign, and stands in nearly every text"
        case "words" if fold(shown) in _STOP_WORDS:
            return f"'{shown}' stands in nearly every text"
        case "domain" if value in _ENDINGS:
            return f"every address that ends in .{shown} is of this domain"
    return ""


def _of_pattern(pattern: str) -> str:
    try:
        compiled = regex.compile(pattern, regex.IGNORECASE | regex.MULTILINE)
        if compiled.search("", timeout=0.1) is not None:
            return f"the pattern {pattern} is found in every text, in an empty one, too"
        if all(compiled.search(sample, timeout=0.1) is not None for sample in _SAMPLES):
            return f"the pattern {pattern} is found in nearly every text"
    except (regex.error, TimeoutError):
        pass  # a broken pattern has its own finding, and one that is slow is not broad
    return ""
