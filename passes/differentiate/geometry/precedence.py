"""Which ops of a unitary body must come before which: the order that is left once ops that commute may trade places.

Sets of ops are bit masks over their positions. A set is closed when it holds what must come before each of its ops;
closed sets are the states that the program can be cut at.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from qcompile.ir import Op
from qcompile.passes.action import Actions


@dataclass(frozen=True, slots=True)
class Precedence:
    """`before[k]`: what must come before op k, itself apart."""

    before: tuple[int, ...]

    def layers(self, chosen: Collection[int]) -> dict[int, int]:
        """By op chosen, the length of the longest chain of chosen ops before it. Ops of one layer commute."""
        found: dict[int, int] = {}
        for op in sorted(chosen):
            found[op] = 1 + max((layer for other, layer in found.items() if self.before[op] >> other & 1), default=-1)
        return found


def precedence(ops: Sequence[Op]) -> Precedence:
    """Of ops in the order of the program. Cost: a comparison for each pair of ops on a wire that are not far apart."""
    actions = Actions()
    on_wire: dict[int, list[int]] = {}
    before: list[int] = []
    for place, op in enumerate(ops):
        mask = 0
        for other in sorted({k for wire in op.wires for k in on_wire.get(wire, ())}, reverse=True):
            if not mask >> other & 1 and not actions.commute(ops[other], op):
                mask |= before[other] | 1 << other
        before.append(mask)
        for wire in op.wires:
            on_wire.setdefault(wire, []).append(place)
    return Precedence(tuple(before))
