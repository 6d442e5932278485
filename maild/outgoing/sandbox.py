"""The small language of the letters: Jinja with everything taken out that could hang, swell or reach outside.

A letter may print values, choose (`if`), repeat (`for`) and use the filters of `words.py`; nothing else. What goes
beyond is refused when the letter is loaded, with its line. What is left is bounded while it runs: every pass of a
loop and every character that a filter reads is paid from a budget, and the output has a cap. Where letters lie and
which one is taken stands in `letters.py`; which variables a letter may name, in `lint.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, Undefined, nodes, pass_context
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from maild.outgoing.words import FILTERS, Run

MAX_SOURCE = 32_000
"""Characters of one letter's source; ten times the longest of ours."""
MAX_OUTPUT = 4_000_000
"""Characters that one rendering may give."""
BUDGET = 5_000_000
"""Steps of one rendering: a node evaluated or a character read by a filter; well under a second."""
_MAX_DEPTH = 60

_WORDS_OF_THE_LANGUAGE = (
    nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.For, nodes.Filter, nodes.Test,
    nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg,
    nodes.CondExpr, nodes.List, nodes.Tuple, nodes.Keyword,
)  # fmt: skip
_TAGS_ALONE = re.compile(r"(?:\{%(?:(?!%\}).)*%\}|\{#(?:(?!#\}).)*#\}|\s)*\Z")
_TAG_AT_ITS_END = re.compile(r"\{([%#])(?:(?!\{[%#]).)*(?<![-+])\1\}\Z")
_LOOP_WORDS = frozenset({"index", "index0", "first", "last", "length"})
_TESTS = ("defined", "undefined", "none", "odd", "even")
_REFUSED = {
    nodes.Call: "a letter calls nothing; use the filters",
    nodes.Concat: "write the two values one after the other instead of joining them with ~",
    nodes.BinExpr: "a letter does not calculate",
    nodes.Assign: "a letter sets no variables",
    nodes.AssignBlock: "a letter sets no variables",
    nodes.Macro: "a letter has no macros",
}


class LetterError(Exception):
    """A letter cannot be loaded or written; `line` counts from 1 in its file (0: not known)."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


class _LetterEnvironment(ImmutableSandboxedEnvironment):
    """Jinja that only looks into plain tables and lists."""

    def __init__(self, *, autoescape: bool) -> None:
        super().__init__(
            undefined=StrictUndefined,
            autoescape=autoescape,
            trim_blocks=True,
            lstrip_blocks=True,
            optimized=False,  # constants are worked out while rendering, where the budget counts them
            finalize=_printable,
            cache_size=0,
        )
        self.globals = {}
        self.filters = {name: _guarded(name, function) for name, function in FILTERS.items()}
        self.filters["counted"] = _counted
        self.tests = {name: self.tests[name] for name in _TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, dict) and argument in obj:
            return obj[argument]
        if isinstance(obj, list) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        if isinstance(obj, LoopContext) and argument in _LOOP_WORDS:
            return getattr(obj, argument)
        if isinstance(obj, Undefined):
            str(obj)  # names what is missing, by raising
        return self.undefined(obj=obj, name=str(argument))

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ARG002 nothing is
        return False


def _printable(value: Any) -> Any:
    """What `{{ ... }}` may write: text and numbers; nothing where there is no value."""
    if value is None:
        return ""
    if isinstance(value, str | int | float | Undefined):
        return value
    raise LetterError(f"a {type(value).__name__} cannot be written as it is; put a filter behind it")


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that pays for what it reads, and whose result is no longer than a letter may be."""

    @pass_context
    def run(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, Undefined) and name != "default":
            str(value)
        here: Run = context["_run"]
        here.spend(1 + (len(value) if isinstance(value, str | list | dict) else 0))
        try:
            result = function(here, value, *args, **kwargs)
        except (TypeError, ValueError, AttributeError, KeyError, IndexError) as error:
            raise LetterError(f"the filter {name} cannot be used on this: {error}") from error
        if isinstance(result, str) and len(result) > MAX_OUTPUT:
            raise LetterError(f"the filter {name} gives more than a letter may hold")
        return result

    return run


@pass_context
def _counted(context: Context, value: Any, weight: int) -> Any:
    """The values of a loop, paid for before it starts."""
    if value is None:
        return ()
    if isinstance(value, Undefined):
        str(value)
    if not isinstance(value, list | tuple):
        raise LetterError("a loop goes over a list")
    context["_run"].spend((1 + len(value)) * weight)
    return value


_PLAIN = _LetterEnvironment(autoescape=False)
_HTML = _LetterEnvironment(autoescape=True)


class Compiled:
    """One piece of a letter (a field, the body, the HTML), ready to be written any number of times."""

    def __init__(self, source: str, *, file: str, first_line: int = 1, html: bool = False) -> None:
        """Raises LetterError, with the line, for all that the language of letters does not know."""
        environment = _HTML if html else _PLAIN
        if len(source) > MAX_SOURCE:
            raise LetterError(f"a letter has at most {MAX_SOURCE} characters")
        # The empty lines in front keep the line numbers those of the file; `write` takes them away again.
        self.tree = _parsed(environment, "\n" * (first_line - 1) + (source if html else _with_line_ends(source)))
        self._template = _translated(environment, self.tree, file)

    def write(self, values: Mapping[str, Any], run: Run) -> str:
        """The text; raises LetterError with the line when a value is missing or the letter grows beyond all bounds."""
        context = self._template.new_context({**values, "_run": run})
        pieces: list[str] = []
        size = 0
        try:
            for piece in self._template.root_render_func(context):
                size += len(piece)
                if size > MAX_OUTPUT:
                    raise LetterError("the letter grows beyond all bounds")
                pieces.append(piece)
        except (TemplateError, LetterError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise LetterError(str(error), self._line_of(error)) from error
        return "".join(pieces).lstrip("\n")

    def _line_of(self, error: BaseException) -> int:
        line, frame = 0, error.__traceback__
        while frame is not None:
            if frame.tb_frame.f_code.co_filename == self._template.filename:
                line = self._template.get_corresponding_lineno(frame.tb_lineno)
            frame = frame.tb_next
        return line


def _with_line_ends(source: str) -> str:
    """The source with the ends of lines that have words: Jinja drops them behind every tag, not behind tags alone."""
    return "\n".join(_with_its_end(line) for line in source.split("\n"))


def _with_its_end(line: str) -> str:
    if line[-2:] not in ("%}", "#}") or _TAGS_ALONE.match(line) or _TAG_AT_ITS_END.search(line) is None:
        return line
    return f"{line[:-2]}+{line[-2:]}"


def _parsed(environment: _LetterEnvironment, source: str) -> nodes.Template:
    try:
        tree = environment.parse(source)
    except TemplateError as error:
        raise LetterError(str(error.message), getattr(error, "lineno", 0)) from error
    except (RecursionError, ValueError, OverflowError, MemoryError) as error:
        raise LetterError(f"this cannot be read: {error}") from error
    for node in _all_nodes(tree):
        _refuse_foreign(node)
    return tree


def _translated(environment: _LetterEnvironment, tree: nodes.Template, file: str) -> Template:
    for loop in tree.find_all(nodes.For):
        weight = nodes.Const(sum(1 for _ in _all_nodes(loop)), lineno=loop.lineno, environment=environment)
        loop.iter = nodes.Filter(
            loop.iter, "counted", [weight], [], None, None, lineno=loop.lineno, environment=environment
        )
    try:
        code = environment.compile(tree, filename=file)
    except TemplateError as error:
        raise LetterError(str(error.message), getattr(error, "lineno", 0)) from error
    except (RecursionError, SyntaxError) as error:
        raise LetterError("the letter is nested too deep") from error
    return Template.from_code(environment, code, {}, None)


def _all_nodes(root: nodes.Node) -> Iterator[nodes.Node]:
    """Every node below `root`, without recursion; raises LetterError where Jinja's own recursion would not end well."""
    waiting = [(child, 1) for child in root.iter_child_nodes()]
    while waiting:
        node, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            raise LetterError("the letter is nested too deep", node.lineno)
        yield node
        waiting.extend((child, depth + 1) for child in node.iter_child_nodes())


def _refuse_foreign(node: nodes.Node) -> None:
    if isinstance(node, nodes.For) and node.recursive:
        raise LetterError("a loop cannot repeat itself", node.lineno)
    if isinstance(node, nodes.Filter) and node.name == "counted":
        raise LetterError("No filter named 'counted'.", node.lineno)
    if not isinstance(node, _WORDS_OF_THE_LANGUAGE):
        why = next((text for kind, text in _REFUSED.items() if isinstance(node, kind)), "letters do not have this")
        raise LetterError(f"{type(node).__name__}: {why}", node.lineno)
