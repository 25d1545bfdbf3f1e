"""Pauli words pulled back through ops: which words U†PU may hold, whatever the angles are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from qcompile.angle import Angle
from qcompile.gates.algebra import PAULI, ComplexArray, controlled
from qcompile.ir import Op
from qcompile.operator import Operator
from qcompile.passes.action import constant_matrix
from qcompile.passes.differentiate.occurrences import generator_ops
from qcompile.passes.differentiate.words import IDENTITY, MOST_WORDS, Word, anticommute, closure, masked, near, placed

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
    _parts: dict[tuple[object, ...], tuple[Op, ...]] = field(default_factory=dict[tuple[object, ...], tuple[Op, ...]])

    def through(self, words: frozenset[Word], op: Op) -> Image | None:
        """Of a sum of words on the program's wires; None where too little is known, or there are too many."""
        key = (id(op.gate), op.controls, op.inverse, tuple(a if a.is_constant else None for a in op.angles))
        if key not in self._parts:  # which hold the gate, so its id stays taken
            whole = replace(op, wires=tuple(range(len(op.wires))))
            self._parts[key] = tuple(reversed(tuple(generator_ops(whole))))
            self._known[key] = {}
        known, wires = self._known[key], op.wires
        found: set[Word] = set()
        changed = False
        outside = ~sum(1 << wire for wire in wires)
        for x, z in words:
            local = near((x, z), wires)
            if local not in known:
                known[local] = _image(local, self._parts[key])
            image = known[local]
            if image is None:
                return None
            changed |= image.changed
            for new in image.words:
                far = placed(new, wires)
                found.add(((x & outside) | far[0], (z & outside) | far[1]))
        return Image(frozenset(found), changed) if len(found) <= MOST_WORDS else None


def _image(word: Word, parts: tuple[Op, ...]) -> Image | None:
    """Through the parts of an op, the last of them first."""
    image = Image(frozenset({word}), False)
    for part in parts:
        step = _through_part(image.words, part)
        if step is None:
            return None
        image = Image(step.words, image.changed or step.changed)
    return image


def _through_part(words: frozenset[Word], part: Op) -> Image | None:
    generator = part.gate.generator
    if generator is None:
        return _by_matrix(words, part)
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


def _by_matrix(words: frozenset[Word], part: Op) -> Image | None:
    unitary, count = constant_matrix(part) if len(part.wires) <= _MATRIX_WIRES else None, len(part.wires)
    if unitary is None:
        return None
    found: set[Word] = set()
    changed = False
    outside = ~sum(1 << wire for wire in part.wires)
    for x, z in words:
        before = _pauli(near((x, z), part.wires), count)
        after = unitary.conj().T @ before @ unitary
        changed |= not np.allclose(after, before, rtol=0, atol=_SMALL)
        for bits in product(range(2**count), range(2**count)):
            if abs(np.trace(_pauli(bits, count) @ after)) > _SMALL * 2**count:
                far = placed(bits, part.wires)
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
        matrix = np.kron(matrix, names[word[0] >> k & 1, word[1] >> k & 1])
    return matrix
