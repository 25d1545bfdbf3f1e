"""What a program under construction has declared, and the checks of everything that names it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qcompile.angle import Angle, Element, elements, parameter
from qcompile.builder.expression import Expression, Number, to_angle
from qcompile.builder.places import Cell, Places, Wire
from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.gates import NAMES, Gate, Kind, levelled
from qcompile.grammar.checks import MAX_WIRES
from qcompile.grammar.scope import CALLABLE, CONSTANTS
from qcompile.grammar.syntax import keywords
from qcompile.ir import Definition, Observable, Op, Parameter, Register
from qcompile.ir.program import CellKind, Role

_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")


class Declarations:
    """Registers, parameters, gates and named observables, in order."""

    def __init__(self, definitions: Sequence[Definition] = ()) -> None:
        self.registers: list[Register] = []
        self.parameters: list[Parameter] = []
        self.definitions: list[Definition] = [*definitions]
        self.observables: dict[str, Observable] = {}
        self.wires: list[Wire] = []
        self.cells: list[Cell] = []
        self.kinds: list[Kind] = []
        self.elements: set[Element] = set()

    def claim(self, name: str) -> None:
        """Raises RESERVED_NAME, DUPLICATE_NAME."""
        _check_name(name)
        taken = [register.name for register in self.registers] + [parameter.name for parameter in self.parameters]
        if name in taken or name in self.observables:
            raise error(Code.DUPLICATE_NAME, f"`{name}` is declared already", help="choose another name")

    def claim_gate(self, name: str) -> None:
        """Gates have names of their own. Raises RESERVED_NAME, DUPLICATE_NAME."""
        _check_name(name)
        if name in NAMES or name in self.gates():
            raise error(Code.DUPLICATE_NAME, f"`{name}` is a gate already", help="choose another name")

    def define(self, gate: Gate, body: Sequence[Op] = ()) -> None:
        """Add a gate of a name that is free; raises what `claim_gate` raises, INDEX_RANGE."""
        self.claim_gate(gate.name)
        for name in gate.parameters:
            _check_name(name)
        if len(set(gate.parameters)) != len(gate.parameters):
            raise error(Code.DUPLICATE_NAME, f"two parameters of `{gate.name}` have one name")
        if not gate.wires:
            raise error(Code.INDEX_RANGE, f"`{gate.name}` has no wires", help="a gate acts on one wire or more")
        self.definitions.append(Definition(gate, tuple(body)))

    def gates(self) -> dict[str, Gate]:
        return {definition.gate.name: definition.gate for definition in self.definitions}

    def add_wires(self, name: str, kind: Kind, size: int | None) -> Places[Wire]:
        entries = self._entries(name, size, len(self.wires))
        made = tuple(Wire(len(self.wires) + index, entry, kind) for index, entry in enumerate(entries))
        self.registers.append(Register(name, kind, size))
        self.wires += made
        self.kinds.extend(wire.kind for wire in made)
        return Places(name, made)

    def add_cells(self, name: str, kind: CellKind, size: int | None) -> Places[Cell]:
        entries = self._entries(name, size, len(self.cells))
        made = tuple(Cell(len(self.cells) + index, entry, kind) for index, entry in enumerate(entries))
        self.registers.append(Register(name, kind, size))
        self.cells += made
        return Places(name, made)

    def add_parameter(self, name: str, role: Role, size: int | None) -> Expression | Places[Expression]:
        entries = self._entries(name, size, 0)
        self.parameters.append(Parameter(name, size, role))
        self.elements.update(self.parameters[-1].elements())
        if size is None:
            return Expression(parameter(name))
        return Places(name, tuple(Expression(parameter(name, index)) for index in range(len(entries))))

    def gate(self, name: str) -> Gate:
        """Raises UNKNOWN_GATE."""
        gate = NAMES.get(name) or self.gates().get(name) or levelled(name)
        if gate is None:
            hint = did_you_mean(name, (*NAMES, *self.gates())) or "`qcompile gates` lists the gates"
            raise error(Code.UNKNOWN_GATE, f"no gate is called `{name}`", help=hint)
        return gate

    def wire(self, wire: object) -> int:
        """The wire's number, if it is one of this program's; raises WRONG_KIND."""
        if isinstance(wire, Wire) and wire.number < len(self.wires) and self.wires[wire.number] is wire:
            return wire.number
        raise error(Code.WRONG_KIND, f"{_shown(wire)} is no wire of this program", help="angles first, then wires")

    def cell(self, cell: object) -> int:
        """The cell's number, if it is one of this program's; raises WRONG_KIND."""
        if isinstance(cell, Cell) and cell.number < len(self.cells) and self.cells[cell.number] is cell:
            return cell.number
        raise error(Code.WRONG_KIND, f"{_shown(cell)} is no bit, integer or real of this program")

    def angle(self, value: Number) -> Angle:
        """Raises BAD_NUMBER, UNKNOWN_NAME."""
        angle = to_angle(value)
        for element in elements(angle):
            if element not in self.elements:
                raise error(Code.UNKNOWN_NAME, f"`{element}` is no parameter of this program")
        return angle

    def _entries(self, name: str, size: int | None, known: int) -> list[str]:
        """The name of each entry; raises what `claim` raises, INDEX_RANGE, TOO_LARGE."""
        self.claim(name)
        if size is not None and size < 1:
            raise error(Code.INDEX_RANGE, f"`{name}` has size {size}", help="sizes are at least one")
        if known + (size or 1) > MAX_WIRES:
            raise error(Code.TOO_LARGE, f"`{name}` has size {size}", help=f"a program has at most {MAX_WIRES} of each")
        return [name] if size is None else [f"{name}[{index}]" for index in range(size)]


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name in CONSTANTS or name in CALLABLE or name in keywords():
        hint = "a name is letters, digits and _, and no keyword, constant or function"
        raise error(Code.RESERVED_NAME, f"`{name}` cannot be a name", help=hint)


def _shown(place: object) -> str:
    return f"`{place.name}`" if isinstance(place, Wire | Cell | Places) else repr(place)
