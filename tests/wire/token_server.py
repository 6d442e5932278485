"""A small provider of OAuth 2 tokens on this machine: it keeps refresh tokens, and says whose an access token is."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SECRETS = (
    "first-refresh",
    "refresh-1",
    "refresh-2",
    "access-1",
    "access-2",
    "access-3",
    "client-secret",
    "device-secret",
)
"""What must stand in no error and no log."""


class TokenServer:
    """`forms` is what was asked for; `answers` are given first, as (status, object), before the usual ones."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.answers: list[tuple[int, Any]] = []
        self.valid: set[str] = set()
        self.refresh = "first-refresh"
        self.rotates = True
        self.expires_in = 3600
        self.extra: dict[str, Any] = {}
        self.looked_up: list[str] = []
        self.issued = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                server.forms.append(form)
                self.answer(*(server.answers.pop(0) if server.answers else server.usual(self.path, form)))

            def do_GET(self) -> None:
                token = parse_qs(urlsplit(self.path).query).get("oauth", [""])[0]
                server.looked_up.append(token)
                self.answer(*((200, {"username": "help"}) if token in server.valid else (401, {"error": "invalid"})))

            def answer(self, status: int, told: Any) -> None:
                text = told if isinstance(told, bytes) else json.dumps(told).encode()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", server.url("/elsewhere"))
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                """Nothing on the terminal."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True

    def url(self, path: str = "/token") -> str:
        """An address here."""
        return f"http://127.0.0.1:{self._http.server_address[1]}{path}"

    def usual(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        """A code for a device, or a token for whoever has the right to one."""
        if path == "/device":
            device = {"device_code": "device-secret", "user_code": "ABCD-EFGH", "interval": 5, "expires_in": 900}
            return 200, device | {"verification_uri": "https://login.example/device"}
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != self.refresh:
            return 400, {"error": "invalid_grant", "error_description": f"{form['refresh_token']} is over"}
        self.issued += 1
        token = f"access-{self.issued}"
        self.valid.add(token)
        told: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in}
        if form["grant_type"] != "client_credentials" and self.rotates:
            self.refresh = f"refresh-{self.issued}"
            told["refresh_token"] = self.refresh
        return 200, told | self.extra

    def run(self) -> None:
        """Until it is stopped."""
        self._http.serve_forever(poll_interval=0.02)

    def stop(self) -> None:
        """Answer no more."""
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def token_server() -> Iterator[TokenServer]:
    """A provider that runs meanwhile."""
    server = TokenServer()
    threading.Thread(target=server.run, daemon=True).start()
    try:
        yield server
    finally:
        server.stop()
