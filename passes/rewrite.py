"""How a pass reaches every program and every body of a module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Protocol, TypeAlias, assert_never, runtime_checkable

from qcompile.ir import (
    Adjoint,
    Backward,
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
    Undo,
)

Step: TypeAlias = Statement | Undo | Gradient
Body: TypeAlias = tuple[Step, ...]
Rewrite: TypeAlias = Callable[[Body, Program], Body]


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


def map_bodies(module: Module, f: Rewrite) -> Module:
    """The module with `f` applied to every body, regions of `if` first; and to the reverse schedule of an adjoint.

    `f` gets the program that the body belongs to. It must keep each body's unitary, and take what is no unitary op
    (regions, `measure`, `reset`, `barrier`, `gradient`, preparations, channels, opaque gates) as a barrier on its
    wires. An adjoint's bodies come in pieces, between post-selections.
    """
    apart = _between_selections(f) if isinstance(module, Adjoint) else f
    rewritten = map_programs(module, lambda program: replace(program, body=_region(program.body, program, apart)))
    if not isinstance(rewritten, Adjoint):
        return rewritten
    return replace(rewritten, reverse=_schedule(rewritten.reverse, rewritten.forward, apart))


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
        case If() | Undo():
            inner: Body = (*step.then, *step.otherwise)
            return tuple(sorted({wire for statement in inner for wire in wires_of(statement)}))
        case _:
            assert_never(step)


def is_unitary(step: Step) -> bool:
    """Is the step a gate, and is it known what it does?"""
    return isinstance(step, Op) and step.gate.is_unitary and not step.gate.opaque


def is_phase(step: Step) -> bool:
    """Is the step a global phase? It acts on no wire and commutes with everything."""
    return isinstance(step, Op) and not step.wires


def _region(body: tuple[Statement, ...], program: Program, f: Rewrite) -> tuple[Statement, ...]:
    inner = tuple(
        replace(s, then=_region(s.then, program, f), otherwise=_region(s.otherwise, program, f))
        if isinstance(s, If)
        else s
        for s in body
    )
    return tuple(step for step in f(inner, program) if not isinstance(step, Undo | Gradient))


def _schedule(steps: tuple[Backward, ...], program: Program, f: Rewrite) -> tuple[Backward, ...]:
    inner = tuple(
        replace(s, then=_schedule(s.then, program, f), otherwise=_schedule(s.otherwise, program, f))
        if isinstance(s, Undo)
        else s
        for s in steps
    )
    return tuple(step for step in f(inner, program) if not isinstance(step, If | Barrier))


def _between_selections(f: Rewrite) -> Rewrite:
    """`f`, piece by piece: what a post-selection drops comes back on the way back as it was when it was dropped."""

    def apart(body: Body, program: Program) -> Body:
        pieces: list[list[Step]] = [[]]
        for step in body:
            if selects(step):
                pieces += [[step], []]
            else:
                pieces[-1].append(step)
        return tuple(step for piece in pieces for step in f(tuple(piece), program))

    return apart


def selects(step: Step) -> bool:
    """Is there a post-selection in the step?"""
    if isinstance(step, If | Undo):
        inner: Body = (*step.then, *step.otherwise)
        return any(map(selects, inner))
    return isinstance(step, Postselect)
