"""Derivatives in closed form, of programs whose structure hides an occurrence or multiplies one."""

from __future__ import annotations

import math

import pytest

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse, to_text
from qcompile.ir import Program, Shifted
from qcompile.operator import operator
from qcompile.passes import Legalize, Optimize, Pass
from qcompile.passes.action import operators_commute
from qcompile.passes.differentiate import differentiate
from qcompile.products import hessian
from qcompile.run import value_and_grad
from qcompile.targets.simulator import Options, evaluate

EXCITED = "qubit q[4]; param t; x q[0:2]; double_excitation(t) q[0], q[1], q[2], q[3]; return expect(Z[0]);"
T = 0.4


def _program(text: str) -> Program:
    program = parse(text)
    assert isinstance(program, Program)
    return program


def _values(module: object) -> list[float]:
    assert isinstance(module, Shifted)
    return [float(value[0]) for value in evaluate(module, {"t": T}, Options())]


@pytest.mark.parametrize("action", ["x q[0];", "reset q[0];", "d = measure q[0]; h q[0];"])
def test_a_branch_depends_on_its_condition_also_where_the_wire_is_known_to_matter(action: str) -> None:
    """The observable is known by its support alone when the branch is reached, and looks the same after it."""
    text = "qubit q[2]; bit c; bit d; param t; ry(0.7) q[0]; rx(t) q[1]; c = measure q[1];"
    program = _program(f"{text} if (c) {{ {action} }} rx(0.3) q[0]; ry(0.4) q[0]; return expect(Z[0]);")
    value, slope = value_and_grad(program, "shift")(t=T)
    ends = [value_and_grad(program, "shift")(t=end)[0] for end in (0.0, math.pi)]  # c is 0, c is 1
    assert value == pytest.approx(ends[0] + (ends[1] - ends[0]) * math.sin(T / 2) ** 2)
    assert slope["t"] == pytest.approx((ends[1] - ends[0]) * math.sin(T) / 2)
    assert abs(slope["t"]) > 0.01


@pytest.mark.parametrize(
    "other",
    [
        "if (d) { ry(0.3) q[2]; }",  # reads another bit
        "cx q[1], q[2];",  # brings another wire
        "displace(0.2, 0.1) m; cubic(0.1) m;",  # raises the degree
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_what_either_branch_depends_on_matters(other: str, first: bool) -> None:
    """Walked apart, the branches see different wires, bits and degrees: the union bounds them."""
    text = (
        "qubit q[3]; qumode m; bit c; bit d; param t; ry(0.7) q[0]; ry(t) q[1]; displace(t/4, 0.5) m; d = measure q[1];"
    )
    branches = (other, "ry(0.1) q[2]; shift_x(0.1) m;")[:: 1 if first else -1]
    text += f" c = measure q[0]; if (c) {{ {branches[0]} }} else {{ {branches[1]} }} ry(0.2) q[2]; "
    program = _program(f"{text} shift_p(0.1) m; return expect(Z[2] + p[0] p[0]);")
    both, step = value_and_grad(program, "shift", cutoff=24), 1e-4
    slope = (both(t=T + step)[0] - both(t=T - step)[0]) / (2 * step)
    assert both(t=T)[1]["t"] == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("step", [Legalize("openqasm3"), Legalize("openqasm2"), Optimize(3)], ids=repr)
def test_a_rewritten_derivative_is_differentiated_again(step: Pass) -> None:
    """Lowering spreads one slot over many angles, scaled: each needs a slot of its own for the next order."""
    twice = differentiate(step(differentiate(_program(EXCITED))))
    assert _values(twice) == pytest.approx([-math.cos(T), math.sin(T), math.cos(T)])


def test_a_slot_that_is_written_twice_is_two_occurrences() -> None:
    template = "template a { qubit q; param t; slot s[1]; rx(t + s[0]) q; ry(0.2) q; rx(t + s[0]) q; "
    module = parse(f"shifted;\n{template}return expect(Z[0]); }}\nrow r = a();\ncomponent d[0] exact = 1*r[0];\n")
    program = _program("qubit q; param t; rx(t) q; ry(0.2) q; rx(t) q; return expect(Z[0]);")
    assert _values(differentiate(module)) == pytest.approx(_values(differentiate(program)))


def test_a_variance_in_a_template_is_refused() -> None:
    """No shift rule holds for it: it is a square of expectations."""
    template = "template a { qubit q; param t; rx(t) q; return var(Z[0]); }"
    module = parse(f"shifted;\n{template}\nrow r = a();\ncomponent d[0] exact = 1*r[0];\n")
    with pytest.raises(CompileError) as refused:
        differentiate(module)
    assert [diagnostic.code for diagnostic in refused.value.diagnostics] == [Code.NOT_DIFFERENTIABLE]


@pytest.mark.parametrize("controls", [1, 9, 11, 16])
def test_controls_add_an_eigenvalue_and_need_no_matrix(controls: int) -> None:
    """⟨Z⟩ of the target is 1 − ∏ sin²(aₖ/2) (1 − cos t): of the frequencies 1/2 and 1 it shows the second alone."""
    wires = ", ".join(f"q[{k}]" for k in range(controls + 1))
    text = f"qubit q[{controls + 1}]; param t; for i in 0:{controls} {{ ry(2.8) q[i]; }} "
    program = _program(f"{text} ctrl({controls}) @ rx(t) {wires}; return expect(Z[{controls}]);")
    module = differentiate(program)
    assert isinstance(module, Shifted)
    assert module.evaluations == (2 if controls == 1 else 4)  # which is not told of too many words
    assert _values(module)[1] == pytest.approx(-math.sin(T) * math.sin(1.4) ** (2 * controls), abs=1e-12)
    assert value_and_grad(program)(t=T)[1]["t"] == pytest.approx(_values(module)[1], abs=1e-12)


def test_no_derivative_of_probabilities_keeps_their_shape() -> None:
    program = _program("qubit q[2]; param t; param u; rx(t) q[0]; rx(u) q[1]; return probs(q[0]), expect(Z[1]);")
    (probabilities, _) = value_and_grad(program)(t=T, u=0.3)[1]
    assert probabilities["u"].tolist() == [0.0, 0.0]
    assert [matrix.shape for matrix in hessian(program)(t=T, u=0.3)] == [(2, 2, 2), (2, 2)]


def test_small_numbers_are_not_zero() -> None:
    """Coefficients and slopes below any fixed threshold keep their derivatives, to relative accuracy."""
    program = _program("qubit q; param t; rx(1e-16*t) q; ry(0.3) q; return expect(Z[0] + Y[0]);")
    assert value_and_grad(program, "shift")(t=T)[1]["t"] == pytest.approx(-1e-16, rel=1e-9)
    program = _program("qubit q; param t; rx(t) q; return expect(1e-13*Z[0]);")
    for method in ("shift", "adjoint"):
        assert value_and_grad(program, method)(t=T)[1]["t"] == pytest.approx(-1e-13 * math.sin(T), rel=1e-9, abs=0)


def test_a_word_that_is_not_hermitian_does_not_commute_with_its_factor() -> None:
    """p · xp is Hermitian, though p and xp do not commute."""
    words = [(0.5, "x0 p0"), (0.5, "p0 x0")]
    assert not any(operators_commute(operator((1.0, "p0")), operator(*words[k : k + 1])) for k in range(2))
    assert operators_commute(operator((1.0, "p0")), operator((1.0, "p0 p0")))


@pytest.mark.parametrize("text", ["return expect(x[0] p[1] x[0] + n[1] n[1]);", "return var(p[0]);"])
def test_a_cubic_phase_raises_the_degree_of_what_is_before_it(text: str) -> None:
    """Against the adjoint method, which knows nothing of degrees; the cut is far above the light."""
    gates = "displace(0.3*t, 0.4) m[0]; shift_p(t/4) m[0]; cubic(0.02) m[0]; controlled_z(0.1) m[0], m[1]; "
    program = _program(f"qumode m[2]; param t; {gates} rotate(t) m[0]; cubic(0.02*t) m[0]; {text}")
    shift, adjoint = (value_and_grad(program, method, cutoff=32)(t=T)[1]["t"] for method in ("shift", "adjoint"))
    assert shift == pytest.approx(adjoint, rel=1e-6)


def test_a_multiple_of_pi_that_text_cannot_hold_becomes_a_float() -> None:
    """Text holds whole numbers up to 2⁵³; a derivative printed and read again must be the same."""
    huge = "pi*9007199254740991*3"
    program = _program(f"qubit q; param t; rx(t + {huge}) q; rx({huge}/7) q; return expect(Z[0]);")
    for module in (program, differentiate(program)):
        assert parse(to_text(module)) == module
