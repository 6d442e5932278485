"""A backup's folder: the database as one SQLite file, the files beside it, and a manifest that is written last.

    database.db     every row, whichever database they came from
    secret, users, settings.toml, rules/...
    manifest.json   sha256 and size of each file, how many rows of each table; without it the folder is not whole

Which files belong into it is not known here.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import maild
from maild.errors import CannotCreate, DataError, NotFound
from maild.files import create_private, read_regular, sync_folder, write_whole
from maild.store import schema
from maild.store.engine import Database
from maild.store.transfer import Progress, freeze

DATABASE = "database.db"
MANIFEST = "manifest.json"
_FORM = 1
_CHUNK = 1 << 20
_LARGEST_MANIFEST = 50_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What a whole backup says of itself."""

    form: int
    maild: str
    schema: str
    made_at: str
    database: str
    """The kind it was made from: sqlite or postgresql."""
    counts: Mapping[str, int]
    files: Mapping[str, Mapping[str, Any]]
    """By name, with / between folders: size and sha256."""
    not_in_this_backup: Sequence[str]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(int(about["size"]) for about in self.files.values())


def write_backup(
    database: Database,
    folder: Path,
    files: Mapping[str, Path],
    left_out: Sequence[str],
    now: datetime,
    progress: Progress,
) -> Manifest:
    """Write a backup into a fresh folder, beside a running daemon; on the disk when it returns.

    `files` by their names in the backup. Raises CannotCreate, RetryLater, Unavailable, ConfigError; then the folder has
    no manifest, and is no backup.
    """
    with _writing(folder):
        fresh_folder(folder)
        counts = freeze(database, folder / DATABASE, progress)
        found = {DATABASE: _about(folder / DATABASE)}
        for name, source in sorted(files.items()):
            found[name] = copy_file(source, folder / name)
        _sync_folders(folder)
        manifest = Manifest(
            form=_FORM,
            maild=maild.__version__,
            schema=schema.VERSION,
            made_at=now.isoformat(),
            database="sqlite" if database.is_sqlite else "postgresql",
            counts=counts,
            files=found,
            not_in_this_backup=list(left_out),
        )
        text = json.dumps(asdict(manifest), indent=2, ensure_ascii=True) + "\n"
        write_whole(folder / MANIFEST, text.encode("ascii"))
        return manifest


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        text = f"cannot write the backup into {folder}: {error.strerror or error}; without its manifest it is none"
        raise CannotCreate(text) from error


def fresh_folder(folder: Path) -> None:
    """A folder of ours alone, made or empty. Raises CannotCreate where something stands in it."""
    if folder.exists() and not folder.is_dir():
        raise CannotCreate(f"{folder} is a file; name a folder that is empty or not there yet")
    if folder.is_dir() and any(folder.iterdir()):
        raise CannotCreate(f"{folder} is not empty; name a folder that is empty or not there yet")
    try:
        make_folder(folder)
        folder.chmod(0o700)
    except OSError as error:
        raise CannotCreate(f"cannot make the folder {folder}: {error.strerror}") from error


def make_folder(folder: Path) -> None:
    """A folder and those above it, as far as they are not there; for their owner alone. Raises OSError."""
    if not folder.is_dir():
        make_folder(folder.absolute().parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def copy_file(source: Path, target: Path) -> dict[str, Any]:
    """Copy a file, mode 600, onto the disk; its size and sha256. Raises OSError; a file that stands there is one."""
    make_folder(target.parent)
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as reading, os.fdopen(create_private(target), "wb") as writing:
        while chunk := reading.read(_CHUNK):
            digest.update(chunk)
            size += writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    return {"size": size, "sha256": digest.hexdigest()}


def _sync_folders(folder: Path) -> None:
    for below in [folder, *(p for p in folder.rglob("*") if p.is_dir())]:
        sync_folder(below)
    sync_folder(folder.absolute().parent)


def _about(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return {"size": path.stat().st_size, "sha256": digest.hexdigest()}


def read_backup(folder: Path) -> Manifest:
    """The manifest of a whole backup, each file compared with it. Raises NotFound, DataError."""
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}")
    try:
        data = json.loads(read_regular(folder / MANIFEST, _LARGEST_MANIFEST))
    except FileNotFoundError as error:
        text = f"{folder} has no {MANIFEST}: it is no backup, or one that was never finished"
        raise DataError(text) from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{folder / MANIFEST} cannot be read: {error}") from error
    manifest = _understood(folder, data)
    wrong = [name for name, about in manifest.files.items() if not _is_as_told(folder, name, about)]
    if wrong:
        raise DataError(f"this backup is damaged: {', '.join(wrong)} differs from what {MANIFEST} says, or is missing")
    return manifest


def _understood(folder: Path, data: Any) -> Manifest:
    if not isinstance(data, dict) or not isinstance(data.get("form"), int):
        raise DataError(f"{folder / MANIFEST} is no manifest of a backup")
    if data["form"] > _FORM:
        raise DataError(f"this backup was made by maild {data.get('maild')}, a newer one than this: upgrade maild")
    try:
        manifest = Manifest(**data)
        names = [name for name, about in manifest.files.items() if about["size"] >= 0 and str(about["sha256"])]
        zoned = datetime.fromisoformat(manifest.made_at).tzinfo is not None
    except (TypeError, AttributeError, ValueError, KeyError) as error:
        raise DataError(f"{folder / MANIFEST} is no manifest of a backup") from error
    if not isinstance(manifest.counts, dict) or not zoned or DATABASE not in names or len(names) != len(manifest.files):
        raise DataError(f"{folder / MANIFEST} is no manifest of a backup")
    if any(PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts for name in names):
        raise DataError(f"{folder / MANIFEST} names files outside of the backup")
    return manifest


def _is_as_told(folder: Path, name: str, about: Mapping[str, Any]) -> bool:
    path = folder / name
    return (
        not path.is_symlink()
        and path.is_file()
        and path.stat().st_size == about["size"]
        and _about(path) == dict(about)
    )
