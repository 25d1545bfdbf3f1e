"""Any unitary of two qubits in at most three controlled gates, and of one qubit in three rotations.

U = (A ⊗ B) exp(i(αXX + βYY + γZZ)) (C ⊗ D), the Cartan decomposition, found in the magic basis, where local gates are
real and the middle is diagonal (Kraus and Cirac 2001, arXiv:quant-ph/0011050). The middle takes three controlled gates
(Vatan and Williams 2004, arXiv:quant-ph/0308006), two where an angle vanishes, one where it is a controlled-Z.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from qcompile.angle import number, pi_times
from qcompile.gates import TABLE
from qcompile.gates.algebra import PAULI, ComplexArray, RealArray
from qcompile.ir import Op

NOTHING = 1e-12  # an angle that is rounding
_MAGIC: ComplexArray = np.array([
    [1, 0, 0, 1j], [0, 1j, 1, 0], [0, 1j, -1, 0], [1, 0, 0, -1j],
], dtype=np.complex128) / math.sqrt(2)  # fmt: skip
_SIGNS = np.array([[1, 1, -1, 1], [1, 1, 1, -1], [1, -1, -1, -1], [1, -1, 1, 1]])  # of 1, XX, YY, ZZ on its columns


def one_qubit(matrix: ComplexArray, wire: int) -> Iterator[Op]:
    """e^{iδ} RZ(β) RY(γ) RZ(α)."""
    phase = cmath.phase(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]) / 2
    special = matrix * cmath.exp(-1j * phase)
    tilt = 2 * math.atan2(abs(special[1, 0]), abs(special[0, 0]))
    total = 2 * cmath.phase(special[1, 1]) if abs(special[1, 1]) > NOTHING else 0.0
    difference = 2 * cmath.phase(special[1, 0]) if abs(special[1, 0]) > NOTHING else 0.0
    yield from rotation("gphase", phase)
    if tilt < NOTHING:
        yield from rotation("rz", total, wire)
        return
    yield from rotation("rz", (total - difference) / 2, wire)
    yield from rotation("ry", tilt, wire)
    yield from rotation("rz", (total + difference) / 2, wire)


def two_qubits(matrix: ComplexArray, first: int, second: int) -> Iterator[Op]:
    """The ops of a matrix of shape (4, 4), `first` most significant."""
    left, angles, right, phase = _cartan(matrix)
    yield from rotation("gphase", phase)
    middle = list(_interaction(angles, first, second))
    for k, wire in enumerate((first, second)):
        yield from one_qubit(right[k] if middle else left[k] @ right[k], wire)
    yield from middle
    for k, wire in enumerate((first, second) if middle else ()):
        yield from one_qubit(left[k], wire)


def rotation(name: str, angle: float, *wires: int) -> Iterator[Op]:
    """The gate of the table, unless its angle is nothing; simple fractions of π are taken as such."""
    share = Fraction(round(48 * angle / math.pi), 48)
    is_simple = abs(float(share) * math.pi - angle) < NOTHING
    if not (is_simple and not share):
        yield Op(TABLE[name], wires, (pi_times(share.numerator, share.denominator) if is_simple else number(angle),))


Pair = tuple[ComplexArray, ComplexArray]


def _cartan(matrix: ComplexArray) -> tuple[Pair, RealArray, Pair, float]:
    """(A, B), (α, β, γ) in (−π/4, π/4], (C, D) and a global phase."""
    phase = cmath.phase(complex(np.linalg.det(matrix))) / 4
    inside = _MAGIC.conj().T @ matrix @ _MAGIC * cmath.exp(-1j * phase)
    right = _real_eigenvectors(inside.T @ inside)
    halves = np.angle(np.diagonal(right.T @ inside.T @ inside @ right)) / 2
    left = (inside @ right * np.exp(-1j * halves)).real
    if np.linalg.det(left) < 0:  # the square roots may have either sign
        halves[0] += math.pi
        left[:, 0] *= -1
    offset, *angles = _SIGNS.T @ halves / 4
    outer = _factors(_MAGIC @ left @ _MAGIC.conj().T)
    turns = [math.ceil(2 * angle / math.pi - 0.5 - NOTHING) for angle in angles]
    for letter, turn in zip("XYZ", turns, strict=True):  # exp(iπ/2 XX) = i XX
        flip = np.linalg.matrix_power(PAULI[letter], turn % 2)
        outer = outer[0] @ flip, outer[1] @ flip
        # (XX)^turn = (XX)^(turn % 2), and i^turn is a phase
    rest = np.array([angle - turn * math.pi / 2 for angle, turn in zip(angles, turns, strict=True)])
    inner = _factors(_MAGIC @ right.T @ _MAGIC.conj().T)
    return outer, rest, inner, phase + float(offset) + sum(turns) * math.pi / 2


def _real_eigenvectors(symmetric: ComplexArray) -> RealArray:
    """A rotation that diagonalises a symmetric unitary, whose real and imaginary parts commute."""
    best, smallest = np.eye(4), math.inf
    for mixing in np.linspace(0.1, 3.0, 12):  # one part may have equal eigenvalues where the other has not
        _, vectors = np.linalg.eigh(math.cos(mixing) * symmetric.real + math.sin(mixing) * symmetric.imag)
        turned = vectors.T @ symmetric @ vectors
        rest = float(np.abs(turned - np.diag(np.diagonal(turned))).max())
        if rest < smallest:
            best, smallest = vectors, rest
        if smallest < NOTHING / 100:
            break
    if np.linalg.det(best) < 0:
        best[:, 0] *= -1
    return best


def _factors(local: ComplexArray) -> Pair:
    """A and B of A ⊗ B."""
    split = local.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3)
    row, column, *_ = np.unravel_index(np.abs(split).argmax(), split.shape)
    second = split[row, column] / np.sqrt(complex(np.linalg.det(split[row, column])))
    return np.einsum("ijkl,kl->ij", split, second.conj()) / 2, second


def _interaction(angles: RealArray, a: int, b: int) -> Iterator[Op]:
    """exp(i(αXX + βYY + γZZ)) on wires a and b."""
    small = [abs(angle) < NOTHING for angle in angles]
    if all(small):
        return
    if sum(small) == 2 and abs(angles.max() - math.pi / 4) < NOTHING:
        yield from _controlled_z(small.index(False), a, b)
    elif any(small):
        yield from _two_angles(angles, small.index(True), a, b)
    else:
        alpha, beta, gamma = angles
        yield from rotation("gphase", math.pi / 4)
        yield from rotation("rz", math.pi / 2, b)
        yield Op(TABLE["cx"], (b, a))
        yield from rotation("rz", math.pi / 2 - 2 * gamma, a)
        yield from rotation("ry", math.pi / 2 - 2 * alpha, b)
        yield Op(TABLE["cx"], (a, b))
        yield from rotation("ry", 2 * beta - math.pi / 2, b)
        yield Op(TABLE["cx"], (b, a))
        yield from rotation("rz", -math.pi / 2, a)


def _controlled_z(letter: int, a: int, b: int) -> Iterator[Op]:
    """exp(iπ/4 PP): for Z it is CZ and turns about Z; others are turned to Z and back."""
    turn = ("ry", "rx", "")[letter]
    for wire in (a, b) if turn else ():
        yield from rotation(turn, math.pi / 2, wire)
    yield from rotation("gphase", -math.pi / 4)
    yield Op(TABLE["cz"], (a, b))
    for wire in (a, b):
        yield from rotation("rz", -math.pi / 2, wire)
        if turn:
            yield from rotation(turn, -math.pi / 2, wire)


def _two_angles(angles: RealArray, missing: int, a: int, b: int) -> Iterator[Op]:
    """exp(i(αXX + γZZ)) = CX exp(iαX_a) exp(iγZ_b) CX; turning by π/2 puts YY in the place of XX or ZZ."""
    alpha, beta, gamma = angles
    turn = {0: "rz", 1: "", 2: "rx"}[missing]
    if missing == 0:
        alpha = beta
    elif missing == 2:
        gamma = beta
    for wire in (a, b) if turn else ():
        yield from rotation(turn, math.pi / 2, wire)
    yield Op(TABLE["cx"], (a, b))
    yield from rotation("rx", -2 * alpha, a)
    yield from rotation("rz", -2 * gamma, b)
    yield Op(TABLE["cx"], (a, b))
    for wire in (a, b) if turn else ():
        yield from rotation(turn, -math.pi / 2, wire)
