"""Runs adjoint programs: the forward state and one bra per output, walked back along the schedule together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from qcompile.angle import Angle
from qcompile.diagnostics import Code, CompileError, error
from qcompile.grammar import invert
from qcompile.ir import (
    Adjoint,
    AdjointComponent,
    Backward,
    Barrier,
    Covariance,
    Expectation,
    Gradient,
    Measure,
    Op,
    Postselect,
    Probabilities,
    Program,
    Reset,
    Undo,
    Variance,
)
from qcompile.targets.simulator import gaussian
from qcompile.targets.simulator.adjoint_outputs import Slots, Start, Walked, add, count_bras
from qcompile.targets.simulator.adjoint_tape import Applied, Branched, Record, Recorder, Tape, Vectors
from qcompile.targets.simulator.adjoint_taped import is_own, own_change, taped, turned
from qcompile.targets.simulator.engine import check_size, row_parts, takes_gaussian
from qcompile.targets.simulator.kept_states import read_derivatives
from qcompile.targets.simulator.native import derivatives, native
from qcompile.targets.simulator.options import Options, check_sweeping
from qcompile.targets.simulator.tensor import apply_all, dagger
from qcompile.targets.simulator.tensor_operators import inner
from qcompile.targets.simulator.tensor_outputs import leakage
from qcompile.targets.simulator.tensor_program import plan
from qcompile.targets.simulator.tensor_run import Branch
from qcompile.targets.simulator.values import Bound, RealArray, value_of

STEEPEST = 1e6  # a slope that leaves ten digits behind the point
_WAY_OUT = "use `--method shift`"


@dataclass(frozen=True, slots=True)
class Swept:
    """One array of shape (batch, …) per output of the forward program and per component, and what the cut lost."""

    outputs: list[RealArray]
    components: list[RealArray]
    leakage: float = 0.0


def sweep(module: Adjoint, bound: Bound, options: Options) -> Swept:
    """Runs the program forward and walks back along the schedule.

    Raises:
        CompileError: METHOD, TOO_LARGE, NOT_SIMULABLE, BAD_NUMBER, BAD_VALUE, BAD_MODULE.
    """
    _check(module, options)
    if takes_gaussian(module.forward, options):
        return Swept(*gaussian.adjoint(module, bound, options))
    wanted = tuple(dict.fromkeys(component.wrt for component in module.components))
    fused = native(module.forward, options, wanted)
    if fused is not None:
        found = read_derivatives(module, bound, options, wanted)
        return Swept(*(found or derivatives(fused, module, bound)))
    check_size(module.forward, options.cutoff)
    has_qumodes = "qumode" in module.forward.kinds
    copies = 5 + count_bras(module, options.cutoff) + (2 * len(module.reverse) if has_qumodes else 0)
    walk = taped if has_qumodes and is_unitary(module.forward) else uncomputed
    parts: list[Swept] = []
    for rows in row_parts(plan(module.forward), bound.batch, options.cutoff, copies):
        part = bound.rows(rows)
        walked = walk(module, part, options.cutoff)
        components = [_component(k, module, walked, part) for k in range(len(module.components))]
        parts.append(Swept(walked.start.values, components, walked.leakage))
    return Swept(
        [np.concatenate(arrays) for arrays in zip(*(part.outputs for part in parts), strict=True)],
        [np.concatenate(arrays) for arrays in zip(*(part.components for part in parts), strict=True)],
        max(part.leakage for part in parts),
    )


def _check(module: Adjoint, options: Options) -> None:
    if options.shots is not None:
        raise error(Code.METHOD, "an adjoint program is exact and takes no shots", help=_WAY_OUT)
    check_sweeping(options)
    for output in module.forward.outputs:
        if not isinstance(output, Expectation | Variance | Covariance | Probabilities):
            label = "the adjoint method differentiates expectations, variances, covariances and probabilities"
            raise error(Code.METHOD, label, output.span, _WAY_OUT)
    for statement in module.forward.statements() if "qumode" in module.forward.kinds else ():
        if isinstance(statement, Postselect):
            raise error(Code.METHOD, "post-selected light has no adjoint", statement.span, _WAY_OUT)


def is_unitary(program: Program) -> bool:
    """Are there gates only, and preparations?"""
    return all(isinstance(s, Barrier) or (isinstance(s, Op) and not s.gate.channel) for s in program.body)


def _component(number: int, module: Adjoint, walked: Walked, bound: Bound) -> RealArray:
    component = module.components[number]
    found = zip(walked.start.owners, walked.slots, strict=True)
    observed = walked.start.observed[number]
    totals = [observed + _weighted(component, slots, bound) for owner, slots in found if owner == component.output]
    shaped = isinstance(module.forward.outputs[component.output], Probabilities)
    return np.stack(totals, axis=1) if shaped else totals[0]


def _weighted(component: AdjointComponent, slots: Slots, bound: Bound) -> RealArray:
    total = np.zeros(bound.batch)
    for weight, slot in component.readings:
        total = total + _slope(weight, component, bound) * slots.get(slot, 0.0)
    return total


def _slope(weight: Angle, component: AdjointComponent, bound: Bound) -> RealArray:
    """A slope that grows without bound multiplies a gradient that goes to 0, and with it what rounding left of that."""
    try:
        value = value_of(weight, bound.elements)
    except CompileError as fault:
        raise _steep(component) from fault
    if not weight.is_constant and np.abs(value).max() > STEEPEST:
        raise _steep(component)
    return value


def _steep(component: AdjointComponent) -> CompileError:
    label = f"an angle's slope by `{component.wrt}` is too steep here, as at the ends of a channel's strength"
    return error(Code.BAD_NUMBER, label, help="use `--method shift`, or give the parameter another value")


def uncomputed(module: Adjoint, bound: Bound, cutoff: int) -> Walked:
    """On qubits uncompute ops act on kets and bras alike; kets of light come off the tape."""
    recorder = Recorder(module.forward, bound, 1 + len(module.components), cutoff)
    kets, tape = recorder.run()
    levels = recorder.levels
    lost = leakage([Branch(ket, ()) for ket in kets]) if recorder.is_light else 0.0
    start = Start.of(module, kets, levels, bound)
    slots: list[Slots] = [{} for _ in start.owners]
    histories = [[ket, *(bras[h] for bras in start.bras)] for h, ket in enumerate(kets)]
    nothing = [np.zeros((1, *levels), dtype=complex)] * (1 + len(slots))
    _Walk(recorder, nothing, slots).back(module.reverse, histories, tape)
    return Walked(start, slots, lost)


@dataclass(slots=True)
class _Walk:
    """On its way back; `slots` holds what the gradients of each bra have come to.

    While the schedule undoes gate by gate what the tape holds, it is `in_step`, and takes kets off the tape. One that
    was optimised may do otherwise.
    """

    recorder: Recorder
    nothing: Vectors
    slots: Sequence[Slots]
    in_step: bool = True

    def back(self, steps: Iterable[Backward], histories: list[Vectors], tape: Tape) -> list[Vectors]:
        """The histories before these steps; each step that is no gate takes a record off the tape."""
        for step in steps:
            match step:
                case Gradient():
                    self._read(step, histories, tape)
                case Op(gate) if gate.is_unitary:
                    histories = self._over_gate(step, histories, tape)
                case Op() | Measure() | Reset() | Postselect() | Undo():
                    histories = self._over(step, histories, tape)
                case _:
                    assert_never(step)
        return histories

    def _over_gate(self, op: Op, histories: list[Vectors], tape: Tape) -> list[Vectors]:
        last = tape[-1] if tape and self.in_step else None
        if isinstance(last, Applied) and invert(last.op) == op:
            tape.pop()
            back = [dagger(action) for action in reversed(last.maps)]
            pairs = zip(last.kets, histories, strict=True)
            return [[ket, *(apply_all(back, bra) for bra in bras)] for ket, (_, *bras) in pairs]
        self._out_of_step()
        maps = self.recorder.maps(op)
        return [[apply_all(maps, vector) for vector in history] for history in histories]

    def _next(self, tape: Tape) -> Record:
        record = tape.pop()
        while isinstance(record, Applied):
            self._out_of_step()
            record = tape.pop()
        return record

    def _over(self, step: Backward, histories: list[Vectors], tape: Tape) -> list[Vectors]:
        record = self._next(tape)
        before = record.unmixed(histories)
        if not isinstance(record.step, Branched):
            return record.step.undone(before, self.nothing)
        if not isinstance(step, Undo):
            raise AssertionError("the schedule does not mirror the program")
        branched = record.step
        then = self._through(step.then, before[: branched.out], branched.then, any(branched.chosen))
        otherwise = self._through(step.otherwise, before[branched.out :], branched.otherwise, not all(branched.chosen))
        return [next(then if chosen else otherwise) for chosen in branched.chosen]

    def _through(
        self, steps: tuple[Backward, ...], histories: list[Vectors], tape: Tape, is_taken: bool
    ) -> Iterator[Vectors]:
        """A branch that no history took has no tape."""
        before = self.back(steps, histories, tape) if is_taken else []
        if tape:
            self._out_of_step()
        return iter(before)

    def _out_of_step(self) -> None:
        self.in_step = False
        if self.recorder.is_light:
            label = "this way back was optimised, and cut gates of light with noise or results go back one by one"
            raise error(Code.METHOD, label, help="optimise the program, then differentiate it")

    def _read(self, gradient: Gradient, histories: list[Vectors], tape: Tape) -> None:
        last = tape[-1] if tape else None
        for number, (ket, *bras) in enumerate(histories):
            if isinstance(last, Applied) and is_own(gradient, last.op):
                image = own_change(last.op, last.kets[number], self.recorder.bound, self.recorder.cutoff)
            else:
                image = turned(gradient, self.recorder.bound, ket)
            for slots, bra in zip(self.slots, bras, strict=True):
                add(slots, gradient.slot, 2 * inner(bra, image).imag)
