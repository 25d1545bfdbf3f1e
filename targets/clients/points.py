"""Where a bundle's programs run: the numbers of all their inputs, from the manifest and the parameters' values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.targets.bundle import MANIFEST, Bundle
from qcompile.targets.simulator.values import RealArray

Record: TypeAlias = Mapping[str, Any]
"""Plain data of a manifest, as docs/manifest.md documents it."""
_FUNCTIONS: Mapping[str, np.ufunc] = {
    "+": np.add, "*": np.multiply, "pow": np.power,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "exp": np.exp, "log": np.log, "sqrt": np.sqrt,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The points at which one template runs: every row of it at every value of the batch, row by row.

    Attributes:
        template: its record.
        settings: the records of its settings.
        known: the value of each input at each point, shape (rows, batch).
    """

    template: Record
    settings: Sequence[Record]
    rows: int
    batch: int
    known: Mapping[str, RealArray]

    @property
    def count(self) -> int:
        return self.rows * self.batch

    def number(self, tree: Any) -> RealArray:
        """The value of an expression at each point, shape (points,); raises BAD_NUMBER."""
        with np.errstate(all="ignore"):
            value = np.broadcast_to(_value(tree, self.known), (self.rows, self.batch)).reshape(-1)
        if not np.isfinite(value).all():
            raise error(Code.BAD_NUMBER, f"`{tree}` is not a finite number here", help="change the parameters' values")
        return value

    def inputs(self, names: Sequence[str]) -> RealArray:
        """Shape (points, names)."""
        columns = [self.number(name) for name in names]
        return np.stack(columns, axis=1) if columns else np.zeros((self.count, 0))

    def split(self, values: RealArray) -> RealArray:
        """From shape (points, …) to (rows, batch, …)."""
        return values.reshape(self.rows, self.batch, *values.shape[1:])


@lru_cache(maxsize=64)
def _parsed(text: str) -> Record:
    found: Record = json.loads(text)
    return found


def manifest_of(bundle: Bundle) -> Record:
    return _parsed(bundle.files[MANIFEST])


def points_of(bundle: Bundle, values: Mapping[str, RealArray]) -> list[Points]:
    """The points of each template; values as `Client.run` takes them."""
    manifest = manifest_of(bundle)
    known: dict[str, RealArray] = {}
    for parameter in manifest["parameters"]:
        value = values[parameter["name"]]
        columns = value[:, np.newaxis] if parameter["size"] is None else value
        known |= {name: columns[:, k][np.newaxis] for k, name in enumerate(parameter["emitted"])}
    batch = max((value.shape[1] for value in known.values()), default=1)
    return [_points(manifest, index, known, batch) for index in range(len(manifest["templates"]))]


def _points(manifest: Record, index: int, known: Mapping[str, RealArray], batch: int) -> Points:
    rows = [row["slots"] for row in manifest["rows"] if row["template"] == index]
    slots = [name for slot in manifest["slots"] for name in slot["emitted"]]
    table = {name: np.zeros((len(rows), batch)) for name in {name for row in rows for name in row}}
    for place, row in enumerate(rows):
        for name, tree in row.items():
            table[name][place] = _value(tree, known)[0] if isinstance(tree, list | str) else tree
    whole = {**known, **{name: np.zeros((1, 1)) for name in slots}, **table}
    with np.errstate(all="ignore"):
        computed = {part["emitted"]: _value(part["expression"], whole) for part in manifest["computed"]}
    settings = [setting for setting in manifest["settings"] if setting["template"] == index]
    return Points(manifest["templates"][index], settings, len(rows), batch, {**whole, **computed})


def _value(tree: Any, known: Mapping[str, RealArray]) -> RealArray:
    """A number, an emitted name, or [operator, operand, …]."""
    if isinstance(tree, str):
        return known[tree]
    if isinstance(tree, int | float):
        return np.full((1, 1), float(tree))
    found: RealArray = _FUNCTIONS[tree[0]](*(_value(part, known) for part in tree[1:]))
    return found
