"""Adjoint programs of light with noise, resets and detections: by moments and in Fock space."""

import numpy as np
import pytest

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse, to_text
from qcompile.ir import Adjoint, Program
from qcompile.ir.verify import verify
from qcompile.passes import Optimize
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, evaluate_all, run

AT = {"a": 0.3, "b": 0.2, "t": 0.7}
HEAD = (
    "param a; param b; param t; qumode m[2]; displace(a, 0.3) m[0]; squeeze(b, 0.2) m[1]; beamsplit(a, b) m[0], m[1]; "
)
EVERY = " return expect(x[0] + n[1] + 0.3*x[0] p[1]), var(x[0]), cov(n[0], x[1]);"
GAUSSIAN = {
    "loss": "loss(0.8) m[0]; rotate(a) m[0]; beamsplit(0.3, a) m[0], m[1];",
    "strengths": "loss(t) m[0]; beamsplit(a, 0.1) m[0], m[1]; loss(t*t) m[1]; rotate(b) m[1];",
    "thermal": "thermal_loss(t, b) m[0]; beamsplit(a, 0.1) m[0], m[1];",
    "reset": "reset m[0]; displace(a, b) m[0]; beamsplit(a, 0.1) m[0], m[1];",
}
FOCK = {
    "Kerr": HEAD + "loss(t) m[0]; kerr(a) m[0]; beamsplit(0.3, a) m[0], m[1]; return expect(x[0] + n[1]), probs(m[0]);",
    "counting": "int k; " + HEAD + "k = measure m[0]; displace(b, 0) m[0]; beamsplit(t, a) m[0], m[1]; "
    "return expect(x[0]);",
    "feed-forward": "qubit q; bit c; " + HEAD + "h q; ctrl @ rotate(b) q, m[0]; rx(t) q; c = measure q; "
    "if (c) { displace(a*t, 0) m[0]; } loss(0.9) m[0]; amplitude_damping(t) q; ry(b) q; "
    "return expect(x[0] + Z[0] n[1]), var(x[0]), probs(q);",
}  # fmt: skip


def swept(text: str) -> tuple[Program, Adjoint]:
    source = parse(text)
    module = differentiate(source, None, "adjoint")
    assert isinstance(source, Program)
    assert isinstance(module, Adjoint)
    verify(module)
    assert parse(to_text(module)) == module
    return source, module


def assert_slopes(text: str, options: Options) -> None:
    """By central differences of sixth order, error h⁶."""
    source, module = swept(text)
    found = evaluate_all(module, AT, options)
    for value, expected in zip(found.values, run(source, AT, options), strict=True):
        np.testing.assert_allclose(value, expected, rtol=0, atol=1e-10)
    places, weights = 2e-3 * np.array([-3, -2, -1, 1, 2, 3]), np.array([-1, 9, -45, 45, -9, 1]) / (60 * 2e-3)
    for component, result in zip(module.components, found.components, strict=True):
        name = component.wrt.name
        outputs = run(source, {**AT, name: AT[name] + places}, options)
        slope = np.tensordot(weights, outputs[component.output], axes=1)
        np.testing.assert_allclose(result[0], slope, rtol=0, atol=1e-9, err_msg=str(component))


@pytest.mark.parametrize("body", GAUSSIAN.values(), ids=GAUSSIAN)
def test_by_moments_against_differences(body: str) -> None:
    """Would catch cotangents pulled back by the inverse instead of Xᵀ, moments off the tape in another order."""
    assert_slopes(HEAD + body + EVERY, Options())


@pytest.mark.parametrize("body", GAUSSIAN.values(), ids=GAUSSIAN)
def test_in_fock_space_against_differences(body: str) -> None:
    """Would catch kets uncomputed through cut matrices, a hidden mode that is not the vacuum again."""
    assert_slopes(HEAD + body + EVERY, Options(engine="tensor", cutoff=6))


@pytest.mark.parametrize("text", FOCK.values(), ids=FOCK)
def test_what_is_not_gaussian_against_differences(text: str) -> None:
    """Would catch a photonic gate inside a branch read by its generator instead of its cut matrix' derivative."""
    assert_slopes(text, Options(cutoff=6))


@pytest.mark.parametrize("options", [Options(), Options(engine="tensor", cutoff=12)], ids=["moments", "Fock"])
def test_loss_by_hand(options: Options) -> None:
    """⟨n⟩ = Ta²: its derivatives are 2Ta and a²."""
    _, module = swept("qumode m; param a; param t; displace(a, 0) m; loss(t) m; return expect(n[0]);")
    by_displacement, by_transmissivity = evaluate_all(module, {"a": 0.3, "t": 0.7}, options).components
    assert by_displacement[0] == pytest.approx(2 * 0.7 * 0.3, abs=1e-9)
    assert by_transmissivity[0] == pytest.approx(0.09, abs=1e-9)


def test_an_optimised_way_back_of_cut_light_with_noise_is_refused() -> None:
    """Would catch kets taken off the tape for other gates than they were kept for."""
    body = "loss(0.9) m[0]; kerr(a) m[0]; beamsplit(0.3, 0) m[0], m[1]; beamsplit(0.2, 0) m[0], m[1]; "
    _, module = swept(HEAD + body + "rotate(a) m[0]; rotate(b) m[0]; return expect(x[0]);")
    with pytest.raises(CompileError) as caught:
        evaluate_all(Optimize()(module), AT, Options(cutoff=5))  # type: ignore[arg-type]
    assert caught.value.diagnostics[0].code is Code.METHOD


@pytest.mark.parametrize(
    "body",
    [
        "kerr(a) m[0]; kerr(b) m[0]; cubic(0.1*a) m[0]; return expect(x[0]);",  # merges in the program alone
        "rotate(a) m[0]; shift_x(b) m[1]; kerr(t) m[1]; return expect(n[0]), expect(x[1]);",
        "displace(t, a) m[0]; shift_x(b) m[1]; kerr(0.1) m[1]; return expect(n[0]), expect(x[1]);",  # unseen at its end
    ],
)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_optimised_light_is_still_taped(body: str, level: int) -> None:
    """Would catch a schedule that an optimisation shortens until it leads back along other gates than the program's."""
    _, module = swept("param a; param b; param t; qumode m[2]; shift_x(0.3) m[0]; shift_p(0.2*a) m[0]; " + body)
    optimised = Optimize(level)(module)
    assert isinstance(optimised, Adjoint)
    verify(optimised)
    for found, expected in zip(*(evaluate_all(m, AT, Options()).components for m in (optimised, module)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
