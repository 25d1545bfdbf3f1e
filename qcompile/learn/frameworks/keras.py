"""Keras's optimizers, on TensorFlow: all trained entries are one variable, in double precision."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from qcompile.layers.frameworks import check_backend
from qcompile.learn.checkpoint import Record
from qcompile.learn.frameworks.adapter import Maker, Recipe, Slopes, array_of, said
from qcompile.learn.start import Vector


def makers() -> Mapping[str, Maker]:
    public: Mapping[str, Any] = vars(keras.optimizers)
    found = {name.lower(): value for name, value in public.items() if is_maker(value)}
    return {name: maker for name, maker in found.items() if "learning_rate" in inspect.signature(maker).parameters}


def is_maker(given: object) -> bool:
    return isinstance(given, type) and issubclass(given, keras.optimizers.Optimizer)


def stepper(recipe: Recipe, start: Vector) -> KerasStepper:
    return KerasStepper(recipe, start)


class KerasStepper:
    def __init__(self, recipe: Recipe, start: Vector) -> None:
        check_backend(keras.config.backend(), "its optimizers here")
        self._at: Any = keras.Variable(start, dtype="float64")
        self._optimizer: Any = recipe.maker(**recipe.options)
        self._optimizer.build([self._at])

    def step(self, oracle: Slopes, x: Vector) -> Vector:
        _, slope = oracle.value_and_gradient(x)
        self._at.assign(x)
        self._optimizer.apply([keras.ops.convert_to_tensor(slope, dtype="float64")])
        return np.array(self._at.numpy())

    def state(self) -> Record:
        return {"variables": [said(np.array(variable.numpy())) for variable in self._optimizer.variables]}

    def restore(self, state: Record) -> None:
        for variable, record in zip(self._optimizer.variables, state["variables"], strict=True):
            variable.assign(array_of(record))

    def settings(self) -> str:
        record: dict[str, Any] = keras.optimizers.serialize(self._optimizer)
        return json.dumps({**record["config"], "name": None}, sort_keys=True)
