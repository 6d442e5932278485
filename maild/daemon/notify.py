"""What systemd is told: ready, reloading, stopping, and that we are alive (sd_notify(3)). Without systemd, nothing."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping

_log = logging.getLogger("maild.daemon")


class Notifier:
    """One datagram a message, to the socket that the environment names. Never raises, and never waits."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        # An abstract socket is written with @ where its name has a NUL byte.
        self._address = "\0" + path[1:] if path.startswith("@") else path
        self.watchdog = _watchdog(environment) if path else None
        """Seconds between two signs of life, half of what systemd waits; None where it does not wait for any."""

    def tell(self, *lines: str) -> None:
        """Send these lines ("READY=1") as one message."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
                sock.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            _log.warning("systemd cannot be told %s: %s", lines[0], error.strerror or error)

    def ready(self, status: str) -> None:
        """Mail may come."""
        self.tell("READY=1", f"STATUS={status}", f"MAINPID={os.getpid()}")

    def reloading(self) -> None:
        """The rules are read anew; `ready` ends it. systemd matches the two by the machine's own clock."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}", "STATUS=reading the rules")

    def stopping(self) -> None:
        """No mail is taken any more."""
        self.tell("STOPPING=1", "STATUS=finishing what is in hand")

    def alive(self) -> None:
        """Everything moves."""
        self.tell("WATCHDOG=1")


def _watchdog(environment: Mapping[str, str]) -> float | None:
    """Half of the watchdog's patience where it is meant for this process."""
    try:
        patience = int(environment.get("WATCHDOG_USEC", "0")) / 1_000_000
        whose = int(environment.get("WATCHDOG_PID", "") or os.getpid())
    except ValueError:
        return None
    return patience / 2 if patience > 0 and whose == os.getpid() else None
