"""Pauli words pulled back through the noise of qubits, whatever its strength."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from qcompile.gates import Gate
from qcompile.ir import Op
from qcompile.passes.differentiate.sight.words import MOST_WORDS, Word, near, placed
from qcompile.passes.differentiate.strengths.superoperators import transfer_matrix

_MOST_WIRES = 2
_SMALL = 1e-12
_STRENGTHS = np.linspace(0.03, 0.97, 11)  # an entry that depends on them is a polynomial, and has fewer roots


def through_channel(words: frozenset[Word], op: Op) -> frozenset[Word] | None:
    """The words that a channel's dual makes of these: W becomes Σ R[W, P] P. None: too many, or they are not known.

    The same object where the channel leaves each of them alone.
    """
    images = _images(op.gate)
    if images is None:
        return None
    found: set[Word] = set()
    changed = False
    outside = ~sum(1 << wire for wire in op.wires)
    for word in words:
        own = near(word, op.wires)
        image = images[own]
        changed |= image is not None
        for x, z in (placed(each, op.wires) for each in ((own,) if image is None else image)):
            found.add(((word[0] & outside) | x, (word[1] & outside) | z))
    if not changed:
        return words
    return frozenset(found) if len(found) <= MOST_WORDS else None


@lru_cache(maxsize=256)
def _images(gate: Gate) -> dict[Word, tuple[Word, ...] | None] | None:
    """By word on the channel's own wires, those of its image at any strength; None where it is left alone."""
    count = len(gate.wires)
    if count > _MOST_WIRES:
        return None
    found = [transfer_matrix(gate, (float(share),) * len(gate.parameters)) for share in _STRENGTHS]
    matrices = [matrix for matrix in found if matrix is not None]
    if len(matrices) < len(found):
        return None
    table = np.array(matrices)
    seen = np.abs(table).max(axis=0) > _SMALL
    alone = np.abs(table - np.eye(4**count)).max(axis=(0, 2)) < _SMALL
    words = [(code % 2**count, code >> count) for code in range(4**count)]
    return {
        word: None if alone[code] else tuple(words[other] for other in np.flatnonzero(seen[code]))
        for code, word in enumerate(words)
    }
