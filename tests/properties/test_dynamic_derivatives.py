"""Random programs that measure, reset and branch: shifting their occurrences against finite differences."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pass_programs import BITS, GATES, WIRES, dynamic_programs, placed_ops
from random_programs import PARAMETERS, pauli_sums, values_for

from qcompile.angle import parameter
from qcompile.gates import TABLE
from qcompile.ir import (
    Expectation,
    If,
    Measure,
    Observable,
    Op,
    Probabilities,
    Program,
    Register,
    Reset,
    Shifted,
    Statement,
)
from qcompile.passes import Optimize
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, evaluate, run

STEP = 2e-3
STENCIL = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))  # of fourth order: angles are of second degree


@st.composite
def branching_programs(draw: st.DrawFn) -> Program:
    """Trained turns of every wire, then measurements and branches on their results, one in the other."""
    turned = [(TABLE["ry"], parameter("w", wire)) for wire in range(WIRES)]
    body: list[Statement] = [Op(gate, (wire,), (angle,)) for wire, (gate, angle) in enumerate(turned)]
    ops = st.lists(placed_ops(WIRES, GATES, controlled=False), min_size=1, max_size=2)
    wires = st.integers(0, WIRES - 1)
    for bit in range(draw(st.integers(1, BITS))):
        body += [*draw(ops), Measure("z", draw(wires), (bit,))]
        rest: list[Statement] = [*draw(ops)]
        if draw(st.booleans()):
            rest.append(Reset(draw(wires)) if draw(st.booleans()) else Measure("z", draw(wires), (bit,)))
        condition = tuple((cell, draw(st.booleans())) for cell in range(bit + 1))
        inner = If(condition[:1], tuple(rest), tuple(draw(ops)) if draw(st.booleans()) else ())
        body.append(If(condition, (inner,)) if draw(st.booleans()) else inner)
    body += draw(ops)
    registers = (Register("q", "qubit", WIRES), Register("c", "bit", BITS))
    outputs = (Expectation(Observable(draw(pauli_sums(WIRES)))), Probabilities((draw(wires),)))
    return Program(registers, PARAMETERS, (), tuple(body), outputs)


@given(st.one_of(branching_programs(), dynamic_programs()))
def test_shift_equals_finite_differences(program: Program) -> None:
    """Would catch an occurrence seen by nothing, a condition that is forgotten, a branch walked once."""
    values = values_for(program, 11)
    derivative = differentiate(program, None, "shift")
    assert isinstance(derivative, Shifted)
    found = evaluate(derivative, values, Options())
    for component, result in zip(derivative.components, found, strict=True):
        for element in component.wrt:
            slope = np.zeros_like(result[0])
            for steps, weight in STENCIL:
                moved = {name: np.array(value) for name, value in values.items()}
                moved[element.name][... if element.index is None else element.index] += steps * STEP
                slope += weight * np.asarray(run(program, moved, Options())[component.output or 0][0]) / STEP
            assert np.allclose(result[0], slope, rtol=0, atol=1e-6)


@given(st.one_of(branching_programs(), dynamic_programs()))
def test_optimising_keeps_the_derivative(program: Program) -> None:
    """Would catch a light cone that leaves out what only a condition reads."""
    values = values_for(program, 12)
    derivative = differentiate(program, None, "shift")
    optimised = Optimize(3)(derivative)
    assert isinstance(derivative, Shifted)
    assert isinstance(optimised, Shifted)
    pairs = zip(evaluate(derivative, values, Options()), evaluate(optimised, values, Options()), strict=True)
    assert all(np.allclose(before, after, rtol=0, atol=1e-9) for before, after in pairs)
