"""The wheel holds all that is needed and nothing twice; what `maild init` writes comes out of it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (built,) = folder.glob("*.whl")
    return built


SAMPLES = [
    "settings.toml",
    *(
        path.relative_to(ROOT).as_posix()
        for folder in ("rules", "kb")
        for path in ROOT.glob(f"{folder}/**/*")
        if path.is_file()
    ),
]
"""What `maild init` copies."""


def test_everything_of_the_package_is_in_the_wheel_once(wheel: Path) -> None:
    """Modules, letters, migrations; the sample of settings and rules under its own name."""
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name, count in Counter(names).items() if count > 1] == []
    files = (path for path in ROOT.glob("maild/**/*") if path.is_file() and path.suffix != ".pyc")
    wanted = {path.relative_to(ROOT).as_posix() for path in files}
    sample = {f"maild/sample/{name}" for name in SAMPLES}
    inside = {name for name in names if name.startswith("maild/")}
    assert inside == wanted | sample
    for must in ("maild/templates/ru/answer.txt", "maild/templates/layout.html", "maild/sample/rules/routing.toml"):
        assert must in inside
    assert any(name.startswith("maild/store/migrations/") and name.endswith(".py") for name in inside)


def test_nothing_else_is_in_the_wheel(wheel: Path) -> None:
    """No tests, no docs, no database: the package and what the packing itself writes."""
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"maild"}


def test_a_desk_is_made_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    """`maild init` and `maild check` by the unpacked wheel, away from the repository."""
    unpacked, desk = tmp_path / "unpacked", tmp_path / "desk"
    zipfile.ZipFile(wheel).extractall(unpacked)
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}

    def maild(*arguments: str) -> str:
        command = [sys.executable, "-m", "maild", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    maild("init", str(desk))
    for name in SAMPLES:
        assert (desk / name).read_bytes() == (ROOT / name).read_bytes()
    assert (desk / "var" / "secret").stat().st_mode & 0o777 == 0o600
    assert maild("--config", str(desk / "settings.toml"), "check").strip() == "all is well"
    assert f"{unpacked}/maild/templates" in maild("--config", str(desk / "settings.toml"), "letters", "list", "--json")
