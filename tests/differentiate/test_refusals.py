"""What has no finite exact rule is refused with its place and a way out, and what has one is not."""

from __future__ import annotations

import numpy as np
import pytest

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse
from qcompile.ir import Program, Shifted
from qcompile.passes.differentiate import METHODS, differentiate, lift
from qcompile.run import value_and_grad

MODE = "qumode m[2]; qubit q; param t; "


def _program(text: str) -> Program:
    program = parse(MODE + text)
    assert isinstance(program, Program)
    return program


@pytest.mark.parametrize(
    "text",
    [
        "shift_x(0.3) m[0]; kerr(t) m[0]; return expect(x[0]);",
        "shift_x(t) m[0]; kerr(0.1) m[0]; return expect(p[0]);",
        "shift_x(0.3) m[0]; cross_kerr(t) m[0], m[1]; return expect(x[0]);",
        "squeeze(t, 0) m[0]; return probs(m[0]);",
        "h q; shift_x(t) m[0]; ctrl @ rotate(0.4) q, m[0]; return expect(X[0]);",
        "thermal(t) m[0]; return probs(m[0]);",
    ],
)
def test_no_finite_rule_is_refused(text: str) -> None:
    """A wrong number instead, or zero without a word, is what released tools return."""
    with pytest.raises(CompileError) as refused:
        differentiate(_program(text), "t")
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code is Code.NO_RULE
    assert diagnostic.span is not None
    assert diagnostic.help


@pytest.mark.parametrize(
    ("text", "evaluations"),
    [
        # Kerr commutes with n, and so does a rotation: neither changes it
        ("coherent(0.3, 0.2) m[0]; kerr(t) m[0]; rotate(t) m[0]; return expect(n[0]);", 0),
        # what Kerr does to another mode, this observable does not see
        ("shift_x(t) m[0]; kerr(0.1) m[1]; return expect(x[0]);", 2),
        # x passes a cubic phase unchanged, p becomes of degree 2; the other word of the sum is not affected
        ("squeeze(t, 0) m[0]; cubic(0.1) m[0]; return expect(x[0]);", 2),
        ("squeeze(t, 0) m[0]; cubic(0.1) m[0]; return expect(p[0] + n[1]);", 4),
        # the control's phase is seen by no observable of the mode's photon number
        ("h q; coherent(0.3, 0) m[0]; ctrl @ rotate(t) q, m[0]; return expect(n[0] + Z[0]);", 0),
        # a qubit gate keeps its rule whatever happens to the light after it
        ("rx(t) q; ctrl @ rotate(0.4) q, m[0]; kerr(0.1) m[0]; shift_x(0.2) m[0]; return expect(x[0]);", 2),
    ],
)
def test_no_evaluation_is_wasted_and_none_is_missing(text: str, evaluations: int) -> None:
    program = _program(text)
    module = differentiate(program, "t")
    assert isinstance(module, Shifted)
    assert module.evaluations == evaluations
    shift, adjoint = (value_and_grad(program, method, engine="tensor", cutoff=40) for method in ("shift", "adjoint"))
    assert shift(t=0.2)[1]["t"] == pytest.approx(adjoint(t=0.2)[1]["t"], abs=1e-6)


def test_a_light_cone_holds_only_what_the_output_sees() -> None:
    """An eight-qubit brick: the last CX leaves ⟨Z3⟩ alone on its control, so only qubits 2 and 3 are ever seen."""
    layers = [[(0, 1), (2, 3), (4, 5), (6, 7)], [(1, 2), (3, 4), (5, 6)]]
    body = "".join(
        "".join(f"ry(w[{8 * k + i}]) q[{i}];" for i in range(8)) + "".join(f"cx q[{a}], q[{b}];" for a, b in pairs)
        for k, pairs in enumerate(layers)
    )
    program = parse(f"qubit q[8]; param w[16]; {body} return expect(Z[3]);")
    assert isinstance(program, Program)
    module = differentiate(program)
    assert isinstance(module, Shifted)
    alive = [c.wrt[0].index for c in module.components if c.wrt and c.readings]
    assert alive == [2, 3, 11]
    values = np.linspace(0.3, 2.8, 16)
    slopes = value_and_grad(program, "adjoint")(w=values)[1]["w"]
    assert np.flatnonzero(np.abs(slopes) > 1e-9).tolist() == alive


@pytest.mark.parametrize(
    "text",
    [
        "displace(t, 0) m[0]; h q; c = measure q; postselect c; return expect(x[0]);",
        "displace(t, 0) m[0]; k = homodyne(0) m[0]; displace(t, 0) m[0]; return expect(x[0]);",
        "beamsplit(t, 0) m[0], m[1]; coherent(0.1, 0) m[0]; displace(t, 0) m[0]; return expect(x[0] + x[1]);",
        "rx(t) q; return samples(q);",
    ],
)
def test_adjoint_says_what_it_does_not_do(text: str) -> None:
    with pytest.raises(CompileError) as refused:
        differentiate(_program("bit c; real k; " + text), "t", "adjoint")
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code is Code.METHOD
    assert "shift" in diagnostic.help


@pytest.mark.parametrize("returned", ["samples(q)", "expect(Z[0]), state()"])
@pytest.mark.parametrize("method", [name for name in METHODS if name != "adjoint"])
def test_samples_and_states_have_no_derivative(method: str, returned: str) -> None:
    """Would catch a method that takes them for zero, of a program or of what it is lifted to."""
    program = parse(f"qubit q; param t; rx(t) q; return {returned};")
    assert isinstance(program, Program)
    for module in (program, lift(program)):
        with pytest.raises(CompileError) as refused:
            differentiate(module, "t", method)
        (diagnostic,) = refused.value.diagnostics
        assert diagnostic.code is Code.NOT_DIFFERENTIABLE
        assert diagnostic.span is not None


def test_names_to_differentiate_by() -> None:
    program = parse("qubit q; param w[3]; input x; rx(w[0] + w[2]*x) q; return expect(Z[0]);")
    module = differentiate(program, ["w[2]", "x"])
    assert isinstance(module, Shifted)
    assert [str(c.wrt[0]) for c in module.components if c.wrt] == ["w[2]", "x"]
    with pytest.raises(CompileError, match="did you mean `w\\[2\\]`"):
        differentiate(program, "w[22]")
