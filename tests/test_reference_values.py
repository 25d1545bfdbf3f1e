"""Values computed elsewhere: diagonalisation, quantum chemistry (PySCF 2.14, FCI in STO-3G), closed forms."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, eigsh

from qcompile.angle import Angle, number
from qcompile.gates import TABLE
from qcompile.grammar import parse
from qcompile.ir import Expectation, Observable, Op, Program, Register, Shifted
from qcompile.operator import Operator, collect
from qcompile.passes.differentiate import differentiate
from qcompile.products import hessian
from qcompile.run import simulate, value_and_grad

MOLECULES: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "hamiltonians.json").read_text(encoding="utf-8")
)
SMALL = "qubit q[2]; param a; param b; param c; rx(a) q[0]; ry(b) q[1]; cx q[0], q[1]; rx(c) q[1]; return {};"
SMALL_VALUES = {"a": 0.1, "b": 0.2, "c": 0.3}
RING = """
qubit q[6]; param gamma[{p}]; param beta[{p}];
h q;
for l in 0:{p} {{ for i in 0:6 {{ rzz(2*gamma[l]) q[i], q[i - 5]; }} rx(2*beta[l]) q; }}
return expect(Z[0] Z[1] + Z[1] Z[2] + Z[2] Z[3] + Z[3] Z[4] + Z[4] Z[5] + Z[0] Z[5]);
"""


def _program(text: str) -> Program:
    program = parse(text)
    assert isinstance(program, Program)
    return program


def _hamiltonian(name: str) -> Operator:
    """The molecule's operator: character k of a word acts on qubit k (Jordan-Wigner, nuclear repulsion included)."""
    return collect(
        ((number(value), Angle()), tuple((letter, wire) for wire, letter in enumerate(letters) if letter != "I"))
        for letters, value in MOLECULES[name]["terms"].items()
    )[0]


def _applied(operator: Operator, state: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """O|ψ⟩ by flipping and signing axes, written apart from the simulator's own."""
    wires = int(math.log2(state.size))
    total = np.zeros(state.size, dtype=complex)
    for word, coefficient in operator.terms:
        part = state.reshape((2,) * wires).astype(complex)
        for letter, wire in word:
            sign = np.array([1, -1]).reshape([2 if axis == wire else 1 for axis in range(wires)])
            part = part if letter == "X" else part * (sign if letter == "Z" else 1j * sign)
            part = part if letter == "Z" else np.flip(part, axis=wire)
        total += float(coefficient) * part.ravel()
    return total


@pytest.mark.parametrize("name", ["h2_0.7414", "h2_0.735_tapered", "lih_1.546"])
def test_lowest_eigenvalue_of_a_molecule(name: str) -> None:
    """Catches a word read on the wrong wire, a lost term, a sign of Y."""
    operator, size = _hamiltonian(name), 2 ** MOLECULES[name]["qubits"]
    if size == 2:
        matrix = np.array([_applied(operator, row) for row in np.eye(2)]).T
        lowest = np.linalg.eigvalsh(matrix)[0]
    else:
        linear = LinearOperator((size, size), matvec=lambda v: _applied(operator, np.ravel(v)), dtype=complex)
        lowest = eigsh(linear, k=1, which="SA", v0=np.eye(1, size, size - 1)[0] + 0.01, return_eigenvectors=False)[0]
    assert lowest == pytest.approx(MOLECULES[name]["exact"], abs=1e-7)


@pytest.mark.parametrize(
    ("name", "electrons", "energy"), [("h2_0.7414", 2, -1.1166843871), ("lih_1.546", 4, -7.8631336887)]
)
def test_hartree_fock_energies(name: str, electrons: int, energy: float) -> None:
    body = tuple(Op(TABLE["x"], (wire,)) for wire in range(electrons))
    register = Register("q", "qubit", MOLECULES[name]["qubits"])
    program = Program((register,), (), (), body, (Expectation(Observable(_hamiltonian(name))),))
    assert simulate(program)() == pytest.approx(energy, abs=1e-7)


def test_helium_hydride_stays_in_its_two_electron_sector() -> None:
    """The global minimum, -3.109, has three electrons; excitations that keep the number reach FCI instead."""
    operator = _hamiltonian("heh+_0.9")
    pairs = [k for k in range(16) if k.bit_count() == 2]
    matrix = np.array([_applied(operator, np.eye(16)[k]) for k in pairs])[:, pairs]
    assert np.linalg.eigvalsh(matrix)[0] == pytest.approx(-2.8626175788, abs=1e-8)


def test_maxcut_on_the_six_ring() -> None:
    energy = value_and_grad(_program(RING.format(p=1)))
    value, gradient = energy(gamma=[0.3], beta=[0.4])
    assert value == pytest.approx(2.794925002007311, abs=1e-12)
    assert gradient["gamma"][0] == pytest.approx(4.34643895, abs=1e-8)
    assert gradient["beta"][0] == pytest.approx(-0.32658115, abs=1e-8)


def test_maxcut_on_the_cube_reaches_the_closed_form() -> None:
    """Triangle-free 3-regular graphs at p = 1: 0.6924500897 of each edge, 8.30940108 of 12 at γ = 0.61548."""
    edges = [tuple(sorted(edge)) for edge in nx.convert_node_labels_to_integers(nx.hypercube_graph(3)).edges]
    cost = " ".join(f"rzz(-gamma) q[{a}], q[{b}];" for a, b in edges)
    total = " + ".join(f"Z[{a}] Z[{b}]" for a, b in edges)
    program = _program(f"qubit q[8]; param gamma; param beta; h q; {cost} rx(2*beta) q; return expect({total});")
    cut = (12 - simulate(program)(gamma=0.61547970867, beta=math.pi / 8)) / 2
    assert cut == pytest.approx(8.30940108, abs=1e-7)
    assert cut / 12 == pytest.approx(0.6924500897, abs=1e-8)


@pytest.mark.parametrize("method", ["shift", "adjoint"])
def test_small_circuit_value_and_gradient(method: str) -> None:
    value, gradient = value_and_grad(_program(SMALL.format("expect(Z[1])")), method)(**SMALL_VALUES)
    assert value == pytest.approx(0.9316157966884512, abs=1e-14)
    assert [gradient[name] for name in "abc"] == pytest.approx([-0.09347337, -0.18884787, -0.28818254], abs=1e-8)


@pytest.mark.parametrize("method", ["shift", "adjoint"])
def test_small_circuit_variance_and_its_gradient(method: str) -> None:
    value, gradient = value_and_grad(_program(SMALL.format("var(Z[1])")), method)(**SMALL_VALUES)
    assert value == pytest.approx(0.13209200736, abs=1e-11)
    assert [gradient[name] for name in "abc"] == pytest.approx([0.17416253, 0.35186732, 0.53695081], abs=1e-8)


def test_small_circuit_probability_gradient() -> None:
    _, gradient = value_and_grad(_program(SMALL.format("probs(q[1])")))(**SMALL_VALUES)
    of_one = [gradient[name][1] for name in "abc"]
    assert of_one == pytest.approx([0.04673668, 0.09442394, 0.14409127], abs=1e-8)


def test_small_circuit_hessian() -> None:
    expected = [
        [-0.9316158, 0.01894799, 0.0289147],
        [0.01894799, -0.9316158, 0.05841749],
        [0.0289147, 0.05841749, -0.9316158],
    ]
    assert np.allclose(hessian(_program(SMALL.format("expect(Z[1])")))(**SMALL_VALUES), expected, rtol=0, atol=1e-7)


def test_second_derivative_of_one_rotation_takes_two_values() -> None:
    """{1}: -1/2 at 0 and +1/2 at π; rows a period apart that did not merge would make it three."""
    twice = differentiate(differentiate(_program("qubit q; param t; rx(t) q; return expect(Z[0]);")))
    assert isinstance(twice, Shifted)
    second = next(c for c in twice.components if len(c.wrt) == 2)
    rows = {str(dict(twice.rows[r.evaluations[0].row].settings)): float(r.weight) for r in second.readings}
    assert sorted(rows.values()) == [-0.5, 0.5]


LIGHT = "qumode m[2]; param r; param theta; displace(r, 0) m[0]; {} return expect(n[0]);"


@pytest.mark.parametrize("method", ["shift", "adjoint"])
@pytest.mark.parametrize("engine", ["gaussian", "tensor"])
def test_displaced_light(method: str, engine: Any) -> None:
    """⟨n⟩ = α² = 0.25 with slope 1; behind a beam splitter the values of `beamsplit(0.3, 0)` with vacuum."""
    plain = value_and_grad(_program(LIGHT.format("rotate(theta) m[1];")), method, engine=engine, cutoff=16)
    value, gradient = plain(r=0.5, theta=0.0)
    assert value == pytest.approx(0.25, abs=1e-9)
    assert gradient["r"] == pytest.approx(1.0, abs=1e-8)
    split = value_and_grad(_program(LIGHT.format("beamsplit(theta, 0) m[0], m[1];")), method, engine=engine, cutoff=16)
    value, gradient = split(r=0.5, theta=0.3)
    assert value == pytest.approx(0.22816695186, abs=1e-9)
    assert gradient["r"] == pytest.approx(0.9126678075, abs=1e-8)
    assert gradient["theta"] == pytest.approx(-0.1411606183, abs=1e-8)


def test_a_program_called_three_times_returns_the_same_value() -> None:
    """State kept between calls is a fault that a released Gaussian simulator has."""
    energy = simulate(_program(LIGHT.format("")))
    assert [energy(r=0.5, theta=0.0) for _ in range(3)] == pytest.approx([0.25, 0.25, 0.25], abs=1e-12)


@pytest.mark.parametrize("method", ["shift", "adjoint"])
@pytest.mark.parametrize(
    ("text", "x", "slope"),
    [
        ("qubit q; param x; ry(x) q; ry(x) q; return expect(Z[0]);", 0.4, -1.4347121817),
        ("qubit q[2]; param x; h q[0]; cry(x) q[0], q[1]; return expect(X[0]);", 0.4, -0.0993346654),
    ],
)
def test_gradients_that_released_tools_get_wrong(method: str, text: str, x: float, slope: float) -> None:
    """A shared parameter, and a controlled rotation, which has two frequencies."""
    _, gradient = value_and_grad(_program(text), method)(x=x)
    assert gradient["x"] == pytest.approx(slope, abs=1e-8)


def test_feed_forward_gradient() -> None:
    program = _program("""
        qubit q[2]; bit c; param x; ry(0.7) q[0]; rx(0.3) q[1];
        c = measure q[0]; if (c) { rx(x) q[1]; }
        return expect(Z[1]);
    """)
    _, gradient = value_and_grad(program)(x=0.4)
    assert gradient["x"] == pytest.approx(-0.07574641, abs=1e-8)


@pytest.mark.parametrize(
    ("text", "x", "second"),
    [
        ("qubit q; param x; ry(1.2) q; rx(x) q; return expect(Y[0]);", 3.4, -0.09259729990693708),
        ("qubit q; param x; rx(x**2) q; return expect(Z[0]);", 0.7, -2.6706241792181538),
    ],
)
def test_second_derivatives_that_released_tools_get_wrong(text: str, x: float, second: float) -> None:
    assert hessian(_program(text))(x=x) == pytest.approx(second, abs=1e-10)


def test_small_circuit_fubini_study_metric() -> None:
    """The metric is −½ of the Hessian of |⟨ψ(φ)|ψ(θ)⟩|² at φ = θ: second derivatives of a probability."""
    overlap = _program("""
        qubit q[2]; param a; param b; param c; input d; input e; input f;
        rx(a) q[0]; ry(b) q[1]; cx q[0], q[1]; rx(c) q[1];
        rx(-f) q[1]; cx q[0], q[1]; ry(-e) q[1]; rx(-d) q[0];
        return probs(q);
    """)
    second = hessian(overlap)(**SMALL_VALUES, d=0.1, e=0.2, f=0.3)
    metric = -0.5 * second[..., 0]
    assert np.allclose(np.diag(metric), [0.25, 0.25, 0.24013262], rtol=0, atol=1e-8)
    assert np.allclose(metric, np.diag(np.diag(metric)), rtol=0, atol=1e-12)
