"""Shift rules of photonic and hybrid gates: how what is measured on qumodes depends on an angle."""

from __future__ import annotations

import math

from qcompile.gates.algebra import is_gaussian, quadratures_commute
from qcompile.gates.sectors import sectors
from qcompile.operator import Operator, letters_by_wire
from qcompile.passes.differentiate.light.bounded import bounded_frequencies
from qcompile.passes.differentiate.light.flows import Flow, Modes, gaussian_flow, rounded, rule_of, summed
from qcompile.passes.differentiate.shift.rules import Rule, trigonometric

KICK = 1 / 32  # photons that the longest shift of a phase of degree 3 or more may add to the vacuum: its tail is long


def light_rule(
    generator: Operator, scale: float, degree: int | None, controlled: bool, photons: int | None = None
) -> Rule | None:
    """The rule for an angle θ that enters as exp(-i·scale·θ·G), where G acts on a qumode; None where no finite one is.

    Args:
        degree: of what is measured in the quadratures, pulled back to just after the gate; None if it has no finite
            one, or acts on qubits or controls of the gate.
        controlled: there are controls on the gate. Where it does nothing, what is measured is constant.
        photons: a bound on the photons in the modes that G acts on, before the gate; None: any number.
    """
    rates = bounded_frequencies(generator, controlled, degree, photons)
    bounded = None if rates is None else trigonometric(tuple(abs(scale) * rate for rate in rates))
    free = None if degree is None else _free_rule(generator, scale, degree)
    if bounded is None or free is None:
        return bounded or free
    return min(free, bounded, key=lambda rule: len(rule.terms))


def _free_rule(generator: Operator, scale: float, degree: int) -> Rule | None:
    found = free_modes(generator, scale, degree)
    return None if found is None else rule_of(*found)


def free_modes(generator: Operator, scale: float, degree: int) -> tuple[list[Modes], float] | None:
    """For any light, the modes of what is measured, and the longest shift to take; None where they are not finite.

    What is measured does not tell states of the qubits apart, so each of these has modes of its own. The rule for all
    is exact for the sums of their functions.
    """
    parts = sectors(generator)
    flows = [_flow(part.generator, scale) for part in parts] if parts is not None else [None]
    known = [flow for flow in flows if flow is not None]
    modes = [summed(flow.modes, degree) for flow in known]
    kept = [each for each in modes if each is not None]
    return (kept, min(flow.reach for flow in known)) if len(kept) == len(flows) else None


def _flow(generator: Operator, scale: float) -> Flow | None:
    """Of a generator on qumodes alone. One in commuting quadratures moves the others by θ times a function of those."""
    if not generator.support:
        return Flow({}, math.inf)
    if is_gaussian(generator):
        return gaussian_flow(generator, scale)
    return Flow({0: 1}, _kick_reach(generator, scale)) if quadratures_commute(generator) else None


def _kick_reach(generator: Operator, scale: float) -> float:
    """The shift s at which the vacuum has KICK photons: p moves by 2s ∂G/∂x, and ⟨x²ᵃ⟩ = (2a − 1)!!."""
    photons = 0.0
    for word, coefficient in generator.terms:
        powers = [len(letters) for letters in letters_by_wire(word).values()]
        for j, power in enumerate(powers):
            others = (2 * other - 1 for k, other in enumerate(powers) if k != j)
            moment = math.prod(map(_double_factorial, (2 * power - 3, *others)))
            photons += (float(coefficient) * power) ** 2 * moment
    return rounded(math.sqrt(KICK / photons) / abs(scale))


def _double_factorial(odd: int) -> int:
    return math.prod(range(odd, 1, -2))
