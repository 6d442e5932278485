"""The desk's policy: all files of the admins' folder together, checked as one. Either it is whole, or it is refused.

`teams.toml` says who serves, `sla.toml` what is promised, every other `*.toml` holds rules, in the order of the names.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from maild.config.agent_keys import key_doubts, with_keys
from maild.config.example_names import Names
from maild.config.files import Source, parse_source, read_source
from maild.config.lead_doubts import leaderless, strange_languages
from maild.config.letters import Letters, find_letters
from maild.config.lists import LISTS_FOLDER, read_lists
from maild.config.report import names_given
from maild.config.rule_checks import Named, own_addresses
from maild.config.rule_files import Ruling, default_findings, names_of, read_rules
from maild.config.settings import Desk
from maild.config.sla_file import GivenPromise, read_levels
from maild.config.team_file import read_team, team_doubts, unknown_hours
from maild.config.whole_mails import FieldsOf, WholeMails, read_whole_mails
from maild.errors import ConfigError, Finding
from maild.files import shown_path
from maild.people.keys import AgentKey
from maild.people.team import Team
from maild.routing.conditions import events_of, words
from maild.routing.examples import Example, ExampleResult, as_written, run_example
from maild.routing.fields import EVENTS
from maild.routing.rules import Rule, RuleSet
from maild.sla.calendar import Calendar

TEAMS_FILE = "teams.toml"
SLA_FILE = "sla.toml"
LETTERS_FOLDER = "letters"
_REVISION_DIGITS = 12
_MISSING_NAMES = ("unknown-queue", "unknown-agent", "unknown-organisation", "no-default-queue")


_OF_RULES = ("hidden-by", "partly-hidden", "takes-all", "too-broad", "slow-pattern", "never-sent", "no-effect")
_OF_FILES = ("forward-loop", "list-entry", "empty-list", "stray-file", "early-step", "missing-letter", "no-whole-day")
_SURE_BESIDE_ERRORS = frozenset((*_OF_RULES, *_OF_FILES))
"""Doubts about what could be read, whatever is wrong elsewhere: mending that makes none of them disappear."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Everything that the admins' folder says. `revision` changes whenever one of its files does."""

    rules: RuleSet
    team: Team
    promises: tuple[GivenPromise, ...]
    calendars: tuple[Calendar, ...]
    examples: tuple[Example, ...]
    letters_dir: Path
    revision: str
    promises_text: str = ""
    """sla.toml as it is written."""
    names: Names = field(default_factory=Names)
    """Everything that an example can name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleRow:
    """A rule as `rules show` prints it."""

    name: str
    place: str
    when: str
    then: str
    examples: int
    events: tuple[str, ...] = ("new",)
    shadow: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Read:
    """All files as far as they could be read."""

    policy: Policy
    ruling: Ruling
    teams: Source
    letters: Letters
    named: Named
    lists: Mapping[str, Source]
    doubts: tuple[Finding, ...]
    errors: tuple[Finding, ...]


def load_policy(rules_dir: Path, desk: Desk, webhooks: tuple[str, ...] | None = None) -> Policy:
    """Read the admins' folder. Raises ConfigError with every mistake in it; doubts are not looked for.

    `webhooks`: the names that the settings have for them; None where nobody knows.
    """
    read = _read(rules_dir, desk, webhooks)
    if read.errors:
        raise ConfigError(read.errors)
    return read.policy


def check_policy(
    rules_dir: Path,
    desk: Desk,
    trouble_of: Callable[[AgentKey], str] = lambda _: "",
    webhooks: tuple[str, ...] | None = None,
    fields_of: FieldsOf | None = None,
) -> list[Finding]:
    """Every mistake in the admins' folder, and every doubt that does not hang on what is wrong; where nothing is, all
    doubts and every example that fails.

    `trouble_of` says of an agent's key why it proves nothing now, "" where it does; `webhooks` as above. Whole mails
    are tried where `fields_of` reads them.
    """
    # Not at the top: what only a check looks for need not be loaded with each mail from a pipe.
    from maild.config.rule_doubts import idle_agents, rule_doubts

    read = _read(rules_dir, desk, webhooks)
    policy = read.policy
    moments = [str(step.at) for given in policy.promises for step in given.promise.steps]
    found = list(rule_doubts(read.ruling, policy.team, read.letters, desk.languages, read.named, moments))
    found.extend(read.doubts)
    found.extend(_folder_doubts(rules_dir, read))
    if read.errors:
        faulty = {finding.rule for finding in read.errors if finding.rule is not None}
        sure = [doubt for doubt in found if doubt.code in _SURE_BESIDE_ERRORS and doubt.rule not in faulty]
        # Which promise hides which hangs on all of them.
        return _sorted([*read.errors, *(one for one in sure if one.rule is not None or one.code != "hidden-by")])
    found.extend([*team_doubts(read.teams, policy.team), *idle_agents(read.teams, policy.team, _named_agents(policy))])
    spoken = dict.fromkeys((*desk.languages, *read.letters.by_language))
    found.extend(strange_languages(read.teams, policy.team, list(spoken)))
    asked = [(given.promise, given.fits.when) for given in policy.promises]
    found.extend(leaderless(read.teams, policy.team, policy.rules.rules, asked))
    found.extend(key_doubts(read.policy.team, read.teams, trouble_of))
    whole = whole_mails(read.policy, fields_of) if fields_of is not None else WholeMails()
    return _sorted([*found, *_letter_doubts(read, desk), *whole.findings, *_example_findings(read, whole)])


def _folder_doubts(rules_dir: Path, read: _Read) -> Iterator[Finding]:
    from maild.config.folder_doubts import alike_canned, list_doubts, stray_files, unsent_letters

    shown, rules = shown_path(rules_dir), read.policy.rules.rules
    yield from list_doubts(read.lists, rules)
    yield from stray_files(rules_dir, shown)
    yield from alike_canned(rules_dir / LETTERS_FOLDER, f"{shown}/{LETTERS_FOLDER}")
    yield from unsent_letters(rules_dir / LETTERS_FOLDER, f"{shown}/{LETTERS_FOLDER}", read.letters, rules)


def _named_agents(policy: Policy) -> list[str]:
    """Whom rules and promises give tickets to, or tell of them, by name."""
    named: list[str] = []
    for rule in policy.rules.rules:
        chosen = rule.then.assignee
        named.extend((chosen,) if isinstance(chosen, str) else chosen.among if chosen is not None else ())
        named.extend(rule.then.tell)
    for step in (step for given in policy.promises for step in given.promise.steps):
        named.extend((*step.tell, *step.share_among, step.assignee or ""))
    return named


def whole_mails(policy: Policy, fields_of: FieldsOf) -> WholeMails:
    """The examples that are whole mails, and what is wrong with them."""
    folder = policy.letters_dir.parent
    return read_whole_mails(folder, shown_path(folder), policy.rules, policy.team, fields_of, policy.names)


def run_examples(policy: Policy, whole: Sequence[Example] = ()) -> list[ExampleResult]:
    """What becomes of each example, in the order of the files; whole mails come last."""
    asked = (*policy.examples, *whole)
    return [run_example(example, policy.rules, str(example.mail["queue"])) for example in asked]


def coverage(policy: Policy, results: Iterable[ExampleResult]) -> dict[str, int]:
    """By how many examples each rule holds, wherever those stand; the default has no need of any."""
    held = Counter(rule for result in results for rule in set(result.held))
    return {rule.name: held[rule.name] for rule in policy.rules.rules if rule.when is not None}


def show_rules(policy: Policy) -> list[RuleRow]:
    """The rules in the order in which they are asked."""
    counts = [example.rule for example in policy.examples]
    return [
        RuleRow(
            name=rule.name,
            place=f"{rule.file}:{rule.line}",
            when=words(rule.when) if rule.when is not None else "every mail that is left",
            events=tuple(event for event in EVENTS if event in events_of(rule.when)),
            then=_said(rule),
            shadow=rule.shadow,
            examples=counts.count(rule.name),
        )
        for rule in policy.rules.rules
    ]


def _said(rule: Rule) -> str:
    """What a rule does, in words."""
    then = rule.then
    parts = [
        f"{name} {value}"
        for name, value in (
            ("queue", then.queue),
            ("line", then.line),
            ("assignee", then.assignee),
            ("priority", then.priority),
            ("tags", ", ".join(then.tags)),
            ("letter", then.letter),
            ("without the tags", ", ".join(then.untag)),
            ("status", then.status),
            ("promise", then.sla),
            ("reply", then.reply),
            ("note", then.note),
            ("tell", ", ".join(then.tell)),
            ("forward to", ", ".join(then.forward)),
            ("webhook", ", ".join(then.webhook)),
        )
        if value
    ]
    parts.extend(f"{name} = {value}" for name, value in then.fields.items())
    parts.extend(
        said
        for said, so in (
            ("no acknowledgement", then.acknowledge is False),
            ("acknowledged", then.acknowledge is True),
            ("spam", then.spam is True),
            ("no spam", then.spam is False),
            ("rejected", then.reject is True),
            ("and go on", rule.continues),
            ("and stop", rule.stop),
        )
        if so
    )
    nothing = "as the address written to says" if "new" in events_of(rule.when) else "nothing"
    text = ", ".join(parts) or nothing
    return f"only written down: {text}" if rule.shadow else text


def _read(rules_dir: Path, desk: Desk, webhooks: tuple[str, ...] | None) -> _Read:
    sources = _sources(rules_dir)
    sources.setdefault(TEAMS_FILE, read_source(rules_dir / TEAMS_FILE, shown_path(rules_dir / TEAMS_FILE)))
    broken = [source.broken for source in sources.values() if source.broken is not None]
    teams = sources.pop(TEAMS_FILE)
    levels_source = sources.pop(SLA_FILE, parse_source(b"", SLA_FILE))
    letters = find_letters(rules_dir / LETTERS_FOLDER)
    team, team_findings = read_team(teams, desk)
    team, key_findings = with_keys(team, teams, rules_dir)
    team_findings.extend(key_findings)
    lists = read_lists(rules_dir / LISTS_FOLDER, shown_path(rules_dir / LISTS_FOLDER))
    levels, level_findings = read_levels(levels_source, rules_dir, desk, team, letters.canned, webhooks, lists.entries)
    if levels_source.broken is None:
        team_findings.extend(unknown_hours(teams, names_given(levels_source, "calendar", "name")))
    named = Named(
        lists=lists.entries,
        promises=tuple(names_given(levels_source, "promise", "name")),
        canned=letters.canned,
        own=own_addresses(desk, team),
        webhooks=webhooks,
    )
    ruling, rule_findings = read_rules(sources.values(), team, letters, named)
    rule_findings.extend(lists.findings)
    # Where a file could not be read, whatever it should have said is missing everywhere else: that is no news.
    findings = [*broken, *(f for f in (*team_findings, *level_findings, *rule_findings) if not broken or f.line)]
    if broken:
        findings = [f for f in findings if f.code not in _MISSING_NAMES]
    elif not team.queues and not team.agents:
        findings = [f for f in findings if f.code not in _MISSING_NAMES or f.file == teams.name]
    last = shown_path(rules_dir / max(sources, default="routing.toml"))
    whole = not broken and not any(f.code in ("bad-value", "missing-key", "unknown-key") for f in rule_findings)
    findings.extend(default_findings(ruling.rules.rules, ruling.found, last, whole=whole))
    policy = Policy(
        rules=ruling.rules,
        team=team,
        promises=levels.promises,
        calendars=levels.calendars,
        examples=ruling.examples,
        letters_dir=rules_dir / LETTERS_FOLDER,
        promises_text=levels_source.text,
        names=names_of(team, letters, named, [rule.name for rule in ruling.rules.rules]),
        revision=_revision(
            {
                TEAMS_FILE: teams,
                SLA_FILE: levels_source,
                **sources,
                **lists.sources,
                **levels.sources,
                **_key_files(team),
            }
        ),
    )
    errors = tuple(_sorted(findings))
    given = {rule.then.sla for rule in ruling.rules.rules}
    doubts = (*levels.doubts, *(doubt for name, doubt in levels.hidden.items() if name not in given))
    return _Read(
        policy=policy,
        ruling=ruling,
        teams=teams,
        letters=letters,
        named=named,
        lists=lists.sources,
        doubts=doubts,
        errors=errors,
    )


def _key_files(team: Team) -> dict[str, Source]:
    """The agents' keys as what they are to a revision: files that may change."""
    keys = [(agent.id, key) for agent in team.agents for key in agent.keys]
    return {f"{agent} {key.kind} {key.file}": Source(name=key.file, raw=key.octets) for agent, key in keys}


def _sources(rules_dir: Path) -> dict[str, Source]:
    """Every TOML file of the folder, in the order of the names; what editors leave beside them is not read."""
    if not rules_dir.is_dir():
        finding = Finding(
            file=shown_path(rules_dir),
            line=0,
            column=0,
            severity="error",
            code="no-file",
            message="there is no such folder",
            hint="`maild init` makes one; [paths] rules in the settings says where it is",
        )
        raise ConfigError([finding])
    files = sorted(file for file in rules_dir.glob("*.toml") if not file.name.startswith("."))
    return {file.name: read_source(file, shown_path(file)) for file in files}


def _revision(sources: dict[str, Source]) -> str:
    digest = hashlib.sha256()
    for name, source in sorted(sources.items()):
        digest.update(f"{name}\0{len(source.raw)}\0".encode())
        digest.update(source.raw)
    return digest.hexdigest()[:_REVISION_DIGITS]


def _sorted(findings: list[Finding]) -> list[Finding]:
    return sorted(dict.fromkeys(findings), key=lambda f: (f.file, f.line, f.column))


def _letter_doubts(read: _Read, desk: Desk) -> Iterator[Finding]:
    for rule in read.policy.rules.rules:
        letter = rule.then.letter
        absent = [language for language in desk.languages if letter and language not in read.letters.languages(letter)]
        if absent:
            found = read.ruling.found[rule.name]
            message = f"the letter '{letter}' does not exist in {', '.join(absent)}"
            hint = f"write {LETTERS_FOLDER}/{absent[0]}/{letter}.txt"
            path = (*found.path, "then", "letter")
            yield found.source.finding(
                path, "missing-letter", message, hint, severity="warning", rule=rule.name, at_value=True
            )


def _example_findings(read: _Read, whole: WholeMails) -> Iterator[Finding]:
    results = run_examples(read.policy, whole.examples)
    for result in results:
        if not result.ok:
            yield _failed(result, whole.sources.get(result.file) or read.ruling.found[result.rule].source)
    for rule, count in coverage(read.policy, results).items():
        if not count:
            found = read.ruling.found[rule]
            message = f"no example shows '{rule}' at work"
            hint = "add a [[rule.example]] behind it"
            path = (*found.path, "name")
            yield found.source.finding(path, "uncovered", message, hint, severity="warning", rule=rule, at_value=True)


def _failed(result: ExampleResult, source: Source) -> Finding:
    off = {key: value for key, value in result.expected.items() if result.got.get(key) != value}
    wanted = ", ".join(f"{key} = {as_written(value)}" for key, value in off.items())
    got = ", ".join(f"{key} = {as_written(result.got.get(key))}" for key in off)
    of = f" of '{result.rule}'" if result.rule else ""
    message = f"this example{of} expects {wanted}, and gets {got}"
    hint = f"it was decided by '{result.decided_by}'" if result.decided_by else "no rule decided it"
    if result.missed:
        hint += f"; '{result.rule}' misses: {'; '.join(result.missed)}"
    return source.finding_at(result.line, 1, "example-fails", message, hint, rule=result.rule or None)
