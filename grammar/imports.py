"""Other files' gates, channels, sub-circuits, constants and observables."""

from __future__ import annotations

import os
from dataclasses import InitVar, dataclass, field
from pathlib import Path

from qcompile.diagnostics import Code, CompileError, Note, Source, Span, did_you_mean, error
from qcompile.grammar import tree
from qcompile.grammar.definitions import announce, define_gate, define_subcircuit
from qcompile.grammar.entities import Later
from qcompile.grammar.includes import Files, Wording
from qcompile.grammar.scope import Scope, declared_at
from qcompile.grammar.syntax import read_module
from qcompile.grammar.values import declare_constants
from qcompile.ir import Definition

LIBRARY = Path(__file__).with_name("library")
ENDING = ".qc"
_WORDING = Wording(
    nowhere=(
        "this text lies in no folder to import from",
        "save the program as a file beside the other one, or import a library file: `import ansatz;`",
    ),
    outside=(
        "`{name}` lies outside the folder of the program",
        "imported files lie in the folder of the program, or below",
    ),
    missing=("there is no file `{name}` there", "the path is relative to the file that imports"),
    ring=("`{name}` imports itself, by way of this", "take what both need into a third file"),
)


@dataclass(slots=True)
class Imports:
    """The files that a program brings in, each read once.

    Attributes:
        folder: no file outside it is read but those of the library; without one, only those.
        definitions: the gates and channels of all files, each after those that it uses.
        known: the scope of each file that has been read; None where it is at fault.
    """

    folder: InitVar[Path | None] = None
    definitions: list[Definition] = field(default_factory=list[Definition])
    known: dict[Path, Scope | None] = field(default_factory=dict[Path, "Scope | None"])
    _folders: dict[str, Path] = field(default_factory=dict[str, Path])
    _files: Files = field(init=False)

    def __post_init__(self, folder: Path | None) -> None:
        self._files = Files(folder, _WORDING)

    def bring(self, node: tree.Import, scope: Scope) -> None:
        """Add to the scope all that the file defines, and what it imports itself.

        Raises:
            CompileError: IMPORT, NOT_TEXT, TOO_LARGE, DUPLICATE_NAME, what is wrong in the file.
        """
        try:
            found = self._scope(node, scope)
        except CompileError:
            scope.incomplete = True
            raise
        _merge(found, node, scope)

    def _scope(self, node: tree.Import, scope: Scope) -> Scope:
        """What the file that is named leaves."""
        path, name = self._place(node, scope) if node.is_file else _library_file(node, scope)
        span = scope.span(node)
        self._files.check_ring(path, node.target, span)
        if path not in self.known:
            self.known[path] = None
            source = Source(name, self._files.text(path, path.name, span))
            self._folders[name] = path.parent
            with (
                self._files.reading(path, node.target, span),
                scope.deeper(1, node),
                scope.faults.within(Note("it is imported here", span)),
            ):
                self.known[path] = self._read(source, scope)
        found = self.known[path]
        if found is None:
            raise CompileError(())
        return found

    def _read(self, source: Source, scope: Scope) -> Scope:
        """The scope that a file leaves; its faults go to the program's."""
        inner = Scope(source, scope.faults, shared=scope.shared)
        known = len(scope.faults.found)
        try:
            nodes = read_module(source)
        except CompileError as fault:
            scope.faults.add(fault.diagnostics)
            raise CompileError(()) from None
        announce(nodes, inner)
        for node in nodes:
            try:
                self._define(node, inner)
            except CompileError as fault:
                scope.faults.add(fault.diagnostics)
        if len(scope.faults.found) > known:
            raise CompileError(())
        return inner

    def _define(self, node: tree.Statement, scope: Scope) -> None:
        match node:
            case tree.Definition():
                self.definitions.append(define_gate(node, scope))
            case tree.Subcircuit():
                define_subcircuit(node, scope)
            case tree.Constant():
                declare_constants(node, scope)
            case tree.Observable(name, value):
                scope.declare(name, Later(value, scope))
            case tree.Import():
                self.bring(node, scope)
            case _:
                advice = "it holds gates, channels, sub-circuits, constants and observables; pass wires to a `def`"
                raise error(Code.IMPORT, "an imported file holds definitions only", scope.span(node), advice)

    def _place(self, node: tree.Import, scope: Scope) -> tuple[Path, str]:
        """Where the file is, and what messages call it."""
        span = scope.span(node)
        path = self._files.find(node.target, span, self._folders.get(scope.source.name))
        if path.suffix != ENDING:
            raise error(Code.IMPORT, f"`{path.name}` is no `{ENDING}` file", span, f"imported files end in `{ENDING}`")
        return path, os.path.normpath(Path(scope.source.name).parent / node.target)


def _library_file(node: tree.Import, scope: Scope) -> tuple[Path, str]:
    known = sorted(path.stem for path in LIBRARY.glob(f"*{ENDING}"))
    if node.target not in known:
        others = f'the library has {", ".join(known)}; files are named in quotes: `import "{node.target}.qc";`'
        advice = did_you_mean(node.target, known) or others
        raise error(Code.IMPORT, f"no library file is called `{node.target}`", scope.span(node), advice)
    return (LIBRARY / node.target).with_suffix(ENDING), f"library/{node.target}{ENDING}"


def _merge(found: Scope, node: tree.Import, scope: Scope) -> None:
    """Take over every name; what is there already must be the very same."""
    for name in (*found.gates, *found.subcircuits):
        known = scope.gates.get(name) or scope.subcircuits.get(name)
        new = found.gates.get(name) or found.subcircuits.get(name)
        if known is not None and known is not new:
            places = scope.gate_places.get(name), found.gate_places.get(name)
            raise _duplicate(name, places, node, scope)
    for name, entity in found.names.items():
        if scope.names.get(name, entity) is not entity:
            raise _duplicate(name, (scope.places.get(name), found.places.get(name)), node, scope)
    scope.gates.update(found.gates)
    scope.subcircuits.update(found.subcircuits)
    scope.gate_places.update({name: found.gate_places[name] for name in (*found.gates, *found.subcircuits)})
    scope.unknown.update(found.unknown)
    scope.names.update(found.names)
    scope.constants.update(found.constants)
    scope.places.update(found.places)


def _duplicate(name: str, places: tuple[Span | None, Span | None], node: tree.Import, scope: Scope) -> CompileError:
    here, there = places
    notes = (*declared_at(here, "one is here"), *declared_at(there, "the other is here"))
    label = f"this brings `{name}`, which is there already"
    return error(Code.DUPLICATE_NAME, label, scope.span(node), "rename one of the two", notes)
