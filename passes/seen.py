"""What the outputs of a program see of it: less than its light cone, where gates commute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qcompile.angle import Angle
from qcompile.gates import pauli_rotation
from qcompile.ir import Barrier, Op, Output, Probabilities, Program, Samples, State, Statement, observables_of
from qcompile.operator import PAULI_LETTERS, Word
from qcompile.passes.action import Actions
from qcompile.passes.light_cone import in_cone
from qcompile.passes.rewrite import is_unitary, wires_of


def seen(program: Program, actions: Actions) -> Program:
    """The program without the statements that its outputs cannot see.

    A gate U that commutes with all that comes after it on its wires and stays, and with the observable O, moves to the
    end of the program, where ⟨U†OU⟩ = ⟨O⟩. So of a layer of gates that commute, those on the observable's wires alone
    are in its cone. Walks again while the cone shrinks; compares a gate with what it moves past.
    """
    cut = in_cone(program)
    if any(isinstance(output, State) for output in program.outputs):
        return cut
    while True:
        body = _without_moved(cut, actions)
        if len(body) == len(cut.body):
            return cut
        cut = in_cone(replace(cut, body=body))


def _without_moved(program: Program, actions: Actions) -> tuple[Statement, ...]:
    """The body without the gates that move to its end and past the observables. Those in regions stay."""
    later: dict[int, list[Op | None]] = {}  # by wire, what is there after; None: nothing moves past it

    def stands(step: Op | None, wires: tuple[int, ...]) -> None:
        for wire in wires:
            later.setdefault(wire, []).append(step)

    for output in program.outputs:
        for word in _words(output, program):
            stands(_turn(word), tuple(wire for _, wire in word))
    kept: list[Statement] = []
    for statement in reversed(program.body):
        ahead = (step for wire in wires_of(statement) for step in reversed(later.get(wire, ())))
        if not isinstance(statement, Op) or not is_unitary(statement):
            if not isinstance(statement, Barrier):
                stands(None, wires_of(statement))
        elif all(step is not None and actions.commute(statement, step) for step in ahead):
            continue
        else:
            stands(statement, statement.wires)
        kept.append(statement)
    return tuple(reversed(kept))


def _words(output: Output, program: Program) -> Iterator[Word]:
    """Words such that what commutes with each of them leaves the output as it is."""
    if isinstance(output, Probabilities | Samples):
        yield from ((("Z" if program.kinds[wire] == "qubit" else "n", wire),) for wire in output.wires)
    for observable in observables_of(output):
        yield from (word for word, _ in observable.operator.terms)


def _turn(word: Word) -> Op | None:
    """The rotation about a Pauli word: it commutes with what the word commutes with."""
    if not word or any(letter not in PAULI_LETTERS for letter, _ in word):
        return None
    return Op(pauli_rotation("".join(letter for letter, _ in word)), tuple(wire for _, wire in word), (Angle(),))
