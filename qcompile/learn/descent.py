"""Steps along gradients, each from one value and gradient: adam, plain and natural."""

from __future__ import annotations

from typing import NoReturn, Protocol

import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.learn.checkpoint import Record
from qcompile.learn.loop import Loop
from qcompile.learn.oracle import Oracle
from qcompile.learn.start import Vector


class Stepper(Protocol):
    """An optimizer that goes step by step, and whose state can be written down between two of them."""

    def step(self, oracle: Oracle, x: Vector) -> Vector:
        """Where to go from x; raises Stopped."""
        ...

    def state(self) -> Record:
        """What it knows beside x, as plain data and arrays that it changes no more."""
        ...

    def restore(self, state: Record) -> None: ...


def iterate(loop: Loop, stepper: Stepper) -> NoReturn:
    """Step by step until a rule ends it; raises Stopped, and CompileError: CHECKPOINT."""
    loop.restore()
    if loop.saved is not None:
        _restore(stepper, loop.saved["optimizer"])
    while True:
        place = stepper.step(loop.oracle, loop.place)
        loop.end_step(place, stepper.state())


def _restore(stepper: Stepper, state: Record) -> None:
    try:
        stepper.restore(state)
    except (KeyError, ValueError, TypeError) as fault:
        label = f"the state in the checkpoint is none that the optimizer has: {fault}"
        cure = "take the version of its framework that it was written with, or start anew"
        raise error(Code.CHECKPOINT, label, help=cure) from fault


class Descent:
    """x − rate · ∇f."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def step(self, oracle: Oracle, x: Vector) -> Vector:
        _, slope = oracle.value_and_gradient(x)
        return x - self.rate * slope

    def state(self) -> Record:
        return {}

    def restore(self, state: Record) -> None:
        """There is nothing to restore."""


class NaturalDescent(Descent):
    """Steepest in the distance of states: x − rate · (g + λ)⁻¹ ∇f, by the mean metric over the inputs."""

    def step(self, oracle: Oracle, x: Vector) -> Vector:
        _, slope = oracle.value_and_gradient(x)
        return x - self.rate * oracle.natural(x, slope)


class Adam:
    """Kingma & Ba 2014, arXiv:1412.6980, algorithm 1, with its own constants."""

    def __init__(self, rate: float, size: int) -> None:
        self.rate, self.count = rate, 0
        self.mean, self.square = np.zeros(size), np.zeros(size)

    def step(self, oracle: Oracle, x: Vector) -> Vector:
        _, slope = oracle.value_and_gradient(x)
        self.count += 1
        self.mean = 0.9 * self.mean + 0.1 * slope
        self.square = 0.999 * self.square + 0.001 * slope**2
        mean, square = self.mean / (1 - 0.9**self.count), self.square / (1 - 0.999**self.count)
        return x - self.rate * mean / (np.sqrt(square) + 1e-8)

    def state(self) -> Record:
        return {"count": self.count, "mean": self.mean, "square": self.square}

    def restore(self, state: Record) -> None:
        self.count = state["count"]
        self.mean, self.square = np.array(state["mean"]), np.array(state["square"])
