"""How a pass reaches every program and every body of a module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Protocol, TypeAlias, assert_never, runtime_checkable

from qcompile.ir import (
    Adjoint,
    Barrier,
    Gradient,
    If,
    Measure,
    Module,
    Op,
    Postselect,
    Program,
    Reset,
    Shifted,
    Statement,
)

Step: TypeAlias = Statement | Gradient
Body: TypeAlias = tuple[Step, ...]


@runtime_checkable
class Pass(Protocol):
    """A pure map of modules. Its options are the fields of the frozen dataclass that it is."""

    name: ClassVar[str]

    def __call__(self, module: Module, /) -> Module: ...


def map_programs(module: Module, f: Callable[[Program], Program]) -> Module:
    """The module with `f` applied to every program in it; of an adjoint, to the forward program.

    For an adjoint `f` must keep the final state: the reverse schedule sets out from it.
    """
    match module:
        case Program():
            return f(module)
        case Shifted():
            return replace(module, templates=tuple(replace(t, program=f(t.program)) for t in module.templates))
        case Adjoint():
            return replace(module, forward=f(module.forward))
        case _:
            assert_never(module)


def map_bodies(module: Module, f: Callable[[Body, Program], Body]) -> Module:
    """The module with `f` applied to every body, regions of `if` first; and to the reverse schedule of an adjoint.

    `f` gets the program that the body belongs to. It must keep each body's unitary, and take what is no unitary op
    (`if`, `measure`, `reset`, `barrier`, `gradient`, preparations, channels, opaque gates) as a barrier on its wires.
    """
    rewritten = map_programs(module, lambda program: replace(program, body=_region(program.body, program, f)))
    if not isinstance(rewritten, Adjoint):
        return rewritten
    reverse = f(rewritten.reverse, rewritten.forward)
    return replace(rewritten, reverse=tuple(step for step in reverse if isinstance(step, Op | Gradient)))


def map_ops(module: Module, f: Callable[[Op, Program], tuple[Op, ...]]) -> Module:
    """The module with every op replaced by what `f` makes of it."""

    def rewrite(body: Body, program: Program) -> Body:
        return tuple(part for step in body for part in (f(step, program) if isinstance(step, Op) else (step,)))

    return map_bodies(module, rewrite)


def wires_of(step: Step) -> tuple[int, ...]:
    """Every wire that the step touches, or keeps other steps from crossing."""
    match step:
        case Op() | Gradient() | Barrier():
            return step.wires
        case Measure() | Reset():
            return (step.wire,)
        case Postselect():
            return ()
        case If():
            inner = (*step.then, *step.otherwise)
            return tuple(sorted({wire for statement in inner for wire in wires_of(statement)}))
        case _:
            assert_never(step)


def is_unitary(step: Step) -> bool:
    """Is the step a gate, and is it known what it does?"""
    return isinstance(step, Op) and step.gate.is_unitary and not step.gate.opaque


def is_phase(step: Step) -> bool:
    """Is the step a global phase? It acts on no wire and commutes with everything."""
    return isinstance(step, Op) and not step.wires


def _region(body: tuple[Statement, ...], program: Program, f: Callable[[Body, Program], Body]) -> tuple[Statement, ...]:
    inner = tuple(
        replace(s, then=_region(s.then, program, f), otherwise=_region(s.otherwise, program, f))
        if isinstance(s, If)
        else s
        for s in body
    )
    return tuple(step for step in f(inner, program) if not isinstance(step, Gradient))
