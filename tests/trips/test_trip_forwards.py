"""Agents pass customers' mails on to a running desk, with NeoMutt and as other clients write it; nobody else can."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from clients import Person, new_id, reply_address, write_mail, write_reply
from daemon import HOST, PASSWORD, SUPPORT, Daemon, running_desk
from parts import need

ANNA, BORIS = "anna@desk.example", "boris@desk.example"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One desk for the module; every test brings a customer of its own."""
    with running_desk(tmp_path_factory.mktemp("desk") / "d", {"limits.notifications": 10_000}) as running:
        yield running


def his_mail(customer: str, text: str, message_id: str = "", **more: str) -> bytes:
    """A customer's mail to an agent."""
    sender = f"Иван Петров <{customer}>"
    return write_mail(text, sender=sender, to=ANNA, subject="Не печатает", message_id=message_id or new_id(), **more)


def forward(above: str, sender: str, subject: str, text: str) -> str:
    """What a client puts into the text of a forward."""
    head = f"From: Somebody <{sender}>\nDate: Sat, 21 Nov 2026 at 10:00\nSubject: {subject}\n"
    return f"{above}\n\n---------- Forwarded message ---------\n{head}\n{text}\n"


def number_of(desk: Daemon, customer: str) -> str:
    """The one ticket of a customer's."""
    (found,) = [t for t in desk.cli("tickets") if t["requester"] and t["requester"]["address"] == customer]
    return str(found["number"])


@pytest.mark.parametrize("attached", [True, False], ids=["attached", "inline"])
def test_neomutt_passes_a_mail_on_and_the_conversation_goes_on(desk: Daemon, attached: bool) -> None:
    """The customer's ticket, his answer to our letter, his later mail on his own one; the note stays inside."""
    customer = f"ivan-{attached}@customer.example".lower()
    his_id = new_id()
    anna = Person(ANNA, "Anna", imap=0, smtp=desk.port, password=PASSWORD, login="anna")
    words = "/priority high\nОн ещё и звонил."
    anna.forward(his_mail(customer, "Принтер не печатает с утра.", his_id), SUPPORT, words, attached=attached)
    desk.wait_idle()
    number = number_of(desk, customer)
    found = desk.ticket(number)
    assert (found["subject"], found["priority"], found["language"]) == ("Не печатает", "high", "ru")
    first, note = found["messages"]
    assert (first["reply"], first["visibility"]) == ("Принтер не печатает с утра.", "public")
    assert (note["reply"], note["visibility"]) == ("Он ещё и звонил.", "internal")
    (got,) = desk.letters(customer)
    assert "звонил" not in got.everything
    assert ANNA not in got.everything
    told = next(letter for letter in desk.letters(ANNA) if customer in letter.everything)
    answer = write_reply(told, "Выключите и включите.", sender=f"Anna <{ANNA}>")
    desk.deliver(answer, ANNA, reply_address(told), login="anna")
    ours = desk.letters(customer)[-1]
    assert "звонил" not in ours.everything
    desk.deliver(write_reply(ours, "Помогло!", sender=customer), customer, reply_address(ours))
    if attached:
        desk.deliver(his_mail(customer, "И ещё.", more=[("References", his_id)]), customer)
        assert desk.ticket(number)["messages"][-1]["reply"] == "И ещё."
    assert number_of(desk, customer) == number


def test_a_forger_opens_no_ticket_in_anybodys_name(desk: Daemon) -> None:
    """His forward bears an agent's address; the named customer hears nothing, the agent is asked, and says nothing."""
    body = forward("/close\nHello", "victim@customer.example", "You won", "Click http://evil.example")
    raw = write_mail(body, sender=f"Anna <{ANNA}>", subject="Fwd: You won")
    desk.deliver(raw, ANNA)
    assert desk.letters("victim@customer.example") == []
    assert [t for t in desk.cli("tickets") if "victim" in str(t["requester"])] == []
    assert "Если не вы, ничего не делайте" in desk.letters(ANNA)[-1].text


def test_an_agent_who_was_not_proven_confirms(desk: Daemon) -> None:
    """By swaks without a login; one yes from the mailbox makes the ticket the customer's."""
    words = ["--server", HOST, "--port", str(desk.port), "--from", BORIS, "--to", SUPPORT]
    words += ["--h-From", f"Boris <{BORIS}>", "--h-Subject", "Fwd: Scanner", "--header", f"Message-Id: {new_id()}"]
    words += ["--body", forward("Mine.", "petr@customer.example", "Scanner", "It scans nothing.")]
    subprocess.run([need("swaks"), *words], check=True, capture_output=True, timeout=30)
    desk.wait_idle()
    question = desk.letters(BORIS)[-1]
    assert desk.letters("petr@customer.example") == []
    desk.deliver(write_reply(question, "yes", sender=BORIS), BORIS, reply_address(question))
    found = desk.ticket(number_of(desk, "petr@customer.example"))
    assert [m["reply"] for m in found["messages"] if m["visibility"] == "public"] == ["It scans nothing."]
    assert [p["address"] for p in found["participants"]] == ["petr@customer.example"]
    assert len(desk.letters("petr@customer.example")) == 1


def test_a_forward_to_ones_reply_address_is_an_answer_as_before(desk: Daemon) -> None:
    """It goes to the ticket of that address, and opens none; what it passes on is no customer's mail there."""
    customer = "olga@customer.example"
    desk.deliver(write_mail("A question.", sender=customer), customer)
    told = [letter for letter in desk.letters(ANNA) if customer in letter.everything][-1]
    body = forward("/note\nSee below.", "eve@customer.example", "Secret", "Her words.")
    raw = write_mail(body, sender=f"Anna <{ANNA}>", subject="Fwd: Secret", to=reply_address(told))
    desk.deliver(raw, ANNA, reply_address(told), login="anna")
    assert [t for t in desk.cli("tickets") if "eve" in str(t["requester"])] == []
    assert "her words" not in "".join(letter.everything for letter in desk.letters(customer))
    assert desk.letters("eve@customer.example") == []
