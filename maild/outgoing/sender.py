"""The sender: takes due mails out of the outbox, hands them to the relay, writes down what became of them.

The life of a mail in the outbox, and what a crash leaves behind:

    waiting -- claim --> sending -- mark_uncertain --> uncertain -- settle --> sent | failed | waiting | uncertain
                            |                              |
                            | crash: nothing left us,      | crash: it may have arrived,
                            | waiting again at the start   | the same bytes go again at `until`

One worker (an OS thread) per transport. What is claimed lies where every worker takes from, so that a mail over which
the relay takes its time holds up nobody but its own worker. Trouble with one mail defers that mail; trouble with the
relay pauses all and spends none of the mails' tries. Nothing here renders, decides or knows a ticket.

Mail goes to the relay; each webhook has a sender of its own (`Senders` holds them all), so that one that is slow or
away holds up neither mail nor another.
"""

from __future__ import annotations

import logging
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Event, Lock, Thread
from time import monotonic
from typing import Protocol

from maild.clock import Clock
from maild.errors import RetryLater, Unavailable
from maild.outgoing.schedule import GIVE_UP, LONGEST_PAUSE, UNCERTAIN_AFTER, next_try, next_uncertain, pause
from maild.outgoing.transports import Transport
from maild.threads.plan import Outcome, OutgoingMail

_AT_ONCE = 10
"""Mails claimed together: few, so that other workers and desks find their share."""
_LOOK_AGAIN = 30.0
"""Seconds after which a worker looks by itself, should nobody wake it."""

_log = logging.getLogger("maild.outgoing")


class Outbox(Protocol):
    """Where written letters lie until they have left. What a method did is durable when it returns.

    Used from several workers at once. Any error that a method raises is taken as "the database is away": the sender
    tries the same call again later and takes no new mail until it went through.
    """

    def recover(self) -> int:
        """Called once before the workers start: what a dead sender of this desk left in `sending` waits again, due at
        once, for its final dot was never sent; says how many. `uncertain` mails are left as they are.
        """
        ...

    def claim(self, now: datetime, limit: int, /) -> Sequence[OutgoingMail]:
        """Takes at most `limit` mails that are waiting or uncertain with `next_at` <= now, the longest due first, and
        not held; each is in `sending` and has one more in `attempts` (the value given includes this try). No two
        callers are ever given the same mail. Recipients that were accepted or refused for good before are left out.
        """
        ...

    def mark_uncertain(self, mail_id: int, until: datetime, /) -> None:
        """The final dot is about to be sent: state uncertain, `next_at` = until. It must be on the disk when this
        returns; a crash from here on makes the same bytes go again at `until`.
        """
        ...

    def settle(self, mail_id: int, outcome: Outcome, now: datetime, next_at: datetime | None, /) -> None:
        """What the try came to. Accepted and refused recipients are done; those not named, and the deferred ones, stay.

        None left: state sent, or failed if any was ever refused. Some left: `next_at` given, state uncertain if the
        outcome is, else waiting; `next_at` None, nothing more is tried: state failed. `last_error` is the outcome's
        error. Done twice, it is done once.
        """
        ...

    def release(self, mail_ids: Sequence[int], reason: str, next_at: datetime, /) -> None:
        """Claimed, not tried: back to waiting with the try given back, due at `next_at`. A reason is the relay's
        trouble and no mail's: it is the `last_error` of these, and of all that wait and are due by then.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SendingRules:
    """The sender's figures; see docs/letters.md."""

    give_up: timedelta = GIVE_UP
    uncertain_after: timedelta = UNCERTAIN_AFTER


class Sender:
    """Sends what is due, when it is due."""

    def __init__(
        self,
        outbox: Outbox,
        transports: Sequence[Transport],
        clock: Clock,
        *,
        rules: SendingRules | None = None,
        chance: Callable[[], float] = random.random,
        on_trouble: Callable[[str], None] = lambda _reason: None,
        on_recovered: Callable[[], None] = lambda: None,
        what: str = "mail",
    ) -> None:
        """`chance` gives 0 to 1 for the jitter. `on_trouble` hears the reason when the relay goes away, once;
        `on_recovered` is called when it is back, and when it is found there for the first time. `what` is sent, in a
        word for the log.
        """
        self._outbox, self._clock, self._chance = outbox, clock, chance
        self._rules = rules or SendingRules()
        self._road = _Road(on_trouble, on_recovered, what)
        self._pool = _Pool(outbox)
        self._workers = [_Worker(self, transport, number) for number, transport in enumerate(transports, 1)]

    def start(self) -> None:
        """Releases what a crash left behind and starts the workers."""
        self._outbox.recover()
        for worker in self._workers:
            worker.start()

    def wake(self) -> None:
        """Something may be due; returns at once."""
        for worker in self._workers:
            worker.awake.set()

    def stop(self, seconds: float) -> bool:
        """Lets every worker finish its mail, for at most so long in all; says whether all did.

        What is cut off here is found by `recover` or by its `until`: nothing is lost.
        """
        self.let_end()
        return self.ended_by(monotonic() + seconds)

    def let_end(self) -> None:
        """No worker takes anything new from now on."""
        for worker in self._workers:
            worker.stopping.set()
            worker.awake.set()

    def ended_by(self, deadline: float) -> bool:
        """Waits for the workers until this monotonic time; says whether all have ended."""
        return all(worker.stopped_by(deadline) for worker in self._workers)

    def send_due(self, now: datetime) -> int:
        """Sends everything due at `now`, here and now; says how many mails were tried. For use without `start`.

        Relay trouble ends it early: the mails wait.
        """
        worker = self._workers[0]
        count = 0
        while True:
            tried, more = worker.round(now, lambda: now)
            count += tried
            if not more:
                return count

    # -- for the workers -----------------------------------------------------------------------------------------------

    def _next_at(self, mail: OutgoingMail, outcome: Outcome, now: datetime) -> datetime | None:
        if outcome.uncertain:
            return next_uncertain(
                tries=mail.attempts,
                created_at=mail.created_at,
                now=now,
                give_up=self._rules.give_up,
                uncertain_after=self._rules.uncertain_after,
            )
        if not outcome.deferred:
            return None
        at = next_try(
            tries=mail.attempts,
            created_at=mail.created_at,
            now=now,
            chance=self._chance(),
            give_up=self._rules.give_up,
        )
        return max(at, now + outcome.rest) if at is not None and outcome.rest is not None else at


class Senders:
    """All senders of a desk, each with what it sends to: the relay's first."""

    def __init__(self, senders: Sequence[Sender]) -> None:
        self._senders = tuple(senders)

    def start(self) -> None:
        """Starts each."""
        for sender in self._senders:
            sender.start()

    def wake(self) -> None:
        """Something may be due; returns at once."""
        for sender in self._senders:
            sender.wake()

    def stop(self, seconds: float) -> bool:
        """Lets all finish what they have in hand, for at most so long together; says whether all did."""
        deadline = monotonic() + seconds
        for sender in self._senders:
            sender.let_end()
        ended = [sender.ended_by(deadline) for sender in self._senders]
        return all(ended)

    def send_due(self, now: datetime) -> int:
        """Sends everything due at `now`, mail first; says how much was tried. For use without `start`."""
        return sum(sender.send_due(now) for sender in self._senders)


class _Road:
    """Whether the relay is there; shared by all workers."""

    def __init__(self, on_trouble: Callable[[str], None], on_recovered: Callable[[], None], what: str) -> None:
        self._on_trouble, self._on_recovered, self._what = on_trouble, on_recovered, what
        self._lock = Lock()
        self._failures = 0
        self._known = False
        """Whether the relay has been found there since it was last away, or since the start."""
        self._until: datetime | None = None

    def closed_at(self, now: datetime) -> bool:
        """Whether it is too early to try the relay again. A clock that was set back does not prolong the wait."""
        with self._lock:
            return self._until is not None and self._until - LONGEST_PAUSE * 1.5 <= now < self._until

    def failed(self, reason: str, now: datetime, chance: float) -> datetime:
        """The relay is away; says when it is tried again."""
        with self._lock:
            self._failures += 1
            self._known = False
            first = self._failures == 1
            self._until = now + min(pause(self._failures, chance), LONGEST_PAUSE)
            until = self._until
        if first:
            _log.warning("%s cannot be handed over: %s", self._what, reason)
            self._on_trouble(reason)
        return until

    def open(self) -> None:
        """A mail got through, or was answered for itself."""
        with self._lock:
            news, again = not self._known, self._failures > 0
            self._known, self._failures, self._until = True, 0, None
        if again:
            _log.info("%s can be handed over again", self._what)
        if news:
            self._on_recovered()


class _Pool:
    """Mails that this process has claimed and nobody has in hand; shared by all workers."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._lock = Lock()
        self._mails: deque[OutgoingMail] = deque()

    def take(self, now: datetime) -> OutgoingMail | None:
        """The next mail that is due; a few are claimed at a time. None where none is."""
        with self._lock:
            if not self._mails:
                self._mails.extend(self._outbox.claim(now, _AT_ONCE))
            return self._mails.popleft() if self._mails else None

    def empty(self) -> list[int]:
        """The numbers of all mails that lie here; they do not any more."""
        with self._lock:
            left = [mail.id for mail in self._mails]
            self._mails.clear()
            return left


class _Worker:
    """One OS thread with its transport."""

    def __init__(self, sender: Sender, transport: Transport, number: int) -> None:
        self._sender, self._transport = sender, transport
        self._busy = Lock()
        self._unwritten: list[Callable[[], None]] = []
        """What the outbox could not be told yet; told before anything new is taken."""
        self.awake, self.stopping = Event(), Event()
        self._thread = Thread(target=self._live, name=f"maild-sender-{number}", daemon=True)

    def start(self) -> None:
        """Begins to look for work."""
        self._thread.start()

    def stopped_by(self, deadline: float) -> bool:
        """Waits for the end of the thread until the given monotonic time."""
        if self._thread.is_alive():
            self._thread.join(max(deadline - monotonic(), 0))
        return not self._thread.is_alive()

    def _live(self) -> None:
        stumbled = False
        while not self.stopping.is_set():
            try:
                clock = self._sender._clock
                while not self._sender._road.closed_at(clock.now()) and self.round(clock.now(), clock.now)[1]:
                    pass
                stumbled = False
            except (RetryLater, Unavailable) as error:
                if not stumbled:
                    _log.warning("letters wait: %s", error)
                stumbled = True
            except Exception as error:  # noqa: BLE001 the top of the loop: a worker outlives every mail and outage
                if not stumbled:
                    _log.exception("the sender stumbled and goes on: %s", error)
                stumbled = True
            self.awake.wait(_LOOK_AGAIN)
            self.awake.clear()
        self._transport.close()

    def round(self, now: datetime, clock: Callable[[], datetime]) -> tuple[int, bool]:
        """Sends a few mails; says how many were tried, and whether there may be more."""
        sender = self._sender
        with self._busy:
            self._tell()
            for count in range(_AT_ONCE):
                if self.stopping.is_set():
                    self._release(sender._pool.empty(), "", now)
                    return count, False
                mail = sender._pool.take(now)
                if mail is None:
                    return count, False
                try:
                    outcome = self._handed_over(mail, clock)
                except (RetryLater, Unavailable) as error:
                    until = sender._road.failed(str(error), clock(), sender._chance())
                    self._release([mail.id, *sender._pool.empty()], str(error), until)
                    return count, False
                sender._road.open()
                self._settle(mail, outcome, clock())
            return _AT_ONCE, True

    def _release(self, mail_ids: Sequence[int], reason: str, next_at: datetime) -> None:
        if mail_ids:
            self._note(partial(self._sender._outbox.release, mail_ids, reason, next_at))

    def _handed_over(self, mail: OutgoingMail, clock: Callable[[], datetime]) -> Outcome:
        """One try; a bug in handing over is that mail's trouble and nobody else's."""

        def before_data() -> None:
            until = clock() + self._sender._rules.uncertain_after
            try:
                self._sender._outbox.mark_uncertain(mail.id, until)
            except Exception as error:
                raise RetryLater(f"the outbox cannot be written: {error}") from error

        try:
            return self._transport.send(mail, before_data)
        except (RetryLater, Unavailable):
            raise
        except Exception as error:  # noqa: BLE001 a bug that one mail sets off must not stop the others
            _log.exception("mail %s cannot be sent", mail.id, extra={"outbox_id": mail.id})
            text = f"{type(error).__name__}: {error}"[:300]
            return Outcome(deferred=tuple((recipient, text) for recipient in mail.recipients), error=text)

    def _settle(self, mail: OutgoingMail, outcome: Outcome, now: datetime) -> None:
        next_at = self._sender._next_at(mail, outcome, now)
        self._note(partial(self._sender._outbox.settle, mail.id, outcome, now, next_at))

    def _note(self, telling: Callable[[], None]) -> None:
        self._unwritten.append(telling)
        self._tell()

    def _tell(self) -> None:
        """Tells the outbox what it has not heard, in order; raises what the outbox raises, and keeps the rest."""
        while self._unwritten:
            self._unwritten[0]()
            del self._unwritten[0]
