"""The webhooks of the settings, put together: their secrets, their senders, what is wrong with them."""

from __future__ import annotations

from functools import partial

from maild.clock import Clock
from maild.config.settings import Settings, Webhook
from maild.desk.alarms import Alarms
from maild.desk.causes import Cause
from maild.errors import DataError, Finding, MaildError
from maild.outgoing.sender import Sender, SendingRules
from maild.outgoing.webhook import WebhookTransport, read_secret
from maild.store.keep import Keep


def call_senders(settings: Settings, keep: Keep, clock: Clock, alarms: Alarms | None = None) -> list[Sender]:
    """A sender for each webhook, which takes its calls alone. Calls to others than those have failed. RetryLater."""
    keep.outbox.fail_calls(settings.webhooks, clock.now())
    if alarms is not None:
        _end_troubles(settings, keep, alarms)
    return [_sender(settings, webhook, keep, clock, alarms) for webhook in settings.webhook]


def _end_troubles(settings: Settings, keep: Keep, alarms: Alarms) -> None:
    """What was wrong with a webhook that is there no more is over."""
    for trouble in keep.troubles.present():
        if trouble["cause"] == Cause.WEBHOOK_AWAY and trouble["about"] not in settings.webhooks:
            alarms.over(Cause.WEBHOOK_AWAY, trouble["about"])


def _sender(settings: Settings, webhook: Webhook, keep: Keep, clock: Clock, alarms: Alarms | None) -> Sender:
    def away(reason: str) -> None:
        if alarms is not None:
            alarms.tell(Cause.WEBHOOK_AWAY, reason, webhook.name)

    def here() -> None:
        if alarms is not None:
            alarms.over(Cause.WEBHOOK_AWAY, webhook.name)

    return Sender(
        keep.outbox.calls_to(webhook.name),
        [_transport(webhook, clock)],
        clock,
        rules=SendingRules(give_up=settings.outgoing.give_up),
        on_trouble=away,
        on_recovered=here,
        what=f"calls to {webhook.name}",
    )


def _transport(webhook: Webhook, clock: Clock) -> WebhookTransport:
    return WebhookTransport(
        url=webhook.url,
        secret=partial(read_secret, webhook.secret_file),
        clock=clock,
        timeout=webhook.timeout,
        ca_file=webhook.ca_file,
    )


def webhook_findings(settings: Settings) -> list[Finding]:
    """What is wrong with the webhooks' secrets; nobody is asked anything."""
    found = []
    for webhook in settings.webhook:
        try:
            read_secret(webhook.secret_file)
        except DataError as error:
            found.append(_finding(webhook, "no-secret", str(error), "openssl rand -base64 32 makes one"))
    return found


def online_webhook_findings(settings: Settings, clock: Clock) -> list[Finding]:
    """Which webhooks cannot be reached: a connection with its TLS is made, and nothing is called."""
    found = []
    for webhook in settings.webhook:
        try:
            _transport(webhook, clock).check()
        except MaildError as error:
            found.append(_finding(webhook, "offline", str(error)))
    return found


def _finding(webhook: Webhook, code: str, message: str, hint: str = "") -> Finding:
    file = f"[webhook {webhook.name}]"
    return Finding(file=file, line=0, column=0, severity="error", code=code, message=message, hint=hint)
