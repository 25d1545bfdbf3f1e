"""Values and derivatives of the fused engine's programs from states that are kept: all rows in one call each way.

The derivatives of several outputs, or outcomes, are read from the same states, one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from qcompile.angle import Element
from qcompile.ir import Adjoint, Output, Probabilities, Program
from qcompile.targets.engine.flat import entries
from qcompile.targets.engine.kept import Keeping, Kept
from qcompile.targets.simulator.means import Means, columns_of
from qcompile.targets.simulator.native import keeping
from qcompile.targets.simulator.options import Options
from qcompile.targets.simulator.same import Same
from qcompile.targets.simulator.values import Bound, RealArray


def read_values(program: Program, bound: Bound, options: Options) -> list[RealArray] | None:
    """The outputs, of shape (batch, …); None where states are not kept."""
    means, states = _way(Same(program), options, ())
    parts = None if states is None else states.parts(bound.batch)
    if states is None or parts is None:
        return None
    rows = _rows(states, bound)
    found = np.concatenate([states(rows[part]).values for part in parts])
    return _apart(found if means is None else means.values(rows, found), program.outputs)


def read_derivatives(
    module: Adjoint, bound: Bound, options: Options, wanted: Sequence[Element]
) -> tuple[list[RealArray], list[RealArray]] | None:
    """The outputs and the components, of shape (batch, …); None where states are not kept."""
    means, states = _way(Same(module.forward), options, tuple(wanted))
    parts = None if states is None else states.parts(bound.batch)
    if states is None or parts is None:
        return None
    rows, columns = _rows(states, bound), columns_of(module.forward.outputs)
    width, place = columns[-1].stop, {element: k for k, element in enumerate(states.columns)}
    values, slopes = np.empty((len(rows), width)), np.empty((len(rows), width, len(place)))
    for part in parts:
        kept = states(rows[part])
        values[part] = kept.values if means is None else means.values(rows[part], kept.values)
        for column in range(width):
            slopes[part, column] = _slopes(means, kept, rows[part], np.eye(width)[[column]])
    shaped = [isinstance(output, Probabilities) for output in module.forward.outputs]
    components = [
        slopes[:, columns[c.output] if shaped[c.output] else columns[c.output].start, place[c.wrt]]
        for c in module.components
    ]
    return _apart(values, module.forward.outputs), components


def _slopes(means: Means | None, kept: Kept, rows: RealArray, cotangents: RealArray) -> RealArray:
    """Of one column, shape (rows, entries)."""
    whole = np.broadcast_to(cotangents, (len(rows), cotangents.shape[1]))
    if means is None:
        return kept.pulled(whole)[1]
    of_means, direct = means.pulled(rows, kept.values, whole)
    by_row: RealArray = kept.pulled(of_means)[1] + direct
    return by_row


@lru_cache(maxsize=64)
def _way(same: Same[Program], options: Options, wanted: tuple[Element, ...]) -> tuple[Means | None, Keeping | None]:
    program = same.record
    if not program.outputs:
        return None, None
    means = Means.of(program, entries(program))
    base = program if means is None else means.program
    return means, keeping(base, options, wanted, range(len(entries(program))) if wanted else ())


def _rows(states: Keeping, bound: Bound) -> RealArray:
    return np.stack([bound.elements[element] for element in states.columns], axis=1)


def _apart(values: RealArray, outputs: Sequence[Output]) -> list[RealArray]:
    """By output."""
    places = zip(outputs, columns_of(outputs), strict=True)
    return [values[:, place] if isinstance(o, Probabilities) else values[:, place.start] for o, place in places]
