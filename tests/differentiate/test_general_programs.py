"""Derivatives of programs with gates of their own, noise, post-selection, barriers and opaque gates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from qcompile.angle import number, parameter
from qcompile.builder import Builder
from qcompile.diagnostics import Code, CompileError, Source, Span
from qcompile.gates import TABLE, Gate
from qcompile.grammar import parse
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
)
from qcompile.ir.verify import verify
from qcompile.operator import operator
from qcompile.passes.differentiate import differentiate
from qcompile.products import hessian
from qcompile.run import simulate, value_and_grad

SPAN = Span(Source("some.qc", "here"), 0, 4)


def program(text: str, *added: object, at: int | None = None) -> Program:
    """The text's program with statements put at a place, by default at the end."""
    module = parse(text)
    assert isinstance(module, Program)
    place = len(module.body) if at is None else at
    return replace(module, body=(*module.body[:place], *added, *module.body[place:]))  # type: ignore[arg-type]


def slope(f: Callable[..., float], step: float = 1e-3, **values: float) -> float:
    """d/dt to fourth order."""
    at = [f(**{**values, "t": values["t"] + k * step}) for k in (-2, -1, 1, 2)]
    return (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * step)


def built(generator: str, wires: int) -> Program:
    b = Builder()
    q, t = b.qubits("q", wires + 1), b.param("t")
    b.define_generator("turn", "a", wires, generator)
    for wire in q:
        b.ry(0.4, wire)
    b.cx(q[0], q[wires])
    b.turn(2 * t + 0.3, *q[:wires])
    b.rx(t, q[wires])
    b.gate("turn", t, *q[1:], controls=[q[0]], inverse=True)
    b.expect("Z[0] X[1] + 0.5*Y[0]")
    return b.build()


@pytest.mark.parametrize(
    ("generator", "wires"),
    [
        ("0.5*X[0] X[1]", 2), ("0.5*X[0] X[1] + 0.3*Z[0]", 2), ("X[0] + Z[0]", 1), ("0.2*Z[0] + 1.3*Z[1] + 0.7", 2),
        ("0.5*X[0] + 0.25*Z[1] X[2] - 0.3*Y[0] Y[1]", 3),
    ],
)  # fmt: skip
def test_a_gate_with_a_generator_is_differentiable_at_once(generator: str, wires: int) -> None:
    """Would catch frequencies of another gate, a control's eigenvalue 0 forgotten, an inverse of the wrong sign."""
    made = built(generator, wires)
    expected = slope(simulate(made), t=0.43)
    for method in ("shift", "adjoint"):
        assert value_and_grad(made, method)(t=0.43)[1]["t"] == pytest.approx(expected, abs=1e-9)


def test_the_hessian_of_a_gate_with_a_generator() -> None:
    """Would catch slots lost when a defined gate is shifted twice."""
    made = built("0.5*X[0] X[1] + 0.3*Z[0]", 2)
    gradient = value_and_grad(made, "shift")

    def first(t: float) -> float:
        return float(gradient(t=t)[1]["t"])

    assert hessian(made)(t=0.2)[0, 0] == pytest.approx(slope(first, t=0.2), abs=1e-8)


def test_no_rule_is_a_diagnostic_that_names_the_way_out() -> None:
    """Would catch an AssertionError for a spectrum without a rule."""
    b = Builder()
    q, t = b.qubits("q", 8), b.param("t")
    words = (f"{0.1 * math.sqrt(2 * k + 3):.6f}*X[{k}]" for k in range(8))
    b.define_generator("uneven", "a", 8, " + ".join(words))
    b.uneven(t, *q)
    b.expect(" ".join(f"Z[{k}]" for k in range(8)))
    made = b.build()
    with pytest.raises(CompileError, match="adjoint") as caught:
        differentiate(made, method="shift")
    assert caught.value.diagnostics[0].code is Code.NO_RULE
    assert simulate(differentiate(made))(t=0.3)[1] == pytest.approx(slope(simulate(made), t=0.3), abs=1e-9)
    assert value_and_grad(made)(t=0.3)[1]["t"] == pytest.approx(slope(simulate(made), t=0.3), abs=1e-9)


NOISY = "qubit q[3]; param t; ry(t) q[0]; cx q[0], q[1]; rx(2*t) q[1]; return expect(Z[1] + 0.3*X[0] Z[1]);"


@pytest.mark.parametrize("name", ["depolarizing", "amplitude_damping", "phase_damping", "bit_flip"])
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_shift_rules_hold_through_noise(name: str, place: int) -> None:
    """Would catch noise that hides a gate before it, or a rule taken from what noise makes of the observable."""
    made = program(NOISY, Op(TABLE[name], (1,), (number(0.2),)), at=place)
    shifts = value_and_grad(made, "shift")
    assert shifts(t=0.6)[1]["t"] == pytest.approx(slope(simulate(made), t=0.6), abs=1e-9)
    assert value_and_grad(made, "adjoint")(t=0.6)[1]["t"] == pytest.approx(shifts(t=0.6)[1]["t"], abs=1e-10)


@pytest.mark.parametrize(("name", "strengths"), [("loss", (0.6,)), ("thermal_loss", (0.6, 0.3))])
def test_shift_rules_hold_through_lost_light(name: str, strengths: tuple[float, ...]) -> None:
    """Would catch a degree in the quadratures that loss is said to change."""
    text = """qumode m[2]; param t; squeeze(0.3, t) m[0]; beamsplit(t, 0.2) m[0], m[1]; displace(t, 0.1) m[0];
    return expect(x[0] x[1] + n[0]);"""
    for place in range(4):
        made = program(text, Op(TABLE[name], (0,), tuple(map(number, strengths))), at=place)
        assert value_and_grad(made)(t=0.6)[1]["t"] == pytest.approx(slope(simulate(made), t=0.6), abs=1e-8)


def refused(made: Program, method: str) -> tuple[Code, Span | None, str]:
    with pytest.raises(CompileError) as caught:
        differentiate(made, method=method)
    (fault,) = caught.value.diagnostics
    return fault.code, fault.span, fault.help


@pytest.mark.parametrize("method", ["shift", "adjoint"])
def test_a_trained_strength_is_no_angle(method: str) -> None:
    """Would catch a strength that is shifted like an angle, whose derivative would be wrong without a word."""
    made = program(NOISY, Op(TABLE["bit_flip"], (1,), (parameter("t"),), span=SPAN))
    assert value_and_grad(made, method)(t=0.3)[1]["t"] == pytest.approx(slope(simulate(made), t=0.3), abs=1e-9)


SELECTED = """qubit q[3]; bit c; param t; param w; ry(0.7) q[0]; cx q[0], q[1]; ry(0.4) q[1]; c = measure q[1];
rx(t) q[0]; ry(2*t) q[0]; rz(w) q[2]; return expect(Z[0]), var(X[0]), probs(q[0]);"""


def test_angles_after_a_selection_have_their_rules() -> None:
    """Would catch a refusal of what is linear, and a gradient not renormalised."""
    made = program(SELECTED, Postselect(((0, True),)), at=4)
    step, f = 1e-3, simulate(made)
    at = [np.concatenate([np.ravel(part) for part in f(t=0.5 + k * step, w=0.1)]) for k in (-2, -1, 1, 2)]
    expected = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * step)
    _, gradients = value_and_grad(made)(t=0.5, w=0.1)
    found = np.concatenate([np.ravel(gradient["t"]) for gradient in gradients])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)
    for gradient in gradients:
        np.testing.assert_allclose(gradient["w"], 0 * gradient["t"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("nested", [False, True])
def test_an_angle_sets_how_many_runs_are_kept(nested: bool) -> None:
    """Would catch the derivative of a quotient given as a sum of waves."""
    text = "qubit q[3]; bit c[2]; param t; h q[2]; c[1] = measure q[2]; ry(t) q[0]; cx q[0], q[1]; ry(0.4) q[1];"
    text += "c[0] = measure q[1]; return expect(Z[0]);"
    selection = Postselect(((0, True),))
    made = program(text, If(((1, True),), (selection,)) if nested else selection)
    found = value_and_grad(made, "shift")(t=0.6)[1]["t"]
    assert found == pytest.approx(slope(simulate(made), t=0.6), abs=1e-9)


def test_barriers_do_not_matter_to_derivatives() -> None:
    """Would catch a barrier refused, or one that hides a gate."""
    plain = program(NOISY)
    made = program(NOISY, Barrier((0, 1, 2)), at=2)
    for method in ("shift", "adjoint"):
        module = differentiate(made, method=method)
        verify(module)
        found = value_and_grad(made, method)(t=0.3)[1]["t"]
        assert found == pytest.approx(value_and_grad(plain, method)(t=0.3)[1]["t"], abs=1e-12)


@pytest.mark.parametrize("method", ["shift", "adjoint", "auto"])
def test_an_opaque_gate_is_refused_with_its_place(method: str) -> None:
    """Would catch a gradient through a gate of which nothing is known."""
    gate = Gate("magic", ("qubit",), opaque=True)
    made = replace(program(NOISY, Op(gate, (2,), span=SPAN)), definitions=(Definition(gate),))
    assert refused(made, method)[:2] == (Code.UNKNOWN_EFFECT, SPAN)


def test_a_cell_measured_in_one_branch_alone() -> None:
    """Would catch a condition on such a cell that hides the angle it depends on."""
    text = "qubit q[3]; bit c[2]; param t; ry(0.9) q[0]; ry(t) q[1]; c[0] = measure q[0]; return expect(Z[2]);"
    body = (If(((0, True),), (Measure("z", 1, (1,)),)), If(((1, True),), (Op(TABLE["x"], (2,)),)))
    value, gradient = value_and_grad(program(text, *body))(t=0.8)
    chosen = math.sin(0.45) ** 2
    assert value == pytest.approx(1 - 2 * chosen * math.sin(0.4) ** 2, abs=1e-12)
    assert gradient["t"] == pytest.approx(-chosen * math.sin(0.8), abs=1e-12)


def test_a_photonic_generator_of_the_programs_own() -> None:
    """Would catch a Gaussian generator that only the table's forms differentiate."""
    gate = Gate("flow", ("qumode",), ("a",), operator((0.5, "x0 x0"), (0.2, "p0 p0")))
    made = Program(
        (Register("m", "qumode"),), (Parameter("t"),), (Definition(gate),),
        (Op(TABLE["displace"], (0,), (number(0.4), number(0.2))), Op(gate, (0,), (parameter("t"),))),
        (Expectation(Observable(operator((1, "x0 x0"), (0.5, "n0")))),),
    )  # fmt: skip
    expected = slope(simulate(made), t=0.6)
    for method in ("shift", "adjoint"):
        assert value_and_grad(made, method)(t=0.6)[1]["t"] == pytest.approx(expected, abs=1e-8)
