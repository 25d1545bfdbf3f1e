"""Pauli words through noise, against the dual map of the textbook's Kraus operators."""

from __future__ import annotations

import numpy as np
import pytest
from dense import PAULI, Matrix, unitary
from density import KRAUS

from qcompile.angle import number, parameter
from qcompile.gates import TABLE, Gate, Kind
from qcompile.grammar import decompose
from qcompile.ir import Op
from qcompile.passes.differentiate.sight.noise import through_channel
from qcompile.passes.differentiate.sight.pullback import Images
from qcompile.passes.differentiate.sight.pulled import of_words
from qcompile.passes.differentiate.sight.words import MOST_WORDS, Word
from qcompile.passes.differentiate.strengths.superoperators import transfer_matrix

LETTERS: dict[Word, Matrix] = {
    (0, 0): np.eye(2, dtype=complex), (1, 0): np.array(PAULI["X"], dtype=complex),
    (1, 1): np.array(PAULI["Y"], dtype=complex), (0, 1): np.array(PAULI["Z"], dtype=complex),
}  # fmt: skip


def dual(name: str, p: float, letter: Word) -> Matrix:
    total = np.zeros((2, 2), dtype=complex)
    for kraus in KRAUS[name](p):
        total += kraus.conj().T @ LETTERS[letter] @ kraus
    return total


@pytest.mark.parametrize("name", KRAUS)
def test_each_word_becomes_what_the_dual_makes_of_it(name: str) -> None:
    """Would catch a word that is lost, one too many, or an image by the channel where its dual is meant."""
    op = Op(TABLE[name], (2,), (parameter("p"),))
    for letter in LETTERS:
        images = [dual(name, p, letter) for p in (0.2, 0.7)]
        seen = [o for o in LETTERS if any(abs(np.trace(LETTERS[o] @ image)) > 1e-12 for image in images)]
        start = frozenset({(1 | letter[0] << 2, 2 | letter[1] << 2)})  # beside X on wire 0 and Z on wire 1
        found = through_channel(start, op)
        assert found == frozenset((1 | x << 2, 2 | z << 2) for x, z in seen)
        assert (found is start) == all(np.allclose(image, LETTERS[letter]) for image in images)


def test_kraus_matrices_on_two_wires() -> None:
    """Would catch wires taken in the wrong order: a channel that flips its first wire where its second is 1."""
    flip = np.kron(np.eye(2), np.diag([1.0, 0])) + np.kron([[0, 1], [1, 0]], np.diag([0, 1.0]))
    kraus = [0.6 * np.eye(4), 0.8 * flip]
    gate = Gate("given", ("qubit",) * 2, kraus=tuple(tuple(tuple(map(complex, r)) for r in k) for k in kraus))
    op = Op(gate, (5, 3))
    x_first, z_first, z_second = (1 << 5, 0), (0, 1 << 5), (0, 1 << 3)
    assert through_channel(frozenset({x_first, z_second}), op) == frozenset({x_first, z_second})
    assert through_channel(frozenset({z_first}), op) == frozenset({z_first, (0, 1 << 5 | 1 << 3)})


DILATED = {
    "one hidden wire": (1, 1, "rx(p) a; crz(0.3) a, b; h b; cx b, a; ry(0.4) a;"),
    "a channel of two wires": (2, 1, "rx(0.3) b; ry(2*p) c; cx c, a; cp(0.4) a, b; crx(0.7) b, c; iswap a, c;"),
    "two hidden wires": (1, 2, "ry(p) b; crx(0.9) b, c; cy c, a; t a; cx a, b; h a;"),
    "a channel of three wires": (3, 1, "ry(2*p) d; cx d, c; h b; crz(p) c, a; cx b, d; rx(0.2) a; s c;"),
}


@pytest.mark.parametrize("name", DILATED)
def test_what_dilations_do_to_words(name: str) -> None:
    """Would catch a size, an order of wires or the sense of a turn: Tr W Tr_E(U (P ⊗ |0⟩⟨0|) U†), by whole matrices."""
    own, hidden, word = DILATED[name]
    qubit: tuple[Kind, ...] = ("qubit",)
    gate = Gate("given", qubit * own, ("p",), word=word, hidden=qubit * hidden, bounds=((0.0, 1.0),))
    count = own + hidden
    turned = unitary(decompose(Op(gate, tuple(range(count)), (number(0.37),))), count, {})
    vacuum = np.zeros((2**hidden, 2**hidden))
    vacuum[0, 0] = 1
    words = [word_matrix(code % 2**own, code >> own, own) for code in range(4**own)]
    expected = np.zeros((4**own, 4**own))
    for column, start in enumerate(words):
        image = turned @ np.kron(start, vacuum) @ turned.conj().T
        kept = np.einsum("ikjk->ij", image.reshape(2**own, 2**hidden, 2**own, 2**hidden))
        expected[:, column] = [np.trace(each @ kept).real / 2**own for each in words]
    found = transfer_matrix(gate, (0.37,))
    assert found is not None
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def word_matrix(x: int, z: int, wires: int) -> Matrix:
    total: Matrix = np.eye(1, dtype=complex)
    for wire in range(wires):
        total = np.asarray(np.kron(total, LETTERS[x >> wire & 1, z >> wire & 1]), dtype=complex)
    return total


def test_as_many_words_as_are_followed() -> None:
    """Would catch a limit that is met one too early or too late: the flip makes two words of each."""
    flip = np.kron(np.eye(2), np.diag([1.0, 0])) + np.kron([[0, 1], [1, 0]], np.diag([0, 1.0]))
    kraus = tuple(tuple(tuple(map(complex, r)) for r in k) for k in (0.6 * np.eye(4), 0.8 * flip))
    op = Op(Gate("given", ("qubit",) * 2, kraus=kraus), (1, 0))
    words = [(0, 2 | k << 2) for k in range(MOST_WORDS // 2)]
    assert through_channel(frozenset(words), op) == frozenset(words) | {(0, z | 1) for _, z in words}
    assert through_channel(frozenset([*words, (0, 0)]), op) is None


def test_channels_of_three_wires_may_make_any_letters() -> None:
    """Would catch a channel too wide to be followed that is taken for one that leaves words alone."""
    kraus = (tuple(tuple(complex(i == j) for j in range(8)) for i in range(8)),)
    op = Op(Gate("given", ("qubit",) * 3, kraus=kraus), (0, 1, 2))
    assert through_channel(frozenset({(1, 0)}), op) is None
    known = frozenset({(1, 1 << 5)})
    pulled = of_words(known)
    seen, lost = pulled.through_words(op, Images())
    assert (seen, lost) == ([known], set())
    ((words, wires),) = pulled.paulis
    assert words == {(x, z | 1 << 5) for x in range(8) for z in range(8)}
    assert wires == 0b100111


def test_light_is_not_known() -> None:
    """Would catch words through a channel that has none."""
    assert through_channel(frozenset({(1, 0)}), Op(TABLE["loss"], (0,), (parameter("p"),))) is None
