"""Authentication-Results count only where a stranger cannot have written them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.messages.authres import AuthResults, trusted_results
from maild.messages.read import read_mail

OURS = ("mx.acme.example",)
GOOD = (
    "mx.acme.example; dkim=pass header.i=@bank.example header.s=k header.b=abc; "
    "spf=pass (mx: domain of a@bank.example designates 192.0.2.1) smtp.mailfrom=a@bank.example; "
    "dmarc=pass (p=NONE) header.from=bank.example"
)
PASSED = AuthResults(
    dmarc="pass", dmarc_domain="bank.example", dkim_domains=("bank.example",), spf="pass", spf_domain="bank.example"
)
NOTHING = AuthResults()


def received(by: str) -> tuple[str, str]:
    """A Received field that this host has stamped."""
    return "Received", f"from helo (name [192.0.2.1]) by {by} (Postfix) with ESMTP id 1; Sun, 22 Nov 2026"


def results(value: str) -> tuple[str, str]:
    """An Authentication-Results field."""
    return "Authentication-Results", value


@pytest.mark.parametrize(
    "headers",
    [
        [results(GOOD), received("mx.acme.example"), received("out.bank.example")],
        [received("mx.acme.example"), results(GOOD), received("out.bank.example")],
        [("Return-Path", "<a@b>"), ("X-Any", "x"), results(GOOD)],
        [results("other.example; dmarc=fail header.from=bank.example"), results(GOOD)],
        [received("MX.acme.example."), results(GOOD.replace("mx.acme", "MX.Acme"))],
        [results(GOOD.replace("example; dkim", "example (c) 1 (c); dkim", 1))],
        [results(GOOD.replace("header.b=abc", 'header.b="a/b+c="'))],
        [results(GOOD.replace("smtp.mailfrom=a@bank.example", 'smtp.mailfrom="prvs=1=a@bank.example"'))],
        [results(GOOD + "; x-new=pass (a; b) dns.zone=bank.example; compauth=pass reason=100;")],
        [results(GOOD.replace("dmarc=pass (p=NONE)", 'dmarc = pass reason="dmarc=fail; x"'))],
    ],
)
def test_our_servers_results_count(headers: list[tuple[str, str]]) -> None:
    """Above every stranger's Received, or just below our own."""
    assert trusted_results(headers, OURS) == PASSED


@pytest.mark.parametrize(
    "headers",
    [
        [received("out.bank.example"), results(GOOD)],
        [received("mx.acme.example"), received("out.bank.example"), results(GOOD)],
        [("Received", "by mx.acme.example.evil.example; x"), results(GOOD)],
        [("Received", "something without a host"), results(GOOD)],
        [results(GOOD.replace("mx.acme.example", "other.example", 1))],
        [results(GOOD.replace("mx.acme.example", '"mx.acme.example"', 1))],
        [results(GOOD.replace("dmarc=pass", "dmarc=pa\ufffdss"))],
        [results(GOOD.replace("(p=NONE)", "(p=(NONE)"))],
        [results(GOOD.replace("(p=NONE)", "(p=NONE"))],
        [results(GOOD.replace("=bank.example", '="bank.example"'))],
        [results(GOOD.replace("=bank.example", "=bаnk.example"))],
        [results("mx.acme.example; none")],
        [results(GOOD.replace("example; dkim", "example 2; dkim", 1))],
        [results("x " + GOOD)],
        [results(GOOD.replace("a@bank.example", '"x; auth=pass smtp.auth=anna"@bank.example'))],
        [results(GOOD.replace("smtp.mailfrom=a@bank.example", 'smtp.mailfrom="a b"'))],
        [results(GOOD.replace("header.b=abc", "header.b=abc header.b=def"))],
        [("X-Authentication-Results", GOOD)],
    ],
)
@pytest.mark.fault("E3")
def test_anything_odd_or_misplaced_counts_for_nothing(headers: list[tuple[str, str]]) -> None:
    """Below a stranger's stamp, another server's name, quotes, nested comments, characters that do not belong."""
    assert trusted_results(headers, OURS) == NOTHING


def test_without_a_configured_server_nothing_counts() -> None:
    """No id, no trust."""
    assert trusted_results([results(GOOD)], ()) == NOTHING


@pytest.mark.fault("E3")
def test_a_pass_inside_a_reason_is_a_reason() -> None:
    """Text that a sender can choose is not a result."""
    value = 'mx.acme.example; dmarc=fail reason="x; dmarc=pass header.from=a.example" header.from=bank.example'
    assert trusted_results([results(value)], OURS) == AuthResults(dmarc="fail", dmarc_domain="bank.example")


def test_results_that_contradict_each_other_are_none() -> None:
    """Two verdicts on the same thing leave us as wise as before."""
    one = "mx.acme.example; dmarc=fail header.from=bank.example"
    two = "mx.acme.example; dmarc=pass header.from=bank.example"
    assert trusted_results([results(one), results(two)], OURS).dmarc is None


def test_a_field_below_the_next_received_adds_nothing() -> None:
    """Even our own name may be forged below the stamp that follows our results."""
    forged = results("mx.acme.example; auth=pass smtp.auth=anna")
    headers = [received("mx.acme.example"), results(GOOD), received("mx.acme.example"), forged]
    assert trusted_results(headers, OURS) == PASSED


def test_an_authenticated_submission_names_its_login() -> None:
    """A trusted relay may say who logged in (RFC 8601, 2.7.4)."""
    found = trusted_results([results("mx.acme.example 1; auth = pass (login) smtp.auth = anna")], OURS)
    assert (found.auth, found.auth_identity) == ("pass", "anna")


DELIVERED = ("Received", "from mx.acme.example by box with LMTP id 7 for <help@acme.example>; Sun, 22 Nov 2026")


def test_the_delivery_into_a_polled_mailbox_needs_no_name() -> None:
    """The server that we read from stamps it on top; further down, or by another way in, it is a stranger's."""
    below = [received("mx.acme.example"), results(GOOD)]
    assert trusted_results([DELIVERED, *below], OURS, local_hop=True) == PASSED
    assert trusted_results([DELIVERED, *below], OURS) == NOTHING
    assert trusted_results([received("evil.example"), DELIVERED, results(GOOD)], OURS, local_hop=True) == NOTHING
    assert trusted_results([DELIVERED, DELIVERED, results(GOOD)], OURS, local_hop=True) == NOTHING
    assert trusted_results([received("box"), results(GOOD)], OURS, local_hop=True) == NOTHING


@pytest.mark.parametrize(
    "injected",
    ["auth=3Dpass_smtp.auth=3Danna", "dkim=3Dpass_header.d=3Dacme.example", "dmarc=3Dpass_header.from=3Da.b"],
)
def test_a_local_part_that_looks_like_an_encoded_word_writes_no_result(injected: str) -> None:
    """Such an address is valid, and our own server writes it down as it is."""
    address = f"=?utf-8?q?x=3B_{injected}_smtp.x=3Dy?=@evil.example"
    raw = f"Authentication-Results: mx.acme.example;\r\n\tspf=pass smtp.mailfrom={address}\r\n"
    raw += "From: anna@acme.example\r\n\r\nx"
    assert trusted_results(read_mail(raw.encode()).headers, OURS) == AuthResults(spf="pass", spf_domain="evil.example")


def test_a_host_that_calls_itself_an_encoded_word_is_no_host_of_ours() -> None:
    """Its greeting stands in Received, in front of who stamped it."""
    raw = "Received: from =?utf-8?q?x_by_mx.acme.example_?= by evil.example; x\r\n"
    raw += f"Authentication-Results: {GOOD}\r\nFrom: anna@acme.example\r\n\r\nx"
    assert trusted_results(read_mail(raw.encode()).headers, OURS) == NOTHING


@pytest.mark.parametrize("odd", ["\x00", "\x1b$B", "\u00a0", "\u0430", "\x7f"])
@pytest.mark.parametrize("at", [0, 16, 40, 90])
def test_any_character_that_does_not_belong_spoils_the_field(odd: str, at: int) -> None:
    """As the mail is read, wherever it stands."""
    value = GOOD[:at] + odd + GOOD[at:]
    raw = f"Authentication-Results: {value}\r\nFrom: a@bank.example\r\n\r\nx"
    found = trusted_results(read_mail(raw.encode()).headers, OURS)
    assert found.dmarc is None


@given(st.text('()"\\;=. /\tadmrcpsfhe:@<>[]?_-1', max_size=60))
@pytest.mark.fault("E3")
def test_no_text_of_a_sender_becomes_a_result(noise: str) -> None:
    """Inside his address, a comment or a reason, as servers write them."""
    for frame in (
        "spf=fail smtp.mailfrom={}@evil.example",
        "spf=fail ({}) smtp.helo=x",
        'spf=fail reason="{}" smtp.helo=x',
    ):
        value = f"mx.acme.example; {frame.format(noise)}; dmarc=fail header.from=bank.example"
        found = trusted_results([results(value)], OURS)
        assert found.dmarc != "pass"
        assert "auth=pass" in noise or found.auth is None
