"""How far it is proven that a mail comes from the agent whose address stands in From. From alone proves nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_AGE = timedelta(days=7)
"""An order may be this old: a signed mail that leaked must not work for ever."""
MAX_AHEAD = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What speaks for a sender, gathered from the mail, its session and the results of a trusted relay."""

    address: str | None
    """The one strict address of From, normalised; None where From is anything odd."""
    names: frozenset[str]
    """What the person may log in as: id and addresses, normalised."""
    login: str | None
    """Login of an authenticated session on our own listener."""
    relay_login: str | None
    """Login that a trusted relay saw (auth=pass, RFC 8601, 2.7.4); "" where it saw one and does not name it."""
    dmarc: str | None
    """What a trusted relay said of DMARC (RFC 7489): pass, fail, none ...; None where it said nothing."""
    dmarc_domain: str | None
    """The domain that it said so of."""
    dkim_domains: tuple[str, ...]
    """Domains for which a trusted relay found dkim=pass (RFC 6376)."""
    confirmed: bool = False
    """Whether the person said so by a reply to a letter that only he got."""
    signature: tuple[str, str] | None = None
    """The kind, pgp or smime, of a signature of his own that holds for the whole mail, and by which key, in words."""
    own_dkim: str | None = None
    """The domain whose DKIM signature we have checked ourselves."""
    unsigned: str = ""
    """Why the mail's own signatures prove nothing, in words; "" where nobody has looked at any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """The verdict with its reason; `kind` is session, relay, pgp, smime, dmarc, dkim, confirmed or none."""

    kind: str
    reason: str

    @property
    def holds(self) -> bool:
        return self.kind != "none"


def prove(evidence: Evidence) -> Proof:
    """Whether the sender is who From says, and by what.

    An authenticated session counts only for the person who logged in; DKIM only for a domain that From is in
    (relaxed alignment, RFC 7489, 3.1.1). A signature by the agent's own key speaks for him whatever servers on the way
    made of the mail; a session that somebody else has logged in to speaks against him all the same.
    """
    if evidence.address is None:
        return Proof(kind="none", reason="From is not exactly one plain address")
    if evidence.confirmed:
        return Proof(kind="confirmed", reason="the agent confirmed it by a reply to a letter that only he got")
    if evidence.login is not None:
        return _by_login("session", "this session", evidence.login, evidence)
    domain = evidence.address.rpartition("@")[2]
    if evidence.relay_login is not None and (
        not evidence.relay_login or _normal_login(evidence.relay_login) in evidence.names
    ):
        return Proof(kind="relay", reason="a trusted relay saw an authenticated session (auth=pass)")
    if evidence.signature is not None:
        return Proof(kind=evidence.signature[0], reason=evidence.signature[1])
    if evidence.dmarc not in (None, "pass"):
        # Whatever else is written there: the server that judged the whole has judged it not to be from this domain.
        return _unproven(evidence, f"a trusted relay found dmarc={evidence.dmarc}")
    if evidence.dmarc == "pass" and evidence.dmarc_domain == domain:
        return Proof(kind="dmarc", reason=f"a trusted relay found dmarc=pass for {domain}")
    for signed in evidence.dkim_domains:
        if _aligned(domain, signed):
            return Proof(kind="dkim", reason=f"a trusted relay found dkim=pass by {signed}")
    if evidence.own_dkim is not None and _aligned(domain, evidence.own_dkim):
        return Proof(kind="dkim", reason=f"maild itself found a DKIM signature of {evidence.own_dkim} that holds")
    if evidence.relay_login is not None:
        return _unproven(evidence, "the login that a trusted relay saw belongs to somebody else")
    return _unproven(
        evidence, "neither an authenticated session nor a trusted relay's DMARC or DKIM result speaks for From"
    )


def _unproven(evidence: Evidence, reason: str) -> Proof:
    return Proof(kind="none", reason=f"{reason}; {evidence.unsigned}" if evidence.unsigned else reason)


def _by_login(kind: str, where: str, login: str, evidence: Evidence) -> Proof:
    if _normal_login(login) in evidence.names:
        return Proof(kind=kind, reason=f"{where} was authenticated as {login}")
    return Proof(kind="none", reason=f"{where} was authenticated as {login}, who is not the one in From")


def _normal_login(login: str) -> str:
    return login.strip().lower()


def _aligned(domain: str, signed: str) -> bool:
    return "." in signed and (domain == signed or domain.endswith("." + signed))


def date_fits(written: datetime | None, now: datetime) -> bool:
    """Whether a mail is young enough to give orders; one without a date is not."""
    return written is not None and now - MAX_AGE <= written <= now + MAX_AHEAD
