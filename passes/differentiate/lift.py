"""A program as shifted circuits of one row: expectations and probabilities, and what its outputs make of them."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from qcompile.angle import number
from qcompile.diagnostics import Code, error
from qcompile.ir import (
    Component,
    Covariance,
    Evaluation,
    Expectation,
    Observable,
    Output,
    Postselect,
    Probabilities,
    Program,
    Reading,
    Row,
    Samples,
    Shifted,
    State,
    Template,
    Variance,
)
from qcompile.operator import Operator, multiply
from qcompile.passes.inline import Inline

_OF_EVERY_RUN = Expectation(Observable(Operator((((), number(1.0)),))), None, unnormalised=True)


def lift(program: Program) -> Shifted:
    """The program as shifted circuits of one row: its values, by nothing yet.

    A variance becomes ⟨O²⟩ − ⟨O⟩², so that its derivative is a polynomial in evaluations. What post-selection keeps is
    linear in the state while it is not normalised, so ⟨O⟩ becomes `unnormalised_expect(O)` ÷ `unnormalised_expect(1)`.
    Samples and the state, of which nothing is made, stay as they are.
    """
    whole = inlined(program)
    if not whole.outputs:
        raise error(Code.NOT_DIFFERENTIABLE, "the program returns nothing", help="end it with `return expect(…);`")
    lifting = _Lifting(whole)
    components = tuple(Component(k, (), lifting.readings(output)) for k, output in enumerate(whole.outputs))
    template = Template("t0", replace(whole, outputs=tuple(lifting.outputs)))
    return Shifted((template,), (Row(0),), components)


def inlined(program: Program) -> Program:
    found = Inline()(program)
    if not isinstance(found, Program):
        raise AssertionError("inlining a program gives a program")
    return found


class _Lifting:
    """The template's outputs, as those of the program come to need them."""

    def __init__(self, program: Program) -> None:
        self.outputs: list[Output] = []
        self._selects = any(isinstance(statement, Postselect) for statement in program.statements())

    def readings(self, output: Output) -> tuple[Reading, ...]:
        """What the output is of those that the template has."""
        match output:
            case Expectation() | Probabilities():
                return (self._reading(1.0, self._measured(output)),)
            case Variance(observable, span):
                mean = self._measured(Expectation(observable, span))
                return (*self._product(observable, observable, output), self._reading(-1.0, mean, mean))
            case Covariance(left, right, span):
                means = [self._measured(Expectation(observable, span)) for observable in (left, right)]
                return (*self._product(left, right, output), self._reading(-1.0, *means))
            case Samples() | State():
                self.outputs.append(output)
                return (self._reading(1.0, (len(self.outputs) - 1, None)),)
            case _:
                assert_never(output)

    def _product(self, left: Observable, right: Observable, output: Output) -> tuple[Reading, ...]:
        """½⟨AB + BA⟩. A Pauli word squares to a number, which needs no circuit."""
        product = multiply(left.operator, right.operator)
        if not product.support:
            return tuple(Reading(coefficient, ()) for _, coefficient in product.terms)
        return (self._reading(1.0, self._measured(Expectation(Observable(product), output.span))),)

    def _measured(self, output: Expectation | Probabilities) -> tuple[int, int | None]:
        """The places of an output of the template and of what it is divided by."""
        self.outputs.append(replace(output, unnormalised=True) if self._selects else output)
        place = len(self.outputs) - 1
        if not self._selects or output.unnormalised:
            return place, None
        if _OF_EVERY_RUN not in self.outputs:
            self.outputs.append(_OF_EVERY_RUN)
        return place, self.outputs.index(_OF_EVERY_RUN)

    def _reading(self, weight: float, *places: tuple[int, int | None]) -> Reading:
        over = sorted(Evaluation(0, place) for place, _ in places)
        under = (Evaluation(0, share) for _, share in places if share is not None)
        return Reading(number(weight), tuple(over), tuple(under))
