"""Any unitary of a few qubits as rotations, controlled-X, controlled-Z and a global phase.

The quantum Shannon decomposition (Shende, Bullock and Markov 2006, arXiv:quant-ph/0406176): the cosine-sine
decomposition leaves block-diagonal unitaries around RY under the other qubits, each of them is RZ under the other
qubits between two unitaries that are smaller by a qubit. Of n qubits it takes at most c(n) = 4 c(n-1) + 3·2^(n-1) - 1
controlled gates, c(1) = 0 and c(2) = 3: so 23 for three, 115 for four, 507 for five and 2123 for six.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from qcompile.gates import TABLE, Matrix
from qcompile.gates.algebra import ComplexArray, RealArray
from qcompile.ir import Op
from qcompile.passes.two_qubit_synthesis import NOTHING, one_qubit, rotation, two_qubits

_Blocks: TypeAlias = tuple[ComplexArray, ComplexArray]
LARGEST = 6  # qubits of the largest unitary that is decomposed


def controlled_gate_bound(qubits: int) -> int:
    """c(n), the most controlled gates that a unitary of n qubits takes."""
    if qubits < 2:
        return 0
    return 3 if qubits == 2 else 4 * controlled_gate_bound(qubits - 1) + 3 * 2 ** (qubits - 1) - 1


def ops_of(matrix: ComplexArray, wires: Sequence[int]) -> Iterator[Op]:
    """Ops whose product is the matrix, shape (2**n, 2**n), to 1e-10 with its phase; the first wire most significant."""
    if not len(wires):
        yield from rotation("gphase", float(np.angle(matrix[0, 0])))
    elif len(wires) == 1:
        yield from one_qubit(matrix, wires[0])
    elif len(wires) == 2:
        yield from two_qubits(matrix, *wires)
    else:
        yield from _halved(matrix, wires)


@lru_cache(maxsize=256)
def synthesised(matrix: Matrix, controls: tuple[bool, ...], inverse: bool) -> tuple[Op, ...] | None:
    """The ops of a gate under controls, on wires 0, 1, …; None where that is more than LARGEST wires."""
    inner = np.array(matrix, dtype=complex)
    if len(inner) << len(controls) > 2**LARGEST:
        return None
    inner = inner.conj().T if inverse else inner
    for positive in reversed(controls):
        idle = np.eye(len(inner))
        blocks = (idle, inner) if positive else (inner, idle)
        inner = np.kron(np.diag([1, 0]), blocks[0]) + np.kron(np.diag([0, 1]), blocks[1]).astype(np.complex128)
    return tuple(ops_of(inner, range(len(inner).bit_length() - 1)))


def _halved(matrix: ComplexArray, wires: Sequence[int]) -> Iterator[Op]:
    """Block-diagonal · RY under the other wires · block-diagonal."""
    from scipy.linalg import cossin

    half = len(matrix) // 2
    if np.abs(matrix[:half, half:]).max() < NOTHING:
        yield from _demultiplexed(matrix[:half, :half], matrix[half:, half:], wires)
        return
    parts: tuple[_Blocks, RealArray, _Blocks] = cossin(matrix, p=half, q=half, separate=True)  # type: ignore[assignment]
    (u1, u2), angles, (v1, v2) = parts
    yield from _demultiplexed(v1, v2, wires)
    turns = list(_multiplexed("ry", "cz", 2 * angles, wires))
    if turns[-1].gate.name == "cz":  # the last one is diagonal: Z on the second wire, in the block where the first is 1
        turns.pop()
        u2 = u2 * np.repeat([1.0, -1.0], half // 2)
    yield from turns
    yield from _demultiplexed(u1, u2, wires)


def _demultiplexed(zero: ComplexArray, one: ComplexArray, wires: Sequence[int]) -> Iterator[Op]:
    """A ⊕ B = (1 ⊗ V)(D ⊕ D†)(1 ⊗ W): AB† = VD²V† and W = DV†B."""
    from scipy.linalg import schur

    rest = wires[1:]
    if np.abs(zero - one).max() < NOTHING:
        yield from ops_of(zero, rest)
        return
    triangle, vectors = schur(zero @ one.conj().T, output="complex")
    squares = np.angle(np.diagonal(triangle))
    yield from ops_of(np.exp(0.5j * squares)[:, np.newaxis] * (vectors.conj().T @ one), rest)
    yield from _multiplexed("rz", "cx", -squares, wires)
    yield from ops_of(vectors, rest)


def _multiplexed(turn: str, flip: str, angles: RealArray, wires: Sequence[int]) -> Iterator[Op]:
    """The rotation of the first wire by an angle for each value of the others, between flips in Gray-code order.

    A flip of the first wire under another one turns the sign of the rotations after it where that one is 1.
    """
    target, others = wires[0], wires[1:]
    count = len(angles)
    gray = [k ^ (k >> 1) for k in range(count + 1)]
    signs = np.array([[(-1) ** (value & gray[k]).bit_count() for value in range(count)] for k in range(count)])
    shares = signs @ angles / count
    if np.abs(shares[1:]).max() < NOTHING:
        yield from rotation(turn, float(shares[0]), target)
        return
    for k in range(count):
        yield from rotation(turn, float(shares[k]), target)
        changed = (gray[k] ^ gray[(k + 1) % count]).bit_length() - 1
        yield Op(TABLE[flip], (others[len(others) - 1 - changed], target))
