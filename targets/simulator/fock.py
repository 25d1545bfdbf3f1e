"""Photonic gates in a cut Fock space: every matrix element is that of the infinite operator, phase included.

(Exponentials of cut generators are not: their elements near the cutoff are wrong.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from qcompile.gates import Gate
from qcompile.operator import Operator, letters_by_wire, operator
from qcompile.targets.simulator.fock_forms import Commuting, Diagonal, Dilation, NumberConserving, form
from qcompile.targets.simulator.fock_grid import dilation_matrix, phase_matrix
from qcompile.targets.simulator.fock_words import ComplexArray, letters_matrix, operator_matrix, word_factors

RealArray = NDArray[np.float64]
_MIXING = operator((0.5, "x0 p1"), (-0.5, "p0 x1"))  # turns x by the angle: x0 cos − x1 sin

__all__ = [
    "Spectrum", "derivative", "exponential", "generator_of", "levels", "operator_matrix", "phases", "slope", "spectrum",
    "unitary",
]  # fmt: skip


def unitary(gate: Gate, angle: RealArray, cutoff: int) -> ComplexArray:
    """exp(-iθG) of a gate on qumodes, shape (B, cᵐ, cᵐ) for angles of shape (B,); wire 0 most significant."""
    return exponential(generator_of(gate), len(gate.wires), angle, cutoff)


def derivative(gate: Gate, angle: RealArray, cutoff: int) -> ComplexArray:
    """d unitary / dθ."""
    return slope(generator_of(gate), len(gate.wires), angle, cutoff)


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """WΛW† of a generator that conserves the photon number, in T blocks of one number each, filled up to one size.

    Args:
        places: the states of each block, shape (T, k); where filled up, 0.
        position: where each of the D states stands in the blocks laid end to end, shape (D,).
        vectors: W, shape (T, k, d), the rows of states below the cutoff alone; where filled up, 0.
        values: Λ, shape (T, d).
    """

    places: NDArray[np.int64]
    position: NDArray[np.int64]
    vectors: ComplexArray
    values: RealArray


@lru_cache(maxsize=64)
def spectrum(generator: Operator, modes: int, cutoff: int) -> Spectrum:
    blocks = [_block(generator, modes, photons, cutoff) for photons in range(modes * (cutoff - 1) + 1)]
    count, size, depth = len(blocks), max(len(b[0]) for b in blocks), max(len(b[1]) for b in blocks)
    places, position = np.zeros((count, size), dtype=np.int64), np.zeros(cutoff**modes, dtype=np.int64)
    vectors, values = np.zeros((count, size, depth), dtype=complex), np.zeros((count, depth))
    for k, (states, eigenvalues, eigenvectors) in enumerate(blocks):
        places[k, : len(states)], position[states] = states, k * size + np.arange(len(states))
        vectors[k, : len(states), : len(eigenvalues)], values[k, : len(eigenvalues)] = eigenvectors, eigenvalues
    return Spectrum(places, position, vectors, values)


def levels(generator: Operator, modes: int, cutoff: int) -> RealArray:
    """The values of a generator that is diagonal in the number states."""
    return operator_matrix(generator, (cutoff,) * modes, tuple(range(modes))).diagonal().real


def phases(values: RealArray, angle: RealArray, order: int) -> ComplexArray:
    """(−iλ)ᵒʳᵈᵉʳ exp(−iθλ): of the exponential, or of its derivative. Shape (B, …) for values of shape (…)."""
    turns: ComplexArray = np.exp(-1j * np.multiply.outer(angle, values))
    return turns * (-1j * values) ** order if order else turns


def exponential(generator: Operator, modes: int, angle: RealArray, cutoff: int) -> ComplexArray:
    """exp(-iθG) on modes 0 … modes − 1."""
    found = form(generator, modes)
    match found:
        case Diagonal():
            return _diagonal(generator, modes, angle, cutoff, 0)
        case NumberConserving():
            return _conserving(generator, modes, angle, cutoff, 0)
        case Commuting() as commuting:
            return phase_matrix(commuting, angle, cutoff)
        case Dilation() as dilation:
            return _dilation(dilation, angle, cutoff)
        case None:
            raise AssertionError(f"a generator without an exact exponential in Fock space: {generator}")
        case _:
            assert_never(found)


def slope(generator: Operator, modes: int, angle: RealArray, cutoff: int) -> ComplexArray:
    """d exponential / dθ = −iGU, cut after the product: G reaches some photons above the cutoff."""
    match form(generator, modes):
        case Diagonal():
            return _diagonal(generator, modes, angle, cutoff, 1)
        case NumberConserving():
            return _conserving(generator, modes, angle, cutoff, 1)
        case _:
            return _product(generator, modes, angle, cutoff)


def _product(generator: Operator, modes: int, angle: RealArray, cutoff: int) -> ComplexArray:
    """Word by word, mode by mode: a product with the whole of G would cost more than U."""
    padded = cutoff + generator.reach
    kept = np.ravel_multi_index(np.indices((cutoff,) * modes).reshape(modes, -1), (padded,) * modes)
    whole = exponential(generator, modes, angle, padded)[:, :, kept]
    total = np.zeros((len(angle), cutoff**modes, cutoff**modes), dtype=complex)
    for word, coefficient in generator.terms:
        letters, part = letters_by_wire(word), whole
        for mode in range(modes):
            part = part.reshape(len(angle) * cutoff**mode, padded, -1)
            found = letters.get(mode, ())
            part = letters_matrix(found, padded)[:cutoff] @ part if found else part[:, :cutoff]
        total += -1j * float(coefficient) * part.reshape(total.shape)
    return total


def generator_of(gate: Gate) -> Operator:
    if gate.generator is None:
        raise AssertionError(f"{gate.name} has no generator")
    return gate.generator


def _diagonal(generator: Operator, modes: int, angle: RealArray, cutoff: int, order: int) -> ComplexArray:
    values = levels(generator, modes, cutoff)
    total = np.zeros((len(angle), len(values), len(values)), dtype=complex)
    every = np.arange(len(values))
    total[:, every, every] = phases(values, angle, order)
    return total


def _conserving(generator: Operator, modes: int, angle: RealArray, cutoff: int, order: int) -> ComplexArray:
    """Block by block of the total photon number; a block is finite, so its exponential is exact."""
    total = np.zeros((len(angle), cutoff**modes, cutoff**modes), dtype=complex)
    for photons in range(modes * (cutoff - 1) + 1):
        places, values, vectors = _block(generator, modes, photons, cutoff)
        turned = vectors * phases(values, angle, order)[:, None, :]
        total[:, places[:, None], places[None, :]] = turned @ vectors.conj().T
    return total


@lru_cache(maxsize=4096)
def _block(
    generator: Operator, modes: int, photons: int, cutoff: int
) -> tuple[NDArray[np.int64], RealArray, ComplexArray]:
    """Eigenvalues of G on so many photons, shape (d,), and eigenvectors on the states kept, shape (k, d)."""
    states = np.array([s for s in product(range(photons + 1), repeat=modes) if sum(s) == photons])
    matrix = np.zeros((len(states), len(states)), dtype=complex)
    for word, coefficient in generator.terms:
        factors = word_factors(letters_by_wire(word), (photons + 1,) * modes, range(modes))
        entries = [factor[np.ix_(column, column)] for factor, column in zip(factors, states.T, strict=True)]
        matrix += float(coefficient) * np.prod(entries, axis=0)
    values, vectors = np.linalg.eigh(matrix)
    kept = np.all(states < cutoff, axis=1)
    places = np.asarray(np.ravel_multi_index(tuple(states[kept].T), (cutoff,) * modes), dtype=np.int64)
    return places, values, vectors[kept]


def _dilation(dilation: Dilation, angle: RealArray, cutoff: int) -> ComplexArray:
    """Turn the directions onto the modes, stretch each mode, turn back.

    Turning keeps the photon number, so of the stretched modes only elements below `inner` photons take part.
    """
    if len(dilation.rates) == 1:
        return dilation_matrix(dilation.rates[0] * angle, cutoff).astype(complex)
    if len(dilation.rates) > 2:
        raise AssertionError("a dilation of more than two modes")
    inner = 2 * cutoff - 1
    blocks = _turn(dilation.directions, cutoff)
    turn = np.zeros((inner, inner, cutoff * cutoff))
    for first, second, columns, block in blocks:
        turn[first[:, None], second[:, None], columns] = block
    stretches = [dilation_matrix(rate * angle, inner) for rate in dilation.rates]
    total = np.empty((len(angle), cutoff**2, cutoff**2), dtype=complex)
    for row, (along, across) in enumerate(zip(*stretches, strict=True)):  # the batch at once would take much memory
        stretched = (along @ (across @ turn).reshape(inner, -1)).reshape(turn.shape)
        for first, second, columns, block in blocks:
            total[row, columns] = block.T @ stretched[first, second]
    return total


@lru_cache(maxsize=64)
def _turn(
    directions: tuple[tuple[float, ...], ...], cutoff: int
) -> tuple[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], RealArray], ...]:
    """The passive R with R†xR = Oᵀx on two modes, which is real, by photon number.

    A block has the photons of its d rows in each mode, shapes (d,), its k columns among the states below the cutoff,
    and its elements, shape (d, k).
    """
    inner = 2 * cutoff - 1
    angle = np.arctan2(directions[0][1], directions[0][0])
    blocks: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], RealArray]] = []
    for photons in range(inner):
        places, values, vectors = _block(_MIXING, 2, photons, inner)
        first, second = np.divmod(places, inner)
        kept = (first < cutoff) & (second < cutoff)
        block = (vectors * np.exp(-1j * angle * values)) @ vectors[kept].conj().T
        blocks.append((first, second, first[kept] * cutoff + second[kept], block.real))
    return tuple(blocks)
