"""Trained parameters, each in an array of its own, and the inputs, as the columns of an evaluator, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qcompile.ir import Parameter
from qcompile.layers.arguments import trained
from qcompile.layers.evaluator import Evaluator
from qcompile.layers.rows import rows_of

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Parts:
    """The evaluator as a function of arrays of one type: each parameter's, shape () or (size,), and last the inputs'.

    The inputs are all in one, shape (*lead, fed), and give the results their leading shape.
    """

    evaluator: Evaluator

    @cached_property
    def trained(self) -> tuple[Parameter, ...]:
        return trained(self.evaluator.program)

    @property
    def count(self) -> int:
        """Of arrays."""
        return len(self.trained) + 1

    def values(self, *parts: Array) -> tuple[Array, ...]:
        """Shape (*lead, width)."""
        return self._led(parts, self.evaluator.values(self._joined(parts)))

    def values_and_jacobian(self, *parts: Array) -> tuple[Array, ...]:
        """Shapes (*lead, width), (*lead, width, entries)."""
        return self._led(parts, *self.evaluator.values_and_jacobian(self._joined(parts)))

    def contraction(self, *arrays: Array) -> tuple[Array, ...]:
        """The pullback by a Jacobian that is known: from the parts, cotangents and the Jacobian."""
        parts, (cotangents, jacobian) = arrays[: self.count], arrays[self.count :]
        return self._apart(parts, np.einsum("...o,...oe->...e", cotangents, jacobian, dtype=float))

    def pullback(self, *arrays: Array) -> tuple[Array, ...]:
        """From the parts and cotangents: the gradient by each part."""
        parts, (cotangents,) = arrays[: self.count], arrays[self.count :]
        return self._apart(parts, self.evaluator.pullback(self._joined(parts), rows_of(cotangents)))

    def pushforward(self, *arrays: Array) -> tuple[Array, ...]:
        """From the parts and a tangent of each: the outputs' derivatives along them, shape (*lead, width)."""
        parts, tangents = arrays[: self.count], arrays[self.count :]
        return self._led(parts, self.evaluator.pushforward(self._joined(parts), self._joined(tangents)))

    def second(self, *arrays: Array) -> tuple[Array, ...]:
        """From the parts, cotangents and tangents: by each part, the derivative of the pullback along the tangents."""
        parts, cotangents, tangents = arrays[: self.count], arrays[self.count], arrays[self.count + 1 :]
        x, t = self._joined(parts), self._joined(tangents)
        return self._apart(parts, self.evaluator.second(x, rows_of(cotangents), t))

    def curvature(self, *arrays: Array) -> tuple[Array, ...]:
        """From the parts and two tangents of each: the outputs' second derivatives along both, shape (*lead, width)."""
        parts, others = arrays[: self.count], arrays[self.count :]
        x, t, u = self._joined(parts), self._joined(others[: self.count]), self._joined(others[self.count :])
        width = self.evaluator.width
        each = np.tile(np.eye(width), (len(x), 1))
        along = self.evaluator.second(np.repeat(x, width, axis=0), each, np.repeat(t, width, axis=0))
        return self._led(parts, np.einsum("roe,re->ro", along.reshape(len(x), width, -1), u))

    def _joined(self, parts: Sequence[Array]) -> Array:
        """All columns, shape (rows, entries)."""
        rows = rows_of(parts[-1])
        x = np.empty((len(rows), len(self.evaluator.entries)))
        x[:, self.evaluator.fed] = rows
        for column, part in zip(self._columns, parts[:-1], strict=True):
            x[:, column] = part
        return x

    @cached_property
    def _columns(self) -> tuple[Any, ...]:
        """Where each trained parameter is: a column, or several."""
        edges = np.cumsum([0, *(p.size or 1 for p in self.trained)])
        spans = zip(self.trained, edges[:-1], edges[1:], strict=True)
        return tuple(self.evaluator.trained[a] if p.size is None else self.evaluator.trained[a:b] for p, a, b in spans)

    def _apart(self, parts: Sequence[Array], gradient: Array) -> tuple[Array, ...]:
        """By part, from shape (*lead, entries) or (rows, entries): a parameter's is summed over the rows."""
        rows = rows_of(gradient)
        total = rows.sum(axis=0)
        found = [*(total[column] for column in self._columns), rows[:, self.evaluator.fed].reshape(parts[-1].shape)]
        return tuple(np.asarray(each, dtype=part.dtype) for each, part in zip(found, parts, strict=True))

    def _led(self, parts: Sequence[Array], *results: Array) -> tuple[Array, ...]:
        """In the inputs' leading shape, and in the type of the parts."""
        lead, kind = parts[-1].shape[:-1], parts[-1].dtype
        return tuple(result.reshape(*lead, *result.shape[1:]).astype(kind, copy=False) for result in results)
