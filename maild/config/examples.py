"""The mail of an example, written with the names of the fields, made into the values that rules look at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from maild.people.team import Team
from maild.routing.fields import HEADER, MAIL_FIELDS, Field, Kind, header_field
from maild.routing.sizes import parse_size

Value = str | int | tuple[str, ...]
Problem = tuple[tuple[str | int, ...], str, str, list[str]]
"""Where in the mail, the code, the words, the keys that were possible."""
_WITH_NAME = re.compile(r"\s*(.*?)\s*<([^<>]+)>\s*")


def read_mail(mail: Mapping[str, object], team: Team) -> tuple[dict[str, Value], list[Problem]]:
    """The fields of an example's mail, and what is wrong with it. What it leaves out is as in most mails."""
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for path, field, written in _written(mail, problems):
        try:
            values[field.name] = _value(field, written)
        except ValueError as error:
            problems.append((path, "bad-value", str(error), []))
    return _completed(values, team), problems


def _written(
    mail: Mapping[str, object], problems: list[Problem]
) -> Iterator[tuple[tuple[str | int, ...], Field, object]]:
    for key, written in mail.items():
        if key == "header" and isinstance(written, Mapping):
            for name, value in written.items():
                yield (key, name), header_field(name), value
        elif key == "header":
            problems.append(((key,), "bad-value", 'header is a table here: { X-Mailer = "..." }', []))
        elif key.startswith(HEADER):
            yield (key,), header_field(key.removeprefix(HEADER)), written
        elif key in MAIL_FIELDS:
            yield (key,), MAIL_FIELDS[key], written
        else:
            problems.append(((key,), "unknown-key", f"unknown key '{key}'", [*MAIL_FIELDS, "header"]))


def _value(field: Field, written: object) -> Value:
    """A value as a mail would have it. ValueError where a mail cannot have it so."""
    if field.kind is Kind.NUMBER:
        if not isinstance(written, int) or not field.least <= written <= (field.most or written):
            raise ValueError(f"a number of {field.least} or more is wanted for {field.name}, {field.most} at most")
        return written
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


def _completed(values: dict[str, Value], team: Team) -> dict[str, Value]:
    sender = _people(values, "from")
    body = str(values.get("body", values.get("reply", "")))
    written_to = team.queue_written_to((*_people(values, "to"), *_people(values, "cc")))
    default = next((queue.name for queue in team.queues if queue.default), "")
    usual: dict[str, Value] = {
        "subject": "",
        "body": body,
        "reply": body,
        "size": len(body.encode()) + len(str(values.get("subject", "")).encode()),
        "class": "person",
        "auth": "none",
        "customer": sender[:1],
        "event": "new",
        "queue": written_to.name if written_to is not None else default,
    }
    return {**usual, **values}


def _people(values: Mapping[str, Value], field: str) -> tuple[str, ...]:
    value = values.get(field, ())
    return value if isinstance(value, tuple) else ()
