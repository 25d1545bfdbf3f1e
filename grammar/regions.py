"""Statements in order: what each kind becomes, blocks, loops, conditions, measurements."""

from __future__ import annotations

from collections.abc import Sequence

from qcompile.angle import Angle, number
from qcompile.diagnostics import Code, CompileError, error
from qcompile.grammar import straight, tree
from qcompile.grammar.applications import application, plain, remember
from qcompile.grammar.checks import MAX_OPS, counted
from qcompile.grammar.expressions import LOOP_BOUND, Wires, angle, bounds, cells, integer, wires
from qcompile.grammar.scope import KINDS, Scope
from qcompile.ir import If, Measure, Reset, Statement
from qcompile.ir.program import Detection


def statements(nodes: Sequence[tree.Statement], scope: Scope) -> list[Statement]:
    """A block's statements; each fault is noted and the next statement is read."""
    made: list[Statement] = []
    for node in nodes:
        try:
            made += statement(node, scope)
        except CompileError as fault:
            scope.faults.add(fault.diagnostics)
    return made


def statement(node: tree.Statement, scope: Scope) -> Sequence[Statement]:
    """What one statement becomes, loops unrolled."""
    match node:
        case tree.Application():
            return application(node, scope)
        case tree.Plain():
            known = plain(node, scope)
            if known is not None:
                return (known,)
            made = statement(straight.application(node), scope)
            remember(node, made, scope)
            return made
        case tree.Loop():
            return _loop(node, scope)
        case tree.Measurement() | tree.Reset() | tree.Conditional() if scope.is_body:
            advice = "a gate definition holds gates and loops; measure and reset outside it"
            raise error(Code.NOT_INVERTIBLE, "this is not unitary", scope.span(node), advice)
        case tree.Measurement():
            return _measurement(node, scope)
        case tree.Reset(operand):
            return [Reset(wire, scope.span(node)) for wire in wires(operand, scope).numbers]
        case tree.Conditional():
            return [_conditional(node, scope)]
        case tree.Declaration() | tree.Definition() | tree.Observable() | tree.Results():
            label = "this belongs at the top of the program, outside every block"
            raise error(Code.MISPLACED, label, scope.span(node), "move it out of the block")
        case _:
            advice = "such a text begins with `shifted;` or `adjoint;`"
            raise error(Code.BAD_MODULE, "this is a part of a derivative", scope.span(node), advice)


def _loop(node: tree.Loop, scope: Scope) -> list[Statement]:
    values = bounds(node.bounds, scope, LOOP_BOUND)
    if len(values) > MAX_OPS:
        label = f"this loop runs {len(values)} times"
        raise error(Code.TOO_LARGE, label, scope.span(node.bounds), f"loops unroll to at most {MAX_OPS} operations")
    name = node.variable
    scope.declare(name, Angle())
    made: list[Statement] = []
    try:
        for value in values:
            scope.names[name.text] = number(value)
            scope.turn(node)
            known = len(scope.faults.found)
            made += statements(node.body.statements, scope)
            if len(scope.faults.found) > known:
                break
    finally:
        del scope.names[name.text]
    return made


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


def _conditional(node: tree.Conditional, scope: Scope) -> If:
    condition = tuple(bit for test in node.tests for bit in _test(test, scope))
    before = set(scope.assigned)
    then = statements(node.then.statements, scope)
    after_then, scope.assigned = scope.assigned, set(before)
    otherwise = statements(node.otherwise.statements, scope) if node.otherwise else []
    scope.assigned &= after_then
    return If(condition, tuple(then), tuple(otherwise), scope.span(node))


def _test(node: tree.Test, scope: Scope) -> list[tuple[int, bool]]:
    """One bit and its value, or every bit of a register compared with a number, first bit least significant."""
    bits = cells(node.operand, scope)
    _check_bits(bits, node, scope)
    if node.value is not None:
        value = integer(node.value, scope, "this number")
        if not 0 <= value < 2 ** len(bits.numbers):
            label = f"{len(bits.numbers)} bits never make {value}"
            advice = f"compare with 0 to {2 ** len(bits.numbers) - 1}" if value > 0 else "compare with 0 or more"
            raise error(Code.INDEX_RANGE, label, scope.span(node.value), advice)
        return [(bit, bool(value >> place & 1)) for place, bit in enumerate(bits.numbers)]
    if not bits.is_single:
        advice = "test one bit, `c[0]`, or compare the register: `c == 2`"
        raise error(Code.SIZES_DIFFER, f"this names {len(bits.numbers)} bits", scope.span(node.operand), advice)
    return [(bits.numbers[0], not node.negated)]


def _check_bits(bits: Wires, node: tree.Test, scope: Scope) -> None:
    kinds = {scope.cells[bit] for bit in bits.numbers}
    if kinds != {"bit"}:
        label = f"this is {KINDS[kinds.pop()]}, and conditions read bits"
        raise error(Code.WRONG_RESULT, label, scope.span(node.operand), "measure a qubit into a bit and test that")
    if not scope.assigned.issuperset(bits.numbers):
        advice = "assign it before: `c[0] = measure q[0];`, in both branches if it is assigned inside `if`"
        raise error(Code.BIT_UNASSIGNED, "nothing has been measured into this", scope.span(node.operand), advice)
