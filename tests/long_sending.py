"""The long form of the sending trip: thousands of letters, a relay that misbehaves, a daemon that is killed often.

    python tests/long_sending.py --letters 5000 --kills 100

Ends with 0 where no letter was lost, none arrived twice with other bytes, and a clean restart sent nothing again.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from daemon import Daemon, ended_at_last, make_desk
from faulty import FaultyRelay, faulty_relay

from maild.clock import FixedClock
from maild.messages.mail import Address
from maild.outgoing.sender import Sender
from maild.outgoing.transports import SmtpTransport
from maild.store import open_keep
from maild.store.keep import Keep
from maild.threads.plan import Letter, LetterKind, WrittenLetter

FAULTS = {"drop": 0.05, "deadrop": 0.05, "4xx": 0.1, "5xx": 0.02, "rcpt4": 0.05}


@dataclass(frozen=True)
class Result:
    """What came of a run."""

    letters: int
    lost: list[str]
    """Message-IDs that neither arrived nor failed with the relay's refusal."""
    changed: list[str]
    """Message-IDs that arrived with two different contents."""
    twice: int
    """Letters that arrived more than once."""
    again: int
    """What a clean restart sent when everything was done."""
    unclean: int
    """Mails with a line that does not end in CRLF."""
    unfinished: int
    """Rows that still wait at the end."""

    @property
    def good(self) -> bool:
        return not (self.lost or self.changed or self.again or self.unclean or self.unfinished)


def write_letters(keep: Keep, count: int, now: datetime) -> list[str]:
    """Letters in the outbox, due now, some of several recipients, with dots and bare line ends; their Message-IDs."""
    names = [f"<{number}@desk.example>" for number in range(count)]
    with keep.database.write() as connection:
        for number, name in enumerate(names):
            to = tuple(Address(address=f"c{number}.{n}@customer.example") for n in range(1 + (number % 5 == 0)))
            text = f".\r\n..dots\r\nbare\nends\rhere {number}\r\n".encode()
            raw = f"Message-ID: {name}\r\nSubject: {number}\r\n\r\n".encode() + text * (1 + number % 7)
            letter = Letter(
                kind=LetterKind.ANSWER, template="answer", language="en", to=to, message_id=name, date=now,
                sender=Address(address="support@desk.example"), automatic=False, loop_mark="m",
            )  # fmt: skip
            keep.outbox.add(connection, WrittenLetter(letter=letter, subject=str(number), text="", raw=raw), now)
    return names


def run(folder: Path, letters: int, kills: int, faults: dict[str, float], seed: int = 1) -> Result:
    """Letters, kills, then time passes until nothing waits any more; at last a clean restart."""
    chance = random.Random(seed)
    with ExitStack() as stack:
        relay = stack.enter_context(faulty_relay(seed))
        relay.faults = faults
        settings: dict[str, object] = {"outgoing.transport": "smtp", "outgoing.port": relay.port}
        desk = stack.enter_context(ended_at_last(make_desk(folder, settings)))
        keep = open_keep(f"sqlite:///{folder}/var/maild.db", "long")
        names = write_letters(keep, letters, datetime.now(UTC))
        for _ in range(kills):
            desk.start()
            reached = len(relay.arrived)
            deadline = time.monotonic() + chance.uniform(0.05, 0.5)
            while time.monotonic() < deadline or len(relay.arrived) < reached + 3:
                if time.monotonic() > deadline + 3:
                    break  # what is left waits for its next try
                time.sleep(0.005)
            desk.kill()
        _pass_time(keep, relay)
        return _judge(desk, keep, relay, names)


def _pass_time(keep: Keep, relay: FaultyRelay) -> None:
    """Hours go by, in no time, until every letter has arrived or failed."""
    way = SmtpTransport(host="127.0.0.1", port=relay.port, local_hostname="desk.example", timeout=10)
    clock = FixedClock(datetime.now(UTC))
    sender = Sender(keep.outbox, [way], clock)
    keep.outbox.recover()
    while keep.outbox.next_time() is not None and clock.at < datetime.now(UTC) + timedelta(days=4):
        clock.at += timedelta(hours=1)
        sender.send_due(clock.at)
    way.close()


def _judge(desk: Daemon, keep: Keep, relay: FaultyRelay, names: Sequence[str]) -> Result:
    before = len(relay.arrived)
    desk.start()
    time.sleep(0.5)
    desk.stop()
    came = Counter(one.message_id for one in relay.arrived)
    contents = {(one.message_id, one.digest) for one in relay.arrived}
    reached = {(one.message_id, r) for one in relay.arrived for r in one.recipients}
    rows = keep.outbox.listing()
    lost = [
        row["message_id"]
        for row in rows
        if row["message_id"] not in relay.refused
        and any((row["message_id"], r["address"]) not in reached for r in row["recipients"])
    ]
    keep.database.close()
    return Result(
        letters=len(names),
        lost=lost,
        changed=[name for name, n in Counter(name for name, _ in contents).items() if n > 1],
        twice=sum(n > 1 for n in came.values()),
        again=len(relay.arrived) - before,
        unclean=sum(not one.clean for one in relay.arrived),
        unfinished=sum(row["state"] not in ("sent", "failed") for row in rows),
    )


def main() -> int:
    """Run it as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--letters", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="maild-long-") as folder:
        result = run(Path(folder) / "d", words.letters, words.kills, FAULTS, words.seed)
    print(result)
    return 0 if result.good else 1


if __name__ == "__main__":
    sys.exit(main())
