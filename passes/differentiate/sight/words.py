"""Pauli words as pairs of bit masks over wires: those with X or Y in them, and those with Z or Y.

A word's sign and size don't matter here.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from qcompile.operator import Word as LetterWord

Word = tuple[int, int]
Words = frozenset[Word]
IDENTITY: Word = (0, 0)
MOST_WORDS = 64  # of one part of an observable; after that only its wires are known
_LETTERS = {"X": (1, 0), "Y": (1, 1), "Z": (0, 1)}


def masked(word: LetterWord) -> Word:
    """The Pauli letters of a word."""
    x = z = 0
    for letter, wire in word:
        has_x, has_z = _LETTERS.get(letter, IDENTITY)
        x |= has_x << wire
        z |= has_z << wire
    return x, z


def anticommute(left: Word, right: Word) -> bool:
    return bool(((left[0] & right[1]) ^ (left[1] & right[0])).bit_count() & 1)


def closure(start: Iterable[Word], generators: Iterable[Word], limit: int = MOST_WORDS) -> Words | None:
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


def all_words(words: Words, wires: tuple[int, ...]) -> Words | None:
    """The words with any letters on these wires, where they have some; None: too many."""
    touched = sum(1 << wire for wire in wires)
    found: set[Word] = set()
    for x, z in words:
        if not (x | z) & touched:
            found.add((x, z))
            continue
        for near_x, near_z in product(range(2 ** len(wires)), repeat=2):
            far = placed((near_x, near_z), wires)
            found.add(((x & ~touched) | far[0], (z & ~touched) | far[1]))
        if len(found) > MOST_WORDS:
            return None
    return frozenset(found)


def near(word: Word, wires: tuple[int, ...]) -> Word:
    """The word on these wires alone, wire k at bit k."""
    x, z = word
    near_x = near_z = 0
    for k, wire in enumerate(wires):
        near_x |= (x >> wire & 1) << k
        near_z |= (z >> wire & 1) << k
    return near_x, near_z


def placed(word: Word, wires: tuple[int, ...]) -> Word:
    """The word with bit k put on wire k of these."""
    x = z = 0
    for k, wire in enumerate(wires):
        x |= (word[0] >> k & 1) << wire
        z |= (word[1] >> k & 1) << wire
    return x, z


def with_z(words: Words, wire: int) -> Words | None:
    """The words and their products with Z on the wire; None: too many."""
    made = words | {(x, z ^ (1 << wire)) for x, z in words}
    return made if len(made) <= MOST_WORDS else None


def dephased(words: Words, wire: int) -> Words:
    """The words that commute with Z on the wire."""
    return frozenset(word for word in words if not anticommute(word, (0, 1 << wire)))


def support(words: Words) -> int:
    """The wires that some word touches, as a bit mask."""
    found = 0
    for x, z in words:
        found |= x | z
    return found


def wires_in(mask: int) -> set[int]:
    return {wire for wire in range(mask.bit_length()) if mask >> wire & 1}
