"""What a forward call keeps, so that the backward call of the same rows is short."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from qcompile.layers.arguments import Array, checked_rows, contracted
from qcompile.layers.evaluator import Evaluator
from qcompile.targets.engine.kept import Kept


@dataclass(frozen=True, eq=False)
class Held:
    """The outputs at some rows, shape (batch, width), and what came with them in the same call.

    Attributes:
        jacobian: shape (batch, width, entries).
        kept: the states, which are walked back later.
    """

    evaluator: Evaluator
    rows: Array
    values: Array
    jacobian: Array | None = None
    kept: Kept | None = None

    @classmethod
    def at(cls, evaluator: Evaluator, x: ArrayLike) -> Held:
        """The states, where they can be kept; the values alone, where one sweep pulls them back; else the Jacobian."""
        rows = checked_rows(evaluator.program.parameters, x)
        if len(rows) > 1 or (len(rows) == 1 and evaluator.combined is not None):
            keeping = evaluator.keeping
            if keeping is not None and keeping.takes(len(rows)):
                kept = keeping(rows)
                return cls(evaluator, rows, kept.values, kept=kept)
        if evaluator.combined is None:
            return cls(evaluator, rows, *evaluator.values_and_jacobian(rows))
        return cls(evaluator, rows, evaluator.values(rows))

    def pulled(self, cotangents: Array) -> tuple[Array, Array]:
        """Σ cotangent · slope: by what is trained, summed over the rows, and by what is fed, shape (batch, fed)."""
        trained, fed = self.evaluator.trained, self.evaluator.fed
        if self.kept is not None:
            summed, by_row = self.kept.pulled(cotangents)
            return summed[trained], by_row if by_row.shape[1] else np.zeros((len(self.rows), len(fed)))
        if self.jacobian is None:
            slopes = self.evaluator.pullback(self.rows, cotangents)
            return slopes[:, trained].sum(axis=0), slopes[:, fed]
        return (
            contracted("bo,boe->e", cotangents, self.jacobian[:, :, trained]),
            contracted("bo,boe->be", cotangents, self.jacobian[:, :, fed]),
        )
