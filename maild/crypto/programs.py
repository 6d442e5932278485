"""Programs that check signatures are run here: without a shell, in a folder of their own, under limits.

What they say is read from their standard output alone: on the other one they repeat what strangers wrote.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

SECONDS = 10.0
"""How long a program may take; honest ones need a tenth of a second."""
_OUTPUT_CAP = 256 * 1024
_FILE_CAP = 256 * 1024 * 1024


class NotVerified(Exception):
    """A signature does not count, and why: part of a sentence for people."""


class ProgramMissing(NotVerified):
    """The program is not installed, or does not start."""


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder that nobody else can look into, and that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="maild-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def run(program: str, arguments: Sequence[str], folder: Path) -> tuple[int, bytes]:
    """The exit status of a program and the start of its standard output; it knows no other folder than this one.

    Raises ProgramMissing, and NotVerified where it takes too long, or is ended by a signal.
    """
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": str(folder)}
    output = folder / "output"
    with output.open("wb") as standard_output:
        try:
            process = subprocess.Popen(  # noqa: S603  # the program is named by us, and there is no shell
                [program, *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=standard_output,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise ProgramMissing(f"the program {Path(program).name} is not installed, or does not start") from error
    _limit(process.pid)
    try:
        status = process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        raise NotVerified(f"{Path(program).name} took longer than {SECONDS:g} seconds over it") from None
    finally:
        # What it may have started goes with it.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if status < 0:
        # By the machine that has no memory, or by our own limits: what it had said until then is no verdict.
        raise NotVerified(f"{Path(program).name} was ended by signal {-status} before it had said anything for sure")
    with output.open("rb") as said:
        return status, said.read(_OUTPUT_CAP)


def _limit(pid: int) -> None:
    """Bounds on processor time and on the size of files, where the platform can set them for another process."""
    if hasattr(resource, "prlimit"):
        with suppress(OSError):
            resource.prlimit(pid, resource.RLIMIT_CPU, (int(SECONDS) + 1, int(SECONDS) + 1))
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (_FILE_CAP, _FILE_CAP))
