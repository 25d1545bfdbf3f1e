"""Density matrices against histories of state vectors, and against plain matrices that share no code with either."""

from __future__ import annotations

import numpy as np
import pytest
from dense import element_values, operator_matrix
from density import final_histories, mean_of_all_runs
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from random_programs import values_for
from selecting_programs import selecting_programs
from trained_texts import measured_texts

import qcompile as qc
from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse
from qcompile.ir import Covariance, Expectation, Probabilities, Program, Shifted, Variance
from qcompile.targets.simulator import Options, density, run
from qcompile.targets.simulator.options import BYTES, memory_limit

DENSITY, HISTORIES = Options(engine="density"), Options(engine="tensor")
EITHER = st.booleans()


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def outputs(source: Program, options: Options, values: dict[str, np.ndarray]) -> list[np.ndarray] | None:
    """None where the program is refused, as one that keeps no run is."""
    try:
        return [np.asarray(array) for array in run(source, values, options)]
    except CompileError:
        return None


@given(EITHER.flatmap(lambda noisy: EITHER.flatmap(lambda selects: measured_texts(noisy, selects))))
def test_blocks_equal_histories(text: str) -> None:
    """Would catch a channel, reset, branch or selection that acts on rows and columns in different ways."""
    source = program(text)
    values = {name: np.stack([value, value + 0.3]) for name, value in values_for(source, 5, 0.5).items()}
    found, expected = outputs(source, DENSITY, values), outputs(source, HISTORIES, values)
    assume(expected is not None)
    assert found is not None
    assert expected is not None
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)


@given(selecting_programs())
def test_blocks_equal_plain_matrices(source: Program) -> None:
    """Would catch what the histories get wrong too, and runs dropped that count, or count twice."""
    values = values_for(source, 3)
    elements = element_values(source, values)
    kept = sum(float(np.trace(rho).real) for rho in final_histories(source, elements).values())
    assume(kept > 1e-6)
    for output, found in zip(source.outputs, run(source, values, DENSITY), strict=True):
        if isinstance(output, Expectation):
            mean = mean_of_all_runs(source, output.observable.operator, elements)
            np.testing.assert_allclose(found, mean if output.unnormalised else mean / kept, rtol=0, atol=1e-9)


TEXT = """qubit q[3]; bit c[2]; param t[3]; ry(t[0]) q[0]; depolarizing(0.1) q[0]; cx q[0], q[1]; ry(t[1]) q[1];
    amplitude_damping(0.2) q[1]; c[0] = measure q[0]; if (c[0]) { h q[2]; phase_damping(0.3) q[2]; }
    else { rx(t[2]) q[2]; } cy q[1], q[2]; reset q[0]; rx(0.3) q[0]; bit_phase_flip(0.2) q[2]; """
RETURNS = (
    "return expect(X[0] Y[1] + 0.5*Y[2] - Z[0] Z[2]), var(Y[1] + Z[2] X[0]), cov(X[2], Y[2] + Z[1]), probs(q[2], q[0]);"
)


def test_every_output_against_plain_matrices() -> None:
    """Would catch a letter Y with the wrong sign, an order of products, or wires out of order."""
    source = program(TEXT + RETURNS)
    values = {"t": np.array([0.7, 1.1, 0.4])}
    rho = sum(final_histories(source, element_values(source, values)).values())
    for output, found in zip(source.outputs, run(source, values, DENSITY), strict=True):
        match output:
            case Expectation(observable):
                expected = np.trace(operator_matrix(observable.operator, 3) @ rho)
            case Variance(observable):
                matrix = operator_matrix(observable.operator, 3)
                expected = np.trace(matrix @ matrix @ rho) - np.trace(matrix @ rho) ** 2
            case Covariance(left, right):
                a, b = operator_matrix(left.operator, 3), operator_matrix(right.operator, 3)
                expected = np.trace((a @ b + b @ a) @ rho) / 2 - np.trace(a @ rho) * np.trace(b @ rho)
            case Probabilities():
                expected = np.einsum("abcabc->ca", np.asarray(rho).reshape((2,) * 6)).ravel()
            case _:
                raise AssertionError
        real: NDArray[np.float64] = np.real(expected)
        np.testing.assert_allclose(found[0], real, rtol=0, atol=1e-12)


def test_shots_are_those_of_the_matrix() -> None:
    """Would catch a basis turned on one side only, and cells that belong to another history than the outcome."""
    source = program(TEXT + "c[1] = measure q[1]; " + RETURNS[:-1] + ", samples(q[2], c[0], c[1]);")
    exact = run(program(TEXT + "c[1] = measure q[1]; " + RETURNS), {"t": [0.7, 1.1, 0.4]}, HISTORIES)
    found = run(source, {"t": [0.7, 1.1, 0.4]}, Options(engine="density", shots=40_000, seed=3))
    for one, other in zip(found, exact, strict=False):
        np.testing.assert_allclose(one, other, rtol=0, atol=0.03)
    samples = run(source, {"t": [0.7, 1.1, 0.4]}, Options(engine="tensor", shots=40_000, seed=4))[-1][0]
    seen, drawn = (np.bincount(table @ [4, 2, 1], minlength=8) / 40_000 for table in (samples, found[-1][0]))
    np.testing.assert_allclose(seen, drawn, rtol=0, atol=0.015)


def test_a_seed_gives_the_same_shots() -> None:
    """Would catch randomness from elsewhere than the seed."""
    options = Options(engine="density", shots=50, seed=9)
    first, second = (run(program(TEXT + RETURNS), {"t": np.zeros((3, 3))}, options) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("qubits", [13, 40, 10**9])
def test_a_matrix_that_does_not_fit_is_refused(qubits: int) -> None:
    """Would catch memory that is taken before it is asked for."""
    if 4 * BYTES * 4.0 ** min(qubits, 100) <= memory_limit():
        return
    with pytest.raises(CompileError) as caught:
        run(program(f"qubit q[{qubits}]; h q[0]; return expect(Z[0]);"), {}, DENSITY)
    assert caught.value.diagnostics[0].code is Code.TOO_LARGE


@pytest.mark.parametrize("text", ["qumode m; return expect(x[0]);", "qubit q; h q; return state();"])
def test_what_has_no_density_matrix_here_is_refused(text: str) -> None:
    """Would catch qumodes taken for qubits, and a column of the matrix passed off as a state."""
    with pytest.raises(CompileError) as caught:
        run(program(text), {}, DENSITY)
    assert caught.value.diagnostics[0].code is Code.NOT_SIMULABLE


def test_a_selection_that_nothing_passes_is_refused() -> None:
    """Would catch a quotient of what rounding left: two Hadamard gates leave 1e-17 of the other level."""
    with pytest.raises(CompileError) as caught:
        run(program("qubit q; bit c; h q; h q; c = measure q; postselect c; return expect(X[0]);"), {}, DENSITY)
    assert caught.value.diagnostics[0].code is Code.NOT_SIMULABLE


NOISY = """qubit q[4]; param w[4]; for i in 0:4 { ry(w[i]) q[i]; depolarizing(0.1) q[i]; }
    cx q[0], q[1]; return expect(Z[1]);"""


def test_auto_takes_density_matrices_of_noisy_programs() -> None:
    """Would catch 4⁶ histories made and merged where one matrix does, and a gradient swept back through them."""
    assert density.is_cheaper(program(NOISY))
    assert not density.is_cheaper(program("qubit q[4]; h q[0]; bit_flip(0.1) q[0]; return expect(Z[0]);"))
    assert not density.is_cheaper(program(NOISY.replace("expect(Z[1])", "state()")))
    value, gradient = qc.value_and_grad(program(NOISY))(w=[0.1, 0.2, 0.3, 0.4])
    swept = qc.value_and_grad(program(NOISY), "adjoint")(w=[0.1, 0.2, 0.3, 0.4])
    assert isinstance(qc.value_and_grad(program(NOISY)).derivative, Shifted)
    np.testing.assert_allclose(value, swept[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(gradient["w"], swept[1]["w"], rtol=0, atol=1e-12)


def test_more_noise_than_histories_can_tell() -> None:
    """Would catch a program refused for its histories: 1 − p multiplies each qubit's ⟨Z⟩, CX these."""
    turned = "".join(f"ry(0.3) q[{k}]; depolarizing(0.2) q[{k}]; cx q[{k}], q[6];" for k in range(6))
    (found,) = run(program(f"qubit q[7]; {turned} return expect(Z[6]);"), {})
    np.testing.assert_allclose(found, (0.8 * np.cos(0.3)) ** 6, rtol=0, atol=1e-12)


def test_a_rotation_by_a_long_word() -> None:
    """Would catch Y* = −Y forgotten on the columns, where a word is applied without its matrix."""
    text = """qubit q[5]; param t; ry(0.3) q; rx(0.4) q;
        pauli[XYZYY](t) q[0], q[1], q[2], q[3], q[4]; bit_flip(0.1) q[2];
        ctrl @ pauli[YXYX](t) q[1], q[0], q[2], q[3], q[4]; return expect(X[0] Z[1] + Y[2] Y[3] Z[4] + Z[0] X[4]);"""
    (found,), (expected,) = (run(program(text), {"t": 0.7}, options) for options in (DENSITY, HISTORIES))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
