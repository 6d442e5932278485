"""Signed and encrypted mail (RFC 8551, RFC 3156, RFC 9580): recognised, and what is readable read.

Nothing is verified and nothing decrypted here: a label says what a mail calls itself, never that a signature is good.
What a CMS message is made of is read in `cms.py`; whose whole mail is signed, in `signed_whole.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from maild.messages import transfer
from maild.messages.fixed import FixedEnum

CMS_TYPES = frozenset(("application/pkcs7-mime", "application/x-pkcs7-mime"))
SIGNATURE_TYPES = frozenset(
    ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
)
_ENCRYPTED_KINDS = ("enveloped-data", "authenveloped-data")
_SIGNED_BEGIN = re.compile(r"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n", re.MULTILINE)
_DASH = re.compile(r"^- ", re.MULTILINE)
_ARMOR_FIELD = re.compile(r"(?:[A-Za-z-]{1,40}: [^\n]{0,200}\n)*[ \t]*\n")
_RUSSIAN = re.compile("[а-яё]", re.IGNORECASE)


class Seal(FixedEnum):
    """By which of the two ways a mail is signed or encrypted."""

    SMIME = "smime"
    PGP = "pgp"


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedWhole:
    """Where a signature and what it was made over lie in the bytes of a mail: first octet, and the one behind the last.

    `content` is None where the signature holds what it signs. `copied` are the fields of the header that stand in the
    signed part as well (RFC 9788, 2), and `differs` the first of them that says something else there, "" where all
    agree.
    """

    seal: Seal
    content: tuple[int, int] | None
    signature: tuple[int, int]
    encoding: str
    copied: tuple[str, ...] = ()
    differs: str = ""

    def signature_in(self, raw: bytes) -> bytes:
        """The signature, decoded; `raw` is the mail as it was read."""
        return transfer.decode(raw[slice(*self.signature)], self.encoding)

    def content_in(self, raw: bytes) -> bytes | None:
        """The signed part with its own fields, lines ended as on the wire (RFC 1847, 2.1); None where it is inside."""
        if self.content is None:
            return None
        return raw[slice(*self.content)].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def signed_by(content_type: str, params: Mapping[str, str]) -> Seal | None:
    """The way in which a multipart/signed is signed (RFC 1847, 2.1); None for anything else."""
    if content_type != "multipart/signed":
        return None
    protocol = params.get("protocol", "").lower()
    return Seal.PGP if "pgp" in protocol else Seal.SMIME if "pkcs7" in protocol else None


def encrypted_by(content_type: str, params: Mapping[str, str]) -> Seal | None:
    """The way in which a part says to be encrypted (RFC 3156, 4; RFC 8551, 3.2.2); None where it does not say so."""
    if content_type in CMS_TYPES and params.get("smime-type", "").lower() in _ENCRYPTED_KINDS:
        return Seal.SMIME
    pgp = content_type == "multipart/encrypted" and "pgp" in params.get("protocol", "application/pgp-encrypted").lower()
    return Seal.PGP if pgp else None


def open_clearsigned(text: str) -> tuple[str, bool]:
    """Text without the frame of an inline PGP signature (RFC 9580, 7), and whether it had one.

    Text around the frame stays, since nobody says which of it was signed.
    """
    begin = _SIGNED_BEGIN.search(text) if "-----BEGIN PGP SIGNED" in text else None
    head = _ARMOR_FIELD.match(text, begin.end()) if begin else None
    signature = _frame(text, "SIGNATURE", head.end()) if head else None
    if begin is None or head is None or signature is None:
        return text, False
    inside = _DASH.sub("", text[head.end() : signature[0]])
    return text[: begin.start()] + inside + text[signature[1] :], True


def take_out_encrypted(text: str) -> tuple[str, str | None]:
    """Text without an inline PGP message, and that message, or None where there is none."""
    found = _frame(text, "MESSAGE", 0)
    return (text[: found[0]] + text[found[1] :], text[found[0] : found[1]]) if found else (text, None)


def _frame(text: str, what: str, position: int) -> tuple[int, int] | None:
    """Where the first armour of a kind begins and ends; the marks stand at the start of their lines."""
    line = f"-----BEGIN PGP {what}-----"
    while (start := text.find(line, position)) > 0 and text[start - 1] != "\n":
        position = start + 1
    end = text.find(f"\n-----END PGP {what}-----", start) if start >= 0 else -1
    if end < 0:
        return None
    after = text.find("\n", end + 1)
    return start, len(text) if after < 0 else after + 1


def encrypted_note(seal: Seal, subject: str) -> str:
    """The sentence that stands for a text which only its recipient can read, in the language of the subject."""
    name = {Seal.SMIME: "S/MIME", Seal.PGP: "PGP"}[seal]
    if _RUSSIAN.search(subject):
        return f"Это письмо зашифровано ({name}); его содержание во вложении."
    return f"This mail is encrypted ({name}); its content is in the attachment."
