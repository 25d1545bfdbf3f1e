"""One call in two: outputs at rows of values, and once their cotangents are known, the gradient from the same states.

Forward and backward together cost what one call that knows its weights does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import Call, Element
from qcompile.ir import Expectation
from qcompile.targets.engine.driver import LANES, Machine, Reals, aligned
from qcompile.targets.engine.flat import entries
from qcompile.targets.engine.fused import Fused, has_trained_coefficients
from qcompile.targets.engine.layout import CELL, Packed, Task
from qcompile.targets.simulator.options import memory_limit
from qcompile.targets.simulator.values import Elements

RealArray = NDArray[np.float64]
Integers = NDArray[np.int64]
_SPARE = 1 << 25  # bytes that are held back for the next calls
_SHARE = 4  # of the memory that may be used, the kept states take one part


Shape: TypeAlias = tuple[int, int]


class _Pool:
    """Room that calls have done with, for the next ones of any program: so much, the oldest going first.

    What is collected gives its room back in the middle of anything, also of what is below: so keys are looked at in
    copies, and a room that is gone is none.
    """

    def __init__(self) -> None:
        self._free: dict[int, tuple[Reals, Reals]] = {}
        self._lock = RLock()

    def take(self, shapes: tuple[Shape, Shape], kind: np.dtype[Any] | type[np.generic]) -> tuple[Reals, Reals] | None:
        with self._lock:
            for key in list(self._free):
                room = self._free.get(key)
                if room is not None and (room[0].shape, room[1].shape) == shapes and room[0].dtype == kind:
                    return self._free.pop(key)
        return None

    def give(self, kets: Reals, tables: Reals) -> None:
        with self._lock:
            self._free[id(kets)] = kets, tables
            for key in list(self._free):
                if sum(a.nbytes + b.nbytes for a, b in list(self._free.values())) > _SPARE:
                    self._free.pop(key, None)


_POOL = _Pool()


@dataclass(frozen=True, eq=False)
class Keeping:
    """A fused program, all of whose outputs are expectations of constant coefficients.

    Attributes:
        columns: all entries of its parameters, in order of declaration.
        apart: of these columns the derivatives are wanted row by row; of others, summed over the rows.
    """

    fused: Fused
    columns: tuple[Element, ...]
    apart: NDArray[np.intp]

    @classmethod
    def of(cls, fused: Fused, apart: NDArray[np.intp]) -> Keeping | None:
        """None where it takes more than that."""
        program, plan = fused.program, fused.plan
        if plan is None or not plan.atoms:
            return None
        columns = entries(program)
        if not all(isinstance(output, Expectation) for output in program.outputs):
            return None
        return None if has_trained_coefficients(program, columns) else cls(fused, columns, apart)

    def takes(self, batch: int) -> bool:
        """Are the kernels there, and room for the states of so many rows? States that threads share are not kept."""
        if not self.fused.is_ready:
            return False
        machine = self.fused.machine_for(batch)
        needed = self._numbers(batch, machine) * machine.dtype().itemsize
        return not machine.is_split and needed <= memory_limit() // _SHARE

    def parts(self, batch: int) -> list[slice] | None:
        """So many rows in parts that are kept at a time; None where the states of one part are not kept."""
        machine = self.fused.machine_for(batch) if self.fused.is_ready else None
        if machine is None:
            return None
        step = max(LANES, _SPARE // (self._numbers(1, machine) * machine.dtype().itemsize) // LANES * LANES)
        return [slice(k, k + step) for k in range(0, batch, step)] if self.takes(min(step, batch)) else None

    def _numbers(self, batch: int, machine: Machine) -> int:
        """That are kept of so many rows."""
        parts = -(-batch // machine.lanes)
        return parts * ((2 << machine.plan.bits) + (machine.lanes == LANES) * machine.plan.table_cells * CELL)

    def __call__(self, values: RealArray) -> Kept:
        """All outputs, at values of shape (batch, entries)."""
        machine = self.fused.machine_for(len(values))
        parts = -(-len(values) // machine.lanes)
        of_atoms = self._of_atoms(values, machine)
        laid = self._laid(of_atoms, machine, parts)
        outputs = len(self.fused.program.outputs)
        totals, (kets, tables) = np.zeros((parts * outputs, LANES)), self._take(parts, machine)
        varies, packed = self._varies(of_atoms, machine), machine.with_coefficients(self.fused.constants)
        weights = np.ones((parts * outputs, LANES), machine.dtype)

        def span(first: int, last: int) -> None:
            room = machine.take()
            machine.call(
                Task.VALUES_AND_KETS, packed, room, varies, laid, laid.shape[1], machine.lanes, weights, totals, kets,
                kets.shape[1], tables, tables.shape[1], first, last,
            )  # fmt: skip
            machine.give(room)

        machine.shared(parts, span)
        by_part = totals.reshape(parts, outputs, LANES)
        found = by_part.swapaxes(1, 2).reshape(-1, outputs)[: len(values)] if machine.lanes > 1 else by_part.sum(axis=2)
        return Kept(self, machine, packed, varies, values, laid, kets, tables, np.ascontiguousarray(found))

    def _laid(self, of_atoms: RealArray, machine: Machine, parts: int) -> RealArray:
        """By part, 8 numbers for each atom; lanes without a row repeat the last. Shape (parts, atoms · 8)."""
        if machine.lanes == 1:
            laid = np.zeros((parts, of_atoms.shape[1], LANES))
            laid[:, :, 0] = of_atoms
            return laid.reshape(parts, -1)
        missing = parts * LANES - len(of_atoms)
        padded = np.concatenate([of_atoms, np.repeat(of_atoms[-1:], missing, axis=0)]) if missing else of_atoms
        return np.ascontiguousarray(padded.reshape(parts, LANES, -1).swapaxes(1, 2)).reshape(parts, -1)

    def _of_atoms(self, values: RealArray, machine: Machine) -> RealArray:
        """Shape (batch, atoms)."""
        if not self.functions:
            return values[:, self.places]
        result, known = np.empty((len(values), len(machine.plan.atoms))), self.known(values)
        result[:, self.straight] = values[:, self.places]
        for place, function in self.functions.items():
            result[:, place] = self.fused.value(machine.plan, function, known)
        return result

    def known(self, values: RealArray) -> Elements:
        """Each entry at all rows."""
        return dict(zip(self.columns, values.T, strict=True))

    def _varies(self, of_atoms: RealArray, machine: Machine) -> Integers:
        """Blocks that have tables for each lane: of values that differ, of what is told by row, and of functions."""
        if machine.lanes == 1:
            return np.zeros(len(machine.plan.atoms_of), np.int64)
        differs = (of_atoms != of_atoms[0]).any(axis=0) | self._told_by_row
        varies: Integers = (self._blocks & differs).any(axis=1).astype(np.int64)
        return varies

    @cached_property
    def _told_by_row(self) -> NDArray[np.bool_]:
        """Of each atom."""
        told = np.ones(len(self.fused.one.plan.atoms), dtype=bool)
        told[self.straight] = np.isin(self.places, self.apart)
        return told

    @cached_property
    def _blocks(self) -> NDArray[np.bool_]:
        """Which atoms each block depends on, where rows run side by side; shape (blocks, atoms)."""
        plan = self.fused.eight.plan
        return np.array([[k in atoms for k in range(len(plan.atoms))] for atoms in plan.atoms_of], dtype=bool)

    def _take(self, parts: int, machine: Machine) -> tuple[Reals, Reals]:
        """Room for what is kept. Fresh memory of that size costs a tenth of the call: what was given back is taken."""
        shapes = (parts, 2 << machine.plan.bits), (parts, max(machine.plan.table_cells * CELL, 1))
        found = _POOL.take(shapes, machine.dtype)
        if found is not None:
            return found
        kets, tables = (aligned(math.prod(shape), machine.dtype).reshape(shape) for shape in shapes)
        return kets, tables

    @cached_property
    def places(self) -> NDArray[np.intp]:
        """The column of each atom that is an entry; `straight` are their places among the atoms."""
        return self.fused.places(self.columns)

    @cached_property
    def straight(self) -> NDArray[np.intp]:
        atoms = self.fused.one.plan.atoms
        return np.array([k for k, atom in enumerate(atoms) if isinstance(atom, Element)], dtype=np.intp)

    @cached_property
    def functions(self) -> dict[int, Call]:
        """The other atoms, by their places: functions of the entries, which a row's derivatives are by first."""
        return {k: atom for k, atom in enumerate(self.fused.one.plan.atoms) if isinstance(atom, Call)}

    @cached_property
    def column_of(self) -> dict[Element, int]:
        return {element: k for k, element in enumerate(self.columns)}

    @cached_property
    def wanted(self) -> RealArray:
        return self.fused.wanted(self.columns)


@dataclass(frozen=True, eq=False)
class Kept:
    """The outputs at some rows, shape (batch, outputs), and the states that they were read from, with tables."""

    keeping: Keeping
    machine: Machine
    packed: Packed
    varies: Integers
    rows: RealArray
    laid: RealArray
    kets: Reals
    tables: Reals
    values: RealArray

    @property
    def size(self) -> int:
        """Of what is kept, in bytes."""
        return self.kets.nbytes + self.tables.nbytes + self.laid.nbytes

    def __del__(self) -> None:
        _POOL.give(self.kets, self.tables)

    def pulled(self, cotangents: RealArray) -> tuple[RealArray, RealArray]:
        """The derivatives of Σ cotangent · output, from cotangents of shape (batch, outputs).

        Returns:
            Those by all entries, summed over the rows, shape (entries,); and by row, shape (batch, apart).
        """
        machine, parts = self.machine, len(self.laid)
        batch, outputs = self.values.shape
        weights = np.zeros((parts * machine.lanes, outputs), machine.dtype)
        weights[:batch] = cotangents
        given = np.zeros((parts, outputs, LANES), machine.dtype)
        given[:] = weights.reshape(parts, machine.lanes, outputs).swapaxes(1, 2)
        gradients, totals = np.zeros(self.laid.shape), np.zeros((parts * outputs, LANES))

        def span(first: int, last: int) -> None:
            room = machine.take()
            machine.call(
                Task.GRADIENTS_OF_KETS, self.packed, room, self.varies, machine.plan.until, self.laid,
                self.laid.shape[1], machine.lanes, given, totals, self.kets, self.kets.shape[1], self.tables,
                self.tables.shape[1], gradients, first, last,
            )  # fmt: skip
            machine.give(room)

        machine.shared(parts, span)
        return self._by_entry(gradients.reshape(parts, -1, LANES))

    def _by_entry(self, by_atom: RealArray) -> tuple[RealArray, RealArray]:
        """From derivatives by the atoms, shape (parts, atoms, 8)."""
        keeping, batch, lanes = self.keeping, len(self.values), self.machine.lanes
        summed = np.zeros(len(keeping.columns))
        summed[keeping.places] = by_atom.sum(axis=0).sum(axis=1)[keeping.straight]
        if not (len(keeping.apart) or keeping.functions):
            return summed * keeping.wanted, np.zeros((batch, 0))
        rows, apart = np.zeros((batch, len(keeping.columns))), by_atom.swapaxes(1, 2)[:, :lanes]
        apart = apart.reshape(len(by_atom) * lanes, -1)[:batch]
        rows[:, keeping.places] = apart[:, keeping.straight]
        if keeping.functions:
            for place, element, slope in keeping.fused.slopes(self.machine.plan, keeping.known(self.rows)):
                column, found = keeping.column_of[element], slope * apart[:, place]
                rows[:, column] += found
                summed[column] += found.sum()
        return summed * keeping.wanted, rows[:, keeping.apart] * keeping.wanted[keeping.apart]
