"""One step down: an op in simpler ones, by its word, its generator or its matrix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np

from qcompile.angle import number
from qcompile.gates import TABLE
from qcompile.gates.algebra import commutes_wordwise, controlled, spectrum
from qcompile.grammar import decompose, exponent_of, invert
from qcompile.ir import Op
from qcompile.operator import Operator
from qcompile.passes.synthesis import commuting_rotations
from qcompile.passes.unitary_synthesis import LARGEST, ops_of, synthesised

_X = TABLE["x"]
WORDS = 256  # the most Pauli words that one op may come to: eight controls on a rotation


def refined(op: Op) -> tuple[Op, ...] | None:
    """The op in simpler ones, one step down: by its word, else by its generator's Pauli words. None: no such step."""
    gate = op.gate
    if gate.opaque or gate.channel:
        return None
    if gate.matrix is not None and not gate.word:
        made = synthesised(gate.matrix, op.controls, op.inverse)
        return None if made is None else tuple(_on(made, op.wires))
    if gate.word:
        if op.inverse and (turned_back := _turned_back(op)) is not None:
            return (turned_back,)
        return _under_word(op) if all(op.controls) else _flipped(op)
    if gate.hamiltonian is not None:
        return _at_its_values(op)
    generator = controlled_generator(op)
    if generator is None or not generator.is_pauli:
        return None
    if not commutes_wordwise(generator):
        return _turned_by_eigenvectors(generator, op)
    return tuple(commuting_rotations(generator.on(op.wires).scaled(op.angles[0])))


def _at_its_values(op: Op) -> tuple[Op, ...] | None:
    """An exp(-iH) of few wires by its matrix, where its angles are numbers."""
    if len(op.wires) > LARGEST or not all(angle.is_constant for angle in op.angles):
        return None
    values, vectors = spectrum(exponent_of(op), len(op.targets))
    matrix = vectors * np.exp(-1j * values) @ vectors.conj().T
    rows = tuple(tuple(complex(entry) for entry in row) for row in matrix)
    made = synthesised(rows, op.controls, inverse=False)
    return None if made is None else tuple(_on(made, op.wires))


def _on(ops: Iterable[Op], wires: tuple[int, ...]) -> Iterator[Op]:
    return (replace(part, wires=tuple(wires[wire] for wire in part.wires)) for part in ops)


def _turned_by_eigenvectors(generator: Operator, op: Op) -> tuple[Op, ...] | None:
    """exp(-iθG) = V exp(-iθΛ) V† for G = VΛV†, whose words do not commute; Λ is a sum of words in Z."""
    count = len(op.wires)
    if count > LARGEST:
        return None
    back, diagonal, forth = _diagonalised(generator, count)
    turn = commuting_rotations(diagonal.on(op.wires).scaled(op.angles[0]))
    return (*_on(back, op.wires), *turn, *_on(forth, op.wires))


@lru_cache(maxsize=256)
def _diagonalised(generator: Operator, count: int) -> tuple[tuple[Op, ...], Operator, tuple[Op, ...]]:
    """The ops of V†, Λ, and the ops of V."""
    values, vectors = spectrum(generator, count)
    words = [tuple(("Z", wire) for wire in range(count) if mask >> wire & 1) for mask in range(2**count)]
    signs = [[(-1) ** sum(k >> (count - 1 - wire) & 1 for _, wire in word) for k in range(2**count)] for word in words]
    terms = [(word, float(np.dot(sign, values)) / 2**count) for word, sign in zip(words, signs, strict=True)]
    kept = [(word, number(c)) for word, c in sorted(terms, key=lambda term: len(term[0])) if abs(c) > 1e-15]
    return tuple(ops_of(vectors.conj().T, range(count))), Operator(tuple(kept)), tuple(ops_of(vectors, range(count)))


def controlled_generator(op: Op) -> Operator | None:
    """The generator under the op's controls, in the op's own wires; None if there is none, or it is too large."""
    inner = op.gate.generator
    if inner is None or len(inner.terms) << len(op.controls) > WORDS:
        return None
    return controlled(inner, op.controls)


def _turned_back(op: Op) -> Op | None:
    """An inverse as the gate itself with one angle negated: so it is for A(φ) B(θ) A(φ)⁻¹ and θ."""
    word = decompose(op)
    for k in range(len(op.angles)):
        angles = (*op.angles[:k], -op.angles[k], *op.angles[k + 1 :])
        if decompose(candidate := replace(op, angles=angles, inverse=False)) == word:
            return candidate
    return None


def _under_word(op: Op) -> tuple[Op, ...]:
    """ctrl @ (A B A⁻¹) = A (ctrl @ B) A⁻¹: what the word begins and ends with needs no control."""
    if not op.controls:
        return decompose(op)
    bare = decompose(replace(op, wires=op.targets, controls=()))
    outer = 0
    while 2 * outer + 1 < len(bare) and bare[outer].wires and bare[-1 - outer] == invert(bare[outer]):
        outer += 1
    wires = op.wires[: len(op.controls)]
    middle: list[Op] = []
    for part in bare[outer : len(bare) - outer]:
        ruled = replace(part, wires=(*wires, *part.wires), controls=(*op.controls, *part.controls))
        middle += [ruled] if part.gate.wires else decompose(ruled)
    return (*bare[:outer], *middle, *bare[len(bare) - outer :])


def _flipped(op: Op) -> tuple[Op, ...]:
    """A negative control is a positive one between two X."""
    flips = [Op(_X, (wire,)) for wire, positive in zip(op.wires, op.controls, strict=False) if not positive]
    return (*flips, replace(op, controls=(True,) * len(op.controls)), *flips)
