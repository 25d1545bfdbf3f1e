"""Pauli words, many at a time, walked back through a program of Clifford gates, Pauli noise, measurements and resets.

The dual of each of these takes a word to one word, times a factor. So the expectation of a word is the product of the
factors, if what is left of it has no X and no Y, and else zero: exact, in a time that does not depend on the state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qcompile.operator import Word
from qcompile.targets.simulator.values import RealArray

Bits = NDArray[np.bool_]
_SMALL = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A dual map on words of w wires: word k becomes factors[k] × word images[k].

    Words are numbered x + 2ʷz, bit k of x set for a letter X or Y on wire k, and of z for Z or Y.
    """

    images: NDArray[np.intp]
    factors: RealArray

    def forward(self, word: int) -> tuple[int, int]:
        """The image of a word under the Clifford gate itself, and its sign."""
        place = int(np.flatnonzero(self.images == word)[0])
        return place, int(self.factors[place])


@dataclass(slots=True, eq=False)
class Words:
    """Words on n wires: where they have X or Y, where Z or Y, shapes (words, n), and their factors, shape (words,)."""

    x: Bits
    z: Bits
    factors: RealArray

    def through(self, table: Table, wires: Sequence[int]) -> None:
        """Walks back over an op."""
        count = len(wires)
        code = np.zeros(len(self.factors), dtype=np.intp)
        for k, wire in enumerate(wires):
            code |= (self.x[:, wire].astype(np.intp) << k) | (self.z[:, wire].astype(np.intp) << (k + count))
        self.factors *= table.factors[code]
        image = table.images[code]
        for k, wire in enumerate(wires):
            self.x[:, wire] = image >> k & 1
            self.z[:, wire] = image >> (k + count) & 1

    def turned(self, word: Word, quarters: int) -> None:
        """Walks back over exp(−iφP), φ = quarters × π/4.

        Where W and P do not commute, U†WU = exp(2iφP) W: iPW, −W or −iPW.
        """
        own_x, own_z = _masks(word, self.x.shape[1])
        clashes = ((self.x @ own_z.astype(np.int64) + self.z @ own_x.astype(np.int64)) % 2).astype(bool)
        if quarters == 2:
            self.factors[clashes] *= -1
            return
        x, z = self.x[clashes], self.z[clashes]
        after_x, after_z = x ^ own_x, z ^ own_z
        # a word is i^(x·z) X^x Z^z, so P W = i^e × the word of the sums, and i P W has the sign (−1)^((e + 1)/2)
        turns = (
            (own_x & own_z).sum() + (x & z).sum(axis=1) + 2 * (x & own_z).sum(axis=1) - (after_x & after_z).sum(axis=1)
        )
        signs = 1 - 2 * ((turns + 1) // 2 % 2)
        self.factors[clashes] *= signs if quarters == 1 else -signs
        self.x[clashes], self.z[clashes] = after_x, after_z

    def on_zeros(self) -> RealArray:
        """Their expectations in |0…0⟩."""
        return np.where(self.x.any(axis=1), 0.0, self.factors)


DEPHASED = Table(np.array([0, 1, 2, 3]), np.array([1.0, 0.0, 1.0, 0.0]))  # a measurement that nobody reads
RESTARTED = Table(np.array([0, 0, 0, 0]), np.array([1.0, 0.0, 1.0, 0.0]))


def words_of(words: Sequence[Word], wires: int) -> Words:
    x, z = np.zeros((2, len(words), wires), dtype=bool)
    for row, word in enumerate(words):
        x[row], z[row] = _masks(word, wires)
    return Words(x, z, np.ones(len(words)))


def clifford_table(transfer: RealArray) -> Table | None:
    """Of a unitary's transfer matrix; None where it takes some word to several."""
    images = np.abs(transfer).argmax(axis=1)
    factors = np.round(transfer[range(len(images)), images])
    exact = np.zeros_like(transfer)
    exact[range(len(images)), images] = factors
    return Table(images, factors) if np.abs(transfer - exact).max() < _SMALL else None


def noise_table(transfer: RealArray) -> Table | None:
    """Of a channel's transfer matrix; None where it is no mixture of Pauli letters."""
    factors = transfer.diagonal().copy()
    return Table(np.arange(len(factors)), factors) if np.abs(transfer - np.diag(factors)).max() < _SMALL else None


def chances(noise: Table) -> RealArray:
    """The probability of each word in Pauli noise: Σ factors × signs of commutation, over the number of words."""
    count = (len(noise.factors).bit_length() - 1) // 2
    words: NDArray[np.intp] = np.arange(1 << (2 * count))
    x, z = words & (2**count - 1), words >> count
    clashes = np.bitwise_count(x[:, np.newaxis] & z) + np.bitwise_count(z[:, np.newaxis] & x)
    found: RealArray = (1 - 2.0 * (clashes % 2)) @ noise.factors / 4**count
    return np.clip(found, 0.0, 1.0)


def letters_of(code: int, wires: Sequence[int]) -> Word:
    """The word of that number on these wires."""
    count = len(wires)
    found = [(" XZY"[(code >> k & 1) + 2 * (code >> k + count & 1)], wire) for k, wire in enumerate(wires)]
    return tuple(factor for factor in found if factor[0] != " ")


def _masks(word: Iterable[tuple[str, int]], wires: int) -> tuple[Bits, Bits]:
    x, z = np.zeros((2, wires), dtype=bool)
    for letter, wire in word:
        x[wire], z[wire] = letter in "XY", letter in "YZ"
    return x, z
