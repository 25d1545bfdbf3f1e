"""Which rule an occurrence has, or several shifted together, for what the outputs see of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from qcompile.diagnostics import Code, CompileError, error
from qcompile.gates.algebra import commutes_wordwise
from qcompile.ir import Op
from qcompile.operator import Operator
from qcompile.passes.differentiate.light.rule import light_rule
from qcompile.passes.differentiate.occurrences import Occurrence
from qcompile.passes.differentiate.shift.rules import Rule, trigonometric
from qcompile.passes.differentiate.shift.spectra import (
    Weighted,
    joint_frequencies,
    pauli_frequencies,
    visible_frequencies,
)
from qcompile.passes.differentiate.sight.visibility import Sight
from qcompile.passes.differentiate.sight.words import Word, Words, masked
from qcompile.passes.refinement import controlled_generator

Rates = tuple[float, ...]


@lru_cache(maxsize=4096)
def shift_rule(
    generator: Operator, scale: float, degree: int | None, controlled: bool = False, photons: int | None = None
) -> Rule | None:
    """The rule for an angle θ that enters as exp(-i·scale·θ·G), whatever is measured; None: no finite rule exists.

    Args:
        controlled: there are controls on the gate.
        degree: of the observable in the quadratures, pulled back to just after the gate; unused on qubits, None if
            it has no finite one.
        photons: a bound on the photons in the modes that G acts on; None: any number.
    """
    if not generator.is_pauli:
        return light_rule(generator, scale, degree, controlled, photons)
    found = pauli_frequencies(generator, controlled)
    return None if found is None else trigonometric(tuple(abs(scale) * rate for rate in found))


def rule_for(occurrence: Occurrence, sight: Sight) -> Rule | None:
    """The rule of an occurrence for what sees it; None where there is no finite one."""
    if sight.words is not None and (words := commuting_words(occurrence)) is not None:
        rates = visible_frequencies(words, {word for part in sight.words for word in part})
        if rates is not None:
            return trigonometric(rates)
    return shift_rule(occurrence.generator, occurrence.scale, sight.degree, occurrence.controlled, sight.photons)


def commuting_words(occurrence: Occurrence, ratio: float = 1.0) -> tuple[Weighted, ...] | None:
    """The words of the whole op's generator on the program's wires, times the scale and the ratio.

    None where it is not a sum of commuting Pauli words, or one of several factors: what sees it is not known then.
    """
    generator = controlled_generator(occurrence.op)
    if generator is None or not generator.is_pauli or not commutes_wordwise(generator):
        return None
    placed = generator.on(occurrence.op.wires)
    return tuple((masked(word), float(c) * occurrence.scale * ratio) for word, c in placed.terms)


def joint_rates(members: Sequence[tuple[Occurrence, float]], seen: Iterable[Words] | None) -> Rates | None:
    """The frequencies of occurrences that are shifted together, each by its ratio; None: too many, or not known.

    Args:
        seen: the words, in parts, of what is measured just after all of them; None: whatever is measured.
    """
    total: dict[Word, float] = {}
    for occurrence, ratio in members:
        words = commuting_words(occurrence, ratio)
        if words is None:
            return None
        for word, coefficient in words:
            total[word] = total.get(word, 0.0) + coefficient
    weighted = [(word, coefficient) for word, coefficient in total.items() if abs(coefficient) > 1e-12]
    if seen is None:
        return joint_frequencies(weighted)
    return visible_frequencies(weighted, {word for words in seen for word in words})


def union(sights: Iterable[Sight]) -> Sight:
    """What one rule has to hold for, to hold for all."""
    seen = list(sights)
    degrees = [sight.degree for sight in seen if sight.degree is not None]
    words = [sight.words for sight in seen if sight.words is not None]
    bounds = [sight.photons for sight in seen if sight.photons is not None]
    return Sight(
        max(degrees, default=0) if len(degrees) == len(seen) else None,
        tuple(dict.fromkeys(part for sight in words for part in sight)) if len(words) == len(seen) else None,
        max(bounds, default=0) if bounds and len(bounds) == len(seen) else None,
    )


def refusal(occurrence: Occurrence) -> CompileError:
    """The diagnostic of an occurrence that has no finite rule."""
    op, label = occurrence.op, f"`{occurrence.op.gate.name}` has no finite shift rule"
    if occurrence.generator.is_pauli:
        label = f"the generator of `{op.gate.name}` has a spectrum too wide or too uneven for a shift rule"
    elif shift_rule(occurrence.generator, occurrence.scale, 1, occurrence.controlled) is not None:
        label += " here: what is measured is no polynomial in the quadratures just after it"
    advice = "`--method adjoint` differentiates it on the simulator, exactly for the truncated program"
    return error(Code.NO_RULE, label, op.span, advice)


def exponent_refusal(op: Op, index: int) -> CompileError:
    """Of an angle of exp(-iH) by which H does not commute with itself: no finite set of frequencies moves with it."""
    name = op.gate.parameters[index]
    label = f"`{name}` of `{op.gate.name}` has no finite shift rule: its words do not commute with the others"
    advice = "use `--method stochastic`, which is unbiased, `finite-differences`, or `adjoint` on the simulator"
    return error(Code.NO_RULE, label, op.span, advice)
