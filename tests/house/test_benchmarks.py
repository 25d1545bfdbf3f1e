"""The benchmarks: what they compare is one circuit, and what they tell is what was measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import plan
import pytest
import report
from dense import on_wires
from peers import OURS, PEERS, Setting, peer
from peers.excitations import rotations
from results import Job, Memory, Result, read, write
from scipy.linalg import expm
from workloads import Array, Gate, Workload, workload

SMALL = ("W1-3-2", "W2-4", "W3", "W4-3-2-1", "ansatz-3", "qft-4", "volume-4", "random-4")
PAULI = {"I": np.eye(2), "X": np.array([[0, 1], [1, 0]]), "Y": np.array([[0, -1j], [1j, 0]]), "Z": np.diag([1, -1])}
FIXED: dict[str, Array] = {
    "h": np.array([[1, 1], [1, -1]]) / np.sqrt(2),
    "x": PAULI["X"],
    "cx": np.eye(4)[[0, 1, 3, 2]],
    "cz": np.diag([1, 1, 1, -1]),
    "swap": np.eye(4)[[0, 2, 1, 3]],
}
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", SMALL)
def test_our_program_is_the_circuit_of_the_gates(name: str) -> None:
    """Would see a program that is not the circuit that the other libraries build from the same gates."""
    task = workload(name)
    prepared = peer(OURS).prepare(task, Setting(1, "double"))
    angles = task.angles(3)
    found = prepared.read(prepared.call(angles))
    if task.task == "state":
        assert np.abs(found - state(task, angles)).max() < 1e-12
        return
    assert found[0] == pytest.approx(value(task, angles), abs=1e-12)
    slopes = [(value(task, angles + step) - value(task, angles - step)) / 2e-5 for step in 1e-5 * np.eye(len(angles))]
    assert np.abs(found[1:] - slopes).max() < 1e-8


def value(task: Workload, angles: Array) -> float:
    rows = task.data() if task.batch else [np.zeros(0)]
    measured = sum(
        coefficient * word_matrix({wire: letter for letter, wire in word}, task.qubits)
        for coefficient, word in task.terms
    )
    states = [state(task, angles, row) for row in rows]
    return float(np.mean([np.vdot(one, measured @ one).real for one in states]))


def state(task: Workload, angles: Array, row: Array | None = None) -> Array:
    amplitudes: Array = np.eye(2**task.qubits, dtype=complex)[0]
    for gate in task.gates:
        amplitudes = on_wires(gate_matrix(gate, angles, row), gate.wires, task.qubits) @ amplitudes
    return amplitudes


def gate_matrix(gate: Gate, angles: Array, row: Array | None) -> Array:
    if gate.matrix is not None:
        return np.asarray(gate.matrix)
    if gate.name in FIXED:
        return FIXED[gate.name]
    angle = gate.angle if gate.parameter is None else angles[gate.parameter]
    if gate.data is not None and row is not None:
        angle = row[gate.data]
    assert angle is not None
    if gate.name == "cp":
        return np.diag([1, 1, 1, np.exp(1j * angle)])
    size = len(gate.wires)
    generator = sum(
        (factor * word_matrix(dict(enumerate(word)), size) for factor, word in rotations(gate)),
        start=np.zeros((2**size,) * 2),
    )
    exponential: Array = expm(-0.5j * angle * generator)
    return exponential


def word_matrix(letters: dict[int, str], wires: int) -> Array:
    matrix: Array = np.eye(1, dtype=complex)
    for wire in range(wires):
        matrix = np.kron(matrix, PAULI[letters.get(wire, "I")])
    return matrix


def test_the_plan_names_workloads_and_starts_with_ours() -> None:
    """Would see a misspelt workload, one without a peer, and a peer that is timed with nothing to be compared with."""
    jobs = plan.jobs()
    assert len(set(jobs)) == len(jobs)
    assert {job.peer for job in jobs} == {peer.name for peer in PEERS}
    first: dict[str, Job] = {}
    for job in jobs:
        assert workload(job.workload).name == job.workload or job.workload.startswith("W")
        first.setdefault(job.workload, job)
    assert {job.peer for job in first.values()} == {OURS}
    assert {job.precision for job in first.values()} == {"double"}


def timed(peer: str, name: str, seconds: float, threads: int = 1, precision: str = "double") -> Result:
    memory = Memory(30.0, 80.0, 130.0)
    return Result(Job(peer, name, threads, precision), cpu=(seconds,) * 3, wall=(2 * seconds,) * 3, memory=memory)


def test_the_page_tells_losses_goals_and_faults(tmp_path: Path) -> None:
    """Would see a loss left out, a goal passed that was missed, and a peer without a time told as if it had one."""
    results = [
        timed(OURS, "W1-20-4", 0.25),
        timed("Qulacs", "W1-20-4", 1.0),
        timed("Catalyst", "W1-20-4", 2.0),
        timed(OURS, "W1-20-4", 0.2, threads=2),
        timed(OURS, "W3", 0.002),
        timed("Qulacs", "W3", 0.001),
        Result(Job("qujax", "W3"), "its answer is off by 1.0e+00"),
        timed(OURS, "qft-20", 0.5, precision="double"),
        timed("qsim", "qft-20", 0.4, precision="single"),
    ]
    facts: dict[str, str] = dict.fromkeys(("date", "machine", "system", "load", "versions"), "known")
    write(tmp_path / "results.json", facts, results)
    assert read(tmp_path / "results.json") == (facts, results)
    page = report.written(facts, results)
    assert "| W1-20-4 | 250 ±0% | 1000 ±0% | 2000 ±0% |  | **4.00** | 5 missed |" in page
    assert "| W3 | 2 ±0% | 1 ±0% |  | – | **0.50** | 5 missed |" in page
    assert "| qft-20, double | 500 ±0% |  | **0.80** | 0.625 |" in page
    assert "| W1-20-4 | 400 ±0% |  | **1.25** | 1.6 missed |" in page
    assert "- W3, one thread, double precision: 2.00 times\n" in page
    assert "- qujax, W3, one thread, double precision: its answer is off by 1.0e+00\n" in page
    assert "| qcompile | 100 | 50 |" in page


def test_another_answer_is_not_timed(tmp_path: Path) -> None:
    """Would see times of a library that computes something else."""
    np.save(tmp_path / "W3.npy", np.array([1.0, 0.0, 0.0, 0.0]))
    command = [sys.executable, "benchmarks/measure.py", str(tmp_path), "0", OURS, "W3", "1", "double"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    stored = json.loads((tmp_path / "result.json").read_text())
    assert stored["fault"].startswith("its answer is off by ")
    assert stored["cpu"] == []
    assert set(stored) == set(asdict(Result(Job("", ""))))
