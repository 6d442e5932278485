"""What an agent should know about the sender of a mail: who wrote behind whom, and what does not look as it is.

Remarks warn people; they decide nothing.
"""

from __future__ import annotations

from maild.messages.addresses import normal
from maild.messages.lookalike import imitated
from maild.messages.mail import Address, Mail, Mark
from maild.threads.model import Ticket
from maild.threads.participants import MAX_PARTICIPANTS, left_out, waiting_in_copy
from maild.threads.practice import Practice
from maild.threads.words import say

_SHOWN = 5
_MARKS = {
    Mark.ADDRESS_IN_NAME: "address_in_name",
    Mark.MIXED_SCRIPTS: "mixed_scripts",
    Mark.HIDDEN_CHARACTERS: "hidden_characters",
}


def remarks(mail: Mail, practice: Practice, requester: Address | None, language: str) -> list[str]:
    """Sentences about the sender in the agent's language, the gravest first; none about nearly every mail."""
    if mail.sender is None or mail.writer is None:
        return []
    address = mail.sender.address
    said = []
    ours = _imitated(mail.sender, practice)
    if ours is not None:
        said.append(say(language, "imitates", name=ours, address=address))
    said.extend(say(language, _MARKS[mark], address=address) for mark in mail.writer.marks if mark in _MARKS)
    if Mark.LOOKALIKE_DOMAIN in mail.writer.marks:
        said.append(say(language, "lookalike_domain", shown=mail.writer.shown_domain or "", address=normal(address)))
    elif mail.writer.shown_domain is not None:
        said.append(say(language, "punycode_domain", shown=mail.writer.shown_domain, address=normal(address)))
    answered = requester.address if requester is not None else ""
    if _is_agents_own(mail, practice, answered):
        said.append(say(language, "passed_on_unclear"))
    return [*said, *_whom_else(mail, answered, language)]


def in_copy(mail: Mail, practice: Practice, ticket: Ticket, language: str) -> list[str]:
    """Who else got the mail and waits to be let in, and how many there was no room for."""
    said, people = [], (*mail.to, *mail.cc)
    if waiting := waiting_in_copy(ticket, people):
        names = ", ".join(waiting[:_SHOWN]) + (" ..." if len(waiting) > _SHOWN else "")
        said.append(say(language, "waits_in_copy", names=names))
    if count := left_out(ticket, people, practice):
        said.append(say(language, "left_out", count=count, limit=MAX_PARTICIPANTS))
    return said


def writer_waits(mail: Mail, ticket: Ticket, language: str) -> list[str]:
    """That whoever wrote the mail is sent no answer: he is in the conversation, and nobody has let him in yet."""
    waiting = waiting_in_copy(ticket, [mail.sender] if mail.sender is not None else [])
    return [say(language, "writer_waits", name=name) for name in waiting]


def _is_agents_own(mail: Mail, practice: Practice, answered: str) -> bool:
    """Whether it passes on a mail, and the ticket is the agent's who did: nobody outside could be told from it."""
    assert mail.sender is not None
    own = normal(answered) == normal(mail.sender.address)
    return own and mail.forwarded is not None and practice.team.agent_by_address(mail.sender.address) is not None


def _imitated(sender: Address, practice: Practice) -> str | None:
    """The agent's or the desk's name that a stranger bears."""
    if practice.is_ours(sender.address):
        return None
    agents = practice.team.agents
    names = (practice.name, *(agent.name for agent in agents))
    return imitated(sender, names, [address for agent in agents for address in agent.addresses])


def _whom_else(mail: Mail, answered: str, language: str) -> list[str]:
    """The other addresses that a mail names: of the person behind a list, and where answers are asked to."""
    assert mail.sender is not None
    assert mail.writer is not None
    said = []
    known = {normal(mail.sender.address), normal(answered)}
    if mail.writer.via is not None:
        person = mail.writer.person
        name = f"{person.name} <{person.address}>" if person.name else person.address
        key = "written_via" if answered else "written_via_unanswered"
        said.append(say(language, key, name=name, via=mail.writer.via, answered=answered))
        known.add(normal(person.address))
    others = [one.address for one in mail.reply_to if normal(one.address) not in known][:_SHOWN]
    if others and answered:
        said.append(say(language, "answers_asked_to", names=", ".join(others), answered=answered))
    elif others:
        said.append(say(language, "answers_asked_to_unanswered", names=", ".join(others)))
    return said
