"""Runs a lowered program on state tensors. Measurements split the run: an unnormalised state per history of results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

import numpy as np

from qcompile.diagnostics import Code, CompileError, Span, error
from qcompile.ir import (
    Barrier,
    Expectation,
    If,
    Measure,
    Op,
    Output,
    Postselect,
    Probabilities,
    Program,
    Reset,
    Statement,
)
from qcompile.targets.simulator.options import BYTES, memory_limit, too_large
from qcompile.targets.simulator.tensor import ComplexArray, apply, at_level
from qcompile.targets.simulator.tensor_channels import kraus_maps
from qcompile.targets.simulator.tensor_gates import map_of
from qcompile.targets.simulator.tensor_operators import norms
from qcompile.targets.simulator.tensor_program import Plan
from qcompile.targets.simulator.values import Bound, Elements, RealArray, mean_photons, value_of

MAX_BRANCHES = 1024
MERGE_AT = 64  # branches that noise makes are merged when there are more by this many
NEVER = 1e-26  # weight of a branch that only rounding brought about, be it of phases θx in the hundreds
Condition = Sequence[tuple[int, bool]]


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """One history of measurement results: its unnormalised state, and what each classical cell holds.

    The squared norm is the history's probability in the runs kept, `kept` the share of all runs that these are, shape
    (1,) or (batch,). A row whose share is 0 has the state 0.
    """

    state: ComplexArray
    cells: tuple[int, ...]
    kept: RealArray = field(default_factory=lambda: np.ones(1))


def run_plan(plan: Plan, bound: Bound, cutoff: int) -> list[Branch]:
    """The branches at the end of the program; their states' squared norms are the branches' probabilities.

    After post-selection they are the probabilities in the runs kept. Where no run is, that is a fault, unless every
    output is of all runs.

    Raises:
        CompileError: NOT_SIMULABLE, TOO_LARGE, BAD_NUMBER, BAD_VALUE.
    """
    runner = _Runner(plan, bound, cutoff)
    state = np.zeros((1, *plan.shape(cutoff)), dtype=complex)
    state[(0,) * state.ndim] = 1.0
    branches = [Branch(state, (0,) * len(plan.program.cell_kinds))]
    for position, statement in enumerate(plan.body):
        before, branches = branches, runner.run(statement, branches)
        if isinstance(statement, Op):
            continue
        selection = postselection(statement)
        if selection is not None:
            branches = _renormalised(branches, before)
            check_kept(branches[0].kept, selection, plan.program)
            if not branches[0].kept.any():
                break
        if not branches:
            raise nothing_left(getattr(statement, "span", None))
        live = [cell for cell, last in plan.last_read.items() if last > position]
        branches = _merged(branches, live)
    return branches


def prepare(op: Op, state: ComplexArray, bound: Bound) -> ComplexArray:
    """A primitive preparation of a wire that is at level 0.

    A thermal state is one half of a two-mode squeezed vacuum of the same mean photon number, the other half hidden.
    """
    wire, levels = op.wires[0], state.shape[op.wires[0] + 1]
    weights = _level_weights(op, bound.elements, levels)
    rows = max(len(state), len(weights))
    result = np.zeros((rows, *state.shape[1:]), dtype=complex)
    ground = state[at_level(wire, 0, state.ndim)]
    for level in range(levels):
        target = list(at_level(wire, level, state.ndim))
        for hidden in op.wires[1:]:
            target[hidden + 1] = slice(level, level + 1)
        source = ground if len(op.wires) == 1 else ground[at_level(op.wires[1], 0, state.ndim)]
        result[tuple(target)] = weights[:, level].reshape(-1, *(1,) * (state.ndim - 1)) * source
    return result


def _level_weights(op: Op, elements: Elements, levels: int) -> RealArray:
    """The amplitude of each level, shape (b, levels)."""
    numbers = np.arange(levels)
    if op.gate.prepares == "number":
        value = value_of(op.angles[0], elements, op.span)
        if np.any(value < 0) or np.any(value != np.round(value)):
            raise error(Code.BAD_VALUE, f"{value[0]:g} is not a photon number", op.span, "give a whole number from 0")
        if np.any(value >= levels):
            raise error(
                Code.NOT_SIMULABLE, f"{value.max():g} photons with a cutoff of {levels}", op.span, "raise the cutoff"
            )
        return np.equal(value[:, np.newaxis], numbers).astype(np.float64)
    photons = mean_photons(op, elements)
    share = (photons / (1 + photons))[:, np.newaxis]
    weights: RealArray = np.sqrt((1 - share) * share**numbers)
    return weights


class _Runner:
    def __init__(self, plan: Plan, bound: Bound, cutoff: int) -> None:
        self.plan, self.bound, self.cutoff = plan, bound, cutoff

    def run(self, statement: Statement, branches: list[Branch]) -> list[Branch]:
        match statement:
            case Op(gate) if gate.preparation:
                return [replace(b, state=prepare(statement, b.state, self.bound)) for b in branches]
            case Op(gate) if gate.channel:
                maps = kraus_maps(statement, self.bound.elements, self.cutoff)
                made = (replace(b, state=apply(k, b.state)) for b in branches for k in maps)
                return self._mixed(made, statement.span)
            case Op():
                action = map_of(statement, self.bound.elements, self.cutoff)
                return [replace(b, state=apply(action, b.state)) for b in branches]
            case Measure(_, wire, cells, _, span):
                return self._limited((part for b in branches for part in _collapsed(b, wire, cells[0])), span)
            case Reset(wire, span):
                fresh = (replace(b, state=state) for b in branches for state in _restarted(b.state, wire))
                return self._mixed(fresh, span)
            case Postselect(condition):
                return [b for b in branches if holds(condition, b)]
            case Barrier():
                return branches
            case If(condition, then, otherwise):
                chosen, others = parted(condition, branches)
                return self._limited(self._run_all(then, chosen) + self._run_all(otherwise, others), statement.span)
            case _:
                assert_never(statement)

    def _run_all(self, body: Sequence[Statement], branches: list[Branch]) -> list[Branch]:
        for statement in body:
            if not branches:
                break
            branches = self.run(statement, branches)
        return branches

    def _mixed(self, parts: Iterable[Branch], span: Span | None) -> list[Branch]:
        """Branches whose history nothing tells apart, merged as they are made."""
        cells = range(len(self.plan.program.cell_kinds))
        made, bound = list[Branch](), MERGE_AT
        for part in parts:
            if _has_weight(part.state):
                made.append(part)
            if len(made) >= bound:
                made = self._limited(_merged(made, cells), span)
                bound = 2 * len(made) + MERGE_AT
        return self._limited(_merged(made, cells), span)

    def _limited(self, parts: Iterable[Branch], span: Span | None) -> list[Branch]:
        """The branches, counted and weighed as they are made."""
        branches: list[Branch] = []
        for branch in parts:
            branches.append(branch)
            if len(branches) > MAX_BRANCHES:
                raise error(
                    Code.NOT_SIMULABLE,
                    f"the program has more than {MAX_BRANCHES} histories of results and noise by here",
                    span,
                    "measure at the end of the program, or fewer times; put noise on fewer wires",
                )
            needed = 3 * len(branches) * self.bound.batch * branch.state[0].size * BYTES
            if needed > memory_limit():
                raise too_large(needed, self.plan.program)
        return branches


def nothing_left(span: Span | None) -> CompileError:
    """The diagnostic of a state that the cut has lost as a whole."""
    return error(Code.NOT_SIMULABLE, "nothing of the state is left below the cutoff", span, "raise the cutoff")


def _collapsed(branch: Branch, wire: int, cell: int) -> Iterator[Branch]:
    for level in range(branch.state.shape[wire + 1]):
        part = at_level(wire, level, branch.state.ndim)
        if _has_weight(branch.state[part]):
            state = np.zeros_like(branch.state)
            state[part] = branch.state[part]
            yield replace(branch, state=state, cells=(*branch.cells[:cell], level, *branch.cells[cell + 1 :]))


def _restarted(state: ComplexArray, wire: int) -> Iterator[ComplexArray]:
    """The states that discarding the wire leaves, with the wire at level 0."""
    for level in range(state.shape[wire + 1]):
        part = state[at_level(wire, level, state.ndim)]
        if _has_weight(part):
            result = np.zeros_like(state)
            result[at_level(wire, 0, state.ndim)] = part
            yield result


def parted(condition: Condition, branches: list[Branch]) -> tuple[list[Branch], list[Branch]]:
    """Those where the condition holds, and the others."""
    truth = [holds(condition, branch) for branch in branches]
    pairs = list(zip(branches, truth, strict=True))
    return [b for b, true in pairs if true], [b for b, true in pairs if not true]


def holds(condition: Condition, branch: Branch) -> bool:
    return all(bool(branch.cells[cell]) == value for cell, value in condition)


def postselection(statement: Statement) -> Postselect | None:
    """The statement, or the first inside it, that keeps some runs only."""
    if isinstance(statement, If):
        inside = map(postselection, (*statement.then, *statement.otherwise))
        return next((found for found in inside if found is not None), None)
    return statement if isinstance(statement, Postselect) else None


def _renormalised(chosen: list[Branch], before: list[Branch]) -> list[Branch]:
    """The branches chosen, or one of no weight, with the probability that all had, in the rows where any has some."""
    chosen = chosen or [replace(before[0], state=np.zeros_like(before[0].state))]
    weight, whole = (sum((norms(b.state) for b in group), np.zeros(1)) for group in (chosen, before))
    share = share_kept(weight, whole)
    scale = np.divide(1.0, np.sqrt(share), out=np.zeros_like(share), where=share > 0)
    kept = before[0].kept * share
    return [Branch(b.state * scale.reshape(-1, *(1,) * (b.state.ndim - 1)), b.cells, kept) for b in chosen]


def share_kept(weight: RealArray, whole: RealArray, never: float = NEVER) -> RealArray:
    """weight ÷ whole; 0 where that is no more than `never`, which only rounding leaves."""
    share = np.divide(weight, whole, out=np.zeros(np.broadcast(weight, whole).shape), where=whole > 0)
    share[share <= never] = 0.0
    return share


def is_of_all_runs(output: Output) -> bool:
    return isinstance(output, Expectation | Probabilities) and output.unnormalised


def check_kept(kept: RealArray, selection: Postselect, program: Program) -> None:
    """Raises NOT_SIMULABLE, where no run is kept in some row, and some output is of the runs kept."""
    if kept.min() == 0 and not all(is_of_all_runs(output) for output in program.outputs):
        raise nothing_kept(selection.span)


def nothing_kept(span: Span | None) -> CompileError:
    label = "no run is kept: at these values the condition never holds"
    return error(Code.NOT_SIMULABLE, label, span, "post-select results that can occur")


def _has_weight(state: ComplexArray) -> bool:
    return bool(norms(state).max() > NEVER)


def _merged(branches: list[Branch], live: Sequence[int]) -> list[Branch]:
    """Branches that differ in no live cell, as few states as span the same mixture.

    Σ|φ⟩⟨φ| over a group is unchanged when the φ are mixed by the eigenvectors of their Gram matrix, and those of
    eigenvalue zero vanish.
    """
    groups: dict[tuple[int, ...], list[Branch]] = {}
    for branch in branches:
        groups.setdefault(tuple(branch.cells[cell] for cell in live), []).append(branch)
    return [merged for group in groups.values() for merged in _spanning(group)]


def _spanning(group: list[Branch]) -> list[Branch]:
    if len(group) == 1:
        return group
    rows = max(len(branch.state) for branch in group)
    shape = (rows, *group[0].state.shape[1:])
    states = np.stack([np.broadcast_to(b.state, shape).reshape(rows, -1) for b in group], axis=1)
    vectors = np.linalg.eigh(states.conj() @ states.swapaxes(1, 2)).eigenvectors
    mixed: ComplexArray = vectors.swapaxes(1, 2) @ states
    parts = (mixed[:, k].reshape(shape) for k in range(len(group)))
    return [replace(group[0], state=part) for part in parts if _has_weight(part)]
