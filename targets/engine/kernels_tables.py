"""Tables from angles, and slopes from transitions: the algebra of one block, a few numbers at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from qcompile.targets.engine.layout import (
    ANGLE,
    COSETS,
    EIGENVALUES,
    FIRST_FACTOR,
    FLIPS,
    KIND,
    LAST_FACTOR,
    LEVELS,
    MASKS,
    NUMBERS,
    OUTER,
    PATTERNS,
    PRESENT,
    ROTATES,
    SIGMA,
    SIGMAS,
    TABLE,
    TRAINED,
    WORD,
    Packed,
)

# Arrays and lanes, whose types Numba finds out.
Complexes = Any
Integers = Any
Reals = Any

_compiled = njit(nogil=True, error_model="numpy")
_inlined = njit(nogil=True, error_model="numpy", forceinline=True)


# ---- tables from angles, and slopes from transitions


@_compiled
def bind_angles(plan: Packed, parameters: Reals, lanes: int, angles: Reals) -> None:
    """Angles of each lane from the atoms' values, 8 an atom."""
    for k in range(len(plan.constants)):
        for one in range(lanes):
            angles[k * 8 + one] = plan.constants[k]
        for entry in range(plan.starts[k], plan.starts[k + 1]):
            for one in range(lanes):
                angles[k * 8 + one] += plan.slopes[entry] * parameters[plan.atoms[entry] * 8 + one]


@_inlined
def factor_at(
    factors: Integers, factor: int, numbers: Complexes, levels: Reals, size: int, angle: float, out: Complexes, o: int
) -> None:
    """exp(-iθG) = Σ exp(-iθλ) P_λ, or a constant, written from `o` on."""
    first = factors[factor, NUMBERS]
    if factors[factor, ROTATES] == 0:
        for k in range(size):
            out[o + k] = numbers[first + k]
        return
    for k in range(size):
        out[o + k] = 0
    for e in range(factors[factor, EIGENVALUES]):
        turn = angle * levels[factors[factor, LEVELS] + e]
        phase = complex(np.cos(turn), -np.sin(turn))
        for k in range(size):
            out[o + k] += phase * numbers[first + k]
        first += size


@_inlined
def product(
    small: Complexes, left: int, present: int, right: int, out: int, masks: int, sigmas: int, pool: Integers, flips: int
) -> None:
    """(L·R)_k[σ] = Σ_j L_j[σ] R_(k^j)[σ ^ j]; `present` has a bit for each mask of L."""
    for k in range(masks * sigmas):
        small[out + k] = 0
    for j in range(masks):
        if (present >> j) & 1 == 0:
            continue
        flip = pool[flips + j]
        for k in range(masks):
            other = right + (k ^ j) * sigmas
            here = out + k * sigmas
            for sigma in range(sigmas):
                small[here + sigma] += small[left + j * sigmas + sigma] * small[other + (sigma ^ flip)]


@_inlined
def dagger(small: Complexes, table: int, out: int, masks: int, sigmas: int, pool: Integers, flips: int) -> None:
    for k in range(masks):
        flip = pool[flips + k]
        for sigma in range(sigmas):
            small[out + k * sigmas + sigma] = np.conj(small[table + k * sigmas + (sigma ^ flip)])


@_inlined
def bind_block(
    blocks: Integers, block: int, factors: Integers, pool: Integers, numbers: Complexes, levels: Reals, one: int,
    angles: Reals, small: Complexes,
) -> int:  # fmt: skip
    """The table of the block at the angles of a lane; its place in `small`."""
    masks = blocks[block, MASKS]
    sigmas = blocks[block, SIGMAS]
    size = masks * sigmas
    here = 0
    for factor in range(blocks[block, FIRST_FACTOR], blocks[block, LAST_FACTOR]):
        angle = angles[max(factors[factor, ANGLE], 0) * 8 + one]
        if factor == blocks[block, FIRST_FACTOR]:
            factor_at(factors, factor, numbers, levels, size, angle, small, here)
            continue
        factor_at(factors, factor, numbers, levels, size, angle, small, 2 * size)
        there = size - here
        product(small, 2 * size, factors[factor, PRESENT], here, there, masks, sigmas, pool, blocks[block, FLIPS])
        here = there
    return here


@_inlined
def spread(
    blocks: Integers, block: int, pool: Integers, small: Complexes, table: int, inverse: int, one: int, last: int,
    forward: Reals, back: Reals,
) -> None:  # fmt: skip
    """Writes a table and its inverse to their places, for these lanes."""
    masks = blocks[block, MASKS]
    sigmas = blocks[block, SIGMAS]
    places = (blocks[block, PATTERNS] << blocks[block, OUTER]) * blocks[block, COSETS]
    at = blocks[block, TABLE] * 16
    for place in range(places):
        for k in range(masks):
            for lane_number in range(one, last):
                sigma = pool[blocks[block, SIGMA] + place * 8 + lane_number]
                entry = small[table + k * sigmas + sigma]
                forward[at + lane_number] = entry.real
                forward[at + lane_number + 8] = entry.imag
                entry = small[inverse + k * sigmas + sigma]
                back[at + lane_number] = entry.real
                back[at + lane_number + 8] = entry.imag
            at += 16


@_inlined
def bind_word(at: int, entry: complex, turn: float, one: int, last: int, forward: Reals, back: Reals) -> None:
    """cos φ and -i sin φ · (-i)^y for a word with y letters Y; the entry is -i(-i)^y."""
    entry = entry * np.sin(turn)
    for lane_number in range(at + one, at + last):
        forward[lane_number] = np.cos(turn)
        forward[lane_number + 16] = entry.real
        forward[lane_number + 24] = entry.imag
        back[lane_number] = np.cos(turn)
        back[lane_number + 16] = -entry.real
        back[lane_number + 24] = -entry.imag


@_compiled
def bind_one(
    blocks: Integers, block: int, factors: Integers, pool: Integers, numbers: Complexes, levels: Reals, varies: bool,
    angles: Reals, forward: Reals, back: Reals, small: Complexes,
) -> None:  # fmt: skip
    masks = blocks[block, MASKS]
    sigmas = blocks[block, SIGMAS]
    for one in range(8 if varies else 1):
        last = one + 1 if varies else 8
        if blocks[block, KIND] == WORD:
            factor = blocks[block, FIRST_FACTOR]
            turn = angles[factors[factor, ANGLE] * 8 + one] * levels[factors[factor, LEVELS]]
            bind_word(blocks[block, TABLE] * 16, numbers[factors[factor, NUMBERS]], turn, one, last, forward, back)
            continue
        here = bind_block(blocks, block, factors, pool, numbers, levels, one, angles, small)
        dagger(small, here, 2 * masks * sigmas, masks, sigmas, pool, blocks[block, FLIPS])
        spread(blocks, block, pool, small, here, 2 * masks * sigmas, one, last, forward, back)


@_compiled
def bind_tables(
    blocks: Integers, factors: Integers, pool: Integers, numbers: Complexes, levels: Reals, varies: Integers,
    everything: bool, angles: Reals, forward: Reals, back: Reals, small: Complexes,
) -> None:  # fmt: skip
    """The tables of all blocks and their inverses; a block that varies over the batch has its own in each lane.

    Not `everything`: of those alone that vary, since the others' tables are there.
    """
    for block in range(len(blocks)):
        if everything or varies[block]:
            bind_one(blocks, block, factors, pool, numbers, levels, varies[block] != 0, angles, forward, back, small)


@_inlined
def collect(blocks: Integers, block: int, pool: Integers, one: int, last: int, s: Reals, small: Complexes) -> None:
    """X = Tr_rest |ψ⟩⟨λ| from the transitions: ⟨λ|M|ψ⟩ = tr(M X), so X_k[σ ^ k] gathers those of mask k and σ."""
    masks = blocks[block, MASKS]
    sigmas = blocks[block, SIGMAS]
    for k in range(masks * sigmas):
        small[k] = 0
    at = blocks[block, TABLE] * 16
    for place in range((blocks[block, PATTERNS] << blocks[block, OUTER]) * blocks[block, COSETS]):
        for k in range(masks):
            flip = pool[blocks[block, FLIPS] + k]
            for lane_number in range(one, last):
                sigma = pool[blocks[block, SIGMA] + place * 8 + lane_number]
                small[k * sigmas + (sigma ^ flip)] += complex(s[at + lane_number], s[at + lane_number + 8])
            at += 16


@_inlined
def slopes_of_block(
    blocks: Integers, block: int, factors: Integers, pool: Integers, numbers: Complexes, levels: Reals, one: int,
    angles: Reals, slopes: Reals, small: Complexes,
) -> None:  # fmt: skip
    """Adds 2 Im tr(G X) of each trained factor, from the last on, X going back over it as F†XF."""
    masks = blocks[block, MASKS]
    sigmas = blocks[block, SIGMAS]
    size = masks * sigmas
    flips = blocks[block, FLIPS]
    until = blocks[block, FIRST_FACTOR] + blocks[block, TRAINED] - 1
    for factor in range(blocks[block, LAST_FACTOR] - 1, until - 1, -1):
        angle = max(factors[factor, ANGLE], 0) * 8 + one
        if factors[factor, ROTATES]:
            generator = factors[factor, NUMBERS] + factors[factor, EIGENVALUES] * size
            total = 0.0
            for k in range(masks):
                flip = pool[flips + k]
                for sigma in range(sigmas):
                    g = numbers[generator + k * sigmas + sigma]
                    other = small[k * sigmas + (sigma ^ flip)]
                    total += g.real * other.imag + g.imag * other.real
            slopes[angle] += 2 * total
        if factor == until:
            return
        factor_at(factors, factor, numbers, levels, size, angles[angle], small, size)
        dagger(small, size, 2 * size, masks, sigmas, pool, flips)
        product(small, 2 * size, factors[factor, PRESENT], 0, 3 * size, masks, sigmas, pool, flips)
        product(small, 3 * size, (1 << masks) - 1, size, 0, masks, sigmas, pool, flips)


@_compiled
def collect_slopes(
    blocks: Integers, factors: Integers, pool: Integers, numbers: Complexes, levels: Reals, varies: Integers,
    shared: bool, varying: bool, angles: Reals, transitions: Reals, slopes: Reals, small: Complexes, until: int,
) -> None:  # fmt: skip
    """The derivative by each angle, from the transitions of the blocks from `until` on that are shared, or vary."""
    for k in range(len(slopes)):
        slopes[k] = 0
    for block in range(until, len(blocks)):
        if blocks[block, TRAINED] == 0 or not (varying if varies[block] else shared):
            continue
        for one in range(8 if varies[block] else 1):
            last = one + 1 if varies[block] else 8
            if blocks[block, KIND] != WORD:
                collect(blocks, block, pool, one, last, transitions, small)
                slopes_of_block(blocks, block, factors, pool, numbers, levels, one, angles, slopes, small)
                continue
            # 2 Im⟨λ|cP|ψ⟩, and P = i · (-i)(-i)^y (-1)^(z·x) X^m
            factor = blocks[block, FIRST_FACTOR]
            total = 0j
            for lane_number in range(one, last):
                at = blocks[block, TABLE] * 16 + 16 + lane_number
                total += complex(transitions[at], transitions[at + 8])
            value = 1j * numbers[factors[factor, NUMBERS]] * total
            slopes[factors[factor, ANGLE] * 8 + one] += 2 * levels[factors[factor, LEVELS]] * value.imag


@_compiled
def add_slopes(plan: Packed, slopes: Reals, lanes: int, gradient: Reals) -> None:
    """Adds the derivative by each atom, 8 an atom."""
    for k in range(len(plan.constants)):
        for entry in range(plan.starts[k], plan.starts[k + 1]):
            for one in range(lanes):
                gradient[plan.atoms[entry] * 8 + one] += plan.slopes[entry] * slopes[k * 8 + one]
