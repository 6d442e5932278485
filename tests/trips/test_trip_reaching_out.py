"""Rules that reach out of a real desk: a program called by HTTPS, however it behaves, and a developer who answers."""

from __future__ import annotations

import json
import signal
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from clients import write_mail, write_reply
from daemon import Daemon, ended_at_last, make_desk, wait_for
from traps import trap
from wire.hook_server import SECRET, HookServer, authority

IVAN = "ivan@customer.example"
DEV = "dev@partner.example"
RULES = """
[[rule]]
name = "Everything else"
default = true
then = {{ {} }}
"""


@contextmanager
def desk_with(folder: Path, then: str, *hooks: tuple[str, str]) -> Iterator[Daemon]:
    """A desk whose default rule does this, with these webhooks; the daemon does not run yet."""
    (folder / "secret").write_text(SECRET)
    more = "".join(
        f'\n[[webhook]]\nname = "{name}"\nurl = "{url}"\nsecret_file = "{folder / "secret"}"\n'
        f'timeout = "20s"\nca_file = "{folder / "ca.pem"}"\n'
        for name, url in hooks
    )
    desk = make_desk(folder / "d", more=more)
    (desk.folder / "rules" / "routing.toml").write_text(RULES.format(then))
    with ended_at_last(desk):
        yield desk


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """A certificate for 127.0.0.1, and who signed it in ca.pem."""
    return authority(tmp_path)[0]


def calls_of(desk: Daemon, name: str) -> list[dict[str, object]]:
    """The calls to a webhook as the command lists them."""
    return [row for row in desk.cli("outbox") if row["kind"] == "webhook" and row["to"][0]["name"] == name]


def test_a_webhook_that_hangs_holds_up_neither_mail_nor_another_webhook(tmp_path: Path, tls: ssl.SSLContext) -> None:
    """It is given its time, and the call goes again after a minute."""
    with HookServer(tls).running() as slow, HookServer(tls).running() as quick:
        slow.answers.append("hang")
        then = 'webhook = ["slow", "quick"]'
        with desk_with(tmp_path, then, ("slow", slow.url), ("quick", quick.url)) as desk:
            assert desk.order("rules", "check")
            desk.start()
            begun = time.monotonic()
            desk.send(write_mail("Help!", sender=IVAN), IVAN)
            assert slow.came.acquire(timeout=10)
            desk.send(write_mail("And me!", sender="kim@customer.example"), "kim@customer.example")
            desk.wait_letters(1, "kim@customer.example")
            wait_for(lambda: len(quick.calls) == 2, "both calls")
            assert time.monotonic() - begun < 10
            assert len(slow.calls) == 1
            slow.ends.set()
            desk.stop()
            shown = calls_of(desk, "slow")[0]["to"]
            assert shown == [{"name": "slow", "address": slow.url.partition("?")[0]}]


def test_a_desk_that_dies_after_a_call_makes_the_same_call_again(tmp_path: Path, tls: ssl.SSLContext) -> None:
    """With the same id and the same body, by which the receiver drops it."""
    with HookServer(tls).running() as hook, desk_with(tmp_path, 'webhook = "tracker"', ("tracker", hook.url)) as desk:
        dying = trap(tmp_path / "trap", "maild.outgoing.webhook", "WebhookTransport", "send", "after")
        desk.start(**dying)
        desk.send(write_mail("Help!", sender=IVAN), IVAN)
        assert desk.ended() == -signal.SIGKILL
        assert len(hook.calls) == 1
        desk.start()
        wait_for(lambda: len(hook.calls) == 2, "the second call")
        wait_for(lambda: calls_of(desk, "tracker")[0]["state"] == "sent", "what became of it")
        first, again = hook.calls
        assert first == again
        assert first.fields["webhook-id"]
        [row] = calls_of(desk, "tracker")
        assert desk.run("outbox", "raw", str(row["id"])).stdout.endswith(first.body.decode())


def test_calls_that_fail_go_again_or_wait_for_the_admin_and_the_checks_say_what_is_wrong(
    tmp_path: Path, tls: ssl.SSLContext
) -> None:
    """500 and then 200; 410 for good, until somebody says `outbox retry`; a secret that is gone is told before."""
    with HookServer(tls).running() as hook, desk_with(tmp_path, 'webhook = "tracker"', ("tracker", hook.url)) as desk:
        hook.answers += [(500, {}, b"oops"), (410, {}, b"no such hook")]
        mails = [tmp_path / f"{name}.eml" for name in ("ivan", "kim")]
        for file in mails:
            file.write_bytes(write_mail("Help!", sender=f"{file.stem}@customer.example"))
        desk.order("ingest", *map(str, mails))
        assert desk.run("run", "--once").returncode == 0
        first, second = calls_of(desk, "tracker")
        assert first["state"] == "waiting"
        assert "500 Internal Server Error oops" in str(first["last_error"])
        assert (second["state"], "410 Gone no such hook" in str(second["last_error"])) == ("failed", True)
        for row in (first, second):
            desk.order("outbox", "retry", str(row["id"]))
        desk.order("outbox", "hold", str(second["id"]))
        desk.order("tick")
        assert [row["state"] for row in calls_of(desk, "tracker")] == ["sent", "held"]
        desk.order("outbox", "drop", str(second["id"]))
        assert calls_of(desk, "tracker")[1]["state"] == "recalled"
        came = len(hook.calls)
        assert desk.order("check", "--online")
        (tmp_path / "secret").unlink()
        (tmp_path / "ca.pem").unlink()
        found = desk.run("check", "--json")
        assert found.returncode == 1
        rows = [json.loads(line) for line in found.stdout.splitlines()]
        assert [row["code"] for row in rows if row["severity"] == "error"] == ["no-secret", "no-file"]
        assert len(hook.calls) == came


def test_an_unknown_webhook_is_told_with_the_nearest(tmp_path: Path) -> None:
    """In a rule as in a step; and the desk does not start over it."""
    with desk_with(tmp_path, 'webhook = "tracer"', ("tracker", "https://127.0.0.1:9/")) as desk:
        sla = desk.folder / "rules" / "sla.toml"
        sla.write_text(
            '[[calendar]]\nname = "c"\n[[promise]]\nname = "p"\ncalendar = "c"\nresolution = "8h"\n'
            '[[promise.step]]\ntarget = "resolution"\nat = "50%"\nwebhook = ["tracker", "trackr"]\n'
        )
        said = desk.run("rules", "check", "--json")
        assert said.returncode == 1
        found = [json.loads(line) for line in said.stdout.splitlines()]
        assert [(row["code"], row["line"], row["column"], row["hint"]) for row in found] == [
            ("unknown-webhook", 5, 20, "did you mean 'tracker'?"),
            ("unknown-webhook", 10, 23, "did you mean 'tracker'?"),
        ]


def test_what_a_developer_answers_is_a_note_and_never_reaches_the_customer(tmp_path: Path) -> None:
    """He gets the mail as it came; whoever of his house answers, the agents read it, and nobody else."""
    with desk_with(tmp_path, f'forward = "{DEV}", queue = "support"') as desk:
        assert desk.order("rules", "check")
        assert f"forward to {DEV}" in desk.order("rules", "show")
        desk.start()
        came = write_mail("It crashes with code 42.", sender=IVAN, subject="A crash")
        desk.deliver(came, IVAN)
        [letter] = desk.letters(DEV)
        assert "It crashes with code 42." in letter.text
        [attached] = letter.message.iter_attachments()
        assert attached.get_content_type() == "message/rfc822"
        assert str(attached.get_payload(0)["Subject"]) == "A crash"
        assert letter["Auto-Submitted"] == "auto-generated"
        before = [one.raw for one in desk.letters(IVAN)]
        answer = write_reply(letter, "Fixed in build XYZZY.\n/close", sender="bob@partner.example")
        desk.deliver(answer, "bob@partner.example", letter["Reply-To"])
        found = desk.ticket("1001")
        note = found["messages"][-1]
        assert (note["visibility"], note["unverified"], note["from"]["address"]) == (
            "internal",
            True,
            "bob@partner.example",
        )
        assert "XYZZY" in note["reply"]
        assert found["status"] == "new"
        assert [p["address"] for p in found["participants"]] == [IVAN]
        assert [one.raw for one in desk.letters(IVAN)] == before
        assert desk.letters("bob@partner.example") == []
        told = [one for one in desk.letters() if "XYZZY" in one.text]
        assert told
        assert all(one.recipient.endswith("@desk.example") for one in told)
        assert desk.order("db", "check")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_desk_that_dies_while_it_decides_reaches_out_once(tmp_path: Path, tls: ssl.SSLContext, moment: str) -> None:
    """Before the commit all waits, and after it all is written: one letter, one call."""
    then = f'webhook = "tracker", forward = "{DEV}"'
    with HookServer(tls).running() as hook, desk_with(tmp_path, then, ("tracker", hook.url)) as desk:
        (tmp_path / "a.eml").write_bytes(write_mail("Help!", sender=IVAN))
        words = ("ingest", str(tmp_path / "a.eml"))
        if moment == "before":
            killed = desk.run(*words, **trap(tmp_path / "trap", "maild.store.keep", "Keep", "apply", "after"))
        else:
            desk.order(*words)
            sending = trap(tmp_path / "trap", "maild.outgoing.sender", "Senders", "send_due", "before")
            killed = desk.run("run", "--once", **sending)
        assert killed.returncode == -signal.SIGKILL
        assert hook.calls == []
        for _ in range(2):
            assert desk.run("run", "--once").returncode == 0
        assert len(desk.letters(DEV)) == len(hook.calls) == 1
