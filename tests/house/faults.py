"""Small faults, one at a time, in the text of a module: what `mutate.py` plants."""

from __future__ import annotations

import ast
import copy
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
Lines = range | None
"""Of the text, those of one statement's own; None: they run when the module is imported."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module's text with one fault, and the lines of the statement that holds it."""

    module: str
    before: str
    after: str
    lines: Lines = None

    @property
    def name(self) -> str:
        changed = [line for line in difflib.ndiff(self.before.splitlines(), self.after.splitlines()) if line[0] in "+-"]
        left, right = (" ".join(line[2:].strip() for line in changed if line[0] == sign) for sign in "-+")
        return f"{self.module}: {left} ⇒ {right}"


def mutants(module: str, text: str) -> Iterator[Mutant]:
    """Every one of a module, outside annotations, docstrings and messages."""
    tree = ast.parse(text)
    before = ast.unparse(tree)
    for parent, field, index, node, lines in list(_places(tree, None, False)):
        for fault in faults(node):
            _put(parent, field, index, fault)
            after = ast.unparse(ast.fix_missing_locations(tree))
            _put(parent, field, index, node)
            if after != before:
                yield Mutant(module, before, after, lines)


def faults(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of a node."""
    yield from _of_numbers(node)
    yield from _of_flow(node)


def _of_numbers(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in SWAPS:
            yield _with(node, op=SWAPS[type(op)]())
        case ast.Compare(ops=[op, *others]) if type(op) in SWAPS:
            yield _with(node, ops=[SWAPS[type(op)](), *others])
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=float() as value):
            yield ast.Constant(value * 1.1 + 0.1)
        case _:
            return


def _of_flow(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BoolOp(op=op):
            yield _with(node, op=SWAPS[type(op)]())
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.If(test=test):
            yield _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.comprehension(ifs=[_, *others]):
            yield _with(node, ifs=others)
        case ast.Tuple(elts=[_, _, *_] as parts, ctx=ast.Load()) | ast.List(elts=[_, *_] as parts, ctx=ast.Load()):
            yield _with(node, elts=parts[:-1])
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()) | ast.AugAssign():
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case _:
            return


def _with(node: ast.AST, **changed: object) -> ast.AST:
    made = copy.copy(node)
    for name, value in changed.items():
        setattr(made, name, value)
    return made


def _places(node: ast.AST, lines: Lines, inside: bool) -> Iterator[tuple[ast.AST, str, int | None, ast.AST, Lines]]:
    """Every node below, with where it stands."""
    inside = inside or isinstance(node, ast.FunctionDef)
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_comment"):
            continue
        for index, child in _children(value):
            if isinstance(child, ast.AST) and not _is_told(child):
                own = _lines(child, lines) if inside else None
                yield node, field, index, child, own
                yield from _places(child, own, inside)


def _lines(node: ast.AST, outer: Lines) -> Lines:
    """Of a statement without the statements in it; of other nodes those of the statement that they are part of."""
    match node:
        case ast.Match(subject=head) | ast.match_case(pattern=head):
            return range(node.lineno if isinstance(node, ast.Match) else head.lineno, (head.end_lineno or 0) + 1)
        case ast.stmt():
            body = cast("list[ast.stmt]", getattr(node, "body", []))
            end = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno
            return range(node.lineno, end + 1)
        case _:
            return outer


def _children(value: object) -> Iterator[tuple[int | None, object]]:
    if isinstance(value, list):
        yield from enumerate(cast("list[object]", value))
    else:
        yield None, value


def _is_told(node: ast.AST) -> bool:
    """Is it a type, a guard against faults of our own, or where a diagnostic is made?"""
    if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.keyword) and node.arg in ("default_factory", "strict"):
        return True
    match node:
        case ast.If(test=ast.Name("TYPE_CHECKING")) | ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Name("assert_never"))):
            return True
        case ast.Subscript(value=ast.Name("dict" | "frozenset" | "list" | "set" | "tuple")):
            return True
        case ast.Assign(targets=[ast.Name(name)]):  # of types: `Word`, `_Key`
            return name.lstrip("_")[:1].isupper() and not name.isupper()
        case _:
            return False


def _put(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node
