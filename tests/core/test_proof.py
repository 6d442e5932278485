"""What counts for more where several things speak for a sender, or against him."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.crypto import pgp_packets
from maild.people.proof import Evidence, prove

PGP = ("pgp", "PGP signature of anna@desk.example (key AB)")


def evidence(**changes: Any) -> Evidence:
    """Anna's address in From, and nothing that speaks for it."""
    values: dict[str, Any] = {
        "address": "anna@desk.example",
        "names": frozenset({"anna", "anna@desk.example"}),
        "login": None,
        "relay_login": None,
        "dmarc": None,
        "dmarc_domain": None,
        "dkim_domains": (),
    }
    return Evidence(**(values | changes))


CASES: list[tuple[dict[str, Any], str]] = [
    ({"signature": PGP}, "pgp"),
    ({"signature": ("smime", "x")}, "smime"),
    ({"signature": PGP, "dmarc": "fail"}, "pgp"),
    ({"signature": PGP, "relay_login": "boris"}, "pgp"),
    ({"signature": PGP, "login": "boris"}, "none"),
    ({"signature": PGP, "login": "anna"}, "session"),
    ({"signature": PGP, "address": None}, "none"),
    ({"own_dkim": "desk.example"}, "dkim"),
    ({"own_dkim": "example"}, "none"),
    ({"own_dkim": "evil.example"}, "none"),
    ({"own_dkim": "desk.example", "dmarc": "fail"}, "none"),
    ({"own_dkim": "desk.example", "login": "boris"}, "none"),
]


@pytest.mark.fault("E2")
@pytest.mark.parametrize(("changes", "kind"), CASES)
def test_what_weighs_more(changes: dict[str, Any], kind: str) -> None:
    """A key of one's own weighs more than what servers made of the mail, a login of somebody else more than a key."""
    assert prove(evidence(**changes)).kind == kind


def test_why_a_signature_proves_nothing_is_told() -> None:
    """Behind what else was looked for."""
    for more in ({}, {"dmarc": "fail"}, {"relay_login": "boris"}):
        reason = prove(evidence(unsigned="its PGP signature does not count: it was altered", **more)).reason
        assert reason.endswith("; its PGP signature does not count: it was altered")


@given(st.binary(max_size=300))
def test_no_bytes_are_taken_for_a_key_by_accident(noise: bytes) -> None:
    """Odd data is told by ValueError and by nothing else."""
    for data in (noise, b"-----BEGIN PGP SIGNATURE-----\n\n" + noise + b"\n-----END PGP SIGNATURE-----\n"):
        try:
            octets = pgp_packets.dearmoured(data)
            total = sum(len(content) for _, content in pgp_packets.packets(octets))
        except ValueError:
            continue
        assert total <= len(octets)


@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        (b"", []),
        (b"\xc2\x02ab", [(2, b"ab")]),
        (b"\xc2\xc0\x00" + b"x" * 192, [(2, b"x" * 192)]),
        (b"\xc2\xff\x00\x00\x00\x01a", [(2, b"a")]),
        (b"\x88\x01a\x89\x00\x01b\x8a\x00\x00\x00\x01c", [(2, b"a"), (2, b"b"), (2, b"c")]),
    ],
)
def test_every_way_of_writing_a_length_is_read(data: bytes, kinds: list[tuple[int, bytes]]) -> None:
    """New and old packets, of one, two and four octets (RFC 9580, 4.2)."""
    assert list(pgp_packets.packets(data)) == kinds


@pytest.mark.parametrize("data", [b"\x02\x01a", b"\xc2\x05ab", b"\x8b\x01a", b"\xc2\xe1a", b"\xc2", b"hello"])
def test_what_is_cut_or_of_unknown_length_is_no_pgp_data(data: bytes) -> None:
    """Pieces and open ends are for streams; keys and signatures have none."""
    with pytest.raises(ValueError, match="no PGP data"):
        list(pgp_packets.packets(data))
