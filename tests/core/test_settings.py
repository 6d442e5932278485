"""settings.toml: defaults, typed values, and every mistake at once."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from maild.config.settings import SECTIONS, Settings, load_settings
from maild.errors import ConfigError, Finding

ROOT = Path(__file__).parents[2]
MAILBOX = '[[imap]]\nname = "a"\nhost = "imap.example"\nusername = "u"\npassword_env = "P"\n'


def load(tmp_path: Path, text: str) -> Settings:
    """Settings from a text."""
    file = tmp_path / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file)


def mistakes(tmp_path: Path, text: str) -> list[Finding]:
    """What is wrong with a text."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    return list(caught.value.findings)


def test_no_file_means_every_default_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The defaults are whole and typed."""
    monkeypatch.chdir(tmp_path)
    settings = load_settings(None)
    assert settings.file is None
    assert settings.desk.address == "support@desk.example"
    assert settings.desk.languages == ("ru", "en")
    assert settings.smtp.port == 8025
    assert settings.smtp.max_size == 25_000_000
    assert settings.outgoing.give_up == timedelta(days=5)
    assert settings.limits.reopen_window == timedelta(days=30)
    assert settings.imap == ()
    assert settings.paths.rules == tmp_path / "rules"
    assert settings.database.url == f"sqlite:///{tmp_path}/var/maild.db"


def test_an_empty_file_is_the_same_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key has a default."""
    monkeypatch.chdir(tmp_path)
    empty, none = load(tmp_path, ""), load_settings(None)
    assert [getattr(empty, name) for name in SECTIONS] == [getattr(none, name) for name in SECTIONS]


def test_the_shipped_file_works_as_it_is() -> None:
    """Loopback, SQLite and a Maildir, all under the file's folder."""
    settings = load_settings(ROOT / "settings.toml")
    assert (settings.smtp.host, settings.smtp.port) == ("127.0.0.1", 8025)
    assert settings.database.url == f"sqlite:///{ROOT}/var/maild.db"
    assert settings.outgoing.transport == "maildir"
    assert settings.outgoing.maildir == ROOT / "var/outgoing"


def test_the_keys_that_the_shipped_file_only_shows_work_too(tmp_path: Path) -> None:
    """Whoever takes the # away gets what the comment says."""
    lines = (ROOT / "settings.toml").read_text(encoding="utf-8").split("\n")
    shown = [
        line.removeprefix("# ") if line.startswith("# ") and (" = " in line or "[[" in line) else line for line in lines
    ]
    kept = [line for line in shown if not line.startswith(('transport = "maildir"', 'url = "sqlite'))]
    settings = load(tmp_path, "\n".join(kept))
    assert settings.database.url == "postgresql://maild@localhost/maild"
    assert settings.imap[0].password_file == tmp_path / "imap-password"
    assert settings.imap[0].port == 993
    assert settings.outgoing.transport == "smtp"


def test_paths_start_at_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the command is called; absolute paths stay as they are."""
    (tmp_path / "etc").mkdir()
    monkeypatch.chdir(tmp_path)
    text = (
        '[paths]\nrules = "../policy"\n[desk]\nsecret_file = "/srv/secret"\n[database]\nurl = "sqlite:////srv/m.db"\n'
    )
    (tmp_path / "etc" / "s.toml").write_text(text)
    settings = load_settings(Path("etc/s.toml"))
    assert settings.paths.rules == tmp_path / "etc" / "../policy"
    assert settings.desk.secret_file == Path("/srv/secret")
    assert settings.database.url == "sqlite:////srv/m.db"
    assert settings.file == tmp_path / "etc/s.toml"


def test_all_mistakes_are_told_at_once_with_their_places(tmp_path: Path) -> None:
    """Unknown keys with the nearest known one, wrong kinds, wrong values, keys that do not go together."""
    text = """[desk]
adress = "x@desk.example"
tag = 3
aliases = ["ok@desk.example", "nothing", "more nothing"]
[smtp]
port = "8025"
max_size = 25
[imap]
name = "x"
[limits]
session = "10 minutes"
errors = 0
[outgoing]
username = "me"
host = "relay.example"
[smpt]
[trust]
relays = ["127.0.0.1/8"]
"""
    found = {(f.line, f.column, f.code, f.message.partition(":")[0]) for f in mistakes(tmp_path, text)}
    assert found == {
        (2, 1, "unknown-key", "unknown key 'adress'"),
        (3, 7, "bad-value", "tag"),
        (4, 31, "bad-value", "aliases"),
        (4, 42, "bad-value", "aliases"),
        (6, 8, "bad-value", "port"),
        (7, 12, "bad-value", "max_size"),
        (8, 1, "bad-value", "mailboxes are written [[imap]], with two brackets"),
        (11, 11, "bad-value", "session"),
        (12, 10, "bad-value", "errors"),
        (14, 12, "bad-value", "a user without a password"),
        (14, 12, "bad-value", "the password would cross the network in the clear"),
        (16, 1, "unknown-key", "unknown key 'smpt'"),
        (18, 11, "bad-value", "relays"),
    }


def test_the_nearest_known_key_is_named(tmp_path: Path) -> None:
    """Also for a key that stands outside of its table."""
    hints = {f.message: f.hint for f in mistakes(tmp_path, 'timezone = "UTC"\n[desk]\nadress = "a@b.example"\n')}
    assert hints == {
        "unknown key 'adress'": "did you mean 'address'?",
        "unknown key 'timezone'": "it belongs under [desk]",
    }


def test_broken_toml_and_a_missing_file_are_findings_too(tmp_path: Path) -> None:
    """Nothing but ConfigError leaves the loader."""
    assert [f.code for f in mistakes(tmp_path, "[desk\n")] == ["bad-toml"]
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[desk]\naddress = "a+b@desk.example"', "no \\+ in it"),
        (f'[desk]\naddress = "{"a" * 29}@desk.example"', "too long"),
        ('[desk]\nadmin = "SUPPORT@desk.example"', "come back as tickets"),
        ("[desk]\nlanguages = []", "something in it"),
        ('[desk]\ntimezone = "Mars/Olympus"', "no time zone"),
        ('[desk]\nname = "a\\nb"', "one line"),
        ('[database]\nurl = "mysql://x"', "sqlite"),
        ('[database]\nurl = "sqlite://"', "keeps its mail in a file"),
        ('[database]\nurl = "sqlite:///:memory:"', "keeps its mail in a file"),
        ('[smtp]\ntls_cert = "x"', "needs tls_key"),
        ('[smtp]\nhost = "0.0.0.0"\nusers_file = "u"', "in the clear"),
        ('[smtp]\nproxy_protocol = "yes"', "true or false is wanted here, without quotes"),
        ('[outgoing]\ngive_up = "10m"', "not longer"),
        ('[outgoing]\npassword_env = "P"', "without a user"),
        (MAILBOX + 'security = "none"', "this very machine"),
        (MAILBOX + 'after = "move"', "needs move_to"),
        (MAILBOX + 'move_to = "Done"', "does nothing"),
        (MAILBOX + 'poll = "0s"', "without a rest"),
        (MAILBOX + 'password_file = "p"', "already where"),
        (MAILBOX + MAILBOX, "two mailboxes"),
        ('[[imap]]\nname = "a"\nhost = "h"', "'username' is missing"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(tmp_path: Path, text: str, words: str) -> None:
    """One small file per mistake."""
    with pytest.raises(ConfigError, match=words):
        load(tmp_path, text)


@pytest.mark.parametrize(
    ("host", "fine"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("10.0.0.1", False)]
)
def test_an_unencrypted_mailbox_is_for_this_machine_alone(tmp_path: Path, host: str, fine: bool) -> None:
    """Loopback by its written form; names are not looked up."""
    text = MAILBOX.replace("imap.example", host) + 'security = "none"'
    if fine:
        assert load(tmp_path, text).imap[0].port == 143
    else:
        assert [f.code for f in mistakes(tmp_path, text)] == ["bad-value"]


def test_the_reply_domain_is_that_of_the_address_unless_it_is_given(tmp_path: Path) -> None:
    """In the form in which it goes over the wire."""
    assert load(tmp_path, '[desk]\naddress = "help@ACME.example"').desk.reply_domain == "acme.example"
    given = load(tmp_path, '[desk]\nreply_domain = "почта.example"').desk.reply_domain
    assert given == "xn--80a1acny.example"


def test_reading_settings_imports_nothing_heavy() -> None:
    """A mail server's pipe starts maild once a mail: pydantic alone costs more than all of the settings."""
    code = (
        "import sys; from maild.config.settings import load_settings; load_settings(None);"
        "print([m for m in ('pydantic', 'regex', 'Stemmer', 'holidays', 'sqlalchemy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
