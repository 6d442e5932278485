"""The lines that a browser would show for a run of elements: margins, quotes, lists, table rows, links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

_SPACES = re.compile(r"[ \t\n\r\f]+")
_BLOCKS = frozenset(
    [
        "div",
        "section",
        "article",
        "main",
        "header",
        "footer",
        "nav",
        "aside",
        "address",
        "center",
        "form",
        "fieldset",
        "figure",
        "figcaption",
        "details",
        "summary",
        "dl",
        "dt",
        "dd",
        "caption",
        "tr",
        "thead",
        "tbody",
        "tfoot",
        "html",
        "body",
        "table",
        "hr",
        "li",
        "ul",
        "ol",
        "p",
        "blockquote",
        "pre",
        "textarea",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    ]
)
_MARGINS = frozenset(["p", "ul", "ol", "dl", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"])
_RULE = "_" * 32
_DEPTH_CAP = 50
_NO_MARGIN = re.compile(r"margin(?:-(?:top|bottom))?\s*:\s*0", re.IGNORECASE)
_URL_CAP = 2000


class Lines:
    """Collects text line by line; `text()` gives it back."""

    NBSP: ClassVar[str] = "\ue0a0"
    """Stands for a no-break space on the way through the HTML reader, which drops a line that holds nothing else."""
    BACKSLASH: ClassVar[str] = "\ue0a1"
    """Stands for a backslash, which the HTML reader would write twice."""
    SPACE: ClassVar[str] = "\ue0a2"
    """Marks white space that stands alone between two tags, of which the HTML reader would not tell."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes = 0
        self._depth_above = 0
        self._pre = 0
        self._lists: list[int] = []
        self._links: list[tuple[str, int, int]] = []
        self._tight: list[bool] = []
        self._blank_wanted = False
        self._space = False
        self._cell = False

    def write(self, text: str) -> None:
        """Text between two tags."""
        if self._pre:
            first, *rest = text.replace(self.SPACE, "").split("\n")
            self._put(first)
            for line in rest:
                self._break()
                self._put(line)
            return
        collapsed = _SPACES.sub(" ", text.replace(self.SPACE, " "))
        words = collapsed.strip(" ")
        self._space = self._space or collapsed.startswith(" ")
        if words:
            self._put((" " if self._space and self._line else "") + words)
            self._space = collapsed.endswith(" ")

    def open(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if tag == "br":
            self._break()
        elif tag == "img":
            self._image(attributes.get("alt", ""))
        elif tag == "a":
            place = (attributes.get("href", "").strip(), len(self._line), len(self._lines))
            self._links = [*self._links[-_DEPTH_CAP:], place]
        elif tag in ("td", "th"):
            self._cell = bool(self._line)
        elif tag in _BLOCKS:
            self._open_block(tag, attributes)

    def close(self, tag: str) -> None:
        """An element ends."""
        if tag == "a":
            self._close_link()
        elif tag in _BLOCKS:
            self._end_line()
            margin = tag in _MARGINS
            if tag == "p" and self._tight:
                margin = not self._tight.pop()
            if tag == "blockquote":
                self._quotes = max(0, self._quotes - 1)
            elif tag in ("pre", "textarea"):
                self._pre = max(0, self._pre - 1)
            elif tag in ("ul", "ol") and self._lists:
                self._lists.pop()
                margin = not self._lists
            self._blank_wanted = self._blank_wanted or margin

    def text(self) -> str:
        """All lines, runs of empty ones made one."""
        self._end_line()
        out: list[str] = []
        for line in self._lines:
            if line.strip("> ") or (out and out[-1].strip("> ")):
                out.append(line)
        while out and not out[-1].strip("> "):
            out.pop()
        return "\n".join(out)

    def _open_block(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._end_line()
        if tag == "p":
            tight = attributes.get("class", "").startswith("Mso") or bool(
                _NO_MARGIN.search(attributes.get("style", "")[:1000])
            )
            self._tight.append(tight)
            self._blank_wanted = self._blank_wanted or not tight
        elif tag == "blockquote":
            self._quotes += 1
        elif tag == "hr":
            self._put(_RULE)
            self._end_line()
        elif tag in ("pre", "textarea"):
            self._pre += 1
            self._blank_wanted = True
        elif tag in ("ul", "ol"):
            self._blank_wanted = self._blank_wanted or not self._lists
            start = attributes.get("start", "1")
            number = int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 1
            self._lists.append(0 if tag == "ul" else number)
        elif tag == "li":
            self._put(self._bullet())
        elif tag in _MARGINS:
            self._blank_wanted = True

    def _bullet(self) -> str:
        """The mark of a list item; numbered lists count on."""
        if not self._lists:
            return "- "
        number = self._lists[-1]
        if number:
            self._lists[-1] = number + 1
        return "  " * min(len(self._lists) - 1, 10) + (f"{number}. " if number else "- ")

    def _image(self, alt: str) -> None:
        words = " ".join(alt.split())[:200]
        if words:
            self._put((" " if self._space and self._line else "") + f"[{words}]")
            self._space = False

    def _close_link(self) -> None:
        """The target of a link stands behind its text unless the text says it already."""
        href, start, lines = self._links.pop() if self._links else ("", 0, 0)
        broken = len(self._lines) > lines
        shown = "".join(self._line if broken else self._line[start:]).strip()
        above = broken and not shown and bool(self._lines[-1].strip("> "))
        shown = self._lines[-1] if above else shown
        target = href.removeprefix("mailto:").partition("?")[0] if href.startswith("mailto:") else href
        plain = target.removeprefix("https://").removeprefix("http://").rstrip("/")
        if not shown or not plain or len(target) > _URL_CAP or plain.casefold() in shown.casefold():
            return
        if not href.startswith(("http://", "https://", "mailto:", "ftp://")):
            return
        if above:
            # A button: the link is around whole blocks, whose last line has ended already.
            self._lines[-1] += f" <{target}>"
        else:
            self._put(f" <{target}>")

    def _put(self, text: str) -> None:
        if not text:
            return
        if self._cell and self._line:
            before = self._line[-1].rstrip()
            self._line.append(" " if before.endswith(":") else " | ")
            text = text.lstrip(" ")
        self._cell = False
        self._line.append(text)

    def _end_line(self) -> None:
        """Ends the current line if there is anything in it."""
        self._space = self._cell = False
        if self._line:
            self._break()

    def _break(self) -> None:
        """Ends the current line, empty or not."""
        line = "".join(self._line).replace(self.NBSP, " ").replace(self.BACKSLASH, "\\").replace("\xad", "").rstrip()
        line = "-- " if line == "--" else line
        quotes = "> " * min(self._quotes, _DEPTH_CAP)
        if self._blank_wanted and line and self._lines and self._quotes <= self._depth_above:
            self._lines.append(quotes.rstrip())
        self._depth_above = self._quotes if line else self._depth_above
        self._blank_wanted = self._blank_wanted and not line
        self._lines.append((quotes + line) if line else quotes.rstrip())
        self._line = []
        self._space = self._cell = False
