"""A Gaussian program, or a schedule back over one, made ready to run: layers of gates, and between them all else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import Angle
from qcompile.diagnostics import Diagnostic, Span
from qcompile.ir import Adjoint, Backward, Barrier, Gradient, Op, Program, Statement
from qcompile.targets.simulator.angle_table import AngleTable, Same
from qcompile.targets.simulator.gaussian_layers import Item, Layer, layers_of
from qcompile.targets.simulator.gaussian_program import factors, op_factors, refusal
from qcompile.targets.simulator.values import Bound, RealArray

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Steps in order, and the angles of all gates in their layers."""

    steps: tuple[Layer | Statement | Backward, ...]
    angles: AngleTable


@dataclass(frozen=True, slots=True, eq=False)
class WeightedReadings:
    """Component components[k] has slot slots[k] of the output outputs[k], by place among those seen, times a weight."""

    count: int
    components: Indices
    outputs: Indices
    slots: Indices
    weights: AngleTable

    def totals(self, slots: RealArray, bound: Bound) -> RealArray:
        """Shape (components, B), from slots of shape (slots, outputs seen, B)."""
        total = np.zeros((self.count, bound.batch))
        weights = self.weights.values(bound.elements)
        np.add.at(total, self.components, weights.T * slots[self.slots, self.outputs])
        return total


def fault_of(program: Program, shots: int | None = None) -> Diagnostic | None:
    """Why the Gaussian simulator does not take this program; None where it does."""
    return _fault_of(Same(program), shots)


def forward_plan(program: Program) -> Plan:
    return _forward_plan(Same(program))


def backward_plan(module: Adjoint) -> Plan:
    return _backward_plan(Same(module))


@lru_cache(maxsize=64)
def _fault_of(program: Same[Program], shots: int | None) -> Diagnostic | None:
    return refusal(program.value, shots)


@lru_cache(maxsize=32)
def _forward_plan(program: Same[Program]) -> Plan:
    return _planned(factors(program.value))


@lru_cache(maxsize=32)
def _backward_plan(module: Same[Adjoint]) -> Plan:
    return _planned(_backward_factors(module.value))


def readings_of(module: Adjoint) -> WeightedReadings:
    return _readings_of(Same(module))


@lru_cache(maxsize=32)
def _readings_of(module: Same[Adjoint]) -> WeightedReadings:
    components = module.value.components
    seen = sorted({component.output for component in components})
    found = [(k, seen.index(c.output), slot, weight) for k, c in enumerate(components) for weight, slot in c.readings]
    numbers = np.array([row[:3] for row in found], dtype=np.intp).reshape(-1, 3).T
    weights = AngleTable.of([(weight, None) for *_, weight in found])
    return WeightedReadings(len(components), numbers[0], numbers[1], numbers[2], weights)


def _backward_factors(module: Adjoint) -> Iterator[Backward]:
    for step in module.reverse:
        if isinstance(step, Op):
            yield from op_factors(step, module.forward.definitions)
        else:
            yield step


def _planned(statements: Iterable[Statement | Backward]) -> Plan:
    steps: list[Layer | Statement | Backward] = []
    angles: list[tuple[Angle, Span | None]] = []
    run: list[Item] = []
    for statement in statements:
        match statement:
            case Gradient():
                run.append((statement.slot, statement))
            case Op(gate) if gate.generator is not None:
                if statement.wires:  # else a global phase, which moments don't see
                    run.append((len(angles), statement))
                    angle = statement.angles[0]
                    angles.append((-angle if statement.inverse else angle, statement.span))
            case Barrier():
                pass
            case _:
                steps += layers_of(run)
                run.clear()
                steps.append(statement)
    steps += layers_of(run)
    return Plan(tuple(steps), AngleTable.of(angles))
