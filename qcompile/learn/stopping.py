"""When training stops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qcompile.diagnostics import Code, error
from qcompile.learn.result import Reason


class Stopped(Exception):  # noqa: N818
    """Training ends, wherever an optimizer has got to."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Rules:
    """The first that holds ends the training.

    Args:
        steps: of the optimizer, at most.
        tolerance: no entry of the gradient exceeds it.
        target: a value as low as this was met.
        change: the last `window` steps brought the lowest value down by no more.
        seconds, evaluations: of the whole training, at most.

    Raises:
        CompileError: UNKNOWN_OPTION.
    """

    steps: int
    tolerance: float = 0.0
    target: float | None = None
    change: float | None = None
    window: int = 10
    seconds: float | None = None
    evaluations: int | None = None

    def __post_init__(self) -> None:
        for name in ("steps", "window", "evaluations"):
            count = getattr(self, name)
            if count is not None and count < 1:
                raise error(Code.UNKNOWN_OPTION, f"`{name}` is {count}", help="take one or more")
        for name in ("tolerance", "change", "seconds"):
            number = getattr(self, name)
            if number is not None and not (math.isfinite(number) and number >= 0):
                raise error(Code.UNKNOWN_OPTION, f"`{name}` is {number}", help="give a number, zero or more")
        if self.target is not None and not math.isfinite(self.target):
            raise error(Code.UNKNOWN_OPTION, f"a target of {self.target}", help="give a finite number")

    def after_step(self, history: Sequence[float], seconds: float) -> Reason | None:
        """What ends it after this step, the last of the history; by targets first, so that it counts as converged."""
        if self.target is not None and history[-1] <= self.target:
            return "target"
        if self.change is not None and len(history) > self.window:
            before, since = min(history[: -self.window]), min(history[-self.window :])
            if before - since <= self.change:
                return "settled"
        if len(history) >= self.steps:
            return "steps"
        return "seconds" if self.seconds is not None and seconds >= self.seconds else None

    def before_evaluation(self, more: int, so_far: int, seconds: float) -> Reason | None:
        """What forbids `more` evaluations after so many. Time is looked at once there is a value to return."""
        if self.evaluations is not None and so_far + more > self.evaluations:
            return "evaluations"
        late = self.seconds is not None and seconds >= self.seconds and so_far > 0
        return "seconds" if late else None
