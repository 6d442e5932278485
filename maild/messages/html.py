"""HTML to the text that a person sees: lines where lines show, quotes as `>`, lists, links with their target.

html-to-markdown reads the HTML (nothing hostile makes it slow) and tells each element and text to our visitor; its
Markdown is not used, since a person sees no escapes, no emphasis marks and no empty line between two lines of a mail.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any, cast

from maild.messages import charset
from maild.messages.html_lines import Lines

INPUT_CAP = 512 * 1024
TEXT_CAP = 256 * 1024
EMBEDDED_CAP = 4 * 1024 * 1024
EVENTS_CAP = 100_000
_EMBEDDED = re.compile(r"data:image/[a-z.+-]{1,20};base64,[A-Za-z0-9+/=%\s]{100,}")
_NBSP = re.compile("&(?:nbsp|#160|#[xX][aA]0);?|\xa0")
# Tables, links and a few others are told by the library only as finished Markdown; under other names it tells their
# content piece by piece like that of any element.
_OWN_ELEMENTS = re.compile(
    r"<(/?)(?=(?:a|table|t(?:head|body|foot|r|d|h)|caption|button|label|form|fieldset|code|textarea|dl|dt|dd|"
    r"figure|figcaption|details|summary|nav|header|footer|aside|center|q|sub|sup|mark|del|ins|s|u|kbd|samp|var|abbr|"
    r"h[1-6])[\s/>])",
    re.IGNORECASE,
)
PREFIX = "x-"
"""Stands before the names of elements that the library would finish by itself."""
_BETWEEN_TAGS = re.compile(r">(?=[ \t\r\n])(?=[ \t\r\n]{1,200}<)")
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|"
    r"font-size\s*:\s*(?:0(?:\.0{1,4})?(?:px|pt|em|%)?|0?\.\d{1,4}p[xt])\s*(?:;|!|$)|"
    r"max-height\s*:\s*0(?:px|pt)?\s*(?:;|!|$)|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)|"
    r"(?<![-\w])color\s*:\s*transparent|(?:text-indent|(?<![-\w])left)\s*:\s*-\d{3,6}(?:px|pt|em)",
    re.IGNORECASE,
)
_UNSEEN = {
    "head", "style", "script", "title", "template", "noscript", "svg", "math", "object", "select", "option", "iframe",
    "video", "audio", "canvas", "map", "xml",
}  # fmt: skip
_VOID = {"br", "hr", "img", "wbr", "input", "meta", "link", "col", "area", "base", "source", "track", "param", "embed"}
_TAG = re.compile(r"<[^<>]{0,5000}>")
_RAW_TEXT = re.compile(r"<(style|script)\b", re.IGNORECASE)


def to_text(html: str) -> str:
    """The readable text of an HTML body; input over `INPUT_CAP` characters and text over `TEXT_CAP` are cut."""
    if len(html) > INPUT_CAP:
        html = _EMBEDDED.sub("", html[:EMBEDDED_CAP])
    visitor = _Visitor()
    try:
        walk(html, visitor)
    except Exception:  # noqa: BLE001  the library raises errors of many kinds, and a mail must be read in any case
        return _stripped(html[:INPUT_CAP])
    if not visitor.heard:
        return charset.clean(unescape(html[:INPUT_CAP])).strip()[:TEXT_CAP] if not _TAG.search(html[:INPUT_CAP]) else ""
    return charset.clean(visitor.lines.text())[:TEXT_CAP]


def walk(html: str, visitor: object, hidden: str = "drop") -> None:
    """Tell a visitor of each element and text in their order; `hidden`: whether also of those that hide themselves.

    Raises errors of many kinds for input that the library refuses.
    """
    import html_to_markdown  # a mail server's pipe starts us once a mail, and many have no HTML

    source = _NBSP.sub(Lines.NBSP, html[:INPUT_CAP].replace("\x00", "").replace("\\", Lines.BACKSLASH))
    source = _BETWEEN_TAGS.sub(f">{Lines.SPACE}", _OWN_ELEMENTS.sub(rf"<\1{PREFIX}", source))
    options = html_to_markdown.ConversionOptions(
        extract_metadata=False, max_depth=250, include_blockquote_citations=False, hidden_content=hidden
    )
    html_to_markdown.convert(source, options, cast("Any", visitor))


def is_cut(html: str, text: str) -> bool:
    """Whether `to_text` left out some of this HTML because there is too much of it; `text` is what it gave."""
    if len(text) >= TEXT_CAP or len(html) <= INPUT_CAP:
        return len(text) >= TEXT_CAP
    return len(_EMBEDDED.sub("", html[:EMBEDDED_CAP])) > INPUT_CAP


def _stripped(html: str) -> str:
    """Readable text by leaving the tags out: for input that the library refuses."""
    text = unescape(_TAG.sub("\n", _without_styles(html)))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return charset.clean("\n".join(line for line in lines if line))[:TEXT_CAP]


def _without_styles(html: str) -> str:
    """The HTML without style sheets and scripts; one pass, whatever is left open."""
    kept, position = [], 0
    for begin in _RAW_TEXT.finditer(html):
        if begin.start() < position:
            continue
        kept.append(html[position : begin.start()])
        end = html.lower().find(f"</{begin[1].lower()}", begin.end())
        position = len(html) if end < 0 else end
    return "".join((*kept, html[position:]))


class _Visitor:
    """Hears of each element and text in their order and writes lines."""

    def __init__(self) -> None:
        self.lines = Lines()
        self.heard = False
        self._events = 0

    def visit_text(self, _context: Any, text: str) -> str:
        """A piece of text between two tags."""
        self.heard = True
        self._events += 1
        if self._events > EVENTS_CAP:
            return "skip"
        self.lines.write(text)
        return "continue"

    def visit_element_start(self, context: Any) -> str:
        """An element begins; what is hidden is skipped with everything inside."""
        tag = context.tag_name.removeprefix(PREFIX)
        self.heard = True
        attributes = context.attributes()
        self._events += 1
        if tag in _UNSEEN or self._events > EVENTS_CAP or is_hidden(attributes):
            return "skip"
        self.lines.open(tag, attributes)
        return "skip" if tag in _VOID else "continue"

    def visit_element_end(self, context: Any, _output: str) -> str:
        """An element ends."""
        tag = context.tag_name.removeprefix(PREFIX)
        if tag not in _VOID and tag not in _UNSEEN:
            self.lines.close(tag)
        return "continue"


def is_hidden(attributes: dict[str, str]) -> bool:
    """Whether nobody sees an element with these attributes."""
    style = attributes.get("style")
    return "hidden" in attributes or (style is not None and _HIDDEN.search(style[:2000]) is not None)
