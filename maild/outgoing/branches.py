"""HTML as a tree that can be cut: branches are elements, leaves are texts and what stands for itself (br, hr, img).

It reads the output of the cleaner alone (`washing.py`), which is well-formed whatever came in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

from maild.messages.html import is_hidden
from maild.messages.html_quotes import is_marked

MAX_LEAVES = 20_000
MAX_DEPTH = 200
_DEEPEST = 400
_ANY_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:]{0,20})")
_SELDOM_CLOSED = frozenset(
    {"br", "hr", "img", "p", "li", "td", "th", "tr", "meta", "link", "input", "col", "base", "wbr"}
)
_FORMATTING = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
)
_MOST_ANEW = 50_000
_ALONE = frozenset({"br", "hr", "img"})
_LINES = frozenset({
    *("p", "div", "li", "ul", "ol", "dl", "dt", "dd", "blockquote", "pre", "center", ""),
    *("table", "thead", "tbody", "tfoot", "caption", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6"),
})  # fmt: skip
_CELLS = frozenset({"td", "th"})


class TooMuch(Exception):
    """More elements than a letter of a person's has, or elements nested too deep."""


@dataclass(eq=False, slots=True)
class Leaf:
    """A text (`tag` ""), or an element with nothing in it. `number` is that of the list item which it begins."""

    tag: str
    text: str
    attributes: dict[str, str]
    path: tuple[Branch, ...]
    number: str = ""
    stops: bool = False
    """Whether a mail client says that it belongs to a quotation or a signature."""

    @property
    def block(self) -> Branch:
        """The element whose lines it stands in."""
        return next(branch for branch in reversed(self.path) if branch.tag in _LINES)


@dataclass(eq=False, slots=True)
class Branch:
    """An element and what is in it; the root has no tag."""

    tag: str
    attributes: dict[str, str]
    children: list[Branch | Leaf] = field(default_factory=list)

    def branches(self) -> Iterator[Branch]:
        """The branch itself and every one below it."""
        waiting: list[Branch] = [self]
        while waiting:
            branch = waiting.pop()
            yield branch
            waiting.extend(child for child in branch.children if isinstance(child, Branch))

    def pruned(self, inside: Mapping[int, bool], texts: Mapping[int, str]) -> Branch:
        """A copy with the leaves that are `inside`, some with another text; of the rest only the cells of a table."""
        copy = Branch(self.tag, dict(self.attributes))
        for child in self.children:
            if isinstance(child, Branch):
                below = child.pruned(inside, texts)
                if below.children or (child.tag in _CELLS and self.tag == "tr"):
                    copy.children.append(below)
            elif inside.get(id(child), False):
                text = texts.get(id(child), child.text)
                copy.children.append(Leaf(child.tag, text, dict(child.attributes), (), child.number))
        if self.tag == "tr" and not any(isinstance(x, Leaf) or x.children for x in copy.children):
            copy.children = []
        return copy


def nested_too_deep(html: str) -> bool:
    """Whether uncleaned HTML has so many elements inside each other that its cleaning would take seconds.

    Formatting that was never closed is opened anew in every block below it (HTML Standard, 13.2.4.3).
    """
    depth, formats, anew = 0, 0, 0
    for closing, found in _ANY_TAG.findall(html):
        tag, step = found.lower(), -1 if closing else 1
        if tag not in _SELDOM_CLOSED:
            depth = max(0, depth + step)
        if tag in _FORMATTING:
            formats = max(0, formats + step)
        else:
            anew += formats
        if depth > _DEEPEST or anew > _MOST_ANEW:
            return True
    return False


def leaves_of(root: Branch) -> Iterator[Leaf]:
    """Every leaf, in the order of reading."""
    waiting: list[Branch | Leaf] = [root]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Leaf):
            yield one
        else:
            waiting.extend(reversed(one.children))


def read_tree(html: str) -> Branch:
    """The tree of cleaned HTML, without what is hidden from people. Raises TooMuch."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root


def written_tree(branch: Branch) -> str:
    """The tree as HTML."""
    return "".join(_written(branch))


def _written(branch: Branch) -> Iterator[str]:
    if branch.tag:
        yield _opening(branch.tag, branch.attributes)
    for child in branch.children:
        if isinstance(child, Branch):
            yield from _written(child)
        elif child.tag:
            yield _opening(child.tag, child.attributes)
        else:
            yield escape(child.text)
    if branch.tag:
        yield f"</{branch.tag}>"


def _opening(tag: str, attributes: Mapping[str, str]) -> str:
    return f"<{tag}" + "".join(f' {name}="{escape(value)}"' for name, value in attributes.items()) + ">"


class _Reader(HTMLParser):
    """Grows the tree."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Branch("", {})
        self._path = [self.root]
        self._unseen: list[bool] = [False]
        self._marked: list[bool] = [False]
        self._lists: list[int] = []
        self._number = ""
        self._leaves = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins; one that stands for itself is a leaf."""
        attributes = {name: value or "" for name, value in attrs}
        if tag in _ALONE:
            if not is_hidden(attributes):
                self._grow(tag, "", attributes)
            return
        if len(self._path) > MAX_DEPTH:
            raise TooMuch
        if tag == "p" and attributes.get("class", "").startswith("Mso"):
            # Word says in a style sheet that its paragraphs have no space between them.
            attributes["style"] = "margin: 0;" + attributes.get("style", "")
        if tag == "font":
            # What webmails write for coloured words.
            tag, attributes = "span", {"style": f"color: {attributes.get('color', '')}"}
        branch = Branch(tag, attributes)
        self._path[-1].children.append(branch)
        self._path.append(branch)
        self._unseen.append(self._unseen[-1] or is_hidden(attributes))
        self._marked.append(self._marked[-1] or is_marked(tag, attributes))
        if tag in ("ol", "ul"):
            start = attributes.get("start", "1")
            first = int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 1
            self._lists.append(first if tag == "ol" else 0)
        elif tag == "li" and self._lists and self._lists[-1]:
            self._number = f"{self._lists[-1]}"
            self._lists[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        if tag in _ALONE or len(self._path) < 2:
            return
        for stack in (self._path, self._unseen, self._marked):
            stack.pop()
        if tag in ("ol", "ul") and self._lists:
            self._lists.pop()

    def handle_data(self, data: str) -> None:
        """A text."""
        self._grow("", data, {})

    def _grow(self, tag: str, text: str, attributes: dict[str, str]) -> None:
        if self._unseen[-1]:
            return
        self._leaves += 1
        if self._leaves > MAX_LEAVES:
            raise TooMuch
        leaf = Leaf(tag, text, attributes, tuple(self._path), stops=self._marked[-1])
        if text.strip():
            leaf.number, self._number = self._number, ""
        self._path[-1].children.append(leaf)
