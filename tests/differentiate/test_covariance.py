"""Covariances: values against plain matrices and across engines, shots, derivatives, and the texts they come in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from dense import element_values, operator_matrix, unitary
from numpy.typing import NDArray

import qcompile as qc
from qcompile.ir import Covariance, Observable, Program, observables_of
from qcompile.operator import operator
from qcompile.passes import LightCone
from qcompile.targets.binding import bind_parameters

QUBITS = """qubit q[3]; param t; param w[2]; ry(t) q[0]; rx(w[0]) q[1]; cx q[0], q[1]; rzz(w[1]) q[1], q[2];
h q[2]; crx(t) q[2], q[0]; s q[1]; ry(0.4) q[2];"""
PAIRS = ("X[0], Y[0]", "Z[0] Z[1], X[1] + 0.5*Y[2]", "X[0] X[1], Y[0] Y[1]", "t*Z[0] - 0.3, w[1]*Z[0] + X[2]")
AT: dict[str, Any] = {"t": 0.7, "w": [0.3, -0.9]}
LIGHT = """qumode m[2]; param t; squeezed(t, 0.2) m[0]; coherent(0.4, 0.1) m[1]; beamsplit(0.4, t) m[0], m[1];
quadratic_phase(0.2) m[0];"""
LIGHT_PAIRS = ("x[0], p[0]", "x[0] + 0.5*x[1], x[1]", "n[0], x[1] - p[0]", "n[0], n[1]", "t*x[0], p[1] p[1]")


def program(text: str) -> Program:
    made = qc.parse(text)
    assert isinstance(made, Program)
    return made


def by_matrices(circuit: Program, values: dict[str, Any]) -> list[float]:
    """½⟨AB + BA⟩ − ⟨A⟩⟨B⟩ of each output, from dense matrices."""
    known = element_values(circuit, {name: np.asarray(value) for name, value in values.items()})
    count = len(circuit.kinds)
    psi = unitary(circuit.body, count, known)[:, 0]
    bound = bind_parameters(circuit, {element: float(value) for element, value in known.items()})
    found: list[float] = []
    for output in bound.outputs:
        a, b = (operator_matrix(observable.operator, count) for observable in observables_of(output))
        mean = [float(np.real(psi.conj() @ each @ psi)) for each in (a, b)]
        found.append(float(np.real(psi.conj() @ (a @ b + b @ a) @ psi)) / 2 - mean[0] * mean[1])
    return found


def central(function: Any, values: dict[str, float], name: str, h: float = 1e-3) -> NDArray[np.float64]:
    """Fourth-order finite differences."""

    def at(step: float) -> NDArray[np.float64]:
        return np.array(function(**{**values, name: values[name] + step}))

    result: NDArray[np.float64] = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
    return result


def test_values_are_those_of_matrices() -> None:
    """Would catch a product that is not symmetrised, or a mean that is left out."""
    circuit = program(QUBITS + "return " + ", ".join(f"cov({pair})" for pair in PAIRS) + ";")
    np.testing.assert_allclose(qc.simulate(circuit)(**AT), by_matrices(circuit, AT), atol=1e-12)


def test_of_an_operator_with_itself_it_is_the_variance() -> None:
    circuit = program(QUBITS + "observable A = X[0] + 0.5*Z[1] Y[2]; return cov(A, A), var(A);")
    both = qc.simulate(circuit)(**AT)
    assert both[0] == pytest.approx(both[1], abs=1e-13)


def test_of_a_mixture_it_has_the_spread_between_the_branches() -> None:
    """Would catch covariances of branches that are summed: these are 0 in each."""
    circuit = program("qubit q[2]; bit c; h q[0]; c = measure q[0]; if (c) { x q[1]; } return cov(Z[0], Z[1]);")
    assert qc.simulate(circuit)() == pytest.approx(1.0)


def test_gaussian_values_are_those_of_fock_space() -> None:
    """Would catch a symbol of AB that keeps its imaginary part, and images cut to different levels."""
    circuit = program(LIGHT + "return " + ", ".join(f"cov({pair})" for pair in LIGHT_PAIRS) + ";")
    exact = qc.simulate(circuit, engine="gaussian")(t=[0.3, -0.2])
    cut = qc.simulate(circuit, engine="tensor", cutoff=30)(t=[0.3, -0.2])
    np.testing.assert_allclose(exact, cut, atol=1e-7)
    assert np.abs(exact).min() > 1e-4


@pytest.mark.parametrize("method", ["shift", "auto"])
@pytest.mark.parametrize(("text", "pairs"), [(QUBITS, PAIRS), (LIGHT, LIGHT_PAIRS)])
def test_derivatives_are_those_of_finite_differences(text: str, pairs: tuple[str, ...], method: str) -> None:
    """Would catch a product rule that loses a factor, or coefficients that are taken as constants."""
    light = text == LIGHT
    circuit = program(text + "return " + ", ".join(f"cov({pair})" for pair in pairs) + ";")
    values: dict[str, Any] = {"t": 0.3} if light else AT
    slopes = [gradient["t"] for gradient in qc.gradient(circuit, method)(**values)]
    np.testing.assert_allclose(slopes, central(qc.simulate(circuit), values, "t"), rtol=0, atol=1e-8)


@pytest.mark.parametrize("text", [QUBITS + "return cov(Z[0], Z[1] + X[2]);", LIGHT + "return cov(x[0], x[1] - x[0]);"])
def test_shots_are_unbiased(text: str) -> None:
    """Of 3 shots each: would catch means of the same shots multiplied, which bias the result by a third."""
    circuit = program(text)
    values: dict[str, Any] = {"t": 0.7} if text.startswith(LIGHT) else AT
    rows = {**values, "t": np.full(3000, 0.7)}
    drawn = qc.simulate(circuit, shots=3, seed=3)(**rows)
    error = drawn.std() / np.sqrt(len(drawn))
    exact = qc.simulate(circuit)(**values)
    assert abs(drawn.mean() - exact) < 4 * error
    assert error < abs(exact) / 13


def test_two_quadratures_of_one_mode_have_no_joint_shots() -> None:
    """Would catch shots of x and p of one mode together, which no detector gives."""
    circuit = program("qumode m; return cov(x[0], p[0]);")
    with pytest.raises(qc.CompileError, match="QC0604"):
        qc.simulate(circuit, shots=10, seed=1, engine="gaussian")()


def test_texts_and_builders_say_the_same() -> None:
    """Would catch an order of the two that is lost, a name printed without its declaration, a cone of one of them."""
    b = qc.Builder()
    q = b.qubits("q", 3)
    b.h(q[0])
    b.x(q[2])
    b.covariance(b.observable("Z[0] + X[1]", "A"), "2*Z[2]")
    made = b.build()
    text = qc.to_text(made)
    assert "return cov(A, 2*Z[2]);" in text
    assert qc.parse(text) == made
    assert LightCone()(made) == made
    assert "cov(A, 2*Z[2])" in str(qc.draw(made))
    assert made.outputs == (
        Covariance(Observable(operator((1, "Z0"), (1, "X1")), "A"), Observable(operator((2, "Z2")))),
    )


def test_it_takes_two_observables() -> None:
    with pytest.raises(qc.CompileError, match=r"`cov` takes two observables, not 1"):
        qc.parse("qubit q; return cov(Z[0]);")
