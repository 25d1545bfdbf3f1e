"""Frequencies of an output in an angle: differences of eigenvalues of what generates it, those that the output sees.

For G = Σ c·g of commuting words, e^{iθG} P e^{-iθG} = e^{2iθ G'} P with G' the sum of the words that anticommute with
P. So an observable that consists of the words P has the frequencies |λ|, λ the eigenvalues of 2·G', and no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from qcompile.gates.algebra import RealArray, distinct, frequencies, spectrum, tidied
from qcompile.operator import Operator
from qcompile.passes.differentiate.sight.words import IDENTITY, Word, anticommute

MOST_FREQUENCIES = 64
DENSE_LIMIT = 10  # wires up to which a generator's spectrum is found from its matrix
RANK_LIMIT = 16  # independent words up to which a sum of commuting words is diagonalised
Weighted = tuple[Word, float]


def pauli_frequencies(generator: Operator, controlled: bool = False) -> tuple[float, ...] | None:
    """Frequencies of a Pauli sum; of any width where it is one word. Controls add the eigenvalue 0 to the spectrum.

    None where the spectrum takes too long to find, or has too many frequencies to shift by.
    """
    support = generator.support
    words = [(word, float(coefficient)) for word, coefficient in generator.terms if word]
    if len(words) == 1:
        identity = sum(float(coefficient) for word, coefficient in generator.terms if not word)
        values = np.array([identity - words[0][1], identity + words[0][1]])
    elif len(support) <= DENSE_LIMIT:
        local = generator.on({wire: k for k, wire in enumerate(support)})
        values = distinct(spectrum(local, len(support))[0])
    else:
        return None
    return _bounded(np.append(values, 0.0) if controlled else values)


def joint_frequencies(words: Sequence[Weighted]) -> tuple[float, ...] | None:
    """Frequencies of a sum of commuting words, whatever is measured; None where they are too many to find."""
    values = _eigenvalues([item for item in words if item[0] != IDENTITY])
    return None if values is None else _bounded(values)


def visible_frequencies(words: Sequence[Weighted], observed: Iterable[Word]) -> tuple[float, ...] | None:
    """Frequencies, in the angle of a sum of commuting words, of an observable that consists of the words `observed`."""
    found: list[float] = [0.0]
    turned = {tuple(anticommute(word, seen) for word, _ in words) for seen in observed}
    for pattern in turned:
        values = _eigenvalues([item for item, turns in zip(words, pattern, strict=True) if turns])
        if values is None:
            return None
        found += np.abs(2 * values).tolist()
    rates = distinct(np.array(found))[1:]
    return tuple(tidied(float(rate)) for rate in rates) if len(rates) <= MOST_FREQUENCIES else None


def _bounded(values: RealArray) -> tuple[float, ...] | None:
    kept = distinct(values)
    if len(kept) > MOST_FREQUENCIES + 1:  # whose differences from the least are too many already
        return None
    found = frequencies(kept)
    return found if len(found) <= MOST_FREQUENCIES else None


def _eigenvalues(words: Sequence[Weighted]) -> RealArray | None:
    """Of a sum of commuting words: each choice of signs for the independent ones fixes those of their products.

    A product of words is ± the word of the product, so the signs of dependent words come with a sign of their own.
    """
    width = max(((x | z).bit_length() for (x, z), _ in words), default=0)
    basis: list[tuple[int, int]] = []  # a word's bits, and which independent words it is the product of
    members: list[int] = []
    independent: list[Word] = []
    for word, _ in words:
        left, combination = word[0] << width | word[1], 0
        for pivot, used in basis:  # each lacks the leading bits of those before it
            if left >> (pivot.bit_length() - 1) & 1:
                left, combination = left ^ pivot, combination ^ used
        if left:
            own = 1 << len(independent)
            basis.append((left, combination ^ own))
            independent.append(word)
            combination = own
        members.append(combination)
    if len(independent) > RANK_LIMIT:
        return None
    choices = np.arange(1 << len(independent))
    total: RealArray = np.zeros(len(choices))
    for (word, coefficient), combination in zip(words, members, strict=True):
        sign = _sign([w for k, w in enumerate(independent) if combination >> k & 1], word)
        total += coefficient * sign * (1 - 2 * (np.bitwise_count(choices & combination) & 1).astype(np.float64))
    return distinct(total)


def _sign(factors: Sequence[Word], word: Word) -> int:
    """The sign s with Π factors = s·word, for commuting Hermitian words; i^{x·z} X^x Z^z is the word's operator."""
    power = z = 0
    for fx, fz in factors:
        power += (fx & fz).bit_count() + 2 * (z & fx).bit_count()
        z ^= fz
    power -= (word[0] & word[1]).bit_count()
    return 1 if power % 4 == 0 else -1
