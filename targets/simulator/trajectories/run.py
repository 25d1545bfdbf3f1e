"""Follows many trajectories of one row at once: states of norm 1, each with results and noise drawn for itself.

Kraus operator K is drawn with the probability |Kψ|², after which the state is Kψ / |Kψ|: so the mean of |ψ⟩⟨ψ| over
trajectories is what the channel makes of it (Dalibard, Castin and Mølmer, doi:10.1103/PhysRevLett.68.580).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from qcompile.ir import Barrier, If, Measure, Op, Postselect, Reset, Statement
from qcompile.targets.simulator.tensor import ComplexArray, Dense, Diagonal, apply, flattened
from qcompile.targets.simulator.tensor_channels import kraus_maps
from qcompile.targets.simulator.tensor_gates import map_of
from qcompile.targets.simulator.tensor_program import Plan
from qcompile.targets.simulator.tensor_run import Condition
from qcompile.targets.simulator.values import Elements, RealArray

Integers = NDArray[np.intp]


@dataclass(slots=True, eq=False)
class Walk:
    """Trajectories: their states, shape (b, 2, 2, …), cells, shape (b, cells), and which of them selections keep."""

    state: ComplexArray
    cells: Integers
    kept: NDArray[np.bool_]

    def where(self, chosen: NDArray[np.bool_]) -> Walk:
        return Walk(self.state[chosen], self.cells[chosen], self.kept[chosen])


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs the statements of one row, drawing from one generator."""

    plan: Plan
    elements: Elements
    generator: np.random.Generator

    def walk(self, count: int) -> Walk:
        """Raises BAD_NUMBER, BAD_VALUE."""
        state = np.zeros((count, *self.plan.shape(2)), dtype=complex)
        state.reshape(count, -1)[:, 0] = 1.0
        cells = np.zeros((count, len(self.plan.program.cell_kinds)), dtype=np.intp)
        walk = Walk(state, cells, np.ones(count, dtype=bool))
        self._run_all(self.plan.body, walk)
        return walk

    def _run_all(self, body: Sequence[Statement], walk: Walk) -> None:
        for statement in body:
            self._run(statement, walk)

    def _run(self, statement: Statement, walk: Walk) -> None:
        match statement:
            case Op(gate) if gate.channel:
                self._strike(kraus_maps(statement, self.elements, 2), walk)
            case Op():
                walk.state = apply(map_of(statement, self.elements, 2), walk.state)
            case Measure(_, wire, cells):
                level, scale = self._drawn_level(wire, walk)
                walk.state = apply(Diagonal(_at(level) * scale[:, np.newaxis], (wire,)), walk.state)
                walk.cells[:, cells[0]] = level
            case Reset(wire):
                level, scale = self._drawn_level(wire, walk)
                matrix = np.zeros((len(level), 2, 2), dtype=complex)
                matrix[:, 0] = _at(level) * scale[:, np.newaxis]
                walk.state = apply(Dense(matrix, (wire,)), walk.state)
            case Postselect(condition):
                walk.kept &= _holds(condition, walk.cells)
            case If(condition, then, otherwise):
                self._branch(_holds(condition, walk.cells), then, otherwise, walk)
            case Barrier():
                pass
            case _:
                assert_never(statement)

    def _branch(
        self, holds: NDArray[np.bool_], then: Sequence[Statement], otherwise: Sequence[Statement], walk: Walk
    ) -> None:
        for chosen, body in ((holds, then), (~holds, otherwise)):
            if body and chosen.any():
                part = walk.where(chosen)
                self._run_all(body, part)
                walk.state[chosen], walk.cells[chosen], walk.kept[chosen] = part.state, part.cells, part.kept

    def _strike(self, maps: Sequence[Dense], walk: Walk) -> None:
        """One Kraus operator for each trajectory, drawn by ⟨K†K⟩, which the state of its own wires tells."""
        own = flattened(walk.state, maps[0].wires)
        reduced = own @ own.conj().swapaxes(1, 2)
        matrices = np.stack([k.matrix[0] for k in maps])
        chances = np.einsum("eij,bjk,eik->be", matrices, reduced, matrices.conj()).real
        drawn = self._drawn(np.clip(chances, 0.0, None))
        scale = 1 / np.sqrt(chances[np.arange(len(drawn)), drawn])
        walk.state = apply(Dense(matrices[drawn] * scale[:, np.newaxis, np.newaxis], maps[0].wires), walk.state)

    def _drawn_level(self, wire: int, walk: Walk) -> tuple[Integers, RealArray]:
        """A level for each trajectory, and what its part of the state is multiplied by."""
        chances = np.square(np.abs(flattened(walk.state, (wire,)))).sum(axis=2)
        level = self._drawn(chances)
        return level, 1 / np.sqrt(chances[np.arange(len(level)), level])

    def _drawn(self, chances: RealArray) -> Integers:
        """By row, an index with these chances, none of chance 0."""
        cumulative = np.cumsum(chances, axis=1)
        thresholds = self.generator.random(len(chances)) * cumulative[:, -1]
        found: Integers = np.count_nonzero(cumulative <= thresholds[:, np.newaxis], axis=1)
        return found


def _at(level: Integers) -> ComplexArray:
    """1 at each row's level, shape (b, 2)."""
    return np.equal(level[:, np.newaxis], np.arange(2)).astype(complex)


def _holds(condition: Condition, cells: Integers) -> NDArray[np.bool_]:
    truth = np.ones(len(cells), dtype=bool)
    for cell, value in condition:
        truth &= (cells[:, cell] != 0) == value
    return truth
