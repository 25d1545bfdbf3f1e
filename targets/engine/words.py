"""Observables for the kernels: Pauli words gathered by the bits that they flip, in parts that fit tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import Angle
from qcompile.operator import Operator
from qcompile.targets.engine.factors import word_masks
from qcompile.targets.engine.layout import (
    FIRST_IMAGINARY,
    FIRST_WORD,
    GROUP_COLUMNS,
    GROUP_FLIP,
    GROUP_TURN,
    LANE_BITS,
    LANE_SIGN,
    LAST_WORD,
)
from qcompile.targets.engine.packing import Pool, Tile, word_row
from qcompile.targets.engine.stages import staged

LANES = 1 << LANE_BITS
# (-1)^(z·lane) for each z, and a row of -1
SIGNS = np.array([[(-1.0) ** (z & one).bit_count() for one in range(LANES)] for z in range(LANES)] + [[-1.0] * LANES])


@dataclass(slots=True)
class Group:
    """Words that flip the same bits: their signs' bits and coefficients, real ones and imaginary ones apart."""

    flipped: int
    read: int = 0
    real: list[tuple[int, Angle]] = field(default_factory=list[tuple[int, Angle]])
    imaginary: list[tuple[int, Angle]] = field(default_factory=list[tuple[int, Angle]])


def groups_of(operator: Operator, bits: Sequence[int]) -> list[Group]:
    """P ψ(x) = (-i)^y (-1)^(z·x) ψ(x ^ m) for a word of y letters Y, that flips m and whose signs read z."""
    found: dict[int, Group] = {}
    for word, coefficient in operator.terms:
        flips, signs = word_masks(word, bits)
        group = found.setdefault(flips, Group(flips))
        letters = (flips & signs).bit_count() % 4
        chosen = group.imaginary if letters % 2 else group.real
        chosen.append((signs, coefficient if letters in (0, 3) else -coefficient))
    return sorted(found.values(), key=lambda group: group.flipped)


@dataclass(slots=True)
class Words:
    """The rows of all words of a program's outputs, as they are laid out."""

    pool: Pool
    bits: int
    tile: int
    rows: list[list[int]] = field(default_factory=list[list[int]])
    coefficients: list[Angle] = field(default_factory=list[Angle])
    groups: list[list[int]] = field(default_factory=list[list[int]])
    parts: list[list[int]] = field(default_factory=list[list[int]])

    def add(self, operator: Operator, bits: Sequence[int]) -> None:
        """The parts of one more output."""
        groups = groups_of(operator, bits)
        for stage in staged(groups, self.bits, self.tile):
            tile = Tile.of(stage, self.bits)
            first = len(self.groups)
            self.groups.extend(self._row(groups[number], tile) for number in stage.items)
            self.parts.append(tile.row(self.pool, first, len(self.groups)))

    def _row(self, group: Group, tile: Tile) -> list[int]:
        row = [0] * GROUP_COLUMNS
        flips = word_row(group.flipped, 0, tile)
        row[GROUP_TURN], row[GROUP_FLIP] = group.flipped & (LANES - 1), flips[1]
        row[FIRST_WORD] = len(self.rows)
        self._add_words(group.real, tile)
        row[FIRST_IMAGINARY] = len(self.rows)
        self._add_words(group.imaginary, tile)
        row[LAST_WORD] = len(self.rows)
        return row

    def _add_words(self, words: Sequence[tuple[int, Angle]], tile: Tile) -> None:
        for signs, coefficient in words:
            self.rows.append(word_row(0, signs, tile))
            self.coefficients.append(coefficient)


def widened(coefficients: NDArray[np.float64], words: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each word's coefficient, one or one for each lane, times its signs in the eight lanes: shape (words, 8)."""
    result: NDArray[np.float64] = coefficients * SIGNS[words[:, LANE_SIGN]]
    return result
