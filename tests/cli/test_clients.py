"""`run --on CLIENT`: the vendor's simulator agrees with ours, and is missed in one clear message."""

import importlib.util
import json
import subprocess
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest

import qcompile as qc
from qcompile.cli.run import CLIENTS as OFFERED
from qcompile.diagnostics import Code
from qcompile.targets.clients import CLIENTS
from qcompile.targets.clients.qiskit import Statevector

Run = Callable[..., subprocess.CompletedProcess[str]]
Source = Callable[..., Path]
QUBITS = """
qubit q[3]; param w[2]; param t;
h q[0]; rx(w[0]) q[1]; cry(w[1]**2) q[0], q[2]; xy(t) q[1], q[2];
return expect(t*Z[1] + 0.5*X[0] Z[2] - 0.3), var(Z[2]);
"""
LIGHT = """
qumode m[2]; param w[4];
coherent(0.3, 0.2) m[0]; beamsplit(w[0], 0.4) m[0], m[1]; squeeze(w[1], 0) m[0];
rotate(w[2]) m[1]; two_mode_squeeze(w[3], 0) m[0], m[1];
return expect(x[0] + 0.5*n[1] + 0.2*p[0] p[0]), var(x[1]);
"""


def test_the_clients_offered_are_those_there_are() -> None:
    """Would catch a client that the command line does not know."""
    assert set(OFFERED) == set(CLIENTS)


@pytest.mark.parametrize(
    ("client", "text", "values"),
    [
        ("qiskit", QUBITS, {"w": [0.3, 0.7], "t": 0.4}),
        ("aer", QUBITS, {"w": [0.3, 0.7], "t": 0.4}),
        ("pyquil", QUBITS, {"w": [0.3, 0.7], "t": 0.4}),
        ("strawberryfields", LIGHT, {"w": [0.3, 0.1, 0.5, 0.05]}),
    ],
)
def test_value_and_gradient_are_the_simulators(client: str, text: str, values: dict[str, Any]) -> None:
    """Would catch another order of wires, a sign, or a weight that is left out on the way to the client and back."""
    program = qc.parse(text)
    assert isinstance(program, qc.Program)
    value, gradient = qc.value_and_grad(program)(**values)
    there = qc.value_and_grad(program, on=client)(**values)
    assert there[0] == pytest.approx(value, abs=1e-9)
    for found, wanted in zip(there[1], gradient, strict=True):
        assert found.keys() == wanted.keys()
        for name in wanted:
            assert found[name] == pytest.approx(wanted[name], abs=1e-8)


def test_a_cut_on_the_client_is_reported() -> None:
    """Would catch a client's approximate result without a word."""
    neuron = qc.load(Path(__file__).parents[2] / "examples" / "photonic_neuron.qc")
    with pytest.warns(qc.LeakageWarning):
        qc.simulate(neuron, on="strawberryfields", cutoff=4)(data=0.3, w=[0.1, 0.1, 0.1, 0.05, 0.1])


def test_the_command_runs_on_a_client(qcompile: Run) -> None:
    """Would catch `--on` not heeded: on a client the gradient takes shifted circuits."""
    done = qcompile("run", "examples/h2.qc", "--set", "theta=0.2", "--grad", "--on", "pyquil", "--json")
    record = json.loads(done.stdout)
    assert record["value"] == pytest.approx(-1.13699402747, abs=1e-9)
    assert record["gradient"]["theta"] == pytest.approx(-0.02113015493, abs=1e-9)
    assert (record["method"], record["evaluations"]) == ("auto", 2)


@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_a_missing_client_is_3(client: str, qcompile: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch an ImportError's traceback; the message names the extra."""
    missing = CLIENTS[client].packages[0]
    find = importlib.util.find_spec

    def find_but_one(name: str) -> ModuleSpec | None:
        return None if name == missing else find(name)

    monkeypatch.setattr(importlib.util, "find_spec", find_but_one)
    file = "examples/photonic_neuron.qc" if client == "strawberryfields" else "examples/h2.qc"
    done = qcompile("run", file, "--on", client)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"error[{Code.MISSING_CLIENT.id}]" in done.stderr
    assert f"pip install 'qcompile[{CLIENTS[client].extra}]'" in done.stderr


def test_a_client_that_fails_is_4(qcompile: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a client's failure taken for ours or the user's."""

    def fail(_: object) -> None:
        raise RuntimeError("the device\nis on fire")

    monkeypatch.setattr(Statevector, "estimator", fail)
    done = qcompile("run", "examples/h2.qc", "--set", "theta=0.2", "--on", "qiskit")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "client failed: Qiskit: RuntimeError: the device is on fire\n"


@pytest.mark.parametrize(
    ("text", "client", "code"),
    [
        ("qumode m; rotate(0.1) m; return expect(n[0]);", "qiskit", Code.UNSAYABLE),
        ("qubit q; h q; return expect(Z[0]);", "strawberryfields", Code.UNSAYABLE),
        ("qubit q; bit c; c = measure q; return expect(Z[0]);", "qiskit", Code.NOT_SIMULABLE),
        ("qubit q[9]; h q; return probs(q);", "pyquil", Code.NOT_SIMULABLE),
        ("qubit q; rx(0.1) q; return expect(Z[0]);", "aer:nothing", Code.UNKNOWN_OPTION),
        ("qumode m[9]; rotate(0.1) m[0]; return probs(m);", "strawberryfields", Code.NOT_SIMULABLE),
        ("qubit q; param t; rx(t) q; return expect(Z[0]);", "qiskit", Code.UNBOUND),
    ],
)
def test_what_clients_cannot_run(text: str, client: str, code: Code, qcompile: Run, source: Source) -> None:
    """Would catch a program that is run as if it were another."""
    done = qcompile("run", source(text), "--on", client)
    assert done.returncode == 1
    assert f"error[{code.id}]" in done.stderr


def test_the_adjoint_method_is_not_for_clients(qcompile: Run) -> None:
    """Would catch a method that is quietly another on a client."""
    done = qcompile("run", "examples/h2.qc", "--set", "theta=0.2", "--grad", "--method", "adjoint", "--on", "qiskit")
    assert done.returncode == 1
    assert f"error[{Code.METHOD.id}]" in done.stderr


@pytest.mark.parametrize("arguments", [["--on", "qiskit", "--engine", "mps"], ["--on", "nobody"], ["--on", "fake:aer"]])
def test_what_is_asked_wrongly_is_2(arguments: list[str], qcompile: Run) -> None:
    """Would catch an option of the built-in simulator that is dropped on a client, and a client that nobody knows."""
    assert qcompile("run", "examples/h2.qc", "--set", "theta=0.2", *arguments).returncode == 2


def test_the_command_takes_shots_on_a_client(qcompile: Run) -> None:
    """Would catch shots or a seed not heeded, and standard errors that are not told."""
    command = ("run", "examples/h2.qc", "--set", "theta=0.2", "--grad", "--on", "aer", "--shots", 500, "--seed", 3)
    first, again = (json.loads(qcompile(*command, "--json").stdout) for _ in range(2))
    assert first == again
    assert first["class"] == "unbiased"
    assert 0 < abs(first["value"] + 1.13699402747) < 5 * first["standard_error"]
    assert 0 < abs(first["gradient"]["theta"] + 0.02113015493) < 5 * first["gradient_error"]["theta"]
    assert "standard_error" in qcompile(*command).stdout


def test_the_command_runs_on_a_backend_with_noise(qcompile: Run) -> None:
    """Would catch a backend that is named and not used."""
    done = qcompile("run", "examples/h2.qc", "--set", "theta=0.2", "--on", "aer:generic_4", "--json")
    assert -1.13 < json.loads(done.stdout)["value"] < -0.8


def test_a_missing_copy_of_a_device_is_3(qcompile: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch an ImportError's traceback; the message names the extra."""
    find = importlib.util.find_spec

    def find_but_one(name: str) -> ModuleSpec | None:
        return None if name == "qiskit_ibm_runtime" else find(name)

    monkeypatch.setattr(importlib.util, "find_spec", find_but_one)
    done = qcompile("run", "examples/h2.qc", "--set", "theta=0.2", "--on", "aer:fake_manila")
    assert done.returncode == 3
    assert "pip install 'qcompile[ibm]'" in done.stderr


def test_samples_come_from_clients(qcompile: Run, source: Source) -> None:
    """Would catch samples that only the simulator draws, and standard errors told of them."""
    path = source("qubit q[3]; x q[1]; h q[2]; return samples(q);")
    done = qcompile("run", path, "--shots", 30, "--seed", 1, "--on", "aer", "--json")
    record = json.loads(done.stdout)
    assert record.keys() == {"value"}
    assert {tuple(row) for row in record["value"]} == {(0, 1, 0), (0, 1, 1)}
    assert len(record["value"]) == 30
    refused = qcompile("run", path, "--on", "aer")
    assert refused.returncode == 1
    assert "samples need a number of shots" in refused.stderr
