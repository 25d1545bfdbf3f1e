"""What follows from a generator: its matrix and spectrum on qubits, its action on the quadratures of qumodes."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import number
from qcompile.operator import Operator, letters_by_wire, multiply, words_commute

ComplexArray = NDArray[np.complex128]
RealArray = NDArray[np.float64]
COMPARED_WORDS = 512
PAULI: dict[str, ComplexArray] = {
    "X": np.array([[0, 1], [1, 0]], dtype=complex),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.array([[1, 0], [0, -1]], dtype=complex),
}


@lru_cache(maxsize=4096)
def pauli_matrix(operator: Operator, wires: int) -> ComplexArray:
    """The matrix, shape (2**wires, 2**wires), of a Pauli sum with constant coefficients; wire 0 most significant."""
    total = np.zeros((2**wires, 2**wires), dtype=complex)
    for word, coefficient in operator.terms:
        letters = {wire: letter for letter, wire in word}
        factor = np.array([[float(coefficient)]], dtype=complex)
        for wire in range(wires):
            factor = np.kron(factor, PAULI[letters[wire]] if wire in letters else np.eye(2))
        total += factor
    return total


@lru_cache(maxsize=1024)
def spectrum(operator: Operator, wires: int) -> tuple[RealArray, ComplexArray]:
    """Eigenvalues, ascending, shape (d,), and eigenvectors as columns, shape (d, d), of a Pauli sum; d = 2**wires."""
    values, vectors = np.linalg.eigh(pauli_matrix(operator, wires))
    return np.array([tidied(float(value)) for value in values]), vectors


@lru_cache(maxsize=1024)
def commutes_wordwise(operator: Operator) -> bool:
    """Do the words of a Pauli sum commute with each other? False where that takes too many comparisons."""
    words = [word for word, _ in operator.terms]
    return len(words) <= COMPARED_WORDS and all(words_commute(v, w) for v, w in combinations(words, 2))


def distinct(values: RealArray) -> RealArray:
    """The values in ascending order, those that only rounding tells apart once."""
    ordered = np.sort(values)
    return ordered[np.diff(ordered, prepend=-np.inf) > 1e-9]


def frequencies(eigenvalues: RealArray) -> tuple[float, ...]:
    """The positive differences of eigenvalues, ascending: the frequencies of any expectation in the angle."""
    gaps = distinct(np.abs(np.subtract.outer(eigenvalues, eigenvalues)).ravel())
    return tuple(tidied(float(gap)) for gap in gaps if gap > 1e-9)


def controlled(generator: Operator, controls: tuple[bool, ...]) -> Operator:
    """The generator of the controlled gate: projectors on the first wires, the gate on the ones after them."""
    count = len(controls)
    total = generator.on({wire: wire + count for wire in generator.support})
    for wire, positive in enumerate(controls):
        sign = -0.5 if positive else 0.5
        projector = Operator((((), number(0.5)), ((("Z", wire),), number(sign))))
        total = multiply(projector, total)
    return total


def is_gaussian(operator: Operator) -> bool:
    """At most quadratic in the quadratures, with no Pauli letter."""
    letters = {letter for word, _ in operator.terms for letter, _ in word}
    return operator.degree is not None and operator.degree <= 2 and letters.isdisjoint(PAULI)


def quadratures_commute(operator: Operator) -> bool:
    """Does every mode show one quadrature only, x or p, over all words? Then exp(-iθG) moves the others by θ × it."""
    seen: dict[int, set[str]] = {}
    for word, _ in operator.terms:
        for wire, letters in letters_by_wire(word).items():
            seen.setdefault(wire, set()).update(letters)
    return all(len(letters) == 1 and letters <= {"x", "p"} for letters in seen.values())


def quadrature_action(operator: Operator, wires: int) -> tuple[RealArray, RealArray]:
    """A and b of d(x, p)/dθ = A (x, p) + b under exp(-iθG), G Gaussian: shapes (2w, 2w) and (2w,), xxpp order.

    With G = rᵀHr/2 + cᵀr and [r_j, r_k] = 2iΩ_jk the Heisenberg equation gives A = 2ΩH and b = 2Ωc.
    """
    size = 2 * wires
    quadratic, linear = np.zeros((size, size)), np.zeros(size)
    for word, coefficient in operator.terms:
        value = float(coefficient)
        for wire, letters in letters_by_wire(word).items():
            if letters == ("n",):
                for index in (wire, wire + wires):
                    quadratic[index, index] += value / 2
        rows = [wire + (wires if letter == "p" else 0) for letter, wire in word if letter != "n"]
        if len(rows) == 1:
            linear[rows[0]] += value
        elif len(rows) == 2:
            quadratic[rows[0], rows[1]] += value
            quadratic[rows[1], rows[0]] += value
    omega = np.block([
        [np.zeros((wires, wires)), np.eye(wires)],
        [-np.eye(wires), np.zeros((wires, wires))],
    ])  # fmt: skip
    return 2 * omega @ quadratic, 2 * omega @ linear


def tidied(value: float) -> float:
    """Eigenvalues of exact fractions come out of the solver with rounding; multiples of 1/48 are taken as such."""
    nearest = round(value * 48) / 48
    return nearest if abs(nearest - value) < 1e-12 else value
