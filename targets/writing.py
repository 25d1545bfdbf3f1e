"""What the writers of the target languages share."""

from __future__ import annotations

from collections.abc import Iterable

from qcompile.diagnostics import Code, CompileError, Span, error, warn
from qcompile.ir import Barrier, Op, Postselect, Program, Register, Statement

CELL_PREFIX = "bit_"
Condition = tuple[tuple[int, bool], ...]


def spelled(op: Op, spelling: str, language: str) -> str:
    """The gate's name in the language.

    Raises:
        CompileError: UNSAYABLE, when the gate has no name there or carries a modifier that legalizing left.
    """
    if not spelling or op.controls or op.inverse:
        modifiers = "inv @ " * op.inverse + f"ctrl({len(op.controls)}) @ " * bool(op.controls)
        raise unsayable(f"{language} has no `{modifiers}{op.gate.name}`", op.span)
    return spelling


def unsayable(label: str, span: Span | None, help: str = "") -> CompileError:
    return error(Code.UNSAYABLE, label, span, help or "another target may have it: `qcompile targets` lists them")


def drop_barrier(barrier: Barrier, language: str) -> None:
    """A barrier changes no result, so a language without one leaves it out, with a warning."""
    warn(Code.DROPPED, f"{language} has no barrier that runs", barrier.span, "the program's results are the same")


def no_selection(selection: Postselect, language: str) -> CompileError:
    advice = "measure, and drop the other runs when you read the results"
    return unsayable(f"{language} has no post-selection", selection.span, advice)


def is_global_phase(statement: Statement) -> bool:
    """A gate on no wire: outside of controls, which legalizing has resolved, nothing can observe it."""
    return isinstance(statement, Op) and not statement.wires


def bit_registers(program: Program) -> list[tuple[str, int]]:
    """The emitted name and length of each classical register, in order."""
    return [(CELL_PREFIX + register.name, register.length) for register in _classical(program)]


def cell_names(program: Program) -> list[str]:
    """The emitted name of each classical cell."""
    return [f"{name}[{index}]" for name, length in bit_registers(program) for index in range(length)]


def whole_register(condition: Condition, program: Program) -> tuple[str, int, int] | None:
    """Name, length and value of the one register that the condition fixes wholly, first bit least significant."""
    first, values = 0, dict(condition)
    if len(values) < len(set(condition)):  # a bit that is both 0 and 1
        return None
    for name, length in bit_registers(program):
        if values.keys() == set(range(first, first + length)):
            return name, length, sum(1 << (cell - first) for cell, wanted in values.items() if wanted)
        first += length
    return None


def indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _classical(program: Program) -> list[Register]:
    return [register for register in program.registers if not register.is_quantum]
