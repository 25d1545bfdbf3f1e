"""Declared memory: regions, what they share, and the place that a reference names.

A place is an entry of its home: the region first declared over that memory with the type in question. Memory that is
used as two types, or from two homes that overlap, is refused: what one sees of the other is not told by the language.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, field

from qcompile.angle import Element
from qcompile.diagnostics import Code, CompileError, Note, Span, did_you_mean, error
from qcompile.grammar.checks import MAX_WIRES, counted
from qcompile.grammar.quil import tree
from qcompile.grammar.quil.values import Frame

BITS = {"BIT": 1, "OCTET": 8, "INTEGER": 64, "REAL": 64}
MAX_DIGITS = 9
RESERVED = {
    "ADD", "AND", "AS", "CALL", "CONTROLLED", "CONVERT", "DAGGER", "DECLARE", "DEFCIRCUIT", "DEFGATE", "DIV", "EQ",
    "EXCHANGE", "EXTERN", "FORKED", "GE", "GT", "HALT", "INCLUDE", "IOR", "JUMP", "JUMP-UNLESS", "JUMP-WHEN", "LABEL",
    "LE", "LOAD", "LT", "MATRIX", "MEASURE", "MOVE", "MUL", "NEG", "NOP", "NOT", "OFFSET", "PAULI-SUM", "PERMUTATION",
    "PRAGMA", "RESET", "SEQUENCE", "SHARING", "STORE", "SUB", "WAIT", "XOR", "i", "pi",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Region:
    """Memory of one type.

    Attributes:
        sized: whether a length is written.
        root: the region whose memory this is in the end, and `offset` in bits from its start.
        home: the region that its entries are told by, and `first` the number of its first entry there.
    """

    name: str
    type: str
    length: int
    sized: bool
    span: Span
    root: str
    offset: int = 0
    home: str = ""
    first: int = 0

    @property
    def end(self) -> int:
        return self.offset + self.length * BITS[self.type]


@dataclass(slots=True)
class Memory:
    """What is declared, and which homes are used."""

    regions: dict[str, Region] = field(default_factory=dict[str, Region])
    used: dict[str, list[tuple[int, Region]]] = field(default_factory=dict[str, list[tuple[int, Region]]])
    broken: set[str] = field(default_factory=set[str])

    def declare(self, node: tree.Declaration, frame: Frame) -> None:
        """Raises DUPLICATE_NAME, RESERVED_NAME, WRONG_TYPE, INDEX_RANGE, TOO_LARGE, UNKNOWN_NAME."""
        name = node.name.text
        known = self.regions.get(name)
        if known is not None:
            notes = [Note("it is declared here first", known.span)]
            label, advice = f"`{name}` is declared already", "choose another name, or leave this line out"
            raise error(Code.DUPLICATE_NAME, label, frame.span(node.name), advice, notes)
        self.broken.add(name)
        if name in RESERVED:
            raise error(Code.RESERVED_NAME, f"`{name}` is a word of Quil", frame.span(node.name), "choose another name")
        length = 1 if node.length is None else whole(node.length, frame)
        if length < 1 and node.length is not None:
            raise error(Code.INDEX_RANGE, "memory of no entries", frame.span(node.length), "declare at least one")
        if length > MAX_WIRES:
            label = f"this makes {length} entries"
            raise error(Code.TOO_LARGE, label, frame.span(node), f"a region has at most {MAX_WIRES}")
        region = Region(
            name, _type(node.type, frame), length, node.length is not None, frame.span(node.name), name, 0, name
        )
        self.regions[name] = self._shared(region, node, frame)
        self.broken.discard(name)

    def locate(self, node: tree.Reference, frame: Frame) -> Element:
        """The place that a reference names.

        Raises:
            CompileError: UNKNOWN_NAME, INDEX_RANGE, WRONG_TYPE, OUT_OF_REACH.
        """
        actual = frame.targets.get(node.name)
        if actual is not None:
            return self.locate(_through(node, actual[0], frame), actual[1])
        region = self.region(tree.Name(node.name, node.start, node.end), frame)
        index = 0 if node.entry is None else int(node.entry) if len(node.entry) <= MAX_DIGITS else MAX_WIRES
        if index >= region.length:
            label = f"`{node.name}` has {counted(region.length, 'entry', 'entries')}, and none is number {node.entry}"
            advice = f"indices run from 0 to {region.length - 1}" if region.length > 1 else f"write `{node.name}`"
            notes = [Note("it is declared here", region.span)]
            raise error(Code.INDEX_RANGE, label, frame.span(node), advice, notes)
        return Element(region.home, region.first + index)

    def region(self, name: tree.Name, frame: Frame) -> Region:
        """The region of that name, marked as used; raises UNKNOWN_NAME, OUT_OF_REACH."""
        actual = frame.targets.get(name.text)
        if actual is not None:
            return self.region(tree.Name(actual[0].name, actual[0].start, actual[0].end), actual[1])
        region = self.regions.get(name.text)
        if region is None:
            if name.text in self.broken:
                raise CompileError(())
            label = f"no memory is called `{name.text}`"
            raise error(Code.UNKNOWN_NAME, label, frame.span(name), self._hint(name.text))
        self._use(self.regions[region.home], name, frame)
        return region

    def type_of(self, place: Element) -> str:
        return self.regions[place.name].type

    def _shared(self, region: Region, node: tree.Declaration, frame: Frame) -> Region:
        """The region at its place in the memory that it shares."""
        if node.parent is None:
            return region
        parent = self.regions.get(node.parent.text)
        if parent is None:
            advice = did_you_mean(node.parent.text, self.regions) or "declare the memory that is shared before"
            if node.parent.text == region.name:
                advice = "memory is shared with another region, declared before"
            label = f"no memory is called `{node.parent.text}` here"
            raise error(Code.UNKNOWN_NAME, label, frame.span(node.parent), advice)
        steps = (whole(count, frame) * BITS[_type(kind, frame)] for count, kind in node.offsets)
        offset = parent.offset + sum(steps)
        placed = Region(
            region.name, region.type, region.length, region.sized, region.span, parent.root, offset, region.name
        )
        if placed.end > parent.end:
            label = f"this reaches {placed.end - parent.offset} bits from the start of `{parent.name}`"
            advice = f"`{parent.name}` has {parent.end - parent.offset} bits: BIT is 1, OCTET 8, INTEGER and REAL 64"
            raise error(Code.INDEX_RANGE, label, frame.span(node), advice)
        home = self.regions[parent.home]
        first, rest = divmod(offset - home.offset, BITS[region.type])
        if home.type != region.type or rest:
            return placed
        return Region(
            region.name, region.type, region.length, region.sized, region.span, parent.root, offset, home.name, first
        )

    def _use(self, home: Region, name: tree.Name, frame: Frame) -> None:
        used = self.used.setdefault(home.root, [])
        at = bisect(used, home.offset, key=lambda entry: entry[0])
        if at and used[at - 1][1].name == home.name:
            return
        near = [
            other for _, other in used[max(0, at - 1) : at + 1] if other.offset < home.end and home.offset < other.end
        ]
        if near:
            label = f"`{name.text}` is the same memory as `{near[0].name}`, which is used too"
            notes = [Note(f"this is a view of it as {near[0].type}", near[0].span)]
            advice = "use one of the two, and CONVERT or MOVE between regions of their own"
            raise error(Code.OUT_OF_REACH, label, frame.span(name), advice, notes)
        used.insert(at, (home.offset, home))

    def _hint(self, name: str) -> str:
        head = name.partition("-")[0]
        if head in self.regions:
            return f"a name may hold `-`: put blanks around it to subtract, as in `{head} - 1`"
        if name[:1].isdigit():
            return "a qubit stands here, and memory is needed"
        return did_you_mean(name, self.regions) or f"declare it: `DECLARE {name} BIT`"


def whole(node: tree.Name, frame: Frame) -> int:
    """A whole number as written; raises TOO_LARGE."""
    if len(node.text) > MAX_DIGITS:
        label = f"a number of {len(node.text)} digits"
        raise error(Code.TOO_LARGE, label, frame.span(node), f"stay below {MAX_WIRES}")
    return int(node.text)


def _type(node: tree.Name, frame: Frame) -> str:
    if node.text not in BITS:
        advice = did_you_mean(node.text, BITS) or f"the types are {', '.join(BITS)}"
        raise error(Code.WRONG_TYPE, f"`{node.text}` is no type of memory", frame.span(node), advice)
    return node.text


def _through(node: tree.Reference, actual: tree.Reference, frame: Frame) -> tree.Reference:
    """What a formal name stands for, with the index of where it is used."""
    if actual.name[0].isdigit():
        label = f"`{node.name}` stands for qubit {actual.name} here, and memory is needed"
        raise error(Code.WRONG_TYPE, label, frame.span(node), "give the circuit a place in memory: `ro[0]`")
    if node.entry is not None and actual.entry is not None:
        label = f"`{node.name}` stands for the entry `{actual.name}[{actual.entry}]` here"
        raise error(Code.WRONG_TYPE, label, frame.span(node), f"write `{node.name}` without an index")
    return tree.Reference(actual.name, node.entry or actual.entry, actual.start, actual.end)
