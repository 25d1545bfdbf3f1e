"""Hypothesis strategy for programs that keep some of their runs only."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from pass_programs import BITS, GATES, WIRES, dynamic_programs

from qcompile.angle import number, parameter
from qcompile.gates import TABLE
from qcompile.ir import If, Measure, Op, Postselect, Program, Statement

_TURNS = [gate for gate in GATES if len(gate.wires) == 1 and not gate.parameters]
_NOISE = [TABLE["depolarizing"], TABLE["amplitude_damping"]]


@st.composite
def selecting_programs(draw: st.DrawFn) -> Program:
    """Programs that measure, branch, reset and make noise, and keep some runs at several places, some in branches."""
    plain = draw(dynamic_programs())
    body = list(plain.body)
    bits = st.integers(0, BITS - 1)
    for bit in range(BITS):
        body.insert(draw(st.integers(0, len(body))), Measure("z", draw(st.integers(0, WIRES - 1)), (bit,)))
    for _ in range(draw(st.integers(1, 3))):
        keeps: Statement = Postselect(((draw(bits), draw(st.booleans())),))
        if draw(st.booleans()):
            noise = Op(draw(st.sampled_from(_NOISE)), (0,), (number(0.3),))
            turn = Op(draw(st.sampled_from(_TURNS)), (1,))
            keeps = If(((draw(bits), draw(st.booleans())),), (noise, keeps, turn))
        body.insert(draw(st.integers(0, len(body))), keeps)
    turned = [Op(TABLE["ry"], (wire,), (parameter("w", wire) + number(0.7),)) for wire in range(WIRES)]
    return replace(plain, body=(*turned, *body))
