"""How much one mail may cost, and the words for what went past it. Nothing is measured here."""

from __future__ import annotations

from dataclasses import dataclass

from maild.errors import DataError

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one mail may cost the reader that has it in hand."""

    cpu: float = 2.0
    """Seconds of processor time, the system's included."""
    memory: int = 150 * MEGABYTE
    """Bytes beyond what a reader has when it waits."""
    memory_per_byte: int = 6
    """The same for large mails: so many bytes for each of the mail's."""
    silence: float = 60.0
    """Seconds after which a reader that neither works nor answers is given up: far more than a busy machine needs."""

    def memory_for(self, size: int) -> int:
        """Bytes that the reading of a mail of `size` bytes may take."""
        return max(self.memory, self.memory_per_byte * size)

    @property
    def past_cpu(self) -> str:
        """What is told of a mail that took too long."""
        return f"reading it took more than {self.cpu:g} s of CPU"

    def past_memory(self, size: int) -> str:
        """What is told of a mail that took too much room."""
        return f"reading it took more than {self.memory_for(size) // MEGABYTE} MB of memory"


class PastLimits(DataError):
    """A mail took the reader past its limits: nothing was read of it, and trying again would be no better."""


class ReadingFailed(Exception):
    """A bug in reading, or a reader that died twice over the same mail for no reason of ours."""
