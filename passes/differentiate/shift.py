"""Shifted-circuit derivatives: every occurrence of a parameter is shifted by its gate's rule, then the chain rule.

A module of shifted circuits differentiates to one of the same templates, with more rows and other weights; so the pass
applied twice is a Hessian, and rows that come out equal are one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qcompile.angle import Angle, Element, derivative, elements
from qcompile.diagnostics import Code, error
from qcompile.ir import (
    Certificate,
    Component,
    Evaluation,
    Expectation,
    Observable,
    Op,
    Output,
    Probabilities,
    Reading,
    Row,
    Shifted,
    Template,
)
from qcompile.number import ONE, Number
from qcompile.operator import Operator
from qcompile.passes.differentiate.occurrences import Occurrence, expanded, occurrences, slotted
from qcompile.passes.differentiate.rules import Rule
from qcompile.passes.differentiate.selection import rule_for
from qcompile.passes.differentiate.visibility import Sight, selected, sightings

_ROUNDING = 1e-14  # of the largest part of a weight that cancelled


def shifted_derivative(module: Shifted, wrt: Sequence[Element]) -> Shifted:
    """The module with, for each component of the highest order, its derivatives by each element of `wrt`."""
    prepared = tuple(_prepared(template, wrt) for template in module.templates)
    work = _Differentiation([_Analysis(template, wrt) for template in prepared], list(module.rows))
    order = max(len(component.wrt) for component in module.components)
    seen: set[tuple[int | None, tuple[str, ...]]] = set()
    components = list(module.components)
    for component in module.components:
        if len(component.wrt) != order:
            continue
        for element in wrt:
            key = (component.output, tuple(sorted(map(str, (*component.wrt, element)))))
            if key not in seen:  # mixed derivatives are symmetric
                seen.add(key)
                components.append(work.differentiate(component, element))
    templates = tuple(analysis.template for analysis in work.analyses)
    certificates = tuple(Certificate(wrt, naive, naive) for wrt, naive in work.naive.items())
    return _compacted(Shifted(templates, tuple(work.rows), tuple(components), module.certificates + certificates))


def _prepared(template: Template, wrt: Sequence[Element]) -> Template:
    for output in template.program.outputs:
        if not isinstance(output, Expectation | Probabilities):
            raise error(
                Code.NOT_DIFFERENTIABLE, "the shift rules do not hold for this output of a template", output.span,
                "return expectations or probabilities; `differentiate` a program to have its variances as such",
            )  # fmt: skip
    program = slotted(expanded(template.program, frozenset(wrt), keep_words=True), frozenset(wrt))
    return Template(template.name, program)


class _Analysis:
    """One template: which slots each element reaches, what each output sees of them, and its observables' slopes."""

    def __init__(self, template: Template, wrt: Sequence[Element]) -> None:
        self.template = template
        self.program = template.program
        self.outputs = list(template.program.outputs)
        self.reached: dict[Element, list[tuple[Element, Occurrence, Angle]]] = {element: [] for element in wrt}
        for slot, occurrence in occurrences(self.program):
            for element in dict.fromkeys(elements(occurrence.angle)):
                slope = derivative(occurrence.angle, element)
                if element in self.reached and not slope.is_zero:
                    self.reached[element].append((slot, occurrence, slope))
        self._selected = selected(self.program)
        self._sights: dict[int, dict[int, Sight]] = {}
        self._rules: dict[tuple[int, Element], Rule] = {}

    def sight(self, output: int, op: Op) -> Sight | None:
        if output not in self._sights:
            self._sights[output] = sightings(self.program, self.outputs[output])
        return self._sights[output].get(id(op))

    def rule(self, output: int, slot: Element, occurrence: Occurrence) -> Rule:
        """The rule for one slot as this output sees it; no terms where it does not."""
        key = (output, slot)
        if key not in self._rules:
            sight = self.sight(output, occurrence.op)
            if sight is not None and id(occurrence.op) in self._selected:
                raise error(
                    Code.NO_RULE, "the runs that post-selection keeps depend on this angle", occurrence.op.span,
                    "outputs are then no sums of waves: differentiate by angles after the post-selection alone",
                )  # fmt: skip
            self._rules[key] = Rule(()) if sight is None else rule_for(occurrence, sight)
        return self._rules[key]

    def slope_output(self, output: int, element: Element) -> int | None:
        """The index of an output that measures dO/d element, made when first asked for; None where that is zero."""
        measured = self.outputs[output]
        if not isinstance(measured, Expectation):
            return None
        operator = measured.observable.operator
        terms = tuple((word, derivative(c, element)) for word, c in operator.terms if c.terms)
        slope = Operator(tuple((word, c) for word, c in terms if not c.is_zero))
        if not slope.terms:
            return None
        made: Output = Expectation(Observable(slope))
        if made not in self.outputs:
            self.outputs.append(made)
            program = replace(self.program, outputs=tuple(self.outputs))
            self.program, self.template = program, Template(self.template.name, program)
        return self.outputs.index(made)


@dataclass(slots=True)
class _Differentiation:
    """The rows made so far, each once, and the product and chain rules over readings."""

    analyses: list[_Analysis]
    rows: list[Row]
    index: dict[Row, int]
    naive: dict[tuple[Element, ...], int]

    def __init__(self, analyses: list[_Analysis], rows: list[Row]) -> None:
        self.analyses, self.rows = analyses, rows
        self.index = {row: k for k, row in enumerate(rows)}
        self.naive = {}

    def differentiate(self, component: Component, element: Element) -> Component:
        """The derivative of a component: d(wΠe/Πd) = dw·Πe/Πd + w Σ de·…/Πd − w Πe/Πd Σ dd/d."""
        total: dict[tuple[tuple[Evaluation, ...], tuple[Evaluation, ...]], Angle] = {}
        largest: dict[tuple[tuple[Evaluation, ...], tuple[Evaluation, ...]], float] = {}
        wrt = (*component.wrt, element)

        def add(weight: Angle, evaluations: tuple[Evaluation, ...], divisors: tuple[Evaluation, ...]) -> None:
            key = tuple(sorted(evaluations)), tuple(sorted(divisors))
            total[key] = total.get(key, Angle()) + weight
            largest[key] = max(largest.get(key, 0.0), abs(float(weight.constant)))

        for reading in component.readings:
            over, under = reading.evaluations, reading.divisors
            add(derivative(reading.weight, element), over, under)
            for k, evaluation in enumerate(over):
                others = over[:k] + over[k + 1 :]
                for weight, shifted in self._slope(evaluation, element, wrt):
                    add(reading.weight * weight, (*others, shifted), under)
            for divisor in under:
                for weight, shifted in self._slope(divisor, element, wrt):
                    add(-(reading.weight * weight), (*over, shifted), (*under, divisor))
        made = tuple(Reading(weight, *key) for key, weight in total.items() if not _vanishes(weight, largest[key]))
        return replace(component, wrt=wrt, readings=made)

    def _slope(
        self, evaluation: Evaluation, element: Element, wrt: tuple[Element, ...]
    ) -> list[tuple[Angle, Evaluation]]:
        """d evaluation / d element as weighted evaluations."""
        row = self.rows[evaluation.row]
        analysis = self.analyses[row.template]
        found: list[tuple[Angle, Evaluation]] = []
        for slot, occurrence, slope in analysis.reached[element]:
            rule = analysis.rule(evaluation.output, slot, occurrence)
            self.naive[wrt] = self.naive.get(wrt, 0) + (len(rule.terms) or 2)
            for weight, shift in rule.terms:
                row_index = self._row(row, slot, shift, rule)
                found.append((slope * weight, Evaluation(row_index, evaluation.output)))
        direct = analysis.slope_output(evaluation.output, element)
        if direct is not None:
            found.append((Angle(ONE), Evaluation(evaluation.row, direct)))
        return found

    def _row(self, base: Row, slot: Element, shift: Angle, rule: Rule) -> int:
        settings = dict(base.settings)
        settings[slot] = _wrapped(settings.get(slot, Angle()) + shift, rule)
        kept = tuple(
            sorted(((s, v) for s, v in settings.items() if not v.is_zero), key=lambda item: item[0].index or 0)
        )
        row = Row(base.template, kept)
        if row not in self.index:
            self.index[row] = len(self.rows)
            self.rows.append(row)
        return self.index[row]


def _wrapped(value: Angle, rule: Rule) -> Angle:
    """The setting within half a period of zero, so that equal settings are equal records."""
    period, multiple = rule.period, value.constant.pi
    if not period or value.constant.plain:
        return value
    turned = (multiple + period / 2) % period - period / 2
    return Angle(Number(0.0, -turned if turned == -period / 2 else turned))


def _vanishes(weight: Angle, largest: float) -> bool:
    return weight.is_zero or (weight.is_constant and abs(float(weight)) <= _ROUNDING * largest)


def _compacted(module: Shifted) -> Shifted:
    """The module without rows that nothing reads."""
    used = sorted({e.row for c in module.components for r in c.readings for e in r.read})
    moved = {old: new for new, old in enumerate(used)}

    def move(reading: Reading) -> Reading:
        over, under = (tuple(Evaluation(moved[e.row], e.output) for e in group)
                       for group in (reading.evaluations, reading.divisors))  # fmt: skip
        return Reading(reading.weight, over, under)

    components = tuple(replace(c, readings=tuple(map(move, c.readings))) for c in module.components)
    return replace(module, rows=tuple(module.rows[old] for old in used), components=components)
