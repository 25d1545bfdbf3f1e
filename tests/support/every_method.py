"""Gradients by every method that claims them, and by differences of eighth order of what the simulator returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse
from qcompile.ir import Adjoint, AdjointComponent, Component, Exactness, Program, Shifted
from qcompile.passes.differentiate import METHODS, differentiate
from qcompile.targets.simulator import Options, run
from qcompile.targets.simulator.evaluate import evaluate_all

Slopes: TypeAlias = dict[tuple[int, str], NDArray[np.float64]]
"""By output and parameter element."""
STEP = 5e-3  # rounding 1e-12, truncation 1e-10 for a frequency of 20
# f'(x) = Σ weight·(f(x + kh) − f(x − kh)) / h (Fornberg 1988, doi:10.1090/S0025-5718-1988-0935077-0)
STENCIL = ((1, 4 / 5), (2, -1 / 5), (3, 4 / 105), (4, -1 / 280))
REFUSALS = {Code.NO_RULE, Code.METHOD}


def program_of(text: str) -> Program:
    module = parse(text)
    if not isinstance(module, Program):
        raise TypeError("the text is a derivative")
    return module


def derivatives(
    program: Program, wrt: Sequence[str] | None = None, methods: Sequence[str] = METHODS
) -> dict[str, Shifted | Adjoint]:
    """By method, but `auto`; without those that refuse with a code that says so."""
    found: dict[str, Shifted | Adjoint] = {}
    for method in methods:
        try:
            found |= {} if method == "auto" else {method: differentiate(program, wrt, method)}
        except CompileError as refusal:
            if any(diagnostic.code not in REFUSALS for diagnostic in refusal.diagnostics):
                raise
    return found


def exact_slopes(program: Program, values: Mapping[str, float], options: Options | None = None) -> dict[str, Slopes]:
    """By method that claims to be exact, the derivatives by every trained parameter."""
    found = {method: made for method, made in derivatives(program).items() if is_exact(made)}
    return {method: slopes_of(made, values, options)[0] for method, made in found.items()}


def is_exact(derivative: Shifted | Adjoint) -> bool:
    """By its own claim."""
    exact = (Exactness.EXACT, Exactness.ANCILLA)
    return isinstance(derivative, Adjoint) or all(c.exactness in exact for c in derivative.components)


def slopes_of(
    derivative: Shifted | Adjoint, values: Mapping[str, float], options: Options | None = None
) -> tuple[Slopes, float]:
    """What the derivative comes to, and the light lost on the way."""
    found = evaluate_all(derivative, values, options or Options())
    slopes: Slopes = {}
    components: Sequence[Component | AdjointComponent] = derivative.components
    for component, result in zip(components, found.components, strict=True):
        wrt = component.wrt if isinstance(component, Component) else (component.wrt,)
        if wrt and component.output is not None:
            slopes[component.output, str(wrt[0])] = result[0]
    return slopes, found.leakage


def differences(program: Program, values: Mapping[str, float], options: Options | None = None) -> Slopes:
    """All settings of all parameters in one batch."""
    names = list(values)
    offsets = [sign * k * STEP for k, _ in STENCIL for sign in (1, -1)]
    weights = np.array([sign * weight / STEP for _, weight in STENCIL for sign in (1, -1)])
    batch = {
        name: np.concatenate([[value + (name == moved) * offset for offset in offsets] for moved in names])
        for name, value in values.items()
    }
    slopes: Slopes = {}
    for output, result in enumerate(run(program, batch, options or Options())):
        rows = np.broadcast_to(result, (len(names) * len(offsets), *result.shape[1:]))
        for k, name in enumerate(names):
            slopes[output, name] = np.tensordot(weights, rows[k * len(offsets) : (k + 1) * len(offsets)], 1)
    return slopes


def error(left: Slopes, right: Slopes) -> float:
    """The greatest difference, relative to the greatest slope where that is above 1; what is not there is 0."""
    largest = max((float(np.abs(slope).max()) for slope in right.values()), default=0.0)
    gaps = [np.abs(left.get(key, np.zeros(())) - right.get(key, np.zeros(()))).max() for key in left.keys() | right]
    return float(max(gaps, default=0.0)) / max(1.0, largest)
