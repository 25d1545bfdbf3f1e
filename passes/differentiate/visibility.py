"""What an output can see of each occurrence: whether it matters at all, and the degree of what it is measured by.

One walk back from the output pulls the observable through the program: it starts as itself, stays itself through gates
that commute with it, and otherwise is known by the wires it has spread to and by its degree in the quadratures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from qcompile.gates import Kind
from qcompile.gates.algebra import controlled, is_gaussian, quadratures_commute
from qcompile.ir import (
    Expectation,
    If,
    Measure,
    Op,
    Output,
    Probabilities,
    Program,
    Reset,
    Samples,
    State,
    Statement,
    Variance,
)
from qcompile.operator import PAULI_LETTERS, Operator, Word, letters_by_wire, words_commute
from qcompile.passes.differentiate.occurrences import generator_ops


@dataclass(frozen=True, slots=True)
class Sight:
    """The degree in the quadratures of what is measured, pulled back to just after the gate; None: no finite degree."""

    degree: int | None = 0


@dataclass(slots=True)
class _Pulled:
    """The observable pulled back to a point: itself while `exact`, else bounded by support, degree and read bits."""

    exact: Operator | None
    wires: set[int]
    degree: int | None
    cells: set[int] = field(default_factory=lambda: set[int]())


def sightings(program: Program, output: Output) -> dict[int, Sight]:
    """By id() of the op, what the output sees of every op it depends on; ops it cannot see are absent."""
    return dict(_walk(program.body, _start(output, program.kinds)))


def _start(output: Output, kinds: tuple[Kind, ...]) -> _Pulled:
    match output:
        case Expectation(observable):
            operator = observable.operator
            return _Pulled(operator, set(operator.support), operator.degree)
        case Variance(observable):
            operator = observable.operator
            return _Pulled(operator, set(operator.support), 2 * operator.degree)
        case Probabilities(seen):
            return _Pulled(None, set(seen), None if any(kinds[wire] == "qumode" for wire in seen) else 0)
        case Samples(seen, cells):
            return _Pulled(None, set(seen), None, set(cells))
        case State():
            return _Pulled(None, set(range(len(kinds))), None)
        case _:
            assert_never(output)


def _walk(body: tuple[Statement, ...], pulled: _Pulled) -> Iterator[tuple[int, Sight]]:
    for statement in reversed(body):
        match statement:
            case Op():
                yield from _through(statement, pulled)
            case Measure():
                if statement.wire in pulled.wires or pulled.cells.intersection(statement.cells):
                    pulled.wires.add(statement.wire)
                    pulled.exact = None
                    pulled.degree = pulled.degree if statement.detection == "z" else None
                pulled.cells.difference_update(statement.cells)
            case Reset():
                pulled.wires.discard(statement.wire)
                pulled.exact = None
            case If():
                yield from _through_branches(statement, pulled)
            case _:
                assert_never(statement)


def _through_branches(statement: If, pulled: _Pulled) -> Iterator[tuple[int, Sight]]:
    """Either branch may run: the pulled observable is bounded by both, and reads the condition where they act."""
    branches = [_Pulled(pulled.exact, set(pulled.wires), pulled.degree, set(pulled.cells)) for _ in range(2)]
    seen = 0
    for body, branch in zip((statement.then, statement.otherwise), branches, strict=True):
        for sight in _walk(body, branch):
            seen += 1
            yield sight
    changed = seen or any(b.wires != pulled.wires or b.cells != pulled.cells for b in branches)
    if changed:
        pulled.exact = None
        pulled.wires |= branches[0].wires | branches[1].wires
        pulled.cells |= branches[0].cells | branches[1].cells | {cell for cell, _ in statement.condition}
        degrees = [branch.degree for branch in branches if branch.degree is not None]
        pulled.degree = max(degrees) if len(degrees) == len(branches) else None


def _through(op: Op, pulled: _Pulled) -> Iterator[tuple[int, Sight]]:
    if pulled.wires.isdisjoint(op.wires) or _leaves_alone(op, pulled.exact):
        return
    yield id(op), Sight(pulled.degree)
    pulled.exact = None
    if op.gate.preparation:
        pulled.wires.difference_update(op.wires)
        return
    pulled.wires.update(op.wires)
    growth = _degree_growth(op)
    pulled.degree = None if growth is None or pulled.degree is None else pulled.degree * growth


def _leaves_alone(op: Op, observable: Operator | None) -> bool:
    if observable is None or op.gate.generator is None:
        return False
    return commute(controlled(op.gate.generator, op.controls).on(op.wires), observable)


def commute(left: Operator, right: Operator) -> bool:
    """Do they commute word by word? A yes is certain; sums that commute only as a whole get a no."""
    return all(_words_commute(v, w) for v, _ in left.terms for w, _ in right.terms)


def _words_commute(left: Word, right: Word) -> bool:
    modes, others = letters_by_wire(_modes(left)), letters_by_wire(_modes(right))
    if any(len(set(modes[wire] + others[wire])) > 1 for wire in modes.keys() & others.keys()):
        return False
    return words_commute(_paulis(left), _paulis(right))


def _modes(word: Word) -> Word:
    return tuple(factor for factor in word if factor[0] not in PAULI_LETTERS)


def _paulis(word: Word) -> Word:
    return tuple(factor for factor in word if factor[0] in PAULI_LETTERS)


def _degree_growth(op: Op) -> int | None:
    """By what factor a gate multiplies the degree of what is pulled through it; None: without bound.

    Gaussian gates map quadratures to linear forms. A generator of degree g in commuting quadratures adds a polynomial
    of degree g − 1 to the others. Everything else (Kerr, a photonic gate under a qubit's control) has no finite degree.
    """
    if "qumode" not in op.gate.wires:
        return 1
    if op.controls:
        return None
    factors = [part.gate.generator for part in generator_ops(op)]
    growths = [_generator_growth(generator) for generator in factors if generator is not None]
    bounded = [growth for growth in growths if growth is not None]
    return math.prod(bounded) if len(bounded) == len(factors) else None


def _generator_growth(generator: Operator) -> int | None:
    if is_gaussian(generator):
        return 1
    return max(1, generator.degree - 1) if quadratures_commute(generator) else None
