"""Every qubit row of the gate table against the matrix of Qiskit's own gate."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from dense import op_matrix
from numpy.typing import NDArray
from qiskit.circuit import Gate as QiskitGate
from qiskit.circuit import library as lib

from qcompile.angle import number
from qcompile.gates import TABLE, Gate
from qcompile.ir import Op

Matrix = NDArray[np.complex128]


def _xy(theta: float) -> QiskitGate:
    return lib.XXPlusYYGate(-theta, 0)


# Exact, global phase included.
PEERS: dict[str, Callable[..., QiskitGate]] = {
    "rx": lib.RXGate, "ry": lib.RYGate, "rz": lib.RZGate, "p": lib.PhaseGate, "id": lib.IGate, "x": lib.XGate,
    "y": lib.YGate, "z": lib.ZGate, "h": lib.HGate, "s": lib.SGate, "sdg": lib.SdgGate, "t": lib.TGate,
    "tdg": lib.TdgGate, "sx": lib.SXGate, "sxdg": lib.SXdgGate, "u": lib.UGate, "cx": lib.CXGate, "cy": lib.CYGate,
    "cz": lib.CZGate, "ch": lib.CHGate, "cp": lib.CPhaseGate, "crx": lib.CRXGate, "cry": lib.CRYGate,
    "crz": lib.CRZGate, "cu": lib.CUGate, "swap": lib.SwapGate, "iswap": lib.iSwapGate, "ecr": lib.ECRGate,
    "rxx": lib.RXXGate, "ryy": lib.RYYGate, "rzz": lib.RZZGate, "rzx": lib.RZXGate, "ccx": lib.CCXGate,
    "cswap": lib.CSwapGate, "xx_plus_yy": lib.XXPlusYYGate, "xx_minus_yy": lib.XXMinusYYGate,
    "xx_minus_yy_real": lib.XXMinusYYGate, "xy": _xy, "siswap": partial(_xy, np.pi / 2), "gphase": lib.GlobalPhaseGate,
}  # fmt: skip
# OpenQASM 3's standard library gives these two determinant 1; Qiskit gives them a real first entry.
SPECIAL: dict[str, Callable[..., QiskitGate]] = {"u2": lib.U2Gate, "u3": lib.U3Gate}
ABSENT = {"fsim", "single_excitation", "double_excitation", "orbital_rotation"}

QUBIT = [gate for gate in TABLE.values() if set(gate.wires) <= {"qubit"} and gate.is_unitary]


def reordered(matrix: Matrix) -> Matrix:
    """From Qiskit's order, first wire least significant, to ours."""
    count = len(matrix).bit_length() - 1
    order = [*reversed(range(count)), *(count + wire for wire in reversed(range(count)))]
    return matrix.reshape((2,) * (2 * count)).transpose(order).reshape(matrix.shape)


def test_every_row_is_compared() -> None:
    """Would catch a new row that nobody compared with Qiskit."""
    assert {gate.name for gate in QUBIT} == PEERS.keys() | SPECIAL.keys() | ABSENT


def matrix_of(gate: Gate, angles: tuple[float, ...]) -> Matrix:
    """First wire most significant."""
    return op_matrix(Op(gate, tuple(range(len(gate.wires))), tuple(map(number, angles))), {})


@pytest.mark.parametrize("gate", QUBIT, ids=[gate.name for gate in QUBIT])
def test_row_is_qiskits(gate: Gate) -> None:
    """Would catch a convention that differs from Qiskit's: sign, half angle, order of wires or angles, phase."""
    angles = (0.37, -1.21, 2.05, 0.66)[: len(gate.parameters)]
    found = matrix_of(gate, angles)
    if gate.name in PEERS:
        np.testing.assert_allclose(found, reordered(PEERS[gate.name](*angles).to_matrix()), rtol=0, atol=1e-12)
    elif gate.name in SPECIAL:
        expected = SPECIAL[gate.name](*angles).to_matrix()
        np.testing.assert_allclose(found, expected * np.exp(-0.5j * sum(angles[-2:])), rtol=0, atol=1e-12)
        assert np.linalg.det(found) == pytest.approx(1)
    else:
        assert gate.name in ABSENT
        np.testing.assert_allclose(found @ found.conj().T, np.eye(len(found)), rtol=0, atol=1e-12)
