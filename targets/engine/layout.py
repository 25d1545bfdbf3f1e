"""How a plan lies in arrays: the columns of each kind of row, and the arrays of a plan and of a call.

Plain numbers, since compiled code takes them as constants.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[Any]
Integers = NDArray[np.int64]
Complexes = NDArray[np.complex128]

LANE_BITS = 3  # the lowest bits of an amplitude's number
CELL = 16  # numbers of a cell: eight real parts, eight imaginary parts
# What a block's kernel is: one cell by a diagonal; two lanes of a cell, or four; two cells, or two lanes of two; four
# cells; any; a Pauli word.
DIAGONAL, LANE, NESTED, PAIR, CROSS, QUAD, GENERAL, WORD = range(8)
# The columns of a block's row.
(
    KIND, MASKS, SIGMAS, COSETS, FIRST_FACTOR, LAST_FACTOR, TRAINED, FLIPS, TABLE, PATTERNS, SIGMA, SPECIAL, COUNT,
    BASES, OFFSETS, HOPS, TURNS, OUTER, OUTERS, WORD_ROW, BLOCK_COLUMNS,
) = range(21)  # fmt: skip
# The columns of a factor's row.
ROTATES, NUMBERS, EIGENVALUES, LEVELS, ANGLE, PRESENT, FACTOR_COLUMNS = range(7)
# The columns of a stage's row.
FIRST, LAST, CELLS, TILES, PLACES, OUTER_PLACES, STAGE_COLUMNS = range(7)
# The columns of a word's row, and of a group of words that flip the same bits.
LANE_FLIP, CELL_FLIP, LANE_SIGN, TILE_SIGN, OUTER_SIGN, WORD_COLUMNS = range(6)
FIRST_WORD, FIRST_IMAGINARY, LAST_WORD, GROUP_FLIP, GROUP_TURN, GROUP_COLUMNS = range(6)


class Task(IntEnum):
    """What the compiled code is asked to do."""

    START = 0
    INTERLEAVE = 1
    VALUE_AND_GRADIENT = 2
    VALUES_AND_GRADIENTS = 3
    PREPARE = 4
    FORWARD = 5
    FORWARD_TILES = 6
    OBSERVE = 7
    OBSERVE_TILES = 8
    BACKWARD = 9
    BACKWARD_TILES = 10
    SLOPES = 11
    SHIFTED_ROWS = 12
    VALUES_AND_KETS = 13
    GRADIENTS_OF_KETS = 14


class Packed(NamedTuple):
    """A plan as arrays.

    Attributes:
        stages, blocks, factors, words, groups: rows whose columns are named above.
        observed: a stage for each part of an observable, its blocks being groups of words.
        outputs: the first part of each output, and the end, shape (outputs + 1,).
        pool: lists that rows point into.
        numbers: the entries of factors; levels: their eigenvalues.
        starts, atoms, slopes, constants: the angles as sparse rows, constant + Σ slope · atom.
        wide: the words' coefficients times their signs in the lanes, 8 a word, in the state's precision.
        signs: (-1)^(z·lane) for each z, and -1, 8 a row, in the state's precision.
    """

    stages: Integers
    blocks: Integers
    factors: Integers
    words: Integers
    groups: Integers
    observed: Integers
    outputs: Integers
    pool: Integers
    numbers: Complexes
    levels: Reals
    starts: Integers
    atoms: Integers
    slopes: Reals
    constants: Reals
    wide: Reals
    signs: Reals


class Buffers(NamedTuple):
    """What a call works in; all flat.

    Attributes:
        angles: 8 for each angle, one for each lane of a batch.
        slopes: the derivative by each of them.
        forward, back: the tables of the blocks and of their inverses.
        transitions: what they mix, as sums over the state; two for words.
        ket, bra: the states.
        ket_tile, bra_tile: parts of them, where a stage has more tiles than one.
        work: room for the cells that a block mixes.
        small: room for the tables of one block, four at a time.
        values, gradient, total: of a single row, 8 for each atom, and 8.
    """

    angles: Reals
    slopes: Reals
    forward: Reals
    back: Reals
    transitions: Reals
    ket: Reals
    bra: Reals
    ket_tile: Reals
    bra_tile: Reals
    work: Reals
    small: Complexes
    values: Reals
    gradient: Reals
    total: Reals
