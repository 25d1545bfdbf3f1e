"""Matrices of defined gates: numbers, and what one-parameter families they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import Angle, Element, derivative, evaluate, number
from qcompile.diagnostics import Code, CompileError, Span, error, warn
from qcompile.gates import Matrix
from qcompile.operator import Complex, Operator, collect

Array = NDArray[np.complex128]
Entries = Sequence[Sequence[Complex]]
EXACT = 9e-9  # how far U†U may be from 1: below what the verifier allows
ROUNDED = 1e-3  # what people round to
MAX_GENERATOR_QUBITS = 5
_SAME = 1e-9
_POINTS = (0.7390851332151607, -1.4142135623730951, 2.6651441426902251)


def numeric(entries: Entries, values: Mapping[Element, float]) -> Array:
    """The matrix at a point.

    Raises:
        ArithmeticError, ValueError: an entry has no value there.
    """
    with np.errstate(all="raise", under="ignore"):
        rows = [[complex(evaluate(real, values), evaluate(imaginary, values)) for real, imaginary in row]
                for row in entries]  # fmt: skip
    made = np.array(rows, dtype=complex)
    if not np.all(np.isfinite(made)):
        raise OverflowError("an entry is not finite")
    return made


def unitary(matrix: Array, name: str, span: Span) -> Matrix:
    """The matrix as the gate's, or the nearest unitary where it is rounded.

    Raises:
        CompileError: NOT_UNITARY.

    Warns:
        CompileWarning: ROUNDED.
    """
    with np.errstate(all="ignore"):
        off = float(np.max(np.abs(matrix.conj().T @ matrix - np.eye(len(matrix)))))
    if not off < ROUNDED:
        label = f"the matrix of `{name}` is not unitary: U†U is off by {off:.3g}"
        raise error(Code.NOT_UNITARY, label, span, "its columns have length 1 and are orthogonal to each other")
    if off > EXACT:
        left, _, right = np.linalg.svd(matrix)
        matrix = left @ right
        advice = "write the entries with all digits, or as expressions: `1/sqrt(2)`"
        warn(Code.ROUNDED, f"the matrix of `{name}` is off by {off:.1g}: the nearest unitary is taken", span, advice)
    return tuple(tuple(complex(entry) + 0 for entry in row) for row in matrix)  # no negative zeros


def family(entries: Entries, names: Sequence[Element]) -> tuple[Array, list[Operator]] | None:
    """M(0) and G for each parameter, where M(t) = M(0) exp(-i Σ t_k G_k) with G that commute; else None.

    G_k is i M(0)† ∂M/∂t_k at 0, and the equation is checked at three points to 1e-9.
    """
    size = len(entries)
    if size > 1 << MAX_GENERATOR_QUBITS:
        return None
    origin = dict.fromkeys(names, 0.0)
    try:
        with np.errstate(all="raise", under="ignore"):
            start = numeric(entries, origin)
            slopes = [numeric(_slopes(entries, name), origin) for name in names]
            if np.max(np.abs(start.conj().T @ start - np.eye(size))) > EXACT:
                return None
            generators = [1j * start.conj().T @ slope for slope in slopes]
            if not _is_family(entries, names, start, generators):
                return None
    except (ArithmeticError, ValueError, CompileError):
        return None
    return start, [pauli_sum(generator) for generator in generators]


def exponential(generator: Array) -> Array:
    """exp(-i G) of a Hermitian matrix."""
    values, vectors = np.linalg.eigh(generator)
    made: Array = (vectors * np.exp(-1j * values)) @ vectors.conj().T
    return made


def pauli_sum(matrix: Array) -> Operator:
    """A Hermitian matrix in Pauli words, wire 0 most significant; coefficients near multiples of 1/48 are those."""
    wires = len(matrix).bit_length() - 1
    terms = list[tuple[Complex, tuple[tuple[str, int], ...]]]()
    for letters in product("IXYZ", repeat=wires):
        weight = _tidied(float(np.real(np.vdot(pauli_matrix("".join(letters)), matrix))) / len(matrix))
        if weight:
            word = tuple((letter, wire) for wire, letter in enumerate(letters) if letter != "I")
            terms.append(((number(weight), Angle()), word))
    return collect(terms)[0]


@lru_cache(maxsize=4096)
def pauli_matrix(letters: str) -> Array:
    made: Array = np.eye(1, dtype=complex)
    for letter in letters:
        made = np.kron(made, _LETTERS[letter]).astype(complex)
    return made


_LETTERS = {
    "I": np.eye(2), "X": np.array([[0, 1], [1, 0]]), "Y": np.array([[0, -1j], [1j, 0]]), "Z": np.diag([1.0, -1.0]),
}  # fmt: skip


def _slopes(entries: Entries, name: Element) -> Entries:
    return [[(derivative(real, name), derivative(imaginary, name)) for real, imaginary in row] for row in entries]


def _is_family(entries: Entries, names: Sequence[Element], start: Array, generators: list[Array]) -> bool:
    if any(np.max(np.abs(g - g.conj().T)) > _SAME for g in generators):
        return False
    if any(np.max(np.abs(a @ b - b @ a)) > _SAME for k, a in enumerate(generators) for b in generators[:k]):
        return False
    for shift in range(len(_POINTS)):
        point = {name: _POINTS[(shift + k) % len(_POINTS)] + 0.1 * k for k, name in enumerate(names)}
        total = np.zeros_like(start) + sum(point[name] * g for name, g in zip(names, generators, strict=True))
        if np.max(np.abs(numeric(entries, point) - start @ exponential(total))) > _SAME:
            return False
    return True


def _tidied(value: float) -> float:
    nearest = round(value * 48) / 48
    return nearest if abs(nearest - value) < 1e-12 else value
