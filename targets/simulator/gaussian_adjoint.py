"""Adjoint programs on Gaussian states: cotangents of the means and the covariance, pulled back along the schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from qcompile.angle import elements as elements_of
from qcompile.diagnostics import Code, CompileError, error
from qcompile.gates.algebra import quadrature_action
from qcompile.ir import (
    Adjoint,
    Expectation,
    Gradient,
    Measure,
    Op,
    Output,
    Postselect,
    Program,
    Reset,
    Undo,
    observables_of,
)
from qcompile.targets.simulator.gaussian_forward import Final, advance, channel, turn
from qcompile.targets.simulator.gaussian_moments import RealArray, gradient, mean, polynomial, symmetrised
from qcompile.targets.simulator.gaussian_program import factors, op_factors, refusal
from qcompile.targets.simulator.gaussian_state import Moments, vacuum
from qcompile.targets.simulator.options import Options
from qcompile.targets.simulator.values import Elements, value_of


@dataclass(frozen=True, slots=True, eq=False)
class Cotangents:
    """Of k outputs: by the means, shape (k, B, 2m), and by the covariance, shape (k, B, 2m, 2m), symmetric."""

    means: RealArray
    covariance: RealArray


def adjoint(module: Adjoint, elements: Elements, batch: int, options: Options) -> list[RealArray]:
    """One array of shape (B,) per component. Cost of a step on w modes: O(k B w m).

    Raises:
        CompileError: NOT_SIMULABLE, METHOD, TOO_LARGE, BAD_NUMBER.
    """
    _check(module, options)
    outputs = sorted({component.output for component in module.components})
    state, tape = _recorded(module.forward, elements, batch)
    cotangents = _seeds([module.forward.outputs[k] for k in outputs], state, elements)
    slots = np.zeros((len(outputs), batch, module.slots))
    for step in module.reverse:
        match step:
            case Gradient(slot, _):
                slots[:, :, slot] += _reading(step, state, cotangents)
            case Op(gate, wires) if gate.channel:
                _pull(wires, channel(step, elements)[0], state, cotangents)
                state = tape.pop()
            case Reset(wire):
                _pull((wire,), np.zeros((1, 2, 2)), state, cotangents)
                state = tape.pop()
            case Op():
                for op in op_factors(step, module.forward.definitions):
                    _undo(op, state, cotangents, elements)
            case Measure():
                pass  # of a mode that nothing sees any more
            case Undo() | Postselect():
                raise AssertionError("a branch in a Gaussian program")
            case _:
                assert_never(step)
    results: list[RealArray] = []
    for component in module.components:
        total = np.zeros(batch)
        for weight, slot in component.readings:
            total += value_of(weight, elements) * slots[outputs.index(component.output), :, slot]
        results.append(total)
    return results


def _recorded(program: Program, elements: Elements, batch: int) -> tuple[Moments, list[Moments]]:
    """The final state, and those before each channel and reset, which no matrix takes back."""
    reached = Final(vacuum(batch, 1, len(program.kinds)), {})
    tape: list[Moments] = []
    for statement in factors(program):
        if isinstance(statement, Reset) or (isinstance(statement, Op) and statement.gate.channel):
            tape.append(Moments(reached.state.means.copy(), reached.state.covariance.copy()))
        advance(reached, statement, elements, None)
    return reached.state, tape


def _check(module: Adjoint, options: Options) -> None:
    """A trained angle is read at its gate: preparations carry none."""
    if options.shots is not None:
        raise error(Code.METHOD, "an adjoint program is exact and takes no shots", help="use `--method shift`")
    fault = refusal(module.forward)
    if fault is not None:
        raise CompileError([fault])
    trained = {component.wrt for component in module.components}
    for op in factors(module.forward):
        if isinstance(op, Op) and op.gate.preparation and trained & {e for a in op.angles for e in elements_of(a)}:
            raise error(
                Code.METHOD, f"the angle of `{op.gate.name}` is trained", op.span,
                "the adjoint method differentiates gates; train the angle of a gate",
            )  # fmt: skip


def _seeds(outputs: Sequence[Output], state: Moments, elements: Elements) -> Cotangents:
    means, covariance = state.means[:, 0], state.covariance
    seeds = Cotangents(np.zeros((len(outputs), *means.shape)), np.zeros((len(outputs), *covariance.shape)))
    for place, output in enumerate(outputs):
        operators = [observable.operator for observable in observables_of(output)]
        if not operators:
            raise error(Code.METHOD, "only expectations, variances and covariances have adjoints", output.span)
        pair = (operators[0], operators[-1])
        first = [polynomial(operator, state.modes, elements) for operator in pair]
        slopes = [gradient(each, means, covariance) for each in first]
        by_means, by_covariance = slopes[0]
        if not isinstance(output, Expectation):  # ½⟨AB + BA⟩ − ⟨A⟩⟨B⟩
            by_means, by_covariance = gradient(symmetrised(*pair, state.modes, elements), means, covariance)
            for each, slope in zip(first, reversed(slopes), strict=True):
                value = mean(each, means, covariance)
                by_means = by_means - value[:, None] * slope[0]
                by_covariance = by_covariance - value[:, None, None] * slope[1]
        seeds.means[place], seeds.covariance[place] = by_means, by_covariance
    return seeds


def _reading(step: Gradient, state: Moments, cotangents: Cotangents) -> RealArray:
    """Shape (k, B): dr/dθ = Ar + b and dV/dθ = AV + VAᵀ, against the cotangents."""
    wires = step.wires
    local = step.generator.on({wire: place for place, wire in enumerate(wires)})
    linear, constant = quadrature_action(local, len(wires))
    rows = state.rows(wires)
    moved = state.means[:, 0, rows] @ linear.T + constant
    spread = linear @ state.covariance[:, rows, :]
    by_means: RealArray = np.einsum("kbi,bi->kb", cotangents.means[:, :, rows], moved)
    by_covariance: RealArray = np.einsum("kbij,bij->kb", cotangents.covariance[:, :, rows, :], spread)
    return by_means + 2 * by_covariance


def _undo(op: Op, state: Moments, cotangents: Cotangents, elements: Elements) -> None:
    """Apply an uncompute op r ↦ Sr + d; cotangents transform by the transposed inverse of S."""
    moved, inverse = turn(op, elements), turn(op, elements, -1.0)
    if moved is None or inverse is None:
        return
    state.move(op.wires, *moved)
    _pull(op.wires, inverse[0], state, cotangents)


def _pull(wires: tuple[int, ...], matrix: RealArray, state: Moments, cotangents: Cotangents) -> None:
    """Cotangents back over r ↦ Xr + d, V ↦ XVXᵀ + Y on the wires: by Xᵀ, whatever d and Y are."""
    rows = state.rows(wires)
    cotangents.means[:, :, rows] = np.einsum("bij,kbi->kbj", _whole(matrix, state), cotangents.means[:, :, rows])
    cotangents.covariance[:, :, rows, :] = matrix.swapaxes(1, 2) @ cotangents.covariance[:, :, rows, :]
    cotangents.covariance[:, :, :, rows] = cotangents.covariance[:, :, :, rows] @ matrix


def _whole(matrix: RealArray, state: Moments) -> RealArray:
    return np.broadcast_to(matrix, (len(state.means), *matrix.shape[1:]))
