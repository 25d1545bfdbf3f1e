"""Strawberry Fields as a client: batches, probabilities, detectors."""

from __future__ import annotations

import numpy as np
import pytest
from client_runs import assert_exact, assert_within, gap
from clients import program_of

import qcompile as qc
from qcompile.diagnostics import Code
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
