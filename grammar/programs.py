"""Programs: declarations, gate definitions, what is returned, and the statements between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from qcompile.diagnostics import Code, CompileError, error
from qcompile.gates import NAMES, Gate, Kind
from qcompile.grammar import tree
from qcompile.grammar.checks import MAX_WIRES, QUBIT
from qcompile.grammar.expressions import cells, integer, is_cells, wires
from qcompile.grammar.observables import operator
from qcompile.grammar.regions import statement, statements
from qcompile.grammar.scope import Broken, Scope, add_register, check_free
from qcompile.ir import (
    Definition,
    Expectation,
    Observable,
    Op,
    Output,
    Parameter,
    Probabilities,
    Program,
    Register,
    Samples,
    State,
    Statement,
    Variance,
)
from qcompile.operator import Operator


@dataclass(slots=True)
class Draft:
    """A program in the making."""

    scope: Scope
    registers: list[Register] = field(default_factory=list[Register])
    parameters: list[Parameter] = field(default_factory=list[Parameter])
    definitions: list[Definition] = field(default_factory=list[Definition])
    body: list[Statement] = field(default_factory=list[Statement])
    outputs: list[Output] = field(default_factory=list[Output])

    def finished(self) -> Program:
        """What there is of it."""
        head = tuple(self.registers), tuple(self.parameters), tuple(self.definitions)
        return Program(*head, tuple(self.body), tuple(self.outputs))


def program(nodes: Sequence[tree.Statement], scope: Scope) -> Program:
    """The program that the statements make; faults are noted in the scope and what holds is kept."""
    draft = Draft(scope)
    scope.pending_gates.update(node.name.text for node in nodes if isinstance(node, tree.Definition))
    for node in nodes:
        try:
            _add(node, draft)
        except CompileError as fault:
            scope.faults.add(fault.diagnostics)
    return draft.finished()


def _add(node: tree.Statement, draft: Draft) -> None:
    scope = draft.scope
    match node:
        case tree.Declaration():
            for item in node.items:
                _declare(node, item, draft)
        case tree.Observable(name, value):
            _define_observable(name, value, scope)
        case tree.Definition():
            _define_gate(node, draft)
        case tree.Results(items):
            if draft.outputs:
                advice = "return everything in one statement: `return expect(A), expect(B);`"
                raise error(Code.MISPLACED, "this is a second `return`", scope.span(node), advice)
            for result in items:
                _collect(result, draft)
        case _ if draft.outputs:
            raise error(Code.MISPLACED, "this comes after `return`", scope.span(node), "`return` is the last statement")
        case _:
            draft.body += statement(node, scope)


# ---- declarations


def _declare(node: tree.Declaration, item: tree.Declared, draft: Draft) -> None:
    scope = draft.scope
    try:
        size = None if item.size is None else _size(item.size, scope)
        match node.kind:
            case "qubit" | "qumode" | "bit" | "int" | "real":
                register = Register(item.name.text, node.kind, size, scope.span(item))
                add_register(scope, item.name, register)
                draft.registers.append(register)
            case "param" | "input" | "slot":
                parameter = Parameter(item.name.text, size, node.kind, scope.span(item))
                scope.declare(item.name, parameter)
                draft.parameters.append(parameter)
            case _:
                raise AssertionError(f"the grammar knows no declaration of {node.kind}")
    except CompileError as fault:
        scope.names.setdefault(item.name.text, Broken(node.kind))
        scope.faults.add(fault.diagnostics)


def _size(node: tree.Expression, scope: Scope) -> int:
    size = integer(node, scope, "this size")
    if size < 1:
        raise error(Code.INDEX_RANGE, f"a size of {size}", scope.span(node), "sizes are at least one")
    if size > MAX_WIRES:
        raise error(Code.TOO_LARGE, f"a size of {size}", scope.span(node), f"sizes are at most {MAX_WIRES}")
    return size


def _define_observable(name: tree.Name, value: tree.Expression, scope: Scope) -> None:
    try:
        scope.declare(name, operator(value, scope))
    except CompileError:
        scope.names.setdefault(name.text, Broken("observable"))
        raise


# ---- gate definitions


def _define_gate(node: tree.Definition, draft: Draft) -> None:
    scope, name = draft.scope, node.name.text
    try:
        definition = _definition(node, scope)
    except CompileError:
        scope.broken_gates.add(name)
        raise
    finally:
        scope.pending_gates.discard(name)
    scope.gates[name] = definition.gate
    draft.definitions.append(definition)


def _definition(node: tree.Definition, scope: Scope) -> Definition:
    """Raises what is wrong with its head; when its body is at fault, an error without diagnostics."""
    _check_gate_name(node, scope)
    known = len(scope.faults.found)
    inner = Scope(scope.source, scope.faults, is_body=True, gates=scope.gates, broken_gates=scope.broken_gates)
    inner.pending_gates = scope.pending_gates
    for name in node.parameters:
        inner.declare(name, Parameter(name.text))
    for name in node.wires:
        add_register(inner, name, Register(name.text, "qubit"))
    inner.kinds = [None] * len(node.wires)
    body = [op for op in statements(node.body.statements, inner) if isinstance(op, Op)]
    scope.spend(len(body), node)
    if len(scope.faults.found) > known:
        raise CompileError(())
    kinds: tuple[Kind, ...] = tuple(kind or QUBIT for kind in inner.kinds)
    gate = Gate(node.name.text, kinds, tuple(name.text for name in node.parameters))
    return Definition(gate, tuple(body), scope.span(node))


def _check_gate_name(node: tree.Definition, scope: Scope) -> None:
    check_free(scope, node.name)
    name = node.name.text
    if name in NAMES:
        label = f"`{name}` is a gate of the table"
        raise error(Code.DUPLICATE_NAME, label, scope.span(node.name), "choose another name")
    if name in scope.gates:
        raise error(Code.DUPLICATE_NAME, f"`{name}` is defined already", scope.span(node.name), "choose another name")


# ---- outputs


def _collect(node: tree.Result, draft: Draft) -> None:
    try:
        draft.outputs.append(_output(node, draft.scope))
    except CompileError as fault:
        draft.scope.faults.add(fault.diagnostics)


def _output(node: tree.Result, scope: Scope) -> Output:
    span = scope.span(node)
    match node.function:
        case "expect":
            return Expectation(_observable(node, scope), span)
        case "var":
            return Variance(_observable(node, scope), span)
        case "probs":
            return Probabilities(_listed(node, scope)[0], span)
        case "samples":
            return Samples(*_listed(node, scope), span)
        case _:
            if node.arguments:
                raise error(Code.WRONG_ARITY, "`state` takes nothing", span, "write `state()`")
            return State(span)


def _observable(node: tree.Result, scope: Scope) -> Observable:
    if len(node.arguments) != 1:
        label = f"`{node.function}` takes one observable, not {len(node.arguments)}"
        raise error(Code.WRONG_ARITY, label, scope.span(node), f"write `{node.function}(A), {node.function}(B)`")
    (argument,) = node.arguments
    if isinstance(argument, tree.Name):
        named = scope.names.get(argument.text)
        if isinstance(named, Operator):
            return Observable(named, argument.text)
    return Observable(operator(argument, scope))


def _listed(node: tree.Result, scope: Scope) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The wires and the cells of `probs` and `samples`."""
    found_wires: list[int] = []
    found_cells: list[int] = []
    for argument in node.arguments:
        if not isinstance(argument, tree.Name | tree.Item):
            advice = "name wires: `q`, `q[0]`, `q[0:2]`"
            raise error(Code.WRONG_KIND, "this is an expression, not a wire", scope.span(argument), advice)
        if node.function == "samples" and is_cells(argument, scope):
            numbers, found = cells(argument, scope).numbers, found_cells
            if not scope.assigned.issuperset(numbers):
                label = "nothing has been measured into this"
                raise error(Code.BIT_UNASSIGNED, label, scope.span(argument), "measure first: `c[0] = measure q[0];`")
        else:
            numbers, found = wires(argument, scope).numbers, found_wires
        if not set(found).isdisjoint(numbers):
            raise error(Code.REPEATED_WIRE, "this is listed already", scope.span(argument), "list each wire once")
        found += numbers
    if not node.arguments:
        label = f"`{node.function}` of nothing"
        raise error(Code.WRONG_ARITY, label, scope.span(node), f"write `{node.function}(q)`")
    return tuple(found_wires), tuple(found_cells)
