"""The Fubini–Study metric of a program's state, as circuits that measure it.

With G̃ the generator of an occurrence pulled back to the start, ∂ψ = −i Σ slope·G̃ψ, and the metric is the real part of
⟨∂ᵢψ|∂ⱼψ⟩ − ⟨∂ᵢψ|ψ⟩⟨ψ|∂ⱼψ⟩: a sum of covariances ½⟨G̃H̃ + H̃G̃⟩ − ⟨G̃⟩⟨H̃⟩ (Stokes et al. 2020, arXiv:1909.02108).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import combinations_with_replacement
from typing import ClassVar, Literal

from qcompile.angle import Angle, Element, derivative, elements
from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.ir import Barrier, Component, Evaluation, Module, Op, Program, Reading, Shifted
from qcompile.operator import Operator, multiply
from qcompile.passes.differentiate import wanted_elements
from qcompile.passes.differentiate.geometry.carrying import carried
from qcompile.passes.differentiate.geometry.overlaps import Circuits
from qcompile.passes.differentiate.geometry.precedence import precedence
from qcompile.passes.differentiate.lift import inlined
from qcompile.passes.differentiate.occurrences import expanded, generator_of

Blocks = Literal["full", "diagonal"]
BLOCKS: tuple[Blocks, ...] = ("full", "diagonal")


@dataclass(frozen=True)
class Metric:
    """The pass: the metric by every trained parameter; with `blocks=diagonal`, within layers of gates that commute."""

    name: ClassVar[str] = "metric"
    blocks: str = "full"

    def __call__(self, module: Module) -> Shifted:
        if not isinstance(module, Program):
            raise error(Code.METHOD, "a derivative has no state to take the metric of", help="give the program itself")
        return metric_module(module, wanted_elements(module, None), self.blocks)


def metric_module(program: Program, wrt: Sequence[Element], blocks: str = "full") -> Shifted:
    """One component without an output for each pair of elements, in order; what the program returns does not matter.

    Two generators are measured where the circuit stands before the later one, the earlier one carried there through
    gates with constant angles. Where another angle turns it on the way, they take a Hadamard test, with an ancilla.
    Evaluations: one for each layer of parameters, and at most one for each word of a generator and each later layer.

    Args:
        blocks: `diagonal` leaves out pairs of elements that share no layer of the circuit; `full` has them all.

    Raises:
        CompileError: NOT_DIFFERENTIABLE where the state is not pure; METHOD, NO_RULE, UNKNOWN_EFFECT, UNKNOWN_OPTION.
    """
    work = _Metric(program, wrt)
    return work.circuits.module([work.component(a, b) for a, b in work.pairs(blocks)])


def metric_pairs(program: Program, wrt: Sequence[Element], blocks: str = "full") -> list[tuple[Element, Element]]:
    """The pairs that the module has components for."""
    return list(_Metric(program, wrt).pairs(blocks))


def pure(program: Program) -> Program:
    """The program without outputs. Raises NOT_DIFFERENTIABLE, where it is more than gates on fresh wires."""
    used: set[int] = set()
    for statement in program.body:
        if isinstance(statement, Barrier):
            continue
        if not isinstance(statement, Op) or statement.gate.channel or statement.gate.prepares == "thermal":
            label = "after this the state is not pure, and has no Fubini–Study metric"
            raise error(Code.NOT_DIFFERENTIABLE, label, statement.span, "leave measurements, resets and noise out")
        if statement.gate.opaque:
            label = f"`{statement.gate.name}` is opaque, so nothing is known of what comes through it"
            raise error(Code.UNKNOWN_EFFECT, label, statement.span, "give it a body, a matrix or a generator")
        if statement.gate.preparation and not used.isdisjoint(statement.wires):
            label = f"`{statement.gate.name}` discards a wire in the middle of the program"
            raise error(Code.NOT_DIFFERENTIABLE, label, statement.span, "prepare a wire of its own")
        used.update(statement.wires)
    return replace(program, outputs=())


@dataclass(frozen=True, slots=True)
class _Occurrence:
    """A gate that elements reach: its place among the ops, its generator without constant, the slopes of its angle."""

    place: int
    generator: Operator
    slopes: dict[Element, Angle]


class _Metric:
    """A program's occurrences in their layers, a cut before each layer, and the circuits made so far.

    A cut holds what must come before its layer and the earlier ones, so generators of all of these can stand after it.
    """

    def __init__(self, given: Program, wrt: Sequence[Element]) -> None:
        program = expanded(inlined(pure(given)), frozenset(wrt), keep_words=False)
        self.wrt = wrt
        self.ops = tuple(statement for statement in program.body if isinstance(statement, Op))
        self.occurrences = {found.place: found for found in _occurrences(self.ops, wrt)}
        order = precedence(self.ops)
        self.layers = order.layers(self.occurrences)
        self.cuts: list[int] = []
        for layer in range(1 + max(self.layers.values(), default=0)):
            own = (order.before[place] for place, other in self.layers.items() if other <= layer)
            self.cuts.append(reduce(lambda cut, before: cut | before, own, 0))
        self.circuits = Circuits(program, self.ops)
        self._carried: dict[tuple[int, int], Operator | None] = {}
        self._means: dict[int, list[Reading]] = {}

    def pairs(self, blocks: str) -> Iterator[tuple[Element, Element]]:
        if blocks not in BLOCKS:
            advice = did_you_mean(blocks, BLOCKS) or "blocks are `full` or `diagonal`"
            raise error(Code.UNKNOWN_OPTION, f"no blocks `{blocks}`", help=advice)
        pairs = combinations_with_replacement(self.wrt, 2)
        return (pair for pair in pairs if blocks == "full" or self._share_layer(*pair))

    def _share_layer(self, a: Element, b: Element) -> bool:
        first, second = ({self.layers[o.place] for o in self._of(element)} for element in (a, b))
        return a == b or not first.isdisjoint(second)

    def component(self, a: Element, b: Element) -> Component:
        weights: dict[tuple[int, int], Angle] = {}
        for left in self._of(a):
            for right in self._of(b):
                key = min(left.place, right.place), max(left.place, right.place)
                weights[key] = weights.get(key, Angle()) + left.slopes[a] * right.slopes[b]
        total: dict[tuple[Evaluation, ...], Angle] = {}
        for pair, weight in weights.items():
            for reading in self._covariance(*(self.occurrences[place] for place in pair)):
                known = total.get(reading.evaluations, Angle())
                total[reading.evaluations] = known + weight * reading.weight
        readings = tuple(Reading(weight, read) for read, weight in total.items() if not weight.is_zero)
        return Component(None, (a, b), readings, self.circuits.exactness(readings))

    def _of(self, element: Element) -> Iterator[_Occurrence]:
        return (found for found in self.occurrences.values() if element in found.slopes)

    def _covariance(self, first: _Occurrence, second: _Occurrence) -> Iterator[Reading]:
        """½⟨G̃H̃ + H̃G̃⟩ − ⟨G̃⟩⟨H̃⟩, `first` not after `second` in the program."""
        layer = max(self.layers[first.place], self.layers[second.place])
        generators = [self._at_layer(occurrence, layer) for occurrence in (first, second)]
        if generators[0] is not None and generators[1] is not None:
            yield from self.circuits.mean(multiply(generators[0], generators[1]), self.cuts[layer])
        else:
            early, late = (first, second) if generators[0] is None else (second, first)
            yield from self.circuits.overlap(early.generator, early.place, late.generator, self.cuts[layer])
        for left in self._mean(first):
            for right in self._mean(second):
                read = tuple(sorted((*left.evaluations, *right.evaluations)))
                yield Reading(-(left.weight * right.weight), read)

    def _mean(self, occurrence: _Occurrence) -> list[Reading]:
        found = self._means.get(occurrence.place)
        if found is None:
            found = list(self.circuits.mean(occurrence.generator, self.cuts[self.layers[occurrence.place]]))
            self._means[occurrence.place] = found
        return found

    def _at_layer(self, occurrence: _Occurrence, layer: int) -> Operator | None:
        """The generator as it stands after the cut before its own layer or a later one; None where it is too long."""
        if layer == self.layers[occurrence.place]:
            return occurrence.generator
        key = (occurrence.place, layer)
        if key not in self._carried:
            cut = self.cuts[layer]
            ops = (op for k, op in enumerate(self.ops) if k >= occurrence.place and cut >> k & 1)
            self._carried[key] = carried(occurrence.generator, ops)
        return self._carried[key]


def _occurrences(ops: Iterable[Op], wrt: Sequence[Element]) -> Iterator[_Occurrence]:
    for place, op in enumerate(ops):
        reached = {e for angle in op.angles for e in elements(angle)} & set(wrt)
        slopes = {element: derivative(op.angles[0], element) for element in wrt if element in reached}
        slopes = {element: slope for element, slope in slopes.items() if not slope.is_zero}
        if slopes and op.gate.preparation:
            label = f"the angle of `{op.gate.name}` is not differentiable"
            raise error(Code.NO_RULE, label, op.span, "give it a constant value, or prepare the state by gates")
        if reached and op.gate.hamiltonian is not None:
            label = f"the generator of `{op.gate.name}` holds its parameters, and is another at each of their values"
            raise error(Code.NO_RULE, label, op.span, "compute the metric on the simulator")
        if slopes:
            moving = Operator(tuple((word, c) for word, c in generator_of(op).terms if word))
            yield _Occurrence(place, moving, slopes)
