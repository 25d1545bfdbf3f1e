"""Unbiased derivatives by a sample of the Pauli words that generate an angle, for generators of very many words.

For U = exp(-iθG), G = Σ c·w, d⟨O⟩/dθ is the sum over words of c times a direct test, two circuits each. Words drawn
with probability |c| / Σ|c|, and weighted by its inverse, have that sum as their mean (Banchi & Crooks 2021,
arXiv:2005.10299; they draw a place within U too, for a U that its generator does not commute with).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from qcompile.angle import Angle, Element, number
from qcompile.diagnostics import Code, error
from qcompile.ir import Component, Evaluation, Exactness, Shifted
from qcompile.passes.differentiate.hadamard.derivative import ModuleTests
from qcompile.passes.differentiate.hadamard.op_tests import OpTests
from qcompile.passes.differentiate.readings import differentiated

MOST_SAMPLES = 10_000
_Shares = Mapping[int, float]


def sampled_words(module: Shifted, wrt: Sequence[Element], samples: int = 1, seed: int = 0) -> Shifted:
    """The module with unbiased estimates of its derivatives, two evaluations a sample for each element at most.

    An element with no more words than samples gets all of them, and its derivative is exact.

    Raises:
        CompileError: UNKNOWN_OPTION; METHOD, for a derivative of a derivative or a generator that is no Pauli sum.
    """
    if not 1 <= samples <= MOST_SAMPLES:
        raise error(Code.UNKNOWN_OPTION, f"{samples} samples", help=f"from 1 to {MOST_SAMPLES}")
    if any(component.wrt for component in module.components):
        label = "words are sampled for first derivatives"
        raise error(Code.METHOD, label, help="use `--method shift` or `hadamard` for higher ones")
    tests, random = ModuleTests(module, wrt, "direct"), np.random.default_rng(seed)
    shares = {(k, e): _shares(each, e, samples, random) for k, each in tests.of.items() for e in wrt}

    def derived(component: Component, element: Element) -> Component:
        sampled: set[int] = set()

        def slope(evaluation: Evaluation) -> Iterator[tuple[Angle, Evaluation]]:
            base = tests.draft.rows[evaluation.row].template
            found = shares[base, element]
            sampled.update(found)
            for weight, made in tests.slope(evaluation, element):
                yield weight * number(found.get(tests.draft.rows[made.row].template, 1.0)), made

        made = differentiated(component, element, slope, Exactness.EXACT)
        return replace(made, exactness=Exactness.UNBIASED) if sampled else made

    components = [derived(component, element) for component, element in tests.pairs]
    return replace(tests.draft.finished(module, (*module.components, *components)), seed=seed)


def _shares(tests: OpTests, element: Element, samples: int, random: np.random.Generator) -> _Shares:
    """By template, how often its word was drawn, over how often it is on average."""
    sizes: dict[int, float] = {}
    for output in tests.outputs:
        for weight, part in tests.slope(output, element):
            if part.settings:
                sizes[part.template] = abs(float(weight)) if weight.is_constant else 1.0
    if len(sizes) <= samples:
        return {}
    chances = np.array(list(sizes.values())) / sum(sizes.values())
    drawn = random.multinomial(samples, chances)
    return {template: float(share) for template, share in zip(sizes, drawn / (samples * chances), strict=True)}
