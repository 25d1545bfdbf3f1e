"""Matrix product states by quimb, for wide programs that entangle little: n χ² numbers for bonds no wider than χ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcompile.diagnostics import Code, error
from qcompile.ir import Program, State
from qcompile.targets.simulator.estimates import Integers, Setting, Shots, estimates
from qcompile.targets.simulator.extras import check_qubits
from qcompile.targets.simulator.mps.chain import Chain, chain_of
from qcompile.targets.simulator.options import BYTES, memory_limit, too_large
from qcompile.targets.simulator.result import Result
from qcompile.targets.simulator.tensor_program import Plan, plan
from qcompile.targets.simulator.values import Bound, Elements, RealArray
from qcompile.targets.simulator.word_outputs import exact_output

__all__ = ["run"]
EXACT_BOND = 128  # that bonds may grow to where nothing is to be cut off
ROUNDING = 1e-12  # weight that is cut off by rounding alone
COPIES = 8  # of a tensor, while two are joined, parted and contracted


def run(program: Program, bound: Bound, shots: Shots | None, bond: int | None) -> Result:
    """Every output, from one matrix product state for each row.

    Args:
        bond: cut bonds to this width, and say what was cut off; None refuses to cut anything.

    Raises:
        CompileError: MISSING_CLIENT, TOO_LARGE, NOT_SIMULABLE, BAD_NUMBER, BAD_VALUE.
    """
    check_qubits(program, "the engine of matrix product states")
    width = EXACT_BOND if bond is None else bond
    needed = COPIES * 2 * BYTES * width**2 * sum(r.length for r in program.registers if r.is_quantum)
    if needed > memory_limit():
        raise too_large(needed, program)
    lowered = plan(program)
    rows: list[list[NDArray[Any]]] = []
    truncation = 0.0
    for row in range(bound.batch):
        elements = bound.rows(np.array([row])).elements
        chain = chain_of(lowered, elements, width)
        if bond is None:
            _check_whole(chain)
        truncation = max(truncation, chain.truncation)
        rows.append(_outputs(lowered, chain, elements, None if shots is None else (shots, row)))
    cut = truncation if truncation > ROUNDING else 0.0
    return Result([np.stack(values) for values in zip(*rows, strict=True)], truncation=cut)


def _check_whole(chain: Chain) -> None:
    if chain.truncation > ROUNDING:
        label = f"bonds of {EXACT_BOND} cut off {chain.truncation:.1e} of the state's weight"
        advice = f"accept an approximate result with `bond={2 * EXACT_BOND}`, or take another engine"
        raise error(Code.NOT_SIMULABLE, label, help=advice)


def _outputs(lowered: Plan, chain: Chain, elements: Elements, drawn: tuple[Shots, int] | None) -> list[NDArray[Any]]:
    outputs = lowered.program.outputs
    if drawn is None:
        return [exact_output(output, chain.means, elements, 1.0) for output in outputs]
    shots, row = drawn
    source = _Row(chain, elements, len(lowered.program.cell_kinds))
    return estimates(outputs, lowered.readouts, source, shots.count, shots.generator(row))


@dataclass(frozen=True, slots=True)
class _Row:
    chain: Chain
    elements: Elements
    cells: int
    kept: float = 1.0

    def levels(self, wire: int) -> int:
        return int(self.chain.tensors[wire].shape[1])

    def draw(self, setting: Setting, shots: int, generator: np.random.Generator) -> tuple[RealArray, Integers]:
        bases = {wire: str(basis) for wire, basis in setting.items()}
        found = self.chain.drawn(bases, shots, generator)
        table = [found[wire] for wire in setting]
        held = np.zeros((shots, self.cells), dtype=np.intp)
        return np.stack(table, axis=1) if table else np.zeros((shots, 0)), held

    def state(self, output: State) -> NDArray[Any]:
        raise AssertionError(f"{output}: no state vector is made")
