"""Runs a script without knowing results: memory holds tables over measured bits, and what it would do is added.

BIT, OCTET and INTEGER memory begins at 0. REAL memory is a parameter until it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from qcompile.angle import Angle, Element, elements, substitute
from qcompile.angle import number as real
from qcompile.diagnostics import Code, Span, error, warn
from qcompile.grammar.assembly import Assembly
from qcompile.grammar.classical import Memory as Results
from qcompile.grammar.classical import Table, TooWideError, choose, combine, constant, outcome
from qcompile.grammar.quil.arithmetic import Unknown, Value
from qcompile.grammar.quil.memory import Memory
from qcompile.grammar.quil.steps import (
    Computed,
    Exchanged,
    Fenced,
    Gates,
    Loaded,
    Measured,
    ResetWires,
    Script,
    Step,
    Stored,
    Turned,
)
from qcompile.ir import If, Measure, Op, Program, Samples

_YES, _NO = constant(True), constant(False)
_WIDE = "this rests on too many measured bits at once"


class Machine:
    """Carries out steps that are not jumps."""

    def __init__(self, script: Script, memory: Memory, assembly: Assembly) -> None:
        self.script = script
        self.memory = memory
        self.assembly = assembly
        self.version = 0  # of memory: a step that changes it makes a new one
        self._numbers: dict[Element, int] = {}  # k for what a place holds, ~k for whether its own cell holds the same
        self._cells: dict[Element, int] = {}
        self._owners: dict[int, int] = {}  # the number of the place that a cell belongs to
        self._measured: set[Element] = set()
        self._read: set[Element] = set()
        self._written: dict[Element, Span] = {}
        self._parameters: set[str] = set()
        self._unknown: dict[Unknown, None] = {}
        self._discarded: int | None = None
        self._declare()

    def execute(self, step: Step) -> None:
        """Raises OUT_OF_REACH, TOO_LARGE, BAD_NUMBER, and what the gate applied raises."""
        match step:
            case Gates(ops):
                for op in ops:
                    self.assembly.add(op)
            case Turned():
                self._turn(step)
            case Measured(wire, place, span):
                self._measure(wire, place, span)
            case Computed(target, function, operands, span):
                self._write(target, self._combined(function, span, *map(self._operand, operands)), span)
            case Exchanged(left, right, span):
                first, second = self.read(left), self.read(right)
                self._write(left, second, span)
                self._write(right, first, span)
            case Loaded():
                self._load(step)
            case Stored():
                self._store(step)
            case ResetWires(wire, span):
                self.assembly.reset(range(self.script.wires) if wire is None else (wire,), span)
            case Fenced(wires, span):
                self.assembly.barrier(wires or range(self.script.wires), span)
            case _:
                raise AssertionError(f"{step} is a jump")

    def read(self, place: Element) -> Table:
        """What the place holds."""
        self._read.add(place)
        return self.assembly.memory.held[self._numbers[place]]

    def condition(self, place: Element, wanted: bool, span: Span) -> Table:
        """Where the place holds what is wanted; raises what is unknown of it."""
        table = self.read(place)
        self._known(table, span, "it decides a jump")
        return combine(lambda value: bool(value) == wanted, table)

    def branch(self, condition: Table, held: Callable[[], None], missed: Callable[[], None], span: Span) -> None:
        """What `held` and `missed` add, each where the condition does and does not hold.

        Raises:
            CompileError: what `Assembly.branch` and the two raise.
        """
        ends = list[Results]()

        def side(run: Callable[[], None]) -> None:
            run()
            ends.append(self.assembly.memory)
            if len(ends) == 2:
                self._meet(*ends)

        self.assembly.branch(condition, lambda: side(held), lambda: side(missed), span)

    def finished(self) -> Program:
        """The program, with what it returns.

        Warns:
            CompileWarning: DROPPED, of results that are computed and not returned.
        """
        program = self.assembly.finished()
        parameters = tuple(p for p in program.parameters if p.name in self._parameters)
        outputs = (Samples((), cells),) if (cells := self._results()) else ()
        for unknown in self._unknown:
            warn(Code.DROPPED, f"{unknown.label}, and nothing uses it", unknown.span, unknown.help)
        return replace(program, parameters=parameters, outputs=outputs)

    # ---- memory

    def _declare(self) -> None:
        """Registers for bits, parameters for reals, and what every place that is used holds at first."""
        homes = [region for region in self.memory.regions.values() if region.home == region.name]
        used = self._places()
        for region in homes:
            size = region.length if region.sized else None
            if region.type == "BIT":
                cells = self.assembly.bits(region.name, size, region.span)
                self._cells |= {Element(region.name, index): cell for index, cell in enumerate(cells)}
            elif region.type == "REAL" and region.name in used:
                angles = self.assembly.parameter(region.name, size, "param", region.span)
                for index in used[region.name]:
                    self._hold(Element(region.name, index), angles[index])
                continue
            for index in used.get(region.name, ()):
                self._hold(Element(region.name, index), 0)

    def _meet(self, first: Results, second: Results) -> None:
        """What is in its own cell after either way is told by the cell, which holds 0 until it is measured into."""
        for cell in first.measured | second.measured:
            number = self._owners.get(cell)
            if number is not None and first.held[~number] == second.held[~number] == _YES:
                first.held[number] = second.held[number] = outcome(cell)

    def _places(self) -> dict[str, dict[int, None]]:
        """The entries that steps name, by home."""
        found: dict[str, dict[int, None]] = {}
        for step in self.script.steps:
            for place in _named(step):
                found.setdefault(place.name, {})[place.index or 0] = None
        return found

    def _hold(self, place: Element, value: Value) -> None:
        number = self._numbers[place] = len(self._numbers)
        self.assembly.memory.held[number] = constant(value)
        self.assembly.memory.held[~number] = _YES

    def _write(self, place: Element, table: Table, span: Span) -> None:
        self.version += 1
        self._written[place] = span
        held, number = self.assembly.memory.held, self._numbers[place]
        if held[number] != table:
            held[number] = table
            held[~number] = _NO

    def _operand(self, operand: Element | tuple[Any]) -> Table:
        return self.read(operand) if isinstance(operand, Element) else constant(operand[0])

    def _combined(self, function: Any, span: Span, *tables: Table) -> Table:
        try:
            made = combine(function, *tables)
        except TooWideError:
            made = constant(Unknown(Code.OUT_OF_REACH, _WIDE, span, "use fewer results in one value"))
        for entry in made.entries:
            if isinstance(entry, Unknown):
                self._unknown[entry] = None
        return made

    def _known(self, table: Table, use: Span, what: str) -> None:
        for entry in table.entries:
            if isinstance(entry, Unknown):
                raise entry.raised(use, what)

    def _load(self, step: Loaded) -> None:
        offset = self.read(step.offset)
        tables = [self.read(step.region[k]) for k in self._indices(offset, step.region, step.span)]
        at = {index: number for number, index in enumerate(dict.fromkeys(offset.entries))}

        def loaded(index: int, *values: Value) -> Value:
            return values[at[index]]

        made = self._combined(loaded, step.span, offset, *tables)
        self._write(step.target, made, step.span)

    def _store(self, step: Stored) -> None:
        offset, value = self.read(step.offset), self._operand(step.value)
        for index in self._indices(offset, step.region, step.span):
            place = step.region[index]
            here = combine(lambda found, wanted=index: found == wanted, offset)
            try:
                self._write(place, choose(here, value, self.assembly.memory.held[self._numbers[place]]), step.span)
            except TooWideError:
                advice = "use fewer results in one value"
                self._write(place, constant(Unknown(Code.OUT_OF_REACH, _WIDE, step.span, advice)), step.span)

    def _indices(self, offset: Table, region: Sequence[Element], span: Span) -> list[int]:
        self._known(offset, span, "it is an offset")
        found = list(dict.fromkeys(offset.entries))
        for index in found:
            if not 0 <= index < len(region):
                label = f"the offset is {index} here, and the region has {len(region)} entries"
                raise error(Code.INDEX_RANGE, label, span, f"offsets run from 0 to {len(region) - 1}")
        return found

    # ---- wires

    def _turn(self, step: Turned) -> None:
        tables = [self.read(place) for place in step.places]
        for table in tables:
            self._known(table, step.span, "it is an angle")
        if all(table.is_constant for table in tables):
            for op in self._ops(step, [table.constant for table in tables]):
                self.assembly.add(op)
            return
        try:
            joint = combine(lambda *values: values, *tables)
        except TooWideError:
            raise error(Code.OUT_OF_REACH, _WIDE, step.span, "use fewer results in one angle") from None
        made = [self._ops(step, values) for values in joint.entries]
        if all(len(ops) == 1 and not (ops[0].controls or ops[0].inverse) for ops in made):
            self._turn_on_results(step, joint, [ops[0] for ops in made])
        else:
            for place, ops in enumerate(made):
                where = ((cell, bool(place >> k & 1)) for k, cell in enumerate(joint.support))
                self.assembly.spend(len(ops), step.span)
                self.assembly.add(If(tuple(where), ops, (), step.span))

    def _turn_on_results(self, step: Turned, joint: Table, ops: list[Op]) -> None:
        first = ops[0]
        tables = [Table(joint.support, tuple(op.angles[k] for op in ops)) for k in range(len(first.angles))]
        self.assembly.apply_dynamic(first.gate, first.wires, tables, step.span)

    def _ops(self, step: Turned, values: Sequence[int | Angle]) -> tuple[Op, ...]:
        """The ops where memory holds these values."""
        known = {
            place: value if isinstance(value, Angle) else real(float(value))
            for place, value in zip(step.places, values, strict=True)
        }
        for value in known.values():
            self._parameters.update(element.name for element in elements(value))
        advice = "angles are finite numbers"
        try:
            angles = [substitute(angle, known) for angle in step.angles]
        except ZeroDivisionError:
            raise error(Code.BAD_NUMBER, "an angle divides by zero here", step.span, advice) from None
        except (ArithmeticError, ValueError):
            raise error(Code.BAD_NUMBER, "an angle has no finite value here", step.span, advice) from None
        return step.make(angles)

    def _measure(self, wire: int, place: Element | None, span: Span) -> None:
        self.version += 1
        if place is None:
            if self._discarded is None:
                (self._discarded,) = self.assembly.bits("discarded", None, span)
            self.assembly.add(Measure("z", wire, (self._discarded,), span=span))
            return
        home = self._cells.get(place)
        if home is None:  # an INTEGER that holds a result
            home = self._cells[place] = self.assembly.bits(f"{place.name}_{place.index}", None, span)[0]
        self._measured.add(place)
        self._owners[home] = self._numbers[place]
        self._written[place] = span
        held, number = self.assembly.memory.held, self._numbers[place]
        self.assembly.measure(number, home, wire, span)
        held[~number] = _YES if held[number].support == (home,) else _NO

    # ---- results

    def _results(self) -> tuple[int, ...]:
        """The cells of measured places in the order of declaration; warns of what is computed and lost."""
        held, listed, lost = self.assembly.memory.held, dict[int, None](), list[Element]()
        for name in self.memory.regions:
            places = sorted((p for p in self._written if p.name == name), key=lambda place: place.index or 0)
            for place in places:
                number = self._numbers[place]
                cell = self._cell(place, held[number], held[~number])
                if cell is not None and cell not in listed:
                    listed[cell] = None
                elif place in self._measured or place not in self._read:
                    lost.append(place)
        for place in lost:
            label = f"what `{place}` holds at the end is computed, and not returned"
            advice = "measured bits are returned as they are; compute with them outside of the program"
            warn(Code.DROPPED, label, self._written[place], advice)
        return tuple(listed)

    def _cell(self, place: Element, table: Table, kept: Table) -> int | None:
        """The cell that holds what the place holds."""
        if place in self._measured and kept == _YES:
            return self._cells[place]
        if len(table.support) == 1 and table.entries == (0, 1):
            return table.support[0]
        return None


def _named(step: Step) -> Sequence[Element]:
    """The places that a step reads or writes."""
    match step:
        case Turned(places=places):
            return places
        case Computed(target, _, operands):
            return (target, *(operand for operand in operands if isinstance(operand, Element)))
        case Exchanged(left, right):
            return left, right
        case Loaded(target, region, offset):
            return (target, offset, *region)
        case Stored(region, offset, value):
            return (offset, *region, *((value,) if isinstance(value, Element) else ()))
        case Measured(_, place):
            return () if place is None else (place,)
        case _:
            found = getattr(step, "place", None)
            return () if found is None else (found,)
