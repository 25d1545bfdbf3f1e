"""Straight-line texts, a line at a time: declarations, standard gates on numbered qubits, and measurements.

Whatever else a line holds, and whatever is wrong in one, is left to the grammar: both ways give the same script.
"""

from __future__ import annotations

import math
import re

from qcompile.angle import Angle, Element, elements, number
from qcompile.diagnostics import CompileError, Source, Span
from qcompile.grammar.dialect import check_text, parse_tree
from qcompile.grammar.quil import tree
from qcompile.grammar.quil.applications import WHOLE, Applied, Signature, plain
from qcompile.grammar.quil.memory import Memory
from qcompile.grammar.quil.standard import GATES
from qcompile.grammar.quil.steps import Gates, Measured, Script, Step, Turned
from qcompile.grammar.quil.syntax import DIALECT
from qcompile.grammar.quil.values import Frame, angle
from qcompile.ir import Op

_END = r"[ \t\r]*(?:#.*)?"
_GATE = re.compile(rf"[ \t]*([A-Z][A-Z0-9]*)(?:\(([^()#;\"]*)\))?((?:[ \t]+[0-9]{{1,5}})+){_END}")
_BLANK = re.compile(_END)
_NAME = r"([A-Za-z_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)"
_DECLARE = re.compile(rf"[ \t]*DECLARE[ \t]+{_NAME}[ \t]+([A-Z]+)(?:\[([0-9]+)\])?{_END}")
_MEASURE = re.compile(rf"[ \t]*MEASURE[ \t]+([0-9]{{1,5}})[ \t]+{_NAME}(?:\[([0-9]+)\])?{_END}")
_NUMBER = re.compile(r"(-?)((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_REFERENCE = re.compile(rf"{_NAME}\[([0-9]+)\]")


def straight(source: Source, memory: Memory) -> Script | None:
    """The script of a straight-line text, or None for any other.

    Raises:
        CompileError: NOT_TEXT, TOO_DEEP, TOO_LARGE.
    """
    check_text(source, DIALECT)
    reader = _Reader(source, memory)
    try:
        is_read = reader.read()
    except CompileError:
        return None
    return Script(tuple(reader.steps), {}, reader.wires) if is_read else None


class _Reader:
    def __init__(self, source: Source, memory: Memory) -> None:
        self.source = source
        self.steps: list[Step] = []
        self.wires = 0
        self._memory = memory
        self._frame = Frame(source, memory.locate)
        self._ops: list[Op] = []
        self._angles: dict[str, tuple[Angle, tuple[Element, ...]]] = {}
        self._signatures: dict[str, Signature] = {}

    def read(self) -> bool:
        """Is every line one of those known here?"""
        start = 0
        for line in self.source.text.split("\n"):
            found = _GATE.fullmatch(line)
            if found is not None:
                if not self._gate(found, start):
                    return False
            elif _BLANK.fullmatch(line) is None and not self._other(line, start):
                return False
            start += len(line) + 1
        self._close()
        return True

    def _gate(self, found: re.Match[str], start: int) -> bool:
        name, arguments, targets = found.groups()
        gate = GATES.get(name)
        wires = tuple([int(target) for target in targets.split()])
        given = [] if arguments is None else [self._angle(text) for text in arguments.split(",")]
        if gate is None or len(wires) != len(gate.wires) or len(given) != len(gate.parameters):
            return False
        if len(wires) > 1 and len(set(wires)) != len(wires):
            return False
        self._widen(max(wires) + 1)
        span = Span(self.source, start + found.start(1), start + found.end(3))
        angles = tuple([value for value, _ in given])
        places = [place for _, named in given for place in named]
        if not places:
            self._ops.append(Op(gate, wires, angles, (), False, span))
            return True
        self._close()
        signature = self._signatures.get(name) or self._signatures.setdefault(name, plain(gate, name))
        part = Applied(signature, wires, WHOLE, False, span)
        self.steps.append(Turned(part.ops, angles, tuple(dict.fromkeys(places)), span))
        return True

    def _other(self, line: str, start: int) -> bool:
        declared = _DECLARE.fullmatch(line)
        if declared is not None:
            name, kind, length = (_named(declared, group, start) for group in (1, 2, 3))
            end = start + len(line)
            if name is None or kind is None or self._ops or self.steps:
                return False
            self._memory.declare(tree.Declaration(name, kind, length, None, (), start, end), self._frame)
            return True
        measured = _MEASURE.fullmatch(line)
        if measured is None:
            return False
        entry: str | None = measured[3]
        place = self._memory.locate(tree.Reference(measured[2], entry, start, start + len(line)), self._frame)
        if self._memory.type_of(place) != "BIT":
            return False
        self._close()
        wire = int(measured[1])
        self._widen(wire + 1)
        first, last = start + len(line) - len(line.lstrip()), start + measured.end(3 if entry else 2) + bool(entry)
        self.steps.append(Measured(wire, place, Span(self.source, first, last)))
        return True

    def _widen(self, wires: int) -> None:
        if wires > self.wires:
            self.wires = wires

    def _angle(self, text: str) -> tuple[Angle, tuple[Element, ...]]:
        """The angle and the places that it names; raises what `angle` raises."""
        plain_number = _NUMBER.fullmatch(text.strip(" \t"))
        if plain_number is not None:
            value = number(float(plain_number[2]))
            if not math.isfinite(value.constant.plain):
                raise CompileError(())
            return (-value if plain_number[1] else value), ()
        known = self._angles.get(text)
        if known is None:
            value = self._expression(text)
            places = tuple(elements(value)) if value.terms else ()
            if any(self._memory.type_of(place) not in ("REAL", "INTEGER") for place in places):
                raise CompileError(())
            known = self._angles[text] = value, places
        return known

    def _expression(self, text: str) -> Angle:
        reference = _REFERENCE.fullmatch(text.strip(" \t"))
        if reference is not None:
            return angle(tree.Reference(reference[1], reference[2], 0, 0), self._frame)
        node: tree.Expression = parse_tree(Source(self.source.name, text), DIALECT, "expression")
        return angle(node, self._frame)

    def _close(self) -> None:
        """End the run of gates that no memory turns."""
        if self._ops:
            span = self._ops[0].span
            if span is None:
                raise AssertionError("a gate that is read stands somewhere")
            self.steps.append(Gates(tuple(self._ops), span))
            self._ops = []


def _named(found: re.Match[str], group: int, start: int) -> tree.Name | None:
    text = found[group]
    return None if text is None else tree.Name(text, start + found.start(group), start + found.end(group))
