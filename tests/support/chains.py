"""Programs on a chain of qubits, and what they return by exact matrix product states: no light cone, no shift rule."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcompile.grammar import parse
from qcompile.ir import Program

Tensor = NDArray[Any]
LAYERS = 4


def brick(qubits: int) -> Program:
    """Four layers of RY on every qubit and CZ on alternating neighbours; the sum of ZZ over all neighbours."""
    lines = [f"qubit q[{qubits}];", f"param w[{LAYERS * qubits}];"]
    for layer in range(LAYERS):
        lines += [f"ry(w[{layer * qubits + k}]) q[{k}];" for k in range(qubits)]
        lines += [f"cz q[{k}], q[{k + 1}];" for k in range(layer % 2, qubits - 1, 2)]
    words = [f"Z[{k}] Z[{k + 1}]" for k in range(qubits - 1)]
    program = parse("\n".join([*lines, f"return expect({' + '.join(words)});"]))
    if not isinstance(program, Program):
        raise AssertionError("this is a program")
    return program


def brick_value(angles: Tensor) -> Any:
    """What `brick` returns, from tensors (left, level, right); analytic in the angles, so complex ones may be given.

    CZ = |0⟩⟨0| ⊗ 1 + |1⟩⟨1| ⊗ Z doubles the bond that it crosses, so four layers make bonds of 4.
    """
    layers = angles.reshape(LAYERS, -1)
    chain: list[Tensor] = [np.array([[[1.0], [0.0]]]) for _ in layers[0]]
    for parity, layer in enumerate(layers):
        chain = [np.einsum("st,atb->asb", _turn(angle), tensor) for angle, tensor in zip(layer, chain, strict=True)]
        for k in range(parity % 2, len(chain) - 1, 2):
            left, right = chain[k], chain[k + 1]
            bits = np.eye(2)
            signs = np.array([[1.0, 1.0], [1.0, -1.0]])
            chain[k] = np.einsum("asb,sk->asbk", left, bits).reshape(len(left), 2, -1)
            chain[k + 1] = np.einsum("bsc,ks->bksc", right, signs).reshape(-1, 2, right.shape[2])
    return _sum_of_neighbours(chain)


def _turn(angle: Any) -> Tensor:
    cos, sin = np.cos(angle / 2), np.sin(angle / 2)
    return np.array([[cos, -sin], [sin, cos]])


def _sum_of_neighbours(chain: list[Tensor]) -> Any:
    """Σ ⟨Z Z⟩ of a real chain: what stands left of a site with no Z yet, with one just before it, and with a pair."""
    one, z = np.ones(2), np.array([1.0, -1.0])
    none, opened, closed = np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1))
    for site in chain:
        closed = _carried(closed, site, one) + _carried(opened, site, z)
        none, opened = _carried(none, site, one), _carried(none, site, z)
    return closed[0, 0]


def _carried(left: Tensor, site: Tensor, letter: Tensor) -> Tensor:
    result: Tensor = np.einsum("ab,asc,bse,s->ce", left, site, site, letter)
    return result
