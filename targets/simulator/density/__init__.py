"""Density matrices of qubits: exact, whatever the noise, in 4ⁿ complex numbers for each live history of results."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from qcompile.ir import Op, Program, Reset, State
from qcompile.targets.simulator.density.outputs import exact_output, sampled_outputs
from qcompile.targets.simulator.density.run import final_blocks
from qcompile.targets.simulator.estimates import Shots
from qcompile.targets.simulator.extras import check_qubits
from qcompile.targets.simulator.options import BYTES, memory_limit, too_large
from qcompile.targets.simulator.result import Array, Result
from qcompile.targets.simulator.tensor_program import Plan, plan
from qcompile.targets.simulator.values import Bound

__all__ = ["is_cheaper", "memory", "run"]
MAX_QUBITS = 12  # of programs that `auto` runs on density matrices
COPIES = 4  # a matrix, its transposed copy, the product, and the block that a channel adds up
_CACHED = 1 << 18  # entries that are worked on at a time, where the batch allows


def memory(program: Program) -> float:
    """The bytes that one row takes: 16 × 4ⁿ, a few times over."""
    return COPIES * BYTES * 4.0 ** min(_qubits(program), 500)


def is_cheaper(program: Program) -> bool:
    """Do the histories that noise and resets make outnumber the levels, of which a density matrix has a row each?

    On noisy layers of 2 to 8 qubits it took between a tenth and a two hundredth of the time of as many histories.
    """
    qubits = _qubits(program)
    if qubits > MAX_QUBITS or "qumode" in program.kinds or any(isinstance(o, State) for o in program.outputs):
        return False
    return memory(program) <= memory_limit() and _mixed(program) >= qubits


def _mixed(program: Program) -> float:
    """The logarithm to base 2 of how many histories noise and resets make."""
    ways = 0.0
    for statement in program.statements():
        match statement:
            case Op(gate):
                ways += math.log2(len(gate.kraus)) if gate.kraus else len(gate.hidden)
            case Reset():
                ways += 1
            case _:
                pass
    return ways


def run(program: Program, bound: Bound, shots: Shots | None) -> Result:
    """Every output, exactly or from shots.

    Raises:
        CompileError: TOO_LARGE, NOT_SIMULABLE, BAD_NUMBER, BAD_VALUE.
    """
    _check(program)
    lowered = plan(program)
    parts = [_run(lowered, bound, shots, rows) for rows in _row_parts(program, bound.batch)]
    return Result([np.concatenate(arrays) for arrays in zip(*parts, strict=True)])


def _qubits(program: Program) -> int:
    return sum(register.length for register in program.registers if register.is_quantum)


def _check(program: Program) -> None:
    check_qubits(program, "the engine of density matrices")
    if memory(program) > memory_limit():
        raise too_large(memory(program), program)


def _row_parts(program: Program, batch: int) -> Iterator[NDArray[np.intp]]:
    fitting = int(memory_limit() // memory(program))
    step = max(1, min(fitting, _CACHED >> 2 * _qubits(program)))
    for start in range(0, batch, step):
        yield np.arange(start, min(start + step, batch))


def _run(lowered: Plan, bound: Bound, shots: Shots | None, rows: NDArray[np.intp]) -> list[Array]:
    part = bound.rows(rows)
    blocks = final_blocks(lowered, part)
    if shots is not None:
        drawn = sampled_outputs(lowered, blocks, part, shots, int(rows[0]))
        return [np.stack(values) for values in zip(*drawn, strict=True)]
    values = (exact_output(output, blocks, part.elements) for output in lowered.program.outputs)
    return [np.broadcast_to(value, (len(rows), *value.shape[1:])) for value in values]
