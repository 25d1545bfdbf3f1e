"""Derivatives of any order: the first-order pass by one element after the other, of which the last order is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qcompile.angle import Element
from qcompile.diagnostics import Code, error
from qcompile.ir import Evaluation, Program, Reading, Shifted
from qcompile.passes.differentiate import differentiate, lift, wanted_elements


def mixed_derivative(program: Program, wrt: Sequence[str]) -> Shifted:
    """The values, and one derivative of each output: by every name in turn, each a scalar parameter or an entry.

    Raises:
        CompileError: UNKNOWN_NAME for a name of several entries; and as `differentiate`.
    """
    elements: list[Element] = []
    for name in wrt:
        found = wanted_elements(program, name)
        if len(found) != 1:
            label = f"`{name}` has {len(found)} entries, and a derivative is taken by one at a time"
            raise error(Code.UNKNOWN_NAME, label, help=f"name one of them: `{name}[0]`")
        elements += found
    module = lift(program)
    for element in elements:
        made = differentiate(module, str(element), "shift")
        if not isinstance(made, Shifted):
            raise AssertionError("shifting gives shifted circuits")
        module = _of_orders(made, (0, max(len(component.wrt) for component in made.components)))
    return module


def _of_orders(module: Shifted, orders: tuple[int, ...]) -> Shifted:
    """The module with the components of these orders, and the rows that they read."""
    components = [component for component in module.components if len(component.wrt) in orders]
    used = sorted({e.row for component in components for r in component.readings for e in r.read})
    moved = {old: new for new, old in enumerate(used)}

    def move(reading: Reading) -> Reading:
        over, under = (
            tuple(Evaluation(moved[e.row], e.output) for e in group)
            for group in (reading.evaluations, reading.divisors)
        )
        return Reading(reading.weight, over, under)

    kept = tuple(replace(c, readings=tuple(map(move, c.readings))) for c in components)
    return replace(module, rows=tuple(module.rows[old] for old in used), components=kept)
