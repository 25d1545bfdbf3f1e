"""Simultaneous perturbation: a gradient estimate from two values, however many parameters there are.

Spall 1992 (doi:10.1109/9.119632), with the gains of Spall 1998 (doi:10.1109/7.705889): aₖ = a/(A + k + 1)^α and
cₖ = c/(k + 1)^γ.
"""

from __future__ import annotations

import numpy as np

from qcompile.learn.checkpoint import Record
from qcompile.learn.oracle import Oracle
from qcompile.learn.start import Vector

ALPHA, GAMMA = 0.602, 0.101
STABILITY = 0.1  # A, as a part of the steps
LEAST_WIDTH = 0.01
TRIALS = 5  # estimates that calibrate the gains
FLAT = 1e-6  # a slope that tells nothing of how far to go


class Spsa:
    """Gains are calibrated before the first step.

    c is the standard deviation of the value at the start, LEAST_WIDTH at least, and a such that entries move by the
    rate in the first steps, by the mean size of a few estimates there.
    """

    def __init__(self, rate: float, steps: int, seed: int) -> None:
        self.rate, self.seed = rate, seed
        self.stability = STABILITY * steps
        self.count, self.width, self.gain = 0, 0.0, 0.0

    def step(self, oracle: Oracle, x: Vector) -> Vector:
        """Three values at once: two make the step, and the one at x tells how it goes."""
        if not self.count:
            self._calibrate(oracle, x)
        signs = self._signs(len(x), self.count + TRIALS)
        width: float = self.width / (self.count + 1) ** GAMMA
        _, above, below = map(float, oracle.values(np.stack([x, x + width * signs, x - width * signs])))
        gain: float = self.gain / (self.stability + self.count + 1) ** ALPHA
        self.count += 1
        return x - gain * (above - below) / (2 * width) * signs

    def state(self) -> Record:
        return {"count": self.count, "width": self.width, "gain": self.gain, "stability": self.stability}

    def restore(self, state: Record) -> None:
        self.count, self.width = state["count"], state["width"]
        self.gain, self.stability = state["gain"], state["stability"]

    def _calibrate(self, oracle: Oracle, x: Vector) -> None:
        spread = float(np.std(oracle.values(np.tile(x, (TRIALS, 1))), ddof=1)) if oracle.is_noisy else 0.0
        self.width = max(spread, LEAST_WIDTH)
        signs: Vector = np.stack([self._signs(len(x), trial) for trial in range(TRIALS)])
        above, below = x + self.width * signs, x - self.width * signs
        pairs = oracle.values(np.concatenate([above, below])).reshape(2, TRIALS)
        changes: Vector = np.abs(pairs[0] - pairs[1])
        size = float(changes.mean()) / (2 * self.width)
        self.gain = self.rate * (self.stability + 1) ** ALPHA / (size if size > FLAT else 1.0)

    def _signs(self, size: int, draw: int) -> Vector:
        """±1 in every entry: each draw has a generator of its own, so there is no state to keep."""
        return np.random.default_rng([self.seed, draw]).choice(np.array([-1.0, 1.0]), size)
