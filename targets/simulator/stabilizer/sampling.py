"""Shots of stabilizer programs: all at once where nothing depends on a result, else one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcompile.ir import Measure, State
from qcompile.targets.simulator.estimates import Integers, Setting
from qcompile.targets.simulator.sampling import chosen_histories
from qcompile.targets.simulator.stabilizer.circuits import append, append_setting, circuit_of, library
from qcompile.targets.simulator.stabilizer.histories import History
from qcompile.targets.simulator.stabilizer.program import Choice, Step
from qcompile.targets.simulator.values import Elements, RealArray

_SEEDS = 1 << 62


@dataclass(frozen=True, slots=True)
class _Row:
    elements: Elements
    cells: int
    kept: float

    def levels(self, wire: int) -> int:
        if wire < 0:
            raise AssertionError("wires are numbered from 0")
        return 2

    def state(self, output: State) -> NDArray[Any]:
        raise AssertionError(f"{output}: no state vector is made")


@dataclass(frozen=True, slots=True)
class Straight(_Row):
    """A program in which nothing depends on a result."""

    steps: tuple[Step, ...]

    def draw(self, setting: Setting, shots: int, generator: np.random.Generator) -> tuple[RealArray, Integers]:
        circuit = circuit_of(self.steps)
        append_setting(circuit, setting)
        table = _sampled(circuit, shots, generator)
        held = np.zeros((shots, self.cells), dtype=np.intp)
        for place, step in enumerate(step for step in self.steps if isinstance(step, Measure)):
            held[:, step.cells[0]] = table[:, place]
        return table[:, table.shape[1] - len(setting) :].astype(np.float64), held


@dataclass(frozen=True, slots=True)
class Replayed(_Row):
    """A program that is run anew for each shot."""

    steps: tuple[Step, ...]

    def draw(self, setting: Setting, shots: int, generator: np.random.Generator) -> tuple[RealArray, Integers]:
        stim = library()
        ending = stim.Circuit()
        append_setting(ending, setting)
        outcomes, held = np.zeros((shots, len(setting))), np.zeros((shots, self.cells), dtype=np.intp)
        program = _joined(self.steps)
        for shot, seed in enumerate(generator.integers(_SEEDS, size=shots)):
            simulator = stim.TableauSimulator(seed=int(seed))
            _replay(program, simulator, held[shot])
            before = len(simulator.current_measurement_record())
            simulator.do(ending)
            outcomes[shot] = simulator.current_measurement_record()[before:]
        return outcomes, held


@dataclass(frozen=True, slots=True)
class Selected(_Row):
    """Histories of which selections have kept some."""

    histories: Sequence[History]

    def draw(self, setting: Setting, shots: int, generator: np.random.Generator) -> tuple[RealArray, Integers]:
        chosen = chosen_histories([history.weight for history in self.histories], shots, generator)
        outcomes, held = np.zeros((shots, len(setting))), np.zeros((shots, self.cells), dtype=np.intp)
        for k, history in enumerate(self.histories):
            place = np.flatnonzero(chosen == k)
            held[place] = history.cells
            if len(place) and setting:
                circuit = history.state.current_inverse_tableau().inverse().to_circuit("elimination")
                append_setting(circuit, setting)
                outcomes[place] = _sampled(circuit, len(place), generator)
        return outcomes, held


_Part = Any  # a circuit of stim's, a measurement, or a choice with its bodies joined


def _joined(steps: Sequence[Step]) -> list[_Part]:
    """Steps between those that read or write a cell, as one circuit each."""
    stim = library()
    parts: list[_Part] = []
    for step in steps:
        match step:
            case Measure():
                parts.append(step)
            case Choice(condition, then, otherwise):
                parts.append((condition, _joined(then), _joined(otherwise)))
            case _:
                if not parts or not isinstance(parts[-1], stim.Circuit):
                    parts.append(stim.Circuit())
                append(parts[-1], step)
    return parts


def _replay(parts: Sequence[_Part], simulator: Any, cells: Integers) -> None:
    for part in parts:
        match part:
            case Measure(_, wire, (cell,)):
                cells[cell] = simulator.measure(wire)
            case (condition, then, otherwise):
                holds = all(bool(cells[cell]) == value for cell, value in condition)
                _replay(then if holds else otherwise, simulator, cells)
            case _:
                simulator.do(part)


def _sampled(circuit: Any, shots: int, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Shape (shots, measurements)."""
    seed = int(generator.integers(_SEEDS))
    if not shots or not circuit.num_measurements:
        return np.zeros((shots, circuit.num_measurements), dtype=bool)
    found: NDArray[np.bool_] = circuit.compile_sampler(seed=seed).sample(shots)
    return found
