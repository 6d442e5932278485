"""What the knowledge base does not answer: questions that no article is about, put together by their words."""

from __future__ import annotations

import random
import time

from maild.threads.gaps import Gaps, Question, find_gaps
from maild.threads.kb import Article

PASSWORD = Article(
    name="reset-password", title="How to set a new password", tags=("login", "account"), text="Choose: forgot password."
)
VPN = Article(name="vpn/home", title="Подключение к VPN", tags=("удалённая работа",), text="Откройте клиент и войдите.")
KB = (PASSWORD, VPN)


def asked(subject: str, text: str = "", queue: str = "support", number: int = 1) -> Question:
    """A question."""
    return Question(number=f"SUP-{number}", queue=queue, subject=subject, text=text)


def gaps(*questions: Question, articles: tuple[Article, ...] = KB) -> Gaps:
    """What is not answered of these."""
    return find_gaps(questions, articles)


def test_a_question_that_an_article_is_about_is_no_gap() -> None:
    """In any inflected form, in either language, by its subject or by its text."""
    found = gaps(
        asked("Forgot my password"),
        asked("Question", "Hello, I forgot the passwords of my account. Best regards, Ivan"),
        asked("Не подключается VPN", "Здравствуйте! Удалённо не могу работать."),
    )
    assert (found.questions, found.answered, found.groups, found.alone) == (3, 3, (), 0)


def test_a_word_in_an_articles_text_alone_makes_no_answer() -> None:
    """It has to be about it; and words of politeness, or that fit everything, are about nothing."""
    assert gaps(asked("Choose a printer")).answered == 0
    polite = Article(name="x", title="Please help: a question", text="Thanks")
    assert gaps(asked("Question: please help", "Thanks for your help"), articles=(polite,)).answered == 0


def test_questions_that_share_their_words_stand_together() -> None:
    """By stems, within a queue; with the words as most have them, and the largest group first."""
    found = gaps(
        asked("Printer prints empty pages", "Since Monday.", number=1),
        asked("Empty page printed", "Our printer is new.", number=2),
        asked("The printers print empty pages!", number=3),
        asked("Принтер печатает пустые листы", number=4),
        asked("Пустой лист печатается на принтере", number=5),
        asked("Printer prints empty pages", queue="billing", number=6),
        asked("Where is my invoice", number=7),
    )
    assert [[q.number for q in group.questions] for group in found.groups] == [
        ["SUP-1", "SUP-2", "SUP-3"],
        ["SUP-4", "SUP-5"],
    ]
    assert set(found.groups[0].words) >= {"printer", "empty", "pages"}
    assert found.groups[0].queue == "support"
    assert found.alone == 2


def test_the_article_that_comes_nearest_is_named() -> None:
    """Where one comes near at all: it may only lack a paragraph."""
    near = [asked("Two factor account codes lost phone", number=n) for n in range(3)]
    far = [asked("Coffee machine broken", number=n) for n in range(3, 6)]
    found = gaps(*near, *far)
    assert {group.words[0]: group.nearest for group in found.groups} == {"two": "reset-password", "coffee": None}


def test_without_articles_every_question_is_a_gap_and_without_questions_there_is_none() -> None:
    """Nothing is divided by nothing."""
    assert gaps(asked("VPN"), articles=()) == Gaps(questions=1, answered=0, groups=(), alone=1)
    assert gaps() == Gaps(questions=0, answered=0, groups=(), alone=0)
    assert gaps(asked("12345", "67890")).alone == 1


def test_every_question_is_counted_once() -> None:
    """Answered, in one group, or alone; whatever the words."""
    chance, words = random.Random(4), [f"{a}{b}ck" for a in "bdfgklmnprst" for b in "aeiou"]
    questions = [asked(" ".join(chance.choices(words, k=3)), number=n) for n in range(300)]
    found = gaps(*questions)
    grouped = [q.number for group in found.groups for q in group.questions]
    assert len(grouped) == len(set(grouped)) == 300 - found.alone - found.answered
    assert all(len(group.questions) > 1 for group in found.groups)
    assert found == gaps(*questions)


def test_ten_thousand_questions_are_judged_in_a_few_seconds() -> None:
    """With the long tail of words that mails have."""
    chance = random.Random(1)
    tail = ["".join(chance.choices("abcdefghiklmnoprstu", k=7)) for _ in range(20_000)]
    kinds = ["forgot password", "printer prints empty pages", "неверный счёт за октябрь", "доступ к общей папке"]
    questions = [
        asked(chance.choice(kinds), " ".join(chance.choices(tail, k=60)), chance.choice(["a", "b"]), number)
        for number in range(10_000)
    ]
    start = time.process_time()
    found = gaps(*questions)
    assert time.process_time() - start < 8
    assert (len(found.groups) >= 6, found.questions, found.answered > 2000) == (True, 10_000, True)
