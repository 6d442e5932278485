"""Words to the admin: what he must know while nobody looks at a log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from maild.desk.handle import Office
from maild.errors import Finding
from maild.messages.mail import Address
from maild.messages.tokens import Purpose
from maild.outgoing.compose import write_letter
from maild.store.keep import Keep
from maild.threads.correspondence import Pen, desk_view
from maild.threads.plan import Letter, LetterKind


def alarm_admin(keep: Keep, office: Office, admin: str | None, findings: Sequence[Finding], now: datetime) -> bool:
    """One letter with the same words as `maild rules check`; False where the settings name no admin."""
    if admin is None:
        return False
    practice = office.practice
    with keep.database.write() as connection:
        pen = Pen(practice=practice, source="t", number=keep.tickets.take_number(connection, "ticks"), now=now)
        letter = Letter(
            kind=LetterKind.ALARM,
            template="rules_broken",
            language=practice.languages[0],
            to=(Address(address=admin),),
            sender=practice.sender(),
            context={
                "desk": desk_view(practice),
                "findings": [str(f) for f in findings],
                "file": findings[0].file if findings else "",
            },
            message_id=pen.message_id(Purpose.AGENT_ID, 0),
            date=now,
            automatic=True,
            loop_mark=practice.mint.loop_mark(),
        )
        keep.outbox.add(connection, write_letter(letter, office.letters), now)
    return True
