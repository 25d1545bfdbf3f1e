"""The builder makes the IR that the text makes, and finds the same faults."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
import pytest

import qcompile as qc
from qcompile.angle import number, parameter
from qcompile.builder import Builder, Expression, Wire, cos, exp, pi, sqrt
from qcompile.diagnostics import Code, CompileError
from qcompile.gates import NAMES, TABLE, Gate
from qcompile.grammar import parse, to_text
from qcompile.ir import Barrier, Op, Postselect, Program
from qcompile.operator import Operator, operator

H2 = (
    "-0.09886396933545824 + 0.17119774903432964*Z[0] + 0.17119774903432964*Z[1] - 0.22278593040418454*Z[2]"
    " - 0.22278593040418454*Z[3] + 0.16862219158920946*Z[0] Z[1] + 0.12054482205301807*Z[0] Z[2]"
    " + 0.165867024105892*Z[0] Z[3] + 0.165867024105892*Z[1] Z[2] + 0.12054482205301807*Z[1] Z[3]"
    " + 0.1743494875700719*Z[2] Z[3] - 0.04532220205287398*Y[0] Y[1] X[2] X[3]"
    " + 0.04532220205287398*Y[0] X[1] X[2] Y[3] + 0.04532220205287398*X[0] Y[1] Y[2] X[3]"
    " - 0.04532220205287398*X[0] X[1] Y[2] Y[3]"
)
Write: TypeAlias = Callable[[Any, dict[str, Any]], object]  # a builder and what HEAD declares, by name
HEAD = "qubit q[3]; qubit a; qumode m[2]; bit c[2]; int k; real r[2]; param theta; param w[2]; input data;"


def built(write: Write) -> Program:
    """What HEAD declares, and then what `write` adds."""
    b = Builder()
    names = {
        "q": b.qubits("q", 3), "a": b.qubit("a"), "m": b.qumodes("m", 2), "c": b.bits("c", 2), "k": b.integer("k"),
        "r": b.reals("r", 2), "theta": b.param("theta"), "w": b.param("w", 2), "data": b.input("data"),
    }  # fmt: skip
    write(b, names)
    return b.build()


def test_h2_both_ways() -> None:
    """Would catch any difference between the two ways to write the program of the README."""
    text = f"qubit q[4]; param theta; observable H = {H2}; x q[0]; x q[1];"
    text += "double_excitation(theta) q[0], q[1], q[2], q[3]; return expect(H);"
    b = qc.Builder()
    q, theta = b.qubits("q", 4), b.param("theta")
    b.x(q[0])
    b.x(q[1])
    b.double_excitation(theta, *q)
    b.expect(b.observable(H2, name="H"))
    assert b.build() == qc.parse(text)


def foo_body(b: Builder, alpha: Expression, u: Wire, v: Wire) -> None:
    b.rx(alpha, u)
    b.cx(u, v)


def bar_body(b: Builder, u: Wire, v: Wire) -> None:
    b.foo(pi, v, u, inverse=True)


def turned_body(b: Builder, u: Wire, v: Wire) -> None:
    b.cx(v, u)


def unsound_body(b: Builder, u: Wire) -> None:
    b.reset(u)


PAIRS: dict[str, tuple[Write, str]] = {
    "angles": (lambda b, n: b.rx(2 * n["theta"] + pi / 2, n["q"][0]), "rx(2*theta + pi/2) q[0];"),
    "operators": (
        lambda b, n: b.u(-n["w"][0] / 3 - 1, 2 ** n["w"][1] * (1 - n["data"]), 1 / n["theta"] ** 2, n["a"]),
        "u(-w[0]/3 - 1, 2**w[1]*(1 - data), 1/theta**2) a;",
    ),
    "functions": (
        lambda b, n: b.rx(cos(n["theta"] * n["w"][1]) - exp(1.0) + sqrt(n["data"]), n["q"][0]),
        "rx(cos(theta*w[1]) - exp(1) + sqrt(data)) q[0];",
    ),
    "broadcast": (lambda b, n: b.h(n["q"]), "h q;"),
    "broadcast pairs": (lambda b, n: b.cx(n["q"][0:2], n["q"][1:3]), "cx q[0:2], q[1:3];"),
    "broadcast with one": (lambda b, n: b.rzz(0.5, n["q"], n["a"]), "rzz(0.5) q, a;"),
    "negative index": (lambda b, n: b.x(n["q"][-1]), "x q[-1];"),
    "controls": (
        lambda b, n: b.rx(1, n["q"][0], controls=[n["q"][1], n["a"]], negative_controls=[n["q"][2]]),
        "ctrl(2) @ negctrl @ rx(1) q[1], a, q[2], q[0];",
    ),
    "controlled phase": (lambda b, n: b.gphase(n["theta"], controls=[n["a"]]), "ctrl @ gphase(theta) a;"),
    "inverse": (
        lambda b, n: [
            b.s(n["a"], inverse=True), b.rx(n["theta"], n["a"], inverse=True), b.iswap(*n["q"][:2], inverse=True),
        ],
        "inv @ s a; inv @ rx(theta) a; inv @ iswap q[0], q[1];",
    ),
    "alias": (lambda b, n: b.gate("CX", n["q"][0], n["q"][1]), "CX q[0], q[1];"),
    "pauli": (lambda b, n: b.pauli("XIZ", n["theta"], *n["q"]), "pauli[XIZ](theta) q[0], q[1], q[2];"),
    "controlled pauli": (
        lambda b, n: b.pauli("XY", 1, *n["q"][:2], controls=[n["a"]]), "ctrl @ pauli[XY](1) a, q[0], q[1];"
    ),
    "light": (
        lambda b, n: [b.coherent(0.5, 0, n["m"][0]), b.beamsplit(n["w"][0], pi / 4, *n["m"]), b.fock(2, n["m"][1])],
        "coherent(0.5, 0) m[0]; beamsplit(w[0], pi/4) m[0], m[1]; fock(2) m[1];",
    ),
    "measurement": (
        lambda b, n: [
            b.measure(n["q"][:2], n["c"]), b.measure(n["m"][0], n["k"]), b.homodyne(n["m"][1], n["r"][1], pi / 2),
            b.heterodyne(n["m"][1], n["r"]), b.reset(n["q"]),
        ],
        "c = measure q[0:2]; k = measure m[0]; r[1] = homodyne(pi/2) m[1]; r = heterodyne m[1]; reset q;",
    ),
    "definition": (
        lambda b, n: [
            b.define("foo", ["alpha"], 2, foo_body), b.define("bar", [], 2, bar_body),
            b.foo(n["theta"], n["q"][0], n["a"]), b.bar(*n["q"][:2]),
        ],
        """gate foo(alpha) u, v { rx(alpha) u; cx u, v; } gate bar u, v { inv @ foo(pi) v, u; }
        foo(theta) q[0], a; bar q[0], q[1];""",
    ),
    "outputs": (
        lambda b, n: [
            b.measure(n["a"], n["c"][1]), b.expect("Z[0] + 0.5*x[1]"), b.variance("theta*Z[a]"),
            b.probabilities(n["q"]), b.probabilities(n["a"], n["q"][0]), b.samples(n["m"], n["c"][1]), b.state(),
        ],
        """c[1] = measure a;
        return expect(Z[0] + 0.5*x[1]), var(theta*Z[a]), probs(q), probs(a, q[0]), samples(m, c[1]),
        state();""",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("write", "text"), PAIRS.values(), ids=PAIRS.keys())
def test_both_ways(write: Write, text: str) -> None:
    """Would catch a builder method that means something else than the statement it stands for."""
    assert built(write) == parse(f"{HEAD} {text}")


def test_conditions_both_ways() -> None:
    """Would catch a branch in the wrong place, a wrong order of bits, or a nested condition that loses its parent."""

    def write(b: Builder, n: dict[str, Any]) -> None:
        q, c = n["q"], n["c"]
        b.measure(q[:2], c)
        with b.when(c[0], ~c[1]):
            b.x(q[2])
            with b.when(~c[0]):
                b.y(q[2])
        with b.otherwise():
            b.z(q[2])
        with b.when(c, equals=1):
            b.reset(q[0])
        with b.when(c[0], c[0]):
            b.reset(q[1])

    text = """c = measure q[0:2];
        if (c[0] && !c[1]) { x q[2]; if (!c[0]) { y q[2]; } } else { z q[2]; }
        if (c == 1) { reset q[0]; } if (c[0] && c[0]) { reset q[1]; }"""
    assert built(write) == parse(f"{HEAD} {text}")


def test_a_bit_set_in_some_branch_may_be_read() -> None:
    """Would catch an assignment that is forgotten after a condition, and one assumed before it or beside it."""
    b = Builder()
    q, c = b.qubits("q", 2), b.bits("c", 4)
    b.measure(q[0], c[0])
    with b.when(c[0]):
        b.measure(q[1], c[1])
        b.measure(q[1], c[2])
    with b.otherwise():
        with pytest.raises(CompileError) as caught, b.when(c[2]):
            pass
        assert caught.value.diagnostics[0].code is Code.BIT_UNASSIGNED
        b.measure(q[0], c[1])
    for read in (c[1], c[2]):
        with b.when(read):
            b.x(q[0])
    with pytest.raises(CompileError) as caught, b.when(c[3]):
        pass
    assert caught.value.diagnostics[0].code is Code.BIT_UNASSIGNED
    assert parse(to_text(b.build())) == b.build()


def test_gates_by_matrix_generator_and_name() -> None:
    """Would catch a definition on other wires or under another parameter than said."""
    b = Builder()
    q, t = b.qubits("q", 2), b.param("t")
    b.define_matrix("flip", np.array([[0, 1j], [1, 0]]))
    b.define_generator("hop", "a", 2, "0.5*X[0] X[1] + 0.5*Y[0] Y[1]")
    b.define_generator("cross", ["a", "b"], 2, "a*Z[0] X[1] + b*Z[1]")
    b.define_channel("noise", [[[0.6, 0], [0, 0.6]], [[0, 0.8], [0.8, 0]]])
    b.opaque("magic", ["a", "b"], 1)
    b.flip(q[1], controls=[q[0]], inverse=True)
    b.hop(2 * t, q[1], q[0])
    b.cross(2 * t, 0.1, q[1], q[0], inverse=True)
    b.noise(q)
    b.magic(t, 0.5, q[0])
    program = b.build()
    rows = {definition.gate.name: definition.gate for definition in program.definitions}
    assert rows["flip"] == Gate("flip", ("qubit",), matrix=((0, 1j), (1, 0)))
    assert rows["hop"].generator == operator((0.5, "X0 X1"), (0.5, "Y0 Y1"))
    assert rows["noise"] == Gate("noise", ("qubit",), kraus=(((0.6, 0), (0, 0.6)), ((0, 0.8), (0.8, 0))))
    assert rows["magic"] == Gate("magic", ("qubit",), ("a", "b"), opaque=True)
    assert rows["cross"].hamiltonian == Operator(
        (((("Z", 1),), parameter("b")), ((("Z", 0), ("X", 1)), parameter("a")))
    )
    flip, hop, cross, *noise, magic = program.body
    assert cross == Op(rows["cross"], (1, 0), (parameter("t") * number(-2.0), number(-0.1)))
    assert flip == Op(rows["flip"], (0, 1), (), (True,), True)
    assert hop == Op(rows["hop"], (1, 0), (parameter("t") * number(2.0),))
    assert noise == [Op(rows["noise"], (0,)), Op(rows["noise"], (1,))]
    assert magic == Op(rows["magic"], (0,), (parameter("t"), number(0.5)))


def test_barriers_and_post_selection() -> None:
    """Would catch a barrier on no wire, and bits read in the wrong order."""
    b = Builder()
    q, c = b.qubits("q", 3), b.bits("c", 2)
    b.barrier()
    b.barrier(q[2], q[:2])
    b.measure(q[:2], c)
    b.postselect(c, equals=1)
    b.postselect(~c[1])
    body = b.build().body
    assert body[:2] == (Barrier((0, 1, 2)), Barrier((2, 0, 1)))
    assert body[-2:] == (Postselect(((0, True), (1, False))), Postselect(((1, False),)))


def test_every_gate_is_a_method() -> None:
    """Would catch a gate hidden by a method of the builder, or a table that the builder does not follow."""
    hidden = [name for name in NAMES if hasattr(Builder, name)]
    assert hidden == []
    assert set(NAMES) <= set(dir(Builder()))
    for gate in TABLE.values():
        b = Builder()
        places = [b.qubit(f"q{k}") if kind == "qubit" else b.qumode(f"q{k}") for k, kind in enumerate(gate.wires)]
        getattr(b, gate.name)(*([0.25] * len(gate.parameters)), *places)
        b.qubit("spare")
        (op,) = b.build().body
        assert isinstance(op, Op)
        assert op.gate is gate


def test_an_unknown_method_names_the_nearest_gate() -> None:
    """Would catch a bare AttributeError, or one that `hasattr` cannot see."""
    with pytest.raises(AttributeError, match="did you mean `squeeze`"):
        Builder().squeeeze()
    assert not hasattr(Builder(), "nothing")


other = Builder()
FOREIGN = other.qubits("q", 3)
FAULTS: dict[str, tuple[Code, Write]] = {
    "unknown gate": (Code.UNKNOWN_GATE, lambda b, n: b.gate("rxy", n["a"])),
    "not a Pauli word": (Code.UNKNOWN_GATE, lambda b, n: b.pauli("XQ", 1, n["a"])),
    "name twice": (Code.DUPLICATE_NAME, lambda b, n: b.param("q")),
    "gate's name": (Code.DUPLICATE_NAME, lambda b, n: b.define("rx", [], 1, unsound_body)),
    "gate twice": (Code.DUPLICATE_NAME, lambda b, n: [b.define("foo", [], 2, turned_body) for _ in range(2)]),
    "observable's name": (Code.DUPLICATE_NAME, lambda b, n: [b.observable("Z[0]", name="H"), b.bit("H")]),
    "keyword": (Code.RESERVED_NAME, lambda b, n: b.param("gate")),
    "constant": (Code.RESERVED_NAME, lambda b, n: b.qubits("pi", 2)),
    "no name": (Code.RESERVED_NAME, lambda b, n: b.bit("two words")),
    "observable without name": (Code.RESERVED_NAME, lambda b, n: b.observable("Z[0]", name="if")),
    "index": (Code.INDEX_RANGE, lambda b, n: b.x(n["q"][3])),
    "size": (Code.INDEX_RANGE, lambda b, n: b.qubits("e", 0)),
    "too large": (Code.TOO_LARGE, lambda b, n: b.qubits("e", 10**9)),
    "too large an array": (Code.TOO_LARGE, lambda b, n: b.param("e", 10**9)),
    "repeated wire": (Code.REPEATED_WIRE, lambda b, n: b.cx(n["a"], n["a"])),
    "kind": (Code.WRONG_KIND, lambda b, n: b.x(n["m"][0])),
    "another program's wire": (Code.WRONG_KIND, lambda b, n: b.x(FOREIGN[0])),
    "bit for wire": (Code.WRONG_KIND, lambda b, n: b.reset(n["c"][0])),
    "parameters for wires": (Code.WRONG_KIND, lambda b, n: b.rx(n["w"], n["a"])),
    "arity": (Code.WRONG_ARITY, lambda b, n: b.cx(n["a"])),
    "angle count": (Code.WRONG_ANGLES, lambda b, n: b.rx(n["a"])),
    "controlled preparation": (Code.NOT_INVERTIBLE, lambda b, n: b.vacuum(n["m"][0], controls=[n["a"]])),
    "inverse preparation": (Code.NOT_INVERTIBLE, lambda b, n: b.vacuum(n["m"][0], inverse=True)),
    "controlled channel": (Code.NOT_INVERTIBLE, lambda b, n: b.bit_flip(0.1, n["a"], controls=[n["q"][1]])),
    "inverse channel": (Code.NOT_INVERTIBLE, lambda b, n: b.loss(0.1, n["m"][0], inverse=True)),
    "strength": (Code.BAD_VALUE, lambda b, n: b.depolarizing(1.5, n["a"])),
    "not unitary": (Code.NOT_UNITARY, lambda b, n: b.define_matrix("foo", [[1, 0], [0, 1.1]])),
    "incomplete": (Code.NOT_UNITARY, lambda b, n: b.define_channel("foo", [[[0.5, 0], [0, 0.5]]])),
    "matrix of three rows": (Code.WRONG_ARITY, lambda b, n: b.define_matrix("foo", [[1, 0, 0], [0, 1, 0], [0, 0, 1]])),
    "a number for a matrix": (Code.WRONG_ARITY, lambda b, n: b.define_matrix("foo", 1.0)),
    "ragged matrix": (Code.WRONG_TYPE, lambda b, n: b.define_matrix("foo", [[1, 0], [0]])),
    "text for a matrix": (Code.WRONG_TYPE, lambda b, n: b.define_matrix("foo", "identity")),
    "infinite matrix": (Code.BAD_NUMBER, lambda b, n: b.define_matrix("foo", [[float("inf"), 0], [0, 1]])),
    "matrices of two sizes": (Code.SIZES_DIFFER, lambda b, n: b.define_channel("foo", [[[1, 0], [0, 0]], [[0]]])),
    "no matrices": (Code.SIZES_DIFFER, lambda b, n: b.define_channel("foo", [])),
    "huge matrix": (Code.TOO_LARGE, lambda b, n: b.define_matrix("foo", np.eye(2**11))),
    "generator of another wire": (Code.INDEX_RANGE, lambda b, n: b.define_generator("foo", "a", 1, "X[1]")),
    "generator of another parameter": (Code.UNKNOWN_NAME, lambda b, n: b.define_generator("foo", "a", 1, "b*X[0]")),
    "constant generator of two": (Code.WRONG_ANGLES, lambda b, n: b.define_generator("foo", ("a", "c"), 1, "X[0]")),
    "generator of light": (Code.WRONG_KIND, lambda b, n: b.define_generator("foo", "a", 1, "sin(a)*x[0]", "qumode")),
    "opaque gate's name": (Code.DUPLICATE_NAME, lambda b, n: b.opaque("rx", [], 1)),
    "opaque gate's parameters": (Code.DUPLICATE_NAME, lambda b, n: b.opaque("foo", ["a", "a"], 1)),
    "opaque gate's parameter": (Code.RESERVED_NAME, lambda b, n: b.opaque("foo", ["pi"], 1)),
    "opaque gate on nothing": (Code.INDEX_RANGE, lambda b, n: b.opaque("foo", [], 0)),
    "kept unmeasured": (Code.BIT_UNASSIGNED, lambda b, n: b.postselect(n["c"][0])),
    "barrier twice": (Code.REPEATED_WIRE, lambda b, n: b.barrier(n["a"], n["a"])),
    "body": (Code.NOT_INVERTIBLE, lambda b, n: b.define("foo", [], 1, unsound_body)),
    "sizes": (Code.SIZES_DIFFER, lambda b, n: b.cx(n["q"], n["m"])),
    "sizes of measurements": (Code.SIZES_DIFFER, lambda b, n: b.measure(n["q"], n["c"])),
    "one real for two": (Code.SIZES_DIFFER, lambda b, n: b.heterodyne(n["m"][0], n["r"][:1])),
    "unmeasured": (Code.BIT_UNASSIGNED, lambda b, n: b.samples(n["c"])),
    "result": (Code.WRONG_RESULT, lambda b, n: b.measure(n["m"][0], n["c"][0])),
    "detector": (Code.WRONG_KIND, lambda b, n: b.homodyne(n["a"], n["r"][0])),
    "undeclared": (Code.UNKNOWN_NAME, lambda b, n: b.rx(other.param("phi"), n["a"])),
    "infinite": (Code.BAD_NUMBER, lambda b, n: b.rx(float("inf"), n["a"])),
    "overflow": (Code.BAD_NUMBER, lambda b, n: b.rx(n["theta"] * 1e300 * 1e300, n["a"])),
    "division by zero": (Code.BAD_NUMBER, lambda b, n: b.rx(n["theta"] / 0, n["a"])),
    "root": (Code.BAD_NUMBER, lambda b, n: sqrt(-1.0)),
    "no number": (Code.BAD_NUMBER, lambda b, n: b.rx("0.5", n["a"])),
    "complex": (Code.BAD_NUMBER, lambda b, n: b.rx(1j, n["a"])),
    "not Hermitian": (Code.NOT_HERMITIAN, lambda b, n: b.expect("x[0] p[0]")),
    "observable": (Code.UNKNOWN_NAME, lambda b, n: b.expect("phi*Z[0]")),
    "listed twice": (Code.REPEATED_WIRE, lambda b, n: b.probabilities(n["q"], n["q"][0])),
    "nothing listed": (Code.WRONG_ARITY, lambda b, n: b.samples()),
    "otherwise alone": (Code.MISPLACED, lambda b, n: b.otherwise().__enter__()),
    "condition on an int": (Code.WRONG_KIND, lambda b, n: [b.measure(n["m"][0], n["k"]), b.when(n["k"]).__enter__()]),
}  # fmt: skip


@pytest.mark.parametrize(("code", "write"), FAULTS.values(), ids=FAULTS.keys())
def test_faults_are_diagnostics(code: Code, write: Write) -> None:
    """Would catch a user's fault that shows as a traceback of ours, or under another code than in text."""
    with pytest.raises(CompileError) as caught:
        built(write)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


def test_nothing_is_not_a_program() -> None:
    """Would catch a program without wires."""
    with pytest.raises(CompileError) as caught:
        Builder().build()
    assert caught.value.diagnostics[0].code is Code.EMPTY


def test_returning_inside_a_condition_is_a_fault() -> None:
    """Would catch an output that silently moves out of its branch."""
    b = Builder()
    q, c = b.qubit("q"), b.bit("c")
    b.measure(q, c)
    with pytest.raises(CompileError) as caught, b.when(c):
        b.expect("Z[0]")
    assert caught.value.diagnostics[0].code is Code.MISPLACED


@pytest.mark.parametrize("name", ["builder", "expression"])
def test_examples_run(name: str) -> None:
    """Would catch an example in the documentation that no longer holds."""
    failed, tried = doctest.testmod(import_module(f"qcompile.builder.{name}"))
    assert tried
    assert not failed


def test_multiples_of_pi_stay_exact() -> None:
    """Would catch pi turned into decimals on its way through Python."""
    assert [str(value) for value in (2 * pi / 3, pi * 0.5, -pi + 1, 1 - pi / 4)] == [
        "2*pi/3",
        "pi/2",
        "-pi + 1",
        "-pi/4 + 1",
    ]
