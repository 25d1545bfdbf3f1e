"""Shifted rows: one program at many settings of its slots, all in one call that runs what they share once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import Angle, Call, elements
from qcompile.ir import Row
from qcompile.number import ONE, ZERO
from qcompile.targets.engine.driver import LANES, Machine, Reals
from qcompile.targets.engine.fused import Fused
from qcompile.targets.engine.layout import ANGLE, FIRST_FACTOR, LAST_FACTOR, ROTATES, Packed, Task
from qcompile.targets.engine.plan import Plan
from qcompile.targets.simulator.values import Bound, value_of

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Settings:
    """The rows of a template whose angles are affine in the slots, on one plan.

    Attributes:
        starts, angles, slopes, values: by row, the angles that its slots move, by slope · value.
        order, firsts: the rows by the first block that they move, and those blocks.
        block_starts, blocks: by angle, the blocks that hold it.
    """

    starts: Integers
    angles: Integers
    slopes: NDArray[np.float64]
    values: tuple[Angle, ...]
    order: Integers
    firsts: Integers
    block_starts: Integers
    blocks: Integers

    @classmethod
    def of(cls, plan: Plan, rows: Sequence[Row]) -> Settings:
        places = {atom: k for k, atom in enumerate(plan.atoms)}
        by_atom = _angles_of_atoms(plan)
        by_angle = _blocks_of_angles(plan)
        starts, angles, slopes, values, firsts = [0], list[int](), list[float](), list[Angle](), list[int]()
        for row in rows:
            first = len(plan.packed.blocks)
            for slot, value in row.settings:
                for angle, slope in by_atom[places[slot]] if slot in places else ():
                    angles.append(angle)
                    slopes.append(slope)
                    values.append(value)
                    first = min(first, *by_angle[angle])
            starts.append(len(angles))
            firsts.append(first)
        order = np.argsort(np.array(firsts), kind="stable")
        block_starts = np.cumsum([0, *map(len, by_angle)])
        blocks = np.array([block for found in by_angle for block in found], dtype=np.int64)
        return cls(
            np.array(starts), np.array(angles, np.int64), np.array(slopes, float), tuple(values), order,
            np.array(firsts, np.int64)[order], block_starts, blocks,
        )  # fmt: skip

    @cached_property
    def deltas(self) -> NDArray[np.float64] | None:
        """By how much each angle moves, where that is known."""
        if not all(value.is_constant for value in self.values):
            return None
        known: NDArray[np.float64] = self.slopes * np.array([float(value) for value in self.values])
        return known

    def deltas_at(self, bound: Bound, row: int) -> NDArray[np.float64]:
        if self.deltas is not None:
            return self.deltas
        found = (value_of(value, bound.elements) for value in self.values)
        moved: NDArray[np.float64] = self.slopes * np.array([value[min(row, len(value) - 1)] for value in found])
        return moved


@dataclass(frozen=True, eq=False)
class ShiftedRows:
    """A template on the fused engine, its outputs expectations with coefficients that no slot is in."""

    fused: Fused
    rows: tuple[Row, ...]

    def __call__(self, bound: Bound) -> NDArray[np.float64]:
        """Every output at every row, shape (outputs, rows, batch); slots are bound to 0."""
        self.fused.check_memory()
        machine = self.fused.eight if self.fused.is_narrow and len(self.rows) > 1 else self.fused.one
        settings = self._wide if machine.plan.in_lanes else self._single
        result = np.empty((len(self.fused.program.outputs), len(self.rows), bound.batch))
        for row in range(bound.batch):
            part = bound.rows(np.array([row]))
            values = self.fused.atom_values(machine.plan, part.elements, 1).ravel()
            packed = machine.with_coefficients(self.fused.coefficients(machine.plan, part.elements, 1))
            deltas = settings.deltas_at(bound, row)
            result[:, :, row] = run_settings(machine, packed, values, settings, deltas, len(result)).T
        return result

    @cached_property
    def _wide(self) -> Settings:
        return Settings.of(self.fused.eight.plan, self.rows)

    @cached_property
    def _single(self) -> Settings:
        return Settings.of(self.fused.one.plan, self.rows)


def shifted_rows(fused: Fused, rows: Sequence[Row]) -> ShiftedRows | None:
    """None where a slot is in a function, or in a coefficient."""
    plan = fused.plan
    if plan is None:
        return None
    slots = {slot for row in rows for slot, _ in row.settings}
    functions = (Angle(ZERO, ((atom, ONE),)) for atom in plan.atoms if isinstance(atom, Call))
    if any(element in slots for angle in (*functions, *plan.coefficients) for element in elements(angle)):
        return None
    return ShiftedRows(fused, tuple(rows))


def run_settings(
    machine: Machine, packed: Packed, values: Reals, settings: Settings, deltas: Reals, outputs: int
) -> NDArray[np.float64]:
    """Every output at every row, shape (rows, outputs)."""
    out = np.empty((len(settings.order), outputs))

    def span(first: int, last: int) -> None:
        room = machine.take()
        varies, weight = np.zeros(len(packed.blocks), np.int64), np.zeros(LANES, machine.dtype)
        machine.call(
            Task.SHIFTED_ROWS, packed, room, values, machine.lanes, settings.order, settings.firsts, settings.starts,
            settings.angles, deltas, settings.block_starts, settings.blocks, first, last, machine.prefix(room), varies,
            weight, out,
        )  # fmt: skip
        machine.give(room)

    machine.shared(len(settings.order), span)
    return out


def _angles_of_atoms(plan: Plan) -> list[list[tuple[int, float]]]:
    """By atom, the angles that it is in, with its coefficient."""
    found: list[list[tuple[int, float]]] = [[] for _ in plan.atoms]
    starts = plan.packed.starts
    for angle in range(len(starts) - 1):
        for entry in range(int(starts[angle]), int(starts[angle + 1])):
            found[int(plan.packed.atoms[entry])].append((angle, float(plan.packed.slopes[entry])))
    return found


def _blocks_of_angles(plan: Plan) -> list[list[int]]:
    """By angle, the blocks that hold it."""
    found: list[list[int]] = [[] for _ in plan.packed.constants]
    for block, row in enumerate(plan.packed.blocks):
        factors = plan.packed.factors[row[FIRST_FACTOR] : row[LAST_FACTOR]]
        for angle in dict.fromkeys(int(factor[ANGLE]) for factor in factors if factor[ROTATES]):
            found[angle].append(block)
    return found
