"""What the header of a mail's bytes says that must be known before it is passed on, without reading the whole mail."""

from __future__ import annotations

import re
from dataclasses import dataclass

from maild.messages.fields import read_fields

_LOOP = "x-maild-loop"


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """`by_desk`: a desk has written it, this one or another. `senders`: everything that stands in From."""

    by_desk: bool
    senders: str

    def is_from(self, address: str) -> bool:
        """Whether From names this normalised address."""
        return re.search(rf"(?<![\w.+-]){re.escape(address)}(?![\w.-])", self.senders) is not None


def read_marks(raw: bytes) -> Marks:
    """Reads them; any bytes will do."""
    fields = [(name.lower(), value) for name, value in read_fields(raw).items]
    senders = b" ".join(value for name, value in fields if name == "from")
    return Marks(
        by_desk=any(name == _LOOP for name, _ in fields),
        senders=senders.decode("utf-8", "replace").lower(),
    )
