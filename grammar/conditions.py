"""Conditions: truth values known when they are read, and conditions on measured bits."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from qcompile.diagnostics import Code, error
from qcompile.grammar import classical, tree
from qcompile.grammar.classical import MAX_BITS, Table, TooWideError, combine, decide
from qcompile.grammar.entities import KINDS, Place, Value
from qcompile.grammar.expressions import integer
from qcompile.grammar.operands import Wires, cells, is_cells
from qcompile.grammar.scope import Scope
from qcompile.grammar.values import value
from qcompile.ir import If, Statement

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_JOIN: dict[str, Callable[[Sequence[bool]], bool]] = {
    "&&": all,
    "||": any,
    "^": lambda truths: sum(truths) % 2 == 1,
}
_Kind: TypeAlias = Literal["number", "truth", "bit", "bits"]
_SHOWN = {"number": "a number", "truth": "a truth value", "bit": "a bit", "bits": "a bit register"}


@dataclass(frozen=True, slots=True)
class Cube:
    """Bits that all have their values, where `holds`; that not all have them, otherwise."""

    bits: tuple[tuple[int, bool], ...]
    holds: bool = True

    @classmethod
    def of(cls, bits: tuple[tuple[int, bool], ...], holds: bool) -> Cube:
        """A single bit that has not its value has the other."""
        match bits:
            case ((cell, value),) if not holds:
                return cls(((cell, not value),))
            case _:
                return cls(bits, holds)


Condition: TypeAlias = "bool | Cube | Table"


class _Operand(NamedTuple):
    table: Table
    kind: _Kind


def condition(node: tree.Expression, scope: Scope) -> Condition:
    """A truth value where it is known now; bits and their values where they say all; else a table over bits.

    Raises:
        CompileError: WRONG_TYPE, BIT_UNASSIGNED, INDEX_RANGE, SIZES_DIFFER, TOO_LARGE.
    """
    if not _reads_bits(node, scope):
        return truth(node, scope)
    cube = _cube(node, scope)
    if cube is not None:
        return cube
    try:
        table = _truth(node, scope).table
    except TooWideError:
        label = f"this rests on more than {MAX_BITS} bits in a way that is no conjunction"
        raise error(Code.TOO_LARGE, label, scope.span(node), "test fewer bits at once, or join tests by `&&`") from None
    return bool(table.constant) if table.is_constant else table


def truth(node: tree.Expression, scope: Scope) -> bool:
    """A truth value known now; raises NOT_CONSTANT where it rests on measured bits."""
    if _reads_bits(node, scope):
        advice = "results are known when the program runs; they steer `if` and `while`"
        raise error(Code.NOT_CONSTANT, "this rests on measured bits", scope.span(node), advice)
    return bool(_truth(node, scope).table.constant)


def levels(found: Condition) -> int:
    """How deep the branches stand that it makes."""
    return len(found.support) if isinstance(found, Table) else 1


def branched(
    found: Condition, then: Sequence[Statement], otherwise: Sequence[Statement], node: tree.Node, scope: Scope
) -> list[Statement]:
    """The statements that run `then` where the condition holds, and `otherwise` elsewhere."""
    span = scope.span(node)
    match found:
        case bool():
            return list(then if found else otherwise)
        case Cube(bits, holds):
            return [If(bits, tuple(then if holds else otherwise), tuple(otherwise if holds else then), span)]
        case Table():
            scope.spend((1 + len(then) + len(otherwise)) << len(found.support), node)
            return decide(found, then, otherwise, span=span)


# ---- conjunctions, of any number of bits


def _cube(node: tree.Expression, scope: Scope) -> Cube | bool | None:
    """The condition as a conjunction, or the negation of one, where it is written as such."""
    match node:
        case tree.Group(inner):
            return _cube(inner, scope)
        case tree.Name() | tree.Item():
            return Cube(((_bit(node, scope), True),))
        case tree.Inverted(odd, operand):
            found = _cube(operand, scope)
            return Cube.of(found.bits, found.holds != odd) if isinstance(found, Cube) else None
        case tree.Compared(operands, (("==" | "!=") as sign,)):
            return _compared_register(operands, sign, scope)
        case tree.Joined("&&", parts):
            return _conjunction(parts, scope)
        case _:
            return None


def _conjunction(parts: Sequence[tree.Expression], scope: Scope) -> Cube | bool | None:
    found = [_cube(part, scope) if _reads_bits(part, scope) else truth(part, scope) for part in parts]
    if any(part is False for part in found):
        return False
    bits: list[tuple[int, bool]] = []
    for part in found:
        match part:
            case Cube(held, True):
                bits += held
            case True:
                pass
            case _:
                return None
    return Cube(tuple(bits))


def _compared_register(operands: Sequence[tree.Expression], sign: str, scope: Scope) -> Cube | None:
    """A register, first bit least significant, and a number."""
    named, number = operands if is_cells(operands[0], scope) else operands[::-1]
    if not isinstance(named, tree.Name | tree.Item) or not is_cells(named, scope) or _reads_bits(number, scope):
        return None
    if _is_truth(number, scope):
        return None
    found = _bits(named, scope).numbers
    wanted = integer(number, scope, "this number")
    if not 0 <= wanted < 2 ** len(found):
        label = f"{len(found)} bits never make {wanted}" if len(found) > 1 else f"a bit is never {wanted}"
        advice = f"compare with 0 to {2 ** len(found) - 1}" if wanted > 0 else "compare with 0 or more"
        raise error(Code.INDEX_RANGE, label, scope.span(number), advice)
    return Cube.of(tuple((bit, bool(wanted >> place & 1)) for place, bit in enumerate(found)), sign == "==")


# ---- anything else, as a table


def _truth(node: tree.Expression, scope: Scope, number: str = "compare it, as in `n != 0`") -> _Operand:
    """A truth value; `number` is the help where it is a number."""
    found = _operand(node, scope)
    if found.kind in ("truth", "bit"):
        return found
    if found.kind == "bits":
        advice = "test one bit, `c[0]`, or compare the register: `c == 2`"
        raise error(Code.SIZES_DIFFER, "this names several bits", scope.span(node), advice)
    raise error(Code.WRONG_TYPE, "this is a number, and a truth value belongs here", scope.span(node), number)


def _operand(node: tree.Expression, scope: Scope) -> _Operand:
    match node:
        case tree.Group(inner):
            return _operand(inner, scope)
        case tree.Inverted(odd, operand):
            found = _truth(operand, scope)
            invert: Callable[[float], bool] = lambda a: bool(a) != odd  # noqa: E731
            return _Operand(_combined(invert, [found], node, scope), "truth")
        case tree.Joined(sign, operands):
            return _joined(node, sign, operands, scope)
        case tree.Compared():
            return _compared(node, scope)
        case tree.Name() | tree.Item() if isinstance(scope.find(_named(node)), Place):
            cells_read = _bits(node, scope).numbers
            tables = [_Operand(classical.outcome(cell), "bit") for cell in cells_read]
            if len(tables) == 1:
                return tables[0]
            total = _combined(lambda *bits: sum(b << k for k, b in enumerate(bits)), tables, node, scope)
            return _Operand(total, "bits")
        case _:
            return _static(value(node, scope), node, scope)


def _static(found: Value, node: tree.Expression, scope: Scope) -> _Operand:
    if found.shape:
        raise error(Code.WRONG_TYPE, "this is an array", scope.span(node), "take one entry: `w[0]`")
    (entry,) = found.entries
    if entry.terms:
        advice = "conditions read measured bits and constants; parameters stand in angles"
        raise error(Code.NOT_CONSTANT, f"this depends on `{entry.terms[0][0]}`, set later", scope.span(node), advice)
    held = float(entry.constant)
    if found.type == "bool":
        return _Operand(classical.constant(bool(held)), "truth")
    return _Operand(classical.constant(held), "number")


def _joined(node: tree.Node, sign: str, operands: Sequence[tree.Expression], scope: Scope) -> _Operand:
    advice = "powers are written `**`" if sign == "^" else "compare it, as in `n != 0`"
    found = [_truth(operand, scope, advice) for operand in operands]
    total = found[0]
    for operand in found[1:]:
        table = _combined(lambda *truths: _JOIN[sign](truths), [total, operand], node, scope)
        total = _Operand(table, "truth")
    return total


def _compared(node: tree.Compared, scope: Scope) -> _Operand:
    sign, *more = node.signs
    if more:
        raise error(Code.WRONG_TYPE, "comparisons do not chain", scope.span(node), "write `a < b && b < c`")
    left, right = (_operand(operand, scope) for operand in node.operands)
    truths = {"truth", "bit"}
    if {left.kind, right.kind} <= truths and sign in ("==", "!="):
        compare: Callable[[float, float], bool] = lambda a, b: (bool(a) == bool(b)) == (sign == "==")  # noqa: E731
        return _Operand(_combined(compare, [left, right], node, scope), "truth")
    if "truth" in (left.kind, right.kind) or (left.kind == right.kind == "bit"):
        label = f"`{sign}` between {_SHOWN[left.kind]} and {_SHOWN[right.kind]}"
        advice = "numbers and bit registers are compared; truth values with `==` and `!=` only"
        raise error(Code.WRONG_TYPE, label, scope.span(node), advice)
    return _Operand(_combined(_COMPARE[sign], [left, right], node, scope), "truth")


def _combined(function: Callable[..., object], operands: list[_Operand], node: tree.Node, scope: Scope) -> Table:
    """Each entry that is computed counts as a turn of a loop."""
    width = len(set[int]().union(*(operand.table.support for operand in operands)))
    if width > MAX_BITS:
        raise TooWideError
    scope.turn(node, 1 << width)
    return combine(function, *(operand.table for operand in operands))


# ---- bits


def _bit(node: tree.Operand, scope: Scope) -> int:
    found = _bits(node, scope)
    if len(found.numbers) != 1:
        advice = "test one bit, `c[0]`, or compare the register: `c == 2`"
        raise error(Code.SIZES_DIFFER, f"this names {len(found.numbers)} bits", scope.span(node), advice)
    return found.numbers[0]


def _bits(node: tree.Operand, scope: Scope) -> Wires:
    found = cells(node, scope)
    kinds = {scope.cells[bit] for bit in found.numbers}
    if kinds != {"bit"}:
        label = f"this is {KINDS[kinds.pop()]}, and conditions read bits"
        raise error(Code.WRONG_RESULT, label, scope.span(node), "measure a qubit into a bit and test that")
    if not scope.assigned.issuperset(found.numbers):
        label = "nothing has been measured into this"
        raise error(Code.BIT_UNASSIGNED, label, scope.span(node), "measure before: `c[0] = measure q[0];`")
    return found


def _named(node: tree.Operand) -> str:
    return node.text if isinstance(node, tree.Name) else node.name.text


def _is_truth(node: tree.Expression, scope: Scope) -> bool:
    return _static(value(node, scope), node, scope).kind == "truth"


def _reads_bits(node: tree.Expression, scope: Scope) -> bool:
    """Does it name cells?"""
    match node:
        case tree.Name() | tree.Item():
            return is_cells(node, scope)
        case tree.Group(inner) | tree.Inverted(_, inner):
            return _reads_bits(inner, scope)
        case tree.Compared(operands) | tree.Joined(_, operands):
            return any(_reads_bits(operand, scope) for operand in operands)
        case _:
            return False
