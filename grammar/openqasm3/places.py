"""Operands and indices: which qubits, which variables, which bits of a value."""

from __future__ import annotations

from collections.abc import Sequence

from qcompile.diagnostics import Code
from qcompile.gates import Gate
from qcompile.grammar.checks import MAX_WIRES, counted
from qcompile.grammar.classical import combine
from qcompile.grammar.openqasm3 import tree
from qcompile.grammar.openqasm3.names import Entity, Known, Place, Routine, Wires
from qcompile.grammar.openqasm3.state import State
from qcompile.grammar.openqasm3.types import BIT, ArrayValue, Scalar, Value, pattern, scalar

Entries = tuple[tree.Expression | tree.Range | tree.Braces, ...]


def integer(node: tree.Value, state: State, role: str) -> int:
    """A whole number known now; `role` says what for."""
    from qcompile.grammar.openqasm3.expressions import evaluate  # which asks for indices

    value = evaluate(node, state)
    if isinstance(value, ArrayValue) or not (value.type.is_integer or value.type.kind in ("bit", "bool")):
        found = "an array" if isinstance(value, ArrayValue) else f"`{value.type}`"
        code = Code.NOT_WHOLE if found == "`float`" else Code.WRONG_TYPE
        raise state.fail(code, f"{role} is a whole number, and this is {found}", node, "write an integer")
    with state.explaining(node):
        table = value.table
    if not table.is_constant:
        advice = "write it out: `if (c == 0) x q[0]; if (c == 1) x q[1];`"
        raise state.fail(Code.NOT_CONSTANT, f"{role} rests on a measurement", node, advice)
    return int(table.constant)


def size(node: tree.Expression, state: State, limit: int = MAX_WIRES) -> int:
    """The size of a register or the width of a type."""
    value = integer(node, state, "a size")
    if value < 1:
        raise state.fail(Code.INDEX_RANGE, f"a size of {value}", node, "sizes are at least one")
    if value > limit:
        raise state.fail(Code.TOO_LARGE, f"a size of {value}", node, f"sizes are at most {limit} here")
    return value


def bounds(node: tree.Range, state: State, length: int | None) -> range:
    """The numbers of a range, both ends included.

    Args:
        length: of what is indexed, which open and negative ends count from; None in a loop, which has neither.
    """
    step = 1 if node.step is None else integer(node.step, state, "a step")
    if step == 0:
        raise state.fail(Code.INDEX_RANGE, "the step is zero", node, "a range is `first:step:last`, both ends included")
    ends = (0, (length or 1) - 1) if step > 0 else ((length or 1) - 1, 0)
    found: list[int] = []
    for end, open_end in zip((node.first, node.last), ends, strict=True):
        if end is None and length is None:
            raise state.fail(Code.SYNTAX, "a loop has both ends", node, "write `[0:3]`")
        value = open_end if end is None else integer(end, state, "the end of a range")
        found.append(value + length if length is not None and -length <= value < 0 else value)
    return range(found[0], found[1] + (1 if step > 0 else -1), step)


def positions(node: tree.Expression | tree.Range | tree.Braces, length: int, state: State, what: str) -> list[int]:
    """The positions that one index names; raises INDEX_RANGE."""
    match node:
        case tree.Range():
            chosen = bounds(node, state, length)
            if not chosen:
                advice = "both ends are included, and count from 0: `q[0:1]` has two"
                raise state.fail(Code.INDEX_RANGE, "this range is empty", node, advice)
            if min(chosen[0], chosen[-1]) < 0 or max(chosen[0], chosen[-1]) >= length:
                label = f"{what} has {counted(length, 'entry', 'entries')}, and this range leaves them"
                advice = f"ranges run from 0 to {length - 1} at most, both ends included"
                raise state.fail(Code.INDEX_RANGE, label, node, advice)
            return list(chosen)
        case tree.Braces(entries):
            return [_position(entry, length, state, what) for entry in entries]
        case _:
            return [_position(node, length, state, what)]


def _position(node: tree.Value, length: int, state: State, what: str) -> int:
    value = integer(node, state, "an index")
    if not -length <= value < length:
        label = f"{what} has {counted(length, 'entry', 'entries')}, and none is number {value}"
        advice = f"indices run from 0 to {length - 1}" if length > 1 else "the only index is 0"
        raise state.fail(Code.INDEX_RANGE, label, node, advice)
    return value % length


# ---- qubits


def qubits(operand: tree.Operand, state: State) -> Wires:
    """The qubits that an operand names."""
    return wires_at(operand, _wires(operand.name, state), operand.indices, state)


def is_quantum(node: tree.Value, state: State) -> bool:
    """Does the expression name qubits?"""
    name = node.base if isinstance(node, tree.Item) else node
    if not isinstance(name, tree.Name):
        return False
    return name.text.startswith("$") or isinstance(state.names.lookup(name.text), Wires)


def as_operand(node: tree.Value, state: State) -> tree.Operand:
    """An expression that stands where qubits do."""
    match node:
        case tree.Name():
            return tree.Operand(node, (), node.start, node.end)
        case tree.Item(tree.Name() as name, indices):
            return tree.Operand(name, indices, node.start, node.end)
        case _:
            raise state.fail(Code.WRONG_TYPE, "these are no qubits", node, "name a qubit or a register: `q[0]`")


def _wires(name: tree.Name, state: State) -> Wires:
    entity = state.lookup(name, f"`qubit[2] {name.text};`")
    if isinstance(entity, Wires):
        return entity
    advice = "gates act on qubits: declare `qubit[2] q;`"
    raise state.fail(Code.WRONG_TYPE, f"`{name.text}` is {describe(entity)}, not a qubit", name, advice)


def wires_at(node: tree.Operand, wires: Wires, indices: Sequence[tree.Index], state: State) -> Wires:
    """A part of a register."""
    for index in indices:
        if wires.is_single:
            label = f"`{node.name.text}` is a single qubit, without entries"
            advice = f"write `{node.name.text}`; a register is declared `qubit[2] q;`"
            raise state.fail(Code.INDEX_RANGE, label, node, advice)
        if len(index.entries) != 1:
            raise state.fail(Code.INDEX_RANGE, "a register has one index", index, "a set is `q[{0, 2}]`")
        (entry,) = index.entries
        chosen = positions(entry, len(wires.numbers), state, f"`{node.name.text}`")
        numbers = tuple(wires.numbers[place] for place in chosen)
        wires = Wires(numbers, not isinstance(entry, tree.Range | tree.Braces))
    return wires


def describe(entity: Entity) -> str:
    """What an entity is, for a label."""
    match entity:
        case Wires(_, is_single):
            return "a qubit" if is_single else "a qubit register"
        case Place(type_, sizes):
            return f"an array of `{type_}`" if sizes else f"of type `{type_}`"
        case Known(value):
            return f"a constant of type `{value.type}`"
        case Gate():
            return "a gate"
        case Routine():
            return "a subroutine"
        case _:
            return "a function from outside"


# ---- classical values


def part(place: Place, index: tree.Index, state: State, what: str) -> Place | None:
    """A part of a register of bits or of an array; None where the index asks for bits of an element."""
    if place.type.is_register and not place.sizes:
        if len(index.entries) != 1:
            raise state.fail(Code.INDEX_RANGE, "a register has one index", index, "a set is `c[{0, 2}]`")
        chosen = positions(index.entries[0], len(place.slots), state, what)
        slots = tuple(place.slots[number] for number in chosen)
        return Place(_bits_type(index.entries[0], len(slots)), (), slots, place.fixed)
    if not place.sizes:
        return None
    if len(index.entries) > len(place.sizes):
        label = f"{what} has {counted(len(place.sizes), 'dimension', 'dimensions')}, not {len(index.entries)}"
        raise state.fail(Code.INDEX_RANGE, label, index, "give at most one index for each dimension")
    sizes, numbers = array_part(place.sizes, index.entries, state, what)
    return Place(place.type, sizes, tuple(place.slots[number] for number in numbers), place.fixed)


def array_part(sizes: tuple[int, ...], entries: Entries, state: State, what: str) -> tuple[tuple[int, ...], list[int]]:
    """The sizes that are left of an array, and the numbers of the elements in row-major order."""
    kept: list[int] = []
    numbers = [0]
    for dimension, length in enumerate(sizes):
        chosen = list(range(length))
        if dimension < len(entries):
            entry = entries[dimension]
            chosen = positions(entry, length, state, what)
            if isinstance(entry, tree.Range | tree.Braces):
                kept.append(len(chosen))
        else:
            kept.append(length)
        numbers = [number * length + place for number in numbers for place in chosen]
    return tuple(kept), numbers


def bit_positions(type_: Scalar, index: tree.Index, state: State) -> list[int]:
    """The bits of an integer or angle that an index names."""
    if type_.width is None or not (type_.is_integer or type_.kind in ("angle", "bit")):
        label = f"`{type_}` has no bits to take"
        advice = "integers and angles with a width have: `uint[8]`"
        raise state.fail(Code.WRONG_TYPE, label, index, advice)
    if len(index.entries) != 1:
        raise state.fail(Code.INDEX_RANGE, "bits have one index", index, "a set is `x[{0, 2}]`")
    return positions(index.entries[0], type_.width, state, f"`{type_}`")


def bits_of(value: Value, index: tree.Index, state: State) -> Value:
    """Some bits of a value."""
    chosen = bit_positions(value.type, index, state)
    if value.type.is_register:
        return Value(_bits_type(index.entries[0], len(chosen)), tuple(value.tables[place] for place in chosen))
    with state.explaining(index):
        whole = combine(lambda entry: pattern(entry, value.type), value.table)
        bits = scalar(Scalar("bit", value.type.width), whole)
    return Value(_bits_type(index.entries[0], len(chosen)), tuple(bits.tables[place] for place in chosen))


def with_bits(value: Value, chosen: Sequence[int], bits: Value) -> Value:
    """The value with some of its bits replaced; raises TooWideError."""
    width, type_ = value.type.width or 1, value.type

    def replaced(entry: object, *new: int) -> int:
        number = pattern(entry, type_)
        for place, bit in zip(chosen, new, strict=True):
            number = number & ~(1 << place) | bit << place
        return number - (1 << width) if type_.kind == "int" and number >> (width - 1) else number

    return scalar(type_, combine(replaced, value.table, *bits.tables))


def _bits_type(entry: tree.Expression | tree.Range | tree.Braces, count: int) -> Scalar:
    return Scalar("bit", count) if isinstance(entry, tree.Range | tree.Braces) else BIT
