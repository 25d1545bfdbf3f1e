"""Measurement settings: which words one circuit with one basis change can read together, and how it tells each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import hypot
from typing import assert_never

from qcompile.angle import pi_times
from qcompile.diagnostics import Code, error
from qcompile.gates import NAMES
from qcompile.ir import (
    Covariance,
    Expectation,
    Measure,
    Op,
    Output,
    Probabilities,
    Program,
    Register,
    Samples,
    State,
    Statement,
    Variance,
)
from qcompile.operator import Word, letters_by_wire, level_of
from qcompile.targets.diagonalise import diagonalise
from qcompile.targets.grouping import Strategy, grouped

Basis = tuple[tuple[str, int], ...]
"""A letter of X Y Z x p n for each wire measured, by wire."""
Key = tuple[int, int]
"""An output, and one of its terms."""


@dataclass(frozen=True, slots=True)
class Read:
    """A term's value in one run: `sign` × the product, over places in the basis, of (−1)^bit or what was detected.

    Of a projector on k photons: whether k were counted. Of probabilities and samples (term 0): the outcome is what
    stands at the places, first most significant.
    """

    output: int
    term: int
    sign: int
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """Gates, then one basis on the wires measured, and what is read in it."""

    basis: Basis
    reads: tuple[Read, ...]
    change: tuple[Op, ...] = ()


def measurement_settings(
    program: Program, strategy: Strategy = "qubit-wise"
) -> tuple[tuple[Setting, ...], tuple[Key, ...]]:
    """Settings that read every term of the outputs, and the terms that no basis reads.

    A word with two different letters on one wire (`x[0] p[0]`) has no basis. Where there are probabilities or samples,
    one setting reads them and every word that is diagonal; `grouped` groups the rest.

    Raises:
        CompileError: UNSAYABLE, for variances, covariances and states.
    """
    terms, unread = _terms(program)
    settings = list[Setting]()
    drawn = ((k, output) for k, output in enumerate(program.outputs) if isinstance(output, Probabilities | Samples))
    outcomes = {k: output.wires for k, output in drawn}
    if outcomes:
        sharp = [word for word in terms if word and all(letter in "Zn" for letter, _ in _detected(word))]
        settings.append(_sharp(program, outcomes, {word: terms.pop(word)[0] for word in sharp}))
    constants = terms.pop((), ([], 0.0))[0]
    words = tuple(terms)
    for group in grouped(tuple(map(_detected, words)), tuple(terms[word][1] for word in words), strategy):
        settings.append(_setting({words[k]: terms[words[k]][0] for k in group}))
    if constants:  # a share of the runs kept, which every setting tells
        first = settings[0] if settings else Setting((), ())
        settings[:1] = [replace(first, reads=_sorted([*first.reads, *(Read(*key, 1, ()) for key in constants)]))]
    return tuple(settings), unread


def unit_shots(program: Program, settings: Iterable[Setting]) -> float | None:
    """Shots for the standard error 1 in all outputs together, as `shots_needed` has it; None for light.

    Coefficients that depend on parameters count 1, and so do probabilities and samples.
    """
    if "qumode" in program.kinds:
        return None
    size = {(index, term): size for index, output in enumerate(program.outputs) for term, _, size in _words(output)}
    return sum(hypot(*(size.get((read.output, read.term), 1.0) for read in s.reads)) for s in settings) ** 2


def _terms(program: Program) -> tuple[dict[Word, tuple[list[Key], float]], tuple[Key, ...]]:
    """For each word that has to be read: where it stands, and its weight; and the terms that have no basis."""
    found: dict[Word, tuple[list[Key], float]] = {}
    unread: list[Key] = []
    for index, output in enumerate(program.outputs):
        for term, word, weight in _words(output):
            if any(len(set(letters)) > 1 for letters in letters_by_wire(_detected(word)).values()):
                unread.append((index, term))
                continue
            keys, known = found.setdefault(word, ([], 0.0))
            found[word] = ([*keys, (index, term)], hypot(known, weight))
    return found, tuple(unread)


def _detected(word: Word) -> Word:
    """What has to be detected for each letter: of a projector on k photons, their number."""
    return tuple(("n" if level_of(letter) is not None else letter, wire) for letter, wire in word)


def _words(output: Output) -> Iterator[tuple[int, Word, float]]:
    """Term, word and size of the coefficient, 1 where that is symbolic."""
    match output:
        case Expectation():
            for term, (word, coefficient) in enumerate(output.observable.operator.terms):
                if word or output.unnormalised:
                    yield term, word, abs(float(coefficient)) if coefficient.is_constant else 1.0
        case Probabilities() | Samples():
            return
        case Variance() | Covariance() | State():
            cure = "return expectations, probabilities or samples"
            raise error(Code.UNSAYABLE, "a bundle has no form for this output", output.span, cure)
        case _:
            assert_never(output)


def _sharp(program: Program, outcomes: Mapping[int, tuple[int, ...]], words: Mapping[Word, list[Key]]) -> Setting:
    """Every wire of these in the computational basis, or counted."""
    wires = sorted({*chain(*outcomes.values()), *(wire for word in words for _, wire in word)})
    basis = tuple(("Z" if program.kinds[wire] == "qubit" else "n", wire) for wire in wires)
    setting = _in_letters(basis, words)
    reads = [Read(index, 0, 1, tuple(map(wires.index, measured))) for index, measured in outcomes.items()]
    return replace(setting, reads=_sorted([*setting.reads, *reads]))


def _setting(words: Mapping[Word, list[Key]]) -> Setting:
    """In letters where the words agree on every wire, else after a Clifford circuit."""
    letters = {(wire, letter) for word in words for letter, wire in _detected(word)}
    wires = sorted({wire for wire, _ in letters})
    if len(wires) == len(letters):
        return _in_letters(tuple((letter, wire) for wire, letter in sorted(letters)), words)
    diagonal = diagonalise(tuple(words))
    wires = sorted({wire for _, support in diagonal.words for wire in support})
    reads = [
        Read(*key, sign, tuple(map(wires.index, support)))
        for keys, (sign, support) in zip(words.values(), diagonal.words, strict=True)
        for key in keys
    ]
    return Setting(tuple(("Z", wire) for wire in wires), _sorted(reads), diagonal.change)


def _in_letters(basis: Basis, words: Mapping[Word, list[Key]]) -> Setting:
    place = {wire: k for k, (_, wire) in enumerate(basis)}
    return Setting(
        basis,
        _sorted(Read(*key, 1, tuple(place[wire] for _, wire in word)) for word, keys in words.items() for key in keys),
    )


def _sorted(reads: Iterable[Read]) -> tuple[Read, ...]:
    return tuple(sorted(reads, key=lambda read: (read.output, read.term)))


def measured(program: Program, basis: Basis, change: tuple[Op, ...] = ()) -> Program:
    """The program with the gates, the basis change and a measurement of each wire of the basis, into a new register."""
    if not basis:
        return program
    first = len(program.cell_kinds)
    statements = [new for cell, (letter, wire) in enumerate(basis, first) for new in _readout(letter, wire, cell)]
    cells = _cells(readout_name(program), [letter for letter, _ in basis])
    return replace(program, registers=(*program.registers, *cells), body=(*program.body, *change, *statements))


def readout_name(program: Program, name: str = "readout") -> str:
    """A name for the new register that the program has not taken."""
    taken = {register.name for register in program.registers}
    while name in taken:
        name += "_"
    return name


def _cells(name: str, letters: Sequence[str]) -> tuple[Register, ...]:
    """Bits for qubits in one register; ints and reals, which no target language declares, one by one."""
    if all(letter in "XYZ" for letter in letters):
        return (Register(name, "bit", len(letters)),)
    return tuple(Register(f"{name}_{i}", "int" if letter == "n" else "real") for i, letter in enumerate(letters))


def _readout(letter: str, wire: int, cell: int) -> list[Statement]:
    """H Z H = X and RX(−π/2) Z RX(π/2) = Y; both gates are native everywhere."""
    match letter:
        case "X":
            return [Op(NAMES["h"], (wire,)), Measure("z", wire, (cell,))]
        case "Y":
            return [Op(NAMES["rx"], (wire,), (pi_times(1, 2),)), Measure("z", wire, (cell,))]
        case "Z":
            return [Measure("z", wire, (cell,))]
        case "x":
            return [Measure("homodyne", wire, (cell,))]
        case "p":
            return [Measure("homodyne", wire, (cell,), pi_times(1, 2))]
        case "n":
            return [Measure("fock", wire, (cell,))]
        case _:
            raise AssertionError(f"no basis {letter!r}")
