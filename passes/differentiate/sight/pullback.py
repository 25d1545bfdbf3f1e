"""Pauli words pulled back through ops: which words U†PU may hold, whatever the angles are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from qcompile.angle import Angle
from qcompile.gates.algebra import PAULI, ComplexArray, controlled, spectrum
from qcompile.ir import Op
from qcompile.operator import Operator
from qcompile.passes.action import constant_matrix
from qcompile.passes.differentiate.occurrences import generator_ops
from qcompile.passes.differentiate.sight.words import (
    IDENTITY,
    MOST_WORDS,
    Word,
    anticommute,
    closure,
    masked,
    near,
    placed,
)

_MATRIX_WIRES = 3
_GENERATOR_WORDS = 256
_SMALL = 1e-12


@dataclass(frozen=True, slots=True)
class Image:
    """The words that one word becomes, and whether it is no longer just itself, sign included."""

    words: frozenset[Word]
    changed: bool


@dataclass(slots=True)
class Images:
    """Images of words under ops, each found once; ops of one pattern on other wires share them."""

    _known: dict[tuple[object, ...], dict[Word, Image | None]] = field(
        default_factory=dict[tuple[object, ...], dict[Word, "Image | None"]]
    )
    _ops: dict[tuple[object, ...], _Local] = field(default_factory=dict[tuple[object, ...], "_Local"])

    def through(self, words: frozenset[Word], op: Op) -> Image | None:
        """Of a sum of words on the program's wires; None where too little is known, or there are too many."""
        key = (id(op.gate), op.controls, op.inverse, tuple(a if a.is_constant else None for a in op.angles))
        if key not in self._ops:  # which hold the gate, so its id stays taken
            self._ops[key] = _Local.of(op)
            self._known[key] = {}
        known, wires = self._known[key], op.wires
        found: set[Word] = set()
        changed = False
        outside = ~sum(1 << wire for wire in wires)
        for x, z in words:
            local = near((x, z), wires)
            if local not in known:
                known[local] = self._ops[key].image(local)
            image = known[local]
            if image is None:
                return None
            changed |= image.changed
            for new in image.words:
                far = placed(new, wires)
                found.add(((x & outside) | far[0], (z & outside) | far[1]))
        return Image(frozenset(found), changed) if len(found) <= MOST_WORDS else None


@dataclass(frozen=True, slots=True, eq=False)
class _Local:
    """An op on wires 0, 1, …: its matrix where that is known and small, and its parts, the last of them first."""

    op: Op
    matrix: ComplexArray | None
    parts: tuple[Op, ...]

    @classmethod
    def of(cls, op: Op) -> _Local:
        local = replace(op, wires=tuple(range(len(op.wires))))
        parts = tuple(generator_ops(local))
        return cls(local, _matrix(parts, len(op.wires)), parts[::-1])

    def image(self, word: Word) -> Image | None:
        image = Image(frozenset({word}), False)
        if self.matrix is not None:
            return _by_matrix(image.words, self.matrix, self.op.wires)
        for part in self.parts:
            step = _through_part(image.words, part)
            if step is None:
                return None
            image = Image(step.words, image.changed or step.changed)
        return image


def _matrix(parts: tuple[Op, ...], count: int) -> ComplexArray | None:
    """Of the product of the parts; None where it is large, depends on parameters or is not known."""
    if count > _MATRIX_WIRES or not all(angle.is_constant for part in parts for angle in part.angles):
        return None
    whole: ComplexArray = np.eye(2**count, dtype=complex)
    for part in parts:
        generator, matrix = part.gate.generator, constant_matrix(part)
        if generator is not None and generator.is_pauli:
            on_wires = controlled(generator, part.controls).on(part.wires)
            values, vectors = spectrum(on_wires, count)
            turned = vectors * np.exp(-1j * float(part.angles[0]) * values)
            whole = np.asarray(turned @ vectors.conj().T @ whole, dtype=np.complex128)
        elif matrix is not None:
            whole = np.asarray(_embedded(matrix, part.wires, count) @ whole, dtype=np.complex128)
        else:
            return None
    return whole


def _embedded(matrix: ComplexArray, wires: tuple[int, ...], count: int) -> ComplexArray:
    """The matrix on some of the wires as one on all of them."""
    others = [wire for wire in range(count) if wire not in wires]
    whole = np.kron(matrix, np.eye(2 ** len(others))).reshape((2,) * (2 * count))
    order = [(*wires, *others).index(wire) for wire in range(count)]
    moved = whole.transpose(*order, *(k + count for k in order))
    return np.asarray(moved, dtype=np.complex128).reshape(2**count, 2**count)


def _through_part(words: frozenset[Word], part: Op) -> Image | None:
    generator = part.gate.generator or part.gate.hamiltonian  # whose words alone count
    if generator is None:
        return None
    if len(generator.terms) << len(part.controls) > _GENERATOR_WORDS:
        return None
    turning = [masked(word) for word, _ in controlled(generator, part.controls).on(part.wires).terms]
    if not any(anticommute(word, g) for word in words for g in turning):
        return Image(words, False)
    if not generator.is_pauli:
        return None
    quarter = _quarter_turns(part.angles[0], generator) if len(turning) == 1 else None
    if quarter is not None:
        g = turning[0]
        turned = ((x ^ g[0], z ^ g[1]) if anticommute((x, z), g) and quarter % 2 else (x, z) for x, z in words)
        return Image(frozenset(turned), quarter % 4 != 0)
    made = closure(words, turning)
    return None if made is None else Image(made, True)


def _quarter_turns(angle: Angle, generator: Operator) -> int | None:
    """k where 2θc is kπ/2, so that the word alone, or its product with the generator alone, is left."""
    if not angle.is_constant:
        return None
    turns = 4 * float(angle) * float(generator.terms[0][1]) / np.pi
    return round(turns) if abs(turns - round(turns)) < _SMALL else None


def _by_matrix(words: frozenset[Word], unitary: ComplexArray, wires: tuple[int, ...]) -> Image:
    count = len(wires)
    found: set[Word] = set()
    changed = False
    outside = ~sum(1 << wire for wire in wires)
    for x, z in words:
        before = _pauli(near((x, z), wires), count)
        after = unitary.conj().T @ before @ unitary
        changed |= not np.allclose(after, before, rtol=0, atol=_SMALL)
        for near_x, near_z in product(range(2**count), repeat=2):
            if abs(np.trace(_pauli((near_x, near_z), count) @ after)) > _SMALL:
                far = placed((near_x, near_z), wires)
                found.add(((x & outside) | far[0], (z & outside) | far[1]))
    return Image(frozenset(found), changed)


def _pauli(word: Word, count: int) -> ComplexArray:
    matrix = np.ones((1, 1), dtype=complex)
    names: dict[Word, ComplexArray] = {
        IDENTITY: np.eye(2, dtype=complex),
        (1, 0): PAULI["X"],
        (1, 1): PAULI["Y"],
        (0, 1): PAULI["Z"],
    }
    for k in range(count):
        matrix = np.asarray(np.kron(matrix, names[word[0] >> k & 1, word[1] >> k & 1]), dtype=np.complex128)
    return matrix
