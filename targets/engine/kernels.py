"""The loops of the engine, compiled by Numba: tables from angles, gates on states, transitions, observables.

A state of 2^b amplitudes is a flat array of 2^(b-3) cells of sixteen numbers: the real parts of eight neighbouring
amplitudes, then their imaginary parts. `v` numbers cells; the lowest three bits of an amplitude's number are its lane.

A block is U = Σ_k diag(C_k[σ(x)]) X^(m_k): its masks m_k are a subgroup of the bit flips, σ the bits that it reads. A
placed block has its tables laid out as `tables[(pattern · H + a) · K + k]`, one cell each: the pattern is what the read
bits are over which the loop does not run, a the place among the H cells that mix, k the mask.

All arrays of one call but `transitions` have the state's precision; what is summed over a state is a double.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from qcompile.targets.engine.cells import (
    accumulate,
    dot,
    interleaved,
    load,
    nothing,
    parity,
    rotated,
    spread,
    store,
    zero,
)
from qcompile.targets.engine.kernels_cells import (
    cross,
    diagonal,
    diagonal_back,
    general,
    general_read,
    lane,
    lane_back,
    nested,
    pair,
    pair_back,
    quad,
    turned,
    word,
    word_read,
)
from qcompile.targets.engine.kernels_tables import add_slopes, bind_angles, bind_one, bind_tables, collect_slopes
from qcompile.targets.engine.layout import (
    BASES,
    CELLS,
    COSETS,
    COUNT,
    CROSS,
    DIAGONAL,
    FIRST,
    FIRST_IMAGINARY,
    FIRST_WORD,
    GROUP_FLIP,
    GROUP_TURN,
    HOPS,
    KIND,
    LANE,
    LAST,
    LAST_WORD,
    MASKS,
    NESTED,
    OFFSETS,
    OUTER,
    OUTER_PLACES,
    OUTER_SIGN,
    OUTERS,
    PAIR,
    PATTERNS,
    PLACES,
    QUAD,
    SPECIAL,
    TABLE,
    TILE_SIGN,
    TILES,
    TRAINED,
    TURNS,
    WORD,
    WORD_ROW,
    Buffers,
    Packed,
)

# Arrays and lanes, whose types Numba finds out.
Integers = Any
Reals = Any

_compiled = njit(nogil=True, error_model="numpy")
_inlined = njit(nogil=True, error_model="numpy", forceinline=True)


# ---- arrays, without what Numba's own operations may allocate or raise


@_inlined
def clear(array: Reals) -> None:
    for k in range(len(array)):
        array[k] = 0


@_inlined
def copy(source: Reals, target: Reals) -> None:
    for k in range(len(source)):
        target[k] = source[k]


@_inlined
def added(array: Reals) -> Any:
    total = 0.0
    for k in range(len(array)):
        total += array[k]
    return total


# ---- blocks; lists are passed as they are, since a slice or a tuple costs more than a small block


@_inlined
def first_table(blocks: Integers, block: int, pool: Integers, outer: int) -> Any:
    """Where the tables begin that belong to what the block reads of the bits that number the tiles."""
    pattern = 0
    for k in range(blocks[block, OUTER]):
        pattern |= ((outer >> pool[blocks[block, OUTERS] + k]) & 1) << k
    return blocks[block, TABLE] + pattern * blocks[block, PATTERNS] * blocks[block, MASKS] * blocks[block, COSETS]


@_inlined
def apply(
    x: Reals, t: Reals, blocks: Integers, block: int, pool: Integers, words: Integers, signs: Reals, cells: int,
    outer: int, work: Reals,
) -> None:  # fmt: skip
    kind = blocks[block, KIND]
    if kind == WORD:
        word(x, t, blocks[block, TABLE] * 16, cells, words, blocks[block, WORD_ROW], outer, signs)
        return
    masks = blocks[block, MASKS]
    cosets = blocks[block, COSETS]
    count = blocks[block, COUNT]
    special = blocks[block, SPECIAL]
    offsets = blocks[block, OFFSETS]
    hops = blocks[block, HOPS]
    turns = blocks[block, TURNS]
    at = first_table(blocks, block, pool, outer) * 16
    for p in range(blocks[block, PATTERNS]):
        base = pool[blocks[block, BASES] + p]
        if kind == PAIR:
            pair(x, t, at, base, count, special, pool[offsets + 1])
        elif kind == LANE:
            lane(x, t, at, base, count, special, pool[turns + 1])
        elif kind == DIAGONAL:
            diagonal(x, t, at, base, count, special)
        elif kind == QUAD:
            quad(x, t, at, base, count, special, pool[offsets + 1], pool[offsets + 2])
        elif kind == CROSS:
            cross(x, t, at, base, count, special, pool[offsets + 1], pool[turns + 1], pool[turns + 2])
        elif kind == NESTED:
            nested(x, t, at, base, count, special, pool[turns + 1], pool[turns + 2])
        else:
            general(x, t, at, base, count, special, cosets, masks, pool, offsets, hops, turns, work)
        at += masks * cosets * 16


@_compiled
def apply_back(
    x: Reals, y: Reals, t: Reals, s: Reals, blocks: Integers, block: int, pool: Integers, words: Integers,
    signs: Reals, cells: int, outer: int, work: Reals,
) -> None:  # fmt: skip
    """The inverse on ket and bra, once their transitions are added to s where the block is trained."""
    kind = blocks[block, KIND]
    if blocks[block, TRAINED] == 0 or kind == WORD:
        if blocks[block, TRAINED] != 0:
            word_read(x, y, s, blocks[block, TABLE] * 16, cells, words, blocks[block, WORD_ROW], outer, signs)
        apply(x, t, blocks, block, pool, words, signs, cells, outer, work)
        apply(y, t, blocks, block, pool, words, signs, cells, outer, work)
        return
    masks = blocks[block, MASKS]
    cosets = blocks[block, COSETS]
    count = blocks[block, COUNT]
    special = blocks[block, SPECIAL]
    offsets = blocks[block, OFFSETS]
    hops = blocks[block, HOPS]
    turns = blocks[block, TURNS]
    at = first_table(blocks, block, pool, outer) * 16
    for p in range(blocks[block, PATTERNS]):
        base = pool[blocks[block, BASES] + p]
        if kind == PAIR:
            pair_back(x, y, t, s, at, base, count, special, pool[offsets + 1])
        elif kind == LANE:
            lane_back(x, y, t, s, at, base, count, special, pool[turns + 1])
        elif kind == DIAGONAL:
            diagonal_back(x, y, t, s, at, base, count, special)
        else:
            general_read(x, y, s, at, base, count, special, cosets, masks, pool, offsets, hops, turns)
            if kind == QUAD:
                quad(x, t, at, base, count, special, pool[offsets + 1], pool[offsets + 2])
                quad(y, t, at, base, count, special, pool[offsets + 1], pool[offsets + 2])
            elif kind == CROSS:
                cross(x, t, at, base, count, special, pool[offsets + 1], pool[turns + 1], pool[turns + 2])
                cross(y, t, at, base, count, special, pool[offsets + 1], pool[turns + 1], pool[turns + 2])
            elif kind == NESTED:
                nested(x, t, at, base, count, special, pool[turns + 1], pool[turns + 2])
                nested(y, t, at, base, count, special, pool[turns + 1], pool[turns + 2])
            else:
                general(x, t, at, base, count, special, cosets, masks, pool, offsets, hops, turns, work)
                general(y, t, at, base, count, special, cosets, masks, pool, offsets, hops, turns, work)
        at += masks * cosets * 16


# ---- stages: tiles of the state that stay in the cache while their blocks pass over them


@_inlined
def gather(x: Reals, tile: Reals, pool: Integers, places: int, cells: int, outer: Any) -> None:
    for u in range(cells):
        store(tile, u * 16, load(x, (pool[places + u] | outer) * 16))


@_inlined
def scatter(x: Reals, tile: Reals, pool: Integers, places: int, cells: int, outer: Any) -> None:
    for u in range(cells):
        store(x, (pool[places + u] | outer) * 16, load(tile, u * 16))


@_compiled
def forward_tile(plan: Packed, since: int, until: int, cells: int, outer: int, x: Reals, t: Reals, work: Reals) -> None:
    for block in range(since, until):
        apply(x, t, plan.blocks, block, plan.pool, plan.words, plan.signs, cells, outer, work)


@_compiled
def forward_tiles(
    plan: Packed, stage: int, first: int, last: int, since: int, until: int, x: Reals, tile: Reals, t: Reals,
    work: Reals,
) -> None:  # fmt: skip
    """The blocks of a stage from `since` on and before `until`, on these of its tiles."""
    row = plan.stages[stage]
    cells = row[CELLS]
    since = max(row[FIRST], since)
    until = min(row[LAST], until)
    for outer in range(first, last):
        if row[TILES] == 1:
            forward_tile(plan, since, until, cells, outer, x, t, work)
            continue
        place = plan.pool[row[OUTER_PLACES] + outer]
        gather(x, tile, plan.pool, row[PLACES], cells, place)
        forward_tile(plan, since, until, cells, outer, tile, t, work)
        scatter(x, tile, plan.pool, row[PLACES], cells, place)


@_compiled
def backward_tiles(
    plan: Packed, stage: int, first: int, last: int, until: int, x: Reals, y: Reals, x_tile: Reals, y_tile: Reals,
    t: Reals, s: Reals, work: Reals,
) -> None:  # fmt: skip
    """Blocks back to `until`, the first that is trained."""
    row = plan.stages[stage]
    cells = row[CELLS]
    for outer in range(first, last):
        if row[TILES] == 1:
            for block in range(row[LAST] - 1, max(row[FIRST], until) - 1, -1):
                apply_back(x, y, t, s, plan.blocks, block, plan.pool, plan.words, plan.signs, cells, outer, work)
            continue
        place = plan.pool[row[OUTER_PLACES] + outer]
        gather(x, x_tile, plan.pool, row[PLACES], cells, place)
        gather(y, y_tile, plan.pool, row[PLACES], cells, place)
        for block in range(row[LAST] - 1, max(row[FIRST], until) - 1, -1):
            apply_back(x_tile, y_tile, t, s, plan.blocks, block, plan.pool, plan.words, plan.signs, cells, outer, work)
        scatter(x, x_tile, plan.pool, row[PLACES], cells, place)
        scatter(y, y_tile, plan.pool, row[PLACES], cells, place)


@_compiled
def observe(
    plan: Packed, first: int, last: int, x: Reals, y: Reals, with_bra: bool, cells: int, outer: int, weight: Reals,
    total: Reals,
) -> None:  # fmt: skip
    """Adds ⟨x|O|x⟩ lane by lane to the total, and weight · O x to y if wanted; O is these groups of words."""
    signs = plan.signs
    scale = spread(weight, 0)
    value = nothing(scale)
    for group in range(first, last):
        row = plan.groups[group]
        hop = row[GROUP_FLIP]
        turn = row[GROUP_TURN]
        for v in range(cells):
            real = zero(scale)
            imaginary = real
            for w in range(row[FIRST_WORD], row[FIRST_IMAGINARY]):
                odd = parity(plan.words[w, TILE_SIGN] & v) ^ parity(plan.words[w, OUTER_SIGN] & outer)
                real = real + spread(plan.wide, w * 8) * spread(signs, 64 * odd)
            for w in range(row[FIRST_IMAGINARY], row[LAST_WORD]):
                odd = parity(plan.words[w, TILE_SIGN] & v) ^ parity(plan.words[w, OUTER_SIGN] & outer)
                imaginary = imaginary + spread(plan.wide, w * 8) * spread(signs, 64 * odd)
            u = turned(load(x, (v ^ hop) * 16), turn)
            u = real * u + imaginary * rotated(u)
            value = dot(value, u, load(x, v * 16))
            if with_bra:
                store(y, v * 16, load(y, v * 16) + scale * u)
    accumulate(total, 0, value)


@_compiled
def observe_tiles(
    plan: Packed, part: int, first: int, last: int, x: Reals, y: Reals, with_bra: bool, x_tile: Reals, y_tile: Reals,
    weight: Reals, total: Reals,
) -> None:  # fmt: skip
    row = plan.observed[part]
    cells = row[CELLS]
    for outer in range(first, last):
        if row[TILES] == 1:
            observe(plan, row[FIRST], row[LAST], x, y, with_bra, cells, outer, weight, total)
            continue
        place = plan.pool[row[OUTER_PLACES] + outer]
        gather(x, x_tile, plan.pool, row[PLACES], cells, place)
        if with_bra:
            gather(y, y_tile, plan.pool, row[PLACES], cells, place)
        observe(plan, row[FIRST], row[LAST], x_tile, y_tile, with_bra, cells, outer, weight, total)
        if with_bra:
            scatter(y, y_tile, plan.pool, row[PLACES], cells, place)


# ---- a whole call on one thread


@_compiled
def start(ket: Reals, lanes: int, first: int, last: int) -> None:
    """These cells of |0…0⟩, in each lane of a batch."""
    for k in range(first * 16, last * 16):
        ket[k] = 0
    if first == 0:
        for one in range(lanes):
            ket[one] = 1


@_compiled
def interleave(ket: Reals, out: Reals, first: int, last: int) -> None:
    """The amplitudes of these cells one behind the other, each real part before its imaginary part."""
    for v in range(first, last):
        store(out, v * 16, interleaved(load(ket, v * 16)))


@_compiled
def prepare(plan: Packed, varies: Integers, everything: bool, values: Reals, lanes: int, b: Buffers) -> None:
    """Angles and tables."""
    bind_angles(plan, values, lanes, b.angles)
    bind_tables(
        plan.blocks, plan.factors, plan.pool, plan.numbers, plan.levels, varies, everything, b.angles, b.forward,
        b.back, b.small,
    )  # fmt: skip


@_compiled
def run_blocks(plan: Packed, since: int, until: int, ket: Reals, b: Buffers) -> None:
    """The blocks from `since` on and before `until`, on a state."""
    for stage in range(len(plan.stages)):
        if plan.stages[stage, LAST] > since and plan.stages[stage, FIRST] < until:
            forward_tiles(plan, stage, 0, plan.stages[stage, TILES], since, until, ket, b.ket_tile, b.forward, b.work)


@_compiled
def run_forward(plan: Packed, lanes: int, b: Buffers) -> None:
    start(b.ket, lanes, 0, len(b.ket) // 16)
    run_blocks(plan, 0, len(plan.blocks), b.ket, b)


@_compiled
def run_observe(plan: Packed, output: int, with_bra: bool, weight: Reals, total: Reals, b: Buffers) -> None:
    """The value of an output, 8 lanes, added to the total; where it is wanted, the bra becomes weight · O · ket."""
    if with_bra:
        clear(b.bra)
    for part in range(plan.outputs[output], plan.outputs[output + 1]):
        observe_tiles(
            plan, part, 0, plan.observed[part, TILES], b.ket, b.bra, with_bra, b.ket_tile, b.bra_tile, weight, total
        )


@_compiled
def run_backward(plan: Packed, until: int, b: Buffers) -> None:
    """Adds to the transitions, ket and bra walked back."""
    for stage in range(len(plan.stages) - 1, -1, -1):
        if plan.stages[stage, LAST] <= until:
            break
        backward_tiles(
            plan, stage, 0, plan.stages[stage, TILES], until, b.ket, b.bra, b.ket_tile, b.bra_tile, b.back,
            b.transitions, b.work,
        )  # fmt: skip


@_compiled
def run_slopes(
    plan: Packed, varies: Integers, shared: bool, varying: bool, until: int, lanes: int, gradient: Reals, b: Buffers
) -> None:
    """Adds the derivatives by the atoms that the transitions come to, of shared blocks, varying ones, or both."""
    collect_slopes(
        plan.blocks, plan.factors, plan.pool, plan.numbers, plan.levels, varies, shared, varying, b.angles,
        b.transitions, b.slopes, b.small, until,
    )  # fmt: skip
    add_slopes(plan, b.slopes, lanes, gradient)


@_compiled
def clear_varying(blocks: Integers, varies: Integers, transitions: Reals) -> None:
    for block in range(len(blocks)):
        if varies[block]:
            cells = 2
            if blocks[block, KIND] != WORD:
                cells = (blocks[block, PATTERNS] << blocks[block, OUTER]) * blocks[block, COSETS] * blocks[block, MASKS]
            first = blocks[block, TABLE] * 16
            for k in range(first, first + cells * 16):
                transitions[k] = 0


@_compiled
def values_and_gradients(
    plan: Packed, varies: Integers, until: int, values: Reals, lanes: int, weights: Reals, totals: Reals,
    gradients: Reals, summed: bool, first: int, last: int, b: Buffers,
) -> None:  # fmt: skip
    """Of the first output, for parts of a batch: shapes (parts, atoms · 8), (parts, 8), (parts, 8).

    To each part's row of the gradients, of shape (parts, atoms · 8), weight · its derivatives are added; summed, those
    of all to the first row, and then blocks that do not vary are bound once, and their transitions collected once.
    """
    for part in range(first, last):
        is_first = part == first or not summed
        prepare(plan, varies, is_first, values[part], lanes, b)
        run_forward(plan, lanes, b)
        run_observe(plan, 0, True, weights[part], totals[part], b)
        if is_first:
            clear(b.transitions)
        else:
            clear_varying(plan.blocks, varies, b.transitions)
        run_backward(plan, until, b)
        if not summed:
            run_slopes(plan, varies, True, True, until, lanes, gradients[part], b)
        else:
            run_slopes(plan, varies, False, True, until, lanes, gradients[0], b)
    if summed:
        run_slopes(plan, varies, True, False, until, lanes, gradients[0], b)


@_compiled
def value_and_gradient(
    plan: Packed, varies: Integers, until: int, values: Reals, columns: Integers, wanted: Reals, weight: Reals,
    value: Reals, gradient: Reals, b: Buffers,
) -> None:  # fmt: skip
    """The first output at one row of values, shape (entries,), with its derivatives by the entries that are wanted.

    Args:
        columns: the entry of each atom.
        wanted: 1 for an entry that is.
    """
    for k in range(len(columns)):
        b.values[k * 8] = values[columns[k]]
        b.gradient[k * 8] = 0
    clear(b.total)
    prepare(plan, varies, True, b.values, 1, b)
    run_forward(plan, 1, b)
    run_observe(plan, 0, True, weight, b.total, b)
    clear(b.transitions)
    run_backward(plan, until, b)
    run_slopes(plan, varies, True, True, until, 1, b.gradient, b)
    clear(gradient)
    for k in range(len(columns)):
        gradient[columns[k]] += wanted[columns[k]] * b.gradient[k * 8]
    value[0] = added(b.total)


# ---- a whole call in two: the states at the end are kept, and walked back once their cotangents are known


@_compiled
def copy_varying(blocks: Integers, varies: Integers, source: Reals, target: Reals) -> None:
    """The tables of blocks that vary."""
    for block in range(len(blocks)):
        if varies[block]:
            cells = 2
            if blocks[block, KIND] != WORD:
                cells = (blocks[block, PATTERNS] << blocks[block, OUTER]) * blocks[block, COSETS] * blocks[block, MASKS]
            first = blocks[block, TABLE] * 16
            for k in range(first, first + cells * 16):
                target[k] = source[k]


@_compiled
def run_observe_all(
    plan: Packed, ket: Reals, with_bra: bool, weights: Reals, totals: Reals, at: int, b: Buffers
) -> None:
    """All outputs are added to the rows of totals from `at` on; the bra, if wanted, becomes Σ weight · O · ket."""
    if with_bra:
        clear(b.bra)
    for output in range(len(plan.outputs) - 1):
        for part in range(plan.outputs[output], plan.outputs[output + 1]):
            observe_tiles(
                plan, part, 0, plan.observed[part, TILES], ket, b.bra, with_bra, b.ket_tile, b.bra_tile,
                weights[at + output], totals[at + output],
            )  # fmt: skip


@_compiled
def values_and_kets(
    plan: Packed, varies: Integers, values: Reals, lanes: int, weights: Reals, totals: Reals, kets: Reals,
    tables: Reals, first: int, last: int, b: Buffers,
) -> None:  # fmt: skip
    """Of all outputs, for parts of a batch: totals of shape (parts · outputs, 8).

    The kets, and the inverses' tables of blocks that vary, are kept, a row for each part.
    """
    for part in range(first, last):
        ket = kets[part]
        prepare(plan, varies, part == first or lanes == 1, values[part], lanes, b)
        start(ket, lanes, 0, len(ket) // 16)
        run_blocks(plan, 0, len(plan.blocks), ket, b)
        run_observe_all(plan, ket, False, weights, totals, part * (len(plan.outputs) - 1), b)
        copy_varying(plan.blocks, varies, b.back, tables[part])


@_compiled
def gradients_of_kets(
    plan: Packed, varies: Integers, until: int, values: Reals, lanes: int, weights: Reals, totals: Reals, kets: Reals,
    tables: Reals, gradients: Reals, first: int, last: int, b: Buffers,
) -> None:  # fmt: skip
    """To each part's row of the gradients, (parts, atoms · 8), the derivatives of Σ weight · output are added.

    Those of blocks that do not vary come all together in the first part's row. Of one lane each part stands alone.
    """
    for part in range(first, last):
        is_first = part == first or lanes == 1
        if is_first:
            prepare(plan, varies, True, values[part], lanes, b)
            clear(b.transitions)
        else:
            bind_angles(plan, values[part], lanes, b.angles)
            copy_varying(plan.blocks, varies, tables[part], b.back)
            clear_varying(plan.blocks, varies, b.transitions)
        copy(kets[part], b.ket)
        run_observe_all(plan, b.ket, True, weights, totals, part * (len(plan.outputs) - 1), b)
        run_backward(plan, until, b)
        run_slopes(plan, varies, lanes == 1, True, until, lanes, gradients[part], b)
    if lanes == 8:
        run_slopes(plan, varies, True, False, until, lanes, gradients[first], b)


# ---- shifted rows: many settings of a program that differ in a few angles


@_compiled
def set_row(
    starts: Integers, moved: Integers, deltas: Reals, row: int, one: int, lanes: int, sign: int,
    block_starts: Integers, blocks_of: Integers, varies: Integers, b: Buffers,
) -> None:  # fmt: skip
    """Moves the angles of a row in a lane, or back, and marks their blocks: 1 to be bound by lane, 3 as one."""
    for entry in range(starts[row], starts[row + 1]):
        angle = moved[entry]
        if sign > 0:
            b.angles[angle * 8 + one] += deltas[entry]
        else:
            b.angles[angle * 8 + one] = b.slopes[angle * 8 + one]
        for place in range(block_starts[angle], block_starts[angle + 1]):
            varies[blocks_of[place]] = 1 if lanes == 8 and sign > 0 else 3


@_compiled
def bind_moved(
    plan: Packed, starts: Integers, moved: Integers, row: int, block_starts: Integers, blocks_of: Integers,
    varies: Integers, b: Buffers,
) -> None:  # fmt: skip
    """The tables of the marked blocks that hold a row's moved angles; those bound by lane are marked 2 after."""
    for entry in range(starts[row], starts[row + 1]):
        for place in range(block_starts[moved[entry]], block_starts[moved[entry] + 1]):
            block = blocks_of[place]
            mark = varies[block]
            if mark == 1 or mark == 3:
                bind_one(
                    plan.blocks, block, plan.factors, plan.pool, plan.numbers, plan.levels, mark == 1, b.angles,
                    b.forward, b.back, b.small,
                )  # fmt: skip
                varies[block] = 2 if mark == 1 else 0


@_compiled
def shifted_rows(
    plan: Packed, values: Reals, lanes: int, order: Integers, firsts: Integers, starts: Integers, moved: Integers,
    deltas: Reals, block_starts: Integers, blocks_of: Integers, begin: int, end: int, prefix: Reals, varies: Integers,
    weight: Reals, out: Reals, b: Buffers,
) -> None:  # fmt: skip
    """The outputs, all expectations, at rows of moved angles: shape (rows, outputs).

    Rows come in the order of the first block that they move, as many at a time as there are lanes; what comes before
    it is run once, in `prefix`, at the angles of no row. `b.slopes` holds those angles.

    Args:
        order: the rows; firsts: their first moved blocks, ascending. Those from `begin` to before `end` are run.
        starts, moved, deltas: by row, the angles and by how much.
        block_starts, blocks_of: by angle, the blocks.
        varies, weight: zeros, one for each block, and eight.
    """
    outputs = len(plan.outputs) - 1
    total = b.total
    for k in range(len(values) // 8):
        for one in range(8):
            b.values[k * 8 + one] = values[k * 8]
    prepare(plan, varies, True, b.values, 8, b)
    copy(b.angles, b.slopes)
    start(prefix, lanes, 0, len(prefix) // 16)
    done = 0
    for group in range(begin, end, lanes):
        last = min(group + lanes, end)
        for place in range(group, last):
            set_row(starts, moved, deltas, order[place], place - group, lanes, 1, block_starts, blocks_of, varies, b)
        run_here = firsts[group]
        for place in range(group, last):
            bind_moved(plan, starts, moved, order[place], block_starts, blocks_of, varies, b)
        if run_here > done:
            run_blocks(plan, done, run_here, prefix, b)
            done = run_here
        copy(prefix, b.ket)
        run_blocks(plan, run_here, len(plan.blocks), b.ket, b)
        for output in range(outputs):
            clear(total)
            run_observe(plan, output, False, weight, total, b)
            for place in range(group, last):
                out[order[place], output] = total[place - group] if lanes == 8 else added(total)
        for place in range(group, last):
            set_row(starts, moved, deltas, order[place], place - group, lanes, -1, block_starts, blocks_of, varies, b)
        for place in range(group, last):
            bind_moved(plan, starts, moved, order[place], block_starts, blocks_of, varies, b)
