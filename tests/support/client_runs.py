"""Values and gradients from clients held against the simulator's, exactly or by their predicted standard errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from clients import program_of
from numpy.typing import NDArray

import qcompile as qc
from qcompile.run import On

Array: TypeAlias = NDArray[np.float64]


def gap(found: Any, wanted: Any) -> float:
    """The greatest difference of two results."""
    parts = list(_numbers(found, wanted))
    return max((float(np.abs(f - w).max()) for f, w in parts), default=0.0)


def sigmas(found: Any, wanted: Any, errors: Any) -> float:
    """The greatest difference in standard errors; one that is exact must be right."""
    parts = zip(_numbers(found, wanted), _numbers(errors, wanted), strict=True)
    return max(float((np.abs(f - w) / (e + 1e-9)).max()) for (f, w), (e, _) in parts)


def _numbers(found: Any, wanted: Any) -> Iterator[tuple[Array, Array]]:
    """The arrays of two results, side by side; of one shape."""
    whole: Any = wanted  # so that no checker narrows it
    if isinstance(wanted, dict | tuple):
        assert len(found) == len(whole)
        for name in whole if isinstance(wanted, dict) else range(len(whole)):
            yield from _numbers(found[name], whole[name])
        return
    left, right = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    assert left.shape == right.shape
    yield left, right


def assert_exact(text: str, on: On, tolerance: float = 1e-8, **values: Any) -> None:
    program = program_of(text)
    assert gap(qc.value_and_grad(program, on=on)(**values), qc.value_and_grad(program, "shift")(**values)) < tolerance


def assert_within(text: str, on: On, shots: int, seed: int | None = 1, bound: float = 5.0, **values: Any) -> None:
    """Value and gradient with shots, within so many predicted standard errors of the simulator's."""
    program = program_of(text)
    value, gradient, accuracy = qc.value_and_grad(program, on=on, shots=shots, seed=seed).assessed(**values)
    exact = qc.value_and_grad(program, "shift")(**values)
    assert sigmas(value, exact[0], accuracy.errors) < bound
    assert sigmas(gradient, exact[1], accuracy.slope_errors) < bound
