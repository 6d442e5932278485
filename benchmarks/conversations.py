"""Whether replies find their tickets: mails of every kind that continue a conversation, and of those that only look so.

`python benchmarks/conversations.py [--tickets N] [--replies N] [--seed N]`: a fresh desk on SQLite gets the mails that
open tickets, then the others, one by one. Printed for each kind: how many came to the right ticket, to a wrong one, to
a new one, and the milliseconds of CPU time a mail, those of the reading processes left aside; then the same by the rung
that decided, and how the database looks for a subject. The kinds below the line must all be new tickets.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP, default
from email.utils import format_datetime
from pathlib import Path

from maild.clock import FixedClock
from maild.config.settings import load_settings
from maild.desk.assembly import make_office
from maild.desk.handle import Desk, Office
from maild.ingest.arrival import make_arrival
from maild.messages.envelope import Envelope
from maild.messages.thread_index import read_thread_index, reply_index
from maild.store import open_keep
from maild.store.keep import Keep

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SUPPORT = "support@desk.example"
LATER = timedelta(days=40)
TOPICS = (
    "Принтер не печатает",
    "Счёт за ноябрь",
    "VPN is down",
    "Invoice",
    "Пропуск",
    "Broken chair",
    "Доступ к диску",
)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tickets", type=int, default=600, help="mails that open a ticket")
    options.add_argument("--replies", type=int, default=400, help="mails that continue one; near-misses come on top")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), random.Random(given.seed))  # noqa: S311 - nothing is secret here
        bench.open_tickets(given.tickets)
        bench.run(given.replies)
        bench.report()
        bench.keep.database.close()


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """A ticket with the mail that opened it and our acknowledgement."""

    number: str
    sender: str
    colleague: str
    subject: str
    message_id: str
    letter: Message


@dataclass
class Outcome:
    """What became of the mails of a kind."""

    right: int = 0
    wrong: int = 0
    new: int = 0
    seconds: list[float] = field(default_factory=list)


class Bench:
    """The desk, its conversations, and what was measured."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance, self.count, self.now = chance, 0, START
        self.office = office(folder)
        self.keep: Keep = open_keep(f"sqlite:///{folder}/maild.db", "benchmark")
        self.known: list[Conversation] = []
        self.kinds: dict[str, Outcome] = {}
        self.rungs: dict[str, list[float]] = {}

    def handle(self, raw: bytes, sender: str, to: str) -> tuple[str, str, float]:
        """One mail: its ticket, the desk's reason, and the seconds of CPU time from the inbox to the commit."""
        envelope = Envelope(channel="smtp", source="bench", sender=sender, recipients=(to,), trusted=True)
        self.keep.inbox.add([make_arrival(raw, envelope, self.now)])
        began = time.process_time()
        Desk(self.keep, lambda: self.office, FixedClock(self.now)).take_next()
        took = time.process_time() - began
        row = self._last()
        return str(row[0]), str(row[1]), took

    def _last(self) -> tuple[object, object]:
        query = "SELECT t.number, i.reason FROM inbox i LEFT JOIN tickets t ON t.id = i.ticket_id ORDER BY i.id DESC"
        with self.keep.database.read() as connection:
            row = connection.exec_driver_sql(f"{query} LIMIT 1").one()
        return row[0], row[1]

    def write(self, sender: str, subject: str, to: str = SUPPORT, **fields: str) -> tuple[bytes, str]:
        """A mail and its Message-ID."""
        self.count += 1
        self.now += timedelta(seconds=30)
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = sender, to, subject
        mail["Date"] = format_datetime(self.now)
        message_id = f"<{self.count}.{self.chance.randrange(10**9)}@{sender.partition('@')[2]}>"
        mail["Message-ID"] = message_id
        for name, value in fields.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(f"Text {self.count}: could you have a look at this, please?\n" * self.chance.randrange(1, 40))
        return mail.as_bytes(), message_id

    def open_tickets(self, count: int) -> None:
        """The first mails, and what the customers got."""
        for number in range(count):
            sender, colleague = f"c{number}@house{number}.example", f"d{number}@house{number}.example"
            subject = f"{self.chance.choice(TOPICS)} {self.chance.randrange(100)}"
            raw, message_id = self.write(sender, subject, Cc=colleague)
            ticket, reason, took = self.handle(raw, sender, SUPPORT)
            self._note("new mail", "new", took, new=reason.startswith("new ticket"))
            letter = self._letter_to(sender)
            self.known.append(
                Conversation(
                    number=ticket,
                    sender=sender,
                    colleague=colleague,
                    subject=subject,
                    message_id=message_id,
                    letter=letter,
                )
            )

    def _letter_to(self, address: str) -> Message:
        query = "SELECT id FROM outbox WHERE recipient_key = ? AND kind = 'acknowledgement' ORDER BY id DESC LIMIT 1"
        with self.keep.database.read() as connection:
            found = connection.exec_driver_sql(query, (address,)).scalar_one()
        return message_from_bytes(self.keep.outbox.raw(found), policy=default)

    def run(self, replies: int) -> None:
        """All kinds, each by its share, in any order; those of an old ticket last."""
        work = [kind for kind, (share, _) in KINDS.items() for _ in range(max(1, replies * share // 100))]
        self.chance.shuffle(work)
        work.sort(key=lambda kind: kind in OLD)
        for kind in work:
            if kind in OLD and self.now < START + LATER:
                self.now += LATER
            # A near-miss may leave its sender with two tickets of one subject: no good reply comes from him then.
            most = len(self.known) * 4 // 5
            conversation = self.chance.choice(self.known[most:] if kind in NEAR else self.known[:most])
            sender, to, raw = KINDS[kind][1](self, conversation)
            ticket, reason, took = self.handle(raw, sender, to)
            rung = re.search(r"by ([a-z -]+)\Z", reason)
            self._note(
                kind, rung[1] if rung else "new", took, new="new ticket" in reason, ok=ticket == conversation.number
            )

    def _note(self, kind: str, rung: str, took: float, *, new: bool, ok: bool = False) -> None:
        outcome = self.kinds.setdefault(kind, Outcome())
        outcome.new += new
        outcome.right += ok and not new
        outcome.wrong += not ok and not new
        outcome.seconds.append(took)
        self.rungs.setdefault(rung, []).append(took)

    def report(self) -> None:
        """The table."""
        print(f"{'kind':44}{'right':>7}{'wrong':>7}{'new':>7}{'CPU ms':>8}")
        for kind in ["new mail", *KINDS]:
            if kind == next(iter(NEAR)):
                print("-" * 73)
            o = self.kinds[kind]
            print(f"{kind:44}{o.right:7}{o.wrong:7}{o.new:7}{1000 * statistics.median(o.seconds):8.1f}")
        print("milliseconds of CPU time a mail (median) by the rung that decided:")
        for rung, seconds in sorted(self.rungs.items(), key=lambda pair: -len(pair[1])):
            print(f"  {rung:20}{1000 * statistics.median(seconds):8.1f}   ({len(seconds)} mails)")
        print("how a subject is looked for:")
        query = (
            "EXPLAIN QUERY PLAN SELECT id FROM tickets WHERE requester_key = 'x' AND status IN ('new', 'open') "
            "AND base_subject = 'y' AND updated_at >= '2026' ORDER BY id DESC LIMIT 2"
        )
        with self.keep.database.read() as connection:
            for row in connection.exec_driver_sql(query):
                print(f"  {row[-1]}")


def office(folder: Path) -> Office:
    """A desk as `maild init` makes it, which acknowledges every mail."""
    from maild.cli.main import run

    assert run(["init", str(folder / "desk")]) == 0
    settings = folder / "desk" / "settings.toml"
    text = settings.read_text().replace("acknowledgements_per_hour = 3", "acknowledgements_per_hour = 100000")
    settings.write_text(text.replace("acknowledgements_per_day = 10", "acknowledgements_per_day = 100000"))
    return make_office(load_settings(settings))


# The kinds: each makes a mail of a conversation; its envelope's sender and recipient, and its bytes.

Made = tuple[str, str, bytes]
Maker = Callable[[Bench, Conversation], Made]


def _reply(bench: Bench, c: Conversation, subject: str = "", to: str = "") -> Made:
    to = to or str(c.letter["Reply-To"])
    return c.sender, to, bench.write(c.sender, subject or f"Re: {c.letter['Subject']}", to, **_chain(c))[0]


def _chain(c: Conversation) -> dict[str, str]:
    own = str(c.letter["Message-ID"])
    return {"In_Reply_To": own, "References": f"{c.letter['References']} {own}"}


def _other_subject(bench: Bench, c: Conversation) -> Made:
    return _reply(bench, c, "Another thought")


def _plain_address(bench: Bench, c: Conversation) -> Made:
    return _reply(bench, c, to=SUPPORT)


def _to_own_mail(bench: Bench, c: Conversation) -> Made:
    raw, _ = bench.write(c.sender, f"Re: {c.subject}", In_Reply_To=c.message_id, References=c.message_id)
    return c.sender, SUPPORT, raw


def _colleague(bench: Bench, c: Conversation) -> Made:
    raw, _ = bench.write(
        c.colleague, f"Re: {c.subject}", In_Reply_To=c.message_id, References=c.message_id, Cc=c.sender
    )
    return c.colleague, SUPPORT, raw


def _cut(bench: Bench, c: Conversation) -> Made:
    raw, _ = bench.write(c.sender, "Re:", In_Reply_To=str(c.letter["Message-ID"]))
    return c.sender, SUPPORT, raw


def _replaced(bench: Bench, c: Conversation) -> Made:
    root = str(c.letter["References"]).split()[0]
    raw, _ = bench.write(c.sender, "Hello", In_Reply_To="<new@relay.example>", References=f"{root} <new@relay.example>")
    return c.sender, SUPPORT, raw


def _index(bench: Bench, c: Conversation, sender: str = "", *, child: bool = True) -> Made:
    import base64

    found = read_thread_index(str(c.letter["Thread-Index"]))
    assert found is not None
    raw_index = reply_index(found[0], bench.now, 7) if child else found[0]
    who = sender or c.sender
    fields = {"Thread_Index": base64.b64encode(raw_index).decode(), "Thread_Topic": "x"}
    return who, SUPPORT, bench.write(who, "ОТВЕТ: вопрос" if child else "Заявка", **fields)[0]


def _tag(bench: Bench, c: Conversation, sender: str = "") -> Made:
    who = sender or c.sender
    return who, SUPPORT, bench.write(who, f"About [{c.number}]")[0]


def _subject(bench: Bench, c: Conversation, sender: str = "", mark: str = "") -> Made:
    who = sender or c.sender
    mark = mark or bench.chance.choice(("Re: ", "RE: ", "Отв: ", "AW: ", "Re[2]: "))
    return who, SUPPORT, bench.write(who, mark + c.subject)[0]


def _stranger(bench: Bench) -> str:
    return f"s{bench.count}@elsewhere.example"


def _two_of_one_name(bench: Bench, _: Conversation) -> Made:
    who = f"twice{bench.count}@house.example"
    for _number in range(2):
        bench.handle(bench.write(who, "Invoice")[0], who, SUPPORT)
    return who, SUPPORT, bench.write(who, "Re: Invoice")[0]


GOOD: dict[str, tuple[int, Maker]] = {
    "answer to the acknowledgement": (28, _reply),
    "the same, to the plain address": (8, _plain_address),
    "the same, subject rewritten": (10, _other_subject),
    "answer to his own mail": (15, _to_own_mail),
    "a colleague in Cc answers": (7, _colleague),
    "References cut": (6, _cut),
    "our Message-ID replaced by a relay": (4, _replaced),
    "Thread-Index alone": (6, _index),
    "tag in the subject alone": (8, _tag),
    "Re: and the subject alone": (8, _subject),
}
NEAR: dict[str, tuple[int, Maker]] = {
    "the same subject, another sender": (3, lambda b, c: _subject(b, c, _stranger(b))),
    "the same subject without a reply's mark": (3, lambda b, c: _subject(b, c, mark=" ")),
    "a forward of the subject": (3, lambda b, c: _subject(b, c, mark="Fwd: ")),
    "Re: Invoice of two open tickets": (3, _two_of_one_name),
    "a stranger's Thread-Index": (3, lambda b, c: _index(b, c, _stranger(b))),
    "Thread-Index of no reply (a template)": (3, lambda b, c: _index(b, c, child=False)),
    "a stranger's tag": (3, lambda b, c: _tag(b, c, _stranger(b))),
    "Re: and the subject after 40 days": (3, _subject),
}
OLD = ("Re: and the subject after 40 days",)
KINDS = GOOD | NEAR

if __name__ == "__main__":
    main()
