"""Does a letter name only what it will be given? Walks the parsed letter along its known variables; renders nothing."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes

_ANYTHING = object()
"""Stands for a value whose parts are not known; nothing below it is complained about."""
_LOOP = {"index": 1, "index0": 0, "first": True, "last": False, "length": 1}


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """A variable that a letter names and nobody fills; `near` is the known one it resembles, or ""."""

    line: int
    name: str
    near: str


def unknown_variables(tree: nodes.Template, shape: Mapping[str, Any]) -> list[Unknown]:
    """Everything in the letter that is not in the shape of its context, in the order of the lines."""
    found: list[Unknown] = []
    for child in tree.iter_child_nodes():
        _look(child, shape, found)
    return sorted(set(found), key=lambda unknown: (unknown.line, unknown.name))


def _look(node: nodes.Node, scope: Mapping[str, Any], found: list[Unknown]) -> Any:
    """What the node stands for, as an example value; complaints go into `found`."""
    if isinstance(node, nodes.Name):
        return _member(scope, node.name, node, "", found)
    if isinstance(node, nodes.Getattr | nodes.Getitem):
        return _part(node, scope, found)
    if isinstance(node, nodes.For):
        return _loop(node, scope, found)
    if isinstance(node, nodes.Const):
        return node.value
    values = [_look(child, scope, found) for child in node.iter_child_nodes()]
    if isinstance(node, nodes.Filter) and node.name in ("counted", "default") and values:
        return values[0]
    return _ANYTHING


def _part(node: nodes.Getattr | nodes.Getitem, scope: Mapping[str, Any], found: list[Unknown]) -> Any:
    whole = _look(node.node, scope, found)
    if isinstance(node, nodes.Getattr):
        key: Any = node.attr
    elif isinstance(node.arg, nodes.Const):
        key = node.arg.value
    else:
        return _ANYTHING
    if isinstance(whole, list) and isinstance(key, int):
        return whole[0] if whole else _ANYTHING
    if whole is _ANYTHING or whole is None:
        return _ANYTHING
    return _member(whole if isinstance(whole, dict) else {}, str(key), node, _path(node.node), found)


def _loop(node: nodes.For, scope: Mapping[str, Any], found: list[Unknown]) -> Any:
    over = _look(node.iter, scope, found)
    element = over[0] if isinstance(over, list) and over else _ANYTHING
    inner = {**scope, "loop": _LOOP}
    if isinstance(node.target, nodes.Name):
        inner[node.target.name] = element
    else:
        inner.update({name.name: _ANYTHING for name in node.target.find_all(nodes.Name)})
    for child in (node.test, *node.body):
        if child is not None:
            _look(child, inner, found)
    for child in node.else_:
        _look(child, scope, found)
    return _ANYTHING


def _member(table: Mapping[str, Any], key: str, node: nodes.Node, path: str, found: list[Unknown]) -> Any:
    if key in table:
        return table[key]
    near = difflib.get_close_matches(key, list(table), n=1)
    dotted = f"{path}." if path else ""
    found.append(Unknown(line=node.lineno, name=dotted + key, near=dotted + near[0] if near else ""))
    return _ANYTHING


def _path(node: nodes.Node) -> str:
    return ".".join(reversed(list(_steps(node))))


def _steps(node: nodes.Node) -> Iterator[str]:
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        yield node.attr if isinstance(node, nodes.Getattr) else "[]"
        node = node.node
    yield node.name if isinstance(node, nodes.Name) else "..."
