"""The public keys of agents, as values. They are read in `maild/config`, and signatures checked with them in
`maild/crypto`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class KeyKind(StrEnum):
    """By which of the two ways a key's signatures are made."""

    PGP = "pgp"
    SMIME = "smime"


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentKey:
    """One public key: its octets, its fingerprint in capitals, and its file as the team file names it."""

    kind: KeyKind
    octets: bytes = field(repr=False)
    fingerprint: str
    file: str
