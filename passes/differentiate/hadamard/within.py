"""Tests within exponentials that hold parameters, at one place of the way through each.

For U = exp(-iH), dH/dθ = Σ c·w: d⟨O⟩/dθ = ∫₀¹ Σ c·⟨i[w, O']⟩ ds, the word read after e^{-isH} and O' pulled back to
there, before e^{-i(1-s)H}; directly, ⟨O⟩ after exp(-iπ/4 w) less ⟨O⟩ after exp(+iπ/4 w) there (Banchi & Crooks 2021,
arXiv:2005.10299).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qcompile.angle import Angle, Element, number, pi_times
from qcompile.diagnostics import Code, error
from qcompile.gates.algebra import controlled
from qcompile.grammar import exponent_of
from qcompile.ir import Evaluation, Op, Program, Row
from qcompile.operator import Operator, Word
from qcompile.passes.differentiate.draft import Draft
from qcompile.passes.differentiate.hadamard.generator_words import Located, located
from qcompile.passes.differentiate.hadamard.insertions import with_rotation_within
from qcompile.passes.differentiate.hadamard.seen_words import watched
from qcompile.passes.differentiate.occurrences import GRADIENT_WORDS, expanded
from qcompile.passes.differentiate.sight.pullback import Images


@dataclass(frozen=True, slots=True)
class PartWithin:
    """A test of one word of one op: the output of a template, and the slots of the place and of the rotation there."""

    template: int
    output: int
    share: Element
    angle: Element

    def evaluations(self, draft: Draft, row: Row, place: float) -> Iterator[tuple[Angle, Evaluation]]:
        """⟨i[w, O']⟩ at a place from 0 to 1, beside the settings of the row that is differentiated."""
        for sign in (1, -1):
            settings = (*row.settings, (self.share, number(place)), (self.angle, pi_times(sign, 2)))
            yield number(sign), Evaluation(draft.row(self.template, dict(settings)), self.output)


class TestsWithin:
    """What the derivatives of one template's outputs through its exponentials are read from."""

    def __init__(self, draft: Draft, program: Program, outputs: Sequence[int], wrt: Sequence[Element]) -> None:
        self.outputs = outputs
        self._draft, self._program = draft, expanded(program, frozenset(wrt), keep_words=False)
        self._parts: dict[tuple[int, Element], list[tuple[Angle, PartWithin]]] = {}
        self._splits: dict[tuple[int, Word], tuple[int, Element, Element]] = {}
        ops = [at for at in located(self._program) if at.op.gate.hamiltonian is not None]
        reached = [at for at in ops if at.depends_on(frozenset(wrt))]
        for at, watching in watched(self._program, outputs, reached, Images()):
            for element in wrt:
                for word, coefficient in slope_within(at.op, element).terms:
                    for k in watching if word else ():
                        self._parts.setdefault((k, element), []).append((coefficient, self._part(at, word, k)))

    def slope(self, output: int, element: Element) -> Sequence[tuple[Angle, PartWithin]]:
        """Weighted parts, each to be averaged over its place."""
        return self._parts.get((output, element), ())

    def _part(self, at: Located, word: Word, output: int) -> PartWithin:
        key = at.position, word
        if key not in self._splits:
            program, share, angle = with_rotation_within(self._program, at.path, at.op, word)
            self._splits[key] = self._draft.template(program), share, angle
        template, share, angle = self._splits[key]
        return PartWithin(template, self._draft.output(template, self._program.outputs[output]), share, angle)


def slope_within(op: Op, element: Element) -> Operator:
    """dH / d element of an op exp(-iH) on the program's wires, its controls included."""
    slope = exponent_of(op).slope(element)
    if len(slope.terms) << len(op.controls) > GRADIENT_WORDS:
        label = f"`{op.gate.name}` under {len(op.controls)} controls has too many words to draw from"
        raise error(Code.METHOD, label, op.span, "use `--method adjoint` or `finite-differences`")
    return controlled(slope, op.controls).on(op.wires)
