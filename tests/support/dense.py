"""Unitaries of small qubit programs, column by column: slow, and sharing no code with the passes or the simulator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from qcompile.angle import Element, Value, evaluate, number
from qcompile.grammar import decompose
from qcompile.ir import Gradient, Op, Program, Statement
from qcompile.operator import Operator

Matrix = NDArray[np.complex128]
PAULI = {"X": [[0, 1], [1, 0]], "Y": [[0, -1j], [1j, 0]], "Z": [[1, 0], [0, -1]]}
Step = Statement | Gradient


def element_values(program: Program, values: Mapping[str, NDArray[np.float64]]) -> dict[Element, Value]:
    """Values by element, from values by parameter name."""
    return {e: float(values[p.name] if e.index is None else values[p.name][e.index])
            for p in program.parameters for e in p.elements()}  # fmt: skip


def operator_matrix(operator: Operator, wires: int) -> Matrix:
    total = np.zeros((2**wires, 2**wires), dtype=complex)
    for word, coefficient in operator.terms:
        factors: list[Matrix] = [np.eye(2, dtype=complex)] * wires
        for letter, wire in word:
            factors[wire] = np.array(PAULI[letter], dtype=complex)
        total += float(coefficient) * reduce(np.kron, factors, np.eye(1, dtype=complex))
    return total


def unitary(body: Iterable[Step], wires: int, values: Mapping[Element, Value]) -> Matrix:
    """The product of the ops, wire 0 most significant. Calls of definitions are not known here."""
    total = np.eye(2**wires, dtype=complex)
    for step in body:
        if not isinstance(step, Op):
            raise TypeError(f"{step} is not unitary")
        total = on_wires(op_matrix(step, values), step.wires, wires) @ total
    return total


def op_matrix(op: Op, values: Mapping[Element, Value]) -> Matrix:
    gate, count = op.gate, len(op.gate.wires)
    angles = tuple(number(float(evaluate(angle, values))) for angle in op.angles)
    if gate.generator is not None:
        own = expm(-1j * float(angles[0]) * operator_matrix(gate.generator, count))
    elif gate.hamiltonian is not None:
        formal = dict(zip(map(Element, gate.parameters), map(float, angles), strict=True))
        terms = ((word, number(float(evaluate(c, formal)))) for word, c in gate.hamiltonian.terms)
        own = expm(-1j * operator_matrix(Operator(tuple(terms)), count))
    elif gate.matrix is not None:
        own = np.array(gate.matrix, dtype=complex)
    else:
        own = unitary(decompose(Op(gate, tuple(range(count)), angles)), count, values)
    own = own.conj().T if op.inverse else own
    for positive in reversed(op.controls):
        idle = np.eye(len(own))
        blocks = (idle, own) if positive else (own, idle)
        own = np.kron(np.diag([1, 0]), blocks[0]) + np.kron(np.diag([0, 1]), blocks[1])
    return own


def on_wires(matrix: Matrix, wires: tuple[int, ...], count: int) -> Matrix:
    """The matrix on chosen wires among `count`, entry by entry."""
    total = np.zeros((2**count, 2**count), dtype=complex)
    shifts = [count - 1 - wire for wire in reversed(wires)]
    kept = ~sum(1 << shift for shift in shifts)
    for column in range(2**count):
        local = sum((column >> shift & 1) << k for k, shift in enumerate(shifts))
        for row in range(len(matrix)):
            spread = sum((row >> k & 1) << shift for k, shift in enumerate(shifts))
            total[(column & kept) | spread, column] += matrix[row, local]
    return total
