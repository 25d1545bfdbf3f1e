"""Matrices taken apart into gates, and put together again by the Gaussian simulator and by plain products."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from qcompile.angle import number
from qcompile.gates import TABLE
from qcompile.grammar import interferometers as optics
from qcompile.ir import Op, Program, Register, State
from qcompile.targets.simulator import Options, run

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
HALVES = np.array([[1, 1], [1, -1]]) / np.sqrt(2)


def haar(size: int, seed: int) -> Complex:
    rng = np.random.default_rng(seed)
    q, r = np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))
    return np.asarray(q * (np.diag(r) / np.abs(np.diag(r))), dtype=complex)


def quadratures(unitary: Complex) -> Real:
    return np.block([[unitary.real, -unitary.imag], [unitary.imag, unitary.real]])


def symplectic(size: int, seed: int, squeezing: Sequence[float]) -> Real:
    r = np.array(squeezing)
    middle = np.diag(np.concatenate([np.exp(-r), np.exp(r)]))
    return np.asarray(quadratures(haar(size, seed)) @ middle @ quadratures(haar(size, seed + 1)))


def state(ops: Sequence[Op], modes: int) -> tuple[Real, Real]:
    """Means and covariance that the Gaussian simulator reaches from the vacuum."""
    program = Program((Register("q", "qumode", modes),), body=tuple(ops), outputs=(State(),))
    found = run(program, {}, Options(engine="gaussian"))[0][0]
    return found[0], found[1:]


def moved(ops: Sequence[Op], modes: int) -> Real:
    """The symplectic matrix of the ops: each column by where a displacement ends."""
    columns: list[Real] = []
    for k in range(2 * modes):
        start = Op(TABLE["shift_x" if k < modes else "shift_p"], (k % modes,), (number(1.0),))
        columns.append(state((start, *ops), modes)[0])
    return np.array(columns).T


@pytest.mark.parametrize(
    "unitary",
    [*(haar(size, 7) for size in (1, 2, 3, 4, 7)), np.eye(3), np.eye(4)[[2, 0, 3, 1]], HALVES, np.diag([1, 1j, -1])],
    ids=lambda u: f"{len(u)}",
)  # fmt: skip
def test_meshes_are_their_unitary(unitary: Complex) -> None:
    """Catches an exchanged row, phase or order of the two halves of the mesh, and elements that are zero already."""
    size = len(unitary)
    ops = optics.mesh(unitary.astype(complex))
    np.testing.assert_allclose(moved(ops, size), quadratures(unitary.astype(complex)), rtol=0, atol=1e-12)
    assert sum(op.gate.name == "beamsplit" for op in ops) <= size * (size - 1) // 2
    assert {op.gate.name for op in ops} <= {"beamsplit", "rotate"}


def test_a_mesh_of_the_identity_is_empty() -> None:
    """Catches rotations by nothing."""
    assert optics.mesh(np.eye(5, dtype=complex)) == ()


@pytest.mark.parametrize(
    ("size", "squeezing"), [(1, [0.5]), (1, [0.0]), (2, [0.4, 0.4]), (3, [0.0, 1.1, 0.0]), (3, [0.3, -0.7, 1.9])]
)
def test_gaussian_unitaries_are_their_symplectic_matrix(size: int, squeezing: list[float]) -> None:
    """Catches a squeezer in the wrong frame, and vectors of equal values that are not orthogonal."""
    matrix = symplectic(size, 3, squeezing)
    ops = optics.gaussian_unitary(matrix)
    np.testing.assert_allclose(moved(ops, size), matrix, rtol=0, atol=1e-11 * np.abs(matrix).max())


@pytest.mark.parametrize("thermal", [[1.0, 1.0, 1.0], [1.0, 2.0, 2.0], [1.5, 1.0, 3.0]])
def test_states_have_their_covariance(thermal: list[float]) -> None:
    """Catches symplectic eigenvalues beside the wrong mode, means in another order, and pure parts taken as mixed."""
    matrix = symplectic(3, 5, [0.8, 0.1, -0.4])
    covariance = matrix @ np.diag([*thermal, *thermal]) @ matrix.T
    means = np.array([0.1, 0.0, -0.3, 0.5, 0.7, 0.0])
    found = state(optics.gaussian_state(covariance, means), 3)
    np.testing.assert_allclose(found[0], means, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found[1], covariance, rtol=0, atol=1e-11)


@pytest.mark.parametrize(
    "covariance", [np.diag([0.5, 0.5]), np.diag([1.0, -1.0]), np.array([[1.0, 0.5], [0.0, 1.0]]), np.zeros((2, 2))]
)
def test_what_no_state_has_is_refused(covariance: Real) -> None:
    """Catches thermal states of fewer than no photons."""
    with pytest.raises(optics.UnphysicalError):
        optics.gaussian_state(covariance, np.zeros(2))


@pytest.mark.parametrize(
    "matrix",
    [np.ones((4, 4)), np.zeros((3, 3)), np.diag([1, 1, 0, 0]), np.array([[0, 1], [1, 0]]), np.eye(3) * 1j,
     haar(4, 1) + haar(4, 1).T, np.array([[0, 1, 0], [1, 0, 1e-9], [0, 1e-9, 0]])],
)  # fmt: skip
def test_takagi_vectors_put_the_matrix_together(matrix: Complex) -> None:
    """Catches equal and vanishing values, whose vectors an eigenvalue routine leaves open."""
    singular, unitary = optics.takagi(matrix.astype(complex))
    np.testing.assert_allclose((unitary * singular) @ unitary.T, matrix, rtol=0, atol=1e-12)
    assert optics.unitary_defect(unitary) < 1e-12
    assert (np.diff(singular) <= 1e-12).all()


@pytest.mark.parametrize("mean_photons", [0.01, 1.0, 20.0])
def test_graph_states_have_their_photons(mean_photons: float) -> None:
    """Catches a factor that is off, and a search that stops too early."""
    adjacency = np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0.5]], dtype=complex)
    for ops, modes in (
        (optics.graph_state(adjacency, mean_photons), 3),
        (optics.bipartite_graph_state(adjacency, mean_photons), 6),
    ):
        _, covariance = state(ops, modes)
        assert np.trace(covariance) / 4 - modes / 2 == pytest.approx(mean_photons * modes, rel=1e-9)
