"""PGP signatures of agents, checked by the program gpg in a home of its own that holds that agent's keys and no others.

Nothing is asked of any server. What gpg found is read from its status lines (doc/DETAILS of GnuPG), of which one that
is not as it should be means that the signature does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from maild.crypto import pgp_packets
from maild.crypto.programs import NotVerified, own_folder, run

_OPTIONS = (
    *("--no-options", "--batch", "--no-tty", "--quiet", "--no-autostart", "--disable-dirmngr", "--status-fd", "1"),
    *("--no-auto-key-locate", "--no-auto-key-retrieve", "--no-auto-check-trustdb"),
)
_WEAK_DIGESTS = ("1", "2", "3")
"""MD5, SHA-1 and RIPEMD-160 (RFC 9580, 9.5)."""
_DOCUMENTS = ("00", "01")
"""Signatures over data, and over text (RFC 9580, 5.2.1)."""
_TROUBLES = {
    "BADSIG": "the text was changed after it was signed",
    "EXPSIG": "the signature has expired",
    "EXPKEYSIG": "the key has expired",
    "REVKEYSIG": "the key was revoked",
    "KEYREVOKED": "the key was revoked",
    "KEYEXPIRED": "the key has expired",
    "NO_PUBKEY": "it was made with another key",
    "ERRSIG": "it cannot be checked",
    "FAILURE": "it cannot be checked",
    "NODATA": "it is no signature",
    "PLAINTEXT": "it is no signature of its own",
}
"""In this order: what gpg says first of several is not always what matters most."""
_MINOR = ("KEYEXPIRED", "FAILURE")
"""Said of keys that did not sign as well, or after everything else; they are no verdict by themselves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PgpKey:
    """One public key with its subkeys: its octets, and the fingerprint of its main key in capitals."""

    octets: bytes = field(repr=False)
    fingerprint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GoodSignature:
    """A signature that holds: the fingerprint of the key it counts for, and when it was made."""

    fingerprint: str
    signed_at: datetime


def read_key(content: bytes) -> PgpKey:
    """The one public key in a file, with or without armour. Raises ValueError with what is wrong with it."""
    octets = pgp_packets.dearmoured(content)
    found = list(pgp_packets.packets(octets))
    if any(kind in (pgp_packets.SECRET_KEY, pgp_packets.SECRET_SUBKEY) for kind, _ in found):
        raise ValueError("it holds a secret key, which no file of the rules may hold")
    keys = [key for kind, key in found if kind == pgp_packets.PUBLIC_KEY]
    if len(keys) != 1:
        raise ValueError(f"it holds {len(keys)} keys, and one is wanted" if keys else "it holds no public key")
    return PgpKey(octets=octets, fingerprint=pgp_packets.fingerprint(keys[0]))


def verify(
    keys: Sequence[PgpKey], signature: bytes, content: bytes, now: datetime, program: str = "gpg"
) -> GoodSignature:
    """Check a detached signature over these octets (RFC 9580, 5.2.4). Raises NotVerified."""
    try:
        octets = pgp_packets.dearmoured(signature)
        kinds = [kind for kind, _ in pgp_packets.packets(octets)]
    except ValueError as error:
        raise NotVerified("it is no signature") from error
    if kinds != [pgp_packets.SIGNATURE]:
        # A second one may be anybody's, and data in the place of a signature would be checked instead of the mail.
        raise NotVerified("it is not exactly one signature")
    with own_folder() as folder:
        for name, data in (("keys", b"".join(k.octets for k in keys)), ("signature", octets), ("content", content)):
            (folder / name).write_bytes(data)
        run(program, [*_options(folder, now), "--import", "keys"], folder)
        # The admin trusts these keys, or they would not be here; gpg knows nothing of that.
        trusting = [*_options(folder, now), "--trust-model", "always"]
        status, said = run(program, [*trusting, "--verify", "signature", "content"], folder)
    return _judged(_status_lines(said), status, {key.fingerprint for key in keys})


def key_trouble(key: PgpKey, now: datetime, program: str = "gpg") -> str:
    """Why gpg takes no signature of this key at this time: part of a sentence, "" where it does.

    Raises NotVerified where gpg cannot be asked.
    """
    with own_folder() as folder:
        (folder / "key").write_bytes(key.octets)
        _, said = run(program, [*_options(folder, now), "--with-colons", "--show-keys", "key"], folder)
    lines = [line.split(":") for line in said.decode("utf-8", "replace").splitlines()]
    main = next((fields for fields in lines if fields[0] == "pub" and len(fields) > 11), None)
    if main is None:
        return "gpg cannot read it"
    if main[1] == "r":
        return "it was revoked"
    if main[1] == "e":
        return f"it expired on {_day(main[6])}"
    signing = [fields for fields in lines if fields[0] in ("pub", "sub") and len(fields) > 11 and "s" in fields[11]]
    if not any(fields[1] not in ("r", "e") for fields in signing):
        return "no part of it can sign any more" if signing else "it is not made for signing"
    return ""


def _options(home: Path, now: datetime) -> list[str]:
    """The same time is meant everywhere, so gpg does not read the clock itself."""
    return [*_OPTIONS, "--homedir", str(home), "--faked-system-time", f"{int(now.timestamp())}!"]


def _status_lines(said: bytes) -> list[tuple[str, list[str]]]:
    words = (line.split() for line in said.decode("utf-8", "replace").split("\n") if line.startswith("[GNUPG:] "))
    return [(line[1], line[2:]) for line in words if len(line) > 1]


def _judged(lines: list[tuple[str, list[str]]], status: int, ours: set[str]) -> GoodSignature:
    """Exactly one signature, good and valid, by one of our keys, over a document, with a digest that still holds."""
    said = [name for name, _ in lines]
    for name, trouble in _TROUBLES.items():
        if name in said and name not in _MINOR:
            raise NotVerified(trouble)
    valid = [values for name, values in lines if name == "VALIDSIG"]
    if status != 0 or said.count("NEWSIG") != 1 or said.count("GOODSIG") != 1 or len(valid) != 1 or len(valid[0]) < 10:
        raise NotVerified(next((_TROUBLES[name] for name in _MINOR if name in said), "gpg does not call it good"))
    values = valid[0]
    if values[9].upper() not in ours:
        raise NotVerified(_TROUBLES["NO_PUBKEY"])
    if values[7] in _WEAK_DIGESTS:
        raise NotVerified("its digest is too weak to be believed")
    if values[8] not in _DOCUMENTS:
        raise NotVerified("it is no signature of a text")
    try:
        signed_at = datetime.fromtimestamp(_seconds(values[2]), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise NotVerified("it was made at no time that there is") from error
    return GoodSignature(fingerprint=values[9].upper(), signed_at=signed_at)


def _seconds(text: str) -> int:
    """Seconds since 1970; gpg may write an ISO time in their place."""
    return (
        int(text) if text.isdigit() else int(datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp())
    )


def _day(text: str) -> str:
    try:
        return f"{datetime.fromtimestamp(_seconds(text), UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return "an unknown day"
