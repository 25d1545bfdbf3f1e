"""Programs: declarations, gate definitions, what is returned, and the statements between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from qcompile.diagnostics import Code, CompileError, error
from qcompile.grammar import tree
from qcompile.grammar.definitions import announce, define_gate, define_subcircuit
from qcompile.grammar.entities import Broken
from qcompile.grammar.observables import named_operator, operator
from qcompile.grammar.operands import cells, is_cells, wires
from qcompile.grammar.regions import statement
from qcompile.grammar.scope import Scope, add_register, declared_at
from qcompile.grammar.uncalled import check_uncalled
from qcompile.grammar.values import size
from qcompile.ir import (
    Covariance,
    Definition,
    Expectation,
    If,
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


@dataclass(slots=True)
class Draft:
    """A program in the making."""

    scope: Scope
    registers: list[Register] = field(default_factory=list[Register])
    parameters: list[Parameter] = field(default_factory=list[Parameter])
    definitions: list[Definition] = field(default_factory=list[Definition])
    body: list[Statement] = field(default_factory=list[Statement])
    outputs: list[Output] = field(default_factory=list[Output])
    imported: set[str] = field(default_factory=set[str])

    def finished(self) -> Program:
        """What there is of it; of the imported gates and channels, those in use."""
        body = tuple(self.body)
        used = _used(body) if self.imported else set[str]()
        kept: list[Definition] = []
        for definition in reversed(self.definitions):
            if definition.gate.name in used or definition.gate.name not in self.imported:
                kept.append(definition)
                used.update(op.gate.name for op in definition.body)
        head = tuple(self.registers), tuple(self.parameters), tuple(reversed(kept))
        return Program(*head, body, tuple(self.outputs))


def _used(body: Sequence[Statement]) -> set[str]:
    """The names of the gates that statements apply."""
    found = {statement.gate.name for statement in body if isinstance(statement, Op)}
    for region in body:
        if isinstance(region, If):
            found |= _used(region.then) | _used(region.otherwise)
    return found


def program(nodes: Sequence[tree.Statement], scope: Scope) -> Program:
    """The program that the statements make; faults are noted in the scope and what holds is kept."""
    draft = Draft(scope)
    announce(nodes, scope)
    for node in nodes:
        try:
            _add(node, draft)
        except CompileError as fault:
            scope.faults.add(fault.diagnostics)
    check_uncalled(scope)
    return draft.finished()


def _add(node: tree.Statement, draft: Draft) -> None:
    scope = draft.scope
    match node:
        case tree.Plain() if not draft.outputs:
            draft.body += statement(node, scope)
        case tree.Declaration():
            for item in node.items:
                _declare(node, item, draft)
        case tree.Observable(name, value):
            _define_observable(name, value, scope)
        case tree.Definition():
            draft.definitions.append(define_gate(node, scope))
        case tree.Subcircuit():
            define_subcircuit(node, scope)
        case tree.Import():
            _import(node, draft)
        case tree.Results(items):
            if draft.outputs:
                advice = "return everything in one statement: `return expect(A), expect(B);`"
                notes = declared_at(draft.outputs[0].span, "the first is here")
                raise error(Code.MISPLACED, "this is a second `return`", scope.span(node), advice, notes)
            for result in items:
                _collect(result, draft)
        case _ if draft.outputs and not isinstance(node, tree.Constant | tree.Alias):
            notes = declared_at(draft.outputs[0].span, "it returns here")
            label = "this comes after `return`"
            raise error(Code.MISPLACED, label, scope.span(node), "`return` is the last statement", notes)
        case _:
            draft.body += statement(node, scope)


# ---- declarations


def _declare(node: tree.Declaration, item: tree.Declared, draft: Draft) -> None:
    scope = draft.scope
    try:
        length = None if item.size is None else size(item.size, scope)
        match node.kind:
            case "qubit" | "qumode" | "bit" | "int" | "real":
                register = Register(item.name.text, node.kind, length, scope.span(item))
                add_register(scope, item.name, register)
                draft.registers.append(register)
            case "param" | "input" | "slot":
                parameter = Parameter(item.name.text, length, node.kind, scope.span(item))
                scope.declare(item.name, parameter)
                draft.parameters.append(parameter)
            case _:
                raise AssertionError(f"the grammar knows no declaration of {node.kind}")
    except CompileError as fault:
        scope.names.setdefault(item.name.text, Broken(node.kind))
        scope.faults.add(fault.diagnostics)


def _define_observable(name: tree.Name, value: tree.Expression, scope: Scope) -> None:
    try:
        scope.declare(name, operator(value, scope))
    except CompileError:
        scope.names.setdefault(name.text, Broken("observable"))
        raise


def _import(node: tree.Import, draft: Draft) -> None:
    imports = draft.scope.shared.imports
    if imports is None:
        raise AssertionError("a program is read with what it may import")
    imports.bring(node, draft.scope)
    for definition in imports.definitions[len(draft.imported) :]:
        draft.definitions.append(definition)
        draft.imported.add(definition.gate.name)


# ---- outputs


def _collect(node: tree.Result, draft: Draft) -> None:
    try:
        draft.outputs.append(result(node, draft.scope))
    except CompileError as fault:
        draft.scope.faults.add(fault.diagnostics)


def result(node: tree.Result, scope: Scope) -> Output:
    """What `expect(…)`, `probs(…)` and the like return."""
    span = scope.span(node)
    match node.function:
        case "expect" | "unnormalised_expect":
            return Expectation(_observables(node, scope, 1)[0], span, node.function != "expect")
        case "var":
            return Variance(_observables(node, scope, 1)[0], span)
        case "cov":
            left, right = _observables(node, scope, 2)
            return Covariance(left, right, span)
        case "probs" | "unnormalised_probs":
            return Probabilities(_listed(node, scope)[0], span, node.function != "probs")
        case "samples":
            return Samples(*_listed(node, scope), span)
        case _:
            if node.arguments:
                raise error(Code.WRONG_ARITY, "`state` takes nothing", span, "write `state()`")
            return State(span)


def _observables(node: tree.Result, scope: Scope, count: Literal[1, 2]) -> list[Observable]:
    if len(node.arguments) != count:
        wanted = "one observable" if count == 1 else "two observables"
        label = f"`{node.function}` takes {wanted}, not {len(node.arguments)}"
        advice = f"write `{node.function}(A), {node.function}(B)`" if count == 1 else f"write `{node.function}(A, B)`"
        raise error(Code.WRONG_ARITY, label, scope.span(node), advice)
    return [_observable(argument, scope) for argument in node.arguments]


def _observable(argument: tree.Expression, scope: Scope) -> Observable:
    if isinstance(argument, tree.Name):
        named = named_operator(argument, scope)
        if named is not None:
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
