"""Exact outputs of Gaussian states."""

from __future__ import annotations

from typing import assert_never

import numpy as np

from qcompile.ir import Covariance, Expectation, Output, Probabilities, Samples, State, Variance
from qcompile.operator import Operator
from qcompile.targets.simulator.gaussian_moments import RealArray, mean, polynomial, symmetrised
from qcompile.targets.simulator.gaussian_state import Moments
from qcompile.targets.simulator.values import Elements


def exact(output: Output, state: Moments, elements: Elements) -> RealArray:
    """The output's value, with a leading batch axis, of a state in xxpp order."""
    means, covariance = state.means[:, 0], state.covariance
    match output:
        case Expectation(observable, _):
            return mean(polynomial(observable.operator, state.modes, elements), means, covariance)
        case Variance(observable, _):
            return _covariance(observable.operator, observable.operator, state, elements)
        case Covariance(left, right, _):
            return _covariance(left.operator, right.operator, state, elements)
        case State():
            return np.concatenate([means[:, None], covariance], axis=1)
        case Samples() | Probabilities():
            raise AssertionError("an output that the Gaussian simulator refuses")
        case _:
            assert_never(output)


def _covariance(left: Operator, right: Operator, state: Moments, elements: Elements) -> RealArray:
    means, covariance = state.means[:, 0], state.covariance
    product = mean(symmetrised(left, right, state.modes, elements), means, covariance)
    first, second = (mean(polynomial(each, state.modes, elements), means, covariance) for each in (left, right))
    return product - first * second
