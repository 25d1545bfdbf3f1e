"""Trainings by the optimizers of frameworks, and the same steps taken by hand in the framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from trained_programs import SIMPLE, program_of

import qcompile as qc

Vector = NDArray[np.float64]
PLACE = np.array([0.5, 0.25, 0.375])  # of which single precision loses nothing
START: dict[str, Any] = {"t": PLACE[0], "w": PLACE[1:]}
RATE, STEPS = 0.05, 12


def trained(optimizer: Any, text: str = SIMPLE, **options: Any) -> qc.TrainResult:
    settings: dict[str, Any] = {"steps": STEPS, "rate": RATE, "initial": START}
    return qc.train(program_of(text), optimizer=optimizer, **(settings | options))


def evaluate(x: Vector) -> tuple[float, Vector]:
    value, slopes = qc.value_and_grad(program_of(SIMPLE))(t=x[0], w=x[1:])
    return float(value), np.concatenate([[slopes["t"]], slopes["w"]])


def by_torch(make: Callable[[Any], Any]) -> list[float]:
    import torch

    parameter: Any = torch.nn.Parameter(torch.tensor(PLACE))
    optimizer, lowest = make([parameter]), list[float]()

    def closure() -> float:
        value, slope = evaluate(parameter.detach().numpy())
        parameter.grad = torch.tensor(slope)
        values.append(value)
        return value

    for _ in range(STEPS):
        values = list[float]()
        optimizer.step(closure)
        lowest.append(min(values))
    return lowest


def by_optax(transformation: Any) -> list[float]:
    import jax
    import optax

    module: Any = jax
    with module.enable_x64(True):
        x = module.numpy.array(PLACE)
        state, values = transformation.init(x), list[float]()
        for _ in range(STEPS):
            value, slope = evaluate(np.asarray(x))
            moves, state = transformation.update(module.numpy.array(slope), state, x)
            x = optax.apply_updates(x, moves)
            values.append(value)
    return values


def by_keras(optimizer: Any) -> list[float]:
    import keras
    import tensorflow as tf

    variable, values = keras.Variable(PLACE, dtype="float64"), list[float]()
    for _ in range(STEPS):
        value, slope = evaluate(variable.numpy())
        optimizer.apply_gradients([(tf.constant(slope), variable)])
        values.append(value)
    return values
