"""PennyLane with Lightning's adjoint method: as a user calls it, and the engine alone on a prepared tape.

Lightning's wheels run the kernels of one circuit on one thread whatever the setting.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pennylane as qml
from pennylane.devices import ExecutionConfig
from workloads import Array, Gate, Workload

from peers import Prepared, Setting

GATES = {
    "h": qml.Hadamard,
    "x": qml.X,
    "cx": qml.CNOT,
    "cz": qml.CZ,
    "swap": qml.SWAP,
    "rx": qml.RX,
    "ry": qml.RY,
    "rz": qml.RZ,
    "rzz": qml.IsingZZ,
    "cp": qml.ControlledPhaseShift,
    "single_excitation": qml.SingleExcitation,
    "double_excitation": qml.DoubleExcitation,
}
LETTERS = {"X": qml.X, "Y": qml.Y, "Z": qml.Z}


def apply(gates: tuple[Gate, ...], angles: Any, row: Any = None) -> None:
    """Queue the gates; angles and inputs are indexed by entry."""
    for gate in gates:
        if gate.matrix is not None:
            qml.QubitUnitary(gate.matrix, wires=gate.wires)
        elif gate.parameter is not None:
            GATES[gate.name](angles[gate.parameter], wires=gate.wires)
        elif gate.data is not None:
            GATES[gate.name](row[gate.data], wires=gate.wires)
        elif gate.angle is not None:
            GATES[gate.name](gate.angle, wires=gate.wires)
        else:
            GATES[gate.name](wires=gate.wires)


def observable(workload: Workload) -> Any:
    coefficients, words = list[float](), list[Any]()
    for coefficient, word in workload.terms:
        letters = [LETTERS[letter](wire) for letter, wire in word]
        coefficients.append(coefficient)
        words.append(qml.prod(*letters) if len(letters) > 1 else letters[0] if letters else qml.Identity(0))
    return qml.Hamiltonian(coefficients, words) if len(words) > 1 else words[0]


def as_called(workload: Workload, setting: Setting) -> Prepared:
    device = _device(workload, setting)
    if workload.task == "state":

        def state(angles: Array) -> Any:
            apply(workload.gates, angles)
            return qml.state()

        return Prepared(qml.QNode(state, device), np.asarray)
    measured = observable(workload)

    def measure(angles: Array, row: Array) -> Any:
        apply(workload.gates, angles, row)
        return qml.expval(measured)

    value = qml.QNode(measure, device, diff_method="adjoint")
    rows = [qml.numpy.array(row, requires_grad=False) for row in workload.data()] if workload.batch else [None]

    def mean(angles: Array) -> Any:
        total = 0.0
        for row in rows:
            total = total + value(angles, row)
        return total / len(rows)

    slopes = qml.grad(value if len(rows) == 1 else mean, argnums=0)

    def call(angles: Array) -> tuple[Any, Any]:
        inputs = (rows[0],) if len(rows) == 1 else ()
        gradient = slopes(qml.numpy.array(angles, requires_grad=True), *inputs)
        return slopes.forward, gradient

    return Prepared(call, lambda found: np.concatenate([[found[0]], found[1]]))


def engine_only(workload: Workload, setting: Setting) -> Prepared:
    """The angles stay those of the first turn: binding them is what a user's call adds."""
    device = _device(workload, setting)
    with qml.queuing.AnnotatedQueue() as queue:
        apply(workload.gates, workload.angles())
        if workload.task == "state":
            qml.state()
        else:
            qml.expval(observable(workload))
    tape = qml.tape.QuantumScript.from_queue(queue)
    if workload.task == "state":
        config = device.setup_execution_config(circuit=tape)
        (ready,), _ = device.preprocess_transforms(config)([tape])
        return Prepared(lambda angles: device.execute([ready], config)[0], np.asarray)
    slots = [gate.parameter for gate in workload.gates if gate.parameter is not None]
    tape.trainable_params = list(range(len(slots)))  # the observable's coefficients come after the gates' angles
    config = device.setup_execution_config(ExecutionConfig(gradient_method="adjoint"), circuit=tape)
    (ready,), _ = device.preprocess_transforms(config)([tape])

    def call(_angles: Array) -> Any:
        return device.execute_and_compute_derivatives([ready], config)

    def read(found: Any) -> Array:
        both = np.zeros(1 + workload.parameters)
        both[0] = np.ravel(found[0])[0]
        np.add.at(both, 1 + np.array(slots), np.ravel(found[1]))
        return both

    return Prepared(call, read)


def _device(workload: Workload, setting: Setting) -> Any:
    kind = np.complex128 if setting.precision == "double" else np.complex64
    return qml.device("lightning.qubit", wires=workload.qubits, c_dtype=kind)
