"""Gate definitions, and calls of subroutines, which are inlined."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from qcompile.diagnostics import Code, CompileError
from qcompile.gates import Gate
from qcompile.grammar.assembly import Assembly
from qcompile.grammar.checks import QUBIT, counted
from qcompile.grammar.openqasm3 import tree
from qcompile.grammar.openqasm3.expressions import AnyValue, evaluate, scalar_type
from qcompile.grammar.openqasm3.names import Broken, Extern, Known, Names, Place, Routine, Unfinished, Wires
from qcompile.grammar.openqasm3.places import as_operand, describe, integer, is_quantum, qubits, size
from qcompile.grammar.openqasm3.state import RETURN, RUNNING, State, called_from, check_free
from qcompile.grammar.openqasm3.types import ANGLE, ArrayValue, Scalar, Value, constant
from qcompile.grammar.openqasm3.variables import fitted, view
from qcompile.ir import Definition, Op

MAX_CALLS = 24  # calls within calls
_STEPS = 4  # that a call counts for: binding its arguments takes as long
_TOP = "move it out of the block, to the top of the program"


# ---- gate definitions


def define_gate(node: tree.Gate, state: State) -> None:
    """A gate by its body; raises MISPLACED, DUPLICATE_NAME; faults of the body are noted."""
    if state.names.outer is not None:
        raise state.fail(Code.MISPLACED, "gates are defined at the top of a program", node, _TOP)
    check_free(node.name, state)
    state.declare(node.name, Unfinished())
    known = len(state.assembly.faults.found)
    try:
        names, ops = _body(node, state)
    except CompileError:
        state.replace(node.name, Broken())
        raise
    if len(state.assembly.faults.found) > known:
        state.replace(node.name, Broken())
        return
    gate = Gate(node.name.text, (QUBIT,) * len(node.wires), names)
    gate = state.assembly.define(gate, ops, state.span(node))
    state.definitions[gate.name] = Definition(gate, tuple(ops))
    state.replace(node.name, gate)
    state.assembly.spend(len(ops), state.span(node))


def _body(node: tree.Gate, state: State) -> tuple[tuple[str, ...], list[Op]]:
    """The names of the parameters as our language can write them, and the ops."""
    from qcompile.grammar.openqasm3.statements import run  # which defines gates

    outer = state.assembly
    inner = Assembly(state.source, outer.faults)
    inner.gates = outer.gates
    inner.kinds.extend("qubit" for _ in node.wires)
    names: list[str] = []
    with state.block(is_closed=True), inner.block() as made:
        for name in node.parameters:
            (angle,) = inner.parameter(name.text, None, "param", state.span(name))
            state.declare(name, Known(constant(ANGLE, angle)))
            names.append(str(angle))
        for number, name in enumerate(node.wires):
            state.declare(name, Wires((number,), True))
        state.assembly, state.is_gate = inner, True
        state.jump(RUNNING)
        try:
            run(node.body.statements, state)
        finally:
            state.assembly, state.is_gate = outer, False
    return tuple(names), [statement for statement in made if isinstance(statement, Op)]


# ---- subroutines


def define_subroutine(node: tree.Subroutine, state: State) -> None:
    """A subroutine is read where it is called."""
    if state.names.outer is not None:
        raise state.fail(Code.MISPLACED, "subroutines are defined at the top of a program", node, _TOP)
    state.declare(node.name, Routine(node, state.source))


def called(
    node: tree.Node,
    name: tree.Name,
    arguments: Sequence[tree.Expression],
    operands: Sequence[tree.Operand],
    state: State,
) -> AnyValue | None:
    """Run a subroutine here; what it returns.

    Args:
        operands: qubits that stand behind the parentheses, as those of a gate do.
    """
    entity = state.lookup(name)
    if isinstance(entity, Extern):
        label = f"`{name.text}` is defined outside of the program, and what it does is not known"
        raise state.fail(Code.OUT_OF_REACH, label, node, "write it as a `def`")
    if not isinstance(entity, Routine):
        advice = "a gate stands before its qubits: `h q[0];`" if isinstance(entity, Gate) else "call a `def`"
        raise state.fail(Code.WRONG_TYPE, f"`{name.text}` is {describe(entity)}, not a subroutine", name, advice)
    if state.is_gate:
        label = f"`{name.text}` is a subroutine, and a gate is made of gates"
        raise state.fail(Code.NOT_INVERTIBLE, label, node, "define it with `gate`")
    if name.text in state.calls:
        label = f"`{name.text}` calls itself"
        raise state.fail(Code.RECURSION, label, node, "subroutines are inlined: write a loop")
    if len(state.calls) >= MAX_CALLS:
        raise state.fail(Code.TOO_DEEP, f"this call stands inside {MAX_CALLS} others", node, "call less deeply")
    state.step(node, _STEPS)
    actuals = _paired(node, name, entity.node, arguments, operands, state)
    with _entered(entity, name.text, state):
        wanted = [_wanted(formal, state) for formal in entity.node.formals]
    pairs = zip(entity.node.formals, wanted, actuals, strict=True)
    bound = [_bound(formal, want, actual, state) for formal, want, actual in pairs]
    known = len(state.assembly.faults.found)
    try:
        with _entered(entity, name.text, state):
            value = _inlined(entity.node, bound, state)
    except CompileError as fault:
        raise called_from(fault, state.span(node)) from None
    if len(state.assembly.faults.found) > known:
        _globals(state).found[name.text] = Broken(), None
        raise CompileError(())
    return value


def _inlined(node: tree.Subroutine, bound: Sequence[Wires | Place | Value], state: State) -> AnyValue | None:
    from qcompile.grammar.openqasm3.statements import run

    for formal, entity in zip(node.formals, bound, strict=True):
        if isinstance(entity, Value):
            place = state.place(entity.type, (), formal, formal.name.text)
            state.names.owned.append(place)
            state.write(place, entity.tables)
            state.declare(formal.name, place)
        else:
            state.declare(formal.name, entity)
    result = None
    if node.result is not None:
        result = state.place(scalar_type(node.result, state), (), node)
        state.names.owned.append(result)
    state.returned.append(result)
    loops, state.loops = state.loops, 0
    try:
        run(node.body.statements, state)
    finally:
        state.returned.pop()
        state.loops = loops
    state.settle(RETURN)
    return None if result is None else state.read(result)


@contextmanager
def _entered(routine: Routine, name: str, state: State) -> Generator[None]:
    """In the subroutine's own text, among its own names."""
    source, names = state.source, state.names
    state.source, state.names = routine.source, _globals(state)
    state.calls.append(name)
    try:
        with state.block(is_closed=True):
            yield
    finally:
        state.calls.pop()
        state.source, state.names = source, names


def _globals(state: State) -> Names:
    names = state.names
    while names.outer is not None:
        names = names.outer
    return names


# ---- arguments


@dataclass(frozen=True, slots=True)
class _Qubits:
    """What a formal argument takes: that many qubits, or one."""

    size: int | None


@dataclass(frozen=True, slots=True)
class _Array:
    """What a formal argument takes: an array of these sizes, or of this many dimensions."""

    type: Scalar
    sizes: tuple[int, ...]
    dimensions: int
    is_mutable: bool


def _paired(
    node: tree.Node,
    name: tree.Name,
    definition: tree.Subroutine,
    arguments: Sequence[tree.Expression],
    operands: Sequence[tree.Operand],
    state: State,
) -> list[tree.Expression | tree.Operand]:
    """The actual argument of each formal one."""
    total = len(definition.formals)
    takes = f"`{name.text}` takes {counted(total, 'argument', 'arguments')}"
    shown = f"write `{name.text}({', '.join(formal.name.text for formal in definition.formals)})`"
    if len(arguments) + len(operands) != total:
        label = f"{takes}, not {len(arguments) + len(operands)}"
        raise state.fail(Code.WRONG_ANGLES, label, node, shown)
    if not operands:
        return list(arguments)
    quantum = sum(formal.type is None for formal in definition.formals)
    if quantum != len(operands):
        raise state.fail(Code.WRONG_ARITY, f"{takes}, {quantum} of them qubits", node, shown)
    before, behind = iter(arguments), iter(operands)
    return [next(behind) if formal.type is None else next(before) for formal in definition.formals]


def _wanted(formal: tree.Formal, state: State) -> _Qubits | _Array | Scalar:
    match formal.type:
        case None:
            return _Qubits(None if formal.size is None else size(formal.size, state))
        case tree.ScalarType():
            return scalar_type(formal.type, state)
        case tree.Reference(access, element, sizes, count):
            found = tuple(size(part, state) for part in sizes)
            dimensions = len(found) if count is None else integer(count, state, "the number of dimensions")
            return _Array(scalar_type(element, state), found, dimensions, access == "mutable")


def _bound(
    formal: tree.Formal, wanted: _Qubits | _Array | Scalar, actual: tree.Expression | tree.Operand, state: State
) -> Wires | Place | Value:
    """What the formal argument's name stands for."""
    if isinstance(wanted, _Qubits):
        return _bound_qubits(formal, wanted, actual, state)
    if isinstance(actual, tree.Operand):
        raise AssertionError("an operand goes with qubits")
    if isinstance(wanted, _Array):
        return _bound_array(wanted, actual, state)
    if is_quantum(actual, state):
        label = f"`{formal.name.text}` is `{wanted}`, and these are qubits"
        raise state.fail(Code.WRONG_TYPE, label, actual, "measure first: `bit c = measure q[0];`")
    value = fitted(evaluate(actual, state), wanted, (), actual, state)
    if isinstance(value, ArrayValue):
        raise AssertionError("a scalar is no array")
    return value


def _bound_qubits(formal: tree.Formal, wanted: _Qubits, actual: tree.Expression | tree.Operand, state: State) -> Wires:
    operand = actual if isinstance(actual, tree.Operand) else as_operand(actual, state)
    wires = qubits(operand, state)
    if len(wires.numbers) != (wanted.size or 1):
        given = counted(len(wires.numbers), "qubit", "qubits")
        label = f"this names {given}, and `{formal.name.text}` is {counted(wanted.size or 1, 'qubit', 'qubits')}"
        raise state.fail(Code.SIZES_DIFFER, label, actual, "take a part: `q[0:1]`")
    return Wires(wires.numbers, wanted.size is None)


def _bound_array(wanted: _Array, actual: tree.Expression, state: State) -> Place:
    place = view(actual, state, wanted.is_mutable)
    same = place.sizes == wanted.sizes if wanted.sizes else len(place.sizes) == wanted.dimensions
    if place.type != wanted.type or not same:
        shown = ", ".join(map(str, wanted.sizes)) or f"#dim={wanted.dimensions}"
        label = f"this is no `array[{wanted.type}, {shown}]`"
        raise state.fail(Code.WRONG_TYPE, label, actual, "arrays are handed over in their own type and shape")
    return Place(place.type, place.sizes, place.slots, "" if wanted.is_mutable else "a readonly argument")
