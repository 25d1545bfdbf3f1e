"""Gates on cells: what one block does to the cells that it mixes, forward, and backward with its transitions.

x is the state, t the tables, of which a pattern's begin at `at`: sixteen numbers for each complex factor, eight real
parts and eight imaginary parts. `base` has the bits set that the pattern says; the loop runs over the cells whose bits
in `special` are those of `base`. Each kernel is a loop of its own, so that its tables stay in registers.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from qcompile.targets.engine.cells import (
    accumulate,
    dot,
    load,
    nothing,
    parity,
    rotated,
    spread,
    store,
    swapped1,
    swapped2,
    swapped4,
)
from qcompile.targets.engine.layout import CELL_FLIP, LANE_FLIP, LANE_SIGN, OUTER_SIGN, TILE_SIGN

# Arrays and cells, whose types Numba finds out.
Integers = Any
Reals = Any

_compiled = njit(nogil=True, error_model="numpy")
_inlined = njit(nogil=True, error_model="numpy", forceinline=True)


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
    ar = spread(t, at)
    ai = spread(t, at + 8)
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        a = load(x, i)
        store(x, i, ar * a + ai * rotated(a))
        v = ((v | special) + 1) & ~special


@_inlined
def lane(x: Reals, t: Reals, at: int, base: int, count: int, special: int, turn: int) -> None:
    ar = spread(t, at)
    ai = spread(t, at + 8)
    br = spread(t, at + 16)
    bi = spread(t, at + 24)
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        a = load(x, i)
        b = turned(a, turn)
        store(x, i, ar * a + ai * rotated(a) + br * b + bi * rotated(b))
        v = ((v | special) + 1) & ~special


@_inlined
def pair(x: Reals, t: Reals, at: int, base: int, count: int, special: int, hop: int) -> None:
    ar = spread(t, at)
    ai = spread(t, at + 8)
    br = spread(t, at + 16)
    bi = spread(t, at + 24)
    cr = spread(t, at + 32)
    ci = spread(t, at + 40)
    dr = spread(t, at + 48)
    di = spread(t, at + 56)
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        j = ((v | base) ^ hop) * 16
        a = load(x, i)
        b = load(x, j)
        ra = rotated(a)
        rb = rotated(b)
        store(x, i, ar * a + ai * ra + br * b + bi * rb)
        store(x, j, cr * b + ci * rb + dr * a + di * ra)
        v = ((v | special) + 1) & ~special


@_inlined
def mixed(
    t: Reals, at: int, a: Reals, ra: Reals, b: Reals, rb: Reals, c: Reals, rc: Reals, d: Reals, rd: Reals
) -> Reals:  # fmt: skip
    """Σ of four cells, each with i times it, by the four factors from `at` on."""
    result = spread(t, at) * a + spread(t, at + 8) * ra
    result = result + spread(t, at + 16) * b + spread(t, at + 24) * rb
    result = result + spread(t, at + 32) * c + spread(t, at + 40) * rc
    return result + spread(t, at + 48) * d + spread(t, at + 56) * rd


@_compiled
def quad(x: Reals, t: Reals, at: int, base: int, count: int, special: int, hop1: int, hop2: int) -> None:
    """Four cells that mix through flips without lanes: number k by mask a ^ k to number a."""
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        j = ((v | base) ^ hop1) * 16
        k = ((v | base) ^ hop2) * 16
        m = ((v | base) ^ hop1 ^ hop2) * 16
        a = load(x, i)
        b = load(x, j)
        c = load(x, k)
        d = load(x, m)
        ra = rotated(a)
        rb = rotated(b)
        rc = rotated(c)
        rd = rotated(d)
        store(x, i, mixed(t, at, a, ra, b, rb, c, rc, d, rd))
        store(x, j, mixed(t, at + 64, b, rb, a, ra, d, rd, c, rc))
        store(x, k, mixed(t, at + 128, c, rc, d, rd, a, ra, b, rb))
        store(x, m, mixed(t, at + 192, d, rd, c, rc, b, rb, a, ra))
        v = ((v | special) + 1) & ~special


@_compiled
def nested(x: Reals, t: Reals, at: int, base: int, count: int, special: int, turn1: int, turn2: int) -> None:
    """Lanes of one cell that mix by two masks."""
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        a = load(x, i)
        b = turned(a, turn1)
        c = turned(a, turn2)
        d = turned(b, turn2)
        store(x, i, mixed(t, at, a, rotated(a), b, rotated(b), c, rotated(c), d, rotated(d)))
        v = ((v | special) + 1) & ~special


@_compiled
def cross(x: Reals, t: Reals, at: int, base: int, count: int, special: int, hop: int, turn1: int, turn2: int) -> None:
    """Two cells that mix by a mask, which may have lanes too, and by another of lanes alone."""
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        j = ((v | base) ^ hop) * 16
        a = load(x, i)
        b = load(x, j)
        c = turned(a, turn2)
        d = turned(b, turn2)
        ra = rotated(a)
        rb = rotated(b)
        rc = rotated(c)
        rd = rotated(d)
        if turn1:
            ta = turned(a, turn1)
            tb = turned(b, turn1)
            tc = turned(c, turn1)
            td = turned(d, turn1)
            store(x, i, mixed(t, at, a, ra, tb, rotated(tb), c, rc, td, rotated(td)))
            store(x, j, mixed(t, at + 64, b, rb, ta, rotated(ta), d, rd, tc, rotated(tc)))
        else:
            store(x, i, mixed(t, at, a, ra, b, rb, c, rc, d, rd))
            store(x, j, mixed(t, at + 64, b, rb, a, ra, d, rd, c, rc))
        v = ((v | special) + 1) & ~special


@_compiled
def general(
    x: Reals, t: Reals, at: int, base: int, count: int, special: int, cosets: int, masks: int,
    pool: Integers, offsets: int, hops: int, turns: int, work: Reals,
) -> None:  # fmt: skip
    v = 0
    for _ in range(count):
        for a in range(cosets):
            store(work, a * 16, load(x, ((v | base) ^ pool[offsets + a]) * 16))
        for a in range(cosets):
            c = at + a * masks * 16
            own = load(work, a * 16)
            result = spread(t, c) * own + spread(t, c + 8) * rotated(own)
            for k in range(1, masks):
                other = turned(load(work, (a ^ pool[hops + k]) * 16), pool[turns + k])
                result = result + spread(t, c + k * 16) * other + spread(t, c + k * 16 + 8) * rotated(other)
            store(x, ((v | base) ^ pool[offsets + a]) * 16, result)
        v = ((v | special) + 1) & ~special


@_compiled
def word(x: Reals, t: Reals, at: int, cells: int, words: Integers, row: int, outer: int, signs: Reals) -> None:
    """cos φ + b (-1)^(z·x) X^m: the table holds cos φ and b."""
    turn = words[row, LANE_FLIP]
    hop = words[row, CELL_FLIP]
    pivot = 1
    while pivot * 2 <= hop:
        pivot *= 2
    own = spread(signs, words[row, LANE_SIGN] * 8)
    ar = spread(t, at)
    br = spread(t, at + 16) * own
    bi = spread(t, at + 24) * own
    step = parity(words[row, OUTER_SIGN] & outer)
    for v in range(cells):
        if hop and v & pivot:
            continue
        w = v ^ hop
        a = load(x, v * 16)
        b = load(x, w * 16)
        u = turned(b, turn) * spread(signs, 64 * (parity(words[row, TILE_SIGN] & v) ^ step))
        store(x, v * 16, ar * a + br * u + bi * rotated(u))
        if hop:
            u = turned(a, turn) * spread(signs, 64 * (parity(words[row, TILE_SIGN] & w) ^ step))
            store(x, w * 16, ar * b + br * u + bi * rotated(u))


# ---- the same on a ket x and a bra y together, once their transitions ⟨y|diag X^m|x⟩ are added to s


@_inlined
def diagonal_back(x: Reals, y: Reals, t: Reals, s: Reals, at: int, base: int, count: int, special: int) -> None:
    ar = spread(t, at)
    ai = spread(t, at + 8)
    real = nothing(ar)
    imaginary = nothing(ar)
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        a = load(x, i)
        u = load(y, i)
        ru = rotated(u)
        real = dot(real, u, a)
        imaginary = dot(imaginary, ru, a)
        store(x, i, ar * a + ai * rotated(a))
        store(y, i, ar * u + ai * ru)
        v = ((v | special) + 1) & ~special
    accumulate(s, at, real)
    accumulate(s, at + 8, imaginary)


@_inlined
def lane_back(x: Reals, y: Reals, t: Reals, s: Reals, at: int, base: int, count: int, special: int, turn: int) -> None:
    ar = spread(t, at)
    ai = spread(t, at + 8)
    br = spread(t, at + 16)
    bi = spread(t, at + 24)
    pr = nothing(ar)
    pi = nothing(ar)
    qr = nothing(ar)
    qi = nothing(ar)
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        a = load(x, i)
        u = load(y, i)
        b = turned(a, turn)
        w = turned(u, turn)
        ru = rotated(u)
        pr = dot(pr, u, a)
        pi = dot(pi, ru, a)
        qr = dot(qr, u, b)
        qi = dot(qi, ru, b)
        store(x, i, ar * a + ai * rotated(a) + br * b + bi * rotated(b))
        store(y, i, ar * u + ai * ru + br * w + bi * rotated(w))
        v = ((v | special) + 1) & ~special
    accumulate(s, at, pr)
    accumulate(s, at + 8, pi)
    accumulate(s, at + 16, qr)
    accumulate(s, at + 24, qi)


@_inlined
def pair_back(x: Reals, y: Reals, t: Reals, s: Reals, at: int, base: int, count: int, special: int, hop: int) -> None:
    ar = spread(t, at)
    ai = spread(t, at + 8)
    br = spread(t, at + 16)
    bi = spread(t, at + 24)
    cr = spread(t, at + 32)
    ci = spread(t, at + 40)
    dr = spread(t, at + 48)
    di = spread(t, at + 56)
    s0r = nothing(ar)
    s0i = nothing(ar)
    s1r = nothing(ar)
    s1i = nothing(ar)
    s2r = nothing(ar)
    s2i = nothing(ar)
    s3r = nothing(ar)
    s3i = nothing(ar)
    v = 0
    for _ in range(count):
        i = (v | base) * 16
        j = ((v | base) ^ hop) * 16
        a = load(x, i)
        b = load(x, j)
        u = load(y, i)
        w = load(y, j)
        ru = rotated(u)
        rw = rotated(w)
        s0r = dot(s0r, u, a)
        s0i = dot(s0i, ru, a)
        s1r = dot(s1r, u, b)
        s1i = dot(s1i, ru, b)
        s2r = dot(s2r, w, b)
        s2i = dot(s2i, rw, b)
        s3r = dot(s3r, w, a)
        s3i = dot(s3i, rw, a)
        ra = rotated(a)
        rb = rotated(b)
        store(x, i, ar * a + ai * ra + br * b + bi * rb)
        store(x, j, cr * b + ci * rb + dr * a + di * ra)
        store(y, i, ar * u + ai * ru + br * w + bi * rw)
        store(y, j, cr * w + ci * rw + dr * u + di * ru)
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
            real = nothing(load(x, 0))
            imaginary = real
            v = 0
            for _ in range(count):
                u = load(y, ((v | base) ^ pool[offsets + a]) * 16)
                b = turned(load(x, ((v | base) ^ there) * 16), turn)
                real = dot(real, u, b)
                imaginary = dot(imaginary, rotated(u), b)
                v = ((v | special) + 1) & ~special
            accumulate(s, c, real)
            accumulate(s, c + 8, imaginary)


@_compiled
def word_read(
    x: Reals, y: Reals, s: Reals, at: int, cells: int, words: Integers, row: int, outer: int, signs: Reals
) -> None:
    """⟨y|(-1)^(z·x) X^m|x⟩, in the second cell of the table's place."""
    turn = words[row, LANE_FLIP]
    hop = words[row, CELL_FLIP]
    own = spread(signs, words[row, LANE_SIGN] * 8)
    step = parity(words[row, OUTER_SIGN] & outer)
    real = nothing(own)
    imaginary = real
    for v in range(cells):
        sign = spread(signs, 64 * (parity(words[row, TILE_SIGN] & v) ^ step))
        u = load(y, v * 16) * sign * own
        b = turned(load(x, (v ^ hop) * 16), turn)
        real = dot(real, u, b)
        imaginary = dot(imaginary, rotated(u), b)
    accumulate(s, at + 16, real)
    accumulate(s, at + 24, imaginary)
