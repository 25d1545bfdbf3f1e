"""Gates on cells: what one block does to the cells that it mixes, forward, and backward with its transitions.

x is the state, t the tables, of which a pattern's begin at `at`. `base` has the bits set that the pattern says; the
loop runs over the cells whose bits in `special` are those of `base`. Each kernel is a loop of its own, so that its
tables stay in registers.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from qcompile.targets.engine.lanes import accumulate, load, parity, store, swapped1, swapped2, swapped4
from qcompile.targets.engine.layout import CELL_FLIP, LANE_FLIP, LANE_SIGN, OUTER_SIGN, TILE_SIGN

# Arrays and lanes, whose types Numba finds out.
Integers = Any
Reals = Any

_compiled = njit(nogil=True, cache=True, error_model="numpy")
_inlined = njit(nogil=True, cache=True, error_model="numpy", forceinline=True)


@_inlined
def turned(value: Reals, mask: int) -> Reals:
    """Lane k holds what lane k ^ mask held."""
    if mask & 1:
        value = swapped1(value)
    if mask & 2:
        value = swapped2(value)
    if mask & 4:
        value = swapped4(value)
    return value


@_inlined
def diagonal(x: Reals, t: Reals, at: int, base: int, count: int, special: int) -> None:
    ar = load(t, at)
    ai = load(t, at + 8)
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        xr = load(x, i)
        xi = load(x, i + 8)
        store(x, i, ar * xr - ai * xi)
        store(x, i + 8, ar * xi + ai * xr)
        v = ((v | special) + 1) & ~special


@_inlined
def lane(x: Reals, t: Reals, at: int, base: int, count: int, special: int, turn: int) -> None:
    ar = load(t, at)
    ai = load(t, at + 8)
    br = load(t, at + 16)
    bi = load(t, at + 24)
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        xr = load(x, i)
        xi = load(x, i + 8)
        yr = turned(xr, turn)
        yi = turned(xi, turn)
        store(x, i, ar * xr - ai * xi + br * yr - bi * yi)
        store(x, i + 8, ar * xi + ai * xr + br * yi + bi * yr)
        v = ((v | special) + 1) & ~special


@_inlined
def pair(x: Reals, t: Reals, at: int, base: int, count: int, special: int, hop: int) -> None:
    ar = load(t, at)
    ai = load(t, at + 8)
    br = load(t, at + 16)
    bi = load(t, at + 24)
    cr = load(t, at + 32)
    ci = load(t, at + 40)
    dr = load(t, at + 48)
    di = load(t, at + 56)
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        j = ((v | base) ^ hop) * 16
        xr = load(x, i)
        xi = load(x, i + 8)
        yr = load(x, j)
        yi = load(x, j + 8)
        store(x, i, ar * xr - ai * xi + br * yr - bi * yi)
        store(x, i + 8, ar * xi + ai * xr + br * yi + bi * yr)
        store(x, j, cr * yr - ci * yi + dr * xr - di * xi)
        store(x, j + 8, cr * yi + ci * yr + dr * xi + di * xr)
        v = ((v | special) + 1) & ~special


@_inlined
def mixed(
    t: Reals, c: int, ar: Reals, ai: Reals, br: Reals, bi: Reals, cr: Reals, ci: Reals, dr: Reals, di: Reals
) -> tuple[Reals, Reals]:
    """Σ of four cells times the four tables from `c` on."""
    real = load(t, c) * ar - load(t, c + 8) * ai
    imaginary = load(t, c) * ai + load(t, c + 8) * ar
    real = real + load(t, c + 16) * br - load(t, c + 24) * bi
    imaginary = imaginary + load(t, c + 16) * bi + load(t, c + 24) * br
    real = real + load(t, c + 32) * cr - load(t, c + 40) * ci
    imaginary = imaginary + load(t, c + 32) * ci + load(t, c + 40) * cr
    real = real + load(t, c + 48) * dr - load(t, c + 56) * di
    imaginary = imaginary + load(t, c + 48) * di + load(t, c + 56) * dr
    return real, imaginary


@_compiled
def quad(x: Reals, t: Reals, at: int, base: int, count: int, special: int, hop1: int, hop2: int) -> None:
    """Four cells that mix through flips without lanes: number k by mask a ^ k to number a."""
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        j = ((v | base) ^ hop1) * 16
        k = ((v | base) ^ hop2) * 16
        m = ((v | base) ^ hop1 ^ hop2) * 16
        ar = load(x, i)
        ai = load(x, i + 8)
        br = load(x, j)
        bi = load(x, j + 8)
        cr = load(x, k)
        ci = load(x, k + 8)
        dr = load(x, m)
        di = load(x, m + 8)
        real, imaginary = mixed(t, at, ar, ai, br, bi, cr, ci, dr, di)
        store(x, i, real)
        store(x, i + 8, imaginary)
        real, imaginary = mixed(t, at + 64, br, bi, ar, ai, dr, di, cr, ci)
        store(x, j, real)
        store(x, j + 8, imaginary)
        real, imaginary = mixed(t, at + 128, cr, ci, dr, di, ar, ai, br, bi)
        store(x, k, real)
        store(x, k + 8, imaginary)
        real, imaginary = mixed(t, at + 192, dr, di, cr, ci, br, bi, ar, ai)
        store(x, m, real)
        store(x, m + 8, imaginary)
        v = ((v | special) + 1) & ~special


@_compiled
def nested(x: Reals, t: Reals, at: int, base: int, count: int, special: int, turn1: int, turn2: int) -> None:
    """Lanes of one cell that mix by two masks."""
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        ar = load(x, i)
        ai = load(x, i + 8)
        br = turned(ar, turn1)
        bi = turned(ai, turn1)
        real, imaginary = mixed(
            t, at, ar, ai, br, bi, turned(ar, turn2), turned(ai, turn2), turned(br, turn2), turned(bi, turn2)
        )
        store(x, i, real)
        store(x, i + 8, imaginary)
        v = ((v | special) + 1) & ~special


@_compiled
def cross(x: Reals, t: Reals, at: int, base: int, count: int, special: int, hop: int, turn1: int, turn2: int) -> None:
    """Two cells that mix by a mask, which may have lanes too, and by another of lanes alone."""
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        j = ((v | base) ^ hop) * 16
        ar = load(x, i)
        ai = load(x, i + 8)
        br = load(x, j)
        bi = load(x, j + 8)
        cr = turned(ar, turn2)
        ci = turned(ai, turn2)
        dr = turned(br, turn2)
        di = turned(bi, turn2)
        real, imaginary = mixed(
            t, at, ar, ai, turned(br, turn1), turned(bi, turn1), cr, ci, turned(dr, turn1), turned(di, turn1)
        )
        store(x, i, real)
        store(x, i + 8, imaginary)
        real, imaginary = mixed(
            t, at + 64, br, bi, turned(ar, turn1), turned(ai, turn1), dr, di, turned(cr, turn1), turned(ci, turn1)
        )
        store(x, j, real)
        store(x, j + 8, imaginary)
        v = ((v | special) + 1) & ~special


@_compiled
def general(
    x: Reals, t: Reals, at: int, base: int, count: int, special: int, cosets: int, masks: int,
    pool: Integers, offsets: int, hops: int, turns: int, work: Reals,
) -> None:  # fmt: skip
    v = 0
    for _ in range(count):
        for a in range(cosets):
            i = ((v | base) ^ pool[offsets + a]) * 16
            store(work, a * 16, load(x, i))
            store(work, a * 16 + 8, load(x, i + 8))
        for a in range(cosets):
            c = at + a * masks * 16
            xr = load(work, a * 16)
            xi = load(work, a * 16 + 8)
            real = load(t, c) * xr - load(t, c + 8) * xi
            imaginary = load(t, c) * xi + load(t, c + 8) * xr
            for k in range(1, masks):
                j = (a ^ pool[hops + k]) * 16
                ar = load(t, c + k * 16)
                ai = load(t, c + k * 16 + 8)
                xr = turned(load(work, j), pool[turns + k])
                xi = turned(load(work, j + 8), pool[turns + k])
                real = real + ar * xr - ai * xi
                imaginary = imaginary + ar * xi + ai * xr
            i = ((v | base) ^ pool[offsets + a]) * 16
            store(x, i, real)
            store(x, i + 8, imaginary)
        v = ((v | special) + 1) & ~special


@_compiled
def word(x: Reals, t: Reals, at: int, cells: int, words: Integers, row: int, outer: int, signs: Reals) -> None:
    """cos φ + b (-1)^(z·x) X^m: the table holds cos φ and b."""
    ar = load(t, at)
    br = load(t, at + 16)
    bi = load(t, at + 24)
    turn = words[row, LANE_FLIP]
    hop = words[row, CELL_FLIP]
    pivot = 1
    while pivot * 2 <= hop:
        pivot *= 2
    wide = load(signs, words[row, LANE_SIGN] * 8)
    br = br * wide
    bi = bi * wide
    step = parity(words[row, OUTER_SIGN] & outer)
    for v in range(cells):
        if hop and v & pivot:
            continue
        w = v ^ hop
        i = v * 16
        j = w * 16
        sign = load(signs, 64 * (parity(words[row, TILE_SIGN] & v) ^ step))
        back = load(signs, 64 * (parity(words[row, TILE_SIGN] & w) ^ step))
        xr = load(x, i)
        xi = load(x, i + 8)
        yr = load(x, j)
        yi = load(x, j + 8)
        ur = turned(yr, turn) * sign
        ui = turned(yi, turn) * sign
        store(x, i, ar * xr + br * ur - bi * ui)
        store(x, i + 8, ar * xi + br * ui + bi * ur)
        if hop:
            ur = turned(xr, turn) * back
            ui = turned(xi, turn) * back
            store(x, j, ar * yr + br * ur - bi * ui)
            store(x, j + 8, ar * yi + br * ui + bi * ur)


# ---- the same on a ket x and a bra y together, once their transitions ⟨y|diag X^m|x⟩ are added to s


@_inlined
def diagonal_back(x: Reals, y: Reals, t: Reals, s: Reals, at: int, base: int, count: int, special: int) -> None:
    ar = load(t, at)
    ai = load(t, at + 8)
    pr = ar - ar
    pi = pr
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        xr = load(x, i)
        xi = load(x, i + 8)
        ur = load(y, i)
        ui = load(y, i + 8)
        pr = pr + ur * xr + ui * xi
        pi = pi + ur * xi - ui * xr
        store(x, i, ar * xr - ai * xi)
        store(x, i + 8, ar * xi + ai * xr)
        store(y, i, ar * ur - ai * ui)
        store(y, i + 8, ar * ui + ai * ur)
        v = ((v | special) + 1) & ~special
    accumulate(s, at, pr)
    accumulate(s, at + 8, pi)


@_inlined
def lane_back(x: Reals, y: Reals, t: Reals, s: Reals, at: int, base: int, count: int, special: int, turn: int) -> None:
    ar = load(t, at)
    ai = load(t, at + 8)
    br = load(t, at + 16)
    bi = load(t, at + 24)
    pr = ar - ar
    pi = pr
    qr = pr
    qi = pr
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        xr = load(x, i)
        xi = load(x, i + 8)
        ur = load(y, i)
        ui = load(y, i + 8)
        yr = turned(xr, turn)
        yi = turned(xi, turn)
        wr = turned(ur, turn)
        wi = turned(ui, turn)
        pr = pr + ur * xr + ui * xi
        pi = pi + ur * xi - ui * xr
        qr = qr + ur * yr + ui * yi
        qi = qi + ur * yi - ui * yr
        store(x, i, ar * xr - ai * xi + br * yr - bi * yi)
        store(x, i + 8, ar * xi + ai * xr + br * yi + bi * yr)
        store(y, i, ar * ur - ai * ui + br * wr - bi * wi)
        store(y, i + 8, ar * ui + ai * ur + br * wi + bi * wr)
        v = ((v | special) + 1) & ~special
    accumulate(s, at, pr)
    accumulate(s, at + 8, pi)
    accumulate(s, at + 16, qr)
    accumulate(s, at + 24, qi)


@_inlined
def pair_back(x: Reals, y: Reals, t: Reals, s: Reals, at: int, base: int, count: int, special: int, hop: int) -> None:
    ar = load(t, at)
    ai = load(t, at + 8)
    br = load(t, at + 16)
    bi = load(t, at + 24)
    cr = load(t, at + 32)
    ci = load(t, at + 40)
    dr = load(t, at + 48)
    di = load(t, at + 56)
    s0r = ar - ar
    s0i = s0r
    s1r = s0r
    s1i = s0r
    s2r = s0r
    s2i = s0r
    s3r = s0r
    s3i = s0r
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        j = ((v | base) ^ hop) * 16
        xr = load(x, i)
        xi = load(x, i + 8)
        yr = load(x, j)
        yi = load(x, j + 8)
        ur = load(y, i)
        ui = load(y, i + 8)
        wr = load(y, j)
        wi = load(y, j + 8)
        s0r = s0r + ur * xr + ui * xi
        s0i = s0i + ur * xi - ui * xr
        s1r = s1r + ur * yr + ui * yi
        s1i = s1i + ur * yi - ui * yr
        s2r = s2r + wr * yr + wi * yi
        s2i = s2i + wr * yi - wi * yr
        s3r = s3r + wr * xr + wi * xi
        s3i = s3i + wr * xi - wi * xr
        store(x, i, ar * xr - ai * xi + br * yr - bi * yi)
        store(x, i + 8, ar * xi + ai * xr + br * yi + bi * yr)
        store(x, j, cr * yr - ci * yi + dr * xr - di * xi)
        store(x, j + 8, cr * yi + ci * yr + dr * xi + di * xr)
        store(y, i, ar * ur - ai * ui + br * wr - bi * wi)
        store(y, i + 8, ar * ui + ai * ur + br * wi + bi * wr)
        store(y, j, cr * wr - ci * wi + dr * ur - di * ui)
        store(y, j + 8, cr * wi + ci * wr + dr * ui + di * ur)
        v = ((v | special) + 1) & ~special
    accumulate(s, at, s0r)
    accumulate(s, at + 8, s0i)
    accumulate(s, at + 16, s1r)
    accumulate(s, at + 24, s1i)
    accumulate(s, at + 32, s2r)
    accumulate(s, at + 40, s2i)
    accumulate(s, at + 48, s3r)
    accumulate(s, at + 56, s3i)


@_compiled
def general_read(
    x: Reals, y: Reals, s: Reals, at: int, base: int, count: int, special: int, cosets: int, masks: int,
    pool: Integers, offsets: int, hops: int, turns: int,
) -> None:  # fmt: skip
    """The transitions alone: one pair of cells for all, so that sums stay in registers."""
    for a in range(cosets):
        for k in range(masks):
            c = at + (a * masks + k) * 16
            there = pool[offsets + (a ^ pool[hops + k])]
            turn = pool[turns + k]
            pr = load(x, 0)
            pr = pr - pr
            pi = pr
            v = 0
            for _ in range(count):
                i = ((v | base) ^ pool[offsets + a]) * 16
                j = ((v | base) ^ there) * 16
                ur = load(y, i)
                ui = load(y, i + 8)
                xr = turned(load(x, j), turn)
                xi = turned(load(x, j + 8), turn)
                pr = pr + ur * xr + ui * xi
                pi = pi + ur * xi - ui * xr
                v = ((v | special) + 1) & ~special
            accumulate(s, c, pr)
            accumulate(s, c + 8, pi)


@_compiled
def word_read(
    x: Reals, y: Reals, s: Reals, at: int, cells: int, words: Integers, row: int, outer: int, signs: Reals
) -> None:
    """⟨y|(-1)^(z·x) X^m|x⟩, in the second cell of the table's place."""
    turn = words[row, LANE_FLIP]
    hop = words[row, CELL_FLIP]
    wide = load(signs, words[row, LANE_SIGN] * 8)
    step = parity(words[row, OUTER_SIGN] & outer)
    pr = wide - wide
    pi = pr
    for v in range(cells):
        i = v * 16
        j = (v ^ hop) * 16
        sign = load(signs, 64 * (parity(words[row, TILE_SIGN] & v) ^ step))
        ur = load(y, i) * sign
        ui = load(y, i + 8) * sign
        xr = turned(load(x, j), turn)
        xi = turned(load(x, j + 8), turn)
        pr = pr + ur * xr + ui * xi
        pi = pi + ur * xi - ui * xr
    accumulate(s, at + 16, pr * wide)
    accumulate(s, at + 24, pi * wide)
