"""From an OpenQASM 3 text to a program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from qcompile.diagnostics import Code, CompileError, Source, Span, error
from qcompile.grammar.assembly import Assembly
from qcompile.grammar.classical import Table, combine
from qcompile.grammar.languages import ReadOptions
from qcompile.grammar.openqasm3 import tree
from qcompile.grammar.openqasm3.names import Place
from qcompile.grammar.openqasm3.state import State
from qcompile.grammar.openqasm3.statements import run
from qcompile.grammar.openqasm3.syntax import DIALECT, read_statements
from qcompile.grammar.openqasm3.types import ArrayValue, Scalar, Value, pattern, scalar
from qcompile.grammar.scope import TooManyFaultsError
from qcompile.ir import Measure, Output, Program, Samples

_PHYSICAL = re.compile(DIALECT.comment + r"|\$(\d+)")


def read(source: Source, options: ReadOptions) -> Program:
    """The program that a text stands for.

    Raises:
        CompileError: everything found wrong, in the order of the text.
    """
    statements = read_statements(source)
    state, fault = _attempt(statements, State(Assembly(source), source, options))
    if state.program.conflicts:
        state, fault = _attempt(statements, State(Assembly(source), source, options, guards=True, said=state.said))
    if fault is not None:
        raise fault
    program = state.program.finished()
    if not (program.registers or program.parameters or program.definitions):
        advice = "declare qubits and apply gates: `qubit q; U(pi/2, 0, pi) q;`"
        raise error(Code.EMPTY, f"{source.name} declares no qubit and defines no gate", help=advice)
    return replace(program, outputs=tuple(_outputs(program, state)))


def _attempt(statements: tuple[tree.Statement, ...], state: State) -> tuple[State, CompileError | None]:
    """Carry the statements out; what stopped that before the end, if anything."""
    faults = state.program.faults
    try:
        _read(statements, state)
    except TooManyFaultsError:
        return state, faults.raised()
    except CompileError as fault:
        return state, CompileError([*faults.raised().diagnostics, *fault.diagnostics])
    except RecursionError:
        label = f"{state.source.name} nests calls, blocks and brackets too deeply"
        return state, error(Code.TOO_DEEP, label, help="take parts out: name what stands inside")
    return state, None


def _read(statements: tuple[tree.Statement, ...], state: State) -> None:
    match statements:
        case [tree.Version(number) as version, *_]:
            if number.split(".")[0] != "3":
                label = f"this is OpenQASM {number}, and OpenQASM 3 is read here"
                raise state.fail(Code.UNKNOWN_LANGUAGE, label, version, "write `OPENQASM 3.0;`, or change the program")
            statements = statements[1:]
        case _:
            pass
    _declare_physical(state)
    run(statements, state)


def _declare_physical(state: State) -> None:
    """`$0` to the highest that the text names are one register."""
    found = [m for m in _PHYSICAL.finditer(state.source.text) if m.group(1)]
    if found:
        highest = max(found, key=lambda m: (len(m.group(1).lstrip("0")), m.group(1).lstrip("0")))
        span = Span(state.source, *highest.span())
        digits = highest.group(1).lstrip("0") or "0"
        if len(digits) > 9:
            raise error(Code.TOO_LARGE, f"a qubit with {len(digits)} digits", span, "number the qubits from `$0`")
        state.physical = state.assembly.wires("physical", "qubit", int(digits) + 1, span)


# ---- what is returned


def _outputs(program: Program, state: State) -> Iterator[Output]:
    """Samples of the classical results: of what is declared `output`, or else of all global variables.

    A variable keeps each of its bits that is an outcome. Bits that follow from outcomes kept are left out.
    """
    if not any(isinstance(statement, Measure) for statement in program.statements()):
        return
    kept: dict[int, None] = {}
    lost: list[tuple[str, Span, frozenset[int]]] = []
    for name, place, span in state.outputs or state.results:
        for table in _bits(place, state):
            cell = _outcome(table)
            if cell is None:
                lost.append((name, span, frozenset(table.support)))
            else:
                kept[cell] = None
    for name, span, support in dict.fromkeys(lost):
        if not support <= kept.keys():
            node = tree.Name(name, span.start, span.end)
            label = f"`{name}` is worked out from results that are not returned"
            state.drop(label, node, "results are measured bits: compute it from the samples")
    if kept:
        yield Samples((), tuple(kept))


def _bits(place: Place, state: State) -> Iterator[Table]:
    """The bits of a variable, or its values where they are no bits."""
    value = state.read(place)
    elements = [scalar(value.type, t) for t in value.tables] if isinstance(value, ArrayValue) else [value]
    for element in elements:
        if all(table.is_constant for table in element.tables):
            continue
        yield from _split(element).tables


def _split(value: Value) -> Value:
    type_ = value.type
    if type_.is_register or type_.width is None or not (type_.is_integer or type_.kind == "angle"):
        return value
    return scalar(Scalar("bit", type_.width), combine(lambda entry: pattern(entry, type_), value.table))


def _outcome(table: Table) -> int | None:
    """The cell whose outcome this is; None for anything else, constants included."""
    return table.support[0] if len(table.support) == 1 and tuple(map(int, table.entries)) == (0, 1) else None
