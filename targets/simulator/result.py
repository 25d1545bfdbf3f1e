"""What a run gives, and how far it may be from the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What a run gives.

    Attributes:
        outputs: one array per output of the program, with a leading batch axis.
        leakage: the probability that the cut of the Fock spaces lost, 1 − norm at the end, greatest over the rows.
        edge: the greatest population of a qumode's highest level kept; a cutoff that is too low shows here first.
        truncation: the weight that a bond limit cut off, greatest over the rows.
        errors: where outputs are means over trajectories, their standard errors, in the same shapes; samples have none.
    """

    outputs: list[Array]
    leakage: float = 0.0
    edge: float = 0.0
    truncation: float = 0.0
    errors: list[Array | None] | None = None
