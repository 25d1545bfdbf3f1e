"""What names mean at a place in a program, and the faults found so far."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from qcompile.angle import FUNCTIONS, INFIX
from qcompile.diagnostics import Code, CompileError, Diagnostic, Note, Source, Span, did_you_mean, error
from qcompile.gates import NAMES, Gate, Kind
from qcompile.grammar import tree
from qcompile.grammar.checks import MAX_OPS, MAX_WIRES
from qcompile.grammar.dialect import MAX_DEPTH
from qcompile.grammar.entities import Broken, Entity, Place, Subcircuit
from qcompile.grammar.hints import gate_hint, name_hint
from qcompile.grammar.syntax import keywords
from qcompile.ir import Op, Register

if TYPE_CHECKING:
    from qcompile.grammar.imports import Imports

MAX_FAULTS = 50
MAX_IDLE = 15_000  # calls beyond operations; a fifteenth as many once something is wrong
MAX_CONTEXT = 3
CONSTANTS = ("pi", "tau", "euler", "true", "false")
CALLABLE = frozenset(FUNCTIONS) - frozenset(INFIX)


class TooManyFaultsError(Exception):
    """Enough is known to be wrong."""


class Faults:
    """The diagnostics of a run, each once, up to a number that people read."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []
        self._seen = set[tuple[Code, Span]]()
        self._context: list[Note] = []

    def add(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            if diagnostic.span is not None:
                key = diagnostic.code, diagnostic.span
                if key in self._seen:
                    continue
                self._seen.add(key)
            context = tuple(reversed(self._context[-MAX_CONTEXT:]))
            self.found.append(replace(diagnostic, notes=diagnostic.notes + context) if context else diagnostic)
            if len(self.found) >= MAX_FAULTS:
                raise TooManyFaultsError

    @contextmanager
    def within(self, note: Note) -> Generator[None]:
        """What is found inside is told with the note."""
        self._context.append(note)
        try:
            yield
        finally:
            self._context.pop()

    def __bool__(self) -> bool:
        return bool(self.found)

    def raised(self) -> CompileError:
        """All faults as one exception, in the order of each text."""
        texts: dict[str, int] = {}
        for fault in self.found:
            if fault.span:
                texts.setdefault(fault.span.source.name, len(texts))
        return CompileError(
            sorted(self.found, key=lambda f: (texts[f.span.source.name], f.span.start) if f.span else (-1, -1))
        )


@dataclass(slots=True)
class Shared:
    """What all scopes of one program count together, and what they read by.

    Attributes:
        depth: blocks and calls that are open.
        fractions: some name stands for a real or an angle, which is no whole number even where its value is.
        called: the sub-circuits that have been.
        loop_bound: how often a `while` without a limit turns; None refuses it.
        imports: the other files; None where there are none to be had.
    """

    ops: int = 0
    turns: int = 0
    calls: int = 0
    depth: int = 0
    fractions: bool = False
    called: set[str] = field(default_factory=set[str])
    loop_bound: int | None = None
    imports: Imports | None = None


@dataclass(slots=True)
class Scope:
    """The names, wires and cells of one program, of one gate's body (then `is_body`), or of a call of a sub-circuit.

    Attributes:
        constants: those of the names that definitions see too.
        globals: the constants outside, in a definition.
        places: where each name was declared; `gate_places`, where each gate and sub-circuit was.
        incomplete: an import failed, so what is not declared may have been in it.
        unknown: gates whose effect nobody knows, for they hold an opaque one.
        calls: the sub-circuits around, outermost first, and where they are called.
    """

    source: Source
    faults: Faults
    is_body: bool = False
    incomplete: bool = False
    names: dict[str, Entity] = field(default_factory=dict[str, Entity])
    constants: dict[str, Entity] = field(default_factory=dict[str, Entity])
    globals: Mapping[str, Entity] = field(default_factory=dict[str, Entity])
    places: dict[str, Span] = field(default_factory=dict[str, Span])
    gates: dict[str, Gate] = field(default_factory=dict[str, Gate])
    subcircuits: dict[str, Subcircuit] = field(default_factory=dict[str, Subcircuit])
    gate_places: dict[str, Span] = field(default_factory=dict[str, Span])
    unknown: set[str] = field(default_factory=set[str])
    broken_gates: set[str] = field(default_factory=set[str])
    pending_gates: set[str] = field(default_factory=set[str])
    kinds: list[Kind | None] = field(default_factory=list["Kind | None"])
    cells: list[str] = field(default_factory=list[str])
    assigned: set[int] = field(default_factory=set[int])
    known_ops: dict[tuple[str, str | None], Op] = field(default_factory=dict["tuple[str, str | None]", Op])
    known_wires: dict[str, tuple[int, ...]] = field(default_factory=dict[str, "tuple[int, ...]"])
    known_sound: set[tuple[str, str]] = field(default_factory=set["tuple[str, str]"])
    shared: Shared = field(default_factory=Shared)
    calls: tuple[tuple[str, Span], ...] = ()

    def span(self, node: tree.Node) -> Span:
        return Span(self.source, node.start, node.end)

    def find(self, text: str) -> Entity | None:
        """What the name stands for, if anything."""
        entity = self.names.get(text)
        return self.globals.get(text) if entity is None else entity

    def lookup(self, name: tree.Name) -> Entity:
        """What the name was declared to be; a broken declaration stops its user without a word."""
        entity = self.find(name.text)
        if isinstance(entity, Broken) or (entity is None and self.incomplete):
            raise CompileError(())
        if entity is None:
            raise error(Code.UNKNOWN_NAME, f"`{name.text}` is not declared", self.span(name), self._hint(name.text))
        return entity

    def declare(self, name: tree.Name, entity: Entity) -> None:
        """Raises RESERVED_NAME, DUPLICATE_NAME."""
        check_free(self, name)
        if not isinstance(self.names.get(name.text), Broken | None):
            advice = (
                "choose another name; registers, parameters, constants, observables and loop variables share one set"
            )
            notes = declared_at(self.places.get(name.text))
            raise error(Code.DUPLICATE_NAME, f"`{name.text}` is declared already", self.span(name), advice, notes)
        self.names[name.text] = entity
        self.places[name.text] = self.span(name)

    def forget(self, name: str) -> None:
        """Undeclare what a block or a loop has declared."""
        self.names.pop(name, None)
        self.constants.pop(name, None)
        self.places.pop(name, None)

    def gate(self, name: tree.Name) -> Gate:
        found = self.gates.get(name.text) or NAMES.get(name.text)
        if found is not None:
            return found
        if name.text in self.pending_gates:
            advice = "gates use gates that are defined before them"
            code = Code.RECURSION if self.is_body else Code.UNKNOWN_GATE
            notes = declared_at(self.gate_places.get(name.text), "it is defined here")
            raise error(code, f"the definition of `{name.text}` is not finished here", self.span(name), advice, notes)
        if name.text in self.broken_gates or self.incomplete:
            raise CompileError(())
        advice = gate_hint(name.text, (*self.gates, *self.subcircuits))
        raise error(Code.UNKNOWN_GATE, f"no gate is called `{name.text}`", self.span(name), advice)

    def spend(self, count: int, node: tree.Node) -> None:
        """Count ops, before they are made."""
        self.shared.ops += count
        if self.shared.ops > MAX_OPS:
            label = f"the program has more than {MAX_OPS} operations here"
            raise error(Code.TOO_LARGE, label, self.span(node), "shorten its loops, or split it")

    def turn(self, node: tree.Node, count: int = 1) -> None:
        """Count the turns of all loops."""
        self.shared.turns += count
        if self.shared.turns > 2 * MAX_OPS:
            raise error(Code.TOO_LARGE, "the loops turn too often", self.span(node), "shorten the loops")

    def call(self, node: tree.Node) -> None:
        """Count the calls of sub-circuits, for those that make no operations double as well; told once."""
        self.shared.calls += 1
        excess = self.shared.calls - self.shared.ops - (MAX_IDLE // 15 if self.faults else MAX_IDLE)
        if excess == 1 and not self.faults:
            label = f"{MAX_IDLE} calls more than operations are made here"
            raise error(Code.TOO_LARGE, label, self.span(node), "leave out sub-circuits that do nothing")
        if excess > 0:
            raise CompileError(())

    @contextmanager
    def deeper(self, levels: int, node: tree.Node) -> Generator[None]:
        """Inside a block or a call; raises TOO_DEEP."""
        self.shared.depth += levels
        try:
            if self.shared.depth > MAX_DEPTH:
                label = f"this stands inside {MAX_DEPTH} blocks and calls"
                raise error(Code.TOO_DEEP, label, self.span(node), "use fewer blocks inside each other")
            yield
        finally:
            self.shared.depth -= levels

    def wires_of(self, kind: Kind) -> list[int]:
        """The wires of one kind in declaration order: what an observable's letters count."""
        return [wire for wire, found in enumerate(self.kinds) if found == kind]

    def _hint(self, name: str) -> str:
        close = name_hint(name, self.names) or did_you_mean(name, (*self.names, *self.globals, *CONSTANTS))
        if close:
            return close
        if self.calls:
            return "a `def` knows its own parameters and operands, and constants: pass this to it"
        if self.is_body:
            return "a gate's body knows its own parameters and wires, and constants"
        return f"declare it, for example `param {name};` or `qubit {name};`"


def check_free(scope: Scope, name: tree.Name) -> None:
    """Raises RESERVED_NAME."""
    if name.text in CONSTANTS or name.text in CALLABLE or name.text in keywords():
        what = "a constant" if name.text in CONSTANTS else "a function" if name.text in CALLABLE else "a keyword"
        raise error(Code.RESERVED_NAME, f"`{name.text}` is {what}", scope.span(name), f"call it `{name.text}_`")


def declared_at(span: Span | None, label: str = "it is declared here") -> tuple[Note, ...]:
    """A note on the other place involved, where it is known."""
    return () if span is None else (Note(label, span),)


def add_register(scope: Scope, name: tree.Name, register: Register) -> None:
    """Declare the register and number its wires or cells."""
    first = len(scope.kinds if register.is_quantum else scope.cells)
    total = first + register.length
    if total > MAX_WIRES:
        advice = f"a program has at most {MAX_WIRES} wires and as many bits"
        raise error(Code.TOO_LARGE, f"this makes {total} in all", register.span, advice)
    scope.declare(name, Place(register.kind, range(first, total), register.size is None))
    if register.is_quantum:
        kind = cast(Kind, register.kind)
        scope.kinds.extend(kind for _ in range(register.length))
    else:
        scope.cells.extend([register.kind] * register.length)
