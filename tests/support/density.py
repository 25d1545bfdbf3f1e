"""Density matrices of small qubit programs, by history of results: slow, and sharing no code with the simulator."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from dense import PAULI, Matrix, on_wires, op_matrix, operator_matrix

from qcompile.angle import Element, Value, evaluate
from qcompile.ir import Barrier, If, Measure, Op, Postselect, Program, Reset, Statement
from qcompile.operator import Operator

Histories = dict[tuple[int, ...], Matrix]
"""Unnormalised density matrices by what the cells hold."""
ONE: Matrix = np.eye(2, dtype=complex)
X, Y, Z = (np.array(PAULI[letter], dtype=complex) for letter in "XYZ")


def _matrix(*entries: float) -> Matrix:
    return np.array(entries, dtype=complex).reshape(2, 2)


def _share(probability: float, letter: Matrix) -> Matrix:
    return np.asarray(math.sqrt(probability) * letter, dtype=complex)


def _flip(letter: Matrix) -> Callable[[float], Sequence[Matrix]]:
    return lambda p: [_share(1 - p, ONE), _share(p, letter)]


# Nielsen and Chuang, section 8.3: equations 8.99 to 8.101, 8.107, 8.127
KRAUS: dict[str, Callable[[float], Sequence[Matrix]]] = {
    "bit_flip": _flip(X),
    "phase_flip": _flip(Z),
    "bit_phase_flip": _flip(Y),
    "depolarizing": lambda p: [_share(1 - 3 * p / 4, ONE), *(_share(p / 4, letter) for letter in (X, Y, Z))],
    "amplitude_damping": lambda g: [_matrix(1, 0, 0, math.sqrt(1 - g)), _matrix(0, math.sqrt(g), 0, 0)],
    "phase_damping": lambda g: [_matrix(1, 0, 0, math.sqrt(1 - g)), _matrix(0, 0, 0, math.sqrt(g))],
}


def final_histories(program: Program, values: Mapping[Element, Value]) -> Histories:
    """The program's end; what post-selection drops is gone, and nothing is renormalised."""
    rho = np.zeros((2 ** len(program.kinds),) * 2, dtype=complex)
    rho[0, 0] = 1
    return _run(program.body, {(0,) * len(program.cell_kinds): rho}, len(program.kinds), values)


def mean_of_all_runs(program: Program, operator: Operator, values: Mapping[Element, Value]) -> float:
    """Tr ρO of an operator with constant coefficients, the runs dropped counting 0."""
    matrix = operator_matrix(operator, len(program.kinds))
    return float(sum(np.trace(matrix @ rho).real for rho in final_histories(program, values).values()))


def mean_of_runs_kept(program: Program, operator: Operator, values: Mapping[Element, Value]) -> float:
    kept = sum(np.trace(rho).real for rho in final_histories(program, values).values())
    return mean_of_all_runs(program, operator, values) / float(kept)


def _run(body: Sequence[Statement], found: Histories, wires: int, values: Mapping[Element, Value]) -> Histories:
    for statement in body:
        found = _step(statement, found, wires, values)
    return found


def _step(statement: Statement, found: Histories, wires: int, values: Mapping[Element, Value]) -> Histories:
    match statement:
        case Op():
            maps = [on_wires(k, statement.wires, wires) for k in _kraus(statement, values)]
            return {cells: _through(maps, rho) for cells, rho in found.items()}
        case Reset(wire):
            maps = [on_wires(_ket_bra(0, level), (wire,), wires) for level in (0, 1)]
            return {cells: _through(maps, rho) for cells, rho in found.items()}
        case Measure(_, wire, (cell,)):
            result: Histories = {}
            for cells, rho in found.items():
                for level in (0, 1):
                    part = _through([on_wires(_ket_bra(level, level), (wire,), wires)], rho)
                    key = (*cells[:cell], level, *cells[cell + 1 :])
                    result[key] = result.get(key, np.zeros_like(rho)) + part
            return result
        case Postselect(condition):
            return {cells: rho for cells, rho in found.items() if _holds(condition, cells)}
        case If(condition, then, otherwise):
            taken = {cells: rho for cells, rho in found.items() if _holds(condition, cells)}
            passed = {cells: rho for cells, rho in found.items() if not _holds(condition, cells)}
            total = _run(then, taken, wires, values)
            for cells, rho in _run(otherwise, passed, wires, values).items():
                total[cells] = total.get(cells, np.zeros_like(rho)) + rho
            return total
        case Barrier():
            return found
        case _:
            raise TypeError(f"{statement} is of light")


def _kraus(op: Op, values: Mapping[Element, Value]) -> Sequence[Matrix]:
    if op.gate.kraus:
        return [np.array(matrix, dtype=complex) for matrix in op.gate.kraus]
    if op.gate.channel:
        return KRAUS[op.gate.name](float(evaluate(op.angles[0], values)))
    return [op_matrix(op, values)]


def _ket_bra(ket: int, bra: int) -> Matrix:
    matrix = np.zeros((2, 2), dtype=complex)
    matrix[ket, bra] = 1
    return matrix


def _through(maps: Sequence[Matrix], rho: Matrix) -> Matrix:
    return sum((k @ rho @ k.conj().T for k in maps), np.zeros_like(rho))


def _holds(condition: Sequence[tuple[int, bool]], cells: tuple[int, ...]) -> bool:
    return all(bool(cells[cell]) == value for cell, value in condition)
