"""Mini-batches: in each pass over the data every row once, in an order that is drawn from the seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qcompile.diagnostics import Code, error


@dataclass(frozen=True, slots=True)
class Batches:
    """Which rows a step looks at.

    Args:
        size: of each, the last of a pass apart; None: all rows at every step.
        rows: that there are.

    Raises:
        CompileError: UNKNOWN_OPTION.
    """

    size: int | None
    rows: int
    seed: int

    def __post_init__(self) -> None:
        if self.size is not None and not 1 <= self.size <= self.rows:
            label = f"batches of {self.size} for {self.rows} of inputs"
            raise error(Code.UNKNOWN_OPTION, label, help="take one row or more, and no more than there are")

    def of_step(self, step: int) -> NDArray[np.intp] | None:
        """The step's rows; None: all."""
        if self.size is None:
            return None
        turn, place = divmod(step, -(-self.rows // self.size))
        return _order(self.seed, turn, self.rows)[place * self.size : (place + 1) * self.size]


@lru_cache(maxsize=4)
def _order(seed: int, turn: int, rows: int) -> NDArray[np.intp]:
    return np.random.default_rng([seed, turn]).permutation(rows)
