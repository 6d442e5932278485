"""Enums whose members and methods no pickle can change. What else may be in a mail's pickle stands in the guard."""

from __future__ import annotations

from enum import StrEnum


class FixedEnum(StrEnum):
    """An enum that refuses to be filled by a pickle.

    The pickle of a member names its value and no more. One that brings more would write into the member, or into the
    class itself, for the whole process.
    """

    def __setstate__(self, state: object) -> None:
        raise TypeError(f"{type(self).__name__} is not to be changed")
