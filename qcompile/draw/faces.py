"""How each statement looks: a box with its name and angles, or the symbols that stand for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias, assert_never

from qcompile.angle import Element, parameter
from qcompile.draw.labels import (
    MAX_CONDITION,
    MAX_DETAIL,
    MAX_NAME,
    angle_text,
    condition_text,
    element_text,
    names_of,
    shortened,
    slots_of,
)
from qcompile.draw.picture import Face, Shape, Symbol
from qcompile.gates import TABLE, WIRE_NAMES, Gate
from qcompile.grammar import decompose
from qcompile.ir import Barrier, Gradient, Measure, Op, Postselect, Program, Reset
from qcompile.operator import Operator, multiply, operator

Placeable: TypeAlias = Op | Measure | Reset | Barrier | Postselect | Gradient
_SYMBOLS: dict[str, Symbol] = {"x": "not", "z": "on", "swap": "swap"}  # drawn without a box where there is a control
_DETECTIONS = {"fock": "n", "heterodyne": "x,p", "homodyne": "x"}


@dataclass(frozen=True, slots=True)
class Look:
    """Makes the faces of one program's statements. Wire k is lane k + `first`; lane 0 is then for global phases."""

    wires: tuple[str, ...]
    cells: tuple[str, ...]
    program: Program
    definitions: Collection[str]
    slots: Collection[str]
    first: int

    @classmethod
    def of(cls, program: Program, has_phases: bool) -> Look:
        """The look of a program, its parameters of role `slot` being the slots."""
        return cls(
            names_of(program.registers, quantum=True),
            names_of(program.registers, quantum=False),
            program,
            {definition.gate.name for definition in program.definitions},
            {p.name for p in program.parameters if p.role == "slot"},
            int(has_phases),
        )

    def face(self, statement: Placeable, keepers: tuple[int, ...] = ()) -> Face:
        """The statement's face.

        Args:
            keepers: the wires that a post-selection stands on.
        """
        match statement:
            case Op():
                return self._op(statement)
            case Measure():
                return self._measure(statement)
            case Reset():
                title = f"reset {self._names((statement.wire,))}"
                return Face("prepare", "|0⟩", "", title, self._lanes((statement.wire,)))
            case Barrier():
                return Face("barrier", "", "", f"barrier {self._names(statement.wires)}", self._lanes(statement.wires))
            case Postselect():
                kept = condition_text(statement.condition, self.program.registers, self.cells)
                return Face("keep", "keep", shortened(kept, MAX_CONDITION), f"keep {kept}", self._lanes(keepers))
            case Gradient():
                return self._gradient(statement)
            case _:
                assert_never(statement)

    def condition(self, condition: tuple[tuple[int, bool], ...]) -> str:
        return condition_text(condition, self.program.registers, self.cells)

    def _lanes(self, wires: Iterable[int]) -> tuple[int, ...]:
        return tuple(wire + self.first for wire in wires) or (0,)

    def _names(self, wires: Iterable[int]) -> str:
        return ", ".join(self.wires[wire] for wire in wires)

    def _op(self, op: Op) -> Face:
        polarities, gate, order = _controlled_form(op.gate)
        own = tuple(op.targets[k] for k in order)
        targets = own[len(polarities) :]
        controls = zip((*op.wires[: len(op.controls)], *own), (*op.controls, *polarities), strict=False)
        symbols: list[tuple[int, Symbol]] = [(wire + self.first, _control(positive)) for wire, positive in controls]
        detail = shortened(", ".join(angle_text(angle, self.slots) for angle in op.angles), MAX_DETAIL)
        shape, tags = self._shape(gate), slots_of(op.angles, self.slots)
        symbol = _SYMBOLS.get(gate.name) if shape == "gate" else None
        if symbol is not None and (symbols or symbol == "swap"):
            symbols.extend((lane, symbol) for lane in self._lanes(targets))
            return Face(shape, "", detail, self._title(op), (), (), tuple(symbols), tags)
        name = shortened(gate.name + ("†" if op.inverse else ""), MAX_NAME)
        ports = _ports(gate, targets)
        return Face(shape, name, detail, self._title(op), self._lanes(targets), ports, tuple(symbols), tags)

    def _shape(self, gate: Gate) -> Shape:
        if gate.preparation:
            return "prepare"
        if gate.channel:
            return "channel"
        if gate.opaque:
            return "opaque"
        return "definition" if gate.name in self.definitions else "gate"

    def _title(self, op: Op) -> str:
        modifiers = ("inv @ " if op.inverse else "") + "".join("ctrl @ " if c else "negctrl @ " for c in op.controls)
        angles = f"({', '.join(map(str, op.angles))})" if op.angles else ""
        return f"{modifiers}{op.gate.name}{angles} {self._names(op.wires)}".strip()

    def _measure(self, measure: Measure) -> Face:
        cells = ", ".join(self.cells[cell] for cell in measure.cells)
        read = _DETECTIONS.get(measure.detection, "")
        if measure.detection == "homodyne":
            read = f"x({angle_text(measure.angle, self.slots)})"
        detail = shortened(f"{read} → {cells}".strip(), MAX_DETAIL)
        title = f"{cells} = {'measure' if measure.detection in ('z', 'fock') else measure.detection}"
        title += f"({measure.angle})" if measure.detection == "homodyne" else ""
        lanes, tags = self._lanes((measure.wire,)), slots_of((measure.angle,), self.slots)
        return Face("measure", "M", detail, f"{title} {self._names((measure.wire,))}", lanes, tags=tags)

    def _gradient(self, gradient: Gradient) -> Face:
        word = gradient.generator.terms[0][0] if len(gradient.generator.terms) == 1 else ()
        letters = {wire: letter for letter, wire in word}
        ports = tuple(letters.get(wire, "") for wire in gradient.wires) if len(letters) == len(word) else ()
        name = f"∂{element_text(gradient_slot(gradient.slot))}"
        return Face("gradient", name, "", f"gradient g[{gradient.slot}]", self._lanes(gradient.wires), ports)


def _control(positive: bool) -> Symbol:
    return "on" if positive else "off"


def gradient_slot(slot: int) -> Element:
    """The accumulator as an array's entry, so that drawings write it as they write any."""
    return Element("g", slot)


def _ports(gate: Gate, targets: tuple[int, ...]) -> tuple[str, ...]:
    """The letters of a gate's wires, where they do not stand in order and the gate can tell."""
    order = sorted(range(len(targets)), key=targets.__getitem__)
    if order == list(range(len(targets))):
        return ()
    if gate.generator is not None and gate.generator.on(tuple(order)) == gate.generator:
        return ()
    names = WIRE_NAMES if len(targets) <= len(WIRE_NAMES) else tuple(map(str, range(len(targets))))
    return tuple(names[: len(targets)])


@cache
def _controlled_gates() -> dict[Operator, Gate]:
    """Each table gate under one control, by its generator: (1 − Z)/2 ⊗ G generates controlled exp(−iθG)."""
    control = operator((0.5, ""), (-0.5, "Z0"))
    found: dict[Operator, Gate] = {}
    for gate in TABLE.values():
        if gate.generator is not None and gate.wires and set(gate.wires) == {"qubit"}:
            shifted = gate.generator.on(tuple(range(1, len(gate.wires) + 1)))
            found.setdefault(multiply(control, shifted), gate)
    return found


def _controlled_form(gate: Gate) -> tuple[tuple[bool, ...], Gate, tuple[int, ...]]:
    """The gate as polarities of controls, the gate under them, and the order of the wires, controls first."""
    plain = ((), gate, tuple(range(len(gate.wires))))
    if TABLE.get(gate.name) is not gate or len(gate.wires) < 2 or not gate.is_unitary:
        return plain
    return _table_form(gate.name) or plain


@cache
def _table_form(name: str) -> tuple[tuple[bool, ...], Gate, tuple[int, ...]] | None:
    gate = TABLE[name]
    if gate.word:
        angles = tuple(map(parameter, gate.parameters))
        body = decompose(Op(gate, tuple(range(len(gate.wires))), angles))
        if len(body) == 1 and body[0].controls and body[0].angles == angles and not body[0].inverse:
            return body[0].controls, body[0].gate, body[0].wires
    under = _controlled_gates().get(gate.generator) if gate.generator is not None else None
    return None if under is None else ((True,), under, tuple(range(len(gate.wires))))
