"""Derivatives of any order: the first-order pass by one element after the other, of which the last order is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qcompile.angle import Element
from qcompile.diagnostics import Code, error
from qcompile.ir import Program, Shifted
from qcompile.passes.differentiate import differentiate, lift, wanted_elements
from qcompile.passes.differentiate.readings import compacted


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
        order = max(len(component.wrt) for component in made.components)
        kept = tuple(component for component in made.components if len(component.wrt) in (0, order))
        module = compacted(replace(made, components=kept))
    return module
