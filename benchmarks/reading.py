"""What reading a mail costs, beside a full parse by mail-parser over the same mails in the same run.

`python benchmarks/reading.py [FOLDER] [--rounds N]`: CPU time, warm, the two taken in turns mail by mail, the median of
the rounds. Then where the time of maild goes, step by step.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import mailparser

from maild.errors import Unreadable
from maild.messages import classify, forward, language, read, reply

MAILS = Path(__file__).parent.parent / "tests" / "mails"
STEPS: tuple[tuple[Any, str], ...] = (
    (read, "read_fields"),
    (read, "read_parts"),
    (read, "read_header"),
    (read, "read_body"),
    (read, "_bounce"),
    (classify, "classify"),
    (reply, "split_html"),
    (reply, "split_reply"),
    (language, "guess"),
    (forward, "find_forwarded"),
)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", nargs="?", type=Path, default=MAILS, help="a folder of mails, one a file")
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    # What mail-parser has to say of odd mails would cost it time on the terminal.
    logging.disable(logging.CRITICAL)
    mails = [path.read_bytes() for path in sorted(given.folder.rglob("*")) if path.is_file()]
    ours, theirs = _rounds(mails, given.rounds)
    print(f"{len(mails)} mails, {given.rounds} rounds, CPU time per mail in microseconds (median, and the range)")
    for name, seconds in (("maild", ours), ("mail-parser", theirs)):
        low, middle, high = (1e6 * pick(seconds) / len(mails) for pick in (min, statistics.median, max))
        print(f"  {name:12} {middle:8.0f}   {low:.0f} to {high:.0f}")
    print(f"  ratio        {statistics.median(a / b for a, b in zip(ours, theirs, strict=True)):8.2f}")
    print("where maild's time goes (a step that calls another counts only its own part)")
    for name, seconds, calls in _steps(mails):
        print(f"  {name:16} {1e6 * seconds / len(mails):8.0f}   {calls} calls")


def _rounds(mails: list[bytes], rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of each round for both, taken in turns; the first round only warms up."""
    ours, theirs = [], []
    for number in range(rounds + 1):
        sums = [0.0, 0.0]
        for raw in mails:
            for place, parse in enumerate((_maild, _mail_parser)):
                start = time.process_time_ns()
                parse(raw)
                sums[place] += (time.process_time_ns() - start) / 1e9
        if number:
            ours.append(sums[0])
            theirs.append(sums[1])
    return ours, theirs


def _maild(raw: bytes) -> object:
    try:
        return read.read_mail(raw)
    except Unreadable:
        return None


def _mail_parser(raw: bytes) -> object:
    """Everything that a user of mail-parser reads of a mail."""
    mail = mailparser.parse_from_bytes(raw)
    return mail.subject, mail.from_, mail.to, mail.body, mail.text_plain, mail.text_html, mail.attachments


def _steps(mails: Iterable[bytes]) -> list[tuple[str, float, int]]:
    """Each step's own time and its calls, costliest first; what is left is the work between the steps."""
    spent = {name: [0.0, 0] for _, name in STEPS} | {"everything else": [0.0, 0]}
    inner: list[float] = [0.0]

    def timed(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **named: Any) -> Any:
            inner.append(0.0)
            start = time.process_time()
            try:
                return step(*args, **named)
            finally:
                took = time.process_time() - start
                spent[name][0] += took - inner.pop()
                spent[name][1] += 1
                inner[-1] += took

        return run

    plain = [(module, name, getattr(module, name)) for module, name in STEPS]
    for module, name, step in plain:
        setattr(module, name, timed(name, step))
    for raw in mails:
        timed("everything else", _maild)(raw)
    for module, name, step in plain:
        setattr(module, name, step)
    return sorted(((name, seconds, int(calls)) for name, (seconds, calls) in spent.items()), key=lambda row: -row[1])


if __name__ == "__main__":
    main()
