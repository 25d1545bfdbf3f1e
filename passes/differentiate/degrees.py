"""How a gate changes the degree, in the quadratures, of what is pulled back through it."""

from __future__ import annotations

import math
from dataclasses import replace

from qcompile.gates.algebra import is_gaussian, quadratures_commute
from qcompile.ir import Op
from qcompile.operator import Operator
from qcompile.passes.differentiate.occurrences import generator_ops


def degree_growth(op: Op) -> int | None:
    """By what factor a gate multiplies the degree of what is pulled through it; None: without bound.

    Gaussian gates map quadratures to linear forms. A generator of degree g in commuting quadratures adds a polynomial
    of degree g − 1 to the others. Everything else (Kerr, a photonic gate under a qubit's control) has no finite degree.
    """
    if "qumode" not in op.gate.wires:
        return 1
    if op.controls:
        return None
    if op.gate.kraus:
        return None
    whole = replace(op, wires=tuple(range(len(op.gate.wires) + len(op.gate.hidden)))) if op.gate.hidden else op
    factors = [part.gate.generator for part in generator_ops(whole)]
    growths = [_generator_growth(generator) for generator in factors if generator is not None]
    bounded = [growth for growth in growths if growth is not None]
    return math.prod(bounded) if len(bounded) == len(factors) else None


def _generator_growth(generator: Operator) -> int | None:
    if is_gaussian(generator):
        return 1
    return max(1, generator.degree - 1) if quadratures_commute(generator) else None
