"""Plain alternatives that say nothing: what programs put there for readers of plain text, who then see no mail at all.

Which alternative is read is decided in `bodies.py`.
"""

from __future__ import annotations

import re

_LONGEST = 400
_PICTURE = re.compile(r"\[(?:cid:|image:|inline image)[^\]\n]{0,200}\]|<cid:[^>\n]{0,200}>|&nbsp;?|&#(?:160|x[aA]0);?")
_MARKUP = re.compile(r"\s*<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
# "Your client does not support HTML", "view this mail in your browser" and their like: a stem of each is enough, since
# the text must be short, and its words must not stand in the HTML as well.
_EXCUSE = re.compile(
    r"\bhtml\b.{0,200}(?:support|view|client|reader|browser|capable|compatible|enable|format|display|program|version"
    r"|unterst|anzeig|darstell|affich|lecteur|visuali[sz]|cliente|soporta|suporta|supporta|obsług|klient|wyświet"
    r"|поддерж|просм|отобра|браузер|програм|формат|підтрим|переглян)"
    r"|(?:support|view|client|reader|browser|capable|compatible|enable|format|display|unterst|anzeig|affich|visuali[sz]"
    r"|obsług|поддерж|просм|отобра|підтрим|переглян|формат).{0,200}\bhtml\b"
    r"|\bview (?:this|the) (?:e-?mail|message|newsletter)\b.{0,100}\bbrowser\b"
    r"|^\s*this is a multi-?part message in mime format\.?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_WORD = re.compile(r"[^\W\d_]{2,}")


def says_nothing(plain: str, shown: str) -> bool:
    """Whether a plain alternative has no words of its own; `shown` is the readable text of the HTML beside it."""
    if not plain.strip():
        return True
    # The HTML once more under the label of plain text, or the marks of pictures.
    return bool(shown.strip()) and (_MARKUP.match(plain) is not None or _is_bare(plain, shown))


def excuses_itself(plain: str, shown: str) -> bool:
    """Whether a plain alternative only says that the mail is in HTML, whose readable text is `shown`."""
    if len(plain) > _LONGEST or not _WORD.search(shown) or not _EXCUSE.search(plain):
        return False
    # Where its words stand in the HTML too, a person wrote them.
    words = set(_WORD.findall(plain.lower()))
    return len(words & set(_WORD.findall(shown.lower()))) * 2 <= len(words)


def _is_bare(plain: str, shown: str) -> bool:
    if len(plain) > _LONGEST or any(char.isalnum() for char in _PICTURE.sub("", plain)):
        return False
    return _WORD.search(shown) is not None
