"""Parts that hold more than themselves: Outlook's winmail.dat, S/MIME around a signed mail, a calendar.

What such a part holds is found here; which of it is shown is decided in `bodies.py`. Archives are never opened: a zip
is a file like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from maild.messages import charset, cms, filenames, params, sealed
from maild.messages.mime import Part
from maild.messages.sealed import Seal

if TYPE_CHECKING:
    from maild.messages import tnef

TYPES = (
    frozenset(("application/ms-tnef", "application/vnd.ms-tnef", "text/calendar", "application/ics")) | sealed.CMS_TYPES
)
_CALENDARS = ("text/calendar", "application/ics")
_UNNAMED = "application/octet-stream"
_BY_NAME = {"winmail.dat": "application/ms-tnef", "smime.p7m": "application/pkcs7-mime"}
CALENDAR_CAP = 256 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What a part holds. `spare_text` and `spare_html` stand in where the mail has no better body; `told` is what maild
    says of it where there are no words at all.
    """

    files: tuple[tnef.File, ...] = ()
    spare_text: str | None = None
    spare_html: str | None = None
    told: str = ""
    inside: bytes | None = None
    """A whole MIME entity, to be read in the part's place."""
    signed: Seal | None = None
    encrypted: Seal | None = None
    stays: bool = True
    """Whether the part itself is still an attachment to people."""


def kind_of(part: Part) -> str:
    """The media type of a container, also where a server has only its file name left; "" for any other part."""
    if part.content_type in TYPES:
        return part.content_type
    if part.content_type == _UNNAMED:
        named = part.disposition_params.get("filename") or part.params.get("name") or ""
        return _BY_NAME.get(named.strip().lower(), "")
    return ""


def look(part: Part, kind: str) -> Held | None:
    """What a container of this kind holds; None where it cannot be read."""
    if kind in _CALENDARS:
        return _calendar(part)
    if kind in sealed.CMS_TYPES:
        return _cms(part)
    from maild.messages import tnef  # most mails never need it, and a mail server's pipe starts us once a mail

    unpacked = tnef.unpack(part.content())
    if unpacked is None:
        return None
    return Held(files=unpacked.files, spare_text=unpacked.text, spare_html=unpacked.html, stays=not unpacked.whole)


def _calendar(part: Part) -> Held | None:
    from maild.messages import calendar  # the same

    text = charset.decode(part.content()[:CALENDAR_CAP], part.charset)
    told = calendar.summary(text, part.params.get("method", ""))
    return Held(told=told) if told else None


def _cms(part: Part) -> Held | None:
    what, inside = cms.cms_kind(part.content())
    if what == "encrypted" or (not what and sealed.encrypted_by(part.content_type, part.params)):
        # Also where the bytes cannot be read: what calls itself encrypted has no words for us either way.
        return Held(encrypted=Seal.SMIME)
    return Held(signed=Seal.SMIME, inside=inside, stays=inside is None) if what == "signed" else None


def type_of(file: tnef.File) -> str:
    """The media type of an unpacked file: what its sender says, else what its name says."""
    return params.media_type(file.content_type, filenames.media_type_of(file.name))
