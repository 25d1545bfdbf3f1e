"""Adjoint programs on Gaussian states: cotangents of the means and the covariance, pulled back along the schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import elements as elements_of
from qcompile.diagnostics import Code, CompileError, Diagnostic, error
from qcompile.ir import (
    Adjoint,
    Barrier,
    Expectation,
    Gradient,
    If,
    Measure,
    Op,
    Output,
    Postselect,
    Reset,
    Statement,
    Undo,
    observables_of,
)
from qcompile.operator import Operator
from qcompile.targets.simulator import gaussian_sweep
from qcompile.targets.simulator.angle_table import Same
from qcompile.targets.simulator.gaussian_forward import channel, check_size, final, row_parts
from qcompile.targets.simulator.gaussian_layers import Layer
from qcompile.targets.simulator.gaussian_moments import RealArray, gradient, mean, polynomial, symmetrised
from qcompile.targets.simulator.gaussian_outputs import exact
from qcompile.targets.simulator.gaussian_plan import backward_plan, fault_of, readings_of
from qcompile.targets.simulator.gaussian_program import factors
from qcompile.targets.simulator.gaussian_state import Moments
from qcompile.targets.simulator.gaussian_sweep import Cotangents
from qcompile.targets.simulator.options import Options
from qcompile.targets.simulator.values import Bound, Elements, value_of


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The quadratures of some wires before a channel or a reset: means (B, 2w), and their rows of the covariance."""

    rows: NDArray[np.intp]
    means: RealArray
    covariance: RealArray

    @classmethod
    def of(cls, wires: Sequence[int], state: Moments) -> Rows:
        rows = state.rows(wires)
        return cls(rows, state.means[:, 0, rows], state.covariance[:, rows])

    def restore(self, state: Moments) -> None:
        """No other entry was changed by what came after."""
        state.means[:, 0, self.rows] = self.means
        state.covariance[:, self.rows] = self.covariance
        state.covariance[:, :, self.rows] = self.covariance.swapaxes(1, 2)


def adjoint(module: Adjoint, bound: Bound, options: Options) -> tuple[list[RealArray], list[RealArray]]:
    """One array of shape (B,) per output of the forward program, and per component.

    Cost: that of the forward run for the state on its way back and again for each output, in a matrix for each.

    Raises:
        CompileError: NOT_SIMULABLE, METHOD, TOO_LARGE, BAD_NUMBER.
    """
    _check(module, options)
    matrices = 3 + 2 * sum(map(_sees_covariance, module.forward.outputs))
    parts: list[tuple[list[RealArray], list[RealArray]]] = []
    for rows in row_parts(module.forward, bound.batch, matrices):
        check_size(module.forward, len(rows), 1, matrices)
        parts.append(_swept(module, bound.rows(rows)))
    values, components = zip(*parts, strict=True)
    return _joined(values), _joined(components)


def _joined(parts: Sequence[list[RealArray]]) -> list[RealArray]:
    return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]


def _sees_covariance(output: Output) -> bool:
    """The mean of an operator of degree 1 is that of the means alone."""
    degrees = [observable.operator.degree for observable in observables_of(output)]
    return not isinstance(output, Expectation) or any(degree is None or degree > 1 for degree in degrees)


def _swept(module: Adjoint, bound: Bound) -> tuple[list[RealArray], list[RealArray]]:
    tape: list[Rows] = []

    def watch(statement: Statement, state: Moments) -> None:
        if isinstance(statement, Reset) or (isinstance(statement, Op) and statement.gate.channel):
            tape.append(Rows.of(_wires(statement), state))

    state = final(module.forward, bound.elements, bound.batch, watch=watch).state
    ended = state.in_xxpp_order()
    seen = sorted({component.output for component in module.components})
    cotangents = _seeds([module.forward.outputs[k] for k in seen], ended, bound.elements)
    slots = _walked_back(module, state, cotangents, tape, bound)
    values = [exact(output, ended, bound.elements) for output in module.forward.outputs]
    components = readings_of(module).totals(slots, bound)
    for total, component in zip(components, module.components, strict=True):
        for weight, output in component.observed:
            total += value_of(weight, bound.elements) * exact(output, ended, bound.elements)
    return values, list(components)


def _walked_back(module: Adjoint, state: Moments, cotangents: Cotangents, tape: list[Rows], bound: Bound) -> RealArray:
    """What each slot comes to, shape (slots, k, B)."""
    plan = backward_plan(module)
    angles = plan.angles.values(bound.elements)
    slots = np.zeros((module.slots, *cotangents.means.shape[:2]))
    last = max((k for k, step in enumerate(plan.steps) if isinstance(step, Layer) and step.reads), default=-1)
    for k, step in enumerate(plan.steps[: last + 1]):
        match step:
            case Layer():
                gaussian_sweep.backward(step, state, cotangents, angles, slots, is_last=k == last)
            case Op(gate) if gate.channel:
                _pull(step.wires, channel(step, bound.elements)[0], state, cotangents)
                tape.pop().restore(state)
            case Reset(wire):
                _pull((wire,), np.zeros((1, 2, 2)), state, cotangents)
                tape.pop().restore(state)
            case Measure():
                pass  # of a mode that nothing sees any more
            case Op() | Undo() | If() | Postselect() | Barrier() | Gradient():
                raise AssertionError("a step that no Gaussian schedule has")
            case _:
                assert_never(step)
    return slots


def _wires(statement: Op | Reset) -> tuple[int, ...]:
    return statement.wires if isinstance(statement, Op) else (statement.wire,)


def _pull(wires: tuple[int, ...], matrix: RealArray, state: Moments, cotangents: Cotangents) -> None:
    """Cotangents back over r ↦ Xr + d, V ↦ XVXᵀ + Y on the wires: by Xᵀ, whatever d and Y are."""
    rows, transposed = state.rows(wires), matrix.swapaxes(1, 2)
    cotangents.means[:, :, rows] = (transposed @ cotangents.means[:, :, rows, None])[..., 0]
    gaussian_sweep.conjugate(cotangents.covariance, rows, transposed[:, None])


def _check(module: Adjoint, options: Options) -> None:
    """A trained angle is read at its gate: preparations carry none."""
    if options.shots is not None:
        raise error(Code.METHOD, "an adjoint program is exact and takes no shots", help="use `--method shift`")
    fault = fault_of(module.forward) or _trained_preparation(Same(module))
    if fault is not None:
        raise CompileError([fault])


@lru_cache(maxsize=32)
def _trained_preparation(module: Same[Adjoint]) -> Diagnostic | None:
    trained = {component.wrt for component in module.value.components}
    for op in factors(module.value.forward):
        if isinstance(op, Op) and op.gate.preparation and trained & {e for a in op.angles for e in elements_of(a)}:
            advice = "the adjoint method differentiates gates; train the angle of a gate"
            return Diagnostic(Code.METHOD, f"the angle of `{op.gate.name}` is trained", op.span, advice)
    return None


def _seeds(outputs: Sequence[Output], state: Moments, elements: Elements) -> Cotangents:
    """Of a state in xxpp order, with the quadratures of each mode side by side."""
    paired = np.arange(2 * state.modes).reshape(2, -1).T.ravel()
    by_means: list[RealArray] = []
    by_covariance: list[RealArray] = []
    curved: list[int] = []
    for place, output in enumerate(outputs):
        operators = [observable.operator for observable in observables_of(output)]
        if not operators:
            raise error(Code.METHOD, "only expectations, variances and covariances have adjoints", output.span)
        slope, spread = _slopes(isinstance(output, Expectation), operators[0], operators[-1], state, elements)
        by_means.append(slope[:, paired])
        if _sees_covariance(output):
            curved.append(place)
            by_covariance.append(spread[:, paired[:, None], paired])
    shape = 0, len(state.means), 2 * state.modes
    return Cotangents(
        np.array(by_means).reshape(-1, *shape[1:]),
        np.array(by_covariance).reshape(-1, *shape[1:], shape[-1]),
        curved,
    )


def _slopes(
    is_mean: bool, left: Operator, right: Operator, state: Moments, elements: Elements
) -> tuple[RealArray, RealArray]:
    """Of ⟨A⟩, or of ½⟨AB + BA⟩ − ⟨A⟩⟨B⟩, by the means and by the covariance."""
    means, covariance = state.means[:, 0], state.covariance
    factors = [polynomial(operator, state.modes, elements) for operator in (left, right)]
    if is_mean:
        return gradient(factors[0], means, covariance)
    slope, spread = gradient(symmetrised(left, right, state.modes, elements), means, covariance)
    for each, other in (factors, factors[::-1]):
        value, (by_means, by_covariance) = mean(each, means, covariance), gradient(other, means, covariance)
        slope, spread = slope - value[:, None] * by_means, spread - value[:, None, None] * by_covariance
    return slope, spread
