"""What lies in the rules folder and does not mean what it looks like: entries of lists that nothing can be, files that
nothing reads, letters that nobody sends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from maild.config.files import Source, nearest
from maild.config.letters import CANNED, Letters, canned_files, canned_key
from maild.config.lists import LISTS_FOLDER, numbered_entries
from maild.errors import Finding
from maild.routing.broad import too_broad
from maild.routing.checks import TESTS, Check
from maild.routing.conditions import checks_of
from maild.routing.fields import FIELDS, Kind
from maild.routing.rules import Rule

_ODD_PERSON = re.compile(r"[,;<>*\"'()]|@.*@|@.*\s|\s.*@|@\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}\Z")
_TOML = frozenset((".toml", ".tml", ".tom"))
_READ_ELSEWHERE = frozenset(("examples", "schema", "keys", LISTS_FOLDER, "calendars", "letters"))
_MOST_FILES = 5_000


def list_doubts(sources: Mapping[str, Source], rules: Sequence[Rule]) -> Iterator[Finding]:
    """Entries of lists that no test finds anything by, and lists with nothing in them, where rules ask for them."""
    kinds = _asked_as(rules)
    for name, source in sources.items():
        file = name.removeprefix(f"{LISTS_FOLDER}/")
        entries = list(numbered_entries(source))
        if file in kinds and not entries:
            message, hint = "there is nothing in this list, so no test by it holds", "one value a line"
            yield source.finding_at(1, 1, "empty-list", message, hint, severity="warning")
        for kind in kinds.get(file, ()):
            for line, entry in entries:
                if why := _why_odd(kind, entry):
                    column = len(source.lines[line - 1]) - len(source.lines[line - 1].lstrip()) + 1
                    code, message, hint = why
                    yield source.finding_at(line, column, code, message, hint, severity="warning")


def _asked_as(rules: Sequence[Rule]) -> dict[str, set[Kind]]:
    """Of each list the kinds of fields that rules look for in it."""
    kinds: dict[str, set[Kind]] = {}
    for rule in rules:
        for check in checks_of(rule.when) if rule.when is not None else ():
            for name in check.shown if check.test == "in_list" else ():
                kinds.setdefault(name, set()).add(check.kind)
    return kinds


def _why_odd(kind: Kind, entry: str) -> tuple[str, str, str] | None:
    """The code, the words and the advice for an entry that is hardly meant; None where nothing speaks against it."""
    if kind is Kind.PEOPLE:
        if _ODD_PERSON.search(entry):
            hint = "one address, domain (@x.example, with all that lies in it) or name a line, as it is"
            return "list-entry", f"'{entry}' is no address, no domain and no name", hint
        test, field = "domain", FIELDS["from"]
    elif kind is Kind.TEXT:
        test, field = "words", FIELDS["subject"]
        try:
            TESTS["words"].read(field, entry)
        except ValueError:
            return "list-entry", f"there is no word in '{entry}'", "a text is looked through for words"
    else:
        return None
    value = entry.removeprefix("@").casefold()
    check = Check(field=field.name, test=test, values=(value,), shown=(value,), kind=kind)
    broad = next((why for _, why in too_broad(check)), None)
    return ("too-broad", broad, "leave it out") if broad is not None else None


def stray_files(folder: Path, shown: str) -> Iterator[Finding]:
    """Files that look as if they were meant for the desk, in places or under names where nothing reads them."""
    for number, path in enumerate(sorted(folder.rglob("*"))):
        place = path.relative_to(folder)
        if number > _MOST_FILES:
            return
        if any(part.startswith((".", "#")) for part in place.parts):
            continue
        message, hint = f"nothing reads {place.name} here", _why_unread(place) if path.is_file() else ""
        if path.is_symlink() and not path.exists():
            message, hint = f"{place.name} is a link that leads nowhere", "mend the link, or take it away"
        if hint:
            yield _of_file(f"{shown}/{place}", "stray-file", message, hint)


def _why_unread(place: Path) -> str:
    """What to do with a file that is not read; "" for one that is, or that is none of ours."""
    top, suffix = place.parts[0], place.suffix
    if len(place.parts) == 1:
        if suffix.lower() in _TOML and suffix != ".toml":
            return f"rules stand in files that end in .toml: {place.stem}.toml"
        return f"lists of values lie in {LISTS_FOLDER}/, letters in letters/" if suffix == ".txt" else ""
    if top == "letters":
        return _why_unread_letter(place.parts[1:], suffix)
    if top == LISTS_FOLDER and suffix in ("", ".csv", ".list", ".lst", ".TXT"):
        return f"a list is called {place.stem}.txt"
    if top == "examples" and suffix != suffix.lower() and suffix.lower() in (".eml", ".toml"):
        return f"its end is written small: {place.stem}{suffix.lower()}"
    if top not in _READ_ELSEWHERE and suffix == ".toml":
        return "rules stand beside teams.toml, not in folders below it"
    return ""


def _why_unread_letter(parts: tuple[str, ...], suffix: str) -> str:
    canned = parts[0] == CANNED
    inner = parts[1:] if canned else parts
    if suffix not in (".txt", ".html", ".TXT", ".HTML"):
        return ""
    if suffix != suffix.lower():
        return f"its end is written small: {suffix.lower()}"
    if canned and suffix == ".html":
        return "a canned text is plain text: NAME.txt"
    if inner == ("layout.html",) or (canned and len(inner) == 1):
        return ""
    if len(inner) != 2 or not _LANGUAGE.match(inner[0]):
        where = "canned/LANGUAGE/NAME.txt" if canned else "LANGUAGE/NAME.txt"
        return f"a letter lies in letters/{where}, such as letters/{'canned/' if canned else ''}en/{parts[-1]}"
    return ""


def unsent_letters(folder: Path, shown: str, letters: Letters, rules: Sequence[Rule]) -> Iterator[Finding]:
    """Letters of the admin's own that are neither built in nor named by a rule, and so never go out."""
    built_in = letters.built_in
    named = {rule.then.letter for rule in rules}
    for path in sorted(folder.glob("*/*.txt")):
        if _LANGUAGE.match(path.parent.name) and path.stem not in built_in and path.stem not in named:
            near = nearest(path.stem, sorted(built_in))
            hint = near if near.startswith("did") else "then.letter of a rule names it, or canned/ is its place"
            message = f"no letter of the desk is called '{path.stem}', and no rule names it"
            yield _of_file(f"{shown}/{path.parent.name}/{path.name}", "unsent-letter", message, hint)


def alike_canned(folder: Path, shown: str) -> Iterator[Finding]:
    """Canned texts of one language whose names differ in case or ё alone: an order by that name finds only one."""
    first: dict[tuple[str, str], str] = {}
    for text in canned_files(folder):
        place = text.path.relative_to(folder)
        other = first.setdefault((canned_key(text.name), text.language), str(place))
        if other != str(place):
            message = f"{place.name} and {Path(other).name} are one name to whoever asks for them"
            yield _of_file(f"{shown}/{place}", "alike-names", message, "give one of them another name")


def _of_file(name: str, code: str, message: str, hint: str) -> Finding:
    return Source(name=name, raw=b"").finding_at(0, 0, code, message, hint, severity="warning")
