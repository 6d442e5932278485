"""A person is forgotten by the whole desk: the database, what lies beside it, and a report of what is left where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from maild.config.settings import Settings
from maild.config.units import parse_address
from maild.desk.backups import known_backups, write_log
from maild.errors import UsageError
from maild.store.forget import Person, find_person, forget_person, wipe
from maild.store.keep import Keep
from maild.store.traces import Trace
from maild.threads.practice import Practice


@dataclass(frozen=True, kw_only=True, slots=True)
class Forgotten:
    """What was (or would be) erased, and a sentence for each place where something is left."""

    person: Person
    remains: tuple[str, ...]


def check_address(practice: Practice, address: str) -> str:
    """An address that can be forgotten, in the form in which it is looked for. Raises UsageError."""
    try:
        found = parse_address(address)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if practice.is_ours(found):
        raise UsageError(f"{found} is an address of this desk")
    if (agent := practice.team.agent_by_address(found.casefold())) is not None:
        text = f"{found} is agent {agent.id}'s: take the agent out of rules/teams.toml first"
        raise UsageError(f"{text}; what an agent answered stays the desk's own words")
    return found


def look_for(keep: Keep, settings: Settings, address: str) -> Forgotten:
    """What would be erased; nothing is changed. Raises RetryLater."""
    person = find_person(keep.database, address)
    return Forgotten(person=person, remains=tuple(_remains(settings, person, address)))


def forget(keep: Keep, settings: Settings, address: str, now: datetime) -> Forgotten:
    """Erase it for good. Raises RetryLater."""
    person = forget_person(keep.database, address)
    trouble = wipe(keep.database)
    write_log(settings, now, "forget")
    remains = (*((trouble,) if trouble else ()), *_remains(settings, person, address))
    return Forgotten(person=person, remains=remains)


def _remains(settings: Settings, person: Person, address: str) -> Iterator[str]:
    if person.waiting:
        yield f"mails that wait to be handled: {_listed(person.waiting)}; run it again when they are"
    if person.remain:
        yield f"others' mails that name or quote the address, as they came: inbox {_listed(person.remain)}"
    if letters := _sent_into(settings.outgoing.maildir, address):
        yield f"letters that have left into {settings.outgoing.maildir}: {letters} files"
    for folder in known_backups(settings):
        yield f"the backup {folder}"
    if not settings.database.url.startswith("sqlite"):
        yield "PostgreSQL's own log files, archives and replicas"
    yield "what is in no plain text: attachments of others, and texts that name the person without the address"
    yield "the mailboxes that mail was read from, everybody's own mailboxes, the log files of the relay and of maild"


def _listed(ids: tuple[int, ...]) -> str:
    return ", ".join(map(str, ids))


def _sent_into(folder: Path, address: str) -> int:
    trace = Trace(address)
    files = [path for path in folder.glob("*/*") if path.is_file()] if folder.is_dir() else []
    return sum(trace.told_in(path.read_bytes()) for path in files)
