"""What a layer returns: the outputs of a program side by side, and their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.grammar.printed_programs import Names, output_pieces
from qcompile.ir import Program, Samples, State
from qcompile.layers.arguments import Array
from qcompile.targets.simulator.means import columns_of


def layout(program: Program, cutoff: int) -> tuple[slice, ...]:
    """Where each output is: one column for a number, one for each outcome of probabilities.

    Raises:
        CompileError: NOT_DIFFERENTIABLE for a program that returns nothing, or samples, or a state.
    """
    advice = "let the program return expectations, variances or probabilities"
    if not program.outputs:
        raise error(Code.NOT_DIFFERENTIABLE, "the program returns nothing, and a layer returns numbers", help=advice)
    for output in program.outputs:
        if isinstance(output, Samples | State):
            label = "a layer returns expectations, variances and probabilities"
            raise error(Code.NOT_DIFFERENTIABLE, label, output.span, advice)
    return columns_of(program, cutoff)


def names_of(program: Program) -> tuple[str, ...]:
    """What each output is called: its text, as in `expect(H)`."""
    names = Names.of(program.registers)
    return tuple(" ".join(output_pieces(output, names)) for output in program.outputs)


def side_by_side(results: Sequence[Any], batch: int) -> Array:
    """Outputs of shape (batch, …), or (1, …), as (batch, width)."""
    return np.concatenate([np.broadcast_to(r, (batch, *np.shape(r)[1:])).reshape(batch, -1) for r in results], axis=1)
