"""rules/examples/: whole mails with the outcome that is expected of them, each NAME.eml with a NAME.toml beside it.

How a mail becomes the fields that rules look at is known to the desk, which lends a function for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from maild.config.example_names import Names, unknown_names
from maild.config.examples import BY_MAIL, USUAL_TICKET, Value, written_fields
from maild.config.files import Source, nearest, read_source
from maild.config.report import read_one
from maild.config.schema import WholeMailTable
from maild.errors import Finding, MaildError, RetryLater
from maild.files import read_regular
from maild.people.team import Team
from maild.routing.conditions import events_of
from maild.routing.examples import Example
from maild.routing.fields import Values
from maild.routing.rules import RuleSet

EXAMPLES_FOLDER = "examples"
_LARGEST = 100_000_000
_SLIP = 0.85
"""How alike a rule's name is to one that is there, so that a slip of the pen is likelier than a rule that is gone."""
FieldsOf = Callable[[bytes, Team], Values]
"""What rules see of a mail's bytes with this team. Raises MaildError where they are no mail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WholeMails:
    """The examples out of the folder; `left_aside` names those whose rule is not there any more."""

    examples: tuple[Example, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    left_aside: tuple[str, ...] = ()


@dataclass(kw_only=True, slots=True)
class _Folder:
    """The folder on its way to be read."""

    rules: RuleSet
    team: Team
    names: Names
    fields_of: FieldsOf
    examples: list[Example]
    sources: dict[str, Source]
    findings: list[Finding]
    left_aside: list[str]

    def read(self, file: Path, shown: str) -> None:
        """One mail with what is expected of it."""
        beside = shown.removesuffix(".eml") + ".toml"
        if not os.path.lexists(file.with_suffix(".toml")):
            message = f"nothing says what is expected of {file.name}"
            hint = f'write {file.stem}.toml beside it, with a line such as expect = {{ queue = "billing" }}'
            self.findings.append(Source(name=beside, raw=b"").finding_at(0, 0, "no-file", message, hint))
            return
        source = read_source(file.with_suffix(".toml"), beside)
        self.sources[source.name] = source
        if source.broken is not None:
            self.findings.append(source.broken)
            return
        table, wrong = read_one(WholeMailTable, source)
        self.findings.extend(wrong)
        if table is None:
            return
        named = [rule.name for rule in self.rules.rules]
        if table.rule is not None and table.rule not in named:
            if get_close_matches(table.rule, named, n=1, cutoff=_SLIP):
                message = f"there is no rule '{table.rule}'"
                hint = nearest(table.rule, named)
                self.findings.append(source.finding(("rule",), "unknown-rule", message, hint, at_value=True))
            else:
                self.left_aside.append(shown)
            return
        self.add(file, source, table)

    def add(self, file: Path, source: Source, table: WholeMailTable) -> None:
        event = table.event or self.event_of(table.rule)
        written, problems = written_fields(table.mail, table.ticket, event)
        for path, code, message, known in problems:
            hint = nearest(str(path[-1]), known)
            self.findings.append(source.finding(path, code, message, hint, at_value=code != "unknown-key"))
        expect = table.expect.model_dump(exclude_none=True)
        if not expect and table.rule is None:
            hint = 'say what becomes of the mail, such as expect = { queue = "billing" }, or which rule has to hold'
            self.findings.append(source.finding((), "missing-key", "nothing is expected of this mail", hint))
            return
        unknown = list(unknown_names(self.names, table.mail, table.ticket, table.expect))
        for place, code, message, hint in unknown:
            self.findings.append(source.finding(place, code, message, hint, at_value=True))
        if unknown or problems or event not in BY_MAIL:
            return
        try:
            fields = self.fields_of(read_regular(file, _LARGEST), self.team)
        except RetryLater:
            raise
        except (OSError, MaildError) as error:
            reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)
            message, hint = f"{file.name} cannot be read: {reason}", "save the whole mail again, as its source"
            self.findings.append(source.finding_at(0, 0, "no-file", message, hint))
            return
        ticket: Mapping[str, Value] = USUAL_TICKET if event != "new" else {}
        mail = {**fields, **ticket, **written}
        line = source.positions.key(("expect",) if expect else ("rule",)).line
        example = Example(file=source.name, line=line, rule=table.rule or "", mail=mail, expect=expect)
        self.examples.append(example)

    def event_of(self, name: str | None) -> str:
        """The event of the rule that the mail shows, where it has one alone."""
        events = next((events_of(rule.when) for rule in self.rules.rules if rule.name == name), frozenset())
        return next(iter(events)) if len(events) == 1 else "new"


def read_whole_mails(
    rules_dir: Path, shown: str, rules: RuleSet, team: Team, fields_of: FieldsOf, names: Names
) -> WholeMails:
    """Every whole mail of the folder in the order of their names. `shown`: the folder as people know it."""
    there = rules_dir / EXAMPLES_FOLDER
    folder = _Folder(
        rules=rules,
        team=team,
        names=names,
        fields_of=fields_of,
        examples=[],
        sources={},
        findings=[],
        left_aside=[],
    )
    for file in _mails(there):
        folder.read(file, f"{shown}/{EXAMPLES_FOLDER}/{file.name}")
    folder.findings.extend(_lonely(there, f"{shown}/{EXAMPLES_FOLDER}"))
    return WholeMails(
        examples=tuple(folder.examples),
        sources=folder.sources,
        findings=tuple(folder.findings),
        left_aside=tuple(folder.left_aside),
    )


def _mails(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*.eml") if not file.name.startswith("."))


def _lonely(folder: Path, shown: str) -> Iterator[Finding]:
    """What stands without its mail."""
    for file in sorted(folder.glob("*.toml")):
        if not file.with_suffix(".eml").is_file():
            source = read_source(file, f"{shown}/{file.name}")
            message, hint = f"there is no mail {file.stem}.eml beside it", "a whole mail and its .toml share a name"
            yield source.finding_at(0, 0, "no-file", message, hint)
