"""What the judgement asks of whoever keeps texts ready for answers. What becomes of them stands in `canned.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from maild.errors import DataError, NotFound


class BrokenText(DataError):
    """A canned text that cannot be written for a ticket; what is wrong is told to the admin in English.

    `missing` is the field that the ticket has not, `line` where a mistake stands (0: not known); with neither the text
    says nothing for this ticket.
    """

    def __init__(self, name: str, message: str, *, line: int = 0, missing: str = "", empty: bool = False) -> None:
        super().__init__(message)
        self.name, self.line, self.missing, self.empty = name, line, missing, empty


class CannedTexts(Protocol):
    """Texts that an answer can be made of, by name; the same values always give the same text."""

    def names(self, language: str) -> tuple[str, ...]:
        """What there is for a customer of this language, in the order of the alphabet."""
        ...

    def write(self, name: str, language: str, values: Mapping[str, object]) -> str:
        """The text with these values. Raises NotFound for an unknown name, BrokenText where it cannot be written."""
        ...


class NoCannedTexts:
    """A desk that keeps none."""

    def names(self, language: str) -> tuple[str, ...]:  # noqa: ARG002 there are none
        """None."""
        return ()

    def write(self, name: str, language: str, values: Mapping[str, object]) -> str:  # noqa: ARG002 there are none
        """Always raises NotFound."""
        raise NotFound(name)
