"""Random programs: every method gives the same gradient, and finite differences agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from random_programs import coefficient_sum, gaussian_programs, qubit_programs, values_for

from qcompile.ir import Adjoint, Module, Program, Shifted
from qcompile.passes import Optimize
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, evaluate, run

Values = dict[str, NDArray[np.float64]]
WRT = ("theta", "w", "data")


@given(qubit_programs(), st.integers(0, 2**16))
def test_adjoint_equals_shift_equals_finite_differences(program: Program, seed: int) -> None:
    values = values_for(program, seed)
    adjoint = _gradient(differentiate(program, WRT, "adjoint"), values)
    shift = _gradient(differentiate(program, WRT, "shift"), values)
    assert np.abs(adjoint - shift).max() < 1e-10 * coefficient_sum(program)
    assert np.allclose(shift, _finite_differences(program, values), rtol=0, atol=1e-6)


@given(gaussian_programs(), st.integers(0, 2**16))
def test_gaussian_adjoint_equals_shift_equals_finite_differences(program: Program, seed: int) -> None:
    values = values_for(program, seed, 0.3)
    adjoint = _gradient(differentiate(program, WRT, "adjoint"), values)
    shift = _gradient(differentiate(program, WRT, "shift"), values)
    scale = max(1.0, float(np.abs(adjoint).max()))
    assert np.abs(adjoint - shift).max() < 1e-7 * scale
    assert np.abs(shift - _finite_differences(program, values)).max() < 1e-5 * scale


@given(qubit_programs(max_wires=3, max_ops=5), st.integers(0, 2**16))
def test_hessian_by_two_passes_equals_differences_of_the_gradient(program: Program, seed: int) -> None:
    """Catches rows merged that differ, a period taken too short, weights that forget the second chain rule."""
    values = values_for(program, seed)
    once = differentiate(program, WRT, "shift")
    twice = differentiate(once, WRT, "shift")
    assert isinstance(once, Shifted)
    assert isinstance(twice, Shifted)
    found = {c.wrt: r[0] for c, r in zip(twice.components, evaluate(twice, values, Options()), strict=True)}
    elements = [c.wrt[0] for c in once.components if c.wrt]
    numeric = np.array([_central(lambda v: _gradient(once, v), values, name) for name in map(str, elements)])
    for i, first in enumerate(elements):
        for j, second in enumerate(elements):
            exact = found[first, second] if (first, second) in found else found[second, first]
            assert exact == pytest.approx(numeric[i, j], abs=1e-6)


@given(qubit_programs(), st.integers(0, 2**16), st.sampled_from(["shift", "adjoint"]))
def test_optimising_a_derivative_keeps_it(program: Program, seed: int, method: str) -> None:
    values = values_for(program, seed)
    module = differentiate(program, WRT, method)
    optimised = Optimize(3)(module)
    assert isinstance(optimised, Shifted | Adjoint)
    assert np.allclose(_gradient(module, values), _gradient(optimised, values), rtol=0, atol=1e-10)


@given(qubit_programs(), st.integers(0, 2**16), st.integers(1, 3))
def test_optimising_first_keeps_value_and_gradient(program: Program, seed: int, level: int) -> None:
    values = values_for(program, seed)
    optimised = Optimize(level)(program)
    assert isinstance(optimised, Program)
    assert _value(optimised, values) == pytest.approx(_value(program, values), abs=1e-10)
    before, after = (_gradient(differentiate(p, WRT, "shift"), values) for p in (program, optimised))
    assert np.allclose(before, after, rtol=0, atol=1e-10)


def _gradient(module: Module, values: Values) -> NDArray[np.float64]:
    assert isinstance(module, Shifted | Adjoint)
    wanted = [bool(component.wrt) for component in module.components]
    results = evaluate(module, values, Options())
    return np.array([result[0] for result, wants in zip(results, wanted, strict=True) if wants])


def _value(program: Program, values: Values) -> float:
    return float(run(program, values, Options())[0][0])


def _finite_differences(program: Program, values: Values) -> NDArray[np.float64]:
    names = [str(element) for p in program.parameters for element in p.elements()]
    return np.array([_central(lambda v: np.array(_value(program, v)), values, name) for name in names])


def _central(function: Callable[[Values], Any], values: Values, name: str, step: float = 1e-4) -> NDArray[np.float64]:
    """The slope to fourth order: second order is too coarse for angles that turn much faster than parameters."""
    near, far = (function(_moved(values, name, k * step)) - function(_moved(values, name, -k * step)) for k in (1, 2))
    return np.asarray((8 * near - far) / (12 * step))


def _moved(values: Values, name: str, step: float) -> Values:
    base, _, index = name.partition("[")
    moved = {key: np.array(value) for key, value in values.items()}
    if index:
        moved[base][int(index[:-1])] += step
    else:
        moved[base] = moved[base] + step
    return moved
