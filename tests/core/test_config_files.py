"""Files of the admins as they come: broken, half saved, in another encoding."""

from __future__ import annotations

from pathlib import Path

import pytest

from maild.config.files import parse_source, read_source
from maild.config.units import parse_address, parse_domain


def broken(raw: bytes) -> tuple[str, int, int]:
    """Code and place of what is wrong with a file."""
    finding = parse_source(raw, "x.toml").broken
    assert finding is not None
    return finding.code, finding.line, finding.column


def test_broken_toml_is_told_with_its_line_and_column() -> None:
    """The reader's own place is taken over, and the line is shown."""
    finding = parse_source(b'a = 1\nb = = 2\nc = "x"\n', "x.toml").broken
    assert finding is not None
    assert (finding.code, finding.line, finding.column, finding.source) == ("bad-toml", 2, 5, "b = = 2")
    assert "(at line" not in finding.message


def test_a_file_that_ends_too_early_is_told_at_its_end() -> None:
    """A half-saved file asks whether it was saved whole."""
    finding = parse_source(b'a = 1\nb = ["x",', "x.toml").broken
    assert finding is not None
    assert (finding.code, finding.line) == ("bad-toml", 2)
    assert "whole" in finding.hint


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ('a = 1\nname = "Поддержка"\n'.encode("windows-1251"), ("bad-encoding", 2, 9)),
        ('name = "x"'.encode("utf-16"), ("bad-encoding", 1, 1)),
        (b"a = 1\n\x00\x00\x00", ("bad-toml", 2, 1)),
        (b"a = " + b"[" * 100_000, ("bad-toml", 0, 0)),
        (b"a = " + b"9" * 10_000, ("bad-toml", 0, 0)),
    ],
)
def test_a_file_that_is_no_toml_at_all_is_told_and_not_raised(raw: bytes, place: tuple[str, int, int]) -> None:
    """Other encodings, NUL, endless nesting, endless numbers."""
    assert broken(raw) == place


def test_a_byte_order_mark_and_line_ends_of_windows_do_no_harm() -> None:
    """Places are counted as an editor shows them."""
    source = parse_source(b'\xef\xbb\xbfa = 1\r\nb = "x"\r\n', "x.toml")
    assert source.broken is None
    assert source.data == {"a": 1, "b": "x"}
    finding = source.finding(("b",), "bad-value", "no")
    assert (finding.line, finding.column, finding.source) == (2, 1, 'b = "x"')


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    """Neither a missing file nor a folder in its place is an exception."""
    for path in (tmp_path / "none.toml", tmp_path):
        finding = read_source(path, "x.toml").broken
        assert finding is not None
        assert (finding.code, finding.line) == ("no-file", 0)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Anna@Example.ORG", "Anna@example.org"),
        ("a+b@x.example", "a+b@x.example"),
        ("тест@пример.example", "тест@xn--e1afmkfd.example"),
        ("me@localhost", "me@localhost"),
    ],
)
def test_an_address_has_its_domain_as_it_goes_over_the_wire(written: str, read: str) -> None:
    """Lower case, and xn-- where it is needed."""
    assert parse_address(written) == read


@pytest.mark.parametrize(
    "text", ["", "anna", "@x.example", "a@", "a b@x.example", "a@b@c", "a@x..example", "<a@x.example>", "a@-x"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """Anything that could not stand alone in an envelope."""
    with pytest.raises(ValueError, match=r"no mail address|no domain"):
        parse_address(text)


def test_what_is_no_domain_is_refused() -> None:
    """A domain that has no xn-- form."""
    with pytest.raises(ValueError, match="no domain"):
        parse_domain("ю" * 70)
