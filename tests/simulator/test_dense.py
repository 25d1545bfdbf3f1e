"""Random qubit circuits against matrices built here: exponentials of Kronecker products, written out over the basis."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm

from qcompile.angle import Element, number, parameter
from qcompile.gates import TABLE, Gate, pauli_rotation
from qcompile.ir import Expectation, Observable, Op, Parameter, Probabilities, Program, Register, State, Variance
from qcompile.operator import Operator, operator
from qcompile.targets.simulator import Options, run
from qcompile.targets.simulator.tensor import apply_all, dagger
from qcompile.targets.simulator.tensor_gates import maps_of

Matrix = NDArray[np.complex128]
WIRES = 5
PAULI: dict[str, Matrix] = {
    "I": np.eye(2, dtype=complex),
    "X": np.array([[0, 1], [1, 0]], dtype=complex),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1.0 + 0j, -1.0]),
}
GATES = [
    *(gate for gate in TABLE.values() if "qumode" not in gate.wires and (gate.generator or gate.matrix)),
    pauli_rotation("XYZXY"),
    pauli_rotation("ZIX"),
]


def operator_matrix(op: Operator, wires: int) -> Matrix:
    total = np.zeros((2**wires, 2**wires), dtype=complex)
    for word, coefficient in op.terms:
        letters = {wire: letter for letter, wire in word}
        matrix = np.eye(1, dtype=complex)
        for wire in range(wires):
            matrix = np.kron(matrix, PAULI[letters.get(wire, "I")])
        total += float(coefficient) * matrix
    return total


def gate_matrix(gate: Gate, angle: float, inverse: bool) -> Matrix:
    if gate.matrix is not None:
        matrix = np.array(gate.matrix, dtype=complex)
    elif gate.generator is not None:
        matrix = np.asarray(expm(-1j * angle * operator_matrix(gate.generator, len(gate.wires))), dtype=complex)
    else:
        raise AssertionError(gate.name)
    return matrix.conj().T if inverse else matrix


def embedded(op: Op, angle: float) -> Matrix:
    """The op on all wires, column by column over the computational basis."""
    small = gate_matrix(op.gate, angle, op.inverse)
    total = np.zeros((2**WIRES, 2**WIRES), dtype=complex)
    for column in range(2**WIRES):
        bits = [(column >> (WIRES - 1 - wire)) & 1 for wire in range(WIRES)]
        if any(bits[wire] != int(on) for wire, on in zip(op.wires, op.controls, strict=False)):
            total[column, column] = 1
            continue
        inner = int("0" + "".join(str(bits[wire]) for wire in op.targets), 2)
        for row in range(len(small)):
            changed = list(bits)
            for place, wire in enumerate(op.targets):
                changed[wire] = (row >> (len(op.targets) - 1 - place)) & 1
            total[int("".join(map(str, changed)), 2), column] += small[row, inner]
    return total


def random_ops(rng: np.random.Generator, count: int) -> list[Op]:
    ops: list[Op] = []
    for k in range(count):
        gate = GATES[rng.integers(len(GATES))]
        controls = tuple(bool(b) for b in rng.integers(2, size=rng.integers(0, min(2, WIRES - len(gate.wires)) + 1)))
        wires = tuple(int(w) for w in rng.permutation(WIRES)[: len(gate.wires) + len(controls)])
        angles = (parameter("w", k),) if gate.parameters else ()
        ops.append(Op(gate, wires, angles, controls, bool(rng.integers(2))))
    return ops


@pytest.mark.parametrize("seed", range(12))
def test_random_circuits_have_the_states_of_their_matrices(seed: int) -> None:
    """Would catch a wrong wire order, control polarity, inverse, phase or row of the batch in any gate of the table."""
    rng = np.random.default_rng(seed)
    ops = random_ops(rng, 14)
    angles = rng.normal(size=(3, len(ops)))
    observable = Observable(operator((0.7, "X0 Y1 Z4"), (-0.4, "Z2"), (0.3, "Y3 X4"), (0.2, "")))
    outputs = (State(), Expectation(observable), Variance(observable), Probabilities((3, 0)))
    program = Program((Register("q", "qubit", WIRES),), (Parameter("w", len(ops)),), (), tuple(ops), outputs)
    states, means, variances, probabilities = run(program, {"w": angles})
    matrix = operator_matrix(observable.operator, WIRES)
    for row in range(3):
        state = np.zeros(2**WIRES, dtype=complex)
        state[0] = 1
        for k, op in enumerate(ops):
            state = embedded(op, angles[row, k]) @ state
        mean = np.vdot(state, matrix @ state).real
        levels = np.einsum("abcde->da", np.abs(state.reshape((2,) * WIRES)) ** 2).ravel()
        assert np.allclose(states[row], state, rtol=0, atol=1e-12)
        assert np.isclose(means[row], mean, rtol=0, atol=1e-12)
        assert np.isclose(variances[row], np.vdot(state, matrix @ matrix @ state).real - mean**2, rtol=0, atol=1e-12)
        assert np.allclose(probabilities[row], levels, rtol=0, atol=1e-12)


def test_an_adjoint_map_undoes_its_map() -> None:
    """Would catch a bra pulled back by the map itself, in any form that a map has."""
    rng = np.random.default_rng(0)
    elements = {Element("w", k): rng.normal(size=3) for k in range(200)}
    start = rng.normal(size=(3, *(2,) * WIRES)) + 1j * rng.normal(size=(3, *(2,) * WIRES))
    maps = maps_of(random_ops(rng, 200), elements, 2)
    assert {type(action).__name__ for action in maps} == {"Dense", "Diagonal", "Monomial", "WordRotation", "Controlled"}
    state = apply_all(maps, start)
    assert np.allclose(apply_all([dagger(action) for action in reversed(maps)], state), start, rtol=0, atol=1e-11)


def test_a_batch_equals_its_rows_one_by_one() -> None:
    """Would catch rows that mix, also where the batch is cut into parts (2¹⁸ amplitudes at a time)."""
    ops = (
        Op(TABLE["ry"], (0,), (parameter("a"),)),
        *(Op(TABLE["cx"], (wire, wire + 1)) for wire in range(8)),
        Op(TABLE["crx"], (8, 3), (parameter("a") * number(2.0),)),
    )
    output = Expectation(Observable(operator((1.0, "Z3"), (0.5, "X0 X8"))))
    program = Program((Register("q", "qubit", 9),), (Parameter("a"),), (), ops, (output,))
    angles = np.linspace(-3, 3, 1030)
    (together,) = run(program, {"a": angles})
    apart = [run(program, {"a": angle}, Options())[0][0] for angle in angles[::103]]
    assert np.allclose(together[::103], apart, rtol=0, atol=1e-14)
    assert together.shape == (1030,)
