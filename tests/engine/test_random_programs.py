"""The fused engine against the plain reference: every gate, every plan. A wrong entry of any table would show."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from random_programs import ELEMENTS, QUBIT_GATES, qubit_programs, values_for

from qcompile.angle import Element, number, parameter
from qcompile.gates import TABLE, Gate
from qcompile.ir import (
    Adjoint,
    Expectation,
    Observable,
    Op,
    Parameter,
    Probabilities,
    Program,
    Register,
    State,
    Variance,
)
from qcompile.operator import operator
from qcompile.passes.differentiate import differentiate
from qcompile.targets.engine.fused import Fused
from qcompile.targets.simulator import Options, bind, evaluate_all, run
from qcompile.targets.simulator.native import derivatives, expectations
from qcompile.targets.simulator.options import Precision

PLAIN = Options(engine="tensor")
EXACT: dict[Precision, float] = {"double": 1e-12, "single": 3e-5}
plans = st.fixed_dictionaries({
    "tile": st.sampled_from([5, 6, 16]),
    "threads": st.sampled_from([1, 2]),
    "precision": st.sampled_from(["double", "double", "single"]),
})  # fmt: skip


def compared(program: Program, fused: Fused, batch: int, seed: int = 0) -> None:
    """Values and derivatives by every entry, for each row of a batch, as the reference has them."""
    values = values_for(program, seed)
    rows = {name: np.stack([value * (1 + k) for k in range(batch)]) for name, value in values.items()}
    given_values = rows if batch > 1 else values
    names = [str(element) for element in fused.elements]
    module = cast("Adjoint", differentiate(program, names, "adjoint"))
    wanted = evaluate_all(module, given_values, PLAIN)
    on_forward = replace(fused, program=module.forward)
    bound = bind(module.forward.parameters, given_values)
    outputs, components = derivatives(on_forward, module, bound)
    for found, expected in zip([*outputs, *components], [*wanted.values, *wanted.components], strict=True):
        assert np.allclose(found, np.broadcast_to(expected, found.shape), rtol=0, atol=20 * EXACT[fused.precision])
    if all(isinstance(output, Expectation) for output in program.outputs):
        for one in (on_forward, replace(on_forward, elements=())):  # which is planned another way
            for found, expected in zip(expectations(one, bound), wanted.values, strict=True):
                assert np.allclose(found, expected, rtol=0, atol=20 * EXACT[fused.precision])


@given(qubit_programs(max_wires=7, max_ops=14), plans, st.integers(1, 10))
def test_random_programs(program: Program, plan: dict[str, object], batch: int) -> None:
    """On any tile, with any number of threads, in both precisions, alone or in a batch."""
    assume(Fused(program).plan is not None)  # controlled words on six wires run elsewhere
    compared(program, Fused(program, ELEMENTS, **plan), batch)  # type: ignore[arg-type]


@pytest.mark.parametrize("tile", [5, 16])
@pytest.mark.parametrize("gate", QUBIT_GATES, ids=lambda gate: gate.name)
def test_every_gate(gate: Gate, tile: int) -> None:
    """On wires that lie in lanes, in cells and outside the tile, in any order, with and without a control."""
    rng = np.random.default_rng(len(gate.name))
    for controls in ((), (True,), (False,)):
        count = len(gate.wires) + len(controls)
        wires = count + 4
        chosen = tuple(int(wire) for wire in rng.permutation(wires)[:count])
        around = [Op(TABLE["ry"], (wire,), (number(0.3 + 0.2 * wire),)) for wire in range(wires)]
        op = Op(gate, chosen, tuple(parameter("p", k) for k in range(len(gate.parameters))), controls)
        body = (*around, op, *(Op(TABLE["rx"], o.wires, o.angles) for o in around))
        words = [(1.0, f"Z{wire}") for wire in range(wires)] + [(0.5, f"X{k} Y{k + 1}") for k in range(wires - 1)]
        parameters = (Parameter("p", len(gate.parameters)),) if gate.parameters else ()
        output = Expectation(Observable(operator(*words)))
        program = Program((Register("q", "qubit", wires),), parameters, (), body, (output,))
        if gate.parameters:
            elements = tuple(element for parameter in parameters for element in parameter.elements())
            compared(program, Fused(program, elements, tile=tile), 1)
        else:
            found = expectations(Fused(program, tile=tile), bind((), {}))
            assert np.allclose(found, run(program, {}, PLAIN), rtol=0, atol=1e-13)


def test_other_outputs() -> None:
    """Variances, probabilities and trained coefficients: their bras are the reference's, walked back here."""
    a, b = parameter("p", 0), parameter("p", 1)
    observable = Observable(operator((1.0, "Z0 X2"), (0.5, "Y1")))
    trained = Observable(replace(observable.operator, terms=((observable.operator.terms[0][0], a * b),)))
    outputs = (Variance(observable), Probabilities((2, 0)), Expectation(trained), Expectation(observable))
    body = tuple(Op(TABLE[name], wires, (angle,)) for name, wires, angle in (
        ("ry", (0,), a), ("rxx", (0, 2), b), ("rx", (1,), a + b), ("rzz", (1, 2), a), ("ry", (2,), b)
    ))  # fmt: skip
    program = Program((Register("q", "qubit", 3),), (Parameter("p", 2),), (), body, outputs)
    compared(program, Fused(program, (Element("p", 0), Element("p", 1))), 3, seed=1)


@given(qubit_programs(max_wires=6, max_ops=10))
def test_states(program: Program) -> None:
    """Amplitudes come out in order, the first wire most significant."""
    state = replace(program, outputs=(State(),))
    values = values_for(program, 3)
    (found,), (expected,) = (run(state, values, Options(engine=engine)) for engine in ("fused", "tensor"))
    assert np.allclose(found, expected, rtol=0, atol=1e-13)
