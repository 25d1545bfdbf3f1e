"""From ops to maps: gates are lowered to those whose matrix follows from the table, then evaluated per row."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from qcompile.angle import number
from qcompile.diagnostics import Code, error
from qcompile.gates import TABLE, Gate, Kind, pauli_rotation
from qcompile.gates.algebra import commutes_wordwise, pauli_matrix, spectrum
from qcompile.grammar import decompose
from qcompile.ir import Definition, Op
from qcompile.operator import Operator
from qcompile.targets.simulator import evolutions, fock, fock_hybrid
from qcompile.targets.simulator.fock_forms import Diagonal as NumberDiagonal
from qcompile.targets.simulator.fock_forms import Dilation, NumberConserving, form
from qcompile.targets.simulator.tensor import (
    Blocks,
    ComplexArray,
    Controlled,
    Dense,
    Diagonal,
    Level,
    Map,
    Plain,
    WordRotation,
    apply,
    constant,
)
from qcompile.targets.simulator.values import Elements, RealArray, value_of

_LONG = 4  # a Pauli rotation on more wires is applied by its word instead of a matrix
_FORM = 1024
_BLOCKED = 2  # the most qumodes of a gate whose blocks are filled up to one size
_DENSE = 10  # the most wires of a generator whose matrix is diagonalised


def lowered(op: Op, definitions: tuple[Definition, ...]) -> Iterator[Op]:
    """The op as ops whose gates have a matrix or an exponent, or are channels or primitive preparations.

    Raises:
        CompileError: NOT_SIMULABLE, UNKNOWN_EFFECT.
    """
    gate = op.gate
    if gate.generator is not None and _is_wide_sum(gate):
        yield from _wide_sum(op, gate.generator)
    elif gate.hamiltonian is not None:
        _check_dense(op)
        yield op
    elif gate.matrix is not None or gate.generator is not None or gate.channel or is_primitive_preparation(gate):
        yield op
    else:
        for part in decompose(op, definitions):
            yield from lowered(part, definitions)


def is_primitive_preparation(gate: Gate) -> bool:
    return gate.preparation and not gate.word


def _is_wide_sum(gate: Gate) -> bool:
    return len(gate.wires) > _LONG and "qumode" not in gate.wires and _long_word(gate) is None


def _wide_sum(op: Op, generator: Operator) -> Iterator[Op]:
    """A generator of several words on many wires: one rotation for each word where they commute, else one matrix."""
    if not commutes_wordwise(generator):
        _check_dense(op)
        yield op
        return
    control_wires = op.wires[: len(op.controls)]
    for word, coefficient in generator.terms:  # exp(-iθ Σ cP) = Π exp(-iθcP)
        wires = (*control_wires, *(op.targets[wire] for _, wire in word))
        gate = pauli_rotation("".join(letter for letter, _ in word)) if word else TABLE["gphase"]
        factor = number(2.0 if word else -1.0) * coefficient
        yield Op(gate, wires, (op.angles[0] * factor,), op.controls, span=op.span)


def _check_dense(op: Op) -> None:
    """Of words that do not commute."""
    if len(op.gate.wires) > _DENSE:
        label = f"the words of `{op.gate.name}` do not commute, and it has more than {_DENSE} wires"
        raise error(Code.NOT_SIMULABLE, label, op.span, "write it as several gates on fewer wires")


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


def matrix_of(op: Op, elements: Elements) -> ComplexArray:
    """The matrix, shape (2ʷ, 2ʷ), of a lowered unitary op of w qubits at one row of values, its first wire first."""
    count = len(op.wires)
    columns = np.eye(2**count, dtype=complex).reshape((2**count,) + (2,) * count)
    near = replace(op, wires=tuple(range(count)))
    image: ComplexArray = apply(map_of(near, elements, 2), columns).reshape(2**count, 2**count)
    return image.T


def derivative_of(op: Op, elements: Elements, cutoff: int) -> Plain:
    """d map / d angle of a lowered photonic op, its controls apart; exact for the cut matrix."""
    angle = _angle(op, elements)
    if "qubit" in op.gate.wires:
        return Dense(fock_hybrid.derivative(op.gate, angle, cutoff), op.targets)
    return _by_spectrum(op, angle, cutoff, 1) or Dense(fock.derivative(op.gate, angle, cutoff), op.targets)


def _by_spectrum(op: Op, angle: RealArray, cutoff: int, order: int) -> Diagonal | Blocks | None:
    """The map of gates on qumodes that keep the photon number, or its derivative; None for others."""
    generator, modes = fock.generator_of(op.gate), len(op.gate.wires)
    found = form(generator, modes)
    if isinstance(found, NumberDiagonal):
        return Diagonal(fock.phases(fock.levels(generator, modes, cutoff), angle, order), op.targets)
    if not isinstance(found, NumberConserving) or modes > _BLOCKED:
        return None
    known = fock.spectrum(generator, modes, cutoff)
    turns = fock.phases(known.values, angle, order)
    return Blocks(known.places, known.position, known.vectors, turns, op.targets)


def largest_matrix(ops: Sequence[Op], cutoff: int) -> int:
    """Entries of the largest matrix that a row of these ops takes."""
    sizes = (_matrix_size(op, cutoff) for op in ops if not op.gate.preparation)
    return max(sizes, default=1)


def _matrix_size(op: Op, cutoff: int) -> int:
    """A channel takes a matrix for each level of its hidden wires, and those of its word."""
    gate = op.gate
    if _long_word(gate) is not None:
        return 1
    size = _levels(gate.wires, cutoff) ** 2 * _levels(gate.hidden, cutoff)
    if not gate.hidden:
        return size
    word = decompose(replace(op, wires=tuple(range(len(gate.wires) + len(gate.hidden)))))
    return max(size, *(_matrix_size(low, cutoff) for part in word for low in lowered(part, ())))


def _levels(kinds: Sequence[Kind], cutoff: int) -> int:
    return math.prod(2 if kind == "qubit" else cutoff for kind in kinds)


def _plain_map(op: Op, elements: Elements, cutoff: int) -> Plain:
    gate = op.gate
    if gate.matrix is not None:
        return _constant_map(gate, op.inverse, op.targets)
    if gate.hamiltonian is not None:
        return Dense(evolutions.unitary(op, elements), op.targets)
    if gate.generator is None:
        raise AssertionError(f"`{gate.name}` was not lowered")
    angle = _angle(op, elements)
    if "qumode" in gate.wires:
        return _photonic_map(op, angle, cutoff)
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
    """exp(-iθG) = V exp(-iθΛ) V† for G = VΛV†."""
    diagonal = _diagonal(generator, wires)
    if diagonal is not None:
        return Diagonal(np.exp(-1j * np.multiply.outer(angle, diagonal)), targets)
    values, vectors = spectrum(generator, wires)
    phases = np.exp(-1j * np.multiply.outer(angle, values))
    return Dense((vectors * phases[:, np.newaxis, :]) @ vectors.conj().T, targets)


@lru_cache(maxsize=4096)
def _diagonal(generator: Operator, wires: int) -> RealArray | None:
    """The diagonal of a generator in Z alone."""
    if any(letter != "Z" for word, _ in generator.terms for letter, _ in word):
        return None
    return pauli_matrix(generator, wires).diagonal().real


def _photonic_map(op: Op, angle: RealArray, cutoff: int) -> Plain:
    if not _has_fock_matrix(op.gate):
        label = f"`{op.gate.name}` has no exact matrix in a cut Fock space"
        advice = "write it as gates of the table; if it is Gaussian, the engine `gaussian` runs it"
        raise error(Code.NOT_SIMULABLE, label, op.span, advice)
    if "qubit" not in op.gate.wires:
        return _by_spectrum(op, angle, cutoff, 0) or Dense(fock.unitary(op.gate, angle, cutoff), op.targets)
    matrix = fock_hybrid.unitary(op.gate, angle, cutoff)
    diagonal = np.diagonal(matrix, axis1=1, axis2=2)
    if np.count_nonzero(matrix) <= np.count_nonzero(diagonal):
        return Diagonal(np.ascontiguousarray(diagonal), op.targets)
    return Dense(matrix, op.targets)


@lru_cache(maxsize=256)
def _has_fock_matrix(gate: Gate) -> bool:
    generators = fock_hybrid.mode_generators(gate)
    return generators is not None and all(_has_form(each, gate.wires.count("qumode")) for each in generators)


def _has_form(generator: Operator, modes: int) -> bool:
    if (generator.reach + 2) ** modes > _FORM:  # levels that telling its form takes
        return False
    found = form(generator, modes)
    return found is not None and not (isinstance(found, Dilation) and len(found.rates) > 2)
