"""Every row with a Quil spelling against pyQuil's own matrix."""

from typing import Any

import numpy as np
import pytest
from dense import op_matrix
from numpy.typing import NDArray
from pyquil.simulation.matrices import QUANTUM_GATES

from qcompile.angle import number
from qcompile.gates import TABLE, Gate
from qcompile.ir import Op

Matrix = NDArray[np.complex128]
SPELLED = [gate for gate in TABLE.values() if gate.spelling.quil]


def matrix_of(gate: Gate, angles: tuple[float, ...]) -> Matrix:
    """First wire most significant."""
    return op_matrix(Op(gate, tuple(range(len(gate.wires))), tuple(map(number, angles))), {})


@pytest.mark.parametrize("gate", SPELLED, ids=[gate.spelling.quil for gate in SPELLED])
def test_row_is_quils(gate: Gate) -> None:
    """Would catch a spelling whose gate differs in Quil: sign, half angle, order of wires or angles, phase."""
    angles = (0.37, -1.21)[: len(gate.parameters)]
    peer: Any = QUANTUM_GATES[gate.spelling.quil]
    expected = peer(*angles) if gate.parameters else peer
    np.testing.assert_allclose(matrix_of(gate, angles), expected, rtol=0, atol=1e-12)
