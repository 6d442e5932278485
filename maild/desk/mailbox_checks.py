"""What `maild check` says of the mailboxes: logins that end, mailboxes that are not read, mail in them that we lack."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal

from maild.clock import Clock
from maild.config.settings import Mailbox, Settings
from maild.desk.mailboxes import StoreLedger, patience, secret_of, to_mailbox, token_account, unread_text
from maild.errors import Finding, MaildError
from maild.ingest.imap import check_mailbox
from maild.ingest.oauth2 import Tokens, refresh_warning
from maild.store import schema
from maild.store.engine import Database
from maild.store.mailboxes import MailboxStore

_NAMED = 50


def mailbox_findings(settings: Settings, now: datetime) -> list[Finding]:
    """What is told without asking any server: logins that are about to end, mailboxes that are not read."""
    found = []
    for one in settings.imap:
        account = token_account(one)
        if account and (warning := refresh_warning(account, now)):
            found.append(_finding(one, "token", warning, severity="warning"))
    # Here no server is asked, so of a database only its file is looked into.
    if settings.imap and Database.parse(settings.database.url).get_backend_name() == "sqlite":
        found += _unread(settings, now)
    return found


def _unread(settings: Settings, now: datetime) -> Iterator[Finding]:
    if (store := _store(settings)) is None:
        return
    for one in settings.imap:
        key = to_mailbox(one).key
        looked = store.looked(key)
        if looked is not None and now - looked.read_at > patience(one):
            text = unread_text(looked.read_at, "is the daemon running? its log says more")
            yield _finding(one, "unread", text, severity="warning")


def online_mailbox_findings(settings: Settings, clock: Clock) -> list[Finding]:
    """Every mailbox is logged in to and held against the ledger; nothing is taken, nothing is marked."""
    found: list[Finding] = []
    store = _store(settings)
    if store is not None and Database.parse(settings.database.url).get_backend_name() != "sqlite":
        found += _unread(settings, clock.now())
    for one in settings.imap:
        found += _held_against(one, StoreLedger(store, clock) if store else None, clock)
    return found


def _held_against(one: Mailbox, ledger: StoreLedger | None, clock: Clock) -> Iterator[Finding]:
    account = token_account(one)
    secret = partial(secret_of, one, Tokens(account, clock) if account else None)
    try:
        lost = check_mailbox(to_mailbox(one), secret, ledger, clock)
    except Exception as error:  # noqa: BLE001  # a server may answer anything, and all of it is news here
        yield _finding(one, "offline", str(error) or type(error).__name__)
        return
    hint = "the daemon takes it at its daily comparison"
    for mail in lost[:_NAMED]:
        yield _finding(one, "not-taken", f"a mail in {to_mailbox(one).key} is not in the inbox: {mail}", hint=hint)
    if len(lost) > _NAMED:
        yield _finding(one, "not-taken", f"{len(lost) - _NAMED} more mails in {to_mailbox(one).key} are not", hint=hint)


def _store(settings: Settings) -> MailboxStore | None:
    """The mailboxes' part of the database; None where there is none yet, or not this version's. None is made."""
    try:
        url = Database.parse(settings.database.url)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            return None
        database = Database(settings.database.url)
        return MailboxStore(database, "check") if schema.read_version(database) == schema.VERSION else None
    except MaildError:
        return None  # what is wrong with the database is told by its own check


def _finding(
    one: Mailbox, code: str, message: str, *, severity: Literal["error", "warning"] = "error", hint: str = ""
) -> Finding:
    where = f"[imap {one.name}]"
    return Finding(file=where, line=0, column=0, severity=severity, code=code, message=message, hint=hint)
