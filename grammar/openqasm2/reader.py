"""OpenQASM 2 programs, as arXiv:1707.03429 has them and Qiskit reads them, to our own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import assert_never

from qcompile.angle import parameter
from qcompile.diagnostics import Code, CompileError, Note, Source, Span, error, warn
from qcompile.gates import Gate, Kind
from qcompile.grammar import tree
from qcompile.grammar.assembly import Assembly, free_name
from qcompile.grammar.checks import counted
from qcompile.grammar.includes import Files, Wording
from qcompile.grammar.languages import ReadOptions
from qcompile.grammar.openqasm2 import tree as qasm
from qcompile.grammar.openqasm2.operations import application, operation, plain, whole, wires
from qcompile.grammar.openqasm2.plain import Plain
from qcompile.grammar.openqasm2.scope import QELIB1_FILE, Meaning, Place, Scope
from qcompile.grammar.openqasm2.syntax import read_statements
from qcompile.grammar.scope import TooManyFaultsError
from qcompile.ir import If, Measure, Op, Program, Reset, Samples, Statement

_QUBIT: Kind = "qubit"
_CHUNK = 4  # wires or bits that count as one op
_WORDING = Wording(
    nowhere=(
        "there is no folder to read `{name}` from",
        'give the program as a file in the folder of its includes; `"qelib1.inc"` is always there',
    ),
    outside=("`{name}` is outside the program's folder", "included files lie in the program's own folder or below it"),
    missing=(
        "there is no file `{name}`",
        'put it into `{folder}/`, beside the program; only `"qelib1.inc"` is built in',
    ),
    ring=("`{name}` includes itself", "files include each other in one direction"),
)


def read(source: Source, options: ReadOptions) -> Program:
    """The program that a text stands for.

    Conditions see 0 in bits that nothing was measured into. What is measured is returned as samples.

    Raises:
        CompileError: with everything found wrong, in the order of the text.

    Warns:
        CompileWarning: DROPPED.
    """
    scope = Scope(source, Assembly(source))
    reader = _Reader(scope, Files(options.folder, _WORDING))
    try:
        reader.read(read_statements(source))
    except TooManyFaultsError:
        raise scope.assembly.faults.raised() from None
    program = scope.assembly.finished()
    if not (program.registers or program.definitions):
        advice = "declare qubits and apply gates: `qreg q[2]; h q[0];`"
        raise error(Code.EMPTY, f"{source.name} declares nothing", help=advice)
    cells = tuple(sorted(reader.measured))
    return replace(program, outputs=(Samples((), cells),)) if cells else program


class _Reader:
    """The statements of a program, one after another."""

    def __init__(self, scope: Scope, files: Files) -> None:
        self.scope = scope
        self.files = files
        self.measured: set[int] = set()

    def read(self, statements: Sequence[qasm.Statement]) -> None:
        """Add what the statements say; each fault is noted and the next statement is read."""
        scope = self.scope
        for node in statements:
            if isinstance(node, qasm.Definition):
                scope.later.setdefault(node.name.text, scope.span(node.name))
        for place, node in enumerate(statements):
            try:
                if isinstance(node, Plain):
                    scope.assembly.add(plain(node, scope))
                else:
                    self._add(node, place == 0)
            except CompileError as fault:
                scope.assembly.faults.add(fault.diagnostics)

    def _add(self, node: qasm.Statement, is_first: bool) -> None:
        scope = self.scope
        match node:
            case qasm.Header():
                _check_header(node, is_first, scope)
            case qasm.Include():
                self._include(node)
            case qasm.Declaration():
                _declare(node, scope)
            case qasm.Definition():
                _define(node, scope)
            case qasm.Barrier(operands):
                numbers = [number for operand in operands for number in wires(operand, scope).numbers]
                numbers = numbers if operands else list(range(len(scope.assembly.kinds)))
                scope.assembly.spend(len(numbers) // _CHUNK, scope.span(node))
                scope.assembly.barrier(numbers, scope.span(node))
            case qasm.Conditional():
                self._conditional(node)
            case tree.Application() | qasm.Measurement() | qasm.Reset():
                self._extend(self._noted(operation(node, scope)))
            case Plain():
                raise AssertionError("plain statements have a way of their own")
            case _:
                assert_never(node)

    def _extend(self, made: Iterable[Statement]) -> None:
        for statement in made:
            self.scope.assembly.add(statement)

    def _include(self, node: qasm.Include) -> None:
        if node.file.text == QELIB1_FILE:
            self.scope.has_qelib1 = True
            return
        outer, name = self.scope, node.file.text
        span = outer.span(node.file)
        path = self.files.find(name, span)
        with self.files.reading(path, name, span):
            source = Source(name, self.files.text(path, name, span))
            self.scope = replace(outer, source=source)
            try:
                self.read(read_statements(source))
            finally:
                self.scope, outer.has_qelib1 = outer, self.scope.has_qelib1

    def _conditional(self, node: qasm.Conditional) -> None:
        """One `if` for all that a gate makes of registers, one for each measurement, which may change the condition."""
        scope, span = self.scope, self.scope.span(node)
        register = scope.place(node.name, is_quantum=False)
        made = operation(node.operation, scope)
        parts = [[part] for part in made] if isinstance(node.operation, qasm.Measurement) else [made]
        for part in parts:
            condition = self._condition(node, register)
            if condition is None:
                label = f"`{node.name.text}` is never {node.value.text} here, so this never runs"
                bits = counted(register.size or 1, "bit", "bits")
                advice = f"`{node.name.text}` has {bits}, each 0 until it is measured into"
                warn(Code.DROPPED, label, span, advice)
                return
            made = self._noted(part)
            self._extend([If(condition, made, (), span)] if condition else made)
            scope.assembly.spend(len(made), span)

    def _noted(self, made: Sequence[Op | Measure | Reset]) -> tuple[Op | Measure | Reset, ...]:
        """The same; what is measured is noted."""
        self.measured.update(cell for statement in made if isinstance(statement, Measure) for cell in statement.cells)
        return tuple(made)

    def _condition(self, node: qasm.Conditional, register: Place) -> tuple[tuple[int, bool], ...] | None:
        """The measured bits and what they must hold; None where the register never has the value."""
        span, size = self.scope.span(node.value), register.size or 1
        value = whole(node.value.text, span, "this number")
        self.scope.assembly.spend(size // _CHUNK, span)
        bits = [(register.first + place, bool(value >> place & 1)) for place in range(size)]
        if value >> size or any(must and cell not in self.measured for cell, must in bits):
            return None
        return tuple((cell, must) for cell, must in bits if cell in self.measured)


def _check_header(node: qasm.Header, is_first: bool, scope: Scope) -> None:
    version, _, minor = node.version.partition(".")
    if version != "2" or minor.strip("0"):
        advice = "files of OpenQASM 3 are read as `openqasm3`" if version == "3" else "write `OPENQASM 2.0;`"
        label = f"this is OpenQASM {node.version}, read as OpenQASM 2.0"
        raise error(Code.UNKNOWN_LANGUAGE, label, scope.span(node), advice)
    if not is_first:
        raise error(Code.MISPLACED, "the version comes first", scope.span(node), "move it to the top, or leave it out")


def _declare(node: qasm.Declaration, scope: Scope) -> None:
    name, is_quantum = node.name.text, node.word == "qreg"
    try:
        scope.check_free(node.name)
        size = whole(node.size.text, scope.span(node.size), "this size")
        assembly, span = scope.assembly, scope.span(node)
        numbers = assembly.wires(name, _QUBIT, size, span) if is_quantum else assembly.bits(name, size, span)
    except CompileError:
        scope.places.setdefault(name, None)
        raise
    scope.places[name] = Place(numbers.start, size, is_quantum, span)
    scope.defined[name] = span


# ---- gate definitions


def _define(node: qasm.Definition, scope: Scope) -> None:
    """The file's own definition is what the name means from here on, also where `qelib1.inc` has the name."""
    name = node.name.text
    scope.later.pop(name, None)
    known = len(scope.assembly.faults.found)
    scope.check_free(node.name)
    scope.defined[name] = scope.span(node.name)
    scope.known_angles.clear()
    try:
        meaning = _definition(node, scope)
    except CompileError:
        scope.gates[name] = None
        raise
    scope.gates[name] = meaning if len(scope.assembly.faults.found) == known else None


def _definition(node: qasm.Definition, scope: Scope) -> Meaning:
    faults, inner = scope.assembly.faults, _inner(node, scope)
    names: dict[str, str] = {}
    for parameter_name in node.parameters:
        names[parameter_name.text] = free_name(parameter_name.text, names.values())
    inner.parameters = {name: parameter(legal) for name, legal in names.items()}
    signature = Gate(node.name.text, (_QUBIT,) * len(node.wires), tuple(names.values()), opaque=node.body is None)
    body: list[Op] = []
    for statement in node.body or ():
        try:
            body += _inside(statement, inner)
        except CompileError as fault:
            faults.add(fault.diagnostics)
    scope.assembly.spend(len(body), scope.span(node))
    made = scope.assembly.define(signature, body, scope.span(node))
    return Meaning(node.name.text, tuple(names), len(node.wires), made)


def _inner(node: qasm.Definition, scope: Scope) -> Scope:
    """The names in a gate's body: its qubits."""
    seen: dict[str, Span] = {}
    for name in (*node.parameters, *node.wires):
        if name.text in seen:
            label, advice = (
                f"`{name.text}` stands here twice",
                "the parameters and qubits of a gate have different names",
            )
            raise error(Code.DUPLICATE_NAME, label, scope.span(name), advice, [Note("here first", seen[name.text])])
        Scope(scope.source, scope.assembly).check_free(name)
        seen[name.text] = scope.span(name)
    places: dict[str, Place | None] = {
        name.text: Place(wire, None, True, scope.span(name)) for wire, name in enumerate(node.wires)
    }
    return Scope(
        scope.source, scope.assembly, places, scope.gates, later=scope.later, gate=node.name.text,
        has_qelib1=scope.has_qelib1,
    )  # fmt: skip


def _inside(node: qasm.Statement, scope: Scope) -> Sequence[Op]:
    span = scope.span(node)
    match node:
        case tree.Application():
            return application(node, scope)
        case qasm.Barrier(operands):
            for operand in operands:
                wires(operand, scope)
            warn(Code.DROPPED, "a barrier inside a gate is left out", span, "put barriers around the gate instead")
            return ()
        case qasm.Measurement() | qasm.Reset() | qasm.Conditional():
            advice = "a gate's body holds gates; measure, reset and test outside it"
            raise error(Code.NOT_INVERTIBLE, "this is not unitary", span, advice)
        case _:
            raise error(Code.MISPLACED, "this belongs outside every gate", span, "move it out of the gate's body")
