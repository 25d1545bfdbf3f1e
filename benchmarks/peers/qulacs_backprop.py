"""Qulacs: the value from a run, the gradient from its backprop. OMP_NUM_THREADS sets the threads."""

from __future__ import annotations

from typing import Any

import numpy as np
from qulacs import Observable, ParametricQuantumCircuit, QuantumCircuit, QuantumState
from qulacs.circuit import QuantumCircuitOptimizer
from qulacs.gate import U1, DenseMatrix, PauliRotation, to_matrix_gate
from workloads import Array, Gate, Workload

from peers import Prepared, Setting
from peers.excitations import rotations

FIXED = {"h": "add_H_gate", "x": "add_X_gate", "cx": "add_CNOT_gate", "cz": "add_CZ_gate", "swap": "add_SWAP_gate"}
LETTERS = " XYZ"
BLOCK = 2  # qubits of a fused gate


def prepare(workload: Workload, _setting: Setting) -> Prepared:
    return _state(workload) if workload.task == "state" else _gradient(workload)


def _state(workload: Workload) -> Prepared:
    circuit, state = QuantumCircuit(workload.qubits), QuantumState(workload.qubits)
    angles = workload.angles()
    for gate in workload.gates:
        if gate.parameter is not None:
            gate = Gate(gate.name, gate.wires, angle=angles[gate.parameter])
        _add_constant(circuit, gate)
    QuantumCircuitOptimizer().optimize(circuit, BLOCK)

    def call(_angles: Array) -> Any:
        state.set_zero_state()
        circuit.update_quantum_state(state)
        return state

    axes = range(workload.qubits - 1, -1, -1)  # the first qubit is the least significant
    return Prepared(call, lambda state: state.get_vector().reshape([2] * workload.qubits).transpose(axes).ravel())


def _gradient(workload: Workload) -> Prepared:
    circuit, slots, factors = _parametric(workload)
    measured, state = _observable(workload), QuantumState(workload.qubits)
    rows = workload.data() if workload.batch else np.zeros((1, 0))

    def call(angles: Array) -> Array:
        total = np.zeros(1 + workload.parameters + workload.inputs)
        for row in rows:
            for k, angle in enumerate((factors * np.concatenate([angles, row])[slots]).tolist()):
                circuit.set_parameter(k, angle)
            state.set_zero_state()
            circuit.update_quantum_state(state)
            total[0] += measured.get_expectation_value(state)
            np.add.at(total, 1 + slots, factors * circuit.backprop(measured))
        mean: Array = total[: 1 + workload.parameters] / len(rows)
        return mean

    return Prepared(call, lambda found: found)


def _parametric(workload: Workload) -> tuple[Any, Array, Array]:
    """The circuit, and for each of its parameters the entry it depends on (inputs last) and the factor."""
    circuit, slots, factors = ParametricQuantumCircuit(workload.qubits), list[int](), list[float]()
    for gate in workload.gates:
        if gate.parameter is None and gate.data is None:
            _add_constant(circuit, gate)
            continue
        slot = gate.parameter if gate.parameter is not None else workload.parameters + (gate.data or 0)
        for factor, word in rotations(gate):
            letters = [LETTERS.index(letter) for letter in word]
            if len(word) == 1:
                getattr(circuit, f"add_parametric_R{word}_gate")(*gate.wires, 0.0)
            else:
                circuit.add_parametric_multi_Pauli_rotation_gate(list(gate.wires), letters, 0.0)
            slots.append(slot)
            factors.append(-factor)  # its rotations are exp(+iθP/2)
    return circuit, np.array(slots), np.array(factors)


def _add_constant(circuit: Any, gate: Gate) -> None:
    if gate.name in FIXED:
        getattr(circuit, FIXED[gate.name])(*gate.wires)
    elif gate.matrix is not None:
        circuit.add_gate(DenseMatrix(list(reversed(gate.wires)), gate.matrix))
    elif gate.name == "cp":
        phase = to_matrix_gate(U1(gate.wires[1], gate.angle))
        phase.add_control_qubit(gate.wires[0], 1)
        circuit.add_gate(phase)
    else:
        for factor, word in rotations(gate):
            letters = [LETTERS.index(letter) for letter in word]
            circuit.add_gate(PauliRotation(list(gate.wires), letters, -factor * (gate.angle or 0.0)))


def _observable(workload: Workload) -> Any:
    measured = Observable(workload.qubits)
    for coefficient, word in workload.terms:
        measured.add_operator(coefficient, " ".join(f"{letter} {wire}" for letter, wire in word))
    return measured
