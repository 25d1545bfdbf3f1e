"""Unbiased derivatives by a sample of Pauli words, and of places within gates that these do not commute with.

For U = exp(-iθG), G = Σ c·w, d⟨O⟩/dθ is the sum over words of c times a direct test, two circuits each. Words drawn
with probability |c| / Σ|c|, and weighted by its inverse, have that sum as their mean. For U = exp(-iH) a test stands at
a place within U, drawn evenly (Banchi & Crooks 2021, arXiv:2005.10299).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qcompile.angle import Angle, Element, number
from qcompile.diagnostics import Code, error
from qcompile.ir import Component, Evaluation, Exactness, Shifted
from qcompile.passes.differentiate.hadamard.derivative import ModuleTests
from qcompile.passes.differentiate.hadamard.op_tests import OpTests
from qcompile.passes.differentiate.hadamard.within import TestsWithin
from qcompile.passes.differentiate.readings import differentiated

MOST_SAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class _Draw:
    """How often a word was drawn over how often it is on average, and the places within its gate, if it is in one."""

    weight: float
    places: tuple[float, ...]


_Draws = Mapping[int, _Draw]
"""By template: each has one word."""


def sampled_words(module: Shifted, wrt: Sequence[Element], samples: int = 1, seed: int = 0) -> Shifted:
    """The module with unbiased estimates of its derivatives, two evaluations a sample for each element at most.

    An element with no more words than samples gets all of them; its derivative is exact if none is within an exp(-iH).

    Raises:
        CompileError: UNKNOWN_OPTION; METHOD, for a derivative of a derivative or a generator that is no Pauli sum.
    """
    if not 1 <= samples <= MOST_SAMPLES:
        raise error(Code.UNKNOWN_OPTION, f"{samples} samples", help=f"from 1 to {MOST_SAMPLES}")
    if any(component.wrt for component in module.components):
        label = "words are sampled for first derivatives"
        raise error(Code.METHOD, label, help="use `--method shift` or `hadamard` for higher ones")
    tests, random = ModuleTests(module, wrt, "not within"), np.random.default_rng(seed)
    draft = tests.draft
    within = {k: TestsWithin(draft, module.templates[k].program, each.outputs, wrt) for k, each in tests.of.items()}
    draws = {(k, e): _drawn(each, within[k], e, samples, random) for k, each in tests.of.items() for e in wrt}

    def derived(component: Component, element: Element) -> Component:
        sampled: set[int] = set()

        def slope(evaluation: Evaluation) -> Iterator[tuple[Angle, Evaluation]]:
            row = draft.rows[evaluation.row]
            found = draws[row.template, element]
            sampled.update(found)
            for weight, made in tests.slope(evaluation, element):
                draw = found.get(draft.rows[made.row].template)
                yield weight if draw is None else weight * number(draw.weight), made
            for weight, part in within[row.template].slope(evaluation.output, element):
                draw = found[part.template]
                for place in draw.places:
                    for sign, made in part.evaluations(draft, row, place):
                        yield weight * number(draw.weight / len(draw.places)) * sign, made

        made = differentiated(component, element, slope, Exactness.EXACT)
        return replace(made, exactness=Exactness.UNBIASED) if sampled else made

    components = [derived(component, element) for component, element in tests.pairs]
    return replace(draft.finished(module, (*module.components, *components)), seed=seed)


def _drawn(tests: OpTests, within: TestsWithin, element: Element, samples: int, random: np.random.Generator) -> _Draws:
    """Words by their sizes; each once, and shares of the samples for places, where there are as many samples."""
    beside: dict[int, float] = {}
    for output in tests.outputs:
        for weight, part in tests.slope(output, element):
            if part.settings:
                beside[part.template] = _size(weight)
    inside = {p.template: _size(w) for output in tests.outputs for w, p in within.slope(output, element)}
    sizes = beside | inside
    if len(sizes) <= samples:
        return {template: _Draw(1.0, _places(samples // len(sizes), random)) for template in inside}
    chances = np.array(list(sizes.values())) / sum(sizes.values())
    drawn = random.multinomial(samples, chances)
    return {
        template: _Draw(float(count / (samples * chance)), _places(count, random) if template in inside else ())
        for template, count, chance in zip(sizes, drawn, chances, strict=True)
    }


def _size(weight: Angle) -> float:
    return abs(float(weight)) if weight.is_constant else 1.0


def _places(count: int, random: np.random.Generator) -> tuple[float, ...]:
    """One in each part of the way: even on average, and evener than places apart."""
    return tuple(float(place) for place in (np.arange(count) + random.random(count)) / max(count, 1))
