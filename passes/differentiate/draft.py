"""A derivative in the making: templates, their outputs and rows, each there once; and the rules for products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count as count_up
from itertools import islice

from qcompile.angle import Angle, Element
from qcompile.ir import (
    Component,
    Output,
    Parameter,
    Program,
    Row,
    Shifted,
    Template,
)
from qcompile.passes.differentiate.readings import compacted
from qcompile.passes.names import fresh_name
from qcompile.passes.rewrite import wires_of

Settings = tuple[tuple[Element, Angle], ...]
_Print = tuple[tuple[int, ...], ...]


class Draft:
    """Templates that are equal but for their outputs are one; so are equal outputs of one, and equal rows."""

    def __init__(self, module: Shifted) -> None:
        self.rows: list[Row] = list(module.rows)
        self._programs = [template.program for template in module.templates]
        self._names = [template.name for template in module.templates]
        self._outputs = [list(program.outputs) for program in self._programs]
        self._alike: dict[_Print, list[int]] = {}
        for k, program in enumerate(self._programs):
            self._alike.setdefault(_print(program), []).append(k)
        self._places: list[dict[Output, int]] = [{} for _ in self._outputs]
        for places, outputs in zip(self._places, self._outputs, strict=True):
            for k, output in enumerate(outputs):
                places.setdefault(output, k)
        self._rows = {row: k for k, row in enumerate(self.rows)}

    def template(self, program: Program) -> int:
        """The template that runs this program, whatever it returns."""
        bare, known = replace(program, outputs=()), self._alike.setdefault(_print(program), [])
        for k in known:
            if replace(self._programs[k], outputs=()) == bare:
                return k
        known.append(len(self._programs))
        self._programs.append(bare)
        self._outputs.append([])
        self._places.append({})
        return known[-1]

    def output(self, template: int, output: Output) -> int:
        places = self._places[template]
        if output not in places:
            places[output] = len(self._outputs[template])
            self._outputs[template].append(output)
        return places[output]

    def row(self, template: int, settings: Mapping[Element, Angle]) -> int:
        kept = tuple(sorted(((s, v) for s, v in settings.items() if not v.is_zero), key=slot_key))
        row = Row(template, kept)
        if row not in self._rows:
            self._rows[row] = len(self.rows)
            self.rows.append(row)
        return self._rows[row]

    def finished(self, module: Shifted, components: Sequence[Component]) -> Shifted:
        """The module with these components, without rows that nothing reads and templates made that have none."""
        whole = compacted(replace(module, rows=tuple(self.rows), components=tuple(components)))
        kept = sorted({*range(len(module.templates)), *(row.template for row in whole.rows)})
        places = {old: new for new, old in enumerate(kept)}
        rows = tuple(replace(row, template=places[row.template]) for row in whole.rows)
        programs = _alike([replace(self._programs[k], outputs=tuple(self._outputs[k])) for k in kept])
        templates = tuple(map(Template, _names(self._names, len(kept)), programs))
        return replace(whole, templates=templates, rows=rows)


def with_slots(program: Program, count: int) -> tuple[Program, list[Element]]:
    """The program with this many slots more, which nothing uses yet."""
    known = next((p for p in program.parameters if p.role == "slot" and p.size), None)  # one alone has no room
    name, start = (known.name, len(known.elements())) if known else (fresh_name("s", program), 0)
    others = tuple(p for p in program.parameters if p is not known)
    made = replace(program, parameters=(*others, Parameter(name, start + count, "slot")))
    return made, [Element(name, start + k) for k in range(count)]


def _print(program: Program) -> _Print:
    """Equal for equal programs, and found sooner than a hash of all that they are."""
    return tuple(wires_of(statement) for statement in program.body)


def _alike(programs: Sequence[Program]) -> list[Program]:
    """Slots of one name declared in one size, as all that templates share is declared alike."""
    sizes: dict[str, int] = {}
    for program in programs:
        for p in program.parameters:
            if p.role == "slot" and p.size:
                sizes[p.name] = max(sizes.get(p.name, 0), p.size)
    return [
        replace(program, parameters=tuple(
            replace(p, size=sizes[p.name]) if p.role == "slot" and p.size else p for p in program.parameters
        ))
        for program in programs
    ]  # fmt: skip


def _names(known: Sequence[str], count: int) -> list[str]:
    """The names that there are, and more like them."""
    fresh = (name for number in count_up(len(known)) if (name := f"t{number}") not in known)
    return [*known, *islice(fresh, count - len(known))]


def slot_key(setting: tuple[Element, Angle]) -> tuple[str, int]:
    """By which the settings of a row are in order."""
    slot = setting[0]
    return slot.name, -1 if slot.index is None else slot.index
