"""Status codes of mail: enhanced ones (RFC 3463), what SMTP codes and a server's words stand for, hard or soft.

The words of servers are data in status_phrases.py.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from maild.messages.status_phrases import BY_WORDS

_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\d|\.\d)")
_SMTP = re.compile(r"(?<![\d.#])([45]\d\d)(?:[ \-]|(?=[:;,][ ]))(?!\d{2,}\b[^.]*:\d\d)")
_TO_RECIPIENT = re.compile(r"rcpt|recipient", re.IGNORECASE)
_LONGEST = 4_000

# Basic SMTP codes (RFC 5321, 4.2.3) by the enhanced code nearest to them (RFC 5248). A bare 550 may mean the address
# as well as the message: it says nothing until a word does.
_BY_SMTP = {
    "421": "4.3.2", "450": "4.2.1", "451": "4.3.0", "452": "4.3.1", "454": "4.7.0", "455": "4.5.4",
    "500": "5.5.2", "501": "5.5.4", "502": "5.5.1", "503": "5.5.1", "504": "5.5.4", "521": "5.3.2",
    "530": "5.7.0", "535": "5.7.8", "541": "5.7.1", "550": "5.0.0", "551": "5.1.6", "552": "5.2.2", "553": "5.1.3",
    "554": "5.0.0", "555": "5.5.4", "556": "5.1.10",
}  # fmt: skip
# What servers put into Status when they know nothing: sendmail's 5.1.1 for any 550, Exchange's 5.5.0 for any answer.
_ASSUMED = frozenset({"5.1.1", "5.5.0", "5.0.0", "4.0.0"})


@cache
def _words() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Made at the first report: most mails are none, and it takes a tenth of a second."""
    return tuple((re.compile("|".join(words), re.IGNORECASE), status) for status, words in BY_WORDS)


def enhanced_in(text: str) -> str | None:
    """The first failing enhanced status code in a text, general ones (`5.5.0`, then `5.0.0`) last."""
    codes: list[str] = [code for code in _ENHANCED.findall(text[:_LONGEST]) if code[0] in "45"]
    if not codes:
        return None
    return min(codes, key=_generality)


def _generality(code: str) -> int:
    return 2 if code.endswith(".0.0") else 1 if code.endswith(".0") else 0


def from_text(text: str) -> str | None:
    """The status that a server's words stand for: an enhanced code in it, else its SMTP code, else its meaning."""
    text = text[:_LONGEST]
    enhanced = enhanced_in(text)
    if enhanced and not enhanced.endswith(".0.0"):
        return enhanced
    smtp = _SMTP.search(text)
    meant = next((status for words, status in _words() if words.search(text)), None)
    if smtp is not None:
        # "550 mailbox full" says more by its words than by its number; its number still says for how long.
        return f"{smtp[1][0]}{meant[1:]}" if meant else _by_number(smtp[1], text)
    if enhanced and meant:
        return f"{enhanced[0]}{meant[1:]}"
    return enhanced or meant


def _by_number(code: str, text: str) -> str:
    if code == "550" and _TO_RECIPIENT.search(text):
        return "5.1.1"
    return _BY_SMTP.get(code, f"{code[0]}.0.0")


def best(status: str | None, diagnostic: str | None) -> str | None:
    """The more telling of a Status field (RFC 3464, 2.3.4) and the code inside a Diagnostic-Code."""
    given = enhanced_in(status or "")
    said = from_text(diagnostic) if diagnostic else None
    if given is None or said is None:
        return given or said
    if given.endswith(".0.0"):
        # A code that the other server gave counts whatever its class; what only its words mean keeps the class.
        return said if not said.endswith(".0.0") and (said[0] == given[0] or enhanced_in(diagnostic or "")) else given
    written = enhanced_in(diagnostic or "")
    if given in _ASSUMED and written and written[0] == given[0] and not written.endswith(".0"):
        return written
    return given


def kind_of(status: str | None, action: str | None) -> Literal["hard", "soft"]:
    """Hard: no use to try again (class 5, RFC 3463, 3.1). Without a code a failure counts as hard, a delay as soft."""
    if action == "delayed":
        return "soft"
    if status:
        return "hard" if status[0] == "5" else "soft"
    return "hard"
