"""Plain text to simple HTML: paragraphs, quotations, links, rules, buttons. Around it comes `templates/layout.html`.

Everything that comes from the text is escaped here; what is made of it are the tags p, br, blockquote, hr and a, no
others. Buttons are links in tables with their style written beside them: mail clients leave out style sheets, and
Outlook knows neither boxes nor rows that wrap, but it does know tables that stand side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

MAX_TEXT = 100_000
"""Longer letters go out as plain text alone: nobody reads them in a mail client anyway."""
MAX_DEPTH = 10
"""Quotations nested deeper than this are shown at this depth."""

_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"'\u2028\u2029\u202a-\u202e\u2066-\u2069]{1,2000}", re.IGNORECASE)
_ADDRESS_ALONE = re.compile(r"mailto:([^?]+)(?:\?subject=[^&]*)?", re.IGNORECASE)
_BEHIND_A_LINK = ".,;:!?)]}»”’…"
_RULE = re.compile(r"[-—_=]{3,}\s*\Z")
_QUOTED = re.compile(r"(?:> ?)+")


_PLAIN, _GRAVE = ("#eef2f6", "#c4ccd6", "#1b4b91"), ("#ffffff", "#d9a3a3", "#a02222")
_STRONG = ("#1b5fb8", "#1b5fb8", "#ffffff")
_LOOKS = {"spam": _GRAVE, "close": _PLAIN, "snooze": _PLAIN, "split": _PLAIN, "undo": _PLAIN}
"""Ground, border and letters of a button; the one that is most likely meant stands out."""


def to_html(text: str, buttons: Sequence[Mapping[str, Any]] = ()) -> str:
    """The body of the HTML alternative; well-formed whatever the text is.

    Buttons (name, label, link) stand above the first rule that is no quotation: below the news, above the small print.
    """
    pieces: list[str] = []
    depth, waiting = 0, buttons_html(buttons)
    for level, lines in _blocks(text):
        pieces.append("<blockquote>" * (level - depth) + "</blockquote>" * (depth - level))
        depth = level
        if waiting and lines == [""] and level == 0:
            pieces.append(waiting)
            waiting = ""
        pieces.append("<hr>" if lines == [""] else "<p>" + lines_html(lines) + "</p>")
    pieces.append("</blockquote>" * depth)
    pieces.append(waiting)
    return "\n".join(piece for piece in pieces if piece)


def lines_html(lines: Sequence[str]) -> str:
    """Lines of plain text below each other, with their links."""
    return "<br>\n".join(_line(line) for line in lines)


def buttons_html(buttons: Sequence[Mapping[str, Any]]) -> str:
    """A row of buttons that goes on in the next line where the window is narrow; "" for none."""
    if not buttons:
        return ""
    return "\n".join((*map(_button, buttons), '<br clear="all" style="clear: both;">'))


def _button(button: Mapping[str, Any]) -> str:
    ground, border, letters = _LOOKS.get(str(button["name"]), _STRONG)
    link, label = escape(str(button["link"])), escape(str(button["label"]))
    cell = f"padding: 9px 16px; border: 1px solid {border}; border-radius: 5px;"
    words = f"color: {letters}; text-decoration: none; font-weight: bold; font-size: 15px; white-space: nowrap;"
    return (
        '<table role="presentation" align="left" border="0" cellpadding="0" cellspacing="0"><tr>'
        '<td style="padding: 0 8px 8px 0;">'
        '<table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr>'
        f'<td bgcolor="{ground}" style="{cell}"><a href="{link}" style="{words}">{label}</a></td>'
        "</tr></table></td></tr></table>"
    )


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Paragraphs with their depth of quotation; a rule is a paragraph of one empty line."""
    level, lines = 0, list[str]()
    for line in text.split("\n"):
        marks = _QUOTED.match(line)
        here = min(marks.group().count(">"), MAX_DEPTH) if marks else 0
        content = line[marks.end() :] if marks else line
        if lines and (here != level or not content.strip() or _RULE.match(content)):
            yield level, lines
            lines = []
        level = here
        if _RULE.match(content):
            yield level, [""]
        elif content.strip():
            lines.append(content)
    if lines:
        yield level, lines


def _line(line: str) -> str:
    stripped = line.lstrip(" \t")
    indent = "&nbsp;" * min(len(line) - len(stripped), 40)
    return indent + "".join(_linked(stripped))


def _shown(link: str) -> str:
    """A link as people read it: of a mail the address, unless it brings a text along, which nobody is to overlook."""
    mail = _ADDRESS_ALONE.fullmatch(link)
    return mail[1] if mail is not None else link


def _linked(line: str) -> Iterator[str]:
    done = 0
    for found in _LINK.finditer(line):
        address = found.group().rstrip(_BEHIND_A_LINK)
        yield escape(line[done : found.start()])
        yield f'<a href="{escape(address)}">{escape(_shown(address))}</a>'
        done = found.start() + len(address)
    yield escape(line[done:])
