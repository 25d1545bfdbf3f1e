"""Outputs of density matrices, exact and from shots. No output tells histories apart but for what cells hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from qcompile.ir import Covariance, Expectation, Output, Probabilities, Samples, State, Variance
from qcompile.operator import Operator
from qcompile.targets.simulator.density.run import diagonal, joined, traces
from qcompile.targets.simulator.estimates import Integers, Setting, Shots, estimates
from qcompile.targets.simulator.sampling import TO_LEVELS, chosen_histories, draw_levels, held
from qcompile.targets.simulator.tensor import ComplexArray, Dense, apply
from qcompile.targets.simulator.tensor_operators import act
from qcompile.targets.simulator.tensor_outputs import samples_without_shots
from qcompile.targets.simulator.tensor_program import Plan
from qcompile.targets.simulator.tensor_run import Branch
from qcompile.targets.simulator.values import Bound, Elements, RealArray, value_of


def exact_output(output: Output, blocks: list[Branch], elements: Elements) -> RealArray:
    """The output's value, shape (1 or batch, …).

    Raises:
        CompileError: NOT_SIMULABLE, for samples.
    """
    (whole,) = joined(blocks, ())
    state = whole.state
    match output:
        case Expectation(observable, _, unnormalised):
            mean = expectation(observable.operator, elements, state)
            return mean * whole.kept if unnormalised else mean
        case Variance(observable):
            return _covariance(observable.operator, observable.operator, elements, state)
        case Covariance(left, right):
            return _covariance(left.operator, right.operator, elements, state)
        case Probabilities(wires, _, unnormalised):
            levels = _marginal(diagonal(state), wires)
            return levels * whole.kept[:, np.newaxis] if unnormalised else levels
        case Samples():
            raise samples_without_shots(output)
        case State():
            raise AssertionError("a density matrix has no state vector")
        case _:
            assert_never(output)


def expectation(operator: Operator, elements: Elements, state: ComplexArray) -> RealArray:
    """Re Tr(Oρ) of a Pauli sum, shape (b,); ρ need not be Hermitian.

    For a word P that flips the levels in x, Tr(Pρ) = Σₖ P[k, k⊕x] ρ[k⊕x, k] with P[k, k⊕x] = (−i)^y (−1)^|k & z|, where
    y counts its letters Y, and z marks Y and Z.
    """
    wires = state.ndim // 2
    levels: NDArray[np.intp] = np.arange(1 << wires)
    matrix = state.reshape(-1, len(levels), len(levels))
    total: RealArray = np.zeros(1)
    for word, coefficient in operator.terms:
        flips = sum(1 << (wires - 1 - wire) for letter, wire in word if letter in "XY")
        signs = sum(1 << (wires - 1 - wire) for letter, wire in word if letter in "YZ")
        phase = (-1j) ** sum(letter == "Y" for letter, _ in word)
        weights = phase * (1 - 2.0 * (np.bitwise_count(levels & signs) % 2))
        found = (matrix[:, levels ^ flips, levels] @ weights).real
        total = total + value_of(coefficient, elements) * found
    return total


def sampled_outputs(
    plan: Plan, blocks: list[Branch], bound: Bound, shots: Shots, first_row: int
) -> list[list[NDArray[Any]]]:
    """By row, each output as estimated from its own shots."""
    found: list[list[NDArray[Any]]] = []
    for index in range(bound.batch):
        states = [block.state[min(index, len(block.state) - 1)] for block in blocks]
        kept = blocks[0].kept
        elements = bound.rows(np.array([index])).elements
        row = _Row(states, [b.cells for b in blocks], elements, float(kept[min(index, len(kept) - 1)]))
        generator = shots.generator(first_row + index)
        found.append(estimates(plan.program.outputs, plan.readouts, row, shots.count, generator))
    return found


@dataclass(frozen=True, eq=False)
class _Row:
    """The blocks of one row, without row axis."""

    states: Sequence[ComplexArray]
    cells: Sequence[tuple[int, ...]]
    elements: Elements
    kept: float

    @cached_property
    def weights(self) -> list[float]:
        return [max(0.0, float(traces(state[np.newaxis])[0])) for state in self.states]

    def levels(self, wire: int) -> int:
        return int(self.states[0].shape[wire])

    def draw(self, setting: Setting, shots: int, generator: np.random.Generator) -> tuple[RealArray, Integers]:
        histories = chosen_histories(self.weights, shots, generator)
        outcomes = np.zeros((shots, len(setting)))
        for block, state in enumerate(self.states):
            chosen = histories == block
            if chosen.any() and setting:
                found = draw_levels(_amplitudes(state, setting), list(setting), int(chosen.sum()), generator)
                outcomes[chosen] = np.stack([found[wire] for wire in setting], axis=1)
        return outcomes, held(self.cells, histories)

    def state(self, output: State) -> NDArray[Any]:
        raise AssertionError(f"{output}: a density matrix has no state vector")


def _amplitudes(state: ComplexArray, setting: Setting) -> ComplexArray:
    """A state vector whose levels are as likely as the outcomes of the setting are."""
    turned, wires = state[np.newaxis], state.ndim // 2
    for wire, basis in setting.items():
        if basis in ("X", "Y"):
            matrix = TO_LEVELS[str(basis)]
            turned = apply(Dense(matrix.conj(), (wire + wires,)), apply(Dense(matrix, (wire,)), turned))
    return np.sqrt(np.clip(diagonal(turned), 0.0, None)).astype(complex).reshape((1,) + (2,) * wires)


def _covariance(left: Operator, right: Operator, elements: Elements, state: ComplexArray) -> RealArray:
    """½⟨AB + BA⟩ − ⟨A⟩⟨B⟩, and ½Tr((AB + BA)ρ) = Re Tr(A·Bρ)."""
    product = expectation(left, elements, act(right, elements, state))
    return product - expectation(left, elements, state) * expectation(right, elements, state)


def _marginal(levels: RealArray, wires: tuple[int, ...]) -> RealArray:
    count = levels.shape[1].bit_length() - 1
    split = levels.reshape((-1,) + (2,) * count)
    moved = np.moveaxis(split, [wire + 1 for wire in wires], range(1, len(wires) + 1))
    found: RealArray = moved.reshape(len(levels), 2 ** len(wires), -1).sum(axis=2)
    return found
