"""Names that derivatives make up: none that the program has given to something else."""

from __future__ import annotations

import pytest

from qcompile.grammar import parse, to_text
from qcompile.ir import Program
from qcompile.ir.verify import verify
from qcompile.passes.differentiate import differentiate
from qcompile.passes.pipeline import pipeline

TAKEN = ("s", "ancilla", "hidden_qubits", "cotangent", "tangent_t")
KINDS = {
    "observable": "qubit q; param t; observable {0} = Z[0]; rx(t) q; bit_flip(0.1) q; return expect({0});",
    "register": "qubit {0}; param t; rx(t) {0}; bit_flip(0.1) {0}; return expect(Z[0]);",
    "input": "qubit q; param t; input {0}; rx(t + {0}) q; bit_flip(0.1) q; return expect(Z[0]);",
    "gate": "gate {0}_(a) w {{ rx(a) w; }} qubit q; param t; observable {0} = Z[0]; {0}_(t) q; return expect({0});",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TAKEN)
def test_what_passes_add_has_a_name_of_its_own(kind: str, name: str) -> None:
    """Would catch a slot, an ancilla or an input called like what is there: the text would not read back."""
    program = parse(KINDS[kind].format(name))
    assert isinstance(program, Program)
    methods = ("shift", "adjoint", "hadamard{mode=standard}", "finite-differences")
    for made in (*(differentiate(program, "t", m) for m in methods), *(pipeline(p)(program) for p in ("vjp", "jvp"))):
        verify(made)
        assert parse(to_text(made)) == made
