"""What the errors of a package say, read from its source: every sentence, with a sample for whatever varies."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

SAMPLE = "x7"


class Said(NamedTuple):
    """One text that an error may hold."""

    place: str
    text: str
    words: tuple[str, ...] = ()
    """What of it is ours though it fills a field."""


def said_by_errors(package: Path, errors: Iterable[str], leave_out: Iterable[str] = ()) -> list[Said]:
    """Return every message and remedy that the package gives to `errors`, classes by name.

    Followed are constants, alternatives, local variables and the package's own functions in the same module. Texts that
    are merely passed on (`error.message`) were said where they were made. `leave_out` names modules.
    """
    found: list[Said] = []
    for path in sorted(package.rglob("*.py")):
        if path.stem not in leave_out:
            found += _Module(path).said(frozenset(errors))
    return found


class _Module:
    def __init__(self, path: Path) -> None:
        self._name = path.stem
        self._tree = ast.parse(path.read_text("utf-8"))
        self._functions = {node.name: node for node in ast.walk(self._tree) if isinstance(node, ast.FunctionDef)}
        self._constants = _assigned(self._tree.body)

    def said(self, errors: frozenset[str]) -> Iterator[Said]:
        for function in self._functions.values():
            known = self._constants | _assigned(ast.walk(function))
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and _name(node.func) in errors:
                    for argument in node.args:
                        for text, words in self._texts(argument, known):
                            if text:
                                yield Said(f"{self._name}:{argument.lineno}", text, words)

    def _texts(self, node: ast.expr, known: dict[str, list[ast.expr]]) -> list[tuple[str, tuple[str, ...]]]:
        """Return what an expression may be, with what fills its fields; nothing when it isn't known here."""
        match node:
            case ast.Constant(value=str(text)):
                return [(text, ())]
            case ast.JoinedStr(values=values):
                filled = []
                for part in product(*(self._part(value, known) for value in values)):
                    filled.append(
                        ("".join(text for text, _ in part), tuple(word for _, words in part for word in words))
                    )
                return filled
            case ast.IfExp(body=body, orelse=orelse):
                return self._texts(body, known) + self._texts(orelse, known)
            case ast.BoolOp(values=values):
                return [text for value in values for text in self._texts(value, known)]
            case ast.Name(id=name):
                others = {key: values for key, values in known.items() if key != name}
                return [text for value in known.get(name, ()) for text in self._texts(value, others)]
            case ast.Call(func=ast.Name(id=name)) if name in self._functions:
                function = self._functions[name]
                local = self._constants | _assigned(ast.walk(function))
                returned = (found.value for found in ast.walk(function) if isinstance(found, ast.Return))
                return [text for value in returned if value is not None for text in self._texts(value, local)]
            case _:
                return []

    def _part(self, node: ast.expr, known: dict[str, list[ast.expr]]) -> list[tuple[str, tuple[str, ...]]]:
        if not isinstance(node, ast.FormattedValue):
            return self._texts(node, known)
        texts = self._texts(node.value, known)
        return [(text, (*words, text)) for text, words in texts] or [(SAMPLE, ())]


def _assigned(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    values: dict[str, list[ast.expr]] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                values.setdefault(name, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                values.setdefault(name, []).append(value)
            case _:
                pass
    return values


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
