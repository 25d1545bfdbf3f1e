"""Constants, aliases, conditions, loops and definitions: each is short for what stands beside it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qcompile.diagnostics import Code, CompileError, Source
from qcompile.gates import Gate
from qcompile.grammar import parse, to_text
from qcompile.grammar.comments import doc_comment
from qcompile.grammar.languages import ReadOptions
from qcompile.grammar.reader import read
from qcompile.ir import Barrier, Expectation, If, Measure, Op, Postselect, Program, Statement
from qcompile.operator import operator

HEAD = "qubit q[4]; qumode m[2]; bit c[3]; param theta; param w[3];"
MEASURED = "c = measure q[0:3];"


def program(text: str, head: str = HEAD, loop_bound: int | None = None) -> Program:
    module = read(Source("<text>", head + text), ReadOptions(loop_bound=loop_bound))
    assert isinstance(module, Program)
    assert parse(to_text(module)) == module
    return module


def codes(text: str) -> list[Code]:
    with pytest.raises(CompileError) as caught:
        parse(text)
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("const int n = 2; x q[n]; rx(n*theta) q[n - 1];", "x q[2]; rx(2*theta) q[1];"),
        ("const real x = 0.3, y = 2*x; rx(x*theta + y) q[0];", "rx(0.3*theta + 0.6) q[0];"),
        ("const angle a = pi/3; rx(a) q[0];", "rx(pi/3) q[0];"),
        ("const real v[] = [0.1, 0.2]; rx(v[-1]) q[sizeof(v)];", "rx(0.2) q[2];"),
        ("const int e[3][2] = [[0, 1], [1, 2], [2, 0]]; cx q[e[1][0]], q[e[1][1]];", "cx q[1], q[2];"),
        ("const int e[][2] = [[0, 1], [1, 2]]; for a in e { cx q[a[0]], q[a[1]]; }", "cx q[0], q[1]; cx q[1], q[2];"),
        ("const int e[][] = [[0, 1], [1, 2]]; for a in e[1:] { cx q[a[0]], q[a[1]]; }", "cx q[1], q[2];"),
        ("for i in [0, 3, 1] { x q[i]; }", "x q[0]; x q[3]; x q[1];"),
        ("for a in [theta, 2*w[1]] { rx(a) q[0]; }", "rx(theta) q[0]; rx(2*w[1]) q[0];"),
        ("for i in 0:2 { const int k = i + 1; let a = q[k]; x a; }", "x q[1]; x q[2];"),
        ("rx(sum(w[i]*i for i in 0:3)) q[0];", "rx(w[1] + 2*w[2]) q[0];"),
        ("rx(product(i + j for i in 1:3 for j in i:3)) q[0];", "rx(2*3*4) q[0];"),
        ("h q[1:];", "h q[1:4];"),
        ("h q[:2];", "h q[0:2];"),
        ("h q[:-1];", "h q[0:3];"),
        ("h q[-2:];", "h q[2:4];"),
        ("h q[:];", "h q;"),
        ("h q[::2];", "h q[0]; h q[2];"),
        ("h q[1::2];", "h q[1]; h q[3];"),
        ("h q[::-1];", "h q[3]; h q[2]; h q[1]; h q[0];"),
        ("let a = q[1:3]; h a; x a[1];", "h q[1:3]; x q[2];"),
        ("let a = q[3], q[0:2]; h a; cx a[0], a[-1]; h a[1:];", "h q[3]; h q[0]; h q[1]; cx q[3], q[1]; h q[0:2];"),
        ("let a = q[3]; x a; let b = a; x b;", "x q[3]; x q[3];"),
        ("let d = c[2], c[0]; d = measure q[0:2];", "c[2] = measure q[0]; c[0] = measure q[1];"),
        ("if (2 > 1 && !false) { x q[0]; } else { y q[0]; }", "x q[0];"),
        ("const bool on = 3 <= 2; if (on) { nothing; } else if (!on ^ false) { y q[0]; }", "y q[0];"),
        ("gate f(a) b { if (2 > 1) { rx(a) b; } } f(theta) q[0];", "gate f(a) b { rx(a) b; } f(theta) q[0];"),
        ("const int n = 2; gate f a { for i in 0:n { x a; } } f q[0];", "gate f a { x a; x a; } f q[0];"),
    ],
)
def test_what_is_known_when_it_is_read(text: str, expected: str) -> None:
    """Catches constants, slices, aliases and comprehensions that come to something else."""
    assert program(text) == program(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(a) b { rx(a) b; } f(2*theta) q[1];", "rx(2*theta) q[1];"),
        ("def f(v[n]) a[n] { for i in 0:n { rx(v[i]) a[i]; } } f(w) q[1:];", "for i in 0:3 { rx(w[i]) q[i + 1]; }"),
        ("def f(v[2*n]) a[n] { rx(v[n]) a; } f([1, 2]) q[0];", "rx(2) q[0];"),
        ("def f(int e[k][2]) a[n] { for r in e { cx a[r[0]], a[r[1]]; } } f([[3, 1]]) q;", "cx q[3], q[1];"),
        ("def f(bool on) a { if (on) { x a; } } f(true) q[0]; f(2 < 1) q[1];", "x q[0];"),
        ("def f(real x) a { rx(x*theta_) a; } const real theta_ = 2; f(3) q[0];", "rx(6) q[0];"),
        (
            "def f a, bit b { b = measure a; if (b) { x a; } } f q[1], c[2];",
            "c[2] = measure q[1]; if (c[2]) { x q[1]; }",
        ),
        ("def f qumode a[n] { vacuum a; } f m;", "vacuum m[0]; vacuum m[1];"),
        ("def f a[n] { g a[0]; } def g b { h b; } f q[2:];", "h q[2];"),
        ("def f a { s a; } inv @ f q[0];", "sdg q[0];"),
        ("def f a, b { s a; rx(theta_) b; } const angle theta_ = 1; inv @ f q[0], q[1];", "rx(-1) q[1]; sdg q[0];"),
        ("def f a { s a; h a; } ctrl @ f q[0], q[1];", "ctrl @ s q[0], q[1]; ctrl @ h q[0], q[1];"),
        ("def f a { s a; rx(1) a; } pow(2) @ f q[0];", "s q[0]; rx(1) q[0]; s q[0]; rx(1) q[0];"),
        ("def f(x) a { rx(x) a; } pow(0.5) @ f(theta) q[0];", "rx(theta/2) q[0];"),
        ("def f() { x; } gate x_ a { x a; }", "gate x_ a { x a; }"),
        ("def f a { let b = a; const int k = 2; for i in 0:k { x b; } } f q[0];", "x q[0]; x q[0];"),
        ("let a = q[2:], q[0]; def f b[n] { x b[n - 1]; } f a;", "x q[0];"),
    ],
)
def test_subcircuits_are_put_in_place(text: str, expected: str) -> None:
    """Catches arguments, sizes and operands that are bound to the wrong thing, and modifiers that are lost."""
    assert program(text) == program(expected)


def test_the_sides_of_a_subcircuit_see_their_own_names() -> None:
    """Catches a body that sees the caller's parameters and wires, or a caller that sees the body's."""
    assert codes(HEAD + "def f a { rx(theta) a; } f q[0];") == [Code.UNKNOWN_NAME]
    assert codes(HEAD + "def f a { const int k = 1; x a; } f q[0]; x q[k];") == [Code.UNKNOWN_NAME]
    assert codes(HEAD + "for i in 0:2 { const int k = i; } x q[k];") == [Code.UNKNOWN_NAME]


def outcomes(body: tuple[Statement, ...], bits: dict[int, bool]) -> list[str]:
    """The names of the gates that run after measurement, for these values of the bits."""
    found: list[str] = []
    for statement in body:
        match statement:
            case If(condition, then, otherwise):
                holds = all(bits[cell] == value for cell, value in condition)
                found += outcomes(then if holds else otherwise, bits)
            case Op(gate):
                found.append(gate.name)
            case _:
                pass
    return found


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        ("c[0] || c[1]", {1, 2, 3, 5, 6, 7}),
        ("!(c[0] && c[1])", {0, 1, 2, 4, 5, 6}),
        ("c[0] ^ c[1] ^ c[2]", {1, 2, 4, 7}),
        ("c == 5", {5}),
        ("c != 5", {0, 1, 2, 3, 4, 6, 7}),
        ("c >= 3", {3, 4, 5, 6, 7}),
        ("2 > c[0:2]", {0, 1, 4, 5}),
        ("c[0] == c[1]", {0, 3, 4, 7}),
        ("c[0] == 1", {1, 3, 5, 7}),
        ("c[0] != 1", {0, 2, 4, 6}),
        ("c[0] == true", {1, 3, 5, 7}),
        ("!!c[0] && n > 2", {1, 3, 5, 7}),
        ("c[0] || n > 2", set(range(8))),
        ("c[0] && n < 2", set[int]()),
        ("c[0] == 0 && c[1:] == 2", {4}),
        ("c[0] || c[1] && c[2]", {1, 3, 5, 6, 7}),
        ("c[0] && c[1] ^ c[2]", {3, 5}),
        ("c[0] ^ c[1] == 1", {1, 2, 5, 6}),
        ("c[0:2] == c[1:3]", {0, 7}),
    ],
)
def test_conditions_hold_where_they_say(condition: str, numbers: set[int]) -> None:
    """Catches a condition that runs the wrong branch for some outcome, and wrong precedence."""
    made = program(f"const int n = 3; {MEASURED} if ({condition}) {{ x q[3]; }} else {{ y q[3]; }}")
    for number in range(8):
        expected = "x" if number in numbers else "y"
        assert outcomes(made.body, {k: bool(number >> k & 1) for k in range(3)}) == [expected]


def test_conjunctions_of_many_bits_are_one_if() -> None:
    """Catches a wide comparison that is taken apart, or refused."""
    made = program("e = measure r; if (e == 3) { x q[0]; }", HEAD + "qubit r[40]; bit e[40];")
    (branch,) = (statement for statement in made.body if isinstance(statement, If))
    assert branch.condition == tuple((3 + k, k < 2) for k in range(40))
    assert codes("qubit r[40]; bit e[40]; e = measure r; if (e > 3) { x r[0]; }") == [Code.TOO_LARGE]


def test_else_if_takes_the_first_that_holds() -> None:
    """Catches a chain whose later branches run beside the earlier."""
    made = program(MEASURED + "if (c == 1) { x q[3]; } else if (c[0]) { y q[3]; } else { z q[3]; }")
    found = [outcomes(made.body, {k: bool(n >> k & 1) for k in range(3)}) for n in (1, 3, 2)]
    assert found == [["x"], ["y"], ["z"]]


def test_a_while_is_so_many_ifs() -> None:
    """Catches a turn too few, and a bound that is not the option's."""
    turn = "if (c[0]) { h q[0]; c[0] = measure q[0]; }"
    assert program(MEASURED + "while (c[0]) limit 3 { h q[0]; c[0] = measure q[0]; }") == program(MEASURED + turn * 3)
    assert program(MEASURED + "while (c[0]) { h q[0]; c[0] = measure q[0]; }", loop_bound=2) == program(
        MEASURED + turn * 2
    )
    assert program(MEASURED + "while (c[0]) limit 0 { h q[0]; }") == program(MEASURED)


def test_postselection_and_barriers() -> None:
    """Catches selected values that are swapped, and barriers on the wrong wires."""
    made = program(
        MEASURED + "postselect !c[0] && c[2]; postselect c == 3; barrier q[1], m[0]; barrier; barrier q[2:];"
    )
    assert made.body[3:] == (
        Postselect(((0, False), (2, True))),
        Postselect(((0, True), (1, True), (2, False))),
        Barrier((1, 4)),
        Barrier((0, 1, 2, 3, 4, 5)),
        Barrier((2, 3)),
    )
    assert program(MEASURED + "postselect c[0] ^ c[0] ^ c[1];").body[3:] == (Postselect(((1, True),)),)


def test_definitions_by_matrix_generator_and_name() -> None:
    """Catches entries that are read or printed otherwise, generators on the wrong wires, and lost words."""
    made = program(
        "gate v a = [[1/sqrt(2), -im/sqrt(2)], [0 - 1im/sqrt(2), exp(im*0)/sqrt(2)]];"
        "gate swapped a, b = [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]];"
        "gate g(t) a, b generator 0.5*Z[b] + 0.25*X[a] X[b];"
        "gate light(t) a, b generator x[b] n[a];"
        "opaque phony(t) a, b;"
        "channel flip a = [[sqrt(0.75), 0], [0, sqrt(0.75)]], [[0, 0.5], [0.5, 0]];"
        "v q[0]; swapped q[0], q[1]; g(theta) q[1], q[0]; light(1) m[0], m[1]; phony(theta) q[0], q[1]; flip q;"
    )
    v, swapped, g, light, phony, flip = [definition.gate for definition in made.definitions]
    assert v.matrix is not None
    root = 1 / math.sqrt(2)
    assert np.allclose(np.array(v.matrix), [[root, -1j * root], [-1j * root, root]], atol=1e-15)
    assert swapped == Gate("swapped", ("qubit", "qubit"), matrix=swapped.matrix)
    assert g == Gate("g", ("qubit", "qubit"), ("t",), operator((0.5, "Z1"), (0.25, "X0 X1")))
    assert light == Gate("light", ("qumode", "qumode"), ("t",), operator((1.0, "n0 x1")))
    assert phony == Gate("phony", ("qubit", "qubit"), ("t",), opaque=True)
    size = math.sqrt(0.75)
    assert flip == Gate("flip", ("qubit",), kraus=(((size, 0), (0, size)), ((0, 0.5), (0.5, 0))))
    assert [op.gate.name for op in made.body if isinstance(op, Op)][-4:] == ["flip"] * 4
    assert program("gate g(t) a generator Z[a]; inv @ g(theta) q[0]; pow(0.5) @ g(1) q[0];", HEAD) == program(
        "gate g(t) a generator Z[a]; g(-theta) q[0]; g(0.5) q[0];", HEAD
    )


@given(st.floats(-7, 7), st.floats(-7, 7), st.floats(-7, 7))
def test_matrix_entries_read_back_exactly(a: float, b: float, c: float) -> None:
    """Catches an entry that loses digits or its sign in print."""
    above = f"[exp(im*{a!r})*cos({b!r}), -exp(im*{c!r})*sin({b!r})]"
    below = f"[exp(-im*{c!r})*sin({b!r}), exp(-im*{a!r})*cos({b!r})]"
    program(f"gate v a = [{above}, {below}]; v q[0];")


def test_kinds_of_idle_wires_are_written() -> None:
    """Catches a wire that nothing uses, and that is a qubit after printing."""
    head = "gate idle(t) qumode a, b { rx(t) b; } gate still(t) qumode a generator 0; opaque phony qumode a, qubit b;"
    made = program(
        head + "gate gone a { pow(0) @ fourier a; } idle(1) m[0], q[0]; still(1) m[1]; gone m[0]; phony m[0], q[0];"
    )
    assert [d.gate.wires for d in made.definitions] == [
        ("qumode", "qubit"),
        ("qumode",),
        ("qumode", "qubit"),
        ("qumode",),
    ]
    assert codes("gate f qumode a { h a; }") == [Code.WRONG_KIND]
    assert codes("gate f bit a { h a; }") == [Code.WRONG_KIND]
    assert codes("gate f qumode a = [[1, 0], [0, 1]];") == [Code.WRONG_KIND]


def test_observables_from_tables() -> None:
    """Catches sums over edges that miss a term or a sign."""
    edges = "const int e[][2] = [[0, 1], [1, 2], [2, 0]];"
    one = program(edges + "return expect(sum(0.5*(1 - Z[a[0]] Z[a[1]]) for a in e));")
    two = program("return expect(1.5 - 0.5*Z[0] Z[1] - 0.5*Z[1] Z[2] - 0.5*Z[2] Z[0]);")
    assert one.outputs == two.outputs
    word = program("return expect(product(Z[i] for i in 0:4) + sum(X[i] X[j] for i in 0:4 for j in 0:i));")
    (output,) = word.outputs
    assert isinstance(output, Expectation)
    assert len(output.observable.operator.terms) == 7


def test_doc_comments() -> None:
    """Catches lines that are left out, marks that stay, and a comment of something else."""
    text = "/// What it is.\n///\n///   Indented.\ndef f a { h a; }\n\n/// far\n\ngate g a { }\n"
    assert doc_comment(text, text.index("def")) == "What it is.\n\n  Indented."
    assert doc_comment(text, text.index("gate")) == ""
    assert doc_comment(text, 0) == ""


# ---- limits


CHAINS = {
    "calls": ("".join(f"def f{k} a {{ f{k + 1} a; }} " for k in range(3000)) + "def f3000 a { h a; } f0 q[0];"),
    "calls_through_blocks": "".join(
        f"def f{k} a {{ if (true) {{ for i in 0:1 {{ f{k + 1} a; }} }} }} " for k in range(500)
    )
    + "def f500 a { h a; } f0 q[0];",
    "else_ifs": MEASURED + "if (c[0]) { x q[0]; }" + " else if (c[1]) { y q[0]; }" * 3000,
}


@pytest.mark.parametrize("kind", CHAINS)
def test_long_chains_are_a_diagnostic(kind: str) -> None:
    """Catches the interpreter's stack running out in calls and branches."""
    assert codes(HEAD + CHAINS[kind]) == [Code.TOO_DEEP]


def test_the_deepest_call_holds_the_deepest_expression() -> None:
    """Catches limits that hold each for itself and not together."""
    chain = "".join(f"def f{k} a {{ f{k + 1} a; }} " for k in range(78))
    deepest = "const int v[1] = [0]; def f78 a { rx(" + "v[" * 75 + "0" + "]" * 75 + ") a; } f0 q[0];"
    program(chain + deepest)


def test_static_chains_may_be_long() -> None:
    """Catches recursion over what is decided when it is read."""
    text = "if (1 > 2) { x q[0]; }" + " else if (1 > 2) { y q[0]; }" * 3000 + " else { z q[0]; }"
    assert program(text) == program("z q[0];")


LARGE = "qubit r[13]; bit e[13]; def twice a { h a; s a; } e = measure r;"


@pytest.mark.parametrize(
    "text",
    [
        "for i in 0:1000000000 { }",
        "for i in 0:100000 { for j in 0:100000 { } }",
        "for i in 0:1000 { for j in 0:i { for k in 0:1000 { for l in 0:1000 { x q[0]; } } } }",
        "def f a { for i in 0:100000 { for j in 0:100000 { h a; } } } f q[0];",
        "while (e[0]) limit 1000000000 { h q[0]; }",
        "while (e[0]) limit 900000 { for i in 0:1000 { h q[0]; } }",
        "rx(sum(i for i in 0:1000000000)) q[0];",
        "rx(sum(1 for i in 0:100000 for j in 0:100000)) q[0];",
        "const int n = 1000000000; qubit s[n];",
        "observable H = sum(Z[0]*i for i in 0:100000000); return expect(H);",
        "if (" + " ^ ".join(f"e[{k}]" for k in range(13)) + ") { x q[0]; }",
        "pow(1000000000) @ twice q[0];",
        "pow(1000000000) @ x q[0];",
    ],
)
def test_what_is_too_large_is_a_diagnostic(text: str) -> None:
    """Catches minutes or gigabytes for a short text."""
    assert codes(HEAD + LARGE + text) == [Code.TOO_LARGE]


def test_measurements_in_branches_keep_their_place() -> None:
    """Catches a general condition whose bodies lose their measurements."""
    made = program(MEASURED + "if (c[0] || c[1]) { c[2] = measure q[3]; }")
    measured = [s for s in made.statements() if isinstance(s, Measure) and s.wire == 3]
    assert measured == [Measure("z", 3, (2,))]
