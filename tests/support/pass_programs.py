"""Hypothesis strategies for programs that give passes something to do, or something to get wrong."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from random_programs import PARAMETERS, QUBIT_GATES, angles, pauli_sums

from qcompile.gates import TABLE, Gate
from qcompile.grammar import invert
from qcompile.ir import Expectation, If, Measure, Observable, Op, Probabilities, Program, Register, Reset, Statement

WIRES, BITS = 3, 2
GATES = [TABLE[name] for name in ("x", "h", "s", "t", "rx", "rz", "p", "cx", "cz", "swap", "rzz", "crx", "gphase")]
Draw = st.DrawFn


@st.composite
def placed_ops(draw: Draw, wires: int, gates: Sequence[Gate], *, controlled: bool) -> Op:
    """Any of the gates on any of the wires, under up to two controls if wanted, or its inverse."""
    gate = draw(st.sampled_from([gate for gate in gates if len(gate.wires) <= wires]))
    most = min(wires - len(gate.wires), 2) if controlled else 0
    polarities = tuple(draw(st.lists(st.booleans(), max_size=most)))
    order = draw(st.permutations(range(wires)))
    arguments = tuple(draw(angles()) for _ in gate.parameters)
    op = Op(gate, tuple(order[: len(polarities) + len(gate.wires)]), arguments, polarities)
    return invert(op) if draw(st.integers(0, 3)) == 0 else op


@st.composite
def undone_programs(draw: Draw) -> Program:
    """Programs in which much cancels or merges: few different ops, some repeated, some inverted."""
    wires = draw(st.integers(1, 3))
    pool = draw(st.lists(placed_ops(wires, QUBIT_GATES, controlled=True), min_size=1, max_size=4))
    picks = draw(st.lists(st.tuples(st.sampled_from(pool), st.booleans(), st.booleans()), min_size=2, max_size=12))
    body = [invert(op) if inverted else op for op, inverted, _ in picks]
    turned = [
        Op(op.gate, op.wires[::-1], op.angles, op.controls[::-1], op.inverse)
        if swap and len(set(op.gate.wires)) == 1 and not op.controls
        else op
        for op, (_, _, swap) in zip(body, picks, strict=True)
    ]
    return Program((Register("q", "qubit", wires),), PARAMETERS, (), tuple(turned))


@st.composite
def statements(draw: Draw, assigned: set[int], depth: int = 0) -> Statement:
    choice = draw(st.integers(0, 9))
    if choice == 0:
        return Reset(draw(st.integers(0, WIRES - 1)))
    if choice == 1 and depth == 0:
        bit = draw(st.integers(0, BITS - 1))
        assigned.add(bit)
        return Measure("z", draw(st.integers(0, WIRES - 1)), (bit,))
    if choice in (2, 3) and depth < 2 and assigned:
        bit = draw(st.sampled_from(sorted(assigned)))
        then = tuple(draw(st.lists(statements(assigned, depth + 1), min_size=1, max_size=3)))
        otherwise = tuple(draw(st.lists(statements(assigned, depth + 1), max_size=2)))
        return If(((bit, draw(st.booleans())),), then, otherwise)
    return draw(placed_ops(WIRES, GATES, controlled=False))


@st.composite
def dynamic_programs(draw: Draw) -> Program:
    """Each op is likely to come again, so that there is something to cancel across barriers."""
    assigned: set[int] = set()
    body: list[Statement] = []
    for _ in range(draw(st.integers(2, 10))):
        again = [statement for statement in body if isinstance(statement, Op)]
        repeats = again and draw(st.integers(0, 2)) == 0
        body.append(draw(st.sampled_from(again)) if repeats else draw(statements(assigned)))
    registers = (Register("q", "qubit", WIRES), Register("c", "bit", BITS))
    wires = draw(st.sampled_from([(0,), (1, 2)]))
    outputs = (Expectation(Observable(draw(pauli_sums(WIRES)))), Probabilities(wires))
    chosen = draw(st.sampled_from([outputs, outputs[1:]]))
    return Program(registers, PARAMETERS, (), tuple(body), chosen)
