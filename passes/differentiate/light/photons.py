"""How much light there can be: a bound on the photon number at each op, found in one walk forward.

Modes that passive gates have joined share a bound on their photons together. A gate keeps the bounds where it commutes
with the photon number, of each mode or of its modes together; every other gate on a mode lifts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import assert_never

from qcompile.ir import Barrier, If, Measure, Op, Postselect, Program, Reset, Statement
from qcompile.passes.differentiate.light.bounded import conserves_photons, is_diagonal
from qcompile.passes.differentiate.occurrences import generator_ops

Bound = int | None  # None: any number


@dataclass(slots=True)
class _Light:
    """Groups of modes and the photons that each may hold; modes in no group are in the vacuum."""

    groups: dict[frozenset[int], Bound] = field(default_factory=dict[frozenset[int], Bound])

    def copy(self) -> _Light:
        return _Light(dict(self.groups))

    def within(self, modes: Iterable[int]) -> Bound:
        """Of these modes together."""
        wanted = set(modes)
        return _total(bound for group, bound in self.groups.items() if group & wanted)

    def join(self, modes: Iterable[int]) -> None:
        wanted = frozenset(modes)
        touched = [group for group in self.groups if group & wanted]
        bound = _total([self.groups.pop(group) for group in touched])
        self.groups[wanted.union(*touched)] = bound

    def put(self, modes: Iterable[int], bound: Bound) -> None:
        """Replace what these modes hold; those that shared a bound with them have no more than before."""
        for mode in modes:
            for group in [group for group in self.groups if mode in group]:
                left = self.groups.pop(group)
                if len(group) > 1:
                    self.groups[group - {mode}] = left
            self.groups[frozenset({mode})] = bound

    def merge(self, other: _Light) -> None:
        """Either this or the other: groups that share a mode become one."""
        one, two = self.copy(), other.copy()
        for group in (*one.groups, *two.groups):
            self.join(group)
        self.groups = {group: _larger(one.within(group), two.within(group)) for group in self.groups}


def photon_bounds(program: Program) -> tuple[Bound, ...]:
    """Of each op, regions opened, how many photons the modes it acts on may hold before it at most, taken together."""
    return tuple(_walk(program.body, _Light(), program))


def _walk(body: tuple[Statement, ...], light: _Light, program: Program) -> Iterator[Bound]:
    for statement in body:
        match statement:
            case Op():
                yield light.within(_modes(statement))
                _through(statement, light)
            case Measure(detection, wire):
                if detection in ("homodyne", "heterodyne"):
                    light.put([wire], None)
            case Reset(wire):
                light.put([wire] if program.kinds[wire] == "qumode" else [], 0)
            case If():
                other = light.copy()
                yield from _walk(statement.then, light, program)
                yield from _walk(statement.otherwise, other, program)
                light.merge(other)
            case Postselect() | Barrier():
                pass
            case _:
                assert_never(statement)


def _through(op: Op, light: _Light) -> None:
    modes = _modes(op)
    if not modes:
        return
    if op.gate.preparation:
        light.put(modes, _prepared(op))
        return
    whole = replace(op, wires=tuple(range(len(op.wires) + len(op.gate.hidden))))  # hidden modes start in the vacuum
    for part in generator_ops(whole):
        generator = part.gate.generator
        if "qumode" not in part.gate.wires or (generator is not None and is_diagonal(generator)):
            continue
        light.join(modes)
        if generator is None or not conserves_photons(generator):
            light.groups[next(group for group in light.groups if group.issuperset(modes))] = None


def _prepared(op: Op) -> Bound:
    match op.gate.prepares:
        case "vacuum":
            return 0
        case "number" if op.angles[0].is_constant:
            return round(float(op.angles[0]))
        case _:
            return None


def _modes(op: Op) -> tuple[int, ...]:
    return tuple(wire for wire, kind in zip(op.targets, op.gate.wires, strict=False) if kind == "qumode")


def _total(bounds: Iterable[Bound]) -> Bound:
    total = 0
    for bound in bounds:
        if bound is None:
            return None
        total += bound
    return total


def _larger(a: Bound, b: Bound) -> Bound:
    return None if a is None or b is None else max(a, b)
