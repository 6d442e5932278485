"""What MAIL FROM: and RCPT TO: may say."""

from __future__ import annotations

import pytest

from maild.errors import Refused
from maild.ingest.smtp_address import MailFrom, parse_mail, parse_rcpt


@pytest.mark.parametrize(
    ("argument", "sender"),
    [
        (b"FROM:<a@b.example>", "a@b.example"),
        (b"from: <a@b.example>", "a@b.example"),
        (b"FROM:a@b.example", "a@b.example"),
        (b"FROM:<>", ""),
        (b"FROM:<a..b.@docomo.example>", "a..b.@docomo.example"),
        (b"FROM:<bounce+a=b.example@list.example>", "bounce+a=b.example@list.example"),
        (b"FROM:<SRS0=x=y=b.example=a%c@forwarder.example>", "SRS0=x=y=b.example=a%c@forwarder.example"),
        (b'FROM:<"anna > b"@b.example>', '"anna > b"@b.example'),
        (b"FROM:<root@localhost>", "root@localhost"),
        (b"FROM:<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        (b"FROM:<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"),
        (b"FROM:<a@under_score.example.>", "a@under_score.example."),
        ("FROM:<анна@почта.example> SMTPUTF8".encode(), "анна@почта.example"),
        (b"FROM:<" + b"a" * 190 + b"@b.example>", "a" * 190 + "@b.example"),
    ],
)
def test_real_senders_are_understood(argument: bytes, sender: str):
    """A customer with an odd but real address gets in."""
    assert parse_mail(argument).sender == sender


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        (b"", 501),
        (b"FROM", 501),
        (b"TO:<a@b.example>", 501),
        (b"FROM:", 501),
        (b"FROM:<a@b.example", 501),
        (b"FROM:<a@b.example>x", 501),
        (b"FROM:<a@b.example> <c@d.example>", 501),
        (b"FROM:<a b@c.example>", 553),
        (b"FROM:<a>", 553),
        (b"FROM:<a@>", 553),
        (b"FROM:<@b.example>", 553),
        (b"FROM:<a@b@c.example>", 553),
        (b"FROM:<a@-b.example>", 553),
        (b"FROM:<a@b..example>", 553),
        (b"FROM:<@relay.example:a@b.example>", 553),
        (b'FROM:<"a"b@c.example>', 553),
        (b"FROM:<a\x00@b.example>", 501),
        (b"FROM:<a\r@b.example>", 501),
        (b"FROM:<a\xff@b.example>", 501),
        ("FROM:<a\u2028@b.example> SMTPUTF8".encode(), 501),
        ("FROM:<a\u0085@b.example> SMTPUTF8".encode(), 501),
        ("FROM:<анна@b.example>".encode(), 553),
        (b"FROM:<" + b"a" * 193 + b"@b.example>", 553),
        (b"FROM:<a@" + b"b" * 320 + b">", 553),
    ],
)
@pytest.mark.fault("F4")
def test_what_is_no_address_is_refused_for_good(argument: bytes, code: int):
    """The code says whether the command or the address is at fault."""
    with pytest.raises(Refused) as caught:
        parse_mail(argument)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("words", "size", "utf8"),
    [
        (b"SIZE=1234", 1234, False),
        (b"size=0 body=8bitmime", 0, False),
        (b"BODY=7BIT SMTPUTF8", 0, True),
        (b"AUTH=<>", 0, False),
        (b"AUTH=a+3Db@c.example RET=HDRS ENVID=QQ314159", 0, False),
        (b"RET=full", 0, False),
    ],
)
def test_parameters_that_are_known_are_taken(words: bytes, size: int, utf8: bool):
    """SIZE and SMTPUTF8 count; AUTH, RET and ENVID are taken and change nothing."""
    assert parse_mail(b"FROM:<a@b.example> " + words) == MailFrom(sender="a@b.example", size=size, utf8=utf8)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (b"SIZE", 501),
        (b"SIZE=", 501),
        (b"SIZE=-1", 501),
        (b"SIZE=1e3", 501),
        (b"SIZE=111111111111111111111", 501),
        (b"SIZE=1 SIZE=2", 501),
        (b"BODY=BINARYMIME", 501),
        (b"SMTPUTF8=yes", 501),
        (b"RET=ALL", 501),
        (b"REQUIRETLS", 555),
        (b"BY=120;R", 555),
        (b"=x", 501),
    ],
)
def test_other_parameters_are_refused(words: bytes, code: int):
    """What we could not keep is not promised (RFC 5321, 4.1.1.11)."""
    with pytest.raises(Refused) as caught:
        parse_mail(b"FROM:<a@b.example> " + words)
    assert caught.value.code == code


def test_recipients_take_the_parameters_of_delivery_reports():
    """NOTIFY and ORCPT are taken (RFC 3461), nonsense in them is not."""
    ok = b"TO:<support@desk.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;support@desk.example"
    assert parse_rcpt(ok, utf8=False) == "support@desk.example"
    for words, code in ((b"NOTIFY=NEVER,FAILURE", 501), (b"ORCPT=x", 501), (b"SIZE=1", 555)):
        with pytest.raises(Refused) as caught:
            parse_rcpt(b"TO:<support@desk.example> " + words, utf8=False)
        assert caught.value.code == code
