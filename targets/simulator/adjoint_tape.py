"""The forward run of an adjoint program, with a tape of how histories of measurement results part and join.

What is not a gate takes a state to several, ψ to K₁ψ, K₂ψ, … with ΣK†K = 1: an isometry V from histories to histories,
and V†V = 1. So walking back is V† for kets and bras alike, ψ = ΣK†(Kψ) and λ = ΣK†λ_k, and no state need be kept.
Histories that nothing tells apart are mixed by a unitary W that leaves as few as span them; that is undone by W†.
Post-selection alone drops something: the kets dropped lie on the tape and come back with bras of zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace

import numpy as np

from qcompile.diagnostics import Code, Span, error
from qcompile.ir import Barrier, If, Measure, Op, Postselect, Program, Reset, Statement
from qcompile.targets.simulator.options import BYTES, memory_limit, too_large
from qcompile.targets.simulator.tensor import ComplexArray, Dense, Diagonal, Map, Plain, apply, apply_all, dagger
from qcompile.targets.simulator.tensor_channels import kraus_maps
from qcompile.targets.simulator.tensor_gates import lowered, maps_of
from qcompile.targets.simulator.tensor_operators import norms
from qcompile.targets.simulator.tensor_program import plan
from qcompile.targets.simulator.tensor_run import run_plan
from qcompile.targets.simulator.values import Bound

MAX_HISTORIES = 1024
# A sweep that keeps kets and matrices took 0.83 of the time of one that makes them again at 4 qubits (30 KiB of tape),
# 0.92 at 8 (1 MiB), 1.0 at 10 (3 MiB) and 1.1 at 12 (15 MiB): it pays while the tape is in the cache.
KEPT_BYTES = 2 << 20
MIX_ABOVE = 8  # histories: below, mixing costs more than the histories it saves
_NEVER = 1e-28  # weight of a history that only rounding brought about
Vectors = list[ComplexArray]  # of one history: its ket, then its bra for each output


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """One group of histories: its members by number, W by row of the batch, and which of the mixed ones are left."""

    members: list[int]
    mixing: ComplexArray
    left: list[int]

    def undone(self, histories: list[Vectors]) -> list[Vectors]:
        """W is (rows, g, g), and ψ_j = Σ_k W*_jk ψ'_k."""
        back = self.mixing.conj()
        return [
            [_weighted([back[:, j, k] for k in self.left], list(column)) for column in zip(*histories, strict=True)]
            for j in range(len(self.members))
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Parted:
    """A statement that is no gate: for each history after it the number of the one before, and K.

    `kets` are those before it, where ΣK†K = 1 holds but for what a cut loses.
    """

    maps: list[Plain]
    sources: list[tuple[int, int]]
    before: int
    kets: list[ComplexArray] | None

    def undone(self, histories: list[Vectors], nothing: Vectors) -> list[Vectors]:
        result: list[Vectors] = [[] for _ in range(self.before)]
        for (source, k), history in zip(self.sources, histories, strict=True):
            parts = [apply(dagger(self.maps[k]), vector) for vector in history]
            known = result[source]
            result[source] = [a + b for a, b in zip(known, parts, strict=True)] if known else parts
        if self.kets is None:
            return [history or nothing for history in result]
        return [[ket, *(history or nothing)[1:]] for ket, history in zip(self.kets, result, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class Dropped:
    """A post-selection: for each history before it the ket that it dropped, or None."""

    kets: list[ComplexArray | None]

    def undone(self, histories: list[Vectors], nothing: Vectors) -> list[Vectors]:
        kept = iter(histories)
        return [next(kept) if ket is None else [ket, *nothing[1:]] for ket in self.kets]


@dataclass(frozen=True, slots=True, eq=False)
class Branched:
    """An `if`: which histories went through `then`, how many came out of it, and the tapes of both branches."""

    chosen: list[bool]
    out: int
    then: Tape
    otherwise: Tape


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One step of the tape, and the mixing that came after it."""

    step: Parted | Dropped | Branched
    mixed: list[Mixed] | None = None

    def unmixed(self, histories: list[Vectors]) -> list[Vectors]:
        if self.mixed is None:
            return histories
        found: dict[int, Vectors] = {}
        start = 0
        for group in self.mixed:
            end = start + len(group.left)
            found.update(zip(group.members, group.undone(histories[start:end]), strict=True))
            start = end
        return [found[k] for k in sorted(found)]


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """A gate, and the ket of each history before it: kept where they fit the cache, and else uncomputed."""

    op: Op
    maps: list[Map]
    kets: list[ComplexArray]


Tape = list[Record | Applied]


@dataclass(frozen=True, slots=True, eq=False)
class Ket:
    """A history on its way forward, and what each classical cell holds."""

    state: ComplexArray
    cells: tuple[int, ...]


@dataclass(slots=True)
class Recorder:
    """Runs a program forward. Programs of light keep every ket: their cut gates are not unitary.

    `kept` counts the states on the tape, `vectors` those that each history will have on the way back; `levels` are
    those of the wires, hidden ones last.
    """

    program: Program
    bound: Bound
    vectors: int
    cutoff: int
    kept: int = field(default=0, init=False)
    keeps_kets: bool = field(init=False)
    levels: tuple[int, ...] = field(init=False)

    @property
    def is_light(self) -> bool:
        return "qumode" in self.program.kinds

    def __post_init__(self) -> None:
        self.keeps_kets = self.is_light or _size(self.program) * self.bound.batch * BYTES <= KEPT_BYTES

    def run(self) -> tuple[list[ComplexArray], Tape]:
        """The final kets and the tape.

        Raises:
            CompileError: METHOD, TOO_LARGE, BAD_NUMBER, BAD_VALUE.
        """
        start = self._prepared()
        self.levels = start.shape[1:]
        histories = [Ket(start, (0,) * len(self.program.cell_kinds))]
        tape: Tape = []
        read = _reads_after(self.program.body)
        for statement, live in zip(self.program.body, read, strict=True):
            histories = self._step(statement, histories, tape, live)
        return [history.state for history in histories], tape

    def _prepared(self) -> ComplexArray:
        """The state after the preparations, which are of fresh wires."""
        first = tuple(s for s in self.program.body if isinstance(s, Op) and s.gate.preparation)
        (branch,) = run_plan(plan(replace(self.program, body=first, outputs=())), self.bound, self.cutoff)
        return branch.state

    def maps(self, op: Op) -> list[Map]:
        return maps_of(list(lowered(op, self.program.definitions)), self.bound.elements, self.cutoff)

    def _step(self, statement: Statement, histories: list[Ket], tape: Tape, live: Set[int]) -> list[Ket]:
        match statement:
            case Barrier():
                return histories
            case Op(gate) if gate.preparation:
                return histories
            case Op(gate) if not gate.channel:
                maps = self.maps(statement)
                if self.keeps_kets:
                    self._keep(histories, statement.span)
                    tape.append(Applied(statement, maps, [h.state for h in histories]))
                return [replace(h, state=apply_all(maps, h.state)) for h in histories]
            case Postselect(condition):
                kept = [_holds(condition, h) for h in histories]
                dropped = [None if yes else h.state for h, yes in zip(histories, kept, strict=True)]
                self.kept += kept.count(False)
                tape.append(Record(Dropped(dropped)))
                return [h for h, yes in zip(histories, kept, strict=True) if yes]
            case If():
                return self._mixed(*self._branch(statement, histories), tape, live)
            case _:
                return self._mixed(*self._part(statement, histories), tape, live)

    def _part(self, statement: Op | Measure | Reset, histories: list[Ket]) -> tuple[list[Ket], Parted]:
        maps = self._maps_apart(statement)
        if self.is_light:
            self._keep(histories, statement.span)
        made: list[Ket] = []
        sources: list[tuple[int, int]] = []
        for source, history in enumerate(histories):
            for k, action in enumerate(maps):
                state = apply(action, history.state)
                if not _has_weight(state):
                    continue
                cells = history.cells
                if isinstance(statement, Measure):
                    cells = (*cells[: statement.cells[0]], k, *cells[statement.cells[0] + 1 :])
                made.append(Ket(state, cells))
                sources.append((source, k))
                self._check(len(made) + len(histories), statement.span)
        kets = [history.state for history in histories] if self.is_light else None
        return made, Parted(maps, sources, len(histories), kets)

    def _maps_apart(self, statement: Op | Measure | Reset) -> list[Plain]:
        """K₁, K₂, …; of a measurement and a reset by the level that is found."""
        match statement:
            case Op():
                return list[Plain](kraus_maps(statement, self.bound.elements, self.cutoff))
            case Measure(_, wire):
                return [Diagonal(row[np.newaxis], (wire,)) for row in np.eye(self.levels[wire], dtype=complex)]
            case Reset(wire):
                found = np.eye(self.levels[wire], dtype=complex)
                return [Dense(np.outer(found[0], row)[np.newaxis], (wire,)) for row in found]

    def _keep(self, histories: list[Ket], span: Span | None) -> None:
        self.kept += len(histories)
        self._check(len(histories), span)

    def _branch(self, statement: If, histories: list[Ket]) -> tuple[list[Ket], Branched]:
        """Inside a region every cell counts as live."""
        chosen = [_holds(statement.condition, h) for h in histories]
        then: Tape = []
        otherwise: Tape = []
        taken = [h for h, yes in zip(histories, chosen, strict=True) if yes]
        passed = [h for h, yes in zip(histories, chosen, strict=True) if not yes]
        every = frozenset(range(len(self.program.cell_kinds)))
        for inner in statement.then if taken else ():
            taken = self._step(inner, taken, then, every)
        for inner in statement.otherwise if passed else ():
            passed = self._step(inner, passed, otherwise, every)
        self._check(len(taken) + len(passed), statement.span)
        return taken + passed, Branched(chosen, len(taken), then, otherwise)

    def _mixed(self, histories: list[Ket], step: Parted | Branched, tape: Tape, live: Set[int]) -> list[Ket]:
        """Histories that differ in no live cell, as few as span the same mixture."""
        if len(histories) <= MIX_ABOVE:
            tape.append(Record(step))
            return histories
        groups: dict[tuple[int, ...], list[int]] = {}
        for number, history in enumerate(histories):
            groups.setdefault(tuple(history.cells[cell] for cell in sorted(live)), []).append(number)
        mixed, made = list[Mixed](), list[Ket]()
        for members in groups.values():
            mixing, states = _spanning([histories[k].state for k in members])
            left = [k for k, state in enumerate(states) if _has_weight(state)]
            mixed.append(Mixed(members, mixing, left))
            made += [Ket(states[k], histories[members[0]].cells) for k in left]
        tape.append(Record(step, mixed))
        return made

    def _check(self, count: int, span: Span | None) -> None:
        if count > MAX_HISTORIES:
            label = f"the program has more than {MAX_HISTORIES} histories of results and noise by here"
            raise error(Code.METHOD, label, span, "use `--method shift`, or measure fewer times")
        states = count * (3 + self.vectors) + self.kept
        needed = states * self.bound.batch * BYTES * math.prod(self.levels)
        if needed > memory_limit():
            raise too_large(needed, self.program)


def _size(program: Program) -> int:
    """The amplitudes and matrix entries that a tape of every gate has, for one history and one row."""
    wires = [len(s.gate.wires) for s in program.statements() if isinstance(s, Op) and s.gate.is_unitary]
    matrices: int = sum(4**count for count in wires)
    return (len(wires) << len(program.kinds)) + matrices


def _spanning(states: list[ComplexArray]) -> tuple[ComplexArray, list[ComplexArray]]:
    """W of the eigenvectors of the Gram matrix, shape (rows, g, g), and the states mixed by it."""
    rows = max(len(state) for state in states)
    shape = (rows, *states[0].shape[1:])
    stacked = np.stack([np.broadcast_to(state, shape).reshape(rows, -1) for state in states], axis=1)
    if len(states) == 1:
        return np.ones((1, 1, 1), dtype=complex), states
    vectors = np.linalg.eigh(stacked.conj() @ stacked.swapaxes(1, 2)).eigenvectors
    mixed: ComplexArray = vectors.swapaxes(1, 2) @ stacked
    return vectors, [mixed[:, k].reshape(shape) for k in range(len(states))]


def _weighted(weights: Sequence[ComplexArray], vectors: Sequence[ComplexArray]) -> ComplexArray:
    total: ComplexArray = np.zeros((1,) * vectors[0].ndim, dtype=complex)
    for weight, vector in zip(weights, vectors, strict=True):
        total = total + weight.reshape(-1, *(1,) * (vector.ndim - 1)) * vector
    return total


def _reads_after(body: Sequence[Statement]) -> list[set[int]]:
    """For each statement the cells that a later one reads."""
    found: list[set[int]] = []
    read: set[int] = set()
    for statement in reversed(body):
        found.append(set(read))
        read |= _reads(statement)
    return found[::-1]


def _reads(statement: Statement) -> set[int]:
    if not isinstance(statement, If | Postselect):
        return set()
    own = {cell for cell, _ in statement.condition}
    if isinstance(statement, If):
        own.update(*(map(_reads, (*statement.then, *statement.otherwise))))
    return own


def _holds(condition: Sequence[tuple[int, bool]], history: Ket) -> bool:
    return all(bool(history.cells[cell]) == value for cell, value in condition)


def _has_weight(state: ComplexArray) -> bool:
    return bool(norms(state).max() > _NEVER)
