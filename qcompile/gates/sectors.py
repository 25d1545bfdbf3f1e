"""Generators that turn qumodes by the state of qubits, as one generator on the qumodes for each state of the qubits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

from qcompile.angle import number
from qcompile.gates.algebra import ComplexArray, RealArray, pauli_matrix
from qcompile.operator import PAULI_LETTERS, Operator, Word, words_commute

MOST_QUBITS = 6
MOST_WORDS = 24  # whose signs a sum in double precision tells apart


@dataclass(frozen=True, slots=True, eq=False)
class Sector:
    """Where the qubits are in the span of `states`, shape (2**qubits, d), the generator is this one on the qumodes."""

    states: ComplexArray
    generator: Operator


@lru_cache(maxsize=1024)
def sectors(generator: Operator) -> tuple[Sector, ...] | None:
    """G = Σ Πₛ ⊗ Gₛ over the joint eigenspaces of its Pauli words, qubits in ascending order of wires.

    None where the words do not commute, or act on too many qubits.
    """
    parts = [(*_split(word), coefficient) for word, coefficient in generator.terms]
    words = list(dict.fromkeys(paulis for paulis, _, _ in parts))
    qubits = sorted({wire for word in words for _, wire in word})
    if not words:
        return (Sector(np.ones((1, 1), dtype=complex), generator),)
    if len(qubits) > MOST_QUBITS or len(words) > MOST_WORDS:
        return None
    if not all(words_commute(v, w) for v, w in combinations(words, 2)):
        return None
    signs, basis = _joint(words, {wire: k for k, wire in enumerate(qubits)})
    found: list[Sector] = []
    for pattern in dict.fromkeys(signs):
        sign = dict(zip(words, pattern, strict=True))
        inner = Operator()
        for paulis, rest, coefficient in parts:
            inner = inner + Operator(((rest, coefficient * number(sign[paulis])),))
        found.append(Sector(basis[:, [k for k, own in enumerate(signs) if own == pattern]], inner))
    return tuple(found)


def _split(word: Word) -> tuple[Word, Word]:
    paulis = tuple(factor for factor in word if factor[0] in PAULI_LETTERS)
    return paulis, tuple(factor for factor in word if factor[0] not in PAULI_LETTERS)


def _joint(words: list[Word], places: dict[int, int]) -> tuple[list[tuple[float, ...]], ComplexArray]:
    """The signs of every word on each of the words' common eigenvectors, and these as columns.

    A sum of the words with weights 1, 3, 9, … has a value of its own for every choice of signs.
    """
    matrices = [pauli_matrix(Operator(((word, number(1.0)),)).on(places), len(places)) for word in words]
    total = sum((3.0**k * matrix for k, matrix in enumerate(matrices)), np.zeros_like(matrices[0]))
    basis: ComplexArray = np.linalg.eigh(total)[1].astype(np.complex128)
    if np.count_nonzero(total) == np.count_nonzero(total.diagonal()):
        basis = np.eye(len(total), dtype=complex)
    signs: RealArray = np.array([np.sum(basis.conj() * (matrix @ basis), axis=0).real.round() for matrix in matrices])
    return [tuple(map(float, column)) for column in signs.T], basis
