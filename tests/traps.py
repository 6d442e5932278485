"""Deadly instants: the daemon is killed from inside, right before or right after a given step, and never by chance.

A `sitecustomize` in a folder on PYTHONPATH wraps one method of the installed maild; it is nothing but test code, and
the process that it kills is an ordinary daemon in everything else.
"""

from __future__ import annotations

import os
from pathlib import Path

_CODE = """
import functools, importlib, os, signal

module, owner, method, moment, count = os.environ["MAILD_TRAP"].split()
holder = getattr(importlib.import_module(module), owner)
original, calls = getattr(holder, method), [0]

@functools.wraps(original)
def trapped(*arguments, **named):
    calls[0] += 1
    deadly = calls[0] == int(count)
    if deadly and moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = original(*arguments, **named)
    if deadly or result and count == "-1":
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(holder, method, trapped)
"""


def trap(folder: Path, module: str, owner: str, method: str, moment: str, count: int = 1) -> dict[str, str]:
    """The environment in which the process dies before or after the `count`th call of a method; -1: after the first
    call that gave something.
    """
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(_CODE)
    path = os.pathsep.join(p for p in (str(folder), os.environ.get("PYTHONPATH", "")) if p)
    return {"PYTHONPATH": path, "MAILD_TRAP": f"{module} {owner} {method} {moment} {count}"}
