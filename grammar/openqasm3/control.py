"""Branches, loops and jumps: decided while reading where they can be, else by conditions on measured bits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from qcompile.diagnostics import Code
from qcompile.grammar.classical import Table, combine
from qcompile.grammar.openqasm3 import tree
from qcompile.grammar.openqasm3.expressions import condition, evaluate, scalar_type, single
from qcompile.grammar.openqasm3.places import bounds, integer
from qcompile.grammar.openqasm3.state import BREAK, CONTINUE, END, RETURN, State
from qcompile.grammar.openqasm3.statements import inside
from qcompile.grammar.openqasm3.types import BIT, INT, ArrayValue, Scalar, Value, scalar
from qcompile.grammar.openqasm3.variables import fitted, store

MAX_TURNS = 10**4  # of a loop whose end is not known before
MAX_TURNS_WITHIN = 30  # of a loop that waits for results, each inside the one before
_JUMPS = {"break": BREAK, "continue": CONTINUE}


def control(
    node: tree.Conditional | tree.For | tree.While | tree.Switch | tree.Jump | tree.Return, state: State
) -> None:
    match node:
        case tree.Conditional():
            _conditional(node, state)
        case tree.For():
            _for(node, state)
        case tree.While():
            _while(node, state)
        case tree.Switch():
            _switch(node, state)
        case tree.Jump():
            _jump(node, state)
        case tree.Return():
            _return(node, state)
        case _:
            assert_never(node)


def _conditional(node: tree.Conditional, state: State) -> None:
    test, otherwise = condition(node.condition, state), node.otherwise
    while isinstance(otherwise, tree.Conditional) and test.is_constant and not test.constant:
        node = otherwise
        test, otherwise = condition(node.condition, state), node.otherwise

    def other() -> None:
        if otherwise is not None:
            inside(otherwise, state)

    state.branch(test, lambda: inside(node.then, state), other, state.span(node))


def _switch(node: tree.Switch, state: State) -> None:
    """The first case with the value; the default where none has."""
    if not any(case.labels for case in node.cases):
        raise state.fail(Code.SYNTAX, "a `switch` has a `case`", node, "write `case 0 { … }` inside")
    value = single(node.value, state)
    if not value.type.is_integer:
        label = f"a `switch` looks at an integer, and this is `{value.type}`"
        raise state.fail(Code.WRONG_TYPE, label, node.value, "write `switch (int(c)) { … }`")
    seen = set[int]()
    choices: list[tuple[frozenset[int], tree.Block]] = []
    for case in node.cases:
        labels = [integer(label, state, "a case") for label in case.labels]
        for number, place in zip(labels, case.labels, strict=True):
            if number in seen:
                raise state.fail(Code.DUPLICATE_NAME, f"the case {number} stands here twice", place, "leave one out")
            seen.add(number)
        choices.append((frozenset(labels), case.body))
    with state.explaining(node.value):
        table = value.table
    _choose(node, table, [choice for choice in choices if choice[0]], [c[1] for c in choices if not c[0]], state)


def _choose(
    node: tree.Switch,
    table: Table,
    choices: list[tuple[frozenset[int], tree.Block]],
    default: list[tree.Block],
    state: State,
) -> None:
    """A branch for each case that some outcome chooses."""
    if not choices:
        for body in default[:1]:
            inside(body, state)
        return
    (labels, body), *rest = choices
    test = combine(labels.__contains__, table)
    state.branch(
        test, lambda: inside(body, state), lambda: _choose(node, table, rest, default, state), state.span(node)
    )


# ---- loops


def _for(node: tree.For, state: State) -> None:
    """`for`, unrolled; a turn after a jump that rests on results is made where that was not made."""
    type_ = None if node.type is None else scalar_type(node.type, state)
    state.loops += 1
    try:
        for value in _values(node, type_, state):
            if state.exit.is_constant and state.exit.constant:
                break
            state.step(node)
            known = len(state.assembly.faults.found)
            state.when_running(lambda value=value: _turn(node, value, state), state.span(node))  # type: ignore[misc]
            state.settle(CONTINUE)
            if len(state.assembly.faults.found) > known:
                break
    finally:
        state.loops -= 1
    state.settle(BREAK)


def _turn(node: tree.For, value: Value, state: State) -> None:
    with state.block():
        place = state.place(value.type, (), node, node.name.text)
        state.names.owned.append(place)
        state.write(place, value.tables)
        state.declare(node.name, place)
        inside(node.body, state)


def _values(node: tree.For, type_: Scalar | None, state: State) -> Iterator[Value]:
    """What the loop's variable holds in turn."""
    if isinstance(node.values, tree.Range):
        numbers = bounds(node.values, state, None)
        state.turns(max(0, -((numbers.start - numbers.stop) // numbers.step)), node.values)
        for number in numbers:
            yield _fitted(Value(INT, (Table((), (number,)),), True), type_, node, state)
        return
    if isinstance(node.values, tree.Braces):
        for entry in node.values.entries:
            yield _fitted(single(entry, state), type_, node, state)
        return
    values = evaluate(node.values, state)
    if isinstance(values, ArrayValue) and len(values.sizes) == 1:
        parts = [scalar(values.type, table) for table in values.tables]
    elif isinstance(values, Value) and values.type.is_register:
        parts = [Value(BIT, (table,)) for table in values.tables]
    else:
        label = "a loop runs over a range, a set, a register of bits or an array of one dimension"
        raise state.fail(Code.WRONG_TYPE, label, node.values, "write `for int i in [0:3] { … }`")
    for part in parts:
        yield _fitted(part, type_, node, state)


def _fitted(value: Value, type_: Scalar | None, node: tree.For, state: State) -> Value:
    if type_ is None:
        return Value(value.type, value.tables)
    where = node.values if not isinstance(node.values, tree.Range) else node.name
    made = fitted(value, type_, (), where, state)
    if isinstance(made, ArrayValue):
        raise AssertionError("a scalar is no array")
    return made


def _while(node: tree.While, state: State) -> None:
    state.loops += 1
    try:
        _turns(node, state, state.options.loop_bound, 0)
    finally:
        state.loops -= 1
    state.settle(BREAK)


def _turns(node: tree.While, state: State, bound: int | None, depth: int) -> None:
    """Turn while the condition holds.

    Where it rests on results, turn k + 1 is made inside turn k, where the condition still holds; or after it, when
    the condition asks the same of the same bits, which were measured again.
    """
    for _ in range(MAX_TURNS):
        known = len(state.assembly.faults.found)
        test = condition(node.condition, state)
        if test.is_constant and state.exit.is_constant:
            if not test.constant or state.exit.constant or (depth and bound == 0):
                return
            state.step(node)
            inside(node.body, state)
            state.settle(CONTINUE)
            bound = bound and bound - 1
        else:
            bound = _bounded(node, state, bound, depth)
            if bound == 0 or not _dynamic_turn(node, test, state, bound - 1, depth):
                return
            bound -= 1
        if len(state.assembly.faults.found) > known:
            return
    raise state.fail(Code.TOO_LARGE, f"this loop turns more than {MAX_TURNS} times", node, "does its condition change?")


def _bounded(node: tree.While, state: State, bound: int | None, depth: int) -> int:
    if bound is None:
        label = "this loop waits for a result, and may turn any number of times"
        advice = "say how often it turns at most: `--loop-bound 10`"
        raise state.fail(Code.UNBOUNDED, label, node, advice)
    if depth >= MAX_TURNS_WITHIN:
        label = f"each of {MAX_TURNS_WITHIN} turns hangs on the one before"
        raise state.fail(
            Code.TOO_DEEP, label, node, f"bound the loop by {MAX_TURNS_WITHIN}: `--loop-bound {MAX_TURNS_WITHIN}`"
        )
    return bound


def _dynamic_turn(node: tree.While, test: Table, state: State, bound: int, depth: int) -> bool:
    """One turn where the condition holds and no jump left the loop; must the next one be made after it?"""
    is_same, before, span = False, state.exit, state.span(node)

    def turn() -> None:
        nonlocal is_same
        known = len(state.assembly.faults.found)
        inside(node.body, state)
        state.settle(CONTINUE)
        if len(state.assembly.faults.found) > known:
            return
        is_same = state.exit == before and condition(node.condition, state) == test
        if not is_same and not (state.exit.is_constant and state.exit.constant):
            _turns(node, state, bound, depth + 1)

    state.when_running(lambda: state.branch(test, turn, lambda: None, span), span)
    return is_same


# ---- jumps


def _jump(node: tree.Jump, state: State) -> None:
    """`break`, `continue` and `end`."""
    if node.word == "end":
        state.jump(END)
    elif not state.loops:
        label = f"`{node.word}` stands outside every loop"
        raise state.fail(Code.MISPLACED, label, node, "leave it out, or write `end;`")
    else:
        state.jump(_JUMPS[node.word])


def _return(node: tree.Return, state: State) -> None:
    if not state.returned:
        raise state.fail(Code.MISPLACED, "`return` stands outside every subroutine", node, "write `end;`")
    place = state.returned[-1]
    if place is None and node.value is not None:
        label = "this subroutine declares no result"
        raise state.fail(Code.WRONG_TYPE, label, node, "declare it: `def name(…) -> bit { … }`")
    if place is not None and node.value is None:
        raise state.fail(Code.WRONG_TYPE, f"a result of type `{place.type}` is missing", node, "write `return x;`")
    if place is not None and node.value is not None:
        store(place, evaluate(node.value, state), node.value, state)
    state.jump(RETURN)
