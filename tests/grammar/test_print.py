"""Printed modules: what the text looks like, and that reading it gives the module back."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qcompile.angle import Angle, Element, call, number, parameter, pi_times
from qcompile.gates import TABLE, Gate, Kind, pauli_rotation
from qcompile.grammar import parse, to_text
from qcompile.ir import (
    Adjoint,
    AdjointComponent,
    Certificate,
    Component,
    Covariance,
    Definition,
    Evaluation,
    Exactness,
    Expectation,
    Gradient,
    If,
    Measure,
    Module,
    Observable,
    Op,
    Parameter,
    Probabilities,
    Program,
    Reading,
    Register,
    Reset,
    Row,
    Samples,
    Shifted,
    State,
    Template,
    Variance,
)
from qcompile.ir.verify import verify
from qcompile.number import Number
from qcompile.operator import Operator, operator

THETA, W1, DATA = parameter("theta"), parameter("w", 1), parameter("data")
ENERGY = Observable(
    operator((-0.0989, ""), (0.1712, "Z0"), (0.0453, "Y0 X1 Z2"), (-1, "Z0 Z1"), (0.5, "x4 p4"), (0.5, "p4 x4"),
             (2, "n3"), (1e-7, "X0 X1"), (-0.123456789, "Y1 Y2")), "energy",
)  # fmt: skip
FOO = Definition(
    Gate("foo", ("qubit", "qumode", "qubit"), ("a", "b")),
    (
        Op(TABLE["rx"], (0,), (parameter("a") + parameter("b"),)),
        Op(TABLE["rotate"], (1,), (parameter("b"),)),
        Op(TABLE["gphase"], (), (pi_times(1, 3),)),
    ),
)
BAR = Definition(Gate("bar", ()), (Op(TABLE["gphase"], (), (number(0.5),)),))
PROGRAM = Program(
    (
        Register("q", "qubit", 2),
        Register("c", "bit", 2),
        Register("a", "qubit"),
        Register("m", "qumode", 2),
        Register("k", "int"),
        Register("done", "bit"),
        Register("r", "real", 4),
    ),
    (Parameter("theta"), Parameter("w", 3), Parameter("data", None, "input"), Parameter("s", 2, "slot")),
    (FOO, BAR),
    (
        Op(TABLE["h"], (0,)),
        Op(TABLE["t"], (0, 1, 2), (), (True, False)),
        Op(TABLE["iswap"], (0, 1), (), (), True),
        Op(TABLE["u"], (2, 0), (THETA, -W1, number(0.25)), (False,), True),
        Op(TABLE["gphase"], (), (DATA,)),
        Op(pauli_rotation("XIZ"), (2, 1, 0), (THETA * W1 + pi_times(-3, 4),)),
        Op(FOO.gate, (1, 4, 0), (THETA, W1), (), True),
        Op(BAR.gate, ()),
        Op(TABLE["vacuum"], (3,)),
        Op(TABLE["coherent"], (4,), (THETA, number(1e-9))),
        Measure("z", 0, (0,)),
        If(((0, True),), (Measure("z", 1, (1,)),), (Measure("z", 1, (1,)), Reset(3))),
        If(((1, False), (0, True)), (If(((0, True),), (Op(TABLE["x"], (0,)),)),)),
        Measure("z", 2, (3,)),
        Measure("fock", 3, (2,)),
        Measure("homodyne", 4, (5,), THETA),
        Measure("heterodyne", 3, (6, 7)),
        Measure("heterodyne", 3, (7, 4)),
        Reset(0),
    ),
    (
        Expectation(ENERGY),
        Variance(ENERGY),
        Expectation(Observable(Operator())),
        Variance(Observable(operator((1, "Z2")))),
        Covariance(ENERGY, Observable(operator((1, "Z0"), (0.5, "X1")))),
        Probabilities((2, 0, 1)),
        Samples((1, 3, 4), (3, 0, 1)),
        State(),
    ),
)
SHIFTED = Shifted(
    (Template("t0", PROGRAM), Template("light", PROGRAM)),
    (Row(1), Row(0, ((Element("s", 0), pi_times(1, 2)), (Element("s", 1), number(-0.5))))),
    (
        Component(0, (), (Reading(number(1.0), (Evaluation(0, 0),)),)),
        Component(
            0,
            (Element("w", 1), Element("theta")),
            (
                Reading(-THETA, (Evaluation(1, 0),)),
                Reading(number(-2.0), (Evaluation(0, 2), Evaluation(1, 0)), (Evaluation(0, 0), Evaluation(0, 0))),
                Reading(number(-0.5), ()),
                Reading(pi_times(1, 2), ()),
                Reading(Angle(), (Evaluation(0, 0),)),
            ),
            Exactness.ANCILLA,
        ),
        Component(2, (Element("data"),), (), Exactness.UNBIASED),
        Component(1, (Element("data"),), (Reading(Angle(), ()),), Exactness.APPROXIMATE),
    ),
    (Certificate((Element("theta"), Element("theta")), 8, 8), Certificate((Element("theta"),), 7, 5, 4)),
    11,
)
SQUEEZED = Observable(operator((0.5, "x2 p2"), (0.5, "p2 x2"), (1, "Z1")), "squeezed")
ADJOINT = Adjoint(
    Program(
        (Register("q", "qubit", 2), Register("m", "qumode")), PROGRAM.parameters[:2], outputs=(Expectation(SQUEEZED),)
    ),
    (
        Gradient(1, operator((-0.25, "x2 p2"), (-0.25, "p2 x2"))),
        Op(TABLE["rx"], (0,), (-THETA,)),
        Gradient(0, operator((0.5, "X0"), (-0.5, "Z0 X1"))),
    ),
    2,
    (
        AdjointComponent(0, Element("theta"), ((number(-1.0), 1), (W1, 0))),
        AdjointComponent(0, Element("w", 2), ()),
    ),
)


@pytest.mark.parametrize("module", [PROGRAM, SHIFTED, ADJOINT], ids=["program", "shifted", "adjoint"])
def test_everything_reads_back(module: Module) -> None:
    """Would catch a record, or a form of one, whose text means something else."""
    verify(module)
    assert parse(to_text(module)) == module


def coefficients() -> st.SearchStrategy[Number]:
    plain = st.floats(-1e3, 1e3, allow_subnormal=False).filter(bool)
    multiples = st.fractions(-4, 4, max_denominator=64)
    return st.builds(Number, plain | st.just(0.0), multiples).filter(bool)


@st.composite
def angles(draw: st.DrawFn, depth: int = 3) -> Angle:
    """Whatever the operations on angles can make."""
    kind = draw(st.integers(0, 7 if depth else 1))
    if kind < 2:
        return draw(st.sampled_from([THETA, W1, DATA])) if kind else Angle(draw(coefficients()))
    first, second = draw(angles(depth - 1)), draw(angles(depth - 1))
    match kind:
        case 2 | 3:
            return first + second
        case 4:
            return first.scaled(draw(coefficients()))
        case 5:
            return first * second
        case 6:
            return first / (second + DATA * DATA)
        case _:
            return call("sin", first + THETA * DATA) ** number(draw(st.sampled_from([2.0, -1.0, 0.5])))


@given(angles())
def test_an_angle_reads_back_exactly(angle: Angle) -> None:
    """Would catch a bracket, a digit or a multiple of pi lost on the way."""
    program = Program((Register("q", "qubit"),), PROGRAM.parameters, (), (Op(TABLE["rx"], (0,), (angle,)),))
    assert parse(to_text(program)) == program


@given(st.lists(angles(), min_size=1, max_size=3))
def test_symbolic_coefficients_read_back_exactly(drawn: list[Angle]) -> None:
    """Would catch a coefficient that runs into its word or its neighbour."""
    words = [(), (("Z", 0),), (("X", 0),)]
    terms = tuple((word, angle) for word, angle in zip(words, drawn, strict=False) if not angle.is_zero)
    observable = Observable(Operator(tuple(sorted(terms, key=lambda term: (len(term[0]), term[0])))))
    program = Program((Register("q", "qubit"),), PROGRAM.parameters, (), (), (Expectation(observable),))
    assert parse(to_text(program)) == program


def test_the_text_is_pleasant() -> None:
    """Would catch long sums on one line, unaligned ones, declarations and statements run together."""
    assert to_text(PROGRAM).startswith(
        """\
qubit q[2];
bit c[2];
qubit a;
qumode m[2];
int k;
bit done;
real r[4];
param theta;
param w[3];
input data;
slot s[2];
observable energy = -0.0989 + 0.1712*Z[0] + 2*n[0] + 1e-07*X[0] X[1] - Z[0] Z[1]
                  - 0.123456789*Y[1] Y[2] + 0.5*p[1] x[1] + 0.5*x[1] p[1] + 0.0453*Y[0] X[1] Z[2];

gate foo(a, b) c, d, e {
  rx(a + b) c;
  rotate(b) d;
  gphase(pi/3);
}

gate bar {
  gphase(0.5);
}

h q[0];
ctrl @ negctrl @ t q[0], q[1], a;
inv @ iswap q[0], q[1];
inv @ negctrl @ u(theta, -w[1], 0.25) a, q[0];
gphase(data);
pauli[XIZ]((theta*w[1]) - 3*pi/4) a, q[1], q[0];
inv @ foo(theta, w[1]) q[1], m[1], q[0];
bar;
"""
    )
    assert to_text(PROGRAM).endswith(
        """\
r[1] = homodyne(theta) m[1];
r[2:4] = heterodyne m[0];
r[3::-3] = heterodyne m[0];
reset q[0];

return expect(energy), var(energy), expect(0), var(Z[2]), cov(energy, Z[0] + 0.5*X[1]), probs(a, q),
       samples(q[1], m, done, c), state();
"""
    )


def test_lines_are_filled_to_the_margin() -> None:
    """Would catch a fill that counts wrongly: too long, or broken a word early."""
    long = operator(*((1 + wire / 8, f"Z{wire}") for wire in range(40)))
    for width in range(1, 20):
        output = Expectation(Observable(long, "H" * width))
        lines = to_text(Program((Register("q", "qubit", 40),), outputs=(output,))).splitlines()[1:-2]
        assert all(len(line) <= 100 for line in lines)
        assert all(len(" ".join([a, *b.split()[:2]])) > 100 for a, b in pairwise(lines))


def test_a_shared_observable_is_declared_once() -> None:
    """Would catch a declaration for each use, which the reader refuses."""
    assert to_text(PROGRAM).count("observable ") == 1


def test_the_printer_leaves_no_trailing_space() -> None:
    """Would catch blank ends of lines, which editors strip and diffs show."""
    text = to_text(SHIFTED)
    assert [line for line in text.splitlines() if line != line.rstrip()] == []
    assert text.endswith("certificate wrt theta = naive 7, joint 5, least 4;\n")


def test_a_definition_takes_wire_names_its_parameters_leave() -> None:
    """Would catch a wire that hides a parameter."""
    one: tuple[Kind, ...] = ("qubit",)
    gate = Gate("wide", one * 18, ("a", "w0"))
    body = tuple(Op(TABLE["rx"], (wire,), (parameter("a"),)) for wire in range(18))
    program = Program((Register("q", "qubit", 18),), (), (Definition(gate, body),))
    assert parse(to_text(program)) == program


def test_a_fraction_of_pi_stays_one() -> None:
    """Would catch pi written out in decimals."""
    angle = Angle(Number(0.0, Fraction(22, 7)))
    text = to_text(Program((Register("q", "qubit"),), (), (), (Op(TABLE["rx"], (0,), (angle,)),)))
    assert "rx(22*pi/7) q;" in text
