"""Qiskit's gates: rows of the table, controls around them, definitions for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from qcompile.angle import Angle, elements, parameter, substitute
from qcompile.diagnostics import Code, error
from qcompile.gates import NAMES, Gate, Kind, Matrix
from qcompile.grammar.assembly import Assembly, free_name
from qcompile.grammar.decompose import decompose, invert
from qcompile.grammar.dialect import MAX_DEPTH
from qcompile.grammar.openqasm2.qelib1 import QELIB1
from qcompile.grammar.openqasm2.scope import Meaning, meaning_of
from qcompile.ir import Op
from qcompile.objects.qiskit_values import Names, angle

MAX_MATRIX = 4  # wires of a gate that is told by its matrix
_QUBIT: Kind = "qubit"
_STANDARD = "qiskit.circuit.library.standard_gates"
_SAME = (
    "h x y z s sdg t tdg sx sxdg id rx ry rz p u cx cy cz ch cp crx cry crz cu swap iswap ecr rxx ryy rzz rzx"
    " xx_plus_yy xx_minus_yy ccx cswap"
)
# By the names that Qiskit has for its own gates.
KNOWN: dict[str, Gate] = {
    **{name: NAMES[name] for name in _SAME.split()},
    **{name: QELIB1[name] for name in ("u1", "u2", "u3", "cu1", "cu3", "csx", "rccx")},
    "rcccx": QELIB1["rc3x"],
    "global_phase": NAMES["gphase"],
}


class Gates:
    """What the gates of one circuit become; each definition is made once."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._meanings: dict[str, Meaning] = {}
        self._defined: dict[tuple[object, ...], Gate] = {}
        self._depth = 0

    def ops(self, operation: Any, wires: Sequence[int], names: Names, place: str) -> list[Op]:
        """The ops of a unitary operation; `place` names it in messages.

        Raises:
            CompileError: TOO_DEEP, OUT_OF_REACH, NOT_INVERTIBLE, TOO_LARGE, what angles raise.
        """
        self._depth += 1
        try:
            if self._depth > MAX_DEPTH:
                raise error(
                    Code.TOO_DEEP, f"{place}: gates stand inside {MAX_DEPTH} others", None, "decompose it first"
                )
            return list(self._ops(operation, wires, names, place))
        finally:
            self._depth -= 1

    def _ops(self, operation: Any, wires: Sequence[int], names: Names, place: str) -> Iterator[Op]:
        is_standard = _kind(operation).__module__.startswith(_STANDARD)
        if type(operation).__name__ == "AnnotatedOperation":
            yield from self._annotated(operation, wires, names, place)
        elif is_standard and operation.name in KNOWN and _all_positive(operation):
            meaning = self._meaning(operation.name)
            given = tuple(angle(value, names, place) for value in operation.params)
            yield Op(meaning.gate, tuple(wires), meaning.bound(given), meaning.controls)
        elif _is_controlled(operation):
            count = operation.num_ctrl_qubits
            controls = tuple(bool(operation.ctrl_state >> k & 1) for k in range(count))
            for op in self._controlled_base(operation, wires[count:], names, place):
                yield from _under(op, tuple(wires[:count]), controls)
        else:
            yield self._defined_op(operation, wires, names, place)

    def _meaning(self, name: str) -> Meaning:
        if name not in self._meanings:
            self._meanings[name] = meaning_of(name, KNOWN[name], self._assembly)
        return self._meanings[name]

    def _controlled_base(self, operation: Any, wires: Sequence[int], names: Names, place: str) -> Iterator[Op]:
        """What stands under the controls; a phase that `cu` has beside its base gate's angles falls on all of it."""
        base = operation.base_gate
        if _kind(operation).__name__ == "CUGate":  # whose name tells the state of an open control too
            yield Op(NAMES["gphase"], (), (angle(operation.params[3], names, place),))
        yield from self.ops(base, wires, names, place)

    # ---- modifiers

    def _annotated(self, operation: Any, wires: Sequence[int], names: Names, place: str) -> Iterator[Op]:
        """The modifiers of an AnnotatedOperation, the first innermost; controls come before the wires they control."""
        counts = [getattr(modifier, "num_ctrl_qubits", 0) for modifier in operation.modifiers]
        ops = self.ops(operation.base_op, wires[sum(counts) :], names, place)
        left = sum(counts)
        for modifier, count in zip(operation.modifiers, counts, strict=True):
            match type(modifier).__name__:
                case "InverseModifier":
                    ops = [invert(op) for op in reversed(ops)]
                case "ControlModifier":
                    controls = tuple(bool(modifier.ctrl_state >> k & 1) for k in range(count))
                    chosen = tuple(wires[left - count : left])
                    left -= count
                    ops = [made for op in ops for made in _under(op, chosen, controls)]
                case _:
                    ops = self._powered(ops, angle(modifier.power, names, place), place)
        yield from ops

    def _powered(self, ops: list[Op], exponent: Angle, place: str) -> list[Op]:
        if len(ops) == 1 and ops[0].gate.generator is not None:
            return [replace(op, angles=(op.angles[0] * exponent,)) for op in ops]
        if exponent.terms or not float(exponent).is_integer():
            advice = "gates with one angle, such as `rx` or `p`, have every power; others whole ones"
            raise error(Code.NOT_INVERTIBLE, f"{place}: the power {exponent}", None, advice)
        power = float(exponent)
        self._assembly.spend(int(min(abs(power), 1e9)) * len(ops), None)
        if power < 0:
            ops = [invert(op) for op in reversed(ops)]
        return ops * int(abs(power))

    # ---- definitions

    def _defined_op(self, operation: Any, wires: Sequence[int], names: Names, place: str) -> Op:
        matrix = _own_matrix(operation)
        if matrix is not None:
            return Op(self._define(operation.name, len(wires), (), (), matrix), tuple(wires))
        definition = operation.to_circuit() if hasattr(operation, "to_circuit") else operation.definition
        if definition is not None:
            body = self.body(definition, range(len(wires)), names, place)
            free = sorted(
                {e for op in body for a in op.angles for e in elements(a)}, key=lambda e: (e.name, e.index or 0)
            )
            given, legal = [parameter(e.name, e.index) for e in free], list[str]()
            for element in free:
                legal.append(free_name(str(element), legal))
            inner = {element: parameter(name) for element, name in zip(free, legal, strict=True)}
            body = [replace(op, angles=tuple(substitute(a, inner) for a in op.angles)) for op in body]
            return Op(self._define(operation.name, len(wires), legal, body), tuple(wires), tuple(given))
        if hasattr(operation, "__array__"):
            return self._by_matrix(operation, wires, place)
        given = [angle(value, names, place) for value in operation.params]
        legal = [f"theta_{k}" for k in range(len(given))]
        return Op(self._define(operation.name, len(wires), legal, (), opaque=True), tuple(wires), tuple(given))

    def _by_body(self, name: str, body: Sequence[Op], wires: Sequence[int]) -> Op:
        """A definition whose parameters are those of the circuit that the body names."""
        free = {element for op in body for value in op.angles for element in elements(value)}
        given = sorted(free, key=lambda element: (element.name, element.index or 0))
        legal: list[str] = []
        for element in given:
            legal.append(free_name(str(element), legal))
        own = {element: parameter(name) for element, name in zip(given, legal, strict=True)}
        inner = [replace(op, angles=tuple(substitute(value, own) for value in op.angles)) for op in body]
        made = self._define(name, len(wires), legal, inner)
        return Op(made, tuple(wires), tuple(parameter(element.name, element.index) for element in given))

    def body(self, circuit: Any, wires: Sequence[int], names: Names, place: str) -> list[Op]:
        """The ops of a unitary circuit on these wires."""
        numbers = dict(zip(circuit.qubits, wires, strict=True))
        phase = angle(circuit.global_phase, names, place)
        ops = [] if phase.is_zero else [Op(NAMES["gphase"], (), (phase,))]
        for inner in circuit.data:
            operation = inner.operation
            if operation.name == "barrier":
                continue
            ops += self.ops(operation, [numbers[qubit] for qubit in inner.qubits], names, f"{place} › {operation.name}")
        return ops

    def _by_matrix(self, operation: Any, wires: Sequence[int], place: str) -> Op:
        if len(wires) > MAX_MATRIX:
            advice = "give it a definition by smaller gates"
            raise error(Code.TOO_LARGE, f"{place}: a matrix on {len(wires)} qubits, at most {MAX_MATRIX}", None, advice)
        matrix = np.asarray(operation.to_matrix(), dtype=complex)
        return Op(self._define(operation.name, len(wires), (), (), big_endian(matrix)), tuple(wires))

    def _define(
        self,
        name: str,
        width: int,
        parameters: Sequence[str],
        body: Sequence[Op],
        matrix: Matrix | None = None,
        opaque: bool = False,
    ) -> Gate:
        key = (name, width, tuple(parameters), tuple(body), matrix, opaque)
        if key not in self._defined:
            self._assembly.spend(len(body), None)
            gate = Gate(name, (_QUBIT,) * width, tuple(parameters), matrix=matrix, opaque=opaque)
            self._defined[key] = self._assembly.define(gate, body, None)
        return self._defined[key]


def big_endian(matrix: Any) -> Matrix:
    """The matrix with the first wire most significant; Qiskit has it least. What is unitary to 1e-8 is made so."""
    array = np.asarray(matrix, dtype=complex)
    width = len(array).bit_length() - 1
    axes = [*reversed(range(width)), *reversed(range(width, 2 * width))]
    turned = array.reshape((2,) * (2 * width)).transpose(axes).reshape(array.shape)
    if np.abs(turned.conj().T @ turned - np.eye(len(turned))).max() > 1e-12:
        left, _, right = np.linalg.svd(turned)
        turned = left @ right
    return tuple(tuple(complex(entry) for entry in row) for row in turned)


def is_unitary(operation: Any) -> bool:
    """Is it a gate, and not an instruction that may measure?"""
    kinds = {base.__name__ for base in type(operation).__mro__}
    return bool(kinds & {"Gate", "AnnotatedOperation", "Operator", "Clifford"})


def _kind(operation: Any) -> type[Any]:
    """The class, where Qiskit keeps one object of a gate the one it is made from."""
    return cast("type[Any]", operation.base_class if hasattr(operation, "base_class") else type(operation))


def _own_matrix(operation: Any) -> Matrix | None:
    """Of a UnitaryGate that is small."""
    if operation.name == "unitary" and type(operation).__name__ == "UnitaryGate" and operation.num_qubits <= MAX_MATRIX:
        return big_endian(operation.to_matrix())
    return None


def _is_controlled(operation: Any) -> bool:
    kinds = {base.__name__ for base in type(operation).__mro__}
    if "ControlledGate" not in kinds or operation.base_gate is None:
        return False
    return bool(operation.num_ctrl_qubits + operation.base_gate.num_qubits == operation.num_qubits)


def _all_positive(operation: Any) -> bool:
    count = getattr(operation, "num_ctrl_qubits", 0)
    return bool(count == 0 or operation.ctrl_state == 2**count - 1)


def _under(op: Op, wires: tuple[int, ...], controls: tuple[bool, ...]) -> Iterator[Op]:
    op = replace(op, wires=(*wires, *op.wires), controls=(*controls, *op.controls))
    if op.gate.wires:
        yield op
    else:
        yield from decompose(op)
