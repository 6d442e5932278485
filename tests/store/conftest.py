"""Every test of the store that asks for `keep`, `database` or `url` runs twice: on SQLite and on PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from postgres import Server, opened, running
from store.pieces import BOTH
from store.places import FreshUrl, Place, make_place, talk

from maild.store import open_keep
from maild.store.engine import Database
from maild.store.keep import Keep


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL for all tests of this run."""
    with running() as one:
        yield one


@pytest.fixture
def shared(server: Server) -> Iterator[str]:
    """The address of a fresh database on PostgreSQL."""
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a fresh database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/maild.db"
    found: str = request.getfixturevalue("shared")
    return found


@pytest.fixture
def keep(url: str) -> Iterator[Keep]:
    """A store on a fresh database."""
    opened_keep = open_keep(url, "test")
    yield opened_keep
    opened_keep.database.close()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A fresh database; on SQLite its tables are not made yet."""
    with opened(url) as one:
        yield one


@pytest.fixture
def another(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Keep]]:
    """Opens further stores, as other processes would."""
    found: list[Keep] = []

    def open_one(url: str) -> Keep:
        found.append(open_keep(url, "other"))
        return found[-1]

    yield open_one
    for one in found:
        one.database.close()


@pytest.fixture
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FreshUrl]:
    """Makes addresses of databases that nothing is kept in yet."""
    made: list[str] = []

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path}/{uuid.uuid4().hex}.db"
        server: Server = request.getfixturevalue("server")
        made.append(server.create())
        return made[-1]

    yield make
    for url in made:
        request.getfixturevalue("server").drop(url)


@pytest.fixture(params=BOTH)
def place(request: pytest.FixtureRequest, fresh: FreshUrl, tmp_path: Path) -> Place:
    """A desk with two conversations."""
    made = make_place(tmp_path / "desk", fresh(request.param))
    talk(made)
    return made
