"""Channels on state tensors: their Kraus operators, as stated, or ⟨e|U|0⟩ of the word U of their dilation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from qcompile.gates import Kind
from qcompile.grammar import decompose
from qcompile.ir import Op
from qcompile.targets.simulator.tensor import Dense, apply_all
from qcompile.targets.simulator.tensor_gates import lowered, maps_of
from qcompile.targets.simulator.values import Elements, with_strengths


def kraus_maps(op: Op, elements: Elements, cutoff: int) -> list[Dense]:
    """One map for each Kraus operator K, matrices of shape (b, D, D): ΣK†K = 1, but for what a cut of qumodes loses.

    Raises:
        CompileError: BAD_VALUE, where a strength is out of bounds.
    """
    if op.gate.kraus:
        return [Dense(np.array(matrix, dtype=complex)[np.newaxis], op.wires) for matrix in op.gate.kraus]
    bounded, strengths = with_strengths(op, elements)
    sizes, hidden = _sizes(op.gate.wires, cutoff), _sizes(op.gate.hidden, cutoff)
    dimension = math.prod(sizes)
    columns = np.zeros((1, dimension, math.prod(hidden), dimension), dtype=complex)
    columns[0, range(dimension), 0, range(dimension)] = 1.0
    whole = replace(bounded, wires=tuple(range(len(sizes) + len(hidden))))
    parts = [low for part in decompose(whole) for low in lowered(part, ())]
    image = apply_all(maps_of(parts, strengths, cutoff), columns.reshape(1, *sizes, *hidden, dimension))
    kraus = image.reshape(-1, *columns.shape[1:]).transpose(2, 0, 1, 3)
    return [Dense(matrix, op.wires) for matrix in kraus if matrix.any()]


def _sizes(kinds: Sequence[Kind], cutoff: int) -> tuple[int, ...]:
    return tuple(2 if kind == "qubit" else cutoff for kind in kinds)
