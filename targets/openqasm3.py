"""OpenQASM 3, in the part that Qiskit's importer reads: scalar inputs, plain gates, conditions on bits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from qcompile.angle import Angle
from qcompile.ir import Barrier, If, Measure, Op, Postselect, Program, Reset, Statement
from qcompile.targets.expressions import Names, affine_text, used_calls
from qcompile.targets.writing import (
    Condition,
    bit_registers,
    cell_names,
    indented,
    is_global_phase,
    no_selection,
    spelled,
    whole_register,
)


def write(program: Program, names: Names) -> str:
    """The program's text; computed inputs are explained by comments."""
    writer = _Writer(program, names, tuple(cell_names(program)))
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";']
    lines += [f"input float[64] {names[e]};" for parameter in program.parameters for e in parameter.elements()]
    lines += [f"input float[64] {names[call]}; // {call}" for call in used_calls(program)]
    lines += [f"qubit[{len(program.kinds)}] q;"] * bool(program.kinds)
    lines += [f"bit[{length}] {name};" for name, length in bit_registers(program)]
    return "\n".join([*lines, *writer.block(program.body), ""])


@dataclass(frozen=True, slots=True)
class _Writer:
    program: Program
    names: Names
    cells: tuple[str, ...]

    def block(self, body: Iterable[Statement]) -> list[str]:
        return [line for statement in body if not is_global_phase(statement) for line in self._lines(statement)]

    def _lines(self, statement: Statement) -> Iterator[str]:
        match statement:
            case Op():
                name = spelled(statement, statement.gate.spelling.openqasm3, "OpenQASM 3")
                yield application(name, [self._angle(angle) for angle in statement.angles], statement.wires)
            case Measure():
                yield f"{self.cells[statement.cells[0]]} = measure q[{statement.wire}];"
            case Reset():
                yield f"reset q[{statement.wire}];"
            case Barrier():
                yield application("barrier", [], statement.wires)
            case Postselect():
                raise no_selection(statement, "OpenQASM 3")
            case If():
                then, otherwise = self.block(statement.then), self.block(statement.otherwise)
                yield from self._if(statement.condition, then, otherwise)
            case _:
                assert_never(statement)

    def _if(self, condition: Condition, then: list[str], otherwise: list[str]) -> list[str]:
        """Conditions that are neither one bit nor one register are nested, since importers have no `&&`."""
        whole = whole_register(condition, self.program)
        if len(condition) == 1:
            cell, wanted = condition[0]
            test = self.cells[cell] if wanted else f"{self.cells[cell]} == false"
        elif whole:
            test = f"{whole[0]} == {whole[2]}"
        else:
            return self._if(condition[:1], self._if(condition[1:], then, otherwise), otherwise)
        tail = ["} else {", *indented(otherwise)] if otherwise else []
        return [f"if ({test}) {{", *indented(then), *tail, "}"]

    def _angle(self, angle: Angle) -> str:
        return affine_text(angle, self.names.__getitem__, grouped=False)


def application(name: str, angles: list[str], wires: Iterable[int]) -> str:
    """A gate on wires of the register q."""
    arguments = f"({', '.join(angles)})" if angles else ""
    return f"{name}{arguments} {', '.join(f'q[{wire}]' for wire in wires)};"
