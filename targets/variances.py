"""What one shot tells of a row's outputs: its covariances, and the slopes of a derivative's components by them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod
from typing import Protocol

import numpy as np

from qcompile.angle import Angle, number
from qcompile.diagnostics import Code, CompileError, error
from qcompile.ir import (
    Component,
    Covariance,
    Evaluation,
    Expectation,
    Measure,
    Observable,
    Output,
    Parameter,
    Probabilities,
    Reading,
    Row,
    Shifted,
    Template,
)
from qcompile.operator import Operator, Word
from qcompile.targets.settings import Setting, measured
from qcompile.targets.simulator import Options, Values, bind, evaluate
from qcompile.targets.simulator.values import Bound, Elements, RealArray, value_of

Slopes = Mapping[Evaluation, RealArray]
"""A component's derivatives by what it reads: of shape (), or (outcomes,) where it goes outcome by outcome."""
Covariances = Mapping[tuple[int, int], RealArray]
"""Of one shot's estimates of two outputs, by both: of shape () or (outcomes,)."""
_KEPT = Expectation(Observable(Operator((((), number(1.0)),))), unnormalised=True)


class Model(Protocol):
    """Where variances come from."""

    def slopes(self, component: Component) -> Slopes: ...

    def covariances(self, template: int, setting: Setting) -> Mapping[int, Covariances]:
        """By row, of those of the template."""
        ...


@dataclass(frozen=True, slots=True)
class Prior:
    """Of unknown states: words are taken for independent and of variance one, outcomes for equally likely.

    Raises:
        CompileError: UNBOUND, where only values of the parameters can tell.
    """

    module: Shifted

    def slopes(self, component: Component) -> Slopes:
        found: dict[Evaluation, RealArray] = defaultdict(lambda: np.zeros(()))
        for reading in component.readings:
            if len(reading.read) > 1 or not reading.weight.is_constant:
                raise _untold("what errors come to depends on the parameters here")
            for evaluation in reading.evaluations:
                found[evaluation] = found[evaluation] + float(reading.weight)
        return found

    def covariances(self, template: int, setting: Setting) -> Mapping[int, Covariances]:
        outputs = self.module.templates[template].program.outputs
        if "qumode" in self.module.templates[template].program.kinds:
            raise _untold("nothing bounds the variance of light but its state")
        columns: dict[int, dict[object, float]] = defaultdict(dict)
        found: dict[tuple[int, int], RealArray] = {}
        for read in setting.reads:
            output = outputs[read.output]
            if isinstance(output, Expectation):
                word, coefficient = output.observable.operator.terms[read.term]
                if not coefficient.is_constant:
                    raise _untold("a coefficient of the observable depends on the parameters")
                columns[read.output][word] = float(coefficient)
            else:
                count = 2 ** len(read.places)
                found[read.output, read.output] = np.full(count, (1 - 1 / count) / count)
        for left, ours in columns.items():
            for right, others in columns.items():
                found[left, right] = np.array(sum(c * others.get(word, 0.0) for word, c in ours.items()))
        return {k: found for k, row in enumerate(self.module.rows) if row.template == template}


@dataclass(slots=True)
class Simulated:
    """At given values of the parameters, one for each: exact, but for components that are not linear."""

    module: Shifted
    values: Values
    bound: Bound = field(init=False)
    exact: dict[Evaluation, RealArray] = field(init=False)

    def __post_init__(self) -> None:
        self.bound = bind(_parameters(self.module), self.values)
        if self.bound.batch != 1:
            raise error(Code.BAD_VALUE, "shots are shared out for one point, and these values are several", None)
        read = sorted({e for c in self.module.components for reading in c.readings for e in reading.read})
        self.exact = dict(zip(read, _evaluated(self.module, read, self.values), strict=True))

    def covariances(self, template: int, setting: Setting) -> Mapping[int, Covariances]:
        light = "qumode" in self.module.templates[template].program.kinds
        return self._of_light(template, setting) if light else self._of_bits(template, setting)

    def slopes(self, component: Component) -> Slopes:
        found: dict[Evaluation, RealArray] = defaultdict(lambda: np.zeros(()))
        for reading in component.readings:
            weight = float(value_of(reading.weight, self.bound.elements)[0])
            for place, evaluation in enumerate(reading.read):
                found[evaluation] = found[evaluation] + weight * self._slope(reading, place)
        return found

    def _slope(self, reading: Reading, place: int) -> RealArray:
        """Of the reading without its weight, by what stands at this place of `reading.read`."""
        over = [self.exact[e] for e in reading.evaluations]
        under = [self.exact[e] for e in reading.divisors]
        if place < len(over):
            return _product(over[:place] + over[place + 1 :]) / _product(under)
        return -_product(over) / (_product(under) * under[place - len(over)])

    def _of_light(self, template: int, setting: Setting) -> dict[int, Covariances]:
        """By the moments of the states: what is detected together commutes."""
        program = self.module.templates[template].program
        terms: dict[int, list[tuple[Word, Angle]]] = {}
        for read in setting.reads:
            terms.setdefault(read.output, []).append(_terms(program.outputs[read.output])[read.term])
        seen = {place: Observable(Operator(tuple(read))) for place, read in terms.items()}
        pairs = [(a, b) for a in seen for b in seen]
        rows = tuple(replace(row, template=0) for row in self.module.rows if row.template == template)
        outputs = tuple(Covariance(seen[a], seen[b]) for a, b in pairs)
        module = Shifted((Template("t0", replace(program, outputs=outputs)),), rows, ())
        numbers = [k for k, row in enumerate(self.module.rows) if row.template == template]
        wanted = [Evaluation(place, pair) for place in range(len(rows)) for pair in range(len(pairs))]
        values = iter(_evaluated(module, wanted, self.values))
        return {k: {pair: next(values) for pair in pairs} for k in numbers}

    def _of_bits(self, template: int, setting: Setting) -> dict[int, Covariances]:
        """From the distribution of each row."""
        outputs = self.module.templates[template].program.outputs
        rows = [k for k, row in enumerate(self.module.rows) if row.template == template]
        chosen = sorted({read.output for read in setting.reads})
        found: dict[int, Covariances] = {}
        for k, shares in zip(rows, self._distributions(template, setting), strict=True):
            elements = self._elements(self.module.rows[k])
            moved = {o: _influence(outputs[o], _estimates(outputs[o], o, setting, elements), shares) for o in chosen}
            found[k] = {
                (a, b): (shares * moved[a] * moved[b]).sum(-1)
                - (shares * moved[a]).sum(-1) * (shares * moved[b]).sum(-1)
                for a, b in product(chosen, repeat=2)
                if len({moved[o].shape for o in (a, b) if moved[o].ndim > 1}) < 2
            }
        return found

    def _distributions(self, template: int, setting: Setting) -> list[RealArray]:
        """For each row: the shares of all runs that are kept, by what stands in the setting's basis."""
        program = self.module.templates[template].program
        before = len(program.body)
        whole = measured(program, setting.basis, setting.change).body
        turned = (*whole[:before], *(step for step in whole[before:] if not isinstance(step, Measure)))
        wires = tuple(wire for _, wire in setting.basis)
        output = Probabilities(wires, None, unnormalised=True) if wires else _KEPT
        rows = tuple(replace(row, template=0) for row in self.module.rows if row.template == template)
        module = Shifted((Template("t0", replace(program, body=turned, outputs=(output,))),), rows, ())
        return [s.reshape(-1) for s in _evaluated(module, [Evaluation(k, 0) for k in range(len(rows))], self.values)]

    def _elements(self, row: Row) -> Elements:
        """The values of the row's slots beside those of the parameters; coefficients may hold them."""
        known = self.module.templates[row.template].program.parameters
        slots = {slot: np.zeros(1) for p in known if p.role == "slot" for slot in p.elements()}
        moved = {slot: value_of(value, self.bound.elements) for slot, value in row.settings}
        return {**self.bound.elements, **slots, **moved}


def _estimates(output: Output, place: int, setting: Setting, elements: Elements) -> RealArray:
    """What a run with each outcome of the basis says of the output, shape (outcomes,) or (its own, outcomes)."""
    count = len(setting.basis)
    bits = np.indices((2,) * count).reshape(count, -1) if count else np.zeros((0, 1), dtype=int)
    total: RealArray = np.zeros(bits.shape[1])
    for read in (read for read in setting.reads if read.output == place):
        seen = bits[list(read.places)]
        if not isinstance(output, Expectation):
            powers = 1 << np.arange(len(read.places))[::-1]
            return np.asarray(powers @ seen == np.arange(2 ** len(powers))[:, np.newaxis], dtype=float)
        coefficient = value_of(output.observable.operator.terms[read.term][1], elements)
        total = total + read.sign * coefficient * (-1.0) ** seen.sum(axis=0)
    return total


def _influence(output: Output, estimate: RealArray, shares: RealArray) -> RealArray:
    """How far a run that is kept moves the mean: over all runs by its own value, over those kept to first order."""
    if not isinstance(output, Expectation | Probabilities):
        raise AssertionError("an output that the settings refuse")
    if output.unnormalised:
        return estimate
    kept = shares.sum()
    mean = (estimate * shares).sum(-1, keepdims=True) / kept
    return np.asarray((estimate - mean) / kept)


def _product(factors: list[RealArray]) -> RealArray:
    return np.asarray(prod(factors, start=np.ones(())))


def _evaluated(module: Shifted, read: list[Evaluation], values: Values) -> list[RealArray]:
    """What these come to, of shape () or (outcomes,)."""
    components = tuple(Component(k, (), (Reading(number(1.0), (e,)),)) for k, e in enumerate(read))
    light = any("qumode" in template.program.kinds for template in module.templates)
    options = Options(engine="gaussian") if light else Options()  # no cut of Fock spaces: it might lose the variance
    return [array[0] for array in evaluate(replace(module, components=components), values, options)]


def _terms(output: Output) -> tuple[tuple[Word, Angle], ...]:
    if not isinstance(output, Expectation):
        raise error(Code.NOT_SIMULABLE, "photon statistics are not Gaussian", output.span, "leave the shots out")
    return output.observable.operator.terms


def _parameters(module: Shifted) -> list[Parameter]:
    found = {p.name: p for t in module.templates for p in t.program.parameters if p.role != "slot"}
    return list(found.values())


def _untold(label: str) -> CompileError:
    return error(Code.UNBOUND, label, None, "give every parameter a value, as in `--set theta=0.1`")
