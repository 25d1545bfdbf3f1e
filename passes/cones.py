"""A program cut into slices: the light cones of its outputs' terms, on the wires that they take."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from qcompile.angle import Element
from qcompile.ir import Expectation, Observable, Output, Program
from qcompile.operator import Operator, Word
from qcompile.passes.action import Actions
from qcompile.passes.inline import used_definitions
from qcompile.passes.narrow import narrowed, used_elements, used_wires
from qcompile.passes.seen import seen


@dataclass(frozen=True, slots=True)
class Slice:
    """A program cut to the cones of parts of outputs.

    Attributes:
        elements: the entries of parameters that it depends on, slots among them.
        outputs: by output of the whole program, which one here is its part.
    """

    program: Program
    elements: frozenset[Element]
    outputs: Mapping[int, int]


@dataclass(slots=True)
class _Group:
    """Parts of outputs that are read in one slice.

    Attributes:
        wires: a bit for each wire that their cones take.
        words: by output, those of its words that are read; None for all it is.
        first: the number of the first part, which orders the slices.
    """

    wires: int
    words: dict[int, set[Word] | None]
    first: int

    def take(self, other: _Group) -> None:
        self.wires |= other.wires
        self.first = min(self.first, other.first)
        for output, words in other.words.items():
            known = self.words.get(output)
            self.words[output] = known | words if known and words else words


def slices(program: Program, undivided: Collection[int], limit: int) -> Iterator[Slice]:
    """The program's slices, in the order of the first terms in them.

    Args:
        undivided: outputs that are not split into terms.
        limit: cones share a slice where it has at most so many wires, and where one is inside the other.
    """
    groups, actions = list[_Group](), Actions()
    # widest first, so that each slice is as wide as its first part needs, and what fits inside comes later
    for part in sorted(_parts(program, undivided, actions), key=lambda part: -part.wires.bit_count()):
        for group in groups:
            if (group.wires | part.wires).bit_count() <= max(group.wires.bit_count(), limit):
                group.take(part)
                break
        else:
            groups.append(part)
    for group in sorted(groups, key=lambda group: group.first):
        parts = {k: _restricted(program.outputs[k], group.words[k]) for k in sorted(group.words)}
        place = {part: index for index, part in enumerate(dict.fromkeys(parts.values()))}
        made = used_definitions(narrowed(seen(replace(program, outputs=tuple(place)), actions)))
        if not isinstance(made, Program):
            raise AssertionError("trimming a program gives a program")
        yield Slice(made, frozenset(used_elements(made)), {k: place[part] for k, part in parts.items()})


def cone_widths(program: Program) -> Iterator[int]:
    """The wires that the cones of the outputs' terms take, one after the other."""
    return (part.wires.bit_count() for part in _parts(program, (), Actions()))


def _parts(program: Program, undivided: Collection[int], actions: Actions) -> Iterator[_Group]:
    """Each output that is not split, and of those that are the words of each support."""
    count = 0
    known: dict[frozenset[Word], int] = {}
    for k, output in enumerate(program.outputs):
        if not isinstance(output, Expectation) or not output.observable.operator.terms or k in undivided:
            yield _Group(_cone(program, output, actions), {k: None}, count)
            count += 1
            continue
        words: dict[tuple[int, ...], set[Word]] = {}
        for word, _ in output.observable.operator.terms:
            words.setdefault(tuple(sorted({wire for _, wire in word})), set()).add(word)
        for same in words.values():
            key = frozenset(same)
            if key not in known:
                known[key] = _cone(program, _restricted(output, same), actions)
            yield _Group(known[key], {k: same}, count)
            count += 1


def _cone(program: Program, output: Output, actions: Actions) -> int:
    """The wires that the output's light cone takes, as bits."""
    return sum(1 << wire for wire in used_wires(seen(replace(program, outputs=(output,)), actions)))


def _restricted(output: Output, words: set[Word] | None) -> Output:
    """The output with these of its words; one that is whole keeps its observable's name."""
    if words is None or not isinstance(output, Expectation) or len(words) == len(output.observable.operator.terms):
        return output
    terms = tuple(term for term in output.observable.operator.terms if term[0] in words)
    return replace(output, observable=Observable(Operator(terms)))
