"""A Gaussian program from the vacuum to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from qcompile.diagnostics import Code, error
from qcompile.ir import Barrier, Gradient, If, Measure, Op, Postselect, Program, Reset, Statement, Undo
from qcompile.targets.simulator import gaussian_sweep
from qcompile.targets.simulator.angle_table import Same
from qcompile.targets.simulator.gaussian_layers import Layer
from qcompile.targets.simulator.gaussian_moments import RealArray
from qcompile.targets.simulator.gaussian_plan import forward_plan
from qcompile.targets.simulator.gaussian_program import dilated
from qcompile.targets.simulator.gaussian_state import Moments, flow, vacuum
from qcompile.targets.simulator.options import memory_limit, too_large
from qcompile.targets.simulator.values import Elements, mean_photons, value_of, with_strengths

_CACHED = 1 << 24  # bytes of covariance matrices that are worked on at a time, where the batch allows
Watch = Callable[[Statement, Moments], None]


@dataclass(frozen=True, slots=True, eq=False)
class Final:
    """The state at the end, its quadratures paired, and each classical cell's outcome, shape (B, T)."""

    state: Moments
    cells: dict[int, RealArray]


def final(
    program: Program,
    elements: Elements,
    batch: int,
    trajectories: int = 1,
    random: np.random.Generator | None = None,
    watch: Watch | None = None,
) -> Final:
    """The end of a program that `refusal` takes.

    Args:
        random: draws the outcomes of detections. Without it nothing is detected, which other modes can't tell.
        watch: is shown each statement that is no gate, and the state before it.

    Raises:
        CompileError: TOO_LARGE, BAD_NUMBER, BAD_VALUE.
    """
    check_size(program, batch, trajectories)
    plan = forward_plan(program)
    reached = Final(vacuum(batch, trajectories, len(program.kinds), is_paired=True), {})
    with np.errstate(over="ignore", invalid="ignore"):
        angles = plan.angles.values(elements)
        for step in plan.steps:
            match step:
                case Layer():
                    gaussian_sweep.forward(step, reached.state, angles)
                case Gradient() | Undo():
                    raise AssertionError("a step back on the way forward")
                case _:
                    if watch is not None:
                        watch(step, reached.state)
                    _advance(reached, step, elements, random)
    if not (np.isfinite(reached.state.means).all() and np.isfinite(reached.state.covariance).all()):
        raise error(Code.BAD_NUMBER, "the state's moments are not finite", help="squeeze and displace less")
    return reached


def check_size(program: Program, batch: int, trajectories: int = 1, matrices: int = 3) -> None:
    """Do so many matrices of the covariance's size fit for each row? Raises TOO_LARGE."""
    size = 2.0 * len(program.kinds)
    needed = 8 * batch * (matrices * size * size + trajectories * size)
    if needed > memory_limit():
        raise too_large(needed, program)


def row_parts(program: Program, batch: int, matrices: int) -> Iterator[NDArray[np.intp]]:
    """The batch's rows in parts whose matrices fit the cache, where one row's do."""
    step = max(1, _CACHED // (8 * matrices * (2 * len(program.kinds)) ** 2))
    for start in range(0, batch, step):
        yield np.arange(start, min(start + step, batch))


def turn(op: Op, elements: Elements, direction: float = 1.0) -> tuple[RealArray, RealArray] | None:
    """S and d of a Gaussian op on its wires, or with direction −1 of its inverse; None for a global phase."""
    if op.gate.generator is None:
        raise AssertionError(f"{op.gate.name} is not a factor")
    if not op.wires:
        return None
    angle = value_of(op.angles[0], elements, op.span) * (-direction if op.inverse else direction)
    return flow(op.gate.generator, len(op.wires), angle)


def channel(op: Op, elements: Elements) -> tuple[RealArray, RealArray, RealArray]:
    """X, d and Y of a Gaussian channel r ↦ Xr + d, V ↦ XVXᵀ + Y on its wires; raises BAD_VALUE.

    With S the map of its word, X is the part of S from the channel's wires to themselves. The hidden wires are in the
    vacuum, of covariance 1, so Y = NNᵀ for the part N of S from them to the channel's wires.
    """
    if all(angle.is_constant for angle in op.angles):
        return _constant_channel(Same(op))
    return _channel(op, elements)


@lru_cache(maxsize=4096)
def _constant_channel(op: Same[Op]) -> tuple[RealArray, RealArray, RealArray]:
    return _channel(op.value, {})


def _channel(op: Op, elements: Elements) -> tuple[RealArray, RealArray, RealArray]:
    bounded, strengths = with_strengths(op, elements)
    own, modes = len(op.gate.wires), len(op.gate.wires) + len(op.gate.hidden)
    whole, shift = np.eye(2 * modes)[np.newaxis], np.zeros((1, 2 * modes))
    for part in dilated(bounded):
        moved = turn(part, strengths)
        if moved is not None:
            rows = [*part.wires, *(wire + modes for wire in part.wires)]
            step = np.tile(np.eye(2 * modes), (len(moved[0]), 1, 1))
            step[:, np.ix_(rows, rows)[0], np.ix_(rows, rows)[1]] = moved[0]
            push = np.zeros((len(moved[1]), 2 * modes))
            push[:, rows] = moved[1]
            whole, shift = step @ whole, (step @ shift[:, :, np.newaxis])[:, :, 0] + push
    mine = np.array([k for k in range(2 * modes) if k % modes < own])
    hidden = np.array([k for k in range(2 * modes) if k % modes >= own])
    noise = whole[:, mine[:, np.newaxis], hidden]
    return whole[:, mine[:, np.newaxis], mine], shift[:, mine], noise @ noise.swapaxes(1, 2)


def _advance(reached: Final, statement: Statement, elements: Elements, random: np.random.Generator | None) -> None:
    """Take the state over what is no gate, in place."""
    match statement:
        case Op() if statement.gate.preparation:
            reached.state.prepare(statement.wires[0], _variance(statement, elements))
        case Op() if statement.gate.channel:
            reached.state.move(statement.wires, *channel(statement, elements))
        case Reset(wire, _):
            reached.state.prepare(wire, np.ones(1))
        case Measure(detection, wire, cells, angle, span):
            if detection != "fock" and random is not None:
                axes, noise = _directions(detection, value_of(angle, elements, span))
                results = reached.state.detect(wire, axes, noise, random)
                reached.cells.update({cell: results[:, :, place] for place, cell in enumerate(cells)})
        case Op() | Barrier():
            raise AssertionError("a gate outside its layer")
        case If() | Postselect():
            raise AssertionError("a branch in a Gaussian program")
        case _:
            assert_never(statement)


def _variance(op: Op, elements: Elements) -> RealArray:
    """2n + 1 of a thermal state of n photons; 1 of the vacuum."""
    if op.gate.prepares != "thermal":
        return np.ones(1)
    return 2 * mean_photons(op, elements) + 1


def _directions(detection: str, angle: RealArray) -> tuple[RealArray, float]:
    """The quadratures that a detector reads, shape (B or 1, k, 2), and the noise it adds."""
    if detection == "heterodyne":
        return np.eye(2)[None], 1.0
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)[:, None, :], 0.0
