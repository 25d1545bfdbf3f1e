"""Pauli words pulled back through ops hold all the words that dense matrices have there, for every gate."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest
from dense import PAULI, Matrix, on_wires, op_matrix
from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import QUBIT_GATES

from qcompile.angle import Angle, number, parameter, pi_times
from qcompile.gates import TABLE, Gate, pauli_rotation
from qcompile.grammar import invert
from qcompile.ir import Op
from qcompile.operator import operator
from qcompile.passes.differentiate.sight.pullback import Images
from qcompile.passes.differentiate.sight.words import (
    MOST_WORDS,
    Word,
    Words,
    all_words,
    anticommute,
    closure,
    masked,
    with_z,
)

SMALL = [gate for gate in QUBIT_GATES if 1 <= len(gate.wires) <= 3]
WIRES = 3
VALUE = 0.7371  # of what is a parameter to the pass
CLIFFORD = [TABLE[name] for name in ("x", "y", "z", "h", "s", "sx", "cx", "cy", "cz", "swap", "iswap", "ecr")]


def matrix(word: Word, wires: int) -> Matrix:
    """Of bit masks, wire 0 most significant."""
    total: Matrix = np.eye(1, dtype=complex)
    for wire in range(wires):
        x, z = word[0] >> wire & 1, word[1] >> wire & 1
        letter = {(1, 0): "X", (1, 1): "Y", (0, 1): "Z"}.get((x, z))
        factor: Matrix = np.eye(2, dtype=complex) if letter is None else np.array(PAULI[letter], dtype=complex)
        total = np.kron(total, factor).astype(complex)
    return total


@cache
def every_word(wires: int) -> tuple[list[Word], Matrix]:
    """And their matrices, a row each."""
    words: list[Word] = list(product(range(2**wires), range(2**wires)))
    return words, np.array([matrix(word, wires).ravel() for word in words])


def support(observable: Matrix, wires: int) -> set[Word]:
    """The words that an operator consists of, by their traces with it."""
    words, rows = every_word(wires)
    traces = np.abs(rows.conj() @ observable.ravel())
    return {word for word, trace in zip(words, traces.tolist(), strict=True) if trace > 1e-9 * 2**wires}


def unitary(op: Op, wires: int) -> Matrix:
    angles = tuple(angle if angle.is_constant else number(VALUE) for angle in op.angles)
    return on_wires(op_matrix(Op(op.gate, op.wires, angles, op.controls, op.inverse), {}), op.wires, wires)


def wires_for(gate: Gate) -> int:
    return max(WIRES, len(gate.wires) + 1)


@st.composite
def ops(draw: st.DrawFn, gate: Gate) -> Op:
    """On any wires, under controls, inverted; each angle a parameter, a number, or a multiple of π/4."""
    count = wires_for(gate)
    controls = tuple(draw(st.lists(st.booleans(), max_size=min(2, count - len(gate.wires)))))
    wires = tuple(draw(st.permutations(range(count)))[: len(controls) + len(gate.wires)])
    kinds: list[Angle] = [parameter("t"), number(0.3), pi_times(draw(st.integers(-8, 8)), 4)]
    op = Op(gate, wires, tuple(draw(st.sampled_from(kinds)) for _ in gate.parameters), controls)
    return invert(op) if draw(st.booleans()) else op


def words(wires: int = WIRES) -> st.SearchStrategy[Word]:
    return st.tuples(st.integers(0, 2**wires - 1), st.integers(0, 2**wires - 1))


@settings(max_examples=4 * settings().max_examples)
@given(st.sampled_from([*SMALL, pauli_rotation("XYZ"), pauli_rotation("ZIZ")]), st.data())
def test_no_word_is_missing(gate: Gate, data: st.DataObject) -> None:
    """Would catch a word that a control, an inverse, an angle of π or another order of wires adds, and a lost sign."""
    count = wires_for(gate)
    op, word = data.draw(ops(gate)), data.draw(words(count))
    image = Images().through(frozenset({word}), op)
    if image is None:
        assert len(op.wires) > 2, "a gate on two wires has few words"
        return
    before, after = matrix(word, count), unitary(op, count)
    pulled = after.conj().T @ before @ after
    assert support(pulled, count) <= image.words
    if not image.changed:
        assert np.allclose(pulled, before, rtol=0, atol=1e-12)


@pytest.mark.parametrize("gate", CLIFFORD, ids=lambda gate: gate.name)
@given(word=words())
def test_a_clifford_gate_keeps_one_word(gate: Gate, word: Word) -> None:
    """Would catch bounds that are true and of no use."""
    image = Images().through(frozenset({word}), Op(gate, tuple(range(len(gate.wires)))))
    assert image is not None
    assert len(image.words) == 1


@pytest.mark.parametrize("name", ["h", "t", "cx", "iswap", "ch", "ccx", "cswap"])
@given(data=st.data())
def test_a_gate_by_its_matrix_gives_just_the_words_there_are(name: str, data: st.DataObject) -> None:
    """Would catch letters of wires that are mixed up where a program declares the matrix of a gate."""
    row = TABLE[name]
    gate, count = Gate("own", row.wires, matrix=row.matrix), wires_for(row)
    wires = tuple(data.draw(st.permutations(range(count)))[: len(row.wires)])
    op, word = Op(gate, wires), data.draw(words(count))
    image = Images().through(frozenset({word}), op)
    assert image is not None
    before, after = matrix(word, count), unitary(op, count)
    assert image.words == support(after.conj().T @ before @ after, count)
    assert image.changed == (not np.allclose(after.conj().T @ before @ after, before))


@given(st.lists(words(), min_size=1, max_size=3), words())
def test_the_closure_is_that_of_the_commutators(turning: list[Word], word: Word) -> None:
    """Would catch a product that no commutator makes, or one that is left out: found here by matrices alone."""
    found, size = {word}, 0
    while len(found) > size:
        size = len(found)
        for held, g in product(list(found), turning):
            left, right = matrix(held, WIRES), matrix(g, WIRES)
            found |= support(left @ right - right @ left, WIRES)
    assert closure({word}, turning, limit=4**WIRES) == closure({word}, turning, limit=len(found)) == frozenset(found)
    assert closure({word}, turning, limit=len(found) - 1) is None


@given(words(), words())
def test_words_anticommute(left: Word, right: Word) -> None:
    """Would catch a mask read as the other."""
    both = matrix(left, WIRES) @ matrix(right, WIRES) + matrix(right, WIRES) @ matrix(left, WIRES)
    assert anticommute(left, right) == np.allclose(both, 0)


def test_letters_become_masks() -> None:
    (word, _), *_ = operator((1.0, "X0 Y2 Z3")).terms
    assert masked(word) == (0b0101, 0b1100)


def test_after_a_channel_on_two_wires_any_letters_may_stand() -> None:
    """Would catch letters of one wire that come out on the other, or only the same ones on both."""
    known = frozenset({(0b001, 0b010), (0b010, 0)})  # XZ on wires 0 and 1, X on wire 1
    made = {(x & 0b101, z & 0b101 | 0b010) for x, z in product(range(8), range(8))}
    assert all_words(known, (2, 0)) == frozenset(made | {(0b010, 0)})
    others = [1 << k for k in range(3, 9)]
    assert len(all_words(frozenset((1, other) for other in others[:4]), (2, 0)) or ()) == 64
    assert all_words(frozenset((1, other) for other in others), (2, 0)) is None


@given(st.frozensets(words(), min_size=1, max_size=3), st.integers(0, WIRES - 1))
def test_after_a_channel_any_letter_may_stand(known: frozenset[Word], wire: int) -> None:
    """Would catch a word that a Kraus map makes and is not counted, or words of wires that it leaves alone."""
    found = all_words(known, (wire,))
    assert found is not None
    bit = 1 << wire
    expected = {
        (x & ~bit | (bit if more_x else 0), z & ~bit | (bit if more_z else 0)) if (x | z) & bit else (x, z)
        for (x, z), more_x, more_z in product(known, (False, True), (False, True))
    }
    assert found == expected


@pytest.mark.parametrize("more", [0, 1])
def test_as_many_words_as_are_followed(more: int) -> None:
    """Would catch a limit that is met one too early or too late, in one of the ways back but not in another."""
    words: Words = frozenset((0, bits << 1) for bits in range(1, MOST_WORDS // 2 + 1))  # nothing on wire 0
    half = frozenset((0, 1 | z) for _, z in words)
    spread = half | frozenset((1 << 20 << k, 0) for k in range(more))  # ry makes two of each with a Z on wire 0
    assert len(half) == MOST_WORDS // 2
    image = Images().through(spread, Op(TABLE["ry"], (0,), (parameter("t"),)))
    assert (None if image is None else len(image.words)) == (None if more else MOST_WORDS)
    full = words | spread
    assert closure(full, ()) == (None if more else full)
    assert with_z(spread, 9) == (None if more else spread | {(x, z | 1 << 9) for x, z in spread})
    quarters = frozenset((0, 1 | bits << 1) for bits in range(MOST_WORDS // 4 + more))
    assert (all_words(quarters, (0,)) is None) == bool(more)


def test_ops_of_one_pattern_share_their_images_but_not_across_angles() -> None:
    """Would catch an image kept for a quarter turn and given for another angle of the same gate."""
    images, gate = Images(), TABLE["rx"]
    z = frozenset({(0, 1)})
    found = [images.through(z, Op(gate, (0,), (angle,))) for angle in (pi_times(1, 2), number(0.3), parameter("t"))]
    assert [None if image is None else len(image.words) for image in found] == [1, 2, 2]
    moved = images.through(frozenset({(0, 0b100)}), Op(gate, (2,), (pi_times(1, 2),)))
    assert moved is not None
    assert moved.words == {(0b100, 0b100)}
