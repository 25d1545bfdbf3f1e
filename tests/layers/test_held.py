"""What forward calls keep: derivatives from the states, held against whole Jacobians, of every kind of output."""

import numpy as np
import pytest
from kept_programs import BODY, OUTPUTS

import qcompile as qc
from qcompile.layers.evaluator import Evaluator
from qcompile.layers.held import Held, Memory
from qcompile.targets.engine.loading import kernels


def made(outputs: str) -> tuple[Evaluator, np.random.Generator]:
    program = qc.parse(f"{BODY} return {outputs};")
    assert isinstance(program, qc.Program)
    kernels().get("double", wait=True)
    return Evaluator.of(program), np.random.default_rng(5)


@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("batch", [1, 3, 11])
@pytest.mark.parametrize("summed", [True, False])
def test_what_is_pulled_is_the_jacobians(kind: str, batch: int, summed: bool) -> None:
    """Would catch an outcome, a word or a coefficient taken for another, and a slope that one of two ways forgets."""
    evaluator, random = made(OUTPUTS[kind])
    rows, cotangents = random.normal(size=(batch, 6)), random.normal(size=(batch, evaluator.width))
    if summed:
        rows[:, evaluator.trained] = rows[0, evaluator.trained]
    values, jacobian = Evaluator.of(evaluator.program, engine="tensor").values_and_jacobian(rows)
    held = Held.at(evaluator, rows, summed)
    assert (held.ends is None) == (kind == "numbers" or (evaluator.is_flat and batch == 1))
    assert np.allclose(held.values, values, atol=1e-12)
    assert np.allclose(evaluator.values(rows), values, atol=1e-12)
    slopes = np.einsum("bo,boe->be", cotangents, jacobian)
    by_trained, by_fed = held.pulled(cotangents)
    expected = slopes[:, evaluator.trained].sum(axis=0) if summed else slopes[:, evaluator.trained]
    assert np.allclose(by_trained, expected, atol=1e-11)
    assert np.allclose(by_fed, slopes[:, evaluator.fed], atol=1e-11)


def test_calls_are_remembered_by_their_rows() -> None:
    """Would catch states given to other rows, to another way of summing, or twice."""
    evaluator, random = made(OUTPUTS["several"])
    memory, rows = Memory(), random.normal(size=(3, 4, 6))
    rows[:, :, evaluator.trained] = 0.3
    held = [Held.at(evaluator, each) for each in rows]
    for each in held:
        memory.put(each)
    assert memory.take(rows[1], summed=False) is None
    assert memory.take(rows[1] + 1e-9, summed=True) is None
    assert memory.take(rows[1], summed=True) is held[1]
    assert memory.take(rows[1], summed=True) is None
    assert memory.take(rows[2], summed=True) is held[2]


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch memory that grows with forward calls that no backward call follows, and a last one that is lost."""
    evaluator, random = made(OUTPUTS["several"])
    memory, rows = Memory(), random.normal(size=(4, 4, 6))
    held = [Held.at(evaluator, each) for each in rows]
    monkeypatch.setattr("qcompile.layers.held._ROOM", 2 * held[0].size)
    for each in held:
        memory.put(each)
    assert [memory.take(each, summed=True) is not None for each in rows] == [False, False, True, True]
    monkeypatch.setattr("qcompile.layers.held._ROOM", 0)
    memory.put(held[0])
    assert memory.take(rows[0], summed=True) is held[0]


def test_calls_that_are_small_are_not_kept_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a memory of Jacobians, which stay when they are read, that takes longer with every call."""
    monkeypatch.setattr("qcompile.layers.held._MOST", 3)
    whole, random = made(OUTPUTS["one"])
    evaluator = Evaluator.of(whole.program, "shift", shots=10, seed=1)
    memory, rows = Memory(), random.normal(size=(6, 1, 6))
    for row in rows:
        memory.put(Held.at(evaluator, row))
        assert memory.take(row, summed=True) is not None
    assert [memory.take(row, summed=True) is not None for row in rows] == [False] * 3 + [True] * 3
