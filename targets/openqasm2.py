"""OpenQASM 2 with the gates of the paper's qelib1.inc alone; it has no parameters, so programs come bound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import assert_never

from qcompile.gates import TABLE, WIRE_NAMES
from qcompile.ir import Barrier, Definition, If, Measure, Op, Postselect, Program, Reset, Statement
from qcompile.targets.expressions import Names, affine_text
from qcompile.targets.guards import Cells, arrange, guarded
from qcompile.targets.openqasm3 import application
from qcompile.targets.writing import is_global_phase, no_selection, spelled, unsayable

_NAME = re.compile("[a-z][A-Za-z0-9_]*")
_RESERVED = {
    "barrier", "cos", "creg", "exp", "gate", "if", "include", "ln", "measure", "opaque", "pi", "q", "qreg", "reset",
    "sin", "sqrt", "tan",
}  # fmt: skip


def write(program: Program, names: Names) -> str:
    """The text of a program without free parameters."""
    lines = ["OPENQASM 2.0;", 'include "qelib1.inc";']
    lines += [_opaque(definition) for definition in program.definitions]
    lines += [f"qreg q[{len(program.kinds)}];"] * bool(program.kinds)
    cells = arrange(program)
    lines += cells.declarations()
    for statement in program.body:
        if not is_global_phase(statement):
            lines += _lines(statement, cells, names)
    return "\n".join([*lines, ""])


def _opaque(definition: Definition) -> str:
    """The declaration of a gate that is a name alone; raises UNSAYABLE where OpenQASM 2 has no such name."""
    gate = definition.gate
    taken = {row.spelling.openqasm2 for row in TABLE.values()}
    if not _NAME.fullmatch(gate.name) or gate.name in taken or gate.name in _RESERVED:
        raise unsayable(f"OpenQASM 2 has no room for a gate `{gate.name}`", definition.span, "give it another name")
    parameters = f"({', '.join(f'par_{name}' for name in gate.parameters)})" if gate.parameters else ""
    return f"opaque {gate.name}{parameters} {', '.join(WIRE_NAMES[: len(gate.wires)])};"


def _lines(statement: Statement, cells: Cells, names: Names) -> Iterator[str]:
    match statement:
        case Op():
            gate = statement.gate
            name = spelled(statement, gate.name if gate.opaque else gate.spelling.openqasm2, "OpenQASM 2")
            angles = [affine_text(angle, names.__getitem__, grouped=False) for angle in statement.angles]
            yield application(name, angles, statement.wires)
        case Measure():
            yield f"measure q[{statement.wire}] -> {cells.spelled(statement.cells[0])};"
        case Reset():
            yield f"reset q[{statement.wire}];"
        case Barrier():
            yield application("barrier", [], statement.wires)
        case Postselect():
            raise no_selection(statement, "OpenQASM 2")
        case If():
            yield from _conditioned(statement, cells, names)
        case _:
            assert_never(statement)


def _conditioned(statement: If, cells: Cells, names: Names) -> Iterator[str]:
    """One line for each statement and value, since `if` covers one statement and knows `==` alone."""
    for part in guarded(statement, cells):
        inner = part.statement
        if isinstance(inner, Measure) and not set(part.cells).isdisjoint(inner.cells):
            what = "OpenQASM 2 has no condition that its own body changes"
            raise unsayable(what, inner.span or statement.span, "emit OpenQASM 3 instead")
        if isinstance(inner, Barrier):  # which takes no condition, and holds in every branch
            yield from _lines(inner, cells, names)
        elif not is_global_phase(inner):
            for line in _lines(inner, cells, names):
                yield from (f"if({part.register}=={value}) {line}" for value in part.values)
