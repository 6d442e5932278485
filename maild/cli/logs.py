"""The log: one line an event, escaped, so that no stranger's text can forge one."""

from __future__ import annotations

import logging
from typing import TextIO

_NOISY = ("mail.log", "aiosmtpd", "flufl.bounce", "imapclient", "apscheduler", "mailparser", "asyncio")
# One logs a traceback for every mail that it does not understand, one a line for every tick that comes late.
_TALKATIVE = ("flufl.bounce", "apscheduler")
_MAX_LINE = 4000


class _OneLine(logging.Formatter):
    """Time, level, part, message; control characters escaped, over-long lines cut, tracebacks on the lines behind."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()[:_MAX_LINE]
        clean = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
        line = f"{self.formatTime(record)} {record.levelname.lower()} {record.name}: {clean}"
        if record.exc_info and record.exc_info[1] is not None:
            trace = self.formatException(record.exc_info)
            line += "\n" + "\n".join(f"    {part}" for part in trace.splitlines())
        return line


def set_up_logs(stream: TextIO) -> None:
    """Write our own events from INFO up, and others' from WARNING up, to this stream."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_OneLine("%(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL if name in _TALKATIVE else logging.WARNING)
