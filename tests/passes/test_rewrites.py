"""Named cases: what each rewrite does, and what it must leave alone."""

from dataclasses import replace

import pytest

from qcompile.angle import parameter, pi_times
from qcompile.gates import TABLE, Gate
from qcompile.grammar import parse
from qcompile.ir import Op, Program
from qcompile.operator import operator
from qcompile.passes import (
    CancelInverses,
    FoldConstants,
    Legalize,
    LightCone,
    MergeRotations,
    Optimize,
    Pass,
    cost,
    lowering,
)

HEAD = "qubit q[4]; qumode m[2]; bit c[2]; param a; param b; "


def program(text: str) -> Program:
    module = parse(HEAD + text)
    assert isinstance(module, Program)
    return module


CASES: list[tuple[Pass, str, str]] = [
    (MergeRotations(), "rz(a) q[0]; rz(b) q[0]; rz(-b) q[0];", "rz(a) q[0];"),
    (MergeRotations(), "rx(a) q[1]; cx q[0], q[1]; rx(b) q[1];", "cx q[0], q[1]; rx(a + b) q[1];"),
    (MergeRotations(), "rz(a) q[1]; cx q[0], q[1]; rz(b) q[1];", "rz(a) q[1]; cx q[0], q[1]; rz(b) q[1];"),
    (MergeRotations(), "t q[0]; t q[0];", "p(pi/2) q[0];"),
    (MergeRotations(), "rotate(a) m[0]; kerr(b) m[0]; rotate(a) m[0];", "kerr(b) m[0]; rotate(2*a) m[0];"),
    (MergeRotations(), "rx(a*a) q[0]; rx(-(a*a)) q[0];", ""),
    (CancelInverses(), "h q[0]; rx(a) q[1]; h q[0];", "rx(a) q[1];"),
    (CancelInverses(), "x q[0]; h q[1]; cz q[1], q[2]; cz q[2], q[1]; h q[1]; x q[0];", ""),
    (CancelInverses(), "iswap q[0], q[1]; inv @ iswap q[1], q[0];", ""),
    (CancelInverses(), "ctrl(2) @ rx(a) q[0], q[1], q[2]; ctrl(2) @ rx(-a) q[1], q[0], q[2];", ""),
    (CancelInverses(), "cx q[0], q[1]; cx q[0], q[2]; cx q[0], q[1];", "cx q[0], q[2];"),
    (CancelInverses(), "displace(a, b) m[0]; inv @ displace(a, b) m[0];", ""),
    (CancelInverses(), "negctrl @ x q[0], q[1]; cx q[0], q[1];", "negctrl @ x q[0], q[1]; cx q[0], q[1];"),
    (CancelInverses(), "x q[0]; reset q[0]; x q[0];", "x q[0]; reset q[0]; x q[0];"),
    (
        CancelInverses(),
        "rotate(a) m[0]; vacuum m[0]; rotate(-a) m[0];",
        "rotate(a) m[0]; vacuum m[0]; rotate(-a) m[0];",
    ),
    (FoldConstants(), "rx(pi) q[0]; rx(4*pi) q[0]; rx(a - a) q[0];", "rx(pi) q[0];"),
    (FoldConstants(), "ctrl @ rx(4*pi) q[0], q[1]; iswap q[0], q[1];", "iswap q[0], q[1];"),
    (FoldConstants(), "double_excitation(4*pi) q[0], q[1], q[2], q[3];", ""),
    (FoldConstants(), "pauli[XYZX](2*pi) q[0], q[1], q[2], q[3];", "gphase(pi);"),
    (
        FoldConstants(),
        "c[0] = measure q[0]; if (c[0]) { if (!c[0]) { id q[1]; } } x q[1];",
        "c[0] = measure q[0]; x q[1];",
    ),
    (FoldConstants(), "squeeze_x(2*pi) m[0]; rotate(2*pi) m[0];", "squeeze_x(2*pi) m[0];"),
    (Legalize("quil"), "ctrl @ cx q[0], q[1], q[2];", "ccx q[0], q[1], q[2];"),
    (Legalize("quil"), "pauli[ZZ](a) q[0], q[1];", "rzz(a) q[0], q[1];"),
    (Legalize("openqasm2"), "cswap q[0], q[1], q[2];", "cx q[1], q[2]; ccx q[0], q[2], q[1]; cx q[1], q[2];"),
    (LightCone(), "x q[0]; gphase(a); return expect(Z[1]);", "return expect(Z[1]);"),
    (LightCone(), "x q[0]; gphase(a); return state();", "x q[0]; gphase(a); return state();"),
    (LightCone(), "x q[0]; gphase(a);", "x q[0]; gphase(a);"),
    (
        LightCone(),
        "x q[1]; x q[0]; reset q[1]; return expect(Z[0] Z[1]);",
        "x q[0]; reset q[1]; return expect(Z[0] Z[1]);",
    ),
    (
        LightCone(),
        "h q[1]; x q[0]; c[0] = measure q[1]; if (c[0]) { reset q[0]; } return expect(Z[0]);",
        "h q[1]; x q[0]; c[0] = measure q[1]; if (c[0]) { reset q[0]; } return expect(Z[0]);",
    ),
    (
        LightCone(),
        "kerr(a) m[0]; vacuum m[0]; return expect(n[0]);",
        "vacuum m[0]; return expect(n[0]);",
    ),
    (LightCone(), "x q[1]; c[0] = measure q[0]; return samples(c[0]);", "c[0] = measure q[0]; return samples(c[0]);"),
]


@pytest.mark.parametrize(("step", "given", "expected"), CASES, ids=lambda value: str(value)[:60])
def test_rewrite(step: Pass, given: str, expected: str) -> None:
    """Would catch a rewrite that is missed, and one that is done where it may not be."""
    result = step(program(given))
    assert isinstance(result, Program)
    wanted = program(expected)
    assert (result.body, result.outputs) == (wanted.body, wanted.outputs)


def test_generators_of_other_scales_count_by_their_scale() -> None:
    """Would catch angles added, or a row taken, as if equal axes meant equal factors. exp(-iθX) = rx(2θ)."""
    turn = Gate("turn", ("qubit",), ("theta",), operator((1.0, "X0")))
    a, rx = parameter("a"), TABLE["rx"]
    pair = (Op(turn, (0,), (a,)), Op(rx, (0,), (pi_times(1),)))
    free = program("")
    for body, expected in (
        (pair, (Op(turn, (0,), (a + pi_times(1, 2),)),)),
        (pair[::-1], (Op(rx, (0,), (a + a + pi_times(1),)),)),
    ):
        merged = MergeRotations()(replace(free, body=body))
        assert isinstance(merged, Program)
        assert merged.body == expected
    legal = Legalize("quil")(replace(free, body=pair[:1]))
    assert isinstance(legal, Program)
    assert legal.body == (Op(rx, (0,), (a + a,)),)


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("double_excitation(a) q[0], q[1], q[2], q[3];", 14),
        ("single_excitation(a) q[0], q[1];", 2),
        ("orbital_rotation(a) q[0], q[1], q[2], q[3];", 6),
        ("xy(a) q[0], q[1];", 2),
        ("ctrl(2) @ p(a) q[0], q[1], q[2];", 6),
        ("pauli[XYZX](a) q[0], q[1], q[2], q[3];", 6),
        ("double_excitation(a) q[0], q[1], q[2], q[3]; double_excitation(b) q[0], q[1], q[2], q[3];", 14),
    ],
)
def test_two_qubit_gates(text: str, most: int) -> None:
    """Would catch a decomposition that became dearer."""
    result = lowering("openqasm2")(program(text))
    assert cost(result).two_qubit == most


def test_neighbouring_ladders_cancel() -> None:
    """Would catch a second optimisation that does not see what decomposing two words in a row leaves."""
    text = "pauli[ZZZZ](a) q[0], q[1], q[2], q[3]; pauli[IZZZ](b) q[0], q[1], q[2], q[3];"
    assert cost(lowering("openqasm2")(program(text))).two_qubit < cost(Legalize("openqasm2")(program(text))).two_qubit


def test_spans_survive() -> None:
    """Would catch an op that can't be pointed at after optimising and decomposing."""
    result = lowering("quil")(program("rx(a) q[0]; rx(b) q[0]; single_excitation(a) q[0], q[1]; t q[2]; t q[2];"))
    assert isinstance(result, Program)
    assert all(op.span is not None for op in result.body if isinstance(op, Op))


def test_cost_counts_calls_by_their_bodies() -> None:
    """Would catch a call that looks cheap, so that inlining it seems to cost."""
    text = "gate foo(t) x, y { cx x, y; rz(t) y; cx x, y; } foo(a) q[0], q[1]; gphase(a);"
    found = cost(program(text))
    assert (found.two_qubit, found.slots, found.gates, found.depth) == (2, 1, 3, 3)
    assert cost(Optimize(1)(program(text))) == found
