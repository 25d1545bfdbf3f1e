"""Means over trajectories against density matrices: right within their errors, errors right, and no bias."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from random_programs import values_for
from trained_texts import measured_texts

import qcompile as qc
from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse
from qcompile.ir import Exactness, Program
from qcompile.targets.simulator import Options, Result, execute, run

EXACT = Options(engine="density")
TEXT = """qubit q[3]; bit c[2]; param t[3]; ry(t[0]) q[0]; depolarizing(0.1) q[0]; cx q[0], q[1]; ry(t[1]) q[1];
    amplitude_damping(0.2) q[1]; c[0] = measure q[0]; if (c[0]) { h q[2]; phase_damping(0.3) q[2]; }
    else { rx(t[2]) q[2]; } cy q[1], q[2]; reset q[0]; rx(0.3) q[0]; bit_phase_flip(0.2) q[2]; """
NUMBERS = "return expect(X[0] Y[1] + 0.5*Y[2]), var(Z[1] + Y[2]), cov(Y[2] + Z[1], Y[2] + X[0]), probs(q[2], q[0]);"
VALUES = {"t": [0.7, 1.1, 0.4]}


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def followed(source: Program, values: dict[str, np.ndarray] | dict[str, list[float]], count: int, seed: int) -> Result:
    return execute(source, values, Options(engine="trajectories", shots=count, seed=seed))


@given(st.booleans().flatmap(lambda selects: measured_texts(True, selects)))
def test_means_are_right_within_their_errors(text: str) -> None:
    """Would catch Kraus operators drawn by other chances, states not normalised, bits of another trajectory."""
    source = program(text)
    values = values_for(source, 5, 0.5)
    try:
        expected = run(source, values, EXACT)
        found = followed(source, values, 2000, 7)
    except CompileError:
        expected, found = [], Result([])
    assume(expected)
    assert found.errors is not None
    for exact, mean, error in zip(expected, found.outputs, found.errors, strict=True):
        assert error is not None
        assert np.all(np.abs(exact - mean) < 6 * error + 0.02)  # few runs kept may all be alike


def test_every_output_within_its_error() -> None:
    """Would catch an output taken from other trajectories than its error."""
    found = followed(program(TEXT + NUMBERS), VALUES, 40_000, 3)
    assert found.errors is not None
    for exact, mean, error in zip(
        run(program(TEXT + NUMBERS), VALUES, EXACT), found.outputs, found.errors, strict=True
    ):
        assert error is not None
        assert np.all(np.abs(exact - mean) < 5 * error + 1e-12)
        assert np.all(error < 0.02)


def test_errors_are_those_seen() -> None:
    """Would catch an error off by a factor: the estimates of 150 seeds spread as each says that it does."""
    results = [followed(program(TEXT + NUMBERS), VALUES, 60, seed) for seed in range(150)]
    for k in range(4):
        seen = np.std([result.outputs[k] for result in results], axis=0)
        told = np.sqrt(np.mean([np.square(np.asarray((result.errors or [])[k])) for result in results], axis=0))
        np.testing.assert_allclose(told, seen, rtol=0.25, atol=1e-9)


def test_nothing_is_biased_at_two_trajectories() -> None:
    """Would catch ⟨O⟩² of so few runs taken for the square of the mean: off by half of the spread here."""
    exact = run(program(TEXT + NUMBERS), VALUES, EXACT)
    results = [followed(program(TEXT + NUMBERS), VALUES, 2, seed).outputs for seed in range(700)]
    for k in range(4):
        seen = np.array([result[k] for result in results])
        assert np.all(np.abs(seen.mean(axis=0) - exact[k]) < 5 * seen.std(axis=0) / np.sqrt(700) + 1e-9)


def test_outputs_of_all_runs_and_of_those_kept() -> None:
    """Would catch runs dropped that count in the one, or missing from the other."""
    text = TEXT + "c[1] = measure q[2]; postselect c[1]; return expect(Z[1]), unnormalised_expect(Z[1]), "
    source = program(text + "probs(q[1]), unnormalised_probs(q[1]);")
    found = followed(source, VALUES, 20_000, 1)
    assert found.errors is not None
    for exact, mean, error in zip(run(source, VALUES, EXACT), found.outputs, found.errors, strict=True):
        assert error is not None
        assert np.all(np.abs(exact - mean) < 5 * error)


def test_samples_are_one_of_each_trajectory() -> None:
    """Would catch levels of one trajectory beside the bits of another."""
    text = TEXT + "c[1] = measure q[1]; return samples(q[2], c[0], c[1]);"
    samples = followed(program(text), VALUES, 20_000, 3).outputs[0][0]
    others = run(program(text), VALUES, Options(engine="density", shots=20_000, seed=4))[0][0]
    seen, drawn = (np.bincount(table @ [4, 2, 1], minlength=8) / 20_000 for table in (samples, others))
    np.testing.assert_allclose(seen, drawn, rtol=0, atol=0.02)


def test_a_gradient_by_shifts_within_its_error() -> None:
    """Would catch rows that share their trajectories, and a class or an error that is not told."""
    source = program(TEXT + "return expect(Y[2] + X[0]);")
    value, slopes, accuracy = qc.value_and_grad(source, engine="trajectories", shots=20_000, seed=2).assessed(**VALUES)
    expected = qc.value_and_grad(source)(**VALUES)
    assert accuracy.exactness is Exactness.UNBIASED
    assert abs(value - expected[0]) < 5 * accuracy.errors
    assert np.all(np.abs(slopes["t"] - expected[1]["t"]) < 5 * accuracy.slope_errors["t"] + 1e-12)
    assert np.all(accuracy.slope_errors["t"] < 0.02)


def test_the_errors_of_a_gradient_are_those_seen() -> None:
    """Would catch weights added without their squares: errors told against the spread over seeds."""
    source = program(TEXT + "return expect(Y[2] + X[0]);")
    found = [qc.value_and_grad(source, engine="trajectories", shots=50, seed=s).assessed(**VALUES) for s in range(80)]
    seen = np.std([slopes["t"] for _, slopes, _ in found], axis=0)
    told = np.sqrt(np.mean([np.square(accuracy.slope_errors["t"]) for *_, accuracy in found], axis=0))
    np.testing.assert_allclose(told, seen, rtol=0.3, atol=1e-9)


def test_products_of_means_are_not_called_unbiased() -> None:
    """Would catch a variance's gradient, made of products of means, that claims to have no bias."""
    source = program(TEXT + "return var(Y[2] + X[0]);")
    assert (
        qc.value_and_grad(source, engine="trajectories", shots=50).assessed(**VALUES)[2].exactness
        is Exactness.APPROXIMATE
    )
    assert qc.simulate(source, engine="trajectories", shots=50).assessed(**VALUES)[1].exactness is Exactness.UNBIASED


def test_a_seed_gives_the_same_however_rows_are_batched() -> None:
    """Would catch a stream shared by rows."""
    source = program(TEXT + NUMBERS)
    one, again = (followed(source, {"t": np.array([[0.7, 1.1, 0.4], [0.1, 0.2, 0.3]])}, 30, 5) for _ in range(2))
    alone = followed(source, VALUES, 30, 5)
    for a, b, c in zip(one.outputs, again.outputs, alone.outputs, strict=True):
        assert np.array_equal(a, b)
        assert np.array_equal(a[:1], c)
    assert not np.array_equal(one.outputs[0], followed(source, VALUES, 30, 6).outputs[0])


def test_trajectories_are_followed_in_parts() -> None:
    """Would catch parts that repeat each other's draws, or the last one's size: 2¹⁵ amplitudes are 8 at a time."""
    turned = "".join(f"ry(0.3) q[{k}]; bit_flip(0.3) q[{k}];" for k in range(3))
    found = followed(program(f"qubit q[15]; {turned} return expect(Z[0]), samples(q[0], q[1]);"), {}, 20, 1)
    assert found.outputs[1].shape == (1, 20, 2)
    assert abs(found.outputs[0][0] - 0.4 * np.cos(0.3)) < 0.6
    first: NDArray[np.float64] = found.outputs[1][0]
    assert len({(float(a), float(b)) for a, b in first}) > 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("qumode m; return expect(x[0]);", Code.NOT_SIMULABLE),
        ("qubit q; return state();", Code.NOT_SIMULABLE),
        ("qubit q[60]; return expect(Z[0]);", Code.TOO_LARGE),
        ("qubit q; bit c; c = measure q; postselect c; return expect(Z[0]);", Code.NOT_SIMULABLE),
        ("qubit q; bit c; h q; c = measure q; postselect c; return samples(q);", Code.NOT_SIMULABLE),
    ],
)
def test_what_is_refused(text: str, code: Code) -> None:
    """Would catch light taken for qubits, a quotient of nothing, and fewer samples than were asked for."""
    with pytest.raises(CompileError) as caught:
        followed(program(text), {}, 20, 1)
    assert caught.value.diagnostics[0].code is code


def test_a_thousand_unless_said_otherwise() -> None:
    """Would catch no trajectory at all where no number is given."""
    source = program(TEXT + "return expect(Y[2]);")
    told = execute(source, VALUES, Options(engine="trajectories", seed=1))
    assert np.array_equal(told.outputs[0], followed(source, VALUES, 1000, 1).outputs[0])
