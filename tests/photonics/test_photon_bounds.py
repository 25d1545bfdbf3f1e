"""Bounds on photon numbers, against what the simulator finds in the modes."""

from __future__ import annotations

import numpy as np
import pytest

from qcompile.grammar import parse
from qcompile.ir import Op, Program
from qcompile.passes.differentiate.light.photons import photon_bounds
from qcompile.targets.simulator import Options, run


def bounds(text: str, name: str = "rotate") -> list[int | None]:
    """In the order of the program, of its ops of this name: what is asked about."""
    module = parse(text)
    assert isinstance(module, Program)
    ops = [statement for statement in module.statements() if isinstance(statement, Op)]
    return [bound for op, bound in zip(ops, photon_bounds(module), strict=True) if op.gate.name == name]


PASSIVE = """
qubit q; qumode m[4]; param t; h q; fock(2) m[0]; fock(1) m[1]; rotate(t) m[2];
beamsplit(t, 0.1) m[0], m[1]; rotate(t) m[1]; kerr(t) m[0]; cross_kerr(t) m[1], m[3]; snap[1](t) m[0];
conditional_rotate(t) q, m[0]; sqr[2](t, 0.3) q, m[0]; ctrl @ beamsplit(t, 0) q, m[1], m[2]; rotate(t) m[2];
loss(0.3) m[2]; mach_zehnder(t, 0.2) m[2], m[0]; rotate(t) m[0]; rotate(t) m[3]; reset m[0]; rotate(t) m[0];
vacuum m[1]; rotate(t) m[1]; fock(1) m[1]; rotate(t) m[1];
return expect(n[2]);
"""


def test_passive_gates_keep_the_light() -> None:
    """Catches modes that share light counted apart, and a diagonal gate that joins modes."""
    assert bounds(PASSIVE) == [0, 3, 3, 3, 0, 0, 0, 1]


@pytest.mark.parametrize(
    "gate",
    [
        "displace(t, 0) m[0];", "squeeze(t, 0) m[0];", "cubic(t) m[0];", "two_mode_squeeze(t, 0) m[0], m[1];",
        "thermal(t) m[0];", "coherent(0.1, 0) m[0];", "thermal_loss(0.5, 0.1) m[0];", "shift_x(t) m[0];",
        "conditional_displace(t, 0) q, m[0];", "real r; r = homodyne(0) m[0];",
        "displace(t, 0) m[1]; kerr(t) m[1]; beamsplit(t, 0) m[0], m[1];",
    ],
)  # fmt: skip
def test_everything_else_lifts_the_bound(gate: str) -> None:
    """Catches a bound that outlives what adds light, on the mode itself or on one that it is joined to."""
    assert bounds(f"qubit q; qumode m[2]; param t; fock(1) m[0]; {gate} rotate(t) m[0]; return expect(n[0]);") == [None]


def test_qubits_hold_no_light() -> None:
    """Catches a bound that a mode lifts for another through a qubit that both have met."""
    text = """
    qubit q; qumode m[2]; param t; fock(1) m[1]; conditional_displace(t, 0) q, m[0]; conditional_rotate(t) q, m[1];
    conditional_displace(t, 0) q, m[1]; conditional_rotate(t) q, m[1]; return expect(n[1]);
    """
    assert bounds(text, "conditional_rotate") == [1, None]


def test_branches_are_bounded_by_the_brighter() -> None:
    """Catches a branch that is forgotten, and modes that only one of the two joins."""
    text = """
    qubit q; bit c; qumode m[3]; param t; h q; c = measure q; fock(1) m[2];
    if (c) { fock(3) m[0]; rotate(t) m[0]; } else { beamsplit(t, 0) m[1], m[2]; rotate(t) m[1]; }
    rotate(t) m[0]; rotate(t) m[1]; return expect(n[0]);
    """
    assert bounds(text) == [3, 1, 3, 1]
    assert bounds(text.replace("fock(3)", "thermal(1)")) == [None, 1, None, 1]


def test_no_more_photons_are_found_than_the_bound_allows() -> None:
    """The simulator's probabilities above the bound are zero, and at it they are not."""
    module = parse("qumode m[3]; param t; fock(2) m[0]; fock(1) m[1]; beamsplit(t, 0.1) m[0], m[1];"
                   "beamsplit(t, 0) m[1], m[2]; kerr(t) m[2]; rotate(t) m[2]; return probs(m[2]);")  # fmt: skip
    assert isinstance(module, Program)
    (found,) = run(module, {"t": 0.7}, Options(engine="tensor", cutoff=7))
    probabilities = np.asarray(found, dtype=np.float64).reshape(-1)
    assert photon_bounds(module)[-1] == 3
    assert probabilities[3] > 1e-4
    np.testing.assert_allclose(probabilities[4:], 0, atol=1e-15)
