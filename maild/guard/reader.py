"""A reader: a process that reads one mail after the other for the desk, each under its limits, and dies of the worst.

Processor time is counted by the kernel (ITIMER_PROF), whose signal is left to do what it does by itself: end the
process. A handler of Python's own would wait for the C code that never comes back. Memory is bounded by the address
space, counted from what the reader has before the mail: then Python raises MemoryError, and C code dies of it.

A reader knows no secret, no database and no file: whose mark a mail carries it asks the desk.
"""

from __future__ import annotations

import pickle
import resource
import signal
import socket
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import Any

from maild.errors import Unreadable
from maild.guard.limits import MEGABYTE, Limits
from maild.guard.wire import Frame, Kind, receive, receive_body, receive_head, send
from maild.messages.mail import Mail
from maild.messages.read import read_mail

_MAILS = 500
_GROWTH = 64 * MEGABYTE
"""After so many mails, or with so much memory kept, a reader makes room for a fresh one."""
_STATM = Path("/proc/self/statm")


def serve(peer: socket.socket, limits: Limits) -> None:
    """Read what the other end sends until it goes away, or until a fresh reader is better than this one."""
    measured, mails = address_space(), 0
    while (asked := receive(peer)) is not None:
        sender = bytes(asked.body).decode("utf-8", "surrogatepass") if asked.kind is Kind.SENDER else None
        mails += 1
        answer = _answer(peer, sender, limits)
        if answer is None:
            return
        worn = mails >= _MAILS or answer.kind is Kind.NO_ROOM or address_space() - measured > _GROWTH
        send(peer, Frame(answer.kind, answer.body, worn))
        if worn:
            return


def _answer(peer: socket.socket, sender: str | None, limits: Limits) -> Frame | None:
    """What is told of the mail that comes now; None where the other end has gone."""
    head = receive_head(peer)
    if head is None:
        return None
    size = head[2]
    try:
        with _limited(limits, size):
            mail = read_mail(
                bytes(receive_body(peer, *head).body), envelope_sender=sender, is_own=lambda mark: _ask(peer, mark)
            )
            return Frame(Kind.READ, _pickled(mail))
    except Unreadable as reason:
        return Frame(Kind.UNREADABLE, str(reason).encode("utf-8", "replace"))
    except MemoryError:
        return Frame(Kind.NO_ROOM, limits.past_memory(size).encode())
    except OSError:
        raise
    except Exception as bug:  # noqa: BLE001  # it is told to the desk, which knows what to do with the mail
        told = f"{type(bug).__name__}: {bug}\n{''.join(traceback.format_exception(bug))}"
        return Frame(Kind.BUG, told.encode("utf-8", "replace"))


class _Pickler(pickle.Pickler):
    """Writes members of enums as their class and value, as newer Pythons do by themselves: Python 3.11.2 would write a
    call of `getattr`, which the desk takes from nobody.
    """

    def reducer_override(self, obj: object) -> Any:
        return (type(obj), (obj.value,)) if isinstance(obj, Enum) else NotImplemented


def _pickled(mail: Mail) -> bytes:
    written = BytesIO()
    _Pickler(written, pickle.HIGHEST_PROTOCOL).dump(mail)
    return written.getvalue()


def _ask(peer: socket.socket, mark: str) -> bool:
    """Whether the desk knows this mark as its own. Raises EOFError where it has gone."""
    send(peer, Frame(Kind.MARK, mark.encode("utf-8", "replace")))
    verdict = receive(peer)
    if verdict is None:
        raise EOFError("the desk went away")
    return verdict.body == b"\x01"


@contextmanager
def _limited(limits: Limits, size: int) -> Iterator[None]:
    """The limits in force for one mail. What the kernel cannot limit stays without that limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    taken = address_space()
    if taken:
        resource.setrlimit(resource.RLIMIT_AS, (_at_most(taken + limits.memory_for(size), hard), hard))
    signal.setitimer(signal.ITIMER_PROF, limits.cpu)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        if taken:
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _at_most(wanted: int, hard: int) -> int:
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


def address_space() -> int:
    """Bytes of address space that this process has; 0 where the platform does not tell."""
    try:
        return int(_STATM.read_bytes().split(b" ", 1)[0]) * resource.getpagesize()
    except OSError:
        return 0
