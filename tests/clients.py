"""People with mail clients, for the trips: mails and replies as clients write them, and NeoMutt itself."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from pathlib import Path
from urllib.parse import quote

from daemon import HOST, SUPPORT, Letter
from parts import need

_counter = iter(range(1, 10**9))


def new_id(domain: str = "customer.example") -> str:
    """A Message-ID that no other mail of this run has."""
    return f"<{os.getpid()}.{time.time_ns()}.{next(_counter)}@{domain}>"


def write_mail(
    text: str,
    *,
    sender: str,
    to: str = SUPPORT,
    subject: str = "A question",
    charset: str = "utf-8",
    date: datetime | None = None,
    message_id: str | None = None,
    more: Iterable[tuple[str, str]] = (),
) -> bytes:
    """A mail as a client writes it: 8 bit in its charset, encoded words in its fields; `more` stands on top."""
    name, address = parseaddr(sender)
    fields = [
        *more,
        ("Date", format_datetime(date or datetime.now(UTC))),
        ("From", formataddr((name, address), charset)),
        ("To", to),
        ("Subject", Header(subject, charset, header_name="Subject").encode()),
        ("Message-ID", message_id or new_id()),
        ("MIME-Version", "1.0"),
        ("Content-Type", f"text/plain; charset={charset}"),
        ("Content-Transfer-Encoding", "8bit"),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in fields).replace("\r\n", "\n").replace("\n", "\r\n")
    return head.encode() + b"\r\n" + text.replace("\n", "\r\n").encode(charset) + b"\r\n"


def write_reply(letter: Letter, text: str, *, sender: str, to: str = "", threads: bool = True, **more: object) -> bytes:
    """What a client makes of "reply": to Reply-To, with References, the letter quoted below the text."""
    quoted = "\n".join(f"> {line}" for line in letter.text.splitlines())
    subject = letter["Subject"]
    chain = [("In-Reply-To", letter["Message-ID"]), ("References", f"{letter['References']} {letter['Message-ID']}")]
    own: list[tuple[str, str]] = list(more.pop("more", ()))  # type: ignore[call-overload]
    return write_mail(
        f"{text}\n\nOn Monday, {letter['From']} wrote:\n{quoted}\n",
        sender=sender,
        to=to or reply_address(letter),
        subject=subject if subject.lower().startswith("re:") else f"Re: {subject}",
        more=[*own, *(chain if threads else [])],
        **more,  # type: ignore[arg-type]
    )


def reply_address(letter: Letter) -> str:
    """The address to which a reply goes."""
    return parseaddr(letter["Reply-To"] or letter["From"])[1]


_RC = """
set realname="{name}" from="{sender}" use_from=yes use_envelope_from=yes hostname="{domain}"
set smtp_url="smtp://{login}127.0.0.1:{smtp_port}/" smtp_authenticators="plain" ssl_starttls=no ssl_force_tls=no
set folder="{folder}" record="" copy=no header_cache="" move=no quit=yes wait_key=no sleep_time=0 confirmappend=no
set editor="{folder}/editor" include=yes fast_reply=yes reply_to=yes reply_self=yes abort_unmodified=no beep=no
set abort_nosubject=no abort_noattach=no crypt_use_gpgme=no charset="utf-8" send_charset="us-ascii:utf-8"
set my_nothing="" imap_user="{sender}" imap_pass="{password}" imap_authenticators="plain:login"
"""


class Person:
    """Somebody with NeoMutt, an IMAP mailbox and a mail server to send by; `login` authenticates the sending."""

    def __init__(self, sender: str, name: str, *, imap: int, smtp: int, password: str, login: str = "") -> None:
        self.sender, self.name, self._imap, self._smtp = sender, name, imap, smtp
        self._password, self._login = password, login

    def write(self, to: str, subject: str, text: str) -> None:
        """A new mail."""
        with tempfile.TemporaryDirectory() as folder:
            rc = self._rc(Path(folder), "")
            subprocess.run(
                [need("neomutt"), "-n", "-F", str(rc), "-s", subject, "--", to],
                input=text.encode(),
                env=_environment(folder),
                check=True,
                capture_output=True,
                timeout=30,
            )

    def reply(self, message_id: str, text: str) -> None:
        """Open the mailbox, find the mail, answer above its quotation, send."""
        pattern = re.sub(r"\W", ".", message_id.strip("<> "))
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            (home / "text").write_text(text.rstrip("\n") + "\n", encoding="utf-8")
            editor = home / "editor"
            editor.write_text(
                f'#!/bin/sh\ncat {shlex.quote(str(home / "text"))} "$1" > "$1.new" && cat "$1.new" > "$1"\n'
            )
            editor.chmod(0o755)
            keys = f"push \"<limit>~i '{pattern}'<enter><reply><send-message><quit>\"\n"
            rc = self._rc(home, keys)
            _on_a_terminal([need("neomutt"), "-n", "-F", str(rc), "-f", f"imap://{HOST}:{self._imap}/INBOX"], home)

    def forward(self, raw: bytes, to: str, text: str, *, attached: bool) -> None:
        """Open a mailbox that holds this mail alone, pass it on with words above it, attached or in the text."""
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            (home / "mbox").write_bytes(b"From x Sat Nov 21 10:00:00 2026\n" + raw.replace(b"\r\n", b"\n") + b"\n")
            (home / "text").write_text(text.rstrip("\n") + "\n\n", encoding="utf-8")
            editor = home / "editor"
            editor.write_text(
                f'#!/bin/sh\ncat {shlex.quote(str(home / "text"))} "$1" > "$1.new" && cat "$1.new" > "$1"\n'
            )
            editor.chmod(0o755)
            whole = f"set mime_forward={'yes' if attached else 'no'} mime_forward_rest=yes forward_attachments=no\n"
            keys = f'{whole}push "<forward-message>{to}<enter><send-message><quit>"\n'
            _on_a_terminal([need("neomutt"), "-n", "-F", str(self._rc(home, keys)), "-f", str(home / "mbox")], home)

    def threads(self, most: int = 10) -> list[list[str]]:
        """The mailbox sorted by threads, by their ids alone: the Message-IDs of each thread, `most` threads at most."""
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            pipe = "<tag-thread><tag-prefix><pipe-message>cat > {}<enter><untag-pattern>~A<enter><next-thread>"
            keys = "".join(pipe.format(home / f"thread{number}") for number in range(most))
            more = "set sort=threads strict_threads=yes pipe_split=no pipe_decode=no mark_old=no\n"
            rc = self._rc(home, f'{more}push "<first-entry>{keys}<quit>"\n')
            _on_a_terminal([need("neomutt"), "-n", "-F", str(rc), "-f", f"imap://{HOST}:{self._imap}/INBOX"], home)
            mails = [(home / f"thread{number}").read_text(errors="replace") for number in range(most)]
        found = [sorted(re.findall(r"(?im)^message-id:\s*(<[^>\s]+>)", text)) for text in mails]
        # Behind the last thread there is none: it comes again.
        return [ids for at, ids in enumerate(found) if ids not in found[:at]]

    def _rc(self, folder: Path, keys: str) -> Path:
        login = f"{self._login}:{quote(self._password)}@" if self._login else ""
        rc = folder / "rc"
        rc.write_text(
            _RC.format(
                name=self.name,
                sender=self.sender,
                domain=self.sender.rpartition("@")[2],
                login=login,
                smtp_port=self._smtp,
                folder=folder,
                password=self._password,
            )
            + keys
        )
        return rc


def _environment(home: str | Path) -> dict[str, str]:
    return {**os.environ, "TERM": "xterm", "HOME": str(home), "LC_ALL": "C.UTF-8"}


def _on_a_terminal(words: list[str], home: Path, seconds: float = 30) -> None:
    """Run a program that insists on a terminal; RuntimeError with its screen where it does not end well."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        words, stdin=slave, stdout=slave, stderr=slave, cwd=home, env=_environment(home), start_new_session=True
    )
    os.close(slave)
    screen, deadline = b"", time.monotonic() + seconds
    try:
        with suppress(OSError):  # the program has gone, and its terminal with it
            while time.monotonic() < deadline:
                if select.select([master], [], [], 0.2)[0]:
                    screen += os.read(master, 65536)
        if process.wait(max(0.1, deadline - time.monotonic())) != 0:
            raise RuntimeError(f"{words[0]} ended with {process.returncode}: {screen[-1500:]!r}")
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{words[0]} did not end; its screen: {screen[-1500:]!r}") from None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(master)
