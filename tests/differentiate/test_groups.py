"""Which occurrences are shifted together: as many as are sound, and never one more, in every place they may stand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from every_method import differences, error, exact_slopes, program_of
from hypothesis import given
from hypothesis import strategies as st
from random_programs import QUBIT_GATES
from trained_texts import OWN, applied, pauli_words

from qcompile.angle import Element, elements, parameter
from qcompile.ir import Op, Program, Shifted
from qcompile.passes.action import Actions
from qcompile.passes.differentiate import differentiate
from qcompile.passes.differentiate.shift.groups import MOST_BETWEEN, Found, Member, groups
from qcompile.targets.simulator import Options, run

AT = {"t": 0.7, "u": -0.4}
HEAD = "qubit q[3]; bit c; param t; param u; ry(0.4) q[0]; ry(1.1) q[1]; rx(0.6) q[2]; "
SEEN = "return expect(X[0] Y[1] + Z[1] X[2] + Y[0] Z[2]);"
# what stands between the occurrences, and how many groups they make
BODIES = {
    "side by side": ("rzz(t) q[0], q[1]; rzz(t) q[1], q[2];", 1),
    "one wire, one gate": ("rz(t) q[0]; rz(t) q[0];", 1),
    "a commuting gate between": ("rzz(t) q[0], q[1]; cz q[0], q[2]; rz(0.3) q[1]; rzz(t) q[1], q[2];", 1),
    "a gate of other wires between": ("rz(t) q[0]; h q[1]; rz(t) q[0];", 1),
    "a gate between that does not commute": ("rz(t) q[0]; h q[0]; rz(t) q[0];", 2),
    "a gate that commutes with one of them": ("rz(t) q[0]; h q[1]; rzz(t) q[0], q[1];", 1),
    "one that is held back by another": ("rz(t) q[0]; h q[0]; cx q[0], q[1]; rz(t) q[1];", 2),
    "another gate that commutes": ("rzz(t) q[0], q[1]; rz(t) q[0];", 1),
    "another that does not": ("rzz(t) q[0], q[1]; rx(t) q[0];", 2),
    "scaled and negated": ("rz(2*t) q[0]; rz(-t) q[1]; rz(t/2) q[0];", 1),
    "shifted by constants": ("rz(t + 1) q[0]; rz(t - pi) q[1];", 1),
    "another parameter with it": ("rz(t + u) q[0]; rz(t - u) q[1];", 1),
    "slopes in proportion": ("rz(u*t) q[0]; rz(-t*u) q[1];", 1),
    "slopes out of proportion": ("rz(t**2) q[0]; rz(t) q[1];", 2),
    "a measurement of another wire between": ("rz(t) q[0]; c = measure q[2]; rz(t) q[1];", 1),
    "a measurement between": ("rx(t) q[0]; c = measure q[0]; rx(t) q[0];", 2),
    "a reset between": ("rx(t) q[0]; reset q[0]; rx(t) q[0];", 2),
    "a channel between": ("rz(t) q[0]; depolarizing(0.2) q[0]; rz(t) q[0];", 2),
    "a branch between": ("c = measure q[2]; rz(t) q[0]; if (c) { h q[0]; } rz(t) q[0];", 2),
    "an else between": ("c = measure q[2]; rz(t) q[0]; if (c) { h q[2]; } else { h q[0]; } rz(t) q[0];", 2),
    "a branch of other wires between": ("c = measure q[2]; rz(t) q[0]; if (c) { h q[2]; } rz(t) q[0];", 1),
    "a branch on a result that the group changes": ("rx(t) q[0]; c = measure q[0]; if (c) { h q[2]; } rx(t) q[1];", 1),
    "post-selection between": ("rx(t) q[0]; c = measure q[0]; postselect c; rx(t) q[1];", 1),
    "post-selection in a branch between": (
        "rx(t) q[0]; c = measure q[0]; if (c) { postselect c; x q[2]; } rx(t) q[1];",
        1,
    ),
    "in a branch": ("c = measure q[2]; if (c) { rz(t) q[0]; rz(t) q[0]; }", 2),
    "before and in a branch": ("c = measure q[2]; rz(t) q[0]; if (c) { rz(t) q[0]; }", 2),
    "a barrier between": ("rz(t) q[0]; barrier q[0]; rz(t) q[0];", 1),
    "under controls": ("rz(t) q[0]; ctrl @ rz(t) q[0], q[1]; negctrl @ rz(t) q[1], q[2];", 1),
    "inverted": ("rz(t) q[0]; h q[1]; inv @ rz(2*t) q[0];", 1),
    "three groups of two": ("rz(t) q[0]; rz(t) q[1]; h q; rz(t) q[0]; rz(t) q[1]; h q; rz(t) q[0]; rz(t) q[1];", 3),
}


def found_groups(program: Program, name: str = "t") -> list[Found]:
    element = Element(name)
    ops = [statement for statement in program.statements() if isinstance(statement, Op)]
    places = [
        Member(k, index)
        for k, op in enumerate(ops)
        for index, angle in enumerate(op.angles)
        if element in elements(angle)
    ]
    return groups(program, ops, element, places, Actions())


@pytest.mark.parametrize("name", BODIES)
def test_groups(name: str) -> None:
    """Would catch occurrences joined over what they do not commute with, and groups not found."""
    body, count = BODIES[name]
    program = program_of(f"{HEAD}{body} rx(0.8) q; {SEEN}")
    assert len(found_groups(program)) == count


@pytest.mark.parametrize("name", BODIES)
def test_derivatives_of_groups(name: str) -> None:
    """Would catch wrong ratios, and a rule of what the members see apart."""
    program = program_of(f"{HEAD}{BODIES[name][0]} rx(0.8) q; {SEEN}")
    numeric, found = differences(program, AT), exact_slopes(program, AT)
    assert "shift" in found
    assert all(error(slopes, numeric) < 1e-8 for slopes in found.values())


@pytest.mark.parametrize(("standing", "count"), [(MOST_BETWEEN, 1), (MOST_BETWEEN + 1, 2)])
def test_a_group_stays_open_for_so_many_ops(standing: int, count: int) -> None:
    """Would catch a limit that is met one too early or too late."""
    program = program_of(f"{HEAD} rz(t) q[0]; {'rx(0.1) q[0];' * standing} rz(t) q[1]; {SEEN}")
    assert len(found_groups(program)) == count


def test_ratios_are_of_slopes() -> None:
    """Would catch a sign or a scale that is lost."""
    (found,) = found_groups(program_of(f"{HEAD}rz(2*t) q[0]; rz(-t) q[1]; rz(u + t/2) q[0]; {SEEN}"))
    assert [float(member.ratio) for member in found.members] == [1.0, -0.5, 0.25]
    assert float(found.slope) == 2.0
    (found,) = found_groups(program_of(f"{HEAD}rz(u*t) q[0]; rz(-t*u) q[1]; {SEEN}"))
    assert [float(member.ratio) for member in found.members] == [1.0, -1.0]
    assert found.slope == parameter("u")


@pytest.mark.parametrize("name", [name for name, (_, count) in BODIES.items() if count == 1])
def test_together_is_never_dearer(name: str) -> None:
    """Would catch a joint rule chosen that takes more evaluations than the occurrences alone."""
    module = differentiate(program_of(f"{HEAD}{BODIES[name][0]} rx(0.8) q; {SEEN}"), "t", "shift")
    assert isinstance(module, Shifted)
    (certificate,) = module.certificates
    assert module.evaluations <= certificate.joint <= certificate.naive


def side_by_side(program: Program, found: Found) -> Program:
    """What may move first, then the members, then what stays after them."""
    ops = [statement for statement in program.body if isinstance(statement, Op)]
    members = [ops[member.position] for member in found.members]
    kept = {id(statement) for statement in (*members, *found.after)}
    first = tuple(statement for statement in program.body if id(statement) not in kept)
    return replace(program, body=(*first, *members, *found.after))


def test_members_are_seen_side_by_side() -> None:
    """Would catch what is seen at each member's own place, where ops that are moved before it still stand after it."""
    between = "cz q[0], q[2]; cz q[1], q[2]; rx(0.3) q[2];"
    program = program_of(f"{HEAD} rzz(t) q[0], q[1]; {between} rzz(t) q[0], q[1]; rx(0.8) q; {SEEN}")
    (found,) = found_groups(program)
    moved = side_by_side(program, found)
    assert len(found.after) == 3
    assert len(moved.body) == len(program.body)
    assert run(moved, AT, Options())[0] == pytest.approx(run(program, AT, Options())[0], abs=1e-12)


def test_what_cannot_pass_stays_behind_the_group() -> None:
    """Would catch an op that the members commute with, but that what stays after them does not, moved before them."""
    between = "rxx(t) q[0], q[1]; cz q[1], q[2]; rx(0.7) q[1];"
    program = program_of(f"{HEAD} {between} rxx(t) q[0], q[1]; rz(0.8) q; {SEEN}")
    for found in found_groups(program):
        moved = side_by_side(program, found)
        assert run(moved, AT, Options())[0] == pytest.approx(run(program, AT, Options())[0], abs=1e-12)


TURNING = {"rz", "rzz", "crz", "cp", "p", "rx", "rxx", "xy", "single_excitation"}


def test_three_members_that_are_brought_together() -> None:
    """Would catch what stands after the second member lost, or repeated."""
    between = "cz q[0], q[2]; rx(0.3) q[2];"
    body = f"{HEAD} rz(t) q[0]; {between} rz(t) q[0]; {between} rz(2*t) q[0]; rx(0.8) q; {SEEN}"
    program = program_of(body)
    (found,) = found_groups(program)
    assert [float(member.ratio) for member in found.members] == [1.0, 1.0, 2.0]
    moved = side_by_side(program, found)
    assert len(moved.body) == len(program.body)
    assert run(moved, AT, Options())[0] == pytest.approx(run(program, AT, Options())[0], abs=1e-12)


@st.composite
def repeated(draw: st.DrawFn) -> str:
    """Gates that turn by ±t or 2t, between few others, on three wires: much commutes, much does not."""
    turning = [gate for gate in QUBIT_GATES if gate.name in TURNING]
    one = applied(turning, 3, 0, st.sampled_from(["t", "-t", "2*t", "u"]))
    other = applied([gate for gate in QUBIT_GATES if not gate.parameters], 3, 0)
    lines = draw(st.lists(st.one_of(one, one, other), min_size=3, max_size=10))
    return f"{OWN}{HEAD}{' '.join(lines)} return expect({draw(pauli_words(3))} + 0.5*{draw(pauli_words(3))});"


@given(repeated())
def test_any_groups_are_sound(text: str) -> None:
    """Would catch groups that are joined wrongly where several open and close."""
    program = program_of(text)
    numeric = differences(program, AT)
    assert all(error(slopes, numeric) < 1e-8 for slopes in exact_slopes(program, AT).values())
