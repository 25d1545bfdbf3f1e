"""Cut matrices of photonic gates, held against exponentials of far larger cut generators and against closed forms."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from qcompile.diagnostics import Code, CompileError
from qcompile.gates import LEVELLED, TABLE, Gate
from qcompile.grammar import parse
from qcompile.ir import Program
from qcompile.operator import operator
from qcompile.targets.simulator import fock, fock_hybrid
from qcompile.targets.simulator.fock_grid import number_states, reach
from qcompile.targets.simulator.fock_words import letters_matrix, operator_matrix

Complex = NDArray[np.complex128]
ROWS = [*TABLE.values(), *(family(3) for family in LEVELLED.values())]
GATES = [gate for gate in ROWS if "qumode" in gate.wires and gate.generator is not None]
ANGLES = np.array([0.31, -0.24, 0.0])


def _unitary(gate: Gate, angle: NDArray[np.float64], cutoff: int) -> Complex:
    made: Complex = (fock_hybrid if "qubit" in gate.wires else fock).unitary(gate, angle, cutoff)
    return made


def _shape(gate: Gate, cutoff: int) -> tuple[int, ...]:
    return tuple(2 if kind == "qubit" else cutoff for kind in gate.wires)


def _corner(gate: Gate, cutoff: int, size: int) -> NDArray[np.intp]:
    """The states below the cutoff among those of modes cut at `size`."""
    small, large = _shape(gate, cutoff), _shape(gate, size)
    return np.asarray(np.ravel_multi_index(np.indices(small).reshape(len(small), -1), large))


@lru_cache(maxsize=1)
def _diagonalised(gate: Gate, size: int) -> tuple[NDArray[np.float64], Complex]:
    assert gate.generator is not None
    values, vectors = np.linalg.eigh(operator_matrix(gate.generator, _shape(gate, size), tuple(range(len(gate.wires)))))
    return values, vectors.astype(np.complex128)


def _by_exponential(gate: Gate, angle: float, cutoff: int) -> Complex:
    """The corner of exp(-iθG) with G cut far above: the independent method."""
    size = 240 if gate.wires.count("qumode") == 1 else 30
    size = size // 2 if "qubit" in gate.wires else size
    values, vectors = _diagonalised(gate, size)
    kept = vectors[_corner(gate, cutoff, size)]
    corner: Complex = (kept * np.exp(-1j * angle * values)) @ kept.conj().T
    return corner


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: str(gate.name))
def test_every_gate_is_the_corner_of_its_generators_exponential(gate: Gate) -> None:
    """Catches a wrong form of generator, a wrong phase, a grid that is too coarse or too short, wires exchanged."""
    cutoff = 12 if gate.wires.count("qumode") == 1 else 4
    ours = _unitary(gate, ANGLES, cutoff)
    for row, angle in enumerate(ANGLES):
        np.testing.assert_allclose(ours[row], _by_exponential(gate, float(angle), cutoff), rtol=0, atol=1e-10)


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: str(gate.name))
def test_derivatives_are_slopes_of_the_cut_matrix(gate: Gate) -> None:
    """Catches a generator multiplied after the cut, which is wrong near the cutoff."""
    cutoff, step = 5, 1e-3
    weights = {2 * step: -1.0, step: 8.0, -step: -8.0, -2 * step: 1.0}
    slope = sum(weight * _unitary(gate, ANGLES + shift, cutoff) for shift, weight in weights.items()) / (12 * step)
    matrices = fock_hybrid if "qubit" in gate.wires else fock
    np.testing.assert_allclose(matrices.derivative(gate, ANGLES, cutoff), slope, rtol=0, atol=1e-7)


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: str(gate.name))
def test_a_smaller_cutoff_is_a_corner_of_a_larger(gate: Gate) -> None:
    """Catches any dependence of an element on the cutoff: accuracy must not fall towards it, nor with large angles."""
    small, large = (6, 40) if gate.wires.count("qumode") == 1 else (4, 9)
    angle = np.array([1.7])
    kept = _corner(gate, small, large)
    whole = _unitary(gate, angle, large)[0]
    np.testing.assert_allclose(_unitary(gate, angle, small)[0], whole[np.ix_(kept, kept)], rtol=0, atol=1e-12)


@pytest.mark.parametrize("text", [
    "gate g(t) qumode a, qubit b generator X[b] x[a];",
    "gate g(t) qubit c, qumode a, qubit b generator 0.3*X[b] n[a] + 0.2*Z[c] n3[a];",
    "gate g(t) qumode a, qubit c, qumode b generator 0.3*Z[c] x[a] x[b];",
    "gate g(t) qubit c, qumode a, qubit b generator 0.3*X[b] X[c] n[a] + 0.2*Y[c] Y[b] n0[a] + 0.1*Z[c] Z[b];",
])  # fmt: skip
def test_declared_generators_act_on_their_own_wires(text: str) -> None:
    """Qubits and modes in any order. Catches axes put back in the wrong order, and sectors of the wrong sign."""
    module = parse(f"qubit q; {text} return expect(Z[0]);")
    assert isinstance(module, Program)
    gate = module.definitions[0].gate
    np.testing.assert_allclose(
        _unitary(gate, np.array([0.31]), 4)[0], _by_exponential(gate, 0.31, 4), rtol=0, atol=1e-10
    )


def test_large_displacements_give_poisson_amplitudes_at_high_cutoff() -> None:
    """Catches instability of a recurrence: α = 5 at cutoff 90, against e^{-α²/2} αⁿ / √n!."""
    cutoff, alpha = 90, 5.0
    n = np.arange(cutoff)
    logarithm = -(alpha**2) / 2 + n * np.log(alpha) - np.cumsum(np.log(np.maximum(n, 1))) / 2
    vacuum = fock.unitary(TABLE["shift_x"], np.array([2 * alpha]), cutoff)[0, :, 0]
    np.testing.assert_allclose(vacuum, np.exp(logarithm), rtol=0, atol=1e-13)


@pytest.mark.parametrize("r", [0.4, 2.5, -3.0, 800.0])
def test_strong_squeezing_of_the_vacuum_has_its_closed_form(r: float) -> None:
    """√sech r · (−tanh r)ᵏ √(2k)! / (2ᵏ k!): catches a grid that follows the squeezed function out of range."""
    cutoff = 41
    k = np.arange(21)
    ratio = np.cumprod(np.concatenate([[1.0], np.sqrt((2 * k[1:] - 1) / (2 * k[1:]))]))
    expected = np.zeros(cutoff)
    with np.errstate(over="ignore"):
        expected[::2] = ratio * (-np.tanh(r)) ** k / np.sqrt(np.cosh(r))
    np.testing.assert_allclose(
        fock.unitary(TABLE["squeeze_x"], np.array([r]), cutoff)[0, :, 0], expected, rtol=0, atol=1e-13
    )


def test_two_mode_squeezed_vacuum_is_the_geometric_series() -> None:
    amplitudes = fock.unitary(TABLE["two_mode_squeeze_real"], np.array([1.2]), 12)[0, :, 0].reshape(12, 12)
    np.testing.assert_allclose(amplitudes, np.diag(np.tanh(1.2) ** np.arange(12)) / np.cosh(1.2), rtol=0, atol=1e-13)


def test_number_states_are_orthonormal_to_the_end_of_the_grid() -> None:
    """Catches a reach that cuts the highest states off, at the greatest cutoff too."""
    for cutoff in (2, 30, 300):
        x, step = np.linspace(-reach(cutoff), reach(cutoff), 4000, retstep=True)
        states = number_states(x, cutoff)
        np.testing.assert_allclose(step * states @ states.T, np.eye(cutoff), rtol=0, atol=1e-12)


@pytest.mark.parametrize("letters", ["x", "p", "n", "x p", "p x", "x x p", "n n", "x n p", "p p p p", "n3", "x n2 p"])
def test_words_are_exact_up_to_the_cutoff(letters: str) -> None:
    """Catches products formed after the cut: ⟨c−1|xx|c−1⟩ would lose the part through level c."""
    word = tuple(letters.split())
    np.testing.assert_array_equal(letters_matrix(word, 6), letters_matrix(word, 20)[:6, :6])


def test_the_canonical_commutator_holds_at_the_cutoff() -> None:
    """[x, p] = 2i on every level kept, and n = (x² + p²)/4 − 1/2."""
    commutator = letters_matrix(("x", "p"), 7) - letters_matrix(("p", "x"), 7)
    np.testing.assert_allclose(commutator, 2j * np.eye(7), rtol=0, atol=1e-12)
    squares = letters_matrix(("x", "x"), 7) + letters_matrix(("p", "p"), 7)
    np.testing.assert_allclose(squares / 4 - np.eye(7) / 2, letters_matrix(("n",), 7), rtol=0, atol=1e-12)


def test_operators_put_the_first_wire_first() -> None:
    """Mixed qubit and qumode words: catches an exchanged Kronecker product."""
    ours = operator_matrix(operator((2.0, "Z0 x3")), (2, 4), (0, 3))
    np.testing.assert_allclose(ours, 2 * np.kron(np.diag([1, -1]), letters_matrix(("x",), 4)), rtol=0, atol=0)


@pytest.mark.parametrize(("name", "angle", "cutoff"), [("cubic", 1e9, 10), ("shift_x", 0.1, 301)])
def test_what_no_grid_can_hold_is_a_diagnostic(name: str, angle: float, cutoff: int) -> None:
    with pytest.raises(CompileError) as caught:
        fock.unitary(TABLE[name], np.array([angle]), cutoff)
    assert caught.value.diagnostics[0].code is Code.TOO_LARGE
