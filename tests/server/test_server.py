"""The language server, by pygls's own client over the standard input and output of a process."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from qcompile.diagnostics import Code
from qcompile.grammar.imports import LIBRARY

PROGRAM = """\
import ansatz;
import "layers.qc";
/// The angles.
param w[12];
qubit q[3];  // |0⟩ 𝛼
gate two(a) b, c { rx(2*a) b; single_excitation(a) b, c; }
for i in 0:2 { /* 𝛼 */ two(w[i]) q[i], q[i + 1]; }
hardware_efficient(w, 1, true) q;
wall q;
return expect(Y[0] + Y[1] + Y[2]);
"""
LAYERS = "/// x everywhere.\ndef wall q[n] { x q; }\n"
TIMEOUT = 60


class Editor:
    """One document in an editor that a server serves."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client = client
        self.path = folder / "program.qc"
        self.uri = self.path.as_uri()
        self.version = 0
        self.text = ""
        self.said: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()

        def hear(said: types.PublishDiagnosticsParams) -> None:
            self.said.put_nowait(said)

        client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(hear)

    async def write(self, text: str) -> list[types.Diagnostic]:
        """Open or change the document; what the server says of it."""
        self.version, self.text = self.version + 1, text
        if self.version == 1:
            item = types.TextDocumentItem(self.uri, "qcompile", self.version, text)
            self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        else:
            document = types.VersionedTextDocumentIdentifier(version=self.version, uri=self.uri)
            change = types.TextDocumentContentChangeWholeDocument(text)
            self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
        found = await self.said.get()
        assert (found.uri, found.version) == (self.uri, self.version)
        return list(found.diagnostics)

    def at(self, mark: str, word: str = "") -> types.Position:
        """Where `word` stands in the first `mark` of the text, in UTF-16 as editors count."""
        offset = self.text.index(mark) + mark.index(word)
        line = self.text.count("\n", 0, offset)
        before = self.text[self.text.rfind("\n", 0, offset) + 1 : offset]
        return types.Position(line, len(before.encode("utf-16-le")) // 2)

    @property
    def document(self) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri)

    async def hover(self, mark: str, word: str = "") -> str:
        found = await self.client.text_document_hover_async(types.HoverParams(self.document, self.at(mark, word)))
        if found is None:
            return ""
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value

    async def definition(self, mark: str, word: str = "") -> types.Location:
        where = types.DefinitionParams(self.document, self.at(mark, word))
        found = await self.client.text_document_definition_async(where)
        assert isinstance(found, types.Location)
        return found


Scene = Callable[[Editor], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path, root: Path) -> Callable[[Scene], None]:
    """Runs a scene in an editor with a server of its own, which must end by itself and in peace."""
    (tmp_path / "layers.qc").write_text(LAYERS, encoding="utf-8")

    async def act(scene: Scene) -> None:
        client = LanguageClient("test", "0")
        command = "-m", "qcompile", "server"
        await client.start_io(sys.executable, *command, cwd=str(root))  # pyright: ignore[reportUnknownMemberType]
        await client.initialize_async(types.InitializeParams(capabilities=types.ClientCapabilities()))
        client.initialized(types.InitializedParams())
        try:
            await scene(Editor(client, tmp_path))
        finally:
            await client.shutdown_async(None)
            client.exit(None)
            await client.stop()  # type: ignore[no-untyped-call]

    return lambda scene: asyncio.run(asyncio.wait_for(act(scene), TIMEOUT))


def test_diagnostics(play: Callable[[Scene], None]) -> None:
    """Would catch errors or lints that do not arrive, at the wrong place, or stay after the cure."""

    async def scene(editor: Editor) -> None:
        assert await editor.write(PROGRAM) == []
        two = await editor.write("qubit q;\nqubit q;\nparam a;\nrx(a) r;\nreturn expect(Z[0]);\n")
        assert [found.code for found in two] == [Code.DUPLICATE_NAME.id, Code.UNKNOWN_NAME.id]
        first, second = two
        assert first.range == types.Range(types.Position(1, 6), types.Position(1, 7))
        assert first.related_information
        assert first.related_information[0].location.uri == editor.uri
        assert first.related_information[0].location.range.start == types.Position(0, 6)
        assert "help: " in second.message
        [idle] = await editor.write("qubit q;\nparam a;\nreturn expect(Z[0]);\n")
        assert (idle.code, idle.severity) == (Code.UNUSED_PARAMETER.id, types.DiagnosticSeverity.Warning)
        assert await editor.write(PROGRAM) == []

    play(scene)


def test_a_fault_in_an_imported_file(play: Callable[[Scene], None]) -> None:
    """Would catch a place in another file underlined in this one."""

    async def scene(editor: Editor) -> None:
        (editor.path.parent / "broken.qc").write_text("\n\ngate f a { rx(y) a; }\n", encoding="utf-8")
        [found] = await editor.write('qubit q;\nimport "broken.qc";\nreturn expect(Z[0]);\n')
        assert found.range.start.line == 1
        assert found.related_information
        assert found.related_information[0].location.uri == (editor.path.parent / "broken.qc").as_uri()
        assert found.related_information[0].location.range.start.line == 2

    play(scene)


def test_hover(play: Callable[[Scene], None]) -> None:
    """Would catch a hover on the wrong word, or without what the gate table and the declaration say."""

    async def scene(editor: Editor) -> None:
        await editor.write(PROGRAM)
        gate = await editor.hover("single_excitation")
        assert "single_excitation(theta) a, b;" in gate
        assert "frequencies: 0.5, 1" in gate
        assert "f′(θ) = 0.426777 f(θ + pi/2)" in gate
        parameter = await editor.hover("w[i]")
        assert "param w[12]" in parameter
        assert "The angles." in parameter
        assert "used 2 times, on lines 7, 8" in parameter
        assert "gate two(a) b, c" in await editor.hover("two(w")
        assert "x everywhere." in await editor.hover("wall q")
        assert "Layers of `ry`" in await editor.hover("hardware_efficient")
        assert await editor.hover("// |0⟩", "0") == ""

    play(scene)


def test_definitions(play: Callable[[Scene], None]) -> None:
    """Would catch a jump to another name's place, and places counted in other units than the editor's."""

    async def scene(editor: Editor) -> None:
        await editor.write(PROGRAM)
        own = await editor.definition("two(w[i]) q", "q")
        assert (own.uri, own.range.start) == (editor.uri, editor.at("qubit q[", "q["))
        inner = await editor.definition("rx(2*a)", "a")
        assert inner.range.start == editor.at("two(a)", "a")
        other = await editor.definition("wall q")
        assert (other.uri, other.range.start) == (
            (editor.path.parent / "layers.qc").as_uri(),
            types.Position(1, 4),
        )
        library = await editor.definition("hardware_efficient")
        assert library.uri == (LIBRARY / "ansatz.qc").as_uri()
        assert (await editor.definition("import ansatz", "ansatz")).uri == library.uri

    play(scene)


def test_symbols_and_completion(play: Callable[[Scene], None]) -> None:
    """Would catch names of inner blocks among the symbols, or no gates offered."""

    async def scene(editor: Editor) -> None:
        await editor.write(PROGRAM)
        listed = await editor.client.text_document_document_symbol_async(types.DocumentSymbolParams(editor.document))
        assert [symbol.name for symbol in listed or ()] == ["w", "q", "two"]
        where = types.CompletionParams(editor.document, editor.at("rx(2*a)"))
        offered = await editor.client.text_document_completion_async(where)
        assert isinstance(offered, list)
        assert {"a", "w", "two", "wall", "rx", "measure", "sin", "pi"} <= {item.label for item in offered}
        assert "i" not in {item.label for item in offered}

    play(scene)


def test_formatting(play: Callable[[Scene], None]) -> None:
    """Would catch an edit that leaves the end of the old text, or touches a broken one."""

    async def scene(editor: Editor) -> None:
        options = types.FormattingOptions(tab_size=2, insert_spaces=True)
        await editor.write("qubit   q;\nx q; // 𝛼\n\n\n\nreturn probs( q );")
        wanted = types.DocumentFormattingParams(editor.document, options)
        edits = await editor.client.text_document_formatting_async(wanted)
        assert edits is not None
        [edit] = edits
        assert edit.new_text == "qubit q;\nx q;  // 𝛼\n\nreturn probs(q);\n"
        assert edit.range == types.Range(types.Position(0, 0), types.Position(5, 18))
        await editor.write("qubit   q;\nx q")
        assert not await editor.client.text_document_formatting_async(wanted)

    play(scene)


def test_every_beginning_of_a_program(play: Callable[[Scene], None]) -> None:
    """Would catch an answer that fails while a text is being typed."""

    async def scene(editor: Editor) -> None:
        for end in range(5, len(PROGRAM), 11):
            await editor.write(PROGRAM[:end])
            await editor.hover(PROGRAM[max(0, end - 3) : end])
        await editor.write(PROGRAM[: PROGRAM.index("hardware")] + "rx(w[0")
        assert "param w[12]" in await editor.hover("rx(w[0", "w")
        assert "gate two" in await editor.hover("two(w")

    play(scene)


def test_other_languages(play: Callable[[Scene], None]) -> None:
    """Would catch OpenQASM read as our own language."""

    async def scene(editor: Editor) -> None:
        editor.path = editor.path.with_suffix(".qasm")
        editor.uri = editor.path.as_uri()
        [found] = await editor.write('OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[1];\nh r[0];\n')
        assert (found.code, found.range.start.line) == (Code.UNKNOWN_NAME.id, 3)
        assert await editor.hover("h r") == ""

    play(scene)
