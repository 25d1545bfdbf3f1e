"""What tests of layers share: arguments of programs, and a count of the calls of the engine."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qcompile.ir import Program
from qcompile.layers.arguments import fed, trained, width_of
from qcompile.layers.evaluator import Evaluator
from qcompile.targets.engine.kept import Keeping, Kept

Array = NDArray[Any]
METHODS = ("values", "values_and_jacobian", "pullback", "pushforward", "second")


def arguments_of(program: Program, batch: tuple[int, ...] = (), seed: int = 0) -> tuple[Array, Array]:
    """All that is trained, shape (trained,), and all that is fed, shape (*batch, fed)."""
    random = np.random.default_rng(seed)
    parameters = random.uniform(-0.4, 0.4, width_of(trained(program)))
    return parameters, random.uniform(-0.4, 0.4, (*batch, width_of(fed(program))))


def rows_of(evaluator: Evaluator, parameters: Array, inputs: Array) -> Array:
    """What an evaluator takes for them, shape (rows, entries)."""
    lead = inputs.shape[:-1]
    x = np.empty((*lead, len(evaluator.entries)))
    x[..., evaluator.trained], x[..., evaluator.fed] = parameters, inputs
    return x.reshape(np.prod(lead, dtype=int), len(evaluator.entries))


class Count:
    """Which calls of the engine an evaluator makes, and for how many rows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, int]] = []
        self._depth = 0
        for name in METHODS:
            monkeypatch.setattr(Evaluator, name, self._counted(name, getattr(Evaluator, name)))
        monkeypatch.setattr(Keeping, "__call__", self._counted("kept", Keeping.__call__))
        monkeypatch.setattr(Kept, "pulled", self._counted("pulled", Kept.pulled))

    def _counted(self, name: str, method: Any) -> Any:
        def call(whole: Any, x: Array, *others: Array) -> Any:
            if not self._depth:
                self.calls.append((name, len(x)))
            self._depth += 1
            try:
                return method(whole, x, *others)
            finally:
                self._depth -= 1

        return call
