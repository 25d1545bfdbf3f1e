"""What training returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Reason: TypeAlias = Literal[
    "gradient", "settled", "target", "finished", "steps", "evaluations", "seconds", "stuck", "interrupted"
]
CONVERGED: tuple[Reason, ...] = ("gradient", "settled", "target", "finished")


@dataclass(frozen=True)
class TrainResult:
    """The lowest value met, the parameters it was met at, and how the optimizer came there.

    Attributes:
        history: by step of the optimizer, the lowest value met in it.
        evaluations: of the value, with its gradient or without.
        stopped: by which rule; `finished`: by the optimizer's own; `stuck`: the optimizer gave up.
        leakage: what the cut of the Fock spaces lost at these parameters.
        batched: trained on parts of the data: the value is that of all of it, the parameters are the last.
    """

    value: float
    parameters: dict[str, NDArray[np.float64]]
    history: tuple[float, ...]
    evaluations: int
    stopped: Reason
    leakage: float = 0.0
    batched: bool = False

    @property
    def steps(self) -> int:
        return len(self.history)

    @property
    def converged(self) -> bool:
        """It stopped at a minimum or at the target, before steps, evaluations or time ran out."""
        return self.stopped in CONVERGED
