"""A program as a function of arrays, held against calls by name, differences and Hessians."""

from typing import Any

import numpy as np
import pytest
from layer_programs import PROGRAMS, TWICE
from numpy.typing import NDArray

import qcompile as qc
from qcompile.diagnostics import Code
from qcompile.entries import named
from qcompile.layers.evaluator import Evaluator

Array = NDArray[Any]
ALL = pytest.mark.parametrize("program", PROGRAMS, indirect=True)
WITH_SECOND = pytest.mark.parametrize("program", TWICE, indirect=True)
STEP = 1e-5
pytestmark = pytest.mark.filterwarnings("ignore::qcompile.LeakageWarning")


def rows_of(evaluator: Evaluator, batch: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-0.4, 0.4, (batch, len(evaluator.entries)))


@ALL
@pytest.mark.parametrize("batch", [0, 1, 3])
def test_values_are_those_of_a_call_by_name(program: qc.Program, batch: int) -> None:
    """Would catch columns or outputs out of order, and a batch of one or none taken for something else."""
    evaluator = Evaluator.of(program)
    x = rows_of(evaluator, batch)
    found = evaluator.values(x)
    assert found.shape == (batch, evaluator.width)
    for row, values in zip(x, found, strict=True):
        named_values = named(program.parameters, row) if program.parameters else {}
        expected = qc.simulate(program)(**named_values)
        parts: list[Any] = list(expected) if len(program.outputs) > 1 else [expected]
        assert np.allclose(values, np.hstack(parts), atol=1e-12)


@ALL
@pytest.mark.parametrize("batch", [0, 1, 3])
def test_the_jacobian_is_the_slope_of_the_values(program: qc.Program, batch: int) -> None:
    """Would catch a derivative in the wrong column, or of the wrong output."""
    evaluator = Evaluator.of(program)
    x = rows_of(evaluator, batch)
    values, jacobian = evaluator.values_and_jacobian(x)
    assert np.allclose(values, evaluator.values(x), atol=1e-12)
    steps = STEP * np.eye(len(evaluator.entries))
    slopes = [(evaluator.values(x + step) - evaluator.values(x - step)) / (2 * STEP) for step in steps]
    assert jacobian.shape == (batch, evaluator.width, len(evaluator.entries))
    for column, slope in enumerate(slopes):
        assert np.abs(jacobian[:, :, column] - slope).max(initial=0) < 1e-8


@ALL
@pytest.mark.parametrize("batch", [0, 1, 3])
def test_products_are_those_with_the_jacobian(program: qc.Program, batch: int) -> None:
    """Would catch an observable of all outputs together whose coefficients are not the cotangents."""
    evaluator, random = Evaluator.of(program), np.random.default_rng(1)
    x = rows_of(evaluator, batch)
    cotangents, tangents = random.normal(size=(batch, evaluator.width)), random.normal(size=x.shape)
    _, jacobian = evaluator.values_and_jacobian(x)
    assert np.allclose(evaluator.pullback(x, cotangents), np.einsum("bo,boe->be", cotangents, jacobian), atol=1e-11)
    assert np.allclose(evaluator.pushforward(x, tangents), np.einsum("boe,be->bo", jacobian, tangents), atol=1e-11)


@WITH_SECOND
@pytest.mark.parametrize("batch", [0, 1, 3])
def test_second_derivatives_are_the_slopes_of_the_gradient(program: qc.Program, batch: int) -> None:
    """Would catch what a variance or a coefficient adds to second derivatives left out."""
    evaluator, random = Evaluator.of(program), np.random.default_rng(1)
    x = rows_of(evaluator, batch)
    cotangents, tangents = random.normal(size=(batch, evaluator.width)), random.normal(size=x.shape)
    after, before = (evaluator.pullback(x + sign * STEP * tangents, cotangents) for sign in (1, -1))
    found = evaluator.second(x, cotangents, tangents)
    assert found.shape == x.shape
    assert np.abs(found - (after - before) / (2 * STEP)).max(initial=0) < 1e-7


@pytest.mark.parametrize("program", ["shared", "bent"], indirect=True)
def test_second_derivatives_are_those_of_the_hessian(program: qc.Program) -> None:
    """Would catch a tangent of the adjoint that differs from shifts twice, which share no mathematics."""
    evaluator = Evaluator.of(program)
    x = rows_of(evaluator, 2)
    hessian = qc.hessian(program, [p.name for p in program.parameters])(**named(program.parameters, x))
    ones = np.ones((2, 1))
    for column, direction in enumerate(np.eye(x.shape[1])):
        found = evaluator.second(x, ones, np.tile(direction, (2, 1)))
        assert np.abs(found - hessian[:, :, column]).max() < 1e-11


@pytest.mark.parametrize("program", ["shared", "gaussian", "fed forward"], indirect=True)
def test_shifts_give_what_the_adjoint_gives(program: qc.Program) -> None:
    """Would catch a method that the layer does not heed, or heeds in one place only."""
    evaluator, other = Evaluator.of(program), Evaluator.of(program, "shift")
    assert evaluator.sweeps
    assert not other.sweeps
    random = np.random.default_rng(2)
    x = rows_of(evaluator, 2)
    c, t = random.normal(size=(2, evaluator.width)), random.normal(size=x.shape)
    assert np.allclose(evaluator.pullback(x, c), other.pullback(x, c), atol=1e-10)
    assert np.allclose(evaluator.second(x, c, t), other.second(x, c, t), atol=1e-9)


@pytest.mark.parametrize("program", ["shared"], indirect=True)
def test_shots_are_drawn_from_the_seed(program: qc.Program) -> None:
    """Would catch settings that do not reach the engine."""
    noisy = Evaluator.of(program, shots=100, seed=7)
    x = rows_of(noisy, 2)
    assert np.array_equal(noisy.values(x), noisy.values(x))
    assert 1e-3 < np.abs(noisy.values(x) - Evaluator.of(program).values(x)).max() < 1
    assert not np.allclose(noisy.values_and_jacobian(x)[1], Evaluator.of(program).values_and_jacobian(x)[1], atol=1e-3)


@pytest.mark.parametrize("program", ["several"], indirect=True)
def test_columns_are_told_apart_by_role(program: qc.Program) -> None:
    """Would catch what is fed taken for what is trained."""
    evaluator = Evaluator.of(program)
    assert [str(element) for element in evaluator.entries] == ["w[0]", "w[1]", "w[2]", "a[0]", "a[1]"]
    assert np.array_equal(evaluator.trained, [0, 1, 2])
    assert np.array_equal(evaluator.fed, [3, 4])
    assert evaluator.outputs == (slice(0, 1), slice(1, 2), slice(2, 6), slice(6, 7), slice(7, 8))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("program", ["several"], indirect=True)
def test_what_is_not_finite_is_named(program: qc.Program, value: float) -> None:
    """Would catch a NaN that a training loop spreads to every parameter, or a message that names none."""
    evaluator = Evaluator.of(program)
    x = rows_of(evaluator, 3)
    x[1, 2] = value
    with pytest.raises(qc.CompileError, match=rf"`w\[2\]` is {value}") as caught:
        evaluator.values(x)
    assert caught.value.diagnostics[0].code is Code.BAD_VALUE
    with pytest.raises(qc.CompileError, match=r"give \(batch, 5\)"):
        evaluator.values(x[:, :4])


@pytest.mark.parametrize("returned", ["", "return samples(q);", "return state();"])
def test_a_layer_returns_numbers(returned: str) -> None:
    """Would catch a program without slopes that fails only when it is trained."""
    program = qc.parse(f"qubit q; param t; rx(t) q; {returned}")
    assert isinstance(program, qc.Program)
    with pytest.raises(qc.CompileError) as caught:
        Evaluator.of(program)
    assert caught.value.diagnostics[0].code is Code.NOT_DIFFERENTIABLE
