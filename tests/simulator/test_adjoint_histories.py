"""Adjoint programs that measure, reset, branch, post-select and are noisy, against differences and plain matrices."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse, to_text
from qcompile.ir import Adjoint, Program, Shifted
from qcompile.ir.verify import verify
from qcompile.passes import Optimize
from qcompile.passes.dead_uncompute import DeadUncompute
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, adjoint_tape, evaluate_all, run

AT = {"x": 0.512, "y": 1.1, "p": 0.2}
HEAD = "qubit q[3]; bit c[2]; param x; param y; param p; rx(x) q[0]; ry(y) q[1]; cx q[0], q[1]; "
EVERY = " return expect(Z[1] X[2] + Y[1]), var(Z[0] + X[1]), cov(Z[0], X[0] + Y[1]), probs(q[0], q[2]);"
BODIES = {
    "feed-forward": "c[0] = measure q[0]; if (c[0]) { rx(x*y) q[1]; } else { ry(x) q[2]; }",
    "overwritten bits": "c[0] = measure q[0]; if (c[0]) { ry(x) q[0]; c[0] = measure q[0]; ry(y) q[2]; } "
    "if (!c[0]) { ry(2*x) q[1]; }",
    "nested": "c[0] = measure q[1]; if (c[0]) { ry(2*x) q[2]; c[1] = measure q[2]; if (!c[1]) { rx(y) q[0]; "
    "reset q[2]; ry(x) q[2]; } }",
    "a branch that no run takes": "c[0] = measure q[2]; if (c[0]) { rx(x) q[1]; c[1] = measure q[1]; } rx(x) q[2];",
    "reset": "rx(y) q[2]; cx q[2], q[1]; reset q[2]; ry(x + y) q[2]; cx q[1], q[2]; reset q[0]; rx(y) q[0];",
    "post-selection": "c[0] = measure q[0]; ry(y) q[2]; cx q[2], q[1]; postselect c[0]; rx(x) q[1]; ry(x) q[2];",
    "post-selection in a branch": "c[0] = measure q[1]; if (c[0]) { h q[2]; depolarizing(0.1) q[2]; rz(x) q[2]; } "
    "ry(y) q[1]; c[0] = measure q[0]; if (c[0]) { ry(y) q[2]; c[1] = measure q[2]; postselect !c[1]; } ry(x) q[1];",
    "noise": "amplitude_damping(0.3) q[0]; phase_damping(0.2) q[1]; cx q[1], q[2]; depolarizing(0.1) q[2]; rx(x) q[2];",
    "strengths": "bit_flip(p) q[0]; amplitude_damping(p) q[1]; cx q[1], q[2]; depolarizing(2*p) q[2]; "
    "phase_damping(x*p) q[0]; phase_flip(p) q[1]; bit_phase_flip(p) q[1]; ry(y) q[2];",
    "strength in a branch": "c[0] = measure q[0]; if (c[0]) { amplitude_damping(p) q[1]; } rx(x) q[1];",
    "many histories": "".join(
        f"ry({k}*y) q[1]; depolarizing(0.05) q[1]; c[{k % 2}] = measure q[0]; rx(x) q[0]; cx q[1], q[0]; reset q[2];"
        f"if (c[{k % 2}]) {{ ry(x) q[2]; }} cx q[2], q[1];"
        for k in range(4)
    ),
}


def program(text: str) -> Program:
    found = parse(text)
    assert isinstance(found, Program)
    return found


def swept(source: Program, wrt: str | None = None) -> Adjoint:
    module = differentiate(source, wrt, "adjoint")
    assert isinstance(module, Adjoint)
    verify(module)
    assert parse(to_text(module)) == module
    return module


def slope(source: Program, at: dict[str, float], name: str) -> list[NDArray[np.float64]]:
    """By central differences of sixth order, error h⁶."""
    step = 2e-3
    places = np.array([k * step for k in (-3, -2, -1, 1, 2, 3)]) + at[name]
    weights = np.array([-1, 9, -45, 45, -9, 1]) / (60 * step)
    return [np.tensordot(weights, output, axes=1) for output in run(source, {**at, name: places})]


def assert_slopes(module: Adjoint, source: Program, at: dict[str, float]) -> None:
    found = evaluate_all(module, at, Options())
    for value, expected in zip(found.values, run(source, at), strict=True):
        np.testing.assert_allclose(value, expected, rtol=0, atol=1e-10)
    for component, result in zip(module.components, found.components, strict=True):
        expected = slope(source, at, component.wrt.name)[component.output]
        np.testing.assert_allclose(result[0], expected, rtol=0, atol=1e-9, err_msg=str(component))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_against_differences(body: str) -> None:
    """Would catch a bra pulled back to the wrong history, λ without the quotient's part, K instead of K†."""
    source = program(HEAD + body + EVERY)
    module = swept(source)
    assert_slopes(module, source, AT)
    optimised = Optimize()(module)
    assert isinstance(optimised, Adjoint)
    verify(optimised)
    assert parse(to_text(optimised)) == optimised
    assert_slopes(optimised, source, AT)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_against_shifts(body: str) -> None:
    """The two share the gate table and angles alone. Would catch what differences are too coarse for."""
    source = program(HEAD + body + EVERY)
    module, shifted = swept(source), differentiate(source, None, "shift")
    assert isinstance(shifted, Shifted)
    found = zip(module.components, evaluate_all(module, AT, Options()).components, strict=True)
    expected = zip(shifted.components, evaluate_all(shifted, AT, Options()).components, strict=True)
    slopes = {(c.output, c.wrt[0]): result for c, result in expected if c.wrt}
    for component, result in found:
        np.testing.assert_allclose(result, slopes[component.output, component.wrt], rtol=0, atol=1e-10)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_mixing_and_uncomputing_change_nothing(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch W† undone as W, a group whose members come back in another order, kets off the tape out of step."""
    source = program(HEAD + body + EVERY)
    module = swept(source)
    expected = evaluate_all(module, AT, Options()).components
    monkeypatch.setattr(adjoint_tape, "MIX_ABOVE", 0)
    monkeypatch.setattr(adjoint_tape, "KEPT_BYTES", 0)
    for one, other in zip(evaluate_all(module, AT, Options()).components, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-10)


def test_what_was_dropped_has_not_met_what_came_after() -> None:
    """⟨Z0 Z1⟩ = −cos y of the runs kept, whatever x is. Would catch an uncompute op dropped that x does not see."""
    text = "qubit q[2]; bit c; param x; param y; rx(x) q[0]; c = measure q[0]; postselect c; ry(y) q[1]; "
    module = DeadUncompute()(swept(program(text + "return expect(Z[0] Z[1]);")))
    assert isinstance(module, Adjoint)
    by_x, by_y = evaluate_all(module, {"x": 0.4, "y": 1.2}, Options()).components
    assert by_x[0] == pytest.approx(0, abs=1e-12)
    assert by_y[0] == pytest.approx(np.sin(1.2), abs=1e-12)


def test_all_runs_and_runs_kept() -> None:
    """Would catch D left out of λ, and λ normalised where the output is of all runs."""
    body = "c[0] = measure q[0]; ry(y) q[2]; postselect c[0]; rx(x) q[1]; cx q[1], q[2];"
    tail = " return unnormalised_expect(Z[2]), unnormalised_expect(1), expect(Z[2]), unnormalised_probs(q[2]);"
    source = program(HEAD + body + tail)
    assert_slopes(swept(source), source, AT)


def test_a_batch_is_swept_row_by_row() -> None:
    """Would catch histories, mixings or shares of one row used for another."""
    source = program(HEAD + BODIES["many histories"] + "postselect c[0];" + EVERY)
    module = swept(source, "x")
    rows = np.linspace(0.1, 2.9, 5)
    together = evaluate_all(module, {**AT, "x": rows}, Options()).components
    for k, x in enumerate(rows):
        for one, batch in zip(evaluate_all(module, {**AT, "x": x}, Options()).components, together, strict=True):
            np.testing.assert_allclose(batch[k], one[0], rtol=0, atol=1e-10)


def test_coefficients_of_the_observable() -> None:
    """Would catch a slope of ⟨O²⟩ − ⟨O⟩² by half, a coefficient's share lost where an angle has the same parameter."""
    source = program(
        "qubit q[2]; bit c; param x; param y; observable H = x*Z[0] + x*y**2*X[1]; rx(x) q[0]; ry(y) q[1]; "
        "cx q[0], q[1]; phase_damping(0.1) q[0]; c = measure q[1]; postselect c; ry(0.3) q[1]; "
        "return expect(H), var(H), cov(H, sin(y)*X[0] + x*Z[1]), unnormalised_expect(y*Z[0]), expect(x + Z[0]);"
    )
    assert_slopes(swept(source), source, {"x": 0.4, "y": 1.2})


# ---- against plain matrices

X = np.array([[0, 1], [1, 0]], dtype=complex)
Y = np.array([[0, -1j], [1j, 0]], dtype=complex)
Z = np.array([[1, 0], [0, -1]], dtype=complex)


def rotation(generator: NDArray[np.complex128], angle: float) -> NDArray[np.complex128]:
    size = len(generator)
    return np.asarray(np.cos(angle / 2) * np.eye(size) - 1j * np.sin(angle / 2) * generator, dtype=complex)


def derivative_at(text: str, at: float) -> float:
    (component,) = evaluate_all(swept(program(text), "x"), {"x": at}, Options()).components
    return float(component[0])


def test_feed_forward_by_hand() -> None:
    """RX in one branch: ∂⟨Z1⟩ = −P(1)·sin(0.3 + x), where P(1) = sin²(0.35). Would catch a sum over both branches."""
    text = "qubit q[2]; bit m; param x; ry(0.7) q[0]; rx(0.3) q[1]; m = measure q[0]; if (m) { rx(x) q[1]; } "
    found = derivative_at(text + "return expect(Z[1]);", 0.4)
    assert found == pytest.approx(-0.07574641, abs=1e-8)
    assert found == pytest.approx(-(np.sin(0.35) ** 2) * np.sin(0.7), abs=1e-12)


def test_post_selection_by_hand() -> None:
    """Would catch the derivative of the share kept left out."""
    text = "qubit q[2]; bit m; param x; h q[0]; cx q[0], q[1]; rx(x) q[1]; m = measure q[1]; postselect m; "
    assert derivative_at(text + "return expect(Z[0]);", 0.512) == pytest.approx(0.48992175838, abs=1e-10)


def test_noise_by_density_matrices() -> None:
    """tr(dρ O) with dρ the commutator, through the Kraus matrices as they are in any book."""
    x, g = 0.6, 0.35
    kraus = [np.diag([1, np.sqrt(1 - g)]), np.array([[0, np.sqrt(g)], [0, 0]])]
    state = rotation(X, x) @ np.diag([1, 0]) @ rotation(X, -x)
    change = -0.5j * (X @ state - state @ X)
    after = sum(k @ change @ k.conj().T for k in kraus)
    expected = np.trace(rotation(Y, 0.2) @ after @ rotation(Y, -0.2) @ Z).real
    text = f"qubit q; param x; rx(x) q; amplitude_damping({g}) q; ry(0.2) q; return expect(Z[0]);"
    assert derivative_at(text, x) == pytest.approx(expected, abs=1e-12)


def test_strength_by_density_matrices() -> None:
    """d/dγ of γ|1⟩⟨1| ↦ |0⟩⟨0| and √(1 − γ) on coherences. Would catch a hidden wire that is not |0⟩ again."""
    text = "qubit q; param x; ry(0.8) q; amplitude_damping(x) q; amplitude_damping(x) q; return expect(Z[0] + X[0]);"
    excited, coherence, g = np.sin(0.4) ** 2, np.sin(0.8), 0.3
    expected = 4 * (1 - g) * excited - coherence  # ⟨Z⟩ = 1 − 2(1 − γ)²·P(1), ⟨X⟩ = (1 − γ)·sin 0.8
    assert derivative_at(text, g) == pytest.approx(expected, abs=1e-12)


def test_reset_by_hand() -> None:
    """What is reset is traced out: ⟨X1⟩ of cos(x/2)|0⟩|0⟩ + sin(x/2)|1⟩|1⟩ is 0, of a product sin y."""
    text = "qubit q[2]; param x; ry(x) q[0]; cx q[0], q[1]; reset q[0]; cx q[1], q[0]; return expect(Z[0]);"
    assert derivative_at(text, 0.7) == pytest.approx(-np.sin(0.7), abs=1e-12)
    text = "qubit q[2]; param x; ry(x) q[0]; cx q[0], q[1]; reset q[0]; ry(x) q[0]; return expect(X[1] X[0]);"
    assert derivative_at(text, 0.7) == pytest.approx(0.0, abs=1e-12)


# ---- refusals


def refusal(text: str, at: dict[str, float]) -> tuple[Code, str]:
    with pytest.raises(CompileError) as caught:
        evaluate_all(swept(program(text)), at, Options())
    (fault,) = caught.value.diagnostics
    return fault.code, fault.help


def test_too_many_histories_are_refused() -> None:
    """Would catch a sweep that grows without a bound."""
    body = "".join(f"h q[{k}]; c[{k}] = measure q[{k}];" for k in range(11))
    text = f"qubit q[11]; bit c[11]; param x; rx(x) q[0]; {body} if ({'&&'.join(f'c[{k}]' for k in range(11))}) "
    code, help_text = refusal(text + "{ x q[0]; } return expect(Z[0]);", {"x": 0.1})
    assert code is Code.METHOD
    assert "shift" in help_text


def test_too_many_outcomes_are_refused() -> None:
    """Would catch hundreds of bras made without a word."""
    with pytest.raises(CompileError) as caught:
        swept(program("qubit q[9]; param x; rx(x) q[0]; return probs(q);"))
    code, help_text = refusal("qumode m[3]; param x; displace(x, 0) m[0]; return probs(m);", {"x": 0.1})
    assert caught.value.diagnostics[0].code is code is Code.METHOD
    assert "shift" in help_text


@pytest.mark.parametrize("strength", [0.0, 1e-20, 1.0])
def test_the_ends_of_a_strength_are_told(strength: float) -> None:
    """√(1 − γ) has no slope at 1. Would catch NaN handed out as a gradient, or 0 where a rare history was left out."""
    code, help_text = refusal("qubit q; param p; h q; amplitude_damping(p) q; return expect(X[0]);", {"p": strength})
    assert code is Code.BAD_NUMBER
    assert "shift" in help_text


def test_runs_that_never_happen() -> None:
    """Of all runs none is kept, with slope 0; of the runs kept there is no mean. Would catch 0/0 handed out."""
    text = "qubit q; bit c; param x; rx(x) q; c = measure q; postselect c; ry(x) q; "
    module = swept(program(text + "return unnormalised_expect(Z[0]), unnormalised_probs(q);"))
    for result in evaluate_all(module, {"x": 0.0}, Options()).components:
        np.testing.assert_allclose(result, 0, rtol=0, atol=1e-12)
    code, _ = refusal(
        "qubit q; bit c; param x; rx(x) q; c = measure q; postselect c; ry(x) q; return expect(Z[0]);", {"x": 0.0}
    )
    assert code is Code.NOT_SIMULABLE


@pytest.mark.parametrize("branch", ["id q[1];", "ry(x) q[1]; ry(-x) q[1];", "if (c[1]) { z q[0]; z q[0]; }"])
def test_optimising_keeps_the_branches_that_are_walked_back(branch: str) -> None:
    """Would catch a branch that empties and goes from the program alone, so that the schedule is none of it."""
    source = parse(f"{HEAD} c = measure q[:2]; rx(x) q[2]; if (c[0]) {{ {branch} }} return expect(X[0] X[1] + Y[2]);")
    module = differentiate(source, None, "adjoint")
    assert isinstance(module, Adjoint)
    for level in range(1, 4):
        optimised = Optimize(level)(module)
        verify(optimised)
        assert parse(to_text(optimised)) == optimised
        assert isinstance(optimised, Adjoint)
        for found, expected in zip(
            *(evaluate_all(m, AT, Options()).components for m in (optimised, module)), strict=True
        ):
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
