"""One mail as the rules look at it: a field is folded, cut into words and into domains at most once, when asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from maild.routing.fields import Values
from maild.routing.fold import fold, wire_domain
from maild.routing.patterns import Pattern
from maild.routing.words import Vocabulary, words_of

T = TypeVar("T")
PATTERN_SECONDS = 0.1
"""What all patterns together may take for one mail."""
_TEXT_KEPT = 256 * 1024
"""Characters of a field that are looked at: a mail of many megabytes must not keep the desk busy."""
_CAPTURE_KEPT = 200


class Lazy(dict[str, T]):
    """What is made of each field, made when it is first asked for."""

    def __init__(self, make: Callable[[str], T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, field: str) -> T:
        value = self[field] = self._make(field)
        return value


class View:
    """The fields of one mail, made ready as tests ask for them; also what the patterns found and how long they took."""

    def __init__(self, values: Values, vocabulary: Vocabulary, stopwatch: Callable[[], float]) -> None:
        # Each is made of the ones above it and none of the view, so that a mail's texts are freed with the view.
        texts = Lazy(lambda field: _texts(values.get(field, ())))
        folded = Lazy(lambda field: frozenset(fold(text) for text in texts[field]))
        line = Lazy(lambda field: "\n".join(sorted(folded[field])))
        self.values = values
        self.texts = texts
        """The texts of a field as they are; none where it is empty."""
        self.caseless = Lazy(lambda field: "\n".join(text.casefold() for text in texts[field]))
        """The texts of a field as they are, without case."""
        self.folded = folded
        """The folded texts of a field."""
        self.line = line
        """All folded texts of a field, one a line: a folded text has no line ends of its own."""
        self.stems = Lazy(lambda field: frozenset(vocabulary.stems(list(set(words_of(line[field]))))))
        """The stems in a field."""
        self.stem_line = Lazy(lambda field: _stem_line(line[field], vocabulary))
        """The stems of a field in their order with a space around each, to find several words in a row."""
        self.domains = Lazy(lambda field: frozenset(_domains(texts[field])))
        """The domains of the addresses in a field, with every domain that they lie in."""
        self.captured: list[tuple[str, str]] = []
        """Named groups of the patterns that hold so far, in the order of finding."""
        self.timed_out = False
        """A pattern was cut off, or not tried, since this was last set to False."""
        self._stopwatch = stopwatch
        self._left = PATTERN_SECONDS

    def number(self, field: str) -> int | None:
        """The number that a field holds."""
        value = self.values.get(field)
        return value if isinstance(value, int) else None

    def search(self, pattern: Pattern, field: str) -> bool:
        """Whether a pattern is found in a field; False, and noted, once the patterns' time is used up."""
        started = self._stopwatch()
        try:
            return self._find(pattern, field)
        except TimeoutError:
            self.timed_out = True
            self._left = 0
            return False
        finally:
            self._left -= self._stopwatch() - started

    def _find(self, pattern: Pattern, field: str) -> bool:
        for text in self.texts[field]:
            if self._left <= 0:
                raise TimeoutError
            found = pattern.search(text, timeout=self._left)
            if found is not None:
                caught = found.groupdict()
                self.captured.extend(
                    (name, " ".join(value.split())[:_CAPTURE_KEPT]) for name, value in caught.items() if value
                )
                return True
        return False


def _texts(value: str | int | tuple[str, ...]) -> tuple[str, ...]:
    texts = value if isinstance(value, tuple) else (str(value),)
    return tuple(text[:_TEXT_KEPT] for text in texts if text)


def _stem_line(line: str, vocabulary: Vocabulary) -> str:
    return "\n".join(f" {' '.join(vocabulary.stems(words_of(text)))} " for text in line.split("\n"))


def _domains(texts: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    for text in texts:
        domain = wire_domain(text.rpartition("@")[2].strip("<> ")) if "@" in text else ""
        while domain:
            found.add(domain)
            domain = domain.partition(".")[2]
    return found
