"""Emission: names, refusals, levels; what the text means is for the real clients to say."""

from __future__ import annotations

import pytest
from clients import program_of

from qcompile.angle import Element, call, number, parameter
from qcompile.diagnostics import Code, CompileError
from qcompile.ir import Expectation, Op, Parameter, Program, Register
from qcompile.passes.differentiate import differentiate
from qcompile.targets import bundle, emit
from qcompile.targets.binding import bind_parameters
from qcompile.targets.emit import LANGUAGES
from qcompile.targets.expressions import Tree, emitted_names, prefix_tree


def refused(text: str, language: str) -> tuple[Code, str]:
    """The code, and the part of the source that the message marks."""
    with pytest.raises(CompileError) as caught:
        emit(program_of(text), language)
    fault = caught.value.diagnostics[0]
    assert fault.help
    return fault.code, "" if fault.span is None else fault.span.source.text[fault.span.start : fault.span.end]


def test_names_of_a_scalar_and_of_an_element_never_meet() -> None:
    """Would catch an array `w` and a scalar `w_0` that become one input."""
    parameters = (Parameter("w", 2), Parameter("w_0"), Parameter("w_1", None, "input"), Parameter("w", 2))
    program = Program((Register("q", "qubit", 1),), parameters)
    for arrays in (False, True):
        names = emitted_names([program], arrays)
        assert len(set(names.elements.values())) == 4


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_program_is_the_same_text(language: str) -> None:
    """Would catch an order that depends on hashing."""
    kind, gate = ("qumode", "rotate") if language == "blackbird" else ("qubit", "rx")
    text = f"{kind} a[3]; param w[2]; {gate}(w[0]*w[1]) a[0]; {gate}(0.5) a[1];"
    program = bind_parameters(program_of(text), {Element("w", 0): 0.5, Element("w", 1): 0.25})
    assert emit(program, language) == emit(program, language)


def test_the_level_is_heard() -> None:
    """Would catch an emission that does not optimise, or always does."""
    program = program_of("qubit q; h q; h q; return state();")
    assert "H 0" in emit(program, "quil", 0)
    assert "H 0" not in emit(program, "quil", 2)


def test_a_qumode_in_a_qubit_language() -> None:
    """Would catch a program of light written as qubits, and the other way round."""
    code, marked = refused("qubit q; qumode m; h q; rotate(0.1) m; return state();", "openqasm3")
    assert (code, "m" in marked) == (Code.UNSAYABLE, True)
    assert refused("qubit q; h q; return state();", "blackbird")[0] is Code.UNSAYABLE


def test_openqasm2_wants_numbers() -> None:
    """Would catch a free parameter in OpenQASM 2, and numbers that are not put in."""
    text = "qubit q; param theta; rx(2*theta) q; return expect(theta*Z[0]);"
    code, marked = refused(text, "openqasm2")
    assert (code, "theta" in marked) == (Code.UNBOUND, True)
    bound = bind_parameters(program_of(text), {Element("theta"): 0.25})
    assert "rx(0.5) q[0];" in emit(bound, "openqasm2")
    (output,) = bound.outputs
    assert isinstance(output, Expectation)
    assert output.observable.operator.terms[0][1] == number(0.25)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("bit c; c = measure q; if (c) { c = measure q; }", "c = measure q"),
        ("bit c[5]; for i in 0:5 { c[i] = measure q; } if (c == 3) { x q; } else { z q; }", "if (c == 3"),
    ],
)
def test_what_openqasm2_cannot_say(text: str, marked: str) -> None:
    """Would catch a condition that is dropped or written in a form its readers refuse."""
    code, place = refused(f"qubit q; {text} return samples(q);", "openqasm2")
    assert code is Code.UNSAYABLE
    assert place.startswith(marked)


def test_unknown_languages() -> None:
    """Would catch a traceback for a wrong word."""
    with pytest.raises(CompileError, match="openqasm3") as caught:
        emit(program_of("qubit q; h q;"), "openqasm")
    assert caught.value.diagnostics[0].code is Code.UNKNOWN_LANGUAGE


def test_derivatives_are_bundles() -> None:
    """Would catch a derivative squeezed into one program, and an adjoint one into a bundle."""
    program = program_of("qubit q; param a; rx(a) q; return expect(Z[0]);")
    with pytest.raises(CompileError) as caught:
        emit(differentiate(program), "quil")
    assert caught.value.diagnostics[0].code is Code.UNSAYABLE
    assert emit(differentiate(program), "qc").startswith("shifted;")
    with pytest.raises(CompileError) as caught:
        bundle(differentiate(program, None, "adjoint"), "quil")
    assert caught.value.diagnostics[0].code is Code.METHOD


def test_binding_a_part() -> None:
    """Would catch a bound element that stays, a free one that goes, and a condition's inside left alone."""
    text = "qubit q; bit c; param w[2]; c = measure q; if (c) { rx(w[0] + w[1]) q; } return samples(q);"
    bound = bind_parameters(program_of(text), {Element("w", 0): 0.5})
    assert bound.parameters == (Parameter("w", 2),)
    ops = [statement for statement in bound.statements() if isinstance(statement, Op)]
    assert [op.angles for op in ops] == [(number(0.5) + parameter("w", 1),)]
    both = dict.fromkeys(bound.parameters[0].elements(), 1.0)
    assert bind_parameters(program_of(text), both).parameters == ()


@pytest.mark.parametrize(
    ("values", "code"),
    [({Element("b"): 1.0}, Code.UNKNOWN_NAME), ({Element("a"): float("nan")}, Code.BAD_VALUE),
     ({Element("a"): -1.0}, Code.BAD_NUMBER)],
)  # fmt: skip
def test_binding_nonsense(values: dict[Element, float], code: Code) -> None:
    """Would catch a traceback, or a NaN in a program."""
    with pytest.raises(CompileError) as caught:
        bind_parameters(program_of("qubit q; param a; rx(log(a)) q;"), values)
    assert caught.value.diagnostics[0].code is code


def depth(tree: Tree) -> int:
    return 1 + max(depth(part) for part in tree) if isinstance(tree, list) else 0


def test_expressions_are_prefix_lists() -> None:
    """Would catch an operator outside of the closed set, and sums too deep for a reader's stack."""
    a, b = parameter("a"), parameter("b")
    program = Program((Register("q", "qubit", 1),), (Parameter("a"), Parameter("b"), Parameter("w", 800)))
    names = emitted_names([program], False)
    assert prefix_tree(number(0.5), names) == 0.5
    assert prefix_tree(a * number(2.0), names) == ["*", 2.0, "par_a"]
    assert [prefix_tree(call(f"arc{f}", a), names) for f in ("sin", "cos", "tan")] == [
        ["asin", "par_a"], ["acos", "par_a"], ["atan", "par_a"],
    ]  # fmt: skip
    assert prefix_tree(a / b, names) == ["*", "par_a", ["pow", "par_b", -1.0]]
    assert prefix_tree(a**b + number(1.0), names) == ["+", ["pow", "par_a", "par_b"], 1.0]
    total = number(0.0)
    for index in range(800):
        total += parameter("w", index)
    assert depth(prefix_tree(total, names)) <= 11
