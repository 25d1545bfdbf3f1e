"""Expressions to values: tables over the bits measured before."""

from __future__ import annotations

from typing import assert_never

from qcompile.angle import number
from qcompile.diagnostics import Code, did_you_mean
from qcompile.grammar.checks import counted
from qcompile.grammar.classical import Table
from qcompile.grammar.openqasm3 import tree
from qcompile.grammar.openqasm3.arithmetic import binary, truth, unary
from qcompile.grammar.openqasm3.functions import FUNCTIONS
from qcompile.grammar.openqasm3.names import Known, Place, Routine, Wires
from qcompile.grammar.openqasm3.places import (
    array_part,
    as_operand,
    bits_of,
    describe,
    integer,
    is_quantum,
    part,
    qubits,
    size,
)
from qcompile.grammar.openqasm3.state import State
from qcompile.grammar.openqasm3.types import (
    BIT,
    BOOL,
    COMPLEX,
    DURATION,
    FLOAT,
    INT,
    MAX_WIDTH,
    UINT,
    ArrayValue,
    Kind,
    Scalar,
    Value,
    constant,
    convert,
    scalar,
)

AnyValue = Value | ArrayValue
MAX_DIGITS = 40
_KINDS: dict[str, Kind] = {
    "bit": "bit", "bool": "bool", "int": "int", "uint": "uint", "float": "float", "angle": "angle",
    "complex": "complex", "duration": "duration",
}  # fmt: skip
_SECONDS = {"dt": 1.0, "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0}


def evaluate(node: tree.Value, state: State) -> AnyValue:
    """The value of an expression, of a measurement or of a call, which are carried out."""
    match node:
        case tree.Literal():
            return _literal(node, state)
        case tree.Name():
            return _named(node, state)
        case tree.Item():
            return _item(node, state)
        case tree.Cast():
            return _cast(node, state)
        case tree.Signed():
            return _signed(node, state)
        case tree.Chain():
            return _chain(node, state)
        case tree.Joined():
            return _joined(node, state)
        case tree.Braces():
            label = "entries in braces stand in the declaration of an array, and in indices"
            raise state.fail(Code.MISPLACED, label, node, "declare `array[int[32], 3] a = {1, 2, 3};`")
        case _:
            return _carried_out(node, state)


def _carried_out(node: tree.Measured | tree.Call | tree.Invocation, state: State) -> AnyValue:
    match node:
        case tree.Measured(operand):
            return _measured(node, operand, state)
        case tree.Call():
            return _returned(call(node, state), node, state)
        case tree.Invocation():
            return _returned(_invoked(node, state), node, state)
        case _:
            assert_never(node)


def single(node: tree.Value, state: State) -> Value:
    """A value that is no array."""
    value = evaluate(node, state)
    if isinstance(value, ArrayValue):
        raise state.fail(Code.WRONG_TYPE, "this is an array, and one value is needed", node, "take an element: `a[0]`")
    return value


def condition(node: tree.Expression, state: State) -> Table:
    """Where the condition holds."""
    value = single(node, state)
    with state.explaining(node):
        return truth(value).table


def scalar_type(node: tree.ScalarType, state: State) -> Scalar:
    """Raises OUT_OF_REACH for `stretch`, and what a bad size raises."""
    if node.word == "stretch":
        label = "`stretch` is a length that only a scheduler knows"
        raise state.fail(Code.OUT_OF_REACH, label, node, "write lengths out: `delay[100ns] q;`")
    if node.word == "complex":
        part = FLOAT if node.part is None else scalar_type(node.part, state)
        if part.kind not in ("float", "int", "uint"):
            raise state.fail(
                Code.WRONG_TYPE, f"no complex number is made of `{part}`", node, "write `complex[float[64]]`"
            )
        return COMPLEX
    kind = _KINDS[node.word]
    if node.size is None:
        return Scalar(kind)
    if kind in ("bool", "duration"):
        raise state.fail(Code.WRONG_TYPE, f"`{kind}` has no width", node, f"write `{kind}`")
    width = size(node.size, state) if kind == "bit" else size(node.size, state, MAX_WIDTH)
    return FLOAT if kind == "float" else Scalar(kind, width)


# ---- literals and names


def _literal(node: tree.Literal, state: State) -> Value:
    text = node.text.replace("_", "")
    match node.kind:
        case "integer":
            if len(text) > MAX_DIGITS:
                raise state.fail(Code.TOO_LARGE, f"a number of {len(text)} digits", node, "integers have 64 bits")
            base = {"0x": 16, "0b": 2, "0o": 8}.get(text[:2].lower(), 10)
            return Value(INT, (Table((), (int(text[2:] if base != 10 else text, base),)),), True)
        case "float":
            return constant(FLOAT, number(_float(text, node, state)))
        case "imaginary":
            return constant(COMPLEX, complex(0.0, _float(text[:-2].strip(), node, state)))
        case "boolean":
            return constant(BOOL, text == "true")
        case "bits":
            digits = text[1:-1]
            return Value(Scalar("bit", len(digits)), tuple(Table((), (int(digit),)) for digit in reversed(digits)))
        case "timing":
            unit = next(unit for unit in _SECONDS if text.endswith(unit))
            return constant(DURATION, number(_float(text.removesuffix(unit).strip(), node, state) * _SECONDS[unit]))
        case _:
            label = "`durationof` asks how long gates last, which only a device knows"
            raise state.fail(Code.OUT_OF_REACH, label, node, "write the length out: `100ns`")


def _float(text: str, node: tree.Literal, state: State) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise state.fail(Code.BAD_NUMBER, "this is too large for a number", node, "numbers are below 1e308")
    return value


def _named(node: tree.Name, state: State) -> AnyValue:
    entity = state.lookup(node)
    match entity:
        case Known(value):
            return value
        case Place():
            return state.read(entity)
        case Wires():
            label = f"`{node.text}` is {describe(entity)}, and a value is needed"
            raise state.fail(Code.WRONG_TYPE, label, node, f"measure it first: `bit c = measure {node.text};`")
        case _:
            label = f"`{node.text}` is {describe(entity)}, and a value is needed"
            raise state.fail(Code.WRONG_TYPE, label, node, "name a variable, or write a number")


def _item(node: tree.Item, state: State) -> AnyValue:
    """Parts of a variable are taken without reading the rest."""
    if is_quantum(node, state):
        text = state.source.text[node.start : node.end]
        advice = f"measure it first: `bit c = measure {text};`"
        raise state.fail(Code.WRONG_TYPE, "this is a qubit, and a value is needed", node, advice)
    value: AnyValue | None = None
    place = state.lookup(node.base) if isinstance(node.base, tree.Name) else None
    what = f"`{node.base.text}`" if isinstance(node.base, tree.Name) else "this"
    if not isinstance(place, Place):
        place, value = None, evaluate(node.base, state)
    for index in node.indices:
        inner = None if place is None else part(place, index, state, what)
        if place is not None and inner is None:
            value = state.read(place)
        place = inner
        if value is not None:
            value = _element(value, index, state, what)
    if place is not None:
        return state.read(place)
    if value is None:
        raise AssertionError("an item has an index")
    return value


def _element(value: AnyValue, index: tree.Index, state: State, what: str) -> AnyValue:
    if isinstance(value, Value):
        return bits_of(value, index, state)
    if len(index.entries) > len(value.sizes):
        label = f"{what} has {counted(len(value.sizes), 'dimension', 'dimensions')}, not {len(index.entries)}"
        raise state.fail(Code.INDEX_RANGE, label, index, "give at most one index for each dimension")
    sizes, numbers = array_part(value.sizes, index.entries, state, what)
    tables = tuple(value.tables[place] for place in numbers)
    return ArrayValue(value.type, sizes, tables) if sizes else scalar(value.type, tables[0])


# ---- operators


def _cast(node: tree.Cast, state: State) -> Value:
    target, value = scalar_type(node.type, state), single(node.operand, state)
    with state.explaining(node):
        return convert(value, target, explicit=True)


def _signed(node: tree.Signed, state: State) -> Value:
    value = single(node.operand, state)
    with state.explaining(node):
        for sign in reversed(node.signs):
            value = unary(sign, value)
    return value


def _chain(node: tree.Chain, state: State) -> Value:
    """A stack machine; `&&` and `||` leave their right side out where the left one decides."""
    stack: list[Value] = []
    place = 0
    while place < len(node.steps):
        step = node.steps[place]
        place += 1
        if not isinstance(step, tree.Operator):
            stack.append(single(step, state))
            continue
        with state.explaining(node):
            if step.sign in ("&&?", "||?"):
                left = truth(stack[-1]).table
                if left.is_constant and left.constant == (step.sign == "||?"):
                    stack[-1] = scalar(BOOL, left)
                    place += step.skip
            elif step.operands == 1:
                stack.append(unary(step.sign, stack.pop()))
            else:
                right, left_value = stack.pop(), stack.pop()
                made = binary(step.sign, left_value, right)
                stack.append(made)
                state.step(node, sum(len(table.entries) for table in made.tables) >> 2)
    return stack[0]


def _joined(node: tree.Joined, state: State) -> AnyValue:
    values = [evaluate(piece, state) for piece in node.parts]
    first = values[0]
    if isinstance(first, Value):
        if not all(isinstance(value, Value) and value.type.kind == "bit" for value in values):
            raise state.fail(
                Code.WRONG_TYPE, "`++` joins registers of bits, or arrays of one type", node, "write `a ++ b`"
            )
        tables = tuple(table for value in values for table in value.tables)
        return Value(Scalar("bit", len(tables)), tables)
    if not all(
        isinstance(value, ArrayValue) and value.type == first.type and value.sizes[1:] == first.sizes[1:]
        for value in values
    ):
        raise state.fail(Code.WRONG_TYPE, "`++` joins registers of bits, or arrays of one type", node, "write `a ++ b`")
    length = sum(value.sizes[0] for value in values if isinstance(value, ArrayValue))
    tables = tuple(table for value in values for table in value.tables)
    return ArrayValue(first.type, (length, *first.sizes[1:]), tables)


# ---- measurements and calls


def _measured(node: tree.Measured, operand: tree.Operand, state: State) -> Value:
    """Measure into fresh bits, which the value alone rests on."""
    wires = qubits(operand, state)
    register = state.place(BIT if wires.is_single else Scalar("bit", len(wires.numbers)), (), node)
    state.measure(register, wires.numbers, state.span(node))
    value = state.read(register)
    state.forget(register)
    if isinstance(value, ArrayValue):
        raise AssertionError("bits are no array")
    return value


def call(node: tree.Call, state: State) -> AnyValue | None:
    """What a function or subroutine returns, if anything."""
    from qcompile.grammar.openqasm3.routines import called  # which evaluates arguments

    name = node.function.text
    entity = state.names.lookup(name)
    if entity is None and name == "sizeof":
        return _size_of(node, state)
    if entity is None and name in FUNCTIONS:
        return _built_in(node, state)
    if entity is None:
        known = [*FUNCTIONS, "sizeof", *(text for text, found in state.names.visible() if isinstance(found, Routine))]
        advice = _ELSEWHERE.get(name) or did_you_mean(name, known) or f"define it: `def {name}(…) {{ … }}`"
        raise state.fail(Code.UNKNOWN_NAME, f"no function is called `{name}`", node.function, advice)
    return called(node, node.function, node.arguments, (), state)


_ELSEWHERE = {"asin": "write `arcsin`", "acos": "write `arccos`", "atan": "write `arctan`", "ln": "write `log`"}


def _returned(value: AnyValue | None, node: tree.Call | tree.Invocation, state: State) -> AnyValue:
    if value is None:
        name = node.function.text
        advice = f"give it a result: `def {name}(…) -> bit {{ … }}`"
        raise state.fail(Code.WRONG_TYPE, f"`{name}` returns nothing, and a value is needed", node, advice)
    return value


def _invoked(node: tree.Invocation, state: State) -> AnyValue | None:
    from qcompile.grammar.openqasm3.routines import called

    return called(node, node.function, node.arguments, node.operands, state)


def _built_in(node: tree.Call, state: State) -> Value:
    name = node.function.text
    count, function = FUNCTIONS[name]
    if len(node.arguments) != count:
        label = f"`{name}` takes {counted(count, 'argument', 'arguments')}, not {len(node.arguments)}"
        raise state.fail(Code.WRONG_ANGLES, label, node, f"write `{name}({', '.join('ab'[:count])})`")
    values = [single(argument, state) for argument in node.arguments]
    with state.explaining(node):
        return function(values)


def _size_of(node: tree.Call, state: State) -> Value:
    """`sizeof(array, dimension)`; registers have one dimension."""
    if not 1 <= len(node.arguments) <= 2:
        raise state.fail(Code.WRONG_ANGLES, "`sizeof` takes an array and a dimension", node, "write `sizeof(a, 0)`")
    sizes = _sizes(node.arguments[0], state)
    dimension = integer(node.arguments[1], state, "a dimension") if len(node.arguments) > 1 else 0
    if not 0 <= dimension < len(sizes):
        label = f"this has {counted(len(sizes), 'dimension', 'dimensions')}, and none is number {dimension}"
        raise state.fail(Code.INDEX_RANGE, label, node, "dimensions count from 0, the outermost first")
    return Value(UINT, (Table((), (sizes[dimension],)),), True)


def _sizes(node: tree.Expression, state: State) -> tuple[int, ...]:
    if is_quantum(node, state):
        wires = qubits(as_operand(node, state), state)
        return () if wires.is_single else (len(wires.numbers),)
    value = evaluate(node, state)
    if isinstance(value, ArrayValue):
        return value.sizes
    if value.type.is_register:
        return (len(value.tables),)
    raise state.fail(Code.WRONG_TYPE, f"`{value.type}` has no size", node, "name an array or a register")
