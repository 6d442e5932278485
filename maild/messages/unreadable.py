"""A mail that cannot be read is still a mail: it becomes a ticket with the raw bytes attached."""

from __future__ import annotations

from maild.messages.mail import Attachment, Mail, MailClass


def unreadable_mail(raw: bytes, reason: str) -> Mail:
    """A stand-in that says what is wrong and carries the bytes as they came."""
    text = f"This mail could not be read: {reason}. It is attached as it came."
    attached = Attachment.file("message.eml", "application/octet-stream", raw)
    return Mail(
        headers=(),
        message_id=None,
        in_reply_to=None,
        references=(),
        date=None,
        sender=None,
        strict_sender=None,
        reply_to=(),
        to=(),
        cc=(),
        subject="Unreadable mail",
        language="",
        text=text,
        text_from_html=None,
        html=None,
        reply=text,
        quoted="",
        signature="",
        attachments=(attached,) if raw else (),
        mail_class=MailClass.PERSON,
        class_reason="it could not be read, so it is treated as a person's",
        bounce=None,
        forwarded=None,
        defects=(reason,),
        size=len(raw),
    )
