"""How far results may be from the true ones, and the class that this makes them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from qcompile.ir import Exactness, Module, Shifted
from qcompile.targets.simulator.errors import is_linear

LEAKAGE_BOUND = 1e-6
TRUNCATED = 1e-12  # weight that rounding may cut off bonds


class LeakageWarning(UserWarning):
    """The cut of the Fock spaces lost more than the bound: results are approximate, and a greater cutoff helps."""


@dataclass(frozen=True)
class Accuracy:
    """How far results may be from the true ones.

    Attributes:
        exactness: the class of the result, with what the engine adds.
        leakage: the probability that the cut of the Fock spaces lost.
        truncation: the weight that a bond limit cut off.
        errors: the standard errors of the values, where these are means over trajectories.
        slope_errors: those of the gradient, or bounds of them.
    """

    exactness: Exactness
    leakage: float = 0.0
    truncation: float = 0.0
    errors: Any = None
    slope_errors: Any = None


def exactness(leakage: float, module: Module | None = None) -> Exactness:
    """The class of a result: that of its module, but approximate where the cut lost more than the bound."""
    if leakage > LEAKAGE_BOUND:
        return Exactness.APPROXIMATE
    return module.exactness if isinstance(module, Shifted) else Exactness.EXACT


def class_of(leakage: float, truncation: float, drawn: bool, module: Module) -> Exactness:
    """The class of a result of the module; `drawn`: from means over trajectories, whose products are biased by 1/N."""
    found = [exactness(leakage, module)]
    if truncation > TRUNCATED:
        found.append(Exactness.APPROXIMATE)
    if drawn:
        linear = not isinstance(module, Shifted) or is_linear(module)
        found.append(Exactness.UNBIASED if linear else Exactness.APPROXIMATE)
    return Exactness.weakest(found)


def warn_of_leakage(leakage: float) -> None:
    if leakage > LEAKAGE_BOUND:
        warning = LeakageWarning(f"the cut of the Fock spaces lost {leakage:.1e} of the probability: raise `cutoff`")
        warnings.warn(warning, stacklevel=3)
