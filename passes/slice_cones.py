"""Each term of an observable needs no more of the program than its own backward light cone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import ClassVar

from qcompile.ir import Adjoint, Component, Evaluation, Module, Program, Row, Samples, Shifted, State, Template
from qcompile.passes.cones import Slice, slices
from qcompile.passes.differentiate.lift import lift
from qcompile.passes.differentiate.readings import Sums
from qcompile.passes.inline import Inline


@dataclass(frozen=True)
class SliceCones:
    """Cut every template into the light cones of its outputs' terms: a template each, on the wires that it uses.

    A cone inside another shares its template; two others do where they have at most `wires` wires together. A program
    becomes shifted circuits. One without outputs, or with samples or its state among them, stays, and so does an
    adjoint. Cost: statements × different supports of terms; products of evaluations are multiplied out.
    """

    name: ClassVar[str] = "slice-cones"
    wires: int = 0

    def __call__(self, module: Module) -> Module:
        if isinstance(module, Adjoint):
            return module
        whole = [t.program for t in module.templates] if isinstance(module, Shifted) else [module]
        if any(isinstance(output, Samples | State) for program in whole for output in program.outputs):
            return module
        if isinstance(module, Shifted):
            return sliced(module, self.wires)
        return sliced(lift(module), self.wires) if module.outputs else module


def sliced(module: Shifted, wires: int = 0) -> Shifted:
    """The module on slices of its templates; its values and derivatives are the same."""
    whole = Inline()(module)
    if not isinstance(whole, Shifted):
        raise AssertionError("inlining shifted circuits gives shifted circuits")
    cut = [list(slices(t.program, _divisors(whole, k), wires)) for k, t in enumerate(whole.templates)]
    work = _Recombination(whole, cut)
    components = tuple(map(work.component, whole.components))
    templates = tuple(Template(f"t{k}", program) for k, program in enumerate(work.templates))
    return replace(whole, templates=templates, rows=tuple(work.rows), components=components)


def _divisors(module: Shifted, template: int) -> set[int]:
    """The outputs of a template that something is divided by: a quotient of sums is no sum of quotients."""
    divisors = {e for component in module.components for reading in component.readings for e in reading.divisors}
    return {e.output for e in divisors if module.rows[e.row].template == template}


@dataclass(slots=True)
class _Recombination:
    """The slices of each template; and of them what is read, every program and every row once."""

    whole: Shifted
    slices: list[list[Slice]]
    templates: dict[Program, int] = field(default_factory=dict[Program, int])
    rows: dict[Row, int] = field(default_factory=dict[Row, int])
    known: dict[Evaluation, tuple[Evaluation, ...]] = field(default_factory=dict[Evaluation, tuple[Evaluation, ...]])

    def component(self, component: Component) -> Component:
        """⟨Σ cₖ Pₖ⟩ = Σ cₖ ⟨Pₖ⟩: each evaluation is the sum of those of its slices.

        A slice that does not read the slots of two rows has one row for both, and what it adds to a derivative cancels.
        """
        sums = Sums()
        for reading in component.readings:
            divisors = tuple(part for divisor in reading.divisors for part in self._parts(divisor))
            for chosen in product(*map(self._parts, reading.evaluations)):
                sums.add(reading.weight, chosen, divisors)
        return replace(component, readings=sums.readings())

    def _parts(self, evaluation: Evaluation) -> tuple[Evaluation, ...]:
        if evaluation not in self.known:
            self.known[evaluation] = tuple(self._sliced(evaluation))
        return self.known[evaluation]

    def _sliced(self, evaluation: Evaluation) -> Iterator[Evaluation]:
        row = self.whole.rows[evaluation.row]
        for part in self.slices[row.template]:
            if evaluation.output in part.outputs:
                template = self.templates.setdefault(part.program, len(self.templates))
                settings = tuple((slot, value) for slot, value in row.settings if slot in part.elements)
                place = self.rows.setdefault(Row(template, settings), len(self.rows))
                yield Evaluation(place, part.outputs[evaluation.output])
