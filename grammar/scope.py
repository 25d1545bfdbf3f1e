"""What names mean at a place in a program, and the faults found so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from qcompile.angle import FUNCTIONS, INFIX, Angle
from qcompile.diagnostics import Code, CompileError, Diagnostic, Source, Span, did_you_mean, error
from qcompile.gates import NAMES, Gate, Kind
from qcompile.grammar import tree
from qcompile.grammar.checks import MAX_OPS, MAX_WIRES
from qcompile.grammar.hints import gate_hint, name_hint
from qcompile.grammar.syntax import keywords
from qcompile.ir import Op, Parameter, Register
from qcompile.operator import Operator

MAX_FAULTS = 50
CONSTANTS = ("pi", "tau", "euler")
KINDS = {"qubit": "a qubit", "qumode": "a qumode", "bit": "a bit", "int": "an int", "real": "a real"}
CALLABLE = frozenset(FUNCTIONS) - frozenset(INFIX)


@dataclass(frozen=True, slots=True)
class Place:
    """A register and the number of its first wire or cell."""

    register: Register
    first: int


@dataclass(frozen=True, slots=True)
class Broken:
    """A name whose declaration, of this kind, is at fault: its uses are not reported again."""

    kind: str


Entity: TypeAlias = Place | Parameter | Operator | Angle | Broken


class TooManyFaultsError(Exception):
    """Enough is known to be wrong."""


class Faults:
    """The diagnostics of a run, up to a number that people read."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []

    def add(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self.found.append(diagnostic)
            if len(self.found) >= MAX_FAULTS:
                raise TooManyFaultsError

    def __bool__(self) -> bool:
        return bool(self.found)

    def raised(self) -> CompileError:
        """All faults as one exception, in the order of the text."""
        return CompileError(sorted(self.found, key=lambda fault: fault.span.start if fault.span else -1))


@dataclass(slots=True)
class Scope:
    """The names, wires and cells of one program, or of one gate's body (then `is_body`)."""

    source: Source
    faults: Faults
    is_body: bool = False
    names: dict[str, Entity] = field(default_factory=dict[str, Entity])
    gates: dict[str, Gate] = field(default_factory=dict[str, Gate])
    broken_gates: set[str] = field(default_factory=set[str])
    pending_gates: set[str] = field(default_factory=set[str])
    kinds: list[Kind | None] = field(default_factory=list["Kind | None"])
    cells: list[str] = field(default_factory=list[str])
    assigned: set[int] = field(default_factory=set[int])
    known_ops: dict[tuple[str, str | None], Op] = field(default_factory=dict["tuple[str, str | None]", Op])
    known_wires: dict[str, tuple[int, ...]] = field(default_factory=dict[str, "tuple[int, ...]"])
    ops: int = 0
    turns: int = 0

    def span(self, node: tree.Node) -> Span:
        return Span(self.source, node.start, node.end)

    def lookup(self, name: tree.Name) -> Entity:
        """What the name was declared to be; a broken declaration stops its user without a word."""
        entity = self.names.get(name.text)
        if entity is None:
            raise error(Code.UNKNOWN_NAME, f"`{name.text}` is not declared", self.span(name), self._hint(name.text))
        if isinstance(entity, Broken):
            raise CompileError(())
        return entity

    def declare(self, name: tree.Name, entity: Entity) -> None:
        """Raises RESERVED_NAME, DUPLICATE_NAME."""
        check_free(self, name)
        if name.text in self.names:
            advice = "choose another name; registers, parameters, observables and loop variables share one set of names"
            raise error(Code.DUPLICATE_NAME, f"`{name.text}` is declared already", self.span(name), advice)
        self.names[name.text] = entity

    def gate(self, name: tree.Name) -> Gate:
        found = self.gates.get(name.text) or NAMES.get(name.text)
        if found is not None:
            return found
        if name.text in self.pending_gates:
            advice = "gates use gates that are defined before them"
            code = Code.RECURSION if self.is_body else Code.UNKNOWN_GATE
            raise error(code, f"the definition of `{name.text}` is not finished here", self.span(name), advice)
        if name.text in self.broken_gates:
            raise CompileError(())
        advice = gate_hint(name.text, self.gates)
        raise error(Code.UNKNOWN_GATE, f"no gate is called `{name.text}`", self.span(name), advice)

    def spend(self, count: int, node: tree.Node) -> None:
        """Count ops, before they are made."""
        self.ops += count
        if self.ops > MAX_OPS:
            label = f"the program has more than {MAX_OPS} operations here"
            raise error(Code.TOO_LARGE, label, self.span(node), "shorten its loops, or split it")

    def turn(self, node: tree.Loop) -> None:
        """Count the turns of all loops."""
        self.turns += 1
        if self.turns > 2 * MAX_OPS:
            raise error(Code.TOO_LARGE, "the loops turn too often", self.span(node.bounds), "shorten the loops")

    def wires_of(self, kind: Kind) -> list[int]:
        """The wires of one kind in declaration order: what an observable's letters count."""
        return [wire for wire, found in enumerate(self.kinds) if found == kind]

    def _hint(self, name: str) -> str:
        close = name_hint(name, self.names) or did_you_mean(name, (*self.names, *CONSTANTS))
        if close:
            return close
        if self.is_body:
            return "a gate's body knows its own parameters and wires only"
        return f"declare it, for example `param {name};` or `qubit {name};`"


def check_free(scope: Scope, name: tree.Name) -> None:
    """Raises RESERVED_NAME."""
    if name.text in CONSTANTS or name.text in CALLABLE or name.text in keywords():
        what = "a constant" if name.text in CONSTANTS else "a function" if name.text in CALLABLE else "a keyword"
        raise error(Code.RESERVED_NAME, f"`{name.text}` is {what}", scope.span(name), f"call it `{name.text}_`")


def add_register(scope: Scope, name: tree.Name, register: Register) -> None:
    """Declare the register and number its wires or cells."""
    if register.is_quantum:
        first, total = len(scope.kinds), len(scope.kinds) + register.length
    else:
        first, total = len(scope.cells), len(scope.cells) + register.length
    if total > MAX_WIRES:
        advice = f"a program has at most {MAX_WIRES} wires and as many bits"
        raise error(Code.TOO_LARGE, f"this makes {total} in all", register.span, advice)
    scope.declare(name, Place(register, first))
    if register.is_quantum:
        kind = cast(Kind, register.kind)
        scope.kinds.extend(kind for _ in range(register.length))
    else:
        scope.cells.extend([register.kind] * register.length)


def describe(entity: Entity) -> str:
    """What an entity is, for a label."""
    match entity:
        case Place(register):
            return KINDS[register.kind] + ("" if register.size is None else " register")
        case Parameter():
            return "a parameter"
        case Operator():
            return "an observable"
        case Angle():
            return "a loop variable"
        case Broken():
            return "unusable"
