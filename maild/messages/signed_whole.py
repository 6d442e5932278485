"""A mail that is signed as a whole: where the signature lies, what exactly it was made over, what it covers.

Only a mail whose outermost part is the signature's own counts (RFC 1847, 2.1; RFC 8551, 3.5): of one that is nested in
something else, or has something beside it, nobody can say which words were signed. Nothing is verified here.
"""

from __future__ import annotations

from collections.abc import Callable

from maild.messages import params, sealed
from maild.messages.cms import cms_kind
from maild.messages.fields import Fields, read_fields
from maild.messages.headers import Header, read_header
from maild.messages.mime import Part
from maild.messages.sealed import Seal, SignedWhole

SIGNATURE_CAP = 64 * 1024
"""A detached signature that is longer is none."""
_SIGNATURES = {
    Seal.PGP: ("application/pgp-signature",),
    Seal.SMIME: ("application/pkcs7-signature", "application/x-pkcs7-signature"),
}
_COPIED: dict[str, Callable[[Header], object]] = {
    "From": lambda header: header.strict_sender,
    "To": lambda header: [one.address.lower() for one in header.to],
    "Cc": lambda header: [one.address.lower() for one in header.cc],
    "Reply-To": lambda header: [one.address.lower() for one in header.reply_to],
    "Subject": lambda header: header.subject.split(),
    "Date": lambda header: header.date,
    "Message-ID": lambda header: header.message_id,
    "In-Reply-To": lambda header: header.in_reply_to,
    "References": lambda header: header.references,
}
"""The fields whose signed copies are held against those of the mail."""


def signed_whole(root: Part, header: Header, fields: Fields) -> SignedWhole | None:
    """Where a mail is signed as a whole; None for any other, and for one with anything odd about its outermost part."""
    if fields.defects or len(list(fields.all("content-type"))) != 1:
        return None
    if root.content_type in sealed.CMS_TYPES:
        return _opaque(root, header)
    seal = sealed.signed_by(root.content_type, root.params)
    if seal is None or len(root.children) != 2:
        return None
    content, signature = root.children
    if signature.content_type not in _SIGNATURES[seal] or signature.stop - signature.start > SIGNATURE_CAP:
        return None
    copied, differs = _compared(content.fields, header)
    return SignedWhole(
        seal=seal,
        content=(content.begin, content.stop),
        signature=(signature.start, signature.stop),
        encoding=signature.encoding,
        copied=copied,
        differs=differs,
    )


def _opaque(root: Part, header: Header) -> SignedWhole | None:
    """A SignedData around the mail's content (RFC 8551, 3.5.2)."""
    what, inside = cms_kind(root.content())
    if what != "signed" or inside is None:
        return None
    copied, differs = _compared(read_fields(inside, part=True), header)
    return SignedWhole(
        seal=Seal.SMIME,
        content=None,
        signature=(root.start, root.stop),
        encoding=root.encoding,
        copied=copied,
        differs=differs,
    )


def _compared(inside: Fields, header: Header) -> tuple[tuple[str, ...], str]:
    """The fields that the signed part says to be copies of the mail's own, and the first that is no copy.

    Only a part that calls them so is looked at (RFC 9788, 2.1.1, and what was in use before it): in any other a field
    that is not about content means nothing (RFC 2046, 5.1).
    """
    _, said = params.parse(inside.first("content-type"))
    if said.get("hp", "").lower() != "clear" and said.get("protected-headers", "").lower() != "v1":
        return (), ""
    there = read_header(inside, None)
    copied = tuple(name for name in _COPIED if any(inside.all(name.lower())))
    differing = (name for name in copied if _COPIED[name](there) != _COPIED[name](header) or _twice(inside, name))
    return copied, next(differing, "")


def _twice(fields: Fields, name: str) -> bool:
    return len(list(fields.all(name.lower()))) > 1
