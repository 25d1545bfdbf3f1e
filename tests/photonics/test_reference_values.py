"""Known values: a displaced beam splitter, gates on the vacuum, and a published circuit replayed layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from qcompile.gates import TABLE
from qcompile.grammar import parse
from qcompile.ir import Adjoint, Program
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, Values, evaluate, fock, run
from qcompile.targets.simulator.fock_words import operator_matrix

Complex = NDArray[np.complex128]
RealArray = NDArray[np.float64]
ENGINES = [Options(engine="gaussian"), Options(engine="tensor", cutoff=24)]


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def simulated(circuit: Program, values: Values, options: Options) -> list[RealArray]:
    return [np.asarray(output, dtype=float) for output in run(circuit, values, options)]


@pytest.mark.parametrize("options", ENGINES, ids=lambda options: options.engine)
def test_a_displaced_beam_splitter(options: Options) -> None:
    """⟨n⟩ = α² cos²θ for α = 0.5, θ = 0.3, and its gradient, by adjoint."""
    circuit = program(
        "qumode m[2]; param a; param t; displace(a, 0) m[0]; beamsplit(t, 0) m[0], m[1]; return expect(n[0]);"
    )
    np.testing.assert_allclose(simulated(circuit, {"a": 0.5, "t": 0.3}, options)[0], 0.22816695186, rtol=0, atol=1e-11)
    module = differentiate(circuit, method="adjoint")
    assert isinstance(module, Adjoint)
    gradient = dict(
        zip((c.wrt.name for c in module.components), evaluate(module, {"a": 0.5, "t": 0.3}, options), strict=True)
    )
    np.testing.assert_allclose(gradient["a"], 0.9126678075, rtol=0, atol=1e-9)
    np.testing.assert_allclose(gradient["t"], -0.1411606183, rtol=0, atol=1e-9)


@pytest.mark.parametrize("options", ENGINES, ids=lambda options: options.engine)
def test_a_displaced_vacuum(options: Options) -> None:
    """⟨n⟩ = 0.25 at α = 0.5, and slope 1 in the magnitude."""
    circuit = program("qumode m; param a; displace(a, 0.7) m; return expect(n[0]);")
    np.testing.assert_allclose(simulated(circuit, {"a": 0.5}, options)[0], 0.25, rtol=0, atol=1e-11)
    np.testing.assert_allclose(
        evaluate(differentiate(circuit, method="adjoint"), {"a": 0.5}, options)[0], 1.0, atol=1e-9
    )


def test_the_cubic_phase_kicks_the_vacuum_by_gamma() -> None:
    """⟨p⟩ = γ hbar / 2, and the derivative is exact for the cut state."""
    circuit = program("qumode m; param g; cubic(g) m; return expect(p[0]);")
    options = Options(engine="tensor", cutoff=40)
    np.testing.assert_allclose(simulated(circuit, {"g": 0.05}, options)[0], 0.05, rtol=0, atol=1e-6)


def _replayed(data: Mapping[str, Complex], gate: Callable[[str, float, float], Complex]) -> Complex:
    """25 layers R, S, R, D, K; `gate` takes a row, its angle and the rotation about it."""
    total = np.eye(int(data["cutoff"].real), dtype=complex)
    for k in range(25):
        r1, sq_r, sq_phi, r2, disp_r, disp_phi, kappa = (
            float(data[key][k].real) for key in ("r1", "sq_r", "sq_phi", "r2", "disp_r", "disp_phi", "kappa")
        )
        total = gate("squeeze_x", sq_r, sq_phi / 2) @ gate("rotate", r1, 0.0) @ total
        total = gate("shift_x", 2 * disp_r, disp_phi) @ gate("rotate", r2, 0.0) @ total
        total = gate("kerr", kappa, 0.0) @ total
    return total


def _turned(matrix: Complex, turn: float) -> Complex:
    """Between rotations by ∓turn, as the words of `displace` and `squeeze` have it."""
    phases = np.exp(1j * turn * np.arange(len(matrix)))
    turned: Complex = phases[:, None] * matrix * phases.conj()
    return turned


@pytest.mark.parametrize(("name", "fidelity"), [("Cubic_phase", 0.9984), ("Random_unitary", 0.9945)])
def test_a_published_circuit_replays(name: str, fidelity: float, corpora: Path) -> None:
    """The trained circuits of arXiv:1807.10781: their unitaries, and what they make of the first number states.

    The unitaries were computed and stored in single precision: rounding over 25 layers leaves 3e-7 on average and
    1.41e-6 at most between them and either of the two replays in double precision here, which agree to 1e-12.
    Catches a sign of S or K, the phase of D, and cut generators, which miss by 1e-2.
    """
    data = np.load(corpora / "cv-replay" / f"{name}.npz")
    cutoff, columns = int(data["cutoff"]), int(data["gate_cutoff"])

    def ours(row: str, angle: float, turn: float) -> Complex:
        return _turned(fock.unitary(TABLE[row], np.array([angle]), cutoff)[0], turn)

    def independent(row: str, angle: float, turn: float) -> Complex:
        generator = TABLE[row].generator
        assert generator is not None
        values, vectors = np.linalg.eigh(operator_matrix(generator, (200,), (0,)))
        return _turned((vectors[:cutoff] * np.exp(-1j * angle * values)) @ vectors[:cutoff].conj().T, turn)

    unitary = _replayed(data, ours)
    np.testing.assert_allclose(unitary, _replayed(data, independent), rtol=0, atol=1e-12)
    stored: Complex = data["U_output"]
    target: Complex = data["state_expected"]
    gap = np.abs(unitary[:, :columns].T - stored)
    assert np.sqrt(np.mean(gap**2)) < 5e-7
    assert gap.max() < 1.5e-6
    output = unitary[:, :columns].sum(axis=1) / np.sqrt(columns)
    np.testing.assert_allclose(np.abs(np.vdot(target, output)) ** 2, fidelity, rtol=0, atol=5e-5)
