"""Regular expressions of admins: the only door to `regex`, which can be stopped in the middle of a search."""

from __future__ import annotations

import re
import warnings
from typing import Protocol, cast

import regex  # type: ignore[import-untyped] # it brings no types; the protocols below are all that is used of it

_LONGEST = 2000
_LARGEST = 10_000
"""A pattern whose nested counts come to more takes all memory while it is compiled."""


class Match(Protocol):
    """What a pattern found."""

    def groupdict(self) -> dict[str, str | None]:
        """The named groups; None for one that took no part."""
        ...


class Pattern(Protocol):
    """A compiled pattern."""

    def search(self, text: str, *, timeout: float) -> Match | None:
        """The first place where it is found. Raises TimeoutError after so many seconds."""
        ...


def compile_pattern(pattern: str) -> Pattern:
    """A pattern that takes no heed of case, with ^ and $ at each line. ValueError, in plain words, for a broken one."""
    if len(pattern) > _LONGEST:
        raise ValueError(f"the pattern is longer than {_LONGEST} characters")
    if _size(pattern) > _LARGEST:
        raise ValueError("not a pattern: its counts in braces come to too much")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # hints to programmers; a pattern either works here or is refused
            return cast("Pattern", regex.compile(pattern, regex.IGNORECASE | regex.MULTILINE))
    except regex.error as error:
        raise ValueError(f"not a pattern: {error}") from error
    except (RecursionError, OverflowError, MemoryError) as error:
        raise ValueError("not a pattern: it is too large or nested too deeply") from error


def groups_of(pattern: str) -> tuple[str, ...]:
    """The names of a pattern's groups, as it is written."""
    return tuple(_NAMED_GROUP.findall(pattern))


_NAMED_GROUP = re.compile(r"\(\?P?<([^\W\d]\w*)>")
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?[^()]*?[:=!>])?|\)|[*+?|]|\{\d*,?\d*\}|.", re.DOTALL)
_ENDLESS = re.compile(r"[*+]|\{\d*,\}")
_COUNT = re.compile(r"\{(\d*),?(\d*)\}")


_LEAST_LITERAL = 3
_GROUPS = ("(?:", "(?P<", "(?=", "(?<=", "(?!", "(?<!", "(?>")


def literal_in(pattern: str) -> str:
    """A run of letters or digits that stands, in some case, in whatever the pattern is found in; "" where none is sure.

    Only what stands outside of groups counts, and what no question mark, star or choice makes optional. The Turkish i
    has four forms that case folding (Unicode 3.13) does not make one, so runs end at it.
    """
    depth, runs = 0, [""]
    tokens = _TOKEN.findall(pattern)
    for piece, behind in zip(tokens, [*tokens[1:], ""], strict=True):
        if piece.startswith("(?") and not piece.startswith(_GROUPS):
            return ""
        if piece.startswith("("):
            depth += 1
        elif piece == ")":
            depth -= 1
        elif piece == "|" and depth == 0:
            return ""
        if depth == 0 and len(piece) == 1 and piece.isalnum() and piece not in "iIıİ" and not _may_be_absent(behind):
            runs[-1] += piece
            if not _ENDLESS.fullmatch(behind) and not _COUNT.fullmatch(behind):
                continue
        runs.append("")
    longest = max((run.casefold() for run in runs), key=len)
    return longest if len(longest) >= _LEAST_LITERAL else ""


def _may_be_absent(count: str) -> bool:
    """Whether what stands before this count may be left out."""
    if count in ("*", "?"):
        return True
    counted = _COUNT.fullmatch(count)
    return counted is not None and int(counted[1] or 0) == 0


def is_slow(pattern: str) -> bool:
    """Whether a pattern may take for ever: by its form, or since it does on one of a few texts made for that.

    A doubt, not a proof: the time that patterns may take is limited in any case.
    """
    return _is_slow_by_form(pattern) or _is_slow_on_trial(pattern)


_TRIAL_LENGTH = 1000
"""So long that what grows with the square of a text takes a few thousandths of a second, and with its cube many."""
_TRIAL_TIME = 0.1
_SHORT_TRIAL = 32


def _is_slow_on_trial(pattern: str) -> bool:
    """Whether it takes too long on the same piece over and over: of its own letters, of each kind of sign."""
    if not (_ENDLESS.search(pattern) or "{" in pattern):
        return False
    compiled = compile_pattern(pattern)
    own = [piece for piece in _TOKEN.findall(pattern) if len(piece) == 1 and (piece.isalnum() or piece in " -=,;:/@")]
    # What the pattern cannot do without stands behind the trial, or it would not even be begun.
    end = "\x01\n" + "".join(own)
    for piece in dict.fromkeys(("a", "7", " ", *own[:8], "a ", "".join(own[:6]) or "a")):
        for length in (_SHORT_TRIAL, _TRIAL_LENGTH):
            try:
                compiled.search(piece * (length // len(piece)) + end, timeout=_TRIAL_TIME)
            except TimeoutError:
                return True
    return False


def _is_slow_by_form(pattern: str) -> bool:
    """Whether what repeats without end stands at the end of what does: (a+)* may take for ever, (a+,)* does not."""
    groups: list[list[str]] = [[]]
    tokens = _TOKEN.findall(pattern)
    for piece, behind in zip(tokens, [*tokens[1:], ""], strict=True):
        if piece.startswith("("):
            groups.append([])
        elif piece == ")" and len(groups) > 1:
            wavers = _wavers(groups.pop())
            if wavers and _ENDLESS.fullmatch(behind):
                return True
            groups[-1].append("+" if wavers else "()")
        else:
            groups[-1].append(piece)
    return False


def _wavers(tokens: list[str]) -> bool:
    """Whether one of a group's branches can end in a part that repeats without end."""
    branches: list[list[str]] = [[]]
    for piece in tokens:
        if piece == "|":
            branches.append([])
        else:
            branches[-1].append(piece)
    return any(_ends_endlessly(branch) for branch in branches)


def _ends_endlessly(branch: list[str]) -> bool:
    while branch:
        if _ENDLESS.fullmatch(branch[-1]):
            return True
        if branch[-1] != "?":
            return False
        # A question mark makes the piece before it optional, or the repeat before it lazy.
        branch = branch[:-1] if len(branch) > 1 and _ENDLESS.fullmatch(branch[-2]) else branch[:-2]
    return False


def _size(pattern: str) -> int:
    """How many pieces a pattern comes to when its counts are written out: (a{9}){9} has 81 and some."""
    sizes = [[0]]
    for piece in _TOKEN.findall(pattern):
        if piece.startswith("("):
            sizes.append([0])
        elif piece == ")" and len(sizes) > 1:
            inside = sizes.pop()
            sizes[-1].append(sum(inside) + 1)
        elif counts := _COUNT.fullmatch(piece):
            sizes[-1][-1] *= max(1, *(int(count or 0) for count in counts.groups()))
        else:
            sizes[-1].append(1)
    return sum(sum(group) for group in sizes)
