"""`on=`: derivatives run by the real clients, in one submission, exactly and with shots."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
import pytest
from client_runs import assert_exact, assert_within, gap, sigmas
from clients import program_of
from numpy.typing import NDArray

import qcompile as qc
from qcompile.diagnostics import Code
from qcompile.gates import TABLE
from qcompile.ir import Program
from qcompile.targets import Bundle
from qcompile.targets.clients import Client, ClientError, Estimates
from qcompile.targets.clients.qiskit import Backend, Primitives, Statevector
from qcompile.targets.strawberryfields_import import import_strawberryfields

QUBITS = """
qubit q[3]; param w[2]; param t;
h q[0]; rx(w[0]) q[1]; cry(w[1]**2) q[0], q[2]; xy(t) q[1], q[2];
return expect(t*Z[1] + 0.5*X[0] Z[2] - 0.3), var(Z[2]), probs(q[2], q[0]);
"""
BATCH: dict[str, Any] = {"w": [[0.3, 0.7], [1.1, -0.9]], "t": 0.4}
SPREAD = """
qubit q[2]; param t; input x;
ry(x) q[0]; rx(t) q[1]; cx q[0], q[1]; crz(t) q[0], q[1]; h q[1];
return expect(X[1] + 0.5*Z[0] Z[1] + 2), probs(q[1], q[0]);
"""
FEED_FORWARD = """
qubit q[2]; bit c; param t;
ry(t) q[0]; c = measure q[0]; if (c) { crx(t) q[0], q[1]; ry(0.4) q[1]; } else { rx(2*t) q[1]; }
return expect(Z[1] + 0.3*X[0]);
"""
SELECTED = """
qubit q[3]; bit c; param a; param b;
ry(a) q[0]; rx(0.9) q[1]; cx q[0], q[1]; ry(b) q[2]; cz q[1], q[2]; c = measure q[1]; postselect !c;
crx(b) q[0], q[2];
return expect(0.5*X[0] Y[2] + Z[2] + 2), probs(q[2], q[0]);
"""
GHZ = "qubit q[3]; param t; ry(t) q[0]; cx q[0], q[1]; cx q[1], q[2]; return expect(Z[0] Z[2]), expect(Z[2]);"
NEVER_KEPT = "qubit q[2]; bit c; param t; rx(t) q[0]; c = measure q[0]; postselect c; return expect(Z[1]);"
UNREAD = "qumode m; param t; squeeze(t, 0) m; return expect(x[0] p[0] + p[0] x[0]);"
QUBIT_CLIENTS = ["qiskit", "aer", "pyquil"]


class Counted:
    """A primitive that counts its submissions."""

    def __init__(self, primitive: Any) -> None:
        self.primitive, self.submissions = primitive, 0

    def run(self, *arguments: Any, **options: Any) -> Any:
        self.submissions += 1
        return self.primitive.run(*arguments, **options)


def primitives() -> Any:
    return importlib.import_module("qiskit.primitives")


@pytest.mark.parametrize("client", QUBIT_CLIENTS)
def test_a_batch_is_the_simulators(client: str) -> None:
    """Would catch rows and values mixed up, an outcome in another order, and a parameter that a client drops."""
    assert_exact(QUBITS, client, **BATCH)
    assert_exact("qubit q; param t; ry(t) q; return expect(0.0), expect(t**2 + 0.5), expect(X[0]);", client, t=[0.2, 3])


@pytest.mark.parametrize("client", QUBIT_CLIENTS)
def test_shots_are_within_their_errors(client: str) -> None:
    """Would catch a wrong sign, basis, cell or standard error; a seed not heeded; rows that draw the same shots."""
    assert_within(SPREAD, client, 2000, t=[0.7, -1.2], x=0.8)
    program = program_of(SPREAD)
    run = qc.simulate(program, on=client, shots=50, seed=4)
    first, again = run(t=[0.7] * 8, x=0.8), run(t=[0.7] * 8, x=0.8)
    assert gap(first, again) == 0
    assert len(np.unique(first[0])) > 1
    assert gap(qc.simulate(program, on=client, shots=50, seed=5)(t=[0.7] * 8, x=0.8), first) > 0


def test_errors_are_as_large_as_results_scatter() -> None:
    """Would catch standard errors that are too small, or those of another count of shots."""
    run = qc.value_and_grad(program_of(SPREAD), on="qiskit", shots=300, seed=2)
    value, gradient, accuracy = run.assessed(t=[0.7] * 60, x=0.8)
    scatter, predicted = float(np.std(value[0])), float(np.mean(np.asarray(accuracy.errors[0], dtype=float)))
    assert scatter == pytest.approx(predicted, rel=0.4)
    assert np.std(gradient[0]["t"]) < 1.3 * np.mean(accuracy.slope_errors[0]["t"])
    assert np.std(gradient[0]["t"]) > 0.4 * np.mean(accuracy.slope_errors[0]["t"])


def test_all_rows_and_values_are_one_submission() -> None:
    """Would catch a job for each row, for each value, or for each measurement setting."""
    rows: NDArray[np.float64] = np.linspace(0, 1, 15).reshape(5, 3)
    estimator, sampler = Counted(primitives().StatevectorEstimator()), Counted(primitives().StatevectorSampler())
    client = Primitives(estimator, sampler)
    program = program_of(QUBITS.partition(", probs")[0] + ";")
    values, gradients = qc.value_and_grad(program, on=client).at(rows)
    wanted = qc.value_and_grad(program, "shift").at(rows)
    assert gap((values, gradients), wanted) < 1e-8
    assert (estimator.submissions, sampler.submissions) == (1, 0)
    qc.value_and_grad(program, on=client, shots=10).at(rows)
    assert (estimator.submissions, sampler.submissions) == (1, 1)


@pytest.mark.parametrize("client", [*QUBIT_CLIENTS, "strawberryfields"])
def test_text_is_read_once(client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a client that parses and lays out the same circuits at each step of training."""
    text = SPREAD if client in QUBIT_CLIENTS else "qumode m; param t; displace(t, 0) m; return expect(x[0]);"
    program = program_of(text)
    function = qc.value_and_grad(program, on=client)
    values = dict.fromkeys([p.name for p in program.parameters], 0.3)
    function(**values)

    def refuse(*_: object) -> NoReturn:
        raise ConnectionError("text is read again")

    whole: Any = importlib.import_module("pyquil").Program

    def watched(*parts: Any) -> Any:
        return refuse() if any(isinstance(part, str) for part in parts) else whole(*parts)

    monkeypatch.setattr(importlib.import_module("pyquil"), "Program", watched)
    monkeypatch.setattr(importlib.import_module("qiskit.qasm3"), "loads", refuse)
    monkeypatch.setattr(import_strawberryfields().io, "loads", refuse)
    function(**{name: value + 0.1 for name, value in values.items()})
    with pytest.raises(ClientError, match="read again"):
        qc.value_and_grad(program_of(text.replace("return", "return expect(1),")), on=client)(**values)


def test_noise_takes_results_towards_nothing() -> None:
    """Would catch a backend whose noise, gates or couplings are left out, and one whose seed is not heeded."""
    program = program_of(GHZ)
    exact = qc.value_and_grad(program)(t=0.8)
    noisy = qc.value_and_grad(program, on="aer:generic_5")(t=0.8)
    for k in range(2):
        assert 0.8 < noisy[0][k] / exact[0][k] < 0.999
    assert 0.8 < noisy[1][1]["t"] / exact[1][1]["t"] < 0.999
    drawn = [qc.simulate(program, on="aer:generic_5", shots=4000, seed=seed)(t=0.8) for seed in (3, 3, 4)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0][0] < 0.99 * exact[0][0]


def test_a_backend_object_is_a_client() -> None:
    """Would catch a noise model that is replaced, and one whose strength is not."""
    noise = importlib.import_module("qiskit_aer.noise")
    simulator = importlib.import_module("qiskit_aer").AerSimulator
    found: list[float] = []
    for strength in (0.0, 0.1):
        model = noise.NoiseModel()
        model.add_all_qubit_quantum_error(noise.depolarizing_error(strength, 2), ["cx"])
        client = Backend(simulator(noise_model=model))
        found.append(qc.simulate(program_of(GHZ), on=client)(t=0.8)[1])
    assert found[0] == pytest.approx(np.cos(0.8), abs=1e-9)
    assert found[1] == pytest.approx(np.cos(0.8) * 0.9**2, abs=1e-9)


def test_observables_follow_the_layout() -> None:
    """Would catch an observable on the qubits of the program where the device has them elsewhere."""
    backend = importlib.import_module("qiskit.providers.fake_provider").GenericBackendV2(5, seed=1)
    make = importlib.import_module("qiskit.transpiler").generate_preset_pass_manager
    manager = make(1, backend=backend, initial_layout=[4, 1, 3], seed_transpiler=1)
    client = Primitives(primitives().StatevectorEstimator(), primitives().StatevectorSampler(), manager)
    assert_exact(QUBITS, client, **BATCH)
    assert_within(SPREAD, Primitives(None, primitives().StatevectorSampler(), None), 500, None, t=0.7, x=0.8)


def test_an_estimator_alone_takes_shots_as_a_precision() -> None:
    """Would catch shots that are not told to an estimator, and an error that is not told to the user."""
    client = Primitives(importlib.import_module("qiskit_aer.primitives").EstimatorV2())
    value, accuracy = qc.simulate(program_of(GHZ), on=client, shots=400).assessed(t=0.8)
    assert accuracy.errors == pytest.approx((0.05, 0.05))
    assert value != pytest.approx((1.0, np.cos(0.8)), abs=1e-6)
    assert value == pytest.approx((1.0, np.cos(0.8)), abs=0.3)


@pytest.mark.parametrize(("client", "shots"), [("aer", 1000), ("pyquil", 20)])
def test_feed_forward_runs_with_shots(client: str, shots: int) -> None:
    """Would catch a branch taken at the wrong value, and a parameter of a gate in a branch that gets lost."""
    assert_within(FEED_FORWARD, client, shots, t=0.7)


@pytest.mark.parametrize(("client", "shots"), [("aer", 2000), ("qiskit", 2000), ("pyquil", 20)])
def test_post_selection_keeps_the_right_runs(client: str, shots: int) -> None:
    """Would catch runs that are kept wrongly, or a normalisation by all runs."""
    text = SELECTED if client != "pyquil" else SELECTED.partition(", probs")[0] + ";"
    assert_within(text, client, shots, a=0.8, b=-0.5)


@pytest.mark.parametrize("name", [
    name for name, gate in TABLE.items()
    if gate.spelling.openqasm3 and gate.parameters and not gate.bounds and set(gate.wires) == {"qubit"}
])  # fmt: skip
def test_aer_takes_every_gate_with_its_parameters(name: str) -> None:
    """Would catch a gate whose bound parameter Aer drops, as 0.18 does those of crx, cry, crz and cp."""
    gate = TABLE[name]
    wires = ", ".join(f"q[{k}]" for k in range(len(gate.wires)))
    angles = ", ".join(f"{k + 1}*t" for k in range(len(gate.parameters)))
    text = f"""qubit q[{len(gate.wires)}]; param t; for k in 0:{len(gate.wires)} {{ ry(0.4 + k) q[k]; }}
        {name}({angles}) {wires}; for k in 0:{len(gate.wires)} {{ rx(0.7) q[k]; }} return expect(Z[0] + 0.3*X[0]);"""
    program = program_of(text)
    found = qc.simulate(program, on="aer")(t=[0.3, 1.4])
    assert found == pytest.approx(qc.simulate(program)(t=[0.3, 1.4]), abs=1e-9)


def test_a_client_of_ones_own() -> None:
    """Would catch values in another shape than the protocol says, and a client that is asked more than once."""
    seen: list[Any] = []

    class Own:
        title, language = "My own", "openqasm3"

        def check(self, program: Program, exact: bool) -> None:
            seen.append((len(program.outputs), exact))

        def run(
            self, bundle: Bundle, values: Mapping[str, NDArray[np.float64]], shots: int | None, seed: int | None
        ) -> Estimates:
            seen.append({name: value.shape for name, value in values.items()})
            return Statevector().run(bundle, values, shots, seed)

    own: Client = Own()
    assert_exact(QUBITS, own, **BATCH)
    assert seen == [(4, True), {"w": (2, 2), "t": (2,)}]


def test_what_fails_in_a_client_is_its_failure() -> None:
    """Would catch a fault of the vendor's taken for ours, told on several lines."""

    class Failing(Counted):
        def run(self, *_: Any, **__: Any) -> Any:
            raise RuntimeError("queue\nclosed")

    with pytest.raises(ClientError, match=r"^Qiskit: RuntimeError: queue closed$"):
        qc.simulate(program_of(GHZ), on=Primitives(Failing(None)))(t=0.1)


@pytest.mark.parametrize(
    ("on", "options", "text", "code"),
    [
        ("nobody", {}, GHZ, Code.UNKNOWN_OPTION),
        ("qiskit:generic_5", {}, GHZ, Code.UNKNOWN_OPTION),
        ("aer:", {}, GHZ, Code.UNKNOWN_OPTION),
        ("aer:generic_x", {}, GHZ, Code.UNKNOWN_OPTION),
        (3, {}, GHZ, Code.UNKNOWN_OPTION),
        ("aer", {"engine": "density"}, GHZ, Code.UNKNOWN_OPTION),
        ("aer", {"shots": 1}, GHZ, Code.UNKNOWN_OPTION),
        ("aer", {}, FEED_FORWARD, Code.NOT_SIMULABLE),
        ("qiskit", {"shots": 10}, FEED_FORWARD, Code.NOT_SIMULABLE),
        ("qiskit", {}, "qubit q[9]; param t; rx(t) q[0]; return probs(q);", Code.NOT_SIMULABLE),
        ("aer", {"shots": 9}, NEVER_KEPT, Code.NOT_SIMULABLE),
        (Primitives(), {}, GHZ, Code.NOT_SIMULABLE),
        (Primitives(), {"shots": 10, "seed": 1}, GHZ, Code.UNKNOWN_OPTION),
        ("strawberryfields", {"shots": 10}, UNREAD, Code.NOT_SIMULABLE),
    ],
)  # fmt: skip
def test_refusals(on: Any, options: dict[str, Any], text: str, code: Code) -> None:
    """Would catch a request that is quietly answered by another, or by a fault of ours."""
    program = program_of(text)
    values = dict.fromkeys([p.name for p in program.parameters], 0.01)
    with pytest.raises(qc.CompileError) as refused:
        qc.simulate(program, on=on, **options)(**values)
    assert [diagnostic.code for diagnostic in refused.value.diagnostics] == [code]


COVARIANCES = """
qubit q[2]; param a; param b; input x;
ry(a) q[0]; crx(b) q[0], q[1]; ry(x) q[1];
return cov(Z[0], Z[1]), cov(X[0] + a*Z[1], Y[0]), var(X[0]);
"""
CURVED = """
qubit q[2]; param w[2]; input x;
ry(w[0]*x) q[0]; crx(w[1]) q[0], q[1]; rz(w[0]) q[1]; h q[1];
return expect(w[1]*Z[0] + X[1]), cov(Z[0], X[1]);
"""


@pytest.mark.parametrize("client", QUBIT_CLIENTS)
def test_covariances_are_the_simulators(client: str) -> None:
    """Would catch a product of means that is left out or taken of other outputs, in values and gradients."""
    assert_exact(COVARIANCES, client, a=[0.7, -1.2], b=0.9, x=0.3)
    assert qc.simulate(program_of(COVARIANCES))(a=0.7, b=0.9, x=0.3)[0] > 0.05
    assert_within(COVARIANCES, client, 1500, a=0.7, b=0.9, x=0.3)


@pytest.mark.parametrize("client", QUBIT_CLIENTS)
def test_hessians_are_the_simulators(client: str) -> None:
    """Would catch a mixed derivative in another place, rows of the batch mixed up, and a derivative run elsewhere."""
    program = program_of(CURVED)
    values: dict[str, Any] = {"w": [[0.4, -0.3], [1.2, 0.5]], "x": [0.7, 0.9]}
    exact = qc.hessian(program, ["w", "x"])(**values)
    assert [matrix.shape for matrix in exact] == [(2, 3, 3)] * 2
    assert gap(qc.hessian(program, ["w", "x"], on=client)(**values), exact) < 1e-8
    assert gap(qc.hessian(program, ["w", "x"], "hadamard", on=client)(**values), exact) < 1e-8
    assert gap(qc.gradient(program, on=client)(**values), qc.gradient(program, "shift")(**values)) < 1e-8


def test_hessians_with_shots_are_within_their_errors() -> None:
    """Would catch shots or a seed that are not heeded, and errors of other entries."""
    program = program_of(CURVED)
    run = qc.hessian(program, on="aer", shots=1500, seed=3)
    found, accuracy = run.assessed(w=[0.4, -0.3], x=0.7)
    assert sigmas(found, qc.hessian(program)(w=[0.4, -0.3], x=0.7), accuracy.errors) < 5
    assert gap(run(w=[0.4, -0.3], x=0.7), found) == 0
    assert gap(found, qc.hessian(program)(w=[0.4, -0.3], x=0.7)) > 1e-3


def test_the_adjoint_has_no_hessian_on_clients() -> None:
    """Would catch another method that is taken without a word."""
    with pytest.raises(qc.CompileError) as refused:
        qc.hessian(program_of(CURVED), method="adjoint", on="aer")
    assert refused.value.diagnostics[0].code is Code.METHOD
