"""The signatures of agents' mails are checked: PGP and S/MIME by the keys in the team file, DKIM by those in the DNS.

This costs processes or questions to servers, so it is done for mails alone that have an agent's address in From, bear a
signature and are proven by nothing cheaper; before any transaction, and never for a customer's.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from maild.crypto.programs import NotVerified, ProgramMissing
from maild.crypto.resolver import LookUp
from maild.messages.addresses import normal
from maild.messages.cms import CmsSigner, cms_signers
from maild.messages.envelope import Envelope, Vouched
from maild.messages.mail import Mail
from maild.messages.sealed import Seal, SignedWhole
from maild.people.keys import AgentKey, KeyKind
from maild.people.team import Agent
from maild.threads.case import identify
from maild.threads.model import IMPORTED
from maild.threads.practice import Practice

_MOST_FAILED, _FAILED_WITHIN = 30, timedelta(minutes=10)
"""After so many signatures of one agent's that did not hold, no more are looked at for a while: anybody can send such
mails, and each costs as much as a hundred others. The agent himself is asked then, as ever without proof."""
_NAMES = {Seal.PGP: "PGP", Seal.SMIME: "S/MIME"}
_STRONG_DIGESTS = frozenset(
    # SHA-256, SHA-384, SHA-512, SHA3-256, SHA3-384, SHA3-512 (NIST's arc 2.16.840.1.101.3.4.2)
    f"60864801650304020{number}"
    for number in ("1", "2", "3", "8", "9", "a")
)
_WEAK_SIGNATURES = frozenset(
    # RSA with MD2, MD5 and SHA-1; DSA with SHA-1, ECDSA with SHA-1 (RFC 3279, 2.2)
    ("2a864886f70d010102", "2a864886f70d010104", "2a864886f70d010105", "2a8648ce380403", "2a8648ce3d0401")
)


class Signatures:
    """Checks what an agent's mail brings along. `look_up` asks the DNS; None: DKIM is left to the relays."""

    def __init__(self, look_up: LookUp | None = None, *, gpg: str = "gpg", openssl: str = "openssl") -> None:
        self._look_up, self._gpg, self._openssl = look_up, gpg, openssl
        self._failed: dict[str, deque[datetime]] = {}

    def look_at(self, mail: Mail, raw: bytes, envelope: Envelope, practice: Practice, now: datetime) -> Vouched | None:
        """What the mail's own signatures prove; None where there is no reason to look at any."""
        agent = practice.team.agent_by_address(mail.strict_sender) if mail.strict_sender is not None else None
        if agent is None or envelope.channel == IMPORTED:
            return None
        by_domain = self._look_up is not None and mail.first("DKIM-Signature") is not None
        if not by_domain and (mail.signed_whole is None or not agent.keys):
            return None
        if envelope.login is not None or identify(mail, envelope, practice).proof.holds:
            return None
        failed = self._failed.setdefault(agent.id, deque(maxlen=_MOST_FAILED))
        if len(failed) == failed.maxlen and now - failed[0] < _FAILED_WITHIN:
            reason = f"its signature was not looked at, since {len(failed)} from this address have not held lately"
            return Vouched(agent=agent.id, kind="none", reason=reason)
        found = self._by_key(mail, mail.signed_whole, raw, agent, now) if mail.signed_whole and agent.keys else None
        if by_domain and (found is None or found.kind == "none"):
            found = self._by_domain(normal(mail.strict_sender or ""), raw, agent, now)
        if found is not None and found.kind == "none" and not found.not_now:
            failed.append(now)
        return found

    def _by_key(self, mail: Mail, whole: SignedWhole, raw: bytes, agent: Agent, now: datetime) -> Vouched:
        name = _NAMES[whole.seal]
        keys = tuple(key for key in agent.keys if key.kind.value == whole.seal.value)
        try:
            if not keys:
                raise NotVerified(f"the team file names no key of that kind for {agent.id}")
            if whole.differs:
                raise NotVerified(f"it was made over another {whole.differs}")
            check = self._by_pgp if whole.seal is Seal.PGP else self._by_smime
            signed, fingerprint, signed_at = check(whole, raw, keys, now)
        except NotVerified as why:
            return Vouched(agent=agent.id, kind="none", reason=f"its {name} signature does not count: {why}")
        except OSError as error:
            # There may be no room for the files that the programs read: in a minute there may be some.
            reason = f"its {name} signature cannot be checked now: {error.strerror or error}"
            return Vouched(agent=agent.id, kind="none", reason=reason, not_now=True)
        return Vouched(
            agent=agent.id,
            kind=whole.seal.value,
            reason=f"{name} signature of {mail.strict_sender} (key {fingerprint})",
            signed_at=signed_at,
            digest=_known_by(signed, fingerprint, signed_at),
            covers_to="To" in whole.copied,
        )

    def _by_pgp(
        self, whole: SignedWhole, raw: bytes, keys: tuple[AgentKey, ...], now: datetime
    ) -> tuple[bytes, str, datetime]:
        """What was signed, by which key, and when. Raises NotVerified."""
        from maild.crypto import pgp

        content = whole.content_in(raw)
        assert content is not None
        ours = [pgp.PgpKey(octets=key.octets, fingerprint=key.fingerprint) for key in keys]
        good = pgp.verify(ours, whole.signature_in(raw), content, now, self._gpg)
        return content, good.fingerprint, good.signed_at

    def _by_smime(
        self, whole: SignedWhole, raw: bytes, keys: tuple[AgentKey, ...], now: datetime
    ) -> tuple[bytes, str, datetime]:
        from maild.crypto import smime
        from maild.messages.cms import cms_kind

        signature, content = whole.signature_in(raw), whole.content_in(raw)
        signed_at = _only_signer(cms_signers(signature))
        ours = [smime.Certificate(der=key.octets, fingerprint=key.fingerprint) for key in keys]
        good = smime.verify(ours, signature, content, now, self._openssl)
        if content is None and good.content != cms_kind(signature)[1]:
            # What openssl has found signed and what maild reads has to be the same to the last octet.
            raise NotVerified("it was made over something else")
        return good.content, good.fingerprint, signed_at

    def _by_domain(self, address: str, raw: bytes, agent: Agent, now: datetime) -> Vouched:
        from maild.crypto.dkim_check import NotNow, check_dkim

        assert self._look_up is not None
        try:
            domain = check_dkim(raw, address.rpartition("@")[2], now, self._look_up)
        except NotVerified as why:
            reason = f"its DKIM signature does not count: {why}"
            return Vouched(agent=agent.id, kind="none", reason=reason, not_now=isinstance(why, NotNow))
        return Vouched(agent=agent.id, kind="dkim", reason=f"DKIM signature of {domain}", domain=domain)


def _only_signer(signers: tuple[CmsSigner, ...]) -> datetime:
    """When the one signature was made, by algorithms that still hold. Raises NotVerified."""
    if len(signers) != 1:
        raise NotVerified("it is not exactly one signature")
    [signer] = signers
    if signer.digest not in _STRONG_DIGESTS or signer.algorithm in _WEAK_SIGNATURES:
        raise NotVerified("its digest is too weak to be believed")
    if signer.signed_at is None:
        raise NotVerified("it does not say when it was made")
    return signer.signed_at


def _known_by(signed: bytes, fingerprint: str, signed_at: datetime) -> str:
    """What is the same in every copy of words that were signed once, whoever has wrapped them anew.

    A signature can be written in many ways, and the text as well: some leave white space at the ends of lines unsigned.
    """
    digest = hashlib.sha256(f"{fingerprint} {int(signed_at.timestamp())} ".encode("ascii"))
    digest.update(signed.translate(None, b" \t\r\n"))
    return digest.hexdigest()


def key_asker(now: datetime, *, gpg: str = "gpg", openssl: str = "openssl") -> Callable[[AgentKey], str]:
    """A function that says why an agent's key proves nothing now, as a part of a sentence; "" where it does."""

    def trouble_of(key: AgentKey) -> str:
        from maild.crypto import pgp, smime

        try:
            if key.kind is KeyKind.PGP:
                return pgp.key_trouble(pgp.PgpKey(octets=key.octets, fingerprint=key.fingerprint), now, gpg)
            certificate = smime.Certificate(der=key.octets, fingerprint=key.fingerprint)
            return smime.certificate_trouble(certificate, now, openssl)
        except ProgramMissing as missing:
            return f"{missing}; apt-get install {'gpg' if key.kind is KeyKind.PGP else 'openssl'}"
        except NotVerified as why:
            return str(why)

    return trouble_of
