"""A real desk for the trips: `maild init` in a folder, the daemon as a process of its own, its command, its letters.

Whatever maild is installed where the tests run is what runs here: `python -m maild` in a folder that holds no code.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import random
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from maild.cli.main import run

HOST = "127.0.0.1"
SUPPORT = "support@desk.example"
PASSWORD = "correct horse"
T = TypeVar("T")
_BUSY = "SELECT (SELECT count(*) FROM inbox WHERE state = 'waiting') + (SELECT count(*) FROM outbox WHERE state IN {})"


@dataclass(frozen=True)
class Letter:
    """A letter of ours as it left: its bytes, its envelope, and the message in them."""

    raw: bytes
    return_path: str
    recipient: str
    message: EmailMessage

    @property
    def text(self) -> str:
        """What a person reads."""
        part = self.message.get_body(("plain", "html"))
        return str(part.get_content()) if part is not None else ""

    @property
    def everything(self) -> str:
        """The whole mail with every encoding taken off, lower-cased: what must not leak is looked for in here."""
        texts = [self.raw.decode("utf-8", "replace")]
        texts += [f"{name}: {value}" for name, value in self.message.items()]
        for part in self.message.walk():
            if not part.is_multipart():
                texts.append((part.get_payload(decode=True) or b"").decode("utf-8", "replace"))
        return "\n".join(texts).lower()

    def __getitem__(self, name: str) -> str:
        return str(self.message[name] or "")


def parse_letter(raw: bytes, return_path: str, recipient: str) -> Letter:
    """A letter from its bytes."""
    try:
        message = message_from_bytes(raw, policy=policy.default)
    except RecursionError:
        # A letter that brings a bomb along as a file: the standard library cannot read it, and no test looks inside.
        message = message_from_bytes(raw.partition(b"\r\n\r\n")[0], policy=policy.default)
    assert isinstance(message, EmailMessage)
    return Letter(raw=raw, return_path=return_path, recipient=recipient, message=message)


@dataclass
class Daemon:
    """A desk in a folder; the process may come and go."""

    folder: Path
    port: int
    lmtp: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    under: tuple[str, ...] = ()
    """Words in front of the command: a program that looks on."""
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    # -- the process ---------------------------------------------------------------------------------------------------

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.folder / "settings.toml"

    def start(self, **environment: str) -> Daemon:
        """Start the daemon and wait until it says that mail may come."""
        process = self.launch(**environment)
        deadline = time.monotonic() + 60
        while b"maild is ready" not in self._output("out"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"maild did not start ({process.poll()}): {self._output('err').decode()}")
            time.sleep(0.01)
        return self

    def launch(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start the daemon and do not wait."""
        assert self.process is None, "it runs already"
        self.starts += 1
        with open(self._log("out"), "wb") as out, open(self._log("err"), "wb") as err:
            self.process = subprocess.Popen(
                [*self.under, *command(), "--config", str(self.settings), "run"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=self.folder,
                env={**os.environ, **self.environment, **environment},
                start_new_session=True,
            )
        return self.process

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """SIGKILL, at this very moment; the exit status."""
        return self._end(signal.SIGKILL)

    def ended(self, seconds: float = 40) -> int:
        """Wait until the process has gone by itself; its exit status."""
        assert self.process is not None
        status = self.process.wait(seconds)
        self.process = None
        return status

    def _end(self, number: signal.Signals) -> int:
        assert self.process is not None
        process, self.process = self.process, None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            return process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)
            raise

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.{self.starts}"

    def _output(self, name: str) -> bytes:
        return self._log(name).read_bytes() if self._log(name).exists() else b""

    def log(self) -> str:
        """What the daemon has said on standard error, in all its lives."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("err.*")))

    # -- the command ---------------------------------------------------------------------------------------------------

    def run(self, *words: str, given: bytes = b"", **environment: str) -> subprocess.CompletedProcess[str]:
        """`maild WORDS` on this desk, whatever it answers."""
        return maild("--config", str(self.settings), *words, given=given, cwd=self.folder, **environment)

    def cli(self, *words: str, given: bytes = b"") -> list[dict[str, Any]]:
        """`maild WORDS --json` on this desk: its rows."""
        return [json.loads(line) for line in self.order(*words, "--json", given=given).splitlines()]

    def order(self, *words: str, given: bytes = b"") -> str:
        """What `maild WORDS` says. Without standard input it is called in this process, which saves the start."""
        if given:
            done = self.run(*words, given=given)
            status, said, complaint = done.returncode, done.stdout, done.stderr
        else:
            with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
                status = run(["--config", str(self.settings), *words])
            said, complaint = out.getvalue(), err.getvalue()
        assert status == 0, (words, status, complaint)
        return said

    def ticket(self, number: str) -> dict[str, Any]:
        """`maild ticket show`."""
        return self.cli("ticket", "show", number)[0]

    # -- mail ----------------------------------------------------------------------------------------------------------

    def send(
        self, raw: bytes, sender: str, *to: str, login: str = "", password: str = PASSWORD, peer: str = HOST
    ) -> str:
        """Hand a mail to the listener; what it answered to the final dot."""
        kind = smtplib.LMTP if self.lmtp else smtplib.SMTP
        recipients = to or (SUPPORT,)
        with kind(HOST, self.port, local_hostname="client.example", source_address=(peer, 0), timeout=40) as client:
            client.ehlo_or_helo_if_needed()
            if login:
                client.login(login, password)
            client.mail(sender)
            for address in recipients:
                code, text = client.rcpt(address)
                assert code == 250, (address, code, text)
            replies = [client.data(raw)]
            # LMTP answers once for each recipient (RFC 2033, 4.2).
            replies += [client.getreply() for _ in recipients[1:] if self.lmtp]
            assert [code for code, _ in replies] == [250] * len(replies), replies
            return replies[0][1].decode()

    def letters(self, to: str | None = None) -> list[Letter]:
        """The letters that have left, in the order in which they were written; those to one address."""
        new = self.folder / "var" / "outgoing" / "new"
        files = sorted(new.glob("*"), key=lambda path: int(path.name.split(".")[1].partition("_")[0]))
        letters = [_read_letter(path) for path in files]
        return [letter for letter in letters if to is None or letter.recipient == to]

    def wait_letters(self, count: int, to: str | None = None) -> list[Letter]:
        """The letters once there are so many of them."""
        return wait_for(lambda: found if len(found := self.letters(to)) >= count else None, f"{count} letters to {to}")

    def wait_idle(self, *, uncertain: bool = True) -> None:
        """Until no mail waits and no letter is under way. Looks at the tables: the command would cost a start each."""
        states = "('waiting', 'sending', 'uncertain')" if uncertain else "('waiting', 'sending')"

        def idle() -> bool:
            with closing(sqlite3.connect(self.folder / "var" / "maild.db", timeout=10)) as database:
                return bool(database.execute(_BUSY.format(states)).fetchone()[0] == 0)

        wait_for(idle, "everything to be done")

    def deliver(self, raw: bytes, sender: str, *to: str, **how: str) -> None:
        """Hand a mail to the listener and wait until everything that follows from it is done."""
        self.send(raw, sender, *to, **how)
        self.wait_idle()


def _read_letter(path: Path) -> Letter:
    return_path, recipient, raw = path.read_bytes().split(b"\r\n", 2)
    assert return_path.startswith(b"Return-Path: <"), return_path
    assert recipient.startswith(b"X-Envelope-To: "), recipient
    return parse_letter(raw, return_path[14:-1].decode(), recipient[15:].decode())


def command() -> list[str]:
    """The installed maild."""
    return [sys.executable, "-m", "maild"]


def maild(
    *words: str, given: bytes = b"", cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """`maild WORDS`, whatever it answers."""
    done = subprocess.run(
        [*command(), *words],
        input=given,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def wait_for(look: Callable[[], T | None], what: str, seconds: float = 40) -> T:
    """The first result of a look that is not empty. The limit is what the busiest machine needs, and no promise."""
    deadline = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def free_port() -> int:
    """A port that nobody listens on, below those that the system gives to outgoing connections.

    It is this process's as long as it lives: two runs beside each other never choose the same one, though a server
    takes a second before it listens.
    """
    while True:
        port = random.randrange(12000, 32000)
        if port in _given:
            continue
        with socket.socket() as sock, suppress(OSError):
            # A byte of the file stands for a port; a lock of another process is an OSError, too, and ends with it.
            fcntl.lockf(_ports(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            _given.add(port)
            sock.bind((HOST, port))
            return port


_given = set[int]()


@cache
def _ports() -> int:
    """The file on which all test processes of a user tell each other which ports they have chosen. Never closed."""
    name = Path(tempfile.gettempdir()) / f"maild-test-ports-{os.geteuid()}"
    return os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def make_desk(folder: Path, settings: Mapping[str, object] | None = None, more: str = "") -> Daemon:
    """A desk as `maild init` makes it, on a free port, with some settings ("smtp.port") changed and some text added."""
    done = maild("init", str(folder))
    assert done.returncode == 0, done.stderr
    # Answers leave at once: a test that is about the time to take them back says so.
    changes: dict[str, object] = {"smtp.port": free_port(), "outgoing.undo_delay": "0s", **(settings or {})}
    text = (folder / "settings.toml").read_text()
    for name, value in changes.items():
        text = _changed(text, name, value)
    (folder / "settings.toml").write_text(text + more)
    write_users(folder / "var" / "users", ("anna", "boris", "vera"))
    return Daemon(folder=folder, port=int(str(changes["smtp.port"])), lmtp=changes.get("smtp.protocol") == "lmtp")


def _changed(text: str, name: str, value: object) -> str:
    """The settings with one key set: in place of its line where it has one, else at the head of its section."""
    section, _, key = name.partition(".")
    lines, here, head = text.splitlines(), "", 0
    for number, line in enumerate(lines):
        if line.startswith("["):
            here = line.partition("#")[0].strip(" []")
            head = number if here == section else head
        elif here == section and line.split("=")[0].strip() == key:
            lines[number] = f"{key} = {json.dumps(value)}"
            break
    else:
        lines.insert(head + 1, f"{key} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def write_users(path: Path, logins: Iterable[str]) -> None:
    """Everybody's password is the same; hashed at a low price, or each login would cost a quarter of a second."""
    lines = []
    for login in logins:
        salt = login.encode().ljust(16, b".")
        digest = hashlib.scrypt(PASSWORD.encode(), salt=salt, n=1024, r=8, p=1, dklen=32)
        salt64, digest64 = (base64.b64encode(b).decode() for b in (salt, digest))
        lines.append(f"{login}:scrypt$1024$8$1${salt64}${digest64}\n")
    path.write_text("".join(lines))
    path.chmod(0o600)


@contextmanager
def running_desk(
    folder: Path, settings: Mapping[str, object] | None = None, more: str = "", rules: Mapping[str, str] | None = None
) -> Iterator[Daemon]:
    """A desk whose daemon runs; it is ended whatever happens. `rules` are files in place of the shipped ones."""
    desk = make_desk(folder, settings, more)
    for name, text in (rules or {}).items():
        (folder / "rules" / name).write_text(text)
    with ended_at_last(desk):
        yield desk.start()


@contextmanager
def ended_at_last(desk: Daemon) -> Iterator[Daemon]:
    """Whatever happens, no process of this desk is left behind."""
    try:
        yield desk
    finally:
        if desk.process is not None:
            desk.kill()
