"""Steps as circuits of stim: Clifford gates by their tableaus, turns about words, Pauli noise by its chances."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from qcompile.ir import Measure, Reset
from qcompile.operator import Word
from qcompile.targets.simulator.estimates import Setting
from qcompile.targets.simulator.extras import imported
from qcompile.targets.simulator.stabilizer.program import Gated, Noise, Step, Turn
from qcompile.targets.simulator.stabilizer.words import Table, chances, letters_of
from qcompile.targets.simulator.values import RealArray

_TURNS = {1: "SPP", 3: "SPP_DAG"}
_TO_Z = {"X": "H", "Y": "H_YZ"}


def library() -> Any:
    """stim; raises MISSING_CLIENT."""
    return imported("stim", "stabilizer", "the stabilizer engine")


def circuit_of(steps: Iterable[Step]) -> Any:
    """Gates, noise, measurements and resets."""
    circuit = library().Circuit()
    for step in steps:
        append(circuit, step)
    return circuit


def append(circuit: Any, step: Step) -> None:
    match step:
        case Gated(table, wires):
            for name, targets in _instructions(table):
                circuit.append(name, [wires[k] for k in targets])
        case Turn(word, 2):
            append_word(circuit, word)
        case Turn(word, quarters):
            circuit.append(_TURNS[quarters], _product(word))
        case Noise(table, wires):
            _append_noise(circuit, chances(table), wires)
        case Measure(_, wire):
            circuit.append("M", [wire])
        case Reset(wire):
            circuit.append("R", [wire])
        case _:
            raise AssertionError("what depends on a result is no part of a circuit")


def append_word(circuit: Any, word: Word) -> None:
    for letter, wire in word:
        circuit.append(letter, [wire])


def append_setting(circuit: Any, setting: Setting) -> None:
    """Measures the setting's wires, in its order."""
    for wire, basis in setting.items():
        if basis in _TO_Z:
            circuit.append(_TO_Z[str(basis)], [wire])
    if setting:
        circuit.append("M", list(setting))


def pauli_string(word: Word, wires: int) -> Any:
    found = library().PauliString(wires)
    for letter, wire in word:
        found[wire] = letter
    return found


@lru_cache(maxsize=4096)
def _instructions(table: Table) -> list[tuple[str, list[int]]]:
    """The gate on wires 0, 1, … as stim's own gates, from what it makes of each X and Z."""
    stim = library()
    count = (len(table.factors).bit_length() - 1) // 2
    images: list[Any] = []
    for k in range(2 * count):
        code, sign = table.forward(1 << k)
        image = pauli_string(letters_of(code, range(count)), count)
        images.append(image * sign)
    tableau = stim.Tableau.from_conjugated_generators(xs=images[:count], zs=images[count:])
    parts = tableau.to_circuit("elimination")
    return [(part.name, [target.value for target in part.targets_copy()]) for part in parts]


def _append_noise(circuit: Any, probabilities: RealArray, wires: tuple[int, ...]) -> None:
    """Each word with its chance, given that none before it came up."""
    left, name = 1.0, "E"
    for code in range(1, len(probabilities)):
        share = float(probabilities[code])
        if share > 0:
            targets = [_target(letter, wire) for letter, wire in letters_of(code, wires)]
            circuit.append(name, targets, min(1.0, share / left))
            left, name = max(left - share, np.finfo(float).tiny), "ELSE_CORRELATED_ERROR"


def _product(word: Word) -> list[Any]:
    stim = library()
    found: list[Any] = []
    for letter, wire in word:
        found += [_target(letter, wire), stim.target_combiner()]
    return found[:-1]


def _target(letter: str, wire: int) -> Any:
    return library().target_pauli(wire, letter)
