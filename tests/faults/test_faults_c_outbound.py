"""C: letters that leave, and what machines answer to them; most of C is tried in tests/trips and tests/wire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from clients import new_id, write_mail
from daemon import SUPPORT, Daemon, running_desk
from faults.broken import CHANGES_BYTES, broken
from long_sending import run

IVAN = "ivan@customer.example"


@pytest.mark.fault("C2")
def test_c2_finds_a_sender_whose_second_try_has_other_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof of the proof: a letter that is not the same letter each time is seen."""
    for name, value in broken(tmp_path / "broken", CHANGES_BYTES).items():
        monkeypatch.setenv(name, value)
    found = run(tmp_path / "d", 60, 2, {"drop": 0.5})
    assert found.changed
    assert not found.lost


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A desk whose customer has a solved ticket and an acknowledgement."""
    with running_desk(tmp_path_factory.mktemp("desk") / "d") as running:
        running.deliver(write_mail("Help", sender=IVAN), IVAN)
        running.order("ticket", "close", "1001")
        yield running


def report(kind: str, second: str, to: str) -> bytes:
    """A report of a machine (RFC 6522)."""
    lines = [
        f"From: {IVAN}",
        f"To: {to}",
        f"Subject: {kind}",
        f"Message-ID: {new_id()}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type={kind}; boundary="b"',
        "",
        "--b",
        "",
        "This is a machine.",
        "--b",
        *second.splitlines(),
        "--b--",
        "",
    ]
    return "\r\n".join(lines).encode()


RECEIPT = f"""Content-Type: message/disposition-notification

Final-Recipient: rfc822;{IVAN}
Original-Message-ID: %s
Disposition: manual-action/MDN-sent-manually; displayed"""
ABUSE = """Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Robot/1.0
Version: 1
Original-Mail-From: <support@desk.example>"""
CHALLENGE = [("Auto-Submitted", "auto-replied"), ("X-Challenge-Response", "yes")]


@pytest.mark.fault("C8")
@pytest.mark.parametrize("kind", ["receipt", "abuse report", "challenge"])
def test_c8_what_machines_answer_to_an_acknowledgement_leads_to_nothing(desk: Daemon, kind: str) -> None:
    """It is kept and can be found; nobody is answered, and the solved ticket stays solved."""
    letter = desk.letters(IVAN)[0]
    to = letter["Reply-To"] or SUPPORT
    mails = {
        "receipt": report("disposition-notification", RECEIPT % letter["Message-ID"], to),
        "abuse report": report("feedback-report", ABUSE, to),
        "challenge": write_mail(
            "Please click to confirm that you are a person.",
            sender=IVAN,
            to=to,
            subject=f"Re: {letter['Subject']}",
            more=[*CHALLENGE, ("In-Reply-To", letter["Message-ID"])],
        ),
    }
    before = len(desk.letters(IVAN))
    desk.deliver(mails[kind], "", to.partition("<")[2].rstrip(">") or to)
    row = desk.cli("inbox")[-1]
    assert row["state"] in ("automatic", "ticketed"), row
    assert row["reason"]
    assert len(desk.letters(IVAN)) == before
    assert desk.ticket("1001")["status"] == "closed"
