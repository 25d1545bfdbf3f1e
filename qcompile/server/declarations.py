"""What a text declares: the names in its syntax tree, where each is known, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from qcompile.diagnostics import CompileError, Source
from qcompile.grammar import tree
from qcompile.grammar.comments import doc_comment
from qcompile.grammar.imports import ENDING, LIBRARY
from qcompile.grammar.syntax import DIALECT, read_module
from qcompile.grammar.walk import parts


@dataclass(frozen=True, slots=True)
class Declaration:
    """A name at its place.

    Attributes:
        kind: in a word: `param`, `gate`, `observable`, …
        head: the declaration as it is written, without a body.
        comment: its doc comment.
        scope: the characters in which the name is known; None is the rest of the text.
        is_global: it is listed among the symbols of the text, and seen by files that import it.
    """

    name: str
    kind: str
    source: Source
    start: int
    end: int
    head: str
    comment: str = ""
    scope: tuple[int, int] | None = None
    is_global: bool = False

    def is_known_at(self, offset: int) -> bool:
        return self.scope is None or self.scope[0] <= offset <= self.scope[1]


def declarations(source: Source, statements: Iterable[tree.Statement]) -> list[Declaration]:
    """All of a text, in its order."""
    return list(_Walk(source).block(statements, None))


@dataclass(frozen=True, slots=True)
class _Walk:
    source: Source

    def block(self, statements: Iterable[tree.Statement], scope: tuple[int, int] | None) -> Iterator[Declaration]:
        for node in statements:
            if not isinstance(node, tree.Plain):
                yield from self.statement(node, scope)

    def statement(self, node: tree.Statement, scope: tuple[int, int] | None) -> Iterator[Declaration]:
        match node:
            case tree.Declaration():
                for item in node.items:
                    yield self.named(item.name, node.kind, f"{node.kind} {self.text(item)}", node.start, scope)
            case tree.Constant():
                for bound in node.items:
                    head = f"const {node.type.text} {self.text(bound)}"
                    yield self.named(bound.name, "const", head, node.start, scope)
            case tree.Alias() | tree.Observable():
                kind = "alias" if isinstance(node, tree.Alias) else "observable"
                yield self.named(node.name, kind, self.text(node), node.start, scope)
            case tree.Definition() | tree.Subcircuit():
                yield from self.definition(node, scope)
            case tree.Template() | tree.Row():
                kind = type(node).__name__.lower()
                yield self.named(node.name, kind, self.head(node), node.start, scope)
            case tree.Loop():
                inside = node.variable.start, node.body.end
                yield self.named(node.variable, "loop variable", f"{self.text(node)}", node.start, inside)
            case _:
                pass
        yield from self.inside(node, scope)

    def inside(self, node: tree.Statement, scope: tuple[int, int] | None) -> Iterator[Declaration]:
        """Those of the node's blocks, each known to the end of its block."""
        if isinstance(node, tree.Conditional):
            blocks = [block for _, block in node.branches] + ([node.otherwise] if node.otherwise else [])
        else:
            blocks = [part for part in parts(node) if isinstance(part, tree.Block)]
        for block in blocks:
            is_part = isinstance(node, tree.Part)  # its declarations hold in the whole derivative
            yield from self.block(block.statements, scope if is_part else (node.start, block.end))

    def definition(
        self, node: tree.Definition | tree.Subcircuit, scope: tuple[int, int] | None
    ) -> Iterator[Declaration]:
        kind = node.word if isinstance(node, tree.Definition) else "def"
        yield self.named(node.name, kind, self.head(node), node.start, scope)
        inside = node.start, node.end
        for places, role in ((node.parameters, "parameter"), (node.wires, "wire")):
            for place in places:
                name = place.name if isinstance(place, tree.Formal) else place
                told = f"{role} of {node.name.text}"
                yield self.named(name, told, self.text(place), place.start, inside)
                if isinstance(place, tree.Formal):
                    yield from self.sizes(place, node, inside)

    def sizes(
        self, place: tree.Formal, node: tree.Definition | tree.Subcircuit, inside: tuple[int, int]
    ) -> Iterator[Declaration]:
        """Names that a call binds to the sizes of what is passed."""
        for size in place.sizes:
            if isinstance(size, tree.Name):
                yield self.named(size, f"size in {node.name.text}", self.text(place), place.start, inside)

    def named(self, name: tree.Name, kind: str, head: str, start: int, scope: tuple[int, int] | None) -> Declaration:
        comment = doc_comment(self.source.text, start)
        return Declaration(
            name.text, kind, self.source, name.start, name.end, head, comment, scope, is_global=scope is None
        )

    def text(self, node: tree.Node) -> str:
        return self.source.text[node.start : node.end]

    def head(self, node: tree.Statement) -> str:
        """What is written before the body."""
        text = self.source.text
        for step in DIALECT.steps.finditer(text, node.start):
            if step.group() in ("{", ";"):
                return " ".join(text[node.start : step.start()].split())
        return self.text(node)


def imported(source: Source, statements: Iterable[tree.Statement], folder: Path | None) -> list[Declaration]:
    """What the imports of a text bring, those of the imported files too; what cannot be read is left out."""
    found: list[Declaration] = []
    waiting = [path for node in statements for path in _places(node, Path(source.name).parent, folder)]
    seen: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
            inner = Source(str(path), text)
            nodes = read_module(inner)
        except (OSError, ValueError, CompileError):
            continue
        found += [each for each in declarations(inner, nodes) if each.is_global]
        waiting += [place for node in nodes for place in _places(node, path.parent, folder)]
    return found


def _places(node: tree.Statement, here: Path, folder: Path | None) -> Iterator[Path]:
    """The file that an import names, if it may be read."""
    path = import_path(node, here, folder) if isinstance(node, tree.Import) else None
    if path is not None:
        yield path


def import_path(node: tree.Import, here: Path, folder: Path | None) -> Path | None:
    if not node.is_file:
        path = (LIBRARY / node.target).with_suffix(ENDING)
        return path if path.is_file() and path.parent == LIBRARY else None
    try:
        path = (here / node.target).resolve()
        inside = folder is not None and path.is_relative_to(folder.resolve())
        return path if inside and path.suffix == ENDING and path.is_file() else None
    except (OSError, ValueError, RuntimeError):
        return None
