"""H: what strangers write stays text: in letters, in the log, in the database."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from clients import write_mail
from daemon import Daemon, running_desk

SQL = "'; DROP TABLE inbox; --\" %s :name ? \\ $$"
TEMPLATE = "{{7*7}} {% raw %}{{ ticket.number }} {# gone #} ${7*7} #{7*7} %(name)s {0}"
SUBJECTS = [
    "=?utf-8?q?hi=0D=0ABcc:_victim=40x.example?=",
    "=?utf-8?b?aGkNCkJjYzogdmljdGltQHguZXhhbXBsZQ==?=",
    "=?utf-8?q?hi=E2=80=A8Bcc:_victim=40x.example?=",
    "=?utf-8?q?hi=00=0ABcc:_victim=40x.example?=",
]
EVIL = [r"(a+)+$", r"(.*)*x", r"(\w+\s?)+!", r"((a|a)*)*$", r"(x+x+)+y", r"^(([a-z])+.)+[A-Z]([a-z])+$"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A desk for all of them."""
    with running_desk(tmp_path_factory.mktemp("desk") / "d") as running:
        yield running


def of(desk: Daemon, sender: str) -> dict[str, object]:
    """The ticket of this sender's mail."""
    row = next(row for row in desk.cli("inbox") if row["envelope_from"] == sender)
    return desk.ticket(row["ticket"])


@pytest.mark.fault("H1")
@pytest.mark.parametrize("number", range(len(SUBJECTS)))
def test_h1_no_subject_makes_a_field_in_any_letter(desk: Daemon, number: int) -> None:
    """CR, LF, NUL and a line separator, encoded: the letters have one subject and nobody in Bcc."""
    sender = f"h{number}@inject.example"
    raw = write_mail("Words", sender=f"=?utf-8?q?A=0D=0ABcc:_v=40x.example?= <{sender}>").replace(
        b"Subject: A question", b"Subject: " + SUBJECTS[number].encode()
    )
    desk.deliver(raw, sender)
    ticket = str(of(desk, sender)["number"])
    letters = [one for one in desk.letters() if ticket in one["Subject"]]
    assert len(letters) >= 2
    for letter in letters:
        head = letter.raw.partition(b"\r\n\r\n")[0]
        assert not re.search(rb"(?im)^bcc:", head)
        assert len(re.findall(rb"(?im)^subject:", head)) == 1
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\x00", head)


@pytest.mark.fault("H2")
def test_h2_templates_of_strangers_are_words(desk: Daemon) -> None:
    """In subject, name, address and text: literal in every letter, and nothing is worked out."""
    sender = "{{7*7}}@templates.example"
    raw = write_mail(TEMPLATE, sender=f'"{TEMPLATE[:20]}" <{sender}>', subject=TEMPLATE)
    desk.deliver(raw, sender)
    ticket = of(desk, sender)
    assert ticket["subject"] == TEMPLATE
    letters = [one for one in desk.letters("anna@desk.example") if str(ticket["number"]) in one["Subject"]]
    assert letters
    assert TEMPLATE in letters[0].text
    assert not [one for one in desk.letters() if re.search(r"(?<![\w*{])49(?!\w)", one["Subject"])]


RULES = "".join(
    f"[[rule]]\nname = 'evil {n}'\nwhen.subject.matches = '{p}'\nthen.tags = ['evil']\n" for n, p in enumerate(EVIL)
)
ELSE = "[[rule]]\nname = 'else'\ndefault = true\nthen.queue = 'support'\n"


@pytest.mark.fault("H4")
def test_h4_evil_patterns_cost_a_tenth_of_a_second_and_no_mail(
    tmp_path_factory: pytest.TempPathFactory, figure: Callable[[str], None]
) -> None:
    """Told at the check; a mail made for them is a ticket by the default rule, and so is the next."""
    with running_desk(tmp_path_factory.mktemp("evil") / "d", rules={"routing.toml": RULES + ELSE}) as desk:
        found = desk.run("rules", "check", "--json").stdout
        assert found.count("is cut off after 0.1 s") >= 3
        took = []
        for number, subject in enumerate(["a" * 80_000 + "b", "x" * 80_000, "aB1 " * 20_000 + "?"]):
            sender = f"e{number}@evil.example"
            raw = write_mail("x", sender=sender, message_id=f"<e{number}@evil.example>").replace(
                b"Subject: A question", b"Subject: " + subject.encode()
            )
            began = time.monotonic()
            desk.deliver(raw, sender)
            took.append(time.monotonic() - began)
            assert of(desk, sender)["queue"] == "support"
    figure(f"{len(EVIL)} evil patterns, 3 mails made for them: each a ticket within {max(took):.1f} s")
    assert max(took) < 30  # uncut they would take hours


@pytest.mark.fault("H6")
def test_h6_marks_of_sql_are_words(desk: Daemon) -> None:
    """In every field and in a search; the tables are there afterwards."""
    sender = "drop'table--@sql.example"
    raw = write_mail(SQL, sender=sender, subject=SQL, message_id=f"<{SQL.replace(' ', '')}@sql.example>")
    desk.deliver(raw, sender)
    ticket = of(desk, sender)
    assert ticket["subject"] == SQL
    assert [row["number"] for row in desk.cli("tickets", "--search", "DROP TABLE")] == [ticket["number"]]
    assert desk.cli("tickets", "--search", "' OR 1=1 --") == []
    assert desk.cli("inbox")


@pytest.mark.fault("H7")
def test_h7_the_log_has_one_clean_line_for_an_event_and_no_words_of_mails(desk: Daemon) -> None:
    """Neither line ends nor escapes of strangers, neither a megabyte nor a body, neither a password."""
    sender = "ansi@log.example"
    subject = "\x1b[31mred\x1b[0m" + "y" * 1_000_000
    raw = write_mail("The body is secret: xyzzy.", sender=sender).replace(
        b"Subject: A question", b"Subject: " + subject.encode() + b"\r\n Forged: line"
    )
    desk.deliver(raw, sender)
    with pytest.raises(Exception, match="535"):
        desk.send(raw, sender, login="anna", password="hunter2\r\nadmin")
    log = desk.log()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", log)
    assert max(map(len, log.splitlines()), default=0) < 4000
    assert "xyzzy" not in log
    assert "hunter2" not in log
    assert not re.search(r"(?m)^\s*Forged:", log)
