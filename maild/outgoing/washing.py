"""What HTML of an agent's may hold when it leaves: few tags and styles, links of known kinds, pictures that go along.

nh3 parses and cleans, here alone; everything that it is not told to keep goes. Nothing can be fetched by what is left:
no picture from elsewhere, no style sheet, no script, no form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from urllib.parse import unquote

import nh3

TAGS = {
    *(
        "p",
        "div",
        "span",
        "br",
        "hr",
        "b",
        "strong",
        "i",
        "em",
        "u",
        "s",
        "strike",
        "del",
        "ins",
        "sub",
        "sup",
        "small",
    ),
    *("small", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "code"),
    *("tt", "kbd", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "a", "img", "center"),
}
_SILENT = {
    *(
        "script",
        "style",
        "title",
        "head",
        "template",
        "noscript",
        "svg",
        "math",
        "object",
        "select",
        "option",
        "iframe",
    ),
    *("video", "audio", "canvas", "map", "xml"),
}
_MARKS = {"class", "id", "name", "type", "data-marker", "hidden", "style"}
_CELL = {"colspan", "rowspan", "align", "valign", "bgcolor", "style", "width"}
_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt", "width"},
    "table": {"border", "cellpadding", "cellspacing", "align", "style", "width"},
    "td": _CELL,
    "th": _CELL,
    "tr": {"align", "valign", "bgcolor", "style"},
    "ol": {"start", "type", "style"},
    **{tag: {"style", "align"} for tag in ("p", "div", "h1", "h2", "h3", "h4", "h5", "h6")},
    **{tag: {"style"} for tag in ("span", "li", "ul", "b", "strong", "i", "em", "u", "pre", "blockquote")},
}
_PLAIN_VALUE = re.compile(r"#?[A-Za-z0-9]{1,20}%?\Z")
_LENGTH = r"(?:0|\d{1,2}(?:\.\d{1,3})?(?:px|pt|em|cm|in|mm)?)"
_COLOUR = r"(?:#[0-9a-f]{3}(?:[0-9a-f]{3})?|rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)|[a-z]{3,20})"
_STYLES = {
    name: re.compile(rf"{value}\Z")
    for names, value in (
        ("font-weight", r"(?:bold|bolder|normal|[1-9]00)"),
        ("font-style", r"(?:italic|normal)"),
        ("text-decoration text-decoration-line", r"(?:underline|line-through|none)"),
        ("text-align", r"(?:left|right|center|justify|start|end)"),
        ("vertical-align", r"(?:top|middle|bottom|baseline|sub|super)"),
        ("white-space", r"(?:pre|pre-wrap|pre-line|normal)"),
        ("list-style-type", r"[a-z-]{3,20}"),
        ("border-collapse", r"(?:collapse|separate)"),
        ("border border-top border-right border-bottom border-left", rf"(?:(?:{_LENGTH}|{_COLOUR})\s*){{1,3}}"),
        ("padding padding-top padding-right padding-bottom padding-left", rf"(?:{_LENGTH}\s*){{1,4}}"),
        ("margin margin-top margin-right margin-bottom margin-left", rf"(?:{_LENGTH}\s*){{1,4}}"),
        ("color background-color background", _COLOUR),
    )
    for name in names.split()
}
_NAMED = {
    "black": (0, 0, 0), "white": (255, 255, 255), "red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255),
    "yellow": (255, 255, 0), "orange": (255, 165, 0), "gray": (128, 128, 128), "grey": (128, 128, 128),
    "navy": (0, 0, 128), "maroon": (128, 0, 0), "purple": (128, 0, 128), "lime": (0, 255, 0),
}  # fmt: skip
_DARK_ENOUGH, _LIGHT_ENOUGH = 170, 150
"""Brightness, 0 to 255, up to which letters and from which grounds are kept: on white paper both are to be read."""


def washed(html: str, unlinked: Collection[str], *, marks: bool) -> str:
    """The HTML with nothing in it but what may be; with `marks` also the names by which clients mark quotations."""
    tags = TAGS | {"font"} if marks else TAGS
    kept = _ATTRIBUTES if not marks else {tag: _ATTRIBUTES.get(tag, {"color"}) | _MARKS for tag in tags}
    return nh3.clean(
        html,
        tags=tags,
        clean_content_tags=_SILENT,
        attributes={**kept, "*": {"dir"}},
        attribute_filter=_filter(unlinked, marks=marks),
        link_rel=None,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
    )


def _filter(unlinked: Collection[str], *, marks: bool) -> Callable[[str, str, str], str | None]:
    def one(tag: str, name: str, value: str) -> str | None:
        if name == "href":
            return _link(value, unlinked)
        if name == "src":
            return value if value.startswith("cid:") else None
        if name == "alt" or (marks and name in _MARKS):
            return value
        if name == "dir":
            return value if value.lower() == "rtl" else None
        if name == "style":
            return _style(value)
        if name == "bgcolor" and not _may_be("background", value.lower()):
            return None
        return value if tag != "a" and _PLAIN_VALUE.match(value) else None

    return one


def _link(target: str, unlinked: Collection[str]) -> str | None:
    """A link that leads where the customer may go: never to an agent's own address, nor to one that gives orders."""
    plain = target.strip()
    scheme = plain.partition(":")[0].lower()
    if scheme not in ("http", "https", "mailto", "tel"):
        return None
    bare = plain
    for _ in range(4):
        bare = unquote(bare)
    bare = bare.casefold()
    if any(word in bare for word in unlinked):
        return None
    # Fields of a mailto: would write a mail in the customer's name.
    return plain.partition("?")[0] if scheme == "mailto" else plain


def _style(text: str) -> str | None:
    kept = [f"{name}: {value}" for name, value in map(_declaration, text[:4000].split(";")) if _may_be(name, value)]
    return "; ".join(kept) or None


def _declaration(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip().lower(), " ".join(
        value.lower().replace("!important", "").replace("windowtext", "black").split()
    )


def _may_be(name: str, value: str) -> bool:
    if name not in _STYLES or not _STYLES[name].match(value):
        return False
    if name == "color":
        return (bright := _brightness(value)) is not None and bright <= _DARK_ENOUGH
    if name in ("background", "background-color"):
        return (bright := _brightness(value)) is not None and bright >= _LIGHT_ENOUGH
    return True


def _brightness(colour: str) -> float | None:
    """How bright a colour is to the eye (Rec. 601), 0 to 255; None for one that is not known."""
    if colour.startswith("#"):
        digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
        red, green, blue = (int(digits[i : i + 2], 16) for i in (0, 2, 4))
    elif colour.startswith("rgb("):
        red, green, blue = (int(part) for part in colour[4:-1].split(","))
    elif colour in _NAMED:
        red, green, blue = _NAMED[colour]
    else:
        return None
    return 0.299 * red + 0.587 * green + 0.114 * blue
