"""A program as shifted circuits of one row: expectations and probabilities, and what its outputs make of them."""

from __future__ import annotations

from dataclasses import replace

from qcompile.angle import number
from qcompile.diagnostics import Code, error
from qcompile.ir import (
    Component,
    Evaluation,
    Expectation,
    Observable,
    Output,
    Probabilities,
    Program,
    Reading,
    Row,
    Shifted,
    Template,
    Variance,
)
from qcompile.operator import multiply
from qcompile.passes.inline import Inline


def lift(program: Program) -> Shifted:
    """The program as shifted circuits of one row: its values, by nothing yet.

    A variance becomes ⟨O²⟩ − ⟨O⟩², so that its derivative is a polynomial in evaluations.
    """
    whole = inlined(program)
    outputs: list[Output] = []
    components: list[Component] = []
    for k, output in enumerate(whole.outputs):
        position = len(outputs)
        readings: tuple[Reading, ...]
        match output:
            case Expectation() | Probabilities():
                outputs.append(output)
                readings = (_reading(1.0, position),)
            case Variance(observable, span):
                square = multiply(observable.operator, observable.operator)
                mean = _reading(-1.0, position, position)
                outputs.append(Expectation(observable, span))
                if square.support:
                    outputs.append(Expectation(Observable(square), span))
                    readings = (_reading(1.0, position + 1), mean)
                else:  # a Pauli word squares to a number, which needs no circuit
                    readings = (*(Reading(coefficient, ()) for _, coefficient in square.terms), mean)
            case _:
                raise error(
                    Code.NOT_DIFFERENTIABLE, "this output has no derivative", output.span,
                    "return an expectation, a variance or probabilities",
                )  # fmt: skip
        components.append(Component(k, (), readings))
    if not components:
        raise error(Code.NOT_DIFFERENTIABLE, "the program returns nothing", help="end it with `return expect(…);`")
    template = Template("t0", replace(whole, outputs=tuple(outputs)))
    return Shifted((template,), (Row(0),), tuple(components))


def inlined(program: Program) -> Program:
    found = Inline()(program)
    if not isinstance(found, Program):
        raise AssertionError("inlining a program gives a program")
    return found


def _reading(weight: float, *outputs: int) -> Reading:
    return Reading(number(weight), tuple(Evaluation(0, output) for output in outputs))
