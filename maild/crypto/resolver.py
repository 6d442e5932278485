"""The DNS, as far as signatures need it: the texts under a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dns.resolver import Resolver

LookUp = Callable[[str], list[str]]
"""Gives the texts under a name, [] where there is none; raises OSError where nobody answers."""
_SECONDS = 5.0


def texts_of(name: str, resolver: Resolver | None = None) -> list[str]:
    """The TXT records under a name (RFC 1035, 3.3.14), each in one piece; this machine's resolver is asked.

    Raises OSError where no answer comes within five seconds, or the servers have trouble among themselves.
    """
    import dns.exception
    import dns.resolver

    try:
        # A new one each time: a desk lives longer than the list of servers of its machine.
        asked = resolver or dns.resolver.Resolver()
        answers = asked.resolve(name, "TXT", lifetime=_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise OSError(f"the DNS does not answer: {type(error).__name__}") from error
    return [b"".join(answer.strings).decode("ascii", "replace") for answer in answers]
