"""What channels do, as matrices: on qubits to density matrices, on qumodes to means and covariance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from qcompile.angle import number
from qcompile.gates import Gate
from qcompile.gates.algebra import PAULI, ComplexArray, RealArray, controlled, is_gaussian, quadrature_action, spectrum
from qcompile.ir import Op
from qcompile.passes.action import constant_matrix
from qcompile.passes.differentiate.occurrences import generator_ops


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """r ↦ Xr + d and V ↦ XVXᵀ + Y, in xxpp order, for a vacuum of covariance 1."""

    linear: RealArray
    shift: RealArray
    noise: RealArray


def transfer_matrix(gate: Gate, values: Sequence[float]) -> RealArray | None:
    """R[W, P] = Tr(W S(P)) / 2ʷ of a channel S on w qubits; None for other channels. Shape (4ʷ, 4ʷ).

    Words are numbered x + 2ʷz, where bit k of x and z is set for a letter X or Z on wire k, both for Y.
    """
    kraus = _kraus(gate, values)
    return None if kraus is None else transfer_of(kraus)


def transfer_of(kraus: ComplexArray) -> RealArray:
    """The same of Kraus operators, shape (e, 2ʷ, 2ʷ); of a unitary matrix as the only one too."""
    wires = len(kraus[0]).bit_length() - 1
    words = _words(wires)
    images = sum(k @ words @ k.conj().T for k in kraus)
    transfer: RealArray = np.einsum("wij,pji->wp", words, images).real / 2**wires
    return transfer


def _kraus(gate: Gate, values: Sequence[float]) -> ComplexArray | None:
    """The Kraus operators, shape (e, 2ʷ, 2ʷ): as stated, or ⟨e|U|0⟩ for the word U of the dilation."""
    if {*gate.wires, *gate.hidden} != {"qubit"}:
        return None
    if gate.kraus:
        return np.array(gate.kraus, dtype=complex)
    wires, own = len(gate.wires) + len(gate.hidden), 2 ** len(gate.wires)
    start = np.zeros((own, 2 ** len(gate.hidden), own), dtype=complex)
    start[range(own), 0, range(own)] = 1.0
    columns = start.reshape((2,) * wires + (own,))
    for part in _word(gate, values):
        matrix = _unitary(part)
        if matrix is None:
            return None
        columns = _applied(matrix, part.wires, columns)
    return columns.reshape(start.shape).swapaxes(0, 1)


def _words(wires: int) -> ComplexArray:
    letters: list[ComplexArray] = [np.eye(2, dtype=complex), PAULI["X"], PAULI["Z"], PAULI["Y"]]
    words: list[ComplexArray] = []
    for code in range(4**wires):
        word: ComplexArray = np.ones((1, 1), dtype=complex)
        for k in range(wires):
            word = np.asarray(np.kron(word, letters[(code >> k & 1) + 2 * (code >> wires + k & 1)]), dtype=complex)
        words.append(word)
    return np.array(words)


def moves(gate: Gate, values: Sequence[float]) -> Moves | None:
    """Of a Gaussian channel, or a primitive preparation of a qumode; None for others.

    Hidden wires start in the vacuum, so with S the map of the word, Y is NNᵀ for its part N from them to the others.
    """
    if gate.prepares == "thermal":  # of covariance 2n + 1, whatever was there
        return Moves(np.zeros((2, 2)), np.zeros(2), (2 * values[0] + 1) * np.eye(2))
    if gate.preparation or {*gate.wires, *gate.hidden} != {"qumode"}:
        return None
    modes, own = len(gate.wires) + len(gate.hidden), len(gate.wires)
    whole = np.eye(2 * modes + 1)
    for part in _word(gate, values):
        step = _flow(part, modes)
        if step is None:
            return None
        whole = step @ whole
    mine = np.array([k for k in range(2 * modes) if k % modes < own])
    hidden = np.array([k for k in range(2 * modes) if k % modes >= own])
    noise = whole[mine[:, np.newaxis], hidden]
    return Moves(whole[mine[:, np.newaxis], mine], whole[mine, -1], noise @ noise.T)


def _word(gate: Gate, values: Sequence[float]) -> Iterator[Op]:
    wires = tuple(range(len(gate.wires) + len(gate.hidden)))
    return generator_ops(Op(gate, wires, tuple(map(number, values))))


def _unitary(part: Op) -> ComplexArray | None:
    if part.gate.generator is None:
        return constant_matrix(part)
    if not part.gate.generator.is_pauli:
        return None
    values, vectors = spectrum(controlled(part.gate.generator, part.controls), len(part.wires))
    unitary: ComplexArray = (vectors * np.exp(-1j * float(part.angles[0]) * values)) @ vectors.conj().T
    return unitary


def _applied(matrix: ComplexArray, wires: tuple[int, ...], columns: ComplexArray) -> ComplexArray:
    count = len(wires)
    image = np.tensordot(matrix.reshape((2,) * (2 * count)), columns, axes=(range(count, 2 * count), wires))
    return np.moveaxis(image, range(count), wires)


def _flow(part: Op, modes: int) -> RealArray | None:
    """The map of (r, 1) under a Gaussian gate."""
    from scipy.linalg import expm

    if part.controls or part.gate.generator is None or not is_gaussian(part.gate.generator):
        return None
    linear, push = quadrature_action(part.gate.generator.on(part.wires), modes)
    affine = np.block([[linear, push[:, np.newaxis]], [np.zeros((1, 2 * modes + 1))]])
    flow: RealArray = expm(float(part.angles[0]) * affine)
    return flow
