"""Programs that the tests of training minimise, and what is known of them."""

from __future__ import annotations

from pathlib import Path

import qcompile as qc

EXAMPLES = Path(__file__).parents[2] / "examples"
H2_EXACT = -1.1372701747  # by diagonalising the Hamiltonian
SIMPLE = "qubit q[2]; param t; param w[2]; rx(t) q[0]; ry(w[0]) q[0]; rx(w[1]) q[1]; return expect(Z[0] + Z[1]);"
FED = "qubit q; param t; input x; rx(t + x) q; return expect(Z[0]);"


def program_of(text: str) -> qc.Program:
    module = qc.parse(text)
    if not isinstance(module, qc.Program):
        raise AssertionError("the text is no program")
    return module


def h2() -> qc.Program:
    return program_of((EXAMPLES / "h2.qc").read_text(encoding="utf-8"))
