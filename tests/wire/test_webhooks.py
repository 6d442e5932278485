"""Webhooks called for real, by HTTPS: what is sent, whether its signature holds, what each answer comes to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from daemon import free_port
from wire.hook_server import SECRET, HookServer, authority

from maild.clock import FixedClock
from maild.errors import DataError, RetryLater, Unavailable
from maild.messages.mail import Address
from maild.outgoing.webhook import WebhookTransport, read_secret, write_call
from maild.threads.plan import Letter, LetterKind, Outcome, OutgoingMail

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
BODY = '{"type":"ticket.new","data":{"subject":"Принтер"}}'
ID = "ak7j_i2_abcd"


def call(attempts: int = 1) -> OutgoingMail:
    """A call as the outbox gives it."""
    letter = Letter(
        kind=LetterKind.WEBHOOK, template="", language="", to=(Address(name="tracker", address="https://t.example/"),),
        sender=Address(address="support@desk.example"), subject="ticket.new SUP-1",
        context={"type": "ticket.new", "data": {"subject": "Принтер"}}, message_id="<ak7j.i2.abcd@desk.example>",
        date=AT, automatic=True, loop_mark="x",
    )  # fmt: skip
    return OutgoingMail(
        id=1, message_id=letter.message_id, envelope_from="", recipients=("https://t.example/",),
        raw=write_call(letter).raw, attempts=attempts, created_at=AT,
    )  # fmt: skip


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[HookServer]:
    """A program that listens by HTTPS."""
    context, _ = authority(tmp_path)
    with HookServer(context).running() as server:
        yield server


def way(server: HookServer, folder: Path, *, now: datetime = AT, **options: Any) -> WebhookTransport:
    """The way to it."""
    options = {"secret": lambda: KEY, "timeout": timedelta(seconds=2), "ca_file": folder / "ca.pem"} | options
    return WebhookTransport(url=options.pop("url", server.url), clock=FixedClock(now), **options)


def send(transport: WebhookTransport, mail: OutgoingMail | None = None) -> Outcome:
    """One try, before whose last step nothing is written down: it may go twice."""

    def never() -> None:
        raise AssertionError("a call that may go twice writes nothing down first")

    return transport.send(mail or call(), never)


def test_a_call_carries_its_id_its_time_and_a_signature_that_anybody_can_check(
    hook: HookServer, tmp_path: Path
) -> None:
    """Computed here by hand from what came: id, time and body, with a dot between."""
    assert send(way(hook, tmp_path)) == Outcome(accepted=("https://t.example/",))
    [came] = hook.calls
    assert (came.path, came.body.decode()) == ("/hooks?token=t1", BODY)
    fields = came.fields
    assert (fields["webhook-id"], fields["webhook-timestamp"]) == (ID, str(int(AT.timestamp())))
    assert fields["content-type"] == "application/json"
    assert fields["host"] == f"127.0.0.1:{hook.port}"
    signed = f"{ID}.{int(AT.timestamp())}.{BODY}".encode()
    wanted = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert fields["webhook-signature"] == f"v1,{wanted}"


def test_a_repeat_is_the_same_to_the_last_byte_and_a_late_one_is_not_taken_for_a_replay(
    hook: HookServer, tmp_path: Path
) -> None:
    """Id and body stay whatever happens; after four minutes the time is that of the try."""
    for late in (0, 200, 400):
        send(way(hook, tmp_path, now=AT + timedelta(seconds=late)))
    first, again, much_later = hook.calls
    assert first == again
    assert much_later.fields["webhook-id"] == ID
    assert much_later.body == first.body
    assert much_later.fields["webhook-timestamp"] == str(int(AT.timestamp()) + 400)
    assert much_later.fields["webhook-signature"] != first.fields["webhook-signature"]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 599])
def test_not_now_is_tried_again(hook: HookServer, tmp_path: Path, status: int) -> None:
    """And taken at the second try."""
    hook.answers.append((status, {}, b"come\r\n later"))
    transport = way(hook, tmp_path)
    outcome = send(transport)
    assert [(to, said.partition(" ")[0]) for to, said in outcome.deferred] == [("https://t.example/", str(status))]
    assert outcome.error.endswith("come later")
    assert outcome.rest is None
    assert send(transport).accepted


def test_what_is_no_final_answer_is_none(hook: HookServer, tmp_path: Path) -> None:
    """A word of between is neither a yes nor a no."""
    hook.answers.append((103, {}, b""))
    assert send(way(hook, tmp_path)).deferred


@pytest.mark.parametrize(
    ("asked", "rest"),
    [
        ("120", timedelta(minutes=2)),
        ("Mon, 23 Nov 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("Mon, 23 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("86400", timedelta(hours=1)),
        ("9" * 30, None),
        ("-5", None),
        ("soon", None),
    ],
)
def test_a_rest_that_is_asked_for_is_given_up_to_an_hour(
    hook: HookServer, tmp_path: Path, asked: str, rest: timedelta | None
) -> None:
    """Seconds or a date; nonsense is passed over."""
    hook.answers.append((429, {"Retry-After": asked}, b""))
    assert send(way(hook, tmp_path)).rest == rest


@pytest.mark.parametrize("status", [300, 301, 307, 400, 401, 403, 404, 410, 422])
def test_a_refusal_is_for_good_and_nobody_is_followed_elsewhere(hook: HookServer, tmp_path: Path, status: int) -> None:
    """A redirection is a mistake in the settings."""
    hook.answers.append((status, {"Location": hook.url}, b"no"))
    [(to, said)] = send(way(hook, tmp_path)).refused
    assert (to, said.startswith(f"{status} ")) == ("https://t.example/", True)
    assert ("redirections are not followed" in said) is (status < 400)
    assert len(hook.calls) == 1


@pytest.mark.parametrize("how", ["hang", "trickle"])
def test_a_call_has_a_limit_for_the_whole_of_it(hook: HookServer, tmp_path: Path, how: str) -> None:
    """Also where something comes all the time."""
    hook.answers.append(how)
    begun = time.monotonic()
    outcome = send(way(hook, tmp_path, timeout=timedelta(seconds=0.4)))
    assert time.monotonic() - begun < 15  # where it hangs, it does so for thirty
    assert (outcome.error, bool(outcome.deferred)) == ("no answer within 0.4 seconds", True)


def test_what_was_cut_off_is_no_answer_in_the_clear_either(tmp_path: Path) -> None:
    """Without TLS the fields of an answer read as if they had ended."""
    with HookServer().running() as plain:
        plain.answers.append("trickle")
        outcome = send(way(plain, tmp_path, timeout=timedelta(seconds=0.4)))
        assert outcome.error == "no answer within 0.4 seconds"
        assert send(way(plain, tmp_path)).accepted


def test_a_line_that_breaks_in_the_middle_is_tried_again(hook: HookServer, tmp_path: Path) -> None:
    """It may have been taken; its id says so the second time."""
    hook.answers.append("reset")
    outcome = send(way(hook, tmp_path))
    assert outcome.error.startswith("no answer: ")
    assert outcome.deferred
    assert not outcome.uncertain


def test_a_long_answer_is_not_read_whole(hook: HookServer, tmp_path: Path) -> None:
    """Nor told."""
    hook.answers.append((500, {}, b"x" * 3_000_000))
    assert len(send(way(hook, tmp_path)).error) < 300


def nobody(_server: HookServer, _folder: Path) -> dict[str, Any]:
    """A port on which nobody listens."""
    return {"url": f"https://127.0.0.1:{free_port()}/"}


def stranger(_server: HookServer, folder: Path) -> dict[str, Any]:
    """Somebody else has signed its certificate."""
    (folder / "other").mkdir()
    return {"ca_file": authority(folder / "other")[1]}


def wrong_name(server: HookServer, _folder: Path) -> dict[str, Any]:
    """The certificate is another host's."""
    return {"url": server.url.replace("127.0.0.1", "localhost")}


def machine(_server: HookServer, _folder: Path) -> dict[str, Any]:
    """Those that this machine trusts have not signed it."""
    return {"ca_file": None}


def no_file(_server: HookServer, folder: Path) -> dict[str, Any]:
    """The certificates are gone."""
    return {"ca_file": folder / "gone.pem"}


def no_secret(_server: HookServer, folder: Path) -> dict[str, Any]:
    """The secret is gone."""
    return {"secret": lambda: read_secret(folder / "gone")}


@pytest.mark.parametrize(
    ("trouble", "error", "said"),
    [
        (nobody, RetryLater, "it cannot be reached"),
        (stranger, Unavailable, "TLS fails"),
        (wrong_name, Unavailable, "TLS fails"),
        (machine, Unavailable, "TLS fails"),
        (no_file, Unavailable, "cannot be used"),
        (no_secret, Unavailable, "cannot be read"),
    ],
)
def test_where_no_call_can_be_made_all_of_them_wait(
    hook: HookServer,
    tmp_path: Path,
    trouble: Callable[[HookServer, Path], dict[str, Any]],
    error: type[Exception],
    said: str,
) -> None:
    """Nothing is said of the one in hand, and nothing has come to the other side."""
    with pytest.raises(error, match=said):
        send(way(hook, tmp_path, **trouble(hook, tmp_path)))
    assert hook.calls == []


def test_a_file_of_certificates_that_was_renewed_is_read_at_the_next_try(hook: HookServer, tmp_path: Path) -> None:
    """No restart is needed where the receiver has another authority from now on."""
    right = (tmp_path / "ca.pem").read_bytes()
    authority(tmp_path)
    transport = way(hook, tmp_path)
    with pytest.raises(Unavailable):
        send(transport)
    (tmp_path / "ca.pem").write_bytes(right)
    assert send(transport).accepted


def test_a_proxy_of_the_environment_is_not_asked(
    hook: HookServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is told of tickets goes to the address of the settings and nowhere else."""
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert send(way(hook, tmp_path)).accepted


def test_a_check_connects_and_calls_nothing(hook: HookServer, tmp_path: Path) -> None:
    """The certificate is looked at."""
    way(hook, tmp_path).check()
    with pytest.raises(Unavailable):
        way(hook, tmp_path, ca_file=None).check()
    assert hook.calls == []


def test_a_call_that_has_arrived_everywhere_goes_nowhere(hook: HookServer, tmp_path: Path) -> None:
    """Nobody is left who has not got it."""
    assert send(way(hook, tmp_path), replace(call(), recipients=())) == Outcome()
    assert hook.calls == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("whsec_" + "QQ==", "1 octets"),
        ("whsec_" + "Q" * 88, "66 octets"),
        ("my password", "no base64"),
        ("пароль", "no base64"),
        ("", "0 octets"),
    ],
)
def test_a_secret_that_is_none_is_told_without_a_word_of_it(tmp_path: Path, text: str, said: str) -> None:
    """24 to 64 octets, as the scheme wants."""
    (tmp_path / "secret").write_text(text + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=said) as found:
        read_secret(tmp_path / "secret")
    assert not text or text not in str(found.value)


@pytest.mark.parametrize("text", [SECRET, SECRET.removeprefix("whsec_"), f"  {SECRET}\n\n"])
def test_a_secret_may_have_its_prefix_or_not(tmp_path: Path, text: str) -> None:
    """As other programs write it, or as `openssl rand -base64 32` does."""
    (tmp_path / "secret").write_text(text)
    assert read_secret(tmp_path / "secret") == KEY
