"""Programs that several benchmarks measure."""

from __future__ import annotations

from qcompile.files import parse
from qcompile.ir import Program


def hardware_efficient(qubits: int, layers: int) -> Program:
    """RY and RZ on every qubit and a ring of CNOTs, layer by layer; ΣZ + ΣXX. Every gate has its own parameter."""
    size = qubits * layers
    lines = [f"qubit q[{qubits}];", f"param a[{size}];", f"param b[{size}];"]
    for first in range(0, size, qubits):
        lines += [f"ry(a[{first + k}]) q[{k}]; rz(b[{first + k}]) q[{k}];" for k in range(qubits)]
        lines += [f"cx q[{k}], q[{(k + 1) % qubits}];" for k in range(qubits)]
    words = [f"Z[{k}]" for k in range(qubits)] + [f"X[{k}] X[{k + 1}]" for k in range(qubits - 1)]
    return _read("\n".join([*lines, f"return expect({' + '.join(words)});"]))


def brick(qubits: int, layers: int) -> Program:
    """RY on every qubit and CZ on alternating neighbours, layer by layer; ΣZZ over all neighbours."""
    lines = [f"qubit q[{qubits}];", f"param w[{qubits * layers}];"]
    for layer in range(layers):
        lines += [f"ry(w[{layer * qubits + k}]) q[{k}];" for k in range(qubits)]
        lines += [f"cz q[{k}], q[{k + 1}];" for k in range(layer % 2, qubits - 1, 2)]
    words = [f"Z[{k}] Z[{k + 1}]" for k in range(qubits - 1)]
    return _read("\n".join([*lines, f"return expect({' + '.join(words)});"]))


def _read(text: str) -> Program:
    program = parse(text)
    if not isinstance(program, Program):
        raise AssertionError("these are programs")
    return program
