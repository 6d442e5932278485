"""An agent's answer as he formatted it: his own HTML, cut to his own words, cleaned, and proven to say nothing else.

The plain text has been released by the judgement, and it is the measure: of the HTML exactly that leaves which says the
same letters and digits in the same order. Where no such part can be found there is no HTML of his, and the letter makes
its own from the plain text. What tags, styles and links may say is fixed in `washing.py`, the tree in `branches.py`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from maild.messages.mail import Attachment
from maild.outgoing.branches import Branch, Leaf, TooMuch, leaves_of, nested_too_deep, read_tree, written_tree
from maild.outgoing.pretty import lines_html, to_html
from maild.outgoing.washing import washed
from maild.threads.plan import OwnHtml
from maild.threads.release import without

MAX_HTML = 400_000
"""Characters of HTML that are looked at, embedded pictures left aside; more goes out as plain text."""
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})
_EMBEDDED = re.compile(r"data:(image/[a-z.+-]{1,20});base64,([A-Za-z0-9+/=%\s]*)")
_MOST_EMBEDDED = 20
"""Pictures written into the HTML itself that are taken out of it, and go along as parts."""
_PLACEHOLDER = re.compile(r"\[(?:image|cid|inline image|изображение):[^\[\]\n]{1,300}\]", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Formatted:
    """HTML that may leave, and the pictures that it shows, each with the Content-ID by which it does."""

    html: str
    pictures: tuple[Attachment, ...]


def formatted(own: OwnHtml, attachments: Sequence[Attachment], seed: str) -> Formatted | None:
    """The answer's HTML, None where it cannot be proven to say what the text says; `seed` makes its Content-IDs."""
    html, embedded = _unpacked(own.html)
    if len(html) > MAX_HTML or not own.words.strip() or nested_too_deep(html):
        return None
    try:
        root = read_tree(washed(html, own.unlinked, marks=True))
    except TooMuch:
        return None
    for leaf in leaves_of(root) if own.unsaid else ():
        leaf.text = without(leaf.text, own.unsaid, own.desk)
    kept = _own_part(root, own)
    if kept is None:
        return None
    if not all(_put_in(kept, line, text) for line, text in own.instead):
        return None
    pictures = _pictures(kept, (*attachments, *embedded), seed)
    clean = washed(written_tree(kept), own.unlinked, marks=False)
    if _signs(_said(read_tree(clean))) != _signs(_said(kept)):
        return None
    above = f"{to_html(own.above)}\n" if own.above else ""
    return Formatted(html=f'{above}<div style="margin: 0 0 0.9em;">{clean}</div>', pictures=pictures)


def _unpacked(html: str) -> tuple[str, tuple[Attachment, ...]]:
    """The HTML with the pictures written into it named by Content-IDs, and these pictures."""
    found: list[Attachment] = []

    def named(picture: re.Match[str]) -> str:
        content = _decoded(picture[2]) if picture[1] in _PICTURES and len(found) < _MOST_EMBEDDED else b""
        if not content:
            return ""
        name = f"embedded{len(found)}@picture"
        file = Attachment.file(f"image{len(found) + 1}.{picture[1].partition('/')[2]}", picture[1], content)
        found.append(replace(file, inline=True, content_id=f"<{name}>"))
        return f"cid:{name}"

    return _EMBEDDED.sub(named, html), tuple(found)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(unquote(text).split()), validate=True)
    except ValueError:
        return b""


def _signs(text: str) -> str:
    """What is compared: letters, digits, and the pictures and currencies among the characters."""
    return "".join(c for c in text if c.isalnum() or unicodedata.category(c) in ("So", "Sc"))


def _said(root: Branch) -> str:
    return "".join(leaf.text for leaf in leaves_of(root))


def _own_part(root: Branch, own: OwnHtml) -> Branch | None:
    """The part of the tree that says the agent's words and nothing else; None where there is no telling."""
    leaves = list(leaves_of(root))
    links = {target for leaf in leaves for target in _targets(leaf)}
    for words in _readings(own.words, links):
        for numbered in (True, False):
            for named in (False, True):
                spoken = [_signs(_spoken(leaf, numbered=numbered, named=named)) for leaf in leaves]
                place = _place("".join(spoken), _signs("".join(own.orders)), _signs(words))
                if place is not None:
                    return _cut(root, leaves, spoken, *place)
    return None


def _targets(leaf: Leaf) -> Iterator[str]:
    for branch in leaf.path:
        if branch.tag == "a" and (href := branch.attributes.get("href", "")):
            yield href
            if href.startswith("mailto:"):
                yield href.removeprefix("mailto:").partition("?")[0]


def _readings(words: str, links: set[str]) -> Iterator[str]:
    """The text as it stands, and without what is written into a text in place of links and pictures."""
    bare = words
    for target in sorted(links, key=len, reverse=True):
        bare = bare.replace(f"<{target}>", "").replace(f"<{target.rstrip('/')}>", "")
    yield words
    if bare != words:
        yield bare
    without = _PLACEHOLDER.sub("", bare)
    if without != bare:
        yield without


def _spoken(leaf: Leaf, *, numbered: bool, named: bool) -> str:
    """What a reader of mail makes of a leaf: list items have their numbers, pictures their names."""
    if leaf.tag == "img":
        return leaf.attributes.get("alt", "") if named else ""
    return (leaf.number if numbered else "") + leaf.text


def _place(said: str, orders: str, words: str) -> tuple[int, int] | None:
    """Where in everything that the HTML says the words stand: right behind the orders, else where they stand alone."""
    if not words:
        return None
    if said.startswith(orders + words):
        return len(orders), len(orders) + len(words)
    first = said.find(words)
    if first < 0 or said.find(words, first + 1) >= 0:
        return None
    return first, first + len(words)


def _cut(root: Branch, leaves: Sequence[Leaf], spoken: Sequence[str], start: int, end: int) -> Branch | None:
    """The tree with everything gone that stands before or behind a stretch of what it says."""
    at, texts, inside = 0, dict[int, str](), dict[int, bool]()
    for leaf, signs in zip(leaves, spoken, strict=True):
        before, at = at, at + len(signs)
        if not signs:
            inside[id(leaf)] = start < before < end
            continue
        inside[id(leaf)] = before < end and at > start
        if inside[id(leaf)] and (before < start or at > end):
            part = _piece(leaf, signs, max(0, start - before), min(len(signs), end - before))
            if part is None:
                return None
            texts[id(leaf)] = part
    inside |= _edges(leaves, spoken, inside)
    return root.pruned(inside, texts)


def _piece(leaf: Leaf, signs: str, first: int, last: int) -> str | None:
    """The text of a leaf from one of its signs up to another, with what is neither letter nor digit around them.

    None where the cut would go through a word.
    """
    text, places = leaf.text, [i for i, c in enumerate(leaf.text) if _signs(c)]
    number = len(signs) - len(places)
    first, last = max(0, first - number), last - number
    if last <= 0 or leaf.tag:
        return None
    begin = 0 if first == 0 else _after_gap(text, places[first - 1] + 1, places[first])
    finish = len(text) if last == len(places) else _before_gap(text, places[last - 1] + 1, places[last])
    return None if begin is None or finish is None else text[begin:finish]


def _after_gap(text: str, start: int, end: int) -> int | None:
    """Where the second of two words begins: behind the last white space between them."""
    gaps = [i for i in range(start, end) if text[i].isspace()]
    return gaps[-1] + 1 if gaps else None


def _before_gap(text: str, start: int, end: int) -> int | None:
    """Where the first of two words ends, its full stop included: before the white space between them."""
    return next((i for i in range(start, end) if text[i].isspace()), None)


def _edges(leaves: Sequence[Leaf], spoken: Sequence[str], inside: Mapping[int, bool]) -> dict[int, bool]:
    """Which silent leaves at both ends belong to the words: pictures beside them, and a bracket on their line."""
    held = [i for i, leaf in enumerate(leaves) if spoken[i] and inside[id(leaf)]]
    if not held:
        return {}
    foreign = _foreign(leaves, spoken, inside)
    found: dict[int, bool] = {}
    for step, begin in ((-1, held[0]), (1, held[-1])):
        line = True
        i = begin + step
        while 0 <= i < len(leaves) and not spoken[i] and not leaves[i].stops:
            leaf = leaves[i]
            line = line and leaf.tag not in ("br", "hr") and leaf.block is leaves[begin].block
            if leaf.tag == "img":
                found[id(leaf)] = id(leaf) not in foreign
            elif leaf.tag == "" and line:
                found[id(leaf)] = True
            elif leaf.tag == "hr" or (leaf.tag == "" and leaf.text.strip()):
                break
            i += step
    return found


def _foreign(leaves: Sequence[Leaf], spoken: Sequence[str], inside: Mapping[int, bool]) -> set[int]:
    """Silent leaves in an element that says words which do not leave: the logo of a signature, a quoted picture."""
    says_own, says_other = set[int](), set[int]()
    for leaf, signs in zip(leaves, spoken, strict=True):
        if signs:
            (says_own if inside[id(leaf)] else says_other).update(id(branch) for branch in leaf.path)
    found = set[int]()
    for leaf, signs in zip(leaves, spoken, strict=True):
        if not signs and any(id(b) in says_other and id(b) not in says_own for b in leaf.path):
            found.add(id(leaf))
    return found


def _put_in(root: Branch, line: str, text: str) -> bool:
    """Put a text in the place of the one leaf that is this line; False where there is none, or more than one."""
    found = [(b, x) for b in root.branches() for x in b.children if isinstance(x, Leaf) and _same(x.text, line)]
    if len(found) != 1:
        return False
    [(branch, leaf)] = found
    at = branch.children.index(leaf)
    branch.children[at : at + 1] = read_tree(lines_html(text.split("\n")).replace("<br>\n", "<br>")).children
    return True


def _same(text: str, line: str) -> bool:
    return text.split() == line.split()


def _pictures(root: Branch, attachments: Sequence[Attachment], seed: str) -> tuple[Attachment, ...]:
    """The pictures that the tree shows, under fresh names that it is given; what it cannot show is taken out."""
    by_id = {a.content_id.strip("<>"): a for a in attachments if a.content_id and a.content_type in _PICTURES}
    named: dict[str, Attachment] = {}
    for branch in root.branches():
        for leaf in [x for x in branch.children if isinstance(x, Leaf) and x.tag == "img"]:
            old = unquote(leaf.attributes.get("src", "").removeprefix("cid:"))
            if old not in by_id or not leaf.attributes.get("src", "").startswith("cid:"):
                branch.children.remove(leaf)
                continue
            name = f"{hashlib.sha256(f'{seed} {old}'.encode()).hexdigest()[:32]}@picture"
            named[old] = replace(by_id[old], content_id=f"<{name}>", inline=True)
            leaf.attributes["src"], leaf.attributes["alt"] = f"cid:{name}", by_id[old].filename
    return tuple(named.values())
