"""The optimisation levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qcompile.diagnostics import Code, error
from qcompile.ir import Module
from qcompile.passes.cancel_inverses import CancelInverses
from qcompile.passes.cost import cost
from qcompile.passes.dead_uncompute import DeadUncompute
from qcompile.passes.fold_constants import FoldConstants
from qcompile.passes.inline import Inline
from qcompile.passes.light_cone import LightCone
from qcompile.passes.merge_rotations import MergeRotations
from qcompile.passes.rewrite import Pass

ROUNDS = 10  # the most times that a level's passes run
FAR = 1000  # how far ops look back for partners at the highest level

# Each level runs to its fixed point on what the level below left, so it never costs more.
LEVELS: tuple[tuple[Pass, ...], ...] = (
    (),
    (Inline(), FoldConstants(), CancelInverses(reach=1), LightCone(), DeadUncompute()),
    (CancelInverses(), MergeRotations(), FoldConstants(), LightCone(), DeadUncompute()),
    (CancelInverses(FAR), MergeRotations(FAR), FoldConstants(), LightCone(), DeadUncompute()),
)


@dataclass(frozen=True)
class Optimize:
    """Levels 0 to 3 of optimisation; none costs more than the one below. Linear, times the rounds.

    Raises:
        CompileError: UNKNOWN_OPTION.
    """

    name: ClassVar[str] = "optimize"
    level: int = 2

    def __call__(self, module: Module) -> Module:
        if not 0 <= self.level < len(LEVELS):
            raise error(Code.UNKNOWN_OPTION, f"no level {self.level}", help=f"levels run from 0 to {len(LEVELS) - 1}")
        for passes in LEVELS[: self.level + 1]:
            module = _settled(module, passes)
        return module


def _settled(module: Module, passes: tuple[Pass, ...]) -> Module:
    """The passes in turn, until none of them changes anything."""
    for _ in range(ROUNDS if passes else 0):
        before = module
        for step in passes:
            module = _no_dearer(module, step(module))
        if module == before:
            break
    return module


def _no_dearer(before: Module, after: Module) -> Module:
    return before if after == before or cost(after) > cost(before) else after
