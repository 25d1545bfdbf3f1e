"""The photonic rows of the gate table mean what Strawberry Fields and The Walrus mean by the gates they spell.

A wrong sign, factor, phase or order of wires in a row, in its word or in the cut matrices is caught here.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qcompile.angle import number
from qcompile.gates import TABLE, Gate
from qcompile.gates.algebra import is_gaussian
from qcompile.ir import Op, Probabilities, Program, Register, State
from qcompile.targets.simulator import fock, gaussian
from qcompile.targets.simulator.engine import simulate
from qcompile.targets.simulator.gaussian_forward import turn
from qcompile.targets.simulator.gaussian_program import op_factors
from qcompile.targets.simulator.gaussian_state import Moments
from qcompile.targets.simulator.options import Options
from qcompile.targets.simulator.values import Bound
from qcompile.targets.strawberryfields_import import import_strawberryfields

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

SPELLED = [gate for gate in TABLE.values() if gate.spelling.blackbird and gate.is_unitary]
ANGLES: dict[int, list[tuple[float, ...]]] = {1: [(0.43,), (-0.37,)], 2: [(0.41, 0.83), (0.23, -1.9)]}


@pytest.fixture(scope="module")
def sf() -> Any:
    return import_strawberryfields()


def apply(operation: Any, wires: Any) -> None:
    """Strawberry Fields writes `gate | wires`."""
    operation.__or__(wires)


@cache
def _factors(gate: Gate, angles: tuple[float, ...]) -> tuple[Op, ...]:
    op = Op(gate, tuple(range(len(gate.wires))), tuple(number(angle) for angle in angles))
    return tuple(op_factors(op, ()))


def _is_gaussian(gate: Gate) -> bool:
    factors = _factors(gate, ANGLES[len(gate.parameters)][0])
    return all(op.gate.generator is not None and is_gaussian(op.gate.generator) for op in factors)


def _matrix(gate: Gate, angles: tuple[float, ...], cutoff: int) -> Complex:
    """The product of the factors' cut matrices, shape (cᵐ, cᵐ)."""
    modes = len(gate.wires)
    total = np.eye(cutoff**modes, dtype=complex)
    for op in _factors(gate, angles):
        own: Complex = fock.unitary(op.gate, np.array([float(op.angles[0])]), cutoff)[0]
        if len(op.wires) < modes:
            rest = np.eye(cutoff, dtype=complex)
            own = np.kron(*((own, rest) if op.wires == (0,) else (rest, own))).astype(np.complex128)
        total = own @ total
    return total


def _random_moments(modes: int) -> tuple[Real, Real]:
    """Means, and the covariance of a thermal state under random shears: physical, and without a symmetry."""
    random = np.random.default_rng(7)
    whole, none = np.eye(modes), np.zeros((modes, modes))
    shear = np.eye(2 * modes)
    for _ in range(3):
        a, b = (random.normal(size=(modes, modes)) * 0.3 for _ in range(2))
        shear = np.block([[whole, a + a.T], [none, whole]]) @ np.block([[whole, none], [b + b.T, whole]]) @ shear
    return random.normal(size=2 * modes), shear @ (1.3 * np.eye(2 * modes)) @ shear.T


@pytest.mark.parametrize("gate", [g for g in SPELLED if _is_gaussian(g)], ids=lambda gate: str(gate.name))
def test_gaussian_gates_move_moments_as_strawberry_fields_does(gate: Gate, sf: Any) -> None:
    modes = len(gate.wires)
    means, covariance = _random_moments(modes)
    for angles in ANGLES[len(gate.parameters)]:
        program = sf.Program(modes)
        with program.context as q:
            apply(sf.ops.Gaussian(covariance, r=means, decomp=False), q)
            apply(getattr(sf.ops, gate.spelling.blackbird)(*angles), q)
        theirs = sf.Engine("gaussian").run(program).state
        ours = Moments(means[None, None].copy(), covariance[None].copy())
        for op in _factors(gate, angles):
            moved = turn(op, {})
            assert moved is not None
            ours.move(op.wires, *moved)
        np.testing.assert_allclose(ours.means[0, 0], theirs.means(), rtol=0, atol=1e-12)
        np.testing.assert_allclose(ours.covariance[0], theirs.cov(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("gate", SPELLED, ids=lambda gate: str(gate.name))
def test_gates_act_on_number_states_as_strawberry_fields_does(gate: Gate, sf: Any) -> None:
    """Phases included. Strawberry Fields cuts between the factors of a gate, so only the low corner is compared.

    Its Pgate, a word of squeezing and rotation, drops the phase of its own definition exp(i s x² / (2 hbar)).
    """
    modes = len(gate.wires)
    cutoff, low = (60, 5) if modes == 1 else (24, 3)
    angles = tuple(0.4 * angle for angle in ANGLES[len(gate.parameters)][0])
    ours = _matrix(gate, angles, cutoff).reshape((cutoff,) * (2 * modes))
    window = (slice(low),) * modes
    for photons in np.ndindex(*(3,) * modes):
        ket = np.zeros((cutoff,) * modes, dtype=complex)
        ket[photons] = 1.0
        program = sf.Program(modes)
        with program.context as q:
            apply(sf.ops.Ket(ket), q)
            apply(getattr(sf.ops, gate.spelling.blackbird)(*angles), q)
        state = sf.Engine("fock", backend_options={"cutoff_dim": cutoff}).run(program).state
        theirs, column = state.ket()[window], ours[(..., *photons)][window]
        if gate.name == "quadratic_phase":
            theirs = theirs * np.exp(1j * np.angle(np.vdot(theirs, column)))
        np.testing.assert_allclose(column, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "angles", "theirs"),
    [
        ("displace", (0.61, 0.7), "displacement"),
        ("squeeze", (0.53, -0.9), "squeezing"),
        ("beamsplit", (0.47, 1.2), "beamsplitter"),
        ("two_mode_squeeze", (0.39, 0.4), "two_mode_squeezing"),
    ],
)
def test_cut_matrices_are_those_of_the_walrus(name: str, angles: tuple[float, ...], theirs: str) -> None:
    """Every element up to the cutoff, phases included: the cut matrix is that of the infinite operator."""
    from thewalrus import fock_gradients

    cutoff = 9
    gate = TABLE[name]
    reference: Complex = getattr(fock_gradients, theirs)(*angles, cutoff)
    np.testing.assert_allclose(
        _matrix(gate, angles, cutoff), reference.reshape(cutoff ** len(gate.wires), -1), atol=1e-12
    )


@pytest.mark.parametrize(
    ("name", "angle", "theirs"),
    [
        ("squeeze_x", 0.53, "squeezing"),
        ("beamsplit_real", 0.47, "beamsplitter"),
        ("two_mode_squeeze_real", 0.39, "two_mode_squeezing"),
    ],
)
def test_derivatives_of_cut_matrices_are_those_of_the_walrus(name: str, angle: float, theirs: str) -> None:
    """The Walrus differentiates its recurrence; the generator is applied here."""
    from thewalrus import fock_gradients

    cutoff = 8
    gate = TABLE[name]
    value: Complex = getattr(fock_gradients, theirs)(angle, 0.0, cutoff)
    slope: Complex = getattr(fock_gradients, f"grad_{theirs}")(value, angle, 0.0)[0]
    ours = fock.derivative(gate, np.array([angle]), cutoff)[0]
    np.testing.assert_allclose(ours, slope.reshape(cutoff ** len(gate.wires), -1), rtol=0, atol=1e-11)


@pytest.mark.parametrize(
    ("name", "angles"), [("vacuum", ()), ("thermal", (0.7,)), ("coherent", (0.6, 0.8)), ("squeezed", (0.5, -1.1))]
)
def test_preparations_are_those_of_strawberry_fields(name: str, angles: tuple[float, ...], sf: Any) -> None:
    """After a displacement that each of them must discard."""
    gate = TABLE[name]
    ops = (
        Op(TABLE["displace"], (0,), (number(0.9), number(0.3))),
        Op(TABLE["beamsplit"], (0, 1), (number(0.4), number(0.2))),
        Op(gate, (1,), tuple(number(angle) for angle in angles)),
    )
    ours = gaussian.run(Program((Register("m", "qumode", 2),), body=ops, outputs=(State(),)), {}, 1, Options())[0][0]
    program = sf.Program(2)
    with program.context as q:
        apply(sf.ops.Dgate(0.9, 0.3), q[0])
        apply(sf.ops.BSgate(0.4, 0.2), q)
        apply(getattr(sf.ops, gate.spelling.blackbird)(*angles), q[1])
    theirs = sf.Engine("gaussian").run(program).state
    np.testing.assert_allclose(ours[0], theirs.means(), rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours[1:], theirs.cov(), rtol=0, atol=1e-12)


def test_number_states_and_their_gates_give_the_probabilities_of_strawberry_fields(sf: Any) -> None:
    """A Fock preparation through a non-Gaussian circuit, by the simulator itself: catches exchanged modes."""
    angles: dict[str, tuple[float, ...]] = {
        "fock": (2,),
        "cubic": (0.05,),
        "beamsplit": (0.7, 0.4),
        "cross_kerr": (0.6,),
        "kerr": (0.3,),
    }
    where = {"fock": (0,), "cubic": (1,), "beamsplit": (0, 1), "cross_kerr": (0, 1), "kerr": (0,)}
    steps = [*angles, "beamsplit"]
    body = tuple(Op(TABLE[name], where[name], tuple(map(number, angles[name]))) for name in steps)
    circuit = Program((Register("m", "qumode", 2),), body=body, outputs=(Probabilities((0, 1)),))
    cutoff = 14
    ours = simulate(circuit, Bound({}, 1), Options(engine="tensor", cutoff=cutoff)).outputs[0]
    program = sf.Program(2)
    with program.context as q:
        for name in steps:
            apply(getattr(sf.ops, TABLE[name].spelling.blackbird)(*angles[name]), [q[wire] for wire in where[name]])
    theirs = sf.Engine("fock", backend_options={"cutoff_dim": cutoff}).run(program).state.all_fock_probs()
    np.testing.assert_allclose(
        np.asarray(ours, dtype=float).reshape(cutoff, cutoff)[:4, :4], theirs[:4, :4], rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("angle", [0.0, 0.7, np.pi / 2])
def test_homodyne_detection_conditions_as_strawberry_fields_does(angle: float, sf: Any) -> None:
    """The angle, the scale of the outcome, the update of the other modes: our outcome is given to theirs."""
    means, covariance = _random_moments(3)
    ours = Moments(means[None, None].copy(), covariance[None].copy())
    axes = np.array([[[np.cos(angle), np.sin(angle)]]])
    outcome = ours.detect(1, axes, 0.0, np.random.default_rng(3))[0, 0, 0]
    program = sf.Program(3)
    with program.context as q:
        apply(sf.ops.Gaussian(covariance, r=means, decomp=False), q)
        apply(sf.ops.MeasureHomodyne(angle, select=float(outcome)), q[1])
    theirs = sf.Engine("gaussian").run(program).state
    np.testing.assert_allclose(ours.means[0, 0], theirs.means(), rtol=0, atol=1e-5)
    np.testing.assert_allclose(ours.covariance[0], theirs.cov(), rtol=0, atol=1e-5)


def test_heterodyne_detection_conditions_as_strawberry_fields_does(sf: Any) -> None:
    """Theirs is the amplitude α = (x + ip) / 2."""
    means, covariance = _random_moments(3)
    ours = Moments(means[None, None].copy(), covariance[None].copy())
    x, p = ours.detect(1, np.eye(2)[None], 1.0, np.random.default_rng(3))[0, 0]
    program = sf.Program(3)
    with program.context as q:
        apply(sf.ops.Gaussian(covariance, r=means, decomp=False), q)
        apply(sf.ops.MeasureHeterodyne(select=complex(x, p) / 2), q[1])
    theirs = sf.Engine("gaussian").run(program).state
    np.testing.assert_allclose(ours.means[0, 0], theirs.means(), rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.covariance[0], theirs.cov(), rtol=0, atol=1e-12)
