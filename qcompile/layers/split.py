"""An evaluator as a function of two arrays: what is trained, in all rows the same or not, and what is fed.

Of weights w and inputs x, with outputs y(w, x), cotangents c of them, and tangents t and u of w and x:

    values(w, x)                      y
    pullback(w, x, c)                 c ∂y, by w and by x
    pushforward(w, x, *t)             ∂y t
    second(w, x, c, *t)               c ∂²y t, by w and by x
    curvature(w, x, *t, *u)           u ∂²y t, by output

Each is one call of the engine, and linear in c, t and u. Pullback and pushforward may take the remembered values too,
last: by these they find what the forward call kept, and frameworks order calls by what these take.

Shapes: w (trained,), or a row for each, (*lead, trained); x (*lead, fed), y and c (*lead, width). Derivatives by w and
x, and their tangents, have their shapes: by weights that are the same in all rows they are summed. All arrays are of
one type, and so are the results.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from qcompile.layers.arguments import Array, contracted
from qcompile.layers.evaluator import Columns, Evaluator
from qcompile.layers.held import Held, Memory
from qcompile.layers.rows import rows_of


@dataclass(frozen=True, eq=False)
class Split:
    evaluator: Evaluator
    _whole: Split | None = field(default=None, repr=False)
    _memory: Memory = field(default_factory=Memory, repr=False)

    @cached_property
    def by_weights(self) -> Split:
        """The same, of which no derivatives by what is fed are wanted: they are 0."""
        return Split(self.evaluator.by_trained, self)

    @cached_property
    def by_inputs(self) -> Split:
        """The same, of which no derivatives by what is trained are wanted: they are 0."""
        return Split(self.evaluator.by_fed, self)

    @property
    def whole(self) -> Split:
        """The same with all derivatives."""
        return self._whole or self

    def values(self, weights: Array, inputs: Array) -> Array:
        return self._led(inputs, self.evaluator.values(self.joined(weights, inputs)))

    def remembered(self, weights: Array, inputs: Array) -> Array:
        """The values; what the backward call of the same arrays would have to find again is remembered for a while."""
        held = self.held(weights, inputs)
        self.remember(held)
        return self._led(inputs, held.values)

    def remember(self, held: Held) -> None:
        """For the backward call of the same arrays."""
        self._memory.put(held)

    def held(self, weights: Array, inputs: Array) -> Held:
        """The values, and what the backward call takes."""
        return Held.at(self.evaluator, self.joined(weights, inputs), summed=weights.ndim == 1)

    def pullback(
        self, weights: Array, inputs: Array, cotangents: Array, values: Array | None = None
    ) -> tuple[Array, Array]:
        rows = self.joined(weights, inputs)
        found = self._memory.take(rows, weights.ndim == 1, values)
        if found is None:
            return self._apart(weights, inputs, self.evaluator.pullback(rows, rows_of(cotangents)))
        by_weights, by_inputs = found.pulled(rows_of(cotangents))
        return _like(weights, by_weights), _like(inputs, by_inputs)

    def pushforward(self, weights: Array, inputs: Array, *given: Array) -> Array:
        rows, along = self.joined(weights, inputs), self.joined(*given[:2])
        held = self._memory.take(rows, weights.ndim == 1, given[2] if len(given) > 2 else None, states=False)
        if held is None or held.jacobian is None:
            return self._led(inputs, self.evaluator.pushforward(rows, along))
        return self._led(inputs, contracted("boe,be->bo", held.jacobian, along))

    def second(self, weights: Array, inputs: Array, cotangents: Array, *tangents: Array) -> tuple[Array, Array]:
        rows, along = self.joined(weights, inputs), self.joined(*tangents)
        return self._apart(weights, inputs, self.evaluator.second(rows, rows_of(cotangents), along))

    def curvature(self, weights: Array, inputs: Array, *tangents: Array) -> Array:
        rows = self.joined(weights, inputs)
        along, across = self.joined(*tangents[:2]), self.joined(*tangents[2:])
        width = self.evaluator.width
        each = np.tile(np.eye(width), (len(rows), 1))  # a row for each output
        bent = self.evaluator.second(np.repeat(rows, width, axis=0), each, np.repeat(along, width, axis=0))
        return self._led(inputs, contracted("roe,re->ro", bent.reshape(len(rows), width, -1), across))

    def joined(self, weights: Array, inputs: Array) -> Array:
        """By rows of all entries, in double precision."""
        fed = rows_of(inputs)
        x = np.empty((len(fed), len(self.evaluator.entries)))
        of_weights, of_inputs = self._places
        x[:, of_weights] = weights if weights.ndim == 1 else rows_of(weights)
        x[:, of_inputs] = fed
        return x

    @cached_property
    def _places(self) -> tuple[Columns | slice, Columns | slice]:
        """The columns of both: a span, which is quicker, where they are one."""
        return _span(self.evaluator.trained), _span(self.evaluator.fed)

    def _apart(self, weights: Array, inputs: Array, slopes: Array) -> tuple[Array, Array]:
        """From shape (rows, entries)."""
        by_weights, by_inputs = slopes[:, self.evaluator.trained], slopes[:, self.evaluator.fed]
        return _like(weights, by_weights.sum(axis=0) if weights.ndim == 1 else by_weights), _like(inputs, by_inputs)

    def _led(self, inputs: Array, result: Array) -> Array:
        return result.reshape(*inputs.shape[:-1], result.shape[-1]).astype(inputs.dtype, copy=False)


def _span(columns: Columns) -> Columns | slice:
    found: list[int] = columns.tolist()
    if found and found == list(range(found[0], found[-1] + 1)):
        return slice(found[0], found[-1] + 1)
    return columns


def _like(array: Array, slopes: Array) -> Array:
    return slopes.reshape(array.shape).astype(array.dtype, copy=False)
