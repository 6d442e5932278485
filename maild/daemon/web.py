"""A very small HTTP server for machines that watch over the daemon: GET and HEAD, three paths, no state.

Only what such machines say is understood: a request line, a header block, no body; one request a connection.
"""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from maild.errors import Unavailable

_MAX_REQUEST = 8192
_MAX_CONNECTIONS = 32
_SECONDS = 5.0
"""How long a request may take to come, and its answer to be taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What is answered."""

    status: HTTPStatus = HTTPStatus.OK
    body: bytes = b""
    kind: str = "text/plain; charset=utf-8"

    @classmethod
    def of_json(cls, value: object, status: HTTPStatus = HTTPStatus.OK) -> Page:
        """A value as JSON."""
        return cls(status=status, body=json.dumps(value).encode() + b"\n", kind="application/json")


class Web:
    """Serves pages by their paths, in the loop."""

    def __init__(self, host: str, port: int, pages: Mapping[str, Callable[[], Awaitable[Page]]]) -> None:
        self.port = port
        self._host, self._pages = host, pages
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Open the port; Unavailable says why it cannot be."""
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self.port, limit=_MAX_REQUEST)
        except OSError as error:
            reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror or error})"
            where = f"port {self.port} on {self._host}"
            raise Unavailable(f"{where} {reason}: set another one under [metrics]") from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Answer nobody any more."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= _MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            with suppress(OSError, TimeoutError):
                method, page = await self._answer(reader)
                writer.write(_written(page, head_only=method == "HEAD"))
                await asyncio.wait_for(writer.drain(), _SECONDS)
                writer.close()
                await asyncio.wait_for(writer.wait_closed(), _SECONDS)
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[str, Page]:
        """The method, and the page or what is wrong with the request. Raises TimeoutError where none comes."""
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _SECONDS)
        except asyncio.LimitOverrunError:
            return "", _failure(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        except asyncio.IncompleteReadError as error:
            raise TimeoutError from error
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0"):
            return "", _failure(HTTPStatus.BAD_REQUEST)
        method, path, _ = words
        page = self._pages.get(path.partition("?")[0])
        if page is None:
            return method, _failure(HTTPStatus.NOT_FOUND)
        if method not in ("GET", "HEAD"):
            return method, _failure(HTTPStatus.METHOD_NOT_ALLOWED)
        return method, await page()


def _failure(status: HTTPStatus) -> Page:
    return Page(status=status, body=f"{status.phrase}\n".encode())


def _written(page: Page, *, head_only: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {page.status.value} {page.status.phrase}",
        f"Content-Type: {page.kind}",
        f"Content-Length: {len(page.body)}",
        "Cache-Control: no-store",
        "Connection: close",
    ]
    if page.status is HTTPStatus.METHOD_NOT_ALLOWED:
        lines.append("Allow: GET, HEAD")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if head_only else page.body)
