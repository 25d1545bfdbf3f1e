"""Measurement settings: which words one circuit with one basis change can read together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from qcompile.angle import pi_times
from qcompile.diagnostics import Code, error
from qcompile.gates import NAMES
from qcompile.ir import (
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
from qcompile.operator import Word, letters_by_wire

Basis = tuple[tuple[str, int], ...]
"""A letter of X Y Z x p n for each wire measured, by wire."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One basis, and the (output, term) pairs read in it."""

    basis: Basis
    reads: tuple[tuple[int, int], ...]


def measurement_settings(program: Program) -> tuple[tuple[Setting, ...], tuple[tuple[int, int], ...]]:
    """Groups of words that agree on every wire they share, first fit by falling size; and the words no basis reads.

    A word with two different letters on one wire (`x[0] p[0]`) has no basis. Quadratic in the words.
    """
    groups: list[tuple[dict[int, str], list[tuple[int, int]]]] = []
    unread: list[tuple[int, int]] = []
    words = [item for index, output in enumerate(program.outputs) for item in _words(index, output, program)]
    for key, word in sorted(words, key=lambda item: -len(item[1])):
        letters = {wire: set(text) for wire, text in letters_by_wire(word).items()}
        if any(len(found) > 1 for found in letters.values()):
            unread.append(key)
            continue
        wanted = {wire: found.pop() for wire, found in letters.items()}
        for basis, reads in groups:
            if all(basis.get(wire, letter) == letter for wire, letter in wanted.items()):
                basis.update(wanted)
                reads.append(key)
                break
        else:
            groups.append((wanted, [key]))
    return tuple(Setting(_basis(letters), tuple(sorted(reads))) for letters, reads in groups), tuple(unread)


def _basis(letters: Mapping[int, str]) -> Basis:
    return tuple((letters[wire], wire) for wire in sorted(letters))


def _words(index: int, output: Output, program: Program) -> list[tuple[tuple[int, int], Word]]:
    match output:
        case Expectation():
            terms = enumerate(output.observable.operator.terms)
            return [((index, position), word) for position, (word, _) in terms if word]
        case Probabilities():
            word = tuple(("Z" if program.kinds[wire] == "qubit" else "n", wire) for wire in output.wires)
            return [((index, 0), word)]
        case Variance() | Samples() | State():
            cure = "return expectations or probabilities"
            raise error(Code.UNSAYABLE, "a bundle has no form for this output", output.span, cure)
        case _:
            assert_never(output)


def measured(program: Program, basis: Basis, register: str = "readout") -> Program:
    """The program with the basis change and a measurement of each wire of the basis, into a new register."""
    if not basis:
        return program
    first = len(program.cell_kinds)
    statements = [new for cell, (letter, wire) in enumerate(basis, first) for new in _readout(letter, wire, cell)]
    cells = _cells(readout_name(program, register), [letter for letter, _ in basis])
    return replace(program, registers=(*program.registers, *cells), body=(*program.body, *statements))


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
