"""The DNS, as far as signatures need it: the texts under a name, and a short memory of who kept silent."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dns.resolver import Resolver

LookUp = Callable[[str], list[str]]
"""Gives the texts under a name, [] where there is none; raises OSError where nobody answers."""
SECONDS = 5.0
"""So long an answer is waited for."""
_QUIET = 45.0
"""So long nobody is asked about a domain that kept silent: less than the minute after which a mail is tried again."""
_SHORT, _SHORT_FOR = 1.5, 600.0
"""And so long one waits for so little."""
_REMEMBERED = 1000


def texts_of(name: str, resolver: Resolver | None = None, seconds: float = SECONDS) -> list[str]:
    """The TXT records under a name (RFC 1035, 3.3.14), each in one piece; this machine's resolver is asked.

    Raises OSError where no answer comes within so many seconds, or the servers have trouble among themselves.
    """
    import dns.exception
    import dns.name
    import dns.resolver

    try:
        wanted = dns.name.from_text(name)
    except (dns.exception.DNSException, ValueError):
        return []  # what cannot be a name has nothing under it
    try:
        # A new one each time: a desk lives longer than the list of servers of its machine.
        asked = resolver or dns.resolver.Resolver()
        answers = asked.resolve(wanted, "TXT", lifetime=seconds)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, ValueError, LookupError) as error:
        raise OSError(f"the DNS does not answer: {type(error).__name__}") from error
    return [b"".join(answer.strings).decode("ascii", "replace") for answer in answers]


class Patient:
    """Asks for texts and remembers who kept silent, since whoever waits for the DNS holds up the mails behind him.

    About a domain that nobody answered for one does not ask for 45 seconds, and for ten minutes waits but a second or
    two. One worker uses one of these.
    """

    def __init__(self, ask: Callable[[str, float], list[str]] | None = None) -> None:
        self._ask = ask or (lambda name, seconds: texts_of(name, seconds=seconds))
        self._silent_since: dict[str, float] = {}

    def __call__(self, name: str) -> list[str]:
        """As `texts_of`; raises OSError at once where nobody answered for this domain a moment ago."""
        domain, now = _domain_of(name), monotonic()
        since = self._silent_since.get(domain)
        if since is not None and now - since < _QUIET:
            raise OSError(f"the DNS did not answer for {domain} a moment ago")
        lately = since is not None and now - since < _SHORT_FOR
        try:
            texts = self._ask(name, _SHORT if lately else SECONDS)
        except OSError:
            if len(self._silent_since) >= _REMEMBERED:
                self._silent_since.clear()
            self._silent_since[domain] = monotonic()
            raise
        self._silent_since.pop(domain, None)
        return texts


def _domain_of(name: str) -> str:
    """Whom a key belongs to (RFC 6376, 3.6.2.1): whoever forges a mail is free in the selector."""
    return name.lower().partition("._domainkey.")[2] or name.lower()
