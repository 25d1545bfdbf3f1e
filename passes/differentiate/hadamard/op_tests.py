"""Which circuits read the derivatives of a program's outputs by the angles of its ops.

For U = exp(-iθG), G = Σ c·w, and O' the observable pulled back to just after it, d⟨O⟩/dθ = Σ c·⟨i[w, O']⟩, and that is
  standard   2·⟨Y⊗O⟩, where an ancilla in |+⟩ controls w there (Schuld et al. 2019, arXiv:1811.11184)
  reversed   −2·Σ o·⟨Y⊗w⟩ for O = Σ o·P: the rest V of the circuit, P controlled by the ancilla, and V undone
             (Li et al. 2024, arXiv:2408.05406)
  direct     ⟨O⟩ after exp(-iπ/4 w) less ⟨O⟩ after exp(+iπ/4 w) there (Mitarai & Fujii 2019, arXiv:1901.00015)
  parallel   ⟨i[w, O]⟩ on the circuit itself where w meets O at the end, else reversed, with many words in one circuit
             (Bowles, Wierichs & Park 2023, arXiv:2306.14962)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, assert_never

from qcompile.angle import Angle, Element, derivative, elements, number, pi_times
from qcompile.ir import Expectation, Observable, Program
from qcompile.operator import Operator, Word
from qcompile.passes.differentiate.draft import Draft, Settings
from qcompile.passes.differentiate.hadamard.generator_words import (
    GeneratorWord,
    Path,
    commutator,
    gathered,
    located,
)
from qcompile.passes.differentiate.hadamard.insertions import (
    beside_ancilla,
    with_reversed_test,
    with_rotation,
    with_test,
)
from qcompile.passes.differentiate.hadamard.seen_words import Seen, refusal, seen_words
from qcompile.passes.differentiate.hadamard.tails import Tails, reaches_end
from qcompile.passes.differentiate.occurrences import expanded
from qcompile.passes.differentiate.sight.pullback import Images

Mode = Literal["standard", "reversed", "direct", "parallel", "fewest", "fewest beside the end", "not within"]


@dataclass(frozen=True, slots=True)
class Part:
    """factor × an output of a template, at the row with these settings beside those of the row differentiated."""

    factor: Angle
    template: int
    output: int
    settings: Settings = ()


class OpTests:
    """What the derivatives of one template's outputs are read from; `with_ancilla` are templates."""

    def __init__(
        self, draft: Draft, index: int, program: Program, outputs: Sequence[int], wrt: Sequence[Element]
    ) -> None:
        self._draft, self._index, self.outputs = draft, index, outputs
        self._program = expanded(program, frozenset(wrt), keep_words=False)
        self._images = Images()
        self._tails = Tails(self._program, self._images)
        self._ops = [at for at in located(self._program) if at.depends_on(frozenset(wrt))]
        self._slopes: dict[Element, list[tuple[int, Angle]]] = {element: [] for element in wrt}
        for at in self._ops:
            for element in dict.fromkeys(elements(at.op.angles[0])):
                if element in self._slopes:
                    self._slopes[element].append((at.position, derivative(at.op.angles[0], element)))
        self._parts: dict[tuple[int, int], list[Part]] = {}  # by output and position of the op: d output / d angle
        self.with_ancilla: set[int] = set()

    def slope(self, output: int, element: Element) -> Iterator[tuple[Angle, Part]]:
        """d output / d element as weighted parts."""
        for position, slope in self._slopes[element]:
            for part in self._parts.get((output, position), ()) if not slope.is_zero else ():
                yield slope * part.factor, part
        measured = self._program.outputs[output]
        if not isinstance(measured, Expectation):
            return
        changing = measured.observable.operator.slope(element)
        if changing.terms:
            made = replace(measured, observable=Observable(changing), span=None)
            yield number(1.0), Part(number(1.0), self._index, self._draft.output(self._index, made))

    def choose(self, mode: Mode) -> None:
        """Sets out how each output's derivative by each op is read; `not within`: directly, but by no exp(-iH)."""
        ops = self._ops if mode != "not within" else [at for at in self._ops if at.op.gate.hamiltonian is None]
        seen = list(seen_words(self._program, self.outputs, ops, self._images))
        match mode:
            case "standard":
                self._at_places(seen, self._standard)
            case "reversed":
                self._at_places(seen, self._reversed)
            case "direct" | "not within":
                self._at_places(seen, self._direct)
            case "parallel":
                self._at_places(self._not_at_end(seen), self._reversed)
            case "fewest":
                self._at_places(self._directly(seen), self._fewest)
            case "fewest beside the end":
                self._at_places(self._not_at_end(self._directly(seen)), self._fewest)
            case _:
                assert_never(mode)

    def _directly(self, seen: Sequence[Seen]) -> list[Seen]:
        """Reads what probabilities see, for which there is no other test, and returns what is left."""
        are_all = [all(isinstance(self._program.outputs[k], Expectation) for k in outputs) for _, outputs in seen]
        self._at_places([item for item, are in zip(seen, are_all, strict=True) if not are], self._direct)
        return [item for item, are in zip(seen, are_all, strict=True) if are]

    def _at_places(self, seen: Iterable[Seen], read: Callable[[Path, list[Seen]], None]) -> None:
        outputs = {(word.position, word.word): watching for word, watching in seen}
        for place in gathered(word for word, _ in seen):
            read(place.path, [(word, outputs[word.position, word.word]) for word in place.words])

    def _add(self, output: int, word: GeneratorWord, part: Part) -> None:
        self._parts.setdefault((output, word.position), []).append(part)

    def _not_at_end(self, seen: Iterable[Seen]) -> list[Seen]:
        """Reads what can be read on the circuit as it is, and returns what is left."""
        left: list[Seen] = []
        for word, outputs in seen:
            if not reaches_end(word, self._program):
                left.append((word, outputs))
                continue
            for k in outputs:
                measured = self._expectation(k, word)
                met = commutator(word.word, measured.observable.operator)
                if met.terms:
                    made = replace(measured, observable=Observable(met), span=None)
                    place = self._draft.output(self._index, made)
                    self._add(k, word, Part(number(word.coefficient), self._index, place))
        return left

    def _fewest(self, path: Path, words: list[Seen]) -> None:
        observed = self._observed(path, words)
        if observed is None or len(observed) >= len({word.word for word, _ in words}):
            self._standard(path, words)
        else:
            self._reversed(path, words)

    def _standard(self, path: Path, words: list[Seen]) -> None:
        for word, outputs in words:
            program, ancilla = with_test(self._program, path, word.word)
            template = self._draft.template(program)
            self.with_ancilla.add(template)
            for k in outputs:
                measured = self._expectation(k, word)
                made = beside_ancilla(measured, measured.observable.operator, ancilla)
                part = Part(number(2 * word.coefficient), template, self._draft.output(template, made))
                self._add(k, word, part)

    def _direct(self, path: Path, words: list[Seen]) -> None:
        for word, outputs in words:
            program, slot = with_rotation(self._program, path, word.word)
            template = self._draft.template(program)
            for k in outputs:
                place = self._draft.output(template, self._program.outputs[k])
                for sign in (1, -1):
                    setting = ((slot, pi_times(sign, 2)),)
                    self._add(k, word, Part(number(sign * word.coefficient), template, place, setting))

    def _reversed(self, path: Path, words: list[Seen]) -> None:
        observed = self._observed(path, words)
        if observed is None:
            label = "no reversed test: from here on what is measured depends on more than gates"
            raise refusal(label, words[0][0], "use the mode `standard`")
        templates: dict[Word, tuple[int, int]] = {}
        for seen in observed:
            program, ancilla = with_reversed_test(self._program, path[0], *self._tails.of(seen).after(path[0]), seen)
            templates[seen] = self._draft.template(program), ancilla
        self.with_ancilla.update(template for template, _ in templates.values())
        for word, outputs in words:
            for k in outputs:
                measured = self._expectation(k, word)
                for seen, weight in self._tails.seen_by(word, measured.observable.operator).terms:
                    template, ancilla = templates[seen]
                    made = beside_ancilla(measured, Operator(((word.word, number(1.0)),)), ancilla)
                    place = self._draft.output(template, made)
                    self._add(k, word, Part(weight * number(-2 * word.coefficient), template, place))

    def _observed(self, path: Path, words: list[Seen]) -> list[Word] | None:
        """The words of observables that see these; None where one depends on more than gates from there on."""
        place, *deeper = path
        found: dict[Word, None] = {}
        for word, outputs in words:
            for k in outputs:
                operator = self._expectation(k, word).observable.operator
                if deeper or not operator.is_pauli:
                    return None
                found.update((seen, None) for seen, _ in self._tails.seen_by(word, operator).terms)
        return list(found) if all(self._tails.of(seen).start <= place for seen in found) else None

    def _expectation(self, output: int, word: GeneratorWord) -> Expectation:
        measured = self._program.outputs[output]
        if not isinstance(measured, Expectation):
            raise refusal("probabilities have no observable to test", word, "use the mode `direct`")
        return measured
