"""Emission of barriers, post-selection, noise and gates of the program's own: said, decomposed, or refused in place."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pytest

from qcompile.angle import number, parameter
from qcompile.diagnostics import Code, CompileError, CompileWarning, Source, Span
from qcompile.gates import TABLE, Gate, Kind
from qcompile.grammar import parse
from qcompile.ir import (
    Barrier,
    Definition,
    Expectation,
    If,
    Measure,
    Observable,
    Op,
    Parameter,
    Postselect,
    Program,
    Register,
    Statement,
)
from qcompile.operator import operator
from qcompile.passes.differentiate import differentiate
from qcompile.targets import bundle, emit

SPAN = Span(Source("some.qc", "first\nsecond"), 6, 12)
MAGIC = Gate("magic", ("qubit", "qubit"), ("a",), opaque=True)


def program(*body: Statement, kind: Kind = "qubit", gates: tuple[Gate, ...] = ()) -> Program:
    registers = (Register("q", kind, 2), *((Register("c", "bit", 1),) if kind == "qubit" else ()))
    return Program(registers, (), tuple(Definition(gate, (), SPAN) for gate in gates), body)


def h(wire: int) -> Op:
    return Op(TABLE["h"], (wire,))


def refused(made: Program, language: str) -> Code:
    """The code of the one fault, which is in its place and says what to do."""
    with pytest.raises(CompileError) as caught:
        emit(made, language)
    (fault,) = caught.value.diagnostics
    assert fault.span == SPAN
    assert fault.help
    return fault.code


@pytest.mark.parametrize("language", ["openqasm3", "openqasm2"])
def test_a_barrier_where_there_is_one(language: str) -> None:
    """Would catch a barrier moved, on other wires, or under an OpenQASM 2 `if`, which takes gates alone."""
    lines = emit(program(h(0), Barrier((1, 0)), h(1)), language).splitlines()
    assert lines[-3:] == ["h q[0];", "barrier q[1], q[0];", "h q[1];"]
    inside = (Measure("z", 0, (0,)), If(((0, True),), (h(1), Barrier((0, 1)), h(0))))
    text = emit(program(h(0), *inside), language)
    assert [line.strip() for line in text.splitlines()].count("barrier q[0], q[1];") == 1


@pytest.mark.parametrize(("language", "kind"), [("quil", "qubit"), ("blackbird", "qumode")])
def test_a_barrier_is_dropped_aloud(language: str, kind: Kind) -> None:
    """Would catch a barrier that clients refuse, or that goes without a word."""
    gate = h(0) if kind == "qubit" else Op(TABLE["rotate"], (0,), (number(0.3),))
    made = program(gate, Barrier((0, 1), SPAN), replace(gate, wires=(1,)), kind=kind)
    with pytest.warns(CompileWarning) as caught:
        text = emit(made, language)
    (warning,) = caught.list
    assert isinstance(warning.message, CompileWarning)
    assert warning.message.diagnostic.code is Code.DROPPED
    assert warning.message.diagnostic.span == SPAN
    assert "arrier" not in text


@pytest.mark.parametrize("language", ["openqasm3", "openqasm2", "quil"])
@pytest.mark.parametrize("nested", [False, True])
def test_post_selection_has_no_text(language: str, nested: bool) -> None:
    """Would catch a selection dropped: every run would count."""
    selection: Statement = Postselect(((0, True),), SPAN)
    selection = If(((0, True),), (selection,), (), SPAN) if nested else selection
    assert refused(program(h(0), Measure("z", 0, (0,)), selection), language) is Code.UNSAYABLE


@pytest.mark.parametrize("language", ["openqasm3", "openqasm2", "quil"])
@pytest.mark.parametrize("name", ["depolarizing", "amplitude_damping", "noise"])
def test_noise_has_no_text_on_qubits(language: str, name: str) -> None:
    """Would catch noise dropped, or its dilation emitted on wires that are not there."""
    noise = Gate("noise", ("qubit",), kraus=(((0.6, 0), (0, 0.6)), ((0, 0.8), (0.8, 0))))
    gate = TABLE.get(name, noise)
    op = Op(gate, (0,), tuple(number(0.1) for _ in gate.parameters), span=SPAN)
    assert refused(program(h(0), op, gates=(noise,) if gate is noise else ()), language) is Code.UNSAYABLE


def test_loss_of_light_has_a_name() -> None:
    """Would catch a channel refused that Blackbird has, or a strength that it would take and nobody could."""
    loss = Op(TABLE["loss"], (0,), (number(0.5),))
    thermal = Op(TABLE["thermal_loss"], (1,), (number(0.5), number(0.25)))
    lines = emit(program(loss, thermal, kind="qumode"), "blackbird").splitlines()
    assert lines[-2:] == ["LossChannel(0.5) | 0", "ThermalLossChannel(0.5, 0.25) | 1"]
    too_much = Op(TABLE["loss"], (0,), (number(1.5),), span=SPAN)
    assert refused(program(too_much, kind="qumode"), "blackbird") is Code.BAD_VALUE


def test_opaque_gates_in_openqasm2() -> None:
    """Would catch a declaration lost, in another order of wires or angles, or one for a gate that is not used."""
    idle = Gate("idle", ("qubit",), opaque=True)
    text = emit(program(h(0), Op(MAGIC, (1, 0), (number(0.5),)), gates=(MAGIC, idle)), "openqasm2")
    assert "opaque magic(par_a) a, b;" in text
    assert "idle" not in text
    assert text.splitlines()[-1] == "magic(0.5) q[1], q[0];"


@pytest.mark.parametrize("language", ["openqasm3", "quil"])
def test_opaque_gates_elsewhere(language: str) -> None:
    """Would catch a gate that readers do not know."""
    made = program(Op(MAGIC, (0, 1), (number(0.5),), span=SPAN), gates=(MAGIC,))
    assert refused(made, language) is Code.UNSAYABLE


@pytest.mark.parametrize("name", ["Magic", "u3", "barrier", "q"])
def test_names_that_openqasm2_cannot_give(name: str) -> None:
    """Would catch a text that no reader takes, or that means another gate."""
    gate = replace(MAGIC, name=name)
    assert refused(program(Op(gate, (0, 1), (number(0.5),)), gates=(gate,)), "openqasm2") is Code.UNSAYABLE


def test_an_opaque_gate_under_controls() -> None:
    """Would catch a modifier written in a language that has none."""
    gate = Gate("magic", ("qubit",), opaque=True)
    for op in (Op(gate, (0, 1), (), (True,), span=SPAN), Op(gate, (0,), (), (), True, SPAN)):
        assert refused(program(op, gates=(gate,)), "openqasm2") is Code.UNSAYABLE


def test_a_bundle_of_a_program_with_gates_of_its_own() -> None:
    """Would catch a definition that stays in files whose readers do not know it, or slots that synthesis loses."""
    turn = Gate("turn", ("qubit", "qubit"), ("a",), TABLE["rxx"].generator)
    made = Program(
        (Register("q", "qubit", 2),), (Parameter("t"),), (Definition(turn),), (Op(turn, (0, 1), (parameter("t"),)),),
    )  # fmt: skip
    made = replace(made, outputs=(Expectation(Observable(operator((1, "Z0")))),))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        files = bundle(differentiate(made), "openqasm3").files
    assert "turn" not in "".join(files.values())
    assert any("slot_" in text for text in files.values())


@pytest.mark.parametrize(
    ("condition", "expected"),
    [("d && d", ["if (bit_d == 1) {"]), ("d && !d", ["if (bit_d[0]) {", "if (bit_d[0] == false) {"])],
)
def test_a_bit_that_a_condition_names_twice(condition: str, expected: list[str]) -> None:
    """Would catch the register compared with a sum that counts a bit twice, or with 1 where it is to be 0 as well."""
    text = (
        f"qubit q; bit d[1]; h q; d[0] = measure q; if ({condition.replace('d', 'd[0]')}) {{ x q; }} return samples(d);"
    )
    made = parse(text)
    assert isinstance(made, Program)
    tests = [line.strip() for line in emit(made, "openqasm3").splitlines() if line.strip().startswith("if")]
    assert tests == expected


def test_a_bit_named_twice_among_many() -> None:
    """Would catch five tests of four bits taken for a test of a whole register of five."""
    bits = "c[0] && c[0] && c[1] && c[2] && c[3]"
    body = f"h q; c = measure q; if ({bits}) {{ x q[0]; }} if (c == 3) {{ x q[1]; }}"
    made = parse(f"qubit q[5]; bit c[5]; {body} return samples(c);")
    assert isinstance(made, Program)
    with pytest.raises(CompileError) as caught:
        emit(made, "openqasm2")
    assert caught.value.diagnostics[0].code is Code.UNSAYABLE


@pytest.mark.parametrize("use", ["rotate(0.3) m;", "k[1] = measure m;", "r = homodyne(0) m;"])
def test_blackbird_has_no_use_of_a_mode_that_was_detected(use: str) -> None:
    """Would catch a mode that our language leaves with its photons and Strawberry Fields in the vacuum."""
    text = f"qumode m; int k[2]; real r; fock(2) m; k[0] = measure m; {use} return samples(k[0]);"
    with pytest.raises(CompileError) as refused:
        emit(parse(text), "blackbird")
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code is Code.UNSAYABLE
    assert diagnostic.span is not None
    assert text[diagnostic.span.start : diagnostic.span.end] in use
    assert "Vacuum() | 0" in emit(parse(text.replace(use, f"vacuum m; {use}")), "blackbird")
