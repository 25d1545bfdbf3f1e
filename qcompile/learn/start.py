"""What is trained, and from where: all trained entries in one vector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.ir import Expectation, Parameter, Program

Vector: TypeAlias = NDArray[np.float64]
SPREAD = 0.1


def cost_only(program: Program) -> Program:
    """The program with the output that is minimised alone; raises NOT_DIFFERENTIABLE where it is no expectation."""
    if not program.outputs or not isinstance(program.outputs[0], Expectation):
        span = program.outputs[0].span if program.outputs else None
        way_out = "let the first output be `expect(…)`"
        raise error(Code.NOT_DIFFERENTIABLE, "training minimises an expectation", span, way_out)
    return replace(program, outputs=program.outputs[:1])


def trained_parameters(program: Program) -> tuple[Parameter, ...]:
    trained = tuple(p for p in program.parameters if p.role == "param")
    if not trained:
        raise error(Code.NOT_DIFFERENTIABLE, "the program has nothing to train", help="declare it with `param`")
    return trained


def start_values(trained: tuple[Parameter, ...], seed: int, initial: Mapping[str, ArrayLike]) -> Vector:
    """One draw for every entry, given or not, so that a start value for one parameter leaves the others as they are.

    Raises:
        CompileError: UNKNOWN_NAME, BAD_VALUE.
    """
    names = [p.name for p in trained]
    for name in initial:
        if name not in names:
            raise error(Code.UNKNOWN_NAME, f"no trained parameter `{name}`", help=did_you_mean(name, names))
    random = np.random.default_rng(seed)
    parts: list[Vector] = []
    for p in trained:
        drawn = random.uniform(-SPREAD, SPREAD, 1 if p.size is None else p.size)
        given = np.atleast_1d(np.asarray(initial.get(p.name, drawn), dtype=np.float64))
        if given.shape != drawn.shape:
            raise error(Code.BAD_VALUE, f"`{p.name}` has {drawn.size} entries, given: {given.size}", p.span)
        if not np.isfinite(given).all():
            raise error(Code.BAD_VALUE, f"`{p.name}` starts at what is no finite number", p.span, "give real numbers")
        parts.append(given)
    return np.concatenate(parts)


def by_name(trained: tuple[Parameter, ...], x: Vector) -> dict[str, Vector]:
    """The vector's entries as values of the parameters."""
    ends = np.cumsum([p.size or 1 for p in trained])
    parts = np.split(x, ends[:-1])
    return {p.name: part[0] if p.size is None else part for p, part in zip(trained, parts, strict=True)}
