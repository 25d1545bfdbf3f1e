"""Documents by the language server protocol, with pygls."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer
from pygls.workspace import PositionCodec

from qcompile import __version__
from qcompile.diagnostics import CompileError, Diagnostic, Note, Source, Span
from qcompile.formatting import format  # noqa: A004
from qcompile.gates import NAMES
from qcompile.grammar import tree
from qcompile.grammar.imports import LIBRARY
from qcompile.grammar.scope import CALLABLE, CONSTANTS
from qcompile.grammar.syntax import keywords
from qcompile.server.declarations import Declaration, import_path
from qcompile.server.document import Document, diagnostics, open_document
from qcompile.server.hovers import hover

_SYMBOLS = {
    "gate": types.SymbolKind.Function,
    "channel": types.SymbolKind.Function,
    "opaque": types.SymbolKind.Function,
    "def": types.SymbolKind.Function,
    "const": types.SymbolKind.Constant,
    "observable": types.SymbolKind.Object,
    "template": types.SymbolKind.Namespace,
}
_SOURCE = "qcompile"
_PAUSE = 0.1  # seconds


class Server(LanguageServer):
    """Holds the documents that are open, by URI."""

    def __init__(self) -> None:
        whole = types.TextDocumentSyncKind.Full
        super().__init__(_SOURCE, __version__, whole)  # pyright: ignore[reportUnknownMemberType]
        self.documents: dict[str, Document] = {}

    def read(self, uri: str, text: str, version: int | None) -> None:
        """Take over a text; what is wrong in it is told when nothing more has been typed for a moment."""
        path = uris.to_fs_path(uri) if uri.startswith("file:") else None
        document = open_document(path or uri, text, self.documents.get(uri), is_file=path is not None)
        self.documents[uri] = document
        asyncio.get_running_loop().call_later(_PAUSE, self.tell, uri, document, version)

    def tell(self, uri: str, document: Document, version: int | None) -> None:
        """Publish what is wrong in a document, unless it has changed since."""
        if self.documents.get(uri) is document:
            found = [self._diagnostic(each, document) for each in diagnostics(document)]
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, version))

    def place(self, source: Source, offset: int) -> types.Position:
        line, column = source.position(offset)
        before = source.text[offset - column + 1 : offset]
        return types.Position(line - 1, self._codec.client_num_units(before))

    def range(self, source: Source, start: int, end: int) -> types.Range:
        return types.Range(self.place(source, start), self.place(source, end))

    def offset(self, source: Source, position: types.Position) -> int:
        """The character at a position of the editor's; beyond a line's end, that end."""
        lines = source.text.split("\n")
        if position.line >= len(lines):
            return len(source.text)
        start = sum(len(line) + 1 for line in lines[: position.line])
        units, line = 0, lines[position.line]
        for column, character in enumerate(line):
            if units >= position.character:
                return start + column
            units += self._codec.client_num_units(character)
        return start + len(line)

    def location(self, declared: Declaration, uri: str, document: Document) -> types.Location:
        where = self.range(declared.source, declared.start, declared.end)
        return types.Location(uri if declared.source == document.source else _uri(declared.source.name), where)

    @property
    def _codec(self) -> PositionCodec:
        return self.workspace.position_codec

    def _diagnostic(self, found: Diagnostic, document: Document) -> types.Diagnostic:
        """At its place, or for a fault in an imported file at the import that brings it."""
        own = [span for span in (found.span, *(n.span for n in found.notes)) if span and span.source == document.source]
        span = own[0] if own else Span(document.source, 0, 0)
        elsewhere = [Note(found.label, found.span)] if found.span and found.span != span else []
        severity = types.DiagnosticSeverity.Error
        if found.code.severity == "warning":
            severity = types.DiagnosticSeverity.Warning
        return types.Diagnostic(
            range=self.range(document.source, span.start, max(span.start, span.end)),
            message="\n".join([f"{found.code.title}: {found.label}", *([f"help: {found.help}"] if found.help else [])]),
            severity=severity,
            code=found.code.id,
            source=_SOURCE,
            related_information=[self._related(note, document) for note in (*elsewhere, *found.notes)],
        )

    def _related(self, note: Note, document: Document) -> types.DiagnosticRelatedInformation:
        source = note.span.source
        name = document.source.name if source == document.source else source.name
        where = self.range(source, note.span.start, max(note.span.start, note.span.end))
        return types.DiagnosticRelatedInformation(types.Location(_uri(name), where), note.label)


def make_server() -> Server:
    """A server that answers what editors ask."""
    server = Server()
    _add_reading(server)
    _add_answers(server)
    return server


def _add_reading(server: Server) -> None:
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        server.read(item.uri, item.text, item.version)

    def changed(params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.read(uri, server.workspace.get_text_document(uri).source, params.text_document.version)

    def closed(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.documents.pop(uri, None)
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(opened)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(changed)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(closed)


def _add_answers(server: Server) -> None:
    def told(params: types.HoverParams) -> types.Hover | None:
        return _hover(server, params)

    def defined(params: types.DefinitionParams) -> types.Location | None:
        return _definition(server, params)

    def listed(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        return list(_symbols(server, params.text_document.uri))

    def laid_out(params: types.DocumentFormattingParams) -> list[types.TextEdit]:
        return _edits(server, params.text_document.uri)

    def completed(params: types.CompletionParams) -> list[types.CompletionItem]:
        return list(_completions(server, params))

    server.feature(types.TEXT_DOCUMENT_HOVER)(told)
    server.feature(types.TEXT_DOCUMENT_DEFINITION)(defined)
    server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)(listed)
    server.feature(types.TEXT_DOCUMENT_FORMATTING)(laid_out)
    server.feature(types.TEXT_DOCUMENT_COMPLETION)(completed)


def _hover(server: Server, params: types.HoverParams) -> types.Hover | None:
    document = server.documents.get(params.text_document.uri)
    if document is None:
        return None
    found = hover(document, server.offset(document.source, params.position))
    if found is None:
        return None
    text, start, end = found
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), server.range(document.source, start, end))


def _definition(server: Server, params: types.DefinitionParams) -> types.Location | None:
    uri = params.text_document.uri
    document = server.documents.get(uri)
    if document is None or not document.is_own:
        return None
    offset = server.offset(document.source, params.position)
    for node in document.statements:
        if isinstance(node, tree.Import) and node.start <= offset <= node.end:
            path = import_path(node, Path(document.source.name).parent, document.folder)
            start = types.Position(0, 0)
            return types.Location(_uri(str(path)), types.Range(start, start)) if path else None
    word = document.word_at(offset)
    meant = document.meaning(word[0], word[1]) if word else None
    return server.location(meant, uri, document) if isinstance(meant, Declaration) else None


def _symbols(server: Server, uri: str) -> Iterator[types.DocumentSymbol]:
    document = server.documents.get(uri)
    for declared in document.known if document else ():
        if document and declared.is_global and declared.source == document.source:
            where = server.range(declared.source, declared.start, declared.end)
            kind = _SYMBOLS.get(declared.kind, types.SymbolKind.Variable)
            yield types.DocumentSymbol(declared.name, kind, where, where, detail=declared.head)


def _edits(server: Server, uri: str) -> list[types.TextEdit]:
    """The whole text anew; nothing for a text that has errors, or another language."""
    document = server.documents.get(uri)
    if document is None or not document.is_own:
        return []
    try:
        made = format(document.source.text, document.source.name)
    except CompileError:
        return []
    whole = server.range(document.source, 0, len(document.source.text))
    return [types.TextEdit(whole, made)] if made != document.source.text else []


def _completions(server: Server, params: types.CompletionParams) -> Iterator[types.CompletionItem]:
    document = server.documents.get(params.text_document.uri)
    if document is None or not document.is_own:
        return
    kinds = types.CompletionItemKind
    for declared in document.visible(server.offset(document.source, params.position)):
        yield types.CompletionItem(declared.name, kind=kinds.Variable, detail=declared.head)
    words = [(sorted(NAMES), kinds.Function), (sorted(keywords()), kinds.Keyword), (sorted(CALLABLE), kinds.Function)]
    for names, kind in (*words, (CONSTANTS, kinds.Constant)):
        yield from (types.CompletionItem(name, kind=kind) for name in names)


def _uri(name: str) -> str:
    """Of a file; messages call those of the library by `library/…`."""
    path = Path(name)
    if path.parent == Path(LIBRARY.name):
        path = LIBRARY / path.name
    return path.absolute().as_uri() if "://" not in name else name
