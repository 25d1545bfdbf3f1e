"""Operators carried forward through ops, O ↦ UOU†: what stood before an op, as it stands after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

import numpy as np

from qcompile.angle import Angle, Call, call, number
from qcompile.gates.algebra import PAULI, ComplexArray, commutes_wordwise
from qcompile.ir import Op
from qcompile.operator import Operator, Word, collect, words_commute
from qcompile.passes.action import constant_matrix, operators_commute
from qcompile.passes.differentiate.occurrences import generator_of, generator_ops

MOST_WORDS = 8  # of what is carried; past that a test of its own costs less than reading them
MOST_CALLS = 100  # of functions in its coefficients, which double with each turn
_MOST_CALLS_OF_ANGLE = 10
_MATRIX_WIRES = 3
_ROUNDING = 1e-14


def carried(operator: Operator, ops: Iterable[Op]) -> Operator | None:
    """The operator after the ops, its coefficients functions of their angles; None where it comes to many words."""
    found: Operator | None = operator
    for op in ops:
        if found is None:
            return None
        if not set(found.support).isdisjoint(op.wires):
            found = _through(found, op)
    return found


def _is_long(operator: Operator) -> bool:
    return len(operator.terms) > MOST_WORDS or _calls(c for _, c in operator.terms) > MOST_CALLS


def _calls(angles: Iterable[Angle]) -> int:
    """The functions in angles, those inside others included, which is at least as many as how deep they lie."""
    return sum(atom.size for angle in angles for atom, _ in angle.terms if isinstance(atom, Call))


def _through(operator: Operator, op: Op) -> Operator | None:
    found: Operator | None = operator
    for part in generator_ops(op):
        if found is None or _is_long(found):
            return None
        if not set(found.support).isdisjoint(part.wires):
            found = _through_part(found, part)
    return found


def _through_part(operator: Operator, part: Op) -> Operator | None:
    """Of a part that has a generator or a matrix."""
    if part.gate.generator is None:
        return _by_matrix(operator, part) if operator.is_pauli else None
    generator = generator_of(part)
    if operators_commute(generator, operator):
        return operator
    if not (operator.is_pauli and commutes_wordwise(generator)) or _calls(part.angles) > _MOST_CALLS_OF_ANGLE:
        return None
    for word, coefficient in generator.terms:
        operator = _turned(operator, word, part.angles[0] * coefficient * number(2.0))
    return operator


def _turned(operator: Operator, axis: Word, angle: Angle) -> Operator:
    """e^{-iφG/2} P e^{iφG/2} = cos φ P − i sin φ GP for words that anticommute."""
    zero, terms = Angle(), list[tuple[tuple[Angle, Angle], Word]]()
    for word, coefficient in operator.terms:
        if words_commute(axis, word):
            terms.append(((coefficient, zero), word))
        else:
            terms.append(((coefficient * call("cos", angle), zero), word))
            terms.append(((zero, -(coefficient * call("sin", angle))), (*axis, *word)))
    return _without_rounding(collect(terms)[0])


def _by_matrix(operator: Operator, part: Op) -> Operator | None:
    """Each word's letters on the op's wires, as the sum of words tr(Q UPU†) / 2^k · Q."""
    matrix, count = constant_matrix(part), len(part.wires)
    if matrix is None or count > _MATRIX_WIRES:
        return None
    zero, terms = Angle(), list[tuple[tuple[Angle, Angle], Word]]()
    for word, coefficient in operator.terms:
        letters = {wire: letter for letter, wire in word}
        inside = _matrix_of([letters.get(wire, "I") for wire in part.wires])
        outside = tuple((letter, wire) for letter, wire in word if wire not in part.wires)
        for weight, image in _words_of(matrix @ inside @ matrix.conj().T, part.wires):
            terms.append(((coefficient * number(weight), zero), (*outside, *image)))
    return _without_rounding(collect(terms)[0])


def _words_of(matrix: ComplexArray, wires: tuple[int, ...]) -> Iterator[tuple[float, Word]]:
    for letters in product("IXYZ", repeat=len(wires)):
        weight = float(np.trace(_matrix_of(letters) @ matrix).real) / len(matrix)
        if abs(weight) > _ROUNDING:
            yield weight, tuple((letter, wire) for letter, wire in zip(letters, wires, strict=True) if letter != "I")


def _matrix_of(letters: Iterable[str]) -> ComplexArray:
    factors = [np.eye(2, dtype=complex) if letter == "I" else PAULI[letter] for letter in letters]
    total: ComplexArray = np.eye(1, dtype=complex)
    for factor in factors:
        total = np.asarray(np.kron(total, factor), dtype=complex)
    return total


def _without_rounding(operator: Operator) -> Operator:
    """Generators have coefficients of the order of 1."""
    return Operator(tuple((word, c) for word, c in operator.terms if not c.is_constant or abs(float(c)) > _ROUNDING))
