"""E: signed addresses that are guessed, codes of third parties, fields that would steer us."""

from __future__ import annotations

import random
import re
import smtplib
from collections.abc import Callable, Iterator

import pytest
from clients import reply_address, write_mail
from daemon import HOST, Daemon, running_desk

from maild.messages.tokens import Key, Mint, Purpose

IVAN = "ivan@customer.example"
AGENTS = {"anna@desk.example", "boris@desk.example", "vera@desk.example"}
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A desk with Ivan's ticket, SUP-1001."""
    with running_desk(tmp_path_factory.mktemp("desk") / "d") as running:
        running.deliver(write_mail("My secret is 4711.", sender=IVAN), IVAN)
        yield running


@pytest.mark.fault("E5")
def test_e5_a_hundred_thousand_guessed_tokens_hit_nothing(figure: Callable[[str], None]) -> None:
    """By chance, cut short, of another ticket, of another key."""
    chance, mint = random.Random(7), Mint((Key(id="a", secret=b"k" * 32),), "support@desk.example", "desk.example")
    real = mint.address(Purpose.CUSTOMER, 1001, IVAN)
    token = real.partition("+")[2].partition("@")[0]
    fixed = len(token) - 26
    guesses = [token[:fixed] + "".join(chance.choices(ALPHABET, k=26)) for _ in range(100_000)]
    guesses += [token[:-1], token[1:], token[:fixed], token + "a", token[:fixed] + token[fixed:][::-1]]
    others = [Mint((Key(id="a", secret=bytes([n]) * 32),), "support@desk.example", "desk.example") for n in range(9)]
    guesses += [other.address(Purpose.CUSTOMER, 1001, IVAN).partition("+")[2].partition("@")[0] for other in others]
    guesses.append(mint.address(Purpose.CUSTOMER, 1002, IVAN).partition("+")[2].partition("@")[0])
    hits = 0
    for guess in guesses:
        claim = mint.read_address(f"support+{guess}@desk.example")
        hits += claim is not None and claim.ticket == 1001 and mint.made_for(claim, IVAN)
    claim = mint.read_address(real.upper())
    assert claim is not None
    assert mint.made_for(claim, IVAN)
    assert hits == 0
    figure(f"{len(guesses)} guessed tokens: 0 hits")


@pytest.mark.fault("E5")
def test_e5_the_door_says_the_same_to_right_and_wrong_addresses(desk: Daemon) -> None:
    """Nobody learns at RCPT whether a guess was right."""
    right = reply_address(desk.letters(IVAN)[0])
    local, _, domain = right.partition("@")
    wrong = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"
    with smtplib.SMTP(HOST, desk.port, local_hostname="client.example", timeout=20) as client:
        client.ehlo()
        client.mail("eve@evil.example")
        assert client.rcpt(right) == client.rcpt(wrong)


@pytest.mark.fault("E10")
def test_e10_a_code_that_a_service_sends_to_the_desk_reaches_agents_alone(desk: Daemon) -> None:
    """Somebody signs up elsewhere with the desk's address; what comes for it is shown to no customer."""
    sender = "noreply@bank.example"
    raw = write_mail("Your verification code is 918273.", sender=sender, subject="Verify SUP-1001 918273")
    desk.deliver(raw, sender)
    row = next(row for row in desk.cli("inbox") if row["envelope_from"] == sender)
    assert row["ticket"] != "SUP-1001"
    told = [letter for letter in desk.letters() if "918273" in letter.everything]
    assert {letter.recipient for letter in told} <= AGENTS
    assert [letter for letter in desk.letters() if letter.recipient == sender] == []


@pytest.mark.fault("E11")
def test_e11_fields_that_steer_other_desks_steer_nothing_here(desk: Daemon) -> None:
    """They are a stranger's words like any other, and leave in no letter."""
    fields = [
        ("X-Maild-Loop", "stolen"),
        ("X-Maild-Ticket", "SUP-1001"),
        ("X-Maild-Agent", "anna"),
        ("X-Maild-Inbox-State", "spam"),
        ("X-Zammad-Ticket-Priority", "3 high"),
        ("X-Zammad-Ignore", "true"),
        ("X-OTRS-Queue", "billing"),
        ("X-OTRS-Ignore", "yes"),
        ("RT-Squelch-Replies-To", IVAN),
    ]
    sender = "eve@steers.example"
    desk.deliver(write_mail("Steered?", sender=sender, more=fields), sender)
    row = next(row for row in desk.cli("inbox") if row["envelope_from"] == sender)
    assert row["state"] == "ticketed"
    ticket = desk.ticket(row["ticket"])
    assert (ticket["queue"], ticket["priority"], ticket["status"]) == ("support", "normal", "new")
    assert ticket["number"] != "SUP-1001"
    letters = [letter for letter in desk.letters() if ticket["number"] in letter["Subject"]]
    assert letters
    names = {name.lower() for letter in letters for name in letter.message}
    assert not names & {name.lower() for name, _ in fields if name != "X-Maild-Loop"}
    assert "stolen" not in "".join(letter["X-Maild-Loop"] for letter in letters)


@pytest.mark.fault("E12")
def test_e12_ticket_numbers_by_the_dozen_open_no_conversation(desk: Daemon, size: Callable[[int, int], int]) -> None:
    """Every number in a subject is a guess; whoever guesses reads nothing and joins nothing."""
    sender, before = "eve@numbers.example", desk.ticket("SUP-1001")["messages"]
    for number in range(size(40, 2000)):
        raw = write_mail("What is the state?", sender=sender, subject=f"Re: [SUP-{1001 + number % 50}] your request")
        desk.send(raw, sender)
    desk.wait_idle()
    assert desk.ticket("SUP-1001")["messages"] == before
    own = {row["ticket"] for row in desk.cli("inbox") if row["envelope_from"] == sender}
    assert "SUP-1001" not in own
    letters = [letter for letter in desk.letters() if letter.recipient == sender]
    assert len(letters) <= 3
    assert not any(re.search(r"\b(?:4711|ivan)\b", letter.everything) for letter in letters)
