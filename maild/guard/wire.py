"""What goes between the desk and a reader: frames on a socket pair. What they mean is known to their two ends.

A frame is one letter, a mark for the last one that a reader sends in its life, a length, and so many bytes.
"""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn

_HEAD = struct.Struct(">c?Q")
_JOIN_BELOW = 65536
_CHUNK = 1024 * 1024


class Kind(Enum):
    """What a frame holds."""

    SENDER = b"s"  # to the reader: the envelope sender of the mail that follows; empty for the null one
    NO_SENDER = b"n"  # to the reader: nothing is known of the envelope sender
    MAIL = b"m"  # to the reader: a mail to read
    VERDICT = b"v"  # to the reader: whether the mark it asked about is our own
    MARK = b"q"  # from the reader: is this mark our own? The secret stays where it is.
    READ = b"r"  # from the reader: the mail as it was read
    UNREADABLE = b"u"  # from the reader: why there is nothing to read
    NO_ROOM = b"o"  # from the reader: the mail took more memory than it may
    BUG = b"b"  # from the reader: what went wrong, with its traceback


@dataclass(frozen=True, slots=True)
class Frame:
    """One message; `last`: the reader ends after it."""

    kind: Kind
    body: bytes | bytearray
    last: bool = False


def send(peer: socket.socket, frame: Frame) -> None:
    """Send a frame whole. Raises OSError where the other end has gone or takes nothing for too long."""
    head = _HEAD.pack(frame.kind.value, frame.last, len(frame.body))
    if len(frame.body) < _JOIN_BELOW:
        peer.sendall(head + frame.body)
        return
    peer.sendall(head)
    # In pieces, so that a time limit holds for each and not for the whole of a large mail.
    view = memoryview(frame.body)
    for start in range(0, len(view), _CHUNK):
        peer.sendall(view[start : start + _CHUNK])


def receive(peer: socket.socket, at_most: int = 65536) -> Frame | None:
    """The next frame, None where the other end has gone.

    Raises OSError; EOFError in the middle of a frame; ValueError for what is none, or has more bytes than `at_most`.
    """
    head = receive_head(peer)
    if head is not None and head[2] > at_most:
        raise ValueError(f"a frame of {head[2]} bytes")
    return None if head is None else receive_body(peer, *head)


def receive_head(peer: socket.socket) -> tuple[Kind, bool, int] | None:
    """What comes, before it is taken: its kind, whether it is the last, its size. Raises as `receive`."""
    first = peer.recv(_HEAD.size)
    if not first:
        return None
    if len(first) < _HEAD.size:
        first += _exactly(peer, _HEAD.size - len(first))
    kind, last, size = _HEAD.unpack(first)
    return Kind(kind), last, size


def receive_body(peer: socket.socket, kind: Kind, last: bool, size: int) -> Frame:
    """The rest of a frame. Raises OSError, EOFError."""
    return Frame(kind, _exactly(peer, size), last)


def _exactly(peer: socket.socket, size: int) -> bytes | bytearray:
    """So many bytes; the room for them is taken at once, so that a large mail is not copied as it grows."""
    patience = peer.gettimeout()
    if patience is None:
        whole = peer.recv(size, socket.MSG_WAITALL) if size else b""
        if len(whole) == size:
            return whole
        return whole + _exactly(peer, size - len(whole)) if whole else _gone()
    found = bytearray(size)
    view, at = memoryview(found), 0
    until = time.monotonic() + patience
    while at < size:
        if time.monotonic() > until:
            raise TimeoutError("a frame that comes too slowly")
        count = peer.recv_into(view[at:], min(size - at, _CHUNK))
        at += count or _gone()
    return found


def _gone() -> NoReturn:
    raise EOFError("the other end went away in the middle of a frame")
