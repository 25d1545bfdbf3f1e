"""Workloads as programs in qcompile's own language."""

from __future__ import annotations

from collections.abc import Iterator

from workloads import Array, Gate, Workload

from qcompile.files import parse
from qcompile.ir import Program


def program(workload: Workload) -> Program:
    """Its parameters are the array `p`, its inputs the array `x`."""
    found = parse("\n".join(_lines(workload)))
    if not isinstance(found, Program):
        raise AssertionError("workloads are programs")
    return found


def _lines(workload: Workload) -> Iterator[str]:
    yield f"qubit q[{workload.qubits}];"
    if workload.parameters:
        yield f"param p[{workload.parameters}];"
    if workload.inputs:
        yield f"input x[{workload.inputs}];"
    for k, gate in enumerate(workload.gates):
        if gate.matrix is not None:
            yield f"gate pair{k} a, b = {_matrix(gate.matrix)};"
        yield _statement(gate, f"pair{k}")
    if workload.terms:
        yield f"return expect({' + '.join(_term(*term) for term in workload.terms)});"
    else:
        yield "return state();"


def _statement(gate: Gate, defined: str) -> str:
    wires = ", ".join(f"q[{wire}]" for wire in gate.wires)
    if gate.matrix is not None:
        return f"{defined} {wires};"
    if gate.parameter is not None:
        return f"{gate.name}(p[{gate.parameter}]) {wires};"
    if gate.data is not None:
        return f"{gate.name}(x[{gate.data}]) {wires};"
    return f"{gate.name}{'' if gate.angle is None else f'({gate.angle!r})'} {wires};"


def _matrix(matrix: Array) -> str:
    rows = (", ".join(f"{z.real!r} + {z.imag!r}im" for z in row) for row in matrix.tolist())
    return f"[{', '.join(f'[{row}]' for row in rows)}]"


def _term(coefficient: float, word: tuple[tuple[str, int], ...]) -> str:
    letters = " ".join(f"{letter}[{wire}]" for letter, wire in word)
    return f"{coefficient!r}*{letters}" if letters else repr(coefficient)
