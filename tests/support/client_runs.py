"""Values and gradients from clients held against the simulator's, exactly or by their predicted standard errors."""

from __future__ import annotations

from typing import Any

import numpy as np
from clients import program_of

import qcompile as qc
from qcompile.run import On


def gap(found: Any, wanted: Any) -> float:
    """The greatest difference of two results."""
    if isinstance(wanted, tuple):
        return max(gap(f, w) for f, w in zip(found, wanted, strict=True))
    if isinstance(wanted, dict):
        if found.keys() != wanted.keys():
            raise AssertionError(f"{found.keys()} instead of {wanted.keys()}")
        return max((gap(found[name], wanted[name]) for name in wanted), default=0.0)
    if np.shape(found) != np.shape(wanted):
        raise AssertionError(f"shape {np.shape(found)} instead of {np.shape(wanted)}")
    return float(np.abs(np.asarray(found) - np.asarray(wanted)).max())


def sigmas(found: Any, wanted: Any, errors: Any) -> float:
    """The greatest difference in standard errors; one that is exact must be right."""
    if isinstance(wanted, tuple):
        return max(sigmas(*each) for each in zip(found, wanted, errors, strict=True))
    if isinstance(wanted, dict):
        return max(sigmas(found[name], wanted[name], errors[name]) for name in wanted)
    if np.shape(errors) != np.shape(wanted):
        raise AssertionError(f"errors of shape {np.shape(errors)} for values of shape {np.shape(wanted)}")
    return float((np.abs(np.asarray(found) - np.asarray(wanted)) / (np.asarray(errors) + 1e-9)).max())


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
