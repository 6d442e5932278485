"""What can still be told of a mail that took its reader past the limits: its header and its first text."""

from __future__ import annotations

from dataclasses import replace

from maild.errors import Unreadable
from maild.guard.limits import PastLimits, ReadingFailed
from maild.guard.readers import IsOwn, Readers, Request
from maild.messages.mail import Mail
from maild.messages.unreadable import unreadable_mail

_STARTS = (64 * 1024, 8 * 1024)


def read_start(readers: Readers, request: Request, reason: str, is_own: IsOwn) -> Mail:
    """The mail as its first bytes tell, without attachments; `reason` stands in its defects. Raises RetryLater."""
    for size in _STARTS:
        try:
            mail = readers.read(replace(request, raw=request.raw[:size]), is_own)
        except (Unreadable, PastLimits, ReadingFailed):
            continue
        cut = f"truncated: {reason}; this is what its first {size // 1024} kB say"
        return replace(mail, size=len(request.raw), attachments=(), defects=(*mail.defects, cut))
    mail = unreadable_mail(request.raw, reason)
    return replace(mail, defects=(f"truncated: {reason}",))
