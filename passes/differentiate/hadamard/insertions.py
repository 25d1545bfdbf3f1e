"""The circuits that read ⟨i[w, O']⟩: what is put into a program, and what the result is measured by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from qcompile.angle import Angle, Element, number, parameter
from qcompile.gates import TABLE, Gate, pauli_rotation
from qcompile.ir import Definition, Expectation, Observable, Op, Program, Register
from qcompile.operator import Operator, Word
from qcompile.passes.differentiate.draft import with_slots
from qcompile.passes.differentiate.hadamard.generator_words import Path, inserted
from qcompile.passes.names import fresh_name


def with_rotation(program: Program, path: Path, word: Word) -> tuple[Program, Element]:
    """The program with exp(-i s w/2) at the place, and the slot s."""
    slotted, (slot,) = with_slots(program, 1)
    turn = _rotation(word, parameter(slot.name, slot.index))
    return replace(slotted, body=inserted(slotted.body, path, (turn,))), slot


def with_rotation_within(program: Program, path: Path, op: Op, word: Word) -> tuple[Program, Element, Element]:
    """The program with exp(-i s w/2) within the op exp(-iH) just before the place, a share of it done; share and s.

    A gate exp(-i share H) is defined for that. With no slot set the program does what it did.
    """
    slotted, (share, angle) = with_slots(program, 2)
    part = _part_of(op.gate, slotted)
    done = parameter(share.name, share.index)
    before, after = (replace(op, gate=part, angles=(each, *op.angles)) for each in (done, number(1.0) - done))
    split = (before, _rotation(word, parameter(angle.name, angle.index)), after)
    definitions = (*slotted.definitions, Definition(part))
    body = inserted(slotted.body, path, split, over=1)
    return replace(slotted, definitions=definitions, body=body), share, angle


def _part_of(gate: Gate, program: Program) -> Gate:
    """exp(-i share H)."""
    if gate.hamiltonian is None:
        raise AssertionError(f"`{gate.name}` has no Hamiltonian")
    share = "share"
    while share in gate.parameters:
        share += "_"
    names = (share, *gate.parameters)
    name = fresh_name(f"{gate.name}_part", program)
    return Gate(name, gate.wires, names, hamiltonian=gate.hamiltonian.scaled(parameter(share)))


def with_test(program: Program, path: Path, word: Word) -> tuple[Program, int]:
    """The program with the word controlled by an ancilla in |+⟩ at the place, and the ancilla's wire."""
    widened, ancilla = _with_ancilla(program)
    return replace(widened, body=inserted(widened.body, path, _controlled(word, ancilla))), ancilla


def with_reversed_test(
    program: Program, place: int, rest: Sequence[Op], back: Sequence[Op], word: Word
) -> tuple[Program, int]:
    """What comes before the place, the rest, the word controlled by an ancilla in |+⟩, and back again."""
    widened, ancilla = _with_ancilla(program)
    body = (*widened.body[:place], *rest, *_controlled(word, ancilla), *back)
    return replace(widened, body=body), ancilla


def beside_ancilla(output: Expectation, observable: Operator, ancilla: int) -> Expectation:
    """Y of the ancilla, the last wire, times the observable."""
    terms = tuple(((*word, ("Y", ancilla)), coefficient) for word, coefficient in observable.terms)
    return replace(output, observable=Observable(Operator(terms)), span=None)


def _with_ancilla(program: Program) -> tuple[Program, int]:
    ancilla = Register(fresh_name("ancilla", program), "qubit")
    return replace(program, registers=(*program.registers, ancilla)), len(program.kinds)


def _controlled(word: Word, ancilla: int) -> tuple[Op, ...]:
    """An ancilla in |+⟩ that controls a Pauli word: each of its letters."""
    letters = (Op(TABLE[f"c{letter.lower()}"], (ancilla, wire)) for letter, wire in word)
    return (Op(TABLE["h"], (ancilla,)), *letters)


def _rotation(word: Word, angle: Angle) -> Op:
    """exp(-i angle w/2), as a gate of the table where there is one."""
    known = _rotations()
    ordered = next((order for order in (word, word[::-1]) if _letters(order) in known), word)
    gate = known.get(_letters(ordered)) or pauli_rotation(_letters(ordered))
    return Op(gate, tuple(wire for _, wire in ordered), (angle,))


def _letters(word: Word) -> str:
    return "".join(letter for letter, _ in word)


@lru_cache(maxsize=1)
def _rotations() -> dict[str, Gate]:
    """By the letters of w on its wires in order, the gate of the table whose generator is w/2."""
    found: dict[str, Gate] = {}
    for gate in TABLE.values():
        terms = gate.generator.terms if gate.generator is not None and gate.generator.is_pauli else ()
        if len(terms) == 1 and terms[0][1] == number(0.5):
            word = terms[0][0]
            if tuple(wire for _, wire in word) == tuple(range(len(gate.wires))):
                found.setdefault(_letters(word), gate)
    return found
