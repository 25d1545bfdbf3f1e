"""Exact outputs of branches of states."""

from __future__ import annotations

from typing import assert_never

import numpy as np

from qcompile.diagnostics import Code, CompileError, error
from qcompile.ir import Covariance, Expectation, Output, Probabilities, Samples, State, Variance
from qcompile.targets.simulator.tensor import ComplexArray, flattened
from qcompile.targets.simulator.tensor_operators import joint_moments, moments, norms
from qcompile.targets.simulator.tensor_program import Plan
from qcompile.targets.simulator.tensor_run import Branch
from qcompile.targets.simulator.values import Elements, RealArray

Array = RealArray | ComplexArray
_ROUNDING = 1e-12  # what a long qubit circuit may seem to lose


def exact_output(output: Output, plan: Plan, branches: list[Branch], elements: Elements) -> Array:
    """The output's value, shape (1 or batch, …).

    Raises:
        CompileError: NOT_SIMULABLE, for the state of a program that leaves a mixture, and for samples.
    """
    match output:
        case Expectation(observable, _, unnormalised):
            mean = _total([moments(observable.operator, elements, branch.state)[0] for branch in branches])
            return mean * branches[0].kept if unnormalised else mean
        case Variance(observable):
            parts = [moments(observable.operator, elements, branch.state) for branch in branches]
            return _total([square for _, square in parts]) - _total([mean for mean, _ in parts]) ** 2
        case Covariance(left, right):
            found = [joint_moments(left.operator, right.operator, elements, branch.state) for branch in branches]
            products, first, second = (_total(list(parts)) for parts in zip(*found, strict=True))
            return products - first * second
        case Probabilities(wires, _, unnormalised):
            levels = _total([level_probabilities(branch.state, wires) for branch in branches])
            return levels * branches[0].kept[:, np.newaxis] if unnormalised else levels
        case State(span):
            if len(branches) > 1 or plan.hidden:
                raise error(
                    Code.NOT_SIMULABLE, "the program ends in a mixture, which has no state vector", span,
                    "return expectations or probabilities",
                )  # fmt: skip
            state = branches[0].state
            return state.reshape(len(state), -1)
        case Samples():
            raise samples_without_shots(output)
        case _:
            assert_never(output)


def samples_without_shots(output: Samples) -> CompileError:
    return error(Code.NOT_SIMULABLE, "samples need a number of shots", output.span, "give it with `--shots N`")


def level_probabilities(state: ComplexArray, wires: tuple[int, ...]) -> RealArray:
    """Of the wires' levels, first wire most significant: shape (b, D). They sum to the state's squared norm."""
    levels: RealArray = np.sum(np.square(np.abs(flattened(state, wires))), axis=2)
    return levels


def leakage(branches: list[Branch]) -> float:
    """The probability that left the cut space: 1 − norm, at its greatest over the rows of which runs are kept."""
    left = _total([norms(branch.state) for branch in branches])
    lost = float(np.max(np.where(branches[0].kept > 0, 1.0 - left, 0.0)))
    return lost if lost > _ROUNDING else 0.0


def edge_population(plan: Plan, branches: list[Branch]) -> float:
    """The greatest population of the highest level kept, over qumodes and rows."""
    modes = [wire for wire, kind in enumerate(plan.program.kinds) if kind == "qumode"]
    found = (_total([level_probabilities(b.state, (wire,)) for b in branches])[:, -1].max() for wire in modes)
    return float(max(found, default=0.0))


def _total(parts: list[RealArray]) -> RealArray:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
