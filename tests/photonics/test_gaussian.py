"""The Gaussian simulator, held against the simulator in Fock space, which shares no formula with it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse
from qcompile.ir import Program
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, Values, evaluate, gaussian, run

CIRCUIT = """
qumode m[2]; param t[3];
displace(0.3, 0.4) m[0]; squeeze(t[0], 0.7) m[1]; beamsplit(t[1], 0.5) m[0], m[1]; quadratic_phase(0.2) m[1];
shift_p(0.3) m[1]; controlled_x(t[2]) m[1], m[0]; two_mode_squeeze(0.15, 0.9) m[0], m[1]; rotate(0.6) m[0];
controlled_z(-0.2) m[0], m[1]; mach_zehnder(0.3, 0.8) m[0], m[1]; inv @ squeeze_x(0.1) m[0]; fourier m[1];
"""
OBSERVABLES = (
    "x[0]", "p[1]", "n[0]", "x[0] x[1]", "0.5*x[0] p[0] + 0.5*p[0] x[0]", "n[0] n[1]", "n[1] n[1]", "x[0] x[0] x[0]",
    "0.5*x[0] n[0] + 0.5*n[0] x[0]", "x[0] p[1] + 2*p[0] p[0] x[1] - 0.3",
)  # fmt: skip

RealArray = NDArray[np.float64]


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def simulated(circuit: Program, values: Values, options: Options) -> list[RealArray]:
    return [np.asarray(output, dtype=float) for output in run(circuit, values, options)]


def returning(outputs: str, circuit: str = CIRCUIT) -> Program:
    return program(f"{circuit} return {outputs};")


def values(batch: int) -> dict[str, RealArray]:
    return {"t": np.random.default_rng(1).uniform(-0.25, 0.25, (batch, 3))}


def test_expectations_and_variances_are_those_of_fock_space() -> None:
    """Over a batch. Catches a wrong flow, a wrong symbol of an ordered product, a wrong pairing."""
    circuit = returning(", ".join(f"expect({o}), var({o})" for o in OBSERVABLES))
    assert gaussian.supports(circuit)
    ours = simulated(circuit, values(2), Options(engine="gaussian"))
    theirs = simulated(circuit, values(2), Options(engine="tensor", cutoff=30))
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.shape == (2,)
        np.testing.assert_allclose(mine, other, rtol=0, atol=2e-6)


def test_symbolic_coefficients_take_their_values_row_by_row() -> None:
    circuit = program("qumode m; param a; displace(1, 0) m; return expect(a*x[0] + a**2*n[0]), var(a*x[0]);")
    a = np.array([0.5, -2.0])
    mean, spread = simulated(circuit, {"a": a}, Options(engine="gaussian"))
    np.testing.assert_allclose(mean, 2 * a + a**2, rtol=0, atol=1e-12)
    np.testing.assert_allclose(spread, a**2, rtol=0, atol=1e-12)


def test_the_state_is_means_above_covariance() -> None:
    """In xxpp order: catches xpxp, and a scale other than hbar = 2."""
    circuit = program("qumode m[2]; shift_x(1) m[0]; shift_p(3) m[1]; squeeze_x(0.5) m[1]; return state();")
    state = simulated(circuit, {}, Options(engine="gaussian"))[0]
    assert state.shape == (1, 5, 4)
    np.testing.assert_allclose(state[0, 0], [1, 0, 0, 3 * np.exp(0.5)], rtol=0, atol=1e-12)
    np.testing.assert_allclose(state[0, 1:], np.diag([1, np.exp(-1), 1, np.exp(1)]), rtol=0, atol=1e-12)


def test_thermal_states_and_resets() -> None:
    """Catches correlations left behind by a discarded mode, and a thermal variance other than 2n + 1."""
    circuit = program(
        "qumode m[2]; thermal(0.7) m[0]; two_mode_squeeze(0.5, 0) m[0], m[1]; reset m[1]; thermal(1.5) m[1];"
        "return expect(n[1]), expect(x[0] x[1]), var(n[1]);"
    )
    n, correlation, spread = simulated(circuit, {}, Options(engine="gaussian"))
    np.testing.assert_allclose([n[0], correlation[0], spread[0]], [1.5, 0.0, 1.5 * 2.5], rtol=0, atol=1e-12)


def test_hundreds_of_modes_conserve_energy_through_a_mesh() -> None:
    """300 modes, 900 beam splitters, two rows. Catches a dense operation per gate by taking minutes."""
    modes = 300
    mesh = "".join(
        f"for i in {layer % 2}:2:{modes - 1} {{ beamsplit({0.3 + 0.1 * layer}, {0.2 * layer}) m[i], m[i + 1]; }}"
        for layer in range(6)
    )
    total = " + ".join(f"n[{k}]" for k in range(modes))
    state = f"qumode m[{modes}]; param a; for i in 0:{modes} {{ displace(a, 0.1*i) m[i]; }}"
    found = simulated(
        program(f"{state} {mesh} return expect({total});"), {"a": np.array([0.5, 1.0])}, Options(engine="gaussian")
    )[0]
    np.testing.assert_allclose(found, modes * np.array([0.25, 1.0]), rtol=1e-10)


def test_shots_of_quadratures_have_the_exact_mean_and_spread() -> None:
    """Within five standard errors, the same for the same seed: catches shots drawn from another marginal."""
    circuit = returning("expect(x[0]), expect(x[0] p[1]), var(p[1]), expect(x[0] + 0.5*p[0])")
    shots = 40_000
    exact = simulated(circuit, values(1), Options(engine="gaussian"))
    drawn = simulated(circuit, values(1), Options(engine="gaussian", shots=shots, seed=5))
    again = simulated(circuit, values(1), Options(engine="gaussian", shots=shots, seed=5))
    for e, d, a in zip(exact, drawn, again, strict=True):
        assert d[0] == a[0]
        assert 0 < abs(d[0] - e[0]) < 5 * 3 / np.sqrt(shots)


def test_detections_are_correlated_as_the_state_is() -> None:
    """Two-mode squeezing: x agrees and p opposes. Catches an update of the other mode with a wrong sign or gain."""
    circuit = program(
        "qumode m[2]; real r[3]; two_mode_squeeze(1.5, 0) m[0], m[1]; r[0] = homodyne(pi/2) m[0];"
        "r[1] = homodyne(pi/2) m[1]; return samples(r[0], r[1]);"
    )
    samples = simulated(circuit, {}, Options(engine="gaussian", shots=20_000, seed=1))[0][0]
    assert samples.shape == (20_000, 2)
    np.testing.assert_allclose(np.var(samples[:, 0] + samples[:, 1]), 2 * np.exp(-3), rtol=0.05)
    np.testing.assert_allclose(np.var(samples[:, 0]), np.cosh(3), rtol=0.05)


def test_heterodyne_detection_adds_one_unit_of_noise() -> None:
    circuit = program("qumode m; real r[2]; displace(1.5, 0) m; r = heterodyne m; return samples(r);")
    samples = simulated(circuit, {}, Options(engine="gaussian", shots=20_000, seed=2))[0][0]
    np.testing.assert_allclose(samples.mean(axis=0), [3.0, 0.0], rtol=0, atol=0.05)
    np.testing.assert_allclose(np.cov(samples.T), 2 * np.eye(2), rtol=0, atol=0.1)


def test_an_exact_run_is_not_moved_by_detecting_another_mode() -> None:
    """Catches a random outcome that leaks into exact values."""
    text = "qumode m[2]; real r; two_mode_squeeze(1, 0) m[0], m[1]; r = homodyne(0) m[1];"
    n, spread = simulated(program(f"{text} return expect(n[0]), var(x[0]);"), {}, Options(engine="gaussian"))
    np.testing.assert_allclose([n[0], spread[0]], [np.sinh(1) ** 2, np.cosh(2)], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "shots"),
    [
        ("qumode m; kerr(0.1) m; return expect(n[0]);", None),
        ("qumode m; fock(1) m; return expect(n[0]);", None),
        ("qumode m; qubit q; return expect(n[0]);", None),
        ("qumode m; displace(1, 0) m; return probs(m);", None),
        ("qumode m; return samples(m);", 10),
        ("qumode m; real r; r = homodyne(0) m; return samples(r);", None),
        ("qumode m; int k; k = measure m; return samples(k);", 10),
        ("qumode m; real r; r = homodyne(0) m; rotate(1) m; return expect(x[0]);", None),
        ("qumode m; real r; r = homodyne(0) m; return expect(x[0]);", None),
        ("qumode m; real r; r = homodyne(0) m; r = homodyne(0) m; return samples(r);", 10),
        ("qumode m; real r; r = homodyne(0) m; return state();", None),
        ("qumode m; return expect(n[0]);", 10),
        ("qumode m[2]; return var(x[0] x[1] + p[0] p[1]);", 10),
    ],
)
def test_what_is_not_gaussian_is_refused_with_a_reason(text: str, shots: int | None) -> None:
    """Catches a program that would run to a wrong value, here or by way of `supports`."""
    assert not gaussian.supports(program(text), shots)
    with pytest.raises(CompileError) as caught:
        simulated(program(text), {}, Options(engine="gaussian", shots=shots))
    assert caught.value.diagnostics[0].code is Code.NOT_SIMULABLE
    assert caught.value.diagnostics[0].help


def test_a_detected_mode_may_be_used_after_a_reset() -> None:
    text = "qumode m; real r; squeeze(1, 0) m; r = homodyne(0) m; reset m; shift_x(2) m;"
    mean, spread = simulated(program(f"{text} return expect(x[0]), var(x[0]);"), {}, Options(engine="gaussian"))
    np.testing.assert_allclose([mean[0], spread[0]], [2, 1], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("qumode m; squeeze(400, 0) m; squeeze(400, 0) m; return expect(n[0]);", Code.BAD_NUMBER),
        ("qumode m; thermal(-1) m; return expect(n[0]);", Code.BAD_VALUE),
        ("qumode m[10000000]; return expect(n[0]);", Code.TOO_LARGE),
        ("qumode m; real r; squeeze(30, 0) m; rotate(0.1) m; squeeze(30, 0) m; r = homodyne(0) m; return samples(r);",
         Code.NOT_SIMULABLE),
    ],
)  # fmt: skip
def test_numbers_out_of_range_are_diagnostics(text: str, code: Code) -> None:
    """Catches infinities, negative variances and sizes that would end in a traceback or a killed process."""
    shots = 5 if "samples" in text else None
    with pytest.raises(CompileError) as caught:
        simulated(program(text), {}, Options(engine="gaussian", shots=shots))
    assert caught.value.diagnostics[0].code is code


@pytest.mark.parametrize("options", [Options(engine="gaussian"), Options(engine="tensor", cutoff=30)])
def test_a_photon_number_that_rounding_takes_below_zero(options: Options) -> None:
    """Would catch a derivative that fails at some values: its rules set the number to 0, as (a + …) − (a + …)."""
    module = parse("qumode m; param a; thermal(0.2 + 0.1*sin(a)) m; return expect(n[0]);")
    at = np.linspace(0.01, 1, 100)
    _, slope = evaluate(differentiate(module, method="shift"), {"a": at}, options)
    np.testing.assert_allclose(slope, 0.1 * np.cos(at), rtol=0, atol=1e-8)
