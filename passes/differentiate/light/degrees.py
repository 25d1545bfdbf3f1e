"""How a gate changes the degree, in the quadratures, of what is pulled back through it."""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import replace

from qcompile.gates.algebra import is_gaussian, quadratures_commute
from qcompile.gates.sectors import sectors
from qcompile.ir import Op
from qcompile.operator import Operator
from qcompile.passes.differentiate.light.bounded import qumodes
from qcompile.passes.differentiate.occurrences import generator_ops


def degree_at(op: Op, wires: Set[int], degree: int | None) -> int | None:
    """The degree of what is measured on these wires, as a rule sees it: None if it acts on qubits of a photonic op."""
    return degree if wires.isdisjoint(_qubits(op)) or not _acts_on_light(op) else None


def degree_before(op: Op, wires: Set[int], degree: int | None) -> int | None:
    """The degree, before the op, of what has this degree after it and acts on these wires; None: no finite one.

    Where the op turns qumodes by the state of qubits and what is measured leaves these alone, each state has a growth
    of its own. Where it does not, no degree is known.
    """
    seen = degree_at(op, wires, degree)
    growth = _growth(op)
    return None if growth is None or seen is None else seen * growth


def _growth(op: Op) -> int | None:
    """By what factor the op multiplies the degree; None: without bound."""
    if not _acts_on_light(op):
        return 1
    whole = replace(op, wires=tuple(range(len(op.wires) + len(op.gate.hidden)))) if op.gate.hidden else op
    factors = [part.gate.generator for part in generator_ops(whole) if "qumode" in part.gate.wires]
    growths = [_generator_growth(generator) for generator in factors if generator is not None]
    bounded = [growth for growth in growths if growth is not None]
    return math.prod(bounded) if len(bounded) == len(factors) else None


def _generator_growth(generator: Operator) -> int | None:
    """Gaussian gates map quadratures to linear forms; a phase of degree g adds polynomials of degree g − 1."""
    found = [_plain_growth(sector.generator) for sector in sectors(generator) or ()]
    growths = [growth for growth in found if growth is not None]
    return max(growths) if growths and len(growths) == len(found) else None


def _plain_growth(generator: Operator) -> int | None:
    if not qumodes(generator) or is_gaussian(generator):
        return 1
    if generator.degree is None or not quadratures_commute(generator):
        return None
    return max(1, generator.degree - 1)


def _acts_on_light(op: Op) -> bool:
    return "qumode" in op.gate.wires


def _qubits(op: Op) -> frozenset[int]:
    kinds = (*("qubit" for _ in op.controls), *op.gate.wires)
    return frozenset(wire for wire, kind in zip(op.wires, kinds, strict=True) if kind == "qubit")
