"""Slots: what rows shift. Each group of occurrences that is shifted together has one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count as count_up

from qcompile.angle import Angle, Element, parameter
from qcompile.ir import Op, Parameter, Program
from qcompile.passes.differentiate.occurrences import rewritten
from qcompile.passes.differentiate.shift.groups import Group, Member
from qcompile.passes.names import fresh_name


def slotted(program: Program, groups: Iterable[Group]) -> tuple[Program, dict[Group, Element]]:
    """The program with a slot for each group, added ratio-fold to its angles, and which slot that is.

    A slot that shifts just these angles already, by the same ratios, is taken again: then rows of higher orders meet.
    """
    known = next((p for p in program.parameters if p.role == "slot"), None)
    name = known.name if known else fresh_name("s", program)
    count = known.size or 0 if known else 0
    slots = {group: slot for slot, group in _groups_of(program).items()}
    added: dict[tuple[int, int], Angle] = {}
    for group in groups:
        if group in slots:
            continue
        slots[group] = Element(name, count)
        for member in group:
            place = (member.position, member.index)
            added[place] = added.get(place, Angle()) + member.ratio * parameter(name, count)
        count += 1
    if not added:
        return program, slots
    positions = count_up()

    def add(op: Op) -> Iterator[Op]:
        position = next(positions)
        moved = tuple(angle + added.get((position, index), Angle()) for index, angle in enumerate(op.angles))
        yield replace(op, angles=moved) if moved != op.angles else op

    body = rewritten(program.body, add)
    others = tuple(p for p in program.parameters if p is not known)
    return replace(program, parameters=(*others, Parameter(name, count, "slot")), body=body), slots


def _groups_of(program: Program) -> dict[Element, Group]:
    """By slot, the angles that it is added to."""
    slots = {element for p in program.parameters if p.role == "slot" for element in p.elements()}
    found: dict[Element, list[Member]] = {}
    ops = (statement for statement in program.statements() if isinstance(statement, Op))
    for position, op in enumerate(ops):
        for index, angle in enumerate(op.angles):
            for atom, coefficient in angle.terms:
                if isinstance(atom, Element) and atom in slots:
                    found.setdefault(atom, []).append(Member(position, index, Angle(coefficient)))
    return {slot: tuple(members) for slot, members in found.items()}
