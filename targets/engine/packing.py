"""Lays blocks out for the kernels: where the cells lie that mix, which entry each lane takes, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcompile.targets.engine.diagonals import span
from qcompile.targets.engine.factors import WordRotation
from qcompile.targets.engine.fuse import Block
from qcompile.targets.engine.layout import (
    ANGLE,
    BASES,
    BLOCK_COLUMNS,
    CELL_FLIP,
    CELLS,
    COSETS,
    COUNT,
    CROSS,
    DIAGONAL,
    EIGENVALUES,
    FACTOR_COLUMNS,
    FIRST,
    FLIPS,
    GENERAL,
    HOPS,
    KIND,
    LANE,
    LANE_BITS,
    LANE_FLIP,
    LANE_SIGN,
    LAST,
    LEVELS,
    MASKS,
    NESTED,
    NUMBERS,
    OFFSETS,
    OUTER,
    OUTER_PLACES,
    OUTER_SIGN,
    OUTERS,
    PAIR,
    PATTERNS,
    PLACES,
    PRESENT,
    QUAD,
    ROTATES,
    SIGMA,
    SIGMAS,
    SPECIAL,
    STAGE_COLUMNS,
    TILE_SIGN,
    TILES,
    TURNS,
    WORD_COLUMNS,
)
from qcompile.targets.engine.stages import Stage

Integers = NDArray[np.int64]


@dataclass(slots=True)
class Pool:
    """Lists of integers one behind the other; equal ones once."""

    values: list[int] = field(default_factory=list[int])
    known: dict[tuple[int, ...], int] = field(default_factory=dict[tuple[int, ...], int])

    def place(self, values: Iterable[int]) -> int:
        key = tuple(values)
        if key not in self.known:
            self.known[key] = len(self.values)
            self.values.extend(key)
        return self.known[key]


@dataclass(frozen=True, slots=True)
class Tile:
    """The bits of a stage's tile, ascending, and those that number the tiles."""

    bits: tuple[int, ...]
    outer: tuple[int, ...]

    @classmethod
    def of(cls, stage: Stage, bits: int) -> Tile:
        return cls(stage.bits, tuple(bit for bit in range(bits) if bit not in stage.bits))

    @property
    def cells(self) -> int:
        return 1 << (len(self.bits) - LANE_BITS)

    def inside(self, mask: int) -> int:
        """A mask of the state's bits as one of the tile's."""
        return sum(1 << k for k, bit in enumerate(self.bits) if mask >> bit & 1)

    def outside(self, mask: int) -> int:
        """A mask of the state's bits as one of the tiles' numbers."""
        return sum(1 << k for k, bit in enumerate(self.outer) if mask >> bit & 1)

    def row(self, pool: Pool, first: int, last: int) -> list[int]:
        """The stage's row for the kernels."""
        row = [0] * STAGE_COLUMNS
        row[FIRST], row[LAST] = first, last
        row[CELLS], row[TILES] = self.cells, 1 << len(self.outer)
        if self.outer:
            inner = [bit - LANE_BITS for bit in self.bits[LANE_BITS:]]
            row[PLACES] = pool.place(_deposits(inner))
            row[OUTER_PLACES] = pool.place(_deposits([bit - LANE_BITS for bit in self.outer]))
        return row


def _deposits(bits: Sequence[int]) -> list[int]:
    """Every number of len(bits) bits with its bits moved to these places."""
    found = [0]
    for bit in bits:
        found += [value | 1 << bit for value in found]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A block on a tile.

    Attributes:
        masks: the flips, those of its cosets' cells first.
        selectors: the bits that it reads, ascending.
        row: its columns, but for what counts over all blocks.
        tables: cells that its tables take.
    """

    masks: tuple[int, ...]
    selectors: tuple[int, ...]
    row: list[int]
    tables: int


def placed(block: Block, tile: Tile, pool: Pool) -> Placed:
    cells = [mask for mask in block.basis if mask >> LANE_BITS]
    basis = (*cells, *(mask for mask in block.basis if not mask >> LANE_BITS))
    masks = span(basis)
    cosets = 1 << len(cells)
    selectors = tuple(bit for bit in range(block.read.bit_length()) if block.read >> bit & 1)
    pivots = {mask.bit_length() - 1 for mask in cells}
    inner = [bit for bit in selectors if bit >= LANE_BITS and bit in tile.bits and bit not in pivots]
    outer = [bit for bit in selectors if bit not in tile.bits]
    special = tile.inside(sum(1 << bit for bit in (*pivots, *inner))) >> LANE_BITS
    row = [0] * BLOCK_COLUMNS
    row[KIND] = _kind(masks, cosets)
    row[MASKS], row[SIGMAS], row[COSETS] = len(masks), 1 << len(selectors), cosets
    row[PATTERNS], row[SPECIAL] = 1 << len(inner), special
    row[COUNT] = tile.cells >> special.bit_count()
    row[BASES] = pool.place(_deposits([tile.bits.index(bit) - LANE_BITS for bit in inner]))
    row[OFFSETS] = pool.place(tile.inside(mask) >> LANE_BITS for mask in masks[:cosets])
    row[HOPS] = pool.place(k & (cosets - 1) for k in range(len(masks)))
    row[TURNS] = pool.place(mask & ((1 << LANE_BITS) - 1) for mask in masks)
    row[OUTER], row[OUTERS] = len(outer), pool.place(tile.outer.index(bit) for bit in outer)
    row[FLIPS] = pool.place(_sigma(mask, selectors) for mask in masks)
    row[SIGMA] = pool.place(_sigmas(masks[:cosets], selectors, inner, outer))
    return Placed(masks, selectors, row, len(masks) * cosets << (len(inner) + len(outer)))


def _kind(masks: Sequence[int], cosets: int) -> int:
    if len(masks) == 1:
        return DIAGONAL
    has_turns = any(mask & ((1 << LANE_BITS) - 1) for mask in masks)
    match len(masks), cosets:
        case 2, 1:
            return LANE
        case 2, 2 if not has_turns:
            return PAIR
        case 4, 1:
            return NESTED
        case 4, 2:
            return CROSS
        case 4, 4 if not has_turns:
            return QUAD
        case _:
            return GENERAL


def _sigma(bits: int, selectors: Sequence[int]) -> int:
    """What is read where these bits of the state are set."""
    return sum(1 << k for k, bit in enumerate(selectors) if bits >> bit & 1)


def _sigmas(cosets: Sequence[int], selectors: Sequence[int], inner: Sequence[int], outer: Sequence[int]) -> list[int]:
    """By pattern (outer bits highest), coset and lane: a coset's mask leads to its cells, and meets all their lanes."""
    lanes = range(1 << LANE_BITS)
    patterns = _deposits([*inner, *outer])
    return [
        _sigma((pattern ^ coset) >> LANE_BITS << LANE_BITS | one, selectors)
        for pattern in patterns
        for coset in cosets
        for one in lanes
    ]


@dataclass(slots=True)
class Numbers:
    """The factors' rows and their entries."""

    rows: list[list[int]] = field(default_factory=list[list[int]])
    entries: list[NDArray[np.complex128]] = field(default_factory=list[NDArray[np.complex128]])
    levels: list[float] = field(default_factory=list[float])
    count: int = 0

    def add_constant(self, table: NDArray[np.complex128]) -> None:
        self._add(table, {ANGLE: -1, PRESENT: _present(table)})

    def add_rotation(self, tables: NDArray[np.complex128], levels: Sequence[float], angle: int) -> None:
        """Projectors, one for each level, and the generator."""
        present = _present(np.abs(tables).sum(axis=0))
        self._add(tables, {ROTATES: 1, EIGENVALUES: len(levels), ANGLE: angle, PRESENT: present})
        self.levels.extend(levels)

    def add_word(self, factor: WordRotation, angle: int) -> None:
        letters = (factor.flips & factor.signs).bit_count()
        self._add(np.array([(-1j) ** (letters + 1)]), {ROTATES: 1, ANGLE: angle})
        self.levels.append(factor.scale)

    def _add(self, values: NDArray[np.complex128], columns: dict[int, int]) -> None:
        row = [0] * FACTOR_COLUMNS
        row[NUMBERS], row[LEVELS] = self.count, len(self.levels)
        for column, value in columns.items():
            row[column] = value
        self.rows.append(row)
        self.entries.append(values.ravel())
        self.count += values.size


def _present(table: NDArray[Any]) -> int:
    """A bit for each mask of which something is there."""
    return sum(1 << k for k, filled in enumerate(np.abs(table).max(axis=1) > 0) if filled)


def word_row(flips: int, signs: int, tile: Tile) -> list[int]:
    """The row of a word on a tile that has all bits that it flips."""
    lanes = (1 << LANE_BITS) - 1
    row = [0] * WORD_COLUMNS
    row[LANE_FLIP], row[CELL_FLIP] = flips & lanes, tile.inside(flips) >> LANE_BITS
    row[LANE_SIGN], row[TILE_SIGN] = signs & lanes, tile.inside(signs) >> LANE_BITS
    row[OUTER_SIGN] = tile.outside(signs)
    return row
