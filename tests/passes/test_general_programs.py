"""Passes on barriers, post-selection, noise, and gates that a program defines otherwise than by a body."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pass_programs import undone_programs

from qcompile.angle import number, parameter
from qcompile.diagnostics import CompileError
from qcompile.gates import TABLE, Gate
from qcompile.ir import (
    Barrier,
    Definition,
    Expectation,
    If,
    Measure,
    Observable,
    Op,
    Parameter,
    Postselect,
    Program,
    Register,
    Statement,
)
from qcompile.ir.verify import verify
from qcompile.operator import operator
from qcompile.passes import (
    CancelInverses,
    FoldConstants,
    Inline,
    LightCone,
    MergeRotations,
    Optimize,
    Pass,
    cost,
    lowering,
)
from qcompile.targets.simulator import run

MATRIX = Gate("mine", ("qubit",), matrix=((0, 1j), (1, 0)))
TURN = Gate("turn", ("qubit", "qubit"), ("a",), operator((0.5, "X0 Y1"), (0.3, "Z0 Z1")))
MAGIC = Gate("magic", ("qubit",), opaque=True)
NOISE = Gate("noise", ("qubit",), kraus=(((0.6, 0), (0, 0.6)), ((0, 0.8), (0.8, 0))))
ALL: list[Pass] = [Inline(), FoldConstants(), CancelInverses(), MergeRotations(), *(Optimize(k) for k in range(4))]


def x(wire: int) -> Op:
    return Op(TABLE["x"], (wire,))


def rz(wire: int, angle: float | str) -> Op:
    return Op(TABLE["rz"], (wire,), (parameter(angle) if isinstance(angle, str) else number(angle),))


def program(*body: Statement, seen: str = "X0 X1") -> Program:
    definitions = tuple(map(Definition, (MATRIX, TURN, MAGIC, NOISE)))
    registers = (Register("q", "qubit", 3), Register("c", "bit", 2))
    made = Program(registers, (Parameter("t"),), definitions, body, (Expectation(Observable(operator((1, seen)))),))
    verify(made)
    return made


def body(step: Pass, made: Program) -> tuple[Statement, ...]:
    result = step(made)
    verify(result, after=step.name)
    assert isinstance(result, Program)
    return result.body


@pytest.mark.parametrize("step", [CancelInverses(), MergeRotations(), Optimize(3)], ids=repr)
@pytest.mark.parametrize(
    "between",
    [Barrier((0, 1)), Op(NOISE, (0,)), Op(MAGIC, (0,)), Op(TABLE["phase_flip"], (0,), (number(0.1),))],
    ids=str,
)
def test_nothing_meets_across(step: Pass, between: Statement) -> None:
    """Would catch a pair cancelled or merged through a barrier, noise or an opaque gate."""
    pairs = (rz(0, "t"), between, rz(0, "t"))
    assert body(step, program(*pairs)) == pairs
    flips = (x(0), between, x(0))
    assert body(step, program(*flips)) == flips


def test_a_barrier_is_of_its_wires_alone() -> None:
    """Would catch a barrier that stops what it is not on."""
    barrier = Barrier((0, 1))
    assert body(CancelInverses(), program(x(2), barrier, x(2))) == (barrier,)
    turned = body(MergeRotations(), program(rz(2, "t"), barrier, rz(2, "t")))
    assert turned == (barrier, Op(TABLE["rz"], (2,), (parameter("t") * number(2.0),)))


def test_a_barrier_makes_nothing_live() -> None:
    """Would catch gates kept for a barrier's sake, a barrier lost between gates that stay, a branch of barriers."""
    kept = (x(0), Barrier((0, 2)), Op(TABLE["h"], (0,)))
    made = program(x(2), *kept, Barrier((2,)), seen="X0")
    assert body(LightCone(), made) == kept
    branch = If(((0, True),), (Barrier((0,)),), (If(((0, True),), (Barrier((0, 1)),)),))
    assert body(LightCone(), program(Op(TABLE["h"], (1,)), Measure("z", 1, (0,)), branch, x(0), seen="X0")) == (x(0),)


def test_a_barrier_costs_nothing_and_lines_up() -> None:
    """Would catch a barrier counted as a gate, or a depth that ignores it."""
    plain, barred = (program(x(0), x(0), *between, x(1)) for between in ((), (Barrier((0, 1)),)))
    assert (cost(plain).depth, cost(barred).depth) == (2, 3)
    assert cost(plain).gates == cost(barred).gates


def test_a_selection_makes_live_what_its_bits_depend_on() -> None:
    """Would catch a post-selection dropped, or the measurement or the gates before it."""
    before = (Op(TABLE["h"], (0,)), Op(TABLE["cx"], (0, 1)), Measure("z", 1, (0,)), Postselect(((0, True),)))
    made = program(Op(TABLE["h"], (2,)), *before, seen="Z0")
    assert body(LightCone(), made) == before
    assert body(Optimize(3), made) == before


def test_noise_is_seen_as_its_past_is() -> None:
    """Would catch noise taken for a preparation, which forgets its wire, or kept where no output sees it."""
    seen = (Op(TABLE["h"], (0,)), Op(NOISE, (0,)), Op(TABLE["amplitude_damping"], (0,), (number(0.2),)))
    assert body(LightCone(), program(*seen, Op(NOISE, (2,)), seen="X0")) == seen


def test_an_opaque_gate_stays_with_its_past() -> None:
    """Would catch a gate dropped of which nobody knows what it does."""
    made = program(x(2), Op(MAGIC, (2,)), x(0), seen="X0")
    assert body(Optimize(3), made) == made.body


def test_definitions_stay_where_they_are_needed() -> None:
    """Would catch a call left without its definition, or definitions left without a call."""
    whole = Gate("whole", ("qubit", "qubit"), ("b",))
    inner = Definition(whole, (Op(MATRIX, (1,), (), (), True), Op(TURN, (1, 0), (parameter("b"),))))
    made = program(Op(MAGIC, (2,)))
    made = replace(made, definitions=(*made.definitions, inner), body=(Op(whole, (0, 1), (parameter("t"),)),))
    inlined = Inline()(made)
    verify(inlined, after="inline")
    assert isinstance(inlined, Program)
    assert [definition.gate for definition in inlined.definitions] == [MATRIX, TURN]
    assert inlined.body == (Op(MATRIX, (1,), (), (), True), Op(TURN, (1, 0), (parameter("t"),)))


def test_defined_gates_cancel_and_merge() -> None:
    """Would catch a gate of the program's own that no pass knows how to undo or to add."""
    undone = (Op(MATRIX, (0,)), Op(MATRIX, (0,), (), (), True))
    assert body(CancelInverses(), program(*undone)) == ()
    turns = (Op(TURN, (0, 1), (parameter("t"),)), Op(TURN, (0, 1), (number(0.5),)))
    assert body(MergeRotations(), program(*turns)) == (Op(TURN, (0, 1), (parameter("t") + number(0.5),)),)
    assert body(FoldConstants(), program(Op(TURN, (0, 1), (number(0.0),)))) == ()


@pytest.mark.parametrize("step", ALL, ids=repr)
@given(made=undone_programs(), data=st.data())
def test_outputs_stay_with_noise_barriers_and_selection(step: Pass, made: Program, data: st.DataObject) -> None:
    """Would catch a rewrite across noise, and a selection moved before what it depends on."""
    wires = len(made.kinds)
    extra: list[Statement] = [
        Barrier(tuple(range(wires))), Op(TABLE["depolarizing"], (0,), (number(0.3),)), Op(NOISE, (wires - 1,)),
        Op(MATRIX, (0,)), Measure("z", 0, (0,)), Op(TABLE["amplitude_damping"], (0,), (number(0.4),)),
    ]  # fmt: skip
    whole = list(made.body)
    for statement in extra:
        whole.insert(data.draw(st.integers(0, len(whole))), statement)
    measured = next(k for k, s in enumerate(whole) if isinstance(s, Measure))
    kept = data.draw(st.booleans())
    whole.insert(data.draw(st.integers(measured + 1, len(whole))), Postselect(((0, kept),)))
    whole.insert(0, Op(TABLE["ry"], (0,), (number(1.1),)))
    output = Expectation(Observable(operator((1, "Z0"), (0.5, "X0"), *([(0.3, f"Y{wires - 1}")] if wires > 1 else []))))
    program = replace(
        made, registers=(*made.registers, Register("kept", "bit")), body=tuple(whole), outputs=(output,),
        definitions=(Definition(MATRIX), Definition(NOISE)),
    )  # fmt: skip
    verify(program)
    after = step(program)
    verify(after, after=step.name)
    assert isinstance(after, Program)
    values = {
        p.name: np.random.default_rng(3).uniform(-3, 3, () if p.size is None else p.size) for p in program.parameters
    }
    try:
        expected = run(program, values)
    except CompileError:  # no run is kept
        assume(False)
        raise
    np.testing.assert_allclose(run(after, values)[0], expected[0], rtol=0, atol=1e-9)


def test_what_a_target_gets_has_the_value() -> None:
    """Would catch a barrier that stands elsewhere after lowering, or a matrix said wrongly under a condition."""
    made = program(
        Op(TABLE["h"], (0,)), Op(TURN, (0, 1), (number(0.7),)), Barrier((0, 1, 2)), Measure("z", 0, (0,)),
        If(((0, True),), (Op(MATRIX, (0, 1), (), (True,)), Barrier((1,)), Op(MATRIX, (2,)))), seen="Z1 Z2",
    )  # fmt: skip
    for target in ("openqasm3", "openqasm2", "quil"):
        lowered = lowering(target)(made)
        assert isinstance(lowered, Program)
        np.testing.assert_allclose(run(lowered, {"t": 0.0})[0], run(made, {"t": 0.0})[0], rtol=0, atol=1e-9)
        assert any(isinstance(statement, Barrier) for statement in lowered.body)
