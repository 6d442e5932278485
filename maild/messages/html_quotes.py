"""The marks that mail clients leave in HTML around quoted mail, and where they fall in the text made from it.

No tree is built: hostile HTML makes trees slow. The HTML is walked once; the words before a mark are then found again
in the text, so any converter may have made it. A plain <blockquote> is no mark: the text shows it as `>`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape

from maild.messages.quotes import is_forward_line

_LONGEST_HTML = 2_000_000
_LONGEST_TAG = 2_000
_LOOK_AHEAD = 40
_END_OF_BODY = "</body>"  # no element is called so: the region stays open
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:_-]{0,40})")
_ATTRIBUTE = re.compile(
    r"\b(class|id|type|name|style|data-marker)\s{0,5}=\s{0,5}(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE
)
_TARGET = re.compile(r"[^\w<>\n]*<[^<>\s]*[:@][^<>\s]*>")
_WORD = re.compile(r"[^\W_]+")
_SILENT = frozenset({"style", "script", "head", "title", "template"})
_VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "base", "wbr", "col", "area", "o:p"})

# The element holds the quoted mail. Each name with the client that writes it.
_HOLDS_QUOTE = frozenset({
    *("gmail_quote", "gmail_quote_container", "ecxgmail_quote", "x_gmail_quote"),  # Gmail, K-9, quoted by Outlook
    *("moz-cite-prefix", "x_moz-cite-prefix"),  # Thunderbird, the line above its blockquote
    *("yahoo_quoted", "yahoo-quoted-begin"),  # Yahoo
    *("protonmail_quote", "tutanota_quote", "zmail_extra"),  # Proton, Tuta, Zoho
    *("mailspring-quote", "nylas-quote", "front-blockquote"),  # Mailspring, Nylas, Front
    *("mailru-blockquote", "js-helper", "yandex_quote"),  # Mail.ru, Yandex
    *("-x-evo-cite", "quoted-mail", "hmquote"),  # Evolution, Hotmail
    *("ntes-mailmaster-quote", "isreplycontent"),  # NetEase, on the phone and on the web
    *("clean_bq", "airmail_on", "canaryblockquote", "history_container"),  # Airmail, Canary, Mailbird
    *("missive_quote", "aqm-original"),  # Missive, Aqua Mail
})  # fmt: skip
# The element opens the quoted mail, which then runs to the end of the body.
_OPENS_QUOTE = frozenset({
    *("divrplyfwdmsg", "appendonsend", "outlookmessageheader", "olk_src_body_section"),  # Outlook, Outlook for Mac
    *("x_divrplyfwdmsg", "ms-outlook-mobile-reference-message", "mail-editor-reference-message-container"),
    *("stopspelling", "x_stopspelling"),  # Hotmail, the rule above its header block
    *("zwchr", "reply-intro", "replybody1", "_originalcontent", "_replycontent"),  # Zimbra, Roundcube, BlackBerry
    *("messagereplysection", "__quoted_text__"),  # Spark, Zimbra
})  # fmt: skip
_HOLDS_FORWARD = frozenset({"moz-forward-container"})
_NAMED_QUOTE = "quote"  # GMX and web.de: <div name="quote">; as a class it is any page's
# The thin line that Word draws above a quoted header block.
_WORD_LINE = re.compile(
    r"border-top:\s?solid #(?:b5c4df|e1e1e1)|border-top:\s?#(?:b5c4df|e1e1e1) .{0,10}solid", re.IGNORECASE
)


_SIGNATURES = frozenset({
    *("gmail_signature", "moz-signature", "protonmail_signature_block", "signature", "x_signature"),
    *("ms-outlook-mobile-signature", "composer_signature", "applemailsignature", "mail-app-auto-default-signature"),
})  # fmt: skip


# One of these stands in every name above: where none is in a tag, nothing more is asked about it.
_SIGNS = (
    *("quote", "cite", "signature", "zmail_extra", "js-helper", "divrplyfwdmsg", "appendonsend", "reference-message"),
    *("outlookmessageheader", "olk_src_body", "stopspelling", "zwchr", "reply-intro", "replybody1", "_originalcontent"),
    *("_replycontent", "messagereplysection", "moz-forward-container", "b5c4df", "e1e1e1"),
    *("isreplycontent", "clean_bq", "airmail_on", "history_container", "aqm-original"),
)
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """A part of a text: characters `start` to `end`."""

    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """The parts of a text that a client has marked in its HTML; None where it marks none."""

    quote: Cut | None
    signature: Cut | None


@dataclass(kw_only=True, slots=True)
class _Region:
    """Words `first` to `end` of the HTML are inside a marked element."""

    first: int
    end: int
    signature: bool


@dataclass(kw_only=True, slots=True)
class _Walk:
    """What the walk has seen: all visible words, and the marked regions; `signs` are the places of _SIGNS."""

    signs: Sequence[int]
    words: list[str] = field(default_factory=list)
    regions: list[_Region] = field(default_factory=list)
    inside: str = ""  # the element that holds the region being walked
    depth: int = 0
    silent: str = ""
    forwarding: bool = False


def marked_in(html: str, text: str) -> Marked | None:
    """The parts of `text` that a client has marked in the `html` it was made from; None where no mark is clear."""
    html = html[:_LONGEST_HTML]
    signs = _places_of_signs(html)
    if not signs:
        return None
    walk = _walk(html, signs)
    quotes = _merged(walk)
    if len(quotes) > 1 or walk.forwarding:
        return None  # several quotes with words between them are answers between quotes: the text decides
    quote = quotes[0] if quotes else None
    limit = quote.first if quote else len(walk.words)
    signature = next((r for r in walk.regions if r.signature and 0 < r.first < r.end <= limit), None)
    if quote is not None and quote.first == 0 and quote.end >= len(walk.words):
        quote = None
    if quote is None and signature is None:
        return None
    regions = [r for r in (signature, quote) if r is not None]
    cuts = dict(zip(map(id, regions), _places(text, walk.words, regions), strict=True))
    return Marked(quote=cuts[id(quote)] if quote else None, signature=cuts[id(signature)] if signature else None)


def is_marked(tag: str, attributes: Mapping[str, str]) -> bool:
    """Whether mail clients give an element such names for a quoted mail or a signature."""
    names = {n.lower() for key in ("class", "id", "name", "data-marker") for n in attributes.get(key, "").split()}
    cited = tag == "blockquote" and attributes.get("type", "").lower() == "cite"
    return cited or bool(names & (_HOLDS_QUOTE | _OPENS_QUOTE | _SIGNATURES))


def _places(text: str, words: Sequence[str], regions: Sequence[_Region]) -> list[Cut]:
    """Where the regions, which stand in their order, fall in the text."""
    found = list(_WORD.finditer(text))
    standing: dict[str, list[int]] = {}
    for i, match in enumerate(found):
        standing.setdefault(match[0], []).append(i)
    cuts, at, seen = [], 0, 0
    for region in regions:
        at = _past_link(text, found, _align(words[seen : region.first], standing, at))
        start = _boundary(text, found, at)
        seen = region.first
        if region.end >= len(words):
            cuts.append(Cut(start=start, end=len(text)))
            continue
        at = _align(words[seen : region.end], standing, at)
        seen = region.end
        cuts.append(Cut(start=start, end=_boundary(text, found, at)))
    return cuts


def _places_of_signs(html: str) -> list[int]:
    low = html.lower()
    if len(low) != len(html):
        low = html.translate(_ASCII_LOWER)
    return sorted(at.start() for sign in _SIGNS if sign in low for at in re.finditer(sign, low))


def _walk(html: str, signs: Sequence[int]) -> _Walk:
    walk, at = _Walk(signs=signs), 0
    while True:
        opens = html.find("<", at)
        if not walk.silent:
            _take_words(walk, html[at : opens if opens >= 0 else len(html)])
        if opens < 0:
            break
        at = _step(walk, html, opens)
    if walk.inside:
        walk.regions[-1].end = len(walk.words)
    return walk


def _take_words(walk: _Walk, text: str) -> None:
    if not text or text.isspace():
        return
    plain = unescape(text) if "&" in text else text
    opens_region = bool(walk.inside) and walk.regions[-1].first == len(walk.words)
    if opens_region and is_forward_line(plain.strip()):
        walk.forwarding = True
    walk.words += _WORD.findall(plain)


def _step(walk: _Walk, html: str, opens: int) -> int:
    """Take in what begins with the `<` at `opens`; where to go on."""
    if html.startswith("<!--", opens):
        ends = html.find("-->", opens + 4)
        return ends + 3 if ends >= 0 else len(html)
    tag = _TAG.match(html, opens)
    if tag is None:
        return opens + 1
    closes = html.find(">", tag.end())
    closes = len(html) if closes < 0 else closes
    name = tag[2].lower()
    if tag[1]:
        _close(walk, name)
    elif walk.silent:
        pass
    elif name in _SILENT:
        walk.silent = name
    elif walk.inside:
        walk.depth += name == walk.inside
    elif _has_sign(walk, opens, closes):
        _open_region(walk, name, html[tag.end() : min(closes, tag.end() + _LONGEST_TAG)])
    return closes + 1


def _has_sign(walk: _Walk, start: int, end: int) -> bool:
    i = bisect_left(walk.signs, start)
    return i < len(walk.signs) and walk.signs[i] < end


def _open_region(walk: _Walk, name: str, attributes: str) -> None:
    found = {key.lower(): value.strip("\"'") for key, value in _ATTRIBUTE.findall(attributes)}
    names = {n.lower() for key in ("class", "id", "name", "data-marker") for n in found.get(key, "").split()}
    if names & _HOLDS_FORWARD:
        walk.forwarding = True
    to_the_end = bool(names & _OPENS_QUOTE) or _WORD_LINE.search(found.get("style", "")) is not None
    cited = name == "blockquote" and found.get("type", "").lower() == "cite"
    yahoo = any(n.startswith("yahoo_quoted") for n in names)
    gmx = found.get("name", "").lower() == _NAMED_QUOTE
    quotes = to_the_end or cited or yahoo or gmx or bool(names & _HOLDS_QUOTE)
    if quotes or names & _SIGNATURES or name == "signature":
        walk.regions.append(_Region(first=len(walk.words), end=len(walk.words), signature=not quotes))
        walk.inside, walk.depth = (_END_OF_BODY if to_the_end else name), 1


def _close(walk: _Walk, name: str) -> None:
    if walk.silent:
        walk.silent = "" if name == walk.silent else walk.silent
    elif walk.inside and name == walk.inside:
        walk.depth -= 1
        if not walk.depth:
            walk.regions[-1].end = len(walk.words)
            walk.inside = ""


def _merged(walk: _Walk) -> list[_Region]:
    """The quoted regions that hold words, neighbours made one."""
    out: list[_Region] = []
    for region in walk.regions:
        if region.signature:
            continue
        if out and out[-1].end == region.first:
            out[-1] = _Region(first=out[-1].first, end=region.end, signature=False)
        elif region.end > region.first:
            out.append(region)
    return out


def _align(words: Sequence[str], standing: Mapping[str, Sequence[int]], at: int) -> int:
    """How far the `words` reach in a text whose words stand at `standing`, from word number `at` on.

    The text holds more words (links) or fewer (hidden parts) than the HTML, so each is looked for a little ahead.
    """
    for word in words:
        places = standing.get(word, ())
        i = bisect_left(places, at)
        if i < len(places) and places[i] < at + _LOOK_AHEAD:
            at = places[i] + 1
    return at


def _past_link(text: str, found: Sequence[re.Match[str]], at: int) -> int:
    """The first word behind the target of a link that ends before word number `at`: its target is written behind it."""
    target = _TARGET.match(text, found[at - 1].end()) if at else None
    while target is not None and at < len(found) and found[at].start() < target.end():
        at += 1
    return at


def _boundary(text: str, found: Sequence[re.Match[str]], at: int) -> int:
    """The place in `text` before word number `at`: its line's beginning, unless the word above stands on that line."""
    above = found[at - 1].end() if at else 0
    below = found[at].start() if at < len(found) else len(text)
    line = text.find("\n", above, below)
    return line + 1 if line >= 0 else (below if at else 0)
