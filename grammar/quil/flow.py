"""Jumps: what is known is followed, what results decide becomes `if`, and loops that wait for results are unrolled.

A decision's two ways run up to where they meet again: its immediate post-dominator in the graph of labels and jumps.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from qcompile.diagnostics import Code, Span, error
from qcompile.grammar.quil.machine import Machine
from qcompile.grammar.quil.steps import Branched, Gates, Halted, Jumped, Labelled, Script, Turned

if TYPE_CHECKING:
    import networkx as nx

MAX_NESTED = 60
MAX_REPEATED = 150_000  # instructions other than gates that are carried out again


class Graph:
    """Labels and jumps as nodes, by their steps' numbers; the number after the last step is the end."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.end = len(script.steps)

    def join(self, at: int) -> int | None:
        """Where both ways of a decision meet again for sure; None where neither need ever end."""
        return self._joins.get(at)

    def ways(self, at: int) -> tuple[int, int]:
        """The first labels or jumps met by jumping and by going on."""
        step = self.script.steps[at]
        if not isinstance(step, Branched):
            raise AssertionError("a decision is a conditional jump")
        return self.script.labels[step.label], self._next[at + 1]

    def first(self, at: int) -> int:
        """The first label or jump at a step or after it."""
        return self._next[at]

    def is_in_loop_with(self, at: int, other: int) -> bool:
        return at in self._loop and self._loop.get(at) == self._loop.get(other)

    def returns(self, start: int, at: int) -> bool:
        """Does every way from `start` come to `at`, and one of them in a loop?"""
        if not self.is_in_loop_with(at, start):
            return False
        place: int | None = start
        while place is not None and place != self.end:
            if place == at:
                return True
            place = self._joins.get(place)
        return False

    def begins(self, at: int) -> bool:
        """Is the decision the first thing that its loop does?"""
        for node in self._entries(at):
            place, seen = node, set[int]()
            while place != at and place not in seen and place != self.end:
                seen.add(place)
                step = self.script.steps[place]
                if isinstance(step, Jumped):
                    place = self.script.labels[step.label]
                elif isinstance(step, Labelled) and self._next[place + 1] == place + 1:
                    place += 1
                else:
                    break
            if place == at:
                return True
        return False

    def _entries(self, at: int) -> Iterator[int]:
        """Nodes of the loop that are reached from outside of it."""
        for node, loop in self._loop.items():
            if loop == self._loop[at] and any(self._loop.get(before) != loop for before in self._graph.pred[node]):
                yield node

    @cached_property
    def _next(self) -> list[int]:
        """For each step, itself where it is a label or a jump, or the next that is."""
        found = [self.end] * (self.end + 2)
        for number in reversed(range(self.end)):
            is_control = isinstance(self.script.steps[number], Labelled | Jumped | Branched | Halted)
            found[number] = number if is_control else found[number + 1]
        return found

    @cached_property
    def _graph(self) -> nx.DiGraph[int]:
        import networkx as nx  # slow to import, and few programs jump on results

        graph: nx.DiGraph[int] = nx.DiGraph()
        graph.add_edge(-1, self._next[0])
        for number, step in enumerate(self.script.steps):
            match step:
                case Labelled():
                    graph.add_edge(number, self._next[number + 1])
                case Jumped(label):
                    graph.add_edge(number, self.script.labels[label])
                case Branched():
                    graph.add_edges_from((number, way) for way in self.ways(number))
                case Halted():
                    graph.add_edge(number, self.end)
                case _:
                    pass
        return graph

    @cached_property
    def _joins(self) -> dict[int, int]:
        import networkx as nx

        if self.end not in self._graph:
            return {}
        return dict(nx.immediate_dominators(self._graph.reverse(copy=False), self.end))

    @cached_property
    def _loop(self) -> dict[int, int]:
        """The number of the loop that a node is in, for those in one."""
        import networkx as nx

        made: dict[int, int] = {}
        for number, nodes in enumerate(nx.strongly_connected_components(self._graph)):
            if len(nodes) > 1 or any(self._graph.has_edge(node, node) for node in nodes):
                made |= dict.fromkeys(nodes, number)
        return made


class Runner:
    """Runs a script on a machine from its first step to its end."""

    def __init__(self, script: Script, machine: Machine, bound: int | None) -> None:
        self.script = script
        self.machine = machine
        self.bound = bound
        self.graph = Graph(script)
        self._active: dict[int, int] = {}
        self._depth = 0
        self._seen = 0
        self._repeated = 0
        self._turned: dict[int, int] = {}

    def run(self, at: int, stop: int) -> None:
        """Carry out steps up to `stop`.

        Raises:
            CompileError: UNBOUNDED, TOO_DEEP, and what steps raise.
        """
        steps, end = self.script.steps, len(self.script.steps)
        while at not in (stop, end):
            step = steps[at]
            if not isinstance(step, Gates | Turned):
                self._count(at, step.span)
            match step:
                case Labelled():
                    at += 1
                case Jumped(label, span):
                    at = self._jump(at, self.script.labels[label], span)
                case Branched():
                    at = self._branch(at, step)
                case Halted():
                    at = end
                case _:
                    self.machine.execute(step)
                    at += 1

    def _count(self, at: int, span: Span) -> None:
        if at >= self._seen:
            self._seen = at + 1
            return
        self._repeated += 1
        if self._repeated > MAX_REPEATED:
            label = f"this loop has not ended after {MAX_REPEATED} instructions"
            raise error(Code.UNBOUNDED, label, span, "let it turn less often: loops are unrolled when read")

    def _jump(self, at: int, target: int, span: Span) -> int:
        """The step to go on at; a jump back that finds memory as it left it never ends."""
        if target <= at:
            if self._turned.get(at) == self.machine.version:
                advice = "nothing that the loop does changes what it decides on: leave it by a JUMP-WHEN"
                raise error(Code.UNBOUNDED, "this loop never ends", span, advice)
            self._turned[at] = self.machine.version
        return target

    def _branch(self, at: int, step: Branched) -> int:
        condition = self.machine.condition(step.place, step.wanted, step.span)
        target = self.script.labels[step.label]
        if condition.is_constant:
            return self._jump(at, target, step.span) if condition.constant else at + 1
        join = self.graph.join(at)
        if join is None:
            advice = "let each way come to the end of the program"
            raise error(Code.UNBOUNDED, "neither way of this decision need ever end", step.span, advice)
        onward = self.graph.ways(at)[1]
        if self.graph.returns(target, at):
            return self._loop(at, step, target, at + 1, True)
        if self.graph.returns(onward, at):
            return self._loop(at, step, at + 1, target, False)
        return self._fork(at, step, target, join)

    def _fork(self, at: int, step: Branched, target: int, join: int) -> int:
        """Both ways, up to where they meet."""
        turns = self._active.get(at, 0)
        if turns and turns >= self._bound(step.span):
            ways = [way for way in (target, at + 1) if not self.graph.is_in_loop_with(at, self.graph.first(way))]
            if not ways:
                advice = "leave the loop at one place, where its condition is decided"
                raise error(Code.OUT_OF_REACH, "this loop has no way out here", step.span, advice)
            return ways[0]
        self._active[at] = turns + 1
        condition = self.machine.condition(step.place, True, step.span)
        held, missed = (target, at + 1) if step.wanted else (at + 1, target)
        with self._deeper(step.span):
            self.machine.branch(condition, lambda: self.run(held, join), lambda: self.run(missed, join), step.span)
        self._active[at] = turns
        return join

    def _loop(self, at: int, step: Branched, inner: int, outer: int, jumps: bool) -> int:
        """A loop that every turn comes back to its condition: one `if` a turn."""
        turns = self._bound(step.span) - (0 if self.graph.begins(at) else 1)
        for _ in range(turns):
            condition = self.machine.condition(step.place, step.wanted == jumps, step.span)
            if condition.is_constant and not condition.constant:
                break
            before = self.machine.version
            with self._deeper(step.span):
                self.machine.branch(condition, lambda: self.run(inner, at), lambda: None, step.span)
            if self.machine.version == before:
                advice = "measure or compute in it what its condition reads"
                raise error(Code.UNBOUNDED, "this loop never ends where it turns once", step.span, advice)
        return outer

    def _bound(self, span: Span) -> int:
        if self.bound is None:
            label = "this loop turns until a measurement gives what it waits for"
            raise error(Code.UNBOUNDED, label, span, "say how often it may turn at most: `--loop-bound N`")
        return self.bound

    @contextmanager
    def _deeper(self, span: Span) -> Generator[None, None, None]:
        if self._depth >= MAX_NESTED:
            advice = "let the ways of a decision meet again soon, by a label that both come to"
            raise error(Code.TOO_DEEP, f"this decision stands inside {MAX_NESTED} others", span, advice)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
