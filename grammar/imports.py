"""Other files' gates, channels, sub-circuits, constants and observables."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from qcompile.diagnostics import Code, CompileError, Note, Source, Span, did_you_mean, error
from qcompile.grammar import tree
from qcompile.grammar.definitions import announce, define_gate, define_subcircuit
from qcompile.grammar.entities import Later
from qcompile.grammar.scope import Scope, declared_at
from qcompile.grammar.syntax import read_module
from qcompile.grammar.values import declare_constants
from qcompile.ir import Definition

LIBRARY = Path(__file__).with_name("library")
ENDING = ".qc"
MAX_BYTES = 1 << 24
_PLACE = "imported files lie in the folder of the program, or below"


@dataclass(slots=True)
class Imports:
    """The files that a program brings in, each read once.

    Attributes:
        folder: no file outside it is read; without one, library files only.
        definitions: the gates and channels of all files, each after those that it uses.
        known: the scope of each file that has been read; None where it is at fault.
    """

    folder: Path | None = None
    definitions: list[Definition] = field(default_factory=list[Definition])
    known: dict[Path, Scope | None] = field(default_factory=dict[Path, "Scope | None"])
    _folders: dict[str, Path] = field(default_factory=dict[str, Path])
    _ring: list[Path] = field(default_factory=list[Path])
    _bytes: int = 0

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
        self._check_ring(path, node, scope)
        if path not in self.known:
            self.known[path] = None
            source = Source(name, self._text(path, scope.span(node)))
            self._folders[name] = path.parent
            self._ring.append(path)
            try:
                with scope.deeper(1, node), scope.faults.within(Note("it is imported here", scope.span(node))):
                    self.known[path] = self._read(source, scope)
            finally:
                self._ring.pop()
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
        if self.folder is None:
            advice = "save the program as a file beside the other one, or import a library file: `import ansatz;`"
            raise error(Code.IMPORT, "this text lies in no folder to import from", span, advice)
        here = self._folders.get(scope.source.name, self.folder)
        try:
            root, path = self.folder.resolve(), (here / node.target).resolve()
        except (OSError, ValueError, RuntimeError):
            raise error(Code.IMPORT, f"`{node.target}` names no file", span, "write a relative path") from None
        if Path(node.target).is_absolute() or not path.is_relative_to(root):
            raise error(Code.IMPORT, f"`{node.target}` lies outside the folder of the program", span, _PLACE)
        return path, os.path.normpath(Path(scope.source.name).parent / node.target)

    def _check_ring(self, path: Path, node: tree.Import, scope: Scope) -> None:
        if path in self._ring:
            label = f"`{node.target}` imports itself, by way of this"
            raise error(Code.IMPORT, label, scope.span(node), "take what both need into a third file")

    def _text(self, path: Path, span: Span) -> str:
        if path.suffix != ENDING:
            raise error(Code.IMPORT, f"`{path.name}` is no `{ENDING}` file", span, f"imported files end in `{ENDING}`")
        try:
            if not path.is_file():
                raise error(Code.IMPORT, f"there is no file `{path.name}` there", span, _nearest(path))
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1 - self._bytes)
        except (OSError, ValueError) as fault:
            reason = getattr(fault, "strerror", None) or str(fault)
            raise error(Code.IMPORT, f"`{path.name}` cannot be read: {reason}", span, _PLACE) from None
        self._bytes += len(data)
        if self._bytes > MAX_BYTES:
            label = f"all imported files have more than {MAX_BYTES >> 20} MiB"
            raise error(Code.TOO_LARGE, label, span, "import fewer files")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            label = f"`{path.name}` is not UTF-8"
            raise error(Code.NOT_TEXT, label, span, "imported files are programs' texts") from None


def _library_file(node: tree.Import, scope: Scope) -> tuple[Path, str]:
    known = sorted(path.stem for path in LIBRARY.glob(f"*{ENDING}"))
    if node.target not in known:
        others = f'the library has {", ".join(known)}; files are named in quotes: `import "{node.target}.qc";`'
        advice = did_you_mean(node.target, known) or others
        raise error(Code.IMPORT, f"no library file is called `{node.target}`", scope.span(node), advice)
    return (LIBRARY / node.target).with_suffix(ENDING), f"library/{node.target}{ENDING}"


def _nearest(path: Path) -> str:
    others = [other.name for other in path.parent.glob(f"*{ENDING}")] if path.parent.is_dir() else []
    return did_you_mean(path.name, others) or "the path is relative to the file that imports"


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
