"""Means over trajectories, and their standard errors.

What a trajectory tells of an output is a few numbers f: ⟨O⟩; or ⟨O²⟩ and ⟨O⟩; or the probability of each outcome. The
sums of f and of f fᵀ over all of them are what is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from qcompile.ir import Covariance, Expectation, Output, Probabilities, Samples, State, Variance
from qcompile.targets.simulator.sampling import draw_levels
from qcompile.targets.simulator.tensor_operators import joint_moments, moments
from qcompile.targets.simulator.tensor_outputs import level_probabilities
from qcompile.targets.simulator.tensor_program import Plan
from qcompile.targets.simulator.trajectories.run import Integers, Walk
from qcompile.targets.simulator.values import Elements, RealArray

Estimate = tuple[NDArray[np.float64] | Integers, RealArray | None]
"""Of one output, and its standard error."""


@dataclass(slots=True, eq=False)
class Tally:
    """The sums for one output so far; `rows` are the samples."""

    output: Output
    count: int = 0
    total: RealArray = field(default_factory=lambda: np.zeros(1))
    squares: RealArray = field(default_factory=lambda: np.zeros(1))
    rows: list[Integers] = field(default_factory=list[Integers])

    def add(self, plan: Plan, walk: Walk, elements: Elements, generator: np.random.Generator) -> None:
        """What these trajectories tell; those not kept count 0 where the output is of all runs."""
        if isinstance(self.output, Samples):
            self.rows.append(_samples(self.output, plan, walk, generator)[walk.kept])
            self.count += int(walk.kept.sum())
            return
        found = _told(self.output, walk.state, elements)
        if isinstance(self.output, Expectation | Probabilities) and self.output.unnormalised:
            found = found * walk.kept[:, np.newaxis]
        else:
            found = found[walk.kept]
        self.count += len(found)
        self.total = self.total + found.sum(axis=0)
        several = isinstance(self.output, Variance | Covariance)
        self.squares = self.squares + (found.T @ found if several else np.square(found).sum(axis=0))

    def estimate(self) -> Estimate:
        """Needs one trajectory that is kept. The error is infinite where one is all there is."""
        if isinstance(self.output, Samples):
            return np.concatenate(self.rows), None
        mean = self.total / self.count
        several = isinstance(self.output, Variance | Covariance)
        spread = self.squares / self.count - (np.outer(mean, mean) if several else np.square(mean))
        spread = spread / (self.count - 1) if self.count > 1 else np.full_like(spread, np.inf)
        match self.output:
            case Variance():  # m² is too great by its error squared
                value, slopes = mean[0] - mean[1] ** 2, np.array([1, -2 * mean[1]])
                return np.asarray(value + _finite(spread[1, 1])), _error(slopes, spread)
            case Covariance():
                value, slopes = mean[0] - mean[1] * mean[2], np.array([1, -mean[2], -mean[1]])
                return np.asarray(value + _finite(spread[1, 2])), _error(slopes, spread)
            case Probabilities():
                return mean, np.sqrt(np.clip(spread, 0.0, None))
            case _:
                return np.asarray(mean[0]), np.asarray(np.sqrt(np.clip(spread[0], 0.0, None)))


def _told(output: Output, state: NDArray[np.complex128], elements: Elements) -> RealArray:
    """Shape (b, numbers)."""
    match output:
        case Expectation(observable):
            return moments(observable.operator, elements, state)[0][:, np.newaxis]
        case Variance(observable):
            mean, square = moments(observable.operator, elements, state)
            return np.stack([square, mean], axis=1)
        case Covariance(left, right):
            return np.stack(joint_moments(left.operator, right.operator, elements, state), axis=1)
        case Probabilities(wires):
            return level_probabilities(state, wires)
        case Samples() | State():
            raise AssertionError("samples are drawn, and there is no state vector")
        case _:
            assert_never(output)


def _samples(output: Samples, plan: Plan, walk: Walk, generator: np.random.Generator) -> Integers:
    """One for each trajectory, shape (b, wires + cells)."""
    read = {cell: plan.readouts[cell].wire for cell in output.cells if cell in plan.readouts}
    wires = list(dict.fromkeys([*output.wires, *read.values()]))
    levels = draw_levels(walk.state, wires, len(walk.kept), generator)
    table = [levels[wire] for wire in output.wires]
    table += [levels[read[cell]] if cell in read else walk.cells[:, cell].astype(np.float64) for cell in output.cells]
    return np.stack(table, axis=1).astype(np.intp) if table else np.zeros((len(walk.kept), 0), dtype=np.intp)


def _error(slopes: RealArray, spread: RealArray) -> RealArray:
    """To first order in the errors of the means."""
    if not np.isfinite(spread).all():
        return np.asarray(np.inf)
    return np.asarray(np.sqrt(max(0.0, float(slopes @ spread @ slopes))))


def _finite(value: float) -> float:
    return value if np.isfinite(value) else 0.0
