"""Gates that turn qumodes by the state of qubits, in a cut Fock space: a matrix on the modes for each such state."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from qcompile.gates import Gate
from qcompile.gates.sectors import sectors
from qcompile.operator import PAULI_LETTERS, Operator
from qcompile.targets.simulator import fock
from qcompile.targets.simulator.fock_words import ComplexArray

RealArray = NDArray[np.float64]
Exponential = Callable[[Operator, int, RealArray, int], ComplexArray]


def unitary(gate: Gate, angle: RealArray, cutoff: int) -> ComplexArray:
    """exp(-iθG), shape (B, D, D) for angles of shape (B,), the gate's first wire most significant."""
    return _joined(gate, fock.exponential, angle, cutoff)


def derivative(gate: Gate, angle: RealArray, cutoff: int) -> ComplexArray:
    """d unitary / dθ, exact for the cut matrix."""
    return _joined(gate, fock.slope, angle, cutoff)


def mode_generators(gate: Gate) -> tuple[Operator, ...] | None:
    """The generators on the gate's qumodes, numbered from 0; None where its qubits do not stay in one state."""
    parts = None if gate.generator is None else sectors(gate.generator)
    places = {wire: k for k, wire in enumerate(_of_kind(gate, "qumode"))}
    return None if parts is None else tuple(part.generator.on(places) for part in parts)


def _joined(gate: Gate, of: Exponential, angle: RealArray, cutoff: int) -> ComplexArray:
    generator = fock.generator_of(gate)
    parts, generators = sectors(generator), mode_generators(gate)
    if parts is None or generators is None:
        raise AssertionError(f"{gate.name} mixes the states of its qubits")
    modes = _of_kind(gate, "qumode")
    turned = sorted({wire for word, _ in generator.terms for letter, wire in word if letter in PAULI_LETTERS})
    idle = [wire for wire in _of_kind(gate, "qubit") if wire not in turned]
    total: ComplexArray = np.zeros((), dtype=complex)
    for part, inner in zip(parts, generators, strict=True):
        projector = np.kron(part.states @ part.states.conj().T, np.eye(2 ** len(idle)))
        light = of(inner, len(modes), angle, cutoff)
        total = total + np.einsum("ij,bkl->bikjl", projector, light)
    return _in_order(total, [*turned, *idle, *modes], gate, cutoff)


def _in_order(blocks: ComplexArray, wires: list[int], gate: Gate, cutoff: int) -> ComplexArray:
    """The matrix with its axes moved from that order of wires to the gate's own."""
    sizes = [2 if gate.wires[wire] == "qubit" else cutoff for wire in wires]
    count, order = len(wires), np.argsort(wires)
    tensor = blocks.reshape(-1, *sizes, *sizes).transpose(0, *(1 + order), *(1 + count + order))
    dimension = int(np.prod(sizes))
    return np.ascontiguousarray(tensor.reshape(-1, dimension, dimension))


def _of_kind(gate: Gate, kind: str) -> list[int]:
    return [wire for wire, own in enumerate(gate.wires) if own == kind]
