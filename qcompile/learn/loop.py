"""What goes on around an optimizer: steps are closed, told, logged and saved, until a rule ends them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from qcompile.learn.batches import Batches
from qcompile.learn.checkpoint import Checkpoint, Record
from qcompile.learn.journal import Journal, Step
from qcompile.learn.loss import Loss
from qcompile.learn.oracle import Oracle, other_path
from qcompile.learn.start import Vector
from qcompile.learn.stopping import Rules, Stopped

Progress: TypeAlias = Callable[[int, float], None]


class Loop:
    """The steps of a training.

    Attributes:
        history: by step, the lowest value met in it.
        place: where the optimizer stands.
        saved: the state of a training that goes on.
    """

    def __init__(
        self, loss: Loss, rules: Rules, batches: Batches, start: Vector, journal: Journal,
        checkpoint: Checkpoint | None, progress: Progress | None, saved: Record | None,
    ) -> None:  # fmt: skip
        self.oracle = Oracle(loss, rules, batches, lambda: self.seconds)
        self.history: list[float] = []
        self.place, self.saved = start, saved
        self._rules, self._journal, self._checkpoint, self._progress = rules, journal, checkpoint, progress
        self._began = time.monotonic() - (0.0 if saved is None else saved["seconds"])
        self._known = 0 if saved is None else len(saved["history"])
        self._boundary: Record | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def restore(self) -> None:
        """Goes on from what the checkpoint says, for optimizers that have a state of their own."""
        if self.saved is None:
            return
        self.history, oracle = list(self.saved["history"]), self.oracle
        oracle.step, oracle.evaluations = len(self.history), self.saved["evaluations"]
        oracle.best, oracle.place = self.saved["best"], np.array(self.saved["best_at"])
        oracle.leakage, self.place = self.saved["leakage"], np.array(self.saved["place"])

    def replay(self) -> None:
        """Lets an optimizer without one be told again what it was told, from its start."""
        self.oracle.retell([] if self.saved is None else self.saved["answers"])

    def end_step(self, place: Vector, state: Record) -> None:
        """Closes a step, after which the optimizer stands there; with `state` it could go on from here.

        Raises:
            Stopped: a rule holds.
        """
        self._close()
        self.place = place
        self._boundary = self._state(state)
        step = len(self.history)
        if self._checkpoint is not None and step > self._known and self._checkpoint.is_due(step):
            self._checkpoint.write(_whole(self._boundary))
        reason = self._rules.after_step(self.history, self.seconds if step > self._known else 0.0)
        if reason is not None:
            raise Stopped(reason)

    def finish(self) -> None:
        """What was met since the last step is a step too; a checkpoint keeps the state after the last whole one."""
        if math.isfinite(self.oracle.lowest):
            self._close()
        if self._checkpoint is not None and self._boundary is not None:
            self._checkpoint.write(_whole(self._boundary))

    def _close(self) -> None:
        oracle = self.oracle
        self.history.append(oracle.lowest)
        step, value = len(self.history), oracle.lowest
        oracle.step, oracle.lowest = step, math.inf
        if self.saved is not None and step <= self._known:
            if value != self.saved["history"][step - 1]:
                raise other_path()
            return
        norm = None if math.isnan(oracle.norm) else oracle.norm
        self._journal.write(Step(step, value, oracle.best, norm, round(self.seconds, 6), oracle.evaluations))
        if self._progress is not None:
            self._progress(step, value)

    def _state(self, of_optimizer: Record) -> Record:
        """As it is now. Nothing in it changes later but lists that grow, of which it keeps the length."""
        oracle = self.oracle
        return {
            "history": (self.history, len(self.history)),
            "answers": oracle.told,
            "place": self.place,
            "evaluations": oracle.evaluations,
            "best": oracle.best,
            "best_at": oracle.place,
            "leakage": oracle.leakage,
            "seconds": self.seconds,
            "optimizer": of_optimizer,
        }


def _whole(state: Record) -> Record:
    lists = {name: list(state[name][0][: state[name][1]]) for name in ("history", "answers")}
    return {**state, **lists}
