"""In an adjoint's reverse schedule, uncompute ops that no later gradient can see go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from qcompile.ir import Adjoint, Backward, Gradient, Module, Undo
from qcompile.passes.rewrite import is_phase, is_unitary, selects, wires_of


@dataclass(frozen=True)
class DeadUncompute:
    """Drop uncompute ops outside the backward light cone of the gradients after them. Linear; adjoint programs only.

    Those of light stay: cut gates are not unitary, so what runs the schedule needs the state before every op of it.
    """

    name: ClassVar[str] = "dead-uncompute"

    def __call__(self, module: Module) -> Module:
        if not isinstance(module, Adjoint) or "qumode" in module.forward.kinds:
            return module
        return replace(module, reverse=_needed(module.reverse))


def _needed(schedule: tuple[Backward, ...]) -> tuple[Backward, ...]:
    # An uncompute op V acts on ψ and λ alike, so a gradient reads ⟨λ|V†GV|ψ⟩, and V†GV = G where they share no wire.
    # The same holds with G widened by the ops in between, so all that follows the last gradient goes. V has not acted
    # on what a post-selection brings back, so what came before one stays. In a region V acts on some histories only.
    cone: set[int] = set()
    kept: list[Backward] = []
    last = max((k for k, step in enumerate(schedule) if _reads(step)), default=-1)
    for position in range(last, -1, -1):
        step = schedule[position]
        if selects(step):
            return (*schedule[: position + 1], *reversed(kept))
        if is_unitary(step) and (is_phase(step) or cone.isdisjoint(wires_of(step))):
            continue
        cone.update(wires_of(step))
        kept.append(step)
    return tuple(reversed(kept))


def _reads(step: Backward) -> bool:
    return isinstance(step, Gradient) or (isinstance(step, Undo) and any(map(_reads, (*step.then, *step.otherwise))))
