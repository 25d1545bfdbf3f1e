"""Matrices of Gaussian optics as gates: unitaries, symplectic matrices, covariances, graphs.

Conventions of the gate table: hbar = 2, quadratures in xxpp order; a passive U takes the amplitudes a to U a, and so
the quadratures by [[Re U, -Im U], [Im U, Re U]]. Ops are on wires 0, 1, …, in the order of the circuit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import number
from qcompile.gates import TABLE
from qcompile.ir import Op

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
_MIXED = 1e-8  # below it, the vectors of s and -s (or of e^s and e^-s) are not told apart
_NOTHING = 1e-14  # angles below it do nothing that doubles hold


class UnphysicalError(Exception):
    """The matrix is no unitary, no symplectic matrix, no covariance; the text says which law it breaks."""


def unitary_defect(matrix: Complex) -> float:
    """The largest entry of U†U - 1."""
    return float(np.abs(matrix.conj().T @ matrix - np.eye(len(matrix))).max())


def symplectic_defect(matrix: Real) -> float:
    """The largest entry of S Ω Sᵀ - Ω."""
    form = _form(len(matrix) // 2)
    return float(np.abs(matrix @ form @ matrix.T - form).max())


def nearest_unitary(matrix: Complex) -> Complex:
    """The unitary factor of the polar decomposition, nearest in every unitarily invariant norm."""
    left, _, right = np.linalg.svd(matrix)
    nearest: Complex = left @ right
    return nearest


def mesh(unitary: Complex) -> tuple[Op, ...]:
    """A rectangular mesh of n(n-1)/2 beam splitters between neighbours, with rotations in the middle.

    Clements et al., Optica 3, 1460 (2016): elements are made zero alternately from the right and from the left; the
    phases that remain stay between the two halves. Cubic in the modes.
    """
    rest, size = nearest_unitary(unitary), len(unitary)
    first: list[Op] = []
    last: list[Op] = []
    for diagonal in range(size - 1):
        for step in range(diagonal + 1):
            if diagonal % 2 == 0:
                first += _null_by_columns(rest, size - 1 - step, diagonal - step)
            else:
                last += _null_by_rows(rest, size - 1 - diagonal + step, step)
    phases = [_op("rotate", (wire,), float(np.angle(rest[wire, wire]))) for wire in range(size)]
    return (*first, *(op for op in phases if abs(float(op.angles[0])) > _NOTHING), *reversed(last))


def gaussian_unitary(symplectic: Real) -> tuple[Op, ...]:
    """An interferometer, squeezers, an interferometer (Bloch-Messiah)."""
    before, squeezing, after = bloch_messiah(symplectic)
    if squeezing.max() <= _NOTHING * len(symplectic):
        return mesh(after @ before)
    return (*mesh(before), *squeezers(squeezing), *mesh(after))


def bloch_messiah(symplectic: Real) -> tuple[Complex, Real, Complex]:
    """V, r, W with S = O(W) diag(e^-r, e^r) O(V), where r ≥ 0.

    The left singular vectors of S that belong to values above 1 are, read as complex vectors, orthonormal: W turned by
    90°. The orthogonal factor of S is its polar one.
    """
    size = len(symplectic) // 2
    left, values, right = np.linalg.svd(symplectic)
    squeezing = np.maximum(np.log(values[:size]), 0.0)
    stretched = left[:size, :size] + 1j * left[size:, :size]
    after = 1j * _completed(stretched, int((squeezing > _MIXED).sum()))
    turn = left @ right
    passive = (turn[:size, :size] + turn[size:, size:]) / 2 + 0.5j * (turn[size:, :size] - turn[:size, size:])
    return after.conj().T @ nearest_unitary(passive), squeezing, after


def takagi(matrix: Complex) -> tuple[Real, Complex]:
    """s ≥ 0 and a unitary W with M = W diag(s) Wᵀ, for a symmetric M; s falls.

    M w* = s w is a real symmetric problem in (Re w, Im w), whose eigenvalues are ±s. Where s vanishes its vectors are
    not orthogonal over the complex numbers, and any that complete the others do.
    """
    size = len(matrix)
    matrix = (matrix + matrix.T) / 2
    values, vectors = np.linalg.eigh(np.block([[matrix.real, matrix.imag], [matrix.imag, -matrix.real]]))
    order = np.argsort(-values)[:size]
    singular = np.maximum(values[order], 0.0)
    found = vectors[:size, order] + 1j * vectors[size:, order]
    return singular, _completed(found, int((singular > _MIXED * singular[0]).sum()))


def gaussian_state(covariance: Real, means: Real) -> tuple[Op, ...]:
    """Thermal states or vacua, a Gaussian unitary, displacements (Williamson).

    Raises:
        UnphysicalError: the covariance is not that of a state.
    """
    thermal, symplectic = williamson(covariance)
    size = len(thermal)
    photons = [(value - 1) / 2 for value in thermal]
    starts = [_op("thermal", (w,), n) if n > 1e-9 else Op(TABLE["vacuum"], (w,)) for w, n in enumerate(photons)]
    before, squeezing, after = bloch_messiah(symplectic)
    turned = mesh(before) if max(photons) > 1e-9 else ()  # the vacuum does not notice it
    moves = [
        _op("shift_x" if k < size else "shift_p", (k % size,), float(mean)) for k, mean in enumerate(means) if mean
    ]
    return (*starts, *turned, *squeezers(squeezing), *mesh(after), *moves)


def williamson(covariance: Real) -> tuple[Real, Real]:
    """ν ≥ 1 and a symplectic S with V = S diag(ν, ν) Sᵀ.

    With R = V^(1/2), the matrix RΩR is antisymmetric; its eigenvalues are ±iν.

    Raises:
        UnphysicalError: V is not symmetric, not positive, or breaks the uncertainty relation.
    """
    size = len(covariance) // 2
    if np.abs(covariance - covariance.T).max() > 1e-6 * max(1.0, np.abs(covariance).max()):
        raise UnphysicalError("a covariance matrix is symmetric")
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    if values.min() <= 0:
        raise UnphysicalError("a covariance matrix is positive")
    root = (vectors * np.sqrt(values)) @ vectors.T
    frequencies, turned = np.linalg.eigh(1j * (root @ _form(size) @ root))
    thermal, half = frequencies[size:], turned[:, size:] * np.sqrt(2.0)
    if thermal.min() < 1 - 1e-6:
        label = f"the uncertainty relation wants symplectic eigenvalues of 1 or more, and one is {thermal.min():.6g}"
        raise UnphysicalError(label)
    orthogonal = np.concatenate([half.real, -half.imag], axis=1)
    return np.maximum(thermal, 1.0), (root @ orthogonal) / np.sqrt(np.tile(thermal, 2))


def graph_state(adjacency: Complex, mean_photons: float) -> tuple[Op, ...]:
    """Squeezers and an interferometer, for the pure state whose amplitudes count the graph's perfect matchings.

    Args:
        mean_photons: of a mode, on average; it sets the factor that the matrix is scaled by.
    """
    singular, unitary = takagi(adjacency)
    return (*squeezers(-np.arctanh(_scaled(singular, mean_photons))), *mesh(unitary))


def bipartite_graph_state(edges: Complex, mean_photons: float) -> tuple[Op, ...]:
    """The same for the graph [[0, B], [Bᵀ, 0]]: two-mode squeezers between the halves, an interferometer on each."""
    size = len(edges)
    left, singular, right = np.linalg.svd(edges)
    strengths = np.arctanh(_scaled(singular, mean_photons))
    pairs = [_op("two_mode_squeeze", (k, k + size), float(r), 0.0) for k, r in enumerate(strengths) if r > _NOTHING]
    return (*pairs, *mesh(left), *moved(mesh(right.T), range(size, 2 * size)))


def squeezers(strengths: Real) -> list[Op]:
    """`squeeze(r, 0)` on each mode whose r is not nothing."""
    return [_op("squeeze", (wire,), float(r), 0.0) for wire, r in enumerate(strengths) if abs(r) > _NOTHING]


def moved(ops: Sequence[Op], wires: Sequence[int]) -> tuple[Op, ...]:
    """The ops with wire k renamed to wires[k]."""
    return tuple(Op(op.gate, tuple(wires[wire] for wire in op.wires), op.angles) for op in ops)


def _scaled(singular: Real, mean_photons: float) -> Real:
    """c·s with Σ (cs)² / (1 - (cs)²) = n · mean photons; by bisection, as the sum grows with c."""
    shape: Real = singular / singular.max()
    low, high = 0.0, 1.0
    while high - low > 2**-53 * high and low < (middle := (low + high) / 2) < high:
        photons = float(((middle * shape) ** 2 / (1 - (middle * shape) ** 2)).sum())
        low, high = (middle, high) if photons < mean_photons * len(shape) else (low, middle)
    return shape * low


def _completed(vectors: Complex, known: int) -> Complex:
    """The first `known` columns, which are orthonormal, and any that complete them."""
    if known < len(vectors):
        left, _, _ = np.linalg.svd(vectors[:, :known], full_matrices=True)
        vectors = np.concatenate([vectors[:, :known], left[:, known:]], axis=1)
    return nearest_unitary(vectors)


def _null_by_columns(rest: Complex, row: int, column: int) -> list[Op]:
    """Zero one element by a beam splitter on its column and the next, which is undone before all that follows."""
    a, b = rest[row, column], rest[row, column + 1]
    theta, phi = float(np.arctan2(abs(a), abs(b))), float(np.angle(a * np.conj(b)))
    if theta <= _NOTHING:
        return []
    rest[:, column : column + 2] = rest[:, column : column + 2] @ _splitter(theta, phi).conj().T
    return [_op("beamsplit", (column, column + 1), theta, phi)]


def _null_by_rows(rest: Complex, row: int, column: int) -> list[Op]:
    """Zero one element by a beam splitter on the row above and its own."""
    a, b = rest[row - 1, column], rest[row, column]
    theta, phi = float(np.arctan2(abs(b), abs(a))), float(np.angle(b * np.conj(a)))
    if theta <= _NOTHING:
        return []
    rest[row - 1 : row + 1] = _splitter(theta, phi).conj().T @ rest[row - 1 : row + 1]
    return [_op("beamsplit", (row - 1, row), theta, phi)]


def _splitter(theta: float, phi: float) -> Complex:
    """What `beamsplit(theta, phi)` does to the two amplitudes."""
    cosine, sine = np.cos(theta), np.sin(theta)
    return np.array([[cosine, -np.exp(-1j * phi) * sine], [np.exp(1j * phi) * sine, cosine]])


def _form(size: int) -> Real:
    """Ω in xxpp order."""
    none, whole = np.zeros((size, size)), np.eye(size)
    return np.block([[none, whole], [-whole, none]])


def _op(gate: str, wires: tuple[int, ...], *angles: float) -> Op:
    return Op(TABLE[gate], wires, tuple(number(angle) for angle in angles))
