"""qsim through Cirq: as a user calls it, and the engine alone on a translated circuit. Its amplitudes are complex64."""

from __future__ import annotations

from typing import Any

import cirq
import numpy as np
import qsimcirq
from workloads import Array, Gate, Workload

from peers import Prepared, Setting

FUSED = 3  # qubits of a fused gate: the fastest of 2, 3 and 4 on these circuits
FIXED = {"h": cirq.H, "x": cirq.X, "cx": cirq.CNOT, "cz": cirq.CZ, "swap": cirq.SWAP}
ROTATIONS = {"rx": cirq.rx, "ry": cirq.ry, "rz": cirq.rz}


def as_called(workload: Workload, setting: Setting) -> Prepared:
    simulator, wires = qsimcirq.QSimSimulator(_options(setting)), cirq.LineQubit.range(workload.qubits)

    def call(angles: Array) -> Any:
        circuit = cirq.Circuit(_operation(gate, wires, angles) for gate in workload.gates)
        return simulator.simulate_into_1d_array(circuit, qubit_order=wires)[1]

    return Prepared(call, np.asarray)


def engine_only(workload: Workload, setting: Setting) -> Prepared:
    """The angles stay those of the first turn."""
    wires, angles = cirq.LineQubit.range(workload.qubits), workload.angles()
    circuit = cirq.Circuit(_operation(gate, wires, angles) for gate in workload.gates)
    translated, _ = qsimcirq.QSimCircuit(circuit).translate_cirq_to_qsim(wires)
    options = {**_options(setting).as_dict(), "c": translated, "s": 0}
    return Prepared(
        lambda angles: qsimcirq.qsim.qsim_simulate_fullstate(options, 0), lambda found: found.view(np.complex64)
    )


def _options(setting: Setting) -> Any:
    return qsimcirq.QSimOptions(max_fused_gate_size=FUSED, cpu_threads=setting.threads)


def _operation(gate: Gate, qubits: list[Any], angles: Array) -> Any:
    wires = [qubits[wire] for wire in gate.wires]
    angle = gate.angle if gate.parameter is None else float(angles[gate.parameter])
    if gate.matrix is not None:
        return cirq.MatrixGate(gate.matrix)(*wires)
    if angle is None:
        return FIXED[gate.name](*wires)
    if gate.name == "cp":
        return cirq.CZPowGate(exponent=angle / np.pi)(*wires)
    return ROTATIONS[gate.name](angle)(*wires)
