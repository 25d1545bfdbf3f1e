"""Numbers in the place of parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import assert_never

from qcompile.angle import Angle, Element, elements, number, substitute
from qcompile.diagnostics import Code, Span, did_you_mean, error
from qcompile.ir import (
    Barrier,
    Covariance,
    Expectation,
    If,
    Measure,
    Observable,
    Op,
    Output,
    Parameter,
    Postselect,
    Probabilities,
    Program,
    Reset,
    Samples,
    State,
    Statement,
    Variance,
)
from qcompile.operator import Operator
from qcompile.targets.expressions import angles


def bind_parameters(program: Program, values: Mapping[Element, float]) -> Program:
    """The program with numbers for the named elements; parameters with none left are gone.

    Raises:
        CompileError: UNKNOWN_NAME, BAD_VALUE, or BAD_NUMBER where an expression of the values is no real number.
    """
    known = {element: parameter for parameter in program.parameters for element in parameter.elements()}
    for element, value in values.items():
        if element not in known:
            near = did_you_mean(str(element), map(str, known))
            raise error(Code.UNKNOWN_NAME, f"no parameter `{element}`", None, near)
        if not math.isfinite(value):
            raise error(Code.BAD_VALUE, f"`{element}` is {value}", known[element].span, "give a finite real number")
    numbers = {element: number(value) for element, value in values.items()}
    return map_angles(replace(program, parameters=_unbound(program.parameters, numbers)), numbers)


def free_elements(program: Program) -> tuple[Element, ...]:
    """The parameter elements that the program's gates and measurements depend on, in order of use."""
    return tuple(dict.fromkeys(element for angle in angles(program) for element in elements(angle)))


def map_angles(program: Program, numbers: Mapping[Element, Angle]) -> Program:
    """The program with elements replaced in its statements and its outputs."""
    return replace(
        program,
        body=tuple(_bound_statement(statement, numbers) for statement in program.body),
        outputs=tuple(_bound_output(output, numbers) for output in program.outputs),
    )


def bind_angle(angle: Angle, numbers: Mapping[Element, Angle], span: Span | None = None) -> Angle:
    """The angle with elements replaced.

    Raises:
        CompileError: BAD_NUMBER.
    """
    try:
        return substitute(angle, numbers)
    except (ArithmeticError, ValueError) as fault:
        raise error(Code.BAD_NUMBER, f"`{angle}` is no real number at these values", span, str(fault)) from None


def _unbound(parameters: Iterable[Parameter], numbers: Mapping[Element, Angle]) -> tuple[Parameter, ...]:
    return tuple(p for p in parameters if any(element not in numbers for element in p.elements()))


def _bound_statement(statement: Statement, numbers: Mapping[Element, Angle]) -> Statement:
    match statement:
        case Op():
            bound = tuple(bind_angle(angle, numbers, statement.span) for angle in statement.angles)
            return replace(statement, angles=bound)
        case Measure():
            return replace(statement, angle=bind_angle(statement.angle, numbers, statement.span))
        case If():
            then = tuple(_bound_statement(inner, numbers) for inner in statement.then)
            otherwise = tuple(_bound_statement(inner, numbers) for inner in statement.otherwise)
            return replace(statement, then=then, otherwise=otherwise)
        case Reset() | Barrier() | Postselect():
            return statement
        case _:
            assert_never(statement)


def _bound_output(output: Output, numbers: Mapping[Element, Angle]) -> Output:
    match output:
        case Expectation() | Variance():
            return replace(output, observable=_bound_observable(output.observable, numbers, output.span))
        case Covariance(left, right, span):
            return Covariance(_bound_observable(left, numbers, span), _bound_observable(right, numbers, span), span)
        case Probabilities() | Samples() | State():
            return output
        case _:
            assert_never(output)


def _bound_observable(observable: Observable, numbers: Mapping[Element, Angle], span: Span | None) -> Observable:
    terms = tuple((word, bind_angle(c, numbers, span)) for word, c in observable.operator.terms)
    return Observable(Operator(tuple((word, c) for word, c in terms if not c.is_zero)), observable.name)
