"""Backup and restore of a whole desk: which files belong to it, where they stand, and the log of what was kept.

The log (`keeping.jsonl` in the data folder) names the backups that were made, so that `forget` can say where a person
still stands, and counts who was forgotten, so that a restore of an older backup can say it. It names nobody.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from maild.config.settings import Settings
from maild.errors import CannotCreate
from maild.files import sync_folder
from maild.store.backup import DATABASE, MANIFEST, Manifest, copy_file, read_backup, write_backup
from maild.store.engine import Database
from maild.store.restore import Restored, make_ready, put_in_place, refuse_unless_empty
from maild.store.transfer import Progress

SETTINGS, SECRET, USERS, RULES = "settings.toml", "secret", "users", "rules"
_LOG = "keeping.jsonl"


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """What became of a restored desk: its database, and each file with a word on it."""

    database: Restored
    files: tuple[str, ...]
    forgotten_since: int
    """Persons forgotten after the backup was made: they stand in it."""


def back_up(settings: Settings, folder: Path, now: datetime, progress: Progress) -> Manifest:
    """A backup of this desk in a fresh folder. Raises CannotCreate, RetryLater, Unavailable, ConfigError."""
    database = Database(settings.database.url)
    try:
        files, left_out = files_of(settings)
        manifest = write_backup(database, folder, files, left_out, now, progress)
    finally:
        database.close()
    write_log(settings, now, "backup", folder=str(folder.absolute()))
    return manifest


def files_of(settings: Settings) -> tuple[dict[str, Path], list[str]]:
    """The files that belong into a backup, by their names in it; and what is named in the settings and left out."""
    wanted = {SETTINGS: settings.file, SECRET: settings.desk.secret_file, USERS: settings.smtp.users_file}
    files = {name: path for name, path in wanted.items() if path is not None and path.is_file()}
    rules = settings.paths.rules
    for path in sorted(rules.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            files[f"{RULES}/{path.relative_to(rules).as_posix()}"] = path
    left_out = [f"{path} ({where})" for where, path in _named_files(settings)]
    if SECRET not in files:
        left_out.append(f"{settings.desk.secret_file} ([desk] secret_file): it is not there yet")
    return files, left_out


def _named_files(settings: Settings) -> Iterator[tuple[str, str]]:
    """Passwords and keys: whoever finds a backup must not be able to log in anywhere."""
    tables: list[tuple[str, Any]] = [(f"[{f.name}]", getattr(settings, f.name)) for f in fields(settings)]
    tables = [(name, table) for name, table in tables if is_dataclass(table)]
    tables += [(f"[[imap]] {box.name}", box) for box in settings.imap]
    kept = {settings.desk.secret_file, settings.smtp.users_file, settings.outgoing.maildir}
    for name, table in tables:
        if table is settings.paths:
            continue
        for field in fields(table):
            value = getattr(table, field.name)
            if is_dataclass(value) and not isinstance(value, type):
                tables.append((f"{name} {field.name}", value))
            elif isinstance(value, Path) and value not in kept:
                yield f"{name} {field.name}", str(value)
            elif field.name == "password_env" and value is not None:
                yield f"{name} {field.name}", f"${value}"


def settings_from(folder: Path, path: Path) -> None:
    """Where there is no settings file, the backup's becomes it. Raises NotFound, DataError, CannotCreate."""
    read_backup(folder)
    source = folder / SETTINGS
    try:
        copy_file(source, path)
    except OSError as error:
        raise CannotCreate(f"cannot copy {source} to {path}: {error.strerror}") from error


def restore(settings: Settings, folder: Path, now: datetime, progress: Progress, skip: int | None) -> Placed:
    """Put a backup in place of an empty desk. Raises NotFound, DataError, CannotCreate, Unavailable, RetryLater."""
    manifest = read_backup(folder)
    refuse_unless_empty(settings.database.url)
    made_at = datetime.fromisoformat(manifest.made_at)
    url = Database.parse(settings.database.url)
    here = Path(url.database or "").parent if url.get_backend_name() == "sqlite" else settings.paths.data
    try:
        with work_file(here, "restore") as work:
            copy_file(folder / DATABASE, work)
            restored = make_ready(work, manifest.counts, made_at, now, skip)
            files = tuple(_place_files(settings, folder, manifest, now))
            put_in_place(work, settings.database.url, progress)
    except OSError as error:
        raise CannotCreate(f"cannot restore to {here}: {error.strerror or error}") from error
    forgotten = sum(line["what"] == "forget" and line["at"] > manifest.made_at for line in read_log(settings))
    write_log(settings, now, "restore", folder=str(folder.absolute()))
    return Placed(database=restored, files=files, forgotten_since=forgotten)


@contextmanager
def work_file(folder: Path, what: str) -> Iterator[Path]:
    """The name of a database beside the true one, for as long as this lasts. Raises CannotCreate."""
    work = _fresh_name(folder, what)
    try:
        yield work
    finally:
        for path in folder.glob(work.name + "*"):
            path.unlink()


def _fresh_name(folder: Path, what: str) -> Path:
    """A name for it in a folder, where what was left by such work that was killed is removed: it holds mails."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in folder.glob(f".{what}-*.db*"):
            if not _is_alive(path.name.removeprefix(f".{what}-").partition(".")[0]):
                path.unlink()
    except OSError as error:
        raise CannotCreate(f"cannot write to the folder {folder}: {error.strerror}") from error
    return folder / f".{what}-{os.getpid()}.db"


def _is_alive(pid: str) -> bool:
    """Whether a process of this machine has this number; not so what is no number."""
    with suppress(ProcessLookupError, ValueError, OverflowError):
        with suppress(PermissionError):
            os.kill(int(pid), 0)
        return int(pid) != os.getpid()
    return False


def _place_files(settings: Settings, folder: Path, manifest: Manifest, now: datetime) -> Iterator[str]:
    """The secret and the logins are the backup's; an admin's own files are never overwritten."""
    for name, path in ((SECRET, settings.desk.secret_file), (USERS, settings.smtp.users_file)):
        if name in manifest.files and path is not None:
            yield _put_secret(folder / name, path, now)
    rules = settings.paths.rules
    theirs = [name for name in manifest.files if name.startswith(f"{RULES}/")]
    if rules.is_dir() and any(rules.iterdir()):
        same = all(_same(folder / name, rules / name.removeprefix(f"{RULES}/")) for name in theirs)
        yield f"{rules}: as in the backup" if same else f"{rules}: stays as it is; the backup's are in {folder / RULES}"
        return
    for name in theirs:
        copy_file(folder / name, rules / name.removeprefix(f"{RULES}/"))
    yield f"{rules}: restored, {len(theirs)} files"


def _put_secret(source: Path, path: Path, now: datetime) -> str:
    if _same(source, path):
        return f"{path}: as in the backup"
    said = f"{path}: restored"
    if path.exists():
        aside = path.with_name(f"{path.name}.before-{now:%Y%m%d-%H%M%S}")
        path.rename(aside)
        said += f"; the one that stood there is now {aside.name}"
    copy_file(source, path)
    sync_folder(path.parent)
    return said


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()


def write_log(settings: Settings, now: datetime, what: str, **more: str) -> None:
    """One line more in the log of what was kept and forgotten. A log that cannot be written undoes nothing."""
    line = json.dumps({"at": now.isoformat(), "what": what, **more}) + "\n"
    with suppress(OSError):
        handle = os.open(settings.paths.data / _LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(line)


def read_log(settings: Settings) -> list[dict[str, str]]:
    """The log's lines, oldest first; what is no line of ours is left out."""
    try:
        text = (settings.paths.data / _LOG).read_text(encoding="ascii")
    except (OSError, ValueError):
        return []
    lines = []
    for line in text.splitlines():
        with suppress(ValueError):
            one = json.loads(line)
            if isinstance(one, dict) and {"at", "what"} <= one.keys():
                lines.append(one)
    return lines


def known_backups(settings: Settings) -> list[str]:
    """The folders of the backups that were made here and still hold a whole one."""
    found = dict.fromkeys(line["folder"] for line in read_log(settings) if line["what"] == "backup")
    return [folder for folder in found if (Path(folder) / MANIFEST).is_file()]
