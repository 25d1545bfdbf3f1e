"""Finite differences and random directions: their errors, their counts, and that they take every program."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from qcompile.angle import Element
from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse, to_text
from qcompile.ir import Exactness, Program, Shifted
from qcompile.ir.verify import verify
from qcompile.passes.differentiate import differentiate, wanted_elements
from qcompile.passes.differentiate.differences.derivative import finite_differences, random_directions
from qcompile.passes.differentiate.lift import lift
from qcompile.targets.simulator import Options, evaluate

AT = {"a": 0.37, "b": -0.81}
NOISY = """
qubit q[2]; param a; param b;
ry(a) q[0]; cx q[0], q[1]; depolarizing(0.1) q[0]; rx(sin(b)*a) q[1];
return expect(a*b*Z[0] + Y[0] Z[1]), probs(q[1]);
"""
SELECTED = """
qubit q[2]; bit c; param a; param b;
ry(a) q[0]; ry(b) q[1]; cx q[0], q[1]; c = measure q[1]; postselect c; rx(b) q[0];
return expect(Z[0]), var(X[0]);
"""
PHOTONIC = """
qumode m[2]; real r; param a; param b;
displace(a, 0.2) m[0]; squeeze(b, 0.1) m[1]; beamsplit(a*b, 0.3) m[0], m[1]; r = homodyne(b) m[0];
return expect(n[1] + x[1]), var(x[1]);
"""


def lifted(text: str) -> tuple[Shifted, tuple[Element, ...]]:
    program = parse(text)
    assert isinstance(program, Program)
    return lift(program), wanted_elements(program, None)


def values_of(module: Shifted) -> list[np.ndarray]:
    verify(module)
    assert parse(to_text(module)) == module
    return [np.asarray(found) for found in evaluate(module, AT, Options())]


def error_of(module: Shifted, exact: Shifted) -> float:
    pairs = zip(values_of(module), values_of(exact), strict=True)
    return max(float(np.abs(own - other).max()) for own, other in pairs)


def shifted(text: str, orders: int = 1) -> Shifted:
    module = differentiate(parse(text), None, "shift")
    for _ in range(orders - 1):
        module = differentiate(module, None, "shift")
    assert isinstance(module, Shifted)
    return module


@pytest.mark.parametrize("text", [NOISY, SELECTED, PHOTONIC])
@pytest.mark.parametrize(("order", "error"), [(2, 1e-9), (4, 1e-11), (6, 1e-12)])
def test_finite_differences_of_any_program(text: str, order: int, error: float) -> None:
    """Would catch a coefficient, a detection angle or an angle that is no affine form left where it was."""
    module, wanted = lifted(text)
    found = finite_differences(module, wanted, order)
    assert found.exactness is Exactness.APPROXIMATE
    assert error_of(found, shifted(text)) < error


@pytest.mark.parametrize(("order", "rate"), [(2, 4), (4, 16), (6, 64)])
def test_the_error_falls_as_the_power_of_the_step(order: int, rate: float) -> None:
    """Would catch weights of a lower order."""
    module, wanted = lifted(NOISY)
    exact = shifted(NOISY)
    errors = [error_of(finite_differences(module, wanted, order, step), exact) for step in (0.2, 0.1)]
    assert errors[0] / errors[1] == pytest.approx(rate, rel=0.1)


@pytest.mark.parametrize(("order", "error"), [(2, 1e-6), (4, 2e-9), (6, 1e-10)])
def test_second_derivatives_take_the_slots_again(order: int, error: float) -> None:
    """Would catch a second slot for one parameter: rows would not meet, and there would be twice as many."""
    module, wanted = lifted(NOISY)
    twice = finite_differences(finite_differences(module, wanted, order), wanted, order)
    assert sum(p.size or 0 for p in twice.templates[0].program.parameters if p.role == "slot") == 2
    assert error_of(twice, shifted(NOISY, 2)) < error


def test_derivatives_of_shifted_circuits() -> None:
    """Would catch a weight that depends on the parameter and stays behind: sin(b) stands in those by the chain rule."""
    found = finite_differences(shifted(NOISY), lifted(NOISY)[1], 6)
    assert error_of(found, shifted(NOISY, 2)) < 1e-10


def test_settings_follow_the_parameter() -> None:
    """A row that sets a strength to 1 does so wherever the parameter is: its slot holds 1 − p."""
    text = "qubit q; param a; param b; ry(b) q; amplitude_damping(a) q; ry(0.3) q; return expect(Z[0] + X[0]);"
    module = shifted(text)
    assert any(value.terms for row in module.rows for _, value in row.settings)
    by_shifts = shifted(text, 2)
    found = finite_differences(module, lifted(text)[1], 6, 0.05)
    verify(found)
    values = {"a": 0.4, "b": 0.9}
    for own, other in zip(evaluate(found, values, Options()), evaluate(by_shifts, values, Options()), strict=True):
        assert own == pytest.approx(other, abs=1e-7)


def test_what_they_cost() -> None:
    """Would catch rows for a parameter that the program does not use, or value rows counted as slopes."""
    module, wanted = lifted("qubit q; param a; param b; param c; rx(a) q; rz(2*b + a) q; return expect(Y[0]);")
    for order in (2, 4, 6):
        assert finite_differences(module, wanted, order).evaluations == 2 * order
    assert random_directions(module, wanted).evaluations == 2
    few = finite_differences(module, wanted)
    assert [c.readings for c in few.components if c.wrt == (Element("c"),)] == [()]


@pytest.mark.parametrize(("text", "bound"), [(NOISY, 0.05), (SELECTED, 0.2)])
def test_random_directions_tend_to_the_gradient(text: str, bound: float) -> None:
    """Would catch a direction's sign lost: the mean would tend to something else."""
    module, wanted = lifted(text)
    assert error_of(random_directions(module, wanted, 1024, seed=5), shifted(text)) < bound


def test_random_directions_are_drawn_with_the_seed() -> None:
    """Would catch a global generator, and a module that forgets what it was drawn with."""
    text = (
        "qubit q[3]; param w[6]; for k in 0:6 { ry(w[k]) q[k % 3]; cz q[k % 3], q[(k + 1) % 3]; } return expect(Z[0]);"
    )
    module, wanted = lifted(text)
    first, again, other = (random_directions(module, wanted, 3, seed) for seed in (7, 7, 8))
    assert first == again
    assert first != other
    assert first.seed == 7
    assert first.evaluations == 6
    assert first.exactness is Exactness.APPROXIMATE


def test_one_sample_in_one_parameter_is_a_central_difference() -> None:
    """In closed form: (cos(t + h) − cos(t − h)) / 2h = −sin t · sin(h)/h."""
    module, wanted = lifted("qubit q; param a; rx(a) q; return expect(Z[0]);")
    found = random_directions(module, wanted, 1, seed=2, step=0.1)
    (slope,) = evaluate(found, {"a": 0.4}, Options())[1]
    assert slope == pytest.approx(-np.sin(0.4) * np.sin(0.1) / 0.1, abs=1e-12)


def test_refusals() -> None:
    """Would catch options that make no sense taken in silence, and a second order that would not be one."""
    module, wanted = lifted(NOISY)
    asked: list[Callable[[], Shifted]] = [
        lambda: finite_differences(module, wanted, 3),
        lambda: finite_differences(module, wanted, 2, 0.0),
        lambda: random_directions(module, wanted, 0),
        lambda: random_directions(module, wanted, 1, step=float("nan")),
    ]
    for ask in asked:
        with pytest.raises(CompileError) as caught:
            ask()
        assert caught.value.diagnostics[0].code is Code.UNKNOWN_OPTION
    with pytest.raises(CompileError) as caught:
        random_directions(finite_differences(module, wanted), wanted)
    assert caught.value.diagnostics[0].code is Code.METHOD
