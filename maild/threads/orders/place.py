"""Orders that say whose a ticket is and where it lies: assignee, queue, line, priority, tags, subject."""

from __future__ import annotations

import re
from dataclasses import replace

from maild.messages.subject import base_subject
from maild.messages.words import plain_line
from maild.people.names import fold, who_is_meant
from maild.people.team import LAST_LINE, Agent, By
from maild.routing.rules import Choice
from maild.threads.assignment import Chosen, by_queue, choose, on_line, until_words
from maild.threads.model import Priority
from maild.threads.order_lines import Order
from maild.threads.orders.known import known_as
from maild.threads.orders.work import Setting, Work, WrongError, bare, named, needed, no_argument, unknown
from maild.threads.words import VALUES

_MAX_SUBJECT = 250
_ONE_OF = re.compile(
    r"(?:(?P<load>(?:by )?load|по нагрузке)|(?:by )?turn|next|по очереди|следующ(?:ий|ему))(?!\w)"
    r"(?:\s+(?:among|of|из|среди)(?!\w))?",
    re.IGNORECASE,
)
"""Behind /assign: one of several, by load or by turn."""
PRIORITIES = {
    word: priority
    for priority, words in {
        "low": "low minor низкий низкая низкую",
        "normal": "normal medium обычный обычная обычную средний средняя среднюю нормальная нормальную",
        "high": "high major important высокий высокая высокую важный важная важную важно",
        "urgent": "urgent critical emergency asap срочный срочная срочную срочно неотложный неотложная неотложную "
        "критический критическая критическую критично",
    }.items()
    for word in words.split()
}
"""What agents call the priorities."""
_TO = re.compile(r"(?:to|на|для|кому)\s+", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"<(?:mailto:)?([^<>\s]+@[^<>\s]+)>")
_ME = frozenset(("me", "myself", "self", "мне", "себе", "на себя", "меня"))
_NOBODY = frozenset(("nobody", "noone", "no one", "none", "-", "никому", "никто", "никого"))


def take(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """It is the agent's own."""
    no_argument(order, setting)
    if setting.agent is None:
        raise WrongError(setting.say("take_who"))
    return _given(work, setting.agent, setting)


def assign(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """It is a colleague's: by id, address or name, in either script, or the beginning of it; or one of several.

    Behind "by load" and "next" colleagues may stand among whom is chosen.
    """
    words = _person(needed(order, setting))
    if fold(words) in _ME and not _are_somebodys(words, setting):
        return take(work, replace(order, argument=""), setting)
    if fold(words) in _NOBODY:
        return unassign(work, replace(order, argument=""), setting)
    found = _ONE_OF.match(words)
    if found is None or setting.team.agent(words) is not None:
        if not who_is_meant(words, setting.team.agents) and (meant := known_as([words], work.ticket, setting)):
            known = " ".join(agent.id for agent in setting.team.agents)
            raise WrongError(setting.say("customers_name", name=words, names=meant, known=known))
        return _given(work, find_agent(words, setting), setting)
    among = tuple(find_agent(word, setting).id for word in re.split(r"[\s,]+", words[found.end() :].strip()) if word)
    by = By.LOAD if found["load"] else By.TURN
    chosen = choose(setting.practice, work.ticket, setting.now, Choice(by=by, among=among), work.ticket.assignee)
    if chosen.agent is None:
        raise WrongError(chosen.said(setting.language, setting.practice.zone))
    return _chosen(work, chosen, setting)


def _chosen(work: Work, chosen: Chosen, setting: Setting) -> tuple[Work, str]:
    """One of several has it, or nobody, and why."""
    why, agent = chosen.said(setting.language, setting.practice.zone), chosen.agent
    name = agent.name if agent is not None else setting.say("nobody")
    turns = (*work.turns, *((chosen.turn,) if chosen.turn is not None else ()))
    after = replace(work.ticket, assignee=agent.id if agent is not None else None)
    effect = setting.say("given_to", name=name, why=why)
    note = ("shared_out", agent.id if agent is not None else "nobody", chosen.said("en"))
    return replace(work, ticket=after, turns=turns, chosen=chosen, notes=(*work.notes, note)), effect


def _are_somebodys(words: str, setting: Setting) -> bool:
    """Whether these very words name a colleague: one whose name only begins with them is not meant by "me"."""
    names = (name for agent in setting.team.agents for name in (agent.id, agent.name, *agent.name.split()))
    return fold(words) in map(fold, names)


def _person(words: str) -> str:
    """The name or the address among words that say who: "to Boris Novak <boris@desk.example>"."""
    found = _IN_BRACKETS.search(words)
    plain = found[1] if found is not None else bare(words).removeprefix("mailto:")
    return plain[start.end() :] if (start := _TO.match(plain)) is not None else plain or words


def find_agent(words: str, setting: Setting) -> Agent:
    """The agent whom these words mean. Raises WrongError."""
    words = _person(words)
    found = who_is_meant(words, setting.team.agents)
    if len(found) == 1:
        return found[0]
    if not found:
        raise unknown("unknown_agent", words, (a.id for a in setting.team.agents), setting)
    raise WrongError(setting.say("which_agent", name=words, names=", ".join(f"{a.id} ({a.name})" for a in found)))


def _given(work: Work, agent: Agent, setting: Setting) -> tuple[Work, str]:
    effect, absence = setting.say("assigned", name=agent.name), setting.team.away.get(agent.id)
    if absence is not None and agent != setting.agent:
        stand_in = setting.team.stand_in(agent.id)
        taker = stand_in.agent.name if stand_in is not None and stand_in.agent is not None else setting.say("its_queue")
        until = until_words(absence.until, setting.language, setting.practice.zone)
        away = setting.say("is_away", name=agent.name) + until
        effect = setting.say("assigned_away", assigned=effect, away=away, taker=taker)
    return replace(work, ticket=replace(work.ticket, assignee=agent.id)), effect


def _shared_out(work: Work, effect: str, setting: Setting) -> tuple[Work, str]:
    """A ticket that came to a queue or line where nobody has it, given to one of its agents if the queue does that."""
    if work.ticket.assignee is not None:
        return work, effect
    chosen = by_queue(setting.practice, work.ticket, setting.now)
    if chosen is None:
        return work, effect
    work, given = _chosen(work, chosen, setting)
    return work, f"{effect}; {given}"


def unassign(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """It is nobody's: the queue's agents are told again."""
    no_argument(order, setting)
    return replace(work, ticket=replace(work.ticket, assignee=None)), setting.say("unassigned")


def queue(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """Into another queue; it is nobody's then."""
    names = {fold(q.name): q.name for q in setting.team.queues}
    wanted = named(needed(order, setting), names, setting, "unknown_queue")
    effect = setting.say("queue", before=work.ticket.queue, after=wanted)
    return _shared_out(replace(work, ticket=replace(work.ticket, queue=wanted, assignee=None)), effect, setting)


def line(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """To a support line, counted from 1; it is nobody's then, unless its agent serves that line."""
    wanted = bare(needed(order, setting))
    if not wanted.isdecimal() or not 1 <= int(wanted[:4]) <= LAST_LINE:
        raise WrongError(setting.say("no_such_line", name=wanted, last=LAST_LINE))
    return _to_line(work, int(wanted), setting)


def escalate(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """One line up; the words behind it are the reason, and stand in the history."""
    if work.ticket.line >= LAST_LINE:
        raise WrongError(setting.say("last_line", line=work.ticket.line))
    if reason := plain_line(order.argument):
        detail = f"line {work.ticket.line} -> {work.ticket.line + 1}"
        work = replace(work, reason=reason, notes=(*work.notes, ("escalated", detail, reason)))
    return _to_line(work, work.ticket.line + 1, setting)


def _to_line(work: Work, wanted: int, setting: Setting) -> tuple[Work, str]:
    ticket = work.ticket
    effect = setting.say("line", before=ticket.line, after=wanted)
    return _shared_out(replace(work, ticket=on_line(setting.team, ticket, wanted)), effect, setting)


def priority(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """How urgent it is."""
    words = VALUES.get(setting.language, VALUES["en"])
    wanted = named(needed(order, setting), PRIORITIES, setting, "unknown_priority", [words[p] for p in Priority])
    effect = setting.say("priority", before=work.ticket.priority, after=Priority(wanted))
    return replace(work, ticket=replace(work.ticket, priority=Priority(wanted))), effect


def tag(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """Adds tags."""
    tags = tuple(dict.fromkeys((*work.ticket.tags, *_tag_words(order, setting))))
    return replace(work, ticket=replace(work.ticket, tags=tags)), setting.say("tags", names=", ".join(tags))


def untag(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """Takes tags away."""
    words = _tag_words(order, setting)
    missing = [w for w in words if w not in work.ticket.tags]
    if missing:
        raise WrongError(setting.say("no_such_tag", name=missing[0]))
    tags = tuple(t for t in work.ticket.tags if t not in words)
    return replace(work, ticket=replace(work.ticket, tags=tags)), setting.say("tags", names=", ".join(tags) or "-")


def _tag_words(order: Order, setting: Setting) -> list[str]:
    words = _plain(order, setting).replace(",", " ").replace(";", " ").split()
    if (more := next((i for i, word in enumerate(words) if word.startswith("/")), None)) is not None:
        raise WrongError(setting.say("one_order_a_line", words=" ".join(words[more:])))
    found = [tag for word in words if (tag := bare(word).lstrip("#").lower())]
    return found or [word.lower() for word in words]


def _plain(order: Order, setting: Setting) -> str:
    """The words behind an order as they are seen: without what is hidden in them or turns the reading direction."""
    return needed(replace(order, argument=plain_line(order.argument)), setting)


def subject(work: Work, order: Order, setting: Setting) -> tuple[Work, str]:
    """Another subject; the conversation holds together by its ids, not by it."""
    wanted = _plain(order, setting)[:_MAX_SUBJECT]
    effect = setting.say("subject", after=wanted)
    return replace(work, ticket=replace(work.ticket, subject=wanted, base_subject=base_subject(wanted))), effect
