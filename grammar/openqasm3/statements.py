"""Statements in order: what each one does, branches, loops, jumps."""

from __future__ import annotations

from collections.abc import Sequence

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar.openqasm3 import tree
from qcompile.grammar.openqasm3.applications import apply
from qcompile.grammar.openqasm3.estimates import check_length
from qcompile.grammar.openqasm3.expressions import single
from qcompile.grammar.openqasm3.names import Extern
from qcompile.grammar.openqasm3.places import qubits
from qcompile.grammar.openqasm3.routines import define_gate, define_subroutine
from qcompile.grammar.openqasm3.state import MAX_NESTING, State
from qcompile.grammar.openqasm3.types import DURATION, known
from qcompile.grammar.openqasm3.variables import alias, assign, declare, declare_qubits, measure_to


def run(nodes: Sequence[tree.Statement], state: State) -> None:
    """Carry statements out; each fault is noted and the next statement is read."""
    state.nesting += 1
    try:
        for number, node in enumerate(nodes):
            if not state.exit.is_constant:
                rest = nodes[number:]
                state.when_running(lambda rest=rest: run(rest, state), state.span(node))  # type: ignore[misc]
                return
            if state.exit.constant:
                return
            try:
                if state.nesting > MAX_NESTING:
                    raise state.fail(
                        Code.TOO_DEEP, f"this stands inside {MAX_NESTING} blocks", node, "nest less deeply"
                    )
                state.step(node)
                if not (state.loops or state.calls):
                    check_length(node, state)
                statement(node, state)
            except CompileError as fault:
                state.note(fault)
    finally:
        state.nesting -= 1


def statement(node: tree.Statement, state: State) -> None:
    """Carry one statement out."""
    from qcompile.grammar.openqasm3.control import control  # which carries statements out

    if state.is_gate and not isinstance(node, _GATE_STATEMENTS):
        advice = "a gate definition holds gates and loops; the rest belongs outside, or in a `def`"
        raise state.fail(Code.NOT_INVERTIBLE, "this does not belong in a gate", node, advice)
    match node:
        case tree.Application():
            apply(node, state)
        case tree.Assignment():
            assign(node, state)
        case tree.Measurement():
            measure_to(node, state)
        case tree.OnWires():
            _on_wires(node, state)
        case tree.Conditional() | tree.For() | tree.While() | tree.Switch() | tree.Jump() | tree.Return():
            control(node, state)
        case tree.Block():
            inside(node, state)
        case tree.Box():
            _box(node, state)
        case _:
            _declaration(node, state)


_GATE_STATEMENTS = (
    tree.Application, tree.For, tree.Conditional, tree.Block, tree.OnWires, tree.Remark, tree.Switch, tree.Jump,
    tree.Calibration, tree.Box,
)  # fmt: skip


def _declaration(node: tree.Statement, state: State) -> None:
    from qcompile.grammar.openqasm3.includes import include  # which carries statements out

    match node:
        case tree.Qubits():
            declare_qubits(node, state)
        case tree.Declaration():
            declare(node, state)
        case tree.Alias():
            alias(node, state)
        case tree.Gate():
            define_gate(node, state)
        case tree.Subroutine():
            define_subroutine(node, state)
        case tree.Extern(name):
            state.declare(name, Extern())
        case tree.Include():
            include(node, state)
        case tree.Remark(title):
            state.drop(f"{title} has no counterpart", node, "it changes no result, and is left out")
        case tree.Calibration(word):
            label = f"`{word}` says how a device plays a gate, which is not read"
            raise state.fail(Code.OUT_OF_REACH, label, node, "leave it out: gates keep their meaning without it")
        case tree.Version():
            label = "the version stands at the beginning of a program"
            raise state.fail(Code.MISPLACED, label, node, "move it to the first line")
        case _:
            raise AssertionError(f"no statement is {node}")


def inside(node: tree.Statement, state: State) -> None:
    """The statement, or the block's statements, among names of their own."""
    with state.block():
        run(node.statements if isinstance(node, tree.Block) else (node,), state)


# ---- on qubits


def _on_wires(node: tree.OnWires, state: State) -> None:
    wires = tuple(number for operand in node.operands for number in qubits(operand, state).numbers)
    match node.word:
        case "reset" if state.is_gate:
            advice = "reset qubits outside, or in a `def`"
            raise state.fail(Code.NOT_INVERTIBLE, "a gate does not reset qubits", node, advice)
        case "reset":
            state.assembly.reset(wires, state.span(node))
        case "barrier" if state.is_gate:
            state.drop("a definition keeps no barrier", node, "it changes no result, and is left out")
        case "barrier":
            state.assembly.barrier(wires or range(len(state.assembly.kinds)), state.span(node))
        case "delay":
            _delay(node, state)
        case _:
            state.drop("`nop` has no counterpart", node, "it changes no result, and is left out")


def _delay(node: tree.OnWires, state: State) -> None:
    if node.size is None:
        raise AssertionError("a delay has a length")
    length = single(node.size, state)
    if length.type != DURATION:
        label = f"a length is a `duration`, and this is `{length.type}`"
        raise state.fail(Code.WRONG_TYPE, label, node.size, "write it with its unit: `delay[100ns] q;`")
    with state.explaining(node.size):
        is_negative = any(known(entry) < 0 for entry in length.table.entries)
    if is_negative:
        raise state.fail(Code.BAD_NUMBER, "a length below zero", node.size, "lengths are zero or more")
    state.drop("a delay changes nothing without noise", node, "it is left out")


def _box(node: tree.Box, state: State) -> None:
    if node.size is not None:
        label = "a `box` with a duration asks for a schedule, which is not made"
        raise state.fail(Code.OUT_OF_REACH, label, node, "write `box { … }`, or leave the box out")
    inside(node.body, state)
