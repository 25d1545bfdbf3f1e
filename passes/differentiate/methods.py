"""The methods by name, written with their options like passes: `shift`, `hadamard{mode=reversed}`, `spsa{seed=7}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from qcompile.angle import Element
from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.ir import Shifted
from qcompile.passes.differentiate.auto import best_derivative
from qcompile.passes.differentiate.differences.derivative import RANDOM_STEP, finite_differences, random_directions
from qcompile.passes.differentiate.hadamard.derivative import hadamard_derivative
from qcompile.passes.differentiate.hadamard.stochastic import sampled_words
from qcompile.passes.differentiate.shift.derivative import shifted_derivative
from qcompile.passes.options import options_of, read_options, split_options


@dataclass(frozen=True, slots=True)
class Options:
    """What the methods take; an empty step is the method's own choice."""

    mode: str = "auto"
    order: int = 2
    step: str = ""
    samples: int = 1
    seed: int = 0

    @property
    def length(self) -> float | None:
        """The step as a number."""
        try:
            return float(self.step) if self.step else None
        except ValueError:
            raise error(Code.UNKNOWN_OPTION, f"no step of {self.step}", help="steps are positive numbers") from None


Method = Callable[[Shifted, Sequence[Element], Options], Shifted]


def _auto(module: Shifted, wrt: Sequence[Element], _: Options) -> Shifted:
    return best_derivative(module, wrt)


def _shift(module: Shifted, wrt: Sequence[Element], _: Options) -> Shifted:
    return shifted_derivative(module, wrt)


def _hadamard(module: Shifted, wrt: Sequence[Element], options: Options) -> Shifted:
    return hadamard_derivative(module, wrt, options.mode)


def _finite_differences(module: Shifted, wrt: Sequence[Element], options: Options) -> Shifted:
    return finite_differences(module, wrt, options.order, options.length)


def _spsa(module: Shifted, wrt: Sequence[Element], options: Options) -> Shifted:
    step = options.length
    return random_directions(module, wrt, options.samples, options.seed, RANDOM_STEP if step is None else step)


def _stochastic(module: Shifted, wrt: Sequence[Element], options: Options) -> Shifted:
    return sampled_words(module, wrt, options.samples, options.seed)


BY_NAME: Mapping[str, Method] = {
    "auto": _auto,
    "shift": _shift,
    "hadamard": _hadamard,
    "finite-differences": _finite_differences,
    "spsa": _spsa,
    "stochastic": _stochastic,
}
ADJOINT = "adjoint"
METHODS = ("auto", "shift", ADJOINT, *(name for name in BY_NAME if name not in ("auto", "shift")))
TAKES: Mapping[str, tuple[str, ...]] = {
    "hadamard": ("mode",),
    "finite-differences": ("order", "step"),
    "spsa": ("samples", "seed", "step"),
    "stochastic": ("samples", "seed"),
}


def chosen(text: str) -> tuple[str, Options]:
    """The method that the text names, and its options.

    Raises:
        CompileError: UNKNOWN_OPTION.
    """
    name, braces = split_options(text)
    if name not in METHODS:
        advice = did_you_mean(name, METHODS) or f"methods: {', '.join(METHODS)}"
        raise error(Code.UNKNOWN_OPTION, f"no method `{name}`", help=advice)
    every = options_of(Options)
    options = read_options(name, braces, {key: every[key] for key in TAKES.get(name, ())})
    return name, Options(**options)  # type: ignore[arg-type]
