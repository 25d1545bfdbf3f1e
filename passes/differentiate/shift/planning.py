"""How each parameter's occurrences are best shifted: together or one by one, by which rules, and at what cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from qcompile.angle import Angle, Element, derivative, elements
from qcompile.diagnostics import CompileError
from qcompile.ir import Op, Program
from qcompile.passes.action import Actions
from qcompile.passes.differentiate.light.photons import photon_bounds
from qcompile.passes.differentiate.occurrences import Occurrence, has_factor, has_strength, occurrence_of
from qcompile.passes.differentiate.shift.groups import ONE, Found, Group, Member, groups
from qcompile.passes.differentiate.shift.rules import Rule, trigonometric
from qcompile.passes.differentiate.shift.selection import exponent_refusal, joint_rates, refusal, rule_for, union
from qcompile.passes.differentiate.sight.pullback import Images
from qcompile.passes.differentiate.sight.visibility import Sight, arriving, sights
from qcompile.passes.differentiate.strengths.rule import near_words, strength_refusal, strength_rule

Seen = Mapping[int, Mapping[int, Sight]]
"""By output and position, what the output sees of an op."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the occurrences of one group are shifted: their angles move together, each by its ratio.

    `rules` are by output that depends on them; None: this output has no finite rule.
    """

    members: Group
    rules: Mapping[int, Rule | None]

    @property
    def rows(self) -> float:
        """Evaluations, if all outputs are read; no number of them does where one has no rule."""
        if None in self.rules.values():
            return math.inf
        return len({shift for rule in self.rules.values() if rule for _, shift in rule.terms})

    @property
    def least(self) -> int | None:
        found = [0 if rule is None else rule.least for rule in self.rules.values()]
        known = [least for least in found if least is not None]
        return max(known, default=0) if len(known) == len(found) else None


@dataclass(frozen=True, slots=True)
class Choice:
    """An element's plans, each with d angle / d element of its first member.

    `naive` and `joint` count evaluations gate by gate, and by the joint spectra alone.
    """

    plans: tuple[tuple[Plan, Angle], ...]
    naive: int
    joint: int

    @property
    def least(self) -> int | None:
        found = [plan.least for plan, _ in self.plans]
        known = [least for least in found if least is not None]
        return sum(known) if len(known) == len(found) else None


class Planner:
    """Plans for one program, whose ops keep their places."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.ops = [statement for statement in program.statements() if isinstance(statement, Op)]
        self._slots = {e for p in program.parameters if p.role == "slot" for e in p.elements()}
        self._images = Images()
        self._actions = Actions()
        self._seen = self._look(program)
        self._alone: dict[Member, Plan] = {}
        self._naive: dict[Member, int] = {}

    def choices(self, wrt: tuple[Element, ...]) -> dict[Element, Choice]:
        """By element, groups as one where that takes fewer evaluations, else their members apart."""
        places = self._places(wrt)
        return {element: self._choice(element, places[element]) for element in wrt}

    def _look(self, program: Program) -> Seen:
        found = {k: sights(program.body, o, program.kinds, self._images) for k, o in enumerate(program.outputs)}
        if "qumode" not in program.kinds:
            return found
        photons = photon_bounds(program)
        return {k: {at: replace(sight, photons=photons[at]) for at, sight in seen.items()} for k, seen in found.items()}

    def _places(self, wrt: tuple[Element, ...]) -> dict[Element, list[Member]]:
        """By element, the angles that it occurs in."""
        found: dict[Element, list[Member]] = {element: [] for element in wrt}
        for position, op in enumerate(self.ops):
            for index, angle in enumerate(op.angles):
                for element in dict.fromkeys(elements(angle)) if angle.terms else ():
                    if element in found:
                        found[element].append(Member(position, index))
        return found

    def _choice(self, element: Element, places: list[Member]) -> Choice:
        chosen: list[tuple[Plan, Angle]] = []
        naive = joint = 0
        for found in groups(self.program, self.ops, element, places, self._actions):
            apart = [replace(member, ratio=ONE) for member in found.members]
            plans = [self._single(member) for member in apart]
            whole = sum(self._naive[member] for member in apart)
            naive += whole
            joint += self._joint_evaluations(found, whole)
            together = self._together(found) if len(apart) > 1 else None
            if together is not None and together.rows < sum(plan.rows for plan in plans):
                chosen.append((together, found.slope))
                continue
            angles = (self.ops[member.position].angles[member.index] for member in apart)
            chosen += zip(plans, (derivative(angle, element) for angle in angles), strict=True)
        return Choice(tuple(chosen), naive, joint)

    def _single(self, member: Member) -> Plan:
        if member not in self._alone:
            seen = {k: at[member.position] for k, at in self._seen.items() if member.position in at}
            everything = union(seen.values())
            shared, gate = self._rule(member, everything), self._rule(member, replace(everything, words=None))
            rules = {k: self._rule(member, sight) if shared is None else shared for k, sight in seen.items()}
            self._alone[member] = Plan((member,), rules)
            self._naive[member] = 2 if gate is None else len(gate.terms)
        return self._alone[member]

    def _joint_evaluations(self, found: Found, apart: int) -> int:
        rates = joint_rates(self._weighted(found), None) if len(found.members) > 1 else None
        return apart if rates is None else min(apart, 2 * len(rates))

    def _together(self, found: Found) -> Plan | None:
        """One rule for the group, by the frequencies that all outputs together see; None: there is none."""
        wires = {wire for member in found.members for wire in self.ops[member.position].wires}
        outputs, kinds = self.program.outputs, self.program.kinds
        arrived = [arriving(found.after, output, kinds, wires, self._images) for output in outputs]
        own = [joint_rates(self._weighted(found), words) for words in arrived]
        known = [words for words in arrived if words is not None]
        everything = [part for words in known for part in words] if len(known) == len(arrived) else None
        rates = joint_rates(self._weighted(found), everything)
        rule = None if rates is None else trigonometric(rates)
        return None if rule is None else Plan(found.members, {k: rule for k, seen in enumerate(own) if seen != ()})

    def _weighted(self, found: Found) -> list[tuple[Occurrence, float]]:
        return [(self.occurrence(member), float(member.ratio)) for member in found.members]

    def angle(self, member: Member) -> Angle:
        """Without its slots."""
        angle = self.ops[member.position].angles[member.index]
        return replace(angle, terms=tuple((atom, c) for atom, c in angle.terms if atom not in self._slots))

    def refusal(self, member: Member) -> CompileError:
        """The diagnostic of an occurrence that has no finite rule."""
        op = self.ops[member.position]
        if not has_factor(op, member.index):
            return exponent_refusal(op, member.index)
        return strength_refusal(op, member.index) if has_strength(op) else refusal(self.occurrence(member))

    def _rule(self, member: Member, sight: Sight) -> Rule | None:
        op = self.ops[member.position]
        if not has_factor(op, member.index):
            return None
        if has_strength(op):
            words = near_words(sight.words, op.wires)
            return strength_rule(op.gate, member.index, self.angle(member), sight.degree, sight.photons, words)
        return rule_for(self.occurrence(member), sight)

    def occurrence(self, member: Member) -> Occurrence:
        return occurrence_of(self.ops[member.position], member.index)
