"""How many operations a statement makes at least, told from the text before loops are unrolled and calls inlined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from qcompile.diagnostics import Code
from qcompile.gates import Gate
from qcompile.grammar.checks import MAX_OPS
from qcompile.grammar.openqasm3 import tree
from qcompile.grammar.openqasm3.names import Routine
from qcompile.grammar.openqasm3.state import State

_MAX_DIGITS = 18
Least: TypeAlias = "tuple[int, bool]"  # operations at least, and whether what follows may be left out


def check_length(node: tree.Statement, state: State) -> None:
    """Raises TOO_LARGE of a loop or call that is sure to make too many operations.

    A loop that turns too often by itself is left to the message that counts its turns.
    """
    place: tree.Node
    match node:
        case tree.For(values=tree.Range(first, step, last)) if _turns(first, step, last) <= MAX_OPS:
            what, place = "this loop and those inside it make", node.values
        case tree.Application() | tree.Assignment():
            what, place = "this makes", node
        case _:
            return
    if _least(node, state, {})[0] > MAX_OPS:
        label = f"{what} more than {MAX_OPS} operations"
        raise state.fail(Code.TOO_LARGE, label, place, "shorten its loops, or call less often")


def _least(node: tree.Statement, state: State, known: dict[str, Least]) -> Least:
    """Linear in the text: each subroutine's body is looked at once."""
    match node:
        case tree.Block(statements):
            return _sum(statements, state, known)
        case tree.For(values=tree.Range(first, step, last), body=body):
            count, jumps = _least(body, state, known)
            turns = _turns(first, step, last)
            return count * (min(turns, 1) if jumps else turns), jumps
        case tree.Application(modifiers=(), name=name, operands=(_, *_)):
            return _applied(name, state, known)
        case tree.Assignment(tree.Call(function), "", None):
            return _applied(function, state, known)
        case tree.For() | tree.Conditional() | tree.While() | tree.Switch() | tree.Jump() | tree.Return() | tree.Box():
            return 0, True
        case _:
            return 0, False


def _sum(statements: Sequence[tree.Statement], state: State, known: dict[str, Least]) -> Least:
    total = 0
    for statement in statements:
        count, jumps = _least(statement, state, known)
        total += count
        if jumps:
            return total, True
    return total, False


def _applied(name: tree.Name, state: State, known: dict[str, Least]) -> Least:
    entity = state.names.lookup(name.text)
    if isinstance(entity, Gate):
        return 1, False
    if not isinstance(entity, Routine):
        return 0, False
    if name.text not in known:
        known[name.text] = 0, True  # meanwhile, for one that calls itself
        known[name.text] = _sum(entity.node.body.statements, state, known)
    return known[name.text]


def _turns(first: tree.Expression | None, step: tree.Expression | None, last: tree.Expression | None) -> int:
    """The turns of a range of plain numbers; 0 where they are worked out."""
    numbers = [1 if end is step and end is None else _number(end) for end in (first, step, last)]
    if any(number is None for number in numbers):
        return 0
    start, stride, stop = (number or 0 for number in numbers)
    return max(0, (stop - start) // stride + 1) if stride else 0


def _number(node: tree.Expression | None) -> int | None:
    match node:
        case tree.Literal("integer", text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS:
            return int(text)
        case _:
            return None
