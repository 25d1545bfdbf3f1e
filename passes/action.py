"""What ops do, as far as passes compare them: generators, small matrices, commutation, interchangeable wires.

All of it follows from the gate table; nothing is decided by a gate's name.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations, product

import numpy as np

from qcompile.angle import Angle
from qcompile.gates import Gate
from qcompile.gates.algebra import ComplexArray, pauli_matrix
from qcompile.grammar import decompose
from qcompile.ir import Op
from qcompile.operator import Operator, collect, words_commute
from qcompile.passes.refinement import controlled_generator

MATRIX_WIRES = 3  # the largest op compared by its matrix
PRODUCTS = 256  # the most products of words that one comparison of generators multiplies out


@dataclass(frozen=True, slots=True, eq=False)
class Rotation:
    """exp(-i angle G) e^{i phase}: `gate` turns by `angle` about `generator`, which is in the op's own wires.

    `angle` is None where the op brings its own.
    """

    gate: Gate
    controls: tuple[bool, ...]
    generator: Operator
    angle: Angle | None = None
    phase: Angle = Angle()


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """What is known of a gate under controls. Wires with one number in `classes` may swap places."""

    gate: Gate
    rotation: Rotation | None
    matrix: ComplexArray | None
    classes: tuple[int, ...]

    @property
    def is_symmetric(self) -> bool:
        return len(set(self.classes)) < len(self.classes)


@dataclass(slots=True)
class Actions:
    """The actions met so far and which pairs commute, remembered for one run of a pass."""

    _known: dict[tuple[int, tuple[bool, ...], bool], Action] = field(default_factory=dict)
    _commuting: dict[tuple[int, int, tuple[int, ...]], bool] = field(default_factory=dict)

    def of(self, op: Op) -> Action:
        key = (id(op.gate), op.controls, op.inverse)  # the action holds the gate, so its id stays taken
        action = self._known.get(key)
        if action is None:
            action = self._known[key] = _action(op)
        return action

    def commute(self, left: Op, right: Op) -> bool:
        """Do two unitary ops commute, whatever their angles? False where that isn't known."""
        places = {wire: place for place, wire in enumerate(left.wires)}
        pattern = tuple(places.get(wire, -1) for wire in right.wires)
        a, b = self.of(left), self.of(right)
        key = (id(a), id(b), pattern)
        known = self._commuting.get(key)
        if known is None:
            known = self._commuting[key] = max(pattern, default=-1) < 0 or _commute(a, b, pattern)
        return known

    def canonical_wires(self, op: Op) -> tuple[int, ...]:
        """The op's wires, those that may swap places in ascending order."""
        action = self.of(op)
        if not action.is_symmetric:
            return op.wires
        ordered = {c: iter(sorted(w for w, d in zip(op.wires, action.classes, strict=True) if c == d))
                   for c in action.classes}  # fmt: skip
        return tuple(next(ordered[c]) for c in action.classes)


def rotation_of(op: Op) -> Rotation | None:
    """The op as a turn of a one-parameter gate: its own generator's, or the one that its word comes to."""
    gate = op.gate
    if gate.generator is not None:
        generator = controlled_generator(op)
        return None if generator is None else Rotation(gate, op.controls, generator)
    if gate.parameters or not gate.word or not gate.is_unitary:
        return None
    parts = decompose(replace(op, wires=tuple(range(len(op.wires)))))
    phases = [part for part in parts if not part.wires]
    turns = [part for part in parts if part.wires]
    inner = rotation_of(turns[0]) if len(turns) == 1 and turns[0].wires == tuple(range(len(op.wires))) else None
    if inner is None:
        return None
    angle = inner.angle if inner.angle is not None else turns[0].angles[0]
    phase = sum((_phase(part) for part in phases), inner.phase)
    return replace(inner, angle=angle, phase=phase)


def _phase(op: Op) -> Angle:
    generator = op.gate.generator
    if generator is None or generator.support:
        raise AssertionError(f"{op.gate.name} is not a global phase")
    return -op.angles[0] * generator.terms[0][1]


def _action(op: Op) -> Action:
    rotation, matrix = rotation_of(op), None
    size = len(op.wires)
    if size <= MATRIX_WIRES:
        matrix = _matrix(op, rotation)
    return Action(op.gate, rotation, matrix, _classes(op, rotation, matrix))


def _matrix(op: Op, rotation: Rotation | None) -> ComplexArray | None:
    """The unitary, or for a rotation its generator: both commute with the same operators."""
    if rotation is not None:
        return pauli_matrix(rotation.generator, len(op.wires)) if rotation.generator.is_pauli else None
    return constant_matrix(op)


def constant_matrix(op: Op) -> ComplexArray | None:
    """The unitary of a gate that is told by its matrix, under the op's controls, first wire most significant."""
    if op.gate.matrix is None:
        return None
    inner = np.array(op.gate.matrix, dtype=complex)
    size, start = 2 ** len(op.wires), 0
    for positive in op.controls:
        start = 2 * start + positive
    whole = np.eye(size, dtype=complex)
    block = slice(start * len(inner), (start + 1) * len(inner))
    whole[block, block] = inner.conj().T if op.inverse else inner
    return whole


def _classes(op: Op, rotation: Rotation | None, matrix: ComplexArray | None) -> tuple[int, ...]:
    """Two wires are of one class where swapping them changes nothing, which is an equivalence."""
    size = len(op.wires)
    classes = list(range(size))
    for first, second in combinations(range(size), 2):
        if classes[first] == first and classes[second] == second and _may_swap(op, first, second, rotation, matrix):
            classes[second] = first
    return tuple(classes)


def _may_swap(op: Op, first: int, second: int, rotation: Rotation | None, matrix: ComplexArray | None) -> bool:
    if rotation is not None:
        order = list(range(len(op.wires)))
        order[first], order[second] = second, first
        return rotation.generator.on(tuple(order)) == rotation.generator
    if matrix is not None:
        tensor = matrix.reshape((2,) * (2 * len(op.wires)))
        swapped = tensor.swapaxes(first, second).swapaxes(first + len(op.wires), second + len(op.wires))
        return bool(np.allclose(swapped, tensor, atol=1e-12))
    return second < len(op.controls) and op.controls[first] == op.controls[second]


def _commute(left: Action, right: Action, pattern: tuple[int, ...]) -> bool:
    count = len(left.classes)
    fresh = iter(range(count, count + len(pattern)))
    places = tuple(place if place >= 0 else next(fresh) for place in pattern)
    if left.rotation is not None and right.rotation is not None:
        return operators_commute(left.rotation.generator, right.rotation.generator.on(places))
    if left.matrix is None or right.matrix is None:
        return False
    size = max(count, *(place + 1 for place in places))
    a = _embedded(left.matrix, tuple(range(count)), size)
    b = _embedded(right.matrix, places, size)
    return bool(np.allclose(a @ b, b @ a, atol=1e-12))


def operators_commute(left: Operator, right: Operator) -> bool:
    """Is [A, B] = 0, for operators or single words? A sum C is zero exactly when both C and iC are Hermitian."""
    pairs = list(product(left.terms, right.terms))
    if left.is_pauli and right.is_pauli and all(words_commute(v, w) for (v, _), (w, _) in pairs):
        return True
    if len(pairs) > PRODUCTS:
        return False
    zero = Angle()
    signed = [(order, c) for (v, a), (w, b) in pairs for order, c in (((*v, *w), a * b), ((*w, *v), -(a * b)))]
    real, turned = [((c, zero), word) for word, c in signed], [((zero, c), word) for word, c in signed]
    return collect(real)[1] and collect(turned)[1]


def _embedded(matrix: ComplexArray, places: tuple[int, ...], size: int) -> ComplexArray:
    """The matrix on wires `places` of `size` wires, shape (2**size, 2**size)."""
    count = len(places)
    tensor = np.eye(2**size, dtype=complex).reshape((2,) * size + (-1,))
    inner = matrix.reshape((2,) * (2 * count))
    moved = np.tensordot(inner, tensor, axes=(range(count, 2 * count), places))
    return np.moveaxis(moved, range(count), places).reshape(2**size, 2**size)
