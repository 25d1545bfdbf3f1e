"""Operators as sums of words: Pauli letters X Y Z on qubits, x p n on qumodes (hbar = 2, so [x, p] = 2i).

On qumodes n0, n1, n2 … are the projectors |k⟩⟨k| on k photons. One record serves as a gate's generator and as an
observable.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from qcompile.angle import Angle, Element, derivative, number

Factor = tuple[str, int]
Word = tuple[Factor, ...]
Complex = tuple[Angle, Angle]  # real and imaginary part, each possibly symbolic

PAULI_LETTERS = "XYZ"
QUADRATURE_LETTERS = "xpn"
HBAR = 2.0
_NOTHING: Complex = (Angle(), Angle())
_PAULI_PRODUCT: dict[tuple[str, str], tuple[int, str]] = {  # (a, b): power of i and letter of the product a·b
    ("X", "Y"): (1, "Z"), ("Y", "Z"): (1, "X"), ("Z", "X"): (1, "Y"),
    ("Y", "X"): (3, "Z"), ("Z", "Y"): (3, "X"), ("X", "Z"): (3, "Y"),
}  # fmt: skip
Monomial = tuple[int, int]  # powers of x and p, x written first
Letters = tuple[str, ...]  # of one wire, in written order
MAX_LEVEL = 299
_LEVEL = re.compile(r"n(0|[1-9][0-9]{0,2})")


@dataclass(frozen=True, slots=True)
class Operator:
    """Σ coefficient · word; words unique, sorted, each grouped by wire in ascending order."""

    terms: tuple[tuple[Word, Angle], ...] = ()

    def __add__(self, other: Operator) -> Operator:
        return _collected((*self.terms, *other.terms))

    def scaled(self, factor: Angle) -> Operator:
        return _collected((word, coefficient * factor) for word, coefficient in self.terms)

    def slope(self, element: Element) -> Operator:
        """d operator / d element of its coefficients."""
        slopes = ((word, derivative(coefficient, element)) for word, coefficient in self.terms)
        return Operator(tuple((word, each) for word, each in slopes if not each.is_zero))

    def on(self, wires: Mapping[int, int] | tuple[int, ...]) -> Operator:
        """The same operator with wire k renamed to wires[k]."""
        return _collected(
            (_grouped(tuple((letter, wires[wire]) for letter, wire in word)), coefficient)
            for word, coefficient in self.terms
        )

    @property
    def support(self) -> tuple[int, ...]:
        """The wires that some word touches, ascending."""
        return tuple(sorted({wire for word, _ in self.terms for _, wire in word}))

    @property
    def degree(self) -> int | None:
        """The greatest degree in the quadratures; None for what is no polynomial in them."""
        if any(level_of(letter) is not None for word, _ in self.terms for letter, _ in word):
            return None
        return self.reach

    @property
    def reach(self) -> int:
        """By how many photons a word may raise a mode, at most."""
        return max((word_reach(word) for word, _ in self.terms), default=0)

    @property
    def is_pauli(self) -> bool:
        return all(letter in PAULI_LETTERS for word, _ in self.terms for letter, _ in word)


def collect(terms: Iterable[tuple[Complex, Word]]) -> tuple[Operator, bool]:
    """The sum of words in written order, Pauli letters multiplied out, and whether that sum is Hermitian.

    Photonic words keep their written order; whether their sum is Hermitian is decided in the form with every x first.
    """
    total: dict[Word, Complex] = {}
    largest = 0.0
    for coefficient, word in terms:
        largest = max(largest, *(abs(float(part)) for part in coefficient if part.is_constant), 0.0)
        phase, reduced = _pauli_reduced(_grouped(word))
        total[reduced] = _plus(total.get(reduced, _NOTHING), _turned(coefficient, phase))
    operator = _collected((word, real) for word, (real, _) in total.items())
    return operator, _is_hermitian(total, largest)


def multiply(left: Operator, right: Operator) -> Operator:
    """The Hermitian product of commuting operators, or half their anticommutator otherwise."""
    half = number(0.5)
    pairs = [
        ((half * a * b, Angle()), order)
        for (v, a), (w, b) in product(left.terms, right.terms)
        for order in ((*v, *w), (*w, *v))
    ]
    return collect(pairs)[0]


def words_commute(left: Word, right: Word) -> bool:
    """Do two Pauli words commute? They do when they differ on an even number of shared wires."""
    letters = {wire: letter for letter, wire in left}
    clashes = sum(1 for letter, wire in right if letters.get(wire, letter) != letter)
    return clashes % 2 == 0


def level_of(letter: str) -> int | None:
    """k of the projector on k photons, written n0, n1, n2 …"""
    found = _LEVEL.fullmatch(letter)
    level = None if found is None else int(found[1])
    return None if level is None or level > MAX_LEVEL else level


def word_reach(word: Word) -> int:
    """By how many photons the word may raise what it acts on; of x, p and n it is their degree."""
    return sum({"x": 1, "p": 1, "n": 2}.get(letter, 0) for letter, _ in word)


@lru_cache(maxsize=4096)
def monomials(letters: Letters) -> tuple[tuple[Monomial, complex], ...]:
    """One mode's letters as Σ c·xᵃpᵇ with every x first: p·x = x·p − 2i, n = (x² + p²)/4 − 1/2."""
    total: dict[Monomial, complex] = {(0, 0): 1.0}
    for letter in letters:
        if letter == "n":
            squares = ((_times(_times(total, letter), letter), 0.5 / HBAR) for letter in "xp")
            total = _mixed(*squares, (total, -0.5))
        else:
            total = _times(total, letter)
    return tuple(sorted((power, c) for power, c in total.items() if c))


def _times(total: dict[Monomial, complex], letter: str) -> dict[Monomial, complex]:
    if letter == "p":
        return {(a, b + 1): c for (a, b), c in total.items()}
    if letter != "x":
        raise AssertionError(f"`{letter}` is no polynomial in x and p")
    moved = {(a + 1, b): c for (a, b), c in total.items()}  # pᵇ x = x pᵇ − 2ib pᵇ⁻¹
    dropped = {(a, b - 1): -1j * HBAR * b * c for (a, b), c in total.items() if b}
    return _mixed((moved, 1.0), (dropped, 1.0))


def _mixed(*parts: tuple[dict[Monomial, complex], float]) -> dict[Monomial, complex]:
    total: dict[Monomial, complex] = {}
    for part, factor in parts:
        for power, c in part.items():
            total[power] = total.get(power, 0.0) + factor * c
    return total


def letters_by_wire(word: Word) -> dict[int, Letters]:
    """The letters of each wire, in written order."""
    found: dict[int, Letters] = {}
    for letter, wire in word:
        found[wire] = (*found.get(wire, ()), letter)
    return found


@lru_cache(maxsize=4096)
def normal_form(letters: Letters) -> tuple[tuple[tuple[int, ...], complex], ...]:
    """One mode's letters as Σ c·xᵃpᵇ, keyed (a, b), or with a projector among them as Σ c·|j⟩⟨k|, keyed (j, k, 1)."""
    place = next((k for k, letter in enumerate(letters) if level_of(letter) is not None), None)
    if place is None:
        return monomials(letters)
    level = level_of(letters[place]) or 0
    left, right = _on_level(reversed(letters[:place]), level), _on_level(letters[place + 1 :], level)
    return tuple(((j, k, 1), a * b.conjugate()) for j, a in left.items() for k, b in right.items())


def _on_level(letters: Iterable[str], level: int) -> dict[int, complex]:
    """The letters on |level⟩, the first of them first: x = a + a†, p = −i(a − a†)."""
    state: dict[int, complex] = {level: 1.0}
    for letter in letters:
        after: dict[int, complex] = {}
        for k, amplitude in state.items():
            for j, factor in _step(letter, k):
                after[j] = after.get(j, 0.0) + factor * amplitude
        state = {k: amplitude for k, amplitude in after.items() if amplitude}
    return state


def _step(letter: str, k: int) -> tuple[tuple[int, complex], ...]:
    match letter:
        case "x":
            return (k - 1, math.sqrt(k)), (k + 1, math.sqrt(k + 1))
        case "p":
            return (k - 1, -1j * math.sqrt(k)), (k + 1, 1j * math.sqrt(k + 1))
        case "n":
            return ((k, float(k)),)
        case _:
            return ((k, float(level_of(letter) == k)),)


def _grouped(word: Word) -> Word:
    return tuple(sorted(word, key=lambda factor: factor[1]))


def _pauli_reduced(word: Word) -> tuple[int, Word]:
    phase, reduced = 0, list[Factor]()
    for letter, wire in word:
        if letter not in PAULI_LETTERS or not reduced or reduced[-1][1] != wire:
            reduced.append((letter, wire))
        elif reduced[-1][0] == letter:
            reduced.pop()
        else:
            turn, merged = _PAULI_PRODUCT[reduced.pop()[0], letter]
            phase += turn
            reduced.append((merged, wire))
    return phase % 4, tuple(reduced)


def _plus(a: Complex, b: Complex) -> Complex:
    return a[0] + b[0], a[1] + b[1]


def _turned(value: Complex, quarter_turns: int) -> Complex:
    real, imaginary = value
    return ((real, imaginary), (-imaginary, real), (-real, -imaginary), (imaginary, -real))[quarter_turns]


def _is_hermitian(total: Mapping[Word, Complex], largest: float) -> bool:
    """Is O − O† zero, up to rounding of its largest coefficient, with each mode's x written before its p?"""
    difference: dict[tuple[object, ...], Complex] = {}
    for word, (real, imaginary) in total.items():
        for letters, value in ((word, (real, imaginary)), (word[::-1], (-real, imaginary))):
            for key, factor in _expanded(_grouped(letters)):
                scaled = _times_complex(value, factor)
                difference[key] = _plus(difference.get(key, _NOTHING), scaled)
    return all(_negligible(part, largest) for value in difference.values() for part in value)


def _expanded(word: Word) -> Iterator[tuple[tuple[object, ...], complex]]:
    paulis = tuple(factor for factor in word if factor[0] in PAULI_LETTERS)
    modes = letters_by_wire(tuple(factor for factor in word if factor[0] not in PAULI_LETTERS))
    for choice in product(*(normal_form(letters) for letters in modes.values())):
        coefficient = 1.0 + 0j
        for _, factor in choice:
            coefficient *= factor
        powers = tuple((wire, power) for wire, (power, _) in zip(modes, choice, strict=True) if power != (0, 0))
        yield (paulis, powers), coefficient


def _times_complex(value: Complex, factor: complex) -> Complex:
    real, imaginary = number(factor.real), number(factor.imag)
    return value[0] * real - value[1] * imaginary, value[0] * imaginary + value[1] * real


def _negligible(part: Angle, largest: float) -> bool:
    return part.is_zero or (part.is_constant and abs(float(part)) < 1e-12 * largest)


def _word_key(word: Word) -> tuple[int, tuple[tuple[int, str], ...]]:
    return len(word), tuple((wire, letter) for letter, wire in word)


def _collected(terms: Iterable[tuple[Word, Angle]]) -> Operator:
    total: dict[Word, Angle] = {}
    for word, coefficient in terms:
        known = total.get(word)
        total[word] = coefficient if known is None else known + coefficient
    kept = [(word, coefficient) for word, coefficient in total.items() if not coefficient.is_zero]
    return Operator(tuple(sorted(kept, key=lambda term: _word_key(term[0]))))


def operator(*terms: tuple[float, str]) -> Operator:
    """A generator as the gate table writes it: (coefficient, "X0 Y1"), wires being the gate's own.

    >>> operator((0.5, "Z0 Z1")).support
    (0, 1)
    """
    parsed = (((number(c), Angle()), tuple((f[0], int(f[1:])) for f in text.split())) for c, text in terms)
    return collect(parsed)[0]
