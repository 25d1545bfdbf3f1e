"""The TextMate grammar: `python -m qcompile.server.textmate > docs/editors/qcompile.tmLanguage.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable

from qcompile.gates import LEVELLED, NAMES
from qcompile.grammar.scope import CALLABLE, CONSTANTS
from qcompile.grammar.syntax import DIALECT, keywords
from qcompile.operator import PAULI_LETTERS, QUADRATURE_LETTERS

CONTROL = frozenset(["if", "else", "for", "in", "while", "limit", "return", "import", "postselect"])
_LETTERS = PAULI_LETTERS + QUADRATURE_LETTERS
TYPES = frozenset(["qubit", "qumode", "bit", "int", "real", "param", "input", "slot", "const", "let"])


def textmate() -> dict[str, object]:
    """The grammar as editors read it."""
    return {"name": "qcompile", "scopeName": "source.qcompile", "fileTypes": ["qc"], "patterns": patterns()}


def patterns() -> list[dict[str, str]]:
    """What is coloured; the words are those of the parser and of the gate table."""
    others = keywords() - CONTROL - TYPES
    return [
        _span("comment.line.documentation.qcompile", "///", "$"),
        _span("comment.line.double-slash.qcompile", "//", "$"),
        _span("comment.block.qcompile", r"/\*", r"\*/"),
        _match("string.quoted.double.qcompile", _terminal("STRING")),
        _match("constant.numeric.qcompile", rf"(?<![A-Za-z_]){_terminal('NUMBER')}(?:im\b)?"),
        _match("keyword.control.qcompile", _words(CONTROL)),
        _match("storage.type.qcompile", _words(TYPES)),
        _match("keyword.other.qcompile", _words(others)),
        _match("variable.language.observable.qcompile", rf"\b(?:[{_LETTERS}]|n[0-9]+)(?=\s*\[)"),
        _match("entity.name.function.levels.qcompile", rf"{_words(LEVELLED)}(?=\s*\[)"),
        _match("support.function.qcompile", _words(CALLABLE)),
        _match("constant.language.qcompile", _words(CONSTANTS)),
        _match("entity.name.function.gate.qcompile", rf"{_words(NAMES)}(?=\s*(?:\(|[A-Za-z_]|;))"),
        _match("keyword.operator.qcompile", rf"\*\*|{_terminal('SIGN')}|[-+*/%=!@:]"),
        _match("variable.other.qcompile", _terminal("NAME")),
    ]


def _terminal(name: str) -> str:
    return next(str(each.pattern.value) for each in DIALECT.parser.terminals if each.name == name)


def _words(words: Iterable[str]) -> str:
    return rf"\b(?:{'|'.join(sorted(words))})\b"


def _match(name: str, pattern: str) -> dict[str, str]:
    return {"name": name, "match": pattern}


def _span(name: str, begin: str, end: str) -> dict[str, str]:
    return {"name": name, "begin": begin, "end": end}


if __name__ == "__main__":
    print(json.dumps(textmate(), indent=2, ensure_ascii=False))
