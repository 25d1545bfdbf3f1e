"""The straight way through plain OpenQASM 2 statements gives what the parser gives."""

from collections.abc import Callable
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from qcompile.diagnostics import CompileError, Source, Span
from qcompile.grammar.languages import ReadOptions
from qcompile.grammar.openqasm2 import read, reader, syntax
from qcompile.ir import Op, Program

HEAD = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[4];
qreg r[2];
creg c[2];
gate pair(t) a, b { rx(t) a; cx a, b; }
"""
ATOMS = ("0.5", "2", ".25", "3.", "1e-3", "1e999", "0", "pi", "theta", "if", "2pi", "1.5.2", "1e", "pi2")
WIRES = ("q[0]", "q[1]", "q[3]", "r[1]", "q", "r", "q[9]", "c[0]", "none[0]", "gate[0]", "q [2]", "q[ 2 ]", "q[01]")
GATES = (
    "h",
    "x",
    "cx",
    "rx",
    "rz",
    "u3",
    "u2",
    "u0",
    "cu1",
    "cu3",
    "rccx",
    "U",
    "CX",
    "pair",
    "nogate",
    "reset",
    "if",
    "own",
)
OTHERS = (
    "h q;",
    "gate own a { h a; x a; } // h q[0];\n",
    "gate h a { x a; }",
    "measure q[0] -> c[0];",
    "if(c==1) x q[0];",
    "barrier q[0], q[1];",
    "// h q[0];\n",
    "/* x q[1]; */",
    "rx(2*pi + 1) q[0];",
    "rx(sin(0.5)) q[0];",
    'include "a;b.inc";',
    ";",
    "h q[0]",
    "}",
    "rx((1) q[0];",
    "h q[0],;",
)

atoms = st.sampled_from(ATOMS)
signs = st.lists(st.sampled_from(("*", "/", "*-", " / ", "/-")), min_size=3, max_size=3)


def joined(between: list[str], factors: list[str]) -> str:
    """A product of the factors, the first without a sign."""
    return "".join(sign + factor for sign, factor in zip(between, factors, strict=False)).lstrip("*/ ")


products = st.builds(joined, signs, st.lists(atoms, min_size=1, max_size=3))
angles = st.one_of(atoms, st.builds("-{}".format, atoms), st.builds(" {} ".format, atoms), products)
comma = st.sampled_from((", ", ",", " , ", ",\n"))


@st.composite
def statements(draw: st.DrawFn) -> str:
    """Mostly plain statements, with some that only look so, and some faults."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(OTHERS))
    wires = draw(comma).join(draw(st.lists(st.sampled_from(WIRES), min_size=1, max_size=3)))
    given_angles = draw(st.lists(angles, max_size=3))
    blank = draw(st.sampled_from((" ", " ", "  ", "\n", "\t")))
    end = draw(st.sampled_from((";", ";", ";", " ;")))
    listed = f"({draw(comma).join(given_angles)})" if given_angles else ""
    return f"{draw(st.sampled_from(GATES))}{listed}{blank}{wires}{end}"


@st.composite
def good_statements(draw: st.DrawFn) -> str:
    """Plain statements without faults."""
    gate, angles_of, wires_of = draw(st.sampled_from((
        ("h", 0, 1), ("cx", 0, 2), ("rz", 1, 1), ("u3", 3, 1), ("u2", 2, 1), ("cu3", 3, 2), ("rccx", 0, 3),
        ("pair", 1, 2),
    )))  # fmt: skip
    wires = draw(st.permutations(("q[0]", "q[2]", "q[3]", "r[0]", "r[1]")))[:wires_of]
    values = draw(st.lists(st.sampled_from(("0.5", "-pi/4", "3*pi/8", "1e-3", "pi", "2*-1.5")), min_size=3, max_size=3))
    shown = f"({','.join(values[:angles_of])})" if angles_of else ""
    return f"{gate}{shown} {', '.join(wires)};"


def outcome(text: str, statements_of: Callable[[Source], object]) -> tuple[Program, list[Span | None]] | str:
    """The program with the places of its ops, or the whole message."""
    with patch.object(reader, "read_statements", statements_of):
        try:
            program = read(Source("<text>", text), ReadOptions())
        except CompileError as fault:
            return str(fault)
    return program, [statement.span for statement in program.statements()]


@given(st.lists(st.one_of(statements(), good_statements()), min_size=50, max_size=60).map("\n".join))
def test_both_ways_give_one_outcome(body: str) -> None:
    """Catches a statement that the expression takes and the parser does not, other ops, places or messages."""
    assert outcome(HEAD + body, syntax.read_statements) == outcome(HEAD + body, syntax.parsed_statements)


@given(st.lists(good_statements(), min_size=50, max_size=60).map("\n".join))
def test_both_ways_give_one_program(body: str) -> None:
    """Catches remembered parts that mean something else elsewhere, in programs without any fault."""
    found = outcome(HEAD + body, syntax.read_statements)
    assert not isinstance(found, str)
    assert len(found[1]) == body.count("\n") + 1
    assert found == outcome(HEAD + body, syntax.parsed_statements)


def test_a_new_definition_changes_what_is_remembered() -> None:
    """Catches angles remembered of `qelib1.inc`'s gate after the file has defined its own of that name."""
    again = "u2(0.5,pi) q[0];\n" * 30
    body = f"{again}gate u2(a, b) c {{ U(a, b, 0) c; }}\n{again}"
    found = outcome(HEAD + body, syntax.read_statements)
    assert not isinstance(found, str)
    assert found == outcome(HEAD + body, syntax.parsed_statements)
    assert {len(op.angles) for op in found[0].body if isinstance(op, Op)} == {2, 3}


def test_no_text_is_tried_in_many_ways() -> None:
    """Catches an expression that backtracks: each of these would take for ever."""
    long = "1" * 3000
    broken = (f"rx({','.join([long] * 30)}! q[0];", f"rx({'1*' * 3000}! q[0];", f"cx {'q[0],' * 3000}! ;", "a" * 9000)
    for statement in broken:
        message = str(outcome(HEAD + "h q[0];\n" * 50 + statement, syntax.read_statements))
        assert "QC0101" in message or "QC0108" in message
