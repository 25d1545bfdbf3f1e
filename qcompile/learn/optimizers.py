"""The optimizers: SciPy's, ours, and those of the frameworks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.learn.descent import Adam, Descent, NaturalDescent, Stepper
from qcompile.learn.frameworks import FRAMEWORKS, Given, by_name, by_object
from qcompile.learn.loss import Loss
from qcompile.learn.minimizers import MINIMIZERS, Minimizer
from qcompile.learn.rotosolve import Rotosolve
from qcompile.learn.spsa import Spsa
from qcompile.learn.start import Vector
from qcompile.learn.stopping import Rules
from qcompile.passes.options import read_options, split_options
from qcompile.run import compiled

Optimizer: TypeAlias = Literal[
    "adam", "sgd", "natural", "rotosolve", "spsa",
    "lbfgs", "bfgs", "cg", "slsqp", "tnc", "newton-cg", "trust-ncg", "nelder-mead", "powell", "cobyla",
]  # fmt: skip
OPTIMIZERS: tuple[Optimizer, ...] = get_args(Optimizer)


@dataclass(frozen=True, slots=True)
class Chosen:
    """An optimizer at its start.

    Attributes:
        settings: what the name does not tell of how it is set.
        by: what goes its own way to the end, or step by step.
    """

    name: str
    settings: str
    by: Minimizer | Stepper


def chosen(optimizer: str | Given, rate: float, seed: int, loss: Loss, start: Vector, rules: Rules) -> Chosen:
    """Raises UNKNOWN_OPTION, MISSING_CLIENT, METHOD, NO_RULE, NOT_DIFFERENTIABLE."""
    if not isinstance(optimizer, str):
        made = by_object(optimizer, rate, seed, start)
        return Chosen(made.name, made.settings, made.stepper)
    name, braces = split_options(optimizer)
    framework, dot, _ = name.partition(".")
    if dot and framework in FRAMEWORKS:
        made = by_name(optimizer, rate, seed, start)
        return Chosen(made.name, made.settings, made.stepper)
    if name not in OPTIMIZERS:
        theirs = ", ".join(f"{each}.…" for each in FRAMEWORKS)
        known = did_you_mean(name, OPTIMIZERS) or f"optimizers: {', '.join(OPTIMIZERS)}, {theirs}"
        raise error(Code.UNKNOWN_OPTION, f"no optimizer `{name}`", help=known)
    read_options(name, braces, {})
    return Chosen(name, "", MINIMIZERS[name] if name in MINIMIZERS else _stepper(name, loss, rate, seed, rules))


def _stepper(optimizer: Optimizer, loss: Loss, rate: float, seed: int, rules: Rules) -> Stepper:
    match optimizer:
        case "adam":
            return Adam(rate, len(loss.columns))
        case "sgd":
            return Descent(rate)
        case "natural":
            return NaturalDescent(rate)
        case "spsa":
            return Spsa(rate, rules.steps, seed)
        case "rotosolve":
            elements = tuple(element for p in loss.trained for element in p.elements())
            return Rotosolve(compiled(loss.program), elements, rules.tolerance)
        case _:
            raise AssertionError(f"{optimizer} is one of SciPy's")
