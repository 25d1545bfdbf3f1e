"""Groups of words: complete, compatible, few and cheap; and Clifford circuits that do what they say."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from qcompile.ir import Op
from qcompile.operator import Word
from qcompile.targets.diagonalise import diagonalise
from qcompile.targets.grouping import STRATEGIES, Strategy, grouped, shots_needed

DATA = json.loads((Path(__file__).parents[1] / "data" / "hamiltonians.json").read_text(encoding="utf-8"))
NONE = set[int]()
PAULI = {"X": np.array([[0, 1], [1, 0]]), "Y": np.array([[0, -1j], [1j, 0]]), "Z": np.diag([1, -1])}


def words_of(name: str) -> tuple[tuple[Word, ...], tuple[float, ...]]:
    terms = {
        tuple((letter, wire) for wire, letter in enumerate(text) if letter != "I"): abs(coefficient)
        for text, coefficient in DATA[name]["terms"].items()
    }
    terms.pop((), None)
    return tuple(terms), tuple(terms.values())


def goes_together(left: Word, right: Word, strategy: Strategy) -> bool:
    """Letter by letter, from the definition."""
    ours, others = ({wire: letter for letter, wire in word} for word in (left, right))
    clashes = sum(ours[wire] != others[wire] for wire in ours.keys() & others.keys())
    return clashes == 0 if strategy == "qubit-wise" else clashes % 2 == 0


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", ["h2_0.7414", "heh+_0.9", "lih_1.546"])
def test_every_word_is_in_one_group_of_words_that_go_together(name: str, strategy: Strategy) -> None:
    """Would catch a word lost or read twice, and a group that no circuit reads."""
    words, weights = words_of(name)
    groups = grouped(words, weights, strategy)
    assert sorted(k for group in groups for k in group) == list(range(len(words)))
    for group in groups:
        assert all(goes_together(words[a], words[b], strategy) for a, b in combinations(group, 2))


def insertion(words: tuple[Word, ...], weights: tuple[float, ...], strategy: Strategy) -> list[list[int]]:
    """Sorted insertion as arXiv:1908.06942 tells it."""
    groups: list[list[int]] = []
    for k in sorted(range(len(words)), key=lambda k: -weights[k]):
        fitting = (g for g in groups if all(goes_together(words[k], words[other], strategy) for other in g))
        found = next(fitting, None)
        if found is None:
            groups.append([k])
        else:
            found.append(k)
    return groups


def test_lithium_hydride_takes_few_circuits_and_few_shots() -> None:
    """Would catch a search that falls behind: 630 words, in groups and in shots at the error 1."""
    words, weights = words_of("lih_1.546")
    assert len(words) == 630
    found: dict[Strategy, tuple[tuple[int, ...], ...]] = {
        strategy: grouped(words, weights, strategy) for strategy in STRATEGIES
    }
    shots = {strategy: shots_needed(groups, weights) for strategy, groups in found.items()}
    assert len(found["qubit-wise"]) <= 150
    assert len(found["commuting"]) <= 22
    assert shots["commuting"] < shots["qubit-wise"] / 1.4
    for strategy, groups in found.items():
        plain = insertion(words, weights, strategy)
        assert shots[strategy] <= 1.05 * shots_needed(plain, weights)
        assert len(groups) < len(plain)
    assert sum(weights) ** 2 > 10 * shots["qubit-wise"]  # a word at a time


def test_shots_by_hand() -> None:
    """Would catch squares and roots in the wrong order: groups of norms 5 and 2 take (5 + 2)² shots."""
    assert shots_needed([[0, 1], [2]], [3.0, 4.0, 2.0]) == pytest.approx(49)


def test_photonic_words_must_agree() -> None:
    """Would catch x and p on one mode in a group because they clash on two modes."""
    words: tuple[Word, ...] = ((("x", 0), ("x", 1)), (("p", 0), ("p", 1)), (("x", 0),), (("n", 1),))
    groups = grouped(words, (1.0,) * 4, "commuting")
    assert sorted(map(sorted, groups)) in ([[0, 2], [1], [3]], [[0], [1], [2, 3]])


def test_nothing_to_group() -> None:
    """Would catch a group without words."""
    assert grouped((), (), "commuting") == ()


# ---- the Clifford circuits


def matrix_of(word: Word, wires: int) -> NDArray[np.complex128]:
    letters = {wire: letter for letter, wire in word}
    total = np.eye(1, dtype=complex)
    for wire in range(wires):
        total = np.asarray(np.kron(total, PAULI[letters[wire]] if wire in letters else np.eye(2)), dtype=complex)
    return total


def unitary(ops: tuple[Op, ...], wires: int) -> NDArray[np.complex128]:
    total = np.eye(2**wires, dtype=complex).reshape((2,) * wires + (-1,))
    for op in ops:
        gate = np.array(op.gate.matrix, dtype=complex).reshape((2,) * (2 * len(op.wires)))
        moved = np.tensordot(gate, total, axes=(range(len(op.wires), 2 * len(op.wires)), op.wires))
        total = np.moveaxis(moved, range(len(op.wires)), op.wires)
    return total.reshape(2**wires, 2**wires)


def commuting_words(wires: int, count: int, seed: int) -> list[Word]:
    """Random words that commute, in random order."""
    generator = np.random.default_rng(seed)
    found: list[Word] = []
    for code in generator.permutation(4**wires - 1) + 1:
        letters = [int(code) >> (2 * wire) & 3 for wire in range(wires)]
        word = tuple(("IXYZ"[letter], wire) for wire, letter in enumerate(letters) if letter)
        if all(goes_together(word, other, "commuting") for other in found):
            found.append(word)
        if len(found) == count:
            break
    return found


@pytest.mark.parametrize(
    ("wires", "count", "seed"), [(w, c, s) for w, c in [(2, 3), (3, 5), (4, 12)] for s in range(8)]
)
def test_the_circuit_makes_z_words_by_matrices(wires: int, count: int, seed: int) -> None:
    """Would catch a wrong sign, support or gate order: U W U† = ± Z…Z as matrices."""
    words = commuting_words(wires, count, seed)
    diagonal = diagonalise(words)
    u = unitary(diagonal.change, wires)
    for word, (sign, support) in zip(words, diagonal.words, strict=True):
        wanted = sign * matrix_of(tuple(("Z", wire) for wire in support), wires)
        assert np.allclose(u @ matrix_of(word, wires) @ u.conj().T, wanted, atol=1e-12)


def propagated(word: Word, ops: tuple[Op, ...]) -> tuple[int, Word]:
    """U W U† by the textbook rules for tableaux (arXiv:quant-ph/0406196)."""
    x, z = ({wire for letter, wire in word if letter in letters} for letters in ("XY", "YZ"))
    sign = 1
    for op in ops:
        a, b = op.wires[0], op.wires[-1]
        match op.gate.name:
            case "h":
                sign *= -1 if a in x and a in z else 1
                in_x, in_z = a in x, a in z
                x, z = (x - {a}) | ({a} if in_z else NONE), (z - {a}) | ({a} if in_x else NONE)
            case "s":
                sign *= -1 if a in x and a in z else 1
                z = z ^ ({a} & x)
            case "z":
                sign *= -1 if a in x else 1
            case "cx":
                sign *= -1 if a in x and b in z and (b in x) == (a in z) else 1
                x, z = x ^ ({b} if a in x else NONE), z ^ ({a} if b in z else NONE)
            case "cz":
                sign *= -1 if a in x and b in x and (a in z) != (b in z) else 1
                z = z ^ ({b} if a in x else NONE) ^ ({a} if b in x else NONE)
            case name:
                raise AssertionError(f"a gate that is not native everywhere: {name}")
    letters = {wire: "Y" if wire in x & z else "X" if wire in x else "Z" for wire in x | z}
    return sign, tuple((letters[wire], wire) for wire in sorted(letters))


def test_the_circuits_of_lithium_hydride_by_propagation() -> None:
    """Would catch the same on 12 wires, wires measured beyond the rank, and circuits longer than elimination needs."""
    words, weights = words_of("lih_1.546")
    for group in grouped(words, weights, "commuting"):
        chosen = [words[k] for k in group]
        diagonal = diagonalise(chosen)
        for word, (sign, support) in zip(chosen, diagonal.words, strict=True):
            assert propagated(word, diagonal.change) == (sign, tuple(("Z", wire) for wire in support))
        entangling = [op for op in diagonal.change if len(op.wires) == 2]
        assert len(entangling) <= 12 * 12 // 2
        assert len({wire for _, support in diagonal.words for wire in support}) <= 12


def test_words_that_agree_need_no_entangling_gate() -> None:
    """Would catch a circuit that is deeper than single-qubit gates where those do."""
    letters = [(("X", 0), ("Y", 1)), (("X", 0),), (("Y", 1), ("Z", 2)), (("Z", 2),)]
    assert all(len(op.wires) == 1 for op in diagonalise(letters).change)
    assert diagonalise([(("Z", 0), ("Z", 3)), (("Z", 3),)]).change == ()


def test_bell_pair() -> None:
    """Would catch a sign: XX, YY, ZZ of a pair become two Z words and their product with −1, as XX·YY = −ZZ."""
    words: list[Word] = [((letter, 0), (letter, 1)) for letter in "XYZ"]
    signs, supports = zip(*diagonalise(words).words, strict=True)
    assert np.prod(signs) == -1
    assert {wire for support in supports for wire in support} == {0, 1}
