"""Emitted text read back by the real clients: unitaries with wire 0 most significant, and expectations."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import qcompile as qc
from qcompile.angle import Angle, Element, Value, evaluate
from qcompile.ir import Program
from qcompile.number import ONE, ZERO
from qcompile.passes import lowering
from qcompile.targets.emit import find_language
from qcompile.targets.expressions import emitted_names

Matrix = NDArray[np.complex128]
EXAMPLES = Path(__file__).parents[2] / "examples"


def program_of(text: str) -> Program:
    module = qc.parse(text)
    if not isinstance(module, Program):
        raise TypeError("the text is a derivative")
    return module


def input_values(program: Program, language: str, elements: Mapping[Element, Value]) -> dict[str, float]:
    """The value of every input that the emitted program may have, by emitted name."""
    legal = lowering(language)(program)
    if not isinstance(legal, Program):
        raise TypeError("a pass made a derivative of a program")
    names = emitted_names([legal], find_language(language).arrays)
    known = {name: float(elements[element]) for element, name in names.elements.items()}
    calls = ((name, Angle(ZERO, ((call, ONE),))) for call, name in names.computed.items())
    return known | {name: float(evaluate(angle, elements)) for name, angle in calls}


def openqasm3_circuit(text: str, values: Mapping[str, float] | None = None) -> Any:
    from qiskit import qasm3

    circuit = qasm3.loads(text)
    return circuit.assign_parameters({p: (values or {})[p.name] for p in circuit.parameters})


def openqasm3_unitary(text: str, values: Mapping[str, float]) -> Matrix:
    from qiskit.quantum_info import Operator

    data: Matrix = Operator(openqasm3_circuit(text, values).reverse_bits()).data
    return data


def openqasm2_unitary(text: str) -> Matrix:
    from qiskit import qasm2
    from qiskit.quantum_info import Operator

    data: Matrix = Operator(qasm2.loads(text).reverse_bits()).data
    return data


def quil_program(text: str, values: Mapping[str, float]) -> Any:
    """The parsed program with numbers for its memory, which none of the local simulators binds."""
    from pyquil import Program as Quil
    from pyquil.quilatom import MemoryReference, substitute
    from pyquil.quilbase import Declare, Gate

    places = {name: name.rstrip("]").split("[") for name in values}
    memory: Any = {MemoryReference(place[0], int(place[1])): values[name] for name, place in places.items()}
    bound = Quil()
    for statement in Quil(text):
        step: Any = statement
        if isinstance(step, Gate):
            angles: Any = step.params
            bound += Gate(step.name, [substitute(angle, memory) for angle in angles], step.qubits)
        elif not isinstance(step, Declare) or step.memory_type == "BIT":
            bound += step
    return bound


def quil_unitary(text: str, values: Mapping[str, float], wires: int) -> Matrix:
    from pyquil.simulation.tools import program_unitary

    least_first: Any = program_unitary(quil_program(text, values), wires)
    axes = [*reversed(range(wires)), *reversed(range(wires, 2 * wires))]
    matrix: Matrix = least_first.reshape((2,) * (2 * wires)).transpose(axes).reshape(2**wires, 2**wires)
    return matrix


def same_up_to_phase(left: Matrix, right: Matrix) -> bool:
    overlap = np.vdot(left, right)
    return bool(np.allclose(left * (overlap / abs(overlap)), right, rtol=0, atol=1e-9)) if abs(overlap) > 0 else False


def run_script(name: str, *arguments: str | Path) -> dict[str, Any]:
    """What an example script prints."""
    command = [sys.executable, "-W", "ignore", EXAMPLES / name, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed
