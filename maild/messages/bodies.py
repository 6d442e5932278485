"""Which parts are the body, and which are attachments.

A body is a run of blocks: each has its plain text, its HTML, or both as alternatives. An attached mail is never a part
of the body; its bytes are kept as they came.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from maild.messages import charset, containers, enriched, filenames, sealed, uuencode
from maild.messages.fields import read_fields
from maild.messages.flowed import unwrap
from maild.messages.html import is_cut, to_text
from maild.messages.mail import Attachment
from maild.messages.mime import Part, read_parts
from maild.messages.placeholders import excuses_itself, says_nothing
from maild.messages.sealed import Seal
from maild.messages.words import decode_value

_HTML_LIKE = {"text/html", "application/xhtml+xml"}
_ENRICHED = {"text/enriched", "text/richtext"}
_PLAIN = {"text/plain", "text", "text/markdown", "text/x-markdown", "text/english"} | _ENRICHED
_MAILS = {"message/rfc822", "message/global", "message/news"}
_REPORT = "message/delivery-status"
_META_CHARSET = re.compile(rb"<meta\b[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_CID = re.compile(r"\bcid:([^\s\"'<>()]{1,300})", re.IGNORECASE)
_HTML_START = re.compile(rb"\s*<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
BODY_CAP = 4 * 1024 * 1024
TEXT_CAP = 512 * 1024
WRAPPED_CAP = 3
"""So many signed mails inside each other are opened."""


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
    signed: Seal | None = None
    encrypted: Seal | None = None
    excused: bool = False
    """The plain text only says that the mail is in HTML, so the sender's words are those of the HTML."""
    told: bool = False
    """The text is not the sender's: it says in words of ours what the mail holds."""
    defects: tuple[str, ...] = ()


def read_body(root: Part, subject: str = "") -> Body:
    """The body and the attachments of a mail's tree of parts; `subject` gives the language of a sentence of ours."""
    collector = _Collector()
    blocks = [block for block in collector.blocks(root, None, top=True) if block.plain or block.html]
    told = ""
    if not any((block.plain or block.html or "").strip() for block in blocks):
        blocks = collector.spare or _reports(root)
        told = "" if blocks else collector.instead(subject)
        blocks = [Block(plain=told)] if told else blocks
    shown = {block.html: to_text(block.html) for block in blocks if block.html}
    plain = [_words(block, shown.get(block.html or "", "")) for block in blocks]
    html = [block.html for block in blocks if block.html]
    from_html = [shown[block.html] if block.html else block.plain or "" for block in blocks]
    text = _joined(plain)
    return Body(
        text=text[:TEXT_CAP],
        text_from_html=_joined(from_html)[:TEXT_CAP] if html else None,
        html="\n".join(html) if html else None,
        attachments=_shown_ones(collector.attachments, html),
        first_mail=collector.first_mail,
        signed=collector.signed,
        encrypted=collector.encrypted,
        told=bool(told),
        excused=any(excuses_itself(block.plain or "", shown.get(block.html or "", "")) for block in blocks),
        defects=("truncated: the text is too long",) if collector.cut or _too_long(text, shown) else (),
    )


def _too_long(text: str, shown: Mapping[str, str]) -> bool:
    """Whether a cap has left out anything of the text, or of that of the HTML."""
    return len(text) > TEXT_CAP or any(is_cut(*one) for one in shown.items())


def _reports(root: Part) -> list[Block]:
    """Some servers put the words of their report into the part for machines."""
    return [
        Block(plain=charset.decode(part.content()[:BODY_CAP])) for part in root.walk() if part.content_type == _REPORT
    ]


def _words(block: Block, shown: str) -> str:
    """The plain text; where that says nothing, the HTML speaks, and where it only excuses itself, the HTML first."""
    if block.plain is None or says_nothing(block.plain, shown):
        return shown
    return f"{shown}\n\n{block.plain.strip()}" if excuses_itself(block.plain, shown) else block.plain


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
    spare: list[Block] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    signed: Seal | None = None
    encrypted: Seal | None = None
    unwrapped: int = 0
    cut: bool = False
    """Whether a part has more text than is read."""

    def blocks(self, part: Part, parent: Part | None, *, top: bool = False) -> list[Block]:
        """The body blocks below a part; everything else is collected as attachments on the way."""
        if part.children:
            self.signed = self.signed or sealed.signed_by(part.content_type, part.params)
            self.encrypted = self.encrypted or sealed.encrypted_by(part.content_type, part.params)
            inside = [self.blocks(child, part, top=top and not at) for at, child in enumerate(part.children)]
            if part.content_type == "multipart/alternative":
                return _alternatives(inside)
            return [block for blocks in inside for block in blocks]
        self.number += 1
        kind = containers.kind_of(part)
        held = containers.look(part, kind) if kind else None
        if held is not None:
            return self._open(part, parent, held)
        if _is_body(part, parent, top=top):
            return [self._plain_block(part)] if part.content_type in _PLAIN else [self._text_block(part)]
        if part.source().strip() or part.declared or part.disposition:
            self._attach(part, parent)
        return []

    def _open(self, part: Part, parent: Part | None, held: containers.Held) -> list[Block]:
        """What a container holds: files and words beside it, or a whole mail in its place."""
        self.signed, self.encrypted = self.signed or held.signed, self.encrypted or held.encrypted
        if held.spare_text or held.spare_html:
            self.spare.append(Block(plain=held.spare_text, html=held.spare_html))
        if held.told:
            self.events.append(held.told)
        opens = held.inside is not None and self.unwrapped < WRAPPED_CAP
        if held.stays or held.signed:
            self._attach(part, parent, seal=opens)
        for file in held.files:
            self._keep(file.name, containers.type_of(file), file.content, content_id=file.content_id)
        if held.inside is None or not opens:
            return []
        self.unwrapped += 1
        root, _ = read_parts(held.inside, read_fields(held.inside, part=True))
        return self.blocks(root, None, top=True)

    def _text_block(self, part: Part) -> Block:
        content = part.content()
        self.cut = self.cut or len(content) > BODY_CAP
        return _text_block(part, content[:BODY_CAP])

    def _plain_block(self, part: Part) -> Block:
        """A text without the files and the armour in it."""
        block = self._text_block(part)
        if block.plain is None:
            return block
        text, files = uuencode.take_out(block.plain)
        for file in files:
            self._keep(file.name, filenames.media_type_of(file.name), file.content)
        text, signed = sealed.open_clearsigned(text)
        text, armour = sealed.take_out_encrypted(text)
        if armour is not None:
            self._keep("encrypted.asc", "application/pgp-encrypted", armour.encode())
        self.signed = self.signed or (Seal.PGP if signed else None)
        self.encrypted = self.encrypted or (Seal.PGP if armour is not None else None)
        return Block(plain=text)

    def instead(self, subject: str) -> str:
        """What stands for words where the mail has none: its event, or that it is encrypted."""
        if self.events:
            return "\n\n".join(self.events[:5])
        return sealed.encrypted_note(self.encrypted, subject) if self.encrypted else ""

    def _attach(self, part: Part, parent: Part | None, *, seal: bool = False) -> None:
        content = part.content()
        named = part.disposition_params.get("filename") or part.params.get("name") or part.params.get("filename") or ""
        if part.content_type == "application/applefile" and named:
            # Beside it stands the file itself, under the same name (RFC 1740).
            named = f"{named}.applefile"
        if part.content_type in _MAILS:
            self.first_mail = content if self.first_mail is None else self.first_mail
            named = named or _subject_of(content)
        self._keep(
            named,
            part.content_type,
            content,
            inline=_is_inline(part, parent),
            content_id=part.content_id,
            seal=seal or part.content_type in sealed.SIGNATURE_TYPES,
        )

    def _keep(
        self,
        named: str,
        content_type: str,
        content: bytes,
        *,
        inline: bool = False,
        content_id: str | None = None,
        seal: bool = False,
    ) -> None:
        name = filenames.harmless(named) or filenames.derived(content_type, self.number)
        self.attachments.append(
            Attachment(
                filename=filenames.unique(name, self.taken),
                content_type=content_type,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                inline=inline,
                content_id=content_id,
                content=content,
                seal=seal,
            )
        )


def _alternatives(inside: Sequence[Sequence[Block]]) -> list[Block]:
    """The same content several times: the first plain spelling and the last HTML one (RFC 2046, 5.1.4).

    Plain ones that say different things are no alternatives, whatever their sender thought: none is lost.
    """
    plain: Sequence[Block] = ()
    known: set[str] = set()
    for blocks in inside:
        words = {word for block in blocks if block.plain for word in block.plain.split()}
        if words and (not plain or (len(words - known) * 5 > len(words) and not any(block.html for block in blocks))):
            plain = [*plain, *blocks] if plain else blocks
            known |= words
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
    """Whether a part belongs into the text; Apple Mail calls every file inline, so a name makes it a file again."""
    named = part.disposition_params.get("filename") or part.params.get("name")
    if part.disposition == "inline" and not named:
        return True
    related = parent is not None and parent.content_type == "multipart/related"
    return related and part.content_id is not None and part.disposition != "attachment"


def _shown_ones(attachments: Sequence[Attachment], html: Sequence[str]) -> tuple[Attachment, ...]:
    """The attachments, those inline that the HTML shows by their Content-ID (RFC 2392)."""
    if not html or not any(one.content_id and not one.inline for one in attachments):
        return tuple(attachments)
    shown = {unquote(found) for text in html for found in _CID.findall(text)}
    return tuple(replace(one, inline=one.inline or one.content_id in shown) for one in attachments)


def _text_block(part: Part, content: bytes) -> Block:
    is_html = part.content_type in _HTML_LIKE or (not part.declared and _HTML_START.match(content) is not None)
    label = part.charset
    if is_html and charset.codec_name(label) is None:
        meta = _META_CHARSET.search(content[:4096])
        label = meta[1].decode("ascii") if meta else label
    text = charset.decode(content, label)
    if is_html:
        return Block(html=text)
    if part.content_type in _ENRICHED:
        return Block(plain=enriched.to_text(text, rich=part.content_type == "text/richtext"))
    if part.params.get("format", "").lower() == "flowed":
        text = unwrap(text, delsp=part.params.get("delsp", "").lower() == "yes")
    return Block(plain=text)


def _subject_of(mail: bytes) -> str:
    """An attached mail without a file name is called by its subject."""
    subject = decode_value(read_fields(mail).first("subject"))
    return f"{subject[:80]}.eml" if filenames.harmless(subject[:80]) else ""
