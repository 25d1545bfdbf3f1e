"""By how much gates raise the degree, in the quadratures, of what is pulled back through them."""

from __future__ import annotations

import pytest

from qcompile.angle import number
from qcompile.gates import TABLE, Gate, Kind
from qcompile.grammar import parse
from qcompile.ir import Op, Program
from qcompile.passes.differentiate.light.degrees import degree_at, degree_before

LIGHT: tuple[Kind, ...] = ("qumode",)
HYBRID: tuple[Kind, ...] = ("qubit", "qumode")


def op_of(gate: Gate, controls: tuple[bool, ...] = ()) -> Op:
    wires = tuple(range(len(controls) + len(gate.wires)))
    return Op(gate, wires, tuple(number(0.3) for _ in gate.parameters), controls)


def declared(generator: str, wires: str = "a") -> Gate:
    module = parse(f"gate own(t) {wires} generator {generator}; qubit q; return expect(Z[0]);")
    assert isinstance(module, Program)
    return module.definitions[0].gate


def of_word(word: str, wires: tuple[Kind, ...], hidden: tuple[Kind, ...] = ()) -> Gate:
    return Gate("own", wires, ("t",), word=word, hidden=hidden)


GROWTH: list[tuple[Gate, int | None]] = [
    (TABLE["rotate"], 1), (TABLE["squeeze"], 1), (TABLE["displace"], 1), (TABLE["controlled_x"], 1),
    (TABLE["loss"], 1), (TABLE["thermal_loss"], 1), (TABLE["cubic"], 2), (TABLE["kerr"], None),
    (TABLE["cross_kerr"], None), (TABLE["conditional_rotate"], 1), (TABLE["conditional_displace"], 1),
    (declared("x[a]**4"), 3), (declared("x[a]"), 1), (declared("x[a]**2 p[b]", "a, b"), 2),
    (declared("x[a]**3 + p[a]"), None), (declared("Z[a] x[b]**3", "a, b"), 2),
    (declared("X[a] x[b] + Y[a] p[b]", "a, b"), None), (declared("x[b] + Z[a] x[b]**4", "a, b"), 3),
    (of_word("cubic(t) a; rotate(0.3) a; cubic(0.2) a;", LIGHT), 4),
    (of_word("cubic(t) a; kerr(0.3) a;", LIGHT), None),
    (of_word("cubic(t) b; beamsplit(0.3, 0) a, b;", LIGHT, LIGHT), 2),
    (of_word("h a; conditional_shift_x(t) a, b; x a; cubic(0.2) b; rz(0.3) a; s a;", HYBRID), 2),
]  # fmt: skip


@pytest.mark.parametrize(("gate", "growth"), GROWTH)
def test_growth(gate: Gate, growth: int | None) -> None:
    """Would catch a factor of a word left out, its qubit gates taken for light, and one state's growth for all."""
    modes = {k for k, kind in enumerate(gate.wires) if kind == "qumode"}
    for degree in (0, 1, 3):
        assert degree_before(op_of(gate), modes, degree) == (None if growth is None else degree * growth)
    assert degree_before(op_of(gate), modes, None) is None


def test_qubits_keep_the_degree_of_what_light_leaves_alone() -> None:
    """Would catch a degree that is kept where a photonic gate, or its control, acts on a qubit that is measured."""
    for qubit_gate in (op_of(TABLE["cx"]), op_of(TABLE["h"])):
        assert degree_at(qubit_gate, {0}, 3) == degree_before(qubit_gate, {0}, 3) == 3
    under_control = op_of(TABLE["squeeze_x"], (True,))
    for op in (op_of(TABLE["conditional_rotate"]), under_control):
        assert degree_at(op, {1, 5}, 3) == 3
        assert degree_at(op, {0, 1}, 3) is degree_before(op, {0, 1}, 3) is None
