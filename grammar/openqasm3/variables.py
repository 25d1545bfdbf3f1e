"""Declarations of variables, aliases and qubits; assignments."""

from __future__ import annotations

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar.checks import counted
from qcompile.grammar.classical import Table
from qcompile.grammar.openqasm3 import tree
from qcompile.grammar.openqasm3.arithmetic import binary, unary
from qcompile.grammar.openqasm3.expressions import AnyValue, call, evaluate, scalar_type
from qcompile.grammar.openqasm3.names import Broken, Known, Place, Wires
from qcompile.grammar.openqasm3.places import (
    as_operand,
    bit_positions,
    describe,
    is_quantum,
    part,
    qubits,
    size,
    with_bits,
)
from qcompile.grammar.openqasm3.state import State, check_free
from qcompile.grammar.openqasm3.types import BIT, ArrayValue, Scalar, Value, constant, convert, scalar

MAX_DIMENSIONS = 7
_TOP = "move it out of the block, to the top of the program"


def declare_qubits(node: tree.Qubits, state: State) -> None:
    """Raises MISPLACED, DUPLICATE_NAME, and what a bad size raises."""
    if state.names.outer is not None:
        raise state.fail(Code.MISPLACED, "qubits are declared at the top of a program", node, _TOP)
    check_free(node.name, state)
    state.replace(node.name, Broken())
    count = None if node.size is None else size(node.size, state)
    numbers = state.assembly.wires(node.name.text, "qubit", count, state.span(node))
    state.replace(node.name, Wires(tuple(numbers), count is None))


def declare(node: tree.Declaration, state: State) -> None:
    """A classical variable, a constant, an input or an output."""
    check_free(node.name, state)
    if node.role in ("input", "output") and state.names.outer is not None:
        label = f"`{node.role}` belongs to the whole program"
        raise state.fail(Code.MISPLACED, label, node, _TOP)
    known = state.names.found.get(node.name.text)
    try:
        _declare(node, state)
    except CompileError:
        if state.names.found.get(node.name.text) == known:
            state.replace(node.name, Broken())
        raise


def _declare(node: tree.Declaration, state: State) -> None:
    type_, sizes = shape(node.type, state)
    if node.role == "input":
        _declare_input(node, type_, sizes, state)
        return
    if node.role == "const":
        _declare_constant(node, type_, sizes, state)
        return
    measured = isinstance(node.value, tree.Measured) and type_.kind == "bit" and not sizes
    value = None if node.value is None or measured else _initial(node.value, type_, sizes, state)
    place = state.place(type_, sizes, node, node.name.text)
    state.declare(node.name, place)
    state.names.owned.append(place)
    if state.names.outer is None:
        listed = state.outputs if node.role == "output" else state.results
        listed.append((node.name.text, place, state.span(node)))
        if type_.kind == "bit" and not sizes:
            state.cells(place.slots[0][0], state.span(node))
    if isinstance(node.value, tree.Measured) and measured:
        measure_into(place, node.value, node, state)
    elif value is not None and node.value is not None:
        store(place, value, node.value, state)


def shape(node: tree.Type, state: State) -> tuple[Scalar, tuple[int, ...]]:
    """The type, and the sizes of an array of it."""
    if isinstance(node, tree.ScalarType):
        return scalar_type(node, state), ()
    if len(node.sizes) > MAX_DIMENSIONS:
        label = f"{len(node.sizes)} dimensions"
        raise state.fail(Code.TOO_LARGE, label, node, f"an array has at most {MAX_DIMENSIONS}")
    return scalar_type(node.scalar, state), tuple(size(part, state) for part in node.sizes)


def _declare_input(node: tree.Declaration, type_: Scalar, sizes: tuple[int, ...], state: State) -> None:
    if type_.kind not in ("float", "angle"):
        label = f"an input of type `{type_}` shapes the program, and has no value yet"
        raise state.fail(Code.NOT_CONSTANT, label, node, f"write its value: `const {type_} {node.name.text} = 1;`")
    total = 1
    for length in sizes:
        total *= length
    span = state.span(node)
    angles = state.assembly.parameter(node.name.text, total if sizes else None, "param", span)
    if not sizes:
        state.declare(node.name, Known(constant(type_, angles[0])))
        return
    place = state.place(type_, sizes, node, node.name.text)
    state.write(place, [Table((), (angle,)) for angle in angles])
    state.declare(node.name, Place(type_, sizes, place.slots, "an input"))


def _declare_constant(node: tree.Declaration, type_: Scalar, sizes: tuple[int, ...], state: State) -> None:
    if node.value is None or sizes:
        raise state.fail(Code.WRONG_TYPE, "a constant is a single value", node, "leave `const` out of arrays")
    value = _initial(node.value, type_, (), state)
    if isinstance(value, ArrayValue):
        raise AssertionError("an array is no constant")
    if not all(table.is_constant for table in value.tables):
        label = "a constant does not rest on measurements"
        raise state.fail(Code.NOT_CONSTANT, label, node.value, "leave `const` out")
    state.declare(node.name, Known(value))


def _initial(node: tree.Value, type_: Scalar, sizes: tuple[int, ...], state: State) -> AnyValue:
    """The value of a declaration, in its type."""
    if isinstance(node, tree.Braces) and sizes:
        return ArrayValue(type_, sizes, tuple(_listed(node, type_, sizes, state)))
    return fitted(evaluate(node, state), type_, sizes, node, state)


def _listed(node: tree.Value, type_: Scalar, sizes: tuple[int, ...], state: State) -> list[Table]:
    """The entries in braces, in row-major order."""
    if not sizes or not isinstance(node, tree.Braces):
        value = fitted(evaluate(node, state), type_, sizes, node, state)
        return list(value.tables) if isinstance(value, ArrayValue) else [value.table]
    if len(node.entries) != sizes[0]:
        label = f"here {counted(len(node.entries), 'entry stands', 'entries stand')}, and {sizes[0]} are needed"
        raise state.fail(Code.SIZES_DIFFER, label, node, "give an entry for each place of the array")
    return [table for entry in node.entries for table in _listed(entry, type_, sizes[1:], state)]


def fitted(value: AnyValue, type_: Scalar, sizes: tuple[int, ...], node: tree.Value, state: State) -> AnyValue:
    """The value in a type, by what converts without a cast."""
    found = value.sizes if isinstance(value, ArrayValue) else ()
    if found != sizes:
        shown = " × ".join(map(str, found)) or "a single value"
        label = f"this is {shown}, and {' × '.join(map(str, sizes)) or 'a single value'} is needed"
        raise state.fail(Code.SIZES_DIFFER, label, node, "arrays are assigned whole, in the same shape")
    with state.explaining(node):
        if isinstance(value, Value):
            return convert(value, type_)
        tables = tuple(convert(scalar(value.type, table), type_).table for table in value.tables)
        return ArrayValue(type_, sizes, tables)


# ---- assignments


def store(place: Place, value: AnyValue, node: tree.Value, state: State) -> None:
    """Assign the value, in the place's own type."""
    state.write(place, fitted(value, place.type, place.sizes, node, state).tables)


def assign(node: tree.Assignment, state: State) -> None:
    """`=`, and operators with `=`."""
    if node.value is None:
        if isinstance(node.target, tree.Call):
            call(node.target, state)
        else:
            evaluate(node.target, state)
        return
    place, chosen = _target(node.target, state)
    if node.sign == "=" and isinstance(node.value, tree.Measured) and chosen is None and _takes_results(place):
        measure_into(place, node.value, node, state)
        return
    value = evaluate(node.value, state)
    if node.sign != "=":
        value = _computed(node, value, state)
    _assign(place, chosen, value, node.value, state)


def assign_to(target: tree.Expression, value: AnyValue, node: tree.Value, state: State) -> None:
    """What stands behind `->` takes the value."""
    place, chosen = _target(target, state)
    _assign(place, chosen, value, node, state)


def measure_to(node: tree.Measurement, state: State) -> None:
    """`measure q -> c;`, or with nothing behind it."""
    if node.target is None:
        evaluate(node.value, state)
        return
    place, chosen = _target(node.target, state)
    if chosen is None and _takes_results(place):
        measure_into(place, node.value, node, state)
    else:
        _assign(place, chosen, evaluate(node.value, state), node.value, state)


def measure_into(place: Place, measured: tree.Measured, node: tree.Node, state: State) -> None:
    """Measure qubits into bits, one each."""
    wires = qubits(measured.operand, state).numbers
    if len(wires) != len(place.slots):
        given = counted(len(wires), "result goes", "results go")
        label = f"{given} into {counted(len(place.slots), 'bit', 'bits')}"
        raise state.fail(Code.SIZES_DIFFER, label, node, "give each qubit one bit: `c[0] = measure q[0];`")
    state.measure(place, wires, state.span(node))


def _takes_results(place: Place) -> bool:
    return place.type.kind == "bit" and not place.sizes


def _target(node: tree.Expression, state: State) -> tuple[Place, list[int] | None]:
    """What is assigned to, and which of its bits where they are told apart."""
    place, chosen = _place(node, state)
    if place.fixed:
        label = f"this is {place.fixed}, and is not assigned to"
        raise state.fail(Code.WRONG_TYPE, label, node, "copy it into a variable")
    return place, chosen


def _place(node: tree.Expression, state: State) -> tuple[Place, list[int] | None]:
    name = node.base if isinstance(node, tree.Item) else node
    if not isinstance(name, tree.Name):
        raise state.fail(
            Code.WRONG_TYPE, "this cannot be assigned to", node, "a variable stands on the left: `c[0] = …;`"
        )
    entity = state.lookup(name, f"`bit {name.text};`")
    if not isinstance(entity, Place):
        is_qubit = isinstance(entity, Wires)
        advice = "results go into bits: declare `bit[2] c;`" if is_qubit else "assign to a variable that is no constant"
        raise state.fail(Code.WRONG_TYPE, f"`{name.text}` is {describe(entity)}, and is not assigned to", node, advice)
    place, chosen = entity, list[int]()
    for index in node.indices if isinstance(node, tree.Item) else ():
        if chosen:
            raise state.fail(Code.INDEX_RANGE, "a bit has no entries", index, "leave this index out")
        inner = part(place, index, state, f"`{name.text}`")
        if inner is None:
            chosen = bit_positions(place.type, index, state)
        else:
            place = inner
    return place, chosen or None


def _assign(place: Place, chosen: list[int] | None, value: AnyValue, node: tree.Value, state: State) -> None:
    if chosen is None:
        store(place, value, node, state)
        return
    bits = fitted(value, Scalar("bit", len(chosen)) if len(chosen) > 1 else BIT, (), node, state)
    before = state.read(place)
    if isinstance(bits, ArrayValue) or isinstance(before, ArrayValue):
        raise AssertionError("bits are no array")
    with state.explaining(node):
        state.write(place, with_bits(before, chosen, bits).tables)


def _computed(node: tree.Assignment, value: AnyValue, state: State) -> Value:
    before = evaluate(node.target, state)
    if isinstance(before, ArrayValue) or isinstance(value, ArrayValue):
        advice = "take elements, one at a time: `a[0] += 1;`"
        raise state.fail(Code.WRONG_TYPE, f"`{node.sign}` does not take arrays", node, advice)
    with state.explaining(node):
        return unary("~", value) if node.sign == "~=" else binary(node.sign[:-1], before, value)


# ---- aliases


def alias(node: tree.Alias, state: State) -> None:
    """Another name for qubits, or for a part of a register of bits or of an array."""
    check_free(node.name, state)
    parts = node.value.parts if isinstance(node.value, tree.Joined) else (node.value,)
    if any(is_quantum(piece, state) for piece in parts):
        wires = [qubits(as_operand(piece, state), state) for piece in parts]
        numbers = tuple(number for piece in wires for number in piece.numbers)
        if len(set(numbers)) != len(numbers):
            raise state.fail(Code.REPEATED_WIRE, "a qubit is listed twice", node.value, "list each qubit once")
        state.declare(node.name, Wires(numbers, len(wires) == 1 and wires[0].is_single))
        return
    places = [view(piece, state) for piece in parts]
    first = places[0]
    slots = tuple(slot for place in places for slot in place.slots)
    if len(places) == 1:
        state.declare(node.name, first)
        return
    if not all(place.type.kind == "bit" and not place.sizes for place in places):
        raise state.fail(Code.WRONG_TYPE, "`++` joins registers of one kind", node.value, "join bits, or join qubits")
    state.declare(node.name, Place(Scalar("bit", len(slots)), (), slots, first.fixed))


def view(node: tree.Value, state: State, is_mutable: bool = False) -> Place:
    """A variable or a part of one, named and not copied."""
    if not isinstance(node, tree.Name | tree.Item):
        raise state.fail(Code.WRONG_TYPE, "an alias names qubits or variables", node, "write `let a = q[0:1];`")
    place, chosen = _place(node, state)
    if chosen:
        raise state.fail(
            Code.WRONG_TYPE, "an alias names a register or a part of one", node, "copy it: `bit b = x[0];`"
        )
    if is_mutable and place.fixed:
        raise state.fail(Code.WRONG_TYPE, f"this is {place.fixed}, and is not assigned to", node, "take it `readonly`")
    return place
