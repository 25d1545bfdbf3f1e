"""Matrices of gates and channels, checked before they enter a program."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from qcompile.diagnostics import Code, error
from qcompile.gates import Matrix
from qcompile.ir.program_rules import UNITARY_TOLERANCE, are_complete

MOST_QUBITS = 10


def checked_matrices(name: str, matrices: Sequence[ArrayLike]) -> tuple[tuple[Matrix, ...], int]:
    """The matrices as records, and the number of their qubits.

    Raises:
        CompileError: WRONG_TYPE, BAD_NUMBER, WRONG_ARITY, TOO_LARGE, NOT_UNITARY.
    """
    arrays = [_array(name, matrix) for matrix in matrices]
    shapes = {array.shape for array in arrays}
    if len(shapes) != 1:
        raise error(Code.SIZES_DIFFER, f"`{name}` has {len(shapes)} sizes of matrix", help="give matrices of one size")
    rows, *columns = shapes.pop() or (0,)
    qubits = rows.bit_length() - 1
    if columns != [rows] or rows != 2 ** max(qubits, 1):
        advice = "a gate on n qubits has 2ⁿ rows and as many columns"
        raise error(Code.WRONG_ARITY, f"the matrix of `{name}` has the shape {arrays[0].shape}", help=advice)
    if qubits > MOST_QUBITS:
        advice = f"matrices act on at most {MOST_QUBITS} qubits; define the gate by a body"
        raise error(Code.TOO_LARGE, f"`{name}` acts on {qubits} qubits", help=advice)
    records = tuple(tuple(tuple(complex(entry) for entry in row) for row in array) for array in arrays)
    if not are_complete(records, qubits):
        what = "U†U = 1" if len(records) == 1 else "Σ K†K = 1"
        label = f"the matrices of `{name}` do not satisfy {what} to {UNITARY_TOLERANCE:g}"
        raise error(Code.NOT_UNITARY, label, help="write more digits, or divide by the norm")
    return records, qubits


def _array(name: str, matrix: ArrayLike) -> np.ndarray[tuple[int, ...], np.dtype[np.complex128]]:
    try:
        array = np.asarray(matrix, dtype=np.complex128)
    except (TypeError, ValueError):
        advice = "give rows of numbers, all of one length"
        raise error(Code.WRONG_TYPE, f"the matrix of `{name}` is no array of numbers", help=advice) from None
    if not np.isfinite(array).all():
        raise error(Code.BAD_NUMBER, f"an entry of the matrix of `{name}` is not finite", help="give finite numbers")
    return array
