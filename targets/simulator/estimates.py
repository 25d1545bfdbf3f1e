"""Outputs as estimated from shots, whichever engine the outcomes are drawn on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import Angle
from qcompile.diagnostics import Code, Span, error
from qcompile.ir import Covariance, Expectation, Output, Probabilities, Samples, State, Variance
from qcompile.operator import Letters, Operator, Word, letters_by_wire, level_of, multiply
from qcompile.targets.simulator.tensor_program import Readout
from qcompile.targets.simulator.values import Elements, RealArray, value_of

Integers = NDArray[np.intp]
Basis = str | float  # "X" "Y" "Z" of a qubit, "n" of a qumode, or the angle of a quadrature
Setting = dict[int, Basis]
_BASES: dict[str, Basis] = {"x": 0.0, "p": math.pi / 2}


@dataclass(frozen=True, slots=True)
class Shots:
    """How many outcomes are drawn, and from which stream of random numbers each row draws them."""

    count: int
    seed: int
    stream: int = 0

    def generator(self, *place: int) -> np.random.Generator:
        """That of a row, or of a part of its runs."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(self.stream, *place)))


class Source(Protocol):
    """What the runs of one row end in. `kept` is the share of all runs that post-selection keeps."""

    @property
    def kept(self) -> float: ...

    @property
    def elements(self) -> Elements: ...

    def levels(self, wire: int) -> int: ...

    def draw(self, setting: Setting, shots: int, generator: np.random.Generator) -> tuple[RealArray, Integers]:
        """Outcomes of the setting's wires in its order, shape (shots, wires), and the cells, shape (shots, cells)."""
        ...

    def state(self, output: State) -> NDArray[Any]:
        """The state vector, shape (amplitudes,); raises NOT_SIMULABLE where there is none."""
        ...


def estimates(
    outputs: Iterable[Output],
    readouts: Mapping[int, Readout],
    source: Source,
    shots: int,
    generator: np.random.Generator,
) -> list[NDArray[Any]]:
    """Each output as estimated from its own shots; a state stays exact."""
    return [_output(output, readouts, source, shots, generator) for output in outputs]


def _output(
    output: Output, readouts: Mapping[int, Readout], row: Source, shots: int, generator: np.random.Generator
) -> NDArray[Any]:
    match output:
        case Expectation(observable, span, unnormalised):
            share = row.kept if unnormalised else 1.0
            return np.asarray(_estimate(observable.operator, row, shots, generator, span, share)[0])
        case Variance(observable, span):
            square = multiply(observable.operator, observable.operator)
            mean, error_squared = _estimate(observable.operator, row, shots, generator, span)
            return np.asarray(_estimate(square, row, shots, generator, span)[0] - mean**2 + error_squared)
        case Covariance(left, right, span):  # shots of their own for each make the product of the means unbiased
            product = multiply(left.operator, right.operator)
            means = [_estimate(each.operator, row, shots, generator, span)[0] for each in (left, right)]
            return np.asarray(_estimate(product, row, shots, generator, span)[0] - math.prod(means))
        case Probabilities(wires, _, unnormalised):
            sizes = tuple(map(row.levels, wires))
            runs = _runs_kept(shots, row.kept if unnormalised else 1.0, generator)
            levels = row.draw(dict.fromkeys(wires, "Z"), runs, generator)[0].astype(int)
            counts = np.bincount(np.ravel_multi_index(tuple(levels.T), sizes), minlength=math.prod(sizes))
            return np.asarray(counts / shots)
        case Samples():
            return _samples(output, readouts, row, shots, generator)
        case State():
            return row.state(output)
        case _:
            assert_never(output)


def _samples(
    output: Samples, readouts: Mapping[int, Readout], row: Source, shots: int, generator: np.random.Generator
) -> NDArray[Any]:
    """Shape (shots, wires + cells): whole numbers, unless a cell holds a quadrature."""
    read = {cell: readouts[cell] for cell in output.cells if cell in readouts}
    setting: Setting = {readout.wire: _basis(readout, row) for readout in read.values()}
    setting |= dict.fromkeys(output.wires, "Z")
    outcomes, held = row.draw(setting, shots, generator)
    column = {wire: outcomes[:, k] for k, wire in enumerate(setting)}
    table = [column[wire] for wire in output.wires]
    for cell in output.cells:
        readout = read.get(cell)
        table.append(held[:, cell].astype(np.float64) if readout is None else column[readout.wire] * readout.scale)
    samples: RealArray = np.stack(table, axis=1) if table else np.zeros((shots, 0))
    if any(readout.angle is not None for readout in read.values()):
        return samples
    return samples.astype(np.int64)


def _basis(readout: Readout, row: Source) -> Basis:
    return "Z" if readout.angle is None else float(value_of(readout.angle, row.elements)[0])


def _estimate(
    operator: Operator, row: Source, shots: int, generator: np.random.Generator, span: Span | None, share: float = 1.0
) -> tuple[float, float]:
    """The mean of each group of words that one setting measures, summed, and the square of its standard error.

    Only a share of the shots is drawn from the runs kept, the others count 0.
    """
    total = square = 0.0
    for setting, words in _groups(operator, span):
        runs = _runs_kept(shots, share, generator)
        outcomes = row.draw(setting, runs, generator)[0]
        column = {wire: outcomes[:, k] for k, wire in enumerate(setting)}
        values = np.zeros(shots)
        for word, coefficient in words:
            weight = float(value_of(coefficient, row.elements)[0])
            values[:runs] += weight * _word_values(word, column, runs)
        total += float(values.mean())
        square += float(values.var(ddof=1)) / shots if shots > 1 else 0.0
    return total, square


def _runs_kept(runs: int, share: float, generator: np.random.Generator) -> int:
    """How many of the runs post-selection keeps."""
    return runs if share >= 1 else int(generator.binomial(runs, share))


def _word_values(word: Word, column: dict[int, RealArray], shots: int) -> RealArray:
    values = np.ones(shots)
    for letter, wire in word:
        values = values * _read(letter, column[wire])
    return values


def _read(letter: str, outcomes: RealArray) -> RealArray:
    """What a letter makes of the outcomes in its basis: eigenvalues from levels, and a level told from the others."""
    level = level_of(letter)
    if level is not None:
        return np.equal(outcomes, level).astype(np.float64)
    return 1 - 2 * outcomes if letter in "XYZ" else outcomes


@lru_cache(maxsize=64)
def _groups(operator: Operator, span: Span | None) -> list[tuple[Setting, list[tuple[Word, Angle]]]]:
    """Words that agree on the basis of every wire they share, first fit."""
    groups: list[tuple[Setting, list[tuple[Word, Angle]]]] = []
    for word, coefficient in operator.terms:
        bases = {wire: _word_basis(letters, span) for wire, letters in letters_by_wire(word).items()}
        for setting, words in groups:
            if all(setting.get(wire, basis) == basis for wire, basis in bases.items()):
                setting.update(bases)
                words.append((word, coefficient))
                break
        else:
            groups.append((bases, [(word, coefficient)]))
    return groups


def _word_basis(letters: Letters, span: Span | None) -> Basis:
    bases = {_BASES.get(letter, "n" if level_of(letter) is not None else letter) for letter in letters}
    if len(bases) > 1:
        raise error(
            Code.NOT_SIMULABLE, f"no measurement gives the product `{' '.join(letters)}` of one mode", span,
            "compute it exactly, without shots",
        )  # fmt: skip
    return bases.pop()
