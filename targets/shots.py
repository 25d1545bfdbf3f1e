"""How many shots each row takes in each setting, for the least variance of a gradient, and what errors to expect.

A component is linear in what its rows return, or taken so about given values (products and quotients, to first order).
So its variance is Σ v ÷ n over rows and settings, where n counts shots and v = J·C·J, with the component's slopes J by
the outputs read there and the covariance C of one shot's estimates of them. Of all n with the same sum, n ∝ √A makes
Σ A ÷ n least, where A sums v over the components.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TypeAlias

import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.ir import Expectation, Samples, Shifted
from qcompile.targets.settings import Setting
from qcompile.targets.simulator.values import RealArray, Values
from qcompile.targets.variances import Covariances, Model, Prior, Simulated, Slopes

Run = tuple[int, int]  # a row, and a setting of its template
Outputs = Mapping[int, RealArray]  # a component's slopes by the outputs of one row
Error: TypeAlias = float | RealArray | None


@dataclass(frozen=True, slots=True, eq=False)
class ShotPlan:
    """Shots for each setting of each row's template, and the standard error to expect of each component.

    An error is None where a row that the component reads gets no shots, an array where the component is one.
    `simulated`: from the states at given values; else as if words were independent and of variance one.
    """

    total: int
    simulated: bool
    rows: tuple[tuple[int, ...], ...]
    errors: tuple[Error, ...]


def plan_shots(
    module: Shifted, settings: Sequence[Sequence[Setting]], total: int, values: Values | None = None
) -> ShotPlan:
    """Shares out `total` shots for the derivatives, or for the values of a module that has none.

    Args:
        settings: of each template.
        values: of every parameter. Then the distribution that each row has in each setting is simulated, which takes
            rows × 2^wires numbers at a time.

    Raises:
        CompileError: UNSAYABLE for words that no setting reads, and samples; UNBOUND, when only values can tell;
            BAD_VALUE for too few shots; NOT_SIMULABLE for light that is not Gaussian, and what else the simulator
            raises.
    """
    variances = component_variances(module, settings, values)
    differentiated = any(component.wrt for component in module.components)
    counted = [bool(component.wrt) or not differentiated for component in module.components]
    needed = sorted(run for run, found in variances.items() if any(counted[k] for k in found))
    spread = [sqrt(sum(float(v.sum()) for k, v in variances[run].items() if counted[k])) for run in needed]
    shots = dict(zip(needed, shares(spread, total), strict=True))
    table = (
        tuple(shots.get((k, place), 0) for place in range(len(settings[row.template])))
        for k, row in enumerate(module.rows)
    )
    errors = (_error(k, variances, shots) for k in range(len(module.components)))
    return ShotPlan(total, values is not None, tuple(table), tuple(errors))


def shares(spread: Sequence[float], total: int) -> list[int]:
    """Whole numbers in proportion to these, at least 1 each, that sum to the total: by the largest remainder.

    Raises:
        CompileError: BAD_VALUE.
    """
    if total < len(spread):
        label = f"{total} shots are too few for the {len(spread)} circuits that are read"
        raise error(Code.BAD_VALUE, label, None, f"give {len(spread)} or more")
    weights = np.array(spread) if any(spread) else np.ones(len(spread))
    least = np.zeros(len(spread), dtype=bool)
    ideal = np.ones(len(spread))
    while len(spread):  # those whose share is below 1 get 1, which leaves less for the others
        rest = np.where(least, 0.0, weights)
        ideal = np.where(least, 1.0, rest * (total - least.sum()) / (rest.sum() or 1.0))
        if not (ideal < 1).any():
            break
        least |= ideal < 1
    whole = np.floor(ideal).astype(int)
    for k in np.argsort(whole - ideal, kind="stable")[: total - whole.sum()]:
        whole[k] += 1
    return [int(count) for count in whole]


def component_variances(
    module: Shifted, settings: Sequence[Sequence[Setting]], values: Values | None
) -> dict[Run, dict[int, RealArray]]:
    """Of each component that reads a run, for one shot: shape () or (outcomes,). Arguments as for `plan_shots`."""
    _check_read(module, settings)
    model: Model = Simulated(module, values) if values is not None else Prior(module)
    slopes = [_by_row(model.slopes(component)) for component in module.components]
    readers: dict[int, list[int]] = {}
    for k, by_row in enumerate(slopes):
        for row in by_row:
            readers.setdefault(row, []).append(k)
    found: dict[Run, dict[int, RealArray]] = {}
    for template, choices in enumerate(settings):
        for place, setting in enumerate(choices):
            covariances = model.covariances(template, setting)
            read = {item.output for item in setting.reads}
            for row in covariances:
                concerned = [k for k in readers.get(row, ()) if read & slopes[k][row].keys()]
                if concerned:
                    found[row, place] = {k: _variance(slopes[k][row], covariances[row]) for k in concerned}
    return found


def _variance(slopes: Outputs, covariances: Covariances) -> RealArray:
    """J·C·J."""
    parts = [
        slopes[a] * slopes[b] * covariance for (a, b), covariance in covariances.items() if a in slopes and b in slopes
    ]
    return np.maximum(sum(parts, np.zeros(())), 0.0)


def _error(component: int, variances: Mapping[Run, Mapping[int, RealArray]], shots: Mapping[Run, int]) -> Error:
    total: RealArray = np.zeros(())
    for run, found in variances.items():
        if component not in found:
            continue
        if not shots.get(run):
            return None
        total = total + found[component] / shots[run]
    return np.sqrt(total) if total.ndim else sqrt(float(total))


def _by_row(slopes: Slopes) -> dict[int, Outputs]:
    found: dict[int, dict[int, RealArray]] = {}
    for evaluation, slope in slopes.items():
        found.setdefault(evaluation.row, {})[evaluation.output] = slope
    return dict(found)


def _check_read(module: Shifted, settings: Sequence[Sequence[Setting]]) -> None:
    for template, choices in zip(module.templates, settings, strict=True):
        read = {(item.output, item.term) for setting in choices for item in setting.reads}
        for place, output in enumerate(template.program.outputs):
            if isinstance(output, Samples):
                label = "samples have no variance that tells how to share out shots"
                raise error(Code.UNSAYABLE, label, output.span, "leave the shots out")
            terms = output.observable.operator.terms if isinstance(output, Expectation) else ()
            if any(word and (place, term) not in read for term, (word, _) in enumerate(terms)):
                label = "a word of this output is read in no basis, so that no shots can be planned"
                raise error(Code.UNSAYABLE, label, output.span, "leave the shots out, or the word")
