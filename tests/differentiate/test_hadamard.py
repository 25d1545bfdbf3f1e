"""Hadamard tests: against plain matrices, the shift rules, closed forms; what they cost and when they refuse."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from dense import element_values, operator_matrix, unitary
from every_method import differences, error, exact_slopes, program_of, slopes_of
from hypothesis import given
from hypothesis import strategies as st
from random_programs import coefficient_sum, qubit_programs, values_for

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse, to_text
from qcompile.ir import Exactness, Expectation, Op, Program, Shifted
from qcompile.ir.verify import verify
from qcompile.passes.differentiate import differentiate, wanted_elements
from qcompile.passes.differentiate.hadamard.derivative import MODES, hadamard_derivative
from qcompile.passes.differentiate.lift import lift
from qcompile.passes.pipeline import lowering
from qcompile.targets.simulator import Options, evaluate

LAYERED = """
qubit q[3]; param a; param b;
ry(0.3) q[0]; rx(2*a + b) q[0]; cx q[0], q[1]; ctrl @ ry(a) q[1], q[2]; rz(b) q[2]; h q[2];
return expect(0.7*Z[0] + Y[1] X[2] + a*Z[2]);
"""
MEASURED = """
qubit q[2]; bit c; param a; param b;
ry(a) q[0]; ry(b) q[1]; c = measure q[0];
if (c) { rx(a) q[1]; } else { rz(b) q[1]; ry(a) q[1]; } amplitude_damping(0.2) q[1]; rz(0.3) q[1];
return expect(X[1]);
"""
SELECTED = """
qubit q[2]; bit c; param a; param b;
ry(a) q[0]; ry(b) q[1]; cx q[0], q[1]; c = measure q[1]; postselect c; rx(b) q[0];
return expect(Z[0]);
"""
AT = {"a": 0.37, "b": -0.81}


def derived(text: str, mode: str = "auto", orders: int = 1) -> Shifted:
    """By every parameter; checked, and read back from its text."""
    program = parse(text)
    assert isinstance(program, Program)
    module = lift(program)
    wanted = wanted_elements(program, None)
    for _ in range(orders):
        module = hadamard_derivative(module, wanted, mode)
    verify(module)
    assert parse(to_text(module)) == module
    return module


def by_elements(module: Shifted, **values: float) -> dict[tuple[str, ...], float]:
    """The components of the first output, by what it is differentiated by."""
    found = evaluate(module, values, Options())
    return {
        tuple(map(str, component.wrt)): float(value[0])
        for component, value in zip(module.components, found, strict=True)
        if component.output == 0
    }


def shifted(text: str, orders: int = 1) -> Shifted:
    module = differentiate(parse(text), None, "shift")
    for _ in range(orders - 1):
        module = differentiate(module, None, "shift")
    assert isinstance(module, Shifted)
    return module


def test_a_reversed_test_just_after_a_measurement() -> None:
    """Would catch a tail that starts a statement late: the word stands between the measurement and the gate h."""
    program = program_of("qubit q[2]; bit c; param t; h q[0]; rx(t) q[1]; c = measure q[0]; h q[1]; ry(0.4) q[1]; "
                         "return expect(Z[0] + Z[0] X[1] + Z[1]);")  # fmt: skip
    module = differentiate(program, None, "hadamard{mode=reversed}")
    assert error(slopes_of(module, {"t": 0.7})[0], differences(program, {"t": 0.7})) < 1e-9


def test_an_inverse_that_is_kept_as_such() -> None:
    """Would catch the sign of an angle under `inverse`, which the language itself never leaves there."""
    program = program_of("qubit q[2]; param t; ry(0.4) q; rzz(t) q[0], q[1]; rx(t) q[1]; return expect(X[0] Y[1]);")
    body = tuple(
        replace(op, inverse=True) if isinstance(op, Op) and op.gate.name == "rx" else op for op in program.body
    )
    turned = replace(program, body=body)
    numeric, found = differences(turned, {"t": 0.7}), exact_slopes(turned, {"t": 0.7})
    assert {"shift", "hadamard", "adjoint"} <= found.keys()
    assert all(error(slopes, numeric) < 1e-9 for slopes in found.values())


@given(qubit_programs(max_wires=3, max_ops=5), st.integers(0, 2**16), st.sampled_from(sorted(MODES)))
def test_every_mode_equals_commutators_of_plain_matrices(program: Program, seed: int, mode: str) -> None:
    """Would catch a sign lost, a control forgotten, a word read where it does not commute with what it slid past."""
    values = values_for(program, seed)
    wanted = wanted_elements(program, ("theta", "w", "data"))
    module = hadamard_derivative(lift(program), wanted, mode)
    verify(module)
    found = {c.wrt: value[0] for c, value in zip(module.components, evaluate(module, values, Options()), strict=True)}
    for element in wanted:
        expected = _slope_by_matrices(program, str(element), values)
        assert found[(element,)] == pytest.approx(expected, abs=1e-7 * max(1.0, coefficient_sum(program)))


def _slope_by_matrices(program: Program, name: str, values: dict[str, np.ndarray]) -> float:
    """Central differences, to sixth order, of ⟨0|U†OU|0⟩ with U multiplied out."""
    output = program.outputs[0]
    assert isinstance(output, Expectation)
    wires, elements = len(program.kinds), element_values(program, values)
    observable = operator_matrix(output.observable.operator, wires)

    def value(step: float) -> float:
        moved = {e: float(v) + step * (str(e) == name) for e, v in elements.items()}
        state = unitary(program.body, wires, moved)[:, 0]
        return float((state.conj() @ observable @ state).real)

    h = 0.005
    weights = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
    return sum(weight * (value(k * h) - value(-k * h)) for k, weight in weights.items()) / h


@pytest.mark.parametrize("mode", ["standard", "reversed", "direct", "parallel", "auto"])
@pytest.mark.parametrize("angle", [0.3, 1.0, 2.5])
def test_signs_are_kept(mode: str, angle: float) -> None:
    """d⟨Z⟩/dt of rx(t) is −sin t, and of its inverse too. Would catch Y of the ancilla read as −Y, or the factor 2."""
    for turned in ("rx(t) q;", "rx(-t) q;", "inv @ rx(t) q;", "ctrl @ rx(t) c, q;", "negctrl @ rx(t) c, q;"):
        start = "x c;" if turned.startswith("ctrl") else ""
        module = derived(f"qubit q; qubit c; param t; {start} {turned} return expect(Z[0]);", mode)
        assert by_elements(module, t=angle)["t",] == pytest.approx(-math.sin(angle), abs=1e-12)


@pytest.mark.parametrize("target", ["quil", "openqasm3"])
@pytest.mark.parametrize("mode", sorted(MODES))
def test_lowering_keeps_the_sign(mode: str, target: str) -> None:
    """Would catch a controlled letter, or a quarter turn, that a target's gates say with another sign."""
    module = derived(LAYERED, mode)
    lowered = lowering(target)(module)
    assert isinstance(lowered, Shifted)
    assert by_elements(lowered, **AT) == pytest.approx(by_elements(module, **AT), abs=1e-11)


@pytest.mark.parametrize(
    ("text", "modes"),
    [
        (LAYERED, ["standard", "reversed", "direct", "parallel", "auto"]),
        (MEASURED, ["standard", "direct", "auto"]),
        (SELECTED, ["standard", "direct", "auto"]),
    ],
)
@pytest.mark.parametrize("orders", [1, 2])
def test_modes_equal_the_shift_rules(text: str, modes: list[str], orders: int) -> None:
    """Would catch a test in one branch that acts in the other, a quotient's rule, a second ancilla mixed up."""
    expected = by_elements(shifted(text, orders), **AT)
    for mode in modes:
        assert by_elements(derived(text, mode, orders), **AT) == pytest.approx(expected, abs=1e-11)


def test_what_the_modes_cost() -> None:
    """rx and rz have one word, ctrl @ ry has two; a's own slope is the circuit's Z. Would catch words read twice."""
    counts = {mode: derived(LAYERED, mode).evaluations for mode in MODES}
    assert counts == {"standard": 5, "reversed": 5, "direct": 9, "parallel": 5, "auto": 4}
    assert shifted(LAYERED).evaluations == 9
    assert derived(LAYERED, "direct").exactness is Exactness.EXACT
    assert derived(LAYERED, "standard").exactness is Exactness.ANCILLA


def test_reading_at_the_end_is_left_where_it_costs_more() -> None:
    """The last angle meets Z[1] at the end, in one evaluation more than the test that reads both angles."""
    text = "qubit q[2]; param a; param b; ry(a) q[0]; cx q[0], q[1]; rx(b) q[1]; return expect(Z[1]);"
    assert derived(text, "parallel").evaluations == 2
    module = derived(text, "auto")
    assert module.evaluations == 1
    assert by_elements(module, **AT) == pytest.approx(by_elements(shifted(text), **AT), abs=1e-12)


def test_shared_words_at_one_place_are_one_circuit() -> None:
    """Would catch an insertion just after each op, where words slide together."""
    text = "qubit q[2]; param t; rx(t) q[0]; rz(0.2) q[1]; rx(2*t) q[0]; ry(0.4) q[0]; return expect(Z[0]);"
    module = derived(text, "standard")
    assert module.evaluations == 1
    assert by_elements(module, t=0.4) == pytest.approx(by_elements(shifted(text), t=0.4), abs=1e-12)


def test_a_generator_without_a_finite_shift_rule() -> None:
    """A disordered Ising chain has hundreds of frequencies, and nine words, of which the output sees four."""
    wires = "abcde"
    fields = [f"{0.3 + 0.1 * k!r}*X[{wire}]" for k, wire in enumerate(wires)]
    bonds = [f"{1 / (k + 2)!r}*Z[{v}] Z[{w}]" for k, (v, w) in enumerate(pairwise(wires))]
    text = (
        f"gate chain(t) a, b, c, d, e generator {' + '.join(fields + bonds)}; qubit q[5]; param t; ry(0.4) q; "
        "chain(t) q[0], q[1], q[2], q[3], q[4]; cx q[0], q[1]; cx q[2], q[3]; return expect(Z[0] X[3] + Y[4]);"
    )
    with pytest.raises(CompileError) as caught:
        shifted(text)
    assert caught.value.diagnostics[0].code is Code.NO_RULE
    (adjoint,) = evaluate(differentiate(parse(text), None, "adjoint"), {"t": 0.7}, Options())
    for mode, evaluations in (("direct", 8), ("standard", 4), ("reversed", 2)):
        module = derived(text, mode)
        assert module.evaluations == evaluations
        assert by_elements(module, t=0.7)["t",] == pytest.approx(float(adjoint[0]), abs=1e-9)


def test_probabilities_are_read_directly() -> None:
    """They have no observable to put beside an ancilla. Would catch an array cut to one number."""
    text = "qubit q[2]; param a; param b; ry(a) q[0]; cx q[0], q[1]; rx(b) q[1]; return probs(q), expect(Z[0]);"
    module = derived(text)
    assert module.exactness is Exactness.EXACT
    for own, expected in zip(evaluate(module, AT, Options()), evaluate(shifted(text), AT, Options()), strict=True):
        assert np.allclose(own, expected, rtol=0, atol=1e-12)


def test_light_beside_the_qubits_is_no_hindrance() -> None:
    """Standard tests measure Y beside any observable. Would catch letters on modes dropped."""
    text = """qubit q; qumode m; param t; displace(0.5, 0.1) m; ry(t) q; conditional_rotate(0.7) q, m; rx(0.3) q;
    return expect(X[0] n[0] + Z[0] x[0]);"""
    expected = by_elements(derived(text, "direct"), t=0.6)
    assert by_elements(derived(text, "standard"), t=0.6) == pytest.approx(expected, abs=1e-9)
    assert abs(expected["t",]) > 0.01


@pytest.mark.parametrize(
    ("text", "mode", "code", "label"),
    [
        ("qumode m; param t; rotate(t) m; return expect(x[0]);", "auto", Code.METHOD, "no sum of Pauli words"),
        ("qubit q; param t; rx(t) q; return probs(q);", "standard", Code.METHOD, "probabilities have no observable"),
        ("qubit q; param t; rx(t) q; bit_flip(0.1) q; return expect(Z[0]);", "reversed", Code.METHOD, "than gates"),
        ("qubit q; bit c; param t; rx(t) q; c = measure q; return expect(Z[0]);", "reversed", Code.METHOD, "gates"),
        (
            "qubit q[2]; bit c; param t; rx(t) q[0]; c = measure q[0]; cx q[0], q[1]; return expect(Z[1]);",
            "parallel", Code.METHOD, "than gates",
        ),
        ("qubit q; param t; rx(t) q; return expect(Z[0]);", "forward", Code.UNKNOWN_OPTION, "no mode `forward`"),
    ],
)  # fmt: skip
def test_refusals(text: str, mode: str, code: Code, label: str) -> None:
    """Would catch a wrong number where there is no test."""
    with pytest.raises(CompileError) as caught:
        derived(text, mode)
    assert caught.value.diagnostics[0].code is code
    assert label in str(caught.value)


def test_what_no_output_sees_is_not_refused() -> None:
    """Would catch a refusal that comes before anybody has looked."""
    module = derived("qubit q; qumode m; param t; rotate(t) m; rx(t) q; return expect(Z[0]);")
    assert by_elements(module, t=0.4)["t",] == pytest.approx(-math.sin(0.4))


def test_an_ancilla_is_used_once_and_given_a_name_of_its_own() -> None:
    """Would catch a clash with a wire of that name, and a second order that reuses the first one's ancilla."""
    module = derived("qubit ancilla; param t; rx(t) ancilla; return expect(Z[0]);", "standard", 2)
    names = [[register.name for register in template.program.registers] for template in module.templates]
    assert max(names, key=len) == ["ancilla", "ancilla_", "ancilla__"]
    controls = [
        op.wires for op in module.templates[-1].program.statements() if isinstance(op, Op) and len(op.wires) == 2
    ]
    assert len({wires[0] for wires in controls}) == 2
    assert by_elements(module, t=0.4)["t", "t"] == pytest.approx(-math.cos(0.4))
