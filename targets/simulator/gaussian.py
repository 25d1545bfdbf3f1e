"""The Gaussian simulator: any number of modes, exact, by means and covariance.

Gaussian gates, preparations and detections on qumodes alone; expectations and variances of polynomials in x, p and n.
"""

from __future__ import annotations

from typing import assert_never

import numpy as np

from qcompile.diagnostics import CompileError
from qcompile.ir import Covariance, Expectation, Measure, Output, Probabilities, Program, Samples, State, Variance
from qcompile.targets.simulator.gaussian_adjoint import adjoint
from qcompile.targets.simulator.gaussian_forward import Final, final, row_parts
from qcompile.targets.simulator.gaussian_moments import RealArray
from qcompile.targets.simulator.gaussian_outputs import exact
from qcompile.targets.simulator.gaussian_plan import fault_of
from qcompile.targets.simulator.gaussian_sampling import estimate, outcomes
from qcompile.targets.simulator.options import Options
from qcompile.targets.simulator.values import Bound, Elements

__all__ = ["adjoint", "run", "supports"]


def supports(program: Program, shots: int | None = None) -> bool:
    """Does this simulator take the program, exactly or by shots?"""
    return fault_of(program, shots) is None


def run(program: Program, elements: Elements, batch: int, options: Options) -> list[RealArray]:
    """One array per output, with a leading batch axis.

    Expectations and variances (B,); samples (B, shots, cells), a detected real in each; the state (B, 2m + 1, 2m): its
    first row the means, below it the covariance, in xxpp order.

    Raises:
        CompileError: NOT_SIMULABLE where `supports` is false; TOO_LARGE, BAD_NUMBER.
    """
    fault = fault_of(program, options.shots)
    if fault is not None:
        raise CompileError([fault])
    if options.shots is None:
        return _exactly(program, elements, batch)
    random = np.random.default_rng(options.seed)
    detects = any(isinstance(statement, Measure) for statement in program.body)
    reached = final(program, elements, batch, options.shots if detects else 1, random)
    ended = Final(reached.state.in_xxpp_order(), reached.cells)
    return [_sampled(output, ended, elements, options.shots, random) for output in program.outputs]


def _exactly(program: Program, elements: Elements, batch: int) -> list[RealArray]:
    parts: list[list[RealArray]] = []
    bound = Bound(elements, batch)
    for rows in row_parts(program, batch, 2):
        part = bound.rows(rows)
        state = final(program, part.elements, part.batch).state.in_xxpp_order()
        parts.append([exact(output, state, part.elements) for output in program.outputs])
    return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]


def _sampled(output: Output, reached: Final, elements: Elements, shots: int, random: np.random.Generator) -> RealArray:
    match output:
        case Expectation(observable, _):
            return estimate(observable.operator, reached.state, elements, shots, random)
        case Variance(observable, _):
            (read,) = outcomes([observable.operator], reached.state, elements, shots, random)
            return _sample_covariance(read, read)
        case Covariance(left, right, _):
            pair = [left.operator, right.operator]
            return _sample_covariance(*outcomes(pair, reached.state, elements, shots, random))
        case Samples(_, cells, _):
            unread = np.zeros((len(reached.state.means), shots))
            return np.stack([reached.cells.get(cell, unread) for cell in cells], axis=-1)
        case State():
            return exact(output, reached.state, elements)
        case Probabilities():
            raise AssertionError("an output that the Gaussian simulator refuses")
        case _:
            assert_never(output)


def _sample_covariance(left: RealArray, right: RealArray) -> RealArray:
    """Over the shots: shape (B, shots) to (B,), unbiased from two shots on."""
    apart = [read - read.mean(axis=1, keepdims=True) for read in (left, right)]
    total: RealArray = np.sum(apart[0] * apart[1], axis=1)
    found: RealArray = total / max(left.shape[1] - 1, 1)
    return found
