"""`maild demo`: a small conversation through the running daemon, each letter shown.

Nothing is faked: the mails go over SMTP to the listener, the agent logs in with a password made for this one call, and
every letter shown is read out of the outbox.
"""

from __future__ import annotations

import secrets
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from maild.cli.app import App
from maild.cli.output import clean_text
from maild.cli.tickets import tickets
from maild.cli.users import users_file
from maild.errors import MaildError, Unavailable
from maild.messages.mail import Mail
from maild.messages.read import read_mail
from maild.outgoing.smtp import Security, SmtpTransport
from maild.people.team import Agent
from maild.threads.plan import OutgoingMail

_WAIT_SECONDS = 15.0
_IVAN = "ivan@customer.example"
_JOHN = "john@customer.example"
_QUESTION = """Здравствуйте!

Принтер на третьем этаже не печатает с утра: горит красная лампа.
Что делать?

Иван Петров
"""
_INVOICE = """Hello,

invoice 42 shows a wrong total, please see the attached copy.

John Brown
"""
_ANSWER = """/take
/tag printer

Добрый день, Иван!

Красная лампа значит, что открыта задняя крышка. Закройте её до щелчка.

--\x20
Анна
"""
_THANKS = """Закрыл, но лампа всё ещё горит.
"""
_AWAY = """I am out of the office until Monday.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parcel:
    sender: str
    recipient: str
    fields: Mapping[str, str]
    text: str
    attachment: tuple[str, bytes] | None = None


@click.command()
@click.pass_obj
def demo(app: App) -> None:
    """A small conversation through the running daemon, each letter shown."""
    play = _Play(app)
    desk = app.settings.desk.address
    play.say(f"Ivan writes to {desk}, in Russian")
    asked = play.send(
        _Parcel(
            sender=_IVAN,
            recipient=desk,
            fields={"From": f"Иван Петров <{_IVAN}>", "Subject": "Не работает принтер"},
            text=_QUESTION,
        )
    )
    play.say(f"John writes to {desk}, with an attachment")
    billed = play.send(
        _Parcel(
            sender=_JOHN,
            recipient=desk,
            fields={"From": f"John Brown <{_JOHN}>", "Subject": "Wrong invoice"},
            text=_INVOICE,
            attachment=("invoice-42.txt", b"total: 1000\n"),
        )
    )
    agent = play.agent(asked)
    play.say(f"{agent.name} answers from an own mail client, in an authenticated session")
    note = play.letter(asked, agent.address)
    with play.login(agent) as password:
        play.send(_reply(note, f"{agent.name} <{agent.address}>", _ANSWER), login=agent.id, password=password)
    play.say("Ivan replies to the answer")
    play.send(_reply(play.letter(asked, _IVAN), f"Иван Петров <{_IVAN}>", _THANKS))
    play.say("John's mailbox says that he is away: nobody answers a machine")
    away = _reply(play.letter(billed, _JOHN), f"John Brown <{_JOHN}>", _AWAY, {"Auto-Submitted": "auto-replied"})
    play.send(away)
    click.secho("\nThe tickets now", bold=True)
    click.get_current_context().invoke(
        tickets, status=None, queue=None, assignee=None, overdue=False, search=None, limit=10
    )
    click.echo("\n`maild ticket show NUMBER` tells the whole story of one; `maild explain --inbox ID` says why.")


def _reply(to: Mail, sender: str, text: str, more: Mapping[str, str] | None = None) -> _Parcel:
    """What a mail client makes of "reply": to Reply-To, with the references of the letter, its text quoted below."""
    quoted = "\n".join(f"> {line}" for line in to.text.splitlines())
    address = to.reply_to[0].address if to.reply_to else to.sender.address if to.sender else ""
    fields = {
        "From": sender,
        "Subject": f"Re: {to.subject}",
        "In-Reply-To": to.message_id or "",
        "References": " ".join((*to.references, to.message_id or "")),
        **(more or {}),
    }
    body = f"{text}\nOn Monday somebody wrote:\n{quoted}\n"
    return _Parcel(sender=sender.rpartition("<")[2].strip(">"), recipient=address, fields=fields, text=body)


class _Play:
    """Sends the mails, waits for what becomes of them, shows the letters that come out."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._shown = max((row["id"] for row in app.keep.outbox.listing()), default=0)
        self._number = 0

    def say(self, what: str) -> None:
        """One line that tells what happens next."""
        self._number += 1
        click.secho(f"\n{self._number}. {what}", bold=True)

    def agent(self, message_id: str) -> Agent:
        """The first agent who was told of a mail. Raises Unavailable where there is nobody."""
        team, number = self._app.office.practice.team, self._ticket(message_id)
        told = [r["recipients"][0]["address"] for r in self._app.keep.outbox.listing() if r["ticket"] == number]
        for address in told:
            if (agent := team.agent_by_address(address)) is not None:
                return agent
        raise Unavailable("no agent was told of the mail; rules/teams.toml says who serves")

    @contextmanager
    def login(self, agent: Agent) -> Iterator[str]:
        """A password of the agent's that lives for this call alone, beside those there are."""
        from maild.ingest.users import remove_password, set_password

        path, password = users_file(self._app), secrets.token_urlsafe(18)
        line = set_password(path, agent.id, password, secrets.token_bytes(16), add=True)
        try:
            yield password
        finally:
            remove_password(path, line)

    def send(self, parcel: _Parcel, login: str = "", password: str = "") -> str:
        """Hand a mail to the listener, wait until it is handled, show the letters; its Message-ID."""
        smtp = self._app.settings.smtp
        message_id = f"<{secrets.token_hex(8)}@demo.customer.example>"
        raw = _write(parcel, message_id, self._app.clock.now())
        transport = SmtpTransport(
            host=smtp.host,
            port=smtp.port,
            security=Security.NONE,
            username=login,
            password=password,
            local_hostname="demo.example",
        )
        mail = OutgoingMail(
            id=0,
            message_id=message_id,
            envelope_from=parcel.sender,
            recipients=(parcel.recipient,),
            raw=raw,
            attempts=1,
            created_at=self._app.clock.now(),
        )
        try:
            outcome = transport.send(mail, lambda: None)
        except MaildError as error:
            raise Unavailable(
                f"the listener does not take it: {error}; is `maild run` running on these settings?"
            ) from error
        finally:
            transport.close()
        if not outcome.accepted:
            raise Unavailable(f"the listener refused: {outcome.refused or outcome.deferred or outcome.error}")
        self._tell(self._finished(message_id))
        return message_id

    def _finished(self, message_id: str) -> Mapping[str, Any]:
        deadline = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < deadline:
            for row in reversed(self._app.keep.inbox.listing()):
                if row["message_id"] == message_id and row["state"] != "waiting":
                    return row
            time.sleep(0.05)
        raise Unavailable(
            f"the mail is accepted and was not handled within {_WAIT_SECONDS:.0f} s; `maild inbox` says why"
        )

    def _tell(self, row: Mapping[str, Any]) -> None:
        click.echo(clean_text(f"   -> {row['state']}: {row['reason']}"))
        for letter in self._app.keep.outbox.listing():
            if letter["id"] > self._shown:
                self._show(letter)
                self._shown = letter["id"]

    def _show(self, row: Mapping[str, Any]) -> None:
        mail = read_mail(self._app.keep.outbox.raw(row["id"]))
        sender = f"{mail.sender.name} <{mail.sender.address}>" if mail.sender else ""
        click.secho(f"\n   {row['kind']} to {', '.join(r['address'] for r in row['recipients'])}", fg="cyan")
        lines = [f"From: {sender}", f"Subject: {mail.subject}", "", *mail.text.splitlines()]
        for line in lines:
            click.echo(clean_text(f"   | {line}"))

    def _ticket(self, message_id: str) -> str | None:
        rows = self._app.keep.inbox.listing()
        return next((str(row["ticket"]) for row in rows if row["message_id"] == message_id), None)

    def letter(self, message_id: str, recipient: str) -> Mail:
        """The newest letter to somebody on the ticket that a mail opened."""
        ticket = self._ticket(message_id)
        for row in reversed(self._app.keep.outbox.listing()):
            if row["ticket"] == ticket and any(r["address"] == recipient for r in row["recipients"]):
                return read_mail(self._app.keep.outbox.raw(row["id"]))
        raise Unavailable(f"no letter to {recipient} came out; `maild outbox` lists what did")


def _write(parcel: _Parcel, message_id: str, now: datetime) -> bytes:
    """The mail's bytes: UTF-8 fields as encoded words, the text in base64, an attachment where there is one."""
    fields = {
        **parcel.fields,
        "To": parcel.recipient,
        "Date": now.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "Message-ID": message_id,
        "MIME-Version": "1.0",
    }
    head = "".join(f"{name}: {_encoded(value)}\r\n" for name, value in fields.items())
    text = _part("text/plain; charset=utf-8", parcel.text.encode())
    if parcel.attachment is None:
        return f"{head}{text}".encode()
    name, content = parcel.attachment
    attached = _part(
        f'application/octet-stream; name="{name}"', content, f'Content-Disposition: attachment; filename="{name}"\r\n'
    )
    mark = f"demo-{message_id[1:17]}"
    parts = "".join(f"--{mark}\r\n{part}\r\n" for part in (text, attached))
    return f'{head}Content-Type: multipart/mixed; boundary="{mark}"\r\n\r\n{parts}--{mark}--\r\n'.encode()


def _part(kind: str, content: bytes, more: str = "") -> str:
    body = b64encode(content).decode()
    lines = "\r\n".join(body[i : i + 76] for i in range(0, len(body), 76))
    return f"Content-Type: {kind}\r\n{more}Content-Transfer-Encoding: base64\r\n\r\n{lines}\r\n"


def _encoded(value: str) -> str:
    """Words that are not ASCII as encoded words (RFC 2047); what is ASCII stays as it is."""
    words = [w if w.isascii() else f"=?utf-8?B?{b64encode(w.encode()).decode()}?=" for w in value.split(" ")]
    # The space between two encoded words is not shown, so it goes into the second one.
    for i in range(1, len(words)):
        if words[i].startswith("=?") and words[i - 1].startswith("=?"):
            words[i] = f"=?utf-8?B?{b64encode((' ' + value.split(' ')[i]).encode()).decode()}?="
    return "\r\n ".join(words) if len(" ".join(words)) > 70 else " ".join(words)
