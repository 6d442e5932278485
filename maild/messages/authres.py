"""What trusted servers say about a sender: Authentication-Results (RFC 8601), read strictly.

Anyone can write such a field, so only those with a configured authserv-id count, and only where they stand above every
Received field that a stranger's host has stamped. A field with anything odd in it says nothing at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_CAP = 16 * 1024
_COMMENT = re.compile(r'\([^()\\"]*\)')
_REASON = re.compile(r'(?<=\s)reason\s*=\s*"[^"\\]*"', re.IGNORECASE)
# Some servers quote what holds a slash or an equals sign; what could be read as more than one value stays odd.
_QUOTED = re.compile(r'(?<=\s)((?:header\.b|smtp\.mailfrom|smtp\.helo)=)"([A-Za-z0-9+/=._@-]{1,400})"(?=[\s;]|\Z)')
_ODD = re.compile(r'[()"\\<>\[\]]')
_SERVER = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]{0,250}))(?:\s+1)?\s*")
_RESULT = re.compile(r"([a-z0-9-]{1,40})(?:/1)?=([a-z]{1,20})")
_PROPERTY = re.compile(r"([a-z][a-z0-9-]{0,39}\.[a-z0-9-]{1,40})=([\x21-\x3a\x3c-\x7e]{1,400})")
_SPACED = re.compile(r"\s*([=/.])\s*(?=[^\s;])")
_LMTP = re.compile(r"\swith\s+(?:UTF8)?LMTPS?A?(?:\s|;|$)", re.IGNORECASE)
_BY = re.compile(r"(?:^|\s)by\s+([A-Za-z0-9._-]{1,255})(?=\s|;|$)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthResults:
    """Results that may be believed; None or empty where nothing trustworthy was said. Domains in lower case."""

    dmarc: str | None = None
    dmarc_domain: str | None = None
    """header.from of the DMARC result."""
    dkim_domains: tuple[str, ...] = ()
    """header.d of each DKIM signature that passed."""
    spf: str | None = None
    spf_domain: str | None = None
    auth: str | None = None
    auth_identity: str | None = None
    """smtp.auth of an authenticated submission."""


@dataclass(frozen=True, slots=True)
class _Result:
    method: str
    value: str
    properties: dict[str, str]


def trusted_results(
    headers: Iterable[tuple[str, str]], authserv_ids: Iterable[str], *, local_hop: bool = False
) -> AuthResults:
    """What the configured servers found; nothing where no id is configured.

    Fields are taken from the topmost run of trusted ones: below the next Received field even our own id may be forged.
    `local_hop`: the mail lay in a mailbox, so the topmost Received field may be that of its delivery (LMTP, RFC 2033),
    stamped by the very server that we read it from, whatever its host is called.
    """
    ids = frozenset(one.strip().lower().rstrip(".") for one in authserv_ids if one.strip())
    return _joined([result for value in _trusted_values(headers, ids, local_hop) for result in _results(value, ids)])


def _trusted_values(headers: Iterable[tuple[str, str]], ids: frozenset[str], local_hop: bool) -> Iterator[str]:
    found, delivered = False, not local_hop
    for name, value in headers:
        field = name.lower()
        if field == "received":
            at_delivery = not delivered and not found and _LMTP.search(value[:_CAP]) is not None
            delivered = True
            if not at_delivery and (found or _stamped_by(value) not in ids):
                return
        if field == "authentication-results" and _server(value) in ids:
            found = True
            yield value


def _stamped_by(received: str) -> str | None:
    """The host that wrote a Received field (RFC 5321, 4.4), or None where it cannot be told for sure."""
    text = _COMMENT.sub(" ", received[:_CAP])
    by = _BY.search(text)
    return (
        by[1].lower().rstrip(".")
        if by and not _ODD.search(text[: by.end()].replace("[", "").replace("]", ""))
        else None
    )


def _server(value: str) -> str | None:
    head = _COMMENT.sub(" ", value[:_CAP]).partition(";")[0]
    found = _SERVER.fullmatch(head)
    return found[1].lower().rstrip(".") if found else None


def _results(value: str, ids: frozenset[str]) -> list[_Result]:
    """Each result of one field, or none of them if any part of it is odd."""
    if len(value) > _CAP or not value.isprintable() or not value.isascii():
        return []
    text = _QUOTED.sub(r"\1\2", _COMMENT.sub(" ", _REASON.sub(" ", value)))
    if _ODD.search(text) or _server(value) not in ids:
        return []
    results = []
    for piece in text.split(";")[1:]:
        words = _SPACED.sub(r"\1", piece).split()
        if not words or words == ["none"]:
            continue
        head = _RESULT.fullmatch(words[0].lower())
        if head is None:
            return []
        properties: dict[str, str] = {}
        for word in words[1:]:
            found = _PROPERTY.fullmatch(word)
            if found is None and not word.lower().startswith(("reason=", "action=")):
                return []
            if found and properties.setdefault(found[1].lower(), found[2]) != found[2]:
                return []
        results.append(_Result(head[1], head[2], properties))
    return results


def _joined(results: list[_Result]) -> AuthResults:
    dmarc, spf, auth = (_only(results, method) for method in ("dmarc", "spf", "auth"))
    passed = [result.properties for result in results if result.method == "dkim" and result.value == "pass"]
    if _contradicted(results, dmarc):
        passed = []
    domains = (p.get("header.d") or p.get("header.i", "").rpartition("@")[2] for p in passed)
    return AuthResults(
        dmarc=dmarc.value if dmarc else None,
        dmarc_domain=_domain(dmarc, "header.from"),
        dkim_domains=tuple(dict.fromkeys(domain.lower().rstrip(".") for domain in domains if domain)),
        spf=spf.value if spf else None,
        spf_domain=_domain(spf, "smtp.mailfrom") or _domain(spf, "smtp.helo"),
        auth=auth.value if auth else None,
        auth_identity=auth.properties.get("smtp.auth") if auth else None,
    )


def _contradicted(results: list[_Result], dmarc: _Result | None) -> bool:
    """Fields that disagree: two verdicts of DMARC, or a signature where another says that there is none at all.

    One of them was brought along by the mail, and nobody can tell which.
    """
    two_verdicts = dmarc is None and any(result.method == "dmarc" for result in results)
    unsigned = any(result.method == "dkim" and result.value == "none" for result in results)
    return two_verdicts or unsigned


def _only(results: list[_Result], method: str) -> _Result | None:
    """The one result of a method; results that contradict each other are none."""
    found = [result for result in results if result.method == method]
    return found[0] if found and all(result == found[0] for result in found) else None


def _domain(result: _Result | None, name: str) -> str | None:
    value = result.properties.get(name, "") if result else ""
    return value.rpartition("@")[2].lower().rstrip(".") or None
