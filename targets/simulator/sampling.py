"""Shots drawn from the exact distribution of final state vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcompile.ir import State
from qcompile.targets.simulator.estimates import Integers, Setting, Shots, estimates
from qcompile.targets.simulator.quadratures import draw_quadrature
from qcompile.targets.simulator.tensor import ComplexArray, Dense, apply, flattened
from qcompile.targets.simulator.tensor_operators import norms
from qcompile.targets.simulator.tensor_outputs import exact_output
from qcompile.targets.simulator.tensor_program import Plan
from qcompile.targets.simulator.tensor_run import NEVER, Branch, nothing_left
from qcompile.targets.simulator.values import Bound, Elements, RealArray

_R = 1 / math.sqrt(2)
TO_LEVELS = {  # the rotation that takes the eigenstates +1, −1 of a Pauli letter to levels 0, 1
    "X": np.array([[[_R, _R], [_R, -_R]]], dtype=complex),
    "Y": np.array([[[_R, -1j * _R], [_R, 1j * _R]]]),
}


def sampled_outputs(
    plan: Plan, branches: list[Branch], bound: Bound, shots: Shots, first_row: int
) -> list[list[NDArray[Any]]]:
    """By row, each output as estimated from its own shots; a state stays exact.

    Args:
        first_row: the number of the first of these rows in the whole batch.
    """
    found: list[list[NDArray[Any]]] = []
    for index in range(bound.batch):
        row = _row(plan, branches, bound, index)
        generator = shots.generator(first_row + index)
        found.append(estimates(plan.program.outputs, plan.readouts, row, shots.count, generator))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """The branches of one row: states without row axis, shape (d0, d1, …), and the share of runs that is kept."""

    plan: Plan
    states: list[ComplexArray]
    cells: list[tuple[int, ...]]
    elements: Elements
    kept: float

    def levels(self, wire: int) -> int:
        return int(self.states[0].shape[wire])

    def draw(self, setting: Setting, shots: int, generator: np.random.Generator) -> tuple[RealArray, Integers]:
        histories = chosen_histories([norms(state[np.newaxis])[0] for state in self.states], shots, generator)
        outcomes = np.zeros((shots, len(setting)))
        for branch, state in enumerate(self.states):
            chosen = histories == branch
            if chosen.any():
                outcomes[chosen] = _draw_pure(state, setting, int(chosen.sum()), generator)
        return outcomes, held(self.cells, histories)

    def state(self, output: State) -> NDArray[Any]:
        branches = [Branch(s[np.newaxis], c) for s, c in zip(self.states, self.cells, strict=True)]
        state: NDArray[Any] = exact_output(output, self.plan, branches, self.elements)[0]
        return state


def _row(plan: Plan, branches: list[Branch], bound: Bound, index: int) -> _Row:
    states = [branch.state[min(index, len(branch.state) - 1)] for branch in branches]
    kept = branches[0].kept
    elements = bound.rows(np.array([index])).elements
    return _Row(plan, states, [b.cells for b in branches], elements, float(kept[min(index, len(kept) - 1)]))


def chosen_histories(weights: Sequence[float], shots: int, generator: np.random.Generator) -> Integers:
    """The history that each shot is of."""
    if not shots:
        return np.zeros(0, dtype=np.intp)
    shares = np.array(weights)
    if not shares.sum() > NEVER:
        raise nothing_left(None)
    return generator.choice(len(shares), size=shots, p=shares / shares.sum())


def held(cells: Sequence[tuple[int, ...]], histories: Integers) -> Integers:
    """What each shot's cells hold, shape (shots, cells)."""
    return np.array(cells, dtype=np.intp).reshape(len(cells), -1)[histories]


def _draw_pure(state: ComplexArray, setting: Setting, shots: int, generator: np.random.Generator) -> RealArray:
    """Quadratures one after the other, each shot's state conditioned on those before, then all levels jointly."""
    states = state[np.newaxis]
    for wire, basis in setting.items():
        if basis in ("X", "Y"):
            states = apply(Dense(TO_LEVELS[str(basis)], (wire,)), states)
    found: dict[int, RealArray] = {}
    for wire, basis in setting.items():
        if isinstance(basis, float):
            found[wire], states = draw_quadrature(states, wire, basis, shots, generator)
    found |= draw_levels(states, [wire for wire in setting if wire not in found], shots, generator)
    return np.stack([found[wire] for wire in setting], axis=1) if setting else np.zeros((shots, 0))


def draw_levels(
    states: ComplexArray, wires: Sequence[int], shots: int, generator: np.random.Generator
) -> dict[int, RealArray]:
    if not wires:
        return {}
    levels_first = np.square(np.abs(flattened(states, tuple(wires)))).sum(axis=2)
    cumulative: RealArray = np.cumsum(levels_first, axis=1)
    thresholds = generator.random(shots) * cumulative[:, -1]
    if len(cumulative) == 1:
        index: Integers = np.searchsorted(cumulative[0], thresholds, side="right")
    else:
        index = np.count_nonzero(cumulative <= thresholds[:, np.newaxis], axis=1)
    sizes = [states.shape[wire + 1] for wire in wires]
    levels: tuple[Integers, ...] = np.unravel_index(np.minimum(index, cumulative.shape[1] - 1), sizes)
    return {wire: level.astype(np.float64) for wire, level in zip(wires, levels, strict=True)}
