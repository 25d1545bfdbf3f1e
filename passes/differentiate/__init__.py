"""Differentiation: a module comes in, a module that computes its derivatives goes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from qcompile.angle import Element
from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.ir import Adjoint, Module, Op, Program, Samples, Shifted, State
from qcompile.passes.differentiate.adjoint.derivative import adjoint_derivative
from qcompile.passes.differentiate.lift import inlined, lift
from qcompile.passes.differentiate.methods import ADJOINT, BY_NAME, METHODS, Options, chosen


@dataclass(frozen=True)
class Differentiate:
    """The pass: derivatives by every trained parameter. `differentiate,differentiate` is a Hessian.

    The other options are those of the method; `docs/derivatives` tells them.
    """

    name: ClassVar[str] = "differentiate"
    method: str = "auto"
    mode: str = "auto"
    order: int = 2
    step: str = ""
    samples: int = 1
    seed: int = 0

    def __call__(self, module: Module) -> Module:
        name, _ = chosen(self.method)
        return _differentiated(module, None, name, Options(self.mode, self.order, self.step, self.samples, self.seed))


def differentiate(module: Module, wrt: Sequence[str] | str | None = None, method: str = "auto") -> Shifted | Adjoint:
    """The module that computes the values and derivatives of every output.

    Applied to shifted circuits again it gives the next order: a Hessian is the pass applied twice.

    Args:
        wrt: names of parameters (`theta`), or of one entry (`w[2]`); every trained parameter by default.
        method: one of METHODS, with its options in braces (`hadamard{mode=reversed}`, `spsa{samples=20,seed=7}`):
            `adjoint` is for the simulator; `auto` takes the exact rules that hardware can say.

    Raises:
        CompileError: NO_RULE, NOT_DIFFERENTIABLE, METHOD, UNKNOWN_OPTION, UNKNOWN_NAME, UNKNOWN_EFFECT.
    """
    return _differentiated(module, wrt, *chosen(method))


def _differentiated(
    module: Module, wrt: Sequence[str] | str | None, method: str, options: Options
) -> Shifted | Adjoint:
    if isinstance(module, Adjoint):
        raise error(Code.METHOD, "an adjoint program is not differentiated again", help="apply `shift` twice instead")
    program = module.templates[0].program if isinstance(module, Shifted) else module
    elements = wanted_elements(program, wrt)
    _check_known(module)
    if method != ADJOINT:
        _check_returned(module)
        return BY_NAME[method](lift(module) if isinstance(module, Program) else module, elements, options)
    if isinstance(module, Shifted):
        raise error(Code.METHOD, "the adjoint method takes a program, not shifted circuits")
    return adjoint_derivative(inlined(module), elements)


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
    for program in _programs(module):
        bodies = (op for definition in program.definitions for op in definition.body)
        for statement in (*program.statements(), *bodies):
            if isinstance(statement, Op) and statement.gate.opaque:
                advice = "give it a body, a matrix or a generator"
                label = f"`{statement.gate.name}` is opaque, so nothing is known of what comes through it"
                raise error(Code.UNKNOWN_EFFECT, label, statement.span, advice)


def _check_returned(module: Program | Shifted) -> None:
    """Raises NOT_DIFFERENTIABLE, at samples or a state."""
    for output in (output for program in _programs(module) for output in program.outputs):
        if isinstance(output, Samples | State):
            advice = "return an expectation, a variance or probabilities"
            raise error(Code.NOT_DIFFERENTIABLE, "this output has no derivative", output.span, advice)


def _programs(module: Program | Shifted) -> list[Program]:
    return [template.program for template in module.templates] if isinstance(module, Shifted) else [module]


__all__ = ["METHODS", "Differentiate", "differentiate", "lift", "wanted_elements"]
