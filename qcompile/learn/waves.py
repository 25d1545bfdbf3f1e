"""Trigonometric sums of known frequencies: where to sample one, which one it is, and where it is lowest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qcompile.gates.algebra import RealArray
from qcompile.passes.differentiate.shift.rules import common_unit

TURNS = 8  # of the slowest wave that are searched where frequencies have no common multiple
_DENSITY = 32  # points of the grid in a turn of the fastest wave
_MOST_POINTS = 1 << 16
_BISECTIONS = 48


@dataclass(frozen=True, slots=True)
class Waves:
    """All sums a₀ + Σ aₖ cos Ωₖs + bₖ sin Ωₖs with the frequencies `rates`, ascending.

    Attributes:
        window: how far lies what is searched: a period of all of them, or so many turns of the slowest.
        nodes: where to sample, 0 among them, as many as there are coefficients.
    """

    rates: tuple[float, ...]
    window: float
    nodes: RealArray

    @classmethod
    @lru_cache(maxsize=256)
    def of(cls, rates: tuple[float, ...]) -> Waves:
        unit = common_unit(rates)
        window = 2 * math.pi / unit if unit else TURNS * 2 * math.pi / rates[0]
        points = 2 * len(rates) + 1
        if unit and math.isclose(rates[-1], unit * len(rates), rel_tol=1e-9):  # no gaps: evenly spaced is best
            evenly: RealArray = (np.arange(points) - len(rates)).astype(np.float64)
            return cls(rates, window, window / points * evenly)
        return cls(rates, window, _spread(rates, window))

    def fitted(self, values: RealArray) -> RealArray:
        """The coefficients a₀, a₁ … b₁ … of the sum that has these values at the nodes."""
        return np.asarray(np.linalg.solve(basis(self.rates, self.nodes), values), dtype=np.float64)

    def lowest(self, coefficients: RealArray) -> float:
        """Where in the window around 0 the sum is lowest; of several such places the nearest to 0.

        Every dip of the grid is followed down by halving where the slope changes sign.
        """
        points = min(_MOST_POINTS, int(_DENSITY * self.window * self.rates[-1] / (2 * math.pi)))
        step = self.window / points
        grid: RealArray = step * (np.arange(points + 1) - points // 2).astype(np.float64)
        heights = basis(self.rates, grid) @ coefficients
        inner = heights[1:-1]
        dips = grid[1:-1][(inner <= heights[:-2]) & (inner <= heights[2:])]
        ends = np.append(grid[[0, -1]], 0.0)
        found = np.concatenate([self._bottoms(coefficients, dips - step, dips + step), ends])
        depths = basis(self.rates, found) @ coefficients
        close = depths <= depths.min() + 1e-13 * max(1.0, float(np.abs(coefficients).sum()))
        return float(min(found[close].tolist(), key=abs))

    def _bottoms(self, coefficients: RealArray, left: RealArray, right: RealArray) -> RealArray:
        for _ in range(_BISECTIONS):
            middle = (left + right) / 2
            rises = _slopes(self.rates, middle) @ coefficients > 0
            left, right = np.where(rises, left, middle), np.where(rises, middle, right)
        return (left + right) / 2


def basis(rates: tuple[float, ...], points: RealArray) -> RealArray:
    """1, the cosines and the sines at the points, shape (points, 2 · rates + 1)."""
    turned = np.outer(points, rates)
    return np.hstack([np.ones((len(points), 1)), np.cos(turned), np.sin(turned)])


def _slopes(rates: tuple[float, ...], points: RealArray) -> RealArray:
    turned = np.outer(points, rates)
    return np.hstack([np.zeros((len(points), 1)), -np.sin(turned) * rates, np.cos(turned) * rates])


def _spread(rates: tuple[float, ...], window: float) -> RealArray:
    """Points that tell the waves apart: 0, and what a QR decomposition with pivoting picks from a grid beside it."""
    from scipy.linalg import qr

    count = min(_MOST_POINTS, max(64, int(8 * window * rates[-1] / (2 * math.pi))))
    grid: RealArray = window * (np.arange(count).astype(np.float64) / count - 0.5)
    table, known = basis(rates, grid), basis(rates, np.zeros(1))
    apart = table - (table @ known.T) @ known / np.sum(known**2)
    _, _, order = qr(apart.T, mode="economic", pivoting=True)
    return np.sort(np.append(grid[order[: 2 * len(rates)]], 0.0))
