"""Stabilizer states by history of results, where something depends on results: exact, one state for each history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.ir import Measure, Postselect, Reset
from qcompile.operator import Word
from qcompile.targets.simulator.stabilizer.circuits import append, append_word, library, pauli_string
from qcompile.targets.simulator.stabilizer.program import Choice, Noise, Step
from qcompile.targets.simulator.stabilizer.words import chances, letters_of
from qcompile.targets.simulator.tensor_run import nothing_kept
from qcompile.targets.simulator.values import RealArray
from qcompile.targets.simulator.word_outputs import Means

MAX_HISTORIES = 1024


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """A stabilizer state, in a simulator of stim's, what the cells hold, and the probability among all runs."""

    state: Any
    cells: tuple[int, ...]
    weight: float


def final_histories(steps: Sequence[Step], wires: int, cells: int) -> list[History]:
    """Those at the end; of the runs that selections drop there are none.

    Raises:
        CompileError: NOT_SIMULABLE, where there are too many, or none.
    """
    state = library().TableauSimulator(seed=0)  # nothing is left to chance: each result is asked for
    state.set_num_qubits(wires)
    histories = [History(state, (0,) * cells, 1.0)]
    for step in steps:
        histories = _after(step, histories)
        if not histories:
            raise nothing_kept(getattr(step, "span", None))
    return histories


def means_of(histories: Sequence[History], wires: int) -> Means:
    """Weighted by the histories' shares of the runs kept."""
    kept = sum(history.weight for history in histories)

    def means(words: Sequence[Word]) -> RealArray:
        strings = [pauli_string(word, wires) for word in words]
        total = np.zeros(len(words))
        for history in histories:
            values = [history.state.peek_observable_expectation(string) for string in strings]
            total += history.weight / kept * np.array(values, dtype=float)
        return total

    return means


def _after(step: Step, histories: list[History]) -> list[History]:
    match step:
        case Measure(_, wire, cells):
            found = [part for history in histories for part in _measured(history, wire, cells[0])]
        case Reset(wire):
            found = [part for history in histories for part in _restarted(history, wire)]
        case Noise():
            found = [part for history in histories for part in _struck(history, step)]
        case Postselect(condition):
            return [history for history in histories if _holds(condition, history)]
        case Choice(condition, then, otherwise):
            taken = [history for history in histories if _holds(condition, history)]
            passed = [history for history in histories if not _holds(condition, history)]
            for inner in then:
                taken = _after(inner, taken)
            for inner in otherwise:
                passed = _after(inner, passed)
            found = [*taken, *passed]
        case _:
            circuit = library().Circuit()
            append(circuit, step)
            for history in histories:
                history.state.do(circuit)
            return histories
    if len(found) > MAX_HISTORIES:
        label = f"the program has more than {MAX_HISTORIES} histories of results and noise by here"
        raise error(Code.NOT_SIMULABLE, label, getattr(step, "span", None), "take shots: each is one history")
    return found


def _measured(history: History, wire: int, cell: int) -> Iterator[History]:
    for level, part in _collapsed(history, wire):
        yield replace(part, cells=(*part.cells[:cell], level, *part.cells[cell + 1 :]))


def _restarted(history: History, wire: int) -> Iterator[History]:
    for level, part in _collapsed(history, wire):
        if level:
            part.state.x(wire)
        yield part


def _collapsed(history: History, wire: int) -> Iterator[tuple[int, History]]:
    known = history.state.peek_z(wire)
    if known:
        yield (1 - known) // 2, history
        return
    for level in (0, 1):
        state = history.state.copy()
        state.postselect_z(wire, desired_value=bool(level))
        yield level, History(state, history.cells, history.weight / 2)


def _struck(history: History, noise: Noise) -> Iterator[History]:
    for code, chance in enumerate(chances(noise.table)):
        if chance > 0:
            state, circuit = history.state.copy(), library().Circuit()
            append_word(circuit, letters_of(code, noise.wires))
            state.do(circuit)
            yield History(state, history.cells, history.weight * float(chance))


def _holds(condition: Sequence[tuple[int, bool]], history: History) -> bool:
    return all(bool(history.cells[cell]) == value for cell, value in condition)
