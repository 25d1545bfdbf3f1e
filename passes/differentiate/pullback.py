"""Pauli words pulled back through ops: which words U†PU may hold, whatever the angles are.

A word is a pair of bit masks over wires, those with X or Y in it and those with Z or Y; its sign and size don't matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from qcompile.angle import Angle
from qcompile.gates.algebra import PAULI, ComplexArray, controlled
from qcompile.ir import Op
from qcompile.operator import Operator
from qcompile.operator import Word as LetterWord
from qcompile.passes.action import constant_matrix
from qcompile.passes.differentiate.occurrences import generator_ops

Word = tuple[int, int]
IDENTITY: Word = (0, 0)
MOST_WORDS = 64  # of one piece of an observable; after that only its wires are known
_MATRIX_WIRES = 3
_GENERATOR_WORDS = 256
_LETTERS = {"X": (1, 0), "Y": (1, 1), "Z": (0, 1)}
_SMALL = 1e-12


@dataclass(frozen=True, slots=True)
class Image:
    """The words that one word becomes, and whether it is no longer just itself, sign included."""

    words: frozenset[Word]
    changed: bool


def masked(word: LetterWord) -> Word:
    """The Pauli letters of a word."""
    x = z = 0
    for letter, wire in word:
        has_x, has_z = _LETTERS.get(letter, IDENTITY)
        x |= has_x << wire
        z |= has_z << wire
    return x, z


def anticommute(left: Word, right: Word) -> bool:
    return bool(((left[0] & right[1]).bit_count() + (left[1] & right[0]).bit_count()) & 1)


def closure(start: Iterable[Word], generators: Iterable[Word], limit: int = MOST_WORDS) -> frozenset[Word] | None:
    """The words of all nested commutators with the generators, which e^{iθG} P e^{-iθG} consists of; None: too many."""
    words = set(start)
    waiting = list(words)
    turning = tuple(generators)
    while waiting:
        word = waiting.pop()
        for g in turning:
            if anticommute(word, g):
                made = word[0] ^ g[0], word[1] ^ g[1]
                if made not in words:
                    words.add(made)
                    waiting.append(made)
        if len(words) > limit:
            return None
    return frozenset(words)


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
            local = _gathered(x, z, wires)
            if local not in known:
                known[local] = _image(local, self._parts[key])
            image = known[local]
            if image is None:
                return None
            changed |= image.changed
            for new in image.words:
                near = _scattered(new, wires)
                found.add(((x & outside) | near[0], (z & outside) | near[1]))
        return Image(frozenset(found), changed) if len(found) <= MOST_WORDS else None


def all_words(words: frozenset[Word], wires: tuple[int, ...]) -> frozenset[Word] | None:
    """The words with any letters on these wires, where they have some; None: too many."""
    touched = sum(1 << wire for wire in wires)
    found: set[Word] = set()
    for x, z in words:
        if not (x | z) & touched:
            found.add((x, z))
            continue
        for bits in product((0, 1), repeat=2 * len(wires)):
            near = _scattered((_packed(bits[::2]), _packed(bits[1::2])), wires)
            found.add(((x & ~touched) | near[0], (z & ~touched) | near[1]))
        if len(found) > MOST_WORDS:
            return None
    return frozenset(found)


def _packed(bits: Iterable[int]) -> int:
    return sum(bit << k for k, bit in enumerate(bits))


def _gathered(x: int, z: int, wires: tuple[int, ...]) -> Word:
    near_x = near_z = 0
    for k, wire in enumerate(wires):
        near_x |= (x >> wire & 1) << k
        near_z |= (z >> wire & 1) << k
    return near_x, near_z


def _scattered(word: Word, wires: tuple[int, ...]) -> Word:
    x = z = 0
    for k, wire in enumerate(wires):
        x |= (word[0] >> k & 1) << wire
        z |= (word[1] >> k & 1) << wire
    return x, z


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
        before = _pauli(_gathered(x, z, part.wires), count)
        after = unitary.conj().T @ before @ unitary
        changed |= not np.allclose(after, before, rtol=0, atol=_SMALL)
        for bits in product(range(2**count), range(2**count)):
            if abs(np.trace(_pauli(bits, count) @ after)) > _SMALL * 2**count:
                near = _scattered(bits, part.wires)
                found.add(((x & outside) | near[0], (z & outside) | near[1]))
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
