"""What a forward call keeps, so that the backward call of the same rows is short."""

from __future__ import annotations

from dataclasses import dataclass

from qcompile.layers.arguments import Array, contracted
from qcompile.layers.evaluator import Evaluator


@dataclass(frozen=True, eq=False)
class Held:
    """The outputs at some rows, shape (batch, width), and their Jacobian, where it came with them in the same call."""

    evaluator: Evaluator
    rows: Array
    values: Array
    jacobian: Array | None

    @classmethod
    def at(cls, evaluator: Evaluator, rows: Array) -> Held:
        """A Jacobian of one column costs what a sweep does, and by shifts it is what there is."""
        if evaluator.sweeps and evaluator.width > 1:
            return cls(evaluator, rows, evaluator.values(rows), None)
        return cls(evaluator, rows, *evaluator.values_and_jacobian(rows))

    def pulled(self, cotangents: Array) -> tuple[Array, Array]:
        """Σ cotangent · slope: by what is trained, summed over the rows, and by what is fed, shape (batch, fed)."""
        trained, fed = self.evaluator.trained, self.evaluator.fed
        if self.jacobian is None:
            slopes = self.evaluator.pullback(self.rows, cotangents)
            return slopes[:, trained].sum(axis=0), slopes[:, fed]
        return (
            contracted("bo,boe->e", cotangents, self.jacobian[:, :, trained]),
            contracted("bo,boe->be", cotangents, self.jacobian[:, :, fed]),
        )
