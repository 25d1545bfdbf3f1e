"""The loss as optimizers ask for it: every evaluation is allowed, counted and noted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.learn.batches import Batches
from qcompile.learn.loss import Loss
from qcompile.learn.start import Vector
from qcompile.learn.stopping import Rules, Stopped

Answer: TypeAlias = list[Any]
"""What was asked for, and what the loss said."""


class Oracle:
    """Attributes:
    best, place, leakage: the lowest value met, where, and what the cut of the Fock spaces lost there.
    lowest: the lowest value met in the step.
    norm: of the last gradient.
    step: which the evaluations belong to.
    """

    def __init__(self, loss: Loss, rules: Rules, batches: Batches, clock: Callable[[], float]) -> None:
        self._loss, self._rules, self._batches, self._clock = loss, rules, batches, clock
        self.step = self.evaluations = 0
        self.best, self.place, self.leakage = np.inf, np.zeros(0), 0.0
        self.lowest, self.norm = np.inf, float("nan")
        self._answers: list[Answer] | None = None
        self._told = 0

    @property
    def is_noisy(self) -> bool:
        """Does the same point have other values when it is asked for again?"""
        return self._loss.is_random

    def values(self, points: Vector) -> Vector:
        """At each of the points, shape (points, trained), in one call of the engine."""
        seed, rows = self._allowed(len(points)), self._batches.of_step(self.step)

        def ask() -> Answer:
            found, leakage = self._loss.values(points, seed, rows)
            return ["values", found.tolist(), leakage]

        _, values, leakage = self._answered("values", ask)
        for point, value in zip(points, values, strict=True):
            self._note(point, value, leakage)
        return np.array(values, dtype=np.float64)

    def value(self, x: Vector) -> float:
        return float(self.values(x[np.newaxis])[0])

    def value_and_gradient(self, x: Vector) -> tuple[float, Vector]:
        """Both. Training ends where the gradient is as small as its rules ask for."""
        seed, rows = self._allowed(1), self._batches.of_step(self.step)

        def ask() -> Answer:
            return ["gradient", *self._loss.value_and_gradient(x, seed, rows)]

        _, value, slope, leakage = self._answered("gradient", ask)
        gradient = np.array(slope, dtype=np.float64)
        self._note(x, value, leakage)
        self.norm = float(np.linalg.norm(gradient))
        if np.max(np.abs(gradient)) <= self._rules.tolerance:
            raise Stopped("gradient")
        return value, gradient

    def product(self, x: Vector, direction: Vector) -> Vector:
        """The Hessian times the direction."""
        _, found = self._answered("product", lambda: ["product", self._loss.product(x, direction)])
        return np.array(found, dtype=np.float64)

    def natural(self, x: Vector, slope: Vector) -> Vector:
        """The natural gradient where the slope is the gradient, by the same rows."""
        return self._loss.natural(x, slope, self._seed(), self._batches.of_step(self.step))

    def retell(self, answers: Sequence[Answer]) -> None:
        """From now on answers are kept, and these are given before the loss is asked again."""
        self._answers, self._told = list(answers), 0

    @property
    def told(self) -> tuple[Sequence[Answer], int]:
        """The answers, where they are kept, and how many of them were given."""
        return (() if self._answers is None else self._answers), self._told

    def _answered(self, kind: str, ask: Callable[[], Answer]) -> Answer:
        if self._answers is None:
            return ask()
        if self._told == len(self._answers):
            self._answers.append(ask())
        answer = self._answers[self._told]
        if answer[0] != kind:
            raise other_path()
        self._told += 1
        return answer

    def _allowed(self, more: int) -> int:
        """A seed for so many evaluations, if they are allowed."""
        is_known = self._answers is not None and self._told < len(self._answers)
        seconds = 0.0 if is_known else self._clock()
        reason = self._rules.before_evaluation(more, self.evaluations, seconds)
        if reason is not None:
            raise Stopped(reason)
        return self._seed()

    def _seed(self) -> int:
        """Of all that is random at the next evaluation: none is like another, and all follow from the seed."""
        return int(np.random.SeedSequence([self._batches.seed, self.evaluations]).generate_state(1)[0])

    def _note(self, x: Vector, value: float, leakage: float) -> None:
        self.evaluations += 1
        self.lowest = min(self.lowest, value)
        if value < self.best:
            self.best, self.place, self.leakage = value, x.copy(), leakage


def other_path() -> Exception:
    label = "the optimizer goes another way than when the checkpoint was written"
    return error(Code.CHECKPOINT, label, None, "take the version of SciPy that it was written with, or start anew")
