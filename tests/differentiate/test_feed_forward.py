"""Derivatives through measurement, reset, conditions and bounded loops, against closed forms and density matrices."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from dense import element_values
from density import mean_of_all_runs
from hypothesis import given
from pass_programs import dynamic_programs
from random_programs import values_for

from qcompile.grammar import parse
from qcompile.ir import Expectation, Program, Shifted
from qcompile.passes.differentiate import differentiate
from qcompile.targets.simulator import Options, evaluate

STEP = 1e-3
STENCIL = ((-3, -1 / 60), (-2, 3 / 20), (-1, -3 / 4), (1, 3 / 4), (2, -3 / 20), (3, 1 / 60))  # of sixth order
TURNS = "qubit q[2]; bit c[2]; param t; "
NESTED = """h q[0]; c[0] = measure q[0]; h q[0]; c[1] = measure q[0];
if (c[0]) { if (c[1]) { id q[1]; } else { rx(t) q[1]; } } else { if (c[1]) { rx(t) q[1]; } } return expect(Z[1]);"""
BOUNDED = """x q[0]; c[0] = measure q[0]; while (c[0]) limit 3 { reset q[0]; rx(t) q[0]; c[0] = measure q[0]; }
return expect(0.5 - 0.5*Z[0]);"""


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def derivative(text: str, order: int = 1, **values: float) -> float:
    """Of the only output, by the only parameter."""
    module: Program | Shifted = program(text)
    for _ in range(order):
        found = differentiate(module, None, "shift")
        assert isinstance(found, Shifted)
        module = found
    assert isinstance(module, Shifted)
    return float(evaluate(module, values, Options())[-1][0])


def slope_of_means(source: Program, name: str, index: int | None, values: dict[str, np.ndarray]) -> float:
    (output, *_) = source.outputs
    assert isinstance(output, Expectation)
    total = 0.0
    for steps, weight in STENCIL:
        moved = {key: np.array(value) for key, value in values.items()}
        moved[name][... if index is None else index] += steps * STEP
        at = element_values(source, moved)
        total += weight * mean_of_all_runs(source, output.observable.operator, at) / STEP
    return total


def test_a_gate_that_waits_for_a_bit() -> None:
    """Would catch a branch differentiated with the wrong weight, or by differences of single shots."""
    text = """qubit q[2]; bit m; param x; ry(0.7) q[0]; rx(0.3) q[1]; m = measure q[0]; if (m) { rx(x) q[1]; }
    return expect(Z[1]);"""
    assert derivative(text, x=0.4) == pytest.approx(-0.07574641, abs=1e-8)
    assert derivative(text, x=0.4) == pytest.approx(-(math.sin(0.35) ** 2) * math.sin(0.7), abs=1e-12)
    assert derivative(text, 2, x=0.4) == pytest.approx(-(math.sin(0.35) ** 2) * math.cos(0.7), abs=1e-12)


CLOSED: list[tuple[str, Callable[[float], float]]] = [
    # what a reset forgets has no slope, what it leaves entangled elsewhere has: P(1) of the other wire
    ("rx(t) q[0]; reset q[0]; return expect(Z[0]);", lambda _: 0.0),
    ("rx(t) q[0]; reset q[0]; ry(t) q[0]; return expect(Z[0]);", lambda t: -math.sin(t)),
    ("rx(t) q[0]; cx q[0], q[1]; reset q[0]; return expect(Z[1]);", lambda t: -math.sin(t)),
    ("rx(t) q[0]; cx q[0], q[1]; reset q[0]; return expect(Z[0] + X[1]);", lambda _: 0.0),
    ("rx(t) q[1]; ry(0.3) q[0]; reset q[0]; return expect(Z[0] Z[1]);", lambda t: -math.sin(t)),
    # the bit counts as it was measured last
    ("rx(t) q[0]; c[0] = measure q[0]; c[0] = measure q[1]; if (c[0]) { x q[1]; } return expect(Z[1]);",
     lambda _: 0.0),
    # the condition turns with the angle, and so does the branch that it lets run: P(1)·(−cos t) + P(0)
    ("rx(t) q[0]; c[0] = measure q[0]; if (c[0]) { x q[1]; ry(t) q[1]; } return expect(Z[1]);",
     lambda t: -math.sin(t) / 2 * (1 + math.cos(t)) + math.sin(t) * (1 - math.cos(t)) / 2),
    # else, inside a branch: Z1 is cos t where both bits differ, 1 else
    (NESTED, lambda t: -math.sin(t) / 2),
    # at most three turns of rx(t) until 0 is read, from 1: P(1) falls by s = sin²(t/2) with each, and is kept
    (BOUNDED, lambda t: 3 * math.sin(t / 2) ** 5 * math.cos(t / 2)),
    # each turn of a loop is an occurrence: a measured wire keeps ⟨Z⟩ only, cosᵏ t after k turns
    ("for k in 0:3 { rx(t) q[0]; c[0] = measure q[0]; } return expect(Z[0]);",
     lambda t: -3 * math.cos(t) ** 2 * math.sin(t)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CLOSED)
def test_closed_forms(text: str, expected: Callable[[float], float]) -> None:
    """Would catch an occurrence that a reset, an overwritten bit, an else or a later turn hides or leaves standing."""
    for t in (0.4, 2.2):
        assert derivative(TURNS + text, t=t) == pytest.approx(expected(t), abs=1e-12)


def test_what_a_reset_forgets_takes_no_evaluation() -> None:
    """Would catch a wire that stays in sight though it is reset before it is read."""
    text = "rx(t) q[0]; cx q[0], q[1]; reset q[0]; reset q[1]; return expect(Z[0] Z[1]);"
    module = differentiate(program(TURNS + text))
    assert isinstance(module, Shifted)
    assert module.evaluations == 0


def test_teleported_angles() -> None:
    """Would catch corrections that the walk back takes for what they are not: ⟨X⟩ = sin t cos w arrives."""
    text = """qubit q[3]; bit c[2]; param t; param w; ry(t) q[0]; rz(w) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1];
    h q[0]; c[0] = measure q[0]; c[1] = measure q[1]; if (c[1]) { x q[2]; } if (c[0]) { z q[2]; }
    return expect(X[2]);"""
    module = differentiate(program(text))
    assert isinstance(module, Shifted)
    value, by_t, by_w = (float(found[0]) for found in evaluate(module, {"t": 0.7, "w": 0.4}, Options()))
    assert value == pytest.approx(math.sin(0.7) * math.cos(0.4), abs=1e-12)
    assert by_t == pytest.approx(math.cos(0.7) * math.cos(0.4), abs=1e-12)
    assert by_w == pytest.approx(-math.sin(0.7) * math.sin(0.4), abs=1e-12)


@given(dynamic_programs())
def test_random_programs(source: Program) -> None:
    """Would catch what the simulator and the rules get wrong alike: the means are those of density matrices."""
    if not isinstance(source.outputs[0], Expectation):
        return
    values = values_for(source, 7)
    module = differentiate(source, None, "shift")
    assert isinstance(module, Shifted)
    found = evaluate(module, values, Options())
    for component, result in zip(module.components, found, strict=True):
        if component.output == 0 and component.wrt:
            (element,) = component.wrt
            expected = slope_of_means(source, element.name, element.index, values)
            assert float(result[0]) == pytest.approx(expected, abs=1e-8)


def test_shots_through_feed_forward() -> None:
    """Would catch a derivative by single shots, whose size grows with their number."""
    text = """qubit q[2]; bit m; param x; ry(0.7) q[0]; rx(0.3) q[1]; m = measure q[0]; if (m) { rx(x) q[1]; }
    return expect(Z[1]);"""
    module = differentiate(program(text))
    assert isinstance(module, Shifted)
    drawn = [float(evaluate(module, {"x": 0.4}, Options(shots=2000, seed=seed))[-1][0]) for seed in range(40)]
    assert float(np.mean(drawn)) == pytest.approx(-0.07574641, abs=0.01)
