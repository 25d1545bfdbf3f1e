"""Strawberry Fields as a client: batches, probabilities, detectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from client_runs import assert_exact, assert_within, gap
from clients import program_of

import qcompile as qc
from qcompile.diagnostics import Code
from qcompile.ir import Exactness
from qcompile.targets.clients.strawberryfields import Engine

LIGHT = """
qumode m[2]; param w[2]; input d;
displace(d, 0) m[0]; beamsplit(w[0], 0.4) m[0], m[1]; squeeze(w[1], 0) m[0];
return expect(x[0] + 0.5*n[1]), var(x[1]);
"""
NUMBERS = """
qumode m[2]; param t;
fock(1) m[0]; beamsplit(t, 0.3) m[0], m[1]; kerr(0.4) m[1];
return probs(m[1], m[0]), expect(n[0]);
"""


def test_a_batch_is_the_simulators() -> None:
    """Would catch points mixed up, and outcomes of modes in another order."""
    assert_exact(LIGHT, "strawberryfields", w=[[0.3, 0.1], [0.5, -0.2]], d=0.4)
    program = program_of(NUMBERS)
    there = qc.value_and_grad(program, "shift", on=Engine(cutoff=3))(t=[0.3, 0.9])
    assert gap(there, qc.value_and_grad(program, "shift", cutoff=3)(t=[0.3, 0.9])) < 1e-9


def test_detectors_are_within_their_errors() -> None:
    """Would catch a quadrature of another mode or scale, and a seed not heeded."""
    text = LIGHT.replace("0.5*n[1]), var(x[1])", "0.5*p[1])")
    assert_within(text, "strawberryfields", 30, w=[0.3, 0.1], d=0.4)
    run = qc.simulate(program_of(text), on="strawberryfields", shots=5, seed=2)
    before = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
    assert run(w=[0.3, 0.1], d=0.4) == run(w=[0.3, 0.1], d=0.4)
    assert (np.random.get_state()[1] == before).all()  # type: ignore[index]  # noqa: NPY002


@pytest.mark.parametrize("extra", ["", "kerr(0.2) m[0];"])
def test_photons_that_are_born_together_are_counted_together(extra: str) -> None:
    """Would catch modes that are drawn apart, as the Gaussian engine draws them from detections one by one."""
    text = f"qumode m[2]; param r; two_mode_squeeze(r, 0) m[0], m[1]; {extra} return probs(m), expect(n[0] n[1]);"
    (shares, product), accuracy = qc.simulate(
        program_of(text), on="strawberryfields", cutoff=5, shots=24, seed=1
    ).assessed(r=0.7)
    table = shares.reshape(5, 5)
    assert table.sum() == pytest.approx(np.trace(table))
    assert table[0, 0] < 0.95
    wanted = np.cosh(0.7) ** 2 * np.sinh(0.7) ** 2 + np.sinh(0.7) ** 4
    assert abs(product - wanted) < 5 * accuracy.errors[1] + 1e-9


def test_a_strength_out_of_bounds_is_the_users() -> None:
    """Would catch a transmissivity of more than 1, which the engine takes without a word."""
    with pytest.raises(qc.CompileError) as refused:
        qc.simulate(program_of("qumode m; param p; loss(p) m; return expect(n[0]);"), on="strawberryfields")(p=1.2)
    assert refused.value.diagnostics[0].code is Code.BAD_VALUE


GAUSSIAN = """
qumode m[3]; param t; input d;
squeeze(t, 0.3) m[0]; displace(d, 0.4) m[1]; displace(0.3, 1) m[0]; beamsplit(0.7, 0.2) m[0], m[1];
beamsplit(t, 0.1) m[1], m[2];
"""
FOCK = """
qumode m[2]; param t; input d;
fock(1) m[0]; displace(d, 0.4) m[1]; loss(0.9) m[1]; beamsplit(t, 0.3) m[0], m[1]; kerr(0.2) m[1];
"""
PRODUCTS = "expect(x[0] x[1]), expect(x[0] p[1]), var(x[0] p[1]), cov(x[0], n[1]), expect(n[0] n[1] + 2)"
POWERS = "expect(x[0]**4 + p[1]**3 x[0]), expect(x[0] p[0] + p[0] x[0]), expect(n[0] x[1] p[0] + p[0] x[1] n[0])"
LEVELS = """expect(n2[0]), expect(n1[1] n0[0] - t*n0[1]), expect(x[0] n1[0] x[0] + p[1] p[0]), var(n0[1]),
expect(x[0] n1[0] p[0] + p[0] n1[0] x[0])"""
BETWEEN = "expect(x[0] n1[1] - 0.5)"


@pytest.mark.parametrize("outputs", [PRODUCTS, POWERS])
def test_the_gaussian_engine_tells_polynomials_with_their_gradients(outputs: str) -> None:
    """Would catch an order of quadratures, or of operators, that is not ours, and products of modes taken apart."""
    assert_exact(f"{GAUSSIAN} return {outputs};", Engine(cutoff=2), 1e-8, t=[0.3, 0.5], d=0.4)


def test_the_gaussian_engine_tells_levels() -> None:
    """Would catch a part of a pure state taken for pure, and a density matrix that is cut and renormalised."""
    program = program_of(f"{GAUSSIAN} return {LEVELS};")
    there = qc.simulate(program, on=Engine(cutoff=2))(t=[0.3, 0.4], d=0.4)
    assert gap(there, qc.simulate(program, cutoff=26)(t=[0.3, 0.4], d=0.4)) < 1e-6


def test_a_level_beside_a_quadrature_is_told_in_fock_space() -> None:
    """Would catch a word that the Gaussian engine's state is asked for and does not tell."""
    program = program_of(f"{GAUSSIAN} return {BETWEEN};")
    there, accuracy = qc.simulate(program, on=Engine(cutoff=9)).assessed(t=0.3, d=0.4)
    assert gap(there, qc.simulate(program, cutoff=9).assessed(t=0.3, d=0.4)[0]) < 1e-9
    assert accuracy.leakage > 1e-9


@pytest.mark.parametrize("outputs", [PRODUCTS, POWERS, LEVELS, BETWEEN])
@pytest.mark.parametrize("loss", ["", "loss(0.9) m[1];"])
def test_the_fock_engine_tells_every_word(outputs: str, loss: str) -> None:
    """Would catch operators that the cut changes, in vectors or density matrices, and modes mixed up."""
    program = program_of(f"{FOCK.replace('loss(0.9) m[1];', loss)} return {outputs};")
    values: dict[str, Any] = {"t": [0.3, 0.5], "d": 0.4}
    there, accuracy = qc.simulate(program, on=Engine(cutoff=7)).assessed(**values)
    assert gap(there, qc.simulate(program, cutoff=7)(**values)) < 1e-8
    assert accuracy.leakage > 1e-9


def test_probabilities_of_parts_are_not_renormalised() -> None:
    """Would catch what the engine's own density matrices do to a part of a pure state, and to what the cut loses."""
    text = """qumode m[3]; param r;
        two_mode_squeeze(r, 0) m[2], m[0]; displace(0.4, 1) m[1]; return probs(m[0]), probs(m[1], m[2]);"""
    (one, two), accuracy = qc.simulate(program_of(text), on="strawberryfields", cutoff=4).assessed(r=0.7)
    thermal = np.tanh(0.7) ** (2 * np.arange(4)) / np.cosh(0.7) ** 2
    poisson = np.exp(-0.16) * 0.16 ** np.arange(4) / np.array([1, 1, 2, 6])
    assert one == pytest.approx(thermal, abs=1e-12)
    assert two.reshape(4, 4) == pytest.approx(np.outer(poisson, thermal), abs=1e-12)
    assert accuracy.leakage == pytest.approx(1 - two.sum(), abs=1e-12)
    assert accuracy.exactness is Exactness.APPROXIMATE


def test_probabilities_of_all_modes_of_a_pure_state() -> None:
    """Would catch outcomes of modes in another order, and a pure state that is taken for mixed, and refused."""
    program = program_of(f"{GAUSSIAN} return probs(m[2], m[0], m[1]);")
    found, _ = qc.simulate(program, on=Engine(cutoff=20)).assessed(t=0.3, d=0.4)
    wanted = qc.simulate(program, cutoff=20)(t=0.3, d=0.4)
    assert np.abs(found - wanted).max() < 1e-6
    assert found.max() > 0.1


@pytest.mark.parametrize("loss", [0.2, 1 - 1e-6])
def test_probabilities_of_mixed_states(loss: float) -> None:
    """Would catch a state that is nearly pure taken for pure."""
    text = "qumode m; param r; squeeze(r, 0) m; loss(LOSS) m; return probs(m), expect(n3[0]);".replace(
        "LOSS", f"{loss}"
    )
    program = program_of(text)
    wanted = qc.simulate(program, cutoff=40)(r=0.5)
    (shares, level), _ = qc.simulate(program, on=Engine(cutoff=6)).assessed(r=0.5)
    assert shares == pytest.approx(wanted[0][:6], abs=1e-12)
    assert level == pytest.approx(wanted[1], abs=1e-12)


def test_more_than_five_photons_are_counted() -> None:
    """Would catch the detector of the Gaussian engine, which counts at most five, and a cut that is not told."""
    program = program_of("qumode m[2]; param d; displace(d, 0) m[1]; return samples(m), expect(n[1]);")
    (samples, mean), accuracy = qc.simulate(program, on=Engine(cutoff=24), shots=80, seed=1).assessed(d=2.2)
    assert abs(samples[:, 1].mean() - 2.2**2) < 5 * 2.2 / np.sqrt(80)
    assert samples.max() > 5
    assert (samples[:, 0] == 0).all()
    assert mean == samples[:, 1].mean()
    assert accuracy.leakage < 1e-9
    with pytest.warns(qc.LeakageWarning):
        qc.simulate(program, on=Engine(cutoff=8), shots=2, seed=1)(d=2.5)
    with pytest.warns(qc.LeakageWarning):
        qc.simulate(program_of("qumode m; kerr(0.1) m; shift_x(4) m; return samples(m);"), on=Engine(4), shots=2)()


LIGHT_SAMPLES = {
    "numbers": "qumode m[3]; param d; fock(2) m[2]; fock(1) m[0]; rotate(d) m[0]; return samples(m[2], m[0]);",
    "counted on the way": """qumode m[2]; int k[2]; param d; fock(1) m[0]; k[1] = measure m[0];
        fock(2) m[0]; rotate(d) m[0]; k[0] = measure m[0]; return samples(m[1], k);""",
    "one after the other": """qumode m[2]; int k[2];
        fock(3) m[1]; k[0] = measure m[1]; vacuum m[1]; k[1] = measure m[1];
        return samples(m[0], k[1], k[0]);""",
}


@pytest.mark.parametrize("case", LIGHT_SAMPLES)
def test_certain_counts_are_the_simulators(case: str) -> None:
    """Would catch a mode or a detection in another column, and whole numbers that come as others."""
    program = program_of(LIGHT_SAMPLES[case])
    values: dict[str, Any] = {"d": [0.3, 0.4]} if program.parameters else {}
    found, wanted = (
        qc.simulate(program, on=on, cutoff=5, shots=4, seed=1)(**values) for on in ("strawberryfields", None)
    )
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
    assert (found == wanted).all()


def test_detectors_fill_the_columns_of_their_cells() -> None:
    """Would catch x for p, a scale of amplitudes, an angle that is lost, and counts beside quadratures."""
    program = program_of("""
        qumode m[3]; real r[3]; int k; param d;
        shift_x(30) m[0]; shift_p(-20*d) m[0]; r[0:2] = heterodyne m[0]; k = measure m[2];
        shift_p(10*d) m[1]; squeeze(1, 0) m[1]; r[2] = homodyne(pi/2) m[1]; return samples(r[2], k, r[0], r[1]);
    """)
    run = qc.simulate(program, on="strawberryfields", shots=40, seed=2)
    found = run(d=[1.0, 2.0])
    assert found.dtype == np.float64
    assert found.shape == (2, 40, 4)
    spread = np.array([np.e, 0, np.sqrt(2), np.sqrt(2)])  # heterodyne detection adds the vacuum's own
    for ours, d in zip(found, [1.0, 2.0], strict=True):
        assert (np.abs(ours.mean(axis=0) - [10 * d * np.e, 0, 30, -20 * d]) <= 5 * spread / np.sqrt(40)).all()
        assert (np.abs(ours.std(axis=0) - spread) <= 5 * spread / np.sqrt(80)).all()
    assert (run(d=[1.0, 2.0]) == found).all()


def test_what_comes_after_a_count_rests_on_it() -> None:
    """Would catch the Gaussian engine, which goes on as if nothing had been counted, and a count put off to the end."""
    program = program_of("""
        qumode m[2]; int k; param r;
        two_mode_squeeze(r, 0) m[0], m[1]; k = measure m[0]; vacuum m[0]; beamsplit(0.8, 0) m[0], m[1];
        return samples(m[0], m[1], k);
    """)
    found, _ = qc.simulate(program, on=Engine(cutoff=6), shots=60, seed=1).assessed(r=0.5)
    assert (found[:, 0] + found[:, 1] == found[:, 2]).all()
    assert found[:, 0].max() > 0


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("qumode m; real r[2]; fock(1) m; r = heterodyne m; return samples(r);", {"shots": 3}, "Gaussian engine alone"),
        ("qumode m[9]; return probs(m);", {}, "probabilities of these modes"),
        ("qumode m; int k; fock(1) m; k = measure m; return samples(m, k);", {"shots": 3}, "in the vacuum once"),
        ("qumode m; return samples(m);", {}, "samples need a number of shots"),
        ("qumode m[9]; kerr(0.1) m[0]; return expect(n[0]);", {}, "simulating it takes"),
        ("qumode m[5]; squeeze(0.1, 0) m[0]; kerr(0.1) m[0]; return samples(m);", {"shots": 2}, "simulating it takes"),
        ("qumode m[9]; rotate(0.1) m[0]; return expect(x[0] n1[1]);", {}, "simulating it takes"),
        ("qumode m; real r; r = homodyne(0) m; return expect(x[0]);", {}, "without shots"),
    ],
)
def test_refusals_show_the_place(text: str, options: dict[str, Any], told: str) -> None:
    """Would catch a failure of the engine, or of memory, where the program can be told at fault."""
    with pytest.raises(qc.CompileError, match=told) as refused:
        qc.simulate(program_of(text), on="strawberryfields", **options)()
    assert refused.value.diagnostics[0].code in (Code.NOT_SIMULABLE, Code.TOO_LARGE)
    assert refused.value.diagnostics[0].span is not None


def test_mixed_states_of_many_modes_are_refused() -> None:
    """Would catch memory that is taken for a density matrix before anything asks how large it is."""
    text = "qumode m[4]; param p; for k in 0:4 { squeeze(0.3, 0) m[k]; loss(p) m[k]; } return probs(m);"
    with pytest.raises(qc.CompileError, match="matrix elements"):
        qc.simulate(program_of(text), on="strawberryfields", cutoff=10)(p=0.5)
