"""Signed addresses and Message-IDs."""

import pytest

from maild.messages.tokens import Key, Mint, Purpose, parse_keys

KEY = Key(id="a", secret=b"k" * 32)
OLD = Key(id="b", secret=b"o" * 32)


def mint(*keys: Key) -> Mint:
    """A desk's mint with these keys, the first one signing."""
    return Mint(keys or (KEY,), "support@desk.example", "desk.example")


def test_an_address_names_its_ticket_and_holds_only_for_its_participant() -> None:
    """The token is bound to ticket and participant."""
    m = mint()
    claim = m.read_address(m.address(Purpose.CUSTOMER, 1042, "ivan@example.org"))
    assert claim is not None
    assert claim.ticket == 1042
    assert m.made_for(claim, "ivan@example.org")
    assert not m.made_for(claim, "mallory@example.org")


@pytest.mark.fault("E5")
def test_an_address_survives_folded_case_and_fits_into_a_local_part() -> None:
    """Mail systems fold local parts, and RFC 5321 gives them 64 octets."""
    m = mint()
    address = m.address(Purpose.AGENT, 32**7 - 1, "anna")
    claim = m.read_address(address.upper())
    assert claim is not None
    assert m.made_for(claim, "anna")
    assert len(address.partition("@")[0]) <= 64


@pytest.mark.parametrize("purpose", [p for p in Purpose if p is not Purpose.AGENT])
def test_a_token_of_another_purpose_is_not_an_agents(purpose: Purpose) -> None:
    """A customer's token with its purpose rewritten does not become an agent's."""
    m = mint()
    address = m.address(purpose, 7, "anna")
    local, _, rest = address.partition("+")
    claim = m.read_address(f"{local}+{rest[0]}a{rest[2:]}")
    assert claim is not None
    assert not m.made_for(claim, "anna")


@pytest.mark.fault("E5")
def test_an_old_key_still_checks_and_an_unknown_one_does_not() -> None:
    """Two live keys: the first signs, both check; a forgotten key's tokens are strangers'."""
    address = mint(OLD).address(Purpose.CUSTOMER, 5, "x@y.example")
    both = mint(KEY, OLD)
    claim = both.read_address(address)
    assert claim is not None
    assert both.made_for(claim, "x@y.example")
    assert mint(KEY).read_address(address) is None


@pytest.mark.parametrize(
    "address", ["support@desk.example", "support+42@desk.example", "support+" + "ac" * 20 + "ä@d.example", "", "+@"]
)
@pytest.mark.fault("E5")
def test_what_is_no_token_is_none(address: str) -> None:
    """Ordinary plus addresses are not claims."""
    assert mint().read_address(address) is None


def test_a_message_id_of_ours_is_short_and_holds_only_unchanged() -> None:
    """A signed id names its ticket; one changed character breaks it; it never grows past 70 characters."""
    m = Mint((KEY,), "s@x.example", "a-very-long-label.of-a-company.support.example.com")
    message_id = m.message_id(Purpose.PUBLIC_ID, 99999, "i7777777")
    signed = m.read_message_id(message_id)
    assert signed is not None
    assert (signed.ticket, signed.purpose) == (99999, Purpose.PUBLIC_ID)
    assert len(message_id) <= 70
    other = m.message_id(Purpose.PUBLIC_ID, 99998, "i7777777")
    assert m.read_message_id(other[:5] + message_id[5:]) is None or other[:5] == message_id[:5]
    assert m.read_message_id(message_id.replace(".i7777777.", ".i7777776.")) is None


def test_the_loop_mark_is_known_again_and_not_another_desks() -> None:
    """Our own mail is told by a keyed mark; that of a desk with another key is not ours."""
    assert mint().is_own(mint().loop_mark())
    assert not mint().is_own(mint(OLD).loop_mark())
    assert not mint().is_own("yes")
    assert not mint().is_own("aé")


@pytest.mark.parametrize("text", ["", "# only a comment", "a:abc", "ab:" + "0" * 32, "a:" + "z" * 32])
def test_a_broken_secret_file_is_said_to_be_broken(text: str) -> None:
    """No key, a short key, a name too long, no hexadecimal digits: all are errors."""
    with pytest.raises(ValueError, match=r"line 1 is no key|there is no key|hexadecimal"):
        parse_keys(text)


def test_a_secret_file_may_hold_several_keys() -> None:
    """Comments and empty lines are left out; the order is kept."""
    assert tuple(key.id for key in parse_keys("# keys\n\na:" + "0" * 32 + "\nb:" + "1" * 64)) == ("a", "b")
