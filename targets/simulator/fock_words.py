"""Operators in a cut Fock space: exact matrix elements, taken from the infinite operator."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce

import numpy as np
from numpy.typing import NDArray

from qcompile.gates.algebra import PAULI
from qcompile.operator import Letters, Operator, letters_by_wire, level_of, word_reach

ComplexArray = NDArray[np.complex128]


@lru_cache(maxsize=1024)
def letters_matrix(letters: Letters, cutoff: int) -> ComplexArray:
    """The product of one wire's letters, shape (cutoff, cutoff); Pauli letters have cutoff 2."""
    if set(letters) & set(PAULI):
        return reduce(np.matmul, (PAULI[letter] for letter in letters))
    size = cutoff + word_reach(tuple((letter, 0) for letter in letters))
    lower = np.diag(np.sqrt(np.arange(1.0, size)), 1).astype(complex)
    known = {"x": lower + lower.T, "p": -1j * (lower - lower.T), "n": np.diag(np.arange(size)).astype(complex)}
    for letter in set(letters) - set(known):
        known[letter] = np.diag(np.arange(size) == level_of(letter)).astype(complex)
    total = reduce(np.matmul, (known[letter] for letter in letters), np.eye(size, dtype=complex))
    return total[:cutoff, :cutoff]


@lru_cache(maxsize=1024)
def operator_matrix(operator: Operator, cutoffs: tuple[int, ...], wires: tuple[int, ...]) -> ComplexArray:
    """A sum of words with constant coefficients as a matrix on `wires`, the first most significant.

    Args:
        cutoffs: the dimension of each of `wires`.
    """
    size = int(np.prod(cutoffs, dtype=np.int64))
    total = np.zeros((size, size), dtype=complex)
    for word, coefficient in operator.terms:
        product = np.full((1, 1), float(coefficient), dtype=complex)
        for factor in word_factors(letters_by_wire(word), cutoffs, wires):
            product = np.kron(product, factor)
        total += product
    return total


def word_factors(letters: dict[int, Letters], cutoffs: Sequence[int], wires: Sequence[int]) -> list[ComplexArray]:
    """The matrix of a word on each of `wires`; where the word has no letter, the identity."""
    return [letters_matrix(letters.get(wire, ()), cutoff) for wire, cutoff in zip(wires, cutoffs, strict=True)]
