"""Tells whoever watches over the daemon how it is: pages by HTTP, signs of life to systemd."""

from __future__ import annotations

from http import HTTPStatus
from time import monotonic

from maild.config.settings import Metrics
from maild.daemon.notify import Notifier
from maild.daemon.vitals import Vitals
from maild.daemon.web import Page, Web


def make_web(settings: Metrics, vitals: Vitals) -> Web | None:
    """The pages, on their port; None where there is to be none."""
    if not settings.port:
        return None
    # Loaded here: a desk that nobody asks for figures has no need of it.
    from maild.daemon.metrics import CONTENT_TYPE, Exposition

    exposition = Exposition(vitals.parts)

    async def metrics() -> Page:
        return Page(body=exposition.page(await vitals.look()), kind=CONTENT_TYPE)

    async def health() -> Page:
        troubles = [*vitals.hangs(), *(await vitals.look()).troubles]
        if not troubles:
            return Page.of_json({"status": "ok"})
        return Page.of_json({"status": "troubled", "troubles": troubles}, HTTPStatus.SERVICE_UNAVAILABLE)

    async def life() -> Page:
        return Page.of_json({"status": "alive"})

    return Web(settings.host, settings.port, {"/metrics": metrics, "/healthz": health, "/livez": life})


class SignsOfLife:
    """Tells systemd that we live, for as long as everything moves: a desk that hangs is started anew by it."""

    def __init__(self, notifier: Notifier, vitals: Vitals) -> None:
        self._notifier, self._vitals = notifier, vitals
        self._last = float("-inf")

    def beat(self) -> None:
        """Once a second."""
        every = self._notifier.watchdog
        # A beat is a second long: the sign before the one that would come too late is sent.
        if every is not None and monotonic() - self._last > every - 1 and not self._vitals.hangs():
            self._last = monotonic()
            self._notifier.alive()
