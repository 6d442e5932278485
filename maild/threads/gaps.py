"""What the knowledge base does not answer: customers' questions that no article is about, grouped by their words.

Pure. Words are compared by their stems, as searches compare them. A question has an article where enough of what it
says stands in that article, and something of it in the title, the tags or the name; the rest is put together by pairs
of words that stand in many of them, within a queue. Words of politeness, and those that fit every problem, say nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from maild.threads.kb import IN_NAME, Article, index_of
from maild.threads.search import COMMON, words_and_stems, words_of

MAX_TEXT = 2000
"""Characters of a question's text that are looked at."""
MAX_SAMPLES = 3
_WORDS_LOOKED_AT = 25
_KEYS = 8
"""Words by which a question is put beside others."""
_IN_SUBJECT = 2.0
_LABEL, _SHARED = 4, 0.6
"""Words that name a group at most, and the share of its questions in which each of them stands."""
_ANSWERED = 0.35
"""The share of what a question says that has to stand in an article."""
_NEAR = 0.12
_OF_NOTHING = """
здравствуйте добрый день утро вечер привет спасибо пожалуйста заранее уважаемый коллеги просьба прошу можно нужно надо
помогите помощь подскажите скажите вопрос проблема ошибка работает работать получается могу можете хочу хотел буду есть
нет при мне мой наш ваш вам нас его ее их который такой этот весь очень еще уже только если когда почему где как
быть сделать ответ ответьте жду срочно обращение заявка тема сообщение сегодня вчера завтра после раз всё
hello hi dear good morning day evening thanks thank please kindly regards best team support help problem question issue
error work working works can could cannot can't would will want need needed have has had been does did do not my our
your me us them there here when where why how what which who whom this these those very just still already only after
before again since urgent asap get got getting request ticket message today yesterday tomorrow any some
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What a customer asked first in a ticket; `number` is what people call it by."""

    number: str
    queue: str
    subject: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Questions of one queue that no article answers and that share words, which are shown as most of them have them.

    `nearest` names the article that is the least far from being about them; None where none comes near.
    """

    queue: str
    words: tuple[str, ...]
    questions: tuple[Question, ...]
    nearest: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Gaps:
    """How many questions there were, how many have an article, the groups of the others (largest first), and how many
    of these are like no other.
    """

    questions: int
    answered: int
    groups: tuple[Group, ...]
    alone: int


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """A question's stems, each once, and how much each counts; the subject's stand first."""

    question: Question
    weights: Mapping[str, float]


def find_gaps(questions: Iterable[Question], articles: Sequence[Article]) -> Gaps:
    """The questions that no article is about, put together by their words."""
    shelf, forms = _Shelf(articles), defaultdict[str, Counter[str]](Counter)
    said = [_read(question, forms) for question in questions]
    spread = Counter(stem for one in said for stem in one.weights)
    nearest: dict[_Said, str | None] = {}
    for one in said:
        name, share = shelf.best(one, spread)
        if share < _ANSWERED:
            nearest[one] = name if share >= _NEAR else None
    groups, alone = _grouped(list(nearest), forms, nearest)
    return Gaps(questions=len(said), answered=len(said) - len(nearest), groups=groups, alone=alone)


def _read(question: Question, forms: dict[str, Counter[str]]) -> _Said:
    weights: dict[str, float] = {}
    for text, weight in ((question.subject, _IN_SUBJECT), (question.text[:MAX_TEXT], 1.0)):
        for word, stem in words_and_stems(text):
            if len(weights) >= _WORDS_LOOKED_AT:
                break
            if len(word) > 1 and stem not in _NOTHING and not any(c.isdigit() for c in word):
                weights.setdefault(stem, weight)
                forms[stem][word] += 1
    return _Said(question, weights)


_NOTHING = frozenset(words_of(f"{_OF_NOTHING} {' '.join(COMMON)}"))


class _Shelf:
    """All articles, found by their stems."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self._names = [article.name for article in articles]
        self._holding: dict[str, list[tuple[int, bool]]] = defaultdict(list)
        for place, article in enumerate(articles):
            for stem, weight in index_of(article).weights.items():
                if stem not in _NOTHING:
                    self._holding[stem].append((place, weight >= IN_NAME))

    def best(self, said: _Said, spread: Mapping[str, int]) -> tuple[str | None, float]:
        """The article that most of a question stands in, and how much of it, 0 to 1: of its subject, or of all of it.

        A word that no other question has and no article is a name or a slip, and counts for nothing.
        """
        counted = [s for s in said.weights if s in self._holding or spread[s] > 1]
        subject = [s for s in counted if said.weights[s] == _IN_SUBJECT]
        return max(
            self._held_by(counted, said),
            self._held_by(subject if len(subject) > 1 else [], said),
            key=lambda one: one[1],
        )

    def _held_by(self, stems: Sequence[str], said: _Said) -> tuple[str | None, float]:
        found, about = defaultdict[int, float](float), set[int]()
        for stem in stems:
            for place, is_about in self._holding.get(stem, ()):
                found[place] += said.weights[stem] * (1.0 if is_about else 0.5)
                if is_about:
                    about.add(place)
        if not about:
            return None, 0.0
        place = max(about, key=lambda one: (found[one], -one))
        return self._names[place], found[place] / sum(said.weights[stem] for stem in stems)


def _grouped(
    said: Sequence[_Said], forms: Mapping[str, Counter[str]], nearest: Mapping[_Said, str | None]
) -> tuple[tuple[Group, ...], int]:
    """The groups of each queue, the largest first; and how many questions are in none."""
    of_queue: dict[str, list[_Said]] = defaultdict(list)
    for one in said:
        of_queue[one.question.queue].append(one)
    groups, alone = list[Group](), 0
    for queue, some in of_queue.items():
        left = set(range(len(some)))
        for members in _sorted_out(some, left):
            names = Counter(name for one in members if (name := nearest[one]) is not None)
            most = min(names, key=lambda name: (-names[name], name), default=None)
            questions = tuple(one.question for one in members)
            groups.append(Group(queue=queue, words=_label(members, forms), questions=questions, nearest=most))
        alone += len(left)
    return tuple(sorted(groups, key=lambda g: (-len(g.questions), g.queue, g.words))), alone


def _sorted_out(said: Sequence[_Said], left: set[int]) -> Iterator[list[_Said]]:
    """Groups of at least two, by pairs of words and then by single ones; whoever is in one is taken out of `left`."""
    spread = Counter(stem for one in said for stem in one.weights)
    keys = [_keys(one, spread) for one in said]
    for size in (2, 1):
        held: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place in sorted(left):
            for some in combinations(keys[place], size):
                held[tuple(sorted(some))].append(place)
        least = 3 if size == 2 else 2
        waiting: dict[int, list[tuple[str, ...]]] = defaultdict(list)
        for words, places in held.items():
            waiting[len(places)].append(words)
        # The largest first. What has lost members to a larger one waits among those of its new size.
        for count in range(max(waiting, default=0), least - 1, -1):
            for words in sorted(waiting[count]):
                members = [place for place in held[words] if place in left]
                if len(members) < count:
                    waiting[len(members)].append(words)
                    held[words] = members
                    continue
                left.difference_update(members)
                yield [said[place] for place in members]


def _keys(said: _Said, spread: Mapping[str, int]) -> list[str]:
    """The words that a question may share with others: of its subject first, then those that most have."""
    shared = [stem for stem in said.weights if spread[stem] > 1]
    return sorted(shared, key=lambda stem: (-said.weights[stem], -spread[stem], stem))[:_KEYS]


def _label(members: Sequence[_Said], forms: Mapping[str, Counter[str]]) -> tuple[str, ...]:
    counted = Counter[str]()
    for one in members:
        counted.update(one.weights)
    usual = [stem for stem, count in counted.items() if count >= _SHARED * len(members)]
    # As the first of them says it, so that the words can be read one after the other.
    order = {stem: place for place, stem in enumerate(members[0].weights)}
    best = sorted(usual, key=lambda stem: (-counted[stem], order.get(stem, _WORDS_LOOKED_AT), stem))[:_LABEL]
    best.sort(key=lambda stem: order.get(stem, _WORDS_LOOKED_AT))
    return tuple(min(forms[stem], key=lambda word: (-forms[stem][word], word)) for stem in best)
