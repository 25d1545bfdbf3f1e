"""The projector on a photon number as a letter: in observables, in products, in generators, under shots."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

import qcompile as qc
from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse, to_text
from qcompile.ir import Expectation, Program
from qcompile.operator import Operator, level_of, normal_form
from qcompile.passes.action import operators_commute
from qcompile.targets.simulator import Options, run

RealArray = NDArray[np.float64]
Complex = NDArray[np.complex128]
COHERENT = "qubit q; qumode m; param a; h q; displace(a, 0.4) m; "


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def observed(text: str, options: Options | None = None) -> float:
    return float(np.asarray(run(program(COHERENT + text), {"a": 0.8}, options or Options(cutoff=30))[0])[0])


def observable(text: str) -> Operator:
    output = program(f"qubit q; qumode m[2]; return expect({text});").outputs[0]
    assert isinstance(output, Expectation)
    return output.observable.operator


def poisson(n: int) -> float:
    return math.exp(-0.64) * 0.64**n / math.factorial(n)


def product(letters: tuple[str, ...], size: int) -> Complex:
    lower = np.diag(np.sqrt(np.arange(1.0, size)), 1)
    known = {"x": lower + lower.T, "p": -1j * (lower - lower.T), "n": np.diag(np.arange(float(size)))}
    total = np.eye(size, dtype=np.complex128)
    for letter in letters:
        level = np.diag((np.arange(size) == level_of(letter)).astype(np.float64))
        total = total @ known.get(letter, level)
    return total


def test_its_expectation_is_the_probability() -> None:
    """Against Poisson's law. Catches a level off by one, and a run on the Gaussian engine, which has none."""
    for n in (0, 1, 3):
        assert observed(f"return expect(n{n}[0]);") == pytest.approx(poisson(n), abs=1e-12)
    assert observed("return expect(X[0] n2[0] - 0.5*n0[0]);") == pytest.approx(poisson(2) - 0.5 * poisson(0), abs=1e-12)
    assert observed("return var(n1[0]);") == pytest.approx(poisson(1) * (1 - poisson(1)), abs=1e-12)


def test_products_with_quadratures_are_those_of_the_infinite_operators() -> None:
    """x|3⟩⟨3|x has the expectation |⟨3|x|ψ⟩|², at every cutoff above. Catches a product cut too early."""
    amplitudes = [math.sqrt(poisson(n)) * np.exp(0.4j * n) for n in range(12)]
    expected = abs(2 * amplitudes[4] + math.sqrt(3) * amplitudes[2]) ** 2
    assert observed("return expect(x[0] n3[0] x[0]);") == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    "letters", ["n2", "x n2", "p n2 x", "n1 x x n3", "n2 p n2", "x p n n3 p x x", "n1 n2", "n n4 n"]
)
def test_normal_forms_have_the_same_elements(letters: str) -> None:
    """Σ c·|j⟩⟨k| against the product of matrices. Catches a conjugate or an order of letters."""
    word, size = tuple(letters.split()), 16
    found = np.zeros((size, size), dtype=np.complex128)
    for (j, k, *_), coefficient in normal_form(word):
        found[j, k] += coefficient
    np.testing.assert_allclose(found[:10, :10], product(word, size)[:10, :10], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("left", "right", "commute"),
    [
        ("n3[0]", "n[0]", True), ("n3[0]", "n2[0]", True), ("n3[0]", "x[1]", True), ("n3[0] Z[0]", "n[0] Z[0]", True),
        ("n3[0]", "x[0]", False), ("n3[0] Z[0]", "X[0]", False), ("n3[0]", "n[0]**2 + n1[0]", True),
        ("n0[0]", "x[0] n2[0] x[0]", True), ("n1[0]", "x[0] n2[0] x[0]", False),
    ],
)  # fmt: skip
def test_commutation(left: str, right: str, commute: bool) -> None:
    """x|2⟩⟨2|x reaches levels 1 and 3 alone. Catches a letter that is taken to commute with all, or with none."""
    assert operators_commute(observable(left), observable(right)) is commute


@pytest.mark.parametrize("text", ["x[0] n1[0]", "n1[0] n[0] p[0]", "n2[0] x[0] n1[0]"])
def test_what_is_not_hermitian_is_refused(text: str) -> None:
    with pytest.raises(CompileError) as caught:
        observable(text)
    assert caught.value.diagnostics[0].code is Code.NOT_HERMITIAN
    assert "write `0.5*" in (caught.value.diagnostics[0].help or "")


def test_names_that_a_program_declares_come_first() -> None:
    """Catches programs that had an array n3 before there was a letter."""
    text = "qumode m; param n3[2]; return expect(n3[1]*n[0]);"
    module = program(text)
    assert "n3" in {parameter.name for parameter in module.parameters}
    assert parse(to_text(module)) == module
    levels = program("qumode m; param a[2]; return expect(a[1]*n3[0]);")
    assert parse(to_text(levels)) == levels


def test_shots_tell_a_level_from_the_others() -> None:
    """Within five standard errors. Catches the photon number taken for the value."""
    shots = 20_000
    text = "return expect(n1[0] + 2*n[0] + Z[0] n0[0]);"
    exact, drawn = observed(text), observed(text, Options(cutoff=30, shots=shots, seed=3))
    assert 0 < abs(exact - drawn) < 5 * 3 / math.sqrt(shots)


def test_levels_may_be_counted_by_a_loop() -> None:
    """`snap[k]` in a loop, as the text without one says it."""
    module = program("qumode m; param w[3]; for k in 0:3 { snap[k](w[k]) m; } return expect(x[0]);")
    assert "snap[2](w[2]) m;" in to_text(module)
    assert parse(to_text(module)) == module


def test_the_builder_takes_gates_on_levels() -> None:
    builder = qc.Builder()
    mode, theta = builder.qumode("m"), builder.param("t")
    builder.gate("snap[2]", theta, mode)
    builder.expect("n2[0]")
    assert builder.build() == program("qumode m; param t; snap[2](t) m; return expect(n2[0]);")
