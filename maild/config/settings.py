"""settings.toml: what this machine listens on, reads from, writes to and trusts. The desk's policy is in `policy.py`.

Every key has a default and stands in docs/settings.md. Values are written as people write them ("15m", "25MB") and are
typed here; relative paths start at the folder of the settings file.
"""

# ruff: noqa: RUF009 - a key is made by `key(...)`, which makes no value but says how one is read

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from maild.config.files import Source, nearest, parse_source, read_source
from maild.config.oauth2 import OAuth2
from maild.config.tables import (
    MistakeError,
    Table,
    Trouble,
    choice,
    file_path,
    flag,
    key,
    label,
    list_of,
    number,
    parsed,
    pattern,
    read_table,
    required,
    table_of,
    text,
)
from maild.config.units import (
    parse_address,
    parse_domain,
    parse_network,
    parse_span,
    parse_timezone,
    parse_url,
)
from maild.errors import ConfigError, Finding
from maild.messages.tokens import MAX_LOCAL_PART
from maild.routing.fields import WEEKDAYS
from maild.routing.sizes import parse_size
from maild.sla.promise import parse_duration
from maild.wire import is_loopback

Security = Literal["tls", "starttls", "none"]

_address = parsed(parse_address, "a mail address in quotes")
_span = parsed(parse_span, 'a time in quotes, such as "2y",')
_duration = parsed(parse_duration, 'a duration in quotes, such as "15m",')
_size = parsed(parse_size, 'a size in quotes, such as "25MB",')
_port = number(1, 65535)
_security = choice("tls", "starttls", "none")


def _database_url(value: object, folder: Path) -> str:
    try:
        return database_url(text(value, folder), folder)
    except MistakeError:
        raise
    except ValueError as error:
        raise MistakeError(((), str(error))) from error


@dataclass(frozen=True, kw_only=True)
class Desk(Table):
    """[desk]: who we are to the customers."""

    name: str = key("Support", label)
    address: str = key("support@desk.example", _address)
    aliases: tuple[str, ...] = key((), list_of(_address))
    reply_domain: str = key(lambda above: _domain_of(above), parsed(parse_domain, "a domain in quotes"))
    tag: str = key("SUP", pattern(r"[A-Za-z][A-Za-z0-9]{0,11}", "a word of at most 12 letters and digits"))
    languages: tuple[str, ...] = key(
        ("ru", "en"), list_of(pattern(r"[a-z]{2,3}", 'a language such as "ru" or "en"'), least=1)
    )
    timezone: str = key("UTC", parsed(parse_timezone, "a time zone in quotes"))
    admin: str | None = key(None, _address)
    secret_file: Path = key("var/secret", file_path)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address of the desk, the main one first."""
        return (self.address, *self.aliases)

    def troubles(self) -> Iterator[Trouble]:
        local = self.address.partition("@")[0]
        if len(local) > MAX_LOCAL_PART:
            message = f"'{local}' is too long: a reply address has no room for its token"
            yield Trouble("address", message, f"{MAX_LOCAL_PART} characters in front of the @ are possible")
        if "+" in local:
            yield Trouble("address", "a desk's address has no + in it: what stands behind one is our token")
        if self.admin is not None and self.admin.casefold() in {a.casefold() for a in self.addresses}:
            yield Trouble("admin", "alarms would come back as tickets", "give the address of a person")


def _domain_of(above: Mapping[str, Any]) -> str:
    address: str = above.get("address", "")
    return address.rpartition("@")[2] or "desk.example"


@dataclass(frozen=True, kw_only=True)
class DatabaseSection(Table):
    """[database]: where everything is kept."""

    url: str = key("sqlite:///var/maild.db", _database_url)


@dataclass(frozen=True, kw_only=True)
class Smtp(Table):
    """[smtp]: our own listener."""

    host: str = key("127.0.0.1", label)
    port: int = key(8025, _port)
    protocol: Literal["smtp", "lmtp"] = key("smtp", choice("smtp", "lmtp"))
    max_size: int = key("25MB", _size)
    tls_cert: Path | None = key(None, file_path)
    tls_key: Path | None = key(None, file_path)
    users_file: Path | None = key(None, file_path)
    proxy_protocol: bool = key(False, flag)
    xclient_login: bool = key(False, flag)

    def troubles(self) -> Iterator[Trouble]:
        if (self.tls_cert is None) != (self.tls_key is None):
            there, missing = ("tls_key", "tls_cert") if self.tls_cert is None else ("tls_cert", "tls_key")
            yield Trouble(there, f"{there} needs {missing} beside it")
        if self.users_file is not None and self.tls_cert is None and not is_loopback(self.host):
            yield Trouble("users_file", "passwords would cross the network in the clear", "add tls_cert and tls_key")


@dataclass(frozen=True, kw_only=True)
class Mailbox(Table):
    """[[imap]]: a mailbox that is read."""

    name: str = required(label)
    host: str = required(label)
    security: Security = key("tls", _security)
    port: int = key(lambda above: 993 if above.get("security") == "tls" else 143, _port)
    username: str = required(label)
    password_file: Path | None = key(None, file_path)
    password_env: str | None = key(None, label)
    oauth2: OAuth2 | None = key(None, table_of(OAuth2))
    folder: str = key("INBOX", label)
    after: Literal["keep", "flag", "move", "delete"] = key("keep", choice("keep", "flag", "move", "delete"))
    move_to: str | None = key(None, label)
    poll: timedelta = key("1m", _duration)
    start: Literal["all", "new"] = key("all", choice("all", "new"))
    alarm_after: timedelta = key("15m", _duration)

    def troubles(self) -> Iterator[Trouble]:
        if self.oauth2 is None:
            yield from _password_troubles(self.username, self.password_file, self.password_env)
        elif self.password_file is not None or self.password_env is not None:
            yield Trouble("oauth2", "oauth2 logs in without a password", "leave password_file and password_env out")
        if self.alarm_after < timedelta(minutes=1):
            yield Trouble("alarm_after", "a connection may be gone for a minute without harm", 'use "15m"')
        if self.security == "none" and not is_loopback(self.host):
            yield Trouble(
                "security", "only a mailbox on this very machine may go unencrypted", 'use "tls" or "starttls"'
            )
        if self.after == "move" and self.move_to is None:
            yield Trouble("after", 'after = "move" needs move_to', "add the folder that is moved to")
        if self.after != "move" and self.move_to is not None:
            yield Trouble("move_to", 'move_to does nothing without after = "move"')
        if self.poll < timedelta(seconds=1):
            yield Trouble("poll", "polling without a rest would tire the server", 'use "1m"')


@dataclass(frozen=True, kw_only=True)
class Outgoing(Table):
    """[outgoing]: how letters leave."""

    transport: Literal["smtp", "maildir"] = key("maildir", choice("smtp", "maildir"))
    host: str = key("127.0.0.1", label)
    port: int = key(25, _port)
    security: Security = key("none", _security)
    username: str | None = key(None, label)
    password_file: Path | None = key(None, file_path)
    password_env: str | None = key(None, label)
    maildir: Path = key("var/outgoing", file_path)
    uncertain_after: timedelta = key("15m", _duration)
    give_up: timedelta = key("5d", _duration)
    delay_notice: timedelta = key("4h", _duration)
    undo_delay: timedelta = key("15s", _duration)
    dkim_domain: str | None = key(None, parsed(parse_domain, "a domain in quotes"))
    dkim_selector: str | None = key(None, pattern(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,60}[A-Za-z0-9])?", "a DNS label"))
    dkim_key_file: Path | None = key(None, file_path)

    def troubles(self) -> Iterator[Trouble]:
        yield from _password_troubles(self.username, self.password_file, self.password_env)
        if self.username is not None and self.security == "none" and not is_loopback(self.host):
            hint = 'use security = "tls" or "starttls"'
            yield Trouble("username", "the password would cross the network in the clear", hint)
        if self.give_up <= self.uncertain_after:
            message = "give_up is not longer than uncertain_after"
            yield Trouble("give_up", message, "a letter would be given up before its second try")
        dkim = ("dkim_domain", "dkim_selector", "dkim_key_file")
        missing = [name for name in dkim if getattr(self, name) is None]
        if missing and len(missing) < len(dkim):
            there = next(name for name in dkim if name not in missing)
            yield Trouble(there, f"{there} needs {' and '.join(missing)} beside it")


@dataclass(frozen=True, kw_only=True)
class Webhook(Table):
    """[[webhook]]: another program that rules and promises call."""

    name: str = required(pattern(r"[a-z0-9][a-z0-9._-]{0,39}", "a short name: small letters, digits, dot, - and _,"))
    url: str = required(parsed(parse_url, "an address in quotes"))
    secret_file: Path = required(file_path)
    timeout: timedelta = key("10s", _duration)
    ca_file: Path | None = key(None, file_path)

    @property
    def shown(self) -> str:
        """The address without what may be secret in it."""
        return self.url.partition("?")[0]

    def troubles(self) -> Iterator[Trouble]:
        if not timedelta(seconds=1) <= self.timeout <= timedelta(minutes=1):
            yield Trouble("timeout", "a call is given from a second to a minute", 'use "10s"')
        if self.ca_file is not None and not self.url.startswith("https:"):
            yield Trouble("ca_file", "ca_file does nothing without https")


def _password_troubles(username: str | None, file: Path | None, env: str | None) -> Iterator[Trouble]:
    """A user and one place of his password belong together."""
    if file is not None and env is not None:
        yield Trouble("password_env", "password_file says already where the password is", "leave one of them out")
    if username is None and (file is not None or env is not None):
        yield Trouble(
            "password_file" if file is not None else "password_env", "a password without a user", "add username"
        )
    if username is not None and file is None and env is None:
        yield Trouble("username", "a user without a password", "add password_file or password_env")


@dataclass(frozen=True, kw_only=True)
class Trust(Table):
    """[trust]: whose word counts."""

    authserv_ids: tuple[str, ...] = key((), list_of(label))
    relays: tuple[str, ...] = key(("127.0.0.1", "::1"), list_of(parsed(parse_network, "an IP address in quotes")))
    on_behalf: tuple[str, ...] = key((), list_of(_address))
    verify_dkim: bool = key(False, flag)


@dataclass(frozen=True, kw_only=True)
class Limits(Table):
    """[limits]: how much of anything is borne."""

    max_connections: int = key(2000, number(1))
    per_peer: int = key(20, number(1))
    recipients: int = key(100, number(1))
    errors: int = key(5, number(1))
    commands: int = key(1000, number(1))
    session: timedelta = key("10m", _duration)
    min_rate: int = key(500, number(0))
    acknowledgements_per_hour: int = key(3, number(0))
    acknowledgements_per_day: int = key(10, number(0))
    acknowledgements_per_domain: int = key(30, number(0))
    acknowledgements_per_big_domain: int = key(300, number(0))
    big_domains: tuple[str, ...] = key((), list_of(parsed(parse_domain, "a domain in quotes")))
    acknowledgement_storm: int = key(500, number(2))
    notifications: int = key(20, number(1))
    notifications_within: timedelta = key("10m", _duration)
    digest_every: timedelta = key("15m", _duration)
    disk_free: int = key("500MB", _size)
    reopen_window: timedelta = key("30d", _duration)
    suppress_for: timedelta = key("30d", _duration)


@dataclass(frozen=True, kw_only=True)
class Keeping(Table):
    """[keeping]: how long things are kept; for ever where nothing is said."""

    keep: timedelta | None = key(None, _span)
    keep_raw: timedelta | None = key(None, _span)
    keep_ledger: timedelta | None = key(None, _span)


@dataclass(frozen=True, kw_only=True)
class Metrics(Table):
    """[metrics]: figures and health by HTTP, for who watches over the machine."""

    host: str = key("127.0.0.1", label)
    port: int = key(0, number(0, 65535))


@dataclass(frozen=True, kw_only=True)
class Report(Table):
    """[report]: the figures of a week, by mail."""

    to: tuple[str, ...] = key((), list_of(_address))
    day: str = key("mon", choice(*WEEKDAYS))
    hour: int = key(8, number(0, 23))


@dataclass(frozen=True, kw_only=True)
class Log(Table):
    """[log]: what the daemon says on standard error."""

    format: Literal["text", "json"] = key("text", choice("text", "json"))
    level: Literal["debug", "info", "warning", "error"] = key("info", choice("debug", "info", "warning", "error"))


@dataclass(frozen=True, kw_only=True)
class Paths(Table):
    """[paths]: the admins' folder and our own."""

    rules: Path = key("rules", file_path)
    kb: Path = key("kb", file_path)
    data: Path = key("var", file_path)


SECTIONS: Mapping[str, type[Table]] = {
    "desk": Desk,
    "database": DatabaseSection,
    "smtp": Smtp,
    "imap": Mailbox,
    "outgoing": Outgoing,
    "webhook": Webhook,
    "trust": Trust,
    "limits": Limits,
    "keeping": Keeping,
    "paths": Paths,
    "metrics": Metrics,
    "report": Report,
    "log": Log,
}
"""Every table of the file; [[imap]] and [[webhook]] may come several times."""
_SEVERAL: Mapping[str, str] = {"imap": "mailboxes", "webhook": "webhooks"}
"""What those are that may come several times."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings, checked. `file` is None where there is no file and every default holds."""

    file: Path | None
    desk: Desk
    database: DatabaseSection
    smtp: Smtp
    imap: tuple[Mailbox, ...]
    outgoing: Outgoing
    webhook: tuple[Webhook, ...]
    trust: Trust
    limits: Limits
    keeping: Keeping
    paths: Paths
    metrics: Metrics
    report: Report
    log: Log

    @property
    def webhooks(self) -> tuple[str, ...]:
        """The names of the programs that may be called."""
        return tuple(webhook.name for webhook in self.webhook)


def load_settings(path: Path | None) -> Settings:
    """Read the settings; None: every default, starting at the current folder. Raises ConfigError with all mistakes."""
    source = read_source(path, str(path)) if path is not None else parse_source(b"", "defaults")
    if source.broken is not None:
        raise ConfigError([source.broken])
    folder = (path.parent if path is not None else Path()).absolute()
    sections, findings = _read_sections(source, folder)
    if findings:
        raise ConfigError(sorted(findings, key=lambda f: (f.line, f.column)))
    return Settings(file=path.absolute() if path is not None else None, **sections)


def _read_sections(source: Source, folder: Path) -> tuple[dict[str, Any], list[Finding]]:
    values: dict[str, Any] = {}
    findings = [_unknown_section(source, section) for section in source.data if section not in SECTIONS]
    for section, model in SECTIONS.items():
        if section in _SEVERAL:
            values[section], found = _read_several(section, source, folder)
        else:
            values[section], found = read_table(model, source.data.get(section, {}), source, (section,), folder)
        findings.extend(found)
    return values, findings


def _read_several(section: str, source: Source, folder: Path) -> tuple[tuple[Any, ...], list[Finding]]:
    """The tables of a kind that may come several times, each with a name of its own."""
    data = source.data.get(section, [])
    if not isinstance(data, list):
        message = f"{_SEVERAL[section]} are written [[{section}]], with two brackets: there may be several"
        return (), [source.finding((section,), "bad-value", message)]
    tables: dict[str, Any] = {}
    findings = []
    for position, written in enumerate(data):
        table, found = read_table(SECTIONS[section], written, source, (section, position), folder)
        findings.extend(found)
        name = getattr(table, "name", None)
        if name is not None and name in tables:
            message = f"two {_SEVERAL[section]} are named '{name}'"
            findings.append(source.finding((section, position, "name"), "duplicate-name", message, at_value=True))
        if name is not None:
            tables[name] = table
    return tuple(tables.values()), findings


def _unknown_section(source: Source, section: str) -> Finding:
    owners = [table for table, model in SECTIONS.items() if section in model.__dataclass_fields__]
    hint = f"it belongs under [{owners[0]}]" if owners else nearest(section, list(SECTIONS))
    return source.finding((section,), "unknown-key", f"unknown key '{section}'", hint)


def database_url(url: str, folder: Path) -> str:
    """A database URL whose SQLite file, where it is relative, starts at a folder. ValueError for another database."""
    scheme, colon, rest = url.partition("://")
    driver = scheme.partition("+")[0]
    if not colon or driver not in ("sqlite", "postgresql"):
        raise ValueError(
            'a database URL such as "sqlite:///var/maild.db" or "postgresql://user@host/maild" is wanted here'
        )
    if driver == "postgresql":
        return url
    file = rest.removeprefix("/")
    if rest == file or not file or file.startswith(":memory:"):
        raise ValueError(
            "maild keeps its mail in a file: sqlite:///var/maild.db, or sqlite:////srv/maild.db from the root"
        )
    return f"sqlite:///{folder / file}"
