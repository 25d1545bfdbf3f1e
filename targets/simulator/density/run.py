"""Runs a lowered qubit program on density matrices, one unnormalised block for each history that bits tell apart.

A block is a state tensor of 2n axes, rows of the matrix first: A ρ A† is A on the first n and A* on the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import assert_never

import numpy as np

from qcompile.ir import Barrier, If, Measure, Op, Postselect, Reset, Statement
from qcompile.targets.simulator.options import BYTES, memory_limit, too_large
from qcompile.targets.simulator.tensor import (
    Blocks,
    ComplexArray,
    Controlled,
    Dense,
    Diagonal,
    Map,
    Monomial,
    Plain,
    WordRotation,
    apply,
    at_level,
)
from qcompile.targets.simulator.tensor_channels import kraus_maps
from qcompile.targets.simulator.tensor_gates import map_of
from qcompile.targets.simulator.tensor_program import Plan
from qcompile.targets.simulator.tensor_run import (
    Branch,
    Condition,
    check_kept,
    holds,
    parted,
    postselection,
    share_kept,
)
from qcompile.targets.simulator.values import Bound, RealArray

_NEVER = 1e-14  # share of runs that only rounding keeps: sums of probabilities cancel to 1e-16
_WHOLE = 3  # wires of a channel that is applied as one matrix on rows and columns together


def final_blocks(plan: Plan, bound: Bound) -> list[Branch]:
    """The blocks at the end; their traces are the histories' probabilities, in the runs kept.

    Raises:
        CompileError: TOO_LARGE, NOT_SIMULABLE where no run is kept, BAD_NUMBER, BAD_VALUE.
    """
    runner = _Runner(plan, bound)
    state = np.zeros((1,) + (2,) * (2 * runner.wires), dtype=complex)
    state[(0,) * state.ndim] = 1.0
    blocks = [Branch(state, (0,) * len(plan.program.cell_kinds))]
    for position, statement in enumerate(plan.body):
        before, blocks = blocks, runner.run(statement, blocks)
        if isinstance(statement, Op):
            continue
        selection = postselection(statement)
        if selection is not None:
            blocks = _renormalised(blocks, before)
            check_kept(blocks[0].kept, selection, plan.program)
            if not blocks[0].kept.any():
                break
        blocks = joined(blocks, [cell for cell, last in plan.last_read.items() if last > position])
    return blocks


def traces(state: ComplexArray) -> RealArray:
    """Of each row, shape (b,)."""
    found: RealArray = diagonal(state).sum(axis=1)
    return found


def diagonal(state: ComplexArray) -> RealArray:
    """The probabilities of the levels, shape (b, 2ⁿ)."""
    size = 2 ** (state.ndim // 2)
    found: RealArray = np.diagonal(state.reshape(-1, size, size), axis1=1, axis2=2).real
    return found


def conjugated(action: Map, wires: int) -> Map:
    """The conjugate map, on the columns of a matrix of so many wires."""
    match action:
        case Controlled(inner, controls):
            return Controlled(_conjugated(inner, wires), tuple((wire + wires, level) for wire, level in controls))
        case _:
            return _conjugated(action, wires)


def _conjugated(action: Plain, wires: int) -> Plain:
    columns = tuple(wire + wires for wire in action.wires)
    match action:
        case Dense(matrix):
            return Dense(matrix.conj(), columns)
        case Diagonal(phases):
            return Diagonal(phases.conj(), columns)
        case Monomial(rows, phases):
            return Monomial(rows, tuple(phase.conjugate() for phase in phases), columns)
        case WordRotation(word, cos, sin):  # (cos − i sin P)* = cos + i sin P*, and Y* = −Y
            sign = 1 if sum(letter == "Y" for letter, _ in word) % 2 else -1
            return WordRotation(tuple((letter, wire + wires) for letter, wire in word), cos, sign * sin, columns)
        case Blocks():
            raise AssertionError("density matrices are of qubits, and blocks of photon numbers")
        case _:
            assert_never(action)


def joined(blocks: Iterable[Branch], live: Sequence[int]) -> list[Branch]:
    """Σρ of the blocks that differ in no live cell."""
    groups: dict[tuple[int, ...], Branch] = {}
    for block in blocks:
        key = tuple(block.cells[cell] for cell in live)
        known = groups.get(key)
        groups[key] = block if known is None else replace(known, state=known.state + block.state)
    return list(groups.values())


class _Runner:
    def __init__(self, plan: Plan, bound: Bound) -> None:
        self.plan, self.bound = plan, bound
        self.wires = len(plan.program.kinds)
        self.cells = range(len(plan.program.cell_kinds))

    def run(self, statement: Statement, blocks: list[Branch]) -> list[Branch]:
        match statement:
            case Op(gate) if gate.channel:
                maps = kraus_maps(statement, self.bound.elements, 2)
                return [replace(b, state=self._through(maps, b.state)) for b in blocks]
            case Op():
                action = map_of(statement, self.bound.elements, 2)
                columns = conjugated(action, self.wires)
                return [replace(b, state=apply(columns, apply(action, b.state))) for b in blocks]
            case Measure(_, wire, cells):
                parts = (self._collapsed(b, wire, cells[0], level) for b in blocks for level in (0, 1))
                return self._limited(joined(parts, self.cells))
            case Reset(wire):
                return [replace(b, state=self._restarted(b.state, wire)) for b in blocks]
            case Postselect(condition):
                return [b for b in blocks if holds(condition, b)]
            case Barrier():
                return blocks
            case If(condition):
                return self._branched(statement, condition, blocks)
            case _:
                assert_never(statement)

    def _branched(self, statement: If, condition: Condition, blocks: list[Branch]) -> list[Branch]:
        chosen, others = parted(condition, blocks)
        for inner in statement.then:
            chosen = self.run(inner, chosen) if chosen else chosen
        for inner in statement.otherwise:
            others = self.run(inner, others) if others else others
        return joined([*chosen, *others], self.cells)

    def _through(self, maps: Sequence[Dense], state: ComplexArray) -> ComplexArray:
        """ΣKρK†; of few wires as one matrix ΣK ⊗ K* on rows and columns together."""
        wires = maps[0].wires
        columns = tuple(wire + self.wires for wire in wires)
        if len(wires) > _WHOLE:
            parts = [apply(Dense(k.matrix.conj(), columns), apply(k, state)) for k in maps]
            return np.asarray(sum(parts[1:], parts[0]))
        size = 4 ** len(wires)
        whole = sum(np.einsum("bij,bkl->bikjl", k.matrix, k.matrix.conj()).reshape(-1, size, size) for k in maps)
        return apply(Dense(np.asarray(whole), (*wires, *columns)), state)

    def _collapsed(self, block: Branch, wire: int, cell: int, level: int) -> Branch:
        part = self._kept_at(wire, level, block.state.ndim)
        state = np.zeros_like(block.state)
        state[part] = block.state[part]
        return replace(block, state=state, cells=(*block.cells[:cell], level, *block.cells[cell + 1 :]))

    def _restarted(self, state: ComplexArray, wire: int) -> ComplexArray:
        result = np.zeros_like(state)
        low, high = (self._kept_at(wire, level, state.ndim) for level in (0, 1))
        result[low] = state[low] + state[high]
        return result

    def _kept_at(self, wire: int, level: int, axes: int) -> tuple[slice, ...]:
        """The index of the rows and columns where the wire is at the level."""
        row, column = at_level(wire, level, axes), at_level(wire + self.wires, level, axes)
        return tuple(b if a == slice(None) else a for a, b in zip(row, column, strict=True))

    def _limited(self, blocks: list[Branch]) -> list[Branch]:
        """Those of some weight, if they fit."""
        found = [block for block in blocks if traces(block.state).max() > _NEVER**2]
        needed = 3 * len(found) * self.bound.batch * 4**self.wires * BYTES
        if needed > memory_limit():
            raise too_large(needed, self.plan.program)
        return found


def _renormalised(chosen: list[Branch], before: list[Branch]) -> list[Branch]:
    """The blocks chosen, or one of no weight, with the trace that all had, in the rows where any has some."""
    chosen = chosen or [replace(before[0], state=np.zeros_like(before[0].state))]
    weight, whole = (sum((traces(b.state) for b in group), np.zeros(1)) for group in (chosen, before))
    share = share_kept(weight, whole, _NEVER)
    scale = np.divide(1.0, share, out=np.zeros_like(share), where=share > 0)
    kept = before[0].kept * share
    return [Branch(b.state * scale.reshape(-1, *(1,) * (b.state.ndim - 1)), b.cells, kept) for b in chosen]
