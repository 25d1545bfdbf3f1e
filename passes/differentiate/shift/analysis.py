"""A template made ready for shifts: which slots each element reaches, and what each output needs of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qcompile.angle import Angle, Element
from qcompile.diagnostics import Code, error
from qcompile.ir import Expectation, Observable, Output, Probabilities, Template
from qcompile.passes.differentiate.occurrences import expanded
from qcompile.passes.differentiate.shift.planning import Choice, Plan, Planner
from qcompile.passes.differentiate.shift.rules import Rule
from qcompile.passes.differentiate.shift.slots import slotted
from qcompile.passes.differentiate.sight.visibility import selected


@dataclass(frozen=True, slots=True)
class Shift:
    """A plan and the slot that it moves; the first member's angle, slots apart, and its slope by one element."""

    plan: Plan
    slot: Element
    angle: Angle
    slope: Angle


class Analysis:
    """A template made ready for shifts by the elements of `wrt`."""

    def __init__(self, template: Template, wrt: tuple[Element, ...]) -> None:
        program = expanded(template.program, frozenset(wrt), keep_words=True)
        self._planner = Planner(program)
        self._selected = selected(program)
        self.choices: dict[Element, Choice] = self._planner.choices(wrt)
        plans = dict.fromkeys(plan.members for choice in self.choices.values() for plan, _ in choice.plans)
        program, slots = slotted(program, plans)
        self.template = Template(template.name, program)
        self.outputs: list[Output] = list(program.outputs)
        self.shifts = {
            element: [
                Shift(plan, slots[plan.members], self._planner.angle(plan.members[0]), slope)
                for plan, slope in choice.plans
            ]
            for element, choice in self.choices.items()
        }
        self._wholes: dict[int, int] = {}  # by output that measures a slope of an observable, the one that has it

    def rule(self, output: int, shift: Shift) -> Rule:
        """The rule for one slot as this output sees it; no terms where it does not.

        Raises:
            CompileError: NO_RULE.
        """
        whole = self._wholes.get(output, output)
        if whole not in shift.plan.rules:
            return Rule(())
        rule, (first, *_) = shift.plan.rules[whole], shift.plan.members
        if rule is None:
            raise self._planner.refusal(first)
        if self._is_normalised(output) and not self._selected.isdisjoint(m.position for m in shift.plan.members):
            raise error(
                Code.NO_RULE, "the runs that post-selection keeps depend on this angle",
                self._planner.ops[first.position].span, "return unnormalised outputs, and divide them",
            )  # fmt: skip
        return rule

    def slope_output(self, output: int, element: Element) -> int | None:
        """The index of an output that measures dO/d element, made when first asked for; None where that is zero."""
        measured = self.outputs[output]
        if not isinstance(measured, Expectation):
            return None
        slope = measured.observable.operator.slope(element)
        if not slope.terms:
            return None
        made = replace(measured, observable=Observable(slope), span=None)
        if made not in self.outputs:
            self._wholes[len(self.outputs)] = self._wholes.get(output, output)
            self.outputs.append(made)
            program = replace(self.template.program, outputs=tuple(self.outputs))
            self.template = Template(self.template.name, program)
        return self.outputs.index(made)

    def _is_normalised(self, output: int) -> bool:
        measured = self.outputs[output]
        return not (isinstance(measured, Expectation | Probabilities) and measured.unnormalised)
