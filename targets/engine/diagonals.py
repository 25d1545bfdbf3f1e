"""Matrices on a few bits of a state as Σ_m diag(d_m) X^m: which bits they flip, and which their entries depend on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ComplexArray = NDArray[np.complex128]
_NOTHING = 1e-15  # of the largest entry: what eigenvectors leave of a zero


@dataclass(frozen=True, slots=True, eq=False)
class Diagonals:
    """Matrices that share their flips and what they read; (M ψ)(x) = Σ_m d_m[x] ψ(x ^ m).

    Attributes:
        masks: of flipped bits, as numbers with these bits set.
        selectors: the bits that entries depend on, ascending; bit i of an entry's index is the i-th of them.
        values: shape (matrices, masks, 2^selectors).
    """

    masks: tuple[int, ...]
    selectors: tuple[int, ...]
    values: ComplexArray

    @classmethod
    def of(cls, matrices: ComplexArray, bits: Sequence[int]) -> Diagonals:
        """Of matrices of shape (…, 2^k, 2^k) on k bits, the first most significant."""
        stack = matrices.reshape(-1, *matrices.shape[-2:])
        size = int(stack.shape[-1])
        columns: NDArray[np.intp] = np.arange(size)
        by_mask = np.stack([stack[:, columns, columns ^ mask] for mask in range(size)], axis=1)
        least = _NOTHING * np.abs(stack).max(initial=1.0)
        filled = [mask for mask in range(size) if np.abs(by_mask[:, mask]).max() > least]
        count = len(bits)
        # axes from the least significant bit on, so that the reduced index has the first selector lowest
        whole = by_mask[:, filled].reshape(len(stack), len(filled), *(2,) * count)
        order = sorted(range(count), key=lambda k: bits[k])
        kept = [k for k in order if _depends(whole, 2 + k, least)]
        reduced = whole[(slice(None), slice(None), *(slice(None) if k in kept else 0 for k in range(count)))]
        remaining = [k for k in range(count) if k in kept]
        axes = [2 + remaining.index(k) for k in reversed(kept)]
        values = reduced.transpose(0, 1, *axes).reshape(len(stack), len(filled), -1)
        return cls(tuple(_mask(mask, bits) for mask in filled), tuple(bits[k] for k in kept), values)

    @property
    def flipped(self) -> int:
        """Every bit that some mask flips."""
        total = 0
        for mask in self.masks:
            total |= mask
        return total

    @property
    def read(self) -> int:
        return sum(1 << bit for bit in self.selectors)

    def on(self, masks: Sequence[int], selectors: Sequence[int]) -> ComplexArray:
        """The entries over more masks and more selectors, shape (matrices, len(masks), 2^len(selectors))."""
        sigma = np.arange(1 << len(selectors))
        place = {bit: k for k, bit in enumerate(selectors)}
        index = np.zeros_like(sigma)
        for k, bit in enumerate(self.selectors):
            index |= ((sigma >> place[bit]) & 1) << k
        result = np.zeros((len(self.values), len(masks), len(sigma)), dtype=complex)
        row = {mask: k for k, mask in enumerate(masks)}
        for k, mask in enumerate(self.masks):
            result[:, row[mask]] = self.values[:, k, index]
        return result


def product(left: ComplexArray, right: ComplexArray, flips: Sequence[int]) -> ComplexArray:
    """(L·R)_k[σ] = Σ_j L_j[σ] R_(k^j)[σ ^ j] of two tables over the same masks and selectors, shape (masks, 2^s).

    Args:
        flips: what each mask flips of σ.
    """
    masks: NDArray[np.intp] = np.arange(len(left))
    sigma: NDArray[np.intp] = np.arange(int(left.shape[1]))
    return sum(
        (left[j] * right[masks ^ j][:, sigma ^ flip] for j, flip in enumerate(flips)), np.zeros_like(left)
    )  # fmt: skip


def reduced(masks: Sequence[int]) -> tuple[int, ...]:
    """A basis of the flips that these masks generate: highest bits first, each the top of one mask only."""
    basis: list[int] = []
    for mask in masks:
        for known in basis:
            mask = min(mask, mask ^ known)
        if mask:
            basis = [min(known, known ^ mask) if known >> (mask.bit_length() - 1) & 1 else known for known in basis]
            basis = sorted([*basis, mask], reverse=True)
    return tuple(basis)


def span(basis: Sequence[int]) -> tuple[int, ...]:
    """The flips that a basis generates; number k is the sum of the masks at the set bits of k."""
    found = [0]
    for mask in basis:
        found += [mask ^ known for known in found]
    return tuple(found)


def _depends(whole: ComplexArray, axis: int, least: float) -> bool:
    zero, one = np.take(whole, 0, axis), np.take(whole, 1, axis)
    return bool(np.abs(zero - one).max() > least)


def _mask(local: int, bits: Sequence[int]) -> int:
    """A mask over the matrix's own bits, the last of which is lowest, as one over the state's."""
    count = len(bits)
    return sum(1 << bits[k] for k in range(count) if local >> (count - 1 - k) & 1)
