"""Exact outputs from the expectations of Pauli words, for engines that find these without a state vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from qcompile.diagnostics import Code, error
from qcompile.ir import Covariance, Expectation, Output, Probabilities, Samples, State, Variance
from qcompile.operator import Operator, Word, multiply
from qcompile.targets.simulator.tensor_outputs import samples_without_shots
from qcompile.targets.simulator.values import Elements, RealArray, value_of

Means = Callable[[Sequence[Word]], RealArray]
"""The expectations of words, in the runs kept."""
MAX_WIRES = 12  # whose outcomes are listed: each of the 4096 takes the mean of a word


def exact_output(output: Output, means: Means, elements: Elements, kept: float) -> RealArray:
    """The output's value, shape () or (outcomes,).

    Raises:
        CompileError: NOT_SIMULABLE, for samples, and for the probabilities of many wires.
    """
    match output:
        case Expectation(observable, _, unnormalised):
            return _mean(observable.operator, means, elements) * (kept if unnormalised else 1.0)
        case Variance(observable):
            return _covariance(observable.operator, observable.operator, means, elements)
        case Covariance(left, right):
            return _covariance(left.operator, right.operator, means, elements)
        case Probabilities(wires, span, unnormalised):
            if len(wires) > MAX_WIRES:
                label = f"without a state vector the outcomes of {MAX_WIRES} wires are listed at most"
                raise error(Code.NOT_SIMULABLE, label, span, "return samples, or the probabilities of fewer wires")
            return _levels(wires, means) * (kept if unnormalised else 1.0)
        case Samples():
            raise samples_without_shots(output)
        case State():
            raise AssertionError("no state vector is made")
        case _:
            assert_never(output)


def _mean(operator: Operator, means: Means, elements: Elements) -> RealArray:
    if not operator.terms:
        return np.zeros(())
    weights = np.array([value_of(coefficient, elements)[0] for _, coefficient in operator.terms])
    return np.asarray(weights @ means([word for word, _ in operator.terms]))


def _covariance(left: Operator, right: Operator, means: Means, elements: Elements) -> RealArray:
    product = _mean(multiply(left, right), means, elements)
    return product - _mean(left, means, elements) * _mean(right, means, elements)


def _levels(wires: tuple[int, ...], means: Means) -> RealArray:
    """p(k) = 2⁻ʷ Σ over subsets S of the wires of (−1)^|k & S| ⟨Z_S⟩."""
    count = len(wires)
    masks: NDArray[np.intp] = np.arange(1 << count)
    words = [tuple(sorted((("Z", wire) for k, wire in enumerate(wires) if mask >> (count - 1 - k) & 1), key=_wire))
             for mask in masks]  # fmt: skip
    signs = 1 - 2.0 * (np.bitwise_count(masks[:, np.newaxis] & masks) % 2)
    levels: RealArray = np.clip(signs @ means(words) / 2**count, 0.0, None)
    return levels


def _wire(factor: tuple[str, int]) -> int:
    return factor[1]
