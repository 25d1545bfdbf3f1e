"""Optimizers that are handed over as objects: classes, partials, functions and transformations of the frameworks."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from framework_runs import PLACE, RATE, by_keras, by_optax, evaluate, trained

import qcompile as qc


def objects() -> dict[str, tuple[Any, Any]]:
    """By name, an object, and one of the same kind that is set otherwise."""
    import keras
    import optax
    import torch

    def schedule(start: float) -> Any:
        return keras.optimizers.schedules.ExponentialDecay(start, 5, 0.5)

    return {
        "torch.adamw": (torch.optim.AdamW, torch.optim.Adam),
        "torch.sgd{momentum=0.9}": (partial(torch.optim.SGD, momentum=0.9), partial(torch.optim.SGD, momentum=0.8)),
        "optax.lion": (optax.lion(RATE), optax.lion(RATE / 2)),
        "optax.adagrad": (optax.adagrad, partial(optax.adagrad, initial_accumulator_value=0.2)),
        "keras.rmsprop": (keras.optimizers.RMSprop, partial(keras.optimizers.RMSprop, centered=True)),
        "a schedule of optax": (
            optax.chain(optax.clip(1.0), optax.sgd(optax.cosine_decay_schedule(0.2, 50))),
            optax.chain(optax.clip(1.0), optax.sgd(optax.cosine_decay_schedule(0.2, 60))),
        ),
        "a rate for each entry": (optax.sgd(np.array([0.1, 0.2, 0.3])), optax.sgd(np.array([0.1, 0.2, 0.4]))),
        "a schedule of Keras": (
            partial(keras.optimizers.SGD, learning_rate=schedule(0.2)),
            partial(keras.optimizers.SGD, learning_rate=schedule(0.3)),
        ),
    }


NAMES = ("torch.adamw", "torch.sgd{momentum=0.9}", "optax.lion", "optax.adagrad", "keras.rmsprop")


@pytest.mark.parametrize("name", NAMES)
def test_an_object_trains_as_its_name_does(name: str) -> None:
    """Would catch options of a partial that are lost, and the rate: a class takes the training's."""
    assert trained(objects()[name][0]).history == trained(name).history


@pytest.mark.parametrize("name", [*NAMES, "a schedule of optax", "a schedule of Keras", "a rate for each entry"])
def test_an_object_goes_on_and_only_as_it_was_set(name: str, tmp_path: Path) -> None:
    """Would catch a checkpoint that knows a transformation by its type alone, or by an address that changes."""
    path, whole = tmp_path / "run.json", trained(objects()[name][0])
    trained(objects()[name][0], steps=4, checkpoint=path)
    with pytest.raises(qc.CompileError, match="optimizer") as fault:
        trained(objects()[name][1], checkpoint=path, resume=True)
    assert fault.value.diagnostics[0].code is qc.Code.CHECKPOINT
    assert trained(objects()[name][0], checkpoint=path, resume=True).history == whole.history


def test_schedules_are_followed() -> None:
    """Would catch a rate that stays where it was: the same by hand."""
    import keras
    import optax

    cosine = optax.sgd(optax.cosine_decay_schedule(0.2, 10))
    np.testing.assert_allclose(trained(cosine).history, by_optax(cosine), rtol=0, atol=1e-12)
    halves = partial(keras.optimizers.SGD, learning_rate=keras.optimizers.schedules.ExponentialDecay(0.2, 2, 0.5))
    np.testing.assert_allclose(trained(halves).history, by_keras(halves()), rtol=0, atol=1e-12)


def test_transformations_may_look_at_the_value() -> None:
    """Would catch a value that is not handed on: Polyak's steps are made of it."""
    import optax

    value, slope = evaluate(PLACE)
    there, _ = evaluate(PLACE - (value + 2.0) / (slope @ slope) * slope)
    found = trained(optax.polyak_sgd(max_learning_rate=10.0, f_min=-2.0), steps=2)
    assert found.history == pytest.approx((value, there))


SETTINGS = """
import numpy, optax
from qcompile.learn.frameworks import by_object
made = optax.chain(optax.clip(1.0), optax.adam(optax.cosine_decay_schedule(0.2, 50)))
print(by_object(made, 0.1, 0, numpy.zeros(3)).settings)
"""


def test_what_a_checkpoint_says_of_a_transformation_is_the_same_in_any_process() -> None:
    """Would catch an address or an order of hashing in it, by which no training could go on elsewhere."""
    runs = [
        subprocess.run(
            [sys.executable, "-c", SETTINGS], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1]
    assert len(runs[0].strip()) == 64


def own(kept: Any) -> Any:
    """A class of optimizers whose steps grow, that keeps their number in its group, and something in its state."""
    import torch

    class Growing(torch.optim.Optimizer):
        def __init__(self, parameters: Any, lr: float) -> None:
            super().__init__(parameters, {"lr": lr, "count": 0})

        def step(self, closure: Any = None) -> Any:
            closure()
            [group] = self.param_groups
            group["count"] += 1
            [parameter] = group["params"]
            self.state[parameter]["kept"] = kept
            with torch.no_grad():
                parameter -= group["lr"] * group["count"] * parameter.grad

    return Growing


def test_optimizers_of_the_users_own_train_and_go_on(tmp_path: Path) -> None:
    """Would catch what an optimizer keeps beside its state, and classes that no list names."""
    path, growing = tmp_path / "run.json", own([1.0, (2, None)])
    whole = trained(growing, steps=6, rate=0.01)
    trained(growing, steps=3, rate=0.01, checkpoint=path)
    assert trained(growing, steps=6, rate=0.01, checkpoint=path, resume=True).history == whole.history
    assert whole.history[-1] < whole.history[0]


def test_a_state_that_cannot_be_written_down_is_refused() -> None:
    """Would catch a training that fails at its first checkpoint."""
    with pytest.raises(qc.CompileError, match="cannot be written down, of type set") as fault:
        trained(own({1}))
    assert fault.value.diagnostics[0].code is qc.Code.METHOD


def no_optimizers() -> list[Any]:
    import torch

    return [7, print, torch.nn.Linear, partial(torch.optim.SGD, []), objects, None]


@pytest.mark.parametrize("k", range(6))
def test_an_object_that_is_no_optimizer_is_said(k: int) -> None:
    """Would catch a traceback."""
    with pytest.raises(qc.CompileError, match="is no optimizer") as fault:
        trained(no_optimizers()[k])
    assert fault.value.diagnostics[0].code is qc.Code.UNKNOWN_OPTION
