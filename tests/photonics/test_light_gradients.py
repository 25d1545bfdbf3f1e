"""Derivatives of whole photonic programs by shift rules, against difference quotients of order 8 of the engines."""

from __future__ import annotations

import numpy as np
import pytest

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse
from qcompile.ir import Program, Shifted
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, evaluate, run

GAUSSIAN = Options(engine="gaussian")
QUOTIENT = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
OBSERVABLES = (
    "x[0]", "p[1]", "n[0]", "n[0] + x[1]", "x[0] p[1]", "x[0]**3", "n[0] p[1]", "0.5*x[0] p[0] + 0.5*p[0] x[0]",
    "n[0] n[1]", "p[0]**2 x[1]", "0.5*n[1] x[1] + 0.5*x[1] n[1]",
)  # fmt: skip


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def gradient(module: Program, point: list[float], options: Options) -> list[float]:
    """By every entry of w, each output's derivative after the other."""
    shifted = differentiate(module, method="shift")
    assert isinstance(shifted, Shifted)
    values = evaluate(shifted, {"w": np.array([point])}, options)
    return [float(v[0]) for c, v in zip(shifted.components, values, strict=True) if c.wrt]


def quotients(module: Program, point: list[float], options: Options, step: float = 0.02) -> list[float]:
    """The same by differences, outputs slowest."""
    rows, weights = list[list[float]](), list[float]()
    for shift, weight in QUOTIENT.items():
        for sign in (1, -1):
            rows += [[w + sign * shift * step * (k == j) for k, w in enumerate(point)] for j in range(len(point))]
            weights += [sign * weight / step] * len(point)
    outputs = run(module, {"w": np.array(rows)}, options)
    weighted = [np.asarray(out, dtype=float) * np.array(weights) for out in outputs]
    return [float(each[j :: len(point)].sum()) for each in weighted for j in range(len(point))]


def assert_exact(module: Program, point: list[float], options: Options, tolerance: float) -> None:
    found, expected = np.sort(gradient(module, point, options)), np.sort(quotients(module, point, options))
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("observable", OBSERVABLES)
def test_gaussian_programs(observable: str) -> None:
    """Every Gaussian gate, and the angles of preparations. Catches a degree, a rate or a sign that is wrong."""
    text = f"""
    qumode m[2]; param w[12]; coherent(w[0], w[1]) m[0]; squeezed(w[2], w[3]) m[1];
    beamsplit(w[4], 0.4) m[0], m[1]; quadratic_phase(w[5]) m[1]; two_mode_squeeze(w[6], w[7]) m[0], m[1];
    controlled_x(w[8]) m[1], m[0]; rotate(2*w[9]) m[0]; displace(0.3, w[10]) m[1]; loss(0.8) m[0];
    mach_zehnder(0.3, w[11]) m[0], m[1]; controlled_z(0.2) m[0], m[1]; squeeze(0.2, 0.1) m[0];
    return expect({observable});
    """
    assert_exact(program(text), [0.4, 0.9, 0.3, -0.4, 0.5, 0.2, -0.3, 0.8, 0.25, 0.6, -0.7, 1.1], GAUSSIAN, 1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_random_gaussian_programs(seed: int) -> None:
    """Catches an order of gates in which the degree goes wrong."""
    rng = np.random.default_rng(seed)
    gates = [
        "displace(W, C) m[A];", "squeeze(W, C) m[A];", "rotate(W) m[A];", "quadratic_phase(W) m[A];",
        "shift_p(W) m[A];", "beamsplit(W, C) m[A], m[B];", "two_mode_squeeze(W, C) m[A], m[B];",
        "controlled_x(W) m[A], m[B];",
        "controlled_z(W) m[A], m[B];", "mach_zehnder(W, C) m[A], m[B];", "beamsplit(0.7, W) m[A], m[B];",
    ]  # fmt: skip
    body = ""
    for k in range(6):
        a, gate = int(rng.integers(2)), str(rng.choice(gates))
        angle = f"{rng.uniform(0, 3):.2f}"
        body += gate.replace("W", f"w[{k}]").replace("C", angle).replace("A", str(a)).replace("B", str(1 - a))
    first, second = rng.choice(OBSERVABLES, 2)
    text = f"qumode m[2]; param w[6]; {body} return expect({first}), expect({second});"
    assert_exact(program(text), rng.uniform(-0.5, 0.5, 6).tolist(), GAUSSIAN, 1e-9)


@pytest.mark.parametrize("text", [
    "displace(w[0], 0.4) m; cubic(w[1]) m; squeeze(w[2], 0.3) m; rotate(w[3]) m; return expect(p[0]), expect(n[0]);",
    "squeeze(w[0], 0) m; cubic(w[1]) m; shift_p(w[2]) m; cubic(w[3]) m; return expect(0.5*x[0] p[0] + 0.5*p[0] x[0]);",
    "kerr(w[0]) m; displace(w[1], 0.2) m; cubic(w[2]) m; quadratic_phase(w[3]) m; return expect(x[0] + p[0]);",
    "displace(w[0], 0.3) m; snap[1](w[1]) m; rotate(w[2]) m; snap[2](w[3]) m; snap[0](0.3) m; return expect(n2[0]);",
])  # fmt: skip
def test_programs_that_are_not_gaussian(text: str) -> None:
    """The angles before what has no rule are left constant. Catches cubic phases that raise the degree too little."""
    whole = f"qumode m; param w[4]; {text}"
    if "kerr" in text:
        whole = whole.replace("kerr(w[0])", "kerr(0.3 + 0*w[0])")
    if "snap" in text:
        whole = whole.replace("displace(w[0], 0.3)", "displace(0.3, 0.3)").replace("rotate(w[2])", "displace(0.2, 0)")
    assert_exact(program(whole), [0.06, 0.04, -0.05, 0.03], Options(engine="tensor", cutoff=90), 2e-8)


@pytest.mark.parametrize(("text", "exact"), [
    ("conditional_rotate(w[0]) q, m; squeeze(w[1], 0.4) m; rotate(w[2]) m; shift_x(w[3]) m; return expect(n[0]);", 4),
    ("squeeze(w[0], 0.4) m; ctrl @ rotate(w[1]) q, m; rotate(w[2]) m; shift_p(w[3]) m; return expect(x[0]**2);", 4),
    ("rx(w[0]) q; shift_p(w[1]) m; negctrl @ squeeze_x(w[2]) q, m; shift_x(w[3]) m; return expect(p[0]**2);", 4),
    ("rx(w[0]) q; conditional_displace(0.3, w[1]) q, m; rotate(w[2]) m; cubic(w[3]) m; return expect(p[0]);", 4),
    ("conditional_shift_x(w[0]) q, m; rx(w[1]) q; rotate(w[2]) m; sqr[1](w[3], 0.4) q, m; return expect(Z[0]);", 2),
    (("shift_x(w[0]) m; conditional_rotate(0.3) q, m; rx(w[1]) q; conditional_rotate(w[2]) q, m; rotate(w[3]) m; "
     "return expect(n[0] + Z[0]);"), 3),
])  # fmt: skip
def test_qubits_that_steer_light(text: str, exact: int) -> None:
    """Catches a mode observable whose degree is lost, or kept, where a gate reads the qubit."""
    whole = f"qubit q; qumode m; param w[4]; ry(0.7) q; displace(0.4, 0.2) m; {text}"
    module = program(whole)
    point, options, held = [0.06, 0.2, -0.1, 0.05], Options(engine="tensor", cutoff=80), 0
    expected = quotients(module, point, options)
    for k, slope in enumerate(expected):
        try:
            shifted = differentiate(module, f"w[{k}]", "shift")
        except CompileError:
            continue
        assert isinstance(shifted, Shifted)
        values = evaluate(shifted, {"w": np.array([point])}, options)
        (found,) = (float(v[0]) for c, v in zip(shifted.components, values, strict=True) if c.wrt)
        assert found == pytest.approx(slope, abs=1e-8)
        held += 1
    assert held == exact


@pytest.mark.parametrize("text", [
    "qubit q; qumode m; param t; h q; displace(1, 0) m; conditional_rotate(t) q, m; return expect(X[0]);",
    "qubit q; qumode m; param t; h q; conditional_shift_x(t) q, m; return expect(X[0]);",
    "qubit q; qumode m; param t; h q; ctrl @ shift_x(t) q, m; return expect(Y[0] x[0]);",
    "qubit q; qumode m; param t; h q; displace(t, 0) m; conditional_rotate(0.3) q, m; return expect(X[0] x[0]);",
    "qumode m; param t; displace(1, 0) m; kerr(t) m; return expect(x[0]);",
    "qumode m; param t; displace(t, 0) m; kerr(0.1) m; return expect(x[0]);",
    "qumode m[2]; param t; displace(t, 0) m[0]; displace(1, 0) m[1]; cross_kerr(0.1) m[0], m[1]; return expect(x[0]);",
    "qumode m; param t; displace(t, 0) m; snap[1](0.4) m; return expect(n[0]);".replace("n[0]", "x[0]"),
    "qumode m; param t; displace(t, 0) m; return probs(m);",
    "qumode m; param t; displace(t, 0) m; return expect(n2[0]);",
])  # fmt: skip
def test_what_no_finite_rule_holds_for_is_refused(text: str) -> None:
    """Catches exactness claimed too freely. The message names the method that is left."""
    with pytest.raises(CompileError) as caught:
        differentiate(program(text), "t", "shift")
    assert caught.value.diagnostics[0].code is Code.NO_RULE
    assert "--method" in (caught.value.diagnostics[0].help or "")


@pytest.mark.parametrize("text", [
    "qubit q; qumode m; param t; h q; displace(1, 0) m; conditional_rotate(t) q, m; return expect(Z[0]);",
    "qubit q; qumode m; param t; h q; displace(1, 0) m; conditional_rotate(t) q, m; return expect(n[0] Z[0]);",
    "qumode m; param t; displace(1, 0) m; kerr(t) m; return expect(n[0]);",
    "qumode m[2]; param t; displace(1, 0) m[0]; cross_kerr(t) m[0], m[1]; return expect(n[0] n[1]);",
    "qumode m; param t; displace(1, 0) m; snap[2](t) m; return expect(n[0] + n1[0]);",
    "qumode m; param t; displace(1, 0) m; cubic(t) m; return expect(x[0]**3);",
])  # fmt: skip
def test_what_commutes_has_the_derivative_zero(text: str) -> None:
    """Catches a refusal, or evaluations, where nothing can be seen."""
    shifted = differentiate(program(text), "t", "shift")
    assert isinstance(shifted, Shifted)
    (component,) = [component for component in shifted.components if component.wrt]
    assert component.readings == ()
