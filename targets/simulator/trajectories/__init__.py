"""Monte-Carlo trajectories of noisy qubit programs: unbiased, with standard errors, in one state vector at a time."""

from __future__ import annotations

import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.ir import Program, Samples
from qcompile.targets.simulator.estimates import Shots
from qcompile.targets.simulator.extras import check_qubits
from qcompile.targets.simulator.options import BYTES, amplitudes, memory_limit, too_large
from qcompile.targets.simulator.result import Array, Result
from qcompile.targets.simulator.tensor_program import Plan, plan
from qcompile.targets.simulator.trajectories.means import Estimate, Tally
from qcompile.targets.simulator.trajectories.run import Runner
from qcompile.targets.simulator.values import Bound

__all__ = ["run"]
COPIES = 5
_TOGETHER = 1 << 18  # amplitudes of trajectories that are followed at once: a few MiB


def run(program: Program, bound: Bound, shots: Shots | None) -> Result:
    """Every output as a mean over `shots` trajectories, with its standard error; samples have one from each.

    Raises:
        CompileError: TOO_LARGE, NOT_SIMULABLE, BAD_NUMBER, BAD_VALUE.
    """
    if shots is None:
        raise AssertionError("trajectories are followed in some number")
    check_qubits(program, "the engine of trajectories")
    needed = amplitudes(program, 2) * BYTES * COPIES
    if needed > memory_limit():
        raise too_large(needed, program)
    lowered = plan(program)
    rows = [_row(lowered, bound, shots, row) for row in range(bound.batch)]
    columns = list(zip(*rows, strict=True))
    return Result(
        [np.stack([value for value, _ in column]) for column in columns],
        errors=[_stacked([spread for _, spread in column]) for column in columns],
    )


def _row(lowered: Plan, bound: Bound, shots: Shots, row: int) -> list[Estimate]:
    """How many are followed at once depends on the program alone, so a seed gives the same wherever it runs."""
    elements = bound.rows(np.array([row])).elements
    together = max(1, _TOGETHER // amplitudes(lowered.program, 2))
    tallies = [Tally(output) for output in lowered.program.outputs]
    for part, start in enumerate(range(0, shots.count, together)):
        generator = shots.generator(row, part)
        walk = Runner(lowered, elements, generator).walk(min(together, shots.count - start))
        for tally in tallies:
            tally.add(lowered, walk, elements, generator)
    if any(tally.count == 0 for tally in tallies):
        label = f"post-selection keeps none of {shots.count} trajectories"
        raise error(Code.NOT_SIMULABLE, label, None, "follow more, or take the engine `density`")
    _check_samples(tallies, shots)
    return [tally.estimate() for tally in tallies]


def _check_samples(tallies: list[Tally], shots: Shots) -> None:
    short = [tally for tally in tallies if isinstance(tally.output, Samples) and tally.count < shots.count]
    if short:
        label = f"post-selection keeps {short[0].count} of {shots.count} trajectories, and each gives one sample"
        raise error(Code.NOT_SIMULABLE, label, short[0].output.span, "take the engine `density`, or `tensor`")


def _stacked(errors: list[Array | None]) -> Array | None:
    known = [each for each in errors if each is not None]
    return np.stack(known) if known else None
