"""How long a worker has computed: the stopwatch for admins' patterns. It is no clock, and knows no time of day."""

from __future__ import annotations

import resource

_WHOSE = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)  # not every system counts by OS thread


def computed_seconds() -> float:
    """Processor seconds of this OS thread. By getrusage, since programs that fake the clock fake the others too."""
    usage = resource.getrusage(_WHOSE)
    return usage.ru_utime + usage.ru_stime
