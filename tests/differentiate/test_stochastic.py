"""A sample of the words of a generator: its mean, its spread, its cost and its class."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from qcompile.angle import Element
from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse, to_text
from qcompile.ir import Exactness, Program, Shifted
from qcompile.ir.verify import verify
from qcompile.passes.differentiate import differentiate, wanted_elements
from qcompile.passes.differentiate.hadamard.derivative import hadamard_derivative
from qcompile.passes.differentiate.hadamard.stochastic import sampled_words
from qcompile.passes.differentiate.lift import lift
from qcompile.targets.simulator import Options, evaluate


def chain() -> str:
    """Nine words, of which the outputs see eight, and no finite shift rule; the second angle has one word."""
    wires = "abcde"
    fields = [f"{0.3 + 0.1 * k!r}*X[{wire}]" for k, wire in enumerate(wires)]
    bonds = [f"{1 / (k + 2)!r}*Z[{v}] Z[{w}]" for k, (v, w) in enumerate(pairwise(wires))]
    return (
        f"gate chain(t) a, b, c, d, e generator {' + '.join(fields + bonds)}; qubit q[5]; param t; param u; ry(0.4) q; "
        "chain(2*t) q[0], q[1], q[2], q[3], q[4]; rx(u) q[0]; return expect(Z[0] X[3] + Y[4]), var(Z[1] Y[2] + X[0]);"
    )


AT = {"t": 0.7, "u": 0.3}


def lifted() -> tuple[Shifted, tuple[Element, ...]]:
    program = parse(chain())
    assert isinstance(program, Program)
    return lift(program), wanted_elements(program, None)


def slopes(module: Shifted, element: str) -> np.ndarray:
    found = zip(module.components, evaluate(module, AT, Options()), strict=True)
    return np.array([float(value[0]) for component, value in found if list(map(str, component.wrt)) == [element]])


def test_the_mean_over_seeds_is_the_derivative() -> None:
    """Would catch shares that don't average to 1, and a chain rule left out."""
    module, wanted = lifted()
    exact = differentiate(parse(chain()), None, "adjoint")
    expected = np.array([float(v[0]) for v in evaluate(exact, AT, Options())]).reshape(2, 2)[:, 0]
    found = np.array([slopes(sampled_words(module, wanted[:1], 3, seed), "t") for seed in range(120)])
    spread = found.std(axis=0) / np.sqrt(len(found))
    assert np.all(spread > 1e-3)
    assert np.all(np.abs(found.mean(axis=0) - expected) < 4 * spread)


def test_it_takes_two_evaluations_a_sample_at_most() -> None:
    """Would catch rows of words that were not drawn, and templates that nothing reads."""
    module, wanted = lifted()
    found = sampled_words(module, wanted[:1], 3, seed=1)
    verify(found)
    assert parse(to_text(found)) == found
    assert 2 <= found.evaluations - 1 <= 6  # besides the circuit itself, which a variance's slope multiplies by
    assert len(found.templates) <= 4
    assert found.seed == 1
    assert found.exactness is Exactness.UNBIASED
    assert sampled_words(module, wanted[:1], 3, seed=1) == found


def test_few_words_are_all_read() -> None:
    """Would catch a sample where all words cost no more: then the derivative is exact, and the direct tests'."""
    module, wanted = lifted()
    found = sampled_words(module, wanted, 9, seed=4)
    assert found.exactness is Exactness.EXACT
    assert found.components == hadamard_derivative(module, wanted, "direct").components
    mixed = sampled_words(module, wanted, 2, seed=4)
    classes = {component.wrt: component.exactness for component in mixed.components}
    assert [classes[(element,)] for element in wanted] == [Exactness.UNBIASED, Exactness.EXACT]


def test_refusals() -> None:
    """Would catch a product of two estimates drawn alike, which is biased, and no samples at all."""
    module, wanted = lifted()
    with pytest.raises(CompileError) as caught:
        sampled_words(sampled_words(module, wanted), wanted)
    assert caught.value.diagnostics[0].code is Code.METHOD
    with pytest.raises(CompileError) as caught:
        sampled_words(module, wanted, 0)
    assert caught.value.diagnostics[0].code is Code.UNKNOWN_OPTION
