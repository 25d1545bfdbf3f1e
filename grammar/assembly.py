"""Puts a program together for the readers of other languages: registers, ops, measurements, branches."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from qcompile.angle import Angle, parameter
from qcompile.diagnostics import Code, CompileError, Source, Span, error
from qcompile.gates import NAMES, Gate, Kind
from qcompile.grammar.checks import MAX_OPS, MAX_WIRES, check_op, is_sound
from qcompile.grammar.classical import ConflictError, Memory, Table, TooWideError, combine, decide
from qcompile.grammar.scope import CALLABLE, CONSTANTS, Faults
from qcompile.grammar.syntax import keywords
from qcompile.ir import (
    Barrier,
    Definition,
    If,
    Measure,
    Op,
    Parameter,
    Program,
    Register,
    Reset,
    Statement,
)
from qcompile.ir.program import CellKind, Role

_LETTERS = re.compile(r"[^A-Za-z0-9_]+")
_WIDE = "the result rests on too many measured bits at once"
_CONFLICT = "a bit that this condition reads is measured again inside, and what was chosen is needed afterwards"


class Assembly:
    """A program in the making, and the faults found on the way.

    Readers declare names as their text has them; each gets a name that our language can write, the same where it can.
    Statements go to the innermost open block. Every op is checked and counted as it is added.
    """

    def __init__(self, source: Source, faults: Faults | None = None) -> None:
        self.source = source
        self.faults = Faults() if faults is None else faults
        self.kinds: list[Kind] = []
        self.cells: list[str] = []
        self.memory: Memory = Memory()
        self.gates: dict[str, Gate] = {}
        self._registers: list[Register] = []
        self._parameters: list[Parameter] = []
        self._definitions: list[Definition] = []
        self._body: list[Statement] = []
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._ops = 0
        self.conflicts = 0  # branches that were refused because a bit of their condition was measured again

    # ---- names

    def wires(self, name: str, kind: Kind, size: int | None, span: Span | None) -> range:
        """Declare a quantum register; returns its wires."""
        first = len(self.kinds)
        self._registers.append(Register(self._name(name), kind, self._size(size, first, span), span))
        self.kinds.extend(kind for _ in range(size or 1))
        return range(first, len(self.kinds))

    def bits(self, name: str, size: int | None, span: Span | None, kind: CellKind = "bit") -> range:
        """Declare cells for results; returns their numbers."""
        first = len(self.cells)
        self._registers.append(Register(self._name(name), kind, self._size(size, first, span), span))
        self.cells.extend([kind] * (size or 1))
        return range(first, len(self.cells))

    def parameter(self, name: str, size: int | None, role: Role, span: Span | None) -> tuple[Angle, ...]:
        """Declare a parameter; returns an angle for each of its entries."""
        made = Parameter(self._name(name), self._size(size, 0, span), role, span)
        self._parameters.append(made)
        return tuple(parameter(element.name, element.index) for element in made.elements())

    def define(self, gate: Gate, body: Sequence[Op], span: Span | None) -> Gate:
        """Add a definition; returns the gate under the name that it gets (the table's own names are taken)."""
        gate = replace(gate, name=free_name(gate.name, NAMES.keys() | self.gates.keys()))
        self.gates[gate.name] = gate
        self._definitions.append(Definition(gate, tuple(body), span))
        return gate

    # ---- statements

    def apply(
        self,
        gate: Gate,
        wires: Sequence[int],
        angles: Sequence[Angle] = (),
        controls: Sequence[bool] = (),
        span: Span | None = None,
        places: Sequence[Span | None] = (),
    ) -> None:
        """Add one op; `wires` begin with the controls'.

        Args:
            places: where each wire is written.

        Raises:
            CompileError: what `check_op` finds.
        """
        self.add(self.op(gate, wires, angles, controls, span, places))

    def op(
        self,
        gate: Gate,
        wires: Sequence[int],
        angles: Sequence[Angle] = (),
        controls: Sequence[bool] = (),
        span: Span | None = None,
        places: Sequence[Span | None] = (),
    ) -> Op:
        """The op, checked but not added."""
        if not is_sound(gate, wires, len(angles), controls, self.kinds):
            raise CompileError(check_op(gate, wires, len(angles), controls, self.kinds, span, places))
        return Op(gate, tuple(wires), tuple(angles), tuple(controls), False, span)

    def add(self, statement: Statement) -> None:
        """Add a statement that holds; raises TOO_LARGE."""
        self.spend(1, getattr(statement, "span", None))
        self._body.append(statement)

    def apply_dynamic(self, gate: Gate, wires: Sequence[int], angles: Sequence[Table], span: Span | None) -> None:
        """Add an op whose angles depend on measured bits.

        An angle that is a sum of one number a bit becomes one conditional op a bit (powers of one generator commute),
        anything else one op for each outcome.
        """
        try:
            joint = combine(lambda *values: values, *angles)
        except TooWideError:
            raise error(Code.OUT_OF_REACH, _WIDE, span, "use fewer results in one angle") from None
        if joint.is_constant:
            self.apply(gate, wires, joint.constant, (), span)
            return
        ops = [self.op(gate, wires, values, (), span) for values in joint.entries]
        base = ops[0].angles[0] if len(angles) == 1 and gate.generator is not None else None
        steps = [1 << place for place in range(len(joint.support))]
        if base is not None and all(
            ops[k].angles[0] == _sum(base, (ops[s].angles[0] - base for s in steps if k & s)) for k in range(len(ops))
        ):
            if not base.is_zero:
                self.add(ops[0])
            for cell, step in zip(joint.support, steps, strict=True):
                self.add(If(((cell, True),), (replace(ops[0], angles=(ops[step].angles[0] - base,)),), (), span))
            return
        for number, op in enumerate(ops):
            where = ((cell, bool(number >> place & 1)) for place, cell in enumerate(joint.support))
            self.add(If(tuple(where), (op,), (), span))

    def measure(self, variable: object, home: int, wire: int, span: Span | None) -> None:
        """Measure a qubit into a variable whose own cell is `home`; a fresh cell is taken while others need that."""
        is_free = home not in self.memory.order or self.memory.is_free(home, variable)
        cell = home if is_free else self.bits("result", None, span)[0]
        self.add(Measure("z", wire, (cell,), span=span))
        self.memory.measure(variable, cell)

    def reset(self, wires: Sequence[int], span: Span | None) -> None:
        for wire in wires:
            self.add(Reset(wire, span))

    def barrier(self, wires: Sequence[int], span: Span | None) -> None:
        """A barrier on these wires; on none, nothing."""
        if wires:
            self.add(Barrier(tuple(dict.fromkeys(wires)), span))

    # ---- blocks

    @contextmanager
    def block(self) -> Generator[list[Statement], None, None]:
        """Statements added inside go to the list."""
        outer, self._body = self._body, []
        try:
            yield self._body
        finally:
            self._body = outer

    def branch(
        self,
        condition: Table,
        then: Callable[[], None],
        otherwise: Callable[[], None] = lambda: None,
        span: Span | None = None,
    ) -> None:
        """Add what `then` and `otherwise` add, each where its side of the condition holds; memory follows.

        Raises:
            CompileError: OUT_OF_REACH, TOO_LARGE, what the two raise.
        """
        if condition.is_constant:
            (then if condition.constant else otherwise)()
            return
        before, sides = self.memory, list[tuple[list[Statement], Memory]]()
        for side in (then, otherwise):
            self.memory = before.branch()
            try:
                with self.block() as made:
                    side()
                sides.append((made, self.memory))
            finally:
                self.memory = before
        (yes, after_yes), (no, after_no) = sides
        try:
            before.merge(condition, after_yes, after_no)
        except ConflictError:
            self.conflicts += 1
            raise error(Code.OUT_OF_REACH, _CONFLICT, span, "keep the result in another bit") from None
        except TooWideError:
            raise error(Code.OUT_OF_REACH, _WIDE, span, "use fewer results in one value") from None
        made = decide(condition, yes, no, span=span)
        self.spend(len(yes) + len(no) if len(made) == 1 else (len(yes) + len(no)) << len(condition.support), span)
        self._body += made

    # ---- the end

    @property
    def ops(self) -> int:
        """How many have been counted."""
        return self._ops

    def spend(self, count: int, span: Span | None) -> None:
        """Count ops before they are made; raises TOO_LARGE."""
        self._ops += count
        if self._ops > MAX_OPS:
            label = f"the program has more than {MAX_OPS} operations here"
            raise error(Code.TOO_LARGE, label, span, "shorten its loops, or split it")

    def finished(self) -> Program:
        """The program; raises every fault noted, in the order of the text."""
        if self.faults:
            raise self.faults.raised()
        head = tuple(self._registers), tuple(self._parameters), tuple(self._definitions)
        return Program(*head, tuple(self._body))

    def _name(self, name: str) -> str:
        legal = free_name(name, self._taken, self._numbers)
        self._taken.add(legal)
        return legal

    def _size(self, size: int | None, first: int, span: Span | None) -> int | None:
        if size is not None and size < 1:
            raise error(Code.INDEX_RANGE, f"a size of {size}", span, "sizes are at least one")
        if first + (size or 1) > MAX_WIRES:
            advice = f"a program has at most {MAX_WIRES} wires and as many bits"
            raise error(Code.TOO_LARGE, f"this makes {first + (size or 1)} in all", span, advice)
        return size


def free_name(name: str, taken: Container[str], numbers: dict[str, int] | None = None) -> str:
    """A name our language can write, as near to `name` as can be, that is none of those taken.

    Args:
        numbers: by name, the next number to try, so that thousands of one name take no time; it is kept up.
    """
    spelled = _LETTERS.sub("_", name.translate(_GREEK)).strip("_") or "v"
    base = spelled if not spelled[0].isdigit() else f"v{spelled}"
    if base in CONSTANTS or base in CALLABLE or base in keywords():
        base += "_"
    numbers = {} if numbers is None else numbers
    made, number = base, numbers.get(base, 2)
    while made in taken:
        made, number = f"{base}_{number}", number + 1
    numbers[base] = number
    return made


_GREEK = str.maketrans({
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "ρ": "rho", "σ": "sigma", "τ": "tau_", "φ": "phi",
    "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda",
    "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "π": "pi_",
})  # fmt: skip


def _sum(base: Angle, steps: Iterator[Angle]) -> Angle:
    return sum(steps, base)
