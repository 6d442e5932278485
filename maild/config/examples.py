"""An example, a mail or a ticket written with the names of the fields, made into the values that rules look at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from maild.durations import parse_duration
from maild.messages.addresses import normal
from maild.people.team import Team
from maild.routing.fields import FIELDS, HEADER, MAIL_FIELDS, NAMED, Field, Kind, header_field, named_field
from maild.routing.sizes import parse_size

Value = str | int | tuple[str, ...]
Problem = tuple[tuple[str | int, ...], str, str, list[str]]
"""Where in the example, the code, the words, the keys that were possible."""
BY_MAIL = ("new", "reply", "answer")
"""The events that a mail brings about."""
USUAL_TICKET: Mapping[str, Value] = {
    "status": "open",
    "priority": "normal",
    "line": 1,
    "messages": 1,
    "last_from": "customer",
    "silence": 0,
    "age": 0,
}
"""A ticket of which nothing else is said."""
_WITH_NAME = re.compile(r"\s*(.*?)\s*<([^<>]+)>\s*")


def read_example(
    mail: Mapping[str, object], ticket: Mapping[str, object], event: str, team: Team
) -> tuple[dict[str, Value], list[Problem]]:
    """The fields of an example, and what is wrong with it. What it leaves out is as in most mails, on most tickets."""
    values, problems = written_fields(mail, ticket, event)
    return _completed(values, team, with_mail=event in BY_MAIL), problems


def written_fields(
    mail: Mapping[str, object], ticket: Mapping[str, object], event: str
) -> tuple[dict[str, Value], list[Problem]]:
    """The fields that an example names, and what is wrong with them."""
    values: dict[str, Value] = {"event": event}
    problems: list[Problem] = []
    if ticket and event == "new":
        problems.append((("ticket",), "bad-value", "there is no ticket yet at the event new; say event", []))
    tables = (("mail", mail, MAIL_FIELDS), ("ticket", ticket, _of_ticket()))
    for table, written, fields in tables:
        for path, field, value in _written(written, fields, problems, table):
            try:
                values[field.name] = _value(field, value)
            except ValueError as error:
                problems.append(((table, *path), "bad-value", str(error), []))
    return values, problems


def _of_ticket() -> dict[str, Field]:
    return {name: field for name, field in FIELDS.items() if "schedule" in field.at or field.at.isdisjoint(("new",))}


def _written(
    given: Mapping[str, object], fields: Mapping[str, Field], problems: list[Problem], table: str
) -> Iterator[tuple[tuple[str | int, ...], Field, object]]:
    named = {"mail": ("header", header_field, HEADER), "ticket": ("field", named_field, NAMED)}
    group, make, prefix = named[table]
    for key, written in given.items():
        if key == group and isinstance(written, Mapping):
            for name, value in written.items():
                yield (key, name), make(name), value
        elif key == group:
            problems.append(((table, key), "bad-value", f'{group} is a table here: {{ Name = "..." }}', []))
        elif key.startswith(prefix):
            yield (key,), make(key.removeprefix(prefix)), written
        elif key in fields:
            yield (key,), fields[key], written
        else:
            problems.append(((table, key), "unknown-key", f"unknown key '{key}'", [*fields, group]))


def _value(field: Field, written: object) -> Value:
    """A value as a mail would have it. ValueError where a mail cannot have it so."""
    if field.kind is Kind.NUMBER:
        if not isinstance(written, int) or not field.least <= written <= (field.most or written):
            raise ValueError(f"a number of {field.least} or more is wanted for {field.name}, {field.most} at most")
        return written
    if field.kind is Kind.DURATION:
        if not isinstance(written, str):
            raise ValueError(f'a duration in quotes is wanted for {field.name}, such as "7d"')
        return int(parse_duration(written).total_seconds())
    texts = tuple(written) if isinstance(written, list) else (written,)
    if not all(isinstance(text, str) for text in texts) or (len(texts) != 1 and not field.many):
        raise ValueError(f"a text in quotes{' or a list of them' if field.many else ''} is wanted for {field.name}")
    if field.kind is Kind.SIZE:
        return parse_size(str(written))
    if field.choices and written not in field.choices:
        raise ValueError(f"{field.name} is one of {', '.join(field.choices)}")
    if field.kind is Kind.PEOPLE:
        return tuple(part for text in texts for part in _person(str(text)))
    return tuple(str(text) for text in texts) if field.many else str(texts[0])


def _person(text: str) -> Iterator[str]:
    """The address and, where there is one, the name: rules find both."""
    found = _WITH_NAME.fullmatch(text)
    if found is None:
        yield text
        return
    yield found[2]
    if found[1]:
        yield found[1].strip('"')


def _completed(values: dict[str, Value], team: Team, *, with_mail: bool) -> dict[str, Value]:
    sender = _people(values, "from")
    body = str(values.get("body", values.get("reply", "")))
    written_to = team.queue_written_to((*_people(values, "to"), *_people(values, "cc")))
    default = next((queue.name for queue in team.queues if queue.default), "")
    usual: dict[str, Value] = {
        "subject": "",
        "customer": sender[:1],
        "organisation": _organisation(values, sender, team),
        "queue": written_to.name if written_to is not None else default,
    }
    if with_mail:
        usual |= {"body": body, "reply": body, "class": "person", "auth": "none"}
        usual["size"] = len(body.encode()) + len(str(values.get("subject", "")).encode())
    return {**usual, **(USUAL_TICKET if values["event"] != "new" else {}), **values}


def _organisation(values: Mapping[str, Value], sender: tuple[str, ...], team: Team) -> str:
    found = team.organisations.of(normal((_people(values, "customer") or sender or ("",))[0]))
    return found.name if found is not None else ""


def _people(values: Mapping[str, Value], field: str) -> tuple[str, ...]:
    value = values.get(field, ())
    return value if isinstance(value, tuple) else ()
