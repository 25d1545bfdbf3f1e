"""Layers read in parallel: against the shift rules, at what cost, and where they do not apply."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy.linalg import expm

from qcompile.angle import Element
from qcompile.grammar import parse
from qcompile.ir import Exactness, Expectation, Op, Program, Shifted
from qcompile.ir.verify import verify
from qcompile.passes.differentiate import differentiate, wanted_elements
from qcompile.passes.differentiate.hadamard.derivative import hadamard_derivative
from qcompile.passes.differentiate.hadamard.parallel import EndReader, Layer, layers
from qcompile.passes.differentiate.lift import lift
from qcompile.passes.differentiate.sight.pullback import Images
from qcompile.targets.simulator import Options, evaluate

LAST = """
qubit q[4]; param w[4]; param a;
ry(0.3) q; ry(a) q[1]; cx q[1], q[2]; for i in 0:3 { rxx(w[i]) q[i], q[i+1]; } rx(w[3]) q[0];
return expect(Z[0] Z[1] + 0.5*Z[2]);
"""
MIDDLE = """
qubit q[3]; param w[5];
h q; for i in 0:3 { rz(w[i]) q[i]; } rzz(w[3]) q[0], q[1]; rzz(w[4]) q[1], q[2];
rx(0.3) q; cz q[0], q[1]; cz q[1], q[2]; rx(0.7) q;
return expect(Z[0] + X[1] Y[2]);
"""


def lifted(text: str) -> tuple[Shifted, tuple[Element, ...]]:
    program = parse(text)
    assert isinstance(program, Program)
    return lift(program), wanted_elements(program, None)


def shifted(text: str) -> Shifted:
    module = differentiate(parse(text), None, "shift")
    assert isinstance(module, Shifted)
    return module


def values_of(module: Shifted, values: dict[str, object]) -> list[np.ndarray]:
    return [np.asarray(found) for found in evaluate(module, values, Options())]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "parallel", "shifts"),
    [(LAST, 3, 8), (MIDDLE, 2, 10)],
)
def test_it_equals_the_shift_rules_at_fewer_evaluations(text: str, parallel: int, shifts: int) -> None:
    """Would catch generators put at a place that they do not commute up to, and circuits that are not shared."""
    module, wanted = lifted(text)
    found = hadamard_derivative(module, wanted, "parallel")
    verify(found)
    by_shifts = shifted(text)
    assert (found.evaluations, by_shifts.evaluations) == (parallel, shifts)
    values: dict[str, object] = {"w": [0.3, -0.8, 1.1, 0.6, -0.2][: 4 if text is LAST else 5]}
    values |= {"a": 0.9} if text is LAST else {}
    for own, expected in zip(values_of(found, values), values_of(by_shifts, values), strict=True):
        assert own == pytest.approx(expected, abs=1e-12)


def test_layers_tell_what_can_be_read_together() -> None:
    """Would catch elements that share no circuit counted as one, or an ancilla left out of the class."""
    module, wanted = lifted(LAST)
    by_element = {element: layer for layer in layers(module, wanted) for element in layer.elements}
    assert set(by_element) == set(wanted)
    assert by_element[Element("w", 2)] == by_element[Element("w", 3)]
    assert by_element[Element("w", 2)].exactness is Exactness.EXACT
    assert by_element[Element("w", 2)].evaluations == 1
    assert by_element[Element("a")].exactness is Exactness.ANCILLA
    module, wanted = lifted(MIDDLE)
    assert layers(module, wanted) == (Layer(wanted, 2, Exactness.ANCILLA),)


def test_an_element_that_two_outputs_see_is_in_one_layer() -> None:
    """Would catch an element that each output's circuit counts anew."""
    text = "qubit q[2]; param w[2]; h q; rz(w[0]) q[0]; rz(w[1]) q[1]; rzz(w[0]) q[0], q[1]; rx(0.7) q; "
    module, wanted = lifted(f"{text} return expect(Z[0]), expect(Z[1]);")
    (layer,) = layers(module, wanted)
    assert (set(layer.elements), layer.evaluations) == (set(wanted), 2)
    module, wanted = lifted(f"{text.replace('rzz', 'rzx')} return expect(Z[0]), expect(X[1]);")
    assert sorted(e for layer in layers(module, wanted) for e in map(str, layer.elements)) == ["w[0]", "w[1]"]


def test_layers_leave_out_what_does_not_apply() -> None:
    """Would catch one refusal that takes all others with it."""
    text = """qubit q[2]; bit c; param a; param b; rx(a) q[0]; c = measure q[0]; if (c) { ry(0.4) q[1]; } ry(b) q[1];
    return expect(Z[1]);"""
    module, wanted = lifted(text)
    assert layers(module, wanted) == (Layer((Element("b"),), 1, Exactness.EXACT),)


def test_an_end_reading_is_a_commutator() -> None:
    """i[X/2, Z] = Y, against matrices. Would catch the sign, or the factor of the generator."""
    program = parse("qubit q; param t; ry(0.4) q; rx(2*t) q; return expect(Z[0] + 0.3*X[0]);")
    assert isinstance(program, Program)
    output = program.outputs[0]
    assert isinstance(output, Expectation)
    made = EndReader(program, Images()).read(output, 1)
    assert made is not None
    assert [(word, float(c)) for word, c in made.observable.operator.terms] == [((("Y", 0),), 1.0)]
    x, y, z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])

    def value(angle: float) -> float:
        state = expm(-0.5j * angle * x) @ expm(-0.2j * y)[:, 0]
        return float((state.conj() @ (z + 0.3 * x) @ state).real)

    state = expm(-0.5j * 0.7 * x) @ expm(-0.2j * y)[:, 0]
    slope = (value(0.7 + 1e-5) - value(0.7 - 1e-5)) / 2e-5
    assert float((state.conj() @ y @ state).real) == pytest.approx(slope, abs=1e-9)


@pytest.mark.parametrize(
    ("rest", "is_read"),
    [
        ("", True), ("rx(0.3) q[0];", True), ("cx q[1], q[0];", True), ("reset q[1];", True),
        ("c = measure q[1];", True), ("ry(0.3) q[0];", False), ("cx q[0], q[1];", False), ("reset q[0];", False),
        ("c = measure q[0];", False), ("bit_flip(0.1) q[0];", False), ("h q[0];", False),
    ],
)  # fmt: skip
def test_what_an_end_reading_passes(rest: str, is_read: bool) -> None:
    """Would catch a commutator that is pulled back through something that turns it."""
    program = parse(f"qubit q[2]; bit c; param t; ry(0.5) q; rx(t) q[0]; {rest} return expect(Z[0] + Y[0] Z[1]);")
    assert isinstance(program, Program)
    output, ops = program.outputs[0], [s for s in program.statements() if isinstance(s, Op)]
    assert isinstance(output, Expectation)
    made = EndReader(program, Images()).read(output, next(k for k, op in enumerate(ops) if op.angles[0].terms))
    assert (made is not None) == is_read
    if made is not None:
        slope = evaluate(differentiate(program, None, "shift"), {"t": 0.7}, Options())[1]
        read = lift(Program(program.registers, program.parameters, (), program.body, (made,)))
        assert evaluate(read, {"t": 0.7}, Options())[0] == pytest.approx(slope, abs=1e-12)


def test_what_only_one_word_passes_unseen_is_still_passed() -> None:
    """Z[1] does not see the second turn, yet i[X, Z[1]·…] would. Would catch passing by the observable's eyes alone."""
    text = "qubit q[2]; param t; ry(0.4) q; rxx(t) q[0], q[1]; rz(0.8) q[0]; ry(0.5) q[0]; return expect(Z[1]);"
    module, wanted = lifted(text)
    found = values_of(hadamard_derivative(module, wanted, "parallel"), {"t": 0.6})[1]
    expected = values_of(shifted(text), {"t": 0.6})[1]
    assert found == pytest.approx(expected, abs=1e-12)
    assert abs(float(expected[0])) > 0.01


def test_a_commuting_block_takes_one_circuit_however_many_angles_it_has() -> None:
    """The count of Bowles et al. for a word measured after a commuting block: one, not two per angle."""
    for size in (3, 6):
        turns = " ".join(f"rzz(w[{k}]) q[{k}], q[{k + 1}];" for k in range(size - 1)) + f" rz(w[{size - 1}]) q[0];"
        observed = " ".join(f"Z[{k}]" for k in range(size))
        text = f"qubit q[{size}]; param w[{size}]; h q; {turns} h q; return expect({observed});"
        module, wanted = lifted(text)
        found = hadamard_derivative(module, wanted, "parallel")
        assert found.evaluations == 1
        values: dict[str, object] = {"w": [math.sin(k + 1) for k in range(size)]}
        expected = values_of(shifted(text), values)
        for own, other in zip(values_of(found, values), expected, strict=True):
            assert own == pytest.approx(other, abs=1e-12)


@pytest.mark.parametrize(
    ("body", "returned", "evaluations", "shifts"),
    [
        ("rx(w[0]) q[0]; rx(w[1]) q[1];", "expect(Z[0] Z[1])", 1, 4),
        ("rx(w[0]) q[0];", "expect(Z[0])", 2, 2),
        ("ry(w[2]) q[0]; rx(w[0]) q[0]; rx(w[1]) q[1];", "expect(Z[0] Z[1])", 6, 6),
        ("ry(w[3]) q[0]; rx(w[0]) q[0]; rx(w[1]) q[1]; rx(w[2]) q[2];", "expect(Z[0] Z[1] Z[2])", 3, 8),
        ("ry(w[2]) q[0]; ry(w[3]) q[1]; rx(w[0]) q[0]; rx(w[1]) q[1];", "expect(Z[0] Z[1])", 8, 8),
        ("rx(w[0]) q[0]; rx(w[1]) q[1];", "expect(Z[0] Z[1]), expect(Y[0] Z[1])", 1, 4),
        ("rx(w[0]) q[0]; rx(w[1]) q[1];", "expect(Z[0] Z[1]), probs(q[0])", 4, 4),
        ("rx(w[0]) q[0]; rx(w[1] + w[0]) q[1];", "expect(Z[0] Z[1])", 1, 4),
    ],
)  # fmt: skip
def test_auto_reads_at_the_end_where_that_more_than_halves_the_evaluations(
    body: str, returned: str, evaluations: int, shifts: int
) -> None:
    """Would catch an end that is not read, or is read where the shift rules take at most twice as many."""
    size = len(set(re.findall(r"w\[\d\]", body)))
    text = f"qubit q[3]; param w[{size}]; ry(0.4) q; {body} return {returned};"
    by_auto, by_shifts = differentiate(parse(text)), shifted(text)
    assert isinstance(by_auto, Shifted)
    assert (by_auto.evaluations, by_shifts.evaluations) == (evaluations, shifts)
    found, expected = (
        {(c.output, c.wrt): value for c, value in zip(
            made.components, values_of(made, {"w": [0.3, -0.8, 1.1, 0.6][:size]}), strict=True)}
        for made in (by_auto, by_shifts)
    )  # fmt: skip
    assert found.keys() == expected.keys()
    assert all(found[key] == pytest.approx(expected[key], abs=1e-12) for key in expected)
