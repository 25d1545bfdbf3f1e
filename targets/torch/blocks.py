"""Blocks Σ_k diag(C_k[σ]) X^(m_k) as tensors: their tables from angles, and the tables on states.

A state has shape (batch, 2^n); a table (batch or 1, masks, 2^selectors), by the places of its block's bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qcompile.angle import Angle
from qcompile.targets.engine.diagonals import product, span
from qcompile.targets.engine.factors import Constant, Factor, Rotation, WordRotation
from qcompile.targets.engine.fuse import Block

ComplexArray: TypeAlias = NDArray[np.complex128]
Evaluate: TypeAlias = Callable[[Angle], Tensor | float]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A factor of a block over the block's own masks and selectors.

    Attributes:
        values: of a constant, shape (1, masks, 2^selectors); of a rotation its projectors, (levels, …).
        levels: of the rotation; None for a constant.
    """

    values: ComplexArray
    levels: NDArray[np.float64] | None = None
    angle: Angle | None = None

    def at(self, evaluate: Evaluate, like: Tensor) -> Tensor:
        """Σ exp(-iθλ) P_λ, of the precision and on the device of a state."""
        values = torch.as_tensor(self.values).to(like)
        if self.levels is None or self.angle is None:
            return values
        theta = torch.as_tensor(evaluate(self.angle), dtype=like.real.dtype, device=like.device).reshape(-1, 1)
        turns = theta * torch.as_tensor(self.levels).to(theta)
        phases = torch.complex(torch.cos(turns), -torch.sin(turns))
        return (phases @ values.reshape(len(values), -1)).reshape(-1, *values.shape[1:])


@dataclass(frozen=True, slots=True, eq=False)
class Mixing:
    """A block whose factors are tables.

    Attributes:
        flips: what each mask flips of σ.
    """

    masks: tuple[int, ...]
    selectors: tuple[int, ...]
    flips: tuple[int, ...]
    tables: tuple[Table, ...]

    @classmethod
    def of(cls, block: Block, factors: Sequence[Factor]) -> Mixing:
        masks = span(block.basis)
        selectors = tuple(bit for bit in range(block.read.bit_length()) if block.read >> bit & 1)
        flips = tuple(sum(1 << k for k, bit in enumerate(selectors) if mask >> bit & 1) for mask in masks)
        tables: list[Table] = []
        for factor in (factors[k] for k in block.factors):
            if isinstance(factor, WordRotation):
                raise AssertionError("a word is a block of its own")
            values = factor.diagonals.on(masks, selectors)
            if isinstance(factor, Rotation):
                tables.append(Table(values[:-1], factor.levels, factor.angle))
            elif tables and tables[-1].levels is None:
                tables[-1] = Table(product(values[0], tables[-1].values[0], flips)[np.newaxis])
            else:
                tables.append(Table(values))
        return cls(masks, selectors, flips, tuple(tables))

    def __call__(self, state: Tensor, evaluate: Evaluate) -> Tensor:
        tables = (table.at(evaluate, state) for table in self.tables)
        whole = reduce(lambda right, left: self._product(left, right), tables)
        bits = sorted({*self.selectors, *(bit for mask in self.masks for bit in bits_of(mask))}, reverse=True)
        apart = state.reshape(len(state), *shape_around(state.shape[1], bits))
        spread = [2 if bit in self.selectors else 1 for bit in bits]
        parts = (
            whole[:, k].reshape(len(whole), *(size for each in spread for size in (1, each)), 1)
            * flipped(apart, [2 + 2 * bits.index(bit) for bit in bits_of(mask)])
            for k, mask in enumerate(self.masks)
        )
        mixed: Tensor = reduce(torch.add, parts)
        return mixed.reshape(-1, state.shape[1])

    def _product(self, left: Tensor, right: Tensor) -> Tensor:
        """(L·R)_k[σ] = Σ_j L_j[σ] R_(k^j)[σ ^ j]."""
        masks, sigma = np.arange(len(self.masks)), np.arange(1 << len(self.selectors))
        parts = (
            left[:, j : j + 1] * right[:, (masks ^ j).tolist()][:, :, (sigma ^ flip).tolist()]
            for j, flip in enumerate(self.flips)
        )
        found: Tensor = reduce(torch.add, parts)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Turning:
    """exp(-iθ scale P) = cos − i sin · P for a Pauli word P."""

    word: WordRotation

    def __call__(self, state: Tensor, evaluate: Evaluate) -> Tensor:
        turn = torch.as_tensor(evaluate(self.word.angle), dtype=state.real.dtype, device=state.device)
        turn = turn.reshape(-1, 1) * self.word.scale
        image = applied_word(state, self.word.flips, self.word.signs)
        return torch.cos(turn) * state - 1j * torch.sin(turn) * image


def blocks_of(blocks: Sequence[Block], factors: Sequence[Factor]) -> tuple[Mixing | Turning, ...]:
    return tuple(_block(block, [factors[k] for k in block.factors], factors) for block in blocks)


def _block(block: Block, own: Sequence[Factor], factors: Sequence[Factor]) -> Mixing | Turning:
    if isinstance(own[0], WordRotation):
        return Turning(own[0])
    if not all(isinstance(factor, Constant | Rotation) for factor in own):
        raise AssertionError("a word is a block of its own")
    return Mixing.of(block, factors)


def applied_word(state: Tensor, flips: int, signs: int) -> Tensor:
    """P ψ(x) = (-i)^y (-1)^(z·x) ψ(x ^ m)."""
    phase = (-1j) ** ((flips & signs).bit_count() % 4)
    return phase * signs_of(signs, state) * flipped_bits(state, flips)


def signs_of(mask: int, like: Tensor) -> Tensor:
    """(-1)^(mask·x) for each x, shape (2^n,), real."""
    signs = torch.ones(1, dtype=like.real.dtype, device=like.device)
    while len(signs) < like.shape[1]:
        signs = torch.cat([signs, -signs if mask & len(signs) else signs])
    return signs


def flipped_bits(state: Tensor, mask: int) -> Tensor:
    """ψ(x ^ mask): each run of neighbouring bits is one axis, read backwards."""
    if not mask:
        return state
    sizes, turned, bit = list[int](), list[int](), state.shape[1].bit_length() - 2
    while bit >= 0:
        is_set, count = mask >> bit & 1, 0
        while bit >= 0 and mask >> bit & 1 == is_set:
            bit, count = bit - 1, count + 1
        sizes.append(1 << count)
        if is_set:
            turned.append(len(sizes))
    return flipped(state.reshape(len(state), *sizes), turned).reshape(state.shape)


def flipped(value: Tensor, axes: Sequence[int]) -> Tensor:
    return torch.flip(value, list(axes)) if axes else value


def bits_of(mask: int) -> list[int]:
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]


def shape_around(size: int, bits: Sequence[int]) -> list[int]:
    """The axes of a state with these bits, descending, on axes of their own: around them, all others."""
    shape, upper = list[Any](), size.bit_length() - 1
    for bit in bits:
        shape += [1 << (upper - bit - 1), 2]
        upper = bit
    return [*shape, 1 << upper]
