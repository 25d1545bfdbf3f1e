"""How a program's first output depends on one element of its parameters, all others held.

As a function of each occurrence of the element it is a trigonometric sum over the frequencies that the output sees
there, whatever the other angles are. So it lies in the product of these spaces, and along the element, of which every
angle is an affine function, its frequencies are the sums and differences of theirs, one from each occurrence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from qcompile.angle import Element, derivative, elements
from qcompile.diagnostics import Code, CompileError, Span, error
from qcompile.gates.algebra import distinct, tidied
from qcompile.ir import Expectation, Measure, Op, Program
from qcompile.passes.action import Actions
from qcompile.passes.differentiate.lift import inlined
from qcompile.passes.differentiate.light.bounded import bounded_frequencies
from qcompile.passes.differentiate.light.photons import photon_bounds
from qcompile.passes.differentiate.light.rule import free_modes
from qcompile.passes.differentiate.occurrences import Occurrence, expanded, has_factor, has_strength, occurrence_of
from qcompile.passes.differentiate.shift.groups import Found, Member, groups
from qcompile.passes.differentiate.shift.selection import commuting_words, joint_rates
from qcompile.passes.differentiate.shift.spectra import pauli_frequencies, visible_frequencies
from qcompile.passes.differentiate.sight.pullback import Images
from qcompile.passes.differentiate.sight.visibility import Sight, arriving, selected, sights

MOST_FREQUENCIES = 128


@dataclass(frozen=True, slots=True)
class Spectrum:
    """f(θ) = a₀ + Σ aₖ cos Ωₖθ + bₖ sin Ωₖθ with these frequencies; without any, a polynomial of the degree."""

    frequencies: tuple[float, ...] = ()
    degree: int = 0

    def times(self, other: Spectrum) -> Spectrum | None:
        """That of products of such functions; None where these are no such function, or have too many frequencies."""
        if (self.degree and other.frequencies) or (self.frequencies and other.degree):
            return None
        ours, theirs = (np.array([0.0, *each.frequencies]) for each in (self, other))
        sums = np.abs(np.concatenate([np.add.outer(ours, theirs), np.subtract.outer(ours, theirs)]))
        rates = distinct(sums.reshape(-1))[1:]
        if len(rates) > MOST_FREQUENCIES:
            return None
        return Spectrum(tuple(tidied(float(rate)) for rate in rates), self.degree + other.degree)


class Spectra:
    """Spectra of the first output, an expectation, by elements of `wrt`."""

    def __init__(self, program: Program, wrt: Sequence[Element]) -> None:
        self._program = expanded(inlined(program), frozenset(wrt), keep_words=True)
        self._ops = [statement for statement in self._program.statements() if isinstance(statement, Op)]
        self._images, self._actions = Images(), Actions()
        output = self._program.outputs[0]
        if not isinstance(output, Expectation):
            raise AssertionError("spectra are those of expectations")
        self._output = output
        self._seen = sights(self._program.body, output, self._program.kinds, self._images)
        if "qumode" in self._program.kinds:
            photons = photon_bounds(self._program)
            self._seen = {at: replace(sight, photons=photons[at]) for at, sight in self._seen.items()}
        self._selected = frozenset[int]() if output.unnormalised else selected(self._program)

    def of(self, element: Element) -> Spectrum:
        """Raises NO_RULE where there is no finite one."""
        self._check(element)
        places = [
            Member(position, index)
            for position, op in enumerate(self._ops)
            for index, angle in enumerate(op.angles)
            if element in elements(angle) and (position in self._seen or position in self._selected)
        ]
        whole = Spectrum()
        for found in groups(self._program, self._ops, element, places, self._actions):
            span = next(self._ops[member.position].span for member in found.members)
            product = whole.times(self._of_group(found, element))
            if product is None:
                raise refusal(element, "the value is no trigonometric polynomial of few frequencies in it", span)
            whole = product
        return whole

    def _check(self, element: Element) -> None:
        if self._output.observable.operator.slope(element).terms:
            raise refusal(element, "the observable depends on it", self._output.span)
        for statement in self._program.statements():
            if isinstance(statement, Measure) and element in elements(statement.angle):
                raise refusal(element, "a measurement depends on it", statement.span)

    def _of_group(self, found: Found, element: Element) -> Spectrum:
        """Members apart, or together where that has fewer frequencies."""
        apart: Spectrum | None = Spectrum()
        for member in found.members:
            apart = None if apart is None else apart.times(self._of_member(member, element))
        joint = self._joint(found) if len(found.members) > 1 else None
        known = [each for each in (apart, joint) if each is not None]
        if not known:
            span = next(self._ops[member.position].span for member in found.members)
            raise refusal(element, "the value has too many frequencies in it", span)
        return min(known, key=lambda spectrum: len(spectrum.frequencies))

    def _joint(self, found: Found) -> Spectrum | None:
        if not found.slope.is_constant:
            return None
        slope = float(found.slope)
        weighted = [(self._occurrence(member), float(member.ratio) * slope) for member in found.members]
        wires = {wire for member in found.members for wire in self._ops[member.position].wires}
        seen = arriving(found.after, self._output, self._program.kinds, wires, self._images)
        rates = joint_rates(weighted, seen)
        return None if rates is None else Spectrum(rates)

    def _of_member(self, member: Member, element: Element) -> Spectrum:
        op = self._ops[member.position]
        slope = derivative(op.angles[member.index], element)
        if not slope.is_constant:
            raise refusal(element, "an angle is no affine function of it alone", op.span)
        if member.position in self._selected:
            raise refusal(element, "what post-selection keeps depends on it", op.span)
        if has_strength(op) or not has_factor(op, member.index):
            raise refusal(element, f"`{op.gate.name}` takes it for no angle of a constant generator", op.span)
        found = _spectrum_of(self._occurrence(member), self._seen[member.position])
        if found is None:
            raise refusal(element, f"the value has no finite spectrum in the angle of `{op.gate.name}` here", op.span)
        rates = (tidied(abs(float(slope)) * rate) for rate in found.frequencies)
        return Spectrum(tuple(rates), found.degree)

    def _occurrence(self, member: Member) -> Occurrence:
        return occurrence_of(self._ops[member.position], member.index)


def refusal(element: Element, why: str, span: Span | None = None) -> CompileError:
    advice = "train it by an optimizer that follows gradients, such as adam or lbfgs"
    return error(Code.NO_RULE, f"no exact minimum along `{element}`: {why}", span, advice)


def _spectrum_of(occurrence: Occurrence, sight: Sight) -> Spectrum | None:
    """In the angle of the occurrence; None: no finite one is known."""
    scale = abs(occurrence.scale)
    if not occurrence.generator.is_pauli:
        return _of_light(occurrence, sight, scale)
    if sight.words is not None and (words := commuting_words(occurrence)) is not None:
        seen = visible_frequencies(words, {word for part in sight.words for word in part})
        if seen is not None:
            return Spectrum(seen)
    rates = pauli_frequencies(occurrence.generator, occurrence.controlled)
    return None if rates is None else Spectrum(tuple(scale * rate for rate in rates))


def _of_light(occurrence: Occurrence, sight: Sight, scale: float) -> Spectrum | None:
    """Levels and few photons turn, as do quadratures in phase space; what displaces them gives polynomials."""
    bounded = bounded_frequencies(occurrence.generator, occurrence.controlled, sight.degree, sight.photons)
    if bounded is not None:
        return Spectrum(tuple(scale * rate for rate in bounded))
    free = None if sight.degree is None else free_modes(occurrence.generator, occurrence.scale, sight.degree)
    if free is None:
        return None
    modes = [pair for each in free[0] for pair in each.items()]
    degree = max((j for _, j in modes), default=0)
    rates = distinct(np.array([0.0, *(abs(value.imag) for value, _ in modes)]))[1:]
    if any(value.real for value, _ in modes) or (degree and len(rates)):
        return None
    return Spectrum(tuple(tidied(float(rate)) for rate in rates), degree)
