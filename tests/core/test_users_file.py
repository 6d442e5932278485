"""The users file: checking and changing passwords."""

from __future__ import annotations

import logging
import stat
import time
from pathlib import Path

import pytest

from maild.errors import CannotCreate, DataError, Unavailable
from maild.ingest import users as users_module
from maild.ingest.users import Users, list_logins, remove_login, set_password

SALT = b"0123456789abcdef"


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch):
    """The real cost is a quarter of a second a hash; one test looks at it."""
    monkeypatch.setattr(users_module, "_N", 16)
    monkeypatch.setattr(users_module, "_P", 1)
    cheap = users_module._Hash(n=16, r=8, p=1, salt=b"nobody", digest=bytes(32))
    monkeypatch.setattr(users_module, "_DUMMY", cheap)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the users file will stand."""
    return tmp_path / "users"


def test_a_password_is_right_or_wrong(path: Path):
    """Only the login's own password is right, whatever its letters."""
    set_password(path, "anna", "чай с лимоном", SALT)
    set_password(path, "boris", "tea", SALT)
    users = Users(path)
    assert users.verify("anna", "чай с лимоном")
    assert users.verify("boris", "tea")
    for login, password in (("anna", "tea"), ("anna", ""), ("nobody", "tea"), ("", ""), ("Anna", "чай с лимоном")):
        assert not users.verify(login, password)


def test_the_file_holds_no_password_and_nobody_else_reads_it(path: Path):
    """A scrypt line a password, mode 600, and nothing left beside it."""
    set_password(path, "anna", "secret-tea", SALT)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert text.startswith("anna:scrypt$16$8$1$")
    assert "secret-tea" not in text
    assert [one.name for one in path.parent.iterdir()] == ["users"]


def test_app_passwords_stand_beside_each_other(path: Path):
    """add=True keeps the others, without it the new one replaces them all; other lines and comments stay."""
    path.write_text("# who may log in\n")
    set_password(path, "boris", "x", SALT)
    set_password(path, "anna", "phone", SALT)
    set_password(path, "anna", "laptop", SALT, add=True)
    users = Users(path)
    assert [users.verify("anna", word) for word in ("phone", "laptop")] == [True, True]
    set_password(path, "anna", "only", SALT)
    assert [users.verify("anna", word) for word in ("phone", "laptop", "only")] == [False, False, True]
    assert users.verify("boris", "x")
    assert path.read_text().startswith("# who may log in\n")
    assert list_logins(path) == ["anna", "boris"]


def test_a_change_counts_at_once(path: Path):
    """The file is read again when it has changed: a removed agent is out with the next try."""
    set_password(path, "anna", "tea", SALT)
    users = Users(path)
    assert users.verify("anna", "tea")
    assert remove_login(path, "anna")
    assert not users.verify("anna", "tea")
    assert not remove_login(path, "anna")
    assert list_logins(path) == []


def test_everybody_costs_the_same_number_of_hashes(path: Path, monkeypatch):
    """An unknown login, one with one password and one with three take equally long."""
    for word in ("a", "b", "c"):
        set_password(path, "anna", word, SALT, add=True)
    set_password(path, "boris", "x", SALT)
    users = Users(path)
    made: list[bytes] = []
    real = users_module._scrypt

    def counting(password: bytes, *rest: object) -> bytes:
        made.append(password)
        return real(password, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(users_module, "_scrypt", counting)
    counts = []
    for login, password in (("anna", "a"), ("anna", "no"), ("boris", "x"), ("nobody", "x")):
        made.clear()
        users.verify(login, password)
        counts.append(len(made))
    assert counts == [3, 3, 3, 3]


def test_the_hash_is_dear(path: Path, monkeypatch):
    """With the real parameters a guess costs at least 20 ms and 16 MB."""
    monkeypatch.undo()
    set_password(path, "anna", "tea", SALT)
    assert "scrypt$16384$8$5$" in path.read_text()
    users = Users(path)
    began = time.process_time()
    assert users.verify("anna", "tea")
    assert time.process_time() - began > 0.02


def test_lines_that_say_nothing_are_left_out_and_named(path: Path, caplog):
    """A broken line locks out nobody else; the log names the line and not what stands in it."""
    set_password(path, "anna", "tea", SALT)
    bad = ["plain:hunter2", "b:scrypt$17$8$1$c2FsdA==$" + "A" * 44, "c:scrypt$16$8$1$!$!", "d:scrypt$16$8$0$YQ==$YQ=="]
    path.write_text("\n".join([*bad, "", "# note", path.read_text()]), "utf-8")
    with caplog.at_level(logging.WARNING):
        assert Users(path).verify("anna", "tea")
        assert not Users(path).verify("plain", "hunter2")
    assert "line 1 " in caplog.text
    assert "line 4 " in caplog.text
    assert "hunter2" not in caplog.text


@pytest.mark.fault("H8")
def test_a_file_that_others_can_read_is_told(path: Path, caplog):
    """It works, and the admin hears what to do."""
    set_password(path, "anna", "tea", SALT)
    path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        assert Users(path).verify("anna", "tea")
    assert f"chmod 600 {path}" in caplog.text


def test_a_missing_file_is_no_wrong_password(path: Path):
    """Nobody can be told that a password is wrong while the file cannot be read."""
    with pytest.raises(Unavailable, match="users file"):
        Users(path).verify("anna", "tea")
    assert list_logins(path) == []


@pytest.mark.parametrize(
    ("login", "password"), [("", "x"), ("a:b", "x"), ("#a", "x"), (" a", "x"), ("a\nb:c", "x"), ("a", "")]
)
def test_what_no_line_can_hold_is_refused(path: Path, login: str, password: str):
    """Nothing is written that could be read as something else."""
    with pytest.raises(DataError):
        set_password(path, login, password, SALT)
    assert not path.exists()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    """The admin reads which file cannot be written."""
    with pytest.raises(CannotCreate, match="nowhere"):
        set_password(tmp_path / "nowhere" / "users", "anna", "tea", SALT)
