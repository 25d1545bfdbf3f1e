"""Every rule of the verifier refuses the module that breaks it, by name, and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from qcompile.angle import Angle, Element, number, parameter
from qcompile.gates import TABLE, Gate
from qcompile.ir import (
    Adjoint,
    AdjointComponent,
    Barrier,
    Certificate,
    Component,
    Definition,
    Evaluation,
    Expectation,
    Gradient,
    If,
    Measure,
    Module,
    Observable,
    Op,
    Output,
    Parameter,
    Postselect,
    Probabilities,
    Program,
    Reading,
    Register,
    Reset,
    Row,
    Samples,
    Shifted,
    Statement,
    Template,
    Undo,
    Variance,
)
from qcompile.ir.verify import verify
from qcompile.number import Number
from qcompile.operator import Operator, operator

THETA = parameter("theta")
FOO = Definition(Gate("foo", ("qubit", "qumode"), ("alpha",)), (Op(TABLE["rotate"], (1,), (parameter("alpha"),)),))
BASE = Program(
    (
        Register("q", "qubit", 2),
        Register("m", "qumode", 2),
        Register("c", "bit", 2),
        Register("k", "int"),
        Register("r", "real", 2),
        Register("t", "real", 2),
    ),
    (Parameter("theta"), Parameter("w", 2), Parameter("s", 2, "slot")),
    (FOO, Definition(Gate("theta", ("qubit",)), ())),
    (
        Op(TABLE["rx"], (0,), (THETA + parameter("s", 0),)),
        Op(TABLE["u"], (0, 1), (THETA, THETA, THETA), (False,), inverse=True),
        Op(FOO.gate, (1, 2), (parameter("w", 1),)),
        Measure("z", 0, (0,)),
        If(((0, True),), (Measure("z", 1, (1,)),), (Measure("z", 1, (1,)), Reset(3))),
        If(((1, False), (0, True), (1, False)), (Op(TABLE["x"], (0,)),)),
        Measure("fock", 2, (2,)),
        Measure("homodyne", 3, (3,), THETA),
        Measure("heterodyne", 3, (6, 5)),
    ),
    (
        Expectation(Observable(operator((0.5, "Z0 X1"), (1, "x2 p3")), "H")),
        Variance(Observable(operator((0.5, "Z0 X1"), (1, "x2 p3")), "H")),
        Probabilities((1, 0)),
        Samples((2,), (0, 2)),
    ),
)
SHIFTED = Shifted(
    (Template("t0", BASE), Template("t1", BASE)),
    (Row(0, ((Element("s", 0), number(1.0)), (Element("s", 1), number(2.0)))), Row(1)),
    (
        Component(0, (), (Reading(number(1.0), (Evaluation(1, 0),)),)),
        Component(0, (Element("w", 1), Element("theta")), (Reading(THETA, (Evaluation(0, 1), Evaluation(1, 3))),)),
    ),
    (Certificate((Element("theta"),), 2, 2),),
)
ADJOINT = Adjoint(
    Program((Register("q", "qubit", 2),), (Parameter("theta"),), (), (), (Expectation(Observable(Operator())),)),
    (Gradient(0, operator((0.5, "X0"))), Op(TABLE["rx"], (0,), (-THETA,))),
    1,
    (AdjointComponent(0, Element("theta"), ((number(1.0), 0),)),),
)


def body(*statements: Statement) -> Program:
    return replace(BASE, body=statements, outputs=())


def outputs(*items: Output) -> Program:
    return replace(BASE, outputs=items)


def expecting(terms: Operator, name: str = "") -> Program:
    return outputs(Expectation(Observable(terms, name)))


def defining(*definitions: Definition) -> Program:
    return replace(BASE, definitions=definitions, body=(), outputs=())


def reading(*sides: tuple[Evaluation, ...]) -> Shifted:
    """The sound module with one reading of these evaluations and divisors."""
    return replace(SHIFTED, components=(Component(0, (), (Reading(number(1.0), *sides),)),))


def row(*facts: Any, **others: Any) -> Program:
    """A definition by the gate's row alone."""
    return defining(Definition(Gate("bar", *facts, **others)))


def within(generator: Operator, wire: int) -> Adjoint:
    """A gradient within an op on the wire, of a gate that the forward program defines."""
    gate = Gate("driven", ("qubit",), ("a",), hamiltonian=of_one("X", "Z"))
    forward = replace(ADJOINT.forward, definitions=(Definition(gate),))
    return replace(ADJOINT, forward=forward, reverse=(Gradient(0, generator, Op(gate, (wire,), (THETA,))),))


def of_one(*letters: str, offset: Angle | None = None) -> Operator:
    """(a + 1)·each letter, or a plus the offset."""
    coefficient = parameter("a") + (number(1.0) if offset is None else offset)
    return Operator(tuple((((letter, 0),), coefficient) for letter in letters))


def on(name: str, *wires: int, angles: tuple[Angle, ...] = ()) -> Program:
    return body(Op(TABLE[name], wires, angles))


TWIST = Definition(Gate("twist", ("qubit", "qubit"), ("a",), operator((0.5, "X0 Y1"), (1.5, "Z0"))))
FLIP = Definition(Gate("flip", ("qubit",), matrix=((0, 1j), (1, 0))))
NOISE = Definition(Gate("noise", ("qubit",), kraus=(((0.6, 0), (0, 0.6)), ((0, 0.8), (0.8, 0)))))
MAGIC = Definition(Gate("magic", ("qumode", "qubit"), ("a", "b"), opaque=True))
GENERAL = replace(
    BASE, definitions=(TWIST, FLIP, NOISE, MAGIC, Definition(Gate("all", ("qubit",)), (Op(FLIP.gate, (0,)),))),
    body=(
        Op(TWIST.gate, (1, 0), (THETA,)), Op(FLIP.gate, (0, 1), (), (False,), True), Op(NOISE.gate, (1,)),
        Op(MAGIC.gate, (2, 1), (THETA, THETA)), Barrier((0, 3)), Op(TABLE["loss"], (2,), (THETA,)),
        Measure("z", 0, (0,)), If(((0, True),), (Measure("z", 1, (1,)), Barrier((1,)))),
        Postselect(((1, False), (0, True))), If(((1, True),), (Postselect(((1, True),)),)),
    ),
    outputs=(Samples((), (1,)),),
)  # fmt: skip


@pytest.mark.parametrize("module", [BASE, SHIFTED, ADJOINT, GENERAL], ids=["program", "shifted", "adjoint", "general"])
def test_sound_modules_pass(module: Module) -> None:
    """Would catch a rule that refuses what passes may make."""
    verify(module)


PROGRAM_FAULTS = {
    "unknown row": ("gate known", body(Op(Gate("rx", ("qubit",)), (0,)))),
    "undefined gate": ("gate known", replace(BASE, definitions=())),
    "missing wire": ("arity", on("cx", 0)),
    "control without wire": ("arity", body(Op(TABLE["x"], (0,), (), (True,)))),
    "missing angle": ("angle count", on("rx", 0)),
    "repeated wire": ("distinct wires", on("cx", 1, 1)),
    "control among targets": ("distinct wires", body(Op(TABLE["x"], (1, 1), (), (True,)))),
    "wire out of range": ("wire range", on("x", 4)),
    "negative wire": ("wire range", on("x", -1)),
    "qubit gate on qumode": ("wire kind", on("x", 2)),
    "qumode as control": ("wire kind", body(Op(TABLE["x"], (2, 0), (), (True,)))),
    "controlled preparation": ("modifier", body(Op(TABLE["vacuum"], (0, 2), (), (True,)))),
    "inverse rotation": ("modifier", body(Op(TABLE["rx"], (0,), (THETA,), (), True))),
    "inverse of s": ("modifier", body(Op(TABLE["s"], (0,), (), (), True))),
    "undeclared parameter": ("bound angles", on("rx", 0, angles=(parameter("phi"),))),
    "entry out of range": ("bound angles", on("rx", 0, angles=(parameter("w", 2),))),
    "array as a number": ("bound angles", on("rx", 0, angles=(parameter("w"),))),
    "inside a call": ("bound angles", on("rx", 0, angles=(THETA * parameter("phi"),))),
    "infinite angle": ("bound angles", on("rx", 0, angles=(number(math.inf),))),
    "zero term": ("bound angles", on("rx", 0, angles=(Angle(Number(), ((Element("theta"), Number()),)),))),
    "inside a region": ("wire range", body(Measure("z", 0, (0,)), If(((0, True),), (), (Op(TABLE["x"], (9,)),)))),
    "name twice": ("unique names", replace(BASE, parameters=(Parameter("q"),), body=(), outputs=())),
    "gate twice": ("unique names", defining(FOO, FOO)),
    "observable's name": ("unique names", expecting(operator((1, "Z0")), "theta")),
    "empty register": ("size", replace(BASE, registers=(*BASE.registers, Register("e", "bit", 0)))),
    "defined by more": ("definition", defining(replace(FOO, gate=replace(FOO.gate, word="x a;")))),
    "defined as rx": ("definition", defining(Definition(Gate("rx", ("qubit",)), ()))),
    "equal parameters": ("definition", defining(Definition(Gate("bar", ("qubit",), ("a", "a")), ()))),
    "prepares": ("definition", defining(Definition(Gate("bar", ("qumode",)), (Op(TABLE["vacuum"], (0,)),)))),
    "recursion": ("gate known", defining(replace(FOO, body=(Op(FOO.gate, (0, 1), (parameter("alpha"),)),)))),
    "program's parameter": ("bound angles", defining(replace(FOO, body=(Op(TABLE["rotate"], (1,), (THETA,)),)))),
    "reset nowhere": ("measurement", body(Reset(4))),
    "qubit into int": ("measurement", body(Measure("z", 0, (2,)))),
    "homodyne of a qubit": ("measurement", body(Measure("homodyne", 0, (3,)))),
    "one real for two": ("measurement", body(Measure("heterodyne", 2, (3,)))),
    "two registers": ("measurement", body(Measure("heterodyne", 2, (4, 5)))),
    "angle of counting": ("measurement", body(Measure("fock", 2, (2,), THETA))),
    "measured angle": ("measurement", body(Measure("homodyne", 2, (3,), parameter("phi")))),
    "condition on an int": ("condition", body(Measure("fock", 2, (2,)), If(((2, True),), ()))),
    "no condition": ("condition", body(If((), ()))),
    "read before": ("definite assignment", body(If(((0, True),), ()))),
    "in the other branch": (
        "definite assignment",
        body(Measure("z", 0, (0,)), If(((0, True),), (Measure("z", 1, (1,)),), (If(((1, True),), ()),))),
    ),
    "kept before": ("definite assignment", body(Postselect(((0, True),)))),
    "kept on an int": ("condition", body(Measure("fock", 2, (2,)), Postselect(((2, True),)))),
    "kept on nothing": ("condition", body(Postselect(()))),
    "barrier out of range": ("barrier", body(Barrier((0, 4)))),
    "barrier twice on a wire": ("barrier", body(Barrier((1, 1)))),
    "barrier on nothing": ("barrier", body(Barrier(()))),
    "controlled channel": ("modifier", body(Op(TABLE["bit_flip"], (0, 1), (THETA,), (True,)))),
    "inverse channel": ("modifier", body(Op(TABLE["bit_flip"], (0,), (THETA,), (), True))),
    "channel in a body": (
        "definition", defining(Definition(Gate("bar", ("qubit",)), (Op(TABLE["bit_flip"], (0,), (number(0.1),)),)))
    ),
    "not unitary": ("definition", row(("qubit",), matrix=((1, 0), (0, 1.001)))),
    "matrix too small": ("definition", row(("qubit", "qubit"), matrix=((1, 0), (0, 1)))),
    "ragged matrix": ("definition", row(("qubit",), matrix=((1,), (0, 1)))),
    "matrix with an angle": ("definition", row(("qubit",), ("a",), matrix=((1, 0), (0, 1)))),
    "matrix of a qumode": ("definition", row(("qumode",), matrix=((1, 0), (0, 1)))),
    "matrix and body": (
        "definition", row(("qubit",), matrix=((1, 0), (0, 1), (Op(TABLE["x"], (0,)),)))
    ),
    "matrix and opaque": ("definition", row(("qubit",), matrix=((1, 0), (0, 1)), opaque=True)),
    "incomplete": ("definition", row(("qubit",), kraus=(((0.5, 0), (0, 0.5)),))),
    "generator of two angles": (
        "definition", row(("qubit",), ("a", "b"), operator((1, "X0")))
    ),
    "generator out of range": ("definition", row(("qubit",), ("a",), operator((1, "X1")))),
    "generator of another kind": ("definition", row(("qubit",), ("a",), operator((1, "x0")))),
    "a Hamiltonian of light": ("definition", row(("qumode",), ("a",), hamiltonian=of_one("x", "p"))),
    "a Hamiltonian of an unknown parameter": ("definition", row(("qubit",), ("b",), hamiltonian=of_one("X", "Z"))),
    "a Hamiltonian that is a generator": (
        "definition", row(("qubit",), ("a",), hamiltonian=of_one("X", "Z", offset=Angle()))
    ),
    "a Hamiltonian of commuting words": (
        "definition", row(("qubit",), ("a",), hamiltonian=of_one("Z"))
    ),
    "a constant Hamiltonian": ("definition", row(("qubit",), ("a",), hamiltonian=operator((1, "X0"), (1, "Z0")))),
    "a Hamiltonian and a generator": (
        "definition", row(("qubit",), ("a",), operator((1, "X0")), hamiltonian=of_one("X", "Z"))
    ),
    "symbolic generator": (
        "definition",
        defining(Definition(Gate("bar", ("qubit",), ("a",), Operator((((("X", 0),), parameter("a")),))))),
    ),
    "sampled before": ("definite assignment", replace(body(), outputs=(Samples((), (0,)),))),
    "pauli on qumode": ("observable", expecting(operator((1, "Z2")))),
    "quadrature on qubit": ("observable", expecting(operator((1, "x0")))),
    "observable out of range": ("observable", expecting(operator((1, "Z7")))),
    "not Hermitian": ("observable", expecting(Operator(((((("x", 2), ("p", 2))), number(1.0)),)))),
    "unsorted": ("observable", expecting(Operator(((((("Z", 1),)), number(1.0)), ((("Z", 0),), number(1.0)))))),
    "zero coefficient": ("observable", expecting(Operator((((("Z", 0),), Angle()),)))),
    "not multiplied": ("observable", expecting(Operator((((("Z", 0), ("Z", 0)), number(1.0)),)))),
    "unbound coefficient": ("observable", expecting(Operator((((("Z", 0),), parameter("phi")),)))),
    "letter for a parameter": ("observable", replace(
        expecting(Operator((((("Z", 0),), parameter("X", 0)),))), parameters=(Parameter("X", 1),), body=()
    )),
    "two by one name": (
        "observable",
        outputs(
            Expectation(Observable(operator((1, "Z0")), "H")), Expectation(Observable(operator((1, "Z1")), "H"))
        ),
    ),
    "listed twice": ("output", outputs(Probabilities((0, 0)))),
    "output out of range": ("output", outputs(Probabilities((4,)))),
    "nothing listed": ("output", outputs(Probabilities(()))),
}  # fmt: skip
DERIVATIVE_FAULTS = {
    "template twice": ("templates", replace(SHIFTED, templates=(SHIFTED.templates[0],) * 2)),
    "declared in two ways": (
        "templates",
        replace(SHIFTED, templates=(Template("a", BASE), Template("b", Program((), (Parameter("theta", 3),))))),
    ),
    "template's own fault": ("wire range", replace(SHIFTED, templates=(Template("a", on("x", 4)),))),
    "row of no template": ("rows", replace(SHIFTED, rows=(Row(2), Row(1)))),
    "unsorted row": ("rows", replace(SHIFTED, rows=(Row(0, SHIFTED.rows[0].settings[::-1]), Row(1)))),
    "sets no slot": ("rows", replace(SHIFTED, rows=(Row(0, ((Element("theta"), number(1.0)),)), Row(1)))),
    "slot out of range": ("rows", replace(SHIFTED, rows=(Row(0, ((Element("s", 2), number(1.0)),)), Row(1)))),
    "set by a slot": ("rows", replace(SHIFTED, rows=(Row(0, ((Element("s", 0), parameter("s", 1)),)), Row(1)))),
    "evaluations out of order": ("components", reading((Evaluation(1, 0), Evaluation(0, 0)))),
    "divisors out of order": ("components", reading((), (Evaluation(1, 0), Evaluation(0, 0)))),
    "a metric by one": ("components", replace(SHIFTED, components=(Component(None, (Element("theta"),), ()),))),
    "a certificate of a slot": ("components", replace(SHIFTED, certificates=(Certificate((Element("s", 0),), 2, 2),))),
    "equal rows": ("rows", replace(SHIFTED, rows=(Row(1), Row(1)))),
    "reads no row": ("components", replace(SHIFTED, rows=SHIFTED.rows[:1])),
    "reads no output": ("components", replace(SHIFTED, templates=(Template("t0", BASE), Template("t1", body())))),
    "wrt a slot": ("components", replace(SHIFTED, components=(Component(0, (Element("s", 0),), ()),))),
    "unbound weight": (
        "components", replace(SHIFTED, components=(Component(0, (), (Reading(parameter("phi"), ()),)),))
    ),
    "irreversible": ("reverse", replace(
        ADJOINT, forward=replace(ADJOINT.forward, registers=(Register("m", "qumode", 1),)),
        reverse=(Op(TABLE["vacuum"], (0,)),), slots=0, components=(),
    )),
    "a way back over nothing": ("reverse", replace(ADJOINT, reverse=(*ADJOINT.reverse, Reset(0)))),
    "a way back into no region": ("reverse", replace(ADJOINT, reverse=(*ADJOINT.reverse, Undo(((0, True),), ())))),
    "observed out of range": ("adjoint components", replace(ADJOINT, components=(
        AdjointComponent(0, Element("theta"), (), ((number(1.0), Expectation(Observable(operator((1, "Z9"))))),)),
    ))),
    "reverse out of range": ("wire range", replace(ADJOINT, reverse=(*ADJOINT.reverse, Op(TABLE["x"], (2,))))),
    "too many slots": ("gradients", replace(ADJOINT, slots=2)),
    "negative slot": ("gradients", replace(ADJOINT, reverse=(Gradient(-1, operator((1, "Z0"))), *ADJOINT.reverse))),
    "generator out of range": ("gradients", replace(ADJOINT, reverse=(Gradient(0, operator((0.5, "X2"))),))),
    "within what has no Hamiltonian": ("gradients", replace(
        ADJOINT, reverse=(Gradient(0, operator((0.5, "X0")), Op(TABLE["rx"], (0,), (THETA,))),)
    )),
    "within what it is outside of": ("gradients", within(operator((0.5, "Z1")), 0)),
    "within a gate out of range": ("wire range", within(operator((0.5, "Z2")), 2)),
    "reads no slot": ("adjoint components", replace(
        ADJOINT, components=(AdjointComponent(0, Element("theta"), ((number(1.0), 1),)),)
    )),
    "no such output": ("adjoint components", replace(ADJOINT, components=(AdjointComponent(1, Element("theta"), ()),))),
    "wrt nothing": ("adjoint components", replace(ADJOINT, components=(AdjointComponent(0, Element("phi"), ()),))),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "module"), PROGRAM_FAULTS.values(), ids=PROGRAM_FAULTS.keys())
def test_a_broken_program_is_refused(rule: str, module: Program) -> None:
    """Would catch a rule that sees nothing, or is reported under another's name."""
    with pytest.raises(AssertionError, match=f"^after fold: {rule}: "):
        verify(module, "fold")


@pytest.mark.parametrize(("rule", "module"), DERIVATIVE_FAULTS.values(), ids=DERIVATIVE_FAULTS.keys())
def test_a_broken_derivative_is_refused(rule: str, module: Module) -> None:
    """Would catch a rule that sees nothing, or is reported under another's name."""
    with pytest.raises(AssertionError, match=f"^{rule}: "):
        verify(module)


def test_it_is_linear() -> None:
    """Would catch a rule that walks the program once for each op: 50 000 ops would take hours."""
    ops = tuple(Op(TABLE["rx"], (k % 2,), (THETA,)) for k in range(50_000))
    verify(body(*ops))
