"""Light-cone slices: values and derivatives stay, and each slice is as small as its cone."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from chains import LAYERS, brick, brick_value
from hypothesis import given
from hypothesis import strategies as st
from pass_programs import dynamic_programs
from random_programs import values_for

import qcompile as qc
from qcompile.diagnostics import CompileError
from qcompile.grammar import parse, to_text
from qcompile.ir import Adjoint, Module, Program, Shifted
from qcompile.ir.verify import verify
from qcompile.passes import SliceCones
from qcompile.passes.differentiate import differentiate, lift
from qcompile.targets.simulator import Options, evaluate
from qcompile.targets.simulator.slicing import simulable, slices_of, work

PAGE = (Path(__file__).parents[2] / "docs" / "derivatives" / "slices.md").read_text(encoding="utf-8")
QUBITS = 64
SELECTED = """
qubit q[6]; bit c[2]; param t[4]; observable H = 0.5 + Z[0] Z[1] + 0.3*X[2] - 2*Z[5];
ry(t[0]) q[0]; cx q[0], q[1]; rx(t[1]) q[2]; depolarizing(0.1) q[2]; ry(t[2]) q[5];
c[0] = measure q[2]; if (c[0]) { ry(t[3]) q[1]; } else { x q[5]; }
c[1] = measure q[5]; ry(t[3]) q[3]; postselect c[1] == 0;
return expect(H), probs(q[1], q[3]), var(Z[0] + X[1]), unnormalised_expect(H);
"""


def shifted(module: Module) -> Shifted:
    """The module, which verifies and reads back from its text."""
    assert isinstance(module, Shifted)
    verify(module)
    assert parse(to_text(module)) == module
    return module


def agree(one: Shifted, other: Shifted, values: dict[str, np.ndarray]) -> None:
    assert [(c.output, c.wrt) for c in one.components] == [(c.output, c.wrt) for c in other.components]
    for left, right in zip(evaluate(one, values, Options()), evaluate(other, values, Options()), strict=True):
        assert np.allclose(left, right, rtol=0, atol=1e-11)


def try_derivative(module: Program | Shifted) -> Module | None:
    try:
        return differentiate(module, None, "shift")
    except CompileError:
        return None


@given(program=dynamic_programs(), wires=st.integers(0, 3))
def test_values_and_derivatives_are_kept(program: Program, wires: int) -> None:
    """Would catch a term in two slices or in none, a wire or a bit renumbered wrongly, and a row that lost a slot."""
    values = {name: np.stack([value, value / 2]) for name, value in values_for(program, 3, np.pi).items()}
    whole = lift(program)
    agree(whole, shifted(SliceCones(wires)(program)), values)
    first = try_derivative(whole)
    if isinstance(first, Shifted):
        agree(first, shifted(SliceCones(wires)(first)), values)


def test_post_selection_is_kept() -> None:
    """Would catch a quotient whose denominator was split, and noise or a condition left outside a cone."""
    program = parse(SELECTED)
    assert isinstance(program, Program)
    values = values_for(program, 1, np.pi)
    slices = shifted(SliceCones()(program))
    assert max(len(template.program.kinds) for template in slices.templates) < 6
    agree(lift(program), slices, values)
    derivative = try_derivative(lift(program))
    assert isinstance(derivative, Shifted)
    after, before = SliceCones()(derivative), differentiate(slices, None, "shift")
    agree(derivative, shifted(after), values)
    agree(derivative, shifted(before), values)


def test_a_product_state_costs_as_much_as_its_qubits() -> None:
    """Would catch rows that differ outside a slice's cone and are there twice, and readings that cancel and stay."""
    lines = "qubit q[5]; param w[5]; " + "".join(f"ry(w[{k}]) q[{k}]; " for k in range(5))
    derivative = differentiate(parse(lines + "return expect(Z[0] + Z[1] + Z[2] + Z[3] + Z[4]);"), None, "shift")
    slices = shifted(SliceCones()(derivative))
    assert [len(template.program.kinds) for template in slices.templates] == [1] * 5
    assert len(slices.rows) == 15
    assert [len(component.readings) for component in slices.components] == [5] + [2] * 5
    joined = shifted(SliceCones(2)(derivative))
    assert [len(template.program.kinds) for template in joined.templates] == [2, 2, 1]


def test_a_sum_that_is_divided_by_stays_whole() -> None:
    """Would catch a/(b + c) taken for a/b/c."""
    module = parse(
        "shifted; template t { qubit q[3]; ry(0.3) q[0]; ry(0.4) q[1]; ry(0.5) q[2];"
        "return expect(X[0] + X[2]), expect(Z[0] + Z[1]); } row r = t(); component d[0] exact = 2*r[0]/r[1];"
    )
    slices = shifted(SliceCones()(module))
    assert [len(template.program.kinds) for template in slices.templates] == [2, 1]
    expected = 2 * (np.sin(0.3) + np.sin(0.5)) / (np.cos(0.3) + np.cos(0.4))
    assert np.allclose(evaluate(slices, {}, Options()), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("qubits", [6, 40])
def test_gates_that_commute_are_seen_by_their_neighbours_alone(qubits: int) -> None:
    """Would catch the cone of an edge that grows around the ring, gate by gate, through a layer that commutes."""
    edges = [(k, (k + 1) % qubits) for k in range(qubits)]
    layers = [f"h q[{k}];" for k in range(qubits)] + [f"rzz(2*gamma) q[{a}], q[{b}];" for a, b in edges]
    layers += [f"rx(2*beta) q[{k}];" for k in range(qubits)]
    cost = " + ".join(f"Z[{a}] Z[{b}]" for a, b in edges)
    slices = SliceCones()(
        parse(f"qubit q[{qubits}]; param gamma; param beta; {' '.join(layers)} return expect({cost});")
    )
    assert {len(template.program.kinds) for template in shifted(slices).templates} == {4}
    derivative = shifted(differentiate(slices, None, "shift"))
    found = np.array(evaluate(derivative, {"gamma": 0.3, "beta": 0.4}, Options()))[:, 0]
    of_six = np.array([2.794925002007311, 4.34643895, -0.32658115])  # each edge gives as much on any longer ring
    assert np.allclose(found, of_six * qubits / 6, rtol=0, atol=1e-6)


@pytest.mark.parametrize("text", ["qubit q[2]; x q[0]; return state();", "qubit q[2]; x q[0];"])
def test_what_has_no_cones_stays(text: str) -> None:
    """Would catch slices of a program whose state is what it is for."""
    assert SliceCones()(parse(text)) == parse(text)
    adjoint = differentiate(parse("qubit q; param a; rx(a) q; return expect(Z[0]);"), None, "adjoint")
    assert SliceCones()(adjoint) == adjoint


def test_sixty_four_qubits() -> None:
    """Would catch any slice or weight that is wrong: values and slopes by exact matrix product states."""
    angles = np.random.default_rng(7).uniform(0, 2 * np.pi, LAYERS * QUBITS)
    program = brick(QUBITS)
    function = qc.value_and_grad(program)
    value, gradient = function(w=angles)
    assert isinstance(function.derivative, Shifted)
    assert abs(value - brick_value(angles)) < 1e-11
    for k in range(0, LAYERS * QUBITS, 11):
        step = 1e-30j * (np.arange(len(angles)) == k)
        assert abs(gradient["w"][k] - brick_value(angles + step).imag / 1e-30) < 1e-11


def test_the_least_work_is_chosen() -> None:
    """Would catch slices of a program that is seen as a whole, and a wide one that is swept as a whole."""
    ring = "".join(f"ry(w[{k}]) q[{k}]; cx q[{k}], q[{(k + 1) % 18}]; " for k in range(18)) * 2
    seen = parse(f"qubit q[18]; param w[18]; {ring} return expect(Z[0] + X[9]);")
    assert isinstance(seen, Program)
    assert slices_of(seen) is None
    assert simulable(seen) is seen
    wide = brick(20)
    slices = simulable(wide)
    assert isinstance(slices, Shifted)
    assert work(slices) < work(wide)
    assert isinstance(qc.value_and_grad(wide).derivative, Shifted)
    assert isinstance(qc.value_and_grad(brick(12)).derivative, Adjoint)


def test_idle_wires_cost_nothing() -> None:
    """Would catch a state of all declared qubits where some are used, and a wire dropped that the state has."""
    program = parse("qubit a; qubit q[39]; param t; rx(t) q[38]; cx q[38], q[2]; return expect(Y[39] + Z[3]);")
    assert isinstance(program, Program)
    trimmed = simulable(program)
    assert isinstance(trimmed, Program)
    assert trimmed.kinds == ("qubit",) * 2
    value, gradient = qc.value_and_grad(program)(t=0.3)
    assert abs(value - np.cos(0.3)) < 1e-14  # ⟨Y⟩ is 0 beside its entangled partner
    assert abs(gradient["t"] + np.sin(0.3)) < 1e-14
    state = parse("qubit q[18]; x q[3]; return state();")
    assert simulable(state) == state


def test_the_page_says_what_happens() -> None:
    """Would catch a page whose program is not sliced, or whose example prints something else."""
    blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    slices = shifted(SliceCones()(parse(blocks["qc"])))
    assert sorted(len(template.program.kinds) for template in slices.templates) == [2, 2, 4]
    done = subprocess.run([sys.executable, "-c", blocks["python"]], capture_output=True, text=True, check=False)
    assert done.stdout == blocks["text"], done.stderr
