"""Outputs and their standard errors from what the runs of a template's settings measured.

Of n runs kept with the values v, the mean is Σv/n and its variance Σ(v − mean)²/(n − 1)/n. An output that is not
normalised is a mean over all runs, where those not kept count 0. Settings are run apart, so their variances add.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcompile.diagnostics import Code, error
from qcompile.operator import level_of
from qcompile.targets.clients.points import Points, Record
from qcompile.targets.simulator.values import RealArray

Seen = Mapping[str, NDArray[Any]]
"""What every run of one setting left in each cell, shape (points, shots); see `cells_of` for light."""
_AT_ONCE = 1 << 20  # runs


def cells_of(setting: Record) -> list[str]:
    """The cell of each place of the basis; on light, which has no cells, the place itself."""
    return setting["cells"] if setting["cells"] is not None else [str(k) for k in range(len(setting["basis"]))]


def check_shots(bundle: Record, shots: int) -> None:
    """Raises NOT_SIMULABLE or UNKNOWN_OPTION, where shots cannot tell the outputs or their standard errors."""
    if bundle["unread"]:
        label = "no measurement reads a product of different letters on one wire"
        raise error(Code.NOT_SIMULABLE, label, help="leave the shots out, or the word")
    if shots < 2:
        raise error(Code.UNKNOWN_OPTION, f"{shots} shot", help="take two or more: one tells no standard error")


def tallied(points: Points, seen: Sequence[Seen], levels: int = 2) -> tuple[list[RealArray], list[RealArray]]:
    """Each output's values and standard errors, shape (rows, batch, …).

    Args:
        seen: of each setting of the template, or nothing where it has no rows.
        levels: outcomes of one wire in probabilities; a greater number of photons counts nowhere.
    """
    outputs: list[RealArray] = []
    spreads: list[RealArray] = []
    for index, output in enumerate(points.template["outputs"]):
        total, square = _constant(output, points, levels)
        for setting, cells in zip(points.settings if points.count else (), seen, strict=True):
            reads = [read for read in setting["reads"] if read[0] == index]
            if not reads:
                continue
            for part, runs in _parts(cells, points.count):
                mean, variance = _estimate(output, reads, setting, runs, points, part, levels)
                total[part] += mean
                square[part] += variance
        outputs.append(points.split(total))
        spreads.append(points.split(np.sqrt(square)))
    return outputs, spreads


def _constant(output: Record, points: Points, levels: int) -> tuple[RealArray, RealArray]:
    """What no setting reads: terms without letters, of outputs that are normalised."""
    if output["kind"] == "probabilities":
        shape = (points.count, levels ** len(output["wires"]))
        return np.zeros(shape), np.zeros(shape)
    total: RealArray = np.zeros(points.count)
    for coefficient, word in output["terms"]:
        if not word and not output["unnormalised"]:
            total = total + points.number(coefficient)
    return total, np.zeros(points.count)


def _parts(cells: Seen, count: int) -> Iterator[tuple[slice, Seen]]:
    """The runs of some points at a time, so that memory stays bounded."""
    shots = next((array.shape[1] for array in cells.values()), 1)
    size = max(1, _AT_ONCE // shots)
    for first in range(0, count, size):
        part = slice(first, min(first + size, count))
        yield part, {name: array[part] for name, array in cells.items()}


def _estimate(
    output: Record,
    reads: Sequence[Any],
    setting: Record,
    runs: Seen,
    points: Points,
    part: slice,
    levels: int,
) -> tuple[RealArray, RealArray]:
    """Mean and variance of what the setting tells of the output, shape (points of the part, …)."""
    names = cells_of(setting)
    kept = _kept(setting, runs)
    whole = np.full(kept.shape[0], kept.shape[1]) if output["unnormalised"] else kept.sum(1)
    if (whole < 2).any():
        label = f"{int(whole.min())} of {kept.shape[1]} runs are kept at some values"
        raise error(Code.NOT_SIMULABLE, label, help="ask for more shots, or post-select results that occur more often")
    if output["kind"] == "probabilities":
        columns = [runs[names[place]] for place in reads[0][3]]
        shares = _counts(columns, kept, levels) / whole[:, np.newaxis]
        return shares, shares * (1 - shares) / (whole - 1)[:, np.newaxis]
    value: RealArray = np.zeros(kept.shape)
    for _, term, sign, places in reads:
        coefficient, word = output["terms"][term]
        found = _detected([letter for letter, _ in word], [runs[names[place]] for place in places])
        value = value + (sign * points.number(coefficient)[part])[:, np.newaxis] * found
    mean = (value * kept).sum(1) / whole
    masked = kept if not output["unnormalised"] else np.ones_like(kept)
    variance = (masked * (value * kept - mean[:, np.newaxis]) ** 2).sum(1) / (whole - 1) / whole
    return mean, variance


def _kept(setting: Record, runs: Seen) -> NDArray[np.bool_]:
    """Of shape (points, shots)."""
    found = np.ones(next(iter(runs.values())).shape, dtype=bool)
    for cell, value in setting["kept"]:
        found &= runs[cell] == value
    return found


def _detected(letters: Sequence[str], columns: Sequence[NDArray[Any]]) -> RealArray | float:
    """(−1)^bits on qubits; on light the product of what was detected, of a projector whether it was its number."""
    if not columns:
        return 1.0
    if letters[0] in "XYZ":
        parity = np.sum(np.asarray(columns), axis=0, dtype=np.int64) % 2
        return 1.0 - 2.0 * parity.astype(np.float64)
    product: RealArray = np.ones(columns[0].shape)
    for letter, column in zip(letters, columns, strict=True):
        level = level_of(letter)
        product = product * (column if level is None else column == level)
    return product


def _counts(columns: Sequence[NDArray[Any]], kept: NDArray[np.bool_], levels: int) -> RealArray:
    """How many of the runs kept had each outcome, first wire most significant, shape (points, outcomes)."""
    size = levels ** len(columns)
    counted = kept.copy()
    outcome = np.zeros(kept.shape, dtype=np.int64)
    for column in columns:
        counted &= column < levels
        outcome = outcome * levels + np.where(column < levels, column, 0).astype(np.int64)
    counts = [np.bincount(each[mask], minlength=size) for each, mask in zip(outcome, counted, strict=True)]
    return np.stack(counts).astype(np.float64)
