"""Nothing that stands in a mail is lost, whatever is mixed in it."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from maild.messages.html import to_text
from maild.messages.reply import Split, split_html, split_reply

WORD = re.compile(r"\w+")
PIECES = [
    *("Спасибо, помогло.", "It does not print.", "", "", "  ", "\t", "А здесь?", "1. Yes\n2. No", "— Да", "👍"),
    *("> Does it blink?", "> > Once?", ">", "| cell | cell |", "АК> Готово?", "\tprint(1)", ">>> x = 1"),
    *("On Sat, Nov 21, 2026 at 10:00 AM Ivan <ivan@b.example> wrote:", "Иван пишет:", "-----Ivan wrote: -----"),
    *("Yes. On Sat, Nov 21, 2026 at 10:00 AM Ivan wrote:", ">>> Ivan <ivan@b.example> 21.11.2026 10:00 >>>"),
    *("21.11.2026, 10:00, Ivan", "<ivan@b.example>:", "Ivan <ivan@b.example>", "wrote 21.11.2026 10:00:", "wrote:"),
    *("From: Ivan <ivan@b.example>", "Отправлено: 21 ноября 2026 г.", "To: Anna", "Тема: Принтер", "| From | x |"),
    *("-----Original Message-----", "---- Original ----", "________________________________", "-----", "* * *"),
    *("---------- Forwarded message ---------", "Начало переадресованного сообщения:", "-- ", "--", "—"),
    *("Sent from my iPhone", "Отправлено из мобильной Почты Mail.ru", "С уважением,", "Anna Ivanova", "Thanks,"),
    *("+7 495 000-00-00", "anna@b.example", "https://b.example/", "- anna", "\u1427", "\u202bIvan:\u202c", "\ufeff"),
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=30), max_size=24).map("\n".join)
TAGS = [
    *('<div class="gmail_quote">', '<blockquote type="cite">', "</blockquote>", "</div>", "<div>", "<br>", "<p>"),
    *('<div class="gmail_signature">', '<hr id="zwchr">', '<div id="divRplyFwdMsg">', '<p class="moz-cite-prefix">'),
    *('<div style="border-top:solid #E1E1E1 1.0pt">', '<div name="quote">', "<style>", "</style>", "<blockquote>"),
]
HTMLS = st.lists(st.sampled_from([*TAGS, *(p.replace("<", "&lt;") for p in PIECES)]), max_size=24).map("\n".join)


def words_of(text: str) -> Counter[str]:
    """Each word with the number of times it stands there."""
    return Counter(WORD.findall(text))


def all_parts(split: Split) -> Counter[str]:
    """The words of reply, quoted and signature together."""
    return words_of("\n".join((split.reply, split.quoted, split.signature)))


@given(text=TEXTS)
def test_every_word_of_a_text_stands_in_one_of_the_three_parts(text: str) -> None:
    """Reply, quoted and signature together hold each word as often as the text did."""
    assert all_parts(split_reply(text)) == words_of(text)


@given(html=HTMLS)
def test_every_word_of_marked_html_stands_in_one_of_the_three_parts(html: str) -> None:
    """The marks of clients cut the text, and lose nothing of it."""
    text = to_text(html)
    split = split_html(html, text)
    assert split is None or all_parts(split) == words_of(text)


@given(above=st.lists(st.sampled_from(PIECES[:4]), min_size=1, max_size=3), below=TEXTS)
def test_what_stands_first_is_always_the_senders(above: list[str], below: str) -> None:
    """Whatever follows, the sender's own opening sentence is never taken for another's."""
    first = "Здравствуйте, пишу вам ещё раз."
    assert split_reply("\n".join((first, *above, below))).reply.startswith(first)
