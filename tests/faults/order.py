"""Was the mail on the disk before the 250? A killed process cannot tell: what it wrote lives on in the system's memory.

The system calls can. Between the mail's first bytes and the answer there must be a write of the database's log, and
behind that write a sync of this very file that succeeded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

CALLS = "fsync,fdatasync,recvfrom,read,sendto,sendmsg,write,pwrite64"
_LINE = re.compile(r"(?P<thread>\d+) +(?P<rest>.*)")
_RESUMED = re.compile(r"<\.\.\. (?P<call>\w+) resumed>(?P<rest>.*)")


def words(trace: Path) -> tuple[str, ...]:
    """What stands in front of the daemon's command."""
    return ("strace", "-f", "-y", "-s", "64", "--seccomp-bpf", "-e", f"trace={CALLS}", "-o", str(trace))


@dataclass
class Count:
    """Mails whose 250 came behind a sync of their bytes, and others."""

    synced: int = 0
    not_synced: int = 0


def _whole(lines: Iterable[str]) -> Iterable[str]:
    """System calls, each in one line at the moment at which it ended."""
    begun: dict[str, str] = {}
    for line in lines:
        found = _LINE.match(line)
        if found is None:
            continue
        thread, rest = found["thread"], found["rest"]
        if rest.endswith("<unfinished ...>"):
            begun[thread] = rest.removesuffix("<unfinished ...>")
        elif resumed := _RESUMED.match(rest):
            yield begun.pop(thread, resumed["call"] + "(") + resumed["rest"]
        else:
            yield rest


def _says(call: str, code: str) -> bool:
    return call.startswith(("sendto(", "sendmsg(", "write(")) and f'"{code} ' in call


def count_synced(trace: Path, mark: str) -> Count:
    """Go through a trace: one client, one mail after the other, each beginning with `mark`."""
    count, in_data, begun, wrote, synced = Count(), False, False, False, False
    with trace.open(errors="replace") as lines:
        for call in _whole(lines):
            if not in_data:
                in_data, begun = _says(call, "354"), False
            elif call.startswith(("recvfrom(", "read(")) and f'"{mark}' in call and not begun:
                # Only the first time: the reader of mails gets the same bytes, perhaps before the client is answered.
                begun, wrote, synced = True, False, False
            elif begun and call.startswith(("pwrite64(", "write(")) and "-wal>" in call:
                wrote, synced = True, False
            elif begun and re.match(r"f(data)?sync\(\d+<[^>]*-wal>\s*\)\s+= 0", call):
                synced = wrote
            elif begun and _says(call, "250"):
                in_data = False
                count.synced += synced
                count.not_synced += not synced
    return count
