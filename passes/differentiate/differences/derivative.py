"""Derivatives by differences of values, approximate, of any program: finite differences, and along random directions.

A slot is added to each parameter, wherever the program uses it, so f(x + h) is the same circuit at another setting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from qcompile.angle import Angle, Element, number
from qcompile.diagnostics import Code, error
from qcompile.ir import Component, Evaluation, Exactness, Shifted
from qcompile.passes.differentiate.differences.movable import moved_row, with_movable
from qcompile.passes.differentiate.draft import Draft
from qcompile.passes.differentiate.readings import differentiated, next_order

# f'(x) = Σ weight·(f(x + kh) − f(x − kh)) / h to this order in h (Fornberg 1988, doi:10.1090/S0025-5718-1988-0935077-0)
WEIGHTS: Mapping[int, tuple[float, ...]] = {2: (1 / 2,), 4: (2 / 3, -1 / 12), 6: (3 / 4, -3 / 20, 1 / 60)}
ROUNDING = float(np.finfo(np.float64).eps)
RANDOM_STEP = 0.01
MOST_SAMPLES = 10_000
_Steps = Mapping[Element, float]


def finite_differences(module: Shifted, wrt: Sequence[Element], order: int = 2, step: float | None = None) -> Shifted:
    """The module with, for each component of the highest order, its central differences by each element of `wrt`.

    Args:
        order: 2, 4 or 6: the error falls as this power of the step; as many evaluations per element.
        step: in the parameter's own unit. By default where rounding in double precision and the error of the formula
            balance for functions that vary over lengths of 1; shot noise wants much greater steps.

    Raises:
        CompileError: UNKNOWN_OPTION.
    """
    if order not in WEIGHTS:
        raise error(Code.UNKNOWN_OPTION, f"no order {order}", help="differences are of order 2, 4 or 6")
    level = 1 + max(len(component.wrt) for component in module.components)
    chosen = _checked(ROUNDING ** (1 / (order + level)) if step is None else step)
    weights = WEIGHTS[order]

    def stencil(element: Element) -> Iterable[tuple[float, _Steps]]:
        for k, weight in enumerate(weights, 1):
            for sign in (1, -1):
                yield sign * weight / chosen, {element: sign * k * chosen}

    return _derivative(module, wrt, stencil)


def random_directions(
    module: Shifted, wrt: Sequence[Element], samples: int = 1, seed: int = 0, step: float = RANDOM_STEP
) -> Shifted:
    """SPSA: central differences along directions of ±1 in all elements at once, drawn with the seed.

    Two evaluations a sample, however many elements there are. Each component is the mean over the samples of the
    difference times the direction's own entry (Spall 1992, doi:10.1109/9.119632): with error from the other elements
    that falls as 1/√samples, and as the square of the step.

    Raises:
        CompileError: UNKNOWN_OPTION; METHOD, for a derivative of a derivative.
    """
    if not 1 <= samples <= MOST_SAMPLES:
        label = f"{samples} samples"
        raise error(Code.UNKNOWN_OPTION, label, help=f"from 1 to {MOST_SAMPLES}")
    if any(component.wrt for component in module.components):
        label = "random directions give first derivatives"
        raise error(Code.METHOD, label, help="use `--method shift` or `finite-differences` for higher ones")
    chosen = _checked(step)
    signs = 1 - 2 * np.random.default_rng(seed).integers(0, 2, (samples, len(wrt)))
    column = {element: k for k, element in enumerate(wrt)}

    def stencil(element: Element) -> Iterable[tuple[float, _Steps]]:
        for direction in signs.tolist():
            for side in (1, -1):
                weight = side * direction[column[element]] / (2 * chosen * samples)
                yield weight, {e: side * chosen * direction[k] for e, k in column.items()}

    found = _derivative(module, wrt, stencil)
    return Shifted(found.templates, found.rows, found.components, found.certificates, seed)


def _derivative(
    module: Shifted, wrt: Sequence[Element], stencil: Callable[[Element], Iterable[tuple[float, _Steps]]]
) -> Shifted:
    """The product rule over differences of what each evaluation comes to."""
    movable = [with_movable(template, wrt) for template in module.templates]
    draft = Draft(Shifted(tuple(each.template for each in movable), module.rows, module.components))

    def derived(component: Component, element: Element) -> Component:
        steps = [(number(weight), moves) for weight, moves in stencil(element)]

        def slope(evaluation: Evaluation) -> Iterable[tuple[Angle, Evaluation]]:
            row = draft.rows[evaluation.row]
            for weight, moves in steps:
                settings = moved_row(dict(row.settings), movable[row.template].slots, moves)
                yield weight, Evaluation(draft.row(row.template, settings), evaluation.output)

        return differentiated(component, element, slope, Exactness.APPROXIMATE)

    made = [derived(component, element) for component, element in next_order(module, wrt)]
    return draft.finished(module, (*module.components, *made))


def _checked(step: float) -> float:
    if not (np.isfinite(step) and step > 0):
        raise error(Code.UNKNOWN_OPTION, f"no step of {step}", help="steps are positive numbers")
    return step
