"""The gate table against itself: each stated fact is held against another, by arithmetic of the tests' own."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest
from dense import operator_matrix, unitary
from numpy.typing import NDArray
from scipy.linalg import expm

from qcompile.angle import number
from qcompile.gates import NAMES, TABLE, Gate, algebra, pauli_rotation
from qcompile.grammar import decompose, invert
from qcompile.ir import Op

Matrix = NDArray[np.complex128]
Action = tuple[NDArray[np.float64], NDArray[np.float64]]

STDGATES = "p x y z h s sdg t tdg sx rx ry rz cx cy cz cp crx cry crz ch swap ccx cswap cu CX phase cphase id u1 u2 u3"
ROWS = [*TABLE.values(), pauli_rotation("XYZ"), pauli_rotation("IYXZ")]
QUBIT = [gate for gate in ROWS if set(gate.wires) <= {"qubit"} and gate.is_unitary]
PHOTONIC = [gate for gate in ROWS if "qumode" in gate.wires and gate.is_unitary]
GAUSSIAN = [gate for gate in PHOTONIC if gate.generator is None or algebra.is_gaussian(gate.generator)]


def named(gates: Iterable[Gate]) -> pytest.MarkDecorator:
    rows = list(gates)
    return pytest.mark.parametrize("gate", rows, ids=[gate.name for gate in rows])


def an_op(gate: Gate, seed: int = 7) -> Op:
    """The gate on wires 0, 1, … at angles drawn anew for each gate."""
    draw = np.random.default_rng([seed, *gate.name.encode()])
    return Op(gate, tuple(range(len(gate.wires))), tuple(number(float(draw.uniform(-2, 2))) for _ in gate.parameters))


def product_of(ops: Iterable[Op], count: int) -> Matrix:
    return unitary(ops, count, {})


def to_generators(op: Op) -> list[Op]:
    """The op by words alone, stated matrices unused, down to generators."""
    if op.gate.generator is not None and not (op.controls and not op.gate.wires):
        return [op]
    return [part for inner in decompose(op) for part in to_generators(inner)]


def action(ops: Iterable[Op], count: int) -> Action:
    """S and d of (x, p) → S (x, p) + d under the ops in order."""
    matrix, shift = np.eye(2 * count), np.zeros(2 * count)
    for op in (part for whole in ops for part in to_generators(whole)):
        assert op.gate.generator is not None
        flow, push = algebra.quadrature_action(op.gate.generator.on(op.wires), count)
        step = expm(float(op.angles[0]) * np.block([[flow, push[:, None]], [np.zeros((1, 2 * count + 1))]]))
        matrix, shift = step[:-1, :-1] @ matrix, step[:-1, :-1] @ shift + step[:-1, -1]
    return matrix, shift


def assert_same(left: Action, right: Action) -> None:
    np.testing.assert_allclose(left[0], right[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(left[1], right[1], rtol=0, atol=1e-12)


def test_names_are_unique() -> None:
    """Would catch a row or an alias that hides another."""
    names = Counter(name for gate in TABLE.values() for name in (gate.name, *gate.aliases))
    assert [name for name, count in names.items() if count > 1] == []
    assert len(NAMES) == len(names)


@pytest.mark.parametrize("language", ["openqasm3", "openqasm2", "quil", "blackbird"])
def test_spellings_are_unique(language: str) -> None:
    """Would catch two rows that a target could not tell apart."""
    spelled = Counter(getattr(gate.spelling, language) for gate in TABLE.values())
    assert [name for name, count in spelled.items() if name and count > 1] == []


def test_stdgates_are_known() -> None:
    """Would catch a gate of OpenQASM 3's standard library that we lack."""
    assert [name for name in STDGATES.split() if name not in NAMES] == []


@named(ROWS)
def test_rows_hold_together(gate: Gate) -> None:
    """Would catch a generator on a gate of two angles, a row that says nothing, a matrix of the wrong size."""
    assert gate.generator is None or len(gate.parameters) == 1
    assert gate.generator is not None or gate.word or gate.name in {"vacuum", "fock", "thermal"}
    assert gate.matrix is None or (len(gate.matrix) == 2 ** len(gate.wires) and not gate.parameters)
    assert gate.matrix is None or gate.word
    if gate.generator is not None:
        assert set(gate.generator.support) <= set(range(len(gate.wires)))


@named(gate for gate in QUBIT if gate.matrix is not None)
def test_matrix_is_the_words(gate: Gate) -> None:
    """Would catch a wrong entry of a matrix, or a word that is right up to phase only."""
    count = len(gate.wires)
    np.testing.assert_allclose(product_of(to_generators(an_op(gate)), count), np.array(gate.matrix), rtol=0, atol=1e-12)


@named(gate for gate in QUBIT if gate.generator is not None and gate.word)
def test_word_is_the_generators(gate: Gate) -> None:
    """Would catch a decomposition that is right up to phase only, or at some angles only."""
    op, count = an_op(gate), len(gate.wires)
    np.testing.assert_allclose(product_of(decompose(op), count), product_of([op], count), rtol=0, atol=1e-12)


@named(gate for gate in QUBIT if gate.generator is not None)
def test_spectrum_gives_the_exponential(gate: Gate) -> None:
    """Would catch a lost or a doubled eigenspace, or a wrong frequency."""
    assert gate.generator is not None
    count = len(gate.wires)
    values, vectors = algebra.spectrum(gate.generator, count)
    theta = 0.731
    spectral = vectors @ np.diag(np.exp(-1j * theta * values)) @ vectors.conj().T
    np.testing.assert_allclose(spectral, expm(-1j * theta * operator_matrix(gate.generator, count)), rtol=0, atol=1e-12)
    gaps = {round(abs(a - b), 9) for a in values for b in values} - {0.0}
    assert algebra.frequencies(values) == pytest.approx(sorted(gaps))


@named(gate for gate in QUBIT if gate.generator is not None)
def test_controlled_generator(gate: Gate) -> None:
    """Would catch a wrong projector or wire in the generator of a controlled gate, controls of both kinds."""
    assert gate.generator is not None
    op, controls = an_op(gate), (True, False)
    generator = algebra.controlled(gate.generator, controls)
    count = len(gate.wires) + 2
    expected = product_of([Op(gate, tuple(range(count)), op.angles, controls)], count)
    found = expm(-1j * float(op.angles[0]) * operator_matrix(generator, count))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@named(QUBIT)
def test_inverse_undoes(gate: Gate) -> None:
    """Would catch a wrong `inverse` name, or `invert` on a gate that isn't its own inverse."""
    op, count = an_op(gate), len(gate.wires)
    np.testing.assert_allclose(product_of([op, invert(op)], count), np.eye(2**count), rtol=0, atol=1e-12)
    assert invert(invert(op)) == op
    assert not gate.inverse or TABLE[gate.inverse].inverse == gate.name


@named(GAUSSIAN)
def test_photonic_inverse_undoes(gate: Gate) -> None:
    """Would catch an inverse that keeps the order of its factors."""
    op, count = an_op(gate), len(gate.wires)
    assert_same(action([op, invert(op)], count), (np.eye(2 * count), np.zeros(2 * count)))


@named(gate for gate in GAUSSIAN if gate.generator is not None and gate.word)
def test_photonic_word_is_the_generators(gate: Gate) -> None:
    """Would catch a row whose word and generator are different gates."""
    op, count = an_op(gate), len(gate.wires)
    assert_same(action(decompose(op), count), action([op], count))


@named(GAUSSIAN)
def test_photonic_action_is_symplectic(gate: Gate) -> None:
    """Would catch a Heisenberg equation that loses the commutator."""
    count = len(gate.wires)
    matrix, _ = action([an_op(gate)], count)
    omega = np.kron([[0, 1], [-1, 0]], np.eye(count))
    np.testing.assert_allclose(matrix @ omega @ matrix.T, omega, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("row", "plain", "controls"),
    [
        *((f"c{name}", name, 1) for name in ("x", "y", "z", "h", "p", "rx", "ry", "rz", "swap")),
        ("ccx", "x", 2),
    ],
)
def test_controlled_rows(row: str, plain: str, controls: int) -> None:
    """Would catch a controlled row that differs from `ctrl @` of the plain gate, by a phase too."""
    op = an_op(TABLE[row])
    count = len(op.wires)
    expected = product_of([Op(TABLE[plain], op.wires, op.angles, (True,) * controls)], count)
    np.testing.assert_allclose(product_of(to_generators(op), count), expected, rtol=0, atol=1e-12)


def ket(bits: str) -> Matrix:
    state = np.zeros(2 ** len(bits), dtype=complex)
    state[int(bits, 2)] = 1
    return state


@pytest.mark.parametrize(
    ("name", "occupied", "empty"), [("single_excitation", "10", "01"), ("double_excitation", "1100", "0011")]
)
def test_excitation_convention(name: str, occupied: str, empty: str) -> None:
    """Would catch a flipped sign, the full for the half angle, or an excitation that touches other states."""
    theta, count = 0.83, len(occupied)
    matrix = product_of([Op(TABLE[name], tuple(range(count)), (number(theta),))], count)
    cosine, sine = np.cos(theta / 2), np.sin(theta / 2)
    np.testing.assert_allclose(matrix @ ket(occupied), cosine * ket(occupied) - sine * ket(empty), rtol=0, atol=1e-12)
    np.testing.assert_allclose(matrix @ ket(empty), cosine * ket(empty) + sine * ket(occupied), rtol=0, atol=1e-12)
    idle = [k for k in range(2**count) if k not in (int(occupied, 2), int(empty, 2))]
    np.testing.assert_allclose(matrix[:, idle], np.eye(2**count)[:, idle], rtol=0, atol=1e-12)


def test_orbital_rotation_is_fermionic() -> None:
    """Would catch a missing sign of Jordan-Wigner: the same rotation of two orbitals, in both spins."""
    lower = np.array([[0, 1], [0, 0]], dtype=complex)
    sites = [np.eye(1, dtype=complex)] * 4
    for site in range(4):
        for factor in [np.diag([1, -1])] * site + [lower] + [np.eye(2)] * (3 - site):
            sites[site] = np.kron(sites[site], factor)
    theta = 0.57
    moves = [sites[a].conj().T @ sites[b] - sites[b].conj().T @ sites[a] for a, b in ((0, 2), (1, 3))]
    expected = expm(theta / 2 * (moves[0] + moves[1]))
    found = product_of([Op(TABLE["orbital_rotation"], (0, 1, 2, 3), (number(theta),))], 4)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
