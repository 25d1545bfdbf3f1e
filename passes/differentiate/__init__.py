"""Differentiation: a module comes in, a module that computes its derivatives goes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from qcompile.angle import Element, number
from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.ir import (
    Adjoint,
    Component,
    Evaluation,
    Expectation,
    Module,
    Observable,
    Op,
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
from qcompile.passes.differentiate.adjoint import adjoint_derivative
from qcompile.passes.differentiate.shift import shifted_derivative
from qcompile.passes.inline import Inline

METHODS = ("auto", "shift", "adjoint")


@dataclass(frozen=True)
class Differentiate:
    """The pass: derivatives by every trained parameter. `differentiate,differentiate` is a Hessian."""

    name: ClassVar[str] = "differentiate"
    method: str = "auto"

    def __call__(self, module: Module) -> Module:
        return differentiate(module, None, self.method)


def differentiate(module: Module, wrt: Sequence[str] | str | None = None, method: str = "auto") -> Shifted | Adjoint:
    """The module that computes the values and derivatives of every output.

    Applied to shifted circuits again it gives the next order: a Hessian is the pass applied twice.

    Args:
        wrt: names of parameters (`theta`), or of one entry (`w[2]`); every trained parameter by default.
        method: `shift`, `adjoint` (for the simulator), or `auto`: what hardware can say, so `shift`.

    Raises:
        CompileError: NO_RULE, NOT_DIFFERENTIABLE, METHOD, UNKNOWN_OPTION, UNKNOWN_NAME, UNKNOWN_EFFECT.
    """
    if method not in METHODS:
        raise error(Code.UNKNOWN_OPTION, f"no method `{method}`", help=did_you_mean(method, METHODS))
    if isinstance(module, Adjoint):
        raise error(Code.METHOD, "an adjoint program is not differentiated again", help="apply `shift` twice instead")
    program = module.templates[0].program if isinstance(module, Shifted) else module
    elements = wanted_elements(program, wrt)
    _check_known(module)
    if method != "adjoint":
        return shifted_derivative(lift(module) if isinstance(module, Program) else module, elements)
    if isinstance(module, Shifted):
        raise error(Code.METHOD, "the adjoint method takes a program, not shifted circuits")
    return adjoint_derivative(_inlined(module), elements)


def lift(program: Program) -> Shifted:
    """The program as shifted circuits of one row: its values, by nothing yet.

    A variance becomes ⟨O²⟩ − ⟨O⟩², so that its derivative is a polynomial in evaluations.
    """
    inlined = _inlined(program)
    outputs: list[Output] = []
    components: list[Component] = []
    for k, output in enumerate(inlined.outputs):
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
    template = Template("t0", replace(inlined, outputs=tuple(outputs)))
    return Shifted((template,), (Row(0),), tuple(components))


def wanted_elements(program: Program, wrt: Sequence[str] | str | None) -> tuple[Element, ...]:
    """The parameter elements that the names stand for, in the program's order."""
    known = [p for p in program.parameters if p.role != "slot"]
    if wrt is None:
        return tuple(element for p in known if p.role == "param" for element in p.elements())
    names = [wrt] if isinstance(wrt, str) else list(wrt)
    spelled: dict[str, tuple[Element, ...]] = {str(element): (element,) for p in known for element in p.elements()}
    spelled |= {p.name: p.elements() for p in known}
    for name in names:
        if name not in spelled:
            raise error(Code.UNKNOWN_NAME, f"no parameter `{name}`", help=did_you_mean(name, spelled))
    return tuple(dict.fromkeys(element for name in names for element in spelled[name]))


def _check_known(module: Program | Shifted) -> None:
    """Raises UNKNOWN_EFFECT, at an opaque gate."""
    for program in [template.program for template in module.templates] if isinstance(module, Shifted) else [module]:
        bodies = (op for definition in program.definitions for op in definition.body)
        for statement in (*program.statements(), *bodies):
            if isinstance(statement, Op) and statement.gate.opaque:
                advice = "give it a body, a matrix or a generator"
                label = f"`{statement.gate.name}` is opaque, so nothing is known of what comes through it"
                raise error(Code.UNKNOWN_EFFECT, label, statement.span, advice)


def _inlined(program: Program) -> Program:
    inlined = Inline()(program)
    if not isinstance(inlined, Program):
        raise AssertionError("inlining a program gives a program")
    return inlined


def _reading(weight: float, *outputs: int) -> Reading:
    return Reading(number(weight), tuple(Evaluation(0, output) for output in outputs))


__all__ = ["METHODS", "Differentiate", "differentiate", "lift", "wanted_elements"]
