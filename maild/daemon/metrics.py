"""The figures in the format of Prometheus. Every name is a promise (docs/operations.md); no label names a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from maild.daemon.vitals import BUCKETS, Answer, Parts
from maild.desk.causes import Cause
from maild.store.figures import OUTBOX_SHOWN, Figures
from maild.threads.model import InboxState

CONTENT_TYPE = CONTENT_TYPE_LATEST
_CHANNELS = ("smtp", "lmtp", "imap", "pipe")


class Exposition:
    """Writes the page; a registry of its own, so that nothing of another's is on it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._answer = Answer()
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        self._registry.register(self)

    def page(self, answer: Answer) -> bytes:
        """All figures; those of the database are left out where it did not answer."""
        self._answer = answer
        return generate_latest(self._registry)

    def describe(self) -> Iterator[Metric]:
        """Nothing: what there is depends on the moment, and is asked for when a page is written."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        figures = self._answer.figures
        yield _gauge("maild_database_up", "1 while the database answers.", float(figures is not None))
        if figures is not None:
            yield from _stored(figures, self._parts.clock.now().timestamp())
        yield from self._lived()
        yield from self._rules()
        yield from self._mailboxes()

    def _lived(self) -> Iterator[Metric]:
        parts = self._parts
        yield _counters("maild_letters", "Tries to hand letters over, by what became of them.", "outcome", {
            outcome: parts.outbox.tries[outcome] for outcome in ("sent", "deferred", "uncertain", "failed")
        })  # fmt: skip
        counts, handling = accumulate(parts.handling.counts), parts.handling
        yield HistogramMetricFamily(
            "maild_handling_seconds",
            "How long mails took to be handled, each its share of those that were handled together.",
            buckets=[(bound, float(count)) for bound, count in zip((*map(str, BUCKETS), "+Inf"), counts, strict=True)],
            sum_value=handling.total,
        )
        readers = parts.readers.counts
        yield _counter("maild_readers_started", "Processes that were started to read mails.", readers.started)
        yield _counter("maild_readers_died", "Such processes that died over a mail.", readers.died)
        yield _counter("maild_mails_past_limits", "Mails whose reading went past its limits.", readers.past_limits)
        now, refused = parts.listener.connections
        yield _gauge("maild_connections", "Connections to the listener now.", now)
        yield _counter("maild_connections_refused", "Connections that were refused, or had to go for others.", refused)
        if (last := parts.ticks.last) is not None:
            yield _gauge("maild_last_tick_timestamp_seconds", "When a tick ended last.", last.timestamp())

    def _rules(self) -> Iterator[Metric]:
        rulebook = self._parts.rulebook
        revision = {"revision": rulebook.office().practice.revision}
        yield InfoMetricFamily("maild_rules", "The rules that are in force.", value=revision)
        yield _gauge("maild_rules_broken", "1 while the files are broken and older rules in force.", rulebook.broken)
        if rulebook.changed_at is not None:
            changed = rulebook.changed_at.timestamp()
            yield _gauge("maild_rules_changed_timestamp_seconds", "When the rules changed since the start.", changed)

    def _mailboxes(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("maild_mailbox_up", "1 while a mailbox is connected and read.", labels=["mailbox"])
        last = GaugeMetricFamily(
            "maild_mailbox_last_poll_timestamp_seconds", "When it was last read to its end.", labels=["mailbox"]
        )
        for name, health in self._parts.mailboxes.healths().items():
            up.add_metric([name], float(health.connected and health.problem is None))
            if health.last_look is not None:
                last.add_metric([name], health.last_look.timestamp())
        yield up
        yield last


def _stored(figures: Figures, now: float) -> Iterator[Metric]:
    """What the database says."""

    def age(name: str, help_: str, since: float | None) -> Metric:
        return _gauge(name, help_, max(0.0, now - since) if since is not None else 0.0)

    yield _gauge("maild_inbox_waiting", "Mails that wait to be handled.", figures.waiting)
    since = figures.waiting_since.timestamp() if figures.waiting_since else None
    yield age("maild_inbox_oldest_waiting_seconds", "How long the first of them has waited.", since)
    yield _gauge("maild_inbox_quarantined", "Mails that were put aside.", figures.quarantined)
    yield _counters("maild_mails_accepted", "Mails taken, by the way they came.", "channel",
                    dict.fromkeys(_CHANNELS, 0) | dict(figures.accepted))  # fmt: skip
    ended = {str(state): figures.ended.get(state, 0) for state in InboxState if state is not InboxState.WAITING}
    yield _counters("maild_mails_handled", "Mails handled, by the state they ended in.", "state", ended)
    letters = GaugeMetricFamily("maild_outbox_letters", "Letters that have not left, by state.", labels=["state"])
    for state in OUTBOX_SHOWN:
        letters.add_metric([str(state)], figures.letters.get(state, 0))
    yield letters
    due = figures.due_since.timestamp() if figures.due_since else None
    yield age("maild_outbox_oldest_due_seconds", "How long the letter is overdue that should have left first.", due)
    yield _gauge("maild_digests_waiting", "News that wait for a digest.", figures.gathered)
    yield _counter("maild_acknowledgements_withheld", "Acknowledgements over a budget.", figures.unanswered)
    stopped = Cause.ACKNOWLEDGEMENTS_STOPPED in figures.troubles
    yield _gauge("maild_acknowledgements_stopped", "1 while the breaker is open.", stopped)
    troubles = GaugeMetricFamily("maild_trouble", "1 while a trouble of this cause lasts.", labels=["cause"])
    for cause in Cause:
        if cause.lasts:
            troubles.add_metric([str(cause)], float(cause in figures.troubles))
    yield troubles
    yield _gauge("maild_database_bytes", "The size of the database.", figures.bytes)


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_, value=float(value))


def _counter(name: str, help_: str, value: float) -> Metric:
    return CounterMetricFamily(name, help_, value=float(value))


def _counters(name: str, help_: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, help_, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
