"""oauth2 = { ... } of a mailbox: where its access tokens come from. What two providers want is known here."""

# ruff: noqa: RUF009 - a key is made by `key(...)`, which makes no value but says how one is read

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from maild.config.tables import Table, Trouble, choice, file_path, key, label, list_of, parsed, pattern
from maild.config.units import parse_url

_MICROSOFT = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/"

PRESETS: Mapping[str, Mapping[str, str]] = {
    "google": {
        "token_url": "https://oauth2.googleapis.com/token",
        "login_url": "https://accounts.google.com/o/oauth2/v2/auth",
        "scope": "https://mail.google.com/",
    },
    "microsoft": {
        "token_url": _MICROSOFT + "token",
        "device_url": _MICROSOFT + "devicecode",
        "scope": "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
    },
}
"""What each provider wants for IMAP. Google gives no mailbox to a device code, so it has a page to log in at."""

_APPLICATION_SCOPES = {"microsoft": "https://outlook.office365.com/.default"}


def _preset(name: str) -> Callable[[Mapping[str, Any]], str | None]:
    def of(above: Mapping[str, Any]) -> str | None:
        provider, tenant = str(above.get("provider")), str(above.get("tenant"))
        if name == "scope" and above.get("grant") == "client_credentials" and provider in _APPLICATION_SCOPES:
            return _APPLICATION_SCOPES[provider]
        found = PRESETS.get(provider, {}).get(name)
        return found.format(tenant=tenant) if found else None

    return of


_url = parsed(parse_url, "an address in quotes")


@dataclass(frozen=True, kw_only=True)
class OAuth2(Table):
    """oauth2 = { ... }: how an access token is got."""

    provider: Literal["google", "microsoft"] | None = key(None, choice("google", "microsoft"))
    grant: Literal["refresh_token", "client_credentials"] = key(
        "refresh_token", choice("refresh_token", "client_credentials")
    )
    tenant: str = key("common", pattern(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}", "a tenant's id or domain"))
    client_id: str | None = key(None, label)
    client_secret_file: Path | None = key(None, file_path)
    refresh_token_file: Path | None = key(None, file_path)
    scope: str | None = key(_preset("scope"), label)
    token_url: str | None = key(_preset("token_url"), _url)
    device_url: str | None = key(_preset("device_url"), _url)
    login_url: str | None = key(_preset("login_url"), _url)
    token_command: tuple[str, ...] = key((), list_of(label))

    def troubles(self) -> Iterator[Trouble]:
        if self.token_command:
            if self.client_id or self.provider or self.refresh_token_file:
                yield Trouble("token_command", "token_command gets the token alone: leave the other keys out")
            return
        if self.token_url is None:
            yield Trouble("token_url", "nobody to ask for a token", "add provider, token_url or token_command")
        if self.client_id is None:
            yield Trouble("client_id", "client_id is missing", "the provider gave it when maild was registered there")
        if self.grant == "refresh_token" and self.refresh_token_file is None:
            hint = "`maild mailbox authorize` writes it"
            yield Trouble("refresh_token_file", "refresh_token_file is missing", hint)
        if self.grant == "client_credentials":
            yield from self._application_troubles()

    def _application_troubles(self) -> Iterator[Trouble]:
        if self.refresh_token_file is not None:
            yield Trouble("refresh_token_file", 'grant = "client_credentials" has no refresh token', "leave it out")
        if self.client_secret_file is None:
            yield Trouble("client_secret_file", 'grant = "client_credentials" needs client_secret_file')
        if self.provider == "microsoft" and self.tenant in ("common", "organizations", "consumers"):
            yield Trouble("tenant", 'grant = "client_credentials" needs the tenant', "its id or one of its domains")
        if self.provider == "google":
            yield Trouble("grant", "Google gives no mailbox to client credentials", "use a refresh token")
