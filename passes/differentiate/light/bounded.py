"""Frequencies of gates on qumodes that have finitely many: those on few photons, and those that tell levels apart."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations_with_replacement, product

import numpy as np

from qcompile.angle import number
from qcompile.gates.algebra import PAULI, ComplexArray, RealArray, distinct, frequencies, tidied
from qcompile.gates.sectors import sectors
from qcompile.operator import PAULI_LETTERS, Letters, Operator, letters_by_wire, level_of
from qcompile.passes.action import operators_commute

MOST_STATES = 512
MOST_FREQUENCIES = 64
Blocks = dict[int, RealArray]  # by photon number, the eigenvalues on the states that have it


@lru_cache(maxsize=1024)
def bounded_frequencies(
    generator: Operator, controlled: bool, degree: int | None, photons: int | None
) -> tuple[float, ...] | None:
    """Frequencies of an expectation in the angle of exp(-iθG); None where they are not finite, or too many.

    Args:
        degree: of what is measured, which changes the photon number by no more and leaves the gate's qubits alone; None
            for anything.
        photons: a bound on the photons in the modes of G; None: any number.
    """
    levels = _by_levels(generator)
    if levels is not None:
        return frequencies(np.append(levels, 0.0) if controlled else levels)
    if photons is None or not conserves_photons(generator):
        return None
    parts = (generator,) if degree is None else _parts(generator)
    found = [0.0]
    for part in parts:
        blocks = _blocks(part, photons)
        if blocks is None:
            return None
        if controlled and degree is None:
            blocks = {total: np.append(values, 0.0) for total, values in blocks.items()}
        found += _gaps(blocks, photons if degree is None else degree)
    rates = distinct(np.array(found))[1:]
    return tuple(tidied(float(rate)) for rate in rates) if len(rates) <= MOST_FREQUENCIES else None


@lru_cache(maxsize=1024)
def conserves_photons(generator: Operator) -> bool:
    """Does it commute with the photon number of its modes taken together?"""
    total = Operator(tuple(((("n", wire),), number(1.0)) for wire in qumodes(generator)))
    return operators_commute(generator, total)


def is_diagonal(generator: Operator) -> bool:
    """Does it commute with the photon number of every mode, by its letters?"""
    letters = {letter for word, _ in generator.terms for letter, _ in word if letter not in PAULI_LETTERS}
    return all(letter == "n" or level_of(letter) is not None for letter in letters)


def qumodes(generator: Operator) -> tuple[int, ...]:
    """The wires of letters on qumodes, ascending."""
    return tuple(sorted({w for word, _ in generator.terms for letter, w in word if letter not in PAULI_LETTERS}))


def _parts(generator: Operator) -> tuple[Operator, ...]:
    """One generator for each state of the qubits, which the observable does not mix."""
    found = sectors(generator)
    return (generator,) if found is None else tuple(sector.generator for sector in found)


def _gaps(blocks: Blocks, most: int) -> Iterable[float]:
    """Differences of eigenvalues whose photon numbers differ by at most so much."""
    for (s, left), (t, right) in combinations_with_replacement(blocks.items(), 2):
        if abs(s - t) <= most:
            yield from distinct(np.abs(np.subtract.outer(left, right)).ravel())


def _by_levels(generator: Operator) -> RealArray | None:
    """Eigenvalues of a sum of Pauli letters and projectors on levels: all levels it does not name are alike."""
    named: dict[int, set[int]] = {}
    for word, _ in generator.terms:
        for wire, letters in letters_by_wire(word).items():
            if letters[0] in PAULI_LETTERS:
                continue
            found = [level_of(letter) for letter in letters]
            kept = {level for level in found if level is not None}
            if len(kept) < len(set(letters)):
                return None
            named.setdefault(wire, set()).update(kept)
    bases = {wire: (*sorted(levels), max(levels) + 1) for wire, levels in named.items()}
    return _eigenvalues(generator, list(product(*bases.values())), tuple(bases))


@lru_cache(maxsize=256)
def _blocks(generator: Operator, photons: int) -> Blocks | None:
    modes = qumodes(generator)
    blocks: Blocks = {}
    for total in range(photons + 1):
        states = [s for s in product(range(total + 1), repeat=len(modes)) if sum(s) == total]
        values = _eigenvalues(generator, states, modes)
        if values is None:
            return None
        blocks[total] = values
    return blocks


def _eigenvalues(generator: Operator, states: list[tuple[int, ...]], modes: tuple[int, ...]) -> RealArray | None:
    """On the span of states of so many photons in each of `modes`, times any state of the qubits."""
    qubits = [wire for wire in generator.support if wire not in modes]
    if len(states) << len(qubits) > MOST_STATES:
        return None
    columns = np.array(states, dtype=np.int64).reshape(len(states), len(modes)).T
    total = np.zeros((len(states) << len(qubits),) * 2, dtype=complex)
    for word, coefficient in generator.terms:
        letters = letters_by_wire(word)
        light = np.full((len(states), len(states)), float(coefficient), dtype=complex)
        for wire, column in zip(modes, columns, strict=True):
            light *= _elements(letters.get(wire, ()), int(columns.max(initial=0)))[np.ix_(column, column)]
        for wire in qubits:
            light = np.kron(light, PAULI[letters[wire][0]] if wire in letters else np.eye(2))
        total += light
    return distinct(np.linalg.eigvalsh(total))


@lru_cache(maxsize=256)
def _elements(letters: Letters, highest: int) -> ComplexArray:
    """The product of one mode's letters between levels up to the highest, by operators that reach above it."""
    size = highest + len(letters) + 1
    photons = np.arange(size, dtype=np.float64)
    raising = np.diag(np.sqrt(photons[1:]), -1)
    total: ComplexArray = np.eye(size, dtype=complex)
    for letter in letters:
        match letter:
            case "x":
                total = total @ (raising + raising.T)
            case "p":
                total = 1j * total @ (raising - raising.T)
            case "n":
                total = total * photons
            case _:
                total = total * (photons == level_of(letter)).astype(np.float64)
    return total[: highest + 1, : highest + 1]
