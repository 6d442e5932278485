"""A small DNS server on loopback, which knows texts and how to be in trouble."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from dns.resolver import Resolver

from maild.crypto.resolver import LookUp, texts_of

Zone = dict[str, list[str] | None]
"""The texts under each name; None: the server says that it is in trouble."""


def asking(port: int) -> Resolver:
    """Who asks a server on loopback alone."""
    resolver = Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    return resolver


@contextmanager
def serving(zone: Zone) -> Iterator[tuple[LookUp, list[str]]]:
    """How to ask this server, and the names that it was asked for so far."""
    asked: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        worker = threading.Thread(target=_serve, args=(line, zone, asked), daemon=True)
        worker.start()
        try:
            yield partial(texts_of, resolver=asking(line.getsockname()[1])), asked
        finally:
            line.sendto(b"", line.getsockname())
            worker.join(5)


def _serve(line: socket.socket, zone: Zone, asked: list[str]) -> None:
    while True:
        data, peer = line.recvfrom(4096)
        if not data:
            return
        question = dns.message.from_wire(data)
        name = question.question[0].name
        asked.append(key := name.to_text(omit_final_dot=True))
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.AA | dns.flags.RA
        found = zone.get(key, [])
        if found is None:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif found:
            pieces = (" ".join(f'"{t[at : at + 250]}"' for at in range(0, len(t), 250)) for t in found)
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *pieces))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        line.sendto(answer.to_wire(), peer)
