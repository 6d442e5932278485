"""The pages that machines ask for: /metrics, /healthz, /livez, over real HTTP from a real daemon."""

from __future__ import annotations

import http.client
import json
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from clients import write_mail
from daemon import HOST, Daemon, ended_at_last, free_port, make_desk, wait_for
from prometheus_client.parser import text_string_to_metric_families

IVAN = "ivan@customer.example"


class Watched:
    """A desk and its pages."""

    def __init__(self, desk: Daemon, port: int) -> None:
        self.desk, self.port = desk, port

    def ask(self, path: str, method: str = "GET") -> tuple[int, bytes, http.client.HTTPResponse]:
        """Status, body, and the rest."""
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=20)) as line:
            line.request(method, path)
            answer = line.getresponse()
            return answer.status, answer.read(), answer

    def figures(self) -> dict[str, float]:
        """Every sample, by its name with its labels."""
        status, body, answer = self.ask("/metrics")
        assert (status, answer.headers["Content-Type"].partition(";")[0]) == (200, "text/plain")
        return {
            sample.name + "".join(f" {key}={value}" for key, value in sample.labels.items()): sample.value
            for family in text_string_to_metric_families(body.decode())
            for sample in family.samples
        }

    def raw(self, sent: bytes) -> bytes:
        """What is answered to these bytes until the line is closed."""
        with socket.create_connection((HOST, self.port), timeout=20) as line:
            line.sendall(sent)
            found = b""
            while piece := line.recv(4096):
                found += piece
            return found


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """A running desk with its pages."""
    port = free_port()
    desk = make_desk(tmp_path / "d", {"metrics.port": port})
    with ended_at_last(desk):
        yield Watched(desk.start(), port)


def test_the_figures_tell_what_happened_and_name_nobody(watched: Watched) -> None:
    """One mail in, its letters out: counted by channel, state and outcome; no address and no subject on the page."""
    before = watched.figures()
    assert before["maild_mails_accepted_total channel=smtp"] == 0
    watched.desk.deliver(write_mail("My printer burns.", sender=IVAN, subject="Printer"), IVAN)
    letters = len(watched.desk.letters())
    after = wait_for(
        lambda: found if (found := watched.figures())["maild_mails_accepted_total channel=smtp"] else None, "a count"
    )
    assert after["maild_mails_handled_total state=ticketed"] == 1
    assert after["maild_handling_seconds_count"] == 1
    assert 0 < after["maild_handling_seconds_sum"] < 10
    assert after["maild_letters_total outcome=sent"] == letters == 3
    assert after["maild_readers_started_total"] == 1
    assert (after["maild_inbox_waiting"], after["maild_inbox_quarantined"], after["maild_rules_broken"]) == (0, 0, 0)
    assert time.time() - after["maild_last_tick_timestamp_seconds"] < 10
    assert after["maild_database_up"] == 1
    assert after["maild_database_bytes"] > 50_000
    page = watched.ask("/metrics")[1].decode().lower()
    assert "@" not in page
    assert "printer" not in page


def test_only_what_is_served_is_answered(watched: Watched) -> None:
    """GET and HEAD of three paths; anything else gets its own refusal, and endless requests are cut."""
    assert watched.ask("/healthz")[:2] == (200, b'{"status": "ok"}\n')
    assert watched.ask("/livez")[0] == 200
    status, body, answer = watched.ask("/metrics", "HEAD")
    assert (status, body) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 1000
    assert watched.ask("/")[0] == 404
    assert watched.ask("/metrics/../livez")[0] == 404
    status, _, answer = watched.ask("/livez", "POST")
    assert (status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert watched.raw(b"GET /livez\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert watched.raw(b"GET /livez HTTP/1.1\r\n" + b"X: y\r\n" * 4000).startswith(b"HTTP/1.1 431 ")
    assert watched.raw(b"GET /livez HTTP/1.1\r\nX: y\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_a_locked_database_holds_up_nobody_who_asks(watched: Watched) -> None:
    """/healthz says so with 503 within seconds, /metrics comes without its figures, /livez stays well."""
    time.sleep(0.1)
    with closing(sqlite3.connect(watched.desk.folder / "var" / "maild.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(5.2)  # what was answered before is kept for five seconds
        begun = time.monotonic()
        status, body, _ = watched.ask("/healthz")
        assert status == 503
        assert json.loads(body) == {"status": "troubled", "troubles": ["the database does not answer"]}
        figures = watched.figures()
        assert figures["maild_database_up"] == 0
        assert "maild_inbox_waiting" not in figures
        assert watched.ask("/livez")[0] == 200
        assert time.monotonic() - begun < 6
        other.execute("ROLLBACK")
    wait_for(lambda: watched.ask("/healthz")[0] == 200, "all to be well", 20)


def test_broken_rules_and_a_full_disk_are_seen(tmp_path: Path) -> None:
    """Broken rules are a figure and no reason for 503, since older ones are in force; a disk nearly full is one."""
    port = free_port()
    desk = make_desk(tmp_path / "d", {"metrics.port": port, "limits.disk_free": "900000GB"})
    with ended_at_last(desk):
        watched = Watched(desk.start(), port)
        status, body, _ = watched.ask("/healthz")
        assert status == 503
        assert " MB are left in " in json.loads(body)["troubles"][0]
        rules = desk.folder / "rules" / "routing.toml"
        rules.write_text("[[rule")
        wait_for(lambda: watched.figures()["maild_rules_broken"], "broken rules")
        assert wait_for(lambda: watched.figures()["maild_trouble cause=disk_nearly_full"], "the trouble") == 1


def test_a_port_that_is_taken_is_told_at_the_start(tmp_path: Path) -> None:
    """Two desks on a machine want two ports: the second says so and ends."""
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        desk = make_desk(tmp_path / "d", {"metrics.port": port})
        with ended_at_last(desk):
            desk.launch()
            assert desk.ended() == 69
            assert f"port {port} on {HOST} is in use: set another one under [metrics]" in desk.log()
