"""Matrices of constants: the gates and channels that they define."""

from __future__ import annotations

import cmath
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from qcompile.diagnostics import Code, error
from qcompile.gates import Matrix
from qcompile.grammar import tree
from qcompile.grammar.checks import counted
from qcompile.grammar.expressions import constant, element
from qcompile.grammar.hints import function_hint
from qcompile.grammar.scope import Scope

MAX_MATRIX_WIRES = 6
TOLERANCE = 1e-8
_ENTRY = "an entry of a matrix"
_FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "sqrt": cmath.sqrt, "exp": cmath.exp, "log": cmath.log, "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan,
    "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh,
    "arcsin": cmath.asin, "arccos": cmath.acos, "arctan": cmath.atan,
}  # fmt: skip


def unitary(node: tree.Matrices, wires: int, scope: Scope) -> Matrix:
    """The matrix of a gate on so many wires; raises NOT_UNITARY, SIZES_DIFFER, TOO_LARGE."""
    if len(node.matrices) != 1:
        label = f"a gate has one matrix, and these are {len(node.matrices)}"
        raise error(Code.SIZES_DIFFER, label, scope.span(node), "write `channel` for Kraus matrices")
    made = _matrix(node.matrices[0], wires, scope)
    _check_complete([made], "U†U", node, scope)
    return made


def kraus(node: tree.Matrices, wires: int, scope: Scope) -> tuple[Matrix, ...]:
    """The Kraus matrices of a channel on so many wires; raises NOT_UNITARY, SIZES_DIFFER, TOO_LARGE."""
    if len(node.matrices) > 4**wires:
        label = f"{len(node.matrices)} Kraus matrices"
        raise error(Code.TOO_LARGE, label, scope.span(node), f"{4**wires} are enough for every channel on these wires")
    made = tuple(_matrix(matrix, wires, scope) for matrix in node.matrices)
    _check_complete(made, "Σ K†K", node, scope)
    return made


def _matrix(node: tree.Listed, wires: int, scope: Scope) -> Matrix:
    if wires > MAX_MATRIX_WIRES:
        label = f"a matrix on {wires} wires"
        advice = f"matrices have at most {MAX_MATRIX_WIRES} wires: write a body of gates"
        raise error(Code.TOO_LARGE, label, scope.span(node), advice)
    size = 2**wires
    rows = [row for row in node.entries if isinstance(row, tree.Listed)]
    if len(rows) != len(node.entries) or len(rows) != size or any(len(row.entries) != size for row in rows):
        label = f"a matrix on {counted(wires, 'wire', 'wires')} has {size} rows of {size} entries"
        advice = "write it row by row: `[[0, 1], [1, 0]]`"
        raise error(Code.SIZES_DIFFER, label, scope.span(node), advice)
    return tuple(tuple(_entry(entry, scope) for entry in row.entries) for row in rows)


def _check_complete(matrices: list[Matrix] | tuple[Matrix, ...], name: str, node: tree.Matrices, scope: Scope) -> None:
    arrays: list[NDArray[np.complex128]] = [np.array(matrix, dtype=np.complex128) for matrix in matrices]
    with np.errstate(all="ignore"):
        total = sum((array.conj().T @ array for array in arrays), np.zeros_like(arrays[0]))
        off = float(np.max(np.abs(total - np.eye(len(total)))))
    if not off <= TOLERANCE:
        label = f"{name} differs from 1 by {off:.2g}"
        advice = "give more digits, or exact values such as `1/sqrt(2)` and `exp(im*pi/4)`"
        raise error(Code.NOT_UNITARY, label, scope.span(node), advice)


def _entry(node: tree.Expression | tree.Listed, scope: Scope) -> complex:
    if isinstance(node, tree.Listed):
        raise error(Code.SIZES_DIFFER, "this is a list, not an entry", scope.span(node), "a matrix is a list of rows")
    try:
        value = _complex(node, scope)
    except ZeroDivisionError:
        raise error(Code.BAD_NUMBER, "this divides by zero", scope.span(node), "entries are finite") from None
    except (ArithmeticError, ValueError):
        raise error(Code.BAD_NUMBER, "this has no finite value", scope.span(node), "entries are finite") from None
    if not cmath.isfinite(value):
        raise error(Code.BAD_NUMBER, "this is too large for a number", scope.span(node), "entries are finite")
    return value


def _complex(node: tree.Expression, scope: Scope) -> complex:
    """The entry's value; `im` is the imaginary unit, also straight after a number: `0.5im`."""
    match node:
        case tree.Name("im"):
            return 1j
        case tree.Group(inner):
            return _complex(inner, scope)
        case tree.Negated(odd, operand):
            return -_complex(operand, scope) if odd else _complex(operand, scope)
        case tree.Total(terms):
            total = _complex(terms[0][1], scope)
            for negative, term in terms[1:]:
                total = total - _complex(term, scope) if negative else total + _complex(term, scope)
            return total
        case tree.Times():
            return _product(node, scope)
        case tree.Raised(base, exponents):
            return _raised(_complex(base, scope), [(odd, _complex(power, scope)) for odd, power in exponents])
        case tree.Call(function, (argument,)):
            return _called(function, argument, scope)
        case tree.Name() | tree.Item() | tree.Entry() if scope.find(_named(node)) is not None:
            value = element(node, scope)
            if value.terms:
                advice = "entries are constants; for a gate with angles write a body or `generator`"
                label = f"this depends on `{value.terms[0][0]}`, which is set later"
                raise error(Code.NOT_CONSTANT, label, scope.span(node), advice)
            return complex(float(value.constant))
        case _:
            return complex(constant(node, scope, _ENTRY))


def _named(node: tree.Name | tree.Item | tree.Entry) -> str:
    return node.text if isinstance(node, tree.Name) else node.name.text


def _product(node: tree.Times, scope: Scope) -> complex:
    total = _complex(node.factors[0][1], scope)
    for sign, factor in node.factors[1:]:
        is_unit = isinstance(factor, tree.Name) and factor.text == "im"
        if sign == "%" or not (sign or is_unit):
            advice = "write `*` between factors; only `im` stands straight after a number"
            raise error(Code.SYNTAX, "`*` is missing before this", scope.span(factor), advice)
        value = _complex(factor, scope)
        total = total / value if sign == "/" else total * value
    return total


def _raised(base: complex, exponents: list[tuple[bool, complex]]) -> complex:
    *most, (odd, power) = exponents
    power = -power if odd else power
    for odd, exponent in reversed(most):
        power = -(exponent**power) if odd else exponent**power
    return base**power


def _called(function: tree.Name, argument: tree.Expression, scope: Scope) -> complex:
    known = _FUNCTIONS.get(function.text)
    if known is None:
        advice = function_hint(function.text, _FUNCTIONS)
        raise error(Code.UNKNOWN_NAME, f"no function is called `{function.text}`", scope.span(function), advice)
    return known(_complex(argument, scope))
