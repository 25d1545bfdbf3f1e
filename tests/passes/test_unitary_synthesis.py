"""Matrices become ops whose product is the matrix, phase and all, by no more controlled gates than stated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pytest
from dense import Matrix, op_matrix, operator_matrix
from scipy.linalg import expm
from scipy.stats import unitary_group

from qcompile.angle import Element, Value, number, parameter
from qcompile.diagnostics import Code, CompileError
from qcompile.gates import TABLE, Gate, Kind
from qcompile.ir import Definition, Op, Parameter, Program, Register, Statement
from qcompile.operator import Operator, operator
from qcompile.passes import Legalize
from qcompile.passes.refinement import refined
from qcompile.passes.unitary_synthesis import LARGEST, controlled_gate_bound, ops_of

QUBIT: tuple[Kind, ...] = ("qubit",)
RNG = np.random.default_rng(11)
MATRICES = [gate for gate in TABLE.values() if gate.matrix is not None]
INTERACTIONS = [
    (0.3, 0.2, 0.1), (0.3, 0.2, -0.1), (0.0, 0.2, 0.1), (0.3, 0.0, 0.1), (0.3, 0.2, 0.0), (0.3, 0.0, 0.0),
    (0.0, 0.3, 0.0), (0.0, 0.0, 0.3), (np.pi / 4, 0.0, 0.0), (0.0, -np.pi / 4, 0.0), (0.0, 0.0, np.pi / 4),
    (np.pi / 4, np.pi / 4, 0.0), (np.pi / 4, np.pi / 4, np.pi / 4), (1.9, -2.3, 0.9), (np.pi / 2, np.pi, -np.pi / 2),
    (0.2, 0.2, 0.2), (np.pi / 8, -np.pi / 8, np.pi / 8), (1e-9, 1e-5, 0.3),
]  # fmt: skip


def unitary(ops: Iterable[Statement], wires: int, values: Mapping[Element, Value]) -> Matrix:
    """The product of the ops, wire 0 most significant."""
    total = np.eye(2**wires, dtype=complex).reshape((2,) * wires + (-1,))
    for op in ops:
        assert isinstance(op, Op)
        count = len(op.wires)
        tensor = op_matrix(op, values).reshape((2,) * (2 * count))
        total = np.moveaxis(
            np.tensordot(tensor, total, axes=(range(count, 2 * count), op.wires)), range(count), op.wires
        )
    return total.reshape(2**wires, 2**wires)


def random_unitary(size: int) -> Matrix:
    return np.asarray(unitary_group.rvs(size, random_state=RNG), dtype=complex)


def local(qubits: int) -> Matrix:
    total = np.eye(1, dtype=np.complex128)
    for _ in range(qubits):
        total = np.asarray(np.kron(total, random_unitary(2)), dtype=np.complex128)
    return total


def entangling(ops: list[Op]) -> int:
    return sum(len(op.wires) > 1 for op in ops)


def assert_synthesised(matrix: Matrix, most: int | None = None) -> list[Op]:
    qubits = len(matrix).bit_length() - 1
    ops = list(ops_of(matrix, range(qubits)))
    np.testing.assert_allclose(unitary(ops, qubits, {}), matrix, rtol=0, atol=1e-10)
    assert entangling(ops) <= (controlled_gate_bound(qubits) if most is None else most)
    return ops


@pytest.mark.parametrize("qubits", [0, 1, 2, 3, 4, 5])
def test_random_unitaries(qubits: int) -> None:
    """Would catch a wrong sign or wire in the recursion, a phase lost on the way down, a count above the one stated."""
    for _ in range(1 if qubits > 3 else 6):
        assert_synthesised(random_unitary(2**qubits))


@pytest.mark.parametrize("gate", MATRICES, ids=lambda gate: gate.name)
def test_the_tables_own_matrices(gate: Gate) -> None:
    """Would catch equal eigenvalues, zeros and permutations, which random matrices have not."""
    assert_synthesised(np.array(gate.matrix, dtype=complex))


@pytest.mark.parametrize("angles", INTERACTIONS, ids=str)
def test_every_kind_of_interaction(angles: tuple[float, ...]) -> None:
    """Would catch a corner of the Weyl chamber taken for another: between random local gates, of determinant any."""
    words = operator(*((angle, f"{letter}0 {letter}1") for angle, letter in zip(angles, "XYZ", strict=True)))
    middle = np.asarray(expm(1j * operator_matrix(words, 2)), dtype=np.complex128)
    assert_synthesised(middle)
    assert_synthesised(local(2) @ middle @ local(2))


@pytest.mark.parametrize(("name", "count"), [("cx", 1), ("cz", 1), ("ch", 1), ("iswap", 2), ("swap", 3), ("ecr", 1)])
def test_well_known_gates_are_not_dearer_than_they_are(name: str, count: int) -> None:
    """Would catch three controlled gates where one or two do."""
    ops = assert_synthesised(np.array(TABLE[name].matrix, dtype=complex))
    assert entangling(ops) == count


def test_what_is_local_or_diagonal_stays_cheap() -> None:
    """Would catch the general circuit spent on a product, on a gate under controls, or on phases."""
    assert_synthesised(local(3), 12)
    assert_synthesised(local(2), 0)
    phases = np.exp(1j * RNG.uniform(0, 6, 8))
    assert_synthesised(np.array(np.diag(phases), dtype=np.complex128), 6)
    assert_synthesised(np.eye(16, dtype=complex), 0)
    assert_synthesised(np.eye(16, dtype=complex)[RNG.permutation(16)])


@pytest.mark.parametrize("controls", [(), (True,), (False, True)], ids=str)
@pytest.mark.parametrize("inverse", [False, True])
def test_a_matrix_gate_is_said_in_every_language(controls: tuple[bool, ...], inverse: bool) -> None:
    """Would catch a control or an inverse lost, and wires in another order than the gate's."""
    matrix = random_unitary(4)
    gate = Gate("mine", ("qubit", "qubit"), matrix=tuple(tuple(map(complex, row)) for row in matrix))
    wires = (2, 0, 3, 1)[: len(controls) + 2]
    program = Program((Register("q", "qubit", 4),), (), (Definition(gate),), (Op(gate, wires, (), controls, inverse),))
    expected = unitary(program.body, 4, {})
    for language in ("openqasm3", "openqasm2", "quil"):
        legal = Legalize(language)(program)
        assert isinstance(legal, Program)
        assert legal.definitions == ()
        found = unitary(legal.body, 4, {})
        phase = 1.0 if language == "openqasm3" else np.vdot(found, expected) / 16
        np.testing.assert_allclose(phase * found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "generator",
    [
        operator((0.5, "X0 X1"), (0.3, "Z0 Z1"), (-0.2, "")),  # commuting
        operator((0.5, "X0 X1"), (0.3, "Z0"), (0.7, "Y1")),
        operator((1.0, "X0"), (1.0, "Z0"), (0.25, "X0 Y1 Z2")),
    ],
    ids=["commuting", "not", "three wires"],
)
@pytest.mark.parametrize("controls", [(), (False,)], ids=str)
def test_a_generator_gate_is_said_at_any_angle(generator: Operator, controls: tuple[bool, ...]) -> None:
    """Would catch words turned one by one that do not commute, or an angle scaled wrongly; against expm."""
    count = len(generator.support)
    gate = Gate("turn", QUBIT * count, ("theta",), generator)
    wires = tuple(reversed(range(count + len(controls))))
    program = Program(
        (Register("q", "qubit", len(wires)),), (Parameter("t"),), (Definition(gate),),
        (Op(gate, wires, (parameter("t") * number(0.5),), controls),),
    )  # fmt: skip
    legal = Legalize("openqasm3")(program)
    assert isinstance(legal, Program)
    for value in (0.0, 0.83, -2.1):
        angle = {program.parameters[0].elements()[0]: value}
        own = expm(-0.5j * value * operator_matrix(generator, count))
        if controls:
            own = np.block([[own, np.zeros_like(own)], [np.zeros_like(own), np.eye(len(own))]])
        expected = _reversed(np.asarray(own, dtype=np.complex128), len(wires))
        np.testing.assert_allclose(unitary(legal.body, len(wires), angle), expected, rtol=0, atol=1e-9)


def _reversed(matrix: Matrix, wires: int) -> Matrix:
    """The matrix with its wires in the opposite order."""
    order = [int(f"{k:0{wires}b}"[::-1], 2) for k in range(2**wires)]
    return matrix[np.ix_(order, order)]


def test_too_wide_a_matrix_is_refused_where_it_is() -> None:
    """Would catch minutes of synthesis, or an answer without a way out."""
    wide = Gate("wide", QUBIT * (LARGEST + 1), matrix=_identity(LARGEST + 1))
    op = Op(wide, tuple(range(LARGEST + 1)))
    assert refined(op) is None
    program = Program((Register("q", "qubit", LARGEST + 1),), (), (Definition(wide),), (op,))
    with pytest.raises(CompileError) as caught:
        Legalize("quil")(program)
    (fault,) = caught.value.diagnostics
    assert fault.code is Code.UNSAYABLE
    assert str(LARGEST) in fault.help


def _identity(qubits: int) -> tuple[tuple[complex, ...], ...]:
    return tuple(tuple(complex(row == column) for column in range(2**qubits)) for row in range(2**qubits))
