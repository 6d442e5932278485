"""The daemon's ticks: a bug in one is told, and the ticks go on."""

from __future__ import annotations

import asyncio
import logging

import pytest

from maild.daemon import told_once


class Work:
    """Fails as long as it is told to."""

    def __init__(self) -> None:
        self.fails, self.calls = True, 0

    async def do(self) -> None:
        """One tick."""
        self.calls += 1
        if self.fails:
            raise RuntimeError("no such letter")


def test_a_tick_that_fails_is_told_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    """The first failure of a row is logged with its traceback; after a success the next one is news again."""
    work = Work()
    tick = told_once("rules", work.do)

    async def days() -> None:
        for work.fails in (True, True, False, True, True):
            await tick()

    with caplog.at_level(logging.ERROR, "maild.daemon"):
        asyncio.run(days())
    assert work.calls == 5
    assert [record.getMessage() for record in caplog.records] == ["the tick of rules fails: no such letter"] * 2
    assert all(record.exc_info for record in caplog.records)
