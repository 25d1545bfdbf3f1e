"""Noise whose strength is wanted, as the gates of its dilation: strengths then are angles like any other.

A channel is ρ ↦ tr_b U(ρ ⊗ |0⟩⟨0|)U†, and to reset the hidden wires b is to trace them out (Nielsen and Chuang,
section 8.2.3). They start again in |0⟩ or the vacuum, so all channels share
them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from qcompile.angle import Element, elements
from qcompile.gates import Kind
from qcompile.grammar import decompose
from qcompile.ir import If, Op, Program, Register, Reset, Statement
from qcompile.passes.names import fresh_name

KINDS: tuple[Kind, ...] = ("qubit", "qumode")


def dilated(program: Program, wanted: Collection[Element]) -> Program:
    """The program with hidden wires declared last, where it has noise whose strength a wanted element sets."""
    channels = [s for s in program.statements() if isinstance(s, Op) and _is_wanted(s, wanted)]
    if not channels:
        return program
    registers, wires = list(program.registers), dict[Kind, tuple[int, ...]]()
    for kind in KINDS:
        count = max(op.gate.hidden.count(kind) for op in channels)
        if count:
            first = sum(register.length for register in registers if register.is_quantum)
            wires[kind] = tuple(range(first, first + count))
            registers.append(Register(fresh_name(f"hidden_{kind}s", program), kind, count))
    return replace(program, registers=tuple(registers), body=tuple(_statements(program.body, wanted, wires)))


def _statements(
    body: tuple[Statement, ...], wanted: Collection[Element], wires: Mapping[Kind, tuple[int, ...]]
) -> Iterator[Statement]:
    for statement in body:
        if isinstance(statement, If):
            then, otherwise = (tuple(_statements(b, wanted, wires)) for b in (statement.then, statement.otherwise))
            yield replace(statement, then=then, otherwise=otherwise)
        elif isinstance(statement, Op) and _is_wanted(statement, wanted):
            free = {kind: iter(places) for kind, places in wires.items()}
            used = tuple(next(free[kind]) for kind in statement.gate.hidden)
            yield from (
                replace(part, span=statement.span)
                for part in decompose(replace(statement, wires=(*statement.wires, *used)))
            )
            yield from (Reset(wire, statement.span) for wire in used)
        else:
            yield statement


def _is_wanted(op: Op, wanted: Collection[Element]) -> bool:
    return op.gate.channel and any(element in wanted for angle in op.angles for element in elements(angle))
