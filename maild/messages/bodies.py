"""Which parts are the body, and which are attachments.

A body is a run of blocks: each has its plain text, its HTML, or both as alternatives. An attached mail is never a part
of the body; its bytes are kept as they came.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from maild.messages import charset, filenames
from maild.messages.fields import read_fields
from maild.messages.flowed import unwrap
from maild.messages.html import to_text
from maild.messages.mail import Attachment
from maild.messages.mime import Part
from maild.messages.words import decode_value

_HTML_LIKE = {"text/html", "text/enriched", "text/richtext", "application/xhtml+xml"}
_PLAIN = {"text/plain", "text", "text/markdown", "text/x-markdown", "text/english"}
_MAILS = {"message/rfc822", "message/global", "message/news"}
_REPORT = "message/delivery-status"
_META_CHARSET = re.compile(rb"<meta\b[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_HTML_START = re.compile(rb"\s*<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
BODY_CAP = 4 * 1024 * 1024
TEXT_CAP = 512 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A stretch of the body: as plain text, as HTML, or the same twice."""

    plain: str | None = None
    html: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """What there is to read, and what there is beside it."""

    text: str
    text_from_html: str | None
    html: str | None
    attachments: tuple[Attachment, ...]
    first_mail: bytes | None = field(repr=False)
    """The first attached mail, as it came."""
    defects: tuple[str, ...] = ()


def read_body(root: Part) -> Body:
    """The body and the attachments of a mail's tree of parts."""
    collector = _Collector()
    blocks = [block for block in collector.blocks(root, None, top=True) if block.plain or block.html]
    if not any((block.plain or block.html or "").strip() for block in blocks):
        # Some servers put the words of their report into the part for machines.
        blocks = [
            Block(plain=charset.decode(part.content()[:BODY_CAP]))
            for part in root.walk()
            if part.content_type == _REPORT
        ]
    shown = {block.html: to_text(block.html) for block in blocks if block.html}
    # A plain alternative that is empty says nothing: then the HTML speaks.
    plain = [
        block.plain if block.plain and block.plain.strip() else shown.get(block.html or "", "") for block in blocks
    ]
    html = [block.html for block in blocks if block.html]
    from_html = [shown[block.html] if block.html else block.plain or "" for block in blocks]
    text = _joined(plain)
    return Body(
        text=text[:TEXT_CAP],
        text_from_html=_joined(from_html)[:TEXT_CAP] if html else None,
        html="\n".join(html) if html else None,
        attachments=tuple(collector.attachments),
        first_mail=collector.first_mail,
        defects=("text too long: cut",) if len(text) > TEXT_CAP else (),
    )


def _joined(texts: Sequence[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    return "\n\n".join(text.strip("\n") for text in texts if text.strip())


@dataclass(slots=True)
class _Collector:
    attachments: list[Attachment] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    first_mail: bytes | None = None
    number: int = 0

    def blocks(self, part: Part, parent: Part | None, *, top: bool = False) -> list[Block]:
        """The body blocks below a part; everything else is collected as attachments on the way."""
        if part.children:
            inside = [self.blocks(child, part, top=top and not at) for at, child in enumerate(part.children)]
            if part.content_type == "multipart/alternative":
                return _alternatives(inside)
            return [block for blocks in inside for block in blocks]
        self.number += 1
        if _is_body(part, parent, top=top):
            return [_text_block(part)]
        if part.source().strip() or part.declared or part.disposition:
            self._attach(part, parent)
        return []

    def _attach(self, part: Part, parent: Part | None) -> None:
        content = part.content()
        named = part.disposition_params.get("filename") or part.params.get("name") or part.params.get("filename") or ""
        if part.content_type in _MAILS:
            self.first_mail = content if self.first_mail is None else self.first_mail
            named = named or _subject_of(content)
        name = filenames.harmless(named) or filenames.derived(part.content_type, self.number)
        self.attachments.append(
            Attachment(
                filename=filenames.unique(name, self.taken),
                content_type=part.content_type,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                inline=_is_inline(part, parent),
                content_id=part.content_id,
                content=content,
            )
        )


def _alternatives(inside: Sequence[Sequence[Block]]) -> list[Block]:
    """The same content several times: the first plain spelling and the last HTML one (RFC 2046, 5.1.4)."""
    plain = next((blocks for blocks in inside if any(b.plain and b.plain.strip() for b in blocks)), ())
    html = next((blocks for blocks in reversed(inside) if any(block.html for block in blocks)), ())
    if plain is html or not plain or not html:
        return list(plain or html)
    return [
        Block(
            plain=_joined([block.plain for block in plain if block.plain]),
            html="\n".join(block.html for block in html if block.html),
        )
    ]


def _is_body(part: Part, parent: Part | None, *, top: bool) -> bool:
    """Text that is meant to be read in place: no file, unless it is all there is."""
    if part.content_type not in _HTML_LIKE and part.content_type not in _PLAIN:
        return parent is None and part.content_type.startswith("text/") and not part.disposition_params.get("filename")
    if part.disposition == "attachment":
        return False
    named = part.disposition_params.get("filename") or part.params.get("name")
    if named:
        return parent is None or (top and part.disposition != "inline" and "filename" not in part.disposition_params)
    return not (
        parent is not None
        and parent.content_type == "multipart/signed"
        and part is parent.children[-1]
        and part is not parent.children[0]
    )


def _is_inline(part: Part, parent: Part | None) -> bool:
    if part.disposition == "inline":
        return True
    related = parent is not None and parent.content_type == "multipart/related"
    return related and part.content_id is not None and part.disposition != "attachment"


def _text_block(part: Part) -> Block:
    content = part.content()[:BODY_CAP]
    is_html = part.content_type in _HTML_LIKE or (not part.declared and _HTML_START.match(content) is not None)
    label = part.charset
    if is_html and charset.codec_name(label) is None:
        meta = _META_CHARSET.search(content[:4096])
        label = meta[1].decode("ascii") if meta else label
    text = charset.decode(content, label)
    if is_html:
        return Block(html=text)
    if part.params.get("format", "").lower() == "flowed":
        text = unwrap(text, delsp=part.params.get("delsp", "").lower() == "yes")
    return Block(plain=text)


def _subject_of(mail: bytes) -> str:
    """An attached mail without a file name is called by its subject."""
    subject = decode_value(read_fields(mail).first("subject"))
    return f"{subject[:80]}.eml" if filenames.harmless(subject[:80]) else ""
