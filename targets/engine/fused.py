"""Unitary qubit programs on the kernels: values, derivatives and states for the rows of a batch."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import Angle, Call, Element, derivative, elements
from qcompile.ir import Barrier, Op, Program, observables_of
from qcompile.number import ONE, ZERO
from qcompile.targets.engine.driver import LANES, Machine, Reals
from qcompile.targets.engine.layout import Buffers, Packed
from qcompile.targets.engine.loading import kernels
from qcompile.targets.engine.plan import Plan, planned
from qcompile.targets.engine.port import Port
from qcompile.targets.engine.stages import tile_bits
from qcompile.targets.simulator.options import BYTES, Precision, memory_limit, too_large
from qcompile.targets.simulator.values import Bound, Elements, value_of

RealArray: TypeAlias = NDArray[np.float64]
COPIES = 3  # states: ket, bra, and what rows share
SMALL = 12  # qubits of a program that does not wait for kernels to be compiled
_SIDE_BY_SIDE = 11  # qubits of a program of which eight rows are run at once, one in each lane


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Some rows of a batch at the end of the program.

    Attributes:
        rows: their numbers; in the lanes of a state in this order, the last repeated where there are fewer than eight.
    """

    fused: Fused
    machine: Machine
    packed: Packed
    varies: NDArray[np.int64]
    room: Buffers
    rows: NDArray[np.intp]
    slopes: Sequence[tuple[int, Element, Reals]]

    def value(self, output: int, with_bra: bool = True) -> RealArray:
        """Of an expectation, shape (rows,); the bra becomes O · ket."""
        total = np.zeros(LANES)
        self.machine.observe(self.packed, output, self._weights, total, self.room, with_bra)
        return total[: len(self.rows)] if self.machine.lanes == LANES else np.array([total.sum()])

    def gradient(self) -> RealArray:
        """Walks back with the bra: the derivatives by the wanted elements, shape (elements, rows)."""
        by_atom = np.zeros(len(self.machine.plan.atoms) * LANES)
        self.machine.backward(self.packed, self.varies, by_atom, self.room)
        return self.fused.by_element(self.machine.plan, by_atom.reshape(-1, LANES)[:, : len(self.rows)], self.slopes)

    def ket(self) -> NDArray[Any]:
        """A copy of the state, shape (rows, 2^qubits), complex in the machine's precision."""
        plan, amplitudes = self.machine.plan, self.machine.amplitudes(self.room)
        if plan.in_lanes:
            return np.ascontiguousarray(amplitudes.reshape(-1, LANES).T[: len(self.rows)])
        return amplitudes.reshape(1, -1)[:, :: 1 << (plan.bits - plan.wires)]

    def put_ket(self, states: NDArray[np.complex128]) -> None:
        self._put(self.room.ket, states)

    def put_bra(self, states: NDArray[np.complex128]) -> None:
        self._put(self.room.bra, states)

    @property
    def _weights(self) -> Reals:
        """1 in every lane that is a row's."""
        result = np.ones(LANES, self.machine.dtype)
        if self.machine.lanes == LANES:
            result[len(self.rows) :] = 0.0
        return result

    def _put(self, state: Reals, amplitudes: NDArray[np.complex128]) -> None:
        cells, plan = state.reshape(-1, 2, LANES), self.machine.plan
        if plan.in_lanes:
            cells[:, 0, : len(amplitudes)], cells[:, 1, : len(amplitudes)] = amplitudes.real.T, amplitudes.imag.T
            cells[:, :, len(amplitudes) :] = 0
            return
        whole = np.zeros(1 << plan.bits, np.complex128)
        whole[:: 1 << (plan.bits - plan.wires)] = amplitudes[0]
        cells[:, 0], cells[:, 1] = whole.real.reshape(-1, LANES), whole.imag.reshape(-1, LANES)


@dataclass(frozen=True, eq=False)
class Fused:
    """A program that the kernels run.

    `elements` are those to differentiate by; `tile` is the bits of a tile, chosen by the cache where it is not given.
    """

    program: Program
    elements: tuple[Element, ...] = ()
    precision: Precision = "double"
    threads: int = 1
    tile: int | None = None

    @property
    def is_ready(self) -> bool:
        """Are the kernels compiled? A program that is not small waits for them."""
        return "one" in self.__dict__ or self._port(wait=self.wires > SMALL) is not None

    @cached_property
    def wires(self) -> int:
        return len(self.program.kinds)

    @property
    def is_narrow(self) -> bool:
        """Do rows run eight at a time?"""
        return self.wires <= _SIDE_BY_SIDE

    @cached_property
    def plan(self) -> Plan | None:
        """For rows one by one; None where the kernels do not take the program."""
        return self._planned(in_lanes=False) if is_covered(self.program) else None

    @cached_property
    def one(self) -> Machine:
        """For rows one by one."""
        return self._machine(self.plan)

    @cached_property
    def eight(self) -> Machine:
        """For eight rows side by side."""
        return self._machine(self._planned(in_lanes=True))

    def _planned(self, in_lanes: bool) -> Plan | None:
        tile = self.tile or tile_bits(self._bytes * (2 if self.elements else 1))
        return planned(self.program, frozenset(self.elements), tile, in_lanes)

    def _machine(self, plan: Plan | None) -> Machine:
        port = self._port(wait=True)
        if plan is None or port is None:
            raise AssertionError("the engine takes this program, and waits for its kernels")
        return Machine(port, plan, self.precision, self.threads)

    def _port(self, wait: bool) -> Port | None:
        return kernels().get(self.precision, wait)

    @property
    def needed(self) -> int:
        """Bytes that running it takes."""
        return COPIES * (1 << self.wires) * self._bytes

    @property
    def _bytes(self) -> int:
        """Of an amplitude."""
        return BYTES // 2 if self.precision == "single" else BYTES

    def check_memory(self) -> None:
        """Raises TOO_LARGE."""
        if self.needed > memory_limit():
            raise too_large(self.needed, self.program)

    def places(self, columns: Sequence[Element]) -> NDArray[np.intp]:
        """The column of each atom, all of which are elements."""
        known = {element: k for k, element in enumerate(columns)}
        return np.array([known[atom] for atom in self.one.plan.atoms if isinstance(atom, Element)], dtype=np.intp)

    def wanted(self, columns: Sequence[Element]) -> RealArray:
        """1 for each column that derivatives are wanted by, 0 for others."""
        return np.array([float(element in self.elements) for element in columns])

    def machine_for(self, batch: int) -> Machine:
        """For so many rows; raises TOO_LARGE."""
        self.check_memory()
        return self.eight if batch > 1 and self.is_narrow else self.one

    def rows(self, values: RealArray, weights: RealArray | None) -> tuple[RealArray, RealArray]:
        """The first output, an expectation with constant coefficients, at values of the atoms of shape (atoms, batch).

        Returns:
            Its values, shape (batch,), and its derivatives by the atoms, shape (atoms, batch); with weights those of
            Σ weight · value, shape (atoms, 1).
        """
        batch = values.shape[1]
        machine = self.machine_for(batch)
        parts = -(-batch // machine.lanes)
        laid = np.zeros((parts, len(values), LANES))
        given = np.zeros((parts, LANES), machine.dtype)
        padded = np.concatenate([values, np.repeat(values[:, -1:], parts * machine.lanes - batch, axis=1)], axis=1)
        laid[:, :, : machine.lanes] = padded.reshape(len(values), parts, machine.lanes).swapaxes(0, 1)
        by_row = np.zeros(parts * machine.lanes)
        by_row[:batch] = 1.0 if weights is None else weights
        given[:] = by_row.reshape(parts, machine.lanes)
        differing = (
            {k for k, row in enumerate(values) if (row != row[0]).any()} if machine.lanes == LANES else set[int]()
        )
        varies = _varying(machine.plan, differing, machine.lanes == LANES and weights is None)
        packed = machine.with_coefficients(self.constants)
        summed = weights is not None and machine.lanes == LANES
        totals, gradients = machine.values_and_gradients(packed, varies, laid.reshape(parts, -1), given, summed)
        by_atom = gradients.reshape(len(gradients), len(values), LANES)
        if machine.lanes == 1:
            return totals.sum(axis=1)[:batch], by_atom[:, :, 0].T if weights is None else by_atom[:, :, 0].sum(axis=0)[
                :, np.newaxis
            ]
        if summed:
            return totals.ravel()[:batch], by_atom[0].sum(axis=1, keepdims=True)
        return totals.ravel()[:batch], by_atom.swapaxes(0, 1).reshape(len(values), parts * LANES)[:, :batch]

    def runs(self, bound: Bound, apart: bool = True) -> Iterator[Run]:
        """Each part of the batch, run to the end of the program; use one before asking for the next.

        Args:
            apart: are the rows' derivatives wanted one by one? Else they may come summed over the lanes.
        """
        machine = self.machine_for(bound.batch)
        room = machine.take()
        try:
            for start in range(0, bound.batch, machine.lanes):
                rows = np.arange(start, min(start + machine.lanes, bound.batch))
                yield self._run(machine, room, bound.rows(rows), rows, apart)
        finally:
            machine.give(room)

    def _run(self, machine: Machine, room: Buffers, part: Bound, rows: NDArray[np.intp], apart: bool) -> Run:
        values = self.atom_values(machine.plan, part.elements, len(rows))
        differing = {k for k, row in enumerate(values) if machine.lanes == LANES and (row != row[0]).any()}
        varies = _varying(machine.plan, differing, apart and machine.lanes == LANES)
        packed = machine.with_coefficients(self.coefficients(machine.plan, part.elements, len(rows)))
        machine.forward(packed, varies, values.ravel(), room)
        return Run(self, machine, packed, varies, room, rows, self.slopes(machine.plan, part.elements))

    def atom_values(self, plan: Plan, known: Elements, rows: int) -> RealArray:
        """The values of the atoms, shape (atoms, 8); lanes without a row repeat the last."""
        values = np.empty((len(plan.atoms), LANES))
        for k, atom in enumerate(plan.atoms):
            row = known[atom] if isinstance(atom, Element) else self.value(plan, atom, known)
            values[k, :rows] = row
            values[k, rows:] = values[k, rows - 1]
        return values

    def value(self, plan: Plan, atom: Call, known: Elements) -> RealArray:
        """Of a function among the atoms, shape (rows,); raises BAD_NUMBER where it has none."""
        for op in plan.ops:  # so that a fault is told of the angle, at its place
            for angle in op.angles:
                if any(other is atom for other, _ in angle.terms):
                    value_of(angle, known, op.span)
                    return value_of(Angle(ZERO, ((atom, ONE),)), known, op.span)
        raise AssertionError("each atom is of some op's angle")

    def coefficients(self, plan: Plan, known: Elements, rows: int) -> RealArray:
        if all(coefficient.is_constant for coefficient in plan.coefficients):
            return self.constants
        result = np.empty((len(plan.coefficients), LANES))
        for k, coefficient in enumerate(plan.coefficients):
            result[k, :rows] = value_of(coefficient, known)
            result[k, rows:] = result[k, rows - 1]
        return result if plan.in_lanes else result[:, :1]

    @cached_property
    def constants(self) -> RealArray:
        coefficients = self.plan.coefficients if self.plan is not None else ()
        return np.array([float(c) for c in coefficients]).reshape(-1, 1)

    def slopes(self, plan: Plan, known: Elements) -> list[tuple[int, Element, Reals]]:
        """d atom / d element of the functions among the atoms, by wanted elements, at these values."""
        found: list[tuple[int, Element, Reals]] = []
        for k, atom in enumerate(plan.atoms):
            if isinstance(atom, Call):
                whole = Angle(ZERO, ((atom, ONE),))
                wanted = [element for element in dict.fromkeys(elements(whole)) if element in self._places]
                found += [(k, element, value_of(derivative(whole, element), known)) for element in wanted]
        return found

    @cached_property
    def _places(self) -> dict[Element, int]:
        return {element: k for k, element in enumerate(self.elements)}

    def by_element(self, plan: Plan, by_atom: RealArray, slopes: Sequence[tuple[int, Element, Reals]]) -> RealArray:
        """From derivatives by the atoms, shape (atoms, rows), to those by the wanted elements."""
        result = np.zeros((len(self.elements), by_atom.shape[1]))
        for k, atom in enumerate(plan.atoms):
            if isinstance(atom, Element) and atom in self._places:
                result[self._places[atom]] += by_atom[k]
        for k, element, slope in slopes:
            result[self._places[element]] += slope * by_atom[k]
        return result


def _varying(plan: Plan, differing: Collection[int], all_trained: bool) -> NDArray[np.int64]:
    """Which blocks have tables of their own in each lane: those of atoms that differ, and those that are told apart."""
    return np.array([all_trained or not atoms.isdisjoint(differing) for atoms in plan.atoms_of], dtype=np.int64)


def is_covered(program: Program) -> bool:
    """Is it a program of qubits and unitary gates alone, with values of Pauli words where it has expectations?"""
    if any(kind != "qubit" for kind in program.kinds) or not program.kinds:
        return False
    if not all(isinstance(s, Barrier) or (isinstance(s, Op) and s.gate.is_unitary) for s in program.body):
        return False
    return all(o.operator.is_pauli for output in program.outputs for o in observables_of(output))


def has_trained_coefficients(program: Program, wanted: Collection[Element]) -> bool:
    """Does a coefficient of an output depend on one of the elements?"""
    coefficients = (c for output in program.outputs for o in observables_of(output) for _, c in o.operator.terms)
    return any(element in wanted for coefficient in coefficients for element in elements(coefficient))
