"""Powers of gates: `pow(k) @`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from qcompile.angle import Angle
from qcompile.diagnostics import Code, Span, error
from qcompile.gates import TABLE, Gate, Matrix
from qcompile.gates.algebra import ComplexArray, pauli_matrix
from qcompile.grammar.assembly import Assembly
from qcompile.grammar.checks import MAX_OPS, QUBIT
from qcompile.grammar.decompose import decompose, invert
from qcompile.ir import Definition, Op

MAX_WIRES = 4  # of a gate that is raised as a matrix
MAX_PARTS = 10_000
_CLOSE = 1e-12


class PowerError(Exception):
    """The gate has no such power: why, and what to write instead."""

    def __init__(self, label: str, help: str) -> None:
        super().__init__(label)
        self.label = label
        self.help = help


def powered(
    ops: list[Op], exponent: Angle, definitions: Mapping[str, Definition], assembly: Assembly, span: Span
) -> list[Op]:
    """The ops' product to a power.

    exp(-iθG) to the power k is exp(-ikθG), and whole powers of the rest are repetitions. A phase times one rotation,
    in the table (x = e^{iπ/2} rx(π), so x^k = e^{ikπ/2} rx(kπ)) or with a parameter, has every power. What remains is
    raised as a matrix: the principal power, whose eigenvalues have their phases in (-kπ, kπ].

    Raises:
        PowerError: a power that is not whole of a gate with a parameter, or of one on many qubits.
        CompileError: TOO_LARGE.
    """
    if len(ops) == 1 and ops[0].gate.generator is not None:
        return [_scaled(ops[0], exponent)]
    if exponent.is_constant and float(exponent).is_integer():
        return _repeated(ops, int(float(exponent)), span)
    parts = _parts(ops, definitions)
    is_known = exponent.is_constant and all(angle.is_constant for part in parts for angle in part.angles)
    is_rotation = sum(bool(part.wires) for part in parts) <= 1 and all(p.gate.generator is not None for p in parts)
    if is_rotation and (not is_known or all(op.gate.name in TABLE for op in ops)):
        return [_scaled(part, exponent) for part in parts]
    wires = sorted({wire for op in ops for wire in op.wires})
    if not is_known:
        advice = "gates with one angle, and x, y, z, s, t and sx, have every power"
        raise PowerError("with a parameter, this gate has whole powers only", advice)
    if len(wires) > MAX_WIRES:
        label = f"a gate on {len(wires)} qubits has whole powers only"
        raise PowerError(label, f"gates on at most {MAX_WIRES} qubits have other powers")
    matrix = _principal_power(_matrix(parts, wires), float(exponent))
    gate = _row_of(matrix, len(wires)) or _defined(matrix, len(wires), ops[-1].gate.name, assembly, span)
    return [Op(gate, tuple(wires), (), (), False, ops[-1].span)]


def _scaled(op: Op, factor: Angle) -> Op:
    return replace(op, angles=(op.angles[0] * factor,))


def _repeated(ops: list[Op], count: int, span: Span) -> list[Op]:
    if abs(count) * len(ops) > MAX_OPS:
        label = f"this makes {abs(count) * len(ops)} operations"
        raise error(Code.TOO_LARGE, label, span, f"a program has at most {MAX_OPS}")
    if count < 0:
        ops = [invert(op) for op in reversed(ops)]
    return ops * abs(count)


def _parts(ops: Sequence[Op], definitions: Mapping[str, Definition]) -> list[Op]:
    """The ops in gates that have a generator or a matrix and no controls but those of such gates."""
    waiting, parts = list(reversed(ops)), list[Op]()
    while waiting:
        op = waiting.pop()
        known = definitions.get(op.gate.name)
        if op.gate.generator is not None or (op.gate.matrix is not None and not op.gate.word):
            parts.append(op)
        else:
            waiting += reversed(decompose(op, () if known is None else (known,)))
        if len(parts) + len(waiting) > MAX_PARTS:
            raise PowerError("this gate is made of too many others", "raise its parts instead")
    return parts


# ---- matrices, the first wire most significant


def _matrix(ops: Sequence[Op], wires: Sequence[int]) -> ComplexArray:
    count = len(wires)
    total: ComplexArray = np.eye(2**count, dtype=complex)
    for op in ops:
        own = _own_matrix(op)
        axes = [wires.index(wire) for wire in op.wires]
        rest = [axis for axis in range(count) if axis not in axes]
        order = [*axes, *rest]
        shaped = total.reshape((2,) * count + (-1,)).transpose([*order, count]).reshape(len(own), -1)
        moved = (own @ shaped).reshape((2,) * count + (-1,))
        total = moved.transpose([*np.argsort(order), count]).reshape(2**count, 2**count)
    return total


def _own_matrix(op: Op) -> ComplexArray:
    gate, count = op.gate, len(op.gate.wires)
    own: ComplexArray
    if gate.generator is not None:
        values, vectors = np.linalg.eigh(pauli_matrix(gate.generator, count))
        own = (vectors * np.exp(-1j * float(op.angles[0]) * values)) @ vectors.conj().T
    else:
        own = np.array(gate.matrix, dtype=complex)
    own = own.conj().T if op.inverse else own
    for positive in reversed(op.controls):
        idle = np.eye(len(own))
        first, second = (idle, own) if positive else (own, idle)
        own = np.kron(np.diag([1, 0]), first) + np.kron(np.diag([0, 1]), second)
    return own


def _principal_power(matrix: ComplexArray, exponent: float) -> ComplexArray:
    """A unitary is normal, so that its Schur form is diagonal."""
    from scipy.linalg import schur  # slow to load, and seldom needed

    form, vectors = schur(matrix, output="complex")
    phases = np.angle(np.diag(form))
    phases = np.where(np.abs(phases + np.pi) < 1e-9, np.pi, phases)  # -1 has the phase π, whatever rounding says
    power = np.zeros(matrix.shape, dtype=np.complex128)
    power += vectors @ np.diag(np.exp(1j * exponent * phases)) @ vectors.conj().T
    return power


def _row_of(matrix: ComplexArray, wires: int) -> Gate | None:
    """The gate of the table that has this matrix."""
    for gate, known in _rows(wires):
        if np.abs(known - matrix).max() < _CLOSE:
            return gate
    return None


@lru_cache(maxsize=MAX_WIRES)
def _rows(wires: int) -> list[tuple[Gate, ComplexArray]]:
    rows = (gate for gate in TABLE.values() if gate.matrix is not None and gate.wires == (QUBIT,) * wires)
    return [(gate, np.array(gate.matrix, dtype=complex)) for gate in rows]


def _defined(matrix: ComplexArray, wires: int, name: str, assembly: Assembly, span: Span) -> Gate:
    """A gate of the program with this matrix, the same for the same."""
    rows: Matrix = tuple(tuple(complex(entry) for entry in row) for row in np.round(matrix, 15) + 0.0)
    for gate in assembly.gates.values():
        if gate.matrix == rows:
            return gate
    return assembly.define(Gate(f"{name}_power", (QUBIT,) * wires, matrix=rows), (), span)
