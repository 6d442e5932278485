"""The log: one line an event, escaped, so that no stranger's text can forge one, and short."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TextIO

_NOISY = ("mail.log", "aiosmtpd", "flufl.bounce", "imapclient", "apscheduler", "mailparser", "asyncio")
# One logs a traceback for every mail that it does not understand, one a line for every tick that comes late.
_TALKATIVE = ("flufl.bounce", "apscheduler")
_MAX_MESSAGE = 4000
_MAX_TRACE = 8000
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; anything else is a field that was given with the event."""


def escaped(text: str) -> str:
    """The text without a character that a terminal or a reader of lines would obey: it stands there as its number."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


class _Text(logging.Formatter):
    """Time, level, part, message; tracebacks on the lines behind, set in."""

    def format(self, record: logging.LogRecord) -> str:
        head = f"{self.formatTime(record)} {record.levelname.lower()} {record.name}: "
        lines = [head + escaped(record.getMessage()[:_MAX_MESSAGE])]
        lines += [f"    {escaped(line)}" for line in _trace(self, record).splitlines()]
        return "\n".join(lines)


class _Json(logging.Formatter):
    """An object a line: time, level, logger, message, the event's own fields, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = record.getMessage()
        row: dict[str, object] = {
            "time": at,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message[:_MAX_MESSAGE],
        }
        row |= {name: _plain(value) for name, value in vars(record).items() if name not in _OWN and name not in row}
        if trace := _trace(self, record):
            row["traceback"] = trace
        # ASCII: what is not printable stands there as its number.
        return json.dumps(row, ensure_ascii=True)


_FORMATS: Mapping[str, Callable[[], logging.Formatter]] = {"text": _Text, "json": _Json}
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))


class _ForJournal(logging.Formatter):
    """Another's lines with the priority in front that systemd's journal reads (sd-daemon(3))."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        mark = next(mark for level, mark in _PRIORITIES if record.levelno >= level)
        return "\n".join(f"<{mark}>{line}" for line in self._inner.format(record).split("\n"))


def set_up_logs(stream: TextIO, form: str = "text", level: str = "info") -> None:
    """Write our own events from this level up, and others' from WARNING up, to this stream, as "text" or "json"."""
    formatter = _FORMATS[form]()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_ForJournal(formatter) if _is_journal(stream, os.environ) else formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL if name in _TALKATIVE else logging.WARNING)


def _is_journal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether what is written here goes to the journal: the environment names the very file (systemd.exec(5))."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """The end of the traceback, which says most; nothing where there is none."""
    if not record.exc_info or record.exc_info[1] is None:
        return ""
    return formatter.formatException(record.exc_info)[-_MAX_TRACE:]


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | bool | None) else str(value)[:_MAX_MESSAGE]
