"""The desk is put together: settings, rules and keys become a Practice, its letters and its way out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from maild.config.files import parse_source
from maild.config.lists import lists_of
from maild.config.policy import SLA_FILE, Policy, load_policy
from maild.config.rule_checks import own_addresses
from maild.config.settings import Settings
from maild.config.sla_file import GivenPromise, read_levels
from maild.crypto.resolver import Patient
from maild.desk.handle import Office
from maild.desk.secret import ensure_secret
from maild.desk.shelf import Shelf
from maild.desk.signatures import Signatures
from maild.errors import ConfigError, Finding
from maild.messages.addresses import normal
from maild.messages.tokens import Mint
from maild.outgoing.letters import Letters
from maild.outgoing.readdress import readdressed
from maild.outgoing.smtp import Security, SmtpTransport
from maild.outgoing.transports import MaildirTransport, Transport
from maild.people.team import Team
from maild.routing.fields import WEEKDAYS
from maild.store.outbox import Reprint
from maild.threads.budget import BIG_DOMAINS, Budgets, organisation
from maild.threads.periods import Weekly
from maild.threads.practice import Practice
from maild.threads.promises import Given, Promises

if TYPE_CHECKING:  # few desks sign by themselves, and a mail server's pipe starts us once a mail
    from maild.crypto.dkim import Signer


def make_mint(settings: Settings) -> Mint:
    """The desk's tokens. Raises ConfigError, CannotCreate."""
    desk = settings.desk
    return Mint(ensure_secret(desk.secret_file), desk.address, desk.reply_domain)


def make_letters(settings: Settings, signer: Signer | None = None) -> Letters:
    """The desk's texts, and the hand that signs what is written with them."""
    desk, folder = settings.desk, settings.paths.rules / "letters"
    return Letters(folder if folder.is_dir() else None, desk.languages, desk.timezone, signer)


def make_signer(settings: Settings) -> Signer | None:
    """Who signs our letters with DKIM; None where nobody does. Raises ConfigError where the key cannot be used."""
    out = settings.outgoing
    if out.dkim_domain is None or out.dkim_selector is None or out.dkim_key_file is None:
        return None
    from maild.crypto.dkim import load_signer

    return load_signer(out.dkim_domain, out.dkim_selector, out.dkim_key_file)


def make_reprint(office: Callable[[], Office]) -> Reprint:
    """How letters are printed whose people have changed before they left, signed as this office signs."""
    return lambda raw, to, cc: readdressed(raw, to, cc, office().letters.signer)


def signer_findings(settings: Settings) -> list[Finding]:
    """What is wrong with the DKIM key and its domain; nothing is asked of anybody."""
    out = settings.outgoing
    if out.dkim_domain is None or out.dkim_selector is None or out.dkim_key_file is None:
        return []
    from maild.crypto.dkim import check_key

    own = settings.desk.address.rpartition("@")[2]
    return check_key(out.dkim_domain, out.dkim_selector, out.dkim_key_file, [own])


def make_office(settings: Settings) -> Office:
    """Rules, letters and keys as they stand in the files now. Raises ConfigError with all mistakes."""
    letters = make_letters(settings, make_signer(settings))
    policy = load_policy(settings.paths.rules, settings.desk, settings.webhooks)
    practice = make_practice(settings, policy)
    signatures = Signatures(Patient() if settings.trust.verify_dkim else None)
    return Office(
        practice=replace(practice, canned=letters.canned),
        letters=letters,
        signatures=signatures,
        promises_text=policy.promises_text,
        earlier_promises=lambda text: make_promises(earlier_policy(text, policy, settings)),
    )


def make_practice(settings: Settings, policy: Policy, mint: Mint | None = None) -> Practice:
    """How this desk works. `mint`: None for the desk's own, of which the secret file is made where there is none."""
    desk, limits, report = settings.desk, settings.limits, settings.report
    return Practice(
        name=desk.name,
        address=desk.address,
        own_addresses=own_addresses(desk, policy.team),
        tag=desk.tag,
        languages=desk.languages,
        timezone=desk.timezone,
        team=policy.team,
        rules=policy.rules,
        promises=make_promises(policy),
        mint=mint or make_mint(settings),
        kb=Shelf(settings.paths.kb),
        authserv_ids=frozenset(settings.trust.authserv_ids),
        on_behalf=frozenset(normal(address) for address in settings.trust.on_behalf),
        reopen_window=limits.reopen_window,
        acknowledgements_per_hour=limits.acknowledgements_per_hour,
        acknowledgements_per_day=limits.acknowledgements_per_day,
        revision=policy.revision,
        suppress_for=limits.suppress_for,
        delay_notice=settings.outgoing.delay_notice,
        undo_delay=settings.outgoing.undo_delay,
        calendars={calendar.name: calendar for calendar in policy.calendars},
        budgets=make_budgets(settings),
        weekly=Weekly(to=report.to, weekday=WEEKDAYS.index(report.day), hour=report.hour),
        webhooks={webhook.name: webhook.shown for webhook in settings.webhook},
    )


def make_promises(policy: Policy) -> Promises:
    """What is promised, and to whom."""
    return given_promises(policy.promises, policy.team)


def given_promises(read: Iterable[GivenPromise], team: Team) -> Promises:
    """The promises of a file as the judgement needs them."""
    given = tuple(Given(promise=g.promise, fits=g.fits, by_mail=g.by_mail) for g in read)
    return Promises(given=given, organisations=team.organisations)


def earlier_policy(text: str, policy: Policy, settings: Settings) -> Policy:
    """The policy with what sla.toml promised when it had this text, as far as that can be read today."""
    source = parse_source(text.encode(), SLA_FILE)
    lists = lists_of(settings.paths.rules)
    levels, _ = read_levels(source, settings.paths.rules, settings.desk, policy.team, lists=lists)
    return replace(policy, promises=levels.promises)


def make_budgets(settings: Settings) -> Budgets:
    """How many automatic letters are too many. The desk's own domain is a big one: it may serve its own company."""
    limits = settings.limits
    own = (*limits.big_domains, settings.desk.address)
    return Budgets(
        per_domain=limits.acknowledgements_per_domain,
        per_big_domain=limits.acknowledgements_per_big_domain,
        big_domains=BIG_DOMAINS | {organisation(domain) for domain in own},
        storm=limits.acknowledgement_storm,
        notifications=limits.notifications,
        notifications_within=limits.notifications_within,
        digest_every=limits.digest_every,
    )


def make_transports(settings: Settings) -> list[Transport]:
    """As many ways out as are worth having side by side: a Maildir waits for the disk, a relay for the network."""
    return [make_transport(settings) for _ in range(4 if settings.outgoing.transport == "maildir" else 2)]


def make_transport(settings: Settings) -> Transport:
    """The way out. Raises ConfigError where the password cannot be read."""
    out = settings.outgoing
    if out.transport == "maildir":
        return MaildirTransport(out.maildir)
    return SmtpTransport(
        host=out.host,
        port=out.port,
        security=Security(out.security),
        username=out.username or "",
        password=password_of(out.password_file, out.password_env) or "",
        local_hostname=settings.desk.reply_domain,
    )


def password_of(file: Path | None, variable: str | None) -> str | None:
    """A password out of its file or environment variable. Raises ConfigError that never shows it."""
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise _no_password(str(file), "the password file cannot be read") from error
    if variable is not None:
        if variable not in os.environ:
            raise _no_password(f"${variable}", "this environment variable is not set, and a password is wanted in it")
        return os.environ[variable]
    return None


def _no_password(where: str, message: str) -> ConfigError:
    return ConfigError([Finding(file=where, line=0, column=0, severity="error", code="no-password", message=message)])
