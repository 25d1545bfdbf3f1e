"""Slots: what rows shift. Each group of occurrences that is shifted together has one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count as count_up

from qcompile.angle import Angle, Element, parameter
from qcompile.ir import Op, Program
from qcompile.passes.differentiate.draft import with_slots
from qcompile.passes.differentiate.occurrences import rewritten
from qcompile.passes.differentiate.shift.groups import Group, Member


def slotted(program: Program, groups: Iterable[Group]) -> tuple[Program, dict[Group, Element]]:
    """The program with a slot for each group, added ratio-fold to its angles, and which slot that is.

    A slot that shifts just these angles already, by the same ratios, is taken again: then rows of higher orders meet.
    """
    slots = {group: slot for slot, group in _groups_of(program).items()}
    new = [group for group in dict.fromkeys(groups) if group not in slots]
    if not new:
        return program, slots
    widened, fresh = with_slots(program, len(new))
    slots |= dict(zip(new, fresh, strict=True))
    added: dict[tuple[int, int], Angle] = {}
    for member, slot in ((member, slots[group]) for group in new for member in group):
        place = (member.position, member.index)
        added[place] = added.get(place, Angle()) + member.ratio * parameter(slot.name, slot.index)
    positions = count_up()

    def add(op: Op) -> Iterator[Op]:
        position = next(positions)
        moved = tuple(angle + added.get((position, index), Angle()) for index, angle in enumerate(op.angles))
        yield replace(op, angles=moved) if moved != op.angles else op

    return replace(widened, body=rewritten(program.body, add)), slots


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
