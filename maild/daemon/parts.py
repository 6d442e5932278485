"""Parts of the daemon that the settings shape: the listener, and the lock on an SQLite database."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from maild.clock import Clock
from maild.config.settings import Settings
from maild.desk.rulebook import Rulebook
from maild.errors import CannotCreate, Unavailable
from maild.ingest.inbox import Inbox
from maild.ingest.smtp import Listener
from maild.ingest.smtp_gate import Limits
from maild.ingest.users import Users
from maild.store.engine import Database


def make_listener(settings: Settings, inbox: Inbox, clock: Clock, rulebook: Rulebook) -> Listener:
    """The SMTP or LMTP port as the settings want it. Raises Unavailable, DataError."""
    smtp, limits = settings.smtp, settings.limits
    return Listener(
        host=smtp.host,
        port=smtp.port,
        inbox=inbox,
        clock=clock,
        accepts=rulebook.accepts,
        knows_domain=rulebook.knows_domain,
        protocol="lmtp" if smtp.protocol == "lmtp" else "smtp",
        hostname=settings.desk.reply_domain,
        max_size=smtp.max_size,
        tls_cert=smtp.tls_cert,
        tls_key=smtp.tls_key,
        users=Users(smtp.users_file) if smtp.users_file is not None else None,
        limits=Limits(
            connections=limits.max_connections,
            per_peer=limits.per_peer,
            recipients=limits.recipients,
            errors=limits.errors,
            commands=limits.commands,
            session=limits.session,
            min_rate=limits.min_rate,
        ),
        trusted_relays=settings.trust.relays,
        spool_dir=str(settings.paths.data) if settings.paths.data.is_dir() else None,
        proxy_protocol=smtp.proxy_protocol,
        xclient_login=smtp.xclient_login,
    )


def lock_database(settings: Settings) -> IO[str] | None:
    """A SQLite database is one daemon's. Raises Unavailable where another has it, CannotCreate."""
    url = Database.parse(settings.database.url)
    if url.get_backend_name() != "sqlite":
        return None
    path = Path(f"{url.database}.lock")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = open(path, "a+", encoding="ascii")  # noqa: SIM115  # it is held for as long as the daemon lives
    except OSError as error:
        raise CannotCreate(f"cannot write {path}: {error.strerror}; is its folder writable?") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise Unavailable(f"another maild (process {holder}) runs on {url.database}; stop it first") from error
    file.truncate(0)
    try:
        os.write(file.fileno(), b"%d" % os.getpid())
    except OSError as error:
        file.close()
        raise CannotCreate(f"cannot write {path}: {error.strerror}; is there room on the disk?") from error
    return file
