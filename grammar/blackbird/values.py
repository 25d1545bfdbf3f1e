"""What Blackbird computes with: reals, exact in π and affine in parameters where they can be; complex numbers; arrays.

The result of a measurement is an element of an angle, as a parameter is; its name is none that a text can give.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from qcompile.angle import FUNCTIONS, INFIX, Angle, Element, call, elements, number, parameter

Scalar: TypeAlias = Angle | complex
_RESULT = "result of mode"
_ONE = number(1.0)


@dataclass(frozen=True, slots=True)
class Array:
    rows: tuple[tuple[Scalar, ...], ...]

    @property
    def entries(self) -> tuple[Scalar, ...]:
        """Row after row."""
        return tuple(entry for row in self.rows for entry in row)


Value: TypeAlias = Scalar | bool | str | Array


class NotRealError(Exception):
    """Complex numbers are computed with before the program runs, parameters and results while it runs."""


def result(mode: int) -> Angle:
    """What the last measurement of the mode gave."""
    return parameter(_RESULT, mode)


def result_element(mode: int) -> Element:
    return Element(_RESULT, mode)


def results_in(angle: Angle) -> set[int]:
    """The modes whose results the angle depends on."""
    return {e.index for e in elements(angle) if e.name == _RESULT and e.index is not None}


def whole(count: int) -> Angle:
    return number(float(count))


def is_finite(value: Scalar) -> bool:
    if isinstance(value, Angle):
        return math.isfinite(value.constant) and all(math.isfinite(factor) for _, factor in value.terms)
    return cmath.isfinite(value)


def negated(value: Scalar) -> Scalar:
    return -value


def added(a: Scalar, b: Scalar) -> Scalar:
    if isinstance(a, Angle) and isinstance(b, Angle):
        return a + b
    return as_complex(a) + as_complex(b)


def multiplied(a: Scalar, b: Scalar) -> Scalar:
    if isinstance(a, Angle) and isinstance(b, Angle):
        return a * b
    return as_complex(a) * as_complex(b)


def divided(a: Scalar, b: Scalar) -> Scalar:
    """Raises ZeroDivisionError."""
    if isinstance(a, Angle) and isinstance(b, Angle):
        return a / b
    return as_complex(a) / as_complex(b)


def raised(a: Scalar, b: Scalar) -> Scalar:
    """Raises ArithmeticError, ValueError."""
    if isinstance(a, Angle) and isinstance(b, Angle):
        return a**b
    return as_complex(a) ** as_complex(b)


def applied(function: str, value: Scalar) -> Scalar:
    """A function of Blackbird's; raises ArithmeticError, ValueError."""
    if not isinstance(value, Angle):
        return _COMPLEX[function](value)
    if function in _COMPOSED:
        return _COMPOSED[function](value)
    return call(function, value)


def as_complex(value: Scalar) -> complex:
    """Raises NotRealError for a parameter or a result."""
    if not isinstance(value, Angle):
        return value
    if not value.is_constant:
        raise NotRealError
    return complex(float(value))


def _arsinh(x: Angle) -> Angle:
    return call("log", x + call("sqrt", x * x + _ONE))


def _arcosh(x: Angle) -> Angle:
    return call("log", x + call("sqrt", x * x - _ONE))


def _artanh(x: Angle) -> Angle:
    return call("log", (_ONE + x) / (_ONE - x)) / number(2.0)


_COMPOSED: dict[str, Callable[[Angle], Angle]] = {"arcsinh": _arsinh, "arccosh": _arcosh, "arctanh": _artanh}
FUNCTION_NAMES = (FUNCTIONS.keys() - INFIX.keys()) | _COMPOSED.keys()
_COMPLEX: dict[str, Callable[[complex], complex]] = {
    "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan, "exp": cmath.exp, "log": cmath.log, "sqrt": cmath.sqrt,
    "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh, "arcsin": cmath.asin, "arccos": cmath.acos,
    "arctan": cmath.atan, "arcsinh": cmath.asinh, "arccosh": cmath.acosh, "arctanh": cmath.atanh,
}  # fmt: skip
