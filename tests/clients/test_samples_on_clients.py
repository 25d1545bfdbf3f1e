"""Samples drawn by the real clients: certain ones are the simulator's to the bit, others have its frequencies."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from clients import program_of
from numpy.typing import NDArray
from pyquil import get_qc

import qcompile as qc
from qcompile.diagnostics import Code
from qcompile.run import On
from qcompile.targets.clients.pyquil import Computer
from qcompile.targets.clients.qiskit import Primitives

CERTAIN = {
    "wires": "qubit q[4]; param t; x q[0]; rx(t) q[2]; return samples(q[1], q[2], q[0]), samples(q[3], q[0]);",
    "bits": """qubit q[3]; bit c[3]; param t; x q[1]; rx(t) q[2]; c[2] = measure q[1]; c[0] = measure q[2];
        return samples(c[2], c[0]);""",
    "both": "qubit q[3]; bit a; param t; rx(t) q[0]; x q[2]; a = measure q[0]; return samples(q[2], q[1], a);",
}
COINS = """
qubit q[3]; bit c; param t;
ry(t) q[0]; cx q[0], q[2]; ry(0.9) q[1]; crz(t) q[1], q[2]; c = measure q[1]; return samples(q[2], q[0], c);
"""
TELEPORTED = """
qubit q[3]; bit c[2]; param t;
rx(t) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0]; c[0] = measure q[0]; c[1] = measure q[1];
if (c[1]) { x q[2]; } if (c[0]) { z q[2]; }
return samples(q[2], c);
"""
SELECTED = """
qubit q[2]; bit c; param t;
rx(t) q[0]; cx q[0], q[1]; c = measure q[0]; postselect c; return samples(q[1], c);
"""
MIXED = "qubit q[2]; param t; ry(t) q[0]; cx q[0], q[1]; return expect(Z[1]), samples(q), cov(X[0], X[1]), probs(q[0]);"
CLIENTS = ["qiskit", "aer", "pyquil"]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def drawn(text: str, on: On, shots: int, seed: int | None = 1, **values: Any) -> Any:
    return qc.simulate(program_of(text), on=on, shots=shots, seed=seed)(**values)


def arrays(result: Any) -> list[NDArray[Any]]:
    """One output or several, as a list."""
    whole: Any = result  # so that no checker narrows it
    return list(whole) if isinstance(result, tuple) else [whole]


def shares(samples: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of every outcome, first column most significant."""
    outcomes = np.ravel_multi_index(tuple(samples.T), (2,) * samples.shape[1])
    return np.bincount(outcomes, minlength=1 << samples.shape[1]) / len(samples)


@pytest.mark.parametrize("case", CERTAIN)
@pytest.mark.parametrize("client", [*CLIENTS, "aer:generic_4"])
def test_certain_samples_are_the_simulators(client: str, case: str) -> None:
    """Would catch a column of another wire or bit, bits from the other end, another shape or type, rows mixed up."""
    noisy = client.startswith("aer:")
    for value in (0.0, np.pi, [0.0, np.pi, 0.0]):
        found, wanted = (arrays(drawn(CERTAIN[case], on, 40 if noisy else 6, t=value)) for on in (client, None))
        for ours, theirs in zip(found, wanted, strict=True):
            assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
            assert (ours != theirs).mean() < (0.1 if noisy else 1e-9)


@pytest.mark.parametrize("client", CLIENTS)
def test_samples_have_the_frequencies_of_the_simulator(client: str) -> None:
    """Would catch a biased draw, columns that are drawn apart, a seed not heeded, and rows that draw the same shots."""
    program, shots = program_of(COINS), 3000
    run = qc.simulate(program, on=client, shots=shots, seed=3)
    found = run(t=[1.1, 1.1])
    exact: Any = qc.simulate(program_of(COINS.replace("samples(q[2], q[0], c)", "probs(q[2], q[0], q[1])")))(t=1.1)
    assert exact.max() < 0.7
    for row in found:
        assert (np.abs(shares(row) - exact) <= 5 * np.sqrt(exact * (1 - exact) / shots) + 1e-12).all()
    assert (run(t=[1.1, 1.1]) == found).all()
    assert (found[0] != found[1]).any()
    assert (drawn(COINS, client, shots, 4, t=1.1) != found[0]).any()


@pytest.mark.parametrize(("client", "shots"), [("aer", 400), ("pyquil", 40)])
def test_samples_follow_measurement_and_branches(client: str, shots: int) -> None:
    """Would catch a branch that is left out, and bits that are told from other runs than the wires."""
    found = drawn(TELEPORTED, client, shots, t=np.pi)
    assert (found[:, 0] == 1).all()
    assert abs(found[:, 1:].mean() - 0.5) < 5 * 0.5 / np.sqrt(shots)
    assert len(np.unique(found, axis=0)) == 4


@pytest.mark.parametrize("client", ["aer", "pyquil", "qiskit"])
def test_runs_that_are_not_kept_give_no_samples(client: str) -> None:
    """Would catch a run that is kept wrongly, and a batch whose rows are of unequal length."""
    text = SELECTED if client != "qiskit" else SELECTED.replace("q[1], c)", "q[1])")
    found = drawn(text, client, 200, t=2.0)
    assert (found == 1).all()
    expected = 200 * np.sin(1.0) ** 2
    assert abs(len(found) - expected) < 5 * np.sqrt(expected)
    batch = drawn(text, client, 200, t=[0.7, 3.0])
    assert (batch == 1).all()
    assert abs(batch.shape[1] - 200 * np.sin(0.35) ** 2) < 5 * np.sqrt(200 * np.sin(0.35) ** 2)


@pytest.mark.parametrize("client", CLIENTS)
def test_samples_stand_beside_means_of_the_same_runs(client: str) -> None:
    """Would catch outputs in another order, means of other runs than the samples show, and errors told of samples."""
    (mean, samples, covariance, outcome), accuracy = qc.simulate(
        program_of(MIXED), on=client, shots=500, seed=2
    ).assessed(t=1.0)
    assert mean == pytest.approx(1 - 2 * samples[:, 1].mean(), abs=1e-12)
    assert outcome == pytest.approx([1 - samples[:, 0].mean(), samples[:, 0].mean()], abs=1e-12)
    assert samples.dtype == np.int64
    assert (samples[:, 0] == samples[:, 1]).all()
    assert accuracy.errors[1] is None
    assert abs(mean - np.cos(1.0)) < 5 * accuracy.errors[0]
    assert abs(covariance - np.sin(1.0)) < 5 * accuracy.errors[2]


def test_samples_alone_are_exact_and_take_one_shot() -> None:
    """Would catch a class of means told of samples, and a count that only means need."""
    for client in CLIENTS:
        samples, accuracy = qc.simulate(program_of(COINS), on=client, shots=1, seed=1).assessed(t=0.3)
        assert samples.shape == (1, 3)
        assert accuracy.errors is None
        assert accuracy.exactness.value == "exact"


def test_devices_that_are_handed_over_draw_samples() -> None:
    """Would catch a layout that moves the columns, and memory that is read from another place."""
    backend = importlib.import_module("qiskit.providers.fake_provider").GenericBackendV2(5, seed=1)
    make = importlib.import_module("qiskit.transpiler").generate_preset_pass_manager
    manager = make(1, backend=backend, initial_layout=[4, 1, 3, 0], seed_transpiler=1)
    sampler = importlib.import_module("qiskit.primitives").StatevectorSampler()
    for device in (Primitives(None, sampler, manager), Computer(get_qc("4q-pyqvm"))):
        found, wanted = (drawn(CERTAIN["wires"], on, 5, None, t=[np.pi, 0.0]) for on in (device, None))
        assert all((ours == theirs).all() for ours, theirs in zip(found, wanted, strict=True))


def test_texts_in_other_languages_run_on_clients() -> None:
    """Would catch what a text in OpenQASM measures being no samples on the client of that language."""
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; x q[1]; c = measure q;'
    for client in CLIENTS:
        found: Any = qc.simulate(qc.parse(text), on=client, shots=3, seed=1)()
        assert found.tolist() == [[0, 1]] * 3


@pytest.mark.parametrize(
    ("on", "options", "text", "code", "told"),
    [
        ("aer", {}, COINS, Code.NOT_SIMULABLE, "samples need a number of shots"),
        ("qiskit", {"shots": 5}, TELEPORTED, Code.NOT_SIMULABLE, "measures at the end alone"),
        ("qiskit", {"shots": 5}, CERTAIN["both"].replace("q[1]", "q[0]"), Code.NOT_SIMULABLE, "each qubit once"),
        ("aer", {"shots": 5}, "qubit q; h q; return state();", Code.NOT_SIMULABLE, "no state"),
        (Primitives(object()), {"shots": 5}, COINS, Code.NOT_SIMULABLE, "an estimator draws no samples"),
    ],
)
def test_refusals_show_the_output(on: On, options: dict[str, Any], text: str, code: Code, told: str) -> None:
    """Would catch a fault of ours, or of the client's, where the program asks for what cannot be."""
    program = program_of(text)
    values = dict.fromkeys([p.name for p in program.parameters], 0.1)
    with pytest.raises(qc.CompileError) as refused:
        qc.simulate(program, on=on, **options)(**values)
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code is code
    assert diagnostic.span is not None
    assert told in str(refused.value)


def test_no_run_kept_is_told() -> None:
    """Would catch an empty array that stands for samples."""
    with pytest.raises(qc.CompileError, match="none of 9 runs is kept"):
        drawn(SELECTED, "aer", 9, t=0.0)


def test_without_shots_the_simulator_and_clients_say_the_same() -> None:
    """Would catch a diagnostic of a client's own."""
    told: list[str] = []
    for on in (None, *CLIENTS, "strawberryfields"):
        text = COINS if on != "strawberryfields" else "qumode m; param t; displace(t, 0) m; return samples(m);"
        with pytest.raises(qc.CompileError) as refused:
            qc.simulate(program_of(text), on=on)(t=0.1)
        told.append(refused.value.diagnostics[0].label)
    assert set(told) == {"samples need a number of shots"}
