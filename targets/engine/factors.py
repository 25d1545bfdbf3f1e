"""From ops to factors: constants and rotations as sums of diagonals, Pauli words as words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from qcompile.angle import Angle
from qcompile.gates import Gate
from qcompile.gates.algebra import ComplexArray, RealArray, distinct, pauli_matrix, spectrum
from qcompile.ir import Barrier, Op, Program
from qcompile.operator import Operator, Word
from qcompile.targets.engine.diagonals import Diagonals
from qcompile.targets.simulator.tensor_gates import lowered

DENSE = 5  # the most wires, controls apart, of a gate that is taken as a matrix
_READ = 8  # the most wires, controls too


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    diagonals: Diagonals


@dataclass(frozen=True, slots=True, eq=False)
class Rotation:
    """exp(-iθG) = Σ exp(-iθλ) P_λ: `diagonals` holds the projectors, one for each level λ, and G last."""

    diagonals: Diagonals
    levels: RealArray
    angle: Angle


@dataclass(frozen=True, slots=True, eq=False)
class WordRotation:
    """exp(-iθ scale P) for a Pauli word P on many bits: the flips of its X and Y, the signs of its Y and Z."""

    flips: int
    signs: int
    scale: float
    angle: Angle


Factor: TypeAlias = Constant | Rotation | WordRotation


def factors_of(program: Program, bits: Sequence[int]) -> list[tuple[Factor, Op]] | None:
    """The factors of a unitary qubit program in order, each with the op that it comes from; None: it is not one.

    Args:
        bits: the state's bit of each wire.
    """
    found: list[tuple[Factor, Op]] = []
    for statement in program.body:
        if isinstance(statement, Barrier):
            continue
        if not isinstance(statement, Op) or not statement.gate.is_unitary or "qumode" in statement.gate.wires:
            return None
        for op in _lowered(statement, program):
            factor = _factor(op, bits)
            if factor is None:
                return None
            found.append((factor, op))
    return found


def _lowered(op: Op, program: Program) -> Iterator[Op]:
    if op.gate.opaque:
        yield op
    else:
        yield from lowered(op, program.definitions)


def _factor(op: Op, bits: Sequence[int]) -> Factor | None:
    gate, count = op.gate, len(op.gate.wires)
    if gate.opaque or (gate.matrix is None and gate.generator is None):
        return None
    if gate.generator is not None and count > DENSE - 1 and not op.controls and len(gate.generator.terms) == 1:
        ((word, coefficient),) = gate.generator.on(op.targets).terms
        sign = -1.0 if op.inverse else 1.0
        return WordRotation(*word_masks(word, bits), sign * float(coefficient), op.angles[0])
    if count > DENSE or len(op.wires) > _READ:
        return None
    where = tuple(bits[wire] for wire in op.wires)
    if gate.matrix is not None:
        return Constant(_of_matrix(gate, op.controls, op.inverse, where))
    if gate.generator is None:
        raise AssertionError(f"`{gate.name}` was not lowered")
    angle = -op.angles[0] if op.inverse else op.angles[0]
    levels, diagonals = _of_generator(gate.generator, count, op.controls, where)
    if not angle.is_constant:
        return Rotation(diagonals, levels, angle)
    phases = np.exp(-1j * float(angle) * levels)
    values = np.tensordot(phases, diagonals.values[:-1], 1)[np.newaxis]
    return Constant(Diagonals(diagonals.masks, diagonals.selectors, values))


def word_masks(word: Word, bits: Sequence[int]) -> tuple[int, int]:
    """The bits that a Pauli word flips, and those whose values give its sign."""
    flips = sum(1 << bits[wire] for letter, wire in word if letter in "XY")
    return flips, sum(1 << bits[wire] for letter, wire in word if letter in "YZ")


@lru_cache(maxsize=1024)
def _of_matrix(gate: Gate, controls: tuple[bool, ...], inverse: bool, where: tuple[int, ...]) -> Diagonals:
    matrix = np.array(gate.matrix, dtype=complex)
    whole = _where_controlled(matrix.conj().T if inverse else matrix, controls, 1.0)
    return Diagonals.of(whole[np.newaxis], where)


@lru_cache(maxsize=1024)
def _of_generator(
    generator: Operator, count: int, controls: tuple[bool, ...], where: tuple[int, ...]
) -> tuple[RealArray, Diagonals]:
    """The levels of the generator and its projectors, with the generator itself last."""
    values, vectors = spectrum(generator, count)
    levels = distinct(np.append(values, 0.0)) if controls else distinct(values)
    projectors: list[ComplexArray] = []
    for level in levels:
        chosen = vectors[:, np.abs(values - level) < 1e-9]
        idle = 1.0 if abs(level) < 1e-9 else 0.0
        projectors.append(_where_controlled(chosen @ chosen.conj().T, controls, idle))
    projectors.append(_where_controlled(pauli_matrix(generator, count), controls, 0.0))
    return levels, Diagonals.of(np.stack(projectors), where)


def _where_controlled(matrix: ComplexArray, controls: tuple[bool, ...], idle: float) -> ComplexArray:
    """The matrix where each control is at its level, `idle` times the identity elsewhere."""
    if not controls:
        return matrix
    size = len(matrix)
    whole: ComplexArray = np.diag(np.full(size << len(controls), complex(idle)))
    place = int("".join(str(int(polarity)) for polarity in controls), 2) * size
    whole[place : place + size, place : place + size] = matrix
    return whole
