"""From the tables of a rules' file to values: what pydantic finds becomes findings in plain words, at their places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from maild.config.files import Source, nearest
from maild.config.positions import Path
from maild.config.schema import AGENT_ID_FORM, LABEL_FORM, LANGUAGE_FORM, TAG_FORM, Table
from maild.errors import Finding

T = TypeVar("T", bound=Table)

_OF_KEY = "[key]"
"""The end of pydantic's path where it means the name of a key."""
_IS_WANTED = " is wanted here"
_WANTED = {
    "string_type": "a text in quotes is wanted here",
    "int_type": "a whole number is wanted here",
    "bool_type": "true or false is wanted here",
    "tuple_type": 'a list is wanted here, such as ["a", "b"]',
    "dict_type": "a table is wanted here",
    "model_type": "a table is wanted here",
    "date_type": 'a date is wanted here, such as "2026-12-31"',
    "date_from_datetime_parsing": 'a date is wanted here, such as "2026-12-31"',
    "date_from_datetime_inexact": 'a date is wanted here, such as "2026-12-31"',
    "string_too_short": "there is nothing in it",
    "too_short": "there is nothing in it",
}
_FORMS = {
    TAG_FORM: "a tag is one word, with no space and no comma in it",
    AGENT_ID_FORM: "small letters, digits, dot, - and _ make an id, and it begins with a letter or a digit",
    LANGUAGE_FORM: "a language is written by its two or three letters, such as en or ru",
    LABEL_FORM: "it has to be one line, with something in it",
}


class Found(NamedTuple):
    """A table that was read, and where it stands."""

    source: Source
    path: Path
    table: Any

    def finding(self, path: Path, code: str, message: str, hint: str = "", *, at_value: bool = True) -> Finding:
        """An error about a key of this table."""
        rule = getattr(self.table, "name", None) if self.path[0] == "rule" else None
        return self.source.finding((*self.path, *path), code, message, hint, rule=rule, at_value=at_value)

    def doubt(self, path: Path, code: str, message: str, hint: str) -> Finding:
        """A warning about a value of this table."""
        rule = getattr(self.table, "name", None) if self.path[0] == "rule" else None
        where = (*self.path, *path)
        return self.source.finding(where, code, message, hint, severity="warning", rule=rule, at_value=True)

    @property
    def line(self) -> int:
        """The line on which the table begins."""
        return self.source.positions.key(self.path).line


def read_tables(source: Source, models: Mapping[str, type[Table]]) -> tuple[dict[str, list[Found]], list[Finding]]:
    """All tables of a file by their kind, each read as its model, and what is wrong with them."""
    tables: dict[str, list[Found]] = {kind: [] for kind in models}
    findings: list[Finding] = []
    for kind, data in source.data.items():
        if kind not in models:
            findings.append(unknown_key(source, (kind,), list(models)))
        elif not isinstance(data, list):
            findings.append(source.finding((kind,), "bad-value", f"write [[{kind}]], with two brackets"))
        else:
            for position, table in enumerate(data):
                found, wrong = _read(models[kind], table, source, (kind, position))
                tables[kind].extend(found)
                findings.extend(wrong)
    return tables, findings


def read_one(model: type[T], source: Source) -> tuple[T | None, list[Finding]]:
    """A file that is one table as a whole, and what is wrong with it."""
    try:
        return model.model_validate(source.data), []
    except ValidationError as error:
        return None, list(_findings(model, error, source, (), None))


def names_given(source: Source, kind: str, key: str) -> list[str]:
    """The names of all tables of a kind, of those too that have mistakes: what refers to them is not wrong as well."""
    tables = source.data.get(kind)
    names = [table.get(key) for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
    return [name for name in names if isinstance(name, str)]


def _read(model: type[Table], data: object, source: Source, path: Path) -> tuple[list[Found], list[Finding]]:
    name = data.get("name") if isinstance(data, dict) and path[0] == "rule" else None
    rule = name if isinstance(name, str) else None
    try:
        return [Found(source, path, model.model_validate(data))], []
    except ValidationError as error:
        return [], list(_findings(model, error, source, path, rule))


def _findings(
    model: type[Table], error: ValidationError, source: Source, path: Path, rule: str | None
) -> Iterator[Finding]:
    details = error.errors(include_url=False, include_input=True)
    places = [tuple(part for part in detail["loc"] if not _is_branch(model, part)) for detail in details]
    for position, (place, detail) in enumerate(zip(places, details, strict=True)):
        # Of a key that may be of several kinds, what is wrong is told for each: the one that goes deepest is meant.
        if place in places[:position] or any(len(p) > len(place) and p[: len(place)] == place for p in places):
            continue
        if detail["type"] == "extra_forbidden":
            yield unknown_key(source, (*path, *place), _known_keys(model, place[:-1]), rule)
        elif detail["type"] == "missing":
            yield source.finding((*path, *place), "missing-key", f"the key '{place[-1]}' is missing", rule=rule)
        else:
            of_key = detail["loc"][-1] == _OF_KEY
            named = place[:-1] if of_key else place
            same = [other for other, where in zip(details, places, strict=True) if where == place]
            message = f"{_last_name((*path[:1], *named))}: {_all_words(same)}"
            if detail["type"] == "tuple_type" and isinstance(detail.get("input"), dict):
                message = (
                    f"write [[{'.'.join(str(p) for p in (*path, *named) if isinstance(p, str))}]], with two brackets"
                )
            at_value = not of_key
            yield source.finding((*path, *place), "bad-value", message, _hint(detail), rule=rule, at_value=at_value)


def _all_words(details: Sequence[Any]) -> str:
    """What each of the kinds wants that a key may be of."""
    words = list(dict.fromkeys(_words(detail) for detail in details))
    if all(word.endswith(_IS_WANTED) for word in words):
        return " or ".join(word.removesuffix(_IS_WANTED) for word in words) + _IS_WANTED
    return words[0]


def _hint(detail: Any) -> str:
    """The word that was meant, where one is near."""
    given = detail.get("input")
    if detail["type"] not in ("literal_error", "enum") or not isinstance(given, str):
        return ""
    near = nearest(given, re.findall("'([^']+)'", detail["ctx"]["expected"]))
    return near if near.startswith("did") else ""


def _is_branch(model: type[Table], part: str | int) -> bool:
    """Whether a part of pydantic's path is no key of ours but one of several types that it tried."""
    return (
        isinstance(part, str)
        and ("[" in part or part in ("int", "str", "constrained-int", "constrained-str", "ChoiceTable"))
        and part not in model.model_fields
    )


def unknown_key(source: Source, path: Path, known: list[str], rule: str | None = None) -> Finding:
    """The finding about a key that means nothing."""
    return source.finding(path, "unknown-key", f"unknown key '{path[-1]}'", nearest(str(path[-1]), known), rule=rule)


def _last_name(place: Path) -> str:
    return next((part for part in reversed(place) if isinstance(part, str)), "")


def _words(detail: Any) -> str:
    kind, limits = detail["type"], detail.get("ctx", {})
    match kind:
        case "literal_error" | "enum":
            expected = limits["expected"].replace(" or ", ", ")
            return f"{'one of ' if ',' in expected else ''}{expected}{_IS_WANTED}"
        case "string_pattern_mismatch":
            return _FORMS.get(limits["pattern"], "it has characters that are not possible here")
        case "greater_than_equal":
            return f"a number of {limits['ge']} or more{_IS_WANTED}"
        case "less_than_equal":
            return f"a number of {limits['le']} at most{_IS_WANTED}"
        case "string_too_long":
            return f"it has more than {limits['max_length']} characters"
    words = str(_WANTED.get(kind) or detail["msg"])
    return words.removeprefix("Value error, ")


def _known_keys(model: type[BaseModel], place: Path) -> list[str]:
    """The keys that a table may have, by its path from the outermost."""
    for part in place:
        if isinstance(part, str):
            model = _inner_model(model.model_fields[part].annotation)
    return [field.alias or name for name, field in model.model_fields.items()]


def _inner_model(annotation: Any) -> type[BaseModel]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (part for part in annotation.__args__ if isinstance(part, type) and issubclass(part, BaseModel))
    return next(inner)
