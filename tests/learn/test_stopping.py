"""When training stops, and what it says of it."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike
from trained_programs import H2_EXACT, SIMPLE, h2, program_of

import qcompile as qc
from qcompile.learn import OPTIMIZERS, Optimizer

START: dict[str, ArrayLike] = {"t": 0.5, "w": [0.3, 0.4]}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_steps_are_the_optimizers(optimizer: Optimizer) -> None:
    """Would catch a step more than allowed, and one that is not told."""
    told: list[tuple[int, float]] = []
    result = qc.train(
        program_of(SIMPLE), 3, optimizer, 0.05, initial=START, progress=lambda step, value: told.append((step, value))
    )
    assert result.stopped == "steps"
    assert told == list(enumerate(result.history, 1))
    assert len(told) == 3


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_evaluations_are_never_exceeded(optimizer: Optimizer) -> None:
    """Would catch an evaluation more than allowed, in the middle of a line search too."""
    most = 14 if optimizer == "spsa" else 5  # which it begins with 10 to find its gains
    result = qc.train(program_of(SIMPLE), 100, optimizer, 0.05, initial=START, evaluations=most)
    assert result.evaluations <= most
    assert result.stopped == "evaluations"
    assert result.value == min(result.history)


def test_fewer_evaluations_than_a_step_takes_are_an_error() -> None:
    """Would catch a result without a value."""
    with pytest.raises(qc.CompileError) as fault:
        qc.train(program_of(SIMPLE), 5, "spsa", evaluations=3)
    assert fault.value.diagnostics[0].code is qc.Code.UNKNOWN_OPTION


def test_the_target_ends_it() -> None:
    """Would catch a target that is passed, or met from the wrong side."""
    result = qc.train(h2(), target=-1.13)
    assert result.stopped == "target"
    assert result.converged
    assert result.history[-1] <= -1.13 < min(result.history[:-1])


def test_it_ends_where_nothing_changes() -> None:
    """Would catch a window of another length, or changes of single steps, which are small from the start here."""
    result = qc.train(h2(), 400, "sgd", 0.05, change=1e-5, window=5, tolerance=0.0)
    assert result.stopped == "settled"
    lowest = np.minimum.accumulate(result.history)
    assert lowest[-6] - lowest[-1] <= 1e-5 < lowest[-7] - lowest[-2]


def test_the_gradient_ends_it() -> None:
    """Would catch a norm in the place of the greatest entry, or a bound on the step."""
    result = qc.train(h2(), 400, "sgd", tolerance=1e-3)
    gradient = qc.gradient(h2())(**result.parameters)["theta"]
    assert result.stopped == "gradient"
    assert abs(gradient) <= 1e-3
    assert result.value > H2_EXACT


def test_time_ends_it() -> None:
    """Would catch a clock that is not looked at: there is always one value."""
    result = qc.train(program_of(SIMPLE), 100_000, "sgd", 1e-9, seconds=1e-6)
    assert (result.stopped, result.steps) == ("seconds", 1)


@pytest.mark.parametrize(
    "options",
    [
        {"steps": 0}, {"window": 0}, {"evaluations": 0}, {"tolerance": -1.0}, {"change": float("nan")},
        {"seconds": float("inf")}, {"target": float("nan")}, {"rate": 0.0}, {"rate": float("inf")},
        {"resume": True}, {"checkpoint": "x.json", "checkpoint_steps": 0}, {"batch_size": 2}, {"batch_size": 0},
    ],
    ids=str,
)  # fmt: skip
def test_options_out_of_range_are_refused(options: dict[str, Any]) -> None:
    """Would catch an option that is taken and makes no sense."""
    with pytest.raises(qc.CompileError) as fault:
        qc.train(program_of(SIMPLE), **options)
    assert fault.value.diagnostics[0].code is qc.Code.UNKNOWN_OPTION
