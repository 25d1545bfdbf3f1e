"""Shots: the distribution they come from, within five standard errors, and that a seed repeats them."""

import numpy as np
import pytest

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse
from qcompile.ir import Program
from qcompile.targets.simulator import Options, run

SHOTS = 4000


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def shots(seed: int = 1, cutoff: int = 12) -> Options:
    return Options(shots=SHOTS, seed=seed, cutoff=cutoff, engine="tensor")


def assert_near(found: float, mean: float, variance: float) -> None:
    assert abs(found - mean) < 5 * np.sqrt(variance / SHOTS) + 1e-12


def test_expectations_over_incompatible_words() -> None:
    """Would catch a basis change of the wrong sign, and words read from a setting that does not measure them."""
    text = """qubit q[3]; param t; ry(t) q[0]; rx(0.5) q[1]; cx q[0], q[1]; s q[1]; rx(0.9) q[2]; cx q[1], q[2];
    return expect(0.5*X[0] + 0.3*Y[1] Z[2] + Z[0] - 0.7*Y[0] X[1] Y[2] + 0.1), var(X[0] + Y[1]);"""
    source = program(text)
    exact = np.array(run(source, {"t": [0.3, 1.1, 2.0]}))
    found = np.array(run(source, {"t": [0.3, 1.1, 2.0]}, shots()))
    assert np.all(np.abs(found[0] - exact[0]) < 5 * np.sqrt(4 * 1.83 / SHOTS))
    assert np.all(np.abs(found[1] - exact[1]) < 5 * np.sqrt(8 / SHOTS))
    assert not np.allclose(found, exact, rtol=0, atol=1e-6)


def test_a_seed_repeats_its_shots_whatever_else_is_in_the_batch() -> None:
    """Would catch random numbers that depend on the parts a batch is cut into, and rows that share theirs."""
    source = program("qubit q[2]; param t; rx(t) q[0]; cx q[0], q[1]; return samples(q), expect(Z[0]);")
    first, again = run(source, {"t": [0.5, 0.5]}, shots(7)), run(source, {"t": [0.5, 0.5]}, shots(7))
    alone = run(source, {"t": 0.5}, shots(7))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert np.array_equal(first[0][0], alone[0][0])
    assert not np.array_equal(first[0][0], first[0][1])
    assert not np.array_equal(first[0], run(source, {"t": [0.5, 0.5]}, shots(8))[0])


def test_samples_of_wires_and_bits_belong_together() -> None:
    """Would catch columns drawn apart, swapped, or from different branches."""
    text = """qubit q[3]; bit a; bit b; ry(1) q[0]; cx q[0], q[1]; a = measure q[0]; x q[0];
    cx q[1], q[2]; b = measure q[2]; return samples(q[0], q[1], b, a);"""
    (samples,) = run(program(text), {}, shots())
    assert samples.shape == (1, SHOTS, 4)
    assert samples.dtype == np.int64
    wire, other, late, early = samples[0].T
    assert np.array_equal(wire, 1 - early)
    assert np.array_equal(other, early)
    assert np.array_equal(late, early)
    assert_near(float(early.mean()), np.sin(0.5) ** 2, 0.25)


def test_frequencies() -> None:
    """Would catch outcomes counted in another order than the wires'."""
    source = program("qubit q[2]; ry(0.8) q[1]; x q[0]; return probs(q[1], q[0]);")
    (found,) = run(source, {}, shots())
    assert found[0, [0, 2]].sum() == 0
    assert_near(float(found[0, 3]), np.sin(0.4) ** 2, 0.25)


def test_homodyne_detection_of_an_entangled_mode() -> None:
    """Would catch results drawn without the qubit that they belong to: ⟨x⟩ is 2α where it is 1, else 0."""
    text = (
        """qubit q; qumode m; real r; h q; ctrl @ displace(1, 0.5) q, m; r = homodyne(0.5) m; return samples(q, r);"""
    )
    (samples,) = run(program(text), {}, shots(cutoff=20))
    level, value = samples[0].T
    for outcome, mean in ((0, 0.0), (1, 2.0)):
        part = value[level == outcome]
        assert abs(part.mean() - mean) < 5 / np.sqrt(len(part))
        assert abs(part.var() - 1) < 5 * np.sqrt(2 / len(part))


def test_two_modes_detected_one_after_the_other() -> None:
    """Would catch a state that is not conditioned on the first result: squeezing correlates x and anticorrelates p."""
    text = """qumode m[2]; real r[2]; kerr(0) m[0]; two_mode_squeeze(0.5, 0) m[0], m[1];
    r[0] = homodyne(ANGLE) m[0]; r[1] = homodyne(ANGLE) m[1]; return samples(r);"""
    options = Options(shots=500, seed=3, cutoff=16, engine="tensor")
    for angle, sign in (("0", 1), ("pi/2", -1)):
        (samples,) = run(program(text.replace("ANGLE", angle)), {}, options)
        spread = np.cov(samples[0].T)
        assert np.allclose(np.diag(spread), np.cosh(1.0), rtol=0, atol=5 * np.cosh(1.0) * np.sqrt(2 / 500))
        assert abs(spread[0, 1] - sign * np.sinh(1.0)) < 5 * np.cosh(1.0) * np.sqrt(2 / 500)


@pytest.mark.parametrize("engine", ["tensor", "gaussian"])
def test_heterodyne_detection(engine: str) -> None:
    """Would catch a factor √2, a sign, or x and p swapped: means 2α, variance 2 in vacuum's units, in both engines."""
    source = program("qumode m; real r[2]; coherent(0.6, 0.7) m; r = heterodyne m; return samples(r);")
    (samples,) = run(source, {}, Options(shots=SHOTS, seed=5, cutoff=14, engine=engine))  # type: ignore[arg-type]
    assert samples.shape == (1, SHOTS, 2)
    for column, mean in ((0, 1.2 * np.cos(0.7)), (1, 1.2 * np.sin(0.7))):
        assert_near(float(samples[0, :, column].mean()), mean, 2)
        assert abs(samples[0, :, column].var() - 2) < 5 * np.sqrt(8 / SHOTS)


def test_photonic_observables_from_shots() -> None:
    """Would catch quadratures read without their scale, or a product of x and p that shots cannot give."""
    source = program("qumode m; squeeze(0.3, 0) m; displace(0.4, 0) m; return expect(x[0] x[0] + 0.5*n[0] + p[0]);")
    (exact,), (found,) = run(source, {}, Options(engine="gaussian")), run(source, {}, shots())
    assert abs(float(found[0] - exact[0])) < 5 * np.sqrt(6 / SHOTS)
    with pytest.raises(CompileError) as caught:
        run(program("qumode m; kerr(1) m; return expect(0.5*x[0] p[0] + 0.5*p[0] x[0]);"), {}, shots())
    assert caught.value.diagnostics[0].code == Code.NOT_SIMULABLE


def test_one_shot_is_enough() -> None:
    """Would catch a variance of one number."""
    source = program("qubit q; h q; return expect(Z[0]), var(Z[0]), probs(q), samples(q);")
    outputs = run(source, {}, Options(shots=1, seed=0))
    assert abs(outputs[0][0]) == 1
    assert all(np.isfinite(output).all() for output in outputs)
