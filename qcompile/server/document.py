"""A text in an editor: what is wrong in it, and what its names mean, as far as it can be read while it is written."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from lark import UnexpectedInput

from qcompile.diagnostics import CompileError, CompileWarning, Diagnostic, Source
from qcompile.gates import NAMES, Gate
from qcompile.grammar import tree
from qcompile.grammar.dialect import check_text
from qcompile.grammar.languages import ReadOptions, language_of, read
from qcompile.grammar.recovery import Recovery
from qcompile.grammar.syntax import DIALECT, read_module
from qcompile.passes.lint import lint
from qcompile.server.declarations import Declaration, declarations, imported

CALLED = frozenset(("gate", "channel", "opaque", "def"))
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SKIPPED = re.compile(rf'{DIALECT.comment}|"[^"\n]*"')


@dataclass(slots=True)
class Document:
    """A text as it stands.

    Attributes:
        folder: what the text may import from; None where it is no file.
        statements: those that can be read; those of the text before where none can.
        known: all that is declared in the text, then what its imports bring.
    """

    source: Source
    folder: Path | None
    statements: tuple[tree.Statement, ...] = ()
    known: list[Declaration] = field(default_factory=list[Declaration])

    @property
    def is_own(self) -> bool:
        """Is it in qcompile's own language?"""
        return self.language == "qc"

    @property
    def language(self) -> str:
        try:
            return language_of(Path(self.source.name).suffix, self.source.text)
        except CompileError:
            return "qc"

    def word_at(self, offset: int) -> tuple[str, int, int] | None:
        """The word at a place, or that ends there, outside comments and strings."""
        if any(found.start() < offset < found.end() for found in _SKIPPED.finditer(self.source.text)):
            return None
        line = self.source.text.rfind("\n", 0, offset) + 1
        for word in _WORD.finditer(self.source.text, line):
            if word.start() > offset:
                return None
            if word.end() >= offset:
                return word.group(), word.start(), word.end()
        return None

    def declaration(self, name: str, offset: int) -> Declaration | None:
        """What the name means at a place: the innermost declaration that holds there, the last one before it."""
        here = [d for d in self.known if d.name == name and (d.source != self.source or d.is_known_at(offset))]
        return max(here, key=lambda d: (d.scope or (-1, 0))[0], default=None)

    def meaning(self, name: str, start: int) -> Declaration | Gate | None:
        """What a word stands for: gates and other names are told apart by their place."""
        declared = self.declaration(name, start)
        if self._is_head(start) and (declared is None or declared.kind not in CALLED):
            return NAMES.get(name) or declared
        return declared

    def _is_head(self, start: int) -> bool:
        """Does a gate statement, behind its modifiers, begin here?"""
        before = _SKIPPED.sub("", self.source.text[:start]).rstrip()
        return not before or before[-1] in ";{}@"

    def visible(self, offset: int) -> list[Declaration]:
        return [d for d in self.known if d.source != self.source or d.is_known_at(offset)]

    def uses(self, meant: Declaration) -> list[int]:
        """Where the name stands for the same, its declaration apart."""
        words = re.compile(rf"{_SKIPPED.pattern}|(\b{meant.name}\b)")
        places = [word.start() for word in words.finditer(self.source.text) if word[1]]
        own = meant.start if meant.source == self.source else -1
        namesakes = Document(self.source, self.folder, known=[d for d in self.known if d.name == meant.name])
        return [place for place in places if place != own and namesakes.declaration(meant.name, place) == meant]


def open_document(name: str, text: str, before: Document | None = None, is_file: bool = True) -> Document:
    """Read what a text declares.

    Args:
        before: the document as it was, for what the text does not tell while it is being written.
        is_file: the name is a path; imports are looked for beside it.
    """
    folder = Path(name).parent if is_file else None
    document = Document(Source(name, text), folder)
    if not document.is_own:
        return document
    statements = _statements(document.source)
    if statements is None:
        document.statements = before.statements if before else ()
        document.known = before.known if before else []
        return document
    document.statements = statements
    document.known = [*declarations(document.source, statements), *imported(document.source, statements, folder)]
    return document


def diagnostics(document: Document) -> list[Diagnostic]:
    """What is wrong in the text, or else what it says to no purpose. Takes as long as reading the program does."""
    source = document.source
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            options = ReadOptions(document.folder)
            module = read(source.text, document.language, source.name, options)
            found = list(lint(module))
        except CompileError as fault:
            found = list(fault.diagnostics)
    return found + [each.message.diagnostic for each in said if isinstance(each.message, CompileWarning)]


def _statements(source: Source) -> tuple[tree.Statement, ...] | None:
    """The statements; of a broken text those that are whole, of one that ends too early those before its end."""
    try:
        return read_module(source)
    except CompileError:
        pass
    for ending in ("", ";", "; }", ";" + " }" * source.text.count("{")):
        repaired = Source(source.name, source.text + ending)
        try:
            check_text(repaired, DIALECT)
            result: Any = DIALECT.parser.parse(repaired.text, start="module", on_error=Recovery(repaired, DIALECT))
        except (CompileError, UnexpectedInput):
            continue
        return cast("tuple[tree.Statement, ...]", result)
    return None
