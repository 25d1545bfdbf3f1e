"""Derivatives by Hadamard tests: each Pauli word of a generator is read off a circuit of its own, or many off one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from qcompile.angle import Angle, Element
from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.ir import Component, Evaluation, Exactness, Shifted
from qcompile.passes.differentiate.draft import Draft
from qcompile.passes.differentiate.hadamard.op_tests import Mode, OpTests
from qcompile.passes.differentiate.readings import differentiated, next_order

MODES: Mapping[str, tuple[Mode, ...]] = {
    "auto": ("fewest beside the end", "fewest"),
    "standard": ("standard",),
    "reversed": ("reversed",),
    "direct": ("direct",),
    "parallel": ("parallel",),
}


def hadamard_derivative(
    module: Shifted, wrt: Sequence[Element], mode: str = "auto", order: int | None = None
) -> Shifted:
    """The module with, for each component of the order, its derivatives by each element of `wrt`.

    Args:
        mode: `standard`, `reversed`, `direct`, `parallel`, or `auto`: at each place one standard test for each word of
            the generators there, or one reversed test for each word of the observables, whichever are fewer; what can
            be read at the end without either, if that saves evaluations; direct tests where probabilities are returned.
        order: of the components that are differentiated; the highest by default.

    Raises:
        CompileError: METHOD, NO_RULE, UNKNOWN_OPTION.
    """
    if mode not in MODES:
        raise error(Code.UNKNOWN_OPTION, f"no mode `{mode}`", help=did_you_mean(mode, MODES))
    made = [_derivative(module, wrt, each, order) for each in MODES[mode]]
    return min(made, key=lambda each: each.evaluations)


class ModuleTests:
    """The tests of each template whose outputs are differentiated; `of` is by template."""

    def __init__(self, module: Shifted, wrt: Sequence[Element], mode: Mode, order: int | None = None) -> None:
        self.draft = Draft(module)
        self.pairs = list(next_order(module, wrt, order))
        needed: dict[int, dict[int, None]] = {}
        for component, _ in self.pairs:
            for evaluation in (e for reading in component.readings for e in reading.read):
                needed.setdefault(module.rows[evaluation.row].template, {})[evaluation.output] = None
        self.of = {
            index: OpTests(self.draft, index, module.templates[index].program, tuple(outputs), wrt)
            for index, outputs in needed.items()
        }
        for each in self.of.values():
            each.choose(mode)

    def slope(self, evaluation: Evaluation, element: Element) -> Iterator[tuple[Angle, Evaluation]]:
        """d evaluation / d element as weighted evaluations."""
        row = self.draft.rows[evaluation.row]
        for weight, part in self.of[row.template].slope(evaluation.output, element):
            target = self.draft.row(part.template, dict((*row.settings, *part.settings)))
            yield weight, Evaluation(target, part.output)


def _derivative(module: Shifted, wrt: Sequence[Element], mode: Mode, order: int | None) -> Shifted:
    tests = ModuleTests(module, wrt, mode, order)
    ancillas = {template for each in tests.of.values() for template in each.with_ancilla}

    def derived(component: Component, element: Element) -> Component:
        made = differentiated(component, element, lambda each: tests.slope(each, element), Exactness.EXACT)
        read = {tests.draft.rows[e.row].template for reading in made.readings for e in reading.read}
        if ancillas.isdisjoint(read):
            return made
        return replace(made, exactness=Exactness.weakest((made.exactness, Exactness.ANCILLA)))

    components = [derived(component, element) for component, element in tests.pairs]
    return tests.draft.finished(module, (*module.components, *components))
