"""DEFGATE by a matrix or a permutation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qcompile.angle import Angle, Element, parameter
from qcompile.diagnostics import Code, Span, error
from qcompile.gates import Gate, Kind, Matrix
from qcompile.grammar.assembly import Assembly
from qcompile.grammar.checks import QUBIT, counted
from qcompile.grammar.quil import tree
from qcompile.grammar.quil.applications import Signature, plain
from qcompile.grammar.quil.matrices import Entries, family, numeric, unitary
from qcompile.grammar.quil.values import Frame, value
from qcompile.ir import Op
from qcompile.operator import Operator

MAX_QUBITS = 8
_SAME = 1e-9


def matrix_signature(
    node: tree.MatrixDefinition, frame: Frame, elements: Sequence[Element], assembly: Assembly
) -> Signature:
    """Raises NOT_UNITARY, TOO_LARGE, WRONG_ANGLES, BAD_NUMBER, UNKNOWN_NAME.

    Warns:
        CompileWarning: ROUNDED.
    """
    name, span = node.name.text, frame.span(node.name)
    if node.is_permutation:
        matrix: Matrix = _permutation(node, frame)
    else:
        _check_shape(node, frame)
        entries = [[value(entry, frame) for entry in row] for row in node.rows]
        if elements:
            made = Parametric(name, span, entries, tuple(elements), assembly)
            return Signature(name, len(elements), made.wires, made.make, made.is_kept)
        matrix = unitary(numeric(entries, {}), name, span)
    gate = Gate(name, (QUBIT,) * (len(matrix).bit_length() - 1), matrix=matrix)
    return plain(assembly.define(gate, (), span), name)


class Parametric:
    """A matrix with parameters: exponentials where it is a product of them, else a gate for each setting of numbers."""

    def __init__(
        self, name: str, span: Span, entries: Entries, elements: tuple[Element, ...], assembly: Assembly
    ) -> None:
        self.name = name
        self.span = span
        self.wires = len(entries).bit_length() - 1
        self._is_tried = False
        self._entries = entries
        self._elements = elements
        self._assembly = assembly
        self._whole: Gate | None = None
        self._settings: dict[tuple[float, ...], Gate] = {}

    def make(self, angles: Sequence[Angle], span: Span) -> tuple[Gate, Sequence[Angle]]:
        """The gate with the angles that it keeps.

        Raises:
            CompileError: NOT_UNITARY, BAD_NUMBER, OUT_OF_REACH.
        """
        if self.is_kept() and self._whole is not None:
            return self._whole, angles
        if not all(angle.is_constant for angle in angles):
            label = f"`{self.name}` is no exponential of its parameters, and they are not numbers here"
            advice = "give it numbers, or define it as a Pauli sum or a sequence of standard gates"
            raise error(Code.OUT_OF_REACH, label, span, advice)
        setting = tuple(map(float, angles))
        if setting not in self._settings:
            self._settings[setting] = self._at(setting, span)
        return self._settings[setting], ()

    def is_kept(self) -> bool:
        """Is there a definition of it, made here at the latest, or one for each of its uses?"""
        if not self._is_tried:
            self._is_tried = True
            self._whole = self._defined()
        return self._whole is not None or bool(self._settings)

    def _at(self, setting: tuple[float, ...], span: Span) -> Gate:
        try:
            matrix = numeric(self._entries, dict(zip(self._elements, setting, strict=True)))
        except (ArithmeticError, ValueError):
            label = f"an entry of `{self.name}` has no finite value here"
            raise error(Code.BAD_NUMBER, label, span, "entries are finite numbers") from None
        return self._constant(self.name, unitary(matrix, self.name, span))

    def _defined(self) -> Gate | None:
        """The definition by generators; None where there is none."""
        found = family(self._entries, self._elements)
        if found is None:
            return None
        start, generators = found
        wires: tuple[Kind, ...] = (QUBIT,) * self.wires
        names = tuple(element.name for element in self._elements)
        is_centred = float(np.max(np.abs(start - np.eye(len(start))))) < _SAME
        if is_centred and len(names) == 1:
            return self._assembly.define(Gate(self.name, wires, names, generators[0]), (), self.span)
        places = tuple(range(self.wires))
        body = [
            Op(self._turn(name, generator), places, (parameter(name),))
            for name, generator in zip(names, generators, strict=True)
            if generator.terms
        ]
        if not is_centred:
            constant = self._constant(f"{self.name}_0", unitary(start, self.name, self.span))
            body.append(Op(constant, places))
        return self._assembly.define(Gate(self.name, wires, names), body, self.span)

    def _turn(self, name: str, generator: Operator) -> Gate:
        gate = Gate(f"{self.name}_{name}", (QUBIT,) * self.wires, (name,), generator)
        return self._assembly.define(gate, (), self.span)

    def _constant(self, name: str, matrix: Matrix) -> Gate:
        return self._assembly.define(Gate(name, (QUBIT,) * self.wires, matrix=matrix), (), self.span)


def _check_shape(node: tree.MatrixDefinition, frame: Frame) -> None:
    size = len(node.rows)
    if size < 2 or size & (size - 1):
        label = f"this matrix has {counted(size, 'row', 'rows')}"
        advice = "a gate on n qubits has 2^n rows and as many columns: 2, 4, 8 …"
        raise error(Code.NOT_UNITARY, label, frame.span(node.name), advice)
    for row in node.rows:
        if len(row) != size:
            label = f"this row has {counted(len(row), 'entry', 'entries')}, and there are {size} rows"
            raise error(Code.NOT_UNITARY, label, Span(frame.source, row[0].start, row[-1].end), "a matrix is square")
    _check_size(size, node, frame)


def _check_size(size: int, node: tree.MatrixDefinition, frame: Frame) -> None:
    if size > 1 << MAX_QUBITS:
        label = f"this acts on {size.bit_length() - 1} qubits"
        advice = f"a matrix acts on at most {MAX_QUBITS}: define the gate as a sequence"
        raise error(Code.TOO_LARGE, label, frame.span(node.name), advice)


def _permutation(node: tree.MatrixDefinition, frame: Frame) -> Matrix:
    """Row k has its 1 in the column that entry k names."""
    (row, *others) = node.rows
    if node.parameters or others:
        label = "a permutation has no parameters, and one line"
        raise error(Code.WRONG_ANGLES, label, frame.span(node.name), "write `DEFGATE SWAP AS PERMUTATION:`")
    size = len(row)
    span = Span(frame.source, row[0].start, row[-1].end)
    _check_size(size, node, frame)
    columns = [
        int(e.text) if isinstance(e, tree.Number) and e.text.isdecimal() and len(e.text) < 6 else -1 for e in row
    ]
    if size < 2 or size & (size - 1) or sorted(columns) != list(range(size)):
        advice = "a permutation on n qubits lists each number from 0 to 2^n - 1 once: `0, 2, 1, 3`"
        raise error(Code.NOT_UNITARY, "this is no permutation of the states of some qubits", span, advice)
    return tuple(tuple(complex(column == image) for column in range(size)) for image in columns)
