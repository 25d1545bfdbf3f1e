"""Statements to steps: circuits are expanded, names are looked up, types are checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from qcompile.angle import Element, elements
from qcompile.diagnostics import Code, CompileError, Diagnostic, Note, Span, did_you_mean, error, warn
from qcompile.grammar.quil import tree
from qcompile.grammar.quil.applications import applied, wire
from qcompile.grammar.quil.circuits import Circuits
from qcompile.grammar.quil.definitions import Definitions
from qcompile.grammar.quil.memory import Memory
from qcompile.grammar.quil.operands import classical
from qcompile.grammar.quil.steps import (
    Branched,
    Fenced,
    Gates,
    Halted,
    Jumped,
    Labelled,
    Measured,
    ResetWires,
    Script,
    Step,
    Turned,
)
from qcompile.grammar.quil.values import Frame, angle
from qcompile.grammar.scope import Faults

_MOST_AT_FAULT = 1000  # uses of circuits that are still looked into once something is wrong
_NOISE = ("ADD-KRAUS", "READOUT-POVM", "ADD-NOISE")
_BEYOND = {
    "DELAY": "leave it out: there is no time here", "CALL": "compute it outside of the program",
}  # fmt: skip


class Resolver:
    """Makes the steps, and notes what is wrong on the way."""

    def __init__(self, memory: Memory, definitions: Definitions, circuits: Circuits, faults: Faults) -> None:
        self.memory = memory
        self.definitions = definitions
        self.circuits = circuits
        self.faults = faults
        self._steps: list[Step] = []
        self._labels: dict[tuple[int, str], int] = {}
        self._wires = 0
        self._expansions = 0
        self._reported: set[tuple[Code, str, int]] = set()

    def script(self, statements: Iterable[tuple[tree.Instruction, Frame]]) -> Script:
        """The steps of a program's instructions; faults are noted."""
        self._run(statements, 0, ())
        self._check_labels()
        return Script(tuple(self._steps), self._labels, self._wires)

    def _run(self, statements: Iterable[tuple[tree.Instruction, Frame]], scope: int, trail: tuple[Note, ...]) -> None:
        for node, frame in statements:
            try:
                if isinstance(node, tree.Application):
                    self._apply(node, frame, trail)
                else:
                    self._resolve(node, frame, scope)
            except CompileError as fault:
                self._note(fault.diagnostics, trail)

    def _note(self, diagnostics: Iterable[Diagnostic], trail: tuple[Note, ...]) -> None:
        """Once for each place, though a circuit is expanded often."""
        for diagnostic in diagnostics:
            span = diagnostic.span
            key = diagnostic.code, span.source.name if span else "", span.start if span else -1
            if key not in self._reported:
                self._reported.add(key)
                self.faults.add([replace(diagnostic, notes=(*diagnostic.notes, *trail[-3:]))])

    # ---- gates and circuits

    def _apply(self, node: tree.Application, frame: Frame, trail: tuple[Note, ...]) -> None:
        if self.circuits.find(node.name.text) is not None:
            if self.faults and self._expansions > _MOST_AT_FAULT:
                return
            body = self.circuits.expanded(node, frame, len(self._steps))
            self._expansions += 1
            note = Note(f"in this use of `{node.name.text}`", frame.span(node))
            self._run(body, self._expansions, (*trail, note))
            return
        part = applied(node, self.definitions.signature(node, frame), frame)
        if part.wires:
            self._wires = max(self._wires, *[number + 1 for number in part.wires])
        angles = tuple([angle(argument, frame) for argument in node.arguments])
        places = tuple(dict.fromkeys(element for given in angles if given.terms for element in elements(given)))
        if places:
            self._check_numeric(places, node, frame)
            self._steps.append(Turned(part.ops, angles, places, part.span))
        else:
            self._steps.append(Gates(part.ops(angles), part.span))

    def _check_numeric(self, places: Iterable[Element], node: tree.Application, frame: Frame) -> None:
        for place in places:
            if self.memory.type_of(place) not in ("REAL", "INTEGER"):
                label = f"`{place}` is {self.memory.type_of(place)} memory, and angles are REAL"
                advice = "CONVERT copies between types: `CONVERT x n`"
                raise error(Code.WRONG_TYPE, label, frame.span(node), advice)

    # ---- everything else

    def _resolve(self, node: tree.Instruction, frame: Frame, scope: int) -> None:
        span = frame.span(node)
        match node:
            case tree.Measurement(qubit, result):
                self._measure(qubit, result, frame, span)
            case tree.Reset(qubit):
                self._steps.append(ResetWires(None if qubit is None else self._wire(qubit, frame), span))
            case tree.Fence(qubits):
                self._steps.append(Fenced(tuple(self._wire(qubit, frame) for qubit in qubits), span))
            case tree.Label(place):
                self._label((scope, place.text), place, frame)
            case tree.Jump(place):
                self._steps.append(Jumped((scope, place.text), frame.span(place)))
            case tree.Branch(wanted, place, condition):
                self._steps.append(self._branch((scope, place.text), wanted, condition, frame, frame.span(place)))
            case tree.Computation() | tree.Load() | tree.Store():
                self._steps.append(classical(node, frame, self.memory))
            case tree.Plain(word):
                self._plain(word, span)
            case tree.Pragma(words):
                self._pragma(words, span)
            case tree.Beyond(word):
                advice = _BEYOND.get(word, "leave it out: pulses have no counterpart among gates")
                raise error(Code.OUT_OF_REACH, f"`{word}` has no counterpart", span, advice)
            case tree.Application():
                raise AssertionError("applications are resolved apart")
            case _:
                assert_never(node)

    def _wire(self, node: tree.Reference, frame: Frame) -> int:
        number = wire(node, frame)
        self._wires = max(self._wires, number + 1)
        return number

    def _measure(self, qubit: tree.Reference, result: tree.Reference | None, frame: Frame, span: Span) -> None:
        number = self._wire(qubit, frame)
        place = None if result is None else self.memory.locate(result, frame)
        if place is not None and result is not None and self.memory.type_of(place) not in ("BIT", "INTEGER"):
            label = f"this is {self.memory.type_of(place)} memory, and a result is a BIT"
            raise error(Code.WRONG_TYPE, label, frame.span(result), "declare `ro BIT`, and measure into `ro`")
        self._steps.append(Measured(number, place, span))

    def _branch(
        self, label: tuple[int, str], wanted: bool, condition: tree.Reference, frame: Frame, span: Span
    ) -> Branched:
        place = self.memory.locate(condition, frame)
        if self.memory.type_of(place) != "BIT":
            told = f"this is {self.memory.type_of(place)} memory, and a condition is a BIT"
            raise error(Code.WRONG_TYPE, told, frame.span(condition), "compare it first: `GT b x 0`")
        return Branched(label, place, wanted, span)

    def _label(self, label: tuple[int, str], place: tree.Name, frame: Frame) -> None:
        known = self._labels.get(label)
        if known is not None:
            notes = [Note("it stands here first", self._steps[known].span)]
            told = f"there is a label `@{place.text}` already"
            raise error(Code.DUPLICATE_NAME, told, frame.span(place), "choose another name", notes)
        self._labels[label] = len(self._steps)
        self._steps.append(Labelled(frame.span(place)))

    def _plain(self, word: str, span: Span) -> None:
        if word == "HALT":
            self._steps.append(Halted(span))
        elif word == "WAIT":
            advice = "leave it out: a program here runs without stopping"
            self._drop("`WAIT` has no counterpart", span, advice)

    def _pragma(self, words: tuple[str, ...], span: Span) -> None:
        if words[0] in _NOISE:
            advice = "leave it out to read the program without noise"
            raise error(Code.OUT_OF_REACH, f"`{words[0]}` changes what gates and measurements do", span, advice)
        advice = "leave it out: what it asks of a compiler or machine is not passed on"
        self._drop(f"`PRAGMA {words[0]}` has no counterpart", span, advice)

    def _drop(self, label: str, span: Span, advice: str) -> None:
        """Say it once for each place, too."""
        key = Code.DROPPED, span.source.name, span.start
        if key not in self._reported:
            self._reported.add(key)
            warn(Code.DROPPED, label, span, advice)

    def _check_labels(self) -> None:
        """A label that the circuit's own body does not have is the program's."""
        for number, step in enumerate(self._steps):
            if isinstance(step, Jumped | Branched) and step.label not in self._labels:
                name = step.label[1]
                if (0, name) in self._labels:
                    self._steps[number] = replace(step, label=(0, name))
                    continue
                scope = step.label[0]
                known = [text for where, text in self._labels if where in (0, scope)]
                advice = did_you_mean(name, known).replace("`", "`@", 1) or f"write `LABEL @{name}` where it goes on"
                found = error(Code.UNKNOWN_NAME, f"there is no label `@{name}` here", step.span, advice)
                self._note(found.diagnostics, ())
