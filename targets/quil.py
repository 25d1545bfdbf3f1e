"""Quil: declared memory for parameters, plain gates, jumps on measured bits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import assert_never

from qcompile.angle import Angle
from qcompile.ir import Barrier, If, Measure, Op, Postselect, Program, Reset, Statement
from qcompile.targets.expressions import Names, affine_text, used_calls
from qcompile.targets.writing import bit_registers, cell_names, drop_barrier, is_global_phase, no_selection, spelled


def write(program: Program, names: Names) -> str:
    """The program's text; computed inputs are explained by comments."""
    writer = _Writer(names, tuple(cell_names(program)))
    lines = [f"DECLARE {names.arrays[p.name]} REAL[{1 if p.size is None else p.size}]" for p in program.parameters]
    for call in used_calls(program):
        lines += [f"# {names[call]} = {call}", f"DECLARE {names[call].removesuffix('[0]')} REAL[1]"]
    lines += [f"DECLARE {name} BIT[{length}]" for name, length in bit_registers(program)]
    return "\n".join([*lines, *writer.block(program.body), ""])


@dataclass(frozen=True, slots=True)
class _Writer:
    names: Names
    cells: tuple[str, ...]
    labels: Iterator[int] = field(default_factory=count)

    def block(self, body: Iterable[Statement]) -> list[str]:
        return [line for statement in body if not is_global_phase(statement) for line in self._lines(statement)]

    def _lines(self, statement: Statement) -> Iterator[str]:
        match statement:
            case Op():
                name = spelled(statement, statement.gate.spelling.quil, "Quil")
                arguments = ", ".join(self._angle(angle) for angle in statement.angles)
                wires = " ".join(map(str, statement.wires))
                yield f"{name}({arguments}) {wires}" if arguments else f"{name} {wires}"
            case Measure():
                yield f"MEASURE {statement.wire} {self.cells[statement.cells[0]]}"
            case Reset():
                yield f"RESET {statement.wire}"
            case Barrier():  # readers know FENCE, but no local simulator runs it
                drop_barrier(statement, "Quil")
            case Postselect():
                raise no_selection(statement, "Quil")
            case If():
                yield from self._if(statement)
            case _:
                assert_never(statement)

    def _if(self, statement: If) -> Iterator[str]:
        label = next(self.labels)
        for cell, wanted in statement.condition:
            yield f"JUMP-{'UNLESS' if wanted else 'WHEN'} @ELSE{label} {self.cells[cell]}"
        yield from self.block(statement.then)
        if statement.otherwise:
            yield f"JUMP @END{label}"
        yield f"LABEL @ELSE{label}"
        if statement.otherwise:
            yield from self.block(statement.otherwise)
            yield f"LABEL @END{label}"

    def _angle(self, angle: Angle) -> str:
        return affine_text(angle, self.names.__getitem__, grouped=True)
