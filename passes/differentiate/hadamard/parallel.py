"""Derivatives that many angles share one circuit for: where their generators meet the observable at the end.

Where G commutes with all that comes after exp(-iθG), d⟨O⟩/dθ = ⟨i[G, O]⟩ on the circuit as it is; else one reversed
test for each word of O reads a whole layer (Bowles, Wierichs & Park 2023, arXiv:2306.14962).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qcompile.angle import Element, number
from qcompile.diagnostics import CompileError
from qcompile.ir import Exactness, Expectation, Observable, Program, Shifted
from qcompile.operator import Operator
from qcompile.passes.differentiate.hadamard.derivative import hadamard_derivative
from qcompile.passes.differentiate.hadamard.generator_words import commutator, located, words_of
from qcompile.passes.differentiate.hadamard.tails import reaches_end
from qcompile.passes.differentiate.sight.pullback import Images


class EndReader:
    """Reads derivatives by single ops at the end of one program, where that can be done."""

    def __init__(self, program: Program, images: Images) -> None:
        self._program, self._images = program, images
        self._located = {at.position: at for at in located(program)}

    def read(self, output: Expectation, position: int) -> Expectation | None:
        """An output of the same circuit that is d output / d angle of the op at this position among the ops.

        None where there is no such output: the op has several angles or no Pauli generator, or not all of its words
        reach the end.
        """
        at = self._located[position]
        if not at.is_turned_by_words:
            return None
        total = Operator()
        for word in words_of(at, self._program, self._images):
            if not reaches_end(word, self._program):
                return None
            part = commutator(word.word, output.observable.operator)
            total = total + part.scaled(number(word.coefficient))
        return replace(output, observable=Observable(total), span=None)


@dataclass(frozen=True, slots=True)
class Layer:
    """Elements that are read in parallel, and what all of them together take."""

    elements: tuple[Element, ...]
    evaluations: int
    exactness: Exactness


def layers(module: Shifted, wrt: Sequence[Element]) -> tuple[Layer, ...]:
    """The elements that can be read in parallel, those together that share rows; all others are left out."""
    made = _parallel(module, wrt)
    if made is None:
        wrt = [element for element in wrt if _parallel(module, [element]) is not None]
        made = _parallel(module, wrt)
    new = made.components[len(module.components) :] if made is not None else ()
    found: list[tuple[set[int], list[Element], list[Exactness]]] = []
    for component in new:
        rows = {e.row for reading in component.readings for e in reading.read}
        own = (rows, [component.wrt[-1]], [component.exactness])
        apart = [group for group in found if group[0].isdisjoint(rows) and component.wrt[-1] not in group[1]]
        for group in found:
            if group not in apart:
                own = (own[0] | group[0], [*group[1], *own[1]], [*group[2], *own[2]])
        found = [*apart, own]
    return tuple(
        Layer(tuple(dict.fromkeys(names)), len(rows), Exactness.weakest(classes)) for rows, names, classes in found
    )


def _parallel(module: Shifted, wrt: Sequence[Element]) -> Shifted | None:
    try:
        return hadamard_derivative(module, wrt, "parallel")
    except CompileError:
        return None
