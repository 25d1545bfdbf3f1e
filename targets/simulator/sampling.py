"""Shots: outcomes drawn from the exact distribution of the final state, and estimates made of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import Angle
from qcompile.diagnostics import Code, Span, error
from qcompile.ir import Covariance, Expectation, Output, Probabilities, Samples, State, Variance
from qcompile.operator import Letters, Operator, Word, letters_by_wire, level_of, multiply
from qcompile.targets.simulator.quadratures import draw_quadrature
from qcompile.targets.simulator.tensor import ComplexArray, Dense, apply, flattened
from qcompile.targets.simulator.tensor_operators import norms
from qcompile.targets.simulator.tensor_outputs import exact_output
from qcompile.targets.simulator.tensor_program import Plan, Readout
from qcompile.targets.simulator.tensor_run import NEVER, Branch, nothing_left
from qcompile.targets.simulator.values import Bound, RealArray, value_of

Integers = NDArray[np.intp]
Basis = str | float  # "X" "Y" "Z" of a qubit, "n" of a qumode, or the angle of a quadrature
Setting = dict[int, Basis]
_R = 1 / math.sqrt(2)
_BASES: dict[str, Basis] = {"x": 0.0, "p": math.pi / 2}
_TO_LEVELS = {  # the rotation that takes the eigenstates +1, −1 of a Pauli letter to levels 0, 1
    "X": np.array([[[_R, _R], [_R, -_R]]], dtype=complex),
    "Y": np.array([[[_R, -1j * _R], [_R, 1j * _R]]]),
}


@dataclass(frozen=True, slots=True)
class Shots:
    """How many outcomes are drawn, and from which stream of random numbers each row draws them."""

    count: int
    seed: int
    stream: int = 0

    def generator(self, row: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(self.stream, row)))


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """The branches of one row: states without row axis, shape (d0, d1, …), and the share of runs that is kept."""

    states: list[ComplexArray]
    cells: list[tuple[int, ...]]
    bound: Bound
    kept: float


def sampled_outputs(
    plan: Plan, branches: list[Branch], bound: Bound, shots: Shots, first_row: int
) -> list[list[NDArray[Any]]]:
    """By row, each output as estimated from its own shots; a state stays exact.

    Args:
        first_row: the number of the first of these rows in the whole batch.
    """
    found: list[list[NDArray[Any]]] = []
    for index in range(bound.batch):
        row = _row(branches, bound, index)
        generator = shots.generator(first_row + index)
        found.append([_output(output, plan, row, shots.count, generator) for output in plan.program.outputs])
    return found


def _row(branches: list[Branch], bound: Bound, index: int) -> _Row:
    states = [branch.state[min(index, len(branch.state) - 1)] for branch in branches]
    kept = branches[0].kept
    bound_row = bound.rows(np.array([index]))
    return _Row(states, [branch.cells for branch in branches], bound_row, float(kept[min(index, len(kept) - 1)]))


def _output(output: Output, plan: Plan, row: _Row, shots: int, generator: np.random.Generator) -> NDArray[Any]:
    match output:
        case Expectation(observable, span, unnormalised):
            share = row.kept if unnormalised else 1.0
            return np.asarray(_estimate(observable.operator, row, shots, generator, span, share)[0])
        case Variance(observable, span):
            square = multiply(observable.operator, observable.operator)
            mean, error_squared = _estimate(observable.operator, row, shots, generator, span)
            return np.asarray(_estimate(square, row, shots, generator, span)[0] - mean**2 + error_squared)
        case Covariance(left, right, span):  # shots of their own for each make the product of the means unbiased
            product = multiply(left.operator, right.operator)
            means = [_estimate(each.operator, row, shots, generator, span)[0] for each in (left, right)]
            return np.asarray(_estimate(product, row, shots, generator, span)[0] - math.prod(means))
        case Probabilities(wires, _, unnormalised):
            sizes = tuple(row.states[0].shape[wire] for wire in wires)
            runs = _runs_kept(shots, row.kept if unnormalised else 1.0, generator)
            levels = _draw(row, dict.fromkeys(wires, "Z"), runs, generator)[0].astype(int)
            counts = np.bincount(np.ravel_multi_index(tuple(levels.T), sizes), minlength=math.prod(sizes))
            return np.asarray(counts / shots)
        case Samples(wires, cells):
            return _samples(plan, row, wires, cells, shots, generator)
        case State():
            branches = [Branch(s[np.newaxis], c) for s, c in zip(row.states, row.cells, strict=True)]
            state: NDArray[Any] = exact_output(output, plan, branches, row.bound.elements)[0]
            return state
        case _:
            assert_never(output)


def _samples(
    plan: Plan, row: _Row, wires: tuple[int, ...], cells: tuple[int, ...], shots: int, generator: np.random.Generator
) -> NDArray[Any]:
    """Shape (shots, wires + cells): whole numbers, unless a cell holds a quadrature."""
    readouts = {cell: plan.readouts[cell] for cell in cells if cell in plan.readouts}
    setting: Setting = {readout.wire: _basis(readout, row) for readout in readouts.values()}
    setting |= dict.fromkeys(wires, "Z")
    outcomes, histories = _draw(row, setting, shots, generator)
    column = {wire: outcomes[:, k] for k, wire in enumerate(setting)}
    held = np.array(row.cells).reshape(len(row.cells), -1)[histories]
    table = [column[wire] for wire in wires]
    for cell in cells:
        readout = readouts.get(cell)
        table.append(held[:, cell] if readout is None else column[readout.wire] * readout.scale)
    samples: RealArray = np.stack(table, axis=1) if table else np.zeros((shots, 0))
    if any(readout.angle is not None for readout in readouts.values()):
        return samples
    return samples.astype(np.int64)


def _basis(readout: Readout, row: _Row) -> Basis:
    return "Z" if readout.angle is None else float(value_of(readout.angle, row.bound.elements)[0])


def _estimate(
    operator: Operator, row: _Row, shots: int, generator: np.random.Generator, span: Span | None, share: float = 1.0
) -> tuple[float, float]:
    """The mean of each group of words that one setting measures, summed, and the square of its standard error.

    Only a share of the shots is drawn from the runs kept, the others count 0.
    """
    total = square = 0.0
    for setting, words in _groups(operator, span):
        runs = _runs_kept(shots, share, generator)
        outcomes = _draw(row, setting, runs, generator)[0]
        column = {wire: outcomes[:, k] for k, wire in enumerate(setting)}
        values = np.zeros(shots)
        for word, coefficient in words:
            weight = float(value_of(coefficient, row.bound.elements)[0])
            values[:runs] += weight * _word_values(word, column, runs)
        total += float(values.mean())
        square += float(values.var(ddof=1)) / shots if shots > 1 else 0.0
    return total, square


def _runs_kept(runs: int, share: float, generator: np.random.Generator) -> int:
    """How many of the runs post-selection keeps."""
    return runs if share >= 1 else int(generator.binomial(runs, share))


def _word_values(word: Word, column: dict[int, RealArray], shots: int) -> RealArray:
    values = np.ones(shots)
    for letter, wire in word:
        values = values * _read(letter, column[wire])
    return values


def _read(letter: str, outcomes: RealArray) -> RealArray:
    """What a letter makes of the outcomes in its basis: eigenvalues from levels, and a level told from the others."""
    level = level_of(letter)
    if level is not None:
        return np.equal(outcomes, level).astype(np.float64)
    return 1 - 2 * outcomes if letter in "XYZ" else outcomes


@lru_cache(maxsize=64)
def _groups(operator: Operator, span: Span | None) -> list[tuple[Setting, list[tuple[Word, Angle]]]]:
    """Words that agree on the basis of every wire they share, first fit."""
    groups: list[tuple[Setting, list[tuple[Word, Angle]]]] = []
    for word, coefficient in operator.terms:
        bases = {wire: _word_basis(letters, span) for wire, letters in letters_by_wire(word).items()}
        for setting, words in groups:
            if all(setting.get(wire, basis) == basis for wire, basis in bases.items()):
                setting.update(bases)
                words.append((word, coefficient))
                break
        else:
            groups.append((bases, [(word, coefficient)]))
    return groups


def _word_basis(letters: Letters, span: Span | None) -> Basis:
    bases = {_BASES.get(letter, "n" if level_of(letter) is not None else letter) for letter in letters}
    if len(bases) > 1:
        raise error(
            Code.NOT_SIMULABLE, f"no measurement gives the product `{' '.join(letters)}` of one mode", span,
            "compute it exactly, without shots",
        )  # fmt: skip
    return bases.pop()


def _draw(row: _Row, setting: Setting, shots: int, generator: np.random.Generator) -> tuple[RealArray, Integers]:
    """Outcomes of the setting's wires in its order, shape (shots, wires), and the branch each shot is of."""
    if not shots:
        return np.zeros((0, len(setting))), np.zeros(0, dtype=np.intp)
    weights = np.array([norms(state[np.newaxis])[0] for state in row.states])
    if not weights.sum() > NEVER:
        raise nothing_left(None)
    histories = generator.choice(len(weights), size=shots, p=weights / weights.sum())
    outcomes = np.zeros((shots, len(setting)))
    for branch, state in enumerate(row.states):
        chosen = histories == branch
        if chosen.any():
            outcomes[chosen] = _draw_pure(state, setting, int(chosen.sum()), generator)
    return outcomes, histories


def _draw_pure(state: ComplexArray, setting: Setting, shots: int, generator: np.random.Generator) -> RealArray:
    """Quadratures one after the other, each shot's state conditioned on those before, then all levels jointly."""
    states = state[np.newaxis]
    for wire, basis in setting.items():
        if basis in ("X", "Y"):
            states = apply(Dense(_TO_LEVELS[str(basis)], (wire,)), states)
    found: dict[int, RealArray] = {}
    for wire, basis in setting.items():
        if isinstance(basis, float):
            found[wire], states = draw_quadrature(states, wire, basis, shots, generator)
    found |= _draw_levels(states, [wire for wire in setting if wire not in found], shots, generator)
    return np.stack([found[wire] for wire in setting], axis=1) if setting else np.zeros((shots, 0))


def _draw_levels(
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
