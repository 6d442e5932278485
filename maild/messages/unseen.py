"""Text in HTML that its reader does not see: hidden elements, and letters of the colour that lies behind them.

`html.py` leaves out what is surely hidden, whoever wrote it. This looks closer, at the mail of one of ours whose words
are about to be sent on: what he did not see himself is not what he wrote. A page of no colour is a white one, unless
all that stands on it can be read on a dark screen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from maild.messages.html import PREFIX, is_hidden, walk

_MAY_HIDE = re.compile("color|display|visibility|hidden|font-size|mso-hide|opacity|background", re.IGNORECASE)
_PAGE = (255, 255, 255)
_INK = (0, 0, 0)
_NEAR = 24
"""How far two colours may lie apart, of 255 in each of their parts, and still nobody tells them apart."""
_DARK = 128
"""No part of a colour that cannot be read on black reaches this."""
_NAMED = {
    "white": (255, 255, 255), "snow": (255, 250, 250), "ivory": (255, 255, 240), "whitesmoke": (245, 245, 245),
    "ghostwhite": (248, 248, 255), "floralwhite": (255, 250, 240), "black": (0, 0, 0), "silver": (192, 192, 192),
    "gray": (128, 128, 128), "grey": (128, 128, 128), "red": (255, 0, 0), "blue": (0, 0, 255), "navy": (0, 0, 128),
    "green": (0, 128, 0), "yellow": (255, 255, 0), "windowtext": (0, 0, 0), "window": (255, 255, 255),
}  # fmt: skip
_COLOUR = re.compile(r"(?:^|;)\s*color\s*:([^;!]*)", re.IGNORECASE)
_BEHIND = re.compile(r"(?:^|;)\s*background(?:-color|-image)?\s*:([^;!]*)", re.IGNORECASE)
_HEX = re.compile(r"#([0-9a-f]{3,8})\b", re.IGNORECASE)
_PARTS = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})(?:[\s,/]+([\d.]+%?))?\s*\)", re.IGNORECASE)
_SELECTOR = re.compile(r"(?:[a-z][a-z0-9]{0,20})?([.#][\w-]{1,100})\Z", re.IGNORECASE)
_SHEET = re.compile(r"<style\b[^>]{0,1000}>", re.IGNORECASE)
_MOST_SHEETS, _LONGEST_SHEET, _LONGEST_STYLE, _MOST_PIECES, _SHOWN = 20, 100_000, 4000, 2000, 80
_NO_TEXT = frozenset(("head", "style", "script", "title", "template", "noscript", "svg", "math", "object", "xml"))
_NOTHING = frozenset(("", "inherit", "transparent", "currentcolor", "none", "initial", "unset"))
_Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Look:
    """How the text of an element looks; `behind` None: a picture or another thing whose colour cannot be told."""

    ink: _Colour | None = _INK
    behind: _Colour | None = _PAGE
    hidden: bool = False
    stated: bool = False
    """Whether something says what lies behind it; else it is the page, which is black on a dark screen."""
    link: bool = False

    @property
    def unseen(self) -> bool:
        return self.hidden or (self.ink is not None and self.behind is not None and _alike(self.ink, self.behind))

    @property
    def pale(self) -> bool:
        """Unseen on a white page alone."""
        return self.unseen and not self.hidden and not self.stated

    @property
    def on_light(self) -> bool:
        """Whether it could not be read on a dark page, so that the screen was a light one."""
        return not self.stated and not self.link and self.ink is not None and max(self.ink) < _DARK


def unseen_in(html: str, words: str) -> str:
    """The first piece of `words` that nobody sees in the HTML which they come from; "" where all can be seen."""
    if not _MAY_HIDE.search(html):
        return ""
    visitor = _Visitor(_styles(html))
    try:
        walk(html, visitor, hidden="all")
    except Exception:  # noqa: BLE001  the library raises errors of many kinds; what cannot be looked at is not trusted
        return " ".join(words.split())[:_SHOWN]
    said, seen = _signs(words), _signs("".join(visitor.seen))
    unseen = list(dict.fromkeys(visitor.unseen))
    if any(signs and signs in said for signs in map(_signs, dict.fromkeys(visitor.on_light))):
        unseen += dict.fromkeys(visitor.pale)
    else:
        seen += _signs("".join(visitor.pale))
    for piece in unseen[:_MOST_PIECES]:
        signs = _signs(piece)
        if signs and said.count(signs) > seen.count(signs):
            return " ".join(piece.split())[:_SHOWN]
    return ""


def _signs(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def _styles(html: str) -> dict[str, str]:
    """What style sheets say of one class or one id; what stands in @media holds on some screens only."""
    found: dict[str, str] = {}
    for begin in islice(_SHEET.finditer(html), _MOST_SHEETS):
        end = html.find("</", begin.end())
        depth = 0
        for piece in html[begin.end() : min(end if end >= 0 else len(html), begin.end() + _LONGEST_SHEET)].split("}"):
            opens = piece.count("{")
            names, _, body = piece.rpartition("{")
            if depth == 0 and opens == 1:
                kept = (_SELECTOR.match(name.strip()) for name in names.split(","))
                found |= {one[1]: body[:_LONGEST_STYLE] for one in kept if one}
            depth = max(0, depth + opens - 1)
    return found


class _Visitor:
    """Hears of each element and text, and keeps how those look that are open."""

    def __init__(self, styles: dict[str, str]) -> None:
        self.seen: list[str] = []
        self.unseen: list[str] = []
        self.pale: list[str] = []
        self.on_light: list[str] = []
        self._looks = [_Look()]
        self._styles = styles

    def visit_text(self, _context: Any, text: str) -> str:
        """A piece of text between two tags."""
        look = self._looks[-1]
        (self.pale if look.pale else self.unseen if look.unseen else self.seen).append(text)
        if look.on_light and not look.unseen:
            self.on_light.append(text)
        return "continue"

    def visit_element_start(self, context: Any) -> str:
        """An element begins, and looks like the one around it but for what it says of itself."""
        tag = context.tag_name.removeprefix(PREFIX)
        if tag in _NO_TEXT:
            return "skip"
        given = context.attributes()
        names = [f".{name}" for name in given.get("class", "").split()] + [f"#{given.get('id', '')}"]
        style = ";".join((*(self._styles[name] for name in names if name in self._styles), given.get("style", "")))
        self._looks.append(_look(self._looks[-1], tag, given, style[:_LONGEST_STYLE]))
        return "continue"

    def visit_element_end(self, _context: Any, _output: str) -> str:
        """The element ends."""
        if len(self._looks) > 1:
            self._looks.pop()
        return "continue"


def _look(around: _Look, tag: str, given: Mapping[str, str], style: str) -> _Look:
    ink, behind, link = around.ink, around.behind, around.link or (tag == "a" and "href" in given)
    if link and not around.link:
        ink = (0, 0, 238)  # links have a colour of their own
    colours = [*_COLOUR.findall(style)] or ([given["color"]] if tag == "font" and "color" in given else [])
    for colour in colours:
        ink = _colour(colour, around.ink)
    grounds = [*([given["bgcolor"]] if "bgcolor" in given else []), *_BEHIND.findall(style)]
    if given.get("background"):
        behind = None
    for ground in grounds:
        behind = None if "url(" in ground or "gradient" in ground else _colour(ground, around.behind)
    hidden = around.hidden or is_hidden({**given, "style": style})
    stated = around.stated or behind != around.behind or any(_says(ground) for ground in grounds)
    return _Look(ink, behind, hidden, stated, link)


def _says(ground: str) -> bool:
    return ground.strip().lower() not in _NOTHING


def _colour(words: str, around: _Colour | None) -> _Colour | None:
    """The colour that is meant; the one around where it is that or none at all, None where it cannot be told."""
    words = words.strip().lower()
    if words in _NOTHING:
        return around
    if parts := _PARTS.search(words):
        clear = parts[4] is not None and float(parts[4].rstrip("%") or 0) == 0
        return around if clear else (int(parts[1]), int(parts[2]), int(parts[3]))
    if (hexed := _HEX.search(words)) and len(hexed[1]) in (3, 4, 6, 8):
        digits = hexed[1] if len(hexed[1]) >= 6 else "".join(2 * c for c in hexed[1])
        return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16))
    return next((_NAMED[word] for word in words.split() if word in _NAMED), None)


def _alike(one: _Colour, other: _Colour) -> bool:
    return all(abs(a - b) <= _NEAR for a, b in zip(one, other, strict=True))
