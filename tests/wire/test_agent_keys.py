"""The files of agents' keys in the rules folder, and other files that settings name: what a check says of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from daemon import make_desk
from office import ANNA
from signing import NOW, head, part, pgp_body, pgp_person, smime_person

from maild.cli.main import run
from maild.config.policy import check_policy, load_policy
from maild.config.settings import load_settings
from maild.desk.signatures import key_asker
from maild.errors import ConfigError, Finding
from maild.people.keys import KeyKind

DESK = load_settings(None).desk
TEAM = """[[agent]]
id = "anna"
name = "Anna"
address = "anna@desk.example"
{keys}

[[queue]]
name = "support"
agents = ["anna"]
default = true
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A rules folder with a folder of keys in it."""
    (folder := tmp_path / "rules").mkdir()
    (folder / "keys").mkdir()
    (folder / "routing.toml").write_text('[[rule]]\nname = "Everything else"\ndefault = true\n')
    (folder / "keys" / "anna.asc").write_bytes(pgp_person(ANNA.address).public)
    (folder / "keys" / "anna.pem").write_bytes(smime_person(ANNA.address).certificate.read_bytes())
    return folder


def team(rules: Path, keys: str) -> None:
    """Anna's table, with these lines in it."""
    (rules / "teams.toml").write_text(TEAM.format(keys=keys))


def found(rules: Path, now: datetime = NOW) -> list[Finding]:
    """What a check says of it all."""
    return check_policy(rules, DESK, key_asker(now))


def test_keys_are_read_with_the_rules(rules: Path) -> None:
    """One file or several, armoured or not; every key has its fingerprint."""
    (rules / "keys" / "old.pgp").write_bytes(pgp_person(ANNA.address).key.octets)
    team(rules, 'pgp_key = ["keys/old.pgp", "keys/anna.asc"]\nsmime_certificate = "keys/anna.pem"')
    [anna] = load_policy(rules, DESK).team.agents
    assert [key.kind for key in anna.keys] == [KeyKind.PGP, KeyKind.PGP, KeyKind.SMIME]
    assert anna.keys[0].fingerprint == anna.keys[1].fingerprint == pgp_person(ANNA.address).key.fingerprint
    assert found(rules) == []


def test_another_key_makes_another_revision(rules: Path) -> None:
    """So that the log and `explain` tell by which keys was judged."""
    team(rules, 'pgp_key = "keys/anna.asc"')
    before = load_policy(rules, DESK).revision
    (rules / "keys" / "anna.asc").write_bytes(pgp_person("boris@desk.example").public)
    assert load_policy(rules, DESK).revision != before


def secret() -> bytes:
    """A secret key, exported by mistake."""
    return pgp_person(ANNA.address).gpg("--armor", "--export-secret-keys")


def both() -> bytes:
    """The whole keyring, exported by mistake."""
    return pgp_person(ANNA.address).key.octets + pgp_person("boris@desk.example").key.octets


BROKEN = [
    ("pgp_key", lambda: None, "no such file"),
    ("pgp_key", lambda: b"", "no public key"),
    ("pgp_key", lambda: b"hello", "no PGP data"),
    ("pgp_key", lambda: pgp_person(ANNA.address).public[:200], "not one block"),
    ("pgp_key", secret, "secret key"),
    ("pgp_key", both, "2 keys"),
    ("pgp_key", lambda: pgp_person(ANNA.address).sign(b"x"), "no public key"),
    ("pgp_key", lambda: b"x" * 2_000_000, "larger than any key"),
    ("smime_certificate", lambda: None, "no such file"),
    ("smime_certificate", lambda: b"hello", "no certificate"),
    ("smime_certificate", lambda: smime_person(ANNA.address).private.read_bytes(), "private key"),
    ("smime_certificate", lambda: smime_person(ANNA.address).certificate.read_bytes() * 2, "2 certificates"),
]


@pytest.mark.parametrize(("name", "content", "told"), BROKEN, ids=[f"{case[0]}: {case[2]}" for case in BROKEN])
def test_a_file_that_holds_no_public_key_is_a_mistake(rules: Path, name: str, content: object, told: str) -> None:
    """It is told with its line, and the rules are not taken."""
    data = content() if callable(content) else None
    if data is not None:
        (rules / "keys" / "broken").write_bytes(data)
    team(rules, f'{name} = "keys/broken"')
    [finding] = found(rules)
    assert (finding.severity, finding.code, finding.line) == ("error", "bad-key", 5)
    assert told in finding.message
    with pytest.raises(ConfigError):
        load_policy(rules, DESK)


def test_a_key_that_ends_is_a_warning(rules: Path) -> None:
    """The rules hold on: on the day when it ends the desk shall not stop."""
    (rules / "keys" / "short.asc").write_bytes(pgp_person("short@desk.example", "ed25519", "2d").public)
    team(rules, 'pgp_key = ["keys/anna.asc", "keys/short.asc"]\nsmime_certificate = "keys/anna.pem"')
    assert found(rules) == []
    told = found(rules, NOW + timedelta(days=40))
    assert [(f.severity, f.code, f.line, "expired on" in f.message) for f in told] == [
        ("warning", "no-good-key", 5, True),
        ("warning", "no-good-key", 6, True),
    ]
    assert load_policy(rules, DESK).team.agents[0].keys


def test_a_missing_program_is_told_where_a_key_needs_it(rules: Path) -> None:
    """And only there."""
    nothing = key_asker(NOW, gpg="/nowhere/gpg", openssl="/nowhere/openssl")
    team(rules, "")
    assert check_policy(rules, DESK, nothing) == []
    team(rules, 'pgp_key = "keys/anna.asc"\nsmime_certificate = "keys/anna.pem"')
    told = check_policy(rules, DESK, nothing)
    assert [(f.severity, f.message.rpartition("apt-get install ")[2]) for f in told] == [
        ("warning", "gpg"),
        ("warning", "openssl"),
    ]


SETTINGS = """[desk]
address = "support@desk.example"

[[imap]]
name = "support"
host = "127.0.0.1"
security = "none"
username = "support"
password_file = "password"
"""


@pytest.mark.parametrize(("content", "told"), [(None, "no such file"), (b"", "nothing in it"), (b"secret", "")])
def test_a_password_file_is_opened_by_check(
    rules: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, told: str
) -> None:
    """Without --online, too; nothing of it is shown."""
    team(rules, "")
    (rules.parent / "settings.toml").write_text(SETTINGS)
    if content is not None:
        (rules.parent / "password").write_bytes(content)
    status = run(["--config", str(rules.parent / "settings.toml"), "check", "--json"])
    said = capsys.readouterr().out
    assert (status, told in said, '"no-password"' in said) == (1 if told else 0, True, bool(told)), said


def test_a_desk_knows_its_agents_by_their_keys(tmp_path: Path) -> None:
    """From the team file to the words of `maild explain`; a key that goes stops the rules with a mistake."""
    desk, person = make_desk(tmp_path / "d"), pgp_person(ANNA.address)
    (folder := tmp_path / "d" / "rules" / "keys").mkdir()
    (folder / "anna.asc").write_bytes(person.public)
    teams = tmp_path / "d" / "rules" / "teams.toml"
    named = teams.read_text().replace("language =", 'pgp_key = "keys/anna.asc"\nlanguage =', 1)
    teams.write_text(named)
    text = part("/list")
    (file := tmp_path / "mail.eml").write_bytes(
        head(ANNA.address, "support@desk.example") + pgp_body(text, person.sign(text))
    )
    said = desk.run("explain", str(file)).stdout
    assert f"proof pgp (PGP signature of anna@desk.example (key {person.key.fingerprint}))" in said
    assert desk.run("check").returncode == 0
    (folder / "anna.asc").unlink()
    assert "keys/anna.asc" in desk.run("rules", "check").stdout
    assert desk.run("rules", "check").returncode == 1
