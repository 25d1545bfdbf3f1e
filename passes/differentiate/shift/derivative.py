"""Shifted-circuit derivatives: what a parameter moves is shifted by its rule, then the chain rule.

A module of shifted circuits differentiates to one of the same templates, with more rows and other weights; so the pass
applied twice is a Hessian, and rows that come out equal are one row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from qcompile.angle import Angle, Element, derivative
from qcompile.diagnostics import Code, CompileError, error
from qcompile.ir import (
    Certificate,
    Component,
    Evaluation,
    Exactness,
    Expectation,
    Probabilities,
    Row,
    Shifted,
    Template,
)
from qcompile.number import ONE, Number
from qcompile.passes.differentiate.draft import slot_key
from qcompile.passes.differentiate.readings import compacted, differentiated, next_order
from qcompile.passes.differentiate.shift.analysis import Analysis, Shift
from qcompile.passes.differentiate.shift.rules import Rule


def shifted_derivative(module: Shifted, wrt: Sequence[Element]) -> Shifted:
    """The module with, for each component of the highest order, its derivatives by each element of `wrt`.

    Raises:
        CompileError: NO_RULE, NOT_DIFFERENTIABLE.
    """
    made, refused = shifted_where_possible(module, wrt)
    if refused:
        raise CompileError(tuple(dict.fromkeys(d for refusal in refused.values() for d in refusal.diagnostics)))
    return made


def shifted_where_possible(module: Shifted, wrt: Sequence[Element]) -> tuple[Shifted, dict[Element, CompileError]]:
    """As `shifted_derivative`, by the elements that have rules; and why the others have none."""
    for template in module.templates:
        _check(template)
    work = _Differentiation([Analysis(template, tuple(wrt)) for template in module.templates], list(module.rows))
    refused: dict[Element, CompileError] = {}
    made: list[Component] = []
    for component, element in next_order(module, wrt):
        try:
            made.append(work.differentiate(component, element))
        except CompileError as refusal:
            refused.setdefault(element, refusal)
    components = [*module.components, *(c for c in made if c.wrt[-1] not in refused)]
    templates = tuple(analysis.template for analysis in work.analyses)
    new = (certificate for certificate in work.certificates() if certificate.wrt[-1] not in refused)
    certificates = (*module.certificates, *new)
    whole = Shifted(templates, tuple(work.rows), tuple(components), certificates, module.seed)
    return compacted(whole), refused


def _check(template: Template) -> None:
    for output in template.program.outputs:
        if not isinstance(output, Expectation | Probabilities):
            raise error(
                Code.NOT_DIFFERENTIABLE, "the shift rules do not hold for this output of a template", output.span,
                "return expectations or probabilities; `differentiate` a program to have its variances as such",
            )  # fmt: skip


@dataclass(slots=True)
class _Differentiation:
    """The rows made so far, each once, and by derivative the rows that it set out from, and those that it reads."""

    analyses: list[Analysis]
    rows: list[Row]
    index: dict[Row, int] = field(default_factory=dict[Row, int])
    bases: dict[tuple[Element, ...], set[int]] = field(default_factory=dict[tuple[Element, ...], set[int]])

    read: dict[tuple[Element, ...], set[int]] = field(default_factory=dict[tuple[Element, ...], set[int]])

    def __post_init__(self) -> None:
        self.index = {row: k for k, row in enumerate(self.rows)}

    def differentiate(self, component: Component, element: Element) -> Component:
        made = differentiated(component, element, lambda evaluation: self._slope(evaluation, element), Exactness.EXACT)
        self.bases.setdefault(made.wrt, set()).update(_rows(component))
        self.read.setdefault(made.wrt, set()).update(_rows(made))
        return made

    def certificates(self) -> Iterator[Certificate]:
        """Of each derivative; the least is known where only its last element is new."""
        for wrt, bases in self.bases.items():
            choices = [self.analyses[self.rows[row].template].choices[wrt[-1]] for row in sorted(bases)]
            least = choices[0].least if len(wrt) == 1 and len(choices) == 1 else None
            kept = len(bases & self.read[wrt])  # which products and quotients need beside the shifted ones
            naive, joint = sum(c.naive for c in choices), sum(c.joint for c in choices)
            yield Certificate(wrt, naive + kept, joint + kept, None if least is None else least + kept)

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
        kept = sorted(((s, v) for s, v in settings.items() if not v.is_zero), key=slot_key)
        row = Row(base.template, tuple(kept))
        if row not in self.index:
            self.index[row] = len(self.rows)
            self.rows.append(row)
        return self.index[row]


def _rows(component: Component) -> set[int]:
    return {evaluation.row for reading in component.readings for evaluation in reading.read}


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
