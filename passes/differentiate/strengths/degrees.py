"""In what variable, and of which degree, what is measured is a polynomial of a channel's strength."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qcompile.angle import Angle, call, number
from qcompile.gates import Gate
from qcompile.gates.algebra import RealArray
from qcompile.passes.differentiate.sight.words import Word
from qcompile.passes.differentiate.strengths.superoperators import moves, transfer_matrix

_MOST = 4  # the greatest degree of an entry that is looked for
_SAMPLES = 2 * _MOST + 3  # more than a polynomial of that degree takes
_RESIDUAL = 1e-10
_OTHERS = (0.3, 0.85)  # of the way through the bounds: where a channel's other parameters are held


@dataclass(frozen=True, slots=True)
class Variable:
    """v(p), its inverse p(v), and dv/dp = slope · v^power."""

    expression: Callable[[Angle], Angle]
    value: Callable[[RealArray], RealArray]
    strength: Callable[[float], float]
    slope: float
    power: int


_VARIABLES = (
    Variable(lambda p: p, lambda p: p, lambda v: v, 1.0, 0),
    Variable(lambda p: call("sqrt", number(1.0) - p), lambda p: np.sqrt(1 - p), lambda v: 1 - v * v, -0.5, -1),
    Variable(lambda p: call("sqrt", p), np.sqrt, lambda v: v * v, 0.5, -1),
)


@dataclass(frozen=True, slots=True)
class Fit:
    """What is measured is a polynomial of this degree in the variable."""

    variable: Variable
    degree: int


@dataclass(frozen=True, slots=True, eq=False)
class _Entries:
    """What a channel does at sampled strengths, a row each.

    Attributes:
        linear: of the transfer matrix, row after row, or of X and d.
        noise: of Y; None on qubits.
        only_loses: the vacuum stays the vacuum.
    """

    strengths: RealArray
    linear: RealArray
    noise: RealArray | None = None
    only_loses: bool = False


@lru_cache(maxsize=1024)
def fit(gate: Gate, index: int, degree: int | None, photons: int | None, words: frozenset[Word] | None) -> Fit | None:
    """The variable in which what is measured has the least degree; None: in none of them, or it has no finite one.

    The arguments are those of `strength_rule`.
    """
    entries = _entries(gate, index)
    if entries is None:
        return None
    linear = entries.linear
    if words is not None and entries.noise is None:
        size = 4 ** len(gate.wires)
        linear = linear.reshape(-1, size, size)[:, sorted(x + (z << len(gate.wires)) for x, z in words)]
    if photons is not None and entries.only_loses:
        # photons are only lost where the vacuum stays, and ⟨m|O|n⟩ up to N photons are of degree 2N in the quadratures
        degree = 2 * photons if degree is None else min(degree, 2 * photons)
    finite = math.isfinite(bounds_of(gate)[index][1])
    found = (_fitted(v, entries, linear, degree) for v in _VARIABLES if finite or not v.power)
    return min((each for each in found if each is not None), key=lambda each: each.degree, default=None)


def bounds_of(gate: Gate) -> tuple[tuple[float, float], ...]:
    return gate.bounds or ((0.0, math.inf),) * len(gate.parameters)


def _fitted(variable: Variable, entries: _Entries, linear: RealArray, degree: int | None) -> Fit | None:
    at = variable.value(entries.strengths)
    first = _degree(at, linear)
    if entries.noise is None or first is None:
        return None if first is None else Fit(variable, first)
    second = _degree(at, entries.noise)
    if second is None or degree is None:
        return None
    return Fit(variable, max(degree * first, degree // 2 * second + degree % 2 * first))


@lru_cache(maxsize=256)
def _entries(gate: Gate, index: int) -> _Entries | None:
    """None for what is neither a channel on qubits nor Gaussian."""
    samples = list(_samples(gate, index))
    strengths = np.array([values[index] for values in samples])
    matrices = [matrix for values in samples if (matrix := transfer_matrix(gate, values)) is not None]
    if len(matrices) == len(samples):
        return _Entries(strengths, np.array(matrices))
    moved = [move for values in samples if (move := moves(gate, values)) is not None]
    if len(moved) < len(samples):
        return None
    vacuum = np.eye(2 * len(gate.wires))
    only_loses = all(np.allclose(m.linear @ m.linear.T + m.noise, vacuum) and not m.shift.any() for m in moved)
    linear = np.array([np.append(move.linear, move.shift) for move in moved])
    return _Entries(strengths, linear, np.array([move.noise for move in moved]), only_loses)


def _samples(gate: Gate, index: int) -> Iterator[tuple[float, ...]]:
    """Values of the gate's parameters: one of them at many places, the others at few."""
    for other in _OTHERS:
        for place in (np.arange(_SAMPLES) + 0.5) / _SAMPLES:
            shares = [place if k == index else other for k in range(len(gate.parameters))]
            ranges = zip(shares, bounds_of(gate), strict=True)
            yield tuple(float(low + share * (min(high, low + 1) - low)) for share, (low, high) in ranges)


def _degree(at: RealArray, entries: RealArray) -> int | None:
    """The least degree of polynomials in `at` that the entries are, the other parameters held; None: too great."""
    table = entries.reshape(len(at), -1)
    groups = np.split(np.arange(len(at)), len(_OTHERS))
    for degree in range(_MOST + 1):
        powers = [np.vander(at[rows], degree + 1) for rows in groups]
        fits = [p @ np.linalg.lstsq(p, table[rows])[0] for p, rows in zip(powers, groups, strict=True)]
        if np.abs(np.vstack(fits) - table).max(initial=0.0) < _RESIDUAL:
            return degree
    return None
