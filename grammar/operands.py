"""Operands to the wires and cells that they name."""

from __future__ import annotations

from typing import NamedTuple

from qcompile.diagnostics import Code, error
from qcompile.grammar import tree
from qcompile.grammar.entities import Place, describe
from qcompile.grammar.expressions import position, sliced
from qcompile.grammar.scope import Scope, declared_at


class Wires(NamedTuple):
    """The wires or cells an operand names; a single one goes with operands of any size."""

    numbers: tuple[int, ...]
    is_single: bool


def wires(operand: tree.Operand, scope: Scope) -> Wires:
    """The quantum wires that the operand names."""
    return _numbers(operand, scope, quantum=True)


def cells(operand: tree.Operand, scope: Scope) -> Wires:
    """The classical cells that the operand names."""
    return _numbers(operand, scope, quantum=False)


def is_cells(operand: tree.Expression, scope: Scope) -> bool:
    """Does it name cells?"""
    if not isinstance(operand, tree.Name | tree.Item):
        return False
    name = operand.name if isinstance(operand, tree.Item) else operand
    entity = scope.find(name.text)
    return isinstance(entity, Place) and not entity.is_quantum


def place(operand: tree.Operand, scope: Scope) -> Place:
    """What the operand names, wires or cells."""
    name = operand.name if isinstance(operand, tree.Item) else operand
    entity = scope.lookup(name)
    if not isinstance(entity, Place):
        label = f"`{name.text}` is {describe(entity)}"
        notes = declared_at(scope.places.get(name.text))
        raise error(Code.WRONG_KIND, label, scope.span(operand), "name wires or bits, as in `q[0:2]`", notes)
    found = _numbers(operand, scope, entity.is_quantum)
    return Place(entity.kind, found.numbers, found.is_single)


def alias(node: tree.Alias, scope: Scope) -> Place:
    """The wires, or cells, of one kind that a `let` puts side by side."""
    places = [place(operand, scope) for operand in node.operands]
    numbers: list[int] = []
    for operand, found in zip(node.operands, places, strict=True):
        if found.kind != places[0].kind:
            label = f"this is {describe(found)}, and the first {describe(places[0])}"
            notes = declared_at(scope.span(node.operands[0]), "the first stands here")
            raise error(Code.WRONG_KIND, label, scope.span(operand), "an alias has wires of one kind", notes)
        if not set(numbers).isdisjoint(found.numbers):
            raise error(Code.REPEATED_WIRE, "this is listed already", scope.span(operand), "list each wire once")
        numbers += found.numbers
    return Place(places[0].kind, tuple(numbers), len(places) == 1 and places[0].is_single)


def _numbers(operand: tree.Operand, scope: Scope, quantum: bool) -> Wires:
    name = operand.name if isinstance(operand, tree.Item) else operand
    found = scope.lookup(name)
    if not isinstance(found, Place) or found.is_quantum != quantum:
        needed = "wires: a qubit or qumode register" if quantum else "bits, ints or reals"
        label = f"`{name.text}` is {describe(found)}"
        is_wire = isinstance(found, Place) and found.is_quantum
        advice = "measure first: `c[0] = measure q[0];`" if is_wire else f"name {needed}"
        notes = declared_at(scope.places.get(name.text))
        raise error(Code.WRONG_KIND, label, scope.span(operand), advice, notes)
    numbers = found.numbers
    if isinstance(operand, tree.Name):
        return Wires(tuple(numbers), len(numbers) == 1)
    if found.is_single:
        label = f"`{name.text}` is {describe(found)}, without entries"
        raise error(Code.INDEX_RANGE, label, scope.span(operand), f"write `{name.text}`")
    if not isinstance(operand.place, tree.Range):
        return Wires((numbers[position(operand.place, len(numbers), scope, f"`{name.text}`")],), True)
    chosen = sliced(operand.place, len(numbers), scope, f"`{name.text}`")
    return Wires(tuple([numbers[number] for number in chosen]), False)
