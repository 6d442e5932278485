"""The language of an acknowledgement to a mail that is too short to tell its own."""

from __future__ import annotations

import pytest
from office import facts, judge, mail


@pytest.mark.parametrize(
    ("subject", "text", "language"),
    [
        ("Invoice 42", "Need invoice copy", "en"),
        ("?", "Cannot log in", "en"),
        ("42", "+7 495 000-00-00", "ru"),
        ("Заказ", "SUP 42", "ru"),
    ],
)
def test_a_few_latin_words_are_not_answered_in_russian(subject: str, text: str, language: str) -> None:
    """The desk's first language is Russian, but who writes Latin letters alone is answered in English."""
    plan = judge(mail(text, subject=subject), facts())
    assert plan.ticket is not None
    assert plan.ticket.language == language
