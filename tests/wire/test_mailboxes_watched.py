"""The desk's mailboxes as an admin knows them: alarms, `maild check`, `maild mailbox`; with a real Dovecot."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from dovecot import Dovecot, dovecot
from wire.imap_parts import eventually, mail
from wire.token_server import SECRETS, TokenServer, token_server

from maild.cli import mailbox as mailbox_verbs
from maild.cli.main import run
from maild.clock import FixedClock
from maild.config.settings import Settings, load_settings
from maild.desk.causes import Cause
from maild.desk.mailbox_checks import mailbox_findings, online_mailbox_findings
from maild.desk.mailboxes import LoggedTroubles, Mailboxes
from maild.ingest.mailbox import NotTaken
from maild.store import open_keep
from maild.store.keep import Keep
from maild.store.mailboxes import Place
from maild.store.tables import inbox, inbox_raw

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
_numbers = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    """One server; each test has a user of its own."""
    with dovecot() as running:
        yield running


@pytest.fixture
def user() -> str:
    """A user whom no other test knows."""
    return f"watched{next(_numbers)}"


class Heard:
    """Who is told of troubles."""

    def __init__(self) -> None:
        self.told: list[tuple[Cause, str, str]] = []
        self.ended: list[tuple[Cause, str | None]] = []

    def tell(self, cause: Cause, text: str, about: str = "") -> None:
        """A trouble."""
        self.told.append((cause, about, text))

    def over(self, cause: Cause, about: str | None = None) -> None:
        """Its end."""
        self.ended.append((cause, about))


def desk(folder: Path, port: int, user: str, more: str = "", password: str = "secret") -> Settings:
    """Settings with one mailbox."""
    (folder / "password").write_text(password)
    login = more if "oauth2" in more else f'password_file = "password"\n{more}'
    text = (
        f'[[imap]]\nname = "main"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nusername = "{user}"\n{login}\n'
    )
    (folder / "settings.toml").write_text(text)
    return load_settings(folder / "settings.toml")


@contextmanager
def opened(settings: Settings) -> Iterator[Keep]:
    """The desk's database."""
    Path(str(settings.database.url).removeprefix("sqlite:///")).parent.mkdir(exist_ok=True)
    keep = open_keep(settings.database.url, "test")
    try:
        yield keep
    finally:
        keep.database.close()


@contextmanager
def held(settings: Settings, keep: Keep, clock: FixedClock, heard: Heard | LoggedTroubles) -> Iterator[Mailboxes]:
    """Its mailboxes, which are read."""
    mailboxes = Mailboxes(settings, keep, clock, lambda: None, heard)
    mailboxes.hold()
    try:
        yield mailboxes
    finally:
        mailboxes.stop(4.0)


@pytest.mark.fault("B3")
def test_a_mailbox_that_is_not_read_is_told_once_and_that_it_is_read_again(
    server: Dovecot, user: str, tmp_path: Path
) -> None:
    """After a quarter of an hour, with the reason; a desk that has just started has a minute to catch up."""
    settings, clock, heard = desk(tmp_path, server.imap, user, password="wrong"), FixedClock(START), Heard()
    with opened(settings) as keep:
        keep.mailboxes.add("main/INBOX", [], Place(uidvalidity=1, last_uid=0), START - 600 * MINUTE)
        with held(settings, keep, clock, heard) as mailboxes:
            eventually(lambda: mailboxes._running["main/INBOX"].health.problem is not None)
            mailboxes.hold()
            assert heard.told == []
            clock.at += 2 * MINUTE
            mailboxes.hold()
            mailboxes.hold()
            [(cause, about, text)] = heard.told
            assert (cause, about) == (Cause.MAILBOX_UNREAD, "main/INBOX")
            assert "not read since 2026-11-01 02:00 UTC: LOGIN" in text
            assert heard.ended == []
        (tmp_path / "password").write_text("secret")
        with held(settings, keep, clock, heard) as mailboxes:
            eventually(lambda: mailboxes._running["main/INBOX"].health.last_look is not None)
            mailboxes.hold()
            mailboxes.hold()
            assert heard.ended == [(Cause.MAILBOX_UNREAD, "main/INBOX")]
            looked = keep.mailboxes.looked("main/INBOX")
            assert looked is not None
            assert looked.read_at == clock.at
    assert len(heard.told) == 1


def test_a_mailbox_that_was_never_read_is_told_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody listens at its port; without anybody to be told the log is."""
    settings, clock = desk(tmp_path, 1, "help"), FixedClock(START)
    with opened(settings) as keep, held(settings, keep, clock, LoggedTroubles()) as mailboxes:
        clock.at += 15 * MINUTE
        mailboxes.hold()
        assert "mailbox_unread" not in caplog.text
        clock.at += MINUTE
        mailboxes.hold()
        mailboxes.hold()
    [line] = [record.getMessage() for record in caplog.records if "mailbox_unread" in record.getMessage()]
    assert "main/INBOX" in line
    assert "not read at all" in line


def test_a_mailbox_that_is_seldom_looked_at_is_given_two_looks(tmp_path: Path) -> None:
    """One look an hour is no trouble after a quarter of an hour."""
    settings, clock, heard = desk(tmp_path, 1, "help", 'poll = "1h"'), FixedClock(START), Heard()
    with opened(settings) as keep, held(settings, keep, clock, heard) as mailboxes:
        clock.at += 119 * MINUTE
        mailboxes.hold()
        assert heard.told == []
        clock.at += 2 * MINUTE
        mailboxes.hold()
        assert len(heard.told) == 1


def test_mails_that_were_taken_late_are_told_by_name(tmp_path: Path) -> None:
    """The first ten of them."""
    settings, heard = desk(tmp_path, 1, "help"), Heard()
    with opened(settings) as keep:
        mailboxes = Mailboxes(settings, keep, FixedClock(START), lambda: None, heard)
        mailboxes._missing(
            "main/INBOX", [NotTaken(uid=n, message_id=f"<{n}@x>", arrived_at=START) for n in range(1, 13)]
        )
    [(cause, about, text)] = heard.told
    assert (cause, about) == (Cause.MAIL_MISSED, "main/INBOX")
    assert text.startswith("12 mails were taken late: UID 1, <1@x>, of 2026-11-01")
    assert text.endswith("UID 10, <10@x>, of 2026-11-01 12:00:00+00:00; and 2 more")


def test_a_planted_mail_is_found_by_the_check_and_taken_by_the_daily_comparison(
    server: Dovecot, user: str, tmp_path: Path
) -> None:
    """As after a restore, or a cursor that somebody moved: told by both, and taken by the second."""
    server.append(mail("one"), mail("two"), user=user)
    settings, clock, heard = desk(tmp_path, server.imap, user), FixedClock(START), Heard()
    with opened(settings) as keep:
        assert online_mailbox_findings(settings, clock) == []
        mailboxes = Mailboxes(settings, keep, clock, lambda: None, heard)
        assert mailboxes.once() == 2
        assert online_mailbox_findings(settings, clock) == []
        with keep.database.write() as connection:
            connection.execute(inbox_raw.delete().where(inbox_raw.c.inbox_id == 1))
            connection.execute(inbox.delete().where(inbox.c.id == 1))
        [finding] = online_mailbox_findings(settings, clock)
        assert (finding.severity, finding.code, finding.file) == ("error", "not-taken", "[imap main]")
        assert "UID 1, <one@customers.test>" in finding.message
        clock.at += timedelta(days=1)
        assert mailboxes.once() == 0
        assert [cause for cause, _, _ in heard.told] == [Cause.MAIL_MISSED]
        assert online_mailbox_findings(settings, clock) == []
        with keep.database.read() as connection:
            ids = connection.scalars(sa.select(inbox.c.message_id)).all()
        assert sorted(ids) == ["<one@customers.test>", "<two@customers.test>"]


@pytest.mark.fault("B10")
def test_one_mailbox_in_trouble_keeps_no_other_from_being_read(server: Dovecot, user: str, tmp_path: Path) -> None:
    """In a single run, too: the trouble is told when all have been tried."""
    server.append(mail("one"), user=user)
    desk(tmp_path, 1, "help")
    broken = (tmp_path / "settings.toml").read_text()
    desk(tmp_path, server.imap, user)
    working = (tmp_path / "settings.toml").read_text().replace('"main"', '"second"')
    (tmp_path / "settings.toml").write_text(broken + working)
    settings = load_settings(tmp_path / "settings.toml")
    with opened(settings) as keep:
        with pytest.raises(Exception, match="refused"):
            Mailboxes(settings, keep, FixedClock(START), lambda: None, Heard()).once()
        assert len(keep.inbox.listing()) == 1


def test_a_check_tells_which_mailbox_is_not_read(tmp_path: Path) -> None:
    """Without asking the server: by what the database says; and says nothing where there is none yet."""
    settings = desk(tmp_path, 1, "help")
    assert mailbox_findings(settings, START) == []
    with opened(settings) as keep:
        assert mailbox_findings(settings, START) == []
        keep.mailboxes.add("main/INBOX", [], Place(uidvalidity=1, last_uid=0), START)
        assert mailbox_findings(settings, START + 15 * MINUTE) == []
        [finding] = mailbox_findings(settings, START + 16 * MINUTE)
    assert (finding.severity, finding.code) == ("warning", "unread")
    assert "not read since 2026-11-01 12:00 UTC" in finding.message


def test_a_check_online_names_what_keeps_a_mailbox_from_being_read(server: Dovecot, user: str, tmp_path: Path) -> None:
    """A wrong password, a folder that is gone."""
    settings = desk(tmp_path, server.imap, user, password="wrong")
    [finding] = online_mailbox_findings(settings, FixedClock(START))
    assert (finding.code, "LOGIN" in finding.message) == ("offline", True)
    settings = desk(tmp_path, server.imap, user, 'folder = "Gone"')
    [finding] = online_mailbox_findings(settings, FixedClock(START))
    assert "SELECT Gone" in finding.message


@pytest.fixture
def provider() -> Iterator[TokenServer]:
    """A provider of tokens."""
    with token_server() as running:
        yield running


def oauth2(provider: TokenServer, more: str) -> str:
    """The settings of a mailbox with tokens of this provider."""
    urls = f'token_url = "{provider.url()}", {more}'
    return f'oauth2 = {{ client_id = "maild", scope = "imap", refresh_token_file = "token", {urls} }}'


def test_a_login_that_has_to_be_renewed_is_told_and_checked(provider: TokenServer, tmp_path: Path) -> None:
    """By the daemon once, by the check each time; its end too."""
    settings = desk(tmp_path, 1, "help", oauth2(provider, f'device_url = "{provider.url("/device")}"'))
    held_token = {"refresh_token": "first-refresh", "issued_at": START.isoformat()}
    ends = (START + timedelta(days=3)).isoformat()
    (tmp_path / "token").write_text(json.dumps(held_token | {"expires_at": ends}))
    clock, heard = FixedClock(START + timedelta(days=2)), Heard()
    [finding] = mailbox_findings(settings, clock.at)
    assert (finding.severity, finding.code) == ("warning", "token")
    assert "ends on 2026-11-04" in finding.message
    with opened(settings) as keep, held(settings, keep, clock, heard) as mailboxes:
        mailboxes.hold()
        assert [(cause, about) for cause, about, _ in heard.told] == [(Cause.TOKEN_DYING, "main/INBOX")]
        eventually(lambda: provider.refresh == "refresh-1")
        eventually(lambda: "refresh-1" in (tmp_path / "token").read_text())
        mailboxes.hold()
        assert (Cause.TOKEN_DYING, "main/INBOX") in heard.ended
    assert not [secret for secret in SECRETS if secret in str(heard.told)]


def test_a_mailbox_is_allowed_by_a_code(
    provider: TokenServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`maild mailbox authorize`: the code on the terminal, the token in its file, no secret anywhere else."""
    monkeypatch.setattr(mailbox_verbs.time, "sleep", lambda _: None)
    desk(tmp_path, 1, "help", oauth2(provider, f'device_url = "{provider.url("/device")}"'))
    assert run(["--config", str(tmp_path / "settings.toml"), "mailbox", "authorize", "main", "--json"]) == 0
    out, err = capsys.readouterr()
    assert "https://login.example/device" in err
    assert "ABCD-EFGH" in err
    assert json.loads(out)["mailbox"] == "main"
    assert "refresh-1" in (tmp_path / "token").read_text()
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    assert not [secret for secret in SECRETS if secret in out + err]


def test_a_mailbox_is_allowed_by_the_address_that_a_login_ends_at(
    provider: TokenServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the provider gives no codes."""
    monkeypatch.setattr(mailbox_verbs.secrets, "token_urlsafe", lambda size: f"random-{size}")
    monkeypatch.setattr(
        mailbox_verbs.click, "prompt", lambda *_, **__: "http://127.0.0.1:53682/?state=random-24&code=x"
    )
    desk(tmp_path, 1, "help", oauth2(provider, 'login_url = "https://login.example/auth"'))
    assert run(["--config", str(tmp_path / "settings.toml"), "mailbox", "authorize", "main"]) == 0
    assert "https://login.example/auth?client_id=maild&" in capsys.readouterr().err
    assert "refresh-1" in (tmp_path / "token").read_text()


@pytest.mark.parametrize(
    ("more", "name", "status", "words"),
    [
        ("", "main", 64, "nothing to allow"),
        ("", "other", 66, "known: main"),
        (
            'oauth2 = { client_id = "x", token_url = "https://x.example/", refresh_token_file = "t" }',
            "main",
            64,
            "neither",
        ),
        ('oauth2 = { token_command = ["x"] }', "main", 64, "nothing to allow"),
    ],
)
def test_what_cannot_be_allowed_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: str, name: str, status: int, words: str
) -> None:
    """A mailbox with a password, one that does not exist, nobody to ask."""
    desk(tmp_path, 1, "help", more)
    assert run(["--config", str(tmp_path / "settings.toml"), "mailbox", "authorize", name]) == status
    assert words in capsys.readouterr().err
