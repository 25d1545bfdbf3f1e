"""Shifted-circuit derivatives: what a parameter moves is shifted by its rule, then the chain rule.

A module of shifted circuits differentiates to one of the same templates, with more rows and other weights; so the pass
applied twice is a Hessian, and rows that come out equal are one row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from qcompile.angle import Angle, Element, derivative
from qcompile.diagnostics import Code, error
from qcompile.ir import Certificate, Component, Evaluation, Expectation, Probabilities, Reading, Row, Shifted, Template
from qcompile.number import ONE, Number
from qcompile.passes.differentiate.analysis import Analysis, Shift
from qcompile.passes.differentiate.rules import Rule

_ROUNDING = 1e-14  # of the largest part of a weight that cancelled
Evaluations = tuple[Evaluation, ...]


def shifted_derivative(module: Shifted, wrt: Sequence[Element]) -> Shifted:
    """The module with, for each component of the highest order, its derivatives by each element of `wrt`."""
    for template in module.templates:
        _check(template)
    work = _Differentiation([Analysis(template, tuple(wrt)) for template in module.templates], list(module.rows))
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
    certificates = (*module.certificates, *work.certificates())
    return compacted(replace(module, templates=templates, rows=tuple(work.rows), components=tuple(components),
                             certificates=certificates))  # fmt: skip


def compacted(module: Shifted) -> Shifted:
    """The module without rows that nothing reads."""
    used = sorted({e.row for c in module.components for r in c.readings for e in r.read})
    moved = {old: new for new, old in enumerate(used)}

    def move(group: Evaluations) -> Evaluations:
        return tuple(Evaluation(moved[e.row], e.output) for e in group)

    components = tuple(
        replace(c, readings=tuple(Reading(r.weight, move(r.evaluations), move(r.divisors)) for r in c.readings))
        for c in module.components
    )
    return replace(module, rows=tuple(module.rows[old] for old in used), components=components)


def _check(template: Template) -> None:
    for output in template.program.outputs:
        if not isinstance(output, Expectation | Probabilities):
            raise error(
                Code.NOT_DIFFERENTIABLE, "the shift rules do not hold for this output of a template", output.span,
                "return expectations or probabilities; `differentiate` a program to have its variances as such",
            )  # fmt: skip


@dataclass(slots=True)
class _Differentiation:
    """The rows made so far, each once, and the product and chain rules over readings."""

    analyses: list[Analysis]
    rows: list[Row]
    index: dict[Row, int] = field(default_factory=dict[Row, int])
    bases: dict[tuple[Element, ...], set[int]] = field(default_factory=dict[tuple[Element, ...], set[int]])

    def __post_init__(self) -> None:
        self.index = {row: k for k, row in enumerate(self.rows)}

    def differentiate(self, component: Component, element: Element) -> Component:
        """The derivative of a component: d(wΠe/Πd) = dw·Πe/Πd + w Σ de·…/Πd − w Πe/Πd Σ dd/d."""
        sums = _Sums()
        wrt = (*component.wrt, element)
        bases = self.bases.setdefault(wrt, set())
        for reading in component.readings:
            over, under = reading.evaluations, reading.divisors
            bases.update(evaluation.row for evaluation in reading.read)
            sums.add(derivative(reading.weight, element), over, under)
            for k, evaluation in enumerate(over):
                others = over[:k] + over[k + 1 :]
                for weight, shifted in self._slope(evaluation, element):
                    sums.add(reading.weight * weight, (*others, shifted), under)
            for divisor in under:
                for weight, shifted in self._slope(divisor, element):
                    sums.add(-(reading.weight * weight), (*over, shifted), (*under, divisor))
        return replace(component, wrt=wrt, readings=tuple(sums.readings()))

    def certificates(self) -> Iterator[Certificate]:
        """Of each derivative; the least is known where only its last element is new."""
        for wrt, bases in self.bases.items():
            choices = [self.analyses[self.rows[row].template].choices[wrt[-1]] for row in sorted(bases)]
            least = choices[0].least if len(wrt) == 1 and len(choices) == 1 else None
            yield Certificate(wrt, sum(c.naive for c in choices), sum(c.joint for c in choices), least)

    def _slope(self, evaluation: Evaluation, element: Element) -> Iterator[tuple[Angle, Evaluation]]:
        """d evaluation / d element as weighted evaluations."""
        row = self.rows[evaluation.row]
        analysis = self.analyses[row.template]
        settings = dict(row.settings)
        for shift in analysis.shifts[element]:
            slope = shift.slope
            if shift.slot in settings:  # which may depend on the element too
                slope += derivative(settings[shift.slot], element)
            if slope.is_zero:
                continue
            rule = analysis.rule(evaluation.output, shift)
            for weight, value in rule.terms:
                setting = _setting(value, shift, rule, settings.get(shift.slot))
                yield slope * weight, Evaluation(self._row(row, shift.slot, setting), evaluation.output)
        direct = analysis.slope_output(evaluation.output, element)
        if direct is not None:
            yield Angle(ONE), Evaluation(evaluation.row, direct)

    def _row(self, base: Row, slot: Element, setting: Angle) -> int:
        settings = dict(base.settings)
        settings[slot] = setting
        kept = sorted(((s, v) for s, v in settings.items() if not v.is_zero), key=lambda item: item[0].index or 0)
        row = Row(base.template, tuple(kept))
        if row not in self.index:
            self.index[row] = len(self.rows)
            self.rows.append(row)
        return self.index[row]


class _Sums:
    """Weights by what they multiply, added up."""

    def __init__(self) -> None:
        self._total: dict[tuple[Evaluations, Evaluations], Angle] = {}
        self._largest: dict[tuple[Evaluations, Evaluations], float] = {}

    def add(self, weight: Angle, evaluations: Evaluations, divisors: Evaluations) -> None:
        key = tuple(sorted(evaluations)), tuple(sorted(divisors))
        self._total[key] = self._total[key] + weight if key in self._total else weight
        self._largest[key] = max(self._largest.get(key, 0.0), abs(float(weight.constant)))

    def readings(self) -> Iterator[Reading]:
        for key, weight in self._total.items():
            rounded = weight.is_constant and abs(float(weight)) <= _ROUNDING * self._largest[key]
            if not (weight.is_zero or rounded):
                yield Reading(weight, *key)


def _setting(value: Angle, shift: Shift, rule: Rule, before: Angle | None) -> Angle:
    """Of the slot: an absolute value less the angle itself, or shifted from where it was, within half a period of 0."""
    if rule.absolute:
        return value - shift.angle
    moved = value if before is None else before + value
    period, multiple = rule.period, moved.constant.pi
    if not period or moved.constant.plain:
        return moved
    turned = (multiple + period / 2) % period - period / 2
    return replace(moved, constant=Number(0.0, -turned if turned == -period / 2 else turned))
