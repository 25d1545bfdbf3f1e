"""Values that rest on measured bits: tables, decisions, what both sides of a condition leave."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qcompile.gates import TABLE
from qcompile.grammar.classical import (
    MAX_BITS,
    ConflictError,
    Memory,
    Table,
    TooWideError,
    all_of,
    choose,
    combine,
    constant,
    decide,
    outcome,
)
from qcompile.ir import If, Op, Statement

YES, NO = Op(TABLE["x"], (0,)), Op(TABLE["z"], (0,))


def value(table: Table, cells: Sequence[int]) -> object:
    """The entry of a table for these outcomes, looked up by its definition."""
    return table.entries[sum(cells[cell] << place for place, cell in enumerate(table.support))]


def run(body: Sequence[Statement], cells: Sequence[int]) -> list[Statement]:
    """The ops that run for these outcomes."""
    done: list[Statement] = []
    for statement in body:
        if isinstance(statement, If):
            holds = all(bool(cells[cell]) == wanted for cell, wanted in statement.condition)
            done += run(statement.then if holds else statement.otherwise, cells)
        else:
            done.append(statement)
    return done


def outcomes(bits: int) -> list[list[int]]:
    return [[number >> k & 1 for k in range(bits)] for number in range(1 << bits)]


@given(st.lists(st.booleans(), min_size=16, max_size=16))
def test_decisions_run_the_side_that_holds(entries: list[bool]) -> None:
    """Catches a decision tree that runs the wrong side, both, or neither, for any function of four bits."""

    def entry(*bits: int) -> bool:
        return entries[sum(bit << place for place, bit in enumerate(bits))]

    condition = combine(entry, *map(outcome, range(4)))
    body = decide(condition, [YES], [NO])
    for cells in outcomes(4):
        assert run(body, cells) == [YES if value(condition, cells) else NO]
        assert value(condition, cells) == entries[sum(bit << k for k, bit in enumerate(cells))]


def test_a_conjunction_is_one_condition() -> None:
    """Catches a plain `if (a && !b)` that is blown up into a tree."""
    condition = combine(lambda a, b: a and not b, outcome(3), outcome(1))
    assert decide(condition, [YES], [NO]) == [If(((1, False), (3, True)), (YES,), (NO,))]
    opposite = combine(lambda holds: not holds, condition)
    assert decide(opposite, [YES], [NO]) == [If(((1, False), (3, True)), (NO,), (YES,))]


def test_bits_that_make_no_difference_are_dropped() -> None:
    """Catches values that seem to depend on results they don't depend on, such as b ^ b."""
    assert combine(lambda a, b: a ^ b, outcome(2), outcome(2)) == constant(0)
    assert combine(lambda a, b: a | 1 | b, outcome(2), outcome(5)) == constant(1)
    assert outcome(2).given(2, True) == constant(1)


def test_entries_of_other_types_are_other_entries() -> None:
    """Catches 1, 1.0 and True taken for one value, after which 1/2 might be 0 or 0.5."""
    mixed = combine(lambda a: 1.0 if a else 1, outcome(0))
    assert [type(entry) for entry in mixed.entries] == [int, float]


def test_a_table_has_a_largest_size() -> None:
    """Catches tables that double until memory is full."""
    bits = [outcome(cell) for cell in range(MAX_BITS + 1)]
    all_of(bits[:-1])
    with pytest.raises(TooWideError):
        all_of(bits)


def test_merging_follows_the_condition() -> None:
    """Catches a variable that after `if` holds what one side wrote whatever the condition was."""
    memory = Memory({"a": constant(0), "b": outcome(1)})
    then, otherwise = memory.branch(), memory.branch()
    then.held["a"] = constant(7)
    then.held["local"] = constant(1)
    memory.merge(outcome(0), then, otherwise)
    assert memory.held == {"a": choose(outcome(0), constant(7), constant(0)), "b": outcome(1)}
    assert value(memory.held["a"], [1]) == 7


def test_measuring_a_condition_again_inside_is_refused_where_it_matters() -> None:
    """Catches a choice told by a bit that no longer holds what was chosen by."""
    memory = Memory({"a": constant(0), "c": outcome(0)})
    then, otherwise = memory.branch(), memory.branch()
    then.measure("c", 0)
    memory.merge(outcome(0), then, otherwise)  # nothing else differs: c is in its cell either way
    assert memory.measured == {0}
    then, otherwise = memory.branch(), memory.branch()
    then.measure("c", 0)
    then.held["a"] = constant(1)
    with pytest.raises(ConflictError):
        memory.merge(outcome(0), then, otherwise)


def test_a_cell_is_free_when_no_other_variable_rests_on_it() -> None:
    """Catches a second measurement that overwrites a result which a copy still stands for."""
    memory = Memory()
    memory.measure("c", 0)
    assert memory.is_free(0, "c")
    memory.held["copy"] = memory.held["c"]
    assert not memory.is_free(0, "c")
