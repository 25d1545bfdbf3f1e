"""What a layer is given: all entries of its parameters in one array, finite, and where training starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.ir import Parameter, Program

Array: TypeAlias = NDArray[Any]
ON_LIGHT = 0.1  # of start values: a displacement or squeezing of a few units leaves any cut Fock space


def checked_rows(parameters: Sequence[Parameter], x: ArrayLike) -> Array:
    """Finite numbers of shape (batch, entries); raises BAD_VALUE, which names the parameter at fault."""
    rows = np.asarray(x, dtype=float)
    count = sum(p.size if p.size is not None else 1 for p in parameters)
    if rows.ndim != 2 or rows.shape[1] != count:
        raise error(Code.BAD_VALUE, f"rows of shape {rows.shape}", help=f"give (batch, {count})")
    if not np.isfinite(rows).all():
        column = int(np.flatnonzero(~np.isfinite(rows).all(axis=0))[0])
        element, owner = [(e, p) for p in parameters for e in p.elements()][column]
        found = rows[~np.isfinite(rows[:, column]), column][0]
        raise error(Code.BAD_VALUE, f"`{element}` is {found}", owner.span, "give finite real numbers")
    return rows


def contracted(subscripts: str, *arrays: Array) -> Array:
    """`numpy.einsum`, of which only an array is wanted."""
    result: Array = np.einsum(subscripts, *arrays)
    return result


def trained(program: Program) -> tuple[Parameter, ...]:
    return tuple(p for p in program.parameters if p.role == "param")


def fed(program: Program) -> tuple[Parameter, ...]:
    return tuple(p for p in program.parameters if p.role == "input")


def shape_of(parameter: Parameter) -> tuple[int, ...]:
    return () if parameter.size is None else (parameter.size,)


def width_of(parameters: Sequence[Parameter]) -> int:
    """The entries of these parameters."""
    return sum(len(p.elements()) for p in parameters)


def start_values(program: Program, seed: int, initial: Mapping[str, ArrayLike] | None = None) -> dict[str, Array]:
    """Where training starts, by trained parameter: what is given, and else uniform in ±π, drawn from the seed.

    In programs that hold light it is ±0.1. Every entry has its own draw, given or not, so that a value given for one
    parameter leaves the others as they are.

    Raises:
        CompileError: UNKNOWN_NAME, BAD_VALUE for another shape, for integers, and for what is not finite.
    """
    given, parameters = dict(initial or {}), trained(program)
    names = [p.name for p in parameters]
    for name in given:
        if name not in names:
            raise error(Code.UNKNOWN_NAME, f"no trained parameter `{name}`", help=did_you_mean(name, names))
    spread = ON_LIGHT if "qumode" in program.kinds else np.pi
    random = np.random.default_rng(seed)
    drawn = {p.name: random.uniform(-spread, spread, shape_of(p)) for p in parameters}
    return {p.name: checked_start(p, given[p.name]) if p.name in given else drawn[p.name] for p in parameters}


def checked_start(parameter: Parameter, value: ArrayLike) -> Array:
    """The value of a trained parameter; raises BAD_VALUE."""
    array, name = np.asarray(value), parameter.name
    if array.dtype.kind in "iub":
        label, advice = f"`{name}` is trained, and {array.dtype} has no slopes", "give floating-point numbers"
        raise error(Code.BAD_VALUE, label, parameter.span, advice)
    if array.dtype.kind != "f":
        raise error(Code.BAD_VALUE, f"`{name}` is of {array.dtype}", parameter.span, "give real numbers")
    if array.shape != shape_of(parameter):
        label, advice = f"`{name}` has the shape {array.shape}", f"give {shape_of(parameter)}"
        raise error(Code.BAD_VALUE, label, parameter.span, advice)
    if not np.isfinite(array).all():
        raise error(Code.BAD_VALUE, f"`{name}` is not finite", parameter.span, "give finite real numbers")
    return array.astype(float)
