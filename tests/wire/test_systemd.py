"""What systemd hears from a real daemon, on a real socket; and the unit that is shipped."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from daemon import ended_at_last, make_desk, wait_for

from maild.daemon.notify import Notifier
from maild.daemon.ticks import Beat

ROOT = Path(__file__).parents[2]


class Systemd:
    """Its end of the socket."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.settimeout(15)

    def next(self) -> list[str]:
        """The lines of the next message that is no sign of life."""
        while (said := self.any()) == ["WATCHDOG=1"]:
            pass
        return said

    def any(self) -> list[str]:
        """The lines of the next message."""
        return self._socket.recv(4096).decode().splitlines()

    def close(self) -> None:
        """No more."""
        self._socket.close()


@pytest.mark.parametrize("abstract", [False, True])
def test_a_daemon_says_when_it_is_ready_reloads_lives_and_stops(tmp_path: Path, abstract: bool) -> None:
    """READY when mail may come; RELOADING with the machine's time around a SIGHUP; WATCHDOG in between; STOPPING."""
    path = f"\0maild-test-{os.getpid()}" if abstract else str(tmp_path / "s")
    systemd = Systemd(path)
    desk = make_desk(tmp_path / "d")
    with ended_at_last(desk):
        process = desk.launch(NOTIFY_SOCKET=path.replace("\0", "@"), WATCHDOG_USEC="4000000")
        ready = systemd.next()
        assert ready[:2] == ["READY=1", f"STATUS=mail comes in on 127.0.0.1, port {desk.port}"]
        socket.create_connection(("127.0.0.1", desk.port), timeout=5).close()
        for _ in range(2):
            begun = time.monotonic()
            assert systemd.any() == ["WATCHDOG=1"]
            assert time.monotonic() - begun < 4
        (desk.folder / "rules" / "routing.toml").write_text("[[rule")
        before = time.monotonic_ns() // 1000
        process.send_signal(signal.SIGHUP)
        reloading = systemd.next()
        assert reloading[0] == "RELOADING=1"
        assert before <= int(reloading[1].removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
        assert systemd.next()[:2] == [ready[0], ready[1] + "; the rules are broken, older ones are in force"]
        assert desk.stop() == 0
        assert systemd.next()[0] == "STOPPING=1"
    systemd.close()


def test_a_desk_that_hangs_gives_no_sign_of_life() -> None:
    """The worker, a tick, a worker that has ended: each keeps the sign back, and only what hangs long is hanging."""
    from maild.daemon import vitals as looked_at

    class Part:
        lives, turn_in_hand, late = True, None, ()

        def overdue(self, _patience: float) -> list[str]:
            return list(self.late)

    part = Part()
    vitals = object.__new__(looked_at.Vitals)
    vitals.parts = type("Parts", (), {"worker": part, "ticks": part})()
    vitals._turn, vitals._turn_since = None, 0.0
    assert vitals.hangs() == []
    part.turn_in_hand = 7
    assert vitals.hangs() == []
    vitals._turn_since -= looked_at._TURN_LONG + 1
    assert vitals.hangs() == ["the worker that handles mails is stuck"]
    part.turn_in_hand = 8
    assert vitals.hangs() == []
    part.late = ("deadlines",)
    assert vitals.hangs() == ["the tick of deadlines stands still"]
    part.late, part.lives = (), False
    assert vitals.hangs() == ["the worker that handles mails has ended"]


def test_a_watchdog_meant_for_another_process_is_left_alone(tmp_path: Path) -> None:
    """WATCHDOG_PID names the process; without a socket nothing is said at all."""
    path = str(tmp_path / "s")
    given = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "10000000"}
    assert Notifier(given).watchdog == 5
    assert Notifier({**given, "WATCHDOG_PID": str(os.getpid())}).watchdog == 5
    assert Notifier({**given, "WATCHDOG_PID": "1"}).watchdog is None
    assert Notifier({"WATCHDOG_USEC": "10000000"}).watchdog is None
    Notifier({}).ready("nobody hears it")
    Notifier(given).ready("nobody is there")


def test_the_beat_does_not_pile_up_and_ends() -> None:
    """While the loop is busy the beat waits for it; stopped, it comes no more."""
    beats = list[float]()

    async def live() -> None:
        beat = Beat(lambda: beats.append(time.monotonic()), 0.02)
        beat.start()
        while len(beats) < 3:
            await asyncio.sleep(0.01)
        time.sleep(0.2)  # the loop hangs
        before = len(beats)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(beats) <= before + 2
        beat.stop()
        count = len(beats)
        await asyncio.sleep(0.1)
        assert len(beats) == count > 2

    asyncio.run(live())
    wait_for(lambda: not any(thread.name == "maild-beat" for thread in threading.enumerate()), "the end of the beat")


def test_the_shipped_unit_is_one_that_systemd_understands(tmp_path: Path) -> None:
    """Every line is known to it; it names the notification and the watchdog that the daemon serves."""
    text = (ROOT / "packaging" / "maild.service").read_text()
    assert "\nType=notify\n" in text
    assert "\nWatchdogSec=" in text
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is missing: apt-get install systemd")
    unit = tmp_path / "maild.service"
    unit.write_text(text.replace("/opt/maild/bin/maild", "/bin/true").replace("User=maild", "User=root"))
    done = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
