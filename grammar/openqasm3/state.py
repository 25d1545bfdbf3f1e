"""What a program has declared at a place of its text, and the program that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from qcompile.diagnostics import Code, CompileError, Diagnostic, Note, Source, Span, did_you_mean, error, warn
from qcompile.gates import Gate
from qcompile.grammar.assembly import Assembly
from qcompile.grammar.checks import MAX_OPS
from qcompile.grammar.classical import Table, TooWideError, combine, constant
from qcompile.grammar.includes import Files, Wording
from qcompile.grammar.languages import ReadOptions
from qcompile.grammar.openqasm3 import tree
from qcompile.grammar.openqasm3.names import CONSTANTS, Broken, Entity, Names, Place, Routine, Site, Wires
from qcompile.grammar.openqasm3.types import (
    ArrayValue,
    Scalar,
    SizeFaultError,
    TypeFaultError,
    UnknownError,
    Value,
    default,
)
from qcompile.ir import Definition

MAX_SLOTS = 10**5
MAX_IDLE = 15_000  # steps that make no operation: a second of reading
MAX_NESTING = 60
RUNNING, BREAK, CONTINUE, RETURN, END = range(5)
_EXIT = "exit"
_PLACE = "included files lie in the program's folder or below; `stdgates.inc` is built in"
_WORDING = Wording(
    nowhere=("this text comes from no folder to include from", _PLACE),
    outside=("this file lies outside of the program's folder", _PLACE),
    missing=("there is no file `{name}`", _PLACE),
    ring=("`{name}` includes this file", "files do not include each other in a ring"),
)


@dataclass(slots=True)
class State:
    """Where the reading of a program stands.

    Attributes:
        guards: is no cell measured into again while a condition that rests on it is open? Then more cells are needed,
            and any branch can be followed.
    """

    assembly: Assembly
    source: Source
    options: ReadOptions
    guards: bool = False
    names: Names = field(default_factory=Names)
    is_gate: bool = False
    definitions: dict[str, Definition] = field(default_factory=dict[str, Definition])
    results: list[tuple[str, Place, Span]] = field(default_factory=list["tuple[str, Place, Span]"])
    outputs: list[tuple[str, Place, Span]] = field(default_factory=list["tuple[str, Place, Span]"])
    returned: list[Place | None] = field(default_factory=list["Place | None"])
    calls: list[str] = field(default_factory=list[str])
    loops: int = 0
    physical: range = range(0)
    sites: dict[int, tuple[Site, str, int | None]] = field(default_factory=dict[int, "tuple[Site, str, int | None]"])
    homes: dict[Site, range] = field(default_factory=dict["Site", range])
    said: set[tuple[str, int]] = field(default_factory=set["tuple[str, int]"])
    nesting: int = 0
    steps: int = 0
    variables: int = 0
    slots: int = 0
    program: Assembly = field(init=False)
    files: Files = field(init=False)

    def __post_init__(self) -> None:
        self.files = Files(self.options.folder, _WORDING)
        self.program = self.assembly  # which stays while gate definitions are put together
        self.jump(RUNNING)

    # ---- places in the text

    def span(self, node: tree.Node) -> Span:
        return Span(self.source, node.start, node.end)

    def fail(self, code: Code, label: str, node: tree.Node, help: str, notes: Sequence[Note] = ()) -> CompileError:
        return error(code, label, self.span(node), help, notes)

    def drop(self, label: str, node: tree.Node, help: str) -> None:
        """Say once that something changes no result and is left out."""
        if (self.source.name, node.start) not in self.said:
            self.said.add((self.source.name, node.start))
            warn(Code.DROPPED, label, self.span(node), help)

    def note(self, fault: CompileError) -> None:
        """Add faults that are not known yet."""
        known = {(found.code, found.span) for found in self.assembly.faults.found}
        self.assembly.faults.add(found for found in fault.diagnostics if (found.code, found.span) not in known)

    @contextmanager
    def explaining(self, node: tree.Node) -> Generator[None]:
        """Faults of values become diagnostics at the node."""
        try:
            yield
        except SizeFaultError as fault:
            raise self.fail(Code.SIZES_DIFFER, fault.label, node, fault.help) from None
        except TypeFaultError as fault:
            raise self.fail(Code.WRONG_TYPE, fault.label, node, fault.help) from None
        except UnknownError as fault:
            label = f"this depends on the parameter `{fault}`, which is set later"
            raise self.fail(Code.NOT_CONSTANT, label, node, "parameters stand in the angles of gates") from None
        except TooWideError:
            label = "this rests on too many measured bits at once"
            raise self.fail(Code.OUT_OF_REACH, label, node, "use fewer results in one value") from None
        except ZeroDivisionError:
            raise self.fail(Code.BAD_NUMBER, "this divides by zero", node, "divide by something else") from None
        except (ArithmeticError, ValueError) as fault:
            text = str(fault) if isinstance(fault, ValueError) and not isinstance(fault, UnicodeError) else ""
            label = text or "this has no finite value"
            raise self.fail(Code.BAD_NUMBER, label, node, "numbers are finite, and fit their type") from None
        except CompileError as fault:
            if all(found.span is not None for found in fault.diagnostics):
                raise
            raise CompileError(
                replace(found, span=found.span or self.span(node)) for found in fault.diagnostics
            ) from None

    # ---- names

    def declare(self, name: tree.Name, entity: Entity) -> None:
        """Raises DUPLICATE_NAME, RESERVED_NAME."""
        check_free(name, self)
        self.names.found[name.text] = entity, self.span(name)

    def replace(self, name: tree.Name, entity: Entity) -> None:
        """Finish, or give up, a declaration that is begun."""
        self.names.found[name.text] = entity, self.span(name)

    def lookup(self, name: tree.Name, what: str = "") -> Entity:
        """What the name stands for; a broken declaration stops its user without a word.

        Args:
            what: what to declare, for the message.
        """
        if name.text.startswith("$"):
            number = int(name.text[1:]) if len(name.text) < 9 else -1
            if number in self.physical:
                return Wires((self.physical[number],), True)
            advice = f"the program has the physical qubits below `${len(self.physical)}`"
            raise self.fail(Code.INDEX_RANGE, f"there is no qubit `{name.text}`", name, advice)
        entity = self.names.lookup(name.text) or CONSTANTS.get(name.text)
        if isinstance(entity, Broken) or name.text in self.names.twice:
            raise CompileError(())
        if entity is None:
            raise self.fail(Code.UNKNOWN_NAME, f"`{name.text}` is not declared", name, self._hint(name.text, what))
        return entity

    def _hint(self, name: str, what: str) -> str:
        known = [text for text, entity in self.names.visible() if not isinstance(entity, Gate | Routine)]
        close = did_you_mean(name, (text for text in known if self.names.lookup(text)))
        if not close and name in known:
            return "gates and subroutines see constants outside only: hand it over as an argument"
        return close or f"declare it: {what or f'for example `input float {name};` or `bit {name};`'}"

    @contextmanager
    def block(self, is_closed: bool = False) -> Generator[Names]:
        """Names declared inside are gone afterwards, and what they held."""
        outer, self.names = self.names, Names(self.names, is_closed)
        try:
            yield self.names
        finally:
            for place in self.names.owned:
                self.forget(place)
            self.names = outer

    # ---- memory

    def place(self, type: Scalar, sizes: tuple[int, ...], node: tree.Node, name: str = "result") -> Place:
        """A fresh variable, which holds the type's default.

        Args:
            name: what its cells are called where something is measured into it.
        """
        count = type.width or 1 if type.is_register and not sizes else 1
        for size in sizes:
            count *= size
        self.slots += count
        if self.slots > MAX_SLOTS and not (type.kind == "bit" and not sizes):
            label = f"this makes {self.slots} values in all"
            raise self.fail(Code.TOO_LARGE, label, node, f"a program has at most {MAX_SLOTS}")
        self.variables += 1
        place = Place(type, sizes, tuple((self.variables, k) for k in range(count)))
        single = type.width is None and not sizes
        self.sites[self.variables] = ((self.source.name, node.start), name, None if single else count)
        entry = constant(default(type))
        for slot in place.slots:
            self.assembly.memory.held[slot] = entry
        return place

    def read(self, place: Place) -> Value | ArrayValue:
        tables = tuple(self.assembly.memory.held[slot] for slot in place.slots)
        return ArrayValue(place.type, place.sizes, tables) if place.sizes else Value(place.type, tables)

    def write(self, place: Place, tables: Sequence[Table]) -> None:
        for slot, table in zip(place.slots, tables, strict=True):
            self.assembly.memory.held[slot] = table

    def forget(self, place: Place) -> None:
        for slot in place.slots:
            self.assembly.memory.held.pop(slot, None)
        self.slots -= len(place.slots)

    def cells(self, variable: int, span: Span) -> range:
        """The cells that belong to a variable of bits; those of one declaration are the same each time it is met."""
        site, name, size = self.sites[variable]
        if site not in self.homes:
            self.homes[site] = self.assembly.bits(name, size, span)
        return self.homes[site]

    def measure(self, place: Place, wires: Sequence[int], span: Span) -> None:
        """Measure into a variable of bits, into its own cells where they are free."""
        for slot, wire in zip(place.slots, wires, strict=True):
            self.assembly.measure(slot, self.cells(slot[0], span)[slot[1]], wire, span)

    # ---- control

    def step(self, node: tree.Node, count: int = 1) -> None:
        """Count what is done; what makes no operation is bounded."""
        self.steps += count
        if self.steps - self.program.ops - self.assembly.ops > MAX_IDLE:
            label = f"{MAX_IDLE} steps more than operations are made here"
            raise self.fail(Code.TOO_LARGE, label, node, "shorten the loops, or compute this outside the program")

    def turns(self, count: int, node: tree.Node) -> None:
        if count > MAX_OPS:
            advice = f"loops unroll to at most {MAX_OPS} operations"
            raise self.fail(Code.TOO_LARGE, f"this loop turns {count} times", node, advice)

    @property
    def exit(self) -> Table:
        """How the statements that follow are left out: by no jump, or by one."""
        return self.assembly.memory.held[_EXIT]

    def jump(self, kind: int) -> None:
        self.assembly.memory.held[_EXIT] = constant(kind)

    def settle(self, kind: int) -> None:
        """Jumps of this kind end here."""
        self.assembly.memory.held[_EXIT] = combine(lambda found: RUNNING if found == kind else found, self.exit)

    def when_running(self, action: Callable[[], None], span: Span) -> None:
        """Do it where no jump leaves it out."""
        running = combine(lambda found: found == RUNNING, self.exit)
        if running.is_constant:
            if running.constant:
                action()
            return

        def resumed() -> None:
            self.jump(RUNNING)
            action()

        self.branch(running, resumed, lambda: None, span)

    def branch(self, test: Table, then: Callable[[], None], otherwise: Callable[[], None], span: Span) -> None:
        """Do one where the condition holds, the other elsewhere; raises OUT_OF_REACH, TOO_LARGE."""

        def guarded(side: Callable[[], None]) -> None:
            with self.guarded(test):
                side()

        self.assembly.branch(test, lambda: guarded(then), lambda: guarded(otherwise), span)

    @contextmanager
    def guarded(self, condition: Table) -> Generator[None]:
        """Meanwhile, where `guards` says so, no cell that the condition rests on is measured into again."""
        if not self.guards or condition.is_constant:
            yield
            return
        guard = object()
        self.assembly.memory.held[guard] = condition
        try:
            yield
        finally:
            self.assembly.memory.held.pop(guard, None)


def check_free(name: tree.Name, state: State) -> None:
    """Raises DUPLICATE_NAME, RESERVED_NAME."""
    if name.text in CONSTANTS or name.text == "U":
        what = "a built-in gate" if name.text == "U" else "a constant"
        raise state.fail(Code.RESERVED_NAME, f"`{name.text}` is {what}", name, "choose another name")
    if name.text not in state.names.found:
        return
    state.names.twice.add(name.text)
    entity, span = state.names.found[name.text]
    if isinstance(entity, Broken):
        raise CompileError(())
    if span is None:
        label = f"`{name.text}` is a gate of stdgates.inc"
        raise state.fail(Code.DUPLICATE_NAME, label, name, "choose another name, or leave the include out")
    notes = (Note("declared here first", span),)
    raise state.fail(Code.DUPLICATE_NAME, f"`{name.text}` is declared already", name, "choose another name", notes)


def called_from(fault: CompileError, span: Span) -> CompileError:
    """The fault, with the place that called what holds it."""
    return CompileError(_with_note(found, Note("called from here", span)) for found in fault.diagnostics)


def _with_note(found: Diagnostic, note: Note) -> Diagnostic:
    return found if found.notes else replace(found, notes=(note,))
