"""Outputs of all runs, the dropped ones counting 0, against density matrices that nothing renormalises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from dense import element_values
from density import final_histories, mean_of_all_runs
from hypothesis import given
from numpy.typing import NDArray
from random_programs import values_for
from selecting_programs import selecting_programs

from qcompile.angle import Element, Value, number
from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse
from qcompile.ir import Expectation, Observable, Output, Probabilities, Program
from qcompile.operator import Operator
from qcompile.targets.simulator import Options, leakage, run

ONE = Operator((((), number(1)),))
KEPT = Expectation(Observable(ONE), None, True)


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


@given(selecting_programs())
def test_all_runs_are_counted(chosen: Program) -> None:
    """Would catch a share forgotten, of another row, of one branch, or taken twice: three rows of a batch at once."""
    kinds = Expectation | Probabilities
    outputs = tuple(replace(output, unnormalised=True) for output in chosen.outputs if isinstance(output, kinds))
    source = replace(chosen, outputs=(*outputs, KEPT))
    rows = [values_for(source, seed) for seed in range(3)]
    batch = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    found = run(source, batch)
    for k, row in enumerate(rows):
        values = element_values(source, row)
        for output, value in zip(source.outputs, found, strict=True):
            np.testing.assert_allclose(value[k], expected(source, output, values), rtol=0, atol=1e-10)


def expected(source: Program, output: Output, values: Mapping[Element, Value]) -> NDArray[np.float64] | float:
    if isinstance(output, Expectation):
        return mean_of_all_runs(source, output.observable.operator, values)
    assert isinstance(output, Probabilities)
    rho = sum(final_histories(source, values).values(), np.zeros((8, 8), dtype=complex))
    levels: NDArray[np.float64] = np.einsum("ii->i", rho).real.reshape(2, 2, 2)
    others = tuple(wire for wire in range(3) if wire not in output.wires)
    return np.asarray(levels.sum(axis=others), dtype=np.float64).ravel()


NEVER = """qubit q[2]; bit c; param t; rx(t) q[0]; ry(0.4) q[1]; c = measure q[0]; postselect c; cx q[0], q[1];
c = measure q[1]; reset q[1]; return unnormalised_expect(Z[1]), unnormalised_probs(q), unnormalised_expect(1);"""


@pytest.mark.parametrize("shots", [None, 50])
def test_rows_of_which_no_run_is_kept_count_nothing(shots: int | None) -> None:
    """Would catch a division by zero, a fault, or a row that takes the others with it."""
    options = Options(shots=shots, seed=1)
    alone = run(program(NEVER), {"t": 0.0}, options)
    mixed = run(program(NEVER), {"t": [0.0, np.pi]}, options)
    for one, both in zip(alone, mixed, strict=True):
        np.testing.assert_array_equal(one[0], np.zeros_like(one[0]))
        np.testing.assert_array_equal(both[0], np.zeros_like(both[0]))
    assert float(mixed[2][1]) == pytest.approx(1)


def test_a_normalised_output_still_needs_a_run() -> None:
    """Would catch zeros for what is no number, beside outputs of all runs."""
    text = NEVER.replace("return", "return expect(Z[0]),")
    with pytest.raises(CompileError) as caught:
        run(program(text), {"t": [0.3, 0.0]})
    (fault,) = caught.value.diagnostics
    assert fault.code is Code.NOT_SIMULABLE
    assert fault.span is not None


def test_shots_of_all_runs_are_binomial() -> None:
    """Would catch shots of the runs kept alone, or a share that no two experiments disagree about."""
    text = """qubit q[2]; bit c; h q[0]; cx q[0], q[1]; ry(0.8) q[1]; c = measure q[1]; postselect c;
    return unnormalised_expect(1), unnormalised_expect(0.5*Z[0] + X[0]), unnormalised_probs(q), expect(Z[0]);"""
    exact = [array[0] for array in run(program(text), {})]
    shots = 400
    drawn = [run(program(text), {}, Options(shots=shots, seed=seed)) for seed in range(300)]
    for place, value in enumerate(exact):
        means = np.array([result[place][0] for result in drawn])
        np.testing.assert_allclose(means.mean(axis=0), value, rtol=0, atol=0.02)
    kept = np.array([float(result[0][0]) for result in drawn])
    np.testing.assert_allclose(kept * shots, np.round(kept * shots), rtol=0, atol=1e-9)
    assert kept.var() == pytest.approx(0.25 / shots, rel=0.25)


def test_light_that_is_counted_and_dropped() -> None:
    """Would catch the cut's leakage taken for the share, or a row without runs taken for one that leaked."""
    text = """qumode m[2]; qubit q; bit c; param t; coherent(0.4, 0) m[0]; beamsplit(0.7, 0) m[0], m[1];
    rx(t) q; ctrl @ rotate(pi) q, m[0]; c = measure q; postselect c;
    return unnormalised_expect(x[0]), unnormalised_expect(1);"""
    source, options = program(text), Options(cutoff=14)
    turned, share = run(source, {"t": [1.1, 0.0]}, options)
    kept = np.sin(0.55) ** 2
    np.testing.assert_allclose(share, [kept, 0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(turned, [-kept * 0.8 * np.cos(0.7), 0], rtol=0, atol=1e-9)
    assert leakage(source, {"t": [1.1, 0.0]}, options) < 1e-10
