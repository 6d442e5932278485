"""Mails made to cost: small to send, dear to read. Run as a program it measures what each of them costs the reader.

`python tests/bombs.py` reads all of them, also ten times as large and up to 25 MB; `--quick` only the small ones. It
ends with status 1 where one costs more than is promised: 2 s of processor time, 150 MB beyond what the reader had, six
times the mail where that is more.
"""

from __future__ import annotations

import argparse
import base64
import ctypes
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CPU = 2.0
MEMORY = 150_000_000
LARGEST = 25_000_000
HEAD = b"From: Eve <eve@evil.example>\r\nTo: support@desk.example\r\nSubject: Bomb\r\nMessage-ID: <b@evil.example>\r\n"
DATE = b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n"


def text_mail(body: bytes, kind: bytes = b"text/plain; charset=utf-8", encoding: bytes = b"8bit") -> bytes:
    """A mail of one part."""
    fields = b"MIME-Version: 1.0\r\nContent-Type: " + kind + b"\r\nContent-Transfer-Encoding: " + encoding + b"\r\n"
    return HEAD + DATE + fields + b"\r\n" + body


def header_mail(name: bytes, value: bytes) -> bytes:
    """A mail with one dear field."""
    return b"%s: %s\r\n" % (name, value) + HEAD + DATE + b"\r\nHello\r\n"


def parts_mail(*parts: bytes, kind: bytes = b"mixed") -> bytes:
    """A mail of several parts, each given with its fields."""
    head = HEAD + DATE + b"MIME-Version: 1.0\r\nContent-Type: multipart/" + kind + b"; boundary=b\r\n\r\n"
    return head + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


def nested(depth: int) -> bytes:
    """Multiparts inside each other."""
    opened = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (i, i) for i in range(depth))
    return HEAD + DATE + b"MIME-Version: 1.0\r\n" + opened + b"Content-Type: text/plain\r\n\r\ndeep\r\n"


def mails_in_mails(depth: int) -> bytes:
    """Attached mails inside attached mails."""
    return HEAD + DATE + b"Content-Type: message/rfc822\r\n\r\n" * depth + b"Subject: deep\r\n\r\nHello\r\n"


def attached(size: int, *, columns: int = 76, kind: bytes = b"application/pdf") -> bytes:
    """A text and one base64 part whose source has this size."""
    line = b"QUJD" * (columns // 4) + b"\r\n"
    fields = b"Content-Type: %s; name=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n" % kind
    return parts_mail(b"Content-Type: text/plain\r\n\r\nHello", fields + line * (size // len(line)))


def repeated(piece: bytes, size: int) -> bytes:
    """A piece again and again, up to a size."""
    return piece * max(1, size // len(piece))


TEXTS = {
    "quote-lines": b"> quoted text\n",
    "quote-marks": b">",
    "bare-quotes": b">\n",
    "quote-ladder": b">>>>>>>>>>>>>>>>>>>>>>>> deep\n",
    "wrote": b"On Mon, 23 Nov 2026 at 09:00, Eve <eve@evil.example> wrote:\n",
    "wrote-unfinished": b"On Mon, 23 Nov 2026 at 09:00, Eve\n",
    "wrote-russian": "23 ноября 2026 г., 09:00 пользователь Ева <eve@evil.example> написал:\n".encode(),
    "wrote-one-line": b"On Mon, 23 Nov 2026, Eve wrote: ",
    "header-blocks": b"From: Eve <e@evil.example>\nSent: Monday\nTo: x@y.example\nSubject: a\n\n",
    "from-lines": b"From: \n",
    "original": b"-----Original Message-----\n",
    "forwarded": b"---------- Forwarded message ---------\nFrom: Eve <e@evil.example>\nDate: x\nSubject: y\nTo: z\n\n",
    "begin-forwarded": b"Begin forwarded message:\n\n",
    "one-line": b"word ",
    "one-word": b"x",
    "letters-cyrillic": "ы".encode(),
    "cyrillic-words": "Добрый день, принтер не работает. ".encode(),
    "empty-lines": b"\n",
    "crlf-lines": b"\r\n",
    "carriage-returns": b"\r",
    "spaces": b" ",
    "tabs-lines": b"\t \n",
    "nbsp": "\u00a0".encode(),
    "dashes": b"-",
    "dash-lines": b"--\n",
    "signatures": b"-- \nEve\n",
    "closings": b"Regards,\nEve\n",
    "phones": b"Sent from my iPhone\n",
    "underscores": b"________________________________\n",
    "stars": b"*",
    "addresses": b"eve@evil.example, ",
    "ats": b"@",
    "addresses-lines": b"<eve@evil.example>\n",
    "links": b"http://evil.example/a?b=c ",
    "colons": b":",
    "colon-lines": b"a: b\n",
    "absent": b"I am out of the office until Monday. ",
    "bounced": b"<eve@evil.example>: host mx.evil.example said: 550 5.1.1 user unknown\n",
    "bounced-one-line": b"550 5.1.1 user unknown <eve@evil.example>: ",
    "uuencode": b"begin 644 a.txt\nM" + b"A" * 60 + b"\n",
    "uuencode-files": b"begin 644 a.txt\n#0V%T\n`\nend\n",
    "numbers": b"1234567890 ",
    "brackets": b"[",
    "parens": b"(",
    "less": b"<",
    "combining": "e\u0301\u0301\u0301".encode(),
    "zero-width": "\u200b".encode(),
    "emoji": "👩\u200d👩\u200d👧".encode(),
    "nul": b"\x00",
    "escapes": b"\x1b$B",
    "high-bytes": b"\xff",
    "bad-utf8": b"\xd0 ",
    "koi8": "Привет, ".encode("koi8-r"),
}
HTMLS = {
    "ampersands": b"&",
    "entities": b"&amp;",
    "number-entities": b"&#",
    "divs": b"<div>",
    "closed-divs": b"<div>a</div>",
    "tables": b"<table><tr><td>",
    "quotes": b"<blockquote>",
    "quotes-closed": b"<blockquote type=cite>a</blockquote>",
    "gmail-quotes": b'<div class="gmail_quote">',
    "comments": b"<!--",
    "comments-closed": b"<!-- a -->",
    "conditional": b"<!--[if mso]>",
    "less": b"<",
    "attributes": b'<a href="',
    "links": b'<a href="http://evil.example/">a</a>',
    "scripts": b"<script>",
    "styles": b"<style>",
    "hidden": b'<span style="display:none">',
    "brs": b"<br>",
    "lists": b"<ul><li>",
    "spans": b"<span>",
    "fonts": b"<b><i><u>",
    "paragraphs": b"<p>",
    "pre": b"<pre>",
    "images": b'<img src="data:image/png;base64,AAAA">',
    "cdata": b"<![CDATA[",
    "doctype": b"<!DOCTYPE html>",
    "svg": b"<svg><g>",
    "text": b"word ",
    "nbsp": b"&nbsp;",
    "hr": b"<hr>",
    "wrote": b"<div>On Mon, 23 Nov 2026, Eve wrote:</div>",
    "from": b"<p><b>From:</b> Eve</p><p><b>Sent:</b> Monday</p>",
    "one-attribute": b"a ",
    "closings": b"</div>",
}
CHARSETS = (
    "utf-7",
    "utf-16",
    "utf-32",
    "iso-2022-jp",
    "hz-gb-2312",
    "gb18030",
    "big5",
    "x-unknown",
    "idna",
    "punycode",
)
VALUES = {
    "commas": b",",
    "quotes": b'"',
    "parens": b"(",
    "closed-parens": b"()",
    "angles": b"<",
    "both-angles": b"<>",
    "backslashes": b"\\",
    "semicolons": b";",
    "colons": b":",
    "groups": b"a:;",
    "ats": b"@",
    "addresses": b"eve@evil.example, ",
    "named": b'"Eve" <eve@evil.example>, ',
    "routes": b"<@a,@b:eve@evil.example>, ",
    "words": b"word ",
    "encoded": b"=?utf-8?q?a?= ",
    "encoded-tight": b"=?utf-8?q?a?=",
    "encoded-long": b"=?utf-8?b?0K/Qr9Cv0K/Qr9Cv?=\r\n ",
    "encoded-broken": b"=?utf-8?b?AAAAA?=",
    "encoded-open": b"=?",
    "folds": b"a\r\n ",
    "empty-folds": b"\r\n ",
    "spaces": b" ",
    "ids": b"<abc@evil.example> ",
    "ids-bare": b"abc@evil.example ",
    "high": b"\xff",
    "utf8": "ё".encode(),
    "re": b"Re: ",
    "re-counted": b"Re[2]: ",
    "fwd": b"Fwd: ",
    "tags": b"[a] ",
    "tag-own": b"[SUP-1] ",
    "slashes": b"/",
    "equals": b"=",
    "params": b"; a=b",
    "params-numbered": b"; a*0=b",
    "params-encoded": b"; a*=utf-8''%41",
    "percent": b"%",
    "digits": b"1",
    "dates": b"Mon, 23 Nov 2026 09:00:00 +0000 (",
}
FIELDS = (
    b"From", b"Message-ID", b"Cc", b"Reply-To", b"Subject", b"To", b"References", b"In-Reply-To", b"Date", b"Received",
    b"Content-Type", b"Content-Transfer-Encoding", b"Content-Disposition", b"Auto-Submitted",
    b"Authentication-Results", b"List-Id", b"X-Maild-Loop", b"Return-Path", b"X-Failed-Recipients", b"X-Other",
)  # fmt: skip


@dataclass(frozen=True)
class Bomb:
    """A kind of mail, and how it is made in a size."""

    name: str
    make: Callable[[int], bytes]


def numbered(piece: bytes, size: int) -> bytes:
    """Parameters that count up, as RFC 2231 has them."""
    return b"".join(b"; name*%d*=%%41%s" % (i, piece) for i in range(size // (len(piece) + 14)))


def report(lines: bytes) -> bytes:
    """A delivery report whose status part is these lines."""
    note = b"Content-Type: text/plain\r\n\r\nUndelivered"
    return parts_mail(note, b"Content-Type: message/delivery-status\r\n\r\n" + lines, kind=b"report")


def bombs(*, quick: bool = False) -> Iterator[Bomb]:
    """Every kind; `quick`: of fields that are read alike one."""
    for name, piece in TEXTS.items():
        yield Bomb(f"text {name}", lambda n, p=piece: text_mail(repeated(p, n)))  # type: ignore[misc]
    for name in ("quote-lines", "wrote", "header-blocks", "one-line", "spaces"):
        piece = TEXTS[name]
        yield Bomb(f"flowed {name}", lambda n, p=piece: text_mail(repeated(p, n), b"text/plain; format=flowed"))  # type: ignore[misc]
        yield Bomb(f"after text {name}", lambda n, p=piece: text_mail(b"Hello\n\n" + repeated(p, n)))  # type: ignore[misc]
    for name, piece in HTMLS.items():
        yield Bomb(f"html {name}", lambda n, p=piece: text_mail(repeated(p, n), b"text/html; charset=utf-8"))  # type: ignore[misc]
    for charset in CHARSETS:
        kind = f"text/plain; charset={charset}".encode()
        yield Bomb(f"charset {charset}", lambda n, k=kind: text_mail(repeated(b"+AGE-\x1b$B$\xd0~{ ", n), k))  # type: ignore[misc]
    for field in FIELDS[::2] if quick else FIELDS:
        for name, piece in VALUES.items():
            yield Bomb(
                f"{field.decode()} {name}",
                lambda n, f=field, p=piece: header_mail(f, b"a" + repeated(p, n)),  # type: ignore[misc]
            )
    yield from structures()


def structures() -> Iterator[Bomb]:
    """Kinds that are dear by how they are built."""
    text = b"Content-Type: text/plain\r\n\r\nHello"
    yield Bomb("parts empty", lambda n: parts_mail(*[b""] * (n // 7)))
    yield Bomb("parts text", lambda n: parts_mail(*[text] * (n // 40)))
    yield Bomb("parts html", lambda n: parts_mail(*[b"Content-Type: text/html\r\n\r\n<div>a"] * (n // 40)))
    yield Bomb("parts attached", lambda n: parts_mail(*[b"Content-Type: image/png; name=a.png\r\n\r\nx"] * (n // 40)))
    yield Bomb(
        "parts mails", lambda n: parts_mail(*[b"Content-Type: message/rfc822\r\n\r\nSubject: a\r\n\r\nb"] * (n // 50))
    )
    yield Bomb("parts alternative", lambda n: parts_mail(*[text] * (n // 40), kind=b"alternative"))
    yield Bomb("boundary lookalikes", lambda n: parts_mail(text, repeated(b"--bb\r\n", n)))
    yield Bomb("boundary unclosed", lambda n: parts_mail(text)[:-7] + repeated(b"--b \r\n", n))
    yield Bomb(
        "boundary long",
        lambda n: HEAD + b"Content-Type: multipart/mixed; boundary=" + b"b" * n + b"\r\n\r\n--" + b"b" * n,
    )
    yield Bomb("nested multiparts", lambda n: nested(n // 60))
    yield Bomb(
        "nested same boundary", lambda n: HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * (n // 48)
    )
    yield Bomb("nested mails", lambda n: mails_in_mails(n // 32))
    yield Bomb("header lines", lambda n: repeated(b"X-A: b\r\n", n) + HEAD + b"\r\nHello\r\n")
    yield Bomb("header names", lambda n: b"".join(b"X-%d: b\r\n" % i for i in range(n // 12)) + HEAD + b"\r\nHello\r\n")
    yield Bomb("header endless", lambda n: b"X-A: " + b"a" * n)
    yield Bomb("header no colon", lambda n: b"a" * n)
    yield Bomb("header encoded each", lambda n: repeated(b"X-A: =?utf-8?q?=D1=8F?=\r\n", n) + HEAD + b"\r\nHello\r\n")
    yield Bomb("header junk above", lambda n: repeated(b"junk\r\n", n) + HEAD + b"\r\nHello\r\n")
    yield Bomb("header own marks", lambda n: repeated(b"X-Maild-Loop: a1234\r\n", n) + HEAD + b"\r\nHello\r\n")
    yield Bomb("params counted", lambda n: header_mail(b"Content-Type", b"text/plain" + numbered(b"a", n)))
    yield Bomb("params disposition", lambda n: header_mail(b"Content-Disposition", b"attachment" + numbered(b"a", n)))
    yield Bomb(
        "report fields", lambda n: report(repeated(b"Final-Recipient: rfc822; a@b.example\r\nStatus: 5.1.1\r\n\r\n", n))
    )
    yield Bomb("report one", lambda n: report(b"Diagnostic-Code: smtp; " + repeated(b"550 ", n)))
    yield Bomb("quoted-printable", lambda n: text_mail(repeated(b"=D1=8F", n), encoding=b"quoted-printable"))
    yield Bomb("quoted-printable soft", lambda n: text_mail(repeated(b"=\r\n", n), encoding=b"quoted-printable"))
    yield Bomb("quoted-printable bad", lambda n: text_mail(repeated(b"=ZZ", n), encoding=b"quoted-printable"))
    yield Bomb(
        "quoted-printable spaces", lambda n: text_mail(repeated(b" ", n) + b"\r\n", encoding=b"quoted-printable")
    )
    yield Bomb("base64 text", lambda n: text_mail(base64.encodebytes(b"> a\n" * (n * 3 // 16)), encoding=b"base64"))
    yield Bomb("base64 bad", lambda n: text_mail(repeated(b"Q!U J", n), encoding=b"base64"))
    yield Bomb("base64 equals", lambda n: text_mail(repeated(b"Q===", n), encoding=b"base64"))
    yield Bomb("base64 words", lambda n: text_mail(repeated(b"QUJD\n not base64\n", n), encoding=b"base64"))
    yield Bomb(
        "uuencode part",
        lambda n: text_mail(b"begin 644 a\n" + repeated(b"M" + b"A" * 60 + b"\n", n), encoding=b"uuencode"),
    )
    yield Bomb("attachment", attached)
    yield Bomb("attachment short lines", lambda n: attached(n, columns=4))
    yield Bomb(
        "attachment mail",
        lambda n: parts_mail(text, b"Content-Type: message/rfc822\r\n\r\n" + text_mail(b"> a\n" * (n // 4))),
    )
    yield Bomb("attachment mail encoded", lambda n: attached(n, kind=b"message/rfc822"))
    yield Bomb("attachment winmail", lambda n: attached(n, kind=b"application/ms-tnef"))
    yield Bomb(
        "attachment calendar",
        lambda n: parts_mail(text, b"Content-Type: text/calendar\r\n\r\n" + repeated(b"BEGIN:VEVENT\r\n", n)),
    )
    yield Bomb(
        "calendar alone",
        lambda n: text_mail(repeated(b"BEGIN:VEVENT\r\nSUMMARY:a\r\nEND:VEVENT\r\n", n), b"text/calendar"),
    )
    yield Bomb("signed", lambda n: attached(n, kind=b"application/pkcs7-mime; smime-type=signed-data"))
    yield Bomb("bytes", lambda n: bytes(range(256)) * (n // 256))


# What is no slower with other pieces is tried small; what grows worse than its size shows itself at ten times of it.
QUICK, LARGE = 100_000, 1_000_000


def cost(raw: bytes) -> dict[str, object]:
    """What reading this mail takes: seconds of processor time, bytes beyond what there was, and what came of it."""
    from maild.errors import Unreadable
    from maild.messages.read import read_mail

    gc.collect()
    # What an earlier mail has left to be used again would hide what this one takes.
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before, started = _status("VmRSS"), time.process_time()
    try:
        mail = read_mail(raw)
        said: object = list(mail.defects)
    except Unreadable as reason:
        said = str(reason)
    spent = time.process_time() - started
    return {"cpu": round(spent, 3), "memory": max(0, _status("VmHWM") - before), "size": len(raw), "said": said}


def too_dear(found: dict[str, object]) -> bool:
    """Whether a mail cost more than is promised."""
    assert isinstance(found["cpu"], float)
    assert isinstance(found["memory"], int)
    assert isinstance(found["size"], int)
    return found["cpu"] > CPU or found["memory"] > max(MEMORY, 6 * found["size"])


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))


def main() -> int:
    """Measure and print, a line a mail; the dearest last."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--quick", action="store_true", help="only small ones")
    asked.add_argument("--json", action="store_true")
    asked.add_argument("--size", type=int, help="bytes of each; else 1 MB, 10 MB, and 25 MB where it matters")
    asked.add_argument("--only", default="", help="kinds whose name holds this")
    given = asked.parse_args()
    sizes = [given.size] if given.size else [QUICK] if given.quick else [LARGE, 10 * LARGE, LARGEST]
    from maild.messages import read  # noqa: F401  # loaded before anything is measured

    # What is loaded is not counted through before each mail.
    gc.freeze()
    results = []
    for bomb in (one for one in bombs(quick=given.quick) if given.only in one.name):
        for size in sizes:
            found = {"name": bomb.name, "wanted": size} | cost(bomb.make(size))
            results.append(found)
            if given.json:
                print(json.dumps(found), flush=True)
    results.sort(key=lambda one: float(str(one["cpu"])))
    bad = [one for one in results if too_dear(one)]
    if not given.json:
        for one in [*results[-20:], *bad]:
            memory, size = int(str(one["memory"])) / 1e6, int(str(one["size"])) / 1e6
            print(f"{one['cpu']:8.3f} s {memory:8.1f} MB of {size:6.2f} MB  {one['name']}")
        print(f"{len(results)} mails, {len(bad)} too dear")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
