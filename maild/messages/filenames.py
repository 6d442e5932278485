"""File names of attachments, harmless to show, to save and to pass on, and the same ones each time a mail is read."""

from __future__ import annotations

import re
import unicodedata

from maild.messages.words import one_line

_LENGTH_CAP = 180
_HIDDEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[\\/]|\.\.?[\\/])|[A-Za-z]:[^\\/]")
_UNSAFE = re.compile(r'[\\/:*?"<>|]+')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(?:\.|$)", re.IGNORECASE)
_EXTENSIONS = {
    "text/plain": "txt", "text/html": "html", "text/calendar": "ics", "text/csv": "csv", "text/xml": "xml",
    "text/vcard": "vcf", "text/x-vcard": "vcf", "text/directory": "vcf", "text/rfc822-headers": "txt",
    "text/rtf": "rtf", "text/markdown": "md", "text/x-amp-html": "html", "text/x-patch": "patch",
    "image/jpeg": "jpg", "image/jpg": "jpg", "image/png": "png", "image/gif": "gif", "image/bmp": "bmp",
    "image/tiff": "tif", "image/webp": "webp", "image/svg+xml": "svg", "image/heic": "heic",
    "application/pdf": "pdf", "application/zip": "zip", "application/json": "json", "application/xml": "xml",
    "application/msword": "doc", "application/rtf": "rtf", "application/ics": "ics",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx", "application/vnd.ms-excel": "xls",
    "application/ms-tnef": "dat", "application/vnd.ms-tnef": "dat",
    "application/pgp-signature": "asc", "application/pgp-encrypted": "asc",
    "application/pgp-keys": "asc", "application/pkcs7-mime": "p7m", "application/x-pkcs7-mime": "p7m",
    "application/pkcs7-signature": "p7s", "application/x-pkcs7-signature": "p7s", "application/gzip": "gz",
    "message/rfc822": "eml", "message/global": "eml", "message/delivery-status": "txt",
    "message/disposition-notification": "txt", "message/feedback-report": "txt",
    "message/partial": "eml", "message/external-body": "txt", "application/applefile": "applefile",
    "audio/mpeg": "mp3", "audio/wav": "wav", "audio/x-wav": "wav", "video/mp4": "mp4", "video/quicktime": "mov",
}  # fmt: skip

_STEMS = {
    "message/delivery-status": "delivery-status", "message/disposition-notification": "receipt",
    "message/feedback-report": "feedback-report", "text/rfc822-headers": "headers", "text/calendar": "event",
    "application/ics": "event", "application/ms-tnef": "winmail", "application/vnd.ms-tnef": "winmail",
    "application/pgp-signature": "signature", "application/pgp-encrypted": "pgp-version",
    "application/pkcs7-signature": "smime", "application/x-pkcs7-signature": "smime",
    "application/pkcs7-mime": "smime", "application/x-pkcs7-mime": "smime",
    "message/external-body": "somewhere-else", "message/partial": "part-of-a-mail",
}  # fmt: skip
"""What parts without a name are called where their kind says more than their number."""


def harmless(name: str) -> str:
    """A name without folders, control and invisible characters, devices and hidden-file dots; "" if nothing is left."""
    name = unicodedata.normalize("NFC", _HIDDEN.sub("", one_line(name)))
    if _PATH.match(name) or "../" in name or "..\\" in name:
        name = re.split(r"[\\/]", name)[-1]
    name = _UNSAFE.sub("_", name).strip(" .") if name.strip(" .") else ""
    if _RESERVED.match(name):
        name = f"_{name}"
    return _shortened(name)


def _shortened(name: str) -> str:
    """At most `_LENGTH_CAP` bytes of UTF-8, the extension kept."""
    if len(name.encode("utf-8", "replace")) <= _LENGTH_CAP:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 10:
        stem, extension = name, ""
    room = _LENGTH_CAP - len(extension.encode()) - 1
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .") + (f".{extension}" if extension else "")


def derived(content_type: str, number: int) -> str:
    """The name of a part that has none: always the same for the same mail."""
    stem = _STEMS.get(content_type) or f"part-{number}"
    return f"{stem}.{_EXTENSIONS.get(content_type, 'bin')}"


def media_type_of(name: str) -> str:
    """The media type that a file's extension speaks of."""
    extension = name.rpartition(".")[2].strip().lower()
    return next((kind for kind, known in _EXTENSIONS.items() if known == extension), "application/octet-stream")


def unique(name: str, taken: set[str]) -> str:
    """`name`, or with a number where a part of the mail has it already; remembered in `taken`."""
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    candidate, count = name, 1
    while candidate.casefold() in taken:
        count += 1
        candidate = f"{stem}-{count}{dot}{extension}"
    taken.add(candidate.casefold())
    return candidate
