"""From ops to maps: gates are lowered to those whose matrix follows from the table, then evaluated per row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from qcompile.gates import Gate
from qcompile.gates.algebra import eigensystem
from qcompile.grammar import decompose
from qcompile.ir import Definition, Op
from qcompile.operator import Operator
from qcompile.targets.simulator import fock
from qcompile.targets.simulator.tensor import (
    ComplexArray,
    Controlled,
    Dense,
    Diagonal,
    Level,
    Map,
    Plain,
    WordRotation,
    constant,
)
from qcompile.targets.simulator.values import Elements, RealArray, value_of

_LONG = 4  # a Pauli rotation on more wires is applied by its word instead of a matrix


def lowered(op: Op, definitions: tuple[Definition, ...]) -> Iterator[Op]:
    """The op as ops whose gates have a matrix, a generator, or are primitive preparations."""
    if op.gate.matrix is not None or op.gate.generator is not None or (op.gate.preparation and not op.gate.word):
        yield op
    else:
        for part in decompose(op, definitions):
            yield from lowered(part, definitions)


def map_of(op: Op, elements: Elements, cutoff: int) -> Map:
    """The map of a lowered unitary op, one matrix per row or one for all rows."""
    plain = _plain_map(op, elements, cutoff)
    if not op.controls:
        return plain
    return Controlled(plain, levels_of(op))


def levels_of(op: Op) -> tuple[Level, ...]:
    """The levels of its control wires at which the op acts."""
    return tuple((wire, int(polarity)) for wire, polarity in zip(op.wires, op.controls, strict=False))


def maps_of(ops: Sequence[Op], elements: Elements, cutoff: int) -> list[Map]:
    return [map_of(op, elements, cutoff) for op in ops]


def derivative_of(op: Op, elements: Elements, cutoff: int) -> Dense:
    """d map / d angle of a lowered photonic op, its controls apart; exact for the cut matrix."""
    return Dense(fock.derivative(op.gate, _angle(op, elements), cutoff), op.targets)


def largest_matrix(ops: Sequence[Op], cutoff: int) -> int:
    """Entries of the largest matrix that a row of these ops takes."""
    sizes = (_matrix_size(op, cutoff) for op in ops if not op.gate.preparation)
    return max(sizes, default=1)


def _matrix_size(op: Op, cutoff: int) -> int:
    if _long_word(op.gate) is not None:
        return 1
    side = 1
    for kind in op.gate.wires:
        side *= 2 if kind == "qubit" else cutoff
    return side * side


def _plain_map(op: Op, elements: Elements, cutoff: int) -> Plain:
    gate = op.gate
    if gate.matrix is not None:
        return _constant_map(gate, op.inverse, op.targets)
    if gate.generator is None:
        raise AssertionError(f"`{gate.name}` was not lowered")
    angle = _angle(op, elements)
    if "qumode" in gate.wires:
        return _photonic_map(gate, angle, cutoff, op.targets)
    word = _long_word(gate)
    if word is not None:
        ((letters, coefficient),) = word.on(op.targets).terms
        turn = angle * float(coefficient)
        return WordRotation(letters, np.cos(turn).astype(complex), np.sin(turn).astype(complex), op.targets)
    return _exponential(gate.generator, len(gate.wires), angle, op.targets)


def _angle(op: Op, elements: Elements) -> RealArray:
    value = value_of(op.angles[0], elements, op.span)
    return -value if op.inverse else value


def _long_word(gate: Gate) -> Operator | None:
    generator = gate.generator
    if len(gate.wires) > _LONG and generator is not None and generator.is_pauli and len(generator.terms) == 1:
        return generator
    return None


def _constant_map(gate: Gate, inverse: bool, wires: tuple[int, ...]) -> Plain:
    matrix = np.array(gate.matrix, dtype=complex)
    return constant(matrix.conj().T if inverse else matrix, wires)


def _exponential(generator: Operator, wires: int, angle: RealArray, targets: tuple[int, ...]) -> Dense | Diagonal:
    """exp(-iθG) = Σ exp(-iθλ) P over the eigenvalues λ and projectors P of G."""
    values, projectors, is_diagonal = _spectrum(generator, wires)
    phases = np.exp(-1j * np.multiply.outer(angle, values))
    if is_diagonal:
        return Diagonal(phases @ np.diagonal(projectors, axis1=1, axis2=2), targets)
    return Dense(np.tensordot(phases, projectors, axes=1), targets)


@lru_cache(maxsize=4096)
def _spectrum(generator: Operator, wires: int) -> tuple[RealArray, ComplexArray, bool]:
    values, projectors = eigensystem(generator, wires)
    off_diagonal = projectors * (1 - np.eye(projectors.shape[-1]))
    return values, projectors, not np.abs(off_diagonal).max(initial=0.0) > 1e-15


def _photonic_map(gate: Gate, angle: RealArray, cutoff: int, wires: tuple[int, ...]) -> Dense | Diagonal:
    matrix = fock.unitary(gate, angle, cutoff)
    diagonal = np.diagonal(matrix, axis1=1, axis2=2)
    if np.count_nonzero(matrix) <= np.count_nonzero(diagonal):
        return Diagonal(np.ascontiguousarray(diagonal), wires)
    return Dense(matrix, wires)
