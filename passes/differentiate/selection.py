"""Which rule an occurrence has, for what its outputs see of it."""

from __future__ import annotations

from functools import lru_cache

from qcompile.diagnostics import Code, error
from qcompile.operator import Operator
from qcompile.passes.differentiate.light import light_rule
from qcompile.passes.differentiate.occurrences import Occurrence
from qcompile.passes.differentiate.rules import Rule, trigonometric
from qcompile.passes.differentiate.spectra import pauli_frequencies
from qcompile.passes.differentiate.visibility import Sight


@lru_cache(maxsize=4096)
def shift_rule(generator: Operator, scale: float, degree: int | None, controlled: bool = False) -> Rule | None:
    """The rule for an angle θ that enters as exp(-i·scale·θ·G); None where no finite rule exists.

    Args:
        controlled: there are controls on the gate.
        degree: of the observable in the quadratures, pulled back to just after the gate; unused on qubits, None if
            it has no finite one.
    """
    if generator.is_pauli:
        found = pauli_frequencies(generator, controlled)
        return None if found is None else trigonometric(tuple(abs(scale) * f for f in found))
    return light_rule(generator, scale, degree, controlled)


def rule_for(occurrence: Occurrence, sight: Sight) -> Rule:
    """The rule of an occurrence for what sees it; raises NO_RULE."""
    generator, scale, controlled = occurrence.generator, occurrence.scale, occurrence.controlled
    rule = shift_rule(generator, scale, sight.degree, controlled)
    if rule is not None:
        return rule
    op = occurrence.op
    label = f"`{op.gate.name}` has no finite shift rule"
    if generator.is_pauli:
        label = f"the generator of `{op.gate.name}` has a spectrum too wide or too uneven for a shift rule"
    elif shift_rule(generator, scale, 1, controlled) is not None:
        label += " here: what is measured is no polynomial in the quadratures just after it"
    advice = "`--method adjoint` differentiates it on the simulator, exactly for the truncated program"
    raise error(Code.NO_RULE, label, op.span, advice)
