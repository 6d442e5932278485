"""The lines of a header without the rest of the mail, where they can be told from it alone.

In most mails they can, at a fraction of what the whole costs; in the others a charset that the body names, or the lines
of the body itself, say how the header is meant.
"""

from __future__ import annotations

from maild.messages.fields import read_fields
from maild.messages.headers import read_header


def header_lines(head: bytes) -> tuple[tuple[str, str], ...] | None:
    """All lines as `Mail.headers` has them, out of the first bytes of a mail; None where only the whole mail tells."""
    if b"\n" not in head or b"\r\r\n" in head:
        return None
    fields = read_fields(head)
    if fields.defects or fields.body >= len(head) or not head[: fields.body].isascii():
        return None
    return read_header(fields, None).headers
