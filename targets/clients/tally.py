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


def key_of(cell: Any) -> str:
    """What a cell of samples is called in what was seen: a bit's name, or on light a detection."""
    return cell if isinstance(cell, str) else ".".join(map(str, cell))


def bits_read(setting: Record, template: Record) -> list[str]:
    """Every cell that a setting is read for, on qubits: of its basis, of samples, of what tells which runs to keep."""
    kept = (cell for cell, _ in setting["kept"])
    return list(dict.fromkeys([*setting["cells"], *cells_sampled(setting, template), *kept]))


def cells_sampled(setting: Record, template: Record) -> list[Any]:
    """The cells of the samples that the setting reads, as the manifest tells them."""
    return [cell for index, *_ in setting["reads"] for cell in template["outputs"][index].get("cells", ())]


def check_shots(bundle: Record, shots: int) -> None:
    """Raises NOT_SIMULABLE or UNKNOWN_OPTION, where shots cannot tell the outputs or their standard errors."""
    if bundle["unread"]:
        label = "no measurement reads a product of different letters on one wire"
        raise error(Code.NOT_SIMULABLE, label, help="leave the shots out, or the word")
    outputs = (output for template in bundle["templates"] for output in template["outputs"])
    if shots < 2 and any(output["kind"] != "samples" for output in outputs):
        raise error(Code.UNKNOWN_OPTION, f"{shots} shot", help="take two or more: one tells no standard error")


def tallied(points: Points, seen: Sequence[Seen], levels: int = 2) -> tuple[list[RealArray], list[RealArray]]:
    """Each output's values and standard errors, shape (rows, batch, …); samples have no errors, and zeros for them.

    Args:
        seen: of each setting of the template, or nothing where it has no rows.
        levels: outcomes of one wire in probabilities; a greater number of photons counts nowhere.
    """
    outputs: list[RealArray] = []
    spreads: list[RealArray] = []
    for index, output in enumerate(points.template["outputs"]):
        if output["kind"] == "samples":
            outputs.append(points.split(_samples(index, output, points, seen)))
            spreads.append(points.split(np.zeros(points.count)))
            continue
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


def _samples(index: int, output: Record, points: Points, seen: Sequence[Seen]) -> NDArray[Any]:
    """The runs kept, of each point as many as of that which keeps the fewest: shape (points, runs, wires + cells)."""
    pairs = zip(points.settings, seen, strict=True)
    setting, cells = next((s, c) for s, c in pairs if any(read[0] == index for read in s["reads"]))
    places: Sequence[int] = next(read[3] for read in setting["reads"] if read[0] == index)
    names = [cells_of(setting)[place] for place in places] + [key_of(cell) for cell in output["cells"]]
    table = np.stack([cells[name] for name in names], axis=-1)
    kept = _kept(setting, cells)
    fewest = int(kept.sum(1).min())
    if fewest == 0:
        label = f"none of {kept.shape[1]} runs is kept at some values"
        raise error(Code.NOT_SIMULABLE, label, help="ask for more shots, or post-select results that occur more often")
    return table if kept.all() else np.stack([runs[mask][:fewest] for runs, mask in zip(table, kept, strict=True)])


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
