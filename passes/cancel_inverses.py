"""An op and its inverse leave nothing, also with ops between them that the later one commutes with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qcompile.grammar import invert
from qcompile.ir import Module, Op
from qcompile.passes.action import Actions
from qcompile.passes.peephole import REACH, Joined, joined
from qcompile.passes.rewrite import map_bodies


@dataclass(frozen=True)
class CancelInverses:
    """Drop pairs U U⁻¹, wires that may swap places in any order. Linear in the ops, times `reach` at most."""

    name: ClassVar[str] = "cancel-inverses"
    reach: int = REACH

    def __call__(self, module: Module) -> Module:
        actions = Actions()

        def join(earlier: Op, later: Op) -> Joined | None:
            # U U⁻¹ = 1: the same gate with each angle negated, the gate's named inverse, or the flag
            return Joined(None) if _is_inverse(earlier, later, actions) else None

        return map_bodies(module, lambda body, _: joined(body, join, actions, self.reach))


def _is_inverse(earlier: Op, later: Op, actions: Actions) -> bool:
    if set(earlier.wires) != set(later.wires):
        return False
    undone = invert(earlier)
    return (
        undone.inverse == later.inverse
        and undone.controls == later.controls
        and (undone.gate is later.gate or undone.gate == later.gate)
        and undone.angles == later.angles
        and actions.canonical_wires(undone) == actions.canonical_wires(later)
    )
