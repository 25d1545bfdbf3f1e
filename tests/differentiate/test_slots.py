"""Slots: one for each group that is shifted, found again in a derivative that is differentiated again."""

from __future__ import annotations

import pytest
from every_method import program_of

from qcompile.angle import Angle, Element, number, parameter
from qcompile.grammar import parse, to_text
from qcompile.ir import Op, Program, Shifted
from qcompile.passes.differentiate import differentiate
from qcompile.passes.differentiate.shift.groups import Group, Member
from qcompile.passes.differentiate.shift.slots import slotted
from qcompile.targets.simulator import Options, evaluate

TEXT = """qubit q[2]; bit c; param t;
rx(t) q[0]; c = measure q[0]; if (c) { ry(t) q[1]; } u(t, 0.2, t) q[1]; return expect(Z[1]);"""
FIRST, INSIDE, LAST = Member(0, 0), Member(1, 0), Member(2, 2)


def angles(program: Program) -> dict[tuple[int, int], Angle]:
    ops = [statement for statement in program.statements() if isinstance(statement, Op)]
    return {(k, index): angle for k, op in enumerate(ops) for index, angle in enumerate(op.angles)}


def declared(program: Program) -> dict[str, int | None]:
    return {p.name: p.size for p in program.parameters if p.role == "slot"}


def test_each_group_has_one() -> None:
    """Would catch a slot at another op, in a branch or after it, at another angle of the op, or without its ratio."""
    program = program_of(TEXT)
    turned = Member(1, 0, number(-2.0))
    chosen: list[Group] = [(FIRST, turned), (LAST,)]
    made, slots = slotted(program, chosen)
    assert slots == {chosen[0]: Element("s", 0), chosen[1]: Element("s", 1)}
    assert declared(made) == {"s": 2}
    before, after = angles(program), angles(made)
    moved = {
        (0, 0): parameter("s", 0),
        (1, 0): number(-2.0) * parameter("s", 0),
        (2, 2): parameter("s", 1),
    }
    assert after == {place: angle + moved.get(place, Angle()) for place, angle in before.items()}
    assert parse(to_text(made)) == made


def test_an_angle_may_have_several() -> None:
    """Would catch a second group that takes the first one's place at an angle that both move."""
    program = program_of(TEXT)
    made, slots = slotted(program, [(FIRST, INSIDE), (FIRST,)])
    assert len(set(slots.values())) == 2
    assert angles(made)[0, 0] == parameter("t") + parameter("s", 0) + parameter("s", 1)


def test_a_group_that_is_there_is_taken_again() -> None:
    """Would catch a slot for each order of derivatives, so that no rows meet, and a group taken for another."""
    once, slots = slotted(program_of(TEXT), [(FIRST, Member(1, 0, number(-2.0))), (LAST,)])
    again, same = slotted(once, [(LAST,), (FIRST, Member(1, 0, number(-2.0)))])
    assert again == once
    assert same == slots
    more, all_of_them = slotted(once, [(FIRST,), (FIRST, INSIDE), (LAST,)])
    assert declared(more) == {"s": 4}
    assert all_of_them[(LAST,)] == Element("s", 1)
    assert {all_of_them[FIRST,], all_of_them[FIRST, INSIDE]} == {Element("s", 2), Element("s", 3)}


def test_nothing_to_shift_needs_none() -> None:
    """Would catch an empty array of slots, which no text declares."""
    program = program_of(TEXT)
    assert slotted(program, []) == (program, {})


@pytest.mark.parametrize("declaration", ["param s;", "input s[2];", "qubit s;", "param s; param s_;"])
def test_their_name_is_free(declaration: str) -> None:
    """Would catch slots that are read as a parameter or a register of the program."""
    program = program_of(f"{declaration} {TEXT}")
    module = differentiate(program, "t", "shift")
    assert isinstance(module, Shifted)
    (made,) = declared(module.templates[0].program)
    names = {p.name for p in program.parameters} | {register.name for register in program.registers}
    assert made not in names
    assert parse(to_text(module)) == module


def test_rows_of_higher_orders_set_the_same_slots() -> None:
    """Would catch new slots for the second derivative: with shifts of ±π/2, f″ reads rows at π and at 0."""
    once = differentiate(program_of("qubit q; param t; rx(t) q; return expect(Z[0]);"), None, "shift")
    twice = differentiate(once, None, "shift")
    assert isinstance(twice, Shifted)
    assert declared(twice.templates[0].program) == {"s": 1}
    settings = {str(value) for row in twice.rows for _, value in row.settings}
    assert len(settings) == 3


@pytest.mark.parametrize("wrt", ["t", "u"])
@pytest.mark.parametrize("method", ["shift", "hadamard", "finite-differences"])
def test_a_slot_that_is_no_array_stays_one(method: str, wrt: str) -> None:
    """Would catch a text's own slot declared anew as an array, and rows that read back in another order."""
    text = """shifted;
    template t0 { qubit q; param t; param u; slot s; rx(s + t) q; ry(u) q; rx(t) q; return expect(Z[0] + X[0]); }
    row r0 = t0();
    row r1 = t0(s = pi/2);
    row r2 = t0(s = -pi/2);
    component d[0] exact = 1*r0[0];
    component d[0] wrt t exact = 0.5*r1[0] - 0.5*r2[0];
    """
    scalar, array = parse(text), parse(text.replace("slot s;", "slot s[1];").replace("s ", "s[0] "))
    found, expected = (differentiate(module, wrt, method) for module in (scalar, array))
    assert parse(to_text(found)) == found
    for own, other in zip(
        *(evaluate(made, {"t": 0.3, "u": 0.5}, Options()) for made in (found, expected)), strict=True
    ):
        assert own == pytest.approx(other, abs=1e-12)
