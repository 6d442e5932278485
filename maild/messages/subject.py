"""The subject without what replies, forwards and ticket tags put in front of it."""

from __future__ import annotations

import re

_CAP = 998
# Reply and forward marks: en, de, fr, es, it, pt, nl, pl, cs, sv, no, da, fi, tr, hu, ro, el, he, ru, uk, be, bg, zh.
_WORDS = ["re", "fw", "fwd", "fwd?", "aw", "antw", "antwort", "wg", "wtr", "tr", "ref", "réf", "rép", "rép.", "rv", "res", "rif", "r", "i", "inoltra", "enc", "vs", "sv", "vl", "vb", "vidarebefordrat", "doorst", "odp", "pd", "ynt", "ilt", "továbbítás", "vá", "atb", "απ", "σχετ", "πρθ", "השב", "הועבר", "на", "отв", "ответ", "пересл", "переслано", "пер", "fs", "ha", "нa", "hа", "відп", "відповідь", "пересл", "відпр", "адк", "адказ", "отг", "прпрщ", "回复", "回覆", "答复", "答覆", "转发", "轉寄", "轉發", "回信", "返信", "転送", "답장", "전달", "fvs", "bls", "trs", "blocked"]
_MARK = re.compile(
    r"\s*(?:(?:" + "|".join(sorted(map(re.escape, set(_WORDS) - {"fwd?", "r", "i", "blocked"}), key=len, reverse=True)) + r")"
    r"\s?(?:\[\d{1,3}\]|\(\d{1,3}\)|\*\d{1,3}|\^\d{1,3}|\d{1,2})?\s?[:：]"
    r"|\[(?:[a-zа-я][a-zа-я0-9]{0,15}-\d{1,12}|(?:ticket\s?)?\#?\d{1,12}|fwd:?|external|ext)\])"
)  # fmt: skip
_TAG_BEHIND = re.compile(r"\s*\[[a-zа-я][a-zа-я0-9]{0,15}-\d{1,12}\]\Z")


def base_subject(subject: str) -> str:
    """What a conversation is about, for comparing: no `Re:`, `Fwd:`, `Отв:`, `Re[2]:` or `[SUP-1001]`, one case, one space."""
    text = " ".join(subject[:_CAP].casefold().split())
    position = 0
    while (mark := _MARK.match(text, position)) is not None:
        position = mark.end()
    text = text[position:].strip()
    while (tag := _TAG_BEHIND.search(text, max(0, len(text) - 40))) is not None:
        text = text[: tag.start()].rstrip()
    return text
