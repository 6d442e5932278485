"""text/enriched (RFC 1896) and its elder text/richtext (RFC 1341, 7.1.3) as the text that a person sees."""

from __future__ import annotations

import re

_PARAM = re.compile(r"<param>[^<]{0,1000}</param>", re.IGNORECASE)
_BREAKS = re.compile(r"\n+")
_TAG = re.compile(r"<<|</?([A-Za-z0-9-]{0,60})>")
_NOFILL = re.compile(r"</?nofill>", re.IGNORECASE)


def to_text(source: str, *, rich: bool = False) -> str:
    """The words with their line breaks; `rich` for text/richtext, where lines end at <nl> alone."""
    text = _PARAM.sub("", source)
    if rich:
        return _TAG.sub(_richtext, text.replace("\n", " ")).strip()
    # A single line break is a space, and of several one is; between <nofill> and its end they are what they are.
    filled = (
        piece if at % 2 else _BREAKS.sub(lambda found: "\n" * (len(found[0]) - 1) or " ", piece)
        for at, piece in enumerate(_NOFILL.split(text))
    )
    return _TAG.sub(lambda found: "<" if found[0] == "<<" else "", "".join(filled)).strip()


def _richtext(tag: re.Match[str]) -> str:
    name = (tag[1] or "").lower()
    if name == "lt" or tag[0] == "<<":
        return "<"
    return "\n" if name in ("nl", "np") and not tag[0].startswith("</") else ""
