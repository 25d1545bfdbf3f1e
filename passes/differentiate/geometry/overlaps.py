"""Circuits that measure operators in the states that a program can be cut at, each circuit made once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from qcompile.angle import Angle
from qcompile.diagnostics import Code, error
from qcompile.gates import TABLE
from qcompile.ir import (
    Component,
    Evaluation,
    Exactness,
    Expectation,
    Observable,
    Op,
    Output,
    Program,
    Reading,
    Register,
    Row,
    Shifted,
    Template,
)
from qcompile.number import ONE
from qcompile.operator import Operator, Word, multiply
from qcompile.passes.names import fresh_name

_CONTROLLED = {"X": TABLE["cx"], "Y": TABLE["cy"], "Z": TABLE["cz"]}
_Key = tuple[int, int, Word]  # the ops of the cut as a mask; of a Hadamard test the place and word of its first half
_NO_TEST = -1


@dataclass(slots=True)
class Circuits:
    """The templates made so far, each of one row, and their outputs by number."""

    program: Program
    ops: tuple[Op, ...]
    outputs: dict[_Key, dict[Output, int]] = field(default_factory=dict[_Key, dict[Output, int]])
    rows: dict[_Key, int] = field(default_factory=dict[_Key, int])

    def mean(self, operator: Operator, cut: int) -> Iterator[Reading]:
        """⟨O⟩ after the ops of the cut."""
        yield from self._measured(operator, (cut, _NO_TEST, ()))

    def overlap(self, first: Operator, place: int, second: Operator, cut: int) -> Iterator[Reading]:
        """Re⟨ψ|V†BVA|ψ⟩, where A acts just before the op at `place` and B after the ops of the cut, V between them.

        An ancilla in |+⟩ that controls a word of A there leaves ⟨X ⊗ B⟩ = Re⟨ψ|V†BVA|ψ⟩: B needs no control, and all
        that is measured after one cut is read from one circuit.
        """
        if not first.is_pauli:
            label = "a photonic generator is measured with one further on in the circuit, which no qubit can control"
            advice = "compute it on the simulator, `qc.metric` in Python, or leave one of the two parameters out"
            raise error(Code.METHOD, label, self.ops[place].span, advice)
        ancilla = Operator((((("X", len(self.program.kinds)),), Angle(ONE)),))
        for word, coefficient in first.terms:
            for reading in self._measured(multiply(ancilla, second), (cut, place, word)):
                yield replace(reading, weight=coefficient * reading.weight)

    def exactness(self, readings: Sequence[Reading]) -> Exactness:
        tested = [place != _NO_TEST for _, place, _ in self.rows]
        uses = any(tested[evaluation.row] for reading in readings for evaluation in reading.evaluations)
        return Exactness.ANCILLA if uses else Exactness.EXACT

    def module(self, components: Sequence[Component]) -> Shifted:
        keys = list(self.rows) or [(0, _NO_TEST, ())]  # a module has a template, which declares its parameters
        templates = tuple(Template(f"t{k}", self._program(key)) for k, key in enumerate(keys))
        return Shifted(templates, tuple(Row(k) for k in range(len(templates))), tuple(components))

    def _measured(self, operator: Operator, key: _Key) -> Iterator[Reading]:
        """The operator's part without a wire is a number, and needs no circuit."""
        yield from (Reading(coefficient, ()) for word, coefficient in operator.terms if not word)
        moving = Operator(tuple(term for term in operator.terms if term[0]))
        if moving.terms:
            output = Expectation(Observable(moving))
            outputs = self.outputs.setdefault(key, {})
            row, place = self.rows.setdefault(key, len(self.rows)), outputs.setdefault(output, len(outputs))
            yield Reading(Angle(ONE), (Evaluation(row, place),))

    def _program(self, key: _Key) -> Program:
        cut, place, word = key
        kept = [(k, op) for k, op in enumerate(self.ops) if cut >> k & 1]
        outputs = tuple(self.outputs.get(key, ()))
        if place == _NO_TEST:
            return replace(self.program, body=tuple(op for _, op in kept), outputs=outputs)
        ancilla = len(self.program.kinds)
        register = Register(fresh_name("ancilla", self.program), "qubit")
        split = [op for k, op in kept if k < place], [op for k, op in kept if k >= place]
        test = (Op(TABLE["h"], (ancilla,)), *(Op(_CONTROLLED[letter], (ancilla, wire)) for letter, wire in word))
        registers = (*self.program.registers, register)
        return replace(self.program, registers=registers, body=(*split[0], *test, *split[1]), outputs=outputs)
