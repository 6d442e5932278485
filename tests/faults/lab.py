"""Mail brought by clients that come again until they have read a 250, while the daemon is killed; and what is left.

What was acknowledged is what counts: a mail whose 250 was read must be there exactly once, in the ledger, in a ticket
and in the letters that follow from it. A client that got no answer, or has lost it, comes again as mail servers do.
"""

from __future__ import annotations

import json
import random
import re
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from statistics import median
from typing import Any

from clients import write_mail
from daemon import HOST, SUPPORT, Daemon, wait_for

Where = tuple[str, bytes]
"""Who sends, and the mail."""


class Journal:
    """What the clients know. Safe to share between them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.tries: Counter[str] = Counter()
        self.accepted: set[str] = set()
        self.unanswered = 0
        """Final dots whose answer nobody read."""
        self.refused: Counter[int] = Counter()

    def tried(self, name: str) -> None:
        """A mail is under way."""
        with self._lock:
            self.tries[name] += 1

    def answered(self, name: str, code: int) -> None:
        """The answer to the final dot, or the refusal before it, was read."""
        with self._lock:
            if 200 <= code < 300:
                self.accepted.add(name)
            else:
                self.refused[code] += 1

    def lost(self) -> None:
        """The answer to a final dot was not read."""
        with self._lock:
            self.unanswered += 1


def customer(number: int) -> tuple[str, str]:
    """Everybody has an own domain, else the budgets of acknowledgements would stop them."""
    return f"c{number}@c{number}.example", f"<{number}@c{number}.example>"


@dataclass
class Flood:
    """Clients, each on a connection of its own, that bring mails until it is enough and all were acknowledged.

    `eats` is the share of answers that a client throws away: it was told 250 and comes again.
    """

    port: int
    wanted: int
    clients: int = 8
    eats: float = 0.02
    seed: int = 7
    journal: Journal = field(default_factory=Journal)

    def __post_init__(self) -> None:
        self._chance, self._numbers, self._lock = random.Random(self.seed), count(), threading.Lock()
        self._stop = threading.Event()
        self._go_on = False
        self._threads = [threading.Thread(target=self._client, daemon=True) for _ in range(self.clients)]

    @contextmanager
    def pouring(self) -> Iterator[None]:
        """The clients work meanwhile, at least until this is left, and until all wanted mails are acknowledged."""
        self._go_on = True
        for thread in self._threads:
            thread.start()
        try:
            yield
            self._go_on = False
            for thread in self._threads:
                thread.join(300)
            assert not any(thread.is_alive() for thread in self._threads), "the clients get no answer"
        finally:
            self._stop.set()

    def _next(self) -> int | None:
        with self._lock:
            number = next(self._numbers)
        return number if number < self.wanted or self._go_on else None

    def _eaten(self) -> bool:
        with self._lock:
            return self._chance.random() < self.eats

    def _client(self) -> None:
        line: smtplib.SMTP | None = None
        while not self._stop.is_set() and (number := self._next()) is not None:
            sender, name = customer(number)
            raw = write_mail(f"My printer {number} burns.", sender=sender, subject=f"Fire {number}", message_id=name)
            while name not in self.journal.accepted and not self._stop.is_set():
                line = self._bring(line, sender, name, raw)
        if line is not None:
            line.close()

    def _bring(self, line: smtplib.SMTP | None, sender: str, name: str, raw: bytes) -> smtplib.SMTP | None:
        """One try; the connection where it can be used again."""
        self.journal.tried(name)
        sent = False
        try:
            line = line or smtplib.SMTP(HOST, self.port, local_hostname="client.example", timeout=30)
            line.ehlo_or_helo_if_needed()
            for code in (line.mail(sender)[0], line.rcpt(SUPPORT)[0]):
                if code != 250:
                    return self._turned_away(line, name, code)
            line.putcmd("data")
            if (code := line.getreply()[0]) != 354:
                return self._turned_away(line, name, code)
            sent = True
            line.send(raw + b".\r\n")
            code = line.getreply()[0]
            if self._eaten():
                raise smtplib.SMTPServerDisconnected("the answer was lost")
            self.journal.answered(name, code)
            return line
        except (smtplib.SMTPException, OSError):
            if sent:
                self.journal.lost()
            if line is not None:
                line.close()
            time.sleep(0.05)
            return None

    def _turned_away(self, line: smtplib.SMTP, name: str, code: int) -> None:
        self.journal.answered(name, code)
        with suppress(smtplib.SMTPException, OSError), closing(line):
            line.rset()
        time.sleep(0.1)


def kill_again_and_again(desk: Daemon, kills: int, low: float = 0.1, high: float = 0.6, seed: int = 7) -> list[float]:
    """SIGKILL after so many seconds of readiness, each time by chance; how long each start took.

    The last kill comes when the clients have nothing more to bring: at the moment after the last 250.
    """
    chance, starts = random.Random(seed), []
    for _ in range(kills):
        time.sleep(chance.uniform(low, high))
        desk.kill()
        began = time.monotonic()
        desk.start()
        starts.append(time.monotonic() - began)
    return starts


@dataclass(frozen=True)
class Verdict:
    """What is left of everything that was tried."""

    lost: list[str]
    """Acknowledged, and not in the ledger, or in no ticket; a letter that was written and is not in the folder."""
    twice: list[str]
    """More than one ticket, or a letter that stands twice in the folder."""
    foreign: list[str]
    """In the ledger, though nobody has brought it."""
    silent: list[str]
    """Neither done nor put aside."""

    @property
    def good(self) -> bool:
        return not (self.lost or self.twice or self.foreign or self.silent)


def judge(desk: Daemon, journal: Journal) -> Verdict:
    """Hold the ledger, the tickets and the letters against what the clients were told."""
    rows = look(desk, "inbox")
    firsts = Counter(row["message_id"] for row in rows if row["state"] != "duplicate")
    tickets = Counter({ticket["number"]: ticket["messages"] for ticket in look(desk, "tickets")})
    held = {row["message_id"] for row in rows if row["ticket"] in tickets or row["state"] == "quarantined"}
    once = {name for name, times in firsts.items() if times == 1}
    crowded = [number for number, messages in tickets.items() if messages > 1]
    letters = Counter((letter["Message-ID"], letter.recipient) for letter in desk.letters())
    written = {(row["message_id"], to["address"]) for row in look(desk, "outbox") for to in row["to"]}
    return Verdict(
        lost=sorted((journal.accepted - set(firsts)) | (journal.accepted - held))
        + sorted(map(str, written - set(letters))),
        twice=sorted(set(firsts) - once) + crowded + sorted(str(one) for one, times in letters.items() if times > 1),
        foreign=sorted(set(firsts) - set(journal.tries)),
        silent=[row["message_id"] for row in rows if row["state"] == "waiting"],
    )


def look(desk: Daemon, *words: str) -> list[dict[str, Any]]:
    """What a command lists. On PostgreSQL by a process: in this one every call would keep its connections open."""
    if not re.search('(?m)^url = "postgresql', desk.settings.read_text()):
        return desk.cli(*words)
    done = desk.run(*words, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def drain(desk: Daemon, seconds: float = 60) -> None:
    """Until nothing waits in the inbox and the outbox; the time begins anew with each mail and letter that is done."""
    left, since = (-1, -1), time.monotonic()
    while True:
        now = (
            len(look(desk, "inbox", "--state", "waiting")),
            sum(len(look(desk, "outbox", "--state", state)) for state in ("waiting", "sending", "uncertain")),
        )
        if now == (0, 0):
            return
        if now != left:
            left, since = now, time.monotonic()
        assert time.monotonic() - since < seconds, f"{left} mails and letters wait for {seconds} s"
        time.sleep(0.2)


def starts_told(starts: list[float]) -> str:
    """How quickly a killed daemon was ready again."""
    return f"ready again in {median(starts):.1f} s (longest {max(starts):.1f} s)"


def until(look: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for something that takes its time."""
    wait_for(look, what, seconds)
