"""Angles: exact where they can be, bounded in size, and with the slopes that calculus has."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce

import numpy as np
import pytest

from qcompile.angle import (
    FUNCTIONS,
    MAX_DEPTH,
    Angle,
    Element,
    call,
    derivative,
    evaluate,
    number,
    parameter,
    pi_times,
    substitute,
)
from qcompile.diagnostics import Code, CompileError

X, Y = parameter("x"), parameter("y")


def test_multiples_of_pi_are_exact() -> None:
    """Catches a float that creeps in: thirds of pi would not sum to pi."""
    assert pi_times(1, 3) + pi_times(2, 3) == pi_times(1)
    assert pi_times(1, 3) * number(0.5) == pi_times(1, 6)
    assert (X + pi_times(1, 7)) - pi_times(1, 7) == X


def test_equal_angles_are_equal_records_however_they_were_made() -> None:
    assert X + Y == Y + X
    assert X * Y == Y * X
    assert call("sin", X + Y) is not None
    assert call("sin", X + Y).terms[0][0] is call("sin", Y + X).terms[0][0]
    assert (X - X).is_zero


@pytest.mark.parametrize("name", FUNCTIONS)
def test_slopes_against_differences(name: str) -> None:
    """Catches a wrong line in the table of functions, and a chain rule that stops after one level."""
    angle = call(name, number(0.5) * X * Y + number(0.1)) / (Y + number(2)) + X ** number(3)
    at = {Element("x"): np.array([0.4, 0.7]), Element("y"): np.array([0.9, 0.3])}
    for element in at:
        step = 1e-6
        up, down = ({**at, element: at[element] + sign * step} for sign in (1, -1))
        numeric = (np.asarray(evaluate(angle, up)) - evaluate(angle, down)) / (2 * step)
        assert np.allclose(evaluate(derivative(angle, element), at), numeric, rtol=0, atol=1e-8)


def test_substitution_folds_what_becomes_constant() -> None:
    angle = call("cos", X * Y) + X
    assert float(substitute(angle, {Element("x"): number(2), Element("y"): number(0)})) == 3.0


@pytest.mark.parametrize("function", ["log", "sqrt", "arcsin"])
def test_what_is_not_a_real_number_is_refused(function: str) -> None:
    with pytest.raises((ArithmeticError, ValueError)):
        call(function, number(-2))


def _squared(angle: Angle) -> Angle:
    return angle * angle


def _nested(angle: Angle) -> Angle:
    return call("sin", angle)


@pytest.mark.parametrize("grow", [_squared, _nested])
def test_expressions_that_explode_are_refused_before_they_do(grow: Callable[[Angle], Angle]) -> None:
    """Squared 40 times an expression is 10^12 long; nested 10^4 times it would end the interpreter's stack."""
    with pytest.raises(CompileError) as refused:
        reduce(lambda angle, _: grow(angle), range(10_000), X + Y)
    assert refused.value.diagnostics[0].code is Code.TOO_LARGE


def test_the_deepest_expression_is_still_walked() -> None:
    """Catches a depth limit beyond what recursion bears."""
    angle = X
    for _ in range(MAX_DEPTH):
        angle = call("sin", angle)
    slope = derivative(call("cos", X) + X, Element("x"))
    assert math.isfinite(float(np.asarray(evaluate(angle, {Element("x"): 0.3}))))
    assert substitute(angle, {Element("x"): Y}) != angle
    assert not slope.is_zero
