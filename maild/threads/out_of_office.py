"""What an agent's mail program answers a letter of ours while he is away: until when he is, if it says so plainly."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from maild.messages.mail import MailClass
from maild.messages.tokens import Purpose
from maild.people.absence import Absence, Source
from maild.people.proof import date_fits
from maild.threads.draft import Draft
from maild.threads.orders.moments import FARTHEST, any_moment

_FOR_A_DAY = timedelta(hours=24)
"""How long he counts as away where no date is found: what he is sent after that is answered again."""
_LOOKED_AT = 3000
_SAYS_WHEN = re.compile(
    r"\b(?:until|till|through|thru|back(?: in(?: the)? office)?(?: again)?(?: on| by)?|return(?:ing|s)?(?: to(?: the)?"
    r" (?:office|work))?(?: on| by)?|available(?: again)?(?: on| from)|"
    r"до|по|вернусь(?: в офис| на работу| к работе)?|выйду(?: на работу)?|"
    r"буду(?: снова)?(?: в офисе| на работе| на связи)?(?: с)?)[\s:]+(?=\S)",
    re.IGNORECASE,
)
_WHOLE_DAY = re.compile(r"through|thru|по", re.IGNORECASE)
_FILLER = re.compile(r"(?:в|во|с|on|the)\s+", re.IGNORECASE)
_MOST_WORDS = 6
_ENDS = ".,;!)"


def said_by_machine(draft: Draft) -> Absence | None:
    """That an agent is away, by a proven answer of his mail program to a letter that we sent to him."""
    case, agent = draft.case, draft.case.sender.agent
    mail = case.mail
    if agent is None or mail.mail_class is not MailClass.OUT_OF_OFFICE or not case.sender.proof.holds:
        return None
    if not _answers_us(draft, agent.id) or not date_fits(mail.date, draft.at):
        return None
    until = found_end(f"{mail.subject}\n{mail.reply or mail.text}", draft.at, case.practice.timezone)
    return Absence(agent=agent.id, source=Source.MAIL, since=draft.at, until=until or draft.at + _FOR_A_DAY)


def _answers_us(draft: Draft, agent_id: str) -> bool:
    """Whether it came to his own reply address, or answers a letter of ours to agents by its signed Message-ID."""
    if draft.thread.claim is not None and draft.thread.holder == agent_id:
        return True
    return any(s.purpose is Purpose.AGENT_ID for s in draft.case.clues.signed)


def found_end(text: str, now: datetime, timezone: str) -> datetime | None:
    """The time until which somebody says that he is away, in UTC; None where none, or two that differ, is plain."""
    found = set[datetime]()
    for cue in _SAYS_WHEN.finditer(text[:_LOOKED_AT]):
        line = text[cue.end() : cue.end() + 80].splitlines()[0]
        at = _moment_at_start(line, now, timezone)
        if at is not None:
            found.add(at + timedelta(days=1) if _WHOLE_DAY.match(cue[0]) else at)
    return found.pop() if len(found) == 1 else None


def _moment_at_start(line: str, now: datetime, timezone: str) -> datetime | None:
    """The time that the first words of a line mean, as many of them as possible."""
    words = re.split(r"\s+", _FILLER.sub("", line, count=1) if _FILLER.match(line) else line)[:_MOST_WORDS]
    # A length of time ("back in two weeks") counts from a day that nobody knows.
    if words[0].casefold() in ("in", "через"):
        return None
    day = any_moment(words[0].rstrip(_ENDS), now, timezone) if words[0].rstrip(_ENDS).isalpha() else None
    if day is not None and len(words) > 1 and words[1][:1].isdigit():
        words = words[1:]  # the name of a day before its date
    for count in range(len(words), 0, -1):
        if any(c.isdigit() for c in "".join(words[:count])):
            at = any_moment(" ".join(words[:count]).rstrip(_ENDS), now, timezone)
            if at is not None:
                return at if now < at <= now + FARTHEST else None
    return day
