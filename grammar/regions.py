"""Statements in order: what each kind becomes, blocks, loops, conditions, measurements."""

from __future__ import annotations

from collections.abc import Sequence

from qcompile.angle import Angle
from qcompile.diagnostics import Code, CompileError, Note, error
from qcompile.grammar import straight, tree
from qcompile.grammar.applications import application, plain, remember
from qcompile.grammar.checks import MAX_OPS, counted
from qcompile.grammar.classical import Table
from qcompile.grammar.conditions import Condition, Cube, branched, condition, levels
from qcompile.grammar.entities import KINDS, Broken, Subcircuit
from qcompile.grammar.expressions import angle, integer
from qcompile.grammar.operands import alias, cells, wires
from qcompile.grammar.scope import Scope
from qcompile.grammar.subcircuits import called, modified_body
from qcompile.grammar.values import count_turns, declare_constants, turns
from qcompile.ir import Barrier, Measure, Postselect, Reset, Statement
from qcompile.ir.program import Detection

_LIMIT = "this limit"


def statements(nodes: Sequence[tree.Statement], scope: Scope) -> list[Statement]:
    """A block's statements; each fault is noted and the next statement is read. What the block names ends with it."""
    made: list[Statement] = []
    local: list[str] = []
    for node in nodes:
        try:
            made += statement(node, scope)
        except CompileError as fault:
            scope.faults.add(fault.diagnostics)
        if isinstance(node, tree.Constant | tree.Alias):
            local += [item.name.text for item in node.items] if isinstance(node, tree.Constant) else [node.name.text]
    for name in local:
        scope.forget(name)
    return made


def statement(node: tree.Statement, scope: Scope) -> Sequence[Statement]:
    """What one statement becomes, loops unrolled and sub-circuits put in place."""
    match node:
        case tree.Plain():
            known = plain(node, scope)
            if known is not None:
                return (known,)
            made = statement(straight.application(node), scope)
            remember(node, made, scope)
            return made
        case tree.Application():
            found = scope.subcircuits.get(node.gate.text)
            return application(node, scope) if found is None else _called(node, found, scope)
        case tree.Loop():
            return _loop(node, scope)
        case tree.Conditional():
            return _conditional(node.branches, node, scope)
        case tree.Constant():
            declare_constants(node, scope)
            return ()
        case tree.Alias(name):
            scope.declare(name, alias(node, scope))
            return ()
        case tree.Measurement() | tree.Reset() | tree.While() | tree.Postselection() | tree.Barrier():
            return _irreversible(node, scope)
        case _:
            raise _misplaced(node, scope)


def _misplaced(node: tree.Head | tree.Derivative, scope: Scope) -> CompileError:
    if isinstance(node, tree.Derivative):
        advice = "such a text begins with `shifted;` or `adjoint;`"
        return error(Code.BAD_MODULE, "this is a part of a derivative", scope.span(node), advice)
    label = "this belongs at the top of the program, outside every block"
    if isinstance(node, tree.Declaration):
        for item in node.items:
            scope.names.setdefault(item.name.text, Broken(node.kind))
    is_bit = isinstance(node, tree.Declaration) and node.kind == "bit"
    advice = "; a `def` takes bits as operands: `def f q, bit c { … }`" if is_bit else ""
    return error(Code.MISPLACED, label, scope.span(node), f"move it out of the block{advice}")


def _irreversible(
    node: tree.Measurement | tree.Reset | tree.While | tree.Postselection | tree.Barrier, scope: Scope
) -> Sequence[Statement]:
    if scope.is_body:
        advice = "a gate definition holds gates and loops; write a `def`, which may hold this too"
        label = "a barrier is no gate" if isinstance(node, tree.Barrier) else "this is not unitary"
        raise error(Code.NOT_INVERTIBLE, label, scope.span(node), advice)
    match node:
        case tree.Measurement():
            return _measurement(node, scope)
        case tree.Reset(operand):
            return [Reset(wire, scope.span(node)) for wire in wires(operand, scope).numbers]
        case tree.While():
            return _while(node, scope)
        case tree.Postselection():
            return _postselection(node, scope)
        case tree.Barrier():
            fenced = _fenced(node, scope)
            return [Barrier(fenced, scope.span(node))] if fenced else []


def _loop(node: tree.Loop, scope: Scope) -> list[Statement]:
    _check_cost(node, scope)
    made: list[Statement] = []
    clause = tree.Clause(node.variable, node.values, node.variable.start, node.values.end)
    with scope.deeper(1, node):
        for _ in turns((clause,), scope):
            known = len(scope.faults.found)
            made += statements(node.body.statements, scope)
            if len(scope.faults.found) > known:
                break
    return made


def _check_cost(node: tree.Loop, scope: Scope) -> None:
    """Raises TOO_LARGE at once for loops that would turn too often in the end."""
    if scope.shared.turns + _cost(node, scope) > 3 * MAX_OPS:
        times = count_turns(node.values, scope)
        label = f"this loop runs {times} times" if times > MAX_OPS else "this loop and those inside it run too often"
        raise error(Code.TOO_LARGE, label, scope.span(node), f"loops unroll to at most {MAX_OPS} operations")


def _cost(node: tree.Statement, scope: Scope) -> int:
    """At least so many operations and turns, as far as can be told before."""
    match node:
        case tree.Loop(_, values, body):
            inside = sum(_cost(inner, scope) for inner in body.statements)
            return count_turns(values, scope) * (1 + inside)
        case tree.Application() | tree.Measurement():
            return 1
        case _:
            return 0


def _called(node: tree.Application, found: Subcircuit, scope: Scope) -> Sequence[Statement]:
    if scope.is_body:
        label = f"`{node.gate.text}` is a sub-circuit, and a gate's body holds gates"
        raise error(Code.MISPLACED, label, scope.span(node), "write `def` instead of `gate` around it")
    inner, controls = called(node, found, scope)
    known = len(scope.faults.found)
    with scope.deeper(1, node), scope.faults.within(Note("it is called here", scope.span(node))):
        made = statements(found.node.body.statements, inner)
    if len(scope.faults.found) > known:
        raise CompileError(())
    return modified_body(made, node, controls, scope) if node.modifiers else made


# ---- measurement

_RESULTS: dict[tuple[str, str], tuple[Detection, str]] = {
    ("measure", "qubit"): ("z", "bit"),
    ("measure", "qumode"): ("fock", "int"),
    ("homodyne", "qumode"): ("homodyne", "real"),
    ("heterodyne", "qumode"): ("heterodyne", "real"),
}


def _measurement(node: tree.Measurement, scope: Scope) -> list[Statement]:
    target = cells(node.target, scope)
    scope.assigned.update(target.numbers)
    measured = wires(node.operand, scope)
    detection, result = _detection(node, scope.kinds[measured.numbers[0]] or "qubit", scope)
    found = scope.cells[target.numbers[0]]
    if found != result:
        advice = f"declare `{result} name;` for it"
        raise error(
            Code.WRONG_RESULT,
            f"this is {KINDS[found]}, and the result {KINDS[result]}",
            scope.span(node.target),
            advice,
        )
    width = 2 if detection == "heterodyne" else 1
    if len(target.numbers) != width * len(measured.numbers):
        given = counted(width * len(measured.numbers), "result goes", "results go")
        label = f"{given} into {counted(len(target.numbers), found, f'{found}s')}"
        advice = "heterodyne detection gives two reals, x and p" if width == 2 else "give each wire one result"
        raise error(Code.SIZES_DIFFER, label, scope.span(node), advice)
    scope.spend(len(measured.numbers), node)
    phase = Angle() if node.angle is None else angle(node.angle, scope)
    return [
        Measure(detection, wire, target.numbers[width * k : width * (k + 1)], phase, scope.span(node))
        for k, wire in enumerate(measured.numbers)
    ]


def _detection(node: tree.Measurement, kind: str, scope: Scope) -> tuple[Detection, str]:
    found = _RESULTS.get((node.word, kind))
    if found is None:
        advice = "measure a qubit with `c[0] = measure q[0];`"
        raise error(Code.WRONG_KIND, f"`{node.word}` detects qumodes", scope.span(node.operand), advice)
    return found


# ---- conditions


def _conditional(
    branches: Sequence[tuple[tree.Expression, tree.Block]], node: tree.Conditional, scope: Scope
) -> list[Statement]:
    """The first branch whose condition holds; the rest is the `else` of it."""
    found: Condition = False
    block, count = node.otherwise, 0
    while found is False and count < len(branches):
        test, block = branches[count]
        found, count = condition(test, scope), count + 1
    if isinstance(found, bool):
        return _block(block if found else node.otherwise, node, scope)
    if scope.is_body:
        advice = "a gate definition holds gates and loops; write a `def`, which may hold this too"
        raise error(Code.NOT_INVERTIBLE, "this is not unitary", scope.span(node), advice)
    before = set(scope.assigned)
    with scope.deeper(levels(found), node):
        then = _inside(block, scope)
        after = set(scope.assigned)
        scope.assigned.intersection_update(before)
        rest = branches[count:]
        otherwise = _conditional(rest, node, scope) if rest else _inside(node.otherwise, scope)
        scope.assigned.update(after)
    return branched(found, then, otherwise, node, scope)


def _block(block: tree.Block | None, node: tree.Node, scope: Scope) -> list[Statement]:
    with scope.deeper(1, node):
        return _inside(block, scope)


def _inside(block: tree.Block | None, scope: Scope) -> list[Statement]:
    return [] if block is None else statements(block.statements, scope)


def _while(node: tree.While, scope: Scope) -> list[Statement]:
    """One `if` a turn: after a turn that is not run the condition fails for good."""
    found = condition(node.condition, scope)
    count = scope.shared.loop_bound if node.limit is None else integer(node.limit, scope, _LIMIT)
    if found is False:
        return []
    if count is None or found is True:
        label = "this waits for a result, however long"
        advice = "say how often it may turn: `while (c[0]) limit 10 { … }`, or give `--loop-bound 10`"
        if found is True:
            label = "this holds for good: it reads nothing that is measured"
            advice = "turn a fixed number of times: `for i in 0:3 { … }`"
        raise error(Code.UNBOUNDED, label, scope.span(node.condition), advice)
    if not 0 <= count <= MAX_OPS:
        label = f"a limit of {count} turns"
        code = Code.INDEX_RANGE if count < 0 else Code.TOO_LARGE
        raise error(code, label, scope.span(node), f"limits are from 0 to {MAX_OPS}")
    before = scope.shared.ops
    with scope.deeper(levels(found), node):
        body = statements(node.body.statements, scope)
    turn = branched(found, body, (), node, scope)
    scope.spend((1 + scope.shared.ops - before) * max(0, count - 1), node)
    return turn * count if body else []


def _postselection(node: tree.Postselection, scope: Scope) -> list[Statement]:
    found = condition(node.condition, scope)
    span = scope.span(node.condition)
    match found:
        case True:
            return []
        case Cube(bits, True):
            return [Postselect(bits, scope.span(node))]
        case Table(support, entries) if sum(map(bool, entries)) == 1:
            number = next(k for k, entry in enumerate(entries) if entry)
            bits = tuple((cell, bool(number >> place & 1)) for place, cell in enumerate(support))
            return [Postselect(bits, scope.span(node))]
        case False:
            advice = "select an outcome that can be: `postselect c[0];`"
            raise error(Code.WRONG_TYPE, "this never holds, so no run would be kept", span, advice)
        case _:
            advice = "select bits with their values, joined by `&&`: `postselect !c[0] && c[1];`"
            raise error(Code.OUT_OF_REACH, "this selects more than one outcome of its bits", span, advice)


def _fenced(node: tree.Barrier, scope: Scope) -> tuple[int, ...]:
    if not node.operands:
        return tuple(range(len(scope.kinds)))
    found: list[int] = []
    for operand in node.operands:
        numbers = wires(operand, scope).numbers
        if not set(found).isdisjoint(numbers):
            raise error(Code.REPEATED_WIRE, "this is listed already", scope.span(operand), "list each wire once")
        found += numbers
    return tuple(found)
