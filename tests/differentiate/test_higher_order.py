"""Derivatives of second and higher order, in closed form and by differences of the order below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

import qcompile as qc
from qcompile.ir import Program, Shifted
from qcompile.ir.verify import verify
from qcompile.passes.differentiate.orders import mixed_derivative

SMALL = "qubit q[2]; param a; param b; param c; rx(a) q[0]; ry(b) q[1]; cx q[0], q[1]; rx(c) q[1]; return expect(Z[1]);"
POINT = {"a": 0.1, "b": 0.2, "c": 0.3}
HESSIAN = (
    (-0.9316158, 0.01894799, 0.0289147),
    (0.01894799, -0.9316158, 0.05841749),
    (0.0289147, 0.05841749, -0.9316158),
)
MIXED = """qubit q[2]; param a; param w[2]; input x; rx(a*w[0] + x) q[0]; crx(w[1]) q[0], q[1]; ry(a**2) q[1];
rzz(x*a) q[0], q[1]; ry(0.3) q[0]; return expect(a*Z[1] + w[0]**2*X[0]), var(X[1]), probs(q[0]), cov(Z[0], x*Z[1]);"""
AT: dict[str, Any] = {"a": 0.4, "w": np.array([0.7, -0.5]), "x": 0.3}


def program(text: str) -> Program:
    made = qc.parse(text)
    assert isinstance(made, Program)
    return made


def stepped(values: dict[str, Any], name: str, step: float) -> dict[str, Any]:
    parameter, _, index = name.rstrip("]").partition("[")
    moved = np.array(values[parameter], dtype=float)
    moved[int(index) if index else ()] += step
    return {**values, parameter: moved}


def central(function: Callable[..., Any], values: dict[str, Any], name: str) -> list[NDArray[np.float64]]:
    """Sixth-order differences of every output."""
    found: list[list[NDArray[np.float64]]] = []
    for k, weight in ((1, 45), (2, -9), (3, 1)):
        ahead, behind = (results(function(**stepped(values, name, sign * k * 5e-3))) for sign in (1, -1))
        found.append([weight * (a - b) / 0.3 for a, b in zip(ahead, behind, strict=True)])
    return [a + b + c for a, b, c in zip(*found, strict=True)]


def results(given: Any) -> list[NDArray[np.float64]]:
    """Of one output or several."""
    if not isinstance(given, tuple):
        return [np.asarray(given, dtype=float)]
    return [np.asarray(each, dtype=float) for each in cast("tuple[float, ...]", given)]


def test_the_small_circuit() -> None:
    """Would catch a mixed derivative in the wrong place, and the pass and the function that differ."""
    np.testing.assert_allclose(qc.hessian(program(SMALL))(**POINT), HESSIAN, atol=1e-7)
    for j, a in enumerate("abc"):
        for k, b in enumerate("abc"):
            assert qc.derivative(program(SMALL), (a, b))(**POINT) == pytest.approx(HESSIAN[j][k], abs=1e-7)


@pytest.mark.parametrize("order", range(6))
def test_a_wave_of_every_order(order: int) -> None:
    """⟨Z⟩ after RX(2t) is cos 2t. Would catch a setting that is wrapped at half a period, and a rule taken once."""
    circuit = program("qubit q; param t; rx(2*t) q; return expect(Z[0]);")
    expected = 2**order * np.cos(2 * 0.3 + order * np.pi / 2)
    assert qc.derivative(circuit, ("t",) * order)(t=0.3) == pytest.approx(expected, abs=1e-12)


def test_even_orders_share_their_settings() -> None:
    """A wave of one frequency has four settings, π/2 apart, whatever the order: the others have merged."""
    circuit = program("qubit q; param t; rx(t) q; return expect(Z[0]);")
    counts = [mixed_derivative(circuit, ["t"] * order).evaluations for order in range(1, 6)]
    assert counts == [2, 2, 2, 2, 2]


def test_mixed_derivatives_of_two_rotations_take_four_settings() -> None:
    circuit = program("qubit q; param a; param b; rx(a) q; ry(b) q; return expect(Z[0]);")
    module = mixed_derivative(circuit, ["a", "b"])
    verify(module)
    assert module.evaluations == 4
    assert {c.wrt for c in module.components if c.wrt} == {module.components[-1].wrt}


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("ry(1.2) q; rx(t) q; return expect(Y[0]);", 3.4, -0.09259729990693708),
        ("rx(t**2) q; return expect(Z[0]);", 0.7, -2.6706241792181538),
        ("ry(t) q; ry(t) q; return expect(Z[0]);", 0.4, -4 * np.cos(0.8)),
        ("ry(t) q; return expect(t**2*Z[0] + sin(t)*X[0]);", 0.6, None),
        ("ry(t) q; return var(Z[0]), cov(X[0], t*Z[0]);", 0.6, None),
        ("rx(sin(t)*exp(t)) q; return probs(q);", 0.5, None),
    ],
)
def test_second_derivatives(text: str, values: float, expected: float | None) -> None:
    """Would catch a chain rule without its second term, a coefficient differentiated once, an angle shared."""
    circuit = program(f"qubit q; param t; {text}")
    found = qc.derivative(circuit, ("t", "t"))(t=values)
    numeric = central(qc.derivative(circuit, "t"), {"t": values}, "t")
    for second, other in zip(results(found), numeric, strict=True):
        np.testing.assert_allclose(second, other, rtol=0, atol=1e-8)
    assert expected is None or found == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(
    "wrt", [("a", "a"), ("a", "x"), ("w[0]", "x"), ("a", "w[1]", "a"), ("x", "w[0]", "w[0]"), ("a", "a", "a"),
            ("w[1]", "x", "a")],
)  # fmt: skip
def test_derivatives_are_slopes_of_those_of_the_order_below(wrt: tuple[str, ...]) -> None:
    """By inputs too. Would catch an order that forgets coefficients, products in variances, or where inputs stand."""
    circuit = program(MIXED)
    found = qc.derivative(circuit, wrt)(**AT)
    below = central(qc.derivative(circuit, wrt[:-1]), AT, wrt[-1])
    for mine, other in zip(found, below, strict=True):
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-7)


@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize(
    "body",
    ["coherent(t, 0.3) m;", "coherent(0.4, t) m;", "squeezed(t, 0.4) m;", "squeezed(0.3, t) m;",
     "squeezed(t, 0.2) m; displace(0.3, t) m; rotate(t) m;"],
)  # fmt: skip
def test_angles_of_states_of_light(body: str, order: int) -> None:
    """Would catch a preparation that is left as it is, and hyperbolic settings that are wrapped like waves."""
    circuit = program(f"qumode m; param t; {body} return expect(n[0] + 0.3*x[0]), expect(x[0] p[0] + p[0] x[0]);")
    found = qc.derivative(circuit, ("t",) * order)(t=0.25)
    below = central(qc.derivative(circuit, ("t",) * (order - 1)), {"t": 0.25}, "t")
    np.testing.assert_allclose(found, below, rtol=0, atol=1e-7)


def test_batches_and_shots() -> None:
    circuit = program(SMALL)
    rows = qc.derivative(circuit, ("a", "c"))(a=[0.1, 0.5], b=0.2, c=0.3)
    assert rows.shape == (2,)
    assert rows[0] == pytest.approx(HESSIAN[0][2], abs=1e-7)
    drawn = qc.derivative(circuit, ("a", "a"), shots=20_000, seed=5)(**POINT)
    assert 1e-6 < abs(drawn - HESSIAN[0][0]) < 0.02


def test_a_derivative_that_vanishes_has_the_shape_of_its_output() -> None:
    """Would catch a zero that is one number."""
    circuit = program("qubit q[2]; param a; param b; rx(a) q[0]; return probs(q);")
    np.testing.assert_array_equal(qc.derivative(circuit, ("a", "b"))(a=0.1, b=0.2), np.zeros(4))


@pytest.mark.parametrize(("wrt", "message"), [(("a", "w"), "`w` has 2 entries"), (("a", "v"), "no parameter `v`")])
def test_a_derivative_is_by_one_entry_at_a_time(wrt: tuple[str, ...], message: str) -> None:
    with pytest.raises(qc.CompileError, match=message):
        qc.derivative(program(MIXED), wrt)


@pytest.mark.parametrize("text", ["rx(t) q; return expect(Z[0]);", "ry(1) q; return expect(t**2*Z[0]);"])
def test_the_least_is_known_of_first_derivatives_alone(text: str) -> None:
    """Would catch a bound that is told for a derivative whose rows are shifted twice, or read with a weight."""
    twice = qc.differentiate(qc.differentiate(program(f"qubit q; param t; {text}"), method="shift"), method="shift")
    assert isinstance(twice, Shifted)
    assert [(len(c.wrt), c.least is None) for c in twice.certificates] == [(1, False), (2, True)]
