"""Classical instructions on values: ints for BIT, OCTET and INTEGER, angles for REAL.

INTEGER is 64 bits wide and wraps around, division rounds down, CONVERT to INTEGER rounds to the nearest and halves to
even, as in Rigetti's virtual machine.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from qcompile.angle import Angle, number
from qcompile.diagnostics import Code, CompileError, Note, Span, error

WHOLE = ("BIT", "OCTET", "INTEGER")
NUMERIC = ("INTEGER", "REAL")
TYPES: dict[str, tuple[str, ...]] = {
    "NOT": WHOLE, "AND": WHOLE, "IOR": WHOLE, "XOR": WHOLE,
    "NEG": NUMERIC, "ADD": NUMERIC, "SUB": NUMERIC, "MUL": NUMERIC, "DIV": NUMERIC,
    "MOVE": (*WHOLE, "REAL"), "EXCHANGE": (*WHOLE, "REAL"), "CONVERT": (*WHOLE, "REAL"),
}  # fmt: skip
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "EQ": operator.eq, "GT": operator.gt, "GE": operator.ge, "LT": operator.lt, "LE": operator.le,
}  # fmt: skip
_BITWISE: dict[str, Callable[[int, int], int]] = {"AND": int.__and__, "IOR": int.__or__, "XOR": int.__xor__}
_REAL: dict[str, Callable[[Angle, Angle], Angle]] = {
    "ADD": operator.add, "SUB": operator.sub, "MUL": operator.mul, "DIV": Angle.__truediv__,
}  # fmt: skip
_INTEGER: dict[str, Callable[[int, int], int]] = {
    "ADD": operator.add, "SUB": operator.sub, "MUL": operator.mul, "DIV": int.__floordiv__,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is not told when compiling; whoever needs it raises why."""

    code: Code
    label: str
    span: Span
    help: str

    def raised(self, use: Span, what: str) -> CompileError:
        return error(self.code, self.label, self.span, self.help, [Note(f"{what} here", use)])


Value: TypeAlias = int | Angle | Unknown


class UntoldError(Exception):
    """The result depends on what a parameter is set to."""


def computed(word: str, kind: str, span: Span) -> Callable[..., Value]:
    """What an instruction computes of values of this type; the first is what its target held, where it reads that."""
    return _guarded(word, partial(_result, word, kind), span)


def converted(kind: str, span: Span) -> Callable[..., Value]:
    """CONVERT to this type."""
    return _guarded("CONVERT", partial(_converted, kind), span)


def compared(word: str, span: Span) -> Callable[..., Value]:
    """A comparison: 0 or 1."""
    return _guarded(word, partial(_comparison, word), span)


def _guarded(word: str, function: Callable[..., int | Angle], span: Span) -> Callable[..., Value]:
    def guarded(*values: Value) -> Value:
        for value in values:
            if isinstance(value, Unknown):
                return value
        try:
            return function(*values)
        except ZeroDivisionError:
            return Unknown(Code.BAD_NUMBER, "this divides by zero", span, "divide by what is not zero")
        except (ArithmeticError, ValueError):
            return Unknown(Code.BAD_NUMBER, "the result is no finite number", span, "stay within finite numbers")
        except CompileError as fault:
            return Unknown(fault.diagnostics[0].code, fault.diagnostics[0].label, span, fault.diagnostics[0].help)
        except UntoldError:
            label = f"`{word}` of a parameter has a result that is known only when the program runs"
            advice = "write a number to memory with MOVE before, or take the decision outside of the program"
            return Unknown(Code.OUT_OF_REACH, label, span, advice)

    return guarded


def _result(word: str, kind: str, first: int | Angle, second: int | Angle | None = None) -> int | Angle:
    if isinstance(first, Angle):
        return _real_result(word, first, second)
    if isinstance(second, Angle):
        raise AssertionError("an instruction on different types")
    return _wrapped(_whole_result(word, first, second), kind)


def _real_result(word: str, first: Angle, second: int | Angle | None) -> Angle:
    if word == "MOVE":
        return first
    if word == "NEG":
        return -first
    if not isinstance(second, Angle):
        raise AssertionError("an instruction on different types")
    return _checked(_REAL[word](first, second))


def _whole_result(word: str, first: int, second: int | None) -> int:
    if second is not None:
        return (_BITWISE.get(word) or _INTEGER[word])(first, second)
    return {"MOVE": first, "NEG": -first, "NOT": ~first}[word]


def _converted(kind: str, value: int | Angle) -> int | Angle:
    if kind == "REAL":
        return value if isinstance(value, Angle) else number(float(value))
    if isinstance(value, Angle):
        if not value.is_constant:
            raise UntoldError
        value = int(float(value) != 0) if kind == "BIT" else round(float(value))
    return int(value != 0) if kind == "BIT" else _wrapped(value, kind)


def _checked(angle: Angle) -> Angle:
    if angle.is_constant and not math.isfinite(float(angle)):
        raise OverflowError
    return angle


def _comparison(word: str, left: int | Angle, right: int | Angle) -> int:
    if isinstance(left, Angle) and isinstance(right, Angle):
        difference = left - right
        if not difference.is_constant:
            raise UntoldError
        return int(COMPARISONS[word](float(difference), 0.0))
    if isinstance(left, Angle) or isinstance(right, Angle):
        raise AssertionError("a comparison of different types")
    return int(COMPARISONS[word](left, right))


def _wrapped(value: int, kind: str) -> int:
    if kind == "INTEGER":
        return (value + 2**63) % 2**64 - 2**63
    return value % (256 if kind == "OCTET" else 2)
