"""Passes on programs that measure, reset and branch: what is returned stays, read by the simulator."""

import numpy as np
import pytest
from hypothesis import given
from pass_programs import dynamic_programs
from random_programs import gaussian_programs, values_for

from qcompile.ir import Program
from qcompile.ir.verify import verify
from qcompile.passes import (
    CancelInverses,
    FoldConstants,
    Inline,
    Legalize,
    LightCone,
    MergeRotations,
    Optimize,
    Pass,
    lowering,
)
from qcompile.targets.simulator import run

PASSES: list[Pass] = [
    Inline(), FoldConstants(), CancelInverses(), MergeRotations(), LightCone(), Legalize("openqasm3"), Legalize("quil"),
    Optimize(1), Optimize(2), Optimize(3), lowering("quil"),
]  # fmt: skip


@pytest.mark.parametrize("step", PASSES, ids=repr)
@given(program=dynamic_programs())
def test_outputs_are_kept(step: Pass, program: Program) -> None:
    """Would catch a rewrite across a measurement, a reset or a branch, and a condition left without its bit."""
    verify(program)
    other = step(program)
    verify(other, after=step.name)
    assert isinstance(other, Program)
    values = values_for(program, 5, np.pi)
    for before, after in zip(run(program, values), run(other, values), strict=True):
        assert np.allclose(before, after, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "step", [FoldConstants(), CancelInverses(), MergeRotations(), Optimize(3), lowering("blackbird")], ids=repr
)
@given(program=gaussian_programs())
def test_light_is_kept(step: Pass, program: Program) -> None:
    """Would catch a photonic merge or cancellation that is none."""
    other = step(program)
    assert isinstance(other, Program)
    values = values_for(program, 5, 0.3)
    for before, after in zip(run(program, values), run(other, values), strict=True):
        assert np.allclose(before, after, atol=1e-7, rtol=1e-7)
