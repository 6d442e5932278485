"""Small files: written whole or not at all, so that a power cut in the middle leaves the old one; read under limits."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def create_private(path: Path) -> int:
    """A descriptor of a new file that only its owner reads. Raises OSError, also where it exists."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def read_regular(path: Path, largest: int) -> bytes:
    """What a plain file holds. Raises OSError, also for a pipe or a device, which would be waited for without end, and
    for a file of more than `largest` bytes.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        kind = os.fstat(handle)
        if not stat.S_ISREG(kind.st_mode):
            raise OSError(errno.EINVAL, "it is no plain file")
        if kind.st_size > largest:
            raise OSError(errno.EFBIG, f"it is larger than {largest // 1_000_000} MB")
        return file.read()


def write_draft(path: Path, content: bytes) -> Path:
    """The content on the disk beside `path`, mode 600, under a name of this process's own. Raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(create_private(draft), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return draft


def write_whole(path: Path, content: bytes) -> None:
    """A file with this content in the place of what is there, on the disk when it returns, mode 600. Raises OSError."""
    write_draft(path, content).replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """What a folder lists is on the disk: a rename is durable only then. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def shown_path(path: Path) -> str:
    """A path as people like to read it: from the current folder, where it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
