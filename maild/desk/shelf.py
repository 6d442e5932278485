"""The knowledge base of a desk: a pipe starts once per mail, so the folder is read only when an agent asks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from maild.threads.kb import Article


class Shelf(Sequence["Article"]):
    """The articles of a folder, as they lay there when they were first asked for. A reload makes a new shelf."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _articles(self) -> tuple[Article, ...]:
        from maild.desk.articles import load_articles

        return load_articles(self._folder)[0]

    @overload
    def __getitem__(self, place: int) -> Article: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Article, ...]: ...
    def __getitem__(self, place: int | slice) -> Article | tuple[Article, ...]:
        return self._articles[place]

    def __len__(self) -> int:
        return len(self._articles)
