"""What a customer gets when an agent answers: through the daemon, by the wire, as a relay takes it."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses
from pathlib import Path

from clients import new_id, reply_address, write_mail
from daemon import Letter, ended_at_last, make_desk, parse_letter, wait_for
from sink import Sink, Taken, smtp_sink

from maild.clock import SystemClock

ANNA, IVAN, PETR, SECRET = "anna@desk.example", "ivan@customer.example", "petr@customer.example", "boss@secret.example"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6364f8cf500f0003030180"
    "5a347d6b0000000049454e44ae426082"
)
TEAMS = """
[[agent]]
id = "anna"
name = "Anna Petrova"
address = "anna@desk.example"
language = "en"
signature = { en = "Kind regards\\n{agent}, {desk}", ru = "С уважением,\\n{agent}" }

[[queue]]
name = "support"
agents = ["anna"]
default = true
from_name = "Acme Shop"
"""


def answer(told: Letter, html: str) -> bytes:
    """What a client makes of a reply in HTML, with a picture in it, copies and a blind copy."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Cc"], mail["Bcc"] = f"Anna <{ANNA}>", reply_address(told), "x@other.example", SECRET
    mail["Subject"], mail["Message-ID"] = f"Re: {told['Subject']}", new_id()
    mail["Date"], mail["In-Reply-To"] = format_datetime(SystemClock().now()), told["Message-ID"]
    quoted = "<br>".join(told.text.replace("<", "&lt;").splitlines())
    mail.set_content(
        f'<div>{html}</div><div class="gmail_quote">On Monday Acme wrote:<blockquote>{quoted}</blockquote></div>',
        "html",
    )
    mail.add_related(PNG, "image", "png", cid="<shot@pc>", filename="shot.png", disposition="inline")
    return mail.as_bytes()


def answers(sink: Sink) -> list[Taken]:
    """The mails of ours to Ivan that an agent wrote."""
    return [m for m in sink.mails() if IVAN in m.recipients and b"Auto-Submitted" not in m.raw]


def test_an_html_answer_with_a_canned_text_reaches_the_customer_and_whoever_is_in_copy(tmp_path: Path) -> None:
    """One mail, once: his own HTML with its picture and the plain text beside it; no blind copy, no address of hers."""
    with smtp_sink() as sink:
        settings: dict[str, object] = {"outgoing.transport": "smtp", "outgoing.port": sink.port}
        desk = make_desk(tmp_path / "d", settings)
        (desk.folder / "rules" / "teams.toml").write_text(TEAMS)
        (desk.folder / "rules" / "routing.toml").write_text('[[rule]]\nname = "All"\ndefault = true\n')
        canned = desk.folder / "rules" / "letters" / "canned" / "lid.txt"
        canned.parent.mkdir(parents=True, exist_ok=True)
        canned.write_text("Hello {{ customer.name }}, about {{ ticket.number }}: close the lid.\n")
        with ended_at_last(desk):
            desk.start()
            desk.deliver(write_mail("My printer is on fire, please help.", sender=f"Ivan <{IVAN}>"), IVAN)
            desk.order("ticket", "cc", "SUP-1001", PETR)
            to_anna = wait_for(lambda: [m for m in sink.mails() if m.recipients == (ANNA,)], "Anna's mail")
            told = parse_letter(to_anna[0].raw, "", ANNA)
            html = '/canned lid<br><br>Then <b>wait</b>, see:<ol><li>here</li></ol><img src="cid:shot@pc">'
            desk.deliver(answer(told, html), ANNA, reply_address(told), login="anna")
            wait_for(lambda: answers(sink), "the answer")
            desk.wait_idle()
            (taken,) = answers(sink)
            written = desk.order("letters", "preview", "canned/lid", "--ticket", "SUP-1001")
            refused = desk.run("ticket", "canned", "SUP-1001", "lid")
            canned.write_text("one\n{{ customer.nme }}\n")
            found = desk.run("rules", "check")
    assert written.startswith("Hello Ivan, about SUP-1001: close the lid.")
    assert (refused.returncode, "in reply to a letter about SUP-1001" in refused.stderr) == (65, True)
    assert (found.returncode, "lid.txt:2:1: error: there is no variable customer.nme" in found.stdout) == (1, True)
    letter = parse_letter(taken.raw, taken.sender, IVAN)
    assert sorted(taken.recipients) == [IVAN, PETR]
    fields = [letter[name] for name in ("To", "Cc")]
    assert sorted(address for _, address in getaddresses(fields)) == [IVAN, PETR]
    assert letter["From"] == "Acme Shop <support@desk.example>"
    for hidden in ("boss@secret", ANNA, "shot@pc", "x@other", "/canned", "/close"):
        assert hidden not in letter.everything, hidden
    assert letter.message["Bcc"] is None
    text = " ".join(letter.text.split())
    assert "Hello Ivan, about SUP-1001: close the lid. Then wait, see:" in text
    assert "Kind regards Anna Petrova, Acme Shop" in text
    shown = str(letter.message.get_body(("html",)).get_content())  # type: ignore[union-attr]
    assert "<p>Hello Ivan, about SUP-1001: close the lid.</p>" in shown
    assert "Then <b>wait</b>, see:<ol><li>here</li></ol>" in shown
    cid = re.search(r'<img src="cid:([^"]+)"', shown)
    assert cid is not None
    (picture,) = [part for part in letter.message.walk() if part.get_content_type() == "image/png"]
    assert (picture["Content-ID"], picture.get_payload(decode=True)) == (f"<{cid[1]}>", PNG)
