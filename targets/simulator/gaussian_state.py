"""Gaussian states and what acts on them, by means and covariance: hbar = 2, vacuum covariance 1, xxpp order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qcompile.diagnostics import Code, error
from qcompile.gates.algebra import quadrature_action
from qcompile.operator import Operator

RealArray = NDArray[np.float64]


@dataclass(slots=True, eq=False)
class Moments:
    """A batch of states, changed in place.

    Trajectories differ in their means only: the covariance after a Gaussian measurement does not depend on the outcome.

    Args:
        means: shape (B, T, 2m), T trajectories.
        covariance: shape (B, 2m, 2m), symmetrised.
        is_paired: x and p of a mode stand side by side, so that gates on neighbours move one stretch of memory.
    """

    means: RealArray
    covariance: RealArray
    is_paired: bool = False

    @property
    def modes(self) -> int:
        return int(self.means.shape[-1]) // 2

    def rows(self, wires: Sequence[int]) -> NDArray[np.intp]:
        """The quadratures of these wires, every x first."""
        if self.is_paired:
            return np.array([2 * wire + half for half in (0, 1) for wire in wires], dtype=np.intp)
        return np.array([*wires, *(wire + self.modes for wire in wires)], dtype=np.intp)

    def in_xxpp_order(self) -> Moments:
        if not self.is_paired:
            return self
        rows = self.rows(range(self.modes))
        return Moments(self.means[:, :, rows], self.covariance[:, rows[:, np.newaxis], rows])

    def move(self, wires: Sequence[int], matrix: RealArray, shift: RealArray, noise: RealArray | None = None) -> None:
        """r ↦ Sr + d on the wires, and noise added to their covariance: shapes (B or 1, 2w, 2w) and (B or 1, 2w)."""
        rows = self.rows(wires)
        self.means[:, :, rows] = self.means[:, :, rows] @ matrix.swapaxes(1, 2) + shift[:, None]
        self.covariance[:, rows, :] = matrix @ self.covariance[:, rows, :]
        self.covariance[:, :, rows] = self.covariance[:, :, rows] @ matrix.swapaxes(1, 2)
        if noise is not None:
            self.covariance[:, rows[:, np.newaxis], rows] += noise

    def prepare(self, wire: int, variance: RealArray) -> None:
        """Discard what the wire held; a thermal state of this variance, shape (B or 1,), takes its place."""
        rows = self.rows([wire])
        self.means[:, :, rows] = 0.0
        self.covariance[:, rows, :] = 0.0
        self.covariance[:, :, rows] = 0.0
        for row in rows:
            self.covariance[:, row, row] = variance

    def detect(self, wire: int, axes: RealArray, noise: float, random: np.random.Generator) -> RealArray:
        """Measure quadratures of one wire, condition the others on the outcome, leave the vacuum.

        Args:
            axes: each row a direction in (x, p), shape (B or 1, k, 2).
            noise: variance that the detector adds: 0 homodyne, 1 heterodyne.

        Returns:
            outcomes, shape (B, T, k).
        """
        rows = self.rows([wire])
        cross = self.covariance[:, :, rows] @ axes.swapaxes(1, 2)
        seen = axes @ cross[:, rows] + noise * np.eye(axes.shape[1])
        if np.linalg.eigvalsh(seen).min() <= 0:
            raise error(Code.NOT_SIMULABLE, "a mode is squeezed beyond double precision", help="squeeze less")
        drawn = random.standard_normal((*self.means.shape[:2], axes.shape[1]))
        deviation = drawn @ np.linalg.cholesky(seen).swapaxes(1, 2)
        outcomes: RealArray = self.means[:, :, rows] @ axes.swapaxes(1, 2) + deviation
        gain = cross @ np.linalg.inv(seen)
        self.means = self.means + deviation @ gain.swapaxes(1, 2)
        self.covariance = self.covariance - gain @ cross.swapaxes(1, 2)
        self.prepare(wire, np.ones(1))
        return outcomes


def vacuum(batch: int, trajectories: int, modes: int, is_paired: bool = False) -> Moments:
    covariance = np.tile(np.eye(2 * modes), (batch, 1, 1))
    return Moments(np.zeros((batch, trajectories, 2 * modes)), covariance, is_paired)


def flow(generator: Operator, modes: int, angle: RealArray) -> tuple[RealArray, RealArray]:
    """S and d of r ↦ Sr + d under exp(-iθG): shapes (B, 2w, 2w) and (B, 2w) for angles (B,).

    With M the generator of (r, 1) and M³ = cM, exp(θM) = 1 + M·s(θ) + M²·(1 − cosine)-like: closed in θ. Other forms,
    which programs may define, are exponentiated numerically.
    """
    matrix, squared, rate = affine_generator(generator, modes)
    if rate is None:
        from scipy.linalg import expm

        whole: RealArray = expm(np.multiply.outer(angle, matrix))
        return whole[:, :-1, :-1], whole[:, :-1, -1]
    if rate < 0:
        first, second = np.sin(np.sqrt(-rate) * angle) / np.sqrt(-rate), (1 - np.cos(np.sqrt(-rate) * angle)) / -rate
    elif rate > 0:
        first, second = np.sinh(np.sqrt(rate) * angle) / np.sqrt(rate), (np.cosh(np.sqrt(rate) * angle) - 1) / rate
    else:
        first, second = angle, angle**2 / 2
    whole = np.eye(2 * modes + 1) + np.multiply.outer(first, matrix) + np.multiply.outer(second, squared)
    return whole[:, :-1, :-1], whole[:, :-1, -1]


@lru_cache(maxsize=1024)
def affine_generator(generator: Operator, modes: int) -> tuple[RealArray, RealArray, float | None]:
    """M on (r, 1), M² and the c of M³ = cM, where there is one."""
    linear, constant = quadrature_action(generator, modes)
    matrix = np.zeros((2 * modes + 1, 2 * modes + 1))
    matrix[:-1, :-1], matrix[:-1, -1] = linear, constant
    squared = matrix @ matrix
    cubed = squared @ matrix
    rate = float(np.sum(cubed * matrix) / max(np.sum(matrix * matrix), np.finfo(float).tiny))
    has_one = np.allclose(cubed, rate * matrix, rtol=0, atol=1e-12 * max(1.0, np.abs(cubed).max()))
    return matrix, squared, rate if has_one else None
