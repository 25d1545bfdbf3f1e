"""Trained strengths of channels on a client."""

from __future__ import annotations

import pytest

from qcompile.grammar import parse
from qcompile.ir import Program
from qcompile.run import value_and_grad


@pytest.mark.parametrize("p", [0.3, 0.61, 0.77])
def test_rows_set_strengths_in_bounds(p: float) -> None:
    """Would catch a row whose setting keeps its parameter, and a transmissivity that rounding took below 0."""
    program = parse("qumode m; param p; param z; coherent(0.4, 0) m; loss(0.1 + 0.3*p + 0.3*z) m; return expect(n[0]);")
    assert isinstance(program, Program)
    value, gradient = value_and_grad(program, "shift", on="strawberryfields")(p=p, z=0.1)
    assert float(value) == pytest.approx(0.16 * (0.13 + 0.3 * p), abs=1e-9)
    assert [float(gradient[name]) for name in "pz"] == pytest.approx([0.048, 0.048], abs=1e-9)
