"""Operators on a state tensor: Oψ, expectations, and the bras that an adjoint sweep starts from.

A word of degree k in the quadratures takes a state of c levels to c + k levels. Words act in that enlarged space, so
⟨O⟩ and ⟨O²⟩ are those of the infinite operators on the cut state.
"""

from __future__ import annotations

import numpy as np

from qcompile.operator import PAULI_LETTERS, Operator, Word, letters_by_wire, word_reach
from qcompile.targets.simulator.fock_words import letters_matrix
from qcompile.targets.simulator.tensor import ComplexArray, Dense, apply, pauli_word
from qcompile.targets.simulator.values import Elements, RealArray, value_of


def act(operator: Operator, elements: Elements, state: ComplexArray) -> ComplexArray:
    """Oψ in the enlarged space."""
    return _sum_of_words(operator, elements, _enlarged(operator, state))


def act_back(operator: Operator, elements: Elements, enlarged: ComplexArray, shape: tuple[int, ...]) -> ComplexArray:
    """Oφ of an enlarged φ, cut to the levels of that shape: exact there, O being Hermitian."""
    return cut(_sum_of_words(operator, elements, enlarged), shape)


def cut(enlarged: ComplexArray, shape: tuple[int, ...]) -> ComplexArray:
    """The levels that a state of that shape has."""
    return enlarged[:, *(slice(size) for size in shape[1:])]


def inner(bra: ComplexArray, ket: ComplexArray) -> ComplexArray:
    """⟨bra|ket⟩ of each row, shape (b,)."""
    rows = max(len(bra), len(ket))
    left = np.broadcast_to(bra, (rows, *bra.shape[1:])).reshape(rows, -1)
    right = np.broadcast_to(ket, (rows, *ket.shape[1:])).reshape(rows, -1)
    product: ComplexArray = (left.conj()[:, np.newaxis, :] @ right[:, :, np.newaxis])[:, 0, 0]
    return product


def norms(state: ComplexArray) -> RealArray:
    """⟨ψ|ψ⟩ of each row, shape (b,)."""
    return inner(state, state).real


def moments(operator: Operator, elements: Elements, state: ComplexArray) -> tuple[RealArray, RealArray]:
    """⟨O⟩ and ⟨O²⟩ of each row, shapes (b,)."""
    image = act(operator, elements, state)
    return inner(state, cut(image, state.shape)).real, norms(image)


def joint_moments(
    left: Operator, right: Operator, elements: Elements, state: ComplexArray
) -> tuple[RealArray, RealArray, RealArray]:
    """½⟨AB + BA⟩, ⟨A⟩ and ⟨B⟩ of each row, shapes (b,)."""
    images = act(left, elements, state), act(right, elements, state)
    common = tuple(map(min, *(image.shape for image in images)))  # beyond it one of them is zero
    product = inner(*(cut(image, common) for image in images)).real
    first, second = (inner(state, cut(image, state.shape)).real for image in images)
    return product, first, second


def _enlarged(operator: Operator, state: ComplexArray) -> ComplexArray:
    extra = [0] * (state.ndim - 1)
    for word, _ in operator.terms:
        for wire, letters in letters_by_wire(word).items():
            extra[wire] = max(extra[wire], word_reach(tuple((letter, wire) for letter in letters)))
    if not any(extra):
        return state
    return np.pad(state, [(0, 0), *((0, more) for more in extra)])


def _sum_of_words(operator: Operator, elements: Elements, state: ComplexArray) -> ComplexArray:
    total: ComplexArray = np.zeros((1,) * state.ndim, dtype=complex)
    for word, coefficient in operator.terms:
        factor = value_of(coefficient, elements).reshape(-1, *(1,) * (state.ndim - 1))
        total = total + factor * _word(word, state)
    return np.broadcast_to(total, (len(total), *state.shape[1:]))


def _word(word: Word, state: ComplexArray) -> ComplexArray:
    paulis = tuple(factor for factor in word if factor[0] in PAULI_LETTERS)
    if paulis:
        state = pauli_word(paulis, state)
    if len(paulis) == len(word):
        return state
    for wire, letters in letters_by_wire(tuple(f for f in word if f[0] not in PAULI_LETTERS)).items():
        matrix = letters_matrix(letters, state.shape[wire + 1])
        state = apply(Dense(matrix[np.newaxis], (wire,)), state)
    return state
