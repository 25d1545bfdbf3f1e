"""Qiskit Aer's state vectors; the circuit is transpiled once, its angles bound to those of the first turn."""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit_aer import AerSimulator
from workloads import Array, Gate, Workload

from peers import Prepared, Setting


def prepare(workload: Workload, setting: Setting) -> Prepared:
    simulator = AerSimulator(
        method="statevector", precision=setting.precision, max_parallel_threads=setting.threads, fusion_enable=True
    )
    circuit, angles = QuantumCircuit(workload.qubits), workload.angles()
    for gate in workload.gates:
        _add(circuit, gate, angles)
    circuit.save_statevector()
    ready = transpile(circuit, simulator, optimization_level=0)

    def call(_angles: Array) -> Any:
        return simulator.run(ready).result().get_statevector()

    axes = range(workload.qubits - 1, -1, -1)  # the first qubit is the least significant
    return Prepared(call, lambda found: np.asarray(found).reshape([2] * workload.qubits).transpose(axes).ravel())


def _add(circuit: Any, gate: Gate, angles: Array) -> None:
    angle = gate.angle if gate.parameter is None else float(angles[gate.parameter])
    if gate.matrix is not None:
        circuit.unitary(gate.matrix, list(reversed(gate.wires)))
    elif angle is None:
        getattr(circuit, gate.name)(*gate.wires)
    else:
        getattr(circuit, gate.name)(angle, *gate.wires)
