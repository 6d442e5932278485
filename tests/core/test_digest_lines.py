"""What a digest tells of a letter that is not written."""

from datetime import UTC, datetime

from maild.messages.mail import Address
from maild.threads.digest import digest_line
from maild.threads.plan import Letter, LetterKind


def test_a_line_of_a_digest_goes_on_behind_the_greeting() -> None:
    """The first line of a mail says nothing, as often as not; a long text is cut."""
    letter = Letter(
        kind=LetterKind.NOTIFICATION,
        template="notification",
        language="ru",
        to=(Address(address="anna@desk.example"),),
        sender=Address(address="support@desk.example"),
        context={"message": {"text": "Добрый день!\n\nНе работает принтер.\n" + "Он гудит. " * 50}},
        message_id="<1@desk.example>",
        date=datetime(2026, 11, 23, tzinfo=UTC),
        automatic=True,
        loop_mark="x",
    )
    text = digest_line(letter)["text"]
    assert text.startswith("Добрый день! Не работает принтер. Он гудит.")
    assert (len(text), text[-1]) == (160, "…")
