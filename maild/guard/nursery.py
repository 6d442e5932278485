"""The nursery: a small process that does nothing but fork readers, and says how they ended.

A reader must start at once and share what is loaded, so it has to be forked; but a process with several threads must
not fork, since a lock that another thread holds stays locked in the child for ever. So the nursery is forked once,
early, while the desk has a single thread; it never has a second one, and holds neither database nor socket nor lock
file of the desk: everything but its own line is closed. A desk that has threads already, or whose nursery was killed,
starts one as a new program instead, which costs the time of loading.

The nursery and its readers end by the end of their lines, so none outlives the desk, however that ended. They ignore
the signals that end or reload the desk: what it has in hand is finished first.
"""

from __future__ import annotations

import gc
import os
import pickle
import resource
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from maild.errors import RetryLater
from maild.guard import reader
from maild.guard.limits import Limits

_NUMBER = struct.Struct(">q")
_ORDER_CAP = 4096
_LINGERS, _BETWEEN = 2.0, 0.001
"""Seconds that a reader may take to end, and between two looks whether it has."""
_TASKS = Path("/proc/self/task")
_OUT_OF_MEMORY = Path("/proc/self/oom_score_adj")
_ALONE = "import sys; sys.path[:] = sys.argv[2:]; from maild.guard.nursery import live_alone; live_alone(sys.argv[1])"


class Nursery:
    """The desk's end of the line. Used by one thread at a time."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            self._pid = _fork(theirs) if _has_one_thread() else _start(theirs)
        except OSError as error:
            ours.close()
            raise RetryLater(f"no process can be started to read mails: {error.strerror}") from error
        finally:
            theirs.close()
        self._line = ours

    def reader(self, limits: Limits) -> tuple[int, socket.socket]:
        """A fresh reader's process number and the line to it. Raises OSError, EOFError where the nursery has gone."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._line, [pickle.dumps(limits)], [theirs.fileno()])
                number = self._number()
                if number < 0:
                    raise RetryLater(f"no process can be started to read mails: {os.strerror(-number)}")
            except BaseException:
                ours.close()
                raise
        return number, ours

    def ended(self, pid: int) -> int:
        """How a reader ended that is about to: its exit status, a signal's number below zero."""
        try:
            self._line.sendall(_NUMBER.pack(pid))
            return os.waitstatus_to_exitcode(self._number())
        except (OSError, EOFError, ValueError):
            return 0

    def close(self) -> None:
        """End it, and wait until it has gone."""
        self._line.close()
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)

    def _number(self) -> int:
        said = self._line.recv(_NUMBER.size, socket.MSG_WAITALL)
        if len(said) < _NUMBER.size:
            raise EOFError("the nursery has gone")
        return int(_NUMBER.unpack(said)[0])


def _has_one_thread() -> bool:
    """Whether forking is safe here; False where the platform does not tell."""
    try:
        return len(os.listdir(_TASKS)) == 1
    except OSError:
        return False


def _fork(theirs: socket.socket) -> int:
    pid = os.fork()
    if pid:
        return pid
    return _child(lambda: _live(theirs))


def _start(theirs: socket.socket) -> int:
    import subprocess  # it costs every `maild ingest` some milliseconds, and hardly one comes here

    descriptor = theirs.fileno()
    command = [sys.executable, "-c", _ALONE, str(descriptor), *sys.path]
    process = subprocess.Popen(  # noqa: S603  # our own interpreter, our own words
        command, pass_fds=[descriptor], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    # It is waited for in `close`; the object would complain of a process that it has not seen end.
    process.returncode = 0
    return process.pid


def live_alone(descriptor: str) -> NoReturn:
    """The nursery as a program of its own, on the line that it was given."""
    line = socket.socket(fileno=int(descriptor))
    _child(lambda: _live(line))


def _child(work: Callable[[], object]) -> NoReturn:
    """Work as a child that never comes back into what its parent was doing."""
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def _live(line: socket.socket) -> None:
    """Fork a reader for each descriptor that comes, tell of the end of each that is asked for, until the desk goes."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    _keep_only(line)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with suppress(OSError):
        # Where memory runs out, a reader that starts anew is a smaller loss than the desk.
        _OUT_OF_MEMORY.write_text("500", encoding="ascii")
    # What is loaded stays shared with the readers if nobody counts it through. And nothing of the desk's is ever freed
    # here, or its closing would hit a descriptor that has become another's.
    gc.freeze()
    while True:
        order, descriptors, _, _ = socket.recv_fds(line, _ORDER_CAP, 1)
        if not order:
            break
        if descriptors:
            line.sendall(_NUMBER.pack(_reader(line, socket.socket(fileno=descriptors[0]), pickle.loads(order))))  # noqa: S301  # from the desk
        else:
            line.sendall(_NUMBER.pack(_status(_NUMBER.unpack(order)[0])))
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _status(pid: int) -> int:
    """How a reader ended; 0 for one of an earlier nursery, of which nobody can tell.

    One whose line is closed, and which does not end, is ended: the desk waits for this answer.
    """
    try:
        until = time.monotonic() + _LINGERS
        while time.monotonic() < until:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return status
            time.sleep(_BETWEEN)
        os.kill(pid, signal.SIGKILL)
        return os.waitpid(pid, 0)[1]
    except (ChildProcessError, ProcessLookupError):
        return 0


def _reader(line: socket.socket, peer: socket.socket, limits: Limits) -> int:
    """The number of a new reader; below zero the number of the error that stood in its way."""
    with peer:
        try:
            pid = os.fork()
        except OSError as error:
            return -(error.errno or 1)
        if pid:
            return pid
        line.close()
        _child(lambda: reader.serve(peer, limits))


def _keep_only(line: socket.socket) -> None:
    """Close what was inherited: the desk's files, sockets and locks are its own."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)
    kept = line.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))
