"""IBM Runtime's primitives in their local testing mode, which needs no account, and copies of IBM's devices."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from client_runs import assert_within, sigmas
from clients import program_of

import qcompile as qc
from qcompile.targets.clients.qiskit import Primitives

SPREAD = """
qubit q[2]; param t; input x;
ry(x) q[0]; rx(t) q[1]; cx q[0], q[1]; crz(t) q[0], q[1]; h q[1];
return expect(X[1] + 0.5*Z[0] Z[1] + 2), probs(q[1], q[0]), var(Z[0]);
"""
STEPS = """
qubit q[3]; bit c; param t;
rx(t) q[0]; c = measure q[0]; reset q[0]; if (c) { x q[2]; } return samples(q[2], q[1], c), expect(Z[2]);
"""
GHZ = "qubit q[3]; param t; ry(t) q[0]; cx q[0], q[1]; cx q[1], q[2]; return expect(Z[2]);"
pytestmark = pytest.mark.filterwarnings("ignore")  # the local mode tells of options that it leaves out


def primitives(backend: Any) -> Primitives:
    """Both primitives over a backend that runs here, seeded."""
    runtime: Any = importlib.import_module("qiskit_ibm_runtime")
    manager = importlib.import_module("qiskit.transpiler").generate_preset_pass_manager(
        1, backend=backend, seed_transpiler=1
    )
    made = [kind(mode=backend) for kind in (runtime.EstimatorV2, runtime.SamplerV2)]
    for each in made:
        each.options.simulator.seed_simulator = 5
    estimator, sampler = made
    return Primitives(estimator, sampler, manager)


def noiseless() -> Primitives:
    return primitives(importlib.import_module("qiskit_aer").AerSimulator())


def manila() -> Primitives:
    return primitives(importlib.import_module("qiskit_ibm_runtime.fake_provider").FakeManilaV2())


def test_the_sampler_is_within_its_errors() -> None:
    """Would catch pubs, registers or bits in another form than IBM's sampler takes and gives them."""
    assert_within(SPREAD, noiseless(), 2000, None, t=[0.7, -1.2], x=0.8)


def test_the_estimator_goes_by_its_own_precision() -> None:
    """Would catch a precision that is forced upon it, and errors that it tells and we do not."""
    program = program_of(SPREAD)
    value, gradient, accuracy = qc.value_and_grad(program, on=noiseless()).assessed(t=[0.7, -1.2], x=0.8)
    exact = qc.value_and_grad(program, "shift")(t=[0.7, -1.2], x=0.8)
    assert sigmas(value, exact[0], accuracy.errors) < 5
    assert sigmas(gradient, exact[1], accuracy.slope_errors) < 5
    assert 0 < accuracy.errors[0].max() < 0.1


def test_samples_follow_measurement_reset_and_branches() -> None:
    """Would catch control flow that the pass manager loses, and columns that follow the layout of the device."""
    run = qc.simulate(program_of(STEPS), on=noiseless(), shots=50)
    samples, mean = run(t=[0.0, np.pi])
    assert samples.dtype == np.int64
    assert (samples == np.array([[0, 0, 0], [1, 0, 1]])[:, np.newaxis]).all()
    assert mean.tolist() == [1, -1]


def test_a_copy_of_a_device_is_noisy() -> None:
    """Would catch noise, gates or couplings of the device that are left out, in the primitives or under its name."""
    program = program_of(GHZ)
    for on, options in ((manila(), {"shots": 4000}), ("aer:fake_manila", {})):
        value, gradient = qc.value_and_grad(program, on=on, **options)(t=0.8)  # type: ignore[arg-type]
        assert 0.6 < value / np.cos(0.8) < 0.999
        assert 0.6 < gradient["t"] / -np.sin(0.8) < 0.999
