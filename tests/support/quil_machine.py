"""Exact outcomes of small Quil programs as pyQuil parses them, with its matrices: memory is carried out concretely."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

State = NDArray[np.complex128]
Place = tuple[str, int]
_SMALL = 1e-13
_COMPARISONS = {"Equal": operator.eq, "GreaterThan": operator.gt, "GreaterThanOrEqual": operator.ge,
                "LessThan": operator.lt, "LessThanOrEqual": operator.le}  # fmt: skip
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "Add": operator.add,
    "Subtract": operator.sub,
    "Multiply": operator.mul,
}
_LOGIC: dict[str, Callable[[int, int], int]] = {"And": int.__and__, "Ior": int.__or__, "Xor": int.__xor__}


@dataclass
class Run:
    """One way through a program: where it is, its state, and its memory."""

    at: int
    state: State
    memory: dict[Place, float] = field(default_factory=dict[Place, float])


def quil_states(text: str, initial: State, values: Mapping[Place, float] | None = None) -> list[State]:
    """The states, each with its weight, that the program may end in."""
    from pyquil import Program

    program: Any = Program(text)
    values = {(name, k): 0.0 for name, region in program.declarations.items() for k in range(region.memory_size)} | {
        **(values or {})
    }
    steps: list[Any] = list(program.instructions)
    labels = {_label(step): at for at, step in enumerate(steps) if type(step).__name__ == "JumpTarget"}
    kinds = {step.name: step.memory_type for step in steps if type(step).__name__ == "Declare"}
    gates = {gate.name: gate for gate in program.defined_gates}
    ended, runs = list[State](), [Run(0, initial, values)]
    while runs:
        run = runs.pop()
        if run.at >= len(steps) or type(steps[run.at]).__name__ == "Halt":
            ended.append(run.state)
            continue
        runs += _stepped(steps[run.at], run, labels, kinds, gates)
    return ended


def quil_distribution(text: str, qubits: int, values: Mapping[Place, float] | None = None) -> dict[int, float]:
    """The probability of each basis state of the qubits at the end, qubit 0 most significant."""
    initial = np.zeros((2,) * qubits + (1,), dtype=complex)
    initial[(0,) * qubits] = 1
    return weights(quil_states(text, initial, values))


def weights(states: list[State]) -> dict[int, float]:
    total = sum(np.abs(state.reshape(-1)) ** 2 for state in states)
    return {number: float(weight) for number, weight in enumerate(np.atleast_1d(total)) if weight > 1e-10}


def _stepped(step: Any, run: Run, labels: Mapping[str, int], kinds: Mapping[str, str], gates: Any) -> list[Run]:
    run.at += 1
    match type(step).__name__:
        case "Gate":
            qubits = [qubit.index for qubit in step.qubits]
            run.state = _apply(_modified(step, run.memory, gates), qubits, run.state)
        case "Measurement":
            return _measured(step, run)
        case "Jump":
            run.at = labels[_label(step)]
        case "JumpWhen" | "JumpUnless":
            if bool(_get(run, step.condition)) == (type(step).__name__ == "JumpWhen"):
                run.at = labels[_label(step)]
        case "ResetQubit":
            return _reset(run, [step.qubit.index])
        case "Reset":
            return _reset(run, range(run.state.ndim - 1))
        case "Declare" | "JumpTarget" | "Nop" | "Wait" | "Pragma" | "Fence" | "DefCircuit":
            pass
        case _:
            _compute(step, run, kinds)
    return [run]


def _compute(step: Any, run: Run, kinds: Mapping[str, str]) -> None:
    name = type(step).__name__
    if name == "ClassicalExchange":
        left, right = _place(step.left), _place(step.right)
        run.memory[left], run.memory[right] = run.memory.get(right, 0), run.memory.get(left, 0)
        return
    if name == "ClassicalLoad":
        offset = int(_get(run, step.right))
        run.memory[_place(step.target)] = run.memory.get((step.left, offset), 0)
        return
    if name == "ClassicalStore":
        run.memory[step.target, int(_get(run, step.left))] = _get(run, step.right)
        return
    if name == "ClassicalComparison":
        compare = _COMPARISONS[str(step.operator).rpartition(".")[2]]
        run.memory[_place(step.target)] = int(compare(_get(run, step.left), _get(run, step.right)))
        return
    target = _place(step.target if name == "UnaryClassicalInstruction" else step.left)
    run.memory[target] = _computed(step, name, run, kinds[target[0]])


def _computed(step: Any, name: str, run: Run, kind: str) -> float:
    if name == "UnaryClassicalInstruction":
        value = _get(run, step.target)
        if str(step.operator).endswith("Neg"):
            return -value
        return {"BIT": 1 - value, "OCTET": 255 - value, "INTEGER": -1 - value}[kind]
    right = _get(run, step.right)
    if name == "ClassicalMove":
        return right
    if name == "ClassicalConvert":
        return {"BIT": int(right != 0), "INTEGER": round(right), "REAL": float(right)}[kind]
    word, left = str(step.operator).rpartition(".")[2], _get(run, step.left)
    if word in _LOGIC:
        return _LOGIC[word](int(left), int(right))
    if word in _ARITHMETIC:
        return _ARITHMETIC[word](left, right)
    return left // right if kind == "INTEGER" else left / right


def _label(step: Any) -> str:
    return str(step.out()).partition("@")[2].split()[0]


def _place(reference: Any) -> Place:
    return reference.name, reference.offset


def _get(run: Run, operand: Any) -> float:
    return run.memory.get(_place(operand), 0) if hasattr(operand, "offset") else operand


def _modified(step: Any, memory: Mapping[Place, float], gates: Any) -> State:
    """The matrix with its modifiers; the first of them is the outermost."""
    from pyquil.quilatom import MemoryReference, substitute

    known: Any = {MemoryReference(*place): value for place, value in memory.items()}
    angles = [complex(substitute(angle, known)).real for angle in step.params]
    return _under(list(step.modifiers), angles, step.name, gates)


def _under(modifiers: list[str], angles: list[float], name: str, gates: Any) -> State:
    from pyquil.simulation.matrices import QUANTUM_GATES

    if not modifiers:
        if name in gates:
            return _defined(gates[name], angles)
        found: Any = QUANTUM_GATES[name]
        return np.array(found(*angles) if angles else found, dtype=complex)
    first, *rest = modifiers
    if first == "DAGGER":
        return _under(rest, angles, name, gates).conj().T.copy()
    half = len(angles) // 2
    lower = _under(rest, angles[half:] if first == "FORKED" else angles, name, gates)
    upper = _under(rest, angles[:half], name, gates) if first == "FORKED" else np.eye(len(lower))
    return np.kron(np.diag([1, 0]), upper) + np.kron(np.diag([0, 1]), lower)


def _defined(gate: Any, angles: list[float]) -> State:
    from pyquil.quilatom import substitute

    if "Permutation" in repr(gate.specification):
        rows = gate.specification.to_permutation()
        permuted: State = np.eye(len(rows), dtype=complex)[rows]
        return permuted
    known: Any = dict(zip(gate.parameters or [], angles, strict=True))
    entries: list[list[complex]] = [[complex(substitute(entry, known)) for entry in row] for row in gate.matrix]
    return np.array(entries, dtype=complex)


def _apply(matrix: State, qubits: list[int], state: State) -> State:
    count = len(qubits)
    shaped = matrix.reshape((2,) * (2 * count))
    moved: State = np.tensordot(shaped, state, axes=(range(count, 2 * count), qubits))
    return np.moveaxis(moved, range(count), qubits)


def _measured(step: Any, run: Run) -> list[Run]:
    found = list[Run]()
    for value in (0, 1):
        state = _projected(run.state, step.qubit.index, value)
        if np.vdot(state, state).real > _SMALL:
            memory = dict(run.memory)
            if step.classical_reg is not None:
                memory[_place(step.classical_reg)] = value
            found.append(Run(run.at, state, memory))
    return found


def _reset(run: Run, qubits: Any) -> list[Run]:
    found, flip = list[Run](), np.array([[0, 1], [1, 0]], dtype=complex)
    for values in product((0, 1), repeat=len(list(qubits))):
        state = run.state
        for qubit, value in zip(qubits, values, strict=True):
            state = _projected(state, qubit, value)
            state = _apply(flip, [qubit], state) if value else state
        if np.vdot(state, state).real > _SMALL:
            found.append(Run(run.at, state, dict(run.memory)))
    return found


def _projected(state: State, qubit: int, value: int) -> State:
    kept = np.zeros_like(state)
    place = (slice(None),) * qubit + (value,)
    kept[place] = state[place]
    return kept
