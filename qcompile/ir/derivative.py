"""A derivative is a program too: settings of shifted circuits and how to combine them, or a reverse schedule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from qcompile.angle import Angle, Element
from qcompile.diagnostics import Span
from qcompile.ir.program import Covariance, Expectation, Measure, Op, Postselect, Program, Reset
from qcompile.operator import Operator


class Exactness(Enum):
    """How a derivative relates to the true one, best first; a module's class is its weakest component's."""

    EXACT = "exact"
    ANCILLA = "exact with ancilla"
    UNBIASED = "unbiased"
    APPROXIMATE = "approximate"

    @staticmethod
    def weakest(classes: Iterable[Exactness]) -> Exactness:
        """Of what is made of several; of nothing: exact."""
        return max(classes, key=list(Exactness).index, default=Exactness.EXACT)


@dataclass(frozen=True, slots=True)
class Template:
    """A program whose parameters of role `slot` are set by the rows; a slot not named by a row is zero."""

    name: str
    program: Program


@dataclass(frozen=True, slots=True)
class Row:
    """One setting of a template's slots, sorted by slot.

    Values are affine in the parameters: constants, or what takes an angle to an absolute setting (`s[0] = 1 - p`).
    """

    template: int
    settings: tuple[tuple[Element, Angle], ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """weight × the product of evaluations ÷ the product of divisors, each sorted. Without any: the weight itself.

    Products stand in variances, covariances and metrics, divisors where post-selection normalises.
    """

    weight: Angle
    evaluations: tuple[Evaluation, ...]
    divisors: tuple[Evaluation, ...] = ()

    @property
    def read(self) -> tuple[Evaluation, ...]:
        """Every evaluation that it takes."""
        return self.evaluations + self.divisors


@dataclass(frozen=True, slots=True, order=True)
class Evaluation:
    """Output `output` of the template of row `row`, run at that row's slots."""

    row: int
    output: int


@dataclass(frozen=True, slots=True)
class Component:
    """The derivative of one output of the original program by nothing (its value), one element, or several in order.

    Without an output: an entry of the Fubini–Study metric of the state, by two elements.
    """

    output: int | None
    wrt: tuple[Element, ...]
    readings: tuple[Reading, ...]
    exactness: Exactness = Exactness.EXACT


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the derivatives by these elements would cost in other ways, as numbers of evaluations.

    Attributes:
        naive: shifting gate by gate.
        joint: by the joint spectrum of the occurrences alone, whatever the outputs see of it.
        least: no rule that shifts these elements alone, and is exact for all it has to be, takes fewer. None: unknown.
    """

    wrt: tuple[Element, ...]
    naive: int
    joint: int
    least: int | None = None


@dataclass(frozen=True, slots=True)
class Shifted:
    """Shifted circuits and the sparse recombination of what they return.

    `seed` is what the rows were drawn with, where they were drawn.
    """

    templates: tuple[Template, ...]
    rows: tuple[Row, ...]
    components: tuple[Component, ...]
    certificates: tuple[Certificate, ...] = ()
    seed: int | None = None

    @property
    def exactness(self) -> Exactness:
        return Exactness.weakest(c.exactness for c in self.components)

    @property
    def evaluations(self) -> int:
        """Distinct rows that the derivatives need, the values apart."""
        return len({e.row for c in self.components if c.wrt for r in c.readings for e in r.read})

    @property
    def value_evaluations(self) -> int:
        """Distinct rows that the values need."""
        return len({e.row for c in self.components if not c.wrt for r in c.readings for e in r.read})

    @property
    def naive(self) -> int | None:
        """The evaluations that shifting gate by gate would take, without merging equal rows; None: unknown."""
        return self._total([certificate.naive for certificate in self.certificates])

    @property
    def joint(self) -> int | None:
        """As `naive`, by joint spectra."""
        return self._total([certificate.joint for certificate in self.certificates])

    @property
    def least(self) -> int | None:
        """As `naive`, that no rules need fewer of."""
        return self._total([certificate.least for certificate in self.certificates])

    def _total(self, counts: Sequence[int | None]) -> int | None:
        """Of the certificates; None where one does not say, or a derivative has none."""
        certified = {certificate.wrt for certificate in self.certificates}
        if any(component.wrt and component.wrt not in certified for component in self.components):
            return None
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    def used(self, wrt: tuple[Element, ...]) -> int:
        """Distinct rows that the derivatives by these elements read."""
        return len({e.row for c in self.components if c.wrt == wrt for r in c.readings for e in r.read})


@dataclass(frozen=True, slots=True)
class Gradient:
    """Accumulate into slot `slot`: 2 Im⟨λ|G|ψ⟩, where ψ is the state here and λ the observable pulled back to here.

    After a measurement there is a ψ and a λ for each history of results, and the sum is over those that are here.

    Attributes:
        within: an op U = exp(-iH) just before here, of whose H the generator is a slope: it is averaged over the way
            through U, G = ∫₀¹ Uˢ · generator · U⁻ˢ ds, under the controls of U.
    """

    slot: int
    generator: Operator
    within: Op | None = None

    @property
    def wires(self) -> tuple[int, ...]:
        return self.generator.support if self.within is None else self.within.wires


@dataclass(frozen=True, slots=True)
class Undo:
    """Walk back through an `if`: through `then` the histories that went there, through `otherwise` the others."""

    condition: tuple[tuple[int, bool], ...]
    then: tuple[Backward, ...]
    otherwise: tuple[Backward, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)


Backward: TypeAlias = "Op | Measure | Reset | Postselect | Undo | Gradient"


@dataclass(frozen=True, slots=True)
class AdjointComponent:
    """d output / d element = Σ weight · accumulated slot + Σ weight · what is observed of the final state.

    The latter is what the element changes as a coefficient of the observable.
    """

    output: int
    wrt: Element
    readings: tuple[tuple[Angle, int], ...]
    observed: tuple[tuple[Angle, Expectation | Covariance], ...] = ()


@dataclass(frozen=True, slots=True)
class Adjoint:
    """A forward program and the schedule that runs back from its end: uncompute ops and gradient ops.

    A gate in the schedule is applied. A measurement, a reset, a channel or a post-selection stands for the step back
    over the same statement of the forward program; they mirror it from its end, and may stop anywhere. `slots` counts
    the accumulators; each output of the forward program is swept back through the same schedule.
    """

    forward: Program
    reverse: tuple[Backward, ...]
    slots: int
    components: tuple[AdjointComponent, ...]

    def steps(self) -> Iterator[Backward]:
        """Every step of the schedule, those inside regions after the region itself."""
        yield from _flattened(self.reverse)


def _flattened(steps: tuple[Backward, ...]) -> Iterator[Backward]:
    for step in steps:
        yield step
        if isinstance(step, Undo):
            yield from _flattened((*step.then, *step.otherwise))


Module: TypeAlias = Program | Shifted | Adjoint
