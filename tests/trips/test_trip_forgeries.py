"""Forged agents against a running daemon: whatever stands in a mail, without a proof nothing is carried out.

The mail server named in [trust] speaks from 127.0.0.1; strangers come from 127.0.0.2. Each test has its own ticket,
knows Anna's real reply address on it (as somebody does who has seen one of her mails), and tries to answer as Anna.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from clients import reply_address, write_mail
from daemon import HOST, SUPPORT, Daemon, Letter, running_desk

ANNA, STRANGER = "anna@desk.example", "127.0.0.2"
PASS = "mx.desk.example; auth=pass smtp.auth=anna"
ORDERS = "/take\n/close\n\nSend your password to evil@mallory.example"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A desk that trusts the results of mx.desk.example, brought from 127.0.0.1."""
    # Each forgery is told of by a letter of its own: none of them waits for a digest, or goes without acknowledgement.
    trust = {"trust.authserv_ids": ["mx.desk.example"], "trust.relays": [HOST]}
    limits = {"limits.notifications": 10_000, "limits.acknowledgements_per_domain": 1000}
    with running_desk(tmp_path_factory.mktemp("desk") / "d", trust | limits) as running:
        yield running


@dataclass
class Scene:
    """A customer's ticket, the notification that Anna got, the acknowledgement that the customer got."""

    desk: Daemon
    customer: str
    acknowledgement: Letter
    note: Letter
    number: str

    @property
    def to(self) -> str:
        """Anna's signed reply address on this ticket."""
        return reply_address(self.note)

    def forge(self, sender: str = f"Anna <{ANNA}>", to: str = "", **more: object) -> bytes:
        """A mail that says it is Anna's."""
        chain = [("In-Reply-To", self.note["Message-ID"]), ("References", self.note["Message-ID"])]
        fields = [*more.pop("more", ()), *chain]  # type: ignore[misc]
        subject = f"Re: {self.note['Subject']}"
        return write_mail(ORDERS, sender=sender, to=to or self.to, subject=subject, more=fields, **more)  # type: ignore[arg-type]

    def state(self) -> tuple[str, str | None, int]:
        """What orders and answers would change: status, assignee, letters to the customer."""
        ticket = self.desk.ticket(self.number)
        return ticket["status"], ticket["assignee"], len(self.desk.letters(self.customer))


_number = iter(range(1, 1000))


@pytest.fixture
def scene(desk: Daemon) -> Scene:
    """A fresh ticket."""
    customer = f"customer{next(_number)}@customer.example"
    desk.deliver(write_mail("Please help me, my printer burns.", sender=customer), customer)
    acknowledgement = desk.letters(customer)[0]
    number = acknowledgement["Subject"].split("]")[0].removeprefix("[")
    note = next(letter for letter in desk.letters(ANNA) if number in letter["Subject"])
    return Scene(desk=desk, customer=customer, acknowledgement=acknowledgement, note=note, number=number)


def from_only(s: Scene) -> tuple[bytes, dict[str, str]]:
    """Nothing but Anna's address in From, to the plain support address."""
    return s.forge(to=SUPPORT), {"peer": STRANGER, "to": SUPPORT}


def right_address_without_proof(s: Scene) -> tuple[bytes, dict[str, str]]:
    """Her signed reply address, and nothing that proves that it is she."""
    return s.forge(), {}


def case_folded_address(s: Scene) -> tuple[bytes, dict[str, str]]:
    """The same address in capitals."""
    return s.forge(to=s.to.upper()), {"to": s.to.upper()}


def two_from_fields(s: Scene) -> tuple[bytes, dict[str, str]]:
    """Mallory's From for the check, Anna's for the eye; her login stands in a trusted result."""
    return s.forge(more=[("Authentication-Results", PASS), ("From", "mallory@evil.example")]), {}


def two_mailboxes(s: Scene) -> tuple[bytes, dict[str, str]]:
    """One From with two mailboxes."""
    raw = s.forge(more=[("Authentication-Results", PASS)])
    return raw.replace(b"From: Anna <anna@desk.example>", b"From: mallory@evil.example, anna@desk.example"), {}


def display_name(s: Scene) -> tuple[bytes, dict[str, str]]:
    """Anna's address as the name, somebody else's as the address."""
    return s.forge(sender=f'"{ANNA}" <mallory@evil.example>'), {"peer": STRANGER}


def address_in_comment(s: Scene) -> tuple[bytes, dict[str, str]]:
    """A From that careless readers take for Anna's."""
    raw = s.forge(more=[("Authentication-Results", "mx.desk.example; dmarc=pass header.from=evil.example")])
    return raw.replace(b"From: Anna <anna@desk.example>", b"From: <anna@desk.example>mallory@evil.example"), {}


def sender_field(s: Scene) -> tuple[bytes, dict[str, str]]:
    """Anna in Sender and Resent-From, Mallory in From."""
    more = [("Sender", ANNA), ("Resent-From", ANNA), ("Reply-To", ANNA)]
    return s.forge(sender="mallory@evil.example", more=more), {"peer": STRANGER}


def anothers_session(s: Scene) -> tuple[bytes, dict[str, str]]:
    """Boris has logged in, and writes as Anna."""
    return s.forge(), {"login": "boris"}


def customers_address(s: Scene) -> tuple[bytes, dict[str, str]]:
    """The customer's reply address with Anna in From."""
    to = reply_address(s.acknowledgement)
    return s.forge(to=to), {"to": to, "peer": STRANGER}


def customers_address_proven(s: Scene) -> tuple[bytes, dict[str, str]]:
    """Even a proven Anna has but a customer's rights at the customer's address."""
    to = reply_address(s.acknowledgement)
    return s.forge(to=to), {"to": to, "login": "anna"}


def results_of_a_stranger(s: Scene) -> tuple[bytes, dict[str, str]]:
    """The right words, from a peer that no setting names."""
    return s.forge(more=[("Authentication-Results", PASS)]), {"peer": STRANGER}


def results_of_another_server(s: Scene) -> tuple[bytes, dict[str, str]]:
    """Brought by the relay, written in another server's name."""
    return s.forge(more=[("Authentication-Results", PASS.replace("mx.desk", "mx.evil"))]), {}


def results_below_a_stranger(s: Scene) -> tuple[bytes, dict[str, str]]:
    """Our server's name below a Received of a stranger's: Mallory wrote both."""
    received = "from evil.example by mx.evil.example with ESMTP id 1; Mon, 23 Nov 2026 09:00:00 +0000"
    return s.forge(more=[("Received", received), ("Authentication-Results", PASS)]), {}


def results_in_a_reason(s: Scene) -> tuple[bytes, dict[str, str]]:
    """The pass stands in a comment or in a quoted reason."""
    value = 'mx.desk.example; auth=fail reason="; auth=pass smtp.auth=anna" (auth=pass smtp.auth=anna)'
    return s.forge(more=[("Authentication-Results", value)]), {}


def contradicting_results(s: Scene) -> tuple[bytes, dict[str, str]]:
    """Two results of the same method that differ are none."""
    fields = [("Authentication-Results", PASS), ("Authentication-Results", PASS.replace("anna", "mallory"))]
    return s.forge(more=fields), {}


def pass_of_another_login(s: Scene) -> tuple[bytes, dict[str, str]]:
    """The relay saw Boris."""
    return s.forge(more=[("Authentication-Results", PASS.replace("anna", "boris"))]), {}


def pass_of_another_domain(s: Scene) -> tuple[bytes, dict[str, str]]:
    """DMARC and DKIM hold, for Mallory's own domain."""
    value = "mx.desk.example; dmarc=pass header.from=evil.example; dkim=pass header.d=evil.example"
    return s.forge(more=[("Authentication-Results", value)]), {}


SIGNED = "mx.desk.example; dkim=pass header.d=desk.example; dmarc=pass header.from=desk.example"


def signed_mail_to_another(s: Scene) -> tuple[bytes, dict[str, str]]:
    """Anna wrote to Mallory, who hands that very mail on with her reply address in the envelope."""
    return s.forge(to="mallory@evil.example", more=[("Authentication-Results", SIGNED)]), {"to": s.to}


def signed_mail_with_one_more_recipient(s: Scene) -> tuple[bytes, dict[str, str]]:
    """The same with another To on top: the signature is of the lower one."""
    more = [("Authentication-Results", SIGNED), ("To", s.to)]
    return s.forge(to="mallory@evil.example", more=more), {"to": s.to}


def signed_mail_with_a_copy(s: Scene) -> tuple[bytes, dict[str, str]]:
    """The same with a Cc that was not there when it was signed."""
    more = [("Authentication-Results", SIGNED), ("Cc", s.to)]
    return s.forge(to="mallory@evil.example", more=more), {"to": s.to}


def old_mail(s: Scene) -> tuple[bytes, dict[str, str]]:
    """A proven mail of last month: somebody found it."""
    return s.forge(date=datetime.now(UTC) - timedelta(days=30)), {"login": "anna"}


def undated_mail(s: Scene) -> tuple[bytes, dict[str, str]]:
    """Without a date nobody can tell how old it is."""
    head, _, body = s.forge().partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Date:")]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body, {"login": "anna"}


def borrowed_address(s: Scene) -> tuple[bytes, dict[str, str]]:
    """Anna is proven, the address is Boris'."""
    boris = next(letter for letter in s.desk.letters("boris@desk.example") if s.number in letter["Subject"])
    return s.forge(to=reply_address(boris)), {"to": reply_address(boris), "login": "anna"}


def invented_address(s: Scene) -> tuple[bytes, dict[str, str]]:
    """A signature with one letter changed."""
    local, _, domain = s.to.partition("@")
    to = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"
    return s.forge(to=to), {"to": to, "login": "anna"}


def homoglyph(s: Scene) -> tuple[bytes, dict[str, str]]:
    """A Cyrillic letter in the domain."""
    return s.forge(sender="Anna <anna@xn--dsk-8cd.example>"), {"peer": STRANGER}


FORGERIES: tuple[Callable[[Scene], tuple[bytes, dict[str, str]]], ...] = (
    from_only,
    right_address_without_proof,
    case_folded_address,
    two_from_fields,
    two_mailboxes,
    display_name,
    address_in_comment,
    sender_field,
    anothers_session,
    customers_address,
    customers_address_proven,
    results_of_a_stranger,
    results_of_another_server,
    results_below_a_stranger,
    results_in_a_reason,
    contradicting_results,
    pass_of_another_login,
    pass_of_another_domain,
    signed_mail_to_another,
    signed_mail_with_one_more_recipient,
    signed_mail_with_a_copy,
    old_mail,
    undated_mail,
    borrowed_address,
    invented_address,
    homoglyph,
)


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda f: f.__name__)
@pytest.mark.fault("E1", "E2", "E3", "E4", "E8")
def test_a_forged_agent_orders_and_sends_nothing(
    scene: Scene, forgery: Callable[[Scene], tuple[bytes, dict[str, str]]]
) -> None:
    """The mail is kept, no order of it is carried out, the customer is sent nothing, and nobody is told it was done."""
    before = scene.state()
    raw, how = forgery(scene)
    scene.desk.deliver(raw, ANNA, how.pop("to", scene.to), **how)
    row = scene.desk.cli("inbox")[-1]
    assert row["state"] == "ticketed", row
    assert scene.state() == before
    assert not [letter for letter in scene.desk.letters(scene.customer) if "mallory" in letter.everything]
    if row["ticket"] == scene.number:
        kept = scene.desk.ticket(scene.number)["messages"][-1]
        # Where she is proven and the address is none of hers, all of it is refused, and kept inside.
        refused = (
            kept["visibility"] == "internal" and scene.desk.ticket(scene.number)["events"][-1]["kind"] == "refused"
        )
        assert kept["unverified"] or kept["proposed"] or refused, kept
        assert kept["direction"] == "in"


@pytest.mark.parametrize(
    "proof",
    [
        {"login": "anna"},
        {"results": PASS},
        {"results": "mx.desk.example; dmarc=pass header.from=desk.example"},
        {"results": "mx.desk.example; dkim=pass header.d=desk.example"},
    ],
    ids=str,
)
@pytest.mark.fault("E1")
def test_a_proven_agent_does_what_the_forged_ones_tried(scene: Scene, proof: dict[str, str]) -> None:
    """The same mail with a proof is carried out, so the refusals above are for want of one."""
    fields = [("Authentication-Results", proof["results"])] if "results" in proof else []
    scene.desk.deliver(scene.forge(more=fields), ANNA, scene.to, login=proof.get("login", ""))
    assert scene.state() == ("closed", "anna", 2)


@pytest.mark.fault("E9")
def test_a_proven_mail_that_is_replayed_does_nothing_a_second_time(scene: Scene) -> None:
    """The identical bytes are a duplicate, whoever brings them; the ticket that was opened again stays open."""
    raw = scene.forge()
    scene.desk.deliver(raw, ANNA, scene.to, login="anna")
    assert scene.state() == ("closed", "anna", 2)
    scene.desk.order("ticket", "reopen", scene.number)
    for login, peer in (("anna", HOST), ("", HOST), ("", STRANGER)):
        scene.desk.deliver(raw, ANNA, scene.to, login=login, peer=peer)
        assert scene.desk.cli("inbox")[-1]["state"] == "duplicate"
        assert scene.state() == ("open", "anna", 2)


@pytest.mark.fault("E1")
def test_the_agent_is_told_of_a_mail_in_the_own_name(scene: Scene) -> None:
    """Anna and her colleagues read that it was not carried out, and why; the customer reads nothing."""
    before = len(scene.desk.letters(ANNA))
    scene.desk.deliver(scene.forge(), ANNA, scene.to, peer=STRANGER)
    told = scene.desk.letters(ANNA)[before:]
    assert len(told) == 1
    assert "не доказан" in told[0]["Subject"].lower() or "не подтвержд" in told[0].everything
    event = scene.desk.ticket(scene.number)["events"][-1]
    assert event["kind"] == "unverified"
