"""exp(-iH), H a sum of commuting Pauli words, as Clifford gates and Z rotations.

A Clifford C takes every word to a word in Z: exp(-iH) = C† exp(-i C H C†) C. The Z words are then turned one by one
in Gray-code order, so that neighbours differ by few controlled-X: a k-fold control costs 2^k of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from qcompile.angle import Angle, number, pi_times
from qcompile.gates import TABLE
from qcompile.grammar import invert
from qcompile.ir import Op
from qcompile.operator import Operator, Word, collect

_Images = Mapping[tuple[str, int], tuple[float, Word]]
_H, _RX, _RZ, _CX, _PHASE = (TABLE[name] for name in ("h", "rx", "rz", "cx", "gphase"))


def commuting_rotations(exponent: Operator) -> Iterator[Op]:
    """Ops for exp(-i exponent), exact in the global phase; coefficients may be symbolic, wires are the program's."""
    for word, coefficient in exponent.terms:
        if not word:
            yield Op(_PHASE, (), (-coefficient,))
    diagonal, change = _diagonalised(Operator(tuple(term for term in exponent.terms if term[0])))
    yield from change
    yield from _turned({frozenset(wire for _, wire in word): c for word, c in diagonal.terms})
    yield from (invert(op) for op in reversed(change))


def _diagonalised(exponent: Operator) -> tuple[Operator, list[Op]]:
    """C H C† in words of Z, and C.

    Each round takes one word that isn't in Z: single-qubit gates turn its letters to Z, then controlled-X gather
    them on one wire. Every other word commutes with that Z, so it is I or Z there: the wire is done.
    """
    change: list[Op] = []
    done: set[int] = set()
    while (word := _next_turned(exponent, done)) is not None:
        open_letters = [(letter, wire) for letter, wire in word if wire not in done]
        for letter, wire in open_letters:
            if letter != "Z":
                change.append(Op(_H, (wire,)) if letter == "X" else Op(_RX, (wire,), (pi_times(1, 2),)))
                exponent = _conjugated(exponent, _to_z(letter, wire))
        target = open_letters[-1][1]
        done.add(target)
        if (other := _next_turned(exponent, done)) is None:
            break
        # CX leaves X X on its wires as one letter, but Y Y as two: the word after this one is better off in X
        for letter, wire in other:
            if letter == "Y" and wire in {own for _, own in open_letters}:
                change.append(Op(_RZ, (wire,), (pi_times(-1, 2),)))
                exponent = _conjugated(exponent, _to_x(wire))
        for _, wire in open_letters[:-1]:
            change.append(Op(_CX, (wire, target)))
            exponent = _conjugated(exponent, _under_cx(wire, target))
    return exponent, change


def _next_turned(exponent: Operator, done: set[int]) -> Word | None:
    """A word that isn't in Z, the one with the fewest letters on wires that aren't done."""
    turned = (word for word, _ in exponent.terms if any(letter != "Z" for letter, _ in word))
    return min(turned, key=lambda word: sum(1 for _, wire in word if wire not in done), default=None)


def _to_z(letter: str, wire: int) -> _Images:
    """H: X ↔ Z, Y → −Y. RX(π/2): Y → Z → −Y."""
    if letter == "X":
        return {("X", wire): (1, (("Z", wire),)), ("Z", wire): (1, (("X", wire),)), ("Y", wire): (-1, (("Y", wire),))}
    return {("Y", wire): (1, (("Z", wire),)), ("Z", wire): (-1, (("Y", wire),))}


def _to_x(wire: int) -> _Images:
    """RZ(−π/2): Y → X → −Y."""
    return {("Y", wire): (1, (("X", wire),)), ("X", wire): (-1, (("Y", wire),))}


def _under_cx(control: int, target: int) -> _Images:
    """CX copies X from control to target and Z from target to control."""
    x, z = ("X", target), ("Z", control)
    return {
        ("X", control): (1, (("X", control), x)), ("Y", control): (1, (("Y", control), x)),
        ("Y", target): (1, (z, ("Y", target))), ("Z", target): (1, (z, ("Z", target))),
    }  # fmt: skip


def _conjugated(exponent: Operator, images: _Images) -> Operator:
    terms: list[tuple[tuple[Angle, Angle], Word]] = []
    for word, coefficient in exponent.terms:
        moved: list[tuple[str, int]] = []
        for factor in word:
            sign, image = images.get(factor, (1, (factor,)))
            coefficient = coefficient.scaled(number(sign).constant) if sign != 1 else coefficient
            moved += image
        terms.append(((coefficient, Angle()), tuple(moved)))
    return collect(terms)[0]


def _turned(words: dict[frozenset[int], Angle]) -> Iterator[Op]:
    """exp(-i Σ c Z…Z): the words of the busiest wire on that wire, then the rest."""
    while words:
        busy = Counter(wire for word in words for wire in sorted(word))
        target = max(busy, key=lambda wire: (busy[wire], wire))
        own = [word for word in words if target in word]
        others = sorted({wire for word in own for wire in word} - {target})
        held: frozenset[int] = frozenset({target})
        for word in sorted(own, key=lambda word: _gray_rank([wire in word for wire in others])):
            yield from (Op(_CX, (wire, target)) for wire in sorted(word ^ held))
            yield Op(_RZ, (target,), (words.pop(word).scaled(number(2).constant),))
            held = word
        yield from (Op(_CX, (wire, target)) for wire in sorted(held - {target}))


def _gray_rank(bits: list[bool]) -> int:
    """The place of a code word in the reflected Gray code."""
    rank, parity = 0, False
    for bit in bits:
        parity ^= bit
        rank = 2 * rank + parity
    return rank
