"""Qiskit's expressions: of parameters to angles, of classical bits to tables over the bits that are measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from qcompile.angle import Angle, call, number
from qcompile.diagnostics import Code, error
from qcompile.grammar.classical import Table, TooWideError, combine, constant

Names = Mapping[str, Angle]
MAX_WIDTH = 64  # bits of an integer in a condition
_FINITE = "angles are finite real numbers"
_CALLS = {
    "sin": "sin", "cos": "cos", "tan": "tan", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "exp": "exp",
    "log": "log",
}  # fmt: skip


def angle(value: Any, names: Names, place: str) -> Angle:
    """The angle that a gate's parameter is: a number, or an expression of Qiskit's parameters.

    Args:
        names: each parameter by its name.
        place: the instruction, for messages.

    Raises:
        CompileError: BAD_NUMBER, WRONG_TYPE, UNKNOWN_NAME, OUT_OF_REACH.
    """
    try:
        made = _angle(value, names, place)
        finite = math.isfinite(made.constant) and all(math.isfinite(factor) for _, factor in made.terms)
    except ZeroDivisionError:
        raise error(Code.BAD_NUMBER, f"{place}: `{value}` divides by zero", None, _FINITE) from None
    except (ArithmeticError, ValueError):
        raise error(Code.BAD_NUMBER, f"{place}: `{value}` has no finite real value", None, _FINITE) from None
    except RecursionError:
        raise error(
            Code.TOO_DEEP, f"{place}: an expression nests too deeply", None, "assign values to parameters first"
        ) from None
    if not finite:
        raise error(Code.BAD_NUMBER, f"{place}: `{value}` is not a finite number", None, _FINITE)
    return made


def _angle(value: Any, names: Names, place: str) -> Angle:
    if hasattr(value, "parameters") and hasattr(value, "sympify"):
        return _symbolic(value.sympify(), names, place) if value.parameters else number(float(value.numeric()))
    try:
        return number(float(value))
    except TypeError:
        label = f"{place}: {type(value).__name__} is not an angle"
        raise error(Code.WRONG_TYPE, label, None, "angles are numbers and ParameterExpressions") from None


def _symbolic(node: Any, names: Names, place: str) -> Angle:
    """What a SymPy tree of real symbols stands for."""
    if node.is_Symbol:
        if node.name in names:
            return names[node.name]
        raise error(Code.UNKNOWN_NAME, f"{place}: no parameter is called `{node.name}`", None, "use the circuit's own")
    if node.is_number:
        return number(float(node))
    kind = type(node).__name__
    if kind == "Mul":
        return _product(node, names, place)
    arguments = [_symbolic(argument, names, place) for argument in node.args]
    if kind == "Add":
        return sum(arguments[1:], arguments[0])
    if kind == "Pow":
        return _power(*arguments)
    if kind == "conjugate":
        return arguments[0]
    if kind in _CALLS:
        return call(_CALLS[kind], *arguments)
    label = f"{place}: `{kind}` of a parameter"
    raise error(Code.OUT_OF_REACH, label, None, "compute it outside, and give its value to a parameter of its own")


def _product(node: Any, names: Names, place: str) -> Angle:
    """Factors to the power -1 divide."""
    total = number(1.0)
    for factor in node.args:
        if type(factor).__name__ == "Pow" and factor.exp == -1:
            total = total / _symbolic(factor.base, names, place)
        else:
            total = total * _symbolic(factor, names, place)
    return total


def _power(base: Angle, exponent: Angle) -> Angle:
    if exponent == number(0.5):
        return call("sqrt", base)
    return base**exponent


# ---- classical bits

_BINARY: dict[str, Callable[[int, int], int]] = {
    "BIT_AND": lambda a, b: a & b, "BIT_OR": lambda a, b: a | b, "BIT_XOR": lambda a, b: a ^ b,
    "LOGIC_AND": lambda a, b: bool(a and b), "LOGIC_OR": lambda a, b: bool(a or b),
    "EQUAL": lambda a, b: a == b, "NOT_EQUAL": lambda a, b: a != b, "LESS": lambda a, b: a < b,
    "LESS_EQUAL": lambda a, b: a <= b, "GREATER": lambda a, b: a > b, "GREATER_EQUAL": lambda a, b: a >= b,
    "SHIFT_LEFT": lambda a, b: a << min(b, MAX_WIDTH), "SHIFT_RIGHT": lambda a, b: a >> min(b, MAX_WIDTH),
    "ADD": lambda a, b: a + b, "SUB": lambda a, b: a - b, "MUL": lambda a, b: a * b, "DIV": lambda a, b: a // b,
}  # fmt: skip
_UNARY: dict[str, Callable[[int], int]] = {
    "LOGIC_NOT": lambda a: not a, "BIT_NOT": lambda a: ~a, "NEGATE": lambda a: -a, "to Bool": bool, "to Uint": int,
}  # fmt: skip


def table(node: Any, cell: Callable[[Any], Table], place: str) -> Table:
    """The value of a classical expression (or of a bit, a register, a number), one for each outcome it rests on.

    Args:
        cell: what a classical bit holds.

    Raises:
        CompileError: OUT_OF_REACH, WRONG_TYPE, BAD_NUMBER.
    """
    try:
        return _table(node, cell, place)
    except TooWideError:
        label = f"{place}: the condition rests on too many measured bits"
        raise error(
            Code.OUT_OF_REACH, label, None, "test fewer bits at once, or compare a register with a number"
        ) from None
    except ZeroDivisionError:
        raise error(
            Code.BAD_NUMBER, f"{place}: the condition divides by zero", None, "divide by something else"
        ) from None


def _table(node: Any, cell: Callable[[Any], Table], place: str) -> Table:
    kind = type(node).__name__
    match kind:
        case "Clbit":
            return cell(node)
        case "ClassicalRegister":
            return combine(_number, *map(cell, node))
        case "Var" if type(node.var).__name__ in ("Clbit", "ClassicalRegister"):
            return _table(node.var, cell, place)
        case "Value" if isinstance(node.value, int):
            return constant(int(node.value))
        case "Cast" | "Unary" if _width(node.type):
            name = f"to {type(node.type).__name__}" if kind == "Cast" else node.op.name
            return combine(_kept(_UNARY[name], node.type), _table(node.operand, cell, place))
        case "Binary" if _width(node.type):
            left, right = _table(node.left, cell, place), _table(node.right, cell, place)
            return combine(_kept(_BINARY[node.op.name], node.type), left, right)
        case "Index":
            target, index = _table(node.target, cell, place), _table(node.index, cell, place)
            return combine(_kept(_BINARY["SHIFT_RIGHT"], node.type), target, index)
        case _:
            label = f"{place}: {kind} in a condition"
            raise error(Code.OUT_OF_REACH, label, None, "test measured bits and registers, and integers made of them")


def _number(*bits: int) -> int:
    """What a register holds, its first bit least significant."""
    return sum(bit << place for place, bit in enumerate(bits))


def _kept(function: Callable[..., int], kind: Any) -> Callable[..., int]:
    """The function, of whose results a Bool or Uint keeps the lowest bits."""
    mask = (1 << _width(kind)) - 1

    def masked(*values: int) -> int:
        return int(function(*values)) & mask

    return masked


def _width(kind: Any) -> int:
    """The bits of a Bool or Uint, up to MAX_WIDTH; 0 of any other type."""
    match type(kind).__name__:
        case "Bool":
            return 1
        case "Uint" if kind.width <= MAX_WIDTH:
            return int(kind.width)
        case _:
            return 0
