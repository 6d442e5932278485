"""[[webhook]] in settings.toml: what is taken, and each mistake with its place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from maild.config.settings import load_settings
from maild.config.units import parse_url
from maild.errors import ConfigError

WHOLE = '[[webhook]]\nname = "tracker"\nurl = "https://t.example/h?key=k1"\nsecret_file = "var/s"\n'


def load(folder: Path, text: str) -> object:
    """These settings, or their findings as (code, line)."""
    file = folder / "settings.toml"
    file.write_text(text)
    try:
        return load_settings(file)
    except ConfigError as error:
        return [(finding.code, finding.line) for finding in error.findings]


def test_a_webhook_is_taken_with_its_defaults(tmp_path: Path) -> None:
    """Files start at the settings' folder; what stands behind the question mark is shown nowhere."""
    (tmp_path / "settings.toml").write_text(WHOLE + WHOLE.replace("tracker", "chat") + 'timeout = "1m"\n')
    settings = load_settings(tmp_path / "settings.toml")
    tracker, chat = settings.webhook
    assert (tracker.timeout, tracker.ca_file, tracker.secret_file) == (timedelta(seconds=10), None, tmp_path / "var/s")
    assert (tracker.url, tracker.shown) == ("https://t.example/h?key=k1", "https://t.example/h")
    assert (settings.webhooks, chat.timeout) == (("tracker", "chat"), timedelta(minutes=1))
    assert load_settings(None).webhook == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[webhook]\nname = 'x'\n", [("bad-value", 1)]),
        ("[[webhook]]\n", [("missing-key", 1)] * 3),
        (WHOLE + WHOLE, [("duplicate-name", 6)]),
        (WHOLE.replace("tracker", "The tracker"), [("bad-value", 2)]),
        (WHOLE.replace("https://t.example/h?key=k1", "http://t.example/h"), [("bad-value", 3)]),
        (WHOLE + 'timeout = "2m"\n', [("bad-value", 5)]),
        (WHOLE + 'timeout = "0s"\n', [("bad-value", 5)]),
        (WHOLE.replace("https://t.example", "http://127.0.0.1:81") + 'ca_file = "c"\n', [("bad-value", 5)]),
        (WHOLE + "retries = 3\n", [("unknown-key", 5)]),
    ],
)
def test_a_mistake_is_told_at_its_line(tmp_path: Path, text: str, told: list[tuple[str, int]]) -> None:
    """All of them at once."""
    assert load(tmp_path, text) == told


@pytest.mark.parametrize(
    "url", ["https://t.example", "https://t.example:8443/a/b?c=d", "http://127.0.0.1:8080/", "http://localhost/x",
            "http://[::1]:8080/x"],
)  # fmt: skip
def test_addresses_that_may_be_called(url: str) -> None:
    """By https everywhere, in the clear on this very machine."""
    assert parse_url(url) == url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("t.example/x", "no address such as"),
        ("ftp://t.example/", "no address such as"),
        ("https://", "no address such as"),
        ("https://t.example:0/", "no address such as"),
        ("https://t.example:99999/", "no address such as"),
        ("https://t.example/a b", "no address such as"),
        ("https://t.example/\r\nX: y", "no address such as"),
        ("https://пример.example/", "no address such as"),
        ("https://[::1/", "no address such as"),
        ("https://user:pass@t.example/", "without a user"),
        ("https://t.example/#part", "without a user"),
        ("http://t.example/", "in the clear"),
        ("http://127.0.0.1.t.example/", "in the clear"),
    ],
)
def test_addresses_that_may_not(url: str, said: str) -> None:
    """Nor is anything of them looked up."""
    with pytest.raises(ValueError, match=said):
        parse_url(url)
