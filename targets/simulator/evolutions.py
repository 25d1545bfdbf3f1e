"""Exponentials exp(-iH) whose H holds parameters: their matrices, and how these change with H.

In the eigenbasis of H = VΛV†, ∫₀¹ e^{-isH} G e^{isH} ds has the entries of V†GV times φ(λⱼ − λₖ),
φ(x) = ∫₀¹ e^{-isx} ds = e^{-ix/2} sin(x/2)/(x/2): the divided differences of the exponential (Daleckii and Krein).
"""

from __future__ import annotations

import numpy as np

from qcompile.grammar import exponent_of
from qcompile.ir import Op
from qcompile.operator import Operator
from qcompile.targets.simulator.tensor import ComplexArray
from qcompile.targets.simulator.tensor_operators import act
from qcompile.targets.simulator.values import Elements


def unitary(op: Op, elements: Elements) -> ComplexArray:
    """exp(-iH), shape (rows or 1, d, d), of an op that has a Hamiltonian, its controls apart."""
    values, vectors = np.linalg.eigh(_matrix(exponent_of(op), len(op.targets), elements))
    return (vectors * np.exp(-1j * values)[:, np.newaxis, :]) @ _adjoint(vectors)


def average(op: Op, operator: Operator, elements: Elements) -> ComplexArray:
    """∫₀¹ e^{-isH} G e^{isH} ds, shape (rows or 1, d, d), for G on the gate's own wires: i·dU·U† where dH = G."""
    values, vectors = np.linalg.eigh(_matrix(exponent_of(op), len(op.targets), elements))
    gaps = values[:, :, np.newaxis] - values[:, np.newaxis, :]
    weights = np.exp(-0.5j * gaps) * np.sinc(gaps / (2 * np.pi))
    inside = _adjoint(vectors) @ _matrix(operator, len(op.targets), elements) @ vectors
    result: ComplexArray = vectors @ (inside * weights) @ _adjoint(vectors)
    return result


def _matrix(operator: Operator, wires: int, elements: Elements) -> ComplexArray:
    """Its columns are what the operator makes of each basis state: the identity, read as a state of twice the wires."""
    size = 2**wires
    basis = np.eye(size, dtype=complex).reshape(1, *(2,) * (2 * wires))
    return act(operator, elements, basis).reshape(-1, size, size)


def _adjoint(matrix: ComplexArray) -> ComplexArray:
    return matrix.conj().swapaxes(1, 2)
