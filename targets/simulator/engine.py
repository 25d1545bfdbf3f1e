"""Chooses the engine of a program, and runs a batch in parts that fit the memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qcompile.diagnostics import CompileError
from qcompile.ir import Program, State
from qcompile.targets.engine.fused import Fused, Run
from qcompile.targets.simulator import gaussian
from qcompile.targets.simulator.dispatch import runner_of
from qcompile.targets.simulator.estimates import Shots
from qcompile.targets.simulator.kept_states import read_values
from qcompile.targets.simulator.native import expectations, has_expectations_alone, native, tensor_of
from qcompile.targets.simulator.options import BYTES, Options, amplitudes, memory_limit, too_large
from qcompile.targets.simulator.result import Array, Result
from qcompile.targets.simulator.same import Same
from qcompile.targets.simulator.sampling import sampled_outputs
from qcompile.targets.simulator.tensor_gates import largest_matrix
from qcompile.targets.simulator.tensor_outputs import edge_population, exact_output, leakage
from qcompile.targets.simulator.tensor_program import Plan, plan
from qcompile.targets.simulator.tensor_run import Branch, run_plan
from qcompile.targets.simulator.values import Bound

_COPIES = 5  # a state, its transposed copy, the product, an operator's image and one word of it
_CACHED = 1 << 18  # amplitudes that are worked on at a time, where the batch allows: a few MiB


def simulate(program: Program, bound: Bound, options: Options, stream: int = 0) -> Result:
    """Runs a program at bound values.

    Args:
        stream: tells apart the random numbers of several programs run with one seed.

    Raises:
        CompileError: TOO_LARGE, NOT_SIMULABLE, BAD_NUMBER, BAD_VALUE.
    """
    shots = _shots(options, stream)
    if takes_gaussian(program, options):
        settings = replace(options, seed=None if shots is None else int(shots.generator(0).integers(1 << 62)))
        return Result(list(gaussian.run(program, bound.elements, bound.batch, settings)))
    runner = runner_of(program, bound, options)
    if runner is not None:
        return runner(program, bound, options, shots)
    fused = native(program, options)
    if fused is not None:
        found = read_values(program, bound, options) if shots is None else None
        return Result(list(found)) if found is not None else _native(fused, bound, shots)
    check_size(program, options.cutoff)
    lowered = plan(program)
    chunks = row_parts(lowered, bound.batch, options.cutoff)
    parts = [_run(lowered, bound, options.cutoff, shots, rows) for rows in chunks]
    outputs = [np.concatenate(arrays) for arrays in zip(*(part.outputs for part in parts), strict=True)]
    return Result(outputs, max(part.leakage for part in parts), max(part.edge for part in parts))


def _native(fused: Fused, bound: Bound, shots: Shots | None) -> Result:
    """By the fused engine: expectations from its own sums, all else from its states."""
    if shots is None and has_expectations_alone(fused.program):
        return Result(list(expectations(fused, bound)))
    parts = [_of_state(run, bound.rows(run.rows), shots) for run in fused.runs(bound)]
    return Result(parts[0] if len(parts) == 1 else [np.concatenate(arrays) for arrays in zip(*parts, strict=True)])


def _of_state(run: Run, part: Bound, shots: Shots | None) -> list[Array]:
    program = run.fused.program
    if all(isinstance(output, State) for output in program.outputs):
        return [run.ket() for _ in program.outputs]
    return _outputs(_planned(Same(program)), [Branch(tensor_of(run), ())], part, shots, int(run.rows[0]))


@lru_cache(maxsize=64)
def _planned(same: Same[Program]) -> Plan:
    return plan(same.record)


def takes_gaussian(program: Program, options: Options) -> bool:
    """Is it the Gaussian engine that runs the program? Qubit programs never reach it, unless forced to."""
    if options.engine == "auto":
        return any(r.kind == "qumode" for r in program.registers) and gaussian.supports(program, options.shots)
    return options.engine == "gaussian"


def check_size(program: Program, cutoff: int) -> None:
    """Before anything is built: raises TOO_LARGE, where one row of the program would not fit."""
    needed = amplitudes(program, cutoff) * BYTES * _COPIES
    if needed > memory_limit():
        raise too_large(needed, program)


def fits(program: Program, cutoff: int) -> bool:
    """Does one row of the program fit in memory?"""
    try:
        check_size(program, cutoff)
    except CompileError:
        return False
    return True


def row_parts(lowered: Plan, batch: int, cutoff: int, copies: int = _COPIES) -> Iterator[NDArray[np.intp]]:
    """The batch's rows in parts that fit the memory and, where they can, the cache.

    Raises:
        CompileError: TOO_LARGE, where one row does not fit.
    """
    size = amplitudes(lowered.program, cutoff, lowered.hidden)
    per_row = BYTES * (copies * size + 3 * largest_matrix(lowered.ops, cutoff))
    limit = memory_limit()
    if per_row > limit:
        raise too_large(per_row, lowered.program)
    cached = _CACHED // (64 if lowered.branches else 1)
    step = max(1, min(limit // per_row, cached // size))
    for start in range(0, batch, step):
        yield np.arange(start, min(start + step, batch))


def _run(lowered: Plan, bound: Bound, cutoff: int, shots: Shots | None, rows: NDArray[np.intp]) -> Result:
    part = bound.rows(rows)
    branches = run_plan(lowered, part, cutoff)
    outputs = _outputs(lowered, branches, part, shots, int(rows[0]))
    if "qumode" not in lowered.program.kinds:
        return Result(outputs)
    return Result(outputs, leakage(branches), edge_population(lowered, branches))


def _outputs(lowered: Plan, branches: list[Branch], part: Bound, shots: Shots | None, first_row: int) -> list[Array]:
    """Each output of these rows, exact or estimated."""
    if shots is not None:
        drawn = sampled_outputs(lowered, branches, part, shots, first_row)
        return [np.stack(values) for values in zip(*drawn, strict=True)]
    exact = (exact_output(output, lowered, branches, part.elements) for output in lowered.program.outputs)
    return [np.broadcast_to(value, (part.batch, *value.shape[1:])) for value in exact]


def _shots(options: Options, stream: int) -> Shots | None:
    if options.runs is None:
        return None
    seed = int(np.random.default_rng().integers(1 << 62)) if options.seed is None else options.seed
    return Shots(options.runs, seed, stream)
