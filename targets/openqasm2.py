"""OpenQASM 2 with the gates of the paper's qelib1.inc alone; it has no parameters, so programs come bound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from qcompile.ir import If, Measure, Op, Program, Reset, Statement
from qcompile.targets.expressions import Names, affine_text
from qcompile.targets.openqasm3 import application
from qcompile.targets.writing import (
    bit_registers,
    cell_names,
    is_global_phase,
    spelled,
    unsayable,
    whole_register,
)

_MOST_VALUES = 16
_ONE_REGISTER = "declare a register for each bit that conditions read alone, or emit OpenQASM 3"


def write(program: Program, names: Names) -> str:
    """The text of a program without free parameters."""
    lines = ["OPENQASM 2.0;", 'include "qelib1.inc";']
    lines += [f"qreg q[{len(program.kinds)}];"] * bool(program.kinds)
    lines += [f"creg {name}[{length}];" for name, length in bit_registers(program)]
    for statement in program.body:
        if not is_global_phase(statement):
            lines += _lines(statement, program, names)
    return "\n".join([*lines, ""])


def _lines(statement: Statement, program: Program, names: Names) -> Iterator[str]:
    match statement:
        case Op():
            name = spelled(statement, statement.gate.spelling.openqasm2, "OpenQASM 2")
            angles = [affine_text(angle, names.__getitem__, grouped=False) for angle in statement.angles]
            yield application(name, angles, statement.wires)
        case Measure():
            yield f"measure q[{statement.wire}] -> {cell_names(program)[statement.cells[0]]};"
        case Reset():
            yield f"reset q[{statement.wire}];"
        case If():
            yield from _conditioned(statement, program, names)
        case _:
            assert_never(statement)


def _conditioned(statement: If, program: Program, names: Names) -> Iterator[str]:
    """One statement each, since `if` covers one; `else` is every other value of the register."""
    whole = whole_register(statement.condition, program)
    if whole is None:
        raise unsayable("OpenQASM 2 compares whole registers only", statement.span, _ONE_REGISTER)
    register, length, value = whole
    if statement.otherwise and 1 << length > _MOST_VALUES:
        raise unsayable("OpenQASM 2 has no `else`, and this register too many values", statement.span, _ONE_REGISTER)
    read = {cell for cell, _ in statement.condition}
    others = [other for other in range(1 << length) if other != value] if statement.otherwise else []
    for body, values in ((statement.then, [value]), (statement.otherwise, others)):
        for inner in body:
            if isinstance(inner, If) or (isinstance(inner, Measure) and read & set(inner.cells)):
                what = "nested conditions" if isinstance(inner, If) else "a condition that its own body changes"
                raise unsayable(f"OpenQASM 2 has no {what}", inner.span or statement.span, "emit OpenQASM 3 instead")
            if not is_global_phase(inner):
                for line in _lines(inner, program, names):
                    yield from (f"if({register}=={chosen}) {line}" for chosen in values)
