"""Angles with Python's arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias, Union

from qcompile.angle import Angle, call, number, pi_times
from qcompile.diagnostics import Code, error

Number: TypeAlias = Union["Expression", float, Fraction]


@dataclass(frozen=True, slots=True)
class Expression:
    """A number that may depend on parameters. Multiples of `pi` stay exact.

    >>> str(2 * pi / 3)
    '2*pi/3'
    """

    angle: Angle

    def __add__(self, other: Number) -> Expression:
        return _joined(Angle.__add__, self, other)

    def __sub__(self, other: Number) -> Expression:
        return _joined(Angle.__sub__, self, other)

    def __mul__(self, other: Number) -> Expression:
        return _joined(Angle.__mul__, self, other)

    def __truediv__(self, other: Number) -> Expression:
        return _joined(Angle.__truediv__, self, other)

    def __pow__(self, other: Number) -> Expression:
        return _joined(Angle.__pow__, self, other)

    def __radd__(self, other: Number) -> Expression:
        return _joined(Angle.__add__, other, self)

    def __rsub__(self, other: Number) -> Expression:
        return _joined(Angle.__sub__, other, self)

    def __rmul__(self, other: Number) -> Expression:
        return _joined(Angle.__mul__, other, self)

    def __rtruediv__(self, other: Number) -> Expression:
        return _joined(Angle.__truediv__, other, self)

    def __rpow__(self, other: Number) -> Expression:
        return _joined(Angle.__pow__, other, self)

    def __neg__(self) -> Expression:
        return Expression(-self.angle)

    def __str__(self) -> str:
        return str(self.angle)


def to_angle(value: Number) -> Angle:
    """Raises BAD_NUMBER for what is not a finite real number."""
    if isinstance(value, Expression):
        return value.angle
    try:
        plain = float(value)
    except (TypeError, ValueError, OverflowError):
        plain = math.nan
    if not math.isfinite(plain) or isinstance(value, str | bytes | bool):
        raise error(Code.BAD_NUMBER, f"{value!r} is no finite real number", help="angles are numbers or expressions")
    return number(plain)


def _function(name: str) -> Callable[[Number], Expression]:
    def apply(value: Number) -> Expression:
        return _checked(lambda: call(name, to_angle(value)), f"{name}({value})")

    apply.__name__ = name
    return apply


def _joined(combine: Callable[[Angle, Angle], Angle], left: Number, right: Number) -> Expression:
    first, second = to_angle(left), to_angle(right)
    return _checked(lambda: combine(first, second), f"of {left} and {right}")


def _checked(calculate: Callable[[], Angle], what: str) -> Expression:
    try:
        angle = calculate()
        if math.isfinite(angle.constant) and all(math.isfinite(factor) for _, factor in angle.terms):
            return Expression(angle)
        fault = "the result is too large"
    except (ArithmeticError, ValueError) as caught:
        fault = str(caught)
    raise error(Code.BAD_NUMBER, f"no value: {what}: {fault}", help="angles are finite real numbers")


pi = Expression(pi_times(1))
sin, cos, tan = _function("sin"), _function("cos"), _function("tan")
exp, log, sqrt = _function("exp"), _function("log"), _function("sqrt")
sinh, cosh, tanh = _function("sinh"), _function("cosh"), _function("tanh")
arcsin, arccos, arctan = _function("arcsin"), _function("arccos"), _function("arctan")
