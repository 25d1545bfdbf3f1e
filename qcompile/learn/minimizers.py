"""The optimizers of scipy.optimize.minimize.

They keep their state to themselves. A training that goes on starts them anew and tells them what they were told before:
they are functions of that, so they come to where they were, bit for bit, without an evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from qcompile.learn.loop import Loop
from qcompile.learn.start import Vector
from qcompile.learn.stopping import Stopped

_MANY = 10**9  # of their own limits: ours hold


@dataclass(frozen=True, slots=True)
class Settings:
    """What the options of the methods are made of."""

    rate: float
    tolerance: float
    start: Vector


@dataclass(frozen=True, slots=True)
class Minimizer:
    """One of SciPy's methods.

    Attributes:
        order: of the derivatives that it takes; of second ones it takes products with vectors.
    """

    method: str
    order: int
    options: Callable[[Settings], Mapping[str, Any]]


def minimise(loop: Loop, minimizer: Minimizer, rate: float, tolerance: float) -> NoReturn:
    """Until a rule ends it, or SciPy does; raises Stopped."""
    from scipy import optimize

    loop.replay()
    oracle, start = loop.oracle, loop.place
    with_gradient = minimizer.order > 0

    def closed(place: Vector) -> None:
        loop.end_step(place.copy(), {})

    minimize: Callable[..., Any] = optimize.minimize
    result = minimize(
        oracle.value_and_gradient if with_gradient else oracle.value, start, method=minimizer.method,
        jac=True if with_gradient else None, hessp=oracle.product if minimizer.order == 2 else None,
        callback=closed, options=dict(minimizer.options(Settings(rate, tolerance, start))),
    )  # fmt: skip
    raise Stopped("finished" if result.success else "stuck")


def _simplex(settings: Settings) -> Vector:
    """The start, and a step from it along each axis."""
    return np.vstack([settings.start, settings.start + settings.rate * np.eye(len(settings.start))])


MINIMIZERS: Mapping[str, Minimizer] = {
    "lbfgs": Minimizer(
        "L-BFGS-B", 1, lambda s: {"maxfun": _MANY, "maxiter": _MANY, "gtol": s.tolerance, "ftol": 1e-15}
    ),
    "bfgs": Minimizer("BFGS", 1, lambda s: {"maxiter": _MANY, "gtol": s.tolerance}),
    "cg": Minimizer("CG", 1, lambda s: {"maxiter": _MANY, "gtol": s.tolerance}),
    "slsqp": Minimizer("SLSQP", 1, lambda s: {"maxiter": _MANY, "ftol": 1e-15}),
    "tnc": Minimizer("TNC", 1, lambda s: {"maxfun": _MANY, "ftol": 1e-15, "gtol": s.tolerance}),
    "newton-cg": Minimizer("Newton-CG", 2, lambda s: {"maxiter": _MANY, "xtol": 1e-10}),
    "trust-ncg": Minimizer("trust-ncg", 2, lambda s: {"maxiter": _MANY, "gtol": s.tolerance}),
    "nelder-mead": Minimizer(
        "Nelder-Mead", 0,
        lambda s: {
            "maxiter": _MANY, "maxfev": _MANY, "xatol": s.tolerance, "fatol": 1e-12, "initial_simplex": _simplex(s),
        },
    ),
    "powell": Minimizer(
        "Powell", 0, lambda s: {"maxiter": _MANY, "maxfev": _MANY, "xtol": s.tolerance, "ftol": 1e-15}
    ),
    "cobyla": Minimizer("COBYLA", 0, lambda s: {"maxiter": 10**6, "rhobeg": s.rate, "tol": s.tolerance}),
}  # fmt: skip
