"""In an adjoint's reverse schedule, uncompute ops that no later gradient can see go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from qcompile.ir import Adjoint, Gradient, Module, Op
from qcompile.passes.rewrite import is_phase


@dataclass(frozen=True)
class DeadUncompute:
    """Drop uncompute ops outside the backward light cone of the gradients after them. Linear; adjoint programs only."""

    name: ClassVar[str] = "dead-uncompute"

    def __call__(self, module: Module) -> Module:
        return replace(module, reverse=_needed(module.reverse)) if isinstance(module, Adjoint) else module


def _needed(schedule: tuple[Op | Gradient, ...]) -> tuple[Op | Gradient, ...]:
    # An uncompute op V acts on ψ and λ alike, so a gradient reads ⟨λ|V†GV|ψ⟩, and V†GV = G where they share no wire.
    # The same holds with G widened by the ops in between, so all that follows the last gradient goes.
    cone: set[int] = set()
    kept: list[Op | Gradient] = []
    for step in reversed(schedule):
        if isinstance(step, Op) and (is_phase(step) or cone.isdisjoint(step.wires)):
            continue
        cone.update(step.wires)
        kept.append(step)
    return tuple(reversed(kept))
