"""The users file: who may log in to our listener. Lines `LOGIN:scrypt-hash`, several for a login with app passwords.

    anna:scrypt$16384$8$5$c2FsdA==$aGFzaA==
         kind   n     r p salt     hash

Nothing but checking and changing this file lives here; how often somebody may try is the listener's business.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from maild.errors import CannotCreate, DataError, Unavailable
from maild.files import write_whole

log = logging.getLogger(__name__)

_N, _R, _P = 16384, 8, 5
"""16 MB of memory and about a quarter of a second a try: what OWASP asks of scrypt."""
_MEMORY = 256 * 1024 * 1024
_LENGTH = 32
_LINE = re.compile(r"([^:\s#][^:]*):scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)\s*\Z")
_OTHERS_MAY_READ = 0o077


@dataclass(frozen=True, kw_only=True, slots=True)
class _Hash:
    n: int
    r: int
    p: int
    salt: bytes
    digest: bytes

    def matches(self, password: bytes) -> bool:
        made = _scrypt(password, self.salt, self.n, self.r, self.p, len(self.digest))
        return hmac.compare_digest(made, self.digest)


_DUMMY = _Hash(n=_N, r=_R, p=_P, salt=b"nobody", digest=bytes(_LENGTH))
_Mark = tuple[int, int, int]


class Users:
    """The users file as it stands: read again whenever it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._mark: _Mark | None = None
        self._hashes: dict[str, list[_Hash]] = {}

    def verify(self, login: str, password: str) -> bool:
        """True when one of the login's passwords is this one; takes as long for a login that does not exist.

        Works for a quarter of a second or more: call it in a worker. Raises Unavailable when the file cannot be read.
        """
        everyone = self._read()
        hashes = everyone.get(login, [])
        # As many hashes for everybody: else the time would tell which logins exist, and who has app passwords.
        padding = max((len(theirs) for theirs in everyone.values()), default=1) - len(hashes)
        secret = password.encode("utf-8", "surrogatepass")
        results = [one.matches(secret) for one in hashes]
        for _ in range(padding):
            _DUMMY.matches(secret)
        return any(results)

    def _read(self) -> dict[str, list[_Hash]]:
        with self._lock:
            try:
                stat = self._path.stat()
                mark = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                if mark != self._mark:
                    self._hashes, self._mark = _parse(self._path), mark
                    if stat.st_mode & _OTHERS_MAY_READ:
                        log.warning("%s can be read by others: chmod 600 %s", self._path, self._path)
            except OSError as error:
                raise Unavailable(f"the users file {self._path} cannot be read: {error.strerror or error}") from error
            return self._hashes


def set_password(path: Path, login: str, password: str, salt: bytes, *, add: bool = False) -> str:
    """Give a login this password instead of those it has, or beside them; the line that says so. The file is made
    where there is none.

    `salt` is 16 random bytes. Raises DataError for a login that no line can hold or an empty password, CannotCreate.
    """
    if not login or login != login.strip() or not login.isprintable() or ":" in login or login.startswith("#"):
        raise DataError(f"{login!r} cannot be a login: no colon, no # in front, no spaces around it")
    if not password:
        raise DataError("an empty password is no password")
    digest = _scrypt(password.encode(), salt, _N, _R, _P, _LENGTH)
    line = f"{login}:scrypt${_N}${_R}${_P}${b64encode(salt).decode()}${b64encode(digest).decode()}\n"
    kept = _lines(path)
    _write(path, [*(kept if add else _without(kept, login)), line])
    return line


def remove_password(path: Path, line: str) -> None:
    """Take one password out of the file, by the line that `set_password` gave. Raises CannotCreate."""
    _write(path, [kept for kept in _lines(path) if kept != line])


def remove_login(path: Path, login: str) -> bool:
    """Take a login and all its passwords out of the file; False where it was not in it. Raises CannotCreate."""
    lines = _lines(path)
    kept = _without(lines, login)
    if len(kept) == len(lines):
        return False
    _write(path, kept)
    return True


def list_logins(path: Path) -> list[str]:
    """The logins, sorted, each once."""
    return sorted({line.partition(":")[0] for line in _lines(path) if _LINE.match(line)})


def _parse(path: Path) -> dict[str, list[_Hash]]:
    hashes: dict[str, list[_Hash]] = {}
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            login, one = _read_line(line)
        except ValueError as error:
            log.warning("%s, line %d is left out: %s", path, number, error)
            continue
        hashes.setdefault(login, []).append(one)
    return hashes


def _read_line(line: str) -> tuple[str, _Hash]:
    """The login and the hash of a line; raises ValueError for what no password could ever match."""
    found = _LINE.match(line)
    if found is None:
        raise ValueError("not LOGIN:scrypt-hash")
    n, r, p = (int(word) for word in found.group(2, 3, 4))
    one = _Hash(n=n, r=r, p=p, salt=b64decode(found[5]), digest=b64decode(found[6]))
    if n < 2 or n & (n - 1) or not r or not p or 256 * n * r > _MEMORY or len(one.digest) < _LENGTH // 2:
        raise ValueError("no hash that can be computed here")
    return found[1], one


def _scrypt(password: bytes, salt: bytes, n: int, r: int, p: int, length: int) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=_MEMORY, dklen=length)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "surrogateescape").splitlines(keepends=True)
    except FileNotFoundError:
        return []


def _without(lines: Iterable[str], login: str) -> list[str]:
    return [line for line in lines if line.partition(":")[0] != login]


def _write(path: Path, lines: Sequence[str]) -> None:
    """Another file in its place, whole or not at all: somebody may be logging in now."""
    text = "".join(line if line.endswith("\n") else line + "\n" for line in lines)
    try:
        write_whole(path, text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise CannotCreate(f"the users file {path} cannot be written: {error.strerror or error}") from error
