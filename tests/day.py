"""A day of a desk as data: who writes what, by which program and at what time; and what then lies in each mailbox.

Every text carries a word that stands nowhere else, so what a letter tells of whom can be read off its bytes: the words
in it are all that is compared of a letter's text, and they must be exactly those. `book` makes the pages to compare.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, unquote
from zoneinfo import ZoneInfo

from clients import reply_address
from daemon import SUPPORT, Daemon, Letter, parse_letter, wait_for
from mail_programs import Program, Typed
from parts import need_file

from maild.messages.read import read_mail

HERE = ZoneInfo("Europe/Moscow")
SERVER = "mx.desk.example"
"""Writes the results that the desk believes."""
_WORD = re.compile(r"\b([a-z]+\d+)zq\b")


def word(name: str) -> str:
    """The word that only this text has."""
    return f"{name}zq"


@cache
def everything(letter: Letter) -> str:
    """A letter with every encoding taken off, worked out once."""
    return letter.everything


@dataclass(frozen=True, kw_only=True)
class Someone:
    """A person: the name in From, the address, the program, the language of its lines; an agent has a login."""

    name: str
    address: str
    program: Program
    language: str
    login: str = ""

    @property
    def sender(self) -> str:
        return f'"{self.name}" <{self.address}>'


@dataclass(frozen=True, kw_only=True)
class Step:
    """One mail. `name`: the word in its text is made of it. What is left out is as a program makes it by itself.

    `about`: the ticket whose newest letter is answered; `kind`: of this kind; `shows`: that brought this text; `whose`:
    of somebody else's box; `to`: another address than the letter's; `tells`: who, beside its writer, may read the text;
    `by`: "login", "dmarc" or nothing at all.
    """

    name: str
    who: str
    text: str
    subject: str | None = None
    about: int | None = None
    kind: str = ""
    shows: str = ""
    whose: str = ""
    to: str = ""
    cc: str = ""
    orders: str = ""
    by: str = ""
    files: tuple[tuple[str, str, bytes], ...] = ()
    tells: tuple[str, ...] = ()
    program: Program | None = None
    fields: tuple[tuple[str, str], ...] = ()
    """Fields that stand on top, as servers on the way write them."""
    sent_from: str | None = None
    """The envelope's sender where it is not the writer."""
    forged: str = ""
    """What stands in From instead of the writer."""
    marked: bool = True
    """Whether its word is put into the text."""
    after: str = ""
    """The text whose mail is answered, where it is no letter of ours."""
    twice: bool = False
    """Whether it comes by two ways."""


@dataclass(frozen=True, kw_only=True)
class Press:
    """An agent presses a button in the newest letter about a ticket."""

    who: str
    about: int
    label: str
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class Clock:
    """The desk's time goes on by so much, and what is due then is done."""

    by: timedelta
    until: str = ""
    """A kind of letter that has to have come of it, and so many of them."""
    letters: int = 1


@dataclass(frozen=True, kw_only=True)
class Raw:
    """Bytes that no program of ours makes: `make` gets the world."""

    make: Callable[[Day], tuple[bytes, str, str]]


Act = Step | Press | Clock | Raw


@dataclass
class Box:
    """All letters that have left, in the order in which they were written; each is read once."""

    folder: Path
    _known: dict[str, Letter] = field(default_factory=dict)

    def letters(self) -> list[Letter]:
        """Everything so far."""
        for path in self.folder.glob("*"):
            if path.name not in self._known:
                return_path, recipient, raw = path.read_bytes().split(b"\r\n", 2)
                self._known[path.name] = parse_letter(raw, return_path[14:-1].decode(), recipient[15:].decode())
        return [self._known[name] for name in sorted(self._known, key=_order)]


def _order(name: str) -> tuple[int, str]:
    first, _, rest = name.split(".")[1].partition("_")
    return int(first), rest


@dataclass
class Day:
    """The desk, its people, and the clock that its daemon lives by."""

    desk: Daemon
    people: Mapping[str, Someone]
    begins: datetime
    ahead: timedelta = timedelta(0)
    sent: dict[str, Step] = field(default_factory=dict)
    """Every step by the name of its text."""
    ids: dict[str, str] = field(default_factory=dict)
    """The Message-ID of each mail, by the same."""
    _box: Box | None = None
    _settled: bool = True

    def start(self) -> None:
        """Start the daemon at the beginning of the day."""
        library = need_file("libfaketime.so.1", "/usr/lib/*/faketime", "/usr/lib*/faketime")
        self.desk.environment |= {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.desk.folder / "clock"),
            # Read at most once a second: the clock is asked a hundred thousand times. And all clocks go on together:
            # where only one does, workers that wait for each other never wait, and burn the processor.
            "FAKETIME_CACHE_DURATION": "0",
        }
        self._set(self.begins - datetime.now(UTC))
        self.desk.start()
        self._box = Box(self.desk.folder / "var" / "outgoing" / "new")

    def _set(self, ahead: timedelta) -> None:
        self.ahead = timedelta(seconds=round(ahead.total_seconds()))
        beside = self.desk.folder / "clock.new"
        beside.write_text(f"{self.ahead.total_seconds():+.0f}s\n")
        beside.replace(self.desk.folder / "clock")

    @property
    def now(self) -> datetime:
        """The desk's time."""
        return (datetime.now(UTC) + self.ahead).astimezone(HERE)

    # -- what happens --------------------------------------------------------------------------------------------------

    def play(self, acts: Iterable[Act]) -> None:
        """Everything in its order."""
        for act in acts:
            if isinstance(act, Clock):
                self._pass(act)
            elif isinstance(act, Press):
                self._press(act)
            elif isinstance(act, Raw):
                self.settle()
                raw, sender, to = act.make(self)
                self._send(raw, sender, to)
            else:
                self._write(act)
        self.settle()

    def settle(self, *, answers: bool = False) -> None:
        """Until all mails are handled and all letters have left; answers, too, or only those that need not wait."""
        if self._settled and not answers:
            return
        kept = "" if answers else "AND NOT (state = 'waiting' AND kind = 'answer')"
        query = (
            "SELECT (SELECT count(*) FROM inbox WHERE state = 'waiting') + (SELECT count(*) FROM outbox "
            f"WHERE state IN ('waiting', 'sending', 'uncertain') {kept})"
        )
        wait_for(lambda: self.ask(query)[0][0] == 0, "everything to be done")
        self._settled = True

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """Rows of the desk's database."""
        with closing(sqlite3.connect(self.desk.folder / "var" / "maild.db", timeout=10)) as database:
            return database.execute(query).fetchall()

    def _pass(self, clock: Clock) -> None:
        self.settle()
        counted = f"SELECT count(*) FROM outbox WHERE kind = '{clock.until}'"
        before = int(str(self.ask(counted)[0][0]))
        # Something has to come of it: nothing else tells that the daemon has looked at its clock again.
        assert clock.until or self.ask("SELECT 1 FROM outbox WHERE state = 'waiting'"), clock
        self._set(self.ahead + clock.by)
        if clock.until:
            wanted = before + clock.letters
            wait_for(lambda: int(str(self.ask(counted)[0][0])) >= wanted, f"letters: {clock.until}")
        self.settle(answers=True)

    def _send(self, raw: bytes, sender: str, to: str, login: str = "") -> None:
        self.desk.send(raw, sender, *[a.strip() for a in to.split(",")], login=login)
        self._settled = False

    def _write(self, step: Step) -> None:
        who = self.people[step.who]
        letter = None
        if step.about is not None:
            self.settle()
            owner = self.people[step.whose or step.who]
            letter = self.newest(owner.address, step.about, step.kind, step.shows)
        text = f"{step.text} {word(step.name)}" if step.marked else step.text
        if step.orders:
            text = f"{step.orders}\n\n{text}" if text.strip() else step.orders
        subject = step.subject
        if subject is None:
            assert letter is not None, step
            known = letter["Subject"]
            subject = known if known.lower().startswith("re:") else f"Re: {known}"
        to = step.to or (reply_address(letter) if letter is not None else SUPPORT)
        typed = Typed(
            sender=step.forged or who.sender,
            to=to,
            subject=subject,
            text=text,
            at=self.now,
            language=who.language,
            cc=step.cc,
            answers=letter,
            files=step.files,
        )
        assert step.name not in self.sent, step.name
        self.sent[step.name] = step
        raw = (step.program or who.program)(typed)
        own = re.search(rb"(?im)^message-id:\s*(<[^>]+>)", raw)
        assert own is not None
        self.ids[step.name] = own[1].decode()
        top = "".join(f"{name}: {value}\r\n" for name, value in step.fields)
        if step.after:
            named = self.ids[step.after]
            top += f"In-Reply-To: {named}\r\nReferences: {named}\r\n"
        if step.by == "dmarc":
            domain = who.address.rpartition("@")[2]
            top += f"Authentication-Results: {SERVER}; dmarc=pass header.from={domain}\r\n"
        sender = who.address if step.sent_from is None else step.sent_from
        self._send(top.encode() + raw, sender, to, who.login if step.by == "login" else "")
        if step.twice:
            other = b"Received: from backup.example by mx2.example with ESMTP; Mon, 23 Nov 2026 09:00:00 +0300\r\n"
            self._send(other + raw, sender, to)

    def _press(self, press: Press) -> None:
        """What a mail client does with a button: it opens the mail that the link describes, and it is sent."""
        self.settle()
        who = self.people[press.who]
        letter = self.newest(who.address, press.about, press.kind)
        html = read_mail(letter.raw, is_own=lambda _: False).html or ""
        found = re.search(rf'<a href="([^"]+)"[^>]*>{re.escape(press.label)}</a>', html)
        assert found is not None, (press, html)
        head, _, values = unescape(found[1]).partition("?")
        to, given = unquote(head.removeprefix("mailto:")), parse_qs(values, strict_parsing=True)
        typed = Typed(sender=who.sender, to=to, subject=given["subject"][0], text=given["body"][0], at=self.now)
        self._send(who.program(typed), who.address, to, who.login)

    # -- what lies where -----------------------------------------------------------------------------------------------

    def letters(self, to: str = "") -> list[Letter]:
        """What has left, to one address or to all."""
        assert self._box is not None
        return [letter for letter in self._box.letters() if to in ("", letter.recipient)]

    def kinds(self) -> dict[str, str]:
        """The kind of each letter by its Message-ID."""
        return {str(i): str(k) for i, k in self.ask("SELECT message_id, kind FROM outbox")}

    def newest(self, to: str, ticket: int, kind: str = "", shows: str = "") -> Letter:
        """The newest letter to somebody about a ticket, as he finds it."""
        kinds, tag = self.kinds() if kind else {}, f"[SUP-{ticket}]"
        found = [x for x in self.letters(to) if tag in x["Subject"] and (not kind or kind == kinds[x["Message-ID"]])]
        if shows:
            found = [x for x in found if word(shows) in everything(x)][:1]
        assert found, f"no letter {kind} to {to} about {tag}: {[x['Subject'] for x in self.letters(to)]}"
        return found[-1]

    def book(self) -> str:
        """Every mailbox, a line a letter: its kind, its subject, the words in it in the order of their places."""
        kinds, pages = self.kinds(), dict[str, list[str]]()
        for letter in self.letters():
            words = " ".join(words_in(letter, self.sent)) or "-"
            line = f"  {kinds[letter['Message-ID']]} | {letter['Subject']} | {words}"
            pages.setdefault(letter.recipient, []).append(line)
        return "".join("\n".join([box, *lines, ""]) for box, lines in sorted(pages.items()))


def words_in(letter: Letter, known: Collection[str]) -> list[str]:
    """Those of the words that stand in a letter, its files and its fields, with every encoding taken off."""
    return sorted(
        set(_WORD.findall(everything(letter))).intersection(known),
        key=lambda name: (name.rstrip("0123456789"), len(name), name),
    )


# -- what may never be -------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r"[a-z0-9.]+\+[a-z2-7]{20,}@desk\.example")
_ORDER = re.compile(r"(?m)^[> ]*/[a-zа-яё]+")


def leaks(letters: Iterable[Letter], sent: Mapping[str, Step], people: Mapping[str, Someone]) -> list[str]:
    """What stands in letters to people outside and is not for their eyes, looked for in every byte of them."""
    found, every = list[str](), list(letters)
    inside = [x["Message-ID"].lower() for x in every if _login_of(x.recipient, people)]
    outside = {who.address: key for key, who in people.items() if not who.login}
    for letter in every:
        if letter.recipient not in outside:
            continue
        me = outside[letter.recipient]
        told = {name for name, step in sent.items() if me in (step.who, *step.tells)}
        friends = {me}.union(*({sent[n].who, *sent[n].tells} for n in told if people[sent[n].who].login == ""))
        text = everything(letter)
        wrong = [f"the text {name}" for name in words_in(letter, sent) if name not in told]
        wrong += [f"the id {one}" for one in inside if one in text]
        own = {reply_address(x) for x in every if x.recipient == letter.recipient} | {letter.return_path}
        wrong += [f"the address {one}" for one in _TOKEN.findall(text.replace("%2b", "+")) if one not in own]
        wrong += [f"the order {one}" for one in _ORDER.findall(letter.text)]
        for key, who in people.items():
            names = [who.address] if who.login else [who.address, who.name]
            wrong += [f"{one}, who is {key}" for one in names if key not in friends and one.lower() in text]
        found += [f"to {letter.recipient}, {letter['Subject']!r}: {one}" for one in wrong]
    return found


def _login_of(address: str, people: Mapping[str, Someone]) -> str:
    return next((who.login for who in people.values() if who.address == address), "")


def deliveries(letters: Iterable[Letter], sent: Mapping[str, Step], people: Mapping[str, Someone]) -> dict[str, int]:
    """How often each answer has reached each of those whom it is for, as the new text of a letter."""
    news = [(x.recipient, read_mail(x.raw, is_own=lambda _: False).reply) for x in letters]
    answers = {name: step for name, step in sent.items() if people[step.who].login and step.about is not None}
    wanted = [(name, key) for name, step in answers.items() for key in step.tells]
    return {
        f"{name} to {key}": sum(to == people[key].address and word(name) in reply for to, reply in news)
        for name, key in wanted
    }
