"""Answers that do not leave or do not arrive, and addresses that take no mail: a real desk on a real database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from office import DESK, MINT, NOW, eml
from store.pieces import OFFICE, arrival, desk, handle_all, post, raw_arrival
from store.pieces import letter as any_letter

from maild.desk.tick import do_due
from maild.desk.undelivered import tell_of_letters
from maild.errors import NotFound
from maild.messages.tokens import Purpose
from maild.store.keep import Keep
from maild.threads.plan import Outcome, OutgoingMail

IVAN = "ivan@customer.example"
OLGA = "olga@partner.example"
HOUR = timedelta(hours=1)
GONE = "550 5.1.1 no such mailbox"

REPORT = """From: MAILER-DAEMON@mx.example\r
To: {back}\r
Subject: Undelivered Mail Returned to Sender\r
Message-ID: <{number}@mx.example>\r
Date: Mon, 23 Nov 2026 09:00:00 +0000\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
Content-Type: text/plain\r
\r
I could not deliver your message.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example\r
\r
Final-Recipient: rfc822; {recipient}\r
Action: {action}\r
Status: {status}\r
Diagnostic-Code: smtp; {said}\r
\r
--b\r
Content-Type: text/rfc822-headers\r
\r
Message-ID: {original}\r
Subject: Re: Printer\r
\r
--b--\r
"""


class Bench:
    """A desk on a store, and a sender of letters that does what the test says."""

    def __init__(self, keep: Keep) -> None:
        self.keep = keep
        self.reports = 0

    def ask(self, at: datetime = NOW, **fields: str) -> None:
        """Ivan writes, and everything that follows is sent."""
        self.keep.inbox.add([arrival(at=at, **{"message_id": f"<{at.timestamp()}@customer.example>", **fields})])
        handle_all(desk(self.keep, at))

    def answer(self, text: str = "Close the lid.", at: datetime = NOW) -> None:
        """Boris answers, logged in."""
        to = MINT.address(Purpose.AGENT, 1001, "boris")
        raw = eml(text, sender="Boris <boris@desk.example>", to=to, message_id=f"<{at.timestamp()}@boris>", date=at)
        self.keep.inbox.add([raw_arrival(raw, at=at, sender="boris@desk.example", recipients=(to,), login="boris")])
        handle_all(desk(self.keep, at))

    def out(self, at: datetime = NOW, **fates: str) -> list[OutgoingMail]:
        """Hand over all that is due; `ivan="550 ..."` is what is said to this one, everybody else is taken."""
        mails = self.keep.outbox.claim(at, 100)
        for mail in mails:
            said = {r: fates.get(r.partition("@")[0], "250") for r in mail.recipients}
            refused = tuple((r, t) for r, t in said.items() if t[0] == "5")
            deferred = tuple((r, t) for r, t in said.items() if t[0] == "4")
            taken = tuple(r for r, t in said.items() if t[0] == "2")
            outcome = Outcome(
                accepted=taken, refused=refused, deferred=deferred, error="; ".join(t for _, t in (*refused, *deferred))
            )
            again = at + HOUR if deferred and at < NOW + timedelta(days=5) else None
            self.keep.outbox.settle(mail.id, outcome, at, again)
        return mails

    def tell(self, at: datetime = NOW) -> int:
        """The tick; how many letters came of it."""
        return tell_of_letters(self.keep, OFFICE, at)

    def report(self, at: datetime = NOW, **values: str) -> None:
        """A delivery report comes in."""
        self.reports += 1
        usual = {"back": DESK, "recipient": IVAN, "action": "failed", "status": "5.1.1", "said": GONE,
                 "original": "<none@other.example>", "number": str(self.reports)}  # fmt: skip
        raw = REPORT.format(**(usual | values)).encode()
        back = values.get("back", DESK)
        self.keep.inbox.add([raw_arrival(raw, at=at, sender="", recipients=(back,))])
        handle_all(desk(self.keep, at))

    def letters(self, kind: str) -> list[tuple[Sequence[str], str]]:
        """The letters of a kind: to whom, and their text."""
        rows = [r for r in self.keep.outbox.listing() if r["kind"] == kind]
        return [([x["address"] for x in r["recipients"]], self.keep.outbox.raw(r["id"]).decode()) for r in rows]

    def status(self) -> str:
        return str(self.ticket().status)

    def ticket(self):  # type: ignore[no-untyped-def]
        with self.keep.database.read() as connection:
            return self.keep.tickets.load(connection, [1001])[1001].ticket

    def dead(self, at: datetime = NOW) -> list[str]:
        return [one.address for one in self.keep.dead.suppressed(at)]


@pytest.fixture
def bench(keep: Keep) -> Bench:
    """Ivan has asked, and his acknowledgement has left."""
    one = Bench(keep)
    one.ask()
    return one


@pytest.fixture
def answered(bench: Bench) -> Bench:
    """Everything has left but Boris' answer, which waits."""
    bench.out()
    bench.answer()
    return bench


def undelivered(bench: Bench) -> list[str]:
    """What Boris was told of letters that did not arrive; he reads English, which goes out as it is."""
    return [raw for to, raw in bench.letters("notification") if to == ["boris@desk.example"] and "Not delivered" in raw]


def test_an_answer_that_the_relay_refuses_opens_the_ticket_and_is_told_with_its_words(answered: Bench) -> None:
    """Once, however often the tick looks."""
    assert answered.status() == "pending"
    answered.out(ivan="550 5.7.1 we do not like your face")
    assert answered.tell() == 2
    assert answered.status() == "open"
    (told,) = undelivered(answered)
    assert "we do not like your face" in told
    assert "Close the lid." in told
    assert answered.tell(NOW + HOUR) == 0


def test_an_answer_that_has_not_left_for_four_hours_is_told_once(answered: Bench) -> None:
    """With the reason, and without changing the ticket."""
    answered.out(ivan="451 4.7.1 greylisted, come back")
    assert answered.tell(NOW + 4 * HOUR - timedelta(seconds=1)) == 0
    assert answered.tell(NOW + 4 * HOUR) == 2
    assert answered.tell(NOW + 9 * HOUR) == 0
    told = [raw for _, raw in answered.letters("notification") if "greylisted, come back" in raw]
    assert len(told) == 1
    assert "Not sent yet" in told[0]
    assert answered.status() == "pending"


def test_an_answer_that_left_in_time_is_no_news(answered: Bench) -> None:
    """After four hours nobody is told of what has arrived."""
    answered.out()
    assert answered.tell(NOW + 5 * HOUR) == 0
    assert answered.keep.outbox.with_news(NOW + 99 * HOUR, 9) == []


def test_an_answer_that_is_given_up_is_told(answered: Bench) -> None:
    """After five days, besides the notice after four hours."""
    answered.out(ivan="451 4.7.1 later")
    answered.tell(NOW + 4 * HOUR)
    late = NOW + timedelta(days=5, hours=1)
    answered.out(late, ivan="451 4.7.1 later")
    assert answered.tell(late) == 2
    assert answered.status() == "open"
    assert answered.dead(late) == []


def test_one_bad_recipient_is_told_at_once_and_a_late_one_after_four_hours(answered: Bench) -> None:
    """Each by name; that a copy was lost leaves the ticket as it is."""
    keep = answered.keep
    answered.out()
    post(
        keep,
        any_letter(IVAN, OLGA, ticket=1001, message_id="<two@desk.example>", delay_notice_at=NOW + 4 * HOUR),
    )
    answered.out(ivan="450 4.2.1 busy", olga=GONE)
    assert answered.tell() == 2
    assert answered.status() == "pending"
    assert OLGA in undelivered(answered)[-1]
    assert f"{IVAN}: " not in undelivered(answered)[-1]
    assert answered.tell(NOW + 3 * HOUR) == 0
    assert answered.tell(NOW + 4 * HOUR) == 2
    answered.out(NOW + 5 * HOUR, ivan=GONE)
    assert answered.tell(NOW + 5 * HOUR) == 2
    assert answered.status() == "open"


def test_a_letter_tried_again_by_hand_is_told_again_when_it_fails_again(answered: Bench) -> None:
    """`outbox retry` is a new try, with a new result."""
    (mail,) = [m for m in answered.out(ivan=GONE) if m.recipients == (IVAN,)]
    assert answered.tell() == 2
    answered.keep.outbox.retry(mail.id, NOW)
    answered.out(ivan=GONE)
    assert answered.tell() == 2


def test_an_acknowledgement_that_is_refused_is_a_line_in_the_history_and_no_more(bench: Bench) -> None:
    """No letter, no change of status; but the address gets no more of its kind."""
    bench.out(ivan=GONE)
    before = len(bench.keep.outbox.listing())
    assert bench.tell() == 0
    assert (bench.status(), len(bench.keep.outbox.listing())) == ("new", before)
    assert bench.dead() == [IVAN]
    events = bench.keep.views.ticket("SUP-1001", "SUP").events
    assert [e.detail for e in events if e.kind == "not_delivered"] == [f"acknowledgement to {IVAN}"]


def acknowledgements(bench: Bench) -> int:
    """How many there are."""
    return len(bench.letters("acknowledgement"))


def test_a_dead_address_gets_no_acknowledgement_until_the_time_is_over(bench: Bench) -> None:
    """What claims to come from it is registered all the same; a month later it is believed to live."""
    bench.out(ivan=GONE)
    bench.tell()
    bench.ask(NOW + HOUR)
    assert acknowledgements(bench) == 1
    assert bench.keep.inbox.listing()[-1]["ticket"] == "SUP-1002"
    assert bench.dead(NOW + timedelta(days=29)) == [IVAN]
    assert bench.dead(NOW + timedelta(days=31)) == []


def test_a_mail_after_a_day_shows_that_the_address_lives(bench: Bench) -> None:
    """Anybody can write a From, so at once it proves nothing; but a customer must not be dead for ever."""
    bench.out(ivan=GONE)
    bench.tell()
    bench.ask(NOW + timedelta(days=1))
    assert acknowledgements(bench) == 2
    assert bench.dead(NOW + timedelta(days=1)) == []


def test_who_has_had_a_letter_of_ours_lives(bench: Bench) -> None:
    """His reply comes to the address that only our letter tells."""
    bench.out()
    bench.report(back=MINT.address(Purpose.AUTO_BOUNCE, 1001, IVAN), said="550 5.1.1 gone")
    assert bench.dead() == [IVAN]
    bench.ask(NOW + HOUR, to=MINT.address(Purpose.CUSTOMER, 1001, IVAN), subject="Re: Printer")
    assert bench.dead(NOW + HOUR) == []


def test_an_admin_lets_an_address_have_letters_again(bench: Bench) -> None:
    """Once; then there is nothing to let go."""
    bench.out(ivan=GONE)
    bench.tell()
    bench.keep.dead.unsuppress("IVAN@customer.example")
    assert bench.dead() == []
    with pytest.raises(NotFound, match="is not held back"):
        bench.keep.dead.unsuppress(IVAN)


def test_an_answer_to_a_dead_address_goes_and_its_writer_is_warned(bench: Bench) -> None:
    """The agent decides; he only has to know."""
    bench.out(ivan=GONE)
    bench.tell()
    bench.answer()
    assert [to for to, _ in bench.letters("answer")] == [[IVAN]]
    ((to, raw),) = bench.letters("transcript")
    assert to == ["boris@desk.example"]
    assert "has refused mail lately" in raw.replace("=\r\n", "")


@pytest.mark.parametrize(
    ("said", "after_one", "after_two"),
    [
        ("550 5.1.1 no such user", True, True),
        ("550 5.2.1 mailbox disabled", True, True),
        ("550 5.7.1 looks like spam", False, True),
        ("552 5.3.4 message too big", False, False),
        ("553 5.6.7 no such letters here", False, False),
        ("550 5.1.8 bad sender", False, False),
    ],
)
def test_what_a_refusal_says_of_an_address(bench: Bench, said: str, after_one: bool, after_two: bool) -> None:
    """No such mailbox: at once. Perhaps the content: twice. Our own fault: never."""
    bench.out(ivan=said)
    bench.tell()
    assert bool(bench.dead()) is after_one
    bench.keep.outbox.retry(next(r["id"] for r in bench.keep.outbox.listing() if r["kind"] == "acknowledgement"), NOW)
    bench.out(ivan=said)
    bench.tell()
    assert bool(bench.dead()) is after_two


def acknowledged_by(bench: Bench) -> str:
    """The Message-ID of the acknowledgement."""
    return next(str(r["message_id"]) for r in bench.keep.outbox.listing() if r["kind"] == "acknowledgement")


@pytest.mark.parametrize("by", ["return path", "message id"])
@pytest.mark.fault("C7")
def test_a_report_about_an_acknowledgement_blocks_the_address_and_changes_no_ticket(bench: Bench, by: str) -> None:
    """C7: to its return path, or with its Message-ID: tied to the ticket, told to nobody."""
    bench.out()
    before = len(bench.keep.outbox.listing())
    if by == "return path":
        bench.report(back=MINT.address(Purpose.AUTO_BOUNCE, 1001, IVAN))
    else:
        bench.report(original=acknowledged_by(bench))
    row = bench.keep.inbox.listing()[-1]
    assert (row["state"], row["ticket"]) == ("bounce", "SUP-1001")
    assert (bench.status(), len(bench.keep.outbox.listing())) == ("new", before)
    assert bench.dead() == [IVAN]


@pytest.mark.parametrize(
    ("action", "status", "state"), [("failed", "4.2.2", "bounce"), ("delayed", "4.4.1", "automatic")]
)
@pytest.mark.fault("C7")
def test_a_soft_report_blocks_nobody(bench: Bench, action: str, status: str, state: str) -> None:
    """C7: a full mailbox or a delay is noted on the ticket."""
    bench.out()
    bench.report(original=acknowledged_by(bench), action=action, status=status, said=f"452 {status} full")
    row = bench.keep.inbox.listing()[-1]
    assert (row["state"], row["ticket"], bench.dead()) == (state, "SUP-1001", [])


@pytest.mark.parametrize("forged", ["unknown id", "wrong token", "another's address", "token of nobody"])
@pytest.mark.fault("C7")
def test_a_forged_report_has_no_effect(answered: Bench, forged: str) -> None:
    """C7: it is automatic mail like any other; above all it blocks nobody whom no letter of ours went to."""
    answered.out()
    before = len(answered.keep.outbox.listing())
    if forged == "unknown id":
        answered.report(original="<a.b.c@desk.example>")
    elif forged == "wrong token":
        token = MINT.address(Purpose.BOUNCE, 1001, IVAN)
        answered.report(back=token.replace("@", "aa@", 1).replace(token[15:17], "aa"))
    elif forged == "token of nobody":
        answered.report(back=MINT.address(Purpose.BOUNCE, 1001, "victim@bank.example"), recipient="victim@bank.example")
    else:
        answered.report(original=acknowledged_by(answered), recipient="victim@bank.example")
    assert answered.dead() == []
    assert answered.status() == "pending"
    assert len(answered.keep.outbox.listing()) == before


def test_our_own_agents_are_never_called_dead(answered: Bench) -> None:
    """A ticket must not become silent because a colleague's mailbox was full of trouble for an hour."""
    answered.out(boris=GONE, anna=GONE)
    answered.tell()
    assert answered.dead() == []


def test_news_that_cannot_be_told_waits_and_holds_up_no_other(
    answered: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug with one letter is logged; it is tried again ten minutes later."""
    answered.out(ivan=GONE)

    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr("maild.desk.undelivered.decide_news", broken)
        assert answered.tell() == 0
    assert "cannot be told" in caplog.text
    assert answered.tell(NOW + timedelta(minutes=9)) == 0
    assert answered.tell(NOW + timedelta(minutes=10)) == 2


HOSTILE = (
    "=?utf-8?q?hi=0D=0ABcc:_v=40x.example?=",
    "=?utf-8?b?aGkNCkJjYzogdkB4LmV4YW1wbGUNCg0KYm9keQ==?=",
    "hi\u2028Bcc: v@x.example\u2029\u0085Bcc: v@x.example",
    "=?utf-8?q?nul=00=0ABcc:_v=40x.example=0B=0C=1C?=",
    "x" * 3000 + " Bcc: v@x.example",
)
FIELDS = {
    *("from", "to", "cc", "reply-to", "subject", "date", "message-id", "in-reply-to", "references", "auto-submitted"),
    *("thread-topic", "thread-index"),
    *("x-auto-response-suppress", "precedence", "x-maild-loop", "content-language", "mime-version", "content-type"),
    *("content-transfer-encoding",),
}


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.fault("H1")
def test_no_letter_of_any_kind_gets_a_field_from_outside(keep: Keep, hostile: str) -> None:
    """H1: subject, name, file name and a report's words; acknowledgement, news, answer, transcript, late, lost."""
    bench = Bench(keep)
    bench.ask(subject=hostile, sender=f"{hostile} <{IVAN}>", Content_Disposition=f"inline; filename*=utf-8''{hostile}")
    bench.out()
    bench.answer("/priority high\n\n" + hostile)
    bench.out(ivan="451 4.7.1 later\r\nBcc: v@x.example\u2028")
    bench.tell(NOW + 4 * HOUR)
    bench.out(NOW + 5 * HOUR, ivan="550 5.1.1 gone\r\nBcc: v@x.example")
    bench.tell(NOW + 5 * HOUR)
    bench.report(NOW + 6 * HOUR, original=acknowledged_by(bench), said=f"550 {hostile}")
    do_due(bench.keep, OFFICE, NOW + 50 * HOUR)
    rows = bench.keep.outbox.listing()
    assert {r["kind"] for r in rows} >= {"acknowledgement", "notification", "answer", "transcript"}
    assert len(rows) >= 9
    for row in rows:
        raw = bench.keep.outbox.raw(row["id"])
        head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
        names = [line.partition(":")[0].lower() for line in head.split("\r\n") if not line.startswith(" ")]
        assert set(names) <= FIELDS
        assert len(names) == len(set(names))
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)|[^\x00-\x7f]", raw)
        assert max(map(len, raw.split(b"\r\n"))) <= 998
