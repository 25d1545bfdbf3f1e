"""Clifford programs of thousands of qubits: exact expectations, and shots by stim."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcompile.diagnostics import CompileError
from qcompile.ir import Postselect, Program, State
from qcompile.targets.simulator.estimates import Shots, Source, estimates
from qcompile.targets.simulator.extras import check_qubits, is_installed
from qcompile.targets.simulator.options import memory_limit, too_large
from qcompile.targets.simulator.result import Result
from qcompile.targets.simulator.stabilizer.circuits import library
from qcompile.targets.simulator.stabilizer.histories import History, final_histories, means_of
from qcompile.targets.simulator.stabilizer.means import straight_means
from qcompile.targets.simulator.stabilizer.program import Step, Translator, is_straight
from qcompile.targets.simulator.stabilizer.sampling import Replayed, Selected, Straight
from qcompile.targets.simulator.tensor_program import Plan, plan
from qcompile.targets.simulator.values import Bound, Elements
from qcompile.targets.simulator.word_outputs import exact_output

__all__ = ["covers", "run"]


def covers(program: Program, bound: Bound) -> bool:
    """Is every op a Clifford gate or Pauli noise, at every row of the values, and is stim installed?"""
    if not is_installed("stim") or not _is_of_qubits(program) or _memory(program) > memory_limit():
        return False
    lowered = plan(program)
    translator = Translator(lowered)
    try:
        for row in range(bound.batch):
            translator.steps(_row(bound, row))
    except CompileError:
        return False
    return True


def run(program: Program, bound: Bound, shots: Shots | None) -> Result:
    """Every output: exactly, or from shots.

    Raises:
        CompileError: MISSING_CLIENT, TOO_LARGE, NOT_SIMULABLE, BAD_NUMBER, BAD_VALUE.
    """
    library()
    check_qubits(program, "the stabilizer engine")
    if _memory(program) > memory_limit():
        raise too_large(_memory(program), program)
    lowered = plan(program)
    translator = Translator(lowered)
    rows: list[list[NDArray[Any]]] = []
    for row in range(bound.batch):
        elements = _row(bound, row)
        steps = translator.steps(elements)
        generator = None if shots is None else shots.generator(row)
        if shots is None or generator is None:
            rows.append(_exact(lowered, steps, elements))
        else:
            source = _source(lowered, steps, elements)
            rows.append(estimates(program.outputs, lowered.readouts, source, shots.count, generator))
    return Result([np.stack(values) for values in zip(*rows, strict=True)])


def _memory(program: Program) -> float:
    """The bytes of a tableau: four bits for each pair of qubits."""
    return sum(register.length for register in program.registers if register.is_quantum) ** 2 / 2


def _row(bound: Bound, row: int) -> Elements:
    return bound.rows(np.array([row])).elements


def _is_of_qubits(program: Program) -> bool:
    light = any(register.kind == "qumode" for register in program.registers)
    return not light and not any(isinstance(output, State) for output in program.outputs)


def _exact(lowered: Plan, steps: tuple[Step, ...], elements: Elements) -> list[NDArray[Any]]:
    wires, kept = len(lowered.program.kinds), 1.0
    if is_straight(steps):
        means = straight_means(steps, wires)
    else:
        histories = _histories(lowered, steps)
        means, kept = means_of(histories, wires), _kept(histories)
    return [exact_output(output, means, elements, kept) for output in lowered.program.outputs]


def _source(lowered: Plan, steps: tuple[Step, ...], elements: Elements) -> Source:
    cells = len(lowered.program.cell_kinds)
    if is_straight(steps):
        return Straight(elements, cells, 1.0, steps)
    if not any(isinstance(statement, Postselect) for statement in lowered.program.statements()):
        return Replayed(elements, cells, 1.0, steps)
    histories = _histories(lowered, steps)
    return Selected(elements, cells, _kept(histories), histories)


def _histories(lowered: Plan, steps: tuple[Step, ...]) -> list[History]:
    return final_histories(steps, len(lowered.program.kinds), len(lowered.program.cell_kinds))


def _kept(histories: list[History]) -> float:
    return sum(history.weight for history in histories)
