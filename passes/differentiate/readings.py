"""What components read: sums of weighted evaluations, how they are differentiated, and the rows that they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from qcompile.angle import Angle, Element, derivative
from qcompile.ir import Component, Evaluation, Exactness, Reading, Shifted

Evaluations = tuple[Evaluation, ...]
Slope = Callable[[Evaluation], Iterable[tuple[Angle, Evaluation]]]
_ROUNDING = 1e-14  # of the largest part of a weight that cancelled


class Sums:
    """Weights by what they multiply and are divided by, added up; what only rounding leaves of them is dropped."""

    def __init__(self) -> None:
        self._total: dict[tuple[Evaluations, Evaluations], Angle] = {}
        self._largest: dict[tuple[Evaluations, Evaluations], float] = {}

    def add(self, weight: Angle, evaluations: Evaluations, divisors: Evaluations = ()) -> None:
        key = tuple(sorted(evaluations)), tuple(sorted(divisors))
        self._total[key] = self._total.get(key, Angle()) + weight
        self._largest[key] = max(self._largest.get(key, 0.0), abs(float(weight.constant)))

    def readings(self) -> tuple[Reading, ...]:
        return tuple(Reading(weight, *key) for key, weight in self._total.items() if not self._vanishes(weight, key))

    def _vanishes(self, weight: Angle, key: tuple[Evaluations, Evaluations]) -> bool:
        return weight.is_zero or (weight.is_constant and abs(float(weight)) <= _ROUNDING * self._largest[key])


def compacted(module: Shifted) -> Shifted:
    """The module without rows that nothing reads."""
    used = sorted({e.row for c in module.components for r in c.readings for e in r.read})
    moved = {old: new for new, old in enumerate(used)}

    def move(group: Evaluations) -> Evaluations:
        return tuple(Evaluation(moved[e.row], e.output) for e in group)

    components = tuple(
        replace(c, readings=tuple(Reading(r.weight, move(r.evaluations), move(r.divisors)) for r in c.readings))
        for c in module.components
    )
    return replace(module, rows=tuple(module.rows[old] for old in used), components=components)


def next_order(
    module: Shifted, wrt: Sequence[Element], order: int | None = None
) -> Iterator[tuple[Component, Element]]:
    """The components of the order, or of the highest, by each element; mixed derivatives, which are symmetric, once."""
    if order is None:
        order = max(len(component.wrt) for component in module.components)
    seen: set[tuple[int | None, tuple[str, ...]]] = set()
    for component in module.components:
        for element in wrt if len(component.wrt) == order else ():
            names = tuple(map(str, (*component.wrt, element)))  # of a metric's entry, the first two are not derivatives
            key = (component.output, names if component.output is None else tuple(sorted(names)))
            if key not in seen:
                seen.add(key)
                yield component, element


def differentiated(component: Component, element: Element, slope: Slope, exactness: Exactness) -> Component:
    """The component by one element more: d(wΠe/Πd) = dw·Πe/Πd + w Σ de·…/Πd − w Πe/Πd Σ dd/d.

    Args:
        slope: d evaluation / d element as weighted evaluations.
        exactness: of these slopes; that of the component stands if it is weaker.
    """
    sums = Sums()
    for reading in component.readings:
        over, under = reading.evaluations, reading.divisors
        sums.add(derivative(reading.weight, element), over, under)
        for k, evaluation in enumerate(over):
            for weight, made in slope(evaluation):
                sums.add(reading.weight * weight, (*over[:k], *over[k + 1 :], made), under)
        for divisor in under:
            for weight, made in slope(divisor):
                sums.add(-(reading.weight * weight), (*over, made), (*under, divisor))
    weakest = Exactness.weakest((component.exactness, exactness))
    return replace(component, wrt=(*component.wrt, element), readings=sums.readings(), exactness=weakest)
