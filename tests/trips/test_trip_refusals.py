"""What the installed command answers when something is wrong: one sentence, the right status, no loss by a pipe."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from clients import write_mail
from daemon import HOST, SUPPORT, Daemon, command, ended_at_last, maild, make_desk, running_desk

MAIL = write_mail(
    "Please help me, my printer burns.", sender="a@customer.example", message_id="<pipe@customer.example>"
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Daemon]:
    """A desk that does not run."""
    made = make_desk(tmp_path / "d")
    with ended_at_last(made):
        yield made


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A desk that runs and has one ticket."""
    with running_desk(tmp_path_factory.mktemp("desk") / "d") as running:
        running.deliver(MAIL, "a@customer.example")
        yield running


def refused(desk: Daemon, status: int, *words: str) -> None:
    """`maild run` ends with this status, says these words, and shows no traceback."""
    done = desk.run("run")
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_a_port_in_use_is_unavailable_and_nothing_is_handled(desk: Daemon) -> None:
    """69, with the port's number; the other program keeps it."""
    with socket.socket() as other:
        other.bind((HOST, desk.port))
        other.listen()
        refused(desk, 69, f"port {desk.port}", "in use")


@pytest.mark.fault("A15")
def test_a_second_daemon_on_one_database_is_refused(busy: Daemon, tmp_path: Path) -> None:
    """69, with the first one's process number; the first goes on."""
    assert busy.process is not None
    text = busy.settings.read_text().replace(f"port = {busy.port}", "port = 1")
    twin = Daemon(folder=tmp_path, port=1)
    twin.settings.write_text(text.replace('"var/', f'"{busy.folder}/var/').replace("///var", f"///{busy.folder}/var"))
    shutil.copytree(busy.folder / "rules", tmp_path / "rules")
    refused(twin, 69, f"process {busy.process.pid}")
    assert busy.process.poll() is None


def test_a_folder_that_cannot_be_written_cannot_be_created_in(desk: Daemon) -> None:
    """73, with the folder's name."""
    shutil.rmtree(desk.folder / "var")
    (desk.folder / "var").write_text("this is no folder")
    refused(desk, 73, "var")
    assert maild("init", str(desk.folder)).returncode == 73


def test_a_newer_database_is_left_alone(desk: Daemon) -> None:
    """A later version has been here: refused, and not a byte of it changed."""
    assert desk.run("run", "--once").returncode == 0
    with sqlite3.connect(desk.folder / "var" / "maild.db") as database:
        table = database.execute("SELECT name FROM sqlite_master WHERE name IN ('alembic_version')").fetchone()
        assert table is not None
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    done = desk.run("run")
    assert done.returncode in (69, 78), done.stderr
    assert "newer" in done.stderr
    assert "Traceback" not in done.stderr
    assert desk.run("ingest", given=MAIL).returncode == 75


def test_broken_settings_are_told_all_at_once(desk: Daemon) -> None:
    """78 with every mistake, its line and the nearest key; `check` answers 1 for the same."""
    text = desk.settings.read_text().replace("port = ", "prot = ").replace('tag = "SUP"', "tag = 7")
    desk.settings.write_text(text + "\n[nonsense]\n")
    refused(desk, 78, "prot", "port", "tag", "nonsense", "settings.toml:")
    assert desk.run("check").returncode == 1
    assert desk.run("tickets").returncode == 78


@pytest.mark.fault("H5")
def test_broken_rules_refuse_the_start_but_no_mail(desk: Daemon) -> None:
    """78 at the start; a pipe's mail is kept all the same and handled once the rules are mended."""
    rules = desk.folder / "rules" / "routing.toml"
    good = rules.read_text()
    rules.write_text(good.replace('then.queue = "billing"', 'then.queue = "biling"', 1))
    refused(desk, 78, "biling", "routing.toml:")
    done = desk.run("ingest", "--json", given=MAIL)
    assert done.returncode in (0, 75), done.stderr
    assert len(desk.cli("inbox")) == (1 if done.returncode == 0 else 0)
    rules.write_text(good)
    desk.start()
    desk.wait_idle()
    again = desk.run("ingest", "--json", given=MAIL)
    assert again.returncode == 0
    assert json.loads(again.stdout)["ticket"] == "SUP-1001"


def _spoil_settings(desk: Daemon) -> None:
    desk.settings.write_text("[desk\n")


def _remove_settings(desk: Daemon) -> None:
    desk.settings.unlink()


def _spoil_rules(desk: Daemon) -> None:
    (desk.folder / "rules" / "routing.toml").write_bytes(b"\xff\xfe not toml")


def _remove_rules(desk: Daemon) -> None:
    shutil.rmtree(desk.folder / "rules")


def _spoil_secret(desk: Daemon) -> None:
    (desk.folder / "var" / "secret").write_text("nothing")


def _spoil_database(desk: Daemon) -> None:
    (desk.folder / "var" / "maild.db").write_bytes(b"this is no database, whatever its name says" * 100)


def _no_folder(desk: Daemon) -> None:
    shutil.rmtree(desk.folder / "var")
    (desk.folder / "var").write_text("this is no folder")


@pytest.mark.parametrize(
    "harm",
    [_spoil_settings, _remove_settings, _spoil_rules, _remove_rules, _spoil_secret, _spoil_database, _no_folder],
    ids=lambda f: f.__name__.strip("_"),
)
def test_a_pipe_hears_nothing_but_done_or_try_again(desk: Daemon, harm: Callable[[Daemon], None]) -> None:
    """Whatever is broken, a mail server must keep the mail: 0 or 75, and 0 only where the mail is safe."""
    harm(desk)
    for words in (("--sender", "x@y.example", "-"), ("--accept-only",)):
        done = desk.run("ingest", *words, given=MAIL)
        assert done.returncode in (0, 75), (words, done.returncode, done.stderr)
        assert "Traceback" not in done.stderr.partition("\n")[0]
        if done.returncode == 0:
            assert len(desk.cli("inbox")) >= 1


@pytest.mark.parametrize("words", [("--frobnicate",), ("--recipient",), ("-", "no/such/file"), ("no/such/file", "-")])
def test_a_pipe_called_in_a_wrong_way_keeps_the_mail_at_the_mail_server(desk: Daemon, words: tuple[str, ...]) -> None:
    """A mistake in the mail server's configuration is a reason to try again, not to bounce."""
    assert desk.run("ingest", *words, given=MAIL).returncode in (0, 75)


@pytest.mark.parametrize("closed", ["stdout", "both", "full disk"])
def test_a_pipe_whose_words_nobody_reads_has_taken_the_mail(desk: Daemon, closed: str) -> None:
    """The mail is on the disk, so the answer is 0: any other would bounce a mail that has its ticket."""
    reader, writer = os.pipe()
    os.close(reader)
    out = os.open("/dev/full", os.O_WRONLY) if closed == "full disk" else writer
    done = subprocess.run(
        [*command(), "--config", str(desk.settings), "ingest"],
        input=MAIL,
        stdout=out,
        stderr=writer if closed == "both" else subprocess.PIPE,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    assert desk.cli("inbox")[0]["state"] == "ticketed"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (64, ["frobnicate"]),
        (64, ["inbox", "--frobnicate"]),
        (64, ["tickets", "--limit", "0"]),
        (64, ["tickets", "--status", "nice"]),
        (64, ["tick", "--now", "tomorrow"]),
        (64, ["tick", "--now", "2026-11-23T09:00:00"]),
        (64, ["ticket", "frobnicate", "1001"]),
        (64, ["ticket", "note", "1001"]),
        (65, ["ticket", "priority", "1001", "nice"]),
        (66, ["ticket", "show", "1099"]),
        (66, ["ticket", "close", "1099"]),
        (66, ["ingest", "no/such/file"]),
        (66, ["explain", "no/such/file"]),
        (66, ["explain", "--inbox", "99"]),
        (66, ["inbox", "raw", "99"]),
        (66, ["outbox", "raw", "99"]),
        (66, ["outbox", "hold", "99"]),
        (64, ["report", "--since", "yesterday-ish"]),
        (66, ["sla", "replay", "--policy", "no/such/file"]),
        (66, ["kb", "search", "printer"]),
        (64, ["ticket", "take"]),
        (66, ["rules", "replay", "--rules", "no/such/folder"]),
        (64, ["forget", "nobody", "--yes"]),
        (64, ["db", "copy", "nonsense"]),
        (69, ["restore", "no/such/folder"]),
        (66, ["import", "no/such/file"]),
        (65, ["ticket", "merge", "1001", "1099"]),
        (73, ["backup", "/proc/none"]),
        (73, ["export", "/proc/none"]),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else str(part),
)
def test_wrong_words_get_one_sentence_and_their_status(
    busy: Daemon, capsys: pytest.CaptureFixture[str], status: int, words: list[str]
) -> None:
    """Standard error has one line that begins with "maild:", standard output nothing."""
    from maild.cli.main import run

    assert run(["--config", str(busy.settings), *words]) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("maild: ")
    assert said.err.count("\n") == 1


def test_orders_are_given_at_the_command_line_as_they_are_mailed(desk: Daemon) -> None:
    """The order, the ticket, and then what the order needs; a refused one changes nothing."""
    desk.cli("ingest", given=MAIL)
    desk.order("ticket", "assign", "1001", "anna")
    desk.order("ticket", "tag", "SUP-1001", "printer", "fire")
    desk.order("ticket", "priority", "1001", "high")
    desk.order("ticket", "note", "1001", "He called", "twice")
    assert desk.run("ticket", "queue", "1001", "nonsense").returncode == 65
    ticket = desk.ticket("1001")
    assert (ticket["assignee"], ticket["tags"], ticket["priority"]) == ("anna", ["printer", "fire"], "high")
    assert (ticket["queue"], ticket["messages"][-1]["reply"]) == ("support", "He called twice")
    assert ticket["messages"][-1]["visibility"] == "internal"


def test_what_is_not_there_yet_stands_in_no_help() -> None:
    """The help lists only what answers."""
    text = maild("ticket", "--help").stdout
    assert "\n  assign " in text
    assert "\n  take " not in text


@pytest.mark.parametrize(
    "words",
    [
        ("ticket", "--json", "show", "1001"),
        ("ticket", "show", "--json", "1001"),
        ("ticket", "show", "1001", "--json"),
        ("rules", "--json", "show"),
        ("rules", "show", "--json"),
        ("letters", "--json", "list"),
        ("inbox", "--json"),
        ("inbox", "--json", "--limit", "1"),
        ("outbox", "--json"),
        ("explain", "--json", "--inbox", "1"),
    ],
    ids=" ".join,
)
def test_json_may_stand_anywhere_behind_the_verb(
    busy: Daemon, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """Every line is an object, in ASCII."""
    from maild.cli.main import run

    assert run(["--config", str(busy.settings), *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all(isinstance(json.loads(line), dict) and line.isascii() for line in lines)


@pytest.mark.parametrize("verb", ["inbox", "tickets", "outbox"])
def test_a_reader_that_has_seen_enough_is_no_error(busy: Daemon, verb: str) -> None:
    """`maild tickets | head` ends in silence."""
    reader, writer = os.pipe()
    os.close(reader)
    words = [*command(), "--config", str(busy.settings), verb, "--json"]
    done = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, timeout=30, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_settings_are_found_by_environment_and_folder(busy: Daemon) -> None:
    """Without --config: $MAILD_CONFIG, else ./settings.toml; a missing one is told with what to do."""
    assert maild("tickets", cwd=busy.folder).stdout.startswith("SUP-1001")
    assert maild("tickets", cwd=Path("/"), MAILD_CONFIG=str(busy.settings)).stdout.startswith("SUP-1001")
    missing = maild("tickets", cwd=Path("/"), MAILD_CONFIG="")
    assert (missing.returncode, missing.stdout) == (78, "")
    assert "maild init" in missing.stderr


def test_a_folder_that_nobody_can_write_to_is_told(desk: Daemon) -> None:
    """73: on a file system that takes no files, for root as for anybody."""
    settings = desk.settings.read_text(encoding="utf-8")
    desk.settings.write_text(
        settings.replace("sqlite:///var/maild.db", "sqlite:////proc/maild/maild.db"), encoding="utf-8"
    )
    refused(desk, 73, "/proc/maild")


def test_a_mail_for_nobody_here_is_refused_at_the_door(busy: Daemon) -> None:
    """Relaying and unknown recipients are the only things that a customer's mail server is told no for."""
    import smtplib

    with smtplib.SMTP(HOST, busy.port, timeout=10) as client:
        client.ehlo()
        client.mail("a@customer.example")
        assert client.rcpt("somebody@elsewhere.example")[0] == 550
        assert client.rcpt("nobody@desk.example")[0] == 550
        assert client.rcpt(SUPPORT)[0] == 250


def test_a_password_is_read_from_a_pipe(desk: Daemon) -> None:
    """Scripts set logins, too; nothing is asked where nobody sits, and an empty one is refused."""
    done = desk.run("users", "set", "anna", given=b"correct horse\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "anna may log in\n", "")
    done = desk.run("users", "set", "anna", given=b"")
    assert (done.returncode, done.stderr) == (64, "maild: there is no password on standard input\n")


def test_a_login_that_no_agent_has_is_refused_with_the_nearest(desk: Daemon) -> None:
    """His address is one, in any case; --force sets what may come later."""
    done = desk.run("users", "set", "anne", given=b"correct horse\n")
    assert (done.returncode, "did you mean anna?" in done.stderr) == (66, True)
    done = desk.run("users", "set", "anne", "--force", given=b"correct horse\n")
    assert (done.returncode, done.stdout) == (0, "anne may log in\n")
    assert desk.run("users", "set", "Anna@desk.example", given=b"correct horse\n").returncode == 0


def test_a_preview_is_of_the_letter_that_was_named(desk: Daemon) -> None:
    """No other language is shown in its place; a name that there is not says where the names are."""
    done = desk.run("letters", "preview", "answer", "--language", "xx")
    assert (done.returncode, done.stderr) == (66, "maild: there is no letter answer in 'xx', only in en, ru\n")
    done = desk.run("letters", "preview", "anwser")
    assert (done.returncode, "maild letters list" in done.stderr) == (66, True)
    done = desk.run("letters", "preview", "canned/details", "--html", str(desk.folder / "page.html"))
    assert (done.returncode, (desk.folder / "page.html").exists()) == (64, False)


def test_one_finding_is_counted_as_one(desk: Daemon) -> None:
    """`maild check` speaks English."""
    path = desk.folder / "settings.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[desk]", "[desk]\nnamme = 1", 1), encoding="utf-8")
    assert desk.run("check").stdout.splitlines()[-1] == "1 error, 0 warnings"
