"""What the sender wrote this time: the text without quoted mails and without the signature.

Nothing is lost: reply, quoted and signature together hold every line that was there. In doubt a line is the sender's.
Forwarded text is kept; forward.py reads it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from maild.messages.html_quotes import Cut, marked_in
from maild.messages.quotes import (
    MarkKind,
    find_marks,
    is_divider,
    is_quoted,
    mark_indented,
    quote_follows,
    split_joined,
)
from maild.messages.signature import signature_start

_MOST_LINES = 20_000  # what stands below goes with the part above it
_LOOK_INTO_QUOTE = 20
_OUTLOOKS_RULE = 32
_NO_MARKS = re.compile(r"[^\s>|–—-]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """A text in three: what was written now, what was quoted, and the signature."""

    reply: str
    quoted: str
    signature: str


def split_reply(text: str, *, below_words: bool = False) -> Split:
    """Cut a plain text into reply, quoted mail and signature; answers between quotes stay in the reply.

    `below_words`: it is the rest of a text whose beginning the sender wrote.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rest = lines[_MOST_LINES:]
    split = _split(lines[:_MOST_LINES], below_words=below_words)
    if not rest:
        return split
    tail = "\n".join(rest)
    if split.quoted:
        return Split(reply=split.reply, quoted=f"{split.quoted}\n{tail}", signature=split.signature)
    return Split(reply=text.strip(), quoted="", signature="")


def split_html(html: str, text_from_html: str) -> Split | None:
    """Cut by the marks that clients leave in HTML; None where it has none and the text must decide.

    `text_from_html` is the readable text of the same HTML: the cut is made in it, at the words that the mark points to.
    """
    marked = marked_in(html, text_from_html)
    if marked is None:
        return None
    quote = marked.quote or Cut(start=len(text_from_html), end=len(text_from_html))
    sign = marked.signature or Cut(start=quote.start, end=quote.start)
    above = split_reply(text_from_html[: sign.start].rstrip())
    # Samsung marks its own line alone, and the quoted mail stands right below it.
    between = split_reply(text_from_html[sign.end : quote.start].strip(), below_words=bool(above.reply))
    below = _under_words(text_from_html[quote.end :].strip(), above.reply or between.reply)
    said = [part.reply for part in (above, between, below) if part.reply]
    # An empty quote's marks may be left over from a signature that stood in it, or the dashes above one below it.
    left = said.pop() if len(said) > 1 and not _NO_MARKS.search(said[-1]) else ""
    return Split(
        reply="\n\n".join(said),
        quoted=_joined(above.quoted, between.quoted, text_from_html[quote.start : quote.end], left, below.quoted),
        signature=_joined(above.signature, text_from_html[sign.start : sign.end], between.signature, below.signature),
    )


def _under_words(text: str, words: str) -> Split:
    """A text cut as what stands under `words` of the same writer: then it may be nothing but his signature."""
    if not words or not text:
        return split_reply(text)
    split = split_reply(f"-\n{text}", below_words=True)
    return Split(reply=split.reply.removeprefix("-").strip("\n"), quoted=split.quoted, signature=split.signature)


def _joined(*parts: str) -> str:
    return "\n".join(part.strip("\n") for part in parts if part.strip())


def _split(lines: Sequence[str], *, below_words: bool = False) -> Split:
    written = split_joined(lines)
    lines = mark_indented(written) if any(line.startswith("\t") for line in written) else written
    end, attributions = _cut_at_marks(lines, text_above=below_words)
    kept = [i for i in range(end) if i not in attributions]
    kept = _without_dividers(lines, kept) if end < len(lines) or _ends_ruled(lines) else kept
    kept = _without_signature(lines, kept, signature := set[int]())
    before = kept
    kept = _without_trailing_quotes(lines, kept, attributions)
    if kept == before:
        kept = _without_leading_quote(lines, kept, attributed=bool(attributions))
    else:
        # A signature may stand above the quote as well as below it.
        kept = _without_signature(lines, kept, signature)
    return Split(
        reply=_text(written, kept),
        quoted=_text(written, sorted(set(range(len(lines))) - set(kept) - signature)),
        signature=_text(written, sorted(signature)),
    )


def _cut_at_marks(lines: Sequence[str], *, text_above: bool) -> tuple[int, set[int]]:
    """Where the quoted mail begins for good, and the attribution lines above it."""
    attributions: set[int] = set()
    seen = 0
    for mark in find_marks(lines):
        text_above = text_above or any(line.strip() and not is_quoted(line) for line in lines[seen : mark.start])
        seen = mark.end
        if mark.kind is MarkKind.FORWARD:
            break
        if mark.kind is MarkKind.ATTRIBUTION and (quote_follows(lines, mark.end) or not text_above):
            attributions.update(range(mark.start, mark.end))
        elif text_above:
            return mark.start, attributions
        else:
            break  # nothing stands above: what follows is all there is
    return len(lines), attributions


def _ends_ruled(lines: Sequence[str]) -> bool:
    """Does the text end with the long line that Outlook draws above a quote, which is then missing?"""
    last = next((line for line in reversed(lines[-_LOOK_INTO_QUOTE:]) if line.strip()), "")
    return len(last.strip()) >= _OUTLOOKS_RULE and not last.strip("_ \t")


def _without_dividers(lines: Sequence[str], kept: list[int]) -> list[int]:
    """The line that a client draws above the quoted mail goes with it."""
    end = len(kept)
    while end and (not lines[kept[end - 1]].strip() or is_divider(lines[kept[end - 1]])):
        end -= 1
    return kept[:end]


def _without_signature(lines: Sequence[str], kept: list[int], signature: set[int]) -> list[int]:
    at = signature_start([lines[i] for i in kept])
    end = len(kept)
    while end > at and (not lines[kept[end - 1]].strip() or is_quoted(lines[kept[end - 1]])):
        end -= 1  # a quote without the client's line may stand below the signature
    signature.update(kept[at:end])
    return kept[:at]


def _without_trailing_quotes(lines: Sequence[str], kept: list[int], attributions: set[int]) -> list[int]:
    """Without the quote at the end; a mail of nothing else keeps it, unless a client says whose it is."""
    end = len(kept)
    while end and (not lines[kept[end - 1]].strip() or is_quoted(lines[kept[end - 1]])):
        end -= 1
    if end and attributions:
        # What the sender quoted himself above the client's own line is his.
        first = min((a for a in attributions if a > kept[end - 1]), default=0)
        end = next((n for n in range(end, len(kept)) if kept[n] > first), len(kept)) if first else end
    if end or attributions:
        return kept[:end] if any(is_quoted(lines[i]) for i in kept[end:]) else kept
    inner = [lines[i].lstrip("> |\t") for i in kept]
    mark = next(find_marks(inner[:_LOOK_INTO_QUOTE]), None)
    return [] if mark is not None and mark.start == 0 and mark.kind is MarkKind.ATTRIBUTION else kept


def _without_leading_quote(lines: Sequence[str], kept: list[int], *, attributed: bool) -> list[int]:
    """Without the one quote on top, when the answer stands below it and no other quote does (bottom posting)."""
    if not attributed:
        return kept
    filled = [i for i in kept if lines[i].strip()]
    top = next((n for n, i in enumerate(filled) if not is_quoted(lines[i])), len(filled))
    below = filled[top:]
    if not top or not below or any(is_quoted(lines[i]) for i in below):
        return kept
    return [i for i in kept if i >= below[0]]


def _text(lines: Sequence[str], wanted: Sequence[int]) -> str:
    return "\n".join(lines[i].rstrip() for i in wanted).strip("\n")
