"""Gates, measurements and resets: on single wires, or on registers, which repeat them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from qcompile.angle import Angle
from qcompile.diagnostics import Code, Note, Span, error
from qcompile.grammar import tree
from qcompile.grammar.checks import MAX_WIRES, counted
from qcompile.grammar.openqasm2 import tree as qasm
from qcompile.grammar.openqasm2.expressions import angle
from qcompile.grammar.openqasm2.plain import Plain, places, products
from qcompile.grammar.openqasm2.scope import Meaning, Place, Scope
from qcompile.grammar.openqasm2.syntax import parsed_application
from qcompile.ir import Measure, Op, Reset


class Wires(NamedTuple):
    """What an operand names; a single one goes with registers of any size."""

    numbers: Sequence[int]
    is_single: bool


def operation(node: qasm.Operation, scope: Scope) -> Sequence[Op | Measure | Reset]:
    """What one operation becomes: one statement, or one for each wire of its registers."""
    match node:
        case tree.Application():
            return application(node, scope)
        case qasm.Measurement():
            return measurement(node, scope)
        case qasm.Reset():
            numbers = [number for operand in node.operands for number in wires(operand, scope).numbers]
            return [Reset(number, scope.span(node)) for number in numbers]
        case _:
            assert_never(node)


def plain(node: Plain, scope: Scope) -> Op:
    """The op of a plain statement; raises what is wrong with it."""
    word, written, operands = node.match.groups()
    meaning = scope.gates.get(word)
    numbers = scope.known_wires.get(operands) or _numbers(operands, scope)
    angles = scope.known_angles.get((word, written))
    angles = _angles(word, written, scope) if angles is None else angles
    if meaning is None or numbers is None or angles is None or len(numbers) != meaning.width:
        (op,) = application(parsed_application(scope.source, node.start, node.end), scope)
        return op
    return Op(meaning.gate, numbers, angles, meaning.controls, False, Span(scope.source, node.start, node.end))


def _numbers(operands: str, scope: Scope) -> tuple[int, ...] | None:
    """The wires that a plain statement names; None if that is not right."""
    found: list[int] = []
    for name, digits in places(operands):
        place = scope.places.get(name)
        if place is None or not place.is_quantum or place.size is None or len(digits) > 9 or int(digits) >= place.size:
            return None
        found.append(place.first + int(digits))
    if len(set(found)) != len(found):
        return None
    numbers = scope.known_wires[operands] = tuple(found)
    return numbers


def _angles(word: str, written: str | None, scope: Scope) -> tuple[Angle, ...] | None:
    """The angles of the op that a plain statement becomes; None if they are not right."""
    meaning = scope.gates.get(word)
    try:
        given = products(written) if written else ()
    except ArithmeticError:
        return None
    if meaning is None or len(given) != len(meaning.parameters):
        return None
    bound = scope.known_angles[word, written] = meaning.bound(given)
    return bound


def application(node: tree.Application, scope: Scope) -> list[Op]:
    """The ops of a gate; raises what is wrong with it."""
    meaning = scope.meaning(node.gate)
    given = tuple([angle(argument, scope.source, scope.parameters, bool(scope.gate)) for argument in node.arguments])
    _check_counts(node, meaning, given, scope)
    bound, span = meaning.bound(given), scope.span(node)
    operands = [wires(operand, scope) for operand in node.operands]
    if all(operand.is_single for operand in operands):
        repeated = [tuple([operand.numbers[0] for operand in operands])]
    else:
        count = _common_size(operands, node.operands, scope)
        columns = [operand.numbers if not operand.is_single else [operand.numbers[0]] * count for operand in operands]
        repeated = list(zip(*columns, strict=True))
    for numbers in repeated:
        if len(numbers) > 1 and len(set(numbers)) != len(numbers):
            _refuse_repeated(node, numbers, scope)
    return [Op(meaning.gate, numbers, bound, meaning.controls, False, span) for numbers in repeated]


def measurement(node: qasm.Measurement, scope: Scope) -> list[Measure]:
    measured, cells = wires(node.operand, scope), wires(node.target, scope, is_quantum=False)
    if len(measured.numbers) != len(cells.numbers):
        given = counted(len(measured.numbers), "result goes", "results go")
        label = f"{given} into {counted(len(cells.numbers), 'bit', 'bits')}"
        raise error(Code.SIZES_DIFFER, label, scope.span(node), "give each qubit a bit of its own")
    span = scope.span(node)
    pairs = zip(measured.numbers, cells.numbers, strict=True)
    return [Measure("z", wire, (cell,), span=span) for wire, cell in pairs]


def wires(operand: tree.Operand, scope: Scope, is_quantum: bool = True) -> Wires:
    """The wires (or cells) that an operand names; raises UNKNOWN_NAME, WRONG_TYPE, INDEX_RANGE."""
    if not isinstance(operand, tree.Item):
        place = scope.place(operand, is_quantum)
        if place.size is None:
            return Wires((place.first,), True)
        return Wires(range(place.first, place.first + place.size), False)
    place = scope.place(operand.name, is_quantum)
    return Wires((place.first + _index(operand, place, scope),), True)


def whole(text: str, span: Span, role: str) -> int:
    """A whole number of bounded length; raises TOO_LARGE."""
    if len(text) > 400:
        raise error(Code.TOO_LARGE, f"{role} has {len(text)} digits", span, f"stay below {MAX_WIRES}")
    return int(text)


def _index(operand: tree.Item, place: Place, scope: Scope) -> int:
    name, span = operand.name.text, scope.span(operand)
    if place.size is None:
        label = f"`{name}` is a single qubit of the gate, without an index"
        raise error(Code.INDEX_RANGE, label, span, f"write `{name}`")
    if not isinstance(operand.place, tree.Number):
        raise AssertionError("the grammar takes numbers as indices only")
    value = whole(operand.place.text, span, "this index")
    if value < place.size:
        return value
    noun = ("qubit", "qubits") if place.is_quantum else ("bit", "bits")
    label = f"`{name}` has {counted(place.size, *noun)}, and none is number {value}"
    advice = f"indices run from 0 to {place.size - 1}" if place.size > 1 else "the only index is 0"
    raise error(Code.INDEX_RANGE, label, span, advice, [Note("declared here", place.span)])


def _check_counts(node: tree.Application, meaning: Meaning, given: Sequence[Angle], scope: Scope) -> None:
    name, span = meaning.name, scope.span(node)
    if len(given) != len(meaning.parameters):
        angles = counted(len(meaning.parameters), "angle", "angles")
        shown = f"{name}({', '.join(meaning.parameters)})" if meaning.parameters else name
        advice = f"write `{shown}`" if meaning.parameters else f"write `{name}` without angles"
        raise error(Code.WRONG_ANGLES, f"`{name}` takes {angles}, not {len(given)}", span, advice)
    if len(node.operands) != meaning.width:
        label = f"`{name}` acts on {counted(meaning.width, 'qubit', 'qubits')}, not {len(node.operands)}"
        advice = "name each qubit; a register repeats the gate on each of its own"
        raise error(Code.WRONG_ARITY, label, span, advice)


def _common_size(operands: Sequence[Wires], nodes: Sequence[tree.Operand], scope: Scope) -> int:
    sizes = {len(o.numbers): node for o, node in zip(operands, nodes, strict=True) if not o.is_single}
    if len(sizes) > 1:
        first, second, *_ = sizes
        label = f"this register has {second} qubits, and the one before {first}"
        advice = "registers side by side have one size; name single qubits: `q[0]`"
        raise error(Code.SIZES_DIFFER, label, scope.span(sizes[second]), advice)
    return next(iter(sizes))


def _refuse_repeated(node: tree.Application, numbers: Sequence[int], scope: Scope) -> None:
    for place, number in enumerate(numbers):
        first = numbers.index(number)
        if first != place:
            advice = f"`{node.gate.text}` needs {len(numbers)} different qubits"
            label, notes = (
                "this qubit is already used by the same gate",
                [Note("here", scope.span(node.operands[first]))],
            )
            raise error(Code.REPEATED_WIRE, label, scope.span(node.operands[place]), advice, notes)
