"""Derivatives of the runs kept: quotients of what is linear in the state, against density matrices and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from dense import element_values
from density import mean_of_all_runs, mean_of_runs_kept
from hypothesis import assume, given
from numpy.typing import NDArray
from random_programs import values_for
from selecting_programs import selecting_programs

from qcompile.angle import number
from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse, to_text
from qcompile.ir import Expectation, Program, Shifted
from qcompile.ir.verify import verify
from qcompile.operator import Operator
from qcompile.passes import Optimize
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, evaluate

KNOWN = """qubit q[2]; bit c; param x; h q[0]; cx q[0], q[1]; rx(x) q[1]; c = measure q[1]; postselect c;
return expect(Z[0]), probs(q), var(0.6*Z[0] + 0.8*X[0]);"""
ONE = Operator((((), number(1)),))
STEP = 1e-3
STENCIL = ((-3, -1 / 60), (-2, 3 / 20), (-1, -3 / 4), (1, 3 / 4), (2, -3 / 20), (3, 1 / 60))  # of sixth order


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def derivatives(text: str, x: float, order: int) -> list[NDArray[np.float64]]:
    """The components of exactly this order, at x."""
    module: Program | Shifted = program(text)
    for _ in range(order):
        found = differentiate(module)
        assert isinstance(found, Shifted)
        module = found
    assert isinstance(module, Shifted)
    verify(module)
    assert parse(to_text(module)) == module
    values = evaluate(module, {"x": x}, Options())
    return [v[0] for c, v in zip(module.components, values, strict=True) if len(c.wrt) == order]


def test_the_gradient_of_a_kept_mean() -> None:
    """Would catch a condition held constant, which gives 0: ⟨Z0⟩ is −cos x, the kept wire 1 being rotated by x."""
    mean, levels, variance = derivatives(KNOWN, 0.512, 1)
    assert float(mean) == pytest.approx(0.48992175838, abs=1e-10)
    np.testing.assert_allclose(levels, [0, math.sin(0.512) / 2, 0, -math.sin(0.512) / 2], rtol=0, atol=1e-12)
    slope = -2 * 0.36 * math.cos(0.512) * math.sin(0.512) * -1
    assert float(variance) == pytest.approx(slope, abs=1e-10)


def test_the_second_derivative_of_a_kept_mean() -> None:
    """Would catch a quotient whose divisor is not differentiated the second time."""
    mean, levels, variance = derivatives(KNOWN, 0.512, 2)
    assert float(mean) == pytest.approx(math.cos(0.512), abs=1e-10)
    np.testing.assert_allclose(levels, [0, math.cos(0.512) / 2, 0, -math.cos(0.512) / 2], rtol=0, atol=1e-10)
    assert float(variance) == pytest.approx(0.72 * math.cos(1.024), abs=1e-10)


@given(selecting_programs())
def test_random_selections(chosen: Program) -> None:
    """Would catch an angle before the condition, in a branch or after noise, whose share is forgotten."""
    values = values_for(chosen, 5)
    assume(mean_of_all_runs(chosen, ONE, element_values(chosen, values)) > 0.02)
    derivative = differentiate(chosen, ["w", "theta"], "shift")
    assert isinstance(derivative, Shifted)
    found = evaluate(derivative, values, Options())
    for component, result in zip(derivative.components, found, strict=True):
        output = chosen.outputs[component.output or 0]
        if not component.wrt or not isinstance(output, Expectation):
            continue
        (element,) = component.wrt
        slope = 0.0
        for steps, weight in STENCIL:
            moved = {name: np.array(value) for name, value in values.items()}
            moved[element.name][... if element.index is None else element.index] += steps * STEP
            at = element_values(chosen, moved)
            slope += weight * mean_of_runs_kept(chosen, output.observable.operator, at) / STEP
        assert float(result[0]) == pytest.approx(slope, abs=1e-8)


@given(selecting_programs())
def test_optimising_keeps_quotients(chosen: Program) -> None:
    """Would catch a light cone of `unnormalised_expect(1)` that is empty, and rows that are merged across a share."""
    values = values_for(chosen, 6)
    assume(mean_of_all_runs(chosen, ONE, element_values(chosen, values)) > 0.02)
    plain = differentiate(chosen, "w", "shift")
    optimised = Optimize(3)(plain)
    assert isinstance(plain, Shifted)
    assert isinstance(optimised, Shifted)
    pairs = zip(evaluate(plain, values, Options()), evaluate(optimised, values, Options()), strict=True)
    assert all(np.allclose(before, after, rtol=0, atol=1e-9) for before, after in pairs)


def test_what_is_of_all_runs_stays_so() -> None:
    """Would catch a share divided out of an output that asks for it: d/dx sin²(x/2) cos²(0.35)."""
    text = """qubit q[2]; bit c; param x; rx(x) q[0]; ry(0.7) q[1]; c = measure q[0]; postselect c;
    return unnormalised_expect(0.5 + 0.5*Z[1]), unnormalised_probs(q[1]), expect(Z[1]);"""
    mean, levels, kept = derivatives(text, 0.9, 1)
    slope = math.sin(0.9) / 2
    assert float(mean) == pytest.approx(slope * math.cos(0.35) ** 2, abs=1e-12)
    shares = [slope * math.cos(0.35) ** 2, slope * math.sin(0.35) ** 2]
    np.testing.assert_allclose(levels, shares, rtol=0, atol=1e-12)
    assert float(kept) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("x", [0.0, 1e-5])
def test_a_derivative_of_hardly_any_run_is_refused(x: float) -> None:
    """Would catch 0/0, or digits that are rounding, passed off as a derivative: the share kept is sin²(x/2)."""
    text = "qubit q; bit c; param x; rx(x) q; c = measure q; postselect c; ry(x) q; return expect(X[0]);"
    with pytest.raises(CompileError) as caught:
        derivatives(text, x, 1)
    (fault,) = caught.value.diagnostics
    assert fault.code is Code.NOT_SIMULABLE
    assert fault.help


def test_shots_of_a_quotient() -> None:
    """Would catch shots of the runs kept as the numerator of a quotient that divides by the share again."""
    module = differentiate(program(KNOWN))
    assert isinstance(module, Shifted)
    drawn = [evaluate(module, {"x": 0.512}, Options(shots=4000, seed=seed))[3][0] for seed in range(30)]
    assert float(np.mean(drawn)) == pytest.approx(0.48992175838, abs=0.01)
