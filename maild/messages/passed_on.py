"""A forwarded mail as if it had come by itself: what the one who first wrote it would have sent us.

Attached, it is all there. Inside the text only a few of its fields are, as a client prints them; which mail it was then
stands in the forward's own In-Reply-To or References, where clients name it. How it is found is in `forward.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from maild.messages import language
from maild.messages.forward import find_forwarded
from maild.messages.mail import Forwarded, Mail, MailClass
from maild.messages.reply import split_reply
from maild.messages.subject import topic

_TOLD = 800
"""Characters by which the language is told."""
_DEEPEST = 5
"""So many people may have passed it on before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PassedAlong:
    """The mail at the bottom of forwards, and the forwards of colleagues that it stands in, the outer ones first."""

    mail: Mail
    by: tuple[Mail, ...] = ()


def passed_along(mail: Mail, is_colleague: Callable[[str], bool]) -> PassedAlong | None:
    """The mail that this one passes on, or that a colleague passed on in it; None where there is none."""
    inner, by = passed_on_mail(mail), list[Mail]()
    while inner is not None and inner.sender is not None and is_colleague(inner.sender.address):
        found = inner.forwarded or find_forwarded(inner.text, inner.subject, None)
        if found is None or len(by) == _DEEPEST:
            break  # a colleague's own words
        by.append(replace(inner, forwarded=found))
        inner = passed_on_mail(by[-1])
    return PassedAlong(mail=inner, by=tuple(by)) if inner is not None else None


def passed_on_mail(mail: Mail) -> Mail | None:
    """The mail that this one passes on; None where it passes on none. Its sender is nobody where none is named."""
    found = mail.forwarded
    if found is None:
        return None
    return found.mail or _of_text(mail, found)


def _of_text(mail: Mail, found: Forwarded) -> Mail:
    split = split_reply(found.text)
    named = mail.in_reply_to or next(reversed(mail.references), None)
    return replace(
        mail,
        message_id=named,
        in_reply_to=None,
        references=tuple(one for one in mail.references if one != named),
        date=None,
        sender=found.sender,
        strict_sender=None,
        writer=None,
        reply_to=(),
        to=found.to,
        cc=(),
        subject=found.subject or topic(mail.subject),
        language=language.guess((split.reply or found.text)[:_TOLD]),
        text=found.text,
        text_from_html=None,
        html=None,
        reply=split.reply,
        quoted=split.quoted,
        signature=split.signature,
        mail_class=MailClass.PERSON,
        class_reason="it stands in a forward",
        bounce=None,
        forwarded=None,
        signed=None,
        encrypted=None,
    )
