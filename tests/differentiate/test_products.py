"""Vector-Jacobian and Jacobian-vector products, as modules and as functions, against the gradients they contract."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import qcompile as qc
from qcompile.ir import Adjoint, Program, Shifted
from qcompile.ir.verify import verify
from qcompile.passes import pipeline
from qcompile.passes.differentiate import differentiate
from qcompile.passes.differentiate.products import jvp, vjp

HEAD = """qubit q[2]; param a; param w[2]; input x; rx(a*w[0]) q[0]; ry(w[1] + x) q[1]; crx(a) q[0], q[1];
rzz(w[0]**2) q[0], q[1];"""
SCALARS = HEAD + "return expect(Z[1]), var(X[0] + Z[1]), cov(w[1]*X[0], Y[1]);"
SHAPES = HEAD + "return probs(q), expect(Z[1]), probs(q[1]);"
AT: dict[str, Any] = {"a": 0.3, "w": np.array([0.2, -0.7]), "x": 0.4}
ALONG: dict[str, Any] = {"a": 0.4, "w": np.array([0.1, 0.25])}
COTANGENTS: tuple[Any, ...] = ([0.1, 0.2, -0.3, 0.4], 0.5, [0.6, -0.2])


def program(text: str) -> Program:
    made = qc.parse(text)
    assert isinstance(made, Program)
    return made


def module_of(made: object) -> Shifted:
    assert isinstance(made, Shifted)
    verify(made)
    assert qc.parse(qc.to_text(made)) == made
    return made


def along(gradient: dict[str, Any]) -> NDArray[np.float64]:
    """Σ tangent · derivative, the tangent being ALONG."""
    result: NDArray[np.float64] = ALONG["a"] * gradient["a"] + np.tensordot(ALONG["w"], gradient["w"], 1)
    return result


# ---- modules


def test_a_vjp_is_the_gradient_of_the_contracted_outputs() -> None:
    """Would catch cotangents in another order, and a value that is not contracted with them."""
    made = module_of(vjp(program(SCALARS)))
    found = np.array(qc.simulate(made)(**AT, cotangent=[0.7, -0.3, 0.2]))
    values, gradients = qc.value_and_grad(program(SCALARS), "shift")(**AT)
    slopes: NDArray[np.float64] = np.array([[g["a"], *g["w"]] for g in gradients])
    weights = np.array([0.7, -0.3, 0.2])
    np.testing.assert_allclose(found, [weights @ np.array(values), *(weights @ slopes)], atol=1e-12)
    once = differentiate(program(SCALARS), None, "shift")
    assert isinstance(once, Shifted)
    assert (made.evaluations, made.rows) == (once.evaluations, once.rows)


def test_a_jvp_doubles_the_outputs() -> None:
    """Would catch a tangent of one parameter that moves along another."""
    made = module_of(jvp(program(SCALARS)))
    found = qc.simulate(made)(**AT, tangent_a=ALONG["a"], tangent_w=ALONG["w"])
    values, gradients = qc.value_and_grad(program(SCALARS), "shift")(**AT)
    np.testing.assert_allclose(found, [*values, *map(along, gradients)], atol=1e-12)


@pytest.mark.parametrize("first", ["vjp", "jvp"])
def test_derivatives_of_products_hold_products_with_the_hessian(first: str) -> None:
    """Forward over reverse and reverse over forward. Would catch inputs that are trained, and lost orders."""
    text = HEAD + "return expect(Z[1]);"
    made = module_of(pipeline(f"{first},differentiate")(program(text)))
    given: dict[str, Any] = {"cotangent": 1.0} if first == "vjp" else {"tangent_a": ALONG["a"], "tangent_w": ALONG["w"]}
    hessian = qc.hessian(program(text))(**AT)
    results = dict(zip([(c.output, c.wrt) for c in made.components], qc.simulate(made)(**AT, **given), strict=True))
    if first == "vjp":
        upper = [value for (_, wrt), value in results.items() if len(wrt) == 2]
        np.testing.assert_allclose(upper, hessian[np.triu_indices(3)], atol=1e-12)
        return
    moved = [value for (output, wrt), value in results.items() if output == 1 and wrt]
    np.testing.assert_allclose(moved, hessian @ [ALONG["a"], *ALONG["w"]], atol=1e-12)


def test_products_take_a_derivative_by_what_it_was_taken_by() -> None:
    """Would catch a derivative that is taken once more, by all."""
    once = differentiate(program(SCALARS), "w[1]", "shift")
    assert {c.wrt for c in module_of(vjp(once)).components} == {(), *(c.wrt for c in once.components)}
    names = {p.name for p in module_of(jvp(once)).templates[0].program.parameters}
    assert "tangent_w" in names
    assert "tangent_a" not in names


@pytest.mark.parametrize("text", ["differentiate,differentiate,vjp", "differentiate{method=adjoint},jvp", "metric,vjp"])
def test_what_is_no_first_derivative_is_refused(text: str) -> None:
    with pytest.raises(qc.CompileError, match="QC0503"):
        pipeline(text)(program(HEAD.replace("input x;", "param x;") + "return expect(Z[0]);"))


@pytest.mark.parametrize("product", [vjp, jvp])
def test_modules_have_no_cotangents_of_probabilities(product: Any) -> None:
    """Would catch one number for all outcomes."""
    with pytest.raises(qc.CompileError, match="QC0503"):
        product(program(SHAPES))


# ---- functions


@pytest.mark.parametrize("method", ["auto", "shift"])
def test_functions_contract_outputs_of_every_shape(method: str) -> None:
    """Would catch a sum over the wrong axis."""
    circuit = program(SHAPES)
    gradients = qc.gradient(circuit, method)(**AT)
    found = qc.vjp(circuit, method)(COTANGENTS, **AT)
    for name in ("a", "w"):
        parts = [np.tensordot(g[name], c, np.ndim(c)) for g, c in zip(gradients, COTANGENTS, strict=True)]
        np.testing.assert_allclose(found[name], sum(parts), atol=1e-12)
    moved = qc.jvp(circuit, method)(ALONG, **AT)
    assert isinstance(moved[1], float)
    for result, gradient in zip(moved, gradients, strict=True):
        np.testing.assert_allclose(result, along(gradient), atol=1e-12)


def test_one_is_the_transpose_of_the_other() -> None:
    """⟨cotangent, J tangent⟩ = ⟨Jᵀ cotangent, tangent⟩."""
    circuit = program(SHAPES)
    back, forth = qc.vjp(circuit)(COTANGENTS, **AT), qc.jvp(circuit)(ALONG, **AT)
    left = sum(np.dot(c, r) for c, r in zip(COTANGENTS, forth, strict=True))
    assert left == pytest.approx(ALONG["a"] * back["a"] + ALONG["w"] @ back["w"])


def test_batches_of_values_cotangents_and_tangents() -> None:
    """Would catch a batch axis that is summed away, or one that is not there where only the vectors have one."""
    circuit = program(SHAPES)
    rows = {**AT, "a": np.array([0.3, 0.8])}
    each = [qc.vjp(circuit)(COTANGENTS, **{**AT, "a": a}) for a in rows["a"]]
    found = qc.vjp(circuit)(COTANGENTS, **rows)
    np.testing.assert_allclose(found["w"], [row["w"] for row in each])
    doubled = qc.vjp(circuit)(tuple(np.stack([c, np.multiply(2, c)]) for c in COTANGENTS), **AT)
    np.testing.assert_allclose(doubled["a"], [each[0]["a"], 2 * each[0]["a"]])
    moved = qc.jvp(circuit)({"w": [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]}, **AT)
    assert moved[0].shape == (3, 4)
    np.testing.assert_allclose(moved[0][1], qc.jvp(circuit)({"w": [0.3, 0.4]}, **AT)[0])


def test_what_is_not_given_does_not_move() -> None:
    circuit = program(SCALARS)
    assert qc.jvp(circuit)({}, **AT) == (0.0, 0.0, 0.0)
    assert qc.jvp(circuit, wrt="x")({"x": 1.0}, **AT)[0] == pytest.approx(qc.gradient(circuit, wrt="x")(**AT)[0]["x"])


@pytest.mark.parametrize("cotangents", [COTANGENTS[:2], (0.1, 0.5, COTANGENTS[2])])
def test_cotangents_of_other_shapes_are_refused(cotangents: Any) -> None:
    """Would catch cotangents that broadcast."""
    with pytest.raises(qc.CompileError, match="QC0603"):
        qc.vjp(program(SHAPES))(cotangents, **AT)


@pytest.mark.parametrize(
    ("name", "given", "code"), [("w", [0.1], "QC0603"), ("v", 0.1, "QC0201"), ("x", 0.1, "QC0201")]
)
def test_tangents_of_other_shapes_and_names_are_refused(name: str, given: Any, code: str) -> None:
    """Would catch tangents that broadcast, and a name that is passed over."""
    with pytest.raises(qc.CompileError, match=code):
        qc.jvp(program(SHAPES))({name: given}, **AT)


def test_the_adjoint_method_serves_products() -> None:
    """Would catch products that always shift."""
    both = qc.vjp(program(HEAD + "return expect(Z[0]);")).both
    assert isinstance(both.derivative, Adjoint)
