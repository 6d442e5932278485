"""DNS servers that keep silent, lie and repeat themselves, asked for the keys of signatures."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rrset
import pytest
from dns_server import asking, serving
from signing import NOW
from wire.test_dkim_checked import DOMAIN, mail, signed, signer

from maild.crypto import dkim_check, resolver
from maild.crypto.dkim_check import NotNow, check_dkim
from maild.crypto.programs import NotVerified
from maild.crypto.resolver import Patient, texts_of

Answers = Callable[[dns.message.Message], list[bytes]]
NAME = f"s1._domainkey.{DOMAIN}"


@contextmanager
def lying(answers: Answers) -> Iterator[tuple[Callable[[str, float], list[str]], list[str]]]:
    """How to ask a server whose packets a test makes, and what it was asked for."""
    asked: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                data, peer = line.recvfrom(4096)
                if not data:
                    return
                question = dns.message.from_wire(data)
                asked.append(question.question[0].name.to_text(omit_final_dot=True))
                for packet in answers(question):
                    line.sendto(packet, peer)

        worker = threading.Thread(target=serve, daemon=True)
        worker.start()
        server = asking(line.getsockname()[1])
        try:
            yield lambda name, seconds: texts_of(name, server, seconds), asked
        finally:
            line.sendto(b"", line.getsockname())
            worker.join(5)


def silence(_: dns.message.Message) -> list[bytes]:
    """No answer at all."""
    return []


def with_text(question: dns.message.Message, *texts: str) -> dns.message.Message:
    """An honest answer."""
    answer = dns.message.make_response(question)
    answer.flags |= dns.flags.AA | dns.flags.RA
    answer.answer.append(dns.rrset.from_text(question.question[0].name, 60, "IN", "TXT", *(f'"{t}"' for t in texts)))
    return answer


def spoofed(question: dns.message.Message) -> list[bytes]:
    """An answer to another question first, then the true one."""
    true, false = with_text(question, "true"), with_text(question, "false")
    false.id = (question.id + 1) % 65536
    return [false.to_wire(), true.to_wire()]


def loop(question: dns.message.Message) -> list[bytes]:
    """The name is another name for itself."""
    answer, name = dns.message.make_response(question), question.question[0].name
    answer.flags |= dns.flags.AA | dns.flags.RA
    answer.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", name.to_text()))
    return [answer.to_wire()]


def chain(question: dns.message.Message) -> list[bytes]:
    """Names for names for names."""
    answer, name = dns.message.make_response(question), question.question[0].name.to_text()
    answer.flags |= dns.flags.AA | dns.flags.RA
    for number in range(60):
        answer.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", f"n{number}.test."))
        name = f"n{number}.test."
    return [answer.to_wire(max_size=65535)]


def cut(question: dns.message.Message) -> list[bytes]:
    """Says that there is more, which nobody has: there is no TCP."""
    answer = with_text(question, "half")
    answer.flags |= dns.flags.TC
    return [answer.to_wire()]


def lies_about_size(question: dns.message.Message) -> list[bytes]:
    """A record that is said to be longer than the packet, and one whose text is longer than the record."""
    wire = bytearray(with_text(question, "x" * 100).to_wire())
    longer, overlong = bytearray(wire), bytearray(wire)
    longer[-103:-101] = b"\xff\xff"
    overlong[-101:-100] = b"\xff"
    return [bytes(longer), bytes(overlong)]


def noise(question: dns.message.Message) -> list[bytes]:
    """Bytes by chance, under the right number and under none."""
    chance = random.Random(7)
    return [question.to_wire()[:2] + chance.randbytes(chance.randrange(60)) for _ in range(20)] + [b"", b"\0"]


@pytest.mark.parametrize("answers", [silence, loop, chain, cut, lies_about_size, noise])
def test_a_server_that_lies_is_one_that_does_not_answer(answers: Answers) -> None:
    """Within its time, and with an error that callers know."""
    with lying(answers) as (ask, _):
        began = time.monotonic()
        with pytest.raises(OSError, match="DNS"):
            ask(NAME, 0.5)
        assert time.monotonic() - began < 3.0


def test_an_answer_to_another_question_is_not_taken() -> None:
    """It was sent by somebody who guessed."""
    with lying(spoofed) as (ask, _):
        assert ask(NAME, 2.0) == ["true"]


def test_a_huge_text_is_a_text_and_no_key() -> None:
    """As large as a packet can be."""

    def huge(question: dns.message.Message) -> list[bytes]:
        return [with_text(question, "v=DKIM1; p=" + '" "'.join(["A" * 200] * 300)).to_wire(max_size=65535)]

    with lying(huge) as (ask, _):
        assert len(ask(NAME, 2.0)[0]) > 60_000
        with pytest.raises(NotVerified, match="its key"):
            check_dkim(signed(), DOMAIN, NOW, lambda name: ask(name, 2.0))


@pytest.mark.parametrize("selector", ["a" * 63 + ".b" * 120, "a" * 64, "s1"])
def test_a_name_that_cannot_be_one_has_nothing_under_it(selector: str) -> None:
    """It is no reason to wait for the DNS: whoever forges a mail writes the selector."""
    with serving({}) as (look_up, _):
        assert look_up(f"{selector}._domainkey.{DOMAIN}") == []


def test_who_kept_silent_is_not_asked_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the selector; then with less patience, and when he answers again as before."""
    now = [1000.0]
    monkeypatch.setattr(resolver, "monotonic", lambda: now[0])
    asked: list[tuple[str, float]] = []
    silent = [True]

    def ask(name: str, seconds: float) -> list[str]:
        asked.append((name, seconds))
        if silent:
            raise OSError("nobody there")
        return ["v=DKIM1"]

    patient = Patient(ask)
    for selector in ("s1", "s2", "s3"):
        with pytest.raises(OSError, match=r"nobody there|a moment ago"):
            patient(f"{selector}._domainkey.desk.example")
    with pytest.raises(OSError, match="nobody there"):
        patient("s1._domainkey.other.example")
    assert asked == [("s1._domainkey.desk.example", 5.0), ("s1._domainkey.other.example", 5.0)]
    now[0] += 60
    with pytest.raises(OSError, match="nobody there"):
        patient("s1._domainkey.desk.example")
    assert asked[2:] == [("s1._domainkey.desk.example", 1.5)]
    now[0] += 60
    silent.clear()
    assert [patient("s1._domainkey.desk.example"), patient("s9._domainkey.DESK.example")] == [["v=DKIM1"], ["v=DKIM1"]]
    assert asked[3:] == [("s1._domainkey.desk.example", 1.5), ("s9._domainkey.DESK.example", 5.0)]


def test_what_is_remembered_of_silence_does_not_grow() -> None:
    """Names are written by strangers."""

    def ask(name: str, seconds: float) -> list[str]:
        raise OSError("nobody there")

    patient = Patient(ask)
    for number in range(2500):
        with pytest.raises(OSError, match="nobody there"):
            patient(f"s._domainkey.d{number}.example")
    assert len(patient._silent_since) <= 1000


def forged(count: int) -> bytes:
    """A mail of Anna's that anybody may have signed so often, each time with another selector."""
    raw = mail()
    head, _, body = signed().partition(b"\r\nFrom:")
    field = head[: head.rindex(b"b=") + 2] + b"AAAA\r\n"
    assert field.startswith(b"DKIM-Signature:")
    assert body
    return b"".join(field.replace(b"s=s1;", b"s=s%d;" % number) for number in range(count)) + raw


def test_fifty_signatures_cost_five_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """And of these no more than there is patience for."""
    asked: list[str] = []

    def slow(name: str) -> list[str]:
        asked.append(name)
        now[0] += 4.9
        return []

    now = [0.0]
    monkeypatch.setattr(dkim_check, "monotonic", lambda: now[0])
    with pytest.raises(NotNow):
        check_dkim(forged(50), DOMAIN, NOW, slow)
    assert len(set(asked)) == len(asked) == 2


def test_fifty_signatures_and_a_silent_server_cost_one_wait() -> None:
    """The first question is the last one for a while, for this mail and for the next."""
    with lying(silence) as (ask, asked):
        patient = Patient(lambda name, seconds: ask(name, seconds / 10))
        began = time.monotonic()
        for _ in range(20):
            with pytest.raises(NotNow):
                check_dkim(forged(50), DOMAIN, NOW, patient)
        assert time.monotonic() - began < 4.0
        assert len(set(asked)) == 1


def test_a_good_signature_below_a_silent_one_still_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the DNS answers for it."""
    good = signer().record()[1]

    def ask(name: str) -> list[str]:
        if name == NAME:
            return [good]
        raise OSError("nobody there")

    raw = signed()
    field = raw[: raw.index(b"\r\nFrom:") + 2].replace(b"s=s1;", b"s=s7;")
    assert check_dkim(field + raw, DOMAIN, NOW, ask) == DOMAIN
