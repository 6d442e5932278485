"""The daemon: builds the parts, starts and stops them in order, and says how it is. What the parts do stands with them.

`life.py` is the order of things, `ticks.py` what comes regularly; the other files are how a machine's keeper sees it.
"""

from maild.daemon.life import Daemon
from maild.daemon.parts import lock_database
from maild.daemon.ticks import told_once

__all__ = ["Daemon", "lock_database", "told_once"]
