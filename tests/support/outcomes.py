"""Exact outcomes of small programs with measurements, by following every branch: of ours, and of Qiskit's circuits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from dense import op_matrix
from numpy.typing import NDArray

from qcompile.angle import Element, number, substitute
from qcompile.grammar import decompose
from qcompile.ir import Barrier, If, Measure, Op, Program, Reset, Statement

State = NDArray[np.complex128]
Bits = frozenset[int]
"""The bits that are 1."""
Branches = dict[Bits, list[State]]
"""States by the bits measured, each of shape (2, …, 2, k) for k initial states; qubit 0 first."""
_SMALL = 1e-13


def program_branches(program: Program, initial: State, values: Mapping[Element, float] | None = None) -> Branches:
    """What a program's qubits and cells end in; barriers do nothing."""
    bound = {element: number(value) for element, value in (values or {}).items()}
    return _run(program.body, {frozenset(): [initial]}, _matrices(program, bound))


def circuit_branches(circuit: Any, initial: State) -> Branches:
    """What a Qiskit circuit's qubits and classical bits end in, by its own matrices."""
    return _run_circuit(circuit, {frozenset(): [initial]}, list(circuit.qubits), list(circuit.clbits), circuit)


def distribution(branches: Branches) -> dict[Bits, float]:
    """The probability of each outcome."""
    weights = {bits: sum(float(np.vdot(s, s).real) for s in states) for bits, states in branches.items()}
    return {bits: weight for bits, weight in weights.items() if weight > 1e-10}


def zero_state(qubits: int) -> State:
    state = np.zeros((2,) * qubits + (1,), dtype=complex)
    state[(0,) * qubits] = 1
    return state


def probe_states(qubits: int) -> State:
    """All basis states of few qubits, some random states of more."""
    if qubits <= 6:
        return np.eye(2**qubits, dtype=complex).reshape((2,) * qubits + (2**qubits,))
    generator = np.random.default_rng(7)
    states = generator.normal(size=(2**qubits, 3)) + 1j * generator.normal(size=(2**qubits, 3))
    scaled: State = states / np.linalg.norm(states, axis=0)
    return scaled.reshape((2,) * qubits + (3,))


def apply(matrix: State, wires: Iterable[int], state: State) -> State:
    """The matrix on the wires, the first most significant."""
    wires = tuple(wires)
    shaped = matrix.reshape((2,) * (2 * len(wires)))
    moved: State = np.tensordot(shaped, state, axes=(range(len(wires), 2 * len(wires)), wires))
    return np.moveaxis(moved, range(len(wires)), wires)


def _matrices(program: Program, bound: Mapping[Element, Any]) -> Callable[[Op], State]:
    @cache
    def matrix(op: Op) -> State:
        width = len(op.wires)
        if not (op.gate.is_primitive or op.gate.word):
            total = np.eye(2**width, dtype=complex).reshape((2,) * width + (2**width,))
            for inner in decompose(op, program.definitions):
                total = apply(matrix(_alone(inner)), inner.wires, total)
            return total.reshape(2**width, 2**width)
        return op_matrix(op, {})

    def of(op: Op) -> State:
        angles = tuple(substitute(angle, bound) for angle in op.angles)
        return matrix(_alone(replace(op, angles=angles)))

    return of


def _alone(op: Op) -> Op:
    """The op on wires 0, 1, …"""
    return replace(op, wires=tuple(range(len(op.wires))), span=None)


def _run(body: Iterable[Statement], branches: Branches, matrix: Callable[[Op], State]) -> Branches:
    for step in body:
        match step:
            case Op():
                branches = {b: [apply(matrix(step), step.wires, s) for s in states] for b, states in branches.items()}
            case Measure(_, wire, (cell,)):
                branches = _measured(branches, wire, cell)
            case Reset(wire):
                branches = _reset(branches, wire)
            case If(condition, then, otherwise):
                holds = {b for b in branches if all((cell in b) == value for cell, value in condition)}
                yes = _run(then, {b: branches[b] for b in branches if b in holds}, matrix)
                branches = _joined(yes, _run(otherwise, {b: branches[b] for b in branches if b not in holds}, matrix))
            case Barrier():
                pass
            case _:
                raise TypeError(f"{step} is not followed here")
    return branches


def _run_circuit(circuit: Any, branches: Branches, qubits: list[Any], clbits: list[Any], outer: Any) -> Branches:
    from qiskit.quantum_info import Operator

    wires = {qubit: outer.qubits.index(found) for qubit, found in zip(circuit.qubits, qubits, strict=True)}
    cells = {bit: outer.clbits.index(bit) for bit in outer.clbits}
    cells |= {bit: outer.clbits.index(found) for bit, found in zip(circuit.clbits, clbits, strict=True)}
    phase = np.exp(1j * float(circuit.global_phase))
    branches = {b: [phase * s for s in states] for b, states in branches.items()}
    for item in circuit.data:
        operation, on = item.operation, [wires[qubit] for qubit in item.qubits]
        match operation.name:
            case "measure":
                branches = _measured(branches, on[0], cells[item.clbits[0]])
            case "reset":
                branches = _reset(branches, on[0])
            case "barrier" | "delay":
                pass
            case "if_else":
                target, value = operation.condition
                bits = [target] if type(target).__name__ == "Clbit" else list(target)
                holds = {b for b in branches if sum((cells[x] in b) << k for k, x in enumerate(bits)) == int(value)}
                inner = [outer.qubits[wire] for wire in on], [outer.clbits[cells[bit]] for bit in item.clbits]
                sides = [{b: branches[b] for b in branches if (b in holds) == side} for side in (True, False)]
                blocks = [*operation.blocks, None][:2]
                ran = [_run_circuit(k, s, *inner, outer) if k else s for k, s in zip(blocks, sides, strict=True)]
                branches = _joined(*ran)
            case _:
                data = Operator(operation).data
                branches = {b: [apply(data, reversed(on), s) for s in states] for b, states in branches.items()}
    return branches


def _measured(branches: Branches, wire: int, cell: int) -> Branches:
    found: Branches = {}
    for bits, states in branches.items():
        for value in (0, 1):
            kept = [_projected(state, wire, value) for state in states]
            kept = [state for state in kept if np.vdot(state, state).real > _SMALL]
            if kept:
                found.setdefault(bits | {cell} if value else bits - {cell}, []).extend(kept)
    return found


def _reset(branches: Branches, wire: int) -> Branches:
    flip = np.array([[0, 1], [1, 0]], dtype=complex)
    found: Branches = {}
    for bits, states in branches.items():
        kept = [_projected(state, wire, 0) for state in states]
        kept += [apply(flip, (wire,), _projected(state, wire, 1)) for state in states]
        found[bits] = [state for state in kept if np.vdot(state, state).real > _SMALL]
    return found


def _projected(state: State, wire: int, value: int) -> State:
    kept = np.zeros_like(state)
    place = (slice(None),) * wire + (value,)
    kept[place] = state[place]
    return kept


def _joined(first: Branches, second: Branches) -> Branches:
    return {b: [*first.get(b, []), *second.get(b, [])] for b in dict.fromkeys((*first, *second))}
