"""A program that several tests draw."""

from __future__ import annotations

import pytest

from qcompile.angle import parameter
from qcompile.gates import Gate
from qcompile.ir import Barrier, Measure, Op, Parameter, Postselect, Program, Register


@pytest.fixture
def extras() -> Program:
    """A channel, a barrier, an opaque gate, a post-selection."""
    channel = Gate("dim", ("qubit",), ("theta",), word="cry(theta) a, b;", hidden=("qubit",))
    body = (
        Op(channel, (0,), (parameter("theta"),)),
        Barrier((0, 1)),
        Op(Gate("oracle", ("qubit", "qubit"), opaque=True), (2, 1)),
        Measure("z", 0, (0,)),
        Postselect(((0, True),)),
    )
    return Program((Register("q", "qubit", 3), Register("c", "bit", 1)), (Parameter("theta"),), (), body)
