"""Linear maps on a few axes of a state tensor.

A state has shape (b, d0, d1, …): b rows, then one axis per wire with 2 levels for a qubit and `cutoff` for a qumode.
Here b is 1 while nothing has depended on the row, else the batch size: maps and states broadcast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from qcompile.operator import Word

ComplexArray = NDArray[np.complex128]


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """A matrix of shape (b, D, D) on the wires, the first most significant."""

    matrix: ComplexArray
    wires: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Diagonal:
    """The diagonal, shape (b, D), of a matrix on the wires."""

    phases: ComplexArray
    wires: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Monomial:
    """One entry per column: column k goes to rows[k] with factor phases[k]."""

    rows: tuple[int, ...]
    phases: tuple[complex, ...]
    wires: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class WordRotation:
    """cos − i·sin·P for a Pauli word P on many wires; cos and sin have shape (b,)."""

    word: Word
    cos: ComplexArray
    sin: ComplexArray
    wires: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """WΦW† on blocks of the wires' levels, which is never multiplied out: W is the same for all rows.

    `vectors` W has shape (T, k, d), `phases` Φ (b, T, d). `places` (T, k) are the levels of each block, any where W is
    zero, and `position` (D,) is where each level stands among them.
    """

    places: NDArray[np.int64]
    position: NDArray[np.int64]
    vectors: ComplexArray
    phases: ComplexArray
    wires: tuple[int, ...]


Plain: TypeAlias = Dense | Diagonal | Monomial | WordRotation | Blocks
Level: TypeAlias = tuple[int, int]  # a wire and the level it is at


@dataclass(frozen=True, slots=True, eq=False)
class Controlled:
    """The map where each control wire is at its level, nothing elsewhere."""

    action: Plain
    controls: tuple[Level, ...]


Map: TypeAlias = Plain | Controlled


def apply(action: Map, state: ComplexArray) -> ComplexArray:
    """The map applied to every row; the state given is left as it is."""
    match action:
        case Dense(matrix, wires):
            return _dense(matrix, wires, state)
        case Diagonal(phases, wires):
            return state * spread(phases, wires, state.shape)
        case Monomial():
            return _monomial(action, state)
        case WordRotation(word, cos, sin):
            return _column(cos, state) * state - 1j * _column(sin, state) * pauli_word(word, state)
        case Blocks():
            return _blocks(action, state)
        case Controlled(inner, controls):
            return _controlled(inner, controls, state)
        case _:
            assert_never(action)


def apply_all(maps: Sequence[Map], state: ComplexArray) -> ComplexArray:
    for action in maps:
        state = apply(action, state)
    return state


def apply_where(action: Plain, controls: tuple[Level, ...], state: ComplexArray) -> ComplexArray:
    """The map's image of the part where each control wire is at its level; zero elsewhere."""
    index = _where(controls, state.ndim)
    part = apply(action, state[index])
    result = np.zeros((len(part), *state.shape[1:]), dtype=complex)
    result[index] = part
    return result


def dagger(action: Map) -> Map:
    """The adjoint map: the inverse, where the map is unitary."""
    match action:
        case Controlled(inner, controls):
            return Controlled(_plain_dagger(inner), controls)
        case _:
            return _plain_dagger(action)


def _plain_dagger(action: Plain) -> Plain:
    match action:
        case Dense(matrix, wires):
            return Dense(matrix.conj().swapaxes(1, 2), wires)
        case Diagonal(phases, wires):
            return Diagonal(phases.conj(), wires)
        case Monomial(rows, phases, wires):
            columns = sorted(range(len(rows)), key=rows.__getitem__)
            return Monomial(tuple(columns), tuple(phases[k].conjugate() for k in columns), wires)
        case WordRotation(word, cos, sin, wires):
            return WordRotation(word, cos, -sin, wires)
        case Blocks():
            return replace(action, phases=action.phases.conj())
        case _:
            assert_never(action)


def constant(matrix: ComplexArray, wires: tuple[int, ...]) -> Dense | Diagonal | Monomial:
    """A constant matrix, shape (D, D), in its cheapest form."""
    filled = np.abs(matrix) > 1e-15
    if not (filled.sum(axis=0) == 1).all() or not (filled.sum(axis=1) == 1).all():
        return Dense(matrix[np.newaxis], wires)
    rows = [int(row) for row in filled.argmax(axis=0)]
    phases = tuple(complex(matrix[row, column]) for column, row in enumerate(rows))
    if rows == list(range(len(rows))):
        return Diagonal(np.array(phases)[np.newaxis], wires)
    return Monomial(tuple(rows), phases, wires)


def pauli_word(word: Word, state: ComplexArray) -> ComplexArray:
    """P·state for a word with at most one letter per wire."""
    flips: list[slice] = [slice(None)] * state.ndim
    signs: ComplexArray | NDArray[np.float64] = np.ones(())
    for letter, wire in word:
        if letter in "XY":
            flips[wire + 1] = slice(None, None, -1)
        if letter in "YZ":
            pair = np.array((-1j, 1j) if letter == "Y" else (1.0, -1.0))
            signs = signs * pair.reshape((2,) + (1,) * (state.ndim - wire - 2))
    result: ComplexArray = signs * state[tuple(flips)]
    return result


def spread(values: ComplexArray, wires: tuple[int, ...], shape: tuple[int, ...]) -> ComplexArray:
    """Values of shape (b, D) over the wires' levels, as an array that broadcasts against a state of that shape."""
    order = sorted(range(len(wires)), key=wires.__getitem__)
    split = values.reshape(-1, *(shape[wire + 1] for wire in wires))
    placed = split.transpose(0, *(k + 1 for k in order))
    sizes = [1] * len(shape)
    for wire in wires:
        sizes[wire + 1] = shape[wire + 1]
    return placed.reshape(len(values), *sizes[1:])


def flattened(state: ComplexArray, wires: tuple[int, ...]) -> ComplexArray:
    """The state as (b, D, rest), the wires' levels in the middle."""
    moved = np.moveaxis(state, [wire + 1 for wire in wires], range(1, len(wires) + 1))
    return moved.reshape(len(state), math.prod(moved.shape[1 : len(wires) + 1]), -1)


def at_level(wire: int, level: int, axes: int) -> tuple[slice, ...]:
    """The index of the part of a state where the wire is at the level; the axis stays, of length 1."""
    return _where(((wire, level),), axes)


def _dense(matrix: ComplexArray, wires: tuple[int, ...], state: ComplexArray) -> ComplexArray:
    if not wires:
        return _column(matrix[:, 0, 0], state) * state
    return _unflattened(matrix @ flattened(state, wires), wires, state)


def _unflattened(parts: ComplexArray, wires: tuple[int, ...], state: ComplexArray) -> ComplexArray:
    """Parts of shape (b, D, rest) as a state of that one's shape."""
    shape = [state.shape[wire + 1] for wire in wires]
    others = [size for axis, size in enumerate(state.shape[1:]) if axis not in wires]
    return np.moveaxis(parts.reshape(-1, *shape, *others), range(1, len(wires) + 1), [wire + 1 for wire in wires])


def _blocks(action: Blocks, state: ComplexArray) -> ComplexArray:
    """Rows of the batch and the other wires' levels are the columns of one product a block."""
    parts = flattened(state, action.wires).swapaxes(0, 1)
    blocks, _, depth = action.vectors.shape
    gathered = parts[action.places].reshape(*action.places.shape, -1)
    inner = (action.vectors.conj().swapaxes(1, 2) @ gathered).reshape(blocks, depth, *parts.shape[1:])
    turned = inner * action.phases.transpose(1, 2, 0)[..., np.newaxis]
    image = action.vectors @ turned.reshape(blocks, depth, -1)
    placed = image.reshape(-1, *turned.shape[2:])[action.position]
    return _unflattened(placed.swapaxes(0, 1), action.wires, state)


def _monomial(action: Monomial, state: ComplexArray) -> ComplexArray:
    shape = tuple(state.shape[wire + 1] for wire in action.wires)
    place = [_levels(action.wires, shape, level, state.ndim) for level in range(len(action.rows))]
    result = state.copy()
    for column, (row, phase) in enumerate(zip(action.rows, action.phases, strict=True)):
        if row != column or phase != 1:
            result[place[row]] = state[place[column]] if phase == 1 else phase * state[place[column]]
    return result


def _levels(wires: tuple[int, ...], shape: tuple[int, ...], index: int, axes: int) -> tuple[slice | int, ...]:
    found: list[slice | int] = [slice(None)] * axes
    for wire, level in zip(wires, np.unravel_index(index, shape), strict=True):
        found[wire + 1] = int(level)
    return tuple(found)


def _controlled(inner: Plain, controls: tuple[Level, ...], state: ComplexArray) -> ComplexArray:
    index = _where(controls, state.ndim)
    part = apply(inner, state[index])
    result = np.broadcast_to(state, (len(part), *state.shape[1:])).copy()
    result[index] = part
    return result


def _where(controls: tuple[Level, ...], axes: int) -> tuple[slice, ...]:
    index = [slice(None)] * axes
    for wire, level in controls:
        index[wire + 1] = slice(level, level + 1)
    return tuple(index)


def _column(values: ComplexArray, state: ComplexArray) -> ComplexArray:
    return values.reshape(-1, *(1,) * (state.ndim - 1))
