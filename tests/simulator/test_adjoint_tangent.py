"""Hessian-vector products: against Hessians by shifts, differences of gradients, and a closed form."""

import numpy as np
import pytest

from qcompile import hessian
from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse
from qcompile.ir import Adjoint, Program
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, evaluate, hessian_vector_products

TEXT = """qubit q[3]; param x; param w[3]; h q[0]; crx(x*w[0]) q[0], q[1]; u(w[1], x, 0.3) q[2]; cx q[1], q[2];
rzz(sin(w[2])) q[0], q[2]; ctrl @ ry(w[0] + x) q[1], q[0]; t q[0];
return expect(x*Z[0] + w[1]**2*X[1] + Y[2]), expect(X[0] X[2]);"""
AT = {"x": np.array(0.4), "w": np.array([0.3, 1.1, -0.6])}
ALONG = {"x": np.array(0.9), "w": np.array([-0.2, 0.5, 0.7])}


def read(text: str) -> Program:
    program = parse(text)
    assert isinstance(program, Program)
    return program


def adjoint(text: str, wrt: str | None = None) -> Adjoint:
    module = differentiate(read(text), wrt, "adjoint")
    assert isinstance(module, Adjoint)
    return module


def test_the_second_derivative_of_a_square() -> None:
    """d²cos(x²)/dx². Would catch the slope of the slope left out, which gives −0.94."""
    module = adjoint("qubit q; param x; rx(x**2) q; return expect(Z[0]);")
    (product,) = hessian_vector_products(module, {"x": 0.7}, {"x": 1.0})
    assert product[0] == pytest.approx(-2.6706241792181538, abs=1e-12)


def test_against_the_whole_hessian() -> None:
    """By shifts. Would catch a tangent that misses a gate's, an observable's or a weight's part."""
    found = hessian_vector_products(adjoint(TEXT), AT, ALONG)
    whole = hessian(read(TEXT))(**AT)
    expected = np.concatenate([matrix @ np.array([0.9, -0.2, 0.5, 0.7]) for matrix in whole])
    np.testing.assert_allclose(np.ravel(found), expected, rtol=0, atol=1e-12)


def test_against_differences_of_the_gradient() -> None:
    """Along all parameters. Would catch a direction that reaches those of the gradient only."""
    module = adjoint(TEXT, "w[1]")
    found = hessian_vector_products(module, AT, ALONG)
    weights = zip((-3, -2, -1, 1, 2, 3), np.array([-1, 9, -45, 45, -9, 1]) / (60 * 2e-3), strict=True)
    moved = [
        weight * np.array(evaluate(module, {n: AT[n] + k * 2e-3 * ALONG[n] for n in ("x", "w")}, Options()))
        for k, weight in weights
    ]
    np.testing.assert_allclose(found, sum(moved), rtol=0, atol=1e-9)


def test_directions_and_values_by_rows() -> None:
    """Would catch a row's direction used with another row's values."""
    module = adjoint(TEXT)
    rows = np.array([0.1, 0.5, 2.0])
    together = hessian_vector_products(module, {**AT, "x": rows}, ALONG)
    for k, x in enumerate(rows):
        alone = hessian_vector_products(module, {**AT, "x": x}, ALONG)
        np.testing.assert_allclose([product[k] for product in together], np.ravel(alone), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "qubit q; param x; rx(x) q; return var(Z[0]);",
        "qubit q; param x; rx(x) q; reset q; rx(x) q; return expect(Z[0]);",
        "qumode m; param x; displace(x, 0) m; return expect(n[0]);",
    ],
)
def test_what_has_no_tangent_is_refused(text: str) -> None:
    with pytest.raises(CompileError) as caught:
        hessian_vector_products(adjoint(text), {"x": 0.1}, {"x": 1.0})
    assert caught.value.diagnostics[0].code is Code.METHOD
    assert "shift" in caught.value.diagnostics[0].help
