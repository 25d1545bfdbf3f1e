"""Post-selection: outputs are those of the runs kept, renormalised; barriers change nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from qcompile.diagnostics import Code, CompileError, Source, Span
from qcompile.gates import TABLE
from qcompile.grammar import parse
from qcompile.ir import Barrier, If, Measure, Op, Postselect, Program, Reset, Statement
from qcompile.targets.simulator import Options, run

SPAN = Span(Source("kept.qc", "postselect c[0];"), 0, 16)


def program(text: str, *added: Statement, at: int | None = None) -> Program:
    """The text's program with statements put at a place, by default at the end."""
    module = parse(text)
    assert isinstance(module, Program)
    place = len(module.body) if at is None else at
    return replace(module, body=(*module.body[:place], *added, *module.body[place:]))


TEXT = """qubit q[2]; bit c[2]; param x; ry(x) q[0]; cx q[0], q[1]; ry(0.7) q[1]; c[0] = measure q[1];
return expect(Z[0]), var(Z[0]), probs(q[0]), probs(q);"""


def test_the_runs_kept_are_renormalised() -> None:
    """Would catch outputs of all runs, of the wrong runs, or unnormalised; in each row of a batch by its own share."""
    angles = np.array([0.4, 1.9])
    mean, variance, levels, both = run(program(TEXT, Postselect(((0, True),))), {"x": angles})
    for row, x in enumerate(angles):
        weights = np.array([np.cos(x / 2) * np.sin(0.35), np.sin(x / 2) * np.cos(0.35)]) ** 2
        shares = weights / weights.sum()
        np.testing.assert_allclose(levels[row], shares, rtol=0, atol=1e-12)
        np.testing.assert_allclose(both[row], [0, shares[0], 0, shares[1]], rtol=0, atol=1e-12)
        np.testing.assert_allclose(mean[row], shares[0] - shares[1], rtol=0, atol=1e-12)
        np.testing.assert_allclose(variance[row], 1 - (shares[0] - shares[1]) ** 2, rtol=0, atol=1e-12)


def test_entanglement_swapping() -> None:
    """Would catch a state that keeps the phases or the norm of the runs dropped: two Bell pairs."""
    text = """qubit q[4]; bit c[2]; h q[0]; cx q[0], q[1]; h q[2]; cx q[2], q[3]; cx q[1], q[2]; h q[1];
    c[0] = measure q[1]; c[1] = measure q[2]; return state();"""
    (state,) = run(program(text, Postselect(((0, False), (1, True)))), {})
    found = state[0].reshape(2, 2, 2, 2)[:, 0, 1, :]
    np.testing.assert_allclose(found, np.array([[0, 1], [1, 0]]) / np.sqrt(2), rtol=0, atol=1e-12)
    np.testing.assert_allclose(float(np.linalg.norm(state[0])), 1, rtol=0, atol=1e-12)


def test_shots_are_of_runs_kept() -> None:
    """Would catch fewer shots than asked for, or shots of runs that were dropped."""
    text = TEXT.replace("expect(Z[0]), var(Z[0]), probs(q[0]), probs(q)", "samples(q, c[0])")
    shots: NDArray[np.int64] = run(program(text, Postselect(((0, True),))), {"x": 0.4}, Options(shots=20000, seed=1))[0]
    assert shots.shape == (1, 20000, 3)
    assert (shots[0, :, 1:] == 1).all()
    weights = np.array([np.cos(0.2) * np.sin(0.35), np.sin(0.2) * np.cos(0.35)]) ** 2
    share = np.count_nonzero(shots[0, :, 0] == 1) / 20000
    np.testing.assert_allclose(share, weights[1] / weights.sum(), rtol=0, atol=0.01)


def test_a_selection_in_a_branch_keeps_the_other_branch() -> None:
    """Would catch a branch that is renormalised by itself: the runs are 00, 01, 10, 11, and 11 is dropped."""
    text = """qubit q[2]; bit c[2]; h q[0]; h q[1]; c[0] = measure q[0]; return probs(q);"""
    inside = If(((0, True),), (Measure("z", 1, (1,)), Postselect(((1, False),), SPAN)))
    (levels,) = run(program(text, inside), {})
    np.testing.assert_allclose(levels[0], [1 / 3, 1 / 3, 1 / 3, 0], rtol=0, atol=1e-12)


def test_selections_one_after_the_other() -> None:
    """Would catch a second selection that forgets the first, and gates, resets and measurements after one."""
    text = "qubit q[2]; bit c[2]; ry(0.8) q[0]; c[0] = measure q[0]; return probs(q);"
    body = (
        Postselect(((0, True),)), Reset(0), Op(TABLE["h"], (0,)), Op(TABLE["cx"], (0, 1)), Measure("z", 1, (1,)),
        Postselect(((1, False), (0, True))), Op(TABLE["x"], (1,)),
    )  # fmt: skip
    (levels,) = run(program(text, *body), {})
    np.testing.assert_allclose(levels[0], [0, 1, 0, 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("nested", [False, True])
def test_no_run_kept_is_a_fault_with_its_place(nested: bool) -> None:
    """Would catch a division by zero, an empty state, or a fault without the statement, also of one row of a batch."""
    text = "qubit q; bit c; param t; rx(t) q; c = measure q; return expect(Z[0]);"
    selection: Statement = Postselect(((0, True),), SPAN)
    if nested:
        selection = If(((0, False),), (selection, Op(TABLE["x"], (0,)), Measure("z", 0, (0,)), Reset(0)))
    values = [0.0] if nested else [0.5, 0.0]
    with pytest.raises(CompileError) as caught:
        run(program(text, selection), {"t": values})
    (fault,) = caught.value.diagnostics
    assert fault.code is Code.NOT_SIMULABLE
    assert fault.span is SPAN
    assert "no run is kept" in fault.label


def test_a_cell_that_only_one_branch_measures_holds_0_elsewhere() -> None:
    """Would catch a cell without a value, or one that keeps another run's."""
    text = "qubit q[3]; bit c[2]; h q[0]; x q[1]; c[0] = measure q[0]; return probs(q);"
    body = (If(((0, True),), (Measure("z", 1, (1,)),)), If(((1, False),), (Op(TABLE["x"], (2,)),)))
    (levels,) = run(program(text, *body), {})
    np.testing.assert_allclose(levels[0], np.eye(8)[0b011] / 2 + np.eye(8)[0b110] / 2, rtol=0, atol=1e-12)


def test_a_barrier_does_nothing() -> None:
    """Would catch a barrier that measures, or that an engine refuses."""
    for text in (
        "qubit q[2]; h q[0]; cx q[0], q[1]; return probs(q);",
        "qumode q[2]; displace(1, 0) q[0]; return expect(x[0]);",
    ):
        with_one = program(text, Barrier((0, 1)), at=1)
        np.testing.assert_allclose(run(with_one, {})[0], run(program(text), {})[0], rtol=0, atol=1e-12)
