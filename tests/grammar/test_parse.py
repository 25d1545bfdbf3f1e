"""Reading programs: what each construct of the language becomes."""

import math

import pytest

from qcompile.angle import Angle, number, parameter, pi_times
from qcompile.diagnostics import Code, CompileError
from qcompile.gates import TABLE
from qcompile.grammar import parse, parse_operator, to_text
from qcompile.grammar.dialect import MAX_DEPTH
from qcompile.grammar.syntax import keywords
from qcompile.ir import (
    Expectation,
    If,
    Measure,
    Op,
    Parameter,
    Probabilities,
    Program,
    Register,
    Reset,
    Samples,
    State,
    Variance,
)
from qcompile.operator import Operator

REGISTERS = (Register("q", "qubit", 3), Register("m", "qumode", 2))
HEAD = "qubit q[4]; qumode m[2]; bit c[2]; param theta; param w[3];"


def program(text: str, head: str = HEAD) -> Program:
    module = parse(head + text)
    assert isinstance(module, Program)
    return module


def ops(text: str) -> list[Op]:
    return [statement for statement in program(text).body if isinstance(statement, Op)]


def codes(text: str) -> list[Code]:
    with pytest.raises(CompileError) as caught:
        parse(text)
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


def angle(text: str) -> Angle:
    (op,) = ops(f"rx({text}) q[0];")
    return op.angles[0]


def test_declarations_number_wires_and_cells_in_order() -> None:
    """Catches wires counted by register, or qumodes counted apart from qubits."""
    made = program(
        "x b; vacuum m[1]; rx(theta) q[3];", "qubit q[4]; qumode m[2]; qubit b; param theta; input x[2]; slot s;"
    )
    assert [r.name for r in made.registers] == ["q", "m", "b"]
    assert made.kinds == ("qubit",) * 4 + ("qumode",) * 2 + ("qubit",)
    assert [op.wires for op in made.body if isinstance(op, Op)] == [(6,), (5,), (3,)]
    assert made.parameters == (Parameter("theta"), Parameter("x", 2, "input"), Parameter("s", None, "slot"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3*pi/4", pi_times(3, 4)),
        ("-pi", pi_times(-1)),
        ("tau/3", pi_times(2, 3)),
        ("theta", parameter("theta")),
        ("2*theta + pi/2 - theta", parameter("theta") + pi_times(1, 2)),
        ("w[-1]", parameter("w", 2)),
        ("w[2 - 1]", parameter("w", 1)),
        ("-2**2", number(-4)),
        ("2**-1", number(0.5)),
        ("2**3**2", number(512)),
        ("2**2**3**0", number(4)),
        ("6/3/2", number(1)),
        ("1 - 2 - 3", number(-4)),
        ("--1", number(1)),
        ("euler", number(math.e)),
        (".5e1", number(5)),
        ("sqrt(4)", number(2)),
    ],
)
def test_expressions(text: str, expected: Angle) -> None:
    """Catches wrong precedence or grouping, and pi that is rounded."""
    assert angle(text) == expected


def test_expressions_that_are_not_affine_are_shared() -> None:
    """Catches equal expressions that are kept apart."""
    assert angle("sin(theta)**2 * w[0]") == angle("w[0] * sin(theta)**2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("h q;", "h q[0]; h q[1]; h q[2]; h q[3];"),
        ("h q[1:3];", "h q[1]; h q[2];"),
        ("h q[3:-1:0];", "h q[3]; h q[2]; h q[1];"),
        ("h q[-1];", "h q[3];"),
        ("cx q[0:2], q[2:4];", "cx q[0], q[2]; cx q[1], q[3];"),
        ("cx q[0], q[1:4];", "cx q[0], q[1]; cx q[0], q[2]; cx q[0], q[3];"),
        (
            "for i in 0:2 { cx q[i], q[i + 1]; rx(i*w[i]) q[i]; }",
            "cx q[0], q[1]; rx(0) q[0]; cx q[1], q[2]; rx(w[1]) q[1];",
        ),
        ("for i in 3:-2:0 { x q[i]; }", "x q[3]; x q[1];"),
        ("for i in 2:2 { x q[i]; }", ""),
        ("for i in 0:2 { for j in 0:i { cx q[j], q[i]; } }", "cx q[0], q[1];"),
        ("inv @ s q[0];", "sdg q[0];"),
        ("inv @ rx(theta) q[0];", "rx(-theta) q[0];"),
        ("inv @ inv @ t q[0];", "t q[0];"),
        ("pow(3) @ t q[0];", "t q[0]; t q[0]; t q[0];"),
        ("pow(-2) @ s q[0];", "sdg q[0]; sdg q[0];"),
        ("pow(0) @ x q[0];", ""),
        ("pow(0.5) @ rx(theta) q[0];", "rx(theta/2) q[0];"),
        ("pow(1/2) @ p(pi) q[0];", "p(pi/2) q[0];"),
        ("inv @ pow(2) @ s q[0];", "sdg q[0]; sdg q[0];"),
        ("pow(2) @ inv @ ctrl @ s q[0], q[1];", "ctrl @ sdg q[0], q[1]; ctrl @ sdg q[0], q[1];"),
        ("pow(2) @ cx q[0:2], q[1:3];", "cx q[0], q[1]; cx q[0], q[1]; cx q[1], q[2]; cx q[1], q[2];"),
        ("ctrl @ x q[0], q[1:3];", "ctrl @ x q[0], q[1]; ctrl @ x q[0], q[2];"),
        ("cnot q[0], q[1]; toffoli q[0], q[1], q[2];", "cx q[0], q[1]; ccx q[0], q[1], q[2];"),
    ],
)
def test_statements_that_are_short_for_others(text: str, expected: str) -> None:
    """Catches broadcast, loops and modifiers that unroll to something else."""
    assert program(text) == program(expected)


def test_controls_come_first_with_their_polarity() -> None:
    """Catches controls in the wrong order, or negative ones taken as positive."""
    (op,) = ops("ctrl @ negctrl(2) @ rx(theta) q[3], q[2], q[1], q[0];")
    assert (op.gate, op.wires, op.controls) == (TABLE["rx"], (3, 2, 1, 0), (True, False, False))
    assert op.targets == (0,)


def test_pauli_rotation() -> None:
    """Catches letters on the wrong wires."""
    (op,) = ops("pauli[XIZ](theta) q[2], q[0], q[1];")
    assert op.gate.generator == parse_operator("0.5*X[0] Z[2]", REGISTERS)
    assert op.wires == (2, 0, 1)


def test_measurements() -> None:
    """Catches results in the wrong cells, and detections that are mixed up."""
    made = program(
        "c = measure q[0:2]; k = measure m[0]; r[2] = homodyne(pi/2) m[1]; r[0:2] = heterodyne m[0]; reset q[2:4];",
        HEAD + "int k; real r[3];",
    )
    assert made.body == (
        Measure("z", 0, (0,)),
        Measure("z", 1, (1,)),
        Measure("fock", 4, (2,)),
        Measure("homodyne", 5, (5,), pi_times(1, 2)),
        Measure("heterodyne", 4, (3, 4)),
        Reset(2),
        Reset(3),
    )


def test_conditions() -> None:
    """Catches the most significant bit taken first, lost negations, and branches that are swapped."""
    made = program("c = measure q[0:2]; if (c == 2) { x q[0]; } if (!c[0] && c[1]) { y q[0]; } else { z q[0]; }")
    first, second = made.body[2:]
    assert isinstance(first, If)
    assert isinstance(second, If)
    assert first.condition == second.condition == ((0, False), (1, True))
    assert [s.gate.name for s in (*first.then, *second.then, *second.otherwise) if isinstance(s, Op)] == ["x", "y", "z"]


def test_bits_set_on_some_way_are_set() -> None:
    """Catches assignment that forgets a branch, or that takes a branch's for the other's."""
    one = "c[0] = measure q[0]; if (c[0]) { } else { c[1] = measure q[2]; } return samples(c);"
    assert program(one).outputs == (Samples((), (0, 1)),)
    other = "c[0] = measure q[0]; if (c[0]) { c[1] = measure q[2]; } else { if (c[1]) { x q[0]; } }"
    assert codes(HEAD + other) == [Code.BIT_UNASSIGNED]


def test_definitions() -> None:
    """Catches a body that sees the program's names, kinds that are not inferred, and earlier gates that are lost."""
    made = program(
        "gate one(theta) a { rx(theta) a; } gate two(beta) q, b { one(beta/2) q; for i in 0:2 { cx q, b; } }"
        "gate light(r) a, b { squeeze_x(r) a; beamsplit_real(r) a, b; } two(w[0]) q[1], q[0]; light(1) m[0], m[1];"
    )
    one, two, light = made.definitions
    assert two.gate.parameters == ("beta",)
    assert [(op.gate, op.wires) for op in two.body] == [(one.gate, (0,)), (TABLE["cx"], (0, 1)), (TABLE["cx"], (0, 1))]
    assert light.gate.wires == ("qumode", "qumode")
    assert [(s.gate, s.wires) for s in made.body if isinstance(s, Op)] == [(two.gate, (1, 0)), (light.gate, (4, 5))]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Z[0] X[0]", None),
        ("X[1] Z[0]", "Z[0] X[1]"),
        ("X[0] Y[0] Z[0] X[0] Y[0] Z[0]", "-1"),
        ("Z[q[2]] + x[m[0]]", "Z[2] + x[0]"),
        ("Z[-1]", "Z[2]"),
        ("0.5*(Z[0] + Z[1])*2", "Z[0] + Z[1]"),
        ("(Z[0] + Z[1])**2", "2 + 2*Z[0] Z[1]"),
        ("-(Z[0] - 2)/4", "0.5 - 0.25*Z[0]"),
        ("x[0] p[0] + p[0] x[0]", "p[0] x[0] + x[0] p[0]"),
        ("x[0]**2 + p[0]**2 - 4*n[0]", "x[0] x[0] + p[0] p[0] - 4*n[0]"),
        ("2 Z[0] 3", "6*Z[0]"),
        ("Z[0] - Z[0]", "0"),
        ("sin(x[0])*Z[0]", "(sin(x[0]))*Z[0]"),
    ],
)
def test_observables(text: str, same: str | None) -> None:
    """Catches products in the wrong order, letters on the wrong wires, and sums that are not collected."""
    parameters = (Parameter("x", 2),)
    if same is None:
        with pytest.raises(CompileError):
            parse_operator(text, REGISTERS, parameters)
    else:
        assert parse_operator(text, REGISTERS, parameters) == parse_operator(same, REGISTERS, parameters)


def test_observables_place_letters_by_kind() -> None:
    """Catches an index that counts all wires instead of the wires of the letter's kind."""
    mixed = (Register("m", "qumode", 2), Register("q", "qubit", 2))
    found = parse_operator("2*Z[1] + x[1]", mixed)
    assert found == Operator((((("x", 1),), number(1)), ((("Z", 3),), number(2))))


def test_large_photon_products_are_read_at_once() -> None:
    """Catches Hermiticity decided by multiplying out a product of many commuting factors."""
    modes = (Register("m", "qumode", 40),)
    found = parse_operator(" ".join(f"n[{mode}]" for mode in range(40)), modes)
    assert len(found.terms) == 1


def test_letters_are_free_outside_observables() -> None:
    """Catches letters that are taken as keywords everywhere."""
    made = program("x x; rz(n) x; return expect(n*Z[x]);", "qubit x; param n; param p;")
    (output,) = made.outputs
    assert isinstance(output, Expectation)
    assert output.observable.operator == Operator((((("Z", 0),), parameter("n")),))


def test_outputs() -> None:
    """Catches outputs out of order, and observables that lose their names."""
    text = "observable H = Z[0]; observable K = 2*H + X[1]; c = measure q[0:2];"
    made = program(text + "return expect(K), var(2*H), probs(q[1], q[0]), probs(q), samples(q[3], c), state();")
    kinds = [Expectation, Variance, Probabilities, Probabilities, Samples, State]
    assert [type(output) for output in made.outputs] == kinds
    energy, spread, some, every, shots, _ = made.outputs
    assert isinstance(energy, Expectation)
    assert isinstance(spread, Variance)
    assert (energy.observable.name, spread.observable.name) == ("K", "")
    assert energy.observable.operator == parse_operator("2*Z[0] + X[1]", made.registers)
    assert (some, every, shots) == (Probabilities((1, 0)), Probabilities((0, 1, 2, 3)), Samples((3,), (0, 1)))


def test_spans_are_the_statements() -> None:
    """Catches spans that drift, which every message relies on."""
    text = "qubit q[2]; param theta;\n/* é */ rx(theta) q[0]; cx q[0],\n q[1]; return expect(Z[0]);"
    made = program(text, "")
    spans = [item.span for item in (*made.registers, *made.parameters, *made.body, *made.outputs)]
    shown = [text[span.start : span.end] for span in spans if span]
    assert shown == ["q[2]", "theta", "rx(theta) q[0]", "cx q[0],\n q[1]", "expect(Z[0])"]


SHIFTED = """shifted;
template t0 { qubit q[1]; param theta; param r0[2]; slot s[1]; rx(theta + s[0]) q[0]; return expect(Z[0]); }
row r0 = t0(s[0] = pi/2); row r1 = t0(s[0] = -pi/2); row r2 = t0();
component d[0] exact = 1*r2[0];
component d[0] wrt theta unbiased = 0.5*r0[0] - 0.5*r1[0];
component d[0] wrt r0[1], theta exact_with_ancilla = (2*theta + r0[1])*r0[0] - r0[0]*r1[0] + (theta + 1) + (0);
component d[0] wrt r0[0] = 0;
certificate wrt theta = naive 2, joint 2;"""
ADJOINT = """adjoint;
forward { qubit q[2]; param theta; crx(theta) q[0], q[1]; return expect(Z[0]); }
reverse { gradient g[0] 0.25*X[1] - 0.25*Z[0] X[1]; inv @ crx(theta) q[0], q[1]; }
component d[0] wrt theta = 1*g[0];"""


@pytest.mark.parametrize("text", [SHIFTED, ADJOINT], ids=["shifted", "adjoint"])
def test_derivatives_read_back_as_printed(text: str) -> None:
    """Catches derivative modules that lose rows, weights or classes on the way through text."""
    module = parse(text)
    assert parse(to_text(module)) == module
    assert to_text(parse(to_text(module))) == to_text(module)


# ---- faults


def test_faults_are_collected_in_order_and_once_per_place() -> None:
    """Catches a run that stops at the first fault, and a loop that repeats one."""
    text = "qubit q[2]; for i in 0:9 { x q[i]; foo q[0]; } rx q[0]; y q[7];"
    assert codes(text) == [Code.UNKNOWN_GATE, Code.WRONG_ANGLES, Code.INDEX_RANGE]
    assert codes("qubit q[2]; for i in 1:9 { x q[i]; y q[2]; }") == [Code.INDEX_RANGE]


def test_a_broken_declaration_is_reported_once() -> None:
    """Catches messages about every use of a name whose declaration is at fault."""
    assert codes("qubit q[0]; param t[-1]; observable H = W[0]; x q[0]; rx(t[0]) q[1]; return expect(H);") == [
        Code.INDEX_RANGE,
        Code.INDEX_RANGE,
        Code.BAD_OBSERVABLE,
    ]
    assert codes("qubit q; gate g a { h a, a; } g q;") == [Code.WRONG_ARITY, Code.REPEATED_WIRE]


def test_many_faults_stop_early() -> None:
    """Catches minutes of messages for a file in another language."""
    assert len(codes("qubit q;" + "".join(f"g{k} q;" for k in range(5000)))) == 50
    assert len(codes("qubit q;" + "x q q;" * 5000)) == 50


@pytest.mark.parametrize("word", sorted(keywords() | {"pi", "sin"}))
def test_keywords_cannot_be_declared(word: str) -> None:
    """Catches a keyword that one reads as a name and that prints as text nobody can read back."""
    assert codes(f"param {word};") in ([Code.RESERVED_NAME], [Code.SYNTAX])


NESTED = {  # what opens, the middle, what closes
    "parentheses": ("rx(", "(", "1", ")", ") q[0];"),
    "sums": ("rx(", "1 + 2*(", "1", ")", ") q[0];"),
    "calls": ("rx(", "sin(", "theta", ")", ") q[0];"),
    "indices": ("rx(", "w[", "0", "]", ") q[0];"),
    "powers": ("rx(", "1**(", "theta", ")", ") q[0];"),
    "branches": ("c[0] = measure q[0];", "if (c[0]) {", "x q[0];", "}", ""),
    "words": ("return expect(", "1 + 1*(", "Z[0]", ")", ");"),
    "unclosed": ("rx", "(", "", "", ""),
}


def nested(kind: str, depth: int) -> str:
    before, opens, middle, closes, after = NESTED[kind]
    return HEAD + before + opens * depth + middle + closes * depth + after


@pytest.mark.parametrize("kind", NESTED)
def test_deep_nesting_is_a_diagnostic(kind: str) -> None:
    """Catches the interpreter's stack running out, just above the limit and far above."""
    assert codes(nested(kind, MAX_DEPTH + 1)) == [Code.TOO_DEEP]
    assert codes(nested(kind, 100_000)) == [Code.TOO_DEEP]


@pytest.mark.parametrize("kind", sorted(set(NESTED) - {"indices", "unclosed"}))
def test_nesting_below_the_limit_is_read(kind: str) -> None:
    """Catches a limit that the reader itself does not stand."""
    parse(nested(kind, MAX_DEPTH - 2))


def test_nested_indices_below_the_limit_are_a_diagnostic() -> None:
    """Catches the longest chain of calls that one level of nesting makes."""
    assert codes(nested("indices", MAX_DEPTH - 2)) == [Code.NOT_CONSTANT]


def test_nested_loops_below_the_limit_are_read() -> None:
    """Catches loops that take more of the stack than other blocks."""
    depth = MAX_DEPTH - 1
    loops = "".join(f"for i{k} in 0:1 {{" for k in range(depth)) + "x q[0];" + "}" * depth
    assert len(ops(loops)) == 1


def test_long_chains_are_read() -> None:
    """Catches recursion over what is long and not deep."""
    assert angle(" + ".join(["theta"] * 5000)) == parameter("theta").scaled(number(5000).constant)
    assert angle("-" * 5001 + "1") == number(-1)
    assert angle("**".join(["1"] * 5000)) == number(1)
    assert len(ops("inv @ " * 5000 + "s q[0];")) == 1
    assert parse_operator(" + ".join(["Z[0] Z[1]"] * 5000), REGISTERS).terms[0][1] == number(5000)


@pytest.mark.parametrize("digits", [400, 5000, 200_000])
def test_numbers_of_thousands_of_digits(digits: int) -> None:
    """Catches Python's own limit on digits, which is not a diagnostic."""
    many = "9" * digits
    assert codes(f"qubit q[{many}];") == [Code.TOO_LARGE]
    assert codes(f"{HEAD} x q[{many}]; rx({many}) q[0]; pow({many}) @ x q[0];") == [
        Code.TOO_LARGE,
        Code.BAD_NUMBER,
        Code.BAD_NUMBER,
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", Code.UNTERMINATED),
        ("Z[0]; x q[0]", Code.SYNTAX),
        ("Z[0] +", Code.UNTERMINATED),
        ("K", Code.UNKNOWN_NAME),
        ("x[0] p[0]", Code.NOT_HERMITIAN),
        ("(" * 1000, Code.TOO_DEEP),
        ("Z[5]", Code.INDEX_RANGE),
        ("\0", Code.NOT_TEXT),
    ],
)
def test_parse_operator_refuses(text: str, code: Code) -> None:
    """Catches an observable option that takes more than one expression, or fails without a diagnostic."""
    with pytest.raises(CompileError) as caught:
        parse_operator(text, REGISTERS)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]
