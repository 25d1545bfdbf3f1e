"""Clifford circuits that turn commuting Pauli words into Z words, by elimination over their bits.

On each wire a word has a bit x and a bit z, Y both; its sign stands apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qcompile.gates import NAMES
from qcompile.gates.algebra import PAULI, ComplexArray
from qcompile.ir import Op, Program, Register
from qcompile.operator import Word
from qcompile.passes import CancelInverses

Bits = NDArray[np.bool_]
Step = tuple[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Diagonal:
    """`change` takes each word, in order, to its sign (1 or −1) times Z on each of its wires."""

    change: tuple[Op, ...]
    words: tuple[tuple[int, tuple[int, ...]], ...]


def diagonalise(words: Sequence[Word]) -> Diagonal:
    """Gates h, s, cx, cz for words that commute; as many wires are read as there are independent words.

    Elimination as van den Berg and Temme, arXiv:2003.13599. At most quadratically many gates in the wires.
    """
    wires = sorted({wire for word in words for _, wire in word})
    bits = _bits(words, wires)
    change = _shortened([Op(NAMES[name], tuple(wires[k] for k in places)) for name, places in _steps(bits.copy())])
    place = {wire: k for k, wire in enumerate(wires)}
    flips = np.zeros(len(words), dtype=bool)
    for op in change:
        flips ^= _conjugate(bits, op.gate.name, [place[wire] for wire in op.wires])
    x, z = np.hsplit(bits, 2)
    if x.any():
        raise AssertionError("words that do not commute, or a wrong elimination")
    supports = [tuple(wires[k] for k in np.flatnonzero(row)) for row in z]
    return Diagonal(change, tuple((-1 if flip else 1, found) for flip, found in zip(flips, supports, strict=True)))


def _shortened(ops: Sequence[Op]) -> tuple[Op, ...]:
    count = max((wire for op in ops for wire in op.wires), default=0) + 1
    program = CancelInverses()(Program((Register("q", "qubit", count),), body=tuple(ops)))
    if not isinstance(program, Program):
        raise AssertionError("a pass made a derivative of a program")
    return tuple(op for op in program.body if isinstance(op, Op))


def _bits(words: Sequence[Word], wires: Sequence[int]) -> Bits:
    """A row for each word: x of each wire, then z of each wire."""
    place = {wire: k for k, wire in enumerate(wires)}
    bits = np.zeros((len(words), 2 * len(wires)), dtype=bool)
    for row, word in enumerate(words):
        for letter, wire in word:
            bits[row, place[wire]] = letter in "XY"
            bits[row, len(wires) + place[wire]] = letter in "YZ"
    return bits


def _steps(bits: Bits) -> Iterator[Step]:
    """The gates by name and place; `bits` goes along with them, signs left out."""
    wires = bits.shape[1] // 2
    bits = bits[: len(_eliminate(bits, range(2 * wires)))]  # rows that generate the others

    def say(name: str, *places: int) -> Step:
        _conjugate(bits, name, places)
        return name, places

    # Make the x part of full rank: rows without x commute with the rest, so are independent in z off the pivots.
    pivots = _eliminate(bits, range(wires))
    others = [wires + k for k in range(wires) if k not in pivots]
    for column in _eliminate(bits[len(pivots) :], others):
        yield say("h", column - wires)
    # Then every row is X on its pivot, and more x off the pivots, which CX takes, and z, which CZ and S take.
    pivots = _eliminate(bits, range(wires))
    for row, pivot in enumerate(pivots):
        yield from [say("cx", pivot, k) for k in np.flatnonzero(bits[row, :wires]).tolist() if k != pivot]
    for row, pivot in enumerate(pivots):
        yield from [say("cz", pivot, k) for k in np.flatnonzero(bits[row, wires:]).tolist() if k != pivot]
        yield from [say("s", pivot)] if bits[row, wires + pivot] else []
    yield from [say("h", pivot) for pivot in pivots]


def _eliminate(bits: Bits, columns: Iterable[int]) -> list[int]:
    """Adds and swaps rows in place until each pivot column, in turn, has its one bit in the next row."""
    pivots: list[int] = []
    for column in columns:
        below = np.flatnonzero(bits[len(pivots) :, column])
        if not below.size:
            continue
        row = len(pivots)
        bits[[row, row + below[0]]] = bits[[row + below[0], row]]
        others = bits[:, column].copy()
        others[row] = False
        bits[others] ^= bits[row]
        pivots.append(column)
    return pivots


def _conjugate(bits: Bits, gate: str, places: Sequence[int]) -> Bits:
    """Each row's word W becomes ±UWU†, in place; returns where the sign turns."""
    wires = bits.shape[1] // 2
    columns = [*places, *(wires + k for k in places)]
    images, signs = _images(gate)
    rows = bits[:, columns] @ (1 << np.arange(len(columns)))
    bits[:, columns] = images[rows]
    return signs[rows]


@lru_cache
def _images(gate: str) -> tuple[Bits, Bits]:
    """What conjugation by the gate's matrix makes of every word: its bits, row k for the bits of k; and where −1."""
    matrix = np.array(NAMES[gate].matrix, dtype=complex)
    count = len(NAMES[gate].wires)
    every = [_local(code, count) for code in range(4**count)]
    images, signs = np.zeros((4**count, 2 * count), dtype=bool), np.zeros(4**count, dtype=bool)
    for code, word in enumerate(every):
        turned = matrix @ word @ matrix.conj().T
        overlaps = np.array([np.vdot(other, turned).real for other in every]) / 2**count
        found = int(np.abs(overlaps).argmax())
        images[code] = [bool(found >> k & 1) for k in range(2 * count)]
        signs[code] = overlaps[found] < 0
    return images, signs


def _local(code: int, count: int) -> ComplexArray:
    """The matrix of the word with these bits, x of each wire lowest, first wire most significant."""
    total = np.eye(1, dtype=complex)
    for k in range(count):
        x, z = code >> k & 1, code >> (count + k) & 1
        total = np.asarray(np.kron(total, (np.eye(2), PAULI["X"], PAULI["Z"], PAULI["Y"])[x + 2 * z]), dtype=complex)
    return total
