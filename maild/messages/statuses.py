"""Status codes of mail: enhanced ones (RFC 3463), what SMTP codes and a server's words stand for, hard or soft."""

from __future__ import annotations

import re
from typing import Literal

_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_SMTP = re.compile(r"(?<![\d.])([45]\d\d)[ -](?!\d{2,}\b[^.]*:\d\d)")
_LONGEST = 4_000

# Basic SMTP codes (RFC 5321, 4.2.3) by the enhanced code nearest to them (RFC 5248).
_BY_SMTP = {
    "421": "4.3.2", "450": "4.2.1", "451": "4.3.0", "452": "4.3.1", "455": "4.5.4",
    "500": "5.5.2", "501": "5.5.4", "502": "5.5.1", "503": "5.5.1", "504": "5.5.4", "521": "5.3.2",
    "530": "5.7.0", "535": "5.7.8", "541": "5.7.1", "550": "5.1.1", "551": "5.1.6", "552": "5.2.2", "553": "5.1.3",
    "554": "5.0.0", "555": "5.5.4", "556": "5.1.10",
}  # fmt: skip
# The words of servers that give no code; the first that is found counts, so the surer ones stand first.
_BY_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("5.2.2", (r"mailbox (?:is )?(?:full|exceed)", r"over ?quota", r"quota (?:is )?exceeded",
               r"exceed\w* (?:\w+ ){0,4}quota",
               r"not enough (?:storage|space)", r"insufficient (?:system )?storage", r"disk full", r"ящик переполнен",
               r"превышен\w* квот")),
    ("5.1.1", (r"user unknown", r"unknown user", r"no such (?:user|recipient|mailbox|address|person)",
               r"does ?n[o']t exist",
               r"unknown (?:or illegal )?alias", r"recipient unknown", r"unknown recipient", r"user not found",
               r"mailbox (?:is )?(?:unavailable|not found|unknown)", r"invalid recipient", r"not listed in",
               r"no mailbox here", r"address rejected", r"addressee unknown", r"recipient rejected", r"n'existe pas",
               r"unbekannt", r"не существует", r"не найден", r"нет такого", r"desconocido", r"inconnu", r"onbekend",
               r"sconosciut")),
    ("5.1.2", (r"host unknown", r"unknown host", r"domain (?:not found|does ?n[o']t exist)", r"unrouteable",
               r"name or service not known", r"no such (?:host|domain)", r"host not found", r"no route to host",
               r"bad destination (?:host|system)")),
    ("5.2.1", (r"(?:mailbox|account|user) (?:\w+ ){0,3}(?:disabled|inactive|suspended|locked|expired)", r"is disabled",
               r"not active")),
    ("5.3.4", (r"too (?:large|big)", r"exceeds (?:the )?(?:maximum )?(?:message )?size", r"size limit",
               r"message size")),
    ("5.7.1", (r"spam", r"blacklist", r"blocked", r"block list", r"denied", r"not permitted",
               r"not allowed", r"prohibited",
               r"policy", r"reputation", r"virus", r"dmarc", r"rejected", r"спам", r"запрещен")),
    ("5.4.6", (r"too many hops", r"routing loop", r"mail loop", r"loops? back", r"hop count")),
    ("4.4.7", (r"timed? ?out", r"expired", r"could not be delivered for", r"retry time(?:out)? exceeded", r"gave up",
               r"giving up", r"queue too long", r"за \d+ (?:дн|час)")),
    ("4.4.1", (r"connection refused", r"could not connect", r"unable to connect", r"deferred", r"unreachable",
               r"temporar",
               r"try (?:again )?later", r"greylist")),
)  # fmt: skip
_WORDS = tuple((re.compile("|".join(words), re.IGNORECASE), status) for status, words in _BY_WORDS)


def enhanced_in(text: str) -> str | None:
    """The first failing enhanced status code in a text, generic ones last: `5.1.1` rather than `5.0.0`."""
    codes = [code for code in _ENHANCED.findall(text[:_LONGEST]) if code[0] in "45"]
    return next((c for c in codes if not c.endswith(".0.0")), codes[0] if codes else None)


def from_text(text: str) -> str | None:
    """The status that a server's words stand for: an enhanced code in it, else its SMTP code, else its meaning."""
    text = text[:_LONGEST]
    enhanced = enhanced_in(text)
    if enhanced and not enhanced.endswith(".0.0"):
        return enhanced
    smtp = _SMTP.search(text)
    meant = next((status for words, status in _WORDS if words.search(text)), None)
    if smtp is not None:
        # "550 mailbox full" says more by its words than by its number; its number still says for how long.
        return f"{smtp[1][0]}{meant[1:]}" if meant else _BY_SMTP.get(smtp[1], f"{smtp[1][0]}.0.0")
    return enhanced or meant


def best(status: str | None, diagnostic: str | None) -> str | None:
    """The more telling of a Status field (RFC 3464, 2.3.4) and the code inside a Diagnostic-Code."""
    given = enhanced_in(status or "")
    said = from_text(diagnostic) if diagnostic else None
    if given is None:
        return said
    if given.endswith(".0.0") and said and said[0] == given[0] and not said.endswith(".0.0"):
        return said
    return given


def kind_of(status: str | None, action: str | None) -> Literal["hard", "soft"]:
    """Hard: no use to try again (class 5, RFC 3463, 3.1). Without a code a failure counts as hard, a delay as soft."""
    if action == "delayed":
        return "soft"
    if status:
        return "hard" if status[0] == "5" else "soft"
    return "hard"
