"""Maps by blocks of equal photon number, held against the matrices that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from qcompile.gates import TABLE
from qcompile.grammar import parse
from qcompile.ir import Op, Program
from qcompile.targets.simulator import bind, fock
from qcompile.targets.simulator.tensor import Blocks, Dense, Diagonal, apply, dagger
from qcompile.targets.simulator.tensor_gates import derivative_of, map_of
from qcompile.targets.simulator.values import value_of

Complex = NDArray[np.complex128]
ANGLES = np.array([0.4, -1.3, 2.2])
CUTOFF = 5


def op_of(statement: str) -> tuple[Op, Program]:
    module = parse(f"qubit q; qumode m[3]; param t; {statement} return expect(n[0]);")
    assert isinstance(module, Program)
    (op,) = module.body
    assert isinstance(op, Op)
    return op, module


def states(rows: int) -> Complex:
    random = np.random.default_rng(0)
    shape = rows, 2, CUTOFF, CUTOFF, CUTOFF
    return random.normal(size=shape) + 1j * random.normal(size=shape)


@pytest.mark.parametrize("statement", [
    "beamsplit_real(t) m[0], m[1];",
    "beamsplit_real(t) m[2], m[0];",
    "inv @ beamsplit_real(t) m[1], m[2];",
    "cross_kerr(t) m[2], m[1];",
    "kerr(t) m[1];",
    "rotate(t) m[2];",
])  # fmt: skip
@pytest.mark.parametrize("rows", [1, 3])
def test_blocks_are_the_matrix(statement: str, rows: int) -> None:
    """Map, adjoint and derivative, also where all rows share a state. Catches padding that is read, wires exchanged."""
    op, module = op_of(statement)
    elements = bind(module.parameters, {"t": ANGLES}).elements
    angle = value_of(op.angles[0], elements) * (-1 if op.inverse else 1)
    action, slope = map_of(op, elements, CUTOFF), derivative_of(op, elements, CUTOFF)
    assert isinstance(action, Blocks | Diagonal)
    matrix, state = fock.unitary(op.gate, angle, CUTOFF), states(rows)
    back = matrix.conj().swapaxes(1, 2)
    for made, whole in ((action, matrix), (dagger(action), back), (slope, fock.derivative(op.gate, angle, CUTOFF))):
        expected = apply(Dense(whole, op.wires), state)
        np.testing.assert_allclose(apply(made, state), expected, rtol=0, atol=1e-12)


def test_a_beam_splitter_is_cut_and_not_unitary() -> None:
    """|c−1, c−1⟩ leaves the cut: catches blocks that are exponentials of the cut generator."""
    op, module = op_of("beamsplit_real(t) m[0], m[1];")
    state = np.zeros((1, 2, CUTOFF, CUTOFF, CUTOFF), dtype=complex)
    state[0, 0, CUTOFF - 1, CUTOFF - 1, 0] = 1.0
    found = apply(map_of(op, bind(module.parameters, {"t": ANGLES}).elements, CUTOFF), state)
    far = fock.unitary(TABLE["beamsplit_real"], ANGLES, 2 * CUTOFF).reshape(3, *(2 * CUTOFF,) * 4)
    expected = far[:, :CUTOFF, :CUTOFF, CUTOFF - 1, CUTOFF - 1]
    np.testing.assert_allclose(found[:, 0, :, :, 0], expected, rtol=0, atol=1e-12)
    assert np.linalg.norm(found[0]) < 0.9


@pytest.mark.parametrize("name", ["shift_x", "squeeze_x", "cubic", "quadratic_phase", "controlled_x"])
def test_a_batch_is_its_rows(name: str) -> None:
    """Catches a grid that is shared by angles it is too coarse for, and rows of a batch exchanged."""
    random = np.random.default_rng(3)
    cutoff = 4 if len(TABLE[name].wires) == 2 else 9
    angle = random.uniform(-0.8, 0.8, 70)
    whole = fock.unitary(TABLE[name], angle, cutoff)
    for row in range(0, 70, 9):
        alone = fock.unitary(TABLE[name], angle[row : row + 1], cutoff)[0]
        np.testing.assert_allclose(whole[row], alone, rtol=0, atol=1e-13)
