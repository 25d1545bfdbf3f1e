"""PyTorch's optimizers: all trained entries are one parameter, on the processor in double precision."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard, cast

import torch
from torch.optim import Optimizer

from qcompile.learn.checkpoint import Record
from qcompile.learn.frameworks.adapter import Maker, Recipe, Slopes, array_of, is_said, said
from qcompile.learn.start import Vector

_torch: Any = torch


def makers() -> Mapping[str, Maker]:
    found = {name.lower(): value for name, value in vars(torch.optim).items() if is_maker(value)}
    return {name: maker for name, maker in found.items() if "lr" in inspect.signature(maker).parameters}


def is_maker(given: object) -> bool:
    return isinstance(given, type) and issubclass(given, Optimizer)


def stepper(recipe: Recipe, start: Vector) -> TorchStepper:
    return TorchStepper(recipe, start)


class TorchStepper:
    """Values and gradients are asked for by the optimizer: one a step, or several along its own line."""

    def __init__(self, recipe: Recipe, start: Vector) -> None:
        self._at: Any = _torch.from_numpy(start.copy()).requires_grad_()
        self._optimizer: Any = recipe.maker([self._at], **recipe.options)

    def step(self, oracle: Slopes, x: Vector) -> Vector:
        at = self._at
        at.detach().copy_(_torch.from_numpy(x.copy()))

        def evaluated() -> Any:
            value, slope = oracle.value_and_gradient(self._place())
            at.grad = _torch.from_numpy(slope)
            return _torch.tensor(value, dtype=torch.float64, device="cpu")

        self._optimizer.step(evaluated)
        return self._place()

    def state(self) -> Record:
        group = self._optimizer.param_groups[0]
        return {
            "state": _plain(self._optimizer.state.get(self._at, {})),
            "group": _plain({name: value for name, value in group.items() if name != "params"}),
        }

    def restore(self, state: Record) -> None:
        """Not by `load_state_dict`, which changes the precision of what it loads."""
        self._optimizer.state.clear()
        if state["state"]:
            self._optimizer.state[self._at] = _restored(state["state"])
        self._optimizer.param_groups[0].update(_restored(state["group"]))

    def settings(self) -> str:
        return json.dumps(_plain(self._optimizer.defaults), sort_keys=True)

    def _place(self) -> Vector:
        return cast("Vector", self._at.detach().numpy().copy())


def _plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return said(value.detach().cpu().numpy().copy())
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if _is_record(value) or _is_list(value):
        return _each(value, _plain)
    raise TypeError(f"it keeps what cannot be written down, of type {type(value).__name__}")


def _restored(value: Any) -> Any:
    return _torch.from_numpy(array_of(value)) if is_said(value) else _each(value, _restored)


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same with all changed that it holds; what holds nothing is left as it is."""
    if _is_record(value):
        return {name: change(each) for name, each in value.items()}
    return [change(each) for each in value] if _is_list(value) else value


def _is_record(value: object) -> TypeGuard[Record]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, list | tuple)
