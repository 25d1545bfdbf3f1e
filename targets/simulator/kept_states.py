"""Programs of gates on qubits whose final states are kept: all rows in one call each way, whatever they return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qcompile.angle import Element
from qcompile.ir import Adjoint, Probabilities, Program
from qcompile.targets.engine.flat import entries
from qcompile.targets.engine.kept import Keeping, Kept
from qcompile.targets.simulator.means import Means, columns_of
from qcompile.targets.simulator.native import keeping
from qcompile.targets.simulator.options import Options
from qcompile.targets.simulator.same import Same
from qcompile.targets.simulator.values import Bound, RealArray


@dataclass(frozen=True, eq=False)
class States:
    """A program whose states are kept.

    Attributes:
        means: what the outputs are made of, where they are no expectations of constant coefficients themselves.
        keeping: the engine's way to these expectations.
    """

    means: Means | None
    keeping: Keeping

    @classmethod
    def of(
        cls, program: Program, options: Options, wanted: Sequence[Element] = (), apart: Sequence[int] = ()
    ) -> States | None:
        """None where states are not kept.

        Args:
            wanted: what derivatives are by; by the columns `apart` of the entries they are row by row, else summed.
        """
        return _states(Same(program), options, tuple(wanted), tuple(apart))

    def takes(self, batch: int) -> bool:
        """Is there room for the states of so many rows, and are the kernels there?"""
        return self.keeping.takes(batch)

    def at(self, rows: RealArray) -> Ends:
        """At rows of shape (batch, entries)."""
        kept = self.keeping(rows)
        return Ends(self, rows, kept, kept.values if self.means is None else self.means.values(rows, kept.values))

    def values(self, rows: RealArray) -> RealArray | None:
        """The outputs side by side, shape (batch, width), without states; None where there is no room for them."""
        parts = self.keeping.parts(len(rows))
        return None if parts is None else np.concatenate([self.at(rows[part]).values for part in parts])


@dataclass(frozen=True, eq=False)
class Ends:
    """The outputs at some rows, shape (batch, width), and the states that they were read from."""

    states: States
    rows: RealArray
    kept: Kept
    values: RealArray

    def pulled(self, cotangents: RealArray) -> tuple[RealArray, RealArray]:
        """The derivatives of Σ cotangent · output, from cotangents of shape (batch, width).

        Returns:
            Those by all entries, summed over the rows, shape (entries,); and by row, shape (batch, apart).
        """
        means, apart = self.states.means, self.states.keeping.apart
        if means is None:
            return self.kept.pulled(cotangents)
        of_means, direct = means.pulled(self.rows, self.kept.values, cotangents)
        summed, by_row = self.kept.pulled(of_means)
        return summed + direct.sum(axis=0), by_row + direct[:, apart]


@lru_cache(maxsize=64)
def _states(
    same: Same[Program], options: Options, wanted: tuple[Element, ...], apart: tuple[int, ...]
) -> States | None:
    program = same.record
    if not program.outputs:
        return None
    means = Means.of(program, entries(program), wanted)
    found = keeping(program if means is None else means.program, options, wanted, apart)
    return None if found is None else States(means, found)


def read_values(program: Program, bound: Bound, options: Options) -> list[RealArray] | None:
    """The outputs, of shape (batch, …); None where states are not kept."""
    states = States.of(program, options)
    values = None if states is None else states.values(_rows(states, bound))
    return None if values is None else _by_output(values, program, options)


def read_derivatives(
    module: Adjoint, bound: Bound, options: Options, wanted: Sequence[Element]
) -> tuple[list[RealArray], list[RealArray]] | None:
    """The outputs and the components, of shape (batch, …); None where states are not kept."""
    program = module.forward
    states = States.of(program, options, wanted, range(len(entries(program))))
    parts = None if states is None else states.keeping.parts(bound.batch)
    if states is None or parts is None:
        return None
    rows, columns = _rows(states, bound), columns_of(program, options.cutoff)
    width, place = columns[-1].stop, states.keeping.column_of
    values, slopes = np.empty((len(rows), width)), np.empty((len(rows), width, len(place)))
    for part in parts:
        ends = states.at(rows[part])
        values[part] = ends.values
        for column in range(width):
            cotangents = np.zeros(ends.values.shape)
            cotangents[:, column] = 1.0
            _, slopes[part, column] = ends.pulled(cotangents)
    shaped = [isinstance(output, Probabilities) for output in program.outputs]
    components = [
        slopes[:, columns[c.output] if shaped[c.output] else columns[c.output].start, place[c.wrt]]
        for c in module.components
    ]
    return _by_output(values, program, options), components


def _rows(states: States, bound: Bound) -> RealArray:
    return np.stack([bound.elements[element] for element in states.keeping.columns], axis=1)


def _by_output(values: RealArray, program: Program, options: Options) -> list[RealArray]:
    places = zip(program.outputs, columns_of(program, options.cutoff), strict=True)
    return [values[:, place] if isinstance(o, Probabilities) else values[:, place.start] for o, place in places]
