"""The subject without what replies, forwards and ticket tags put in front of it."""

from __future__ import annotations

import re

_CAP = 998
# What clients put in front, in Western, Slavic, Greek, Hebrew and East Asian languages; Russian ones also with Latin
# letters that look the same.
_WORDS = (
    "re fw fwd aw antw antwort wg wtr tr ref réf rép rv res rif inoltra enc vs sv vl vb doorst odp pd ynt ilt "
    "továbbítás vá atb fvs bls trs απ σχετ πρθ השב הועבר на отв ответ пересл переслано пер ha hа нa відп відповідь адк "
    "адказ отг прпрщ 回复 回覆 答复 答覆 转发 轉寄 轉發 回信 返信 転送 답장 전달"
)
_MARK = re.compile(
    rf"\s*(?:(?:{'|'.join(sorted(_WORDS.split(), key=len, reverse=True))})"
    r"\s?(?:\[\d{1,3}\]|\(\d{1,3}\)|\*\d{1,3}|\^\d{1,3}|\d{1,2})?\s?[:：]"
    r"|\[(?:[a-zа-я][a-zа-я0-9]{0,15}-\d{1,12}|(?:ticket\s?)?\#?\d{1,12}|fwd:?|external|ext)\])"
)
_TAG_BEHIND = re.compile(r"\s*\[[a-zа-я][a-zа-я0-9]{0,15}-\d{1,12}\]\Z")


# Of them those that say "passed on".
_FORWARD_WORDS = (
    "fw fwd wg wtr tr rv enc vl doorst pd ilt inoltra továbbítás fvs trs πρθ הועבר пересл переслано пер прпрщ 转发 "
    "轉寄 轉發 転送 전달"
)
_FORWARDS = frozenset(_FORWARD_WORDS.split())
_IN_FRONT = re.compile(_MARK.pattern, re.IGNORECASE)
_TAG_AT_END = re.compile(_TAG_BEHIND.pattern, re.IGNORECASE)


def is_reply(subject: str) -> bool:
    """Whether the first mark in front is a reply's: `Re:`, `AW:`, `Отв:`, `[SUP-1001] Re:`; a forward's is none."""
    text = " ".join(subject[:_CAP].casefold().split())
    position = 0
    while (mark := _MARK.match(text, position)) is not None:
        word = mark.group().strip()
        if not word.startswith("["):
            return re.split(r"[\s\d\[(*^:：]", word, maxsplit=1)[0] not in _FORWARDS
        position = mark.end()
    return False


def topic(subject: str) -> str:
    """The subject as it was before anybody answered, in its own letters: what Outlook calls the topic."""
    text = " ".join(subject[:_CAP].split())
    position = 0
    while (mark := _IN_FRONT.match(text, position)) is not None:
        position = mark.end()
    text = text[position:].strip()
    while (tag := _TAG_AT_END.search(text, max(0, len(text) - 40))) is not None:
        text = text[: tag.start()].rstrip()
    return text


def base_subject(subject: str) -> str:
    """What a conversation is about, for comparing: without `Re:`, `Отв:`, `Re[2]:`, `[SUP-1001]`, case-folded."""
    text = " ".join(subject[:_CAP].casefold().split())
    position = 0
    while (mark := _MARK.match(text, position)) is not None:
        position = mark.end()
    text = text[position:].strip()
    while (tag := _TAG_BEHIND.search(text, max(0, len(text) - 40))) is not None:
        text = text[: tag.start()].rstrip()
    return text
