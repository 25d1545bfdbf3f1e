"""Outputs as functions of expectations that no parameter has a part in: what the engine keeps states for.

Probabilities are sums of words of Z, an observable with parameters is one of its words, and variances and covariances
are products (`moments`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import prod

import numpy as np

from qcompile.angle import Angle, Element, derivative, elements, number
from qcompile.ir import Covariance, Expectation, Observable, Output, Probabilities, Program, Variance
from qcompile.operator import Operator
from qcompile.targets.simulator.moments import Moments
from qcompile.targets.simulator.values import RealArray, value_of

MOST_WORDS = 256  # that one program has all of its own expectations of
_NO_LIGHT = 0  # the levels of modes, in programs that have none


@dataclass(frozen=True, slots=True)
class _Scaled:
    """To column `linear`, coefficient · means[mean], or the coefficient alone where there is no word."""

    linear: int
    mean: int | None
    coefficient: Angle
    slopes: tuple[tuple[int, Angle], ...]


@dataclass(frozen=True, eq=False)
class Means:
    """What the outputs are made of.

    Attributes:
        program: returns the means, expectations with constant coefficients.
        moments: the outputs from what is linear in the state; and this is, from the means,
        table, constant: means @ table + constant,
        scaled: and what has coefficients that hold parameters.
        columns: the entries of the parameters.
    """

    program: Program
    moments: Moments
    table: RealArray
    constant: RealArray
    scaled: tuple[_Scaled, ...]
    columns: tuple[Element, ...]

    @classmethod
    def of(cls, program: Program, columns: tuple[Element, ...], wanted: Collection[Element]) -> Means | None:
        """None where the outputs are such expectations, or are made of none, of too many, or of what is not qubits'.

        Args:
            wanted: what derivatives are by.
        """
        if "qumode" in program.kinds or all(map(_is_constant, program.outputs)):
            return None
        is_told = all(map(_is_number, program.outputs))
        moments = Moments.of(program, columns_of(program, _NO_LIGHT)) if is_told else None
        if moments is None:
            return None
        linear = moments.base.outputs
        if sum(map(_count, linear)) > MOST_WORDS or any(map(_is_unnormalised, linear)):
            return None
        made = _Made(columns, wanted)
        for output in linear:
            made.add(output)
        if not made.means:
            return None
        table = np.zeros((len(made.means), len(made.constant)))
        for mean, place, weight in made.entries:
            table[mean, place] += weight
        base = replace(program, outputs=tuple(Expectation(Observable(operator)) for operator in made.means))
        return cls(base, moments, table, np.array(made.constant), tuple(made.scaled), columns)

    def values(self, rows: RealArray, means: RealArray) -> RealArray:
        """The outputs, shape (batch, width), at rows of entries, from means of shape (batch, means)."""
        return self.moments.values(self._linear(rows, means))

    def pulled(self, rows: RealArray, means: RealArray, cotangents: RealArray) -> tuple[RealArray, RealArray]:
        """Cotangents of the means, and derivatives by the entries in the coefficients, shape (batch, entries)."""
        of_linear = self.moments.pulled(self._linear(rows, means), cotangents)
        of_means, slopes, at = of_linear @ self.table.T, np.zeros(rows.shape), self._elements(rows)
        for term in self.scaled:
            weight = of_linear[:, term.linear]
            word = 1.0 if term.mean is None else means[:, term.mean]
            if term.mean is not None:
                of_means[:, term.mean] += weight * value_of(term.coefficient, at)
            for column, slope in term.slopes:
                slopes[:, column] += weight * word * value_of(slope, at)
        return of_means, slopes

    def _linear(self, rows: RealArray, means: RealArray) -> RealArray:
        linear: RealArray = means @ self.table + self.constant
        at = self._elements(rows)
        for term in self.scaled:
            word = 1.0 if term.mean is None else means[:, term.mean]
            linear[:, term.linear] += value_of(term.coefficient, at) * word
        return linear

    def _elements(self, rows: RealArray) -> Mapping[Element, RealArray]:
        return dict(zip(self.columns, rows.T, strict=True)) if self.scaled else {}


def columns_of(program: Program, cutoff: int) -> tuple[slice, ...]:
    """Where each output is, side by side: one column for a number, one for each outcome of probabilities."""
    levels = [2 if kind == "qubit" else cutoff for kind in program.kinds]
    widths = [prod(levels[w] for w in o.wires) if isinstance(o, Probabilities) else 1 for o in program.outputs]
    return tuple(slice(*edges) for edges in pairwise(accumulate(widths, initial=0)))


class _Made:
    """Means, and how what is linear in the state comes from them, output by output."""

    def __init__(self, columns: Sequence[Element], wanted: Collection[Element]) -> None:
        self.means: dict[Operator, int] = {}
        self.entries: list[tuple[int, int, float]] = []
        self.constant: list[float] = []
        self.scaled: list[_Scaled] = []
        self._columns, self._wanted = columns, wanted

    def add(self, output: Output) -> None:
        if isinstance(output, Probabilities):
            self._add_probabilities(output)
        elif isinstance(output, Expectation):
            self._add_expectation(output.observable.operator)
        else:
            raise AssertionError("these are linear in the state")

    def _mean(self, operator: Operator) -> int:
        """Its place; what several outputs have in common is there once."""
        return self.means.setdefault(operator, len(self.means))

    def _add_probabilities(self, output: Probabilities) -> None:
        """Of the outcome b Σ (−1)^(b·m) ⟨Z^m⟩ / 2^k over all masks m; the first wire is the highest bit of both."""
        count, start = len(output.wires), len(self.constant)
        masks = np.arange(1 << count)
        signs = (1.0 - 2.0 * (np.bitwise_count(masks[:, np.newaxis] & masks) % 2)) / len(masks)
        self.constant += signs[0].tolist()
        for mask, row in enumerate(signs):
            chosen = sorted(w for k, w in enumerate(reversed(output.wires)) if mask >> k & 1)
            if chosen:
                mean = self._mean(Operator(((tuple(("Z", wire) for wire in chosen), number(1.0)),)))
                self.entries += [(mean, start + outcome, float(sign)) for outcome, sign in enumerate(row)]

    def _add_expectation(self, operator: Operator) -> None:
        """What is constant as one mean, of which any number of words is one pass of the engine; others word by word."""
        linear, fixed = len(self.constant), tuple(term for term in operator.terms if term[1].is_constant)
        self.constant.append(0.0)
        if fixed:
            self.entries.append((self._mean(Operator(fixed)), linear, 1.0))
        for word, coefficient in operator.terms:
            if not coefficient.is_constant:
                mean = self._mean(Operator(((word, number(1.0)),))) if word else None
                held = set(elements(coefficient)).intersection(self._wanted)
                slopes = [(k, derivative(coefficient, e)) for k, e in enumerate(self._columns) if e in held]
                self.scaled.append(_Scaled(linear, mean, coefficient, tuple(slopes)))


def _is_number(output: Output) -> bool:
    return isinstance(output, Expectation | Variance | Covariance | Probabilities)


def _is_constant(output: Output) -> bool:
    terms = output.observable.operator.terms if isinstance(output, Expectation) else ()
    return bool(terms) and all(coefficient.is_constant for _, coefficient in terms)


def _is_unnormalised(output: Output) -> bool:
    return isinstance(output, Expectation | Probabilities) and output.unnormalised


def _count(output: Output) -> int:
    """Of means, at most."""
    if isinstance(output, Probabilities):
        return 1 << len(output.wires)
    terms = output.observable.operator.terms if isinstance(output, Expectation) else ()
    return 1 + sum(not coefficient.is_constant for _, coefficient in terms)
