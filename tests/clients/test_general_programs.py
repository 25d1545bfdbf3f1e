"""Noise, barriers, opaque gates and gates of a program's own, as the vendors' own tools understand them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from qiskit import QuantumCircuit, qasm2, qasm3
from qiskit.quantum_info import Kraus
from qiskit_aer import noise

from qcompile.angle import number
from qcompile.builder import Builder
from qcompile.diagnostics import Code, CompileError
from qcompile.gates import TABLE
from qcompile.grammar import parse
from qcompile.ir import Op, Program
from qcompile.run import simulate
from qcompile.targets import emit
from qcompile.targets.simulator import Options, run
from qcompile.targets.simulator.tensor_channels import kraus_maps
from qcompile.targets.strawberryfields_import import import_strawberryfields

Matrix = NDArray[np.complex128]
AER: dict[str, Callable[[float], Any]] = {
    "bit_flip": lambda p: noise.pauli_error([("X", p), ("I", 1 - p)]),
    "phase_flip": lambda p: noise.pauli_error([("Z", p), ("I", 1 - p)]),
    "bit_phase_flip": lambda p: noise.pauli_error([("Y", p), ("I", 1 - p)]),
    "depolarizing": lambda p: noise.depolarizing_error(p, 1),
    "amplitude_damping": noise.amplitude_damping_error,
    "phase_damping": noise.phase_damping_error,
}


def images(kraus: list[Matrix]) -> Matrix:
    """What becomes of each |i⟩⟨j|: the channel, however its Kraus operators are chosen."""
    whole = np.array(kraus)
    made: Matrix = np.einsum("kai,kbj->ijab", whole, whole.conj())
    return made


@pytest.mark.parametrize("name", AER)
def test_noise_is_aers(name: str) -> None:
    """Would catch a strength by another convention: of the error, of the state's replacement, of an amplitude."""
    ours = [action.matrix[0] for action in kraus_maps(Op(TABLE[name], (0,), (number(0.3),)), {}, 2)]
    peers = [np.asarray(k, dtype=complex) for k in Kraus(AER[name](0.3)).data]
    np.testing.assert_allclose(images(ours), images(peers), rtol=0, atol=1e-12)


HEAD = "qumode m[2]; param t; squeeze(0.3, 0.2) m[0]; displace(t, 0.4) m[0]; beamsplit(0.6, 0.3) m[0], m[1];"
LOSSY = f"{HEAD} loss(0.7) m[0]; return expect(x[0]), expect(n[0]), expect(p[1]), expect(n[1]);"
EACH = "return expect(x[0]), expect(n[0]), expect(x[1]), expect(n[1]);"
THERMAL = "qumode m; param t; squeeze(0.3, 0.2) m; displace(t, 0.4) m; thermal_loss(0.8, 0.25) m; return expect(n[0]);"


def read(text: str) -> Program:
    program = parse(text)
    assert isinstance(program, Program)
    return program


def moments(sf: Any, text: str, modes: int) -> list[float]:
    state = sf.Engine("gaussian").run(sf.io.loads(text.replace("{par_t}", "0.4"))).state
    return [float(f(k)[0]) for k in range(modes) for f in (state.quad_expectation, state.mean_photon)]


@pytest.mark.parametrize("text", [LOSSY, THERMAL], ids=["loss", "thermal loss"])
def test_lost_light_is_strawberry_fields(text: str) -> None:
    """Would catch a transmissivity of amplitudes, or thermal photons counted otherwise, in text and in both engines.

    Its thermal loss is right on one mode alone, so the program has one.
    """
    modes = len(read(text).kinds)
    outputs = ", ".join(f"expect(x[{k}]), expect(n[{k}])" for k in range(modes))
    program = read(f"{text.partition('return')[0]} return {outputs};")
    expected = moments(import_strawberryfields(), emit(program, "blackbird"), modes)
    np.testing.assert_allclose([v[0] for v in run(program, {"t": 0.4})], expected, rtol=0, atol=1e-9)
    cut = run(program, {"t": 0.4}, Options(engine="tensor", cutoff=12))
    np.testing.assert_allclose([v[0] for v in cut], expected, rtol=0, atol=1e-3)
    np.testing.assert_allclose(simulate(program, on="strawberryfields")(t=0.4), expected, rtol=0, atol=1e-9)


def test_thermal_loss_on_one_of_two_modes() -> None:
    """Would catch photons on the other mode: against the dilation, since its own channel puts them on both."""
    sf: Any = import_strawberryfields()
    program = read(f"{HEAD} thermal_loss(0.8, 0.25) m[1]; {EACH}")
    text = emit(read(f"{HEAD} return expect(n[0] + n[1]);"), "blackbird")
    dilated = f"{text}Thermal(0.25) | 2\nBSgate({math.acos(math.sqrt(0.8))!r}, 0.0) | [1, 2]\n"
    expected = moments(sf, dilated, 2)
    np.testing.assert_allclose([v[0] for v in run(program, {"t": 0.4})], expected, rtol=0, atol=1e-9)
    with pytest.raises(CompileError) as caught:
        simulate(program, on="strawberryfields")(t=0.4)
    assert caught.value.diagnostics[0].code is Code.NOT_SIMULABLE


def own_gates() -> Program:
    b = Builder()
    q, t = b.qubits("q", 3), b.param("t")
    rng = np.random.default_rng(8)
    b.define_matrix("any", np.linalg.qr(rng.normal(size=(8, 8)) + 1j * rng.normal(size=(8, 8)))[0])
    b.define_generator("hop", "a", 2, "0.5*X[0] X[1] + 0.3*Z[0] - 0.2*Y[1]")
    b.h(q)
    b.gate("any", *q)
    b.barrier(q)
    b.hop(2 * t, q[2], q[0])
    b.gate("hop", t, q[0], q[1], controls=[q[2]])
    b.expect("Z[0] X[1] + 0.5*Y[2] + 0.25*Z[1]")
    return b.build()


@pytest.mark.parametrize("client", ["qiskit", "pyquil"])
@pytest.mark.filterwarnings("ignore::qcompile.diagnostics.CompileWarning")
def test_gates_of_a_programs_own_run_everywhere(client: str) -> None:
    """Would catch a decomposition in another order of wires than the client's, or a barrier that it does not run."""
    program = own_gates()
    assert simulate(program, on=client)(t=0.37) == pytest.approx(simulate(program)(t=0.37), abs=1e-9)


def test_barriers_and_opaque_gates_are_read_back() -> None:
    """Would catch text that looks right and that Qiskit does not take."""
    module = parse("qubit q[2]; opaque magic(a) u, v; h q[0]; barrier q[1]; magic(0.5) q[1], q[0];")
    assert isinstance(module, Program)
    circuit = qasm2.loads(emit(module, "openqasm2"))
    names = [(item.operation.name, [circuit.find_bit(q).index for q in item.qubits]) for item in circuit.data]
    assert names == [("h", [0]), ("barrier", [1]), ("magic", [1, 0])]
    barred = parse("qubit q[2]; bit c; h q[0]; barrier q; c = measure q[0]; if (c) { x q[1]; barrier q[1]; }")
    assert isinstance(barred, Program)
    for circuit in (qasm3.loads(emit(barred, "openqasm3")), qasm2.loads(emit(barred, "openqasm2"))):
        assert isinstance(circuit, QuantumCircuit)
        assert circuit.count_ops()["barrier"] >= 1
