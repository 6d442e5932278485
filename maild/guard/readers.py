"""The desk's side of the guard: mails go to readers, their answers come back in order, and what went wrong is told.

One that dies by itself is followed by another, which gets the mail once more. Readers start when they are needed and
stay warm; two work side by side where there are mails for both and processors to run them.
"""

from __future__ import annotations

import atexit
import io
import os
import pickle
import select
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, is_dataclass
from functools import cache
from typing import get_args, get_type_hints

from maild.errors import RetryLater, Unreadable
from maild.guard.limits import Limits, PastLimits, ReadingFailed
from maild.guard.nursery import Nursery
from maild.guard.wire import Frame, Kind, receive, send
from maild.messages.mail import Mail

IsOwn = Callable[[str], bool]
_TRIES = 2
_AHEAD = 4
"""How many mails may be taken from their source before the first of them is given back."""
_TIMES = frozenset({("datetime", "datetime"), ("datetime", "timezone"), ("datetime", "timedelta")})


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A mail to read, and its envelope sender as `read_mail` wants it."""

    raw: bytes
    envelope_sender: str | None = None


@dataclass(slots=True)
class _Job:
    """A request on its way; `result` when there is one."""

    request: Request
    result: Mail | Exception | None = None
    tries: int = 0


class _Lane:
    """A reader and the line to it. Every method raises OSError or EOFError when the reader is gone."""

    def __init__(self, pid: int, line: socket.socket, silence: float) -> None:
        self.pid = pid
        self.line = line
        line.settimeout(silence)
        self.job: _Job | None = None
        self.until = 0.0

    def begin(self, job: _Job, silence: float) -> None:
        """Hand a mail over."""
        self.job, job.tries = job, job.tries + 1
        self.until = time.monotonic() + silence
        sender = job.request.envelope_sender
        asked = (
            Frame(Kind.NO_SENDER, b"")
            if sender is None
            else Frame(Kind.SENDER, sender.encode("utf-8", "surrogatepass"))
        )
        send(self.line, asked)
        send(self.line, Frame(Kind.MAIL, job.request.raw))

    def answer(self, is_own: IsOwn, at_most: int) -> Frame | None:
        """What the reader says of its mail, in so many bytes at most; None where it only had a question."""
        frame = receive(self.line, at_most)
        if frame is None:
            raise EOFError("the reader has gone")
        if frame.kind is not Kind.MARK:
            return frame
        send(self.line, Frame(Kind.VERDICT, b"\x01" if is_own(frame.body.decode("utf-8", "replace")) else b"\x00"))
        return None

    def kill(self) -> None:
        """End the reader now. Its number is nobody else's: its line is open, so it lives, or waits to be asked for."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


@dataclass(slots=True)
class Counts:
    """What became of readers since the start of the process."""

    started: int = 0
    died: int = 0
    """By themselves, or killed since they were silent or past their limits."""
    past_limits: int = 0
    """Mails whose reading took too long or too much room."""


class Readers:
    """The readers of this process. Safe to be used by several threads, each of which gets readers of its own."""

    def __init__(self, limits: Limits | None = None, width: int | None = None) -> None:
        self._limits = limits or Limits()
        self._width = width or min(2, _processors())
        self._lock = threading.Lock()
        self._nursery: Nursery | None = None
        self._idle: list[_Lane] = []
        self._process = os.getpid()
        self.counts = Counts()

    def start(self) -> None:
        """Make the nursery now, while this process has one thread and holds nothing. Raises RetryLater."""
        with self._lock:
            self._nursery = self._nursery or Nursery()

    def close(self) -> None:
        """End every reader that waits, and the nursery; they start anew if a mail comes after all."""
        with self._lock:
            nursery, self._nursery = self._nursery, None
            idle, self._idle = self._idle, []
        for lane in idle:
            lane.line.close()
        if nursery is not None:
            nursery.close()

    def read(self, request: Request, is_own: IsOwn) -> Mail:
        """One mail. Raises Unreadable, PastLimits, ReadingFailed, and RetryLater where no reader can be started."""
        [result] = self.read_each([request], is_own)
        if isinstance(result, Exception):
            raise result
        return result

    def read_each(self, requests: Iterable[Request], is_own: IsOwn) -> Iterator[Mail | Exception]:
        """Each mail in its order, or why it could not be read: Unreadable, PastLimits, ReadingFailed.

        Only a few are held at a time, and the next ones are read while one is looked at. Raises RetryLater.
        """
        source, line, lanes = iter(requests), deque[_Job](), list[_Lane]()
        try:
            while True:
                while len(line) < _AHEAD and _busy(line) < self._width and (request := next(source, None)) is not None:
                    line.append(_Job(request))
                    self._begin(line[-1], lanes)
                if not line:
                    return
                if (result := line[0].result) is not None:
                    line.popleft()
                    self.counts.past_limits += isinstance(result, PastLimits)
                    yield result
                else:
                    self._wait(lanes, is_own)
        finally:
            self._give_back(lanes)

    def _begin(self, job: _Job, lanes: list[_Lane]) -> None:
        lane = next((one for one in lanes if one.job is None), None)
        if lane is None:
            lane = self._take()
            lanes.append(lane)
        try:
            lane.begin(job, self._limits.silence)
        except (OSError, EOFError) as error:
            self._bury(lane, lanes, alive=isinstance(error, TimeoutError))

    def _wait(self, lanes: list[_Lane], is_own: IsOwn) -> None:
        """Until one reader has said something, or has been silent for too long."""
        busy = [lane for lane in lanes if lane.job is not None]
        poll, by_line = select.poll(), {lane.line.fileno(): lane for lane in busy}
        for descriptor in by_line:
            poll.register(descriptor, select.POLLIN)
        rest = min(lane.until for lane in busy) - time.monotonic()
        ready = [by_line[descriptor] for descriptor, _ in poll.poll(max(rest, 0) * 1000)]
        for lane in ready:
            try:
                self._settle(lane, lanes, is_own)
            except (OSError, EOFError, ValueError) as error:
                self._bury(lane, lanes, alive=isinstance(error, (TimeoutError, ValueError)))
        for lane in busy:
            # Also one that asks and asks, and never says what it has read.
            if lane.job is not None and lane in lanes and lane.until <= time.monotonic():
                self._bury(lane, lanes, alive=True)

    def _settle(self, lane: _Lane, lanes: list[_Lane], is_own: IsOwn) -> None:
        """Take what a reader says; one that has ended with it is let go. Raises OSError, EOFError, ValueError."""
        if (job := lane.job) is None:
            return
        answer = lane.answer(is_own, self._limits.memory_for(len(job.request.raw)))
        if answer is None:
            return
        job.result, lane.job = _result(answer), None
        if answer.last:
            lanes.remove(lane)
            self._end(lane)

    def _bury(self, lane: _Lane, lanes: list[_Lane], *, alive: bool) -> None:
        """A reader died, or was silent for too long: its mail has its verdict, or goes to a fresh one."""
        lanes.remove(lane)
        if alive:
            lane.kill()
        status, job = self._end(lane), lane.job
        self.counts.died += 1
        if job is None:
            return
        if status == -signal.SIGPROF:
            job.result = PastLimits(self._limits.past_cpu)
        elif job.tries < _TRIES:
            self._begin(job, lanes)
        elif status in (0, -signal.SIGKILL):
            job.result = ReadingFailed("two readers were killed over it, or stuck")
        else:
            job.result = PastLimits(f"two readers died over it, {_how(status)}")

    def _end(self, lane: _Lane) -> int:
        lane.line.close()
        with self._lock:
            return self._nursery.ended(lane.pid) if self._nursery is not None else 0

    def _take(self) -> _Lane:
        """A reader that waits, else a new one."""
        with self._lock:
            if self._process != os.getpid():
                # A fork of the desk's process has nothing to do with its parent's readers.
                self._nursery, self._idle, self._process = None, [], os.getpid()
            if self._idle:
                return self._idle.pop()
            for _ in range(2):
                self._nursery = self._nursery or Nursery()
                try:
                    lane = _Lane(*self._nursery.reader(self._limits), self._limits.silence)
                    self.counts.started += 1
                    return lane
                except (OSError, EOFError):
                    self._nursery.close()
                    self._nursery = None
        raise RetryLater("the processes that read mails die as soon as they start")

    def _give_back(self, lanes: list[_Lane]) -> None:
        for lane in lanes:
            if lane.job is None:
                with self._lock:
                    if len(self._idle) < self._width:
                        self._idle.append(lane)
                        continue
            else:
                lane.kill()
            self._end(lane)


@cache
def shared_readers() -> Readers:
    """The readers that everything in this process shares; they end with it."""
    readers = Readers()
    atexit.register(readers.close)
    return readers


def _busy(jobs: Iterable[_Job]) -> int:
    return sum(job.result is None for job in jobs)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _how(status: int) -> str:
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"


def _result(answer: Frame) -> Mail | Exception:
    if answer.kind is Kind.READ:
        try:
            mail = _Mails(io.BytesIO(answer.body)).load()
        except Exception as error:  # noqa: BLE001  # whatever a reader says that is no mail of ours
            return ReadingFailed(f"the reader's answer is no mail: {error}")
        return mail if isinstance(mail, Mail) else ReadingFailed("the reader's answer is no mail")
    text = answer.body.decode("utf-8", "replace")
    if answer.kind is Kind.UNREADABLE:
        return Unreadable(text)
    if answer.kind is Kind.NO_ROOM:
        return PastLimits(text)
    summary, _, lines = text.partition("\n")
    failed = ReadingFailed(summary)
    failed.add_note(lines)
    return failed


class _Mails(pickle.Unpickler):
    """Takes values of ours alone: a reader that strangers' bytes have taken over shall not reach the desk."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _parts_of_a_mail():
            raise pickle.UnpicklingError(f"a reader's answer holds {module}.{name}, which is no part of a mail")
        return super().find_class(module, name)


@cache
def _parts_of_a_mail() -> frozenset[tuple[str, str]]:
    """Every class that a Mail may hold, by module and name: what its fields say, down to the last.

    A pickle may write into whatever it can name, unless that says itself how it is filled (`__setstate__`): without
    it a reader's answer could change what a class, or a member of an enum, is for the whole desk.
    """
    found, waiting = set(_TIMES), list[object]([Mail])
    while waiting:
        kind = waiting.pop()
        waiting.extend(get_args(kind))
        if isinstance(kind, type) and kind.__module__.startswith("maild.messages."):
            name = (kind.__module__, kind.__qualname__)
            if name not in found:
                if not hasattr(kind, "__setstate__"):
                    raise TypeError(f"{name} lets a reader's answer write into it")
                found.add(name)
                waiting.extend(get_type_hints(kind).values() if is_dataclass(kind) else ())
    return frozenset(found)
