"""What an adjoint sweep sets out from: the outputs' values, and the bra λ of each of them.

Over the histories h of results d output = 2 Re Σ⟨λ_h|dψ_h⟩. Of the runs that post-selection keeps, ⟨O⟩ = N/D with
N = Σ⟨ψ_h|O|ψ_h⟩ and D = Σ⟨ψ_h|ψ_h⟩, so λ = (O − ⟨O⟩)ψ/D; without it D = 1 for good, and λ = Oψ.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.ir import (
    Adjoint,
    AdjointComponent,
    Covariance,
    Expectation,
    Output,
    Postselect,
    Probabilities,
    Program,
    Variance,
)
from qcompile.operator import Operator
from qcompile.passes.differentiate.adjoint.derivative import MAX_OUTCOMES
from qcompile.targets.simulator.tensor import ComplexArray, at_level
from qcompile.targets.simulator.tensor_operators import act, act_back, cut, inner, norms
from qcompile.targets.simulator.tensor_run import is_of_all_runs
from qcompile.targets.simulator.values import Bound, Elements, RealArray, value_of

NEVER = 1e-28  # the share of runs that only rounding keeps
Seed: TypeAlias = tuple[RealArray, list[ComplexArray]]  # a value, shape (b,), and the bra of each history


@dataclass(frozen=True, slots=True)
class Ending:
    """The final kets of a program, one for each history, the levels of its wires, and the share of all runs kept.

    `kept` is None where no run is dropped.
    """

    kets: Sequence[ComplexArray]
    levels: tuple[int, ...]
    elements: Elements
    kept: RealArray | None

    @classmethod
    def of(cls, program: Program, kets: Sequence[ComplexArray], levels: tuple[int, ...], elements: Elements) -> Ending:
        selections = [s for s in program.statements() if isinstance(s, Postselect)]
        if not selections:
            return cls(kets, levels, elements, None)
        kept = _total([norms(ket) for ket in kets])
        if kept.min() <= NEVER and not all(map(is_of_all_runs, program.outputs)):
            label = "no run is kept: at these values the condition never holds"
            raise error(Code.NOT_SIMULABLE, label, selections[0].span, "post-select results that can occur")
        return cls(kets, levels, elements, kept)

    def seeds(self, output: Output) -> Iterator[Seed]:
        """Those of an output: one, or of probabilities one for each outcome."""
        match output:
            case Expectation(observable, _, unnormalised):
                yield self._mean(self._images(observable.operator), unnormalised)
            case Variance(observable):
                yield self._spread(observable.operator, observable.operator)
            case Covariance(left, right):
                yield self._spread(left.operator, right.operator)
            case Probabilities(wires, _, unnormalised):
                for levels in np.ndindex(*(self.levels[wire] for wire in wires)):
                    yield self._mean([_projected(ket, wires, levels) for ket in self.kets], unnormalised)
            case _:
                raise AssertionError("outputs were checked before")

    def observed(self, component: AdjointComponent) -> RealArray:
        """What the component reads off the final state, shape (b,)."""
        total = np.zeros(1)
        for weight, output in component.observed:
            ((value, _),) = self.seeds(output)
            total = total + value_of(weight, self.elements) * value
        return total

    def _images(self, operator: Operator) -> list[ComplexArray]:
        return [cut(act(operator, self.elements, ket), ket.shape) for ket in self.kets]

    def _mean(self, images: list[ComplexArray], unnormalised: bool = False) -> Seed:
        total = _total([inner(ket, image).real for ket, image in zip(self.kets, images, strict=True)])
        return (total, images) if unnormalised else self._normalised(total, images)

    def _normalised(self, total: RealArray, images: list[ComplexArray]) -> Seed:
        """The quotient by the share kept: its bra has (image − quotient·ψ)/share."""
        if self.kept is None:
            return total, images
        value, share = total / self.kept, _column(self.kept, images[0])
        bras = [(image - _column(value, ket) * ket) / share for ket, image in zip(self.kets, images, strict=True)]
        return value, bras

    def _spread(self, left: Operator, right: Operator) -> Seed:
        """½⟨AB + BA⟩ − ⟨A⟩⟨B⟩, of which each factor is a mean, and the derivative a sum."""
        products = _total([_product(left, right, self.elements, ket) for ket in self.kets])
        images = [_symmetrised(left, right, self.elements, ket) for ket in self.kets]
        (joint, bras), (first, by_left), (second, by_right) = (
            self._normalised(products, images), self._mean(self._images(left)), self._mean(self._images(right))
        )  # fmt: skip
        combined = [
            bra - _column(second, a) * a - _column(first, b) * b
            for bra, a, b in zip(bras, by_left, by_right, strict=True)
        ]
        return joint - first * second, combined


def _product(left: Operator, right: Operator, elements: Elements, ket: ComplexArray) -> RealArray:
    """½⟨AB + BA⟩ = Re⟨Aψ|Bψ⟩, in the space that both images reach."""
    images = act(left, elements, ket), act(right, elements, ket)
    common = tuple(map(min, *(image.shape for image in images)))
    return inner(*(cut(image, common) for image in images)).real


def _symmetrised(left: Operator, right: Operator, elements: Elements, ket: ComplexArray) -> ComplexArray:
    """½(AB + BA)ψ, cut to the levels of ψ."""
    if left == right:
        return act_back(left, elements, act(left, elements, ket), ket.shape)
    both: ComplexArray = act_back(left, elements, act(right, elements, ket), ket.shape)
    return (both + act_back(right, elements, act(left, elements, ket), ket.shape)) / 2


def _projected(ket: ComplexArray, wires: tuple[int, ...], levels: tuple[int, ...]) -> ComplexArray:
    """The part in which the wires are at these levels; zero elsewhere."""
    index = [slice(None)] * ket.ndim
    for wire, level in zip(wires, levels, strict=True):
        index[wire + 1] = at_level(wire, level, ket.ndim)[wire + 1]
    result = np.zeros_like(ket)
    result[tuple(index)] = ket[tuple(index)]
    return result


def _column(values: RealArray, state: ComplexArray) -> RealArray:
    return values.reshape(-1, *(1,) * (state.ndim - 1))


def _total(parts: Sequence[RealArray]) -> RealArray:
    return sum(parts, np.zeros(1))


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Where a sweep sets out: the value of each output, and the bras with the output that each belongs to.

    A value has shape (batch,), or (batch, outcomes) for probabilities, which have a bra for each outcome, in order.
    `observed` is what each component has without a sweep.
    """

    values: list[RealArray]
    owners: list[int]
    bras: list[list[ComplexArray]]
    observed: list[RealArray]

    @classmethod
    def of(cls, module: Adjoint, kets: Sequence[ComplexArray], levels: tuple[int, ...], bound: Bound) -> Start:
        ending = Ending.of(module.forward, kets, levels, bound.elements)
        wanted = {component.output for component in module.components}
        start = cls([], [], [], [ending.observed(component) for component in module.components])
        for k, output in enumerate(module.forward.outputs):
            seeds = list(ending.seeds(output))
            parts = [np.broadcast_to(value, (bound.batch,)) for value, _ in seeds]
            start.values.append(np.stack(parts, axis=1) if isinstance(output, Probabilities) else parts[0])
            if k in wanted:
                start.owners.extend([k] * len(seeds))
                start.bras.extend(bras for _, bras in seeds)
        return start


def count_bras(module: Adjoint, cutoff: int) -> int:
    """How many bras a sweep has; raises METHOD where probabilities have more than `MAX_OUTCOMES` outcomes."""
    total = 0
    for k in {component.output for component in module.components}:
        output = module.forward.outputs[k]
        wires = output.wires if isinstance(output, Probabilities) else ()
        count = math.prod(2 if module.forward.kinds[wire] == "qubit" else cutoff for wire in wires)
        if count > MAX_OUTCOMES:
            label = f"the adjoint method takes probabilities of at most {MAX_OUTCOMES} outcomes, and these have {count}"
            raise error(Code.METHOD, label, output.span, "use `--method shift`, or return those of fewer wires")
        total += count
    return total


Slots = dict[int, RealArray]


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """The start, for each of its bras the sum of each slot, shape (b,), and the probability that a cut lost."""

    start: Start
    slots: list[Slots]
    leakage: float = 0.0


def add(slots: Slots, slot: int, value: RealArray) -> None:
    slots[slot] = slots.get(slot, 0.0) + value
