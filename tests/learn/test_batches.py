"""Mini-batches: every row once in a pass, in an order of the seed."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trained_programs import FED, program_of

import qcompile as qc
from qcompile.learn import OPTIMIZERS, Optimizer
from qcompile.learn.batches import Batches
from qcompile.learn.minimizers import MINIMIZERS

X = np.array([0.1, 0.5, -0.3, 0.9, 1.4])


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 5), st.integers(0, 99))
def test_each_pass_has_every_row_once(rows: int, size: int, turn: int, seed: int) -> None:
    """Would catch a row that is left out at the end of a pass, or seen twice."""
    size = min(size, rows)
    batches, count = Batches(size, rows, seed), -(-rows // size)
    seen = [batches.of_step(turn * count + k) for k in range(count)]
    assert sorted(int(row) for part in seen if part is not None for row in part) == list(range(rows))
    assert all(part is not None and 1 <= len(part) <= size for part in seen)


def _order(seed: int, turn: int) -> list[int]:
    parts = [Batches(10, 40, seed).of_step(turn * 4 + k) for k in range(4)]
    return [int(row) for part in parts if part is not None for row in part]


def test_passes_differ_and_follow_the_seed() -> None:
    """Would catch one order for all passes, and one that no seed fixes."""
    orders = [_order(seed, turn) for seed, turn in ((1, 0), (1, 0), (1, 1), (2, 0))]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2] != orders[3] != orders[0]


def test_a_step_sees_its_rows_alone() -> None:
    """Would catch the gradient of other rows: the path of plain descent is computed by hand."""
    options: dict[str, Any] = {"inputs": {"x": X}, "batch_size": 2, "seed": 4, "initial": {"t": 0.4}}
    result = qc.train(program_of(FED), 4, "sgd", 0.3, **options)
    t, batches = 0.4, Batches(2, 5, 4)
    for step, value in enumerate(result.history):
        rows = X[batches.of_step(step)]
        assert value == pytest.approx(np.mean(np.cos(t + rows)))
        t += 0.3 * float(np.mean(np.sin(t + rows)))
    assert result.parameters["t"] == pytest.approx(t)
    assert result.value == pytest.approx(np.mean(np.cos(t + X)))
    assert result.batched


@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name not in MINIMIZERS])
def test_they_train(optimizer: Optimizer) -> None:
    """Would catch an optimizer that mixes up rows."""
    result = qc.train(program_of(FED), 120, optimizer, 0.1, inputs={"x": X}, batch_size=2, initial={"t": 1.0})
    lowest = -abs(np.exp(1j * X).mean())
    assert result.value == pytest.approx(lowest, abs=0.1)


@pytest.mark.parametrize("optimizer", MINIMIZERS)
def test_line_searches_refuse_them(optimizer: Optimizer) -> None:
    """Would catch values of different rows compared with each other."""
    with pytest.raises(qc.CompileError, match="different rows") as fault:
        qc.train(program_of(FED), 5, optimizer, inputs={"x": X}, batch_size=2)
    assert fault.value.diagnostics[0].code is qc.Code.METHOD


def test_labels_in_the_observable_are_learned() -> None:
    """Would catch an observable whose coefficient is fed once for all rows."""
    text = "qubit q; input x; input y; param w[2]; ry(w[0]*x + w[1]) q; return expect(-y*Z[0]);"
    x, y = np.linspace(-2, 2, 12), np.where(np.linspace(-2, 2, 12) > 0, 1.0, -1.0)
    result = qc.train(program_of(text), 150, inputs={"x": x, "y": y}, batch_size=4, seed=1, initial={"w": [0.5, 0.5]})
    program = program_of("qubit q; input x; param w[2]; ry(w[0]*x + w[1]) q; return expect(Z[0]);")
    found = qc.simulate(program)(x=x, w=np.tile(result.parameters["w"], (12, 1)))
    assert (np.sign(found) == y).all()
