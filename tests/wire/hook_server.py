"""A program that is called by webhooks, on this machine: by HTTPS or HTTP, answering as it is told, and misbehaving."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

SECRET = "whsec_bWFpbGQgdGVzdCBzZWNyZXQsIHRoaXJ0eSB0d28hIQ=="


@dataclass(frozen=True)
class Call:
    """One request as it came."""

    path: str
    fields: dict[str, str]
    body: bytes


class HookServer:
    """`answers` are given first, as (status, fields, body), or a word: "hang", "reset", "trickle"; then 204."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.calls: list[Call] = []
        self.answers: list[Any] = []
        self.came = threading.Semaphore(0)
        self.ends = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.calls.append(Call(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                server.came.release()
                said: Any = server.answers.pop(0) if server.answers else (204, {}, b"")
                with suppress(OSError):
                    server.misbehave(self, said) if isinstance(said, str) else self.answer(*said)

            def answer(self, status: int, fields: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing on the terminal."""

        class Http(ThreadingHTTPServer):
            """Says nothing of connections that break, for that is what is tried."""

            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """They are meant to."""

        self._http = Http(("127.0.0.1", 0), Handler)
        self.port = int(self._http.server_address[1])
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/hooks?token=t1"

    def misbehave(self, handler: BaseHTTPRequestHandler, how: str) -> None:
        """Whatever happens to the answer."""
        if how == "hang":
            self.ends.wait(30)
        elif how == "reset":
            line = handler.connection
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Len")
            socket.socket.close(line)
        elif how == "trickle":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not self.ends.wait(0.05):
                handler.wfile.write(b"x-more: 1\r\n")

    @contextmanager
    def running(self) -> Iterator[HookServer]:
        """While this lasts it can be called."""
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.ends.set()
            self._http.shutdown()
            self._http.server_close()
            thread.join(5)


def authority(folder: Path, *names: str) -> tuple[ssl.SSLContext, Path]:
    """A server's context for these names, and the file with who signed it."""
    ca, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
    file = folder / "ca.pem"
    ca.cert_pem.write_to_path(file)
    return context, file
